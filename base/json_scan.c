/* json_scan.c: the strict scan that runs before cJSON sees a text (json_scan.h has the contract).
 *
 * The scan walks the grammar of RFC 8259 once, without recursion, and writes a canonical text for
 * the library: no white space; strings with every escape undone except those that must stay; each
 * value that is a string gets an S in front and each number becomes a string with an N in front, so
 * that the library keeps the number's own characters and never makes a double of it.
 *
 * Keys are compared in their canonical form. Each open object has its keys on one stack, as places
 * in the output; when the object closes they are sorted and neighbours compared. */
#include "base/json_scan.h"

#include "base/list.h"
#include "base/text.h"

struct key {
    const struct buf *out; /* for the comparison; the buffer may have moved since */
    size_t start;
    size_t size;
    size_t at; /* in the input, for the message */
};

struct level {
    bool object;
    size_t first_key;
};

struct scan {
    struct view text;
    size_t at;
    struct buf *out;
    struct key *keys;
    size_t key_count;
    size_t key_room;
    struct level levels[JSON_DEPTH_MAX];
    size_t depth;
    size_t depth_max;
};

/* Line and column (in characters) of a place. */
static void locate(const struct scan *scan, size_t at, size_t *line, size_t *column) {
    size_t start = 0;
    size_t index;

    *line = 1;
    for (index = 0; index < at && index < scan->text.size; index++) {
        if (scan->text.data[index] == '\n') {
            (*line)++;
            start = index + 1;
        }
    }
    *column = utf8_length(view_slice(scan->text, start, at - start)) + 1;
}

static enum rc bad_at(const struct scan *scan, size_t at, const char *what, struct err *err) {
    size_t line;
    size_t column;

    locate(scan, at, &line, &column);
    return err_set(err, RC_INVALID, "JSON, line %zu, column %zu: %s", line, column,
                   words(err->lang, what));
}

static enum rc bad(const struct scan *scan, const char *what, struct err *err) {
    return bad_at(scan, scan->at, what, err);
}

static int peek(const struct scan *scan) {
    return scan->at < scan->text.size ? scan->text.data[scan->at] : -1;
}

static void skip_space(struct scan *scan) {
    for (;;) {
        int byte = peek(scan);

        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r')
            return;
        scan->at++;
    }
}

/* ---- strings ---- */

static bool read_hex4(struct scan *scan, uint32_t *value) {
    uint8_t bytes[2];

    if (scan->text.size - scan->at < 4 ||
        !hex_decode(view_slice(scan->text, scan->at, 4), bytes, sizeof(bytes)))
        return false;
    *value = (uint32_t)bytes[0] << 8 | bytes[1];
    scan->at += 4;
    return true;
}

/* Writes one character of a string in its canonical form. */
static void put_character(struct scan *scan, uint32_t character) {
    uint8_t bytes[4];

    if (character == '"' || character == '\\') {
        buf_add_u8(scan->out, '\\');
        buf_add_u8(scan->out, (uint8_t)character);
    } else if (character < 0x20) {
        buf_addf(scan->out, "\\u%04x", (unsigned)character);
    } else {
        buf_add(scan->out, bytes, utf8_put(character, bytes));
    }
}

/* Behind "\u": one character, which may be a pair of surrogates. */
static enum rc read_unicode(struct scan *scan, size_t start, struct err *err) {
    uint32_t character;
    uint32_t low;

    if (!read_hex4(scan, &character))
        return bad_at(scan, start, "\\u needs four hexadecimal digits", err);
    if (character == 0)
        return bad_at(scan, start, "a NUL character is not allowed", err);
    if (character >= 0xD800 && character <= 0xDFFF) {
        bool pair = character < 0xDC00 && scan->text.size - scan->at >= 2 &&
                    scan->text.data[scan->at] == '\\' && scan->text.data[scan->at + 1] == 'u';

        if (pair)
            scan->at += 2;
        if (!pair || !read_hex4(scan, &low) || low < 0xDC00 || low > 0xDFFF)
            return bad_at(scan, start, "half of a surrogate pair", err);
        character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
    }
    put_character(scan, character);
    return RC_OK;
}

static enum rc read_escape(struct scan *scan, struct err *err) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    size_t start = scan->at++;
    int byte = peek(scan);
    const char *found;

    scan->at++;
    if (byte == 'u')
        return read_unicode(scan, start, err);
    found = byte <= 0 ? NULL : strchr(letters, byte);
    if (found == NULL)
        return bad_at(scan, start, "an unknown escape", err);
    put_character(scan, (uint8_t)meanings[found - letters]);
    return RC_OK;
}

/* From the opening quote to behind the closing one. tag (if not 0) stands first in the output. */
static enum rc read_string(struct scan *scan, char tag, struct err *err) {
    size_t opened = scan->at++;
    enum rc rc = RC_OK;

    buf_add_u8(scan->out, '"');
    if (tag != 0)
        buf_add_u8(scan->out, (uint8_t)tag);
    while (rc == RC_OK) {
        int byte = peek(scan);

        if (byte < 0)
            return bad_at(scan, opened, "the string that begins here is never closed", err);
        if (byte == '"')
            break;
        if (byte < 0x20)
            return bad(scan, "a control character inside a string; write it as \\n, \\t or \\u",
                       err);
        if (byte == '\\')
            rc = read_escape(scan, err);
        else
            buf_add_u8(scan->out, scan->text.data[scan->at++]);
    }
    scan->at++;
    buf_add_u8(scan->out, '"');
    return rc;
}

/* ---- numbers ---- */

static bool in_number(int byte) {
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' ||
           byte == 'e' || byte == 'E';
}

static enum rc read_number(struct scan *scan, struct err *err) {
    size_t start = scan->at;
    struct view text;
    struct decimal value;

    while (in_number(peek(scan)))
        scan->at++;
    text = view_slice(scan->text, start, scan->at - start);
    if (!json_number_valid(text))
        return bad_at(scan, start, "malformed number", err);
    if (!json_number_decimal(text, &value))
        return bad_at(scan, start,
                      "the number cannot be kept exactly (18 digits, 18 decimal places)", err);
    buf_add_text(scan->out, "\"N");
    buf_add_view(scan->out, text);
    buf_add_u8(scan->out, '"');
    return RC_OK;
}

/* ---- structure ---- */

static enum rc read_word(struct scan *scan, struct err *err) {
    static const char *const known[] = {"true", "false", "null"};
    size_t index;

    for (index = 0; index < 3; index++) {
        struct view word = view_text(known[index]);

        if (view_equal(view_slice(scan->text, scan->at, word.size), word)) {
            scan->at += word.size;
            buf_add_view(scan->out, word);
            return RC_OK;
        }
    }
    return bad(scan, scan->at < scan->text.size ? "expected a value" : "the text ends too early",
               err);
}

/* Duplicates lie side by side after sorting; equal keys keep the order of the text. */
static int compare_keys(const void *left, const void *right) {
    const struct key *a = left;
    const struct key *b = right;
    int order = view_compare(view_slice(buf_view(a->out), a->start, a->size),
                             view_slice(buf_view(b->out), b->start, b->size));

    if (order != 0)
        return order;
    return a->at < b->at ? -1 : a->at > b->at;
}

static enum rc check_keys(struct scan *scan, size_t first, struct err *err) {
    size_t index;

    if (scan->key_count > first)
        qsort(scan->keys + first, scan->key_count - first, sizeof(*scan->keys), compare_keys);
    for (index = first + 1; index < scan->key_count; index++) {
        const struct key *before = &scan->keys[index - 1];
        const struct key *key = &scan->keys[index];

        if (view_equal(view_slice(buf_view(scan->out), before->start, before->size),
                       view_slice(buf_view(scan->out), key->start, key->size)))
            return bad_at(scan, key->at, "this key stands twice in its object", err);
    }
    scan->key_count = first;
    return RC_OK;
}

/* A key and its colon. */
static enum rc read_key(struct scan *scan, struct err *err) {
    size_t start = scan->out->size;
    size_t at = scan->at;
    enum rc rc;

    if (peek(scan) != '"')
        return bad(scan, "expected a key in double quotes", err);
    rc = read_string(scan, 0, err);
    if (rc == RC_OK)
        rc = array_grow(&scan->keys, sizeof(*scan->keys), scan->key_count + 1, scan->text.size,
                        "JSON", &scan->key_room, err);
    if (rc != RC_OK)
        return rc;
    scan->keys[scan->key_count++] =
        (struct key){.out = scan->out, .start = start, .size = scan->out->size - start, .at = at};
    skip_space(scan);
    if (peek(scan) != ':')
        return bad(scan, "expected a colon", err);
    scan->at++;
    buf_add_u8(scan->out, ':');
    return RC_OK;
}

static enum rc open_level(struct scan *scan, bool object, struct err *err) {
    if (scan->depth >= scan->depth_max) {
        size_t line;
        size_t column;

        locate(scan, scan->at, &line, &column);
        return err_set(err, RC_LIMIT, "JSON, line %zu, column %zu: nested deeper than %zu levels",
                       line, column, scan->depth_max);
    }
    scan->levels[scan->depth++] = (struct level){.object = object, .first_key = scan->key_count};
    buf_add_u8(scan->out, scan->text.data[scan->at++]);
    return RC_OK;
}

static enum rc close_level(struct scan *scan, struct err *err) {
    struct level level = scan->levels[--scan->depth];

    buf_add_u8(scan->out, scan->text.data[scan->at++]);
    return level.object ? check_keys(scan, level.first_key, err) : RC_OK;
}

/* Reads one value; *opened tells that it was the beginning of a container that is not empty, whose
 * first value (behind its key) comes next. */
static enum rc read_value(struct scan *scan, bool *opened, struct err *err) {
    int byte;
    bool object;
    enum rc rc;

    *opened = false;
    skip_space(scan);
    byte = peek(scan);
    if (byte == '"')
        return read_string(scan, 'S', err);
    if (byte == '-' || (byte >= '0' && byte <= '9'))
        return read_number(scan, err);
    if (byte != '{' && byte != '[')
        return read_word(scan, err);
    object = byte == '{';
    rc = open_level(scan, object, err);
    if (rc != RC_OK)
        return rc;
    skip_space(scan);
    if (peek(scan) == (object ? '}' : ']'))
        return close_level(scan, err);
    *opened = true;
    return object ? read_key(scan, err) : RC_OK;
}

/* Behind a value: closes what ends here, up to a comma (*more) or the end of the outermost. */
static enum rc read_after(struct scan *scan, bool *more, struct err *err) {
    *more = false;
    while (scan->depth > 0) {
        bool object = scan->levels[scan->depth - 1].object;
        enum rc rc;

        skip_space(scan);
        if (peek(scan) == ',') {
            *more = true;
            scan->at++;
            buf_add_u8(scan->out, ',');
            skip_space(scan);
            return object ? read_key(scan, err) : RC_OK;
        }
        if (peek(scan) != (object ? '}' : ']'))
            return bad(scan, object ? "expected a comma or }" : "expected a comma or ]", err);
        rc = close_level(scan, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc scan_all(struct scan *scan, struct err *err) {
    bool opened;
    bool more = true;

    while (more) {
        enum rc rc = read_value(scan, &opened, err);

        if (rc == RC_OK && !opened)
            rc = read_after(scan, &more, err);
        if (rc != RC_OK)
            return rc;
        if (scan->out->failed != RC_OK)
            return buf_check(scan->out, "JSON", err);
    }
    skip_space(scan);
    if (scan->at < scan->text.size)
        return bad(scan, "there is something behind the value", err);
    return RC_OK;
}

/* The first byte that is not strict UTF-8; text.size if there is none. */
static size_t first_bad_byte(struct view text) {
    size_t at = 0;

    while (at < text.size) {
        size_t start = at;
        uint32_t character = utf8_next(text, &at);

        if (character == 0 || character == UTF8_BAD)
            return start;
    }
    return at;
}

enum rc json_scan(struct view text, struct json_limits limits, struct buf *out, struct err *err) {
    struct scan *scan;
    enum rc rc;

    if (text.size > limits.bytes)
        return err_set(err, RC_LIMIT, "JSON: larger than the limit of %zu bytes", limits.bytes);
    scan = calloc(1, sizeof(*scan));
    if (scan == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "JSON");
    scan->text = text;
    scan->out = out;
    scan->depth_max = limits.depth < JSON_DEPTH_MAX ? limits.depth : JSON_DEPTH_MAX;
    scan->at = first_bad_byte(text);
    if (scan->at < text.size) {
        rc = bad(scan, "not UTF-8, or a NUL byte", err);
    } else {
        scan->at = 0;
        rc = scan_all(scan, err);
    }
    free(scan->keys);
    free(scan);
    return rc;
}
