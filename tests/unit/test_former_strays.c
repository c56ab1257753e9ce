/* test_former_strays.c: a county that comes back from backups, and a change that has had more than
 * one name: others bring it by one, its author by another. In the log it stands once. */
#include "tests/support/clerk.h"

#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "schema/wire/lineage.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define ELSEWHERE UINT64_C(430626117206) /* none of Zhang's */

struct chen { /* writes in Zhang's area and in another one */
    struct tablet *tablet;
    struct session *session;
    const char *file; /* a backup that has number 1 */
};

static void sync_one(struct clerk *world, struct tablet *tablet) {
    county_sync(world->county, tablet, RC_OK, NULL);
}

static void begin(struct clerk *world, struct chen *chen) {
    const uint64_t areas[] = {COUNTY_AREA, ELSEWHERE};

    clerk_begin(world);
    chen->tablet = county_enrol(world->county, clerk_path(world, "chen"), "chen", areas, 2);
    chen->session = county_session(chen->tablet, "chen");
    chen->file = clerk_path(world, "one.backup");
    sync_one(world, chen->tablet);
    clerk_new(world, chen->session, CLERK_HOME("第一户"));
    sync_one(world, chen->tablet);
    RUNS(world, 0, "backup", chen->file);
}

/* As if the answers that told of more than number 1 had not come. */
static void forget_receipts(struct tablet *tablet) {
    struct own_actor actor = *tablet_actor(tablet, 0);
    struct err err;

    err_init(&err, LANG_EN);
    actor.told = actor.receipt = 1;
    clerk_must(tablet_put_actor(tablet, &actor, &err), &err);
}

static void restore(struct clerk *world, const char *file, const char *name) {
    world->county->now_ms += 60000; /* an epoch is a second */
    clerk_restore(world, file, name);
}

static void sync_until_rest(struct clerk *world, const struct chen *chen) {
    for (int i = 0; i < 4; i++) {
        sync_one(world, chen->tablet);
        clerk_verify(chen->tablet);
        clerk_sync(world);
    }
    RUNS(world, 0, "verify");
}

/* The county forgets number 3, which Zhang has pulled, and then that its author brought it again
 * under a name of that epoch. Zhang brings it by the name that he knows, before the author does. */
static void what_others_bring_by_its_former_name_stands_there_once(void **state) {
    struct clerk *world = *state;
    const char *third, *second, *fourth;
    struct chen chen;

    begin(world, &chen);
    clerk_new_in(world, chen.session, ELSEWHERE, CLERK_HOME("别处的"));
    third = clerk_new(world, chen.session, CLERK_HOME("这里的"));
    sync_one(world, chen.tablet);
    forget_receipts(chen.tablet);
    clerk_sync(world);
    restore(world, chen.file, "again");
    clerk_edit(world, chen.session, third, "pigs", "7931");
    sync_one(world, chen.tablet);
    sync_one(world, chen.tablet);
    second = clerk_own_name(world, chen.tablet, 2);
    fourth = clerk_own_name(world, chen.tablet, 4);
    assert_string_not_equal(clerk_own_name(world, chen.tablet, 3), third);
    assert_int_equal(tablet_actor_count(chen.tablet), 2);
    clerk_edit(world, chen.session, second, "pigs", "8642");
    sync_one(world, chen.tablet);
    restore(world, chen.file, "once_more");
    clerk_sync(world);
    sync_until_rest(world, &chen);
    assert_string_equal(clerk_own_name(world, chen.tablet, 2), second);
    assert_string_equal(clerk_own_name(world, chen.tablet, 3), third);
    assert_string_equal(clerk_own_name(world, chen.tablet, 4), fourth);
    assert_int_equal(clerk_counts(world).records, 3);
    assert_int_equal(clerk_counts(world).changes, 5);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_listed(world, chen.session), 3);
    assert_true(clerk_shows(world, second, "别处的") && clerk_shows(world, second, "8642"));
    assert_true(clerk_shows(world, third, "这里的") && clerk_shows(world, third, "7931"));
    tablet_close(chen.tablet);
}

/* A copy that knows nothing of them brings the numbers before; then Zhang brings later ones by the
 * name that they had, and then their author comes, who was not told of it. A county that comes back
 * once more learns all these names from him. */
static void what_its_author_brings_behind_others_stands_there_once(void **state) {
    struct clerk *world = *state;
    const char *second, *third, *fourth, *fifth;
    struct tablet *twin;
    struct session *session;
    struct chen chen;
    struct err err;

    err_init(&err, LANG_EN);
    begin(world, &chen);
    clerk_new_in(world, chen.session, ELSEWHERE, CLERK_HOME("别处的"));
    clerk_must(session_close(chen.session, &err), &err);
    tablet_close(chen.tablet);
    clerk_copy(world, "chen", "twin");
    chen.tablet = county_tablet(world->county, clerk_path(world, "chen"));
    chen.session = county_session(chen.tablet, "chen");
    twin = county_tablet(world->county, clerk_path(world, "twin"));
    session = county_session(twin, "chen");
    third = clerk_new(world, chen.session, CLERK_HOME("这里的"));
    fourth = clerk_edit(world, chen.session, third, "pigs", "7931");
    sync_one(world, chen.tablet);
    forget_receipts(chen.tablet);
    clerk_sync(world);
    restore(world, chen.file, "again");
    sync_one(world, twin);
    second = clerk_own_name(world, twin, 2);
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).changes, 4);
    clerk_edit(world, chen.session, third, "bank", "农商行");
    sync_until_rest(world, &chen);
    fifth = clerk_own_name(world, chen.tablet, 5);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(clerk_own_name(world, chen.tablet, 2), second);
        assert_string_equal(clerk_own_name(world, chen.tablet, 3), third);
        assert_string_equal(clerk_own_name(world, chen.tablet, 4), fourth);
        assert_string_equal(clerk_own_name(world, chen.tablet, 5), fifth);
        assert_int_equal(clerk_counts(world).changes, 5);
        assert_int_equal(clerk_counts(world).records, 3);
        assert_int_equal(clerk_counts(world).quarantined, 0);
        assert_int_equal(clerk_listed(world, chen.session), 3);
        assert_true(clerk_shows(world, third, "这里的") && clerk_shows(world, third, "7931"));
        assert_true(clerk_shows(world, third, "农商行"));
        if (i > 0)
            break;
        restore(world, chen.file, "once_more");
        sync_until_rest(world, &chen);
    }
    sync_one(world, twin);
    clerk_verify(twin);
    sync_until_rest(world, &chen);
    assert_int_equal(clerk_counts(world).changes, 5);
    clerk_must(session_close(session, &err), &err);
    tablet_close(twin);
    tablet_close(chen.tablet);
}

static void leaf_of_third(struct tablet *tablet, uint8_t leaf[32]) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_own_change(tablet, (struct dot){tablet_actor(tablet, 0)->actor, 3}, leaf,
                                 NULL, &err),
               &err);
}

struct twin { /* a copy of Chen's tablet */
    struct tablet *tablet;
    struct session *session;
};

static void copy_chen(struct clerk *world, struct chen *chen, struct twin *twin) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(session_close(chen->session, &err), &err);
    tablet_close(chen->tablet);
    clerk_copy(world, "chen", "twin");
    chen->tablet = county_tablet(world->county, clerk_path(world, "chen"));
    chen->session = county_session(chen->tablet, "chen");
    twin->tablet = county_tablet(world->county, clerk_path(world, "twin"));
    twin->session = county_session(twin->tablet, "chen");
}

/* Copies have the same keys: what each writes in the same moment under the same number may be the
 * same, byte for byte. Behind different numbers these are two homes. */
static void write_the_same(struct clerk *world, struct chen *chen, struct twin *twin) {
    uint8_t leaf[32], twins_leaf[32];
    int64_t now_ms;

    copy_chen(world, chen, twin);
    now_ms = world->county->now_ms;
    clerk_new(world, chen->session, CLERK_HOME("甲户"));
    clerk_new(world, chen->session, CLERK_HOME("一样"));
    world->county->now_ms = now_ms;
    clerk_new(world, twin->session, CLERK_HOME("乙户"));
    clerk_new(world, twin->session, CLERK_HOME("一样"));
    leaf_of_third(chen->tablet, leaf);
    leaf_of_third(twin->tablet, twins_leaf);
    assert_memory_equal(leaf, twins_leaf, 32);
}

static void check_both(struct clerk *world, struct chen *chen, struct twin *twin) {
    const char *mine, *its;
    struct err err;

    err_init(&err, LANG_EN);
    sync_one(world, twin->tablet);
    sync_until_rest(world, chen);
    assert_int_equal(clerk_counts(world).changes, 5);
    mine = clerk_own_name(world, chen->tablet, 3);
    its = clerk_own_name(world, twin->tablet, 3);
    assert_string_not_equal(mine, its);
    clerk_edit(world, twin->session, its, "pigs", "8642");
    sync_one(world, twin->tablet);
    sync_until_rest(world, chen);
    assert_int_equal(clerk_counts(world).changes, 6);
    assert_int_equal(clerk_counts(world).records, 5);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_listed(world, chen->session), 5);
    assert_int_equal(clerk_listed(world, twin->session), 5);
    assert_true(clerk_shows(world, its, "一样") && clerk_shows(world, its, "8642"));
    assert_true(clerk_shows(world, mine, "一样") && !clerk_shows(world, mine, "8642"));
    clerk_verify(twin->tablet);
    clerk_must(session_close(twin->session, &err), &err);
    tablet_close(twin->tablet);
    tablet_close(chen->tablet);
}

static void the_same_bytes_of_two_copies_are_two_changes(void **state) {
    struct clerk *world = *state;
    struct chen chen;
    struct twin twin;

    begin(world, &chen);
    write_the_same(world, &chen, &twin);
    sync_one(world, chen.tablet);
    sync_one(world, twin.tablet);
    check_both(world, &chen, &twin);
}

/* A county that is younger than their names knows again what others have brought, by its bytes: not
 * what the one copy has brought itself for the other's. */
static void the_same_bytes_are_two_changes_after_a_restore(void **state) {
    struct clerk *world = *state;
    struct chen chen;
    struct twin twin;

    begin(world, &chen);
    write_the_same(world, &chen, &twin);
    restore(world, chen.file, "again");
    sync_one(world, chen.tablet);
    sync_one(world, twin.tablet);
    check_both(world, &chen, &twin);
}

/* What each copy writes next into its own home is the same, too: homes are named by numbers. */
static void edit_the_same(struct clerk *world, struct chen *chen, struct twin *twin, bool apart) {
    uint8_t leaf[32], twins_leaf[32];
    char home[DOT_TEXT_BYTES], twins_home[DOT_TEXT_BYTES];
    int64_t now_ms;

    copy_chen(world, chen, twin);
    now_ms = world->county->now_ms;
    snprintf(home, sizeof(home), "%s", clerk_new(world, chen->session, CLERK_HOME("甲户")));
    if (apart)
        sync_one(world, chen->tablet);
    clerk_edit(world, chen->session, home, "pigs", "7931");
    world->county->now_ms = now_ms;
    snprintf(twins_home, sizeof(twins_home), "%s",
             clerk_new(world, twin->session, CLERK_HOME("乙户")));
    clerk_edit(world, twin->session, twins_home, "pigs", "7931");
    assert_string_equal(home, twins_home);
    leaf_of_third(chen->tablet, leaf);
    leaf_of_third(twin->tablet, twins_leaf);
    assert_memory_equal(leaf, twins_leaf, 32);
    sync_one(world, chen->tablet);
    forget_receipts(chen->tablet);
    clerk_sync(world);
}

static void check_homes(struct clerk *world, struct chen *chen, struct twin *twin) {
    const char *mine, *its;
    struct err err;

    err_init(&err, LANG_EN);
    sync_one(world, twin->tablet);
    clerk_sync(world);
    sync_one(world, twin->tablet);
    its = clerk_own_name(world, twin->tablet, 2);
    assert_true(clerk_shows(world, its, "乙户") && clerk_shows(world, its, "7931"));
    assert_int_equal(clerk_counts(world).changes, 5); /* also if Chen's tablet is lost */
    sync_until_rest(world, chen);
    mine = clerk_own_name(world, chen->tablet, 2);
    assert_string_not_equal(mine, its);
    assert_true(clerk_shows(world, mine, "甲户") && clerk_shows(world, mine, "7931"));
    assert_int_equal(clerk_counts(world).changes, 5);
    assert_int_equal(clerk_counts(world).records, 3);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    sync_one(world, twin->tablet);
    clerk_verify(twin->tablet);
    clerk_must(session_close(twin->session, &err), &err);
    tablet_close(twin->tablet);
    tablet_close(chen->tablet);
}

/* Zhang has brought Chen's before the copy comes. What stands in front is another home, so what
 * comes behind it is another change. */
static void others_bring_the_same_bytes(struct clerk *world, bool apart, bool first) {
    struct chen chen;
    struct twin twin;

    begin(world, &chen);
    edit_the_same(world, &chen, &twin, apart);
    restore(world, chen.file, "again");
    if (!first)
        sync_one(world, twin.tablet);
    clerk_sync(world);
    clerk_sync(world);
    check_homes(world, &chen, &twin);
}

static void the_same_bytes_behind_what_others_bring_are_two_changes(void **state) {
    others_bring_the_same_bytes(*state, false, true);
}

static void the_same_bytes_behind_an_earlier_batch_are_two_changes(void **state) {
    others_bring_the_same_bytes(*state, true, true);
}

static void what_others_bring_is_not_the_copys_that_came_first(void **state) {
    others_bring_the_same_bytes(*state, false, false);
}

static void what_others_bring_behind_an_earlier_frame_is_not_the_copys(void **state) {
    others_bring_the_same_bytes(*state, true, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_others_bring_by_its_former_name_stands_there_once,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_its_author_brings_behind_others_stands_there_once,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_same_bytes_of_two_copies_are_two_changes, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_same_bytes_are_two_changes_after_a_restore,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_same_bytes_behind_what_others_bring_are_two_changes,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_same_bytes_behind_an_earlier_batch_are_two_changes,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_others_bring_is_not_the_copys_that_came_first,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_others_bring_behind_an_earlier_frame_is_not_the_copys,
                                        clerk_set_up, clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
