/* assign.h: PATH=VALUE, PATH+=VALUE and PATH-=VALUE on the command line. */
#ifndef YG_AGENT_FACE_ASSIGN_H
#define YG_AGENT_FACE_ASSIGN_H

#include "schema/edit.h"

/* The field is written by its path against the edit's reading; a set is replaced by =, extended by
 * +=, reduced by -=. An empty VALUE takes the answer back. RC_USAGE: no PATH=VALUE. RC_CONFLICT:
 * the field is sealed and the edit is not an amendment. Errors name the path. */
enum rc assign(struct edit *edit, const char *word, struct err *err);

/* The same for an instance that this edit has just added; the path goes on from its repeat. */
enum rc assign_inside(struct edit *edit, const struct form_field *repeat,
                      struct instance_id instance, const char *word, struct err *err);

/* "member" or "member[ID]/job": the repeat, and the instance in which a new one will lie. */
enum rc assign_repeat(const struct edit *edit, const char *text, const struct form_field **repeat,
                      struct instance_id *parent, struct err *err);

#endif
