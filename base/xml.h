/* xml.h: reading XML event by event; the only door to libxml2.
 *
 * A pull reader over bytes in memory, for what people and programs bring: forms, workbooks,
 * submissions. Nothing is fetched, from the network or the disk. A document type may stand there
 * (`<!DOCTYPE html>`), but one that declares anything is refused, so there are no entities but the
 * five that XML knows, and nothing that grows when it is read. Every size has a cap.
 *
 * Texts arrive as UTF-8 whatever the document's encoding. Neighbouring text and CDATA sections are
 * one text; white space between elements is text, too. Namespaces are resolved: a prefix that
 * nobody declared is refused. base/xml_tree.h makes a tree of the events. */
#ifndef YG_BASE_XML_H
#define YG_BASE_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct xml_limits {
    size_t bytes;        /* of the document */
    size_t text_bytes;   /* of one text, comment or instruction */
    uint32_t depth;      /* of nested elements; the outermost has depth 1; XML_DEPTH_MAX at most */
    uint32_t attributes; /* of one element, declarations of namespaces counted */
};

#define XML_DEPTH_MAX 250u /* libxml2's own is 256 */
#define XML_LIMITS_DEFAULT                                                                         \
    ((struct xml_limits){.bytes = 16u * 1024u * 1024u,                                             \
                         .text_bytes = 1024u * 1024u,                                              \
                         .depth = 100,                                                             \
                         .attributes = 100})

enum xml_event_kind {
    XML_EVENT_DONE = 0, /* the document has ended */
    XML_EVENT_START,    /* an element opens */
    XML_EVENT_END,      /* it closes; also that of <empty/> */
    XML_EVENT_TEXT,
    XML_EVENT_COMMENT,
    XML_EVENT_INSTRUCTION, /* name is its target */
};

/* An attribute; or a declaration of a namespace: name is then the prefix, empty for the default
 * one, and value the uri, empty where the default is undone. */
struct xml_attribute {
    struct view name; /* without prefix */
    struct view prefix;
    struct view uri;
    struct view value;
};

/* The views live until the next call of xml_reader_next. */
struct xml_event {
    enum xml_event_kind kind;
    uint32_t line;  /* from 1; where the element or text begins or, beyond 65,535, nearby */
    uint32_t depth; /* of the element, or of the one that holds the text; 0 outside of all */
    struct view name;
    struct view prefix;
    struct view uri;
    struct view text;                       /* of a text, comment or instruction */
    const struct xml_attribute *attributes; /* of a start, in the order of the document */
    uint32_t attribute_count;
    const struct xml_attribute *declarations;
    uint32_t declaration_count;
};

struct xml_reader;

/* The bytes stay the caller's and must live as long as the reader. RC_LIMIT, RC_NO_MEMORY;
 * *reader is NULL on failure. */
enum rc xml_reader_open(struct view document, struct xml_limits limits, struct xml_reader **reader,
                        struct err *err);

/* The next event; after XML_EVENT_DONE it stays so. RC_INVALID with the line and plain words, the
 * library's own ones in the detail; RC_LIMIT; RC_NO_MEMORY. A failure repeats itself. */
enum rc xml_reader_next(struct xml_reader *reader, const struct xml_event **event, struct err *err);

/* Reads on behind the end of the element that has just opened (the last event must have been its
 * start), over all that it holds. Errors as xml_reader_next. */
enum rc xml_reader_skip(struct xml_reader *reader, struct err *err);

void xml_reader_close(struct xml_reader *reader); /* NULL is allowed */

#endif
