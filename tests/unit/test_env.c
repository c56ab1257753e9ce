/* The real env, and random numbers from a scripted one. */
#include "base/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Gives the bytes of a script, then zeros. */
struct script {
    const uint8_t *bytes;
    size_t size;
    size_t at;
};

static void scripted(void *context, void *bytes, size_t size) {
    struct script *script = context;
    uint8_t *out = bytes;
    size_t index;

    for (index = 0; index < size; index++)
        out[index] = script->at < script->size ? script->bytes[script->at++] : 0;
}

static void the_real_one_runs(void **state) {
    const struct env *env = env_system();
    uint8_t first[32] = {0};
    uint8_t second[32] = {0};
    int64_t before = env_monotonic_ms(env);

    (void)state;
    assert_true(env_wall_ms(env) > INT64_C(1600000000000));
    assert_true(env_monotonic_ms(env) >= before);
    env_entropy(env, first, sizeof(first));
    env_entropy(env, second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
    env_entropy(env, first, 0);
}

static void random_numbers_come_from_the_env(void **state) {
    static const uint8_t bytes[] = {1, 2, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0};
    struct script script = {bytes, sizeof(bytes), 0};
    struct env env = {.context = &script, .entropy = scripted};

    (void)state;
    assert_int_equal(env_random_u64(&env), 0x0201);
    assert_int_equal(env_random_below(&env, 10), 9);
    assert_int_equal(env_random_below(&env, 1), 0);
}

static void biased_draws_are_drawn_again(void **state) {
    /* 2^64 mod 2^63 + 1 is 2^63 - 1: everything below is skipped. */
    static const uint8_t bytes[] = {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F,
                                    0x05, 0,    0,    0,    0,    0,    0,    0x80};
    struct script script = {bytes, sizeof(bytes), 0};
    struct env env = {.context = &script, .entropy = scripted};

    (void)state;
    assert_int_equal(env_random_below(&env, (UINT64_C(1) << 63) + 1), 4);
    assert_int_equal(script.at, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_one_runs),
        cmocka_unit_test(random_numbers_come_from_the_env),
        cmocka_unit_test(biased_draws_are_drawn_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
