/* Two tablets break a rule of the form together: the county's list of conflicts, what each tablet
 * shows, acceptance on either side, and the examiner that looks after the commit. */
#include "tests/support/clerk.h"

#include "base/control.h"
#include "syncd/sync/examine.h"

#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define RULES_SURVEY                                                                               \
    "type,name,label,required,bind::yg:merge,constraint,constraint_message,"                       \
    "constraint_message::中文 (zh)\n"                                                            \
    "text,name,Name,yes,,,,\n"                                                                     \
    "text,phone,Phone,,latest,,,\n"                                                                \
    "integer,pigs,Pigs,,,,,\n"                                                                     \
    "integer,sold,Sold,,,. <= ${pigs},More sold than there were,卖出多于存栏,\n"             \
    "begin repeat,member,Member,,,,,\n"                                                            \
    "text,called,Called,,,,,\n"                                                                    \
    "integer,wage,Wage,,,,,\n"                                                                     \
    "end repeat,,,,,,,\n"

static int set_up(void **state) {
    struct clerk *world;

    if (clerk_set_up(state) != 0)
        return -1;
    world = *state;
    clerk_form(world, RULES_SURVEY);
    return 0;
}

/* Wang sells 5 of 6 pigs while Zhang counts only 4; nobody is wrong by himself. */
static const char *broken(struct clerk *world) {
    const char *record;

    clerk_begin(world);
    record = clerk_new(
        world, world->wang,
        (const struct answer_pair[]){{"name", "Li"}, {"pigs", "6"}, {"sold", "2"}, {NULL, NULL}});
    clerk_sync(world);
    (void)clerk_edit(world, world->wang, record, "sold", "5");
    (void)clerk_edit(world, world->zhang, record, "pigs", "4");
    clerk_sync(world);
    return record;
}

static uint64_t listed(struct clerk *world) {
    struct store_counts counts;
    struct ledger *ledger = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(world->county->office.borrow(world->county->office.context, &ledger, &err), &err);
    clerk_must(store_count(ledger->store, &counts, &err), &err);
    world->county->office.give_back(world->county->office.context, ledger);
    return counts.conflicts;
}

/* How many portions there were. */
static unsigned examine(struct clerk *world, uint32_t most) {
    struct err err;
    unsigned count = 0;
    bool more = true;

    err_init(&err, LANG_EN);
    while (more) {
        clerk_must(examine_portion(&world->county->office, most, &more, &err), &err);
        count += more;
    }
    return count;
}

static uint32_t on_tablet(struct clerk *world, struct session *session, const char *record) {
    struct seen seen;
    struct dot id;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(dot_parse(view_text(record), &id, &err), &err);
    clerk_must(session_see(session, id, &world->arena, &seen, &err), &err);
    return seen.reading.conflict_count;
}

static void a_merge_that_breaks_a_rule_is_a_conflict_everywhere(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);

    assert_int_equal(listed(world), 1); /* in the commit that made them meet */
    RUNS(world, 0, "conflicts");
    SAYS(world->out, "sold");
    SAYS(world->out, "soft");
    SAYS(world->out, "More sold than there were");
    RUNS(world, 0, "conflicts", "--json");
    SAYS(world->out, "\"rule\":\"More sold than there were\"");
    RUNS(world, 0, "show", record, "--lang", "zh");
    SAYS(world->out, "卖出多于存栏");
    assert_int_equal(on_tablet(world, world->wang, record), 1);
    assert_int_equal(on_tablet(world, world->zhang, record), 1);
    RUNS(world, 0, "export", "--form", "home", "--json");
    SAYS(world->out, "\"kind\":\"soft\"");
    RUNS(world, 0, "verify");
    (void)examine(world, 1);
    assert_int_equal(listed(world), 1);
    RUNS(world, 0, "verify");
}

static void an_edit_mends_it_and_another_breaks_it_again(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);

    (void)clerk_edit(world, world->zhang, record, "pigs", "5");
    clerk_sync(world);
    assert_int_equal(listed(world), 0);
    assert_int_equal(on_tablet(world, world->wang, record), 0);
    (void)clerk_edit(world, world->zhang, record, "pigs", "3");
    clerk_sync(world);
    assert_int_equal(listed(world), 1);
    assert_int_equal(on_tablet(world, world->wang, record), 1);
    (void)examine(world, EXAMINE_CHANGES_MAX);
    RUNS(world, 0, "verify");
}

static void the_desk_may_accept_it(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);

    clerk_user(world, "李四", "county");
    RUNS(world, 0, "resolve", record, "sold", "--accept", "--as", "李四", "--reason",
         "two were born meanwhile");
    assert_int_equal(listed(world), 0);
    (void)examine(world, EXAMINE_CHANGES_MAX);
    assert_int_equal(listed(world), 0);
    clerk_sync(world);
    assert_int_equal(on_tablet(world, world->wang, record), 0);
    /* About these values, not about any others. */
    (void)clerk_edit(world, world->wang, record, "sold", "7");
    clerk_sync(world);
    (void)examine(world, EXAMINE_CHANGES_MAX);
    assert_int_equal(listed(world), 1);
    RUNS(world, 0, "verify");
}

static void an_open_question_goes_first(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);

    (void)clerk_edit(world, world->wang, record, "pigs", "10");
    (void)clerk_edit(world, world->zhang, record, "pigs", "1");
    clerk_sync(world);
    assert_int_equal(listed(world), 1);
    RUNS(world, 0, "conflicts", "--json");
    SAYS(world->out, "\"kind\":\"field\"");
    KEEPS_QUIET(world->out, "\"kind\":\"soft\"");
}

static void what_was_erased_by_law_breaks_nothing(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);

    RUNS(world, 0, "redact", record, "pigs", "--reason", "asked for");
    assert_int_equal(listed(world), 0); /* no change of anybody came: it is examined at once */
    (void)examine(world, EXAMINE_CHANGES_MAX);
    assert_int_equal(listed(world), 0);
    clerk_sync(world);
    assert_int_equal(on_tablet(world, world->zhang, record), 0);
    RUNS(world, 0, "verify");
}

/* What one person alone has written is seen after the commit, whatever happens in between. */
static void the_examiner_finds_it_after_the_commit(void **state) {
    struct clerk *world = *state;
    const char *record;

    clerk_begin(world);
    (void)examine(world, 7);
    for (unsigned i = 0; i < 5; i++)
        record = clerk_new(world, world->wang,
                           (const struct answer_pair[]){
                               {"name", "Li"}, {"pigs", "1"}, {"sold", "2"}, {NULL, NULL}});
    clerk_sync(world);
    assert_int_equal(listed(world), 0);
    assert_int_equal(on_tablet(world, world->wang, record), 1);
    RUNS(world, 0, "verify"); /* what has yet to be examined is no difference */
    {
        struct err err;
        bool more;

        err_init(&err, LANG_EN);
        clerk_must(examine_portion(&world->county->office, 2, &more, &err), &err);
        assert_true(more);
    }
    assert_int_equal(listed(world), 2);
    service_close(world->service); /* killed: it goes on where it was */
    clerk_open(world);
    assert_int_equal(listed(world), 2);
    (void)clerk_edit(world, world->wang, record, "phone", "1");
    clerk_sync(world);
    (void)examine(world, 2);
    assert_int_equal(listed(world), 5);
    assert_int_equal(examine(world, 2), 0); /* nothing is looked at twice */
    /* An edit that leaves it broken keeps it in the list; one that mends it is seen in time. */
    (void)clerk_edit(world, world->wang, record, "phone", "2");
    clerk_sync(world);
    assert_int_equal(listed(world), 5);
    (void)clerk_edit(world, world->wang, record, "sold", "1");
    clerk_sync(world);
    assert_int_equal(on_tablet(world, world->wang, record), 0);
    RUNS(world, 0, "conflicts"); /* which looks first */
    assert_int_equal(listed(world), 4);
    RUNS(world, 0, "verify");
}

/* --- while the service runs --- */

static struct clerk *served; /* service_serve's wait has no context */

static enum rc swallow(void *sink, enum control_stream stream, struct view bytes, struct err *err) {
    (void)sink;
    (void)stream;
    (void)bytes;
    (void)err;
    return RC_OK;
}

static void new_broken(struct clerk *world, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        (void)clerk_new(world, world->wang,
                        (const struct answer_pair[]){
                            {"name", "Li"}, {"pigs", "1"}, {"sold", "2"}, {NULL, NULL}});
    county_sync(world->county, world->a, RC_OK, NULL);
}

static void wait_for_the_examiner(void) {
    while (listed(served) != 3) /* what lay there when the service began */
        sched_yield();
    new_broken(served, 4);
    while (listed(served) != 7) /* what comes */
        sched_yield();
}

static void the_service_examines_by_itself(void **state) {
    struct clerk *world = *state;
    struct serve_options options = {.listen = "127.0.0.1:0", .plain = true};
    struct command command = {.write = swallow};
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    new_broken(world, 3);
    assert_int_equal(listed(world), 0);
    served = world;
    clerk_must(service_serve(world->service, &options, &world->table, wait_for_the_examiner,
                             &command, &err),
               &err);
    assert_int_equal(examine(world, EXAMINE_CHANGES_MAX), 0);
    RUNS(world, 0, "verify");
}

static void verify_finds_a_list_that_lies(void **state) {
    struct clerk *world = *state;
    const char *record = broken(world);
    struct ledger *ledger = NULL;
    struct stored_record stored;
    struct store *store = NULL;
    struct err err;

    err_init(&err, LANG_EN);
    (void)examine(world, EXAMINE_CHANGES_MAX);
    service_close(world->service);
    clerk_must(store_sqlite_open(arena_text(&world->arena, "%s/county.db", world->data), true,
                                 &store, &err),
               &err);
    clerk_must(ledger_open(store, &ledger, &err), &err);
    {
        struct dot id;

        clerk_must(dot_parse(view_text(record), &id, &err), &err);
        clerk_must(store_record(store, id, &world->arena, &stored, &err), &err);
        clerk_must(
            store_commit(store, &(struct store_delta){.record_count = 1, .records = &stored}, &err),
            &err);
    }
    ledger_close(ledger);
    clerk_open(world);
    RUNS(world, 1, "verify");
    SAYS(world->err, "the list of conflicts");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, clerk_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_merge_that_breaks_a_rule_is_a_conflict_everywhere),
        CASE(an_edit_mends_it_and_another_breaks_it_again),
        CASE(the_desk_may_accept_it),
        CASE(an_open_question_goes_first),
        CASE(what_was_erased_by_law_breaks_nothing),
        CASE(the_examiner_finds_it_after_the_commit),
        CASE(the_service_examines_by_itself),
        CASE(verify_finds_a_list_that_lies),
    };

    return cmocka_run_group_tests_name("examine", tests, NULL, NULL);
}
