/* test_former_names.c: copies of one tablet, and a county that is restored from a backup. Whoever
 * comes first, a name goes on meaning what it meant before, and what nobody can prove gets a name
 * of its own. */
#include "tests/support/clerk.h"

#include "agent/field/filler.h"
#include "agent/store/inside.h"
#include "schema/wire/lineage.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void sync_one(struct clerk *world, struct tablet *tablet) {
    county_sync(world->county, tablet, RC_OK, NULL);
}

struct pair { /* a tablet and its copy, of Chen */
    struct tablet *a, *b;
    struct session *first, *second;
};

/* Both have number 1, which the county has; what they write from here on they number alike. */
static void make_pair(struct clerk *world, struct pair *pair) {
    const uint64_t area = COUNTY_AREA;
    struct session *chen;
    struct err err;

    err_init(&err, LANG_EN);
    pair->a = county_enrol(world->county, clerk_path(world, "chen"), "chen", &area, 1);
    chen = county_session(pair->a, "chen");
    sync_one(world, pair->a);
    clerk_new(world, chen, CLERK_HOME("共同的"));
    sync_one(world, pair->a);
    clerk_must(session_close(chen, &err), &err);
    tablet_close(pair->a);
    clerk_copy(world, "chen", "copy");
    pair->a = county_tablet(world->county, clerk_path(world, "chen"));
    pair->b = county_tablet(world->county, clerk_path(world, "copy"));
    pair->first = county_session(pair->a, "chen");
    pair->second = county_session(pair->b, "chen");
}

/* Both have number 1, which the county's backup has, and number 2, which has never been sent. */
static void make_twins(struct clerk *world, struct pair *pair, const char *file) {
    struct err err;

    err_init(&err, LANG_EN);
    make_pair(world, pair);
    RUNS(world, 0, "backup", file);
    clerk_new(world, pair->first, CLERK_HOME("两边的"));
    clerk_must(session_close(pair->first, &err), &err);
    tablet_close(pair->a);
    tablet_close(pair->b);
    clerk_copy(world, "chen", "twin");
    pair->a = county_tablet(world->county, clerk_path(world, "chen"));
    pair->b = county_tablet(world->county, clerk_path(world, "twin"));
    pair->first = county_session(pair->a, "chen");
    pair->second = county_session(pair->b, "chen");
}

static void sync_until_rest(struct clerk *world, const struct pair *pair) {
    for (int i = 0; i < 4; i++) {
        sync_one(world, pair->a);
        clerk_verify(pair->a);
        sync_one(world, pair->b);
        clerk_verify(pair->b);
        clerk_sync(world);
    }
}

static const struct lineage *names(const struct tablet *tablet) {
    return &tablet_actor(tablet, 0)->lineage;
}

static void the_other_copy_comes_first_this_time(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *one, *two;
    struct pair pair;

    clerk_begin(world);
    make_pair(world, &pair);
    RUNS(world, 0, "backup", file);
    clerk_new(world, pair.first, CLERK_HOME("原件的"));
    clerk_new(world, pair.second, CLERK_HOME("副本的"));
    sync_one(world, pair.a); /* it comes first, and its number 2 keeps the plain name */
    sync_one(world, pair.b);
    sync_one(world, pair.b);
    one = clerk_own_name(world, pair.a, 2);
    two = clerk_own_name(world, pair.b, 2);
    assert_string_not_equal(one, two);
    clerk_sync(world);
    clerk_edit(world, world->zhang, one, "pigs", "17"); /* which he has not sent */
    clerk_edit(world, world->zhang, two, "pigs", "23");
    clerk_restore(world, file, "again");
    sync_one(world, pair.b);
    clerk_sync(world);
    sync_one(world, pair.a);
    for (int i = 0; i < 3; i++) {
        clerk_sync(world);
        sync_one(world, pair.a);
        sync_one(world, pair.b);
    }
    assert_string_equal(clerk_own_name(world, pair.a, 2), one);
    assert_string_equal(clerk_own_name(world, pair.b, 2), two);
    assert_true(clerk_shows(world, one, "原件的") && clerk_shows(world, one, "17"));
    assert_true(clerk_shows(world, two, "副本的") && clerk_shows(world, two, "23"));
    assert_int_equal(clerk_counts(world).records, 3);
    assert_int_equal(clerk_counts(world).changes, 5);
    assert_int_equal(clerk_counts(world).quarantined, 0);
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

/* What was never sent has no name yet. Both get one of the present epoch, and both of them a new
 * actor; a second restore that has forgotten even that changes nothing. */
static void what_nobody_knew_gets_a_name_of_its_own(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *one, *two;
    struct pair pair;

    clerk_begin(world);
    make_pair(world, &pair);
    RUNS(world, 0, "backup", file);
    clerk_new(world, pair.first, CLERK_HOME("原件的"));
    clerk_new(world, pair.second, CLERK_HOME("副本的"));
    clerk_restore(world, file, "again");
    sync_one(world, pair.b);
    sync_one(world, pair.a);
    assert_int_equal(names(pair.a)->count, 1);
    assert_int_equal(names(pair.b)->count, 1);
    one = clerk_own_name(world, pair.a, 2);
    two = clerk_own_name(world, pair.b, 2);
    assert_string_not_equal(one, two);
    assert_false(clerk_noticed(world, pair.a, NOTICE_FORKED)); /* nobody had the number before */
    assert_int_equal(tablet_actor_count(pair.a), 2);
    assert_int_equal(tablet_actor_count(pair.b), 2);
    assert_true(tablet_actor(pair.a, 1)->actor != tablet_actor(pair.b, 1)->actor);
    clerk_sync(world);
    clerk_sync(world);
    clerk_edit(world, world->zhang, one, "pigs", "17");
    clerk_restore(world, file, "once_more");
    sync_one(world, pair.a);
    for (int i = 0; i < 3; i++) {
        clerk_sync(world);
        sync_one(world, pair.b);
        sync_one(world, pair.a);
    }
    assert_string_equal(clerk_own_name(world, pair.a, 2), one);
    assert_string_equal(clerk_own_name(world, pair.b, 2), two);
    assert_true(clerk_shows(world, one, "原件的") && clerk_shows(world, one, "17"));
    assert_true(clerk_shows(world, two, "副本的"));
    assert_int_equal(clerk_counts(world).records, 3);
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

/* As if the answer that told of number 2 had not come. */
static void forget_receipt(struct tablet *tablet) {
    struct own_actor actor = *tablet_actor(tablet, 0);
    struct err err;

    err_init(&err, LANG_EN);
    actor.told = actor.receipt = 1;
    clerk_must(tablet_put_actor(tablet, &actor, &err), &err);
}

/* The author does not know that his number was taken, because the answer was lost; those who have
 * pulled it do. */
static void others_prove_what_the_author_was_not_told(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *one;
    struct pair pair;

    clerk_begin(world);
    make_pair(world, &pair);
    RUNS(world, 0, "backup", file);
    clerk_new(world, pair.first, CLERK_HOME("原件的"));
    clerk_new(world, pair.second, CLERK_HOME("副本的"));
    one = clerk_own_name(world, pair.a, 2);
    sync_one(world, pair.a);
    forget_receipt(pair.a);
    clerk_sync(world);
    clerk_edit(world, world->zhang, one, "pigs", "17");
    clerk_restore(world, file, "again");
    sync_one(world, pair.b);
    clerk_sync(world); /* with what was pulled */
    clerk_sync(world);
    sync_one(world, pair.a);
    assert_string_equal(clerk_own_name(world, pair.a, 2), one);
    assert_true(clerk_shows(world, one, "原件的") && clerk_shows(world, one, "17"));
    assert_int_equal(clerk_counts(world).records, 3);
    assert_int_equal(clerk_counts(world).changes, 4);
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

/* He comes before those who can prove it, and gets a new name: then it is not filed once more. */
static void nothing_is_doubled_where_proof_comes_late(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *one;
    struct pair pair;

    clerk_begin(world);
    make_pair(world, &pair);
    RUNS(world, 0, "backup", file);
    clerk_new(world, pair.first, CLERK_HOME("原件的"));
    one = clerk_own_name(world, pair.a, 2);
    sync_one(world, pair.a);
    forget_receipt(pair.a);
    clerk_sync(world);
    clerk_restore(world, file, "again");
    sync_one(world, pair.a);
    clerk_sync(world);
    clerk_sync(world);
    sync_one(world, pair.b);
    assert_string_not_equal(clerk_own_name(world, pair.a, 2), one);
    assert_true(clerk_shows(world, clerk_own_name(world, pair.a, 2), "原件的"));
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_counts(world).changes, 2);
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

/* A copy that was never told comes first after the restore, and what both have gets a new name.
 * What its author had written about it since, as a new actor, names it as it was called then: that
 * stands under the former name, and the record is read without it, here as in the county. A county
 * that comes back from a backup of between knows the former name, and what was written about it. */
static void what_was_written_about_a_former_name_keeps_to_it(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *between = clerk_path(world, "two.backup");
    const char *former, *name;
    struct pair pair;

    clerk_begin(world);
    make_twins(world, &pair, file);
    clerk_restore(world, file, "again");
    sync_one(world, pair.a);
    sync_one(world, pair.a);
    former = clerk_own_name(world, pair.a, 2);
    assert_int_equal(tablet_actor_count(pair.a), 2);
    clerk_edit(world, pair.first, former, "pigs", "7931");
    sync_one(world, pair.a);
    RUNS(world, 0, "backup", between);
    clerk_restore(world, file, "once_more");
    sync_one(world, pair.b);
    sync_until_rest(world, &pair);
    name = clerk_own_name(world, pair.a, 2);
    assert_string_not_equal(name, former);
    assert_string_equal(clerk_own_name(world, pair.b, 2), name);
    assert_true(clerk_shows(world, name, "两边的") && !clerk_shows(world, name, "7931"));
    clerk_edit(world, pair.first, name, "pigs", "8642");
    sync_until_rest(world, &pair);
    assert_true(clerk_shows(world, name, "8642"));
    clerk_restore(world, between, "between");
    sync_until_rest(world, &pair);
    assert_string_equal(clerk_own_name(world, pair.a, 2), former);
    assert_string_equal(clerk_own_name(world, pair.b, 2), former);
    assert_true(clerk_shows(world, former, "两边的") && clerk_shows(world, former, "7931"));
    assert_false(clerk_shows(world, former, "8642"));
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

/* A number got a name of a restored county's epoch; then the county comes back from another backup,
 * which knows it by the plain name: the receipt has no names, and those that were told are void. */
static void a_name_of_an_epoch_that_is_gone_is_void(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *second = clerk_path(world, "two.backup");
    const char *plain;
    struct pair pair;

    clerk_begin(world);
    make_twins(world, &pair, file);
    plain = clerk_own_name(world, pair.a, 2);
    sync_one(world, pair.a);
    RUNS(world, 0, "backup", second);
    clerk_restore(world, file, "again");
    sync_one(world, pair.b);
    sync_one(world, pair.a);
    sync_until_rest(world, &pair);
    assert_string_not_equal(clerk_own_name(world, pair.a, 2), plain);
    world->county->now_ms += 60000; /* an epoch is a second */
    clerk_restore(world, second, "between");
    sync_until_rest(world, &pair);
    assert_string_equal(clerk_own_name(world, pair.a, 2), plain);
    assert_string_equal(clerk_own_name(world, pair.b, 2), plain);
    assert_true(clerk_shows(world, plain, "两边的"));
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_listed(world, pair.first), 2);
    assert_int_equal(clerk_listed(world, pair.second), 2);
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

static void put(struct filler *filler, const char *ref, const char *text) {
    struct engine_place place;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(engine_place(filler_engine(filler), view_text(ref), &place, &err), &err);
    clerk_must(engine_set(filler_engine(filler), place, view_text(text), &err), &err);
    clerk_must(filler_keep(filler, &err), &err);
}

/* A copy has begun to change a home of its own; then it learns that the name it knew it by is that
 * of another copy's home. The draft goes on with the home that was meant, whether the form was open
 * meanwhile or is opened again. */
static void a_draft_follows_the_name_of_its_record(void **state) {
    struct clerk *world = *state;
    const char *one, *two;
    struct filler *filler, *open;
    struct dot record;
    struct pair pair;
    uint32_t problems;
    uint64_t draft;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    make_pair(world, &pair);
    clerk_new(world, pair.first, CLERK_HOME("原件的"));
    clerk_new(world, pair.second, CLERK_HOME("副本的"));
    one = clerk_own_name(world, pair.b, 2);
    clerk_must(dot_parse(view_text(one), &record, &err), &err);
    clerk_must(filler_edit(pair.second, record, &open, &err), &err);
    put(open, "/data/pigs", "7931");
    put(open, "/data/member[1]/wage", "8642");
    draft = filler_draft(open);
    sync_one(world, pair.a); /* it comes first, and its number 2 keeps the plain name */
    assert_false(filler_is_renamed(open));
    sync_until_rest(world, &pair);
    two = clerk_own_name(world, pair.b, 2);
    assert_string_not_equal(one, two);
    assert_true(filler_is_renamed(open));
    filler_close(open);
    clerk_must(filler_resume(pair.second, draft, &filler, &err), &err);
    assert_false(filler_is_renamed(filler));
    clerk_must(dot_parse(view_text(two), &record, &err), &err);
    assert_true(dot_equal(filler_record(filler), record));
    put(filler, "/data/bank", "农商行");
    clerk_must(filler_finish(filler, &record, &problems, &err), &err);
    filler_close(filler);
    sync_until_rest(world, &pair);
    RUNS(world, 0, "show", two);
    SAYS(world->out, "副本的");
    SAYS(world->out, "7931");
    SAYS(world->out, "8642");
    SAYS(world->out, "农商行");
    RUNS(world, 0, "show", one);
    SAYS(world->out, "原件的");
    SAYS(world->out, "/wage");
    KEEPS_QUIET(world->out, "7931");
    KEEPS_QUIET(world->out, "8642");
    RUNS(world, 0, "verify");
    tablet_close(pair.a);
    tablet_close(pair.b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_other_copy_comes_first_this_time, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_knew_gets_a_name_of_its_own, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(others_prove_what_the_author_was_not_told, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_doubled_where_proof_comes_late, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_was_written_about_a_former_name_keeps_to_it,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_name_of_an_epoch_that_is_gone_is_void, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_draft_follows_the_name_of_its_record, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
