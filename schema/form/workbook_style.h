/* workbook_style.h: which cells of an .xlsx hold dates, and what such a number says. */
#ifndef YG_SCHEMA_FORM_WORKBOOK_STYLE_H
#define YG_SCHEMA_FORM_WORKBOOK_STYLE_H

#include "base/arena.h"

#define SERIAL_TEXT_BYTES 32u

/* Whether a number format shows a date or a time: one of the built-in ones by its number
 * (ECMA-376 18.8.30), or a code with a letter of y m d h s outside of quotes and brackets. */
bool number_format_is_date(uint32_t id, struct view code);

/* The text of a serial day: days since the end of 1899 (as if 1900 were a leap year, which it was
 * not) or since 1904, the time of day behind the point, to the second. Returns its length; 0 for a
 * number that is no day of these calendars. */
size_t serial_format(double serial, bool from_1904, char out[SERIAL_TEXT_BYTES]);

#endif
