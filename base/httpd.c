/* httpd.c: see httpd.h. The only file that includes microhttpd.h.
 *
 * The library calls back several times for one request, from one of its threads:
 *
 *   on_target     the request line is there: a struct call is born
 *   on_access     1. the head is there: framing, route, guard; a refusal is remembered
 *                 2. pieces of body: collected, or thrown away when refused
 *                 3. the body is complete: the handler runs; the response is queued, or the
 *                    connection is suspended by http_exchange_defer
 *                 4. after http_exchange_complete: the response is queued
 *   on_completed  the response has gone out, or the connection has broken: the call dies
 *
 * A refused request is read to its end before the refusal is sent, up to DRAIN_BYTES_MAX: a client
 * that is still sending when we close would lose the answer to a connection reset. A client that
 * asks first (Expect: 100-continue) gets the refusal at once.
 *
 * Against clients that send a byte now and then, each connection has a deadline: reaper.h. */
#include "base/httpd.h"

#include "base/crypt.h"
#include "base/reaper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAIN_BYTES_MAX  (4u * 1024 * 1024)
#define SMALL_BODY_BYTES (64u * 1024)
#define BACKLOG          1024
/* At least so many a file must go out at, or it is cut: 32 kB a second. */
#define FILE_BYTES_PER_MS 32u
#define TLS_PRIORITIES    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

enum call_state {
    CALL_NEW,     /* the head is not complete */
    CALL_BODY,    /* the body is coming */
    CALL_REFUSED, /* the response is made, the rest of the body is thrown away */
    CALL_WAITING, /* the handler has deferred */
    CALL_READY,   /* the response is made */
};

/* One TCP connection. */
struct connection {
    struct reaper_line line;
    char peer[INET6_ADDRSTRLEN];
};

/* One request. */
struct call {
    struct http_exchange exchange;
    struct httpd *server;
    struct MHD_Connection *handle;
    struct connection *connection;
    enum call_state state;
    enum rc target_rc; /* what http_request_init said */
    struct err target_err;
    bool close_after; /* the connection cannot be trusted to be in step any more */
    bool counted;     /* in server->running */
    struct buf body;
    size_t drained_bytes;
};

struct httpd {
    struct MHD_Daemon *daemon;
    const struct http_table *table;
    struct httpd_options options;
    char *certificate;
    char *key;
    uint16_t port;
    int listener;
    struct reaper *reaper;
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* running has become 0 */
    /* Under the mutex: */
    size_t running; /* requests between their head and on_completed, but for 503s of stopping */
    bool stopping;
};

void httpd_options_default(struct httpd_options *options) {
    *options = (struct httpd_options){
        .host = "127.0.0.1",
        .threads = 2,
        .connections_max = 1024,
        .connection_memory_bytes = (size_t)32 * 1024,
        .response_max_bytes = (size_t)64 * 1024 * 1024,
        .idle_timeout_ms = 60000,
        .total_timeout_ms = 120000,
    };
}

/* ---- connections --------------------------------------------------------------------------- */

static void name_peer(const struct sockaddr *address, char name[INET6_ADDRSTRLEN]) {
    const void *bytes = NULL;
    int family = address->sa_family;

    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        bytes = six;
        if (IN6_IS_ADDR_V4MAPPED(six)) {
            family = AF_INET;
            bytes = six->s6_addr + 12;
        }
    }
    if (bytes == NULL || inet_ntop(family, bytes, name, INET6_ADDRSTRLEN) == NULL)
        name[0] = '\0';
}

static void on_connection(void *context, struct MHD_Connection *handle, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
    struct httpd *server = context;
    struct connection *connection = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *descriptor =
            MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address =
            MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

        connection = calloc(1, sizeof(*connection));
        *socket_context = connection;
        if (connection == NULL || descriptor == NULL) {
            free(connection);
            *socket_context = NULL; /* on_access refuses to serve it */
            return;
        }
        if (address != NULL)
            name_peer(address->client_addr, connection->peer);
        reaper_watch(server->reaper, &connection->line, descriptor->connect_fd,
                     server->options.total_timeout_ms);
        return;
    }
    if (connection == NULL)
        return;
    reaper_forget(server->reaper, &connection->line);
    free(connection);
    *socket_context = NULL;
}

/* ---- requests ------------------------------------------------------------------------------ */

static void on_defer(struct http_exchange *exchange) {
    struct call *call = exchange->transport;

    /* Before the handler hands the exchange on: a resume must never come before its suspend. */
    call->state = CALL_WAITING;
    reaper_extend(call->server->reaper, &call->connection->line, REAPER_NEVER);
    MHD_suspend_connection(call->handle);
}

static void on_complete(struct http_exchange *exchange) {
    struct call *call = exchange->transport;
    struct httpd *server = call->server;

    pthread_mutex_lock(&server->mutex);
    call->state = CALL_READY;
    pthread_mutex_unlock(&server->mutex);
    reaper_extend(server->reaper, &call->connection->line, server->options.total_timeout_ms);
    MHD_resume_connection(call->handle);
}

static void *on_target(void *context, const char *target, struct MHD_Connection *handle) {
    struct httpd *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct call *call = NULL;

    if (info == NULL || info->socket_context == NULL)
        return NULL;
    call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->server = server;
    call->handle = handle;
    call->connection = info->socket_context;
    err_init(&call->target_err, LANG_EN);
    http_exchange_init(&call->exchange, server->options.response_max_bytes);
    call->exchange.transport = call;
    call->exchange.on_defer = on_defer;
    call->exchange.on_complete = on_complete;
    call->target_rc =
        http_request_init(&call->exchange.request, "", target, (struct view){0}, &call->target_err);
    call->exchange.request.peer = call->connection->peer;
    call->exchange.request.is_tls = server->certificate != NULL;
    return call;
}

static void on_completed(void *context, struct MHD_Connection *handle, void **call_context,
                         enum MHD_RequestTerminationCode code) {
    struct httpd *server = context;
    struct call *call = *call_context;
    int64_t patience = (int64_t)server->options.idle_timeout_ms + server->options.total_timeout_ms;

    (void)handle;
    (void)code;
    if (call == NULL)
        return;
    reaper_mark(server->reaper, &call->connection->line, false);
    /* Silence is the library's to end; this is for a next request that drips. */
    reaper_extend(server->reaper, &call->connection->line, patience);
    pthread_mutex_lock(&server->mutex);
    if (call->counted) {
        server->running--;
        if (server->running == 0)
            pthread_cond_broadcast(&server->idle);
    }
    pthread_mutex_unlock(&server->mutex);
    http_exchange_release(&call->exchange);
    buf_release(&call->body);
    free(call);
    *call_context = NULL;
}

/* What http.h does not look at because it only matters on a wire. */
struct framing {
    struct call *call;
    struct err *err;
    enum rc rc;
    unsigned lengths;
    bool chunked;
    bool expects;
    uint64_t declared_bytes;
};

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
    struct framing *framing = context;

    (void)kind;
    value = value == NULL ? "" : value;
    framing->rc =
        http_request_add_header(&framing->call->exchange.request, name, value, framing->err);
    if (strcasecmp(name, "Content-Length") == 0) {
        framing->lengths++;
        /* The library has checked that it is a number. */
        framing->declared_bytes = strtoull(value, NULL, 10);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        framing->chunked = true;
        if (strcasecmp(value, "chunked") != 0) {
            framing->rc =
                err_set(framing->err, RC_INVALID, "request: Transfer-Encoding other than chunked");
        }
    } else if (strcasecmp(name, "Expect") == 0) {
        framing->expects = true;
    }
    return framing->rc == RC_OK ? MHD_YES : MHD_NO;
}

/* The time that the handler takes is not the client's: his begins when there is something to send,
 * and a long file may take longer. The library counts silence from the moment at which it begins to
 * count again. */
static void stop_clock(struct call *call) {
    (void)MHD_set_connection_option(call->handle, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    reaper_extend(call->server->reaper, &call->connection->line, REAPER_NEVER);
}

static void start_clock(struct call *call) {
    const struct httpd_options *options = &call->server->options;
    const struct http_response *response = &call->exchange.response;
    int64_t patience_ms = options->total_timeout_ms;

    if (response->file.is_open)
        patience_ms += (int64_t)(response->file.bytes / FILE_BYTES_PER_MS);
    (void)MHD_set_connection_option(call->handle, MHD_CONNECTION_OPTION_TIMEOUT,
                                    (options->idle_timeout_ms + 999) / 1000);
    reaper_extend(call->server->reaper, &call->connection->line, patience_ms);
}

static enum MHD_Result queue(struct call *call) {
    struct http_exchange *exchange = &call->exchange;
    struct http_response *from = &exchange->response;
    struct MHD_Response *response = NULL;
    enum MHD_Result added = MHD_YES;
    size_t size = 0;
    uint8_t *bytes = NULL;

    start_clock(call);
    if (from->file.is_open) {
        response = MHD_create_response_from_fd64(from->file.bytes, from->file.descriptor);
        from->file.is_open = response == NULL; /* else it is the library's to close */
    } else if (from->body_static.data != NULL) {
        /* The library does not write to persistent memory, it only has no const. */
        void *unconst = NULL;

        memcpy(&unconst, &from->body_static.data, sizeof(unconst));
        response = MHD_create_response_from_buffer(from->body_static.size, unconst,
                                                   MHD_RESPMEM_PERSISTENT);
    } else {
        bytes = buf_take(&from->body, &size);
        response = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    }
    if (response == NULL) {
        free(bytes);
        return MHD_NO;
    }
    if (from->content_type != NULL)
        added = MHD_add_response_header(response, "Content-Type", from->content_type);
    for (size_t i = 0; added == MHD_YES && i < from->header_count; i++)
        added = MHD_add_response_header(response, from->headers[i].name, from->headers[i].value);
    if (added == MHD_YES && call->close_after)
        added = MHD_add_response_header(response, "Connection", "close");
    if (added == MHD_YES)
        added = MHD_queue_response(call->handle, from->status, response);
    MHD_destroy_response(response);
    return added;
}

/* Framing errors and a server that stops: true when the request must not go on. */
static bool refuse_head(struct call *call, struct framing *framing, bool stopping) {
    struct http_exchange *exchange = &call->exchange;
    struct err *err = framing->err;

    if (framing->rc == RC_OK && call->target_rc != RC_OK) {
        framing->rc = call->target_rc;
        *err = call->target_err;
    }
    if (framing->rc == RC_OK &&
        (framing->lengths > 1 || (framing->lengths == 1 && framing->chunked)))
        framing->rc = err_set(err, RC_INVALID, "request: two statements about its length");
    if (framing->rc == RC_OK && stopping)
        framing->rc = err_set(err, RC_AGAIN, "server: is stopping; try again later");
    if (framing->rc == RC_OK)
        return false;
    http_response_err(&exchange->response, err);
    if (framing->rc == RC_LIMIT)
        exchange->response.status = 431;
    http_finish(call->server->table, exchange);
    return true;
}

/* The head is complete. */
static enum MHD_Result begin(struct call *call, const char *method) {
    struct httpd *server = call->server;
    struct http_exchange *exchange = &call->exchange;
    struct err err;
    struct framing framing = {.call = call, .err = &err, .rc = RC_OK};
    bool stopping = false;

    err_init(&err, LANG_EN);
    pthread_mutex_lock(&server->mutex);
    stopping = server->stopping;
    if (!stopping) {
        server->running++;
        call->counted = true;
    }
    pthread_mutex_unlock(&server->mutex);
    reaper_mark(server->reaper, &call->connection->line, true);
    exchange->request.method = method;
    (void)MHD_get_connection_values(call->handle, MHD_HEADER_KIND, on_header, &framing);
    if (refuse_head(call, &framing, stopping)) {
        call->state = CALL_REFUSED;
        call->close_after = true;
        return queue(call);
    }
    call->state = CALL_BODY;
    if (!http_match(server->table, exchange)) {
        call->state = CALL_REFUSED;
    } else if (framing.declared_bytes > exchange->route->body_cap_bytes) {
        http_refuse_body(server->table, exchange);
        call->state = CALL_REFUSED;
    } else {
        buf_init(&call->body, exchange->route->body_cap_bytes);
        /* A small one is told beforehand and never moves: whoever wipes it wipes all of it. */
        if (framing.declared_bytes > 0 && framing.declared_bytes <= SMALL_BODY_BYTES)
            (void)buf_reserve(&call->body, (size_t)framing.declared_bytes);
    }
    if (call->state == CALL_REFUSED &&
        (framing.expects || framing.declared_bytes > DRAIN_BYTES_MAX)) {
        call->close_after = true;
        return queue(call);
    }
    return MHD_YES;
}

/* A piece of the body. */
static enum MHD_Result collect(struct call *call, const char *bytes, size_t size) {
    if (call->state == CALL_BODY) {
        buf_add(&call->body, bytes, size);
        if (call->body.failed == RC_OK)
            return MHD_YES;
        if (call->body.failed == RC_LIMIT) {
            http_refuse_body(call->server->table, &call->exchange);
        } else {
            http_response_error(&call->exchange.response, 503, rc_name(RC_NO_MEMORY), "");
            http_finish(call->server->table, &call->exchange);
        }
        call->state = CALL_REFUSED;
        buf_release(&call->body);
    }
    call->drained_bytes += size;
    return call->drained_bytes > DRAIN_BYTES_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *handle, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *size, void **call_context) {
    struct call *call = *call_context;
    struct httpd *server = context;
    enum call_state state = CALL_NEW;

    (void)handle;
    (void)url;
    (void)version;
    if (call == NULL)
        return MHD_NO;                  /* there was no memory for it */
    pthread_mutex_lock(&server->mutex); /* on_complete runs in another thread */
    state = call->state;
    pthread_mutex_unlock(&server->mutex);
    if (state == CALL_NEW)
        return begin(call, method);
    if (*size > 0) {
        enum MHD_Result result = collect(call, bytes, *size);

        /* The library keeps its buffer as long as the connection; secrets are not to lie there. */
        crypt_wipe((void *)(uintptr_t)bytes, *size);
        *size = 0;
        return result;
    }
    if (state == CALL_BODY) {
        reaper_mark(server->reaper, &call->connection->line, false);
        call->exchange.request.body = buf_view(&call->body);
        stop_clock(call);
        if (!http_run(server->table, &call->exchange))
            return MHD_YES; /* on_defer has suspended the connection */
        state = CALL_READY;
        call->state = CALL_READY;
    }
    return state == CALL_WAITING ? MHD_YES : queue(call);
}

/* ---- start and stop ------------------------------------------------------------------------ */

static enum rc listen_fail(const struct httpd_options *options, int error, struct err *err) {
    if (error == EADDRINUSE) {
        return err_set(err, RC_NETWORK, "%s port %u: in use already; choose another port",
                       options->host, (unsigned)options->port);
    }
    err_set(err, RC_NETWORK, "%s port %u: cannot listen there; choose another address or port",
            options->host, (unsigned)options->port);
    return err_detail(err, "%s", strerror(error));
}

/* Opens the listening socket ourselves: the library's own way has no room for a reason why not. */
static enum rc open_listener(struct httpd *server, struct err *err) {
    const struct httpd_options *options = &server->options;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *address = NULL;
    struct sockaddr_storage bound = {0};
    socklen_t bound_size = sizeof(bound);
    char service[8];
    enum rc rc = RC_OK;
    int on = 1;
    int off = 0;

    (void)snprintf(service, sizeof(service), "%u", (unsigned)options->port);
    if (getaddrinfo(options->host, service, &hints, &address) != 0)
        return err_set(err, RC_INVALID, "listen address %s: not a numeric address", options->host);
    server->listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0 ||
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (address->ai_family == AF_INET6 &&
         setsockopt(server->listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(server->listener, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(server->listener, BACKLOG) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&bound, &bound_size) != 0)
        rc = listen_fail(options, errno, err);
    else if (bound.ss_family == AF_INET6)
        server->port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
    else
        server->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
    freeaddrinfo(address);
    return rc;
}

static enum rc start_daemon(struct httpd *server, struct err *err) {
    const struct httpd_options *options = &server->options;
    bool tls = server->certificate != NULL;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_SUPPRESS_DATE_NO_CLOCK | (tls ? MHD_USE_TLS : 0u);
    struct MHD_OptionItem more[8];
    size_t count = 0;
    struct stat before;
    struct stat after;

    if (fstat(server->listener, &before) != 0)
        return listen_fail(options, errno, err);
    if (tls) {
        more[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate};
        more[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, server->key};
        more[count++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES};
    }
    if (options->threads > 1) {
        more[count++] =
            (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL};
    }
    if (options->connections_per_ip_max > 0) {
        more[count++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                                (intptr_t)options->connections_per_ip_max, NULL};
    }
    more[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, server, MHD_OPTION_LISTEN_SOCKET, server->listener,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory_bytes,
        MHD_OPTION_CONNECTION_TIMEOUT, (options->idle_timeout_ms + 999) / 1000,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
    if (server->daemon == NULL) {
        /* How far the library came decides whether it has closed our socket; and its number may
         * belong to somebody else by now. */
        if (fstat(server->listener, &after) != 0 || after.st_ino != before.st_ino ||
            after.st_dev != before.st_dev)
            server->listener = -1;
        return err_set(err, RC_INVALID,
                       "HTTP server: does not start; check the TLS certificate and its key");
    }
    return RC_OK;
}

static enum rc check_options(const struct httpd_options *options, struct err *err) {
    if (options->threads < 1 || options->threads > 64 ||
        options->connections_max < options->threads || options->connection_memory_bytes < 4096 ||
        options->response_max_bytes < 4096 || options->idle_timeout_ms < 1 ||
        options->total_timeout_ms < 1)
        return err_set(err, RC_INVALID, "HTTP server: an option is out of its range");
    if ((options->certificate_pem == NULL) != (options->key_pem == NULL))
        return err_set(err, RC_INVALID, "HTTP server: a TLS certificate needs its key");
    return RC_OK;
}

static void release(struct httpd *server) {
    reaper_stop(server->reaper);
    if (server->listener >= 0)
        (void)close(server->listener);
    if (server->key != NULL)
        explicit_bzero(server->key, strlen(server->key));
    free(server->key);
    free(server->certificate);
    (void)pthread_cond_destroy(&server->idle);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

enum rc httpd_start(const struct httpd_options *options, const struct http_table *table,
                    struct httpd **out_server, struct err *err) {
    struct httpd *server = NULL;
    enum rc rc = check_options(options, err);

    *out_server = NULL;
    if (rc != RC_OK)
        return rc;
    server = calloc(1, sizeof(*server));
    if (server == NULL || pthread_mutex_init(&server->mutex, NULL) != 0) {
        free(server);
        return err_set(err, RC_NO_MEMORY, "HTTP server: out of memory");
    }
    (void)pthread_cond_init(&server->idle, NULL); /* cannot fail without attributes on Linux */
    server->table = table;
    server->options = *options;
    server->listener = -1;
    if (options->certificate_pem != NULL) {
        server->certificate = strdup(options->certificate_pem);
        server->key = strdup(options->key_pem);
    }
    server->options.certificate_pem = NULL;
    server->options.key_pem = NULL;
    if (options->certificate_pem != NULL && (server->certificate == NULL || server->key == NULL)) {
        rc = err_set(err, RC_NO_MEMORY, "HTTP server: out of memory");
        goto out;
    }
    rc = open_listener(server, err);
    if (rc != RC_OK)
        goto out;
    rc = reaper_start(&server->reaper, err);
    if (rc != RC_OK)
        goto out;
    rc = start_daemon(server, err);
out:
    if (rc != RC_OK) {
        release(server);
        return rc;
    }
    *out_server = server;
    return RC_OK;
}

uint16_t httpd_port(const struct httpd *server) {
    return server->port;
}

void httpd_stop(struct httpd *server) {
    if (server == NULL)
        return;
    /* Not MHD_quiesce_daemon: in 0.9.75 it races with its own threads over the listening socket and
     * may end the process. New requests get their 503 until the end, and are not waited for. */
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    pthread_mutex_unlock(&server->mutex);
    reaper_cut_unfinished(server->reaper);
    pthread_mutex_lock(&server->mutex);
    while (server->running > 0)
        (void)pthread_cond_wait(&server->idle, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
    server->listener = -1; /* the library closes it */
    MHD_stop_daemon(server->daemon);
    release(server);
}
