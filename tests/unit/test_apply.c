/* test_apply.c: what the feeds say becomes confirmed state: once, in order, by area, and own
 * changes leave the overlay only when the feed has brought them back. */
#include "tests/support/visitor.h"

#include "agent/sync/inside.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct feed {
    struct visitor *visitor;
    struct feed_entry entries[64];
    uint32_t count;
};

static enum rc keep(void *context, const struct stored_entry *stored, struct err *err) {
    struct feed *feed = context;
    struct feed_entry *entry = &feed->entries[feed->count++];

    (void)err;
    assert_true(feed->count <= 64);
    *entry = stored->entry;
    entry->mask = arena_view(&feed->visitor->arena, stored->entry.mask);
    entry->content = arena_view(&feed->visitor->arena, stored->entry.content);
    return RC_OK;
}

/* The county's whole feed of a village. */
static struct feed read_feed(struct visitor *visitor, uint64_t village) {
    struct feed feed = {.visitor = visitor};
    struct ledger *ledger = county_read(visitor->county);

    visitor_must(visitor, store_entries(ledger->store, village, AUDIENCE_FIELD, 0, keep, &feed,
                                        &visitor->err));
    ledger_close(ledger);
    return feed;
}

static enum rc apply_one(struct visitor *visitor, struct tablet *tablet,
                         const struct feed_entry *entry, uint64_t *received) {
    struct apply apply;
    enum rc rc;

    visitor_must(visitor, tablet_begin(tablet, &visitor->err));
    visitor_must(visitor, apply_init(&apply, tablet, &visitor->err));
    rc = apply_entry(&apply, entry, &visitor->err);
    *received = apply.received;
    apply_release(&apply);
    if (rc == RC_OK)
        visitor_must(visitor, tablet_commit(tablet, &visitor->err));
    else
        tablet_rollback(tablet);
    return rc;
}

/* Applies, tells where the chain has come to, and takes it all back. */
static enum rc try_one(struct visitor *visitor, struct tablet *tablet,
                       const struct feed_entry *entry, struct feed_cursor *cursor) {
    struct apply apply;
    enum rc rc;

    visitor_must(visitor, tablet_begin(tablet, &visitor->err));
    visitor_must(visitor, apply_init(&apply, tablet, &visitor->err));
    rc = apply_entry(&apply, entry, &visitor->err);
    if (rc == RC_OK)
        visitor_must(visitor,
                     tablet_cursor(tablet, VILLAGE_A, AUDIENCE_FIELD, cursor, &visitor->err));
    apply_release(&apply);
    tablet_rollback(tablet);
    return rc;
}

/* Two tablets; the first has saved and sent three households and an edit of each. */
static struct feed make_feed(struct visitor *visitor, struct tablet *writer, struct dot *records) {
    struct session *wang = county_session(writer, "wang");

    for (int i = 0; i < 3; i++) {
        records[i] = visitor_save(visitor, wang, VILLAGE_A, "户主");
        county_sync(visitor->county, writer, RC_OK, NULL);
        visitor_edit(visitor, wang, records[i], "head/phone", "13800000000");
        county_sync(visitor->county, writer, RC_OK, NULL);
    }
    visitor_must(visitor, session_close(wang, &visitor->err));
    return read_feed(visitor, VILLAGE_A);
}

static void entries_count_once_and_in_order(void **state) {
    struct visitor *visitor = *state;
    struct tablet *writer = visitor_enrol(visitor, "wang", 1), *tablet;
    struct session *zhao;
    struct dot records[3];
    struct feed feed;
    struct feed_cursor cursor;
    uint64_t received;

    tablet = visitor_enrol(visitor, "zhao", 1);
    feed = make_feed(visitor, writer, records);
    assert_int_equal(feed.count, 6);
    zhao = county_session(tablet, "zhao");
    assert_int_equal(apply_one(visitor, tablet, &feed.entries[1], &received), RC_CORRUPT);
    assert_int_equal(visitor_count(visitor, zhao, ""), 0);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(apply_one(visitor, tablet, &feed.entries[i], &received), RC_OK);
        assert_int_equal(received, 1);
        if (i > 0) {
            assert_int_equal(apply_one(visitor, tablet, &feed.entries[i], &received), RC_OK);
            assert_int_equal(received, 0);
        }
    }
    visitor_must(visitor, tablet_cursor(tablet, VILLAGE_A, AUDIENCE_FIELD, &cursor, &visitor->err));
    assert_int_equal(cursor.position, 6);
    {
        struct ledger *ledger = county_read(visitor->county);
        struct stored_feed head;

        visitor_must(visitor,
                     store_feed(ledger->store, VILLAGE_A, AUDIENCE_FIELD, &head, &visitor->err));
        assert_memory_equal(cursor.chain, head.chain, 32);
        ledger_close(ledger);
    }
    assert_int_equal(visitor_count(visitor, zhao, ""), 3);
    assert_string_equal(visitor_text(visitor, zhao, records[2], "head/phone"), "13800000000");
    assert_false(visitor_noticed(visitor, tablet, NOTICE_FEED_BROKEN));
    /* A feed that starts over is an alarm, and does no harm to what is there. */
    assert_int_equal(apply_one(visitor, tablet, &feed.entries[0], &received), RC_OK);
    assert_true(visitor_noticed(visitor, tablet, NOTICE_FEED_BROKEN));
    assert_string_equal(visitor_text(visitor, zhao, records[0], "head/phone"), "13800000000");
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    tablet_close(writer);
}

static uint32_t households(struct visitor *visitor, struct session *session) {
    struct list_query query = {.form_name = view_text("household")};
    struct listed *listed;
    uint32_t count, total;

    visitor_must(visitor, session_list(session, &query, &visitor->arena, &listed, &count, &total,
                                       &visitor->err));
    return total;
}

static enum rc put_form(void *context, const struct stored_form *form, struct err *err) {
    bool is_new;

    return tablet_put_form(context, form->form, form->position, form->compressed, &is_new, err);
}

static void bring_forms(struct visitor *visitor, struct tablet *tablet) {
    struct ledger *ledger = county_read(visitor->county);

    visitor_must(visitor, tablet_begin(tablet, &visitor->err));
    visitor_must(visitor, store_forms(ledger->store, 0, put_form, tablet, &visitor->err));
    visitor_must(visitor, tablet_commit(tablet, &visitor->err));
    ledger_close(ledger);
}

/* As by a stick that was written for a tablet that had the form, and was put back since. */
static void a_form_may_come_behind_its_records(void **state) {
    struct visitor *visitor = *state;
    const uint64_t area = VILLAGE_A;
    struct tablet *writer = visitor_enrol(visitor, "wang", 1), *tablet;
    struct session *zhao;
    struct dot records[3];
    struct feed feed = make_feed(visitor, writer, records);
    uint64_t received;

    tablet = county_enrol(visitor->county, visitor_path(visitor, "zhao"), "zhao", &area, 1);
    zhao = county_session(tablet, "zhao");
    for (uint32_t i = 0; i < feed.count; i++)
        assert_int_equal(apply_one(visitor, tablet, &feed.entries[i], &received), RC_OK);
    assert_int_equal(visitor_count(visitor, zhao, ""), 3);
    assert_int_equal(households(visitor, zhao), 0); /* of what kind they are is not known yet */
    bring_forms(visitor, tablet);
    assert_int_equal(households(visitor, zhao), 3);
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
    tablet_close(writer);
}

static void a_broken_entry_leaves_no_trace(void **state) {
    struct visitor *visitor = *state;
    struct tablet *writer = visitor_enrol(visitor, "wang", 1), *tablet;
    struct session *zhao;
    struct dot records[3];
    struct feed feed;
    struct feed_cursor right;
    uint32_t changed = 0;
    uint64_t received;
    uint8_t *copy;

    tablet = visitor_enrol(visitor, "zhao", 1);
    feed = make_feed(visitor, writer, records);
    zhao = county_session(tablet, "zhao");
    assert_int_equal(try_one(visitor, tablet, &feed.entries[0], &right), RC_OK);
    copy = arena_copy(&visitor->arena, feed.entries[0].content.data, feed.entries[0].content.size);
    assert_non_null(copy);
    for (size_t i = 0; i < feed.entries[0].content.size; i++) {
        struct feed_entry entry = feed.entries[0];
        struct feed_cursor cursor;

        copy[i] ^= 0x40;
        entry.content = view_of(copy, feed.entries[0].content.size);
        if (try_one(visitor, tablet, &entry, &cursor) == RC_OK) {
            /* Still a frame: of something else, which the chain tells, or of the same changes,
             * when only its head or its packing differs. */
            assert_int_equal(cursor.position, 1);
            changed += memcmp(cursor.chain, right.chain, 32) != 0;
        }
        copy[i] ^= 0x40;
    }
    assert_true(changed > 0);
    assert_int_equal(apply_one(visitor, tablet, &feed.entries[0], &received), RC_OK);
    assert_string_equal(visitor_text(visitor, zhao, records[0], "head/name"), "户主");
    tablet_close(tablet);
    tablet_close(writer);
}

static uint32_t overlay(struct visitor *visitor, struct session *session, struct dot id) {
    struct record record;
    uint32_t count = 0;

    visitor_must(visitor, session_record(session, id, &visitor->arena, &record, &visitor->err));
    for (uint32_t i = 0; i < record.absorbed_count; i++)
        count += (record.absorbed[i].flags & ABSORBED_PROVISIONAL) != 0;
    return count;
}

static void own_changes_stay_on_top_until_they_come_back(void **state) {
    struct visitor *visitor = *state;
    struct tablet *tablet = visitor_enrol(visitor, "wang", 1);
    struct session *wang = county_session(tablet, "wang");
    struct dot record = visitor_save(visitor, wang, VILLAGE_A, "户主");

    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    assert_int_equal(overlay(visitor, wang, record), 2);
    visitor->county->lose_down = 1; /* the county has them, the tablet does not know */
    county_sync(visitor->county, tablet, RC_NETWORK, NULL);
    assert_int_equal(overlay(visitor, wang, record), 2);
    county_sync(visitor->county, tablet, RC_OK, NULL);
    assert_int_equal(overlay(visitor, wang, record), 0);
    assert_string_equal(visitor_text(visitor, wang, record, "head/phone"), "13800000000");
    visitor_edit(visitor, wang, record, "head/phone", "13800000001");
    assert_int_equal(overlay(visitor, wang, record), 1);
    assert_string_equal(visitor_text(visitor, wang, record, "head/phone"), "13800000001");
    visitor_verify(visitor, tablet);
    tablet_close(tablet);
}

static void a_record_that_moves_leaves_one_tablet_and_enters_the_other(void **state) {
    static const uint64_t b[] = {VILLAGE_B};
    struct visitor *visitor = *state;
    struct tablet *both, *only_a, *only_b;
    struct session *wang, *li, *zhao;
    struct dot record;

    visitor->county->role = ROLE_CLERK; /* investigators may not move records */
    both = visitor_enrol(visitor, "wang", 2);
    only_a = visitor_enrol(visitor, "li", 1);
    only_b = county_enrol(visitor->county, visitor_path(visitor, "zhao"), "zhao", b, 1);
    wang = county_session(both, "wang");
    li = county_session(only_a, "li");
    zhao = county_session(only_b, "zhao");
    record = visitor_save(visitor, wang, VILLAGE_A, "要搬的");
    visitor_edit(visitor, wang, record, "head/phone", "13800000000");
    county_sync(visitor->county, both, RC_OK, NULL);
    county_sync(visitor->county, only_a, RC_OK, NULL);
    county_sync(visitor->county, only_b, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, li, ""), 1);
    assert_int_equal(visitor_count(visitor, zhao, ""), 0);
    visitor_move(visitor, wang, record, VILLAGE_B);
    county_sync(visitor->county, both, RC_OK, NULL);
    county_sync(visitor->county, only_a, RC_OK, NULL);
    county_sync(visitor->county, only_b, RC_OK, NULL);
    assert_int_equal(visitor_status(visitor, both).quarantined, 0);
    assert_int_equal(visitor_count(visitor, li, ""), 0);
    assert_int_equal(visitor_count(visitor, zhao, ""), 1);
    assert_int_equal(visitor_count(visitor, wang, ""), 1);
    assert_string_equal(visitor_text(visitor, zhao, record, "head/phone"), "13800000000");
    assert_string_equal(visitor_text(visitor, wang, record, "head/phone"), "13800000000");
    visitor_verify(visitor, both);
    visitor_verify(visitor, only_a);
    visitor_verify(visitor, only_b);
    tablet_close(both);
    tablet_close(only_a);
    tablet_close(only_b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(entries_count_once_and_in_order),
        TEST(a_form_may_come_behind_its_records),
        TEST(a_broken_entry_leaves_no_trace),
        TEST(own_changes_stay_on_top_until_they_come_back),
        TEST(a_record_that_moves_leaves_one_tablet_and_enters_the_other),
    };

    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
