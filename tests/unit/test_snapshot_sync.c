/* test_snapshot_sync.c: a tablet that is new or far behind gets the state and then the tail: the
 * same state as one that took the history, whatever interrupts it, with own changes on top. */
#include "tests/support/visitor.h"

#include "agent/store/traffic.h"
#include "syncd/sync/bundle.h"
#include "syncd/sync/snapshot.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { RECORDS = 36, TEXT_BYTES = 50000, CHUNKS_MAX = 16 };

#define FIELD "home/group_name"

/* ---- a link that looks ---- */

struct spy {
    struct county *county;
    struct link link;
    bool deaf; /* leaves PART_WANT out, as an older program would */
    uint32_t chunks[CHUNKS_MAX];
    uint32_t chunk_count, entries, snapshots, sealed;
};

static void look(struct spy *spy, struct view answer) {
    struct reader in;
    struct part part;
    struct chunk_part chunk;
    struct err err;

    err_init(&err, LANG_EN);
    assert_int_equal(exchange_open(answer, &in, &err), RC_OK);
    while (exchange_next(&in, &part, &err) == RC_OK) {
        spy->entries += part.kind == PART_ENTRY;
        spy->snapshots += part.kind == PART_SNAPSHOT;
        spy->sealed += part.kind == PART_SEALED;
        if (part.kind != PART_CHUNK)
            continue;
        assert_int_equal(exchange_read_chunk(part.content, &chunk, &err), RC_OK);
        assert_true(chunk.index < CHUNKS_MAX);
        spy->chunks[chunk.index]++;
        spy->chunk_count++;
    }
}

static enum rc spy_exchange(void *context, const char *path, struct view body, struct buf *answer,
                            struct link_result *result, struct err *err) {
    struct spy *spy = context;
    struct buf without;
    struct reader in;
    struct part part;
    enum rc rc;

    if (strcmp(path, "/v1/sync") != 0)
        return spy->county->link.exchange(spy->county, path, body, answer, result, err);
    buf_init(&without, LIMIT_EXCHANGE_BYTES);
    exchange_start(&without);
    assert_int_equal(exchange_open(body, &in, err), RC_OK);
    while (exchange_next(&in, &part, err) == RC_OK) {
        if (part.kind == PART_WANT && spy->deaf)
            continue;
        buf_add_u8(&without, part.kind);
        buf_add_sized(&without, part.content);
    }
    err_clear(err);
    rc = spy->county->link.exchange(spy->county, path, buf_view(&without), answer, result, err);
    buf_release(&without);
    if (rc == RC_OK && result->status == 200)
        look(spy, buf_view(answer));
    return rc;
}

static struct spy spy_on(struct visitor *visitor) {
    return (struct spy){.county = visitor->county};
}

/* One request when slow, else until done. */
static struct sync_report sync_by(struct visitor *visitor, struct spy *spy, struct tablet *tablet,
                                  bool slow, enum rc wanted) {
    struct sync_options options = {.rounds_max = slow ? 1 : 0, .answer_bytes_max = slow ? 1 : 0};
    struct sync_report report;
    enum rc rc;

    spy->link = (struct link){spy, spy_exchange};
    err_clear(&visitor->err);
    rc = sync_run(tablet, &spy->link, &options, &report, &visitor->err);
    if (rc != wanted)
        fail_msg("sync: %s: %s", rc_name(rc), visitor->err.text);
    return report;
}

/* ---- an area with a long history ---- */

struct village {
    struct visitor *visitor;
    struct tablet *tablet; /* that made the history */
    struct session *wang;
    struct dot records[RECORDS];
    char text[TEXT_BYTES + 1];
    uint64_t random;
};

/* A text that does not compress much. */
static const char *text_of(struct village *village) {
    for (size_t i = 0; i < TEXT_BYTES; i++) {
        village->random = village->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        village->text[i] = (char)('0' + (village->random >> 40) % 64);
    }
    return village->text;
}

static void rewrite(struct village *village, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        village->visitor->county->now_ms += 60000;
        visitor_edit(village->visitor, village->wang, village->records[i], FIELD, text_of(village));
    }
    county_sync(village->visitor->county, village->tablet, RC_OK, NULL);
}

static struct village *make_village(struct visitor *visitor) {
    struct village *village = calloc(1, sizeof(*village));

    assert_non_null(village);
    village->visitor = visitor;
    village->random = 7;
    village->tablet = visitor_enrol(visitor, "wang", 2);
    village->wang = county_session(village->tablet, "wang");
    for (uint32_t i = 0; i < RECORDS; i++) {
        char name[32];

        snprintf(name, sizeof(name), "户主%u", i);
        village->records[i] = visitor_save(visitor, village->wang, VILLAGE_A, name);
    }
    rewrite(village, RECORDS);
    return village;
}

static void free_village(struct village *village) {
    visitor_verify(village->visitor, village->tablet);
    tablet_close(village->tablet);
    free(village);
}

/* In the first village; it has taken nothing yet. */
static struct tablet *enrol(struct visitor *visitor, const char *name) {
    static const uint64_t area = VILLAGE_A;

    return county_enrol(visitor->county, visitor_path(visitor, name), name, &area, 1);
}

/* Until the first chunk is there; forms come before it. */
static void begin(struct visitor *visitor, struct spy *spy, struct tablet *tablet) {
    while (visitor_status(visitor, tablet).snapshot_taken == 0)
        (void)sync_by(visitor, spy, tablet, true, RC_OK);
}

/* Every record of the county that lives in the area stands on the tablet with the same bytes. */
struct comparison {
    struct visitor *visitor;
    struct tablet *tablet;
    uint64_t area;
    uint32_t count;
};

static enum rc compare(void *context, const struct stored_record *stored, struct err *err) {
    struct comparison *comparison = context;
    struct record state;
    struct buf packed;
    enum rc rc = tablet_state(comparison->tablet, comparison->area, stored->id,
                              &comparison->visitor->arena, &state, err);

    buf_init(&packed, LIMIT_RECORD_BYTES);
    if (rc == RC_OK)
        rc = record_pack(&state, &packed, err);
    assert_int_equal(rc, RC_OK);
    assert_true(view_equal(buf_view(&packed), stored->packed));
    buf_release(&packed);
    comparison->count++;
    return RC_OK;
}

static void assert_same(struct visitor *visitor, struct tablet *tablet, uint64_t area,
                        uint32_t count) {
    struct comparison comparison = {.visitor = visitor, .tablet = tablet, .area = area};
    struct ledger *ledger = county_read(visitor->county);
    struct feed_cursor cursor;
    struct stored_feed feed;

    visitor_must(visitor, store_list(ledger->store, view_text(""), area, (struct dot){0, 0},
                                     compare, &comparison, &visitor->err));
    visitor_must(visitor, store_feed(ledger->store, area, AUDIENCE_FIELD, &feed, &visitor->err));
    visitor_must(visitor, tablet_cursor(tablet, area, AUDIENCE_FIELD, &cursor, &visitor->err));
    assert_int_equal(cursor.position, feed.position);
    assert_memory_equal(cursor.chain, feed.chain, 32);
    assert_int_equal(comparison.count, count);
    ledger_close(ledger);
}

static enum rc count_visit(void *context, const struct stored_snapshot *snapshot, struct err *err) {
    (void)err;
    *(uint32_t *)context += snapshot->chunk_count > 0;
    return RC_OK;
}

static uint32_t snapshots_of(struct visitor *visitor) {
    struct ledger *ledger = county_read(visitor->county);
    uint32_t count = 0;

    visitor_must(visitor, store_snapshots(ledger->store, 0, count_visit, &count, &visitor->err));
    ledger_close(ledger);
    return count;
}

/* ---- the tests ---- */

static void a_new_tablet_gets_the_state(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor), again = spy_on(visitor), old = spy_on(visitor);
    struct tablet *zhao, *qian, *sun;
    struct session *session;
    struct sync_report by_state, by_history;

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    session = county_session(zhao, "zhao");
    by_state = sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_int_equal(snapshots_of(visitor), 1);
    assert_in_range(spy.chunk_count, 2, CHUNKS_MAX);
    assert_int_equal(spy.entries, 0);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    assert_int_equal(visitor_count(visitor, session, ""), RECORDS);
    assert_int_equal(visitor_status(visitor, zhao).snapshot_chunks, 0);

    /* Another one gets the same, and what came after it. */
    rewrite(village, 3);
    qian = enrol(visitor, "qian");
    county_session(qian, "qian");
    (void)sync_by(visitor, &again, qian, false, RC_OK);
    assert_int_equal(snapshots_of(visitor), 1);
    assert_int_equal(again.chunk_count, spy.chunk_count);
    assert_int_equal(again.entries, 1);
    assert_same(visitor, qian, VILLAGE_A, RECORDS);
    (void)sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);

    /* An older program takes the history as ever. */
    sun = enrol(visitor, "sun");
    county_session(sun, "sun");
    old.deaf = true;
    by_history = sync_by(visitor, &old, sun, false, RC_OK);
    assert_int_equal(old.snapshots, 0);
    assert_same(visitor, sun, VILLAGE_A, RECORDS);
    assert_true(by_state.bytes_down * 10 < by_history.bytes_down * 7);
    visitor_verify(visitor, zhao);
    visitor_verify(visitor, sun);
    tablet_close(zhao);
    tablet_close(qian);
    tablet_close(sun);
    free_village(village);
}

static void a_short_history_comes_as_it_is(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor); /* each record written once */
    struct spy spy = spy_on(visitor), second = spy_on(visitor);
    struct tablet *zhao = enrol(visitor, "zhao"), *qian;

    county_session(zhao, "zhao");
    (void)sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_int_equal(spy.snapshots, 0);
    assert_int_equal(snapshots_of(visitor), 0);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    qian = enrol(visitor, "qian");
    county_session(qian, "qian");
    (void)sync_by(visitor, &second, qian, false, RC_OK);
    assert_int_equal(second.snapshots, 0);
    tablet_close(zhao);
    tablet_close(qian);
    free_village(village);
}

static enum rc lost_visit(void *context, const struct stored_snapshot *snapshot, struct err *err) {
    (void)err;
    assert_int_equal(snapshot->chunk_count, 0);
    assert_int_equal(snapshot->record_count, 0); /* none was packed */
    ++*(uint32_t *)context;
    return RC_OK;
}

/* A village that was taken in at once: no snapshot could be shorter, so none is begun, and it is
 * remembered. */
static void records_without_a_past_are_not_packed(void **state) {
    enum { HOMES = 520 };
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1), *zhao;
    struct session *session = county_session(wang, "wang");
    struct spy spy = spy_on(visitor);
    struct ledger *ledger;
    uint32_t lost = 0;

    visitor->county->office.snapshot_tail_bytes = 1;
    for (uint32_t i = 0; i < HOMES; i++)
        (void)visitor_save(visitor, session, VILLAGE_A, "刘芳");
    county_sync(visitor->county, wang, RC_OK, NULL);
    zhao = enrol(visitor, "zhao");
    county_session(zhao, "zhao");
    (void)sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_int_equal(spy.snapshots, 0);
    assert_same(visitor, zhao, VILLAGE_A, HOMES);
    ledger = county_read(visitor->county);
    visitor_must(visitor,
                 store_snapshots(ledger->store, VILLAGE_A, lost_visit, &lost, &visitor->err));
    assert_int_equal(lost, 1);
    ledger_close(ledger);
    tablet_close(wang);
    tablet_close(zhao);
}

/* Zhang has been away: what he wrote stays on top, a conflict is one, a record that has left goes.
 */
static void one_far_behind_keeps_what_is_his(void **state) {
    struct visitor *visitor = *state;
    struct tablet *zhang = enrol(visitor, "zhang");
    struct session *z = county_session(zhang, "zhang");
    struct village *village;
    struct spy spy = spy_on(visitor);
    struct dot own;

    visitor->county->role = ROLE_CLERK; /* investigators may not move records */
    village = make_village(visitor);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    own = visitor_save(visitor, z, VILLAGE_A, "张家新户");
    visitor_edit(visitor, z, village->records[0], "head/name", "张家写的");
    visitor_edit(visitor, village->wang, village->records[0], "head/name", "王家写的");
    visitor_move(visitor, village->wang, village->records[1], VILLAGE_B);
    rewrite(village, RECORDS);
    rewrite(village, RECORDS);
    (void)sync_by(visitor, &spy, zhang, false, RC_OK);
    assert_in_range(spy.chunk_count, 1, CHUNKS_MAX);
    assert_string_equal(visitor_text(visitor, z, village->records[0], "head/name"), "?");
    assert_string_equal(visitor_text(visitor, z, own, "head/name"), "张家新户");
    assert_int_equal(visitor_count(visitor, z, ""), RECORDS); /* one left, one new */
    assert_int_equal(visitor_status(visitor, zhang).unsent, 0);
    assert_same(visitor, zhang, VILLAGE_A, RECORDS);
    assert_false(visitor_noticed(visitor, zhang, NOTICE_FEED_BROKEN));
    county_sync(visitor->county, village->tablet, RC_OK, NULL);
    assert_same(visitor, village->tablet, VILLAGE_A, RECORDS);
    visitor_verify(visitor, zhang);
    tablet_close(zhang);
    free_village(village);
}

/* Own changes that the county has not taken yet are shown over what the snapshot brings. */
static void what_is_pending_is_on_top(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct tablet *zhang;
    struct session *z;

    rewrite(village, RECORDS);
    zhang = enrol(visitor, "zhang");
    z = county_session(zhang, "zhang");
    begin(visitor, &spy, zhang);
    visitor_edit(visitor, z, village->records[0], "head/phone", "13800000077");
    visitor->county->lose_up = 1;
    (void)sync_by(visitor, &spy, zhang, true, RC_NETWORK);
    assert_string_equal(visitor_text(visitor, z, village->records[0], "head/phone"), "13800000077");
    (void)sync_by(visitor, &spy, zhang, false, RC_OK);
    assert_string_equal(visitor_text(visitor, z, village->records[0], "head/phone"), "13800000077");
    assert_int_equal(visitor_status(visitor, zhang).on_server, 1);
    assert_same(visitor, zhang, VILLAGE_A, RECORDS);
    tablet_close(zhang);
    free_village(village);
}

/* Cut off and killed between any two chunks; only an answer that was lost is asked for again. */
static void nothing_is_asked_for_twice(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct tablet *zhao;
    struct sync_report report = {.more = true};
    struct tablet_status status;
    uint32_t rounds = 0;

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    county_session(zhao, "zhao");
    begin(visitor, &spy, zhao);
    while (report.more && rounds++ < 20) {
        if (rounds == 2) {
            visitor->county->lose_down = 1; /* spy does not see this one */
            (void)sync_by(visitor, &spy, zhao, true, RC_NETWORK);
        }
        report = sync_by(visitor, &spy, zhao, true, RC_OK);
        status = visitor_status(visitor, zhao);
        if (report.more)
            assert_in_range(status.snapshot_taken, 1, status.snapshot_chunks);
        tablet_close(zhao);
        zhao = county_tablet(visitor->county, visitor_path(visitor, "zhao"));
        county_session(zhao, "zhao");
    }
    assert_in_range(spy.chunk_count, 2, CHUNKS_MAX);
    for (uint32_t i = 0; i < spy.chunk_count; i++)
        assert_int_equal(spy.chunks[i], 1);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    visitor_verify(visitor, zhao);
    tablet_close(zhao);
    free_village(village);
}

/* While nobody has unlocked the chunks wait sealed, and are not asked for again either. */
static void a_locked_tablet_takes_it_sealed(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct tablet *zhao;
    uint32_t requests;

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    tablet_close(zhao);
    zhao = county_tablet(visitor->county, visitor_path(visitor, "zhao"));
    while (sync_by(visitor, &spy, zhao, true, RC_OK).more)
        assert_true(spy.sealed < 20);
    assert_int_equal(spy.chunk_count, 0); /* none lies open */
    assert_in_range(spy.sealed, 2, CHUNKS_MAX);
    requests = spy.sealed;
    (void)sync_by(visitor, &spy, zhao, true, RC_OK);
    assert_int_equal(spy.sealed, requests);
    assert_int_equal(visitor_status(visitor, zhao).inbox, requests);
    county_session(zhao, "zhao");
    assert_int_equal(visitor_status(visitor, zhao).inbox, 0);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    assert_int_equal(visitor_status(visitor, zhao).snapshot_chunks, 0);
    (void)sync_by(visitor, &spy, zhao, true, RC_OK);
    assert_int_equal(spy.sealed, requests);
    tablet_close(zhao);
    free_village(village);
}

/* Somebody is there, but not who may read that village: its chunks wait sealed for who may. */
static void what_another_may_read_waits_for_him(void **state) {
    static const uint64_t both[] = {VILLAGE_A, VILLAGE_B}, other = VILLAGE_B;
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct session *zhao, *lin;
    struct tablet *tablet;
    uint64_t person;

    rewrite(village, RECORDS);
    tablet = county_enrol(visitor->county, visitor_path(visitor, "zhao"), "zhao", both, 2);
    zhao = county_session(tablet, "zhao");
    visitor_must(visitor, session_add_person(zhao, view_text("lin"), view_text("secret-of-lin"),
                                             &other, 1, &person, &visitor->err));
    visitor_must(visitor, session_close(zhao, &visitor->err));
    lin = county_session(tablet, "lin");
    (void)sync_by(visitor, &spy, tablet, false, RC_OK);
    assert_in_range(spy.chunk_count, 2, CHUNKS_MAX);
    assert_int_equal(visitor_count(visitor, lin, ""), 0);
    assert_true(visitor_status(visitor, tablet).inbox > 0);
    (void)sync_by(visitor, &spy, tablet, false, RC_OK); /* nothing of it is asked for again */
    for (uint32_t i = 0; i < CHUNKS_MAX; i++)
        assert_true(spy.chunks[i] <= 1);
    zhao = county_session(tablet, "zhao");
    assert_int_equal(visitor_status(visitor, tablet).inbox, 0);
    assert_int_equal(visitor_count(visitor, zhao, ""), RECORDS);
    assert_int_equal(visitor_count(visitor, lin, ""), 0);
    assert_same(visitor, tablet, VILLAGE_A, RECORDS);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    free_village(village);
}

static enum rc drop_act(void *context, struct work *work, struct err *err) {
    return snapshot_drop_holding(work, *(const struct dot *)context, err);
}

/* What must not be given any more is gone, also for one in the middle of it. */
static void a_dropped_snapshot_is_begun_anew(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct tablet *zhao;
    struct dot other = {1, 1};

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    county_session(zhao, "zhao");
    begin(visitor, &spy, zhao);
    visitor_must(visitor, office_act(&visitor->county->office, drop_act, &other, &visitor->err));
    assert_int_equal(snapshots_of(visitor), 1);
    visitor_must(visitor, office_act(&visitor->county->office, drop_act,
                                     &village->records[RECORDS / 2], &visitor->err));
    assert_int_equal(snapshots_of(visitor), 0);
    rewrite(village, 1);
    (void)sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_int_equal(spy.chunks[0], 2);
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    tablet_close(zhao);
    free_village(village);
}

/* A new one takes its place when too much came after; the old one is kept for those who have begun
 * it, and goes a month later. */
static void an_old_snapshot_is_replaced(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor), slow = spy_on(visitor);
    struct tablet *zhao, *qian;

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    county_session(zhao, "zhao");
    begin(visitor, &slow, zhao);
    rewrite(village, RECORDS);
    qian = enrol(visitor, "qian");
    county_session(qian, "qian");
    (void)sync_by(visitor, &spy, qian, false, RC_OK);
    assert_int_equal(snapshots_of(visitor), 2);
    (void)sync_by(visitor, &slow, zhao, false, RC_OK);
    assert_int_equal(slow.chunks[0], 1); /* the old one, to its end */
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    assert_same(visitor, qian, VILLAGE_A, RECORDS);
    tablet_close(zhao);
    tablet_close(qian);
    rewrite(village, RECORDS);
    visitor->county->now_ms += SNAPSHOT_KEPT_MS + 1;
    zhao = enrol(visitor, "sun");
    county_session(zhao, "sun");
    (void)sync_by(visitor, &spy, zhao, false, RC_OK);
    assert_int_equal(snapshots_of(visitor), 2);
    tablet_close(zhao);
    free_village(village);
}

static struct buf bundle_for(struct visitor *visitor, struct tablet *tablet) {
    struct ledger *ledger = county_read(visitor->county);
    struct stored_device device;
    struct bundle_made made;
    struct buf out;

    visitor->county->now_ms += 1000;
    buf_init(&out, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, store_device(ledger->store, tablet_facts(tablet)->device, &visitor->arena,
                                       &device, &visitor->err));
    visitor_must(visitor, bundle_make(&visitor->county->office, ledger, &device, true, &out, &made,
                                      &visitor->err));
    ledger_close(ledger);
    return out;
}

/* By a stick: from the start, twice, into the middle of one that came by network, and locked. */
static void a_bundle_carries_it(void **state) {
    struct visitor *visitor = *state;
    struct village *village = make_village(visitor);
    struct spy spy = spy_on(visitor);
    struct tablet *zhao, *qian;
    struct bundle_taken taken;
    struct buf stick, other;

    rewrite(village, RECORDS);
    zhao = enrol(visitor, "zhao");
    qian = enrol(visitor, "qian");
    stick = bundle_for(visitor, zhao);
    other = bundle_for(visitor, qian);
    assert_int_equal(snapshots_of(visitor), 1);
    county_session(zhao, "zhao");
    for (int twice = 0; twice < 2; twice++) {
        visitor_must(visitor, sync_bundle_read(zhao, buf_view(&stick), &taken, &visitor->err));
        assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    }
    county_session(qian, "qian");
    begin(visitor, &spy, qian);
    assert_int_equal(spy.chunk_count, 1);
    visitor_must(visitor, sync_bundle_read(qian, buf_view(&other), &taken, &visitor->err));
    assert_same(visitor, qian, VILLAGE_A, RECORDS);
    (void)sync_by(visitor, &spy, qian, false, RC_OK);
    assert_int_equal(spy.chunk_count, 1);
    tablet_close(qian);
    tablet_close(zhao);
    buf_release(&stick);
    buf_release(&other);

    zhao = enrol(visitor, "sun");
    stick = bundle_for(visitor, zhao);
    tablet_close(zhao);
    zhao = county_tablet(visitor->county, visitor_path(visitor, "sun"));
    visitor_must(visitor, sync_bundle_read(zhao, buf_view(&stick), &taken, &visitor->err));
    county_session(zhao, "sun");
    assert_same(visitor, zhao, VILLAGE_A, RECORDS);
    tablet_close(zhao);
    buf_release(&stick);
    free_village(village);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_tablet_gets_the_state, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_short_history_comes_as_it_is, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(records_without_a_past_are_not_packed, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(one_far_behind_keeps_what_is_his, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_is_pending_is_on_top, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_asked_for_twice, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_locked_tablet_takes_it_sealed, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(what_another_may_read_waits_for_him, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_dropped_snapshot_is_begun_anew, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(an_old_snapshot_is_replaced, visitor_set_up,
                                        visitor_tear_down),
        cmocka_unit_test_setup_teardown(a_bundle_carries_it, visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
