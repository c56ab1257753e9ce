/* xpath.h: the expressions of forms: XPath 1.0 with the functions of OpenRosa and ODK.
 *
 * An expression is parsed once into an immutable tree in the caller's arena and evaluated as often
 * as needed. Evaluation is pure: it changes no node, and clock, time zone, randomness, other
 * instances, translations come from the caller through struct xpath_host. It always ends: length
 * and depth are bounded when parsing, and each evaluation spends steps from a budget.
 *
 * What differs from XPath 1.0, as ODK's forms expect it:
 *
 * - Dates. Text that is a date or a date-time has a number: the days since 1970-01-01T00:00 UTC,
 *   with a fraction for the time; dates without a zone are of the host's zone. So texts of dates
 *   can be compared by < and >, subtracted, and added to. What today(), now(), date() and
 *   date-time() return are texts in that sense ("2026-11-23").
 * - Exact numbers. Literals and texts of up to 18 digits stay exact decimals through + - *, unary
 *   minus, sum, min, max, abs, int, floor, ceiling, round and comparisons while the result has
 *   room in a struct decimal; then, and behind any other operation, they are doubles. So
 *   0.1 + 0.2 = 0.3, and money has no dust.
 * - Absolute paths mean the primary instance (host.primary), also inside predicates over another
 *   one. Without a primary one they mean the tree of the node for which the expression is
 * evaluated.
 * - Inside a repeat an absolute path means "this instance of the repeat": where a step that is not
 *   the last one and has no predicate reaches instances of a repeat (host.is_repeat), and one of
 *   them holds the node for which the expression is evaluated (scope.current), only that one is
 *   taken. A last step keeps all instances, so that count(/data/member) counts; so do steps with a
 *   predicate, relative paths (../../member), and the arguments of indexed-repeat().
 * - Nodes that host.is_hidden names (not relevant) are not found by any path. Where a path finds
 *   nothing only because of that, comparisons take it for a blank text: `/data/a != 'x'` is true of
 *   an answer that does not apply, `/data/a = ''` too.
 * - position(node) is the place of a repeat instance among its equals, from 1.
 * - `(path)[1]`, `instance('id')/root/item[...]`, `current()/../a` work. In names, a prefix is
 *   compared as host.namespace_of tells, or literally without it. An element's name without prefix
 *   means any namespace, since the nodes of a form are in whatever its author's tool declared,
 *   unless namespace_of("") tells one; an attribute's without prefix means none.
 * - There is one regular expression language: that of regex() (xpath_regex.h).
 *
 * Function names that we do not have are no error until they are called (or xpath_calls lists
 * them), because the branches of if() and of `and` may never be taken. */
#ifndef YG_SCHEMA_FORM_XPATH_H
#define YG_SCHEMA_FORM_XPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/xml_tree.h"

#define XPATH_TEXT_BYTES_MAX 32768u   /* of an expression; long choice filters have some 4,000 */
#define XPATH_DEPTH_MAX      100u     /* of nested parentheses, predicates, calls and unary signs */
#define XPATH_STEPS_DEFAULT  2000000u /* of one evaluation: some 20 ms */
#define XPATH_VALUE_BYTES    (1024u * 1024u) /* the longest text that a function may make */

/* Where in the text of the expression, in bytes; for messages that point to it. */
struct xpath_place {
    uint32_t offset;
    uint32_t length;
};

/* ---- parsing ---- */

struct xpath; /* a parsed expression; lives in its arena */

/* Copies what it needs. RC_INVALID names the place in characters from 1 and what is wrong; *place
 * (may be NULL) has it in bytes. RC_LIMIT, RC_NO_MEMORY. *expression is NULL on failure. */
enum rc xpath_parse(struct view text, struct arena *arena, struct xpath **expression,
                    struct xpath_place *place, struct err *err);

/* The text that was parsed. */
struct view xpath_source(const struct xpath *expression);

/* ---- values ---- */

enum xpath_type {
    XPATH_NODES = 1,
    XPATH_NUMBER,
    XPATH_TEXT,
    XPATH_BOOL,
};

struct xpath_number {
    double value;           /* always set; NaN for "not a number" */
    bool exact;             /* decimal is the number, and value the double next to it */
    bool dated;             /* the number is ms / 86,400,000, of a date */
    bool whole;             /* number() made it of a date: as text it is the whole days */
    struct decimal decimal; /* without trailing zeros */
    int64_t ms;
};

struct xpath_value {
    enum xpath_type type;
    bool boolean;
    bool moment; /* of a text: a function of dates made it */
    struct xpath_number number;
    struct view text;        /* in the scratch arena, the expression, or a node */
    struct xml_node **nodes; /* in document order, each once */
    uint32_t count;
    bool hidden; /* of nodes: there are none, but some are hidden */
};

struct xpath_scope;

/* The value as text, number, truth. Numbers print without exponent and without dust: exact ones as
 * they are, others with the fewest digits (15 to 17) that mean the same double; NaN as nothing, as
 * ODK does, "Infinity". Nodes give the first one's text. */
enum rc xpath_to_text(const struct xpath_value *value, struct arena *scratch, struct view *text,
                      struct err *err);
/* Text that is no number and no date gives NaN, as does an empty one. */
enum rc xpath_to_number(const struct xpath_value *value, const struct xpath_scope *scope,
                        struct arena *scratch, struct xpath_number *number, struct err *err);
/* A number is true unless 0 or NaN, a text unless empty, nodes unless there are none. */
bool xpath_to_bool(const struct xpath_value *value);

/* ---- evaluating ---- */

/* What an expression can ask of the world. Every callback may be NULL; a function that needs a
 * missing one fails with RC_UNSUPPORTED and names itself. user is passed back. Callbacks must be
 * pure for the time of one evaluation; texts that they give must live as long as the scratch
 * arena. */
struct xpath_host {
    void *user;
    /* The outermost element's parent (document, or <instance>) of the primary instance: the node
     * that "/" means. NULL: the top of the context node's tree. */
    struct xml_node *primary;
    /* The clock, ms since 1970 UTC: now(), today(). */
    int64_t (*now_ms)(void *user);
    /* What to add to UTC at this instant to get local time. NULL: UTC everywhere. */
    int64_t (*offset_ms)(void *user, int64_t utc_ms);
    /* Random bytes: random(), uuid(), randomize() without a seed. */
    void (*random)(void *user, uint8_t *out, size_t size);
    /* instance('id'): the node whose child is the root element (document, or <instance>); NULL if
     * there is none, which fails with RC_NOT_FOUND. */
    struct xml_node *(*instance)(void *user, struct view id);
    /* pulldata('id', wanted, column, key): the cell in column `wanted` of the first row whose
     * `column` is key; false if there is none (the result is then ''). NULL: looked up as
     * instance('id')/root/item[column = key]/wanted. */
    bool (*pulldata)(void *user, struct view id, struct view wanted, struct view column,
                     struct view key, struct view *cell);
    /* Whether an element is an instance of a repeat: see the top of this file. */
    bool (*is_repeat)(void *user, const struct xml_node *node);
    /* Whether paths pass over this element. */
    bool (*is_hidden)(void *user, const struct xml_node *node);
    /* jr:itext('id') in the language of the session; false if unknown (the result is ''). */
    bool (*itext)(void *user, struct view id, struct view *text);
    /* jr:choice-name(name, 'path'): the label of the choice `name` of the question that writes
     * node; NULL if the path finds nothing, path being its text. false if unknown (''). */
    bool (*choice_name)(void *user, struct view name, const struct xml_node *node, struct view path,
                        struct view *label);
    /* digest(): appends the hash's bytes; false if the algorithm ("SHA-256") is not known. */
    bool (*digest)(void *user, struct view algorithm, struct view data, struct buf *out);
    /* The uri of a prefix in paths, or of names without one (""); data NULL if unknown. */
    struct view (*namespace_of)(void *user, struct view prefix);
    /* The form's version: version(). */
    struct view version;
    /* "zh" or "en": names of months and days in format-date(). Empty: "en". */
    struct view language;
};

struct xpath_scope {
    const struct xpath_host *host; /* never NULL */
    struct xml_node *node;         /* the context node, never NULL */
    uint32_t position;             /* position() and last(); 0 counts as 1 */
    uint32_t size;
    struct xml_node *current; /* what current() gives, and what "this instance" means; NULL: node */
    uint32_t *steps;          /* a budget that several evaluations share; NULL: the default each */
    struct xpath_place *place; /* where an evaluation failed; may be NULL */
};

/* Evaluates in document order as xml_tree_number gave it: trees that one expression may join by |
 * are numbered one behind the other. Memory of the value lies in the scratch arena, which the
 * caller resets between evaluations. RC_LIMIT when the steps or the arena run out; RC_UNSUPPORTED
 * for a function that we (or the host) do not have; RC_INVALID for wrong arguments; RC_NOT_FOUND
 * for an unknown instance; RC_NO_MEMORY. Messages name the place in characters. */
enum rc xpath_evaluate(const struct xpath *expression, const struct xpath_scope *scope,
                       struct arena *scratch, struct xpath_value *value, struct err *err);

/* ---- looking into an expression ---- */

/* One path that the expression reads: for dependencies, cycles, and checks that it leads
 * somewhere. */
struct xpath_reference {
    struct view path;     /* absolute, "/data/group/age"; a step may be "*" or "@name" */
    struct view instance; /* the id of instance('id'), then path is within it; else empty */
    bool loose;           /* an axis such as // or ancestor: anything at or below path */
    bool filtered;        /* has a predicate somewhere */
    bool inner;           /* stands inside a predicate */
    bool counted;         /* only count() or position() looks at it: the texts are not read */
    struct xpath_place place;
};

/* All paths in the order of the text, relative ones resolved against context_path ("/data/q", the
 * node for which the expression is evaluated; empty: relative paths stay relative, "../age"), those
 * inside a predicate against the path that it filters, current() against context_path. A path in
 * the text literal of jr:choice-name counts, too. RC_LIMIT, RC_NO_MEMORY. */
enum rc xpath_references(const struct xpath *expression, struct view context_path,
                         struct arena *arena, struct xpath_reference **references, uint32_t *count,
                         struct err *err);

/* One call of a function. */
struct xpath_call {
    struct view name; /* with its prefix: "jr:itext" */
    bool known;
    bool arity_wrong; /* known, but not with this number of arguments */
    uint32_t argument_count;
    struct view first_text; /* the first argument where it is a text literal: instance ids */
    struct xpath_place place;
};

/* All calls in the order of the text. RC_LIMIT, RC_NO_MEMORY. */
enum rc xpath_calls(const struct xpath *expression, struct arena *arena, struct xpath_call **calls,
                    uint32_t *count, struct err *err);

/* Whether the expression's value is a constant of the text: no path, no call but true() and
 * false(). */
bool xpath_is_constant(const struct xpath *expression);

#endif
