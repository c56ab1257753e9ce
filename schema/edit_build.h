/* edit_build.h: what the parts of edit share. An entry whose replaces is NULL gets the usual ones
 * in edit_finish; otherwise they have been decided. */
#ifndef YG_SCHEMA_EDIT_BUILD_H
#define YG_SCHEMA_EDIT_BUILD_H

#include "schema/edit.h"

/* Adds an entry; the value is copied into the arena. *out may be NULL. RC_LIMIT, RC_NO_MEMORY. */
enum rc edit_push(struct edit *edit, struct instance_id instance, uint16_t field,
                  const struct value *value, struct entry **out, struct err *err);
/* The bytes that an encoder wrote, as a value in the arena; releases the buf. */
enum rc edit_value_of(struct edit *edit, struct buf *bytes, struct value *out, struct err *err);

typedef bool edit_chooses(const void *context, const struct version *version);
/* Every version of the field that the reading counts and that is chosen (all if NULL), as the
 * replaced ones of this entry. */
enum rc edit_replace(struct edit *edit, struct entry *entry, edit_chooses *chooses,
                     const void *context, struct err *err);
/* The dots that a removal of this instance names. */
enum rc edit_cover(struct edit *edit, struct instance_id instance, struct value *out,
                   struct err *err);
/* Whether this instance lies in (or is) the other. */
bool edit_lies_in(const struct reading *reading, struct instance_id inner,
                  struct instance_id outer);
/* The open conflict of this cell, NULL if there is none. */
const struct conflict *edit_conflict(const struct edit *edit, struct instance_id instance,
                                     uint16_t field);
enum rc edit_wrong_kind(const struct edit *edit, struct err *err);

#endif
