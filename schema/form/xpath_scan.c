/* The characters of an expression, and making nodes of its tree (xpath_parser.h). */
#include "schema/form/xpath_parser.h"

#include "base/words.h"

/* ---- errors and characters ---- */

enum rc parser_fail(struct parser *parser, size_t offset, size_t length, const char *what) {
    uint32_t character = place_character(parser->text, (uint32_t)offset);

    if (parser->place != NULL)
        *parser->place =
            (struct xpath_place){.offset = (uint32_t)offset, .length = (uint32_t)length};
    return err_set(parser->err, RC_INVALID, "expression, character %u: %s", character,
                   words(parser->err->lang, what));
}

enum rc parser_no_memory(struct parser *parser) {
    return arena_check(parser->arena, WORD("expression"), parser->err);
}

void parser_skip_space(struct parser *parser) {
    while (parser->at < parser->text.size &&
           strchr(" \t\r\n", parser->text.data[parser->at]) != NULL)
        parser->at++;
}

/* The next byte behind white space; 0 at the end. */
uint8_t parser_peek(struct parser *parser) {
    parser_skip_space(parser);
    return parser->at < parser->text.size ? parser->text.data[parser->at] : 0;
}

bool parser_take(struct parser *parser, const char *token) {
    struct view wanted = view_text(token);

    parser_skip_space(parser);
    if (!view_equal(view_slice(parser->text, parser->at, wanted.size), wanted))
        return false;
    parser->at += wanted.size;
    return true;
}

/* The end of the name that begins at a place; the place itself if none does. */
size_t parser_name_end(const struct parser *parser, size_t at) {
    if (at >= parser->text.size || !begins_name(parser->text.data[at]))
        return at;
    while (at < parser->text.size && in_name(parser->text.data[at]))
        at++;
    return at;
}

struct view parser_slice(const struct parser *parser, size_t from, size_t to) {
    return view_slice(parser->text, from, to - from);
}

bool parser_take_name(struct parser *parser, struct view *name) {
    size_t start, end;

    parser_skip_space(parser);
    start = parser->at;
    end = parser_name_end(parser, start);
    *name = parser_slice(parser, start, end);
    parser->at = end;
    return end > start;
}

struct expression *parser_make(struct parser *parser, enum expression_kind kind, size_t start) {
    struct expression *made = arena_alloc(parser->arena, sizeof(*made));

    if (made != NULL) {
        made->kind = kind;
        made->place.offset = (uint32_t)start;
    }
    return made;
}

static bool are_fixed(struct expression *const *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!list[i]->fixed)
            return false;
    return true;
}

/* Functions that look at the node or the place they are called for, or give another value each
 * time; the others depend on their arguments, if they have any, or are listed here. */
static bool is_fixed_call(const struct expression *call) {
    static const char *const moving[] = {"id",        "lang", "random",
                                         "randomize", "uuid", "jr:choice-name"};
    static const char *const constant[] = {"current", "true", "false",  "today",
                                           "now",     "pi",   "version"};

    for (size_t i = 0; i < sizeof(moving) / sizeof(moving[0]); i++)
        if (view_is(call->text, moving[i]))
            return false;
    for (size_t i = 0; i < sizeof(constant) / sizeof(constant[0]); i++)
        if (view_is(call->text, constant[i]))
            return true;
    return call->operand_count > 0 && are_fixed(call->operands, call->operand_count);
}

/* Predicates do not matter: they look at the nodes of the path itself. */
static bool is_fixed(const struct expression *expression) {
    switch (expression->kind) {
    case EXPRESSION_NUMBER:
    case EXPRESSION_TEXT:
        return true;
    case EXPRESSION_CHAIN:
    case EXPRESSION_NEGATE:
        return are_fixed(expression->operands, expression->operand_count);
    case EXPRESSION_CALL:
        return is_fixed_call(expression);
    case EXPRESSION_PATH:
        break;
    }
    return expression->operand_count == 0 ? expression->absolute : expression->operands[0]->fixed;
}

void parser_finish(const struct parser *parser, struct expression *made) {
    size_t end = parser->at;

    made->fixed = is_fixed(made);
    while (end > made->place.offset && strchr(" \t\r\n", parser->text.data[end - 1]) != NULL)
        end--;
    made->place.length = (uint32_t)(end - made->place.offset);
}

bool parser_push(struct parser *parser, struct items *items, struct expression *item) {
    struct expression **slot = arena_push(parser->arena, &items->items, &items->count,
                                          &items->capacity, sizeof(*items->items));

    if (slot != NULL)
        *slot = item;
    return slot != NULL;
}
