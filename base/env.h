/* env.h: the only door to clock and entropy.
 *
 * Whoever needs the time or a random number is given a struct env. The programs pass env_system(),
 * the simulator and the tests pass their own, which makes a whole world repeatable from a seed. */
#ifndef YG_BASE_ENV_H
#define YG_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct env {
    void *context;
    /* Milliseconds since 1970-01-01 UTC as the machine believes; it may jump either way. */
    int64_t (*wall_ms)(void *context);
    /* Milliseconds since some moment; never goes back. For durations only. */
    int64_t (*monotonic_ms)(void *context);
    /* Fills bytes with unpredictable ones. Cannot fail. */
    void (*entropy)(void *context, void *bytes, size_t size);
};

/* The real clock and the kernel's entropy. Constant, shared by all threads. The process ends with
 * a message if the kernel cannot give entropy: nothing safe could be done without it. */
const struct env *env_system(void);

static inline int64_t env_wall_ms(const struct env *env) {
    return env->wall_ms(env->context);
}

static inline int64_t env_monotonic_ms(const struct env *env) {
    return env->monotonic_ms(env->context);
}

static inline void env_entropy(const struct env *env, void *bytes, size_t size) {
    env->entropy(env->context, bytes, size);
}

uint64_t env_random_u64(const struct env *env);

/* Uniform in 0 .. bound - 1, without bias. bound is at least 1. */
uint64_t env_random_below(const struct env *env, uint64_t bound);

#endif
