/* sqlite_snapshot.c: snapshots of feeds, and how much a feed weighs. A snapshot's chunks are rows
 * of their own, side by side, so that one can be served without touching the others. */
#include "syncd/store/sqlite.h"

#define CHUNK_BITS 13 /* LIMIT_SNAPSHOT_CHUNKS of them */

/* 0: there is none of this name. */
static enum rc find(struct sqlite *sqlite, const uint8_t name[32], int64_t *id, struct err *err) {
    struct statement *row = sqlite->sql[SQL_SNAPSHOT_FIND];
    enum rc rc;

    *id = 0;
    statement_bind_blob(row, 1, view_of(name, 32));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        *id = statement_i64(row, 0);
        statement_reset(row);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc drop(struct sqlite *sqlite, const uint8_t name[32], struct err *err) {
    struct statement *remove = sqlite->sql[SQL_SNAPSHOT_REMOVE];
    struct statement *chunks = sqlite->sql[SQL_CHUNK_REMOVE];
    int64_t id;
    enum rc rc = find(sqlite, name, &id, err);

    if (rc != RC_OK || id == 0) {
        return rc;
    }
    statement_bind_i64(remove, 1, id);
    rc = statement_run(remove, err);
    if (rc == RC_OK) {
        statement_bind_i64(chunks, 1, id << CHUNK_BITS);
        statement_bind_i64(chunks, 2, ((id + 1) << CHUNK_BITS) - 1);
        rc = statement_run(chunks, err);
    }
    return rc;
}

/* at: where its chunks begin. */
static enum rc add(struct sqlite *sqlite, const struct store_delta *delta, uint32_t index,
                   uint32_t at, struct err *err) {
    const struct stored_snapshot *snapshot = &delta->snapshots[index];
    struct statement *add = sqlite->sql[SQL_SNAPSHOT_ADD];
    struct statement *piece = sqlite->sql[SQL_CHUNK_ADD];
    int64_t id;
    enum rc rc = find(sqlite, snapshot->name, &id, err);

    if (rc != RC_OK || id != 0) {
        return rc;
    }
    statement_bind_blob(add, 1, view_of(snapshot->name, sizeof snapshot->name));
    statement_bind_i64(add, 2, bits(snapshot->area));
    statement_bind_i64(add, 3, snapshot->audience);
    statement_bind_i64(add, 4, bits(snapshot->position));
    statement_bind_i64(add, 5, snapshot->record_count);
    statement_bind_i64(add, 6, snapshot->chunk_count);
    statement_bind_i64(add, 7, bits(snapshot->bytes));
    statement_bind_i64(add, 8, snapshot->made_ms);
    statement_bind_blob(add, 9, snapshot->manifest);
    rc = statement_run(add, err);
    id = db_last_insert_id(sqlite->db);
    for (uint32_t i = 0; i < snapshot->chunk_count && rc == RC_OK; i++) {
        statement_bind_i64(piece, 1, id << CHUNK_BITS | (int64_t)i);
        statement_bind_blob(piece, 2, delta->chunks[at + i].bytes);
        rc = statement_run(piece, err);
    }
    return rc;
}

enum rc snapshots_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    uint32_t chunk = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->dropped_count && rc == RC_OK; i++) {
        rc = drop(sqlite, delta->dropped[i].name, err);
    }
    for (uint32_t i = 0; i < delta->snapshot_count && rc == RC_OK; i++) {
        rc = add(sqlite, delta, i, chunk, err);
        chunk += delta->snapshots[i].chunk_count;
    }
    return rc;
}

enum rc sqlite_feed_weight(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                           uint64_t actor, struct feed_weight *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FEED_WEIGHT];
    int64_t low, high;
    enum rc rc = entries_range(sqlite_of(store), area, audience, after, &low, &high, err);

    *out = (struct feed_weight){0};
    if (rc != RC_OK || low > high) {
        return rc;
    }
    statement_bind_i64(row, 1, low);
    statement_bind_i64(row, 2, high);
    statement_bind_i64(row, 3, bias(actor));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        *out = (struct feed_weight){column_bits(row, 0), column_bits(row, 1)};
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_chunk(struct store *store, const uint8_t *name, uint32_t index, struct arena *arena,
                     struct view *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_CHUNK];
    enum rc rc;

    if (index >= 1u << CHUNK_BITS) {
        return RC_NOT_FOUND;
    }
    statement_bind_blob(row, 1, view_of(name, 32));
    statement_bind_i64(row, 2, index);
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        *out = column_blob(row, 0, arena);
        statement_reset(row);
        rc = arena_check(arena, "a chunk", err);
    }
    return rc;
}

enum rc sqlite_snapshots(struct store *store, uint64_t area, store_visit_snapshot *visit,
                         void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_SNAPSHOTS];
    enum rc rc;

    statement_bind_i64(row, 1, bits(area));
    statement_bind_i64(row, 2, bits(area == 0 ? AREA_CODE_MAX : area));
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_snapshot snapshot = {
            .area = column_bits(row, 1),
            .audience = (uint8_t)statement_i64(row, 2),
            .position = column_bits(row, 3),
            .record_count = (uint32_t)statement_i64(row, 4),
            .chunk_count = (uint32_t)statement_i64(row, 5),
            .bytes = column_bits(row, 6),
            .made_ms = statement_i64(row, 7),
            .manifest = statement_blob(row, 8),
        };

        rc = column_bytes(row, 0, snapshot.name, sizeof snapshot.name, err);
        if (rc == RC_OK) {
            rc = visit(context, &snapshot, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}
