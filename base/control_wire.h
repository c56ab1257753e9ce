/* control_wire.h: what both ends of control.h share; for control.c and control_client.c only. */
#ifndef YG_BASE_CONTROL_WIRE_H
#define YG_BASE_CONTROL_WIRE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#define CONTROL_MAGIC            "YGC1"
#define CONTROL_HEAD_BYTES       8u /* magic and length */
#define CONTROL_PIECE_HEAD_BYTES 5u /* kind and length */
#define CONTROL_KIND_END         3u
#define CONTROL_FLAG_TERMINAL    1u
#define CONTROL_FLAG_SECRET      2u

/* All of it, or false. Never raises a signal. */
bool control_send_all(int descriptor, const void *data, size_t size);

/* All of it before the deadline (ms of the monotonic clock; negative: none), or false. */
bool control_receive_all(int descriptor, void *data, size_t size, int64_t deadline_ms);

void control_put_be32(uint8_t out[4], size_t value);
size_t control_get_be32(const uint8_t in[4]);

/* Fills the address for path. *directory is -1 or a descriptor that must stay open until bind or
 * connect is done. */
enum rc control_make_address(const char *path, struct sockaddr_un *address, int *directory,
                             struct err *err);

void control_close_if_open(int descriptor);

/* Connects. RC_NOT_FOUND: there is no socket, or nobody listens at it any more. */
enum rc control_dial(const char *path, int *descriptor, struct err *err);

/* Who is at the other end, as the kernel says. False: it does not say. */
bool control_peer_user(int descriptor, uid_t *user);

#endif
