/* test_refusals.c: what a tablet makes of every answer that is none, on each of its ways to the
 * county, and what the county says to requests that no tablet of ours makes. Nothing is lost by it:
 * the next good day everything has arrived. */
#include "tests/support/picture.h"
#include "tests/support/visitor.h"

#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/text.h"
#include "syncd/sync/attachment.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* ---- a county that refuses ---- */

struct gatekeeper {
    struct county *county;
    struct link link;
    const char *path;     /* of what is refused */
    int status;           /* with what; 0: nothing is */
    int64_t retry_s;      /* -1: not said */
    uint32_t batches_max; /* refused are only requests with more batches than these */
    uint32_t refused, passed;
    struct buf last; /* request that came */
};

static uint32_t batches_in(struct view body) {
    struct reader in;
    struct part part;
    struct err err;
    uint32_t count = 0;

    err_init(&err, LANG_EN);
    if (exchange_open(body, &in, &err) != RC_OK)
        return 0;
    while (exchange_next(&in, &part, &err) == RC_OK)
        count += part.kind == PART_BATCH;
    return count;
}

static enum rc keep_gate(void *context, const char *path, struct view body, struct buf *answer,
                         struct link_result *result, struct err *err) {
    struct gatekeeper *gate = context;

    if (strcmp(path, "/v1/sync") == 0) {
        buf_clear(&gate->last);
        buf_add_view(&gate->last, body);
    }
    if (gate->status != 0 && strcmp(path, gate->path) == 0 &&
        (gate->batches_max == 0 || batches_in(body) > gate->batches_max)) {
        gate->refused++;
        *result = (struct link_result){.status = gate->status, .retry_after_s = gate->retry_s};
        buf_add_text(answer, "{\"error\":\"test\",\"message\":\"not today\"}");
        return RC_OK;
    }
    gate->passed++;
    return gate->county->link.exchange(gate->county->link.context, path, body, answer, result, err);
}

static struct gatekeeper gate_of(struct visitor *visitor, const char *path) {
    struct gatekeeper gate = {.county = visitor->county, .path = path, .retry_s = -1};

    buf_init(&gate.last, LIMIT_EXCHANGE_BYTES);
    return gate;
}

static enum rc sync_by(struct visitor *visitor, struct gatekeeper *gate, struct tablet *tablet,
                       struct sync_report *report) {
    gate->link = (struct link){gate, keep_gate};
    visitor->county->now_ms += 60000;
    err_clear(&visitor->err);
    return sync_run(tablet, &gate->link, NULL, report, &visitor->err);
}

/* ---- the exchange ---- */

static void every_refusal_of_a_sync_is_told_and_loses_nothing(void **state) {
    static const struct {
        int status;
        int64_t retry_s;
        enum rc rc;
        const char *words;
    } cases[] = {
        {429, 30, RC_AGAIN, "in 30 seconds"},        {503, -1, RC_AGAIN, "in 60 seconds"},
        {401, -1, RC_DENIED, "refused this tablet"}, {403, -1, RC_DENIED, "not today"},
        {400, -1, RC_NETWORK, "status 400: not"},    {413, -1, RC_NETWORK, "status 413: not"},
        {500, -1, RC_NETWORK, "status 500: not"},    {302, -1, RC_NETWORK, "status 302: not"},
    };
    struct visitor *visitor = *state;
    struct gatekeeper gate = gate_of(visitor, "/v1/sync");
    struct tablet *tablet = visitor_enrol(visitor, "tablet", 1);
    struct session *session = county_session(tablet, "tablet");
    struct sync_report report;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)visitor_save(visitor, session, VILLAGE_A, "somebody");
        gate.status = cases[i].status;
        gate.retry_s = cases[i].retry_s;
        if (sync_by(visitor, &gate, tablet, &report) != cases[i].rc)
            fail_msg("status %d: %s: %s", cases[i].status, rc_name(visitor->err.rc),
                     visitor->err.text);
        assert_non_null(strstr(visitor->err.text, cases[i].words));
        assert_int_equal(report.retry_after_s, cases[i].retry_s);
        assert_int_equal(report.sent, 0);
        assert_int_equal(report.unsent, i + 1);
    }
    gate.status = 0;
    assert_int_equal(sync_by(visitor, &gate, tablet, &report), RC_OK);
    assert_int_equal(report.sent, sizeof(cases) / sizeof(cases[0]));
    assert_int_equal(report.unsent, 0);
    visitor_verify(visitor, tablet);
    buf_release(&gate.last);
    visitor_must(visitor, session_close(session, &visitor->err));
    tablet_close(tablet);
}

/* ---- attachments ---- */

static void a_lane_that_is_shut_holds_up_no_text(void **state) {
    static const struct {
        int status;
        int64_t retry_s;
        enum rc rc;
    } cases[] = {{404, -1, RC_OK},    {405, -1, RC_OK},    {429, 17, RC_AGAIN},
                 {503, -1, RC_AGAIN}, {401, -1, RC_AGAIN}, {500, -1, RC_NETWORK}};
    struct visitor *visitor = *state;
    struct gatekeeper gate = gate_of(visitor, "/v1/attachments");
    struct tablet *tablet = visitor_enrol(visitor, "tablet", 1);
    struct session *session = county_session(tablet, "tablet");
    struct dot home = visitor_save(visitor, session, VILLAGE_A, "somebody");
    struct sync_report report;
    struct buf content;
    uint8_t hash[32];
    char hex[65];

    buf_init(&content, LIMIT_PHOTO_BYTES);
    picture_jpeg(&content, 5000, 3);
    visitor_must(visitor, blobs_add(session, VILLAGE_A, ATTACHMENT_FOR_IMAGE, buf_view(&content), 0,
                                    hash, &visitor->err));
    hex_encode(view_of(hash, 32), hex);
    visitor_edit(visitor, session, home, "head/name", hex);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t before = visitor_status(visitor, tablet).unsent;

        gate.status = cases[i].status;
        gate.retry_s = cases[i].retry_s;
        if (sync_by(visitor, &gate, tablet, &report) != cases[i].rc)
            fail_msg("status %d: %s: %s", cases[i].status, rc_name(visitor->err.rc),
                     visitor->err.text);
        assert_int_equal(report.retry_after_s, cases[i].retry_s);
        assert_int_equal(report.sent, before);
        assert_int_equal(report.attachments, 0);
        assert_int_equal(visitor_status(visitor, tablet).unsent, 0);
        (void)visitor_save(visitor, session, VILLAGE_A, "somebody else");
    }
    assert_int_equal(gate.refused, sizeof(cases) / sizeof(cases[0]));
    gate.status = 0;
    assert_int_equal(sync_by(visitor, &gate, tablet, &report), RC_OK);
    assert_int_equal(report.attachments, 1);
    buf_release(&gate.last);
    buf_release(&content);
    visitor_must(visitor, session_close(session, &visitor->err));
    tablet_close(tablet);
}

static void a_photo_that_is_not_given_is_asked_for_again(void **state) {
    static const struct {
        int status;
        enum rc rc;
    } cases[] = {{404, RC_UNSUPPORTED}, {405, RC_UNSUPPORTED}, {401, RC_AGAIN},
                 {429, RC_AGAIN},       {503, RC_AGAIN},       {500, RC_NETWORK}};
    struct visitor *visitor = *state;
    struct gatekeeper gate = gate_of(visitor, "/v1/attachments/pull");
    struct tablet *left = visitor_enrol(visitor, "left", 1);
    struct tablet *right = visitor_enrol(visitor, "right", 1);
    struct session *taker = county_session(left, "left");
    struct session *asker = county_session(right, "right");
    struct attachment_wanted wanted = {.area = VILLAGE_A};
    struct buf content, found;
    char hex[65];

    gate.link = (struct link){&gate, keep_gate};
    wanted.record = visitor_save(visitor, taker, VILLAGE_A, "somebody");
    buf_init(&content, LIMIT_PHOTO_BYTES);
    buf_init(&found, LIMIT_PHOTO_BYTES);
    picture_jpeg(&content, 5000, 3);
    visitor_must(visitor, blobs_add(taker, VILLAGE_A, ATTACHMENT_FOR_IMAGE, buf_view(&content), 0,
                                    wanted.hash, &visitor->err));
    hex_encode(view_of(wanted.hash, 32), hex);
    visitor_edit(visitor, taker, wanted.record, "head/name", hex);
    county_sync(visitor->county, left, RC_OK, NULL);
    county_sync(visitor->county, right, RC_OK, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        gate.status = cases[i].status;
        err_clear(&visitor->err);
        assert_int_equal(sync_pull_attachment(asker, &gate.link, &wanted, &visitor->err),
                         cases[i].rc);
        assert_true(visitor->err.text[0] != '\0');
    }
    gate.status = 0;
    visitor_must(visitor, sync_pull_attachment(asker, &gate.link, &wanted, &visitor->err));
    visitor_must(visitor, blobs_read(asker, wanted.hash, &found, &visitor->err));
    assert_true(view_equal(buf_view(&found), buf_view(&content)));
    buf_release(&gate.last);
    buf_release(&content);
    buf_release(&found);
    visitor_must(visitor, session_close(taker, &visitor->err));
    visitor_must(visitor, session_close(asker, &visitor->err));
    tablet_close(left);
    tablet_close(right);
}

/* ---- baggage ---- */

static enum rc keep_stick(void *context, struct view bytes, struct err *err) {
    buf_add_view(context, bytes);
    return buf_check(context, "a stick", err);
}

/* A county that takes nothing with another tablet's batch in it still gets what the carrier wrote.
 */
static void baggage_that_is_refused_stops_nobody(void **state) {
    struct visitor *visitor = *state;
    struct gatekeeper gate = gate_of(visitor, "/v1/sync");
    struct tablet *far = visitor_enrol(visitor, "far", 1);
    struct tablet *carrier = visitor_enrol(visitor, "carrier", 1);
    struct session *writer = county_session(far, "far");
    struct session *own = county_session(carrier, "carrier");
    struct bundle_written written;
    struct bundle_taken taken;
    struct sync_report report;
    struct buf stick;

    buf_init(&stick, LIMIT_BUNDLE_BYTES);
    (void)visitor_save(visitor, writer, VILLAGE_A, "far away");
    visitor_must(visitor, sync_bundle_write(far, keep_stick, &stick, &written, &visitor->err));
    visitor_must(visitor, sync_bundle_read(carrier, buf_view(&stick), &taken, &visitor->err));
    assert_int_equal(taken.baggage, 1);
    (void)visitor_save(visitor, own, VILLAGE_A, "near");
    gate.status = 400;
    gate.batches_max = 1;
    assert_int_equal(sync_by(visitor, &gate, carrier, &report), RC_OK);
    assert_int_equal(gate.refused, 1);
    assert_int_equal(report.sent, 1);
    assert_int_equal(visitor_status(visitor, carrier).unsent, 0);
    /* Who wrote it still has it. */
    assert_int_equal(visitor_status(visitor, far).unsent, 1);
    county_sync(visitor->county, far, RC_OK, &report);
    assert_int_equal(visitor_status(visitor, far).unsent, 0);
    buf_release(&gate.last);
    buf_release(&stick);
    visitor_must(visitor, session_close(writer, &visitor->err));
    visitor_must(visitor, session_close(own, &visitor->err));
    tablet_close(far);
    tablet_close(carrier);
}

/* ---- the county ---- */

static enum rc ask(struct visitor *visitor, struct view body, unsigned *status) {
    struct buf answer;
    enum rc rc;

    buf_init(&answer, LIMIT_EXCHANGE_BYTES);
    *status = 0;
    err_clear(&visitor->err);
    rc = api_exchange(&visitor->county->office, body, &answer, status, &visitor->err);
    buf_release(&answer);
    return rc;
}

static void a_request_must_begin_with_a_hello_and_end_somewhere(void **state) {
    struct visitor *visitor = *state;
    struct gatekeeper gate = gate_of(visitor, "/v1/sync");
    struct tablet *tablet = visitor_enrol(visitor, "tablet", 1);
    struct session *session = county_session(tablet, "tablet");
    struct sync_report report;
    struct part part;
    struct reader in;
    struct buf body;
    unsigned status;

    buf_init(&body, LIMIT_EXCHANGE_BYTES);
    assert_int_not_equal(ask(visitor, (struct view){0}, &status), RC_OK);
    exchange_start(&body);
    assert_int_equal(ask(visitor, buf_view(&body), &status), RC_CORRUPT);
    assert_non_null(strstr(visitor->err.text, "does not begin with a hello"));
    /* A batch before the hello, and nothing of it is taken. */
    (void)visitor_save(visitor, session, VILLAGE_A, "somebody");
    gate.status = 500;
    assert_int_equal(sync_by(visitor, &gate, tablet, &report), RC_NETWORK);
    assert_int_equal(exchange_open(buf_view(&gate.last), &in, &visitor->err), RC_OK);
    while (exchange_next(&in, &part, &visitor->err) == RC_OK) {
        if (part.kind == PART_HELLO)
            continue;
        buf_add_u8(&body, part.kind);
        buf_add_sized(&body, part.content);
    }
    assert_int_equal(ask(visitor, buf_view(&body), &status), RC_CORRUPT);
    /* More batches than one request may bring. */
    buf_clear(&body);
    exchange_start(&body);
    assert_int_equal(exchange_open(buf_view(&gate.last), &in, &visitor->err), RC_OK);
    while (exchange_next(&in, &part, &visitor->err) == RC_OK) {
        for (uint32_t i = 0; i < (part.kind == PART_BATCH ? LIMIT_EXCHANGE_BATCHES + 1 : 1); i++) {
            buf_add_u8(&body, part.kind);
            buf_add_sized(&body, part.content);
        }
    }
    assert_int_equal(body.failed, RC_OK);
    assert_int_equal(ask(visitor, buf_view(&body), &status), RC_LIMIT);
    gate.status = 0;
    assert_int_equal(sync_by(visitor, &gate, tablet, &report), RC_OK);
    assert_int_equal(report.sent, 1);
    buf_release(&gate.last);
    buf_release(&body);
    visitor_must(visitor, session_close(session, &visitor->err));
    tablet_close(tablet);
}

#define CASE(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, visitor_set_up_with_files, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(every_refusal_of_a_sync_is_told_and_loses_nothing),
        CASE(a_lane_that_is_shut_holds_up_no_text),
        CASE(a_photo_that_is_not_given_is_asked_for_again),
        CASE(baggage_that_is_refused_stops_nobody),
        CASE(a_request_must_begin_with_a_hello_and_end_somewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
