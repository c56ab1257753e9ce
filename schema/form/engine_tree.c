/* The tree of an instance and its cells.
 *
 * Nodes, cells and values lie in one arena. What is removed or grows stays behind there as
 * garbage; when there is about as much of it as of what lives, the tree is copied into a fresh
 * arena. So a draft that is filled for a day takes no more memory than one that was just opened. */
#include "schema/form/engine_parts.h"

#include "base/text.h"

#define PACK_SLACK_BYTES (512u * 1024u)

uint64_t engine_hash(uint64_t before, struct view text) {
    uint64_t hash = before ^ UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
    hash ^= text.size + 1;
    hash = (hash ^ (hash >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}

/* ---- values ---- */

struct view cell_value(const struct engine_cell *cell) {
    const struct xml_node *node = cell->node;

    if (node->kind == XML_ATTRIBUTE)
        return node->value;
    return node->first != NULL && node->first->kind == XML_TEXT ? node->first->value
                                                                : view_of("", 0);
}

enum rc cell_set(struct engine *engine, struct engine_cell *cell, struct view value,
                 struct err *err) {
    cell->kept = NULL;
    if (xml_set_value(cell->node, &engine->tree, value))
        return RC_OK;
    return arena_check(&engine->tree, "the draft", err);
}

/* ---- cells ---- */

uint64_t tree_new_id(struct engine *engine) {
    uint64_t id = 0;

    if (engine->host.instance_id != NULL)
        return engine->host.instance_id(engine->host.context);
    while (id == 0)
        engine->host.random(engine->host.context, &id, sizeof(id));
    return id;
}

/* The id that a written draft has kept; the attribute goes. */
static uint64_t kept_id(struct xml_node *node) {
    struct xml_node *attribute = xml_attribute_of(node, ENGINE_ID_URI, "id");
    uint64_t id = 0;
    uint8_t bytes[8];

    if (attribute == NULL)
        return 0;
    if (attribute->value.size == 16 && hex_decode(attribute->value, bytes, sizeof(bytes)))
        for (size_t i = 0; i < sizeof(bytes); i++)
            id = id << 8 | bytes[i];
    xml_remove(attribute);
    return id;
}

static enum rc adopt(struct engine *engine, struct xml_node *node, struct err *err) {
    struct engine_cell *cell;

    node->tag = NULL;
    if (node->mark == 0 || node->mark > engine->model->field_count)
        return RC_OK;
    cell = arena_alloc(&engine->tree, sizeof(*cell));
    if (cell == NULL)
        return arena_check(&engine->tree, "the draft", err);
    *cell = (struct engine_cell){.node = node, .field = node->mark - 1, .is_relevant = true};
    node->tag = cell;
    if (engine->model->fields[cell->field].is_repeat) {
        cell->id = kept_id(node);
        if (cell->id == 0)
            cell->id = tree_new_id(engine);
    }
    return RC_OK;
}

enum rc tree_adopt(struct engine *engine, struct xml_node *node, struct err *err) {
    for (struct xml_node *at = node; at != NULL; at = xml_walk(at, node)) {
        if (at->kind != XML_ELEMENT)
            continue;
        if (adopt(engine, at, err) != RC_OK)
            return err->rc;
        for (struct xml_node *attribute = at->attributes; attribute != NULL;
             attribute = attribute->next)
            if (adopt(engine, attribute, err) != RC_OK)
                return err->rc;
    }
    return RC_OK;
}

static void count_cell(struct engine *engine, const struct xml_node *node) {
    if (node->tag != NULL) {
        engine->start[cell_of(node)->field + 1]++;
        engine->cell_count++;
    }
}

/* start[field] is the next free place while the cells are dealt out. */
static void deal_cell(struct engine *engine, const struct xml_node *node) {
    struct engine_cell *cell = node->tag;

    if (cell != NULL)
        engine->cells[engine->start[cell->field]++] = cell;
}

/* After this there are no cells, whatever the tree holds. */
static enum rc unlink_all(struct engine *engine, enum rc rc) {
    if (engine->start != NULL)
        memset(engine->start, 0, (engine->model->field_count + 2u) * sizeof(*engine->start));
    engine->cell_count = 0;
    return rc;
}

enum rc tree_link(struct engine *engine, struct err *err) {
    uint32_t fields = engine->model->field_count;

    (void)xml_tree_number(engine->document, 0);
    if (engine->start == NULL)
        engine->start = arena_array(&engine->tree, fields + 2u, sizeof(*engine->start));
    if (engine->start == NULL)
        return arena_check(&engine->tree, "the draft", err);
    memset(engine->start, 0, (fields + 2u) * sizeof(*engine->start));
    engine->cell_count = 0;
    for (struct xml_node *node = engine->document; node != NULL;
         node = xml_walk(node, engine->document)) {
        count_cell(engine, node);
        for (struct xml_node *attribute = node->attributes; attribute != NULL;
             attribute = attribute->next)
            count_cell(engine, attribute);
    }
    if (engine->cell_count > ENGINE_NODES_MAX)
        return unlink_all(
            engine, err_set(err, RC_LIMIT, "the draft: more than %u answers", ENGINE_NODES_MAX));
    if (engine->cell_count > engine->cell_room || engine->cells == NULL) {
        engine->cell_room = engine->cell_count + engine->cell_count / 2 + 16;
        engine->cells = arena_array(&engine->tree, engine->cell_room, sizeof(*engine->cells));
        if (engine->cells == NULL) {
            engine->cell_room = 0;
            return unlink_all(engine, arena_check(&engine->tree, "the draft", err));
        }
    }
    for (uint32_t i = 1; i <= fields + 1; i++)
        engine->start[i] += engine->start[i - 1];
    for (struct xml_node *node = engine->document; node != NULL;
         node = xml_walk(node, engine->document)) {
        deal_cell(engine, node);
        for (struct xml_node *attribute = node->attributes; attribute != NULL;
             attribute = attribute->next)
            deal_cell(engine, attribute);
    }
    for (uint32_t i = fields + 1; i > 0; i--)
        engine->start[i] = engine->start[i - 1];
    engine->start[0] = 0;
    engine->added_count = 0;
    return RC_OK;
}

/* ---- instances of repeats ---- */

struct engine_cell *tree_last_instance(const struct xml_node *parent, uint32_t field,
                                       uint32_t *count) {
    struct engine_cell *last = NULL;

    *count = 0;
    for (struct xml_node *child = parent->first; child != NULL; child = child->next)
        if (child->mark == field + 1 && child->tag != NULL) {
            last = child->tag;
            ++*count;
        }
    return last;
}

enum rc tree_add_instance(struct engine *engine, struct xml_node *parent, uint32_t field,
                          const struct xml_node *pattern, uint64_t id, struct engine_cell **added,
                          struct err *err) {
    uint32_t count;
    struct engine_cell *last = tree_last_instance(parent, field, &count);
    struct xml_node *node, *before;
    uint32_t more = 0;

    for (const struct xml_node *at = pattern; at != NULL; at = xml_walk(at, pattern))
        more++;
    if (engine->cell_count + engine->added_count + more > ENGINE_NODES_MAX)
        return err_set(err, RC_LIMIT, "the draft: more than %u answers", ENGINE_NODES_MAX);
    engine->added_count += more;
    if (count >= ENGINE_INSTANCES_MAX)
        return err_set(err, RC_LIMIT, "%.*s: more than %u entries",
                       VIEW_PRINT(engine->model->fields[field].path), ENGINE_INSTANCES_MAX);
    node = pattern == NULL ? NULL : xml_clone(pattern, &engine->tree);
    if (node == NULL)
        return pattern == NULL ? err_set(err, RC_INVALID, "the repeat has no pattern")
                               : arena_check(&engine->tree, "the draft", err);
    if (tree_adopt(engine, node, err) != RC_OK)
        return err->rc;
    *added = node->tag;
    if (id != 0)
        (*added)->id = id;
    (*added)->is_new = true;
    if (last != NULL) {
        xml_insert_after(last->node, node);
    } else {
        for (before = parent->first; before != NULL; before = before->next)
            if (before->mark > field + 1)
                break;
        if (before != NULL)
            xml_insert_before(before, node);
        else
            xml_append(parent, node);
    }
    engine->has_moved = true;
    return RC_OK;
}

void tree_cut(struct engine *engine, struct engine_cell *cell) {
    xml_remove(cell->node);
    engine->has_moved = true;
}

/* ---- places ---- */

uint64_t tree_instance(const struct engine *engine, const struct xml_node *node) {
    for (; node != NULL; node = node->parent)
        if (node->tag != NULL && cell_field(engine, cell_of(node))->is_repeat)
            return cell_of(node)->id;
    return 0;
}

struct engine_place tree_place(const struct engine *engine, const struct engine_cell *cell) {
    return (struct engine_place){.field = cell->field,
                                 .instance = tree_instance(engine, cell->node)};
}

struct engine_cell *tree_find(const struct engine *engine, struct engine_place place) {
    if (place.field >= engine->model->field_count)
        return NULL;
    for (uint32_t i = engine->start[place.field]; i < engine->start[place.field + 1]; i++)
        if (tree_instance(engine, engine->cells[i]->node) == place.instance)
            return engine->cells[i];
    return NULL;
}

struct engine_cell *tree_parent(const struct engine *engine, struct engine_place repeat) {
    uint32_t parent = engine->model->fields[repeat.field].parent;

    if (parent == MODEL_NONE)
        return NULL;
    return tree_find(engine, (struct engine_place){.field = parent, .instance = repeat.instance});
}

struct xml_node *tree_child(const struct xml_node *node, uint32_t field) {
    for (struct xml_node *child = node->first; child != NULL; child = child->next)
        if (child->mark == field + 1)
            return child;
    return NULL;
}

bool tree_has_id(const struct engine *engine, uint64_t id) {
    for (uint32_t i = 0; i < engine->cell_count; i++)
        if (engine->cells[i]->id == id)
            return true;
    return false;
}

static bool is_below(const struct xml_node *node, const struct xml_node *above) {
    while (node != NULL && node != above)
        node = node->parent;
    return node != NULL;
}

/* The node around both: the instance of the innermost repeat that holds the field, too. */
static const struct xml_node *common(const struct engine *engine, const struct xml_node *context,
                                     uint32_t field) {
    const struct xml_node *node;

    for (node = context; node != NULL; node = node->parent) {
        const struct model_field *around;

        if (node->tag == NULL)
            continue;
        around = cell_field(engine, cell_of(node));
        if (around->is_repeat && cell_of(node)->field <= field && field < around->end)
            return node;
    }
    return engine->document;
}

void tree_range(const struct engine *engine, const struct xml_node *context, uint32_t field,
                uint32_t *from, uint32_t *to) {
    const struct xml_node *around = common(engine, context, field);
    uint32_t low = engine->start[field], high = engine->start[field + 1], end = high;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (engine->cells[middle]->node->order < around->order)
            low = middle + 1;
        else
            high = middle;
    }
    *from = *to = low;
    while (*to < end && is_below(engine->cells[*to]->node, around))
        ++*to;
}

struct engine_cell *tree_near(const struct engine *engine, const struct xml_node *context,
                              uint32_t field) {
    uint32_t from, to;

    tree_range(engine, context, field, &from, &to);
    return from < to ? engine->cells[from] : NULL;
}

/* ---- packing ---- */

static enum rc move_cell(struct arena *arena, struct xml_node *node, struct err *err) {
    struct engine_cell *old = node->tag, *cell;

    if (old == NULL)
        return RC_OK;
    cell = arena_alloc(arena, sizeof(*cell));
    if (cell == NULL)
        return arena_check(arena, "the draft", err);
    *cell = *old;
    cell->node = node;
    if (old->trouble != NULL)
        cell->trouble = arena_text(arena, "%s", old->trouble);
    if (old->kept != NULL)
        cell->kept = arena_text(arena, "%s", old->kept);
    node->tag = cell;
    return RC_OK;
}

enum rc tree_pack(struct engine *engine, struct err *err) {
    struct arena fresh;
    struct xml_node *document;

    if (engine->tree.held_bytes < 2 * engine->settled_bytes + PACK_SLACK_BYTES)
        return RC_OK;
    arena_init(&fresh, engine->tree.cap_bytes);
    document = xml_clone(engine->document, &fresh);
    if (document == NULL)
        goto fail;
    for (struct xml_node *node = document; node != NULL; node = xml_walk(node, document)) {
        if (move_cell(&fresh, node, err) != RC_OK)
            goto fail;
        for (struct xml_node *attribute = node->attributes; attribute != NULL;
             attribute = attribute->next)
            if (move_cell(&fresh, attribute, err) != RC_OK)
                goto fail;
    }
    arena_release(&engine->tree);
    engine->tree = fresh;
    engine->document = document;
    engine->cells = NULL;
    engine->start = NULL;
    engine->cell_room = 0;
    if (tree_link(engine, err) != RC_OK)
        return err->rc;
    engine->settled_bytes = engine->tree.held_bytes;
    return RC_OK;
fail:
    arena_check(&fresh, "the draft", err);
    arena_release(&fresh);
    return err->rc;
}
