/* gate.c: see gate.h. Counting first and looking afterwards needs no lock; at the edge two that
 * meet may both be sent away, which does no harm. */
#include "syncd/sync/gate.h"

#include "schema/wire/exchange.h"

#define RETRY_LEAST_S  3u
#define RETRY_SPREAD_S 28u

void gate_init(struct gate *gate, uint32_t small_max, uint32_t large_max, size_t bytes_max) {
    gate->small_max = small_max;
    gate->large_max = large_max;
    gate->bytes_max = bytes_max;
    atomic_init(&gate->inside, 0);
    atomic_init(&gate->large, 0);
    atomic_init(&gate->bytes, 0);
}

/* What is no exchange passes, too: it is refused inside, with the reason. */
static bool brings_batches(struct view body) {
    struct reader parts;
    struct part part;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (exchange_open(body, &parts, &ignored) != RC_OK)
        return false;
    while (exchange_next(&parts, &part, &ignored) == RC_OK)
        if (part.kind == PART_BATCH || part.kind == PART_SLICE)
            return true;
    return false;
}

bool gate_enter(struct gate *gate, struct view body, struct gate_pass *pass) {
    unsigned inside, large = 0;
    size_t bytes = 0;

    *pass = (struct gate_pass){.is_large = body.size > GATE_SMALL_BYTES, .bytes = body.size};
    if (gate == NULL || !brings_batches(body))
        return true;
    pass->counted = true;
    inside = atomic_fetch_add(&gate->inside, 1u) + 1u;
    if (pass->is_large) {
        large = atomic_fetch_add(&gate->large, 1u) + 1u;
        bytes = atomic_fetch_add(&gate->bytes, body.size) + body.size;
    }
    /* One large request is let in however large it is. */
    if (inside <= gate->small_max && large <= gate->large_max &&
        (large <= 1 || bytes <= gate->bytes_max))
        return true;
    gate_leave(gate, pass);
    return false;
}

void gate_leave(struct gate *gate, const struct gate_pass *pass) {
    if (gate == NULL || !pass->counted)
        return;
    atomic_fetch_sub(&gate->inside, 1u);
    if (!pass->is_large)
        return;
    atomic_fetch_sub(&gate->large, 1u);
    atomic_fetch_sub(&gate->bytes, pass->bytes);
}

unsigned gate_retry_s(const struct env *env) {
    uint8_t byte;

    env_entropy(env, &byte, 1);
    return RETRY_LEAST_S + byte % RETRY_SPREAD_S;
}
