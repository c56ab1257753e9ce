/* The evaluator: operations, comparisons and conversions (xpath.h has the contract, xpath_path.c
 * the paths, xpath_function.c the functions). */
#include "schema/form/xpath_inside.h"

#include <assert.h>
#include <math.h>

#include "base/words.h"

/* ---- failures and the budget ---- */

uint32_t place_character(struct view source, uint32_t offset) {
    return (uint32_t)utf8_length(view_slice(source, 0, offset)) + 1;
}

enum rc run_fail_at(struct run *run, struct xpath_place place) {
    if (run->scope->place != NULL && !run->nested)
        *run->scope->place = place;
    return err_prefix(run->err,
                      "expression, character %u: ", place_character(run->source, place.offset));
}

enum rc run_no_memory(struct run *run) {
    if (run->arena->failed == RC_OK)
        run->arena->failed = RC_LIMIT;
    return arena_check(run->arena, WORD("expression"), run->err);
}

enum rc run_spend(struct run *run, uint32_t steps) {
    if (*run->steps < steps) {
        *run->steps = 0;
        return err_set(run->err, RC_LIMIT, "expression: it takes too many steps; simplify it");
    }
    *run->steps -= steps;
    return RC_OK;
}

/* ---- conversions ---- */

/* Every node that has to be looked at is a step, and long texts are work, too. */
enum rc node_text(struct run *run, const struct xml_node *node, struct view *text) {
    const struct xml_node *first = node->first;
    uint32_t nodes = 0;

    if (first != NULL && (first->next != NULL || first->first != NULL))
        for (const struct xml_node *at = first; at != NULL; at = xml_walk(at, node))
            nodes++;
    if (run_spend(run, nodes) != RC_OK || xml_text(node, run->arena, text, run->err) != RC_OK)
        return run->err->rc;
    return run_spend(run, (uint32_t)(text->size / 256));
}

static enum rc number_to_text(struct run *run, struct xpath_number number, struct view *text) {
    char out[NUMBER_TEXT_BYTES];
    size_t size = number_text(number, out);

    *text = arena_view(run->arena, view_of(out, size));
    return text->data == NULL ? run_no_memory(run) : RC_OK;
}

enum rc value_to_text(struct run *run, const struct xpath_value *value, struct view *text) {
    *text = view_of("", 0);
    switch (value->type) {
    case XPATH_TEXT:
        *text = value->text;
        return RC_OK;
    case XPATH_BOOL:
        *text = view_text(value->boolean ? "true" : "false");
        return RC_OK;
    case XPATH_NUMBER:
        return number_to_text(run, value->number, text);
    case XPATH_NODES:
        break;
    }
    return value->count == 0 ? RC_OK : node_text(run, value->nodes[0], text);
}

static struct xpath_number text_to_number(const struct xpath_host *host, struct view text) {
    struct xpath_number number = number_parse(text);
    int64_t ms;

    if (isnan(number.value) && text.size >= 8 && moment_parse(host, text, &ms))
        return number_of_ms(ms);
    return number;
}

enum rc value_to_number(struct run *run, const struct xpath_value *value,
                        struct xpath_number *number) {
    struct view text;

    switch (value->type) {
    case XPATH_NUMBER:
        *number = value->number;
        number->whole = false;
        return RC_OK;
    case XPATH_BOOL:
        *number = number_of_int(value->boolean);
        return RC_OK;
    case XPATH_TEXT:
        *number = value->moment ? value->number : text_to_number(run->host, value->text);
        return RC_OK;
    case XPATH_NODES:
        break;
    }
    if (value_to_text(run, value, &text) != RC_OK)
        return run->err->rc;
    *number = text_to_number(run->host, text);
    return RC_OK;
}

/* ---- comparisons ---- */

static bool is_equality(enum operation operation) {
    return operation == OPERATION_EQUAL || operation == OPERATION_UNEQUAL;
}

static bool compare_numbers(enum operation operation, struct xpath_number left,
                            struct xpath_number right) {
    bool ordered;
    int order = number_compare(left, right, &ordered);

    if (!ordered)
        return operation == OPERATION_UNEQUAL;
    switch (operation) {
    case OPERATION_EQUAL:
        return order == 0;
    case OPERATION_UNEQUAL:
        return order != 0;
    case OPERATION_LESS:
        return order < 0;
    case OPERATION_LESS_EQUAL:
        return order <= 0;
    case OPERATION_MORE:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* Two values that are not sets of nodes. */
static enum rc compare_plain(struct run *run, enum operation operation,
                             const struct xpath_value *left, const struct xpath_value *right,
                             bool *holds) {
    bool equality = is_equality(operation);
    struct xpath_number a, b;

    if (equality && (left->type == XPATH_BOOL || right->type == XPATH_BOOL)) {
        *holds = (xpath_to_bool(left) == xpath_to_bool(right)) == (operation == OPERATION_EQUAL);
        return RC_OK;
    }
    if (equality && left->type == XPATH_TEXT && right->type == XPATH_TEXT && !left->moment &&
        !right->moment) {
        *holds = view_equal(left->text, right->text) == (operation == OPERATION_EQUAL);
        return RC_OK;
    }
    if (value_to_number(run, left, &a) != RC_OK || value_to_number(run, right, &b) != RC_OK)
        return run->err->rc;
    *holds = compare_numbers(operation, a, b);
    return RC_OK;
}

static enum rc node_value(struct run *run, const struct xml_node *node, struct xpath_value *value) {
    *value = (struct xpath_value){.type = XPATH_TEXT};
    return node_text(run, node, &value->text);
}

/* True if it holds for one of the nodes; the sides are kept as they stood. */
static enum rc compare_one_set(struct run *run, enum operation operation,
                               const struct xpath_value *nodes, const struct xpath_value *other,
                               bool nodes_left, bool *holds) {
    *holds = false;
    for (uint32_t i = 0; i < nodes->count && !*holds; i++) {
        struct xpath_value value;

        if (run_spend(run, 1) != RC_OK || node_value(run, nodes->nodes[i], &value) != RC_OK ||
            compare_plain(run, operation, nodes_left ? &value : other, nodes_left ? other : &value,
                          holds) != RC_OK)
            return run->err->rc;
    }
    return RC_OK;
}

static enum rc compare_sets(struct run *run, enum operation operation,
                            const struct xpath_value *left, const struct xpath_value *right,
                            bool *holds) {
    *holds = false;
    for (uint32_t i = 0; i < left->count && !*holds; i++) {
        struct xpath_value value;

        if (node_value(run, left->nodes[i], &value) != RC_OK ||
            compare_one_set(run, operation, right, &value, false, holds) != RC_OK)
            return run->err->rc;
    }
    return RC_OK;
}

enum rc run_compare(struct run *run, enum operation operation, const struct xpath_value *left,
                    const struct xpath_value *right, struct xpath_value *value) {
    static const struct xpath_value blank = {.type = XPATH_TEXT, .text = {(const uint8_t *)"", 0}};
    struct xpath_value truth = {.type = XPATH_BOOL};
    bool left_set = left->type == XPATH_NODES && !left->hidden;
    bool right_set = right->type == XPATH_NODES && !right->hidden;
    bool holds = false;
    enum rc rc;

    if (left->type == XPATH_NODES && !left_set)
        left = &blank;
    if (right->type == XPATH_NODES && !right_set)
        right = &blank;
    /* Beside a truth, nodes are equal to whether there are any; but < and > ask each of them, which
     * is not what XPath says, and what ODK's engines do. */
    if (left_set && right->type == XPATH_BOOL && is_equality(operation)) {
        truth.boolean = left->count > 0;
        rc = compare_plain(run, operation, &truth, right, &holds);
    } else if (right_set && left->type == XPATH_BOOL && is_equality(operation)) {
        truth.boolean = right->count > 0;
        rc = compare_plain(run, operation, left, &truth, &holds);
    } else if (left_set && right_set) {
        rc = compare_sets(run, operation, left, right, &holds);
    } else if (left_set) {
        rc = compare_one_set(run, operation, left, right, true, &holds);
    } else if (right_set) {
        rc = compare_one_set(run, operation, right, left, false, &holds);
    } else {
        rc = compare_plain(run, operation, left, right, &holds);
    }
    return rc != RC_OK ? rc : give_bool(holds, value);
}

/* ---- chains of operations ---- */

static enum rc unite(struct run *run, const struct expression *chain, const struct focus *focus,
                     struct xpath_value *value) {
    struct xpath_value joined = {.type = XPATH_NODES};

    for (uint32_t i = 0; i < chain->operand_count; i++) {
        struct xpath_value part;
        struct xml_node **nodes;
        uint32_t a = 0, b = 0, count = 0;

        if (run_evaluate(run, chain->operands[i], focus, &part) != RC_OK)
            return run->err->rc;
        if (part.type != XPATH_NODES) {
            (void)err_set(run->err, RC_INVALID, "this is a value and not a set of nodes");
            return run_fail_at(run, chain->operands[i]->place);
        }
        nodes = arena_room(run->arena, (size_t)joined.count + part.count, sizeof(*nodes));
        if (nodes == NULL)
            return run_no_memory(run);
        if (run_spend(run, joined.count + part.count) != RC_OK)
            return run->err->rc;
        while (a < joined.count || b < part.count) {
            bool left = b == part.count ||
                        (a < joined.count && joined.nodes[a]->order <= part.nodes[b]->order);
            struct xml_node *node = left ? joined.nodes[a++] : part.nodes[b++];

            if (count == 0 || nodes[count - 1] != node)
                nodes[count++] = node;
        }
        joined.nodes = nodes;
        joined.count = count;
    }
    *value = joined;
    return RC_OK;
}

/* and, or: what does not matter any more is not evaluated. */
static enum rc decide(struct run *run, const struct expression *chain, const struct focus *focus,
                      struct xpath_value *value) {
    bool until = chain->operations[0] == OPERATION_OR;
    bool truth = !until;

    for (uint32_t i = 0; i < chain->operand_count && truth != until; i++) {
        if (run_evaluate(run, chain->operands[i], focus, value) != RC_OK)
            return run->err->rc;
        truth = xpath_to_bool(value);
    }
    return give_bool(truth, value);
}

static enum rc run_chain(struct run *run, const struct expression *chain, const struct focus *focus,
                         struct xpath_value *value) {
    struct xpath_value right;

    if (chain->operations[0] == OPERATION_OR || chain->operations[0] == OPERATION_AND)
        return decide(run, chain, focus, value);
    if (chain->operations[0] == OPERATION_UNION)
        return unite(run, chain, focus, value);
    if (run_evaluate(run, chain->operands[0], focus, value) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 1; i < chain->operand_count; i++) {
        enum operation operation = chain->operations[i];
        struct xpath_number a, b;
        enum rc rc = run_evaluate(run, chain->operands[i], focus, &right);

        if (rc == RC_OK && operation <= OPERATION_MORE_EQUAL) {
            struct xpath_value left = *value;

            rc = run_compare(run, operation, &left, &right, value);
        } else if (rc == RC_OK) {
            rc = value_to_number(run, value, &a);
            if (rc == RC_OK)
                rc = value_to_number(run, &right, &b);
            if (rc == RC_OK)
                rc = give_number(number_operate(operation, a, b), value);
        }
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc run_call(struct run *run, const struct expression *call, const struct focus *focus,
                        struct xpath_value *value) {
    if (call->function == NULL)
        return call_unsupported(run, call);
    if (!function_takes(call->function, call->operand_count)) {
        (void)err_set(run->err, RC_INVALID, "%.*s() does not take %u arguments",
                      VIEW_PRINT(utf8_cut(call->text, 60)), call->operand_count);
        return run_fail_at(run, call->place);
    }
    return call->function->run(run, call, focus, value);
}

enum rc run_evaluate(struct run *run, const struct expression *expression,
                     const struct focus *focus, struct xpath_value *value) {
    struct xpath_number number;

    if (run_spend(run, 1) != RC_OK)
        return run->err->rc;
    switch (expression->kind) {
    case EXPRESSION_NUMBER:
        return give_number(expression->number, value);
    case EXPRESSION_TEXT:
        return give_text(run, expression->text, value);
    case EXPRESSION_CHAIN:
        return run_chain(run, expression, focus, value);
    case EXPRESSION_NEGATE:
        if (run_evaluate(run, expression->operands[0], focus, value) != RC_OK ||
            value_to_number(run, value, &number) != RC_OK)
            return run->err->rc;
        return give_number(expression->absolute ? number : number_negate(number), value);
    case EXPRESSION_CALL:
        return run_call(run, expression, focus, value);
    case EXPRESSION_PATH:
        break;
    }
    return run_path(run, expression, focus, value);
}

/* ---- what is exported ---- */

enum rc xpath_evaluate(const struct xpath *expression, const struct xpath_scope *scope,
                       struct arena *scratch, struct xpath_value *value, struct err *err) {
    struct run run = {
        .scope = scope,
        .host = scope->host,
        .current = scope->current == NULL ? scope->node : scope->current,
        .arena = scratch,
        .source = expression->text,
        .own_steps = XPATH_STEPS_DEFAULT,
        .err = err,
    };
    struct focus focus = {
        .node = scope->node,
        .position = scope->position == 0 ? 1 : scope->position,
        .size = scope->size == 0 ? 1 : scope->size,
    };

    assert(scope->node != NULL && scope->host != NULL);
    run.steps = scope->steps == NULL ? &run.own_steps : scope->steps;
    if (scope->place != NULL)
        *scope->place = (struct xpath_place){.length = (uint32_t)expression->text.size};
    return run_evaluate(&run, expression->root, &focus, value);
}
