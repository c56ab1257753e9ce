/* control.c: the service's end of control.h, which also gives the format on the wire.
 *
 * The server is a few threads that all wait on the listening socket; each serves one connection
 * from accept to close, so that a long import does not keep `status` waiting. An eventfd that
 * becomes readable at stop, and is never read, wakes them all. */
#include "base/control.h"

#include "base/control_wire.h"
#include "base/env.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG        64
#define SEND_TIMEOUT_S 60 /* a command that does not take its output for so long is gone */

struct control_reply {
    int descriptor;
    bool broken; /* the command has gone away */
};

struct control_server {
    control_handler *handler;
    void *context;
    char *path;
    int listener;
    int stop; /* eventfd */
    size_t thread_count;
    pthread_t threads[CONTROL_THREADS];
};

enum rc control_reply_write(struct control_reply *reply, enum control_stream stream,
                            struct view bytes, struct err *err) {
    while (bytes.size > 0 && !reply->broken) {
        uint8_t head[CONTROL_PIECE_HEAD_BYTES];
        size_t piece = bytes.size < CONTROL_PIECE_BYTES_MAX ? bytes.size : CONTROL_PIECE_BYTES_MAX;

        head[0] = (uint8_t)stream;
        control_put_be32(head + 1, piece);
        reply->broken = !control_send_all(reply->descriptor, head, sizeof(head)) ||
                        !control_send_all(reply->descriptor, bytes.data, piece);
        bytes = view_slice(bytes, piece, bytes.size - piece);
    }
    if (reply->broken)
        return err_set(err, RC_NETWORK, "control socket: the command has gone away");
    return RC_OK;
}

/* Walks over the strings of a request. */
struct parser {
    uint8_t *data;
    size_t size;
    size_t at;
    bool failed;
};

static struct view take(struct parser *parser) {
    struct view view = {0};

    if (parser->failed || parser->size - parser->at < 4) {
        parser->failed = true;
        return view;
    }
    view.size = control_get_be32(parser->data + parser->at);
    parser->at += 4;
    if (view.size > parser->size - parser->at) {
        parser->failed = true;
        return (struct view){0};
    }
    view.data = parser->data + parser->at;
    parser->at += view.size;
    return view;
}

/* The same as a terminated text. The four bytes of the length have been read, so the text moves
 * one byte down and makes room for its terminator. */
static const char *take_text(struct parser *parser) {
    struct view view = take(parser);
    char *text = NULL;

    if (parser->failed || (view.size > 0 && memchr(view.data, 0, view.size) != NULL)) {
        parser->failed = true;
        return "";
    }
    text = (char *)parser->data + (parser->at - view.size) - 1;
    memmove(text, text + 1, view.size);
    text[view.size] = '\0';
    return text;
}

/* Reads the body of a request; everything points into the body. */
static bool parse_request(uint8_t *body, size_t size, struct control_request *request) {
    struct parser parser = {.data = body, .size = size, .at = 4};
    const char *secret = NULL;
    size_t count = 0;

    memset(request, 0, sizeof(*request));
    if (size < 4)
        return false;
    count = (size_t)body[2] << 8 | body[3];
    if ((body[0] & ~(CONTROL_FLAG_TERMINAL | CONTROL_FLAG_SECRET)) != 0 || body[1] > LANG_ZH ||
        count > CONTROL_ARGUMENTS_MAX)
        return false;
    request->is_terminal = (body[0] & CONTROL_FLAG_TERMINAL) != 0;
    request->lang = body[1] == LANG_ZH ? LANG_ZH : LANG_EN;
    request->argument_count = count;
    for (size_t i = 0; i < count; i++)
        request->arguments[i] = take_text(&parser);
    request->directory = take_text(&parser);
    secret = take_text(&parser);
    request->secret = (body[0] & CONTROL_FLAG_SECRET) != 0 ? secret : NULL;
    request->input = take(&parser);
    return !parser.failed && parser.at == parser.size;
}

/* One command, from its first byte to its exit status. */
static void serve(struct control_server *server, int descriptor) {
    struct control_request request;
    struct control_reply reply = {.descriptor = descriptor};
    struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
    int64_t deadline_ms = env_monotonic_ms(env_system()) + CONTROL_REQUEST_TIMEOUT_MS;
    uint8_t head[CONTROL_HEAD_BYTES];
    uint8_t end[CONTROL_PIECE_HEAD_BYTES + 1] = {CONTROL_KIND_END, 0, 0, 0, 1, 0};
    uint8_t *body = NULL;
    size_t size = 0;
    uid_t user = 0;

    if (!control_peer_user(descriptor, &user) || (user != geteuid() && user != 0) ||
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        !control_receive_all(descriptor, head, sizeof(head), deadline_ms) ||
        memcmp(head, CONTROL_MAGIC, 4) != 0)
        return;
    size = control_get_be32(head + 4);
    if (size > CONTROL_REQUEST_BYTES_MAX)
        return;
    body = malloc(size == 0 ? 1 : size);
    if (body == NULL)
        return;
    if (control_receive_all(descriptor, body, size, deadline_ms) &&
        parse_request(body, size, &request)) {
        end[CONTROL_PIECE_HEAD_BYTES] = (uint8_t)server->handler(server->context, &request, &reply);
        if (!reply.broken) {
            (void)control_send_all(descriptor, end,
                                   sizeof(end)); /* the command will see that it is gone */
        }
    }
    explicit_bzero(body, size);
    free(body);
}

static void *work(void *context) {
    struct control_server *server = context;
    struct pollfd wait[2] = {{.fd = server->stop, .events = POLLIN},
                             {.fd = server->listener, .events = POLLIN}};

    for (;;) {
        int descriptor = -1;

        if (poll(wait, 2, -1) < 0)
            continue; /* EINTR */
        if (wait[0].revents != 0)
            return NULL;
        /* Another thread may have taken it: the listener does not block. */
        descriptor = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor >= 0) {
            serve(server, descriptor);
            (void)close(descriptor);
        }
    }
}

/* Makes the listening socket at path, or replaces a dead one. */
static enum rc open_listener(struct control_server *server, struct err *err) {
    struct sockaddr_un address;
    struct stat found;
    const char *path = server->path;
    int directory = -1;
    int other = -1;
    enum rc rc = control_dial(path, &other, err);

    control_close_if_open(other);
    if (rc == RC_OK)
        return err_set(err, RC_LOCKED, "%s: another process serves there; stop it first", path);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    if (lstat(path, &found) == 0) {
        if (!S_ISSOCK(found.st_mode)) {
            return err_set(err, RC_CONFLICT, "%s: a file that is not ours is in the way; move it",
                           path);
        }
        (void)unlink(path); /* if it does not go, bind says so */
    }
    rc = control_make_address(path, &address, &directory, err);
    if (rc != RC_OK)
        return rc;
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode of the socket before bind becomes the mode of its file, so that there is no moment
     * in which others could connect. */
    if (server->listener < 0 || fchmod(server->listener, 0600) != 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listener, BACKLOG) != 0) {
        int error = errno;

        err_set(err, RC_IO, "%s: cannot listen there; check that the folder can be written", path);
        rc = err_detail(err, "%s", strerror(error));
    } else if (lstat(path, &found) != 0 || (found.st_mode & 077) != 0) {
        rc = err_set(err, RC_IO, "%s: the socket would be open to other users", path);
    }
    control_close_if_open(directory);
    return rc;
}

/* Ends and frees what there is. */
static void shut(struct control_server *server, bool remove_file) {
    uint64_t one = 1;

    if (server->stop >= 0)
        (void)!write(server->stop, &one, sizeof(one)); /* a fresh counter takes it */
    for (size_t i = 0; i < server->thread_count; i++)
        (void)pthread_join(server->threads[i], NULL);
    if (remove_file)
        (void)unlink(server->path); /* if it stays, the next start replaces it */
    control_close_if_open(server->listener);
    control_close_if_open(server->stop);
    free(server->path);
    free(server);
}

enum rc control_listen(const char *path, control_handler *handler, void *context,
                       struct control_server **out_server, struct err *err) {
    struct control_server *server = calloc(1, sizeof(*server));
    enum rc rc = RC_OK;

    *out_server = NULL;
    if (server == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", path);
    server->handler = handler;
    server->context = context;
    server->listener = -1;
    server->path = strdup(path);
    server->stop = eventfd(0, EFD_CLOEXEC);
    if (server->path == NULL || server->stop < 0) {
        rc = err_set(err, RC_NO_MEMORY, "%s: out of memory", path);
        goto out;
    }
    rc = open_listener(server, err);
    while (rc == RC_OK && server->thread_count < CONTROL_THREADS)
        if (pthread_create(&server->threads[server->thread_count], NULL, work, server) != 0)
            rc = err_set(err, RC_NO_MEMORY, "%s: no more threads", path);
        else
            server->thread_count++;
out:
    if (rc != RC_OK) {
        shut(server, server->thread_count > 0);
        return rc;
    }
    *out_server = server;
    return RC_OK;
}

void control_stop(struct control_server *server) {
    if (server != NULL)
        shut(server, true);
}
