/* The body of a form: questions, groups and repeats in the order in which people see them. */
#include "schema/form/model_build.h"

#include "base/text.h"

static bool kind_of(const struct xml_node *node, enum model_kind *kind) {
    static const struct {
        const char *name;
        enum model_kind kind;
    } kinds[] = {
        {"group", MODEL_GROUP},        {"repeat", MODEL_REPEAT},   {"input", MODEL_INPUT},
        {"secret", MODEL_INPUT},       {"textarea", MODEL_INPUT},  {"select1", MODEL_SELECT_ONE},
        {"select", MODEL_SELECT_MANY}, {"rank", MODEL_RANK},       {"range", MODEL_RANGE},
        {"upload", MODEL_UPLOAD},      {"trigger", MODEL_TRIGGER},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (view_is(node->name, kinds[i].name)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static bool has_choices(enum model_kind kind) {
    return kind == MODEL_SELECT_ONE || kind == MODEL_SELECT_MANY || kind == MODEL_RANK;
}

/* Attributes that have a meaning of their own; all others are parameters of the question. */
static enum rc read_parameters(struct model_build *build, const struct xml_node *node,
                               struct model_control *control) {
    static const char *const known[] = {"ref", "bind", "nodeset", "appearance", "mediatype"};
    struct model_parameter *list = NULL;
    uint32_t count = 0, capacity = 0;

    for (const struct xml_node *attribute = node->attributes; attribute != NULL;
         attribute = attribute->next) {
        struct model_parameter *slot;
        bool is_known = false;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            is_known |= attribute->prefix.size == 0 && view_is(attribute->name, known[i]);
        if (is_known)
            continue;
        slot = arena_push(build->arena, &list, &count, &capacity, sizeof(*list));
        if (slot == NULL)
            return build_memory(build);
        slot->name =
            attribute->prefix.size == 0
                ? arena_view(build->arena, attribute->name)
                : view_text(arena_text(build->arena, "%.*s:%.*s", VIEW_PRINT(attribute->prefix),
                                       VIEW_PRINT(attribute->name)));
        slot->value = arena_view(build->arena, attribute->value);
    }
    control->parameters = list;
    control->parameter_count = count;
    return build_memory(build);
}

static enum rc read_item(struct model_build *build, const struct xml_node *node,
                         struct model_item *item) {
    const struct xml_node *value = xml_child(node, "value"), *label = xml_child(node, "label");
    struct view text = {0};

    if (value == NULL) {
        err_set(build->err, RC_INVALID, "a choice without value");
        return build_refuse(build, node);
    }
    if (xml_text(value, build->scratch, &text, build->err) != RC_OK)
        return build_refuse(build, node);
    item->value = arena_view(build->arena, text_trim(text));
    return label == NULL ? build_memory(build) : build_text(build, label, &item->label);
}

static enum rc read_itemset(struct model_build *build, const struct xml_node *node,
                            struct model_itemset *itemset) {
    const struct xml_node *value = xml_child(node, "value"), *label = xml_child(node, "label");
    struct view nodes = xml_attribute_value(node, "nodeset");

    if (text_trim(nodes).size == 0 || value == NULL) {
        err_set(build->err, RC_INVALID, "an itemset needs a nodeset, and a value with a ref in it");
        return build_refuse(build, node);
    }
    if (build_expression(build, node, nodes, &itemset->nodes) != RC_OK ||
        build_expression(build, value, xml_attribute_value(value, "ref"), &itemset->value) != RC_OK)
        return build->err->rc;
    if (label == NULL)
        return RC_OK;
    return build_text(build, label, &itemset->label);
}

/* ---- one question ---- */

static enum rc read_parts(struct model_build *build, const struct xml_node *node, uint32_t index,
                          uint32_t context) {
    struct model_control control = build->model->controls[index];
    struct model_item *items = NULL;
    uint32_t item_count = 0, item_capacity = 0;

    for (const struct xml_node *child = xml_child(node, NULL); child != NULL;
         child = xml_sibling(child, NULL)) {
        enum rc rc = RC_OK;

        if (view_is(child->name, "label")) {
            rc = build_text(build, child, &control.label);
        } else if (view_is(child->name, "hint")) {
            rc = build_text(build, child, &control.hint);
        } else if (has_choices(control.kind) && view_is(child->name, "item")) {
            struct model_item *slot;

            if (item_count >= MODEL_ITEMS_MAX) {
                err_set(build->err, RC_LIMIT, "more than %u choices", MODEL_ITEMS_MAX);
                return build_refuse(build, child);
            }
            slot = arena_push(build->arena, &items, &item_count, &item_capacity, sizeof(*items));
            if (slot == NULL)
                return build_memory(build);
            *slot = (struct model_item){0};
            rc = read_item(build, child, slot);
        } else if (has_choices(control.kind) && view_is(child->name, "itemset")) {
            rc = read_itemset(build, child, &control.itemset);
        } else {
            rc = build_action(build, child, context, control.field);
        }
        if (rc != RC_OK)
            return rc;
    }
    control.items = items;
    control.item_count = item_count;
    build->model->controls[index] = control;
    return RC_OK;
}

/* A question shows its field; of a group and a repeat around the same nodes the repeat does. */
static void claim(struct model *model, uint32_t index) {
    const struct model_control *control = &model->controls[index];
    struct model_field *field;

    if (control->field == MODEL_NONE)
        return;
    field = &model->fields[control->field];
    if (field->control == MODEL_NONE || control->kind == MODEL_REPEAT)
        field->control = index;
}

static enum rc read_repeat(struct model_build *build, const struct xml_node *node, uint32_t index) {
    const struct xml_node *count = xml_attribute_of(node, URI_JAVAROSA, "count");
    const struct xml_node *fixed = xml_attribute_of(node, URI_JAVAROSA, "noAddRemove");
    struct model_field *field = &build->model->fields[build->model->controls[index].field];

    field->is_repeat = true;
    if (fixed != NULL && !view_is(text_trim(fixed->value), "false()"))
        field->no_add_remove = true;
    if (count == NULL || text_trim(count->value).size == 0)
        return RC_OK;
    field->no_add_remove = true;
    field->count.line = node->line;
    return build_expression(build, node, count->value, &field->count.xpath);
}

static enum rc read_control(struct model_build *build, const struct xml_node *node,
                            enum model_kind kind, uint32_t parent, uint32_t context,
                            uint32_t *made) {
    struct model *model = build->model;
    struct view path = build_place(build, node);
    struct model_control *control;

    *made = MODEL_NONE;
    if (model->control_count >= MODEL_CONTROLS_MAX) {
        err_set(build->err, RC_LIMIT, "more than %u questions", MODEL_CONTROLS_MAX);
        return build_refuse(build, node);
    }
    control = arena_push(build->arena, &model->controls, &model->control_count,
                         &build->control_capacity, sizeof(*model->controls));
    if (control == NULL)
        return build_memory(build);
    *control = (struct model_control){
        .kind = kind,
        .field = MODEL_NONE,
        .parent = parent,
        .end = model->control_count,
        .line = node->line,
        .appearance = arena_view(build->arena, xml_attribute_value(node, "appearance")),
        .media_type = arena_view(build->arena, xml_attribute_value(node, "mediatype")),
    };
    if (path.size > 0)
        control->field = model_resolve(model, context, path, NULL);
    if (kind == MODEL_REPEAT &&
        (control->field == MODEL_NONE || model->fields[control->field].parent == MODEL_NONE ||
         model->fields[control->field].is_attribute)) {
        err_set(build->err, RC_INVALID, "a repeat needs the path of a node of the instance");
        return build_refuse(build, node);
    }
    if (control->field == MODEL_NONE && (kind != MODEL_GROUP || path.size > 0)) {
        build_note(build, node->line, (struct view){0},
                   WORD("a question names a node that the instance does not have"));
        if (kind != MODEL_GROUP) {
            model->control_count--;
            return RC_OK;
        }
    }
    *made = model->control_count - 1;
    return read_parameters(build, node, control);
}

/* ---- the whole ---- */

/* Depth is bounded by the limits of XML. */
static enum rc read_children(struct model_build *build, const struct xml_node *parent_node,
                             uint32_t parent, uint32_t context) {
    struct model *model = build->model;

    for (const struct xml_node *node = xml_child(parent_node, NULL); node != NULL;
         node = xml_sibling(node, NULL)) {
        enum model_kind kind;
        uint32_t index, inside;

        if (!kind_of(node, &kind)) {
            if (!view_is(node->name, "label") && !view_is(node->name, "hint") &&
                build_action(build, node, context, context) != RC_OK)
                return build->err->rc;
            continue;
        }
        if (read_control(build, node, kind, parent, context, &index) != RC_OK)
            return build->err->rc;
        if (index == MODEL_NONE)
            continue;
        inside = model->controls[index].field;
        if (inside == MODEL_NONE)
            inside = context;
        if (kind == MODEL_REPEAT && read_repeat(build, node, index) != RC_OK)
            return build->err->rc;
        claim(model, index);
        if (kind != MODEL_GROUP && kind != MODEL_REPEAT) {
            if (read_parts(build, node, index, inside) != RC_OK)
                return build->err->rc;
        } else {
            const struct xml_node *label = xml_child(node, "label");
            const struct xml_node *hint = xml_child(node, "hint");
            struct model_text text = {0};

            if (label != NULL && build_text(build, label, &text) != RC_OK)
                return build->err->rc;
            model->controls[index].label = text;
            text = (struct model_text){0};
            if (hint != NULL && build_text(build, hint, &text) != RC_OK)
                return build->err->rc;
            model->controls[index].hint = text;
            if (read_children(build, node, index, inside) != RC_OK)
                return build->err->rc;
        }
        model->controls[index].end = model->control_count;
    }
    return RC_OK;
}

/* Who is in which repeat; what a repeat without template makes new instances of. */
static enum rc settle_repeats(struct model_build *build) {
    struct model *model = build->model;

    for (uint32_t i = 0; i < model->field_count; i++) {
        struct model_field *field = &model->fields[i];
        uint32_t above =
            field->parent == MODEL_NONE ? MODEL_NONE : model->fields[field->parent].repeat;

        field->repeat = field->is_repeat && i > 0 ? i : above;
        field->is_repeat = field->is_repeat && i > 0 && !field->is_attribute;
    }
    for (const struct xml_node *node = model->root; node != NULL;
         node = xml_walk(node, model->root)) {
        struct model_field *field;
        uint32_t above;

        if (node->kind != XML_ELEMENT || node->mark == 0)
            continue;
        field = &model->fields[node->mark - 1];
        if (!field->is_repeat)
            continue;
        above = model->fields[field->parent].repeat;
        if (field->pattern == NULL)
            field->pattern = xml_clone(node, build->arena);
        if (above == MODEL_NONE) {
            const struct xml_node **list =
                arena_array(build->arena, field->default_count + 1u, sizeof(*list));

            if (list == NULL)
                return build_memory(build);
            if (field->default_count > 0)
                memcpy(list, field->defaults, field->default_count * sizeof(*list));
            list[field->default_count++] = node;
            field->defaults = list;
        }
    }
    return build_memory(build);
}

static void settle_notes(struct model *model) {
    for (uint32_t i = 0; i < model->control_count; i++) {
        struct model_control *control = &model->controls[i];

        if (control->kind == MODEL_INPUT && model->fields[control->field].readonly_always &&
            model->fields[control->field].calculate.xpath == NULL)
            control->kind = MODEL_NOTE;
    }
}

enum rc build_body(struct model_build *build) {
    if (build->body != NULL && read_children(build, build->body, MODEL_NONE, MODEL_NONE) != RC_OK)
        return build->err->rc;
    settle_notes(build->model);
    return settle_repeats(build);
}
