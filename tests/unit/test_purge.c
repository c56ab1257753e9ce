/* test_purge.c: a withdrawn area leaves the tablet: after the own changes are safe, wholly, and
 * with its keys; and the county is told when it is done. */
#include "tests/support/visitor.h"

#include "agent/store/drafts.h"
#include "agent/store/inside.h"
#include "agent/store/traffic.h"
#include "agent/sync/inside.h"
#include "base/file.h"
#include "syncd/sync/bundle.h"
#include "syncd/sync/scope.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define TOWNSHIP  UINT64_C(430626117000)
#define VILLAGE_C UINT64_C(430626117207)
#define NEIGHBOUR UINT64_C(430626118201) /* of another township */

struct grant {
    uint64_t device;
    uint64_t areas[2];
    uint32_t count;
};

static enum rc grant_act(void *context, struct work *work, struct err *err) {
    const struct grant *grant = context;
    struct stored_device *row = WORK_ADD(work, devices, device_count, device_capacity);
    enum rc rc = store_device(work->ledger->store, grant->device, &work->arena, row, err);

    if (rc == RC_OK)
        rc = scope_remember(work, row, err);
    row->scope.serial++;
    row->scope.area_count = grant->count;
    row->scope.areas =
        arena_copy(&work->arena, grant->areas, grant->count * sizeof(grant->areas[0]));
    return rc;
}

/* The county's staff change what the tablet may hold. */
static void grant(struct visitor *visitor, struct tablet *tablet, const uint64_t *areas,
                  uint32_t count) {
    struct grant grant = {.device = tablet_facts(tablet)->device, .count = count};

    memcpy(grant.areas, areas, count * sizeof(areas[0]));
    visitor_must(visitor, office_act(&visitor->county->office, grant_act, &grant, &visitor->err));
}

static uint32_t confirmed(struct visitor *visitor, struct tablet *tablet) {
    struct ledger *ledger = county_read(visitor->county);
    struct stored_device device;

    visitor_must(visitor, store_device(ledger->store, tablet_facts(tablet)->device, &visitor->arena,
                                       &device, &visitor->err));
    ledger_close(ledger);
    return device.scope_confirmed;
}

static uint64_t county_records(struct visitor *visitor) {
    struct ledger *ledger = county_read(visitor->county);
    struct store_counts counts;

    visitor_must(visitor, store_count(ledger->store, &counts, &visitor->err));
    ledger_close(ledger);
    return counts.records;
}

static uint64_t rows(struct visitor *visitor, struct tablet *tablet, const char *sql) {
    struct statement *statements[1];
    uint64_t count;

    visitor_must(visitor, db_prepare_all(tablet->db, &sql, 1, statements, &visitor->err));
    visitor_must(visitor, statement_one(statements[0], &visitor->err));
    count = (uint64_t)statement_i64(statements[0], 0);
    statement_reset(statements[0]);
    return count;
}

/* Sends, learns, confirms, and learns what became of that. */
static void sync_all(struct visitor *visitor, struct tablet *tablet) {
    for (int i = 0; i < 3; i++)
        county_sync(visitor->county, tablet, RC_OK, NULL);
}

static void test_everything_of_the_area_goes(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct dot gone = visitor_save(visitor, w, VILLAGE_A, "Peng");
    struct dot stays = visitor_save(visitor, w, VILLAGE_B, "Tan");
    uint32_t before;

    sync_all(visitor, wang);
    before = confirmed(visitor, wang);
    grant(visitor, wang, only_b, 1);
    (void)visitor_save(visitor, w, VILLAGE_A, "Xu"); /* it does not know yet */
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    assert_string_equal(visitor_text(visitor, w, stays, "head/name"), "Tan");
    assert_int_equal(session_see(w, gone, &visitor->arena, &(struct seen){0}, &visitor->err),
                     RC_NOT_FOUND);
    err_clear(&visitor->err);
    assert_true(confirmed(visitor, wang) > before);
    assert_int_equal(county_records(visitor), 3);
    assert_int_equal(visitor_status(visitor, wang).quarantined, 0);
    assert_false(visitor_status(visitor, wang).leaving);
    assert_true(visitor_noticed(visitor, wang, NOTICE_PURGED));
    /* states, summaries and own content of two of three changes; the hashes of all stay */
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM state"), 1);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM summary"), 1);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM area_key WHERE area <> 0"), 1);
    assert_int_equal(rows(visitor, wang, "SELECT count(DISTINCT key) FROM key_share"), 2);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM change WHERE length(sealed) = 0"),
                     2);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM change WHERE length(chain) = 32"),
                     3);
    assert_int_equal(visitor_try_save(visitor, w, VILLAGE_A, "Hu"), RC_DENIED);
    err_clear(&visitor->err);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

static void test_nothing_goes_before_it_is_safe(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");

    sync_all(visitor, wang);
    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    grant(visitor, wang, only_b, 1);
    /* The answer to the first try is lost, so the tablet knows neither receipt nor scope. */
    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    assert_int_equal(county_records(visitor), 1);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    tablet_close(wang);
}

/* A receipt came, and then the county came back from a backup of before: the tablet that can read
 * nothing of the area any more still has it, sealed for the county. */
static void test_a_form_in_the_making_keeps_its_area(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct buf got;
    uint64_t draft;

    sync_all(visitor, wang);
    visitor_must(visitor, drafts_add(w, VILLAGE_A, view_text("half"), &draft, &visitor->err));
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_true(visitor_status(visitor, wang).leaving);
    buf_init(&got, 100);
    visitor_must(visitor, drafts_get(w, draft, &got, &visitor->err));
    buf_release(&got);
    visitor_must(visitor, drafts_remove(w, draft, &visitor->err));
    sync_all(visitor, wang);
    assert_false(visitor_status(visitor, wang).leaving);
    tablet_close(wang);
}

static void test_what_went_can_still_be_sent_again(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct own_actor actor;

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    sync_all(visitor, wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM change WHERE length(sealed) > 0"),
                     0);
    visitor_must(visitor, tablet_begin(wang, &visitor->err));
    actor = *tablet_actor(wang, 0);
    actor.receipt = 0; /* as in a new epoch */
    visitor_must(visitor, tablet_put_actor(wang, &actor, &visitor->err));
    visitor_must(visitor, tablet_commit(wang, &visitor->err));
    assert_int_equal(visitor_status(visitor, wang).unsent, 1);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* A stick from the county, with its receipts and the scope. */
static struct buf write_bundle(struct visitor *visitor, struct tablet *tablet) {
    struct ledger *ledger = county_read(visitor->county);
    struct stored_device device;
    struct bundle_made made;
    struct buf bytes;

    visitor->county->now_ms += 1000;
    buf_init(&bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, store_device(ledger->store, tablet_facts(tablet)->device, &visitor->arena,
                                       &device, &visitor->err));
    visitor_must(visitor, bundle_make(&visitor->county->office, ledger, &device, false, &bytes,
                                      &made, &visitor->err));
    ledger_close(ledger);
    return bytes;
}

static void read_bundle(struct visitor *visitor, struct tablet *tablet, const struct buf *bytes) {
    struct bundle_taken taken;

    visitor_must(visitor, sync_bundle_read(tablet, buf_view(bytes), &taken, &visitor->err));
}

static void take_bundle(struct visitor *visitor, struct tablet *tablet) {
    struct buf bytes = write_bundle(visitor, tablet);

    read_bundle(visitor, tablet, &bytes);
    buf_release(&bytes);
}

/* The county's clock was ahead when the older stick was written. Which of two grants is younger is
 * told by their serials, not by that clock. */
static void test_an_older_stick_takes_no_area_away(void **state) {
    const int64_t ahead_ms = INT64_C(40) * 86400000;
    static const uint64_t only_a[] = {VILLAGE_A}, only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct buf early, late;
    uint32_t serial;

    sync_all(visitor, wang);
    serial = tablet_facts(wang)->scope.serial;
    visitor->county->now_ms += ahead_ms;
    grant(visitor, wang, only_a, 1);
    early = write_bundle(visitor, wang);
    visitor->county->now_ms -= ahead_ms;
    grant(visitor, wang, only_b, 1);
    late = write_bundle(visitor, wang);
    read_bundle(visitor, wang, &late);
    assert_int_equal(tablet_facts(wang)->scope.serial, serial + 2);
    read_bundle(visitor, wang, &early);
    assert_int_equal(tablet_facts(wang)->scope.serial, serial + 2);
    assert_true(tablet_in_scope(wang, VILLAGE_B));
    assert_false(tablet_in_scope(wang, VILLAGE_A));
    buf_release(&early);
    buf_release(&late);
    tablet_close(wang);
}

/* The first change has its receipt, and is cut into one batch with one that has none. */
static void send_half_of_a_batch(struct visitor *visitor, struct tablet *wang, struct session *w) {
    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    (void)visitor_save(visitor, w, VILLAGE_B, "Tan");
    visitor_must(visitor, outbox_cut(wang, &visitor->err));
}

/* What is receipted stays in the outbox when its batch is cut anew: else its area never left. */
static void test_an_area_leaves_though_a_batch_was_cut_anew(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");

    sync_all(visitor, wang);
    send_half_of_a_batch(visitor, wang, w);
    take_bundle(visitor, wang);
    assert_int_equal(tablet_actor(wang, 0)->receipt, 1);
    (void)visitor_save(visitor, w, VILLAGE_B, "Xu");
    sync_all(visitor, wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_false(visitor_status(visitor, wang).leaving);
    assert_int_equal(visitor_count(visitor, w, ""), 2);
    assert_int_equal(county_records(visitor), 3);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* The other way round: its content has left, and the batch is all that there is of it. */
static void test_what_went_stays_in_a_batch_that_would_be_cut_anew(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct own_actor actor;

    sync_all(visitor, wang);
    send_half_of_a_batch(visitor, wang, w);
    grant(visitor, wang, only_b, 1);
    take_bundle(visitor, wang);
    assert_int_equal(tablet_actor(wang, 0)->receipt, 1);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM change WHERE length(sealed) > 0"),
                     1);
    (void)visitor_save(visitor, w, VILLAGE_B, "Xu");
    sync_all(visitor, wang);
    visitor_must(visitor, tablet_begin(wang, &visitor->err));
    actor = *tablet_actor(wang, 0);
    assert_int_equal(actor.receipt, 3);
    actor.receipt = 0; /* as in a new epoch */
    visitor_must(visitor, tablet_put_actor(wang, &actor, &visitor->err));
    visitor_must(visitor, tablet_commit(wang, &visitor->err));
    assert_int_equal(rows(visitor, wang, "SELECT min(batch & 1099511627775) FROM outbox"), 1);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(county_records(visitor), 3);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

static void test_locked_and_unsealed_waits_for_its_writer(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    uint32_t before;

    sync_all(visitor, wang);
    before = confirmed(visitor, wang);
    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    tablet_set_traffic(wang, &(struct traffic){0}); /* as if the plug was pulled: nothing is cut */
    wang->traffic = NULL;
    visitor_must(visitor, session_close(w, &visitor->err));
    sync_attach(wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_true(visitor_status(visitor, wang).leaving);
    assert_int_equal(visitor_status(visitor, wang).waiting, WAITING_FOR_UNLOCK);
    assert_int_equal(confirmed(visitor, wang), before);
    w = county_session(wang, "wang");
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    assert_int_equal(county_records(visitor), 1); /* was made in good faith */
    assert_int_equal(visitor_status(visitor, wang).quarantined, 0);
    assert_true(confirmed(visitor, wang) > before);
    tablet_close(wang);
}

/* The township is narrowed to one village: one key for both, so records are told apart. */
static void test_a_part_of_an_area_goes(void **state) {
    static const uint64_t township[] = {TOWNSHIP}, village[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang =
        county_enrol(visitor->county, visitor_path(visitor, "wang"), "wang", township, 1);
    struct session *w = county_session(wang, "wang");
    struct dot stays;

    county_sync(visitor->county, wang, RC_OK, NULL);
    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    stays = visitor_save(visitor, w, VILLAGE_B, "Tan");
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 2);
    visitor_must(visitor, session_close(w, &visitor->err));
    grant(visitor, wang, village, 1);
    sync_all(visitor, wang);
    assert_true(visitor_status(visitor, wang).leaving); /* nobody here can tell them apart */
    w = county_session(wang, "wang");
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    assert_string_equal(visitor_text(visitor, w, stays, "head/name"), "Tan");
    assert_false(visitor_status(visitor, wang).leaving);
    sync_all(visitor, wang);
    visitor_edit(visitor, w, stays, "head/name", "Tan 2");
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* People differ on where a household belongs: it stays as long as one of the villages does. */
static void test_a_record_between_two_areas_stays(void **state) {
    static const uint64_t three[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C}, only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct county *county = visitor->county;
    struct tablet *wang, *zhang;
    struct session *w, *z;
    struct dot record;
    struct seen seen;

    county->role = ROLE_COUNTY; /* who may move records */
    wang = county_enrol(county, visitor_path(visitor, "wang"), "wang", three, 3);
    zhang = county_enrol(county, visitor_path(visitor, "zhang"), "zhang", three, 3);
    w = county_session(wang, "wang");
    z = county_session(zhang, "zhang");
    sync_all(visitor, wang);
    record = visitor_save(visitor, w, VILLAGE_A, "Peng");
    sync_all(visitor, wang);
    sync_all(visitor, zhang);
    visitor_move(visitor, w, record, VILLAGE_B);
    visitor_move(visitor, z, record, VILLAGE_C);
    sync_all(visitor, wang);
    sync_all(visitor, zhang);
    sync_all(visitor, wang);
    visitor_must(visitor, session_see(w, record, &visitor->arena, &seen, &visitor->err));
    assert_int_equal(seen.reading.area_count, 2);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    visitor_must(visitor, session_see(w, record, &visitor->arena, &seen, &visitor->err));
    assert_int_equal(seen.reading.area_count, 2);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Peng");
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM state"), 1);
    visitor_verify(visitor, wang);
    tablet_close(wang);
    tablet_close(zhang);
}

static void test_granted_again_all_comes_back(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B}, both[] = {VILLAGE_A, VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct dot record = visitor_save(visitor, w, VILLAGE_A, "Peng");

    sync_all(visitor, wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    grant(visitor, wang, both, 2);
    sync_all(visitor, wang);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Peng");
    (void)visitor_save(visitor, w, VILLAGE_A, "Xu"); /* works at once */
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* Own changes come back as numbers alone where the tablet has them. Their content went with the
 * area, and whoever has unlocked cannot read it: that is known before the feed's place moves on. */
static void test_granted_again_while_nobody_reads_it(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B}, both[] = {VILLAGE_A, VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang"), *li;
    struct dot record = visitor_save(visitor, w, VILLAGE_A, "Peng");
    uint64_t person;

    visitor_must(visitor, session_add_person(w, view_text("li"), view_text("secret-of-li"), only_b,
                                             1, &person, &visitor->err));
    sync_all(visitor, wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    visitor_must(visitor, session_close(w, &visitor->err));
    grant(visitor, wang, both, 2);
    li = county_session(wang, "li");
    sync_all(visitor, wang);
    visitor_must(visitor, session_close(li, &visitor->err));
    w = county_session(wang, "wang");
    sync_all(visitor, wang);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Peng");
    assert_int_equal(visitor_status(visitor, wang).inbox, 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* The numbers wait for who can read the area, and until then the disk spoils the change itself: the
 * feed is behind it already, and is asked for anew. */
static void test_what_the_disk_spoils_while_it_waits_comes_again(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang"), *li;
    struct statement *spoil[1];
    const char *sql = "UPDATE change SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00'";
    struct dot record;
    uint64_t person;

    visitor_must(visitor, session_add_person(w, view_text("li"), view_text("secret-of-li"), only_b,
                                             1, &person, &visitor->err));
    sync_all(visitor, wang);
    record = visitor_save(visitor, w, VILLAGE_A, "Peng");
    visitor_must(visitor, session_close(w, &visitor->err));
    li = county_session(wang, "li");
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_true(visitor_status(visitor, wang).inbox > 0);
    visitor_must(visitor, session_close(li, &visitor->err));
    visitor_must(visitor, db_prepare_all(wang->db, &sql, 1, spoil, &visitor->err));
    visitor_must(visitor, statement_run(spoil[0], &visitor->err));
    w = county_session(wang, "wang");
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).inbox, 0);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Peng");
    tablet_close(wang);
}

/* A road on which the tablet is locked while it waits for its answer. */
struct locking {
    struct county *county;
    struct session *session; /* NULL: it is locked */
};

static enum rc lock_and_answer(void *context, const char *path, struct view body,
                               struct buf *answer, struct link_result *result, struct err *err) {
    struct locking *locking = context;
    struct link *link = &locking->county->link;
    enum rc rc = link->exchange(link->context, path, body, answer, result, err);

    if (rc == RC_OK && result->status == 200 && locking->session != NULL) {
        rc = session_close(locking->session, err);
        locking->session = NULL;
    }
    return rc;
}

static void sync_while_locking(struct visitor *visitor, struct tablet *tablet,
                               struct session *session) {
    struct locking locking = {visitor->county, session};
    struct link link = {&locking, lock_and_answer};
    struct sync_report report;

    visitor_must(visitor, sync_run(tablet, &link, NULL, &report, &visitor->err));
    assert_true(visitor_status(visitor, tablet).inbox > 0);
}

/* The same: what is his own there went with the area's key, so that he cannot go by its numbers
 * alone. */
static void test_granted_again_it_comes_back_to_who_locks_meanwhile(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B}, both[] = {VILLAGE_A, VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 2);
    struct session *w = county_session(wang, "wang");
    struct dot record = visitor_save(visitor, w, VILLAGE_A, "Peng");

    sync_all(visitor, wang);
    grant(visitor, wang, only_b, 1);
    sync_all(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    grant(visitor, wang, both, 2);
    sync_while_locking(visitor, wang, w);
    w = county_session(wang, "wang");
    assert_int_equal(visitor_status(visitor, wang).inbox, 0);
    assert_int_equal(visitor_count(visitor, w, "Peng"), 1); /* at once */
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Peng");
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

/* Own changes lie under the key of the area where the record was believed to be. Somebody else
 * moved it, so they come back in another area's feed, to a colleague who has no key of the first.
 */
static void test_what_was_written_before_a_move_comes_back_to_who_cannot_read_it(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B}, both[] = {VILLAGE_A, VILLAGE_B};
    struct visitor *visitor = *state;
    struct two_clerks clerks = visitor_two_clerks(visitor, both, 2);
    struct session *li;
    struct dot record;
    uint64_t person;

    record = visitor_save(visitor, clerks.wang, VILLAGE_A, "Peng");
    visitor_must(visitor,
                 session_add_person(clerks.wang, view_text("li"), view_text("secret-of-li"), only_b,
                                    1, &person, &visitor->err));
    sync_all(visitor, clerks.a);
    sync_all(visitor, clerks.b);
    visitor_move(visitor, clerks.zhang, record, VILLAGE_B);
    sync_all(visitor, clerks.b);
    visitor_edit(visitor, clerks.wang, record, "head/name", "Xu");
    visitor_must(visitor, session_close(clerks.wang, &visitor->err));
    li = county_session(clerks.a, "li");
    sync_all(visitor, clerks.a);
    assert_string_equal(visitor_text(visitor, li, record, "head/name"), "Xu");
    visitor_must(visitor, session_close(li, &visitor->err));
    tablet_close(clerks.a);
    tablet_close(clerks.b);
}

/* It was moved away and back between two syncs, so no feed of the other area ever tells of it; what
 * was written while it lay there stands under the key that stays. The answer is lost, and then the
 * first area is withdrawn, so its feed does not bring that home either. */
static void check_there_and_back(struct visitor *visitor, struct tablet *wang, uint64_t other,
                                 const uint64_t *areas, uint32_t count) {
    struct session *w = county_session(wang, "wang");
    struct dot record;

    county_sync(visitor->county, wang, RC_OK, NULL);
    record = visitor_save(visitor, w, VILLAGE_A, "Peng");
    sync_all(visitor, wang);
    visitor_move(visitor, w, record, other);
    visitor_move(visitor, w, record, VILLAGE_A);
    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    grant(visitor, wang, areas, count);
    sync_all(visitor, wang);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_false(visitor_status(visitor, wang).leaving);
    assert_int_equal(visitor_status(visitor, wang).quarantined, 0);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    assert_int_equal(rows(visitor, wang, "SELECT count(*) FROM summary"), 0);
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

static void test_a_record_that_was_elsewhere_for_a_while_goes(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;

    visitor->county->role = ROLE_COUNTY; /* who may move records */
    check_there_and_back(visitor, visitor_enrol(visitor, "wang", 2), VILLAGE_B, only_b, 1);
}

static void test_it_goes_with_a_part_of_an_area_too(void **state) {
    static const uint64_t before[] = {TOWNSHIP, NEIGHBOUR}, after[] = {VILLAGE_B, NEIGHBOUR};
    struct visitor *visitor = *state;
    struct tablet *wang;

    visitor->county->role = ROLE_COUNTY;
    wang = county_enrol(visitor->county, visitor_path(visitor, "wang"), "wang", before, 2);
    check_there_and_back(visitor, wang, NEIGHBOUR, after, 2);
}

/* The same, but it was not moved back: then the feed of the area that stays brings it. */
static void test_a_record_that_went_to_what_stays_is_here(void **state) {
    static const uint64_t only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *wang;
    struct session *w;
    struct dot record;

    visitor->county->role = ROLE_COUNTY;
    wang = visitor_enrol(visitor, "wang", 2);
    w = county_session(wang, "wang");
    record = visitor_save(visitor, w, VILLAGE_A, "Peng");
    sync_all(visitor, wang);
    visitor_move(visitor, w, record, VILLAGE_B);
    visitor_edit(visitor, w, record, "head/name", "Tan");
    visitor->county->lose_down = 1;
    county_sync(visitor->county, wang, RC_NETWORK, NULL);
    grant(visitor, wang, only_b, 1);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Tan");
    sync_all(visitor, wang);
    assert_string_equal(visitor_text(visitor, w, record, "head/name"), "Tan");
    visitor_verify(visitor, wang);
    tablet_close(wang);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_everything_of_the_area_goes),
        CASE(test_nothing_goes_before_it_is_safe),
        CASE(test_a_form_in_the_making_keeps_its_area),
        CASE(test_what_went_can_still_be_sent_again),
        CASE(test_an_older_stick_takes_no_area_away),
        CASE(test_an_area_leaves_though_a_batch_was_cut_anew),
        CASE(test_what_went_stays_in_a_batch_that_would_be_cut_anew),
        CASE(test_locked_and_unsealed_waits_for_its_writer),
        CASE(test_a_part_of_an_area_goes),
        CASE(test_a_record_between_two_areas_stays),
        CASE(test_granted_again_all_comes_back),
        CASE(test_granted_again_it_comes_back_to_who_locks_meanwhile),
        CASE(test_what_was_written_before_a_move_comes_back_to_who_cannot_read_it),
        CASE(test_granted_again_while_nobody_reads_it),
        CASE(test_what_the_disk_spoils_while_it_waits_comes_again),
        CASE(test_a_record_that_was_elsewhere_for_a_while_goes),
        CASE(test_it_goes_with_a_part_of_an_area_too),
        CASE(test_a_record_that_went_to_what_stays_is_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
