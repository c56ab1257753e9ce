/* bundle.h: the county's side of a stick. What a tablet wrote is taken as if it had come over HTTP;
 * for a tablet the answers are written that it would have got. docs/protocol.md says what is in the
 * file (schema/wire/bundle.h). */
#ifndef YG_SYNCD_SYNC_BUNDLE_H
#define YG_SYNCD_SYNC_BUNDLE_H

#include "schema/wire/bundle.h"
#include "syncd/sync/office.h"

/* --- up --- */

struct bundle_actor { /* what became of one incarnation's changes */
    uint64_t actor;
    struct stored_device device;
    uint64_t first, last; /* the numbers that were in the bundle, first to last */
    uint64_t before;      /* the county had them up to here */
    uint64_t number;      /* and now up to here */
    uint64_t fresh;       /* changes that were new, those of a copy included */
    uint64_t want_from;   /* not 0: what came waits until the numbers from here on have come */
    uint64_t fork_actor;  /* not 0: of a copy of the tablet; its numbers count under this name */
    uint32_t quarantined; /* of what was new */
    uint32_t batches;
};

struct bundle_report {
    uint64_t device; /* who wrote the bundle */
    int64_t made_ms;
    bool more; /* not everything that waits on the tablet went into it */
    uint32_t batches, damaged, refused;
    struct view why; /* the first one was refused */
    uint32_t actor_count;
    struct bundle_actor *actors;
    uint64_t changes;     /* that were new */
    uint32_t attachments; /* that are now here and were not */
};

/* Twice, out of order, cut off, or older than what came meanwhile: all the same. A batch that
 * cannot be opened or verified is refused alone. RC_INVALID, RC_CORRUPT: no bundle, or nothing of
 * it can be read. RC_DENIED: for another county, for a tablet, or of a device that is not enrolled
 * here. */
enum rc bundle_ingest(const struct office *office, struct ledger *ledger, struct view bytes,
                      struct arena *arena, struct bundle_report *out, struct err *err);

/* --- down --- */

struct bundle_made {
    uint32_t answers;
    uint64_t entries_bytes; /* of feed entries and forms, before sealing */
    bool from_start;        /* the tablet's place in the feeds is not known */
    bool more;              /* it is full: the rest goes into the next one */
};

/* Receipts, scope, forms and feed entries for this device, sealed for its vault; from what it last
 * told, or from the beginning. Adds the file to out. */
enum rc bundle_make(const struct office *office, struct ledger *ledger,
                    const struct stored_device *device, bool from_start, struct buf *out,
                    struct bundle_made *made, struct err *err);

#endif
