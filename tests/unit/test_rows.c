/* Rows of CSV files as answers: heads, rows, repeats. */
#include "schema/form/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/change.h"
#include "tests/support/formkit.h"

static const char survey_text[] =
    "type,name,label::中文 (zh),label::English (en),required,bind::yg:merge\n"
    "begin group,head,户主,Head,,\n"
    "text,name,姓名,Name,yes,\n"
    "text,phone,电话,Phone,,\n"
    "end group,,,,,\n"
    "integer,size,人口,Size,yes,\n"
    "select_multiple cause,causes,原因,Causes,,union\n"
    "begin repeat,member,成员,Member,,\n"
    "text,name,姓名,Name,yes,\n"
    "select_one sex,sex,性别,Sex,yes,\n"
    "begin group,work,工作,Work,,\n"
    "integer,pay,工资,Pay,,\n"
    "end group,,,,,\n"
    "end repeat,,,,,\n";

static const char choices_text[] =
    "list_name,name,label\nsex,male,Male\nsex,female,Female\ncause,1,Illness\ncause,2,School\n";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct formkit kit;
static struct buf problems;
static struct err err;

static int setup(void **state) {
    (void)state;
    formkit_init(&kit, LANG_EN);
    err_init(&err, LANG_EN);
    buf_init(&problems, 65536);
    if (formkit_compile(&kit, survey_text, choices_text, "form_id\ntest\n", NULL, 1) != RC_OK)
        fail_msg("%s", kit.err.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_release(&problems);
    formkit_release(&kit);
    return 0;
}

/* Splits "a,b" at the commas. */
static size_t split(const char *line, struct view cells[16]) {
    size_t count = 0, start = 0, size = strlen(line);

    for (size_t i = 0; i <= size; i++) {
        if (i < size && line[i] != ',')
            continue;
        cells[count++] = view_of(line + start, i - start);
        start = i + 1;
    }
    return count;
}

static enum rc map_make(uint32_t container, const char *head, struct rows_options options,
                        struct rows_map *map) {
    struct view cells[16];
    size_t count = split(head, cells);

    return rows_map_make(kit.form, container, view_text("in.csv"), cells, count, options,
                         &kit.arena, map, &err);
}

static const struct rows_options no_options;

static uint32_t member_repeat(void) {
    uint32_t repeat;

    assert_int_equal(rows_repeat(kit.form, view_text("member"), &repeat, &err), RC_OK);
    return repeat;
}

static void columns_are_found(void **state) {
    static const char *const heads[] = {"head/name,head/phone,size", "head.name,head.phone,size",
                                        " name , phone ,size"};
    struct rows_map map;

    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++) {
        if (map_make(FORM_NO_PARENT, heads[i], no_options, &map) != RC_OK)
            fail_msg("%s", err.text);
        assert_true(view_is(map.fields[0]->path, "head/name"));
        assert_true(view_is(map.fields[1]->path, "head/phone"));
        assert_true(view_is(map.fields[2]->path, "size"));
    }
    assert_int_equal(map_make(member_repeat(), "name,member/sex,work.pay", no_options, &map),
                     RC_OK);
    assert_true(view_is(map.fields[0]->path, "member/name"));
    assert_true(view_is(map.fields[2]->path, "member/work/pay"));
    assert_int_equal(map_make(member_repeat(), "name,sex,pay", no_options, &map), RC_OK);
    assert_true(view_is(map.fields[2]->path, "member/work/pay"));
}

static void wrong_heads(void **state) {
    static const struct {
        const char *head, *key, *text;
    } wrongs[] = {
        {"head/phone", "",
         "in.csv, row 1: these columns are missing: head/name, size; the form needs them"},
        {"name,size,colour,", "",
         "in.csv, row 1: the form has no question for these columns: colour, (no name); remove "
         "them, or ask for unknown columns to be skipped"},
        {"name,head/name,size", "",
         "in.csv, row 1: two columns mean the question head/name; remove one of them"},
        {"name,size", "household", "in.csv, row 1: the key column \"household\" is missing"},
        {"name,size,member/name", "",
         "in.csv, row 1: the form has no question for these columns: member/name; remove them, or "
         "ask for unknown columns to be skipped"},
    };
    struct rows_map map;

    (void)state;
    for (size_t i = 0; i < COUNT(wrongs); i++) {
        struct rows_options options = {.key = view_text(wrongs[i].key)};

        assert_int_equal(map_make(FORM_NO_PARENT, wrongs[i].head, options, &map), RC_INVALID);
        assert_string_equal(err.text, wrongs[i].text);
    }
    assert_int_equal(
        map_make(member_repeat(), "colour", (struct rows_options){.skip_unknown = true}, &map),
        RC_INVALID);
    assert_string_equal(err.text, "in.csv, row 1: these columns are missing: member/name, "
                                  "member/sex; the form needs them");
    err_init(&err, LANG_ZH);
    assert_int_equal(map_make(FORM_NO_PARENT, "head/phone", no_options, &map), RC_INVALID);
    assert_string_equal(err.text, "in.csv 第 1 行：缺少这些列：head/name, size；表单需要它们");
}

static void unknown_columns_can_be_skipped(void **state) {
    struct rows_options options = {.key = view_text("no"), .skip_unknown = true};
    struct rows_map map;
    struct view cells[16];

    (void)state;
    assert_int_equal(map_make(FORM_NO_PARENT, ",no,name,size,colour", options, &map), RC_OK);
    assert_null(map.fields[0]);
    assert_null(map.fields[4]);
    assert_true(view_is(rows_key(&map, cells, split("0, 77 ,A,2,red", cells)), "77"));
    assert_int_equal(rows_key(&map, cells, 1).size, 0);
    /* The key column alone needs no leave. */
    assert_int_equal(map_make(FORM_NO_PARENT, "no,name,size",
                              (struct rows_options){.key = view_text("no")}, &map),
                     RC_OK);
}

static void wrong_repeats(void **state) {
    uint32_t repeat;

    (void)state;
    assert_int_equal(rows_repeat(kit.form, view_text("members"), &repeat, &err), RC_NOT_FOUND);
    assert_string_equal(err.text, "the form test has no repeat \"members\"; its repeats are: "
                                  "member");
    assert_int_equal(rows_repeat(kit.form, view_text("head"), &repeat, &err), RC_NOT_FOUND);
}

static void start(struct edit *edit) {
    const struct dot dot = {.actor = 1, .number = 1};

    assert_int_equal(
        edit_start(edit, CHANGE_CREATE, dot, 7, kit.form, NULL, NULL, &kit.arena, &err), RC_OK);
}

static void rows_become_entries(void **state) {
    const struct instance_id root = {0};
    struct rows_map household, member;
    struct view cells[16];
    struct edit edit;

    (void)state;
    assert_int_equal(map_make(FORM_NO_PARENT, "name,size,causes", no_options, &household), RC_OK);
    assert_int_equal(map_make(member_repeat(), "name,sex,pay", no_options, &member), RC_OK);
    start(&edit);
    assert_int_equal(
        rows_fill(&edit, &household, root, cells, split("张三,２,1 2", cells), 2, &problems, &err),
        RC_OK);
    assert_int_equal(edit.entry_count, 4);
    assert_int_equal(edit.entries[1].value.number, 2);
    assert_int_equal(
        rows_fill(&edit, &member, root, cells, split("李四,male,", cells), 2, &problems, &err),
        RC_OK);
    assert_int_equal(
        rows_fill(&edit, &member, root, cells, split("王五,female,300", cells), 3, &problems, &err),
        RC_OK);
    assert_int_equal(edit.entry_count, 4 + 3 + 4); /* with one FIELD_EXISTS each */
    assert_int_equal(edit.entries[7].field, FIELD_EXISTS);
    assert_int_equal(edit.entries[10].instance.ordinal, 2);
    assert_int_equal(edit.entries[10].value.number, 300);
    assert_int_equal(problems.size, 0);
}

static void wrong_rows_name_row_and_column(void **state) {
    const struct instance_id root = {0};
    struct rows_map map;
    struct view cells[16];
    struct edit edit;

    (void)state;
    assert_int_equal(map_make(FORM_NO_PARENT, "name,size,causes", no_options, &map), RC_OK);
    start(&edit);
    assert_int_equal(
        rows_fill(&edit, &map, root, cells, split(" ,x,1 9", cells), 17, &problems, &err),
        RC_INVALID);
    assert_string_equal(buf_text(&problems),
                        "in.csv, row 17, column name: Name: an answer is required\n"
                        "in.csv, row 17, column size: Size: \"x\" is not a whole number; write "
                        "digits only, such as 12\n"
                        "in.csv, row 17, column causes: Causes: \"9\" is not a choice of cause; "
                        "choose from: 1, 2\n");
    assert_string_equal(err.text, "in.csv, row 17, column name: Name: an answer is required");
    assert_int_equal(rows_fill(&edit, &map, root, cells, split("A,2", cells), 18, &problems, &err),
                     RC_INVALID);
    assert_string_equal(err.text, "in.csv, row 18: it has 2 columns, the first row has 3");
    err_init(&err, LANG_ZH);
    assert_int_equal(rows_fill(&edit, &map, root, cells, split("A,x,", cells), 19, &problems, &err),
                     RC_INVALID);
    assert_string_equal(err.text,
                        "in.csv 第 19 行 size 列: 人口：“x”不是整数；请只写数字，例如 12");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(columns_are_found), TEST(wrong_heads),         TEST(unknown_columns_can_be_skipped),
        TEST(wrong_repeats),     TEST(rows_become_entries), TEST(wrong_rows_name_row_and_column),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
