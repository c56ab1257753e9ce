/* The real clock and the kernel's entropy. */
#include "base/env.h"

#include <errno.h>
#include <sys/random.h>

static int64_t clock_ms(clockid_t clock) {
    struct timespec now;

    /* Both clocks always exist on Linux; a failure would be a broken kernel. */
    if (clock_gettime(clock, &now) != 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context) {
    (void)context;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *context) {
    (void)context;
    return clock_ms(CLOCK_BOOTTIME); /* counts on while a tablet sleeps */
}

static void system_entropy(void *context, void *bytes, size_t size) {
    uint8_t *at = bytes;

    (void)context;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fprintf(stderr, "fatal: the kernel gives no random numbers (getrandom)\n");
            abort();
        }
        at += got;
        size -= (size_t)got;
    }
}

const struct env *env_system(void) {
    static const struct env system_env = {
        .wall_ms = system_wall_ms,
        .monotonic_ms = system_monotonic_ms,
        .entropy = system_entropy,
    };

    return &system_env;
}

uint64_t env_random_u64(const struct env *env) {
    uint8_t bytes[8];
    uint64_t value = 0;
    size_t index;

    /* By hand rather than memcpy, so that one seed gives one world on every byte order. */
    env_entropy(env, bytes, sizeof(bytes));
    for (index = sizeof(bytes); index-- > 0;)
        value = value << 8 | bytes[index];
    return value;
}

uint64_t env_random_below(const struct env *env, uint64_t bound) {
    /* The first (2^64 mod bound) values would make the low results more likely: draw again. */
    uint64_t skip = (UINT64_MAX - bound + 1) % bound;
    uint64_t value;

    do {
        value = env_random_u64(env);
    } while (value < skip);
    return value % bound;
}
