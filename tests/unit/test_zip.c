/* Compression: round trips, bombs, damage, caps. */
#include "base/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* size bytes that compress somewhat; the same for every run. */
static uint8_t *make_plain(size_t size) {
    uint8_t *bytes = malloc(size + 1);
    uint32_t state = 12345;
    size_t index;

    assert_non_null(bytes);
    for (index = 0; index < size; index++) {
        state = state * 1664525u + 1013904223u;
        bytes[index] = (uint8_t)(state >> 28);
    }
    return bytes;
}

static void everything_comes_back(void **state) {
    static const size_t sizes[] = {0, 1, 100, 1023, 1024, 1025, 65536, 3000000};
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(sizes) / sizeof(sizes[0]); index++) {
        size_t size = sizes[index];
        uint8_t *plain = make_plain(size);
        struct buf packed;
        struct buf back;
        struct err err;

        err_init(&err, LANG_EN);
        buf_init(&packed, size + 1000);
        buf_init(&back, size + 3);
        buf_add_text(&back, "was");
        assert_int_equal(zip_deflate(view_of(plain, size), 6, &packed, &err), RC_OK);
        assert_int_equal(zip_inflate(buf_view(&packed), size, size, &back, &err), RC_OK);
        assert_int_equal(back.size, size + 3);
        assert_memory_equal(back.data + 3, plain, size);
        free(plain);
        buf_release(&packed);
        buf_release(&back);
    }
}

static void pieces_make_one_stream(void **state) {
    uint8_t *plain = make_plain(5000);
    struct view pieces[4] = {
        view_of(plain, 10), {0}, view_of(plain + 10, 4000), view_of(plain + 4010, 990)};
    struct buf flushed;
    struct buf whole;
    struct buf back;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&flushed, 10000);
    buf_init(&whole, 10000);
    buf_init(&back, 10000);
    assert_int_equal(zip_deflate_pieces(pieces, 4, 6, true, &flushed, &err), RC_OK);
    assert_int_equal(zip_deflate_pieces(pieces, 4, 6, false, &whole, &err), RC_OK);
    assert_false(view_equal(buf_view(&flushed), buf_view(&whole)));
    assert_int_equal(zip_inflate(buf_view(&flushed), 5000, 5000, &back, &err), RC_OK);
    assert_memory_equal(back.data, plain, 5000);
    buf_clear(&back);
    assert_int_equal(zip_inflate(buf_view(&whole), 5000, 0, &back, &err), RC_OK);
    assert_memory_equal(back.data, plain, 5000);
    buf_clear(&flushed);
    buf_clear(&back);
    assert_int_equal(zip_deflate_pieces(NULL, 0, 6, true, &flushed, &err), RC_OK);
    assert_int_equal(zip_inflate(buf_view(&flushed), 0, 0, &back, &err), RC_OK);
    assert_int_equal(back.size, 0);
    free(plain);
    buf_release(&flushed);
    buf_release(&whole);
    buf_release(&back);
}

static void a_state_serves_many_frames_and_survives_bad_ones(void **state) {
    struct zip_inflater *inflater;
    struct zip_deflater *deflater;
    struct buf packed;
    struct buf back;
    struct err err;
    unsigned round;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&packed, 10000);
    buf_init(&back, 10000);
    assert_int_equal(zip_inflater_new(&inflater, &err), RC_OK);
    assert_int_equal(zip_deflater_new(ZIP_LEVEL_BEST, &deflater, &err), RC_OK);
    for (round = 0; round < 20; round++) {
        char text[64];
        struct view plain;

        snprintf(text, sizeof(text), "frame %u frame %u frame %u", round, round, round);
        plain = view_text(text);
        buf_clear(&packed);
        buf_clear(&back);
        assert_int_equal(zip_deflater_run(deflater, &plain, 1, true, &packed, &err), RC_OK);
        assert_int_equal(zip_inflater_run(inflater, view_text("garbage"), 100, 0, &back, &err),
                         RC_CORRUPT);
        assert_int_equal(
            zip_inflater_run(inflater, view_slice(buf_view(&packed), 0, 9), 100, 0, &back, &err),
            RC_CORRUPT);
        assert_int_equal(back.size, 0);
        assert_int_equal(zip_inflater_run(inflater, buf_view(&packed), 100, 0, &back, &err), RC_OK);
        assert_true(view_equal(buf_view(&back), plain));
    }
    zip_inflater_free(inflater);
    zip_deflater_free(deflater);
    zip_inflater_free(NULL);
    zip_deflater_free(NULL);
    buf_release(&packed);
    buf_release(&back);
}

static void a_bomb_is_cut_off(void **state) {
    size_t size = 50u * 1000 * 1000;
    uint8_t *zeros = calloc(1, size);
    struct buf packed;
    struct buf back;
    struct err err;

    (void)state;
    assert_non_null(zeros);
    err_init(&err, LANG_EN);
    buf_init(&packed, 1u << 20);
    buf_init(&back, 1u << 30);
    assert_int_equal(zip_deflate(view_of(zeros, size), 9, &packed, &err), RC_OK);
    assert_true(packed.size < 100000);
    assert_int_equal(zip_inflate(buf_view(&packed), 100000, 0, &back, &err), RC_LIMIT);
    assert_int_equal(back.size, 0);
    assert_true(back.capacity < 1000000); /* memory followed what came out */
    assert_int_equal(zip_inflate(buf_view(&packed), size, 100000, &back, &err), RC_CORRUPT);
    assert_int_equal(zip_inflate(buf_view(&packed), 100000, size, &back, &err), RC_LIMIT);
    assert_int_equal(zip_inflate(buf_view(&packed), size - 1, 0, &back, &err), RC_LIMIT);
    assert_int_equal(zip_inflate(buf_view(&packed), size, size, &back, &err), RC_OK);
    buf_release(&back);

    /* A claim alone allocates nothing. */
    buf_init(&back, 1u << 30);
    buf_clear(&packed);
    assert_int_equal(zip_deflate(view_text("tiny"), 9, &packed, &err), RC_OK);
    assert_int_equal(zip_inflate(buf_view(&packed), 1u << 30, 1u << 29, &back, &err), RC_CORRUPT);
    assert_true(back.capacity < 10000);
    buf_release(&back);

    /* The cap of the buffer counts like the limit. */
    buf_init(&back, 3);
    assert_int_equal(zip_inflate(buf_view(&packed), 100, 0, &back, &err), RC_LIMIT);
    assert_int_equal(zip_inflate(buf_view(&packed), 100, 4, &back, &err), RC_LIMIT);
    assert_int_equal(back.failed, RC_OK);
    buf_release(&back);
    buf_init(&back, 4);
    assert_int_equal(zip_inflate(buf_view(&packed), 100, 0, &back, &err), RC_OK);
    buf_release(&back);
    buf_release(&packed);
    free(zeros);
}

static void every_truncation_and_extra_byte_is_refused(void **state) {
    uint8_t *plain = make_plain(700);
    struct buf packed;
    struct buf back;
    struct err err;
    size_t size;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&packed, 10000);
    buf_init(&back, 10000);
    assert_int_equal(zip_deflate(view_of(plain, 700), 6, &packed, &err), RC_OK);
    for (size = 0; size < packed.size; size++) {
        assert_int_equal(zip_inflate(view_of(packed.data, size), 700, 0, &back, &err), RC_CORRUPT);
        assert_int_equal(back.size, 0);
    }
    buf_add_u8(&packed, 0);
    assert_int_equal(zip_inflate(buf_view(&packed), 700, 700, &back, &err), RC_CORRUPT);
    assert_non_null(strstr(err.text, "behind its end"));
    free(plain);
    buf_release(&packed);
    buf_release(&back);
}

static void every_flipped_bit_is_noticed_or_harmless(void **state) {
    uint8_t *plain = make_plain(300);
    struct buf packed;
    struct buf back;
    struct err err;
    size_t bit;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&packed, 10000);
    buf_init(&back, 10000);
    assert_int_equal(zip_deflate(view_of(plain, 300), 6, &packed, &err), RC_OK);
    for (bit = 0; bit < packed.size * 8; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        buf_clear(&back);
        /* Some bits of the header mean nothing; the bytes that come out are right or refused. */
        if (zip_inflate(buf_view(&packed), 10000, 0, &back, &err) == RC_OK) {
            assert_int_equal(back.size, 300);
            assert_memory_equal(back.data, plain, 300);
        }
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(plain);
    buf_release(&packed);
    buf_release(&back);
}

static void a_full_buffer_ends_deflating(void **state) {
    uint8_t *plain = make_plain(5000);
    struct buf packed;
    struct err err;
    size_t need;

    (void)state;
    err_init(&err, LANG_EN);
    buf_init(&packed, 10000);
    assert_int_equal(zip_deflate(view_of(plain, 5000), 6, &packed, &err), RC_OK);
    need = packed.size;
    buf_release(&packed);
    buf_init(&packed, need);
    assert_int_equal(zip_deflate(view_of(plain, 5000), 6, &packed, &err), RC_OK);
    buf_release(&packed);
    buf_init(&packed, need - 1);
    assert_int_equal(zip_deflate(view_of(plain, 5000), 6, &packed, &err), RC_LIMIT);
    buf_release(&packed);
    free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(pieces_make_one_stream),
        cmocka_unit_test(a_state_serves_many_frames_and_survives_bad_ones),
        cmocka_unit_test(a_bomb_is_cut_off),
        cmocka_unit_test(every_truncation_and_extra_byte_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed_or_harmless),
        cmocka_unit_test(a_full_buffer_ends_deflating),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
