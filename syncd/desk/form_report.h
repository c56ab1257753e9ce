/* form_report.h: what is wrong with a form, told to people and to programs. */
#ifndef YG_SYNCD_DESK_FORM_REPORT_H
#define YG_SYNCD_DESK_FORM_REPORT_H

#include "syncd/desk/form_read.h"

/* Compiles what was read against the previous version (NULL: the first), loads the result, and
 * loads its XForm as tablets do. is_lenient: as xlsform.h says, and a form without form_id gets
 * the name of its file. *out is in the arena. RC_INVALID when findings has errors. */
enum rc form_make(bool is_lenient, const struct form_source *source, const struct form *previous,
                  uint32_t sequence, struct arena *arena, struct findings *findings,
                  struct buf *json, struct form **out, struct err *err);

/* One line a finding on standard error; then the media that are not carried. */
void form_findings_say(struct command *command, const struct form_source *source,
                       const struct findings *findings);
/* The same as members of a document: "findings" and, if there are any, "left" (names). */
void form_findings_json(struct json *json, const struct form_source *source,
                        const struct findings *findings);

/* --- what a form is made of --- */

/* "yes", "mask", "no" */
const char *form_posting_word(uint8_t posting);
/* Adds an array with one text for each of the form's languages, in their order. */
void form_texts_json(struct json *parent, const char *key, const struct form *form,
                     const struct form_text *text);
/* Adds an object to the array: number, path, type, policy and so on, as `form show --json`. */
void form_field_json(struct json *array, const struct form *form, const struct form_field *field);

/* --- trying a form --- */

struct form_trouble {
    struct view ref;  /* "/data/member[1]/age"; empty: the whole form */
    struct view text; /* what is wrong with it */
};

/* Begins a draft of the form and evaluates everything once: expressions that fail, defaults that
 * their own rules refuse, and what the loader found odd. Questions that wait for an answer are
 * none of it. Time and randomness are made up, so that the same form always says the same. All in
 * the arena. */
enum rc form_try(const struct form *form, enum lang lang, struct arena *arena,
                 struct form_trouble **list, uint32_t *count, struct err *err);

#endif
