/* blobs.h: the tablet's attachments: photos, signatures, sound, files.
 *
 * An attachment is known by the SHA-256 of its content, which stands in the record's field. Its
 * content lies in chunks (schema/wire/attachment.h) sealed under a key of its own. That key is kept
 * twice: in the row, locked with the key of the area like every row, for who may read it here; and
 * in the label, sealed for the county. So what is unsent can go while the tablet is locked, after
 * its area was withdrawn, and after a wipe. In clear on disk: sizes, times and states; not the
 * hash, by which somebody who has a copy could tell that it is here.
 *
 * The same content beneath the same key is there once. An attachment is held for a draft until a
 * change that names it is saved; only then it is sent. What no draft and no change names is
 * forgotten when its draft ends. The others are forgotten when a backup of the county has held them
 * for FORGET_DAYS. */
#ifndef YG_AGENT_STORE_BLOBS_H
#define YG_AGENT_STORE_BLOBS_H

#include "agent/store/session.h"
#include "agent/store/traffic.h"
#include "schema/wire/attachment.h"

#define BLOB_TRIES        3u /* of sending what arrives wrong, before people are told */
#define BLOBS_HELD_MAX    2000u
#define BLOB_ASK_AGAIN_MS INT64_C(72000000) /* 20 hours: whether a backup has it by now */

/* Looks at the content (attachment_check), seals and stores it, held for the draft, or (draft 0)
 * for the save that follows before the tablet is closed. RC_DENIED: not the person's area. */
enum rc blobs_add(struct session *session, uint64_t area, enum attachment_use use,
                  struct view content, uint64_t draft, uint8_t hash[32], struct err *err);

/* Adds the content, checked against its hash. RC_NOT_FOUND: not on this tablet, or not to be read
 * by this person. */
enum rc blobs_read(struct session *session, const uint8_t hash[32], struct buf *out,
                   struct err *err);

/* ---- for the lane (agent/sync/attachments.c): works locked ---- */

struct kept_blob { /* views live until the visitor returns */
    uint64_t id;
    struct view label; /* sealed */
    uint32_t size;
    bool sent; /* the county has said that it has it */
};
/* What is to be sent, small things first, then what the county must be asked about again. The
 * visitor may return RC_NOT_FOUND to end it. */
typedef enum rc blob_visit(void *context, const struct kept_blob *blob, struct err *err);
enum rc tablet_blobs_due(struct tablet *tablet, blob_visit *visit, void *context, struct err *err);
/* Adds the sealed chunk. */
enum rc tablet_blob_chunk(struct tablet *tablet, uint64_t id, uint32_t index, struct buf *out,
                          struct err *err);
/* What the county said in this epoch: enum attachment_state. *moved: it is news. Inside a
 * transaction. */
enum rc tablet_blob_told(struct tablet *tablet, uint64_t id, uint8_t state, bool *moved,
                         struct err *err);

#endif
