/* The lookup, and the comparison of two printf formats.
 *
 * Two formats agree when a call that is right for one is right for the other. Each format is read
 * into a list "argument number -> type", where the type is the length modifier and the conversion
 * letter (with i as d, and * widths as ints), and the lists are compared. Without positions the
 * arguments are numbered as they come. */
#include "base/words.h"

#define ARGUMENTS_MAX 16u

const char *words(enum lang lang, const char *english) {
    size_t low = 0;
    size_t high = words_zh_count;

    if (lang != LANG_ZH)
        return english;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(english, words_zh[middle].english);

        if (order == 0)
            return words_zh[middle].chinese;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return english;
}

struct signature {
    unsigned types[ARGUMENTS_MAX]; /* 0: not named */
    size_t next;                   /* arguments taken in order */
    size_t highest;                /* one above the highest argument named */
    bool ordered;
    bool positional;
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Reads "12$" if it stands there; *position is 0 if not. */
static const char *read_position(const char *at, size_t *position) {
    const char *end = at;
    size_t value = 0;

    *position = 0;
    while (is_digit(*end) && value < 1000)
        value = value * 10 + (size_t)(*end++ - '0');
    if (end == at || *end != '$')
        return at;
    *position = value;
    return end + 1;
}

/* One argument of the type, at the position or (0) the next one. */
static bool take(struct signature *signature, size_t position, unsigned type) {
    size_t index;

    if (position == 0) {
        signature->ordered = true;
        index = signature->next++;
    } else {
        signature->positional = true;
        index = position - 1;
    }
    if (index >= ARGUMENTS_MAX || (signature->ordered && signature->positional))
        return false;
    if (signature->types[index] != 0 && signature->types[index] != type)
        return false;
    signature->types[index] = type;
    if (index + 1 > signature->highest)
        signature->highest = index + 1;
    return true;
}

/* A '*' width or precision, or digits. */
static bool read_number(struct signature *signature, const char **at) {
    size_t position;

    if (**at == '*') {
        *at = read_position(*at + 1, &position);
        return take(signature, position, (unsigned)'d');
    }
    while (is_digit(**at))
        (*at)++;
    return true;
}

/* The conversion behind a '%'. */
static bool read_conversion(struct signature *signature, const char **at) {
    size_t position;
    unsigned type = 0;

    *at = read_position(*at, &position);
    while (**at != '\0' && strchr("-+ #0'", **at) != NULL)
        (*at)++;
    if (!read_number(signature, at))
        return false;
    if (**at == '.') {
        (*at)++;
        if (!read_number(signature, at))
            return false;
    }
    while (**at != '\0' && strchr("hljztL", **at) != NULL)
        type = type * 256 + (unsigned char)*(*at)++;
    if (type > 0xFFFF || **at == '\0' || strchr("diouxXeEfFgGaAcsp", **at) == NULL)
        return false;
    type = type * 256 + (**at == 'i' ? (unsigned)'d' : (unsigned char)**at);
    (*at)++;
    return take(signature, position, type);
}

static bool read_signature(const char *format, struct signature *signature) {
    size_t index;

    *signature = (struct signature){0};
    while (*format != '\0') {
        if (*format++ != '%')
            continue;
        if (*format == '%')
            format++;
        else if (!read_conversion(signature, &format))
            return false;
    }
    for (index = 0; index < signature->highest; index++)
        if (signature->types[index] == 0)
            return false;
    return true;
}

bool words_agree(const char *english, const char *chinese) {
    struct signature left;
    struct signature right;

    if (!read_signature(english, &left) || !read_signature(chinese, &right))
        return false;
    return left.highest == right.highest &&
           memcmp(left.types, right.types, sizeof(left.types)) == 0;
}
