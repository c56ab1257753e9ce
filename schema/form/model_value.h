/* model_value.h: one answer as text, checked and brought into the spelling of its data type.
 *
 * Answers are kept as the text that XForms writes. Numbers are never taken through a double: what
 * people type keeps its digits ("10.0" stays "10.0"). Two doors: people's answers are refused when
 * they are not of the type; what a calculation gives is cast, and becomes blank when it can't. */
#ifndef YG_SCHEMA_FORM_MODEL_VALUE_H
#define YG_SCHEMA_FORM_MODEL_VALUE_H

#include "schema/form/model.h"

/* Appends the answer in its type's spelling: full-width digits become ASCII, spaces around go (not
 * of strings), leading zeros of numbers go. Empty text (or only spaces, where the type is not
 * string) gives nothing. False when it is not of the type; nothing is appended then. */
bool model_value_read(enum model_type type, struct view text, struct buf *out);

/* The same for a computed text: a fraction is cut off for an integer, a time from a date and time
 * where only a date is wanted, a number of days becomes a date; what does not fit gives nothing. */
void model_value_cast(enum model_type type, struct view text, struct buf *out);

/* What to tell a person whose answer model_value_read refuses: a catalogue literal. */
const char *model_value_hint(enum model_type type);

#endif
