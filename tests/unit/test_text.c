/* UTF-8 to the letter, cleaning, and codes that people type. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool valid(const char *bytes, size_t size) {
    return utf8_valid(view_of(bytes, size));
}

static void only_strict_utf8_is_valid(void **state) {
    (void)state;
    assert_true(valid("", 0));
    assert_true(valid("abc", 3));
    assert_true(valid("\xC3\xA9", 2));
    assert_true(valid("\xE9\x98\xB3", 3));
    assert_true(valid("\xF0\xA0\xAE\xB7", 4)); /* U+20BB7, a Han character of names */
    assert_true(valid("\xF4\x8F\xBF\xBF", 4)); /* U+10FFFF */
    assert_true(valid("\xED\x9F\xBF", 3));
    assert_true(valid("\xEE\x80\x80", 3));
    assert_false(valid("a\0b", 3));
    assert_false(valid("\xC0\x80", 2));         /* overlong NUL */
    assert_false(valid("\xC1\xBF", 2));         /* overlong */
    assert_false(valid("\xE0\x9F\xBF", 3));     /* overlong */
    assert_false(valid("\xF0\x8F\xBF\xBF", 4)); /* overlong */
    assert_false(valid("\xED\xA0\x80", 3));     /* surrogate */
    assert_false(valid("\xED\xBF\xBF", 3));     /* surrogate */
    assert_false(valid("\xF4\x90\x80\x80", 4)); /* above U+10FFFF */
    assert_false(valid("\xF5\x80\x80\x80", 4));
    assert_false(valid("\x80", 1));
    assert_false(valid("\xFF", 1));
    assert_false(valid("\xE9\x98", 2));
    assert_false(valid("\xE9\x98z", 3));
    assert_false(valid("\xF0\xA0\xAE", 3));
    assert_false(valid("\xC4\xE3", 2)); /* GB 18030 */
}

static void every_character_is_written_and_read(void **state) {
    uint32_t character;

    (void)state;
    for (character = 1; character <= 0x110000; character += character < 0x3000 ? 1 : 61) {
        uint8_t bytes[4];
        size_t size = utf8_put(character, bytes);
        size_t at = 0;

        if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
            assert_int_equal(size, 0);
            continue;
        }
        assert_true(size > 0);
        assert_int_equal(utf8_next(view_of(bytes, size), &at), character);
        assert_int_equal(at, size);
        assert_true(utf8_valid(view_of(bytes, size)));
    }
}

static void lengths_and_cuts_respect_characters(void **state) {
    struct view text = view_text("a\xE9\x98\xB3\xF0\xA0\xAE\xB7z");

    (void)state;
    assert_int_equal(utf8_length(text), 4);
    assert_int_equal(utf8_cut(text, 0).size, 0);
    assert_int_equal(utf8_cut(text, 2).size, 4);
    assert_int_equal(utf8_cut(text, 3).size, 8);
    assert_int_equal(utf8_cut(text, 99).size, 9);
    assert_int_equal(utf8_cut_bytes(text, 3).size, 1);
    assert_int_equal(utf8_cut_bytes(text, 4).size, 4);
    assert_int_equal(utf8_cut_bytes(text, 7).size, 4);
    assert_int_equal(utf8_cut_bytes(text, 99).size, 9);
    assert_int_equal(utf8_cut_bytes(text, 0).size, 0);
}

static void trimming_knows_the_wide_space(void **state) {
    (void)state;
    assert_true(view_is(text_trim(view_text(" \t\xE3\x80\x80 a b \xE3\x80\x80\r\n")), "a b"));
    assert_true(view_is(text_trim(view_text("\xE3\x80\x80")), ""));
    assert_true(view_is(text_trim(view_text("   ")), ""));
    assert_true(view_is(text_trim(view_text("")), ""));
    assert_true(view_is(text_trim(view_text("\xE3\x80\x81")), "\xE3\x80\x81"));
}

static void fold(const char *text, const char *expected) {
    char out[100];
    size_t size = text_fold_width(view_text(text), out);

    assert_int_equal(size, strlen(expected));
    assert_memory_equal(out, expected, size);
}

static void wide_digits_and_letters_fold(void **state) {
    char same[] = "\xEF\xBC\x91\xE9\x98\xB3\xEF\xBC\xA1";
    size_t size;

    (void)state;
    fold("\xEF\xBC\x90\xEF\xBC\x99\xEF\xBC\xA1\xEF\xBC\xBA\xEF\xBD\x81\xEF\xBD\x9A", "09AZaz");
    fold("\xEF\xBC\x8D\xEF\xBC\x91\xEF\xBC\x8E\xEF\xBC\x95", "-1.5");
    fold("\xE3\x80\x80", " ");
    fold("\xEF\xBC\x8C", "\xEF\xBC\x8C"); /* the Chinese comma stays */
    fold("\xEF\xBC\x88\xE9\x98\xB3", "\xEF\xBC\x88\xE9\x98\xB3");
    fold("\xEF\xBC", "\xEF\xBC"); /* broken bytes stay as they are */
    fold("plain", "plain");
    size = text_fold_width(view_text(same), same);
    assert_int_equal(size, 5);
    assert_memory_equal(same,
                        "1\xE9\x98\xB3"
                        "A",
                        5);
}

static void hex_goes_both_ways(void **state) {
    uint8_t bytes[4];
    char text[9];

    (void)state;
    hex_encode(view_of("\x00\xFF\x1A\x80", 4), text);
    assert_string_equal(text, "00ff1a80");
    assert_true(hex_decode(view_text("00fF1A80"), bytes, 4));
    assert_memory_equal(bytes, "\x00\xFF\x1A\x80", 4);
    assert_false(hex_decode(view_text("00ff1a8"), bytes, 4));
    assert_false(hex_decode(view_text("00ff1a8000"), bytes, 4));
    assert_false(hex_decode(view_text("00ff1a8g"), bytes, 4));
    assert_false(hex_decode(view_text("00ff1a"), bytes, 4));
    assert_true(hex_decode(view_text(""), bytes, 0));
}

static void width_counts_columns_of_a_terminal(void **state) {
    (void)state;
    assert_int_equal(text_width(view_text("")), 0);
    assert_int_equal(text_width(view_text("abc 12")), 6);
    assert_int_equal(text_width(view_text("岳阳a")), 5);
    assert_int_equal(text_width(view_text("，（。")), 6);
    assert_int_equal(text_width(view_text("\xF0\xA0\x80\x80")), 2); /* a Han character beyond BMP */
    assert_int_equal(text_width(view_text("é·→")), 3);
    assert_int_equal(text_width(view_of("\xFF\xE5", 2)), 2); /* broken bytes are one each */
}

static void crockford_goes_both_ways(void **state) {
    uint8_t bytes[17];
    uint8_t back[17];
    char text[CROCKFORD_BYTES(17, 4)];
    size_t size;
    size_t group;

    (void)state;
    crockford_encode(view_of("\x00\x44\x32\x14\xC7\x42\x54\xB6\x35\xCF", 10), 0, text);
    assert_string_equal(text, "0123456789ABCDEF");
    crockford_encode(view_of("\xFF", 1), 0, text);
    assert_string_equal(text, "ZW");
    for (size = 0; size <= sizeof(bytes); size++) {
        for (group = 0; group <= 5; group += 4) {
            memset(bytes, (int)(size * 37 + 11), sizeof(bytes));
            crockford_encode(view_of(bytes, size), group, text);
            assert_true(strlen(text) < CROCKFORD_BYTES(size, group));
            assert_true(crockford_decode(view_text(text), back, size));
            assert_memory_equal(bytes, back, size);
        }
    }
}

static void crockford_reads_what_people_type(void **state) {
    uint8_t bytes[10];
    char code[CROCKFORD_BYTES(16, 5)];

    (void)state;
    crockford_encode(view_of("0123456789abcdef", 16), 5, code);
    assert_int_equal(strlen(code), 26 + 5);
    assert_true(crockford_decode(view_text("oL23-4567 89ab-cdef-"), bytes, 10));
    assert_memory_equal(bytes, "\x00\x44\x32\x14\xC7\x42\x54\xB6\x35\xCF", 10);
    assert_false(crockford_decode(view_text("0123456789ABCDE"), bytes, 10));
    assert_false(crockford_decode(view_text("0123456789ABCDEF0"), bytes, 10));
    assert_false(crockford_decode(view_text("0123456789ABCDEU"), bytes, 10));
    assert_false(crockford_decode(view_text("0123456789ABCDE*"), bytes, 10));
    assert_true(crockford_decode(view_text("ZW"), bytes, 1));
    assert_false(crockford_decode(view_text("ZZ"), bytes, 1)); /* fill bits set */
    assert_true(crockford_decode(view_text(""), bytes, 0));
}

static void case_is_ascii_only(void **state) {
    char text[] = "aZ9\xC3\xA9";

    (void)state;
    text_to_upper(text);
    assert_string_equal(text, "AZ9\xC3\xA9");
    text_to_lower(text);
    assert_string_equal(text, "az9\xC3\xA9");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_strict_utf8_is_valid),
        cmocka_unit_test(every_character_is_written_and_read),
        cmocka_unit_test(lengths_and_cuts_respect_characters),
        cmocka_unit_test(trimming_knows_the_wide_space),
        cmocka_unit_test(wide_digits_and_letters_fold),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(width_counts_columns_of_a_terminal),
        cmocka_unit_test(crockford_goes_both_ways),
        cmocka_unit_test(crockford_reads_what_people_type),
        cmocka_unit_test(case_is_ascii_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
