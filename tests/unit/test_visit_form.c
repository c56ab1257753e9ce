/* The visit form as it runs: two investigators, honest times and positions, opinions with reasons,
 * and a seal over all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/enginekit.h"
#include "tests/support/formkit.h"

static struct formkit form;
static struct enginekit kit;

static int set_up(void **state) {
    (void)state;
    formkit_init(&form, LANG_EN);
    enginekit_init(&kit);
    if (formkit_folder(&form, "schema/forms/visit") != RC_OK)
        return -1;
    if (enginekit_load(&kit, form.form->xform) != RC_OK ||
        engine_begin(&kit.engine, &kit.err) != RC_OK)
        fail_msg("%s", kit.err.text);
    assert_int_equal(kit.model->note_count, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    enginekit_release(&kit);
    formkit_release(&form);
    return 0;
}

static void set(const char *ref, const char *value) {
    if (enginekit_set(&kit, ref, value) != RC_OK)
        fail_msg("%s: %s", ref, kit.err.text);
}

static bool is_refused(const char *ref) {
    return enginekit_look(&kit, ref).violation == ENGINE_CONSTRAINT;
}

static bool is_warned(const char *ref) {
    struct engine_state state = enginekit_look(&kit, ref);

    assert_int_not_equal(state.violation, ENGINE_TROUBLE);
    return state.is_warned;
}

static void two_people_investigate(void **state) {
    (void)state;
    set("/data/outcome", "1");
    assert_true(is_warned("/data/outcome"));
    assert_int_equal(enginekit_add(&kit, "/data/investigator", 0), RC_OK);
    assert_false(is_warned("/data/outcome"));
    set("/data/investigator[1]/name", "王敏");
    set("/data/investigator[1]/staff_no", "0012");
    set("/data/investigator[2]/staff_no", "0012");
    assert_true(is_refused("/data/investigator[1]/staff_no"));
    set("/data/investigator[2]/staff_no", "0013");
    assert_false(is_refused("/data/investigator[1]/staff_no"));
    set("/data/investigator[1]/role", "lead");
    assert_false(is_warned("/data/investigator[1]/role"));
    set("/data/investigator[2]/role", "lead");
    assert_true(is_warned("/data/investigator[1]/role"));
    set("/data/investigator[2]/is_relative", "1");
    assert_true(is_warned("/data/investigator[2]/is_relative"));
    set("/data/opinion[1]/investigator", "王敏");
    assert_false(is_warned("/data/opinion[1]/investigator"));
    set("/data/opinion[1]/investigator", "刘洋");
    assert_true(is_warned("/data/opinion[1]/investigator"));
}

static void times_and_positions_are_looked_at(void **state) {
    (void)state;
    set("/data/begun", "2026-11-23T09:00:00.000+08:00");
    assert_false(is_warned("/data/begun"));
    set("/data/ended", "2026-11-23T08:59:00.000+08:00");
    assert_true(is_refused("/data/ended"));
    set("/data/ended", "2026-11-23T09:04:00.000+08:00");
    assert_false(is_refused("/data/ended"));
    assert_true(is_warned("/data/ended"));
    set("/data/ended", "2026-11-23T09:05:00.000+08:00");
    assert_false(is_warned("/data/ended"));
    set("/data/begun", "2026-11-24T09:00:00.000+08:00");
    assert_true(is_warned("/data/begun"));
    set("/data/fixes", "29.1 113.5 10 100");
    assert_false(is_warned("/data/fixes"));
    set("/data/fixes", "29.1 113.5 10 100.5");
    assert_true(is_warned("/data/fixes"));
    set("/data/fixes", "0 0 0 5");
    assert_true(is_refused("/data/fixes"));
}

static void only_who_was_inside_judges(void **state) {
    (void)state;
    assert_false(enginekit_relevant(&kit, "/data/living/food"));
    set("/data/outcome", "3"); /* nobody at home */
    assert_false(is_warned("/data/outcome"));
    assert_false(enginekit_relevant(&kit, "/data/living/food"));
    assert_false(enginekit_relevant(&kit, "/data/opinion[1]/verdict"));
    set("/data/outcome", "6"); /* broken off: what was seen counts */
    assert_true(enginekit_relevant(&kit, "/data/living/food"));
    for (const char *food = "12345"; *food != '\0'; food++)
        set("/data/living/food", (const char[]){*food, '\0'});
    assert_int_equal(enginekit_set(&kit, "/data/living/food", "6"), RC_INVALID);
    set("/data/opinion[1]/verdict", "2");
    assert_false(enginekit_look(&kit, "/data/opinion[1]/remark").is_required);
    set("/data/opinion[1]/verdict", "3");
    assert_true(enginekit_look(&kit, "/data/opinion[1]/remark").is_required);
}

static void everything_is_under_the_seal(void **state) {
    (void)state;
    for (uint32_t i = 0; i < form.form->field_count; i++) {
        const struct form_field *field = &form.form->fields[i];

        if (form_field_holds_value(field) && field->scope == FORM_NO_SCOPE)
            fail_msg("%.*s", VIEW_PRINT(field->path));
    }
    assert_int_equal(form.form->scope_count, 1);
    assert_true(form_field_by_path(form.form, view_text("neighbour/statement"))->sensitive);
    assert_int_equal(form_field_by_path(form.form, view_text("neighbour/statement"))->posting,
                     POSTING_NO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A key makes records with equal answers one question: are they the same? One investigator goes to
 * hundreds of visits, and no two of them are. */
static void no_answer_makes_two_visits_the_same(void **state) {
    (void)state;
    for (uint32_t i = 0; i < form.form->field_count; i++)
        assert_false(form.form->fields[i].key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(two_people_investigate),
        TEST(no_answer_makes_two_visits_the_same),
        TEST(times_and_positions_are_looked_at),
        TEST(only_who_was_inside_judges),
        TEST(everything_is_under_the_seal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
