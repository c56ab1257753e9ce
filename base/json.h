/* json.h: JSON for APIs, configuration and the command line; the only door to cJSON.
 *
 * A strict scan runs before the library sees the text. It refuses what would be read differently
 * by different readers: broken UTF-8, lone surrogates, NUL in any form, control characters in
 * strings, duplicate keys (compared after unescaping), numbers that are not exactly a decimal
 * within int64 and 18 places, anything behind the value, and text or nesting beyond the limits.
 * Messages name line and column.
 *
 * Numbers never pass through a double: each keeps the text it came with.
 *
 * A tree is owned through its root; every other pointer into it dies with the root. Getters accept
 * NULL and a wrong type and then return NULL, false or an empty view, so that paths can be chained
 * and checked once. Lookups in objects and arrays are linear: iterate with json_first/json_next. */
#ifndef YG_BASE_JSON_H
#define YG_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

struct json_limits {
    size_t bytes; /* of the text */
    size_t depth; /* of nesting; a lone scalar has depth 0; at most JSON_DEPTH_MAX counts */
};

#define JSON_DEPTH_MAX        512u
#define JSON_NUMBER_BYTES_MAX 64u
#define JSON_LIMITS_DEFAULT   ((struct json_limits){.bytes = 1024u * 1024u, .depth = 32})

enum json_type {
    JSON_NONE = 0, /* of a NULL pointer */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json;

/* RC_INVALID with line and column, RC_LIMIT, RC_NO_MEMORY. *json is NULL on failure. */
enum rc json_parse(struct view text, struct json_limits limits, struct json **json,
                   struct err *err);

/* Overwrites every text and number of a root, before json_free: for what holds a secret. NULL is
 * allowed. */
void json_wipe(struct json *json);

/* Only for roots. NULL is allowed. */
void json_free(struct json *json);

enum json_type json_type(const struct json *json);

/* Members or elements; 0 for scalars. Linear. */
size_t json_count(const struct json *json);

/* The member of an object (case sensitive), the element of an array, or NULL. */
const struct json *json_get(const struct json *json, const char *key);
const struct json *json_at(const struct json *json, size_t index);

/* for (item = json_first(object); item != NULL; item = json_next(item)), in the text's order. */
const struct json *json_first(const struct json *json);
const struct json *json_next(const struct json *item);

/* The key of a member of an object; "" for elements and roots. */
const char *json_key(const struct json *item);

/* The text of a JSON_TEXT, terminated; data is NULL for every other type. */
struct view json_text(const struct json *json);

/* json_text as a terminated string, or otherwise if it is not a text. */
const char *json_text_or(const struct json *json, const char *otherwise);

/* The number's original text ("123.450", "1e3"); data is NULL for every other type. */
struct view json_number_text(const struct json *json);

/* True for a JSON_NUMBER that is exactly an int64 (1.0 and 1e3 are integers, 1.5 is not). */
bool json_int(const struct json *json, int64_t *value);

/* True for every JSON_NUMBER. 123.450 gives {123450, 3}; exponents are multiplied out. */
bool json_decimal(const struct json *json, struct decimal *value);

/* True for a JSON_BOOL. */
bool json_bool(const struct json *json, bool *value);

/* ---- building ----
 *
 * Builders return the new node, or NULL without memory. Every json_add_* takes a NULL parent and
 * then does nothing. A parent that lacks something for want of memory remembers it, and json_print
 * tells: nobody reads what is there only in part. A builder that must know earlier checks the
 * pointers. key is NULL when the parent is an array. Texts must be valid UTF-8 without NUL; text
 * that is not is refused (NULL). Adding a key twice is a programmer's error. Keys are copied. */
struct json *json_object(void);
struct json *json_array(void);
struct json *json_add_object(struct json *parent, const char *key);
struct json *json_add_array(struct json *parent, const char *key);
struct json *json_add_text(struct json *parent, const char *key, const char *text);
struct json *json_add_view(struct json *parent, const char *key, struct view text);
/* The same of what was written there; without memory where it was cut short for want of it. */
struct json *json_add_buf(struct json *parent, const char *key, const struct buf *text);
struct json *json_add_int(struct json *parent, const char *key, int64_t value);
struct json *json_add_decimal(struct json *parent, const char *key, struct decimal value);
struct json *json_add_bool(struct json *parent, const char *key, bool value);
struct json *json_add_null(struct json *parent, const char *key);

/* A number given as JSON text; NULL if it is not one that json_parse would accept. */
struct json *json_add_number(struct json *parent, const char *key, struct view text);

/* Moves a root of its own into the parent; it is freed when that fails (NULL is returned). */
struct json *json_add_tree(struct json *parent, const char *key, struct json *child);

/* A deep copy of any node, as a root of its own. NULL without memory or for NULL. */
struct json *json_copy(const struct json *json);

/* Appends the text to out; failures stay sticky in out, also one of building (RC_NO_MEMORY).
 * pretty: two spaces a level, each member on a line of its own, and a newline at the end; otherwise
 * no white space at all. */
void json_print(const struct json *json, bool pretty, struct buf *out);

/* Appends one JSON string literal with its quotes; for those who stream JSON without a tree.
 * Also escapes < > & and U+2028/2029, so that the text may stand inside a page. */
void json_print_text(struct view text, struct buf *out);

#endif
