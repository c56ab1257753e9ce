/* form.c: finding things in a form. */
#include "schema/form.h"

#include "base/text.h"
#include "schema/change.h"
#include "schema/form/form_json.h"

const char *policy_name(enum policy policy) {
    return (unsigned)policy <= POLICY_SERVER ? form_policy_names[policy] : "unknown";
}

const char *field_type_name(enum field_type type) {
    if ((unsigned)type > FIELD_TYPE_REPEAT || form_type_names[type] == NULL)
        return "unknown";
    return form_type_names[type];
}

const struct form_field *form_field_by_number(const struct form *form, uint16_t number) {
    uint32_t low = 0, high = form->field_count;

    /* Most forms have never lost a field: then the number says where it stands. */
    if (high > 0) {
        uint32_t first = form->fields[form->by_number[0]].number;
        const struct form_field *field;

        if (number >= first && number - first < high) {
            field = &form->fields[form->by_number[number - first]];
            if (field->number == number)
                return field;
        }
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct form_field *field = &form->fields[form->by_number[middle]];

        if (field->number == number)
            return field;
        if (field->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct form_field *form_field_by_path(const struct form *form, struct view path) {
    uint32_t low = 0, high = form->field_count;

    if (form->by_path == NULL) {
        for (uint32_t i = 0; i < form->field_count; i++)
            if (view_equal(form->fields[i].path, path))
                return &form->fields[i];
        return NULL;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct form_field *field = &form->fields[form->by_path[middle]];
        int order = view_compare(field->path, path);

        if (order == 0)
            return field;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct form_choice *form_list_choice(const struct form_list *list, struct view name) {
    uint32_t low = 0, high = list->choice_count;

    if (list->by_name == NULL) {
        for (uint32_t i = 0; i < list->choice_count; i++)
            if (view_equal(list->choices[i].name, name))
                return &list->choices[i];
        return NULL;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct form_choice *choice = &list->choices[list->by_name[middle]];
        int order = view_compare(choice->name, name);

        if (order == 0)
            return choice;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool form_field_holds_value(const struct form_field *field) {
    return field->type != FIELD_TYPE_NOTE && field->type != FIELD_TYPE_GROUP &&
           field->type != FIELD_TYPE_REPEAT;
}

bool form_language_is(struct view name, struct view wanted) {
    size_t open = 0;

    if (view_equal(name, wanted))
        return true;
    while (open < name.size && name.data[open] != '(')
        open++;
    if (open == name.size || name.data[name.size - 1] != ')')
        return false;
    return view_equal(text_trim(view_slice(name, 0, open)), wanted) ||
           view_equal(text_trim(view_slice(name, open + 1, name.size - open - 2)), wanted);
}

const struct view *form_label(const struct form *form, const struct form_text *text,
                              struct view language) {
    static const struct view empty = {0};
    const struct view *texts = text->by_language;

    if (texts == NULL)
        return &empty;
    for (uint32_t i = 0; i < form->language_count && language.size > 0; i++)
        if (texts[i].size > 0 && form_language_is(form->languages[i], language))
            return &texts[i];
    if (form->default_language < form->language_count && texts[form->default_language].size > 0)
        return &texts[form->default_language];
    for (uint32_t i = 0; i < form->language_count; i++)
        if (texts[i].size > 0)
            return &texts[i];
    return &empty;
}

struct view form_field_label(const struct form *form, const struct form_field *field,
                             enum lang lang) {
    const struct view *label =
        form_label(form, &field->label, view_text(lang == LANG_ZH ? "zh" : "en"));

    return label->size > 0 ? *label : field->name;
}

const struct form_medium *form_medium_named(const struct form *form, struct view name) {
    for (uint32_t i = 0; i < form->media_count; i++)
        if (view_equal(form->media[i].name, name))
            return &form->media[i];
    return NULL;
}
