/* api_record.c: one record as a tree in the order of its form (schema/form/answers_tree.h), and
 * what is asked about it. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "agent/field/album.h"
#include "schema/form/answers.h"
#include "schema/form/answers_tree.h"
#include "schema/title.h"

#define OPTIONS_MAX 50u
#define PATH_BYTES  (LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES)

struct picture {
    struct web_call *call;
    struct visit *visit;
    struct seen seen;
    struct view language;
    struct answers_tree tree;
    struct buf text;
    struct err *err;
};

/* Where the photo is whose name stands in the text. One whose row cannot be read is told as any
 * that is not here; verify says what is wrong with it. */
static void add_attachment(void *context, struct view hash, struct json *item) {
    const struct picture *picture = context;
    struct json *list = json_add_array(item, "attachments");
    struct err ignored;

    err_init(&ignored, LANG_EN);
    (void)album_add_one(picture->visit->session, hash, list, NULL, &ignored);
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
    answers_tree_label(&picture->tree, item, field);
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

        answers_tree_path(&picture->tree, item, version->instance, version->field);
        answers_tree_label(&picture->tree, item, field);
        answers_tree_value(&picture->tree, item, field, &version->value);
        json_add_view(item, "author", author);
        add_time(item, "at", change->time_ms);
    }
}

/* ---- amendments ---- */

/* What stood there before this amendment; kept, because the field is sealed. */
static void add_before(struct picture *picture, struct json *item, const struct form_field *field,
                       const struct version *now) {
    const struct record *record = &picture->seen.record;
    uint32_t count;
    const struct version *versions = record_field(record, now->instance, now->field, &count);

    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < versions[i].replaced_count; k++)
            if (versions[i].replaced_by[k] == now->change && versions[i].change != now->change) {
                answers_tree_value(&picture->tree, json_add_object(item, "before"), field,
                                   &versions[i].value);
                return;
            }
}

static void add_amended(struct picture *picture, struct json *list, uint32_t change) {
    const struct seen *seen = &picture->seen;

    for (uint32_t i = 0; i < seen->record.version_count; i++) {
        const struct version *version = &seen->record.versions[i];
        const struct form_field *field =
            seen->form == NULL ? NULL : form_field_by_number(seen->form, version->field);
        struct json *item;

        if (version->change != change || version->field < FIELD_FIRST_OF_FORM)
            continue;
        item = json_add_object(list, NULL);
        answers_tree_path(&picture->tree, item, version->instance, version->field);
        answers_tree_label(&picture->tree, item, field);
        answers_tree_value(&picture->tree, item, field, &version->value);
        add_before(picture, item, field, version);
    }
}

/* What was said beyond a seal, by whom and why, in order. */
static enum rc add_amendments(struct picture *picture, struct json *document, struct err *err) {
    const struct record *record = &picture->seen.record;
    struct json *list = json_add_array(document, "amendments");
    const struct absorbed **sorted;
    struct history history;
    enum rc rc = history_read(&history, picture->visit, &picture->seen, err);

    if (rc != RC_OK)
        return rc;
    sorted = history_sorted(&history);
    if (sorted == NULL)
        return arena_check(&picture->visit->arena, "the history", err);
    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        struct json *item;

        if (sorted[i]->kind != CHANGE_AMEND)
            continue;
        item = json_add_object(list, NULL);
        add_dot(item, "dot", sorted[i]->dot);
        history_add(&history, item, sorted[i]);
        add_amended(picture, json_add_array(item, "answers"),
                    (uint32_t)(sorted[i] - record->absorbed));
    }
    return RC_OK;
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
    json_add_buf(document, "title", &picture->text);
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
    answers_tree(&picture->tree, values);
    rc = add_conflicts(picture, document, err);
    add_late(picture, document);
    if (rc == RC_OK)
        rc = add_amendments(picture, document, err);
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
    if (rc == RC_OK)
        rc = visit_see(&visit, web_param(call, "id"), &picture.seen, err);
    picture.tree = (struct answers_tree){.reading = &picture.seen.reading,
                                         .language = picture.language,
                                         .lang = err->lang,
                                         .options_max = OPTIONS_MAX,
                                         .arena = &visit.arena,
                                         .attachment = add_attachment,
                                         .context = &picture};
    if (rc == RC_OK)
        rc = add_record(&picture, document, err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    buf_release(&picture.text);
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
