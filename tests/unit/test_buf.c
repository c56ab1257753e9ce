/* Views, buffers and readers: caps, exact integers, hostile input. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void views_compare_and_slice(void **state) {
    struct view abc = view_text("abc");

    (void)state;
    assert_true(view_is(view_slice(abc, 1, 1), "b"));
    assert_true(view_is(view_slice(abc, 1, SIZE_MAX), "bc"));
    assert_true(view_is(view_slice(abc, 9, 9), ""));
    assert_true(view_is(view_text(NULL), ""));
    assert_true(view_is(view_slice((struct view){0}, 0, 5), ""));
    assert_int_equal(view_compare(abc, view_text("abc")), 0);
    assert_true(view_compare(view_text("ab"), abc) < 0);
    assert_true(view_compare(abc, view_text("ab")) > 0);
    assert_true(view_compare(view_text("\xFF"), abc) > 0);
    assert_int_equal(view_compare((struct view){0}, view_text("")), 0);
    assert_false(view_equal(abc, view_text("abd")));
}

static void adds_in_order(void **state) {
    struct buf buf;
    struct err err;
    size_t size;
    uint8_t *taken;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&buf, 100);
    buf_add_text(&buf, "ab");
    buf_add_u8(&buf, 'c');
    buf_addf(&buf, "-%d-%s", 42, "x");
    buf_add(&buf, NULL, 0);
    assert_string_equal(buf_text(&buf), "abc-42-x");
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_OK);
    buf_clear(&buf);
    buf_add_le32(&buf, 0x01020304u);
    buf_add_le64(&buf, UINT64_C(0x1122334455667788));
    assert_int_equal(buf.size, 12);
    assert_memory_equal(buf.data, "\x04\x03\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11", 12);
    taken = buf_take(&buf, &size);
    assert_int_equal(size, 12);
    assert_int_equal(buf.size, 0);
    assert_null(buf.data);
    free(taken);
    assert_string_equal(buf_text(&buf), "");
    buf_release(&buf);
    buf_release(&buf);
}

static void lent_memory_is_all_there_is(void **state) {
    uint8_t memory[8];
    struct buf buf;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init_on(&buf, memory, sizeof(memory));
    buf_add_text(&buf, "12345678");
    assert_ptr_equal(buf.data, memory);
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_OK);
    assert_string_equal(buf_text(&buf), ""); /* no room for its end */
    buf_clear(&buf);
    buf_add_text(&buf, "1234567");
    assert_string_equal(buf_text(&buf), "1234567");
    buf_add_text(&buf, "89");
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_LIMIT);
    buf_release(&buf);
    assert_int_equal(buf.size, 0);
    buf_addf(&buf, "%s", "again");
    assert_memory_equal(memory, "again", 5);
    buf_release(&buf);
}

static void the_cap_is_exact_and_sticky(void **state) {
    struct buf buf;
    struct err err;
    size_t size;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&buf, 5);
    buf_addf(&buf, "%s", "12345");
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_OK);
    assert_string_equal(buf_text(&buf), "12345"); /* the terminator does not count */
    buf_add_u8(&buf, '6');
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_LIMIT);
    assert_non_null(strstr(err.text, "the thing"));
    assert_non_null(strstr(err.text, "5 bytes"));
    assert_null(buf_reserve(&buf, 0));
    assert_null(buf_take(&buf, &size));
    assert_int_equal(size, 0);
    assert_int_equal(buf.failed, RC_OK);

    buf_add_text(&buf, "123");
    buf_add_varint(&buf, 1u << 21); /* four bytes */
    assert_int_equal(buf.failed, RC_LIMIT);
    buf_clear(&buf);
    buf_add_varint(&buf, UINT64_C(1) << 28); /* five bytes, just fits */
    assert_int_equal(buf.failed, RC_OK);
    assert_int_equal(buf.size, 5);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(buf.failed, RC_LIMIT);
    buf_release(&buf);

    buf_init(&buf, SIZE_MAX);
    buf_add_u8(&buf, 1);
    assert_null(buf_reserve(&buf, SIZE_MAX - 1));
    assert_int_equal(buf_check(&buf, "the thing", &err), RC_NO_MEMORY);
    buf_release(&buf);
    buf_init(&buf, 0);
    assert_non_null(buf_reserve(&buf, 0));
    buf_add_u8(&buf, 1);
    assert_int_equal(buf.failed, RC_LIMIT);
    buf_release(&buf);
}

static const uint64_t numbers[] = {0,
                                   1,
                                   127,
                                   128,
                                   300,
                                   16383,
                                   16384,
                                   UINT32_MAX,
                                   UINT64_C(1) << 35,
                                   UINT64_C(1) << 63,
                                   UINT64_MAX - 1,
                                   UINT64_MAX};

static void varints_come_back(void **state) {
    struct buf buf;
    struct reader reader;
    size_t index;

    (void)state;
    buf_init(&buf, 1000);
    for (index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        size_t before = buf.size;

        buf_add_varint(&buf, numbers[index]);
        assert_int_equal(buf.size - before, varint_size(numbers[index]));
        buf_add_zigzag(&buf, (int64_t)numbers[index]);
    }
    reader_init(&reader, buf_view(&buf));
    for (index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        assert_true(read_varint(&reader) == numbers[index]);
        assert_true(read_zigzag(&reader) == (int64_t)numbers[index]);
    }
    assert_true(read_done(&reader));
    assert_int_equal(zigzag_fold(-1), 1);
    assert_int_equal(zigzag_fold(1), 2);
    assert_true(zigzag_fold(INT64_MIN) == UINT64_MAX);
    assert_true(zigzag_unfold(UINT64_MAX) == INT64_MIN);
    buf_release(&buf);
}

static bool varint_fails(const char *bytes, size_t size) {
    struct reader reader;

    reader_init(&reader, view_of(bytes, size));
    return read_varint(&reader) == 0 && reader.failed && !read_done(&reader);
}

static void bad_varints_fail(void **state) {
    struct reader reader;

    (void)state;
    assert_true(varint_fails("", 0));
    assert_true(varint_fails("\x80", 1));
    assert_true(varint_fails("\x80\x80", 2));
    assert_true(varint_fails("\x80\x00", 2));                                  /* 0 in two bytes */
    assert_true(varint_fails("\xFF\x80\x00", 3));                              /* 127 in three */
    assert_true(varint_fails("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10)); /* bit 64 */
    assert_true(varint_fails("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", 11));
    assert_true(varint_fails("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11));
    reader_init(&reader, view_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10));
    assert_true(read_varint(&reader) == UINT64_MAX);
    assert_true(read_done(&reader));
}

static void reading_stops_at_the_end_for_ever(void **state) {
    struct reader reader;
    struct err err;
    struct view view;

    (void)state;
    err_init(&err, LANG_EN);
    reader_init(&reader, view_of("\x03"
                                 "abcd",
                                 5));
    view = read_sized(&reader);
    assert_true(view_is(view, "abc"));
    assert_int_equal(read_left(&reader), 1);
    assert_int_equal(reader_check(&reader, "the thing", &err), RC_CORRUPT);
    assert_int_equal(read_le32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(read_u8(&reader), 0); /* the byte that was left is not given out any more */
    assert_int_equal(read_le64(&reader), 0);
    assert_null(read_bytes(&reader, 1).data);
    assert_int_equal(reader_check(&reader, "the thing", &err), RC_CORRUPT);
    assert_non_null(strstr(err.text, "the thing"));

    reader_init(&reader, view_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01rest", 14));
    assert_null(read_sized(&reader).data); /* a size near 2^64 must not wrap */
    assert_true(reader.failed);
    reader_init(&reader, view_of("\x05", 1));
    assert_int_equal(read_varint_max(&reader, 4), 0);
    assert_true(reader.failed);
    reader_init(&reader, (struct view){0});
    assert_int_equal(read_bytes(&reader, 0).size, 0);
    assert_int_equal(reader_check(&reader, "the thing", &err), RC_OK);
    reader_init(&reader, view_of("\x04\x03\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11", 12));
    assert_int_equal(read_le32(&reader), 0x01020304);
    assert_true(read_le64(&reader) == UINT64_C(0x1122334455667788));
    assert_true(read_done(&reader));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_and_slice),
        cmocka_unit_test(adds_in_order),
        cmocka_unit_test(lent_memory_is_all_there_is),
        cmocka_unit_test(the_cap_is_exact_and_sticky),
        cmocka_unit_test(varints_come_back),
        cmocka_unit_test(bad_varints_fail),
        cmocka_unit_test(reading_stops_at_the_end_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
