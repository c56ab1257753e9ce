/* api.c: the table of routes, who may use them, and the way of a request; see api.h. */
#include "agent/face/api_inside.h"

#include "base/crypt.h"
#include "base/httpd.h"
#include "base/text.h"
#include "schema/vote/batch.h"

#include <stdlib.h>
#include <strings.h>

#define THREADS         2u
#define CONNECTIONS_MAX 64u
#define COOKIE_NAME     "yg_%u" /* by port: browsers do not part cookies by it */
#define SAID_BYTES      (64u * 1024u)
#define SMALL           (16u * 1024u)

#define GET(pattern, flags, run)                                                                   \
    { "GET", pattern, 0, flags, run }
#define POST(pattern, cap, flags, run)                                                             \
    { "POST", pattern, cap, flags, run }

extern const struct asset_table asset_agent_web;

static enum rc web_page(struct web_call *call, struct err *err) {
    return webapi_page(&asset_agent_web, call->exchange, err);
}

static enum rc web_nothing(struct web_call *call, struct err *err) {
    (void)call;
    return err_set(err, RC_NOT_FOUND, "address: there is nothing here");
}

/* clang-format off */
const struct web_route web_routes[] = {
    POST("/api/launch", SMALL, WEB_LAUNCH, web_launch),
    GET("/api/me", 0, web_me),
    POST("/api/unlock", SMALL, 0, web_unlock),
    POST("/api/lock", SMALL, 0, web_lock),
    GET("/api/persons", WEB_PERSON, web_persons),
    POST("/api/persons", SMALL, WEB_PERSON, web_person_add),
    GET("/api/status", 0, web_status),
    POST("/api/sync", SMALL, 0, web_sync),
    GET("/api/notices", 0, web_notices),
    POST("/api/notices/seen", SMALL, 0, web_notices_seen),
    GET("/api/home", WEB_PERSON, web_home),
    GET("/api/forms", WEB_PERSON, web_forms),
    GET("/api/forms/:form/media/:name", WEB_PERSON, web_medium),
    GET("/api/areas", WEB_PERSON, web_areas),
    GET("/api/ready", WEB_PERSON, web_ready),
    GET("/api/records", WEB_PERSON, web_records),
    POST("/api/search", SMALL, WEB_PERSON, web_records),
    GET("/api/records/:id", WEB_PERSON, web_record),
    GET("/api/records/:id/history", WEB_PERSON, web_history),
    POST("/api/records/:id/resolve", WEB_JSON_BYTES, WEB_PERSON, web_resolve),
    POST("/api/records/:id/seal", SMALL, WEB_PERSON, web_seal),
    POST("/api/records/:id/move", SMALL, WEB_PERSON, web_move),
    POST("/api/records/:id/fetch", SMALL, WEB_PERSON | WEB_SLOW, web_fetch),
    GET("/api/records/:id/around", WEB_PERSON, web_around),
    GET("/api/records/:id/visit", WEB_PERSON, web_visit_of),
    POST("/api/records/:id/sign", SMALL, WEB_PERSON, web_sign),
    POST("/api/records/:id/amend", WEB_JSON_BYTES, WEB_PERSON, web_amend),
    POST("/api/visits", SMALL, WEB_PERSON, web_visit_begin),
    POST("/api/visits/:draft/join", SMALL, WEB_PERSON, web_visit_join),
    GET("/api/position", WEB_PERSON, web_position),
    GET("/api/drafts", WEB_PERSON, web_drafts),
    POST("/api/drafts", SMALL, WEB_PERSON, web_draft_begin),
    GET("/api/drafts/:draft", WEB_PERSON, web_draft),
    POST("/api/drafts/:draft/answers", WEB_JSON_BYTES, WEB_PERSON, web_draft_answers),
    POST("/api/drafts/:draft/attachments", LIMIT_ATTACHMENT_BYTES, WEB_PERSON | WEB_FILE,
         web_draft_attach),
    GET("/api/attachments/:hash", WEB_PERSON, web_attachment),
    POST("/api/drafts/:draft/add", SMALL, WEB_PERSON, web_draft_add),
    POST("/api/drafts/:draft/remove", SMALL, WEB_PERSON, web_draft_remove),
    POST("/api/drafts/:draft/language", SMALL, WEB_PERSON, web_draft_language),
    POST("/api/drafts/:draft/finish", SMALL, WEB_PERSON, web_draft_finish),
    POST("/api/drafts/:draft/discard", SMALL, WEB_PERSON, web_draft_discard),
    GET("/api/meetings", WEB_PERSON, web_meetings),
    POST("/api/meetings", SMALL, WEB_PERSON, web_meeting_new),
    POST("/api/meetings/join", SMALL, WEB_PERSON, web_meeting_join),
    GET("/api/meetings/:id", WEB_PERSON, web_meeting),
    POST("/api/meetings/:id/households", SMALL, WEB_PERSON, web_meeting_household),
    POST("/api/meetings/:id/open", SMALL, WEB_PERSON, web_meeting_open),
    POST("/api/meetings/:id/sign-in", WEB_JSON_BYTES, WEB_PERSON, web_meeting_sign_in),
    POST("/api/meetings/:id/recuse", SMALL, WEB_PERSON, web_meeting_recuse),
    POST("/api/meetings/:id/step", SMALL, WEB_PERSON, web_meeting_step),
    POST("/api/meetings/:id/pair", SMALL, WEB_PERSON, web_meeting_pair),
    GET("/api/meetings/:id/part", WEB_PERSON, web_meeting_part),
    POST("/api/meetings/:id/take", 4u * VOTE_BATCH_BYTES, WEB_PERSON, web_meeting_take),
    POST("/api/meetings/:id/sign", WEB_JSON_BYTES, WEB_PERSON, web_meeting_sign),
    GET("/api/meetings/:id/voting", WEB_PERSON, web_voting),
    POST("/api/meetings/:id/voting", SMALL, WEB_PERSON, web_voting_open),
    POST("/api/meetings/:id/votes", 4u * SMALL, WEB_PERSON, web_vote),
    POST("/api/meetings/:id/counts", SMALL, WEB_PERSON, web_count),
    POST("/api/meetings/:id/close", SMALL, WEB_PERSON, web_voting_close),
    POST("/api/meetings/:id/void", SMALL, WEB_PERSON, web_voting_void),
    GET("/api/evaluation-rules", WEB_PERSON, web_rules),
    POST("/api/bundle/write", SMALL, WEB_PERSON, web_bundle_write),
    POST("/api/bundle/read", LIMIT_BUNDLE_BYTES, WEB_PERSON | WEB_FILE, web_bundle_read),
    /* So that whoever has no cookie cannot tell what there is. */
    GET("/api", 0, web_nothing),
    GET("/api/*", 0, web_nothing),
    POST("/api/*", SMALL, 0, web_nothing),
    GET("/", WEB_PAGE, web_page),
    GET("/*", WEB_PAGE, web_page),
};
/* clang-format on */
const size_t web_route_count = sizeof(web_routes) / sizeof(web_routes[0]);

static const struct web_route *route_of(const struct web *web,
                                        const struct http_exchange *exchange) {
    return &web_routes[exchange->route - web->http_routes];
}

/* ---- the guard ---- */

static bool is_ours(const struct web *web, const char *host) {
    return host != NULL &&
           (strcasecmp(host, web->hosts[0]) == 0 || strcasecmp(host, web->hosts[1]) == 0);
}

/* A page of the disk has the origin "null". */
static enum rc check_origin(const struct web_route *route, struct http_exchange *exchange,
                            struct err *err) {
    const char *origin = http_request_header(&exchange->request, "Origin");

    if ((route->flags & WEB_LAUNCH) != 0 && (origin == NULL || strcmp(origin, "null") == 0))
        return RC_OK;
    return webapi_check_origin(exchange, "http", strcmp(route->method, "POST") == 0,
                               (route->flags & (WEB_PAGE | WEB_LAUNCH)) != 0, err);
}

/* The launch page of the disk sends a form. */
static enum rc check_type(const struct web_route *route, struct http_exchange *exchange,
                          struct err *err) {
    const char *type = http_request_header(&exchange->request, "Content-Type");

    if (strcmp(route->method, "POST") != 0)
        return RC_OK;
    if ((route->flags & WEB_LAUNCH) != 0 && type != NULL &&
        strncasecmp(type, "application/x-www-form-urlencoded", strcspn(type, "; \t")) == 0)
        return RC_OK;
    return webapi_check_type(
        exchange, (route->flags & WEB_FILE) != 0 ? "application/octet-stream" : "application/json",
        err);
}

static struct view cookie_of(const struct web *web, const struct http_request *request) {
    char name[16];

    snprintf(name, sizeof(name), COOKIE_NAME, web->port);
    return webapi_cookie(request, name);
}

static enum rc guard(void *context, struct http_exchange *exchange, struct err *err) {
    struct web *web = context;
    const struct web_route *route = route_of(web, exchange);
    uint64_t seat;
    enum rc rc;

    if (!atomic_load(&web->ready)) {
        err_set(err, RC_AGAIN, "the service is just starting; try again");
        return webapi_refuse(exchange, 503, "again", err);
    }
    if (!is_ours(web, http_request_header(&exchange->request, "Host"))) {
        err_set(err, RC_DENIED, "request: this server is %s and answers to no other name",
                web->hosts[0]);
        return webapi_refuse(exchange, 421, "host", err);
    }
    rc = check_origin(route, exchange, err);
    if (rc == RC_OK && (route->flags & (WEB_PAGE | WEB_LAUNCH)) == 0 &&
        !launch_find(&web->launch, cookie_of(web, &exchange->request), &seat)) {
        err_set(err, RC_DENIED, "this browser is not known; open the app with: yg-agent open");
        rc = webapi_refuse(exchange, 401, "launch", err);
    }
    return rc == RC_OK ? check_type(route, exchange, err) : rc;
}

/* ---- headers of every answer ---- */

static void finish(void *context, struct http_exchange *exchange) {
    (void)context;
    webapi_harden(&exchange->response,
                  "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=()");
}

/* ---- a request ---- */

static enum rc keep_output(void *sink, enum control_stream stream, struct view bytes,
                           struct err *err) {
    struct web_call *call = sink;
    struct buf *out = stream == CONTROL_STDOUT ? &call->exchange->response.body : &call->said;

    buf_add_view(out, bytes);
    return stream == CONTROL_STDOUT ? buf_check(out, "the answer", err) : RC_OK;
}

static enum rc read_body(struct web_call *call, const struct web_route *route, struct err *err) {
    const struct json_limits limits = {.bytes = WEB_JSON_BYTES, .depth = LIMIT_ANSWERS_DEPTH};
    const char *type = http_request_header(&call->exchange->request, "Content-Type");

    if (strcmp(route->method, "POST") != 0 || (route->flags & WEB_FILE) != 0 ||
        (type != NULL && strncasecmp(type, "application/json", 16) != 0))
        return RC_OK;
    return webapi_read(&call->exchange->request, limits, &call->body, err);
}

/* Secrets and votes come in requests: nothing that was asked stays in memory that is ours, neither
 * the text nor what was read from it. */
static void wipe_request(struct web_call *call) {
    struct view body = call->exchange->request.body;

    json_wipe(call->body);
    if (body.size > 0)
        crypt_wipe((void *)(uintptr_t)body.data, body.size);
}

enum rc web_do(struct web_call *call, struct err *err) {
    return route_of(call->web, call->exchange)->run(call, err);
}

void web_conclude(struct web_call *call, enum rc rc, struct err *err) {
    struct http_exchange *exchange = call->exchange;
    struct web *web = call->web;

    if (rc != RC_OK)
        http_response_error(&exchange->response,
                            call->status > 0 ? call->status : webapi_status(rc),
                            call->code != NULL ? call->code : rc_name(rc), err->text);
    wipe_request(call);
    json_free(call->body);
    buf_release(&call->said);
    free(call);
    if (!exchange->deferred)
        return;
    http_finish(&web->table, exchange);
    http_exchange_complete(exchange);
}

static enum rc handle(void *context, struct http_exchange *exchange, struct err *err) {
    struct web *web = context;
    const struct web_route *route = route_of(web, exchange);
    struct web_call *call = calloc(1, sizeof(*call));
    enum rc rc;

    if (call == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    call->web = web;
    call->exchange = exchange;
    call->command = (struct command){.context = web->face,
                                     .lang = exchange->request.lang,
                                     .json = true,
                                     .directory = "/",
                                     .data = web->directory,
                                     .write = keep_output,
                                     .sink = call};
    buf_init(&call->said, SAID_BYTES);
    call->cookie = cookie_of(web, &exchange->request);
    if (!launch_find(&web->launch, call->cookie, &call->seat))
        call->seat = 0;
    rc = read_body(call, route, err);
    if (rc == RC_OK && (route->flags & WEB_PERSON) != 0 && call->seat == 0)
        rc = web_locked(call, err);
    if (rc == RC_OK && (route->flags & WEB_SLOW) != 0) {
        rc = lane_add(web->lane, call, err);
        if (rc == RC_OK)
            return RC_OK; /* the call is the lane's */
    } else if (rc == RC_OK) {
        rc = web_do(call, err);
    }
    web_conclude(call, rc, err);
    return RC_OK;
}

/* ---- start and end ---- */

enum rc web_start(struct face *face, const char *directory, uint16_t port, enum lang lang,
                  struct web **out, struct err *err) {
    struct web *web = calloc(1, sizeof(*web));
    struct httpd_options options;
    enum rc rc;

    *out = NULL;
    if (web != NULL)
        web->http_routes = calloc(web_route_count, sizeof(*web->http_routes));
    if (web == NULL || web->http_routes == NULL) {
        free(web);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    web->face = face;
    web->directory = directory;
    for (size_t i = 0; i < web_route_count; i++)
        web->http_routes[i] = (struct http_route){.method = web_routes[i].method,
                                                  .pattern = web_routes[i].pattern,
                                                  .flags = web_routes[i].flags,
                                                  .body_cap_bytes = web_routes[i].body_cap_bytes,
                                                  .handler = handle};
    web->table = (struct http_table){.routes = web->http_routes,
                                     .count = web_route_count,
                                     .context = web,
                                     .guard = guard,
                                     .finish = finish};
    httpd_options_default(&options);
    options.port = port;
    options.threads = THREADS;
    options.connections_max = CONNECTIONS_MAX;
    rc = lane_start(&web->lane, err);
    if (rc == RC_OK)
        rc = httpd_start(&options, &web->table, &web->server, err);
    if (rc == RC_OK) {
        web->port = httpd_port(web->server);
        snprintf(web->hosts[0], sizeof(web->hosts[0]), "127.0.0.1:%u", web->port);
        snprintf(web->hosts[1], sizeof(web->hosts[1]), "localhost:%u", web->port);
        rc = launch_init(&web->launch, face->env, directory, web->port, lang, err);
        atomic_store(&web->ready, rc == RC_OK);
    }
    if (rc != RC_OK) {
        web_stop(web);
        return rc;
    }
    *out = web;
    return RC_OK;
}

uint16_t web_port(const struct web *web) {
    return web->port;
}

void web_stop(struct web *web) {
    if (web == NULL)
        return;
    lane_stop(web->lane);
    httpd_stop(web->server);
    lane_free(web->lane);
    if (web->launch.path != NULL)
        launch_release(&web->launch);
    free(web->http_routes);
    free(web);
}
