/* reason.c: why somebody has decided, amended, moved: what changes give as their reason.
 *
 * A state holds who changed what, not why, so the reason is kept beside it, as the change came in a
 * feed: one row for each change and key, sealed as the state is, by the key of the area through
 * which it came. Own changes that no feed has brought back yet tell it themselves. What was changed
 * before the snapshot with which a tablet began has its reason in the county only.
 *
 * A row goes with its key, with the record once the feeds are at their ends, and with an erasure by
 * law that names the change: people repeat answers in reasons. Its name stands sealed beside the
 * text, so that a row that was put in another one's place is not read. */
#include "agent/store/inside.h"

#include "base/list.h"
#include "schema/erasure.h"

#include <stdlib.h>

#define TABLE "reason"

enum rc tablet_put_reason(struct tablet *tablet, uint64_t area, const struct change *change,
                          struct err *err) {
    struct statement *put = tablet->sql[SQL_REASON_PUT];
    const struct area_key *of = area_key_of(tablet, area);
    const struct open_key *key = of == NULL ? NULL : area_key_open(tablet, NULL, of->key);
    uint64_t record;
    enum rc rc;

    if (change->reason.size == 0 || change->insane)
        return RC_OK;
    if (key == NULL)
        return err_set(err, RC_LOCKED, "nobody who holds the key of this area has unlocked");
    rc = record_number(tablet, change->record, true, &record, err);
    if (rc != RC_OK)
        return rc;
    buf_clear(&tablet->plain);
    buf_add_id(&tablet->plain, change->dot.actor);
    buf_add_view(&tablet->plain, change->reason);
    rc = buf_check(&tablet->plain, "a reason", err);
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, TABLE, record, change->dot.number, buf_view(&tablet->plain),
                      &tablet->locked, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(put, 1, (int64_t)record);
    statement_bind_i64(put, 2, (int64_t)change->dot.actor);
    statement_bind_i64(put, 3, (int64_t)change->dot.number);
    statement_bind_i64(put, 4, (int64_t)key->key);
    statement_bind_blob(put, 5, buf_view(&tablet->locked));
    return statement_run(put, err);
}

enum rc reasons_erased(struct tablet *tablet, uint64_t record, const struct record *state,
                       struct err *err) {
    struct statement *drop = tablet->sql[SQL_REASON_DROP];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < state->erasure_count && rc == RC_OK; i++) {
        struct erasure erasure;

        arena_reset(&tablet->scratch);
        rc = erasure_decode(state->erasures[i], &tablet->scratch, &erasure, err);
        for (uint32_t k = 0; rc == RC_OK && k < erasure.dot_count; k++) {
            statement_bind_i64(drop, 1, (int64_t)record);
            statement_bind_i64(drop, 2, (int64_t)erasure.dots[k].actor);
            statement_bind_i64(drop, 3, (int64_t)erasure.dots[k].number);
            rc = statement_run(drop, err);
        }
    }
    return rc;
}

/* ---- reading ---- */

/* *out: the text, in tablet->plain. RC_CORRUPT: it is not what was written there. */
static enum rc open_row(struct tablet *tablet, struct statement *row, const struct open_key *key,
                        uint64_t record, struct dot *dot, struct view *out, struct err *err) {
    struct reader in;
    enum rc rc;

    *dot = (struct dot){(uint64_t)statement_i64(row, 0), (uint64_t)statement_i64(row, 1)};
    buf_clear(&tablet->plain);
    rc = row_unlock(key, TABLE, record, dot->number, statement_blob(row, 3), &tablet->plain, err);
    if (rc != RC_OK)
        return rc;
    reader_init(&in, buf_view(&tablet->plain));
    if (read_id(&in) != dot->actor)
        return err_set(err, RC_CORRUPT, "the reason of a change is that of another one");
    *out = read_bytes(&in, read_left(&in));
    return reader_check(&in, "a reason", err);
}

struct found {
    struct arena *arena;
    struct reason *list;
    uint32_t count, capacity;
};

static void add(struct found *found, struct dot dot, struct view text) {
    struct reason *one =
        arena_push(found->arena, &found->list, &found->count, &found->capacity, sizeof(*one));

    if (one != NULL)
        *one = (struct reason){dot, arena_view(found->arena, text)};
}

/* What the disk has spoilt is not told here; verify names it. */
static enum rc add_kept(struct session *session, uint64_t record, struct found *found,
                        struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *list = tablet->sql[SQL_REASON_LIST];
    enum rc rc;

    statement_bind_i64(list, 1, (int64_t)record);
    while ((rc = statement_step(list, err)) == RC_OK) {
        const struct open_key *key =
            area_key_open(tablet, session, (uint64_t)statement_i64(list, 2));
        struct view text;
        struct dot dot;

        if (key == NULL)
            continue;
        rc = open_row(tablet, list, key, record, &dot, &text, err);
        if (rc == RC_OK)
            add(found, dot, text);
        else if (rc != RC_CORRUPT)
            break;
        err_clear(err);
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc add_own(struct session *session, uint64_t record, struct found *found,
                       struct err *err) {
    struct tablet *tablet = session->tablet;
    struct statement *overlay = tablet->sql[SQL_CHANGE_OVERLAY];
    enum rc rc;

    statement_bind_i64(overlay, 1, (int64_t)record);
    while ((rc = statement_step(overlay, err)) == RC_OK) {
        uint64_t row = (uint64_t)statement_i64(overlay, 0);
        const struct open_key *key =
            area_key_open(tablet, session, (uint64_t)statement_i64(overlay, 1));
        struct own_scope scope;
        struct view canonical;
        struct change change;
        bool damaged;

        if (key == NULL)
            continue;
        rc = own_change_open(tablet, key, row, statement_blob(overlay, 2), &scope, &canonical,
                             &damaged, err);
        if (rc == RC_OK && damaged)
            continue;
        if (rc == RC_OK)
            rc = change_decode(canonical, found->arena, &change, err);
        if (rc == RC_OK)
            rc = own_change_rename(tablet, (uint32_t)(row >> CHANGE_NUMBER_BITS), &change,
                                   found->arena, err);
        if (rc != RC_OK)
            break;
        if (change.reason.size > 0)
            add(found, change.dot, change.reason);
    }
    statement_reset(overlay);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static int by_dot(const void *left, const void *right) {
    return dot_compare(((const struct reason *)left)->dot, ((const struct reason *)right)->dot);
}

enum rc session_reasons(struct session *session, struct dot id, struct arena *arena,
                        struct reason **out, uint32_t *count, struct err *err) {
    struct found found = {.arena = arena};
    uint64_t record;
    enum rc rc = tablet_regain(session->tablet, err);

    *out = NULL;
    *count = 0;
    if (rc == RC_OK)
        rc = record_number(session->tablet, id, false, &record, err);
    if (rc == RC_OK)
        rc = add_kept(session, record, &found, err);
    if (rc == RC_OK)
        rc = add_own(session, record, &found, err);
    if (rc == RC_OK)
        rc = arena_check(arena, "the reasons", err);
    if (rc != RC_OK)
        return rc;
    if (found.count > 1)
        qsort(found.list, found.count, sizeof(*found.list), by_dot);
    *out = found.list;
    *count = found.count;
    return RC_OK;
}

struct view reason_of(const struct reason *list, uint32_t count, struct dot dot) {
    const struct reason key = {.dot = dot};
    const struct reason *one =
        count == 0 ? NULL : bsearch(&key, list, count, sizeof(*list), by_dot);

    return one == NULL ? (struct view){0} : one->text;
}

enum rc reasons_check(struct tablet *tablet, uint64_t record, bool *whole, struct err *err) {
    struct statement *list = tablet->sql[SQL_REASON_LIST];
    enum rc rc;

    *whole = true;
    statement_bind_i64(list, 1, (int64_t)record);
    while ((rc = statement_step(list, err)) == RC_OK) {
        const struct open_key *key = area_key_open(tablet, NULL, (uint64_t)statement_i64(list, 2));
        struct view text;
        struct dot dot;

        if (key == NULL)
            continue;
        rc = open_row(tablet, list, key, record, &dot, &text, err);
        if (rc != RC_OK && rc != RC_CORRUPT)
            break;
        *whole = *whole && rc == RC_OK;
        err_clear(err);
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}
