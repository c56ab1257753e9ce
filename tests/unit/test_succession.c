/* test_succession.c: the table of areas that were merged, got another code or another name. */
#include "schema/succession.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define TOWN_1 430626101000u
#define TOWN_2 430626102000u
#define V1(n)  (TOWN_1 + (n))
#define V2(n)  (TOWN_2 + (n))

struct world {
    struct arena arena;
    struct err err;
    struct area_act acts[16];
    struct succession table;
};

static int set_up(void **state) {
    static struct world world;

    memset(&world, 0, sizeof(world));
    arena_init(&world.arena, 1024u * 1024u);
    err_init(&world.err, LANG_EN);
    world.table.acts = world.acts;
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;

    arena_release(&world->arena);
    return 0;
}

static enum rc add(struct world *world, uint8_t kind, uint64_t from, uint64_t to,
                   const char *name) {
    struct area_act act = {
        .kind = kind, .from = from, .to = to, .at_ms = 1000, .name = view_text(name)};
    enum rc rc = succession_check(&world->table, &act, &world->arena, &world->err);

    if (rc == RC_OK)
        world->acts[world->table.count++] = act;
    err_clear(&world->err);
    return rc;
}

static void chains_lead_to_the_code_in_force(void **state) {
    struct world *world = *state;
    const struct succession *table = &world->table;

    assert_int_equal(succession_of(table, V1(201)), V1(201));
    assert_int_equal(add(world, AREA_MERGED, V1(201), V1(202), ""), RC_OK);
    assert_int_equal(add(world, AREA_MERGED, V1(202), V1(203), ""), RC_OK);
    assert_int_equal(add(world, AREA_RECODED, V1(203), V1(231), ""), RC_OK);
    assert_int_equal(succession_of(table, V1(201)), V1(231));
    assert_int_equal(succession_of(table, V1(203)), V1(231));
    assert_int_equal(succession_of(table, V1(204)), V1(204));
}

static void a_township_takes_its_villages_along(void **state) {
    struct world *world = *state;
    const struct succession *table = &world->table;

    assert_int_equal(add(world, AREA_MERGED, V1(201), V2(231), ""), RC_OK);
    assert_int_equal(add(world, AREA_MERGED, TOWN_1, TOWN_2, ""), RC_OK);
    assert_int_equal(succession_of(table, TOWN_1), TOWN_2);
    assert_int_equal(succession_of(table, V1(202)), V2(202)); /* by its last digits */
    assert_int_equal(succession_of(table, V1(201)), V2(231)); /* the most specific counts */
}

static void what_would_not_end_is_refused(void **state) {
    struct world *world = *state;

    assert_int_equal(add(world, AREA_MERGED, V1(201), V1(201), ""), RC_INVALID);
    assert_int_equal(add(world, AREA_MERGED, V1(201), TOWN_2, ""), RC_INVALID); /* two levels */
    assert_int_equal(add(world, AREA_MERGED, V1(201), V1(202), ""), RC_OK);
    assert_int_equal(add(world, AREA_MERGED, V1(202), V1(201), ""), RC_INVALID); /* A to B to A */
    assert_int_equal(add(world, AREA_MERGED, V1(201), V1(203), ""), RC_INVALID); /* given up */
    assert_int_equal(add(world, AREA_MERGED, V1(204), V1(201), ""), RC_INVALID); /* into one such */
    /* a village went to the other township, which now is to become part of the first */
    assert_int_equal(add(world, AREA_MERGED, V2(205), V1(205), ""), RC_OK);
    assert_int_equal(add(world, AREA_MERGED, TOWN_1, TOWN_2, ""), RC_INVALID);
    assert_int_equal(world->table.count, 2);
}

static void grants_reach_the_successor_and_no_further(void **state) {
    struct world *world = *state;
    const struct succession *table = &world->table;
    const uint64_t village[] = {V1(201)}, town[] = {TOWN_1}, other[] = {V2(205)};
    uint64_t list[4];

    assert_int_equal(add(world, AREA_MERGED, V1(201), V2(205), ""), RC_OK);
    assert_true(succession_grants(table, village, 1, V2(205)));
    assert_true(succession_grants(table, village, 1, V1(201)));
    assert_true(succession_grants(table, other, 1, V1(201)));
    assert_true(succession_grants(table, town, 1, V1(201)));  /* as it was written */
    assert_false(succession_grants(table, town, 1, V2(205))); /* the township did not go there */
    assert_false(succession_grants(table, village, 1, V2(206)));
    assert_int_equal(succession_expand(table, village, 1, list), 2);
    assert_int_equal(list[0], V1(201));
    assert_int_equal(list[1], V2(205));
    list[1] = V2(205);
    assert_int_equal(succession_current(table, list, 2, list), 1);
    assert_int_equal(list[0], V2(205));
}

static void names_follow_a_new_code(void **state) {
    struct world *world = *state;
    const struct succession *table = &world->table;

    assert_int_equal(succession_name(table, V1(201)).size, 0);
    assert_int_equal(add(world, AREA_NAMED, V1(201), V1(201), "东山村"), RC_OK);
    assert_int_equal(add(world, AREA_NAMED, V1(202), V1(202), "西山村"), RC_OK);
    assert_int_equal(add(world, AREA_RECODED, V1(201), V1(231), ""), RC_OK);
    assert_int_equal(add(world, AREA_MERGED, V1(202), V1(231), ""), RC_OK);
    assert_true(view_is(succession_name(table, V1(231)), "东山村"));
    assert_int_equal(add(world, AREA_NAMED, V1(231), V1(231), "新村"), RC_OK);
    assert_true(view_is(succession_name(table, V1(231)), "新村"));
    assert_true(view_is(succession_name(table, V1(202)), "西山村"));
}

static void the_table_survives_its_bytes(void **state) {
    struct world *world = *state;
    struct succession again;
    struct buf bytes, twice;

    buf_init(&bytes, 4096);
    buf_init(&twice, 4096);
    assert_int_equal(add(world, AREA_MERGED, V1(201), V1(202), ""), RC_OK);
    assert_int_equal(add(world, AREA_NAMED, TOWN_1, TOWN_1, "城关镇"), RC_OK);
    succession_write(&world->table, &bytes);
    assert_int_equal(succession_read(buf_view(&bytes), &world->arena, &again, &world->err), RC_OK);
    succession_write(&again, &twice);
    assert_true(view_equal(buf_view(&bytes), buf_view(&twice)));
    assert_int_equal(again.acts[0].from, V1(201));
    assert_true(view_is(again.acts[1].name, "城关镇"));
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_not_equal(
            succession_read(view_of(bytes.data, size), &world->arena, &again, &world->err), RC_OK);
        err_clear(&world->err);
    }
    buf_release(&bytes);
    buf_release(&twice);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chains_lead_to_the_code_in_force, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_township_takes_its_villages_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_not_end_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grants_reach_the_successor_and_no_further, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_follow_a_new_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_survives_its_bytes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
