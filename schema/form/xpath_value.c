/* The values of expressions (xpath.h), and how functions give them and take their arguments. */
#include "schema/form/xpath_inside.h"

#include <math.h>

#include "base/words.h"

/* ---- for those who evaluate ---- */

bool xpath_to_bool(const struct xpath_value *value) {
    switch (value->type) {
    case XPATH_BOOL:
        return value->boolean;
    case XPATH_NUMBER:
        return value->number.value != 0 && !isnan(value->number.value);
    case XPATH_TEXT:
        return value->text.size > 0;
    case XPATH_NODES:
        break;
    }
    return value->count > 0;
}

/* A run that only converts. */
static struct run converter(const struct xpath_scope *scope, struct arena *scratch, uint32_t *steps,
                            struct err *err) {
    return (struct run){.scope = scope,
                        .host = scope == NULL ? NULL : scope->host,
                        .arena = scratch,
                        .steps = steps,
                        .err = err};
}

enum rc xpath_to_text(const struct xpath_value *value, struct arena *scratch, struct view *text,
                      struct err *err) {
    uint32_t steps = UINT32_MAX;
    struct run run = converter(NULL, scratch, &steps, err);

    return value_to_text(&run, value, text);
}

enum rc xpath_to_number(const struct xpath_value *value, const struct xpath_scope *scope,
                        struct arena *scratch, struct xpath_number *number, struct err *err) {
    uint32_t steps = UINT32_MAX;
    struct run run = converter(scope, scratch, &steps, err);

    return value_to_number(&run, value, number);
}

/* ---- giving ---- */

enum rc give_text(struct run *run, struct view text, struct xpath_value *value) {
    (void)run;
    *value = (struct xpath_value){.type = XPATH_TEXT, .text = text};
    return RC_OK;
}

/* Moves the bytes into the arena and frees the buffer. */
enum rc give_buf(struct run *run, struct buf *buf, struct xpath_value *value) {
    enum rc rc = buf_check(buf, WORD("expression"), run->err);
    struct view text = view_of("", 0);

    if (rc == RC_OK && buf->size > 0) {
        text = arena_view(run->arena, buf_view(buf));
        if (text.data == NULL)
            rc = run_no_memory(run);
        else
            rc = run_spend(run, (uint32_t)(text.size / 64));
    }
    buf_release(buf);
    return rc != RC_OK ? rc : give_text(run, text, value);
}

enum rc give_bool(bool truth, struct xpath_value *value) {
    *value = (struct xpath_value){.type = XPATH_BOOL, .boolean = truth};
    return RC_OK;
}

enum rc give_number(struct xpath_number number, struct xpath_value *value) {
    *value = (struct xpath_value){.type = XPATH_NUMBER, .number = number};
    return RC_OK;
}

enum rc give_double(double number, struct xpath_value *value) {
    return give_number(number_of_double(number), value);
}

enum rc give_nodes(struct run *run, struct xml_node *const *nodes, uint32_t count,
                   struct xpath_value *value) {
    *value = (struct xpath_value){.type = XPATH_NODES, .count = count};
    if (count == 0)
        return RC_OK;
    value->nodes = arena_room(run->arena, count, sizeof(struct xml_node *));
    if (value->nodes == NULL)
        return run_no_memory(run);
    memcpy(value->nodes, nodes, count * sizeof(struct xml_node *));
    return RC_OK;
}

/* ---- arguments ---- */

static enum rc argument(struct run *run, const struct expression *call, uint32_t index,
                        const struct focus *focus, struct xpath_value *value) {
    return run_evaluate(run, call->operands[index], focus, value);
}

enum rc argument_text(struct run *run, const struct expression *call, uint32_t index,
                      const struct focus *focus, struct view *text) {
    struct xpath_value value;
    enum rc rc = argument(run, call, index, focus, &value);

    return rc != RC_OK ? rc : value_to_text(run, &value, text);
}

enum rc argument_number(struct run *run, const struct expression *call, uint32_t index,
                        const struct focus *focus, struct xpath_number *number) {
    struct xpath_value value;
    enum rc rc = argument(run, call, index, focus, &value);

    return rc != RC_OK ? rc : value_to_number(run, &value, number);
}

enum rc argument_bool(struct run *run, const struct expression *call, uint32_t index,
                      const struct focus *focus, bool *truth) {
    struct xpath_value value;
    enum rc rc = argument(run, call, index, focus, &value);

    if (rc == RC_OK)
        *truth = xpath_to_bool(&value);
    return rc;
}

enum rc argument_nodes(struct run *run, const struct expression *call, uint32_t index,
                       const struct focus *focus, struct xpath_value *nodes) {
    enum rc rc = argument(run, call, index, focus, nodes);

    if (rc != RC_OK || nodes->type == XPATH_NODES)
        return rc;
    (void)err_set(run->err, RC_INVALID, "this is a value and not a set of nodes");
    return run_fail_at(run, call->operands[index]->place);
}

enum rc argument_text_or_self(struct run *run, const struct expression *call,
                              const struct focus *focus, struct view *text) {
    return call->operand_count == 0 ? node_text(run, focus->node, text)
                                    : argument_text(run, call, 0, focus, text);
}

static enum rc add_text(struct run *run, struct texts *texts, struct view text) {
    struct view *slot = arena_push(run->arena, &texts->items, &texts->count, &texts->capacity,
                                   sizeof(*texts->items));

    if (slot == NULL)
        return run_no_memory(run);
    *slot = text;
    return run_spend(run, 1);
}

enum rc arguments_texts(struct run *run, const struct expression *call, uint32_t first,
                        const struct focus *focus, struct texts *texts) {
    for (uint32_t i = first; i < call->operand_count; i++) {
        struct xpath_value value;
        struct view text;

        if (argument(run, call, i, focus, &value) != RC_OK)
            return run->err->rc;
        if (value.type != XPATH_NODES) {
            if (value_to_text(run, &value, &text) != RC_OK || add_text(run, texts, text) != RC_OK)
                return run->err->rc;
            continue;
        }
        for (uint32_t k = 0; k < value.count; k++)
            if (node_text(run, value.nodes[k], &text) != RC_OK ||
                add_text(run, texts, text) != RC_OK)
                return run->err->rc;
    }
    return RC_OK;
}

enum rc call_fail(struct run *run, const struct expression *call, enum rc rc, const char *what) {
    (void)err_set(run->err, rc, "%s", words(run->err->lang, what));
    return run_fail_at(run, call->place);
}

enum rc call_unsupported(struct run *run, const struct expression *call) {
    (void)err_set(run->err, RC_UNSUPPORTED, "the function %.*s() is not available here",
                  VIEW_PRINT(utf8_cut(call->text, 60)));
    return run_fail_at(run, call->place);
}
