/* fork_former.c: names that are older than the county's epoch (fork.h).
 *
 * Of such a name the county knows the numbers that its backup held. Which history it had given the
 * next ones to, it may have forgotten, and copies of one tablet may come in another order than
 * before. So a number that is new here keeps a former name only if somebody proves it:
 *
 * - the device itself, which was told so by a receipt (struct told). Its word is as good as its
 *   batches: both bear its signature, and nobody but its own copies could use the name.
 * - a change of the batch, or one behind it in the same history, that others have brought as an
 *   entry of a feed which the county had signed (carried.h).
 *
 * What nobody proves goes on under a fork that is named by the present epoch, too. Nobody else can
 * have that name, so from there on order of arrival decides again.
 *
 * A change may have had two names that are both proven: one before a restore, another one since,
 * and the county has come back from a backup of before once more. Others may bring it under the
 * one, and its neighbours under the other, and its author may say that they all have the other. In
 * the log it stands once, under the name that came first: to its history it is a stray (fork.h). So
 * before a number is filed, it is looked for under every name of its actor. What is the same under
 * a name of which something else stands in front is a copy's. */
#include "syncd/sync/fork_inside.h"

#include "base/crypt.h"

struct proof {
    uint64_t upto; /* 0: there is none */
    struct lineage lineage;
    struct lineage trunk; /* of the lineage */
};

struct placing {
    struct work *work;
    const struct ingested *in;
    struct stored_actor root;
    struct stored_actor *histories;
    uint32_t count;
    uint64_t agreed;           /* the batch is known up to here ... */
    struct stored_actor owner; /* ... and this is the history that number belongs to */
    uint64_t *parts;           /* of each history: find_parting; 0: not known yet */
};

/* The batch's chain behind number n, first - 1 at least. */
static const uint8_t *chain_at(const struct ingested *in, uint64_t n) {
    return n + 1 == in->batch.outer.first ? in->batch.previous
                                          : in->chain[n - in->batch.outer.first];
}

static const uint8_t *leaf_at(const struct ingested *in, uint64_t n) {
    return ingest_change(in, (uint32_t)(n - in->batch.outer.first))->leaf;
}

/* How far any of the histories goes with the batch. false: none joins it. */
static enum rc find_agreed(struct placing *placing, bool *joins, struct err *err) {
    const struct batch_outer *outer = &placing->in->batch.outer;
    const struct stored_actor *best = NULL;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < placing->count && rc == RC_OK; i++) {
        const struct stored_actor *history = &placing->histories[i];
        struct fit fit;
        uint64_t agreed;

        if (history->fork_of != 0 && history->number < history->fork_from)
            continue;
        rc = fork_fit(placing->work, placing->in, history, &fit, err);
        if (rc != RC_OK || !fit.joins)
            continue;
        agreed = !fit.continues                  ? fit.differs - 1
                 : history->number < outer->last ? history->number
                                                 : outer->last;
        if (best == NULL || agreed > placing->agreed) {
            best = history;
            placing->agreed = agreed;
        }
    }
    *joins = best != NULL;
    if (best != NULL)
        placing->owner = *best;
    while (rc == RC_OK && best != NULL && placing->owner.fork_of != 0 &&
           placing->owner.fork_from > placing->agreed)
        rc = fork_actor(fork_in_work(placing->work), placing->owner.fork_of, &placing->owner, err);
    return rc;
}

/* Whether the device speaks of this very history, not of a copy's. */
static bool is_meant(const struct ingested *in, const struct told *told) {
    for (uint32_t i = 0; i < told->mark_count; i++) {
        uint64_t n = told->marks[i].number;

        if (n + 1 >= in->batch.outer.first && n <= in->batch.outer.last &&
            crypt_equal(told->marks[i].hash, chain_at(in, n), 32))
            return true;
    }
    return false;
}

static enum rc prove_by_word(const struct placing *placing, uint32_t told_count,
                             const struct told *told, struct proof *proof, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < told_count && rc == RC_OK; i++) {
        if (told[i].actor != placing->root.actor || told[i].number <= proof->upto ||
            !is_meant(placing->in, &told[i]))
            continue;
        rc = lineage_decode(told[i].forks, &placing->work->arena, &proof->lineage, err);
        proof->upto = told[i].number;
    }
    return rc;
}

/* Whether this leaf, of what is here of a history (zeros: nothing), is the batch's at n. */
static bool is_leaf_of(const struct placing *placing, const uint8_t leaf[32], uint64_t n) {
    static const uint8_t none[32];

    return !crypt_equal(leaf, none, 32) && crypt_equal(leaf, leaf_at(placing->in, n), 32);
}

/* The first number at which the log has something else of this history than the batch and what
 * stands in front of it; behind its last one if there is none. From there on it is another one, a
 * copy's, though the copy may have written the same bytes. */
static enum rc find_parting(const struct placing *placing, uint32_t which, struct err *err) {
    static const uint8_t none[32];
    const struct stored_actor *history = &placing->histories[which];
    uint64_t from = placing->agreed + 1, last = placing->in->batch.outer.last, found = 0;
    uint64_t *parts = &placing->parts[which];
    uint8_t(*leaves)[32] = NULL;
    enum rc rc;

    if (*parts != 0)
        return RC_OK;
    rc = fork_parting(placing->work, &placing->owner, history, placing->agreed, parts, err);
    if (rc != RC_OK || *parts < from)
        return rc;
    rc = fork_leaves(placing->work, history, false, from, last, &leaves, &found, err);
    *parts = last + 1;
    for (uint64_t n = from; n < *parts && rc == RC_OK && found > 0; n++)
        if (!crypt_equal(leaves[n - from], none, 32) && !is_leaf_of(placing, leaves[n - from], n))
            *parts = n;
    return rc;
}

/* The last change of the batch that others have brought here, under whatever name. */
static enum rc prove_by_others(const struct placing *placing, struct proof *proof,
                               struct err *err) {
    uint64_t from = placing->agreed + 1, last = placing->in->batch.outer.last;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < placing->count && rc == RC_OK; i++) {
        uint8_t(*leaves)[32] = NULL;
        uint64_t found = 0, at = 0;

        rc = fork_leaves(placing->work, &placing->histories[i], true, from, last, &leaves, &found,
                         err);
        for (uint64_t n = last; n >= from && rc == RC_OK && found > 0 && at == 0; n--)
            if (is_leaf_of(placing, leaves[n - from], n)) {
                rc = find_parting(placing, i, err);
                at = rc == RC_OK && n < placing->parts[i] ? n : 0;
            }
        if (rc != RC_OK || at <= proof->upto)
            continue;
        rc = fork_lineage(&placing->histories[i], fork_in_work(placing->work),
                          &placing->work->arena, &proof->lineage, err);
        proof->upto = at;
    }
    return rc;
}

/* Where the name of number n ends according to the proof. */
static uint64_t end_of_name(const struct proof *proof, uint64_t root, uint64_t n, uint64_t last) {
    uint64_t end = proof->upto < last ? proof->upto : last;

    for (uint32_t i = 0; i < proof->lineage.count; i++)
        if (proof->lineage.ranges[i].actor == root && proof->lineage.ranges[i].from > n &&
            proof->lineage.ranges[i].from <= end)
            end = proof->lineage.ranges[i].from - 1;
    return end;
}

static bool begins_at(const struct proof *proof, uint64_t root, uint64_t name, uint64_t n) {
    for (uint32_t i = 0; i < proof->trunk.count; i++)
        if (proof->trunk.ranges[i].actor == root && proof->trunk.ranges[i].name == name)
            return proof->trunk.ranges[i].from == n;
    return false;
}

/* *done: the next number of the batch has a name that is proven. */
static enum rc place_proven(struct placing *placing, struct proof *proof, struct placed *out,
                            bool *done, struct err *err) {
    uint64_t root = placing->root.actor, next = placing->agreed + 1, name;
    struct stored_actor *fork = NULL;
    enum rc rc;

    *done = false;
    if (proof->upto < next)
        return RC_OK;
    rc = lineage_trunk(&proof->lineage, &placing->work->arena, &proof->trunk, err);
    if (rc != RC_OK)
        return rc;
    name = lineage_read(&proof->trunk, (struct dot){root, next}).actor;
    if (name == placing->owner.actor) {
        *done = placing->owner.number == placing->agreed;
    } else if (begins_at(proof, root, name, next)) {
        rc = fork_know(placing->work, name, placing->owner.actor, next, &fork, err);
        *done =
            rc == RC_OK && fork->number == placing->agreed && fork->fork_of == placing->owner.actor;
        if (*done)
            memcpy(fork->hash, chain_at(placing->in, placing->agreed), 32);
        if (*done && fork->device == DEVICE_UNKNOWN)
            fork->device = placing->root.device;
    }
    if (rc != RC_OK || !*done)
        return rc;
    out->known = placing->agreed;
    out->upto = end_of_name(proof, root, next, out->upto);
    return work_actor(placing->work, name, &out->actor, err);
}

/* What nobody proves: behind what has a name of this epoch, or under a new one. */
static enum rc place_unproven(struct placing *placing, struct placed *out, struct err *err) {
    struct fit fit = {.history = &placing->owner, .joins = true, .differs = placing->agreed + 1};
    bool former = true;
    enum rc rc = fork_is_former(placing->work, &placing->owner, &former, err);

    out->known = placing->agreed;
    if (rc == RC_OK && !former && placing->owner.number == placing->agreed)
        return work_actor(placing->work, placing->owner.actor, &out->actor, err);
    memcpy(fit.leaf, leaf_at(placing->in, fit.differs), 32);
    return rc != RC_OK ? rc
                       : fork_make(placing->work, placing->in, placing->root.device, &fit,
                                   &out->actor, err);
}

/* --- what is in the log under another name --- */

/* names[i]: under which the number agreed + 1 + i is here, because others brought it, but for what
 * is the history's own. What an author brought himself stands in a history that the batch would
 * have joined so far, if it were the same: behind other numbers the same bytes are a copy's. */
static enum rc find_names(const struct placing *placing, uint64_t last, uint64_t **names,
                          struct err *err) {
    uint64_t from = placing->agreed + 1;
    enum rc rc = RC_OK;

    *names = arena_array(&placing->work->arena, (size_t)(last - from + 1), sizeof(**names));
    if (*names == NULL)
        return arena_check(&placing->work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < placing->count && rc == RC_OK; i++) {
        uint64_t name = placing->histories[i].actor, found = 0;
        uint8_t(*leaves)[32] = NULL;

        rc = fork_own_leaves(placing->work, name, true, from, last, &leaves, &found, err);
        for (uint64_t n = from; n <= last && rc == RC_OK && found > 0; n++)
            if (is_leaf_of(placing, leaves[n - from], n)) {
                rc = find_parting(placing, i, err);
                if (rc == RC_OK && n < placing->parts[i])
                    (*names)[n - from] = name;
            }
    }
    return rc;
}

/* The name of the number behind what is agreed, if the word says that it is another one than that
 * of its history, and the county has nothing else there. 0: none. */
static enum rc told_stray(const struct placing *placing, const struct proof *proof,
                          const struct placed *placed, uint64_t *out, struct err *err) {
    uint64_t root = placing->root.actor, next = placing->agreed + 1;
    uint64_t name = lineage_read(&proof->lineage, (struct dot){root, next}).actor;
    struct lineage lineage;
    enum rc rc = RC_OK;

    *out = 0;
    if (name == placed->actor->actor)
        return RC_OK;
    for (uint32_t i = 0; i < placing->count && *out == 0; i++)
        if (placing->histories[i].actor == name && placing->histories[i].number < next)
            *out = name;
    if (*out != 0) {
        uint8_t(*leaves)[32] = NULL;
        uint64_t found = 0;

        rc = fork_own_leaves(placing->work, name, false, next, placed->upto, &leaves, &found, err);
        if (rc == RC_OK && found > 0)
            *out = 0;
    }
    if (rc == RC_OK && *out != 0)
        rc = fork_lineage(placed->actor, fork_in_work(placing->work), &placing->work->arena,
                          &lineage, err);
    if (rc == RC_OK && *out != 0 && lineage.count + 2 > LIMIT_LINEAGE)
        *out = 0; /* nobody could read it */
    return rc;
}

/* What of the part has another name already, or is to have it. */
static enum rc place_strays(const struct placing *placing, const struct proof *proof,
                            const uint64_t *names, struct placed *out, struct err *err) {
    uint64_t history = out->actor->actor, next = placing->agreed + 1, told = 0;
    struct stray *strays = NULL;
    uint32_t count = 0, capacity = 0;
    enum rc rc = RC_OK;

    if (names[0] == 0 && proof->upto >= next)
        rc = told_stray(placing, proof, out, &told, err);
    for (uint64_t n = next; told != 0 && n <= out->upto; n++)
        if (names[n - next] != 0)
            out->upto = n - 1;
    if (told != 0) {
        struct stored_actor *actor = NULL;

        out->name = told;
        rc = work_actor(placing->work, told, &actor, err); /* it is a part of the step */
    }
    if (rc == RC_OK) /* the list it stands in may have grown */
        rc = work_actor(placing->work, history, &out->actor, err);
    for (uint64_t n = next; n <= out->upto && rc == RC_OK; n++) {
        uint64_t name = told != 0 ? told : names[n - next];
        struct stray *last = count == 0 ? NULL : &strays[count - 1];

        if (name == 0 || name == history)
            continue;
        if (last != NULL && last->name == name && last->last + 1 == n) {
            last->last = n;
            continue;
        }
        last = arena_push(&placing->work->arena, &strays, &count, &capacity, sizeof(*last));
        if (last == NULL)
            return arena_check(&placing->work->arena, "a step of the writer", err);
        *last = (struct stray){n, n, name};
    }
    if (told == 0) {
        out->strays = strays;
        out->stray_count = count;
    }
    return rc == RC_OK ? fork_put_strays(placing->work, out->actor, strays, count, err) : rc;
}

/* What begins with numbers that nobody proves, but others have brought, goes on as it was called
 * over these: only what is not here needs a new name. */
static bool goes_on(const struct placing *placing, const uint64_t *names, struct placed *out) {
    uint64_t next = placing->agreed + 1, last = placing->agreed;

    if (placing->owner.number != placing->agreed)
        return false;
    while (last < out->upto && names[last + 1 - next] != 0)
        last++;
    if (last == placing->agreed)
        return false;
    out->known = placing->agreed;
    out->upto = last;
    return true;
}

enum rc fork_place_former(struct work *work, const struct ingested *in, struct stored_actor *actor,
                          uint32_t told_count, const struct told *told, struct placed *out,
                          struct err *err) {
    struct placing placing = {.work = work, .in = in, .root = *actor};
    struct proof proof = {0};
    uint64_t *names = NULL;
    bool joins = false, done = false;
    enum rc rc = fork_histories(work, &placing.root, true, &placing.histories, &placing.count, err);

    if (rc == RC_OK)
        rc = find_agreed(&placing, &joins, err);
    if (rc == RC_OK) {
        placing.parts = arena_array(&work->arena, placing.count, sizeof(*placing.parts));
        rc = arena_check(&work->arena, "a step of the writer", err);
    }
    if (rc != RC_OK)
        return rc;
    if (!joins) {
        out->want_from = in->batch.outer.first > actor->number + 1 ? placing.root.number + 1 : 1;
        return work_actor(work, placing.root.actor, &out->actor, err);
    }
    if (placing.agreed == in->batch.outer.last) {
        out->known = placing.agreed;
        return work_actor(work, placing.owner.actor, &out->actor, err);
    }
    rc = prove_by_word(&placing, told_count, told, &proof, err);
    if (rc == RC_OK)
        rc = prove_by_others(&placing, &proof, err);
    if (rc == RC_OK)
        rc = place_proven(&placing, &proof, out, &done, err);
    if (rc == RC_OK)
        rc = find_names(&placing, out->upto, &names, err);
    if (rc == RC_OK && !done)
        proof.upto = 0;
    if (rc == RC_OK && !done && goes_on(&placing, names, out))
        rc = work_actor(work, placing.owner.actor, &out->actor, err);
    else if (rc == RC_OK && !done)
        rc = place_unproven(&placing, out, err);
    return rc == RC_OK ? place_strays(&placing, &proof, names, out, err) : rc;
}

enum rc fork_know(struct work *work, uint64_t id, uint64_t fork_of, uint64_t fork_from,
                  struct stored_actor **out, struct err *err) {
    struct stored_actor fresh = {.actor = id, .device = DEVICE_UNKNOWN, .retired = true};
    enum rc rc = work_actor(work, id, out, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    if (fork_of == 0) {
        chain_start(id, fresh.hash);
    } else {
        fresh.fork_of = fork_of;
        fresh.fork_from = fork_from;
        fresh.number = fork_from - 1;
    }
    return fork_add(work, &fresh, out, err);
}
