/* xml_tree.h: an XML document as a light tree that can be changed: forms, instances, submissions.
 *
 * Nodes and their texts lie in an arena of the caller and die with it; a removed node stays there.
 * The order of attributes is that of the document. Namespaces are kept as they were written:
 * declarations are nodes of their own, and the writer adds one only where a node's prefix would
 * otherwise mean something else (a node that was moved, or made here without a declaration).
 *
 * Neighbouring text is one node after parsing. Nothing here recurses. */
#ifndef YG_BASE_XML_TREE_H
#define YG_BASE_XML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/xml.h"

enum xml_kind {
    XML_DOCUMENT = 1, /* the root of a parsed tree: holds comments, instructions, one element */
    XML_ELEMENT,
    XML_ATTRIBUTE,
    XML_NAMESPACE, /* a declaration: name is the prefix, value the uri */
    XML_TEXT,
    XML_COMMENT,
    XML_INSTRUCTION, /* name is the target */
};

struct xml_node {
    enum xml_kind kind;
    uint32_t order;   /* place in the document, after xml_tree_number */
    uint32_t line;    /* where it was parsed; 0 if it was made */
    uint32_t mark;    /* the user's, 0 at first; copied by xml_clone */
    void *tag;        /* the user's, NULL at first; copied by xml_clone */
    struct view name; /* without prefix */
    struct view prefix;
    struct view uri;   /* of the namespace; empty for none */
    struct view value; /* of all but documents and elements */
    size_t room;       /* bytes at value.data that xml_set_value may write over; 0: not ours */
    struct xml_node *parent; /* also of attributes and declarations */
    struct xml_node *previous;
    struct xml_node *next; /* also from attribute to attribute */
    struct xml_node *first;
    struct xml_node *last;
    struct xml_node *attributes; /* the first one */
    struct xml_node *namespaces; /* the first declaration */
};

/* Parses into the arena. Errors as xml_reader_next, RC_LIMIT of the arena. *document is NULL on
 * failure. The tree is numbered from 0. */
enum rc xml_tree_parse(struct view text, struct xml_limits limits, struct arena *arena,
                       struct xml_node **document, struct err *err);

/* ---- making nodes ----
 *
 * Names and values are copied into the arena. NULL without memory (arena_check tells). */
struct xml_node *xml_document_new(struct arena *arena);
struct xml_node *xml_element_new(struct arena *arena, struct view prefix, struct view uri,
                                 struct view name);
struct xml_node *xml_text_new(struct arena *arena, struct view value);
struct xml_node *xml_comment_new(struct arena *arena, struct view value);

/* ---- changing the tree ----
 *
 * A node that is put somewhere must stand nowhere (new, cloned or removed). */
void xml_append(struct xml_node *parent, struct xml_node *child);
void xml_insert_after(struct xml_node *sibling, struct xml_node *node);
void xml_insert_before(struct xml_node *sibling, struct xml_node *node);

/* Takes a child or an attribute out of its parent; it keeps what it holds. */
void xml_remove(struct xml_node *node);

/* A deep copy that stands nowhere; NULL without memory. */
struct xml_node *xml_clone(const struct xml_node *node, struct arena *arena);

/* Sets or adds an attribute, found by uri and local name; false without memory. */
bool xml_set_attribute(struct xml_node *element, struct arena *arena, struct view prefix,
                       struct view uri, struct view name, struct view value);

/* Declares a namespace on the element (an empty prefix: the default one); false without memory. */
bool xml_declare(struct xml_node *element, struct arena *arena, struct view prefix,
                 struct view uri);

/* The value of a text, attribute or comment; of an element: its children become one text, or none
 * if the value is empty. Memory is used again where the new value fits, so views of the old value
 * do not outlive the call. false without memory. */
bool xml_set_value(struct xml_node *node, struct arena *arena, struct view value);

/* ---- looking ---- */

/* The outermost element of a document; NULL if there is none. */
struct xml_node *xml_root(const struct xml_node *document);

/* The first child element, or the next sibling one, with this local name (NULL: any name). */
struct xml_node *xml_child(const struct xml_node *parent, const char *name);
struct xml_node *xml_sibling(const struct xml_node *node, const char *name);

/* An attribute without namespace; with namespace. NULL if there is none. */
struct xml_node *xml_attribute(const struct xml_node *element, const char *name);
struct xml_node *xml_attribute_of(const struct xml_node *element, const char *uri,
                                  const char *name);

/* The value of an attribute without namespace; empty if there is none. */
struct view xml_attribute_value(const struct xml_node *element, const char *name);

/* The next node in document order below top (attributes are not visited), NULL behind the last.
 * Begin with node == top. */
struct xml_node *xml_walk(const struct xml_node *node, const struct xml_node *top);

/* The uri that a prefix means at this element (the empty prefix: the default namespace); data is
 * NULL if it is declared nowhere. */
struct view xml_namespace(const struct xml_node *node, struct view prefix);

/* The declaration that says so; NULL if there is none. */
struct xml_node *xml_declaration(const struct xml_node *node, struct view prefix);

/* XPath's string-value: the text of a node, or all text below an element or document. Without
 * copying where one text is all there is; otherwise in the arena. RC_LIMIT, RC_NO_MEMORY. */
enum rc xml_text(const struct xml_node *node, struct arena *arena, struct view *text,
                 struct err *err);

/* Numbers the nodes in document order from first on, attributes behind their element; returns the
 * number behind the last one, where another document may go on. */
uint32_t xml_tree_number(struct xml_node *root, uint32_t first);

/* Appends the node and all below it as XML, UTF-8, the same bytes for the same tree. A document
 * begins with the XML declaration. indent: elements that hold no text stand on lines of their own.
 * What XML cannot hold (U+0001 and the like) is left out. Failures stay sticky in out. */
void xml_write(const struct xml_node *node, bool indent, struct buf *out);

/* Appends a text as xml_write does, for those who write XML without a tree; quoted: inside of the
 * double quotes of an attribute. */
void xml_escape(struct view text, bool quoted, struct buf *out);

#endif
