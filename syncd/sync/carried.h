/* carried.h: other people's work, carried back to a county that has lost it.
 *
 * A county that was restored from a backup lacks what came after it. Authors send that again; but
 * an author's tablet may be lost. Those who pulled its work still have it, as slices of the
 * county's own former feeds (schema/wire/slice.h), each of which proves itself by the county's
 * signature. What the feeds held had been admitted, so it is not judged a second time: changes that
 * are lacking here are filed and merged with the times that they had, whoever carries them. Exactly
 * once: a change has its name, and is passed over where it is known already; unless it was kept
 * aside, because its author came first and may do less now: then this is the proof that admits it.
 *
 * A carrier sees only some areas of an author. So changes may come ahead of the actor's number,
 * which goes up as far as numbers follow each other without a gap; when the author comes after all,
 * what is here already is known (admit.h). */
#ifndef YG_SYNCD_SYNC_CARRIED_H
#define YG_SYNCD_SYNC_CARRIED_H

#include "schema/wire/slice.h"
#include "syncd/sync/office.h"

/* Takes a slice that this device carried, in commits of bounded size. *taken: changes that were
 * lacking. RC_DENIED, RC_CORRUPT: it proves nothing, and nothing of it was taken. */
enum rc carried_take(const struct office *office, struct view bytes, uint64_t carrier,
                     uint32_t *taken, struct err *err);

/* Content of PART_OFFER: fills answer->lacking, in the arena. */
enum rc carried_offered(struct store *store, struct view offer, struct arena *arena,
                        struct answer *answer, struct err *err);

#endif
