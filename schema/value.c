/* Canonical bytes of a value: one byte with its type, then
 *   VALUE_NULL     nothing
 *   VALUE_INT      the number, zigzag varint
 *   VALUE_DECIMAL  scale (one byte, 0 to 18), mantissa (zigzag varint)
 *   VALUE_DATE     days since 1970-01-01, zigzag varint
 *   VALUE_TEXT     size (varint), UTF-8 bytes
 *   VALUE_BYTES    size (varint), bytes
 *   VALUE_ERASED   nothing
 * The scale of a decimal is part of the bytes ("1.50" stays "1.50") but not of the meaning. */
#include "schema/value.h"

#include <inttypes.h>

#include "base/date.h"
#include "base/text.h"
#include "schema/limits.h"

static bool is_number(const struct value *value) {
    return value->type == VALUE_INT || value->type == VALUE_DECIMAL;
}

static struct decimal as_decimal(const struct value *value) {
    return (struct decimal){.mantissa = value->number,
                            .scale = value->type == VALUE_DECIMAL ? value->scale : 0};
}

static int compare_numbers(int64_t a, int64_t b) {
    return a == b ? 0 : a < b ? -1 : 1;
}

bool value_equal(const struct value *a, const struct value *b) {
    if (a->type == b->type) {
        if (a->type == VALUE_TEXT || a->type == VALUE_BYTES)
            return view_equal(a->bytes, b->bytes);
        if (a->type == VALUE_NULL || a->type == VALUE_ERASED)
            return true;
        if (a->type != VALUE_DECIMAL || a->scale == b->scale)
            return a->number == b->number;
    }
    return is_number(a) && is_number(b) && decimal_compare(as_decimal(a), as_decimal(b)) == 0;
}

int value_compare(const struct value *a, const struct value *b) {
    if (is_number(a) && is_number(b)) {
        if (a->type == VALUE_INT && b->type == VALUE_INT)
            return compare_numbers(a->number, b->number);
        return decimal_compare(as_decimal(a), as_decimal(b));
    }
    if (a->type != b->type) {
        /* Integers and decimals are one type here, or the order would not be transitive. */
        int left = a->type == VALUE_DECIMAL ? VALUE_INT : a->type;
        int right = b->type == VALUE_DECIMAL ? VALUE_INT : b->type;

        return left < right ? -1 : 1;
    }
    if (a->type == VALUE_NULL || a->type == VALUE_ERASED)
        return 0;
    if (a->type == VALUE_DATE)
        return compare_numbers(a->number, b->number);
    return view_compare(a->bytes, b->bytes);
}

void value_encode(const struct value *value, struct buf *out) {
    buf_add_u8(out, value->type);
    switch ((enum value_type)value->type) {
    case VALUE_NULL:
    case VALUE_ERASED:
        break;
    case VALUE_DECIMAL:
        buf_add_u8(out, value->scale);
        buf_add_zigzag(out, value->number);
        break;
    case VALUE_INT:
    case VALUE_DATE:
        buf_add_zigzag(out, value->number);
        break;
    case VALUE_TEXT:
    case VALUE_BYTES:
        buf_add_sized(out, value->bytes);
        break;
    }
}

struct value value_decode(struct reader *in) {
    struct value value = {.type = read_u8(in)};

    switch (value.type) {
    case VALUE_NULL:
    case VALUE_ERASED:
        break;
    case VALUE_DECIMAL:
        value.scale = read_u8(in);
        if (value.scale > DECIMAL_SCALE_MAX)
            reader_fail(in);
        value.number = read_zigzag(in);
        break;
    case VALUE_INT:
    case VALUE_DATE:
        value.number = read_zigzag(in);
        break;
    case VALUE_TEXT:
    case VALUE_BYTES:
        value.bytes = read_bytes(in, read_varint_max(in, LIMIT_VALUE_BYTES));
        if (value.type == VALUE_TEXT && !utf8_valid(value.bytes))
            reader_fail(in);
        break;
    default:
        reader_fail(in);
    }
    if (in->failed)
        value = (struct value){.type = VALUE_NULL};
    return value;
}

bool value_valid(const struct value *value) {
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_ERASED:
    case VALUE_INT:
    case VALUE_DATE:
        return true;
    case VALUE_DECIMAL:
        return value->scale <= DECIMAL_SCALE_MAX;
    case VALUE_TEXT:
        return value->bytes.size <= LIMIT_VALUE_BYTES && utf8_valid(value->bytes);
    case VALUE_BYTES:
        return value->bytes.size <= LIMIT_VALUE_BYTES;
    default:
        return false;
    }
}

void value_text(const struct value *value, struct buf *out) {
    char text[DECIMAL_TEXT_BYTES];
    char date[DATE_TEXT_BYTES];

    switch ((enum value_type)value->type) {
    case VALUE_NULL:
    case VALUE_ERASED:
        break;
    case VALUE_INT:
        buf_addf(out, "%" PRId64, value->number);
        break;
    case VALUE_DECIMAL:
        (void)decimal_format(as_decimal(value), text);
        buf_add_text(out, text);
        break;
    case VALUE_DATE:
        date_format(date_from_days(value->number), date);
        buf_add_text(out, date);
        break;
    case VALUE_TEXT:
        buf_add_view(out, value->bytes);
        break;
    case VALUE_BYTES:
        for (size_t i = 0; i < value->bytes.size; i++)
            buf_addf(out, "%02x", value->bytes.data[i]);
        break;
    }
}

struct value value_of_int(int64_t number) {
    return (struct value){.type = VALUE_INT, .number = number};
}

struct value value_of_text(struct view text) {
    return (struct value){.type = VALUE_TEXT, .bytes = text};
}
