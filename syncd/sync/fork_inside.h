/* fork_inside.h: what fork.c, fork_former.c and carried.c share. */
#ifndef YG_SYNCD_SYNC_FORK_INSIDE_H
#define YG_SYNCD_SYNC_FORK_INSIDE_H

#include "schema/wire/exchange.h"
#include "syncd/sync/fork.h"

/* How a batch stands to one history. */
struct fit {
    const struct stored_actor *history;
    bool continues;   /* nothing in it contradicts the history */
    bool joins;       /* it begins on this history: previous is our chain there */
    uint64_t differs; /* joins but not continues: the first number with another content */
    uint8_t leaf[32]; /* the batch's leaf there */
};

/* Leaves of a history's numbers from..to, its strays' included: those before its fork_from are its
 * parent's. carried: only what others have brought. *found of them are here, the others stay zeros.
 * In the work's arena. */
enum rc fork_leaves(struct work *work, const struct stored_actor *actor, bool carried,
                    uint64_t from, uint64_t to, uint8_t (**leaves)[32], uint64_t *found,
                    struct err *err);
/* The same of what stands under this one name, the history's own numbers or not. */
enum rc fork_own_leaves(struct work *work, uint64_t actor, bool carried, uint64_t from, uint64_t to,
                        uint8_t (**leaves)[32], uint64_t *found, struct err *err);
/* The first number up to `upto` under which something else is here of the one history than of the
 * other; upto + 1: none is known. Copies may write the same bytes under one number, and even about
 * different records if they name these by what is a number of theirs: behind this number they are
 * two changes. */
enum rc fork_parting(struct work *work, const struct stored_actor *one,
                     const struct stored_actor *other, uint64_t upto, uint64_t *parts,
                     struct err *err);
/* All histories under the root, itself first, as this step sees them. An empty fork is none: the
 * step that made it came to nothing, or others have carried changes of it here whose beginning is
 * still to come. */
enum rc fork_histories(struct work *work, const struct stored_actor *root, bool empty_too,
                       struct stored_actor **out, uint32_t *count, struct err *err);
enum rc fork_fit(struct work *work, const struct ingested *in, const struct stored_actor *history,
                 struct fit *fit, struct err *err);
/* An actor that is new here; if it is a copy of another, what was erased of it binds that one. */
enum rc fork_add(struct work *work, const struct stored_actor *fork, struct stored_actor **out,
                 struct err *err);
/* The fork of the fit's history, or of the one that it grew out of, from the number that differs.
 */
enum rc fork_make(struct work *work, const struct ingested *in, uint64_t device,
                  const struct fit *fit, struct stored_actor **out, struct err *err);
/* fork_place, where the actor is older than the county's epoch. */
enum rc fork_place_former(struct work *work, const struct ingested *in, struct stored_actor *actor,
                          uint32_t told_count, const struct told *told, struct placed *out,
                          struct err *err);

#endif
