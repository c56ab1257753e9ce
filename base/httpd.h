/* httpd.h: the door to libmicrohttpd: serves a table of http.h over TCP, with TLS or without.
 *
 * What a peer can do to us is bounded: connections in all and per address, memory per connection,
 * size of a body (the route's cap), silence (idle_timeout_ms) and, against those who drip bytes,
 * the total time in which a request must have come in and its answer must have gone out
 * (total_timeout_ms; what the handler takes, or an exchange is deferred, does not count, and a file
 * has a second more for each 32 kB). A request with both
 * Content-Length and Transfer-Encoding, or with two lengths, is refused and the connection closed.
 *
 * Heads are small on purpose, an empty sync has a budget of 500 bytes: no Server, no Date, no
 * Connection header on HTTP/1.1, Content-Type only where the response names one.
 *
 * Handlers run in the server's threads, several at a time. Threads live here and in control.h;
 * nothing else in base/ starts any. */
#ifndef YG_BASE_HTTPD_H
#define YG_BASE_HTTPD_H

#include "base/err.h"
#include "base/http.h"

#include <stddef.h>
#include <stdint.h>

struct httpd;

struct httpd_options {
    const char *host;                /* numeric: "127.0.0.1", "0.0.0.0", "::1", "::" */
    uint16_t port;                   /* 0: any free one, see httpd_port */
    const char *certificate_pem;     /* both or neither; copied */
    const char *key_pem;             /* copied, wiped at stop */
    unsigned threads;                /* 1 to 64 */
    unsigned connections_max;        /* in all */
    unsigned connections_per_ip_max; /* 0: no limit (many tablets behind one gateway) */
    size_t connection_memory_bytes;  /* for the head of a request and the read buffer */
    size_t response_max_bytes;       /* cap of a response body */
    unsigned idle_timeout_ms;        /* rounded up to seconds */
    unsigned total_timeout_ms;
};

/* 127.0.0.1, any port, no TLS, 2 threads, 1,024 connections, 0 per address, 32 KiB, 64 MiB,
 * 60 s idle, 120 s in all. */
void httpd_options_default(struct httpd_options *options);

/* Starts serving; table and what it points to must outlive the server. RC_NETWORK: the address
 * cannot be had (in use, not ours, not allowed); RC_INVALID: an option, certificate or key. */
enum rc httpd_start(const struct httpd_options *options, const struct http_table *table,
                    struct httpd **server, struct err *err);

/* The port it listens on. */
uint16_t httpd_port(const struct httpd *server);

/* Answers new requests with 503, cuts those that are still coming in, waits until all others are
 * answered (whoever completes deferred exchanges must still be at work), then closes everything
 * and frees. NULL is allowed. */
void httpd_stop(struct httpd *server);

#endif
