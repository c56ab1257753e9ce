/* values.c: see values.h. */
#include "syncd/desk/values.h"

#include "schema/form/answers.h"

void desk_value_text(const struct form *form, uint16_t number, const struct value *value,
                     bool masked, struct buf *out) {
    const struct form_field *field =
        form == NULL || number < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(form, number);

    if (value->type == VALUE_NULL)
        return;
    if (masked && answers_is_sensitive(field, number))
        answers_mask(field, value, out);
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

bool change_is_sensitive(const struct change *change, const struct form *form) {
    for (uint32_t i = 0; i < change->entry_count; i++) {
        uint16_t field = change->entries[i].field;

        if (field >= FIELD_FIRST_OF_FORM &&
            answers_is_sensitive(form == NULL ? NULL : form_field_by_number(form, field), field))
            return true;
    }
    return false;
}
