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
    struct tablet *wang, *zhang;
    struct session *w, *z;
    struct dot record;

    visitor->county->role = ROLE_CLERK; /* may move */
    wang = visitor_enrol(visitor, "wang", 2);
    zhang = county_enrol(visitor->county, visitor_path(visitor, "zhang"), "zhang", all, 3);
    w = county_session(wang, "wang");
    z = county_session(zhang, "zhang");
    record = visitor_save(visitor, w, VILLAGE_B, "Peng");
    county_sync(visitor->county, wang, RC_OK, NULL);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    visitor_move(visitor, z, record, VILLAGE_A);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, w, ""), 1);
    visitor_move(visitor, z, record, VILLAGE_C);
    county_sync(visitor->county, zhang, RC_OK, NULL);
    county_sync(visitor->county, wang, RC_OK, NULL);
    assert_int_equal(visitor_count(visitor, w, ""), 0);
    visitor_verify(visitor, wang);
    visitor_verify(visitor, zhang);
    tablet_close(wang);
    tablet_close(zhang);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_that_went_through_two_areas_is_gone_with_the_last,
                                        visitor_set_up, visitor_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
