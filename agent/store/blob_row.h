/* blob_row.h: the rows of attachments; for blobs.c and pulled.c, which say what they mean. */
#ifndef YG_AGENT_STORE_BLOB_ROW_H
#define YG_AGENT_STORE_BLOB_ROW_H

#include "agent/store/blobs.h"
#include "agent/store/inside.h"

#define BLOB_TAG_BYTES 16u

enum blob_state {                /* on disk: append only */
                  BLOB_HELD = 0, /* by a draft; not sent */
                  BLOB_WAITING = 1,
                  BLOB_SENT = 2,
                  BLOB_BACKED_UP = 3,
                  BLOB_REFUSED = 4,
                  BLOB_PULLED = 5,  /* of another tablet: a copy, to look at */
                  BLOB_PULLING = 6, /* the same, not all of it yet */
};

struct blob_found {
    int64_t id;
    enum blob_state state;
};

void blob_tag(const struct open_key *key, const uint8_t hash[32], uint8_t out[BLOB_TAG_BYTES]);
/* RC_NOT_FOUND. */
enum rc blob_find(struct tablet *tablet, const struct open_key *key, const uint8_t *tag,
                  struct blob_found *out, struct err *err);
/* Beneath any key that the person holds; RC_NOT_FOUND. */
enum rc blob_of(struct session *session, const uint8_t hash[32], const struct open_key **key,
                struct blob_found *out, struct err *err);

/* Inside a transaction. A row without chunks, in the state BLOB_HELD; the label's key is drawn. */
enum rc blob_write_row(struct tablet *tablet, const struct open_key *key, const uint8_t *tag,
                       const struct attachment_label *label, int64_t *id, struct err *err);
enum rc blob_write_chunk(struct tablet *tablet, int64_t id, const uint8_t key[32], uint32_t index,
                         struct view plain, struct err *err);
enum rc blob_drop(struct tablet *tablet, int64_t id, struct err *err);

/* Hash, size, kind and key; the caller wipes them. */
enum rc blob_label(struct tablet *tablet, const struct open_key *key, int64_t id,
                   struct attachment_label *out, struct err *err);
/* Opens every chunk, and adds it to out unless that is NULL. RC_CORRUPT: not what was written. */
enum rc blob_content(struct tablet *tablet, int64_t id, const struct attachment_label *label,
                     struct buf *out, struct err *err);

#endif
