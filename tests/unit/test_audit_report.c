/* test_audit_report.c: the questions of an inspector, and a staff log that nobody can change
 * unseen: not in its middle, not at its end, and not as a whole, because tablets hold its head. */
#include "tests/support/clerk.h"

#include "base/db.h"
#include "base/file.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/device.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* ---- the staff log ---- */

static void the_log_is_filtered(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    clerk_user(world, "li", "county");
    RUNS(world, 0, "device", "revoke", "zhang", "--reason", "lost in the river");
    RUNS(world, 0, "log", "--action", "device");
    SAYS(world->out, "device revoke");
    SAYS(world->out, "device enrol");
    KEEPS_QUIET(world->out, "user add");
    RUNS(world, 0, "log", "--action", "device revoke", "--json");
    SAYS(world->out, "lost in the river");
    KEEPS_QUIET(world->out, "device enrol");
    RUNS(world, 0, "log", "--who", "nobody", "--json");
    KEEPS_QUIET(world->out, "device");
    RUNS(world, 0, "log", "--from", "2000-01-01", "--to", "2000-01-01", "--json");
    KEEPS_QUIET(world->out, "device");
    RUNS(world, 0, "log", "--from", "2000-01-01", "--to", "2999-12-31", "--json");
    SAYS(world->out, "user add");
    RUNS(world, 2, "log", "--from", "yesterday");
}

/* An editor who knows how: the chain is made anew from the act that he has changed on. */
static void forge_chain(struct clerk *world) {
    static const char *const sql[] = {
        "SELECT serial, at, who, action, object, reason FROM act ORDER BY serial",
        "UPDATE act SET chain = ?2 WHERE serial = ?1", "UPDATE county SET act_chain = ?1"};
    const char *path = arena_text(&world->arena, "%s/county.db", world->data);
    struct statement *statements[3];
    struct stored_act acts[64];
    uint32_t count = 0;
    struct db_options options;
    struct db *db = NULL;
    uint8_t chain[32] = {0};
    struct err err;

    err_init(&err, LANG_EN);
    service_close(world->service);
    world->service = NULL;
    db_options_default(&options);
    clerk_must(db_open(path, DB_OWNER, &options, &db, &err), &err);
    clerk_must(db_prepare_all(db, sql, 3, statements, &err), &err);
    while (count < 64 && statement_step(statements[0], &err) == RC_OK) {
        acts[count++] = (struct stored_act){
            .serial = (uint64_t)statement_i64(statements[0], 0),
            .at_ms = statement_i64(statements[0], 1),
            .who = arena_view(&world->arena, statement_text(statements[0], 2)),
            .action = arena_view(&world->arena, statement_text(statements[0], 3)),
            .object = arena_view(&world->arena, statement_text(statements[0], 4)),
            .reason = arena_view(&world->arena, statement_text(statements[0], 5))};
    }
    statement_reset(statements[0]);
    for (uint32_t i = 0; i < count; i++) {
        act_chain(chain, &acts[i], chain);
        statement_bind_i64(statements[1], 1, (int64_t)acts[i].serial);
        statement_bind_blob(statements[1], 2, view_of(chain, 32));
        clerk_must(statement_run(statements[1], &err), &err);
    }
    statement_bind_blob(statements[2], 1, view_of(chain, 32));
    clerk_must(statement_run(statements[2], &err), &err);
    db_close(db);
    clerk_open(world);
}

static void verify_finds_a_log_that_was_edited_or_cut(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", VILLAGE, "--reason", "first");
    RUNS(world, 0, "device", "revoke", "zhang", "--reason", "second");
    RUNS(world, 0, "verify");
    clerk_tamper(world, "UPDATE act SET reason = 'other' WHERE reason = 'first'");
    RUNS(world, 1, "verify");
    SAYS(world->err, "staff log, act");
    clerk_tamper(world, "UPDATE act SET reason = 'first' WHERE reason = 'other'");
    RUNS(world, 0, "verify");
    clerk_tamper(world, "DELETE FROM act WHERE reason = 'second'");
    RUNS(world, 1, "verify");
    SAYS(world->err, "staff log");
}

static uint32_t log_alarms(struct clerk *world, struct tablet *tablet) {
    struct alarm *alarms = NULL;
    uint32_t count = 0, of_log = 0;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(tablet_alarms(tablet, &world->arena, &alarms, &count, &err), &err);
    for (uint32_t i = 0; i < count; i++)
        of_log += alarms[i].kept.area == 0;
    return of_log;
}

/* The chain fits again, so verify sees nothing; but a tablet holds what it was. */
static void a_forged_log_is_noticed_by_tablets(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", VILLAGE, "--reason", "honest");
    clerk_sync(world);
    RUNS(world, 0, "log", "--action", "alarm", "--json");
    KEEPS_QUIET(world->out, "alarm");
    clerk_tamper(world, "UPDATE act SET reason = 'forged' WHERE reason = 'honest'");
    forge_chain(world);
    RUNS(world, 0, "verify");
    county_sync(world->county, world->a, RC_OK, NULL);
    RUNS(world, 0, "log", "--action", "alarm");
    SAYS(world->out, "staff log: this log is not the one that was signed at act");
    RUNS(world, 0, "device", "list");
    SAYS(world->out, "alarm: see log");
}

static void a_log_that_was_rolled_back_is_noticed_by_tablets(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "device", "scope", "zhang", "--areas", VILLAGE, "--reason", "honest");
    clerk_sync(world);
    assert_int_equal(log_alarms(world, world->a), 0);
    clerk_tamper(world, "DELETE FROM act WHERE serial > 2; UPDATE county SET acts = 2");
    forge_chain(world);
    RUNS(world, 0, "verify");
    county_sync(world->county, world->a, RC_OK, NULL);
    assert_int_equal(log_alarms(world, world->a), 1);
    RUNS(world, 0, "log", "--action", "alarm");
    SAYS(world->out, "staff log: this log is not the one");
}

/* ---- reports ---- */

static void a_report_says_who_changed_what_and_why(void **state) {
    struct clerk *world = *state;
    const char *record;

    clerk_begin(world);
    clerk_user(world, "li", "county");
    record = clerk_conflict(world);
    RUNS(world, 0, "resolve", record, "pigs", "--value", "5", "--as", "li", "--reason", "seen");
    RUNS(world, 0, "audit", "report", "changes", record, "pigs", "--json");
    SAYS(world->out, "\"from\":\"3\"");
    SAYS(world->out, "\"to\":\"4\"");
    SAYS(world->out, " | "); /* both sides of the conflict */
    SAYS(world->out, "\"reason\":\"seen\"");
    SAYS(world->out, "\"offline\":");
    KEEPS_QUIET(world->out, "phone");
    RUNS(world, 0, "audit", "report", "changes", record, "--csv");
    SAYS(world->out, "field,from,to,author");
    SAYS(world->out, "phone");
    KEEPS_QUIET(world->out, "13812345678");
    RUNS(world, 0, "audit", "report", "changes", record, "--csv", "--reveal", "--reason", "audit");
    SAYS(world->out, "13812345678");
    RUNS(world, 0, "log", "--action", "reveal", "--object", record);
    SAYS(world->out, "audit");
    RUNS(world, 2, "audit", "report", "changes");
    RUNS(world, 2, "audit", "report", "nothing");
    RUNS(world, 1, "audit", "report", "changes", "00000000000000aa-1");
}

static void a_report_says_what_a_lost_tablet_held(void **state) {
    struct clerk *world = *state;
    const char *mine, *theirs;

    clerk_begin(world);
    mine = clerk_new(world, world->wang, CLERK_HOME("王家"));
    theirs = clerk_new(world, world->zhang, CLERK_HOME("张家"));
    clerk_sync(world);
    RUNS(world, 0, "audit", "report", "tablet", "wang", "--json");
    SAYS(world->out, mine);
    SAYS(world->out, theirs);
    SAYS(world->out, "\"wrote\":true");
    SAYS(world->out, "\"wrote\":false");
    RUNS(world, 0, "device", "revoke", "wang", "--reason", "lost");
    RUNS(world, 0, "audit", "report", "tablet", "wang", "--json");
    SAYS(world->out, theirs);
    SAYS(world->out, "\"confirmed\":false");
    KEEPS_QUIET(world->out, "\"confirmed\":true");
    RUNS(world, 1, "audit", "report", "tablet", "nobody");
}

struct heard {
    char records[32][DOT_TEXT_BYTES];
    uint32_t count, most;
};

static enum rc tell(void *context, const struct audit_cell *cells, uint32_t count,
                    struct err *err) {
    struct heard *told = context;

    (void)err;
    assert_true(count > 0 && strcmp(cells[0].key, "record") == 0);
    if (told->count == told->most)
        return RC_NOT_FOUND; /* the page is full */
    snprintf(told->records[told->count++], DOT_TEXT_BYTES, "%.*s", VIEW_PRINT(cells[0].text));
    return RC_OK;
}

/* Whether a page is full by its lines or by what was looked at: each record stands in one of them,
 * in the same order. */
static void a_report_comes_in_pages(void **state) {
    struct clerk *world = *state;
    struct heard whole = {.most = 32};
    struct audit_ask ask = {.question = AUDIT_TABLET, .masked = true};
    const struct office *office;
    struct ledger *ledger = NULL;
    struct stored_device device;
    struct seat seat;
    struct err err;

    err_init(&err, LANG_EN);
    clerk_begin(world);
    for (int i = 0; i < 9; i++)
        (void)clerk_new(world, i % 2 == 0 ? world->wang : world->zhang, CLERK_HOME("Liu"));
    clerk_sync(world);
    office = &world->county->office;
    clerk_must(seat_open_at(office, "test", &seat, &err), &err);
    clerk_must(seat_device(&seat, "wang", &device, &err), &err);
    ledger = seat.ledger;
    ask.ledger = ledger;
    ask.arena = &seat.arena;
    ask.device = device.device;
    clerk_must(audit_report(&ask, tell, &whole, &err), &err);
    assert_int_equal(whole.count, 9);
    for (uint32_t look = 1; look <= 4; look++)
        for (uint32_t lines = 1; lines <= 4; lines++) {
            struct audit_portion part = {.look_most = look};
            struct heard told = {.most = lines};

            ask.part = &part;
            for (bool more = true; more;) {
                enum rc rc = audit_report(&ask, tell, &told, &err);

                assert_true(rc == RC_OK || (rc == RC_NOT_FOUND && told.count == told.most));
                more = part.more || rc == RC_NOT_FOUND;
                assert_true(told.count <= whole.count);
                part = (struct audit_portion){.look_most = look, .after = part.reached};
                told.most = told.count + lines;
            }
            assert_int_equal(told.count, whole.count);
            assert_memory_equal(told.records, whole.records, sizeof(whole.records));
        }
    seat_close(&seat);
}

static void reports_without_an_answer_are_empty(void **state) {
    struct clerk *world = *state;

    clerk_begin(world);
    RUNS(world, 0, "audit", "report", "visits", "--csv");
    SAYS(world->out, "record,area,household");
    RUNS(world, 0, "audit", "report", "incomes", "--json");
    assert_string_equal(world->out, "[]\n");
    RUNS(world, 2, "audit", "report", "incomes", "--on", "today");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_is_filtered, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(verify_finds_a_log_that_was_edited_or_cut, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_forged_log_is_noticed_by_tablets, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_was_rolled_back_is_noticed_by_tablets,
                                        clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_report_says_who_changed_what_and_why, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_report_says_what_a_lost_tablet_held, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_report_comes_in_pages, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(reports_without_an_answer_are_empty, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
