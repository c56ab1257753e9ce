/* The model of a form: the primary instance becomes fields.
 *
 * Elements of the same name under the same parent are one field: they are the instances of a
 * repeat. Of them the one with jr:template gives the pattern for new instances; without it the
 * first one does. Patterns are taken out of the tree, so that what remains is the instance that a
 * new draft begins with. Every node of the tree remembers its field (xml_node.mark), and so does
 * every copy that is made of it. */
#include "base/text.h"
#include "schema/form/model_build.h"

static bool same_name(const struct xml_node *left, const struct xml_node *right) {
    return view_equal(left->name, right->name) && view_equal(left->uri, right->uri);
}

static bool is_template(const struct xml_node *node) {
    return xml_attribute_of(node, URI_JAVAROSA, "template") != NULL;
}

static bool is_own_attribute(const struct xml_node *attribute) {
    return !view_is(attribute->uri, URI_JAVAROSA);
}

static struct view full_name(struct model_build *build, const struct xml_node *node) {
    const char *at = node->kind == XML_ATTRIBUTE ? "@" : "";

    if (node->prefix.size == 0)
        return view_text(arena_text(build->arena, "%s%.*s", at, VIEW_PRINT(node->name)));
    return view_text(arena_text(build->arena, "%s%.*s:%.*s", at, VIEW_PRINT(node->prefix),
                                VIEW_PRINT(node->name)));
}

static enum rc field_push(struct model_build *build, const struct xml_node *node, uint32_t parent,
                          uint32_t *index) {
    struct model *model = build->model;
    struct model_field *field;
    struct view above = {0};

    if (model->field_count >= MODEL_FIELDS_MAX) {
        err_set(build->err, RC_LIMIT, "more than %u nodes in the instance", MODEL_FIELDS_MAX);
        return build_refuse(build, node);
    }
    field = arena_push(build->arena, &model->fields, &model->field_count, &build->field_capacity,
                       sizeof(*model->fields));
    if (field == NULL)
        return build_memory(build);
    *index = model->field_count - 1;
    if (parent != MODEL_NONE)
        above = model->fields[parent].path;
    *field = (struct model_field){
        .name = full_name(build, node),
        .local = arena_view(build->arena, node->name),
        .uri = arena_view(build->arena, node->uri),
        .parent = parent,
        .end = *index + 1,
        .depth = parent == MODEL_NONE ? 0 : model->fields[parent].depth + 1,
        .repeat = MODEL_NONE,
        .control = MODEL_NONE,
        .line = node->line,
        .is_attribute = node->kind == XML_ATTRIBUTE,
        .is_leaf = true,
    };
    field->path = view_text(
        arena_text(build->arena, "%.*s/%.*s", VIEW_PRINT(above), VIEW_PRINT(field->name)));
    if (field->path.size > UINT16_MAX) {
        err_set(build->err, RC_LIMIT, "a path of more than %u bytes", UINT16_MAX);
        return build_refuse(build, node);
    }
    return build_memory(build);
}

/* Depth is bounded by the limits of XML. */
static enum rc read_node(struct model_build *build, struct xml_node *node, uint32_t parent) {
    struct model *model = build->model;
    uint32_t index = 0, attribute_index = 0;

    if (field_push(build, node, parent, &index) != RC_OK)
        return build->err->rc;
    node->mark = index + 1;
    model->fields[index].sample = node;
    for (struct xml_node *attribute = node->attributes; attribute != NULL;
         attribute = attribute->next) {
        if (!is_own_attribute(attribute))
            continue;
        if (field_push(build, attribute, index, &attribute_index) != RC_OK)
            return build->err->rc;
        attribute->mark = attribute_index + 1;
    }
    for (struct xml_node *child = xml_child(node, NULL); child != NULL;
         child = xml_sibling(child, NULL)) {
        struct xml_node *pattern = child, *found = NULL;
        uint32_t field;

        model->fields[index].is_leaf = false;
        if (child->mark != 0)
            continue;
        for (struct xml_node *other = child; other != NULL; other = xml_sibling(other, NULL)) {
            if (!same_name(child, other))
                continue;
            if (found == NULL && is_template(other))
                pattern = found = other;
            other->mark = UINT32_MAX; /* seen; the number follows */
        }
        field = model->field_count;
        if (read_node(build, pattern, index) != RC_OK)
            return build->err->rc;
        for (struct xml_node *other = child; other != NULL; other = xml_sibling(other, NULL))
            if (other != pattern && same_name(child, other))
                model_mark(model, other, field);
        model->fields[field].is_repeat = found != NULL;
    }
    model->fields[index].end = model->field_count;
    return RC_OK;
}

void model_mark(const struct model *model, struct xml_node *node, uint32_t field) {
    node->mark = field + 1;
    for (struct xml_node *attribute = node->attributes; attribute != NULL;
         attribute = attribute->next) {
        attribute->mark = 0;
        for (uint32_t i = field + 1; i < model->fields[field].end && model->fields[i].is_attribute;
             i++)
            if (view_equal(model->fields[i].local, attribute->name) &&
                view_equal(model->fields[i].uri, attribute->uri))
                attribute->mark = i + 1;
    }
    for (struct xml_node *child = xml_child(node, NULL); child != NULL;
         child = xml_sibling(child, NULL)) {
        uint32_t i = field + 1, end = model->fields[field].end;

        while (i < end &&
               (model->fields[i].is_attribute || !view_equal(model->fields[i].local, child->name) ||
                !view_equal(model->fields[i].uri, child->uri)))
            i = model->fields[i].end;
        if (i < end)
            model_mark(model, child, i);
        else
            child->mark = 0;
    }
}

/* Leaves out comments, and white space beside elements. */
static void tidy_tree(struct xml_node *root) {
    struct xml_node *node = xml_walk(root, root);

    while (node != NULL) {
        struct xml_node *next = xml_walk(node, root);
        bool is_alone = node->previous == NULL && node->next == NULL;

        if (node->kind == XML_COMMENT || node->kind == XML_INSTRUCTION ||
            (node->kind == XML_TEXT && !is_alone && text_trim(node->value).size == 0))
            xml_remove(node);
        node = next;
    }
}

struct xml_node *model_copy(const struct xml_node *element, struct arena *arena) {
    struct xml_node *copy = xml_clone(element, arena);

    if (copy == NULL)
        return NULL;
    tidy_tree(copy);
    for (struct xml_node *node = copy; node != NULL; node = xml_walk(node, copy)) {
        if (node->kind == XML_TEXT && text_trim(node->value).size == 0)
            node->value = view_of("", 0);
        if (node->prefix.size == 0 && view_is(node->uri, URI_XFORMS))
            node->uri = view_of("", 0);
        for (struct xml_node *declared = node->namespaces; declared != NULL;
             declared = declared->next)
            if (declared->name.size == 0 && view_is(declared->value, URI_XFORMS)) {
                xml_remove(declared);
                break;
            }
    }
    return copy;
}

/* Takes the patterns out of the tree, the innermost ones out of the outer ones. */
static enum rc take_patterns(struct model_build *build) {
    struct model *model = build->model;
    struct xml_node *root = (struct xml_node *)model->root;
    struct xml_node *node = root;

    while ((node = xml_walk(node, root)) != NULL) {
        struct xml_node *above = node->previous != NULL ? node->previous : node->parent;
        struct xml_node *attribute;

        if (node->kind != XML_ELEMENT || node->mark == 0)
            continue;
        attribute = (struct xml_node *)xml_attribute_of(node, URI_JAVAROSA, "template");
        if (attribute == NULL)
            continue;
        xml_remove(attribute);
        xml_remove(node);
        if (model->fields[node->mark - 1].pattern == NULL)
            model->fields[node->mark - 1].pattern = node;
        node = above; /* what was seen already holds no template any more */
    }
    for (uint32_t i = 0; i < model->field_count; i++) {
        /* Patterns inside of patterns, not yet seen above. */
        struct xml_node *pattern = (struct xml_node *)model->fields[i].pattern;

        for (struct xml_node *inner = pattern == NULL ? NULL : xml_walk(pattern, pattern);
             inner != NULL;) {
            struct xml_node *next = xml_walk(inner, pattern);
            struct xml_node *attribute =
                inner->kind == XML_ELEMENT
                    ? (struct xml_node *)xml_attribute_of(inner, URI_JAVAROSA, "template")
                    : NULL;

            if (attribute != NULL && inner->mark != 0) {
                next = inner;
                while (next != pattern && next->next == NULL)
                    next = next->parent;
                next = next == pattern ? NULL : next->next;
                xml_remove(attribute);
                xml_remove(inner);
                if (model->fields[inner->mark - 1].pattern == NULL)
                    model->fields[inner->mark - 1].pattern = inner;
            }
            inner = next;
        }
    }
    return RC_OK;
}

static void find_meta(struct model *model) {
    uint32_t meta = model_child_named(model, 0, view_text("meta"));

    model->meta = meta;
    model->instance_id = model->deprecated_id = model->instance_name = MODEL_NONE;
    if (meta == MODEL_NONE)
        return;
    model->instance_id = model_child_named(model, meta, view_text("instanceID"));
    model->deprecated_id = model_child_named(model, meta, view_text("deprecatedID"));
    model->instance_name = model_child_named(model, meta, view_text("instanceName"));
}

/* A child of that name in whatever namespace, or a new one like its parent's. */
static struct xml_node *meta_child(struct model_build *build, struct xml_node *parent,
                                   const char *name, struct view prefix, struct view uri) {
    struct xml_node *child = xml_child(parent, name);

    if (child != NULL)
        return child;
    child = xml_element_new(build->arena, prefix, uri, view_text(name));
    if (child != NULL)
        xml_append(parent, child);
    return child;
}

/* Every instance has meta/instanceID, and may come to have meta/deprecatedID. A form that lacks
 * them gets them, in OpenRosa's namespace where it declares that. */
static enum rc add_meta(struct model_build *build, struct xml_node *root) {
    struct model *model = build->model;
    struct view uri = view_text(model->has_rosa_namespace ? URI_ROSA : "");
    struct xml_node *meta = meta_child(build, root, "meta", model->rosa_prefix, uri);

    if (meta == NULL)
        return build_memory(build);
    build->made_instance_id = xml_child(meta, "instanceID") == NULL;
    build->made_deprecated_id = xml_child(meta, "deprecatedID") == NULL;
    (void)meta_child(build, meta, "instanceID", meta->prefix, meta->uri);
    (void)meta_child(build, meta, "deprecatedID", meta->prefix, meta->uri);
    return build_memory(build);
}

enum rc build_fields(struct model_build *build) {
    struct model *model = build->model;
    const struct xml_node *instance = xml_child(build->model_element, "instance");
    const struct xml_node *data = instance == NULL ? NULL : xml_child(instance, NULL);
    struct xml_node *root;

    if (data == NULL) {
        err_set(build->err, RC_INVALID,
                "the model has no primary instance: its first instance must hold one element");
        return build_refuse(build, instance == NULL ? build->model_element : instance);
    }
    root = model_copy(data, build->arena);
    if (root == NULL)
        return build_memory(build);
    model->root = root;
    model->id = arena_view(build->arena, xml_attribute_value(data, "id"));
    model->version = arena_view(build->arena, xml_attribute_value(data, "version"));
    if (model->id.size == 0)
        model->id = arena_view(build->arena, data->uri);
    if (add_meta(build, root) != RC_OK || read_node(build, root, MODEL_NONE) != RC_OK)
        return build->err->rc;
    find_meta(model);
    if (build->made_instance_id && model->instance_id != MODEL_NONE)
        model->fields[model->instance_id].preload = MODEL_PRELOAD_UID;
    if (build->made_deprecated_id && model->meta != MODEL_NONE) {
        struct xml_node *meta = xml_child(root, "meta"), *node = xml_child(meta, "deprecatedID");

        xml_remove(node);
        model->deprecated = node;
    }
    return take_patterns(build);
}
