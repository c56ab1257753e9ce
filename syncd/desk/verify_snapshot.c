/* verify_snapshot.c: what new tablets are given in the place of the history: every snapshot is
 * named by what is in it, and no state in it knows more than the record does. */
#include "base/crypt.h"
#include "schema/merge.h"
#include "syncd/desk/verify.h"

#define STATE_ARENA_BYTES (256u * 1024u * 1024u)

struct snapshot_check {
    struct verify *verify;
    struct stored_snapshot *rows; /* in the seat's arena, as their manifests */
    uint32_t count, capacity;
    struct zip_inflater *inflater;
    struct snapshot_lanes *lanes;
    struct arena arena, states; /* of a snapshot, of one state */
    struct buf packed, joined;
    char place[64];
};

static enum rc row_visit(void *context, const struct stored_snapshot *snapshot, struct err *err) {
    struct snapshot_check *check = context;
    struct arena *arena = &check->verify->seat->arena;
    struct stored_snapshot *row;

    if (snapshot->chunk_count == 0)
        return RC_OK;
    row = arena_push(arena, &check->rows, &check->count, &check->capacity, sizeof(*row));
    if (row == NULL)
        return arena_check(arena, "the snapshots", err);
    *row = *snapshot;
    row->manifest = arena_view(arena, snapshot->manifest);
    return arena_check(arena, "the snapshots", err);
}

/* What the state in the snapshot says beyond what the record says would be invented. */
static enum rc check_state(struct snapshot_check *check, struct err *err) {
    struct record old, now, both;
    struct stored_record stored;
    char id[DOT_TEXT_BYTES];
    enum rc rc;

    arena_reset(&check->states);
    rc = record_unpack(buf_view(&check->packed), &check->states, &old, err);
    if (rc == RC_OK)
        rc = store_record(check->verify->seat->ledger->store, old.id, &check->states, &stored, err);
    if (rc == RC_NOT_FOUND) {
        dot_text(old.id, id);
        VERIFY_FOUND(check->verify, "%s: record %s is not there", check->place, id);
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = record_unpack(stored.packed, &check->states, &now, err);
    if (rc == RC_OK)
        rc = merge_join(&now, &old, &check->states, &both, err);
    buf_clear(&check->joined);
    if (rc == RC_OK)
        rc = record_pack(&both, &check->joined, err);
    if (rc == RC_OK && !view_equal(buf_view(&check->joined), stored.packed)) {
        dot_text(old.id, id);
        VERIFY_FOUND(check->verify, "%s: it says more of record %s than the record does",
                     check->place, id);
    }
    return rc;
}

static enum rc check_chunk(struct snapshot_check *check, const struct snapshot *snapshot,
                           const uint8_t name[32], uint32_t index, struct err *err) {
    struct feed_entry entry;
    struct view chunk;
    enum rc rc =
        store_chunk(check->verify->seat->ledger->store, name, index, &check->arena, &chunk, err);

    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_NOT_FOUND, "a piece of it is missing");
    if (rc == RC_OK)
        rc = snapshot_check_chunk(snapshot, index, chunk, err);
    if (rc == RC_OK)
        rc = snapshot_open_chunk(check->lanes, chunk, check->inflater, err);
    while (rc == RC_OK)
        rc = snapshot_next_entry(check->lanes, &entry, err);
    if (rc != RC_NOT_FOUND)
        return rc;
    do {
        err_clear(err);
        buf_clear(&check->packed);
        rc = snapshot_next_record(check->lanes, &check->packed, err);
        if (rc == RC_OK)
            rc = check_state(check, err);
    } while (rc == RC_OK);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc check_snapshot(struct snapshot_check *check, const struct stored_snapshot *row,
                              struct err *err) {
    struct snapshot snapshot;
    uint8_t bytes[32];
    enum rc rc;

    arena_reset(&check->arena);
    snapshot_name(row->manifest, bytes);
    if (memcmp(bytes, row->name, sizeof(bytes)) != 0)
        return err_set(err, RC_CORRUPT, "its name is not that of what is in it");
    rc = snapshot_read(row->manifest, &check->arena, &snapshot, err);
    if (rc == RC_OK)
        rc = store_feed_chain(check->verify->seat->ledger->store, snapshot.area, snapshot.audience,
                              snapshot.position, bytes, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && memcmp(bytes, snapshot.chain, sizeof(bytes)) != 0))
        return err_set(err, RC_CORRUPT, "it is of another history of its feed");
    for (uint32_t i = 0; i < snapshot.chunk_count && rc == RC_OK; i++)
        rc = check_chunk(check, &snapshot, row->name, i, err);
    return rc;
}

enum rc verify_snapshots(struct verify *verify, struct err *err) {
    struct snapshot_check check = {.verify = verify};
    enum rc rc = zip_inflater_new(&check.inflater, err);

    arena_init(&check.arena, STATE_ARENA_BYTES);
    arena_init(&check.states, STATE_ARENA_BYTES);
    buf_init(&check.packed, LIMIT_RECORD_BYTES);
    buf_init(&check.joined, LIMIT_RECORD_BYTES * 2);
    if (rc == RC_OK)
        rc = snapshot_lanes_new(&verify->seat->arena, &check.lanes, err);
    if (rc == RC_OK)
        rc = store_snapshots(verify->seat->ledger->store, 0, row_visit, &check, err);
    for (uint32_t i = 0; i < check.count && rc == RC_OK; i++) {
        char area[AREA_TEXT_BYTES];

        area_text(check.rows[i].area, area);
        snprintf(check.place, sizeof(check.place), "snapshot %s %s %llu", area,
                 audience_name((enum audience)check.rows[i].audience),
                 (unsigned long long)check.rows[i].position);
        verify->snapshots++;
        rc = check_snapshot(&check, &check.rows[i], err);
        if (rc != RC_OK) {
            err_prefix(err, "%s: ", check.place);
            rc = verify_after(verify, rc, err);
        }
    }
    snapshot_lanes_release(check.lanes);
    buf_release(&check.packed);
    buf_release(&check.joined);
    arena_release(&check.states);
    arena_release(&check.arena);
    zip_inflater_free(check.inflater);
    return rc;
}
