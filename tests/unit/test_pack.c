/* test_pack.c: what is written for other programs can be read again: archives of files, and the
 * sheets of a workbook, which is an archive. An answer that is a file gives its file back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/archive.h"
#include "base/file.h"
#include "base/http.h"
#include "base/sheet.h"

struct kit {
    char folder[200], made[300], one[300], two[300];
    struct arena arena;
    struct err err;
    struct buf bytes;
};

static int set_up(void **state) {
    const char *folder = getenv("TMPDIR");
    struct kit *kit = calloc(1, sizeof(*kit));

    assert_non_null(kit);
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 8u << 20);
    buf_init(&kit->bytes, 8u << 20);
    (void)snprintf(kit->folder, sizeof(kit->folder), "%s/pack-%ld",
                   folder == NULL ? "/tmp" : folder, (long)getpid());
    assert_int_equal(file_make_directory(kit->folder, &kit->err), RC_OK);
    (void)snprintf(kit->made, sizeof(kit->made), "%s/made", kit->folder);
    (void)snprintf(kit->one, sizeof(kit->one), "%s/one", kit->folder);
    (void)snprintf(kit->two, sizeof(kit->two), "%s/two", kit->folder);
    *state = kit;
    return 0;
}

static int tear_down(void **state) {
    struct kit *kit = *state;

    (void)unlink(kit->made);
    (void)unlink(kit->one);
    (void)unlink(kit->two);
    (void)rmdir(kit->folder);
    buf_release(&kit->bytes);
    arena_release(&kit->arena);
    free(kit);
    return 0;
}

static struct view read_entry(struct kit *kit, const char *name) {
    struct archive *archive = NULL;
    struct view out = {0};

    buf_clear(&kit->bytes);
    assert_int_equal(file_read(kit->made, 4u << 20, &kit->bytes, &kit->err), RC_OK);
    assert_int_equal(archive_open(buf_view(&kit->bytes), &archive, &kit->err), RC_OK);
    assert_int_equal(archive_read(archive, view_text(name), 1u << 20, &kit->arena, &out, &kit->err),
                     RC_OK);
    archive_close(archive);
    return out;
}

static bool holds(struct view text, const char *part) {
    size_t size = strlen(part);

    for (size_t at = 0; at + size <= text.size; at++)
        if (memcmp(text.data + at, part, size) == 0)
            return true;
    return false;
}

static void test_an_archive_of_files(void **state) {
    struct kit *kit = *state;
    const char *const names[] = {"household.csv", "成员.csv"};
    const char *const files[] = {kit->one, kit->two};
    const char *const missing[] = {kit->made, "/nowhere/at/all"};

    assert_int_equal(file_write(kit->one, view_text("id\r\n1\r\n"), 0600, &kit->err), RC_OK);
    assert_int_equal(file_write(kit->two, view_text("王芳"), 0600, &kit->err), RC_OK);
    assert_int_equal(archive_write(kit->made, names, files, 2, &kit->err), RC_OK);
    assert_true(view_is(read_entry(kit, "household.csv"), "id\r\n1\r\n"));
    assert_true(view_is(read_entry(kit, "成员.csv"), "王芳"));
    assert_true(file_exists(kit->one));
    assert_int_equal(archive_write(kit->one, names, missing, 2, &kit->err), RC_IO);
}

static void test_cells_have_types(void **state) {
    struct kit *kit = *state;
    struct sheet_file *file = NULL;
    struct view first, second;

    assert_int_equal(sheet_file_open(kit->made, kit->folder, &file, &kit->err), RC_OK);
    assert_int_equal(sheet_file_add(file, view_text("home"), &kit->err), RC_OK);
    assert_int_equal(sheet_file_add(file, view_text("member"), &kit->err), RC_OK);
    for (uint32_t row = 0; row < 3; row++) { /* in turn, as an export does */
        sheet_file_use(file, 0);
        assert_int_equal(sheet_file_text(file, row, 0, view_text("=1+1"), &kit->err), RC_OK);
        assert_int_equal(sheet_file_number(file, row, 1, 42.5, &kit->err), RC_OK);
        sheet_file_use(file, 1);
        assert_int_equal(sheet_file_date(file, row, 0, (struct date){2026, 11, 23}, &kit->err),
                         RC_OK);
    }
    assert_int_equal(sheet_file_number(file, SHEET_FILE_ROWS_MAX, 0, 1, &kit->err), RC_LIMIT);
    assert_int_equal(sheet_file_close(file, &kit->err), RC_OK);
    first = read_entry(kit, "xl/worksheets/sheet1.xml");
    second = read_entry(kit, "xl/worksheets/sheet2.xml");
    assert_true(holds(first, "<v>42.5</v>"));
    assert_true(holds(first, "<t>=1+1</t>"));
    assert_false(holds(first, "<f>"));
    assert_true(holds(second, "<v>46349</v>"));
}

static void test_an_answer_that_is_a_file(void **state) {
    struct kit *kit = *state;
    struct http_exchange exchange;
    char text[8] = "";

    assert_int_equal(file_write(kit->one, view_text("content"), 0600, &kit->err), RC_OK);
    http_exchange_init(&exchange, 1024);
    assert_int_equal(http_response_file(&exchange.response, kit->two, &kit->err), RC_NOT_FOUND);
    assert_false(exchange.response.file.is_open);
    assert_int_equal(http_response_file(&exchange.response, kit->one, &kit->err), RC_OK);
    (void)unlink(kit->one); /* as the console does */
    assert_int_equal(exchange.response.file.bytes, 7);
    assert_int_equal(pread(exchange.response.file.descriptor, text, 7, 0), 7);
    assert_string_equal(text, "content");
    http_response_error(&exchange.response, 500, "io", "given up");
    assert_false(exchange.response.file.is_open);
    http_exchange_release(&exchange);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_archive_of_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cells_have_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_a_file, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
