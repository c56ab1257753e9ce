/* test_clock.c: clocks lie. A tablet two years off loses nothing, blocks nothing and wins nothing:
 * what it writes is read at the corrected time, and people are told to set it. */
#include "tests/support/visitor.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#define TWO_YEARS_MS (INT64_C(2) * 365 * 86400000)

struct skewed { /* the county's world, seen by a clock that is off */
    struct env env;
    struct county *county;
    int64_t off_ms;
};

static int64_t skewed_wall(void *context) {
    const struct skewed *skewed = context;

    return skewed->county->now_ms + skewed->off_ms;
}

static int64_t skewed_monotonic(void *context) {
    return ((const struct skewed *)context)->county->now_ms;
}

static void skewed_entropy(void *context, void *bytes, size_t size) {
    const struct skewed *skewed = context;

    skewed->county->env.entropy(skewed->county, bytes, size);
}

/* Enrolled with a right clock; then the battery goes. */
static struct tablet *skew(struct visitor *visitor, struct skewed *skewed, const char *name,
                           int64_t off_ms) {
    struct tablet_options options = {.env = &skewed->env, .cost = {.passes = 1, .memory_kib = 8}};
    struct tablet *tablet = visitor_enrol(visitor, name, 1);

    tablet_close(tablet);
    *skewed = (struct skewed){.county = visitor->county, .off_ms = off_ms};
    skewed->env = (struct env){skewed, skewed_wall, skewed_monotonic, skewed_entropy};
    visitor_must(visitor,
                 tablet_open(visitor_path(visitor, name), &options, &tablet, &visitor->err));
    sync_attach(tablet);
    return tablet;
}

struct two {
    struct skewed early, late;
    struct tablet *past, *future;
    struct session *p, *f;
};

static void open_two(struct visitor *visitor, struct two *two) {
    two->past = skew(visitor, &two->early, "past", -TWO_YEARS_MS);
    two->future = skew(visitor, &two->late, "future", TWO_YEARS_MS);
    two->p = county_session(two->past, "past");
    two->f = county_session(two->future, "future");
}

static void sync_both(struct visitor *visitor, struct two *two) {
    for (int i = 0; i < 2; i++) {
        visitor->county->now_ms += 1000;
        county_sync(visitor->county, two->past, RC_OK, NULL);
        county_sync(visitor->county, two->future, RC_OK, NULL);
    }
}

static void close_two(struct visitor *visitor, struct two *two) {
    visitor_verify(visitor, two->past);
    visitor_verify(visitor, two->future);
    tablet_close(two->past);
    tablet_close(two->future);
}

static void test_everything_merges(void **state) {
    struct visitor *visitor = *state;
    struct two two;
    struct dot one, other;

    open_two(visitor, &two);
    one = visitor_save(visitor, two.p, VILLAGE_A, "Peng");
    other = visitor_save(visitor, two.f, VILLAGE_A, "Tan");
    sync_both(visitor, &two);
    assert_int_equal(visitor_count(visitor, two.p, ""), 2);
    assert_int_equal(visitor_count(visitor, two.f, ""), 2);
    visitor_edit(visitor, two.f, one, "head/name", "Peng 2");
    sync_both(visitor, &two);
    visitor_edit(visitor, two.p, one, "head/name", "Peng 3"); /* knows the other: replaces it */
    visitor_edit(visitor, two.p, other, "head/name", "Tan 2");
    sync_both(visitor, &two);
    assert_string_equal(visitor_text(visitor, two.f, one, "head/name"), "Peng 3");
    assert_string_equal(visitor_text(visitor, two.f, other, "head/name"), "Tan 2");
    assert_int_equal(visitor_status(visitor, two.past).unsent, 0);
    assert_int_equal(visitor_status(visitor, two.future).unsent, 0);
    assert_int_equal(visitor_status(visitor, two.past).quarantined, 0);
    assert_int_equal(visitor_status(visitor, two.future).quarantined, 0);
    close_two(visitor, &two);
}

/* The telephone has the policy `latest`: who really was later wins, whatever his clock says. */
static void test_latest_is_by_the_corrected_time(void **state) {
    struct visitor *visitor = *state;
    struct two two;
    struct dot record;

    open_two(visitor, &two);
    sync_both(visitor, &two); /* the county measures both clocks */
    record = visitor_save(visitor, two.f, VILLAGE_A, "Peng");
    sync_both(visitor, &two);
    visitor_edit(visitor, two.f, record, "head/phone", "13800000001");
    visitor_edit(visitor, two.p, record, "head/phone", "13900000002"); /* a minute later */
    sync_both(visitor, &two);
    assert_string_equal(visitor_text(visitor, two.p, record, "head/phone"), "13900000002");
    assert_string_equal(visitor_text(visitor, two.f, record, "head/phone"), "13900000002");
    visitor_edit(visitor, two.p, record, "head/phone", "13900000003");
    visitor_edit(visitor, two.f, record, "head/phone", "13800000004"); /* now this one */
    sync_both(visitor, &two);
    assert_string_equal(visitor_text(visitor, two.p, record, "head/phone"), "13800000004");
    assert_string_equal(visitor_text(visitor, two.f, record, "head/phone"), "13800000004");
    close_two(visitor, &two);
}

static void test_people_are_warned_and_never_refused(void **state) {
    struct visitor *visitor = *state;
    struct skewed slow, slight;
    struct tablet *off = skew(visitor, &slow, "off", -TWO_YEARS_MS);
    struct tablet *nearly = skew(visitor, &slight, "nearly", 4 * 60000);
    struct tablet_status status;

    county_sync(visitor->county, off, RC_OK, NULL);
    county_sync(visitor->county, nearly, RC_OK, NULL);
    status = visitor_status(visitor, off);
    assert_true(status.clock_wrong);
    assert_int_equal(status.offset_ms, TWO_YEARS_MS);
    assert_true(visitor_noticed(visitor, off, NOTICE_CLOCK));
    status = visitor_status(visitor, nearly);
    assert_false(status.clock_wrong);
    assert_int_equal(status.offset_ms, -4 * 60000);
    assert_false(visitor_noticed(visitor, nearly, NOTICE_CLOCK));
    slow.off_ms = 0; /* somebody sets it */
    county_sync(visitor->county, off, RC_OK, NULL);
    assert_false(visitor_status(visitor, off).clock_wrong);
    tablet_close(off);
    tablet_close(nearly);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, visitor_set_up, visitor_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_everything_merges),
        CASE(test_latest_is_by_the_corrected_time),
        CASE(test_people_are_warned_and_never_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
