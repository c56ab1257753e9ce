/* sqlite_list.c: the records of an area; conflicts; keys.
 *
 * A list is wanted in the order of ids. The places in question (sqlite_record.c) are gathered,
 * sorted, and joined where they overlap; then the records in these ranges are walked, and those
 * that do not belong are left out. A village of a county with a million records costs its own size,
 * and so does a page of 50. When there are very many places, all records are walked instead, actor
 * by actor: then nearly all belong. */
#include "syncd/store/sqlite.h"

#include "base/list.h"

enum { GATHER_MAX = 65536 };

struct listed { /* a range of rows of one prefix */
    uint64_t actor, high;
    int64_t first, last;
};

struct listing {
    struct sqlite *sqlite;
    int64_t name; /* 0: all */
    struct area_range range;
    struct dot after;
    store_visit_record *visit;
    void *context;
    struct arena arena; /* of one record */
    struct listed *items;
    size_t count, capacity;
};

/* --- walking ranges --- */

static bool in_range(const struct stored_record *record, struct area_range range) {
    for (uint32_t i = 0; i < record->area_count; i++)
        if (record->areas[i] >= range.low && record->areas[i] <= range.high)
            return true;
    return range.low == 0; /* everywhere: also those without an area */
}

/* RC_OK when all was shown, else what the visitor or an error said. */
static enum rc visit_range(struct listing *list, struct listed range, struct err *err) {
    struct statement *row = list->sqlite->sql[SQL_RECORDS];
    struct dot last = dot_from(range.actor, range.high, range.last);
    int64_t from = range.first;
    bool ended = false;
    enum rc rc;

    if (dot_compare(last, list->after) <= 0)
        return RC_OK;
    if (range.actor == list->after.actor && range.high == list->after.number >> LOW_BITS) {
        int64_t shown = (range.first & ~LOW_MASK) | (bits(list->after.number) & LOW_MASK);

        from = shown >= from ? shown + 1 : from;
    }
    statement_bind_i64(row, 1, from);
    statement_bind_i64(row, 2, range.last);
    statement_bind_i64(row, 3, list->name);
    while ((rc = statement_step(row, err)) == RC_OK) {
        int64_t on_shelf = statement_i64(row, 0) - statement_i64(row, 12);
        struct dot id = dot_from(range.actor, range.high, statement_i64(row, 11) + on_shelf);
        struct stored_record record;

        arena_reset(&list->arena);
        rc = record_row(row, id, &list->arena, &record, err);
        if (rc == RC_OK && in_range(&record, list->range))
            rc = list->visit(list->context, &record, err);
        if (rc != RC_OK) {
            ended = true;
            break;
        }
    }
    statement_reset(row);
    return rc == RC_NOT_FOUND && !ended ? RC_OK : rc;
}

static enum rc visit_all(struct listing *list, struct err *err) {
    struct statement *prefix = list->sqlite->sql[SQL_PREFIXES];
    enum rc rc;

    statement_bind_i64(prefix, 1, bias(list->after.actor));
    statement_bind_i64(prefix, 2, bits(list->after.number >> LOW_BITS));
    while ((rc = statement_step(prefix, err)) == RC_OK) {
        int64_t first = statement_i64(prefix, 0) << LOW_BITS;
        struct listed range = {column_name(prefix, 1), column_bits(prefix, 2), first,
                               first | LOW_MASK};

        rc = visit_range(list, range, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(prefix);
    return rc;
}

/* --- gathering places --- */

static enum rc gather_name(struct listing *list, int64_t name, struct err *err) {
    struct statement *row = list->sqlite->sql[SQL_PLACES];
    enum rc rc;

    statement_bind_i64(row, 1, name);
    statement_bind_i64(row, 2, bits(list->range.low));
    statement_bind_i64(row, 3, bits(list->range.high));
    statement_bind_i64(row, 4, GATHER_MAX + 1 - (int64_t)list->count);
    while ((rc = statement_step(row, err)) == RC_OK) {
        rc = array_grow(&list->items, sizeof *list->items, list->count + 1, GATHER_MAX + 1,
                        "records", &list->capacity, err);
        if (rc != RC_OK)
            break;
        list->items[list->count++] = (struct listed){column_name(row, 2), column_bits(row, 3),
                                                     statement_i64(row, 0), statement_i64(row, 1)};
    }
    statement_reset(row);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc gather(struct listing *list, struct err *err) {
    struct statement *names = list->sqlite->sql[SQL_NAMES];
    enum rc rc;

    statement_bind_i64(names, 1, list->name);
    while ((rc = statement_step(names, err)) == RC_OK && list->count <= GATHER_MAX) {
        rc = gather_name(list, statement_i64(names, 0), err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(names);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static int by_dot(const void *left, const void *right) {
    const struct listed *a = left, *b = right;

    if (a->actor != b->actor)
        return a->actor < b->actor ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

static enum rc visit_gathered(struct listing *list, struct err *err) {
    enum rc rc = RC_OK;

    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_dot);
    for (size_t i = 0; i < list->count && rc == RC_OK;) {
        struct listed range = list->items[i++];

        for (; i < list->count && list->items[i].first >> LOW_BITS == range.first >> LOW_BITS &&
               list->items[i].first <= range.last;
             i++)
            range.last = list->items[i].last > range.last ? list->items[i].last : range.last;
        rc = visit_range(list, range, err);
    }
    return rc;
}

enum rc sqlite_list(struct store *store, struct view form_name, uint64_t area, struct dot after,
                    store_visit_record *visit, void *context, struct err *err) {
    struct listing list = {
        .sqlite = sqlite_of(store),
        .range = area_range_of(area),
        .after = after,
        .visit = visit,
        .context = context,
    };
    bool all = form_name.size == 0 && area == 0;
    enum rc rc = RC_OK;

    arena_init(&list.arena, WALK_BYTES);
    if (form_name.size > 0)
        rc = name_find(list.sqlite, form_name, &list.name, err);
    if (rc == RC_OK && !all)
        rc = gather(&list, err);
    if (rc == RC_OK)
        rc = all || list.count > GATHER_MAX ? visit_all(&list, err) : visit_gathered(&list, err);
    free(list.items);
    arena_release(&list.arena);
    return rc;
}

/* --- conflicts and keys --- */

/* The columns of the table come first. */
static struct stored_conflict conflict_row(struct statement *row, struct dot record) {
    return (struct stored_conflict){
        .record = record,
        .area = column_bits(row, 2),
        .kind = (uint8_t)statement_i64(row, 3),
        .instance = {{column_bits(row, 4), column_bits(row, 5)}, (uint32_t)statement_i64(row, 6)},
        .field = (uint16_t)statement_i64(row, 7),
        .other = {{column_bits(row, 8), column_bits(row, 9)}, (uint32_t)statement_i64(row, 10)},
        .other_actor = column_bits(row, 11),
        .other_number = column_bits(row, 12),
        .since_ms = statement_i64(row, 13),
        .due_ms = statement_i64(row, 14),
    };
}

enum rc sqlite_conflict_times(struct store *store, uint64_t area, store_visit_conflict_time *visit,
                              void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_CONFLICT_TIMES];
    struct area_range range = area_range_of(area);
    enum rc rc;

    statement_bind_i64(row, 1, bits(range.low));
    statement_bind_i64(row, 2, bits(range.high));
    while ((rc = statement_step(row, err)) == RC_OK) {
        rc = visit(context, statement_i64(row, 0), statement_i64(row, 1), err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(row);
    return rc;
}

/* Rows with the name of their record behind the columns of the table. */
static enum rc visit_named(struct statement *row, store_visit_conflict *visit, void *context,
                           struct err *err) {
    enum rc rc;

    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_conflict conflict = conflict_row(
            row, dot_from(column_name(row, 15), column_bits(row, 16), statement_i64(row, 0)));

        rc = visit(context, &conflict, err);
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}

enum rc sqlite_conflicts(struct store *store, uint64_t area, int64_t from_due_ms,
                         store_visit_conflict *visit, void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_CONFLICTS];
    struct area_range range = area_range_of(area);

    statement_bind_i64(row, 1, bits(range.low));
    statement_bind_i64(row, 2, bits(range.high));
    statement_bind_i64(row, 3, from_due_ms);
    return visit_named(row, visit, context, err);
}

enum rc sqlite_proposals(struct store *store, struct dot other, store_visit_conflict *visit,
                         void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_PROPOSALS];

    statement_bind_i64(row, 1, bits(other.actor));
    statement_bind_i64(row, 2, bits(other.number));
    return visit_named(row, visit, context, err);
}

enum rc sqlite_record_conflicts(struct store *store, struct dot record, store_visit_conflict *visit,
                                void *context, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *row = sqlite->sql[SQL_RECORD_CONFLICTS];
    int64_t id = 0;
    enum rc rc = dot_find(sqlite, record, &id, err);

    if (rc != RC_OK) {
        return rc;
    }
    statement_bind_i64(row, 1, id);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_conflict conflict = conflict_row(row, record);

        rc = visit(context, &conflict, err);
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}

enum rc sqlite_keys(struct store *store, const uint8_t *hash, store_visit_key *visit, void *context,
                    struct err *err) {
    struct statement *row = sqlite_of(store)->sql[hash == NULL ? SQL_KEYS_ALL : SQL_KEYS];
    enum rc rc;

    if (hash != NULL) {
        statement_bind_blob(row, 1, view_of(hash, 32));
    }
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_key key = {
            .record = dot_from(column_name(row, 6), column_bits(row, 7), statement_i64(row, 1)),
            .instance = {{column_bits(row, 3), column_bits(row, 4)},
                         (uint32_t)statement_i64(row, 5)},
        };

        rc = column_bytes(row, 0, key.hash, sizeof key.hash, err);
        if (rc == RC_OK) {
            rc = visit(context, &key, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}
