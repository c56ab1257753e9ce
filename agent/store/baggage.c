/* baggage.c: batches of other tablets, carried to the county. This tablet can neither read nor
 * apply them; it keeps the bytes until the county has receipted them.
 *
 * Whatever comes on a stick may be rubbish. So baggage that the county refuses does not stand in
 * the way: it waits for an hour, and is dropped when it was refused several times. */
#include "agent/store/inside.h"

#include "base/date.h"

#define HELD_MS MS_PER_HOUR

static void bind_due(struct statement *statement, struct tablet *tablet, bool due) {
    int64_t now = env_wall_ms(tablet->env);

    /* The clock may have been set back since: what was held in the future is due, too. */
    statement_bind_i64(statement, 1, due ? now : -1);
    statement_bind_i64(statement, 2, due ? now - HELD_MS : INT64_MAX);
}

enum rc tablet_baggage_count(struct tablet *tablet, uint64_t *batches, uint64_t *bytes, bool *due,
                             struct err *err) {
    struct statement *count = tablet->sql[SQL_BAGGAGE_COUNT];
    enum rc rc;

    *batches = *bytes = 0;
    *due = false;
    bind_due(count, tablet, true);
    rc = statement_one(count, err);
    if (rc != RC_OK)
        return rc;
    *batches = (uint64_t)statement_i64(count, 0);
    *bytes = (uint64_t)statement_i64(count, 1);
    *due = statement_i64(count, 2) > 0;
    statement_reset(count);
    return RC_OK;
}

enum rc tablet_baggage_put(struct tablet *tablet, const struct baggage *baggage, bool *is_new,
                           struct err *err) {
    struct statement *put = tablet->sql[SQL_BAGGAGE_PUT];
    uint8_t hash[CRYPT_HASH_BYTES];
    uint64_t batches, bytes;
    bool due;
    enum rc rc = tablet_baggage_count(tablet, &batches, &bytes, &due, err);

    *is_new = false;
    if (rc != RC_OK)
        return rc;
    if (bytes + baggage->bytes.size > BAGGAGE_BYTES_MAX)
        return err_set(err, RC_LIMIT, "this tablet carries %llu MiB for others already; sync first",
                       (unsigned long long)(bytes >> 20));
    kept_name(baggage->bytes, hash);
    statement_bind_blob(put, 1, view_of(hash, sizeof(hash)));
    statement_bind_i64(put, 2, (int64_t)baggage->actor);
    statement_bind_i64(put, 3, (int64_t)baggage->first);
    statement_bind_i64(put, 4, (int64_t)baggage->last);
    statement_bind_blob(put, 5, view_of(baggage->previous, baggage->has_previous ? 32 : 0));
    statement_bind_blob(put, 6, baggage->bytes);
    rc = statement_run(put, err);
    *is_new = rc == RC_OK && db_changes(tablet->db) > 0;
    return rc;
}

enum rc tablet_baggage(struct tablet *tablet, bool due, baggage_visit *visit, void *context,
                       struct err *err) {
    struct statement *list = tablet->sql[SQL_BAGGAGE_LIST];
    enum rc rc;

    bind_due(list, tablet, due);
    while ((rc = statement_step(list, err)) == RC_OK) {
        struct view previous = statement_blob(list, 4);
        struct baggage baggage = {.id = (uint64_t)statement_i64(list, 0),
                                  .actor = (uint64_t)statement_i64(list, 1),
                                  .first = (uint64_t)statement_i64(list, 2),
                                  .last = (uint64_t)statement_i64(list, 3),
                                  .has_previous = previous.size == 32,
                                  .bytes = statement_blob(list, 5)};

        if (baggage.has_previous)
            memcpy(baggage.previous, previous.data, 32);
        rc = visit(context, &baggage, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(list);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc tablet_baggage_sent(struct tablet *tablet, const uint64_t *ids, uint32_t count,
                            struct err *err) {
    struct statement *sent = tablet->sql[SQL_BAGGAGE_SENT];
    enum rc rc = statement_run(tablet->sql[SQL_BAGGAGE_CLEAR], err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        statement_bind_i64(sent, 1, (int64_t)ids[i]);
        rc = statement_run(sent, err);
    }
    return rc;
}

enum rc tablet_baggage_receipted(struct tablet *tablet, uint64_t actor, uint64_t number,
                                 struct err *err) {
    struct statement *covered = tablet->sql[SQL_BAGGAGE_COVERED];
    struct statement *held = tablet->sql[SQL_BAGGAGE_HELD];
    enum rc rc;

    statement_bind_i64(covered, 1, (int64_t)actor);
    statement_bind_i64(covered, 2, (int64_t)number);
    rc = statement_run(covered, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(held, 1, (int64_t)actor);
    statement_bind_i64(held, 2, env_wall_ms(tablet->env));
    return statement_run(held, err);
}

enum rc tablet_baggage_kept(struct tablet *tablet, const uint8_t name[32], struct err *err) {
    struct statement *kept = tablet->sql[SQL_BAGGAGE_KEPT];

    statement_bind_blob(kept, 1, view_of(name, 32));
    return statement_run(kept, err);
}

enum rc tablet_baggage_answered(struct tablet *tablet, struct err *err) {
    struct statement *refused = tablet->sql[SQL_BAGGAGE_REFUSED];
    struct statement *hopeless = tablet->sql[SQL_BAGGAGE_HOPELESS];
    struct statement *drop = tablet->sql[SQL_BAGGAGE_DROP];
    enum rc rc;

    statement_bind_i64(refused, 1, env_wall_ms(tablet->env));
    rc = statement_run(refused, err);
    if (rc != RC_OK || db_changes(tablet->db) == 0)
        return rc;
    for (;;) {
        uint64_t actor, first;

        statement_bind_i64(hopeless, 1, BAGGAGE_TRIES);
        rc = statement_one(hopeless, err);
        if (rc != RC_OK)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        actor = (uint64_t)statement_i64(hopeless, 0);
        first = (uint64_t)statement_i64(hopeless, 1);
        statement_reset(hopeless);
        statement_bind_i64(drop, 1, BAGGAGE_TRIES);
        statement_bind_i64(drop, 2, (int64_t)actor);
        statement_bind_i64(drop, 3, (int64_t)first);
        rc = statement_run(drop, err);
        if (rc == RC_OK)
            rc = tablet_notice(tablet, NOTICE_BAGGAGE, actor, first, err);
        if (rc != RC_OK)
            return rc;
    }
}
