/* gate.h: who may come in when everybody comes at once. Exchanges that bring nothing always pass:
 * they cost a few reads, and somebody waits for them. Of those that bring batches only so many are
 * inside at a time, large ones fewer than small ones and only so many bytes of them; the others are
 * asked to come back, each after another while, so that they do not come together again.
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
};

struct gate_pass { /* of one request */
    bool counted, is_large;
    size_t bytes;
};

void gate_init(struct gate *gate, uint32_t small_max, uint32_t large_max, size_t bytes_max);
/* body: of POST /v1/sync. False: come back later; there is nothing to leave then. gate may be NULL:
 * everybody passes. */
bool gate_enter(struct gate *gate, struct view body, struct gate_pass *pass);
void gate_leave(struct gate *gate, const struct gate_pass *pass);
/* After how many seconds to come back: another number each time. */
unsigned gate_retry_s(const struct env *env);

#endif
