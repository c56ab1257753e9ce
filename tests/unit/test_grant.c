/* Whoever adds somebody at the console, or gives him more, is not alone in it. */
#include "syncd/desk/grant.h"
#include "syncd/desk/reset.h"
#include "tests/support/staff_room.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNTY   UINT64_C(430626000000)
#define TOWNSHIP UINT64_C(430626117000)
#define LUDONG   UINT64_C(430626117205)
#define QINGSHAN UINT64_C(430626117206)
#define FAR_AWAY UINT64_C(430626101000)

/* A clerk of one village; an administrator; and Li Hua, the county reviewer, who has been here. */
struct people {
    uint64_t admin, wu;
};

static void gather(struct staff_room *room, struct people *people) {
    const uint64_t village = LUDONG;
    const struct new_rights clerk = {.role = ROLE_CLERK, .areas = &village, .area_count = 1};
    bool waits = true;

    add(room, "admin", ROLE_ADMIN, false, &people->admin);
    add(room, "wu", ROLE_COUNTY, false, &people->wu);
    clerk_must(people_set_rights(&room->seat, people->wu, &clerk, &waits, &room->err), &room->err);
    assert_false(waits);
    assert_int_equal(try(room, "lihua", STAFF_SECRET), RC_OK);
}

static bool give(struct staff_room *room, const struct people *people, enum role role,
                 uint64_t area, uint64_t other) {
    const uint64_t areas[] = {area, other};
    const struct new_rights rights = {.role = role,
                                      .areas = areas,
                                      .area_count = other == 0 ? 1 : 2,
                                      .by = people->admin,
                                      .reason = view_text("asked")};
    bool waits = false;

    clerk_must(people_set_rights(&room->seat, people->wu, &rights, &waits, &room->err), &room->err);
    sit_again(room);
    return waits;
}

static void assert_has(struct staff_room *room, uint64_t id, enum role role, uint64_t area,
                       uint64_t other) {
    struct stored_person person;

    sit_again(room);
    clerk_must(people_find(&room->seat, id, &person, &room->err), &room->err);
    assert_int_equal(person.role, role);
    assert_int_equal(person.area_count, other == 0 ? 1 : 2);
    assert_true(person.areas[0] == area && (other == 0 || person.areas[1] == other));
}

static enum rc confirm(struct staff_room *room, uint64_t person, uint64_t by, int64_t at_ms) {
    enum rc rc;

    sit_again(room);
    rc = grant_confirm(&room->seat, person, by, at_ms, view_text("asked him"), &room->err);
    sit_again(room);
    return rc;
}

static void more_waits_for_a_second_and_less_does_not(void **state) {
    struct staff_room *room = *state;
    struct people people;
    struct stored_login login;

    gather(room, &people);
    assert_true(give(room, &people, ROLE_CLERK, LUDONG, QINGSHAN));
    assert_has(room, people.wu, ROLE_CLERK, LUDONG, 0);
    login = login_now(room, people.wu);
    assert_true(login.grant.by == people.admin && login.grant.area_count == 2);
    assert_int_equal(confirm(room, people.wu, people.admin, login.grant.at_ms), RC_DENIED);
    assert_int_equal(confirm(room, people.wu, people.wu, login.grant.at_ms), RC_DENIED);
    assert_int_equal(confirm(room, people.wu, room->li, login.grant.at_ms - 1), RC_CONFLICT);
    assert_has(room, people.wu, ROLE_CLERK, LUDONG, 0);
    assert_int_equal(confirm(room, people.wu, room->li, login.grant.at_ms), RC_OK);
    assert_has(room, people.wu, ROLE_CLERK, LUDONG, QINGSHAN);
    assert_int_equal(confirm(room, people.wu, room->li, login.grant.at_ms), RC_CONFLICT);

    assert_false(give(room, &people, ROLE_INVESTIGATOR, QINGSHAN, 0));
    assert_has(room, people.wu, ROLE_INVESTIGATOR, QINGSHAN, 0);
}

/* What goes, goes at once; what comes beside it waits. */
static void of_a_change_that_does_both_half_is_done(void **state) {
    struct staff_room *room = *state;
    struct people people;
    struct stored_login login;

    gather(room, &people);
    assert_true(give(room, &people, ROLE_INVESTIGATOR, TOWNSHIP, 0));
    assert_has(room, people.wu, ROLE_INVESTIGATOR, LUDONG, 0);
    assert_true(give(room, &people, ROLE_TOWNSHIP, LUDONG, 0));
    assert_has(room, people.wu, ROLE_INVESTIGATOR, LUDONG, 0);
    assert_int_equal(login_now(room, people.wu).grant.role, ROLE_TOWNSHIP);
    assert_true(give(room, &people, ROLE_INVESTIGATOR, FAR_AWAY, 0));
    assert_has(room, people.wu, ROLE_INVESTIGATOR, LUDONG, 0);
    assert_true(give(room, &people, ROLE_AUDITOR, COUNTY, 0));
    assert_has(room, people.wu, ROLE_INVESTIGATOR, LUDONG, 0);
    assert_false(give(room, &people, ROLE_INVESTIGATOR, LUDONG, 0));
    login = login_now(room, people.wu);
    assert_false(grant_waits(&login));
}

static void the_word_of_a_role_counts_beside_its_abilities(void **state) {
    (void)state;
    assert_false(role_within(ROLE_COUNTY, ROLE_TOWNSHIP));
    assert_true(role_within(ROLE_TOWNSHIP, ROLE_COUNTY));
    assert_true(role_within(ROLE_JOINT, ROLE_VILLAGE));
    assert_false(role_within(ROLE_ADMIN, ROLE_COUNTY));
    for (int i = ROLE_VILLAGE; i < ROLE_COUNT; i++)
        assert_true(role_within((enum role)i, (enum role)i));
}

static void who_is_disabled_is_let_in_by_two(void **state) {
    struct staff_room *room = *state;
    struct people people;
    struct stored_person person;
    struct stored_login login;
    bool waits = false;

    gather(room, &people);
    clerk_must(people_disable(&room->seat, people.wu, view_text("left"), &room->err), &room->err);
    sit_again(room);
    clerk_must(people_enable(&room->seat, people.wu, people.admin, view_text("is back"), &waits,
                             &room->err),
               &room->err);
    assert_true(waits);
    assert_int_equal(try(room, "wu", STAFF_SECRET), RC_DENIED);
    /* Other rights meanwhile: then it has to be said anew that he comes back. */
    assert_false(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    login = login_now(room, people.wu);
    assert_false(grant_waits(&login));
    clerk_must(people_enable(&room->seat, people.wu, people.admin, view_text("is back"), &waits,
                             &room->err),
               &room->err);
    login = login_now(room, people.wu);
    assert_int_equal(confirm(room, people.wu, room->li, login.grant.at_ms), RC_OK);
    clerk_must(people_find(&room->seat, people.wu, &person, &room->err), &room->err);
    assert_false(person.disabled);
    assert_int_equal(try(room, "wu", STAFF_SECRET), RC_OK);
    assert_has(room, people.wu, ROLE_COUNTY, COUNTY, 0);
}

static void who_is_disabled_again_gets_nothing(void **state) {
    struct staff_room *room = *state;
    struct people people;
    int64_t at_ms;

    gather(room, &people);
    assert_true(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    at_ms = login_now(room, people.wu).grant.at_ms;
    clerk_must(people_disable(&room->seat, people.wu, view_text("left"), &room->err), &room->err);
    assert_int_equal(confirm(room, people.wu, room->li, at_ms), RC_CONFLICT);
}

static void assert_logged(struct staff_room *room, const char *action, const char *reason) {
    SAYS(room->clerk->out, action);
    SAYS(room->clerk->out, reason);
}

/* As it is in a county that begins: the only administrator adds the first colleagues. */
static void where_nobody_could_confirm_the_log_says_so(void **state) {
    struct staff_room *room = *state;
    const uint64_t village = LUDONG;
    struct new_person person = {.name = view_text("zhou"),
                                .role = ROLE_TOWNSHIP,
                                .areas = &village,
                                .area_count = 1,
                                .secret = view_text("once-only"),
                                .must_change = true};
    struct people people;
    struct stored_login login;

    add(room, "admin", ROLE_ADMIN, false, &people.admin);
    person.by = people.admin;
    clerk_must(people_add(&room->seat, &person, &people.wu, &room->err), &room->err);
    login = login_now(room, people.wu);
    assert_false(reset_waits(&login));
    assert_false(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    assert_has(room, people.wu, ROLE_COUNTY, COUNTY, 0);
    assert_int_equal(clerk_run(room->clerk, "log", "--json", NULL), 0);
    assert_logged(room, "no second person", "\"user add\"");
    assert_logged(room, "no second person", "\"user rights\"");
    KEEPS_QUIET(room->clerk->out, "proposed");
}

/* The same people, once the reviewer has been here. */
static void who_is_new_reads_until_a_second_has_spoken(void **state) {
    struct staff_room *room = *state;
    const uint64_t village = LUDONG;
    struct new_person person = {.name = view_text("zhou"),
                                .role = ROLE_TOWNSHIP,
                                .areas = &village,
                                .area_count = 1,
                                .secret = view_text("once-only"),
                                .must_change = true};
    struct people people;
    struct stored_login login;
    struct staff staff;
    uint64_t zhou;

    gather(room, &people);
    person.by = people.admin;
    clerk_must(people_add(&room->seat, &person, &zhou, &room->err), &room->err);
    login = login_now(room, zhou);
    assert_true(reset_waits(&login) && login.reset_by == people.admin && login.former == 0);
    assert_int_equal(
        people_unlock(&room->seat, view_text("zhou"), view_text("once-only"), &staff, &room->err),
        RC_DENIED);
    err_clear(&room->err);
    assert_int_equal(reset_confirm(&room->seat, zhou, people.admin, view_text("me"), &room->err),
                     RC_DENIED);
    err_clear(&room->err);
    clerk_must(reset_confirm(&room->seat, zhou, room->li, view_text("met him"), &room->err),
               &room->err);
    login = login_now(room, zhou);
    assert_false(reset_waits(&login));
    assert_int_equal(clerk_run(room->clerk, "log", "--json", NULL), 0);
    assert_logged(room, "user add confirm", "met him");
}

/* A reset gives the same human another number. */
static void nobody_confirms_what_he_gave_under_his_former_name(void **state) {
    struct staff_room *room = *state;
    struct people people;
    uint64_t now;
    int64_t at_ms;

    gather(room, &people);
    assert_true(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    at_ms = login_now(room, people.wu).grant.at_ms;
    clerk_must(people_reset(&room->seat, people.admin, 0, view_text("once-only"), &now, &room->err),
               &room->err);
    assert_int_equal(confirm(room, people.wu, now, at_ms), RC_DENIED);
    assert_int_equal(confirm(room, people.wu, room->li, at_ms), RC_OK);
}

/* Who has sent the others away, one way or another, is not the only one for that. */
static void nobody_gets_rid_of_the_second_one_first(void **state) {
    struct staff_room *room = *state;
    const uint64_t village = LUDONG;
    const struct new_rights less = {.role = ROLE_CLERK, .areas = &village, .area_count = 1};
    struct people people;
    struct new_rights by_admin = less;
    bool waits = true;

    gather(room, &people);
    by_admin.by = people.admin;
    by_admin.reason = view_text("not needed");
    clerk_must(people_set_rights(&room->seat, room->li, &by_admin, &waits, &room->err), &room->err);
    assert_false(waits);
    assert_true(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    assert_has(room, people.wu, ROLE_CLERK, LUDONG, 0);
    assert_int_equal(
        clerk_run(room->clerk, "user", "confirm", "wu", "--reason", "nobody else left", NULL), 0);
    assert_has(room, people.wu, ROLE_COUNTY, COUNTY, 0);
}

static void the_command_line_confirms_what_waits(void **state) {
    struct staff_room *room = *state;
    struct people people;

    gather(room, &people);
    assert_true(give(room, &people, ROLE_COUNTY, COUNTY, 0));
    assert_int_equal(
        clerk_run(room->clerk, "user", "confirm", "wu", "--reason", "nobody else left", NULL), 0);
    assert_has(room, people.wu, ROLE_COUNTY, COUNTY, 0);
    assert_int_not_equal(
        clerk_run(room->clerk, "user", "confirm", "wu", "--reason", "once more", NULL), 0);
    SAYS(room->clerk->err, "nothing waits");
    assert_int_equal(clerk_run(room->clerk, "log", "--json", NULL), 0);
    assert_logged(room, "user rights proposed", "county 430626000000: asked");
    assert_logged(room, "user rights confirm", "county 430626000000: nobody else left");
}

int main(void) {
    struct err err;

    err_init(&err, LANG_EN);
    if (crypt_start(&err) != RC_OK)
        return 1;
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, staff_room_set_up, staff_room_tear_down)
    const struct CMUnitTest tests[] = {
        IN_ROOM(more_waits_for_a_second_and_less_does_not),
        IN_ROOM(of_a_change_that_does_both_half_is_done),
        cmocka_unit_test(the_word_of_a_role_counts_beside_its_abilities),
        IN_ROOM(who_is_disabled_is_let_in_by_two),
        IN_ROOM(who_is_disabled_again_gets_nothing),
        IN_ROOM(where_nobody_could_confirm_the_log_says_so),
        IN_ROOM(who_is_new_reads_until_a_second_has_spoken),
        IN_ROOM(nobody_confirms_what_he_gave_under_his_former_name),
        IN_ROOM(nobody_gets_rid_of_the_second_one_first),
        IN_ROOM(the_command_line_confirms_what_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
