/* Names are found by the letters that people type, in every reading that a surname has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pinyin.h"
#include "base/text.h"

static size_t units_of(const char *text, uint16_t out[32]) {
    struct view view = view_text(text);
    size_t count = 0;

    for (size_t at = 0; at < view.size && count < 32;)
        out[count++] = (uint16_t)utf8_next(view, &at);
    return count;
}

static bool found(const char *name, const char *word) {
    uint16_t units[32];
    size_t count = units_of(name, units);

    return pinyin_begins(units, count, view_text(word));
}

static void test_initials_and_syllables(void **state) {
    (void)state;
    assert_true(found("王芳", "w"));
    assert_true(found("王芳", "wf"));
    assert_true(found("王芳", "wangf"));
    assert_true(found("王芳", "wfang"));
    assert_true(found("王芳", "wangfang"));
    assert_true(found("王芳", "wangfa"));
    assert_false(found("王芳", "f"));
    assert_false(found("王芳", "wfx"));
    assert_false(found("王芳", "wangfangs"));
    assert_false(found("王", "wf"));
}

static void test_surnames_have_their_reading(void **state) {
    static const struct {
        const char *name, *word;
    } known[] = {{"单雄", "shan"}, {"单雄", "danx"}, {"曾国", "zeng"}, {"解珍", "xie"},
                 {"仇英", "qiuy"}, {"查良", "zha"},  {"区大", "oud"},  {"朴某", "piaom"},
                 {"覃明", "qin"},  {"吕布", "lv"},   {"吕布", "lub"},  {"女娃", "nv"},
                 {"重阳", "cy"},   {"重阳", "zy"}};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_true(found(known[i].name, known[i].word));
}

static void test_other_writing(void **state) {
    (void)state;
    assert_true(found("Anna王", "annaw"));
    assert_true(found("阿依·古丽", "aygl"));
    assert_false(found("\xf0\xa0\xae\xb7", "j")); /* beyond the table: no reading, no crash */
    assert_false(found("", "w"));
}

/* Every character of the first level of GB 2312, and nearly all of the block, can be found. */
static void test_the_table_is_complete(void **state) {
    size_t known = 0;

    (void)state;
    for (uint32_t c = PINYIN_FIRST; c <= PINYIN_LAST; c++) {
        const char *readings[PINYIN_READINGS_MAX];
        size_t count = pinyin_readings(c, readings);

        known += count > 0;
        for (size_t i = 0; i < count; i++)
            assert_in_range(readings[i][0], 'a', 'z');
    }
    assert_true(known > 20000);
    assert_int_equal(pinyin_readings('a', (const char *[PINYIN_READINGS_MAX]){0}), 0);
    assert_int_equal(pinyin_readings(0x1f600, (const char *[PINYIN_READINGS_MAX]){0}), 0);
}

static uint32_t letters(const char *text) {
    uint32_t bits = 0;

    for (; *text != '\0'; text++)
        bits |= UINT32_C(1) << (*text - 'a');
    return bits;
}

/* What a search may leave out after two characters of a name. */
static void test_the_second_character(void **state) {
    bool alone = false;

    (void)state;
    assert_int_equal(pinyin_second(view_text("wf"), &alone), letters("f"));
    assert_false(alone);
    assert_int_equal(pinyin_second(view_text("w"), &alone), 0);
    assert_true(alone);
    assert_int_equal(pinyin_second(view_text("wang"), &alone), letters("ang"));
    assert_true(alone); /* 王 */
    assert_int_equal(pinyin_second(view_text("wangf"), &alone), letters("angf"));
    assert_false(alone);
    assert_int_equal(pinyin_second(view_text("lub"), &alone), letters("ub")); /* also 吕布 */
    assert_false(alone);
    assert_int_equal(pinyin_second(view_text("nu"), &alone), letters("u"));
    assert_true(alone); /* 女 */
    assert_int_equal(pinyin_second(view_text("xx"), &alone), letters("x"));
    assert_false(alone);
}

static void test_order(void **state) {
    uint16_t a[32], b[32];

    (void)state;
    (void)units_of("安", a);
    (void)units_of("张", b);
    assert_true(pinyin_rank(a[0]) < pinyin_rank(b[0]));
    assert_true(pinyin_rank('z') < pinyin_rank(a[0]));
    assert_int_equal(pinyin_rank('Z'), pinyin_rank('z'));
    assert_true(pinyin_rank(0) != 0);
    assert_true(pinyin_rank(b[0]) < pinyin_rank(0xd840));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initials_and_syllables),
        cmocka_unit_test(test_surnames_have_their_reading),
        cmocka_unit_test(test_other_writing),
        cmocka_unit_test(test_the_table_is_complete),
        cmocka_unit_test(test_the_second_character),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
