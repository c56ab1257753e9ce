/* test_tablet_lists.c: a tablet lists what it holds of its areas, and nothing else, whatever way a
 * record came, changed or went. */
#include "tests/support/visitor.h"

#include "agent/store/inside.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define VILLAGE_C UINT64_C(430626117207)

/* It enters the second area before it leaves the first one, so it is listed under both keys. */
static void a_record_that_went_through_two_areas_is_gone_with_the_last(void **state) {
    static const uint64_t all[] = {VILLAGE_A, VILLAGE_B, VILLAGE_C};
    struct visitor *visitor = *state;
    struct two_clerks two = visitor_two_clerks(visitor, all, 3);
    struct dot record = visitor_save(visitor, two.wang, VILLAGE_B, "Peng");

    county_sync(visitor->county, two.a, RC_OK, NULL);
    county_sync(visitor->county, two.b, RC_OK, NULL);
    visitor_move(visitor, two.zhang, record, VILLAGE_A);
    county_sync(visitor->county, two.b, RC_OK, NULL);
    county_sync(visitor->county, two.a, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, two.wang, ""), 1);
    visitor_move(visitor, two.zhang, record, VILLAGE_C);
    county_sync(visitor->county, two.b, RC_OK, NULL);
    county_sync(visitor->county, two.a, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, two.wang, ""), 0);
    visitor_verify(visitor, two.a);
    visitor_verify(visitor, two.b);
    tablet_close(two.a);
    tablet_close(two.b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_that_went_through_two_areas_is_gone_with_the_last,
                                        visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
