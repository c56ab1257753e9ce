/* media.h: the pictures, sounds and films that forms show beside their questions. Not private, as
 * forms are not: kept in chunks as they come, under the SHA-256 of the whole. What no newest form
 * shows any more is forgotten once nobody is filling an older one. */
#ifndef YG_AGENT_STORE_MEDIA_H
#define YG_AGENT_STORE_MEDIA_H

#include "agent/store/store.h"

struct media_state {
    bool whole;    /* it is here, and is what its hash says */
    uint32_t next; /* else the first chunk that is not here */
};
enum rc media_look(struct tablet *tablet, const uint8_t hash[32], struct media_state *out,
                   struct err *err);
/* The next chunk, on disk when it returns. With the last one the whole is checked. RC_CORRUPT: not
 * a chunk of it, or something else than its hash says; then it begins again. */
enum rc media_put(struct tablet *tablet, const struct form_medium *medium, uint32_t next,
                  struct view plain, struct err *err);
/* Adds the content. RC_NOT_FOUND: not (all of it) here. */
enum rc media_read(struct tablet *tablet, const uint8_t hash[32], struct buf *out, struct err *err);
enum rc media_sweep(struct tablet *tablet, struct err *err);

#endif
