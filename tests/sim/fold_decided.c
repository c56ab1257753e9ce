/* fold_decided.c: how people come to one value, and what stays of the others: only a decision by
 * somebody who wrote no side ends a conflict (docs/protocol.md, section 5, and the four eyes of
 * section 7), and the county's history shows every value that anybody ever gave. */
#include "tests/sim/fold.h"

#include "syncd/desk/history.h"

/* ---- who decides ---- */

/* The fact that this entry replaces by the name; NULL: it is not in the log. */
static const struct fact *replaced_by(const struct fold *fold, const struct fact *later,
                                      uint32_t at) {
    const struct version_id *name = &later->entry->replaces[at];

    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        if (dot_equal(fact->dot, name->dot) && fact->ordinal == name->ordinal &&
            dot_equal(fact->record, later->record) && fact->entry->field == later->entry->field &&
            instance_compare(fact->entry->instance, later->entry->instance) == 0)
            return fact;
    }
    return NULL;
}

/* A side that nobody else had decided about when this entry came. */
static const struct fact *open_side(const struct fold *fold, const struct fact *later,
                                    uint32_t at) {
    const struct fact *side = replaced_by(fold, later, at);

    if (side == NULL || fold_is_erased(side) || side->entry->value.type == VALUE_NULL)
        return NULL;
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *other = &fold->facts[i];

        if (dot_equal(other->dot, later->dot) || !dot_equal(other->record, later->record) ||
            other->entry->field != later->entry->field ||
            instance_compare(other->entry->instance, later->entry->instance) != 0)
            continue;
        for (uint32_t k = 0; k < other->entry->replaces_count; k++)
            if (replaced_by(fold, other, k) == side)
                return NULL;
    }
    return side;
}

/* What was taken out asks nothing; then nobody decides about what lies in it. */
static bool was_ever_out(const struct fold *fold, const struct fact *fact) {
    for (uint32_t i = 0; i < fold->count; i++)
        if (dot_equal(fold->facts[i].record, fact->record) && fold_is_cover(&fold->facts[i]))
            return true;
    return false;
}

/* The sides that the entry has put an end to, if they contradicted each other. */
static void check_sides(const struct fold *fold, const struct fact *later) {
    const struct fact *one = NULL;
    bool contradict = false, own = false, foreign = false;

    for (uint32_t i = 0; i < later->entry->replaces_count; i++) {
        const struct fact *side = open_side(fold, later, i);

        if (side == NULL)
            continue;
        contradict = contradict || (one != NULL && !fold_equal(one, side));
        one = one == NULL ? side : one;
        own = own || side->change->person == later->change->person;
        foreign = foreign || side->change->person != later->change->person;
    }
    if (!contradict)
        return;
    if (later->change->kind == CHANGE_RESOLVE && own)
        fold_differs(fold, later, "somebody has decided about what he wrote himself");
    if (later->change->kind != CHANGE_RESOLVE && foreign)
        fold_differs(fold, later, "a conflict has ended, and nobody has decided it");
}

void fold_check_decisions(const struct fold *fold, const struct story *story) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        const struct form_field *field = fold_field(story->form, fact->entry->field);
        uint8_t kind = fact->change->kind;

        if (!dot_equal(fact->record, story->record))
            continue;
        if (kind == CHANGE_RESOLVE && !fact->change->erased &&
            (!fact->change->is_signed || fact->change->reason.size == 0))
            fold_differs(fold, fact, "a decision that nobody has signed, or without a reason");
        if (fact->entry->replaces_count < 2 ||
            (kind != CHANGE_EDIT && kind != CHANGE_MOVE && kind != CHANGE_RESOLVE) ||
            (fact->entry->field != FIELD_AREA &&
             (field == NULL || field->policy != POLICY_HUMAN || field->scope != FORM_NO_SCOPE)) ||
            was_ever_out(fold, fact))
            continue;
        check_sides(fold, fact);
    }
}

/* ---- what stays ---- */

struct past {
    const struct fold *fold;
    struct dot record;
    uint32_t shown;
};

static enum rc look(void *context, const struct history_row *row, struct err *err) {
    struct past *past = context;

    (void)err;
    if (row->indexed->verdict != VERDICT_ADMIT)
        return RC_OK;
    for (uint32_t i = 0; i < past->fold->count; i++) {
        const struct fact *fact = &past->fold->facts[i];

        if (!dot_equal(fact->dot, row->indexed->dot) || fact->entry->field != row->entry->field ||
            fact->ordinal != row->entry->ordinal ||
            instance_compare(fact->entry->instance, row->entry->instance) != 0)
            continue;
        past->shown++;
        if (!value_equal(&fact->entry->value, &row->entry->value) ||
            fact->time_ms != row->made_ms || !view_equal(fact->change->reason, row->change->reason))
            fold_differs(past->fold, fact, "the history shows something else");
        return RC_OK;
    }
    world_fail(past->fold->world, "the history of %04x-%u shows what is not in the log",
               (unsigned)(past->record.actor >> 48), (unsigned)past->record.number);
    return RC_OK;
}

/* Each value that anybody ever gave, once. */
void fold_compare_history(const struct fold *fold, struct seat *seat, struct dot record) {
    struct world *world = fold->world;
    struct past past = {.fold = fold, .record = record};
    struct history history;
    uint32_t said = 0;
    char id[DOT_TEXT_BYTES];

    dot_text(record, id);
    world_must(world, history_open(seat, id, view_text(""), &history, &world->err), "a history");
    world_must(world, history_walk(&history, false, LANG_EN, look, &past, &world->err),
               "a history");
    history_close(&history);
    for (uint32_t i = 0; i < fold->count; i++)
        said += dot_equal(fold->facts[i].record, record);
    if (said != past.shown)
        world_fail(world, "the history of %s shows %u values, and the log has %u", id, past.shown,
                   said);
}
