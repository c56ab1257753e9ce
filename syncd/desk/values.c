/* values.c: see values.h. The mask is that of schema/form/answers: of a text that is no key the
 * first character stays, so that people recognise it; anything else would say too much with it. */
#include "syncd/desk/values.h"

#include "base/text.h"

static void add_masked(const struct form_field *field, const struct value *value, struct buf *out) {
    struct view text = value->bytes;
    size_t keep = 0;

    if (field != NULL && field->type == FIELD_TYPE_TEXT && !field->key &&
        value->type == VALUE_TEXT && text.size > 0) {
        (void)utf8_next(text, &keep);
        buf_add(out, text.data, keep);
        for (size_t count = utf8_length(view_slice(text, keep, text.size)); count > 0; count--)
            buf_add_u8(out, '*');
    }
    if (keep == 0 || keep == text.size)
        buf_add_text(out, "****");
}

void desk_value_text(const struct form *form, uint16_t number, const struct value *value,
                     bool masked, struct buf *out) {
    const struct form_field *field =
        form == NULL || number < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(form, number);

    if (value->type == VALUE_NULL)
        return;
    if (masked && number >= FIELD_FIRST_OF_FORM && (field == NULL || field->sensitive))
        add_masked(field, value, out);
    else
        value_text(value, out);
}

const char *desk_kind_name(enum change_kind kind) {
    switch (kind) {
    case CHANGE_CREATE:
        return "create";
    case CHANGE_EDIT:
        return "edit";
    case CHANGE_REMOVE:
        return "remove";
    case CHANGE_RESOLVE:
        return "resolve";
    case CHANGE_SEAL:
        return "seal";
    case CHANGE_AMEND:
        return "amend";
    case CHANGE_MOVE:
        return "move";
    case CHANGE_ACCEPT:
        return "accept";
    case CHANGE_SAME:
        return "same";
    }
    return "unknown";
}
