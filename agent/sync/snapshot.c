/* snapshot.c: a feed that begins with the states of its records instead of their history.
 *
 * A chunk is merged as soon as it has come: states are joined with what is here, own changes stay
 * on top until a state contains them, and being interrupted costs nothing, because how far the
 * tablet has come stands in the same transaction. The feed's cursor stays where it was until the
 * last chunk is there; then it stands where the snapshot does, and the entries behind it follow. A
 * snapshot that is older than what the tablet has changes nothing. */
#include "agent/sync/inside.h"

/* ---- beginning ---- */

static bool is_same(const uint8_t name[32], const struct arriving *arriving) {
    return memcmp(name, arriving->name, sizeof(arriving->name)) == 0;
}

/* What lies between our place in a snapshot and what has come. */
static enum rc left_out(const struct apply *apply, struct err *err) {
    return apply->overlaps || apply->may_gap
               ? RC_OK
               : err_set(err, RC_CORRUPT, "the answer leaves out a part of a snapshot; sync again");
}

enum rc snapshot_begin(struct apply *apply, const struct arriving *arriving, struct err *err) {
    struct tablet *tablet = apply->tablet;
    const struct snapshot *snapshot = &arriving->snapshot;
    struct feed_snapshot row;
    struct feed_cursor cursor;
    enum rc rc = tablet_snapshot(tablet, snapshot->area, snapshot->audience, &row, err);

    if (rc == RC_OK)
        rc = tablet_cursor(tablet, snapshot->area, snapshot->audience, &cursor, err);
    if (rc != RC_OK || is_same(row.name, arriving))
        return rc;
    if (apply->overlaps && row.next > 0 && row.position >= snapshot->position)
        return RC_OK; /* a younger one is under way already */
    if (arriving->part.first > 0)
        return left_out(apply, err);
    if (arriving->part.after == 0 && cursor.position > 0 && !apply->overlaps) {
        /* The server does not find our place in this feed. */
        rc = tablet_alarm(tablet, &cursor, err);
        if (rc == RC_OK)
            rc = tablet_delete_cursor(tablet, snapshot->area, snapshot->audience, err);
    }
    memcpy(row.name, arriving->name, sizeof(row.name));
    row.position = snapshot->position;
    row.record_count = snapshot->record_count;
    row.chunk_count = snapshot->chunk_count;
    row.next = 0;
    return rc == RC_OK ? tablet_put_snapshot(tablet, &row, err) : rc;
}

/* ---- a chunk ---- */

static enum rc merge_entries(struct apply *apply, const struct snapshot *snapshot,
                             struct err *err) {
    struct feed_entry entry;
    enum rc rc;

    while ((rc = snapshot_next_entry(apply->lanes, &entry, err)) == RC_OK) {
        entry.area = snapshot->area;
        entry.audience = snapshot->audience;
        rc = apply_content(apply, &entry, err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc merge_records(struct apply *apply, const struct snapshot *snapshot,
                             struct err *err) {
    uint64_t lamport = 0;
    enum rc rc;

    for (;;) {
        struct record entered;

        buf_clear(&apply->scratch);
        rc = snapshot_next_record(apply->lanes, &apply->scratch, err);
        if (rc != RC_OK)
            break;
        arena_reset(&apply->states);
        rc = record_unpack(buf_view(&apply->scratch), &apply->states, &entered, err);
        if (rc == RC_OK)
            rc = apply_state(apply, snapshot->area, &entered, &lamport, err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_NOT_FOUND ? tablet_saw_lamport(apply->tablet, lamport, err) : rc;
}

enum rc snapshot_merge(struct apply *apply, const struct snapshot *snapshot, struct view chunk,
                       struct err *err) {
    enum rc rc = RC_OK;

    if (apply->lanes == NULL)
        rc = snapshot_lanes_new(&apply->lasting, &apply->lanes, err);
    if (rc == RC_OK)
        rc = snapshot_open_chunk(apply->lanes, chunk, apply->inflater, err);
    if (rc == RC_OK)
        rc = merge_entries(apply, snapshot, err);
    return rc == RC_OK ? merge_records(apply, snapshot, err) : rc;
}

/* Nobody here may read this area now: the chunk waits for who may, with what it is a part of. */
static enum rc keep_for_area(struct apply *apply, const struct arriving *arriving,
                             const struct chunk_part *chunk, struct err *err) {
    struct buf parts;
    enum rc rc;

    buf_init(&parts, LIMIT_EXCHANGE_BYTES);
    exchange_start(&parts);
    exchange_add_snapshot(&parts, &arriving->part);
    exchange_add_chunk(&parts, chunk);
    rc = buf_check(&parts, "a piece of a snapshot", err);
    if (rc == RC_OK)
        rc = tablet_inbox_put(apply->tablet, arriving->snapshot.area, NULL, buf_view(&parts), err);
    buf_release(&parts);
    return rc;
}

static enum rc end(struct apply *apply, const struct snapshot *snapshot, struct err *err) {
    struct feed_cursor cursor;
    enum rc rc = tablet_cursor(apply->tablet, snapshot->area, snapshot->audience, &cursor, err);

    cursor.position = snapshot->position;
    memcpy(cursor.chain, snapshot->chain, sizeof(cursor.chain));
    if (rc == RC_OK)
        rc = tablet_put_cursor(apply->tablet, &cursor, err);
    return rc == RC_OK ? tablet_end_snapshot(apply->tablet, snapshot->area, snapshot->audience,
                                             snapshot->position, err)
                       : rc;
}

enum rc snapshot_take(struct apply *apply, const struct arriving *arriving,
                      const struct chunk_part *part, bool *ended, struct err *err) {
    struct tablet *tablet = apply->tablet;
    const struct snapshot *snapshot = &arriving->snapshot;
    struct feed_snapshot row;
    struct feed_cursor cursor;
    enum rc rc = tablet_snapshot(tablet, snapshot->area, snapshot->audience, &row, err);

    *ended = false;
    if (rc == RC_OK)
        rc = tablet_cursor(tablet, snapshot->area, snapshot->audience, &cursor, err);
    if (rc != RC_OK)
        return rc;
    if (cursor.position >= snapshot->position) /* the feed has come further */
        return tablet_end_snapshot(tablet, snapshot->area, snapshot->audience, cursor.position,
                                   err);
    if (!is_same(row.name, arriving) || part->index > row.next) {
        apply->gaps++;
        return left_out(apply, err);
    }
    if (part->index < row.next)
        return RC_OK;
    rc = snapshot_check_chunk(snapshot, part->index, part->bytes, err);
    if (rc == RC_OK)
        rc = tablet_reads(tablet, snapshot->area)
                 ? snapshot_merge(apply, snapshot, part->bytes, err)
                 : keep_for_area(apply, arriving, part, err);
    if (rc != RC_OK)
        return rc;
    row.next++;
    *ended = row.next == row.chunk_count;
    return *ended ? end(apply, snapshot, err) : tablet_put_snapshot(tablet, &row, err);
}

/* ---- while locked, and for the next request ---- */

enum rc snapshot_wait(struct tablet *tablet, const struct arriving *arriving, bool *moved,
                      struct err *err) {
    uint32_t end = arriving->part.first + arriving->part.count;
    struct feed_snapshot row;
    enum rc rc =
        tablet_snapshot(tablet, arriving->snapshot.area, arriving->snapshot.audience, &row, err);

    if (rc != RC_OK || (is_same(row.ahead_name, arriving) && row.ahead_next >= end))
        return rc;
    *moved = true;
    memcpy(row.ahead_name, arriving->name, sizeof(row.ahead_name));
    row.ahead_next = end;
    return tablet_put_snapshot(tablet, &row, err);
}

enum rc snapshot_wants(struct tablet *tablet, struct arena *arena, struct want **out,
                       uint32_t *count, struct err *err) {
    struct feed_snapshot *rows;
    uint32_t row_count;
    enum rc rc = tablet_snapshots(tablet, arena, &rows, &row_count, err);

    *count = 0;
    if (rc != RC_OK)
        return rc;
    *out = arena_array(arena, row_count, sizeof(**out));
    if (*out == NULL)
        return arena_check(arena, "a request", err);
    for (uint32_t i = 0; i < row_count; i++) {
        bool ahead = tablet_locked(tablet) && rows[i].ahead_next > 0;
        struct want *want = &(*out)[*count];

        want->next = ahead ? rows[i].ahead_next : rows[i].next;
        memcpy(want->name, ahead ? rows[i].ahead_name : rows[i].name, sizeof(want->name));
        *count += want->next > 0;
    }
    return RC_OK;
}
