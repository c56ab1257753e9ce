/* drafts.h: forms that somebody is still filling. Every answer is on disk before the next question
 * is asked, so a draft is written anew after each one; it becomes a change when it is finished.
 *
 * A draft is bytes to this floor. It is sealed with the key of the area that it is for, and belongs
 * to the person who began it: nobody else sees it. It is not synced. While an area is withdrawn but
 * a draft for it is unfinished, the area's key stays (purge.c): finish it, and the county's staff
 * decide, or discard it. */
#ifndef YG_AGENT_STORE_DRAFTS_H
#define YG_AGENT_STORE_DRAFTS_H

#include "agent/store/session.h"

#define DRAFTS_MAX      1000u                /* of one person */
#define DRAFT_BYTES_MAX (6u * 1024u * 1024u) /* of one; it is compressed on disk */

struct kept_draft {
    uint64_t draft;
    int64_t begun_ms, saved_ms; /* the tablet's clock */
    uint32_t bytes;             /* as sealed */
};

/* RC_DENIED: not the person's area. RC_LIMIT: too many, or too large. */
enum rc drafts_add(struct session *session, uint64_t area, struct view bytes, uint64_t *draft,
                   struct err *err);
/* RC_NOT_FOUND: no such draft of this person (any more). */
enum rc drafts_put(struct session *session, uint64_t draft, struct view bytes, struct err *err);
/* Appends the bytes. */
enum rc drafts_get(struct session *session, uint64_t draft, struct buf *out, struct err *err);
enum rc drafts_remove(struct session *session, uint64_t draft, struct err *err);
/* The person's drafts, the one that was saved last first. */
enum rc drafts_list(struct session *session, struct arena *arena, struct kept_draft **out,
                    uint32_t *count, struct err *err);

/* The draft goes in the transaction of the next save_commit: it is a change or a draft, whatever
 * happens in between, and never both. */
void save_ends_draft(struct save *save, uint64_t draft);

#endif
