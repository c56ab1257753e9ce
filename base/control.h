/* control.h: how a command speaks to the service that owns the data.
 *
 * One process owns the files of a data directory. While it runs, it listens on a Unix socket in
 * that directory; a command that finds somebody listening hands over its words and prints what
 * comes back, so that every command works with the service up or down.
 *
 * On the wire, all integers big-endian: the client sends "YGC1" and the 32-bit length of what
 * follows, then: flags (1 byte), language (1 byte), argument count (16 bits), and then each
 * argument, the working directory, the secret and the standard input as 32-bit length and bytes.
 * The server answers with pieces: kind (1 byte: 1 stdout, 2 stderr, 3 end), 32-bit length, bytes;
 * the bytes of the end are one byte, the exit status. Then both close.
 *
 * The socket has mode 0600, and each side asks the kernel who the other is: the server serves its
 * own user and root; the client hands its secret only to its own user or root, or to anybody when
 * it is root itself. */
#ifndef YG_BASE_CONTROL_H
#define YG_BASE_CONTROL_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_ARGUMENTS_MAX      256
#define CONTROL_REQUEST_BYTES_MAX  (64u * 1024 * 1024) /* all of it, standard input included */
#define CONTROL_PIECE_BYTES_MAX    (64u * 1024)
#define CONTROL_REQUEST_TIMEOUT_MS 10000 /* for the whole request to come in */
#define CONTROL_THREADS            4     /* that many commands at a time; others wait */

struct control_request {
    size_t argument_count;
    const char *arguments[CONTROL_ARGUMENTS_MAX]; /* without the program's name */
    const char *directory;                        /* working directory of the command, absolute */
    enum lang lang;
    bool is_terminal;   /* stderr of the command is a terminal: show progress */
    const char *secret; /* passphrase; NULL when none was given */
    struct view input;  /* standard input, when the command reads it; else empty */
};

enum control_stream { CONTROL_STDOUT = 1, CONTROL_STDERR = 2 };

struct control_reply;
struct control_server;

/* Sends a piece of output to the waiting command, of any size. RC_NETWORK: the command has gone
 * away; a handler may stop then, or finish what it does. */
enum rc control_reply_write(struct control_reply *reply, enum control_stream stream,
                            struct view bytes, struct err *err);

/* Runs a command and returns its exit status (0 to 255). The request and its bytes are valid until
 * it returns and are wiped then. Called in threads of the server, several at a time. */
typedef int control_handler(void *context, const struct control_request *request,
                            struct control_reply *reply);

/* Listens on path. A socket file at which nobody listens any more is replaced; RC_LOCKED when
 * somebody listens. Call it only after the data has been locked or opened as owner, so that two
 * starters cannot race. Paths may be longer than a socket address holds. */
enum rc control_listen(const char *path, control_handler *handler, void *context,
                       struct control_server **server, struct err *err);

/* Takes no new command, waits for those that run, removes the socket file, frees. NULL is
 * allowed. */
void control_stop(struct control_server *server);

/* Receives pieces of output in the client. An error ends the call and is returned by it. */
typedef enum rc control_sink(void *context, enum control_stream stream, struct view bytes,
                             struct err *err);

/* Runs a command in the service. RC_OK: it has run, *exit_status is its status. RC_NOT_FOUND:
 * nobody listens there, run the command here. RC_DENIED: the service belongs to somebody else.
 * RC_NETWORK: the service went away in the middle; what it had done is done. RC_LIMIT: too many
 * arguments or too much input. The caller wipes its own copy of the secret. */
enum rc control_call(const char *path, const struct control_request *request, control_sink *sink,
                     void *context, int *exit_status, struct err *err);

/* A sink that writes to the file descriptors 1 and 2 of the process; context is not used. */
enum rc control_sink_standard(void *context, enum control_stream stream, struct view bytes,
                              struct err *err);

#endif
