/* Writing a tree (xml_tree.h).
 *
 * Declarations are written where they stand in the tree. Beyond them, the topmost element that is
 * written gets those of its ancestors that something below it uses, and an element whose prefix
 * means another namespace at its place (moved there, or made without a declaration) gets one of
 * its own. */
#include "base/xml_tree.h"

#include "base/text.h"

struct writer {
    const struct xml_node *top;
    struct buf *out;
    bool indent;
};

/* Whether XML can hold the character at all. */
static bool allowed(uint32_t character) {
    if (character < 0x20)
        return character == '\t' || character == '\n' || character == '\r';
    return character != UTF8_BAD && character != 0xFFFE && character != 0xFFFF;
}

void xml_escape(struct view text, bool quoted, struct buf *out) {
    size_t at = 0;
    size_t start = 0;

    while (at < text.size) {
        size_t here = at;
        uint32_t character = utf8_next(text, &at);
        const char *escaped = NULL;

        if (character == '&')
            escaped = "&amp;";
        else if (character == '<')
            escaped = "&lt;";
        else if (character == '>')
            escaped = "&gt;";
        else if (character == '\r')
            escaped = "&#13;"; /* a reader would make it a newline */
        else if (quoted && character == '"')
            escaped = "&quot;";
        else if (quoted && character == '\n')
            escaped = "&#10;";
        else if (quoted && character == '\t')
            escaped = "&#9;";
        else if (!allowed(character))
            escaped = "";
        if (escaped == NULL)
            continue;
        buf_add_view(out, view_slice(text, start, here - start));
        buf_add_text(out, escaped);
        start = at;
    }
    buf_add_view(out, view_slice(text, start, text.size - start));
}

static void put_name(struct buf *out, const struct xml_node *node) {
    if (node->prefix.size > 0) {
        buf_add_view(out, node->prefix);
        buf_add_u8(out, ':');
    }
    buf_add_view(out, node->name);
}

static void put_declaration(struct buf *out, struct view prefix, struct view uri) {
    buf_add_text(out, prefix.size == 0 ? " xmlns" : " xmlns:");
    buf_add_view(out, prefix);
    buf_add_text(out, "=\"");
    xml_escape(uri, true, out);
    buf_add_u8(out, '"');
}

static const struct xml_node *own_declaration(const struct xml_node *element, struct view prefix) {
    const struct xml_node *item = element->namespaces;

    while (item != NULL && !view_equal(item->name, prefix))
        item = item->next;
    return item;
}

/* Whether something at or below top stands under this prefix without declaring it nearer. */
static bool is_used(const struct xml_node *top, struct view prefix) {
    for (const struct xml_node *node = top; node != NULL; node = xml_walk(node, top)) {
        if (node->kind != XML_ELEMENT)
            continue;
        if (view_equal(node->prefix, prefix))
            return true;
        if (prefix.size > 0)
            for (const struct xml_node *item = node->attributes; item != NULL; item = item->next)
                if (view_equal(item->prefix, prefix))
                    return true;
    }
    return false;
}

/* What the ancestors of the topmost element declare and it needs. */
static void put_inherited(struct writer *writer, const struct xml_node *element) {
    for (const struct xml_node *at = element->parent; at != NULL; at = at->parent)
        for (const struct xml_node *item = at->namespaces; item != NULL; item = item->next) {
            /* Only the nearest one counts. */
            if (xml_declaration(element, item->name) == item &&
                (item->name.size > 0 || item->value.size > 0) && is_used(element, item->name))
                put_declaration(writer->out, item->name, item->value);
        }
}

/* A declaration where the prefix of an element or attribute would mean something else. */
static void put_missing(struct writer *writer, const struct xml_node *element,
                        const struct xml_node *node) {
    struct view meant = xml_namespace(element, node->prefix);

    if (view_equal(meant, node->uri) || view_is(node->prefix, "xml") ||
        own_declaration(element, node->prefix) != NULL)
        return;
    if (node->kind == XML_ATTRIBUTE) {
        if (node->prefix.size == 0)
            return;
        if (view_equal(node->prefix, element->prefix))
            return; /* written for the element */
        for (const struct xml_node *item = element->attributes; item != node; item = item->next)
            if (view_equal(item->prefix, node->prefix))
                return;
    }
    put_declaration(writer->out, node->prefix, node->uri);
}

static void put_start(struct writer *writer, const struct xml_node *element) {
    struct buf *out = writer->out;

    buf_add_u8(out, '<');
    put_name(out, element);
    for (const struct xml_node *item = element->namespaces; item != NULL; item = item->next)
        put_declaration(out, item->name, item->value);
    if (element == writer->top)
        put_inherited(writer, element);
    put_missing(writer, element, element);
    for (const struct xml_node *item = element->attributes; item != NULL; item = item->next)
        put_missing(writer, element, item);
    for (const struct xml_node *item = element->attributes; item != NULL; item = item->next) {
        buf_add_u8(out, ' ');
        put_name(out, item);
        buf_add_text(out, "=\"");
        xml_escape(item->value, true, out);
        buf_add_u8(out, '"');
    }
    buf_add_text(out, element->first == NULL ? "/>" : ">");
}

/* Comments may not hold "--" nor end with "-", instructions may not hold "?>". */
static void put_between(struct buf *out, struct view text, uint8_t stop) {
    for (size_t i = 0; i < text.size; i++) {
        bool ends = i + 1 == text.size;

        buf_add_u8(out, text.data[i]);
        if (stop == '-' && text.data[i] == '-' && (ends || text.data[i + 1] == '-'))
            buf_add_u8(out, ' ');
        if (stop == '?' && text.data[i] == '?' && (ends || text.data[i + 1] == '>'))
            buf_add_u8(out, ' ');
    }
}

static void put_open(struct writer *writer, const struct xml_node *node) {
    struct buf *out = writer->out;

    switch (node->kind) {
    case XML_DOCUMENT:
        buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        break;
    case XML_ELEMENT:
        put_start(writer, node);
        break;
    case XML_COMMENT:
        buf_add_text(out, "<!--");
        put_between(out, node->value, '-');
        buf_add_text(out, "-->");
        break;
    case XML_INSTRUCTION:
        buf_add_text(out, "<?");
        buf_add_view(out, node->name);
        if (node->value.size > 0)
            buf_add_u8(out, ' ');
        put_between(out, node->value, '?');
        buf_add_text(out, "?>");
        break;
    case XML_ATTRIBUTE:
    case XML_NAMESPACE:
    case XML_TEXT:
        xml_escape(node->value, false, out);
        break;
    }
}

static bool is_blank(const struct xml_node *node) {
    if (node->kind != XML_TEXT)
        return false;
    for (size_t i = 0; i < node->value.size; i++)
        if (strchr(" \t\r\n", node->value.data[i]) == NULL)
            return false;
    return true;
}

/* Whether a line break may be put between the children: no text but white space is there. */
static bool is_loose(const struct xml_node *element) {
    for (const struct xml_node *child = element->first; child != NULL; child = child->next)
        if (child->kind == XML_TEXT && !is_blank(child))
            return false;
    for (const struct xml_node *child = element->first; child != NULL; child = child->next)
        if (child->kind == XML_ELEMENT)
            return true;
    return false;
}

static void put_line(struct buf *out, uint32_t depth) {
    buf_add_u8(out, '\n');
    for (uint32_t i = 0; i < depth; i++)
        buf_add_text(out, "  ");
}

/* The children of a loose element, and of a document, stand on lines of their own; the white space
 * that they had is dropped. */
static bool breaks(const struct writer *writer, const struct xml_node *parent) {
    return writer->indent && parent->kind == XML_ELEMENT && is_loose(parent);
}

static void put_close(struct writer *writer, const struct xml_node *node, uint32_t depth) {
    if (node->kind == XML_ELEMENT && node->first != NULL) {
        if (breaks(writer, node))
            put_line(writer->out, depth);
        buf_add_text(writer->out, "</");
        put_name(writer->out, node);
        buf_add_u8(writer->out, '>');
    }
    if (node->parent != NULL && node->parent->kind == XML_DOCUMENT && node != writer->top)
        buf_add_u8(writer->out, '\n');
}

void xml_write(const struct xml_node *top, bool indent, struct buf *out) {
    struct writer writer = {.top = top, .out = out, .indent = indent};
    const struct xml_node *node = top;
    uint32_t depth = 0; /* of elements */

    for (;;) {
        bool dropped = node != top && is_blank(node) && breaks(&writer, node->parent);

        if (!dropped) {
            if (node != top && breaks(&writer, node->parent))
                put_line(out, depth);
            put_open(&writer, node);
        }
        if (node->first != NULL) {
            if (node->kind == XML_ELEMENT)
                depth++;
            node = node->first;
            continue;
        }
        put_close(&writer, node, depth);
        while (node != top && node->next == NULL) {
            node = node->parent;
            if (node->kind == XML_ELEMENT)
                depth--;
            put_close(&writer, node, depth);
        }
        if (node == top)
            return;
        node = node->next;
    }
}
