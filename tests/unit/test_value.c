/* One answer: what is equal, what comes first, what is encoded, what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/limits.h"
#include "schema/value.h"

static struct value decimal(int64_t mantissa, unsigned scale) {
    return (struct value){.type = VALUE_DECIMAL, .scale = (uint8_t)scale, .number = mantissa};
}

static const char *shown(struct value value, struct buf *out) {
    buf_clear(out);
    value_text(&value, out);
    return buf_text(out);
}

static void numbers_compare_by_what_they_count(void **state) {
    struct value a = decimal(150, 2);
    struct value b = decimal(15, 1);
    struct value two = value_of_int(2);
    struct value two_exactly = decimal(2000, 3);
    struct value largest = decimal(INT64_MAX, 0);
    struct value tiny = decimal(1, 18);

    (void)state;
    assert_true(value_equal(&a, &b));
    assert_int_equal(value_compare(&a, &b), 0);
    assert_true(value_equal(&two, &two_exactly));
    assert_true(value_compare(&a, &two) < 0);
    assert_true(value_compare(&two, &a) > 0);
    assert_true(value_compare(&largest, &tiny) > 0);
    assert_true(value_compare(&tiny, &largest) < 0);
    assert_false(value_equal(&largest, &tiny));
}

static void types_are_apart(void **state) {
    struct value null_value = {.type = VALUE_NULL};
    struct value zero = value_of_int(0);
    struct value date = {.type = VALUE_DATE, .number = 0};
    struct value text = value_of_text(view_text("0"));
    struct value empty = value_of_text(view_text(""));

    (void)state;
    assert_false(value_equal(&zero, &date));
    assert_false(value_equal(&zero, &text));
    assert_false(value_equal(&null_value, &empty));
    assert_true(value_equal(&null_value, &null_value));
    assert_true(value_compare(&null_value, &zero) < 0);
    assert_true(value_compare(&zero, &date) < 0);
    assert_true(value_compare(&date, &text) < 0);
    assert_true(value_compare(&empty, &text) < 0);
}

static void values_come_back_from_their_bytes(void **state) {
    const struct value values[] = {
        {.type = VALUE_NULL},
        value_of_int(0),
        value_of_int(INT64_MIN),
        value_of_int(INT64_MAX),
        decimal(-1234, 2),
        decimal(0, 18),
        {.type = VALUE_DATE, .number = -1},
        value_of_text(view_text("")),
        value_of_text(view_text("\xe6\x9d\x8e\xf0\xa0\xae\xb7")),
        {.type = VALUE_BYTES, .bytes = view_text("\x01\xff")},
    };
    struct reader reader;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 4096);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        value_encode(&values[i], &bytes);
    reader_init(&reader, buf_view(&bytes));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct value back = value_decode(&reader);

        assert_int_equal(back.type, values[i].type);
        assert_int_equal(back.scale, values[i].scale);
        assert_true(value_equal(&back, &values[i]));
    }
    assert_true(read_done(&reader));
    buf_release(&bytes);
}

static void nonsense_is_refused(void **state) {
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {
        {"", 0},
        {"\x07\x00", 2},             /* no such type */
        {"\x02\x13\x02", 3},         /* scale 19 */
        {"\x04\x05xy", 4},           /* cut */
        {"\x04\x02\xc3\x28", 4},     /* not UTF-8 */
        {"\x04\x03\xed\xa0\x80", 5}, /* a surrogate */
        {"\x04\x01\x00", 3},         /* U+0000 */
        {"\x01\x80\x00", 3},         /* a number spelled too long */
        {"\x04\xff\xff\xff\x7f", 5}, /* longer than any answer */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct reader reader;

        reader_init(&reader, view_of(wrong[i].bytes, wrong[i].size));
        assert_int_equal(value_decode(&reader).type, VALUE_NULL);
        assert_true(reader.failed);
    }
    assert_false(value_valid(&(struct value){.type = VALUE_DECIMAL, .scale = 19}));
    assert_false(value_valid(&(struct value){.type = 7}));
    assert_false(value_valid(&(struct value){.type = VALUE_TEXT, .bytes = view_of("a\0b", 3)}));
}

static void people_see_what_was_typed(void **state) {
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_string_equal(shown(value_of_int(-12), &out), "-12");
    assert_string_equal(shown(decimal(150, 2), &out), "1.50");
    assert_string_equal(shown((struct value){.type = VALUE_DATE, .number = 20780}, &out),
                        "2026-11-23");
    assert_string_equal(shown(value_of_text(view_text("pig")), &out), "pig");
    assert_string_equal(shown((struct value){.type = VALUE_NULL}, &out), "");
    assert_string_equal(
        shown((struct value){.type = VALUE_BYTES, .bytes = view_text("\x01\xab")}, &out), "01ab");
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_compare_by_what_they_count), cmocka_unit_test(types_are_apart),
        cmocka_unit_test(values_come_back_from_their_bytes),  cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(people_see_what_was_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
