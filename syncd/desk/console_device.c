/* console_device.c: the tablets: a list, one of them with its people, inviting, limiting, revoking.
 *
 * Whoever looks sees a tablet that may hold any of his areas. Whoever manages must have all of its
 * areas: nobody takes from others what he could not have given. */
#include "base/qr.h"
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/device.h"
#include "syncd/desk/waiting.h"

/* ---- forks: of all devices in two walks ----
 *
 * A fork shows that a tablet was copied only if its first number was used by another history, too:
 * one that merely goes on behind what a restored county knows has a name like it. */

struct forks {
    struct arena *arena;
    struct stored_actor *list; /* by fork_of, then fork_from */
    bool *copied;
    uint32_t count, capacity;
};

static enum rc fork_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct forks *forks = context;
    struct stored_actor *fork;

    if (actor->fork_of == 0 || actor->device == 0)
        return RC_OK;
    fork = arena_push(forks->arena, &forks->list, &forks->count, &forks->capacity, sizeof(*fork));
    if (fork == NULL)
        return arena_check(forks->arena, "a list", err);
    *fork = *actor;
    return RC_OK;
}

static int fork_order(const void *left, const void *right) {
    const struct stored_actor *a = left, *b = right;

    if (a->fork_of != b->fork_of)
        return a->fork_of < b->fork_of ? -1 : 1;
    return (a->fork_from > b->fork_from) - (a->fork_from < b->fork_from);
}

static bool are_siblings(const struct stored_actor *a, const struct stored_actor *b) {
    return a->fork_of == b->fork_of && a->fork_from == b->fork_from;
}

static enum rc origin_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct forks *forks = context;
    uint32_t low = 0, high = forks->count;

    (void)err;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (forks->list[middle].fork_of < actor->actor)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < forks->count && forks->list[low].fork_of == actor->actor; low++)
        forks->copied[low] = forks->copied[low] || actor->number >= forks->list[low].fork_from;
    return RC_OK;
}

static enum rc forks_find(struct forks *forks, struct store *store, struct err *err) {
    enum rc rc = store_actors(store, fork_visit, forks, err);

    if (rc != RC_OK || forks->count == 0)
        return rc;
    forks->copied = arena_array(forks->arena, forks->count, sizeof(*forks->copied));
    if (forks->copied == NULL)
        return arena_check(forks->arena, "a list", err);
    qsort(forks->list, forks->count, sizeof(*forks->list), fork_order);
    for (uint32_t i = 1; i < forks->count; i++)
        if (are_siblings(&forks->list[i - 1], &forks->list[i]))
            forks->copied[i - 1] = forks->copied[i] = true;
    return store_actors(store, origin_visit, forks, err);
}

static uint32_t forks_of(const struct forks *forks, uint64_t device) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < forks->count; i++)
        count += forks->copied[i] && forks->list[i].device == device;
    return count;
}

/* ---- what waits, sealed: of all devices in one walk ---- */

struct sealed {
    struct arena *arena;
    struct waiting *list;
    uint32_t count, capacity;
};

static enum rc sealed_visit(void *context, const struct waiting *waiting, struct err *err) {
    struct sealed *sealed = context;
    struct waiting *row =
        arena_push(sealed->arena, &sealed->list, &sealed->count, &sealed->capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(sealed->arena, "a list", err);
    *row = *waiting;
    return RC_OK;
}

static void add_sealed(struct json *item, const struct sealed *sealed, uint64_t device) {
    struct json *list = json_add_array(item, "sealed");

    for (uint32_t i = 0; i < sealed->count; i++) {
        const struct waiting *waiting = &sealed->list[i];
        struct json *one;

        if (waiting->device != device)
            continue;
        one = json_add_object(list, NULL);
        json_add_int(one, "lacks_from", (int64_t)waiting->lacks_from);
        json_add_int(one, "lacks_to", (int64_t)waiting->lacks_to);
        json_add_int(one, "changes", (int64_t)waiting->changes);
        console_add_time(one, "since", waiting->since_ms);
    }
}

/* ---- one as JSON ---- */

static const char *state_of(const struct stored_device *device, const struct device_facts *facts) {
    return device->scope.revoked ? (device->scope.wipe ? "wiped" : "revoked")
           : facts->alarm        ? "alarm"
           : facts->waits        ? "unconfirmed"
                                 : "used";
}

static void add_device(struct console_call *call, struct json *item,
                       const struct stored_device *device, const struct device_facts *facts,
                       const struct forks *forks, const struct sealed *sealed) {
    struct json *areas;

    console_add_id(item, "device", device->device);
    json_add_view(item, "name", device->name);
    json_add_view(item, "person", seat_person_name(&call->seat, device->person));
    areas = json_add_array(item, "areas");
    for (uint32_t i = 0; i < facts->area_count; i++)
        console_add_area(call, areas, NULL, facts->areas[i]);
    json_add_text(item, "state", state_of(device, facts));
    console_add_time(item, "enrolled", device->enrolled_ms);
    console_add_time(item, "seen", device->seen_ms);
    json_add_view(item, "program", device->program);
    json_add_int(item, "offset_ms", device->offset_ms);
    json_add_int(item, "pending", (int64_t)facts->pending);
    json_add_int(item, "forks", forks_of(forks, device->device));
    add_sealed(item, sealed, device->device);
    json_add_int(item, "scope", device->scope.serial);
    json_add_int(item, "scope_confirmed", device->scope_confirmed);
}

/* ---- the list: by id, a page at a time ---- */

struct device_walk {
    struct console_call *call;
    struct forks forks;
    struct sealed sealed;
    struct json *items;
    uint64_t after;
    uint32_t count;
    bool more;
    uint64_t last;
};

static enum rc device_visit(void *context, const struct stored_device *device, struct err *err) {
    struct device_walk *walk = context;
    struct device_facts facts;
    enum rc rc;

    if (device->device <= walk->after)
        return RC_OK;
    if (walk->more)
        return RC_NOT_FOUND;
    rc = device_facts(&walk->call->seat, device, &facts, err);
    if (rc != RC_OK || !console_holds_any(walk->call, facts.areas, facts.area_count))
        return rc;
    if (walk->count == CONSOLE_PAGE_ITEMS) {
        walk->more = true;
        return RC_NOT_FOUND;
    }
    walk->count++;
    walk->last = device->device;
    add_device(walk->call, json_add_object(walk->items, NULL), device, &facts, &walk->forks,
               &walk->sealed);
    return RC_OK;
}

static enum rc after_of(const struct console_call *call, uint64_t *after, struct err *err) {
    struct buf text;
    enum rc rc;

    *after = 0;
    buf_init(&text, 64);
    rc = console_filter(call, "after", &text, err);
    if (rc == RC_OK && text.size > 0)
        rc = id_parse(buf_view(&text), after, err);
    buf_release(&text);
    return rc;
}

enum rc console_devices(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct device_walk walk = {.call = call,
                               .forks = {.arena = &call->seat.arena},
                               .sealed = {.arena = &call->seat.arena}};
    struct store *store = call->seat.ledger->store;
    enum rc rc = after_of(call, &walk.after, err);

    walk.items = json_add_array(json, "items");
    if (rc == RC_OK)
        rc = forks_find(&walk.forks, store, err);
    if (rc == RC_OK)
        rc = waiting_each(&call->seat, sealed_visit, &walk.sealed, err);
    if (rc == RC_OK)
        rc = store_devices(store, device_visit, &walk, err);
    if (walk.more)
        console_add_id(json, "next", walk.last);
    else
        json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- one ---- */

struct people_walk {
    struct json *items;
    uint64_t device;
};

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct people_walk *walk = context;
    struct json *item;

    (void)err;
    if (person->device != walk->device)
        return RC_OK;
    item = json_add_object(walk->items, NULL);
    console_add_id(item, "person", person->person);
    json_add_view(item, "name", person->name);
    json_add_text(item, "role", role_name((enum role)person->role));
    json_add_bool(item, "disabled", person->disabled);
    return RC_OK;
}

/* Which one the request names, and whether the person may see it, or manage it. */
static enum rc find_device(struct console_call *call, bool manages, struct stored_device *device,
                           struct device_facts *facts, struct err *err) {
    uint64_t id;
    enum rc rc = console_param_id(call, "device", &id, err);

    if (rc == RC_OK)
        rc = store_device(call->seat.ledger->store, id, &call->seat.arena, device, err);
    if (rc == RC_OK)
        rc = device_facts(&call->seat, device, facts, err);
    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && !(manages ? console_holds_all(call, facts->areas, facts->area_count)
                                  : console_holds_any(call, facts->areas, facts->area_count))))
        return err_set(err, RC_NOT_FOUND, "there is no such tablet among those of your areas");
    return rc;
}

enum rc console_device(struct console_call *call, struct err *err) {
    struct store *store = call->seat.ledger->store;
    struct forks forks = {.arena = &call->seat.arena};
    struct sealed sealed = {.arena = &call->seat.arena};
    struct stored_device device;
    struct device_facts facts;
    struct people_walk walk;
    struct json *json = json_object();
    enum rc rc = find_device(call, false, &device, &facts, err);

    if (rc == RC_OK)
        rc = forks_find(&forks, store, err);
    if (rc == RC_OK)
        rc = waiting_each(&call->seat, sealed_visit, &sealed, err);
    if (rc == RC_OK) {
        add_device(call, json, &device, &facts, &forks, &sealed);
        walk =
            (struct people_walk){.items = json_add_array(json, "people"), .device = device.device};
        rc = store_persons(store, person_visit, &walk, err);
    }
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* ---- changing ---- */

/* What a telephone or a tablet reads from the screen: "yangguang:enrol?code=...&server=...". */
static enum rc add_invitation_qr(const struct console_call *call, struct json *json,
                                 const char *code, struct err *err) {
    const char *server;
    struct buf text;
    enum rc rc = console_text(call, "server", &server, err);

    buf_init(&text, QR_TEXT_BYTES_MAX);
    buf_addf(&text, "yangguang:enrol?code=%s", code);
    if (rc == RC_OK && server != NULL && server[0] != '\0')
        buf_addf(&text, "&server=%s", server);
    if (rc == RC_OK)
        rc = buf_check(&text, "server", err);
    if (rc == RC_OK)
        rc = console_add_qr(json, "qr", buf_view(&text), err);
    buf_release(&text);
    return rc;
}

enum rc console_device_invite(struct console_call *call, struct err *err) {
    uint64_t areas[LIMIT_AREAS];
    struct invitation order = {.areas = areas};
    enum role role = ROLE_INVESTIGATOR;
    const char *name, *person, *role_text;
    char code[CODE_TEXT_BYTES];
    struct json *json;
    enum rc rc = console_need(call, "name", &name, err);

    if (rc == RC_OK)
        rc = console_text(call, "person", &person, err);
    if (rc == RC_OK)
        rc = console_text(call, "role", &role_text, err);
    if (rc == RC_OK && role_text != NULL)
        rc = role_parse(view_text(role_text), &role, err);
    if (rc == RC_OK)
        rc = console_area_list(call, "areas", areas, &order.area_count, err);
    if (rc != RC_OK)
        return rc;
    order.device_name = text_trim(view_text(name));
    order.person_name = text_trim(view_text(person == NULL ? "" : person));
    order.role = (uint8_t)role;
    rc = device_invite(&call->seat, &order, code, err);
    if (rc != RC_OK)
        return rc;
    json = json_object();
    json_add_text(json, "code", code);
    json_add_int(json, "hours", CODE_HOURS);
    rc = add_invitation_qr(call, json, code, err);
    crypt_wipe(code, sizeof(code));
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

static enum rc set_scope(struct console_call *call, struct scope_order *order, struct err *err) {
    struct json *json;
    uint32_t serial;
    enum rc rc = console_reason(call, &order->reason, err);

    if (rc == RC_OK)
        rc = device_set_scope(&call->seat, order, &serial, err);
    if (rc != RC_OK)
        return rc;
    json = json_object();
    json_add_int(json, "scope", serial);
    return console_reply(call, json, err);
}

enum rc console_device_scope(struct console_call *call, struct err *err) {
    uint64_t areas[LIMIT_AREAS];
    struct scope_order order = {.areas = areas};
    struct stored_device device;
    struct device_facts facts;
    enum rc rc = find_device(call, true, &device, &facts, err);

    order.device = rc == RC_OK ? device.device : 0;
    if (rc == RC_OK)
        rc = console_area_list(call, "areas", areas, &order.area_count, err);
    return rc == RC_OK ? set_scope(call, &order, err) : rc;
}

enum rc console_device_revoke(struct console_call *call, struct err *err) {
    struct scope_order order = {.revoke = true};
    struct stored_device device;
    struct device_facts facts;
    enum rc rc = find_device(call, true, &device, &facts, err);

    order.device = rc == RC_OK ? device.device : 0;
    (void)json_bool(json_get(call->body, "wipe"), &order.wipe);
    return rc == RC_OK ? set_scope(call, &order, err) : rc;
}
