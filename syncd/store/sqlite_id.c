/* sqlite_id.c: 64-bit names as small integers, and small helpers for columns.
 *
 * Prefixes and form names are only ever added, so a cached pair can only be wrong when the
 * transaction that added it was undone; ids_forget is called then. The caches are direct-mapped:
 * a batch has one actor, and the records that it touches have few. */
#include "syncd/store/sqlite.h"

static uint32_t slot_of_dot(uint64_t actor, uint64_t high) {
    uint64_t mixed = (actor ^ (high * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd);

    return (uint32_t)(mixed >> 32) % PREFIX_SLOTS;
}

static void remember(struct sqlite *sqlite, struct prefix_slot slot) {
    sqlite->by_dot[slot_of_dot(slot.actor, slot.high)] = slot;
    sqlite->by_id[(uint64_t)slot.id % PREFIX_SLOTS] = slot;
}

void ids_forget(struct sqlite *sqlite) {
    memset(sqlite->by_dot, 0, sizeof sqlite->by_dot);
    memset(sqlite->by_id, 0, sizeof sqlite->by_id);
    sqlite->name_id = 0;
    sqlite->seen_shelf = (struct shelf){0};
    lines_forget(sqlite);
}

static enum rc prefix_find(struct sqlite *sqlite, uint64_t actor, uint64_t high, int64_t *id,
                           struct err *err) {
    const struct prefix_slot *slot = &sqlite->by_dot[slot_of_dot(actor, high)];
    struct statement *find = sqlite->sql[SQL_PREFIX_FIND];
    enum rc rc;

    if (slot->id != 0 && slot->actor == actor && slot->high == high) {
        *id = slot->id;
        return RC_OK;
    }
    statement_bind_i64(find, 1, bias(actor));
    statement_bind_i64(find, 2, bits(high));
    rc = statement_one(find, err);
    if (rc == RC_OK) {
        *id = statement_i64(find, 0);
        statement_reset(find);
        remember(sqlite, (struct prefix_slot){*id, actor, high});
    }
    return rc;
}

enum rc dot_find(struct sqlite *sqlite, struct dot dot, int64_t *id, struct err *err) {
    int64_t prefix;
    enum rc rc = prefix_find(sqlite, dot.actor, dot.number >> LOW_BITS, &prefix, err);

    if (rc == RC_OK) {
        *id = (prefix << LOW_BITS) | (bits(dot.number) & LOW_MASK);
    }
    return rc;
}

enum rc dot_put(struct sqlite *sqlite, struct dot dot, int64_t *id, struct err *err) {
    struct statement *add = sqlite->sql[SQL_PREFIX_ADD];
    uint64_t high = dot.number >> LOW_BITS;
    int64_t prefix;
    enum rc rc = prefix_find(sqlite, dot.actor, high, &prefix, err);

    if (rc == RC_NOT_FOUND) {
        statement_bind_i64(add, 1, bias(dot.actor));
        statement_bind_i64(add, 2, bits(high));
        rc = statement_run(add, err);
        prefix = db_last_insert_id(sqlite->db);
        if (rc == RC_OK && prefix > PREFIX_MAX) {
            rc = err_set(err, RC_LIMIT, "store: more than %lld actors", (long long)PREFIX_MAX);
        }
        if (rc == RC_OK) {
            remember(sqlite, (struct prefix_slot){prefix, dot.actor, high});
        }
    }
    if (rc == RC_OK) {
        *id = (prefix << LOW_BITS) | (bits(dot.number) & LOW_MASK);
    }
    return rc;
}

struct dot dot_from(uint64_t actor, uint64_t high, int64_t id) {
    return (struct dot){actor, (high << LOW_BITS) | (uint64_t)(id & LOW_MASK)};
}

enum rc dot_of(struct sqlite *sqlite, int64_t id, struct dot *dot, struct err *err) {
    int64_t prefix = id >> LOW_BITS;
    struct prefix_slot *slot = &sqlite->by_id[(uint64_t)prefix % PREFIX_SLOTS];
    struct statement *find = sqlite->sql[SQL_PREFIX_OF];
    enum rc rc;

    if (slot->id != prefix || prefix == 0) {
        statement_bind_i64(find, 1, prefix);
        rc = statement_one(find, err);
        if (rc == RC_NOT_FOUND) {
            rc = err_set(err, RC_CORRUPT, "store: a row names an actor that is not there");
        }
        if (rc != RC_OK) {
            return rc;
        }
        *slot = (struct prefix_slot){prefix, column_name(find, 0), column_bits(find, 1)};
        statement_reset(find);
    }
    *dot = dot_from(slot->actor, slot->high, id);
    return RC_OK;
}

enum rc name_find(struct sqlite *sqlite, struct view name, int64_t *id, struct err *err) {
    struct statement *find = sqlite->sql[SQL_NAME_FIND];
    enum rc rc;

    if (sqlite->name_id != 0 && view_equal(name, view_of(sqlite->name_text, sqlite->name_bytes))) {
        *id = sqlite->name_id;
        return RC_OK;
    }
    statement_bind_text(find, 1, name);
    rc = statement_one(find, err);
    if (rc == RC_OK) {
        *id = statement_i64(find, 0);
        statement_reset(find);
        if (name.size <= sizeof sqlite->name_text) {
            if (name.size > 0) {
                memcpy(sqlite->name_text, name.data, name.size);
            }
            sqlite->name_bytes = name.size;
            sqlite->name_id = *id;
        }
    }
    return rc;
}

enum rc name_put(struct sqlite *sqlite, struct view name, int64_t *id, struct err *err) {
    struct statement *add = sqlite->sql[SQL_NAME_ADD];
    enum rc rc = name_find(sqlite, name, id, err);

    if (rc == RC_NOT_FOUND) {
        statement_bind_text(add, 1, name);
        rc = statement_run(add, err);
        *id = db_last_insert_id(sqlite->db);
    }
    return rc;
}

/* --- columns --- */

enum rc column_bytes(struct statement *row, int column, uint8_t *out, size_t size,
                     struct err *err) {
    struct view bytes = statement_blob(row, column);

    if (bytes.size != size) {
        return err_set(err, RC_CORRUPT, "store: a key or hash has %zu bytes instead of %zu",
                       bytes.size, size);
    }
    memcpy(out, bytes.data, size);
    return RC_OK;
}

struct view column_blob(struct statement *row, int column, struct arena *arena) {
    struct view bytes = statement_blob(row, column);

    return arena == NULL ? bytes : arena_view(arena, bytes);
}

struct view column_text(struct statement *row, int column, struct arena *arena) {
    struct view text = statement_text(row, column);

    return arena == NULL ? text : arena_view(arena, text);
}

void areas_pack(struct buf *out, const uint64_t *areas, uint32_t count) {
    buf_clear(out);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_varint(out, areas[i]);
    }
}

enum rc areas_unpack(struct view packed, struct arena *arena, uint64_t **areas, uint32_t *count,
                     struct err *err) {
    struct reader in;

    *count = 0;
    *areas = NULL;
    for (size_t i = 0; i < packed.size; i++) {
        *count += packed.data[i] < 0x80; /* the last byte of each */
    }
    if (*count == 0) {
        return RC_OK;
    }
    *areas = arena_array(arena, *count, sizeof **areas);
    if (*areas == NULL) {
        return arena_check(arena, "areas", err);
    }
    reader_init(&in, packed);
    for (uint32_t i = 0; i < *count; i++) {
        (*areas)[i] = read_varint(&in);
    }
    return reader_check(&in, "areas", err);
}
