/* UTF-8, cleaning, and bytes as text; numbers are in number.c. */
#include "base/text.h"

#include <math.h>

/* ---- UTF-8 ---- */

/* How many bytes follow the lead byte, and the smallest character that may be written so; a
 * smaller one would be an overlong form. 0 for bytes that cannot lead. */
static unsigned lead(uint8_t byte, uint32_t *bits, uint32_t *smallest) {
    if (byte >= 0xC2 && byte < 0xE0) {
        *bits = byte & 0x1Fu;
        *smallest = 0x80;
        return 1;
    }
    if (byte >= 0xE0 && byte < 0xF0) {
        *bits = byte & 0x0Fu;
        *smallest = 0x800;
        return 2;
    }
    if (byte >= 0xF0 && byte < 0xF5) {
        *bits = byte & 0x07u;
        *smallest = 0x10000;
        return 3;
    }
    return 0;
}

static bool is_character(uint32_t character) {
    return character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

uint32_t utf8_next(struct view text, size_t *at) {
    size_t start = *at;
    uint32_t character = 0;
    uint32_t smallest = 0;
    unsigned more;
    unsigned index;

    *at = start + 1;
    if (text.data[start] < 0x80)
        return text.data[start];
    more = lead(text.data[start], &character, &smallest);
    if (more == 0 || more >= text.size - start)
        return UTF8_BAD;
    for (index = 1; index <= more; index++) {
        uint8_t byte = text.data[start + index];

        if ((byte & 0xC0) != 0x80)
            return UTF8_BAD;
        character = character << 6 | (byte & 0x3Fu);
    }
    if (character < smallest || !is_character(character))
        return UTF8_BAD;
    *at = start + 1 + more;
    return character;
}

/* Whether eight bytes are all ASCII and none is zero: then subtracting one from each borrows from
 * no neighbour, and sets no high bit. */
static bool plain_ascii(const uint8_t *bytes) {
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

/* A character of three bytes, as nearly all Chinese ones are; not so the first and the last leads,
 * which have exceptions. */
static bool plain_han(const uint8_t *bytes) {
    return bytes[0] > 0xE0 && bytes[0] < 0xED && (bytes[1] & 0xC0) == 0x80 &&
           (bytes[2] & 0xC0) == 0x80;
}

bool utf8_valid(struct view text) {
    size_t at = 0;

    while (at < text.size) {
        uint32_t character;

        if (text.data[at] < 0x80) {
            while (text.size - at >= 8 && plain_ascii(text.data + at))
                at += 8;
            while (at < text.size && text.data[at] < 0x80)
                if (text.data[at++] == 0)
                    return false;
            continue;
        }
        if (text.size - at >= 3 && plain_han(text.data + at)) {
            at += 3;
            continue;
        }
        character = utf8_next(text, &at);
        if (character == 0 || character == UTF8_BAD)
            return false;
    }
    return true;
}

size_t utf8_put(uint32_t character, uint8_t out[4]) {
    if (!is_character(character))
        return 0;
    if (character < 0x80) {
        out[0] = (uint8_t)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (uint8_t)(0xC0 | character >> 6);
        out[1] = (uint8_t)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (uint8_t)(0xE0 | character >> 12);
        out[1] = (uint8_t)(0x80 | (character >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | character >> 18);
    out[1] = (uint8_t)(0x80 | (character >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (character >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (character & 0x3F));
    return 4;
}

size_t utf8_length(struct view text) {
    size_t length = 0;
    size_t index;

    for (index = 0; index < text.size; index++)
        length += (text.data[index] & 0xC0) != 0x80;
    return length;
}

struct view utf8_cut(struct view text, size_t max_characters) {
    size_t at = 0;

    while (at < text.size && max_characters > 0) {
        utf8_next(text, &at);
        max_characters--;
    }
    return view_slice(text, 0, at);
}

struct view utf8_cut_bytes(struct view text, size_t max_bytes) {
    if (max_bytes >= text.size)
        return text;
    while (max_bytes > 0 && (text.data[max_bytes] & 0xC0) == 0x80)
        max_bytes--;
    return view_slice(text, 0, max_bytes);
}

/* What East Asian terminals show in two columns. */
static bool is_wide(uint32_t character) {
    static const struct {
        uint32_t first, last;
    } wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1faff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd},
    };

    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (character >= wide[i].first && character <= wide[i].last)
            return true;
    return false;
}

uint32_t text_width(struct view text) {
    uint32_t width = 0;

    for (size_t at = 0; at < text.size;)
        width += is_wide(utf8_next(text, &at)) ? 2 : 1;
    return width;
}

/* ---- cleaning ---- */

static bool is_space(uint8_t byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* U+3000, the space of Chinese typing. */
static bool is_wide_space(const uint8_t *bytes) {
    return bytes[0] == 0xE3 && bytes[1] == 0x80 && bytes[2] == 0x80;
}

struct view text_word(struct view text, size_t *at) {
    size_t start;

    while (*at < text.size && text.data[*at] <= ' ')
        ++*at;
    for (start = *at; *at < text.size && text.data[*at] > ' ';)
        ++*at;
    return view_slice(text, start, *at - start);
}

bool text_has_word(struct view text, struct view word) {
    size_t at = 0;

    while (at < text.size)
        if (view_equal(text_word(text, &at), word))
            return true;
    return false;
}

struct view text_trim(struct view text) {
    size_t start = 0;
    size_t end = text.size;

    while (start < end) {
        if (is_space(text.data[start]))
            start++;
        else if (end - start >= 3 && is_wide_space(text.data + start))
            start += 3;
        else
            break;
    }
    while (end > start) {
        if (is_space(text.data[end - 1]))
            end--;
        else if (end - start >= 3 && is_wide_space(text.data + end - 3))
            end -= 3;
        else
            break;
    }
    return view_slice(text, start, end - start);
}

/* The ASCII twin of a full-width character, 0 if it has none that we fold. */
static uint8_t narrow(uint32_t character) {
    uint32_t ascii;

    if (character == 0x3000)
        return ' ';
    if (character < 0xFF01 || character > 0xFF5E)
        return 0;
    ascii = character - 0xFEE0;
    if ((ascii >= '0' && ascii <= '9') || (ascii >= 'A' && ascii <= 'Z') ||
        (ascii >= 'a' && ascii <= 'z') || ascii == '.' || ascii == '-' || ascii == '+' ||
        ascii == '/')
        return (uint8_t)ascii;
    return 0;
}

size_t text_fold_width(struct view text, char *out) {
    size_t at = 0;
    size_t size = 0;

    while (at < text.size) {
        size_t start = at;
        uint8_t ascii = narrow(utf8_next(text, &at));

        if (ascii != 0) {
            out[size++] = (char)ascii;
        } else {
            memmove(out + size, text.data + start, at - start);
            size += at - start;
        }
    }
    return size;
}

void text_to_upper(char *text) {
    for (; *text != '\0'; text++)
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
}

void text_to_lower(char *text) {
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* ---- bytes as text ---- */

size_t double_format(double number, char out[DOUBLE_TEXT_BYTES]) {
    int length = 0;

    if (number == floor(number) && fabs(number) < 1e15)
        return (size_t)snprintf(out, DOUBLE_TEXT_BYTES, "%.0f", number == 0 ? 0.0 : number);
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(out, DOUBLE_TEXT_BYTES, "%.*g", digits, number);
        if (strtod(out, NULL) == number)
            break;
    }
    return (size_t)length;
}

void hex_encode(struct view bytes, char *out) {
    static const char digits[] = "0123456789abcdef";
    size_t index;

    for (index = 0; index < bytes.size; index++) {
        *out++ = digits[bytes.data[index] >> 4];
        *out++ = digits[bytes.data[index] & 15];
    }
    *out = '\0';
}

static int hex_digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

bool hex_decode(struct view text, uint8_t *out, size_t size) {
    size_t index;

    if (text.size % 2 != 0 || text.size / 2 != size)
        return false;
    for (index = 0; index < size; index++) {
        int high = hex_digit(text.data[2 * index]);
        int low = hex_digit(text.data[2 * index + 1]);

        if (high < 0 || low < 0)
            return false;
        out[index] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static const char crockford_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void crockford_encode(struct view bytes, size_t group, char *out) {
    size_t digits = CROCKFORD_DIGITS(bytes.size);
    size_t at = 0;
    uint32_t held = 0; /* bits not yet written, at the low end */
    unsigned bits = 0;
    size_t index;

    for (index = 0; index < digits; index++) {
        if (bits < 5) {
            held = held << 8 | (at < bytes.size ? bytes.data[at] : 0u);
            at++;
            bits += 8;
        }
        if (group > 0 && index > 0 && index % group == 0)
            *out++ = '-';
        bits -= 5;
        *out++ = crockford_digits[held >> bits & 31];
        held &= (1u << bits) - 1;
    }
    *out = '\0';
}

static int crockford_digit(uint8_t byte) {
    const char *found;

    if (byte >= 'a' && byte <= 'z')
        byte = (uint8_t)(byte - 'a' + 'A');
    if (byte == 'I' || byte == 'L')
        return 1;
    if (byte == 'O')
        return 0;
    found = byte == '\0' ? NULL : strchr(crockford_digits, byte);
    return found == NULL ? -1 : (int)(found - crockford_digits);
}

bool crockford_decode(struct view text, uint8_t *out, size_t size) {
    uint32_t held = 0;
    unsigned bits = 0;
    size_t digits = 0;
    size_t done = 0;
    size_t index;

    for (index = 0; index < text.size; index++) {
        int digit;

        if (text.data[index] == '-' || text.data[index] == ' ')
            continue;
        digit = crockford_digit(text.data[index]);
        if (digit < 0 || ++digits > CROCKFORD_DIGITS(size))
            return false;
        held = held << 5 | (uint32_t)digit;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            if (done == size)
                return false;
            out[done++] = (uint8_t)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    return done == size && digits == CROCKFORD_DIGITS(size) && held == 0;
}
