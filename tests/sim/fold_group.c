/* fold_group.c: fields that are one answer together, and what the law takes, as docs/protocol.md
 * says it (sections 13, Reading, and 18). */
#include "tests/sim/fold.h"

#include "schema/erasure.h"
#include "syncd/sync/redactions.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- sides ---- */

/* What this change has live in a field of the group; NULL: nothing, which is null. */
static const struct fact *part_of(const struct fold *fold, const struct fact *side,
                                  const struct form_field *field) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        if (dot_equal(fact->dot, side->dot) && fact->entry->field == field->number &&
            dot_equal(fact->record, side->record) &&
            instance_compare(fact->entry->instance, side->entry->instance) == 0 &&
            fold_is_live(fold, fact))
            return fact;
    }
    return NULL;
}

static bool is_null(const struct fact *fact) {
    return fact == NULL || fact->entry->value.type == VALUE_NULL;
}

static bool same_side(const struct fold *fold, const struct form *form, const struct fact *a,
                      const struct fact *b, uint16_t group) {
    for (uint32_t f = 0; f < form->field_count; f++) {
        const struct fact *left, *right;

        if (form->fields[f].merge_group != group)
            continue;
        left = part_of(fold, a, &form->fields[f]);
        right = part_of(fold, b, &form->fields[f]);
        if (is_null(left) != is_null(right) || (!is_null(left) && !fold_equal(left, right)))
            return false;
    }
    return true;
}

/* What has been erased of this side: 0 nothing, 1 a part, 2 all. */
static int loss_of(const struct fold *fold, const struct form *form, const struct fact *side,
                   uint16_t group) {
    uint32_t said = 0, erased = 0;

    for (uint32_t f = 0; f < form->field_count; f++) {
        const struct fact *part =
            form->fields[f].merge_group == group ? part_of(fold, side, &form->fields[f]) : NULL;

        said += part != NULL;
        erased += part != NULL && fold_is_erased(part);
    }
    return erased == 0 ? 0 : erased < said ? 1 : 2;
}

void fold_compare_group(const struct fold *fold, const struct story *story,
                        const struct form_field *field, const struct fact *first) {
    const struct form *form = story->form;
    struct instance_id instance = first->entry->instance;
    uint16_t group = field->merge_group;
    const struct cell *cell = reading_cell(story->reading, instance, field->number);
    const struct fact *one = NULL, *part;
    bool contradict = false;
    int least = 2;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < fold->count; i++) {
            const struct fact *fact = &fold->facts[i];
            const struct form_field *of = fold_field(form, fact->entry->field);
            int loss;

            if (!dot_equal(fact->record, first->record) || of == NULL || of->merge_group != group ||
                instance_compare(fact->entry->instance, instance) != 0 || !fold_is_live(fold, fact))
                continue;
            loss = loss_of(fold, form, fact, group);
            if (pass == 0) {
                least = loss < least ? loss : least;
                continue;
            }
            if (loss > least)
                continue;
            contradict = contradict || (one != NULL && !same_side(fold, form, one, fact, group));
            one = one == NULL ? fact : one;
        }
    contradict = contradict && least < 2; /* nothing is left of any of them */
    if ((contradict && !fold_is_hidden(story, instance)) !=
        fold_has_conflict(story->reading, CONFLICT_GROUP, instance, group))
        fold_differs(fold, first, "a conflict of a group is missing, or too much");
    part = one == NULL || contradict ? NULL : part_of(fold, one, field);
    if (part != NULL && !fold_is_erased(part) &&
        (cell == NULL || cell->kind != (is_null(part) ? CELL_EMPTY : CELL_VALUE) ||
         !value_equal(&cell->value, &part->entry->value)))
        fold_differs(fold, first, "a group reads as another value");
}

/* ---- erasures ---- */

static bool is_meant(const struct erasure *erasure, const struct fact *fact) {
    bool named = false, covered = erasure->cell_count == 0;

    for (uint32_t i = 0; i < erasure->dot_count && !named; i++)
        named = dot_equal(erasure->dots[i], fact->dot);
    for (uint32_t i = 0; i < erasure->cell_count && !covered; i++)
        covered = erasure->cells[i].field == fact->entry->field &&
                  (erasure->cells[i].everywhere ||
                   instance_compare(erasure->cells[i].instance, fact->entry->instance) == 0);
    return named && covered && fact->entry->field >= FIELD_FIRST_OF_FORM;
}

/* The log has nothing more of what was erased, and has lost nothing else. */
void fold_compare_erasures(struct fold *fold) {
    const struct office *office = hall_office(fold->world);
    struct ordered_redaction *ordered;
    struct erasure *erasures;
    uint32_t count = 0;
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/redactions", office->directory);
    world_must(
        fold->world,
        redactions_read(path, office->keys, &fold->arena, &ordered, &count, &fold->world->err),
        "the county's erasures");
    erasures = arena_array(&fold->arena, count + 1u, sizeof(*erasures));
    if (erasures == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++)
        world_must(
            fold->world,
            erasure_decode(ordered[i].erasure, &fold->arena, &erasures[i], &fold->world->err),
            "an erasure");
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        bool meant = false;

        for (uint32_t k = 0; k < count && !meant; k++)
            meant = dot_equal(ordered[k].record, fact->record) && is_meant(&erasures[k], fact);
        if (meant != fold_is_erased(fact))
            fold_differs(fold, fact,
                         meant ? "the law has taken it, and the log still has it"
                               : "it is erased, and nobody has ordered that");
        if (meant && (fact->change->reason.size > 0 || fact->change->evidence_count > 0 ||
                      fact->change->is_signed))
            fold_differs(fold, fact, "what might tell of an erased answer is still there");
    }
}
