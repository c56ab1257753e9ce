/* The parser of expressions: XPath 1.0's grammar (W3C, 1999, chapter 3) by recursive descent.
 *
 * What makes XPath odd to read is that * and the words and, or, div, mod are operations or names,
 * depending on what stands before them. The parser needs no such rule: it knows at each place
 * whether an operation or an operand may come. Where an operation may come, `1 and1` and `4div2`
 * are understood as people write them: the word ends where a digit begins.
 *
 * Each strength of operations is one loop that makes one node of all its operands, so that a long
 * sum is not a deep tree. Depth counts parentheses, predicates, arguments and signs. */
#include "schema/form/xpath_parser.h"

#include <math.h>

#include "base/words.h"

/* ---- operands ---- */

static enum rc parse_literal(struct parser *parser, struct expression **out) {
    size_t start = parser->at;
    uint8_t quote = parser->text.data[parser->at++];
    struct expression *literal = parser_make(parser, EXPRESSION_TEXT, start);

    if (literal == NULL)
        return parser_no_memory(parser);
    while (parser->at < parser->text.size && parser->text.data[parser->at] != quote)
        parser->at++;
    if (parser->at == parser->text.size)
        return parser_fail(parser, start, 1, WORD("the text that begins here is never closed"));
    literal->text = parser_slice(parser, start + 1, parser->at);
    parser->at++;
    parser_finish(parser, literal);
    *out = literal;
    return RC_OK;
}

static enum rc parse_digits(struct parser *parser, struct expression **out) {
    size_t start = parser->at;
    struct expression *number = parser_make(parser, EXPRESSION_NUMBER, start);

    if (number == NULL)
        return parser_no_memory(parser);
    while (parser->at < parser->text.size && is_digit(parser->text.data[parser->at]))
        parser->at++;
    if (parser->at < parser->text.size && parser->text.data[parser->at] == '.')
        parser->at++;
    while (parser->at < parser->text.size && is_digit(parser->text.data[parser->at]))
        parser->at++;
    number->number = number_parse(parser_slice(parser, start, parser->at));
    if (isnan(number->number.value))
        return parser_fail(parser, start, parser->at - start, WORD("a number that is too long"));
    parser_finish(parser, number);
    *out = number;
    return RC_OK;
}

/* From the name of a function, whose parenthesis comes next. */
static enum rc parse_call(struct parser *parser, size_t start, struct view name,
                          struct expression **out) {
    struct expression *call = parser_make(parser, EXPRESSION_CALL, start);
    struct items arguments = {0};

    if (call == NULL)
        return parser_no_memory(parser);
    (void)parser_take(parser, "(");
    if (!parser_take(parser, ")")) {
        do {
            struct expression *argument;

            if (parser_nested(parser, &argument) != RC_OK)
                return parser->err->rc;
            if (!parser_push(parser, &arguments, argument))
                return parser_no_memory(parser);
        } while (parser_take(parser, ","));
        if (!parser_take(parser, ")"))
            return parser_peek(parser) == 0
                       ? parser_fail(parser, start, name.size,
                                     WORD("its parenthesis is never closed"))
                       : parser_fail(parser, parser->at, 1, WORD("expected a comma or )"));
    }
    call->text = name;
    call->operands = arguments.items;
    call->operand_count = arguments.count;
    call->function = function_find(name);
    parser_finish(parser, call);
    *out = call;
    return RC_OK;
}

/* Whether a function's name with its parenthesis comes; then both name and place are taken. */
static bool take_function(struct parser *parser, struct view *name) {
    size_t start = parser->at;
    size_t end = parser_name_end(parser, start);

    if (end > start && end + 1 < parser->text.size && parser->text.data[end] == ':' &&
        begins_name(parser->text.data[end + 1]))
        end = parser_name_end(parser, end + 1);
    *name = parser_slice(parser, start, end);
    parser->at = end;
    if (end > start && parser_peek(parser) == '(' && parser_find_test(*name) == TEST_NAME)
        return true;
    parser->at = start;
    return false;
}

/* What a path may begin with besides a step. */
static enum rc parse_primary(struct parser *parser, bool *is, struct expression **out) {
    uint8_t byte = parser_peek(parser);
    size_t start = parser->at;
    uint8_t next = start + 1 < parser->text.size ? parser->text.data[start + 1] : 0;
    struct view name;

    *is = true;
    if (byte == '(') {
        parser->at++;
        if (parser_nested(parser, out) != RC_OK)
            return parser->err->rc;
        return parser_take(parser, ")")
                   ? RC_OK
                   : parser_fail(parser, start, 1, WORD("this ( is never closed"));
    }
    if (byte == '"' || byte == '\'')
        return parse_literal(parser, out);
    if (is_digit(byte) || (byte == '.' && is_digit(next)))
        return parse_digits(parser, out);
    if (byte == '$')
        return parser_fail(parser, start, 1, WORD("variables ($) are not known in forms"));
    if (take_function(parser, &name))
        return parse_call(parser, start, name, out);
    *is = false;
    return RC_OK;
}

static enum rc parse_path(struct parser *parser, struct expression **out) {
    struct expression *primary = NULL;
    struct expression *path;
    struct items operand = {0};
    struct steps steps = {0};
    size_t start;
    bool is;
    enum rc rc;

    parser_skip_space(parser);
    start = parser->at;
    rc = parse_primary(parser, &is, &primary);
    if (rc != RC_OK)
        return rc;
    if (!is)
        return parser_location(parser, out);
    *out = primary;
    if (parser_peek(parser) != '[' && parser_peek(parser) != '/')
        return RC_OK;
    path = parser_make(parser, EXPRESSION_PATH, start);
    if (path == NULL || !parser_push(parser, &operand, primary))
        return parser_no_memory(parser);
    path->operands = operand.items;
    path->operand_count = 1;
    rc = parser_predicates(parser, &path->predicates, &path->predicate_count);
    if (rc == RC_OK)
        rc = parser_steps(parser, &steps, false);
    path->steps = steps.items;
    path->step_count = steps.count;
    parser_finish(parser, path);
    *out = path;
    return rc;
}

/* ---- operations ---- */

/* A word that is an operation: it ends at what cannot be in a name, or at a digit. */
static bool take_word(struct parser *parser, const char *word) {
    struct view wanted = view_text(word);
    size_t end;

    parser_skip_space(parser);
    end = parser->at + wanted.size;
    if (!view_equal(view_slice(parser->text, parser->at, wanted.size), wanted))
        return false;
    if (end < parser->text.size && in_name(parser->text.data[end]) &&
        !is_digit(parser->text.data[end]) && parser->text.data[end] != '-' &&
        parser->text.data[end] != '.')
        return false;
    parser->at = end;
    return true;
}

/* Strengths from weak to strong. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_EQUAL, LEVEL_ORDER, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_UNION };

static const struct {
    enum level level;
    const char *token;
    enum operation operation;
} operations[] = {
    /* A longer token stands before its beginning. */
    {LEVEL_EQUAL, "=", OPERATION_EQUAL},       {LEVEL_EQUAL, "!=", OPERATION_UNEQUAL},
    {LEVEL_ORDER, "<=", OPERATION_LESS_EQUAL}, {LEVEL_ORDER, "<", OPERATION_LESS},
    {LEVEL_ORDER, ">=", OPERATION_MORE_EQUAL}, {LEVEL_ORDER, ">", OPERATION_MORE},
    {LEVEL_SUM, "+", OPERATION_ADD},           {LEVEL_SUM, "-", OPERATION_SUBTRACT},
    {LEVEL_PRODUCT, "*", OPERATION_MULTIPLY},  {LEVEL_UNION, "|", OPERATION_UNION},
};

static bool take_operation(struct parser *parser, enum level level, enum operation *operation) {
    if (level == LEVEL_OR || level == LEVEL_AND) {
        *operation = level == LEVEL_OR ? OPERATION_OR : OPERATION_AND;
        return take_word(parser, level == LEVEL_OR ? "or" : "and");
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (operations[i].level == level && parser_take(parser, operations[i].token)) {
            *operation = operations[i].operation;
            return true;
        }
    if (level != LEVEL_PRODUCT)
        return false;
    *operation = OPERATION_DIVIDE;
    if (take_word(parser, "div"))
        return true;
    *operation = OPERATION_MODULO;
    return take_word(parser, "mod");
}

static enum rc parse_level(struct parser *parser, enum level level, struct expression **out);

/* Signs bind tighter than a product and looser than a union. */
static enum rc parse_signed(struct parser *parser, struct expression **out) {
    struct items operand = {0};
    struct expression *inner;
    bool negative = false;
    size_t start;

    parser_skip_space(parser);
    start = parser->at;
    while (parser_take(parser, "-"))
        negative = !negative;
    if (parser->at == start)
        return parse_level(parser, LEVEL_UNION, out);
    if (parse_level(parser, LEVEL_UNION, &inner) != RC_OK)
        return parser->err->rc;
    *out = parser_make(parser, EXPRESSION_NEGATE, start);
    if (*out == NULL || !parser_push(parser, &operand, inner))
        return parser_no_memory(parser);
    (*out)->absolute = !negative; /* an even number of signs: only the number is taken */
    (*out)->operands = operand.items;
    (*out)->operand_count = 1;
    parser_finish(parser, *out);
    return RC_OK;
}

static enum rc parse_operand(struct parser *parser, enum level level, struct expression **out) {
    if (level == LEVEL_UNION)
        return parse_path(parser, out);
    if (level == LEVEL_PRODUCT)
        return parse_signed(parser, out);
    return parse_level(parser, level + 1, out);
}

static enum rc parse_level(struct parser *parser, enum level level, struct expression **out) {
    struct items operands = {0};
    enum operation *list = NULL;
    uint32_t list_count = 0, list_capacity = 0;
    enum operation operation;
    size_t start;

    parser_skip_space(parser);
    start = parser->at;
    if (parse_operand(parser, level, out) != RC_OK)
        return parser->err->rc;
    while (take_operation(parser, level, &operation)) {
        struct expression *operand;
        enum operation *slot;

        if (operands.count == 0) {
            slot = arena_push(parser->arena, &list, &list_count, &list_capacity, sizeof(*list));
            if (slot == NULL || !parser_push(parser, &operands, *out))
                return parser_no_memory(parser);
            *slot = operation;
        }
        if (parse_operand(parser, level, &operand) != RC_OK)
            return parser->err->rc;
        slot = arena_push(parser->arena, &list, &list_count, &list_capacity, sizeof(*list));
        if (slot == NULL || !parser_push(parser, &operands, operand))
            return parser_no_memory(parser);
        *slot = operation;
    }
    if (operands.count == 0)
        return RC_OK;
    *out = parser_make(parser, EXPRESSION_CHAIN, start);
    if (*out == NULL)
        return parser_no_memory(parser);
    (*out)->operands = operands.items;
    (*out)->operations = list;
    (*out)->operand_count = operands.count;
    parser_finish(parser, *out);
    return RC_OK;
}

enum rc parser_expression(struct parser *parser, struct expression **out) {
    return parse_level(parser, LEVEL_OR, out);
}

enum rc xpath_parse(struct view text, struct arena *arena, struct xpath **out,
                    struct xpath_place *place, struct err *err) {
    struct parser parser = {.arena = arena, .place = place, .err = err};
    struct xpath *made;
    enum rc rc;

    *out = NULL;
    err_clear(err);
    if (place != NULL)
        *place = (struct xpath_place){0};
    if (text.size > XPATH_TEXT_BYTES_MAX)
        return err_set(err, RC_LIMIT, "%s: larger than the limit of %zu bytes",
                       words(err->lang, WORD("expression")), (size_t)XPATH_TEXT_BYTES_MAX);
    made = arena_alloc(arena, sizeof(*made));
    if (made == NULL)
        return parser_no_memory(&parser);
    made->text = arena_view(arena, text);
    if (made->text.data == NULL)
        return parser_no_memory(&parser);
    parser.text = made->text;
    if (!utf8_valid(text) && text.size > 0)
        return parser_fail(&parser, 0, text.size, WORD("not UTF-8"));
    if (parser_peek(&parser) == 0)
        return parser_fail(&parser, 0, 0, WORD("it is empty"));
    rc = parser_expression(&parser, &made->root);
    if (rc != RC_OK)
        return rc;
    if (parser_peek(&parser) != 0)
        return parser_fail(&parser, parser.at, 1,
                           WORD("expected an operation such as + or = here"));
    *out = made;
    return RC_OK;
}

struct view xpath_source(const struct xpath *expression) {
    return expression->text;
}
