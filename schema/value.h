/* value.h: one answer, typed, exact.
 *
 * The form decides which type a question writes; stored and sent values carry their type, so that
 * hashing, storing and forwarding never need the form. Text is valid UTF-8 without U+0000. A
 * decimal is mantissa x 10^-scale, as typed ("1.50" keeps its scale; 1.50 equals 1.5). A date is a
 * day number since 1970-01-01. An explicit null says "no answer", which differs from no version. */
#ifndef YG_SCHEMA_VALUE_H
#define YG_SCHEMA_VALUE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum value_type {
    VALUE_NULL = 0,
    VALUE_INT = 1,
    VALUE_DECIMAL = 2,
    VALUE_DATE = 3,
    VALUE_TEXT = 4,
    VALUE_BYTES = 5, /* structured pseudo-fields: seals, covers of a removal, nested places */
    VALUE_ERASED =
        6, /* was erased by law (erasure.h): there was an answer, nobody has it any more */
};

struct value {
    uint8_t type;      /* enum value_type */
    uint8_t scale;     /* VALUE_DECIMAL: 0 to 18 */
    int64_t number;    /* VALUE_INT, VALUE_DECIMAL (mantissa), VALUE_DATE (days) */
    struct view bytes; /* VALUE_TEXT, VALUE_BYTES; borrowed */
};

/* Same meaning: same type and content; decimals and integers compare by number. */
bool value_equal(const struct value *a, const struct value *b);
/* A total order within a type, for max and min; types by their number. */
int value_compare(const struct value *a, const struct value *b);

/* Canonical bytes: type, then content (see value.c). */
void value_encode(const struct value *value, struct buf *out);
/* The bytes are borrowed from the reader's memory. Checks type, scale, UTF-8 and
 * LIMIT_VALUE_BYTES; marks the reader failed otherwise. */
struct value value_decode(struct reader *in);

/* Whether value_decode would give this value back: type, scale, UTF-8, size. */
bool value_valid(const struct value *value);

/* As people read it: "12", "1.50", "2026-11-23", the text itself; empty for null and for what was
 * erased; bytes in hex. */
void value_text(const struct value *value, struct buf *out);

struct value value_of_int(int64_t number);
struct value value_of_text(struct view text);

#endif
