/* test_damaged.c: a tablet's own change that the disk has spoilt: it is told at once, it keeps
 * nothing back, and what the county has of it comes home again. */
#include "tests/support/visitor.h"

#include "agent/store/inside.h"
#include "agent/sync/inside.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* One bit of the row of the tablet's change with this number; of which a disk tells nobody. */
static void spoil(struct visitor *visitor, struct tablet *tablet, uint64_t number) {
    static const char *const sql = "UPDATE change SET sealed = CAST(zeroblob(8) || substr(sealed, "
                                   "9) AS BLOB) WHERE change = ?1";
    struct statement *statements[1];

    visitor_must(visitor,
                 db_execute(tablet->db, "DROP TRIGGER IF EXISTS own_changed", &visitor->err));
    visitor_must(visitor, db_prepare_all(tablet->db, &sql, 1, statements, &visitor->err));
    statement_bind_i64(statements[0], 1, change_row(1, number));
    visitor_must(visitor, statement_run(statements[0], &visitor->err));
    assert_int_equal(db_changes(tablet->db), 1);
}

/* The same for the key of the village, as its person has it. */
static void spoil_key(struct visitor *visitor, struct tablet *tablet, uint64_t village) {
    static const char *const sql = "UPDATE key_share SET sealed = CAST(zeroblob(8) || "
                                   "substr(sealed, 9) AS BLOB) WHERE key = ?1";
    struct statement *statements[1];

    visitor_must(visitor, db_prepare_all(tablet->db, &sql, 1, statements, &visitor->err));
    statement_bind_i64(statements[0], 1, (int64_t)area_key_of(tablet, village)->key);
    visitor_must(visitor, statement_run(statements[0], &visitor->err));
    assert_int_equal(db_changes(tablet->db), 1);
}

static struct store_counts counts(struct visitor *visitor) {
    struct ledger *ledger = county_read(visitor->county);
    struct store_counts out;

    visitor_must(visitor, store_count(ledger->store, &out, &visitor->err));
    ledger_close(ledger);
    return out;
}

static uint64_t problems(struct visitor *visitor, struct tablet *tablet) {
    struct tablet_verified verified;
    struct buf text;

    buf_init(&text, 65536);
    (void)tablet_verify(tablet, NULL, NULL, &text, &verified, &visitor->err);
    err_clear(&visitor->err);
    buf_release(&text);
    return verified.problems;
}

static void the_others_go_on(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct tablet *zhang = visitor_enrol(visitor, "zhang", 1);
    struct session *w = county_session(wang, "wang"), *z = county_session(zhang, "zhang");
    struct tablet_quarantined *waiting;
    struct dot records[5];
    uint32_t count = 0;

    for (unsigned i = 0; i < 5; i++)
        records[i] = visitor_save(visitor, w, VILLAGE_A, "Peng");
    spoil(visitor, wang, 3);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(visitor_status(visitor, wang).quarantined, 1);
    assert_true(visitor_noticed(visitor, wang, NOTICE_DAMAGED));
    visitor_must(visitor,
                 tablet_quarantine(wang, &visitor->arena, &waiting, &count, &visitor->err));
    assert_int_equal(count, 1);
    assert_int_equal(waiting[0].verdict, VERDICT_MALFORMED);
    assert_true(dot_equal(waiting[0].record, records[2]));
    assert_int_equal(counts(visitor).quarantined, 1);
    assert_int_equal(counts(visitor).records, 4);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, z, ""), 4);
    visitor_verify(visitor, zhang);
    assert_int_equal(problems(visitor, wang), 2); /* the change, and the record that it made */
    /* And on it goes, also on what was spoilt before it came to anybody. */
    visitor_edit(visitor, w, records[0], "head/phone", "13800000001");
    (void)visitor_save(visitor, w, VILLAGE_A, "Tan");
    county_sync(visitor->county, wang, RC_OK, NULL);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(visitor_count(visitor, z, ""), 5);
    assert_string_equal(visitor_text(visitor, z, records[0], "head/phone"), "13800000001");
    tablet_close(wang);
    tablet_close(zhang);
}

/* People hear of it before there is any network. */
static void it_is_told_offline(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    (void)visitor_save(visitor, w, VILLAGE_A, "Tan");
    spoil(visitor, wang, 2);
    visitor->county->lose_up = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 2);
    assert_int_equal(visitor_status(visitor, wang).quarantined, 1);
    assert_true(visitor_noticed(visitor, wang, NOTICE_DAMAGED));
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(counts(visitor).records, 1);
    tablet_close(wang);
}

/* The batch that was cut in time has it whole, and is not cut anew without it. */
static void what_was_cut_in_time_goes_whole(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    struct dot record;

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    record = visitor_save(visitor, w, VILLAGE_A, "Tan");
    visitor->county->lose_up = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    spoil(visitor, wang, 2);
    (void)visitor_save(visitor, w, VILLAGE_A, "Xu");
    county_sync(visitor->county, wang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(counts(visitor).records, 3);
    assert_int_equal(counts(visitor).quarantined, 0);
    assert_int_equal(visitor_status(visitor, wang).quarantined, 0);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Tan");
    tablet_close(wang);
}

/* The county has it, and names it by its number only: the tablet asks for it whole. */
static void what_the_county_has_comes_home(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    struct dot record = visitor_save(visitor, w, VILLAGE_A, "Tan");

    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    spoil(visitor, wang, 1);
    county_sync(visitor->county, wang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Tan");
    assert_int_equal(visitor_status(visitor, wang).quarantined, 0);
    tablet_close(wang);
}

struct repeating { /* a road that gives an answer twice: the second time to another request */
    struct county *county;
    struct buf first;
    unsigned requests;
};

static enum rc repeat(void *context, const char *path, struct view body, struct buf *answer,
                      struct link_result *result, struct err *err) {
    struct repeating *repeating = context;
    struct link *link = &repeating->county->link;
    enum rc rc = link->exchange(link->context, path, body, answer, result, err);

    if (rc == RC_OK && result->status == 200 && ++repeating->requests == 1)
        buf_add_view(&repeating->first, buf_view(answer));
    if (rc == RC_OK && repeating->requests == 2) {
        buf_clear(answer);
        buf_add_view(answer, buf_view(&repeating->first));
    }
    return rc;
}

static void it_comes_home_although_an_earlier_answer_is_given_again(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct session *w = county_session(wang, "wang");
    struct dot record = visitor_save(visitor, w, VILLAGE_A, "Tan");
    struct repeating repeating = {.county = visitor->county};
    struct link link = {&repeating, repeat};
    struct sync_report report;

    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    spoil(visitor, wang, 1);
    buf_init(&repeating.first, LIMIT_EXCHANGE_BYTES);
    visitor_must(visitor, sync_run(wang, &link, NULL, &report, &visitor->err));
    assert_true(repeating.requests > 2);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Tan");
    buf_release(&repeating.first);
    tablet_close(wang);
}

/* An edit of somebody else's record: the record is shown without it, and shared work goes on. */
static void the_record_is_shown_without_it(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1);
    struct tablet *zhang = visitor_enrol(visitor, "zhang", 1);
    struct session *w = county_session(wang, "wang"), *z = county_session(zhang, "zhang");
    struct dot record = visitor_save(visitor, z, VILLAGE_A, "Tan");

    county_sync(visitor->county, zhang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    visitor_edit(visitor, w, record, "head/phone", "13800000001");
    spoil(visitor, wang, 1);
    visitor_edit(visitor, z, record, "head/phone", "13800000002");
    county_sync(visitor->county, zhang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, w, record, "head/phone"), "13800000002");
    assert_int_equal(visitor_status(visitor, wang).quarantined, 1);
    tablet_close(wang);
    tablet_close(zhang);
}

/* The other villages open, and it is told which does not. */
static void the_key_of_one_area_keeps_nobody_out(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct dot other = visitor_save(visitor, w, VILLAGE_B, "Tan");

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    visitor_must(visitor, session_close(w, &visitor->err));
    assert_int_equal(problems(visitor, wang), 0);
    spoil_key(visitor, wang, VILLAGE_A);
    w = county_session(wang, "wang");
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    assert_string_equal(visitor_text(visitor, w, other, "head/name"), "Tan");
    assert_true(visitor_noticed(visitor, wang, NOTICE_KEY));
    assert_int_equal(problems(visitor, wang), 1);
    (void)visitor_save(visitor, w, VILLAGE_B, "Xu");
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(counts(visitor).records, 3);
    visitor_must(visitor, session_close(w, &visitor->err));
    w = county_session(wang, "wang"); /* told once */
    visitor_must(visitor, session_close(w, &visitor->err));
    tablet_close(wang);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_key_of_one_area_keeps_nobody_out, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(the_others_go_on, visitor_set_up, visitor_tear_down),
        cmocka_unit_test_setup_teardown(it_is_told_offline, visitor_set_up, visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_in_time_goes_whole, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_the_county_has_comes_home, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(it_comes_home_although_an_earlier_answer_is_given_again,
                                        visitor_set_up, visitor_tear_down),
        cmocka_unit_test_setup_teardown(the_record_is_shown_without_it, visitor_set_up,
                                        visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
