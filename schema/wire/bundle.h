/* bundle.h: a file for a USB stick (.ygb): what would have travelled over HTTP, in either
 * direction, for a village without any network. Up: a hello and batches, own ones and those of
 * others that the tablet carries. Down: answers for one device.
 *
 * Everything in it is sealed or signed by itself; the bundle only adds order, an index that anybody
 * may read, and checks that tell a damaged stick from a wrong key. A bundle that was cut off is
 * good up to there. bundle.c opens with the layout; docs/protocol.md says the same. */
#ifndef YG_SCHEMA_WIRE_BUNDLE_H
#define YG_SCHEMA_WIRE_BUNDLE_H

#include "schema/wire/exchange.h"

#define BUNDLE_VERSION 1

enum bundle_direction {
    BUNDLE_UP = 1,   /* for the county */
    BUNDLE_DOWN = 2, /* for one device */
};

/* Kinds of parts; as in an exchange, where they are the same. Others are skipped. */
enum bundle_part {
    BUNDLE_HELLO = PART_HELLO,   /* content of a PART_HELLO, of who wrote the bundle */
    BUNDLE_BATCH = PART_BATCH,   /* a batch */
    BUNDLE_ATTACHMENTS = 8,      /* up: a request of attachment.h without nonce; down: an answer */
    BUNDLE_ANSWER = PART_ANSWER, /* the body of an answer, with its version byte */
};

/* Which numbers of an actor are in the bundle; one row for each range without gaps. */
struct bundle_row {
    uint64_t actor;
    uint64_t first, last;
    bool has_previous; /* the chain hash before first is known to who wrote the bundle */
    uint8_t previous[32];
};

struct bundle_head {
    uint8_t direction; /* enum bundle_direction */
    bool more;         /* not everything went into it */
    uint32_t county;   /* batch_county */
    uint64_t device;   /* up: who wrote it; down: for whom it is */
    int64_t made_ms;   /* clock of who wrote it */
    uint32_t part_count;
    uint32_t row_count;
    struct bundle_row *rows;
};

/* Adds one part with its check to a buffer that holds nothing else. */
void bundle_add_part(struct buf *parts, uint8_t kind, struct view content);
/* Joins a range to the rows, to the last one where it continues it. RC_LIMIT: too many rows. */
enum rc bundle_add_row(struct bundle_head *head, struct arena *arena, const struct bundle_row *row,
                       struct err *err);
/* The whole file: head, then the parts as added above. RC_LIMIT: more than LIMIT_BUNDLE_BYTES. */
enum rc bundle_write(const struct bundle_head *head, struct view parts, struct buf *out,
                     struct err *err);

/* Leaves the reader at the first part. RC_INVALID: not a bundle. RC_UNSUPPORTED: of a newer
 * version. RC_CORRUPT: the head is damaged. RC_LIMIT. */
enum rc bundle_open(struct view bytes, struct arena *arena, struct bundle_head *out,
                    struct reader *parts, struct err *err);
/* RC_NOT_FOUND at the end. RC_CORRUPT: this part is damaged; go on with the next. A bundle that
 * was cut off ends with one RC_CORRUPT and then RC_NOT_FOUND. */
enum rc bundle_next(struct reader *parts, struct part *out, struct err *err);

/* What stands in the place of the nonce in an answer of a bundle. The county's signature covers it,
 * so an answer cannot be passed on to another device, nor be made to look younger. */
void bundle_nonce(uint64_t device, uint32_t epoch, int64_t server_ms, uint8_t out[16]);

#endif
