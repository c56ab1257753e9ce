/* console_seen.h: what the console's routes about one record share: the record that a request
 * names, what is told of its answers, the look behind the mask, and who speaks. */
#ifndef YG_SYNCD_DESK_CONSOLE_SEEN_H
#define YG_SYNCD_DESK_CONSOLE_SEEN_H

#include "schema/form/answers_tree.h"
#include "syncd/desk/console.h"
#include "syncd/desk/task.h"

/* The record of the path, its rules examined. RC_NOT_FOUND also for one that lies elsewhere. */
enum rc console_seen(struct console_call *call, struct seen_record *out, struct err *err);
/* The same of any id; brief: without its state. */
enum rc console_stored(struct console_call *call, struct dot id, struct stored_record *out,
                       struct err *err);

/* Logs a look behind the mask, with the reason of the body: before anything is shown. RC_INVALID
 * without one. A GET shows nothing: *masked says which of both this is. */
enum rc console_mask(struct console_call *call, const char *object, bool *masked, struct err *err);

/* The tree of a reading in the language of the request, photos with where they are. */
void console_tree(struct console_call *call, const struct reading *reading, bool masked,
                  struct answers_tree *out);
/* {hash, state, device, type, bytes}; state: unknown, tablet, here, backed_up, erased. NULL, and
 * nothing is added, for a text that is no hash. */
struct json *console_add_attachment(struct console_call *call, struct json *parent, const char *key,
                                    struct view hash);
/* Of one value that somebody wrote: name and label of its field, and of what is not masked the text
 * of a choice and where a photo is. The field, or NULL: the form, if there is one, does not know
 * it. */
const struct form_field *console_add_answer(struct console_call *call, struct json *item,
                                            const struct reading *reading, bool masked,
                                            uint16_t number, struct view value);

/* {person, name, mine}, or null for nobody: mine, also of whom he was before a reset. */
enum rc console_add_person(struct console_call *call, struct json *parent, const char *key,
                           uint64_t person, struct err *err);
void console_add_dot(struct json *parent, const char *key, struct dot dot);
/* {id, form, title, areas} */
void console_add_brief(struct console_call *call, struct json *item,
                       const struct stored_record *stored);

/* A change that was kept aside: {dot, record, form, title, known, area, device, verdict, why,
 * since, author, state, reason}; form only if the record is known (console_quarantine.c). */
enum rc console_add_kept(struct console_call *call, struct json *item,
                         const struct stored_quarantine *row, struct err *err);

/* A parameter as a text in the arena; empty when it is missing. */
enum rc console_word(struct console_call *call, const char *key, struct view *out, struct err *err);

/* The person with his key, for what is written in his name. The caller wipes the staff. */
enum rc console_speaker(struct console_call *call, struct staff *staff, struct speaker *speaker,
                        struct err *err);

#endif
