/* filler.h: a person fills a form on the tablet: a draft on disk, an engine over it, and at the end
 * one saved record or edit. The pages and the command line both work through it.
 *
 * Every answer goes to the engine and then, by filler_keep, to the disk: kill -9 loses nothing that
 * was kept. A filler holds the program of its form (some MiB) and is made for as long as somebody
 * works in it; between two answers it may be closed and opened again. It works in one session, and
 * must be closed before that. */
#ifndef YG_AGENT_FIELD_FILLER_H
#define YG_AGENT_FIELD_FILLER_H

#include "agent/field/past.h"
#include "base/json.h"
#include "schema/form/filling.h"

struct filler;

/* A new record of the newest version of that form, in that area; the draft is on disk.
 * RC_NOT_FOUND: no such form; RC_DENIED: not the person's area; RC_UNSUPPORTED: see
 * form_program_load. */
enum rc filler_begin(struct session *session, struct view form_name, uint64_t area,
                     struct filler **out, struct err *err);
/* A draft of changes to a record. RC_NOT_FOUND, RC_UNSUPPORTED: its form is not known here. */
enum rc filler_edit(struct session *session, struct dot record, struct filler **out,
                    struct err *err);
/* Goes on with a draft. */
enum rc filler_resume(struct session *session, uint64_t draft, struct filler **out,
                      struct err *err);
void filler_close(struct filler *filler); /* NULL is allowed */

/* Own changes have got other names since it was begun or resumed: resume it again. */
bool filler_is_renamed(const struct filler *filler);
uint64_t filler_draft(const struct filler *filler);
struct engine *filler_engine(struct filler *filler);
const struct form_program *filler_program(const struct filler *filler);
const struct form *filler_form(const struct filler *filler);
uint64_t filler_area(const struct filler *filler);
struct dot filler_record(const struct filler *filler); /* number 0: a new one */
struct session *filler_session(const struct filler *filler);

/* Writes the draft as it is now. When it returns RC_OK it is on disk. */
enum rc filler_keep(struct filler *filler, struct err *err);

/* Ends the draft: saves what was answered as one change (and the removal of instances as one each,
 * before), and removes the draft in the same transaction. *record is the record. A rule that was
 * broken in the record already, by what several people had said, or that asks for an answer in
 * which people contradict each other, is no problem of a draft that leaves its answer as it was.
 * With problems left it saves nothing: RC_INVALID, and *problems tells
 * how many; filler_json lists them. RC_CONFLICT: somebody else has meanwhile changed what the
 * person changed. Those answers now read as in the record, all others are kept; the person looks,
 * changes what he means, and ends the draft again.
 */
enum rc filler_finish(struct filler *filler, struct dot *record, uint32_t *problems,
                      struct err *err);

/* Forgets the draft. */
enum rc filler_discard(struct filler *filler, struct err *err);

/* Adds to an object what a screen needs: "draft", "form", "version", "title", "area", "record",
 * "language", "languages", and "questions": in the order of the form, each {"ref", "kind", "type",
 * "depth", "relevant", "required", "read_only", "label", "hint", "appearance", "value", "error",
 * "warning" (to be looked at again; hinders nothing),
 * "options": [{"value", "label", "selected"}], "count", "position", "can_add", "can_remove",
 * "sensitive", "last": {"value", "at", "author"} (what the record said when the draft was begun),
 * "conflict" (people contradict each other there), "soft" (the rule that answers of several people
 * break together), "accept", "several", "attachments" (album.h)}; what is false or empty is left
 * out. Questions that are not relevant are left out unless all is set. */
enum rc filler_json(struct filler *filler, bool all, struct json *object, struct err *err);

/* The same with those questions only that are different from what filler_json or this showed last:
 * relevance, value, error, choices or label. When questions or instances came or went, or nothing
 * was shown yet, it gives them all and adds "whole": true. */
enum rc filler_json_changes(struct filler *filler, struct json *object, struct err *err);

/* What the record says beside the answer at a place; NULL: nothing. And what stood there when the
 * draft was begun. */
/* Once for a draft, before filler_earlier. */
enum rc filler_read_earlier(struct filler *filler, struct err *err);
/* What the visit before this new one said; NULL: nothing. */
const struct past_cell *filler_earlier(const struct filler *filler, struct engine_place place);
const struct past_cell *filler_past(const struct filler *filler, struct engine_place place);
struct view filler_base(const struct filler *filler, struct engine_place place);

/* Whether what is wrong there was so in the record already and is left as it was. */
bool filler_inherits(const struct filler *filler, const struct question *problem);

/* What was shown last; for filler_json.c. */
struct filler_shown {
    uint64_t mark;  /* of engine_changes; 0: nothing */
    uint64_t shape; /* a hash of which questions there were */
};
struct filler_shown *filler_shown(struct filler *filler);

/* What a list says of a draft, without its form's program. Views live in the arena. */
struct draft_head {
    const struct form *form; /* NULL: not here */
    uint64_t area;
    struct dot record; /* number 0: a new one */
    struct view title;
};
enum rc filler_peek(struct session *session, uint64_t draft, struct arena *arena,
                    struct draft_head *out, struct err *err);

/* The draft's title for lists, such as its instance name; borrowed until the next answer. */
struct view filler_title(const struct filler *filler);

#endif
