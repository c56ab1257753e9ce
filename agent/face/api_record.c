/* api_record.c: one record as a tree in the order of its form, with the words of the form: groups
 * hold what is in them, repeats their instances, values their text. What has no answer is left out.
 */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "agent/field/album.h"
#include "schema/erasure.h"
#include "schema/form/answers.h"
#include "schema/title.h"

#define PATH_BYTES (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

struct picture {
    struct web_call *call;
    struct visit *visit;
    struct seen seen;
    struct view language;
    struct buf text, path;
    struct err *err;
};

static void add_path(struct picture *picture, struct json *item, struct instance_id instance,
                     uint16_t field) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    buf_clear(&picture->path);
    if (answers_path_text(&picture->seen.reading, instance, field, &picture->path, &ignored) ==
        RC_OK)
        json_add_view(item, "path", buf_view(&picture->path));
}

static void add_label(struct picture *picture, struct json *item, const struct form_field *field) {
    const struct view *label;

    if (field == NULL)
        return;
    label = form_label(picture->seen.form, &field->label, picture->language);
    json_add_view(item, "name", field->name);
    json_add_view(item, "label", label->size > 0 ? *label : field->name);
}

/* Where the photo is whose name stands in the text. One whose row cannot be read is told as any
 * that is not here; verify says what is wrong with it. */
static void add_attachment(struct picture *picture, struct json *item) {
    struct json *list = json_add_array(item, "attachments");
    struct err ignored;

    err_init(&ignored, LANG_EN);
    (void)album_add_one(picture->visit->session, buf_view(&picture->text), list, NULL, &ignored);
}

/* The value as it is stored, and of a choice its label. */
static void add_value(struct picture *picture, struct json *item, const struct form_field *field,
                      const struct value *value) {
    const struct form *form = picture->seen.form;
    const struct form_choice *choice;

    if (value->type == VALUE_NULL) {
        json_add_null(item, "value");
        return;
    }
    buf_clear(&picture->text);
    value_text(value, &picture->text);
    json_add_view(item, "value", buf_view(&picture->text));
    if (field != NULL && field->type == FIELD_TYPE_ATTACHMENT)
        add_attachment(picture, item);
    if (field == NULL || field->list == FORM_NO_LIST)
        return;
    choice = form_list_choice(&form->lists[field->list], buf_view(&picture->text));
    if (choice != NULL)
        json_add_view(item, "text", *form_label(form, &choice->label, picture->language));
}

static void add_erased(struct picture *picture, struct json *item, const struct cell *cell) {
    const struct record *record = &picture->seen.record;
    struct erasure erasure;
    enum rc found = erasure_find(record, record->absorbed[cell->versions[0]->change].dot,
                                 cell->instance, cell->field, &picture->visit->arena, &erasure);

    buf_clear(&picture->text);
    erasure_text(found, &erasure, picture->visit->command->lang, &picture->text);
    json_add_view(item, "text", buf_view(&picture->text));
}

static void add_cell(struct picture *picture, struct json *list, const struct form_field *field,
                     const struct cell *cell) {
    static const char *const kinds[] = {[CELL_EMPTY] = "empty",
                                        [CELL_VALUE] = "value",
                                        [CELL_SET] = "set",
                                        [CELL_CONFLICT] = "conflict",
                                        [CELL_ERASED] = "erased"};
    struct json *item = json_add_object(list, NULL), *elements;

    json_add_text(item, "kind", kinds[cell->kind]);
    add_path(picture, item, cell->instance, cell->field);
    add_label(picture, item, field);
    if (field != NULL) {
        json_add_text(item, "type", field_type_name((enum field_type)field->type));
        if (field->sensitive)
            json_add_bool(item, "sensitive", true);
    }
    if (cell->sealed)
        json_add_bool(item, "sealed", true);
    if (cell->by_policy)
        json_add_bool(item, "by_policy", true);
    if (cell->kind == CELL_VALUE)
        add_value(picture, item, field, &cell->value);
    if (cell->kind == CELL_ERASED)
        add_erased(picture, item, cell);
    if (cell->kind != CELL_SET)
        return;
    elements = json_add_array(item, "elements");
    for (uint32_t i = 0; i < cell->version_count; i++)
        add_value(picture, json_add_object(elements, NULL), field, &cell->versions[i]->value);
}

static void add_children(struct picture *picture, struct json *list, uint32_t parent,
                         struct instance_id instance, uint32_t depth);

static void add_repeat(struct picture *picture, struct json *list, uint32_t index,
                       struct instance_id parent, uint32_t depth) {
    const struct form_field *repeat = &picture->seen.form->fields[index];
    const struct reading *reading = &picture->seen.reading;
    struct json *item = NULL, *instances = NULL;

    for (uint32_t i = 0; i < reading->instance_count; i++) {
        const struct seen_instance *instance = &reading->instances[i];
        struct json *one;
        char id[INSTANCE_TEXT_BYTES];

        if (instance->removed || instance->repeat != repeat->number ||
            !instance_equal(instance->parent, parent))
            continue;
        if (item == NULL) {
            item = json_add_object(list, NULL);
            json_add_text(item, "kind", "repeat");
            json_add_view(item, "path", repeat->path);
            add_label(picture, item, repeat);
            instances = json_add_array(item, "instances");
        }
        instance_text(instance->id, id);
        one = json_add_object(instances, NULL);
        json_add_text(one, "id", id);
        add_children(picture, json_add_array(one, "values"), index, instance->id, depth + 1);
    }
}

static void add_group(struct picture *picture, struct json *list, uint32_t index,
                      struct instance_id instance, uint32_t depth) {
    const struct form_field *group = &picture->seen.form->fields[index];
    struct json *item = json_object(), *values = json_add_array(item, "values");

    json_add_text(item, "kind", "group");
    json_add_view(item, "path", group->path);
    add_label(picture, item, group);
    add_children(picture, values, index, instance, depth + 1);
    if (json_count(values) > 0)
        json_add_tree(list, NULL, item);
    else
        json_free(item);
}

static void add_children(struct picture *picture, struct json *list, uint32_t parent,
                         struct instance_id instance, uint32_t depth) {
    const struct form *form = picture->seen.form;

    for (uint32_t i = 0; i < form->field_count && depth < 2 * LIMIT_INSTANCE_DEPTH + 16; i++) {
        const struct form_field *field = &form->fields[i];
        const struct cell *cell;

        if (field->parent != parent)
            continue;
        if (field->type == FIELD_TYPE_REPEAT) {
            add_repeat(picture, list, i, instance, depth);
        } else if (field->type == FIELD_TYPE_GROUP) {
            add_group(picture, list, i, instance, depth);
        } else {
            cell = reading_cell(&picture->seen.reading, instance, field->number);
            if (cell != NULL && cell->kind != CELL_EMPTY)
                add_cell(picture, list, field, cell);
        }
    }
}

/* What the form does not know (it came with a newer version, or no form is here): by number. */
static void add_unknown(struct picture *picture, struct json *list) {
    const struct form *form = picture->seen.form;
    const struct reading *reading = &picture->seen.reading;

    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];
        struct json *item;

        if (cell->field < FIELD_FIRST_OF_FORM || cell->kind == CELL_EMPTY ||
            (form != NULL && form_field_by_number(form, cell->field) != NULL))
            continue;
        item = json_add_object(list, NULL);
        json_add_text(item, "kind", "unknown");
        json_add_int(item, "number", cell->field);
        if (cell->kind == CELL_VALUE)
            add_value(picture, item, NULL, &cell->value);
    }
}

/* ---- questions ---- */

static void add_conflict(struct picture *picture, struct json *list, const struct json *sides) {
    struct json *item = json_add_object(list, NULL), *out;
    const struct form_field *field = NULL;
    struct instance_id instance;
    struct err ignored;
    uint16_t number = 0;

    err_init(&ignored, LANG_EN);
    json_add_text(item, "path", json_key(sides));
    json_add_text(item, "kind", json_text_or(json_get(json_at(sides, 0), "kind"), ""));
    if (picture->seen.form != NULL &&
        answers_path(picture->seen.form, &picture->seen.reading, view_text(json_key(sides)),
                     &instance, &number, &ignored) == RC_OK)
        field = form_field_by_number(picture->seen.form, number);
    add_label(picture, item, field);
    out = json_add_array(item, "sides");
    for (const struct json *side = json_first(sides); side != NULL; side = json_next(side)) {
        struct json *copy = json_add_tree(out, NULL, json_copy(side));
        const struct form_choice *choice = NULL;

        if (field != NULL && field->list != FORM_NO_LIST)
            choice = form_list_choice(&picture->seen.form->lists[field->list],
                                      json_text(json_get(side, "value")));
        if (choice != NULL)
            json_add_view(copy, "text",
                          *form_label(picture->seen.form, &choice->label, picture->language));
    }
}

static enum rc add_conflicts(struct picture *picture, struct json *document, struct err *err) {
    struct json *list = json_add_array(document, "conflicts"), *found = json_object();
    enum rc rc = answers_conflicts(&picture->seen.record, &picture->seen.reading, false,
                                   session_author, picture->visit->session, found, err);

    for (const struct json *sides = json_first(found); sides != NULL && rc == RC_OK;
         sides = json_next(sides))
        add_conflict(picture, list, sides);
    json_free(found);
    return rc;
}

static void add_late(struct picture *picture, struct json *document) {
    const struct reading *reading = &picture->seen.reading;
    struct json *list = json_add_array(document, "late");

    for (uint32_t i = 0; i < reading->late_count; i++) {
        const struct version *version = reading->late[i];
        const struct absorbed *change = &picture->seen.record.absorbed[version->change];
        const struct form_field *field =
            picture->seen.form == NULL ? NULL
                                       : form_field_by_number(picture->seen.form, version->field);
        struct json *item = json_add_object(list, NULL);
        struct view author = session_author(picture->visit->session, change->person);

        add_path(picture, item, version->instance, version->field);
        add_label(picture, item, field);
        add_value(picture, item, field, &version->value);
        json_add_view(item, "author", author);
        add_time(item, "at", change->time_ms);
    }
}

static enum rc add_returned(struct picture *picture, struct json *document, struct err *err) {
    struct json *list = json_add_array(document, "returned");
    struct tablet_quarantined *waiting;
    uint32_t count = 0;
    enum rc rc =
        tablet_quarantine(picture->visit->tablet, &picture->visit->arena, &waiting, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        if (dot_equal(waiting[i].record, picture->seen.record.id))
            quarantined_json(list, &waiting[i]);
    return rc;
}

/* ---- the record ---- */

static void add_scopes(const struct picture *picture, struct json *document) {
    const struct form *form = picture->seen.form;
    struct json *list = json_add_array(document, "scopes");

    for (uint32_t i = 0; form != NULL && i < form->scope_count; i++) {
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "scope", form->scopes[i]);
        json_add_bool(item, "sealed", (picture->seen.reading.sealed_scopes >> i & 1) != 0);
    }
}

static enum rc add_record(struct picture *picture, struct json *document, struct err *err) {
    const struct seen *seen = &picture->seen;
    struct view area_name = succession_name(tablet_areas(picture->visit->tablet), seen->area);
    struct json *values;
    enum rc rc;

    add_dot(document, "id", seen->record.id);
    buf_clear(&picture->text);
    title_make(&seen->reading, &picture->text);
    json_add_view(document, "title", buf_view(&picture->text));
    show_form(document, seen);
    if (seen->form != NULL)
        json_add_view(document, "form_title",
                      *form_label(seen->form, &seen->form->title, picture->language));
    add_area(document, "area", seen->area);
    if (area_name.size > 0)
        json_add_view(document, "area_name", area_name);
    json_add_bool(document, "pending", seen->pending);
    json_add_bool(document, "withdrawn", seen->reading.withdrawn);
    json_add_bool(document, "sealed", seen->reading.sealed_scopes != 0);
    json_add_int(document, "position", (int64_t)seen->position);
    add_scopes(picture, document);
    values = json_add_array(document, "values");
    if (seen->form != NULL)
        add_children(picture, values, FORM_NO_PARENT, (struct instance_id){0}, 0);
    add_unknown(picture, values);
    rc = add_conflicts(picture, document, err);
    add_late(picture, document);
    return rc == RC_OK ? add_returned(picture, document, err) : rc;
}

enum rc web_record(struct web_call *call, struct err *err) {
    struct json *document = json_object();
    struct picture picture = {.call = call, .err = err};
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    picture.visit = &visit;
    picture.language = web_language(call, visit.seat);
    buf_init(&picture.text, LIMIT_RECORD_BYTES);
    buf_init(&picture.path, PATH_BYTES);
    if (rc == RC_OK)
        rc = visit_see(&visit, web_param(call, "id"), &picture.seen, err);
    if (rc == RC_OK)
        rc = add_record(&picture, document, err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    buf_release(&picture.text);
    buf_release(&picture.path);
    visit_close(&visit);
    return rc;
}

/* ---- what commands do ---- */

enum rc web_history(struct web_call *call, struct err *err) {
    struct buf path;
    enum rc rc;

    buf_init(&path, PATH_BYTES);
    rc = web_filter(call, "path", &path, err);
    web_word(call, web_param(call, "id"));
    if (rc == RC_OK && path.size > 0)
        web_word(call, buf_text(&path));
    if (rc == RC_OK)
        rc = web_run(call, face_history, err);
    buf_release(&path);
    return rc;
}

/* One of these says what the answer is. */
static enum rc add_answer(struct web_call *call, struct buf *value, struct err *err) {
    static const struct {
        const char *key, *option;
        bool is_flag;
    } answers[] = {
        {"keep", "--keep", false},    {"value", "--value", false},
        {"remove", "--remove", true}, {"accept", "--accept", true},
        {"same", "--same", true},     {"different", "--different", true},
    };
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct json *item = json_get(call->body, answers[i].key);
        bool yes = false;

        if (item == NULL || (answers[i].is_flag && (!json_bool(item, &yes) || !yes)))
            continue;
        count++;
        if (answers[i].is_flag) {
            web_option(call, answers[i].option, "");
            continue;
        }
        if (json_type(item) == JSON_TEXT)
            buf_add_view(value, json_text(item));
        else
            json_print(item, false, value);
        web_option(call, answers[i].option, buf_text(value));
    }
    if (count != 1)
        return err_set(err, RC_INVALID,
                       "request: give one answer: keep, value, remove, accept, same or different");
    return buf_check(value, "the answer", err);
}

enum rc web_resolve(struct web_call *call, struct err *err) {
    const char *path, *reason;
    struct buf value;
    enum rc rc = web_need(call, "path", &path, err);

    buf_init(&value, WEB_JSON_BYTES);
    if (rc == RC_OK)
        rc = web_need(call, "reason", &reason, err);
    if (rc == RC_OK)
        rc = add_answer(call, &value, err);
    if (rc == RC_OK) {
        web_word(call, web_param(call, "id"));
        web_word(call, path);
        web_option(call, "--reason", reason);
        rc = web_run(call, face_resolve, err);
    }
    buf_release(&value);
    return rc;
}

enum rc web_seal(struct web_call *call, struct err *err) {
    const char *scope;
    enum rc rc = web_need(call, "scope", &scope, err);

    if (rc != RC_OK)
        return rc;
    web_word(call, web_param(call, "id"));
    web_word(call, scope);
    return web_run(call, face_seal, err);
}

enum rc web_move(struct web_call *call, struct err *err) {
    const char *area, *reason;
    enum rc rc = web_need(call, "area", &area, err);

    if (rc == RC_OK)
        rc = web_need(call, "reason", &reason, err);
    if (rc != RC_OK)
        return rc;
    web_word(call, web_param(call, "id"));
    web_option(call, "--area", area);
    web_option(call, "--reason", reason);
    return web_run(call, face_move, err);
}
