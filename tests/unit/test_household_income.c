/* Households of the dossier, filled in as people fill them in: the form warns of nothing and
 * refuses nothing, and the record that comes of it computes to the fen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/asset.h"
#include "base/xml_tree.h"
#include "tests/support/enginekit.h"
#include "tests/support/formkit.h"
#include "tests/support/household.h"

extern const struct asset_table asset_forms;

static struct formkit form;
static struct enginekit kit;
static struct income_table standard;

static int set_up(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "household/income_standard.csv");

    (void)state;
    formkit_init(&form, LANG_EN);
    enginekit_init(&kit);
    if (asset == NULL || formkit_folder(&form, "schema/forms/household") != RC_OK)
        return -1;
    kit.attachment = (const char *)arena_copy(&form.arena, asset->data, asset->size);
    if (income_table_load(view_of(asset->data, asset->size), &form.arena, &standard, &kit.err) !=
            RC_OK ||
        enginekit_load(&kit, form.form->xform) != RC_OK ||
        engine_begin(&kit.engine, &kit.err) != RC_OK)
        fail_msg("%s", kit.err.text);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    enginekit_release(&kit);
    formkit_release(&form);
    return 0;
}

struct answer {
    const char *ref, *value;
};

struct instances {
    const char *repeat;
    uint32_t count;
};

/* The answers of a container, as answers.h reads them: groups as objects, repeats as arrays. */
static void put(struct buf *out, const struct xml_node *node, uint32_t container) {
    const char *separator = "";

    buf_add_text(out, "{");
    for (uint32_t i = 0; i < form.form->field_count; i++) {
        const struct form_field *field = &form.form->fields[i];
        const char *name = arena_text(&kit.arena, "%.*s", VIEW_PRINT(field->name));
        const struct xml_node *child = xml_child(node, name);
        struct view text;

        if (field->parent != container || child == NULL)
            continue;
        if (field->type == FIELD_TYPE_GROUP || field->type == FIELD_TYPE_REPEAT) {
            bool is_list = field->type == FIELD_TYPE_REPEAT;

            buf_addf(out, "%s\"%s\":%s", separator, name, is_list ? "[" : "");
            for (const struct xml_node *one = child; one != NULL;
                 one = is_list ? xml_sibling(one, name) : NULL) {
                buf_add_text(out, one == child ? "" : ",");
                put(out, one, i);
            }
            buf_add_text(out, is_list ? "]" : "");
        } else {
            assert_int_equal(xml_text(child, &kit.arena, &text, &kit.err), RC_OK);
            if (text.size == 0)
                continue;
            buf_addf(out, "%s\"%s\":\"%.*s\"", separator, name, VIEW_PRINT(text));
        }
        separator = ",";
    }
    buf_add_text(out, "}");
}

static void fill(const struct instances *instances, size_t repeat_count,
                 const struct answer *answers, size_t answer_count) {
    for (size_t i = 0; i < repeat_count; i++) { /* one instance is there at first */
        for (uint32_t k = 1; k < instances[i].count; k++)
            if (enginekit_add(&kit, instances[i].repeat, 0) != RC_OK)
                fail_msg("%s", kit.err.text);
        if (instances[i].count == 0 &&
            enginekit_remove(&kit, arena_text(&kit.arena, "%s[1]", instances[i].repeat)) != RC_OK)
            fail_msg("%s", kit.err.text);
    }
    for (size_t i = 0; i < answer_count; i++)
        if (enginekit_set(&kit, answers[i].ref, answers[i].value) != RC_OK)
            fail_msg("%s: %s", answers[i].ref, kit.err.text);
}

static void warns_of(const char *ref) {
    struct question *warnings = NULL;
    uint32_t count = 0;

    assert_int_equal(engine_warnings(&kit.engine, &kit.arena, &warnings, &count, &kit.err), RC_OK);
    if (count != (ref == NULL ? 0 : 1) || (count == 1 && !view_is(warnings[0].ref, ref)))
        fail_msg("%u warnings, the first of %.*s: %.*s", count, VIEW_PRINT(warnings[0].ref),
                 VIEW_PRINT(warnings[0].warning));
}

/* Finishes the draft, makes a record of it, and computes. */
static struct income_result compute(void) {
    struct xml_limits limits = XML_LIMITS_DEFAULT;
    struct question *problems = NULL;
    struct income_result result;
    struct xml_node *document;
    struct buf answers;
    uint32_t count = 0;

    assert_int_equal(enginekit_set(&kit, "/data/privacy/told", "OK"), RC_OK);
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &problems, &count, &kit.err), RC_OK);
    if (count > 0)
        fail_msg("%.*s: %.*s", VIEW_PRINT(problems[0].ref), VIEW_PRINT(problems[0].error));
    assert_int_equal(xml_tree_parse(view_text(enginekit_xml(&kit, ENGINE_SUBMISSION)), limits,
                                    &form.arena, &document, &kit.err),
                     RC_OK);
    buf_init(&answers, 65536);
    put(&answers, xml_root(document), FORM_NO_PARENT);
    if (household_income(form.form, buf_view(&answers), &standard, (struct date){2024, 8, 1},
                         &form.arena, &result, &kit.err) != RC_OK)
        fail_msg("%s", kit.err.text);
    buf_release(&answers);
    return result;
}

#define COUNT(list)   (sizeof(list) / sizeof((list)[0]))
#define FILL(who, by) fill(who, COUNT(who), by, COUNT(by))
#define MEMBER(n)     "/data/member[" #n "]/"
#define INCOME(n)     "/data/income[" #n "]/"
#define EXPENSE(n)    "/data/expense[" #n "]/"

/* ---- A: an elderly couple, two children's families ---- */

static const struct answer couple[] = {
    {"/data/head/name", "钟秀英"},
    {"/data/home/hukou_nature", "2"},
    {MEMBER(1) "name", "钟秀英"},
    {MEMBER(1) "relation", "02"},
    {MEMBER(1) "id_type", "1"},
    {MEMBER(1) "id_no", "43069919520314001X"},
    {MEMBER(1) "sex", "1"},
    {MEMBER(1) "birth", "1952-03-14"},
    {MEMBER(1) "marital", "20"},
    {MEMBER(1) "health", "10"},
    {MEMBER(1) "labour", "3"},
    {MEMBER(1) "counting/counted", "1"},
    {MEMBER(2) "name", "李桂兰"},
    {MEMBER(2) "relation", "12"},
    {MEMBER(2) "id_type", "1"},
    {MEMBER(2) "id_no", "43069919540722002X"},
    {MEMBER(2) "sex", "2"},
    {MEMBER(2) "birth", "1954-07-22"},
    {MEMBER(2) "marital", "20"},
    {MEMBER(2) "health", "30"},
    {MEMBER(2) "counting/counted", "1"},
    {INCOME(1) "item_code", "B102"},
    {INCOME(1) "owner", "钟秀英"},
    {INCOME(1) "unit", "mu"},
    {INCOME(1) "qty", "2"},
    {INCOME(1) "unit_observed", "mu"},
    {INCOME(1) "qty_observed", "1.5"},
    {INCOME(2) "item_code", "B106"},
    {INCOME(2) "owner", "钟秀英"},
    {INCOME(2) "unit", "mu"},
    {INCOME(2) "qty", "0.5"},
    {INCOME(3) "item_code", "B205"},
    {INCOME(3) "owner", "李桂兰"},
    {INCOME(3) "qty", "20"},
    {INCOME(4) "item_code", "T101"},
    {INCOME(4) "owner", "钟秀英"},
    {INCOME(4) "unit", "month"},
    {INCOME(4) "qty", "12"},
    {INCOME(4) "declared_fen", "183600"},
    {INCOME(5) "item_code", "T101"},
    {INCOME(5) "owner", "李桂兰"},
    {INCOME(5) "unit", "month"},
    {INCOME(5) "qty", "12"},
    {INCOME(5) "declared_fen", "183600"},
    {INCOME(6) "item_code", "T103"},
    {INCOME(6) "unit", "mu"},
    {INCOME(6) "qty", "2"},
    {EXPENSE(1) "kind", "1"},
    {EXPENSE(1) "owner", "李桂兰"},
    {EXPENSE(1) "rigid", "1"},
    {EXPENSE(1) "amount_fen", "900000"},
    {EXPENSE(1) "insurance_paid_fen", "500000"},
    {"/data/supporter[1]/name", "李军"},
    {"/data/supporter[1]/supports", "钟秀英、李桂兰"},
    {"/data/supporter[1]/family_size", "3"},
    {"/data/supporter[1]/annual_income_fen", "8400000"},
    {"/data/supporter[1]/standard_kind", "U"},
    {"/data/supporter[1]/basis", "3"},
    {"/data/supporter[1]/duty_count", "2"},
    {"/data/supporter[2]/name", "李芳"},
    {"/data/supporter[2]/supports", "李桂兰,钟秀英"},
    {"/data/supporter[2]/family_size", "4"},
    {"/data/supporter[2]/annual_income_fen", "4000000"},
    {"/data/supporter[2]/standard_kind", "R"},
    {"/data/supporter[2]/duty_count", "2"},
};

static void the_couple_of_the_dossier_gets_446_yuan(void **state) {
    static const struct instances who[] = {{"/data/member", 2},
                                           {"/data/income", 6},
                                           {"/data/property", 0},
                                           {"/data/expense", 1},
                                           {"/data/supporter", 2}};
    struct income_result result;

    (void)state;
    FILL(who, couple);
    assert_string_equal(enginekit_value(&kit, "/data/situation/size_counted"), "2");
    assert_string_equal(enginekit_value(&kit, EXPENSE(1) "self_paid_fen"), "400000");
    warns_of(NULL);
    result = compute();
    assert_int_equal(result.persons, 2);
    assert_int_equal(result.total_fen, 905000);
    assert_int_equal(result.net_fen, 605000);
    assert_int_equal(result.benefit_fen, 44600);
}

/* ---- B: a mother, two at school, a grandmother in need of care ---- */

static const struct answer mother[] = {
    {"/data/head/name", "陈红"},
    {"/data/home/hukou_nature", "2"},
    {MEMBER(1) "name", "陈红"},
    {MEMBER(1) "relation", "02"},
    {MEMBER(1) "id_type", "1"},
    {MEMBER(1) "id_no", "430699198001051127"},
    {MEMBER(1) "sex", "2"},
    {MEMBER(1) "birth", "1980-01-05"},
    {MEMBER(1) "marital", "30"},
    {MEMBER(1) "health", "10"},
    {MEMBER(1) "labour", "1"},
    {MEMBER(1) "employment", "4"},
    {MEMBER(1) "is_carer", "1"},
    {MEMBER(1) "counting/counted", "1"},
    {MEMBER(2) "name", "何浩"},
    {MEMBER(2) "relation", "20"},
    {MEMBER(2) "id_type", "1"},
    {MEMBER(2) "id_no", "430699200509301019"},
    {MEMBER(2) "sex", "1"},
    {MEMBER(2) "birth", "2005-09-30"},
    {MEMBER(2) "employment", "2"},
    {MEMBER(2) "counting/counted", "1"},
    {MEMBER(3) "name", "何佳"},
    {MEMBER(3) "relation", "30"},
    {MEMBER(3) "id_type", "1"},
    {MEMBER(3) "id_no", "430699201212161208"},
    {MEMBER(3) "sex", "2"},
    {MEMBER(3) "birth", "2012-12-16"},
    {MEMBER(3) "employment", "2"},
    {MEMBER(3) "counting/counted", "1"},
    {MEMBER(4) "name", "周桂英"},
    {MEMBER(4) "relation", "54"},
    {MEMBER(4) "id_type", "9"},
    {MEMBER(4) "sex", "2"},
    {MEMBER(4) "birth", "1946-11-01"},
    {MEMBER(4) "health", "64"},
    {MEMBER(4) "disability/dis_type", "4"},
    {MEMBER(4) "disability/dis_grade", "1"},
    {MEMBER(4) "labour", "3"},
    {MEMBER(4) "counting/counted", "1"},
    {INCOME(1) "item_code", "W102"},
    {INCOME(1) "owner", "陈红"},
    {INCOME(1) "unit", "day"},
    {INCOME(1) "qty", "150"},
    {INCOME(2) "item_code", "B102"},
    {INCOME(2) "owner", "陈红"},
    {INCOME(2) "unit", "mu"},
    {INCOME(2) "qty", "2"},
    {INCOME(2) "loss_pct", "50"},
    {INCOME(3) "item_code", "B104"},
    {INCOME(3) "owner", "陈红"},
    {INCOME(3) "unit", "mu"},
    {INCOME(3) "qty", "2"},
    {INCOME(4) "item_code", "B201"},
    {INCOME(4) "owner", "陈红"},
    {INCOME(4) "unit", "head"},
    {INCOME(4) "qty", "4"},
    {INCOME(5) "item_code", "P104"},
    {INCOME(5) "declared_fen", "20000"},
    {INCOME(6) "item_code", "T101"},
    {INCOME(6) "owner", "周桂英"},
    {INCOME(6) "unit", "month"},
    {INCOME(6) "qty", "12"},
    {INCOME(6) "declared_fen", "183600"},
    {INCOME(7) "item_code", "E103"},
    {INCOME(7) "owner", "何浩"},
    {INCOME(7) "declared_fen", "300000"},
    {INCOME(8) "item_code", "E106"},
    {INCOME(8) "owner", "周桂英"},
    {INCOME(8) "declared_fen", "120000"},
    {EXPENSE(1) "kind", "2"},
    {EXPENSE(1) "owner", "何浩"},
    {EXPENSE(1) "amount_fen", "580000"},
    {EXPENSE(2) "kind", "1"},
    {EXPENSE(2) "owner", "周桂英"},
    {EXPENSE(2) "amount_fen", "960000"},
    {EXPENSE(2) "insurance_paid_fen", "700000"},
    {EXPENSE(3) "kind", "3"},
    {EXPENSE(3) "owner", "周桂英"},
    {EXPENSE(3) "amount_fen", "420000"},
    {EXPENSE(4) "kind", "5"},
    {EXPENSE(4) "amount_fen", "90000"},
};

static void the_mother_of_the_dossier_gets_1075_yuan(void **state) {
    static const struct instances who[] = {{"/data/member", 4},
                                           {"/data/income", 8},
                                           {"/data/property", 0},
                                           {"/data/expense", 4},
                                           {"/data/supporter", 0}};
    struct income_result result;

    (void)state;
    FILL(who, mother);
    warns_of(NULL);
    result = compute();
    assert_int_equal(result.persons, 4);
    assert_int_equal(result.total_fen, 2031000);
    assert_int_equal(result.deducted_fen, 1040000);
    assert_int_equal(result.net_fen, 991000);
    assert_int_equal(result.benefit_fen, 107500);
}

/* ---- C: wages, a car, savings ---- */

static const struct answer workers[] = {
    {"/data/head/name", "刘勇"},
    {"/data/home/hukou_nature", "2"},
    {MEMBER(1) "name", "刘勇"},
    {MEMBER(1) "relation", "02"},
    {MEMBER(1) "sex", "1"},
    {MEMBER(1) "birth", "1972-05-01"},
    {MEMBER(1) "marital", "20"},
    {MEMBER(1) "health", "10"},
    {MEMBER(1) "labour", "1"},
    {MEMBER(1) "counting/counted", "1"},
    {MEMBER(2) "name", "杨梅"},
    {MEMBER(2) "relation", "12"},
    {MEMBER(2) "sex", "2"},
    {MEMBER(2) "birth", "1975-05-01"},
    {MEMBER(2) "marital", "20"},
    {MEMBER(2) "health", "10"},
    {MEMBER(2) "labour", "1"},
    {MEMBER(2) "work_place", "4"},
    {MEMBER(2) "counting/counted", "1"},
    {MEMBER(3) "name", "刘欣"},
    {MEMBER(3) "relation", "30"},
    {MEMBER(3) "sex", "2"},
    {MEMBER(3) "birth", "2007-05-01"},
    {MEMBER(3) "employment", "2"},
    {MEMBER(3) "counting/counted", "1"},
    {INCOME(1) "item_code", "W101"},
    {INCOME(1) "owner", "杨梅"},
    {INCOME(1) "method", "1"},
    {INCOME(1) "document_fen", "4200000"},
    {INCOME(2) "item_code", "B102"},
    {INCOME(2) "owner", "刘勇"},
    {INCOME(2) "unit", "mu"},
    {INCOME(2) "qty", "4"},
    {INCOME(3) "item_code", "P101"},
    {INCOME(3) "unit", "mu"},
    {INCOME(3) "qty", "3"},
    {INCOME(4) "item_code", "P103"},
    {INCOME(4) "declared_fen", "90000"},
    {"/data/property[1]/kind", "2"},
    {"/data/property[1]/vehicle/vehicle_kind", "2"},
    {"/data/property[1]/declared_fen", "4000000"},
    {"/data/property[2]/kind", "4"},
    {"/data/property[2]/value_fen", "6000000"},
    {EXPENSE(1) "kind", "2"},
    {EXPENSE(1) "owner", "刘欣"},
    {EXPENSE(1) "amount_fen", "160000"},
};

static void the_workers_of_the_dossier_get_nothing(void **state) {
    static const struct instances who[] = {{"/data/member", 3},
                                           {"/data/income", 4},
                                           {"/data/property", 2},
                                           {"/data/expense", 1},
                                           {"/data/supporter", 0}};
    struct income_result result;

    (void)state;
    FILL(who, workers);
    warns_of("/data/property[1]/kind"); /* the car */
    result = compute();
    assert_int_equal(result.total_fen, 4398000);
    assert_int_equal(result.net_fen, 4238000);
    assert_int_equal(result.benefit_fen, 0);
    assert_true(result.has_car);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_couple_of_the_dossier_gets_446_yuan),
        TEST(the_mother_of_the_dossier_gets_1075_yuan),
        TEST(the_workers_of_the_dossier_get_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
