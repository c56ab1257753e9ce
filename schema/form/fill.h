/* fill.h: writing answers into a draft; shared by answers.c (JSON) and rows.c (CSV). */
#ifndef YG_SCHEMA_FORM_FILL_H
#define YG_SCHEMA_FORM_FILL_H

#include "schema/edit.h"

/* Required whatever else is answered: neither it nor a group around it has a condition. */
bool fill_is_required(const struct form *form, const struct form_field *field);

/* Parses the text and writes it; empty text writes nothing. Names of a select_multiple under union
 * become one element each. RC_INVALID with the message of form_value_parse. */
enum rc fill_text(struct edit *edit, struct instance_id instance, const struct form_field *field,
                  struct view text, struct err *err);

/* Whether an entry from index start on writes that field of that instance. */
bool fill_has(const struct edit *edit, uint32_t start, struct instance_id instance, uint16_t field);

/* What went wrong, line by line; the first one is kept for err. */
struct fill_problems {
    struct buf *lines; /* not owned */
    struct err first;  /* RC_OK while there is none */
};

/* Adds PLACE: MESSAGE and gives RC_OK for what is the author's to mend (RC_INVALID, RC_LIMIT of a
 * value); anything else is given back, and ends the filling. */
enum rc fill_problem(struct fill_problems *problems, struct view place, const struct err *err);
/* The first problem, or RC_OK. */
enum rc fill_end(const struct fill_problems *problems, struct err *err);

#endif
