/* test_bundle.c: sync by files: both directions, baggage, and everything that can happen to a
 * stick: twice, out of order, cut off, damaged, older than what came by network, for somebody else.
 */
#include "tests/support/picture.h"
#include "tests/support/visitor.h"

#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/wire/bundle.h"
#include "syncd/sync/area.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/bundle.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* ---- sticks ---- */

struct stick {
    struct buf bytes;
    struct bundle_written written;
    struct bundle_made made;
};

static enum rc keep(void *context, struct view bytes, struct err *err) {
    struct stick *stick = context;

    buf_init(&stick->bytes, LIMIT_BUNDLE_BYTES);
    buf_add_view(&stick->bytes, bytes);
    return buf_check(&stick->bytes, "a stick", err);
}

static struct stick up(struct visitor *visitor, struct tablet *tablet) {
    struct stick stick = {0};

    visitor_must(visitor, sync_bundle_write(tablet, keep, &stick, &stick.written, &visitor->err));
    return stick;
}

static struct stick down(struct visitor *visitor, struct tablet *tablet) {
    struct stick stick = {0};
    struct ledger *ledger = county_read(visitor->county);
    struct stored_device device;

    visitor->county->now_ms += 1000;
    buf_init(&stick.bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, store_device(ledger->store, tablet_facts(tablet)->device, &visitor->arena,
                                       &device, &visitor->err));
    visitor_must(visitor, bundle_make(&visitor->county->office, ledger, &device, false,
                                      &stick.bytes, &stick.made, &visitor->err));
    ledger_close(ledger);
    return stick;
}

static enum rc try_county(struct visitor *visitor, struct view bytes,
                          struct bundle_report *report) {
    struct ledger *ledger = county_read(visitor->county);
    enum rc rc;

    err_clear(&visitor->err);
    visitor->county->now_ms += 1000;
    rc = bundle_ingest(&visitor->county->office, ledger, bytes, &visitor->arena, report,
                       &visitor->err);
    ledger_close(ledger);
    return rc;
}

static struct bundle_report to_county(struct visitor *visitor, const struct stick *stick) {
    struct bundle_report report;

    visitor_must(visitor, try_county(visitor, buf_view(&stick->bytes), &report));
    return report;
}

static struct bundle_taken to_tablet(struct visitor *visitor, struct tablet *tablet,
                                     const struct stick *stick) {
    struct bundle_taken taken;

    visitor_must(visitor, sync_bundle_read(tablet, buf_view(&stick->bytes), &taken, &visitor->err));
    return taken;
}

static void drop(struct stick *stick) {
    buf_release(&stick->bytes);
}

/* Up and down once, as if somebody drove there and back. */
static void round_trip(struct visitor *visitor, struct tablet *tablet) {
    struct stick there = up(visitor, tablet), back;

    (void)to_county(visitor, &there);
    back = down(visitor, tablet);
    (void)to_tablet(visitor, tablet, &back);
    drop(&there);
    drop(&back);
}

struct pair { /* two tablets of the same village */
    struct tablet *wang, *zhang;
    struct session *w, *z;
};

static struct pair make_pair(struct visitor *visitor) {
    struct pair pair = {.wang = visitor_enrol(visitor, "wang", 1),
                        .zhang = visitor_enrol(visitor, "zhang", 1)};

    pair.w = county_session(pair.wang, "wang");
    pair.z = county_session(pair.zhang, "zhang");
    visitor->county->requests = 0;
    return pair;
}

static void end_pair(struct visitor *visitor, struct pair *pair) {
    visitor_verify(visitor, pair->wang);
    visitor_verify(visitor, pair->zhang);
    tablet_close(pair->wang);
    tablet_close(pair->zhang);
}

/* ---- tests ---- */

static void test_a_survey_goes_up_and_its_receipt_comes_back(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick there, back;
    struct bundle_report report;
    struct bundle_taken taken;

    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Tan");
    there = up(visitor, pair.wang);
    assert_int_equal(there.written.changes, 2);
    assert_int_equal(visitor_status(visitor, pair.wang).on_server, 0); /* written is not arrived */
    assert_int_equal(visitor_status(visitor, pair.wang).waiting, WAITING_FOR_BUNDLE);
    report = to_county(visitor, &there);
    assert_int_equal(report.changes, 2);
    assert_int_equal(report.actor_count, 1);
    assert_int_equal(report.actors[0].first, 1);
    assert_int_equal(report.actors[0].last, 2);
    assert_int_equal(report.refused + report.damaged, 0);
    back = down(visitor, pair.wang);
    taken = to_tablet(visitor, pair.wang, &back);
    assert_true(taken.from_county);
    assert_int_equal(taken.sync.sent, 2);
    assert_int_equal(visitor_status(visitor, pair.wang).unsent, 0);
    assert_int_equal(visitor->county->requests, 0); /* no network was used */
    assert_int_equal(visitor_count(visitor, pair.w, ""), 2);
    drop(&there);
    drop(&back);
    end_pair(visitor, &pair);
}

static void test_conflict_and_decision_travel_by_stick(void **state) {
    struct visitor *visitor = *state;
    struct pair pair;
    struct tablet *third;
    struct session *t;
    struct dot record;

    visitor->county->role = ROLE_COUNTY;
    pair = make_pair(visitor);
    third = visitor_enrol(visitor, "third", 1);
    t = county_session(third, "third");
    record = visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    round_trip(visitor, pair.wang);
    round_trip(visitor, pair.zhang);
    assert_string_equal(visitor_text(visitor, pair.z, record, "head/name"), "Peng");
    visitor_edit(visitor, pair.w, record, "head/name", "Peng A");
    visitor_edit(visitor, pair.z, record, "head/name", "Peng B");
    round_trip(visitor, pair.wang);
    round_trip(visitor, pair.zhang);
    round_trip(visitor, pair.wang);
    assert_string_equal(visitor_text(visitor, pair.w, record, "head/name"), "?");
    assert_string_equal(visitor_text(visitor, pair.z, record, "head/name"), "?");
    round_trip(visitor, third);
    visitor_resolve(visitor, t, record, "head/name", "Peng B");
    round_trip(visitor, third);
    round_trip(visitor, pair.wang);
    round_trip(visitor, pair.zhang);
    assert_string_equal(visitor_text(visitor, pair.w, record, "head/name"), "Peng B");
    assert_string_equal(visitor_text(visitor, pair.z, record, "head/name"), "Peng B");
    tablet_close(third);
    end_pair(visitor, &pair);
}

static void test_twice_and_out_of_order(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick first, second, old, new;
    struct bundle_report report;
    struct bundle_taken taken;

    for (int i = 0; i < 600; i++) /* so many that the first batch is not cut anew */
        (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    first = up(visitor, pair.wang);
    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Tan");
    second = up(visitor, pair.wang);
    assert_int_equal(to_county(visitor, &second).changes, 601);
    assert_int_equal(to_county(visitor, &first).changes, 0);
    report = to_county(visitor, &second);
    assert_int_equal(report.changes, 0);
    assert_int_equal(report.refused, 0);
    old = down(visitor, pair.wang);
    assert_int_equal(to_tablet(visitor, pair.wang, &old).sync.sent, 601);
    drop(&first);
    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Xu");
    first = up(visitor, pair.wang);
    assert_int_equal(first.written.changes, 1); /* only what is not receipted */
    assert_int_equal(to_county(visitor, &first).changes, 1);
    new = down(visitor, pair.wang);
    taken = to_tablet(visitor, pair.wang, &new);
    assert_int_equal(taken.sync.sent, 1);
    taken = to_tablet(visitor, pair.wang, &old); /* again, and now overtaken */
    assert_int_equal(taken.sync.sent + taken.sync.received, 0);
    taken = to_tablet(visitor, pair.wang, &new);
    assert_int_equal(taken.sync.sent + taken.sync.received, 0);
    assert_int_equal(visitor_status(visitor, pair.wang).on_server, 602);
    assert_false(visitor_noticed(visitor, pair.wang, NOTICE_RECEIPT_BROKEN));
    assert_false(visitor_noticed(visitor, pair.wang, NOTICE_FEED_BROKEN));
    drop(&first);
    drop(&second);
    drop(&old);
    drop(&new);
    end_pair(visitor, &pair);
}

/* Only the batches that do not begin a history, as another tablet may carry them; damaged: each a
 * second time, with another last byte. */
static struct stick without_the_first(struct visitor *visitor, const struct stick *whole,
                                      bool damaged) {
    struct stick out = {0};
    struct reader parts;
    struct bundle_head head;
    struct part part;
    struct buf rest;

    buf_init(&rest, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_open(buf_view(&whole->bytes), &visitor->arena, &head, &parts,
                                      &visitor->err));
    head.part_count = 0;
    while (bundle_next(&parts, &part, &visitor->err) == RC_OK) {
        struct batch_outer outer;
        uint8_t *altered;

        if (part.kind != BUNDLE_BATCH)
            continue;
        visitor_must(visitor, batch_peek(part.content, &outer, &visitor->err));
        if (outer.first == 1)
            continue;
        bundle_add_part(&rest, BUNDLE_BATCH, part.content);
        head.part_count++;
        if (!damaged)
            continue;
        altered = arena_copy(&visitor->arena, part.content.data, part.content.size);
        assert_non_null(altered);
        altered[part.content.size - 1] ^= 1;
        bundle_add_part(&rest, BUNDLE_BATCH, view_of(altered, part.content.size));
        head.part_count++;
    }
    assert_int_equal(head.part_count, damaged ? 2 : 1);
    buf_init(&out.bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_write(&head, buf_view(&rest), &out.bytes, &visitor->err));
    buf_release(&rest);
    return out;
}

static void test_a_gap_waits_for_the_lost_stick(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick lost, found;
    struct bundle_report report;

    for (int i = 0; i < 1100; i++)
        (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    lost = up(visitor, pair.wang);
    found = without_the_first(visitor, &lost, false);
    report = to_county(visitor, &found);
    assert_int_equal(report.changes, 0);
    assert_int_equal(report.actors[0].want_from, 1);
    report = to_county(visitor, &lost);
    assert_int_equal(report.changes, 1100);
    assert_int_equal(report.actors[0].want_from, 0);
    drop(&lost);
    drop(&found);
    end_pair(visitor, &pair);
}

static void test_rows_of_a_head_come_back(void **state) {
    struct visitor *visitor = *state;
    struct bundle_head back, head = {.direction = BUNDLE_UP, .county = 430626, .device = 7};
    struct reader parts;
    struct buf bytes;

    head.made_ms = visitor->county->now_ms;
    for (uint64_t i = 1; i <= 4; i++) { /* of four actors, so that none continues another */
        struct bundle_row row = {.actor = i, .first = i * 10, .last = i * 10 + i};

        row.has_previous = i % 2 == 0;
        row.previous[0] = (uint8_t)(row.has_previous ? i : 0);
        visitor_must(visitor, bundle_add_row(&head, &visitor->arena, &row, &visitor->err));
    }
    buf_init(&bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_write(&head, (struct view){0}, &bytes, &visitor->err));
    visitor_must(visitor,
                 bundle_open(buf_view(&bytes), &visitor->arena, &back, &parts, &visitor->err));
    assert_int_equal(back.row_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(back.rows[i].actor, i + 1);
        assert_int_equal(back.rows[i].first, (i + 1) * 10);
        assert_int_equal(back.rows[i].last, (i + 1) * 11);
        assert_int_equal(back.rows[i].has_previous, i % 2 == 1);
        assert_int_equal(back.rows[i].previous[0], i % 2 == 1 ? i + 1 : 0);
    }
    buf_release(&bytes);
}

static void test_baggage(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct dot record = visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    struct stick stick = up(visitor, pair.wang), relay;
    struct bundle_taken taken = to_tablet(visitor, pair.zhang, &stick);
    struct bundle_report report;

    assert_false(taken.from_county);
    assert_int_equal(taken.baggage, 1);
    assert_int_equal(to_tablet(visitor, pair.zhang, &stick).known, 1);
    assert_int_equal(to_tablet(visitor, pair.wang, &stick).own, 1); /* his own, by mistake */
    assert_int_equal(visitor_count(visitor, pair.z, ""), 0);        /* neither read nor applied */
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 1);
    assert_int_equal(visitor_status(visitor, pair.zhang).unsent, 0);
    /* It can be handed on by stick once more ... */
    relay = up(visitor, pair.zhang);
    assert_int_equal(relay.written.carried, 1);
    /* ... or by network. */
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_string_equal(visitor_text(visitor, pair.z, record, "head/name"), "Peng");
    report = to_county(visitor, &relay);
    assert_int_equal(report.changes, 0); /* counted once */
    assert_int_equal(report.actor_count, 1);
    assert_int_equal(report.actors[0].device.device, tablet_facts(pair.wang)->device);
    drop(&stick);
    drop(&relay);
    /* Who wrote it learns at his own next sync. */
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.wang).unsent, 0);
    end_pair(visitor, &pair);
}

/* Whoever wrote what stands in front of it may never come: his tablet may be lost. The county keeps
 * it, so nobody has to carry it any longer. */
static void test_baggage_that_waits_at_the_county_is_carried_no_longer(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick whole, second;

    for (int i = 0; i < 1100; i++)
        (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    whole = up(visitor, pair.wang);
    second = without_the_first(visitor, &whole, false);
    assert_int_equal(to_tablet(visitor, pair.zhang, &second).baggage, 1);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    assert_false(visitor_noticed(visitor, pair.zhang, NOTICE_BAGGAGE));
    /* By a second carrier, too, and again. */
    assert_int_equal(to_tablet(visitor, pair.zhang, &second).baggage, 1);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, pair.z, ""), 0);
    /* The first of it is enough when it comes: by a third, who brings all. */
    assert_int_equal(to_tablet(visitor, pair.zhang, &whole).baggage, 2);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    assert_int_equal(visitor_count(visitor, pair.z, ""), 1100);
    drop(&whole);
    drop(&second);
    end_pair(visitor, &pair);
}

/* The county says which it keeps: what it could not open is not let go of with that. */
static void test_only_what_the_county_keeps_is_carried_no_longer(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick whole, both;

    for (int i = 0; i < 1100; i++)
        (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    whole = up(visitor, pair.wang);
    both = without_the_first(visitor, &whole, true);
    assert_int_equal(to_tablet(visitor, pair.zhang, &both).baggage, 2);
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 1);
    for (uint32_t i = 0; i < BAGGAGE_TRIES; i++) {
        assert_false(visitor_noticed(visitor, pair.zhang, NOTICE_BAGGAGE));
        visitor->county->now_ms += 2 * 3600000;
        county_sync(visitor->county, pair.zhang, RC_OK, NULL);
    }
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    assert_true(visitor_noticed(visitor, pair.zhang, NOTICE_BAGGAGE));
    drop(&whole);
    drop(&both);
    end_pair(visitor, &pair);
}

static void test_rubbish_in_the_baggage_does_not_stand_in_the_way(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick stick;
    struct reader parts;
    struct bundle_head head;
    struct part part;
    struct buf altered, bad;

    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    stick = up(visitor, pair.wang);
    buf_init(&altered, LIMIT_BUNDLE_BYTES);
    buf_init(&bad, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_open(buf_view(&stick.bytes), &visitor->arena, &head, &parts,
                                      &visitor->err));
    while (bundle_next(&parts, &part, &visitor->err) == RC_OK) {
        buf_clear(&altered);
        buf_add_view(&altered, part.content);
        if (part.kind == BUNDLE_BATCH)
            altered.data[altered.size - 1] ^= 1; /* somebody has played with it */
        bundle_add_part(&bad, part.kind, buf_view(&altered));
    }
    drop(&stick);
    buf_init(&stick.bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_write(&head, buf_view(&bad), &stick.bytes, &visitor->err));
    assert_int_equal(to_tablet(visitor, pair.zhang, &stick).baggage, 1);
    for (int i = 0; i < 4; i++) {
        (void)visitor_save(visitor, pair.z, VILLAGE_A, "Tan");
        county_sync(visitor->county, pair.zhang, RC_OK, NULL);
        assert_int_equal(visitor_status(visitor, pair.zhang).unsent, 0);
        county_sync(visitor->county, pair.zhang, RC_OK, NULL); /* with the baggage alone, too */
        visitor->county->now_ms += 2 * 3600000;
    }
    assert_int_equal(visitor_status(visitor, pair.zhang).carried, 0);
    assert_true(visitor_noticed(visitor, pair.zhang, NOTICE_BAGGAGE));
    buf_release(&altered);
    buf_release(&bad);
    drop(&stick);
    end_pair(visitor, &pair);
}

static void test_locked_tablets_write_and_read(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct dot record = visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    struct stick there, back, other;
    struct bundle_taken taken;

    visitor_must(visitor, session_close(pair.w, &visitor->err));
    there = up(visitor, pair.wang);
    assert_int_equal(there.written.changes, 1);
    (void)to_county(visitor, &there);
    visitor_must(visitor, session_close(pair.z, &visitor->err));
    other = down(visitor, pair.zhang);
    taken = to_tablet(visitor, pair.zhang, &other);
    assert_true(taken.sealed);
    assert_int_equal(to_tablet(visitor, pair.zhang, &other).sync.received, 0);
    assert_int_equal(visitor_status(visitor, pair.zhang).inbox, 1); /* the same twice: once */
    county_sync(visitor->county, pair.zhang, RC_OK, NULL);          /* brings the same by network */
    pair.z = county_session(pair.zhang, "zhang");
    assert_string_equal(visitor_text(visitor, pair.z, record, "head/name"), "Peng");
    assert_false(visitor_noticed(visitor, pair.zhang, NOTICE_FEED_BROKEN));
    back = down(visitor, pair.wang);
    taken = to_tablet(visitor, pair.wang, &back);
    assert_int_equal(taken.sync.sent, 1); /* receipts need no unlocking */
    assert_int_equal(visitor_status(visitor, pair.wang).unsent, 0);
    pair.w = county_session(pair.wang, "wang");
    assert_int_equal(visitor_count(visitor, pair.w, ""), 1);
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_false(visitor_noticed(visitor, pair.wang, NOTICE_FEED_BROKEN));
    drop(&there);
    drop(&back);
    drop(&other);
    end_pair(visitor, &pair);
}

static void test_damage_is_told_from_a_wrong_key(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick there, back;
    struct bundle_report report;
    struct bundle_taken taken;
    struct view whole;
    enum rc rc;

    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    there = up(visitor, pair.wang);
    whole = buf_view(&there.bytes);
    /* Every single flipped byte is noticed, and never taken for anything else. */
    for (size_t at = 0; at < whole.size; at += 7) {
        there.bytes.data[at] ^= 0x20;
        rc = try_county(visitor, whole, &report);
        assert_true(rc == RC_CORRUPT || rc == RC_INVALID || rc == RC_UNSUPPORTED ||
                    (rc == RC_OK && report.damaged > 0));
        there.bytes.data[at] ^= 0x20;
    }
    /* Cut off anywhere: what is before counts, and it is said. */
    for (size_t size = 0; size < whole.size; size += 11) {
        rc = try_county(visitor, view_slice(whole, 0, size), &report);
        assert_true(rc != RC_OK || report.damaged > 0);
    }
    err_clear(&visitor->err);
    assert_int_equal(try_county(visitor, whole, &report), RC_OK);
    assert_int_equal(report.damaged, 0);
    back = down(visitor, pair.wang);
    /* Whole, but for somebody else. */
    assert_int_equal(sync_bundle_read(pair.zhang, buf_view(&back.bytes), &taken, &visitor->err),
                     RC_DENIED);
    err_clear(&visitor->err);
    assert_int_equal(try_county(visitor, buf_view(&back.bytes), &report), RC_DENIED);
    err_clear(&visitor->err);
    assert_int_equal(try_county(visitor, view_text("no bundle at all"), &report), RC_INVALID);
    err_clear(&visitor->err);
    (void)to_tablet(visitor, pair.wang, &back);
    drop(&there);
    drop(&back);
    end_pair(visitor, &pair);
}

/* Somebody writes another name on the envelope: the county's signature names the device. */
static void test_an_answer_cannot_be_passed_on(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick back = down(visitor, pair.wang), forged;
    struct bundle_head head;
    struct bundle_taken taken;
    struct reader parts;

    visitor_must(visitor,
                 bundle_open(buf_view(&back.bytes), &visitor->arena, &head, &parts, &visitor->err));
    head.device = tablet_facts(pair.zhang)->device;
    buf_init(&forged.bytes, LIMIT_BUNDLE_BYTES);
    visitor_must(visitor, bundle_write(&head, view_of(parts.data + parts.at, read_left(&parts)),
                                       &forged.bytes, &visitor->err));
    assert_int_equal(sync_bundle_read(pair.zhang, buf_view(&forged.bytes), &taken, &visitor->err),
                     RC_DENIED);
    err_clear(&visitor->err);
    drop(&back);
    drop(&forged);
    end_pair(visitor, &pair);
}

static void test_older_than_what_came_by_network(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick early, late;
    struct dot record = visitor_save(visitor, pair.w, VILLAGE_A, "Peng");

    early = up(visitor, pair.wang);
    (void)to_county(visitor, &early);
    late = down(visitor, pair.wang);
    visitor_edit(visitor, pair.w, record, "head/name", "Peng 2");
    visitor->county->now_ms += 1000;
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, pair.wang).on_server, 2);
    (void)to_tablet(visitor, pair.wang, &late);
    assert_int_equal(visitor_status(visitor, pair.wang).on_server, 2);
    assert_int_equal(to_county(visitor, &early).changes, 0);
    assert_string_equal(visitor_text(visitor, pair.w, record, "head/name"), "Peng 2");
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_false(visitor_noticed(visitor, pair.wang, NOTICE_RECEIPT_BROKEN));
    assert_false(visitor_noticed(visitor, pair.wang, NOTICE_FEED_BROKEN));
    drop(&early);
    drop(&late);
    end_pair(visitor, &pair);
}

static void name_area(struct visitor *visitor, uint64_t area, const char *name) {
    const struct area_act act = {
        .kind = AREA_NAMED, .from = area, .to = area, .name = view_text(name)};
    struct area_request request = {.acts = &act, .count = 1, .reason = view_text("decree 12")};

    visitor->county->now_ms += 1000;
    visitor_must(visitor, office_act(&visitor->county->office, area_act, &request, &visitor->err));
}

/* The clock of the county was ahead, and is set right: which table of areas is older is not told by
 * time. What came by network does not come again, so an older one must not take its place. */
static void test_areas_of_a_county_whose_clock_was_set_back(void **state) {
    const int64_t ahead_ms = INT64_C(40) * 86400000;
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick early, late;

    visitor->county->now_ms += ahead_ms;
    name_area(visitor, VILLAGE_A, "Heping");
    early = down(visitor, pair.wang);
    visitor->county->now_ms -= ahead_ms;
    name_area(visitor, VILLAGE_B, "Xinmin");
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_int_equal(tablet_areas(pair.wang)->count, 2);
    (void)to_tablet(visitor, pair.wang, &early);
    assert_int_equal(tablet_areas(pair.wang)->count, 2);
    name_area(visitor, VILLAGE_A, "Heping 2");
    late = down(visitor, pair.wang); /* by its time it was written before the other one */
    (void)to_tablet(visitor, pair.wang, &late);
    assert_int_equal(tablet_areas(pair.wang)->count, 3);
    (void)to_tablet(visitor, pair.wang, &early);
    county_sync(visitor->county, pair.wang, RC_OK, NULL);
    assert_int_equal(tablet_areas(pair.wang)->count, 3);
    drop(&early);
    drop(&late);
    end_pair(visitor, &pair);
}

/* The county writes from where the tablet last said that it is; a stick that was lost is made good
 * by the next one. */
static void test_a_lost_stick_down_is_made_good(void **state) {
    struct visitor *visitor = *state;
    struct pair pair = make_pair(visitor);
    struct stick lost, there, back;

    for (int i = 0; i < 5; i++)
        (void)visitor_save(visitor, pair.w, VILLAGE_A, "Peng");
    round_trip(visitor, pair.wang);
    lost = down(visitor, pair.zhang);
    (void)visitor_save(visitor, pair.w, VILLAGE_A, "Tan");
    round_trip(visitor, pair.wang);
    back = down(visitor, pair.zhang);
    assert_int_equal(to_tablet(visitor, pair.zhang, &back).gaps, 0);
    assert_int_equal(visitor_count(visitor, pair.z, ""), 6);
    (void)to_tablet(visitor, pair.zhang, &lost);
    assert_int_equal(visitor_count(visitor, pair.z, ""), 6);
    there = up(visitor, pair.zhang); /* tells how far it is now */
    (void)to_county(visitor, &there);
    drop(&back);
    back = down(visitor, pair.zhang);
    assert_false(back.made.from_start);
    assert_int_equal(to_tablet(visitor, pair.zhang, &back).sync.received, 0);
    drop(&lost);
    drop(&there);
    drop(&back);
    end_pair(visitor, &pair);
}

/* A clone writes a stick of its own: both copies' work counts, and both learn. */
static void test_a_clone_by_stick(void **state) {
    struct visitor *visitor = *state;
    struct tablet *wang = visitor_enrol(visitor, "wang", 1), *copy;
    struct session *w = county_session(wang, "wang"), *c;
    struct stick one, two, back;

    (void)visitor_save(visitor, w, VILLAGE_A, "Peng");
    tablet_close(wang);
    visitor_copy(visitor, "wang", "copy"); /* with everything, the nonce too */
    wang = county_tablet(visitor->county, visitor_path(visitor, "wang"));
    copy = county_tablet(visitor->county, visitor_path(visitor, "copy"));
    w = county_session(wang, "wang");
    c = county_session(copy, "wang");
    (void)visitor_save(visitor, w, VILLAGE_A, "Tan");
    (void)visitor_save(visitor, c, VILLAGE_A, "Xu");
    one = up(visitor, wang);
    two = up(visitor, copy);
    assert_int_equal(to_county(visitor, &one).changes, 2);
    assert_int_equal(to_county(visitor, &two).changes, 1);
    back = down(visitor, wang);
    (void)to_tablet(visitor, wang, &back);
    (void)to_tablet(visitor, copy, &back);
    assert_int_equal(visitor_status(visitor, wang).unsent, 0);
    assert_int_equal(visitor_status(visitor, copy).unsent, 0);
    assert_true(visitor_noticed(visitor, copy, NOTICE_FORKED));
    assert_false(visitor_noticed(visitor, wang, NOTICE_RECEIPT_BROKEN));
    drop(&back);
    round_trip(visitor, copy);
    round_trip(visitor, wang);
    assert_int_equal(visitor_count(visitor, w, ""), 3);
    assert_int_equal(visitor_count(visitor, c, ""), 3);
    visitor_verify(visitor, wang);
    visitor_verify(visitor, copy);
    drop(&one);
    drop(&two);
    tablet_close(wang);
    tablet_close(copy);
}

/* ---- attachments ---- */

static struct buf photo_of(struct visitor *visitor, struct session *session, struct dot record,
                           size_t size, uint8_t hash[32]) {
    struct buf photo;
    char hex[65];

    buf_init(&photo, LIMIT_PHOTO_BYTES);
    picture_jpeg(&photo, size, (uint32_t)size);
    visitor_must(visitor, blobs_add(session, VILLAGE_A, ATTACHMENT_FOR_IMAGE, buf_view(&photo), 0,
                                    hash, &visitor->err));
    hex_encode(view_of(hash, 32), hex);
    visitor_edit(visitor, session, record, "head/name", hex);
    return photo;
}

static bool county_has(struct visitor *visitor, const uint8_t hash[32], const struct buf *photo) {
    char path[ATTACHMENT_PATH_BYTES];
    struct buf found;
    bool same;

    visitor_must(visitor,
                 attachment_path(visitor->county->office.directory, hash, path, &visitor->err));
    if (!file_exists(path))
        return false;
    buf_init(&found, LIMIT_PHOTO_BYTES);
    visitor_must(visitor, file_read(path, LIMIT_PHOTO_BYTES, &found, &visitor->err));
    same = view_equal(buf_view(&found), buf_view(photo));
    buf_release(&found);
    return same;
}

static void test_photos_travel_behind_the_text(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet;
    struct session *wang;
    struct stick risen, fallen, cut;
    struct bundle_report report;
    struct bundle_taken taken;
    struct dot record;
    uint8_t large[32], small[32];
    struct buf first, second;

    visitor->county->office.directory = visitor_path(visitor, "county");
    visitor_must(visitor, file_make_directory(visitor->county->office.directory, &visitor->err));
    tablet = visitor_enrol(visitor, "wang", 1);
    wang = county_session(tablet, "wang");
    record = visitor_save(visitor, wang, VILLAGE_A, "户主");
    first = photo_of(visitor, wang, record, 9 * ATTACHMENT_CHUNK_BYTES + 7, large);
    second = photo_of(visitor, wang, record, 900, small);
    risen = up(visitor, tablet);
    assert_int_equal(risen.written.attachments, 2);
    /* A stick that was cut off in the middle of the photos has brought the text. */
    cut = up(visitor, tablet);
    cut.bytes.size = cut.bytes.size / 2;
    report = to_county(visitor, &cut);
    assert_int_equal(report.changes, 3);
    assert_int_equal(report.attachments, 1);
    assert_true(county_has(visitor, small, &second));
    assert_false(county_has(visitor, large, &first));
    report = to_county(visitor, &risen);
    assert_int_equal(report.attachments, 1);
    assert_true(county_has(visitor, large, &first));
    assert_int_equal(to_county(visitor, &risen).attachments, 0); /* twice is once */
    assert_int_equal(visitor_status(visitor, tablet).attachments.waiting, 2);
    fallen = down(visitor, tablet);
    taken = to_tablet(visitor, tablet, &fallen);
    assert_int_equal(taken.sync.attachments, 2);
    assert_int_equal(to_tablet(visitor, tablet, &fallen).sync.attachments, 0);
    assert_int_equal(visitor_status(visitor, tablet).attachments.waiting, 0);
    assert_int_equal(visitor_status(visitor, tablet).attachments.on_server, 2);
    drop(&risen);
    risen = up(visitor, tablet);
    assert_int_equal(risen.written.attachments, 0);
    assert_true(risen.bytes.size < 10000);
    drop(&risen);
    drop(&cut);
    drop(&fallen);
    buf_release(&first);
    buf_release(&second);
    tablet_close(tablet);
}

static void test_photos_are_taken_from_their_tablet_only(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet;
    struct session *wang;
    struct stick risen;
    struct bundle_head head;
    struct bundle_report report;
    struct reader parts;
    struct part part;
    struct buf bent;
    struct buf photo;
    uint8_t hash[32];

    visitor->county->office.directory = visitor_path(visitor, "county");
    visitor_must(visitor, file_make_directory(visitor->county->office.directory, &visitor->err));
    tablet = visitor_enrol(visitor, "wang", 1);
    wang = county_session(tablet, "wang");
    photo = photo_of(visitor, wang, visitor_save(visitor, wang, VILLAGE_A, "户主"), 900, hash);
    risen = up(visitor, tablet);
    visitor_must(visitor, bundle_open(buf_view(&risen.bytes), &visitor->arena, &head, &parts,
                                      &visitor->err));
    buf_init(&bent, LIMIT_BUNDLE_BYTES);
    while (bundle_next(&parts, &part, &visitor->err) == RC_OK) {
        struct buf content;

        buf_init(&content, LIMIT_BUNDLE_BYTES);
        buf_add_view(&content, part.content);
        if (part.kind == BUNDLE_ATTACHMENTS)
            content.data[content.size - 1] ^= 1; /* of its signature */
        bundle_add_part(&bent, part.kind, buf_view(&content));
        buf_release(&content);
    }
    err_clear(&visitor->err);
    buf_clear(&risen.bytes);
    visitor_must(visitor, bundle_write(&head, buf_view(&bent), &risen.bytes, &visitor->err));
    report = to_county(visitor, &risen);
    assert_int_equal(report.changes, 2);
    assert_int_equal(report.refused, 1);
    assert_int_equal(report.attachments, 0);
    assert_false(county_has(visitor, hash, &photo));
    buf_release(&bent);
    buf_release(&photo);
    drop(&risen);
    tablet_close(tablet);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_photos_travel_behind_the_text),
        CASE(test_photos_are_taken_from_their_tablet_only),
        CASE(test_a_survey_goes_up_and_its_receipt_comes_back),
        CASE(test_conflict_and_decision_travel_by_stick),
        CASE(test_twice_and_out_of_order),
        CASE(test_a_gap_waits_for_the_lost_stick),
        CASE(test_rows_of_a_head_come_back),
        CASE(test_baggage),
        CASE(test_baggage_that_waits_at_the_county_is_carried_no_longer),
        CASE(test_only_what_the_county_keeps_is_carried_no_longer),
        CASE(test_rubbish_in_the_baggage_does_not_stand_in_the_way),
        CASE(test_locked_tablets_write_and_read),
        CASE(test_damage_is_told_from_a_wrong_key),
        CASE(test_an_answer_cannot_be_passed_on),
        CASE(test_older_than_what_came_by_network),
        CASE(test_areas_of_a_county_whose_clock_was_set_back),
        CASE(test_a_lost_stick_down_is_made_good),
        CASE(test_a_clone_by_stick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
