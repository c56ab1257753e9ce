/* console_people.c: the staff, for who manages them (and, to look at, for auditors).
 *
 * A manager sees and changes those whose areas all lie within his own, never himself: nobody raises
 * his own rights. What he gives away lies within his areas, too. */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/people.h"
#include "syncd/desk/reset.h"

/* ---- the list ---- */

struct people_walk {
    struct console_call *call;
    struct stored_person *rows;
    uint32_t count, capacity;
};

static enum rc add_person(struct console_call *call, struct json *items,
                          const struct stored_person *person, struct err *err) {
    struct stored_login login = {0};
    struct json *item;
    enum rc rc =
        store_login(call->seat.ledger->store, person->person, &call->seat.arena, &login, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    item = json_add_object(items, NULL);
    console_add_id(item, "person", person->person);
    json_add_view(item, "name", person->name);
    json_add_text(item, "role", role_name((enum role)person->role));
    console_add_areas(call, item, "areas", person->areas, person->area_count);
    json_add_bool(item, "disabled", person->disabled);
    json_add_bool(item, "self", person->person == call->person);
    console_add_time(item, "created", person->created_ms);
    console_add_time(item, "seen", login.seen_ms);
    json_add_bool(item, "must_change", login.must_change);
    json_add_bool(item, "second", login.second.size > 0);
    json_add_bool(item, "unconfirmed", reset_waits(&login));
    console_add_grant(call, item, "grant", &login.grant);
    json_add_bool(item, "waiting", login.wait_ms > env_wall_ms(call->seat.office->env));
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct people_walk *walk = context;
    struct arena *arena = &walk->call->seat.arena;
    struct stored_person *row;

    if (person->device != 0 || !console_holds_all(walk->call, person->areas, person->area_count))
        return RC_OK;
    row = arena_push(arena, &walk->rows, &walk->count, &walk->capacity, sizeof(*row));
    if (row == NULL)
        return arena_check(arena, "a list", err);
    *row = *person;
    row->name = arena_view(arena, person->name);
    row->areas = person->area_count == 0
                     ? NULL
                     : arena_copy(arena, person->areas, person->area_count * sizeof(uint64_t));
    return arena_check(arena, "a list", err);
}

/* By name; who is disabled comes last. */
static int by_name(const void *left, const void *right) {
    const struct stored_person *a = left, *b = right;
    size_t size = a->name.size < b->name.size ? a->name.size : b->name.size;
    int order = a->disabled - b->disabled;

    if (order == 0 && size > 0)
        order = memcmp(a->name.data, b->name.data, size);
    if (order == 0)
        order = a->name.size < b->name.size ? -1 : a->name.size > b->name.size;
    return order != 0 ? order : a->person < b->person ? -1 : 1;
}

/* Staff are hundreds at most: the list is one page. */
enum rc console_people(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct json *items = json_add_array(json, "items");
    struct people_walk walk = {.call = call};
    enum rc rc = store_persons(call->seat.ledger->store, person_visit, &walk, err);

    if (rc == RC_OK && walk.count > 0)
        qsort(walk.rows, walk.count, sizeof(walk.rows[0]), by_name);
    for (uint32_t i = 0; i < walk.count && rc == RC_OK; i++)
        rc = add_person(call, items, &walk.rows[i], err);
    json_add_null(json, "next");
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    return console_reply(call, json, err);
}

/* ---- changing ---- */

static enum rc role_of(struct console_call *call, enum role *out, struct err *err) {
    const char *text;
    enum rc rc = console_need(call, "role", &text, err);

    return rc == RC_OK ? role_parse(view_text(text), out, err) : rc;
}

enum rc console_person(struct console_call *call, struct stored_person *out, struct err *err) {
    uint64_t id;
    enum rc rc = console_param_id(call, "person", &id, err);

    if (rc == RC_OK)
        rc = people_find(&call->seat, id, out, err);
    if (rc == RC_OK && !console_holds_all(call, out->areas, out->area_count))
        rc = err_set(err, RC_NOT_FOUND, "there is no such user; see: yg-syncd user list");
    return rc;
}

static enum rc managed(struct console_call *call, struct stored_person *out, struct err *err) {
    enum rc rc = console_person(call, out, err);

    if (rc == RC_OK && out->person == call->person)
        rc = err_set(err, RC_DENIED, "nobody manages himself; ask another administrator");
    return rc;
}

enum rc console_people_add(struct console_call *call, struct err *err) {
    struct new_person person = {.must_change = true, .by = call->person};
    uint64_t areas[LIMIT_AREAS], id;
    char secret[PEOPLE_ONE_TIME_BYTES];
    const char *name;
    struct json *json;
    enum rc rc = console_need(call, "name", &name, err);

    if (rc == RC_OK)
        rc = role_of(call, &person.role, err);
    if (rc == RC_OK)
        rc = console_area_list(call, "areas", areas, &person.area_count, err);
    if (rc != RC_OK)
        return rc;
    people_one_time(call->seat.office->env, secret);
    person.name = view_text(name);
    person.areas = areas;
    person.secret = view_text(secret);
    rc = people_add(&call->seat, &person, &id, err);
    if (rc == RC_OK) {
        json = json_object();
        console_add_id(json, "person", id);
        json_add_text(json, "secret", secret);
        rc = console_reply(call, json, err);
    }
    crypt_wipe(secret, sizeof(secret));
    return rc;
}

/* {waits}: whether a second one is to confirm it first. */
static enum rc reply_waits(struct console_call *call, bool waits, struct err *err) {
    struct json *json = json_object();

    json_add_bool(json, "waits", waits);
    return console_reply(call, json, err);
}

enum rc console_person_disable(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    enum rc rc = managed(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = people_disable(&call->seat, person.person, reason, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}

enum rc console_person_enable(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    bool waits;
    enum rc rc = managed(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = people_enable(&call->seat, person.person, call->person, reason, &waits, err);
    return rc == RC_OK ? reply_waits(call, waits, err) : rc;
}

enum rc console_person_rights(struct console_call *call, struct err *err) {
    struct new_rights rights = {.by = call->person};
    struct stored_person person;
    uint64_t areas[LIMIT_AREAS];
    bool waits;
    enum rc rc = managed(call, &person, err);

    rights.areas = areas;
    if (rc == RC_OK)
        rc = role_of(call, &rights.role, err);
    if (rc == RC_OK)
        rc = console_area_list(call, "areas", areas, &rights.area_count, err);
    if (rc == RC_OK)
        rc = console_reason(call, &rights.reason, err);
    if (rc == RC_OK)
        rc = people_set_rights(&call->seat, person.person, &rights, &waits, err);
    return rc == RC_OK ? reply_waits(call, waits, err) : rc;
}

enum rc console_person_reset(struct console_call *call, struct err *err) {
    struct stored_person person;
    char secret[PEOPLE_ONE_TIME_BYTES];
    struct json *json;
    uint64_t now;
    enum rc rc = managed(call, &person, err);

    if (rc != RC_OK)
        return rc;
    people_one_time(call->seat.office->env, secret);
    rc = people_reset(&call->seat, person.person, call->person, view_text(secret), &now, err);
    if (rc == RC_OK) {
        json = json_object();
        console_add_id(json, "person", now);
        json_add_text(json, "secret", secret);
        rc = console_reply(call, json, err);
    }
    crypt_wipe(secret, sizeof(secret));
    return rc;
}

enum rc console_person_second(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    enum rc rc = managed(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    if (rc == RC_OK)
        rc = login_drop_second(&call->seat, person.person, reason, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}
