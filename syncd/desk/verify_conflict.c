/* verify_conflict.c: the list of open questions against what each record says, as it was made again
 * from the log. Proposals between two records belong to neither alone and are left out; constraints
 * that the examiner (sync/examine.h) has yet to run may differ. */
#include "syncd/desk/verify.h"
#include "syncd/sync/examine.h"

struct question_check {
    const struct reading *reading;
    uint32_t firm_next, soft_next;
    bool firm_differs, soft_differs;
    const struct examined *examined;
    bool ahead;
};

static const struct conflict *next_of(const struct reading *reading, bool soft, uint32_t *next) {
    while (*next < reading->conflict_count) {
        const struct conflict *conflict = &reading->conflicts[(*next)++];

        if ((conflict->kind == CONFLICT_SOFT) == soft)
            return conflict;
    }
    return NULL;
}

static enum rc row_visit(void *context, const struct stored_conflict *row, struct err *err) {
    struct question_check *check = context;
    bool soft = row->kind == CONFLICT_SOFT;
    const struct conflict *conflict;

    (void)err;
    if (row->other_number != 0)
        return RC_OK;
    conflict = next_of(check->reading, soft, soft ? &check->soft_next : &check->firm_next);
    if (conflict == NULL || conflict->kind != row->kind || conflict->field != row->field ||
        !instance_equal(conflict->instance, row->instance) ||
        !instance_equal(conflict->other, row->other))
        *(soft ? &check->soft_differs : &check->firm_differs) = true;
    return RC_OK;
}

static enum rc change_visit(void *context, const struct stored_change *change, struct err *err) {
    struct question_check *check = context;

    (void)err;
    check->ahead = examine_is_ahead(check->examined, change);
    return check->ahead ? RC_NOT_FOUND : RC_OK;
}

/* Whether the difference means nothing: written meanwhile, or not examined yet. */
static enum rc excused(struct question_check *check, struct store *store,
                       const struct stored_record *stored, struct arena *arena, bool *out,
                       struct err *err) {
    struct examined examined;
    struct stored_record now;
    enum rc rc = store_record(store, stored->id, arena, &now, err);

    *out = rc == RC_OK && now.revision != stored->revision;
    if (rc != RC_OK || *out || check->firm_differs)
        return rc;
    check->examined = &examined;
    rc = examine_position(store, &examined, err);
    if (rc == RC_OK)
        rc = store_history(store, stored->id, change_visit, check, err);
    *out = check->ahead;
    return rc;
}

enum rc verify_conflicts(struct verify *verify, const struct stored_record *stored,
                         struct reading *reading, struct arena *arena, struct err *err) {
    struct store *store = verify->seat->ledger->store;
    struct question_check check = {.reading = reading};
    char id[DOT_TEXT_BYTES];
    bool is_excused = false;
    enum rc rc = ledger_examine(verify->seat->ledger, reading, arena, err);

    if (rc == RC_OK)
        rc = store_record_conflicts(store, stored->id, row_visit, &check, err);
    check.firm_differs |= next_of(reading, false, &check.firm_next) != NULL;
    check.soft_differs |= next_of(reading, true, &check.soft_next) != NULL;
    if (rc != RC_OK || (!check.firm_differs && !check.soft_differs))
        return rc;
    rc = excused(&check, store, stored, arena, &is_excused, err);
    if (rc != RC_OK || is_excused)
        return rc;
    dot_text(stored->id, id);
    VERIFY_FOUND(verify, "record %s: the list of conflicts has others than its state says", id);
    return RC_OK;
}
