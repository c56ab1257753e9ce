/* gpsd.c: see gpsd.h. We ask gpsd to watch in JSON and read lines until a report (class TPV) has a
 * fix of two dimensions or more. Numbers stay the text that they were: nothing is rounded. */
#include "base/gpsd.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_MAX (256u * 1024u) /* of one conversation; satellites are listed, too */
#define LINE_MAX  (32u * 1024u)

struct talk {
    int descriptor;
    const struct env *env;
    int64_t until_ms;
    size_t bytes; /* received so far */
    struct buf line;
};

static enum rc no_gpsd(uint16_t port, struct err *err) {
    return err_set(err, RC_NETWORK, "gpsd: does not answer on 127.0.0.1:%u; is it running?", port);
}

/* Whether the socket is ready before the time is up. */
static bool await(const struct talk *talk, short events) {
    for (;;) {
        struct pollfd waiting = {.fd = talk->descriptor, .events = events};
        int64_t left_ms = talk->until_ms - env_monotonic_ms(talk->env);
        int ready;

        if (left_ms <= 0)
            return false;
        ready = poll(&waiting, 1, (int)left_ms);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static bool reach(struct talk *talk, uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof(int);
    int trouble = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    talk->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (talk->descriptor < 0)
        return false;
    if (connect(talk->descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    return errno == EINPROGRESS && await(talk, POLLOUT) &&
           getsockopt(talk->descriptor, SOL_SOCKET, SO_ERROR, &trouble, &size) == 0 && trouble == 0;
}

static bool ask(const struct talk *talk) {
    static const char watch[] = "?WATCH={\"enable\":true,\"json\":true};\n";

    return send(talk->descriptor, watch, sizeof(watch) - 1, MSG_NOSIGNAL) ==
           (ssize_t)(sizeof(watch) - 1);
}

/* A plain number, as it may stand in an answer: no exponent. */
static bool take_number(const struct json *item, char out[GPSD_NUMBER_BYTES]) {
    struct view text = json_number_text(item);

    out[0] = '\0';
    if (text.data == NULL || text.size == 0 || text.size >= GPSD_NUMBER_BYTES)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (strchr("0123456789.-", text.data[i]) == NULL)
            return false;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

static void take_accuracy(const struct json *report, struct gpsd_fix *out) {
    char other[GPSD_NUMBER_BYTES];
    struct decimal east, north;

    if (take_number(json_get(report, "eph"), out->accuracy))
        return;
    if (!take_number(json_get(report, "epx"), out->accuracy) ||
        !take_number(json_get(report, "epy"), other)) {
        out->accuracy[0] = '\0';
        return;
    }
    if (decimal_parse(view_text(out->accuracy), &east) && decimal_parse(view_text(other), &north) &&
        decimal_compare(east, north) < 0)
        memcpy(out->accuracy, other, sizeof(other));
}

/* Whether the line is a report with a fix. */
static bool take_line(struct view line, struct gpsd_fix *out) {
    struct json_limits limits = {.bytes = LINE_MAX, .depth = 8};
    struct json *report = NULL;
    struct err ignored;
    int64_t mode = 0;
    bool found = false;

    err_init(&ignored, LANG_EN);
    if (json_parse(line, limits, &report, &ignored) != RC_OK)
        return false;
    if (strcmp(json_text_or(json_get(report, "class"), ""), "TPV") == 0 &&
        json_int(json_get(report, "mode"), &mode) && mode >= 2) {
        *out = (struct gpsd_fix){.latitude = ""};
        found = take_number(json_get(report, "lat"), out->latitude) &&
                take_number(json_get(report, "lon"), out->longitude);
        if (!take_number(json_get(report, "altHAE"), out->altitude))
            (void)take_number(json_get(report, "alt"), out->altitude);
        take_accuracy(report, out);
    }
    json_free(report);
    return found;
}

/* Reads what there is; false at its end. Sets *found when a line had a fix. */
static bool read_some(struct talk *talk, struct gpsd_fix *out, bool *found) {
    uint8_t piece[4096];
    ssize_t got = recv(talk->descriptor, piece, sizeof(piece), 0);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    talk->bytes += (size_t)got;
    if (got == 0 || talk->bytes > BYTES_MAX)
        return false;
    for (ssize_t i = 0; i < got && !*found; i++) {
        if (piece[i] == '\n') {
            *found = talk->line.size > 0 && talk->line.failed == RC_OK &&
                     take_line(buf_view(&talk->line), out);
            buf_clear(&talk->line);
        } else {
            buf_add_u8(&talk->line, piece[i]);
        }
    }
    return true;
}

enum rc gpsd_ask(uint16_t port, const struct env *env, int64_t wait_ms, struct gpsd_fix *out,
                 struct err *err) {
    struct talk talk = {.env = env, .until_ms = env_monotonic_ms(env) + wait_ms};
    bool found = false;
    enum rc rc = RC_OK;

    *out = (struct gpsd_fix){.latitude = ""};
    buf_init(&talk.line, LINE_MAX);
    if (!reach(&talk, port) || !ask(&talk))
        rc = no_gpsd(port, err);
    while (rc == RC_OK && !found && await(&talk, POLLIN) && read_some(&talk, out, &found))
        continue;
    if (rc == RC_OK && !found)
        rc = talk.bytes == 0 ? no_gpsd(port, err)
                             : err_set(err, RC_NOT_FOUND,
                                       "position: the receiver does not know yet where it is; go "
                                       "into the open and try again");
    if (talk.descriptor >= 0)
        close(talk.descriptor);
    buf_release(&talk.line);
    return rc;
}
