/* doubt.c: records of which the list may show what they do not say any more.
 *
 * A summary is made where a record's view changes. Some changes reach a record without passing
 * there: own changes that the law has erased, that got a copy's name, or that went with the key of
 * an area while the record stands under another. Such a record is doubted in the same transaction;
 * its summaries are made again at its end, or as soon as somebody unlocks who holds all their keys.
 */
#include "agent/store/inside.h"

static enum rc run_with(struct tablet *tablet, enum sql sql, int64_t first, int64_t last,
                        struct err *err) {
    struct statement *put = tablet->sql[sql];

    if (sql != SQL_DOUBT_ALL)
        statement_bind_i64(put, 1, first);
    if (sql == SQL_DOUBT_RANGE)
        statement_bind_i64(put, 2, last);
    tablet->doubted = true;
    return statement_run(put, err);
}

enum rc doubt_record(struct tablet *tablet, uint64_t record, struct err *err) {
    return run_with(tablet, SQL_DOUBT_PUT, (int64_t)record, 0, err);
}

enum rc doubt_key(struct tablet *tablet, uint64_t key, struct err *err) {
    return run_with(tablet, SQL_DOUBT_KEY, (int64_t)key, 0, err);
}

enum rc doubt_own(struct tablet *tablet, uint32_t serial, uint64_t first, uint64_t last,
                  struct err *err) {
    return run_with(tablet, SQL_DOUBT_RANGE, change_row(serial, first), change_row(serial, last),
                    err);
}

enum rc doubt_all(struct tablet *tablet, struct err *err) {
    return run_with(tablet, SQL_DOUBT_ALL, 0, 0, err);
}

/* Whether every key that the record is listed under is open. */
static enum rc all_open(struct tablet *tablet, uint64_t record, bool *out, struct err *err) {
    struct statement *keys = tablet->sql[SQL_SUMMARY_KEYS];
    enum rc rc;

    *out = true;
    statement_bind_i64(keys, 1, (int64_t)record);
    while ((rc = statement_step(keys, err)) == RC_OK)
        *out = *out && area_key_open(tablet, NULL, (uint64_t)statement_i64(keys, 0)) != NULL;
    statement_reset(keys);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* A record that cannot be read stays in doubt: `verify` tells of it, and nothing waits for it. */
static enum rc settle_one(struct tablet *tablet, uint64_t record, struct dot id, struct err *err) {
    struct statement *drop = tablet->sql[SQL_DOUBT_DROP];
    bool open = false;
    enum rc rc = all_open(tablet, record, &open, err);

    if (rc != RC_OK || !open)
        return rc;
    arena_reset(&tablet->scratch);
    rc = summary_refresh(tablet, record, id, err);
    if (rc == RC_IO || rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK) {
        err_clear(err);
        return RC_OK;
    }
    statement_bind_i64(drop, 1, (int64_t)record);
    return statement_run(drop, err);
}

enum rc doubt_settle(struct tablet *tablet, struct err *err) {
    struct statement *next = tablet->sql[SQL_DOUBT_NEXT];
    uint64_t record = 0;
    enum rc rc = RC_OK;

    if (!tablet->doubted || tablet->sessions == NULL)
        return RC_OK;
    while (rc == RC_OK) {
        struct dot id;

        statement_bind_i64(next, 1, (int64_t)record);
        rc = statement_one(next, err);
        if (rc != RC_OK)
            break;
        record = (uint64_t)statement_i64(next, 0);
        id = (struct dot){(uint64_t)statement_i64(next, 1), (uint64_t)statement_i64(next, 2)};
        statement_reset(next);
        rc = settle_one(tablet, record, id, err);
    }
    if (rc == RC_NOT_FOUND) {
        tablet->doubted = false;
        rc = RC_OK;
    }
    return rc;
}

enum rc doubt_open(struct tablet *tablet, struct err *err) {
    struct statement *next = tablet->sql[SQL_DOUBT_NEXT];
    enum rc rc;

    statement_bind_i64(next, 1, 0);
    rc = statement_one(next, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    statement_reset(next);
    tablet->doubted = true;
    rc = tablet_begin(tablet, err);
    return rc == RC_OK ? tablet_commit(tablet, err) : rc;
}
