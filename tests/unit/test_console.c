/* The console's table of routes, and how long guessers wait. */
#include "syncd/desk/console.h"
#include "syncd/desk/people.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A mask that is named by an ability has exactly the roles that schema/role.c gives it. */
static void assert_mask(uint32_t mask, enum ability ability) {
    for (int role = ROLE_VILLAGE; role < ROLE_COUNT; role++)
        assert_int_equal((mask & BY(role)) != 0, role_may((enum role)role, ability));
}

static void test_masks(void **state) {
    (void)state;
    assert_mask(BY_AUDITORS, ABILITY_AUDIT);
    assert_mask(BY_MANAGERS, ABILITY_MANAGE);
    assert_mask(BY_RELEASERS, ABILITY_RELEASE);
    assert_mask(BY_MOVERS, ABILITY_MOVE);
    assert_mask(BY_DECIDERS, ABILITY_RESOLVE);
    assert_mask(BY_REVEALERS, ABILITY_REVEAL);
    assert_mask(BY_READERS, ABILITY_READ);
}

static void test_routes(void **state) {
    (void)state;
    for (size_t i = 0; i < console_route_count; i++) {
        const struct console_route *route = &console_routes[i];
        bool is_open = (route->flags & (CONSOLE_PAGE | CONSOLE_OPEN)) != 0;
        bool is_write = strcmp(route->method, "POST") == 0;

        assert_true(is_write || strcmp(route->method, "GET") == 0);
        assert_int_equal(is_open, route->who == 0);
        assert_int_equal(is_write, route->body_cap_bytes > 0);
        assert_true((route->flags & CONSOLE_PAGE) != 0 || strncmp(route->pattern, "/api", 4) == 0);
        /* Auditors write nothing but what is their own. */
        if (is_write && (route->who & BY_AUDITORS) != 0)
            assert_true(route->who == BY_STAFF || (route->flags & CONSOLE_READS) != 0);
    }
}

static void test_waits(void **state) {
    (void)state;
    assert_int_equal(login_wait_ms(0), 0);
    assert_int_equal(login_wait_ms(LOGIN_FREE - 1), 0);
    assert_int_equal(login_wait_ms(LOGIN_FREE), LOGIN_WAIT_MS);
    assert_int_equal(login_wait_ms(LOGIN_FREE + 1), 2 * LOGIN_WAIT_MS);
    for (uint32_t i = LOGIN_FREE; i < 100; i++)
        assert_true(login_wait_ms(i + 1) >= login_wait_ms(i));
    assert_int_equal(login_wait_ms(UINT32_MAX), LOGIN_WAIT_MAX_MS);
}

/* How often one account can be tried in this time, by whoever waits as long as he must and no
 * longer: docs/console.md says it. */
static uint32_t tries_in(int64_t time_ms) {
    uint32_t failures = 0;

    for (int64_t at_ms = 0; at_ms < time_ms; at_ms += login_wait_ms(failures))
        failures++;
    return failures;
}

static void test_tries(void **state) {
    const int64_t hour_ms = (int64_t)60 * 60 * 1000;

    (void)state;
    assert_in_range(tries_in(hour_ms), LOGIN_FREE, 12);
    assert_int_equal(tries_in(49 * hour_ms) - tries_in(25 * hour_ms), 24);
}

static void test_secrets(void **state) {
    static const char *const bad[] = {"",
                                      "short",
                                      "nine char",
                                      "1234567890",
                                      "PASSWORD123",
                                      "aaaaaaaaaaaaaaaa",
                                      "张三张三张三张三张",
                                      "ten letters\xff"};
    static const char *const good[] = {"correct horse", "十个汉字也是可以的口令", "0123456788x"};
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(people_secret_check(view_text("li"), view_text(bad[i]), &err), RC_INVALID);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(people_secret_check(view_text("li"), view_text(good[i]), &err), RC_OK);
    assert_int_equal(
        people_secret_check(view_text("correct horse"), view_text("correct horse"), &err),
        RC_INVALID);
}

static void test_one_time(void **state) {
    char first[PEOPLE_ONE_TIME_BYTES], second[PEOPLE_ONE_TIME_BYTES];

    (void)state;
    people_one_time(env_system(), first);
    people_one_time(env_system(), second);
    assert_int_equal(strlen(first), 14);
    assert_string_not_equal(first, second);
    assert_int_equal(first[4], '-');
    assert_int_equal(strspn(first, "23456789abcdefghjkmnpqrstuvwxyz-"), 14);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),   cmocka_unit_test(test_routes),
        cmocka_unit_test(test_waits),   cmocka_unit_test(test_tries),
        cmocka_unit_test(test_secrets), cmocka_unit_test(test_one_time)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
