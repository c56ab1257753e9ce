/* fork.c: see fork.h.
 *
 * Continuing the end of a history is the ordinary case and costs one comparison. Everything else
 * (a batch sent again, a clone) is rare: then the leaves of the history are computed again from the
 * log and compared number by number. */
#include "syncd/sync/fork.h"

#include "base/crypt.h"

/* --- leaves of a history, from the log --- */

struct leaf_walk {
    struct work *work;
    struct arena arena; /* of the frame that is open */
    uint64_t frame;     /* its serial, 0 none */
    struct frame decoded;
    uint64_t from;
    uint8_t (*leaves)[32]; /* of numbers from, from + 1... */
    uint64_t count;
};

static enum rc leaf_visit(void *context, const struct stored_change *change, struct err *err) {
    struct leaf_walk *walk = context;
    enum rc rc = RC_OK;

    if (walk->frame != change->frame) {
        struct stored_frame stored;

        arena_reset(&walk->arena);
        walk->frame = 0;
        rc = store_frame(walk->work->ledger->store, change->frame, &walk->arena, &stored, err);
        if (rc == RC_OK)
            rc =
                frame_decode(stored.bytes, walk->work->inflater, &walk->arena, &walk->decoded, err);
        if (rc != RC_OK)
            return rc;
        walk->frame = change->frame;
    }
    if (change->position >= walk->decoded.count || change->dot.number < walk->from ||
        change->dot.number - walk->from >= walk->count)
        return err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
    memcpy(walk->leaves[change->dot.number - walk->from],
           walk->decoded.changes[change->position].leaf, 32);
    return RC_OK;
}

/* Leaves of actor's numbers from..to; a fork shares those before its divergence with its origin. */
static enum rc history_leaves(struct work *work, const struct stored_actor *actor, uint64_t from,
                              uint64_t to, uint8_t (**leaves)[32], struct err *err) {
    struct leaf_walk walk = {.work = work, .from = from, .count = to - from + 1};
    enum rc rc = RC_OK;

    walk.leaves = arena_array(&work->arena, (size_t)walk.count, 32);
    if (walk.leaves == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    arena_init(&walk.arena, 128u * 1024u * 1024u);
    if (actor->fork_of != 0 && from < actor->fork_from)
        rc = store_actor_changes(work->ledger->store, actor->fork_of, from,
                                 to < actor->fork_from ? to : actor->fork_from - 1, leaf_visit,
                                 &walk, err);
    if (rc == RC_OK && (actor->fork_of == 0 || to >= actor->fork_from))
        rc = store_actor_changes(work->ledger->store, actor->actor,
                                 actor->fork_of != 0 && from < actor->fork_from ? actor->fork_from
                                                                                : from,
                                 to, leaf_visit, &walk, err);
    arena_release(&walk.arena);
    *leaves = walk.leaves;
    return rc;
}

/* The chain of a history behind number n. */
static enum rc history_chain(struct work *work, const struct stored_actor *actor, uint64_t original,
                             uint64_t n, uint8_t out[32], struct err *err) {
    uint8_t(*leaves)[32] = NULL;
    enum rc rc;

    if (n == actor->number) {
        memcpy(out, actor->hash, 32);
        return RC_OK;
    }
    chain_start(original, out);
    if (n == 0)
        return RC_OK;
    rc = history_leaves(work, actor, 1, n, &leaves, err);
    for (uint64_t i = 0; i < n && rc == RC_OK; i++)
        chain_next(out, leaves[i], out);
    return rc;
}

/* --- the histories under one name --- */

struct history_list {
    struct work *work;
    uint64_t origin;
    uint64_t *forks;
    uint32_t count, capacity;
};

static enum rc add_fork(struct history_list *list, const struct stored_actor *actor,
                        struct err *err) {
    uint64_t *place;

    if (actor->fork_of != list->origin)
        return RC_OK;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->forks[i] == actor->actor)
            return RC_OK;
    place =
        arena_push(&list->work->arena, &list->forks, &list->count, &list->capacity, sizeof(*place));
    if (place == NULL)
        return arena_check(&list->work->arena, "a step of the writer", err);
    *place = actor->actor;
    return RC_OK;
}

static enum rc fork_visit(void *context, const struct stored_actor *actor, struct err *err) {
    return add_fork(context, actor, err);
}

static enum rc find_forks(struct history_list *list, struct err *err) {
    enum rc rc = store_actors(list->work->ledger->store, fork_visit, list, err);

    for (uint32_t i = 0; i < list->work->actor_count && rc == RC_OK; i++)
        rc = add_fork(list, &list->work->actors[i], err);
    return rc;
}

/* How the batch stands to one history. */
struct fit {
    bool continues;   /* nothing in it contradicts the history */
    bool joins;       /* it begins on this history: previous is our chain there */
    uint64_t known;   /* continues: numbers up to here are committed */
    uint64_t differs; /* joins but not continues: the first number with another content */
    uint8_t leaf[32]; /* the batch's leaf there */
};

static enum rc fit_history(struct work *work, const struct ingested *in,
                           const struct stored_actor *actor, struct fit *fit, struct err *err) {
    const struct batch_outer *outer = &in->batch.outer;
    uint64_t last = outer->last < actor->number ? outer->last : actor->number;
    uint8_t chain[32], (*leaves)[32] = NULL;
    enum rc rc;

    *fit = (struct fit){.known = actor->number};
    if (outer->first > actor->number + 1)
        return RC_OK;                   /* behind a gap: neither */
    if (outer->last >= actor->number) { /* the ordinary case: our end lies within or just before */
        const uint8_t *there = outer->first == actor->number + 1
                                   ? in->batch.previous
                                   : in->chain[actor->number - outer->first];

        fit->continues = crypt_equal(there, actor->hash, 32);
        if (fit->continues)
            return RC_OK;
    }
    rc = history_chain(work, actor, outer->actor, outer->first - 1, chain, err);
    if (rc != RC_OK || !crypt_equal(chain, in->batch.previous, 32))
        return rc;
    fit->joins = true;
    if (outer->first > last)
        return RC_OK;
    rc = history_leaves(work, actor, outer->first, last, &leaves, err);
    for (uint64_t n = outer->first; n <= last && rc == RC_OK; n++) {
        const struct frame_change *item = ingest_change(in, (uint32_t)(n - outer->first));

        if (!crypt_equal(leaves[n - outer->first], item->leaf, 32)) {
            fit->differs = n;
            memcpy(fit->leaf, item->leaf, 32);
            return RC_OK;
        }
    }
    fit->continues = rc == RC_OK;
    return rc;
}

/* Whether the batch has other content than what others have carried here ahead of the actor's
 * number (carried.h). Then all of it that is new is of a fork. */
static enum rc fit_ahead(struct work *work, const struct ingested *in,
                         const struct stored_actor *actor, struct fit *fit, struct err *err) {
    static const uint8_t none[32];
    const struct batch_outer *outer = &in->batch.outer;
    uint64_t from = outer->first > fit->known ? outer->first : fit->known + 1;
    uint8_t(*leaves)[32] = NULL;
    enum rc rc = RC_OK;

    if (from > outer->last)
        return RC_OK;
    rc = history_leaves(work, actor, from, outer->last, &leaves, err);
    for (uint64_t n = from; n <= outer->last && rc == RC_OK; n++) {
        if (crypt_equal(leaves[n - from], none, 32) ||
            crypt_equal(leaves[n - from], ingest_change(in, (uint32_t)(n - outer->first))->leaf,
                        32))
            continue;
        fit->continues = false;
        fit->joins = true;
        fit->differs = from;
        memcpy(fit->leaf, ingest_change(in, (uint32_t)(from - outer->first))->leaf, 32);
        return RC_OK;
    }
    return rc;
}

static enum rc make_fork(struct work *work, const struct ingested *in, uint64_t origin,
                         uint64_t device, const struct fit *fit, struct stored_actor **out,
                         struct err *err) {
    uint64_t behind = fit->differs - in->batch.outer.first;
    struct stored_actor fork = {
        .device = device, .number = fit->differs - 1, .fork_of = origin, .fork_from = fit->differs};
    uint8_t bytes[48], hash[32];
    char object[17];
    enum rc rc;

    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(origin >> (8 * i));
        bytes[8 + i] = (uint8_t)(fit->differs >> (8 * i));
    }
    memcpy(bytes + 16, fit->leaf, 32);
    crypt_hash("yg fork", view_of(bytes, sizeof(bytes)), hash);
    fork.actor = id_from_hash(hash);
    memcpy(fork.hash, behind == 0 ? in->batch.previous : in->chain[behind - 1], 32);
    rc = work_actor(work, fork.actor, out, err);
    if (rc == RC_OK) { /* others have carried changes of it here */
        (*out)->device = device;
        memcpy((*out)->hash, fork.hash, 32);
        return RC_OK;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    id_text(fork.actor, object);
    rc = work_act(work, "program", "fork", object,
                  view_text("the tablet's data were copied or restored"), err);
    return rc == RC_OK ? work_actor_add(work, &fork, out, err) : rc;
}

enum rc fork_place(struct work *work, const struct ingested *in, struct stored_actor *actor,
                   struct stored_actor **out, uint64_t *known, uint64_t *want_from,
                   struct err *err) {
    struct history_list list = {.work = work, .origin = actor->actor};
    struct stored_actor origin = *actor;
    struct fit fit, best = {0};
    enum rc rc = fit_history(work, in, &origin, &fit, err);

    if (rc == RC_OK && fit.continues)
        rc = fit_ahead(work, in, &origin, &fit, err);
    *want_from = 0;
    *out = actor;
    *known = fit.known;
    if (rc != RC_OK || fit.continues)
        return rc;
    best = fit;
    rc = find_forks(&list, err);
    for (uint32_t i = 0; i < list.count && rc == RC_OK; i++) {
        struct stored_actor *fork = NULL;

        rc = work_actor(work, list.forks[i], &fork, err);
        if (rc == RC_OK)
            rc = fit_history(work, in, fork, &fit, err);
        if (rc == RC_OK && fit.continues) {
            *out = fork;
            *known = fit.known;
            return RC_OK;
        }
        if (rc == RC_OK && fit.joins && fit.differs > best.differs)
            best = fit;
    }
    if (rc != RC_OK)
        return rc;
    if (!best.joins || best.differs == 0) {
        /* A gap, or a fork that began before this batch: we need what lies before it. */
        *want_from = in->batch.outer.first > origin.number + 1 ? origin.number + 1 : 1;
        return work_actor(work, origin.actor, out, err);
    }
    rc = make_fork(work, in, origin.actor, origin.device, &best, out, err);
    if (rc == RC_OK)
        *known = (*out)->number;
    return rc;
}
