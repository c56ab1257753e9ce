/* Answers as JSON into a draft; a reading as values, conflicts and problems; paths both ways. */
#include "schema/form/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/change.h"
#include "schema/merge.h"
#include "tests/support/formkit.h"

static const char survey_text[] =
    "type,name,label::中文 (zh),label::English (en),required,relevant,bind::yg:merge,"
    "bind::yg:group,bind::yg:sensitive,bind::yg:key,bind::yg:rank,bind::yg:seal\n"
    "begin group,head,户主,Head,,,,,,,,\n"
    "text,name,户主姓名,Name,yes,,,,,,,\n"
    "text,phone,电话,Phone,,,latest,,yes,,,\n"
    "end group,,,,,,,,,,,\n"
    "decimal,area,面积,Area,,,,,,,,visit\n"
    "select_multiple item,items,物品,Things,,,,,,,,\n"
    "select_multiple item,causes,原因,Causes,,,union,,,,,\n"
    "text,remarks,备注,Remarks,,,union,,,,,\n"
    "text,why,理由,Why,yes,${area} > 5,,,,,,\n"
    "begin repeat,member,成员,Member,,,,,,,,\n"
    "text,name,姓名,Name,yes,,,,yes,,,\n"
    "select_one kind,id_type,证件,Document,,,,id,,,,\n"
    "text,id_no,号码,Number,,,,id,yes,yes,,\n"
    "date,birth,出生,Birth,,,authority,,yes,,document,\n"
    "begin repeat,job,工作,Job,,,,,,,,\n"
    "begin group,money,收入,Money,,,,,,,,\n"
    "integer,pay,工资,Pay,yes,,,,,,,\n"
    "end group,,,,,,,,,,,\n"
    "end repeat,,,,,,,,,,,\n"
    "end repeat,,,,,,,,,,,\n";

static const char choices_text[] =
    "list_name,name,label::中文 (zh),label::English (en)\nkind,1,身份证,Card\nkind,2,护照,Pass\n"
    "item,1,收音机,Radio\nitem,2,电视,Television\nitem,10,冰箱,Refrigerator\n";

static const char answers_text[] =
    "{\"head\":{\"name\":\"张𬍛\",\"phone\":\"13800001234\"},\"area\":12.50,"
    "\"items\":[\"10\",1],\"causes\":[\"2\",\"1\"],\"remarks\":\"first\",\"why\":null,"
    "\"member\":[{\"name\":\"李四\",\"id_type\":1,\"id_no\":\"43069919520314001X\","
    "\"birth\":\"1952-03-14\",\"job\":[{\"money\":{\"pay\":3500}},{\"money/pay\":1e3}]},"
    "{\"name\":\"王五\"}]}";

static const struct dot create_dot = {.actor = 0xA1, .number = 1};

struct world {
    struct formkit kit;
    struct record record;
    struct reading reading;
    struct buf problems;
    struct err err;
};

static struct world world;

static int setup(void **state) {
    (void)state;
    world = (struct world){0};
    formkit_init(&world.kit, LANG_EN);
    err_init(&world.err, LANG_EN);
    buf_init(&world.problems, 65536);
    if (formkit_compile(&world.kit, survey_text, choices_text, "form_id\ntest\n", NULL, 1) != RC_OK)
        fail_msg("%s", world.kit.err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_release(&world.problems);
    formkit_release(&world.kit);
    return 0;
}

static void must(enum rc rc) {
    if (rc != RC_OK)
        fail_msg("%s", world.err.text);
}

static enum rc fill(const char *text, struct edit *edit) {
    struct json *json;
    enum rc rc;

    buf_clear(&world.problems);
    must(edit_start(edit, CHANGE_CREATE, create_dot, 7, world.kit.form, NULL, NULL,
                    &world.kit.arena, &world.err));
    must(edit_set_area(edit, 430626100200, &world.err));
    must(json_parse(view_text(text), JSON_LIMITS_DEFAULT, &json, &world.err));
    rc = answers_fill(edit, (struct instance_id){0}, FORM_NO_PARENT, json, &world.problems,
                      &world.err);
    json_free(json);
    return rc;
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
}

static void read_again(void) {
    must(reading_make(&world.record, world.kit.form, &world.kit.arena, &world.reading, &world.err));
}

static void create(const char *text) {
    struct edit edit;

    must(fill(text, &edit));
    apply(&edit, 1000);
    read_again();
}

/* An edit by another actor against the state as it was after the create. */
static void edit_one(const struct record *seen, uint64_t actor, uint64_t person, const char *path,
                     const char *text, int64_t time_ms) {
    struct reading reading;
    struct instance_id instance;
    struct value value;
    struct edit edit;
    uint16_t field;

    must(reading_make(seen, world.kit.form, &world.kit.arena, &reading, &world.err));
    must(edit_start(&edit, CHANGE_EDIT, (struct dot){.actor = actor, .number = 1}, person,
                    world.kit.form, seen, &reading, &world.kit.arena, &world.err));
    must(answers_path(world.kit.form, &reading, view_text(path), &instance, &field, &world.err));
    must(form_value_parse(world.kit.form, form_field_by_number(world.kit.form, field),
                          view_text(text), &world.kit.arena, &value, &world.err));
    must(edit_set(&edit, instance, field, &value, 0, &world.err));
    apply(&edit, time_ms);
    read_again();
}

static void expect_json(struct json *json, const char *expected) {
    struct buf text;

    buf_init(&text, 65536);
    json_print(json, false, &text);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
    json_free(json);
}

static void expect_values(bool mask, const char *expected) {
    struct json *json = json_object();

    must(answers_values(&world.reading, mask, json, &world.err));
    expect_json(json, expected);
}

#define FIRST  "member[00000000000000a1-1.1]"
#define SECOND "member[00000000000000a1-1.4]"

static void answers_come_back_as_they_went_in(void **state) {
    (void)state;
    create(answers_text);
    expect_values(false, "{\"head/name\":\"张𬍛\",\"head/phone\":\"13800001234\",\"area\":12.50,"
                         "\"items\":\"1 10\",\"causes\":[\"1\",\"2\"],\"remarks\":[\"first\"],"
                         "\"" FIRST "/name\":\"李四\",\"" FIRST "/id_type\":\"1\","
                         "\"" FIRST "/id_no\":\"43069919520314001X\","
                         "\"" FIRST "/birth\":\"1952-03-14\","
                         "\"" FIRST "/job[00000000000000a1-1.2]/money/pay\":3500,"
                         "\"" FIRST "/job[00000000000000a1-1.3]/money/pay\":1000,"
                         "\"" SECOND "/name\":\"王五\"}");
}

static void sensitive_answers_are_masked(void **state) {
    (void)state;
    create(answers_text);
    expect_values(true, "{\"head/name\":\"张𬍛\",\"head/phone\":\"1**********\",\"area\":12.50,"
                        "\"items\":\"1 10\",\"causes\":[\"1\",\"2\"],\"remarks\":[\"first\"],"
                        "\"" FIRST "/name\":\"李*\",\"" FIRST "/id_type\":\"1\","
                        "\"" FIRST "/id_no\":\"****\",\"" FIRST "/birth\":\"****\","
                        "\"" FIRST "/job[00000000000000a1-1.2]/money/pay\":3500,"
                        "\"" FIRST "/job[00000000000000a1-1.3]/money/pay\":1000,"
                        "\"" SECOND "/name\":\"王*\"}");
}

static void ranks_of_the_form_are_written(void **state) {
    struct edit edit;
    bool seen = false;

    (void)state;
    must(fill(answers_text, &edit));
    for (uint32_t i = 0; i < edit.entry_count; i++) {
        const struct form_field *field =
            form_field_by_number(world.kit.form, edit.entries[i].field);

        if (field != NULL && view_is(field->path, "member/birth")) {
            assert_int_equal(edit.entries[i].rank, 4);
            seen = true;
        }
    }
    assert_true(seen);
}

static void wrong_answers_are_all_listed(void **state) {
    struct edit edit;

    (void)state;
    assert_int_equal(
        fill("{\"head\":{\"nmae\":\"x\"},\"area\":\"many\",\"items\":[\"3\"],\"colour\":1,"
             "\"remarks\":[1,true],\"causes\":{},\"why\":[\"a\"],"
             "\"member\":[{\"name\":\"A\",\"job\":[{}]},{\"id_type\":\"card\"},5],"
             "\"member/name\":\"x\"}",
             &edit),
        RC_INVALID);
    assert_string_equal(
        buf_text(&world.problems),
        "head/nmae: the form has no question with this name here; did you mean \"name\"?\n"
        "area: Area: \"many\" is not a number; write digits with at most one point and 18 digits "
        "behind it, such as 12.50\n"
        "items: Things: \"3\" is not a choice of item; choose from: 1, 2, 10\n"
        "colour: the form has no question with this name here\n"
        "remarks: true and false are no answers; write the name of a choice, or OK\n"
        "causes: one answer is expected here, as text or number\n"
        "why: one answer is expected here, as text or number\n"
        "member[1]/job[1]/money/pay: Pay: an answer is required\n"
        "member[2]/id_type: Document: \"card\" is not a choice of kind; choose from: 1, 2\n"
        "member[2]/name: Name: an answer is required\n"
        "member[3]: a repeat is written as an array of objects\n"
        "member/name: the form has no question with this name here\n"
        "head/name: Name: an answer is required\n");
    assert_string_equal(
        world.err.text,
        "head/nmae: the form has no question with this name here; did you mean \"name\"?");
}

static void wrong_answers_in_chinese(void **state) {
    struct edit edit;

    (void)state;
    world.err.lang = LANG_ZH;
    assert_int_equal(fill("{\"head\":{\"name\":\"甲\"},\"member\":[{}]}", &edit), RC_INVALID);
    assert_string_equal(world.err.text, "member[1]/name: 姓名：必填");
    assert_int_equal(fill("{\"head\":{\"name\":\"甲\"},\"member\":{}}", &edit), RC_INVALID);
    assert_string_equal(world.err.text, "member: 重复组应写成对象的数组");
}

static void paths_lead_to_cells_and_back(void **state) {
    static const char *const paths[] = {
        "head/name",
        "@area",
        "@same",
        "@seal/visit",
        "#999",
        FIRST "/name",
        FIRST,
        FIRST "/@same",
        FIRST "/job[00000000000000a1-1.2]/money/pay",
        FIRST "/job[00000000000000a1-1.2]",
    };
    struct instance_id instance;
    struct buf text;
    uint16_t field;

    (void)state;
    create(answers_text);
    buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        must(answers_path(world.kit.form, &world.reading, view_text(paths[i]), &instance, &field,
                          &world.err));
        buf_clear(&text);
        must(answers_path_text(&world.reading, instance, field, &text, &world.err));
        assert_string_equal(buf_text(&text), paths[i]);
    }
    buf_release(&text);
}

static void wrong_paths_say_what_is_meant(void **state) {
    static const struct {
        const char *path;
        enum rc rc;
        const char *text;
    } wrongs[] = {
        {"head/nam", RC_NOT_FOUND, "head/nam: the form has no such question; see show"},
        {"", RC_INVALID, "a path is missing or too long; write it like head/name"},
        {"head", RC_INVALID,
         "head: this is a group and holds no answer of its own; name a question in it"},
        {"member/name", RC_INVALID,
         "member/name: this lies in a repeat; name the instance, such as member[ID]/name"},
        {"member/job/money/pay", RC_INVALID,
         "member/job/money/pay: this lies in a repeat; name the instance, such as "
         "member/job[ID]/money/pay"},
        {FIRST "/job/money/pay", RC_INVALID,
         FIRST "/job/money/pay: this lies in a repeat; name the instance, such as "
               "member/job[ID]/money/pay"},
        {"member[1]/name", RC_INVALID,
         "member[1]/name: behind [ stands the id of an instance and then ], as show prints it"},
        {"member[00000000000000a1-1.1", RC_INVALID,
         "member[00000000000000a1-1.1: behind [ stands the id of an instance and then ], as show "
         "prints it"},
        {"member[00000000000000a1-1.9]/name", RC_NOT_FOUND,
         "member[00000000000000a1-1.9]/name: there is no such instance; see its id with show"},
        {"member[00000000000000a1-1.2]/name", RC_NOT_FOUND,
         "member[00000000000000a1-1.2]/name: there is no such instance; see its id with show"},
        {SECOND "/job[00000000000000a1-1.2]/money/pay", RC_NOT_FOUND,
         SECOND "/job[00000000000000a1-1.2]/money/pay: there is no such instance; see its id with "
                "show"},
        {"head[00000000000000a1-1.1]/name", RC_INVALID,
         "head[00000000000000a1-1.1]/name: \"head\" is not a repeat, so it has no instances"},
        {"@seal/none", RC_NOT_FOUND, "@seal/none: the form has no such question; see show"},
    };
    struct instance_id instance;
    uint16_t field;

    (void)state;
    create(answers_text);
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        assert_int_equal(answers_path(world.kit.form, &world.reading, view_text(wrongs[i].path),
                                      &instance, &field, &world.err),
                         wrongs[i].rc);
        assert_string_equal(world.err.text, wrongs[i].text);
    }
}

static struct view name_of(void *context, uint64_t person) {
    (void)context;
    return person == 8 ? view_text("李队") : view_of(NULL, 0);
}

static void conflicts_show_both_sides(void **state) {
    struct json *json = json_object();
    struct record seen;

    (void)state;
    create(answers_text);
    seen = world.record;
    edit_one(&seen, 0xB2, 8, "head/name", "张三", 2000);
    edit_one(&seen, 0xC3, 9, "head/name", "张山", 3000);
    edit_one(&seen, 0xD4, 8, "head/phone", "1", 2000);
    edit_one(&seen, 0xE5, 9, "head/phone", "2", 3000);
    must(answers_conflicts(&world.record, &world.reading, true, name_of, NULL, json, &world.err));
    expect_json(json, "{\"head/name\":[{\"value\":\"张三\",\"dot\":\"00000000000000b2-1\","
                      "\"author\":\"李队\",\"at\":\"1970-01-01T08:00:02+08:00\",\"rank\":0,"
                      "\"kind\":\"field\"},{\"value\":\"张山\",\"dot\":\"00000000000000c3-1\","
                      "\"author\":\"0000000000000009\",\"at\":\"1970-01-01T08:00:03+08:00\","
                      "\"rank\":0,\"kind\":\"field\"}]}");
    /* The conflict is left out of the values; the policy chose the later phone. */
    json = json_object();
    must(answers_values(&world.reading, false, json, &world.err));
    assert_null(json_get(json, "head/name"));
    assert_string_equal(json_text_or(json_get(json, "head/phone"), ""), "2");
    json_free(json);
}

static void a_group_conflicts_field_by_field(void **state) {
    struct json *json = json_object();
    struct record seen;

    (void)state;
    create(answers_text);
    seen = world.record;
    edit_one(&seen, 0xB2, 8, FIRST "/id_no", "430699194611010033", 2000);
    edit_one(&seen, 0xC3, 9, FIRST "/id_type", "2", 3000);
    must(answers_conflicts(&world.record, &world.reading, false, NULL, NULL, json, &world.err));
    expect_json(json,
                "{\"" FIRST "/id_type\":[{\"value\":\"1\",\"dot\":\"00000000000000b2-1\","
                "\"author\":\"0000000000000008\",\"at\":\"1970-01-01T08:00:02+08:00\",\"rank\":0,"
                "\"kind\":\"group\"},{\"value\":\"2\",\"dot\":\"00000000000000c3-1\","
                "\"author\":\"0000000000000009\",\"at\":\"1970-01-01T08:00:03+08:00\",\"rank\":0,"
                "\"kind\":\"group\"}],\"" FIRST "/id_no\":[{\"value\":\"430699194611010033\","
                "\"dot\":\"00000000000000b2-1\",\"author\":\"0000000000000008\","
                "\"at\":\"1970-01-01T08:00:02+08:00\",\"rank\":0,\"kind\":\"group\"},"
                "{\"value\":\"43069919520314001X\",\"dot\":\"00000000000000c3-1\","
                "\"author\":\"0000000000000009\",\"at\":\"1970-01-01T08:00:03+08:00\",\"rank\":0,"
                "\"kind\":\"group\"}]}");
}

static void problems_of_a_reading(void **state) {
    uint32_t count;
    struct record seen;
    struct formkit next;

    (void)state;
    create(answers_text);
    must(answers_problems(&world.reading, &world.problems, &count, &world.err));
    assert_int_equal(count, 0);
    assert_string_equal(buf_text(&world.problems), "");
    seen = world.record;
    edit_one(&seen, 0xB2, 8, SECOND "/name", "", 2000);
    /* A later version of the form no longer has one of the choices. */
    formkit_init(&next, LANG_EN);
    assert_int_equal(formkit_compile(&next, survey_text,
                                     "list_name,name,label\nkind,2,Pass\nitem,1,R\nitem,2,T\n",
                                     "form_id\ntest\n", world.kit.form, 2),
                     RC_OK);
    must(reading_make(&world.record, next.form, &world.kit.arena, &world.reading, &world.err));
    must(answers_problems(&world.reading, &world.problems, &count, &world.err));
    assert_string_equal(buf_text(&world.problems),
                        "items: Things: \"10\" is not a choice of item; choose from: 1, 2\n" FIRST
                        "/id_type: Document: \"1\" is not a choice of kind; choose from: 2\n" SECOND
                        "/name: Name: an answer is required\n");
    assert_int_equal(count, 3);
    formkit_release(&next);
}

/* Without the form, everything still has a name, and nothing is shown that may be sensitive. */
static void an_unknown_form_is_shown_by_numbers(void **state) {
    struct json *json = json_object();
    struct instance_id instance;
    uint16_t field;

    (void)state;
    create("{\"head\":{\"name\":\"张三\"}}");
    must(reading_make(&world.record, NULL, &world.kit.arena, &world.reading, &world.err));
    expect_values(false, "{\"#33\":\"张三\"}");
    expect_values(true, "{\"#33\":\"****\"}");
    must(answers_conflicts(&world.record, &world.reading, true, NULL, NULL, json, &world.err));
    expect_json(json, "{}");
    must(answers_path(NULL, &world.reading, view_text("#33"), &instance, &field, &world.err));
    assert_int_equal(field, 33);
    assert_int_equal(
        answers_path(NULL, &world.reading, view_text("head/name"), &instance, &field, &world.err),
        RC_UNSUPPORTED);
}

/* The shipped household takes what a visit brings home. */
static void a_household_is_filled(void **state) {
    struct formkit household;
    struct edit edit;
    struct json *json;
    enum rc rc;

    (void)state;
    formkit_init(&household, LANG_EN);
    assert_int_equal(formkit_folder(&household, "schema/forms/household"), RC_OK);
    must(edit_start(&edit, CHANGE_CREATE, create_dot, 7, household.form, NULL, NULL,
                    &household.arena, &world.err));
    must(edit_set_area(&edit, 430626100200, &world.err));
    must(json_parse(
        view_text("{\"head\":{\"name\":\"欧阳修\",\"phone\":\"13800001234\"},"
                  "\"home\":{\"hukou_nature\":\"2\",\"geo\":\"29.3572 113.1289 40 5\"},"
                  "\"situation\":{\"cause_main\":\"1\",\"cause_other\":[\"2\",\"99\"]},"
                  "\"member\":[{\"name\":\"欧阳修\",\"relation\":\"02\",\"id_type\":\"1\","
                  "\"id_no\":\"43069919520314001X\",\"sex\":\"1\",\"birth\":\"1952-03-14\","
                  "\"counting\":{\"in_hukou\":\"1\",\"counted\":\"1\"},"
                  "\"special\":[\"1\"]}],"
                  "\"income\":[{\"item_code\":\"B105\",\"qty\":2.5,\"unit\":\"mu\","
                  "\"declared_fen\":87500}]}"),
        JSON_LIMITS_DEFAULT, &json, &world.err));
    rc = answers_fill(&edit, (struct instance_id){0}, FORM_NO_PARENT, json, &world.problems,
                      &world.err);
    if (rc != RC_OK)
        fail_msg("%s", buf_text(&world.problems));
    json_free(json);
    formkit_release(&household);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(answers_come_back_as_they_went_in),
        TEST(sensitive_answers_are_masked),
        TEST(ranks_of_the_form_are_written),
        TEST(wrong_answers_are_all_listed),
        TEST(wrong_answers_in_chinese),
        TEST(paths_lead_to_cells_and_back),
        TEST(wrong_paths_say_what_is_meant),
        TEST(conflicts_show_both_sides),
        TEST(a_group_conflicts_field_by_field),
        TEST(problems_of_a_reading),
        TEST(an_unknown_form_is_shown_by_numbers),
        TEST(a_household_is_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
