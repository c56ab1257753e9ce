/* fork.h: a tablet that was cloned, or restored from its own backup, uses numbers twice.
 *
 * The same number with another content means that two databases believe to be one actor. Nothing of
 * either is refused: the second to arrive is taken in under a name of its own, the fork actor,
 *   id_from_hash(hash("yg fork", actor (8, little-endian), number (8), first differing leaf))
 * so that it is the same whoever computes it. Its own numbers from there on, as author and in what
 * it replaces, read as the fork's. The device is told to incarnate anew; staff are told. */
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

#endif
