/* JSON numbers as exact decimals; declared in json_scan.h. */
#include "base/json_scan.h"

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

/* The grammar alone. Fills where the parts are; false if the text is not a JSON number. */
static bool split_number(struct view text, struct view *plain, struct view *exponent) {
    size_t at = 0;
    size_t start;

    if (at < text.size && text.data[at] == '-')
        at++;
    start = at;
    while (at < text.size && is_digit(text.data[at]))
        at++;
    if (at == start || (at - start > 1 && text.data[start] == '0'))
        return false;
    if (at < text.size && text.data[at] == '.') {
        start = ++at;
        while (at < text.size && is_digit(text.data[at]))
            at++;
        if (at == start)
            return false;
    }
    *plain = view_slice(text, 0, at);
    *exponent = (struct view){0};
    if (at == text.size)
        return true;
    if (text.data[at] != 'e' && text.data[at] != 'E')
        return false;
    at++;
    start = at;
    if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
        at++;
    *exponent = view_slice(text, start, text.size);
    if (at == text.size)
        return false;
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return at == text.size;
}

/* Exponents beyond this make no number that fits, but for zero, which nobody writes so. */
#define EXPONENT_MAX 40

static bool read_exponent(struct view text, int *value) {
    size_t index;
    bool negative = text.size > 0 && text.data[0] == '-';

    *value = 0;
    for (index = 0; index < text.size; index++) {
        if (!is_digit(text.data[index]))
            continue; /* the sign; the grammar was checked */
        *value = *value * 10 + (text.data[index] - '0');
        if (*value > EXPONENT_MAX)
            return false;
    }
    if (negative)
        *value = -*value;
    return true;
}

bool json_number_valid(struct view text) {
    struct view plain;
    struct view exponent;

    return split_number(text, &plain, &exponent);
}

bool json_number_decimal(struct view text, struct decimal *value) {
    struct view plain;
    struct view exponent_text;
    struct decimal read;
    int exponent;
    int scale;

    if (text.size > JSON_NUMBER_BYTES_MAX || !split_number(text, &plain, &exponent_text) ||
        !decimal_parse(plain, &read) || !read_exponent(exponent_text, &exponent))
        return false;
    scale = (int)read.scale - exponent;
    while (scale < 0) {
        if (__builtin_mul_overflow(read.mantissa, 10, &read.mantissa))
            return false;
        scale++;
    }
    /* 10e-20 fits once its zero is gone. */
    while (scale > (int)DECIMAL_SCALE_MAX && read.mantissa % 10 == 0 && read.mantissa != 0) {
        read.mantissa /= 10;
        scale--;
    }
    if (scale > (int)DECIMAL_SCALE_MAX)
        return false;
    *value = (struct decimal){.mantissa = read.mantissa, .scale = (uint8_t)scale};
    return true;
}
