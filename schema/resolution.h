/* resolution.h: the ways in which a person may answer an open question, and which question is
 * meant.
 *
 * The question is named by an instance and a field, as people see them; several may stand at one
 * place (two values, and a broken rule about them), and then the way of answering chooses. The
 * answer itself is made with edit.h. */
#ifndef YG_SCHEMA_RESOLUTION_H
#define YG_SCHEMA_RESOLUTION_H

#include "schema/change.h"
#include "schema/reading.h"

enum resolution {
    RESOLUTION_KEEP,   /* one of the sides is right */
    RESOLUTION_VALUE,  /* neither is: a third value */
    RESOLUTION_REMOVE, /* the removal stands */
    RESOLUTION_ACCEPT, /* the broken rule is accepted as it is */
    RESOLUTION_SAME,   /* the two that are proposed are one */
    RESOLUTION_DIFFER, /* they are two */
};

/* The kind of change that says it. */
enum change_kind resolution_change(enum resolution resolution);

/* Whether a conflict of this kind can be answered in this way. */
bool resolution_fits(enum resolution resolution, uint8_t conflict_kind);

/* Whether the conflict stands at this place: a group at any of its fields, a removal and a proposal
 * at the instance (FIELD_EXISTS). form: the governing one, may be NULL. */
bool conflict_stands_at(const struct conflict *conflict, const struct form *form,
                        struct instance_id instance, uint16_t field);

#endif
