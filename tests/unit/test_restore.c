/* test_restore.c: the server comes back from last week's backup. Tablets notice, send again what it
 * lacks, and in the end everybody has everything once. */
#include "tests/support/clerk.h"

#include "agent/store/inside.h"
#include "base/date.h"
#include "base/file.h"
#include "syncd/sync/restore.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static const struct own_actor *actor_of(const struct tablet *tablet) {
    return tablet_actor(tablet, tablet_actor_count(tablet) - 1);
}

static uint64_t own_actor(struct clerk *world) {
    struct ledger *ledger = NULL;
    const struct office *office = service_office(world->service);
    struct view setting;
    struct reader reader;
    uint64_t actor;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(store_setting(ledger->store, "actor", &world->arena, &setting, &err), &err);
    reader_init(&reader, setting);
    actor = read_le64(&reader);
    office->give_back(office->context, ledger);
    return actor;
}

static struct stored_actor stored(struct clerk *world, uint64_t actor) {
    struct ledger *ledger = NULL;
    const struct office *office = service_office(world->service);
    struct stored_actor row;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(office->borrow(office->context, &ledger, &err), &err);
    clerk_must(store_actor(ledger->store, actor, &row, &err), &err);
    office->give_back(office->context, ledger);
    return row;
}

static void what_was_lost_comes_back_once(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *first, *second, *third;
    uint64_t old_actor;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    RUNS(world, 0, "backup", "confirm", file);
    /* a week of work that the backup does not hold */
    second = clerk_new(world, world->wang, CLERK_HOME("李四"));
    third = clerk_new(world, world->zhang, CLERK_HOME("张三"));
    clerk_edit(world, world->zhang, first, "pigs", "7");
    clerk_sync(world);
    clerk_sync(world);
    clerk_edit(world, world->wang, third, "pigs", "9"); /* and one that was never sent */
    assert_int_equal(clerk_counts(world).records, 3);
    old_actor = own_actor(world);
    clerk_restore(world, file, "again");
    assert_int_equal(clerk_counts(world).records, 1);
    assert_true(own_actor(world) != old_actor);
    assert_true(stored(world, old_actor).retired);
    assert_true(service_office(world->service)->epoch > 1);
    RUNS(world, 0, "verify");
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 3);
    assert_int_equal(clerk_counts(world).changes, 5);
    assert_true(clerk_shows(world, second, "李四"));
    assert_true(clerk_shows(world, third, "9"));
    assert_true(clerk_shows(world, first, "7"));
    assert_int_equal(clerk_listed(world, world->wang), 3);
    assert_int_equal(clerk_listed(world, world->zhang), 3);
    assert_int_equal(actor_of(world->a)->receipt, actor_of(world->a)->number);
    assert_int_equal(actor_of(world->b)->receipt, actor_of(world->b)->number);
    /* What was never sent has a name of the new epoch, and so has what comes next; nobody was taken
     * for a copy. */
    assert_int_equal(tablet_actor_count(world->a), 2);
    assert_int_equal(actor_of(world->a)->number, 0);
    assert_int_equal(tablet_actor(world->a, 0)->lineage.count, 1);
    assert_int_equal(tablet_actor(world->a, 0)->lineage.ranges[0].from, 3);
    assert_int_equal(tablet_actor(world->b, 0)->lineage.count, 0);
    RUNS(world, 0, "verify");
    RUNS(world, 0, "log");
    SAYS(world->out, "restore");
    SAYS(world->out, "from a backup of");
    /* work goes on, and a conflict is decided by the county's new actor */
    clerk_edit(world, world->wang, second, "pigs", "4");
    clerk_edit(world, world->zhang, second, "pigs", "6");
    clerk_sync(world);
    RUNS(world, 0, "resolve", second, "pigs", "--keep", clerk_side(world, second, "pigs", "4"),
         "--as", "Li Si", "--reason", "seen");
    clerk_sync(world);
    assert_int_equal(stored(world, own_actor(world)).number, 1);
    RUNS(world, 0, "verify");
}

static void tablets_that_trusted_a_later_backup_send_again(void **state) {
    struct clerk *world = *state;
    const char *early = clerk_path(world, "early.backup"), *late = clerk_path(world, "late.backup");

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", early);
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    RUNS(world, 0, "backup", late);
    RUNS(world, 0, "backup", "confirm", late);
    clerk_sync(world);
    assert_int_equal(actor_of(world->a)->backed_up, 2);
    clerk_restore(world, early, "again"); /* the late one is burnt */
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_counts(world).changes, 2);
    /* of another life: it holds what was here, but not as it is now */
    RUNS(world, 1, "backup", "confirm", late);
    SAYS(world->err, "before this county was restored");
    RUNS(world, 0, "verify");
}

static void two_restores_are_two_lives(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    uint32_t epoch;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    RUNS(world, 0, "backup", file);
    clerk_sync(world);
    clerk_restore(world, file, "again");
    epoch = service_office(world->service)->epoch;
    clerk_sync(world);
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    world->county->now_ms += 3600000;
    clerk_restore(world, file, "once_more");
    assert_true(service_office(world->service)->epoch > epoch);
    assert_int_equal(clerk_counts(world).records, 0);
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_counts(world).changes, 2);
    assert_int_equal(clerk_listed(world, world->wang), 2);
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    RUNS(world, 0, "verify");
}

/* A feed that has grown again beyond where a tablet stood is another feed all the same. */
/* The clock was ahead once, and is right again: it does not tell two restores of one backup apart.
 */
static void two_restores_by_a_clock_that_was_ahead_are_two_lives(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *later = clerk_path(world, "later.backup");
    uint32_t ahead, epoch;

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    clerk_restore(world, file, "again");
    ahead = service_office(world->service)->epoch;
    RUNS(world, 0, "backup", later);
    world->county->now_ms -= INT64_C(30) * MS_PER_DAY;
    clerk_restore(world, later, "once_more");
    epoch = service_office(world->service)->epoch;
    assert_true(epoch > ahead);
    clerk_sync(world);
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    clerk_restore(world, later, "a_third_time");
    assert_true(service_office(world->service)->epoch > ahead);
    assert_true(service_office(world->service)->epoch != epoch);
    assert_int_equal(clerk_counts(world).records, 1);
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    RUNS(world, 0, "verify");
}

static void a_clock_that_is_behind_the_backup_is_told(void **state) {
    struct clerk *world = *state;
    const char *now = clerk_path(world, "now.backup"), *late = clerk_path(world, "late.backup"),
               *first = clerk_path(world, "first"), *second = clerk_path(world, "second");
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    world->county->now_ms = env_wall_ms(env_system()) - MS_PER_DAY;
    RUNS(world, 0, "backup", now);
    world->county->now_ms += INT64_C(40) * 365 * MS_PER_DAY;
    RUNS(world, 0, "backup", late);
    clerk_must(file_make_directory(first, &err), &err);
    clerk_must(file_make_directory(second, &err), &err);
    clerk_copy(world, "county/keys", "first/keys");
    clerk_copy(world, "county/keys", "second/keys");
    RUNS(world, 0, "restore", now, "--data", first);
    KEEPS_QUIET(world->err, "clock has not reached");
    RUNS(world, 0, "restore", late, "--data", second);
    SAYS(world->err, "clock has not reached");
}

static void a_place_in_the_lost_feed_is_not_taken_for_one_in_the_new(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");

    clerk_begin(world);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    clerk_restore(world, file, "again");
    for (int i = 0; i < 5; i++) { /* only Zhang comes, and writes much, before Wang does */
        clerk_new(world, world->zhang, CLERK_HOME("新的"));
        county_sync(world->county, world->b, RC_OK, NULL);
    }
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 7);
    assert_int_equal(clerk_listed(world, world->wang), 7);
    assert_int_equal(clerk_listed(world, world->zhang), 7);
    RUNS(world, 0, "verify");
}

/* Zhang's tablet is lost with the county. What others had pulled of it comes back, once. */
static void what_others_pulled_comes_back(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *first, *second;
    uint64_t zhang;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    second = clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_edit(world, world->zhang, first, "pigs", "7");
    clerk_sync(world);
    clerk_edit(world, world->wang, second, "pigs", "1");
    clerk_sync(world);
    clerk_edit(world, world->zhang, second, "pigs", "2");
    clerk_edit(world, world->wang, second, "pigs", "5");
    clerk_sync(world);
    clerk_sync(world);
    RUNS(world, 0, "resolve", second, "pigs", "--keep", clerk_side(world, second, "pigs", "5"),
         "--as", "Li Si", "--reason", "seen"); /* by the county's own actor, which is lost, too */
    clerk_sync(world);
    zhang = actor_of(world->b)->actor;
    assert_int_equal(stored(world, zhang).number, 3);
    clerk_restore(world, file, "again");
    county_sync(world->county, world->a, RC_OK, NULL); /* only Wang comes */
    assert_int_equal(clerk_counts(world).records, 2);
    assert_int_equal(clerk_counts(world).changes, 7);
    assert_int_equal(clerk_counts(world).conflicts, 0);
    assert_int_equal(stored(world, zhang).number, 3);
    assert_true(clerk_shows(world, first, "7"));
    assert_true(clerk_shows(world, second, "李四"));
    RUNS(world, 0, "verify");
    RUNS(world, 0, "log");
    SAYS(world->out, "carried");
    assert_int_equal(clerk_listed(world, world->wang), 2);
    /* and he comes after all: nothing is doubled, and nothing of his is sent again */
    county_sync(world->county, world->b, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).changes, 7);
    clerk_edit(world, world->zhang, second, "phone", "13900000000");
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).changes, 8);
    assert_int_equal(stored(world, zhang).number, 3);
    assert_int_equal(tablet_actor(world->b, 0)->lineage.count, 0); /* proven to be what it was */
    assert_int_equal(tablet_actor_count(world->b), 2);
    assert_int_equal(stored(world, actor_of(world->b)->actor).number, 1);
    RUNS(world, 0, "verify");
}

#define OTHER_VILLAGE UINT64_C(430626117206)

static struct tablet *enrol_chen(struct clerk *world) {
    const uint64_t both[] = {UINT64_C(430626117205), OTHER_VILLAGE};

    return county_enrol(world->county, clerk_path(world, "chen"), "chen", both, 2);
}

/* Wang sees one village of two in which Chen works, so there are gaps in what he can give back. */
static void gaps_are_filled_by_the_author(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct tablet *c;
    struct session *chen;
    uint64_t actor;

    clerk_begin(world);
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    county_sync(world->county, c, RC_OK, NULL);
    RUNS(world, 0, "backup", file);
    clerk_new_in(world, chen, COUNTY_AREA, CLERK_HOME("一"));
    clerk_new_in(world, chen, OTHER_VILLAGE, CLERK_HOME("二"));
    clerk_new_in(world, chen, COUNTY_AREA, CLERK_HOME("三"));
    clerk_new_in(world, chen, OTHER_VILLAGE, CLERK_HOME("四"));
    county_sync(world->county, c, RC_OK, NULL);
    clerk_sync(world);
    actor = actor_of(c)->actor;
    clerk_restore(world, file, "again");
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).changes, 2);
    assert_int_equal(stored(world, actor).number, 1); /* and 3 is ahead of it */
    RUNS(world, 0, "verify");
    clerk_new_in(world, chen, COUNTY_AREA, CLERK_HOME("五"));
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).changes, 5);
    assert_int_equal(clerk_counts(world).records, 5);
    assert_int_equal(stored(world, actor).number, 4); /* the fifth is of the new epoch */
    assert_int_equal(tablet_actor(c, 0)->receipt, 5);
    assert_int_equal(tablet_actor(c, 0)->lineage.ranges[0].from, 5);
    assert_int_equal(tablet_actor_count(c), 2);
    clerk_sync(world);
    assert_int_equal(clerk_listed(world, world->wang), 3);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

static uint64_t slices_of(struct tablet *tablet) {
    const char *sql = "SELECT count(*) FROM slice";
    struct statement *statements[1];
    uint64_t count;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(db_prepare_all(tablet->db, &sql, 1, statements, &err), &err);
    clerk_must(statement_one(statements[0], &err), &err);
    count = (uint64_t)statement_i64(statements[0], 0);
    statement_reset(statements[0]);
    return count;
}

static void days_later(struct clerk *world, int64_t days) {
    world->county->now_ms += days * MS_PER_DAY;
    clerk_sync(world);
}

/* What is pulled need not be kept for ever: until a backup that was read back holds it, and 90 days
 * more. After that the backup is what it comes back from. */
static void what_was_pulled_is_forgotten_when_a_backup_holds_it(void **state) {
    struct clerk *world = *state;
    const char *early = clerk_path(world, "early.backup"), *late = clerk_path(world, "late.backup");

    clerk_begin(world);
    RUNS(world, 0, "backup", early);
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    clerk_sync(world);
    assert_int_equal(slices_of(world->a), 1);
    days_later(world, 200); /* in no backup that was read back */
    assert_int_equal(slices_of(world->a), 1);
    RUNS(world, 0, "backup", late);
    days_later(world, 1);
    assert_int_equal(slices_of(world->a), 1);
    RUNS(world, 0, "backup", "confirm", late);
    clerk_new(world, world->zhang, CLERK_HOME("张三")); /* and this it does not hold */
    clerk_sync(world);
    assert_int_equal(slices_of(world->a), 2);
    days_later(world, 89); /* since it was told */
    assert_int_equal(slices_of(world->a), 2);
    days_later(world, 2);
    assert_int_equal(slices_of(world->a), 1);
    clerk_restore(world, late, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 2); /* one from the backup, one from Wang */
    RUNS(world, 0, "verify");
    /* it knows where that is in the new feeds, so the next backup covers it again */
    RUNS(world, 0, "backup", clerk_path(world, "new.backup"));
    RUNS(world, 0, "backup", "confirm", clerk_path(world, "new.backup"));
    days_later(world, 1);
    days_later(world, 91);
    assert_int_equal(slices_of(world->a), 0);
    assert_int_equal(clerk_listed(world, world->wang), 2);
}

/* A tablet that trusted a late backup still has for a while what an early one does not hold. */
static void an_older_backup_than_the_one_that_was_told(void **state) {
    struct clerk *world = *state;
    const char *early = clerk_path(world, "early.backup"), *late = clerk_path(world, "late.backup");

    clerk_begin(world);
    RUNS(world, 0, "backup", early);
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    RUNS(world, 0, "backup", late);
    RUNS(world, 0, "backup", "confirm", late);
    clerk_sync(world);
    days_later(world, 80);
    clerk_restore(world, early, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 1);
    county_sync(world->county, world->b, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).changes, 1);
    RUNS(world, 0, "verify");
}

/* A locked tablet brings back what it cannot read. */
static void a_locked_tablet_brings_it_back(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct err err;

    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    err_init(&err, LANG_EN);
    clerk_must(session_close(world->wang, &err), &err);
    clerk_restore(world, file, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 1);
    RUNS(world, 0, "verify");
}

static const char *device_of(struct clerk *world, struct tablet *tablet) {
    char *text = arena_alloc(&world->arena, 17);

    id_text(tablet_facts(tablet)->device, text);
    return text;
}

/* A tablet that was enrolled after the backup shows its credential: nothing of it is refused, and
 * nothing counts, and nothing is told to it, before staff have said so. */
static void who_was_enrolled_later_is_known_again(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct tablet *c;
    struct session *chen;

    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    county_sync(world->county, c, RC_OK, NULL);
    clerk_new(world, chen, CLERK_HOME("一"));
    county_sync(world->county, c, RC_OK, NULL);
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_restore(world, file, "again");
    clerk_new(world, chen, CLERK_HOME("二"));
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(tablet_actor(c, 0)->receipt, 2);
    assert_int_equal(clerk_counts(world).records, 0);
    assert_int_equal(clerk_counts(world).quarantined, 2);
    clerk_sync(world);
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_listed(world, chen), 2); /* not Wang's */
    RUNS(world, 0, "device", "list");
    SAYS(world->out, "to be confirmed");
    SAYS(world->out, "430626117205");
    RUNS(world, 0, "log");
    SAYS(world->out, "device recall");
    RUNS(world, 0, "device", "scope", device_of(world, c));
    assert_int_equal(clerk_counts(world).quarantined, 0);
    assert_int_equal(clerk_counts(world).records, 3);
    county_sync(world->county, c, RC_OK, NULL);
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_listed(world, chen), 3);
    RUNS(world, 0, "device", "list");
    KEEPS_QUIET(world->out, "to be confirmed");
    clerk_new_in(world, chen, OTHER_VILLAGE, CLERK_HOME("三"));
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 4);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

/* Its first answer came on a stick, and its next ones had nothing that would have made the county
 * certify it: it has something to show all the same. */
static void who_began_with_a_stick_is_known_again(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *stick = clerk_path(world, "stick");
    struct bundle_taken taken;
    struct session *chen;
    struct tablet *c;
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    RUNS(world, 0, "bundle", "write", stick, "--device", device_of(world, c));
    buf_init(&bytes, 1u << 20);
    clerk_must(file_read(stick, 1u << 20, &bytes, &err), &err);
    clerk_must(sync_bundle_read(c, buf_view(&bytes), &taken, &err), &err);
    buf_release(&bytes);
    county_sync(world->county, c, RC_OK, NULL);
    clerk_new(world, chen, CLERK_HOME("一"));
    clerk_restore(world, file, "again");
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    RUNS(world, 0, "device", "scope", device_of(world, c));
    assert_int_equal(clerk_counts(world).records, 1);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

/* It was enrolled after the backup and has not synced yet: it has nothing that could be lost, and
 * no credential to show. It is told what to do, and does so. */
static void who_was_enrolled_and_has_not_come_yet_enrols_anew(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    const uint64_t area = COUNTY_AREA;
    struct sync_report report;
    struct tablet *c;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    c = county_enrol(world->county, clerk_path(world, "chen"), "chen", &area, 1);
    clerk_restore(world, file, "again");
    assert_int_equal(sync_run(c, &world->county->link, NULL, &report, &err), RC_DENIED);
    SAYS(err.text, "ask for a new code");
    SAYS(err.text, "empty folder");
    tablet_close(c);
    c = county_enrol(world->county, clerk_path(world, "chen2"), "chen", &area, 1);
    county_sync(world->county, c, RC_OK, NULL);
    tablet_close(c);
}

/* What waited is released in one step, although its record began elsewhere than it went on. */
static void what_moved_while_it_waited_is_released(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *record;
    struct tablet *c;
    struct session *chen;

    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    world->county->role = ROLE_CLERK; /* who may move records */
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    county_sync(world->county, c, RC_OK, NULL);
    record = clerk_new_in(world, chen, OTHER_VILLAGE, CLERK_HOME("一"));
    clerk_move(world, chen, record, COUNTY_AREA);
    clerk_edit(world, chen, record, "pigs", "9");
    clerk_restore(world, file, "again");
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 3);
    RUNS(world, 0, "device", "scope", device_of(world, c));
    assert_int_equal(clerk_counts(world).quarantined, 0);
    clerk_sync(world);
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_listed(world, world->wang), 1);
    assert_int_equal(clerk_listed(world, chen), 1);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

/* Others bring its work back before it comes itself; its actor is claimed by its own first batch.
 * And staff may find that it was revoked. */
static void what_is_carried_waits_for_nobody(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct tablet *c;
    struct session *chen;

    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    county_sync(world->county, c, RC_OK, NULL);
    clerk_new(world, chen, CLERK_HOME("一"));
    county_sync(world->county, c, RC_OK, NULL);
    clerk_sync(world);
    clerk_restore(world, file, "again");
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 1); /* the county had admitted it once */
    clerk_new(world, chen, CLERK_HOME("二"));
    county_sync(world->county, c, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).changes, 2);
    assert_int_equal(clerk_counts(world).records, 1);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    assert_int_equal(tablet_actor(c, 0)->receipt, 2);
    assert_int_equal(tablet_actor_count(c), 2);
    RUNS(world, 0, "device", "revoke", device_of(world, c), "--reason", "lost in May");
    county_sync(world->county, c, RC_DENIED, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

/* Its author sends it first, and may do nothing any more: it is kept aside. Then somebody comes who
 * can prove that the county had admitted it. */
static void what_was_admitted_is_admitted_again(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *first, *second;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    first = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    RUNS(world, 0, "backup", file);
    clerk_edit(world, world->wang, first, "pigs", "7");
    second = clerk_new(world, world->wang, CLERK_HOME("李四"));
    clerk_sync(world);
    clerk_edit(world, world->wang, second, "pigs", "1"); /* that nobody has taken */
    clerk_restore(world, file, "again");
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost");
    county_sync(world->county, world->a, RC_DENIED, NULL); /* hears of it */
    county_sync(world->county, world->a, RC_DENIED, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 3);
    RUNS(world, 0, "quarantine", "return", second, "--as", "Li Si", "--reason", "what is this");
    assert_int_equal(clerk_counts(world).quarantined, 2);
    county_sync(world->county, world->b, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    assert_int_equal(clerk_counts(world).changes, 4);
    assert_true(clerk_shows(world, first, "7"));
    assert_true(clerk_shows(world, second, "李四"));
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    RUNS(world, 0, "verify");
    RUNS(world, 0, "log");
    SAYS(world->out, "quarantine release");
    county_sync(world->county, world->b, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
}

/* What a tablet holds follows the county that there is, also where it can prove nothing: the record
 * came to it as a state. But nothing goes before the county has told what it has. */
static void nobody_holds_more_than_the_county(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *mine, *theirs, *moved;
    struct tablet *c;
    struct session *chen;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    world->county->role = ROLE_CLERK; /* who may move records */
    c = enrol_chen(world);
    chen = county_session(c, "chen");
    county_sync(world->county, c, RC_OK, NULL);
    RUNS(world, 0, "backup", file);
    mine = clerk_new(world, world->zhang, CLERK_HOME("王桂兰"));
    theirs = clerk_new_in(world, chen, OTHER_VILLAGE, CLERK_HOME("李四"));
    county_sync(world->county, c, RC_OK, NULL);
    moved = clerk_move(world, chen, theirs, COUNTY_AREA);
    county_sync(world->county, c, RC_OK, NULL);
    clerk_sync(world);
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    clerk_restore(world, file, "again");
    RUNS(world, 0, "device", "revoke", "chen", "--reason", "lost");
    county_sync(world->county, c, RC_DENIED, NULL);
    county_sync(world->county, c, RC_DENIED, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 2);
    assert_true(clerk_one_round(world, world->b));
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    clerk_sync(world);
    assert_int_equal(clerk_counts(world).records, 1);
    assert_int_equal(clerk_counts(world).quarantined, 2);
    assert_int_equal(clerk_listed(world, world->zhang), 1);
    assert_true(clerk_shows(world, mine, "王桂兰"));
    RUNS(world, 0, "quarantine", "release", theirs, moved, "--as", "Li Si", "--reason", "seen");
    clerk_sync(world);
    assert_int_equal(clerk_listed(world, world->zhang), 2);
    RUNS(world, 0, "verify");
    tablet_close(c);
}

/* Staff had let it go, and the record with it. Now it waits again, and its author sees that. */
static void play_what_waits_again(struct clerk *world, bool held) {
    const char *file = clerk_path(world, "one.backup"), *record, *move;

    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    record = clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    clerk_sync(world);
    if (!held)
        RUNS(world, 0, "backup", file);
    move = clerk_move(world, world->wang, record, OTHER_VILLAGE);
    clerk_sync(world);
    if (held)
        RUNS(world, 0, "backup", file);
    assert_int_equal(clerk_kept_aside(world, world->a), 1);
    RUNS(world, 0, "quarantine", "release", move, "--as", "Li Si", "--reason", "seen");
    clerk_sync(world);
    assert_int_equal(clerk_kept_aside(world, world->a), 0);
    assert_int_equal(clerk_listed(world, world->wang), 0);
    clerk_restore(world, file, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).quarantined, 1);
    assert_int_equal(clerk_kept_aside(world, world->a), 1);
    assert_int_equal(clerk_listed(world, world->wang), 1);
    RUNS(world, 0, "verify");
}

static void who_wrote_what_waits_again_is_told(void **state) {
    play_what_waits_again(*state, false);
}

/* Nobody sends it again: the county has it, but not that it was released. */
static void who_wrote_what_waits_in_the_backup_is_told(void **state) {
    play_what_waits_again(*state, true);
}

static void copy_file(struct clerk *world, const char *from, const char *to) {
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 64u * 1024u * 1024u);
    clerk_must(file_read(clerk_path(world, from), 64u * 1024u * 1024u, &bytes, &err), &err);
    clerk_must(file_write(clerk_path(world, to), buf_view(&bytes), FILE_MODE_PRIVATE, &err), &err);
    buf_release(&bytes);
}

/* What the law has erased is in the slices that tablets keep, but it does not come back. */
static void what_was_erased_does_not_come_back(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup"), *record;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    clerk_user(world, "Li Si", "county");
    RUNS(world, 0, "backup", file);
    record = clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    RUNS(world, 0, "redact", record, "phone", "--reason", "court order 7", "--as", "Li Si");
    clerk_must(file_make_directory(clerk_path(world, "again"), &err), &err);
    copy_file(world, "county/redactions", "again/redactions");
    clerk_restore(world, file, "again");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(clerk_counts(world).records, 1);
    RUNS(world, 0, "show", record, "--reveal", "--reason", "check");
    KEEPS_QUIET(world->out, "13812345678");
    SAYS(world->out, "李四");
    county_sync(world->county, world->b, RC_OK, NULL);
    RUNS(world, 0, "show", record, "--reveal", "--reason", "check");
    KEEPS_QUIET(world->out, "13812345678");
    assert_int_equal(clerk_counts(world).changes, 1);
    RUNS(world, 0, "verify");
}

/* An older state of the county is put in the place of the newer one, and nobody says so. */
static void put_older_state_in_place(struct clerk *world, const char *name) {
    service_close(world->service);
    snprintf(world->data, sizeof(world->data), "%s", clerk_path(world, name));
    clerk_open(world);
}

static void keep_state(struct clerk *world, const char *name) {
    struct err err;

    err_init(&err, LANG_EN);
    service_close(world->service);
    clerk_must(file_make_directory(clerk_path(world, name), &err), &err);
    clerk_copy(world, "county/keys", arena_text(&world->arena, "%s/keys", name));
    copy_file(world, "county/county.db", arena_text(&world->arena, "%s/county.db", name));
    clerk_open(world);
}

static uint32_t alarms_of(struct clerk *world, struct tablet *tablet, bool told) {
    struct alarm *alarms = NULL;
    uint32_t count = 0, matching = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_alarms(tablet, &world->arena, &alarms, &count, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        matching += alarms[i].told == told;
    return matching;
}

/* The tablets notice, say so to their people and to the county's staff, and what was taken out of
 * the history comes back from those who had pulled it. */
static void a_history_that_was_rolled_back_is_noticed(void **state) {
    struct clerk *world = *state;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    keep_state(world, "empty"); /* before there was any feed */
    clerk_new(world, world->zhang, CLERK_HOME("李四"));
    clerk_sync(world);
    keep_state(world, "half");
    clerk_new(world, world->zhang, CLERK_HOME("张三"));
    clerk_sync(world);
    assert_int_equal(alarms_of(world, world->a, false), 0);
    put_older_state_in_place(world, "half");
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(alarms_of(world, world->a, true), 1);
    RUNS(world, 0, "log");
    SAYS(world->out, "alarm");
    SAYS(world->out, "430626117205");
    RUNS(world, 0, "device", "list");
    SAYS(world->out, "alarm: see log");
    assert_int_equal(clerk_counts(world).records, 2); /* Wang had it */
    RUNS(world, 0, "verify");
    put_older_state_in_place(world, "empty");
    county_sync(world->county, world->a, RC_OK, NULL);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(alarms_of(world, world->a, true), 3); /* the staff log is older, too */
    assert_int_equal(clerk_counts(world).records, 2);
    RUNS(world, 0, "verify");
    clerk_must(tablet_alarms_seen(world->a, UINT32_MAX, &err), &err);
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(alarms_of(world, world->a, true), 3); /* said once */
    assert_int_equal(clerk_listed(world, world->wang), 2);
}

static void the_two_halves_suffice(void **state) {
    struct clerk *world = *state;
    const char *county = clerk_path(world, "other"), *file = clerk_path(world, "one.backup");
    const char *folder = clerk_path(world, "again");
    char first[80], second[80], wrong_first[80], wrong_second[80];
    struct restore_options options = {
        .backup = file, .directory = folder, .env = &world->county->env};
    struct backup_info info;
    uint32_t epoch = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(
        service_create(county, &world->county->env, UINT64_C(430626000000), first, second, &err),
        &err);
    service_close(world->service);
    snprintf(world->data, sizeof(world->data), "%s", county);
    clerk_open(world);
    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    clerk_must(service_create(clerk_path(world, "third"), &world->county->env,
                              UINT64_C(430626000000), wrong_first, wrong_second, &err),
               &err);
    /* without keys, with half of them, with somebody else's */
    assert_int_equal(restore_county(&options, &world->arena, &info, &epoch, &err), RC_NOT_FOUND);
    SAYS(err.text, "halves");
    options.first_half = first;
    options.second_half = first;
    err_clear(&err);
    assert_int_equal(restore_county(&options, &world->arena, &info, &epoch, &err), RC_INVALID);
    options.first_half = wrong_first;
    options.second_half = wrong_second;
    err_clear(&err);
    assert_int_equal(restore_county(&options, &world->arena, &info, &epoch, &err), RC_DENIED);
    assert_false(file_exists(clerk_path(world, "again/county.db")));
    assert_false(file_exists(clerk_path(world, "again/restoring.db")));
    assert_false(file_exists(clerk_path(world, "again/keys/root"))); /* those were not ours */
    options.first_half = second;                                     /* in any order */
    options.second_half = first;
    err_clear(&err);
    clerk_must(restore_county(&options, &world->arena, &info, &epoch, &err), &err);
    err_clear(&err);
    assert_int_equal(restore_county(&options, &world->arena, &info, &epoch, &err), RC_CONFLICT);
    service_close(world->service);
    snprintf(world->data, sizeof(world->data), "%s", folder);
    clerk_open(world);
    clerk_sync(world);
    RUNS(world, 0, "verify");
}

static void a_damaged_backup_leaves_no_county(void **state) {
    struct clerk *world = *state;
    const char *file = clerk_path(world, "one.backup");
    struct restore_options options = {
        .backup = file, .directory = clerk_path(world, "again"), .env = &world->county->env};
    struct backup_info info;
    uint32_t epoch = 0;
    struct buf bytes;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    RUNS(world, 0, "backup", file);
    clerk_copy(world, "county/keys", "again/keys");
    buf_init(&bytes, 64u * 1024u * 1024u);
    clerk_must(file_read(file, 64u * 1024u * 1024u, &bytes, &err), &err);
    bytes.data[bytes.size - 20] ^= 1; /* in the last piece: all of the database has gone by */
    clerk_must(file_write(file, buf_view(&bytes), FILE_MODE_PRIVATE, &err), &err);
    assert_int_equal(restore_county(&options, &world->arena, &info, &epoch, &err), RC_CORRUPT);
    assert_false(file_exists(clerk_path(world, "again/county.db")));
    assert_false(file_exists(clerk_path(world, "again/restoring.db")));
    assert_false(file_exists(clerk_path(world, "again/restoring.db.part")));
    assert_true(file_exists(clerk_path(world, "again/keys/root"))); /* these were there before */
    bytes.data[bytes.size - 20] ^= 1;
    clerk_must(file_write(file, buf_view(&bytes), FILE_MODE_PRIVATE, &err), &err);
    err_clear(&err);
    clerk_must(restore_county(&options, &world->arena, &info, &epoch, &err), &err);
    buf_release(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_lost_comes_back_once, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(tablets_that_trusted_a_later_backup_send_again,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(two_restores_are_two_lives, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_the_backup_is_told, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(two_restores_by_a_clock_that_was_ahead_are_two_lives,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_place_in_the_lost_feed_is_not_taken_for_one_in_the_new,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_others_pulled_comes_back, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(gaps_are_filled_by_the_author, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_was_pulled_is_forgotten_when_a_backup_holds_it,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(an_older_backup_than_the_one_that_was_told, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_locked_tablet_brings_it_back, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_was_enrolled_later_is_known_again, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_began_with_a_stick_is_known_again, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_was_enrolled_and_has_not_come_yet_enrols_anew,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_moved_while_it_waited_is_released, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_is_carried_waits_for_nobody, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_was_admitted_is_admitted_again, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(nobody_holds_more_than_the_county, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_wrote_what_waits_again_is_told, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(who_wrote_what_waits_in_the_backup_is_told, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_history_that_was_rolled_back_is_noticed, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(what_was_erased_does_not_come_back, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(the_two_halves_suffice, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_backup_leaves_no_county, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
