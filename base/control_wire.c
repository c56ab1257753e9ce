/* control_wire.c: see control_wire.h.
 *
 * A socket address holds 108 bytes of path. A longer path is reached through the descriptor of its
 * directory: /proc/self/fd/N/name. */
#include "base/control_wire.h"

#include "base/env.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- bytes on a socket --------------------------------------------------------------------- */

bool control_send_all(int descriptor, const void *data, size_t size) {
    const uint8_t *at = data;

    while (size > 0) {
        ssize_t sent = send(descriptor, at, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool control_receive_all(int descriptor, void *data, size_t size, int64_t deadline_ms) {
    uint8_t *at = data;

    while (size > 0) {
        struct pollfd wait = {.fd = descriptor, .events = POLLIN};
        int timeout = -1;
        int ready = 0;
        ssize_t got = 0;

        if (deadline_ms >= 0) {
            int64_t left = deadline_ms - env_monotonic_ms(env_system());

            if (left <= 0)
                return false;
            timeout = left > 3600000 ? 3600000 : (int)left;
        }
        ready = poll(&wait, 1, timeout);
        if (ready <= 0) {
            if (ready < 0 && errno != EINTR)
                return false;
            continue;
        }
        got = recv(descriptor, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

void control_put_be32(uint8_t out[4], size_t value) {
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

size_t control_get_be32(const uint8_t in[4]) {
    return (size_t)in[0] << 24 | (size_t)in[1] << 16 | (size_t)in[2] << 8 | (size_t)in[3];
}

/* ---- addresses ----------------------------------------------------------------------------- */

enum rc control_make_address(const char *path, struct sockaddr_un *address, int *directory,
                             struct err *err) {
    const char *slash = strrchr(path, '/');
    size_t size = strlen(path);
    char *folder = NULL;
    int written = 0;

    *directory = -1;
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (size < sizeof(address->sun_path)) {
        memcpy(address->sun_path, path, size + 1);
        return RC_OK;
    }
    if (slash == NULL)
        return err_set(err, RC_INVALID, "%s: the name is too long for a socket", path);
    folder = strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", path);
    *directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (*directory < 0) {
        enum rc rc = errno == ENOENT || errno == ENOTDIR ? RC_NOT_FOUND : RC_IO;

        err_set(err, rc, "%s: its folder cannot be opened", path);
        return err_detail(err, "%s", strerror(errno));
    }
    written = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
                       *directory, slash + 1);
    if (written < 0 || (size_t)written >= sizeof(address->sun_path)) {
        (void)close(*directory);
        *directory = -1;
        return err_set(err, RC_INVALID, "%s: the name is too long for a socket", path);
    }
    return RC_OK;
}

void control_close_if_open(int descriptor) {
    if (descriptor >= 0)
        (void)close(descriptor);
}

enum rc control_dial(const char *path, int *out_descriptor, struct err *err) {
    struct sockaddr_un address;
    int directory = -1;
    int descriptor = -1;
    enum rc rc = control_make_address(path, &address, &directory, err);

    *out_descriptor = -1;
    if (rc != RC_OK)
        return rc;
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        rc = err_set(err, RC_NO_MEMORY, "%s: no more sockets", path);
    } else if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = errno;

        if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR) {
            rc = err_set(err, RC_NOT_FOUND, "%s: no service is running there", path);
        } else if (error == EACCES || error == EPERM) {
            rc = err_set(err, RC_DENIED, "%s: the service belongs to another user", path);
        } else {
            err_set(err, RC_NETWORK, "%s: the service cannot be reached", path);
            rc = err_detail(err, "%s", strerror(error));
        }
    }
    control_close_if_open(directory);
    if (rc != RC_OK) {
        control_close_if_open(descriptor);
        return rc;
    }
    *out_descriptor = descriptor;
    return RC_OK;
}

bool control_peer_user(int descriptor, uid_t *user) {
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    *user = peer.uid;
    return true;
}
