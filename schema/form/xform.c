/* xform.c: the XForm from head to foot. */
#include "schema/form/xform.h"

#include "base/text.h"

/* The namespace of our own columns; a name, not an address. */
#define YG_NAMESPACE       "urn:yangguang:xforms"
#define ENTITIES_NAMESPACE "http://www.opendatakit.org/xforms/entities"

static const struct {
    const char *prefix, *uri;
} namespaces[] = {
    {"h", "http://www.w3.org/1999/xhtml"},       {"ev", "http://www.w3.org/2001/xml-events"},
    {"xsd", "http://www.w3.org/2001/XMLSchema"}, {"jr", "http://openrosa.org/javarosa"},
    {"orx", "http://openrosa.org/xforms"},       {"odk", "http://www.opendatakit.org/xforms"},
};

/* Characters that XML can not hold become blanks; they are in no text on purpose. */
static void escape(struct buf *out, struct view text, bool is_attribute) {
    size_t from = 0;

    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        const char *instead = NULL;

        if (c == '&')
            instead = "&amp;";
        else if (c == '<')
            instead = "&lt;";
        else if (c == '>')
            instead = "&gt;";
        else if (c == '"' && is_attribute)
            instead = "&quot;";
        else if (c == '\n' && is_attribute)
            instead = "&#10;";
        else if (c == '\r' || (c < 0x20 && c != '\n' && c != '\t'))
            instead = c == '\r' && i + 1 < text.size && text.data[i + 1] == '\n' ? "" : " ";
        if (instead == NULL)
            continue;
        buf_add(out, text.data + from, i - from);
        buf_add_text(out, instead);
        from = i + 1;
    }
    if (text.size > from)
        buf_add(out, text.data + from, text.size - from);
}

void put_escaped(struct buf *out, struct view text) {
    escape(out, text, false);
}

void put_attribute(struct buf *out, const char *name, struct view value) {
    buf_addf(out, " %s=\"", name);
    escape(out, value, true);
    buf_add_u8(out, '"');
}

void put_attribute_once(struct buf *out, size_t start, const char *name, struct view value) {
    size_t size = strlen(name);

    for (size_t i = start; i + size + 3 < out->size; i++)
        if (out->data[i] == ' ' && memcmp(out->data + i + 1, name, size) == 0 &&
            memcmp(out->data + i + 1 + size, "=\"", 2) == 0)
            return;
    put_attribute(out, name, value);
}

/* `esri="http://..."` pairs of the settings, parted by blanks. */
static bool setting_namespace(struct view text, size_t *at, struct view *prefix, struct view *uri) {
    size_t start, equals;

    while (*at < text.size && text.data[*at] <= ' ')
        (*at)++;
    start = *at;
    while (*at < text.size && text.data[*at] > ' ')
        (*at)++;
    if (start == *at)
        return false;
    for (equals = start; equals < *at && text.data[equals] != '='; equals++)
        continue;
    *prefix = view_slice(text, start, equals - start);
    *uri = view_slice(text, equals + 1, equals < *at ? *at - equals - 1 : 0);
    while (uri->size > 0 && (uri->data[0] == '"' || uri->data[0] == '\''))
        *uri = view_slice(*uri, 1, uri->size);
    while (uri->size > 0 && (uri->data[uri->size - 1] == '"' || uri->data[uri->size - 1] == '\''))
        uri->size--;
    return true;
}

static bool is_ours(const struct compiler *compiler, struct view prefix) {
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        if (view_is(prefix, namespaces[i].prefix))
            return true;
    return (view_is(prefix, "entities") && compiler->entity_count > 0) ||
           (view_is(prefix, "yg") && compiler->has_extensions);
}

static bool is_uri(struct view uri) {
    for (size_t i = 0; i < uri.size; i++)
        if (uri.data[i] <= ' ' || uri.data[i] >= 0x7F || strchr("<>\"{}|\\^`", uri.data[i]) != NULL)
            return false;
    return uri.size > 0;
}

/* The next pair that can be declared: a new prefix for a new uri. */
static bool namespace_next(const struct compiler *compiler, size_t *at, struct view *prefix,
                           struct view *uri) {
    while (setting_namespace(compiler->namespaces, at, prefix, uri)) {
        bool is_new = form_name_valid(*prefix) && is_uri(*uri) && !is_ours(compiler, *prefix) &&
                      !view_is(*prefix, "xml") && !view_is(*prefix, "xmlns") &&
                      !view_is(*uri, YG_NAMESPACE) &&
                      !view_is(*uri, "http://www.w3.org/XML/1998/namespace") &&
                      !view_is(*uri, "http://www.w3.org/2000/xmlns/") &&
                      !view_is(*uri, ENTITIES_NAMESPACE);
        struct view other_prefix, other_uri;

        for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
            is_new = is_new && !view_is(*uri, namespaces[i].uri);
        for (size_t i = 0; is_new &&
                           setting_namespace(compiler->namespaces, &i, &other_prefix, &other_uri) &&
                           i < *at;)
            is_new = !view_equal(other_prefix, *prefix) && !view_equal(other_uri, *uri);
        if (is_new)
            return true;
    }
    return false;
}

static void write_namespaces(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;
    struct buf *out = xform->out;
    struct view prefix, uri;
    size_t at = 0;

    buf_add_text(out, " xmlns=\"http://www.w3.org/2002/xforms\"");
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        buf_addf(out, " xmlns:%s=\"%s\"", namespaces[i].prefix, namespaces[i].uri);
    if (compiler->entity_count > 0)
        buf_add_text(out, " xmlns:entities=\"" ENTITIES_NAMESPACE "\"");
    if (compiler->has_extensions)
        buf_add_text(out, " xmlns:yg=\"" YG_NAMESPACE "\"");
    while (namespace_next(compiler, &at, &prefix, &uri)) {
        buf_addf(out, " xmlns:%.*s=\"", VIEW_PRINT(prefix));
        escape(out, uri, true);
        buf_add_u8(out, '"');
    }
}

static bool prefix_known(const struct compiler *compiler, struct view wanted) {
    struct view prefix, uri;
    size_t at = 0;

    if (is_ours(compiler, wanted))
        return true;
    while (namespace_next(compiler, &at, &prefix, &uri))
        if (view_equal(prefix, wanted))
            return true;
    return false;
}

/* Attributes that columns name must be names, and their prefixes must mean something. What can not
 * be written is taken from the table, so that the rest can. */
static void check_attributes(struct compiler *compiler, struct table *table) {
    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        struct view name = table->columns[i].attribute, local = name, prefix = {0};
        size_t colon = 0;

        if (table->columns[i].kind < COLUMN_BIND || table->columns[i].kind > COLUMN_ATTRIBUTE)
            continue;
        while (colon < name.size && name.data[colon] != ':')
            colon++;
        if (colon < name.size) {
            prefix = view_slice(name, 0, colon);
            local = view_slice(name, colon + 1, name.size);
        }
        if (form_name_valid(local) && memchr(local.data, ':', local.size) == NULL &&
            !view_is(name, "xmlns") && (prefix.size == 0 || prefix_known(compiler, prefix)))
            continue;
        finding_add(compiler, !compiler->options.lenient, table->sheet, 0, i,
                    "\"%.*s\" can not be an attribute; declare its prefix in the setting "
                    "namespaces, as in ex=\"http://example.org/xforms\"",
                    VIEW_PRINT(finding_shown(name)));
        table->columns[i].kind = COLUMN_IGNORED;
    }
}

static void check_instance_namespace(struct compiler *compiler) {
    struct table *table = &compiler->settings;
    struct view uri = table_cell(table, 1, COLUMN_INSTANCE_XMLNS);

    if (uri.size == 0 || is_uri(uri))
        return;
    finding_add(compiler, !compiler->options.lenient, table->sheet, 1,
                table->first[COLUMN_INSTANCE_XMLNS],
                "\"%.*s\" is no name of a namespace; write an address without blanks",
                VIEW_PRINT(finding_shown(uri)));
    table->first[COLUMN_INSTANCE_XMLNS] = NO_COLUMN;
}

static void write_submission(struct xform *xform) {
    const struct table *table = &xform->compiler->settings;
    struct view url = table_cell(table, 1, COLUMN_SUBMISSION_URL);
    struct view key = table_cell(table, 1, COLUMN_PUBLIC_KEY);
    struct view send = table_cell(table, 1, COLUMN_AUTO_SEND);
    struct view drop = table_cell(table, 1, COLUMN_AUTO_DELETE);
    bool editable = yes_or_no(table_cell(table, 1, COLUMN_CLIENT_EDITABLE)) == 1;
    struct buf *out = xform->out;

    if (url.size == 0 && key.size == 0 && send.size == 0 && drop.size == 0 && !editable)
        return;
    buf_add_text(out, "<submission");
    if (url.size > 0) {
        put_attribute(out, "action", url);
        buf_add_text(out, " method=\"post\"");
    }
    if (key.size > 0)
        put_attribute(out, "base64RsaPublicKey", key);
    if (send.size > 0)
        put_attribute(out, "orx:auto-send", send);
    if (drop.size > 0)
        put_attribute(out, "orx:auto-delete", drop);
    if (editable)
        buf_add_text(out, " odk:client-editable=\"true\"");
    buf_add_text(out, "/>\n");
}

/* Several entities, or one within a group, came with a later version than one for the form. */
static const char *entities_version(const struct compiler *compiler) {
    if (compiler->entity_count > 1 || compiler->entities_declared[0].container != NO_PARENT)
        return "2025.1.0";
    return "2024.1.0";
}

static void write_head(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;
    const struct form *form = &compiler->form;
    struct view title = *form_label(form, &form->title, view_of(NULL, 0));
    struct buf *out = xform->out;

    buf_add_text(out, "<h:head>\n<h:title>");
    put_escaped(out, title.size > 0 ? title : form->name);
    buf_add_text(out, "</h:title>\n<model odk:xforms-version=\"1.0.0\"");
    if (compiler->entity_count > 0)
        buf_addf(out, " entities:entities-version=\"%s\"", entities_version(compiler));
    buf_add_text(out, ">\n");
    write_submission(xform);
    xform_texts_collect(xform);
    xform_texts_write(xform);
    xform_instance(xform);
    xform_lists(xform);
    xform_binds(xform);
    buf_add_text(out, "</model>\n</h:head>\n");
}

void xform_write(struct compiler *compiler, struct buf *out) {
    struct xform xform = {.compiler = compiler, .out = out};

    check_attributes(compiler, &compiler->survey);
    check_attributes(compiler, &compiler->settings);
    check_instance_namespace(compiler);
    buf_init(&xform.scratch, LIMIT_XFORM_BYTES);
    buf_add_text(out, "<?xml version=\"1.0\"?>\n<h:html");
    write_namespaces(&xform);
    buf_add_text(out, ">\n");
    write_head(&xform);
    xform_body(&xform);
    buf_add_text(out, "</h:html>\n");
    (void)xform_scratch(&xform);
    buf_release(&xform.scratch);
}
