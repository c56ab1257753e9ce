/* Beginning and opening a draft; engine.h has the contract. */
#include "schema/form/engine_parts.h"

#include "base/text.h"

#define SCRATCH_KEEP_BYTES (256u * 1024u)

void engine_init(struct engine *engine, const struct model *model, const struct engine_host *host,
                 enum lang lang, size_t cap_bytes) {
    *engine = (struct engine){
        .model = model, .host = *host, .lang = lang, .language = model->default_language};
    arena_init(&engine->tree, cap_bytes);
    arena_init(&engine->scratch, cap_bytes);
    arena_keep(&engine->scratch, SCRATCH_KEEP_BYTES);
    err_init(&engine->trouble, lang);
}

void engine_release(struct engine *engine) {
    arena_release(&engine->tree);
    arena_release(&engine->scratch);
    engine->document = NULL;
}

/* ---- beginning ---- */

static enum rc adopt_root(struct engine *engine, struct xml_node *root, struct err *err) {
    engine->document = xml_document_new(&engine->tree);
    if (engine->document == NULL || root == NULL)
        return arena_check(&engine->tree, "the draft", err);
    xml_append(engine->document, root);
    if (tree_adopt(engine, root, err) != RC_OK)
        return err->rc;
    return tree_link(engine, err);
}

static void start_over(struct engine *engine) {
    arena_release(&engine->tree);
    engine->document = NULL;
    engine->cells = NULL;
    engine->start = NULL;
    engine->cell_count = engine->cell_room = 0;
    engine->clock = 0;
    engine->added_count = 0;
    engine->is_opening = false;
    engine->steps = ENGINE_STEPS;
}

static enum rc finish_loading(struct engine *engine, bool is_first, struct err *err) {
    if (compute_all(engine, err) != RC_OK || action_load(engine, is_first, err) != RC_OK)
        return err->rc;
    action_baseline(engine);
    engine->is_opening = false;
    engine->settled_bytes = engine->tree.held_bytes;
    return RC_OK;
}

enum rc engine_begin(struct engine *engine, struct err *err) {
    start_over(engine);
    if (adopt_root(engine, xml_clone(engine->model->root, &engine->tree), err) != RC_OK ||
        action_preload(engine, err) != RC_OK)
        return err->rc;
    return finish_loading(engine, true, err);
}

/* ---- opening ---- */

/* Depth is bounded by the limits of XML. */
static enum rc fill_missing(struct engine *engine, struct xml_node *node, struct err *err) {
    const struct model *model = engine->model;
    uint32_t field = node->mark - 1;
    struct xml_node *child;

    for (uint32_t i = field + 1; i < model->fields[field].end; i = model->fields[i].end) {
        struct xml_node *missing, *before = NULL;
        bool is_there = false;

        if (model->fields[i].is_attribute || model->fields[i].is_repeat ||
            model->fields[i].sample == NULL || i == model->deprecated_id)
            continue;
        for (child = node->first; child != NULL && !is_there; child = child->next) {
            is_there = child->mark == i + 1;
            if (before == NULL && child->mark > i + 1)
                before = child;
        }
        if (is_there)
            continue;
        missing = xml_clone(model->fields[i].sample, &engine->tree);
        if (missing == NULL)
            return arena_check(&engine->tree, "the draft", err);
        if (before != NULL)
            xml_insert_before(before, missing);
        else
            xml_append(node, missing);
    }
    for (child = node->first; child != NULL; child = child->next)
        if (child->kind == XML_ELEMENT && child->mark != 0 &&
            fill_missing(engine, child, err) != RC_OK)
            return err->rc;
    return RC_OK;
}

/* The submission that is corrected stays known by its old id. */
static enum rc renew_id(struct engine *engine, struct err *err) {
    const struct model *model = engine->model;
    struct engine_cell *id, *old;
    struct xml_node *meta;
    char fresh[48];

    if (model->instance_id == MODEL_NONE || model->meta == MODEL_NONE)
        return RC_OK;
    id = tree_near(engine, engine->document, model->instance_id);
    if (id == NULL || cell_value(id).size == 0)
        return RC_OK;
    old = model->deprecated_id == MODEL_NONE
              ? NULL
              : tree_near(engine, engine->document, model->deprecated_id);
    if (old == NULL && model->deprecated != NULL) {
        struct xml_node *node = xml_clone(model->deprecated, &engine->tree);

        meta = id->node->parent;
        if (node == NULL)
            return arena_check(&engine->tree, "the draft", err);
        xml_append(meta, node);
        if (tree_adopt(engine, node, err) != RC_OK || tree_link(engine, err) != RC_OK)
            return err->rc;
        old = cell_of(node);
    }
    engine_uuid(engine, fresh);
    if (old != NULL && cell_set(engine, old, cell_value(id), err) != RC_OK)
        return err->rc;
    return cell_set(engine, id, view_text(fresh), err);
}

static enum rc open_instance(struct engine *engine, enum engine_open_mode mode, struct view xml,
                             struct err *err) {
    const struct model *model = engine->model;
    struct xml_limits limits = XML_LIMITS_DEFAULT;
    struct xml_node *document, *root;

    start_over(engine);
    arena_reset(&engine->scratch);
    limits.bytes = ENGINE_INSTANCE_BYTES;
    if (xml_tree_parse(xml, limits, &engine->scratch, &document, err) != RC_OK)
        return err->rc;
    root = xml_root(document);
    if (!view_equal(root->name, model->fields[0].local))
        return err_set(err, RC_INVALID,
                       "line %u: the instance begins with %.*s, the form wants %.*s", root->line,
                       VIEW_PRINT(utf8_cut_bytes(root->name, 60)),
                       VIEW_PRINT(utf8_cut_bytes(model->fields[0].local, 60)));
    root = model_copy(root, &engine->tree);
    if (root == NULL)
        return arena_check(&engine->tree, "the draft", err);
    model_mark(model, root, 0);
    if (fill_missing(engine, root, err) != RC_OK || adopt_root(engine, root, err) != RC_OK)
        return err->rc;
    engine->is_opening = true;
    if (mode == ENGINE_EDIT && renew_id(engine, err) != RC_OK)
        return err->rc;
    return finish_loading(engine, false, err);
}

enum rc engine_open(struct engine *engine, enum engine_open_mode mode, struct view xml,
                    struct err *err) {
    enum rc rc = open_instance(engine, mode, xml, err);

    if (rc != RC_OK)
        start_over(engine);
    return rc;
}
