/* returned.c: changes that the county's staff gave back, with their reason.
 *
 * The reason may be about somebody's answers, so it lies sealed: for everybody who works here,
 * because the area of the change may be just what was withdrawn. It stays as long as the change is
 * in quarantine: it is the answer to "why does this not count", and goes when the change is
 * released after all. */
#include "agent/store/inside.h"

enum rc tablet_put_return(struct tablet *tablet, const struct own_actor *actor,
                          const struct returned *returned, struct err *err) {
    struct statement *put = tablet->sql[SQL_RETURNED_PUT];
    const struct area_key *common = area_key_of(tablet, 0);
    enum rc rc;

    if (returned->number == 0 || returned->number > actor->number || common == NULL)
        return RC_OK;
    buf_clear(&tablet->locked);
    rc = crypt_seal(tablet->env, common->box_public, returned->reason, view_text("yg returned"),
                    &tablet->locked, err);
    if (rc != RC_OK)
        return rc;
    statement_bind_i64(put, 1, change_row(actor->serial, returned->number));
    statement_bind_i64(put, 2, (int64_t)common->key);
    statement_bind_blob(put, 3, buf_view(&tablet->locked));
    return statement_run(put, err);
}

enum rc returned_drop(struct tablet *tablet, int64_t change, struct err *err) {
    struct statement *drop = tablet->sql[SQL_RETURNED_DROP];

    statement_bind_i64(drop, 1, change);
    return statement_run(drop, err);
}

enum rc returned_read(struct tablet *tablet, int64_t change, struct arena *arena,
                      struct tablet_quarantined *out, struct err *err) {
    struct statement *get = tablet->sql[SQL_RETURNED_GET];
    const struct area_key *key;
    const struct open_key *open;
    enum rc rc;

    statement_bind_i64(get, 1, change);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    out->returned = true;
    out->seen = statement_i64(get, 2) != 0;
    key = area_key_find(tablet, (uint64_t)statement_i64(get, 0));
    open = key == NULL ? NULL : area_key_open(tablet, NULL, key->key);
    if (open != NULL) {
        buf_clear(&tablet->plain);
        rc = crypt_seal_open(key->box_public, open->box_secret, statement_blob(get, 1),
                             view_text("yg returned"), &tablet->plain, err);
        if (rc == RC_OK)
            out->reason = arena_view(arena, buf_view(&tablet->plain));
    }
    statement_reset(get);
    return rc;
}

enum rc tablet_returns_seen(struct tablet *tablet, const struct tablet_quarantined *list,
                            uint32_t count, struct err *err) {
    struct statement *seen = tablet->sql[SQL_RETURNED_SEEN];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        if (!list[i].returned || list[i].seen || list[i].reason.size == 0)
            continue;
        for (uint32_t a = 0; a < tablet_actor_count(tablet) && rc == RC_OK; a++) {
            const struct own_actor *actor = tablet_actor(tablet, a);

            if (actor->actor != list[i].dot.actor)
                continue;
            statement_bind_i64(seen, 1, change_row(actor->serial, list[i].dot.number));
            rc = statement_run(seen, err);
        }
    }
    return rc;
}
