/* xpath_regex_inside.h: the program that a regular expression becomes. Only
 * schema/form/xpath_regex*.c include this. */
#ifndef YG_SCHEMA_FORM_XPATH_REGEX_INSIDE_H
#define YG_SCHEMA_FORM_XPATH_REGEX_INSIDE_H

#include "schema/form/xpath_regex.h"

enum code {
    CODE_CHARACTER = 1, /* value */
    CODE_ANY,           /* but a newline */
    CODE_CLASS,         /* classes[value] */
    CODE_FORK,          /* to next and to other */
    CODE_JUMP,          /* to next */
    CODE_BEGIN,         /* ^ */
    CODE_END,           /* $ */
    CODE_EDGE,          /* \b; value 1: \B */
    CODE_MATCH,
};

struct instruction {
    enum code code;
    uint32_t value;
    uint32_t next;
    uint32_t other;
};

struct range {
    uint32_t low, high;
};

struct class {
    struct range *ranges;
    uint32_t count;
    uint32_t capacity;
    bool negated;
};

struct regex {
    struct instruction *program;
    uint32_t count;
    uint32_t capacity;
    struct class *classes;
    uint32_t class_count;
    uint32_t widest; /* ranges of the largest class: what one test may cost */
    bool fold;       /* (?i) */
};

#endif
