/* task.c: see task.h. The answers go the way that a file's would: through form/answers.h, which
 * checks them against the form and names what is wrong. */
#include "syncd/desk/task.h"

#include "base/text.h"
#include "syncd/sync/author.h"

struct say {
    const struct speaker *speaker;
    const char *form;     /* of a new record */
    const char *action;   /* in the log */
    struct dot about;     /* number 0: none */
    uint64_t area;        /* where about is none */
    struct json *answers; /* of a new record */
    struct dot record;    /* that is changed; number 0: a new one */
    struct view assignee, due, state;
    struct view reason;
    struct dot made;
};

static enum rc may_review(const struct speaker *speaker, struct err *err) {
    enum role role = (enum role)speaker->staff->role;

    if (role_may(role, ABILITY_REVIEW))
        return RC_OK;
    return err_set(err, RC_DENIED,
                   "%.*s: the role %s gives no tasks and reviews nothing; ask somebody else",
                   VIEW_PRINT(speaker->name), role_name(role));
}

/* --- in the writer --- */

static enum rc build_new(void *context, struct edit *edit, struct err *err) {
    const struct say *say = context;
    struct buf problems;
    enum rc rc;

    buf_init(&problems, 64u * 1024u);
    rc = answers_fill(edit, (struct instance_id){{0, 0}, 0}, FORM_NO_PARENT, say->answers,
                      &problems, err);
    buf_release(&problems);
    return rc;
}

static enum rc set_text(struct edit *edit, const char *path, struct view text, struct err *err) {
    const struct form_field *field = form_field_by_path(edit->form, view_text(path));
    struct value value;
    enum rc rc;

    if (text.size == 0)
        return RC_OK;
    if (field == NULL)
        return err_set(err, RC_NOT_FOUND, "%s: the form has no such field; publish a newer one",
                       path);
    rc = form_value_parse(edit->form, field, view_is(text, "-") ? view_text("") : text, edit->arena,
                          &value, err);
    if (rc == RC_OK)
        rc = edit_set(edit, (struct instance_id){{0, 0}, 0}, field->number, &value, field->rank,
                      err);
    return rc;
}

static enum rc build_change(void *context, struct edit *edit, struct err *err) {
    const struct say *say = context;
    enum rc rc = RC_OK;

    if (!view_is(edit->form->name, TASK_FORM))
        return err_set(err, RC_INVALID, "this record is no task; see: yg-syncd task list");
    rc = set_text(edit, "assignee", say->assignee, err);
    if (rc == RC_OK)
        rc = set_text(edit, "due", say->due, err);
    if (rc == RC_OK)
        rc = set_text(edit, "state", say->state, err);
    return rc;
}

/* Where the record is that it is about, as this step sees it. */
static enum rc find_area(struct work *work, const struct say *say, uint64_t *area,
                         struct err *err) {
    struct work_record *record = NULL;
    char id[DOT_TEXT_BYTES];
    enum rc rc;

    *area = succession_of(&work->ledger->areas, say->area);
    if (say->about.number == 0)
        return RC_OK;
    dot_text(say->about, id);
    rc = work_record(work, say->about, &record, err);
    if (rc != RC_OK)
        return rc;
    if (record->stored.revision == 0 || record->old_area_count == 0)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record; see: yg-syncd records", id);
    if (record->audience != AUDIENCE_FIELD)
        return err_set(err, RC_DENIED,
                       "%s: tablets do not hold this record; what is said of it here would reach "
                       "them",
                       id);
    *area = record->old_areas[0];
    return RC_OK;
}

static enum rc say_act(void *context, struct work *work, struct err *err) {
    struct say *say = context;
    bool is_new = say->record.number == 0;
    struct author_request request = {
        .record = say->record,
        .kind = is_new ? CHANGE_CREATE : CHANGE_EDIT,
        .form = view_text(is_new ? say->form : ""),
        .person = say->speaker->staff->person,
        .person_secret = say->speaker->staff->secret_key,
        .reason = say->reason,
        .build = is_new ? build_new : build_change,
        .context = say,
    };
    char object[DOT_TEXT_BYTES];
    char *who = arena_text(&work->arena, "%.*s", VIEW_PRINT(say->speaker->name));
    enum rc rc = is_new ? find_area(work, say, &request.area, err) : RC_OK;

    if (who == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    if (rc == RC_OK)
        rc = author_change(work, &request, &say->made, err);
    if (rc != RC_OK)
        return rc;
    dot_text(say->about.number != 0 ? say->about : is_new ? say->made : say->record, object);
    return work_act(work, who, say->action, object, say->reason, err);
}

static enum rc say_it(const struct office *office, struct say *say, struct dot *made,
                      struct err *err) {
    enum rc rc = RC_OK;

    if (say->reason.size > LIMIT_REASON_BYTES)
        rc = err_set(err, RC_LIMIT, "--reason: at most %u bytes; say it shorter",
                     LIMIT_REASON_BYTES);
    if (rc == RC_OK)
        rc = office_act(office, say_act, say, err);
    json_free(say->answers);
    say->answers = NULL;
    *made = say->made;
    return rc;
}

/* --- what is said --- */

static void add_text(struct json *object, const char *key, struct view text) {
    if (text.size > 0)
        json_add_view(object, key, text);
}

enum rc task_assign(const struct office *office, const struct speaker *speaker,
                    const struct task_order *order, struct dot *made, struct err *err) {
    struct say say = {.speaker = speaker,
                      .form = TASK_FORM,
                      .action = "task assign",
                      .about = order->household,
                      .area = order->area};
    char text[DOT_TEXT_BYTES];
    enum rc rc = may_review(speaker, err);

    if (rc != RC_OK)
        return rc;
    if (order->household.number == 0 && order->area == 0)
        return err_set(err, RC_INVALID, "a task is about a record, or of an area; name one");
    say.answers = json_object();
    if (order->household.number != 0) {
        dot_text(order->household, text);
        json_add_text(say.answers, "household", text);
    }
    add_text(say.answers, "kind", order->kind);
    if (order->assignee != 0) {
        id_text(order->assignee, text);
        json_add_text(say.answers, "assignee", text);
    }
    add_text(say.answers, "due", order->due);
    add_text(say.answers, "message", order->message);
    json_add_text(say.answers, "state", task_state_name(TASK_OPEN));
    return say_it(office, &say, made, err);
}

enum rc task_cancel(const struct office *office, const struct speaker *speaker, struct dot task,
                    struct view reason, struct dot *made, struct err *err) {
    struct say say = {.speaker = speaker,
                      .action = "task cancel",
                      .record = task,
                      .state = view_text(task_state_name(TASK_CANCELLED)),
                      .reason = reason};
    enum rc rc = may_review(speaker, err);

    return rc == RC_OK ? say_it(office, &say, made, err) : rc;
}

enum rc task_change(const struct office *office, const struct speaker *speaker, struct dot task,
                    struct view assignee, struct view due, struct dot *made, struct err *err) {
    struct say say = {.speaker = speaker,
                      .action = "task change",
                      .record = task,
                      .assignee = assignee,
                      .due = due};
    enum rc rc = may_review(speaker, err);

    return rc == RC_OK ? say_it(office, &say, made, err) : rc;
}

enum rc note_write(const struct office *office, const struct speaker *speaker,
                   const struct note_order *order, struct dot *made, struct err *err) {
    struct say say = {.speaker = speaker, .form = NOTE_FORM, .about = order->about};
    char action[32], text[DOT_TEXT_BYTES];
    enum rc rc = order->kind == NOTE_COMMENT ? RC_OK : may_review(speaker, err);

    if (rc != RC_OK)
        return rc;
    if (text_trim(order->text).size == 0 &&
        (order->kind == NOTE_COMMENT || order->kind == NOTE_RETURN))
        return err_set(err, RC_INVALID, "a note says something; write its text");
    snprintf(action, sizeof(action), "note %s", note_kind_name(order->kind));
    say.action = action;
    say.answers = json_object();
    dot_text(order->about, text);
    json_add_text(say.answers, "about", text);
    add_text(say.answers, "field", order->field);
    json_add_text(say.answers, "kind", note_kind_name(order->kind));
    add_text(say.answers, "text", order->text);
    add_text(say.answers, "from", speaker->name);
    return say_it(office, &say, made, err);
}

/* --- reading --- */

struct walk {
    struct seat *seat;
    bool open_only;
    task_visit *tasks;
    note_visit *notes;
    void *context;
    struct arena arena; /* of the record at hand */
    struct arena found; /* of what a gist has led to */
    store_visit_record *see;
};

static enum rc see(struct walk *walk, const struct stored_record *stored, struct record *record,
                   struct reading *reading, struct err *err) {
    arena_reset(&walk->arena);
    return ledger_read(walk->seat->ledger, stored, &walk->arena, record, reading, err);
}

static enum rc see_task(void *context, const struct stored_record *stored, struct err *err) {
    struct walk *walk = context;
    struct task_row row = {.stored = stored};
    struct stored_record household;
    struct record record;
    struct reading reading;
    enum rc rc;

    if (stored->withdrawn)
        return RC_OK;
    rc = see(walk, stored, &record, &reading, err);
    if (rc != RC_OK)
        return rc;
    task_read(&reading, &row.task);
    if (walk->open_only && row.task.state != TASK_OPEN)
        return RC_OK;
    if (row.task.assignee != 0)
        row.assignee = seat_person_name(walk->seat, row.task.assignee);
    if (row.task.household.number != 0) {
        rc = store_record(walk->seat->ledger->store, row.task.household, &walk->arena, &household,
                          err);
        if (rc == RC_OK)
            row.title = household.title;
        else if (rc != RC_NOT_FOUND)
            return rc;
        err_clear(err);
    }
    return walk->tasks(walk->context, &row, err);
}

/* A gist says where to look. */
static enum rc see_gist(void *context, const struct stored_gist *item, struct err *err) {
    struct walk *walk = context;
    struct stored_record stored;
    enum rc rc;

    if (walk->notes != NULL && item->gist.kind != GIST_NOTE)
        return RC_OK;
    arena_reset(&walk->found);
    rc = store_record(walk->seat->ledger->store, item->record, &walk->found, &stored, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_CORRUPT, "store: the list has a record that is not there");
    return rc == RC_OK ? walk->see(walk, &stored, err) : rc;
}

enum rc task_list(struct seat *seat, uint64_t area, bool open_only, task_visit *visit,
                  void *context, struct err *err) {
    struct walk walk = {
        .seat = seat, .open_only = open_only, .tasks = visit, .context = context, .see = see_task};
    struct store *store = seat->ledger->store;
    enum rc rc;

    arena_init(&walk.arena, DESK_ARENA_BYTES);
    arena_init(&walk.found, DESK_ARENA_BYTES);
    if (open_only)
        rc = store_gists(store, GIST_TASK, TASK_OPEN, area, see_gist, &walk, err);
    else
        rc =
            store_list(store, view_text(TASK_FORM), area, (struct dot){0, 0}, see_task, &walk, err);
    arena_release(&walk.found);
    arena_release(&walk.arena);
    return rc;
}

static enum rc see_note(void *context, const struct stored_record *stored, struct err *err) {
    struct walk *walk = context;
    struct note_row row = {.stored = stored};
    struct record record;
    struct reading reading;
    enum rc rc;

    if (stored->withdrawn)
        return RC_OK;
    rc = see(walk, stored, &record, &reading, err);
    if (rc != RC_OK)
        return rc;
    note_read(&reading, &row.note);
    for (uint32_t i = 0; i < record.absorbed_count; i++)
        if (dot_equal(record.absorbed[i].dot, record.id))
            row.person = record.absorbed[i].person;
    return walk->notes(walk->context, &row, err);
}

enum rc note_list(struct seat *seat, const struct stored_record *about, note_visit *visit,
                  void *context, struct err *err) {
    struct walk walk = {.seat = seat, .notes = visit, .context = context, .see = see_note};
    enum rc rc;

    arena_init(&walk.arena, DESK_ARENA_BYTES);
    arena_init(&walk.found, DESK_ARENA_BYTES);
    rc = store_about(seat->ledger->store, about->id, see_gist, &walk, err);
    arena_release(&walk.found);
    arena_release(&walk.arena);
    return rc;
}

struct newest {
    bool found;
    enum note_kind kind;
    int64_t at_ms;
};

static enum rc take_newest(void *context, const struct note_row *row, struct err *err) {
    struct newest *newest = context;

    (void)err;
    if (row->note.kind == NOTE_COMMENT || (newest->found && row->note.at_ms < newest->at_ms))
        return RC_OK;
    *newest = (struct newest){true, (enum note_kind)row->note.kind, row->note.at_ms};
    return RC_OK;
}

enum rc note_review(struct seat *seat, const struct stored_record *about, enum note_kind *kind,
                    int64_t *at_ms, struct err *err) {
    struct newest newest = {0};
    enum rc rc = note_list(seat, about, take_newest, &newest, err);

    if (rc != RC_OK)
        return rc;
    *kind = newest.kind;
    *at_ms = newest.at_ms;
    return newest.found ? RC_OK : RC_NOT_FOUND;
}
