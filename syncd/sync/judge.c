/* judge.c: see judge.h. */
#include "syncd/sync/judge.h"

#include "base/crypt.h"
#include "base/planted.h"
#include "schema/erasure.h"
#include "schema/task.h"

#define FORMERS_MAX 64u

/* The area that a change touches: where its record lives, or the one it names. */
static uint64_t touched_area(const struct change *change, const struct work_record *record,
                             uint64_t frame_area) {
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (change->entries[i].field == FIELD_AREA &&
            instance_is_root(change->entries[i].instance) &&
            change->entries[i].value.type == VALUE_INT && change->entries[i].value.number > 0)
            return (uint64_t)change->entries[i].value.number;
    return record->old_area_count > 0 ? record->old_areas[0] : frame_area;
}

/* By the scope in force, or by the one under which it is proven to have been made. */
static bool area_granted(const struct succession *table, const struct admit_source *source,
                         const struct change *change, uint64_t area) {
    const struct scope *scope = &source->device->scope;

    if (scope->revoked)
        return false;
    return succession_grants(table, scope->areas, scope->area_count, area) ||
           (source->former != NULL &&
            scope_allowed(source->former, table, source->actor, change->dot.number, area));
}

static bool in_scope(const struct succession *table, const struct admit_source *source,
                     const struct change *change, const struct work_record *record, uint64_t area) {
    if (area_granted(table, source, change, area))
        return true;
    for (uint32_t i = 0; i < record->old_area_count; i++)
        if (area_granted(table, source, change, record->old_areas[i]))
            return true;
    return false;
}

/* Whoever works on a device works where the device may; what the device may no more, he may no
 * more, and what it could still do then, he could. */
static bool person_has_area(const struct succession *table, const struct admit_source *source,
                            const struct change *change, const struct stored_person *person,
                            uint64_t area) {
    if (area == 0 || succession_grants(table, person->areas, person->area_count, area))
        return true;
    return source->device != NULL && person->device == source->device->device &&
           source->former != NULL && !source->device->scope.revoked &&
           scope_allowed(source->former, table, source->actor, change->dot.number, area);
}

/* A word about a record, said at the console: also by who records nothing. */
static bool is_comment(const struct change *change, const struct form *form,
                       const struct admit_source *source) {
    return source->device == NULL && change->kind == CHANGE_CREATE && form != NULL &&
           view_is(form->name, NOTE_FORM);
}

static enum rc judge_person(struct work *work, const struct change *change, const struct form *form,
                            const uint8_t signed_hash[32], uint64_t area,
                            const struct admit_source *source, uint8_t *verdict, struct err *err) {
    const struct stored_person *person = NULL;
    uint32_t ability = ABILITY_RECORD;
    enum rc rc = work_person(work, change->person, &person, err);

    if (rc == RC_NOT_FOUND) {
        *verdict = VERDICT_BAD_SIGNATURE;
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    if (change->kind == CHANGE_SEAL || change->kind == CHANGE_AMEND)
        ability = ABILITY_SEAL;
    else if (change->kind == CHANGE_RESOLVE)
        ability = ABILITY_RESOLVE;
    else if (change->kind == CHANGE_MOVE)
        ability = ABILITY_MOVE;
    else if (is_comment(change, form, source))
        ability = ABILITY_COMMENT;
    /* A device speaks for the people who work on it, and for nobody else. */
    if (person->disabled || !role_may(person->role, ability) ||
        (source->device != NULL && person->device != source->device->device) ||
        !person_has_area(&work->ledger->areas, source, change, person, area))
        *verdict = VERDICT_NOT_ALLOWED;
    else if (change->is_signed &&
             !crypt_verify(person->sign_public, view_of(signed_hash, 32), change->signature))
        *verdict = VERDICT_BAD_SIGNATURE;
    return RC_OK;
}

/* A record is of one form for ever, and who may hold it is the form's word, not the sender's. */
static enum rc fits_form(struct work *work, const struct form *form,
                         const struct work_record *record, const struct frame *frame, bool *fits,
                         struct err *err) {
    const struct form *former = NULL;
    enum rc rc;

    *fits = form == NULL || form->audience == frame->audience;
    if (form == NULL || record->form == 0)
        return RC_OK;
    rc = ledger_form(work->ledger, record->form, &former, err);
    *fits = *fits && (former == NULL || view_equal(former->name, form->name));
    return rc;
}

/* Whether the law took something of it. The same change may come whole, from whoever has not heard.
 */
static enum rc is_redacted(struct work *work, const struct work_record *record,
                           const struct change *change, bool *redacted, struct err *err) {
    struct change copy = *change;

    return erasure_apply_all(&record->state, NULL, &copy, &work->arena, redacted, err);
}

/* Whose secret was reset has a new key and is a new person; what he wrote before is his all the
 * same. The chain of formers is as long as he was forgetful. */
static enum rc judge_former(struct work *work, const struct change *change, const struct form *form,
                            const struct work_record *record, uint8_t *verdict, struct err *err) {
    struct change as_former = *change;
    struct stored_login login;
    enum rc rc = store_login(work->ledger->store, change->person, &work->arena, &login, err);

    for (unsigned i = 0; i < FORMERS_MAX && rc == RC_OK && login.former != 0; i++) {
        as_former.person = login.former;
        if (merge_judge(&record->state, &as_former, form, true, &work->arena) ==
            VERDICT_FOUR_EYES) {
            *verdict = VERDICT_FOUR_EYES;
            return RC_OK;
        }
        rc = store_login(work->ledger->store, as_former.person, &work->arena, &login, err);
    }
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc judge_change(struct work *work, const struct change *change, const uint8_t signed_hash[32],
                     const struct work_record *record, const struct frame *frame,
                     const struct admit_source *source, uint8_t *verdict, struct err *err) {
    const struct form *form = NULL;
    uint64_t area = touched_area(change, record, frame->area);
    bool fits = true, redacted = false;
    enum rc rc;

    *verdict = VERDICT_MALFORMED;
    if (change->insane)
        return RC_OK;
    rc = ledger_form(work->ledger, change->form, &form, err);
    if (rc == RC_OK)
        rc = fits_form(work, form, record, frame, &fits, err);
    if (rc == RC_OK && change->erased)
        rc = is_redacted(work, record, change, &redacted, err);
    if (rc != RC_OK)
        return rc;
    *verdict = VERDICT_ADMIT;
    if (change->erased && !redacted) /* nobody but the county takes answers away */
        *verdict = VERDICT_NOT_ALLOWED;
    else if (!fits)
        *verdict = VERDICT_MALFORMED;
    else if (source->device != NULL &&
             !in_scope(&work->ledger->areas, source, change, record, area))
        *verdict = VERDICT_OUT_OF_SCOPE;
    else if (source->device != NULL || change->person != 0)
        rc = judge_person(work, change, form, signed_hash, area, source, verdict, err);
    if (rc != RC_OK)
        return rc;
    if (*verdict == VERDICT_ADMIT)
        *verdict = (uint8_t)merge_judge(&record->state, change, form, source->device == NULL,
                                        &work->arena);
    if (work->arena.failed == RC_NO_MEMORY) /* that is no verdict */
        return arena_check(&work->arena, "a step of the writer", err);
    if (*verdict == VERDICT_ADMIT && source->device == NULL && change->kind == CHANGE_RESOLVE)
        rc = judge_former(work, change, form, record, verdict, err);
    if (rc != RC_OK)
        return rc;
    /* What nobody here understands yet is stored and forwarded, and understood later by replay. */
    if (*verdict == VERDICT_UNKNOWN_FORM)
        *verdict = VERDICT_ADMIT;
    return RC_OK;
}

enum rc judge_merge(struct work *work, const struct change *change, const struct frame *frame,
                    int64_t time_ms, struct work_record *record, uint8_t *verdict,
                    struct err *err) {
    struct record merged;
    enum rc rc;

    if (PLANTED(LATE_DROPPED) && change->kind == CHANGE_EDIT &&
        change->lamport <= record_lamport(&record->state))
        return RC_OK;
    rc = merge_apply(&record->state, change, (struct admission){.time_ms = time_ms}, &work->arena,
                     &merged, err);

    if (rc == RC_LIMIT) {
        err_clear(err);
        *verdict = VERDICT_TOO_LARGE;
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    if (record->form == 0)
        record->audience = frame->audience;
    if (record->old_area_count == 0 && record->brought == 0)
        record->brought = succession_of(&work->ledger->areas, frame->area);
    record->form = change->form;
    record->state = merged;
    record->touched = true;
    return RC_OK;
}

const uint64_t *judge_areas(const struct work_record *record, const uint64_t *frame_area,
                            uint32_t *count) {
    *count = record->old_area_count > 0 ? record->old_area_count : 1;
    if (record->old_area_count > 0)
        return record->old_areas;
    return record->brought != 0 && !PLANTED(FRAME_AREA) ? &record->brought : frame_area;
}

bool judge_lives_in(const struct work_record *record, uint64_t area, uint64_t frame_area) {
    uint32_t count;
    const uint64_t *areas = judge_areas(record, &frame_area, &count);

    for (uint32_t i = 0; i < count; i++)
        if (areas[i] == area)
            return true;
    return false;
}
