/* test_wire.c: what goes into a frame comes out of it, whatever it is; and hostile bytes never pass
 * for something else.
 * The seeds are always the same; a failure prints the one that shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/exchange.h"
#include "tests/support/wire.h"

#include <inttypes.h>

#define FRAMES    400u
#define MUTATIONS 40u

static uint64_t seed_of(uint32_t i) {
    return 20261123u + i;
}

static void check(const struct wire_kit *kit, bool good, const char *what, uint64_t seed) {
    if (!good)
        fail_msg("seed %" PRIu64 ": %s; %s", seed, what, kit->err.text);
}

static bool same_bytes(const struct change *a, const struct change *b, struct err *err) {
    struct buf left, right;
    bool same;

    buf_init(&left, LIMIT_CHANGE_BYTES);
    buf_init(&right, LIMIT_CHANGE_BYTES);
    same = change_encode(a, &left, err) == RC_OK && change_encode(b, &right, err) == RC_OK &&
           view_equal(buf_view(&left), buf_view(&right));
    buf_release(&left);
    buf_release(&right);
    return same;
}

/* Every change comes back as it was, with the same leaf. */
static void check_same(const struct wire_kit *kit, const struct frame *frame,
                       const struct frame *back, uint64_t seed) {
    struct err err;

    err_init(&err, LANG_EN);
    check(kit,
          frame->actor == back->actor && frame->area == back->area &&
              frame->audience == back->audience && frame->form == back->form &&
              frame->count == back->count,
          "the head differs", seed);
    for (uint32_t i = 0; i < frame->count; i++) {
        const struct frame_change *a = &frame->changes[i], *b = &back->changes[i];

        check(kit, dot_equal(a->change.dot, b->change.dot) && a->change.erased == b->change.erased,
              "a name differs", seed);
        check(kit, memcmp(a->leaf, b->leaf, 32) == 0, "a leaf differs", seed);
        check(kit, same_bytes(&a->change, &b->change, &err), "a change differs", seed);
    }
}

static void comes_back(void **state) {
    struct wire_kit *kit = *state;

    for (uint32_t i = 0; i < FRAMES; i++) {
        struct chance chance = {.state = seed_of(i)};
        struct frame frame = {0}, back;
        struct frame_head head;
        uint32_t max = i % 50 == 0 ? 300 : i % 5 == 0 ? 40 : 6;
        bool one_by_one = chance_percent(&chance, 30);
        enum rc rc;

        arena_reset(&kit->arena);
        buf_clear(&kit->out);
        wire_frame(&chance, max, &kit->arena, &frame);
        if (one_by_one) {
            struct buf bytes;

            buf_init(&bytes, LIMIT_CHANGE_BYTES);
            for (uint32_t j = 0; j < frame.count; j++) {
                if (frame.changes[j].change.erased)
                    continue;
                buf_clear(&bytes);
                assert_int_equal(change_encode(&frame.changes[j].change, &bytes, &kit->err), RC_OK);
                chain_leaf(frame.changes[j].salt, buf_view(&bytes), frame.changes[j].leaf);
            }
            buf_release(&bytes);
        } else {
            assert_int_equal(wire_leaves(&frame, &kit->err), RC_OK);
        }
        rc = frame_encode(&frame, one_by_one ? NULL : wire_secret, NULL, kit->deflater, &kit->out,
                          &kit->err);
        check(kit, rc == RC_OK, "does not encode", seed_of(i));
        rc = frame_decode(buf_view(&kit->out), kit->inflater, &kit->arena, &back, &kit->err);
        check(kit, rc == RC_OK, "does not decode", seed_of(i));
        check_same(kit, &frame, &back, seed_of(i));
        rc = frame_peek(buf_view(&kit->out), &head, &kit->err);
        check(kit,
              rc == RC_OK && head.first == frame.changes[0].change.dot.number &&
                  head.last == frame.changes[frame.count - 1].change.dot.number &&
                  head.count == frame.count,
              "the head lies", seed_of(i));
    }
}

/* The chain over all leaves, or false when the frame was refused. */
static bool chain_of(struct wire_kit *kit, struct view bytes, uint8_t out[32]) {
    struct frame frame;

    if (frame_decode(bytes, kit->inflater, &kit->arena, &frame, &kit->err) != RC_OK)
        return false;
    chain_start(frame.actor, out);
    for (uint32_t i = 0; i < frame.count; i++)
        chain_next(out, frame.changes[i].leaf, out);
    return true;
}

static bool any_erased(const struct frame *frame) {
    for (uint32_t i = 0; i < frame->count; i++) {
        if (frame->changes[i].change.erased)
            return true;
    }
    return false;
}

/* A flipped bit, a cut, bytes put in: refused, or other leaves, or the same changes. Area, audience
 * and the numbers of erased changes are not in the leaves: the batch's signature covers them. */
static void damage_shows(void **state) {
    struct wire_kit *kit = *state;

    for (uint32_t i = 0; i < FRAMES / 4; i++) {
        struct chance chance = {.state = seed_of(i)};
        struct frame frame = {0}, back;
        uint8_t good[32], bad[32];
        struct view whole;

        arena_reset(&kit->arena);
        buf_clear(&kit->out);
        wire_frame(&chance, 12, &kit->arena, &frame);
        if (any_erased(&frame))
            continue;
        assert_int_equal(wire_leaves(&frame, &kit->err), RC_OK);
        assert_int_equal(
            frame_encode(&frame, wire_secret, NULL, kit->deflater, &kit->out, &kit->err), RC_OK);
        whole = arena_view(&kit->arena, buf_view(&kit->out));
        assert_true(chain_of(kit, whole, good));
        for (uint32_t j = 0; j < MUTATIONS; j++) {
            uint8_t *bytes = arena_copy(&kit->arena, whole.data, whole.size);
            size_t size = whole.size;

            assert_non_null(bytes);
            if (j % 4 == 0)
                size = chance_below(&chance, (uint32_t)size);
            else
                bytes[chance_below(&chance, (uint32_t)size)] ^=
                    (uint8_t)(1u << chance_below(&chance, 8));
            if (j % 4 == 3)
                bytes[chance_below(&chance, (uint32_t)size)] = (uint8_t)chance_next(&chance);
            if (frame_decode(view_of(bytes, size), kit->inflater, &kit->arena, &back, &kit->err) !=
                RC_OK)
                continue;
            assert_true(chain_of(kit, view_of(bytes, size), bad));
            if (memcmp(good, bad, sizeof(good)) == 0) {
                back.area = frame.area;
                back.audience = frame.audience;
                check_same(kit, &frame, &back, seed_of(i));
            }
        }
    }
}

/* Encoding is deterministic, and encoding what was decoded gives the same bytes. */
static void encodes_alike(void **state) {
    struct wire_kit *kit = *state;

    for (uint32_t i = 0; i < FRAMES / 8; i++) {
        struct chance chance = {.state = seed_of(i)};
        struct frame frame = {0}, back;
        struct buf again;

        arena_reset(&kit->arena);
        buf_clear(&kit->out);
        buf_init(&again, 8u << 20);
        wire_frame(&chance, 30, &kit->arena, &frame);
        assert_int_equal(
            frame_encode(&frame, wire_secret, NULL, kit->deflater, &kit->out, &kit->err), RC_OK);
        assert_int_equal(
            frame_decode(buf_view(&kit->out), kit->inflater, &kit->arena, &back, &kit->err), RC_OK);
        assert_int_equal(frame_encode(&back, wire_secret, NULL, kit->deflater, &again, &kit->err),
                         RC_OK);
        check(kit, view_equal(buf_view(&kit->out), buf_view(&again)), "bytes differ", seed_of(i));
        buf_release(&again);
    }
}

/* Renaming touches exactly what is named, and leaves a sane change. */
static void renames(void **state) {
    struct wire_kit *kit = *state;
    const uint64_t fork = 0x4444444444444444;

    for (uint32_t i = 0; i < FRAMES / 8; i++) {
        struct chance chance = {.state = seed_of(i)};
        struct frame frame = {0};
        uint64_t from;

        arena_reset(&kit->arena);
        wire_frame(&chance, 30, &kit->arena, &frame);
        from = frame.changes[frame.count / 2].change.dot.number;
        assert_int_equal(
            frame_rename(&frame,
                         &(struct lineage){1, &(struct fork_range){frame.actor, from, fork}},
                         &kit->arena, &kit->err),
            RC_OK);
        for (uint32_t j = 0; j < frame.count; j++) {
            const struct change *change = &frame.changes[j].change;

            check(kit, (change->dot.actor == fork) == (change->dot.number >= from),
                  "the wrong author", seed_of(i));
            check(kit, change_check(change, &kit->err) == RC_OK, "not sane", seed_of(i));
            for (uint32_t k = 0; k < change->entry_count; k++) {
                for (uint32_t l = 0; l < change->entries[k].replaces_count; l++) {
                    struct dot dot = change->entries[k].replaces[l].dot;

                    check(kit,
                          dot.actor == fork
                              ? dot.number >= from
                              : dot.actor != UINT64_C(0x0123456789abcdef) || dot.number < from,
                          "a replaced version kept its name", seed_of(i));
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(damage_shows),
        cmocka_unit_test(encodes_alike),
        cmocka_unit_test(renames),
    };

    return cmocka_run_group_tests(tests, wire_kit_start, wire_kit_stop);
}
