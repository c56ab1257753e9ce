/* recall.c: see recall.h. The setting "credential DEVICE" keeps what the tablet showed. */
#include "syncd/sync/recall.h"

#include "syncd/sync/news.h"

#include <stdio.h>

#define NAME_BYTES 32u

static void setting_name(uint64_t device, char out[NAME_BYTES]) {
    char id[17];

    id_text(device, id);
    snprintf(out, NAME_BYTES, "credential %s", id);
}

/* --- certifying --- */

struct people {
    struct arena *arena;
    struct credential *credential;
    uint32_t capacity;
};

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct people *people = context;
    struct credential *credential = people->credential;
    struct certificate *row;

    if (person->disabled || credential->person_count == LIMIT_CREDENTIAL_PERSONS)
        return RC_OK;
    row = arena_push(people->arena, &credential->persons, &credential->person_count,
                     &people->capacity, sizeof(*row));
    if (row == NULL)
        return arena_check(people->arena, "an answer", err);
    memcpy(row->sign_public, person->sign_public, 32);
    row->role = person->role;
    row->name = arena_view(people->arena, person->name);
    return RC_OK;
}

enum rc recall_certify(const struct office *office, struct store *store,
                       const struct stored_device *device, struct arena *arena, struct buf *out,
                       struct err *err) {
    struct credential credential = {
        .name = device->name, .enrolled_ms = device->enrolled_ms, .scope = device->scope};
    struct people people = {.arena = arena, .credential = &credential};
    struct buf content;
    enum rc rc;

    if (device->scope.revoked || recall_waits(device))
        return RC_OK;
    memcpy(credential.sign_public, device->sign_public, 32);
    memcpy(credential.box_public, device->box_public, 32);
    rc = store_device_persons(store, device->device, person_visit, &people, err);
    buf_init(&content, LIMIT_CREDENTIAL_BYTES);
    if (rc == RC_OK)
        rc = credential_write(&credential, office->keys->sign_secret, &content, err);
    if (rc == RC_OK)
        exchange_add_part(out, PART_CREDENTIAL, buf_view(&content));
    buf_release(&content);
    return rc;
}

/* --- knowing again --- */

enum rc recall_read(const struct office *office, struct reader parts, const struct hello *hello,
                    struct arena *arena, struct stored_device *out, struct view *content,
                    struct err *err) {
    struct credential credential;
    struct part part;
    enum rc rc = exchange_next(&parts, &part, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && part.kind != PART_CREDENTIAL))
        return err_set(err, RC_DENIED, "this device is not enrolled here; ask for a new code");
    if (rc == RC_OK)
        rc = credential_read(part.content, office->keys->sign_public, arena, &credential, err);
    if (rc != RC_OK)
        return rc;
    if (batch_device(credential.sign_public) != hello->device)
        return err_set(err, RC_DENIED, "a credential: of another device; ask for a new code");
    *out = (struct stored_device){
        .device = hello->device,
        .name = credential.name,
        .enrolled_ms = credential.enrolled_ms,
        /* Its own serial, so that it does not take "nothing granted yet" for a withdrawal. */
        .scope = {.serial = hello->scope_serial, .audience_mask = 1u << AUDIENCE_FIELD},
    };
    memcpy(out->sign_public, credential.sign_public, 32);
    memcpy(out->box_public, credential.box_public, 32);
    if (credential.person_count > 0)
        out->person = id_of_person(credential.persons[0].sign_public);
    *content = part.content;
    return RC_OK;
}

struct recall_act {
    const struct office *office;
    const struct stored_device *device;
    struct view content;
};

static enum rc add_person(struct work *work, uint64_t device, const struct certificate *certificate,
                          struct err *err) {
    const struct stored_person *known = NULL;
    struct stored_person *row;
    uint64_t id = id_of_person(certificate->sign_public);
    enum rc rc = work_person(work, id, &known, err);

    if (rc == RC_OK && known->device != DEVICE_UNKNOWN)
        return RC_OK;
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    row = WORK_ADD(work, persons, person_count, person_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_person){
        .person = id,
        .name = certificate->name,
        .role = certificate->role,
        .device = device,
        .created_ms = work->now_ms,
    };
    memcpy(row->sign_public, certificate->sign_public, 32);
    return RC_OK;
}

static enum rc store_act(void *context, struct work *work, struct err *err) {
    const struct recall_act *act = context;
    struct credential credential;
    struct stored_device known, *row;
    char name[NAME_BYTES], object[17];
    enum rc rc = store_device(work->ledger->store, act->device->device, &work->arena, &known, err);

    if (rc != RC_NOT_FOUND) /* another exchange of it was faster */
        return rc;
    err_clear(err);
    rc = credential_read(act->content, act->office->keys->sign_public, &work->arena, &credential,
                         err);
    if (rc != RC_OK)
        return rc;
    row = WORK_ADD(work, devices, device_count, device_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *act->device;
    row->seen_ms = work->now_ms;
    for (uint32_t i = 0; i < credential.person_count && rc == RC_OK; i++)
        rc = add_person(work, row->device, &credential.persons[i], err);
    setting_name(row->device, name);
    id_text(row->device, object);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, act->content, err);
    return rc == RC_OK ? work_act(work, "device", "device recall", object, credential.name, err)
                       : rc;
}

enum rc recall_store(const struct office *office, const struct stored_device *device,
                     struct view content, struct err *err) {
    struct recall_act act = {office, device, content};

    return office_act(office, store_act, &act, err);
}

/* --- for staff --- */

bool recall_waits(const struct stored_device *device) {
    return device->scope.area_count == 0 && !device->scope.revoked;
}

enum rc recall_areas(const struct office *office, struct store *store,
                     const struct stored_device *device, struct arena *arena, uint64_t **areas,
                     uint32_t *count, struct err *err) {
    struct credential credential;
    struct view content = {0};
    char name[NAME_BYTES];
    enum rc rc;

    *count = 0;
    setting_name(device->device, name);
    rc = store_setting(store, name, arena, &content, err);
    if (rc == RC_OK)
        rc = credential_read(content, office->keys->sign_public, arena, &credential, err);
    if (rc != RC_OK)
        return rc;
    *areas = credential.scope.areas;
    *count = credential.scope.area_count;
    return RC_OK;
}
