/* forget.c: own changes whose content the tablet need not hold any longer.
 *
 * A change is forgotten when a backup of the county, one that was read back, has held it for
 * FORGET_DAYS. Until then the tablet is a second place for it. Leaves and chain hashes stay for
 * ever: by them the tablet proves what it has sent, and notices copies of itself. Nothing is
 * forgotten that waits in the county's quarantine, or that no feed has brought back: the tablet's
 * own view still stands on it.
 *
 * Rows do not say when they were saved, because that would lie in clear on the disk. Instead each
 * move of the county's backup leaves a mark: the number it reached, and the day. */
#include "agent/store/inside.h"

#include "base/date.h"

/* By the county's clock, as well as it is known: a tablet whose own clock jumps forgets nothing
 * before its time. */
static int64_t county_now(const struct tablet *tablet) {
    return env_wall_ms(tablet->env) + tablet->facts.offset_ms;
}

enum rc tablet_mark(struct tablet *tablet, const struct own_actor *actor, struct err *err) {
    struct statement *put = tablet->sql[SQL_MARK_PUT];

    statement_bind_i64(put, 1, actor->serial);
    statement_bind_i64(put, 2, (int64_t)actor->backed_up);
    statement_bind_i64(put, 3, county_now(tablet));
    return statement_run(put, err);
}

static enum rc forget_up_to(struct tablet *tablet, uint32_t serial, uint64_t number,
                            struct err *err) {
    struct statement *forget = tablet->sql[SQL_CHANGE_FORGET];
    struct statement *rest = tablet->sql[SQL_CHANGE_REST];
    struct statement *drop = tablet->sql[SQL_MARK_DELETE], *again = tablet->sql[SQL_MARK_AGAIN];
    bool all;
    enum rc rc;

    statement_bind_i64(forget, 1, change_row(serial, 1));
    statement_bind_i64(forget, 2, change_row(serial, number));
    rc = statement_run(forget, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(rest, 1, change_row(serial, 1));
    statement_bind_i64(rest, 2, change_row(serial, number));
    rc = statement_one(rest, err);
    if (rc == RC_OK)
        statement_reset(rest);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    all = rc == RC_NOT_FOUND;
    statement_bind_i64(drop, 1, serial);
    statement_bind_i64(drop, 2, (int64_t)(all ? number + 1 : number));
    rc = statement_run(drop, err);
    if (rc != RC_OK || all)
        return rc;
    /* Some of them wait for something: looked at again tomorrow, not at every sync. */
    statement_bind_i64(again, 1, serial);
    statement_bind_i64(again, 2, (int64_t)number);
    statement_bind_i64(again, 3, county_now(tablet) - (FORGET_DAYS - 1) * MS_PER_DAY);
    return statement_run(again, err);
}

enum rc tablet_forget(struct tablet *tablet, struct err *err) {
    struct statement *due = tablet->sql[SQL_MARK_DUE];
    enum rc rc;

    for (;;) {
        uint32_t serial;
        uint64_t number;

        statement_bind_i64(due, 1, county_now(tablet) - FORGET_DAYS * MS_PER_DAY);
        rc = statement_one(due, err);
        if (rc == RC_NOT_FOUND)
            break;
        if (rc != RC_OK)
            return rc;
        serial = (uint32_t)statement_i64(due, 0);
        number = (uint64_t)statement_i64(due, 1);
        statement_reset(due);
        rc = forget_up_to(tablet, serial, number, err);
        if (rc != RC_OK)
            return rc;
    }
    rc = slices_forget(tablet, err);
    return rc != RC_OK ? rc : blobs_forget(tablet, err);
}
