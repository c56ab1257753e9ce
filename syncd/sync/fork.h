/* fork.h: a tablet that was cloned, or restored from its own backup, uses numbers twice.
 *
 * The same number with another content means that two databases believe to be one actor. Nothing of
 * either is refused: the second to arrive is taken in under a name of its own, the fork actor
 * (lineage_name). Its own numbers from there on, as author and in what it replaces, read as the
 * fork's. The device is told to incarnate anew; staff are told.
 *
 * Copies may be copied again before anybody syncs, so the histories under one name are a tree. Each
 * but the first knows the history it differs from (fork_of) and the first number that is its own
 * (fork_from, always behind its parent's). Which branch is the trunk is decided by who comes first;
 * the rest follows.
 *
 * A county that was restored has lost a part of what it had decided, and a name must not mean
 * something else than before (fork_former.c). What is older than its epoch keeps its name only by
 * proof: by what the device was told, or by what others can show. The rest goes on under a name of
 * its own that begins in this epoch. */
#ifndef YG_SYNCD_SYNC_FORK_H
#define YG_SYNCD_SYNC_FORK_H

#include "syncd/sync/ingest.h"
#include "syncd/sync/work.h"

struct told;

struct placed {
    struct stored_actor *actor; /* or one of its forks, made here if need be */
    uint64_t known;             /* numbers of the batch up to here are already committed */
    uint64_t upto;              /* those behind them are its up to here ... */
    uint64_t name;              /* ... and what of them is new is filed under this name */
    uint64_t history;           /* actor's */
    uint32_t stray_count;
    const struct stray *strays; /* of those: they are in the log under other names */
    uint64_t want_from;         /* not 0: it cannot be placed without earlier numbers; the tablet
                                 * must send again from there */
};

/* Which of the histories under this actor's name does the batch continue? told: what its device was
 * told of that (struct told). */
enum rc fork_place(struct work *work, const struct ingested *in, struct stored_actor *actor,
                   uint32_t told_count, const struct told *told, struct placed *out,
                   struct err *err);

/* Whether the name is older than the county's epoch, so that it cannot know all that it had called
 * by it. */
enum rc fork_is_former(struct work *work, const struct stored_actor *actor, bool *out,
                       struct err *err);
/* The actor, which need not be known here: then it is nobody's until its device shows itself. Where
 * a fork's beginning cannot be computed its hash stays zeros, and its number where it began. */
enum rc fork_know(struct work *work, uint64_t id, uint64_t fork_of, uint64_t fork_from,
                  struct stored_actor **out, struct err *err);

/* Where actors and strays are looked up. */
struct fork_source {
    struct store *store;
    struct work *work; /* as its step sees them; NULL: as they are committed */
};
struct fork_source fork_in_store(struct store *store);
struct fork_source fork_in_work(struct work *work);
enum rc fork_actor(struct fork_source source, uint64_t actor, struct stored_actor *out,
                   struct err *err);

/* Numbers of a history that stand in the log under another name of the same actor, because others
 * brought them, or their author's word says so, before this history had come so far. Each stands
 * there once: the history's own chain goes on over it, and its lineage leads to that name. Kept in
 * the setting "strays ACTOR", ascending. */
struct stray {
    uint64_t first, last;
    uint64_t name;
};
/* In the arena. */
enum rc fork_strays(struct fork_source source, const struct stored_actor *history,
                    struct arena *arena, struct stray **out, uint32_t *count, struct err *err);
/* Those of these numbers, cut to them. */
enum rc fork_strays_within(struct fork_source source, const struct stored_actor *history,
                           uint64_t first, uint64_t last, struct arena *arena, struct stray **out,
                           uint32_t *count, struct err *err);
/* All behind those that are known. */
enum rc fork_put_strays(struct work *work, const struct stored_actor *history,
                        const struct stray *strays, uint32_t count, struct err *err);

/* Under which names the numbers of this history are known: its own, those of the histories it grew
 * out of, and as many of the strays as a lineage has room for. In the arena. */
enum rc fork_lineage(const struct stored_actor *actor, struct fork_source source,
                     struct arena *arena, struct lineage *out, struct err *err);
/* The same, encoded; empty for what has its own name alone. */
enum rc fork_names(const struct stored_actor *actor, struct fork_source source, struct arena *arena,
                   struct view *out, struct err *err);
/* The chain behind which a fork begins, where others have carried it here before its parent; its
 * hash stays as it is while that is not known. */
enum rc fork_begin(struct work *work, uint64_t root, struct stored_actor *fork, struct err *err);
/* What is here of a history, for its tablet: names, number and hash. Names are in the arena. */
enum rc receipt_of(const struct stored_actor *history, struct store *store, struct arena *arena,
                   struct receipt *out, struct err *err);
/* The name of the history of which this receipt speaks, where it ends. */
enum rc receipt_history(const struct receipt *receipt, struct arena *arena, uint64_t *out,
                        struct err *err);
/* The root, and behind it by id all that have grown out of it, however deep; of a fork itself
 * alone. work: as its step sees them; NULL: as they are committed. In the arena. */
enum rc fork_tree(struct store *store, const struct work *work, const struct stored_actor *root,
                  struct arena *arena, struct stored_actor **out, uint32_t *count, struct err *err);
/* The actor whose numbers the tablet uses, of a fork. */
enum rc fork_root(const struct stored_actor *actor, struct fork_source source, uint64_t *out,
                  struct err *err);

#endif
