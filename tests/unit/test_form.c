/* Compiled forms: canonical JSON in and out, hostile JSON, lookups, and answers typed and checked.
 */
#include "schema/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/limits.h"
#include "tests/support/formkit.h"

static const char survey_text[] = "type,name,label::中文 (zh),label::English (en),bind::yg:merge\n"
                                  "text,name,姓名,Name,\n"
                                  "integer,wage,工资,Wage,\n"
                                  "decimal,area,面积,Area,\n"
                                  "date,birth,出生日期,Date of birth,\n"
                                  "time,at,时间,Time,\n"
                                  "datetime,begun,开始,Begun,\n"
                                  "select_one relation,relation,关系,Relation,\n"
                                  "select_multiple item,items,物品,Things,\n"
                                  "select_multiple item,marks,标记,Marks,union\n"
                                  "select_one_from_file v.csv,village,村,Village,\n"
                                  "geopoint,place,位置,Place,\n"
                                  "image,photo,照片,Photo,\n"
                                  "acknowledge,ok,确认,Agreed,\n"
                                  "note,n,说明,Note,\n"
                                  "begin group,g,组,Group,\n"
                                  "begin repeat,member,成员,Member,\n"
                                  "text,name,姓名,Name,\n"
                                  "end repeat,,,,\n"
                                  "end group,,,,\n";

static const char choices_text[] =
    "list_name,name,label::中文 (zh),label::English (en)\n"
    "relation,head,户主,Head\nrelation,spouse,配偶,Spouse\nrelation,daughter,女儿,Daughter\n"
    "item,1,收音机,Radio\nitem,2,电视,Television\nitem,10,冰箱,Refrigerator\n";

#define SETTINGS "form_id,version\ntest,1\n"

static struct formkit kit;

static int setup(void **state) {
    (void)state;
    formkit_init(&kit, LANG_EN);
    if (formkit_compile(&kit, survey_text, choices_text, SETTINGS, NULL, 1) != RC_OK)
        fail_msg("%s", kit.err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    formkit_release(&kit);
    return 0;
}

static const struct form_field *at(const char *path) {
    return form_field_by_path(kit.form, view_text(path));
}

/* ---- the JSON ---- */

static void fields_are_found(void **state) {
    (void)state;
    assert_ptr_equal(form_field_by_number(kit.form, 32), &kit.form->fields[0]);
    assert_null(form_field_by_number(kit.form, 31));
    assert_null(form_field_by_number(kit.form, 65535));
    for (uint32_t i = 0; i < kit.form->field_count; i++) {
        const struct form_field *field = &kit.form->fields[i];

        assert_ptr_equal(form_field_by_path(kit.form, field->path), field);
        assert_ptr_equal(form_field_by_number(kit.form, field->number), field);
    }
    assert_non_null(at("g/member/name"));
    assert_null(at("member/name"));
    assert_null(at(""));
    assert_int_equal(at("g/member/name")->repeat, at("g/member") - kit.form->fields);
    assert_false(form_field_holds_value(at("g")));
    assert_false(form_field_holds_value(at("n")));
    assert_true(form_field_holds_value(at("name")));
}

static void the_same_bytes_give_the_same_form(void **state) {
    struct formkit again;

    (void)state;
    formkit_init(&again, LANG_EN);
    assert_int_equal(formkit_compile(&again, survey_text, choices_text, SETTINGS, NULL, 1), RC_OK);
    assert_int_equal(again.form->id, kit.form->id);
    assert_true(view_equal(buf_view(&again.json), buf_view(&kit.json)));
    assert_int_equal(formkit_compile(&again, survey_text, choices_text, SETTINGS, NULL, 2), RC_OK);
    assert_true(again.form->id != kit.form->id);
    formkit_release(&again);
}

/* Texts survive whatever they hold. */
static void texts_survive(void **state) {
    struct formkit own;
    struct buf survey;

    (void)state;
    formkit_init(&own, LANG_EN);
    buf_init(&survey, 4096);
    buf_add_text(&survey, "type,name,label\ntext,q,\"x\"\"a\\b\"\" \t\r\n\x01\x1f\x7f < > & "
                          "\xE2\x80\xA8 \xF0\xAC\x8D\x9B 龘x\"\n");
    assert_int_equal(formkit_compile(&own, buf_text(&survey), NULL, SETTINGS, NULL, 1), RC_OK);
    assert_true(view_is(own.form->fields[0].label.by_language[0],
                        "x\"a\\b\" \t\r\n\x01\x1f\x7f < > & \xE2\x80\xA8 \xF0\xAC\x8D\x9B 龘x"));
    assert_non_null(
        strstr(buf_text(&own.json), "x\\\"a\\\\b\\\" \\t\\r\\n\\u0001\\u001f\x7f < > &"));
    buf_release(&survey);
    formkit_release(&own);
}

static enum rc load(struct view json, struct err *err) {
    struct arena arena;
    struct form *form;
    enum rc rc;

    err_init(err, LANG_EN);
    arena_init(&arena, 16u * 1024 * 1024);
    rc = form_load(json, &arena, &form, err);
    assert_true((rc == RC_OK) == (form != NULL));
    arena_release(&arena);
    return rc;
}

/* Replaces the first `from` in the compiled JSON and loads the result. */
static enum rc load_changed(const char *from, const char *to, struct err *err) {
    const char *text = buf_text(&kit.json), *found = strstr(text, from);
    struct buf changed;
    enum rc rc;

    if (found == NULL)
        fail_msg("%s is not in the form", from);
    buf_init(&changed, 1024 * 1024);
    buf_add(&changed, text, (size_t)(found - text));
    buf_add_text(&changed, to);
    buf_add_text(&changed, found + strlen(from));
    rc = load(buf_view(&changed), err);
    buf_release(&changed);
    return rc;
}

/* What a form shows stands behind all else, by name, with a whole hash. */
static void media_are_listed_by_name(void **state) {
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define GOAT "{\"name\":\"goat.jpg\",\"hash\":\"" HASH "\",\"bytes\":7}"
#define PIG  "{\"name\":\"pig.jpg\",\"hash\":\"" HASH "\",\"bytes\":8388608}"
    static const struct {
        const char *list;
        enum rc rc;
    } cases[] = {
        {"[" GOAT "," PIG "]", RC_OK},
        {"[" PIG "," GOAT "]", RC_INVALID},
        {"[" GOAT "," GOAT "]", RC_INVALID},
        {"[]", RC_INVALID},
        {"[{\"name\":\"\",\"hash\":\"" HASH "\",\"bytes\":7}]", RC_INVALID},
        {"[{\"name\":\"a\",\"hash\":\"0011\",\"bytes\":7}]", RC_INVALID},
        {"[{\"name\":\"a\",\"hash\":\"" HASH "\",\"bytes\":8388609}]", RC_INVALID},
        {"[{\"name\":\"a\",\"hash\":\"" HASH "\"}]", RC_INVALID},
    };
    struct view json = buf_view(&kit.json);
    struct form *form = NULL;
    struct arena arena;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1024 * 1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&text);
        buf_add(&text, json.data, json.size - 1);
        buf_addf(&text, ",\"media\":%s}", cases[i].list);
        assert_int_equal(load(buf_view(&text), &err), cases[i].rc);
    }
    buf_clear(&text);
    buf_add(&text, json.data, json.size - 1);
    buf_addf(&text, ",\"media\":%s}", cases[0].list);
    arena_init(&arena, 16u * 1024 * 1024);
    assert_int_equal(form_load(buf_view(&text), &arena, &form, &err), RC_OK);
    assert_int_equal(form->media_count, 2);
    assert_int_equal(form_medium_named(form, view_text("pig.jpg"))->size, 8388608);
    assert_null(form_medium_named(form, view_text("cow.jpg")));
    arena_release(&arena);
    buf_release(&text);
}

static void hostile_json_is_refused(void **state) {
    static const struct {
        const char *from, *to;
        enum rc rc;
    } changes[] = {
        {"{\"yangguang_form\":1", "{\"yangguang_form\":2", RC_UNSUPPORTED},
        {"{\"yangguang_form\":1", "{\"yangguang_form\":x", RC_INVALID},
        {"{\"yangguang_form\":1", " {\"yangguang_form\":1", RC_INVALID},
        {",\"version\":\"1\"", "", RC_INVALID},
        {",\"version\":\"1\"", ",\"version\":1", RC_INVALID},
        {",\"version\":\"1\"", ",\"version\":\"\\u0031\"", RC_INVALID},
        {",\"version\":\"1\"", ",\"version\":\"\\", RC_INVALID},
        {",\"version\":\"1\"", ",\"version\":\"\xff\"", RC_INVALID},
        {",\"sequence\":1", ",\"sequence\":0", RC_INVALID},
        {",\"sequence\":1", ",\"sequence\":01", RC_INVALID},
        {",\"sequence\":1", ",\"sequence\":4294967296", RC_INVALID},
        {",\"sequence\":1", ",\"sequence\":99999999999999999999", RC_INVALID},
        {"\"audience\":\"field\"", "\"audience\":\"all\"", RC_INVALID},
        {"\"default_language\":0", "\"default_language\":2", RC_INVALID},
        {"\"languages\":[\"中文 (zh)\",\"English (en)\"]", "\"languages\":[]", RC_INVALID},
        {"\"languages\":[\"中文 (zh)\",\"English (en)\"]", "\"languages\":[\"a\"]", RC_LIMIT},
        {"\"next_number\":49", "\"next_number\":48", RC_INVALID},
        {"\"next_number\":49", "\"next_number\":65537", RC_INVALID},
        {"\"next_number\":49",
         "\"next_number\":49,\"retired\":[{\"number\":40,\"path\":\"x\",\"type\":\"text\"}]",
         RC_INVALID},
        {"\"next_number\":49",
         "\"next_number\":49,\"retired\":[{\"number\":49,\"path\":\"x\",\"type\":\"text\"}]",
         RC_INVALID},
        {"{\"number\":32,\"type\":\"text\"", "{\"number\":31,\"type\":\"text\"", RC_INVALID},
        {"{\"number\":32,\"type\":\"text\"", "{\"number\":33,\"type\":\"text\"", RC_INVALID},
        {"{\"number\":32,\"type\":\"text\"", "{\"number\":32,\"type\":\"blob\"", RC_INVALID},
        {"\"name\":\"wage\"", "\"name\":\"name\"", RC_INVALID},
        {"\"name\":\"wage\"", "\"name\":\"a/b\"", RC_INVALID},
        {"\"name\":\"wage\"", "\"name\":\"wage\",\"parent\":1", RC_INVALID},
        {"\"name\":\"wage\"", "\"name\":\"wage\",\"parent\":15", RC_INVALID},
        {"\"name\":\"member\",\"parent\":14", "\"name\":\"member\",\"parent\":4294967295",
         RC_INVALID},
        {"\"name\":\"name\",\"parent\":15", "\"name\":\"name\",\"parent\":3", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"policy\":\"human\"", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"policy\":\"newest\"", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"scope\":0", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"rank\":9", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"merge_group\":33", RC_OK},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"merge_group\":32", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"list\":0", RC_INVALID},
        {"\"list\":0", "\"list\":2", RC_INVALID},
        {"\"written\":\"integer\"", "\"written\":\"integer\",\"surprise\":true", RC_INVALID},
    };
    struct err err;

    (void)state;
    assert_int_equal(load(buf_view(&kit.json), &err), RC_OK);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        enum rc rc = load_changed(changes[i].from, changes[i].to, &err);

        if (rc != changes[i].rc)
            fail_msg("%s -> %s: %s %s", changes[i].from, changes[i].to, rc_name(rc), err.text);
        assert_true((rc == RC_OK) == (err.text[0] == '\0'));
    }
}

static void every_cut_and_every_flip_is_refused_or_harmless(void **state) {
    struct err err;
    uint8_t *copy = malloc(kit.json.size);

    (void)state;
    assert_non_null(copy);
    for (size_t size = 0; size < kit.json.size; size += 7)
        assert_int_not_equal(load(view_slice(buf_view(&kit.json), 0, size), &err), RC_OK);
    memcpy(copy, kit.json.data, kit.json.size);
    for (size_t i = 0; i < kit.json.size; i += 5) {
        copy[i] ^= (uint8_t)(1u << (i % 8));
        (void)load(view_of(copy, kit.json.size),
                   &err); /* some flips change a label: still a form */
        copy[i] = kit.json.data[i];
    }
    free(copy);
}

static void deep_forms_are_refused(void **state) {
    struct buf survey;
    struct formkit own;

    (void)state;
    formkit_init(&own, LANG_EN);
    buf_init(&survey, 65536);
    buf_add_text(&survey, "type,name,label\n");
    for (int i = 0; i < 9; i++)
        buf_addf(&survey, "begin repeat,r%d,R\n", i);
    buf_add_text(&survey, "text,a,A\n");
    for (int i = 0; i < 9; i++)
        buf_add_text(&survey, "end repeat,,\n");
    assert_int_equal(formkit_compile(&own, buf_text(&survey), NULL, SETTINGS, NULL, 1), RC_LIMIT);
    assert_string_equal(own.err.text, "form, field r8: repeats nest at most 8 deep");
    buf_release(&survey);
    formkit_release(&own);
}

/* ---- answers ---- */

static enum rc parse(const char *path, const char *text, struct value *value, struct err *err,
                     enum lang lang) {
    err_init(err, lang);
    return form_value_parse(kit.form, at(path), view_text(text), &kit.arena, value, err);
}

static void good_answers(void **state) {
    static const struct {
        const char *path, *text;
        uint8_t type;
        const char *canonical;
    } answers[] = {
        {"name", " 欧阳𬍛 ", VALUE_TEXT, "欧阳𬍛"},
        {"name", "１２号", VALUE_TEXT, "12号"},
        {"name", "（甲）", VALUE_TEXT, "（甲）"},
        {"wage", "12", VALUE_INT, "12"},
        {"wage", "-7", VALUE_INT, "-7"},
        {"wage", "+7", VALUE_INT, "7"},
        {"wage", "007", VALUE_INT, "7"},
        {"wage", "12.0", VALUE_INT, "12"},
        {"wage", "１２０", VALUE_INT, "120"},
        {"wage", "9223372036854775807", VALUE_INT, "9223372036854775807"},
        {"area", "1.50", VALUE_DECIMAL, "1.50"},
        {"area", "3", VALUE_DECIMAL, "3"},
        {"area", "-0.000000000000000001", VALUE_DECIMAL, "-0.000000000000000001"},
        {"area", "１．５", VALUE_DECIMAL, "1.5"},
        {"birth", "1952-03-14", VALUE_DATE, "1952-03-14"},
        {"birth", "1952/3/4", VALUE_DATE, "1952-03-04"},
        {"birth", "1952年3月14日", VALUE_DATE, "1952-03-14"},
        {"at", "09:30", VALUE_TEXT, "09:30:00"},
        {"at", "9:30", VALUE_TEXT, "09:30:00"},
        {"at", "23:59:59.250", VALUE_TEXT, "23:59:59.250"},
        {"at", "01:30:00Z", VALUE_TEXT, "09:30:00"},
        {"begun", "2026-11-23T09:30", VALUE_TEXT, "2026-11-23T09:30:00+08:00"},
        {"begun", "2026-11-23 09:30:15.5", VALUE_TEXT, "2026-11-23T09:30:15.500+08:00"},
        {"begun", "2026-11-23T01:30:00Z", VALUE_TEXT, "2026-11-23T09:30:00+08:00"},
        {"begun", "1969-12-31T23:59:59.750Z", VALUE_TEXT, "1970-01-01T07:59:59.750+08:00"},
        {"relation", "spouse", VALUE_TEXT, "spouse"},
        {"items", "10  1", VALUE_TEXT, "1 10"},
        {"items", "2 2 2", VALUE_TEXT, "2"},
        {"items", "１０", VALUE_TEXT, "10"},
        {"marks", "2", VALUE_TEXT, "2"},
        {"village", "anything", VALUE_TEXT, "anything"},
        {"place", "29.3572 113.1289", VALUE_TEXT, "29.3572 113.1289"},
        {"place", "29.3572, 113.1289, 35.0, 4.2", VALUE_TEXT, "29.3572 113.1289 35.0 4.2"},
        {"place", "-90 180", VALUE_TEXT, "-90 180"},
        {"photo", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", VALUE_TEXT,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"ok", "ok", VALUE_TEXT, "OK"},
        {"wage", "", VALUE_NULL, ""},
        {"wage", " 　 ", VALUE_NULL, ""},
    };
    struct buf text;
    struct value value;
    struct err err;

    (void)state;
    buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (parse(answers[i].path, answers[i].text, &value, &err, LANG_EN) != RC_OK)
            fail_msg("%s", err.text);
        buf_clear(&text);
        value_text(&value, &text);
        assert_int_equal(value.type, answers[i].type);
        assert_string_equal(buf_text(&text), answers[i].canonical);
        if (form_value_check(kit.form, at(answers[i].path), &value, &err) != RC_OK)
            fail_msg("%s", err.text);
    }
    buf_release(&text);
}

static void wrong_answers_say_the_mend(void **state) {
    static const struct {
        const char *path, *text, *english;
    } answers[] = {
        {"wage", "12.5", "Wage: \"12.5\" is not a whole number; write digits only, such as 12"},
        {"wage", "9223372036854775808",
         "Wage: \"9223372036854775808\" is not a whole number; write digits only, such as 12"},
        {"wage", "1e3", "Wage: \"1e3\" is not a whole number; write digits only, such as 12"},
        {"area", "1,5",
         "Area: \"1,5\" is not a number; write digits with at most one point and 18 digits behind "
         "it, such as 12.50"},
        {"birth", "1952-02-30",
         "Date of birth: \"1952-02-30\" is not a date; write year-month-day, such as 2026-11-23"},
        {"birth", "14.3.1952",
         "Date of birth: \"14.3.1952\" is not a date; write year-month-day, such as 2026-11-23"},
        {"birth", "1952-03",
         "Date of birth: \"1952-03\" is not a date; write year-month-day, such as 2026-11-23"},
        {"at", "24:00",
         "Time: \"24:00\" is not a time of day; write hours and minutes, such as 09:30"},
        {"at", "9", "Time: \"9\" is not a time of day; write hours and minutes, such as 09:30"},
        {"begun", "2026-11-23",
         "Begun: \"2026-11-23\" is not a date with a time; write it such as 2026-11-23T09:30"},
        {"relation", "daugther",
         "Relation: \"daugther\" is not a choice of relation; did you mean \"daughter\"?"},
        {"relation", "女儿",
         "Relation: \"女儿\" is not a choice of relation; did you mean \"daughter\"?"},
        {"relation", "head spouse",
         "Relation: \"head spouse\" is not a choice of relation; choose from: head, spouse, "
         "daughter"},
        {"items", "1 3", "Things: \"3\" is not a choice of item; choose from: 1, 2, 10"},
        {"marks", "1 2", "Marks: \"1 2\" is not a choice of item; choose from: 1, 2, 10"},
        {"place", "29.3572",
         "Place: \"29.3572\" is not a place; write latitude and longitude, such as 29.3572 "
         "113.1289"},
        {"place", "91 10",
         "Place: \"91 10\" is not a place; write latitude and longitude, such as 29.3572 113.1289"},
        {"place", "1 2 3 4 5",
         "Place: \"1 2 3 4 5\" is not a place; write latitude and longitude, such as 29.3572 "
         "113.1289"},
        {"photo", "abc",
         "Photo: \"abc\" is not an attachment; it is named by the 64 hexadecimal digits of its "
         "SHA-256"},
        {"ok", "yes", "Agreed: \"yes\" is not an acknowledgement; write OK, or leave it empty"},
        {"n", "x", "Note: groups, repeats and notes hold no answer"},
        {"g", "x", "Group: groups, repeats and notes hold no answer"},
        {"name", "\xC3\x28", "Name: the text is not valid UTF-8; save the file as UTF-8"},
    };
    struct value value;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        assert_int_equal(parse(answers[i].path, answers[i].text, &value, &err, LANG_EN),
                         RC_INVALID);
        assert_string_equal(err.text, answers[i].english);
        assert_int_equal(value.type, VALUE_NULL);
    }
    assert_int_equal(parse("relation", "daugther", &value, &err, LANG_ZH), RC_INVALID);
    assert_string_equal(err.text, "关系：“daugther”不是 relation 的选项；是否指“daughter”？");
    assert_int_equal(parse("wage", "多", &value, &err, LANG_ZH), RC_INVALID);
    assert_string_equal(err.text, "工资：“多”不是整数；请只写数字，例如 12");
}

static void long_texts_are_refused(void **state) {
    char *text = malloc(LIMIT_VALUE_BYTES + 2);
    struct value value;
    struct err err;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LIMIT_VALUE_BYTES + 1);
    text[LIMIT_VALUE_BYTES + 1] = '\0';
    assert_int_equal(parse("name", text, &value, &err, LANG_EN), RC_LIMIT);
    assert_string_equal(err.text, "Name: the text has 262145 bytes; at most 262144 are allowed");
    text[LIMIT_VALUE_BYTES] = '\0';
    assert_int_equal(parse("name", text, &value, &err, LANG_EN), RC_OK);
    assert_int_equal(parse("relation", text, &value, &err, LANG_EN), RC_INVALID);
    assert_int_equal(parse("items", text, &value, &err, LANG_EN), RC_INVALID);
    assert_int_equal(parse("place", text, &value, &err, LANG_EN), RC_INVALID);
    free(text);
}

/* Values that came from elsewhere: of the right type, and spelt as we spell them. */
static void foreign_values_are_checked(void **state) {
    static const struct {
        const char *path;
        struct value value;
        enum rc rc;
    } values[] = {
        {"wage", {.type = VALUE_INT, .number = 5}, RC_OK},
        {"wage", {.type = VALUE_DECIMAL, .number = 5}, RC_INVALID},
        {"wage", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"5", 1}}, RC_INVALID},
        {"wage", {.type = VALUE_NULL}, RC_OK},
        {"area", {.type = VALUE_DECIMAL, .scale = 2, .number = 5}, RC_OK},
        {"area", {.type = VALUE_INT, .number = 5}, RC_OK},
        {"area", {.type = VALUE_DATE, .number = 5}, RC_INVALID},
        {"birth", {.type = VALUE_DATE, .number = -1}, RC_OK},
        {"birth", {.type = VALUE_DATE, .number = INT64_MAX}, RC_INVALID},
        {"birth", {.type = VALUE_INT, .number = 0}, RC_INVALID},
        {"name", {.type = VALUE_BYTES, .bytes = {(const uint8_t *)"x", 1}}, RC_INVALID},
        {"name", {.type = VALUE_TEXT}, RC_INVALID},
        {"relation", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"head", 4}}, RC_OK},
        {"relation", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"hea", 3}}, RC_INVALID},
        {"items", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"1 10", 4}}, RC_OK},
        {"items", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"10 1", 4}}, RC_INVALID},
        {"items", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"1  2", 4}}, RC_INVALID},
        {"items", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"1 1", 3}}, RC_INVALID},
        {"at", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"09:30", 5}}, RC_INVALID},
        {"at", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"09:30:00", 8}}, RC_OK},
        {"ok", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"ok", 2}}, RC_INVALID},
        {"n", {.type = VALUE_TEXT, .bytes = {(const uint8_t *)"x", 1}}, RC_INVALID},
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        err_init(&err, LANG_EN);
        if (form_value_check(kit.form, at(values[i].path), &values[i].value, &err) != values[i].rc)
            fail_msg("%zu: %s: %s", i, values[i].path, err.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_bytes_give_the_same_form, setup, teardown),
        cmocka_unit_test(texts_survive),
        cmocka_unit_test_setup_teardown(media_are_listed_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_json_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_and_every_flip_is_refused_or_harmless, setup,
                                        teardown),
        cmocka_unit_test(deep_forms_are_refused),
        cmocka_unit_test_setup_teardown(good_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_answers_say_the_mend, setup, teardown),
        cmocka_unit_test_setup_teardown(long_texts_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_values_are_checked, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
