/* show.c: everything in one record. Its JSON has the same words here and on the county's side. */
#include "agent/face/show.h"
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "base/date.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "schema/policy.h"
#include "schema/title.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

/* ---- JSON ---- */

void show_form(struct json *document, const struct seen *seen) {
    if (seen->form == NULL) {
        json_add_null(document, "form");
        json_add_null(document, "version");
        return;
    }
    json_add_view(document, "form", seen->form->name);
    json_add_view(document, "version", seen->form->version);
}

static enum rc record_json(struct visit *visit, const struct seen *seen, struct json **out,
                           struct err *err) {
    struct json *document = json_object();
    struct json *values, *conflicts;
    enum rc rc;

    add_dot(document, "id", seen->record.id);
    show_form(document, seen);
    add_area(document, "area", seen->area);
    add_area_names(document, visit->tablet, &seen->area, 1);
    values = json_add_object(document, "values");
    conflicts = json_add_object(document, "conflicts");
    if (values == NULL || conflicts == NULL) {
        json_free(document);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    rc = answers_values(&seen->reading, false, values, err);
    if (rc == RC_OK)
        rc = answers_conflicts(&seen->record, &seen->reading, false, session_author, visit->session,
                               conflicts, err);
    json_add_bool(document, "sealed", seen->reading.sealed_scopes != 0);
    json_add_int(document, "position", (int64_t)seen->position);
    if (rc == RC_OK) {
        *out = document;
        return RC_OK;
    }
    json_free(document);
    return rc;
}

/* Own changes of this record that staff gave back. */
static enum rc given_back(struct visit *visit, struct dot record, struct json *document,
                          struct err *err) {
    struct tablet_quarantined *list = NULL;
    struct json *returned = NULL;
    uint32_t count = 0;
    bool any = false;
    enum rc rc = tablet_quarantine(visit->tablet, &visit->arena, &list, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        char dot[DOT_TEXT_BYTES];

        if (!list[i].returned || !dot_equal(list[i].record, record))
            continue;
        dot_text(list[i].dot, dot);
        if (document != NULL) {
            struct json *item;

            if (!any)
                returned = json_add_array(document, "returned");
            item = json_add_object(returned, NULL);
            json_add_text(item, "dot", dot);
            json_add_view(item, "reason", list[i].reason);
        } else {
            if (!any)
                rc = command_printf(visit->command, err, "\n%s\n",
                                    words(visit->command->lang, "given back by the staff:"));
            if (rc == RC_OK)
                rc = command_printf(visit->command, err, "  %s  %.*s\n", dot,
                                    VIEW_PRINT(list[i].reason));
        }
        any = true;
    }
    return rc;
}

/* ---- text ---- */

struct writer {
    struct visit *visit;
    const struct seen *seen;
    struct columns columns;
    struct buf text; /* of the cell at hand */
};

static void add_value(struct writer *writer, const struct form_field *field,
                      const struct value *value) {
    const struct form *form = writer->seen->form;
    const struct form_choice *choice = NULL;
    size_t start = writer->text.size;
    struct view language = view_text(writer->visit->command->lang == LANG_ZH ? "zh" : "en");

    value_text(value, &writer->text);
    if (field == NULL || field->list == FORM_NO_LIST)
        return;
    choice = form_list_choice(&form->lists[field->list],
                              view_slice(buf_view(&writer->text), start, writer->text.size));
    if (choice != NULL)
        buf_addf(&writer->text, " %.*s", VIEW_PRINT(*form_label(form, &choice->label, language)));
}

static void add_erased(struct writer *writer, const struct cell *cell) {
    const struct record *record = &writer->seen->record;
    struct erasure erasure;
    enum rc found = erasure_find(record, record->absorbed[cell->versions[0]->change].dot,
                                 cell->instance, cell->field, &writer->visit->arena, &erasure);

    erasure_text(found, &erasure, writer->visit->command->lang, &writer->text);
}

static void add_cell(struct writer *writer, const struct form_field *field,
                     const struct cell *cell) {
    buf_clear(&writer->text);
    if (cell->kind == CELL_VALUE)
        add_value(writer, field, &cell->value);
    if (cell->kind == CELL_ERASED)
        add_erased(writer, cell);
    for (uint32_t i = 0;
         i < cell->version_count && (cell->kind == CELL_SET || cell->kind == CELL_CONFLICT); i++) {
        if (i > 0)
            buf_add_text(&writer->text, cell->kind == CELL_SET ? ", " : " <> ");
        add_value(writer, field, &cell->versions[i]->value);
    }
    columns_add(&writer->columns, buf_view(&writer->text));
    if (cell->kind == CELL_CONFLICT)
        columns_add_words(&writer->columns, writer->visit->command->lang, "open question");
    else if (cell->by_policy)
        columns_add_words(&writer->columns, writer->visit->command->lang, "one of several");
}

static void add_field(struct writer *writer, const struct form_field *field,
                      const struct cell *cell, uint32_t depth, size_t skip) {
    char indent[2 * LIMIT_INSTANCE_DEPTH + 1];
    struct buf path;

    memset(indent, ' ', sizeof(indent));
    indent[2 * depth] = '\0';
    buf_init(&path, PATH_BYTES);
    buf_add_text(&path, indent);
    if (field == NULL)
        buf_addf(&path, "#%u", cell->field);
    else
        buf_add_view(&path, view_slice(field->path, skip, field->path.size));
    columns_add(&writer->columns, buf_view(&path));
    buf_release(&path);
    if (field == NULL)
        columns_add_text(&writer->columns, "");
    else
        columns_add(&writer->columns,
                    form_field_label(writer->seen->form, field, writer->visit->command->lang));
    add_cell(writer, field, cell);
    columns_end_row(&writer->columns);
}

static void add_instances(struct writer *writer, const struct form_field *repeat,
                          struct instance_id parent, uint32_t depth);

/* Fields of one instance in the order of the form, then what the form does not know. */
static void add_fields(struct writer *writer, struct instance_id instance, uint32_t repeat,
                       uint32_t depth) {
    const struct form *form = writer->seen->form;
    const struct reading *reading = &writer->seen->reading;
    size_t skip = repeat == FORM_NO_PARENT ? 0 : form->fields[repeat].path.size + 1;

    for (uint32_t i = 0; form != NULL && i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];
        const struct cell *cell;

        if (field->repeat != repeat)
            continue;
        if (field->type == FIELD_TYPE_REPEAT) {
            add_instances(writer, field, instance, depth);
            continue;
        }
        cell = reading_cell(reading, instance, field->number);
        if (cell != NULL && cell->kind != CELL_EMPTY)
            add_field(writer, field, cell, depth, skip);
    }
    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];

        if (instance_equal(cell->instance, instance) && cell->field >= FIELD_FIRST_OF_FORM &&
            cell->kind != CELL_EMPTY &&
            (form == NULL || form_field_by_number(form, cell->field) == NULL))
            add_field(writer, NULL, cell, depth, 0);
    }
}

static void add_instances(struct writer *writer, const struct form_field *repeat,
                          struct instance_id parent, uint32_t depth) {
    const struct form *form = writer->seen->form;
    const struct reading *reading = &writer->seen->reading;

    for (uint32_t i = 0; i < reading->instance_count && depth < LIMIT_INSTANCE_DEPTH; i++) {
        const struct seen_instance *instance = &reading->instances[i];
        char id[INSTANCE_TEXT_BYTES];

        if (instance->removed || instance->repeat != repeat->number ||
            !instance_equal(instance->parent, parent))
            continue;
        instance_text(instance->id, id);
        buf_clear(&writer->text);
        for (uint32_t k = 0; k < depth; k++)
            buf_add_text(&writer->text, "  ");
        buf_addf(&writer->text, "%.*s[%s]", VIEW_PRINT(repeat->name), id);
        columns_add(&writer->columns, buf_view(&writer->text));
        columns_add(&writer->columns, form_field_label(form, repeat, writer->visit->command->lang));
        columns_end_row(&writer->columns);
        add_fields(writer, instance->id, (uint32_t)(repeat - form->fields), depth + 1);
    }
}

static void head_row(struct columns *columns, enum lang lang, const char *english,
                     struct view text) {
    columns_add_words(columns, lang, english);
    columns_add(columns, text);
    columns_end_row(columns);
}

static enum rc print_head(struct writer *writer, struct err *err) {
    const struct seen *seen = writer->seen;
    struct command *command = writer->visit->command;
    enum lang lang = command->lang;
    char id[DOT_TEXT_BYTES];
    struct columns columns;
    struct buf text;
    enum rc rc;

    columns_init(&columns, 2);
    buf_init(&text, 64 * 1024);
    dot_text(seen->record.id, id);
    head_row(&columns, lang, "record", view_text(id));
    if (seen->form != NULL)
        buf_addf(&text, "%.*s %.*s", VIEW_PRINT(seen->form->name), VIEW_PRINT(seen->form->version));
    else
        buf_add_text(&text, words(lang, "has not come yet"));
    head_row(&columns, lang, "form", buf_view(&text));
    buf_clear(&text);
    area_words(writer->visit->tablet, seen->area, &text);
    head_row(&columns, lang, "area", buf_view(&text));
    buf_clear(&text);
    title_make(&seen->reading, &text);
    head_row(&columns, lang, "title", buf_view(&text));
    buf_clear(&text);
    for (uint32_t i = 0; seen->form != NULL && i < seen->form->scope_count; i++)
        if ((seen->reading.sealed_scopes >> i & 1) != 0)
            buf_addf(&text, "%s%.*s", text.size > 0 ? ", " : "", VIEW_PRINT(seen->form->scopes[i]));
    if (text.size > 0)
        head_row(&columns, lang, "sealed", buf_view(&text));
    if (seen->reading.late_count > 0) {
        buf_clear(&text);
        buf_addf(&text, "%u", seen->reading.late_count);
        head_row(&columns, lang, "late, beside the seal", buf_view(&text));
    }
    if (seen->reading.withdrawn)
        head_row(&columns, lang, "withdrawn", view_text(words(lang, "yes")));
    if (seen->pending)
        head_row(&columns, lang, "waits for sync", view_text(words(lang, "yes")));
    rc = columns_print(&columns, command, err);
    buf_release(&text);
    columns_release(&columns);
    return rc == RC_OK ? command_print(command, view_text("\n"), err) : rc;
}

/* With the rule that is broken there. */
static enum rc print_path(struct command *command, const struct json *path, struct err *err) {
    enum rc rc = command_printf(command, err, "%s", json_key(path));

    for (const struct json *side = json_first(path); side != NULL && rc == RC_OK;
         side = json_next(side)) {
        const struct json *rule = json_get(side, "rule");

        if (rule != NULL)
            return command_printf(command, err, "  %.*s\n", VIEW_PRINT(json_text(rule)));
    }
    return rc == RC_OK ? command_printf(command, err, "\n") : rc;
}

enum rc show_conflicts(struct visit *visit, const struct json *conflicts, struct err *err) {
    static const char *const keys[] = {"value", "dot", "author", "at"};
    struct columns columns;
    enum rc rc = RC_OK;

    for (const struct json *path = json_first(conflicts); path != NULL && rc == RC_OK;
         path = json_next(path)) {
        rc = print_path(visit->command, path, err);
        columns_init(&columns, 5);
        for (const struct json *side = json_first(path); side != NULL; side = json_next(side)) {
            columns_add_text(&columns, "  ");
            for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                const struct json *item = json_get(side, keys[i]);
                struct buf text;

                buf_init(&text, LIMIT_VALUE_BYTES * 2);
                if (json_type(item) == JSON_TEXT)
                    buf_add_view(&text, json_text(item));
                else if (json_type(item) > JSON_NULL)
                    json_print(item, false, &text);
                columns_add(&columns, buf_view(&text));
                buf_release(&text);
            }
            columns_end_row(&columns);
        }
        if (rc == RC_OK)
            rc = columns_print(&columns, visit->command, err);
        columns_release(&columns);
    }
    return rc;
}

static enum rc print_record(struct visit *visit, const struct seen *seen, struct err *err) {
    struct writer writer = {.visit = visit, .seen = seen};
    struct json *conflicts = json_object();
    enum rc rc;

    columns_init(&writer.columns, 4);
    buf_init(&writer.text, LIMIT_RECORD_BYTES);
    add_fields(&writer, (struct instance_id){0}, FORM_NO_PARENT, 0);
    rc = print_head(&writer, err);
    if (rc == RC_OK)
        rc = columns_print(&writer.columns, visit->command, err);
    if (rc == RC_OK && seen->reading.conflict_count > 0)
        rc = answers_conflicts(&seen->record, &seen->reading, false, session_author, visit->session,
                               conflicts, err);
    if (rc == RC_OK && json_count(conflicts) > 0) {
        rc = command_printf(visit->command, err, "\n%s\n",
                            words(visit->command->lang, "open questions:"));
        if (rc == RC_OK)
            rc = show_conflicts(visit, conflicts, err);
    }
    json_free(conflicts);
    columns_release(&writer.columns);
    buf_release(&writer.text);
    return rc;
}

enum rc face_show(void *context, struct command *command, struct err *err) {
    struct json *document = NULL;
    struct visit visit;
    struct seen seen;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = visit_see(&visit, command->words[0], &seen, err);
    if (rc == RC_OK && command->json) {
        rc = record_json(&visit, &seen, &document, err);
        if (rc == RC_OK)
            rc = given_back(&visit, seen.record.id, document, err);
        if (rc == RC_OK)
            rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        rc = print_record(&visit, &seen, err);
        if (rc == RC_OK)
            rc = given_back(&visit, seen.record.id, NULL, err);
    }
    visit_close(&visit);
    return rc;
}
