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

static void nothing_is_open(struct clerk *world) {
    RUNS(world, 0, "conflicts");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "verify");
}

static void nobody_is_asked_about_a_card_that_is_another_one_now(void **state) {
    struct clerk *world = *state;
    const char *older;

    clerk_begin(world);
    older = clerk_new(world, world->wang, WITH_CARD("李冬梅"));
    clerk_new(world, world->wang, WITH_CARD("李冬妹"));
    clerk_sync(world);
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "the same as");
    clerk_edit(world, world->wang, older, "card", "430626198001015678");
    county_sync(world->county, world->a, RC_OK, NULL);
    nothing_is_open(world);
}

static void nobody_is_asked_about_a_home_that_has_been_withdrawn(void **state) {
    struct clerk *world = *state;
    const char *older;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    older = clerk_new(world, world->wang, WITH_CARD("李冬梅"));
    clerk_new(world, world->wang, WITH_CARD("李冬妹"));
    clerk_sync(world);
    clerk_start(world, world->wang, older, CHANGE_REMOVE, &seen, &edit);
    clerk_must(edit_remove_instance(&edit, (struct instance_id){.ordinal = 0}, &err), &err);
    clerk_finish(world, world->wang, &seen, &edit);
    county_sync(world->county, world->a, RC_OK, NULL);
    nothing_is_open(world);
}

static void an_answer_at_the_older_record_is_one(void **state) {
    struct clerk *world = *state;
    const char *older, *younger;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    older = clerk_new(world, world->wang, WITH_CARD("李冬梅"));
    younger = clerk_new(world, world->wang, WITH_CARD("李冬妹"));
    clerk_sync(world);
    clerk_start(world, world->wang, older, CHANGE_SAME, &seen, &edit);
    clerk_must(edit_same(&edit, (struct instance_id){.ordinal = 0},
                         view_text(arena_text(&world->arena, "!%s", younger)), &err),
               &err);
    clerk_finish(world, world->wang, &seen, &edit);
    county_sync(world->county, world->a, RC_OK, NULL);
    nothing_is_open(world);
}

/* In one step the older gets another card, and somebody has his former one. */
static void a_card_that_goes_in_the_same_step_is_not_compared(void **state) {
    struct clerk *world = *state;
    const char *older;

    clerk_begin(world);
    older = clerk_new(world, world->wang, WITH_CARD("李冬梅"));
    clerk_sync(world);
    clerk_edit(world, world->wang, older, "card", "430626198001015678");
    clerk_new(world, world->wang, WITH_CARD("李冬妹"));
    county_sync(world->county, world->a, RC_OK, NULL);
    nothing_is_open(world);
}

#define NAMED(text)                                                                                \
    (const struct answer_pair[]) {                                                                 \
        {"name", text}, {                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

#define CALLED(text)                                                                               \
    (const struct answer_pair[]) {                                                                 \
        {"member/called", text}, {                                                                 \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

/* The member that clerk_new added is called otherwise; the dot of that change. */
static const char *call_member(struct clerk *world, struct session *session, const char *home,
                               const char *name) {
    struct instance_id member = {.ordinal = 1};
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(dot_parse(view_text(home), &member.dot, &err), &err);
    clerk_start(world, session, home, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, member, CALLED(name));
    return clerk_finish(world, session, &seen, &edit);
}

/* What was written about a member may stand in the log while his beginning waits in quarantine. */
static void nobody_is_asked_about_a_member_who_is_nowhere_yet(void **state) {
    struct clerk *world = *state;
    const char *home, *edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_form(world, "type,name,label,required,bind::yg:key\n"
                      "text,name,Name,yes,\n"
                      "begin repeat,member,Member,,\n"
                      "text,called,Called,,yes\n"
                      "integer,wage,Wage,,\n"
                      "end repeat,,,,\n");
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    home = clerk_new(world, world->wang, NAMED("李冬梅"));
    edit = call_member(world, world->wang, home, "王桂兰");
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost");
    (void)sync_run(world->a, &world->county->link, NULL, &(struct sync_report){0}, &err);
    RUNS(world, 0, "quarantine", "release", edit, "--as", "Li Si", "--reason", "edit first");
    call_member(world, world->zhang, clerk_new(world, world->zhang, NAMED("李冬妹")), "王桂兰");
    county_sync(world->county, world->b, RC_OK, NULL);
    nothing_is_open(world);
    RUNS(world, 0, "quarantine", "release", home, "--as", "Li Si", "--reason", "now he is there");
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "the same as");
    RUNS(world, 0, "verify");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_step_may_have_proposals_and_conflicts_of_several_records),
        TEST(nobody_is_asked_about_a_card_that_is_another_one_now),
        TEST(nobody_is_asked_about_a_home_that_has_been_withdrawn),
        TEST(an_answer_at_the_older_record_is_one),
        TEST(a_card_that_goes_in_the_same_step_is_not_compared),
        TEST(nobody_is_asked_about_a_member_who_is_nowhere_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
