/* The tree of xml_tree.h: making, changing and reading it. xml_write.c writes it. */
#include "base/xml_tree.h"

#include <assert.h>

/* ---- making ---- */

static struct xml_node *node_new(struct arena *arena, enum xml_kind kind) {
    struct xml_node *node = arena_alloc(arena, sizeof(*node));

    if (node != NULL)
        node->kind = kind;
    return node;
}

/* A copy that is not terminated: most values are short, and there are many. */
static bool copy(struct arena *arena, struct view from, struct view *to) {
    uint8_t *bytes;

    if (from.size == 0) {
        *to = view_of("", 0);
        return true;
    }
    bytes = arena_room(arena, from.size, 1);
    if (bytes == NULL)
        return false;
    memcpy(bytes, from.data, from.size);
    *to = view_of(bytes, from.size);
    return true;
}

static struct xml_node *named_new(struct arena *arena, enum xml_kind kind, struct view prefix,
                                  struct view uri, struct view name) {
    struct xml_node *node = node_new(arena, kind);

    if (node == NULL || !copy(arena, prefix, &node->prefix) || !copy(arena, uri, &node->uri) ||
        !copy(arena, name, &node->name))
        return NULL;
    return node;
}

static struct xml_node *valued_new(struct arena *arena, enum xml_kind kind, struct view value) {
    struct xml_node *node = node_new(arena, kind);

    if (node == NULL || !copy(arena, value, &node->value))
        return NULL;
    node->room = value.size;
    return node;
}

struct xml_node *xml_document_new(struct arena *arena) {
    return node_new(arena, XML_DOCUMENT);
}

struct xml_node *xml_element_new(struct arena *arena, struct view prefix, struct view uri,
                                 struct view name) {
    return named_new(arena, XML_ELEMENT, prefix, uri, name);
}

struct xml_node *xml_text_new(struct arena *arena, struct view value) {
    return valued_new(arena, XML_TEXT, value);
}

struct xml_node *xml_comment_new(struct arena *arena, struct view value) {
    return valued_new(arena, XML_COMMENT, value);
}

/* ---- changing ---- */

void xml_append(struct xml_node *parent, struct xml_node *child) {
    assert(child->parent == NULL && child->previous == NULL && child->next == NULL);
    child->parent = parent;
    child->previous = parent->last;
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

void xml_insert_after(struct xml_node *sibling, struct xml_node *node) {
    assert(node->parent == NULL && node->previous == NULL && node->next == NULL);
    node->parent = sibling->parent;
    node->previous = sibling;
    node->next = sibling->next;
    if (sibling->next == NULL)
        sibling->parent->last = node;
    else
        sibling->next->previous = node;
    sibling->next = node;
}

void xml_insert_before(struct xml_node *sibling, struct xml_node *node) {
    if (sibling->previous != NULL) {
        xml_insert_after(sibling->previous, node);
        return;
    }
    assert(node->parent == NULL && node->previous == NULL && node->next == NULL);
    node->parent = sibling->parent;
    node->next = sibling;
    sibling->previous = node;
    sibling->parent->first = node;
}

void xml_remove(struct xml_node *node) {
    struct xml_node *parent = node->parent;

    if (parent == NULL)
        return;
    if (node->previous != NULL)
        node->previous->next = node->next;
    else if (node->kind == XML_ATTRIBUTE)
        parent->attributes = node->next;
    else if (node->kind == XML_NAMESPACE)
        parent->namespaces = node->next;
    else
        parent->first = node->next;
    if (node->next != NULL)
        node->next->previous = node->previous;
    else if (node->kind != XML_ATTRIBUTE && node->kind != XML_NAMESPACE)
        parent->last = node->previous;
    node->parent = NULL;
    node->previous = NULL;
    node->next = NULL;
}

/* Attributes and declarations have no pointer to their last one: there are few. */
static void attach(struct xml_node *element, struct xml_node **first, struct xml_node *node) {
    struct xml_node *last = *first;

    node->parent = element;
    if (last == NULL) {
        *first = node;
        return;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = node;
    node->previous = last;
}

static struct xml_node *copy_one(const struct xml_node *node, struct arena *arena) {
    struct xml_node *twin = named_new(arena, node->kind, node->prefix, node->uri, node->name);

    if (twin == NULL || !copy(arena, node->value, &twin->value))
        return NULL;
    twin->room = node->value.size;
    twin->line = node->line;
    twin->mark = node->mark;
    twin->tag = node->tag;
    for (const struct xml_node *item = node->attributes; item != NULL; item = item->next) {
        struct xml_node *made = copy_one(item, arena); /* one level: attributes hold nothing */

        if (made == NULL)
            return NULL;
        attach(twin, &twin->attributes, made);
    }
    for (const struct xml_node *item = node->namespaces; item != NULL; item = item->next) {
        struct xml_node *made = copy_one(item, arena);

        if (made == NULL)
            return NULL;
        attach(twin, &twin->namespaces, made);
    }
    return twin;
}

struct xml_node *xml_clone(const struct xml_node *node, struct arena *arena) {
    struct xml_node *top = copy_one(node, arena);
    struct xml_node *into = top;
    const struct xml_node *at = node;

    while (into != NULL) {
        struct xml_node *made;

        if (at->first != NULL) {
            at = at->first;
        } else {
            while (at != node && at->next == NULL) {
                at = at->parent;
                into = into->parent;
            }
            if (at == node)
                return top;
            at = at->next;
            into = into->parent;
        }
        made = copy_one(at, arena);
        if (made != NULL)
            xml_append(into, made);
        into = made;
    }
    return NULL;
}

bool xml_set_value(struct xml_node *node, struct arena *arena, struct view value) {
    if (node->kind == XML_ELEMENT || node->kind == XML_DOCUMENT) {
        struct xml_node *text = node->first;

        if (text != NULL && text->kind == XML_TEXT && text->next == NULL && value.size > 0)
            return xml_set_value(text, arena, value); /* one level: a text holds nothing */
        text = value.size == 0 ? NULL : xml_text_new(arena, value);
        if (text == NULL && value.size > 0)
            return false;
        while (node->first != NULL)
            xml_remove(node->first);
        if (text != NULL)
            xml_append(node, text);
        return true;
    }
    if (value.size > node->room) {
        size_t room = value.size + value.size / 2 + 8;
        void *bytes = arena_room(arena, room, 1);

        if (bytes == NULL)
            return false;
        memcpy(bytes, value.data, value.size);
        node->room = room;
        node->value = view_of(bytes, value.size);
    } else if (value.size == 0) {
        node->value.size = 0;
    } else {
        uint8_t *bytes = (uint8_t *)(uintptr_t)node->value.data; /* ours: see room */

        memmove(bytes, value.data, value.size);
        node->value.size = value.size;
    }
    return true;
}

static struct xml_node *find_attribute(const struct xml_node *element, struct view uri,
                                       struct view name) {
    struct xml_node *node = element == NULL ? NULL : element->attributes;

    while (node != NULL && !(view_equal(node->name, name) && view_equal(node->uri, uri)))
        node = node->next;
    return node;
}

bool xml_set_attribute(struct xml_node *element, struct arena *arena, struct view prefix,
                       struct view uri, struct view name, struct view value) {
    struct xml_node *node = find_attribute(element, uri, name);

    if (node != NULL)
        return xml_set_value(node, arena, value);
    node = named_new(arena, XML_ATTRIBUTE, prefix, uri, name);
    if (node == NULL || !copy(arena, value, &node->value))
        return false;
    node->room = value.size;
    attach(element, &element->attributes, node);
    return true;
}

bool xml_declare(struct xml_node *element, struct arena *arena, struct view prefix,
                 struct view uri) {
    struct xml_node *node = element->namespaces;

    while (node != NULL && !view_equal(node->name, prefix))
        node = node->next;
    if (node != NULL)
        return xml_set_value(node, arena, uri);
    node = named_new(arena, XML_NAMESPACE, view_of("", 0), view_of("", 0), prefix);
    if (node == NULL || !copy(arena, uri, &node->value))
        return false;
    node->room = uri.size;
    attach(element, &element->namespaces, node);
    return true;
}

/* ---- looking ---- */

struct xml_node *xml_root(const struct xml_node *document) {
    return xml_child(document, NULL);
}

static struct xml_node *element_from(struct xml_node *node, const char *name) {
    while (node != NULL &&
           !(node->kind == XML_ELEMENT && (name == NULL || view_is(node->name, name))))
        node = node->next;
    return node;
}

struct xml_node *xml_child(const struct xml_node *parent, const char *name) {
    return parent == NULL ? NULL : element_from(parent->first, name);
}

struct xml_node *xml_sibling(const struct xml_node *node, const char *name) {
    return element_from(node->next, name);
}

struct xml_node *xml_attribute(const struct xml_node *element, const char *name) {
    return find_attribute(element, view_of("", 0), view_text(name));
}

struct xml_node *xml_attribute_of(const struct xml_node *element, const char *uri,
                                  const char *name) {
    return find_attribute(element, view_text(uri), view_text(name));
}

struct view xml_attribute_value(const struct xml_node *element, const char *name) {
    const struct xml_node *node = xml_attribute(element, name);

    return node == NULL ? view_of("", 0) : node->value;
}

struct xml_node *xml_walk(const struct xml_node *node, const struct xml_node *top) {
    if (node->first != NULL)
        return node->first;
    while (node != top && node->next == NULL)
        node = node->parent;
    return node == top ? NULL : node->next;
}

struct xml_node *xml_declaration(const struct xml_node *node, struct view prefix) {
    for (; node != NULL; node = node->parent)
        for (struct xml_node *item = node->namespaces; item != NULL; item = item->next)
            if (view_equal(item->name, prefix))
                return item;
    return NULL;
}

struct view xml_namespace(const struct xml_node *node, struct view prefix) {
    const struct xml_node *declaration = xml_declaration(node, prefix);

    if (view_is(prefix, "xml"))
        return view_text("http://www.w3.org/XML/1998/namespace");
    return declaration == NULL ? view_of(NULL, 0) : declaration->value;
}

enum rc xml_text(const struct xml_node *node, struct arena *arena, struct view *text,
                 struct err *err) {
    const struct xml_node *only = NULL;
    size_t size = 0;
    uint32_t pieces = 0;
    uint8_t *bytes;

    *text = view_of("", 0);
    if (node->kind != XML_ELEMENT && node->kind != XML_DOCUMENT) {
        *text = node->value;
        return RC_OK;
    }
    for (const struct xml_node *at = xml_walk(node, node); at != NULL; at = xml_walk(at, node))
        if (at->kind == XML_TEXT && at->value.size > 0) {
            only = at;
            pieces++;
            size += at->value.size;
        }
    if (pieces <= 1) {
        if (only != NULL)
            *text = only->value;
        return RC_OK;
    }
    bytes = arena_room(arena, size, 1);
    if (bytes == NULL)
        return arena_check(arena, "XML", err);
    *text = view_of(bytes, size);
    for (const struct xml_node *at = xml_walk(node, node); at != NULL; at = xml_walk(at, node))
        if (at->kind == XML_TEXT && at->value.size > 0) {
            memcpy(bytes, at->value.data, at->value.size);
            bytes += at->value.size;
        }
    return RC_OK;
}

uint32_t xml_tree_number(struct xml_node *root, uint32_t first) {
    for (struct xml_node *node = root; node != NULL; node = xml_walk(node, root)) {
        node->order = first++;
        for (struct xml_node *item = node->namespaces; item != NULL; item = item->next)
            item->order = first++;
        for (struct xml_node *item = node->attributes; item != NULL; item = item->next)
            item->order = first++;
    }
    return first;
}

/* ---- parsing ----
 *
 * Names, uris, white space and short values come again and again. Equal short texts share one copy
 * as long as they meet in a small table; what is shared is not written over (room 0). On forms this
 * halves the memory, and the time with it. */

#define SHARED_SLOTS     256u
#define SHARED_BYTES_MAX 64u

struct builder {
    struct arena *arena;
    struct view shared[SHARED_SLOTS];
};

static bool share(struct builder *builder, struct view from, struct view *to) {
    struct view *slot;
    uint32_t hash = 2166136261u;

    if (from.size == 0 || from.size > SHARED_BYTES_MAX)
        return copy(builder->arena, from, to);
    for (size_t i = 0; i < from.size; i++)
        hash = (hash ^ from.data[i]) * 16777619u;
    slot = &builder->shared[(hash ^ hash >> 16) % SHARED_SLOTS];
    if (!view_equal(*slot, from) && !copy(builder->arena, from, slot))
        return false;
    *to = *slot;
    return true;
}

static struct xml_node *shared_new(struct builder *builder, enum xml_kind kind,
                                   const struct xml_attribute *from) {
    struct xml_node *node = node_new(builder->arena, kind);

    if (node == NULL || !share(builder, from->name, &node->name) ||
        !share(builder, from->prefix, &node->prefix) || !share(builder, from->uri, &node->uri) ||
        !share(builder, from->value, &node->value))
        return NULL;
    return node;
}

/* Attributes or declarations, one behind the other. */
static bool make_list(struct builder *builder, const struct xml_event *event, enum xml_kind kind,
                      struct xml_node *element) {
    bool declarations = kind == XML_NAMESPACE;
    uint32_t count = declarations ? event->declaration_count : event->attribute_count;
    struct xml_node **end = declarations ? &element->namespaces : &element->attributes;
    struct xml_node *last = NULL;

    for (uint32_t i = 0; i < count; i++) {
        struct xml_node *item = shared_new(
            builder, kind, declarations ? &event->declarations[i] : &event->attributes[i]);

        if (item == NULL)
            return false;
        item->parent = element;
        item->line = event->line;
        item->previous = last;
        *end = item;
        end = &item->next;
        last = item;
    }
    return true;
}

static struct xml_node *make_node(struct builder *builder, const struct xml_event *event) {
    struct xml_attribute named = {.name = event->name, .prefix = event->prefix, .uri = event->uri};
    struct xml_node *node;

    named.value = event->text;
    switch (event->kind) {
    case XML_EVENT_START:
        node = shared_new(builder, XML_ELEMENT, &named);
        return node == NULL || !make_list(builder, event, XML_NAMESPACE, node) ||
                       !make_list(builder, event, XML_ATTRIBUTE, node)
                   ? NULL
                   : node;
    case XML_EVENT_TEXT:
        return shared_new(builder, XML_TEXT, &named);
    case XML_EVENT_COMMENT:
        return shared_new(builder, XML_COMMENT, &named);
    default:
        return shared_new(builder, XML_INSTRUCTION, &named);
    }
}

enum rc xml_tree_parse(struct view text, struct xml_limits limits, struct arena *arena,
                       struct xml_node **document, struct err *err) {
    struct builder builder = {.arena = arena};
    struct xml_reader *reader = NULL;
    const struct xml_event *event;
    struct xml_node *top = xml_document_new(arena);
    struct xml_node *into = top;
    enum rc rc;

    *document = NULL;
    if (top == NULL)
        return arena_check(arena, "XML", err);
    rc = xml_reader_open(text, limits, &reader, err);
    while (rc == RC_OK) {
        struct xml_node *node;

        rc = xml_reader_next(reader, &event, err);
        if (rc != RC_OK || event->kind == XML_EVENT_DONE)
            break;
        if (event->kind == XML_EVENT_END) {
            into = into->parent;
            continue;
        }
        node = make_node(&builder, event);
        if (node == NULL) {
            rc = arena_check(arena, "XML", err);
            break;
        }
        node->line = event->line;
        xml_append(into, node);
        if (event->kind == XML_EVENT_START)
            into = node;
    }
    xml_reader_close(reader);
    if (rc != RC_OK)
        return rc;
    (void)xml_tree_number(top, 0);
    *document = top;
    return RC_OK;
}
