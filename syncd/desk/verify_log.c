/* verify_log.c: the log against its index and against the actors' chains.
 *
 * An actor's numbers may lie in several frames of one batch (one for each area), so leaves arrive
 * a little out of order: those that are early wait in a heap until their number comes. A frame may
 * also repeat changes that were known before; the index says which frame is a change's own. */
#include "base/crypt.h"
#include "base/list.h"
#include "syncd/desk/verify.h"
#include "syncd/sync/fork.h"

#include <stdlib.h>

#define FRAME_ARENA_BYTES  (96u * 1024u * 1024u)
#define ACTORS_MAX         10000000u
#define STRAYS_ARENA_BYTES (16u * 1024u * 1024u)
#define EARLY_MAX          10000000u

struct early {
    uint64_t number;
    uint8_t leaf[32];
};

struct chain {
    struct stored_actor stored; /* as it was before the walk began */
    uint64_t number;
    uint8_t hash[32];
    bool reached;        /* the stored number has been passed and compared */
    bool has_forks;      /* others began in the middle of it */
    bool broken;         /* said once */
    struct early *early; /* a heap, the smallest number first */
    size_t early_count, early_capacity;
};

struct log_check {
    struct verify *verify;
    struct chain *chains; /* sorted by actor */
    size_t count, capacity;
    struct zip_inflater *inflater;
    struct arena arena; /* of the frame at hand */
    uint64_t last_serial;
};

/* --- chains --- */

static enum rc actor_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct log_check *check = context;
    enum rc rc = array_grow(&check->chains, sizeof(*check->chains), check->count + 1, ACTORS_MAX,
                            "actors", &check->capacity, err);

    if (rc != RC_OK)
        return rc;
    check->chains[check->count] = (struct chain){.stored = *actor};
    if (actor->fork_of == 0)
        chain_start(actor->actor, check->chains[check->count].hash);
    check->count++;
    return RC_OK;
}

static int by_actor(const void *left, const void *right) {
    uint64_t a = ((const struct chain *)left)->stored.actor;
    uint64_t b = ((const struct chain *)right)->stored.actor;

    return (a > b) - (a < b);
}

static struct chain *find_chain(const struct log_check *check, uint64_t actor) {
    struct chain wanted = {.stored = {.actor = actor}};

    return check->count == 0
               ? NULL
               : bsearch(&wanted, check->chains, check->count, sizeof(wanted), by_actor);
}

static void drain(struct log_check *check, struct chain *chain);

/* A fork goes on from where its origin's chain stood before the first number that differs. What
 * others have carried here of the fork may stand earlier in the log. */
static void begin_forks(struct log_check *check, struct chain *origin) {
    for (size_t i = 0; i < check->count; i++) {
        struct chain *fork = &check->chains[i];

        if (fork->stored.fork_of != origin->stored.actor ||
            fork->stored.fork_from != origin->number + 1)
            continue;
        fork->number = origin->number;
        memcpy(fork->hash, origin->hash, 32);
        drain(check, fork);
    }
}

static void mark_forks(struct log_check *check) {
    for (size_t i = 0; i < check->count; i++) {
        struct chain *origin = check->chains[i].stored.fork_of == 0
                                   ? NULL
                                   : find_chain(check, check->chains[i].stored.fork_of);

        if (origin == NULL)
            continue;
        origin->has_forks = true;
        if (check->chains[i].stored.fork_from == 1)
            begin_forks(check, origin);
    }
}

static void swap(struct early *a, struct early *b) {
    struct early kept = *a;

    *a = *b;
    *b = kept;
}

static void sift_down(struct chain *chain) {
    size_t at = 0;

    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < chain->early_count &&
                chain->early[child].number < chain->early[least].number)
                least = child;
        if (least == at)
            return;
        swap(&chain->early[at], &chain->early[least]);
        at = least;
    }
}

static enum rc put_early(struct chain *chain, uint64_t number, const uint8_t leaf[32],
                         struct err *err) {
    size_t at = chain->early_count;
    enum rc rc = array_grow(&chain->early, sizeof(*chain->early), at + 1, EARLY_MAX,
                            "changes out of order", &chain->early_capacity, err);

    if (rc != RC_OK)
        return rc;
    chain->early[at].number = number;
    memcpy(chain->early[at].leaf, leaf, 32);
    chain->early_count++;
    while (at > 0 && chain->early[(at - 1) / 2].number > chain->early[at].number) {
        swap(&chain->early[(at - 1) / 2], &chain->early[at]);
        at = (at - 1) / 2;
    }
    return RC_OK;
}

static void advance(struct log_check *check, struct chain *chain, const uint8_t leaf[32]) {
    chain_next(chain->hash, leaf, chain->hash);
    chain->number++;
    if (chain->has_forks)
        begin_forks(check, chain);
    if (chain->number == chain->stored.number) {
        chain->reached = true;
        if (!crypt_equal(chain->hash, chain->stored.hash, 32) && !chain->broken) {
            char actor[17];

            id_text(chain->stored.actor, actor);
            VERIFY_FOUND(check->verify,
                         "actor %s: the chain of its changes 1 to %llu does not end as recorded",
                         actor, (unsigned long long)chain->number);
            chain->broken = true;
        }
    }
}

static void drain(struct log_check *check, struct chain *chain) {
    while (chain->early_count > 0 && chain->early[0].number == chain->number + 1) {
        advance(check, chain, chain->early[0].leaf);
        chain->early[0] = chain->early[--chain->early_count];
        sift_down(chain);
    }
}

/* The leaf of a change that stands in the log under this name. */
static enum rc put_stray(struct log_check *check, struct chain *chain, struct dot dot,
                         struct err *err) {
    struct store *store = check->verify->seat->ledger->store;
    struct stored_change indexed;
    struct stored_frame stored;
    struct frame frame;
    enum rc rc = store_change(store, dot, &indexed, err);

    arena_reset(&check->arena);
    if (rc == RC_OK)
        rc = store_frame(store, indexed.frame, &check->arena, &stored, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(stored.bytes, check->inflater, &check->arena, &frame, err);
    if (rc == RC_NO_MEMORY || rc == RC_IO)
        return rc;
    if (rc != RC_OK || indexed.position >= frame.count) { /* the chain will not come so far */
        err_clear(err);
        return RC_OK;
    }
    return put_early(chain, dot.number, frame.changes[indexed.position].leaf, err);
}

/* Numbers that an actor's chain goes over, and that stand under another name (syncd/sync/fork.h).
 */
static enum rc put_strays(struct log_check *check, struct chain *chain, struct err *err) {
    const struct fork_source source = fork_in_store(check->verify->seat->ledger->store);
    struct stray *strays = NULL;
    struct arena arena;
    uint32_t count = 0;
    enum rc rc;

    arena_init(&arena, STRAYS_ARENA_BYTES);
    rc = fork_strays(source, &chain->stored, &arena, &strays, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        for (uint64_t n = strays[i].first; n <= strays[i].last && rc == RC_OK; n++)
            rc = put_stray(check, chain, (struct dot){strays[i].name, n}, err);
    arena_release(&arena);
    return rc;
}

static enum rc begin_chains(struct log_check *check, struct err *err) {
    enum rc rc = RC_OK;

    for (size_t i = 0; i < check->count && rc == RC_OK; i++)
        rc = put_strays(check, &check->chains[i], err);
    if (rc != RC_OK)
        return rc;
    mark_forks(check);
    for (size_t i = 0; i < check->count; i++)
        if (check->chains[i].stored.fork_of == 0)
            drain(check, &check->chains[i]);
    return RC_OK;
}

static enum rc add_leaf(struct log_check *check, struct dot dot, const uint8_t leaf[32],
                        uint64_t serial, struct err *err) {
    struct chain *chain = find_chain(check, dot.actor);
    char actor[17];
    enum rc rc;

    if (chain == NULL) { /* began after the actors were read, or is nobody's */
        struct stored_actor stored;

        rc = store_actor(check->verify->seat->ledger->store, dot.actor, &stored, err);
        if (rc != RC_NOT_FOUND)
            return rc;
        err_clear(err);
        id_text(dot.actor, actor);
        VERIFY_FOUND(check->verify, "frame %llu: its actor %s is not known",
                     (unsigned long long)serial, actor);
        return RC_OK;
    }
    if (dot.number != chain->number + 1)
        return put_early(chain, dot.number, leaf, err);
    advance(check, chain, leaf);
    drain(check, chain);
    return RC_OK;
}

static void check_ends(struct log_check *check) {
    for (size_t i = 0; i < check->count; i++) {
        struct chain *chain = &check->chains[i];
        char actor[17];

        check->verify->actors++;
        if (chain->reached || chain->broken || chain->stored.number == 0 ||
            (chain->stored.fork_of != 0 && chain->stored.number < chain->stored.fork_from))
            continue;
        id_text(chain->stored.actor, actor);
        VERIFY_FOUND(check->verify,
                     "actor %s: change %llu is missing in the log; it should end at %llu", actor,
                     (unsigned long long)(chain->number + 1),
                     (unsigned long long)chain->stored.number);
    }
}

/* --- one change against the index --- */

/* hash: what was signed, before a fork's names were read into the change. */
static enum rc check_signature(struct log_check *check, const struct change *change,
                               const uint8_t hash[32], struct err *err) {
    struct verify *verify = check->verify;
    struct stored_person person;
    char dot[DOT_TEXT_BYTES];
    enum rc rc =
        store_person(verify->seat->ledger->store, change->person, &check->arena, &person, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    dot_text(change->dot, dot);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        VERIFY_FOUND(verify, "change %s: it is signed by a person who is not known", dot);
        return RC_OK;
    }
    verify->signatures++;
    if (!crypt_verify(person.sign_public, view_of(hash, 32), change->signature))
        VERIFY_FOUND(verify, "change %s: the signature of %.*s does not fit", dot,
                     VIEW_PRINT(person.name));
    return RC_OK;
}

static enum rc check_change(struct log_check *check, const struct stored_frame *stored,
                            uint32_t position, const struct frame_change *item,
                            const uint8_t signed_hash[32], struct err *err) {
    struct verify *verify = check->verify;
    const struct change *change = &item->change;
    struct stored_change indexed;
    char dot[DOT_TEXT_BYTES];
    enum rc rc = store_change(verify->seat->ledger->store, change->dot, &indexed, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    dot_text(change->dot, dot);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        VERIFY_FOUND(verify, "frame %llu: its change %s is not in the index",
                     (unsigned long long)stored->serial, dot);
        return RC_OK;
    }
    if (indexed.frame != stored->serial)
        return RC_OK; /* sent again: its own frame is another one */
    verify->changes++;
    verify->admitted += indexed.verdict == VERDICT_ADMIT;
    if (indexed.position != position || !dot_equal(indexed.record, change->record) ||
        indexed.kind != change->kind || indexed.person != change->person)
        VERIFY_FOUND(verify, "change %s: the index says other things than its frame %llu", dot,
                     (unsigned long long)stored->serial);
    rc = add_leaf(check, change->dot, item->leaf, stored->serial, err);
    if (rc == RC_OK && change->is_signed && indexed.verdict == VERDICT_ADMIT)
        rc = check_signature(check, change, signed_hash, err);
    return rc;
}

/* Decoded as it was signed, then read under the fork's name, where it is one. */
static enum rc open_frame(struct log_check *check, const struct stored_frame *stored,
                          const struct lineage *lineage, struct frame *frame,
                          uint8_t (**hashes)[32], struct err *err) {
    enum rc rc = frame_decode_raw(stored->bytes, check->inflater, &check->arena, frame, err);

    if (rc != RC_OK)
        return rc;
    *hashes = arena_array(&check->arena, frame->count, sizeof(**hashes));
    if (*hashes == NULL)
        return arena_check(&check->arena, "a frame", err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++)
        if (frame->changes[i].change.is_signed)
            rc = change_signed_hash(&frame->changes[i].change, (*hashes)[i], err);
    return rc == RC_OK ? frame_rename(frame, lineage, &check->arena, err) : rc;
}

/* What stands in front of a frame is no part of the leaves; the row repeats it. A frame of a copy's
 * copy may begin under one name and end under another: the row has that of its end. */
static void check_head(struct log_check *check, const struct stored_frame *stored,
                       const struct frame *frame) {
    struct dot last = frame->changes[frame->count - 1].change.dot;

    if (last.actor != stored->actor || last.number != stored->last || frame->area != stored->area ||
        frame->audience != stored->audience || frame->form != stored->form)
        VERIFY_FOUND(check->verify, "frame %llu of the log: its head differs from its row",
                     (unsigned long long)stored->serial);
}

/* A frame that does not decode is one difference; its changes are missing in the chains then. */
static enum rc frame_visit(void *context, const struct stored_frame *stored, struct err *err) {
    struct log_check *check = context;
    struct verify *verify = check->verify;
    uint8_t(*hashes)[32] = NULL;
    struct lineage lineage;
    struct frame frame;
    enum rc rc;

    arena_reset(&check->arena);
    if (stored->serial != check->last_serial + 1)
        VERIFY_FOUND(verify, "log: frame %llu is missing",
                     (unsigned long long)(check->last_serial + 1));
    check->last_serial = stored->serial;
    verify->frames++;
    command_progress(verify->command, "frame %llu", (unsigned long long)stored->serial);
    rc = lineage_decode(stored->forks, &check->arena, &lineage, err);
    if (rc == RC_OK)
        rc = open_frame(check, stored, &lineage, &frame, &hashes, err);
    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc != RC_OK) {
        VERIFY_FOUND(verify, "frame %llu of the log: %s", (unsigned long long)stored->serial,
                     err->text);
        err_clear(err);
        return RC_OK;
    }
    check_head(check, stored, &frame);
    for (uint32_t i = 0; i < frame.count && rc == RC_OK; i++)
        rc = check_change(check, stored, i, &frame.changes[i], hashes[i], err);
    return rc;
}

enum rc verify_log(struct verify *verify, struct err *err) {
    struct log_check check = {.verify = verify};
    struct store *store = verify->seat->ledger->store;
    enum rc rc = zip_inflater_new(&check.inflater, err);

    arena_init(&check.arena, FRAME_ARENA_BYTES);
    if (rc == RC_OK)
        rc = store_actors(store, actor_visit, &check, err);
    if (rc == RC_OK && check.count > 0)
        qsort(check.chains, check.count, sizeof(*check.chains), by_actor);
    if (rc == RC_OK)
        rc = begin_chains(&check, err);
    if (rc == RC_OK)
        rc = store_frames(store, 0, frame_visit, &check, err);
    if (rc == RC_OK)
        check_ends(&check);
    for (size_t i = 0; i < check.count; i++)
        free(check.chains[i].early);
    free(check.chains);
    zip_inflater_free(check.inflater);
    arena_release(&check.arena);
    return rc;
}
