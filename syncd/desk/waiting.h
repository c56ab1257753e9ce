/* waiting.h: what reached the county before what its author wrote in front of it. It waits, sealed,
 * until that comes; where the author's tablet is lost, that may be never, and only staff can look
 * for it: on another tablet that carries it, or on a stick. */
#ifndef YG_SYNCD_DESK_WAITING_H
#define YG_SYNCD_DESK_WAITING_H

#include "syncd/desk/desk.h"

struct waiting { /* of one actor */
    uint64_t actor;
    uint64_t device;               /* 0: nobody can tell */
    uint64_t lacks_from, lacks_to; /* in front of the first of them */
    uint64_t batches, changes;
    int64_t since_ms;
};

/* By actor. Opens one batch of each, to see whose it is: also the county may have heard nothing
 * else of that actor. */
enum rc waiting_each(struct seat *seat,
                     enum rc (*visit)(void *context, const struct waiting *waiting,
                                      struct err *err),
                     void *context, struct err *err);

#endif
