/* Numbers as text: exact or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static bool is_i64(const char *text, int64_t expected) {
    int64_t value;

    return parse_i64(view_text(text), &value) && value == expected;
}

static bool is_u64(const char *text, uint64_t expected) {
    uint64_t value;

    return parse_u64(view_text(text), &value) && value == expected;
}

static bool no_i64(const char *text) {
    int64_t value;

    return !parse_i64(view_text(text), &value);
}

static bool no_u64(const char *text) {
    uint64_t value;

    return !parse_u64(view_text(text), &value);
}

static void integers_are_exact_or_refused(void **state) {
    (void)state;
    assert_true(is_i64("0", 0));
    assert_true(is_i64("-1", -1));
    assert_true(is_i64("9223372036854775807", INT64_MAX));
    assert_true(is_i64("-9223372036854775808", INT64_MIN));
    assert_true(no_i64("9223372036854775808"));
    assert_true(no_i64("-9223372036854775809"));
    assert_true(is_u64("18446744073709551615", UINT64_MAX));
    assert_true(no_u64("18446744073709551616"));
    assert_true(no_u64("99999999999999999999999"));
    assert_true(no_i64(""));
    assert_true(no_i64("-"));
    assert_true(no_i64("-0"));
    assert_true(no_i64("+1"));
    assert_true(no_i64("01"));
    assert_true(no_i64("--1"));
    assert_true(no_i64(" 1"));
    assert_true(no_i64("1 "));
    assert_true(no_i64("1.0"));
    assert_true(no_u64("-1"));
    assert_true(no_u64("0x10"));
}

static void round_trip(const char *text, int64_t mantissa, uint8_t scale) {
    struct decimal decimal;
    char out[DECIMAL_TEXT_BYTES];

    assert_true(decimal_parse(view_text(text), &decimal));
    assert_true(decimal.mantissa == mantissa);
    assert_int_equal(decimal.scale, scale);
    assert_int_equal(decimal_format(decimal, out), strlen(text));
    assert_string_equal(out, text);
}

static bool no_decimal(const char *text) {
    struct decimal decimal;

    return !decimal_parse(view_text(text), &decimal);
}

static void decimals_keep_every_digit(void **state) {
    struct decimal decimal;

    (void)state;
    round_trip("0", 0, 0);
    round_trip("0.00", 0, 2);
    round_trip("123.450", 123450, 3);
    round_trip("-0.5", -5, 1);
    round_trip("7", 7, 0);
    round_trip("0.000000000000000001", 1, 18);
    round_trip("9007199254740993", INT64_C(9007199254740993), 0);
    round_trip("-9223372036854775808", INT64_MIN, 0);
    round_trip("-9.223372036854775808", INT64_MIN, 18);
    round_trip("92233720368547758.07", INT64_MAX, 2);
    assert_true(decimal_parse(view_text("007.50"), &decimal));
    assert_int_equal(decimal.mantissa, 750);
    assert_true(decimal_parse(view_text("-0.0"), &decimal));
    assert_int_equal(decimal.mantissa, 0);
    assert_true(no_decimal(""));
    assert_true(no_decimal("-"));
    assert_true(no_decimal("."));
    assert_true(no_decimal(".5"));
    assert_true(no_decimal("5."));
    assert_true(no_decimal("1.2.3"));
    assert_true(no_decimal("1e3"));
    assert_true(no_decimal("+1"));
    assert_true(no_decimal("1,5"));
    assert_true(no_decimal("9223372036854775808"));
    assert_true(no_decimal("92233720368547758.08"));
    assert_true(no_decimal("0.0000000000000000001"));
    assert_true(no_decimal("18446744073709551616.5"));
}

static void rescaling_is_exact_or_refused(void **state) {
    struct decimal result;

    (void)state;
    assert_true(decimal_rescale((struct decimal){125, 2}, 4, &result));
    assert_int_equal(result.mantissa, 12500);
    assert_int_equal(result.scale, 4);
    assert_true(decimal_rescale((struct decimal){-12500, 4}, 2, &result));
    assert_int_equal(result.mantissa, -125);
    assert_false(decimal_rescale((struct decimal){125, 2}, 1, &result));
    assert_false(decimal_rescale((struct decimal){INT64_MAX, 0}, 1, &result));
    assert_false(decimal_rescale((struct decimal){1, 0}, 19, &result));
    result = decimal_trim((struct decimal){-12300, 3});
    assert_int_equal(result.mantissa, -123);
    assert_int_equal(result.scale, 1);
    result = decimal_trim((struct decimal){0, 5});
    assert_int_equal(result.scale, 0);
    result = decimal_trim((struct decimal){100, 0});
    assert_int_equal(result.mantissa, 100);
}

static int compared(const char *left, const char *right) {
    struct decimal a;
    struct decimal b;

    assert_true(decimal_parse(view_text(left), &a));
    assert_true(decimal_parse(view_text(right), &b));
    assert_int_equal(decimal_compare(a, b), -decimal_compare(b, a));
    return decimal_compare(a, b);
}

static void comparison_is_by_value(void **state) {
    (void)state;
    assert_int_equal(compared("1.0", "1.000"), 0);
    assert_int_equal(compared("1.1", "1.09"), 1);
    assert_int_equal(compared("-1.1", "-1.09"), -1);
    assert_int_equal(compared("2", "10"), -1);
    assert_int_equal(compared("9223372036854775807", "9.223372036854775807"), 1);
    assert_int_equal(compared("-9223372036854775808", "9.2"), -1);
    assert_int_equal(compared("-9223372036854775808", "-9.223372036854775808"), -1);
    assert_int_equal(compared("0", "0.000000000000000001"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(decimals_keep_every_digit),
        cmocka_unit_test(rescaling_is_exact_or_refused),
        cmocka_unit_test(comparison_is_by_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
