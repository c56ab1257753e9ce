/* An instance as XML: the draft with everything, or the submission. */
#include "schema/form/engine_parts.h"

#include "base/text.h"

static const char id_prefix[] = "yg";

/* Prefixes are declared once, on the outermost element. */
static bool declare(struct xml_node *root, const struct xml_node *node, struct arena *arena) {
    if (node->prefix.size == 0 || node->uri.size == 0 || view_is(node->prefix, "xml") ||
        view_equal(xml_namespace(root, node->prefix), node->uri))
        return true;
    if (xml_namespace(root, node->prefix).data != NULL)
        return true; /* another meaning: the writer declares it where it is needed */
    return xml_declare(root, arena, node->prefix, node->uri);
}

static bool declare_all(struct xml_node *root, struct arena *arena) {
    for (const struct xml_node *node = root; node != NULL; node = xml_walk(node, root)) {
        if (node->kind != XML_ELEMENT)
            continue;
        if (!declare(root, node, arena))
            return false;
        for (const struct xml_node *attribute = node->attributes; attribute != NULL;
             attribute = attribute->next)
            if (!declare(root, attribute, arena))
                return false;
    }
    return true;
}

static bool keep_ids(const struct engine *engine, struct xml_node *root, struct arena *arena) {
    for (struct xml_node *node = root; node != NULL; node = xml_walk(node, root)) {
        uint64_t id;
        uint8_t bytes[8];
        char hex[17];

        if (node->kind != XML_ELEMENT || node->tag == NULL ||
            !cell_field(engine, cell_of(node))->is_repeat)
            continue;
        id = cell_of(node)->id;
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)(id >> (56 - 8 * i));
        hex_encode(view_of(bytes, sizeof(bytes)), hex);
        if (!xml_set_attribute(node, arena, view_text(id_prefix), view_text(ENGINE_ID_URI),
                               view_text("id"), view_of(hex, 16)))
            return false;
    }
    return true;
}

/* A field that is not relevant goes with all that is in it. */
static void drop_irrelevant(struct xml_node *root) {
    struct xml_node *node = xml_walk(root, root);

    while (node != NULL) {
        bool goes = node->tag != NULL && !cell_of(node)->is_relevant;
        struct xml_node *next = node;

        if (!goes) {
            next = xml_walk(node, root);
        } else {
            while (next != root && next->next == NULL)
                next = next->parent;
            next = next == root ? NULL : next->next;
            xml_remove(node);
        }
        node = next;
    }
}

enum rc engine_write(struct engine *engine, enum engine_write_mode mode, struct buf *out,
                     struct err *err) {
    struct arena arena;
    struct xml_node *root = NULL;
    bool is_fine;
    enum rc rc;

    if (engine->document == NULL)
        return err_set(err, RC_INVALID, "no draft has been begun");
    arena_init(&arena, engine->tree.cap_bytes);
    root = xml_clone(xml_root(engine->document), &arena);
    is_fine = root != NULL;
    if (is_fine && mode == ENGINE_SUBMISSION)
        drop_irrelevant(root);
    if (is_fine && mode == ENGINE_DRAFT)
        is_fine = keep_ids(engine, root, &arena);
    if (is_fine && declare_all(root, &arena))
        xml_write(root, false, out);
    rc = arena_check(&arena, "the draft", err);
    if (rc == RC_OK)
        rc = buf_check(out, "the instance", err);
    arena_release(&arena);
    return rc;
}

/* ---- what else belongs to a submission ---- */

enum rc engine_attachments(struct engine *engine, struct arena *arena, struct view **names,
                           uint32_t *count, struct err *err) {
    uint32_t capacity = 0;

    *names = NULL;
    *count = 0;
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        const struct engine_cell *cell = engine->cells[i];
        struct view *slot;

        if (cell_field(engine, cell)->type != MODEL_BINARY || !cell->is_relevant ||
            !cell_field(engine, cell)->is_leaf || cell_value(cell).size == 0)
            continue;
        slot = arena_push(arena, names, count, &capacity, sizeof(*slot));
        if (slot == NULL)
            return arena_check(arena, "the attachments", err);
        *slot = arena_view(arena, cell_value(cell));
    }
    return arena_check(arena, "the attachments", err);
}

static struct view value_of(const struct engine *engine, uint32_t field) {
    const struct engine_cell *cell = NULL;

    if (field != MODEL_NONE && engine->document != NULL)
        cell = tree_near(engine, engine->document, field);
    return cell == NULL || !cell->is_relevant ? view_of("", 0) : cell_value(cell);
}

struct view engine_instance_name(const struct engine *engine) {
    return value_of(engine, engine->model->instance_name);
}

struct view engine_instance_id(const struct engine *engine) {
    return value_of(engine, engine->model->instance_id);
}
