/* One cell for each field that somebody has answered or about which there is a question; sorted,
 * and looked up by place. Of a set the date is that of its first element. */
#include "agent/field/past.h"

#include "base/words.h"

#include <stdlib.h>

#define PAST_BYTES (16u * 1024u * 1024u)

void past_init(struct past *past) {
    *past = (struct past){0};
    arena_init(&past->arena, PAST_BYTES);
}

void past_release(struct past *past) {
    arena_release(&past->arena);
    past_init(past);
}

static int by_place(const void *left, const void *right) {
    const struct past_cell *a = left, *b = right;

    if (a->instance != b->instance)
        return a->instance < b->instance ? -1 : 1;
    return a->field < b->field ? -1 : a->field > b->field;
}

void past_sort(struct past *past) {
    if (past->count > 1)
        qsort(past->cells, past->count, sizeof(*past->cells), by_place);
}

/* Of one field; NULL when it is none of the form's, or there is no memory. */
static struct past_cell *add(struct past *past, const struct form *form,
                             struct instance_id instance, uint16_t number) {
    const struct form_field *field = form_field_by_number(form, number);
    struct past_cell *cell;

    if (field == NULL)
        return NULL;
    cell = arena_push(&past->arena, &past->cells, &past->count, &past->capacity, sizeof(*cell));
    if (cell != NULL)
        *cell = (struct past_cell){.instance = filling_instance(instance),
                                   .field = (uint32_t)(field - form->fields)};
    return cell;
}

static void add_answers(struct past *past, struct session *session, const struct seen *seen) {
    const struct reading *reading = &seen->reading;

    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct absorbed *change;
        struct past_cell *one;

        if ((cell->kind != CELL_VALUE && cell->kind != CELL_SET) || cell->version_count == 0)
            continue;
        one = add(past, seen->form, cell->instance, cell->field);
        if (one == NULL)
            continue;
        change = &seen->record.absorbed[cell->versions[0]->change];
        one->at_ms = change->time_ms;
        one->is_accepted = reading_accepted(reading, cell, &past->arena);
        one->author = arena_view(&past->arena, session_author(session, change->person));
    }
}

static struct past_cell *place(struct past *past, const struct form *form,
                               struct instance_id instance, uint16_t number) {
    uint64_t id = filling_instance(instance);

    for (uint32_t i = 0; i < past->count; i++)
        if (past->cells[i].instance == id && form->fields[past->cells[i].field].number == number)
            return &past->cells[i];
    return add(past, form, instance, number);
}

/* A group in conflict is all of its fields. */
static void add_conflict(struct past *past, const struct form *form,
                         const struct conflict *conflict, enum lang lang) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];
        struct past_cell *one;

        if (field->number != conflict->field &&
            (conflict->kind != CONFLICT_GROUP || field->merge_group != conflict->field))
            continue;
        one = place(past, form, conflict->instance, field->number);
        if (one == NULL)
            continue;
        if (conflict->kind != CONFLICT_SOFT) {
            one->in_conflict = true;
            continue;
        }
        one->is_broken = true;
        one->rule = arena_view(&past->arena, conflict->message.size > 0
                                                 ? conflict->message
                                                 : view_text(words(lang, conflict->rule)));
    }
}

enum rc past_read(struct past *past, struct session *session, const struct form_program *program,
                  const struct seen *seen, enum lang lang, struct err *err) {
    past_release(past);
    if (seen->form != program->form)
        return RC_OK; /* the draft is of an older version; it is told when it is saved */
    add_answers(past, session, seen);
    for (uint32_t i = 0; i < seen->reading.conflict_count; i++) {
        const struct conflict *conflict = &seen->reading.conflicts[i];

        if (conflict->kind == CONFLICT_FIELD || conflict->kind == CONFLICT_GROUP ||
            conflict->kind == CONFLICT_SOFT)
            add_conflict(past, seen->form, conflict, lang);
    }
    past_sort(past);
    return arena_check(&past->arena, "a draft", err);
}

const struct past_cell *past_find(const struct past *past, uint32_t field, uint64_t instance) {
    const struct past_cell key = {.instance = instance, .field = field};

    return past->count == 0 ? NULL : bsearch(&key, past->cells, past->count, sizeof(key), by_place);
}
