/* values.h: answers as the desk shows them: in words, and masked where the form calls them
 * sensitive. */
#ifndef YG_SYNCD_DESK_VALUES_H
#define YG_SYNCD_DESK_VALUES_H

#include "schema/form.h"
#include "schema/record.h"

/* The value as text; masked: what is sensitive, and every answer whose field the form does not
 * know, keeps at most its first character. Empty for null. */
void desk_value_text(const struct form *form, uint16_t field, const struct value *value,
                     bool masked, struct buf *out);

/* "create", "edit", ... */
const char *desk_kind_name(enum change_kind kind);

/* Whether it says something that is masked. */
bool change_is_sensitive(const struct change *change, const struct form *form);

#endif
