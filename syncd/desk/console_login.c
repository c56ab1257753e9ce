/* console_login.c: who is here: logging in and out, the own secret. */
#include "base/qr.h"
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/people.h"
#include "syncd/desk/reset.h"

static const char *stage_name(enum login_stage stage) {
    switch (stage) {
    case LOGIN_CODE:
        return "code";
    case LOGIN_CHANGE:
        return "change";
    case LOGIN_ENROL:
        return "enrol";
    case LOGIN_DONE:
        break;
    }
    return "done";
}

static const struct {
    enum ability ability;
    const char *name;
} abilities[] = {
    {ABILITY_READ, "read"},       {ABILITY_RECORD, "record"},     {ABILITY_SEAL, "seal"},
    {ABILITY_RESOLVE, "resolve"}, {ABILITY_MOVE, "move"},         {ABILITY_REVEAL, "reveal"},
    {ABILITY_RELEASE, "release"}, {ABILITY_MANAGE, "manage"},     {ABILITY_AUDIT, "audit"},
    {ABILITY_COMMENT, "comment"}, {ABILITY_ASSIGNED, "assigned"},
};

/* Whoever has a secret that somebody made is told who has a hand in it. */
static void add_reset(struct console_call *call, const struct login_session *session,
                      struct json *json) {
    const struct stored_login *login = &session->login;
    struct json *item;

    if (login->reset_by == 0) {
        json_add_null(json, "reset");
        return;
    }
    item = json_add_object(json, "reset");
    json_add_view(item, "by", seat_person_name(&call->seat, login->reset_by));
    console_add_time(item, "at", login->reset_ms);
    json_add_bool(item, "waits", reset_waits(login));
    json_add_bool(item, "first", login->former == 0);
}

/* Before the last stage nothing but the way on. */
static enum rc reply_me(struct console_call *call, const struct login_session *session,
                        struct err *err) {
    struct json *json = json_object();
    struct json *list;

    json_add_text(json, "stage", stage_name(session->stage));
    json_add_view(json, "name", session->person.name);
    json_add_text(json, "role", role_name((enum role)session->person.role));
    add_reset(call, session, json);
    if (call->is_program)
        json_add_view(json, "token", session->stored.label);
    if (session->stage != LOGIN_DONE)
        return console_reply(call, json, err);
    console_add_id(json, "person", session->person.person);
    list = json_add_array(json, "may");
    for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++)
        if (role_may((enum role)session->person.role, abilities[i].ability))
            json_add_text(list, NULL, abilities[i].name);
    list = json_add_array(json, "areas");
    for (uint32_t i = 0; i < session->person.area_count; i++)
        console_add_area(call, list, NULL, session->person.areas[i]);
    console_add_time(json, "until", session->stored.until_ms);
    json_add_int(json, "idle_ms", LOGIN_IDLE_MS);
    return console_reply(call, json, err);
}

enum rc console_me(struct console_call *call, struct err *err) {
    return reply_me(call, &call->session, err);
}

/* The cookie of the new session, and who it is. */
static enum rc reply_token(struct console_call *call, const char *token, struct err *err) {
    struct login_session session;
    enum rc rc = console_set_cookie(call, token, err);

    if (rc == RC_OK)
        rc = login_find(&call->seat, view_text(token), &session, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_AGAIN, "the login has ended meanwhile; try again");
    return rc == RC_OK ? reply_me(call, &session, err) : rc;
}

enum rc console_login(struct console_call *call, struct err *err) {
    struct login_from from;
    char token[LOGIN_TOKEN_TEXT_BYTES] = "";
    const char *name, *secret;
    enum rc rc = console_need(call, "name", &name, err);

    console_from(call, &from);
    if (rc == RC_OK)
        rc = console_need(call, "secret", &secret, err);
    if (rc == RC_OK)
        rc = login_begin(console_login_desk(call->console), &call->seat, &from,
                         text_trim(view_text(name)), view_text(secret), token, err);
    if (rc == RC_OK)
        rc = reply_token(call, token, err);
    crypt_wipe(token, sizeof(token));
    return rc;
}

enum rc console_logout(struct console_call *call, struct err *err) {
    enum rc rc = login_end(&call->seat, &call->session, err);

    form_shelf_forget(console_shelf(call->console), call->session.stored.name);
    if (rc == RC_OK)
        rc = console_set_cookie(call, NULL, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}

enum rc console_secret(struct console_call *call, struct err *err) {
    char token[LOGIN_TOKEN_TEXT_BYTES] = "";
    const char *old_secret, *new_secret;
    enum rc rc = RC_OK;

    if (call->session.stage == LOGIN_CODE) {
        err_set(err, RC_DENIED, "the login is not complete yet; go on with it first");
        return console_refuse(call, 403, "stage", err);
    }
    rc = console_need(call, "old", &old_secret, err);
    if (rc == RC_OK)
        rc = console_need(call, "new", &new_secret, err);
    if (rc == RC_OK)
        rc = login_change(console_login_desk(call->console), &call->seat, &call->session,
                          view_text(old_secret), view_text(new_secret), token, err);
    if (rc == RC_OK)
        rc = reply_token(call, token, err);
    crypt_wipe(token, sizeof(token));
    return rc;
}

/* ---- the second factor ---- */

enum rc console_login_code(struct console_call *call, struct err *err) {
    char token[LOGIN_TOKEN_TEXT_BYTES] = "";
    const char *code;
    enum rc rc;

    if (call->session.stage != LOGIN_CODE)
        return err_set(err, RC_CONFLICT, "no code is asked for here");
    rc = console_need(call, "code", &code, err);
    if (rc == RC_OK)
        rc = login_code(console_login_desk(call->console), &call->seat, &call->session, call->token,
                        view_text(code), token, err);
    if (rc == RC_OK)
        rc = reply_token(call, token, err);
    crypt_wipe(token, sizeof(token));
    return rc;
}

/* Whoever has not shown the first factor gets no second one; whoever has one keeps it until it is
 * taken away. */
static enum rc check_enrol(struct console_call *call, struct err *err) {
    struct stored_login login = {0};
    enum rc rc;

    if (call->session.stage != LOGIN_ENROL && call->session.stage != LOGIN_DONE) {
        err_set(err, RC_DENIED, "the login is not complete yet; go on with it first");
        return console_refuse(call, 403, "stage", err);
    }
    rc = store_login(call->seat.ledger->store, call->person, &call->seat.arena, &login, err);
    if (rc == RC_OK && login.second.size > 0)
        rc = err_set(err, RC_CONFLICT,
                     "there is a second factor already; the administrator can remove it");
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

#define DRAWING_BYTES (256u * 1024u)

/* {size, path} of an SVG image. */
enum rc console_add_qr(struct json *parent, const char *key, struct view text, struct err *err) {
    struct buf path;
    unsigned size = 0;
    enum rc rc;

    buf_init(&path, DRAWING_BYTES);
    rc = qr_path(text, &size, &path, err);
    if (rc == RC_OK) {
        struct json *object = json_add_object(parent, key);

        json_add_int(object, "size", size);
        json_add_buf(object, "path", &path);
    }
    crypt_buf_release(&path);
    return rc;
}

enum rc console_second(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct buf base32, uri;
    enum rc rc = check_enrol(call, err);

    buf_init(&base32, 64);
    buf_init(&uri, QR_TEXT_BYTES_MAX);
    if (rc == RC_OK)
        rc = login_offer(&call->seat, &call->session, &base32, &uri, err);
    if (rc == RC_OK) {
        json_add_buf(json, "secret", &base32);
        json_add_buf(json, "uri", &uri);
        rc = console_add_qr(json, "qr", buf_view(&uri), err);
    }
    crypt_buf_release(&base32);
    crypt_buf_release(&uri);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

enum rc console_second_confirm(struct console_call *call, struct err *err) {
    char token[LOGIN_TOKEN_TEXT_BYTES] = "";
    char paper[SECOND_PAPER_CODES][SECOND_PAPER_BYTES];
    struct json *json, *list;
    const char *code;
    enum rc rc = check_enrol(call, err);

    if (rc == RC_OK)
        rc = console_need(call, "code", &code, err);
    if (rc == RC_OK)
        rc = login_enrol(console_login_desk(call->console), &call->seat, &call->session,
                         call->token, view_text(code), paper, token, err);
    if (rc == RC_OK)
        rc = console_set_cookie(call, token, err);
    if (rc == RC_OK) {
        json = json_object();
        list = json_add_array(json, "paper");
        for (size_t i = 0; i < SECOND_PAPER_CODES; i++)
            json_add_text(list, NULL, paper[i]);
        rc = console_reply(call, json, err);
    }
    crypt_wipe(token, sizeof(token));
    crypt_wipe(paper, sizeof(paper));
    return rc;
}

/* What a token must be made for to come in here; "": none comes in. */
static const char *token_word(const struct console_route *route) {
    return (route->flags & FOR_READING) != 0    ? "read"
           : (route->flags & FOR_EXPORT) != 0   ? "export"
           : (route->flags & FOR_AUDIT) != 0    ? "audit"
           : (route->flags & FOR_MANAGING) != 0 ? "manage"
           : (route->flags & FOR_TOKENS) != 0   ? "any"
                                                : "";
}

/* For programs, and for the test that asks every role for every route. */
enum rc console_route_list(struct console_call *call, struct err *err) {
    struct json *list = json_array();

    for (size_t i = 0; i < console_route_count; i++) {
        const struct console_route *route = &console_routes[i];
        struct json *item = json_add_object(list, NULL);
        struct json *roles;

        json_add_text(item, "method", route->method);
        json_add_text(item, "pattern", route->pattern);
        json_add_text(item, "token", token_word(route));
        json_add_bool(item, "open", (route->flags & (CONSOLE_PAGE | CONSOLE_OPEN)) != 0);
        roles = json_add_array(item, "roles");
        for (int role = ROLE_VILLAGE; role < ROLE_COUNT; role++)
            if ((route->who & BY(role)) != 0)
                json_add_text(roles, NULL, role_name((enum role)role));
    }
    return console_reply(call, list, err);
}
