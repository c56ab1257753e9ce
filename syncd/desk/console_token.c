/* console_token.c: the tokens of programs: one's own, and, for who manages people, everybody's. */
#include "base/text.h"
#include "syncd/desk/console.h"

struct tokens {
    struct console_call *call;
    struct json *items;
    uint64_t person; /* 0: of everybody whom the asker manages */
};

static enum rc token_visit_item(void *context, const struct stored_session *token,
                                struct err *err) {
    struct tokens *tokens = context;
    struct console_call *call = tokens->call;
    struct stored_person person;
    struct json *item, *list;
    struct buf may;
    enum rc rc;

    if (tokens->person != 0 && token->person != tokens->person)
        return RC_OK;
    rc = store_person(call->seat.ledger->store, token->person, &call->seat.arena, &person, err);
    if (rc != RC_OK ||
        (tokens->person == 0 && !console_holds_all(call, person.areas, person.area_count)))
        return rc;
    item = json_add_object(tokens->items, NULL);
    console_add_id(item, "token", token_id(token));
    json_add_view(item, "name", token->label);
    list = json_add_object(item, "person");
    console_add_id(list, "person", person.person);
    json_add_view(list, "name", person.name);
    buf_init(&may, 128);
    token_abilities_text(token->abilities, &may);
    json_add_view(item, "may", buf_view(&may));
    buf_release(&may);
    list = json_add_array(item, "areas");
    for (uint32_t i = 0; i < token->area_count; i++)
        console_add_area(call, list, NULL,
                         succession_of(&call->seat.ledger->areas, token->areas[i]));
    console_add_time(item, "made", token->since_ms);
    console_add_time(item, "until", token->until_ms);
    console_add_time(item, "used", token->used_ms);
    json_add_view(item, "address", token->address);
    json_add_bool(
        item, "over",
        login_is_over(token, call->seat.office->epoch, env_wall_ms(call->seat.office->env)));
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

static enum rc reply_tokens(struct console_call *call, uint64_t person, struct err *err) {
    struct json *json = json_object();
    struct tokens tokens = {.call = call, .items = json_add_array(json, "items"), .person = person};
    enum rc rc = token_list(&call->seat, token_visit_item, &tokens, err);

    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

enum rc console_tokens(struct console_call *call, struct err *err) {
    return reply_tokens(call, call->person, err);
}

enum rc console_people_tokens(struct console_call *call, struct err *err) {
    return reply_tokens(call, 0, err);
}

/* A day of China's clock, the end of it. */
static enum rc until_of(struct console_call *call, int64_t *out, struct err *err) {
    const char *text;
    struct date date;
    enum rc rc = console_text(call, "until", &text, err);

    if (rc != RC_OK || text == NULL || text[0] == '\0')
        return rc;
    if (!date_parse(view_text(text), &date))
        return err_set(err, RC_INVALID, "%s: write a day as 2026-11-28", text);
    *out = date_to_ms(date) + MS_PER_DAY - 1;
    return RC_OK;
}

/* The secret is asked for once more: a token outlasts the login. */
enum rc console_token_make(struct console_call *call, struct err *err) {
    uint64_t areas[LIMIT_AREAS];
    struct token_order order = {.person = call->person, .areas = areas};
    char token[TOKEN_TEXT_BYTES] = "";
    const char *name, *may, *secret;
    struct json *json;
    enum rc rc = console_need(call, "name", &name, err);

    if (rc == RC_OK)
        rc = console_need(call, "may", &may, err);
    if (rc == RC_OK)
        rc = console_need(call, "secret", &secret, err);
    if (rc == RC_OK)
        rc = token_abilities_parse(view_text(may), &order.abilities, err);
    if (rc == RC_OK && json_get(call->body, "areas") != NULL)
        rc = console_area_list(call, "areas", areas, &order.area_count, err);
    if (rc == RC_OK)
        rc = until_of(call, &order.until_ms, err);
    if (rc == RC_OK)
        rc = login_check_secret(console_login_desk(call->console), &call->seat, &call->session,
                                view_text(secret), err);
    if (rc != RC_OK)
        return rc;
    order.name = text_trim(view_text(name));
    rc = token_make(&call->seat, &order, token, err);
    if (rc == RC_OK) {
        json = json_object();
        json_add_text(json, "token", token);
        rc = console_reply(call, json, err);
    }
    crypt_wipe(token, sizeof(token));
    return rc;
}

static enum rc revoke(struct console_call *call, uint64_t person, struct view reason,
                      struct err *err) {
    uint64_t id;
    enum rc rc = console_param_id(call, "token", &id, err);

    if (rc == RC_OK)
        rc = token_revoke(&call->seat, person, id, reason, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}

enum rc console_token_revoke(struct console_call *call, struct err *err) {
    return revoke(call, call->person, (struct view){0}, err);
}

enum rc console_person_token_revoke(struct console_call *call, struct err *err) {
    struct stored_person person;
    struct view reason;
    enum rc rc = console_person(call, &person, err);

    if (rc == RC_OK)
        rc = console_reason(call, &reason, err);
    return rc == RC_OK ? revoke(call, person.person, reason, err) : rc;
}
