/* test_quarantine.c: what was kept aside is released or returned by staff, and never dropped. */
#include "tests/support/clerk.h"

#include "agent/store/traffic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define OTHER "430626117206"

/* Two homes that Wang wrote in a village that his tablet has lost meanwhile, and an edit of the
 * first; he has sent them, but not confirmed yet. */
static void keep_aside(struct clerk *world, const char **first, const char **second,
                       const char **edit) {
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    clerk_user(world, "Zhao Liu", "clerk");
    *first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    *second = clerk_new(world, world->wang, CLERK_HOME("李四"));
    *edit = clerk_edit(world, world->wang, *first, "pigs", "8");
    RUNS(world, 0, "device", "scope", "wang", "--areas", OTHER);
    clerk_one_round(world, world->a);
    assert_int_equal(clerk_counts(world).quarantined, 3);
    assert_int_equal(clerk_counts(world).records, 0);
    assert_int_equal(clerk_kept_aside(world, world->a), 3);
}

static void released_changes_reach_everybody(void **state) {
    struct clerk *world = *state;
    const char *first, *second, *edit;

    keep_aside(world, &first, &second, &edit);
    RUNS(world, 2, "quarantine", "release", first, "--reason", "known to us");
    RUNS(world, 2, "quarantine", "release", first, "--as", "Li Si");
    RUNS(world, 1, "quarantine", "release", first, "--as", "Zhao Liu", "--reason", "may not");
    RUNS(world, 1, "quarantine", "release", first, "0123456789abcdef-7", "--as", "Li Si",
         "--reason", "one is not there");
    assert_int_equal(clerk_counts(world).quarantined, 3); /* all or none */
    RUNS(world, 0, "quarantine", "release", first, edit, "--as", "Li Si", "--reason",
         "he was sent there");
    assert_int_equal(clerk_counts(world).quarantined, 1);
    assert_int_equal(clerk_counts(world).records, 1);
    RUNS(world, 0, "show", first);
    SAYS(world->out, "王桂兰");
    SAYS(world->out, "8");
    RUNS(world, 0, "verify");
    county_sync(world->county, world->b, RC_OK, NULL);
    {
        struct seen seen;
        struct dot id;
        struct err err;

        err_init(&err, LANG_EN);
        clerk_must(dot_parse(view_text(first), &id, &err), &err);
        clerk_must(session_see(world->zhang, id, &world->arena, &seen, &err), &err);
        assert_int_equal(seen.record.absorbed_count, 2);
    }
    county_sync(world->county, world->a, RC_OK, NULL); /* confirms: the third counts, too */
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_kept_aside(world, world->a), 0); /* told, although it lost the area */
    RUNS(world, 0, "verify");
    RUNS(world, 1, "quarantine", "release", first, "--as", "Li Si", "--reason", "again");
    RUNS(world, 0, "quarantine", "--all");
    SAYS(world->out, "released");
    RUNS(world, 0, "log");
    SAYS(world->out, "he was sent there");
}

static struct tablet_quarantined only_one(struct clerk *world) {
    struct tablet_quarantined *list = NULL;
    uint32_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_quarantine(world->a, &world->arena, &list, &count, &err), &err);
    assert_int_equal(count, 1);
    return list[0];
}

static uint64_t unread(struct clerk *world) {
    struct tablet_status status;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_status(world->a, &world->arena, &status, &err), &err);
    return status.returned;
}

/* The author reads why; not before somebody has unlocked, and it stays after it was read. */
static void reason_is_on_the_tablet(struct clerk *world, const char *record) {
    struct tablet_quarantined waiting;
    char dot[DOT_TEXT_BYTES];
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(unread(world), 1);
    clerk_must(session_close(world->wang, &err), &err);
    waiting = only_one(world);
    assert_true(waiting.returned);
    assert_int_equal(waiting.reason.size, 0);
    world->wang = county_session(world->a, "wang");
    waiting = only_one(world);
    dot_text(waiting.record, dot);
    assert_string_equal(dot, record);
    assert_true(view_is(waiting.reason, "not your village"));
    clerk_must(tablet_returns_seen(world->a, &waiting, 1, &err), &err);
    assert_int_equal(unread(world), 0);
    assert_true(only_one(world).returned);
}

static void returned_changes_stay_with_the_reason(void **state) {
    struct clerk *world = *state;
    const char *first, *second, *edit;

    keep_aside(world, &first, &second, &edit);
    RUNS(world, 0, "quarantine", "return", second, "--as", "Li Si", "--reason", "not your village");
    assert_int_equal(clerk_counts(world).quarantined, 2);
    assert_int_equal(clerk_counts(world).changes, 3); /* in the log for ever */
    RUNS(world, 0, "quarantine");
    KEEPS_QUIET(world->out, second);
    RUNS(world, 0, "quarantine", "--all", "--json");
    SAYS(world->out, "not your village");
    SAYS(world->out, "returned");
    /* judged again by themselves the others are admitted, but what was returned stays returned */
    RUNS(world, 0, "device", "scope", "wang", "--areas", VILLAGE "," OTHER);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_counts(world).records, 1);
    clerk_sync(world);
    assert_int_equal(clerk_kept_aside(world, world->a), 1);
    reason_is_on_the_tablet(world, second);
    RUNS(world, 0, "verify");
}

/* A wrong order of release is no wrong order: merging does not mind. */
static void in_any_order(void **state) {
    struct clerk *world = *state;
    const char *first, *second, *edit;

    keep_aside(world, &first, &second, &edit);
    RUNS(world, 0, "quarantine", "release", edit, "--as", "Li Si", "--reason", "edit first");
    RUNS(world, 0, "verify");
    RUNS(world, 0, "quarantine", "release", first, second, "--as", "Li Si", "--reason", "then all");
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_counts(world).records, 2);
    RUNS(world, 0, "show", first);
    SAYS(world->out, "8");
    RUNS(world, 0, "verify");
    clerk_sync(world);
    RUNS(world, 0, "verify");
}

/* The edit was written where the tablet believed the home to be after a move that nobody allows. */
static void what_follows_a_refused_move_is_released_where_the_record_is(void **state) {
    struct clerk *world = *state;
    const char *home, *edit;
    struct seen seen;
    struct dot id;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    RUNS(world, 0, "device", "scope", "wang", "--areas", VILLAGE "," OTHER);
    clerk_sync(world);
    home = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_must(dot_parse(view_text(home), &id, &err), &err);
    clerk_move(world, world->wang, home, UINT64_C(430626117206));
    edit = clerk_edit(world, world->wang, home, "pigs", "8");
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost");
    (void)sync_run(world->a, &world->county->link, NULL, &(struct sync_report){0}, &err);
    assert_int_equal(clerk_counts(world).quarantined, 3);
    RUNS(world, 0, "quarantine", "release", home, edit, "--as", "Li Si", "--reason",
         "he was there");
    RUNS(world, 0, "verify");
    county_sync(world->county, world->b, RC_OK, NULL);
    clerk_must(session_see(world->zhang, id, &world->arena, &seen, &err), &err);
    assert_int_equal(seen.record.absorbed_count, 2);
}

/* A member's answers are in the log while his beginning waits: he is nowhere, and not shown. */
static void who_is_nowhere_yet_is_neither_found_nor_on_the_map(void **state) {
    static const struct answer_pair of_the_member[] = {
        {"member/given_name", "古丽"}, {"member/place", "29.3572 113.1289 40 5"}, {NULL, NULL}};
    struct clerk *world = *state;
    struct instance_id member = {.ordinal = 1};
    const char *home, *edited;
    struct seen seen;
    struct edit edit;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_form(world, "type,name,label,required\n"
                      "text,name,Name,yes\n"
                      "begin repeat,member,Member,\n"
                      "text,called,Called,\n"
                      "integer,wage,Wage,\n"
                      "text,given_name,Given name,\n"
                      "geopoint,place,Place,\n"
                      "end repeat,,,\n");
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    home = clerk_new(world, world->wang,
                     (const struct answer_pair[]){{"name", "王桂兰"}, {NULL, NULL}});
    clerk_must(dot_parse(view_text(home), &member.dot, &err), &err);
    clerk_start(world, world->wang, home, CHANGE_EDIT, &seen, &edit);
    clerk_set(world, &edit, member, of_the_member);
    edited = clerk_finish(world, world->wang, &seen, &edit);
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost");
    (void)sync_run(world->a, &world->county->link, NULL, &(struct sync_report){0}, &err);
    RUNS(world, 0, "quarantine", "release", edited, "--as", "Li Si", "--reason", "edit first");
    RUNS(world, 0, "records", "--find", "古丽");
    SAYS(world->err, "there are none");
    RUNS(world, 0, "export", "--form", "home", "--format", "geojson");
    KEEPS_QUIET(world->out, "113.1289");
    RUNS(world, 0, "quarantine", "release", home, "--as", "Li Si", "--reason", "then the home");
    RUNS(world, 0, "records", "--find", "古丽");
    SAYS(world->out, home);
    RUNS(world, 0, "export", "--form", "home", "--format", "geojson");
    SAYS(world->out, "113.1289");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(released_changes_reach_everybody, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(returned_changes_stay_with_the_reason, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(in_any_order, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_follows_a_refused_move_is_released_where_the_record_is,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_is_nowhere_yet_is_neither_found_nor_on_the_map,
                                        clerk_set_up, clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
