/* Tables that are longer than a sheet: nothing is refused, nothing is left out. */
#include "base/archive.h"
#include "schema/form/workbook.h"
#include "syncd/desk/export.h"
#include "tests/support/clerk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum rc collect(void *context, struct view bytes, struct err *err) {
    buf_add_view(context, bytes);
    return buf_check(context, "a workbook", err);
}

static const struct sheet *sheet_of(const struct workbook *book, const char *name) {
    for (uint32_t i = 0; i < book->sheet_count; i++)
        if (view_is(book->sheets[i].name, name))
            return &book->sheets[i];
    fail_msg("there is no sheet %s", name);
    return NULL;
}

static void check_cell(const struct sheet *sheet, uint32_t row, uint32_t column, const char *text) {
    struct view cell = {0};

    assert_true(row < sheet->row_count && column < sheet->column_count);
    cell = sheet->cells[row * sheet->column_count + column];
    if (!view_is(cell, text))
        fail_msg("row %u is %.*s, not %s", row, VIEW_PRINT(cell), text);
}

/* Seven homes of one member each, in sheets of a head and three lines. */
static void a_long_table_goes_on_in_further_sheets(void **state) {
    struct clerk *world = *state;
    struct export_order order = {.form = view_text("home"),
                                 .format = EXPORT_XLSX,
                                 .masked = true,
                                 .sheet_rows = 4,
                                 .write = collect};
    const char *homes[7];
    struct workbook book;
    struct seat seat;
    struct buf bytes;
    struct err err;
    uint64_t records = 0;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 1u << 20);
    order.context = &bytes;
    clerk_begin(world);
    for (size_t i = 0; i < 7; i++)
        homes[i] = clerk_new(world, world->wang, CLERK_HOME("Li"));
    clerk_sync(world);
    clerk_must(seat_open_at(service_office(world->service), "test", &seat, &err), &err);
    clerk_must(export_run(&seat, &order, &records, &err), &err);
    assert_int_equal(records, 7);
    clerk_must(workbook_read(buf_view(&bytes), &world->arena, &book, &err), &err);
    assert_int_equal(book.sheet_count, 7); /* 3 of homes, 3 of members, and what columns are */
    for (uint32_t i = 0; i < 7; i++) {
        static const char *const names[][3] = {{"home", "home (2)", "home (3)"},
                                               {"member", "member (2)", "member (3)"}};

        for (size_t table = 0; table < 2; table++) {
            const struct sheet *sheet = sheet_of(&book, names[table][i / 3]);

            check_cell(sheet, 0, 0, "id");
            check_cell(sheet, 1 + i % 3, 0, homes[i]);
        }
    }
    assert_int_equal(sheet_of(&book, "home")->row_count, 4);
    assert_int_equal(sheet_of(&book, "home (3)")->row_count, 2);
    seat_close(&seat);
    buf_release(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_long_table_goes_on_in_further_sheets, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
