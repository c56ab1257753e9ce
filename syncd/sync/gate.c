/* gate.c: see gate.h. Counting first and looking afterwards needs no lock; at the edge two that
 * meet may both be sent away, which does no harm.
 *
 * The line is one moment: the place of who was last sent away. The next one's is a step of 1/rate
 * later, or now, when the moment has passed. Places are handed out a little faster than the gate
 * serves (by a quarter), so that it never stands empty while people wait; who then finds it full
 * gets a place again. */
#include "syncd/sync/gate.h"

#include "schema/wire/exchange.h"

/* Measured over at least half a second; what stood idle for longer says nothing of the rate. */
#define MEASURE_LEAST_MS 500
#define MEASURE_MOST_MS  4000
#define RATE_FIRST       30u /* of small exchanges on a small machine, until it is measured */
#define RATE_LEAST       2u
#define RATE_MOST        2000u

void gate_init(struct gate *gate, uint32_t small_max, uint32_t large_max, size_t bytes_max) {
    gate->small_max = small_max;
    gate->large_max = large_max;
    gate->bytes_max = bytes_max;
    atomic_init(&gate->inside, 0);
    atomic_init(&gate->large, 0);
    atomic_init(&gate->bytes, 0);
    atomic_init(&gate->served, 0);
    atomic_init(&gate->measuring_ms, 0);
    atomic_init(&gate->rate, RATE_FIRST);
    atomic_init(&gate->line_us, 0);
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
    pass->refused = true;
    gate_leave(gate, pass);
    return false;
}

void gate_leave(struct gate *gate, const struct gate_pass *pass) {
    if (gate == NULL || !pass->counted)
        return;
    atomic_fetch_sub(&gate->inside, 1u);
    atomic_fetch_add(&gate->served, pass->refused ? 0u : 1u);
    if (!pass->is_large)
        return;
    atomic_fetch_sub(&gate->large, 1u);
    atomic_fetch_sub(&gate->bytes, pass->bytes);
}

/* Who is sent away measures: then the gate is busy, and what was served is what it can serve. */
static unsigned rate_now(struct gate *gate, int64_t now_ms) {
    long long began_ms = atomic_load(&gate->measuring_ms);
    int64_t passed_ms = now_ms - began_ms;
    unsigned served, rate;

    if (passed_ms < MEASURE_LEAST_MS ||
        !atomic_compare_exchange_strong(&gate->measuring_ms, &began_ms, now_ms))
        return atomic_load(&gate->rate); /* too early, or another is at it */
    served = atomic_exchange(&gate->served, 0u);
    rate = atomic_load(&gate->rate);
    if (passed_ms > MEASURE_MOST_MS)
        return rate;
    rate = (rate + (unsigned)((uint64_t)served * 1000u / (uint64_t)passed_ms) + 1u) / 2u;
    rate = rate < RATE_LEAST ? RATE_LEAST : rate > RATE_MOST ? RATE_MOST : rate;
    atomic_store(&gate->rate, rate);
    return rate;
}

unsigned gate_retry_s(struct gate *gate, const struct env *env) {
    int64_t now_ms = env_monotonic_ms(env);
    long long now_us = (long long)now_ms * 1000, most_us = GATE_RETRY_MAX_S * 1000000ll;
    long long step_us = 1000000ll * 4 / (5 * (long long)rate_now(gate, now_ms));
    long long last_us = atomic_load(&gate->line_us), place_us;
    long long seconds;
    uint8_t chance;

    do {
        place_us = (last_us < now_us ? now_us : last_us) + step_us;
        if (place_us > now_us + most_us) { /* longer than anybody is asked to wait: spread */
            env_entropy(env, &chance, 1);
            return GATE_RETRY_MAX_S / 2 + chance % (GATE_RETRY_MAX_S / 2 + 1);
        }
    } while (!atomic_compare_exchange_weak(&gate->line_us, &last_us, place_us));
    seconds = (place_us - now_us + 999999) / 1000000;
    return (unsigned)seconds;
}
