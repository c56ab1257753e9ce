/* auth.c: see auth.h. */
#include "syncd/sync/auth.h"

#include "base/crypt.h"
#include "base/text.h"

#include <stdio.h>

#define HOUR_MS       3600000ll
#define NONCE_HOURS   (7u * 24u)
#define ANSWER_BYTES  65536u
#define SCRATCH_BYTES (1024u * 1024u)

#define NONCE_MAC_BYTES 8u

static void nonce_mac(const struct keys *keys, uint64_t device, uint32_t hour, uint32_t news,
                      uint8_t out[NONCE_MAC_BYTES]) {
    uint8_t bytes[16], hash[32];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(device >> (8 * i));
    for (unsigned i = 0; i < 4; i++)
        bytes[8 + i] = (uint8_t)(hour >> (8 * i));
    for (unsigned i = 0; i < 4; i++)
        bytes[12 + i] = (uint8_t)(news >> (8 * i));
    crypt_mac(keys->nonce_key, "yg nonce", view_of(bytes, sizeof(bytes)), hash);
    memcpy(out, hash, NONCE_MAC_BYTES);
}

static uint32_t hour_of(int64_t now_ms) {
    return now_ms < 0 ? 0 : (uint32_t)(now_ms / HOUR_MS);
}

void auth_nonce(const struct keys *keys, uint64_t device, int64_t now_ms, uint32_t news,
                uint8_t out[16]) {
    uint32_t hour = hour_of(now_ms);

    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(hour >> (8 * i));
        out[4 + i] = (uint8_t)(news >> (8 * i));
    }
    nonce_mac(keys, device, hour, news, out + 8);
}

bool auth_nonce_good(const struct keys *keys, uint64_t device, int64_t now_ms,
                     const uint8_t nonce[16], uint32_t *news) {
    uint32_t given = 0, told = 0, now = hour_of(now_ms);
    uint8_t mac[NONCE_MAC_BYTES];

    for (unsigned i = 0; i < 4; i++) {
        given |= (uint32_t)nonce[i] << (8 * i);
        told |= (uint32_t)nonce[4 + i] << (8 * i);
    }
    nonce_mac(keys, device, given, told, mac);
    *news = 0;
    if (!crypt_equal(mac, nonce + 8, sizeof(mac)))
        return false;
    *news = told;
    /* The server's own clock may have been set back a little since. */
    return given <= now + 24u && now <= given + NONCE_HOURS;
}

/* --- invitations --- */

struct invite_act {
    const struct invitation *invitation;
    const char *who;
    struct stored_invitation row;
};

static enum rc invite_act(void *context, struct work *work, struct err *err) {
    struct invite_act *act = context;
    struct stored_invitation *row =
        WORK_ADD(work, invitations, invitation_count, invitation_capacity);
    char object[80];

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = act->row;
    row->expires_ms = work->now_ms + CODE_HOURS * HOUR_MS;
    snprintf(object, sizeof(object), "%u areas", act->row.area_count);
    return work_act(work, act->who, "device invite", object, act->row.device_name, err);
}

enum rc auth_invite(const struct office *office, const struct invitation *invitation,
                    const char *who, char code[CODE_TEXT_BYTES], struct err *err) {
    struct invite_act act = {.invitation = invitation, .who = who};
    uint64_t areas[LIMIT_AREAS];
    uint8_t bytes[16];

    if (invitation->area_count == 0 || invitation->area_count > LIMIT_AREAS)
        return err_set(err, RC_INVALID, "--areas: name between 1 and %u areas", LIMIT_AREAS);
    memcpy(areas, invitation->areas, invitation->area_count * sizeof(areas[0]));
    env_entropy(office->env, bytes, sizeof(bytes));
    crockford_encode(view_of(bytes, sizeof(bytes)), 5, code);
    act.row = (struct stored_invitation){
        .device_name = invitation->device_name,
        .person_name = invitation->person_name,
        .role = invitation->role,
        .area_count = invitation->area_count,
        .areas = areas,
    };
    enrol_derive(view_text(code), act.row.code_id, act.row.code_key);
    crypt_wipe(bytes, sizeof(bytes));
    return office_act(office, invite_act, &act, err);
}

/* --- enrolment --- */

struct enrol_act {
    const struct office *office;
    const struct enrol_request *request;
    struct view body;
    struct arena arena; /* for what is answered */
    uint8_t code_key[32];
    struct stored_device device;
    struct stored_person person;
};

static enum rc enrol_check(struct enrol_act *act, struct work *work,
                           struct stored_invitation *invitation, uint64_t device, struct err *err) {
    enum rc rc =
        store_invitation(work->ledger->store, act->request->code_id, &work->arena, invitation, err);

    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_DENIED, "the code is not known here; ask the county for a new one");
    if (rc != RC_OK)
        return rc;
    rc = enrol_check_request(act->body, invitation->code_key, err);
    if (rc != RC_OK)
        return rc;
    if (invitation->device != 0 && invitation->device != device)
        return err_set(err, RC_DENIED,
                       "the code was used by another device; ask the county for a new one");
    if (invitation->device == 0 && work->now_ms > invitation->expires_ms)
        return err_set(err, RC_DENIED, "the code has expired; ask the county for a new one");
    return RC_OK;
}

/* Somebody must be called something: the tablet's workers choose themselves by name. */
static struct view first_name(struct view asked, struct view invited, struct view device) {
    if (asked.size > 0)
        return asked;
    if (invited.size > 0)
        return invited;
    return device.size > 0 ? device : view_text("tablet");
}

/* Repeatable: the same device with the same code gets the same answer again. */
static enum rc enrol_act(void *context, struct work *work, struct err *err) {
    struct enrol_act *act = context;
    const struct enrol_request *request = act->request;
    struct stored_invitation *invitation =
        WORK_ADD(work, invitations, invitation_count, invitation_capacity);
    struct stored_device *device = WORK_ADD(work, devices, device_count, device_capacity);
    struct stored_person *person = WORK_ADD(work, persons, person_count, person_capacity);
    uint64_t device_id = batch_device(request->device_sign_public);
    char object[17];
    enum rc rc;

    if (invitation == NULL || device == NULL || person == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = enrol_check(act, work, invitation, device_id, err);
    if (rc != RC_OK)
        return rc;
    memcpy(act->code_key, invitation->code_key, 32);
    *person = (struct stored_person){
        .person = id_of_person(request->person_sign_public),
        .name = first_name(request->person_name, invitation->person_name, invitation->device_name),
        .role = invitation->role,
        .device = device_id,
        .area_count = invitation->area_count,
        .areas = invitation->areas,
        .created_ms = work->now_ms,
    };
    memcpy(person->sign_public, request->person_sign_public, 32);
    *device = (struct stored_device){
        .device = device_id,
        .name = invitation->device_name,
        .person = person->person,
        .enrolled_ms = work->now_ms,
        .seen_ms = work->now_ms,
        .offset_ms = work->now_ms - request->wall_ms,
        .scope = {.serial = 1,
                  .area_count = invitation->area_count,
                  .areas = invitation->areas,
                  .audience_mask = 1u << AUDIENCE_FIELD},
    };
    memcpy(device->sign_public, request->device_sign_public, 32);
    memcpy(device->box_public, request->device_box_public, 32);
    if (invitation->device == device_id) {
        /* A repeat after a cut: what is stored stands. */
        struct stored_device stored;

        rc = store_device(work->ledger->store, device_id, &work->arena, &stored, err);
        if (rc != RC_OK)
            return rc;
        *device = stored;
    }
    invitation->device = device_id;
    act->device = *device;
    act->device.name = arena_view(&act->arena, device->name);
    act->device.program = arena_view(&act->arena, device->program);
    act->device.scope.areas =
        arena_copy(&act->arena, device->scope.areas, device->scope.area_count * sizeof(uint64_t));
    act->person = *person;
    act->person.name = arena_view(&act->arena, person->name);
    rc = arena_check(&act->arena, "an answer", err);
    id_text(device_id, object);
    return rc != RC_OK ? rc : work_act(work, "device", "device enrol", object, view_text(""), err);
}

enum rc auth_enrol(void *context, struct http_exchange *exchange, struct err *err) {
    const struct office *office = context;
    struct enrol_request request;
    struct enrol_act act = {.office = office, .body = exchange->request.body};
    struct enrol_answer answer = {.epoch = office->epoch};
    enum rc rc = enrol_read_request(exchange->request.body, &request, err);

    arena_init(&act.arena, SCRATCH_BYTES);
    act.request = &request;
    if (rc == RC_OK)
        rc = office_act(office, enrol_act, &act, err);
    if (rc != RC_OK)
        goto out;
    memcpy(answer.county_sign_public, office->keys->sign_public, 32);
    memcpy(answer.county_box_public, office->keys->box_public, 32);
    answer.server_ms = env_wall_ms(office->env);
    answer.device = act.device.device;
    answer.device_name = act.device.name;
    answer.person_name = act.person.name;
    answer.role = act.person.role;
    answer.scope = act.device.scope;
    answer.pin_count = office->pin_count;
    answer.pins = &office->pin;
    auth_nonce(office->keys, answer.device, answer.server_ms, 0, answer.next_nonce);
    rc = enrol_write_answer(&answer, &request, act.code_key, &exchange->response.body, err);
    if (rc == RC_OK)
        log_info(office->log, LOG_EVENT("device.enrolled"));
out:
    crypt_wipe(act.code_key, sizeof(act.code_key));
    arena_release(&act.arena);
    return rc;
}

enum rc auth_keys(void *context, struct http_exchange *exchange, struct err *err) {
    const struct office *office = context;
    struct key_list list = {
        .serial = (uint64_t)office->epoch, .pin_count = office->pin_count, .pins = &office->pin};

    return key_list_write(&list, office->keys->sign_secret, &exchange->response.body, err);
}
