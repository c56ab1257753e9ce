/* form_index.h: what is derived from the fields of a form: paths, nearest repeats, sorted
 * indices. */
#ifndef YG_SCHEMA_FORM_FORM_INDEX_H
#define YG_SCHEMA_FORM_FORM_INDEX_H

#include "schema/form.h"

/* Fills path, repeat, by_number, by_path of a form whose fields have name, parent, type and
 * number, and checks them: preorder, containers, depth, unique numbers and paths, merge groups.
 * fields and lists are the form's own, still writable. RC_INVALID, RC_LIMIT, RC_NO_MEMORY. */
enum rc form_index(struct form *form, struct form_field *fields, struct arena *arena,
                   struct err *err);

/* Fills by_name. RC_NO_MEMORY, RC_LIMIT. */
enum rc form_index_list(struct form_list *list, struct arena *arena, struct err *err);

/* The retired path with that number, or NULL. */
const struct form_retired *form_retired_number(const struct form *form, uint16_t number);

#endif
