/* earlier.c: what the visit before said, beside the questions of a new one: for the eye, and copied
 * by nobody but whoever taps it. Only answers of the visit itself: those of its lists have no fixed
 * place. What was observed there and then (positions, photos, moments) is not offered again. */
#include "agent/field/benefit.h"
#include "agent/field/home_visit.h"

#define EARLIER_BYTES (64u * 1024u * 1024u)

static bool is_offered(const struct form_field *field) {
    switch ((enum field_type)field->type) {
    case FIELD_TYPE_TEXT:
    case FIELD_TYPE_INTEGER:
    case FIELD_TYPE_DECIMAL:
    case FIELD_TYPE_SELECT_ONE:
    case FIELD_TYPE_SELECT_MULTIPLE:
    case FIELD_TYPE_BARCODE:
        return true;
    default:
        return false;
    }
}

static enum rc add_answer(struct past *past, struct session *session, const struct form *form,
                          const struct seen *seen, const struct cell *cell, struct err *err) {
    const struct form_field *field = form_field_by_number(form, cell->field);
    const struct absorbed *change;
    struct past_cell *one;
    struct buf text;

    if (field == NULL || !is_offered(field) || !instance_is_root(cell->instance) ||
        (cell->kind != CELL_VALUE && cell->kind != CELL_SET) || cell->version_count == 0)
        return RC_OK;
    buf_init(&text, LIMIT_VALUE_BYTES * 2u);
    if (cell->kind == CELL_VALUE)
        value_text(&cell->value, &text);
    for (uint32_t i = 0; cell->kind == CELL_SET && i < cell->version_count; i++) {
        if (i > 0)
            buf_add_u8(&text, ' ');
        value_text(&cell->versions[i]->value, &text);
    }
    one = arena_push(&past->arena, &past->cells, &past->count, &past->capacity, sizeof(*one));
    if (one != NULL) {
        change = &seen->record.absorbed[cell->versions[0]->change];
        *one = (struct past_cell){
            .field = (uint32_t)(field - form->fields),
            .at_ms = change->time_ms,
            .author = arena_view(&past->arena, session_author(session, change->person)),
            .value = arena_view(&past->arena, buf_view(&text))};
    }
    buf_release(&text);
    return arena_check(&past->arena, "a draft", err);
}

enum rc earlier_read(struct past *past, struct filler *filler, struct err *err) {
    struct session *session = filler_session(filler);
    const struct form *form = filler_form(filler);
    struct dot household = home_visit_household(filler), visit = {0, 0};
    struct arena arena;
    int64_t begun_ms;
    struct seen seen;
    enum rc rc;

    past_release(past);
    if (household.number == 0 || filler_record(filler).number != 0)
        return RC_OK;
    arena_init(&arena, EARLIER_BYTES);
    rc = benefit_newest_visit(session, household, &arena, &visit, &begun_ms, err);
    if (rc == RC_OK && visit.number != 0)
        rc = session_see(session, visit, &arena, &seen, err);
    if (rc == RC_OK && visit.number != 0 && seen.form != NULL &&
        view_equal(seen.form->name, form->name)) {
        for (uint32_t i = 0; i < seen.reading.cell_count && rc == RC_OK; i++)
            rc = add_answer(past, session, form, &seen, &seen.reading.cells[i], err);
        past_sort(past);
    }
    if (rc == RC_NOT_FOUND) { /* it is not on this tablet (any more) */
        err_clear(err);
        rc = RC_OK;
    }
    arena_release(&arena);
    return rc;
}
