/* test_insane.c: one change of a frame makes no sense, in each way that can be: it has its leaf and
 * is marked, and its neighbours do not feel it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/erasure.h"
#include "schema/limits.h"
#include "schema/merge.h"
#include "schema/wire/frame.h"
#include "tests/support/insane.h"
#include "tests/support/wire.h"

#define ACTOR UINT64_C(0x0123456789abcdef)
#define FORM  UINT64_C(0x1122334455667788)
#define ODD   2u

static void five(struct wire_kit *kit) {
    struct chance chance = {.state = 3};
    int64_t wall_ms = 1763884800000;

    arena_reset(&kit->arena);
    kit->frame = (struct frame){
        .actor = ACTOR, .area = 430621101000, .audience = 1, .form = FORM, .count = 5};
    kit->frame.changes = arena_array(&kit->arena, 5, sizeof(*kit->frame.changes));
    assert_non_null(kit->frame.changes);
    for (uint32_t i = 0; i < 5; i++)
        survey_make(&chance, (struct dot){ACTOR, 62 + i}, FORM, 0x33, &wall_ms, &kit->arena,
                    &kit->frame.changes[i].change);
}

static void leaf_of(struct wire_kit *kit, const struct change *change, uint8_t leaf[32]) {
    uint8_t secret[16], salt[16];
    struct buf bytes;

    buf_init(&bytes, LIMIT_FRAME_RAW_BYTES);
    assert_int_equal(change_encode_raw(change, &bytes, &kit->err), RC_OK);
    wire_secret(NULL, change->dot.number / 64, secret);
    chain_salt(secret, change->dot.number, salt);
    chain_leaf(salt, buf_view(&bytes), leaf);
    buf_release(&bytes);
}

static enum rc encode(struct wire_kit *kit, const struct frame *frame) {
    buf_clear(&kit->out);
    return frame_encode(frame, wire_secret, NULL, kit->deflater, &kit->out, &kit->err);
}

static enum rc decode(struct wire_kit *kit, struct frame *back) {
    return frame_decode_raw(buf_view(&kit->out), kit->inflater, &kit->arena, back, &kit->err);
}

static void neighbours_do_not_feel_it(void **state) {
    struct wire_kit *kit = *state;
    const char *what;

    for (uint32_t way = 0;
         five(kit), (what = insane_make(way, &kit->arena, &kit->frame.changes[ODD].change)) != NULL;
         way++) {
        uint8_t leaves[5][32];
        struct frame back, again;

        for (uint32_t i = 0; i < 5; i++)
            leaf_of(kit, &kit->frame.changes[i].change, leaves[i]);
        if (encode(kit, &kit->frame) != RC_OK)
            fail_msg("%s: %s", what, kit->err.text);
        if (decode(kit, &back) != RC_OK)
            fail_msg("%s: %s", what, kit->err.text);
        for (uint32_t i = 0; i < 5; i++)
            if (back.changes[i].change.insane != (i == ODD) ||
                memcmp(back.changes[i].leaf, leaves[i], 32) != 0)
                fail_msg("%s: change %u", what, i);
        /* What came can be written again, as the county does when something else is erased. */
        if (encode(kit, &back) != RC_OK || decode(kit, &again) != RC_OK)
            fail_msg("%s, again: %s", what, kit->err.text);
        assert_memory_equal(again.changes[ODD].leaf, leaves[ODD], 32);
        /* In a feed it may not be. */
        assert_int_not_equal(
            frame_decode(buf_view(&kit->out), kit->inflater, &kit->arena, &again, &kit->err),
            RC_OK);
        err_clear(&kit->err);
    }
}

static void two_such_changes_are_told_apart(void **state) {
    struct wire_kit *kit = *state;
    uint8_t leaves[2][32];

    five(kit);
    for (uint32_t i = 0; i < 2; i++) {
        struct change *change = &kit->frame.changes[0].change;
        struct entry entries[2] = {{.instance = {{0xb2, 5}, 2}, .field = 41},
                                   {.instance = {{0xb2, 5}, 2}, .field = 40}};

        entries[1].field = (uint16_t)(40 + 2 * i);
        change->entries = entries;
        change->entry_count = 2;
        leaf_of(kit, change, leaves[i]);
    }
    assert_memory_not_equal(leaves[0], leaves[1], 32);
}

static void nobody_signs_it(void **state) {
    static const uint8_t none[32];
    struct wire_kit *kit = *state;
    uint8_t hash[32] = {1};

    five(kit);
    insane_make(6, &kit->arena, &kit->frame.changes[0].change);
    assert_int_equal(change_signed_hash(&kit->frame.changes[0].change, hash, &kit->err), RC_OK);
    assert_memory_equal(hash, none, 32);
}

static void an_erasure_takes_all_of_it(void **state) {
    struct wire_kit *kit = *state;
    struct change *change;
    struct erased_cell cell = {.everywhere = true, .field = 999};
    struct erasure erasure = {.dot_count = 1, .cell_count = 1, .cells = &cell};
    struct frame back;
    uint8_t leaf[32];
    bool done = false;

    five(kit);
    change = &kit->frame.changes[ODD].change;
    insane_make(13, &kit->arena, change);
    erasure.dots = &change->dot;
    leaf_of(kit, change, leaf);
    assert_int_equal(encode(kit, &kit->frame), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_int_equal(
        erasure_apply(&erasure, NULL, &back.changes[ODD].change, &kit->arena, &done, &kit->err),
        RC_OK);
    assert_true(done && back.changes[ODD].change.entry_count == 0);
    assert_int_equal(encode(kit, &back), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_true(back.changes[ODD].change.erased);
    assert_memory_equal(back.changes[ODD].leaf, leaf, 32);
}

/* A fork's names are read into what can be read. */
static void a_fork_reads_only_its_name(void **state) {
    struct wire_kit *kit = *state;
    const struct fork_range range = {ACTOR, 60, 0x77};
    const struct lineage lineage = {1, &range};
    const struct entry *entries;

    five(kit);
    insane_make(14, &kit->arena, &kit->frame.changes[ODD].change);
    entries = kit->frame.changes[ODD].change.entries;
    assert_int_equal(frame_rename(&kit->frame, &lineage, &kit->arena, &kit->err), RC_OK);
    assert_true(kit->frame.changes[ODD].change.dot.actor == 0x77);
    assert_ptr_equal(kit->frame.changes[ODD].change.entries, entries);
}

/* Columns would give it back as something else: then it is not written at all. */
static void what_columns_cannot_hold_is_not_written(void **state) {
    struct wire_kit *kit = *state;
    struct entry entries[2] = {{.field = 41}, {.field = 40}};

    five(kit);
    kit->frame.changes[ODD].change.entries = entries;
    kit->frame.changes[ODD].change.entry_count = 2;
    assert_int_equal(encode(kit, &kit->frame), RC_INVALID);
    kit->frame.changes[ODD].change.insane = true;
    assert_int_equal(encode(kit, &kit->frame), RC_INVALID);
    entries[0].field = 39;
    entries[1].ordinal = 3;
    assert_int_equal(encode(kit, &kit->frame), RC_INVALID);
    entries[1].ordinal = 0;
    entries[1].value = (struct value){.type = 9};
    assert_int_equal(encode(kit, &kit->frame), RC_INVALID);
    entries[1].value = (struct value){.type = VALUE_ERASED};
    assert_int_equal(encode(kit, &kit->frame), RC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(neighbours_do_not_feel_it, wire_kit_start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(two_such_changes_are_told_apart, wire_kit_start,
                                        wire_kit_stop),
        cmocka_unit_test_setup_teardown(nobody_signs_it, wire_kit_start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(an_erasure_takes_all_of_it, wire_kit_start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(a_fork_reads_only_its_name, wire_kit_start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(what_columns_cannot_hold_is_not_written, wire_kit_start,
                                        wire_kit_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
