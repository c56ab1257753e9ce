/* gate.h: who may come in when everybody comes at once. Exchanges that bring nothing always pass:
 * they cost a few reads, and somebody waits for them. Of those that bring batches only so many are
 * inside at a time, large ones fewer than small ones and only so many bytes of them.
 *
 * The others are given places in a line that has no memory of them: the gate measures how many it
 * serves in a second, and tells each who is sent away to come when those before him will have been
 * served. So a short crowd waits a second and a long one as long as it must, nobody comes together
 * with all the others, and whoever came first is asked to come first.
 *
 * May be used by many threads at once. */
#ifndef YG_SYNCD_SYNC_GATE_H
#define YG_SYNCD_SYNC_GATE_H

#include "base/buf.h"
#include "base/env.h"

#include <stdatomic.h>
#include <stdbool.h>

#define GATE_SMALL_BYTES (64u * 1024u) /* a day's work */

struct gate {
    uint32_t small_max, large_max; /* requests inside; the large ones count among the small, too */
    size_t bytes_max;              /* of large requests inside */
    atomic_uint inside, large;
    atomic_size_t bytes;
    /* The line; times are monotonic milliseconds. */
    atomic_uint served;        /* since the measuring began */
    atomic_llong measuring_ms; /* when it began */
    atomic_uint rate;          /* served in a second, as last measured */
    atomic_llong line_us;      /* the place of who was last sent away: a moment, in microseconds */
};

struct gate_pass { /* of one request */
    bool counted, is_large, refused;
    size_t bytes;
};

void gate_init(struct gate *gate, uint32_t small_max, uint32_t large_max, size_t bytes_max);
/* body: of POST /v1/sync. False: come back later; there is nothing to leave then. gate may be NULL:
 * everybody passes. */
bool gate_enter(struct gate *gate, struct view body, struct gate_pass *pass);
void gate_leave(struct gate *gate, const struct gate_pass *pass);
/* After how many seconds to come back, 1 to GATE_RETRY_MAX_S, for one who was sent away. */
#define GATE_RETRY_MAX_S 60u
unsigned gate_retry_s(struct gate *gate, const struct env *env);

#endif
