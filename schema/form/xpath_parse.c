/* The parser of expressions: XPath 1.0's grammar (W3C, 1999, chapter 3) by recursive descent.
 *
 * What makes XPath odd to read is that * and the words and, or, div, mod are operations or names,
 * depending on what stands before them. The parser needs no such rule: it knows at each place
 * whether an operation or an operand may come. Where an operation may come, `1 and1` and `4div2`
 * are understood as people write them: the word ends where a digit begins.
 *
 * Each strength of operations is one loop that makes one node of all its operands, so that a long
 * sum is not a deep tree. Depth counts parentheses, predicates, arguments and signs. */
#include "schema/form/xpath_inside.h"

#include <assert.h>
#include <math.h>

#include "base/words.h"

struct parser {
    struct view text;
    size_t at;
    uint32_t depth;
    struct arena *arena;
    struct xpath_place *place;
    struct err *err;
};

/* A list that grows in the arena. */
struct items {
    struct expression **items;
    uint32_t count;
    uint32_t capacity;
};

static enum rc parse_or(struct parser *parser, struct expression **out);

/* ---- errors and characters ---- */

static enum rc fail(struct parser *parser, size_t offset, size_t length, const char *what) {
    uint32_t character = place_character(parser->text, (uint32_t)offset);

    if (parser->place != NULL)
        *parser->place =
            (struct xpath_place){.offset = (uint32_t)offset, .length = (uint32_t)length};
    return err_set(parser->err, RC_INVALID, "expression, character %u: %s", character,
                   words(parser->err->lang, what));
}

static enum rc no_memory(struct parser *parser) {
    return arena_check(parser->arena, WORD("expression"), parser->err);
}

static void skip_space(struct parser *parser) {
    while (parser->at < parser->text.size &&
           strchr(" \t\r\n", parser->text.data[parser->at]) != NULL)
        parser->at++;
}

/* The next byte behind white space; 0 at the end. */
static uint8_t peek(struct parser *parser) {
    skip_space(parser);
    return parser->at < parser->text.size ? parser->text.data[parser->at] : 0;
}

static bool take(struct parser *parser, const char *token) {
    struct view wanted = view_text(token);

    skip_space(parser);
    if (!view_equal(view_slice(parser->text, parser->at, wanted.size), wanted))
        return false;
    parser->at += wanted.size;
    return true;
}

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

/* Names are letters of any script: every byte beyond ASCII counts as one. */
static bool begins_name(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte >= 0x80;
}

static bool in_name(uint8_t byte) {
    return begins_name(byte) || is_digit(byte) || byte == '-' || byte == '.';
}

/* The end of the name that begins at a place; the place itself if none does. */
static size_t name_end(const struct parser *parser, size_t at) {
    if (at >= parser->text.size || !begins_name(parser->text.data[at]))
        return at;
    while (at < parser->text.size && in_name(parser->text.data[at]))
        at++;
    return at;
}

static struct view slice(const struct parser *parser, size_t from, size_t to) {
    return view_slice(parser->text, from, to - from);
}

static bool take_name(struct parser *parser, struct view *name) {
    size_t start, end;

    skip_space(parser);
    start = parser->at;
    end = name_end(parser, start);
    *name = slice(parser, start, end);
    parser->at = end;
    return end > start;
}

static struct expression *make(struct parser *parser, enum expression_kind kind, size_t start) {
    struct expression *made = arena_alloc(parser->arena, sizeof(*made));

    if (made != NULL) {
        made->kind = kind;
        made->place.offset = (uint32_t)start;
    }
    return made;
}

static void finish(const struct parser *parser, struct expression *made) {
    size_t end = parser->at;

    while (end > made->place.offset && strchr(" \t\r\n", parser->text.data[end - 1]) != NULL)
        end--;
    made->place.length = (uint32_t)(end - made->place.offset);
}

static bool push(struct parser *parser, struct items *items, struct expression *item) {
    struct expression **slot = arena_push(parser->arena, &items->items, &items->count,
                                          &items->capacity, sizeof(*items->items));

    if (slot != NULL)
        *slot = item;
    return slot != NULL;
}

/* ---- predicates, arguments ---- */

static enum rc enter(struct parser *parser) {
    if (++parser->depth <= XPATH_DEPTH_MAX)
        return RC_OK;
    (void)fail(parser, parser->at, 1, "");
    return err_set(parser->err, RC_LIMIT, "expression: nested deeper than %u levels",
                   XPATH_DEPTH_MAX);
}

static enum rc parse_nested(struct parser *parser, struct expression **out) {
    enum rc rc = enter(parser);

    if (rc == RC_OK)
        rc = parse_or(parser, out);
    parser->depth--;
    return rc;
}

/* All [...] that follow. */
static enum rc parse_predicates(struct parser *parser, struct expression ***list, uint32_t *count) {
    struct items items = {0};

    while (take(parser, "[")) {
        size_t start = parser->at - 1;
        struct expression *predicate;

        if (parse_nested(parser, &predicate) != RC_OK)
            return parser->err->rc;
        if (!take(parser, "]"))
            return fail(parser, start, 1, WORD("this [ is never closed"));
        if (!push(parser, &items, predicate))
            return no_memory(parser);
    }
    *list = items.items;
    *count = items.count;
    return RC_OK;
}

/* From the name of a function, whose parenthesis comes next. */
static enum rc parse_call(struct parser *parser, size_t start, struct view name,
                          struct expression **out) {
    struct expression *call = make(parser, EXPRESSION_CALL, start);
    struct items arguments = {0};

    if (call == NULL)
        return no_memory(parser);
    (void)take(parser, "(");
    if (!take(parser, ")")) {
        do {
            struct expression *argument;

            if (parse_nested(parser, &argument) != RC_OK)
                return parser->err->rc;
            if (!push(parser, &arguments, argument))
                return no_memory(parser);
        } while (take(parser, ","));
        if (!take(parser, ")"))
            return peek(parser) == 0
                       ? fail(parser, start, name.size, WORD("its parenthesis is never closed"))
                       : fail(parser, parser->at, 1, WORD("expected a comma or )"));
    }
    call->text = name;
    call->operands = arguments.items;
    call->operand_count = arguments.count;
    call->function = function_find(name);
    finish(parser, call);
    *out = call;
    return RC_OK;
}

/* ---- paths ---- */

static const struct {
    const char *name;
    enum axis axis;
} axes[] = {
    {"child", AXIS_CHILD},
    {"attribute", AXIS_ATTRIBUTE},
    {"self", AXIS_SELF},
    {"parent", AXIS_PARENT},
    {"descendant", AXIS_DESCENDANT},
    {"descendant-or-self", AXIS_DESCENDANT_OR_SELF},
    {"ancestor", AXIS_ANCESTOR},
    {"ancestor-or-self", AXIS_ANCESTOR_OR_SELF},
    {"following-sibling", AXIS_FOLLOWING_SIBLING},
    {"preceding-sibling", AXIS_PRECEDING_SIBLING},
    {"following", AXIS_FOLLOWING},
    {"preceding", AXIS_PRECEDING},
    {"namespace", AXIS_NAMESPACE},
};

static const struct {
    const char *name;
    enum node_test test;
} tests[] = {
    {"node", TEST_NODE},
    {"text", TEST_TEXT},
    {"comment", TEST_COMMENT},
    {"processing-instruction", TEST_INSTRUCTION},
};

static enum node_test find_test(struct view name) {
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        if (view_is(name, tests[i].name))
            return tests[i].test;
    return TEST_NAME;
}

/* "axis::" or "@"; without either the axis stays what it is. */
static enum rc parse_axis(struct parser *parser, struct step *step) {
    size_t start, end;

    if (take(parser, "@")) {
        step->axis = AXIS_ATTRIBUTE;
        return RC_OK;
    }
    skip_space(parser);
    start = parser->at;
    end = name_end(parser, start);
    parser->at = end;
    if (end == start || !take(parser, "::")) {
        parser->at = start;
        return RC_OK;
    }
    for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++)
        if (view_is(slice(parser, start, end), axes[i].name)) {
            step->axis = axes[i].axis;
            return RC_OK;
        }
    return fail(parser, start, end - start, WORD("an unknown axis before ::"));
}

/* "node()" and its like; *is is false if the name is not followed by a parenthesis. */
static enum rc parse_kind_test(struct parser *parser, struct step *step, size_t start, bool *is) {
    enum node_test test = find_test(step->name);
    size_t behind = parser->at;

    *is = test != TEST_NAME && take(parser, "(");
    if (!*is) {
        parser->at = behind;
        return RC_OK;
    }
    step->test = test;
    step->name = view_of("", 0);
    if (test == TEST_INSTRUCTION && (peek(parser) == '"' || peek(parser) == '\'')) {
        uint8_t quote = peek(parser);
        size_t from = ++parser->at;

        while (parser->at < parser->text.size && parser->text.data[parser->at] != quote)
            parser->at++;
        step->name = slice(parser, from, parser->at);
        if (parser->at < parser->text.size)
            parser->at++;
    }
    return take(parser, ")") ? RC_OK : fail(parser, start, 1, WORD("expected )"));
}

static enum rc parse_name_test(struct parser *parser, struct step *step) {
    size_t start = parser->at;
    bool is;

    step->test = TEST_NAME;
    if (take(parser, "*")) {
        step->test = TEST_ANY_NAME;
        return RC_OK;
    }
    if (!take_name(parser, &step->name))
        return fail(parser, parser->at, 1,
                    peek(parser) == 0 ? WORD("it ends where a name or value should come")
                                      : WORD("expected a name or value here"));
    if (parse_kind_test(parser, step, start, &is) != RC_OK)
        return parser->err->rc;
    if (is)
        return RC_OK;
    if (parser->at + 1 < parser->text.size && parser->text.data[parser->at] == ':' &&
        (begins_name(parser->text.data[parser->at + 1]) ||
         parser->text.data[parser->at + 1] == '*')) {
        step->prefix = step->name;
        step->name = view_of("", 0);
        parser->at++;
        if (take(parser, "*"))
            step->test = TEST_ANY_NAME;
        else
            (void)take_name(parser, &step->name);
    }
    return RC_OK;
}

static enum rc parse_step(struct parser *parser, struct step *step) {
    enum rc rc;

    skip_space(parser);
    step->place.offset = (uint32_t)parser->at;
    step->axis = AXIS_CHILD;
    if (take(parser, "..")) {
        step->axis = AXIS_PARENT;
        step->test = TEST_NODE;
    } else if (take(parser, ".")) {
        step->axis = AXIS_SELF;
        step->test = TEST_NODE;
    } else {
        rc = parse_axis(parser, step);
        if (rc == RC_OK)
            rc = parse_name_test(parser, step);
        if (rc != RC_OK)
            return rc;
    }
    rc = parse_predicates(parser, &step->predicates, &step->predicate_count);
    step->place.length = (uint32_t)(parser->at - step->place.offset);
    return rc;
}

struct steps {
    struct step *items;
    uint32_t count;
    uint32_t capacity;
};

static enum rc add_step(struct parser *parser, struct steps *steps, const struct step *step) {
    struct step *slot = arena_push(parser->arena, &steps->items, &steps->count, &steps->capacity,
                                   sizeof(*steps->items));

    if (slot == NULL)
        return no_memory(parser);
    *slot = *step;
    return RC_OK;
}

static bool begins_step(struct parser *parser) {
    uint8_t byte = peek(parser);

    return begins_name(byte) || byte == '*' || byte == '@' || byte == '.';
}

/* "//" is short for /descendant-or-self::node()/. */
static enum rc add_descent(struct parser *parser, struct steps *steps) {
    struct step step = {.axis = AXIS_DESCENDANT_OR_SELF,
                        .test = TEST_NODE,
                        .place = {.offset = (uint32_t)parser->at - 2, .length = 2}};

    return add_step(parser, steps, &step);
}

/* The steps behind what begins a path; wanted tells that one must come at once. */
static enum rc parse_steps(struct parser *parser, struct steps *steps, bool wanted) {
    enum rc rc = RC_OK;

    for (;;) {
        struct step step = {0};

        if (!wanted) {
            if (take(parser, "//"))
                rc = add_descent(parser, steps);
            else if (!take(parser, "/"))
                return RC_OK;
        }
        if (rc == RC_OK)
            rc = parse_step(parser, &step);
        if (rc == RC_OK)
            rc = add_step(parser, steps, &step);
        if (rc != RC_OK)
            return rc;
        wanted = false;
    }
}

static enum rc parse_location(struct parser *parser, struct expression **out) {
    struct expression *path = make(parser, EXPRESSION_PATH, parser->at);
    struct steps steps = {0};
    bool wanted = true;
    enum rc rc = RC_OK;

    if (path == NULL)
        return no_memory(parser);
    if (take(parser, "//")) {
        path->absolute = true;
        rc = add_descent(parser, &steps);
    } else if (take(parser, "/")) {
        path->absolute = true;
        wanted = begins_step(parser);
    }
    if (rc == RC_OK && wanted)
        rc = parse_steps(parser, &steps, true);
    path->steps = steps.items;
    path->step_count = steps.count;
    finish(parser, path);
    *out = path;
    return rc;
}

/* ---- operands ---- */

static enum rc parse_literal(struct parser *parser, struct expression **out) {
    size_t start = parser->at;
    uint8_t quote = parser->text.data[parser->at++];
    struct expression *literal = make(parser, EXPRESSION_TEXT, start);

    if (literal == NULL)
        return no_memory(parser);
    while (parser->at < parser->text.size && parser->text.data[parser->at] != quote)
        parser->at++;
    if (parser->at == parser->text.size)
        return fail(parser, start, 1, WORD("the text that begins here is never closed"));
    literal->text = slice(parser, start + 1, parser->at);
    parser->at++;
    finish(parser, literal);
    *out = literal;
    return RC_OK;
}

static enum rc parse_digits(struct parser *parser, struct expression **out) {
    size_t start = parser->at;
    struct expression *number = make(parser, EXPRESSION_NUMBER, start);

    if (number == NULL)
        return no_memory(parser);
    while (parser->at < parser->text.size && is_digit(parser->text.data[parser->at]))
        parser->at++;
    if (parser->at < parser->text.size && parser->text.data[parser->at] == '.')
        parser->at++;
    while (parser->at < parser->text.size && is_digit(parser->text.data[parser->at]))
        parser->at++;
    number->number = number_parse(slice(parser, start, parser->at));
    if (isnan(number->number.value))
        return fail(parser, start, parser->at - start, WORD("a number that is too long"));
    finish(parser, number);
    *out = number;
    return RC_OK;
}

/* Whether a function's name with its parenthesis comes; then both name and place are taken. */
static bool take_function(struct parser *parser, struct view *name) {
    size_t start = parser->at;
    size_t end = name_end(parser, start);

    if (end > start && end + 1 < parser->text.size && parser->text.data[end] == ':' &&
        begins_name(parser->text.data[end + 1]))
        end = name_end(parser, end + 1);
    *name = slice(parser, start, end);
    parser->at = end;
    if (end > start && peek(parser) == '(' && find_test(*name) == TEST_NAME)
        return true;
    parser->at = start;
    return false;
}

/* What a path may begin with besides a step. */
static enum rc parse_primary(struct parser *parser, bool *is, struct expression **out) {
    uint8_t byte = peek(parser);
    size_t start = parser->at;
    uint8_t next = start + 1 < parser->text.size ? parser->text.data[start + 1] : 0;
    struct view name;

    *is = true;
    if (byte == '(') {
        parser->at++;
        if (parse_nested(parser, out) != RC_OK)
            return parser->err->rc;
        return take(parser, ")") ? RC_OK : fail(parser, start, 1, WORD("this ( is never closed"));
    }
    if (byte == '"' || byte == '\'')
        return parse_literal(parser, out);
    if (is_digit(byte) || (byte == '.' && is_digit(next)))
        return parse_digits(parser, out);
    if (byte == '$')
        return fail(parser, start, 1, WORD("variables ($) are not known in forms"));
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

    skip_space(parser);
    start = parser->at;
    rc = parse_primary(parser, &is, &primary);
    if (rc != RC_OK)
        return rc;
    if (!is)
        return parse_location(parser, out);
    *out = primary;
    if (peek(parser) != '[' && peek(parser) != '/')
        return RC_OK;
    path = make(parser, EXPRESSION_PATH, start);
    if (path == NULL || !push(parser, &operand, primary))
        return no_memory(parser);
    path->operands = operand.items;
    path->operand_count = 1;
    rc = parse_predicates(parser, &path->predicates, &path->predicate_count);
    if (rc == RC_OK)
        rc = parse_steps(parser, &steps, false);
    path->steps = steps.items;
    path->step_count = steps.count;
    finish(parser, path);
    *out = path;
    return rc;
}

/* ---- operations ---- */

/* A word that is an operation: it ends at what cannot be in a name, or at a digit. */
static bool take_word(struct parser *parser, const char *word) {
    struct view wanted = view_text(word);
    size_t end;

    skip_space(parser);
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
        if (operations[i].level == level && take(parser, operations[i].token)) {
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

    skip_space(parser);
    start = parser->at;
    while (take(parser, "-"))
        negative = !negative;
    if (parser->at == start)
        return parse_level(parser, LEVEL_UNION, out);
    if (parse_level(parser, LEVEL_UNION, &inner) != RC_OK)
        return parser->err->rc;
    *out = make(parser, EXPRESSION_NEGATE, start);
    if (*out == NULL || !push(parser, &operand, inner))
        return no_memory(parser);
    (*out)->absolute = !negative; /* an even number of signs: only the number is taken */
    (*out)->operands = operand.items;
    (*out)->operand_count = 1;
    finish(parser, *out);
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

    skip_space(parser);
    start = parser->at;
    if (parse_operand(parser, level, out) != RC_OK)
        return parser->err->rc;
    while (take_operation(parser, level, &operation)) {
        struct expression *operand;
        enum operation *slot;

        if (operands.count == 0) {
            slot = arena_push(parser->arena, &list, &list_count, &list_capacity, sizeof(*list));
            if (slot == NULL || !push(parser, &operands, *out))
                return no_memory(parser);
            *slot = operation;
        }
        if (parse_operand(parser, level, &operand) != RC_OK)
            return parser->err->rc;
        slot = arena_push(parser->arena, &list, &list_count, &list_capacity, sizeof(*list));
        if (slot == NULL || !push(parser, &operands, operand))
            return no_memory(parser);
        *slot = operation;
    }
    if (operands.count == 0)
        return RC_OK;
    *out = make(parser, EXPRESSION_CHAIN, start);
    if (*out == NULL)
        return no_memory(parser);
    (*out)->operands = operands.items;
    (*out)->operations = list;
    (*out)->operand_count = operands.count;
    finish(parser, *out);
    return RC_OK;
}

static enum rc parse_or(struct parser *parser, struct expression **out) {
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
        return no_memory(&parser);
    made->text = arena_view(arena, text);
    if (made->text.data == NULL)
        return no_memory(&parser);
    parser.text = made->text;
    if (!utf8_valid(text) && text.size > 0)
        return fail(&parser, 0, text.size, WORD("not UTF-8"));
    if (peek(&parser) == 0)
        return fail(&parser, 0, 0, WORD("it is empty"));
    rc = parse_or(&parser, &made->root);
    if (rc != RC_OK)
        return rc;
    if (peek(&parser) != 0)
        return fail(&parser, parser.at, 1, WORD("expected an operation such as + or = here"));
    *out = made;
    return RC_OK;
}

struct view xpath_source(const struct xpath *expression) {
    return expression->text;
}
