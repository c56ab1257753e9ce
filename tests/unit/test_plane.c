/* Planes that no writer of ours makes: sizes below nothing and beyond what there is, tables that
 * are pointed past, lanes with something left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/limits.h"
#include "schema/wire/plane.h"

struct kit {
    struct arena arena;
    struct err err;
    struct plane_writer writer;
    struct buf body;
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));

    assert_non_null(kit);
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 16u << 20);
    plane_writer_init(&kit->writer, &kit->arena, 1u << 20);
    buf_init(&kit->body, 1u << 20);
    *state = kit;
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    plane_writer_release(&kit->writer);
    buf_release(&kit->body);
    arena_release(&kit->arena);
    free(kit);
    return 0;
}

static void again(struct kit *kit) {
    plane_writer_release(&kit->writer);
    plane_writer_init(&kit->writer, &kit->arena, 1u << 20);
}

static struct plane_reader read_back(struct kit *kit, size_t text_bytes_max) {
    struct view pieces[PLANE_LANES + 1];
    struct plane_reader reader;
    uint32_t count = 0;

    assert_int_equal(plane_writer_finish(&kit->writer, pieces, &count, &kit->err), RC_OK);
    buf_clear(&kit->body);
    for (uint32_t i = 0; i < count; i++)
        buf_add_view(&kit->body, pieces[i]);
    plane_reader_init(&reader, buf_view(&kit->body), (struct view){0}, text_bytes_max, &kit->arena,
                      &kit->arena);
    return reader;
}

/* Two texts whose sizes are these, with so many bytes behind them. */
static bool two_texts(struct kit *kit, int64_t first, int64_t second, size_t bytes,
                      size_t text_bytes_max) {
    int64_t sizes[2] = {first, second};
    struct view texts[2] = {{0}};
    struct plane_reader reader;

    again(kit);
    buf_add_u8(&kit->writer.lane0, TEXTS_PLAIN);
    plane_add_ints(&kit->writer, sizes, 2);
    for (size_t i = 0; i < bytes; i++)
        buf_add_u8(&kit->writer.lane0, 'x');
    reader = read_back(kit, text_bytes_max);
    plane_read_texts(&reader, texts, 2);
    if (plane_failed(&reader)) {
        assert_null(texts[0].data); /* nothing of it is given out */
        assert_int_equal(texts[1].size, 0);
        return false;
    }
    assert_int_equal(texts[0].size, (size_t)first);
    assert_int_equal(texts[1].size, (size_t)second);
    return plane_done(&reader);
}

static void sizes_of_texts_are_bounded(void **state) {
    struct kit *kit = *state;

    assert_true(two_texts(kit, 2, 3, 5, 5));
    assert_true(two_texts(kit, 0, 5, 5, 1000));
    assert_false(two_texts(kit, -5, 10, 5, 1000));
    assert_false(two_texts(kit, 10, -5, 5, 1000));
    assert_false(two_texts(kit, 2, 3, 4, 1000)); /* a byte is missing */
    assert_false(two_texts(kit, 2, 3, 6, 1000)); /* or too many */
    assert_false(two_texts(kit, 2, 3, 5, 4));    /* more than all texts may unfold to */
    assert_false(two_texts(kit, (int64_t)LIMIT_VALUE_BYTES + 1, 0, LIMIT_VALUE_BYTES + 1,
                           LIMIT_VALUE_BYTES * 2));
}

/* Whatever coding the writer takes, cut off anywhere it is refused, and so is one byte more. */
static void numbers_are_whole_or_refused(void **state) {
    struct kit *kit = *state;
    int64_t values[300], back[300];

    for (int kind = 0; kind < 6; kind++) {
        struct plane_reader reader;
        size_t whole;

        for (int64_t i = 0; i < 300; i++)
            values[i] = kind == 0   ? 7
                        : kind == 1 ? i
                        : kind == 2 ? i % 2
                        : kind == 3 ? (i % 5) * INT64_C(1000000007)
                        : kind == 4 ? i * i * i * INT64_C(7919) - INT64_MAX / 2
                                    : (i * 31) % 251;
        again(kit);
        plane_add_ints(&kit->writer, values, 300);
        reader = read_back(kit, 0);
        plane_read_ints(&reader, back, 300);
        assert_true(plane_done(&reader));
        assert_memory_equal(back, values, sizeof(values));
        whole = kit->body.size;
        for (size_t size = 0; size < whole; size++) {
            plane_reader_init(&reader, view_of(kit->body.data, size), (struct view){0}, 0,
                              &kit->arena, &kit->arena);
            plane_read_ints(&reader, back, 300);
            assert_false(plane_done(&reader));
        }
        buf_add_u8(&kit->body, 0);
        plane_reader_init(&reader, buf_view(&kit->body), (struct view){0}, 0, &kit->arena,
                          &kit->arena);
        plane_read_ints(&reader, back, 300);
        assert_false(plane_done(&reader));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sizes_of_texts_are_bounded, start, stop),
        cmocka_unit_test_setup_teardown(numbers_are_whole_or_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
