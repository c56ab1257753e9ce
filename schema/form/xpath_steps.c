/* The paths of an expression and what may be nested in it (xpath_parser.h). */
#include "schema/form/xpath_parser.h"

#include "base/words.h"

/* ---- predicates, arguments ---- */

static enum rc enter(struct parser *parser) {
    if (++parser->depth <= XPATH_DEPTH_MAX)
        return RC_OK;
    (void)parser_fail(parser, parser->at, 1, "");
    return err_set(parser->err, RC_LIMIT, "expression: nested deeper than %u levels",
                   XPATH_DEPTH_MAX);
}

enum rc parser_nested(struct parser *parser, struct expression **out) {
    enum rc rc = enter(parser);

    if (rc == RC_OK)
        rc = parser_expression(parser, out);
    parser->depth--;
    return rc;
}

/* All [...] that follow. */
enum rc parser_predicates(struct parser *parser, struct expression ***list, uint32_t *count) {
    struct items items = {0};

    while (parser_take(parser, "[")) {
        size_t start = parser->at - 1;
        struct expression *predicate;

        if (parser_nested(parser, &predicate) != RC_OK)
            return parser->err->rc;
        if (!parser_take(parser, "]"))
            return parser_fail(parser, start, 1, WORD("this [ is never closed"));
        if (!parser_push(parser, &items, predicate))
            return parser_no_memory(parser);
    }
    *list = items.items;
    *count = items.count;
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

enum node_test parser_find_test(struct view name) {
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        if (view_is(name, tests[i].name))
            return tests[i].test;
    return TEST_NAME;
}

/* "axis::" or "@"; without either the axis stays what it is. */
static enum rc parse_axis(struct parser *parser, struct step *step) {
    size_t start, end;

    if (parser_take(parser, "@")) {
        step->axis = AXIS_ATTRIBUTE;
        return RC_OK;
    }
    parser_skip_space(parser);
    start = parser->at;
    end = parser_name_end(parser, start);
    parser->at = end;
    if (end == start || !parser_take(parser, "::")) {
        parser->at = start;
        return RC_OK;
    }
    for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++)
        if (view_is(parser_slice(parser, start, end), axes[i].name)) {
            step->axis = axes[i].axis;
            return RC_OK;
        }
    return parser_fail(parser, start, end - start, WORD("an unknown axis before ::"));
}

/* "node()" and its like; *is is false if the name is not followed by a parenthesis. */
static enum rc parse_kind_test(struct parser *parser, struct step *step, size_t start, bool *is) {
    enum node_test test = parser_find_test(step->name);
    size_t behind = parser->at;

    *is = test != TEST_NAME && parser_take(parser, "(");
    if (!*is) {
        parser->at = behind;
        return RC_OK;
    }
    step->test = test;
    step->name = view_of("", 0);
    if (test == TEST_INSTRUCTION && (parser_peek(parser) == '"' || parser_peek(parser) == '\'')) {
        uint8_t quote = parser_peek(parser);
        size_t from = ++parser->at;

        while (parser->at < parser->text.size && parser->text.data[parser->at] != quote)
            parser->at++;
        step->name = parser_slice(parser, from, parser->at);
        if (parser->at < parser->text.size)
            parser->at++;
    }
    return parser_take(parser, ")") ? RC_OK : parser_fail(parser, start, 1, WORD("expected )"));
}

static enum rc parse_name_test(struct parser *parser, struct step *step) {
    size_t start = parser->at;
    bool is;

    step->test = TEST_NAME;
    if (parser_take(parser, "*")) {
        step->test = TEST_ANY_NAME;
        return RC_OK;
    }
    if (!parser_take_name(parser, &step->name))
        return parser_fail(parser, parser->at, 1,
                           parser_peek(parser) == 0
                               ? WORD("it ends where a name or value should come")
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
        if (parser_take(parser, "*"))
            step->test = TEST_ANY_NAME;
        else
            (void)parser_take_name(parser, &step->name);
    }
    return RC_OK;
}

static enum rc parse_step(struct parser *parser, struct step *step) {
    enum rc rc;

    parser_skip_space(parser);
    step->place.offset = (uint32_t)parser->at;
    step->axis = AXIS_CHILD;
    if (parser_take(parser, "..")) {
        step->axis = AXIS_PARENT;
        step->test = TEST_NODE;
    } else if (parser_take(parser, ".")) {
        step->axis = AXIS_SELF;
        step->test = TEST_NODE;
    } else {
        rc = parse_axis(parser, step);
        if (rc == RC_OK)
            rc = parse_name_test(parser, step);
        if (rc != RC_OK)
            return rc;
    }
    rc = parser_predicates(parser, &step->predicates, &step->predicate_count);
    step->place.length = (uint32_t)(parser->at - step->place.offset);
    return rc;
}

static enum rc add_step(struct parser *parser, struct steps *steps, const struct step *step) {
    struct step *slot = arena_push(parser->arena, &steps->items, &steps->count, &steps->capacity,
                                   sizeof(*steps->items));

    if (slot == NULL)
        return parser_no_memory(parser);
    *slot = *step;
    return RC_OK;
}

static bool begins_step(struct parser *parser) {
    uint8_t byte = parser_peek(parser);

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
enum rc parser_steps(struct parser *parser, struct steps *steps, bool wanted) {
    enum rc rc = RC_OK;

    for (;;) {
        struct step step = {0};

        if (!wanted) {
            if (parser_take(parser, "//"))
                rc = add_descent(parser, steps);
            else if (!parser_take(parser, "/"))
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

enum rc parser_location(struct parser *parser, struct expression **out) {
    struct expression *path = parser_make(parser, EXPRESSION_PATH, parser->at);
    struct steps steps = {0};
    bool wanted = true;
    enum rc rc = RC_OK;

    if (path == NULL)
        return parser_no_memory(parser);
    if (parser_take(parser, "//")) {
        path->absolute = true;
        rc = add_descent(parser, &steps);
    } else if (parser_take(parser, "/")) {
        path->absolute = true;
        wanted = begins_step(parser);
    }
    if (rc == RC_OK && wanted)
        rc = parser_steps(parser, &steps, true);
    path->steps = steps.items;
    path->step_count = steps.count;
    parser_finish(parser, path);
    *out = path;
    return rc;
}
