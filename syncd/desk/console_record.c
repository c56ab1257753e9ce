/* console_record.c: one record at the console: its answers in the order of the form, what staff
 * said of it and what they are doing about it; and what they may say and do. */
#include "base/crypt.h"
#include "base/text.h"
#include "syncd/desk/console_seen.h"
#include "syncd/desk/income.h"

#define HEAD_LETTERS 8u

struct page {
    struct console_call *call;
    struct seen_record seen;
    struct json *json;
    bool masked;
};

/* ---- what staff said ---- */

struct note_walk {
    struct page *page;
    struct json *list;
};

static enum rc note_visit_page(void *context, const struct note_row *row, struct err *err) {
    struct note_walk *walk = context;
    struct console_call *call = walk->page->call;
    struct json *item = json_add_object(walk->list, NULL);

    console_add_dot(item, "id", row->stored->id);
    json_add_text(item, "kind", note_kind_name((enum note_kind)row->note.kind));
    json_add_view(item, "field", row->note.field);
    json_add_view(item, "text", row->note.text);
    json_add_view(item, "from", row->note.from);
    console_add_time(item, "at", row->note.at_ms);
    return console_add_person(call, item, "author", row->person, err);
}

static enum rc add_notes(struct page *page, struct err *err) {
    struct note_walk walk = {page, json_add_array(page->json, "notes")};
    enum note_kind kind;
    int64_t at_ms = 0;
    enum rc rc = note_list(&page->call->seat, &page->seen.stored, note_visit_page, &walk, err);

    if (rc == RC_OK)
        rc = note_review(&page->call->seat, &page->seen.stored, &kind, &at_ms, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        json_add_null(page->json, "review");
        return RC_OK;
    }
    if (rc == RC_OK)
        json_add_text(page->json, "review", note_kind_name(kind));
    return rc;
}

/* ---- what is to be done ---- */

static enum rc task_visit_page(void *context, const struct task_row *row, struct err *err) {
    struct note_walk *walk = context;
    char due[DATE_TEXT_BYTES];
    struct json *item;

    if (!dot_equal(row->task.household, walk->page->seen.stored.id))
        return RC_OK;
    item = json_add_object(walk->list, NULL);
    console_add_dot(item, "id", row->stored->id);
    json_add_view(item, "kind", row->task.kind);
    json_add_text(item, "state", task_state_name((enum task_state)row->task.state));
    json_add_view(item, "message", row->task.message);
    json_add_view(item, "assignee", row->assignee);
    if (row->task.due.year == 0) {
        json_add_null(item, "due");
    } else {
        date_format(row->task.due, due);
        json_add_text(item, "due", due);
    }
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

static enum rc add_tasks(struct page *page, struct err *err) {
    struct note_walk walk = {page, json_add_array(page->json, "tasks")};
    const struct stored_record *stored = &page->seen.stored;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < stored->area_count && rc == RC_OK; i++)
        rc = task_list(&page->call->seat, stored->areas[i], false, task_visit_page, &walk, err);
    return rc;
}

/* ---- questions, and what came late ---- */

static enum rc question_visit(void *context, const struct stored_conflict *conflict,
                              struct err *err) {
    struct note_walk *walk = context;
    struct page *page = walk->page;
    struct json *item = json_add_object(walk->list, NULL);
    uint16_t field = conflict->kind == CONFLICT_SAME ? (uint16_t)FIELD_SAME : conflict->field;
    struct answers_tree tree;

    console_tree(page->call, &page->seen.reading, page->masked, &tree);
    json_add_text(item, "kind", conflict_kind_name((enum conflict_kind)conflict->kind));
    answers_tree_path(&tree, item, conflict->instance, field);
    if (page->seen.reading.form != NULL)
        answers_tree_label(&tree, item,
                           form_field_by_number(page->seen.reading.form, conflict->field));
    console_add_time(item, "due", conflict->due_ms);
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

static enum rc add_late(struct page *page, struct err *err) {
    const struct reading *reading = &page->seen.reading;
    struct json *list = json_add_array(page->json, "late");
    struct answers_tree tree;
    enum rc rc = RC_OK;

    console_tree(page->call, reading, page->masked, &tree);
    for (uint32_t i = 0; i < reading->late_count && rc == RC_OK; i++) {
        const struct version *version = reading->late[i];
        const struct absorbed *change = &page->seen.record.absorbed[version->change];
        const struct form_field *field =
            reading->form == NULL ? NULL : form_field_by_number(reading->form, version->field);
        struct json *item = json_add_object(list, NULL);

        answers_tree_path(&tree, item, version->instance, version->field);
        answers_tree_label(&tree, item, field);
        answers_tree_value(&tree, item, field, &version->value);
        console_add_time(item, "at", change->time_ms);
        rc = console_add_person(page->call, item, "author", change->person, err);
    }
    return rc;
}

/* ---- the page ---- */

/* The chain of the feed that the record is in: printed sheets can be laid beside the log. */
static enum rc add_head(struct page *page, struct err *err) {
    const struct stored_record *stored = &page->seen.stored;
    struct stored_feed feed = {0};
    char hex[65];
    enum rc rc = stored->area_count == 0
                     ? RC_OK
                     : store_feed(page->call->seat.ledger->store, stored->areas[0],
                                  stored->audience, &feed, err);

    hex_encode(view_of(feed.chain, sizeof(feed.chain)), hex);
    hex[HEAD_LETTERS] = '\0';
    json_add_text(page->json, "head", hex);
    return rc;
}

static void add_facts(struct page *page) {
    const struct stored_record *stored = &page->seen.stored;
    const struct reading *reading = &page->seen.reading;
    struct console_call *call = page->call;
    struct answers_tree tree;

    console_tree(call, reading, page->masked, &tree);
    console_add_brief(call, page->json, stored);
    json_add_view(page->json, "version",
                  reading->form == NULL ? view_text("") : reading->form->version);
    json_add_view(page->json, "form_title",
                  reading->form == NULL
                      ? stored->form_name
                      : *form_label(reading->form, &reading->form->title, tree.language));
    json_add_bool(page->json, "sealed", reading->sealed_scopes != 0);
    json_add_bool(page->json, "withdrawn", reading->withdrawn);
    json_add_bool(page->json, "masked", page->masked);
    json_add_bool(page->json, "income",
                  role_may(call->role, ABILITY_READ) && income_has_table(reading->form));
    json_add_bool(page->json, "field", stored->audience == AUDIENCE_FIELD);
    console_add_time(page->json, "created", stored->created_ms);
    console_add_time(page->json, "changed", stored->changed_ms);
    console_add_time(page->json, "now", env_wall_ms(call->seat.office->env));
    json_add_int(page->json, "position", page->seen.record.absorbed_count);
    answers_tree(&tree, json_add_array(page->json, "values"));
}

enum rc console_record(struct console_call *call, struct err *err) {
    struct page page = {.call = call, .json = json_object()};
    struct note_walk walk = {.page = &page};
    enum rc rc = console_seen(call, &page.seen, err);

    if (rc == RC_OK)
        rc = console_mask(call, console_param(call, "record"), &page.masked, err);
    if (rc == RC_OK) {
        add_facts(&page);
        rc = add_head(&page, err);
    }
    if (rc == RC_OK) {
        walk.list = json_add_array(page.json, "questions");
        rc = store_record_conflicts(call->seat.ledger->store, page.seen.stored.id, question_visit,
                                    &walk, err);
    }
    if (rc == RC_OK)
        rc = add_late(&page, err);
    if (rc == RC_OK && role_may(call->role, ABILITY_READ)) {
        rc = add_notes(&page, err);
        if (rc == RC_OK)
            rc = add_tasks(&page, err);
    } else if (rc == RC_OK) {
        /* What the office thinks of it is not told to whom it sends for an opinion of his own. */
        (void)json_add_array(page.json, "notes");
        (void)json_add_array(page.json, "tasks");
        json_add_null(page.json, "review");
    }
    if (rc != RC_OK) {
        json_free(page.json);
        return rc;
    }
    return console_reply(call, page.json, err);
}

/* ---- saying something ---- */

static enum rc reply_made(struct console_call *call, struct dot made, struct err *err) {
    struct json *json = json_object();

    console_add_dot(json, "id", made);
    return console_reply(call, json, err);
}

enum rc console_note(struct console_call *call, struct err *err) {
    struct note_order order = {.kind = NOTE_COMMENT};
    struct view kind = {0};
    struct speaker speaker;
    struct staff staff = {0};
    struct seen_record seen;
    struct dot made = {0, 0};
    uint16_t field = 0;
    struct instance_id instance;
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = console_word(call, "kind", &kind, err);
    if (rc == RC_OK && kind.size > 0)
        rc = note_kind_parse(kind, &order.kind, err);
    if (rc == RC_OK)
        rc = console_word(call, "field", &order.field, err);
    if (rc == RC_OK && order.field.size > 0)
        rc = answers_path(seen.reading.form, &seen.reading, order.field, &instance, &field, err);
    if (rc == RC_OK)
        rc = console_word(call, "text", &order.text, err);
    if (rc == RC_OK)
        rc = console_speaker(call, &staff, &speaker, err);
    order.about = seen.stored.id;
    if (rc == RC_OK)
        rc = note_write(call->seat.office, &speaker, &order, &made, err);
    crypt_wipe(&staff, sizeof(staff));
    return rc == RC_OK ? reply_made(call, made, err) : rc;
}

enum rc console_task(struct console_call *call, struct err *err) {
    struct task_order order = {0};
    struct view assignee = {0};
    struct speaker speaker;
    struct staff staff = {0};
    struct seen_record seen;
    struct dot made = {0, 0};
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = console_word(call, "kind", &order.kind, err);
    if (rc == RC_OK)
        rc = console_word(call, "due", &order.due, err);
    if (rc == RC_OK)
        rc = console_word(call, "message", &order.message, err);
    if (rc == RC_OK)
        rc = console_word(call, "assignee", &assignee, err);
    if (rc == RC_OK && assignee.size > 0)
        rc = id_parse(assignee, &order.assignee, err);
    if (rc == RC_OK)
        rc = console_speaker(call, &staff, &speaker, err);
    order.household = seen.stored.id;
    if (rc == RC_OK)
        rc = task_assign(call->seat.office, &speaker, &order, &made, err);
    crypt_wipe(&staff, sizeof(staff));
    return rc == RC_OK ? reply_made(call, made, err) : rc;
}

enum rc console_task_cancel(struct console_call *call, struct err *err) {
    const char *text = console_param(call, "task");
    struct stored_record stored;
    struct speaker speaker;
    struct staff staff = {0};
    struct view reason;
    struct dot task, made = {0, 0};
    enum rc rc = console_reason(call, &reason, err);

    if (rc == RC_OK && dot_parse(view_text(text), &task, err) != RC_OK)
        rc = err_set(err, RC_NOT_FOUND, "%s: there is no such record", text);
    if (rc == RC_OK)
        rc = console_stored(call, task, &stored, err);
    if (rc == RC_OK)
        rc = console_speaker(call, &staff, &speaker, err);
    if (rc == RC_OK)
        rc = task_cancel(call->seat.office, &speaker, task, reason, &made, err);
    crypt_wipe(&staff, sizeof(staff));
    return rc == RC_OK ? console_done(call, err) : rc;
}

/* ---- who can be sent there ---- */

struct worker_walk {
    struct console_call *call;
    const struct stored_record *about;
    struct json *list;
    uint32_t count;
};

/* People of tablets who hold its area, and pollsters of the staff. */
static enum rc worker_visit(void *context, const struct stored_person *person, struct err *err) {
    struct worker_walk *walk = context;
    struct json *item;

    if (person->disabled || (person->device == 0 && person->role != ROLE_POLLSTER) ||
        person->device == DEVICE_UNKNOWN || walk->count == CONSOLE_PAGE_ITEMS)
        return RC_OK;
    for (uint32_t i = 0; i < walk->about->area_count; i++)
        if (area_list_contains(person->areas, person->area_count, walk->about->areas[i])) {
            item = json_add_object(walk->list, NULL);
            console_add_id(item, "person", person->person);
            json_add_view(item, "name", person->name);
            json_add_text(item, "role", role_name((enum role)person->role));
            walk->count++;
            return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
        }
    return RC_OK;
}

enum rc console_workers(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct seen_record seen;
    struct worker_walk walk = {
        .call = call, .about = &seen.stored, .list = json_add_array(json, "items")};
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = store_persons(call->seat.ledger->store, worker_visit, &walk, err);
    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}
