/* gist.c: see gist.h. */
#include "schema/gist.h"

#include "base/text.h"
#include "schema/task.h"

#define SIGNERS_MAX 8u

uint32_t form_scope(const struct form *form, const char *name) {
    for (uint32_t i = 0; form != NULL && i < form->scope_count; i++)
        if (view_is(form->scopes[i], name))
            return i;
    return FORM_NO_SCOPE;
}

static struct view text_of(const struct reading *reading, const char *path) {
    const struct form_field *field = form_field_by_path(reading->form, view_text(path));
    const struct cell *cell =
        field == NULL ? NULL
                      : reading_cell(reading, (struct instance_id){{0, 0}, 0}, field->number);

    return cell != NULL && cell->kind == CELL_VALUE && cell->value.type == VALUE_TEXT
               ? cell->value.bytes
               : (struct view){0};
}

static char code_of(const struct reading *reading, const char *path) {
    struct view text = text_of(reading, path);

    return text.size == 1 ? (char)text.data[0] : '\0';
}

/* When it was made, by whom. */
static const struct absorbed *making(const struct record *record) {
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        if (dot_equal(record->absorbed[i].dot, record->id))
            return &record->absorbed[i];
    return NULL;
}

static void of_visit(const struct reading *reading, struct gist *out) {
    uint32_t scope = form_scope(reading->form, VISIT_SCOPE);
    uint64_t persons[SIGNERS_MAX];
    struct err ignored;

    err_init(&ignored, LANG_EN);
    out->kind = GIST_VISIT;
    out->code[0] = code_of(reading, "kind");
    out->code[1] = code_of(reading, "outcome");
    if (dot_parse(text_of(reading, "household"), &out->about, &ignored) != RC_OK)
        out->about = (struct dot){0, 0};
    if (!time_parse(text_of(reading, "begun"), &out->when))
        out->when = 0;
    if (scope != FORM_NO_SCOPE)
        out->state = (uint8_t)reading_signers(reading, scope, persons, SIGNERS_MAX);
}

static void of_task(const struct reading *reading, struct gist *out) {
    struct task task;

    task_read(reading, &task);
    out->kind = GIST_TASK;
    out->state = task.state;
    out->code[0] = task.kind.size == 1 ? (char)task.kind.data[0] : '\0';
    out->about = task.household;
    out->person = task.assignee;
    out->when = task.due.year == 0 ? INT64_MAX : date_to_days(task.due);
}

void gist_make(const struct reading *reading, struct gist *out) {
    const struct absorbed *made = making(reading->record);

    *out = (struct gist){.kind = GIST_NONE};
    if (reading->form == NULL)
        return;
    if (view_is(reading->form->name, VISIT_FORM)) {
        of_visit(reading, out);
    } else if (view_is(reading->form->name, TASK_FORM)) {
        of_task(reading, out);
    } else if (view_is(reading->form->name, NOTE_FORM)) {
        struct note note;

        note_read(reading, &note);
        out->kind = GIST_NOTE;
        out->state = note.kind;
        out->about = note.about;
        out->person = made == NULL ? 0 : made->person;
        out->when = note.at_ms;
    } else if (view_is(reading->form->name, HOUSEHOLD_FORM)) {
        out->kind = GIST_HOUSEHOLD;
        out->code[0] = code_of(reading, "situation/manage_class");
        out->code[1] = code_of(reading, "home/hukou_nature");
        out->when = made == NULL ? 0 : made->time_ms;
    }
}

void gist_encode(const struct gist *gist, struct buf *out) {
    buf_add_u8(out, gist->kind);
    if (gist->kind == GIST_NONE)
        return;
    buf_add_u8(out, gist->state);
    buf_add(out, gist->code, sizeof(gist->code));
    buf_add_id(out, gist->about.actor);
    buf_add_varint(out, gist->about.number);
    buf_add_id(out, gist->person);
    buf_add_zigzag(out, gist->when);
}

struct gist gist_decode(struct reader *in) {
    struct gist gist = {.kind = read_u8(in)};

    if (gist.kind == GIST_NONE)
        return gist;
    gist.state = read_u8(in);
    gist.code[0] = (char)read_u8(in);
    gist.code[1] = (char)read_u8(in);
    gist.about.actor = read_id(in);
    gist.about.number = read_varint(in);
    gist.person = read_id(in);
    gist.when = read_zigzag(in);
    return gist;
}
