/* sqlite_record.c: records, with the lists of their areas, their conflicts and their keys.
 *
 * A new record is one insert. For a known one the row is read first: its revision must be what the
 * delta stands on, and it says what else must be rewritten: places when form name or areas differ,
 * conflicts when it has some (MARK_CONFLICTS), keys by the first 8 bytes of each hash (heads).
 *
 * A place says that the records of one actor in a range of numbers may belong to an area's list. It
 * promises no more than that: who reads the list looks at each record's own areas. So 500 records
 * that come together cost one row and not 500, and nothing is taken away when a record leaves. */
#include "syncd/store/sqlite.h"

enum { HEAD_BYTES = 8 };

struct old_record {
    bool has_row; /* perhaps one without a state, see trail_rest */
    uint64_t revision;
    bool same_places;
    bool same_title;
    int64_t marks;
    uint64_t packed_bytes;
};

/* --- places --- */

static enum rc place_flush(struct sqlite *sqlite, struct place_range *place, struct err *err) {
    struct statement *add = sqlite->sql[SQL_PLACE_ADD];

    if (place->name == 0)
        return RC_OK;
    statement_bind_i64(add, 1, place->name);
    statement_bind_i64(add, 2, bits(place->area));
    statement_bind_i64(add, 3, place->first);
    statement_bind_i64(add, 4, place->last);
    place->name = 0;
    return statement_run(add, err);
}

static enum rc places_flush(struct sqlite *sqlite, struct err *err) {
    enum rc rc = RC_OK;

    for (size_t i = 0; i < PLACES_OPEN && rc == RC_OK; i++)
        rc = place_flush(sqlite, &sqlite->places[i], err);
    return rc;
}

/* Lengthens an open range, or closes the oldest one and opens a new. */
static enum rc place_add(struct sqlite *sqlite, int64_t name, uint64_t area, int64_t id,
                         struct err *err) {
    struct place_range *place = sqlite->places;
    enum rc rc;

    for (size_t i = 0; i < PLACES_OPEN; i++, place++) {
        if (place->name == name && place->area == area &&
            place->first >> LOW_BITS == id >> LOW_BITS && id >= place->first - PLACE_GAP &&
            id <= place->last + PLACE_GAP) {
            place->first = id < place->first ? id : place->first;
            place->last = id > place->last ? id : place->last;
            return RC_OK;
        }
    }
    place = &sqlite->places[sqlite->places_next++ % PLACES_OPEN];
    rc = place_flush(sqlite, place, err);
    *place = (struct place_range){name, area, id, id};
    return rc;
}

static enum rc places_add(struct sqlite *sqlite, const struct stored_record *record, int64_t name,
                          int64_t id, struct err *err) {
    enum rc rc = RC_OK;

    if (record->area_count == 0) /* it stands in the list of area 0 */
        return place_add(sqlite, name, 0, id, err);
    for (uint32_t i = 0; i < record->area_count && rc == RC_OK; i++)
        rc = place_add(sqlite, name, record->areas[i], id, err);
    return rc;
}

/* --- conflicts and keys --- */

static enum rc conflicts_add(struct sqlite *sqlite, const struct stored_conflict *conflicts,
                             uint32_t count, int64_t id, struct err *err) {
    struct statement *add = sqlite->sql[SQL_CONFLICT_ADD];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        const struct stored_conflict *conflict = &conflicts[i];

        statement_bind_i64(add, 1, id);
        statement_bind_i64(add, 2, i);
        statement_bind_i64(add, 3, bits(conflict->area));
        statement_bind_i64(add, 4, conflict->kind);
        statement_bind_i64(add, 5, bits(conflict->instance.dot.actor));
        statement_bind_i64(add, 6, bits(conflict->instance.dot.number));
        statement_bind_i64(add, 7, conflict->instance.ordinal);
        statement_bind_i64(add, 8, conflict->field);
        statement_bind_i64(add, 9, bits(conflict->other.dot.actor));
        statement_bind_i64(add, 10, bits(conflict->other.dot.number));
        statement_bind_i64(add, 11, conflict->other.ordinal);
        statement_bind_i64(add, 12, bits(conflict->other_actor));
        statement_bind_i64(add, 13, bits(conflict->other_number));
        statement_bind_i64(add, 14, conflict->since_ms);
        statement_bind_i64(add, 15, conflict->due_ms);
        rc = statement_run(add, err);
    }
    sqlite->county.counts.conflicts += count;
    return rc;
}

static enum rc keys_add(struct sqlite *sqlite, const struct stored_key *keys, uint32_t count,
                        int64_t id, struct err *err) {
    struct statement *add = sqlite->sql[SQL_KEY_ADD];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        statement_bind_blob(add, 1, view_of(keys[i].hash, sizeof keys[i].hash));
        statement_bind_i64(add, 2, id);
        statement_bind_i64(add, 3, i);
        statement_bind_i64(add, 4, bits(keys[i].instance.dot.actor));
        statement_bind_i64(add, 5, bits(keys[i].instance.dot.number));
        statement_bind_i64(add, 6, keys[i].instance.ordinal);
        rc = statement_run(add, err);
    }
    return rc;
}

static enum rc keys_remove(struct sqlite *sqlite, struct view heads, int64_t id, struct err *err) {
    struct statement *remove = sqlite->sql[SQL_KEY_REMOVE];
    uint8_t low[32];
    uint8_t high[32];
    enum rc rc = RC_OK;

    for (size_t at = 0; at + HEAD_BYTES <= heads.size && rc == RC_OK; at += HEAD_BYTES) {
        memset(low, 0, sizeof low);
        memset(high, 0xff, sizeof high);
        memcpy(low, heads.data + at, HEAD_BYTES);
        memcpy(high, heads.data + at, HEAD_BYTES);
        statement_bind_blob(remove, 1, view_of(low, sizeof low));
        statement_bind_blob(remove, 2, view_of(high, sizeof high));
        statement_bind_i64(remove, 3, id);
        rc = statement_run(remove, err);
    }
    return rc;
}

/* Binds everything but the key; areas, heads and history are in the buffers of sqlite. */
static void record_bind(struct sqlite *sqlite, struct statement *put,
                        const struct stored_record *record, int64_t row, int64_t name,
                        bool has_conflicts) {
    int64_t marks = (record->withdrawn ? MARK_WITHDRAWN : 0) |
                    (has_conflicts ? MARK_CONFLICTS : 0) |
                    ((int64_t)record->sealed_scopes << MARK_SEALED_SHIFT);

    statement_bind_i64(put, 1, row);
    statement_bind_i64(put, 2, bits(record->revision + 1));
    statement_bind_i64(put, 3, name);
    statement_bind_i64(put, 4, bits(record->form));
    statement_bind_i64(put, 5, record->audience);
    statement_bind_i64(put, 6, record->created_ms);
    statement_bind_i64(put, 7, record->changed_ms);
    statement_bind_i64(put, 8, marks);
    statement_bind_blob(put, 9, buf_view(&sqlite->areas));
    statement_bind_text(put, 10, record->title);
    if (sqlite->heads.size > 0) {
        statement_bind_blob(put, 11, buf_view(&sqlite->heads));
    }
    if (sqlite->history.size > 0) {
        statement_bind_blob(put, 12, buf_view(&sqlite->history));
    }
    statement_bind_blob(put, 13, record->packed);
}

/* Reads the row and takes away its conflicts and keys. Its history goes into sqlite->history. */
static enum rc record_old(struct sqlite *sqlite, const struct stored_record *record, int64_t id,
                          int64_t at, int64_t name, struct old_record *out, struct err *err) {
    struct statement *row = sqlite->sql[SQL_RECORD_OLD];
    struct statement *remove = sqlite->sql[SQL_CONFLICT_REMOVE];
    enum rc rc;

    statement_bind_i64(row, 1, at);
    rc = statement_one(row, err);
    if (rc != RC_OK) {
        return rc;
    }
    *out = (struct old_record){
        .has_row = true,
        .revision = column_bits(row, 0),
        .same_places = statement_i64(row, 1) == name &&
                       view_equal(statement_blob(row, 3), buf_view(&sqlite->areas)),
        .marks = statement_i64(row, 2),
        .packed_bytes = column_bits(row, 6),
        .same_title = view_equal(statement_text(row, 7), record->title),
    };
    buf_add_view(&sqlite->history, statement_blob(row, 5));
    rc = keys_remove(sqlite, statement_blob(row, 4), id, err);
    statement_reset(row);
    if (rc == RC_OK && (out->marks & MARK_CONFLICTS) != 0) {
        statement_bind_i64(remove, 1, id);
        rc = statement_run(remove, err);
        sqlite->county.counts.conflicts -= (uint64_t)db_changes(sqlite->db);
    }
    return rc;
}

static enum rc record_write(struct sqlite *sqlite, const struct stored_record *record, int64_t id,
                            int64_t name, bool has_conflicts, const struct stored_listed *listed,
                            struct err *err) {
    struct store_counts *counts = &sqlite->county.counts;
    struct statement *put = sqlite->sql[SQL_RECORD_ADD];
    struct old_record old = {0};
    int64_t row = 0;
    enum rc rc = shelf_put(sqlite, id, &row, err);

    if (rc == RC_OK &&
        record->revision == 0) { /* nearly always there is no row, so do not look first */
        trails_take(sqlite, id, &sqlite->history);
        rc = buf_check(&sqlite->history, "a record's history", err);
        if (rc == RC_OK) {
            record_bind(sqlite, put, record, row, name, has_conflicts);
            rc = statement_run(put, err);
        }
        old.has_row = db_changes(sqlite->db) == 0;
    }
    if (rc == RC_OK && (record->revision != 0 || old.has_row)) {
        rc = record_old(sqlite, record, id, row, name, &old, err);
        if (rc == RC_NOT_FOUND) {
            rc = RC_OK;
        }
        if (rc == RC_OK && old.revision != record->revision) {
            return err_set(err, RC_CONFLICT, "store: record is at revision %llu and not %llu",
                           (unsigned long long)old.revision, (unsigned long long)record->revision);
        }
        if (rc == RC_OK) {
            put = sqlite->sql[SQL_RECORD_PUT];
            trails_take(sqlite, id, &sqlite->history);
            rc = buf_check(&sqlite->history, "a record's history", err);
        }
        if (rc == RC_OK) {
            record_bind(sqlite, put, record, row, name, has_conflicts);
            rc = statement_run(put, err);
        }
    }
    if (rc == RC_OK && !old.same_places) {
        rc = places_add(sqlite, record, name, id, err);
    }
    if (rc == RC_OK) {
        struct line_of about = {id, row, name, has_conflicts, old.same_title};

        rc = line_put(sqlite, record, &about, listed, err);
    }
    counts->records += record->revision == 0;
    counts->bytes_states += record->packed.size - old.packed_bytes;
    return rc;
}

enum rc records_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    uint32_t conflict = 0;
    uint32_t key = 0;
    uint32_t listed = 0;
    enum rc rc = RC_OK;

    memset(sqlite->places, 0, sizeof sqlite->places);
    for (uint32_t i = 0; i < delta->record_count && rc == RC_OK; i++) {
        const struct stored_record *record = &delta->records[i];
        uint32_t first_conflict = conflict;
        uint32_t first_key = key;
        const struct stored_listed *its = NULL;
        int64_t id = 0;
        int64_t name = 0;

        if (listed < delta->listed_count && dot_equal(delta->listed[listed].record, record->id)) {
            its = &delta->listed[listed++];
        }
        while (conflict < delta->conflict_count &&
               dot_equal(delta->conflicts[conflict].record, record->id)) {
            conflict++;
        }
        buf_clear(&sqlite->heads);
        while (key < delta->key_count && dot_equal(delta->keys[key].record, record->id)) {
            buf_add(&sqlite->heads, delta->keys[key].hash, HEAD_BYTES);
            key++;
        }
        areas_pack(&sqlite->areas, record->areas, record->area_count);
        buf_clear(&sqlite->history);
        rc = dot_put(sqlite, record->id, &id, err);
        if (rc == RC_OK) {
            rc = name_put(sqlite, record->form_name, &name, err);
        }
        if (rc == RC_OK) {
            rc = buf_check(&sqlite->heads, "a record's keys", err);
        }
        if (rc == RC_OK) {
            rc = buf_check(&sqlite->areas, "a record's areas", err);
        }
        if (rc == RC_OK) {
            rc = record_write(sqlite, record, id, name, conflict > first_conflict, its, err);
        }
        if (rc == RC_OK && conflict > first_conflict) {
            rc = conflicts_add(sqlite, &delta->conflicts[first_conflict], conflict - first_conflict,
                               id, err);
        }
        if (rc == RC_OK && key > first_key) {
            rc = keys_add(sqlite, &delta->keys[first_key], key - first_key, id, err);
        }
    }
    if (rc == RC_OK) {
        rc = lines_close(sqlite, delta, listed, err);
    }
    return rc == RC_OK ? places_flush(sqlite, err) : rc;
}

/* --- reading --- */

enum rc record_row(struct statement *row, struct dot id, struct arena *arena,
                   struct stored_record *out, struct err *err) {
    int64_t marks = statement_i64(row, 7);
    enum rc rc;

    *out = (struct stored_record){
        .id = id,
        .revision = column_bits(row, 1),
        .form_name = column_text(row, 2, arena),
        .form = column_bits(row, 3),
        .audience = (uint8_t)statement_i64(row, 4),
        .created_ms = statement_i64(row, 5),
        .changed_ms = statement_i64(row, 6),
        .withdrawn = (marks & MARK_WITHDRAWN) != 0,
        .sealed_scopes = (uint16_t)(marks >> MARK_SEALED_SHIFT),
        .title = column_text(row, 9, arena),
        .packed = column_blob(row, 10, arena),
    };
    rc = areas_unpack(statement_blob(row, 8), arena, &out->areas, &out->area_count, err);
    return rc == RC_OK ? arena_check(arena, "a record", err) : rc;
}

enum rc sqlite_record(struct store *store, struct dot id, struct arena *arena,
                      struct stored_record *out, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *row = sqlite->sql[SQL_RECORD];
    int64_t key = 0;
    enum rc rc = dot_find(sqlite, id, &key, err);

    if (rc == RC_OK) {
        rc = shelf_find(sqlite, key, &key, err);
    }
    if (rc == RC_OK) {
        statement_bind_i64(row, 1, key);
        rc = statement_one(row, err);
    }
    if (rc == RC_OK) {
        rc = record_row(row, id, arena, out, err);
        statement_reset(row);
    }
    return rc;
}
