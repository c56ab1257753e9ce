/* Messages: languages, cuts, prefixes, exit states. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"

static void formats_and_returns_its_rc(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    assert_int_equal(err.rc, RC_OK);
    assert_string_equal(err.text, "");
    assert_int_equal(err_set(&err, RC_INVALID, "row %d: %s", 7, "bad"), RC_INVALID);
    assert_string_equal(err.text, "row 7: bad");
    assert_int_equal(err_detail(&err, "errno %d", 5), RC_INVALID);
    assert_string_equal(err.detail, "errno 5");
    assert_int_equal(err_prefix(&err, "%s: ", "file.csv"), RC_INVALID);
    assert_string_equal(err.text, "file.csv: row 7: bad");
    err_set(&err, RC_IO, "other");
    assert_string_equal(err.detail, "");
    err_clear(&err);
    assert_int_equal(err.rc, RC_OK);
    assert_string_equal(err.text, "");
}

static void arguments_may_come_from_the_same_err(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    err_set(&err, RC_IO, "first");
    err_set(&err, RC_LIMIT, "%s, then second", err.text);
    assert_string_equal(err.text, "first, then second");
    err_detail(&err, "%s!", err.text);
    assert_string_equal(err.detail, "first, then second!");
}

static void long_texts_are_cut_between_characters(void **state) {
    char han[1000];
    struct err err;
    size_t size;

    (void)state;
    for (size = 0; size + 4 < sizeof(han); size += 3)
        memcpy(han + size, "\xE9\x98\xB3", 4); /* 阳 */
    err_init(&err, LANG_EN);
    err_set(&err, RC_INVALID, "x%s", han);
    assert_true(strlen(err.text) >= sizeof(err.text) - 4);
    assert_true(utf8_valid(view_text(err.text)));
    err_set(&err, RC_INVALID, "%s", han);
    err_prefix(&err, "ab");
    assert_true(utf8_valid(view_text(err.text)));
    assert_memory_equal(err.text, "ab\xE9\x98\xB3", 5);
    err_detail(&err, "xx%s", han);
    assert_true(utf8_valid(view_text(err.detail)));
    err_set(&err, RC_INVALID, "short");
    err_prefix(&err, "%s", han);
    assert_true(utf8_valid(view_text(err.text)));
}

static void chinese_is_chosen_by_language(void **state) {
    struct err err;

    (void)state;
    err_init(&err, LANG_ZH);
    err_set(&err, RC_NO_MEMORY, "%s: out of memory", "abc");
    assert_string_not_equal(err.text, "abc: out of memory");
    assert_memory_equal(err.text, "abc", 3);
    assert_true(utf8_valid(view_text(err.text)));
    err_set(&err, RC_INVALID, "no translation of this %d", 3);
    assert_string_equal(err.text, "no translation of this 3");
}

static void every_rc_has_a_name_and_a_status(void **state) {
    int rc;

    (void)state;
    for (rc = RC_OK; rc <= RC_NO_MEMORY; rc++)
        assert_string_not_equal(rc_name((enum rc)rc), "unknown");
    assert_string_equal(rc_name((enum rc)99), "unknown");
    assert_int_equal(rc_exit_status(RC_OK), 0);
    assert_int_equal(rc_exit_status(RC_INVALID), 1);
    assert_int_equal(rc_exit_status(RC_NOT_FOUND), 1);
    assert_int_equal(rc_exit_status(RC_USAGE), 2);
    assert_int_equal(rc_exit_status(RC_IO), 3);
    assert_int_equal(rc_exit_status(RC_NETWORK), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_returns_its_rc),
        cmocka_unit_test(arguments_may_come_from_the_same_err),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(chinese_is_chosen_by_language),
        cmocka_unit_test(every_rc_has_a_name_and_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
