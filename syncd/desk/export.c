/* export.c: records as tables for other programs.
 *
 * CSV: one line a record, one column a field that any published version of the form has or had; the
 * fields of a repeat are a table of their own (--repeat NAME), one line an instance, joined by
 * record and instance id. A cell in conflict is empty, and the last column names such fields: no
 * side is silently chosen. Texts that a spreadsheet would run as a formula are disarmed.
 *
 * JSON: an array of what `show --json` gives for each record.
 *
 * Records are read in pages, each written out before the next is read, so that a slow reader holds
 * neither memory nor the store. */
#include "base/csv.h"
#include "schema/erasure.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/values.h"
#include "syncd/sync/examine.h"

#define PAGE_BYTES   (128u * 1024u)
#define OUT_BYTES    (64u * 1024u * 1024u)
#define VERSIONS_MAX 1000u

struct export_column {
    uint16_t number;
    struct view path;
};

struct export {
    struct seat *seat;
    struct command *command;
    struct view form; /* name */
    bool masked, is_json;
    const struct form *versions[VERSIONS_MAX]; /* newest first */
    uint32_t version_count;
    uint16_t repeat; /* number of the repeat that is asked for; 0: the record */
    struct export_column *columns;
    uint32_t column_count;
    struct arena arena; /* of the record at hand */
    struct buf out;
    struct csv_writer writer;
    struct dot after;
    bool is_full; /* the page */
    uint64_t records;
};

/* --- columns --- */

static enum rc version_visit(void *context, const struct stored_form *stored, struct err *err) {
    struct export *export = context;
    const struct form *form = NULL;
    enum rc rc;

    if (!view_equal(stored->name, export->form))
        return RC_OK;
    if (export->version_count == VERSIONS_MAX)
        return err_set(err, RC_LIMIT, "%.*s: more than %u versions", VIEW_PRINT(export->form),
                       VERSIONS_MAX);
    rc = ledger_form(export->seat->ledger, stored->form, &form, err);
    if (rc != RC_OK || form == NULL)
        return rc;
    memmove(export->versions + 1, export->versions,
            export->version_count * sizeof(export->versions[0]));
    export->versions[0] = form;
    export->version_count++;
    return RC_OK;
}

static bool has_column(const struct export *export, uint16_t number) {
    for (uint32_t i = 0; i < export->column_count; i++)
        if (export->columns[i].number == number)
            return true;
    return false;
}

static uint16_t repeat_number(const struct form *form, const struct form_field *field) {
    return field->repeat == FORM_NO_PARENT ? 0 : form->fields[field->repeat].number;
}

static enum rc find_repeat(struct export *export, const char *name, struct err *err) {
    for (uint32_t v = 0; v < export->version_count && export->repeat == 0; v++)
        for (uint32_t i = 0; i < export->versions[v]->field_count; i++) {
            const struct form_field *field = &export->versions[v]->fields[i];

            if (field->type == FIELD_TYPE_REPEAT &&
                (view_is(field->path, name) || view_is(field->name, name)))
                export->repeat = field->number;
        }
    if (export->repeat == 0)
        return err_set(err, RC_NOT_FOUND, "--repeat %s: the form has no such repeat", name);
    return RC_OK;
}

static enum rc find_columns(struct export *export, struct err *err) {
    struct arena *arena = &export->seat->arena;
    uint32_t most = 0;

    for (uint32_t v = 0; v < export->version_count; v++)
        most += export->versions[v]->field_count;
    export->columns = arena_array(arena, most, sizeof(*export->columns));
    if (export->columns == NULL)
        return arena_check(arena, "an export", err);
    for (uint32_t v = 0; v < export->version_count; v++)
        for (uint32_t i = 0; i < export->versions[v]->field_count; i++) {
            const struct form *form = export->versions[v];
            const struct form_field *field = &form->fields[i];

            if (form_field_holds_value(field) && repeat_number(form, field) == export->repeat &&
                !has_column(export, field->number))
                export->columns[export->column_count++] =
                    (struct export_column){field->number, field->path};
        }
    return RC_OK;
}

static void write_text(struct export *export, const char *text) {
    csv_write_cell(&export->writer, CSV_VALUE, view_text(text));
}

static void write_head(struct export *export) {
    csv_writer_init(&export->writer, &export->out, true);
    write_text(export, "id");
    if (export->repeat != 0) {
        write_text(export, "instance");
        write_text(export, "parent");
    } else {
        write_text(export, "area");
        write_text(export, "version");
        write_text(export, "created");
        write_text(export, "changed");
        write_text(export, "withdrawn");
        write_text(export, "sealed");
    }
    for (uint32_t i = 0; i < export->column_count; i++)
        csv_write_cell(&export->writer, CSV_TEXT, export->columns[i].path);
    write_text(export, "conflicts");
    csv_write_end_row(&export->writer);
}

/* --- rows --- */

static void add_value(const struct export *export, const struct reading *reading, uint16_t number,
                      const struct value *value, struct buf *out) {
    desk_value_text(reading->form, number, value, export->masked, out);
}

static bool is_plain(const struct value *value) {
    return value->type == VALUE_INT || value->type == VALUE_DECIMAL || value->type == VALUE_DATE;
}

/* Elements of a select_multiple have names without spaces; others may hold anything. */
static const char *between(const struct form *form, uint16_t number) {
    const struct form_field *field = form_field_by_number(form, number);

    return field != NULL && field->type == FIELD_TYPE_SELECT_MULTIPLE ? " " : " | ";
}

static void write_cell(struct export *export, const struct reading *reading,
                       struct instance_id instance, const struct export_column *column,
                       struct buf *text, struct buf *conflicts) {
    const struct cell *cell = reading_cell(reading, instance, column->number);
    enum csv_cell kind = CSV_TEXT;

    buf_clear(text);
    if (cell != NULL && cell->kind == CELL_VALUE) {
        add_value(export, reading, column->number, &cell->value, text);
        kind = is_plain(&cell->value) ? CSV_VALUE : CSV_TEXT;
    } else if (cell != NULL && cell->kind == CELL_SET) {
        for (uint32_t i = 0; i < cell->version_count; i++) {
            if (i > 0)
                buf_add_text(text, between(reading->form, column->number));
            add_value(export, reading, column->number, &cell->versions[i]->value, text);
        }
    } else if (cell != NULL && cell->kind == CELL_ERASED) {
        erasure_text(RC_NOT_FOUND, NULL, export->command->lang, text);
    } else if (cell != NULL && cell->kind == CELL_CONFLICT) {
        if (conflicts->size > 0)
            buf_add_u8(conflicts, ' ');
        buf_add_view(conflicts, column->path);
    }
    csv_write_cell(&export->writer, kind, buf_view(text));
}

static enum rc write_cells(struct export *export, const struct reading *reading,
                           struct instance_id instance, struct err *err) {
    struct buf text, conflicts;
    enum rc rc;

    buf_init(&text, LIMIT_VALUE_BYTES * 8u);
    buf_init(&conflicts, LIMIT_PATH_BYTES * 1024u);
    for (uint32_t i = 0; i < export->column_count; i++)
        write_cell(export, reading, instance, &export->columns[i], &text, &conflicts);
    csv_write_cell(&export->writer, CSV_TEXT, buf_view(&conflicts));
    csv_write_end_row(&export->writer);
    rc = buf_check(&text, "an answer", err);
    if (rc == RC_OK)
        rc = buf_check(&conflicts, "a row", err);
    buf_release(&text);
    buf_release(&conflicts);
    return rc;
}

static enum rc write_record(struct export *export, const struct seen_record *seen,
                            struct err *err) {
    char text[TIME_TEXT_BYTES], id[DOT_TEXT_BYTES];
    const struct reading *reading = &seen->reading;
    struct buf areas;

    dot_text(seen->stored.id, id);
    write_text(export, id);
    buf_init(&areas, 4096);
    for (uint32_t i = 0; i < reading->area_count; i++) {
        char area[AREA_TEXT_BYTES];

        area_text(reading->areas[i], area);
        buf_addf(&areas, "%s%s", i == 0 ? "" : " ", area);
    }
    csv_write_cell(&export->writer, CSV_VALUE, buf_view(&areas));
    buf_release(&areas);
    csv_write_cell(&export->writer, CSV_TEXT,
                   reading->form == NULL ? view_text("") : reading->form->version);
    time_text(seen->stored.created_ms, text);
    write_text(export, text);
    time_text(seen->stored.changed_ms, text);
    write_text(export, text);
    write_text(export, reading->withdrawn ? "1" : "0");
    write_text(export, reading->sealed_scopes != 0 ? "1" : "0");
    return write_cells(export, reading, (struct instance_id){{0, 0}, 0}, err);
}

static enum rc write_instances(struct export *export, const struct seen_record *seen,
                               struct err *err) {
    const struct reading *reading = &seen->reading;
    char id[DOT_TEXT_BYTES], text[INSTANCE_TEXT_BYTES];
    enum rc rc = RC_OK;

    dot_text(seen->stored.id, id);
    for (uint32_t i = 0; i < reading->instance_count && rc == RC_OK; i++) {
        const struct seen_instance *instance = &reading->instances[i];

        if (instance->removed || instance->repeat != export->repeat)
            continue;
        write_text(export, id);
        instance_text(instance->id, text);
        write_text(export, text);
        instance_text(instance->parent, text);
        write_text(export, instance_is_root(instance->parent) ? "" : text);
        rc = write_cells(export, reading, instance->id, err);
    }
    return rc;
}

static enum rc write_json(struct export *export, const struct seen_record *seen, struct err *err) {
    struct json *json = NULL;
    enum rc rc = seen_json(export->seat, seen, export->masked, &json, err);

    if (rc != RC_OK)
        return rc;
    buf_add_text(&export->out, export->records == 0 ? "[\n" : ",\n");
    json_print(json, false, &export->out);
    json_free(json);
    return RC_OK;
}

static enum rc record_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct export *export = context;
    struct seen_record seen = {.stored = *stored};
    enum rc rc;

    if (export->out.size >= PAGE_BYTES) {
        export->is_full = true;
        return RC_NOT_FOUND;
    }
    arena_reset(&export->arena);
    rc =
        ledger_read(export->seat->ledger, stored, &export->arena, &seen.record, &seen.reading, err);
    if (rc == RC_OK)
        rc = examine_known(export->seat->ledger->store, stored->id, &seen.reading, &export->arena,
                           err);
    if (rc != RC_OK)
        return rc;
    if (export->is_json)
        rc = write_json(export, &seen, err);
    else if (export->repeat != 0)
        rc = write_instances(export, &seen, err);
    else
        rc = write_record(export, &seen, err);
    export->after = stored->id;
    export->records++;
    return rc;
}

static enum rc flush(struct export *export, struct err *err) {
    enum rc rc = buf_check(&export->out, "a page of the export", err);

    if (rc == RC_OK && export->out.size > 0)
        rc = command_print(export->command, buf_view(&export->out), err);
    buf_clear(&export->out);
    return rc;
}

static enum rc write_all(struct export *export, struct err *err) {
    enum rc rc = RC_OK;

    if (!export->is_json)
        write_head(export);
    do {
        export->is_full = false;
        rc = store_list(export->seat->ledger->store, export->form, 0, export->after, record_visit,
                        export, err);
        if (rc == RC_OK)
            rc = flush(export, err);
        command_progress(export->command, "%llu records", (unsigned long long)export->records);
    } while (rc == RC_OK && export->is_full);
    if (rc == RC_OK && export->is_json) {
        buf_add_text(&export->out, export->records == 0 ? "[]\n" : "\n]\n");
        rc = flush(export, err);
    }
    command_progress(export->command, "%s", "");
    return rc;
}

/* --- the command --- */

static enum rc export_act(void *context, struct work *work, struct err *err) {
    const struct export *export = context;
    const char *reason = command_option(export->command, "--reason");
    char object[LIMIT_NAME_BYTES + 1];

    snprintf(object, sizeof(object), "%.*s", VIEW_PRINT(export->form));
    return work_act(work, "command line", "export", object, view_text(reason == NULL ? "" : reason),
                    err);
}

enum rc desk_export(void *context, struct command *command, struct err *err) {
    const char *form = command_option(command, "--form");
    const char *repeat = command_option(command, "--repeat");
    struct seat seat;
    struct export export = {.seat = &seat, .command = command, .masked = true};
    enum rc rc;

    export.is_json = command->json;
    if (form == NULL || strlen(form) > LIMIT_NAME_BYTES)
        return err_set(err, RC_USAGE, "--form F is missing; see: yg-syncd form list");
    if (export.is_json == (command_option(command, "--csv") != NULL))
        return err_set(err, RC_USAGE, "say --csv or --json");
    if (export.is_json && repeat != NULL)
        return err_set(err, RC_USAGE, "--repeat belongs to --csv; JSON holds the repeats already");
    export.form = view_text(form);
    arena_init(&export.arena, DESK_ARENA_BYTES);
    buf_init(&export.out, OUT_BYTES);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = store_forms(seat.ledger->store, 0, version_visit, &export, err);
    if (rc == RC_OK && export.version_count == 0)
        rc = err_set(err, RC_NOT_FOUND, "--form %s: there is no such form; see: yg-syncd form list",
                     form);
    if (rc == RC_OK && repeat != NULL)
        rc = find_repeat(&export, repeat, err);
    if (rc == RC_OK)
        rc = find_columns(&export, err);
    if (rc == RC_OK)
        rc = seat_mask(&seat, command, form, &export.masked, err);
    if (rc == RC_OK)
        rc = office_act(seat.office, export_act, &export, err);
    if (rc == RC_OK)
        rc = write_all(&export, err);
    buf_release(&export.out);
    arena_release(&export.arena);
    seat_close(&seat);
    return rc;
}
