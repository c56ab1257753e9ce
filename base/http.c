/* http.c: see http.h. No sockets, no threads, no clock. */
#include "base/http.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ERROR_MESSAGE_BYTES_MAX 1024u

/* ---- requests ------------------------------------------------------------------------------ */

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads one possibly %-escaped character at *at and moves behind it. False: a bad escape or NUL. */
static bool decode_one(const char **at, char *out) {
    if (**at == '%') {
        int high = hex_digit((*at)[1]);
        int low = high < 0 ? -1 : hex_digit((*at)[2]);

        if (low < 0 || (high == 0 && low == 0))
            return false;
        *out = (char)(high * 16 + low);
        *at += 3;
        return true;
    }
    *out = **at;
    *at += 1;
    return true;
}

/* Splits the path at its slashes and decodes each segment. "/" has no segments; "/a/" has "a" and
 * an empty one. Dot segments are refused here, after decoding, so that nothing behind this line
 * ever meets one. */
static enum rc split_path(struct http_request *request, struct err *err) {
    const char *at = request->path;
    char *out = request->decoded;

    request->segment_count = 0;
    if (at[1] == '\0')
        return RC_OK;
    while (*at == '/') {
        char *segment = out;

        if (request->segment_count == HTTP_SEGMENTS_MAX)
            return err_set(err, RC_INVALID, "address: more than %d parts", HTTP_SEGMENTS_MAX);
        at++;
        while (*at != '\0' && *at != '/') {
            if (!decode_one(&at, out))
                return err_set(err, RC_INVALID, "address: a %%-escape is wrong");
            out++;
        }
        *out++ = '\0';
        if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
            return err_set(err, RC_INVALID, "address: '.' and '..' are not allowed as parts");
        request->segments[request->segment_count++] = segment;
    }
    return RC_OK;
}

enum rc http_request_init(struct http_request *request, const char *method, const char *target,
                          struct view body, struct err *err) {
    size_t size = strlen(target);
    char *mark = NULL;

    memset(request, 0, sizeof(*request));
    request->method = method;
    request->path = "/";
    request->query = "";
    request->peer = "";
    request->body = body;
    if (size > HTTP_TARGET_BYTES_MAX)
        return err_set(err, RC_INVALID, "address: longer than %d bytes", HTTP_TARGET_BYTES_MAX);
    if (target[0] != '/')
        return err_set(err, RC_INVALID, "address: does not begin with '/'");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)target[i];

        if (c <= ' ' || c == 0x7f)
            return err_set(err, RC_INVALID, "address: holds a space or a control character");
    }
    memcpy(request->target, target, size + 1);
    request->path = request->target;
    mark = strchr(request->target, '?');
    if (mark != NULL) {
        *mark = '\0';
        request->query = mark + 1;
    }
    return split_path(request, err);
}

/* The first tag that we speak wins; weights are not looked at, browsers send tags in order. */
static enum lang accepted_language(const char *value) {
    for (const char *at = value; at != NULL; at = strchr(at, ',')) {
        at += strspn(at, ", \t");
        if (strncasecmp(at, "zh", 2) == 0)
            return LANG_ZH;
        if (strncasecmp(at, "en", 2) == 0)
            return LANG_EN;
    }
    return LANG_EN;
}

enum rc http_request_add_header(struct http_request *request, const char *name, const char *value,
                                struct err *err) {
    if (request->header_count == HTTP_REQUEST_HEADERS_MAX)
        return err_set(err, RC_LIMIT, "request: more than %d headers", HTTP_REQUEST_HEADERS_MAX);
    request->headers[request->header_count++] = (struct http_header){.name = name, .value = value};
    if (strcasecmp(name, "Accept-Language") == 0)
        request->lang = accepted_language(value);
    return RC_OK;
}

const char *http_request_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *http_request_param(const struct http_request *request, const char *name) {
    size_t size = strlen(name);

    for (size_t i = 0; i < request->param_count; i++) {
        const char *known = request->params[i].name; /* within the pattern: ends at '/' or NUL */

        if (strncmp(known, name, size) == 0 && (known[size] == '\0' || known[size] == '/'))
            return request->params[i].value;
    }
    return NULL;
}

/* Decodes from *at up to '&', the end, or (when stop_at_equals) '='. Appends to out unless NULL;
 * with same not NULL
 * tells whether the decoded bytes are exactly want. */
static enum rc decode_form(const char **at, bool stop_at_equals, struct buf *out, const char *want,
                           bool *same, struct err *err) {
    bool equal = true;
    size_t seen = 0;
    size_t want_size = want == NULL ? 0 : strlen(want);

    while (**at != '\0' && **at != '&' && !(stop_at_equals && **at == '=')) {
        bool plus = **at == '+';
        char c = ' ';

        if (!decode_one(at, &c))
            return err_set(err, RC_INVALID, "address: a %%-escape is wrong");
        c = plus ? ' ' : c;
        if (out != NULL)
            buf_add_u8(out, (uint8_t)c);
        equal = equal && seen < want_size && want[seen] == c;
        seen++;
    }
    if (same != NULL)
        *same = equal && seen == want_size;
    return RC_OK;
}

enum rc http_request_query(const struct http_request *request, const char *name, struct buf *value,
                           struct err *err) {
    const char *at = request->query;

    while (*at != '\0') {
        bool same = false;
        enum rc rc = decode_form(&at, true, NULL, name, &same, err);

        if (rc != RC_OK)
            return rc;
        if (*at == '=')
            at++;
        rc = decode_form(&at, false, same ? value : NULL, NULL, NULL, err);
        if (rc != RC_OK)
            return rc;
        if (same)
            return buf_check(value, "query", err);
        at += *at == '&' ? 1 : 0;
    }
    return RC_NOT_FOUND;
}

/* ---- responses ----------------------------------------------------------------------------- */

enum rc http_response_header(struct http_response *response, const char *name, const char *value,
                             struct err *err) {
    struct http_response_header *header = NULL;
    size_t size = strlen(value);

    if (response->header_count == HTTP_RESPONSE_HEADERS_MAX || size >= HTTP_HEADER_VALUE_MAX)
        return err_set(err, RC_LIMIT, "response: header %s: too long or too many", name);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return err_set(err, RC_INVALID, "response: header %s: holds a control character", name);
    }
    header = &response->headers[response->header_count++];
    header->name = name;
    memcpy(header->value, value, size + 1);
    return RC_OK;
}

static void close_file(struct http_response *response) {
    if (response->file.is_open)
        (void)close(response->file.descriptor); /* only read from: nothing can be lost */
    response->file.is_open = false;
}

enum rc http_response_file(struct http_response *response, const char *path, struct err *err) {
    int descriptor = -1;
    enum rc rc = file_open(path, &descriptor, &response->file.bytes, err);

    if (rc != RC_OK)
        return rc;
    close_file(response);
    response->file.descriptor = descriptor;
    response->file.is_open = true;
    return RC_OK;
}

void http_response_error(struct http_response *response, unsigned status, const char *code,
                         const char *message) {
    char clean[ERROR_MESSAGE_BYTES_MAX + 4];
    struct view text = view_text(message);
    size_t at = 0;
    size_t size = 0;

    /* A message may quote what came in, or be cut inside a character: make it good UTF-8. */
    while (at < text.size && size < ERROR_MESSAGE_BYTES_MAX) {
        uint32_t character = utf8_next(text, &at);

        if (character == UTF8_BAD || character == 0)
            character = '?';
        size += utf8_put(character, (uint8_t *)clean + size);
    }
    response->status = status;
    response->content_type = "application/json";
    response->body_static = (struct view){0};
    close_file(response);
    buf_clear(&response->body);
    buf_add_text(&response->body, "{\"error\":");
    json_print_text(view_text(code), &response->body);
    buf_add_text(&response->body, ",\"message\":");
    json_print_text(view_of(clean, size), &response->body);
    buf_add_text(&response->body, "}\n");
}

void http_response_err(struct http_response *response, const struct err *err) {
    http_response_error(response, http_status_of(err->rc), rc_name(err->rc), err->text);
}

unsigned http_status_of(enum rc rc) {
    switch (rc) {
    case RC_OK:
        return 200;
    case RC_INVALID:
    case RC_USAGE:
    case RC_CORRUPT:
    case RC_UNSUPPORTED:
        return 400;
    case RC_DENIED:
        return 403;
    case RC_NOT_FOUND:
        return 404;
    case RC_CONFLICT:
        return 409;
    case RC_LIMIT:
        return 413;
    case RC_LOCKED:
        return 423;
    case RC_AGAIN:
    case RC_NO_MEMORY:
        return 503;
    case RC_IO:
    case RC_NETWORK:
        break;
    }
    return 500;
}

/* ---- exchanges ----------------------------------------------------------------------------- */

void http_exchange_init(struct http_exchange *exchange, size_t response_cap_bytes) {
    memset(exchange, 0, sizeof(*exchange));
    exchange->request.method = "";
    exchange->request.path = "/";
    exchange->request.query = "";
    exchange->request.peer = "";
    exchange->response.status = 200;
    buf_init(&exchange->response.body, response_cap_bytes);
}

void http_exchange_release(struct http_exchange *exchange) {
    close_file(&exchange->response);
    buf_release(&exchange->response.body);
}

void http_exchange_defer(struct http_exchange *exchange) {
    exchange->deferred = true;
    if (exchange->on_defer != NULL)
        exchange->on_defer(exchange);
}

void http_exchange_complete(struct http_exchange *exchange) {
    if (exchange->on_complete != NULL)
        exchange->on_complete(exchange);
}

/* ---- routes -------------------------------------------------------------------------------- */

/* Where the raw path of segment number index begins. */
static const char *raw_rest(const struct http_request *request, size_t index) {
    const char *at = request->path + 1;

    while (index > 0 && *at != '\0') {
        if (*at == '/')
            index--;
        at++;
    }
    return at;
}

/* Whether the path fits the pattern; fills the params on the way. */
static bool pattern_fits(const char *pattern, struct http_request *request) {
    const char *at = pattern + 1;
    size_t index = 0;

    request->param_count = 0;
    if (*at == '\0')
        return request->segment_count == 0;
    for (;; index++) {
        size_t size = strcspn(at, "/");

        if (strcmp(at, "*") == 0 && request->param_count < HTTP_PARAMS_MAX &&
            index < request->segment_count) {
            request->params[request->param_count++] =
                (struct http_header){.name = at, .value = raw_rest(request, index)};
            return true;
        }
        if (index >= request->segment_count)
            return false;
        if (at[0] == ':') {
            if (request->param_count == HTTP_PARAMS_MAX || request->segments[index][0] == '\0')
                return false;
            request->params[request->param_count++] =
                (struct http_header){.name = at + 1, .value = request->segments[index]};
        } else if (strlen(request->segments[index]) != size ||
                   strncmp(request->segments[index], at, size) != 0) {
            return false;
        }
        if (at[size] == '\0')
            return index + 1 == request->segment_count;
        at += size + 1;
    }
}

static bool method_fits(const char *route_method, const char *method) {
    return strcmp(route_method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route_method, "GET") == 0);
}

/* Adds a method to the list of an Allow header, once. */
static void allow_add(char *allow, size_t capacity, const char *method) {
    size_t used = strlen(allow);

    if (strstr(allow, method) == NULL)
        (void)snprintf(allow + used, capacity - used, "%s%s", used == 0 ? "" : ", ", method);
}

/* Finds the route, or makes the 404 or 405. */
static const struct http_route *find_route(const struct http_table *table,
                                           struct http_exchange *exchange) {
    struct err err;
    char allow[64] = "";

    for (size_t i = 0; i < table->count; i++) {
        const struct http_route *route = &table->routes[i];

        if (!pattern_fits(route->pattern, &exchange->request))
            continue;
        if (method_fits(route->method, exchange->request.method))
            return route;
        allow_add(allow, sizeof(allow), route->method);
    }
    exchange->request.param_count = 0;
    err_init(&err, exchange->request.lang);
    if (allow[0] == '\0') {
        err_set(&err, RC_NOT_FOUND, "address: there is nothing here");
        http_response_err(&exchange->response, &err);
    } else {
        err_set(&err, RC_INVALID, "address: only for %s", allow);
        http_response_error(&exchange->response, 405, "method", err.text);
        (void)http_response_header(&exchange->response, "Allow", allow, &err);
    }
    return NULL;
}

void http_finish(const struct http_table *table, struct http_exchange *exchange) {
    struct err err;

    if (exchange->response.body.failed != RC_OK) {
        err_init(&err, exchange->request.lang);
        (void)buf_check(&exchange->response.body, "response", &err);
        http_response_error(&exchange->response, err.rc == RC_NO_MEMORY ? 503 : 500,
                            rc_name(err.rc), err.text);
    }
    if (table->finish != NULL)
        table->finish(table->context, exchange);
}

bool http_match(const struct http_table *table, struct http_exchange *exchange) {
    struct err err;

    err_init(&err, exchange->request.lang);
    exchange->route = find_route(table, exchange);
    if (exchange->route != NULL) {
        if (table->guard == NULL || table->guard(table->context, exchange, &err) == RC_OK)
            return true;
        if (exchange->response.status < 400) /* else the guard has said it in its own way */
            http_response_err(&exchange->response, &err);
    }
    http_finish(table, exchange);
    return false;
}

void http_refuse_body(const struct http_table *table, struct http_exchange *exchange) {
    struct err err;

    err_init(&err, exchange->request.lang);
    err_set(&err, RC_LIMIT, "request: the body is larger than %zu bytes; send less at once",
            exchange->route->body_cap_bytes);
    http_response_err(&exchange->response, &err);
    http_finish(table, exchange);
}

bool http_run(const struct http_table *table, struct http_exchange *exchange) {
    const struct http_route *route = exchange->route;
    struct err err;
    enum rc rc = RC_OK;

    if (exchange->request.body.size > route->body_cap_bytes) {
        http_refuse_body(table, exchange);
        return true;
    }
    err_init(&err, exchange->request.lang);
    rc = route->handler(table->context, exchange, &err);
    if (exchange->deferred)
        return false;
    if (rc != RC_OK)
        http_response_err(&exchange->response, &err);
    http_finish(table, exchange);
    return true;
}

bool http_route(const struct http_table *table, struct http_exchange *exchange) {
    return !http_match(table, exchange) || http_run(table, exchange);
}
