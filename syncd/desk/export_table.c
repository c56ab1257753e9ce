/* export_table.c: the tables of an export, their columns, and a record's lines in them.
 *
 * A column is a field that any published version of the form has or had; the newest version that
 * has it says what it is called and which choices it has. */
#include "syncd/desk/export_table.h"
#include "schema/erasure.h"
#include "syncd/desk/values.h"

/* --- tables --- */

static bool is_wide(const struct exporting *at) {
    return at->order->format == EXPORT_ZIP || at->order->format == EXPORT_XLSX;
}

static uint16_t repeat_number(const struct form *form, const struct form_field *field) {
    return field->repeat == FORM_NO_PARENT ? 0 : form->fields[field->repeat].number;
}

static struct export_table *table_of(struct exporting *at, uint16_t repeat) {
    for (uint32_t i = 0; i < at->table_count; i++)
        if (at->tables[i].repeat == repeat)
            return &at->tables[i];
    return NULL;
}

/* Letters, digits, - and _ of the last step; numbered where that is taken. At most 31 characters,
 * because a sheet's name has no more: 20 of the step, "_199", and " (254)" of a further sheet. */
static struct view table_name(struct exporting *at, struct view wanted) {
    char name[28];
    size_t size = 0;
    struct view out;

    for (size_t i = 0; i < wanted.size && size < 20; i++) {
        uint8_t c = wanted.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        name[size++] = (char)(plain || c == '-' ? c : '_');
    }
    out = view_of(name, size);
    for (uint32_t i = 0; i < at->table_count; i++)
        if (view_equal(at->tables[i].name, out))
            return view_text(
                arena_text(&at->seat->arena, "%.*s_%u", VIEW_PRINT(out), at->table_count));
    return arena_view(&at->seat->arena, out);
}

static enum rc table_add(struct exporting *at, uint16_t repeat, struct view name, uint32_t most,
                         struct err *err) {
    struct export_table *table = &at->tables[at->table_count];

    if (at->table_count == EXPORT_TABLES_MAX)
        return err_set(err, RC_LIMIT, "an export has at most %u tables", EXPORT_TABLES_MAX);
    *table = (struct export_table){.repeat = repeat, .name = table_name(at, name)};
    table->columns = arena_array(&at->seat->arena, most, sizeof(*table->columns));
    buf_init(&table->out, 64u * 1024u * 1024u);
    csv_writer_init(&table->writer, &table->out, true);
    at->table_count++;
    return arena_check(&at->seat->arena, "an export", err);
}

static enum rc add_repeats(struct exporting *at, uint32_t most, struct err *err) {
    const char *wanted = at->order->repeat;
    enum rc rc = RC_OK;

    for (uint32_t v = 0; v < at->version_count; v++)
        for (uint32_t i = 0; i < at->versions[v]->field_count && rc == RC_OK; i++) {
            const struct form_field *field = &at->versions[v]->fields[i];
            bool named =
                wanted != NULL && (view_is(field->path, wanted) || view_is(field->name, wanted));

            if (field->type == FIELD_TYPE_REPEAT && table_of(at, field->number) == NULL &&
                (wanted == NULL || (named && at->table_count == 0)))
                rc = table_add(at, field->number, field->name, most, err);
        }
    if (rc == RC_OK && at->table_count == 0)
        rc = err_set(err, RC_NOT_FOUND, "--repeat %s: the form has no such repeat", wanted);
    return rc;
}

static void add_column(struct exporting *at, const struct form *form,
                       const struct form_field *field) {
    struct export_table *table = table_of(at, repeat_number(form, field));

    if (!form_field_holds_value(field) || table == NULL)
        return;
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].number == field->number)
            return;
    table->columns[table->column_count++] = (struct export_column){field->number, form, field};
}

enum rc export_tables(struct exporting *at, struct err *err) {
    uint32_t most = 1;
    enum rc rc = RC_OK;

    for (uint32_t v = 0; v < at->version_count; v++)
        most += at->versions[v]->field_count;
    at->tables = arena_array(&at->seat->arena, EXPORT_TABLES_MAX + 1, sizeof(*at->tables));
    if (at->tables == NULL)
        return arena_check(&at->seat->arena, "an export", err);
    if (at->order->repeat == NULL)
        rc = table_add(at, 0, at->order->form, most, err);
    if (rc == RC_OK && (is_wide(at) || at->order->repeat != NULL))
        rc = add_repeats(at, most, err);
    for (uint32_t v = 0; v < at->version_count && rc == RC_OK; v++)
        for (uint32_t i = 0; i < at->versions[v]->field_count; i++)
            add_column(at, at->versions[v], &at->versions[v]->fields[i]);
    return rc;
}

/* --- cells --- */

static enum rc code(struct exporting *at, struct export_table *table, const char *text,
                    struct err *err) {
    return export_cell(at, table, EXPORT_CODE, view_text(text), err);
}

static bool has_labels(const struct exporting *at, const struct export_column *column) {
    return is_wide(at) && column->field->list != FORM_NO_LIST;
}

/* As they are called, in the order of export_lines. */
enum rc export_head(struct exporting *at, struct export_table *table, struct err *err) {
    static const char *const RECORD[] = {"id",      "area",      "version", "created",
                                         "changed", "withdrawn", "sealed",  NULL};
    static const char *const INSTANCE[] = {"id", "instance", "parent", NULL};
    enum rc rc = RC_OK;

    for (const char *const *name = table->repeat == 0 ? RECORD : INSTANCE;
         *name != NULL && rc == RC_OK; name++) {
        rc = code(at, table, *name, err);
        if (rc == RC_OK && is_wide(at) && strcmp(*name, "area") == 0)
            rc = code(at, table, "area.name", err);
    }
    for (uint32_t i = 0; i < table->column_count && rc == RC_OK; i++) {
        rc = export_cell(at, table, EXPORT_TEXT, table->columns[i].field->path, err);
        if (rc == RC_OK && has_labels(at, &table->columns[i])) {
            buf_clear(&at->text);
            buf_add_view(&at->text, table->columns[i].field->path);
            buf_add_text(&at->text, ".label");
            rc = export_cell(at, table, EXPORT_TEXT, buf_view(&at->text), err);
        }
    }
    if (rc == RC_OK)
        rc = code(at, table, "conflicts", err);
    return rc == RC_OK ? export_end_row(at, table, err) : rc;
}

enum rc export_heads(struct exporting *at, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < at->table_count && rc == RC_OK; i++)
        if (!at->tables[i].is_codebook)
            rc = export_head(at, &at->tables[i], err);
    return rc;
}

static enum export_cell kind_of(const struct value *value) {
    return value->type == VALUE_INT || value->type == VALUE_DECIMAL ? EXPORT_NUMBER
           : value->type == VALUE_DATE                              ? EXPORT_DATE
                                                                    : EXPORT_TEXT;
}

/* Elements of a select_multiple have names without spaces; others may hold anything. */
static const char *between(const struct form *form, uint16_t number) {
    const struct form_field *field = form_field_by_number(form, number);

    return field != NULL && field->type == FIELD_TYPE_SELECT_MULTIPLE ? " " : " | ";
}

static void add_value(struct exporting *at, const struct reading *reading, uint16_t number,
                      const struct value *value) {
    desk_value_text(reading->form, number, value, at->order->masked, &at->text);
}

/* The words for one or, of a select_multiple in one text, several codes. */
static void add_labels(struct exporting *at, const struct export_column *column,
                       const struct value *value) {
    const struct form_list *list = &column->form->lists[column->field->list];
    size_t start = 0;

    if (value->type != VALUE_TEXT ||
        (at->order->masked && answers_is_sensitive(column->field, column->number)))
        return;
    while (start < value->bytes.size) {
        size_t end = start;
        const struct form_choice *choice;

        while (end < value->bytes.size && value->bytes.data[end] != ' ')
            end++;
        choice = form_list_choice(list, view_slice(value->bytes, start, end - start));
        if (at->text.size > 0)
            buf_add_text(&at->text, "; ");
        if (choice != NULL)
            buf_add_view(&at->text,
                         *form_label(column->form, &choice->label,
                                     view_text(at->order->lang == LANG_ZH ? "zh" : "en")));
        start = end + 1;
    }
}

static enum rc label_cell(struct exporting *at, struct export_table *table,
                          const struct export_column *column, const struct cell *cell,
                          struct err *err) {
    buf_clear(&at->text);
    if (cell != NULL && cell->kind == CELL_VALUE)
        add_labels(at, column, &cell->value);
    else if (cell != NULL && cell->kind == CELL_SET)
        for (uint32_t i = 0; i < cell->version_count; i++)
            add_labels(at, column, &cell->versions[i]->value);
    return export_cell(at, table, EXPORT_TEXT, buf_view(&at->text), err);
}

static enum rc value_cell(struct exporting *at, struct export_table *table,
                          const struct reading *reading, const struct cell *cell,
                          const struct export_column *column, struct err *err) {
    enum export_cell kind = EXPORT_TEXT;

    buf_clear(&at->text);
    if (cell != NULL && cell->kind == CELL_VALUE) {
        add_value(at, reading, column->number, &cell->value);
        kind = kind_of(&cell->value);
        if (at->order->masked && answers_is_sensitive(column->field, column->number))
            kind = EXPORT_TEXT;
    } else if (cell != NULL && cell->kind == CELL_SET) {
        for (uint32_t i = 0; i < cell->version_count; i++) {
            if (i > 0)
                buf_add_text(&at->text, between(reading->form, column->number));
            add_value(at, reading, column->number, &cell->versions[i]->value);
        }
    } else if (cell != NULL && cell->kind == CELL_ERASED) {
        erasure_text(RC_NOT_FOUND, NULL, at->order->lang, &at->text);
    } else if (cell != NULL && cell->kind == CELL_CONFLICT) {
        if (at->conflicts.size > 0)
            buf_add_u8(&at->conflicts, ' ');
        buf_add_view(&at->conflicts, column->field->path);
    }
    return export_cell(at, table, kind, buf_view(&at->text), err);
}

static enum rc cells(struct exporting *at, struct export_table *table,
                     const struct reading *reading, struct instance_id instance, struct err *err) {
    enum rc rc = RC_OK;

    buf_clear(&at->conflicts);
    for (uint32_t i = 0; i < table->column_count && rc == RC_OK; i++) {
        const struct export_column *column = &table->columns[i];
        const struct cell *cell = reading_cell(reading, instance, column->number);

        rc = value_cell(at, table, reading, cell, column, err);
        if (rc == RC_OK && has_labels(at, column))
            rc = label_cell(at, table, column, cell, err);
    }
    if (rc == RC_OK)
        rc = export_cell(at, table, EXPORT_TEXT, buf_view(&at->conflicts), err);
    if (rc == RC_OK)
        rc = buf_check(&at->conflicts, "a row", err);
    if (rc == RC_OK)
        rc = buf_check(&at->text, "an answer", err);
    return rc == RC_OK ? export_end_row(at, table, err) : rc;
}

/* --- lines --- */

static enum rc area_cells(struct exporting *at, struct export_table *table,
                          const struct reading *reading, struct err *err) {
    enum rc rc;

    buf_clear(&at->text);
    for (uint32_t i = 0; i < reading->area_count; i++) {
        char area[AREA_TEXT_BYTES];

        area_text(reading->areas[i], area);
        buf_addf(&at->text, "%s%s", i == 0 ? "" : " ", area);
    }
    rc = export_cell(at, table, EXPORT_CODE, buf_view(&at->text), err);
    if (rc != RC_OK || !is_wide(at))
        return rc;
    buf_clear(&at->text);
    for (uint32_t i = 0; i < reading->area_count; i++) {
        buf_add_text(&at->text, i == 0 ? "" : "; ");
        buf_add_view(&at->text, succession_name(&at->seat->ledger->areas, reading->areas[i]));
    }
    return export_cell(at, table, EXPORT_TEXT, buf_view(&at->text), err);
}

static enum rc record_line(struct exporting *at, struct export_table *table,
                           const struct seen_record *seen, struct err *err) {
    const struct reading *reading = &seen->reading;
    char text[TIME_TEXT_BYTES], id[DOT_TEXT_BYTES];
    enum rc rc = export_begin_row(at, table, err);

    dot_text(seen->stored.id, id);
    if (rc == RC_OK)
        rc = code(at, table, id, err);
    if (rc == RC_OK)
        rc = area_cells(at, table, reading, err);
    if (rc == RC_OK)
        rc = export_cell(at, table, EXPORT_TEXT,
                         reading->form == NULL ? view_text("") : reading->form->version, err);
    time_text(seen->stored.created_ms, text);
    if (rc == RC_OK)
        rc = code(at, table, text, err);
    time_text(seen->stored.changed_ms, text);
    if (rc == RC_OK)
        rc = code(at, table, text, err);
    if (rc == RC_OK)
        rc = code(at, table, reading->withdrawn ? "1" : "0", err);
    if (rc == RC_OK)
        rc = code(at, table, reading->sealed_scopes != 0 ? "1" : "0", err);
    return rc == RC_OK ? cells(at, table, reading, (struct instance_id){{0, 0}, 0}, err) : rc;
}

static enum rc instance_line(struct exporting *at, struct export_table *table,
                             const struct seen_record *seen, const struct seen_instance *instance,
                             struct err *err) {
    char id[DOT_TEXT_BYTES], text[INSTANCE_TEXT_BYTES];
    enum rc rc = export_begin_row(at, table, err);

    dot_text(seen->stored.id, id);
    if (rc == RC_OK)
        rc = code(at, table, id, err);
    instance_text(instance->id, text);
    if (rc == RC_OK)
        rc = code(at, table, text, err);
    instance_text(instance->parent, text);
    if (rc == RC_OK)
        rc = code(at, table, instance_is_root(instance->parent) ? "" : text, err);
    return rc == RC_OK ? cells(at, table, &seen->reading, instance->id, err) : rc;
}

enum rc export_lines(struct exporting *at, const struct seen_record *seen, struct err *err) {
    const struct reading *reading = &seen->reading;
    struct export_table *table = table_of(at, 0);
    enum rc rc = table == NULL ? RC_OK : record_line(at, table, seen, err);

    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *instance = &reading->instances[i];

        table = instance->removed || instance->repeat == 0 ? NULL : table_of(at, instance->repeat);
        if (table != NULL)
            rc = instance_line(at, table, seen, instance, err);
    }
    return rc;
}

/* --- what the columns are --- */

static enum rc field_line(struct exporting *at, struct export_table *fields,
                          const struct export_table *table, const struct export_column *column,
                          struct err *err) {
    const struct form_field *field = column->field;
    enum rc rc = export_cell(at, fields, EXPORT_CODE, table->name, err);

    if (rc == RC_OK)
        rc = export_cell(at, fields, EXPORT_TEXT, field->path, err);
    if (rc == RC_OK)
        rc = export_cell(at, fields, EXPORT_TEXT,
                         form_field_label(column->form, field, at->order->lang), err);
    if (rc == RC_OK)
        rc = export_cell(at, fields, EXPORT_TEXT, field->xlsform_type, err);
    if (rc == RC_OK)
        rc = code(at, fields, field->sensitive ? "1" : "0", err);
    return rc == RC_OK ? export_end_row(at, fields, err) : rc;
}

enum rc export_fields(struct exporting *at, struct err *err) {
    static const char *const HEADS[] = {"table", "column", "label", "type", "sensitive", NULL};
    struct export_table *fields = &at->tables[at->table_count - 1];
    enum rc rc = RC_OK;

    for (const char *const *head = HEADS; *head != NULL && rc == RC_OK; head++)
        rc = code(at, fields, *head, err);
    if (rc == RC_OK)
        rc = export_end_row(at, fields, err);
    for (uint32_t t = 0; t + 1 < at->table_count; t++)
        for (uint32_t i = 0; i < at->tables[t].column_count && rc == RC_OK; i++)
            rc = field_line(at, fields, &at->tables[t], &at->tables[t].columns[i], err);
    return rc;
}
