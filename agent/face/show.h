/* show.h: what the commands that read records share. */
#ifndef YG_AGENT_FACE_SHOW_H
#define YG_AGENT_FACE_SHOW_H

#include "agent/face/face.h"
#include "agent/field/filler.h"
#include "agent/store/drafts.h"

/* One record of a list; its object. (lists.c) */
struct json *listed_json(struct json *list, const struct listed *listed);
/* What a record's changes have to say of themselves (history.c): read once, arrays in the visit's
 * arena. */
struct erasure;
struct history {
    struct visit *visit;
    const struct seen *seen;
    struct reason *reasons;
    uint32_t reason_count;
    struct erasure *erasures; /* of the record */
};
enum rc history_read(struct history *history, struct visit *visit, const struct seen *seen,
                     struct err *err);
/* Adds "author", "at", "kind" and, where they are known, "reason" or "reason_erased". */
void history_add(const struct history *history, struct json *item, const struct absorbed *absorbed);
/* All changes in the order in which people made them; NULL: no memory. */
const struct absorbed **history_sorted(const struct history *history);

/* One draft of a list; nothing of its form where that is not here; its object. (drafts.c) */
struct json *draft_json(struct json *list, const struct kept_draft *draft,
                        const struct draft_head *head);
/* One change that waits for staff or was given back. (traffic.c) */
void quarantined_json(struct json *list, const struct tablet_quarantined *waiting);

/* Adds "form" and "version"; null while the form has not come. */
void show_form(struct json *document, const struct seen *seen);

/* Prints the sides of each open question; conflicts as answers_conflicts makes them. */
enum rc show_conflicts(struct visit *visit, const struct json *conflicts, struct err *err);

#endif
