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
 * change that names it is saved, or one to a record that names it already; only then it is sent.
 * What no draft and no change names is forgotten when its draft ends. The others are forgotten when
 * a backup of the county has held them for FORGET_DAYS; copies of what other tablets took as long
 * after they came, with their area, and whenever the law erases something: they can be pulled
 * again. */
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

/* Where a draft ends with nothing to save: what the record names already is sent from here, too. In
 * a transaction of its own. */
enum rc blobs_keep(struct session *session, const struct record *state, struct arena *arena,
                   struct err *err);

/* Adds the content, checked against its hash. RC_NOT_FOUND: not on this tablet, or not to be read
 * by this person. */
enum rc blobs_read(struct session *session, const uint8_t hash[32], struct buf *out,
                   struct err *err);

enum blob_place {                 /* where an attachment is known to be */
                  BLOB_IN_DRAFT,  /* here, not saved yet */
                  BLOB_ON_TABLET, /* here, to be sent */
                  BLOB_AT_COUNTY, /* here and there */
                  BLOB_IN_BACKUP, /* and in a backup that was read back */
                  BLOB_NOT_TAKEN, /* here; the county does not take it */
                  BLOB_COPY, /* here is a copy of what another tablet took; it is at the county */
                  BLOB_ELSEWHERE, /* not here, or not to be read by this person */
};
const char *blob_place_name(enum blob_place place);

struct blob_seen {
    enum blob_place place;
    uint32_t size; /* and kind: 0 of what is not here */
    uint8_t kind;  /* enum attachment_kind */
};
enum rc blobs_look(struct session *session, const uint8_t hash[32], struct blob_seen *out,
                   struct err *err);

/* ---- what another tablet took, out of the county's hands chunk by chunk (pulled.c) ---- */

struct blob_pull {
    int64_t id;
    uint32_t next;                 /* the first chunk that is not here */
    struct attachment_label label; /* wipe it */
};
/* How far it has come; RC_NOT_FOUND: nothing of it has. RC_CONFLICT: it is here. */
enum rc blobs_pull_resume(struct session *session, const uint8_t hash[32], struct blob_pull *out,
                          struct err *err);
/* Begins one of this size. RC_DENIED: not the person's area. */
enum rc blobs_pull_begin(struct session *session, uint64_t area, const uint8_t hash[32],
                         uint32_t size, uint8_t kind, struct blob_pull *out, struct err *err);
/* Seals and keeps the next chunk; what is on disk when it returns is not asked for again. With the
 * last one the whole is checked against its hash. RC_CORRUPT: it is something else, and gone. Needs
 * no session. */
enum rc tablet_pull_chunk(struct tablet *tablet, struct blob_pull *pull, struct view plain,
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
