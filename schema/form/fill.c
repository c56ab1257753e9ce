/* fill.c: see fill.h. */
#include "schema/form/fill.h"

#include "base/text.h"

bool fill_is_required(const struct form *form, const struct form_field *field) {
    if (!field->required || field->read_only || !form_field_holds_value(field) ||
        field->type == FIELD_TYPE_CALCULATE || field->type == FIELD_TYPE_META)
        return false;
    for (;;) {
        if (field->relevant.size > 0)
            return false;
        /* The condition of a repeat decides whether there are instances at all. */
        if (field->parent == FORM_NO_PARENT ||
            form->fields[field->parent].type == FIELD_TYPE_REPEAT)
            return true;
        field = &form->fields[field->parent];
    }
}

static enum rc fill_one(struct edit *edit, struct instance_id instance,
                        const struct form_field *field, struct view text, struct err *err) {
    struct value value;
    enum rc rc = form_value_parse(edit->form, field, text, edit->arena, &value, err);

    if (rc != RC_OK || value.type == VALUE_NULL)
        return rc;
    return edit_set(edit, instance, field->number, &value, field->rank, err);
}

enum rc fill_text(struct edit *edit, struct instance_id instance, const struct form_field *field,
                  struct view text, struct err *err) {
    size_t at = 0;

    if (field->type != FIELD_TYPE_SELECT_MULTIPLE || field->policy != POLICY_UNION)
        return fill_one(edit, instance, field, text, err);
    while (at < text.size) {
        enum rc rc = fill_one(edit, instance, field, text_word(text, &at), err);

        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

bool fill_has(const struct edit *edit, uint32_t start, struct instance_id instance,
              uint16_t field) {
    for (uint32_t i = start; i < edit->entry_count; i++)
        if (edit->entries[i].field == field && instance_equal(edit->entries[i].instance, instance))
            return true;
    return false;
}

enum rc fill_problem(struct fill_problems *problems, struct view place, const struct err *err) {
    if (err->rc != RC_INVALID && err->rc != RC_LIMIT)
        return err->rc;
    if (problems->first.rc == RC_OK) {
        problems->first = *err;
        err_prefix(&problems->first, "%.*s: ", VIEW_PRINT(utf8_cut(place, 100)));
    }
    buf_addf(problems->lines, "%.*s: %s\n", VIEW_PRINT(place), err->text);
    return RC_OK;
}

enum rc fill_end(const struct fill_problems *problems, struct err *err) {
    if (problems->first.rc != RC_OK)
        *err = problems->first;
    return problems->first.rc;
}
