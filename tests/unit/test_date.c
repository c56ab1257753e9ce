/* Every day of the calendar, China time, and what is not a date. */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_day_comes_back(void **state) {
    struct date date = {1, 1, 1};
    int64_t days = date_to_days(date);

    (void)state;
    assert_int_equal(days, -719162);
    for (; days <= 2932896; days++) {
        struct date next = date_from_days(days);

        assert_true(date_valid(next));
        assert_true(date_to_days(next) == days);
        /* Each day follows the one before. */
        assert_true(next.day == date.day + 1 || next.day == 1);
        date = next;
    }
    assert_int_equal(date.year, 9999);
    assert_int_equal(date.month, 12);
    assert_int_equal(date.day, 31);
}

static void known_days(void **state) {
    (void)state;
    assert_int_equal(date_to_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_to_days((struct date){2000, 3, 1}), 11017);
    assert_int_equal(date_to_days((struct date){2026, 11, 23}), 20780);
    assert_int_equal(date_from_days(INT64_MAX).year, 9999);
    assert_int_equal(date_from_days(INT64_MIN).year, 1);
}

static bool parses(const char *text) {
    struct date date;

    return date_parse(view_text(text), &date);
}

static void only_real_dates_parse(void **state) {
    struct date date;
    char text[DATE_TEXT_BYTES];

    (void)state;
    assert_true(date_parse(view_text("2024-02-29"), &date));
    assert_int_equal(date.year, 2024);
    assert_int_equal(date.month, 2);
    assert_int_equal(date.day, 29);
    date_format(date, text);
    assert_string_equal(text, "2024-02-29");
    date_format((struct date){7, 8, 9}, text);
    assert_string_equal(text, "0007-08-09");
    assert_true(parses("2000-02-29"));
    assert_false(parses("2023-02-29"));
    assert_false(parses("1900-02-29"));
    assert_false(parses("2024-00-10"));
    assert_false(parses("2024-13-10"));
    assert_false(parses("2024-04-31"));
    assert_false(parses("2024-04-00"));
    assert_false(parses("0000-04-01"));
    assert_false(parses("2024-4-1"));
    assert_false(parses("2024-04-01 "));
    assert_false(parses("2024/04/01"));
    assert_false(parses("+024-04-01"));
    assert_false(parses("2024-04-0"));
    assert_false(parses(""));
}

static void times_are_shown_in_china(void **state) {
    char text[TIME_TEXT_BYTES];
    int64_t back;

    (void)state;
    time_format(0, text);
    assert_string_equal(text, "1970-01-01T08:00:00+08:00");
    time_format(-1, text);
    assert_string_equal(text, "1970-01-01T07:59:59+08:00");
    time_format(-8 * MS_PER_HOUR - 1, text);
    assert_string_equal(text, "1969-12-31T23:59:59+08:00");
    time_format(INT64_C(1795400100999), text);
    assert_string_equal(text, "2026-11-23T10:15:00+08:00");
    assert_true(time_parse(view_text(text), &back));
    assert_true(back == INT64_C(1795400100000));
    time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59+08:00");
    time_format(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00+08:00");
    assert_int_equal(date_from_ms(16 * MS_PER_HOUR - 1).day, 1);
    assert_int_equal(date_from_ms(16 * MS_PER_HOUR).day, 2);
    assert_true(date_to_ms((struct date){1970, 1, 2}) == 16 * MS_PER_HOUR);
}

static int64_t moment(const char *text) {
    int64_t value;

    return time_parse(view_text(text), &value) ? value : -7777;
}

static void times_parse_with_zones_and_fractions(void **state) {
    (void)state;
    assert_int_equal(moment("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(moment("1970-01-01T08:00"), 0);
    assert_int_equal(moment("1970-01-01 08:00:01"), 1000);
    assert_int_equal(moment("1970-01-01T00:00:00.5Z"), 500);
    assert_int_equal(moment("1970-01-01T00:00:00.123456789Z"), 123);
    assert_int_equal(moment("1970-01-01T00:00:00.07+00:00"), 70);
    assert_int_equal(moment("1969-12-31T20:30:00-03:30"), 0);
    assert_int_equal(moment("1970-01-01T24:00:00Z"), -7777);
    assert_int_equal(moment("1970-01-01T00:60:00Z"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:60Z"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00.Z"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00.1234567890Z"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00z"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00Zx"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00+8:00"), -7777);
    assert_int_equal(moment("1970-02-30T00:00:00Z"), -7777);
    assert_int_equal(moment("1970-01-01"), -7777);
    assert_int_equal(moment("1970-01-01T"), -7777);
    assert_int_equal(moment("1970-01-01T00:00:00+08"), -7777);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_comes_back),
        cmocka_unit_test(known_days),
        cmocka_unit_test(only_real_dates_parse),
        cmocka_unit_test(times_are_shown_in_china),
        cmocka_unit_test(times_parse_with_zones_and_fractions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
