/* admit.h: station 6. One verified batch against what the county knows: duplicates, gaps and forks;
 * each change judged, merged, or put in quarantine; frames routed into the feeds of their records'
 * areas. Works on the writer's working set only; commit comes later, for many batches at once. */
#ifndef YG_SYNCD_SYNC_ADMIT_H
#define YG_SYNCD_SYNC_ADMIT_H

#include "syncd/sync/ingest.h"
#include "syncd/sync/judge.h"

/* Fills receipt: number and hash of the actor after this batch; outcomes in the work's arena.
 * RC_OK also for duplicates (nothing happens) and gaps (the batch waits in pending, want_from is
 * set) and forks (forks is set). RC_DENIED: the actor belongs to another device. */
enum rc admit_batch(struct work *work, const struct ingested *in, const struct admit_source *source,
                    struct receipt *receipt, struct err *err);

/* Whether this very batch waits, after the work's commit: another one with the same beginning may
 * wait in its place. */
enum rc admit_waits(const struct work *work, const struct ingested *in, bool *out, struct err *err);

#endif
