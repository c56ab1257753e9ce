/* webapi.c: see webapi.h. */
#include "base/webapi.h"
#include "base/memory.h"

#include <string.h>
#include <strings.h>

/* ---- who may ask ---- */

enum rc webapi_refuse(struct http_exchange *exchange, unsigned status, const char *code,
                      struct err *err) {
    http_response_error(&exchange->response, status, code, err->text);
    return err->rc;
}

static bool is_same_origin(const char *origin, const char *scheme, const char *host) {
    size_t size = strlen(scheme);

    return host != NULL && strncmp(origin, scheme, size) == 0 &&
           strncmp(origin + size, "://", 3) == 0 && strcasecmp(origin + size + 3, host) == 0;
}

enum rc webapi_check_origin(struct http_exchange *exchange, const char *scheme, bool is_write,
                            bool is_page, struct err *err) {
    const struct http_request *request = &exchange->request;
    const char *origin = http_request_header(request, "Origin");
    const char *site = http_request_header(request, "Sec-Fetch-Site");

    if (origin != NULL && !is_same_origin(origin, scheme, http_request_header(request, "Host"))) {
        err_set(err, RC_DENIED, "request: comes from another page; open the app itself");
        return webapi_refuse(exchange, 403, "origin", err);
    }
    if (is_page)
        return RC_OK;
    if (site != NULL ? strcmp(site, "same-origin") == 0 || (strcmp(site, "none") == 0 && !is_write)
                     : origin != NULL || !is_write)
        return RC_OK;
    err_set(err, RC_DENIED,
            "request: does not say that it comes from this app; send Origin or Sec-Fetch-Site");
    return webapi_refuse(exchange, 403, "origin", err);
}

enum rc webapi_check_type(struct http_exchange *exchange, const char *wanted, struct err *err) {
    const char *type = http_request_header(&exchange->request, "Content-Type");
    size_t size = type == NULL ? 0 : strcspn(type, "; \t");

    if (size == strlen(wanted) && strncasecmp(type, wanted, size) == 0)
        return RC_OK;
    err_set(err, RC_INVALID, "request: send it with Content-Type: %s", wanted);
    return webapi_refuse(exchange, 415, "content_type", err);
}

struct view webapi_cookie(const struct http_request *request, const char *name) {
    const char *at = http_request_header(request, "Cookie");
    size_t size = strlen(name);

    while (at != NULL && *at != '\0') {
        at += strspn(at, "; ");
        if (strncmp(at, name, size) == 0 && at[size] == '=')
            return view_of(at + size + 1, strcspn(at + size + 1, "; "));
        at += strcspn(at, ";");
    }
    return (struct view){0};
}

void webapi_header(struct http_response *response, const char *name, const char *value) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name, name) == 0)
            return;
    (void)http_response_header(response, name, value, &ignored);
}

void webapi_harden(struct http_response *response, const char *permissions) {
    webapi_header(response, "Cache-Control", "no-store");
    webapi_header(
        response, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; form-action 'none'; "
        "base-uri 'none'");
    webapi_header(response, "X-Content-Type-Options", "nosniff");
    webapi_header(response, "Referrer-Policy", "no-referrer");
    webapi_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    webapi_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    webapi_header(response, "Cross-Origin-Embedder-Policy", "require-corp");
    webapi_header(response, "Permissions-Policy", permissions);
}

/* ---- what a request says ---- */

enum rc webapi_read(const struct http_request *request, struct json_limits limits,
                    struct json **body, struct err *err) {
    enum rc rc =
        json_parse(request->body.size == 0 ? view_text("{}") : request->body, limits, body, err);

    if (rc == RC_OK && json_type(*body) != JSON_OBJECT)
        rc = err_set(err, RC_INVALID, "request: send one JSON object");
    return rc;
}

const char *webapi_param(const struct http_request *request, const char *name) {
    const char *value = http_request_param(request, name);

    return value == NULL ? "" : value;
}

enum rc webapi_text(const struct json *body, const char *key, const char **out, struct err *err) {
    const struct json *item = json_get(body, key);

    *out = json_text_or(item, NULL);
    if (*out == NULL && item != NULL && json_type(item) != JSON_NULL)
        return err_set(err, RC_INVALID, "%s: write it as a text", key);
    return RC_OK;
}

enum rc webapi_need(const struct json *body, const char *key, const char **out, struct err *err) {
    enum rc rc = webapi_text(body, key, out, err);

    if (rc == RC_OK && (*out == NULL || text_trim(view_text(*out)).size == 0))
        return err_set(err, RC_INVALID, "%s: is missing in the request", key);
    return rc;
}

enum rc webapi_filter(const struct http_request *request, const struct json *body, const char *key,
                      struct buf *out, struct err *err) {
    const char *text;
    enum rc rc;

    if (body != NULL) {
        rc = webapi_text(body, key, &text, err);
        if (rc == RC_OK && text != NULL)
            buf_add_text(out, text);
    } else {
        rc = http_request_query(request, key, out, err);
        rc = rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    if (rc == RC_OK && !utf8_valid(buf_view(out)))
        rc = err_set(err, RC_INVALID, "%s: is not UTF-8", key);
    return rc == RC_OK ? buf_check(out, "a parameter", err) : rc;
}

enum rc webapi_number(const struct http_request *request, const struct json *body, const char *key,
                      uint64_t most, uint64_t otherwise, uint64_t *out, struct err *err) {
    const struct json *item = json_get(body, key);
    struct view number = json_number_text(item);
    struct buf text;
    enum rc rc = RC_OK;

    *out = otherwise;
    buf_init(&text, 256);
    if (number.data != NULL)
        buf_add_view(&text, number);
    else
        rc = webapi_filter(request, body, key, &text, err);
    if (rc == RC_OK && text.size > 0 && (!parse_u64(buf_view(&text), out) || *out > most))
        rc = err_set(err, RC_INVALID, "%s: write a number up to %llu", key,
                     (unsigned long long)most);
    buf_release(&text);
    return rc;
}

/* ---- what it is answered ---- */

enum rc webapi_reply(struct http_response *response, struct json *document, struct err *err) {
    if (document == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    buf_clear(&response->body);
    json_print(document, false, &response->body);
    json_free(document);
    if (response->body.size > MEMORY_LARGE_BYTES)
        memory_give_back();
    response->content_type = "application/json";
    return buf_check(&response->body, "the answer", err);
}

/* 400 403 404 409 413 429 500; 401, 415, 421 and 422 are said where they come from. */
unsigned webapi_status(enum rc rc) {
    return rc == RC_AGAIN ? 429 : http_status_of(rc);
}
