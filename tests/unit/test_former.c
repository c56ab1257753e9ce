/* test_former.c: what a tablet wrote under actors that it has left behind is told, asked for and
 * kept like what it writes under the present one. */
#include "tests/support/clerk.h"

#include "agent/store/inside.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#define OTHER_VILLAGE UINT64_C(430626117206)

static void incarnate(struct tablet *tablet) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_begin(tablet, &err), &err);
    clerk_must(tablet_incarnate(tablet, &err), &err);
    clerk_must(tablet_commit(tablet, &err), &err);
}

static void knows_why(struct clerk *world, struct tablet *tablet) {
    struct tablet_quarantined *list = NULL;
    uint32_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_quarantine(tablet, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_true(view_equal(list[0].reason, view_text("not your village")));
    assert_false(clerk_noticed(world, tablet, NOTICE_RECEIPT_BROKEN));
}

/* It was written under an actor that the tablet has left since: the reason of staff is there all
 * the same. */
static void what_is_given_back_to_a_former_life_has_its_reason(void **state) {
    struct clerk *world = *state;
    struct tablet_quarantined *list = NULL;
    const char *record, *move;
    uint32_t count = 0;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_start(world, world->wang, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, OTHER_VILLAGE, &err), &err);
    move = clerk_finish(world, world->wang, &seen, &edit);
    clerk_sync(world);
    incarnate(world->a);
    clerk_sync(world);
    RUNS(world, 0, "quarantine", "return", move, "--as", "Li Si", "--reason", "not your village");
    clerk_sync(world);
    clerk_must(tablet_quarantine(world->a, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_true(view_equal(list[0].reason, view_text("not your village")));
}

/* What waits stands in front of numbers that a restored county calls by another name. The county's
 * word about it ends where that name begins: no alarm. */
static void what_is_given_back_in_front_of_a_new_name_has_its_reason(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *record, *move;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_start(world, world->wang, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, OTHER_VILLAGE, &err), &err);
    move = clerk_finish(world, world->wang, &seen, &edit);
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    clerk_new(world, world->wang, CLERK_HOME("王桂香"));
    clerk_restore(world, file, "again");
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(tablet_actor(world->a, 0)->lineage.count, 1);
    RUNS(world, 0, "quarantine", "return", move, "--as", "Li Si", "--reason", "not your village");
    clerk_sync(world);
    knows_why(world, world->a);
}

/* What waits was written before the tablet was copied; both copies have gone on since. */
static void what_is_given_back_to_two_copies_has_its_reason(void **state) {
    const uint64_t area = COUNTY_AREA;
    struct clerk *world = *state;
    struct tablet *tablet, *copy;
    struct session *chen, *twin;
    const char *record, *move;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    tablet = county_enrol(world->county, clerk_path(world, "chen"), "chen", &area, 1);
    chen = county_session(tablet, "chen");
    county_sync(world->county, tablet, RC_OK, NULL);
    record = clerk_new(world, chen, CLERK_HOME("王桂兰"));
    clerk_start(world, chen, record, CHANGE_MOVE, &seen, &edit);
    clerk_must(edit_set_area(&edit, OTHER_VILLAGE, &err), &err);
    move = clerk_finish(world, chen, &seen, &edit);
    county_sync(world->county, tablet, RC_OK, NULL);
    clerk_must(session_close(chen, &err), &err);
    tablet_close(tablet);
    clerk_copy(world, "chen", "twin");
    tablet = county_tablet(world->county, clerk_path(world, "chen"));
    copy = county_tablet(world->county, clerk_path(world, "twin"));
    chen = county_session(tablet, "chen");
    twin = county_session(copy, "chen");
    clerk_new(world, chen, CLERK_HOME("原件的"));
    clerk_new(world, twin, CLERK_HOME("副本的"));
    for (int round = 0; round < 2; round++) {
        county_sync(world->county, tablet, RC_OK, NULL);
        county_sync(world->county, copy, RC_OK, NULL);
    }
    clerk_new(world, chen, CLERK_HOME("后来的"));
    county_sync(world->county, tablet, RC_OK, NULL);
    RUNS(world, 0, "quarantine", "return", move, "--as", "Li Si", "--reason", "not your village");
    for (int round = 0; round < 2; round++) {
        county_sync(world->county, copy, RC_OK, NULL);
        county_sync(world->county, tablet, RC_OK, NULL);
    }
    knows_why(world, tablet);
    knows_why(world, copy);
    tablet_close(tablet);
    tablet_close(copy);
}

/* The tablet had been told that a backup holds it, and the county comes from an older one. */
static void what_a_former_life_sent_is_asked_for_again(void **state) {
    struct clerk *world = *state;
    const char *older = clerk_path(world, "one.backup"), *file = clerk_path(world, "two.backup");

    clerk_begin(world);
    RUNS(world, 0, "backup", older);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "backup", file);
    RUNS(world, 0, "backup", "confirm", file);
    county_sync(world->county, world->a, RC_OK, NULL);
    incarnate(world->a);
    county_sync(world->county, world->a, RC_OK, NULL);
    clerk_restore(world, older, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).changes, 1);
    RUNS(world, 0, "verify");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_given_back_to_a_former_life_has_its_reason),
        TEST(what_is_given_back_in_front_of_a_new_name_has_its_reason),
        TEST(what_is_given_back_to_two_copies_has_its_reason),
        TEST(what_a_former_life_sent_is_asked_for_again)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
