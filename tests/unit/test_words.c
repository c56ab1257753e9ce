/* The catalogue: both sides take the same arguments. */
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

static void both_sides_take_the_same_arguments(void **state) {
    size_t index;

    (void)state;
    assert_true(words_zh_count > 0);
    for (index = 0; index < words_zh_count; index++)
        if (!words_agree(words_zh[index].english, words_zh[index].chinese))
            fail_msg("conversions differ: %s", words_zh[index].english);
}

static void the_table_is_sorted_and_valid(void **state) {
    size_t index;

    (void)state;
    for (index = 0; index < words_zh_count; index++) {
        assert_true(utf8_valid(view_text(words_zh[index].chinese)));
        if (index > 0)
            assert_true(strcmp(words_zh[index - 1].english, words_zh[index].english) < 0);
    }
}

static void every_entry_is_found(void **state) {
    static const char missing[] = "zzz: not in the catalogue";
    size_t index;

    (void)state;
    for (index = 0; index < words_zh_count; index++) {
        const char *english = words_zh[index].english;

        assert_ptr_equal(words(LANG_ZH, english), words_zh[index].chinese);
        assert_ptr_equal(words(LANG_EN, english), english);
    }
    assert_ptr_equal(words(LANG_ZH, missing), missing);
    assert_string_equal(words(LANG_ZH, ""), "");
}

static void agreement_is_about_types_and_order(void **state) {
    (void)state;
    assert_true(words_agree("plain", "other"));
    assert_true(words_agree("100%% of %d", "%d (100%%)"));
    assert_true(words_agree("%d %s", "%1$d %2$s"));
    assert_true(words_agree("%d %s", "%2$s %1$d"));
    assert_true(words_agree("%s of %zu", "%2$zu %1$s %2$zu"));
    assert_true(words_agree("%-8.3f|%i", "%f %d"));
    assert_true(words_agree("%.*s", "%.*s"));
    assert_true(words_agree("%*d", "%2$*1$d"));
    assert_false(words_agree("%d", "%s"));
    assert_false(words_agree("%d %s", "%s %d"));
    assert_false(words_agree("%d", "%ld"));
    assert_false(words_agree("%d", "none"));
    assert_false(words_agree("none", "%d"));
    assert_false(words_agree("%.*s", "%s"));
    assert_false(words_agree("%d %s", "%2$s"));
    assert_false(words_agree("%d %s", "%1$d %s"));
    assert_false(words_agree("%d %d", "%1$d %1$d"));
    assert_false(words_agree("50%", "50%"));
    assert_false(words_agree("%q", "%q"));
    assert_false(words_agree("%s", "%9$s"));
    assert_false(words_agree("%n", "%n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_take_the_same_arguments),
        cmocka_unit_test(the_table_is_sorted_and_valid),
        cmocka_unit_test(every_entry_is_found),
        cmocka_unit_test(agreement_is_about_types_and_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
