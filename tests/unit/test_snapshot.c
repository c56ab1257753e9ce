/* test_snapshot.c: manifests, chunks and parts of snapshots, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypt.h"
#include "schema/merge.h"
#include "schema/wire/snapshot.h"
#include "tests/support/wire.h"

enum { RECORDS = 60, SOME_LANES = 400 };

/* The numbers of some lanes, as the protocol has them. */
enum { ACTORS = 1, NUMBERS = 2 };

struct kit {
    struct arena arena;
    struct zip_deflater *deflater;
    struct zip_inflater *inflater;
    struct snapshot_lanes *lanes;
    struct buf out, packed, other;
    struct err err;
    uint8_t public_key[32], secret_key[64];
    struct chance chance;
};

static int start(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));
    uint8_t seed[32] = {7};

    if (kit == NULL)
        return -1;
    *state = kit;
    kit->chance.state = 4711;
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 256u << 20);
    buf_init(&kit->out, 16u << 20);
    buf_init(&kit->packed, LIMIT_RECORD_BYTES);
    buf_init(&kit->other, 16u << 20);
    if (crypt_start(&kit->err) != RC_OK ||
        zip_deflater_new(ZIP_LEVEL_DEFAULT, &kit->deflater, &kit->err) != RC_OK ||
        zip_inflater_new(&kit->inflater, &kit->err) != RC_OK ||
        snapshot_lanes_new(&kit->arena, &kit->lanes, &kit->err) != RC_OK)
        return -1;
    crypt_sign_keypair(seed, kit->public_key, kit->secret_key);
    return 0;
}

static int stop(void **state) {
    struct kit *kit = *state;

    snapshot_lanes_release(kit->lanes);
    zip_deflater_free(kit->deflater);
    zip_inflater_free(kit->inflater);
    arena_release(&kit->arena);
    buf_release(&kit->out);
    buf_release(&kit->packed);
    buf_release(&kit->other);
    free(kit);
    return 0;
}

/* The packed state of a record with a creation and some random changes, which need not fit each
 * other: what they replace may be awaited. */
static struct view state_of(struct kit *kit, uint64_t actor, uint64_t number, uint32_t changes) {
    struct record record;
    struct change change;
    int64_t wall_ms = INT64_C(1763884800000) + (int64_t)number * 60000;

    record_init(&record, (struct dot){actor, number});
    survey_household(&kit->chance, record.id, 5, 6, &wall_ms, &kit->arena, &change);
    for (uint32_t i = 0; i <= changes; i++) {
        struct admission admission = {.time_ms = change.wall_ms};

        change.record = record.id;
        assert_int_equal(merge_apply(&record, &change, admission, &kit->arena, &record, &kit->err),
                         RC_OK);
        wire_change(&kit->chance, (struct dot){actor + 1 + i % 3, number * 10 + i}, 5, &kit->arena,
                    &change);
    }
    buf_clear(&kit->packed);
    assert_int_equal(record_pack(&record, &kit->packed, &kit->err), RC_OK);
    return arena_view(&kit->arena, buf_view(&kit->packed));
}

static void assert_chunk(struct kit *kit, struct view chunk, const struct view *states,
                         uint32_t count) {
    assert_int_equal(snapshot_open_chunk(kit->lanes, chunk, kit->inflater, &kit->err), RC_OK);
    for (uint32_t i = 0; i < count; i++) {
        buf_clear(&kit->packed);
        assert_int_equal(snapshot_next_record(kit->lanes, &kit->packed, &kit->err), RC_OK);
        assert_true(view_equal(buf_view(&kit->packed), states[i]));
    }
    buf_clear(&kit->packed);
    assert_int_equal(snapshot_next_record(kit->lanes, &kit->packed, &kit->err), RC_NOT_FOUND);
}

static void states_come_back_from_a_chunk(void **state) {
    struct kit *kit = *state;
    struct view states[RECORDS];
    size_t open = 0;

    for (uint32_t i = 0; i < RECORDS; i++) {
        states[i] = state_of(kit, 0x77, i + 1, i % 7);
        open += states[i].size;
    }
    for (int round = 0; round < 2; round++) { /* the lanes may be used again */
        buf_clear(&kit->out);
        for (uint32_t i = 0; i < RECORDS; i++)
            assert_int_equal(snapshot_add_record(kit->lanes, states[i], &kit->err), RC_OK);
        assert_int_equal(snapshot_open_bytes(kit->lanes), open);
        assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err),
                         RC_OK);
        assert_int_equal(snapshot_open_bytes(kit->lanes), 0);
        assert_chunk(kit, buf_view(&kit->out), states, RECORDS);
    }
}

/* What lanes are for: less than zlib makes of the same states one behind the other. */
static void lanes_are_shorter_than_rows(void **state) {
    struct kit *kit = *state;
    struct buf rows;

    buf_init(&rows, 16u << 20);
    for (uint32_t i = 0; i < 300; i++) {
        struct view packed = state_of(kit, 0x77, i + 1, 0);

        buf_add_view(&rows, packed);
        assert_int_equal(snapshot_add_record(kit->lanes, packed, &kit->err), RC_OK);
    }
    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    assert_int_equal(zip_deflate(buf_view(&rows), ZIP_LEVEL_DEFAULT, &kit->other, &kit->err),
                     RC_OK);
    assert_true(kit->out.size * 10 < kit->other.size * 8);
    buf_release(&rows);
}

static void entries_come_before_records(void **state) {
    static const char *const names[] = {"12345678\x03", "12345678\x04", "87654321\x05"};
    struct kit *kit = *state;
    struct view packed = state_of(kit, 0x77, 3, 2);
    struct feed_entry got;

    for (int64_t i = 0; i < 3; i++) {
        const struct feed_entry leave = {
            .kind = FEED_LEAVE, .received_ms = 5 + i, .content = view_text(names[i])};

        snapshot_add_entry(kit->lanes, &leave);
    }
    assert_int_equal(snapshot_add_record(kit->lanes, packed, &kit->err), RC_OK);
    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    assert_int_equal(snapshot_open_chunk(kit->lanes, buf_view(&kit->out), kit->inflater, &kit->err),
                     RC_OK);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(snapshot_next_entry(kit->lanes, &got, &kit->err), RC_OK);
        assert_int_equal(got.kind, FEED_LEAVE);
        assert_int_equal(got.received_ms, 5 + i);
        assert_true(view_is(got.content, names[i]));
    }
    assert_int_equal(snapshot_next_entry(kit->lanes, &got, &kit->err), RC_NOT_FOUND);
    assert_chunk(kit, buf_view(&kit->out), &packed, 1);
}

static void a_chunk_of_nothing_is_one(void **state) {
    struct kit *kit = *state;

    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    assert_chunk(kit, buf_view(&kit->out), NULL, 0);
}

/* Takes what can be taken of a chunk, as a tablet would. */
static enum rc take_all(struct kit *kit, struct view chunk) {
    struct feed_entry entry;
    struct record record;
    struct arena arena;
    enum rc rc = snapshot_open_chunk(kit->lanes, chunk, kit->inflater, &kit->err);

    arena_init(&arena, 64u << 20);
    while (rc == RC_OK)
        rc = snapshot_next_entry(kit->lanes, &entry, &kit->err);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    while (rc == RC_OK) {
        arena_reset(&arena);
        buf_clear(&kit->packed);
        rc = snapshot_next_record(kit->lanes, &kit->packed, &kit->err);
        if (rc == RC_OK)
            rc = record_unpack(buf_view(&kit->packed), &arena, &record, &kit->err);
    }
    arena_release(&arena);
    return rc;
}

/* The hash would tell; this is about what happens if somebody makes a hash that fits. */
static void a_damaged_chunk_is_refused_or_harmless(void **state) {
    struct kit *kit = *state;
    struct buf open;
    unsigned refused = 0;

    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(
            snapshot_add_record(kit->lanes, state_of(kit, 0x77, i + 1, i % 4), &kit->err), RC_OK);
    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    buf_init(&open, 16u << 20);
    assert_int_equal(zip_inflate(buf_view(&kit->out), 16u << 20, 0, &open, &kit->err), RC_OK);
    for (uint32_t round = 0; round < 400; round++) {
        size_t at = chance_below(&kit->chance, (uint32_t)open.size);
        uint8_t was = open.data[at];
        size_t size = round % 4 == 0 ? at : open.size;

        open.data[at] ^= (uint8_t)(1u + chance_below(&kit->chance, 255));
        buf_clear(&kit->other);
        assert_int_equal(
            zip_deflate(view_of(open.data, size), ZIP_LEVEL_DEFAULT, &kit->other, &kit->err),
            RC_OK);
        refused += take_all(kit, buf_view(&kit->other)) != RC_NOT_FOUND;
        open.data[at] = was;
    }
    assert_true(refused > 200);
    assert_int_equal(take_all(kit, buf_view(&kit->out)), RC_NOT_FOUND);
    buf_release(&open);
}

/* A chunk that says it has a record, and no lane to read it from; behind one that had many. */
static void lanes_of_the_chunk_before_are_gone(void **state) {
    static const uint8_t head[] = {0, 1, 0}; /* entries, records, lanes */
    struct kit *kit = *state;

    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(snapshot_add_record(kit->lanes, state_of(kit, 0x77, i + 1, 3), &kit->err),
                         RC_OK);
    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    assert_int_equal(snapshot_open_chunk(kit->lanes, buf_view(&kit->out), kit->inflater, &kit->err),
                     RC_OK);
    buf_clear(&kit->other);
    assert_int_equal(
        zip_deflate(view_of(head, sizeof(head)), ZIP_LEVEL_DEFAULT, &kit->other, &kit->err), RC_OK);
    assert_int_equal(take_all(kit, buf_view(&kit->other)), RC_CORRUPT);
}

/* A chunk that somebody else may have made: its lanes, to be looked at and changed. */
struct parts {
    struct view lanes[SOME_LANES];
    uint32_t lane_count;
};

/* The records as one chunk, in kit->out; its lanes live in the kit's arena. */
static struct parts take_apart(struct kit *kit, const struct view *states, uint32_t count) {
    struct parts parts = {.lane_count = 0};
    uint64_t sizes[SOME_LANES];
    struct reader in;

    buf_clear(&kit->out);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(snapshot_add_record(kit->lanes, states[i], &kit->err), RC_OK);
    assert_int_equal(snapshot_end_chunk(kit->lanes, kit->deflater, &kit->out, &kit->err), RC_OK);
    buf_clear(&kit->other);
    assert_int_equal(zip_inflate(buf_view(&kit->out), 16u << 20, 0, &kit->other, &kit->err), RC_OK);
    reader_init(&in, arena_view(&kit->arena, buf_view(&kit->other)));
    assert_int_equal(read_varint(&in), 0); /* entries */
    assert_int_equal(read_varint(&in), count);
    parts.lane_count = (uint32_t)read_varint_max(&in, SOME_LANES);
    for (uint32_t i = 0; i < parts.lane_count; i++)
        sizes[i] = read_varint(&in);
    for (uint32_t i = 0; i < parts.lane_count; i++)
        parts.lanes[i] = read_bytes(&in, sizes[i]);
    assert_true(read_done(&in));
    return parts;
}

/* A chunk of these lanes, in kit->other. */
static struct view put_together(struct kit *kit, const struct parts *parts, uint32_t records) {
    struct buf open;

    buf_init(&open, 16u << 20);
    buf_add_varint(&open, 0);
    buf_add_varint(&open, records);
    buf_add_varint(&open, parts->lane_count);
    for (uint32_t i = 0; i < parts->lane_count; i++)
        buf_add_varint(&open, parts->lanes[i].size);
    for (uint32_t i = 0; i < parts->lane_count; i++)
        buf_add_view(&open, parts->lanes[i]);
    buf_clear(&kit->other);
    assert_int_equal(zip_deflate(buf_view(&open), ZIP_LEVEL_DEFAULT, &kit->other, &kit->err),
                     RC_OK);
    buf_release(&open);
    return buf_view(&kit->other);
}

/* The same, where each lane but the first is missing: what stood in the chunk before is no part of
 * it. */
static void each_lane_of_the_chunk_before_is_gone(void **state) {
    struct kit *kit = *state;
    struct view packed = state_of(kit, 0x77, 1, 3);
    struct parts parts = take_apart(kit, &packed, 1);

    assert_int_equal(take_all(kit, put_together(kit, &parts, 1)), RC_NOT_FOUND);
    assert_int_equal(snapshot_open_chunk(kit->lanes, buf_view(&kit->out), kit->inflater, &kit->err),
                     RC_OK);
    parts.lane_count = 1;
    assert_int_equal(take_all(kit, put_together(kit, &parts, 1)), RC_CORRUPT);
}

/* An actor is spelled out once, then it is a place in the list, and each of its numbers is the
 * difference to the last one of the same actor. Other clients read it so. */
static void actors_and_numbers_are_told_once(void **state) {
    const uint8_t actors[] = {0, 0, 0, 0, 0, 0, 0, 0, 0x77, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x99, 1, 2};
    const uint8_t numbers[] = {2 * 5, 2 * 4, 2 * 7, 2 * 2, 2 * 1};
    struct kit *kit = *state;
    const struct view states[] = {state_of(kit, 0x77, 5, 0), state_of(kit, 0x77, 9, 0),
                                  state_of(kit, 0x99, 7, 0), state_of(kit, 0x77, 11, 0),
                                  state_of(kit, 0x99, 8, 0)};
    struct parts parts = take_apart(kit, states, 5);

    assert_int_equal(parts.lanes[ACTORS].size, sizeof(actors));
    assert_memory_equal(parts.lanes[ACTORS].data, actors, sizeof(actors));
    assert_int_equal(parts.lanes[NUMBERS].size, sizeof(numbers));
    assert_memory_equal(parts.lanes[NUMBERS].data, numbers, sizeof(numbers));
}

/* Of each field the heads lie in one lane and the bytes in the next. */
static void texts_lie_behind_their_heads(void **state) {
    enum { FIRST_FIELD = 18 };
    static const char *const lanes[] = {"\4\3", "abc", "\4\2", "de"};
    struct kit *kit = *state;
    const struct entry entries[] = {{.field = 40, .value = value_of_text(view_text("abc"))},
                                    {.field = 41, .value = value_of_text(view_text("de"))}};
    const struct change change = {.kind = CHANGE_CREATE,
                                  .dot = {0x77, 1},
                                  .record = {0x77, 1},
                                  .form = 5,
                                  .entry_count = 2,
                                  .entries = entries};
    struct record record;
    struct parts parts;
    struct view packed;

    record_init(&record, change.record);
    assert_int_equal(
        merge_apply(&record, &change, (struct admission){0}, &kit->arena, &record, &kit->err),
        RC_OK);
    buf_clear(&kit->packed);
    assert_int_equal(record_pack(&record, &kit->packed, &kit->err), RC_OK);
    packed = arena_view(&kit->arena, buf_view(&kit->packed));
    parts = take_apart(kit, &packed, 1);
    assert_int_equal(parts.lane_count, FIRST_FIELD + 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(view_is(parts.lanes[FIRST_FIELD + i], lanes[i]));
}

/* The list has room for 255; whoever comes then is spelled out each time. */
static void more_actors_than_the_list_holds_come_back(void **state) {
    enum { ACTORS_HERE = 300, KNOWN = 255, ONE_BYTE = 127, SPELLED = 9 };
    struct kit *kit = *state;
    struct view *states = arena_array(&kit->arena, 2 * ACTORS_HERE, sizeof(*states));
    struct parts parts;

    assert_non_null(states);
    for (uint32_t i = 0; i < 2 * ACTORS_HERE; i++)
        states[i] = state_of(kit, 0x1000 + i % ACTORS_HERE, 1 + i / ACTORS_HERE, 0);
    parts = take_apart(kit, states, 2 * ACTORS_HERE);
    assert_chunk(kit, buf_view(&kit->out), states, 2 * ACTORS_HERE);
    assert_int_equal(parts.lanes[ACTORS].size, ACTORS_HERE * SPELLED + ONE_BYTE +
                                                   (KNOWN - ONE_BYTE) * 2 +
                                                   (ACTORS_HERE - KNOWN) * SPELLED);
}

/* One way to say it: a place that nobody has taken, or somebody spelled out again, is damage. */
static void actors_that_are_not_in_the_list_are_refused(void **state) {
    static const uint8_t beyond[] = {0, 0, 0, 0, 0, 0, 0, 0, 0x77, 2};
    static const uint8_t twice[] = {0, 0, 0, 0, 0, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0x77};
    struct kit *kit = *state;
    const struct view states[] = {state_of(kit, 0x77, 5, 0), state_of(kit, 0x77, 9, 0)};
    struct parts parts = take_apart(kit, states, 2);

    assert_chunk(kit, put_together(kit, &parts, 2), states, 2);
    for (int which = 0; which < 2; which++) {
        parts.lanes[ACTORS] =
            which == 0 ? view_of(beyond, sizeof(beyond)) : view_of(twice, sizeof(twice));
        assert_int_equal(
            snapshot_open_chunk(kit->lanes, put_together(kit, &parts, 2), kit->inflater, &kit->err),
            RC_OK);
        buf_clear(&kit->packed);
        assert_int_equal(snapshot_next_record(kit->lanes, &kit->packed, &kit->err), RC_OK);
        assert_true(view_equal(buf_view(&kit->packed), states[0]));
        assert_int_equal(snapshot_next_record(kit->lanes, &kit->packed, &kit->err), RC_CORRUPT);
    }
}

static void what_is_no_record_is_not_put_into_a_chunk(void **state) {
    struct kit *kit = *state;
    struct view packed = state_of(kit, 0x77, 1, 3);

    assert_int_equal(
        snapshot_add_record(kit->lanes, view_slice(packed, 0, packed.size - 1), &kit->err),
        RC_CORRUPT);
}

/* ---- manifests and parts ---- */

static struct snapshot sample(struct snapshot_piece *pieces, struct view chunk) {
    struct snapshot snapshot = {.area = UINT64_C(430621101000),
                                .audience = 1,
                                .position = 900,
                                .chain = {1, 2, 3},
                                .record_count = 77,
                                .chunk_count = 2,
                                .chunks = pieces};

    for (int i = 0; i < 2; i++) {
        pieces[i].bytes = (uint32_t)chunk.size;
        snapshot_chunk_hash(chunk, pieces[i].hash);
    }
    return snapshot;
}

static void a_manifest_names_its_chunks(void **state) {
    struct kit *kit = *state;
    struct view chunk = view_text("a chunk, whatever is in it");
    struct snapshot_piece pieces[2];
    struct snapshot snapshot = sample(pieces, chunk), got;
    uint8_t name[32], again[32];

    snapshot_write(&snapshot, &kit->out);
    assert_int_equal(snapshot_read(buf_view(&kit->out), &kit->arena, &got, &kit->err), RC_OK);
    assert_int_equal(got.area, snapshot.area);
    assert_int_equal(got.audience, 1);
    assert_int_equal(got.position, 900);
    assert_memory_equal(got.chain, snapshot.chain, 32);
    assert_int_equal(got.record_count, 77);
    assert_int_equal(got.chunk_count, 2);
    assert_int_equal(snapshot_check_chunk(&got, 1, chunk, &kit->err), RC_OK);
    assert_int_equal(snapshot_check_chunk(&got, 2, chunk, &kit->err), RC_CORRUPT);
    assert_int_equal(snapshot_check_chunk(&got, 0, view_text("another"), &kit->err), RC_CORRUPT);
    snapshot_name(buf_view(&kit->out), name);
    pieces[1].hash[31] ^= 1;
    buf_clear(&kit->out);
    snapshot_write(&snapshot, &kit->out);
    snapshot_name(buf_view(&kit->out), again);
    assert_memory_not_equal(name, again, 32);
    for (size_t size = 0; size < kit->out.size; size++)
        assert_int_not_equal(
            snapshot_read(view_of(kit->out.data, size), &kit->arena, &got, &kit->err), RC_OK);
    kit->out.data[0] = 2;
    assert_int_equal(snapshot_read(buf_view(&kit->out), &kit->arena, &got, &kit->err),
                     RC_UNSUPPORTED);
}

static void parts_come_back(void **state) {
    struct kit *kit = *state;
    struct snapshot_piece pieces[2];
    struct snapshot snapshot = sample(pieces, view_text("x"));
    struct want wants[2] = {{.name = {9}, .next = 3}, {.name = {8}, .next = 400}}, *got;
    struct snapshot_part part = {.after = 12, .first = 1, .count = 1}, read;
    struct chunk_part chunk = {.name = {4, 5}, .index = 1, .bytes = view_text("bytes")}, piece;
    uint8_t signature[64], other[32] = {1};
    struct reader in;
    struct part next;
    uint32_t count;

    snapshot_write(&snapshot, &kit->other);
    snapshot_sign(buf_view(&kit->other), kit->secret_key, signature);
    part.manifest = buf_view(&kit->other);
    part.signature = view_of(signature, sizeof(signature));
    exchange_start(&kit->out);
    exchange_add_want(&kit->out, wants, 2);
    exchange_add_want(&kit->out, NULL, 0);
    exchange_add_snapshot(&kit->out, &part);
    exchange_add_chunk(&kit->out, &chunk);
    assert_int_equal(exchange_open(buf_view(&kit->out), &in, &kit->err), RC_OK);
    assert_int_equal(exchange_next(&in, &next, &kit->err), RC_OK);
    assert_int_equal(next.kind, PART_WANT);
    assert_int_equal(exchange_read_want(next.content, &kit->arena, &got, &count, &kit->err), RC_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(got, wants, sizeof(wants));
    assert_int_equal(
        exchange_read_want(view_slice(next.content, 0, 40), &kit->arena, &got, &count, &kit->err),
        RC_CORRUPT);
    assert_int_equal(exchange_next(&in, &next, &kit->err), RC_OK);
    assert_int_equal(exchange_read_want(next.content, &kit->arena, &got, &count, &kit->err), RC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(exchange_next(&in, &next, &kit->err), RC_OK);
    assert_int_equal(next.kind, PART_SNAPSHOT);
    assert_int_equal(exchange_read_snapshot(next.content, kit->public_key, &read, &kit->err),
                     RC_OK);
    assert_int_equal(read.after, 12);
    assert_int_equal(read.first, 1);
    assert_int_equal(read.count, 1);
    assert_true(view_equal(read.manifest, part.manifest));
    assert_int_equal(exchange_read_snapshot(next.content, other, &read, &kit->err), RC_DENIED);
    assert_int_equal(exchange_next(&in, &next, &kit->err), RC_OK);
    assert_int_equal(next.kind, PART_CHUNK);
    assert_int_equal(exchange_read_chunk(next.content, &piece, &kit->err), RC_OK);
    assert_memory_equal(piece.name, chunk.name, 8);
    assert_int_equal(piece.index, 1);
    assert_true(view_equal(piece.bytes, chunk.bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states_come_back_from_a_chunk, start, stop),
        cmocka_unit_test_setup_teardown(lanes_are_shorter_than_rows, start, stop),
        cmocka_unit_test_setup_teardown(entries_come_before_records, start, stop),
        cmocka_unit_test_setup_teardown(a_chunk_of_nothing_is_one, start, stop),
        cmocka_unit_test_setup_teardown(a_damaged_chunk_is_refused_or_harmless, start, stop),
        cmocka_unit_test_setup_teardown(lanes_of_the_chunk_before_are_gone, start, stop),
        cmocka_unit_test_setup_teardown(each_lane_of_the_chunk_before_is_gone, start, stop),
        cmocka_unit_test_setup_teardown(actors_and_numbers_are_told_once, start, stop),
        cmocka_unit_test_setup_teardown(texts_lie_behind_their_heads, start, stop),
        cmocka_unit_test_setup_teardown(more_actors_than_the_list_holds_come_back, start, stop),
        cmocka_unit_test_setup_teardown(actors_that_are_not_in_the_list_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_not_put_into_a_chunk, start, stop),
        cmocka_unit_test_setup_teardown(a_manifest_names_its_chunks, start, stop),
        cmocka_unit_test_setup_teardown(parts_come_back, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
