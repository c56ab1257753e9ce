/* proof.h: what proves that a device has written what the county holds of it.
 *
 * Of every batch that was taken the county keeps the signed head (schema/wire/batch.h), without the
 * frames: together with the leaves it shows to somebody who does not trust the county (audit.h)
 * which device has written a change, and which others stood before and behind it. It stays good
 * when content is erased by law. One setting for each batch, some 200 bytes: "proof ACTOR FIRST",
 * with the actor under which its changes are known (a fork's name, where it is one).
 *
 * There is none of the county's own changes, nor of those that other tablets have brought back
 * (carried.h). */
#ifndef YG_SYNCD_SYNC_PROOF_H
#define YG_SYNCD_SYNC_PROOF_H

#include "schema/wire/batch.h"
#include "syncd/sync/work.h"

enum rc proof_keep(struct work *work, uint64_t actor, const struct batch *batch, struct err *err);

/* The proof (batch_proof_read) of the batch that brought this change, which stands in this frame of
 * the log. RC_NOT_FOUND, err then clear: there is none. Bytes in the arena. */
enum rc proof_find(struct store *store, struct dot dot, uint64_t frame, struct arena *arena,
                   struct view *out, struct err *err);

#endif
