/* console.c: the table of routes, who may use them, and the way of a request; see console.h. */
#include "syncd/desk/console.h"

#include "base/httpd.h"
#include "base/text.h"
#include "syncd/desk/reset.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

#define THREADS            8u
#define CONNECTIONS_MAX    512u
#define COOKIE             "yg_desk"
#define NAME_BYTES         256u
#define ADDRESS_TEXT_BYTES 45u
#define HSTS               "max-age=31536000"

extern const struct asset_table asset_desk_web;

struct console {
    const struct office *office;
    struct httpd *server;
    struct login_desk login;
    struct token_desk tokens;
    struct form_shelf shelf;
    bool has_shelf;
    bool is_tls;           /* our own */
    bool is_secure;        /* browsers reach us by https: our own TLS, or a gateway's */
    char name[NAME_BYTES]; /* what Host must say; "": see host_is_ours */
    char loopback[3][NAME_BYTES];
    atomic_bool ready;
    struct http_route *http_routes; /* of http.h, in the order of console_routes */
    struct http_table table;
};

static enum rc console_page(struct console_call *call, struct err *err) {
    return webapi_page(&asset_desk_web, call->exchange, err);
}

static enum rc console_nothing(struct console_call *call, struct err *err) {
    (void)call;
    return err_set(err, RC_NOT_FOUND, "address: there is nothing here");
}

#define GET(pattern, who, flags, run)                                                              \
    { "GET", pattern, 0, who, flags, run }
#define POST(pattern, cap, who, flags, run)                                                        \
    { "POST", pattern, cap, who, flags, run }

/* clang-format off */
const struct console_route console_routes[] = {
    POST("/api/login", CONSOLE_SMALL, 0, CONSOLE_OPEN, console_login),
    POST("/api/logout", CONSOLE_SMALL, BY_STAFF, CONSOLE_EARLY, console_logout),
    GET("/api/me", BY_STAFF, CONSOLE_EARLY | CONSOLE_QUIET | FOR_TOKENS, console_me),
    POST("/api/secret", CONSOLE_SMALL, BY_STAFF, CONSOLE_EARLY, console_secret),
    POST("/api/login/code", CONSOLE_SMALL, BY_STAFF, CONSOLE_EARLY, console_login_code),
    GET("/api/second", BY_STAFF, CONSOLE_EARLY, console_second),
    POST("/api/second", CONSOLE_SMALL, BY_STAFF, CONSOLE_EARLY, console_second_confirm),
    GET("/api/sessions", BY_STAFF, 0, console_own_sessions),
    POST("/api/sessions/:session/end", CONSOLE_SMALL, BY_STAFF, CONSOLE_OWN,
         console_own_session_end),
    GET("/api/tokens", BY_STAFF, 0, console_tokens),
    POST("/api/tokens", CONSOLE_SMALL, BY_STAFF, 0, console_token_make),
    POST("/api/tokens/:token/revoke", CONSOLE_SMALL, BY_STAFF, CONSOLE_OWN, console_token_revoke),
    GET("/api/routes", BY_STAFF, CONSOLE_QUIET | FOR_TOKENS, console_route_list),
    GET("/api/home", BY_STAFF, FOR_READING, console_home),
    GET("/api/areas", BY_STAFF, FOR_READING, console_areas),
    GET("/api/inflow", BY_READERS, FOR_READING, console_inflow),
    GET("/api/records", BY_READERS, FOR_READING, console_records),
    POST("/api/records", CONSOLE_SMALL, BY_READERS, CONSOLE_READS | FOR_READING, console_records),
    GET("/api/records/tally", BY_READERS, CONSOLE_QUIET | FOR_READING, console_tally),
    POST("/api/records/export", CONSOLE_SMALL, BY_MOVERS | BY_AUDITORS,
         CONSOLE_READS | CONSOLE_TAKES | FOR_EXPORT, console_export),
    GET("/api/records/:record", BY_READERS | BY_POLLSTERS, FOR_READING, console_record),
    POST("/api/records/:record/reveal", CONSOLE_SMALL, BY_REVEALERS,
         CONSOLE_READS | CONSOLE_REVEALS | FOR_READING, console_record),
    GET("/api/records/:record/history", BY_READERS | BY_POLLSTERS, FOR_READING, console_history),
    POST("/api/records/:record/history", CONSOLE_SMALL, BY_REVEALERS,
         CONSOLE_READS | CONSOLE_REVEALS | FOR_READING, console_history),
    GET("/api/records/:record/income", BY_READERS, FOR_READING, console_income),
    POST("/api/records/:record/income", CONSOLE_SMALL, BY_REVEALERS,
         CONSOLE_READS | CONSOLE_REVEALS | FOR_READING, console_income),
    GET("/api/records/:record/workers", BY_MOVERS, 0, console_workers),
    GET("/api/records/:record/attachments/:hash", BY_READERS | BY_POLLSTERS,
         FOR_READING, console_picture),
    POST("/api/records/:record/attachments/:hash", CONSOLE_SMALL, BY_REVEALERS,
         CONSOLE_READS | CONSOLE_REVEALS | FOR_READING, console_picture),
    GET("/api/records/:record/conflicts", BY_READERS, FOR_READING, console_questions),
    POST("/api/records/:record/conflicts", CONSOLE_SMALL, BY_REVEALERS,
         CONSOLE_READS | CONSOLE_REVEALS | FOR_READING, console_questions),
    POST("/api/records/:record/effect", CONSOLE_SMALL, BY_DECIDERS, CONSOLE_READS,
         console_effect),
    POST("/api/records/:record/resolve", CONSOLE_SMALL, BY_DECIDERS, 0, console_resolve),
    POST("/api/records/:record/notes", CONSOLE_SMALL, BY_SPEAKERS, 0, console_note),
    POST("/api/records/:record/tasks", CONSOLE_SMALL, BY_MOVERS, 0, console_task),
    POST("/api/tasks/:task/cancel", CONSOLE_SMALL, BY_MOVERS, 0, console_task_cancel),
    GET("/api/conflicts", BY_READERS, FOR_READING, console_conflicts),
    GET("/api/quarantine", BY_RELEASERS | BY_AUDITORS, FOR_READING, console_quarantine),
    GET("/api/quarantine/:dot", BY_RELEASERS | BY_AUDITORS, FOR_READING, console_kept),
    POST("/api/quarantine/:dot/reveal", CONSOLE_SMALL, BY_RELEASERS,
         CONSOLE_READS | CONSOLE_REVEALS, console_kept),
    POST("/api/quarantine", CONSOLE_SMALL, BY_RELEASERS, 0, console_quarantine_settle),
    GET("/api/meetings", BY_READERS, FOR_READING, console_meetings),
    GET("/api/meetings/:meeting", BY_READERS, FOR_READING, console_meeting),
    POST("/api/meetings/:meeting/decide", CONSOLE_SMALL, BY_MOVERS, 0, console_meeting_decide),
    GET("/api/people", BY_MANAGERS | BY_AUDITORS, FOR_MANAGING, console_people),
    POST("/api/people", CONSOLE_SMALL, BY_MANAGERS, 0, console_people_add),
    POST("/api/people/:person/disable", CONSOLE_SMALL, BY_MANAGERS, 0, console_person_disable),
    POST("/api/people/:person/enable", CONSOLE_SMALL, BY_MANAGERS, 0, console_person_enable),
    POST("/api/people/:person/rights", CONSOLE_SMALL, BY_MANAGERS, 0, console_person_rights),
    POST("/api/people/:person/reset", CONSOLE_SMALL, BY_MANAGERS, 0, console_person_reset),
    POST("/api/people/:person/confirm", CONSOLE_SMALL, BY_SECONDS, 0, console_person_confirm),
    GET("/api/people/tokens", BY_MANAGERS | BY_AUDITORS, 0, console_people_tokens),
    POST("/api/people/:person/tokens/:token/revoke", CONSOLE_SMALL, BY_MANAGERS, 0,
         console_person_token_revoke),
    GET("/api/confirmations", BY_SECONDS, 0, console_confirmations),
    GET("/api/audit/visits", BY_AUDITORS, FOR_AUDIT, console_audit_visits),
    GET("/api/audit/incomes", BY_AUDITORS, FOR_AUDIT, console_audit_incomes),
    GET("/api/audit/changes/:record", BY_AUDITORS, FOR_AUDIT, console_audit_changes),
    GET("/api/audit/tablet/:device", BY_AUDITORS, FOR_AUDIT, console_audit_tablet),
    POST("/api/audit/csv", CONSOLE_SMALL, BY_AUDITORS,
         CONSOLE_READS | CONSOLE_TAKES | FOR_AUDIT, console_audit_csv),
    POST("/api/audit/export", CONSOLE_SMALL, BY_AUDITORS,
         CONSOLE_READS | CONSOLE_TAKES | FOR_AUDIT, console_audit_export),
    POST("/api/people/:person/second", CONSOLE_SMALL, BY_MANAGERS, 0, console_person_second),
    GET("/api/people/:person/sessions", BY_MANAGERS | BY_AUDITORS, 0, console_sessions),
    POST("/api/people/:person/sessions/:session/end", CONSOLE_SMALL, BY_MANAGERS, 0,
         console_session_end),
    GET("/api/devices", BY_MANAGERS | BY_RELEASERS | BY_AUDITORS, FOR_MANAGING, console_devices),
    POST("/api/devices", CONSOLE_SMALL, BY_MANAGERS, 0, console_device_invite),
    GET("/api/devices/:device", BY_MANAGERS | BY_RELEASERS | BY_AUDITORS,
         FOR_MANAGING, console_device),
    POST("/api/devices/:device/scope", CONSOLE_SMALL, BY_MANAGERS, 0, console_device_scope),
    POST("/api/devices/:device/revoke", CONSOLE_SMALL, BY_MANAGERS, 0, console_device_revoke),
    GET("/api/log", BY_AUDITORS, FOR_AUDIT, console_log),
    GET("/api/forms", BY_STAFF, FOR_READING, console_forms),
    GET("/api/forms/uploaded", BY_MANAGERS, 0, console_form_uploaded),
    GET("/api/forms/:form", BY_STAFF, FOR_READING, console_form),
    GET("/api/forms/:form/media/:name", BY_STAFF, FOR_READING, console_form_medium),
    GET("/api/forms/:form/difference/:other", BY_STAFF, FOR_READING, console_form_difference),
    POST("/api/forms/uploaded", LIMIT_WORKBOOK_BYTES, BY_MANAGERS, CONSOLE_FILE,
         console_form_upload),
    POST("/api/forms/uploaded/files/:name", LIMIT_WORKBOOK_BYTES, BY_MANAGERS, CONSOLE_FILE,
         console_form_upload_file),
    POST("/api/forms/uploaded/leave", CONSOLE_SMALL, BY_MANAGERS, 0, console_form_upload_leave),
    POST("/api/forms/uploaded/publish", CONSOLE_SMALL, BY_MANAGERS, 0, console_form_publish),
    POST("/api/forms/preview", CONSOLE_JSON_BYTES, BY_STAFF, CONSOLE_READS, console_form_preview),
    /* So that whoever is nobody cannot tell what there is. */
    GET("/api", BY_STAFF, CONSOLE_QUIET, console_nothing),
    GET("/api/*", BY_STAFF, CONSOLE_QUIET, console_nothing),
    POST("/api/*", CONSOLE_SMALL, BY_STAFF, CONSOLE_QUIET, console_nothing),
    GET("/", 0, CONSOLE_PAGE, console_page),
    GET("/*", 0, CONSOLE_PAGE, console_page),
};
/* clang-format on */
const size_t console_route_count = sizeof(console_routes) / sizeof(console_routes[0]);

static const struct console_route *route_of(const struct console *console,
                                            const struct http_exchange *exchange) {
    return &console_routes[exchange->route - console->http_routes];
}

struct login_desk *console_login_desk(struct console *console) {
    return &console->login;
}

struct form_shelf *console_shelf(struct console *console) {
    return &console->shelf;
}

/* ---- the guard ---- */

/* Under TLS our certificate says who we are, and a name that was bent to our address does not get
 * past it. */
static bool host_is_ours(const struct console *console, const char *host) {
    if (host == NULL)
        return false;
    if (console->name[0] != '\0')
        return strcasecmp(host, console->name) == 0;
    if (console->is_tls)
        return true;
    for (size_t i = 0; i < 3; i++)
        if (strcasecmp(host, console->loopback[i]) == 0)
            return true;
    return false;
}

static bool is_write(const struct console_route *route) {
    return strcmp(route->method, "POST") == 0;
}

/* What is done in somebody's name, or taken away, waits until it is sure that it is him. */
static bool needs_trust(const struct console_route *route) {
    return (route->flags & (CONSOLE_REVEALS | CONSOLE_TAKES)) != 0 ||
           (is_write(route) && (route->flags & (CONSOLE_EARLY | CONSOLE_OWN | CONSOLE_READS)) == 0);
}

static enum rc refuse_token(struct console_call *call, struct err *err) {
    err_set(err, RC_DENIED, "this token was not made for that; make another one");
    return console_refuse(call, 403, "token", err);
}

enum rc console_check_reveal(struct console_call *call, struct err *err) {
    if (call->is_program && (call->session.stored.abilities & TOKEN_REVEAL) == 0)
        return refuse_token(call, err);
    return RC_OK;
}

static enum rc check_waiting(struct console_call *call, struct err *err) {
    if (!reset_waits(&call->session.login))
        return RC_OK;
    err_set(err, RC_DENIED,
            "your secret was made by somebody else; until a second person has confirmed that it "
            "is you who has it, you can only read");
    return console_refuse(call, 403, "unconfirmed", err);
}

static enum rc find_login(struct console_call *call, struct err *err) {
    enum rc rc;

    call->token = webapi_cookie(&call->exchange->request, COOKIE);
    rc = login_find(&call->seat, call->token, &call->session, err);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_set(err, RC_DENIED, "nobody is logged in here; log in first");
    return console_refuse(call, 401, "login", err);
}

/* A program sends its token and nothing else that could say who it is. */
static enum rc find_program(struct console_call *call, struct err *err) {
    const struct http_request *request = &call->exchange->request;
    const char *text = http_request_header(request, "Authorization");
    struct login_from from;
    enum rc rc;

    if (http_request_header(request, "Cookie") != NULL) {
        err_set(err, RC_INVALID, "request: a token comes without a cookie; send one of them");
        return console_refuse(call, 400, "both", err);
    }
    console_from(call, &from);
    text = strncasecmp(text, "Bearer ", 7) == 0 ? text + 7 : "";
    rc = token_find(&call->console->tokens, &call->seat, &from, text_trim(view_text(text)),
                    &call->session, err);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_set(err, RC_DENIED, "this token is none, or none any more; make another one");
    return console_refuse(call, 401, "token", err);
}

static bool token_fits(const struct console_call *call) {
    static const struct {
        uint32_t flag, bit;
    } needs[] = {{FOR_READING, TOKEN_READ},
                 {FOR_EXPORT, TOKEN_EXPORT},
                 {FOR_AUDIT, TOKEN_AUDIT},
                 {FOR_MANAGING, TOKEN_MANAGE}};
    uint32_t flags = call->route->flags, may = call->session.stored.abilities;

    if ((flags & CONSOLE_REVEALS) != 0 && (may & TOKEN_REVEAL) == 0)
        return false;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if ((flags & needs[i].flag) != 0)
            return (may & needs[i].bit) != 0;
    return (flags & FOR_TOKENS) != 0;
}

/* Who asks, and whether he may. The seat is open. */
static enum rc admit(struct console_call *call, struct err *err) {
    const struct console_route *route = call->route;
    enum rc rc;

    if ((route->flags & (CONSOLE_PAGE | CONSOLE_OPEN)) != 0)
        return RC_OK;
    rc = call->is_program ? find_program(call, err) : find_login(call, err);
    if (rc != RC_OK)
        return rc;
    call->person = call->session.person.person;
    call->role = (enum role)call->session.person.role;
    call->areas = call->session.person.areas;
    call->area_count = call->session.person.area_count;
    if ((route->who & BY(call->role)) == 0) {
        err_set(err, RC_DENIED, "your role does not do this; ask somebody whose work it is");
        return console_refuse(call, 403, "role", err);
    }
    if (call->session.stage != LOGIN_DONE && (route->flags & CONSOLE_EARLY) == 0) {
        err_set(err, RC_DENIED, "the login is not complete yet; go on with it first");
        return console_refuse(call, 403, "stage", err);
    }
    if (call->is_program && !token_fits(call))
        return refuse_token(call, err);
    return needs_trust(route) ? check_waiting(call, err) : RC_OK;
}

/* The name for the log, as a text that ends. */
static enum rc name_who(struct console_call *call, struct err *err) {
    struct view name = call->session.person.name;
    char *text;

    if (call->person == 0) {
        call->seat.who = "console";
        return RC_OK;
    }
    text = arena_alloc(&call->seat.arena, name.size + 1);
    if (text == NULL)
        return arena_check(&call->seat.arena, "a request", err);
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    call->seat.who = text;
    return RC_OK;
}

static enum rc open_call(struct console *console, struct http_exchange *exchange,
                         struct console_call *call, struct err *err) {
    enum rc rc;

    *call = (struct console_call){
        .console = console,
        .route = route_of(console, exchange),
        .exchange = exchange,
        .is_program = http_request_header(&exchange->request, "Authorization") != NULL};
    rc = seat_open_at(console->office, "console", &call->seat, err);
    if (rc == RC_OK)
        rc = admit(call, err);
    return rc == RC_OK ? name_who(call, err) : rc;
}

static void answer_error(struct console_call *call, enum rc rc, const struct err *err) {
    http_response_error(&call->exchange->response,
                        call->status > 0 ? call->status : webapi_status(rc),
                        call->code != NULL ? call->code : rc_name(rc), err->text);
}

static enum rc guard(void *context, struct http_exchange *exchange, struct err *err) {
    struct console *console = context;
    const struct console_route *route = route_of(console, exchange);
    struct console_call call;
    enum rc rc;

    if (!atomic_load(&console->ready)) {
        err_set(err, RC_AGAIN, "the service is just starting; try again");
        return webapi_refuse(exchange, 503, "again", err);
    }
    if (!host_is_ours(console, http_request_header(&exchange->request, "Host"))) {
        err_set(err, RC_DENIED, "request: this server does not answer to that name");
        return webapi_refuse(exchange, 421, "host", err);
    }
    /* No page of another site can send a token; its browser would have to know it. */
    rc = http_request_header(&exchange->request, "Authorization") != NULL &&
                 (route->flags & (CONSOLE_PAGE | CONSOLE_OPEN)) == 0
             ? RC_OK
             : webapi_check_origin(exchange, console->is_secure ? "https" : "http", is_write(route),
                                   (route->flags & CONSOLE_PAGE) != 0, err);
    if (rc == RC_OK && is_write(route))
        rc = webapi_check_type(exchange,
                               (route->flags & CONSOLE_FILE) != 0 ? "application/octet-stream"
                                                                  : "application/json",
                               err);
    if (rc != RC_OK || (route->flags & (CONSOLE_PAGE | CONSOLE_OPEN)) != 0)
        return rc;
    /* Before the body is read: nobody sends megabytes who may not. */
    rc = open_call(console, exchange, &call, err);
    if (rc != RC_OK)
        answer_error(&call, rc, err);
    seat_close(&call.seat);
    return rc;
}

/* ---- a request ---- */

static void finish(void *context, struct http_exchange *exchange) {
    const struct console *console = context;

    webapi_harden(&exchange->response,
                  "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if (console->is_secure)
        webapi_header(&exchange->response, "Strict-Transport-Security", HSTS);
}

/* The handler logs what is shown or taken away; that a program did it, and with which token, stands
 * before. */
static enum rc note_program(struct console_call *call, struct err *err) {
    const struct console_route *route = call->route;
    struct login_from from;
    char what[128];
    enum rc rc;

    console_from(call, &from);
    rc = token_touch(&call->seat, &call->session, from.address, err);
    if (rc != RC_OK || !is_write(route) ||
        ((route->flags & (CONSOLE_REVEALS | FOR_EXPORT | FOR_AUDIT)) == 0))
        return rc;
    snprintf(what, sizeof(what), "%s %s", route->method, route->pattern);
    return token_note_use(&call->seat, &call->session, what, err);
}

static enum rc run(struct console_call *call, struct err *err) {
    const struct json_limits limits = {.bytes = CONSOLE_JSON_BYTES, .depth = LIMIT_ANSWERS_DEPTH};
    const struct console_route *route = call->route;
    enum rc rc = RC_OK;

    if (is_write(route) && (route->flags & CONSOLE_FILE) == 0)
        rc = webapi_read(&call->exchange->request, limits, &call->body, err);
    if (rc == RC_OK && call->is_program)
        rc = note_program(call, err);
    else if (rc == RC_OK && call->person != 0 && (route->flags & CONSOLE_QUIET) == 0)
        rc = login_touch(&call->seat, &call->session, err);
    return rc == RC_OK ? route->run(call, err) : rc;
}

static enum rc handle(void *context, struct http_exchange *exchange, struct err *err) {
    struct console_call *call = calloc(1, sizeof(*call));
    enum rc rc;

    if (call == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    rc = open_call(context, exchange, call, err);
    if (rc == RC_OK)
        form_shelf_tidy(&call->console->shelf, env_wall_ms(call->seat.office->env));
    if (rc == RC_OK)
        rc = run(call, err);
    if (rc != RC_OK)
        answer_error(call, rc, err);
    json_free(call->body);
    seat_close(&call->seat);
    free(call);
    return RC_OK;
}

/* ---- where from ---- */

static struct view last_word(const char *list) {
    const char *comma = list == NULL ? NULL : strrchr(list, ',');

    return text_trim(view_text(comma == NULL ? list == NULL ? "" : list : comma + 1));
}

void console_from(struct console_call *call, struct login_from *out) {
    const struct http_request *request = &call->exchange->request;
    const char *peer = request->peer == NULL ? "" : request->peer;
    struct view told;

    *out =
        (struct login_from){.address = peer, .agent = http_request_header(request, "User-Agent")};
    if (call->console->name[0] == '\0' ||
        (strcmp(peer, "127.0.0.1") != 0 && strcmp(peer, "::1") != 0))
        return;
    told = last_word(http_request_header(request, "X-Forwarded-For"));
    out->is_shared = told.size == 0;
    if (!out->is_shared && told.size <= ADDRESS_TEXT_BYTES)
        out->address = arena_text(&call->seat.arena, "%.*s", VIEW_PRINT(told));
    if (out->address == NULL || told.size > ADDRESS_TEXT_BYTES)
        out->address = peer;
}

/* ---- cookies ---- */

enum rc console_set_cookie(struct console_call *call, const char *token, struct err *err) {
    char value[HTTP_HEADER_VALUE_MAX];

    snprintf(value, sizeof(value), COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/%s%s",
             token == NULL ? "" : token, call->console->is_secure ? "; Secure" : "",
             token == NULL ? "; Max-Age=0" : "");
    return http_response_header(&call->exchange->response, "Set-Cookie", value, err);
}

/* ---- start and end ---- */

static enum rc make_routes(struct console *console, struct err *err) {
    console->http_routes = calloc(console_route_count, sizeof(*console->http_routes));
    if (console->http_routes == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < console_route_count; i++)
        console->http_routes[i] =
            (struct http_route){.method = console_routes[i].method,
                                .pattern = console_routes[i].pattern,
                                .flags = console_routes[i].flags,
                                .body_cap_bytes = console_routes[i].body_cap_bytes,
                                .handler = handle};
    console->table = (struct http_table){.routes = console->http_routes,
                                         .count = console_route_count,
                                         .context = console,
                                         .guard = guard,
                                         .finish = finish};
    return RC_OK;
}

enum rc console_start(const struct console_options *options, struct console **out,
                      struct err *err) {
    struct console *console = calloc(1, sizeof(*console));
    struct httpd_options http;
    enum rc rc;

    *out = NULL;
    if (console == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    console->office = options->office;
    console->is_tls = options->certificate_pem != NULL;
    console->is_secure = console->is_tls || options->name != NULL;
    login_desk_init(&console->login);
    token_desk_init(&console->tokens);
    if (console->is_secure)
        console->login.second_roles = LOGIN_SECOND_ROLES;
    httpd_options_default(&http);
    http.host = options->host;
    http.port = options->port;
    http.certificate_pem = options->certificate_pem;
    http.key_pem = options->key_pem;
    http.threads = THREADS;
    http.connections_max = CONNECTIONS_MAX;
    rc = form_shelf_init(&console->shelf, options->office->directory, err);
    console->has_shelf = rc == RC_OK;
    if (rc == RC_OK)
        rc = make_routes(console, err);
    if (rc == RC_OK && options->name != NULL &&
        (size_t)snprintf(console->name, NAME_BYTES, "%s", options->name) >= NAME_BYTES)
        rc = err_set(err, RC_LIMIT, "--console-name: is too long");
    if (rc == RC_OK)
        rc = httpd_start(&http, &console->table, &console->server, err);
    if (rc != RC_OK) {
        console_stop(console);
        return rc;
    }
    snprintf(console->loopback[0], NAME_BYTES, "127.0.0.1:%u", console_port(console));
    snprintf(console->loopback[1], NAME_BYTES, "localhost:%u", console_port(console));
    snprintf(console->loopback[2], NAME_BYTES, "[::1]:%u", console_port(console));
    atomic_store(&console->ready, true);
    *out = console;
    return RC_OK;
}

const struct http_table *console_table(const struct console *console) {
    return &console->table;
}

uint16_t console_port(const struct console *console) {
    return httpd_port(console->server);
}

void console_stop(struct console *console) {
    if (console == NULL)
        return;
    httpd_stop(console->server);
    login_desk_release(&console->login);
    token_desk_release(&console->tokens);
    if (console->has_shelf)
        form_shelf_release(&console->shelf);
    free(console->http_routes);
    free(console);
}
