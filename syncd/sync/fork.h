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
 * the rest follows. */
#ifndef YG_SYNCD_SYNC_FORK_H
#define YG_SYNCD_SYNC_FORK_H

#include "syncd/sync/ingest.h"
#include "syncd/sync/work.h"

/* Which of the histories under this actor's name does the batch continue? *out is the actor or one
 * of its forks, made here if need be. *want_from is not 0 when the batch cannot be placed without
 * earlier numbers: the tablet must send again from there. *known: numbers of the batch up to here
 * are already committed under *out. */
enum rc fork_place(struct work *work, const struct ingested *in, struct stored_actor *actor,
                   struct stored_actor **out, uint64_t *known, uint64_t *want_from,
                   struct err *err);

/* Under which names the numbers of this history are known: its own and those of the histories it
 * grew out of. In the arena. */
typedef enum rc fork_lookup(void *context, uint64_t actor, struct stored_actor *out,
                            struct err *err);
enum rc fork_lineage(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                     struct arena *arena, struct lineage *out, struct err *err);
/* The same, encoded; empty for what is no fork. */
enum rc fork_names(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                   struct arena *arena, struct view *out, struct err *err);
/* The chain behind which a fork begins, where others have carried it here before its parent; its
 * hash stays as it is while that is not known. */
enum rc fork_begin(struct work *work, uint64_t root, struct stored_actor *fork, struct err *err);
/* The name of the history of which this receipt speaks, where it ends. */
enum rc receipt_history(const struct receipt *receipt, struct arena *arena, uint64_t *out,
                        struct err *err);
/* Lookups in a store and in a step of the writer. */
enum rc fork_in_store(void *store, uint64_t actor, struct stored_actor *out, struct err *err);
enum rc fork_in_work(void *work, uint64_t actor, struct stored_actor *out, struct err *err);
/* The actor whose numbers the tablet uses, of a fork. */
enum rc fork_root(const struct stored_actor *actor, fork_lookup *lookup, void *context,
                  uint64_t *out, struct err *err);

#endif
