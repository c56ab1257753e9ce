/* test_sync.c: the exchange between a tablet and a county, over good links and bad ones. */
#include "tests/support/visitor.h"

#include "syncd/sync/quarantine.h"

#include "agent/sync/inside.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* ---- the ordinary day ---- */

static void two_tablets_a_conflict_and_its_resolution(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1),
                  *c = visitor_enrol(visitor, "li", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao"),
                   *li = county_session(c, "li");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "李四");
    struct sync_report report;

    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(report.sent, 1);
    assert_int_equal(report.received, 0); /* one's own change is not news */
    county_sync(visitor->county, b, RC_OK, &report);
    assert_int_equal(report.received, 1);
    visitor_edit(visitor, wang, record, "head/name", "李四一");
    visitor_edit(visitor, zhao, record, "head/name", "李四二");
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, &report);
    assert_int_equal(report.conflicts, 1);
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(report.conflicts, 1);
    county_sync(visitor->county, c, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, wang, record, "head/name"), "?");
    assert_string_equal(visitor_text(visitor, zhao, record, "head/name"), "?");
    /* Four eyes: a third person decides, with his signature. */
    visitor_resolve(visitor, li, record, "head/name", "李四二");
    county_sync(visitor->county, c, RC_OK, &report);
    assert_int_equal(report.quarantined, 0);
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, wang, record, "head/name"), "李四二");
    assert_string_equal(visitor_text(visitor, zhao, record, "head/name"), "李四二");
    visitor_verify(visitor, a);
    visitor_verify(visitor, b);
    visitor_verify(visitor, c);
    tablet_close(a);
    tablet_close(b);
    tablet_close(c);
}

static void sync_goes_on_while_locked(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");
    struct dot first = visitor_save(visitor, wang, VILLAGE_A, "锁前存的"), second, third;
    struct sync_report report;

    visitor_must(visitor, session_close(wang, &visitor->err));
    second = visitor_save(visitor, zhao, VILLAGE_A, "别人存的");
    county_sync(visitor->county, b, RC_OK, NULL);
    county_sync(visitor->county, a, RC_OK, &report);
    assert_true(report.locked);
    assert_int_equal(report.sent, 1);
    assert_int_equal(visitor_status(visitor, a).unsent, 0);
    assert_int_equal(visitor_status(visitor, a).inbox, 1);
    /* Nothing is fetched twice while locked; what is new is. */
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(visitor_status(visitor, a).inbox, 1);
    third = visitor_save(visitor, zhao, VILLAGE_A, "又存的");
    county_sync(visitor->county, b, RC_OK, NULL);
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(visitor_status(visitor, a).inbox, 2);
    tablet_close(a);
    a = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    wang = county_session(a, "wang");
    assert_int_equal(visitor_status(visitor, a).inbox, 0);
    assert_int_equal(visitor_count(visitor, wang, ""), 3);
    assert_string_equal(visitor_text(visitor, wang, second, "head/name"), "别人存的");
    assert_string_equal(visitor_text(visitor, wang, third, "head/name"), "又存的");
    visitor_edit(visitor, wang, first, "head/phone", "13800000000");
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(report.received, 0); /* the cursors are where the inbox has led them */
    assert_false(visitor_noticed(visitor, a, NOTICE_FEED_BROKEN));
    visitor_verify(visitor, a);
    tablet_close(a);
    tablet_close(b);
}

/* ---- bad links ---- */

struct bad_link {
    struct county *county;
    struct link link;
    size_t cut;  /* the answer ends after so many bytes; 0: whole */
    size_t flip; /* this byte of the answer is changed; SIZE_MAX: none */
    int status;  /* instead of asking the county; 0: ask */
    bool forge;  /* a gateway changes when the county received the first entry */
    bool spoil;  /* the last byte of what is sealed in it is changed */
    bool again;  /* what was answered the last time comes again */
    struct buf last;
    uint32_t requests;
    size_t last_size;
};

/* The signed part stays; an entry is changed. */
static void forge_entry(struct buf *answer, struct err *err) {
    struct buf forged;
    struct reader parts;
    struct part part;
    bool done = false;

    buf_init(&forged, LIMIT_EXCHANGE_BYTES);
    exchange_start(&forged);
    assert_int_equal(exchange_open(buf_view(answer), &parts, err), RC_OK);
    while (exchange_next(&parts, &part, err) == RC_OK) {
        struct feed_entry entry;

        if (part.kind == PART_ENTRY && !done) {
            assert_int_equal(exchange_read_entry(part.content, &entry, err), RC_OK);
            entry.received_ms -= 86400000;
            exchange_add_entry(&forged, &entry);
            done = true;
        } else {
            buf_add_u8(&forged, part.kind);
            buf_add_sized(&forged, part.content);
        }
    }
    err_clear(err);
    buf_clear(answer);
    buf_add_view(answer, buf_view(&forged));
    buf_release(&forged);
}

static void spoil_sealed(struct buf *answer, struct err *err) {
    struct reader parts;
    struct part part;

    assert_int_equal(exchange_open(buf_view(answer), &parts, err), RC_OK);
    while (exchange_next(&parts, &part, err) == RC_OK) {
        if (part.kind == PART_SEALED)
            answer->data[(size_t)(part.content.data - answer->data) + part.content.size - 1] ^= 1;
    }
    err_clear(err);
}

static enum rc bad_exchange(void *context, const char *path, struct view body, struct buf *answer,
                            struct link_result *result, struct err *err) {
    struct bad_link *bad = context;
    enum rc rc = RC_OK;

    bad->requests++;
    *result = (struct link_result){.retry_after_s = 17, .status = bad->status};
    if (bad->status == 0)
        rc = bad->county->link.exchange(bad->county->link.context, path, body, answer, result, err);
    if (bad->again) {
        buf_clear(answer);
        buf_add_view(answer, buf_view(&bad->last));
    }
    buf_clear(&bad->last);
    buf_add_view(&bad->last, buf_view(answer));
    bad->last_size = answer->size;
    if (rc == RC_OK && bad->forge)
        forge_entry(answer, err);
    if (rc == RC_OK && bad->spoil)
        spoil_sealed(answer, err);
    if (bad->cut != 0 && answer->size > bad->cut)
        answer->size = bad->cut;
    if (bad->flip < answer->size)
        answer->data[bad->flip] ^= 0x21;
    return rc;
}

static struct bad_link bad_link_to(struct county *county) {
    struct bad_link bad = {.county = county, .link = {.exchange = bad_exchange}, .flip = SIZE_MAX};

    buf_init(&bad.last, LIMIT_EXCHANGE_BYTES);
    return bad;
}

static enum rc run(struct visitor *visitor, struct tablet *tablet, struct bad_link *bad,
                   struct sync_report *report) {
    bad->link.context = bad;
    bad->requests = 0;
    return sync_run(tablet, &bad->link, NULL, report, &visitor->err);
}

static void a_busy_or_refusing_server_is_reported(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct bad_link bad = bad_link_to(visitor->county);
    struct session *wang = county_session(tablet, "wang");
    struct sync_report report;

    visitor_save(visitor, wang, VILLAGE_A, "户主");
    bad.status = 429;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_AGAIN);
    assert_int_equal(report.retry_after_s, 17);
    assert_int_equal(report.unsent, 1);
    assert_int_equal(bad.requests, 1);
    bad.status = 403;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_DENIED);
    bad.status = 500;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_NETWORK);
    bad.status = 401;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_DENIED);
    assert_true(bad.requests <= 2);
    assert_int_equal(visitor_status(visitor, tablet).waiting, WAITING_FOR_ANSWER);
    bad.status = 0;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_OK);
    assert_int_equal(report.sent, 1);
    buf_release(&bad.last);
    tablet_close(tablet);
}

static void an_old_nonce_is_renewed_by_itself(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct sync_report report;

    visitor_save(visitor, wang, VILLAGE_A, "户主");
    visitor->county->now_ms += INT64_C(60) * 86400000; /* two months in the mountains */
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(report.requests, 2);
    assert_int_equal(report.sent, 1);
    tablet_close(tablet);
}

/* Every place where an answer can be cut or changed: an error or nothing, never half of it. */
static void a_damaged_answer_is_never_taken_by_half(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");
    struct bad_link bad = bad_link_to(visitor->county);
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct sync_report report;
    size_t size, taken = 0;
    enum rc rc;

    county_sync(visitor->county, a, RC_OK, NULL);
    visitor_save(visitor, zhao, VILLAGE_A, "另一户");
    bad.cut = 1;
    assert_int_not_equal(run(visitor, b, &bad, &report), RC_OK);
    size = bad.last_size;
    for (size_t i = 0; i < size * 2; i++) {
        bad.cut = i < size ? i + 1 : 0;
        bad.flip = i < size ? SIZE_MAX : i - size;
        if (bad.cut == size)
            continue;
        rc = run(visitor, b, &bad, &report);
        if (bad.cut != 0 && bad.cut < bad.last_size)
            assert_int_not_equal(rc, RC_OK);
        if (rc == RC_OK && visitor_count(visitor, zhao, "") == 2)
            taken++;
        if (visitor_count(visitor, zhao, "") == 2) {
            /* What was taken is what was sent: the damage lay in bytes that say nothing. */
            assert_string_equal(visitor_text(visitor, zhao, record, "head/name"), "户主");
            break;
        }
    }
    bad.cut = 0;
    bad.flip = SIZE_MAX;
    assert_int_equal(run(visitor, b, &bad, &report), RC_OK);
    assert_int_equal(visitor_status(visitor, b).unsent, 0);
    assert_int_equal(visitor_count(visitor, zhao, ""), 2);
    assert_string_equal(visitor_text(visitor, zhao, record, "head/name"), "户主");
    visitor_verify(visitor, b);
    assert_true(taken <= 1);
    buf_release(&bad.last);
    tablet_close(a);
    tablet_close(b);
}

/* It is whole and signed, but tells the county by its nonce what this tablet may never have heard.
 */
static void an_answer_to_another_request_is_not_taken(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct bad_link bad = bad_link_to(visitor->county);
    struct sync_report report;
    uint8_t nonce[16];

    assert_int_equal(run(visitor, tablet, &bad, &report), RC_OK);
    visitor->county->now_ms += 2 * 3600000;
    county_sync(visitor->county, tablet, RC_OK, NULL);
    visitor_save(visitor, wang, VILLAGE_A, "户主");
    memcpy(nonce, tablet_facts(tablet)->hello_nonce, sizeof(nonce));
    bad.again = true;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_NETWORK);
    assert_memory_equal(tablet_facts(tablet)->hello_nonce, nonce, sizeof(nonce));
    bad.again = false;
    assert_int_equal(run(visitor, tablet, &bad, &report), RC_OK);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    buf_release(&bad.last);
    tablet_close(tablet);
}

/* A gateway can change what is not signed. Receipts still count; nothing of the rest is taken. */
static void entries_that_do_not_lead_to_the_signed_head_are_refused(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");
    struct bad_link bad = bad_link_to(visitor->county);
    struct sync_report report;

    visitor_save(visitor, wang, VILLAGE_A, "户主");
    county_sync(visitor->county, a, RC_OK, NULL);
    visitor_save(visitor, zhao, VILLAGE_A, "另一户");
    bad.forge = true;
    assert_int_equal(run(visitor, b, &bad, &report), RC_OK);
    assert_int_equal(report.sent, 1);
    assert_int_equal(report.received, 0);
    assert_int_equal(visitor_status(visitor, b).unsent, 0);
    assert_int_equal(visitor_count(visitor, zhao, ""), 1);
    assert_true(visitor_noticed(visitor, b, NOTICE_FEED_BROKEN));
    bad.forge = false;
    assert_int_equal(run(visitor, b, &bad, &report), RC_OK);
    assert_int_equal(report.received, 1);
    assert_int_equal(visitor_count(visitor, zhao, ""), 2);
    /* The same while locked: noticed when somebody unlocks. */
    visitor_must(visitor, session_close(zhao, &visitor->err));
    visitor_save(visitor, wang, VILLAGE_A, "第三户");
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, NULL);
    zhao = county_session(b, "zhao");
    assert_int_equal(visitor_count(visitor, zhao, ""), 3);
    visitor_verify(visitor, b);
    buf_release(&bad.last);
    tablet_close(a);
    tablet_close(b);
}

static void cuts_on_the_way_lead_to_a_repeat(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct sync_report report;

    for (uint32_t i = 0; i < 6; i++) {
        visitor_save(visitor, wang, VILLAGE_A, "户主");
        if (i % 2 == 0)
            visitor->county->lose_up = 1;
        else
            visitor->county->lose_down = 1;
        county_sync(visitor->county, tablet, RC_NETWORK, &report);
    }
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(visitor_status(visitor, tablet).on_server, 6);
    assert_int_equal(visitor_count(visitor, wang, ""), 6);
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(report.requests, 1);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

/* ---- unlocked while an answer is on its way ---- */

struct unlocking {
    struct county *county;
    struct link link;
    struct tablet *tablet;
    const char *login;
    struct session *session; /* NULL: it is locked */
};

static enum rc unlock_and_answer(void *context, const char *path, struct view body,
                                 struct buf *answer, struct link_result *result, struct err *err) {
    struct unlocking *unlocking = context;
    struct link *link = &unlocking->county->link;
    enum rc rc = link->exchange(link->context, path, body, answer, result, err);

    if (unlocking->session == NULL)
        unlocking->session = county_session(unlocking->tablet, unlocking->login);
    return rc;
}

/* What waits in the inbox was spoilt on its way, which shows only when it is unsealed: it is
 * dropped. The answer that was asked from behind it does not fit then, and is asked for again. */
static void who_unlocks_during_a_sync_is_not_told_of_what_the_inbox_had_to_drop(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 1);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");
    struct bad_link bad = bad_link_to(visitor->county);
    struct unlocking unlocking = {.county = visitor->county,
                                  .link = {.exchange = unlock_and_answer},
                                  .tablet = b,
                                  .login = "zhao"};
    struct sync_report report;
    struct dot second;

    visitor_save(visitor, wang, VILLAGE_A, "户主");
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, NULL);
    visitor_must(visitor, session_close(zhao, &visitor->err));
    second = visitor_save(visitor, wang, VILLAGE_A, "第二户");
    county_sync(visitor->county, a, RC_OK, NULL);
    bad.spoil = true;
    assert_int_equal(run(visitor, b, &bad, &report), RC_OK);
    assert_int_equal(visitor_status(visitor, b).inbox, 1);
    visitor_save(visitor, wang, VILLAGE_A, "第三户");
    county_sync(visitor->county, a, RC_OK, NULL);
    unlocking.link.context = &unlocking;
    visitor_must(visitor, sync_run(b, &unlocking.link, NULL, &report, &visitor->err));
    assert_int_equal(visitor_status(visitor, b).inbox, 0);
    assert_int_equal(report.received, 2);
    assert_false(report.more);
    assert_int_equal(visitor_count(visitor, unlocking.session, ""), 3);
    assert_string_equal(visitor_text(visitor, unlocking.session, second, "head/name"), "第二户");
    assert_false(visitor_noticed(visitor, b, NOTICE_FEED_BROKEN));
    visitor_verify(visitor, b);
    buf_release(&bad.last);
    tablet_close(a);
    tablet_close(b);
}

/* ---- what the county decides ---- */

struct device_act {
    uint64_t device;
    struct scope scope;
};

static enum rc set_scope(void *context, struct work *work, struct err *err) {
    struct device_act *act = context;
    struct stored_device *row = WORK_ADD(work, devices, device_count, device_capacity);
    enum rc rc = store_device(work->ledger->store, act->device, &work->arena, row, err);

    if (rc == RC_OK) {
        act->scope.serial = row->scope.serial + 1;
        row->scope = act->scope;
    }
    return rc;
}

static void scope(struct visitor *visitor, struct tablet *tablet, uint64_t *areas, uint32_t count,
                  bool revoked) {
    struct device_act act = {.device = visitor_status(visitor, tablet).device,
                             .scope = {.area_count = count,
                                       .areas = areas,
                                       .audience_mask = 1u << AUDIENCE_FIELD,
                                       .revoked = revoked}};

    visitor_must(visitor, office_act(&visitor->county->office, set_scope, &act, &visitor->err));
}

static void areas_are_granted_and_withdrawn(void **state) {
    static uint64_t both[] = {VILLAGE_A, VILLAGE_B}, only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b = visitor_enrol(visitor, "zhao", 2);
    struct session *wang = county_session(a, "wang"), *zhao = county_session(b, "zhao");

    visitor_save(visitor, zhao, VILLAGE_B, "乙村的");
    county_sync(visitor->county, b, RC_OK, NULL);
    county_sync(visitor->county, a, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, wang, ""), 0);
    assert_int_equal(visitor_try_save(visitor, wang, VILLAGE_B, "不许"), RC_DENIED);
    scope(visitor, a, both, 2, false);
    county_sync(visitor->county, a, RC_OK, NULL);
    assert_true(visitor_noticed(visitor, a, NOTICE_SCOPE));
    assert_int_equal(visitor_count(visitor, wang, ""), 1);
    assert_int_equal(visitor_status(visitor, a).scope_serial, 2);
    /* Granted while nobody was there: the key waits for who may have it. */
    visitor_must(visitor, session_close(wang, &visitor->err));
    scope(visitor, a, only_b, 1, false);
    county_sync(visitor->county, a, RC_OK, NULL);
    wang = county_session(a, "wang");
    assert_false(session_may(wang, VILLAGE_A));
    visitor_save(visitor, wang, VILLAGE_B, "新写的");
    scope(visitor, a, only_b, 1, true);
    county_sync(visitor->county, a, RC_DENIED, NULL);
    assert_true(visitor_noticed(visitor, a, NOTICE_REVOKED));
    assert_true(visitor_status(visitor, a).revoked);
    visitor_verify(visitor, a);
    tablet_close(a);
    tablet_close(b);
}

/* All in one batch: where the author believes the record to be is not where it is. */
static void what_follows_a_refused_move_reaches_those_who_have_the_record(void **state) {
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 2), *b = visitor_enrol(visitor, "zhang", 1);
    struct session *wang = county_session(a, "wang"), *zhang;
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");

    visitor_move(visitor, wang, record, VILLAGE_B); /* an investigator may not */
    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, NULL);
    zhang = county_session(b, "zhang");
    assert_string_equal(visitor_text(visitor, zhang, record, "head/phone"), "13800000000");
    tablet_close(a);
    tablet_close(b);
}

static void a_record_that_began_and_moved_away_in_one_batch_has_left(void **state) {
    static const uint64_t only_a[] = {VILLAGE_A};
    struct visitor *visitor = *state;
    struct two_clerks two = visitor_two_clerks(visitor, only_a, 1);
    struct dot record = visitor_save(visitor, two.wang, VILLAGE_A, "户主");

    visitor_move(visitor, two.wang, record, VILLAGE_B);
    county_sync(visitor->county, two.a, RC_OK, NULL);
    county_sync(visitor->county, two.a, RC_OK, NULL);
    county_sync(visitor->county, two.b, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, two.zhang, ""), 0);
    assert_int_equal(visitor_count(visitor, two.wang, ""), 1);
    visitor_verify(visitor, two.a);
    visitor_verify(visitor, two.b);
    tablet_close(two.a);
    tablet_close(two.b);
}

/* Its beginning waits in quarantine, what moved it away does not: it went into the feed of the area
 * where its author took it to be, and has left that again. */
static void what_is_admitted_before_its_beginning_lies_where_it_says(void **state) {
    static uint64_t only_a[] = {VILLAGE_A}, only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct two_clerks two = visitor_two_clerks(visitor, only_b, 1);
    struct dot record = visitor_save(visitor, two.wang, VILLAGE_B, "户主");

    visitor_move(visitor, two.wang, record, VILLAGE_A);
    scope(visitor, two.a, only_a, 1, false);
    visitor->county->lose_down = 1; /* it does not even learn it */
    county_sync(visitor->county, two.a, RC_NETWORK, NULL);
    county_sync(visitor->county, two.b, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, two.zhang, ""), 0);
    visitor_verify(visitor, two.b);
    tablet_close(two.a);
    tablet_close(two.b);
}

/* It lay where its author believed it to be, until its beginning was admitted. */
static void what_is_admitted_after_others_enters_whole(void **state) {
    static uint64_t both[] = {VILLAGE_A, VILLAGE_B}, only_b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *a = visitor_enrol(visitor, "wang", 2), *b = visitor_enrol(visitor, "zhang", 1);
    struct tablet *c =
        county_enrol(visitor->county, visitor_path(visitor, "zhao"), "zhao", only_b, 1);
    struct session *wang = county_session(a, "wang"), *zhang = county_session(b, "zhang");
    struct session *zhao = county_session(c, "zhao");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    uint32_t admitted = 0;

    visitor_move(visitor, wang, record, VILLAGE_B); /* an investigator may not */
    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    scope(visitor, a, only_b, 1, false);
    visitor->county->lose_down = 1; /* it does not even learn it */
    county_sync(visitor->county, a, RC_NETWORK, NULL);
    county_sync(visitor->county, c, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, zhao, ""), 1);
    scope(visitor, a, both, 2, false);
    visitor_must(visitor,
                 quarantine_rejudge(&visitor->county->office, 0, &admitted, &visitor->err));
    assert_int_equal(admitted, 1);
    county_sync(visitor->county, b, RC_OK, NULL);
    county_sync(visitor->county, c, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, zhang, record, "head/phone"), "13800000000");
    assert_int_equal(visitor_count(visitor, zhao, ""), 0);
    tablet_close(a);
    tablet_close(b);
    tablet_close(c);
}

static void a_quarantined_change_is_shown_and_blocks_nothing(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 2);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct tablet_quarantined *quarantined;
    struct sync_report report;
    uint32_t count;

    visitor_move(visitor, wang, record, VILLAGE_B); /* an investigator may not */
    visitor_save(visitor, wang, VILLAGE_A, "下一户");
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(report.sent, 3);
    assert_int_equal(report.quarantined, 1);
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(report.quarantined, 0);
    visitor_must(visitor,
                 tablet_quarantine(tablet, &visitor->arena, &quarantined, &count, &visitor->err));
    assert_int_equal(count, 1);
    assert_int_equal(quarantined[0].verdict, VERDICT_NOT_ALLOWED);
    assert_int_equal(quarantined[0].dot.number, 2);
    assert_true(dot_equal(quarantined[0].record, record));
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

/* The record left while he was locked, after a power cut that had kept his edit from being sealed
 * for the county: what he is told about it comes when the record is not of his areas any more. */
static void who_wrote_in_what_has_left_hears_that_it_waits(void **state) {
    struct visitor *visitor = *state;
    struct tablet_quarantined *waiting;
    struct tablet *a = visitor_enrol(visitor, "wang", 1), *b;
    struct session *wang = county_session(a, "wang"), *zhang;
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    struct sync_report report;
    uint32_t count = 0;

    visitor->county->role = ROLE_CLERK; /* may move */
    b = visitor_enrol(visitor, "zhang", 2);
    zhang = county_session(b, "zhang");
    county_sync(visitor->county, a, RC_OK, NULL);
    county_sync(visitor->county, b, RC_OK, NULL);
    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    visitor_move(visitor, zhang, record, VILLAGE_B);
    county_sync(visitor->county, b, RC_OK, NULL);
    visitor_copy(visitor, "wang", "cut"); /* the power is gone: nothing was locked */
    tablet_close(a);
    a = county_tablet(visitor->county, visitor_path(visitor, "cut"));
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(report.sent, 0);
    wang = county_session(a, "wang");
    assert_int_equal(visitor_count(visitor, wang, ""), 1);
    county_sync(visitor->county, a, RC_OK, &report);
    assert_int_equal(report.sent, 1);
    assert_int_equal(report.quarantined, 1);
    visitor_must(visitor, tablet_quarantine(a, &visitor->arena, &waiting, &count, &visitor->err));
    assert_int_equal(count, 1);
    assert_int_equal(visitor_status(visitor, a).quarantined, 1);
    visitor_verify(visitor, a);
    tablet_close(a);
    tablet_close(b);
}

static void a_new_epoch_sends_again_what_the_server_lacks(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct sync_report report;

    for (int i = 0; i < 3; i++)
        visitor_save(visitor, wang, VILLAGE_A, "户主");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    visitor->county->office.epoch = 2; /* restored, but lacking nothing */
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_true(visitor_noticed(visitor, tablet, NOTICE_EPOCH));
    assert_int_equal(visitor_status(visitor, tablet).on_server, 3);
    assert_int_equal(visitor_status(visitor, tablet).epoch, 2);
    assert_int_equal(visitor_count(visitor, wang, ""), 3);
    assert_false(visitor_noticed(visitor, tablet, NOTICE_FEED_BROKEN));
    county_sync(visitor->county, tablet, RC_OK, &report);
    assert_int_equal(report.requests, 1);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

static void an_enrolment_whose_answer_was_lost_is_repeated(void **state) {
    static const uint64_t area = VILLAGE_A;
    struct visitor *visitor = *state;
    struct invitation invitation = {.device_name = view_text("t"),
                                    .person_name = view_text("wang"),
                                    .role = ROLE_INVESTIGATOR,
                                    .areas = &area,
                                    .area_count = 1};
    struct enrol_options options = {
        .directory = visitor_path(visitor, "wang"),
        .tablet = {.env = &visitor->county->env, .cost = {.passes = 1, .memory_kib = 8}},
        .server = view_text("http://127.0.0.1:1"),
        .secret = view_text("secret-of-wang"),
        .link = &visitor->county->link};
    char code[CODE_TEXT_BYTES];
    struct tablet *tablet = NULL;
    struct session *wang;

    visitor_must(visitor,
                 auth_invite(&visitor->county->office, &invitation, "test", code, &visitor->err));
    options.code = view_text(code);
    visitor->county->lose_down = 1;
    assert_int_equal(enrol_run(&options, &tablet, &visitor->err), RC_NETWORK);
    assert_false(tablet_exists(options.directory));
    options.secret = view_text("another secret");
    assert_int_equal(enrol_run(&options, &tablet, &visitor->err), RC_DENIED);
    options.secret = view_text("secret-of-wang");
    visitor_must(visitor, enrol_run(&options, &tablet, &visitor->err));
    wang = county_session(tablet, "wang");
    county_sync(visitor->county, tablet, RC_OK, NULL);
    visitor_save(visitor, wang, VILLAGE_A, "户主");
    visitor_must(visitor, session_close(wang, &visitor->err));
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, tablet).quarantined, 0);
    assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
    tablet_close(tablet);
    assert_int_equal(enrol_run(&options, &tablet, &visitor->err), RC_CONFLICT);
    options.directory = visitor_path(visitor, "other");
    assert_int_equal(enrol_run(&options, &tablet, &visitor->err), RC_DENIED); /* used */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_tablets_a_conflict_and_its_resolution),
        TEST(sync_goes_on_while_locked),
        TEST(a_busy_or_refusing_server_is_reported),
        TEST(an_old_nonce_is_renewed_by_itself),
        TEST(a_damaged_answer_is_never_taken_by_half),
        TEST(an_answer_to_another_request_is_not_taken),
        TEST(entries_that_do_not_lead_to_the_signed_head_are_refused),
        TEST(cuts_on_the_way_lead_to_a_repeat),
        TEST(who_unlocks_during_a_sync_is_not_told_of_what_the_inbox_had_to_drop),
        TEST(areas_are_granted_and_withdrawn),
        TEST(what_follows_a_refused_move_reaches_those_who_have_the_record),
        TEST(a_record_that_began_and_moved_away_in_one_batch_has_left),
        TEST(what_is_admitted_before_its_beginning_lies_where_it_says),
        TEST(what_is_admitted_after_others_enters_whole),
        TEST(a_quarantined_change_is_shown_and_blocks_nothing),
        TEST(who_wrote_in_what_has_left_hears_that_it_waits),
        TEST(a_new_epoch_sends_again_what_the_server_lacks),
        TEST(an_enrolment_whose_answer_was_lost_is_repeated),
    };

    return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
