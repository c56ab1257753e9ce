/* xpath_parser.h: what the files of the parser share: xpath_scan.c (characters, making nodes),
 * xpath_steps.c (paths), xpath_parse.c (operands and operations). */
#ifndef YG_SCHEMA_FORM_XPATH_PARSER_H
#define YG_SCHEMA_FORM_XPATH_PARSER_H

#include "schema/form/xpath_inside.h"

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

struct steps {
    struct step *items;
    uint32_t count;
    uint32_t capacity;
};

static inline bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

/* Names are letters of any script: every byte beyond ASCII counts as one. */
static inline bool begins_name(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte >= 0x80;
}

static inline bool in_name(uint8_t byte) {
    return begins_name(byte) || is_digit(byte) || byte == '-' || byte == '.';
}

/* Sets the place; what is an English literal that the catalogue knows. RC_INVALID. */
enum rc parser_fail(struct parser *parser, size_t offset, size_t length, const char *what);
enum rc parser_no_memory(struct parser *parser);

/* The next byte behind white space; 0 at the end. */
uint8_t parser_peek(struct parser *parser);
void parser_skip_space(struct parser *parser);
/* Takes the token if it comes next behind white space. */
bool parser_take(struct parser *parser, const char *token);
/* The end of the name that begins at a place; the place itself if none does. */
size_t parser_name_end(const struct parser *parser, size_t at);
bool parser_take_name(struct parser *parser, struct view *name);
struct view parser_slice(const struct parser *parser, size_t from, size_t to);

/* A new node that begins at a byte; its length and whether it is fixed come with parser_finish,
 * when all is in it. NULL without memory. */
struct expression *parser_make(struct parser *parser, enum expression_kind kind, size_t start);
void parser_finish(const struct parser *parser, struct expression *made);
bool parser_push(struct parser *parser, struct items *items, struct expression *item);

/* A whole expression, one level deeper: in parentheses, predicates, arguments. */
enum rc parser_nested(struct parser *parser, struct expression **out);
enum rc parser_expression(struct parser *parser, struct expression **out);

/* All [...] that follow. */
enum rc parser_predicates(struct parser *parser, struct expression ***list, uint32_t *count);
/* The steps behind what begins a path; wanted tells that one must come at once. */
enum rc parser_steps(struct parser *parser, struct steps *steps, bool wanted);
/* A path that begins with a step or a slash. */
enum rc parser_location(struct parser *parser, struct expression **out);
/* Whether a word is that of a test such as node(): TEST_NAME if not. */
enum node_test parser_find_test(struct view name);

#endif
