/* test_forget.c: own changes are forgotten when a backup has held them for 90 days, and never
 * before; the proof of them stays. */
#include "tests/support/visitor.h"

#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "base/date.h"
#include "syncd/sync/news.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static enum rc backup_act(void *context, struct work *work, struct err *err) {
    return watermark_move(work, context, 1, err);
}

/* A backup that holds the tablet's first actor up to number has been read back. */
static void backup(struct visitor *visitor, struct tablet *tablet, uint64_t number) {
    struct watermark position = {tablet_actor(tablet, 0)->actor, number};

    visitor_must(visitor,
                 office_act(&visitor->county->office, backup_act, &position, &visitor->err));
}

static uint64_t forgotten(struct visitor *visitor, struct tablet *tablet) {
    const char *sql = "SELECT count(*) FROM change WHERE length(sealed) = 0";
    struct statement *statements[1];
    uint64_t count;

    visitor_must(visitor, db_prepare_all(tablet->db, &sql, 1, statements, &visitor->err));
    visitor_must(visitor, statement_one(statements[0], &visitor->err));
    count = (uint64_t)statement_i64(statements[0], 0);
    statement_reset(statements[0]);
    return count;
}

static void days_later(struct visitor *visitor, struct tablet *tablet, int64_t days) {
    visitor->county->now_ms += days * MS_PER_DAY;
    county_sync(visitor->county, tablet, RC_OK, NULL);
}

static void sync_twice(struct visitor *visitor, struct tablet *tablet) {
    county_sync(visitor->county, tablet, RC_OK, NULL);
    county_sync(visitor->county, tablet, RC_OK, NULL);
}

static void test_after_backup_and_ninety_days(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    struct dot first = visitor_save(visitor, w, VILLAGE_A, "Peng");
    uint8_t leaf[32], before[32], after[32];

    (void)visitor_save(visitor, w, VILLAGE_A, "Tan");
    sync_twice(visitor, wang);
    visitor_must(visitor, tablet_chain(wang, tablet_actor(wang, 0), 2, before, &visitor->err));
    days_later(visitor, wang, 200); /* receipted, but in no backup */
    assert_int_equal(forgotten(visitor, wang), 0);
    backup(visitor, wang, 1);
    sync_twice(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).backed_up, 1);
    days_later(visitor, wang, 89);
    assert_int_equal(forgotten(visitor, wang), 0);
    days_later(visitor, wang, 2);
    assert_int_equal(forgotten(visitor, wang), 1); /* the second is in no backup yet */
    visitor_must(visitor, tablet_own_change(wang, first, leaf, NULL, &visitor->err));
    visitor_must(visitor, tablet_chain(wang, tablet_actor(wang, 0), 2, after, &visitor->err));
    assert_memory_equal(before, after, 32);
    assert_string_equal(visitor_text(visitor, w, first, "head/name"), "Peng"); /* the state stays */
    visitor_edit(visitor, w, first, "head/name", "Peng 2");
    sync_twice(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* What the tablet's own view stands on is kept, however old. */
static void test_what_has_not_come_back_stays(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    struct statement *statements[1];
    const char *sql = "UPDATE change SET overlay = 1, verdict = 9 WHERE (change & 1023) = 1";

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    (void)visitor_save(visitor, w, VILLAGE_A, "Tan");
    sync_twice(visitor, wang);
    visitor_must(visitor, db_prepare_all(wang->db, &sql, 1, statements, &visitor->err));
    visitor_must(visitor, statement_run(statements[0], &visitor->err)); /* in quarantine */
    backup(visitor, wang, 2);
    sync_twice(visitor, wang);
    days_later(visitor, wang, 91);
    assert_int_equal(forgotten(visitor, wang), 1);
    days_later(visitor, wang, 2); /* looked at again, and kept again */
    assert_int_equal(forgotten(visitor, wang), 1);
    sql = "UPDATE change SET overlay = 0, verdict = 0";
    visitor_must(visitor, db_prepare_all(wang->db, &sql, 1, statements, &visitor->err));
    visitor_must(visitor, statement_run(statements[0], &visitor->err)); /* staff have released it */
    days_later(visitor, wang, 2);
    assert_int_equal(forgotten(visitor, wang), 2);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* Receipted batches stay in the outbox until a backup holds them: a county that was restored gets
 * them again, from a locked tablet, too. */
static void test_sealed_batches_stay_until_the_backup(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    const char *sql = "SELECT count(*) FROM outbox";
    struct statement *statements[1];

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    sync_twice(visitor, wang);
    visitor_must(visitor, db_prepare_all(wang->db, &sql, 1, statements, &visitor->err));
    visitor_must(visitor, statement_one(statements[0], &visitor->err));
    assert_int_equal(statement_i64(statements[0], 0), 1);
    statement_reset(statements[0]);
    backup(visitor, wang, 1);
    sync_twice(visitor, wang);
    visitor_must(visitor, statement_one(statements[0], &visitor->err));
    assert_int_equal(statement_i64(statements[0], 0), 0);
    statement_reset(statements[0]);
    tablet_close(wang);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_after_backup_and_ninety_days),
        CASE(test_what_has_not_come_back_stays),
        CASE(test_sealed_batches_stay_until_the_backup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
