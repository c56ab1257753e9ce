/* http.h: requests, responses and routes, without sockets. httpd.h carries them over the network;
 * tests and the simulator call http_route directly.
 *
 * Routes are data: method, pattern, body cap, flags, handler. A pattern is made of literal
 * segments, ":name" for one segment, and "*" at the end for the raw rest (may be empty). The first
 * route that fits wins. HEAD is served by GET routes.
 *
 * One struct http_exchange is one request with its response. A handler fills the response and
 * returns RC_OK, or returns an error, which becomes a status and a JSON body
 * {"error":"not_found","message":"..."}. Or it defers:
 *
 *   1. the handler calls http_exchange_defer, gives the exchange to a queue, returns RC_OK and does
 *      not touch the exchange any more;
 *   2. later any thread fills the response and calls http_exchange_complete, exactly once.
 *
 * So a sync request waits for the group commit without holding a thread of the server. */
#ifndef YG_BASE_HTTP_H
#define YG_BASE_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_TARGET_BYTES_MAX     2048 /* path and query of a request, as sent */
#define HTTP_SEGMENTS_MAX         16
#define HTTP_PARAMS_MAX           8
#define HTTP_REQUEST_HEADERS_MAX  48
#define HTTP_RESPONSE_HEADERS_MAX 12
#define HTTP_HEADER_VALUE_MAX     512 /* of a response header */

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method; /* "GET" */
    const char *path;   /* as sent, still percent-encoded, without the query: what is signed */
    const char *query;  /* as sent, after the '?'; "" when there is none */
    struct view body;   /* borrowed; complete when the handler runs */
    const char *peer;   /* numeric address of the other end, for logs and limits; may be "" */
    bool is_tls;        /* came over TLS */
    enum lang lang;     /* from Accept-Language: zh or en */
    size_t header_count;
    struct http_header headers[HTTP_REQUEST_HEADERS_MAX]; /* as sent, borrowed */
    size_t segment_count;
    const char *segments[HTTP_SEGMENTS_MAX]; /* of the path, decoded; without the first '/' */
    size_t param_count;
    struct http_header params[HTTP_PARAMS_MAX]; /* what the pattern's :names stood for, decoded */
    char target[HTTP_TARGET_BYTES_MAX + 2];     /* storage of path and query */
    char decoded[HTTP_TARGET_BYTES_MAX + 2];    /* storage of segments */
};

/* Makes a request of a method and a target ("/v1/x?y=z"). method, body and the headers added later
 * are borrowed. A request points into itself: it must not be moved or copied. RC_INVALID: the
 * target is too long, has a bad %-escape, an encoded NUL, a "." or
 * ".." segment, a control character, or more segments than HTTP_SEGMENTS_MAX. */
enum rc http_request_init(struct http_request *request, const char *method, const char *target,
                          struct view body, struct err *err);

/* RC_LIMIT beyond HTTP_REQUEST_HEADERS_MAX. Also reads Accept-Language into lang. */
enum rc http_request_add_header(struct http_request *request, const char *name, const char *value,
                                struct err *err);

/* The first header of that name, whatever the case of letters; NULL when there is none. */
const char *http_request_header(const struct http_request *request, const char *name);

/* What a :name of the pattern stood for ("*" for the rest); NULL when there is no such name. */
const char *http_request_param(const struct http_request *request, const char *name);

/* Appends the decoded value of a query parameter. RC_NOT_FOUND (err untouched): it is not there. */
enum rc http_request_query(const struct http_request *request, const char *name, struct buf *value,
                           struct err *err);

struct http_response_header {
    const char *name; /* a literal */
    char value[HTTP_HEADER_VALUE_MAX];
};

struct http_response {
    unsigned status;          /* 200 at first */
    const char *content_type; /* a literal; NULL at first: no such header */
    size_t header_count;
    struct http_response_header headers[HTTP_RESPONSE_HEADERS_MAX];
    struct buf body;
    struct view body_static; /* when data is not NULL: sent instead of body; lives for ever */
    struct {
        bool is_open; /* sent instead of body, piece by piece; closed when it is sent or given up */
        int descriptor;
        uint64_t bytes;
    } file;
};

/* The answer is this file, from its beginning to its end as it is now; RC_IO, RC_NOT_FOUND. It may
 * be removed at once. */
enum rc http_response_file(struct http_response *response, const char *path, struct err *err);

/* Adds a header. RC_INVALID: control characters in the value; RC_LIMIT: too long or too many. */
enum rc http_response_header(struct http_response *response, const char *name, const char *value,
                             struct err *err);

/* Replaces whatever the response holds with a JSON error body and the status; message may hold
 * anything. headers already added stay. code is a short word: "too_large". */
void http_response_error(struct http_response *response, unsigned status, const char *code,
                         const char *message);

/* The same from an error: code is rc_name(err->rc), status is http_status_of(err->rc). */
void http_response_err(struct http_response *response, const struct err *err);

/* INVALID, USAGE, CORRUPT, UNSUPPORTED 400; DENIED 403; NOT_FOUND 404; CONFLICT 409; LIMIT 413;
 * LOCKED 423; AGAIN 503; IO and all else 500; NO_MEMORY 503; OK 200. */
unsigned http_status_of(enum rc rc);

struct http_exchange {
    struct http_request request;
    struct http_response response;
    const struct http_route *route; /* set by http_match */
    void *user;                     /* for the guard, to leave the session for the handler */
    bool deferred;                  /* set by http_exchange_defer, stays set */
    /* Set by the transport. on_defer runs inside http_exchange_defer, in the handler's thread;
     * on_complete inside http_exchange_complete, in any thread. Either may be NULL. */
    void (*on_defer)(struct http_exchange *exchange);
    void (*on_complete)(struct http_exchange *exchange);
    void *transport;
};

/* An empty exchange whose response body may grow to response_cap_bytes. Fill request by
 * http_request_init afterwards. */
void http_exchange_init(struct http_exchange *exchange, size_t response_cap_bytes);
void http_exchange_release(struct http_exchange *exchange);

/* See the opening comment. The exchange's memory stays valid until http_run has returned, also when
 * it is completed before. */
void http_exchange_defer(struct http_exchange *exchange);
void http_exchange_complete(struct http_exchange *exchange);

/* Handler: fills exchange->response. context is the table's. An error becomes the response. */
typedef enum rc http_handler(void *context, struct http_exchange *exchange, struct err *err);

struct http_route {
    const char *method;    /* "GET", "POST" ... */
    const char *pattern;   /* "/v1/record/:id", "/assets/" "*" */
    uint32_t flags;        /* the guard's business: roles, open to all, ... */
    size_t body_cap_bytes; /* a larger body is refused with 413 before the handler runs */
    http_handler *handler;
};

struct http_table {
    const struct http_route *routes;
    size_t count;
    void *context; /* given to guard, handlers and finish */
    /* Runs when the head of the request is known and before its body is read: exact Host, Origin,
     * session, role. An error becomes the response, unless the guard has made one with a status of
     * its own. May be NULL. */
    http_handler *guard;
    /* Runs on every response that a handler, the guard or the table made, errors included, before
     * it is sent: the place for security headers. Not on deferred ones: their completer calls it
     * through http_finish. May be NULL. */
    void (*finish)(void *context, struct http_exchange *exchange);
};

/* Finds the route and asks the guard. True: go on with http_run when the body is there. False: the
 * response is made: 404, 405 with Allow, or the guard's refusal. */
bool http_match(const struct http_table *table, struct http_exchange *exchange);

/* Checks the body against the route's cap and calls the handler. Afterwards the response is ready,
 * unless the handler deferred: then the exchange belongs to whoever completes it. Returns whether
 * the response is ready now. */
bool http_run(const struct http_table *table, struct http_exchange *exchange);

/* The 413 that http_run answers to a body beyond the cap; for a transport that sees it coming. */
void http_refuse_body(const struct http_table *table, struct http_exchange *exchange);

/* http_match and http_run. Returns whether the response is ready now. */
bool http_route(const struct http_table *table, struct http_exchange *exchange);

/* For those who complete a deferred exchange: calls the table's finish. */
void http_finish(const struct http_table *table, struct http_exchange *exchange);

#endif
