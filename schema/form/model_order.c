/* In which order the rules of a form are evaluated, and which circles are refused.
 *
 * A field comes behind its parent, and behind every field that its relevance, calculation, count
 * or choices read. Engines walk this order once and are done, except where it cannot hold: then
 * they go round until nothing changes.
 *
 * Refused is what has no answer: a calculation that reads its own value, directly or through other
 * calculations and conditions; a condition that reads the field that it hides, or something inside
 * of it. Not refused are
 *   - a path with a predicate and indexed-repeat(): they may mean another instance of the repeat,
 *     such as the balance of the row above;
 *   - conditions that read each other ("either this or that"): they settle;
 *   - circles through the number of instances of a repeat, or through its group: they settle, too,
 *     and engines stop in any case. */
#include "base/text.h"
#include "schema/form/model_build.h"

enum edge_kind { EDGE_PARENT, EDGE_RELEVANT, EDGE_CALCULATE, EDGE_OTHER };

struct edge {
    uint32_t to;
    uint8_t kind;
    bool is_elsewhere; /* may be another instance */
};

struct edges {
    struct edge *list;
    uint32_t count, capacity;
};

struct order {
    struct model_build *build;
    struct edges *edges; /* of each field */
    uint8_t *state;      /* 0 new, 1 on the path, 2 done */
    uint32_t *path;      /* fields from the root of the search to here */
    uint8_t *path_kind;  /* by which edge path[i] was reached */
    bool *path_elsewhere;
    uint32_t *next; /* edge to look at next */
    uint32_t depth;
    uint32_t placed;
};

static enum rc add_edge(struct order *order, uint32_t from, struct edge edge) {
    struct edges *edges = &order->edges[from];
    struct edge *slot;

    for (uint32_t i = 0; i < edges->count; i++)
        if (edges->list[i].to == edge.to && edges->list[i].kind == edge.kind) {
            edges->list[i].is_elsewhere &= edge.is_elsewhere;
            return RC_OK;
        }
    slot = arena_push(order->build->scratch, &edges->list, &edges->count, &edges->capacity,
                      sizeof(*slot));
    if (slot == NULL)
        return build_memory(order->build);
    *slot = edge;
    return RC_OK;
}

/* The field that the path means. A star and text() or the like stop there: everything below may be
 * meant, and *is_whole is false. MODEL_NONE if the form has no such node: most often it is a text
 * that somebody forgot to put into quotes. */
static uint32_t follow(const struct model *model, struct view path, bool *is_whole) {
    uint32_t field = MODEL_NONE;
    size_t end = 0;

    *is_whole = true;
    while (end < path.size) {
        size_t start = end + 1;
        uint32_t found;

        do
            end++;
        while (end < path.size && path.data[end] != '/');
        if (end > start && (path.data[end - 1] == '*' || path.data[end - 1] == ')')) {
            *is_whole = false;
            return field;
        }
        found = model_resolve(model, MODEL_NONE, view_slice(path, 0, end), NULL);
        if (found == MODEL_NONE)
            return MODEL_NONE;
        field = found;
    }
    return field;
}

/* indexed-repeat() tells by its arguments which instance it means. What jr:itext() reads cannot be
 * told here: its text may have outputs. */
static enum rc names_instances(struct order *order, const struct xpath *xpath, bool *result) {
    struct xpath_call *calls = NULL;
    uint32_t count = 0;

    *result = false;
    if (xpath_calls(xpath, order->build->scratch, &calls, &count, order->build->err) != RC_OK)
        return order->build->err->rc;
    for (uint32_t i = 0; i < count; i++) {
        *result |= view_is(calls[i].name, "indexed-repeat");
        order->build->model->is_circular |= view_is(calls[i].name, "jr:itext");
    }
    return RC_OK;
}

static enum rc add_rule(struct order *order, uint32_t from, const struct xpath *xpath,
                        struct view context, enum edge_kind kind) {
    const struct model *model = order->build->model;
    struct xpath_reference *references = NULL;
    uint32_t count = 0;
    bool is_indexed;

    if (xpath == NULL)
        return RC_OK;
    if (names_instances(order, xpath, &is_indexed) != RC_OK ||
        xpath_references(xpath, context, order->build->scratch, &references, &count,
                         order->build->err) != RC_OK)
        return order->build->err->rc;
    for (uint32_t i = 0; i < count; i++) {
        bool is_whole;
        uint32_t to;
        struct edge edge = {.kind = (uint8_t)kind};

        if (references[i].instance.size > 0)
            continue;
        to = follow(model, references[i].path, &is_whole);
        if (to == MODEL_NONE)
            continue;
        edge.is_elsewhere = is_indexed || references[i].filtered || references[i].loose;
        edge.to = to;
        if (add_edge(order, from, edge) != RC_OK)
            return order->build->err->rc;
        /* The text of a group is that of all that stands in it; a loose path may mean any of it. */
        if (!is_whole || references[i].loose)
            for (uint32_t below = to + 1; below < model->fields[to].end; below++) {
                edge = (struct edge){.to = below, .kind = EDGE_OTHER, .is_elsewhere = true};
                if (below != from && add_edge(order, from, edge) != RC_OK)
                    return order->build->err->rc;
            }
    }
    return RC_OK;
}

/* Whether an expression is the same whatever the answers are: it reads secondary instances only,
 * and calls nothing but instance(). */
static enum rc reads_nothing(struct order *order, const struct xpath *xpath, bool *result) {
    struct xpath_reference *references = NULL;
    struct xpath_call *calls = NULL;
    uint32_t reference_count = 0, call_count = 0;

    if (xpath_references(xpath, view_of("", 0), order->build->scratch, &references,
                         &reference_count, order->build->err) != RC_OK ||
        xpath_calls(xpath, order->build->scratch, &calls, &call_count, order->build->err) != RC_OK)
        return order->build->err->rc;
    *result = true;
    for (uint32_t i = 0; i < reference_count; i++)
        *result &= references[i].instance.size > 0;
    for (uint32_t i = 0; i < call_count; i++)
        *result &= view_is(calls[i].name, "instance");
    return RC_OK;
}

static enum rc add_all(struct order *order) {
    struct model *model = order->build->model;

    for (uint32_t i = 0; i < model->field_count; i++) {
        const struct model_field *field = &model->fields[i];

        if (field->parent != MODEL_NONE &&
            add_edge(order, i, (struct edge){.to = field->parent, .kind = EDGE_PARENT}) != RC_OK)
            return order->build->err->rc;
        if (add_rule(order, i, field->relevant.xpath, field->path, EDGE_RELEVANT) != RC_OK ||
            add_rule(order, i, field->calculate.xpath, field->path, EDGE_CALCULATE) != RC_OK ||
            add_rule(order, i, field->count.xpath, field->path, EDGE_OTHER) != RC_OK)
            return order->build->err->rc;
    }
    for (uint32_t i = 0; i < model->control_count; i++) {
        struct model_control *control = &model->controls[i];

        if (control->field == MODEL_NONE || control->itemset.nodes == NULL)
            continue;
        if (add_rule(order, control->field, control->itemset.nodes,
                     model->fields[control->field].path, EDGE_OTHER) != RC_OK ||
            reads_nothing(order, control->itemset.nodes, &control->itemset.is_constant) != RC_OK)
            return order->build->err->rc;
    }
    return RC_OK;
}

/* Actions that need no draft that is settled. */
static enum rc find_plain(struct order *order) {
    struct model *model = order->build->model;

    for (uint32_t i = 0; i < model->action_count; i++) {
        struct model_action *action = &model->actions[i];
        struct xpath_reference *references = NULL;
        uint32_t count = 0;

        if (action->value != NULL &&
            xpath_references(action->value, view_of("", 0), order->build->scratch, &references,
                             &count, order->build->err) != RC_OK)
            return order->build->err->rc;
        action->is_plain = count == 0 && action->place == NULL;
        for (uint32_t field = action->target; field != MODEL_NONE;
             field = model->fields[field].parent)
            action->is_plain &= model->fields[field].relevant.xpath == NULL;
    }
    return RC_OK;
}

/* ---- circles ---- */

static enum rc refuse_circle(struct order *order, uint32_t from) {
    const struct model *model = order->build->model;
    struct err *err = order->build->err;
    struct buf path;
    uint32_t line = model->fields[order->path[from]].calculate.line;

    if (line == 0)
        line = model->fields[order->path[from]].relevant.line;
    buf_init(&path, 400);
    for (uint32_t i = from; i < order->depth && path.failed == RC_OK; i++)
        buf_addf(&path, "%.*s -> ",
                 VIEW_PRINT(utf8_cut_bytes(model->fields[order->path[i]].path, 80)));
    buf_addf(&path, "%.*s", VIEW_PRINT(utf8_cut_bytes(model->fields[order->path[from]].path, 80)));
    if (path.failed != RC_OK) {
        buf_clear(&path);
        buf_addf(&path, "%.*s ...",
                 VIEW_PRINT(utf8_cut_bytes(model->fields[order->path[from]].path, 80)));
    }
    err_set(err, RC_INVALID,
            "XForm, line %u: these values depend on each other in a circle: %s; break it at one of "
            "them",
            line, buf_text(&path));
    buf_release(&path);
    return err->rc;
}

/* The path from `from` to the end closes by an edge of that kind. */
static bool is_hopeless(const struct order *order, uint32_t from, struct edge closing) {
    bool calculates = closing.kind == EDGE_CALCULATE;

    if (closing.is_elsewhere || (closing.kind != EDGE_CALCULATE && closing.kind != EDGE_RELEVANT))
        return false;
    for (uint32_t i = from + 1; i < order->depth; i++) {
        if (order->path_elsewhere[i] ||
            (order->path_kind[i] != EDGE_CALCULATE && order->path_kind[i] != EDGE_RELEVANT))
            return false;
        calculates |= order->path_kind[i] == EDGE_CALCULATE;
    }
    return calculates || order->depth == from + 1;
}

/* A condition on a group that reads inside of it. */
static enum rc check_inside(struct order *order, uint32_t field) {
    const struct model *model = order->build->model;
    const struct edges *edges = &order->edges[field];

    for (uint32_t i = 0; i < edges->count; i++) {
        struct edge edge = edges->list[i];

        if (edge.kind != EDGE_RELEVANT || edge.is_elsewhere || edge.to <= field ||
            edge.to >= model->fields[field].end)
            continue;
        order->path[0] = field;
        order->path[1] = edge.to;
        order->depth = 2;
        return refuse_circle(order, 0);
    }
    return RC_OK;
}

static enum rc visit_edge(struct order *order, struct edge edge) {
    uint32_t from;

    if (order->state[edge.to] == 2)
        return RC_OK;
    if (order->state[edge.to] == 0) {
        order->path[order->depth] = edge.to;
        order->path_kind[order->depth] = edge.kind;
        order->path_elsewhere[order->depth] = edge.is_elsewhere;
        order->next[order->depth] = 0;
        order->state[edge.to] = 1;
        order->depth++;
        return RC_OK;
    }
    for (from = 0; order->path[from] != edge.to; from++)
        ;
    if (is_hopeless(order, from, edge))
        return refuse_circle(order, from);
    order->build->model->is_circular = true;
    return RC_OK;
}

static enum rc search(struct order *order, uint32_t start) {
    if (order->state[start] != 0)
        return RC_OK;
    order->depth = 0;
    (void)visit_edge(order, (struct edge){.to = start, .kind = EDGE_OTHER});
    while (order->depth > 0) {
        uint32_t top = order->depth - 1, field = order->path[top];

        if (order->next[top] < order->edges[field].count) {
            struct edge edge = order->edges[field].list[order->next[top]++];

            if (visit_edge(order, edge) != RC_OK)
                return order->build->err->rc;
            continue;
        }
        order->state[field] = 2;
        order->build->model->order[order->placed++] = field;
        order->depth--;
    }
    return RC_OK;
}

enum rc build_order(struct model_build *build) {
    struct model *model = build->model;
    uint32_t count = model->field_count;
    struct order order = {
        .build = build,
        .edges = arena_array(build->scratch, count, sizeof(*order.edges)),
        .state = arena_array(build->scratch, count, sizeof(*order.state)),
        .path = arena_array(build->scratch, count + 2u, sizeof(*order.path)),
        .path_kind = arena_array(build->scratch, count + 2u, sizeof(*order.path_kind)),
        .path_elsewhere = arena_array(build->scratch, count + 2u, sizeof(*order.path_elsewhere)),
        .next = arena_array(build->scratch, count + 2u, sizeof(*order.next)),
    };

    model->order = arena_array(build->arena, count, sizeof(*model->order));
    if (build_memory(build) != RC_OK || add_all(&order) != RC_OK || find_plain(&order) != RC_OK)
        return build->err->rc;
    for (uint32_t i = 0; i < count; i++)
        if (check_inside(&order, i) != RC_OK || search(&order, i) != RC_OK)
            return build->err->rc;
    return build_memory(build);
}
