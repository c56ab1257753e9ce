/* attachment.h: how an attachment travels: a label, then chunks; POST /v1/attachments.
 *
 * Every attachment has a key of its own, drawn when it is added. Under it its chunks are sealed at
 * once, and so they lie on the tablet and go over the wire as they are. The key stands in the
 * label, which is sealed for the county: so the chunks can be sent while nobody has unlocked, and
 * when the tablet's people may not read them any more. attachment.c opens with the layout. */
#ifndef YG_SCHEMA_WIRE_ATTACHMENT_H
#define YG_SCHEMA_WIRE_ATTACHMENT_H

#include "base/arena.h"
#include "schema/attachment.h"
#include "schema/id.h"

#define ATTACHMENT_NAME_BYTES 16u

struct attachment_label {
    uint8_t hash[32]; /* SHA-256 of the content */
    uint32_t size;    /* bytes, at least 1, at most LIMIT_ATTACHMENT_BYTES */
    uint8_t kind;     /* enum attachment_kind; of a newer program maybe another */
    uint64_t area;    /* of the record when it was added */
    uint8_t key[32];
};

struct env;

/* Adds the label, sealed for the county. */
enum rc attachment_label_seal(const struct attachment_label *label, uint32_t county,
                              const uint8_t county_box_public[32], const struct env *env,
                              struct buf *out, struct err *err);
/* RC_DENIED: for another county, or changed. RC_CORRUPT, RC_UNSUPPORTED. */
enum rc attachment_label_open(struct view sealed, uint32_t county, const uint8_t box_public[32],
                              const uint8_t box_secret[32], struct attachment_label *out,
                              struct err *err);
/* By which both sides speak of it: the beginning of hash("yg attachment", the sealed label). */
void attachment_name(struct view sealed, uint8_t out[ATTACHMENT_NAME_BYTES]);

uint32_t attachment_chunk_count(uint32_t size);
/* Bytes of the open chunk. */
uint32_t attachment_chunk_size(uint32_t size, uint32_t index);
/* Add to out. RC_DENIED: not this chunk of this attachment. */
enum rc attachment_chunk_seal(const uint8_t key[32], uint32_t index, struct view plain,
                              const struct env *env, struct buf *out, struct err *err);
enum rc attachment_chunk_open(const uint8_t key[32], uint32_t index, struct view sealed,
                              struct buf *out, struct err *err);

/* --- request --- */

struct attachment_chunk {
    uint32_t offer; /* index into offers */
    uint32_t index;
    struct view sealed;
};

struct attachment_request {
    uint64_t device;
    uint8_t nonce[16]; /* from the last answer of POST /v1/sync */
    uint32_t offer_count;
    struct view *offers; /* sealed labels */
    uint32_t chunk_count;
    struct attachment_chunk *chunks; /* in order of offer, then index */
};

/* RC_LIMIT. */
enum rc attachment_request_write(const struct attachment_request *request,
                                 const uint8_t device_secret[64], struct buf *out, struct err *err);
/* Arrays in the arena, bytes in the body. */
enum rc attachment_request_read(struct view body, struct arena *arena,
                                struct attachment_request *out, struct err *err);
enum rc attachment_request_verify(struct view body, const uint8_t device_public[32],
                                  struct err *err);

/* --- answer --- */

enum attachment_state {
    ATTACHMENT_LACKING = 1,   /* from chunk `next` on */
    ATTACHMENT_HERE = 2,      /* the county has verified it and has it on disk */
    ATTACHMENT_BACKED_UP = 3, /* and a backup that was read back holds it */
    ATTACHMENT_WRONG = 4,     /* all chunks came and do not have the hash: begin again */
    ATTACHMENT_REFUSED = 5,   /* the label cannot be opened, or is not sane */
    ATTACHMENT_ERASED = 6,    /* by law: it is not taken, and the tablet forgets it at once */
};

struct attachment_answer {
    uint32_t epoch;
    uint32_t count;
    struct attachment_told {
        uint8_t name[ATTACHMENT_NAME_BYTES];
        uint8_t state;
        uint32_t next;
    } * told; /* one for each offer, in order */
};

enum rc attachment_answer_write(const struct attachment_answer *answer,
                                const uint8_t county_secret[64], struct buf *out, struct err *err);
/* Checks the county's signature, too: RC_DENIED. */
enum rc attachment_answer_read(struct view body, const uint8_t county_public[32],
                               struct arena *arena, struct attachment_answer *out, struct err *err);

#endif
