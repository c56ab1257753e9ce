/* answers_tree.c: see answers_tree.h. */
#include "schema/form/answers_tree.h"

#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "schema/limits.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

void answers_tree_path(const struct answers_tree *tree, struct json *item,
                       struct instance_id instance, uint16_t field) {
    struct buf path;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    buf_init(&path, PATH_BYTES);
    if (answers_path_text(tree->reading, instance, field, &path, &ignored) == RC_OK)
        json_add_buf(item, "path", &path);
    buf_release(&path);
}

void answers_tree_label(const struct answers_tree *tree, struct json *item,
                        const struct form_field *field) {
    const struct view *label;

    if (field == NULL)
        return;
    label = form_label(tree->reading->form, &field->label, tree->language);
    json_add_view(item, "name", field->name);
    json_add_view(item, "label", label->size > 0 ? *label : field->name);
}

/* As it is stored, and of a choice its label. */
void answers_tree_value(const struct answers_tree *tree, struct json *item,
                        const struct form_field *field, const struct value *value) {
    const struct form *form = tree->reading->form;
    bool masked = tree->mask && (field == NULL || answers_is_sensitive(field, field->number));
    const struct form_choice *choice = NULL;
    struct buf text;

    if (value->type == VALUE_NULL) {
        json_add_null(item, "value");
        return;
    }
    buf_init(&text, LIMIT_RECORD_BYTES);
    if (masked) {
        answers_mask(field, value, &text);
        json_add_buf(item, "value", &text);
        json_add_bool(item, "masked", true);
        buf_release(&text);
        return;
    }
    value_text(value, &text);
    json_add_buf(item, "value", &text);
    if (field != NULL && field->type == FIELD_TYPE_ATTACHMENT && tree->attachment != NULL)
        tree->attachment(tree->context, buf_view(&text), item);
    if (field != NULL && field->list != FORM_NO_LIST)
        choice = form_list_choice(&form->lists[field->list], buf_view(&text));
    if (choice != NULL)
        json_add_view(item, "text", *form_label(form, &choice->label, tree->language));
    buf_release(&text);
}

static void add_erased(const struct answers_tree *tree, struct json *item,
                       const struct cell *cell) {
    const struct record *record = tree->reading->record;
    struct erasure erasure;
    enum rc found = erasure_find(record, record->absorbed[cell->versions[0]->change].dot,
                                 cell->instance, cell->field, tree->arena, &erasure);
    struct buf text;

    buf_init(&text, LIMIT_VALUE_BYTES);
    erasure_text(found, &erasure, tree->lang, &text);
    json_add_buf(item, "text", &text);
    buf_release(&text);
}

/* What an amendment may put in its place. */
static void add_options(const struct answers_tree *tree, struct json *item,
                        const struct form_list *list) {
    struct json *options;

    if (list->choice_count > tree->options_max)
        return;
    options = json_add_array(item, "options");
    for (uint32_t i = 0; i < list->choice_count; i++) {
        struct json *option = json_add_object(options, NULL);

        json_add_view(option, "value", list->choices[i].name);
        json_add_view(option, "text",
                      *form_label(tree->reading->form, &list->choices[i].label, tree->language));
    }
}

static void add_cell(const struct answers_tree *tree, struct json *list,
                     const struct form_field *field, const struct cell *cell) {
    static const char *const kinds[] = {[CELL_EMPTY] = "empty",
                                        [CELL_VALUE] = "value",
                                        [CELL_SET] = "set",
                                        [CELL_CONFLICT] = "conflict",
                                        [CELL_ERASED] = "erased"};
    struct json *item = json_add_object(list, NULL), *elements;

    json_add_text(item, "kind", kinds[cell->kind]);
    answers_tree_path(tree, item, cell->instance, cell->field);
    answers_tree_label(tree, item, field);
    if (field != NULL) {
        json_add_text(item, "type", field_type_name((enum field_type)field->type));
        if (field->sensitive)
            json_add_bool(item, "sensitive", true);
    }
    if (cell->sealed)
        json_add_bool(item, "sealed", true);
    if (cell->by_policy)
        json_add_bool(item, "by_policy", true);
    if (cell->kind == CELL_VALUE)
        answers_tree_value(tree, item, field, &cell->value);
    if (cell->kind == CELL_VALUE && cell->sealed && field != NULL &&
        field->type == FIELD_TYPE_SELECT_ONE && field->list != FORM_NO_LIST)
        add_options(tree, item, &tree->reading->form->lists[field->list]);
    if (cell->kind == CELL_ERASED)
        add_erased(tree, item, cell);
    if (cell->kind != CELL_SET)
        return;
    elements = json_add_array(item, "elements");
    for (uint32_t i = 0; i < cell->version_count; i++)
        answers_tree_value(tree, json_add_object(elements, NULL), field, &cell->versions[i]->value);
}

static void add_children(const struct answers_tree *tree, struct json *list, uint32_t parent,
                         struct instance_id instance, uint32_t depth);

static void add_repeat(const struct answers_tree *tree, struct json *list, uint32_t index,
                       struct instance_id parent, uint32_t depth) {
    const struct form_field *repeat = &tree->reading->form->fields[index];
    const struct reading *reading = tree->reading;
    struct json *item = NULL, *instances = NULL;

    for (uint32_t i = 0; i < reading->instance_count; i++) {
        const struct seen_instance *instance = &reading->instances[i];
        struct json *one;
        char id[INSTANCE_TEXT_BYTES];

        if (instance->removed || instance->repeat != repeat->number ||
            !instance_equal(instance->parent, parent))
            continue;
        if (item == NULL) {
            item = json_add_object(list, NULL);
            json_add_text(item, "kind", "repeat");
            json_add_view(item, "path", repeat->path);
            answers_tree_label(tree, item, repeat);
            instances = json_add_array(item, "instances");
        }
        instance_text(instance->id, id);
        one = json_add_object(instances, NULL);
        json_add_text(one, "id", id);
        add_children(tree, json_add_array(one, "values"), index, instance->id, depth + 1);
    }
}

static void add_group(const struct answers_tree *tree, struct json *list, uint32_t index,
                      struct instance_id instance, uint32_t depth) {
    const struct form_field *group = &tree->reading->form->fields[index];
    struct json *item = json_object(), *values = json_add_array(item, "values");

    json_add_text(item, "kind", "group");
    json_add_view(item, "path", group->path);
    answers_tree_label(tree, item, group);
    add_children(tree, values, index, instance, depth + 1);
    if (json_count(values) > 0)
        json_add_tree(list, NULL, item);
    else
        json_free(item);
}

static void add_children(const struct answers_tree *tree, struct json *list, uint32_t parent,
                         struct instance_id instance, uint32_t depth) {
    const struct form *form = tree->reading->form;

    for (uint32_t i = 0; i < form->field_count && depth < 2 * LIMIT_INSTANCE_DEPTH + 16; i++) {
        const struct form_field *field = &form->fields[i];
        const struct cell *cell;

        if (field->parent != parent)
            continue;
        if (field->type == FIELD_TYPE_REPEAT) {
            add_repeat(tree, list, i, instance, depth);
        } else if (field->type == FIELD_TYPE_GROUP) {
            add_group(tree, list, i, instance, depth);
        } else {
            cell = reading_cell(tree->reading, instance, field->number);
            if (cell != NULL && cell->kind != CELL_EMPTY)
                add_cell(tree, list, field, cell);
        }
    }
}

/* What the form does not know (it came with a newer version, or no form is here): by number. */
static void add_unknown(const struct answers_tree *tree, struct json *list) {
    const struct form *form = tree->reading->form;
    const struct reading *reading = tree->reading;

    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];
        struct json *item;

        if (cell->field < FIELD_FIRST_OF_FORM || cell->kind == CELL_EMPTY ||
            (form != NULL && form_field_by_number(form, cell->field) != NULL))
            continue;
        item = json_add_object(list, NULL);
        json_add_text(item, "kind", "unknown");
        json_add_int(item, "number", cell->field);
        if (cell->kind == CELL_VALUE)
            answers_tree_value(tree, item, NULL, &cell->value);
    }
}

void answers_tree(const struct answers_tree *tree, struct json *list) {
    if (tree->reading->form != NULL)
        add_children(tree, list, FORM_NO_PARENT, (struct instance_id){0}, 0);
    add_unknown(tree, list);
}
