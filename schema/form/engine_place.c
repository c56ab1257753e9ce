/* Places as people write them: "/data/member[2]/name". */
#include "base/text.h"
#include "schema/form/engine_parts.h"

/* One step "name[2]" of a ref; 0: without position. False when malformed. */
static bool read_step(struct view ref, size_t *at, struct view *name, uint32_t *position) {
    size_t start = *at, end;
    uint64_t number = 0;

    while (*at < ref.size && ref.data[*at] != '/' && ref.data[*at] != '[')
        ++*at;
    end = *at;
    *name = view_slice(ref, start, end - start);
    *position = 0;
    if (*at < ref.size && ref.data[*at] == '[') {
        start = ++*at;
        while (*at < ref.size && ref.data[*at] != ']')
            ++*at;
        if (*at == ref.size || !parse_u64(view_slice(ref, start, *at - start), &number) ||
            number == 0 || number > UINT32_MAX)
            return false;
        *position = (uint32_t)number;
        ++*at;
    }
    if (*at < ref.size && ref.data[(*at)++] != '/')
        return false;
    return name->size > 0;
}

static struct xml_node *nth_child(const struct xml_node *node, uint32_t field, uint32_t position) {
    if (node == NULL)
        return NULL;
    for (struct xml_node *child = node->first; child != NULL; child = child->next)
        if (child->mark == field + 1 && position-- <= 1)
            return child;
    for (struct xml_node *child = node->attributes; child != NULL; child = child->next)
        if (child->mark == field + 1)
            return child;
    return NULL;
}

enum rc engine_place(const struct engine *engine, struct view ref, struct engine_place *place,
                     struct err *err) {
    const struct model *model = engine->model;
    struct xml_node *node = engine->document, *parent = NULL;
    uint32_t field = MODEL_NONE, position = 0;
    size_t at = 1;
    bool is_fine = ref.size > 1 && ref.data[0] == '/' && engine->document != NULL;

    while (is_fine && at < ref.size) {
        struct view name;

        is_fine = read_step(ref, &at, &name, &position);
        if (!is_fine)
            break;
        if (field == MODEL_NONE)
            field = view_equal(name, model->fields[0].name) ? 0 : MODEL_NONE;
        else
            field = model_child_named(model, field, name);
        is_fine = field != MODEL_NONE;
        parent = node;
        if (is_fine)
            node = nth_child(parent, field, position);
        is_fine &= node != NULL || (at >= ref.size && parent != NULL && position == 0 &&
                                    model->fields[field].is_repeat);
    }
    if (!is_fine || field == MODEL_NONE)
        return err_set(err, RC_NOT_FOUND, "%.*s: there is no such question in the draft",
                       VIEW_PRINT(utf8_cut_bytes(ref, 200)));
    *place = (struct engine_place){.field = field};
    if (model->fields[field].is_repeat && position == 0)
        place->instance = tree_instance(engine, parent);
    else
        place->instance = tree_instance(engine, node);
    return RC_OK;
}

static uint32_t position_of(const struct xml_node *node) {
    uint32_t position = 1;

    for (const struct xml_node *other = node->previous; other != NULL; other = other->previous)
        position += other->mark == node->mark;
    return position;
}

static void ref_of_node(const struct engine *engine, const struct xml_node *node, struct buf *out) {
    const struct xml_node *chain[XML_DEPTH_MAX + 2u];
    uint32_t depth = 0;

    for (; node != NULL && node->tag != NULL && depth < XML_DEPTH_MAX + 2u; node = node->parent)
        chain[depth++] = node;
    while (depth-- > 0) {
        const struct model_field *field = cell_field(engine, cell_of(chain[depth]));

        buf_addf(out, "/%.*s", VIEW_PRINT(field->name));
        if (field->is_repeat)
            buf_addf(out, "[%u]", position_of(chain[depth]));
    }
}

void engine_ref(const struct engine *engine, struct engine_place place, struct buf *out) {
    const struct engine_cell *cell = tree_find(engine, place);
    const struct model_field *field;

    if (cell != NULL) {
        ref_of_node(engine, cell->node, out);
        return;
    }
    if (place.field >= engine->model->field_count)
        return;
    field = &engine->model->fields[place.field];
    if (!field->is_repeat)
        return;
    cell = tree_parent(engine, place);
    if (cell != NULL) {
        ref_of_node(engine, cell->node, out);
        buf_addf(out, "/%.*s", VIEW_PRINT(field->name));
    }
}
