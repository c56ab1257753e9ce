/* form_choice.h: answers that are names of choices, and the name that was probably meant. */
#ifndef YG_SCHEMA_FORM_FORM_CHOICE_H
#define YG_SCHEMA_FORM_FORM_CHOICE_H

#include "schema/form.h"

/* Whether the text is, as it stands, the name of one choice of the field's list. */
bool form_choices_known(const struct form *form, const struct form_field *field, struct view text);

/* The canonical text: one name, or the names in order of the list, each once. For a list that the
 * form does not hold (choices from a file) any names. RC_INVALID names the unknown choice and the
 * nearest known one. */
enum rc form_choices_parse(const struct form *form, const struct form_field *field,
                           struct view text, struct arena *arena, struct view *out,
                           struct err *err);

/* Whether the text is canonical. */
enum rc form_choices_check(const struct form *form, const struct form_field *field,
                           struct view text, struct err *err);

/* How many characters must be written, left out or exchanged to get from one word to the other;
 * at most NEAREST_BYTES of each count, and nothing above limit is counted further. */
#define NEAREST_BYTES 48u
uint32_t word_distance(struct view left, struct view right, uint32_t limit);

#endif
