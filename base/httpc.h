/* httpc.h: the door to libcurl: one client handle that keeps its connection between requests (a
 * new TLS handshake costs more than a batch).
 *
 * Trust: the county's signing key certifies the server's TLS keys and our own code checks that
 * chain, so that neither certificate authorities nor dates matter. A client is therefore given the
 * TLS public keys it may speak with, as pins, and nothing else is checked. It follows no redirect,
 * uses no proxy, reads no environment, and never speaks plain HTTP unless told HTTPC_PLAIN.
 *
 * One thread at a time may use a client. Heads are small on purpose: Host, Content-Length, and the
 * headers the caller names; no User-Agent, Accept or Expect. */
#ifndef YG_BASE_HTTPC_H
#define YG_BASE_HTTPC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPC_HEADERS_MAX 8

struct httpc;

enum httpc_trust {
    HTTPC_PINNED,   /* https to a server that holds the key of one of the pins */
    HTTPC_UNPINNED, /* https to anybody: for the enrolment's first look only */
    HTTPC_PLAIN,    /* http: `serve --plain` on loopback, tests */
};

struct httpc_options {
    enum httpc_trust trust;
    const char *pins; /* "sha256//BASE64;sha256//BASE64", see tls_pin_text; PINNED only */
    unsigned connect_timeout_ms; /* until TCP and TLS stand */
    unsigned total_timeout_ms;   /* of one request, 0: none */
    unsigned low_speed_bytes_s;  /* slower than this ... */
    unsigned low_speed_time_s;   /* ... for this long: abort; 0: never */
};

/* PINNED without pins (so it must be changed), 15 s to connect, 10 min in all, 10 B/s for 60 s. */
void httpc_options_default(struct httpc_options *options);

/* What came of a request. Bytes count heads and bodies of HTTP, without TLS; they are also right
 * when the request failed half-way. */
struct httpc_result {
    int status;            /* HTTP status; 0 when there was no answer */
    int64_t retry_after_s; /* from a 429 or 503; -1 when not said */
    bool pin_mismatch;     /* the server holds none of the pinned keys: RC_DENIED */
    bool reused;           /* went over a connection that stood already */
    uint64_t bytes_up;
    uint64_t bytes_down;
};

struct httpc_request {
    const char *method;       /* "GET", "POST", "PUT", "DELETE", "HEAD" */
    const char *url;          /* "https://host:port/path" */
    const char *content_type; /* NULL: no such header */
    struct view body;
    size_t header_count;
    const char *headers[HTTPC_HEADERS_MAX]; /* "Name: value", without line ends */
};

/* Opens a client; options are copied, pins too. RC_INVALID: PINNED without well-formed pins, or
 * pins with another trust. */
enum rc httpc_open(const struct httpc_options *options, struct httpc **client, struct err *err);
void httpc_close(struct httpc *client);

/* Sends and appends the body of the answer to answer. RC_OK means that an answer with some status
 * has come, of whatever status: look at result->status. Else: RC_NETWORK (no route, refused,
 * timed out, cut off, TLS failed), RC_DENIED (pin mismatch), RC_LIMIT (the answer outgrew the cap
 * of answer), RC_INVALID (URL, scheme, header). A POST whose answer was lost may have been done:
 * whoever repeats it must make it safe to repeat. */
enum rc httpc_send(struct httpc *client, const struct httpc_request *request, struct buf *answer,
                   struct httpc_result *result, struct err *err);

enum rc httpc_post(struct httpc *client, const char *url, struct view body,
                   const char *content_type, struct buf *answer, struct httpc_result *result,
                   struct err *err);
enum rc httpc_get(struct httpc *client, const char *url, struct buf *answer,
                  struct httpc_result *result, struct err *err);

#endif
