/* title.h: the name by which people know a record in a list: what the form's instance_name says
 * ("${head_name}" and literal text), or else its first answered text. */
#ifndef YG_SCHEMA_TITLE_H
#define YG_SCHEMA_TITLE_H

#include "schema/reading.h"

#define TITLE_BYTES 120u

/* At most TITLE_BYTES of whole characters; empty when nothing is answered. Never a sensitive
 * field. In a conflict the first side stands, with "?" behind it. */
void title_make(const struct reading *reading, struct buf *out);

#endif
