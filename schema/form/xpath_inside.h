/* xpath_inside.h: what the files of the XPath engine share. Only schema/form/xpath*.c include it.
 *
 * An expression is a tree of nodes. Operators of one strength that follow each other are one node
 * with a list of operands, so that the depth of the tree is bounded by the nesting in the text and
 * not by its length. */
#ifndef YG_SCHEMA_FORM_XPATH_INSIDE_H
#define YG_SCHEMA_FORM_XPATH_INSIDE_H

#include "schema/form/xpath.h"

/* ---- the tree ---- */

enum expression_kind {
    EXPRESSION_NUMBER = 1,
    EXPRESSION_TEXT,
    EXPRESSION_CHAIN,  /* operands joined by operations of one strength, from left to right */
    EXPRESSION_NEGATE, /* operands[0] */
    EXPRESSION_CALL,   /* operands are the arguments */
    EXPRESSION_PATH,   /* operands[0] with predicates if there is one, then the steps */
};

enum operation {
    OPERATION_OR = 1,
    OPERATION_AND,
    OPERATION_EQUAL,
    OPERATION_UNEQUAL,
    OPERATION_LESS,
    OPERATION_LESS_EQUAL,
    OPERATION_MORE,
    OPERATION_MORE_EQUAL,
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,
    OPERATION_MODULO,
    OPERATION_UNION,
};

enum axis {
    AXIS_CHILD = 1,
    AXIS_ATTRIBUTE,
    AXIS_SELF,
    AXIS_PARENT,
    AXIS_DESCENDANT,
    AXIS_DESCENDANT_OR_SELF,
    AXIS_ANCESTOR,
    AXIS_ANCESTOR_OR_SELF,
    AXIS_FOLLOWING_SIBLING,
    AXIS_PRECEDING_SIBLING,
    AXIS_FOLLOWING,
    AXIS_PRECEDING,
    AXIS_NAMESPACE,
};

enum node_test {
    TEST_NAME = 1, /* prefix:name */
    TEST_ANY_NAME, /* prefix:* or * */
    TEST_NODE,
    TEST_TEXT,
    TEST_COMMENT,
    TEST_INSTRUCTION, /* name is empty or the target */
};

struct step {
    enum axis axis;
    enum node_test test;
    struct view prefix;
    struct view name;
    struct expression **predicates;
    uint32_t predicate_count;
    struct xpath_place place;
};

struct function;

struct expression {
    enum expression_kind kind;
    bool absolute; /* of a path without operand: begins with / */
    bool fixed;    /* its value is the same for every node of one evaluation */
    struct xpath_place place;
    struct xpath_number number;
    struct view text; /* a literal; a function's name */
    struct expression **operands;
    enum operation *operations; /* of a chain: operations[i] stands before operands[i], from 1 */
    uint32_t operand_count;
    const struct function *function; /* NULL: not one of ours */
    struct expression **predicates;  /* of a path's operand */
    uint32_t predicate_count;
    struct step *steps;
    uint32_t step_count;
};

struct xpath {
    struct view text;
    struct expression *root;
};

/* ---- a run ---- */

struct run {
    const struct xpath_scope *scope;
    const struct xpath_host *host;
    struct xml_node *current;
    struct arena *arena;
    struct view source; /* for messages */
    uint32_t *steps;    /* the budget that is left */
    uint32_t own_steps;
    bool wide;   /* absolute paths reach all instances of repeats */
    bool nested; /* inside an expression that stood in a text literal */
    struct err *err;
};

/* Where an expression is being evaluated. */
struct focus {
    struct xml_node *node;
    uint32_t position;
    uint32_t size;
};

typedef enum rc (*function_run)(struct run *run, const struct expression *call,
                                const struct focus *focus, struct xpath_value *value);

struct function {
    const char *name;
    uint8_t least; /* arguments */
    uint8_t most;  /* FUNCTION_MANY: no bound */
    function_run run;
};
#define FUNCTION_MANY 255u

/* The function of that name, NULL if we have none. */
const struct function *function_find(struct view name);
bool function_takes(const struct function *function, uint32_t count);

enum rc run_evaluate(struct run *run, const struct expression *expression,
                     const struct focus *focus, struct xpath_value *value);
enum rc run_path(struct run *run, const struct expression *path, const struct focus *focus,
                 struct xpath_value *value);

/* A comparison of two values; gives a truth. */
enum rc run_compare(struct run *run, enum operation operation, const struct xpath_value *left,
                    const struct xpath_value *right, struct xpath_value *value);

/* Takes from the budget. */
enum rc run_spend(struct run *run, uint32_t steps);
enum rc run_no_memory(struct run *run);

/* Puts "character 12: " before the message that was just set, and fills scope's place. */
enum rc run_fail_at(struct run *run, struct xpath_place place);
/* The character (from 1) at which a byte stands. */
uint32_t place_character(struct view source, uint32_t offset);

/* Arguments of a call, converted; index must be below the count. */
enum rc argument_text(struct run *run, const struct expression *call, uint32_t index,
                      const struct focus *focus, struct view *text);
enum rc argument_number(struct run *run, const struct expression *call, uint32_t index,
                        const struct focus *focus, struct xpath_number *number);
enum rc argument_bool(struct run *run, const struct expression *call, uint32_t index,
                      const struct focus *focus, bool *truth);
/* RC_INVALID if it is not a set of nodes. */
enum rc argument_nodes(struct run *run, const struct expression *call, uint32_t index,
                       const struct focus *focus, struct xpath_value *nodes);
/* The text of the context node where the optional first argument is missing. */
enum rc argument_text_or_self(struct run *run, const struct expression *call,
                              const struct focus *focus, struct view *text);
/* Fails with a message of ours: what is the English literal. */
enum rc call_fail(struct run *run, const struct expression *call, enum rc rc, const char *what);
enum rc call_unsupported(struct run *run, const struct expression *call);

/* All texts of the arguments from first on: the nodes of a set one by one, other values as text. */
struct texts {
    struct view *items;
    uint32_t count;
    uint32_t capacity;
};
enum rc arguments_texts(struct run *run, const struct expression *call, uint32_t first,
                        const struct focus *focus, struct texts *texts);

enum rc give_text(struct run *run, struct view text, struct xpath_value *value);
enum rc give_buf(struct run *run, struct buf *buf, struct xpath_value *value);
enum rc give_bool(bool truth, struct xpath_value *value);
enum rc give_number(struct xpath_number number, struct xpath_value *value);
enum rc give_double(double number, struct xpath_value *value);
enum rc give_nodes(struct run *run, struct xml_node *const *nodes, uint32_t count,
                   struct xpath_value *value);

enum rc value_to_text(struct run *run, const struct xpath_value *value, struct view *text);
enum rc value_to_number(struct run *run, const struct xpath_value *value,
                        struct xpath_number *number);
enum rc node_text(struct run *run, const struct xml_node *node, struct view *text);

/* ---- numbers (xpath_number.c) ---- */

struct xpath_number number_of_double(double value);
struct xpath_number number_of_decimal(struct decimal decimal);
struct xpath_number number_of_int(int64_t value);
struct xpath_number number_of_ms(int64_t ms); /* a moment as days */
/* Digits with an optional point, sign and exponent, white space around; else NaN. No dates. */
struct xpath_number number_parse(struct view text);
#define NUMBER_TEXT_BYTES 400u
size_t number_text(struct xpath_number number, char out[NUMBER_TEXT_BYTES]);
struct xpath_number number_negate(struct xpath_number number);
struct xpath_number number_operate(enum operation operation, struct xpath_number left,
                                   struct xpath_number right);
/* <0, 0, >0; *ordered is false if one is NaN. */
int number_compare(struct xpath_number left, struct xpath_number right, bool *ordered);
enum rounding { ROUND_FLOOR = 1, ROUND_CEILING, ROUND_TOWARD_ZERO, ROUND_HALF_AWAY };
/* To places digits behind the point (negative: before it). */
struct xpath_number number_round(struct xpath_number number, enum rounding rounding,
                                 int32_t places);

/* ---- moments (xpath_moment.c) ---- */

/* "2026-11-23", with a time "T10:15[:00[.000]]" and a zone "Z", "+08:00" or none (the host's). */
bool moment_parse(const struct xpath_host *host, struct view text, int64_t *ms);
/* A time of day with or without zone as ms since local midnight; false if it is none. */
bool moment_parse_time(const struct xpath_host *host, struct view text, int64_t *ms);
int64_t moment_local(const struct xpath_host *host, int64_t ms);
#define MOMENT_TEXT_BYTES 40u
/* The date where it is local midnight and whole is not asked for, else date, time and zone. */
size_t moment_text(const struct xpath_host *host, int64_t ms, bool whole,
                   char out[MOMENT_TEXT_BYTES]);
/* A value as a moment: a text or node that is one, a number of days. False if it is none. */
enum rc value_to_moment(struct run *run, const struct xpath_value *value, bool *is, int64_t *ms);

#endif
