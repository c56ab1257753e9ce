/* device.c: the tablets; see device.h. Every change of a scope gets a new serial, which the tablet
 * confirms when it has applied it. */
#include "syncd/desk/device.h"

#include "base/text.h"
#include "syncd/sync/alarm.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/recall.h"

/* --- invite --- */

enum rc device_invite(struct seat *seat, const struct invitation *order, char code[CODE_TEXT_BYTES],
                      struct err *err) {
    struct invitation invitation = *order;
    uint64_t areas[LIMIT_AREAS];
    enum rc rc;

    if (order->device_name.size > LIMIT_NAME_BYTES || order->person_name.size > LIMIT_NAME_BYTES)
        return err_set(err, RC_LIMIT, "names have at most %u bytes; use a shorter one",
                       LIMIT_NAME_BYTES);
    if (role_is_of_desk((enum role)order->role))
        return err_set(
            err, RC_INVALID,
            "the role %s works at the console only; a tablet would hold more than it may see",
            role_name((enum role)order->role));
    rc = seat_areas_check(seat, order->areas, order->area_count, err);
    if (rc != RC_OK)
        return rc;
    memcpy(areas, order->areas, order->area_count * sizeof(areas[0]));
    seat_areas_current(seat, areas, &invitation.area_count);
    invitation.areas = areas;
    return auth_invite(seat->office, &invitation, seat->who, code, err);
}

/* --- finding one by id or name --- */

struct find_device {
    struct view name;
    uint64_t found;
    uint32_t count;
};

static enum rc find_visit(void *context, const struct stored_device *device, struct err *err) {
    struct find_device *find = context;

    (void)err;
    if (view_equal(device->name, find->name)) {
        find->found = device->device;
        find->count++;
    }
    return RC_OK;
}

enum rc seat_device(struct seat *seat, const char *text, struct stored_device *out,
                    struct err *err) {
    struct find_device find = {.name = view_text(text)};
    enum rc rc = id_parse(view_text(text), &find.found, err);

    if (rc == RC_OK)
        rc = store_device(seat->ledger->store, find.found, &seat->arena, out, err);
    if (rc == RC_OK || (rc != RC_INVALID && rc != RC_NOT_FOUND))
        return rc;
    err_clear(err);
    rc = store_devices(seat->ledger->store, find_visit, &find, err);
    if (rc != RC_OK)
        return rc;
    if (find.count == 0)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such device; see: yg-syncd device list",
                       text);
    if (find.count > 1)
        return err_set(err, RC_CONFLICT,
                       "%s: several devices have this name; use the id from: yg-syncd device list",
                       text);
    return store_device(seat->ledger->store, find.found, &seat->arena, out, err);
}

/* --- revoke, scope --- */

struct change_scope {
    const struct scope_order *order;
    const char *who;
    uint64_t *areas;
    uint32_t area_count;
    struct work *work;
    uint32_t serial; /* out */
};

/* Whoever works on the device works where the device may. */
static enum rc scope_person(void *context, const struct stored_person *person, struct err *err) {
    struct change_scope *change = context;
    struct work *work = change->work;
    struct stored_person *row;

    if (person->device != change->order->device)
        return RC_OK;
    row = WORK_ADD(work, persons, person_count, person_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *person;
    row->name = arena_view(&work->arena, person->name);
    row->wrapped = arena_view(&work->arena, person->wrapped);
    row->area_count = change->area_count;
    row->areas = arena_copy(&work->arena, change->areas, change->area_count * sizeof(uint64_t));
    return arena_check(&work->arena, "a step of the writer", err);
}

static enum rc scope_act(void *context, struct work *work, struct err *err) {
    struct change_scope *change = context;
    struct stored_device *row = WORK_ADD(work, devices, device_count, device_capacity);
    char object[17];
    enum rc rc;

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    /* Read again: the device may have synced meanwhile. */
    rc = store_device(work->ledger->store, change->order->device, &work->arena, row, err);
    if (rc != RC_OK)
        return rc;
    if (change->order->revoke && row->scope.revoked)
        return err_set(err, RC_CONFLICT, "%.*s: the device is revoked already",
                       VIEW_PRINT(row->name));
    if (row->scope.revoked)
        return err_set(err, RC_CONFLICT, "%.*s: the device is revoked for good; enrol it anew",
                       VIEW_PRINT(row->name));
    rc = scope_remember(work, row, err);
    if (rc != RC_OK)
        return rc;
    row->scope.serial++;
    if (change->order->revoke) {
        row->scope.revoked = true;
        row->scope.wipe = change->order->wipe;
    } else {
        row->scope.area_count = change->area_count;
        row->scope.areas =
            arena_copy(&work->arena, change->areas, change->area_count * sizeof(uint64_t));
        if (row->scope.areas == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        change->work = work;
        rc = store_persons(work->ledger->store, scope_person, change, err);
    }
    change->serial = row->scope.serial;
    id_text(change->order->device, object);
    return rc != RC_OK ? rc
                       : work_act(work, change->who,
                                  !change->order->revoke ? "device scope"
                                  : change->order->wipe  ? "device wipe"
                                                         : "device revoke",
                                  object, change->order->reason, err);
}

/* Of a device that waits: those that it was granted before the county forgot it. */
static enum rc areas_as_before(struct seat *seat, const struct stored_device *device,
                               struct change_scope *change, struct err *err) {
    enum rc rc = RC_NOT_FOUND;

    if (recall_waits(device))
        rc = recall_areas(seat->office, seat->ledger->store, device, &seat->arena, &change->areas,
                          &change->area_count, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_USAGE,
                       "--areas CODE,... is missing; see: yg-syncd device scope --help");
    return rc;
}

enum rc device_set_scope(struct seat *seat, const struct scope_order *order, uint32_t *serial,
                         struct err *err) {
    struct change_scope change = {.order = order, .who = seat->who};
    struct stored_device device;
    uint32_t admitted = 0;
    enum rc rc = seat_areas_check(seat, order->areas, order->area_count, err);

    change.area_count = order->area_count;
    change.areas =
        arena_copy(&seat->arena, order->areas, order->area_count * sizeof(change.areas[0]));
    if (rc == RC_OK)
        rc = arena_check(&seat->arena, "a scope", err);
    if (rc == RC_OK)
        seat_areas_current(seat, change.areas, &change.area_count);
    if (rc == RC_OK)
        rc = store_device(seat->ledger->store, order->device, &seat->arena, &device, err);
    if (rc == RC_OK && order->as_before)
        rc = areas_as_before(seat, &device, &change, err);
    if (rc == RC_OK)
        rc = office_act(seat->office, scope_act, &change, err);
    if (rc == RC_OK && !order->revoke)
        rc = quarantine_rejudge(seat->office, order->device, &admitted, err);
    *serial = change.serial;
    return rc;
}

/* --- what is known of one --- */

/* What the device said it has, less what has arrived. */
static enum rc pending_of(struct store *store, const struct stored_device *device,
                          uint64_t *pending, struct err *err) {
    struct stored_actor actor = {0};
    enum rc rc = device->actor == 0 ? RC_NOT_FOUND : store_actor(store, device->actor, &actor, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    *pending = device->own_last > actor.number ? device->own_last - actor.number : 0;
    return RC_OK;
}

/* Of a device that waits for staff: what it was granted once. */
static enum rc areas_of(struct seat *seat, const struct stored_device *device,
                        uint64_t out[LIMIT_AREAS], uint32_t *count, struct err *err) {
    const struct scope *scope = &device->scope;
    uint64_t *areas = scope->areas;
    enum rc rc = RC_OK;

    *count = scope->area_count;
    if (recall_waits(device))
        rc = recall_areas(seat->office, seat->ledger->store, device, &seat->arena, &areas, count,
                          err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    if (rc == RC_OK && *count > 0)
        memcpy(out, areas, *count * sizeof(out[0]));
    return rc;
}

enum rc device_facts(struct seat *seat, const struct stored_device *device,
                     struct device_facts *out, struct err *err) {
    enum rc rc = pending_of(seat->ledger->store, device, &out->pending, err);

    if (rc == RC_OK)
        rc = areas_of(seat, device, out->areas, &out->area_count, err);
    if (rc == RC_OK)
        rc = alarm_raised(seat->office, seat->ledger->store, device->device, &seat->arena,
                          &out->alarm, err);
    if (rc == RC_OK)
        seat_areas_current(seat, out->areas, &out->area_count);
    out->waits = recall_waits(device);
    return rc;
}
