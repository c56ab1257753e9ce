/* Paths: axes, name tests, predicates, and what ODK adds to them (xpath.h, at its top).
 *
 * A path goes from a set of nodes to the next one, step by step. Each set is kept in document order
 * without doubles; where the nodes of a step came in another order, the set is sorted afterwards.
 * Predicates see the nodes of one step from one node in the direction of the axis. */
#include "schema/form/xpath_inside.h"

/* A set that is being built. The first few nodes need no memory: most paths find one. */
struct set {
    struct xml_node *few[6];
    struct xml_node **items; /* few, or in the arena */
    uint32_t count;
    uint32_t capacity;
    bool unsorted;
    bool hidden; /* something was passed over because it is hidden */
};

static void set_init(struct set *set) {
    set->items = set->few;
    set->count = 0;
    set->capacity = sizeof(set->few) / sizeof(set->few[0]);
    set->unsorted = false;
    set->hidden = false;
}

static bool before(const struct xml_node *left, const struct xml_node *right) {
    return left->order < right->order;
}

static enum rc set_add(struct run *run, struct set *set, struct xml_node *node) {
    if (set->count == set->capacity) {
        struct xml_node **grown =
            set->capacity > UINT32_MAX / 4
                ? NULL
                : arena_room(run->arena, (size_t)set->capacity * 4, sizeof(*grown));

        if (grown == NULL)
            return run_no_memory(run);
        memcpy(grown, set->items, set->count * sizeof(*grown));
        set->items = grown;
        set->capacity *= 4;
    }
    if (set->count > 0 && !before(set->items[set->count - 1], node))
        set->unsorted = true;
    set->items[set->count++] = node;
    return RC_OK;
}

static int compare_order(const void *left, const void *right) {
    const struct xml_node *a = *(struct xml_node *const *)left;
    const struct xml_node *b = *(struct xml_node *const *)right;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

/* Document order, each node once. */
static void set_sort(struct set *set) {
    uint32_t kept = 0;

    if (!set->unsorted)
        return;
    qsort(set->items, set->count, sizeof(*set->items), compare_order);
    for (uint32_t i = 0; i < set->count; i++)
        if (kept == 0 || set->items[kept - 1] != set->items[i])
            set->items[kept++] = set->items[i];
    set->count = kept;
    set->unsorted = false;
}

/* ---- tests ---- */

static bool same_namespace(const struct run *run, const struct step *step,
                           const struct xml_node *node) {
    const struct xpath_host *host = run->host;
    struct view uri = view_of(NULL, 0);

    if (step->prefix.size == 0 && node->kind == XML_ATTRIBUTE)
        return node->uri.size == 0;
    if (host->namespace_of != NULL)
        uri = host->namespace_of(host->user, step->prefix);
    if (uri.data != NULL)
        return view_equal(uri, node->uri);
    return step->prefix.size == 0 || view_equal(step->prefix, node->prefix);
}

static bool matches(const struct run *run, const struct step *step, const struct xml_node *node) {
    switch (step->test) {
    case TEST_NODE:
        return true;
    case TEST_TEXT:
        return node->kind == XML_TEXT;
    case TEST_COMMENT:
        return node->kind == XML_COMMENT;
    case TEST_INSTRUCTION:
        return node->kind == XML_INSTRUCTION &&
               (step->name.size == 0 || view_equal(step->name, node->name));
    case TEST_NAME:
    case TEST_ANY_NAME:
        break;
    }
    if (node->kind != (step->axis == AXIS_ATTRIBUTE   ? XML_ATTRIBUTE
                       : step->axis == AXIS_NAMESPACE ? XML_NAMESPACE
                                                      : XML_ELEMENT))
        return false;
    if (step->test == TEST_ANY_NAME)
        return step->prefix.size == 0 || same_namespace(run, step, node);
    return view_equal(step->name, node->name) && same_namespace(run, step, node);
}

/* ---- axes ---- */

static enum rc offer(struct run *run, const struct step *step, struct xml_node *node,
                     struct set *set) {
    const struct xpath_host *host = run->host;
    bool upward = step->axis == AXIS_SELF || step->axis == AXIS_PARENT ||
                  step->axis == AXIS_ANCESTOR || step->axis == AXIS_ANCESTOR_OR_SELF;

    if (run_spend(run, 1) != RC_OK)
        return run->err->rc;
    if (!matches(run, step, node))
        return RC_OK;
    if (!upward && node->kind == XML_ELEMENT && host->is_hidden != NULL &&
        host->is_hidden(host->user, node)) {
        set->hidden = true;
        return RC_OK;
    }
    return set_add(run, set, node);
}

/* node and those after it in its list, or before it. */
static enum rc offer_list(struct run *run, const struct step *step, struct xml_node *node,
                          bool backward, struct set *set) {
    enum rc rc = RC_OK;

    for (; node != NULL && rc == RC_OK; node = backward ? node->previous : node->next)
        rc = offer(run, step, node, set);
    return rc;
}

/* All below top, in document order. */
static enum rc offer_below(struct run *run, const struct step *step, struct xml_node *top,
                           struct set *set) {
    enum rc rc = RC_OK;

    for (struct xml_node *node = xml_walk(top, top); node != NULL && rc == RC_OK;
         node = xml_walk(node, top))
        rc = offer(run, step, node, set);
    return rc;
}

static bool has_siblings(const struct xml_node *node) {
    return node->kind != XML_ATTRIBUTE && node->kind != XML_NAMESPACE;
}

static enum rc offer_following(struct run *run, const struct step *step, struct xml_node *node,
                               struct set *set) {
    enum rc rc = RC_OK;

    if (!has_siblings(node)) {
        node = node->parent;
        if (node != NULL)
            rc = offer_below(run, step, node, set);
    }
    for (; node != NULL && rc == RC_OK; node = node->parent)
        for (struct xml_node *next = node->next; next != NULL && rc == RC_OK; next = next->next) {
            rc = offer(run, step, next, set);
            if (rc == RC_OK)
                rc = offer_below(run, step, next, set);
        }
    return rc;
}

/* The last node of a subtree in document order. */
static struct xml_node *deepest(struct xml_node *node) {
    while (node->last != NULL)
        node = node->last;
    return node;
}

/* Backwards, without the ancestors. */
static enum rc offer_preceding(struct run *run, const struct step *step, struct xml_node *node,
                               struct set *set) {
    enum rc rc = RC_OK;

    if (!has_siblings(node))
        node = node->parent;
    for (; node != NULL && rc == RC_OK; node = node->parent)
        for (struct xml_node *sibling = node->previous; sibling != NULL && rc == RC_OK;
             sibling = sibling->previous)
            for (struct xml_node *at = deepest(sibling); rc == RC_OK;
                 at = at->previous != NULL ? deepest(at->previous) : at->parent) {
                rc = offer(run, step, at, set);
                if (at == sibling)
                    break;
            }
    return rc;
}

/* The declarations that hold at an element, nearer ones first. */
static enum rc offer_namespaces(struct run *run, const struct step *step, struct xml_node *element,
                                struct set *set) {
    enum rc rc = RC_OK;

    if (element->kind != XML_ELEMENT)
        return RC_OK;
    for (struct xml_node *at = element; at != NULL; at = at->parent)
        for (struct xml_node *item = at->namespaces; item != NULL && rc == RC_OK; item = item->next)
            if (item->value.size > 0 && xml_declaration(element, item->name) == item)
                rc = offer(run, step, item, set);
    return rc;
}

static enum rc offer_ancestors(struct run *run, const struct step *step, struct xml_node *node,
                               struct set *set) {
    enum rc rc = RC_OK;

    for (; node != NULL && rc == RC_OK; node = node->parent)
        rc = offer(run, step, node, set);
    return rc;
}

/* Adds what one step finds from one node, in the direction of the axis. */
static enum rc walk_axis(struct run *run, const struct step *step, struct xml_node *node,
                         struct set *set) {
    enum rc rc;

    switch (step->axis) {
    case AXIS_CHILD:
        return offer_list(run, step, node->first, false, set);
    case AXIS_ATTRIBUTE:
        return offer_list(run, step, node->attributes, false, set);
    case AXIS_SELF:
        return offer(run, step, node, set);
    case AXIS_PARENT:
        return node->parent == NULL ? RC_OK : offer(run, step, node->parent, set);
    case AXIS_DESCENDANT:
        return offer_below(run, step, node, set);
    case AXIS_DESCENDANT_OR_SELF:
        rc = offer(run, step, node, set);
        return rc != RC_OK ? rc : offer_below(run, step, node, set);
    case AXIS_ANCESTOR:
        return offer_ancestors(run, step, node->parent, set);
    case AXIS_ANCESTOR_OR_SELF:
        return offer_ancestors(run, step, node, set);
    case AXIS_FOLLOWING_SIBLING:
        return has_siblings(node) ? offer_list(run, step, node->next, false, set) : RC_OK;
    case AXIS_PRECEDING_SIBLING:
        return has_siblings(node) ? offer_list(run, step, node->previous, true, set) : RC_OK;
    case AXIS_FOLLOWING:
        return offer_following(run, step, node, set);
    case AXIS_PRECEDING:
        return offer_preceding(run, step, node, set);
    case AXIS_NAMESPACE:
        return offer_namespaces(run, step, node, set);
    }
    return RC_OK;
}

/* ---- predicates ---- */

/* The side of a comparison whose value is the same for all nodes: 0 or 1, or 2 for none. A choice
 * filter over a long list is such a comparison: item[town = /data/town]. */
static uint32_t fixed_side(const struct expression *predicate) {
    if (predicate->kind != EXPRESSION_CHAIN || predicate->operand_count != 2 ||
        predicate->operations[1] < OPERATION_EQUAL ||
        predicate->operations[1] > OPERATION_MORE_EQUAL)
        return 2;
    return predicate->operands[1]->fixed ? 1 : predicate->operands[0]->fixed ? 0 : 2;
}

/* Evaluates the fixed side once; one node is then as good as its text. */
static enum rc evaluate_fixed(struct run *run, const struct expression *expression,
                              const struct focus *focus, struct xpath_value *value) {
    if (run_evaluate(run, expression, focus, value) != RC_OK)
        return run->err->rc;
    if (value->type == XPATH_NODES && value->count == 1) {
        struct view text;

        if (value_to_text(run, value, &text) != RC_OK)
            return run->err->rc;
        return give_text(run, text, value);
    }
    return RC_OK;
}

static enum rc evaluate_other(struct run *run, const struct expression *predicate, uint32_t side,
                              const struct xpath_value *fixed, const struct focus *focus,
                              struct xpath_value *value) {
    struct xpath_value other;

    if (run_spend(run, 1) != RC_OK ||
        run_evaluate(run, predicate->operands[1 - side], focus, &other) != RC_OK)
        return run->err->rc;
    return run_compare(run, predicate->operations[1], side == 0 ? fixed : &other,
                       side == 0 ? &other : fixed, value);
}

/* Keeps those of the nodes for which the predicate holds: a number means a position. */
static enum rc filter(struct run *run, const struct expression *predicate, struct xml_node **items,
                      uint32_t *count) {
    struct focus focus = {.node = run->current, .position = 1, .size = *count};
    uint32_t side = *count > 1 ? fixed_side(predicate) : 2;
    struct xpath_value fixed;
    uint32_t kept = 0;

    if (side < 2 && evaluate_fixed(run, predicate->operands[side], &focus, &fixed) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 0; i < focus.size; i++) {
        struct xpath_value value;
        bool holds;

        focus.node = items[i];
        focus.position = i + 1;
        if ((side < 2 ? evaluate_other(run, predicate, side, &fixed, &focus, &value)
                      : run_evaluate(run, predicate, &focus, &value)) != RC_OK)
            return run->err->rc;
        holds = value.type == XPATH_NUMBER ? value.number.value == (double)focus.position
                                           : xpath_to_bool(&value);
        if (holds)
            items[kept++] = items[i];
    }
    *count = kept;
    return RC_OK;
}

static enum rc filter_all(struct run *run, struct expression *const *predicates, uint32_t count,
                          struct set *set) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = filter(run, predicates[i], set->items, &set->count);
    return rc;
}

/* ---- steps ---- */

/* Among instances of a repeat the one that holds the current node, where this is wanted. */
static void keep_this_instance(const struct run *run, struct set *set) {
    const struct xpath_host *host = run->host;

    if (run->wide || host->is_repeat == NULL || set->count == 0 ||
        !host->is_repeat(host->user, set->items[0]))
        return;
    for (struct xml_node *at = run->current; at != NULL; at = at->parent)
        for (uint32_t i = 0; i < set->count; i++)
            if (set->items[i] == at) {
                set->items[0] = at;
                set->count = 1;
                return;
            }
}

static enum rc take_step(struct run *run, const struct step *step, const struct set *from,
                         struct set *to) {
    set_init(to);
    to->hidden = from->hidden;
    for (uint32_t i = 0; i < from->count; i++) {
        struct set found;

        if (step->predicate_count == 0) {
            if (walk_axis(run, step, from->items[i], to) != RC_OK)
                return run->err->rc;
            continue;
        }
        set_init(&found);
        if (walk_axis(run, step, from->items[i], &found) != RC_OK ||
            filter_all(run, step->predicates, step->predicate_count, &found) != RC_OK)
            return run->err->rc;
        to->hidden |= found.hidden;
        for (uint32_t k = 0; k < found.count; k++)
            if (set_add(run, to, found.items[k]) != RC_OK)
                return run->err->rc;
    }
    set_sort(to);
    return RC_OK;
}

static enum rc path_start(struct run *run, const struct expression *path, const struct focus *focus,
                          struct set *set) {
    struct xml_node *node = focus->node;
    struct xpath_value value;

    set_init(set);
    if (path->operand_count == 0) {
        if (path->absolute && run->host->primary != NULL)
            node = run->host->primary;
        else if (path->absolute)
            for (node = run->current; node->parent != NULL;)
                node = node->parent;
        return set_add(run, set, node);
    }
    if (run_evaluate(run, path->operands[0], focus, &value) != RC_OK)
        return run->err->rc;
    if (value.type != XPATH_NODES) {
        (void)err_set(run->err, RC_INVALID, "this is a value and not a set of nodes");
        return run_fail_at(run, path->operands[0]->place);
    }
    for (uint32_t i = 0; i < value.count; i++)
        if (set_add(run, set, value.nodes[i]) != RC_OK)
            return run->err->rc;
    set->unsorted = false; /* as it came: randomize() gives nodes in an order of its own */
    return filter_all(run, path->predicates, path->predicate_count, set);
}

static void set_copy(const struct set *from, struct set *to) {
    *to = *from;
    if (from->items == from->few)
        to->items = to->few;
}

enum rc run_path(struct run *run, const struct expression *path, const struct focus *focus,
                 struct xpath_value *value) {
    struct set at;
    struct set next;
    bool straight = path->absolute; /* only named children so far */

    if (path_start(run, path, focus, &at) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct step *step = &path->steps[i];

        if (take_step(run, step, &at, &next) != RC_OK)
            return run->err->rc;
        straight = straight && step->axis == AXIS_CHILD;
        if (straight && i + 1 < path->step_count && step->predicate_count == 0)
            keep_this_instance(run, &next);
        set_copy(&next, &at);
    }
    if (give_nodes(run, at.items, at.count, value) != RC_OK)
        return run->err->rc;
    value->hidden = at.count == 0 && at.hidden;
    return RC_OK;
}
