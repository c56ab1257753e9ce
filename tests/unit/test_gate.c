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

static void they_are_told_different_times(void **state) {
    struct clerk *world = *state;
    unsigned least = 1000, most = 0;

    for (int i = 0; i < 200; i++) {
        unsigned seconds = gate_retry_s(&world->county->env);

        least = seconds < least ? seconds : least;
        most = seconds > most ? seconds : most;
    }
    assert_true(least >= 1 && least + 10 < most && most <= 60);
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
        cmocka_unit_test_setup_teardown(they_are_told_different_times, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_tablet_sent_away_loses_nothing, clerk_set_up,
                                        clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
