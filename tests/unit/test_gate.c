/* test_gate.c: when everybody comes at once, those who only ask always pass, small before large. */
#include "tests/support/clerk.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* A request with (or without) a batch of so many bytes. */
static struct view request(struct buf *out, size_t batch_bytes) {
    uint8_t *batch = calloc(1, batch_bytes + 1);

    assert_non_null(batch);
    buf_clear(out);
    exchange_start(out);
    if (batch_bytes > 0)
        exchange_add_batch(out, view_of(batch, batch_bytes));
    free(batch);
    return buf_view(out);
}

static void small_ones_go_where_large_ones_wait(void **state) {
    struct gate_pass large[2], small[2], empty, refused;
    struct gate gate;
    struct buf body;

    (void)state;
    buf_init(&body, 16u * 1024u * 1024u);
    gate_init(&gate, 3, 2, 1024u * 1024u);
    assert_true(gate_enter(&gate, request(&body, 3u * 1024u * 1024u), &large[0])); /* alone */
    assert_false(gate_enter(&gate, request(&body, 200000), &refused)); /* too many bytes */
    assert_true(gate_enter(&gate, request(&body, 100), &small[0]));
    gate_leave(&gate, &large[0]);
    assert_true(gate_enter(&gate, request(&body, 200000), &large[0]));
    assert_true(gate_enter(&gate, request(&body, 200000), &large[1]));
    assert_false(gate_enter(&gate, request(&body, 100), &refused)); /* three are inside */
    assert_true(gate_enter(&gate, request(&body, 0), &empty));
    gate_leave(&gate, &empty);
    assert_false(gate_enter(&gate, request(&body, 100), &refused));
    gate_leave(&gate, &large[1]);
    assert_true(gate_enter(&gate, request(&body, 100), &small[1]));
    gate_leave(&gate, &small[0]);
    gate_leave(&gate, &small[1]);
    assert_true(gate_enter(&gate, request(&body, 200000), &large[1]));
    assert_false(gate_enter(&gate, request(&body, 200000), &refused)); /* two large ones */
    gate_leave(&gate, &large[0]);
    gate_leave(&gate, &large[1]);
    assert_int_equal(gate.inside, 0);
    assert_int_equal(gate.large, 0);
    assert_int_equal(gate.bytes, 0);
    assert_true(gate_enter(NULL, request(&body, 100), &small[0]));
    buf_release(&body);
}

/* One after the other is sent away while the gate serves so many in a second. */
static unsigned last_of_a_crowd(struct clerk *world, struct gate *gate, unsigned crowd,
                                unsigned rate, unsigned *first) {
    struct gate_pass inside, refused;
    unsigned seconds = 0;
    struct buf body;

    buf_init(&body, 65536);
    for (unsigned i = 0; i < 2 * rate; i++) { /* two seconds of work, before the crowd comes */
        assert_true(gate_enter(gate, request(&body, 100), &inside));
        gate_leave(gate, &inside);
        if (i % rate == rate - 1) {
            world->county->now_ms += 1000;
            (void)gate_retry_s(gate, &world->county->env); /* somebody is sent away: it measures */
        }
    }
    world->county->now_ms += 1000;
    for (unsigned i = 0; i < crowd; i++) {
        assert_true(gate_enter(gate, request(&body, 100), &inside));
        assert_false(gate_enter(gate, request(&body, 100), &refused));
        gate_leave(gate, &inside);
        seconds = gate_retry_s(gate, &world->county->env);
        assert_in_range(seconds, 1, GATE_RETRY_MAX_S);
        if (i == 0)
            *first = seconds;
    }
    buf_release(&body);
    return seconds;
}

static void who_is_sent_away_comes_when_it_is_his_turn(void **state) {
    struct clerk *world = *state;
    struct gate slow, fast;
    unsigned first, last;

    gate_init(&slow, 1, 1, 1024u * 1024u);
    gate_init(&fast, 1, 1, 1024u * 1024u);
    last = last_of_a_crowd(world, &slow, 60, 5, &first);
    assert_int_equal(first, 1);
    assert_in_range(last, 5, 20); /* 60 of which it serves about 5 a second */
    last = last_of_a_crowd(world, &fast, 60, 400, &first);
    assert_int_equal(first, 1);
    assert_int_equal(last, 1); /* as good as at once */
    world->county->now_ms += 3600000;
    assert_int_equal(gate_retry_s(&slow, &world->county->env), 1); /* the crowd has gone */
}

static void a_crowd_longer_than_the_line_is_spread(void **state) {
    struct clerk *world = *state;
    unsigned least = 1000, most = 0, first;
    struct gate gate;

    gate_init(&gate, 1, 1, 1024u * 1024u);
    (void)last_of_a_crowd(world, &gate, 3000, 2, &first);
    for (int i = 0; i < 200; i++) {
        unsigned seconds = gate_retry_s(&gate, &world->county->env);

        least = seconds < least ? seconds : least;
        most = seconds > most ? seconds : most;
    }
    assert_true(least >= 20 && least + 10 < most && most <= GATE_RETRY_MAX_S);
}

static void a_tablet_sent_away_loses_nothing(void **state) {
    struct clerk *world = *state;
    struct gate closed;
    struct sync_report report;

    gate_init(&closed, 0, 0, 0);
    clerk_begin(world);
    world->county->office.gate = &closed;
    county_sync(world->county, world->a, RC_OK, NULL); /* brings nothing */
    clerk_new(world, world->wang, CLERK_HOME("王桂兰"));
    county_sync(world->county, world->a, RC_AGAIN, NULL);
    world->county->office.gate = NULL;
    county_sync(world->county, world->a, RC_OK, &report);
    assert_int_equal(report.sent, 1);
    assert_int_equal(report.unsent, 0);
    RUNS(world, 0, "verify");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones_go_where_large_ones_wait),
        cmocka_unit_test_setup_teardown(who_is_sent_away_comes_when_it_is_his_turn, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_longer_than_the_line_is_spread, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_tablet_sent_away_loses_nothing, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
