/* doubt.c: the one place where a record's summaries are written and removed.
 *
 * A view is made of states, of own changes on top, and of the names that the record and those
 * changes have. Rows of all of them put their record into the table `doubted` when they come,
 * change or go (triggers in tablet_sql.c), whatever it was that changed them; doubt_record and its
 * like do it for what stands in no row. At the end of the transaction each such record is read, and
 * has a summary under each key that it stands under, and under no other.
 *
 * Under a key that is not open now nothing can be written: the record waits in doubt until somebody
 * unlocks who holds all its keys. So it does while the tablet is locked, and so does a record of a
 * form that has not come yet: a stick may bring the one before the other. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "base/planted.h"

static enum rc run_with(struct tablet *tablet, enum sql sql, int64_t first, struct err *err) {
    struct statement *put = tablet->sql[sql];

    statement_bind_i64(put, 1, first);
    return statement_run(put, err);
}

enum rc doubt_record(struct tablet *tablet, uint64_t record, struct err *err) {
    return run_with(tablet, SQL_DOUBT_PUT, (int64_t)record, err);
}

enum rc doubt_own(struct tablet *tablet, uint32_t serial, uint64_t first, uint64_t last,
                  struct err *err) {
    struct statement *put = tablet->sql[SQL_DOUBT_RANGE];

    statement_bind_i64(put, 1, change_row(serial, first));
    statement_bind_i64(put, 2, change_row(serial, last));
    return statement_run(put, err);
}

enum rc doubt_all(struct tablet *tablet, struct err *err) {
    return statement_run(tablet->sql[SQL_DOUBT_ALL], err);
}

enum rc doubt_again(struct tablet *tablet, struct err *err) {
    return statement_run(tablet->sql[SQL_DOUBT_AGAIN], err);
}

/* ---- one summary ---- */

struct doubted {
    uint64_t record;
    struct dot id;
};

/* Notes for index_renew what the record reads as under this key now; empty: it is gone. */
static enum rc touch(struct tablet *tablet, const struct doubted *doubted, uint64_t key,
                     struct view plain, struct err *err) {
    struct touched *touched;
    enum rc rc = array_grow(&tablet->touched, sizeof(*tablet->touched), tablet->touched_count + 1,
                            10000000, "changed records", &tablet->touched_capacity, err);

    if (rc != RC_OK)
        return rc;
    touched = &tablet->touched[tablet->touched_count++];
    *touched = (struct touched){.id = doubted->id, .record = doubted->record, .key = key};
    if (plain.size > 0) {
        touched->plain = arena_view(&tablet->pending_arena, plain);
        rc = arena_check(&tablet->pending_arena, "changed records", err);
    }
    return rc;
}

static enum rc summary_put(struct tablet *tablet, const struct doubted *doubted,
                           const struct open_key *key, uint64_t generation,
                           const struct summary *summary, struct err *err) {
    struct statement *put = tablet->sql[SQL_SUMMARY_PUT];
    struct buf plain;
    enum rc rc;

    buf_init(&plain, 4096);
    summary_encode(summary, &plain);
    rc = buf_check(&plain, "a summary", err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, "summary", doubted->record, generation, buf_view(&plain),
                      &tablet->locked, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, (int64_t)doubted->record);
        statement_bind_i64(put, 2, (int64_t)key->key);
        statement_bind_i64(put, 3, (int64_t)generation);
        statement_bind_blob(put, 4, buf_view(&tablet->locked));
        rc = statement_run(put, err);
    }
    if (rc == RC_OK)
        rc = touch(tablet, doubted, key->key, buf_view(&plain), err);
    crypt_buf_release(&plain);
    return rc;
}

static enum rc summary_drop(struct tablet *tablet, const struct doubted *doubted, uint64_t key,
                            struct err *err) {
    struct statement *drop = tablet->sql[SQL_SUMMARY_DELETE];
    enum rc rc;

    statement_bind_i64(drop, 1, (int64_t)doubted->record);
    statement_bind_i64(drop, 2, (int64_t)key);
    rc = statement_run(drop, err);
    return rc != RC_OK ? rc : touch(tablet, doubted, key, (struct view){0}, err);
}

/* ---- one record ---- */

struct stand { /* a key that a record stands under, or is listed under */
    uint64_t key;
    bool here;
    uint64_t generation; /* of its summary; 0: none */
};

/* In the tablet's scratch memory. */
static enum rc read_stands(struct tablet *tablet, uint64_t record, struct stand **out,
                           uint32_t *count, struct err *err) {
    struct statement *list = tablet->sql[SQL_RECORD_KEYS];
    uint32_t capacity = 0;
    enum rc rc;

    *count = 0;
    statement_bind_i64(list, 1, (int64_t)record);
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct stand *stand = arena_push(&tablet->scratch, out, count, &capacity, sizeof(*stand));

        if (stand == NULL) {
            rc = arena_check(&tablet->scratch, "a record", err);
            break;
        }
        *stand = (struct stand){.key = (uint64_t)statement_i64(list, 0),
                                .here = statement_i64(list, 1) != 0,
                                .generation = (uint64_t)statement_i64(list, 2)};
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static uint32_t conflicts_before(const struct tablet *tablet, struct dot id) {
    uint32_t conflicts = 0;

    for (const struct session *session = tablet->sessions; session != NULL;
         session = session->next) {
        const struct index_entry *entry = index_get(&session->index, id);

        if (entry != NULL && entry->summary.conflicts > conflicts)
            conflicts = entry->summary.conflicts;
    }
    return conflicts;
}

static bool lacks_form(struct tablet *tablet, const struct record *view) {
    for (uint32_t i = 0; i < view->version_count; i++) {
        uint64_t form = view->absorbed[view->versions[i].change].form;

        if (view->versions[i].replaced_count == 0 && form != 0 &&
            tablet_form_lookup(tablet, form) == NULL)
            return true;
    }
    return false;
}

/* *all: every key that the record stands under, or is listed under, is open, and every form that
 * its answers were given by is here. */
static enum rc make_again(struct tablet *tablet, const struct doubted *doubted, bool *all,
                          struct err *err) {
    struct stand *stands = NULL;
    uint32_t count;
    struct record view;
    struct summary summary;
    bool readable;
    enum rc rc = read_stands(tablet, doubted->record, &stands, &count, err);

    *all = true;
    if (rc != RC_OK)
        return rc;
    rc = view_build(tablet, NULL, doubted->record, doubted->id, &tablet->scratch, &view, err);
    readable = rc == RC_OK;
    if (rc == RC_OK)
        rc = view_summary(tablet, &view, &tablet->scratch, &summary, err);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    *all = !readable || !lacks_form(tablet, &view);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        const struct stand *stand = &stands[i];
        const struct open_key *key = area_key_open(tablet, NULL, stand->key);

        if (key == NULL)
            *all = false;
        else if (readable && stand->here)
            rc = summary_put(tablet, doubted, key, stand->generation + 1, &summary, err);
        else if (stand->generation > 0 && !PLANTED(LIST_KEPT))
            rc = summary_drop(tablet, doubted, stand->key, err);
    }
    if (rc == RC_OK && readable && summary.conflicts > 0 &&
        conflicts_before(tablet, doubted->id) == 0)
        tablet->conflicted++;
    return rc;
}

/* A record that cannot be read stays in doubt: `verify` tells of it, and nothing waits for it. */
static enum rc settle_one(struct tablet *tablet, const struct doubted *doubted, struct err *err) {
    bool all = false;
    enum rc rc;

    arena_reset(&tablet->scratch);
    rc = make_again(tablet, doubted, &all, err);
    if (rc == RC_IO || rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK)
        err_clear(err);
    return rc == RC_OK && all ? RC_OK
                              : run_with(tablet, SQL_DOUBT_WAIT, (int64_t)doubted->record, err);
}

/* ---- all of them ---- */

enum rc doubt_settle(struct tablet *tablet, struct err *err) {
    struct statement *next = tablet->sql[SQL_DOUBT_NEXT];
    struct doubted doubted = {.record = 0};
    bool any = false;
    enum rc rc = RC_OK;

    if (tablet->sessions == NULL)
        return RC_OK;
    while (rc == RC_OK) {
        statement_bind_i64(next, 1, (int64_t)doubted.record);
        rc = statement_one(next, err);
        if (rc != RC_OK)
            break;
        doubted = (struct doubted){
            .record = (uint64_t)statement_i64(next, 0),
            .id = {(uint64_t)statement_i64(next, 1), (uint64_t)statement_i64(next, 2)}};
        statement_reset(next);
        any = true;
        rc = settle_one(tablet, &doubted, err);
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    return any ? statement_run(tablet->sql[SQL_DOUBT_DONE], err) : RC_OK;
}

enum rc doubt_open(struct tablet *tablet, struct err *err) {
    struct statement *any = tablet->sql[SQL_DOUBT_ANY];
    enum rc rc = statement_one(any, err);

    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    statement_reset(any);
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = doubt_again(tablet, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}
