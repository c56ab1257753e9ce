/* sqlite_people.c: writing devices, persons, invitations, actors, forms, settings, and what waits
 * (quarantine, pending batches). */
#include "syncd/store/sqlite.h"

enum { SCOPE_REVOKED = 1, SCOPE_WIPE = 2 };

static enum rc device_put(struct sqlite *sqlite, const struct stored_device *device,
                          struct err *err) {
    struct statement *find = sqlite->sql[SQL_DEVICE];
    struct statement *put = sqlite->sql[SQL_DEVICE_PUT];
    enum rc rc;

    statement_bind_i64(find, 1, bias(device->device));
    rc = statement_one(find, err);
    if (rc == RC_OK) {
        statement_reset(find);
    } else if (rc != RC_NOT_FOUND) {
        return rc;
    }
    sqlite->county.counts.devices += rc == RC_NOT_FOUND;
    areas_pack(&sqlite->areas, device->scope.areas, device->scope.area_count);
    statement_bind_i64(put, 1, bias(device->device));
    statement_bind_text(put, 2, device->name);
    statement_bind_blob(put, 3, view_of(device->sign_public, sizeof device->sign_public));
    statement_bind_blob(put, 4, view_of(device->box_public, sizeof device->box_public));
    statement_bind_i64(put, 5, bias(device->person));
    statement_bind_i64(put, 6, device->enrolled_ms);
    statement_bind_i64(put, 7, device->seen_ms);
    statement_bind_i64(put, 8, device->offset_ms);
    statement_bind_i64(put, 9, bits(device->own_last));
    statement_bind_i64(put, 10, bias(device->actor));
    statement_bind_i64(put, 11, device->scope.serial);
    statement_bind_blob(put, 12, buf_view(&sqlite->areas));
    statement_bind_i64(put, 13, device->scope.audience_mask);
    statement_bind_i64(put, 14,
                       (device->scope.revoked ? SCOPE_REVOKED : 0) |
                           (device->scope.wipe ? SCOPE_WIPE : 0));
    statement_bind_i64(put, 15, device->scope_confirmed);
    statement_bind_i64(put, 16, bits(device->scope_at));
    statement_bind_text(put, 17, device->program);
    rc = buf_check(&sqlite->areas, "a device's areas", err);
    return rc == RC_OK ? statement_run(put, err) : rc;
}

static enum rc person_put(struct sqlite *sqlite, const struct stored_person *person,
                          struct err *err) {
    struct statement *put = sqlite->sql[SQL_PERSON_PUT];
    enum rc rc;

    areas_pack(&sqlite->areas, person->areas, person->area_count);
    statement_bind_i64(put, 1, bias(person->person));
    statement_bind_text(put, 2, person->name);
    statement_bind_blob(put, 3, view_of(person->sign_public, sizeof person->sign_public));
    statement_bind_i64(put, 4, person->role);
    statement_bind_i64(put, 5, bias(person->device));
    statement_bind_blob(put, 6, buf_view(&sqlite->areas));
    statement_bind_blob(put, 7, person->wrapped);
    statement_bind_i64(put, 8, person->disabled);
    statement_bind_i64(put, 9, person->created_ms);
    rc = buf_check(&sqlite->areas, "a person's areas", err);
    return rc == RC_OK ? statement_run(put, err) : rc;
}

static enum rc invitation_put(struct sqlite *sqlite, const struct stored_invitation *invitation,
                              struct err *err) {
    struct statement *put = sqlite->sql[SQL_INVITATION_PUT];
    enum rc rc;

    areas_pack(&sqlite->areas, invitation->areas, invitation->area_count);
    statement_bind_blob(put, 1, view_of(invitation->code_id, sizeof invitation->code_id));
    statement_bind_blob(put, 2, view_of(invitation->code_key, sizeof invitation->code_key));
    statement_bind_text(put, 3, invitation->device_name);
    statement_bind_text(put, 4, invitation->person_name);
    statement_bind_i64(put, 5, invitation->role);
    statement_bind_blob(put, 6, buf_view(&sqlite->areas));
    statement_bind_i64(put, 7, invitation->expires_ms);
    statement_bind_i64(put, 8, bias(invitation->device));
    rc = buf_check(&sqlite->areas, "an invitation's areas", err);
    return rc == RC_OK ? statement_run(put, err) : rc;
}

enum rc people_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct statement *put = sqlite->sql[SQL_SETTING_PUT];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->device_count && rc == RC_OK; i++) {
        rc = device_put(sqlite, &delta->devices[i], err);
    }
    for (uint32_t i = 0; i < delta->person_count && rc == RC_OK; i++) {
        rc = person_put(sqlite, &delta->persons[i], err);
    }
    for (uint32_t i = 0; i < delta->invitation_count && rc == RC_OK; i++) {
        rc = invitation_put(sqlite, &delta->invitations[i], err);
    }
    for (uint32_t i = 0; i < delta->setting_count && rc == RC_OK; i++) {
        statement_bind_text(put, 1, view_text(delta->settings[i].name));
        statement_bind_blob(put, 2, delta->settings[i].value);
        rc = statement_run(put, err);
    }
    return rc;
}

static enum rc actor_put(struct sqlite *sqlite, const struct stored_actor *actor, struct err *err) {
    struct statement *put = sqlite->sql[SQL_ACTOR_PUT];
    struct stored_actor old;
    enum rc rc = sqlite_actor(&sqlite->store, actor->actor, &old, err);

    if (rc == RC_OK && old.number > actor->number) {
        return err_set(err, RC_CONFLICT, "store: the actor stands at %llu already, not at %llu",
                       (unsigned long long)old.number, (unsigned long long)actor->number);
    }
    if (rc != RC_OK && rc != RC_NOT_FOUND) {
        return rc;
    }
    statement_bind_i64(put, 1, bias(actor->actor));
    statement_bind_i64(put, 2, bias(actor->device));
    statement_bind_i64(put, 3, bits(actor->number));
    statement_bind_blob(put, 4, view_of(actor->hash, sizeof actor->hash));
    statement_bind_i64(put, 5, bits(actor->lamport));
    statement_bind_i64(put, 6, bias(actor->fork_of));
    statement_bind_i64(put, 7, bits(actor->fork_from));
    statement_bind_i64(put, 8, actor->retired);
    return statement_run(put, err);
}

enum rc actors_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->actor_count && rc == RC_OK; i++) {
        rc = actor_put(sqlite, &delta->actors[i], err);
    }
    return rc;
}

enum rc forms_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct store_counts *counts = &sqlite->county.counts;
    struct statement *find = sqlite->sql[SQL_FORM];
    struct statement *add = sqlite->sql[SQL_FORM_ADD];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->form_count && rc == RC_OK; i++) {
        const struct stored_form *form = &delta->forms[i];

        statement_bind_i64(find, 1, bias(form->form));
        rc = statement_one(find, err);
        if (rc != RC_OK && rc != RC_NOT_FOUND) {
            return rc;
        }
        statement_reset(find);
        if (rc == RC_OK || form->position != counts->forms + 1) {
            return err_set(err, RC_CONFLICT,
                           "store: form publication %llu is there already or does not follow",
                           (unsigned long long)form->position);
        }
        statement_bind_i64(add, 1, bits(++counts->forms));
        statement_bind_i64(add, 2, bias(form->form));
        statement_bind_text(add, 3, form->name);
        statement_bind_text(add, 4, form->version);
        statement_bind_i64(add, 5, form->sequence);
        statement_bind_i64(add, 6, form->audience);
        statement_bind_i64(add, 7, form->published_ms);
        statement_bind_blob(add, 8, form->compressed);
        rc = statement_run(add, err);
    }
    return rc;
}

static enum rc quarantine_put(struct sqlite *sqlite, const struct stored_quarantine *item,
                              struct err *err) {
    struct statement *old = sqlite->sql[SQL_QUARANTINE_OLD];
    struct statement *put = sqlite->sql[SQL_QUARANTINE_PUT];
    enum rc rc;

    statement_bind_i64(old, 1, bias(item->dot.actor));
    statement_bind_i64(old, 2, bias(item->dot.number));
    rc = statement_one(old, err);
    if (rc == RC_OK) {
        sqlite->county.counts.quarantined -= statement_i64(old, 0) == 0;
        statement_reset(old);
    } else if (rc != RC_NOT_FOUND) {
        return rc;
    }
    sqlite->county.counts.quarantined += !item->settled;
    statement_bind_i64(put, 1, bias(item->dot.actor));
    statement_bind_i64(put, 2, bias(item->dot.number));
    statement_bind_i64(put, 3, bits(item->record.actor));
    statement_bind_i64(put, 4, bits(item->record.number));
    statement_bind_i64(put, 5, bits(item->area));
    statement_bind_i64(put, 6, bias(item->person));
    statement_bind_i64(put, 7, bias(item->device));
    statement_bind_i64(put, 8, item->verdict);
    statement_bind_i64(put, 9, item->since_ms);
    statement_bind_i64(put, 10, item->settled);
    return statement_run(put, err);
}

enum rc waiting_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct statement *remove = sqlite->sql[SQL_PENDING_REMOVE];
    struct statement *add = sqlite->sql[SQL_PENDING_ADD];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->quarantine_count && rc == RC_OK; i++) {
        rc = quarantine_put(sqlite, &delta->quarantine[i], err);
    }
    for (uint32_t i = 0; i < delta->settled_count && rc == RC_OK; i++) {
        statement_bind_i64(remove, 1, bias(delta->settled[i].actor));
        statement_bind_i64(remove, 2, bias(delta->settled[i].first));
        rc = statement_run(remove, err);
    }
    for (uint32_t i = 0; i < delta->pending_count && rc == RC_OK; i++) {
        const struct stored_pending *pending = &delta->pending[i];

        statement_bind_i64(add, 1, bias(pending->actor));
        statement_bind_i64(add, 2, bias(pending->first));
        statement_bind_i64(add, 3, bits(pending->last));
        statement_bind_i64(add, 4, bias(pending->carrier));
        statement_bind_i64(add, 5, pending->received_ms);
        statement_bind_blob(add, 6, pending->bytes);
        rc = statement_run(add, err);
    }
    return rc;
}
