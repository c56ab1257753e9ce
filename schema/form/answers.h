/* answers.h: between a record and the words that programs and files use for it.
 *
 * Paths: "head/name" for a field of the record; "member[ID]/wage" for a field of an instance, with
 * the instance's id; nested "member[ID]/job[ID]/pay". Answers for a new record nest as the form
 * does: groups as objects, repeats as arrays of objects, select_multiple as an array or as text
 * with spaces. */
#ifndef YG_SCHEMA_FORM_ANSWERS_H
#define YG_SCHEMA_FORM_ANSWERS_H

#include "base/json.h"
#include "schema/edit.h"

/* Fills a draft (CHANGE_CREATE, or an EDIT beneath an instance just added) from a JSON object.
 * Unknown names, wrong types, unknown choices, missing required answers are errors that name the
 * path; all of them are collected in problems (one line each), the first stands in err. */
enum rc answers_fill(struct edit *edit, struct instance_id instance, uint32_t container,
                     const struct json *object, struct buf *problems, struct err *err);
/* container: index of the repeat field whose instance this is, FORM_NO_PARENT for the record. */

/* The same for a draft that somebody will go on with: required answers may be missing. */
enum rc answers_fill_draft(struct edit *edit, struct instance_id instance, uint32_t container,
                           const struct json *object, struct buf *problems, struct err *err);

/* Resolves a path against the reading. FIELD_AREA is "@area". */
enum rc answers_path(const struct form *form, const struct reading *reading, struct view path,
                     struct instance_id *instance, uint16_t *field, struct err *err);
enum rc answers_path_text(const struct reading *reading, struct instance_id instance,
                          uint16_t field, struct buf *out, struct err *err);

/* {path: value} of all visible cells with one value; union fields as arrays; conflicts left out.
 * What was erased by law is an object: {erased: true}, with at, by and reason where they are known.
 * Sensitive fields are masked when mask is true (first character, then asterisks; ids never). */
enum rc answers_values(const struct reading *reading, bool mask, struct json *out, struct err *err);
/* {path: [{value, dot, author, at, rank, kind}]} of open conflicts. A group is shown at each of its
 * fields, with the same sides; two instances that may be the same stand at "member[ID]/@same", with
 * same_as, the other instance; a broken rule has rule, which says what is wrong in the language of
 * err, in the form's own words where it has any (and they repeat no answers, when mask is true);
 * author is the person's id text or name through the callback, at is RFC 3339 in China time. */
typedef struct view person_name(void *context, uint64_t person);
enum rc answers_conflicts(const struct record *record, const struct reading *reading, bool mask,
                          person_name *name, void *context, struct json *out, struct err *err);

/* Whether a value of this field is shown masked to whoever may not see sensitive ones; field NULL:
 * one of a form not known here, so as sensitive as it can be. */
bool answers_is_sensitive(const struct form_field *field, uint16_t number);
/* Appends what is shown instead of a value of the field: of a text that is no key the first
 * character stays, so that people recognise it; codes, numbers and dates would say too much with
 * their first one. */
void answers_mask(const struct form_field *field, const struct value *value, struct buf *out);

/* Whether this is such an object; then its words are added. */
bool answers_erased_text(const struct json *value, enum lang lang, struct buf *out);

/* Required answers that are missing, and values that break the form, as lines of text. */
enum rc answers_problems(const struct reading *reading, struct buf *out, uint32_t *count,
                         struct err *err);

#endif
