/* Functions of texts. Positions count characters (code points); XPath's substring from 1, ODK's
 * substr from 0. */
#include "schema/form/xpath_function.h"

#include <math.h>

#include "base/words.h"
#include "schema/form/xpath_regex.h"

FUNCTION(function_string) {
    struct view text;
    enum rc rc = argument_text_or_self(run, call, focus, &text);

    return rc != RC_OK ? rc : give_text(run, text, value);
}

static enum rc join(struct run *run, const struct texts *texts, struct view between,
                    struct xpath_value *value) {
    struct buf out;

    buf_init(&out, XPATH_VALUE_BYTES);
    for (uint32_t i = 0; i < texts->count; i++) {
        if (i > 0)
            buf_add_view(&out, between);
        buf_add_view(&out, texts->items[i]);
    }
    return give_buf(run, &out, value);
}

FUNCTION(function_concat) {
    struct texts texts = {0};
    enum rc rc = arguments_texts(run, call, 0, focus, &texts);

    return rc != RC_OK ? rc : join(run, &texts, view_of("", 0), value);
}

FUNCTION(function_join) {
    struct texts texts = {0};
    struct view between;
    enum rc rc = argument_text(run, call, 0, focus, &between);

    if (rc == RC_OK)
        rc = arguments_texts(run, call, 1, focus, &texts);
    return rc != RC_OK ? rc : join(run, &texts, between, value);
}

static enum rc two_texts(struct run *run, const struct expression *call, const struct focus *focus,
                         struct view *left, struct view *right) {
    enum rc rc = argument_text(run, call, 0, focus, left);

    return rc != RC_OK ? rc : argument_text(run, call, 1, focus, right);
}

FUNCTION(function_starts_with) {
    struct view text, with;
    enum rc rc = two_texts(run, call, focus, &text, &with);

    return rc != RC_OK ? rc : give_bool(view_equal(view_slice(text, 0, with.size), with), value);
}

FUNCTION(function_ends_with) {
    struct view text, with;
    enum rc rc = two_texts(run, call, focus, &text, &with);

    return rc != RC_OK
               ? rc
               : give_bool(text.size >= with.size &&
                               view_equal(view_slice(text, text.size - with.size, with.size), with),
                           value);
}

/* Where the second text begins in the first; false if it does not. */
static bool find(struct view text, struct view wanted, size_t *at) {
    const void *found;

    *at = 0;
    if (wanted.size == 0)
        return true;
    if (text.size == 0)
        return false;
    found = memmem(text.data, text.size, wanted.data, wanted.size);
    if (found != NULL)
        *at = (size_t)((const uint8_t *)found - text.data);
    return found != NULL;
}

FUNCTION(function_contains) {
    struct view text, wanted;
    size_t at;
    enum rc rc = two_texts(run, call, focus, &text, &wanted);

    return rc != RC_OK ? rc : give_bool(find(text, wanted, &at), value);
}

FUNCTION(function_substring_before) {
    struct view text, wanted;
    size_t at;
    enum rc rc = two_texts(run, call, focus, &text, &wanted);

    if (rc != RC_OK)
        return rc;
    if (!find(text, wanted, &at))
        at = 0;
    return give_text(run, view_slice(text, 0, at), value);
}

FUNCTION(function_substring_after) {
    struct view text, wanted;
    size_t at;
    enum rc rc = two_texts(run, call, focus, &text, &wanted);

    if (rc != RC_OK)
        return rc;
    if (!find(text, wanted, &at))
        return give_text(run, view_of("", 0), value);
    return give_text(run, view_slice(text, at + wanted.size, text.size), value);
}

/* The characters from `from` up to `to`, counted from 0. */
static struct view characters(struct view text, double from, double to) {
    size_t start = text.size;
    size_t at = 0;
    double count = 0;

    while (at < text.size && count < to) {
        if (count >= from && start == text.size)
            start = at;
        (void)utf8_next(text, &at);
        count++;
    }
    return start >= at ? view_of("", 0) : view_slice(text, start, at - start);
}

/* XPath's rounding: halves go up, and infinities and NaN do what the comparisons say. */
FUNCTION(function_substring) {
    struct xpath_number from, length = {.value = INFINITY};
    struct view text;
    double start, end;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &from);
    if (rc == RC_OK && call->operand_count > 2)
        rc = argument_number(run, call, 2, focus, &length);
    if (rc != RC_OK)
        return rc;
    start = floor(from.value + 0.5);
    end = call->operand_count > 2 ? start + floor(length.value + 0.5) : INFINITY;
    if (isnan(start) || isnan(end))
        return give_text(run, view_of("", 0), value);
    return give_text(run, characters(text, start - 1, end - 1), value);
}

/* From 0; a negative place counts from the end. */
FUNCTION(function_substr) {
    struct xpath_number from, to = {.value = INFINITY};
    struct view text;
    double length;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = argument_number(run, call, 1, focus, &from);
    if (rc == RC_OK && call->operand_count > 2)
        rc = argument_number(run, call, 2, focus, &to);
    if (rc != RC_OK)
        return rc;
    if (isnan(from.value) || isnan(to.value))
        return give_text(run, view_of("", 0), value);
    length = (double)utf8_length(text);
    if (from.value < 0)
        from.value += length;
    if (to.value < 0)
        to.value += length;
    return give_text(run, characters(text, floor(from.value), floor(to.value)), value);
}

FUNCTION(function_string_length) {
    struct view text;
    enum rc rc = argument_text_or_self(run, call, focus, &text);

    return rc != RC_OK ? rc : give_number(number_of_int((int64_t)utf8_length(text)), value);
}

FUNCTION(function_normalize_space) {
    struct view text;
    struct buf out;
    bool gap = false;
    enum rc rc = argument_text_or_self(run, call, focus, &text);

    if (rc != RC_OK)
        return rc;
    buf_init(&out, XPATH_VALUE_BYTES);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];

        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
            gap = out.size > 0;
            continue;
        }
        if (gap)
            buf_add_u8(&out, ' ');
        gap = false;
        buf_add_u8(&out, byte);
    }
    return give_buf(run, &out, value);
}

/* The character at a position; false behind the end. */
static bool character_at(struct view text, uint32_t index, uint32_t *character) {
    size_t at = 0;

    while (at < text.size) {
        *character = utf8_next(text, &at);
        if (index-- == 0)
            return true;
    }
    return false;
}

FUNCTION(function_translate) {
    struct view text, from, to;
    struct buf out;
    size_t at = 0;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc == RC_OK)
        rc = argument_text(run, call, 1, focus, &from);
    if (rc == RC_OK)
        rc = argument_text(run, call, 2, focus, &to);
    if (rc == RC_OK) /* the product of the lengths, in steps of 64 bytes */
        rc = run_spend(run, (uint32_t)((text.size / 64 + 1) * (from.size / 64 + 1)));
    if (rc != RC_OK)
        return rc;
    buf_init(&out, XPATH_VALUE_BYTES);
    while (at < text.size) {
        uint32_t character = utf8_next(text, &at);
        uint32_t index = 0, other;
        size_t place = 0;
        uint8_t bytes[4];
        bool found = false;

        while (place < from.size && !found) {
            found = utf8_next(from, &place) == character;
            index += !found;
        }
        if (found && !character_at(to, index, &other))
            continue;
        buf_add(&out, bytes, utf8_put(found ? other : character, bytes));
    }
    return give_buf(run, &out, value);
}

FUNCTION(function_regex) {
    struct view text, pattern;
    struct regex *regex;
    bool matches = false;
    enum rc rc = two_texts(run, call, focus, &text, &pattern);

    if (rc != RC_OK)
        return rc;
    rc = regex_parse(pattern, run->arena, &regex, run->err);
    if (rc == RC_OK)
        rc = regex_match(regex, text, run->arena, run->steps, &matches, run->err);
    return rc != RC_OK ? run_fail_at(run, call->place) : give_bool(matches, value);
}

/* RFC 4648, also without its padding; anything else gives an empty text. The bytes may be no text
 * that XML can hold: an engine drops what is not. */
FUNCTION(function_base64_decode) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct view text;
    struct buf out;
    uint32_t bits = 0, count = 0;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc != RC_OK)
        return rc;
    buf_init(&out, XPATH_VALUE_BYTES);
    for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
        const char *found = text.data[i] == 0 ? NULL : strchr(letters, text.data[i]);

        if (found == NULL) {
            buf_clear(&out);
            break;
        }
        bits = bits << 6 | (uint32_t)(found - letters);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_add_u8(&out, (uint8_t)(bits >> count));
        }
    }
    return give_buf(run, &out, value);
}

static void add_base64(struct view bytes, struct buf *out) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t bits = (uint32_t)bytes.data[i] << 16 |
                        (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                        (left > 2 ? bytes.data[i + 2] : 0);

        for (size_t k = 0; k < 4; k++)
            buf_add_u8(out, k > left ? '=' : (uint8_t)letters[bits >> (18 - 6 * k) & 63]);
    }
}

/* The encoding is base64 unless "hex" is asked for. */
FUNCTION(function_digest) {
    struct view text, algorithm, encoding = view_of("", 0);
    struct buf hash, out;
    enum rc rc = two_texts(run, call, focus, &text, &algorithm);

    if (rc == RC_OK && call->operand_count > 2)
        rc = argument_text(run, call, 2, focus, &encoding);
    if (rc != RC_OK)
        return rc;
    buf_init(&hash, 64);
    buf_init(&out, 256);
    if (run->host->digest == NULL || !run->host->digest(run->host->user, algorithm, text, &hash)) {
        buf_release(&hash);
        return call_fail(run, call, RC_UNSUPPORTED, WORD("we do not have this kind of digest"));
    }
    if (view_is(encoding, "hex"))
        for (size_t i = 0; i < hash.size; i++)
            buf_addf(&out, "%02x", hash.data[i]);
    else
        add_base64(buf_view(&hash), &out);
    buf_release(&hash);
    return give_buf(run, &out, value);
}
