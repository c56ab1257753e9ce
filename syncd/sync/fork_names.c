/* fork_names.c: under which names a history is known, and which of them have grown out of one; see
 * fork.h. */
#include "syncd/sync/fork.h"

#include <stdlib.h>

struct fork_source fork_in_store(struct store *store) {
    return (struct fork_source){.store = store};
}

struct fork_source fork_in_work(struct work *work) {
    return (struct fork_source){.work = work};
}

enum rc fork_actor(struct fork_source source, uint64_t actor, struct stored_actor *out,
                   struct err *err) {
    struct stored_actor *found = NULL;
    enum rc rc;

    if (source.work == NULL)
        return store_actor(source.store, actor, out, err);
    rc = work_actor(source.work, actor, &found, err);
    if (rc == RC_OK)
        *out = *found;
    return rc;
}

/* The history and those that it grew out of: itself first, the root last. */
static enum rc find_owners(const struct stored_actor *actor, struct fork_source source,
                           struct stored_actor owners[LIMIT_LINEAGE + 1], uint32_t *count,
                           struct err *err) {
    enum rc rc = RC_OK;

    owners[0] = *actor;
    for (*count = 1; owners[*count - 1].fork_of != 0 && rc == RC_OK; (*count)++) {
        if (*count == LIMIT_LINEAGE + 1)
            return err_set(err, RC_CORRUPT, "actors: a fork has no beginning; run verify");
        rc = fork_actor(source, owners[*count - 1].fork_of, &owners[*count], err);
    }
    return rc;
}

enum rc fork_root(const struct stored_actor *actor, struct fork_source source, uint64_t *out,
                  struct err *err) {
    struct stored_actor at = *actor;
    enum rc rc = RC_OK;

    for (uint32_t depth = 0; at.fork_of != 0 && rc == RC_OK; depth++) {
        if (depth == LIMIT_LINEAGE)
            return err_set(err, RC_CORRUPT, "actors: a fork has no beginning; run verify");
        rc = fork_actor(source, at.fork_of, &at, err);
    }
    *out = at.actor;
    return rc;
}

struct rows { /* of a lineage that grows */
    uint64_t root;
    struct fork_range *ranges; /* room for LIMIT_LINEAGE */
    uint32_t count;
};

/* From this number on that is the name. */
static void add_row(struct rows *rows, uint64_t from, uint64_t name) {
    struct fork_range *last = rows->count == 0 ? NULL : &rows->ranges[rows->count - 1];

    if (last != NULL && last->from == from)
        rows->count--;
    last = rows->count == 0 ? NULL : &rows->ranges[rows->count - 1];
    if ((last == NULL ? rows->root : last->name) != name)
        rows->ranges[rows->count++] = (struct fork_range){rows->root, from, name};
}

/* reserved: rows for the histories that follow; end: the first number that is not this one's. */
static void add_history(struct rows *rows, const struct stored_actor *history,
                        const struct stray *strays, uint32_t count, uint32_t reserved,
                        uint64_t end) {
    if (history->fork_of != 0)
        add_row(rows, history->fork_from, history->actor);
    for (uint32_t i = 0; i < count && rows->count + reserved + 2 <= LIMIT_LINEAGE; i++) {
        if (strays[i].first >= end)
            break;
        add_row(rows, strays[i].first, strays[i].name);
        if (strays[i].last + 1 < end)
            add_row(rows, strays[i].last + 1, history->actor);
    }
}

enum rc fork_lineage(const struct stored_actor *actor, struct fork_source source,
                     struct arena *arena, struct lineage *out, struct err *err) {
    struct stored_actor *owners;
    uint32_t count = 0;
    struct rows rows;
    enum rc rc;

    *out = (struct lineage){0};
    if (actor->fork_of == 0 && !actor->retired)
        return RC_OK;
    owners = arena_array(arena, LIMIT_LINEAGE + 1, sizeof(*owners));
    rows = (struct rows){.ranges = arena_array(arena, LIMIT_LINEAGE, sizeof(*rows.ranges))};
    if (owners == NULL || rows.ranges == NULL)
        return arena_check(arena, "lineage", err);
    rc = find_owners(actor, source, owners, &count, err);
    rows.root = rc == RC_OK ? owners[count - 1].actor : 0;
    for (uint32_t i = count; i-- > 0 && rc == RC_OK;) {
        struct stray *strays = NULL;
        uint32_t stray_count = 0;

        rc = fork_strays(source, &owners[i], arena, &strays, &stray_count, err);
        if (rc == RC_OK)
            add_history(&rows, &owners[i], strays, stray_count, i,
                        i == 0 ? UINT64_MAX : owners[i - 1].fork_from);
    }
    *out = (struct lineage){rows.count, rows.ranges};
    return rc;
}

enum rc fork_names(const struct stored_actor *actor, struct fork_source source, struct arena *arena,
                   struct view *out, struct err *err) {
    struct lineage lineage;
    struct buf bytes;
    enum rc rc = fork_lineage(actor, source, arena, &lineage, err);

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

enum rc receipt_of(const struct stored_actor *history, struct store *store, struct arena *arena,
                   struct receipt *out, struct err *err) {
    enum rc rc;

    *out = (struct receipt){.number = history->number};
    memcpy(out->hash, history->hash, sizeof(out->hash));
    rc = fork_root(history, fork_in_store(store), &out->actor, err);
    return rc != RC_OK ? rc : fork_names(history, fork_in_store(store), arena, &out->forks, err);
}

enum rc receipt_history(const struct receipt *receipt, struct arena *arena, uint64_t *out,
                        struct err *err) {
    struct lineage lineage, trunk = {0};
    enum rc rc = lineage_decode(receipt->forks, arena, &lineage, err);

    if (rc == RC_OK)
        rc = lineage_trunk(&lineage, arena, &trunk, err);
    *out = lineage_read(&trunk, (struct dot){receipt->actor, receipt->number}).actor;
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
