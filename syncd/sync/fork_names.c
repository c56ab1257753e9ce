/* fork_names.c: under which names a history is known; see fork.h. */
#include "syncd/sync/fork.h"

enum rc fork_root(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                  uint64_t *out, struct err *err) {
    struct stored_actor at = *actor;
    enum rc rc = RC_OK;

    for (uint32_t depth = 0; at.fork_of != 0 && rc == RC_OK; depth++) {
        if (depth == LIMIT_LINEAGE)
            return err_set(err, RC_CORRUPT, "actors: a fork has no beginning; run verify");
        rc = lookup(context, at.fork_of, &at, err);
    }
    *out = at.actor;
    return rc;
}

enum rc fork_lineage(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                     struct arena *arena, struct lineage *out, struct err *err) {
    struct fork_range *ranges;
    struct stored_actor at = *actor;
    uint32_t count = 0;
    uint64_t root;
    enum rc rc = fork_root(actor, lookup, context, &root, err);

    *out = (struct lineage){0};
    if (rc != RC_OK || actor->fork_of == 0)
        return rc;
    ranges = arena_array(arena, LIMIT_LINEAGE, sizeof(*ranges));
    if (ranges == NULL)
        return arena_check(arena, "lineage", err);
    for (; at.fork_of != 0 && rc == RC_OK; rc = lookup(context, at.fork_of, &at, err))
        ranges[LIMIT_LINEAGE - ++count] = (struct fork_range){root, at.fork_from, at.actor};
    *out = (struct lineage){count, ranges + (LIMIT_LINEAGE - count)};
    return rc;
}

enum rc fork_in_store(void *store, uint64_t actor, struct stored_actor *out, struct err *err) {
    return store_actor(store, actor, out, err);
}

enum rc fork_names(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                   struct arena *arena, struct view *out, struct err *err) {
    struct lineage lineage;
    struct buf bytes;
    enum rc rc = fork_lineage(actor, lookup, context, arena, &lineage, err);

    *out = (struct view){0};
    if (rc != RC_OK || lineage.count == 0)
        return rc;
    buf_init(&bytes, 4096);
    lineage_encode(&lineage, &bytes);
    *out = arena_view(arena, buf_view(&bytes));
    rc = buf_check(&bytes, "lineage", err);
    buf_release(&bytes);
    return rc != RC_OK ? rc : arena_check(arena, "lineage", err);
}

enum rc fork_in_work(void *work, uint64_t actor, struct stored_actor *out, struct err *err) {
    struct stored_actor *found = NULL;
    enum rc rc = work_actor(work, actor, &found, err);

    if (rc == RC_OK)
        *out = *found;
    return rc;
}

enum rc receipt_history(const struct receipt *receipt, struct arena *arena, uint64_t *out,
                        struct err *err) {
    struct lineage lineage;
    enum rc rc = lineage_decode(receipt->forks, arena, &lineage, err);

    *out = lineage_read(&lineage, (struct dot){receipt->actor, receipt->number}).actor;
    return rc;
}
