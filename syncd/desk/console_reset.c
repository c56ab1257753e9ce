/* console_reset.c: whose secret was reset by one and waits for the word of a second: reset.h. */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/reset.h"

struct reset_walk {
    struct console_call *call;
    struct json *list;
    uint32_t count, most;
};

static enum rc login_visit(void *context, const struct stored_login *login, struct err *err) {
    struct reset_walk *walk = context;
    struct console_call *call = walk->call;
    struct stored_person person;
    struct json *item, *areas;
    enum rc rc;

    if (!reset_waits(login) || login->person == call->person || login->reset_by == call->person)
        return RC_OK;
    if (walk->count == walk->most)
        return RC_NOT_FOUND;
    rc = store_person(call->seat.ledger->store, login->person, &call->seat.arena, &person, err);
    if (rc != RC_OK || person.disabled || !console_holds_all(call, person.areas, person.area_count))
        return rc;
    walk->count++;
    item = json_add_object(walk->list, NULL);
    json_add_text(item, "kind", "reset");
    console_add_id(item, "person", person.person);
    json_add_view(item, "title", person.name);
    json_add_text(item, "role", role_name((enum role)person.role));
    areas = json_add_array(item, "areas");
    for (uint32_t i = 0; i < person.area_count; i++)
        console_add_area(call, areas, NULL,
                         succession_of(&call->seat.ledger->areas, person.areas[i]));
    json_add_view(item, "by", seat_person_name(&call->seat, login->reset_by));
    console_add_time(item, "since", login->reset_ms);
    json_add_null(item, "due");
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

enum rc console_add_resets(struct console_call *call, struct json *list, uint32_t most,
                           struct err *err) {
    struct reset_walk walk = {.call = call, .list = list, .most = most};

    return store_logins(call->seat.ledger->store, login_visit, &walk, err);
}

enum rc console_resets(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    enum rc rc = console_add_resets(call, json_add_array(json, "items"), CONSOLE_PAGE_ITEMS, err);

    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

enum rc console_reset_confirm(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    enum rc rc = console_person(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = reset_confirm(&call->seat, person.person, call->person, reason, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}
