/* control_client.c: the command's end of control.h. */
#include "base/control.h"

#include "base/control_wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void add_sized(struct buf *out, struct view bytes) {
    uint8_t size[4];

    control_put_be32(size, bytes.size);
    buf_add(out, size, sizeof(size));
    buf_add_view(out, bytes);
}

/* What encode_request will add. */
static size_t encoded_bytes(const struct control_request *request) {
    size_t size = CONTROL_HEAD_BYTES + 4 + 4 * (request->argument_count + 3);

    for (size_t i = 0; i < request->argument_count; i++)
        size += strlen(request->arguments[i]);
    return size + strlen(request->directory) + view_text(request->secret).size +
           request->input.size;
}

static void encode_request(const struct control_request *request, struct buf *out) {
    size_t length = 0;

    buf_add(out, CONTROL_MAGIC "\0\0\0\0", CONTROL_HEAD_BYTES);
    buf_add_u8(out, (uint8_t)((request->is_terminal ? CONTROL_FLAG_TERMINAL : 0u) |
                              (request->secret != NULL ? CONTROL_FLAG_SECRET : 0u)));
    buf_add_u8(out, (uint8_t)request->lang);
    buf_add_u8(out, (uint8_t)(request->argument_count >> 8));
    buf_add_u8(out, (uint8_t)request->argument_count);
    for (size_t i = 0; i < request->argument_count; i++)
        add_sized(out, view_text(request->arguments[i]));
    add_sized(out, view_text(request->directory));
    add_sized(out, view_text(request->secret));
    add_sized(out, request->input);
    if (out->failed == RC_OK) {
        length = out->size - CONTROL_HEAD_BYTES;
        control_put_be32(out->data + 4, length);
    }
}

static enum rc receive_pieces(int descriptor, control_sink *sink, void *context, int *exit_status,
                              struct err *err) {
    uint8_t *piece = malloc(CONTROL_PIECE_BYTES_MAX);
    enum rc rc = RC_OK;

    if (piece == NULL)
        return err_set(err, RC_NO_MEMORY, "control socket: out of memory");
    for (;;) {
        uint8_t head[CONTROL_PIECE_HEAD_BYTES];
        size_t size = 0;

        if (!control_receive_all(descriptor, head, sizeof(head), -1))
            break;
        size = control_get_be32(head + 1);
        if (head[0] < CONTROL_STDOUT || head[0] > CONTROL_KIND_END ||
            size > CONTROL_PIECE_BYTES_MAX || (head[0] == CONTROL_KIND_END && size != 1) ||
            !control_receive_all(descriptor, piece, size, -1))
            break;
        if (head[0] == CONTROL_KIND_END) {
            *exit_status = piece[0];
            goto out;
        }
        rc = sink(context, head[0] == CONTROL_STDOUT ? CONTROL_STDOUT : CONTROL_STDERR,
                  view_of(piece, size), err);
        if (rc != RC_OK)
            goto out;
    }
    rc = err_set(err, RC_NETWORK,
                 "control socket: the service went away before the command ended; look at its log");
out:
    free(piece);
    return rc;
}

enum rc control_call(const char *path, const struct control_request *request, control_sink *sink,
                     void *context, int *exit_status, struct err *err) {
    struct buf bytes;
    uid_t user = 0;
    int descriptor = -1;
    enum rc rc = RC_OK;

    buf_init(&bytes, CONTROL_REQUEST_BYTES_MAX + CONTROL_HEAD_BYTES);
    if (request->argument_count > CONTROL_ARGUMENTS_MAX)
        return err_set(err, RC_LIMIT, "command: more than %d arguments", CONTROL_ARGUMENTS_MAX);
    rc = control_dial(path, &descriptor, err);
    if (rc != RC_OK)
        return rc;
    if (!control_peer_user(descriptor, &user) ||
        (user != geteuid() && user != 0 && geteuid() != 0)) {
        rc = err_set(err, RC_DENIED, "%s: the service belongs to another user", path);
        goto out;
    }
    /* All the room at once: growing would leave copies of the secret behind in the heap. */
    (void)buf_reserve(&bytes, encoded_bytes(request));
    encode_request(request, &bytes);
    rc = buf_check(&bytes, "command with its input", err);
    if (rc != RC_OK)
        goto out;
    if (!control_send_all(descriptor, bytes.data, bytes.size)) {
        rc = err_set(err, RC_NETWORK, "%s: the service refuses to listen; try again", path);
        goto out;
    }
    rc = receive_pieces(descriptor, sink, context, exit_status, err);
out:
    if (bytes.data != NULL)
        explicit_bzero(bytes.data, bytes.capacity);
    buf_release(&bytes);
    control_close_if_open(descriptor);
    return rc;
}

enum rc control_sink_standard(void *context, enum control_stream stream, struct view bytes,
                              struct err *err) {
    int descriptor = stream == CONTROL_STDOUT ? STDOUT_FILENO : STDERR_FILENO;

    (void)context;
    while (bytes.size > 0) {
        ssize_t written = write(descriptor, bytes.data, bytes.size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return err_set(err, RC_IO, "output: cannot be written");
        bytes = view_slice(bytes, (size_t)written, bytes.size - (size_t)written);
    }
    return RC_OK;
}
