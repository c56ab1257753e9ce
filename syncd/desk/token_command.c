/* token_command.c: `token add`, `token list`, `token revoke`; see token.h. */
#include "base/words.h"
#include "syncd/desk/listing.h"
#include "syncd/desk/token.h"

/* --- token add --- */

static enum rc read_order(struct seat *seat, const struct command *command,
                          struct token_order *order, uint64_t areas[LIMIT_AREAS], struct err *err) {
    const char *may = command_option(command, "--may");
    const char *list = command_option(command, "--areas");
    const char *until = command_option(command, "--until");
    struct date date;
    enum rc rc =
        token_abilities_parse(view_text(may == NULL ? "read" : may), &order->abilities, err);

    if (command_option(command, "--reveal") != NULL)
        order->abilities |= TOKEN_REVEAL;
    if (rc == RC_OK && list != NULL)
        rc = area_list_parse(view_text(list), areas, &order->area_count, err);
    if (rc == RC_OK)
        seat_areas_current(seat, areas, &order->area_count);
    order->areas = areas;
    if (rc != RC_OK || until == NULL)
        return rc;
    if (!date_parse(view_text(until), &date))
        return err_set(err, RC_INVALID, "%s: write a day as 2026-11-28", until);
    order->until_ms = date_to_ms(date) + MS_PER_DAY - 1;
    return RC_OK;
}

enum rc desk_token_add(void *context, struct command *command, struct err *err) {
    const char *user = command_option(command, "--as");
    struct token_order order = {.name = view_text(command->words[0])};
    uint64_t areas[LIMIT_AREAS];
    char secret[LIMIT_SECRET_BYTES] = "", token[TOKEN_TEXT_BYTES] = "";
    struct staff staff = {0};
    struct seat seat;
    enum rc rc;

    if (user == NULL)
        return err_set(err, RC_USAGE, "--as USER is missing; see: yg-syncd token add --help");
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = read_order(&seat, command, &order, areas, err);
    if (rc == RC_OK)
        rc = command_secret(command, "secret: ", secret, sizeof(secret), err);
    if (rc == RC_OK)
        rc = people_unlock(&seat, view_text(user), view_text(secret), &staff, err);
    order.person = staff.person;
    if (rc == RC_OK) {
        seat.who = user;
        rc = token_make(&seat, &order, token, err);
    }
    if (rc == RC_OK && command->json) {
        struct json *json = json_object();

        json_add_text(json, "token", token);
        rc = command_print_json(command, json, err);
    } else if (rc == RC_OK) {
        command_say(command, "token of %s; it is not shown again:", user);
        rc = command_printf(command, err, "%s\n", token);
    }
    crypt_wipe(secret, sizeof(secret));
    crypt_wipe(token, sizeof(token));
    crypt_wipe(&staff, sizeof(staff));
    seat_close(&seat);
    return rc;
}

/* --- token list --- */

struct list_tokens {
    struct seat *seat;
    struct command *command;
    struct listing table;
};

static enum rc token_json(struct list_tokens *list, const struct stored_session *token,
                          struct view may, struct err *err) {
    struct json *json = json_object();
    char id[17], text[TIME_TEXT_BYTES];

    id_text(token_id(token), id);
    json_add_text(json, "token", id);
    json_add_view(json, "name", token->label);
    json_add_view(json, "person", seat_person_name(list->seat, token->person));
    json_add_view(json, "may", may);
    seat_areas_json(json, "areas", token->areas, token->area_count);
    time_text(token->until_ms, text);
    json_add_text(json, "until", text);
    time_text(token->used_ms, text);
    json_add_text(json, "used", text);
    json_add_view(json, "address", token->address);
    return listing_item(&list->table, json, err);
}

static enum rc list_visit(void *context, const struct stored_session *token, struct err *err) {
    struct list_tokens *list = context;
    struct buf may, areas;
    char text[TIME_TEXT_BYTES];
    enum rc rc = RC_OK;

    buf_init(&may, 128);
    buf_init(&areas, 4096);
    token_abilities_text(token->abilities, &may);
    seat_areas_text(token->areas, token->area_count, &areas);
    if (list->command->json) {
        rc = token_json(list, token, buf_view(&may), err);
    } else {
        listing_cell(&list->table, token->label);
        listing_cell(&list->table, seat_person_name(list->seat, token->person));
        listing_cell(&list->table, buf_view(&may));
        listing_cell(&list->table, buf_view(&areas));
        time_text(token->until_ms, text);
        listing_cell(&list->table, view_text(text));
        time_text(token->used_ms, text);
        listing_cell(&list->table, view_text(text));
        id_text(token_id(token), text);
        listing_cell(&list->table, view_text(text));
    }
    buf_release(&may);
    buf_release(&areas);
    return rc;
}

enum rc desk_token_list(void *context, struct command *command, struct err *err) {
    static const char *const heads[] = {"name",  "person", "may",   "areas",
                                        "until", "used",   "token", NULL};
    struct seat seat;
    struct list_tokens list = {.seat = &seat, .command = command};
    enum rc rc = seat_open(context, command, &seat, err);

    if (rc == RC_OK) {
        listing_start(&list.table, command, &seat.arena, heads);
        rc = token_list(&seat, list_visit, &list, err);
        rc = listing_end(&list.table, rc, err);
    }
    seat_close(&seat);
    return rc;
}

/* --- token revoke --- */

enum rc desk_token_revoke(void *context, struct command *command, struct err *err) {
    const char *reason = command_option(command, "--reason");
    struct seat seat;
    uint64_t id;
    enum rc rc = id_parse(view_text(command->words[0]), &id, err);

    if (rc == RC_OK && (reason == NULL || reason[0] == '\0'))
        rc = err_set(err, RC_USAGE, "--reason TEXT is missing; it is logged");
    if (rc != RC_OK)
        return rc;
    rc = seat_open(context, command, &seat, err);
    if (rc == RC_OK)
        rc = token_revoke(&seat, 0, id, view_text(reason), err);
    if (rc == RC_OK)
        command_say(command, "token %s revoked", command->words[0]);
    seat_close(&seat);
    return rc;
}
