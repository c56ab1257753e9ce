/* A struct json is a cJSON node under another name. Numbers are nodes of the kind cJSON_Raw that
 * hold their own text: the scan (json_scan.c) has turned them into tagged strings before the
 * library parses, and untag() turns these into raw nodes afterwards. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#include "base/crypt.h"
#include "base/json_scan.h"

static cJSON *node(struct json *json) {
    return (cJSON *)(void *)json;
}

static const cJSON *peek_node(const struct json *json) {
    return (const cJSON *)(const void *)json;
}

static struct json *wrap(cJSON *made) {
    return (struct json *)(void *)made;
}

static const struct json *peek_wrap(const cJSON *found) {
    return (const struct json *)(const void *)found;
}

/* Takes the tags off. The depth is bounded by JSON_DEPTH_MAX. */
static void untag(cJSON *item) {
    for (; item != NULL; item = item->next) {
        if (item->child != NULL)
            untag(item->child);
        if (!cJSON_IsString(item))
            continue;
        if (item->valuestring[0] == 'N')
            item->type = (item->type & ~0xFF) | cJSON_Raw;
        memmove(item->valuestring, item->valuestring + 1, strlen(item->valuestring));
    }
}

enum rc json_parse(struct view text, struct json_limits limits, struct json **json,
                   struct err *err) {
    struct buf canonical;
    cJSON *root;
    enum rc rc;

    *json = NULL;
    /* Each value grows by at most three bytes, an escaped control character by four. */
    buf_init(&canonical, text.size * 6 + 64);
    /* Room for almost every text, so that it does not move and leave a copy behind. */
    (void)buf_reserve(&canonical, text.size * 2 + 64);
    rc = json_scan(text, limits, &canonical, err);
    if (rc == RC_OK)
        rc = buf_check(&canonical, "JSON", err);
    if (rc != RC_OK)
        goto out;
    /* The scan has checked everything, so only memory can be missing. */
    root = cJSON_ParseWithLength((const char *)canonical.data, canonical.size);
    if (root == NULL) {
        rc = err_set(err, RC_NO_MEMORY, "%s: out of memory", "JSON");
        goto out;
    }
    untag(root);
    *json = wrap(root);
out:
    crypt_buf_release(&canonical); /* a request may hold a secret */
    return rc;
}

/* The depth is bounded by JSON_DEPTH_MAX. */
static void wipe(cJSON *item) {
    for (; item != NULL; item = item->next) {
        if (item->child != NULL)
            wipe(item->child);
        if (item->valuestring != NULL)
            crypt_wipe(item->valuestring, strlen(item->valuestring));
    }
}

void json_wipe(struct json *json) {
    if (json != NULL)
        wipe(node(json));
}

void json_free(struct json *json) {
    cJSON_Delete(node(json));
}

enum json_type json_type(const struct json *json) {
    const cJSON *item = peek_node(json);

    if (item == NULL)
        return JSON_NONE;
    switch (item->type & 0xFF) {
    case cJSON_NULL:
        return JSON_NULL;
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Raw:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_TEXT;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NONE;
    }
}

const struct json *json_first(const struct json *json) {
    enum json_type type = json_type(json);

    if (type != JSON_ARRAY && type != JSON_OBJECT)
        return NULL;
    return peek_wrap(peek_node(json)->child);
}

const struct json *json_next(const struct json *item) {
    return item == NULL ? NULL : peek_wrap(peek_node(item)->next);
}

const char *json_key(const struct json *item) {
    return item == NULL || peek_node(item)->string == NULL ? "" : peek_node(item)->string;
}

size_t json_count(const struct json *json) {
    const struct json *item;
    size_t count = 0;

    for (item = json_first(json); item != NULL; item = json_next(item))
        count++;
    return count;
}

const struct json *json_get(const struct json *json, const char *key) {
    const struct json *item;

    if (json_type(json) != JSON_OBJECT)
        return NULL;
    for (item = json_first(json); item != NULL; item = json_next(item))
        if (strcmp(json_key(item), key) == 0)
            return item;
    return NULL;
}

const struct json *json_at(const struct json *json, size_t index) {
    const struct json *item;

    if (json_type(json) != JSON_ARRAY)
        return NULL;
    for (item = json_first(json); item != NULL && index > 0; item = json_next(item))
        index--;
    return item;
}

struct view json_text(const struct json *json) {
    if (json_type(json) != JSON_TEXT)
        return (struct view){0};
    return view_text(peek_node(json)->valuestring);
}

const char *json_text_or(const struct json *json, const char *otherwise) {
    return json_type(json) == JSON_TEXT ? peek_node(json)->valuestring : otherwise;
}

struct view json_number_text(const struct json *json) {
    if (json_type(json) != JSON_NUMBER)
        return (struct view){0};
    return view_text(peek_node(json)->valuestring);
}

bool json_decimal(const struct json *json, struct decimal *value) {
    return json_type(json) == JSON_NUMBER && json_number_decimal(json_number_text(json), value);
}

bool json_int(const struct json *json, int64_t *value) {
    struct decimal decimal;

    if (!json_decimal(json, &decimal) || !decimal_rescale(decimal, 0, &decimal))
        return false;
    *value = decimal.mantissa;
    return true;
}

bool json_bool(const struct json *json, bool *value) {
    if (json_type(json) != JSON_BOOL)
        return false;
    *value = (peek_node(json)->type & 0xFF) == cJSON_True;
    return true;
}

/* ---- building ---- */

struct json *json_object(void) {
    return wrap(cJSON_CreateObject());
}

struct json *json_array(void) {
    return wrap(cJSON_CreateArray());
}

/* In the type of a cJSON node, above the library's own bits: something is missing here. */
#define LACKS (1 << 16)

static struct json *lacks(struct json *parent) {
    if (parent != NULL)
        node(parent)->type |= LACKS;
    return NULL;
}

struct json *json_add_tree(struct json *parent, const char *key, struct json *child) {
    enum json_type type = json_type(parent);
    bool added = false, fits = true;

    if (child == NULL)
        return lacks(parent);
    if (type == JSON_ARRAY)
        added = cJSON_AddItemToArray(node(parent), node(child)) != 0;
    else if (type == JSON_OBJECT && key != NULL && utf8_valid(view_text(key)))
        added = cJSON_AddItemToObject(node(parent), key, node(child)) != 0;
    else
        fits = false;
    if (!added) {
        json_free(child);
        return fits ? lacks(parent) : NULL;
    }
    return child;
}

struct json *json_add_object(struct json *parent, const char *key) {
    return json_add_tree(parent, key, json_object());
}

struct json *json_add_array(struct json *parent, const char *key) {
    return json_add_tree(parent, key, json_array());
}

struct json *json_add_view(struct json *parent, const char *key, struct view text) {
    struct json *made = NULL;
    char *copy;

    if (!utf8_valid(text))
        return NULL;
    copy = malloc(text.size + 1);
    if (copy == NULL)
        return lacks(parent);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    made = wrap(cJSON_CreateString(copy));
    free(copy);
    return json_add_tree(parent, key, made);
}

struct json *json_add_buf(struct json *parent, const char *key, const struct buf *text) {
    return text->failed == RC_NO_MEMORY ? lacks(parent)
                                        : json_add_view(parent, key, buf_view(text));
}

struct json *json_add_text(struct json *parent, const char *key, const char *text) {
    if (!utf8_valid(view_text(text)))
        return NULL;
    return json_add_tree(parent, key, wrap(cJSON_CreateString(text)));
}

struct json *json_add_int(struct json *parent, const char *key, int64_t value) {
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    return json_add_tree(parent, key, wrap(cJSON_CreateRaw(text)));
}

struct json *json_add_decimal(struct json *parent, const char *key, struct decimal value) {
    char text[DECIMAL_TEXT_BYTES];

    decimal_format(value, text);
    return json_add_tree(parent, key, wrap(cJSON_CreateRaw(text)));
}

struct json *json_add_number(struct json *parent, const char *key, struct view text) {
    char copy[JSON_NUMBER_BYTES_MAX + 1];
    struct decimal value;

    if (!json_number_decimal(text, &value))
        return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return json_add_tree(parent, key, wrap(cJSON_CreateRaw(copy)));
}

struct json *json_add_bool(struct json *parent, const char *key, bool value) {
    return json_add_tree(parent, key, wrap(cJSON_CreateBool(value)));
}

struct json *json_add_null(struct json *parent, const char *key) {
    return json_add_tree(parent, key, wrap(cJSON_CreateNull()));
}

struct json *json_copy(const struct json *json) {
    return wrap(cJSON_Duplicate(peek_node(json), 1));
}

/* ---- printing ---- */

void json_print_text(struct view text, struct buf *out) {
    size_t plain = 0; /* start of the run of bytes that need no escape */
    size_t at = 0;

    buf_add_u8(out, '"');
    while (at < text.size) {
        uint8_t byte = text.data[at];
        bool separator = byte == 0xE2 && text.size - at >= 3 && text.data[at + 1] == 0x80 &&
                         (text.data[at + 2] & 0xFE) == 0xA8;

        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
            byte != '&' && byte != 0x7F && !separator) {
            at++;
            continue;
        }
        buf_add(out, text.data + plain, at - plain);
        if (byte == '"' || byte == '\\')
            buf_addf(out, "\\%c", byte);
        else if (byte == '\n')
            buf_add_text(out, "\\n");
        else if (separator)
            buf_addf(out, "\\u20%02x", text.data[at + 2] - 0x80);
        else
            buf_addf(out, "\\u%04x", byte);
        at += separator ? 3 : 1;
        plain = at;
    }
    buf_add(out, text.data + plain, text.size - plain);
    buf_add_u8(out, '"');
}

static void indent(bool pretty, size_t depth, struct buf *out) {
    if (!pretty)
        return;
    buf_add_u8(out, '\n');
    while (depth-- > 0)
        buf_add_text(out, "  ");
}

static void print_scalar(const struct json *json, struct buf *out) {
    bool value;

    switch (json_type(json)) {
    case JSON_TEXT:
        json_print_text(json_text(json), out);
        break;
    case JSON_NUMBER:
        buf_add_view(out, json_number_text(json));
        break;
    case JSON_BOOL:
        buf_add_text(out, json_bool(json, &value) && value ? "true" : "false");
        break;
    default:
        buf_add_text(out, "null");
        break;
    }
}

static void print_node(const struct json *json, bool pretty, size_t depth, struct buf *out) {
    bool object = json_type(json) == JSON_OBJECT;
    const struct json *item;

    if (json != NULL && (peek_node(json)->type & LACKS) != 0 && out->failed == RC_OK)
        out->failed = RC_NO_MEMORY;
    if (!object && json_type(json) != JSON_ARRAY) {
        print_scalar(json, out);
        return;
    }
    buf_add_u8(out, object ? '{' : '[');
    for (item = json_first(json); item != NULL; item = json_next(item)) {
        if (item != json_first(json))
            buf_add_u8(out, ',');
        indent(pretty, depth + 1, out);
        if (object) {
            json_print_text(view_text(json_key(item)), out);
            buf_add_text(out, pretty ? ": " : ":");
        }
        print_node(item, pretty, depth + 1, out);
    }
    if (json_first(json) != NULL)
        indent(pretty, depth, out);
    buf_add_u8(out, object ? '}' : ']');
}

void json_print(const struct json *json, bool pretty, struct buf *out) {
    print_node(json, pretty, 0, out);
    if (pretty)
        buf_add_u8(out, '\n');
}
