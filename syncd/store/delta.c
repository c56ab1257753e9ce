/* delta.c: what can be said about a delta without knowing what is stored.
 *
 * These are mistakes of the program that made it, not moves of somebody else, so the answer is
 * RC_INVALID and a new attempt would not help. The rules:
 *   - indices point into this delta's frames;
 *   - the changes of an actor come together with the actor, and none lies above its number, unless
 *     somebody else has carried its frame here, or its author has, as a stray of another history;
 *   - areas of records, conflicts and entries are 12-digit codes, a record's are sorted and single;
 *   - conflicts and keys stand in the order of the records that they belong to;
 *   - what lists are searched by stands in the order of the records as far as it is theirs, and
 * keeps to its limits;
 *   - an actor, a device and a person have names other than 0;
 *   - the chunks of a snapshot are all there, and stand in the order of the snapshots. */
#include "syncd/store/engine.h"

static enum rc check_area(const char *what, uint32_t index, uint64_t area, struct err *err) {
    if (area > AREA_CODE_MAX) {
        return err_set(err, RC_INVALID, "delta, %s %u: area %llu has more than 12 digits", what,
                       index, (unsigned long long)area);
    }
    return RC_OK;
}

static enum rc check_changes(const struct store_delta *delta, struct err *err) {
    uint32_t near = 0; /* most changes have the actor of the one before */

    for (uint32_t i = 0; i < delta->change_count; i++) {
        const struct stored_change *change = &delta->changes[i];
        uint32_t tried = 0;

        if (change->frame == 0 || change->frame > delta->frame_count) {
            return err_set(err, RC_INVALID, "delta, change %u: its frame is not in the delta", i);
        }
        if (change->dot.number == 0) {
            return err_set(err, RC_INVALID, "delta, change %u: numbers start from 1", i);
        }
        while (tried < delta->actor_count && delta->actors[near].actor != change->dot.actor) {
            near = (near + 1) % delta->actor_count;
            tried++;
        }
        if (tried == delta->actor_count || (delta->actors[near].number < change->dot.number &&
                                            delta->frames[change->frame - 1].carrier == 0 &&
                                            !delta->frames[change->frame - 1].astray)) {
            return err_set(err, RC_INVALID,
                           "delta, change %u: its actor is not in the delta, or its number lies "
                           "above the actor's",
                           i);
        }
    }
    return RC_OK;
}

static enum rc check_records(const struct store_delta *delta, struct err *err) {
    uint32_t conflict = 0;
    uint32_t key = 0;

    for (uint32_t i = 0; i < delta->record_count; i++) {
        const struct stored_record *record = &delta->records[i];

        if (record->id.actor == 0 || record->id.number == 0) {
            return err_set(err, RC_INVALID, "delta, record %u: it has no name", i);
        }
        for (uint32_t j = 0; j < record->area_count; j++) {
            if (record->areas[j] > AREA_CODE_MAX ||
                (j > 0 && record->areas[j] <= record->areas[j - 1])) {
                return err_set(err, RC_INVALID,
                               "delta, record %u: its areas are not sorted 12-digit codes", i);
            }
        }
        while (conflict < delta->conflict_count &&
               dot_equal(delta->conflicts[conflict].record, record->id)) {
            conflict++;
        }
        while (key < delta->key_count && dot_equal(delta->keys[key].record, record->id)) {
            key++;
        }
    }
    if (conflict < delta->conflict_count) {
        return err_set(err, RC_INVALID,
                       "delta, conflict %u: conflicts must stand in the order of their records",
                       conflict);
    }
    if (key < delta->key_count) {
        return err_set(err, RC_INVALID,
                       "delta, key %u: keys must stand in the order of their records", key);
    }
    return RC_OK;
}

static enum rc check_snapshots(const struct store_delta *delta, struct err *err) {
    uint32_t at = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->snapshot_count && rc == RC_OK; i++) {
        const struct stored_snapshot *snapshot = &delta->snapshots[i];

        rc = check_area("snapshot", i, snapshot->area, err);
        for (uint32_t j = 0; j < snapshot->chunk_count && rc == RC_OK; j++, at++)
            if (at == delta->chunk_count || delta->chunks[at].index != j ||
                memcmp(delta->chunks[at].name, snapshot->name, sizeof snapshot->name) != 0)
                rc = err_set(err, RC_INVALID, "delta, snapshot %u: its chunks are not in the delta",
                             i);
    }
    if (rc == RC_OK && at < delta->chunk_count)
        rc = err_set(err, RC_INVALID, "delta, chunk %u: its snapshot is not in the delta", at);
    return rc;
}

static enum rc check_listed(const struct store_delta *delta, struct err *err) {
    for (uint32_t i = 0; i < delta->listed_count; i++) {
        const struct stored_listed *listed = &delta->listed[i];

        if (listed->names.size > LISTED_NAMES_BYTES || listed->tail_count > LISTED_TAILS_MAX)
            return err_set(err, RC_LIMIT, "delta, listed record %u: it has too many names", i);
    }
    for (uint32_t i = 0; i < delta->review_count; i++)
        if (delta->reviews[i].state > REVIEW_STATE_MAX)
            return err_set(err, RC_INVALID, "delta, review %u: there is no such state", i);
    for (uint32_t i = 0; i < delta->gist_count; i++)
        if (check_area("gist", i, delta->gists[i].area, err) != RC_OK)
            return err->rc;
    return RC_OK;
}

enum rc delta_check(const struct store_delta *delta, struct err *err) {
    enum rc rc = check_changes(delta, err);

    if (rc == RC_OK) {
        rc = check_records(delta, err);
    }
    if (rc == RC_OK) {
        rc = check_snapshots(delta, err);
    }
    if (rc == RC_OK) {
        rc = check_listed(delta, err);
    }
    for (uint32_t i = 0; i < delta->conflict_count && rc == RC_OK; i++) {
        rc = check_area("conflict", i, delta->conflicts[i].area, err);
    }
    for (uint32_t i = 0; i < delta->entry_count && rc == RC_OK; i++) {
        rc = check_area("entry", i, delta->entries[i].entry.area, err);
        if (rc == RC_OK && delta->entries[i].entry.audience > AUDIENCE_LAST) {
            rc = err_set(err, RC_INVALID, "delta, entry %u: there is no such audience", i);
        }
        if (rc == RC_OK && delta->entries[i].frame > delta->frame_count) {
            rc = err_set(err, RC_INVALID, "delta, entry %u: its frame is not in the delta", i);
        }
    }
    for (uint32_t i = 0; i < delta->actor_count && rc == RC_OK; i++) {
        if (delta->actors[i].actor == 0) {
            rc = err_set(err, RC_INVALID, "delta, actor %u: it has no name", i);
        }
    }
    for (uint32_t i = 0; i < delta->attachment_count && rc == RC_OK; i++) {
        rc = check_area("attachment", i, delta->attachments[i].area, err);
    }
    for (uint32_t i = 0; i < delta->device_count && rc == RC_OK; i++) {
        if (delta->devices[i].device == 0) {
            rc = err_set(err, RC_INVALID, "delta, device %u: it has no name", i);
        }
    }
    for (uint32_t i = 0; i < delta->person_count && rc == RC_OK; i++) {
        if (delta->persons[i].person == 0) {
            rc = err_set(err, RC_INVALID, "delta, person %u: it has no name", i);
        }
    }
    for (uint32_t i = 0; i < delta->login_count && rc == RC_OK; i++) {
        if (delta->logins[i].person == 0) {
            rc = err_set(err, RC_INVALID, "delta, login %u: it is nobody's", i);
        }
    }
    for (uint32_t i = 0; i < delta->session_count && rc == RC_OK; i++) {
        if (delta->sessions[i].person == 0) {
            rc = err_set(err, RC_INVALID, "delta, session %u: it is nobody's", i);
        }
    }
    return rc;
}
