/* Changes: canonical bytes, what makes one sane, structured values, leaves and chains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/change.h"
#include "schema/limits.h"

enum { OWN = 0xa1, OTHER = 0xb2 };

static struct err err;
static struct arena arena;

static const struct instance_id member = {.dot = {.actor = OTHER, .number = 4}, .ordinal = 2};

struct sample {
    struct version_id replaces[2];
    uint8_t evidence[1][32];
    uint8_t under[1][16];
    struct entry entries[4];
    struct change change;
};

/* An edit that has something of everything. */
static void sample_fill(struct sample *sample) {
    memset(sample, 0, sizeof(*sample));
    sample->replaces[0] = (struct version_id){.dot = {.actor = OWN, .number = 7}};
    sample->replaces[1] = (struct version_id){.dot = {.actor = OTHER, .number = 9}, .ordinal = 3};
    memset(sample->evidence, 0xee, sizeof(sample->evidence));
    memset(sample->under, 0xdd, sizeof(sample->under));
    sample->entries[0] = (struct entry){.field = 40,
                                        .rank = 2,
                                        .flags = ENTRY_KEEP,
                                        .value = value_of_int(-5),
                                        .replaces = sample->replaces,
                                        .replaces_count = 2};
    sample->entries[1] = (struct entry){.field = 41, .value = value_of_text(view_text("a"))};
    sample->entries[2] =
        (struct entry){.field = 41, .ordinal = 1, .value = value_of_text(view_text("b"))};
    sample->entries[3] = (struct entry){.instance = member, .field = 50};
    sample->change = (struct change){
        .dot = {.actor = OWN, .number = 12},
        .kind = CHANGE_AMEND,
        .record = {.actor = OTHER, .number = 4},
        .form = UINT64_C(0xf0f1f2f3f4f5f6f7),
        .person = 77,
        .wall_ms = INT64_C(-1234567),
        .lamport = 99,
        .reason = view_text("seen again"),
        .evidence_count = 1,
        .evidence = (const uint8_t(*)[32])sample->evidence,
        .under_count = 1,
        .under = (const uint8_t(*)[16])sample->under,
        .entry_count = 4,
        .entries = sample->entries,
        .is_signed = true,
    };
    memset(sample->change.signature, 0x55, sizeof(sample->change.signature));
}

static void changes_come_back_from_their_bytes(void **state) {
    struct sample sample;
    struct change back;
    struct buf bytes;
    struct buf again;

    (void)state;
    sample_fill(&sample);
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    buf_init(&again, LIMIT_CHANGE_BYTES);
    assert_int_equal(change_encode(&sample.change, &bytes, &err), RC_OK);
    assert_int_equal(change_decode(buf_view(&bytes), &arena, &back, &err), RC_OK);
    assert_true(dot_equal(back.dot, sample.change.dot));
    assert_true(dot_equal(back.record, sample.change.record));
    assert_true(back.form == sample.change.form && back.person == 77 && back.lamport == 99);
    assert_true(back.wall_ms == -1234567);
    assert_true(view_is(back.reason, "seen again"));
    assert_int_equal(back.entry_count, 4);
    assert_int_equal(back.entries[0].rank, 2);
    assert_int_equal(back.entries[0].flags, ENTRY_KEEP);
    assert_int_equal(back.entries[0].replaces_count, 2);
    assert_int_equal(version_id_compare(back.entries[0].replaces[1], sample.replaces[1]), 0);
    assert_int_equal(back.entries[2].ordinal, 1);
    assert_true(instance_equal(back.entries[3].instance, member));
    assert_memory_equal(back.signature, sample.change.signature, 64);
    assert_memory_equal(back.under[0], sample.under[0], 16);
    assert_int_equal(change_encode(&back, &again, &err), RC_OK);
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    buf_release(&bytes);
    buf_release(&again);
}

/* The layout is a contract with other programs: it must not change by accident. */
static void canonical_bytes_are_these(void **state) {
    static const uint8_t expected[] = {
        1,    1,                                        /* format, create */
        0,    0,    0,    0,    0,    0,    0,    0xa1, /* actor */
        3,                                              /* number */
        12,                                             /* record: number 3, own actor */
        0,    0,    0,    0,    0,    0,    0,    5,    /* form */
        0,    0,    0,    0,    0,    0,    0,    6,    /* person */
        20,   1,                                        /* wall 10 ms, lamport 1 */
        0,    0,    0,                                  /* reason, evidence, under */
        2,                                              /* entries */
        0,    2,                                        /* the record itself: two */
        8,    1,    0x80, 0x8b, 0x87, 0xb5, 0x88, 0x19, /* field 1: 430626104000 */
        0xf8, 0x01, 4,    1,    'x',                    /* field 32: "x" */
        0,                                              /* no signature */
    };
    struct entry entries[2] = {
        {.field = FIELD_AREA, .value = value_of_int(INT64_C(430626104000))},
        {.field = 32, .value = value_of_text(view_text("x"))},
    };
    struct change change = {.dot = {.actor = OWN, .number = 3},
                            .kind = CHANGE_CREATE,
                            .record = {.actor = OWN, .number = 3},
                            .form = 5,
                            .person = 6,
                            .wall_ms = 10,
                            .lamport = 1,
                            .entry_count = 2,
                            .entries = entries};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    assert_int_equal(change_encode(&change, &bytes, &err), RC_OK);
    assert_int_equal(bytes.size, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    buf_release(&bytes);
}

static void expect_refused(struct sample *sample, enum rc rc) {
    struct buf bytes;

    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    assert_int_equal(change_check(&sample->change, &err), rc);
    assert_int_equal(change_encode(&sample->change, &bytes, &err), rc);
    buf_release(&bytes);
    sample_fill(sample);
    assert_int_equal(change_check(&sample->change, &err), RC_OK);
}

static void insane_changes_are_refused(void **state) {
    struct sample sample;

    (void)state;
    sample_fill(&sample);
    sample.change.kind = 10;
    expect_refused(&sample, RC_INVALID);
    sample.change.dot.actor = 0;
    expect_refused(&sample, RC_INVALID);
    sample.change.dot.number = 0;
    expect_refused(&sample, RC_INVALID);
    sample.change.dot.number = LIMIT_NUMBER + 1;
    expect_refused(&sample, RC_INVALID);
    sample.change.record = sample.change.dot;
    expect_refused(&sample, RC_INVALID);
    sample.change.lamport = LIMIT_NUMBER + 1;
    expect_refused(&sample, RC_INVALID);
    sample.change.wall_ms = INT64_MIN;
    expect_refused(&sample, RC_INVALID);
    sample.change.reason = view_of("\xff", 1);
    expect_refused(&sample, RC_INVALID);
    sample.change.reason.size = LIMIT_REASON_BYTES + 1;
    expect_refused(&sample, RC_LIMIT);
    sample.change.under_count = LIMIT_UNDER + 1;
    expect_refused(&sample, RC_LIMIT);
    sample.change.evidence_count = LIMIT_EVIDENCE + 1;
    expect_refused(&sample, RC_LIMIT);
    sample.change.entry_count = LIMIT_CHANGE_ENTRIES + 1;
    expect_refused(&sample, RC_LIMIT);
}

static void insane_entries_are_refused(void **state) {
    struct sample sample;

    (void)state;
    sample_fill(&sample);
    sample.entries[1].field = 39; /* out of order */
    expect_refused(&sample, RC_INVALID);
    sample.entries[2].ordinal = 2;
    expect_refused(&sample, RC_INVALID);
    sample.entries[3].instance.ordinal = 0;
    expect_refused(&sample, RC_INVALID);
    sample.entries[0].rank = 5;
    expect_refused(&sample, RC_INVALID);
    sample.entries[0].flags = 2;
    expect_refused(&sample, RC_INVALID);
    sample.entries[0].field = 0;
    expect_refused(&sample, RC_INVALID);
    sample.replaces[0].dot = sample.change.dot; /* itself */
    expect_refused(&sample, RC_INVALID);
    sample.replaces[0].dot.number = 13; /* its own future */
    expect_refused(&sample, RC_INVALID);
    sample.replaces[1] = sample.replaces[0];
    expect_refused(&sample, RC_INVALID);
    sample.entries[0].replaces_count = LIMIT_REPLACES + 1;
    expect_refused(&sample, RC_LIMIT);
    sample.entries[1].value = value_of_text(view_of("\xc3\x28", 2));
    expect_refused(&sample, RC_INVALID);
    sample.change.kind = CHANGE_CREATE; /* a new record replaces nothing */
    sample.change.record = sample.change.dot;
    expect_refused(&sample, RC_INVALID);
    sample.change.kind = CHANGE_MOVE; /* a move writes no answers */
    expect_refused(&sample, RC_INVALID);
    /* An instance of this change that it does not add. */
    sample.entries[3].instance = (struct instance_id){.dot = sample.change.dot, .ordinal = 1};
    sample.entries[3].instance.dot.number = 13;
    expect_refused(&sample, RC_INVALID);
}

static void pseudo_fields_belong_to_their_kinds(void **state) {
    struct entry entry = {.field = FIELD_AREA, .value = value_of_int(INT64_C(430626104000))};
    struct change change = {.dot = {.actor = OWN, .number = 12},
                            .kind = CHANGE_MOVE,
                            .record = {.actor = OTHER, .number = 4},
                            .entry_count = 1,
                            .entries = &entry};

    (void)state;
    assert_int_equal(change_check(&change, &err), RC_OK);
    entry.value.number = 0;
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    entry.value.number = INT64_C(1000000000000);
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    change.kind = CHANGE_SAME;
    entry.field = FIELD_SAME;
    entry.value = value_of_text(view_text("=00000000000000b2-4.2"));
    assert_int_equal(change_check(&change, &err), RC_OK);
    entry.value = value_of_text(view_text("?00000000000000b2-4.2"));
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    entry.value = value_of_text(view_text("=somebody"));
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    entry.field = FIELD_SEAL;
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    /* Numbers that no version of this program knows are kept as they come. */
    entry.field = 9;
    assert_int_equal(change_check(&change, &err), RC_OK);
    /* Only a resolve puts an instance back. */
    entry.field = FIELD_EXISTS;
    entry.instance = member;
    entry.value = value_of_int(49);
    change.kind = CHANGE_EDIT;
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    change.kind = CHANGE_RESOLVE;
    assert_int_equal(change_check(&change, &err), RC_OK);
}

static void instances_are_added_before_what_lies_in_them(void **state) {
    struct dot dot = {.actor = OWN, .number = 12};
    struct place place = {.repeat = 55, .parent = {.dot = dot, .ordinal = 2}};
    struct entry entries[2] = {
        {.instance = {.dot = dot, .ordinal = 1}, .field = FIELD_EXISTS},
        {.instance = {.dot = dot, .ordinal = 2}, .field = FIELD_EXISTS},
    };
    struct change change = {.dot = dot,
                            .kind = CHANGE_EDIT,
                            .record = {.actor = OTHER, .number = 4},
                            .entry_count = 2,
                            .entries = entries};
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 4096);
    place_encode(&place, &bytes);
    entries[0].value = (struct value){.type = VALUE_BYTES, .bytes = buf_view(&bytes)};
    entries[1].value = value_of_int(49);
    assert_int_equal(change_check(&change, &err), RC_INVALID);
    entries[0].value = value_of_int(49);
    place.parent.ordinal = 1;
    buf_clear(&bytes);
    place_encode(&place, &bytes);
    entries[1].value = (struct value){.type = VALUE_BYTES, .bytes = buf_view(&bytes)};
    assert_int_equal(change_check(&change, &err), RC_OK);
    buf_release(&bytes);
}

static void damaged_bytes_are_refused_or_mean_what_they_say(void **state) {
    struct sample sample;
    struct buf bytes;
    struct buf again;

    (void)state;
    sample_fill(&sample);
    buf_init(&bytes, LIMIT_CHANGE_BYTES);
    buf_init(&again, LIMIT_CHANGE_BYTES);
    assert_int_equal(change_encode(&sample.change, &bytes, &err), RC_OK);
    for (size_t size = 0; size < bytes.size; size++) {
        struct change back;

        assert_int_not_equal(change_decode(view_of(bytes.data, size), &arena, &back, &err), RC_OK);
    }
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        struct change back;

        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (change_decode(buf_view(&bytes), &arena, &back, &err) == RC_OK) {
            buf_clear(&again);
            assert_int_equal(change_encode(&back, &again, &err), RC_OK);
            assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
        }
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_release(&bytes);
    buf_release(&again);
}

static void a_newer_format_is_not_damage(void **state) {
    struct change change;

    (void)state;
    assert_int_equal(change_decode(view_of("\x02\x01", 2), &arena, &change, &err), RC_UNSUPPORTED);
}

static void sorting_keeps_the_order_of_writing(void **state) {
    struct entry entries[4] = {
        {.instance = member, .field = 50, .value = value_of_int(1)},
        {.field = 40, .value = value_of_int(2)},
        {.field = 40, .value = value_of_int(3)},
        {.field = 1, .value = value_of_int(4)},
    };

    (void)state;
    change_sort(entries, 4);
    assert_int_equal(entries[0].field, 1);
    assert_int_equal(entries[1].value.number, 2);
    assert_int_equal(entries[1].ordinal, 0);
    assert_int_equal(entries[2].value.number, 3);
    assert_int_equal(entries[2].ordinal, 1);
    assert_int_equal(entries[3].field, 50);
    assert_int_equal(entries[3].ordinal, 0);
}

static void structured_values_come_back(void **state) {
    const struct dot dots[3] = {{OWN, 3}, {OWN, 9}, {OTHER, 1}};
    const struct version_id versions[2] = {{{OWN, 3}, 0}, {{OTHER, 1}, 4}};
    struct cover cover = {.repeat = 49, .parent = member, .count = 3, .dots = dots};
    struct seal seal = {.count = 3, .dots = dots};
    struct acceptance acceptance = {.field = 40, .count = 2, .versions = versions};
    struct cover cover_back;
    struct seal seal_back;
    struct acceptance acceptance_back;
    struct buf bytes;

    (void)state;
    buf_init(&bytes, 4096);
    cover_encode(&cover, &bytes);
    assert_int_equal(cover_decode(buf_view(&bytes), &arena, &cover_back, &err), RC_OK);
    assert_int_equal(cover_back.repeat, 49);
    assert_true(instance_equal(cover_back.parent, member));
    assert_int_equal(cover_back.count, 3);
    assert_true(dot_equal(cover_back.dots[1], dots[1]));
    assert_int_equal(
        cover_decode(view_slice(buf_view(&bytes), 0, bytes.size - 1), &arena, &cover_back, &err),
        RC_CORRUPT);
    memset(seal.digest, 7, sizeof(seal.digest));
    buf_clear(&bytes);
    seal_encode(&seal, &bytes);
    assert_int_equal(seal_decode(buf_view(&bytes), &arena, &seal_back, &err), RC_OK);
    assert_memory_equal(seal_back.digest, seal.digest, 16);
    assert_true(dot_equal(seal_back.dots[2], dots[2]));
    buf_clear(&bytes);
    acceptance_encode(&acceptance, &bytes);
    assert_int_equal(acceptance_decode(buf_view(&bytes), &arena, &acceptance_back, &err), RC_OK);
    assert_int_equal(acceptance_back.count, 2);
    assert_int_equal(acceptance_back.versions[1].ordinal, 4);
    buf_release(&bytes);
}

static void the_signed_hash_leaves_the_signature_out(void **state) {
    struct sample sample;
    uint8_t with[32];
    uint8_t without[32];
    uint8_t other[32];

    (void)state;
    sample_fill(&sample);
    assert_int_equal(change_signed_hash(&sample.change, with, &err), RC_OK);
    sample.change.is_signed = false;
    assert_int_equal(change_signed_hash(&sample.change, without, &err), RC_OK);
    assert_memory_equal(with, without, 32);
    sample.entries[1].value = value_of_text(view_text("c"));
    assert_int_equal(change_signed_hash(&sample.change, other, &err), RC_OK);
    assert_memory_not_equal(with, other, 32);
}

static void chains_are_made_of_the_stated_hashes(void **state) {
    static const uint8_t secret[16] = {1, 2, 3};
    uint8_t salt[16];
    uint8_t other_salt[16];
    uint8_t leaf[32];
    uint8_t chain[32];
    uint8_t expected[32];
    uint8_t joined[64];

    (void)state;
    chain_salt(secret, 7, salt);
    chain_salt(secret, 8, other_salt);
    assert_memory_not_equal(salt, other_salt, 16);
    memcpy(joined, salt, 16);
    memcpy(joined + 16, "abc", 3);
    crypt_hash("yg leaf", view_of(joined, 19), expected);
    chain_leaf(salt, view_text("abc"), leaf);
    assert_memory_equal(leaf, expected, 32);
    crypt_hash("yg actor", view_of("\0\0\0\0\0\0\1\2", 8), expected);
    chain_start(0x102, chain);
    assert_memory_equal(chain, expected, 32);
    memcpy(joined, chain, 32);
    memcpy(joined + 32, leaf, 32);
    crypt_hash("yg chain", view_of(joined, 64), expected);
    chain_next(chain, leaf, chain);
    assert_memory_equal(chain, expected, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_come_back_from_their_bytes),
        cmocka_unit_test(canonical_bytes_are_these),
        cmocka_unit_test(insane_changes_are_refused),
        cmocka_unit_test(insane_entries_are_refused),
        cmocka_unit_test(pseudo_fields_belong_to_their_kinds),
        cmocka_unit_test(instances_are_added_before_what_lies_in_them),
        cmocka_unit_test(damaged_bytes_are_refused_or_mean_what_they_say),
        cmocka_unit_test(a_newer_format_is_not_damage),
        cmocka_unit_test(sorting_keeps_the_order_of_writing),
        cmocka_unit_test(structured_values_come_back),
        cmocka_unit_test(the_signed_hash_leaves_the_signature_out),
        cmocka_unit_test(chains_are_made_of_the_stated_hashes),
    };
    int failed;

    err_init(&err, LANG_EN);
    arena_init(&arena, (size_t)64 << 20);
    if (crypt_start(&err) != RC_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
