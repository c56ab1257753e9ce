/* xform_bind.c: one <bind> for each node that has a type or a rule, and the actions of the model
 * beside it. A column bind::name puts an attribute of its own there, and wins over what we would
 * write ourselves. */
#include "base/text.h"
#include "schema/form/xform.h"

/* The cell of a column bind::name, if the row has one. */
static struct view bind_cell(const struct xform *xform, const struct survey_row *row,
                             const char *name) {
    const struct table *table = &xform->compiler->survey;

    for (uint32_t i = 0; !row->is_made && i < table->sheet->column_count; i++)
        if (table->columns[i].kind == COLUMN_BIND && view_is(table->columns[i].attribute, name))
            return cell_at(table->sheet, row->row, i);
    return view_of(NULL, 0);
}

static void plain(struct xform *xform, const struct survey_row *row, const char *name,
                  struct view value) {
    if (value.size > 0 && bind_cell(xform, row, name).size == 0)
        put_attribute(xform->out, name, value);
}

/* "yes" and its likes are true(). */
static void rule(struct xform *xform, uint32_t index, const char *name, struct view text) {
    struct context context = xform_context(xform, index);
    int answer = text.size == 0 ? -1 : yes_or_no(text);
    bool is_word = text.size > 0 && answer >= 0 && !(text.size == 1 && text.data[0] <= '9');

    if (text.size == 0)
        return;
    if (is_word ||
        (answer >= 0 && (strcmp(name, "required") == 0 || strcmp(name, "readonly") == 0)))
        text = view_text(answer == 1 ? "true()" : "false()");
    xform_expression(xform, name, text, &context);
}

static void own_columns(struct xform *xform, uint32_t index, size_t start) {
    const struct survey_row *row = &xform->compiler->rows[index];
    const struct table *table = &xform->compiler->survey;
    struct context context = xform_context(xform, index);

    for (uint32_t i = 0; !row->is_made && i < table->sheet->column_count; i++) {
        struct view cell = cell_at(table->sheet, row->row, i);
        uint8_t kind = table->columns[i].kind;
        char name[LIMIT_NAME_BYTES + 1];

        if (cell.size == 0)
            continue;
        if (kind == COLUMN_BIND) {
            snprintf(name, sizeof(name), "%.*s",
                     VIEW_PRINT(utf8_cut_bytes(table->columns[i].attribute, LIMIT_NAME_BYTES)));
            xform_expression_once(xform, start, name, cell, &context);
        } else if (kind >= COLUMN_MERGE && kind <= COLUMN_SENSITIVE) {
            struct view head = cell_at(table->sheet, 0, i);

            snprintf(name, sizeof(name), "%.*s",
                     VIEW_PRINT(utf8_cut_bytes(view_slice(head, 6, head.size), 60)));
            text_to_lower(name);
            put_attribute(xform->out, name, cell);
        }
    }
}

static void message(struct xform *xform, uint32_t index, enum column_kind kind, const char *name) {
    struct view text = row_plain(xform, index, kind);

    if (row_message_is_text(xform, index, kind))
        buf_addf(xform->out, " %s=\"jr:itext('%.*s:%s')\"", name,
                 VIEW_PRINT(xform->compiler->rows[index].xpath), name);
    else if (text.size > 0)
        put_attribute(xform->out, name, text);
}

static void parameter(struct xform *xform, const struct survey_row *row, const char *name,
                      const char *attribute) {
    plain(xform, row, attribute, row_parameter(row, name));
}

static void parameters(struct xform *xform, const struct survey_row *row) {
    static const char *const audit[] = {"location-priority", "location-min-interval",
                                        "location-max-age",  "track-changes",
                                        "identify-user",     "track-changes-reasons"};
    const char *type = row->spec->text;
    char name[64];

    for (size_t i = 0; row->spec->kind == ROW_AUDIT && i < sizeof(audit) / sizeof(audit[0]); i++) {
        snprintf(name, sizeof(name), "odk:%s", audit[i]);
        parameter(xform, row, audit[i], name);
    }
    if (strcmp(type, "audio") == 0)
        parameter(xform, row, "quality", "odk:quality");
    if (strncmp(type, "geo", 3) == 0)
        parameter(xform, row, "allow-mock-accuracy", "odk:allow-mock-accuracy");
    if (row->spec->detail != NULL && strcmp(row->spec->detail, "image/*") == 0)
        parameter(xform, row, "max-pixels", "orx:max-pixels");
}

/* The type of a range is that of its bounds. */
static const char *bind_type(const struct survey_row *row) {
    static const char *const bounds[] = {"start", "end", "step"};

    for (size_t i = 0; strcmp(row->spec->text, "range") == 0 && i < 3; i++) {
        struct view value = row_parameter(row, bounds[i]);

        if (value.size > 0 && memchr(value.data, '.', value.size) != NULL)
            return "decimal";
    }
    return row->spec->bind;
}

static bool has_trigger(const struct survey_row *row) {
    return row->trigger.size > 0 && row->spec->kind == ROW_FIELD;
}

static struct view save_to(const struct survey_row *row) {
    const uint8_t *mark =
        row->save_to.size == 0 ? NULL : memchr(row->save_to.data, '#', row->save_to.size);

    return mark == NULL ? row->save_to
                        : view_slice(row->save_to, (size_t)(mark - row->save_to.data) + 1,
                                     row->save_to.size);
}

static void bind_row(struct xform *xform, uint32_t index) {
    const struct survey_row *row = &xform->compiler->rows[index];
    const char *type = bind_type(row);
    struct buf *out = xform->out;
    size_t start = out->size, bare;

    buf_add_text(out, "<bind");
    if (row->spec->kind == ROW_AUDIT)
        buf_addf(out, " nodeset=\"/%.*s/meta/audit\"", VIEW_PRINT(xform->compiler->root_name));
    else
        put_attribute(out, "nodeset", row->xpath);
    bare = out->size;
    if (type != NULL)
        plain(xform, row, "type", view_text(type));
    rule(xform, index, "relevant", row->relevant);
    rule(xform, index, "constraint", row->constraint);
    if (strcmp(row->spec->text, "note") == 0 && row->read_only.size == 0)
        put_attribute(out, "readonly", view_text("true()"));
    rule(xform, index, "required", row->required);
    rule(xform, index, "readonly", row->read_only);
    if (!has_trigger(row))
        rule(xform, index, "calculate", row->calculation);
    if (row->spec->preload != NULL) {
        plain(xform, row, "jr:preload", view_text(row->spec->preload));
        plain(xform, row, "jr:preloadParams", view_text(row->spec->detail));
    }
    message(xform, index, COLUMN_CONSTRAINT_MESSAGE, "jr:constraintMsg");
    message(xform, index, COLUMN_REQUIRED_MESSAGE, "jr:requiredMsg");
    message(xform, index, COLUMN_NO_APP_MESSAGE, "jr:noAppErrorString");
    parameters(xform, row);
    rule(xform, index, "yg:warning", row->warning);
    message(xform, index, COLUMN_WARNING_MESSAGE, "yg:warning_message");
    if (row->save_to.size > 0)
        put_attribute(out, "entities:saveto", save_to(row));
    own_columns(xform, index, start);
    if (out->size == bare && out->failed == RC_OK)
        out->size = start; /* a group without rules needs none */
    else
        buf_add_text(out, "/>\n");
}

void xform_setvalue(struct xform *xform, uint32_t row, const char *event, struct view value) {
    struct context context = xform_context(xform, row);

    buf_add_text(xform->out, "<setvalue");
    put_attribute(xform->out, "ref", xform->compiler->rows[row].xpath);
    put_attribute(xform->out, "event", view_text(event));
    if (value.size > 0)
        xform_expression(xform, "value", value, &context);
    buf_add_text(xform->out, "/>\n");
}

static void action(struct xform *xform, uint32_t index) {
    const struct survey_row *row = &xform->compiler->rows[index];
    struct buf *out = xform->out;

    if (row->spec->kind == ROW_FIELD && row->default_value.size > 0 &&
        default_is_dynamic(row->default_value, row))
        xform_setvalue(xform, index, "odk-instance-first-load", row->default_value);
    if (strcmp(row->spec->text, "start geopoint") == 0)
        buf_addf(out, "<odk:setgeopoint ref=\"%.*s\" event=\"odk-instance-first-load\"/>\n",
                 VIEW_PRINT(row->xpath));
    if (strcmp(row->spec->text, "background audio") == 0) {
        struct view quality = row_parameter(row, "quality");

        buf_addf(out, "<odk:recordaudio ref=\"%.*s\" event=\"odk-instance-load\"",
                 VIEW_PRINT(row->xpath));
        if (quality.size > 0)
            put_attribute(out, "odk:quality", quality);
        buf_add_text(out, "/>\n");
    }
}

static void bind_meta(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;
    const struct context top = {.row = NO_PARENT, .repeat = NO_PARENT, .items = NO_ROW};
    const struct entity *entity = xform_entity_of(xform, NO_PARENT);
    struct buf *out = xform->out;

    if (entity != NULL)
        xform_entity_binds(xform, entity);
    if (yes_or_no(table_cell(&compiler->settings, 1, COLUMN_OMIT_INSTANCE_ID)) != 1)
        buf_addf(out,
                 "<bind nodeset=\"/%.*s/meta/instanceID\" type=\"string\" readonly=\"true()\" "
                 "jr:preload=\"uid\"/>\n",
                 VIEW_PRINT(compiler->root_name));
    if (compiler->instance_name.size == 0)
        return;
    buf_addf(out, "<bind nodeset=\"/%.*s/meta/instanceName\" type=\"string\"",
             VIEW_PRINT(compiler->root_name));
    xform_expression(xform, "calculate", compiler->instance_name, &top);
    buf_add_text(out, "/>\n");
}

void xform_binds(struct xform *xform) {
    const struct survey_row *rows = xform->compiler->rows;
    uint32_t closes[FORM_DEPTH], depth = 0;

    for (uint32_t i = 0; i <= xform->compiler->row_count; i++) {
        while (depth > 0 && (i == xform->compiler->row_count || i >= rows[closes[depth - 1]].end)) {
            const struct entity *entity = xform_entity_of(xform, closes[--depth]);

            if (entity != NULL)
                xform_entity_binds(xform, entity);
        }
        if (i == xform->compiler->row_count)
            break;
        if (rows[i].spec->kind == ROW_EXTERNAL)
            continue;
        bind_row(xform, i);
        action(xform, i);
        if (rows[i].spec->kind == ROW_BEGIN && depth < FORM_DEPTH)
            closes[depth++] = i;
    }
    bind_meta(xform);
}
