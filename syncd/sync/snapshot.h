/* snapshot.h: the county's half of snapshots (schema/wire/snapshot.h): when one is made, which one
 * a tablet is given, and when it goes.
 *
 * A tablet far behind, or new, is given a snapshot when that and what came after it is shorter than
 * the history it lacks. It is made when the first such tablet asks, beside the writer, which only
 * commits it. If it turns out not to be shorter, that is remembered until the history has grown by
 * half. A newer one is made when the entries behind the last one outweigh half of it. One that a
 * tablet is in the middle of is given to it to the end; it goes SNAPSHOT_KEPT_MS after a newer one
 * has taken its place. */
#ifndef YG_SYNCD_SYNC_SNAPSHOT_H
#define YG_SYNCD_SYNC_SNAPSHOT_H

#include "syncd/sync/office.h"

#define SNAPSHOT_KEPT_MS (30 * 86400000ll)

/* after: the tablet's place in the feed. actor: its own, whose frames it has. wants: what it is in
 * the middle of. *out: the snapshot to give, its manifest in the arena, and *first the first chunk
 * that it lacks; chunk_count 0: none, the entries are shorter. May make one; must not be called
 * inside of a walk, nor in a room. */
enum rc snapshot_choose(const struct office *office, struct ledger *ledger,
                        const struct stored_feed *feed, uint64_t after, uint64_t actor,
                        const struct want *wants, uint32_t want_count, struct arena *arena,
                        struct stored_snapshot *out, uint32_t *first, struct err *err);

/* Inside a step of the writer: every snapshot that holds a state of this record goes with the
 * step's commit, so that what is erased by law is not given any more. The next tablet that needs
 * one gets a new one. Reads every chunk there is. */
enum rc snapshot_drop_holding(struct work *work, struct dot record, struct err *err);

#endif
