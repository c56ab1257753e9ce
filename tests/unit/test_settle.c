/* test_settle.c: what one step of the writer leaves when several of its records are in question. */
#include "tests/support/clerk.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define WITH_CARD(name)                                                                            \
    (const struct answer_pair[]) {                                                                 \
        {"name", name}, {"card", "430626198001011234"}, {                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

/* A proposal is found after all conflicts of the step; the store wants them record by record. */
static void a_step_may_have_proposals_and_conflicts_of_several_records(void **state) {
    struct clerk *world = *state;
    const char *record, *younger;
    struct json *json;

    clerk_begin(world);
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_edit(world, world->zhang, record, "pigs", "6");
    county_sync(world->county, world->b, RC_OK, NULL);
    /* In one batch: two homes with one card, and the other side of a conflict. */
    clerk_new(world, world->wang, WITH_CARD("李冬梅"));
    younger = clerk_new(world, world->wang, WITH_CARD("李冬妹"));
    clerk_edit(world, world->wang, record, "pigs", "4");
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "conflicts", "--json");
    json = clerk_json(world);
    assert_non_null(strstr(world->out, record));
    assert_non_null(strstr(world->out, younger));
    json_free(json);
    RUNS(world, 0, "verify");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        a_step_may_have_proposals_and_conflicts_of_several_records, clerk_set_up, clerk_tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
