/* redact.c: what the law takes out of own changes. They are kept as they were saved, for as long as
 * a county that was restored might want them again; what is erased of them is erased here too. The
 * leaf stays in its column, so the chain holds, and what is sent again is sent erased.
 *
 * Of attachments the county knows whether another answer names them; it is asked (blobs.c).
 *
 * Batches that were cut, slices and baggage are sealed for the county: nobody here can read them,
 * and the county erases what comes in them. */
#include "agent/store/inside.h"

#include "schema/erasure.h"

#define REDACT_ARENA_BYTES (64u * 1024u * 1024u)

static enum rc write_again(struct tablet *tablet, uint64_t row, const struct open_key *key,
                           const struct own_scope *scope, const struct change *change,
                           struct err *err) {
    struct statement *put = tablet->sql[SQL_CHANGE_REDACT];
    struct buf canonical, plain;
    enum rc rc;

    buf_init(&canonical, LIMIT_CHANGE_BYTES + 1);
    buf_init(&plain, LIMIT_CHANGE_BYTES + 1024);
    rc = change_encode(change, &canonical, err);
    if (rc == RC_OK) {
        own_change_encode(scope, buf_view(&canonical), &plain);
        rc = buf_check(&plain, "a saved change", err);
    }
    buf_clear(&tablet->locked);
    if (rc == RC_OK)
        rc = row_lock(tablet, key, "change", row, 0, buf_view(&plain), &tablet->locked, err);
    if (rc == RC_OK) {
        statement_bind_i64(put, 1, (int64_t)row);
        statement_bind_blob(put, 2, buf_view(&tablet->locked));
        rc = statement_run(put, err);
    }
    buf_release(&canonical);
    buf_release(&plain);
    return rc;
}

/* RC_OK also when it is forgotten, or lies beneath a key that nobody here has open: then it is
 * erased when the entry of that area's feed comes to whoever has it. */
static enum rc redact_row(struct tablet *tablet, const struct own_actor *actor, uint64_t number,
                          const struct erasure *erasure, struct arena *arena, struct err *err) {
    struct statement *get = tablet->sql[SQL_CHANGE_GET];
    uint64_t row = (uint64_t)change_row(actor->serial, number);
    const struct open_key *key;
    struct own_scope scope;
    struct change change;
    struct view canonical = {0};
    bool done = false, damaged = false;
    enum rc rc;

    statement_bind_i64(get, 1, (int64_t)row);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    key = area_key_open(tablet, NULL, (uint64_t)statement_i64(get, 1));
    if (key != NULL && statement_blob(get, 2).size > 0)
        rc = own_change_open(tablet, key, row, statement_blob(get, 2), &scope, &canonical, &damaged,
                             err);
    if (damaged) /* what nobody can read is as good as erased, and goes with the next write */
        canonical = (struct view){0};
    canonical = arena_view(arena, canonical);
    statement_reset(get);
    if (rc != RC_OK || canonical.size == 0)
        return rc;
    rc = change_decode(canonical, arena, &change, err);
    if (rc == RC_OK)
        rc = erasure_apply(erasure, &actor->lineage, &change, arena, &done, err);
    return rc == RC_OK && done ? write_again(tablet, row, key, &scope, &change, err) : rc;
}

enum rc tablet_redact_own(struct tablet *tablet, const struct erasure *erasure, struct err *err) {
    struct arena arena;
    enum rc rc = RC_OK;

    arena_init(&arena, REDACT_ARENA_BYTES);
    for (uint32_t i = 0; i < tablet->actor_count && rc == RC_OK; i++) {
        const struct own_actor *actor = &tablet->actors[i];

        for (uint32_t k = 0; k < erasure->dot_count && rc == RC_OK; k++) {
            struct dot own = {actor->actor, erasure->dots[k].number};

            /* The name that this own change has in the county. */
            if (!dot_equal(lineage_read(&actor->lineage, own), erasure->dots[k]))
                continue;
            arena_reset(&arena);
            rc = redact_row(tablet, actor, own.number, erasure, &arena, err);
        }
    }
    arena_release(&arena);
    return rc != RC_OK ? rc : blobs_ask(tablet, err);
}
