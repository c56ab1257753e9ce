/* A household record, filled as people fill it, gives the facts of the accounting; what is in
 * conflict or names nobody is said, and never guessed. */
#include "schema/income_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/asset.h"
#include "schema/form/answers.h"
#include "schema/merge.h"
#include "tests/support/formkit.h"

extern const struct asset_table asset_forms;

#define YUAN INT64_C(100)

static const char couple[] =
    "{\"head\":{\"name\":\"钟秀英\"},\"home\":{\"hukou_nature\":\"2\"},\"member\":["
    "{\"name\":\"钟秀英\",\"relation\":\"02\",\"birth\":\"1952-03-14\",\"health\":\"10\","
    "\"counting\":{\"counted\":\"1\"}},"
    "{\"name\":\"李桂兰\",\"relation\":\"10\",\"birth\":\"1954-02-10\",\"health\":\"30\","
    "\"counting\":{\"counted\":\"1\"}},"
    "{\"name\":\"李强\",\"relation\":\"20\",\"counting\":{\"counted\":\"0\"}}],"
    "\"income\":["
    "{\"item_code\":\"B102\",\"owner\":\"钟秀英\",\"qty\":2,\"qty_observed\":1.5},"
    "{\"item_code\":\"B106\",\"owner\":\"钟秀英\",\"qty\":0.5},"
    "{\"item_code\":\"B205\",\"owner\":\"李桂兰\",\"qty\":20},"
    "{\"item_code\":\"T101\",\"owner\":\"钟秀英\",\"qty\":12,\"declared_fen\":183600},"
    "{\"item_code\":\"T101\",\"owner\":\"李桂兰\",\"qty\":12,\"declared_fen\":183600},"
    "{\"item_code\":\"T103\",\"qty\":2.0}],"
    "\"expense\":[{\"kind\":\"1\",\"owner\":\"李桂兰\",\"amount_fen\":900000,"
    "\"insurance_paid_fen\":500000}],"
    "\"property\":[{\"kind\":\"2\",\"vehicle\":{\"vehicle_kind\":\"1\"},\"value_fen\":200000}],"
    "\"supporter\":["
    "{\"name\":\"李军\",\"supports\":\"钟秀英、李桂兰\",\"family_size\":3,"
    "\"declared_income_fen\":1,\"annual_income_fen\":8400000,\"standard_kind\":\"U\","
    "\"duty_count\":2},"
    "{\"name\":\"李芳\",\"supports\":\"李桂兰,钟秀英\",\"family_size\":4,"
    "\"declared_income_fen\":4000000,\"standard_kind\":\"R\",\"duty_count\":2}]}";

struct world {
    struct formkit kit;
    struct record record;
    struct reading reading;
    struct income_table table;
    struct income_household household;
    struct err err;
};

static struct world world;

static void must(enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s", world.err.text);
}

static int set_up(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "household/income_standard.csv");

    (void)state;
    world = (struct world){0};
    formkit_init(&world.kit, LANG_EN);
    err_init(&world.err, LANG_EN);
    if (formkit_folder(&world.kit, "schema/forms/household") != RC_OK || asset == NULL)
        return -1;
    return income_table_load(view_of(asset->data, asset->size), &world.kit.arena, &world.table,
                             &world.err) == RC_OK
               ? 0
               : -1;
}

static int tear_down(void **state) {
    (void)state;
    formkit_release(&world.kit);
    return 0;
}

static void apply(struct edit *edit, int64_t time_ms) {
    struct change change;
    struct record next;

    must(edit_finish(edit, view_text(""), &change, &world.err));
    change.wall_ms = time_ms;
    if (world.record.absorbed_count == 0)
        record_init(&world.record, change.record);
    must(merge_apply(&world.record, &change, (struct admission){.time_ms = time_ms},
                     &world.kit.arena, &next, &world.err));
    world.record = next;
    must(reading_make(&world.record, world.kit.form, &world.kit.arena, &world.reading, &world.err));
}

static void create(const char *text) {
    struct buf problems;
    struct json *json;
    struct edit edit;

    buf_init(&problems, 65536);
    must(edit_start(&edit, CHANGE_CREATE, (struct dot){.actor = 0xA1, .number = 1}, 7,
                    world.kit.form, NULL, NULL, &world.kit.arena, &world.err));
    must(edit_set_area(&edit, 430626100200, &world.err));
    must(json_parse(view_text(text), JSON_LIMITS_DEFAULT, &json, &world.err));
    must(answers_fill(&edit, (struct instance_id){0}, FORM_NO_PARENT, json, &problems, &world.err));
    json_free(json);
    buf_release(&problems);
    apply(&edit, 1000);
}

static void read_household(void) {
    must(income_household_read(&world.reading, (struct date){2024, 6, 1}, &world.kit.arena,
                               &world.household, &world.err));
}

static void a_record_gives_what_the_dossier_computes(void **state) {
    struct income_result result;

    (void)state;
    create(couple);
    read_household();
    assert_int_equal(world.household.unclear_count, 0);
    assert_int_equal(world.household.facts.member_count, 3);
    must(income_compute(&world.table, &world.household.facts, &world.kit.arena, &result,
                        &world.err));
    assert_int_equal(result.persons, 2);
    assert_int_equal(result.lines[0].fen, 900 * YUAN);
    assert_int_equal(result.support_fen[0], 6720 * YUAN);
    assert_int_equal(result.total_fen, 9050 * YUAN);
    assert_int_equal(result.net_fen, 6050 * YUAN);
    assert_int_equal(result.benefit_fen, 446 * YUAN);
    assert_false(result.has_car);
}

static void write_qty(uint64_t actor, const struct record *seen, int64_t number) {
    struct value value = {.type = VALUE_DECIMAL, .number = number, .scale = 1};
    struct instance_id instance;
    struct reading reading;
    struct edit edit;
    uint16_t field;

    must(reading_make(seen, world.kit.form, &world.kit.arena, &reading, &world.err));
    must(edit_start(&edit, CHANGE_EDIT, (struct dot){.actor = actor, .number = 1}, actor,
                    world.kit.form, seen, &reading, &world.kit.arena, &world.err));
    field = form_field_by_path(world.kit.form, view_text("income/qty_observed"))->number;
    instance = world.household.items[0];
    must(edit_set(&edit, instance, field, &value, 0, &world.err));
    apply(&edit, 2000);
}

static void a_conflict_is_said_and_not_guessed(void **state) {
    struct record before;

    (void)state;
    create(couple);
    read_household();
    before = world.record;
    write_qty(0xB2, &before, 20);
    write_qty(0xC3, &before, 25);
    read_household();
    assert_int_equal(world.household.unclear_count, 1);
    assert_int_equal(world.household.unclear[0].why, INCOME_UNCLEAR_CONFLICT);
    assert_true(instance_equal(world.household.unclear[0].instance, world.household.items[0]));
}

static void owners_who_are_nobody_are_said(void **state) {
    (void)state;
    create("{\"head\":{\"name\":\"钟秀英\"},\"member\":["
           "{\"name\":\"李平\",\"relation\":\"02\",\"counting\":{\"counted\":\"1\"}},"
           "{\"name\":\"李平\",\"relation\":\"20\",\"birth\":\"1990-01-01\"}],"
           "\"income\":[{\"item_code\":\"B102\",\"owner\":\"李平\",\"qty\":1},"
           "{\"item_code\":\"B103\",\"owner\":\"王五\",\"qty\":1},"
           "{\"item_code\":\"B104\",\"qty\":1}],"
           "\"supporter\":[{\"name\":\"李军\",\"supports\":\"赵六\"}]}");
    read_household();
    assert_int_equal(world.household.unclear_count, 4);
    assert_int_equal(world.household.unclear[0].why, INCOME_UNCLEAR_BIRTH);
    assert_int_equal(world.household.unclear[1].why, INCOME_UNCLEAR_OWNER);
    assert_true(instance_equal(world.household.unclear[2].instance, world.household.items[1]));
    assert_true(instance_equal(world.household.unclear[3].instance, world.household.supporters[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_gives_what_the_dossier_computes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_conflict_is_said_and_not_guessed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(owners_who_are_nobody_are_said, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
