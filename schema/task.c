/* task.c: see task.h. */
#include "schema/task.h"

#include "base/text.h"

static const char *const state_names[] = {
    [TASK_OPEN] = "open", [TASK_DONE] = "done", [TASK_CANCELLED] = "cancelled"};

static const char *const kind_names[] = {[NOTE_COMMENT] = "comment",
                                         [NOTE_RETURN] = "return",
                                         [NOTE_APPROVE] = "approve",
                                         [NOTE_MARK] = "mark",
                                         [NOTE_REOPEN] = "reopen"};

const char *task_state_name(enum task_state state) {
    return state >= TASK_OPEN && state <= TASK_CANCELLED ? state_names[state] : "unknown";
}

const char *note_kind_name(enum note_kind kind) {
    return kind >= NOTE_COMMENT && kind <= NOTE_REOPEN ? kind_names[kind] : "unknown";
}

enum rc note_kind_parse(struct view text, enum note_kind *out, struct err *err) {
    for (int kind = NOTE_COMMENT; kind <= NOTE_REOPEN; kind++) {
        if (view_is(text, kind_names[kind])) {
            *out = (enum note_kind)kind;
            return RC_OK;
        }
    }
    return err_set(err, RC_INVALID,
                   "kind of note: unknown; use comment, return, approve, mark or reopen");
}

/* The value of one of the record's own fields; NULL without one, or while it is in conflict. */
static const struct value *value_of(const struct reading *reading, const char *path) {
    const struct form_field *field =
        reading->form == NULL ? NULL : form_field_by_path(reading->form, view_text(path));
    const struct cell *cell =
        field == NULL ? NULL
                      : reading_cell(reading, (struct instance_id){{0, 0}, 0}, field->number);

    return cell != NULL && cell->kind == CELL_VALUE ? &cell->value : NULL;
}

static struct view text_of(const struct reading *reading, const char *path) {
    const struct value *value = value_of(reading, path);

    return value != NULL && value->type == VALUE_TEXT ? value->bytes : (struct view){0};
}

static struct dot dot_of(const struct reading *reading, const char *path) {
    struct dot dot = {0, 0};
    struct err ignored;

    err_init(&ignored, LANG_EN);
    return dot_parse(text_trim(text_of(reading, path)), &dot, &ignored) == RC_OK
               ? dot
               : (struct dot){0, 0};
}

void task_read(const struct reading *reading, struct task *out) {
    struct view assignee = text_trim(text_of(reading, "assignee"));
    struct view state = text_of(reading, "state");
    const struct value *due = value_of(reading, "due");
    struct err ignored;

    err_init(&ignored, LANG_EN);
    *out = (struct task){
        .household = dot_of(reading, "household"),
        .kind = text_of(reading, "kind"),
        .message = text_of(reading, "message"),
        .state = TASK_OPEN,
        .visit = dot_of(reading, "visit"),
    };
    if (id_parse(assignee, &out->assignee, &ignored) != RC_OK)
        out->assignee = 0;
    if (due != NULL && due->type == VALUE_DATE)
        out->due = date_from_days(due->number);
    for (uint8_t i = TASK_OPEN; i <= TASK_CANCELLED; i++)
        if (view_is(state, state_names[i]))
            out->state = i;
}

void note_read(const struct reading *reading, struct note *out) {
    struct view kind = text_of(reading, "kind");
    const struct record *record = reading->record;

    *out = (struct note){
        .about = dot_of(reading, "about"),
        .field = text_trim(text_of(reading, "field")),
        .kind = NOTE_COMMENT,
        .text = text_of(reading, "text"),
        .from = text_of(reading, "from"),
    };
    for (uint8_t i = NOTE_COMMENT; i <= NOTE_REOPEN; i++)
        if (view_is(kind, kind_names[i]))
            out->kind = i;
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        if (dot_equal(record->absorbed[i].dot, record->id))
            out->at_ms = record->absorbed[i].time_ms;
}
