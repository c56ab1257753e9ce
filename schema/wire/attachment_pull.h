/* attachment_pull.h: how a tablet gets an attachment that another one took; POST
 * /v1/attachments/pull. One hash at a time: because a person wants to look at it, or a form shows
 * it. It names the record (the form) in which it stands, and the first chunk that he lacks, so that
 * what has come is not sent twice. attachment_pull.c opens with the layout. */
#ifndef YG_SCHEMA_WIRE_ATTACHMENT_PULL_H
#define YG_SCHEMA_WIRE_ATTACHMENT_PULL_H

#include "schema/wire/attachment.h"

#define PULL_CHUNKS_MAX       4u /* in one answer */
#define PULL_ANSWER_BYTES_MAX (PULL_CHUNKS_MAX * ATTACHMENT_CHUNK_BYTES + 4096u)
#define PULL_REQUEST_BYTES    256u

#define PULL_OF_FORM 0u /* number of no record: the actor is the id of a form that shows it */

struct pull_request {
    uint64_t device;
    uint8_t nonce[16]; /* from the last answer of POST /v1/sync */
    struct dot record; /* in which the attachment is named, or a form: PULL_OF_FORM */
    uint8_t hash[32];
    uint32_t first; /* the first chunk that is wanted */
};

enum pull_state {
    PULL_NOT_HERE = 1, /* the county does not have it (yet): it is on another tablet */
    PULL_HERE = 2,     /* chunks follow */
    PULL_ERASED = 6,   /* by law */
    PULL_DENIED = 7,   /* no record of the tablet's areas names it */
};

struct pull_answer {
    uint32_t epoch;
    uint8_t hash[32];
    uint8_t state;
    uint32_t size; /* this and the rest only of PULL_HERE */
    uint8_t kind;  /* enum attachment_kind */
    uint32_t first, chunk_count;
    struct view chunks[PULL_CHUNKS_MAX]; /* plain; of first and those behind it */
};

enum rc pull_request_write(const struct pull_request *request, const uint8_t device_secret[64],
                           struct buf *out, struct err *err);
enum rc pull_request_read(struct view body, struct pull_request *out, struct err *err);
/* RC_DENIED. */
enum rc pull_request_verify(struct view body, const uint8_t device_public[32], struct err *err);

enum rc pull_answer_write(const struct pull_answer *answer, const uint8_t county_secret[64],
                          struct buf *out, struct err *err);
/* Checks the county's signature, too: RC_DENIED. Chunks borrow from the body. */
enum rc pull_answer_read(struct view body, const uint8_t county_public[32], struct pull_answer *out,
                         struct err *err);

#endif
