/* fork_names.c: under which names a history is known, and which of them have grown out of one; see
 * fork.h. */
#include "syncd/sync/fork.h"

#include <stdlib.h>

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

struct tree {
    const struct work *work;
    struct arena *arena;
    struct stored_actor *list;
    uint32_t count, capacity;
};

static enum rc grow(struct tree *tree, const struct stored_actor *actor, struct err *err) {
    struct stored_actor *place;

    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->list[i].actor == actor->actor)
            return RC_OK;
    place = arena_push(tree->arena, &tree->list, &tree->count, &tree->capacity, sizeof(*place));
    if (place == NULL)
        return arena_check(tree->arena, "lineage", err);
    *place = *actor;
    return RC_OK;
}

/* Those of the step are taken before what they were when they were committed. */
static enum rc grow_in_work(struct tree *tree, uint64_t of, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; tree->work != NULL && i < tree->work->actor_count && rc == RC_OK; i++)
        if (tree->work->actors[i].fork_of == of)
            rc = grow(tree, &tree->work->actors[i], err);
    return rc;
}

static enum rc fork_visit(void *context, const struct stored_actor *actor, struct err *err) {
    return grow(context, actor, err);
}

enum rc fork_tree(struct store *store, const struct work *work, const struct stored_actor *root,
                  struct arena *arena, struct stored_actor **out, uint32_t *count,
                  struct err *err) {
    struct tree tree = {.work = work, .arena = arena};
    enum rc rc = grow(&tree, root, err);

    for (uint32_t i = 0; i < tree.count && root->fork_of == 0 && rc == RC_OK; i++) {
        uint64_t of = tree.list[i].actor;

        rc = grow_in_work(&tree, of, err);
        if (rc == RC_OK)
            rc = store_actor_forks(store, of, fork_visit, &tree, err);
    }
    if (rc != RC_OK)
        return rc;
    qsort(tree.list + 1, tree.count - 1, sizeof(*tree.list), stored_actor_order);
    *out = tree.list;
    *count = tree.count;
    return RC_OK;
}
