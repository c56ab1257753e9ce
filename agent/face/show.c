/* show.c: reading records: show, list, conflicts, history. The JSON of a record has the same words
 * here and on the county's side. */
#include "agent/face/columns.h"
#include "agent/face/face.h"
#include "base/date.h"
#include "base/text.h"
#include "base/words.h"
#include "schema/form/answers.h"
#include "schema/policy.h"
#include "schema/title.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

/* ---- JSON ---- */

static void form_words(struct json *document, const struct seen *seen) {
    if (seen->form == NULL) {
        json_add_null(document, "form");
        json_add_null(document, "version");
        return;
    }
    json_add_view(document, "form", seen->form->name);
    json_add_view(document, "version", seen->form->version);
}

static void add_sealed(struct json *document, const struct seen *seen) {
    struct json *sealed = json_add_array(document, "sealed");

    for (uint32_t i = 0; seen->form != NULL && i < seen->form->scope_count; i++)
        if ((seen->reading.sealed_scopes >> i & 1) != 0)
            json_add_view(sealed, NULL, seen->form->scopes[i]);
}

static enum rc record_json(struct visit *visit, const struct seen *seen, struct json **out,
                           struct err *err) {
    struct json *document = json_object();
    struct json *values, *conflicts;
    enum rc rc;

    add_dot(document, "id", seen->record.id);
    form_words(document, seen);
    add_area(document, "area", seen->area);
    values = json_add_object(document, "values");
    conflicts = json_add_object(document, "conflicts");
    if (values == NULL || conflicts == NULL) {
        json_free(document);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    rc = answers_values(&seen->reading, false, values, err);
    if (rc == RC_OK)
        rc = answers_conflicts(&seen->record, &seen->reading, false, session_author,
                               visit->session, conflicts, err);
    add_sealed(document, seen);
    json_add_int(document, "position", (int64_t)seen->position);
    if (rc == RC_OK) {
        *out = document;
        return RC_OK;
    }
    json_free(document);
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

static void add_cell(struct writer *writer, const struct form_field *field,
                     const struct cell *cell) {
    buf_clear(&writer->text);
    if (cell->kind == CELL_VALUE)
        add_value(writer, field, &cell->value);
    for (uint32_t i = 0; i < cell->version_count && cell->kind >= CELL_SET; i++) {
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
        columns_add(&writer->columns, form_field_label(writer->seen->form, field,
                                                       writer->visit->command->lang));
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
        columns_add(&writer->columns,
                    form_field_label(form, repeat, writer->visit->command->lang));
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
    char id[DOT_TEXT_BYTES], area[AREA_TEXT_BYTES];
    struct columns columns;
    struct buf text;
    enum rc rc;

    columns_init(&columns, 2);
    buf_init(&text, 64 * 1024);
    dot_text(seen->record.id, id);
    head_row(&columns, lang, "record", view_text(id));
    if (seen->form != NULL)
        buf_addf(&text, "%.*s %.*s", VIEW_PRINT(seen->form->name),
                 VIEW_PRINT(seen->form->version));
    else
        buf_add_text(&text, words(lang, "has not come yet"));
    head_row(&columns, lang, "form", buf_view(&text));
    area_text(seen->area, area);
    head_row(&columns, lang, "area", view_text(area));
    buf_clear(&text);
    title_make(&seen->reading, &text);
    head_row(&columns, lang, "title", buf_view(&text));
    buf_clear(&text);
    for (uint32_t i = 0; seen->form != NULL && i < seen->form->scope_count; i++)
        if ((seen->reading.sealed_scopes >> i & 1) != 0)
            buf_addf(&text, "%s%.*s", text.size > 0 ? ", " : "",
                     VIEW_PRINT(seen->form->scopes[i]));
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

/* The sides of each open question. */
static enum rc print_conflicts(struct visit *visit, const struct json *conflicts,
                               struct err *err) {
    static const char *const keys[] = {"value", "dot", "author", "at"};
    struct columns columns;
    enum rc rc = RC_OK;

    for (const struct json *path = json_first(conflicts); path != NULL && rc == RC_OK;
         path = json_next(path)) {
        rc = command_printf(visit->command, err, "%s\n", json_key(path));
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
        rc = answers_conflicts(&seen->record, &seen->reading, false, session_author,
                               visit->session, conflicts, err);
    if (rc == RC_OK && json_count(conflicts) > 0) {
        rc = command_printf(visit->command, err, "\n%s\n",
                            words(visit->command->lang, "open questions:"));
        if (rc == RC_OK)
            rc = print_conflicts(visit, conflicts, err);
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
            rc = command_print_json(command, document, err);
    } else if (rc == RC_OK) {
        rc = print_record(&visit, &seen, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- list ---- */

static void listed_json(struct json *list, const struct listed *listed) {
    struct json *item = json_add_object(list, NULL);

    add_dot(item, "id", listed->id);
    if (listed->form_name.size == 0)
        json_add_null(item, "form");
    else
        json_add_view(item, "form", listed->form_name);
    add_area(item, "area", listed->area);
    json_add_view(item, "title", listed->title);
    json_add_int(item, "conflicts", listed->conflicts);
    json_add_bool(item, "sealed", listed->sealed);
    json_add_bool(item, "pending", listed->pending);
    json_add_bool(item, "withdrawn", listed->withdrawn);
    add_time(item, "changed", listed->changed_ms);
}

static void listed_row(struct columns *columns, const struct listed *listed, enum lang lang) {
    char id[DOT_TEXT_BYTES], area[AREA_TEXT_BYTES], time[TIME_TEXT_BYTES], count[32];

    dot_text(listed->id, id);
    columns_add_text(columns, id);
    columns_add(columns, listed->form_name);
    area_text(listed->area, area);
    columns_add_text(columns, area);
    time_format(listed->changed_ms, time);
    time[16] = '\0'; /* to the minute */
    time[10] = ' ';
    columns_add_text(columns, time);
    columns_add(columns, listed->title);
    snprintf(count, sizeof(count), "%s %u", words(lang, "questions:"), listed->conflicts);
    columns_add_text(columns, listed->conflicts > 0 ? count : "");
    columns_add_words(columns, lang, listed->pending ? "waits for sync" : "on the server");
    columns_add(columns,
                view_text(listed->withdrawn ? words(lang, "withdrawn")
                                            : listed->sealed ? words(lang, "sealed") : ""));
    columns_end_row(columns);
}

static enum rc list_query(const struct command *command, struct list_query *query,
                          struct err *err) {
    const char *area = command_option(command, "--area");
    const char *limit = command_option(command, "--limit");
    uint64_t number = 0;

    query->form_name = view_text(command_option(command, "--form"));
    query->search = view_text(command_option(command, "--search"));
    query->pending_only = command_option(command, "--pending") != NULL;
    query->withdrawn_too = command_option(command, "--withdrawn") != NULL;
    if (limit != NULL && (!parse_u64(view_text(limit), &number) || number == 0 ||
                          number > UINT32_MAX))
        return err_set(err, RC_USAGE, "--limit %s: write a number from 1 on", limit);
    query->limit = (uint32_t)number;
    if (area != NULL && area_parse(view_text(area), &query->area, err) != RC_OK)
        return err_prefix(err, "--area: ");
    return RC_OK;
}

enum rc face_list(void *context, struct command *command, struct err *err) {
    struct list_query query = {0};
    struct columns columns;
    struct listed *listed;
    struct visit visit;
    uint32_t count, total;
    enum rc rc = list_query(command, &query, err);

    if (rc != RC_OK)
        return rc;
    rc = visit_open(context, command, NEED_SESSION, &visit, err);
    if (rc == RC_OK)
        rc = session_list(visit.session, &query, &visit.arena, &listed, &count, &total, err);
    if (rc == RC_OK && command->json) {
        struct json *list = json_array();

        for (uint32_t i = 0; i < count; i++)
            listed_json(list, &listed[i]);
        rc = command_print_json(command, list, err);
    } else if (rc == RC_OK) {
        columns_init(&columns, 8);
        for (uint32_t i = 0; i < count; i++)
            listed_row(&columns, &listed[i], command->lang);
        rc = columns_print(&columns, command, err);
        columns_release(&columns);
        if (rc == RC_OK && count < total)
            command_say(command, "%u of %u records", count, total);
    }
    visit_close(&visit);
    return rc;
}

/* ---- conflicts ---- */

static enum rc add_conflicts(struct visit *visit, struct dot id, struct json *list,
                             struct err *err) {
    struct json *item, *conflicts;
    struct seen seen;
    struct buf title;
    enum rc rc = session_see(visit->session, id, &visit->arena, &seen, err);

    if (rc != RC_OK || seen.reading.conflict_count == 0)
        return rc;
    item = json_add_object(list, NULL);
    add_dot(item, "id", id);
    form_words(item, &seen);
    add_area(item, "area", seen.area);
    buf_init(&title, TITLE_BYTES * 2);
    title_make(&seen.reading, &title);
    json_add_view(item, "title", buf_view(&title));
    buf_release(&title);
    conflicts = json_add_object(item, "conflicts");
    if (conflicts == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    return answers_conflicts(&seen.record, &seen.reading, false, session_author, visit->session,
                             conflicts, err);
}

static enum rc conflicts_of(struct visit *visit, struct json *list, struct err *err) {
    struct list_query query = {.conflicts_only = true};
    struct arena arena;
    struct listed *listed;
    uint32_t count, total;
    enum rc rc;

    if (visit->command->word_count == 1) {
        struct seen seen;

        rc = visit_see(visit, visit->command->words[0], &seen, err);
        return rc == RC_OK ? add_conflicts(visit, seen.record.id, list, err) : rc;
    }
    arena_init(&arena, FACE_ARENA_BYTES);
    rc = session_list(visit->session, &query, &arena, &listed, &count, &total, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        rc = add_conflicts(visit, listed[i].id, list, err);
        arena_reset(&visit->arena);
    }
    arena_release(&arena);
    return rc;
}

static enum rc print_conflict_list(struct visit *visit, const struct json *list,
                                   struct err *err) {
    enum rc rc = RC_OK;

    for (const struct json *item = json_first(list); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        rc = command_printf(visit->command, err, "%s  %s  %s\n",
                            json_text_or(json_get(item, "id"), ""),
                            json_text_or(json_get(item, "form"), "-"),
                            json_text_or(json_get(item, "title"), ""));
        if (rc == RC_OK)
            rc = print_conflicts(visit, json_get(item, "conflicts"), err);
    }
    return rc;
}

enum rc face_conflicts(void *context, struct command *command, struct err *err) {
    struct json *list = json_array();
    struct visit visit;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = conflicts_of(&visit, list, err);
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, list, err);
        list = NULL;
    } else if (rc == RC_OK) {
        rc = print_conflict_list(&visit, list, err);
    }
    json_free(list);
    visit_close(&visit);
    return rc;
}

/* ---- history ---- */

static const char *const kind_names[] = {
    [CHANGE_CREATE] = "create",   [CHANGE_EDIT] = "edit", [CHANGE_REMOVE] = "remove",
    [CHANGE_RESOLVE] = "resolve", [CHANGE_SEAL] = "seal", [CHANGE_AMEND] = "amend",
    [CHANGE_MOVE] = "move",       [CHANGE_ACCEPT] = "accept", [CHANGE_SAME] = "same",
};

static const char *kind_name(uint8_t kind) {
    return kind < sizeof(kind_names) / sizeof(kind_names[0]) && kind_names[kind] != NULL
               ? kind_names[kind]
               : "?";
}

static void add_author(struct visit *visit, struct json *item, const struct absorbed *absorbed) {
    struct view name = session_author(visit->session, absorbed->person);
    char id[17];

    id_text(absorbed->person, id);
    if (name.size > 0)
        json_add_view(item, "author", name);
    else
        json_add_text(item, "author", id);
    add_time(item, "at", absorbed->time_ms);
    json_add_text(item, "kind", kind_name(absorbed->kind));
}

static int by_lamport(const void *left, const void *right) {
    const struct absorbed *a = *(const struct absorbed *const *)left;
    const struct absorbed *b = *(const struct absorbed *const *)right;

    if (a->lamport != b->lamport)
        return a->lamport < b->lamport ? -1 : 1;
    return dot_compare(a->dot, b->dot);
}

static enum rc changes_json(struct visit *visit, const struct record *record, struct json *list,
                            struct err *err) {
    const struct absorbed **sorted =
        arena_array(&visit->arena, record->absorbed_count, sizeof(*sorted));

    if (sorted == NULL)
        return arena_check(&visit->arena, "the history", err);
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        sorted[i] = &record->absorbed[i];
    if (record->absorbed_count > 1)
        qsort(sorted, record->absorbed_count, sizeof(struct absorbed *), by_lamport);
    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        struct json *item = json_add_object(list, NULL);

        add_dot(item, "dot", sorted[i]->dot);
        add_author(visit, item, sorted[i]);
    }
    return RC_OK;
}

static enum rc versions_json(struct visit *visit, const struct seen *seen, const char *path,
                             struct json *list, struct err *err) {
    const struct version *versions;
    struct instance_id instance;
    uint32_t count = 0;
    uint16_t field;
    enum rc rc =
        answers_path(seen->form, &seen->reading, view_text(path), &instance, &field, err);

    if (rc != RC_OK)
        return rc;
    versions = record_field(&seen->record, instance, field, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct json *item = json_add_object(list, NULL);
        char name[INSTANCE_TEXT_BYTES];
        struct buf text;

        buf_init(&text, LIMIT_VALUE_BYTES * 2);
        value_text(&versions[i].value, &text);
        version_text(version_name(&seen->record, &versions[i]), name);
        if (versions[i].value.type == VALUE_NULL)
            json_add_null(item, "value");
        else
            json_add_view(item, "value", buf_view(&text));
        buf_release(&text);
        json_add_text(item, "dot", name);
        add_author(visit, item, &seen->record.absorbed[versions[i].change]);
        json_add_bool(item, "live", versions[i].replaced_count == 0);
    }
    return RC_OK;
}

static enum rc print_history(struct visit *visit, const struct json *list, bool values,
                             struct err *err) {
    static const char *const keys[] = {"dot", "kind", "author", "at", "value"};
    struct columns columns;
    enum rc rc;

    columns_init(&columns, values ? 6 : 4);
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        bool live = true;

        for (size_t i = 0; i < (values ? 5u : 4u); i++)
            columns_add_text(&columns, json_text_or(json_get(item, keys[i]), "-"));
        if (values && json_bool(json_get(item, "live"), &live) && !live)
            columns_add_words(&columns, visit->command->lang, "replaced");
        columns_end_row(&columns);
    }
    rc = columns_print(&columns, visit->command, err);
    columns_release(&columns);
    return rc;
}

enum rc face_history(void *context, struct command *command, struct err *err) {
    bool values = command->word_count == 2;
    struct json *list = json_array();
    struct visit visit;
    struct seen seen;
    enum rc rc = visit_open(context, command, NEED_SESSION, &visit, err);

    if (rc == RC_OK)
        rc = visit_see(&visit, command->words[0], &seen, err);
    if (rc == RC_OK)
        rc = values ? versions_json(&visit, &seen, command->words[1], list, err)
                    : changes_json(&visit, &seen.record, list, err);
    if (rc == RC_OK && command->json) {
        rc = command_print_json(command, list, err);
        list = NULL;
    } else if (rc == RC_OK) {
        rc = print_history(&visit, list, values, err);
    }
    json_free(list);
    visit_close(&visit);
    return rc;
}
