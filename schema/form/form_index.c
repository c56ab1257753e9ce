/* form_index.c: see form_index.h. */
#include "schema/form/form_index.h"

#include "schema/change.h"
#include "schema/form/form_json.h"
#include "schema/limits.h"

/* glibc's qsort_r has no name in strict C, so the sorted thing carries what is compared. */
struct named {
    struct view name;
    uint32_t number;
    uint32_t index;
};

static int named_compare(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order = view_compare(a->name, b->name);

    if (order != 0)
        return order;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static enum rc path_make(const struct form *form, struct form_field *field, struct arena *arena,
                         struct err *err) {
    struct view parent = {0};
    uint8_t *text;
    size_t size;

    if (field->parent == FORM_NO_PARENT) {
        field->path = field->name;
        return RC_OK;
    }
    parent = form->fields[field->parent].path;
    size = parent.size + 1 + field->name.size;
    if (size > LIMIT_PATH_BYTES)
        return err_set(err, RC_LIMIT, "form, field %.*s: a path has at most %u bytes",
                       VIEW_PRINT(field->name), LIMIT_PATH_BYTES);
    text = arena_alloc(arena, size + 1);
    if (text == NULL)
        return arena_check(arena, "form", err);
    memcpy(text, parent.data, parent.size);
    text[parent.size] = '/';
    memcpy(text + parent.size + 1, field->name.data, field->name.size);
    field->path = view_of(text, size);
    return RC_OK;
}

/* The parent must be open: the field before, or something around it. */
static enum rc place_check(const struct form *form, uint32_t index, struct form_field *field,
                           struct err *err) {
    uint32_t parent = field->parent;
    uint32_t open = index == 0 ? FORM_NO_PARENT : index - 1;
    uint32_t depth = 0;

    if (open != FORM_NO_PARENT && form->fields[open].type < FIELD_TYPE_GROUP)
        open = form->fields[open].parent;
    while (open != parent && open != FORM_NO_PARENT)
        open = form->fields[open].parent;
    if (open != parent)
        return err_set(err, RC_INVALID, "form, field %.*s: its parent is not an open group",
                       VIEW_PRINT(field->name));
    field->repeat = FORM_NO_PARENT;
    if (parent != FORM_NO_PARENT)
        field->repeat =
            form->fields[parent].type == FIELD_TYPE_REPEAT ? parent : form->fields[parent].repeat;
    for (; parent != FORM_NO_PARENT; parent = form->fields[parent].parent)
        depth++;
    if (depth > FORM_DEPTH)
        return err_set(err, RC_LIMIT, "form, field %.*s: groups nest at most %u deep",
                       VIEW_PRINT(field->name), FORM_DEPTH);
    depth = field->type == FIELD_TYPE_REPEAT ? 1 : 0;
    for (parent = field->repeat; parent != FORM_NO_PARENT; parent = form->fields[parent].repeat)
        depth++;
    if (depth > LIMIT_INSTANCE_DEPTH)
        return err_set(err, RC_LIMIT, "form, field %.*s: repeats nest at most %u deep",
                       VIEW_PRINT(field->name), LIMIT_INSTANCE_DEPTH);
    return RC_OK;
}

static enum rc indices_make(struct form *form, struct arena *arena, struct err *err) {
    struct named *sorted = arena_array(arena, form->field_count, sizeof(*sorted));
    uint32_t *by_number = arena_array(arena, form->field_count, sizeof(*by_number));
    uint32_t *by_path = arena_array(arena, form->field_count, sizeof(*by_path));

    if (sorted == NULL || by_number == NULL || by_path == NULL)
        return arena_check(arena, "form", err);
    for (uint32_t i = 0; i < form->field_count; i++)
        sorted[i] = (struct named){.number = form->fields[i].number, .index = i};
    qsort(sorted, form->field_count, sizeof(*sorted), named_compare);
    for (uint32_t i = 0; i < form->field_count; i++) {
        by_number[i] = sorted[i].index;
        if (i > 0 && sorted[i].number == sorted[i - 1].number)
            return err_set(err, RC_INVALID, "form: the field number %u is given twice",
                           sorted[i].number);
    }
    for (uint32_t i = 0; i < form->field_count; i++)
        sorted[i] = (struct named){.name = form->fields[i].path, .index = i};
    qsort(sorted, form->field_count, sizeof(*sorted), named_compare);
    for (uint32_t i = 0; i < form->field_count; i++) {
        by_path[i] = sorted[i].index;
        if (i > 0 && view_equal(sorted[i].name, sorted[i - 1].name))
            return err_set(err, RC_INVALID, "form: the path %.*s is given twice",
                           VIEW_PRINT(sorted[i].name));
    }
    for (uint32_t i = 0; i < form->field_count; i++)
        form->has_keys = form->has_keys || form->fields[i].key;
    form->by_number = by_number;
    form->by_path = by_path;
    return RC_OK;
}

/* The smallest number leads a merge group; the others live beside it under the same policy. */
static enum rc groups_check(const struct form *form, struct err *err) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];
        const struct form_field *leader;

        if (field->merge_group == 0)
            continue;
        leader = form_field_by_number(form, field->merge_group);
        if (leader == NULL || leader->merge_group != leader->number ||
            leader->number > field->number || leader->repeat != field->repeat ||
            leader->policy != field->policy || leader->scope != field->scope ||
            !form_field_holds_value(field))
            return err_set(err, RC_INVALID,
                           "form, field %.*s: it does not fit to the merge group %u",
                           VIEW_PRINT(field->name), field->merge_group);
    }
    return RC_OK;
}

enum rc form_index(struct form *form, struct form_field *fields, struct arena *arena,
                   struct err *err) {
    enum rc rc = RC_OK;

    form->fields = fields;
    for (uint32_t i = 0; i < form->field_count && rc == RC_OK; i++) {
        rc = place_check(form, i, &fields[i], err);
        if (rc == RC_OK)
            rc = path_make(form, &fields[i], arena, err);
    }
    if (rc == RC_OK)
        rc = indices_make(form, arena, err);
    if (rc == RC_OK)
        rc = groups_check(form, err);
    return rc;
}

enum rc form_index_list(struct form_list *list, struct arena *arena, struct err *err) {
    struct named *sorted = arena_array(arena, list->choice_count, sizeof(*sorted));
    uint32_t *by_name = arena_array(arena, list->choice_count, sizeof(*by_name));

    if (sorted == NULL || by_name == NULL)
        return arena_check(arena, "form", err);
    for (uint32_t i = 0; i < list->choice_count; i++)
        sorted[i] = (struct named){.name = list->choices[i].name, .index = i};
    qsort(sorted, list->choice_count, sizeof(*sorted), named_compare);
    for (uint32_t i = 0; i < list->choice_count; i++)
        by_name[i] = sorted[i].index;
    list->by_name = by_name;
    return RC_OK;
}

const struct form_retired *form_retired_number(const struct form *form, uint16_t number) {
    uint32_t low = 0, high = form->retired_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (form->retired[middle].number == number)
            return &form->retired[middle];
        if (form->retired[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
