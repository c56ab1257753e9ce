/* device_command.c: the tablets on the command line: invite, list, revoke, change what they may
 * hold. */
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/device.h"
#include "syncd/desk/listing.h"

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
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = device_invite(&seat, &invitation, code, err);
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

/* --- revoke, scope --- */

static enum rc change_scope(void *context, struct command *command, struct scope_order *order,
                            struct err *err) {
    struct stored_device device;
    struct json *json;
    struct seat seat;
    uint32_t serial = 0;
    char id[17];
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK)
        rc = seat_device(&seat, command->words[0], &device, err);
    if (rc == RC_OK) {
        order->device = device.device;
        rc = device_set_scope(&seat, order, &serial, err);
    }
    if (rc == RC_OK) {
        id_text(device.device, id);
        if (command->json) {
            json = json_object();
            json_add_text(json, "device", id);
            json_add_view(json, "name", device.name);
            json_add_int(json, "serial", serial);
            json_add_bool(json, "revoked", order->revoke || device.scope.revoked);
            rc = command_print_json(command, json, err);
        } else if (order->revoke) {
            command_say(command, "device %s is revoked; its tablet learns it at the next sync", id);
        } else {
            command_say(command, "device %s has scope %u; its tablet learns it at the next sync",
                        id, (unsigned)serial);
        }
    }
    seat_close(&seat);
    return rc;
}

enum rc desk_device_revoke(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct scope_order order = {.revoke = true, .wipe = command_option(command, "--wipe") != NULL};

    if (reason == NULL || text_trim(view_text(reason)).size == 0)
        return err_set(err, RC_USAGE, "--reason TEXT is missing; it is logged");
    order.reason = view_text(reason);
    return change_scope(context, command, &order, err);
}

enum rc desk_device_scope(void *context, struct command *command, struct err *err) {
    const char *area_list = command_option(command, "--areas");
    const char *reason = command_option(command, "--reason");
    uint64_t areas[LIMIT_AREAS];
    struct scope_order order = {.areas = areas};
    enum rc rc;

    order.as_before = area_list == NULL;
    rc = order.as_before ? RC_OK
                         : area_list_parse(view_text(area_list), areas, &order.area_count, err);
    if (rc != RC_OK)
        return rc;
    order.reason = view_text(reason != NULL ? reason : area_list != NULL ? area_list : "as before");
    return change_scope(context, command, &order, err);
}

/* --- list --- */

struct list_devices {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

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

static enum rc device_visit(void *context, const struct stored_device *device, struct err *err) {
    struct list_devices *list = context;
    char id[17], seen[TIME_TEXT_BYTES], offset[32];
    struct device_facts facts;
    struct buf areas;
    enum rc rc = device_facts(list->seat, device, &facts, err);

    if (rc != RC_OK)
        return rc;
    id_text(device->device, id);
    time_text(device->seen_ms, seen);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "device", id);
        json_add_view(json, "name", device->name);
        json_add_view(json, "person", seat_person_name(list->seat, device->person));
        seat_areas_json(json, "areas", facts.areas, facts.area_count);
        json_add_text(json, "seen", seen);
        json_add_view(json, "program", device->program);
        json_add_int(json, "offset_ms", device->offset_ms);
        json_add_int(json, "pending", (int64_t)facts.pending);
        json_add_bool(json, "revoked", device->scope.revoked);
        json_add_bool(json, "unconfirmed", facts.waits);
        json_add_bool(json, "alarm", facts.alarm);
        json_add_int(json, "scope", device->scope.serial);
        json_add_int(json, "scope_confirmed", device->scope_confirmed);
        return listing_item(&list->table, json, err);
    }
    buf_init(&areas, 4096);
    seat_areas_text(facts.areas, facts.area_count, &areas);
    offset_text(device->offset_ms, offset, sizeof(offset));
    listing_cell(&list->table, device->name);
    listing_cell(&list->table, view_text(id));
    listing_cell(&list->table, seat_person_name(list->seat, device->person));
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, view_text(seen));
    listing_cell(&list->table, view_text(offset));
    listing_cell(&list->table, device->program.size == 0 ? view_text("-") : device->program);
    listing_cellf(&list->table, "%llu", (unsigned long long)facts.pending);
    listing_cellf(&list->table, "%u/%u", device->scope_confirmed, device->scope.serial);
    listing_cell(&list->table,
                 view_text(device->scope.revoked ? words(list->command->lang, "revoked")
                           : facts.alarm         ? words(list->command->lang, "alarm: see log")
                           : facts.waits         ? words(list->command->lang, "to be confirmed")
                                                 : words(list->command->lang, "in use")));
    buf_release(&areas);
    return RC_OK;
}

enum rc desk_device_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name",      "id",    "person",  "areas",
                                        "last seen", "clock", "program", "pending",
                                        "scope",     "state", NULL};
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
