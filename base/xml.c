/* libxml2's xmlTextReader behind a narrow door (xml.h has the contract).
 *
 * The library streams: it keeps the open elements and frees what has been passed. It is told
 * neither to load nor to expand anything; declarations of a document type are refused when the
 * reader meets them, and a reference to an entity wherever it shows, so that the library's own
 * protection against growing entities is only the second line.
 *
 * One event is read ahead where it takes that to know that a text has ended: the library may cut a
 * text in pieces, and a CDATA section may stand inside of it. */
#include "base/xml.h"

#include <assert.h>
#include <limits.h>

#include <libxml/xmlreader.h>

#include "base/list.h"
#include "base/words.h"

struct xml_reader {
    xmlTextReaderPtr library;
    struct xml_limits limits;
    struct xml_event event;
    struct xml_attribute *attributes;
    size_t attribute_room;
    struct xml_attribute *declarations;
    size_t declaration_room;
    struct buf text; /* of the event */
    bool ahead;      /* the library stands on a node that has not been told yet */
    bool closing;    /* the last event opened an element that is empty: its end comes next */
    bool done;
    int bad_code; /* the first error of the library; 0 if there was none */
    int bad_line;
    char bad_words[160];
    enum rc failed; /* sticky */
    struct err why; /* what to repeat */
};

/* ---- errors ---- */

static enum rc fail(struct xml_reader *reader, struct err *err) {
    reader->failed = err->rc;
    reader->why = *err;
    return err->rc;
}

static enum rc bad_at(struct xml_reader *reader, int line, const char *what, struct err *err) {
    err_set(err, RC_INVALID, "XML, line %d: %s", line, words(err->lang, what));
    return fail(reader, err);
}

/* The library's many codes in a few plain words. */
static const char *plain(int code) {
    switch (code) {
    case XML_ERR_TAG_NAME_MISMATCH:
        return WORD("a closing tag does not match its opening tag");
    case XML_ERR_TAG_NOT_FINISHED:
    case XML_ERR_DOCUMENT_END:
        return WORD("the document ends before it is complete or goes on behind its end");
    case XML_ERR_DOCUMENT_EMPTY:
    case XML_ERR_DOCUMENT_START:
        return WORD("this is not XML: it must begin with <");
    case XML_ERR_UNDECLARED_ENTITY:
    case XML_WAR_UNDECLARED_ENTITY:
        return WORD("an entity that XML does not know; write the character itself");
    case XML_ERR_ENTITYREF_SEMICOL_MISSING:
    case XML_ERR_NAME_REQUIRED:
        return WORD("a name is missing, or an & that should be written &amp;");
    case XML_ERR_ATTRIBUTE_REDEFINED:
        return WORD("an attribute stands twice in one element");
    case XML_ERR_ATTRIBUTE_NOT_STARTED:
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
        return WORD("the value of an attribute must stand in quotes");
    case XML_ERR_LT_IN_ATTRIBUTE:
        return WORD("a < inside an attribute; write &lt;");
    case XML_ERR_INVALID_CHAR:
    case XML_ERR_INVALID_CHARREF:
        return WORD("a character that XML does not allow");
    case XML_ERR_INVALID_ENCODING:
    case XML_ERR_UNKNOWN_ENCODING:
    case XML_ERR_UNSUPPORTED_ENCODING:
        return WORD("the encoding is wrong or unknown; save the document as UTF-8");
    case XML_NS_ERR_UNDEFINED_NAMESPACE:
        return WORD("a prefix that no xmlns declares");
    case XML_ERR_ENTITY_LOOP:
        return WORD("entities must not be declared here");
    default:
        return WORD("not well-formed");
    }
}

/* Called by the library. Warnings are not ours, nor what it thinks of the names of namespaces,
 * which are only compared; of errors the first one tells most. */
static void on_error(void *user, xmlErrorPtr error) {
    struct xml_reader *reader = user;
    size_t length;

    if (error == NULL || error->level < XML_ERR_ERROR || reader->bad_code != 0 ||
        error->code == XML_WAR_NS_URI || error->code == XML_WAR_NS_URI_RELATIVE)
        return;
    reader->bad_code = error->code == 0 ? XML_ERR_INTERNAL_ERROR : error->code;
    reader->bad_line = error->line;
    snprintf(reader->bad_words, sizeof(reader->bad_words), "%s",
             error->message == NULL ? "" : error->message);
    length = strlen(reader->bad_words);
    if (length > 0 && reader->bad_words[length - 1] == '\n')
        reader->bad_words[length - 1] = '\0';
}

static enum rc library_failed(struct xml_reader *reader, struct err *err) {
    if (reader->bad_code == XML_ERR_NO_MEMORY) {
        err_set(err, RC_NO_MEMORY, "%s: out of memory", "XML");
        return fail(reader, err);
    }
    err_set(err, RC_INVALID, "XML, line %d: %s", reader->bad_line,
            words(err->lang, plain(reader->bad_code)));
    err_detail(err, "%s", reader->bad_words);
    return fail(reader, err);
}

/* ---- opening and closing ---- */

enum rc xml_reader_open(struct view document, struct xml_limits limits, struct xml_reader **out,
                        struct err *err) {
    /* Neither DTDLOAD nor NOENT: nothing is loaded, nothing is put in the place of an entity. */
    const int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES;
    struct xml_reader *reader;

    *out = NULL;
    if (document.size > limits.bytes || document.size > INT_MAX)
        return err_set(err, RC_LIMIT, "%s: larger than the limit of %zu bytes", "XML",
                       limits.bytes);
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "XML");
    reader->limits = limits;
    if (reader->limits.depth > XML_DEPTH_MAX)
        reader->limits.depth = XML_DEPTH_MAX;
    buf_init(&reader->text, limits.text_bytes);
    /* The library wants an address also for no bytes. */
    reader->library = xmlReaderForMemory(document.size == 0 ? "" : (const char *)document.data,
                                         (int)document.size, NULL, NULL, options);
    if (reader->library == NULL) {
        xml_reader_close(reader);
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "XML");
    }
    xmlTextReaderSetStructuredErrorHandler(reader->library, on_error, reader);
    *out = reader;
    return RC_OK;
}

void xml_reader_close(struct xml_reader *reader) {
    if (reader == NULL)
        return;
    if (reader->library != NULL)
        xmlFreeTextReader(reader->library);
    free(reader->attributes);
    free(reader->declarations);
    buf_release(&reader->text);
    free(reader);
}

/* ---- events ---- */

static struct view view_xml(const xmlChar *text) {
    return view_text((const char *)text);
}

static int node_line(struct xml_reader *reader, xmlNodePtr node) {
    long line = xmlGetLineNo(node);

    /* An element keeps 16 bits; beyond them the place of the parser is near enough. */
    if (line <= 0 || line >= USHRT_MAX)
        line = xmlTextReaderGetParserLineNumber(reader->library);
    return line < 1 ? 1 : line > INT_MAX ? INT_MAX : (int)line;
}

static void name_event(struct xml_event *event, const xmlNode *node) {
    event->name = view_xml(node->name);
    if (node->ns != NULL) {
        event->prefix = view_xml(node->ns->prefix);
        event->uri = view_xml(node->ns->href);
    }
}

/* One text node holds a whole value; a reference to an entity would be a node beside it. */
static enum rc read_value(struct xml_reader *reader, const xmlAttr *attribute, struct view *value,
                          int line, struct err *err) {
    const xmlNode *child = attribute->children;

    *value = view_of("", 0);
    if (child == NULL)
        return RC_OK;
    if (child->type != XML_TEXT_NODE || child->next != NULL)
        return bad_at(reader, line, WORD("entities must not be declared here"), err);
    *value = view_xml(child->content);
    if (value->size > reader->limits.text_bytes) {
        err_set(err, RC_LIMIT, "XML, line %d: a text longer than %zu bytes", line,
                reader->limits.text_bytes);
        return fail(reader, err);
    }
    return RC_OK;
}

static enum rc read_attributes(struct xml_reader *reader, const xmlNode *node, struct err *err) {
    struct xml_event *event = &reader->event;
    int line = (int)event->line;
    size_t count = 0;

    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next, count++) {
        if (array_grow(&reader->declarations, sizeof(*reader->declarations), count + 1, SIZE_MAX,
                       "XML", &reader->declaration_room, err) != RC_OK)
            return fail(reader, err);
        /* The library leaves "&amp;" there as "&#38;"; nobody needs it. */
        if (ns->href != NULL && xmlStrchr(ns->href, '&') != NULL)
            return bad_at(reader, line, WORD("an & in the name of a namespace; take another name"),
                          err);
        reader->declarations[count] =
            (struct xml_attribute){.name = view_xml(ns->prefix), .value = view_xml(ns->href)};
    }
    event->declaration_count = (uint32_t)count;
    count = 0;
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next, count++) {
        struct xml_attribute *item;

        if (count + event->declaration_count >= reader->limits.attributes) {
            err_set(err, RC_LIMIT, "XML, line %d: more than %u attributes in one element", line,
                    reader->limits.attributes);
            return fail(reader, err);
        }
        if (array_grow(&reader->attributes, sizeof(*reader->attributes), count + 1, SIZE_MAX, "XML",
                       &reader->attribute_room, err) != RC_OK)
            return fail(reader, err);
        item = &reader->attributes[count];
        *item = (struct xml_attribute){.name = view_xml(attribute->name)};
        if (attribute->ns != NULL) {
            item->prefix = view_xml(attribute->ns->prefix);
            item->uri = view_xml(attribute->ns->href);
        }
        if (read_value(reader, attribute, &item->value, line, err) != RC_OK)
            return err->rc;
    }
    event->attribute_count = (uint32_t)count;
    event->attributes = reader->attributes;
    event->declarations = reader->declarations;
    return RC_OK;
}

/* Moves the library to its next node; false at the end of the document or after a failure. */
static bool advance(struct xml_reader *reader, struct err *err) {
    int got = xmlTextReaderRead(reader->library);

    if (got < 0 || reader->bad_code != 0) {
        if (reader->bad_code == 0)
            reader->bad_code = XML_ERR_INTERNAL_ERROR;
        (void)library_failed(reader, err);
        return false;
    }
    reader->ahead = got == 1;
    reader->done = got == 0;
    return got == 1;
}

static bool is_text(int type) {
    return type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
           type == XML_READER_TYPE_WHITESPACE || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE;
}

static enum rc take_text(struct xml_reader *reader, struct err *err) {
    buf_add_view(&reader->text, view_xml(xmlTextReaderConstValue(reader->library)));
    reader->ahead = false;
    if (reader->text.failed == RC_LIMIT) {
        err_set(err, RC_LIMIT, "XML, line %d: a text longer than %zu bytes",
                (int)reader->event.line, reader->limits.text_bytes);
        return fail(reader, err);
    }
    return buf_check(&reader->text, "XML", err) == RC_OK ? RC_OK : fail(reader, err);
}

/* The text that begins here with all pieces that follow it at once. */
static enum rc read_text(struct xml_reader *reader, struct err *err) {
    do {
        if (take_text(reader, err) != RC_OK)
            return err->rc;
        if (!advance(reader, err))
            break;
    } while (is_text(xmlTextReaderNodeType(reader->library)));
    if (reader->failed != RC_OK)
        return reader->failed;
    reader->event.text = buf_view(&reader->text);
    return RC_OK;
}

/* The event of the node on which the library stands; *told is false for what is not told. */
static enum rc read_node(struct xml_reader *reader, bool *told, struct err *err) {
    xmlNodePtr node = xmlTextReaderCurrentNode(reader->library);
    int type = xmlTextReaderNodeType(reader->library);
    int depth = xmlTextReaderDepth(reader->library);
    struct xml_event *event = &reader->event;

    *told = true;
    event->line = node == NULL ? 1 : (uint32_t)node_line(reader, node);
    event->depth = depth < 0 ? 0 : (uint32_t)depth;
    if (is_text(type)) {
        event->kind = XML_EVENT_TEXT;
        return read_text(reader, err);
    }
    reader->ahead = false;
    switch (type) {
    case XML_READER_TYPE_ELEMENT:
        event->kind = XML_EVENT_START;
        event->depth++;
        name_event(event, node);
        if (event->depth > reader->limits.depth) {
            err_set(err, RC_LIMIT, "XML, line %d: nested deeper than %u levels", (int)event->line,
                    reader->limits.depth);
            return fail(reader, err);
        }
        reader->closing = xmlTextReaderIsEmptyElement(reader->library) == 1;
        return read_attributes(reader, node, err);
    case XML_READER_TYPE_END_ELEMENT:
        event->kind = XML_EVENT_END;
        event->depth++;
        name_event(event, node);
        return RC_OK;
    case XML_READER_TYPE_COMMENT:
    case XML_READER_TYPE_PROCESSING_INSTRUCTION:
        event->kind = type == XML_READER_TYPE_COMMENT ? XML_EVENT_COMMENT : XML_EVENT_INSTRUCTION;
        if (event->kind == XML_EVENT_INSTRUCTION)
            event->name = view_xml(node->name);
        if (take_text(reader, err) != RC_OK)
            return err->rc;
        event->text = buf_view(&reader->text);
        return RC_OK;
    case XML_READER_TYPE_DOCUMENT_TYPE: {
        const xmlDtd *dtd = (const xmlDtd *)node;

        *told = false;
        if (dtd->children != NULL || dtd->entities != NULL || dtd->pentities != NULL)
            return bad_at(reader, (int)event->line, WORD("entities must not be declared here"),
                          err);
        return RC_OK;
    }
    case XML_READER_TYPE_ENTITY_REFERENCE:
        return bad_at(reader, (int)event->line, WORD("entities must not be declared here"), err);
    default:
        *told = false;
        return RC_OK;
    }
}

enum rc xml_reader_next(struct xml_reader *reader, const struct xml_event **out, struct err *err) {
    bool told = false;

    *out = &reader->event;
    if (reader->failed != RC_OK) {
        *err = reader->why;
        return reader->failed;
    }
    if (reader->closing) {
        reader->closing = false;
        reader->event.kind = XML_EVENT_END;
        reader->event.attribute_count = 0;
        reader->event.declaration_count = 0;
        return RC_OK;
    }
    while (!told) {
        reader->event = (struct xml_event){.kind = XML_EVENT_DONE, .line = reader->event.line};
        buf_clear(&reader->text);
        if (reader->done)
            return RC_OK;
        if (!reader->ahead && !advance(reader, err)) {
            if (reader->failed != RC_OK)
                return reader->failed;
            return RC_OK;
        }
        if (read_node(reader, &told, err) != RC_OK)
            return reader->failed;
    }
    return RC_OK;
}

enum rc xml_reader_skip(struct xml_reader *reader, struct err *err) {
    uint32_t depth = reader->event.depth;
    const struct xml_event *event;

    assert(reader->failed != RC_OK || reader->event.kind == XML_EVENT_START);
    do {
        if (xml_reader_next(reader, &event, err) != RC_OK)
            return reader->failed;
    } while (event->kind != XML_EVENT_DONE &&
             (event->kind != XML_EVENT_END || event->depth != depth));
    return RC_OK;
}
