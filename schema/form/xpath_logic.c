/* Functions that decide and choose. */
#include "schema/form/xpath_function.h"

#include <math.h>

FUNCTION(function_boolean) {
    bool truth;
    enum rc rc = argument_bool(run, call, 0, focus, &truth);

    return rc != RC_OK ? rc : give_bool(truth, value);
}

/* "true" and "1", nothing else. */
FUNCTION(function_boolean_from_string) {
    struct view text;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    return rc != RC_OK ? rc : give_bool(view_is(text, "true") || view_is(text, "1"), value);
}

FUNCTION(function_not) {
    bool truth;
    enum rc rc = argument_bool(run, call, 0, focus, &truth);

    return rc != RC_OK ? rc : give_bool(!truth, value);
}

FUNCTION(function_true) {
    (void)run;
    (void)call;
    (void)focus;
    return give_bool(true, value);
}

FUNCTION(function_false) {
    (void)run;
    (void)call;
    (void)focus;
    return give_bool(false, value);
}

FUNCTION(function_if) {
    bool truth;
    enum rc rc = argument_bool(run, call, 0, focus, &truth);

    return rc != RC_OK ? rc : run_evaluate(run, call->operands[truth ? 1 : 2], focus, value);
}

/* The first argument whose text is not empty, as it is; else an empty text. */
FUNCTION(function_coalesce) {
    for (uint32_t i = 0; i < call->operand_count; i++) {
        struct view text;

        if (run_evaluate(run, call->operands[i], focus, value) != RC_OK ||
            value_to_text(run, value, &text) != RC_OK)
            return run->err->rc;
        if (text.size > 0)
            return RC_OK;
    }
    return give_text(run, view_of("", 0), value);
}

/* What the question holds already; else the argument. */
FUNCTION(function_once) {
    struct view text;

    if (node_text(run, run->scope->node, &text) != RC_OK)
        return run->err->rc;
    if (text.size > 0)
        return give_text(run, text, value);
    return run_evaluate(run, call->operands[0], focus, value);
}

/* The arguments from 2 on as truths; nodes one by one. */
static enum rc read_truths(struct run *run, const struct expression *call, uint32_t index,
                           const struct focus *focus, struct texts *texts) {
    struct xpath_value value;
    struct view *slot;

    if (run_evaluate(run, call->operands[index], focus, &value) != RC_OK)
        return run->err->rc;
    for (uint32_t i = 0; i < (value.type == XPATH_NODES ? value.count : 1); i++) {
        bool truth = xpath_to_bool(&value);

        if (value.type == XPATH_NODES) {
            struct view text;

            if (node_text(run, value.nodes[i], &text) != RC_OK)
                return run->err->rc;
            truth = text.size > 0; /* a question that was answered */
        }
        slot = arena_push(run->arena, &texts->items, &texts->count, &texts->capacity,
                          sizeof(*texts->items));
        if (slot == NULL)
            return run_no_memory(run);
        *slot = view_text(truth ? "1" : "");
    }
    return RC_OK;
}

/* least <= total <= most, where -1 means no bound. */
static enum rc within(struct run *run, const struct expression *call, const struct focus *focus,
                      double total, struct xpath_value *value) {
    struct xpath_number least, most;
    enum rc rc = argument_number(run, call, 0, focus, &least);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &most);
    return rc != RC_OK ? rc
                       : give_bool((least.value < 0 || total >= least.value) &&
                                       (most.value < 0 || total <= most.value),
                                   value);
}

FUNCTION(function_checklist) {
    struct texts truths = {0};
    double total = 0;

    for (uint32_t i = 2; i < call->operand_count; i++)
        if (read_truths(run, call, i, focus, &truths) != RC_OK)
            return run->err->rc;
    for (uint32_t i = 0; i < truths.count; i++)
        total += truths.items[i].size > 0;
    return within(run, call, focus, total, value);
}

/* Pairs of a truth and its weight, or of a set of nodes and a set of weights. */
FUNCTION(function_weighted_checklist) {
    double total = 0;

    for (uint32_t i = 2; i + 1 < call->operand_count; i += 2) {
        struct texts truths = {0};
        struct xpath_value weights;
        struct xpath_number weight;

        if (read_truths(run, call, i, focus, &truths) != RC_OK ||
            run_evaluate(run, call->operands[i + 1], focus, &weights) != RC_OK)
            return run->err->rc;
        for (uint32_t k = 0; k < truths.count; k++) {
            struct xpath_value one = weights;

            if (weights.type == XPATH_NODES) {
                if (k >= weights.count)
                    break;
                one.nodes = weights.nodes + k;
                one.count = 1;
            }
            if (value_to_number(run, &one, &weight) != RC_OK)
                return run->err->rc;
            if (truths.items[k].size > 0)
                total += weight.value;
        }
    }
    return within(run, call, focus, total, value);
}

/* ---- the words of a multiple choice ---- */

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The next word from *at on; empty behind the last. */
static struct view next_word(struct view text, size_t *at) {
    size_t start;

    while (*at < text.size && is_space(text.data[*at]))
        (*at)++;
    start = *at;
    while (*at < text.size && !is_space(text.data[*at]))
        (*at)++;
    return view_slice(text, start, *at - start);
}

FUNCTION(function_selected) {
    struct view text, wanted, word;
    size_t at = 0;
    bool found;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = argument_text(run, call, 1, focus, &wanted);
    if (rc != RC_OK)
        return rc;
    wanted = text_trim(wanted);
    word = next_word(text, &at);
    found = view_equal(word, wanted); /* nothing is selected where there is no word */
    while (!found && word.size > 0 && wanted.size > 0) {
        word = next_word(text, &at);
        found = view_equal(word, wanted);
    }
    return give_bool(found, value);
}

FUNCTION(function_selected_at) {
    struct view text, word;
    struct xpath_number index;
    size_t at = 0;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &index);
    if (rc != RC_OK)
        return rc;
    word = next_word(text, &at);
    for (double i = 1; i <= index.value && word.size > 0; i++)
        word = next_word(text, &at);
    return give_text(run, index.value >= 0 ? word : view_of("", 0), value);
}

FUNCTION(function_count_selected) {
    struct view text;
    size_t at = 0;
    int64_t count = 0;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc != RC_OK)
        return rc;
    while (next_word(text, &at).size > 0)
        count++;
    return give_number(number_of_int(count), value);
}
