/* plays_desk.c: what staff do beyond commands; see plays_more.h. */
#include "base/json.h"
#include "base/text.h"
#include "schema/audit/check.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/console.h"
#include "tests/fault/fault.h"
#include "tests/fault/plays_more.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- an audit file ---- */

static enum rc add_bytes(void *sink, struct view bytes, struct err *err) {
    buf_add_view(sink, bytes);
    return buf_check(sink, "an audit file", err);
}

static enum rc write_audit(struct stage *stage, struct buf *out, struct err *err) {
    const struct audit_wish wish = {.selection = AUDIT_ALL,
                                    .full = true,
                                    .contents = true,
                                    .by = view_text("chief"),
                                    .reason = view_text("yearly"),
                                    .day = 20700};
    const struct office *office = service_office(stage->service);
    struct ledger *ledger;
    enum rc rc = office->borrow(office->context, &ledger, err);

    if (rc != RC_OK)
        return rc;
    rc = audit_export(office, ledger, &wish, add_bytes, out, err);
    office->give_back(office->context, ledger);
    return rc;
}

enum rc audit_act(struct stage *stage, struct err *err) {
    const struct audit_options options = {.context = NULL};
    struct audit_result result;
    struct buf file;
    enum rc rc = stage_open_county(stage, err);

    buf_init(&file, 64u << 20);
    fault_county(true);
    if (rc == RC_OK)
        rc = write_audit(stage, &file, err);
    fault_county(false);
    if (rc == RC_OK)
        rc = audit_check(buf_view(&file), &options, &result, err);
    if (rc == RC_OK && (result.differences != 0 || result.records < 4 || result.erased != 1))
        rc = err_set(err, RC_CORRUPT, "the audit file is not valid");
    buf_release(&file);
    return rc;
}

/* ---- the console ---- */

struct visit {
    struct stage *stage;
    struct console *console;
    char host[40], cookie[200], record[DOT_TEXT_BYTES], side[INSTANCE_TEXT_BYTES];
    int64_t position;
    struct buf body; /* of the last answer */
};

/* What an answer says went wrong, as whoever asked would understand it. */
static enum rc said(const struct http_response *response, struct err *err) {
    if (response->status < 300)
        return RC_OK;
    /* Not even for the error itself. */
    if (response->status == 503 || (response->status == 500 && response->body.size == 0))
        return err_set(err, RC_NO_MEMORY, "the console has no memory");
    return err_set(err, response->status >= 500 ? RC_IO : RC_INVALID, "status %u: %.*s",
                   response->status, VIEW_PRINT(buf_view(&response->body)));
}

static void keep_answer(struct visit *visit, const struct http_response *response) {
    buf_clear(&visit->body);
    buf_add_view(&visit->body, buf_view(&response->body));
    for (size_t i = 0; i < response->header_count; i++)
        if (strcmp(response->headers[i].name, "Set-Cookie") == 0)
            (void)snprintf(visit->cookie, sizeof(visit->cookie), "%.*s",
                           (int)strcspn(response->headers[i].value, ";"),
                           response->headers[i].value);
}

/* body NULL: GET. The request itself is made without faults. */
static enum rc ask(struct visit *visit, const char *target, const char *body, struct err *err) {
    char origin[60];
    struct http_exchange *http;
    enum rc rc;

    fault_pause();
    http = calloc(1, sizeof(*http));
    assert(http != NULL);
    http_exchange_init(http, 8u << 20);
    (void)snprintf(origin, sizeof(origin), "http://%s", visit->host);
    rc = http_request_init(&http->request, body == NULL ? "GET" : "POST", target,
                           view_text(body == NULL ? "" : body), err);
    if (rc == RC_OK)
        rc = http_request_add_header(&http->request, "Host", visit->host, err);
    if (rc == RC_OK)
        rc = http_request_add_header(&http->request, "Origin", origin, err);
    if (rc == RC_OK)
        rc = http_request_add_header(&http->request, "Cookie", visit->cookie, err);
    if (rc == RC_OK)
        rc = http_request_add_header(&http->request, "Content-Type", "application/json", err);
    http->request.peer = "127.0.0.1";
    fault_resume();
    if (rc == RC_OK)
        (void)http_route(console_table(visit->console), http);
    fault_pause();
    if (rc == RC_OK)
        rc = said(&http->response, err);
    if (rc == RC_OK)
        keep_answer(visit, &http->response);
    http_exchange_release(http);
    free(http);
    fault_resume();
    return rc;
}

/* The one question that is open; none: it was decided already. */
static enum rc look(struct visit *visit, bool *open, struct err *err) {
    char target[100];
    struct json *json = NULL;
    const struct json *item;
    enum rc rc = ask(visit, "/api/conflicts", NULL, err);

    fault_pause();
    if (rc == RC_OK)
        rc = json_parse(buf_view(&visit->body), JSON_LIMITS_DEFAULT, &json, err);
    item = json_first(json_get(json, "items"));
    *open = item != NULL;
    (void)snprintf(visit->record, sizeof(visit->record), "%s",
                   json_text_or(json_get(item, "id"), ""));
    json_free(json);
    json = NULL;
    fault_resume();
    if (rc != RC_OK || !*open)
        return rc;
    (void)snprintf(target, sizeof(target), "/api/records/%s/conflicts", visit->record);
    rc = ask(visit, target, NULL, err);
    fault_pause();
    if (rc == RC_OK)
        rc = json_parse(buf_view(&visit->body), JSON_LIMITS_DEFAULT, &json, err);
    item = json_first(json_get(json_first(json_get(json, "items")), "sides"));
    (void)snprintf(visit->side, sizeof(visit->side), "%s", json_text_or(json_get(item, "dot"), ""));
    if (rc == RC_OK &&
        (visit->side[0] == '\0' || !json_int(json_get(json, "position"), &visit->position)))
        rc = err_set(err, RC_CORRUPT, "the answer lacks a side, or its position");
    json_free(json);
    fault_resume();
    return rc;
}

static enum rc decide(struct visit *visit, struct err *err) {
    char target[100], body[200];
    bool open;
    enum rc rc = look(visit, &open, err);

    if (rc != RC_OK || !open)
        return rc;
    (void)snprintf(target, sizeof(target), "/api/records/%s/resolve", visit->record);
    (void)snprintf(body, sizeof(body),
                   "{\"path\":\"bank\",\"keep\":\"%s\",\"position\":%lld,\"reason\":\"asked\"}",
                   visit->side, (long long)visit->position);
    return ask(visit, target, body, err);
}

static enum rc work(struct visit *visit, struct err *err) {
    enum rc rc =
        ask(visit, "/api/login", "{\"name\":\"chief\",\"secret\":\"secret-of-the-chief\"}", err);

    if (rc == RC_OK)
        rc = ask(visit, "/api/records?form=home", NULL, err);
    if (rc == RC_OK && memmem(visit->body.data, visit->body.size, "relayed", 7) == NULL)
        rc = err_set(err, RC_CORRUPT, "the list lacks a record");
    if (rc == RC_OK)
        rc = decide(visit, err);
    /* Not the route: its file is sent by the system, past the simulated disk. */
    if (rc == RC_OK)
        rc = stage_run(visit->stage, err, desk_export, "--form", "home", NULL);
    return rc == RC_OK ? ask(visit, "/api/logout", "{}", err) : rc;
}

enum rc console_prepare(struct stage *stage, struct err *err) {
    struct dot home;
    enum rc rc = play_open_all(stage, err);

    for (int at = 0; at < TABLETS && rc == RC_OK; at++) {
        rc = stage_find(stage, at, "home", "second", &home, err);
        if (rc == RC_OK)
            rc = stage_edit(stage, at, home, "bank",
                            value_of_text(view_text(at == WANG ? "one" : "other")), err);
    }
    return rc == RC_OK ? play_sync_all(stage, err) : rc;
}

enum rc console_act(struct stage *stage, struct err *err) {
    struct visit visit = {.stage = stage};
    struct console_options options = {.host = "127.0.0.1"};
    enum rc rc = stage_open_county(stage, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&visit.body, 8u << 20);
    options.office = service_office(stage->service);
    fault_county(true);
    rc = console_start(&options, &visit.console, err);
    if (rc == RC_OK) {
        (void)snprintf(visit.host, sizeof(visit.host), "127.0.0.1:%u", console_port(visit.console));
        rc = work(&visit, err);
    }
    console_stop(visit.console);
    fault_county(false);
    fault_pause();
    buf_release(&visit.body);
    fault_resume();
    return rc;
}
