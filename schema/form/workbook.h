/* workbook.h: an Excel workbook as sheets of cells.
 *
 * .xlsx (Office Open XML, ECMA-376, transitional and strict): shared, inline and formula texts,
 * numbers, dates, truth values, in whatever order and with whatever namespace prefixes. The old
 * binary .xls is refused with the mend: the one C library for it in Debian (FreeXL 1.0.6) crashed
 * within a minute of random damage to a real file, and a program that keeps people's records must
 * not. Cells come out as a person reads them in the sheet:
 *   text      as it stands, rich text without its looks, without the reading aids of Asian scripts
 *   number    the shortest decimal text: 1.1 and not 1.1000000000000001, 3 and not 3.0
 *   truth     TRUE or FALSE
 *   date      2026-11-23, with T10:15:00 behind it if there is a time of day; 10:15:00 alone if
 *             there is no day
 *   error     as shown: #N/A
 * A cell of white space alone is empty. Of merged cells the first one holds the value.
 *
 * Bounds: LIMIT_WORKBOOK_BYTES for the file, LIMIT_SHEET_XML_BYTES for each part in it, the ratio
 * of base/archive, rows and cells of sheet_build.h. */
#ifndef YG_SCHEMA_FORM_WORKBOOK_H
#define YG_SCHEMA_FORM_WORKBOOK_H

#include "schema/form/xlsform.h"

/* Whether the bytes begin as a workbook does, of the new or the old kind. */
bool workbook_is_one(struct view bytes);

/* Everything is copied into the arena. RC_INVALID names the sheet and cell, RC_LIMIT,
 * RC_UNSUPPORTED (.xls, a password), RC_CORRUPT (a damaged archive). */
enum rc workbook_read(struct view bytes, struct arena *arena, struct workbook *out,
                      struct err *err);

#endif
