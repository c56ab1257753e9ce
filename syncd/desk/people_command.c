/* people_command.c: people as commands name them, `user add` and `user list`. */
#include "base/words.h"
#include "syncd/desk/grant.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/login.h"
#include "syncd/desk/people.h"
#include "syncd/desk/reset.h"
#include "syncd/sync/news.h"

/* --- finding one by id or name --- */

struct find_person {
    struct view name;
    uint64_t id, found;
    uint32_t count;
};

static enum rc find_visit(void *context, const struct stored_person *person, struct err *err) {
    struct find_person *find = context;

    (void)err;
    if (!person->disabled &&
        (find->id != 0 ? person->person == find->id : view_equal(person->name, find->name))) {
        find->found = person->person;
        find->count++;
    }
    return RC_OK;
}

enum rc seat_person(struct seat *seat, const char *text, uint64_t *person, struct err *err) {
    struct find_person find = {.name = view_text(text)};
    struct err ignored;
    enum rc rc;

    err_init(&ignored, LANG_EN);
    if (id_parse(find.name, &find.id, &ignored) != RC_OK)
        find.id = 0;
    rc = store_persons(seat->ledger->store, find_visit, &find, err);
    if (rc == RC_OK && find.count == 0)
        rc = err_set(err, RC_NOT_FOUND,
                     "%s: there is no such person; see: yg-syncd user list --all", text);
    if (rc == RC_OK && find.count > 1)
        rc = err_set(err, RC_CONFLICT,
                     "%s: several people have this name; give the id, see: yg-syncd user list "
                     "--all",
                     text);
    *person = find.found;
    return rc;
}

/* --- user add --- */

/* Asked twice where it is typed: nobody could repair a mistyped secret. */
static enum rc new_secret(struct command *command, char out[LIMIT_SECRET_BYTES], struct err *err) {
    char again[LIMIT_SECRET_BYTES];
    bool was_given = command->secret.size > 0;
    enum rc rc = command_secret(command, "secret of the new user: ", out, LIMIT_SECRET_BYTES, err);

    if (rc != RC_OK || was_given)
        return rc;
    rc = command_secret(command, "the same once more: ", again, sizeof(again), err);
    if (rc == RC_OK && strcmp(out, again) != 0)
        rc = err_set(err, RC_INVALID, "the two secrets differ; type them again");
    crypt_wipe(again, sizeof(again));
    return rc;
}

/* Without a secret of somebody who chooses his own, it is one for one time, which is told. */
static enum rc chosen_secret(struct command *command, const struct env *env,
                             struct new_person *person, char out[LIMIT_SECRET_BYTES],
                             struct err *err) {
    enum rc rc = RC_OK;

    person->must_change = command_option(command, "--one-time") != NULL;
    if (person->must_change)
        people_one_time(env, out);
    else
        rc = new_secret(command, out, err);
    person->secret = view_text(out);
    return rc;
}

static enum rc say_added(struct command *command, const struct new_person *person, uint64_t id,
                         struct err *err) {
    const char *role = role_name(person->role);
    char text[17];
    struct json *json;

    id_text(id, text);
    if (!command->json) {
        command_say(command, "user %s added as %s", command->words[0], words(command->lang, role));
        if (!person->must_change)
            return RC_OK;
        command_say(command, "the secret for the first time; it is not shown again:");
        return command_printf(command, err, "%.*s\n", VIEW_PRINT(person->secret));
    }
    json = json_object();
    json_add_text(json, "person", text);
    json_add_view(json, "name", person->name);
    json_add_text(json, "role", role);
    if (person->must_change)
        json_add_view(json, "secret", person->secret);
    return command_print_json(command, json, err);
}

enum rc desk_user_add(void *context, struct command *command, struct err *err) {
    const char *role_text = command_option(command, "--role");
    const char *area_list = command_option(command, "--areas");
    struct new_person person = {.name = view_text(command->words[0])};
    struct seat seat;
    uint64_t areas[LIMIT_AREAS], id;
    char secret[LIMIT_SECRET_BYTES] = "";
    enum rc rc;

    if (role_text == NULL)
        return err_set(err, RC_USAGE, "--role ROLE is missing; see: yg-syncd user add --help");
    rc = role_parse(view_text(role_text), &person.role, err);
    if (rc == RC_OK && area_list != NULL)
        rc = area_list_parse(view_text(area_list), areas, &person.area_count, err);
    if (rc != RC_OK)
        return rc;
    person.areas = areas;
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK && area_list == NULL) {
        rc = seat_root_area(&seat, &areas[0], err);
        person.area_count = 1;
    }
    if (rc == RC_OK)
        rc = seat_areas_check(&seat, areas, person.area_count, err);
    if (rc == RC_OK)
        seat_areas_current(&seat, areas, &person.area_count);
    if (rc == RC_OK)
        rc = chosen_secret(command, seat.office->env, &person, secret, err);
    if (rc == RC_OK)
        rc = people_add(&seat, &person, &id, err);
    if (rc == RC_OK)
        rc = say_added(command, &person, id, err);
    crypt_wipe(secret, sizeof(secret));
    seat_close(&seat);
    return rc;
}

/* --- user second-factor --- */

struct second_order {
    const char *who, *list;
    uint8_t roles[4];
};

static enum rc second_step(void *context, struct work *work, struct err *err) {
    struct second_order *order = context;
    enum rc rc = work_put_setting(work, LOGIN_SECOND_SETTING,
                                  view_of(order->roles, sizeof(order->roles)), err);

    return rc == RC_OK ? work_act(work, order->who, "second factor roles", "console",
                                  view_text(order->list), err)
                       : rc;
}

/* "admin,county" as a bit for each. */
static enum rc read_roles(const char *list, uint32_t *out, struct err *err) {
    struct view rest = view_text(list);
    enum rc rc = RC_OK;

    *out = 0;
    while (rc == RC_OK && rest.size > 0 && !view_is(view_text(list), "none")) {
        const uint8_t *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.data);
        enum role role = ROLE_ADMIN;

        rc = role_parse(view_of(rest.data, size), &role, err);
        *out |= rc == RC_OK ? 1u << role : 0;
        rest = view_slice(rest, comma == NULL ? rest.size : size + 1, rest.size);
    }
    return rc;
}

enum rc desk_user_second(void *context, struct command *command, struct err *err) {
    struct second_order order = {.list = command->words[0]};
    struct seat seat;
    uint32_t roles;
    enum rc rc = read_roles(order.list, &roles, err);

    if (rc != RC_OK)
        return rc;
    for (unsigned i = 0; i < 4; i++)
        order.roles[i] = (uint8_t)(roles >> (8 * i));
    rc = seat_open(context, command, &seat, err);
    order.who = seat.who;
    if (rc == RC_OK)
        rc = office_act(seat.office, second_step, &order, err);
    if (rc == RC_OK)
        command_say(command, "second factor needed by: %s", order.list);
    seat_close(&seat);
    return rc;
}

/* --- user confirm --- */

/* By id also who is disabled: he may wait to be let in again. */
static enum rc find_waiting(struct seat *seat, const char *text, uint64_t *person,
                            struct err *err) {
    enum rc rc = seat_person(seat, text, person, err);

    if (rc != RC_NOT_FOUND || id_parse(view_text(text), person, err) != RC_OK)
        return rc;
    err_clear(err);
    return RC_OK;
}

static enum rc confirm_all(struct seat *seat, const char *name, uint64_t person, struct view reason,
                           struct err *err) {
    struct stored_login login = {0};
    enum rc rc = store_login(seat->ledger->store, person, &seat->arena, &login, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (!grant_waits(&login) && !reset_waits(&login))
        return err_set(err, RC_CONFLICT, "%s: nothing waits to be confirmed", name);
    rc = grant_waits(&login) ? grant_confirm(seat, person, 0, 0, reason, err) : RC_OK;
    return rc == RC_OK && reset_waits(&login) ? reset_confirm(seat, person, 0, reason, err) : rc;
}

enum rc desk_user_confirm(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct seat seat;
    uint64_t person = 0;
    enum rc rc;

    if (reason == NULL || reason[0] == '\0')
        return err_set(err, RC_USAGE, "--reason TEXT is missing; it is logged");
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = find_waiting(&seat, command->words[0], &person, err);
    if (rc == RC_OK)
        rc = confirm_all(&seat, command->words[0], person, view_text(reason), err);
    if (rc == RC_OK)
        command_say(command, "what waited for %s is confirmed", command->words[0]);
    seat_close(&seat);
    return rc;
}

/* --- user list --- */

struct list_people {
    struct seat *seat;
    struct command *command;
    struct listing table;
    bool all;
};

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct list_people *list = context;
    char id[17], device[17] = "-", created[TIME_TEXT_BYTES];
    const char *role = role_name((enum role)person->role);
    struct buf areas;

    if (person->device != 0 && !list->all)
        return RC_OK;
    id_text(person->person, id);
    if (person->device != 0)
        id_text(person->device, device);
    time_text(person->created_ms, created);
    if (list->command->json) {
        struct json *json = json_object();

        json_add_text(json, "person", id);
        json_add_view(json, "name", person->name);
        json_add_text(json, "role", role);
        seat_areas_json(json, "areas", person->areas, person->area_count);
        if (person->device != 0)
            json_add_text(json, "device", device);
        json_add_bool(json, "disabled", person->disabled);
        json_add_text(json, "created", created);
        return listing_item(&list->table, json, err);
    }
    buf_init(&areas, 4096);
    seat_areas_text(person->areas, person->area_count, &areas);
    listing_cell(&list->table, person->name);
    listing_cell(&list->table, view_text(words(list->command->lang, role)));
    listing_cell(&list->table, buf_view(&areas));
    listing_cell(&list->table, view_text(device));
    listing_cell(&list->table, view_text(created));
    listing_cell(&list->table, view_text(id));
    buf_release(&areas);
    return RC_OK;
}

enum rc desk_user_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name", "role", "areas", "device", "created", "id", NULL};
    struct seat seat;
    struct list_people list = {
        .seat = &seat, .command = command, .all = command_option(command, "--all") != NULL};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = store_persons(seat.ledger->store, person_visit, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}
