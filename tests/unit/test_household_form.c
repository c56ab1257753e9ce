/* The household form as it runs: which answers it refuses, which it asks people to look at again,
 * and what it shows when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/asset.h"
#include "tests/support/enginekit.h"
#include "tests/support/formkit.h"

extern const struct asset_table asset_forms;

static struct formkit form;
static struct enginekit kit;

static int set_up(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "household/income_standard.csv");

    (void)state;
    formkit_init(&form, LANG_EN);
    enginekit_init(&kit);
    if (asset == NULL || formkit_folder(&form, "schema/forms/household") != RC_OK)
        return -1;
    kit.attachment = (const char *)arena_copy(&form.arena, asset->data, asset->size);
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

static void add(const char *ref) {
    if (enginekit_add(&kit, ref, 0) != RC_OK)
        fail_msg("%s: %s", ref, kit.err.text);
}

static struct engine_state look(const char *ref) {
    struct engine_state state = enginekit_look(&kit, ref);

    if (state.violation == ENGINE_TROUBLE)
        fail_msg("%s: %s", ref, enginekit_error(&kit, ref));
    return state;
}

static void refused(const char *ref, const char *value) {
    set(ref, value);
    if (look(ref).violation != ENGINE_CONSTRAINT)
        fail_msg("%s: %s is not refused", ref, value);
}

static void warned(const char *ref, const char *value) {
    set(ref, value);
    if (look(ref).violation != ENGINE_FINE || !look(ref).is_warned)
        fail_msg("%s: %s gives no warning", ref, value);
}

static void fine(const char *ref, const char *value) {
    set(ref, value);
    if (look(ref).violation != ENGINE_FINE || look(ref).is_warned)
        fail_msg("%s: %s: %s%s", ref, value, enginekit_error(&kit, ref),
                 look(ref).is_warned ? "warned" : "");
}

/* Every question in the body whose expressions fail on an empty or nearly empty form. */
static void nothing_fails(void) {
    struct question *stops = NULL;
    uint32_t count = 0;

    assert_int_equal(engine_walk(&kit.engine, &kit.arena, &stops, &count, &kit.err), RC_OK);
    for (uint32_t i = 0; i < count; i++) {
        if (stops[i].violation != ENGINE_TROUBLE)
            continue;
        (void)engine_ask(&kit.engine, &kit.arena, &stops[i], &kit.err);
        fail_msg("%.*s: %.*s", VIEW_PRINT(stops[i].ref), VIEW_PRINT(stops[i].error));
    }
}

#define VALUE(ref, value) assert_string_equal(enginekit_value(&kit, ref), value)
#define HEAD              "/data/member[1]/"
#define SECOND            "/data/member[2]/"

/* ---- identity ---- */

static void identity_numbers_are_checked_as_the_standard_says(void **state) {
    static const char *const valid[] = {
        "43069919520314001X", "43069919540722002X", "430699198001051127", "430699200509301019",
        "430699201212161208", "430699194611010033", "430699197908175019"};
    static const char *const invalid[] = {
        "430699198001051128",                        /* check digit */
        "430699198002301127",                        /* 30 February */
        "430699198002301124",                        /* and with the right check digit */
        "43069919800105112",                         /* 17 characters */
        "4306991980010511277",                       /* 19 */
        "43069919800105112a",  "430699203001011014", /* born in 2030, the check digit is right */
        "430699190002290019", /* 1900 was no leap year, the check digit is right */
        "430699199904310016", /* 31 April, the check digit is right */
        "430699199913010015", /* no 13th month */
    };

    (void)state;
    set(HEAD "id_type", "1");
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        fine(HEAD "id_no", valid[i]);
    fine(HEAD "id_no", "43069919520314001x");
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        refused(HEAD "id_no", invalid[i]);
    assert_non_null(strstr(enginekit_error(&kit, HEAD "id_no"), "身份证号不对"));
    warned(HEAD "id_no", "430699520314001"); /* an old card */
    set(HEAD "id_type", "4");
    fine(HEAD "id_no", "E12345678");
    set(HEAD "id_type", "");
    refused(HEAD "id_no", "430699198001051128");
    refused("/data/supporter[1]/id_no", "430699198001051128");
    fine("/data/supporter[1]/id_no", "430699200509301019");
    warned("/data/supporter[1]/id_no", "430699520314001");
    nothing_fails();
}

static void sex_and_birth_warn_against_the_number(void **state) {
    (void)state;
    warned(HEAD "id_type", "1");
    set(HEAD "id_no", "43069919520314001X");
    fine(HEAD "id_type", "1");
    fine(HEAD "sex", "1");
    warned(HEAD "sex", "2");
    fine(HEAD "sex", "9");
    fine(HEAD "birth", "1952-03-14");
    warned(HEAD "birth", "1952-04-13");
    refused(HEAD "birth", "2026-11-24");
    refused(HEAD "birth", "1899-12-31");
    set(HEAD "id_no", "430699520314001");
    fine(HEAD "birth", "1952-03-14");
    warned(HEAD "birth", "1953-03-14");
    /* Two people, one number. */
    add("/data/member");
    set(HEAD "id_no", "43069919520314001X");
    warned(SECOND "id_no", "43069919520314001X");
    assert_true(look(HEAD "id_no").is_warned);
    fine(SECOND "id_no", "43069919540722002X");
    assert_false(look(HEAD "id_no").is_warned);
    VALUE(HEAD "age", "73");
    set(HEAD "birth", "2025-11-23");
    VALUE(HEAD "age", "1");
    set(HEAD "birth", "2025-11-24");
    VALUE(HEAD "age", "0");
    set(HEAD "birth", "");
    VALUE(HEAD "age", "");
}

static void a_disability_certificate_goes_with_its_person(void **state) {
    (void)state;
    set(HEAD "id_type", "1");
    set(HEAD "id_no", "43069919520314001X");
    set(HEAD "disability/dis_type", "4");
    set(HEAD "disability/dis_grade", "2");
    fine(HEAD "disability/dis_cert_no", "43069919520314001X42");
    fine(HEAD "disability/dis_cert_no", "43069919520314001x42");
    warned(HEAD "disability/dis_cert_no", "43069919520314001X43");
    warned(HEAD "disability/dis_cert_no", "43069919520314001X52");
    warned(HEAD "disability/dis_cert_no", "43069919540722002X42");
    refused(HEAD "disability/dis_cert_no", "43069919520314001X82");
    refused(HEAD "disability/dis_cert_no", "43069919520314001X4");
}

/* ---- one answer against another ---- */

static void a_couple_is_married_and_two_sexes(void **state) {
    (void)state;
    set("/data/head/name", "钟秀英");
    warned("/data/head/name", "钟秀英");
    set(HEAD "name", "钟秀英");
    set(HEAD "relation", "02");
    fine("/data/head/name", "钟秀英");
    warned("/data/head/name", "钟秀");
    set(HEAD "sex", "1");
    fine(HEAD "marital", "30");
    add("/data/member");
    set(SECOND "relation", "10");
    assert_true(look(HEAD "marital").is_warned);
    fine(HEAD "marital", "21");
    warned(SECOND "marital", "10");
    fine(SECOND "marital", "20");
    set(SECOND "sex", "1");
    assert_true(look(SECOND "marital").is_warned);
    set(SECOND "sex", "2");
    assert_false(look(SECOND "marital").is_warned);
    warned(SECOND "relation", "11");
    fine(SECOND "relation", "12");
    warned(SECOND "relation", "22");
    fine(SECOND "relation", "32");
    nothing_fails();
}

static void age_goes_with_work_and_school(void **state) {
    (void)state;
    set(HEAD "name", "李强");
    set(HEAD "birth", "2012-12-16");
    fine(HEAD "employment", "2");
    warned(HEAD "labour", "1");
    set(HEAD "labour_reason", "14周岁，已满年龄认定有误待补证");
    fine(HEAD "labour", "1");
    set("/data/income[1]/owner", "李强");
    warned("/data/income[1]/item_code", "W102");
    fine("/data/income[1]/item_code", "B102");
    set(HEAD "birth", "1990-12-16");
    warned(HEAD "employment", "2");
    fine("/data/income[1]/item_code", "W102");
    warned("/data/income[1]/owner", "李四");
    fine("/data/income[1]/owner", "李强");
}

static void quantities_are_what_a_year_and_a_family_can_do(void **state) {
    (void)state;
    set("/data/income[1]/item_code", "W102");
    set("/data/income[1]/unit", "day");
    fine("/data/income[1]/qty", "365");
    warned("/data/income[1]/qty", "366");
    refused("/data/income[1]/qty", "-1");
    warned("/data/income[1]/unit", "mu");
    set("/data/income[1]/item_code", "B102");
    fine("/data/income[1]/unit", "mu");
    warned("/data/income[1]/unit", "head");
    set("/data/income[1]/unit", "mu");
    fine("/data/income[1]/qty", "18.5");
    add("/data/income");
    set("/data/income[2]/item_code", "B103");
    set("/data/income[2]/unit", "mu");
    fine("/data/income[2]/qty", "11.5");
    warned("/data/income[2]/qty", "11.6");
    assert_true(look("/data/income[1]/qty").is_warned);
    set("/data/income[2]/item_code", "B206"); /* a fish pond is no field */
    set("/data/income[2]/unit", "mu");
    assert_false(look("/data/income[1]/qty").is_warned);
    refused("/data/income[1]/loss_pct", "101");
    set("/data/income[1]/period_from", "2025-11-01");
    fine("/data/income[1]/period_to", "2026-10-31");
    warned("/data/income[1]/period_to", "2026-11-20");
    refused("/data/income[1]/period_to", "2025-10-31");
    /* The same hens twice? */
    set("/data/income[2]/item_code", "B102");
    assert_false(look("/data/income[2]/item_code").is_warned);
    set("/data/income[2]/period_from", "2025-11-01");
    assert_true(look("/data/income[2]/item_code").is_warned);
}

static void living_costs_are_held_against_the_income(void **state) {
    (void)state;
    set("/data/income[1]/item_code", "B102"); /* 600 yuan a mu */
    set("/data/income[1]/qty", "4");
    set("/data/income[1]/loss_pct", "50");
    VALUE("/data/income[1]/estimate_fen", "120000");
    VALUE("/data/income[1]/cat", "B");
    VALUE("/data/income[1]/counted", "1");
    set("/data/expense[1]/kind", "5");
    fine("/data/expense[1]/amount_fen", "144000");
    warned("/data/expense[1]/amount_fen", "144001");
    VALUE("/data/expense[1]/self_paid_fen", "144001");
    refused("/data/expense[1]/insurance_paid_fen", "144002");
    set("/data/expense[1]/insurance_paid_fen", "1");
    assert_false(look("/data/expense[1]/amount_fen").is_warned);
    add("/data/expense");
    set("/data/expense[2]/kind", "1"); /* an illness is no way of living */
    fine("/data/expense[2]/amount_fen", "9000000");
    set("/data/expense[2]/kind", "8");
    assert_true(look("/data/expense[2]/amount_fen").is_warned);
    set("/data/income[1]/declared_fen", "9000000");
    assert_false(look("/data/expense[2]/amount_fen").is_warned);
    set("/data/income[1]/item_code", "E105");
    VALUE("/data/income[1]/estimate_fen", "0");
    assert_true(look("/data/expense[2]/amount_fen").is_warned);
}

/* ---- what is asked when ---- */

static void questions_come_when_they_matter(void **state) {
    struct engine_state death;

    (void)state;
    assert_false(enginekit_relevant(&kit, HEAD "life/death_date"));
    set(HEAD "life/alive", "1");
    warned(HEAD "leaving/leave_reason", "1");
    set(HEAD "life/alive", "0");
    death = look(HEAD "life/death_date");
    assert_true(death.is_relevant);
    assert_false(look(HEAD "leaving/leave_reason").is_warned);
    set(HEAD "birth", "1952-03-14");
    refused(HEAD "life/death_date", "1952-03-13");
    refused(HEAD "life/death_date", "2026-11-24");
    fine(HEAD "life/death_date", "2026-11-01");
    assert_false(look(HEAD "counting/count_reason").is_required);
    set(HEAD "counting/counted", "0");
    assert_true(look(HEAD "counting/count_reason").is_required);
    VALUE("/data/situation/size_counted", "0");
    set(HEAD "counting/counted", "1");
    VALUE("/data/situation/size_counted", "1");
    assert_false(enginekit_relevant(&kit, "/data/property[1]/house/structure"));
    assert_false(enginekit_relevant(&kit, "/data/property[1]/vehicle/plate"));
    set("/data/property[1]/kind", "1");
    assert_true(enginekit_relevant(&kit, "/data/property[1]/house/structure"));
    set("/data/property[1]/kind", "2");
    assert_false(enginekit_relevant(&kit, "/data/property[1]/house/structure"));
    set("/data/property[1]/vehicle/vehicle_kind", "2");
    assert_true(look("/data/property[1]/kind").is_warned);
    assert_false(enginekit_relevant(&kit, "/data/property[1]/exempt_reason"));
    set("/data/property[1]/exempt", "1");
    assert_true(look("/data/property[1]/exempt_reason").is_required);
    assert_false(look("/data/property[1]/kind").is_warned);
    assert_true(look("/data/home/household_no").is_read_only);
    assert_true(look("/data/situation/is_edge").is_read_only);
    nothing_fails();
}

static void small_rules_hold(void **state) {
    static const char *const items[] = {"eat", "dress", "bed", "toilet", "walk", "bath"};
    char ref[80];

    (void)state;
    fine("/data/head/phone", "13812345678");
    fine("/data/head/phone", "0730-8888888");
    refused("/data/head/phone", "12345678901");
    refused("/data/head/name", "李");
    fine("/data/home/geo", "29.1 113.5 10 99.9");
    warned("/data/home/geo", "29.1 113.5 10 150");
    refused("/data/home/geo", "48.9 2.3 10 5");
    set("/data/situation/cause_main", "1");
    warned("/data/situation/cause_other", "1 2");
    fine("/data/situation/cause_other", "2 3");
    refused("/data/situation/cause_other", "2 3 4");
    for (size_t i = 0; i < 6; i++) {
        VALUE(HEAD "selfcare/selfcare_grade", "");
        (void)snprintf(ref, sizeof(ref), HEAD "selfcare/%s", items[i]);
        set(ref, "1");
    }
    VALUE(HEAD "selfcare/selfcare_grade", "1");
    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(ref, sizeof(ref), HEAD "selfcare/%s", items[i]);
        set(ref, "0");
        VALUE(HEAD "selfcare/selfcare_grade", i < 3 ? "2" : "3");
    }
    set(HEAD "name", "钟秀英");
    fine("/data/supporter[1]/supports", "钟秀英、李桂兰");
    warned("/data/supporter[1]/supports", "王五");
    warned("/data/supporter[1]/basis", "2");
    fine("/data/supporter[1]/basis", "3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(identity_numbers_are_checked_as_the_standard_says),
        TEST(sex_and_birth_warn_against_the_number),
        TEST(a_disability_certificate_goes_with_its_person),
        TEST(a_couple_is_married_and_two_sexes),
        TEST(age_goes_with_work_and_school),
        TEST(quantities_are_what_a_year_and_a_family_can_do),
        TEST(living_costs_are_held_against_the_income),
        TEST(questions_come_when_they_matter),
        TEST(small_rules_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
