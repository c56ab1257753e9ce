/* test_frame.c: frames: what they cost, what they refuse, erased changes, salts, forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/erasure.h"
#include "schema/limits.h"
#include "schema/wire/frame.h"
#include "tests/support/wire.h"

#define ACTOR  UINT64_C(0x0123456789abcdef)
#define FORM   UINT64_C(0x1122334455667788)
#define PERSON UINT64_C(0x99aabbccddeeff00)
#define COUNTY INT64_C(430621101000)

static int start(void **state) {
    struct wire_kit *kit;

    if (wire_kit_start(state) != 0)
        return -1;
    kit = *state;
    kit->frame =
        (struct frame){.actor = ACTOR, .area = (uint64_t)COUNTY, .audience = 1, .form = FORM};
    return 0;
}

static void make_room(struct wire_kit *kit, uint32_t count) {
    kit->frame.count = count;
    kit->frame.changes = arena_array(&kit->arena, count, sizeof(*kit->frame.changes));
    assert_non_null(kit->frame.changes);
}

static void surveys(struct wire_kit *kit, uint32_t count) {
    struct chance chance = {.state = 3};
    int64_t wall_ms = 1763884800000;

    make_room(kit, count);
    for (uint32_t i = 0; i < count; i++)
        survey_make(&chance, (struct dot){ACTOR, 1 + i}, FORM, PERSON, &wall_ms, &kit->arena,
                    &kit->frame.changes[i].change);
}

static void edits(struct wire_kit *kit, uint32_t count) {
    struct chance chance = {.state = 4};
    int64_t wall_ms = 1763884800000;

    make_room(kit, count);
    for (uint32_t i = 0; i < count; i++)
        survey_edit(&chance, (struct dot){ACTOR, 1600 + i},
                    (struct dot){ACTOR, 1 + chance_below(&chance, 500)}, FORM, PERSON, &wall_ms,
                    &kit->arena, &kit->frame.changes[i].change);
}

static enum rc encode(struct wire_kit *kit) {
    buf_clear(&kit->out);
    return frame_encode(&kit->frame, wire_secret, NULL, kit->deflater, &kit->out, &kit->err);
}

static enum rc decode(struct wire_kit *kit, struct frame *back) {
    return frame_decode(buf_view(&kit->out), kit->inflater, &kit->arena, back, &kit->err);
}

static void surveys_are_small(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;

    surveys(kit, 500);
    assert_int_equal(wire_leaves(&kit->frame, &kit->err), RC_OK);
    assert_int_equal(encode(kit), RC_OK);
    /* xz -9e needs 145 bytes for each of them as a line of JSON */
    assert_true(kit->out.size < 500 * 100);
    assert_int_equal(decode(kit, &back), RC_OK);
    for (uint32_t i = 0; i < 500; i++)
        assert_memory_equal(kit->frame.changes[i].leaf, back.changes[i].leaf, 32);
}

static void edits_are_small(void **state) {
    struct wire_kit *kit = *state;

    edits(kit, 1);
    assert_int_equal(encode(kit), RC_OK);
    assert_true(kit->out.size <= 80);
    arena_reset(&kit->arena);
    edits(kit, 10);
    assert_int_equal(encode(kit), RC_OK);
    assert_true(kit->out.size <= 10 * 30);
}

static void the_head_is_read_alone(void **state) {
    struct wire_kit *kit = *state;
    struct frame_head head;

    edits(kit, 10);
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(frame_peek(buf_view(&kit->out), &head, &kit->err), RC_OK);
    assert_true(head.actor == ACTOR && head.form == FORM && head.area == (uint64_t)COUNTY);
    assert_true(head.first == 1600 && head.last == 1609 && head.count == 10);
    assert_int_equal(head.audience, 1);
}

static void newer_formats_are_told_apart(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;

    edits(kit, 2);
    assert_int_equal(encode(kit), RC_OK);
    kit->out.data[0] = 2;
    assert_int_equal(decode(kit, &back), RC_UNSUPPORTED);
    kit->out.data[0] = 1;
    kit->out.data[1] |= 128;
    assert_int_equal(decode(kit, &back), RC_UNSUPPORTED);
}

static void nothing_short_passes(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;
    struct view whole;

    edits(kit, 5);
    assert_int_equal(encode(kit), RC_OK);
    whole = buf_view(&kit->out);
    for (size_t size = 0; size < whole.size; size++)
        assert_int_not_equal(
            frame_decode(view_of(whole.data, size), kit->inflater, &kit->arena, &back, &kit->err),
            RC_OK);
    buf_add_u8(&kit->out, 0);
    assert_int_not_equal(decode(kit, &back), RC_OK);
}

/* What the encoder refuses, so that nobody finds out only at the other end. */
static void the_writer_refuses(void **state) {
    struct wire_kit *kit = *state;

    edits(kit, 3);
    kit->frame.changes[1].change.dot.number = 1600;
    assert_int_equal(encode(kit), RC_INVALID);
    kit->frame.changes[1].change.dot.number = 1601;
    for (uint32_t i = 0; i < 3; i++) { /* the first and the last one, too */
        struct change *change = &kit->frame.changes[i].change;

        change->form = 7;
        assert_int_equal(encode(kit), RC_INVALID);
        change->form = FORM;
        change->kind = 77;
        assert_int_equal(encode(kit), RC_INVALID);
        change->kind = CHANGE_EDIT;
        change->dot.actor++;
        assert_int_equal(encode(kit), RC_INVALID);
        change->dot.actor--;
    }
    assert_int_equal(encode(kit), RC_OK);
    kit->frame.count = 0;
    assert_int_equal(encode(kit), RC_INVALID);
    assert_int_equal(kit->out.size, 0);
    edits(kit, LIMIT_FRAME_CHANGES + 1);
    assert_int_equal(encode(kit), RC_LIMIT);
}

static void too_much_is_refused_on_both_sides(void **state) {
    struct wire_kit *kit = *state;
    static uint8_t text[LIMIT_VALUE_BYTES];

    /* 40 values of 256 kB: over the 8 MB that a frame may hold, however well it compresses. */
    memset(text, 'a', sizeof(text));
    make_room(kit, 8);
    for (uint32_t i = 0; i < 8; i++) {
        struct change *change = &kit->frame.changes[i].change;
        struct entry *entries = arena_array(&kit->arena, 5, sizeof(*entries));

        assert_non_null(entries);
        *change = (struct change){.kind = CHANGE_CREATE,
                                  .dot = {ACTOR, 1 + i},
                                  .record = {ACTOR, 1 + i},
                                  .form = FORM,
                                  .entries = entries,
                                  .entry_count = 5};
        for (uint32_t j = 0; j < 5; j++)
            entries[j] = (struct entry){.field = (uint16_t)(40 + j),
                                        .value = value_of_text(view_of(text, sizeof(text)))};
    }
    assert_int_equal(encode(kit), RC_LIMIT);
    kit->frame.count = 4;
    assert_int_equal(encode(kit), RC_OK);
}

static void erase_all(struct wire_kit *kit, struct frame_change *item) {
    struct change *change = &item->change;
    struct dot dot = change->dot;
    struct erasure erasure = {.dot_count = 1, .dots = &dot};
    bool done;

    assert_int_equal(erasure_apply(&erasure, NULL, change, &kit->arena, &done, &kit->err), RC_OK);
    assert_true(done);
}

static void erased_changes_keep_their_leaf(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;
    struct frame_change *erased;
    uint8_t secret[16];

    edits(kit, 5);
    assert_int_equal(wire_leaves(&kit->frame, &kit->err), RC_OK);
    erased = &kit->frame.changes[2];
    erase_all(kit, erased);
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_true(back.changes[2].change.erased);
    assert_int_equal(back.changes[2].change.entry_count, erased->change.entry_count);
    assert_int_equal(back.changes[2].change.entries[0].value.type, VALUE_ERASED);
    assert_true(back.changes[2].change.dot.number == 1602);
    for (uint32_t i = 0; i < 5; i++)
        assert_memory_equal(back.changes[i].leaf, kit->frame.changes[i].leaf, 32);
    /* Neither its salt nor the secret that gives it away; those of the others stay. */
    wire_secret(NULL, 1600 / 64, secret);
    assert_null(memmem(kit->out.data, kit->out.size, secret, sizeof(secret)));
    assert_null(memmem(kit->out.data, kit->out.size, erased->salt, sizeof(erased->salt)));
    assert_non_null(memmem(kit->out.data, kit->out.size, kit->frame.changes[1].salt, 16));
    for (uint32_t i = 0; i < 5; i++)
        erase_all(kit, &kit->frame.changes[i]);
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_memory_equal(back.changes[4].leaf, kit->frame.changes[4].leaf, 32);
}

/* Secrets of runs beside an erased change: no honest program writes that. */
static void an_erased_change_forbids_secrets(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;

    edits(kit, 5);
    assert_int_equal(wire_leaves(&kit->frame, &kit->err), RC_OK);
    erase_all(kit, &kit->frame.changes[2]);
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(kit->out.data[1] & 10, 10);
    kit->out.data[1] = (uint8_t)(kit->out.data[1] & ~2u);
    assert_int_equal(decode(kit, &back), RC_CORRUPT);
}

/* A frame cut anew carries salts alone: the secrets would tell the leaves of what was left out. */
static void a_cut_frame_carries_salts(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;
    uint8_t secret[16];

    edits(kit, 5);
    assert_int_equal(wire_leaves(&kit->frame, &kit->err), RC_OK);
    kit->frame.changes[1] = kit->frame.changes[3];
    kit->frame.count = 2;
    buf_clear(&kit->out);
    assert_int_equal(frame_encode(&kit->frame, NULL, NULL, kit->deflater, &kit->out, &kit->err),
                     RC_OK);
    wire_secret(NULL, 1600 / 64, secret);
    assert_null(memmem(kit->out.data, kit->out.size, secret, sizeof(secret)));
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_true(back.changes[1].change.dot.number == 1603);
    assert_memory_equal(back.changes[1].leaf, kit->frame.changes[1].leaf, 32);
    assert_memory_equal(back.changes[1].salt, kit->frame.changes[1].salt, 16);
}

/* A few bytes may not unfold to more than a frame may hold. */
static void bombs_are_refused(void **state) {
    struct wire_kit *kit = *state;
    struct buf bomb, zeros;
    struct frame back;

    buf_init(&bomb, 1u << 20);
    buf_init(&zeros, 64u << 20);
    assert_non_null(buf_reserve(&zeros, 32u << 20));
    memset(zeros.data, 0, 32u << 20);
    zeros.size = 32u << 20;
    /* A good front whose body says 8 MB and holds 32 MB. */
    edits(kit, 2);
    assert_int_equal(encode(kit), RC_OK);
    buf_add(&bomb, kit->out.data, 23); /* version to area */
    bomb.data[1] = 1;                  /* deflated */
    buf_add_varint(&bomb, 1);
    buf_add_varint(&bomb, 2);
    buf_add_varint(&bomb, LIMIT_FRAME_RAW_BYTES);
    buf_add_varint(&bomb, 0);
    assert_int_equal(zip_deflate(buf_view(&zeros), 9, &bomb, &kit->err), RC_OK);
    assert_int_not_equal(
        frame_decode(buf_view(&bomb), kit->inflater, &kit->arena, &back, &kit->err), RC_OK);
    assert_true(kit->arena.held_bytes < (16u << 20));
    buf_release(&bomb);
    buf_release(&zeros);
}

/* The arena's cap holds, whatever a frame says it contains. */
static void a_small_arena_is_respected(void **state) {
    struct wire_kit *kit = *state;
    struct arena small;
    struct frame back;

    surveys(kit, 100);
    assert_int_equal(encode(kit), RC_OK);
    arena_init(&small, 64u << 10);
    assert_int_equal(frame_decode(buf_view(&kit->out), kit->inflater, &small, &back, &kit->err),
                     RC_LIMIT);
    arena_release(&small);
}

static void four_byte_characters_survive(void **state) {
    struct wire_kit *kit = *state;
    struct frame back;
    static const char *const names[] = {"𠮷田", "𪚥", "王𠀀", "张三"};

    surveys(kit, 80);
    for (uint32_t i = 0; i < 80; i++) {
        struct entry *entries =
            arena_copy(&kit->arena, kit->frame.changes[i].change.entries, 2 * sizeof(*entries));

        assert_non_null(entries);
        entries[1].value = value_of_text(view_text(names[i % 4]));
        kit->frame.changes[i].change.entries = entries;
        kit->frame.changes[i].change.entry_count = 2;
    }
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    for (uint32_t i = 0; i < 80; i++)
        assert_true(view_is(back.changes[i].change.entries[1].value.bytes, names[i % 4]));
}

/* A fork's own later references read as the fork; what it wrote before stays the original's. */
static void forks_read_as_themselves(void **state) {
    struct wire_kit *kit = *state;
    const uint64_t fork = 0x7777777777777777;
    const struct fork_range range = {ACTOR, 1601, fork};
    const struct lineage lineage = {1, &range};
    struct change *change;

    edits(kit, 3);
    change = &kit->frame.changes[2].change;
    change->record = (struct dot){ACTOR, 1601};
    assert_int_equal(frame_rename(&kit->frame, &lineage, &kit->arena, &kit->err), RC_OK);
    assert_true(kit->frame.changes[0].change.dot.actor == ACTOR);
    assert_true(kit->frame.changes[1].change.dot.actor == fork);
    assert_true(change->record.actor == fork && change->record.number == 1601);
    assert_true(change->entries[0].replaces[0].dot.actor == ACTOR);
    assert_int_equal(change_check(change, &kit->err), RC_OK);
}

/* So many changes, each with so many answers to different questions, from the first on; texts of
 * some bytes that hardly repeat. */
static void long_texts(struct wire_kit *kit, uint32_t count, uint16_t fields, size_t bytes) {
    struct chance chance = {.state = 5};

    make_room(kit, count);
    for (uint32_t i = 0; i < count; i++) {
        struct entry *entries = arena_array(&kit->arena, fields, sizeof(*entries));
        struct dot dot = {ACTOR, 1 + i};

        assert_non_null(entries);
        for (uint16_t j = 0; j < fields; j++) {
            size_t size = bytes + i + j;
            uint8_t *text = arena_alloc(&kit->arena, size);

            assert_non_null(text);
            for (size_t k = 0; k < size; k++)
                text[k] = (uint8_t)('a' + chance_below(&chance, 26));
            entries[j] = (struct entry){.field = (uint16_t)(FIELD_FIRST_OF_FORM + j),
                                        .value = value_of_text(view_of(text, size))};
        }
        kit->frame.changes[i].change = (struct change){.kind = CHANGE_CREATE,
                                                       .dot = dot,
                                                       .record = dot,
                                                       .form = FORM,
                                                       .entries = entries,
                                                       .entry_count = fields};
    }
}

static void assert_comes_back(struct wire_kit *kit) {
    struct frame back;

    assert_int_equal(wire_leaves(&kit->frame, &kit->err), RC_OK);
    assert_int_equal(encode(kit), RC_OK);
    assert_int_equal(decode(kit, &back), RC_OK);
    assert_int_equal(back.count, kit->frame.count);
    for (uint32_t i = 0; i < back.count; i++) {
        assert_int_equal(back.changes[i].change.entry_count,
                         kit->frame.changes[i].change.entry_count);
        assert_memory_equal(back.changes[i].leaf, kit->frame.changes[i].leaf, 32);
    }
}

/* Minutes of a meeting: much in few pieces, in the first lane alone or in one other. */
static void long_answers_come_back(void **state) {
    struct wire_kit *kit = *state;

    long_texts(kit, 1, 1, 100000);
    assert_comes_back(kit);
    long_texts(kit, 2, 1, 50000);
    assert_comes_back(kit);
    long_texts(kit, 2, 2, 20000);
    assert_comes_back(kit);
}

/* From no question at all to more than a page of them; what columns lie in grows by 128. */
static void any_number_of_questions_comes_back(void **state) {
    static const uint16_t fields[] = {0, 1, 127, 128, 129, 255, 256, 257};
    struct wire_kit *kit = *state;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        arena_reset(&kit->arena);
        long_texts(kit, 3, fields[i], 5);
        assert_comes_back(kit);
    }
}

/* As many versions replaced as a frame may hold entries, and one more: what nobody would read again
 * is not written. */
static void versions_replaced_are_bounded(void **state) {
    enum { CHANGES = LIMIT_FRAME_CHANGES, ENTRIES = 4, REPLACED = LIMIT_REPLACES };
    struct wire_kit *kit = *state;
    struct version_id *replaced = arena_array(&kit->arena, REPLACED, sizeof(*replaced));
    struct entry *entries = arena_array(&kit->arena, ENTRIES + 1, sizeof(*entries));

    assert_true(replaced != NULL && entries != NULL);
    for (uint32_t i = 0; i < REPLACED; i++)
        replaced[i].dot = (struct dot){ACTOR, 1 + i};
    for (uint16_t i = 0; i <= ENTRIES; i++)
        entries[i] = (struct entry){.field = (uint16_t)(FIELD_FIRST_OF_FORM + i),
                                    .replaces_count = i < ENTRIES ? REPLACED : 1,
                                    .replaces = replaced};
    make_room(kit, CHANGES);
    for (uint32_t i = 0; i < CHANGES; i++)
        kit->frame.changes[i].change = (struct change){.kind = CHANGE_EDIT,
                                                       .dot = {ACTOR, 1000 + i},
                                                       .record = {ACTOR, 1},
                                                       .form = FORM,
                                                       .entries = entries,
                                                       .entry_count = ENTRIES};
    assert_comes_back(kit);
    kit->frame.changes[CHANGES - 1].change.entry_count++;
    assert_int_equal(encode(kit), RC_LIMIT);
}

/* What deflating makes no shorter goes as it is: with the size that must stand in front, too. */
static void a_body_is_deflated_where_that_is_shorter(void **state) {
    struct wire_kit *kit = *state;
    unsigned open = 0, deflated = 0;

    for (uint32_t count = 1; count <= 40; count++) {
        struct reader in;
        uint64_t body;

        arena_reset(&kit->arena);
        edits(kit, count);
        assert_int_equal(encode(kit), RC_OK);
        if ((kit->out.data[1] & 1) == 0) {
            open++;
            continue;
        }
        deflated++;
        reader_init(&in, buf_view(&kit->out));
        (void)read_bytes(&in, 23); /* version to area */
        (void)read_varint(&in);    /* the first number, how many */
        assert_int_equal(read_varint(&in), count);
        body = read_varint(&in);
        (void)read_sized(&in);
        assert_false(in.failed);
        assert_true(read_left(&in) + varint_size(body) < body);
    }
    assert_true(open > 0 && deflated > 0);
}

/* The bytes of a frame in which each change adds a member: all of one repeat, or each of its own.
 */
static size_t members(struct wire_kit *kit, bool one_repeat) {
    make_room(kit, 30);
    for (uint16_t i = 0; i < 30; i++) {
        struct dot dot = {ACTOR, 1u + i};
        struct entry *entries = arena_array(&kit->arena, 1, sizeof(*entries));

        assert_non_null(entries);
        entries[0] = (struct entry){.instance = {dot, 1},
                                    .field = FIELD_EXISTS,
                                    .value = value_of_int(one_repeat ? 100 : 100 + i)};
        kit->frame.changes[i].change = (struct change){.dot = dot,
                                                       .kind = CHANGE_EDIT,
                                                       .record = {ACTOR + 1, 1},
                                                       .form = FORM,
                                                       .person = PERSON,
                                                       .wall_ms = 1763884800000,
                                                       .lamport = 7,
                                                       .entry_count = 1,
                                                       .entries = entries};
    }
    assert_int_equal(encode(kit), RC_OK);
    return kit->out.size;
}

/* What they have in common is said once. */
static void members_of_one_repeat_lie_together(void **state) {
    struct wire_kit *kit = *state;
    size_t together = members(kit, true);

    assert_true(together < members(kit, false));
    assert_true(together <= 103);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(surveys_are_small, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(edits_are_small, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(the_head_is_read_alone, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(newer_formats_are_told_apart, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(nothing_short_passes, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(the_writer_refuses, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(too_much_is_refused_on_both_sides, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(erased_changes_keep_their_leaf, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(an_erased_change_forbids_secrets, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(a_cut_frame_carries_salts, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(bombs_are_refused, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(a_small_arena_is_respected, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(four_byte_characters_survive, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(forks_read_as_themselves, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(long_answers_come_back, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(any_number_of_questions_comes_back, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(versions_replaced_are_bounded, start, wire_kit_stop),
        cmocka_unit_test_setup_teardown(a_body_is_deflated_where_that_is_shorter, start,
                                        wire_kit_stop),
        cmocka_unit_test_setup_teardown(members_of_one_repeat_lie_together, start, wire_kit_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
