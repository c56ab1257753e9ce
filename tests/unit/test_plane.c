/* Planes that no writer of ours makes: sizes below nothing and beyond what there is, tables that
 * are pointed past, lanes with something left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "schema/limits.h"
#include "schema/wire/plane.h"

struct kit {
    struct arena arena;
    struct err err;
    struct plane_writer writer;
    struct buf body;
    uint8_t *pages, *edge; /* what is read at the edge, or behind it, ends the test */
    size_t page_bytes;
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));

    assert_non_null(kit);
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 16u << 20);
    plane_writer_init(&kit->writer, &kit->arena, 1u << 20);
    buf_init(&kit->body, 1u << 20);
    kit->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    kit->pages =
        mmap(NULL, 2 * kit->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(kit->pages != MAP_FAILED);
    kit->edge = kit->pages + kit->page_bytes;
    assert_int_equal(mprotect(kit->edge, kit->page_bytes, PROT_NONE), 0);
    *state = kit;
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    plane_writer_release(&kit->writer);
    buf_release(&kit->body);
    arena_release(&kit->arena);
    assert_int_equal(munmap(kit->pages, 2 * kit->page_bytes), 0);
    free(kit);
    return 0;
}

/* The same bytes, where nothing lies behind them. */
static void *at_edge(struct kit *kit, const void *data, size_t size) {
    assert_true(size <= kit->page_bytes);
    return memcpy(kit->edge - size, data, size);
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
        plane_add_ints(&kit->writer, at_edge(kit, values, sizeof(values)), 300);
        reader = read_back(kit, 0);
        plane_read_ints(&reader, back, 300);
        assert_true(plane_done(&reader));
        assert_memory_equal(back, values, sizeof(values));
        whole = kit->body.size;
        for (size_t size = 0; size < whole; size++) {
            plane_reader_init(&reader, view_of(at_edge(kit, kit->body.data, size), size),
                              (struct view){0}, 0, &kit->arena, &kit->arena);
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

/* Names of few characters, each a byte in the table of letters: the first of it as well as others.
 */
static void letters_take_a_byte_each(void **state) {
    static const char *const letters[] = {"一", "丁", "王", "小", "大", "明", "二"};
    struct kit *kit = *state;
    struct view names[200], back[200];
    struct plane_reader reader;
    size_t characters = 0;

    for (uint32_t i = 0; i < 200; i++) {
        struct buf name;
        uint32_t left = i * 7919;

        buf_init(&name, 64);
        for (uint32_t k = 0; k < 2 + i % 3; k++, left /= 7)
            buf_add_text(&name, letters[left % 7]);
        names[i] = arena_view(&kit->arena, buf_view(&name));
        buf_release(&name);
        characters += names[i].size / 3;
    }
    plane_add_letters(&kit->writer, names, 200);
    plane_add_texts(&kit->writer, names, 60, true);
    plane_add_texts(&kit->writer, names + 60, 140, true);
    reader = read_back(kit, 1u << 20);
    plane_read_letters(&reader);
    plane_read_texts(&reader, back, 60);
    plane_read_texts(&reader, back + 60, 140);
    assert_true(plane_done(&reader));
    for (uint32_t i = 0; i < 200; i++)
        assert_true(view_equal(back[i], names[i]));
    assert_true(kit->body.size < characters + 100); /* with the sizes, and the table */
}

/* So many texts of so many bytes each, all different; the byte at a place of one of them is
 * another. How they are coded, after they have come back. */
static unsigned coding_of(struct kit *kit, uint32_t count, size_t size, uint32_t text, size_t place,
                          uint8_t byte) {
    struct view texts[8], back[8];
    struct plane_reader reader;
    unsigned coding;

    again(kit);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *bytes = arena_array(&kit->arena, 1, size);

        assert_non_null(bytes);
        memset(bytes, 'a', size);
        bytes[size - 1] = (uint8_t)('a' + i);
        if (i == text)
            bytes[place] = byte;
        texts[i] = view_of(bytes, size);
    }
    plane_add_texts(&kit->writer, texts, count, false);
    coding = kit->writer.lane0.data[0] & 7u;
    reader = read_back(kit, 1u << 20);
    plane_read_texts(&reader, back, count);
    assert_true(plane_done(&reader));
    for (uint32_t i = 0; i < count; i++)
        assert_true(view_equal(back[i], texts[i]));
    return coding;
}

/* Hashes and names of one size: their columns lie together. It takes eight of eight bytes to pay,
 * and the first may not begin with a character of several bytes, which letters are better for. */
static void texts_of_one_size_lie_turned(void **state) {
    struct kit *kit = *state;

    assert_int_equal(coding_of(kit, 8, 8, 0, 0, 'b'), TEXTS_TURNED);
    assert_int_equal(coding_of(kit, 7, 8, 0, 0, 'b'), TEXTS_PLAIN);
    assert_int_equal(coding_of(kit, 8, 7, 0, 0, 'b'), TEXTS_PLAIN);
    assert_int_equal(coding_of(kit, 8, 8, 0, 0, 0x7f), TEXTS_TURNED);
    assert_int_equal(coding_of(kit, 8, 8, 0, 0, 0x80), TEXTS_PLAIN);
    assert_int_equal(coding_of(kit, 8, 8, 0, 1, 0xff), TEXTS_TURNED);
    assert_int_equal(coding_of(kit, 8, 8, 1, 0, 0xff), TEXTS_TURNED);
}

/* What another writer may put into the table: every character that there is, and nothing else. */
static void letters_are_characters(void **state) {
    static const struct {
        uint32_t character;
        bool good;
    } cases[] = {{0xd7ff, true},   {0xd800, false},   {0xdfff, false},  {0xe000, true},
                 {0x10ffff, true}, {0x110000, false}, {0x10fffe, true}, {UINT32_MAX, false}};
    struct kit *kit = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint32_t before = 0; before < 2; before++) { /* alone, or as a distance from 'a' */
            struct plane_reader reader;

            again(kit);
            buf_add_varint(&kit->writer.lane0, 1 + before);
            if (before > 0)
                buf_add_varint(&kit->writer.lane0, 'a');
            buf_add_varint(&kit->writer.lane0, cases[i].character - before * 'a');
            reader = read_back(kit, 0);
            plane_read_letters(&reader);
            assert_int_equal(plane_done(&reader), cases[i].good);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sizes_of_texts_are_bounded, start, stop),
        cmocka_unit_test_setup_teardown(numbers_are_whole_or_refused, start, stop),
        cmocka_unit_test_setup_teardown(letters_take_a_byte_each, start, stop),
        cmocka_unit_test_setup_teardown(letters_are_characters, start, stop),
        cmocka_unit_test_setup_teardown(texts_of_one_size_lie_turned, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
