/* test_slice.c: a slice of the feeds proves itself, or nothing. */
#include "schema/wire/slice.h"

#include "base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNTY 0x01020304u
#define AREA   UINT64_C(430626117205)

struct world {
    uint8_t sign_public[32], sign_secret[64], box_public[32], box_secret[32];
    struct zip_inflater *inflater;
    struct arena arena;
    struct buf signed_part;
    uint8_t heads[4][32]; /* chain after 0 to 3 entries */
    struct slice_entry entries[3];
    struct slice_feed feed;
    struct slice slice;
    struct err err;
};

static void body(struct world *world, uint32_t i, uint8_t kind, const char *content) {
    struct feed_entry entry = {
        .area = AREA, .audience = 1, .kind = kind, .content = view_text(content)};
    struct buf bytes;

    buf_init(&bytes, 1024);
    feed_entry_body(&bytes, &entry);
    feed_entry_digest(&entry, NULL, world->entries[i].digest);
    world->entries[i].body = arena_view(&world->arena, buf_view(&bytes));
    buf_release(&bytes);
    feed_chain_next(world->heads[i], world->entries[i].digest, world->heads[i + 1]);
}

/* The county signs the head behind all three; the slice has the last two of them. */
static int set_up(void **state) {
    static struct world world;
    const uint8_t seed[32] = {7};
    struct feed_head head = {.area = AREA, .audience = 1, .position = 3};
    struct answer answer = {.nonce = {9}, .head_count = 1, .heads = &head};
    struct reader parts;
    struct part part;
    struct buf signed_bytes;

    world = (struct world){.err = {.lang = LANG_EN}};
    err_init(&world.err, LANG_EN);
    assert_int_equal(crypt_start(&world.err), RC_OK);
    arena_init(&world.arena, 1024u * 1024u);
    assert_int_equal(zip_inflater_new(&world.inflater, &world.err), RC_OK);
    crypt_sign_keypair(seed, world.sign_public, world.sign_secret);
    crypt_box_keypair(seed, world.box_public, world.box_secret);
    body(&world, 0, FEED_LEAVE, "one");
    body(&world, 1, FEED_REDACT, "two");
    body(&world, 2, FEED_LEAVE, "three");
    world.entries[1].whole = true;
    memcpy(head.chain, world.heads[3], 32);
    buf_init(&signed_bytes, 4096);
    exchange_start(&signed_bytes);
    assert_int_equal(exchange_add_signed(&signed_bytes, &answer, world.sign_secret, &world.err),
                     RC_OK);
    assert_int_equal(exchange_open(buf_view(&signed_bytes), &parts, &world.err), RC_OK);
    assert_int_equal(exchange_next(&parts, &part, &world.err), RC_OK);
    world.feed = (struct slice_feed){
        .area = AREA, .audience = 1, .position = 1, .entry_count = 2, .entries = world.entries + 1};
    memcpy(world.feed.chain, world.heads[1], 32);
    world.slice = (struct slice){.epoch = 5,
                                 .nonce = {9},
                                 .signed_part = arena_view(&world.arena, part.content),
                                 .feed_count = 1,
                                 .feeds = &world.feed};
    buf_release(&signed_bytes);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    zip_inflater_free(world->inflater);
    arena_release(&world->arena);
    return 0;
}

/* Written, opened and checked; the code of what failed first. */
static enum rc travels(struct world *world, uint32_t county, struct slice *out) {
    struct answer proof;
    struct buf bytes;
    enum rc rc;

    err_clear(&world->err);
    buf_init(&bytes, LIMIT_SLICE_BYTES);
    assert_int_equal(
        slice_write(&world->slice, COUNTY, world->box_public, env_system(), &bytes, &world->err),
        RC_OK);
    rc = slice_open(buf_view(&bytes), county, world->box_public, world->box_secret, &world->arena,
                    out, &world->err);
    if (rc == RC_OK)
        rc = slice_verify(out, world->sign_public, world->inflater, &world->arena, &proof,
                          &world->err);
    buf_release(&bytes);
    return rc;
}

static void proves_itself(void **state) {
    struct world *world = *state;
    struct slice slice;

    assert_int_equal(travels(world, COUNTY, &slice), RC_OK);
    assert_int_equal(slice.epoch, 5);
    assert_int_equal(slice.feed_count, 1);
    assert_int_equal(slice.feeds[0].entry_count, 2);
    assert_true(slice.feeds[0].entries[0].whole);
    assert_false(slice.feeds[0].entries[1].whole);
    assert_true(view_equal(slice.feeds[0].entries[0].body, world->entries[1].body));
    assert_int_equal(travels(world, COUNTY + 1, &slice), RC_DENIED);
}

static void nothing_else_leads_to_the_head(void **state) {
    struct world *world = *state;
    struct slice_entry kept = world->entries[1];
    struct slice slice;

    body(world, 1, FEED_REDACT, "TWO"); /* other content */
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->entries[1] = kept;
    world->feed.entry_count = 1; /* one left out at the end */
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->feed.entry_count = 2;
    world->feed.position = 2; /* another place */
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->feed.position = 1;
    world->feed.area++; /* another area */
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->feed.area--;
    world->feed.chain[0] ^= 1;
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->feed.chain[0] ^= 1;
    world->slice.nonce[0] ^= 1; /* the signed part of another answer */
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
    world->slice.nonce[0] ^= 1;
    assert_int_equal(travels(world, COUNTY, &slice), RC_OK);
}

static void a_feed_without_entries_proves_nothing(void **state) {
    struct world *world = *state;
    struct slice slice;

    world->feed.entry_count = 0;
    world->feed.position = 3;
    memcpy(world->feed.chain, world->heads[3], 32);
    assert_int_equal(travels(world, COUNTY, &slice), RC_DENIED);
}

static void offers_come_back(void **state) {
    struct world *world = *state;
    struct slice_offer offers[2] = {{.name = {1}, .dots = view_text("abc")}, {.name = {2}}}, *read;
    uint32_t count = 0;
    struct buf bytes;

    buf_init(&bytes, 4096);
    offer_write(offers, 2, &bytes);
    assert_int_equal(offer_read(buf_view(&bytes), &world->arena, &read, &count, &world->err),
                     RC_OK);
    assert_int_equal(count, 2);
    assert_true(view_is(read[0].dots, "abc"));
    assert_int_equal(read[1].name[0], 2);
    bytes.size--;
    assert_int_equal(offer_read(buf_view(&bytes), &world->arena, &read, &count, &world->err),
                     RC_CORRUPT);
    buf_release(&bytes);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(proves_itself),
        CASE(nothing_else_leads_to_the_head),
        CASE(a_feed_without_entries_proves_nothing),
        CASE(offers_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
