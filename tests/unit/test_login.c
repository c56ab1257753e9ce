/* Coming in at the console and staying: time goes by as the test says. */
#include "syncd/desk/reset.h"
#include "tests/support/staff_room.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum rc find(struct staff_room *world, struct login_session *out) {
    err_clear(&world->err);
    return login_find(&world->seat, view_text(world->token), out, &world->err);
}

static void a_session_ends_when_nobody_uses_it(void **state) {
    struct staff_room *world = *state;
    struct login_session session;

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    assert_int_equal(find(world, &session), RC_OK);
    assert_int_equal(session.stage, LOGIN_DONE);
    assert_true(session.person.person == world->li);
    assert_true(view_is(session.stored.address, STAFF_ADDRESS));
    assert_true(view_is(session.stored.agent, "browser??"));
    wait_ms(world, LOGIN_IDLE_MS - 1);
    assert_int_equal(find(world, &session), RC_OK);
    clerk_must(login_touch(&world->seat, &session, &world->err), &world->err);
    wait_ms(world, LOGIN_IDLE_MS - 1);
    assert_int_equal(find(world, &session), RC_OK);
    wait_ms(world, 1);
    assert_int_equal(find(world, &session), RC_NOT_FOUND);
}

static void a_session_ends_after_half_a_day(void **state) {
    struct staff_room *world = *state;
    struct login_session session;
    int64_t began_ms = world->clerk->county->now_ms;

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    while (world->clerk->county->now_ms + 20 * MINUTE_MS < began_ms + LOGIN_LONGEST_MS) {
        wait_ms(world, 20 * MINUTE_MS);
        assert_int_equal(find(world, &session), RC_OK);
        clerk_must(login_touch(&world->seat, &session, &world->err), &world->err);
    }
    wait_ms(world, 20 * MINUTE_MS);
    assert_int_equal(find(world, &session), RC_NOT_FOUND);
}

static void a_use_is_written_down_once_a_minute(void **state) {
    struct staff_room *world = *state;
    struct login_session session;
    int64_t began_ms = world->clerk->county->now_ms;

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    wait_ms(world, LOGIN_TOUCH_MS - 1);
    assert_int_equal(find(world, &session), RC_OK);
    clerk_must(login_touch(&world->seat, &session, &world->err), &world->err);
    sit_again(world);
    assert_int_equal(find(world, &session), RC_OK);
    assert_int_equal(session.stored.used_ms, began_ms);
    wait_ms(world, 1);
    clerk_must(login_touch(&world->seat, &session, &world->err), &world->err);
    sit_again(world);
    assert_int_equal(find(world, &session), RC_OK);
    assert_int_equal(session.stored.used_ms, began_ms + LOGIN_TOUCH_MS);
}

static void guessers_wait_longer_and_longer(void **state) {
    struct staff_room *world = *state;
    struct login_session session;
    static const char *const names[] = {"lihua", "nobody"};

    for (size_t i = 0; i < 2; i++) {
        for (uint32_t failures = 1; failures <= LOGIN_FREE; failures++)
            assert_int_equal(try(world, names[i], "wrong"), RC_DENIED);
        assert_int_equal(try(world, names[i], i == 0 ? STAFF_SECRET : "wrong"), RC_AGAIN);
        wait_ms(world, LOGIN_WAIT_MS - 1);
        assert_int_equal(try(world, names[i], "wrong"), RC_AGAIN);
        wait_ms(world, 1);
        assert_int_equal(try(world, names[i], "wrong"), RC_DENIED);
        wait_ms(world, LOGIN_WAIT_MS);
        assert_int_equal(try(world, names[i], "wrong"), RC_AGAIN); /* twice as long now */
        wait_ms(world, LOGIN_WAIT_MS);
    }
    /* The right secret forgives. */
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    assert_int_equal(find(world, &session), RC_OK);
    for (uint32_t failures = 1; failures <= LOGIN_FREE; failures++)
        assert_int_equal(try(world, "lihua", "wrong"), RC_DENIED);
}

static int64_t left_ms(const struct staff_room *world, const char *address) {
    return address_wait_ms(&world->desk.addresses, world->seat.office->keys, address,
                           world->clerk->county->now_ms);
}

static void fail_from(struct staff_room *world, const char *address, uint32_t times) {
    for (uint32_t i = 0; i < times; i++)
        address_failed(&world->desk.addresses, world->seat.office->keys, address,
                       world->clerk->county->now_ms);
}

/* Of one address with many names: no account's limit sees that. */
static void an_address_is_held_up_and_its_office_is_not(void **state) {
    struct staff_room *world = *state;
    uint64_t wu;

    add(world, "wu", ROLE_CLERK, false, &wu);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    fail_from(world, STAFF_ADDRESS, ADDRESS_FREE - 1);
    assert_int_equal(try(world, "wu", "wrong"), RC_DENIED);
    assert_int_equal(try(world, "nobody", "wrong"), RC_AGAIN);
    assert_int_equal(try(world, "wu", STAFF_SECRET), RC_AGAIN);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK); /* he has come from there before */
    assert_int_equal(left_ms(world, "192.0.2.8"), 0);
    wait_ms(world, ADDRESS_COST_MS);
    assert_int_equal(try(world, "wu", STAFF_SECRET), RC_OK);
}

static void what_an_address_owes_has_an_end(void **state) {
    struct staff_room *world = *state;

    fail_from(world, STAFF_ADDRESS, 10 * ADDRESS_FREE);
    assert_int_equal(left_ms(world, STAFF_ADDRESS), 2 * ADDRESS_COST_MS);
    assert_int_equal(left_ms(world, "::ffff:192.0.2.7"), 2 * ADDRESS_COST_MS);
    /* A clock that is put back holds nobody up. */
    world->clerk->county->now_ms -= 24 * 60 * MINUTE_MS;
    assert_int_equal(left_ms(world, STAFF_ADDRESS), 0);
    world->clerk->county->now_ms += 24 * 60 * MINUTE_MS;
    /* One who has an address of IPv6 has very many. */
    fail_from(world, "2001:db8:1:2::1", ADDRESS_FREE);
    assert_true(left_ms(world, "2001:db8:1:2:ffff::9") > 0);
    assert_int_equal(left_ms(world, "2001:db8:1:3::1"), 0);
    /* No address, no limit; more addresses than room: the first one is not what is forgotten. */
    fail_from(world, "", 2 * ADDRESS_FREE);
    assert_int_equal(left_ms(world, ""), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        char other[32];

        snprintf(other, sizeof(other), "10.%u.%u.7", i / 256, i % 256);
        fail_from(world, other, 1);
    }
    assert_int_equal(left_ms(world, STAFF_ADDRESS), 2 * ADDRESS_COST_MS);
}

static void waiting_outlives_the_service(void **state) {
    struct staff_room *world = *state;

    for (uint32_t failures = 1; failures <= LOGIN_FREE; failures++)
        assert_int_equal(try(world, "lihua", "wrong"), RC_DENIED);
    seat_close(&world->seat);
    service_close(world->clerk->service);
    clerk_open(world->clerk);
    sit(world);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_AGAIN);
}

static void the_key_comes_out_of_the_session_and_of_nothing_else(void **state) {
    struct staff_room *world = *state;
    struct login_session session;
    uint8_t key[64], public_key[32], signature[64];
    char other[LOGIN_TOKEN_TEXT_BYTES];
    const struct view text = view_text("decided");

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    assert_int_equal(find(world, &session), RC_OK);
    clerk_must(login_key(&session, view_text(world->token), key, &world->err), &world->err);
    crypt_sign(key, text, signature);
    memcpy(public_key, session.person.sign_public, 32);
    assert_true(crypt_verify(public_key, text, signature));
    memcpy(other, world->token, sizeof(other));
    other[7] = other[7] == '0' ? '1' : '0';
    assert_int_equal(login_key(&session, view_text(other), key, &world->err), RC_DENIED);
    assert_int_equal(login_key(&session, view_text("x"), key, &world->err), RC_DENIED);
    /* Not even the name of the token is in the store as the browser has it. */
    assert_int_equal(login_find(&world->seat, view_text(other), &session, &world->err),
                     RC_NOT_FOUND);
}

static void a_person_has_so_many_sessions_and_no_more(void **state) {
    struct staff_room *world = *state;
    struct login_session session;
    char first[LOGIN_TOKEN_TEXT_BYTES];

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    memcpy(first, world->token, sizeof(first));
    for (uint32_t i = 1; i < LOGIN_SESSIONS_MAX; i++) {
        wait_ms(world, 1000);
        assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    }
    err_clear(&world->err);
    assert_int_equal(login_find(&world->seat, view_text(first), &session, &world->err), RC_OK);
    wait_ms(world, 1000);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    err_clear(&world->err);
    assert_int_equal(login_find(&world->seat, view_text(first), &session, &world->err),
                     RC_NOT_FOUND);
}

static void other_rights_end_the_sessions(void **state) {
    struct staff_room *world = *state;
    const uint64_t village = UINT64_C(430626117205);
    const struct new_rights clerk_rights = {.role = ROLE_CLERK,
                                            .areas = &village,
                                            .area_count = 1,
                                            .by = 1,
                                            .reason = view_text("moved")};
    struct login_session session;
    bool waits = true;

    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    clerk_must(people_set_rights(&world->seat, world->li, &clerk_rights, &waits, &world->err),
               &world->err);
    assert_false(waits);
    sit_again(world);
    assert_int_equal(find(world, &session), RC_NOT_FOUND);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    assert_int_equal(find(world, &session), RC_OK);
    assert_int_equal(session.person.role, ROLE_CLERK);
    assert_true(session.person.area_count == 1 && session.person.areas[0] == village);
}

static void whoever_is_reset_has_a_former(void **state) {
    struct staff_room *world = *state;
    struct stored_login login;
    uint64_t now;

    clerk_must(people_reset(&world->seat, world->li, 0, view_text("once-only"), &now, &world->err),
               &world->err);
    assert_true(now != world->li);
    login = login_now(world, now);
    assert_true(login.former == world->li && login.must_change);
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_DENIED);
    assert_int_equal(try(world, "lihua", "once-only"), RC_OK);
}

/* What an administrator knows opens nothing but the way to a secret of one's own. */
static void a_reset_waits_for_a_second_where_there_is_one(void **state) {
    struct staff_room *world = *state;
    struct stored_login login;
    uint64_t admin, wu, now = 0;
    struct staff staff;

    add(world, "admin", ROLE_ADMIN, false, &admin);
    add(world, "wu", ROLE_TOWNSHIP, false, &wu);
    /* Li Hua is there, and has never come. */
    clerk_must(people_reset(&world->seat, wu, admin, view_text("once-only"), &now, &world->err),
               &world->err);
    login = login_now(world, now);
    assert_true(login.reset_by == admin && !reset_waits(&login));
    assert_int_equal(
        people_unlock(&world->seat, view_text("wu"), view_text("once-only"), &staff, &world->err),
        RC_DENIED);
    SAYS(world->err.text, "somebody else's choice");
    assert_int_equal(try(world, "lihua", STAFF_SECRET), RC_OK);
    clerk_must(people_reset(&world->seat, now, admin, view_text("once-again"), &now, &world->err),
               &world->err);
    login = login_now(world, now);
    assert_true(reset_waits(&login));
    assert_int_equal(reset_confirm(&world->seat, now, admin, view_text("me"), &world->err),
                     RC_DENIED);
    assert_int_equal(reset_confirm(&world->seat, now, now, view_text("me"), &world->err),
                     RC_DENIED);
    err_clear(&world->err);
    clerk_must(reset_confirm(&world->seat, now, world->li, view_text("called him"), &world->err),
               &world->err);
    login = login_now(world, now);
    assert_true(!reset_waits(&login) && login.reset_confirmed_by == world->li);
    assert_int_equal(reset_confirm(&world->seat, now, world->li, view_text("x"), &world->err),
                     RC_CONFLICT);
}

int main(void) {
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        return 1;
#define IN_WORLD(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, staff_room_set_up, staff_room_tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_session_ends_when_nobody_uses_it),
        IN_WORLD(a_session_ends_after_half_a_day),
        IN_WORLD(a_use_is_written_down_once_a_minute),
        IN_WORLD(guessers_wait_longer_and_longer),
        IN_WORLD(an_address_is_held_up_and_its_office_is_not),
        IN_WORLD(what_an_address_owes_has_an_end),
        IN_WORLD(waiting_outlives_the_service),
        IN_WORLD(the_key_comes_out_of_the_session_and_of_nothing_else),
        IN_WORLD(a_person_has_so_many_sessions_and_no_more),
        IN_WORLD(other_rights_end_the_sessions),
        IN_WORLD(whoever_is_reset_has_a_former),
        IN_WORLD(a_reset_waits_for_a_second_where_there_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
