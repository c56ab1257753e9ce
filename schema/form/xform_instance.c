/* xform_instance.c: the primary instance.
 *
 * A repeat stands there twice: as the template that new instances are made of, and as the first
 * instance. Within a template the repeats directly inside are templates only; those inside a group
 * of it have both again. */
#include "base/text.h"
#include "schema/form/xform.h"

enum place { PLACE_PLAIN = 0, PLACE_TEMPLATE, PLACE_FIRST };

/* The media of a default are named as the media of labels are. */
static void write_default(struct xform *xform, const struct survey_row *row) {
    bool is_image = row->spec->detail != NULL && strcmp(row->spec->detail, "image/*") == 0;

    if (is_image && (row->default_value.size < 5 || memcmp(row->default_value.data, "jr://", 5)))
        buf_add_text(xform->out, "jr://images/");
    put_escaped(xform->out, row->default_value);
}

static void write_attributes(struct xform *xform, const struct survey_row *row, size_t start) {
    const struct table *table = &xform->compiler->survey;

    for (uint32_t i = 0; !row->is_made && i < table->sheet->column_count; i++) {
        struct view cell = cell_at(table->sheet, row->row, i);
        char name[LIMIT_NAME_BYTES + 1];

        if (table->columns[i].kind != COLUMN_INSTANCE || cell.size == 0 ||
            table->columns[i].attribute.size > LIMIT_NAME_BYTES)
            continue;
        snprintf(name, sizeof(name), "%.*s", VIEW_PRINT(table->columns[i].attribute));
        put_attribute_once(xform->out, start, name, cell);
    }
}

static void write_children(struct xform *xform, uint32_t from, uint32_t to, enum place place,
                           uint32_t container);

static void write_group(struct xform *xform, uint32_t index, bool is_template, enum place inside) {
    const struct survey_row *row = &xform->compiler->rows[index];
    struct buf *out = xform->out;
    size_t start = out->size;

    buf_addf(out, "<%.*s", VIEW_PRINT(row->name));
    if (is_template)
        buf_add_text(out, " jr:template=\"\"");
    write_attributes(xform, row, start);
    buf_add_text(out, ">");
    write_children(xform, index + 1, row->end, inside, index);
    buf_addf(out, "</%.*s>\n", VIEW_PRINT(row->name));
}

static void write_question(struct xform *xform, const struct survey_row *row) {
    struct buf *out = xform->out;
    bool has_default = row->default_value.size > 0 && !default_is_dynamic(row->default_value, row);
    size_t start = out->size;

    buf_addf(out, "<%.*s", VIEW_PRINT(row->name));
    write_attributes(xform, row, start);
    buf_add_text(out, has_default ? ">" : "/>");
    if (!has_default)
        return;
    write_default(xform, row);
    buf_addf(out, "</%.*s>", VIEW_PRINT(row->name));
}

/* What stands in <meta> beside what people put there themselves. */
static void write_meta(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;
    const struct entity *entity = xform_entity_of(xform, NO_PARENT);

    for (uint32_t i = 0; i < compiler->row_count; i++)
        if (compiler->rows[i].spec->kind == ROW_AUDIT)
            buf_add_text(xform->out, "<audit/>");
    if (entity != NULL)
        xform_entity_node(xform, entity);
    if (yes_or_no(table_cell(&compiler->settings, 1, COLUMN_OMIT_INSTANCE_ID)) != 1)
        buf_add_text(xform->out, "<instanceID/>");
    if (compiler->form.instance_name.size > 0)
        buf_add_text(xform->out, "<instanceName/>");
}

static void write_children(struct xform *xform, uint32_t from, uint32_t to, enum place place,
                           uint32_t container) {
    const struct survey_row *rows = xform->compiler->rows;
    const struct entity *entity = container == NO_PARENT ? NULL : xform_entity_of(xform, container);

    for (uint32_t i = from; i < to; i = rows[i].end) {
        uint8_t kind = rows[i].spec->kind;
        bool is_meta = container == NO_PARENT && view_is(rows[i].name, "meta");

        if (kind == ROW_AUDIT || kind == ROW_EXTERNAL)
            continue;
        if (kind == ROW_FIELD) {
            write_question(xform, &rows[i]);
        } else if (rows[i].spec->type == FIELD_TYPE_GROUP && is_meta) {
            buf_add_text(xform->out, "<meta>");
            write_children(xform, i + 1, rows[i].end, PLACE_PLAIN, i);
            write_meta(xform);
            buf_add_text(xform->out, "</meta>\n");
        } else if (rows[i].spec->type == FIELD_TYPE_GROUP) {
            write_group(xform, i, false, place == PLACE_FIRST ? PLACE_FIRST : PLACE_PLAIN);
        } else {
            if (place != PLACE_FIRST)
                write_group(xform, i, true, PLACE_TEMPLATE);
            if (place != PLACE_TEMPLATE)
                write_group(xform, i, false, PLACE_FIRST);
        }
    }
    if (entity != NULL) {
        buf_add_text(xform->out, "<meta>");
        xform_entity_node(xform, entity);
        buf_add_text(xform->out, "</meta>");
    }
}

static void write_root_attributes(struct xform *xform) {
    static const struct {
        uint8_t kind;
        const char *name;
    } settings[] = {{COLUMN_VERSION, "version"},
                    {COLUMN_INSTANCE_XMLNS, "xmlns"},
                    {COLUMN_PREFIX, "odk:prefix"},
                    {COLUMN_DELIMITER, "odk:delimiter"}};
    const struct compiler *compiler = xform->compiler;
    const struct table *table = &compiler->settings;
    size_t start = xform->out->size;

    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        struct view cell = cell_at(table->sheet, 1, i);
        char name[LIMIT_NAME_BYTES + 1];

        snprintf(name, sizeof(name), "%.*s", VIEW_PRINT(utf8_cut(table->columns[i].attribute, 60)));
        if (table->columns[i].kind == COLUMN_ATTRIBUTE && cell.size > 0 &&
            strcmp(name, "id") != 0 && strcmp(name, "version") != 0)
            put_attribute(xform->out, name, cell);
    }
    put_attribute(xform->out, "id", compiler->form.name);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct view cell = table_cell(table, 1, (enum column_kind)settings[i].kind);

        if (cell.size > 0)
            put_attribute_once(xform->out, start, settings[i].name, cell);
    }
}

void xform_instance(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;
    struct buf *out = xform->out;
    bool has_meta = false;
    size_t before;

    for (uint32_t i = 0; i < compiler->row_count; i++)
        has_meta = has_meta || (compiler->rows[i].parent == NO_PARENT &&
                                compiler->rows[i].spec->type == FIELD_TYPE_GROUP &&
                                view_is(compiler->rows[i].name, "meta"));
    buf_addf(out, "<instance>\n<%.*s", VIEW_PRINT(compiler->root_name));
    write_root_attributes(xform);
    buf_add_text(out, ">\n");
    write_children(xform, 0, compiler->row_count, PLACE_PLAIN, NO_PARENT);
    if (!has_meta) {
        buf_add_text(out, "<meta>");
        before = out->size;
        write_meta(xform);
        if (out->size == before && out->failed == RC_OK)
            out->size -= strlen("<meta>");
        else
            buf_add_text(out, "</meta>\n");
    }
    buf_addf(out, "</%.*s>\n</instance>\n", VIEW_PRINT(compiler->root_name));
}
