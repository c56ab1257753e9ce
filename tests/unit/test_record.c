/* The packed form of a record's state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/record.h"

static struct err err;
static struct arena arena;

enum { A = 0x0a, B = 0x0b };

static const uint8_t under[2][16] = {{1}, {2}};
static const uint32_t by_last[1] = {2};
static const struct absorbed absorbed[3] = {
    {.dot = {A, 3}, .kind = CHANGE_CREATE, .form = 5, .person = 6, .time_ms = 1000, .lamport = 1},
    {.dot = {A, 9},
     .kind = CHANGE_EDIT,
     .flags = ABSORBED_PROVISIONAL,
     .form = 5,
     .person = 7,
     .time_ms = -5,
     .lamport = 4},
    {.dot = {B, 1},
     .kind = CHANGE_AMEND,
     .form = 8,
     .person = 6,
     .time_ms = INT64_MIN,
     .lamport = LIMIT_NUMBER,
     .under_count = 2,
     .under = under},
};
static const struct version versions[4] = {
    {.field = 1, .value = {.type = VALUE_INT, .number = 430626104000}},
    {.field = 40, .rank = 4, .replaced_count = 1, .replaced_by = by_last},
    {.field = 40, .change = 2, .ordinal = 3, .value = {.type = VALUE_DATE, .number = -1}},
    {.instance = {.dot = {B, 77}, .ordinal = 1}, .field = 50, .change = 1},
};
static const struct awaited awaited[2] = {
    {.field = 40, .version = {.dot = {B, 5}}},
    {.field = 40,
     .keep = true,
     .version = {.dot = {B, 6}, .ordinal = 2},
     .replaced_count = 1,
     .replaced_by = by_last},
};
static const struct record sample = {.id = {A, 3},
                                     .absorbed_count = 3,
                                     .absorbed = absorbed,
                                     .version_count = 4,
                                     .versions = versions,
                                     .awaited_count = 2,
                                     .awaited = awaited};

static void states_come_back_from_their_bytes(void **state) {
    struct record back;
    struct buf packed;
    struct buf again;
    uint8_t digest[32];
    uint8_t expected[32];

    (void)state;
    buf_init(&packed, LIMIT_RECORD_BYTES);
    buf_init(&again, LIMIT_RECORD_BYTES);
    assert_int_equal(record_pack(&sample, &packed, &err), RC_OK);
    assert_int_equal(record_unpack(buf_view(&packed), &arena, &back, &err), RC_OK);
    assert_int_equal(record_packed_changes(buf_view(&packed)), 3);
    assert_true(dot_equal(back.id, sample.id));
    assert_int_equal(back.absorbed_count, 3);
    assert_true(back.absorbed[2].time_ms == INT64_MIN);
    assert_true(back.absorbed[2].lamport == LIMIT_NUMBER);
    assert_int_equal(back.absorbed[1].flags, ABSORBED_PROVISIONAL);
    assert_int_equal(back.absorbed[2].under_count, 2);
    assert_memory_equal(back.absorbed[2].under[1], under[1], 16);
    assert_true(back.absorbed[1].person == 7 && back.absorbed[2].form == 8);
    assert_int_equal(back.version_count, 4);
    assert_int_equal(back.versions[1].rank, 4);
    assert_int_equal(back.versions[1].replaced_by[0], 2);
    assert_int_equal(back.versions[2].ordinal, 3);
    assert_true(instance_equal(back.versions[3].instance, versions[3].instance));
    assert_int_equal(back.awaited_count, 2);
    assert_true(back.awaited[1].keep && !back.awaited[0].keep);
    assert_int_equal(record_pack(&back, &again, &err), RC_OK);
    assert_true(view_equal(buf_view(&packed), buf_view(&again)));
    record_digest(buf_view(&packed), digest);
    crypt_hash("yg record", buf_view(&again), expected);
    assert_memory_equal(digest, expected, 32);
    buf_release(&packed);
    buf_release(&again);
}

static void an_empty_state_has_bytes_too(void **state) {
    struct record empty;
    struct record back;
    struct buf packed;

    (void)state;
    record_init(&empty, (struct dot){A, 3});
    buf_init(&packed, LIMIT_RECORD_BYTES);
    assert_int_equal(record_pack(&empty, &packed, &err), RC_OK);
    assert_int_equal(record_unpack(buf_view(&packed), &arena, &back, &err), RC_OK);
    assert_true(dot_equal(back.id, empty.id));
    assert_int_equal(back.absorbed_count + back.version_count + back.awaited_count, 0);
    buf_release(&packed);
}

static void damaged_bytes_are_refused_or_mean_what_they_say(void **state) {
    struct record back;
    struct buf packed;
    struct buf again;

    (void)state;
    buf_init(&packed, LIMIT_RECORD_BYTES);
    buf_init(&again, LIMIT_RECORD_BYTES);
    assert_int_equal(record_pack(&sample, &packed, &err), RC_OK);
    for (size_t size = 0; size < packed.size; size++)
        assert_int_not_equal(record_unpack(view_of(packed.data, size), &arena, &back, &err), RC_OK);
    for (size_t bit = 0; bit < packed.size * 8; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (record_unpack(buf_view(&packed), &arena, &back, &err) == RC_OK) {
            buf_clear(&again);
            assert_int_equal(record_pack(&back, &again, &err), RC_OK);
            assert_true(view_equal(buf_view(&packed), buf_view(&again)));
        }
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_add_u8(&packed, 0);
    assert_int_equal(record_unpack(buf_view(&packed), &arena, &back, &err), RC_CORRUPT);
    buf_release(&packed);
    buf_release(&again);
}

/* Small bytes may not make us allocate what they only promise. */
static void promises_are_not_believed(void **state) {
    static const uint8_t changes[] = {1, 0xd0, 0x86, 0x03};
    static const uint8_t many_versions[] = {1, 0, 0, 0,    0,    0,    0,    0, 0, 0,
                                            0, 9, 1, 0xff, 0xff, 0xff, 0x7f, 0, 1};
    struct arena small;
    struct record back;

    (void)state;
    arena_init(&small, 65536);
    assert_int_equal(record_unpack(view_of(changes, sizeof(changes)), &small, &back, &err),
                     RC_CORRUPT);
    assert_int_equal(
        record_unpack(view_of(many_versions, sizeof(many_versions)), &small, &back, &err),
        RC_CORRUPT);
    assert_int_equal(small.failed, RC_OK);
    arena_release(&small);
}

static void fields_and_changes_are_found(void **state) {
    struct instance_id root = {.ordinal = 0};
    uint32_t count;
    uint32_t at;

    (void)state;
    assert_ptr_equal(record_field(&sample, root, 40, &count), &versions[1]);
    assert_int_equal(count, 2);
    (void)record_field(&sample, root, 41, &count);
    assert_int_equal(count, 0);
    assert_ptr_equal(record_field(&sample, versions[3].instance, 50, &count), &versions[3]);
    assert_int_equal(count, 1);
    assert_true(record_has_absorbed(&sample, (struct dot){B, 1}));
    assert_false(record_has_absorbed(&sample, (struct dot){B, 5}));
    assert_false(record_find(&sample, (struct dot){A, 4}, &at));
    assert_int_equal(at, 1);
    assert_true(record_lamport(&sample) == LIMIT_NUMBER);
    assert_true(dot_equal(version_name(&sample, &versions[2]).dot, (struct dot){B, 1}));
}

static void large_sets_are_found_whole(void **state) {
    struct version many[100];
    struct record record = sample;
    struct instance_id root = {.ordinal = 0};
    uint32_t count;

    (void)state;
    memset(many, 0, sizeof(many));
    for (uint32_t i = 0; i < 100; i++) {
        many[i].field = i < 30 ? 40 : i < 90 ? 41 : 42;
        many[i].ordinal = i;
    }
    record.versions = many;
    record.version_count = 100;
    assert_ptr_equal(record_field(&record, root, 41, &count), &many[30]);
    assert_int_equal(count, 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_come_back_from_their_bytes),
        cmocka_unit_test(an_empty_state_has_bytes_too),
        cmocka_unit_test(damaged_bytes_are_refused_or_mean_what_they_say),
        cmocka_unit_test(promises_are_not_believed),
        cmocka_unit_test(fields_and_changes_are_found),
        cmocka_unit_test(large_sets_are_found_whole),
    };
    int failed;

    err_init(&err, LANG_EN);
    arena_init(&arena, (size_t)64 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
