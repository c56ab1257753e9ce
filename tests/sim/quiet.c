/* quiet.c: which save a change of the county's log is, where it brings no token, as a meeting's.
 *
 * Its number and its leaf say it, but not always: copies of a tablet have the same keys, and in the
 * same moment each may write the very same bytes under the same number, as when each has its urn
 * taken away. Behind different histories these are two changes, and each must stand in the log for
 * itself. What tells them apart is the chain in front of them, which is made out of the leaves of
 * the history that they stand in.
 *
 * Where earlier numbers of a history are not in the log, or others have brought the change and its
 * author has not come, as after a restore of the county, nothing tells. Then one of the saves is
 * taken that have not been found otherwise. */
#include "schema/wire/frame.h"
#include "syncd/sync/fork.h"
#include "tests/sim/world.h"

struct looking {
    struct world *world;
    struct ledger *ledger;
    struct arena arena;
    struct arena frame;
};

static enum rc leaf_of(struct looking *looking, struct dot name, uint8_t out[32]) {
    struct store *store = looking->ledger->store;
    struct stored_change row;
    struct stored_frame stored;
    struct frame frame;
    enum rc rc = store_change(store, name, &row, &looking->world->err);

    arena_reset(&looking->frame);
    if (rc == RC_OK)
        rc = store_frame(store, row.frame, &looking->frame, &stored, &looking->world->err);
    if (rc == RC_OK)
        rc = frame_decode_raw(stored.bytes, looking->ledger->inflater, &looking->frame, &frame,
                              &looking->world->err);
    if (rc == RC_OK)
        memcpy(out, frame.changes[row.position].leaf, 32);
    return rc;
}

enum proof {
    PROOF_NOT,  /* every history that has it there goes another way */
    PROOF_NONE, /* the log does not say */
    PROOF_IS,
};

/* As one of the histories under its author's name has it. */
static enum proof prove_there(struct looking *looking, const struct stored_actor *history,
                              const struct save *save, const struct logged *logged) {
    struct world *world = looking->world;
    struct lineage lineage;
    uint8_t chain[32], leaf[32];
    enum rc rc = fork_lineage(history, fork_in_store(looking->ledger->store), &looking->arena,
                              &lineage, &world->err);

    world_must(world, rc, "the names of a history");
    if (!dot_equal(lineage_read(&lineage, logged->written), logged->name))
        return PROOF_NOT;
    chain_start(save->actor, chain);
    for (uint64_t n = 1; n < save->number; n++) {
        rc = leaf_of(looking, lineage_read(&lineage, (struct dot){save->actor, n}), leaf);
        if (rc == RC_NOT_FOUND) {
            err_clear(&world->err);
            return PROOF_NONE;
        }
        world_must(world, rc, "a change of a history");
        chain_next(chain, leaf, chain);
    }
    return memcmp(chain, save->before, 32) == 0 ? PROOF_IS : PROOF_NOT;
}

/* Whether a history of its author has it behind what the save was written behind. */
static enum proof prove(struct looking *looking, const struct save *save,
                        const struct logged *logged) {
    struct stored_actor root, *histories = NULL;
    uint32_t count = 0;
    enum proof proof = logged->carried ? PROOF_NONE : PROOF_NOT;
    struct world *world = looking->world;
    enum rc rc = store_actor(looking->ledger->store, save->actor, &root, &world->err);

    arena_reset(&looking->arena);
    if (rc == RC_OK)
        rc = fork_tree(looking->ledger->store, NULL, &root, &looking->arena, &histories, &count,
                       &world->err);
    world_must(world, rc, "the histories of an actor");
    for (uint32_t i = 0; i < count && proof != PROOF_IS; i++) {
        enum proof there = prove_there(looking, &histories[i], save, logged);

        proof = there > proof ? there : proof;
    }
    return proof;
}

static bool is_like(const struct save *save, const struct logged *logged) {
    uint8_t hash[32];

    if (!save->quiet || !dot_equal((struct dot){save->actor, save->number}, logged->written))
        return false;
    chain_next(save->before, logged->leaf, hash);
    return memcmp(hash, save->hash, 32) == 0;
}

static bool goes_first(const struct save *a, const struct save *b) {
    return a->found < b->found || (a->found == b->found && a->state < b->state);
}

enum quiet quiet_find(struct world *world, struct ledger *ledger, const struct logged *logged,
                      bool unproven) {
    struct looking looking = {.world = world, .ledger = ledger};
    enum proof best = PROOF_NOT;
    struct save *found = NULL;
    uint32_t alike = 0;

    for (uint32_t i = 0; i < world->save_count; i++)
        alike += is_like(&world->saves[i], logged);
    arena_init(&looking.arena, 64u * 1024u * 1024u);
    arena_init(&looking.frame, 64u * 1024u * 1024u);
    for (uint32_t i = 0; i < world->save_count; i++) {
        struct save *save = &world->saves[i];
        enum proof proof = PROOF_NOT;

        if (is_like(save, logged))
            proof = alike == 1 ? PROOF_IS : prove(&looking, save, logged);
        if (proof == PROOF_NOT || proof < best ||
            (proof == best && found != NULL && !goes_first(save, found)))
            continue;
        best = proof;
        found = save;
    }
    arena_release(&looking.arena);
    arena_release(&looking.frame);
    if (found == NULL)
        return QUIET_NONE;
    if (best == PROOF_NONE && !unproven)
        return QUIET_UNPROVEN;
    if ((best == PROOF_NONE) == unproven) {
        found->logged = logged->name;
        found->found++;
    }
    return QUIET_FOUND;
}
