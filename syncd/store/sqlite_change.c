/* sqlite_change.c: changes that come in, and the history of a record.
 *
 * The history is the record's own dot, where there is such a change, and the dots in its row's
 * history column (varints: prefix and low number), brought into the order of commit when read. So
 * an edit costs no page of its own, because the record's row is written anyway. While a commit
 * goes on, the dots to be added are the trails. */
#include "syncd/store/sqlite.h"

#include "base/list.h"

/* --- writing --- */

static int by_dot(const void *left, const void *right) {
    const struct stored_change *const *a = left;
    const struct stored_change *const *b = right;

    return dot_compare((*a)->dot, (*b)->dot);
}

static int by_record(const void *left, const void *right) {
    const struct trail *a = left;
    const struct trail *b = right;

    return a->record != b->record ? (a->record < b->record ? -1 : 1)
                                  : (a->dot > b->dot) - (a->dot < b->dot);
}

static enum rc trail_add(struct sqlite *sqlite, const struct stored_change *change,
                         struct err *err) {
    struct trail trail;
    enum rc rc = dot_put(sqlite, change->record, &trail.record, err);

    if (rc == RC_OK) {
        rc = dot_put(sqlite, change->dot, &trail.dot, err);
    }
    if (rc == RC_OK) {
        rc = array_grow(&sqlite->trails, sizeof *sqlite->trails, sqlite->trail_count + 1,
                        SIZE_MAX / sizeof *sqlite->trails, "changes", &sqlite->trail_capacity, err);
    }
    if (rc == RC_OK) {
        sqlite->trails[sqlite->trail_count++] = trail;
    }
    return rc;
}

/* The former number of an actor, 0 for a new one. */
static enum rc number_before(struct sqlite *sqlite, uint64_t actor, uint64_t *number,
                             struct err *err) {
    struct stored_actor stored = {0};
    enum rc rc = sqlite_actor(&sqlite->store, actor, &stored, err);

    *number = stored.number;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* changes are sorted by dot. */
static enum rc runs_add(struct sqlite *sqlite, const struct stored_change *const *changes,
                        uint32_t count, uint64_t frame_base, struct err *err) {
    uint64_t before = 0;
    uint32_t in_run = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct dot dot = changes[i]->dot;

        if (i == 0 || changes[i - 1]->dot.actor != dot.actor) {
            rc = number_before(sqlite, dot.actor, &before, err);
        } else {
            before = changes[i - 1]->dot.number;
        }
        if (rc == RC_OK && dot.number <= before) {
            return err_set(err, RC_CONFLICT, "store: change %llu of its actor is there already",
                           (unsigned long long)dot.number);
        }
        if (rc == RC_OK && !dot_equal(changes[i]->record, dot)) {
            rc = trail_add(sqlite, changes[i], err);
        }
        if (rc == RC_OK) {
            sqlite->run[in_run] = *changes[i];
            sqlite->run[in_run++].frame += frame_base;
            if (in_run == RUN_CHANGES || i + 1 == count || changes[i + 1]->dot.actor != dot.actor ||
                changes[i + 1]->dot.number != dot.number + 1 || /* may be filled later */
                changes[i + 1]->dot.number >> LOW_BITS != dot.number >> LOW_BITS) {
                rc = run_add(sqlite, in_run, err);
                in_run = 0;
            }
        }
    }
    return rc;
}

enum rc changes_add(struct sqlite *sqlite, const struct store_delta *delta, uint64_t frame_base,
                    struct err *err) {
    const struct stored_change **sorted;
    bool in_order = true;
    enum rc rc;

    if (delta->change_count == 0) {
        return RC_OK;
    }
    sorted = malloc(delta->change_count * sizeof *sorted);
    if (sorted == NULL) {
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    }
    for (uint32_t i = 0; i < delta->change_count; i++) {
        sorted[i] = &delta->changes[i];
        in_order = in_order && (i == 0 || by_dot(&sorted[i - 1], &sorted[i]) < 0);
    }
    if (!in_order) {
        qsort(sorted, delta->change_count, sizeof *sorted, by_dot);
    }
    rc = runs_add(sqlite, sorted, delta->change_count, frame_base, err);
    free(sorted);
    if (sqlite->trail_count > 1) {
        qsort(sqlite->trails, sqlite->trail_count, sizeof *sqlite->trails, by_record);
    }
    sqlite->county.counts.changes += delta->change_count;
    return rc;
}

/* --- trails --- */

static void trail_pack(struct trail *trail, struct buf *out) {
    buf_add_varint(out, (uint64_t)(trail->dot >> LOW_BITS));
    buf_add_varint(out, (uint64_t)(trail->dot & LOW_MASK));
    trail->dot = 0; /* taken */
}

void trails_take(struct sqlite *sqlite, int64_t record, struct buf *out) {
    size_t low = 0;
    size_t high = sqlite->trail_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sqlite->trails[middle].record < record) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < sqlite->trail_count && sqlite->trails[low].record == record; low++) {
        if (sqlite->trails[low].dot != 0) {
            trail_pack(&sqlite->trails[low], out);
        }
    }
}

/* A change of a record that this delta does not put was kept aside. Its record may not even be
 * there; then a row without a state keeps the place. */
static enum rc trail_rest(struct sqlite *sqlite, int64_t record, struct err *err) {
    struct statement *old = sqlite->sql[SQL_HISTORY];
    struct statement *put = sqlite->sql[SQL_RECORD_HISTORY];
    struct statement *add = sqlite->sql[SQL_RECORD_ADD];
    int64_t at = 0;
    enum rc rc;

    buf_clear(&sqlite->history);
    rc = shelf_put(sqlite, record, &at, err);
    if (rc == RC_OK) {
        statement_bind_i64(old, 1, at);
        rc = statement_one(old, err);
    }
    if (rc == RC_OK) {
        buf_add_view(&sqlite->history, statement_blob(old, 0));
        statement_reset(old);
    } else if (rc == RC_NOT_FOUND) {
        statement_bind_i64(add, 1, at);
        for (int i = 2; i <= 8; i++) {
            statement_bind_i64(add, i, 0);
        }
        statement_bind_blob(add, 9, view_of(NULL, 0));
        statement_bind_text(add, 10, view_of(NULL, 0));
        statement_bind_blob(add, 13, view_of(NULL, 0));
        rc = statement_run(add, err);
    }
    if (rc != RC_OK) {
        return rc;
    }
    trails_take(sqlite, record, &sqlite->history);
    rc = buf_check(&sqlite->history, "a record's history", err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, at);
        statement_bind_blob(put, 2, buf_view(&sqlite->history));
        rc = statement_run(put, err);
    }
    return rc;
}

enum rc trails_rest(struct sqlite *sqlite, struct err *err) {
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sqlite->trail_count && rc == RC_OK; i++) {
        if (sqlite->trails[i].dot != 0) {
            rc = trail_rest(sqlite, sqlite->trails[i].record, err);
        }
    }
    return rc;
}

/* --- reading --- */

struct changes {
    struct stored_change *items;
    size_t count, capacity;
};

static enum rc changes_collect(struct sqlite *sqlite, struct dot dot, struct changes *out,
                               struct err *err) {
    enum rc rc = array_grow(&out->items, sizeof *out->items, out->count + 1,
                            SIZE_MAX / sizeof *out->items, "changes", &out->capacity, err);

    if (rc == RC_OK) {
        rc = change_find(sqlite, dot, &out->items[out->count], err);
        out->count += rc == RC_OK;
    }
    return rc;
}

static enum rc history_collect(struct sqlite *sqlite, struct dot record, struct changes *out,
                               struct err *err) {
    struct statement *row = sqlite->sql[SQL_HISTORY];
    struct reader in;
    int64_t id;
    enum rc rc = changes_collect(sqlite, record, out, err);

    if (rc == RC_OK || rc == RC_NOT_FOUND) {
        rc = dot_find(sqlite, record, &id, err);
    }
    if (rc != RC_OK) {
        return rc;
    }
    if (out->count == 1 && !dot_equal(out->items[0].record, record)) {
        out->count = 0; /* a change of that name, but of another record */
    }
    rc = shelf_find(sqlite, id, &id, err);
    if (rc == RC_OK) {
        statement_bind_i64(row, 1, id);
        rc = statement_one(row, err);
    }
    if (rc != RC_OK) {
        return rc;
    }
    reader_init(&in, statement_blob(row, 0));
    while (rc == RC_OK && read_left(&in) > 0) {
        int64_t prefix = (int64_t)read_varint_max(&in, (uint64_t)PREFIX_MAX);
        int64_t low = (int64_t)read_varint_max(&in, (uint64_t)LOW_MASK);
        struct dot dot;

        rc = dot_of(sqlite, prefix << LOW_BITS | low, &dot, err);
        if (rc == RC_OK) {
            rc = changes_collect(sqlite, dot, out, err);
        }
        if (rc == RC_NOT_FOUND || in.failed) {
            rc = err_set(err, RC_CORRUPT, "store: the history of a record is damaged");
        }
    }
    statement_reset(row);
    return rc;
}

enum rc sqlite_history(struct store *store, struct dot record, store_visit_change *visit,
                       void *context, struct err *err) {
    struct changes changes = {0};
    enum rc rc = history_collect(sqlite_of(store), record, &changes, err);

    if (rc == RC_NOT_FOUND) { /* it has no row, but it may have been created */
        rc = RC_OK;
    }
    if (changes.count > 1) {
        qsort(changes.items, changes.count, sizeof *changes.items, change_order);
    }
    for (size_t i = 0; i < changes.count && rc == RC_OK; i++) {
        rc = visit(context, &changes.items[i], err);
    }
    free(changes.items);
    return rc;
}
