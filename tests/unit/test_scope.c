/* test_scope.c: areas are granted and withdrawn while tablets are away. A withdrawal takes effect
 * at the number that the tablet confirms; what is not proven to be earlier waits, and is lost
 * never. */
#include "tests/support/clerk.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define OTHER "430626117206"

static void what_was_written_before_a_withdrawal_counts(void **state) {
    struct clerk *world = *state;
    const char *first, *second;

    clerk_begin(world);
    first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    /* away: Wang goes on, and his tablet is moved to another village meanwhile */
    clerk_edit(world, world->wang, first, "pigs", "5");
    second = clerk_new(world, world->wang, CLERK_HOME("李四"));
    RUNS(world, 0, "device", "scope", "wang", "--areas", OTHER);
    clerk_one_round(world, world->a);
    /* it has only now been told; what it sent is not proven to be earlier */
    assert_int_equal(clerk_counts(world).quarantined, 2);
    assert_int_equal(clerk_counts(world).records, 1);
    RUNS(world, 0, "verify");
    clerk_one_round(world, world->a); /* confirms: up to here the former scope was in force */
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_counts(world).records, 2);
    RUNS(world, 0, "show", first);
    SAYS(world->out, "5");
    RUNS(world, 0, "verify");
    RUNS(world, 0, "log");
    SAYS(world->out, "judged again");
    county_sync(world->county, world->b, RC_OK, NULL);
    {
        struct seen seen;
        struct dot id;
        struct err err;

        err_init(&err, LANG_EN);
        clerk_must(dot_parse(view_text(second), &id, &err), &err);
        clerk_must(session_see(world->zhang, id, &world->arena, &seen, &err), &err);
    }
}

static void granted_again_it_counts_without_anybodys_doing(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    RUNS(world, 0, "device", "scope", "wang", "--areas", OTHER);
    world->county->lose_down = 1; /* it does not even learn it */
    county_sync(world->county, world->a, RC_NETWORK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    RUNS(world, 0, "quarantine");
    SAYS(world->out, "waits");
    RUNS(world, 0, "device", "scope", "wang", "--areas", VILLAGE "," OTHER);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_counts(world).records, 1);
    clerk_sync(world);
    RUNS(world, 0, "verify");
}

/* A copy of the tablet, made before, writes on under the former scope after the other has confirmed
 * the new one: that is not proven to be earlier, and it waits. */
static void what_comes_after_the_confirmation_waits(void **state) {
    struct clerk *world = *state;
    const char *folder = arena_text(&world->arena, "%s/copy", world->folder);
    struct session *session;
    struct tablet *copy;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_must(session_close(world->wang, &err), &err);
    tablet_close(world->a);
    clerk_copy(world, "wang", "copy");
    world->a = county_tablet(world->county, arena_text(&world->arena, "%s/wang", world->folder));
    RUNS(world, 0, "device", "scope", "wang", "--areas", OTHER);
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
    copy = county_tablet(world->county, folder);
    session = county_session(copy, "wang");
    clerk_new(world, session, CLERK_HOME("李四"));
    clerk_one_round(world, copy);
    clerk_one_round(world, copy);
    county_sync(world->county, copy, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 1);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    RUNS(world, 0, "verify");
    tablet_close(copy);
}

static void of_a_revoked_tablet_everything_waits_for_staff(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    clerk_sync(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost on the bus");
    county_sync(world->county, world->a, RC_DENIED, NULL);
    county_sync(world->county, world->a, RC_DENIED, NULL);
    assert_int_equal(clerk_counts(world).records, 0);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    assert_int_equal(clerk_counts(world).changes, 1);
    RUNS(world, 0, "verify");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_before_a_withdrawal_counts, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_comes_after_the_confirmation_waits, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(granted_again_it_counts_without_anybodys_doing,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(of_a_revoked_tablet_everything_waits_for_staff,
                                        clerk_set_up, clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
