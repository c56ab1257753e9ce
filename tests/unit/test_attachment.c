/* test_attachment.c: what an attachment may be, and how it travels. */
#include "schema/wire/attachment.h"

#include "base/crypt.h"
#include "tests/support/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNTY 0x01020304u
#define AREA   UINT64_C(430626117205)

struct world {
    struct arena arena;
    struct buf bytes, out;
    struct err err;
    uint8_t sign_public[32], sign_secret[64], box_public[32], box_secret[32];
};

static int set_up(void **state) {
    static struct world world;
    const uint8_t seed[32] = {7};

    memset(&world, 0, sizeof(world));
    err_init(&world.err, LANG_EN);
    assert_int_equal(crypt_start(&world.err), RC_OK);
    arena_init(&world.arena, 16u * 1024u * 1024u);
    buf_init(&world.bytes, 64u * 1024u * 1024u);
    buf_init(&world.out, 64u * 1024u * 1024u);
    crypt_sign_keypair(seed, world.sign_public, world.sign_secret);
    crypt_box_keypair(seed, world.box_public, world.box_secret);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    buf_release(&world->bytes);
    buf_release(&world->out);
    arena_release(&world->arena);
    return 0;
}

/* --- what it is --- */

static void jpeg(struct buf *out) {
    picture_jpeg(out, 500, 1);
}

static const struct {
    void (*make)(struct buf *out);
    enum attachment_kind kind;
    bool is_image, is_sound;
} KINDS[] = {
    {jpeg, ATTACHMENT_JPEG, true, false},         {picture_png, ATTACHMENT_PNG, true, false},
    {picture_webp, ATTACHMENT_WEBP, true, false}, {picture_m4a, ATTACHMENT_M4A, false, true},
    {picture_ogg, ATTACHMENT_OGG, false, true},   {picture_wav, ATTACHMENT_WAV, false, true},
    {picture_pdf, ATTACHMENT_PDF, false, false},  {picture_webm, ATTACHMENT_WEBM, false, true},
};

static void each_kind_fits_its_questions_only(void **state) {
    struct world *world = *state;
    enum attachment_kind kind;

    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        struct view content;

        buf_clear(&world->bytes);
        KINDS[i].make(&world->bytes);
        content = buf_view(&world->bytes);
        assert_int_equal(attachment_check(content, ATTACHMENT_FOR_FILE, &kind, &world->err), RC_OK);
        assert_int_equal(kind, KINDS[i].kind);
        err_clear(&world->err);
        assert_int_equal(attachment_check(content, ATTACHMENT_FOR_IMAGE, &kind, &world->err),
                         KINDS[i].is_image ? RC_OK : RC_INVALID);
        err_clear(&world->err);
        assert_int_equal(attachment_check(content, ATTACHMENT_FOR_SOUND, &kind, &world->err),
                         KINDS[i].is_sound ? RC_OK : RC_INVALID);
        err_clear(&world->err);
    }
}

/* What a form shows may also be a GIF or MP3; never what can hold a program, or is disguised. */
static void a_form_shows_what_browsers_play(void **state) {
    static const uint8_t mp3[] = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 2, 1, 1, 0xFF, 0xFB, 0x90, 0x64};
    struct world *world = *state;
    enum attachment_kind kind;
    const struct {
        struct view content;
        enum rc rc;
        enum attachment_kind kind;
    } cases[] = {
        {view_of("GIF89a\1\0\1\0\0\0\0,\0\0\0\0;", 19), RC_OK, ATTACHMENT_GIF},
        {view_of("GIF89a\1\0\1\0\0\0\0,\0\0\0\0", 18), RC_INVALID, ATTACHMENT_GIF},
        {view_of(mp3, sizeof(mp3)), RC_OK, ATTACHMENT_MP3},
        {view_of(mp3, sizeof(mp3) - 3), RC_INVALID, ATTACHMENT_MP3},
        {view_text("<svg onload='alert(1)'/>"), RC_INVALID, ATTACHMENT_OTHER},
        {view_text("%PDF-1.4 %%EOF"), RC_INVALID, ATTACHMENT_PDF},
        {view_text(""), RC_INVALID, ATTACHMENT_OTHER},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(attachment_check_medium(cases[i].content, &kind, &world->err),
                         cases[i].rc);
        assert_int_equal(kind, cases[i].kind);
        err_clear(&world->err);
    }
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        buf_clear(&world->bytes);
        KINDS[i].make(&world->bytes);
        assert_int_equal(attachment_check_medium(buf_view(&world->bytes), &kind, &world->err),
                         KINDS[i].is_image || KINDS[i].is_sound ? RC_OK : RC_INVALID);
        err_clear(&world->err);
    }
    buf_clear(&world->bytes);
    picture_jpeg(&world->bytes, LIMIT_MEDIUM_BYTES + 1, 3);
    assert_int_equal(attachment_check_medium(buf_view(&world->bytes), &kind, &world->err),
                     RC_LIMIT);
    err_clear(&world->err);
}

/* Ends that nothing needs may be missing; no beginning passes as a whole. */
static void what_was_cut_off_is_refused(void **state) {
    struct world *world = *state;
    enum attachment_kind kind;

    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        buf_clear(&world->bytes);
        KINDS[i].make(&world->bytes);
        for (size_t size = 12; size + 8 < world->bytes.size; size++) {
            struct view part = view_slice(buf_view(&world->bytes), 0, size);

            if (attachment_sniff(part) != KINDS[i].kind)
                continue;
            err_clear(&world->err);
            assert_int_equal(attachment_check(part, ATTACHMENT_FOR_FILE, &kind, &world->err),
                             RC_INVALID);
        }
        err_clear(&world->err);
    }
}

static void what_is_disguised_empty_or_too_large_is_refused(void **state) {
    struct world *world = *state;
    enum attachment_kind kind;

    assert_int_equal(
        attachment_check(view_text("#!/bin/sh\n"), ATTACHMENT_FOR_IMAGE, &kind, &world->err),
        RC_INVALID);
    assert_non_null(strstr(world->err.text, "no photo"));
    err_clear(&world->err);
    assert_int_equal(
        attachment_check(view_text("notes\n"), ATTACHMENT_FOR_FILE, &kind, &world->err), RC_OK);
    assert_int_equal(kind, ATTACHMENT_OTHER);
    assert_int_equal(attachment_check(view_text(""), ATTACHMENT_FOR_FILE, &kind, &world->err),
                     RC_INVALID);
    err_clear(&world->err);
    picture_jpeg(&world->bytes, LIMIT_PHOTO_BYTES, 3);
    assert_int_equal(
        attachment_check(buf_view(&world->bytes), ATTACHMENT_FOR_IMAGE, &kind, &world->err), RC_OK);
    buf_clear(&world->bytes);
    picture_jpeg(&world->bytes, LIMIT_PHOTO_BYTES + 1, 3);
    assert_int_equal(
        attachment_check(buf_view(&world->bytes), ATTACHMENT_FOR_IMAGE, &kind, &world->err),
        RC_LIMIT);
    err_clear(&world->err);
}

/* --- how it travels --- */

static void label_of(struct world *world, struct attachment_label *label) {
    *label = (struct attachment_label){
        .hash = {1, 2, 3}, .size = 600000, .kind = ATTACHMENT_JPEG, .area = AREA, .key = {9, 9}};
    buf_clear(&world->bytes);
    assert_int_equal(attachment_label_seal(label, COUNTY, world->box_public, env_system(),
                                           &world->bytes, &world->err),
                     RC_OK);
}

static enum rc open_label(struct world *world, struct view sealed, uint32_t county,
                          struct attachment_label *label) {
    err_clear(&world->err);
    return attachment_label_open(sealed, county, world->box_public, world->box_secret, label,
                                 &world->err);
}

static void a_label_opens_for_its_county_only(void **state) {
    struct world *world = *state;
    struct attachment_label label, read;

    label_of(world, &label);
    assert_true(world->bytes.size <= LIMIT_ATTACHMENT_LABEL);
    assert_int_equal(open_label(world, buf_view(&world->bytes), COUNTY, &read), RC_OK);
    assert_memory_equal(read.hash, label.hash, 32);
    assert_memory_equal(read.key, label.key, 32);
    assert_int_equal(read.size, label.size);
    assert_int_equal(read.kind, label.kind);
    assert_true(read.area == label.area);
    assert_int_equal(open_label(world, buf_view(&world->bytes), COUNTY + 1, &read), RC_DENIED);
    for (size_t i = 0; i < world->bytes.size; i++) {
        world->bytes.data[i] ^= 1;
        assert_int_not_equal(open_label(world, buf_view(&world->bytes), COUNTY, &read), RC_OK);
        world->bytes.data[i] ^= 1;
        assert_int_not_equal(
            open_label(world, view_slice(buf_view(&world->bytes), 0, i), COUNTY, &read), RC_OK);
    }
    label.size = 0;
    buf_clear(&world->bytes);
    assert_int_equal(attachment_label_seal(&label, COUNTY, world->box_public, env_system(),
                                           &world->bytes, &world->err),
                     RC_OK);
    assert_int_equal(open_label(world, buf_view(&world->bytes), COUNTY, &read), RC_CORRUPT);
    err_clear(&world->err);
}

static void chunks_belong_to_their_place(void **state) {
    struct world *world = *state;
    const uint8_t key[32] = {4, 1}, other[32] = {4, 2};
    struct buf plain;

    assert_int_equal(attachment_chunk_count(1), 1);
    assert_int_equal(attachment_chunk_count(ATTACHMENT_CHUNK_BYTES), 1);
    assert_int_equal(attachment_chunk_count(ATTACHMENT_CHUNK_BYTES + 1), 2);
    assert_int_equal(attachment_chunk_size(ATTACHMENT_CHUNK_BYTES + 1, 0), ATTACHMENT_CHUNK_BYTES);
    assert_int_equal(attachment_chunk_size(ATTACHMENT_CHUNK_BYTES + 1, 1), 1);
    assert_int_equal(attachment_chunk_size(ATTACHMENT_CHUNK_BYTES + 1, 2), 0);
    assert_int_equal(
        attachment_chunk_seal(key, 1, view_text("photo"), env_system(), &world->bytes, &world->err),
        RC_OK);
    buf_init(&plain, 1000);
    assert_int_equal(attachment_chunk_open(key, 1, buf_view(&world->bytes), &plain, &world->err),
                     RC_OK);
    assert_true(view_is(buf_view(&plain), "photo"));
    assert_int_equal(attachment_chunk_open(key, 0, buf_view(&world->bytes), &plain, &world->err),
                     RC_DENIED);
    err_clear(&world->err);
    assert_int_equal(attachment_chunk_open(other, 1, buf_view(&world->bytes), &plain, &world->err),
                     RC_DENIED);
    err_clear(&world->err);
    buf_release(&plain);
}

static void requests_come_as_they_were_written(void **state) {
    struct world *world = *state;
    struct view offers[2] = {view_text("label one"), view_text("label two")};
    struct attachment_chunk chunks[2] = {{0, 3, view_text("abc")}, {1, 0, view_text("defg")}};
    struct attachment_request request = {.device = 77,
                                         .nonce = {1, 2},
                                         .offer_count = 2,
                                         .offers = offers,
                                         .chunk_count = 2,
                                         .chunks = chunks},
                              read;
    struct view body;

    assert_int_equal(
        attachment_request_write(&request, world->sign_secret, &world->out, &world->err), RC_OK);
    body = buf_view(&world->out);
    assert_int_equal(attachment_request_read(body, &world->arena, &read, &world->err), RC_OK);
    assert_int_equal(attachment_request_verify(body, world->sign_public, &world->err), RC_OK);
    assert_true(read.device == 77);
    assert_int_equal(read.offer_count, 2);
    assert_true(view_equal(read.offers[1], offers[1]));
    assert_int_equal(read.chunk_count, 2);
    assert_int_equal(read.chunks[0].index, 3);
    assert_int_equal(read.chunks[1].offer, 1);
    assert_true(view_equal(read.chunks[1].sealed, chunks[1].sealed));
    for (size_t i = 0; i < body.size; i++) {
        assert_int_not_equal(
            attachment_request_verify(view_slice(body, 0, i), world->sign_public, &world->err),
            RC_OK);
        err_clear(&world->err);
        (void)attachment_request_read(view_slice(body, 0, i), &world->arena, &read, &world->err);
        err_clear(&world->err);
    }
    /* A chunk of an offer that is not there. */
    chunks[1].offer = 2;
    buf_clear(&world->out);
    assert_int_equal(
        attachment_request_write(&request, world->sign_secret, &world->out, &world->err), RC_OK);
    assert_int_equal(
        attachment_request_read(buf_view(&world->out), &world->arena, &read, &world->err),
        RC_CORRUPT);
    err_clear(&world->err);
}

static void answers_are_signed_by_the_county(void **state) {
    struct world *world = *state;
    struct attachment_told told[2] = {{{1}, ATTACHMENT_LACKING, 5}, {{2}, ATTACHMENT_HERE, 0}};
    struct attachment_answer answer = {.epoch = 3, .count = 2, .told = told}, read;

    assert_int_equal(attachment_answer_write(&answer, world->sign_secret, &world->out, &world->err),
                     RC_OK);
    assert_int_equal(attachment_answer_read(buf_view(&world->out), world->sign_public,
                                            &world->arena, &read, &world->err),
                     RC_OK);
    assert_int_equal(read.epoch, 3);
    assert_int_equal(read.count, 2);
    assert_int_equal(read.told[0].next, 5);
    assert_int_equal(read.told[1].state, ATTACHMENT_HERE);
    world->out.data[3] ^= 1;
    assert_int_equal(attachment_answer_read(buf_view(&world->out), world->sign_public,
                                            &world->arena, &read, &world->err),
                     RC_DENIED);
    err_clear(&world->err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_fits_its_questions_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_form_shows_what_browsers_play, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_off_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_disguised_empty_or_too_large_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_label_opens_for_its_county_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chunks_belong_to_their_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_come_as_they_were_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_signed_by_the_county, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
