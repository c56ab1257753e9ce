/* fork.c: see fork.h.
 *
 * Continuing the end of a history is the ordinary case and costs one comparison. Everything else
 * (a batch sent again, a clone) is rare: then the leaves of the histories under the same name are
 * computed again from the log and compared number by number. */
#include "syncd/sync/fork_inside.h"

#include "base/crypt.h"
#include "syncd/sync/redact.h"

/* --- leaves of a history, from the log and from this step --- */

struct leaf_walk {
    struct work *work;
    struct arena arena; /* of the frame that is open */
    uint64_t frame;     /* its serial, 0 none */
    struct frame decoded;
    uint64_t from;
    uint8_t (*leaves)[32]; /* of numbers from, from + 1... */
    uint64_t count, found;
    bool carried; /* only what others have brought */
    bool skipped; /* the open frame */
};

static enum rc take_leaf(struct leaf_walk *walk, const struct stored_change *change,
                         struct err *err) {
    if (change->position >= walk->decoded.count || change->dot.number < walk->from ||
        change->dot.number - walk->from >= walk->count)
        return err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
    if (walk->skipped)
        return RC_OK;
    memcpy(walk->leaves[change->dot.number - walk->from],
           walk->decoded.changes[change->position].leaf, 32);
    walk->found++;
    return RC_OK;
}

static enum rc leaf_visit(void *context, const struct stored_change *change, struct err *err) {
    struct leaf_walk *walk = context;
    enum rc rc = RC_OK;

    if (walk->frame != change->frame) {
        struct stored_frame stored;

        arena_reset(&walk->arena);
        walk->frame = 0;
        rc = store_frame(walk->work->ledger->store, change->frame, &walk->arena, &stored, err);
        if (rc == RC_OK)
            rc = frame_decode_raw(stored.bytes, walk->work->inflater, &walk->arena, &walk->decoded,
                                  err);
        if (rc != RC_OK)
            return rc;
        walk->frame = change->frame;
        walk->skipped = walk->carried && stored.carrier == 0;
    }
    return take_leaf(walk, change, err);
}

/* What this step has taken in and not committed yet. */
static enum rc leaves_of_step(struct leaf_walk *walk, uint64_t actor, uint64_t from, uint64_t to,
                              struct err *err) {
    struct work *work = walk->work;
    enum rc rc = RC_OK;

    walk->frame = 0;
    for (uint32_t i = 0; i < work->change_count && rc == RC_OK; i++) {
        const struct stored_change *change = &work->changes[i];

        if (change->dot.actor != actor || change->dot.number < from || change->dot.number > to)
            continue;
        if (walk->frame != change->frame) {
            arena_reset(&walk->arena);
            rc = frame_decode_raw(work->frames[change->frame - 1].bytes, work->inflater,
                                  &walk->arena, &walk->decoded, err);
            walk->frame = change->frame;
            walk->skipped = walk->carried && work->frames[change->frame - 1].carrier == 0;
        }
        if (rc == RC_OK)
            rc = take_leaf(walk, change, err);
    }
    return rc;
}

/* Of one actor's own. */
static enum rc leaves_of(struct leaf_walk *walk, uint64_t actor, uint64_t first, uint64_t last,
                         struct err *err) {
    enum rc rc;

    walk->frame = 0;
    rc = store_actor_changes(walk->work->ledger->store, actor, first, last, leaf_visit, walk, err);
    return rc == RC_OK ? leaves_of_step(walk, actor, first, last, err) : rc;
}

static enum rc leaves_of_strays(struct leaf_walk *walk, const struct stored_actor *owner,
                                uint64_t first, uint64_t last, struct err *err) {
    struct stray *strays = NULL;
    uint32_t count = 0;
    enum rc rc = fork_strays_within(fork_in_work(walk->work), owner, first, last,
                                    &walk->work->arena, &strays, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = leaves_of(walk, strays[i].name, strays[i].first, strays[i].last, err);
    return rc;
}

static enum rc walk_begin(struct leaf_walk *walk, struct err *err) {
    walk->leaves = arena_array(&walk->work->arena, (size_t)walk->count, 32);
    if (walk->leaves == NULL)
        return arena_check(&walk->work->arena, "a step of the writer", err);
    arena_init(&walk->arena, 128u * 1024u * 1024u);
    return RC_OK;
}

enum rc fork_own_leaves(struct work *work, uint64_t actor, bool carried, uint64_t from, uint64_t to,
                        uint8_t (**leaves)[32], uint64_t *found, struct err *err) {
    struct leaf_walk walk = {
        .work = work, .from = from, .count = to - from + 1, .carried = carried};
    enum rc rc = walk_begin(&walk, err);

    if (rc != RC_OK)
        return rc;
    rc = leaves_of(&walk, actor, from, to, err);
    arena_release(&walk.arena);
    *leaves = walk.leaves;
    *found = walk.found;
    return rc;
}

enum rc fork_leaves(struct work *work, const struct stored_actor *actor, bool carried,
                    uint64_t from, uint64_t to, uint8_t (**leaves)[32], uint64_t *found,
                    struct err *err) {
    struct leaf_walk walk = {
        .work = work, .from = from, .count = to - from + 1, .carried = carried};
    struct stored_actor owner = *actor;
    uint64_t last = to;
    enum rc rc = walk_begin(&walk, err);

    if (rc != RC_OK)
        return rc;
    for (;;) {
        uint64_t first = owner.fork_of != 0 && owner.fork_from > from ? owner.fork_from : from;
        struct stored_actor *parent;

        if (first <= last)
            rc = leaves_of(&walk, owner.actor, first, last, err);
        if (rc == RC_OK && first <= last)
            rc = leaves_of_strays(&walk, &owner, first, last, err);
        if (rc != RC_OK || first == from)
            break;
        if (last >= first)
            last = first - 1;
        rc = work_actor(work, owner.fork_of, &parent, err);
        if (rc != RC_OK)
            break;
        owner = *parent;
    }
    arena_release(&walk.arena);
    *leaves = walk.leaves;
    *found = walk.found;
    return rc;
}

/* Where the names of the two part; upto + 1: nowhere in front. */
static enum rc names_part(struct work *work, struct stored_actor one, struct stored_actor other,
                          uint64_t upto, uint64_t *from, struct err *err) {
    enum rc rc = RC_OK;

    *from = upto + 1;
    while (rc == RC_OK && one.actor != other.actor) {
        struct stored_actor *later = one.fork_from > other.fork_from ? &one : &other;

        if (later->fork_of == 0)
            return err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
        if (later->fork_from < *from)
            *from = later->fork_from;
        rc = fork_actor(fork_in_work(work), later->fork_of, later, err);
    }
    return rc;
}

enum rc fork_parting(struct work *work, const struct stored_actor *one,
                     const struct stored_actor *other, uint64_t upto, uint64_t *parts,
                     struct err *err) {
    static const uint8_t none[32];
    uint8_t(*ours)[32] = NULL, (*theirs)[32] = NULL;
    uint64_t from = 0, found = 0;
    enum rc rc = names_part(work, *one, *other, upto, &from, err);

    *parts = upto + 1;
    if (rc == RC_OK && from <= upto)
        rc = fork_leaves(work, one, false, from, upto, &ours, &found, err);
    if (rc == RC_OK && found > 0)
        rc = fork_leaves(work, other, false, from, upto, &theirs, &found, err);
    for (uint64_t n = from; n <= upto && rc == RC_OK && found > 0 && *parts > upto; n++)
        if (!crypt_equal(ours[n - from], none, 32) && !crypt_equal(theirs[n - from], none, 32) &&
            !crypt_equal(ours[n - from], theirs[n - from], 32))
            *parts = n;
    return rc;
}

static enum rc history_leaves(struct work *work, const struct stored_actor *actor, uint64_t from,
                              uint64_t to, uint8_t (**leaves)[32], struct err *err) {
    uint64_t found = 0;
    enum rc rc = fork_leaves(work, actor, false, from, to, leaves, &found, err);

    if (rc == RC_OK && found != to - from + 1)
        rc = err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
    return rc;
}

/* The chain of a history behind number n. */
static enum rc history_chain(struct work *work, const struct stored_actor *actor, uint64_t root,
                             uint64_t n, uint8_t out[32], struct err *err) {
    uint8_t(*leaves)[32] = NULL;
    enum rc rc;

    if (n == actor->number) {
        memcpy(out, actor->hash, 32);
        return RC_OK;
    }
    chain_start(root, out);
    if (n == 0)
        return RC_OK;
    rc = history_leaves(work, actor, 1, n, &leaves, err);
    for (uint64_t i = 0; i < n && rc == RC_OK; i++)
        chain_next(out, leaves[i], out);
    return rc;
}

enum rc fork_begin(struct work *work, uint64_t root, struct stored_actor *fork, struct err *err) {
    struct stored_actor parent = {0};
    enum rc rc = fork_actor(fork_in_work(work), fork->fork_of, &parent, err);
    bool known = parent.number + 1 >= fork->fork_from &&
                 (parent.fork_of == 0 || parent.number >= parent.fork_from);

    return rc != RC_OK || !known
               ? rc
               : history_chain(work, &parent, root, fork->fork_from - 1, fork->hash, err);
}

/* --- the histories under one name --- */

enum rc fork_histories(struct work *work, const struct stored_actor *root, bool empty_too,
                       struct stored_actor **out, uint32_t *count, struct err *err) {
    uint32_t all = 0;
    enum rc rc = fork_tree(work->ledger->store, work, root, &work->arena, out, &all, err);

    *count = 0;
    for (uint32_t i = 0; i < all && rc == RC_OK; i++)
        if (i == 0 || empty_too || (*out)[i].number >= (*out)[i].fork_from)
            (*out)[(*count)++] = (*out)[i];
    return rc;
}

/* The ordinary case: our end lies within the batch, or just before it. */
static bool reaches_end(const struct ingested *in, const struct stored_actor *history) {
    const struct batch_outer *outer = &in->batch.outer;
    const uint8_t *there;

    if (outer->first > history->number + 1 || outer->last < history->number)
        return false;
    there = outer->first == history->number + 1 ? in->batch.previous
                                                : in->chain[history->number - outer->first];
    return crypt_equal(there, history->hash, 32);
}

enum rc fork_fit(struct work *work, const struct ingested *in, const struct stored_actor *history,
                 struct fit *fit, struct err *err) {
    const struct batch_outer *outer = &in->batch.outer;
    uint64_t last = outer->last < history->number ? outer->last : history->number;
    uint8_t chain[32], (*leaves)[32] = NULL;
    enum rc rc;

    *fit = (struct fit){.history = history};
    if (outer->first > history->number + 1)
        return RC_OK; /* behind a gap: neither */
    rc = history_chain(work, history, outer->actor, outer->first - 1, chain, err);
    if (rc != RC_OK || !crypt_equal(chain, in->batch.previous, 32))
        return rc;
    fit->joins = true;
    if (outer->first <= last)
        rc = history_leaves(work, history, outer->first, last, &leaves, err);
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

/* Whether the batch has other content than what others have carried here ahead of the history's
 * number (carried.h). Then all of it that is new is of a fork. */
static enum rc fit_ahead(struct work *work, const struct ingested *in, struct fit *fit,
                         struct err *err) {
    static const uint8_t none[32];
    const struct batch_outer *outer = &in->batch.outer;
    uint64_t known = fit->history->number;
    uint64_t from = outer->first > known ? outer->first : known + 1;
    uint8_t(*leaves)[32] = NULL;
    uint64_t found = 0;
    enum rc rc = RC_OK;

    if (from > outer->last)
        return RC_OK;
    rc = fork_leaves(work, fit->history, false, from, outer->last, &leaves, &found, err);
    for (uint64_t n = from; n <= outer->last && rc == RC_OK && found > 0; n++) {
        if (crypt_equal(leaves[n - from], none, 32) ||
            crypt_equal(leaves[n - from], ingest_change(in, (uint32_t)(n - outer->first))->leaf,
                        32))
            continue;
        fit->continues = false;
        fit->differs = from;
        memcpy(fit->leaf, ingest_change(in, (uint32_t)(from - outer->first))->leaf, 32);
        return RC_OK;
    }
    return rc;
}

/* Histories may share what lies before the difference; the parent is the one of which it is a part,
 * so that a fork has one name and the numbers from which forks of forks begin only grow. */
enum rc fork_add(struct work *work, const struct stored_actor *fork, struct stored_actor **out,
                 struct err *err) {
    enum rc rc = work_actor_add(work, fork, out, err);

    if (rc == RC_OK && fork->fork_of != 0)
        rc = redact_kin(work, err);
    return rc;
}

enum rc fork_make(struct work *work, const struct ingested *in, uint64_t device,
                  const struct fit *fit, struct stored_actor **out, struct err *err) {
    uint64_t behind = fit->differs - in->batch.outer.first;
    struct stored_actor parent = *fit->history, fork;
    struct lineage lineage, trunk = {0};
    uint32_t epoch = 0;
    bool former = false;
    char object[17];
    enum rc rc = RC_OK;

    while (parent.fork_of != 0 && parent.fork_from >= fit->differs && rc == RC_OK)
        rc = fork_actor(fork_in_work(work), parent.fork_of, &parent, err);
    if (rc != RC_OK)
        return rc;
    rc = fork_lineage(&parent, fork_in_work(work), &work->arena, &lineage, err);
    if (rc == RC_OK)
        rc = lineage_trunk(&lineage, &work->arena, &trunk, err);
    if (rc == RC_OK && trunk.count == LIMIT_LINEAGE)
        rc = err_set(err, RC_DENIED, "batch: more than %u copies of copies; enrol the tablet anew",
                     LIMIT_LINEAGE);
    if (rc == RC_OK)
        rc = fork_is_former(work, &parent, &former, err);
    if (rc == RC_OK && former)
        rc = work_epoch(work, &epoch, err);
    if (rc != RC_OK)
        return rc;
    fork =
        (struct stored_actor){.actor = lineage_name(parent.actor, fit->differs, fit->leaf, epoch),
                              .device = device,
                              .number = fit->differs - 1,
                              .fork_of = parent.actor,
                              .fork_from = fit->differs};
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
                  view_text(former ? "goes on behind what was known before the restore"
                                   : "the tablet's data were copied or restored"),
                  err);
    return rc == RC_OK ? fork_add(work, &fork, out, err) : rc;
}

enum rc fork_is_former(struct work *work, const struct stored_actor *actor, bool *out,
                       struct err *err) {
    uint32_t epoch = 1;
    enum rc rc = actor->retired ? work_epoch(work, &epoch, err) : RC_OK;

    *out = epoch > 1;
    return rc;
}

static enum rc place_present(struct work *work, const struct ingested *in,
                             struct stored_actor *actor, struct placed *out, struct err *err) {
    struct stored_actor *histories = NULL, root = *actor;
    struct fit best = {0};
    uint32_t count = 0;
    enum rc rc;

    if (reaches_end(in, actor)) {
        best = (struct fit){.history = &root, .continues = true};
        rc = RC_OK;
    } else {
        rc = fork_histories(work, &root, false, &histories, &count, err);
    }
    for (uint32_t i = 0; i < count && rc == RC_OK && best.history == NULL; i++)
        if (reaches_end(in, &histories[i]))
            best = (struct fit){.history = &histories[i], .continues = true};
    for (uint32_t i = 0; i < count && rc == RC_OK && !best.continues; i++) {
        struct fit fit;

        rc = fork_fit(work, in, &histories[i], &fit, err);
        if (rc == RC_OK && (fit.continues || (fit.joins && fit.differs > best.differs)))
            best = fit;
    }
    if (rc == RC_OK && best.continues)
        rc = fit_ahead(work, in, &best, err);
    if (rc != RC_OK)
        return rc;
    if (best.continues) {
        out->known = best.history->number;
        return work_actor(work, best.history->actor, &out->actor, err);
    }
    if (best.history == NULL) {
        /* A gap, or a fork that began before this batch: we need what lies before it. */
        out->want_from = in->batch.outer.first > root.number + 1 ? root.number + 1 : 1;
        return work_actor(work, root.actor, &out->actor, err);
    }
    rc = fork_make(work, in, root.device, &best, &out->actor, err);
    if (rc == RC_OK)
        out->known = out->actor->number;
    return rc;
}

enum rc fork_place(struct work *work, const struct ingested *in, struct stored_actor *actor,
                   uint32_t told_count, const struct told *told, struct placed *out,
                   struct err *err) {
    bool former = false;
    enum rc rc = fork_is_former(work, actor, &former, err);

    *out = (struct placed){.upto = in->batch.outer.last};
    if (rc == RC_OK)
        rc = former ? fork_place_former(work, in, actor, told_count, told, out, err)
                    : place_present(work, in, actor, out, err);
    if (rc != RC_OK)
        return rc;
    out->history = out->actor->actor;
    if (out->name == 0)
        out->name = out->history;
    return RC_OK;
}
