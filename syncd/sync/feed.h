/* feed.h: station 9, the server's half: what a tablet has not taken yet of the feeds in its scope.
 * Stored bytes are served as they are. */
#ifndef YG_SYNCD_SYNC_FEED_H
#define YG_SYNCD_SYNC_FEED_H

#include "base/zip.h"
#include "syncd/sync/snapshot.h"

struct wants {       /* of PART_WANT */
    bool understood; /* the tablet takes snapshots */
    const struct want *list;
    uint32_t count;
};

struct pull {
    struct buf forms;        /* PART_FORM and PART_SNAPSHOT: not private, so never sealed */
    struct buf parts;        /* PART_CHUNK, PART_ENTRY and PART_CURSOR, in order */
    struct feed_head *heads; /* of every feed with news, as far as it is delivered */
    uint32_t head_count;
    uint8_t (*form_hashes)[32];
    uint32_t form_count;
    bool more;        /* max_bytes was reached ... */
    bool has_want;    /* ... in the middle of a snapshot, ... */
    struct want want; /* ... of which this comes next */
};

/* Fills pull; arrays in the arena, the bufs are initialised here and released by the caller. A
 * cursor whose digest is not on our chain is answered from the feed's beginning: what is contained
 * twice is nothing to merge. max_bytes bounds the parts, but one entry is always given. A snapshot
 * takes the place of entries where snapshot_choose says so. */
enum rc feed_pull(const struct office *office, struct ledger *ledger, const struct hello *hello,
                  const struct wants *wants, const struct scope *scope, size_t max_bytes,
                  struct arena *arena, struct pull *pull, struct err *err);

#endif
