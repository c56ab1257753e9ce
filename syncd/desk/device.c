/* device.c: the tablets: invite, list, revoke, change what they may hold. Every change of a scope
 * gets a new serial, which the tablet confirms when it has applied it. */
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/listing.h"
#include "syncd/sync/alarm.h"
#include "syncd/sync/auth.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/recall.h"

/* --- invite --- */

enum rc desk_device_invite(void *context, struct command *command, struct err *err) {
    const char *area_list = command_option(command, "--areas");
    const char *name = command_option(command, "--name");
    const char *role_text = command_option(command, "--role");
    char code[CODE_TEXT_BYTES];
    uint64_t areas[LIMIT_AREAS];
    enum role role = ROLE_INVESTIGATOR;
    struct invitation invitation = {.areas = areas};
    struct json *json;
    struct seat seat;
    enum rc rc;

    if (area_list == NULL)
        return err_set(err, RC_USAGE,
                       "--areas CODE,... is missing; see: yg-syncd device invite --help");
    rc = area_list_parse(view_text(area_list), areas, &invitation.area_count, err);
    if (rc == RC_OK && role_text != NULL)
        rc = role_parse(view_text(role_text), &role, err);
    if (rc != RC_OK)
        return rc;
    invitation.device_name = view_text(name == NULL ? "tablet" : name);
    invitation.person_name = view_text(command->person == NULL ? "" : command->person);
    invitation.role = (uint8_t)role;
    if (invitation.device_name.size > LIMIT_NAME_BYTES ||
        invitation.person_name.size > LIMIT_NAME_BYTES)
        return err_set(err, RC_LIMIT, "names have at most %u bytes; use a shorter one",
                       LIMIT_NAME_BYTES);
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = seat_areas_check(&seat, areas, invitation.area_count, err);
    if (rc == RC_OK) {
        seat_areas_current(&seat, areas, &invitation.area_count);
        rc = auth_invite(seat.office, &invitation, "command line", code, err);
    }
    if (rc == RC_OK && command->json) {
        json = json_object();
        json_add_text(json, "code", code);
        json_add_int(json, "hours", CODE_HOURS);
        rc = command_print_json(command, json, err);
    } else if (rc == RC_OK) {
        rc = command_printf(command, err, "%s\n", code);
    }
    seat_close(&seat);
    return rc;
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
    uint64_t device;
    bool revoke;
    bool as_before; /* no areas were given */
    uint64_t *areas;
    uint32_t area_count;
    struct view reason;
    struct work *work;
    uint32_t serial; /* out */
};

/* Whoever works on the device works where the device may. */
static enum rc scope_person(void *context, const struct stored_person *person, struct err *err) {
    struct change_scope *change = context;
    struct work *work = change->work;
    struct stored_person *row;

    if (person->device != change->device)
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
    rc = store_device(work->ledger->store, change->device, &work->arena, row, err);
    if (rc != RC_OK)
        return rc;
    if (change->revoke && row->scope.revoked)
        return err_set(err, RC_CONFLICT, "%.*s: the device is revoked already",
                       VIEW_PRINT(row->name));
    rc = scope_remember(work, row, err);
    if (rc != RC_OK)
        return rc;
    row->scope.serial++;
    if (change->revoke) {
        row->scope.revoked = true;
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
    id_text(change->device, object);
    return rc != RC_OK
               ? rc
               : work_act(work, "command line", change->revoke ? "device revoke" : "device scope",
                          object, change->reason, err);
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

static enum rc change_scope(void *context, struct command *command, struct change_scope *change,
                            struct err *err) {
    struct stored_device device;
    struct json *json;
    struct seat seat;
    char id[17];
    uint32_t admitted = 0;
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = seat_areas_check(&seat, change->areas, change->area_count, err);
    if (rc == RC_OK)
        seat_areas_current(&seat, change->areas, &change->area_count);
    if (rc == RC_OK)
        rc = seat_device(&seat, command->words[0], &device, err);
    if (rc == RC_OK && change->as_before)
        rc = areas_as_before(&seat, &device, change, err);
    if (rc == RC_OK) {
        change->device = device.device;
        rc = office_act(seat.office, scope_act, change, err);
        if (rc == RC_OK && !change->revoke)
            rc = quarantine_rejudge(seat.office, change->device, &admitted, err);
    }
    if (rc == RC_OK) {
        id_text(change->device, id);
        if (command->json) {
            json = json_object();
            json_add_text(json, "device", id);
            json_add_view(json, "name", device.name);
            json_add_int(json, "serial", change->serial);
            json_add_bool(json, "revoked", change->revoke || device.scope.revoked);
            rc = command_print_json(command, json, err);
        } else if (change->revoke) {
            command_say(command, "device %s is revoked; its tablet learns it at the next sync", id);
        } else {
            command_say(command, "device %s has scope %u; its tablet learns it at the next sync",
                        id, (unsigned)change->serial);
        }
    }
    seat_close(&seat);
    return rc;
}

enum rc desk_device_revoke(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct change_scope change = {.revoke = true};

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; it is logged");
    change.reason = view_text(reason);
    return change_scope(context, command, &change, err);
}

enum rc desk_device_scope(void *context, struct command *command, struct err *err) {
    const char *area_list = command_option(command, "--areas");
    const char *reason = command_option(command, "--reason");
    uint64_t areas[LIMIT_AREAS];
    struct change_scope change = {.areas = areas};
    enum rc rc;

    change.as_before = area_list == NULL;
    rc = change.as_before ? RC_OK
                          : area_list_parse(view_text(area_list), areas, &change.area_count, err);
    if (rc != RC_OK)
        return rc;
    change.reason = view_text(reason != NULL      ? reason
                              : area_list != NULL ? area_list
                                                  : "as before");
    return change_scope(context, command, &change, err);
}

/* --- list --- */

struct list_devices {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

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

static void offset_text(int64_t offset_ms, char *out, size_t size) {
    int64_t seconds = offset_ms / MS_PER_SECOND;
    int64_t size_s = seconds < 0 ? -seconds : seconds;
    const char *sign = seconds < 0 ? "-" : "+";

    if (size_s < 120)
        snprintf(out, size, "%s%lld s", sign, (long long)size_s);
    else if (size_s < 7200)
        snprintf(out, size, "%s%lld min", sign, (long long)(size_s / 60));
    else if (size_s < 172800)
        snprintf(out, size, "%s%lld h", sign, (long long)(size_s / 3600));
    else
        snprintf(out, size, "%s%lld d", sign, (long long)(size_s / 86400));
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

static enum rc device_visit(void *context, const struct stored_device *device, struct err *err) {
    struct list_devices *list = context;
    char id[17], seen[TIME_TEXT_BYTES], offset[32];
    uint64_t pending = 0, granted[LIMIT_AREAS];
    uint32_t granted_count;
    bool alarm = false;
    struct buf areas;
    enum rc rc = pending_of(list->seat->ledger->store, device, &pending, err);

    if (rc != RC_OK)
        return rc;
    rc = areas_of(list->seat, device, granted, &granted_count, err);
    if (rc == RC_OK)
        rc = alarm_raised(list->seat->office, list->seat->ledger->store, device->device,
                          &list->seat->arena, &alarm, err);
    if (rc != RC_OK)
        return rc;
    seat_areas_current(list->seat, granted, &granted_count);
    id_text(device->device, id);
    time_text(device->seen_ms, seen);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "device", id);
        json_add_view(json, "name", device->name);
        json_add_view(json, "person", seat_person_name(list->seat, device->person));
        seat_areas_json(json, "areas", granted, granted_count);
        json_add_text(json, "seen", seen);
        json_add_int(json, "offset_ms", device->offset_ms);
        json_add_int(json, "pending", (int64_t)pending);
        json_add_bool(json, "revoked", device->scope.revoked);
        json_add_bool(json, "unconfirmed", recall_waits(device));
        json_add_bool(json, "alarm", alarm);
        json_add_int(json, "scope", device->scope.serial);
        json_add_int(json, "scope_confirmed", device->scope_confirmed);
        return listing_item(&list->table, json, err);
    }
    buf_init(&areas, 4096);
    seat_areas_text(granted, granted_count, &areas);
    offset_text(device->offset_ms, offset, sizeof(offset));
    listing_cell(&list->table, device->name);
    listing_cell(&list->table, view_text(id));
    listing_cell(&list->table, seat_person_name(list->seat, device->person));
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, view_text(seen));
    listing_cell(&list->table, view_text(offset));
    listing_cellf(&list->table, "%llu", (unsigned long long)pending);
    listing_cellf(&list->table, "%u/%u", device->scope_confirmed, device->scope.serial);
    listing_cell(&list->table,
                 view_text(device->scope.revoked  ? words(list->command->lang, "revoked")
                           : alarm                ? words(list->command->lang, "alarm: see log")
                           : recall_waits(device) ? words(list->command->lang, "to be confirmed")
                                                  : words(list->command->lang, "in use")));
    buf_release(&areas);
    return RC_OK;
}

enum rc desk_device_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name",  "id",      "person", "areas", "last seen",
                                        "clock", "pending", "scope",  "state", NULL};
    struct seat seat;
    struct list_devices list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = store_devices(seat.ledger->store, device_visit, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
