/* Numbers of expressions: doubles that carry an exact decimal while it is known.
 *
 * XPath's numbers are doubles, and 0.1 + 0.2 is 0.30000000000000004 there. Sums of money must not
 * depend on that. A literal or text of up to 18 digits is a decimal; + - * div mod, sign, rounding
 * and comparison keep it while the result has room; when it has none, or behind a root or sine, the
 * number goes on as the double that it always was beside it.
 *
 * A date is a number of days since 1970 whose fraction is seldom a short decimal (8 hours are a
 * third of a day). It carries its milliseconds instead, so that differences of dates are whole. */
#include "schema/form/xpath_inside.h"

#include <float.h>
#include <math.h>

#include "base/date.h"

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

struct xpath_number number_of_double(double value) {
    /* A whole number within the range where doubles count one by one is exact. */
    if (value == floor(value) && fabs(value) < 9007199254740992.0)
        return number_of_int((int64_t)value);
    return (struct xpath_number){.value = value};
}

struct xpath_number number_of_decimal(struct decimal decimal) {
    struct decimal trimmed = decimal_trim(decimal);
    struct xpath_number number = {.exact = true, .decimal = trimmed};

    if (trimmed.mantissa > -(INT64_C(1) << 53) && trimmed.mantissa < INT64_C(1) << 53) {
        /* Both are exact doubles, so their quotient is the nearest one. */
        number.value = (double)trimmed.mantissa / powers[trimmed.scale];
    } else {
        char text[DECIMAL_TEXT_BYTES];

        (void)decimal_format(trimmed, text);
        number.value = strtod(text, NULL);
    }
    return number;
}

struct xpath_number number_of_int(int64_t value) {
    return number_of_decimal((struct decimal){.mantissa = value});
}

struct xpath_number number_of_ms(int64_t ms) {
    struct xpath_number number = {.value = (double)ms / (double)MS_PER_DAY, .dated = true};

    number.ms = ms;
    if (ms % MS_PER_DAY == 0) {
        number.exact = true;
        number.decimal = (struct decimal){.mantissa = ms / MS_PER_DAY};
    }
    return number;
}

/* ---- reading ---- */

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct view trim(struct view text) {
    while (text.size > 0 && is_space(text.data[0]))
        text = view_of(text.data + 1, text.size - 1);
    while (text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

static size_t skip_digits(struct view text, size_t at) {
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

/* Whether the text is a number; *plain: without exponent. */
static bool is_number(struct view text, bool *plain) {
    size_t start = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    size_t at = skip_digits(text, start);
    size_t digits = at - start;

    *plain = true;
    if (at < text.size && text.data[at] == '.') {
        size_t end = skip_digits(text, at + 1);

        digits += end - at - 1;
        at = end;
    }
    if (digits == 0)
        return false;
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        size_t end;

        *plain = false;
        at++;
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
            at++;
        end = skip_digits(text, at);
        if (end == at)
            return false;
        at = end;
    }
    return at == text.size;
}

/* ".5" and "5." as decimal_parse wants them. out has NUMBER_TEXT_BYTES. */
static size_t canonical(struct view text, char *out) {
    size_t size = 0;
    size_t at = 0;

    if (text.data[0] == '-') {
        out[size++] = '-';
        at = 1;
    }
    if (at < text.size && text.data[at] == '.')
        out[size++] = '0';
    for (; at < text.size; at++)
        out[size++] = (char)text.data[at];
    if (out[size - 1] == '.')
        size--;
    out[size] = '\0';
    return size;
}

struct xpath_number number_parse(struct view text) {
    char copy[NUMBER_TEXT_BYTES];
    struct decimal decimal;
    size_t size;
    bool plain;

    text = trim(text);
    if (text.size > NUMBER_TEXT_BYTES - 3 || !is_number(text, &plain))
        return (struct xpath_number){.value = NAN};
    size = canonical(text, copy);
    if (plain && decimal_parse(view_of(copy, size), &decimal))
        return number_of_decimal(decimal);
    return number_of_double(strtod(copy, NULL));
}

/* ---- writing ---- */

/* "1.5e-07" as "0.00000015". */
static size_t without_exponent(const char *text, char *out) {
    const char *exponent = strchr(text, 'e');
    long shift = exponent == NULL ? 0 : strtol(exponent + 1, NULL, 10);
    char digits[32];
    size_t count = 0;
    size_t size = 0;
    long point = 0; /* digits before the point */
    bool seen = false;

    for (const char *at = text; *at != '\0' && at != exponent; at++) {
        if (*at == '-') {
            out[size++] = '-';
        } else if (*at == '.') {
            seen = true;
        } else {
            digits[count++] = *at;
            point += !seen;
        }
    }
    point += shift;
    if (point <= 0)
        out[size++] = '0';
    for (long i = 0; i < point; i++)
        out[size++] = (size_t)i < count ? digits[i] : '0';
    if (point < (long)count)
        out[size++] = '.';
    for (long i = point; i < 0; i++)
        out[size++] = '0';
    for (long i = point < 0 ? 0 : point; i < (long)count; i++)
        out[size++] = digits[i];
    out[size] = '\0';
    return size;
}

/* The fewest digits that mean this double. out has 32 bytes. */
static void shortest(double value, char out[32]) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

size_t number_text(struct xpath_number number, char out[NUMBER_TEXT_BYTES]) {
    char text[32];

    if (isnan(number.value)) {
        out[0] = '\0';
        return 0;
    }
    if (number.whole)
        number = number_of_double(floor(number.value));
    if (number.exact)
        return decimal_format(number.decimal, out);
    if (isinf(number.value))
        return (size_t)snprintf(out, NUMBER_TEXT_BYTES, "%s",
                                number.value < 0 ? "-Infinity" : "Infinity");
    shortest(number.value, text);
    return without_exponent(text, out);
}

/* ---- operations ---- */

struct xpath_number number_negate(struct xpath_number number) {
    struct decimal decimal = number.decimal;

    if (!number.exact || decimal.mantissa == INT64_MIN)
        return number_of_double(-number.value);
    decimal.mantissa = -decimal.mantissa;
    return number_of_decimal(decimal);
}

/* Both with the greater scale. */
static bool align(struct decimal *left, struct decimal *right) {
    return left->scale < right->scale ? decimal_rescale(*left, right->scale, left)
                                      : decimal_rescale(*right, left->scale, right);
}

/* The quotient of two aligned mantissas, if it ends within the digits that we have. */
static bool divide(int64_t left, int64_t right, struct decimal *result) {
    int64_t rest;

    if (right == 0 || (right == -1 && left == INT64_MIN))
        return false;
    result->mantissa = left / right;
    result->scale = 0;
    for (rest = left % right; rest != 0; result->scale++) {
        int64_t digit;

        if (result->scale == DECIMAL_SCALE_MAX || __builtin_mul_overflow(rest, 10, &rest) ||
            __builtin_mul_overflow(result->mantissa, 10, &result->mantissa))
            return false;
        digit = rest / right;
        rest %= right;
        if (__builtin_add_overflow(result->mantissa, digit, &result->mantissa))
            return false;
    }
    return true;
}

static bool exactly(enum operation operation, struct decimal left, struct decimal right,
                    struct decimal *result) {
    if (operation == OPERATION_MULTIPLY) {
        if (left.scale + right.scale > (int)DECIMAL_SCALE_MAX)
            return false;
        result->scale = (uint8_t)(left.scale + right.scale);
        return !__builtin_mul_overflow(left.mantissa, right.mantissa, &result->mantissa);
    }
    if (!align(&left, &right))
        return false;
    result->scale = left.scale;
    switch (operation) {
    case OPERATION_ADD:
        return !__builtin_add_overflow(left.mantissa, right.mantissa, &result->mantissa);
    case OPERATION_SUBTRACT:
        return !__builtin_sub_overflow(left.mantissa, right.mantissa, &result->mantissa);
    case OPERATION_DIVIDE:
        return divide(left.mantissa, right.mantissa, result);
    case OPERATION_MODULO:
        if (right.mantissa == 0 || right.mantissa == -1)
            return false;
        result->mantissa = left.mantissa % right.mantissa;
        return true;
    default:
        return false;
    }
}

/* Days added to a date, or the days between two: in milliseconds. */
static bool dated(enum operation operation, struct xpath_number left, struct xpath_number right,
                  struct xpath_number *result) {
    bool add = operation == OPERATION_ADD;
    int64_t ms;

    if (!add && operation != OPERATION_SUBTRACT)
        return false;
    if (left.dated && right.dated && !add) {
        if (__builtin_sub_overflow(left.ms, right.ms, &ms))
            return false;
        *result = number_of_ms(ms);
        result->dated = false; /* a duration */
        return true;
    }
    if (add && right.dated && !left.dated) {
        struct xpath_number swapped = left;

        left = right;
        right = swapped;
    }
    if (!left.dated || right.dated || !right.exact || right.decimal.scale != 0 ||
        __builtin_mul_overflow(right.decimal.mantissa, MS_PER_DAY, &ms) ||
        (add ? __builtin_add_overflow(left.ms, ms, &ms) : __builtin_sub_overflow(left.ms, ms, &ms)))
        return false;
    *result = number_of_ms(ms);
    return true;
}

struct xpath_number number_operate(enum operation operation, struct xpath_number left,
                                   struct xpath_number right) {
    struct xpath_number result;
    struct decimal decimal;

    if ((left.dated || right.dated) && dated(operation, left, right, &result))
        return result;
    if (left.exact && right.exact && exactly(operation, left.decimal, right.decimal, &decimal))
        return number_of_decimal(decimal);
    switch (operation) {
    case OPERATION_ADD:
        return number_of_double(left.value + right.value);
    case OPERATION_SUBTRACT:
        return number_of_double(left.value - right.value);
    case OPERATION_MULTIPLY:
        return number_of_double(left.value * right.value);
    case OPERATION_DIVIDE:
        return number_of_double(left.value / right.value);
    default:
        return number_of_double(fmod(left.value, right.value));
    }
}

int number_compare(struct xpath_number left, struct xpath_number right, bool *ordered) {
    *ordered = !isnan(left.value) && !isnan(right.value);
    if (left.dated && right.dated)
        return left.ms < right.ms ? -1 : left.ms > right.ms;
    if (left.exact && right.exact)
        return decimal_compare(left.decimal, right.decimal);
    return left.value < right.value ? -1 : left.value > right.value;
}

/* ---- rounding ---- */

static int64_t round_quotient(int64_t mantissa, int64_t unit, enum rounding rounding) {
    int64_t quotient = mantissa / unit;
    int64_t rest = mantissa % unit;
    int64_t away = mantissa < 0 ? -1 : 1;

    if (rest == 0)
        return quotient;
    switch (rounding) {
    case ROUND_FLOOR:
        return mantissa < 0 ? quotient - 1 : quotient;
    case ROUND_CEILING:
        return mantissa > 0 ? quotient + 1 : quotient;
    case ROUND_TOWARD_ZERO:
        return quotient;
    case ROUND_HALF_AWAY:
        break;
    }
    rest = rest < 0 ? -rest : rest;
    return rest >= unit - rest ? quotient + away : quotient;
}

struct xpath_number number_round(struct xpath_number number, enum rounding rounding,
                                 int32_t places) {
    char text[NUMBER_TEXT_BYTES];
    struct decimal decimal = number.decimal;
    int64_t unit = 1;
    int32_t cut;

    if (isnan(number.value) || isinf(number.value))
        return number_of_double(number.value);
    if (!number.exact) {
        size_t size;

        number.whole = false;
        size = number_text(number, text); /* what people see is what is rounded */
        if (!decimal_parse(view_of(text, size), &decimal)) {
            double scaled = number.value;

            /* Tiny, or beyond 18 digits: too small or too large for places to matter. */
            if (fabs(scaled) >= 1e17)
                return number_of_double(scaled);
            if (fabs(scaled) < 1e-17)
                return number_of_int(rounding == ROUND_FLOOR && scaled < 0     ? -1
                                     : rounding == ROUND_CEILING && scaled > 0 ? 1
                                                                               : 0);
            snprintf(text, sizeof(text), "%.*f", fabs(scaled) < 10 ? 17 : 1, scaled);
            if (!decimal_parse(view_text(text), &decimal))
                return number_of_double(round(scaled));
        }
    }
    if (places >= (int32_t)decimal.scale)
        return number_of_decimal(decimal);
    cut = (int32_t)decimal.scale - places; /* digits that go */
    if (cut > 18)
        return number_of_int(0);
    for (int32_t i = 0; i < cut; i++)
        unit *= 10;
    decimal.mantissa = round_quotient(decimal.mantissa, unit, rounding);
    decimal.scale = places > 0 ? (uint8_t)places : 0;
    for (int32_t i = places; i < 0; i++)
        if (__builtin_mul_overflow(decimal.mantissa, 10, &decimal.mantissa))
            return number_of_double(number.value);
    return number_of_decimal(decimal);
}
