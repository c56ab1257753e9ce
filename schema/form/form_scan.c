/* form_scan.c: see form_scan.h. */
#include "schema/form/form_scan.h"

#include "base/text.h"
#include "base/words.h"
#include "schema/form/form_json.h"

void scan_fail(struct scan *scan, const char *expected) {
    if (scan->rc == RC_OK)
        scan->rc =
            err_set(scan->err, RC_INVALID,
                    "form, byte %zu: %s is expected; the form may be damaged", scan->at, expected);
    scan->at = scan->json.size;
}

void scan_limit(struct scan *scan, const char *what, uint32_t limit) {
    if (scan->rc == RC_OK)
        scan->rc = err_set(scan->err, RC_LIMIT, "form: at most %u %s are allowed", limit,
                           words(scan->err->lang, what));
    scan->at = scan->json.size;
}

bool scan_take(struct scan *scan, const char *literal) {
    size_t size = strlen(literal);

    if (scan->rc != RC_OK || scan->json.size - scan->at < size ||
        memcmp(scan->json.data + scan->at, literal, size) != 0)
        return false;
    scan->at += size;
    return true;
}

void scan_expect(struct scan *scan, const char *literal) {
    if (!scan_take(scan, literal))
        scan_fail(scan, literal);
}

bool scan_take_key(struct scan *scan, const char *key) {
    size_t size = strlen(key);
    const uint8_t *from = scan->json.data + scan->at;

    if (scan->rc != RC_OK || scan->json.size - scan->at < size + 4 || from[0] != ',' ||
        from[1] != '"' || memcmp(from + 2, key, size) != 0 || from[size + 2] != '"' ||
        from[size + 3] != ':')
        return false;
    scan->at += size + 4;
    return true;
}

void scan_expect_key(struct scan *scan, const char *key) {
    if (!scan_take_key(scan, key))
        scan_fail(scan, key);
}

uint32_t scan_number(struct scan *scan, uint32_t max) {
    uint64_t value = 0;
    size_t start = scan->at;

    while (scan->at < scan->json.size && scan->at - start < 11 &&
           scan->json.data[scan->at] >= '0' && scan->json.data[scan->at] <= '9')
        value = value * 10 + (uint64_t)(scan->json.data[scan->at++] - '0');
    if (scan->at == start || value > max) {
        scan_fail(scan, "a number in its bounds");
        return 0;
    }
    return (uint32_t)value;
}

/* Reads the four digits of \u; UTF8_BAD if they are not there. */
static uint32_t scan_hex(const uint8_t *from, const uint8_t *end) {
    uint8_t bytes[2];

    if (end - from < 4 || !hex_decode(view_of(from, 4), bytes, sizeof(bytes)))
        return UTF8_BAD;
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* Unescapes what the writer escapes; the comparison at the end refuses every other spelling. */
static struct view unescape(struct scan *scan, struct view raw) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const uint8_t *from = raw.data, *end = raw.data + raw.size;
    uint8_t *text = arena_alloc(scan->arena, raw.size + 1), *to = text;

    if (text == NULL) {
        scan->rc = arena_check(scan->arena, "form", scan->err);
        scan->at = scan->json.size;
        return view_of(NULL, 0);
    }
    while (from < end) {
        const char *name;
        uint32_t character;

        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        from++; /* the caller found the closing quote, so a character follows */
        name = memchr(names, *from, sizeof(names) - 1);
        if (name != NULL) {
            *to++ = (uint8_t)values[name - names];
            from++;
        } else if (*from == '"' || *from == '\\') {
            *to++ = *from++;
        } else {
            character = *from == 'u' ? scan_hex(from + 1, end) : UTF8_BAD;
            if (character == 0 || character >= 0x20) {
                scan_fail(scan, "an escape as JSON.stringify writes it");
                return view_of(NULL, 0);
            }
            *to++ = (uint8_t)character;
            from += 5;
        }
    }
    return view_of(text, (size_t)(to - text));
}

struct view scan_text(struct scan *scan, size_t max_bytes) {
    const uint8_t *data = scan->json.data;
    bool escaped = false;
    size_t start;
    struct view text;

    if (!scan_take(scan, "\"")) {
        scan_fail(scan, "a text");
        return view_of(NULL, 0);
    }
    start = scan->at;
    while (scan->at < scan->json.size && data[scan->at] != '"') {
        if (data[scan->at] == '\\') {
            escaped = true;
            scan->at++;
        }
        scan->at++;
    }
    if (scan->at >= scan->json.size) {
        scan_fail(scan, "the end of a text");
        return view_of(NULL, 0);
    }
    text = view_of(data + start, scan->at - start);
    scan->at++;
    if (escaped)
        text = unescape(scan, text);
    if (text.size > max_bytes) {
        scan_limit(scan, "bytes of one text", (uint32_t)max_bytes);
        return view_of(NULL, 0);
    }
    return text;
}

struct view scan_optional(struct scan *scan, const char *key) {
    if (!scan_take_key(scan, key))
        return view_of(NULL, 0);
    return scan_text(scan, FORM_EXPRESSION_BYTES);
}

void *scan_grow(struct scan *scan, void *items, size_t item_bytes, uint32_t count,
                uint32_t *capacity) {
    uint32_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *more;

    if (count < *capacity)
        return items;
    more = arena_array(scan->arena, wanted, item_bytes);
    if (more == NULL) {
        if (scan->rc == RC_OK)
            scan->rc = arena_check(scan->arena, "form", scan->err);
        scan->at = scan->json.size;
        return NULL;
    }
    if (count > 0)
        memcpy(more, items, count * item_bytes);
    *capacity = wanted;
    return more;
}
