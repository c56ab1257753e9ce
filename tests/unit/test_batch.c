/* test_batch.c: sealing, opening, proving; and that no byte of a batch can be changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/batch.h"
#include "tests/support/wire.h"

struct kit {
    struct wire_world world;
    struct env env;
    struct arena arena;
    struct buf out;
    struct err err;
    uint8_t device_public[32], device_secret[64];
    uint8_t box_public[32], box_secret[32];
    uint8_t last_hash[32];
    struct view frames[2];
    struct batch batch;
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));
    uint8_t seed[32] = {1};

    if (kit == NULL)
        return -1;
    *state = kit;
    err_init(&kit->err, LANG_EN);
    if (crypt_start(&kit->err) != RC_OK)
        return -1;
    kit->world.chance.state = 9;
    kit->env = wire_env(&kit->world);
    arena_init(&kit->arena, 16u << 20);
    buf_init(&kit->out, 8u << 20);
    crypt_sign_keypair(seed, kit->device_public, kit->device_secret);
    seed[0] = 2;
    crypt_box_keypair(seed, kit->box_public, kit->box_secret);
    memset(kit->last_hash, 5, sizeof(kit->last_hash));
    kit->frames[0] = view_text("a frame");
    kit->frames[1] = view_text("another");
    kit->batch = (struct batch){.introduces = true,
                                .nonce = {1, 2, 3},
                                .epoch = 3,
                                .scope_serial = 4,
                                .previous = {6},
                                .wall_ms = 1763884800000,
                                .frame_count = 2,
                                .frames = kit->frames};
    kit->batch.outer.county = 0xa1b2c3d4;
    kit->batch.outer.actor = batch_actor(kit->device_public, kit->batch.nonce);
    kit->batch.outer.first = 5;
    kit->batch.outer.last = 11;
    kit->batch.device = batch_device(kit->device_public);
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    arena_release(&kit->arena);
    buf_release(&kit->out);
    free(kit);
    return 0;
}

static enum rc write_batch(struct kit *kit) {
    buf_clear(&kit->out);
    return batch_write(&kit->batch, kit->last_hash, kit->device_secret, kit->box_public, &kit->env,
                       &kit->out, &kit->err);
}

static enum rc open_batch(struct kit *kit, struct view bytes, struct batch *out) {
    return batch_open(bytes, kit->box_public, kit->box_secret, &kit->arena, out, &kit->err);
}

static void everything_comes_back(void **state) {
    struct kit *kit = *state;
    struct batch back;
    struct batch_outer outer;

    assert_int_equal(write_batch(kit), RC_OK);
    assert_int_equal(batch_peek(buf_view(&kit->out), &outer, &kit->err), RC_OK);
    assert_true(outer.county == 0xa1b2c3d4 && outer.first == 5 && outer.last == 11);
    assert_true(outer.actor == kit->batch.outer.actor);
    assert_int_equal(open_batch(kit, buf_view(&kit->out), &back), RC_OK);
    assert_true(back.device == kit->batch.device && back.introduces && !back.fresh);
    assert_memory_equal(back.nonce, kit->batch.nonce, 16);
    assert_memory_equal(back.previous, kit->batch.previous, 32);
    assert_true(back.epoch == 3 && back.scope_serial == 4 && back.wall_ms == 1763884800000);
    assert_int_equal(back.frame_count, 2);
    assert_true(view_equal(back.frames[0], kit->frames[0]));
    assert_true(view_equal(back.frames[1], kit->frames[1]));
    assert_int_equal(batch_verify(&back, kit->last_hash, kit->device_public, &kit->err), RC_OK);
}

static void the_proof_is_of_chain_and_device(void **state) {
    struct kit *kit = *state;
    struct batch back;
    uint8_t other_public[32], other_secret[64], seed[32] = {9};

    crypt_sign_keypair(seed, other_public, other_secret);
    assert_int_equal(write_batch(kit), RC_OK);
    assert_int_equal(open_batch(kit, buf_view(&kit->out), &back), RC_OK);
    assert_int_equal(batch_verify(&back, kit->last_hash, other_public, &kit->err), RC_DENIED);
    kit->last_hash[31] ^= 1;
    assert_int_equal(batch_verify(&back, kit->last_hash, kit->device_public, &kit->err), RC_DENIED);
    kit->last_hash[31] ^= 1;
    back.scope_serial++;
    assert_int_equal(batch_verify(&back, kit->last_hash, kit->device_public, &kit->err), RC_DENIED);
}

static void only_the_county_opens(void **state) {
    struct kit *kit = *state;
    struct batch back;
    uint8_t other_public[32], other_secret[32], seed[32] = {9};

    crypt_box_keypair(seed, other_public, other_secret);
    assert_int_equal(write_batch(kit), RC_OK);
    assert_int_equal(
        batch_open(buf_view(&kit->out), other_public, other_secret, &kit->arena, &back, &kit->err),
        RC_DENIED);
    assert_null(memmem(kit->out.data, kit->out.size, "a frame", 7));
}

/* The outer bytes are bound to the seal: a carrier can change nothing. */
static void no_byte_can_change(void **state) {
    struct kit *kit = *state;
    struct batch back;

    assert_int_equal(write_batch(kit), RC_OK);
    for (size_t i = 0; i < kit->out.size; i++) {
        kit->out.data[i] ^= 4;
        assert_int_not_equal(open_batch(kit, buf_view(&kit->out), &back), RC_OK);
        kit->out.data[i] ^= 4;
        assert_int_not_equal(open_batch(kit, view_of(kit->out.data, i), &back), RC_OK);
    }
    assert_int_equal(open_batch(kit, buf_view(&kit->out), &back), RC_OK);
}

static void it_tells_whether_its_actor_is_of_this_epoch(void **state) {
    struct kit *kit = *state;
    struct batch back;

    kit->batch.fresh = true;
    assert_int_equal(write_batch(kit), RC_OK);
    assert_int_equal(open_batch(kit, buf_view(&kit->out), &back), RC_OK);
    assert_true(back.introduces && back.fresh && back.epoch == 3);
}

static void it_costs_little(void **state) {
    struct kit *kit = *state;

    kit->batch.introduces = false;
    assert_int_equal(write_batch(kit), RC_OK);
    /* 15 outer, 48 seal, 114 inner with signature; the frames and their sizes */
    assert_true(kit->out.size <= 177 + 16);
}

static void nonsense_is_refused(void **state) {
    struct kit *kit = *state;
    struct batch_outer outer;

    kit->batch.outer.first = 0;
    assert_int_equal(write_batch(kit), RC_INVALID);
    kit->batch.outer.first = 12;
    assert_int_equal(write_batch(kit), RC_INVALID);
    kit->batch.outer.first = 1;
    kit->batch.frame_count = LIMIT_BATCH_FRAMES + 1;
    assert_int_equal(write_batch(kit), RC_LIMIT);
    kit->batch.frame_count = 2;
    assert_int_equal(write_batch(kit), RC_OK);
    kit->out.data[0] = 2;
    assert_int_equal(batch_peek(buf_view(&kit->out), &outer, &kit->err), RC_UNSUPPORTED);
    assert_int_equal(batch_peek(view_of(NULL, 0), &outer, &kit->err), RC_CORRUPT);
    assert_int_equal(batch_peek(view_of(kit->out.data, LIMIT_BATCH_BYTES + 1), &outer, &kit->err),
                     RC_LIMIT); /* nobody looks into it */
}

/* Who writes it may go on with what stood there before. */
static void what_cannot_be_sealed_leaves_nothing(void **state) {
    struct kit *kit = *state;

    memset(kit->box_public, 0, sizeof(kit->box_public)); /* nobody's key */
    buf_add_text(&kit->out, "before");
    assert_int_equal(batch_write(&kit->batch, kit->last_hash, kit->device_secret, kit->box_public,
                                 &kit->env, &kit->out, &kit->err),
                     RC_INVALID);
    assert_true(view_is(buf_view(&kit->out), "before"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(the_proof_is_of_chain_and_device, start, stop),
        cmocka_unit_test_setup_teardown(only_the_county_opens, start, stop),
        cmocka_unit_test_setup_teardown(no_byte_can_change, start, stop),
        cmocka_unit_test_setup_teardown(it_tells_whether_its_actor_is_of_this_epoch, start, stop),
        cmocka_unit_test_setup_teardown(it_costs_little, start, stop),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_be_sealed_leaves_nothing, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
