/* test_area.c: areas merge or get another code while tablets are away. Every record is in the feed
 * of the code in force, once and whole, whoever wrote it when and under which code; grants follow;
 * a change keeps what its author knew. */
#include "base/file.h"
#include "tests/support/clerk.h"

#include "agent/store/traffic.h"
#include "syncd/sync/area.h"
#include "syncd/sync/examine.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define OTHER    "430626117206"
#define THIRD    "430626117207"
#define TOWNSHIP "430626117"
#define AWAY     "430626118201"

static void check_tablet(struct tablet *tablet) {
    struct tablet_verified verified;
    struct buf problems;
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    buf_init(&problems, 65536);
    rc = tablet_verify(tablet, NULL, NULL, &problems, &verified, &err);
    if (rc != RC_OK)
        fail_msg("%s", problems.size > 0 ? buf_text(&problems) : err.text);
    buf_release(&problems);
}

/* How many records the session lists there; all of them must be of that area. */
static uint32_t listed(struct clerk *world, struct session *session, const char *area,
                       const char *of) {
    struct list_query query = {0};
    struct listed *list;
    uint32_t count, total;
    uint64_t expected;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(area_parse(view_text(area), &query.area, &err), &err);
    clerk_must(area_parse(view_text(of), &expected, &err), &err);
    clerk_must(session_list(session, &query, &world->arena, &list, &count, &total, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        assert_true(list[i].area == expected);
    return total;
}

static void county_has(struct clerk *world, const char *area, size_t wanted) {
    struct json *json;

    RUNS(world, 0, "records", "--area", area, "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), wanted);
    json_free(json);
    RUNS(world, 0, "quarantine", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 0);
    json_free(json);
    RUNS(world, 0, "verify");
}

static void records_follow_and_late_writers_too(void **state) {
    struct clerk *world = *state;
    const char *first, *second, *third;

    clerk_begin(world);
    first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    second = clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    /* Wang is away: he edits, and writes a new home under the code that he knows */
    clerk_edit(world, world->wang, first, "pigs", "5");
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", OTHER, "--reason", "decree 12");
    SAYS(world->err, "2 records moved");
    third = clerk_new(world, world->wang, CLERK_HOME("赵六"));
    county_has(world, OTHER, 2);
    county_has(world, VILLAGE, 2); /* asked for by the old code, found under the new */
    county_sync(world->county, world->b, RC_OK, NULL);
    assert_int_equal(listed(world, world->zhang, OTHER, OTHER), 2);
    assert_int_equal(listed(world, world->zhang, VILLAGE, OTHER), 2);
    clerk_sync(world);
    county_has(world, OTHER, 3);
    assert_int_equal(listed(world, world->wang, OTHER, OTHER), 3);
    assert_int_equal(listed(world, world->zhang, OTHER, OTHER), 3);
    /* they go on, in both directions, on records of either origin */
    clerk_edit(world, world->zhang, third, "pigs", "7");
    clerk_edit(world, world->wang, second, "pigs", "8");
    clerk_sync(world);
    RUNS(world, 0, "export", "--form", "home", "--csv");
    SAYS(world->out, OTHER);
    KEEPS_QUIET(world->out, VILLAGE);
    SAYS(world->out, "7");
    SAYS(world->out, "8");
    RUNS(world, 0, "history", first);
    SAYS(world->out, VILLAGE); /* what its author knew */
    county_has(world, OTHER, 3);
    check_tablet(world->a);
    check_tablet(world->b);
    RUNS(world, 0, "log");
    SAYS(world->out, "area merge");
    SAYS(world->out, "decree 12");
}

static void grants_of_the_old_area_open_the_new(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", OTHER);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, VILLAGE), 0);
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", OTHER, "--reason", "decree 12");
    clerk_sync(world);
    clerk_new(world, world->wang, CLERK_HOME("钱五"));
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, OTHER, OTHER), 2);
    assert_int_equal(listed(world, world->wang, OTHER, OTHER), 2);
    county_has(world, OTHER, 2);
    RUNS(world, 0, "device", "list");
    SAYS(world->out, OTHER);
    KEEPS_QUIET(world->out, VILLAGE);
    check_tablet(world->a);
    check_tablet(world->b);
}

static void under_one_grant_nothing_is_hidden_or_doubled(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", TOWNSHIP);
    clerk_sync(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, VILLAGE), 2);
    /* a feed that comes before the old one, then one that comes behind it */
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", "430626117201", "--reason", "decree 12");
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, "430626117201"), 2);
    RUNS(world, 0, "area", "recode", "430626117201", THIRD, "--reason", "decree 13");
    clerk_new(world, world->wang, CLERK_HOME("赵六"));
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, THIRD), 3);
    assert_int_equal(listed(world, world->wang, VILLAGE, THIRD), 3);
    county_has(world, THIRD, 3);
    county_has(world, VILLAGE, 3);
    check_tablet(world->a);
    check_tablet(world->b);
}

/* The tablet was away when the record left the village, when the village became part of another,
 * and when it was given that other one instead. */
static void what_left_before_the_merge_is_not_kept(void **state) {
    struct clerk *world = *state;
    const char *record;

    world->county->role = ROLE_TOWNSHIP; /* may move a record */
    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "wang", "--areas", VILLAGE "," THIRD);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", VILLAGE "," OTHER);
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, VILLAGE), 2);
    clerk_move(world, world->wang, record, UINT64_C(430626117207));
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", OTHER, "--reason", "decree 12");
    RUNS(world, 0, "device", "scope", "zhang", "--areas", OTHER);
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, OTHER), 1);
    assert_int_equal(listed(world, world->wang, THIRD, THIRD), 1);
    check_tablet(world->a);
    check_tablet(world->b);
}

/* The township keeps its grant; the village has left it. What was written before is not lost. */
static void a_village_that_leaves_the_township(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", TOWNSHIP);
    clerk_sync(world);
    clerk_sync(world);
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", AWAY, "--reason", "decree 12");
    clerk_sync(world);
    clerk_sync(world);
    county_has(world, AWAY, 1);
    assert_int_equal(listed(world, world->wang, AWAY, AWAY), 1);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, AWAY), 0);
    check_tablet(world->a);
    check_tablet(world->b);
}

static void two_areas_that_are_one_now_are_no_question(void **state) {
    struct clerk *world = *state;
    const char *record;
    struct json *json;
    struct seen seen;
    struct edit edit;
    uint64_t area;
    struct err err;

    err_init(&err, LANG_EN);
    world->county->role = ROLE_TOWNSHIP; /* may move records */
    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "wang", "--areas", TOWNSHIP);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", TOWNSHIP);
    clerk_sync(world);
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    for (int i = 0; i < 2; i++) {
        struct session *session = i == 0 ? world->wang : world->zhang;

        clerk_start(world, session, record, CHANGE_MOVE, &seen, &edit);
        clerk_must(area_parse(view_text(i == 0 ? OTHER : THIRD), &area, &err), &err);
        clerk_must(edit_set_area(&edit, area, &err), &err);
        clerk_finish(world, session, &seen, &edit);
    }
    clerk_sync(world);
    RUNS(world, 0, "conflicts", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 1);
    json_free(json);
    RUNS(world, 0, "area", "merge", OTHER, "--into", THIRD, "--reason", "decree 12");
    RUNS(world, 0, "conflicts", "--json");
    json = clerk_json(world);
    assert_int_equal(json_count(json), 0);
    json_free(json);
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, TOWNSHIP, THIRD), 1);
    county_has(world, THIRD, 1);
    check_tablet(world->b);
}

static void names_reach_the_tablets(void **state) {
    struct clerk *world = *state;
    const struct succession *table;
    uint64_t area, other;
    const char *path;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(area_parse(view_text(VILLAGE), &area, &err), &err);
    clerk_begin(world);
    RUNS(world, 0, "area", "rename", VILLAGE, "东山村", "--reason", "decree 12");
    clerk_sync(world);
    table = tablet_areas(world->a);
    assert_true(view_is(succession_name(table, area), "东山村"));
    RUNS(world, 0, "area", "list");
    SAYS(world->out, "东山村");
    path = arena_text(&world->arena, "%s/names.csv", world->folder);
    clerk_must(file_write(path, view_text("code,name\n" VILLAGE ",东山新村\n" THIRD ", 西山村 \n"),
                          FILE_MODE_SHARED, &err),
               &err);
    RUNS(world, 0, "area", "names", path, "--reason", "list of 2026");
    clerk_must(file_write(path, view_text(VILLAGE ",南山村\n12x,北山村\n"), FILE_MODE_SHARED, &err),
               &err);
    RUNS(world, 1, "area", "names", path, "--reason", "list of 2026");
    SAYS(world->err, "line 2");
    clerk_sync(world);
    table = tablet_areas(world->a);
    assert_true(view_is(succession_name(table, area), "东山新村"));
    clerk_must(area_parse(view_text(THIRD), &other, &err), &err);
    assert_true(view_is(succession_name(table, other), "西山村"));
    RUNS(world, 0, "area", "recode", VILLAGE, OTHER, "--reason", "decree 13");
    clerk_sync(world);
    table = tablet_areas(world->a);
    assert_true(view_is(succession_name(table, succession_of(table, area)), "东山新村"));
}

static void what_cannot_be_is_refused(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 2, "area", "merge", VILLAGE, "--reason", "decree 12");
    RUNS(world, 2, "area", "merge", VILLAGE, "--into", OTHER);
    RUNS(world, 1, "area", "merge", VILLAGE, "--into", "430111101201", "--reason", "decree 12");
    RUNS(world, 1, "area", "recode", OTHER, VILLAGE, "--reason", "decree 12");
    SAYS(world->err, "has records already");
    RUNS(world, 0, "area", "merge", VILLAGE, "--into", OTHER, "--reason", "decree 12");
    RUNS(world, 1, "area", "merge", OTHER, "--into", VILLAGE, "--reason", "decree 12");
    RUNS(world, 1, "area", "merge", VILLAGE, "--into", THIRD, "--reason", "decree 12");
    SAYS(world->err, "given up before");
    county_has(world, OTHER, 1);
}

/* Two townships merge: their villages must not fall together unsaid. */
static void villages_come_before_their_township(void **state) {
    struct clerk *world = *state;

    world->county->role = ROLE_TOWNSHIP; /* may move records */
    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "wang", "--areas", "430626117,430626118");
    clerk_sync(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    {
        struct seen seen;
        struct edit edit;
        struct err err;
        const char *record = clerk_new(world, world->wang, CLERK_HOME("李四"));

        err_init(&err, LANG_EN);
        clerk_start(world, world->wang, record, CHANGE_MOVE, &seen, &edit);
        clerk_must(edit_set_area(&edit, UINT64_C(430626118205), &err), &err);
        clerk_finish(world, world->wang, &seen, &edit);
    }
    clerk_sync(world);
    RUNS(world, 1, "area", "merge", "430626117", "--into", "430626118", "--reason", "decree 12");
    SAYS(world->err, VILLAGE);
    RUNS(world, 0, "area", "recode", VILLAGE, "430626118231", "--reason", "decree 12");
    RUNS(world, 0, "area", "merge", "430626117", "--into", "430626118", "--reason", "decree 12");
    clerk_sync(world);
    county_has(world, "430626118", 2);
    county_has(world, "430626118231", 1);
    assert_int_equal(listed(world, world->wang, "430626118231", "430626118231"), 1);
    assert_int_equal(listed(world, world->wang, "430626118205", "430626118205"), 1);
}

static void being_killed_before_the_records_moved(void **state) {
    struct clerk *world = *state;
    const struct area_act act = {
        .kind = AREA_MERGED, .from = COUNTY_AREA, .to = UINT64_C(430626117206)};
    struct area_request request = {.acts = &act, .count = 1, .reason = view_text("decree 12")};
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    clerk_must(office_act(service_office(world->service), area_act, &request, &err), &err);
    service_close(world->service);
    clerk_open(world);
    county_has(world, OTHER, 1);
    clerk_sync(world);
    assert_int_equal(listed(world, world->zhang, OTHER, OTHER), 1);
}

/* The disk failed in between, and the service goes on: the examiner finishes it. */
static void a_failed_move_is_finished_in_the_background(void **state) {
    struct clerk *world = *state;
    const struct area_act act = {
        .kind = AREA_MERGED, .from = COUNTY_AREA, .to = UINT64_C(430626117206)};
    struct area_request request = {.acts = &act, .count = 1, .reason = view_text("decree 12")};
    const struct office *office;
    bool more = true;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    office = service_office(world->service);
    clerk_must(office_act(office, area_act, &request, &err), &err);
    while (more)
        clerk_must(examine_portion(office, 50, &more, &err), &err);
    county_has(world, OTHER, 1);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, clerk_set_up, clerk_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(records_follow_and_late_writers_too),
        CASE(grants_of_the_old_area_open_the_new),
        CASE(under_one_grant_nothing_is_hidden_or_doubled),
        CASE(what_left_before_the_merge_is_not_kept),
        CASE(a_village_that_leaves_the_township),
        CASE(two_areas_that_are_one_now_are_no_question),
        CASE(names_reach_the_tablets),
        CASE(what_cannot_be_is_refused),
        CASE(villages_come_before_their_township),
        CASE(being_killed_before_the_records_moved),
        CASE(a_failed_move_is_finished_in_the_background),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
