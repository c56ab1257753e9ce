/* Log lines: pairs, escapes, levels, cuts. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

struct kept {
    char line[LOG_LINE_BYTES_MAX];
    unsigned count;
};

static void keep(void *context, const char *line) {
    struct kept *kept = context;

    snprintf(kept->line, sizeof(kept->line), "%s", line);
    kept->count++;
}

static int64_t epoch(void *context) {
    (void)context;
    return 0;
}

static const struct env still = {.wall_ms = epoch};

#define START "time=1970-01-01T08:00:00+08:00 level="

static void lines_are_pairs(void **state) {
    struct kept kept = {0};
    struct log log;

    (void)state;
    log_init_callback(&log, &still, LOG_LEVEL_INFO, keep, &kept);
    log_info(&log, LOG_EVENT("sync.done"), LOG_TEXT("actor", "4f2a"), LOG_INT("delta", -3),
             LOG_UINT("top", UINT64_MAX));
    assert_string_equal(kept.line, START "info event=sync.done actor=4f2a delta=-3 "
                                         "top=18446744073709551615");
    log_error(&log, LOG_EVENT("x"), LOG_TEXT("none", NULL), LOG_TEXT("empty", ""));
    assert_string_equal(kept.line, START "error event=x none=- empty=\"\"");
    log_release(&log);
}

static void no_value_can_forge_a_line(void **state) {
    struct kept kept = {0};
    struct log log;

    (void)state;
    log_init_callback(&log, &still, LOG_LEVEL_INFO, keep, &kept);
    log_warn(&log, LOG_TEXT("name", "a b\n\"c\\=\x01\x7F"));
    assert_string_equal(kept.line, START "warn name=\"a b\\n\\\"c\\\\=\\x01\\x7f\"");
    log_warn(&log, LOG_TEXT("name", "x=y"));
    assert_string_equal(kept.line, START "warn name=\"x=y\"");
    log_release(&log);
}

static void levels_drop_and_null_is_silent(void **state) {
    struct kept kept = {0};
    struct log log;
    struct log *none = NULL;

    (void)state;
    log_init_callback(&log, &still, LOG_LEVEL_WARN, keep, &kept);
    log_info(&log, LOG_EVENT("x"));
    log_debug(&log, LOG_EVENT("x"));
    assert_int_equal(kept.count, 0);
    log_warn(&log, LOG_EVENT("x"));
    assert_int_equal(kept.count, 1);
    log_error(none, LOG_EVENT("x"));
    log_release(&log);
}

static void long_lines_are_cut_between_characters(void **state) {
    char han[3001];
    struct kept kept = {0};
    struct log log;
    size_t at;
    unsigned shift;

    (void)state;
    for (at = 0; at + 3 < sizeof(han); at += 3)
        memcpy(han + at, "\xE9\x98\xB3", 4);
    log_init_callback(&log, &still, LOG_LEVEL_INFO, keep, &kept);
    for (shift = 0; shift < 4; shift++) {
        log_info(&log, LOG_TEXT("pad", &"xxxx"[shift]), LOG_TEXT("name", han));
        assert_true(strlen(kept.line) < LOG_LINE_BYTES_MAX);
        assert_true(utf8_valid(view_text(kept.line)));
        assert_string_equal(kept.line + strlen(kept.line) - 3, "...");
    }
    log_release(&log);
}

static void lines_go_to_a_file(void **state) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct log log;

    (void)state;
    assert_non_null(file);
    log_init(&log, &still, LOG_LEVEL_INFO, file);
    log_info(&log, LOG_EVENT("one"));
    log_info(&log, LOG_EVENT("two"));
    log_release(&log);
    fclose(file);
    assert_string_equal(text, START "info event=one\n" START "info event=two\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_pairs),
        cmocka_unit_test(no_value_can_forge_a_line),
        cmocka_unit_test(levels_drop_and_null_is_silent),
        cmocka_unit_test(long_lines_are_cut_between_characters),
        cmocka_unit_test(lines_go_to_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
