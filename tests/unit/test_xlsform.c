/* The compiler of XLSForms: spellings that real forms have, findings with their exact places,
 * numbers that stay. */
#include "schema/form/xlsform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/change.h"
#include "tests/support/formkit.h"

#define SETTINGS "form_id,version\ntest,1\n"
#define CHOICES  "list_name,name,label\nyn,1,Yes\nyn,0,No\n"

static void compiles(struct formkit *kit, const char *survey, const char *choices,
                     const char *settings, const struct form *previous) {
    enum rc rc = formkit_compile(kit, survey, choices, settings, previous,
                                 previous == NULL ? 1 : previous->sequence + 1);

    if (rc != RC_OK)
        fail_msg("%s", kit->err.text);
}

static const struct form_field *field_at(const struct form *form, const char *path) {
    const struct form_field *field = form_field_by_path(form, view_text(path));

    if (field == NULL)
        fail_msg("no field %s", path);
    return field;
}

/* ---- what is accepted ---- */

static void every_type_has_its_kind(void **state) {
    static const struct {
        const char *type;
        uint8_t kind;
    } types[] = {
        {"text", FIELD_TYPE_TEXT},
        {"string", FIELD_TYPE_TEXT},
        {" Text ", FIELD_TYPE_TEXT},
        {"integer", FIELD_TYPE_INTEGER},
        {"int", FIELD_TYPE_INTEGER},
        {"decimal", FIELD_TYPE_DECIMAL},
        {"range", FIELD_TYPE_INTEGER},
        {"date", FIELD_TYPE_DATE},
        {"time", FIELD_TYPE_TIME},
        {"dateTime", FIELD_TYPE_DATETIME},
        {"datetime", FIELD_TYPE_DATETIME},
        {"select_one yn", FIELD_TYPE_SELECT_ONE},
        {"select one yn", FIELD_TYPE_SELECT_ONE},
        {"select one from yn", FIELD_TYPE_SELECT_ONE},
        {"Select_One  yn", FIELD_TYPE_SELECT_ONE},
        {"select1 yn", FIELD_TYPE_SELECT_ONE},
        {"select_multiple yn", FIELD_TYPE_SELECT_MULTIPLE},
        {"select multiple yn", FIELD_TYPE_SELECT_MULTIPLE},
        {"select all that apply yn", FIELD_TYPE_SELECT_MULTIPLE},
        {"rank yn", FIELD_TYPE_TEXT},
        {"geopoint", FIELD_TYPE_GEOPOINT},
        {"geotrace", FIELD_TYPE_TEXT},
        {"image", FIELD_TYPE_ATTACHMENT},
        {"photo", FIELD_TYPE_ATTACHMENT},
        {"audio", FIELD_TYPE_ATTACHMENT},
        {"video", FIELD_TYPE_ATTACHMENT},
        {"file", FIELD_TYPE_ATTACHMENT},
        {"background-audio", FIELD_TYPE_ATTACHMENT},
        {"barcode", FIELD_TYPE_BARCODE},
        {"acknowledge", FIELD_TYPE_ACKNOWLEDGE},
        {"trigger", FIELD_TYPE_ACKNOWLEDGE},
        {"note", FIELD_TYPE_NOTE},
        {"hidden", FIELD_TYPE_HIDDEN},
        {"start", FIELD_TYPE_META},
        {"end", FIELD_TYPE_META},
        {"today", FIELD_TYPE_META},
        {"deviceid", FIELD_TYPE_META},
        {"username", FIELD_TYPE_META},
        {"phonenumber", FIELD_TYPE_META},
        {"email", FIELD_TYPE_META},
        {"start-geopoint", FIELD_TYPE_META},
    };
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char survey[200];

        snprintf(survey, sizeof(survey), "type,name,label\n%s,q,Q\n", types[i].type);
        compiles(&kit, survey, CHOICES, SETTINGS, NULL);
        if (kit.form->fields[0].type != types[i].kind)
            fail_msg("%s is a %s", types[i].type,
                     field_type_name((enum field_type)kit.form->fields[0].type));
    }
    formkit_release(&kit);
}

static void a_range_with_a_point_is_decimal(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    compiles(&kit,
             "type,name,label,parameters\nrange,a,A,start=0 end=1 step=0.1\nrange,b,B,end=9\n",
             NULL, SETTINGS, NULL);
    assert_int_equal(field_at(kit.form, "a")->type, FIELD_TYPE_DECIMAL);
    assert_int_equal(field_at(kit.form, "b")->type, FIELD_TYPE_INTEGER);
    assert_true(view_is(field_at(kit.form, "a")->parameters, "start=0 end=1 step=0.1"));
    formkit_release(&kit);
}

static void sloppy_spellings_are_understood(void **state) {
    struct formkit kit;
    const struct form *form;

    (void)state;
    formkit_init(&kit, LANG_EN);
    compiles(&kit,
             "Type, Name ,label::中文 (zh),label::English (en),Relevance,Read Only,required\n"
             "begin_group,g,组,Group,,,\n"
             "text,a,甲,A,${b} = “x”,TRUE,yes\n"
             "Begin Repeat,r,员,Member,,,\n"
             "select_one yn or_other,b,乙,B,,,true()\n"
             "end_repeat,,,,,,\n"
             ",,,,,,\n"
             "End Group,,,,,,\n"
             "text,c,丙,C,,,${a} != ''\n",
             "list name,value,label::中文 (zh),label::English (en),district\n"
             "yn,1,是,Yes,\n\nyn,0,否,No,d1\n",
             "form_id,form_title,version,default_language\ntest,T,2026a,en\n", NULL);
    form = kit.form;
    assert_int_equal(form->language_count, 2);
    assert_int_equal(form->default_language, 1);
    assert_true(view_is(form->version, "2026a"));
    assert_true(view_is(field_at(form, "g/a")->relevant, "${b} = \"x\""));
    assert_true(field_at(form, "g/a")->read_only);
    assert_true(field_at(form, "g/a")->required);
    assert_true(field_at(form, "g/r/b")->required);
    assert_int_equal(field_at(form, "g/r/b")->repeat, field_at(form, "g/r") - form->fields);
    assert_true(view_is(field_at(form, "g/r/b_other")->relevant, "selected(${b}, 'other')"));
    assert_int_equal(field_at(form, "g/r/b_other")->type, FIELD_TYPE_TEXT);
    assert_false(field_at(form, "c")->required);
    assert_true(view_is(field_at(form, "c")->required_if, "${a} != ''"));
    assert_int_equal(form->lists[0].choice_count, 3);
    assert_non_null(form_list_choice(&form->lists[0], view_text("other")));
    assert_int_equal(form->lists[0].column_count, 1);
    assert_true(view_is(form->lists[0].columns[0], "district"));
    assert_true(view_is(form->lists[0].choices[1].cells[0], "d1"));
    assert_true(view_is(*form_label(form, &field_at(form, "g/a")->label, view_text("zh")), "甲"));
    assert_true(view_is(*form_label(form, &field_at(form, "g/a")->label, view_text("fr")), "A"));
    formkit_release(&kit);
}

static void our_columns_are_read(void **state) {
    struct formkit kit;
    const struct form *form;
    const struct form_field *id_no;

    (void)state;
    formkit_init(&kit, LANG_EN);
    compiles(&kit,
             "type,name,label,bind::yg:merge,bind::yg:group,bind::yg:seal,bind::yg:rank,"
             "bind::yg:key,bind::yg:post,bind::yg:sensitive\n"
             "text,name,N,human,,,,,mask,yes\n"
             "text,phone,P,latest,,,,,,\n"
             "begin group,living,L,,,visit,,,,\n"
             "text,food,F,,,,,,,\n"
             "text,roof,R,,,other,,,,\n"
             "end group,,,,,,,,,\n"
             "begin repeat,m,M,,,,,,,yes\n"
             "select_one yn,id_type,T,human,id,,,,,no\n"
             "text,id_no,I,human,id,,document,yes,,\n"
             "end repeat,,,,,,,,,\n",
             CHOICES, "form_id,version,yg:audience\ntest,1,office\n", NULL);
    form = kit.form;
    assert_int_equal(kit.findings.count, 0);
    assert_int_equal(form->audience, AUDIENCE_OFFICE);
    assert_int_equal(field_at(form, "name")->posting, POSTING_MASK);
    assert_int_equal(field_at(form, "phone")->policy, POLICY_LATEST);
    assert_int_equal(form->scope_count, 2);
    assert_true(view_is(form->scopes[0], "visit"));
    assert_int_equal(field_at(form, "living/food")->scope, 0);
    assert_int_equal(field_at(form, "living/roof")->scope, 1);
    assert_int_equal(field_at(form, "name")->scope, FORM_NO_SCOPE);
    id_no = field_at(form, "m/id_no");
    assert_true(id_no->sensitive);
    assert_true(id_no->key);
    assert_int_equal(id_no->rank, 4);
    assert_false(field_at(form, "m/id_type")->sensitive);
    assert_int_equal(id_no->merge_group, field_at(form, "m/id_type")->number);
    assert_int_equal(field_at(form, "m/id_type")->merge_group, field_at(form, "m/id_type")->number);
    formkit_release(&kit);
}

static void warnings_travel_in_both_shapes(void **state) {
    const struct form_field *age;
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    compiles(&kit,
             "type,name,label::中文 (zh),label::English (en),bind::yg:warning,"
             "bind::yg:warning_message::中文 (zh),bind::yg:warning_message::English (en)\n"
             "integer,top,上限,Top,,,\ninteger,age,年龄,Age,. < ${top},年龄偏大,Rather old\n",
             NULL, SETTINGS, NULL);
    assert_int_equal(kit.findings.count, 0);
    age = field_at(kit.form, "age");
    assert_true(view_is(age->warning, ". < ${top}"));
    assert_true(view_is(age->warning_message.by_language[1], "Rather old"));
    assert_int_equal(age->constraint.size, 0);
    assert_non_null(strstr(buf_text(&kit.json), "xmlns:yg="));
    assert_non_null(strstr(buf_text(&kit.json), "yg:warning=\\\". &lt;  /data/top \\\" "));
    assert_non_null(strstr(buf_text(&kit.json),
                           "yg:warning_message=\\\"jr:itext('/data/age:yg:warning_message')"));
    formkit_compile(&kit, "type,name,label,bind::yg:warning_message\ntext,a,A,look\n", NULL,
                    SETTINGS, NULL, 1);
    assert_int_equal(kit.findings.count, 1);
    assert_false(kit.findings.list[0].is_error);
    formkit_release(&kit);
}

static void ten_thousand_choices(void **state) {
    struct formkit kit;
    struct buf choices;

    (void)state;
    formkit_init(&kit, LANG_EN);
    buf_init(&choices, 1024 * 1024);
    buf_add_text(&choices, "list_name,name,label\n");
    for (int i = 0; i < 10000; i++)
        buf_addf(&choices, "village,v%d,Village %d\n", i, i);
    compiles(&kit, "type,name,label\nselect_one village,v,V\n", buf_text(&choices), SETTINGS, NULL);
    assert_int_equal(kit.form->lists[0].choice_count, 10000);
    assert_true(view_is(form_list_choice(&kit.form->lists[0], view_text("v9999"))->name, "v9999"));
    assert_null(form_list_choice(&kit.form->lists[0], view_text("v10000")));
    /* Beyond the limit of the form: an error, not a crash. */
    for (int i = 10000; i < 20001; i++)
        buf_addf(&choices, "village,v%d,Village %d\n", i, i);
    assert_int_equal(formkit_compile(&kit, "type,name,label\nselect_one village,v,V\n",
                                     buf_text(&choices), SETTINGS, NULL, 1),
                     RC_INVALID);
    assert_string_equal(kit.findings.list[0].text,
                        "sheet choices: a form has at most 20000 choices");
    buf_release(&choices);
    formkit_release(&kit);
}

/* ---- what is refused, and where ---- */

struct wrong {
    const char *survey, *choices, *settings;
    uint32_t row, column;
    const char *text; /* of the first error */
};

static const struct finding *first_error(const struct formkit *kit) {
    for (uint32_t i = 0; i < kit->findings.count && i < 200; i++)
        if (kit->findings.list[i].is_error)
            return &kit->findings.list[i];
    return NULL;
}

static void check_wrong(const struct wrong *wrong, enum lang lang) {
    struct formkit kit;
    const struct finding *finding;
    enum rc rc;

    formkit_init(&kit, lang);
    rc = formkit_compile(&kit, wrong->survey, wrong->choices == NULL ? CHOICES : wrong->choices,
                         wrong->settings == NULL ? SETTINGS : wrong->settings, NULL, 1);
    finding = first_error(&kit);
    if (rc != RC_INVALID || finding == NULL)
        fail_msg("no error, but expected: %s", wrong->text);
    if (strcmp(finding->text, wrong->text) != 0 || finding->row != wrong->row ||
        finding->column != wrong->column)
        fail_msg("got row %u column %u: %s\nnot row %u column %u: %s", finding->row,
                 finding->column, finding->text, wrong->row, wrong->column, wrong->text);
    assert_string_equal(kit.err.text, wrong->text);
    formkit_release(&kit);
}

#define HEAD "type,name,label,bind::yg:merge,bind::yg:group\n"

static void wrong_forms_name_the_cell(void **state) {
    static const struct wrong wrongs[] = {
        {NULL, NULL, NULL, 0, 0, "sheet survey: the sheet is missing"},
        {"type,label\ntext,a\n", NULL, NULL, 1, 0,
         "survey, row 1: the column name is missing; add it to the first row"},
        {HEAD "txt,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): \"txt\" is not a type; did you mean \"text\"?"},
        {HEAD "questionnaire,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): \"questionnaire\" is not a type that we know"},
        {HEAD ",a,A,,\n", NULL, NULL, 2, 1, "survey, row 2, column A (type): the type is missing"},
        {HEAD "text,,A,,\n", NULL, NULL, 2, 2,
         "survey, row 2, column B (name): the name is missing; every row needs one"},
        {HEAD "text,a b,A,,\n", NULL, NULL, 2, 2,
         "survey, row 2, column B (name): \"a b\" can not be a name; use letters, digits, _ - "
         "and ., and no blank"},
        {HEAD "text,meta,A,,\n", NULL, NULL, 2, 2,
         "survey, row 2, column B (name): the name \"meta\" is reserved for what XForms keep about "
         "a record; choose another"},
        {HEAD "text,a,A,,\n\ntext,b,B,,\ntext,a,A,,\n", NULL, NULL, 5, 2,
         "survey, row 5, column B (name): the name \"a\" stands in this group already, in row 2; "
         "choose another"},
        {HEAD "select_one,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): the list is missing; write its list_name behind the "
         "type"},
        {HEAD "select_one yx,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): the list \"yx\" is not on the choices sheet; did you "
         "mean "
         "\"yn\"?"},
        {HEAD "select_one districts,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): the list \"districts\" is not on the choices sheet"},
        {HEAD "begin group,g,G,,\ntext,a,A,,\n", NULL, NULL, 2, 1,
         "survey, row 2, column A (type): this group is never ended; add its end below"},
        {HEAD "text,a,A,,\nend group,,,,\n", NULL, NULL, 3, 1,
         "survey, row 3, column A (type): nothing is open here that could end; remove this row, or "
         "add its begin"},
        {HEAD "begin group,g,G,,\ntext,a,A,,\nend repeat,,,,\n", NULL, NULL, 4, 1,
         "survey, row 4, column A (type): the group that began in row 2 is still open; end it "
         "first"},
        {HEAD "text,a,A,newest,\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:merge): \"newest\" is not a merge policy; write human, "
         "latest, max, min, or, union, authority, once or server"},
        {HEAD "text,a,A,max,\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:merge): max needs numbers or dates; this type has no "
         "order"},
        {HEAD "text,a,A,human,x\ntext,b,B,latest,x\n", NULL, NULL, 3, 4,
         "survey, row 3, column D (bind::yg:merge): the merge group \"x\" began in row 2 with the "
         "policy human; a group has one policy"},
        {HEAD "text,a,A,,x\nbegin repeat,r,R,,\ntext,b,B,,x\nend repeat,,,,\n", NULL, NULL, 4, 5,
         "survey, row 4, column E (bind::yg:group): the merge group \"x\" began in row 2 in "
         "another "
         "repeat; a group stays within one"},
        {HEAD "begin repeat,r,R,latest,\nend repeat,,,,\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:merge): a group, repeat or note holds no answer; leave "
         "this empty here"},
        {"type,name,label,relevant\ntext,a,A,${c} = 1\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (relevant): ${c} means a question that does not exist; check the "
         "name"},
        {"type,name,label,bind::yg:sensitive,bind::yg:post\ntext,a,A,yes,yes\n", NULL, NULL, 2, 5,
         "survey, row 2, column E (bind::yg:post): a sensitive answer is never posted as it is; "
         "write mask or no"},
        {"type,name,label,bind::yg:sensitive\ntext,a,A,perhaps\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:sensitive): \"perhaps\" is neither yes nor no; write "
         "yes, or leave it empty"},
        {"type,name,label,bind::yg:merg\ntext,a,A,human\n", NULL, NULL, 1, 4,
         "survey, row 1, column D (bind::yg:merg): this is not one of our columns; they are "
         "bind::yg:merge, group, seal, rank, key, post, sensitive, warning, warning_message, and "
         "yg:audience in the settings"},
        {"type,name,label,bind::yg:warning\ntext,a,A,(\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:warning): the expression can not be read: "
         "expression, character 2: it ends where a name or value should come"},
        {"type,name,label,bind::yg:warning\ntext,a,A,${b} = 1\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:warning): ${b} means a question that does not exist; "
         "check "
         "the name"},
        {"type,name,label,bind::yg:warning\nnote,a,A,1\n", NULL, NULL, 2, 4,
         "survey, row 2, column D (bind::yg:warning): a group, repeat or note holds no answer; "
         "leave this empty here"},
        {"type,name,label,name\ntext,a,A,b\n", NULL, NULL, 1, 4,
         "survey, row 1, column D (name): this column stands here twice; remove one of them"},
        {"type,name,label\ncalculate,a,A\n", NULL, NULL, 2, 0,
         "survey, row 2: the calculation is missing"},
        {HEAD "text,a,A,,\n", "list_name,name,label\nyn,1,Yes\nx,1,X\nyn,1,Ja\n", NULL, 4, 2,
         "choices, row 4, column B (name): the choice \"1\" stands in the list yn already, in row "
         "2; "
         "give it another name, or allow_choice_duplicates in the settings"},
        {HEAD "text,a,A,,\n", "list_name,name,label\n,1,Yes\n", NULL, 2, 1,
         "choices, row 2, column A (list_name): the list_name is missing or too long; write the "
         "name of the list"},
        {HEAD "select_one yn,a,A,,\nselect_multiple yn,b,B,,\n",
         "list_name,name,label\nyn,a b,Yes\n", NULL, 3, 1,
         "survey, row 3, column A (type): the name \"a b\" in the list yn has a blank; where "
         "several "
         "are chosen, names have none"},
        {HEAD "text,a,A,,\n", NULL, "form_title\nTest\n", 0, 0,
         "sheet settings: form_id is missing; write the name of the form in row 2 below form_id"},
        {HEAD "text,a,A,,\n", NULL, "form_id\nmy form\n", 2, 1,
         "settings, row 2, column A (form_id): \"my form\" can not be a name; use letters, digits, "
         "_ - and ., and no blank"},
        {HEAD "text,a,A,,\n", NULL, "form_id,yg:audience\nt,everybody\n", 2, 2,
         "settings, row 2, column B (yg:audience): \"everybody\" is not an audience; write field, "
         "office or restricted"},
        {HEAD, NULL, NULL, 0, 0, "sheet survey: the form asks nothing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
        check_wrong(&wrongs[i], LANG_EN);
}

static void findings_speak_chinese(void **state) {
    static const struct wrong wrongs[] = {
        {HEAD "txt,a,A,,\n", NULL, NULL, 2, 1,
         "survey 表第 2 行 A 列（type）：“txt”不是类型；是否指“text”？"},
        {HEAD "text,a,A,newest,\n", NULL, NULL, 2, 4,
         "survey 表第 2 行 D 列（bind::yg:merge）：“newest”不是合并策略；请写 "
         "human、latest、max、min、or、union、authority、once 或 server"},
        {HEAD "text,a,A,,\n", "list_name,name,label\nyn,1,Yes\nyn,1,Ja\n", NULL, 3, 2,
         "choices 表第 3 行 B 列（name）：选项“1”在列表 yn 中已有，见第 2 行；请换名称，或在 "
         "settings "
         "中设置 allow_choice_duplicates"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
        check_wrong(&wrongs[i], LANG_ZH);
}

/* A line break inside a cell does not shift the rows that are named. */
static void rows_are_counted_as_a_spreadsheet_shows_them(void **state) {
    static const struct wrong wrong = {
        "type,name,label\ntext,a,\"two\nlines\"\n\n,,\ntxt,b,B\n",
        NULL,
        NULL,
        5,
        1,
        "survey, row 5, column A (type): \"txt\" is not a type; did you mean \"text\"?"};

    (void)state;
    check_wrong(&wrong, LANG_EN);
}

static void findings_are_kept_up_to_200_and_counted(void **state) {
    struct formkit kit;
    struct buf survey;

    (void)state;
    formkit_init(&kit, LANG_EN);
    buf_init(&survey, 1024 * 1024);
    buf_add_text(&survey, "type,name,label\n");
    for (int i = 0; i < 500; i++)
        buf_addf(&survey, "txt,q%d,Q\n", i);
    assert_int_equal(formkit_compile(&kit, buf_text(&survey), CHOICES, SETTINGS, NULL, 1),
                     RC_INVALID);
    assert_int_equal(kit.findings.error_count, 501); /* and the form asks nothing */
    assert_int_equal(kit.findings.list[199].row, 201);
    buf_release(&survey);
    formkit_release(&kit);
}

static void warnings_do_not_refuse(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    compiles(&kit, "type,name,label,lable,colour\nimage,a,A,x,y\naudit,audit,,,\n", NULL, SETTINGS,
             NULL);
    assert_int_equal(kit.findings.error_count, 0);
    assert_int_equal(kit.findings.count, 3);
    assert_string_equal(kit.findings.list[0].text,
                        "survey, row 1, column D (lable): this column is not known and not used; "
                        "did you mean \"label\"?");
    assert_string_equal(kit.findings.list[2].text,
                        "survey, row 2, column A (type): photos without the parameter max-pixels "
                        "are large; write max-pixels=1024 or so");
    formkit_release(&kit);
}

/* ---- versions ---- */

static void numbers_stay_with_their_paths(void **state) {
    struct formkit first, second, third;
    uint16_t a, b, c;

    (void)state;
    formkit_init(&first, LANG_EN);
    formkit_init(&second, LANG_EN);
    formkit_init(&third, LANG_EN);
    compiles(&first,
             "type,name,label,bind::yg:seal\ntext,a,A,s\nbegin group,g,G,\ntext,b,B,t\nend "
             "group,,,\n",
             NULL, SETTINGS, NULL);
    a = field_at(first.form, "a")->number;
    b = field_at(first.form, "g/b")->number;
    assert_int_equal(a, FIELD_FIRST_OF_FORM);
    compiles(&second,
             "type,name,label,bind::yg:seal\ntext,c,C,t\nbegin group,g,G,\ntext,b,B,t\nend "
             "group,,,\n",
             NULL, SETTINGS, first.form);
    c = field_at(second.form, "c")->number;
    assert_int_equal(field_at(second.form, "g/b")->number, b);
    assert_int_equal(c, first.form->next_number);
    assert_int_equal(second.form->sequence, 2);
    assert_int_equal(second.form->retired_count, 1);
    assert_int_equal(second.form->retired[0].number, a);
    assert_true(view_is(second.form->retired[0].path, "a"));
    assert_int_equal(second.form->scope_count, 2);
    assert_int_equal(field_at(second.form, "c")->scope, 1);
    /* What comes back takes its number again. */
    compiles(&third, "type,name,label\ntext,a,A\ntext,d,D\n", NULL, SETTINGS, second.form);
    assert_int_equal(field_at(third.form, "a")->number, a);
    assert_int_equal(field_at(third.form, "d")->number, c + 1);
    assert_int_equal(third.form->retired_count, 3);
    formkit_release(&first);
    formkit_release(&second);
    formkit_release(&third);
}

static void numbers_are_never_retyped(void **state) {
    struct formkit first, second;

    (void)state;
    formkit_init(&first, LANG_EN);
    formkit_init(&second, LANG_EN);
    compiles(&first, "type,name,label\ntext,a,A\nselect_multiple yn,b,B\n", CHOICES, SETTINGS,
             NULL);
    assert_int_equal(formkit_compile(&second, "type,name,label\ntext,x,X\ninteger,a,A\n", CHOICES,
                                     SETTINGS, first.form, 2),
                     RC_INVALID);
    assert_string_equal(second.err.text,
                        "survey, row 3, column A (type): a had the type text before and is integer "
                        "now; a question never changes its type, so give the new one a new name");
    assert_int_equal(formkit_compile(&second,
                                     "type,name,label,bind::yg:merge\nselect_multiple yn,b,B,"
                                     "union\n",
                                     CHOICES, SETTINGS, first.form, 2),
                     RC_INVALID);
    assert_int_equal(second.findings.list[0].column, 4);
    /* Also not by way of leaving it out for a version. */
    compiles(&second, "type,name,label\ntext,x,X\n", CHOICES, SETTINGS, first.form);
    assert_int_equal(formkit_compile(&first, "type,name,label\ninteger,a,A\n", CHOICES, SETTINGS,
                                     second.form, 3),
                     RC_INVALID);
    assert_int_equal(formkit_compile(&first, "type,name,label\ntext,a,A\n", CHOICES,
                                     "form_id\nother\n", second.form, 3),
                     RC_INVALID);
    assert_string_equal(first.err.text, "sheet settings: the form_id was \"test\" before; a new "
                                        "version keeps it");
    formkit_release(&first);
    formkit_release(&second);
}

/* ---- what we ship ---- */

static void shipped_forms_have_no_findings(void **state) {
    static const char *const folders[] = {"schema/forms/household", "schema/forms/visit",
                                          "schema/forms/task",      "schema/forms/note",
                                          "tests/forms/vlss",       "tests/forms/epfl"};
    struct formkit kit;

    (void)state;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        formkit_init(&kit, LANG_EN);
        if (formkit_folder(&kit, folders[i]) != RC_OK)
            fail_msg("%s: %s", folders[i], kit.err.text);
        if (kit.findings.count != 0)
            fail_msg("%s: %s", folders[i], kit.findings.list[0].text);
        formkit_release(&kit);
    }
}

static void the_household_merges_as_the_dossier_says(void **state) {
    static const struct {
        const char *path;
        enum policy policy;
        bool sensitive, key;
    } fields[] = {
        {"head/name", POLICY_HUMAN, false, false},
        {"head/phone", POLICY_LATEST, true, false},
        {"home/group_name", POLICY_LATEST, false, false},
        {"home/household_no", POLICY_SERVER, false, false},
        {"home/hukou_addr", POLICY_AUTHORITY, true, false},
        {"home/geo", POLICY_UNION, true, false},
        {"situation/relative_flag", POLICY_OR, false, false},
        {"started", POLICY_ONCE, false, false},
        {"member/id_no", POLICY_HUMAN, true, true},
        {"member/relation", POLICY_HUMAN, false, false},
        {"member/sex", POLICY_AUTHORITY, false, false},
        {"member/special", POLICY_UNION, false, false},
        {"member/disability/dis_grade", POLICY_AUTHORITY, true, false},
        {"income/declared_fen", POLICY_HUMAN, true, false},
        {"income/assessed_fen", POLICY_SERVER, true, false},
        {"supporter/annual_income_fen", POLICY_AUTHORITY, true, false},
    };
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_folder(&kit, "schema/forms/household"), RC_OK);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct form_field *field = field_at(kit.form, fields[i].path);

        if (field->policy != fields[i].policy || field->sensitive != fields[i].sensitive ||
            field->key != fields[i].key)
            fail_msg("%s is %s", fields[i].path, policy_name((enum policy)field->policy));
    }
    assert_int_equal(field_at(kit.form, "member/id_no")->merge_group,
                     field_at(kit.form, "member/id_type")->number);
    assert_int_equal(field_at(kit.form, "member/life/death_date")->merge_group,
                     field_at(kit.form, "member/life/alive")->number);
    /* Nothing that may not be posted is posted. */
    for (uint32_t i = 0; i < kit.form->field_count; i++)
        assert_false(kit.form->fields[i].sensitive && kit.form->fields[i].posting != POSTING_NO);
    formkit_release(&kit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_kind),
        cmocka_unit_test(a_range_with_a_point_is_decimal),
        cmocka_unit_test(sloppy_spellings_are_understood),
        cmocka_unit_test(our_columns_are_read),
        cmocka_unit_test(warnings_travel_in_both_shapes),
        cmocka_unit_test(ten_thousand_choices),
        cmocka_unit_test(wrong_forms_name_the_cell),
        cmocka_unit_test(findings_speak_chinese),
        cmocka_unit_test(rows_are_counted_as_a_spreadsheet_shows_them),
        cmocka_unit_test(findings_are_kept_up_to_200_and_counted),
        cmocka_unit_test(warnings_do_not_refuse),
        cmocka_unit_test(numbers_stay_with_their_paths),
        cmocka_unit_test(numbers_are_never_retyped),
        cmocka_unit_test(shipped_forms_have_no_findings),
        cmocka_unit_test(the_household_merges_as_the_dossier_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
