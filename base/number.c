/* Numbers as text; declared in text.h. No double is involved anywhere. */
#include "base/text.h"

#include <assert.h>

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

bool parse_u64(struct view text, uint64_t *value) {
    uint64_t result = 0;
    size_t index;

    if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
        return false;
    for (index = 0; index < text.size; index++) {
        uint64_t digit;

        if (!is_digit(text.data[index]))
            return false;
        digit = (uint64_t)(text.data[index] - '0');
        if (result > (UINT64_MAX - digit) / 10)
            return false;
        result = result * 10 + digit;
    }
    *value = result;
    return true;
}

/* -magnitude or magnitude, if that is an int64. */
static bool with_sign(uint64_t magnitude, bool negative, int64_t *value) {
    if (!negative) {
        if (magnitude > (uint64_t)INT64_MAX)
            return false;
        *value = (int64_t)magnitude;
        return true;
    }
    if (magnitude > (uint64_t)INT64_MAX + 1)
        return false;
    *value = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    return true;
}

static uint64_t magnitude_of(int64_t value) {
    return value < 0 ? (uint64_t)(-(value + 1)) + 1 : (uint64_t)value;
}

bool parse_i64(struct view text, int64_t *value) {
    bool negative = text.size > 0 && text.data[0] == '-';
    uint64_t magnitude;

    if (!parse_u64(view_slice(text, negative ? 1 : 0, text.size), &magnitude))
        return false;
    if (negative && magnitude == 0)
        return false;
    return with_sign(magnitude, negative, value);
}

bool decimal_parse(struct view text, struct decimal *decimal) {
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t at = negative ? 1 : 0;
    size_t whole_digits = 0;
    size_t scale = 0;
    bool point = false;
    uint64_t magnitude = 0;
    int64_t mantissa;

    for (; at < text.size; at++) {
        uint8_t byte = text.data[at];

        if (byte == '.' && !point && whole_digits > 0) {
            point = true;
            continue;
        }
        if (!is_digit(byte) || magnitude > (UINT64_MAX - 9) / 10)
            return false;
        magnitude = magnitude * 10 + (uint64_t)(byte - '0');
        if (point)
            scale++;
        else
            whole_digits++;
    }
    if (whole_digits == 0 || (point && scale == 0) || scale > DECIMAL_SCALE_MAX ||
        !with_sign(magnitude, negative, &mantissa))
        return false;
    *decimal = (struct decimal){.mantissa = mantissa, .scale = (uint8_t)scale};
    return true;
}

size_t decimal_format(struct decimal decimal, char out[DECIMAL_TEXT_BYTES]) {
    char reversed[DECIMAL_TEXT_BYTES];
    uint64_t magnitude = magnitude_of(decimal.mantissa);
    size_t size = 0;
    size_t index;
    unsigned digits = 0;

    assert(decimal.scale <= DECIMAL_SCALE_MAX);
    /* At least one digit stands before the point. */
    while (magnitude > 0 || digits <= decimal.scale) {
        if (digits == decimal.scale && digits > 0)
            reversed[size++] = '.';
        reversed[size++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
        digits++;
    }
    if (decimal.mantissa < 0)
        reversed[size++] = '-';
    for (index = 0; index < size; index++)
        out[index] = reversed[size - 1 - index];
    out[size] = '\0';
    return size;
}

struct decimal decimal_trim(struct decimal decimal) {
    while (decimal.scale > 0 && decimal.mantissa % 10 == 0) {
        decimal.mantissa /= 10;
        decimal.scale--;
    }
    return decimal;
}

bool decimal_rescale(struct decimal decimal, uint8_t scale, struct decimal *result) {
    if (scale > DECIMAL_SCALE_MAX)
        return false;
    while (decimal.scale > scale) {
        if (decimal.mantissa % 10 != 0)
            return false;
        decimal.mantissa /= 10;
        decimal.scale--;
    }
    while (decimal.scale < scale) {
        if (__builtin_mul_overflow(decimal.mantissa, 10, &decimal.mantissa))
            return false;
        decimal.scale++;
    }
    *result = decimal;
    return true;
}

int decimal_compare(struct decimal left, struct decimal right) {
    uint8_t high_scale = left.scale > right.scale ? left.scale : right.scale;
    struct decimal high = left.scale > right.scale ? left : right;
    struct decimal low = left.scale > right.scale ? right : left;
    int sign = left.scale > right.scale ? 1 : -1;
    struct decimal scaled;

    /* The one with fewer places is multiplied up. If that does not fit, it is the larger one in
     * magnitude, whatever the other is. */
    if (!decimal_rescale(low, high_scale, &scaled))
        return low.mantissa > 0 ? -sign : sign;
    if (high.mantissa == scaled.mantissa)
        return 0;
    return high.mantissa > scaled.mantissa ? sign : -sign;
}
