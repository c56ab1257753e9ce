/* test_reason.c: why somebody has decided is told where the decision shows: on the tablet that made
 * it and on those that the county sends it to; not after the record, the area's key, or the answer
 * is gone. */
#include "tests/support/visitor.h"

#include "agent/store/inside.h"
#include "schema/erasure.h"
#include "schema/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WHY "seen the register" /* what visitor_resolve gives as its reason */

struct world {
    struct visitor *visitor;
    struct tablet *wang, *zhao;
    struct session *w, *z;
    struct dot home;
};

static int set_up(void **state) {
    static struct world world;
    struct visitor *visitor;
    struct tablet *li;
    struct session *l;

    if (visitor_set_up(state) != 0)
        return -1;
    visitor = *state;
    world = (struct world){.visitor = visitor};
    world.wang = visitor_enrol(visitor, "wang", 1);
    li = visitor_enrol(visitor, "li", 1);
    visitor->county->role = ROLE_CLERK; /* who may move records */
    world.zhao = visitor_enrol(visitor, "zhao", 2);
    world.w = county_session(world.wang, "wang");
    world.z = county_session(world.zhao, "zhao");
    l = county_session(li, "li");
    world.home = visitor_save(visitor, world.w, VILLAGE_A, "Peng");
    county_sync(visitor->county, world.wang, RC_OK, NULL);
    county_sync(visitor->county, li, RC_OK, NULL);
    visitor_edit(visitor, world.w, world.home, "head/name", "Xu");
    visitor_edit(visitor, l, world.home, "head/name", "Tan");
    county_sync(visitor->county, world.wang, RC_OK, NULL);
    county_sync(visitor->county, li, RC_OK, NULL);
    county_sync(visitor->county, world.zhao, RC_OK, NULL);
    visitor_resolve(visitor, world.z, world.home, "head/name", "Tan");
    visitor_must(visitor, session_close(l, &visitor->err));
    tablet_close(li);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    tablet_close(world->wang);
    tablet_close(world->zhao);
    *state = world->visitor;
    return visitor_tear_down(state);
}

/* How many reasons the session knows; of the decision, if there is one, *why. */
static uint32_t reasons(struct world *world, struct session *session, const char **why) {
    struct visitor *visitor = world->visitor;
    struct reason *list;
    struct seen seen;
    uint32_t count;

    visitor_must(visitor, session_see(session, world->home, &visitor->arena, &seen, &visitor->err));
    visitor_must(visitor, session_reasons(session, world->home, &visitor->arena, &list, &count,
                                          &visitor->err));
    *why = "";
    for (uint32_t i = 0; i < seen.record.absorbed_count; i++) {
        const struct absorbed *change = &seen.record.absorbed[i];

        if (change->kind == CHANGE_RESOLVE)
            *why = arena_text(&visitor->arena, "%.*s",
                              VIEW_PRINT(reason_of(list, count, change->dot)));
        else
            assert_int_equal(reason_of(list, count, change->dot).size, 0);
    }
    return count;
}

static uint64_t rows(struct world *world, struct tablet *tablet) {
    static const char *const sql[] = {"SELECT count(*) FROM reason"};
    struct statement *statements[1];
    uint64_t count;

    visitor_must(world->visitor,
                 db_prepare_all(tablet->db, sql, 1, statements, &world->visitor->err));
    visitor_must(world->visitor, statement_one(statements[0], &world->visitor->err));
    count = (uint64_t)statement_i64(statements[0], 0);
    statement_reset(statements[0]);
    return count;
}

static void sync_both(struct world *world) {
    county_sync(world->visitor->county, world->zhao, RC_OK, NULL);
    county_sync(world->visitor->county, world->wang, RC_OK, NULL);
    county_sync(world->visitor->county, world->zhao, RC_OK, NULL);
}

static void whoever_decided_sees_why_at_once(void **state) {
    struct world *world = *state;
    const char *why;

    assert_int_equal(rows(world, world->zhao), 0);
    assert_int_equal(reasons(world, world->z, &why), 1);
    assert_string_equal(why, WHY);
    sync_both(world);
    assert_int_equal(rows(world, world->zhao), 1); /* it has come back */
    assert_int_equal(reasons(world, world->z, &why), 1);
    assert_string_equal(why, WHY);
    visitor_verify(world->visitor, world->zhao);
}

static void others_learn_it_from_the_county(void **state) {
    struct world *world = *state;
    const char *why;

    assert_int_equal(reasons(world, world->w, &why), 0);
    sync_both(world);
    assert_int_equal(reasons(world, world->w, &why), 1);
    assert_string_equal(why, WHY);
    tablet_close(world->wang); /* and it is on disk */
    world->wang = county_tablet(world->visitor->county, visitor_path(world->visitor, "wang"));
    world->w = county_session(world->wang, "wang");
    assert_int_equal(reasons(world, world->w, &why), 1);
    assert_string_equal(why, WHY);
    visitor_verify(world->visitor, world->wang);
}

static void what_comes_while_locked_waits_for_an_unlock(void **state) {
    struct world *world = *state;
    const char *why;

    visitor_must(world->visitor, session_close(world->w, &world->visitor->err));
    sync_both(world);
    assert_int_equal(rows(world, world->wang), 0);
    world->w = county_session(world->wang, "wang");
    assert_int_equal(reasons(world, world->w, &why), 1);
    assert_string_equal(why, WHY);
}

static void it_leaves_with_the_record(void **state) {
    struct world *world = *state;
    const char *why;

    sync_both(world);
    visitor_move(world->visitor, world->z, world->home, VILLAGE_B);
    sync_both(world);
    assert_int_equal(visitor_count(world->visitor, world->w, ""), 0);
    assert_int_equal(rows(world, world->wang), 0);
    /* whoever has both villages keeps it */
    assert_int_equal(reasons(world, world->z, &why), 1);
    assert_string_equal(why, WHY);
}

static void what_the_law_takes_takes_its_reason(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct erasure erasure = {.at_ms = 1, .who = view_text("Li"), .reason = view_text("asked")};
    struct erased_cell cell = {.everywhere = true, .field = FIELD_FIRST_OF_FORM};
    struct record record;
    const char *why;
    struct buf bytes;

    sync_both(world);
    visitor_must(visitor, tablet_state(world->wang, VILLAGE_A, world->home, &visitor->arena,
                                       &record, &visitor->err));
    for (uint32_t i = 0; i < record.absorbed_count; i++)
        if (record.absorbed[i].kind == CHANGE_RESOLVE)
            erasure.dots = &record.absorbed[i].dot;
    assert_non_null(erasure.dots);
    erasure.dot_count = 1;
    erasure.cells = &cell;
    erasure.cell_count = 1;
    buf_init(&bytes, 4096);
    erasure_encode(&erasure, &bytes);
    visitor_must(visitor, tablet_begin(world->wang, &visitor->err));
    visitor_must(visitor,
                 merge_erase(&record, buf_view(&bytes), &visitor->arena, &record, &visitor->err));
    visitor_must(visitor, tablet_put_state(world->wang, VILLAGE_A, &record, &visitor->err));
    visitor_must(visitor, tablet_commit(world->wang, &visitor->err));
    assert_int_equal(rows(world, world->wang), 0);
    assert_int_equal(reasons(world, world->w, &why), 0);
    buf_release(&bytes);
}

static void a_spoilt_one_is_not_believed(void **state) {
    struct world *world = *state;
    struct visitor *visitor = world->visitor;
    struct tablet_verified verified;
    struct buf problems;
    const char *why;

    sync_both(world);
    visitor_must(visitor, db_execute(world->wang->db, "UPDATE reason SET sealed = zeroblob(80)",
                                     &visitor->err));
    assert_int_equal(reasons(world, world->w, &why), 0);
    buf_init(&problems, 4096);
    assert_int_equal(tablet_verify(world->wang, NULL, NULL, &problems, &verified, &visitor->err),
                     RC_CORRUPT);
    assert_int_equal(verified.problems, 1);
    assert_non_null(strstr(buf_text(&problems), "the reason of a change does not open"));
    buf_release(&problems);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(whoever_decided_sees_why_at_once),
        CASE(others_learn_it_from_the_county),
        CASE(what_comes_while_locked_waits_for_an_unlock),
        CASE(it_leaves_with_the_record),
        CASE(what_the_law_takes_takes_its_reason),
        CASE(a_spoilt_one_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
