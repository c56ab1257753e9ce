/* The ODK XForm that a workbook becomes: paths, translations, choices, actions, entities, files;
 * what is refused only strictly; circles and expressions that can not be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/xml_tree.h"
#include "tests/support/formkit.h"

#include <cmocka.h>

#define SETTINGS "form_id,version\ntest,7\n"
#define CHOICES  "list_name,name,label,town\nyn,1,Yes,a\nyn,0,No,b\n"

/* The XForm has each of these fragments; a fragment that begins with "!" it has not. */
static void has(const struct formkit *kit, const char *const *fragments) {
    for (; *fragments != NULL; fragments++) {
        bool wanted = **fragments != '!', found = false;
        struct view part = view_text(wanted ? *fragments : *fragments + 1);
        struct view xform = kit->form->xform;

        for (size_t i = 0; i + part.size <= xform.size && !found; i++)
            found = memcmp(xform.data + i, part.data, part.size) == 0;
        if (found != wanted)
            fail_msg("%s: %s\n%.*s", wanted ? "missing" : "there", *fragments, VIEW_PRINT(xform));
    }
}

#define HAS(kit, ...) has(kit, (const char *const[]){__VA_ARGS__, NULL})

static void makes(struct formkit *kit, const char *survey, const char *choices) {
    struct xml_node *document;

    if (formkit_compile(kit, survey, choices, SETTINGS, NULL, 1) != RC_OK)
        fail_msg("%s", kit->err.text);
    assert_int_equal(
        xml_tree_parse(kit->form->xform, XML_LIMITS_DEFAULT, &kit->arena, &document, &kit->err),
        RC_OK);
}

static void refuses(const char *survey, const char *choices, const char *text) {
    struct formkit kit;

    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_compile(&kit, survey, choices, SETTINGS, NULL, 1), RC_INVALID);
    assert_string_equal(kit.err.text, text);
    formkit_release(&kit);
}

static void paths_in_a_repeat_are_relative(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label,relevant,calculation\n"
          "integer,total,Total,,\n"
          "begin repeat,m,Member,,\n"
          "integer,age,Age,,\n"
          "begin group,g,,,\n"
          "text,school,\"School of ${age}, ${total}\",${age} < 18,\n"
          "calculate,before,,,\"indexed-repeat(${age}, ${m}, position(../..) - 1)\"\n"
          "calculate,look,,,instance('yn')/root/item[name = ${age}]/label\n"
          "end group,,,,\n"
          "end repeat,,,,\n"
          "calculate,sum,,,sum(${age})\n",
          CHOICES);
    HAS(&kit, "<data id=\"test\" version=\"7\">", "<m jr:template=\"\">", "<m><age/>",
        "<bind nodeset=\"/data/m/g/school\" type=\"string\" relevant=\" ../../age  &lt; 18\"/>",
        "<label> School of <output value=\" ../../age \"/>, <output value=\" /data/total "
        "\"/></label>",
        "calculate=\"indexed-repeat( /data/m/age ,  /data/m , position(../..) - 1)\"",
        "calculate=\"instance('yn')/root/item[name =  current()/../../age ]/label\"",
        "calculate=\"sum( /data/m/age )\"", "<repeat nodeset=\"/data/m\">");
    formkit_release(&kit);
}

static void every_language_has_every_text(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label::中文 (zh),label::English (en),hint,media::image,guidance_hint\n"
          "text,a,甲,,plain,a.jpg,\n"
          "text,b,乙,B,plain,,look\n",
          NULL);
    HAS(&kit, "<translation lang=\"中文 (zh)\">", "<label ref=\"jr:itext('/data/a:label')\"/>",
        "<text id=\"/data/a:label\"><value>甲</value></text>",
        "<text id=\"/data/a:label\"><value>-</value></text>",
        "<value form=\"image\">jr://images/a.jpg</value>", "<hint>plain</hint>",
        "<value form=\"guidance\">look</value>", "<hint ref=\"jr:itext('/data/b:hint')\"/>",
        "!jr://images/-");
    formkit_release(&kit);
}

static void choices_come_from_lists_files_and_repeats(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label,choice_filter,parameters\n"
          "select_one yn,a,A,town = ${t},\"randomize=true, seed=4\"\n"
          "text,t,T,,\n"
          "select_multiple_from_file places.geojson,b,B,,\n"
          "begin repeat,r,R,,\n"
          "text,n,N,,\n"
          "select_one yn,c,C,town = ${n},\n"
          "end repeat,,,,\n"
          "select_one ${n},d,D,,\n"
          "rank yn,e,E,,\n"
          "select_one yn or_other,f,F,,\n",
          CHOICES);
    HAS(&kit, "nodeset=\"randomize(instance('yn')/root/item[town =  /data/t ], 4)\"",
        "<item><name>1</name><label>Yes</label><town>a</town></item>",
        "<instance id=\"places\" src=\"jr://file/places.geojson\"/>",
        "<value ref=\"id\"/><label ref=\"title\"/>",
        "instance('yn')/root/item[town =  current()/../n ]",
        "<itemset nodeset=\"/data/r[./n != '']\"><value ref=\"n\"/><label ref=\"n\"/>",
        "<odk:rank ref=\"/data/e\">", "type=\"odk:rank\"", "selected(../f, 'other')",
        "<name>other</name>");
    formkit_release(&kit);
}

static void actions_follow_events(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label,default,trigger,calculation,repeat_count\n"
          "date,a,A,today(),,,\n"
          "date,b,B,2026-11-23,,,\n"
          "begin repeat,r,R,,,,${k} + 1\n"
          "text,c,C,\"concat(${k}, 'x')\",,,\n"
          "end repeat,,,,,,\n"
          "integer,k,K,5,,,\n"
          "dateTime,t,,,${k},now(),\n"
          "background-geopoint,p,,,${k},,\n"
          "start,s,,,,,\n",
          NULL);
    HAS(&kit, "<setvalue ref=\"/data/a\" event=\"odk-instance-first-load\" value=\"today()\"/>",
        "<b>2026-11-23</b>", "<k>5</k>",
        "<setvalue ref=\"/data/r/c\" event=\"odk-new-repeat\" value=\"concat( /data/k , 'x')\"/>",
        "<setvalue ref=\"/data/t\" event=\"xforms-value-changed\" value=\"now()\"/>",
        "<odk:setgeopoint ref=\"/data/p\" event=\"xforms-value-changed\"/>",
        "<repeat nodeset=\"/data/r\" jr:count=\" /data/r_count \">",
        "<bind nodeset=\"/data/r_count\" type=\"string\" readonly=\"true()\" calculate=\" /data/k  "
        "+ 1\"/>",
        "jr:preload=\"timestamp\" jr:preloadParams=\"start\"", "!<input ref=\"/data/t\">");
    formkit_release(&kit);
}

static void our_columns_and_foreign_ones_have_namespaces(void **state) {
    const struct formkit_sheet sheets[] = {
        {"Survey", "type,name,label,bind::yg:merge,bind::ex:unit,body::accept,instance::ex:x\n"
                   "integer,a,A,max,mu,abc,1\n"},
        {"settings",
         "form_id,namespaces,style,submission_url,instance_name,name\n"
         "t,\"ex=\"\"http://example.org/x\"\"\",pages,https://example.org/s,${a} of all,root\n"}};
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_workbook(&kit, sheets, 2, NULL, NULL), RC_OK);
    HAS(&kit, "xmlns:ex=\"http://example.org/x\"", "xmlns:yg=\"urn:yangguang:xforms\"",
        "yg:merge=\"max\"", "ex:unit=\"mu\"", "accept=\"abc\"", "<a ex:x=\"1\"/>",
        "<h:body class=\"pages\">",
        "<submission action=\"https://example.org/s\" method=\"post\"/>",
        "calculate=\"concat('',  /root/a , ' of all')\"");
    formkit_release(&kit);
    refuses("type,name,label,bind::ex:unit\ntext,a,A,mu\n", NULL,
            "survey, row 1, column D (bind::ex:unit): \"ex:unit\" can not be an attribute; declare "
            "its prefix in the setting namespaces, as in ex=\"http://example.org/xforms\"");
}

static void entities_live_in_their_repeat(void **state) {
    const struct formkit_sheet sheets[] = {
        {"survey",
         "type,name,label,save_to\nbegin repeat,r,R,\ntext,n,N,fullname\nend repeat,,,\n"},
        {"settings", "form_id\nt\n"},
        {"entities", "list_name,label\npeople,${n}\n"}};
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_workbook(&kit, sheets, 3, NULL, NULL), RC_OK);
    HAS(&kit, "<meta><entity dataset=\"people\" create=\"1\" id=\"\"><label/></entity></meta></r>",
        "entities:saveto=\"fullname\"", "calculate=\" ../../../n \"",
        "<setvalue ref=\"/data/r/meta/entity/@id\" event=\"odk-new-repeat\" value=\"uuid()\"/>",
        "entities:entities-version=\"2025.1.0\"");
    formkit_release(&kit);
}

static void files_are_part_of_the_form(void **state) {
    const struct formkit_sheet sheets[] = {
        {"survey",
         "type,name,label,calculation\ntext,k,K,\ncalculate,a,,\"pulldata('areas', 'n', 'k', "
         "${k})\"\n"},
        {"settings", "form_id\nt\n"}};
    struct form_file files[] = {{view_text("b.xml"), view_text("<r/>")},
                                {view_text("areas.csv"), view_text("k,n\n1,\"甲\"\n")}};
    struct workbook beside = {.file_count = 2, .files = files};
    struct formkit kit;
    uint64_t id;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_workbook(&kit, sheets, 2, &beside, NULL), RC_OK);
    HAS(&kit, "<instance id=\"areas\" src=\"jr://file-csv/areas.csv\"/>");
    assert_int_equal(kit.form->file_count, 2);
    assert_true(view_is(kit.form->files[0].name, "areas.csv"));
    assert_true(view_is(kit.form->files[0].content, "k,n\n1,\"甲\"\n"));
    id = kit.form->id;
    files[1].content = view_text("k,n\n1,\"乙\"\n");
    assert_int_equal(formkit_workbook(&kit, sheets, 2, &beside, NULL), RC_OK);
    assert_true(kit.form->id != id);
    files[1].content = view_text("\xff");
    assert_int_equal(formkit_workbook(&kit, sheets, 2, &beside, NULL), RC_INVALID);
    assert_string_equal(kit.err.text, "sheet areas.csv: the text is not valid UTF-8");
    formkit_release(&kit);
}

static void lenient_lists_what_it_lets_pass(void **state) {
    const struct formkit_sheet sheets[] = {{"survey",
                                            "type,name,label,relevant\n"
                                            "begin group,meta,,\ntext,a,A,\nend group,,,\n"
                                            "begin group,g,,\ntext,a,,\nend group,,,\n"
                                            "text,b,B,${a} = 1\nselect_one yn,c,C,\n"},
                                           {"choices", "list_name,name,label\nyn,1,Yes\nyn,1,Ja\n"},
                                           {"setings", "form_id\nother\n"}};
    struct xlsform_options options = {.fallback_name = view_text("file")};
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_workbook(&kit, sheets, 3, NULL, &options), RC_INVALID);
    assert_int_equal(kit.findings.error_count, 4);
    options.lenient = true;
    assert_int_equal(formkit_workbook(&kit, sheets, 3, NULL, &options), RC_OK);
    assert_int_equal(kit.findings.count, 6);
    assert_string_equal(kit.findings.list[0].text,
                        "sheet setings: the sheet is not used; did you mean \"settings\"? If not, "
                        "begin its name with an underscore");
    assert_true(view_is(kit.form->name, "file"));
    HAS(&kit, "<meta><a/><instanceID/></meta>", "!</meta><meta>");
    formkit_release(&kit);
}

/* More is wrong than is kept: whoever must mend the form sees the errors all the same. */
static void warnings_never_hide_an_error(void **state) {
    struct formkit kit;
    struct buf survey;
    uint32_t errors = 0;

    (void)state;
    buf_init(&survey, 1u << 20);
    buf_add_text(&survey, "type,name,label::a,label::b\n");
    for (uint32_t i = 0; i < 300; i++)
        buf_addf(&survey, "text,q%u,Q,\n", i);
    buf_add_text(&survey, "wibble,last,Last,\nwobble,very_last,Last,\n");
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_compile(&kit, buf_text(&survey), NULL, SETTINGS, NULL, 1), RC_INVALID);
    assert_true(kit.findings.count > 300);
    assert_int_equal(kit.findings.error_count, 2);
    for (uint32_t i = 0; i < 200; i++)
        errors += kit.findings.list[i].is_error ? 1 : 0;
    assert_int_equal(errors, 2);
    formkit_release(&kit);
    buf_release(&survey);
}

static void disabled_rows_are_left_out(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit, "type,name,label,disabled\ntext,a,A,yes\ntext,a,A again,no\n", NULL);
    assert_int_equal(kit.form->field_count, 1);
    HAS(&kit, "A again", "!<label>A</label>");
    formkit_release(&kit);
}

static void the_nearest_of_equal_names_is_meant(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label,relevant\nbegin group,g,,\ntext,a,A,\ntext,b,B,${a} = 1\nend group,,,\n"
          "begin group,h,,\ntext,a,A,\ntext,c,C,${a} = 2\nend group,,,\ntext,d,D,${h/a} = 3\n",
          NULL);
    HAS(&kit, "relevant=\" /data/g/a  = 1\"", "relevant=\" /data/h/a  = 2\"",
        "relevant=\" /data/h/a  = 3\"");
    formkit_release(&kit);
}

static void circles_are_refused_with_their_way(void **state) {
    struct formkit kit;

    (void)state;
    refuses("type,name,label,calculation,relevant\ncalculate,a,,${b} + 1,\ncalculate,b,,${c},\n"
            "calculate,c,,/data/a,\n",
            NULL,
            "survey, row 2, column D (calculation): these questions wait for each other: a → b → c "
            "→ a; break the circle");
    refuses("type,name,label,calculation,relevant\ninteger,a,A,,${b} > 1\ncalculate,b,,${a} + 1,\n",
            NULL,
            "survey, row 3, column D (calculation): these questions wait for each other: b → a → "
            "b; break the circle");
    refuses("type,name,label,calculation,relevant\ninteger,a,A,,. > 1\n", NULL,
            "survey, row 2, column E (relevant): these questions wait for each other: a → a; break "
            "the circle");
    refuses("type,name,label,relevant\nbegin group,g,G,${a} = 1\ntext,a,A,\nend group,,,\n", NULL,
            "survey, row 2, column D (relevant): these questions wait for each other: g → a → g; "
            "break the circle");
    /* These come to rest: two that hide each other, and one that looks at its neighbour. */
    formkit_init(&kit, LANG_EN);
    makes(&kit,
          "type,name,label,calculation,relevant\n"
          "text,a,A,,${b} = ''\ntext,b,B,,${a} = ''\n"
          "begin repeat,r,R,,\n"
          "calculate,c,,\"indexed-repeat(${c}, ${r}, position(..) - 1) + 1\",\n"
          "calculate,n,,count(${r}),\n"
          "end repeat,,,,\n",
          NULL);
    formkit_release(&kit);
}

static void expressions_are_read_when_the_form_is_made(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    assert_int_equal(formkit_compile(&kit,
                                     "type,name,label,relevant,constraint\ntext,a,A,,\n"
                                     "text,b,B,${a} = (1,. > ${a}\n",
                                     NULL, SETTINGS, NULL, 1),
                     RC_INVALID);
    assert_int_equal(kit.findings.error_count, 1);
    assert_int_equal(kit.findings.list[0].row, 3);
    assert_int_equal(kit.findings.list[0].column, 4);
    assert_int_equal(
        formkit_compile(&kit, "type,name,label,relevant\ntext,a,A,difference-in-months('a') > 1\n",
                        NULL, SETTINGS, NULL, 1),
        RC_OK);
    assert_string_equal(kit.findings.list[0].text,
                        "survey, row 2, column D (relevant): the function difference-in-months is "
                        "not known");
    assert_int_equal(formkit_compile(&kit, "type,name,label,calculation\ncalculate,a,,Ethiopia\n",
                                     NULL, SETTINGS, NULL, 1),
                     RC_OK);
    assert_string_equal(
        kit.findings.list[0].text,
        "survey, row 2, column D (calculation): the name \"Ethiopia\" means nothing "
        "here; a text needs quotes, a question ${ and }");
    formkit_release(&kit);
}

static void what_xml_can_not_hold_does_not_get_there(void **state) {
    struct formkit kit;

    (void)state;
    formkit_init(&kit, LANG_EN);
    makes(&kit, "type,name,label,default\ntext,a,\"<&> \x01 \"\"q\"\"\",<&>\n", NULL);
    HAS(&kit, "<label>&lt;&amp;&gt;   \"q\"</label>", "<a>&lt;&amp;&gt;</a>");
    formkit_release(&kit);
    refuses("type,name,label\ntext,a×b,A\n", NULL,
            "survey, row 2, column B (name): \"a×b\" can not be a name; use letters, digits, _ - "
            "and ., and no blank");
}

static void parameters_are_checked(void **state) {
    static const struct {
        const char *row, *text;
    } wrongs[] = {
        {"range,a,A,start=1 end=9 step=0", "step and tick_interval must not be zero"},
        {"range,a,A,start==1",
         "\"start==1\" is not a parameter; write name=value, parted by blanks"},
        {"range,a,A,tick_interval=20", "tick_interval must not be larger than the whole range"},
        {"select_one yn,a,A,seed=3", "a seed needs randomize=true"},
        {"select_one yn,a,A,colour=red", "the type \"select one\" has no parameter \"colour\""},
        {"geopoint,a,A,reference-geometry=no",
         "reference-geometry names a list, a file without its ending, an entity list, or the "
         "${repeat} whose places are meant; \"no\" is none of these"},
        {"audit,audit,,location-priority=low-power",
         "location-priority, location-min-interval and location-max-age stand together or not at "
         "all"},
    };
    char survey[300], text[500];

    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        snprintf(survey, sizeof(survey), "type,name,label,parameters\n%s\n", wrongs[i].row);
        snprintf(text, sizeof(text), "survey, row 2, column D (parameters): %s", wrongs[i].text);
        refuses(survey, CHOICES, text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_in_a_repeat_are_relative),
        cmocka_unit_test(every_language_has_every_text),
        cmocka_unit_test(choices_come_from_lists_files_and_repeats),
        cmocka_unit_test(actions_follow_events),
        cmocka_unit_test(our_columns_and_foreign_ones_have_namespaces),
        cmocka_unit_test(entities_live_in_their_repeat),
        cmocka_unit_test(files_are_part_of_the_form),
        cmocka_unit_test(lenient_lists_what_it_lets_pass),
        cmocka_unit_test(warnings_never_hide_an_error),
        cmocka_unit_test(disabled_rows_are_left_out),
        cmocka_unit_test(the_nearest_of_equal_names_is_meant),
        cmocka_unit_test(circles_are_refused_with_their_way),
        cmocka_unit_test(expressions_are_read_when_the_form_is_made),
        cmocka_unit_test(what_xml_can_not_hold_does_not_get_there),
        cmocka_unit_test(parameters_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
