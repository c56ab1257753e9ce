/* Paths of a form: which field a reference names.
 *
 * References in binds and in the body are simple paths: absolute, or relative to what they stand
 * in. Predicates are skipped, "current()" is where one stands. Where a name is not found as it is
 * written, the prefix is let go: forms in the field mix them up. */
#include "base/text.h"
#include "schema/form/model_build.h"

static struct view local_part(struct view name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == ':')
            return view_slice(name, i + 1, name.size);
    return name;
}

uint32_t model_child_named(const struct model *model, uint32_t field, struct view name) {
    bool wants_attribute = name.size > 0 && name.data[0] == '@';
    struct view bare = wants_attribute ? view_slice(name, 1, name.size) : name;
    struct view local = local_part(bare);
    uint32_t loose = MODEL_NONE;

    for (uint32_t i = field + 1; i < model->fields[field].end; i = model->fields[i].end) {
        const struct model_field *child = &model->fields[i];

        if (child->is_attribute != wants_attribute)
            continue;
        if (view_equal(child->name, name))
            return i;
        if (loose == MODEL_NONE && view_equal(child->local, local))
            loose = i;
    }
    return loose;
}

/* One step from *at on, without its predicates; *at moves behind the slash. */
static struct view next_step(struct view ref, size_t *at, bool *has_predicate) {
    size_t start = *at, end = start;
    uint32_t open = 0;
    uint8_t quote = 0;

    while (*at < ref.size && ref.data[*at] != '/' && ref.data[*at] != '[')
        end = ++*at;
    for (; *at < ref.size && (ref.data[*at] != '/' || open > 0); ++*at) {
        uint8_t byte = ref.data[*at];

        *has_predicate = true;
        if (quote != 0)
            quote = byte == quote ? 0 : quote;
        else if (byte == '\'' || byte == '"')
            quote = byte;
        else if (byte == '[')
            open++;
        else if (byte == ']' && open > 0)
            open--;
    }
    if (*at < ref.size)
        ++*at;
    return text_trim(view_slice(ref, start, end - start));
}

uint32_t model_resolve(const struct model *model, uint32_t context, struct view ref,
                       bool *has_predicate) {
    bool ignored = false;
    uint32_t field = context;
    size_t at = 0;

    if (has_predicate == NULL)
        has_predicate = &ignored;
    *has_predicate = false;
    ref = text_trim(ref);
    if (ref.size == 0 || model->field_count == 0)
        return MODEL_NONE;
    if (ref.data[0] == '/') {
        struct view root;

        at = 1;
        root = next_step(ref, &at, has_predicate);
        if (!view_equal(root, model->fields[0].name) &&
            !view_equal(local_part(root), model->fields[0].local))
            return MODEL_NONE;
        field = 0;
    } else if (field == MODEL_NONE) {
        field = 0;
    }
    while (at < ref.size && field != MODEL_NONE) {
        struct view step = next_step(ref, &at, has_predicate);

        if (view_is(step, ".") || view_is(step, "current()"))
            continue;
        if (view_is(step, ".."))
            field = model->fields[field].parent;
        else
            field = step.size == 0 ? MODEL_NONE : model_child_named(model, field, step);
    }
    return field;
}

uint32_t model_field_at(const struct model *model, struct view path) {
    if (path.size == 0 || path.data[0] != '/')
        return MODEL_NONE;
    return model_resolve(model, MODEL_NONE, path, NULL);
}

struct view build_place(struct model_build *build, const struct xml_node *node) {
    struct view id = xml_attribute_value(node, "bind");
    struct view path = xml_attribute_value(node, "ref");

    if (id.size > 0)
        for (const struct xml_node *bind = xml_child(build->model_element, "bind"); bind != NULL;
             bind = xml_sibling(bind, "bind"))
            if (view_equal(xml_attribute_value(bind, "id"), id))
                return xml_attribute_value(bind, "nodeset");
    return path.size > 0 ? path : xml_attribute_value(node, "nodeset");
}
