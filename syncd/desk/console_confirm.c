/* console_confirm.c: what one administrator has given and a second one is to confirm: secrets
 * (reset.h) and rights (grant.h). */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/grant.h"
#include "syncd/desk/reset.h"

void console_add_areas(struct console_call *call, struct json *parent, const char *key,
                       const uint64_t *areas, uint32_t count) {
    struct json *list = json_add_array(parent, key);

    for (uint32_t i = 0; i < count; i++)
        console_add_area(call, list, NULL, succession_of(&call->seat.ledger->areas, areas[i]));
}

void console_add_grant(struct console_call *call, struct json *parent, const char *key,
                       const struct stored_grant *grant) {
    struct json *item;

    if (grant->by == 0) {
        json_add_null(parent, key);
        return;
    }
    item = json_add_object(parent, key);
    json_add_text(item, "role", role_name((enum role)grant->role));
    console_add_areas(call, item, "areas", grant->areas, grant->area_count);
    json_add_bool(item, "enables", grant->enables);
    json_add_view(item, "by", seat_person_name(&call->seat, grant->by));
    console_add_time(item, "since", grant->at_ms);
    console_add_id(item, "mark", (uint64_t)grant->at_ms);
}

struct waiting_walk {
    struct console_call *call;
    struct json *list;
    uint32_t count, most;
};

static struct json *add_line(struct waiting_walk *walk, const char *kind,
                             const struct stored_person *person) {
    struct json *item = json_add_object(walk->list, NULL);

    walk->count++;
    json_add_text(item, "kind", kind);
    console_add_id(item, "person", person->person);
    json_add_view(item, "title", person->name);
    json_add_text(item, "role", role_name((enum role)person->role));
    console_add_areas(walk->call, item, "areas", person->areas, person->area_count);
    return item;
}

static void end_line(struct waiting_walk *walk, struct json *item, uint64_t by, int64_t since_ms) {
    json_add_view(item, "by", seat_person_name(&walk->call->seat, by));
    console_add_time(item, "since", since_ms);
    json_add_null(item, "due");
}

static bool sees_secret(const struct console_call *call, const struct stored_login *login,
                        const struct stored_person *person) {
    return reset_waits(login) && login->reset_by != call->person && !person->disabled;
}

static bool sees_grant(const struct console_call *call, const struct stored_login *login) {
    return grant_waits(login) && login->grant.by != call->person &&
           console_holds_all(call, login->grant.areas, login->grant.area_count);
}

static enum rc login_visit(void *context, const struct stored_login *login, struct err *err) {
    struct waiting_walk *walk = context;
    struct console_call *call = walk->call;
    struct stored_person person;
    struct json *item = NULL;
    enum rc rc;

    if ((!reset_waits(login) && !grant_waits(login)) || login->person == call->person)
        return RC_OK;
    if (walk->count >= walk->most)
        return RC_NOT_FOUND;
    rc = store_person(call->seat.ledger->store, login->person, &call->seat.arena, &person, err);
    if (rc != RC_OK || !console_holds_all(call, person.areas, person.area_count))
        return rc;
    if (sees_secret(call, login, &person)) {
        item = add_line(walk, login->former != 0 ? "reset" : "person", &person);
        end_line(walk, item, login->reset_by, login->reset_ms);
    }
    if (sees_grant(call, login)) {
        item = add_line(walk, login->grant.enables ? "enable" : "rights", &person);
        console_add_grant(call, item, "grant", &login->grant);
        end_line(walk, item, login->grant.by, login->grant.at_ms);
    }
    return RC_OK;
}

enum rc console_add_waiting(struct console_call *call, struct json *list, uint32_t most,
                            struct err *err) {
    struct waiting_walk walk = {.call = call, .list = list, .most = most};
    enum rc rc = store_logins(call->seat.ledger->store, login_visit, &walk, err);

    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc console_confirmations(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    enum rc rc = console_add_waiting(call, json_add_array(json, "items"), CONSOLE_PAGE_ITEMS, err);

    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

/* With the mark of the rights that he has read: nobody confirms others unseen. */
enum rc console_person_confirm(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    const char *rights;
    uint64_t mark = 0;
    enum rc rc = console_person(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = console_text(call, "rights", &rights, err);
    if (rc == RC_OK && rights != NULL)
        rc = id_parse(view_text(rights), &mark, err);
    if (rc != RC_OK)
        return rc;
    rc = rights != NULL
             ? grant_confirm(&call->seat, person.person, call->person, (int64_t)mark, reason, err)
             : reset_confirm(&call->seat, person.person, call->person, reason, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}
