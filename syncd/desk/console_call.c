/* console_call.c: what the routes of the console share: parameters, areas, answers. */
#include "syncd/desk/console.h"

#include "base/text.h"

/* ---- what a request says ---- */

const char *console_param(const struct console_call *call, const char *name) {
    return webapi_param(&call->exchange->request, name);
}

enum rc console_text(const struct console_call *call, const char *key, const char **out,
                     struct err *err) {
    return webapi_text(call->body, key, out, err);
}

enum rc console_need(const struct console_call *call, const char *key, const char **out,
                     struct err *err) {
    return webapi_need(call->body, key, out, err);
}

enum rc console_filter(const struct console_call *call, const char *key, struct buf *out,
                       struct err *err) {
    return webapi_filter(&call->exchange->request, call->body, key, out, err);
}

enum rc console_number(const struct console_call *call, const char *key, uint64_t most,
                       uint64_t otherwise, uint64_t *out, struct err *err) {
    return webapi_number(&call->exchange->request, call->body, key, most, otherwise, out, err);
}

enum rc console_param_id(const struct console_call *call, const char *name, uint64_t *out,
                         struct err *err) {
    if (id_parse(view_text(console_param(call, name)), out, err) == RC_OK)
        return RC_OK;
    return err_set(err, RC_NOT_FOUND, "address: there is nothing here");
}

enum rc console_reason(const struct console_call *call, struct view *out, struct err *err) {
    const char *text;
    enum rc rc = console_need(call, "reason", &text, err);

    if (rc != RC_OK)
        return err_set(err, RC_INVALID, "say why; it is logged");
    *out = text_trim(view_text(text));
    return RC_OK;
}

enum rc console_area_list(const struct console_call *call, const char *key,
                          uint64_t out[LIMIT_AREAS], uint32_t *count, struct err *err) {
    const struct json *list = json_get(call->body, key);
    const struct json *item;
    enum rc rc = RC_OK;

    *count = 0;
    if (json_type(list) != JSON_ARRAY || json_count(list) == 0)
        return err_set(err, RC_INVALID, "%s: give the codes of one area or several", key);
    for (item = json_first(list); item != NULL && rc == RC_OK; item = json_next(item)) {
        if (*count == LIMIT_AREAS)
            return err_set(err, RC_LIMIT, "%s: at most %u areas", key, LIMIT_AREAS);
        rc = area_parse(json_text(item), &out[*count], err);
        if (rc != RC_OK)
            return err_prefix(err, "%s: ", key);
        out[*count] = succession_of(&call->seat.ledger->areas, out[*count]);
        if (!console_holds(call, out[*count]))
            return err_set(err, RC_DENIED, "%s: lies outside of your areas", key);
        (*count)++;
    }
    return rc;
}

/* ---- areas ---- */

bool console_holds(const struct console_call *call, uint64_t area) {
    return area_list_contains(call->areas, call->area_count,
                              succession_of(&call->seat.ledger->areas, area));
}

bool console_holds_all(const struct console_call *call, const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!console_holds(call, areas[i]))
            return false;
    return true;
}

bool console_holds_any(const struct console_call *call, const uint64_t *areas, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (console_holds(call, areas[i]))
            return true;
    return false;
}

enum rc console_need_area(const struct console_call *call, uint64_t *area, struct err *err) {
    struct buf text;
    enum rc rc;

    *area = 0;
    buf_init(&text, AREA_TEXT_BYTES);
    rc = console_filter(call, "area", &text, err);
    if (rc == RC_OK && text.size > 0)
        rc = area_parse(buf_view(&text), area, err);
    if (rc == RC_OK && *area != 0) {
        *area = succession_of(&call->seat.ledger->areas, *area);
        if (!console_holds(call, *area))
            rc = err_set(err, RC_DENIED, "%s: lies outside of your areas", "area");
    }
    buf_release(&text);
    return rc;
}

/* ---- the person ---- */

enum rc console_key(const struct console_call *call, uint8_t secret_key[64], struct err *err) {
    return login_key(&call->session, call->token, secret_key, err);
}

/* ---- what it is answered ---- */

enum rc console_reply(struct console_call *call, struct json *document, struct err *err) {
    return webapi_reply(&call->exchange->response, document, err);
}

enum rc console_done(struct console_call *call, struct err *err) {
    return console_reply(call, json_object(), err);
}

enum rc console_refuse(struct console_call *call, unsigned status, const char *code,
                       struct err *err) {
    call->status = status;
    call->code = code;
    return err->rc;
}

void console_add_area(struct console_call *call, struct json *parent, const char *key,
                      uint64_t area) {
    struct json *object = json_add_object(parent, key);
    struct view name = succession_name(&call->seat.ledger->areas, area);
    char text[AREA_TEXT_BYTES];

    area_text(area, text);
    json_add_text(object, "area", text);
    json_add_view(object, "name", name);
}

void console_add_time(struct json *parent, const char *key, int64_t time_ms) {
    char text[TIME_TEXT_BYTES];

    if (time_ms == 0) {
        json_add_null(parent, key);
        return;
    }
    time_format(time_ms, text);
    json_add_text(parent, key, text);
}

void console_add_id(struct json *parent, const char *key, uint64_t id) {
    char text[17];

    id_text(id, text);
    json_add_text(parent, key, text);
}
