/* form_json.h: writing a compiled form, and the words that its JSON uses. */
#ifndef YG_SCHEMA_FORM_FORM_JSON_H
#define YG_SCHEMA_FORM_FORM_JSON_H

#include "schema/form.h"

#define FORM_FORMAT           1u  /* the "yangguang_form" of what we write */
#define FORM_DEPTH            32u /* of groups and repeats within each other */
#define FORM_SCOPES           16u
#define FORM_EXPRESSION_BYTES 65536u

/* Appends the canonical JSON (see form_json.c). Needs what a compiler fills in: names, parents,
 * numbers; not paths and indices. Failures are sticky in out. */
void form_write(const struct form *form, struct buf *out);

/* A table of words; the index is the enumerator. NULL stands for a gap. */
extern const char *const form_type_names[FIELD_TYPE_REPEAT + 1];
extern const char *const form_policy_names[POLICY_SERVER + 1];

/* Whether this can be a step of a path: a letter, an underscore or any character beyond ASCII
 * first, then also digits, dots and hyphens; at most LIMIT_NAME_BYTES; UTF-8. */
bool form_name_valid(struct view name);

/* "中文 (zh)" is met by itself, by what stands in brackets and by what stands before them. */
bool form_language_is(struct view name, struct view wanted);

#endif
