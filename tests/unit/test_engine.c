/* Filling a form: relevance, calculations, repeats, actions, languages, drafts and submissions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/enginekit.h"

static struct enginekit kit;

static int setup(void **state) {
    (void)state;
    enginekit_init(&kit);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    enginekit_release(&kit);
    return 0;
}

static void begin(const char *head, const char *body) {
    if (enginekit_load_parts(&kit, head, body) != RC_OK ||
        engine_begin(&kit.engine, &kit.err) != RC_OK)
        fail_msg("%s", kit.err.text);
}

static void set(const char *ref, const char *value) {
    if (enginekit_set(&kit, ref, value) != RC_OK)
        fail_msg("%s: %s", ref, kit.err.text);
}

/* Writes the draft and goes on with what was written. */
static void reopen(void) {
    struct view draft = view_text(enginekit_xml(&kit, ENGINE_DRAFT));

    draft = arena_view(&kit.arena, draft);
    assert_int_equal(engine_open(&kit.engine, ENGINE_RESUME, draft, &kit.err), RC_OK);
}

#define VALUE(ref, value) assert_string_equal(enginekit_value(&kit, ref), value)

/* ---- relevance ---- */

static void irrelevant_answers_are_kept_unseen_and_not_submitted(void **state) {
    (void)state;
    begin("<instance><data id='t'><has/><g><a/><b/></g><seen/></data></instance>"
          "<bind nodeset='/data/g' relevant=\"/data/has = 'yes'\"/>"
          "<bind nodeset='/data/seen' calculate=\"concat(/data/g/a, '!')\"/>",
          "<input ref='/data/has'/><group ref='/data/g'><input ref='/data/g/a'/>"
          "<input ref='/data/g/b'/></group>");
    assert_false(enginekit_relevant(&kit, "/data/g/a"));
    assert_int_equal(enginekit_set(&kit, "/data/g/a", "x"), RC_DENIED);
    set("/data/has", "yes");
    set("/data/g/a", "x");
    VALUE("/data/seen", "x!");
    set("/data/has", "no");
    VALUE("/data/g/a", "x");
    VALUE("/data/seen", "!");
    assert_null(strstr(enginekit_xml(&kit, ENGINE_SUBMISSION), "<g>"));
    assert_non_null(strstr(enginekit_xml(&kit, ENGINE_DRAFT), "<a>x</a>"));
    set("/data/has", "yes");
    VALUE("/data/seen", "x!");
}

static void relevance_in_a_repeat_is_of_its_own_instance(void **state) {
    (void)state;
    begin("<instance><data id='t'><m jr:template=''><age/><school/></m></data></instance>"
          "<bind nodeset='/data/m/age' type='int'/>"
          "<bind nodeset='/data/m/school' relevant='/data/m/age &lt; 16'/>",
          "<repeat nodeset='/data/m'><input ref='/data/m/age'/><input ref='/data/m/school'/>"
          "</repeat>");
    assert_int_equal(enginekit_add(&kit, "/data/m", 0), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/m", 0), RC_OK);
    set("/data/m[1]/age", "40");
    set("/data/m[2]/age", "9");
    assert_false(enginekit_relevant(&kit, "/data/m[1]/school"));
    assert_true(enginekit_relevant(&kit, "/data/m[2]/school"));
}

static void conditions_that_exclude_each_other_settle(void **state) {
    (void)state;
    begin("<instance><data id='t'><a/><b/></data></instance>"
          "<bind nodeset='/data/a' relevant=\"/data/b = ''\"/>"
          "<bind nodeset='/data/b' relevant=\"/data/a = ''\"/>",
          "<input ref='/data/a'/><input ref='/data/b'/>");
    assert_true(kit.model->is_circular);
    set("/data/a", "1");
    assert_false(enginekit_relevant(&kit, "/data/b"));
    set("/data/a", "");
    assert_true(enginekit_relevant(&kit, "/data/b"));
}

/* ---- calculations ---- */

static void money_is_exact(void **state) {
    (void)state;
    begin("<instance><data id='t'><i jr:template=''><amount/></i><total/><tenth/></data></instance>"
          "<bind nodeset='/data/i/amount' type='decimal'/>"
          "<bind nodeset='/data/total' type='decimal' calculate='sum(/data/i/amount)'/>"
          "<bind nodeset='/data/tenth' type='decimal' calculate='/data/total * 0.1'/>",
          "<repeat nodeset='/data/i'><input ref='/data/i/amount'/></repeat>");
    for (int i = 0; i < 3; i++)
        assert_int_equal(enginekit_add(&kit, "/data/i", 0), RC_OK);
    set("/data/i[1]/amount", "0.10");
    set("/data/i[2]/amount", "0.20");
    set("/data/i[3]/amount", "1234567890.07");
    VALUE("/data/i[1]/amount", "0.10");
    VALUE("/data/total", "1234567890.37");
    VALUE("/data/tenth", "123456789.037");
}

static void random_values_stay_until_something_else_changes(void **state) {
    const char *first;

    (void)state;
    begin("<instance><data id='t'><a/><id/><pick/></data></instance>"
          "<bind nodeset='/data/id' calculate='uuid()'/>"
          "<bind nodeset='/data/pick' calculate=\"if(/data/a = '', '', concat(/data/a, "
          "random()))\"/>",
          "<input ref='/data/a'/>");
    first = enginekit_value(&kit, "/data/id");
    assert_int_equal(strlen(first), 36);
    set("/data/a", "1");
    VALUE("/data/id", first);
    first = enginekit_value(&kit, "/data/pick");
    assert_int_equal(engine_recompute(&kit.engine, &kit.err), RC_OK);
    VALUE("/data/pick", first);
    set("/data/a", "2");
    assert_string_not_equal(enginekit_value(&kit, "/data/pick"), first);
}

static void people_may_correct_what_was_computed(void **state) {
    (void)state;
    begin("<instance><data id='t'><a/><b/></data></instance>"
          "<bind nodeset='/data/a' type='int'/>"
          "<bind nodeset='/data/b' type='int' calculate='/data/a * 3'/>",
          "<input ref='/data/a'/><input ref='/data/b'/>");
    set("/data/a", "2");
    VALUE("/data/b", "6");
    set("/data/b", "7");
    VALUE("/data/b", "7");
    reopen();
    VALUE("/data/b", "7");
    set("/data/a", "3");
    VALUE("/data/b", "9");
}

static void the_row_above_may_be_read(void **state) {
    (void)state;
    begin("<instance><data id='t'><r jr:template=''><n/><sum/></r></data></instance>"
          "<bind nodeset='/data/r/n' type='int'/>"
          "<bind nodeset='/data/r/sum' type='int' calculate=\"coalesce(/data/r[position() = "
          "position(current()/..) - 1]/sum, 0) + ../n\"/>",
          "<repeat nodeset='/data/r'><input ref='/data/r/n'/></repeat>");
    for (int i = 0; i < 3; i++)
        assert_int_equal(enginekit_add(&kit, "/data/r", 0), RC_OK);
    set("/data/r[1]/n", "1");
    set("/data/r[2]/n", "10");
    set("/data/r[3]/n", "100");
    VALUE("/data/r[3]/sum", "111");
    set("/data/r[1]/n", "2");
    VALUE("/data/r[3]/sum", "112");
}

/* ---- answers ---- */

static void answers_are_read_as_their_type(void **state) {
    (void)state;
    begin("<instance><data id='t'><i/><d/><day/><one/><many/><fixed/></data></instance>"
          "<bind nodeset='/data/i' type='int'/><bind nodeset='/data/d' type='decimal'/>"
          "<bind nodeset='/data/day' type='date'/>"
          "<bind nodeset='/data/fixed' readonly='true()'/>",
          "<input ref='/data/i'/><input ref='/data/d'/><input ref='/data/day'/>"
          "<select1 ref='/data/one'><item><label>A</label><value>a</value></item>"
          "<item><label>B</label><value>b</value></item></select1>"
          "<select ref='/data/many'><item><label>A</label><value>a</value></item>"
          "<item><label>B</label><value>b</value></item></select><input ref='/data/fixed'/>");
    set("/data/i", " ００７ ");
    VALUE("/data/i", "7");
    assert_int_equal(enginekit_set(&kit, "/data/i", "7.5"), RC_INVALID);
    assert_int_equal(enginekit_set(&kit, "/data/i", "seven"), RC_INVALID);
    VALUE("/data/i", "7");
    set("/data/d", "12.50");
    VALUE("/data/d", "12.50");
    assert_int_equal(enginekit_set(&kit, "/data/day", "2026-02-30"), RC_INVALID);
    assert_int_equal(enginekit_set(&kit, "/data/one", "c"), RC_INVALID);
    assert_int_equal(enginekit_set(&kit, "/data/one", "a b"), RC_INVALID);
    set("/data/many", " b  a b");
    VALUE("/data/many", "b a");
    assert_int_equal(enginekit_set(&kit, "/data/fixed", "x"), RC_DENIED);
    assert_int_equal(enginekit_set(&kit, "/data/none", "x"), RC_NOT_FOUND);
}

static void problems_are_named_in_the_order_of_the_body(void **state) {
    struct question *problems = NULL;
    struct engine_place first;
    uint32_t count = 0;

    (void)state;
    begin("<instance><data id='t'><age/><name/><hidden/><sum/></data></instance>"
          "<bind nodeset='/data/sum' required='true()' calculate=\"''\"/>"
          "<bind nodeset='/data/age' type='int' constraint='. &lt; 130' "
          "jr:constraintMsg='too old'/><bind nodeset='/data/name' required='true()'/>"
          "<bind nodeset='/data/hidden' required='true()' relevant='false()'/>",
          "<input ref='/data/name'><label>Name</label></input>"
          "<input ref='/data/age'/><input ref='/data/hidden'/>");
    set("/data/age", "200");
    VALUE("/data/age", "200");
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &problems, &count, &kit.err), RC_OK);
    assert_int_equal(count, 2);
    assert_true(view_is(problems[0].ref, "/data/name"));
    assert_true(view_is(problems[0].error, "an answer is required"));
    assert_true(view_is(problems[1].error, "too old"));
    assert_int_equal(engine_first_problem(&kit.engine, problems[1].place, &first, &kit.err), RC_OK);
    assert_int_equal(first.field, problems[1].place.field);
    set("/data/age", "20");
    set("/data/name", "Li");
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &problems, &count, &kit.err), RC_OK);
    assert_int_equal(count, 0);
}

static void warnings_are_said_and_refuse_nothing(void **state) {
    struct question *list = NULL;
    struct engine_place *places = NULL, age;
    struct engine_state look;
    uint64_t mark = 0;
    uint32_t count = 0;

    (void)state;
    begin("<instance><data id='t'><old/><age/><plain/><bad/></data></instance>"
          "<bind nodeset='/data/age' type='int' constraint='. &lt; 130' "
          "yg:warning='. &lt; /data/old' yg:warning_message='rather old'/>"
          "<bind nodeset='/data/plain' yg:warning='false()'/>"
          "<bind nodeset='/data/bad' yg:warning='1 div number(none())'/>",
          "<input ref='/data/old'/><input ref='/data/age'/><input ref='/data/plain'/>"
          "<input ref='/data/bad'/>");
    set("/data/old", "90");
    assert_int_equal(engine_warnings(&kit.engine, &kit.arena, &list, &count, &kit.err), RC_OK);
    assert_int_equal(count, 0); /* there is no answer yet to look at */
    set("/data/age", "95");
    set("/data/plain", "x");
    assert_int_equal(engine_warnings(&kit.engine, &kit.arena, &list, &count, &kit.err), RC_OK);
    assert_int_equal(count, 2);
    assert_true(view_is(list[0].ref, "/data/age"));
    assert_true(view_is(list[0].warning, "rather old"));
    assert_int_equal(list[0].violation, ENGINE_FINE);
    assert_int_equal(list[0].error.size, 0);
    assert_true(view_is(list[1].warning, "please look at this answer again"));
    age = list[0].place;
    assert_true(engine_look(&kit.engine, age, &look) && look.is_warned);
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &list, &count, &kit.err), RC_OK);
    assert_int_equal(count, 0);
    /* It comes and goes with what it reads, and that is a change to show. */
    assert_int_equal(engine_changes(&kit.engine, 0, &kit.arena, &places, &count, &mark, &kit.err),
                     RC_OK);
    set("/data/old", "100");
    assert_int_equal(
        engine_changes(&kit.engine, mark, &kit.arena, &places, &count, &mark, &kit.err), RC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(places[1].field, age.field);
    assert_true(engine_look(&kit.engine, age, &look) && !look.is_warned);
    /* What is wrong is not also doubtful. */
    set("/data/age", "130");
    assert_true(engine_look(&kit.engine, age, &look) && !look.is_warned);
    assert_int_equal(look.violation, ENGINE_CONSTRAINT);
    set("/data/bad", "x");
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &list, &count, &kit.err), RC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[1].violation, ENGINE_TROUBLE);
}

static void answers_that_are_not_offered_any_more_are_dropped(void **state) {
    (void)state;
    begin("<instance><data id='t'><county/><towns/></data></instance>"
          "<instance id='towns'><root>"
          "<item><name>a1</name><label>A1</label><county>a</county></item>"
          "<item><name>b1</name><label>B1</label><county>b</county></item></root></instance>",
          "<input ref='/data/county'/><select ref='/data/towns'>"
          "<itemset nodeset=\"instance('towns')/root/item[selected(/data/county, county)]\">"
          "<value ref='name'/><label ref='label'/></itemset></select>");
    set("/data/county", "a b");
    set("/data/towns", "a1 b1");
    set("/data/county", "b");
    VALUE("/data/towns", "b1");
    set("/data/county", "");
    VALUE("/data/towns", "");
    set("/data/county", "a b");
    VALUE("/data/towns", "a1 b1");
    set("/data/county", "a");
    set("/data/towns", "");
    set("/data/county", "a b");
    VALUE("/data/towns", "");
}

/* ---- repeats ---- */

static void instances_keep_their_ids(void **state) {
    struct engine_place second;

    (void)state;
    begin("<instance><data id='t'><m jr:template=''><n/></m></data></instance>",
          "<repeat nodeset='/data/m'><input ref='/data/m/n'/></repeat>");
    assert_int_equal(enginekit_add(&kit, "/data/m", 71), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/m", 72), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/m", 72), RC_CONFLICT);
    set("/data/m[2]/n", "b");
    assert_int_equal(engine_place(&kit.engine, view_text("/data/m[2]/n"), &second, &kit.err),
                     RC_OK);
    assert_int_equal(second.instance, 72);
    assert_int_equal(enginekit_remove(&kit, "/data/m[1]"), RC_OK);
    assert_true(view_is(engine_value(&kit.engine, second), "b"));
    reopen();
    assert_true(view_is(engine_value(&kit.engine, second), "b"));
    assert_null(strstr(enginekit_xml(&kit, ENGINE_SUBMISSION), "yg:"));
}

static void a_count_rules_its_repeat(void **state) {
    (void)state;
    begin("<instance><data id='t'><n/><r jr:template=''><p/><q/></r></data></instance>"
          "<bind nodeset='/data/n' type='int'/>"
          "<bind nodeset='/data/r/p' calculate='position(..)'/>",
          "<input ref='/data/n'/><repeat nodeset='/data/r' jr:count='/data/n'>"
          "<input ref='/data/r/q'/></repeat>");
    set("/data/n", "3");
    VALUE("/data/r[3]/p", "3");
    assert_int_equal(enginekit_add(&kit, "/data/r", 0), RC_DENIED);
    assert_int_equal(enginekit_remove(&kit, "/data/r[1]"), RC_DENIED);
    set("/data/n", "1");
    VALUE("/data/r[2]/p", "?");
    set("/data/n", "1000000");
    VALUE("/data/r[5000]/p", "5000");
    VALUE("/data/r[5001]/p", "?");
    set("/data/n", "-1");
    VALUE("/data/r[1]/p", "?");
}

static void repeats_nest(void **state) {
    (void)state;
    begin("<instance><data id='t'><h jr:template=''><m jr:template=''><w/></m><sum/></h></data>"
          "</instance><bind nodeset='/data/h/sum' type='int' calculate='sum(../m/w)'/>"
          "<bind nodeset='/data/h/m/w' type='int'/>",
          "<repeat nodeset='/data/h'><repeat nodeset='/data/h/m'><input ref='/data/h/m/w'/>"
          "</repeat></repeat>");
    assert_int_equal(enginekit_add(&kit, "/data/h", 0), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/h", 0), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/h[2]/m", 0), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/h[2]/m", 0), RC_OK);
    set("/data/h[2]/m[1]/w", "3");
    set("/data/h[2]/m[2]/w", "4");
    VALUE("/data/h[1]/sum", "0");
    VALUE("/data/h[2]/sum", "7");
}

/* ---- actions and metadata ---- */

static void actions_set_values(void **state) {
    (void)state;
    begin("<instance><data id='t'><a>5</a><first/><copy/><r jr:template=''><p/></r></data>"
          "</instance><setvalue event='odk-instance-first-load' ref='/data/first' "
          "value='/data/a + 1'/>",
          "<input ref='/data/a'><setvalue event='xforms-value-changed' ref='/data/copy' "
          "value='/data/a * 2'/></input><repeat nodeset='/data/r'>"
          "<setvalue event='odk-new-repeat' ref='/data/r/p' value='position(..)'/>"
          "<input ref='/data/r/p'/></repeat>");
    VALUE("/data/first", "6");
    VALUE("/data/copy", "");
    set("/data/a", "7");
    VALUE("/data/first", "6");
    VALUE("/data/copy", "14");
    assert_int_equal(enginekit_add(&kit, "/data/r", 0), RC_OK);
    assert_int_equal(enginekit_add(&kit, "/data/r", 0), RC_OK);
    VALUE("/data/r[2]/p", "2");
}

static void actions_that_trigger_each_other_end(void **state) {
    (void)state;
    begin("<instance><data id='t'><a/><b/></data></instance>",
          "<input ref='/data/a'><setvalue event='xforms-value-changed' ref='/data/b' "
          "value=\"concat(/data/b, 'x')\"/></input>"
          "<input ref='/data/b'><setvalue event='xforms-value-changed' ref='/data/a' "
          "value=\"concat(/data/a, 'y')\"/></input>");
    set("/data/a", "1");
    assert_true(strlen(enginekit_value(&kit, "/data/a")) < 40);
}

static void metadata_comes_from_the_host(void **state) {
    struct question *problems = NULL;
    uint32_t count = 0;

    (void)state;
    begin("<instance><data id='t'><s/><e/><day/><dev/><who/></data></instance>"
          "<bind nodeset='/data/s' type='dateTime' jr:preload='timestamp' "
          "jr:preloadParams='start'/>"
          "<bind nodeset='/data/e' type='dateTime' jr:preload='timestamp' jr:preloadParams='end'/>"
          "<bind nodeset='/data/day' type='date' jr:preload='date' jr:preloadParams='today'/>"
          "<bind nodeset='/data/dev' jr:preload='property' jr:preloadParams='deviceid'/>"
          "<bind nodeset='/data/who' jr:preload='property' jr:preloadParams='username'/>",
          "");
    VALUE("/data/s", "2026-11-23T12:00:00.000+08:00");
    VALUE("/data/e", "");
    VALUE("/data/day", "2026-11-23");
    VALUE("/data/dev", "device-1");
    VALUE("/data/who", "li");
    assert_int_equal(engine_instance_id(&kit.engine).size, 41);
    kit.now_ms += 90061007;
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &problems, &count, &kit.err), RC_OK);
    VALUE("/data/e", "2026-11-24T13:01:01.007+08:00");
    VALUE("/data/s", "2026-11-23T12:00:00.000+08:00");
}

/* ---- texts ---- */

static void labels_follow_language_and_answers(void **state) {
    (void)state;
    begin(
        "<itext><translation lang='中文 (zh)'><text id='q'><value>你好<output value='/data/name'/>"
        "</value><value form='image'>jr://images/a.png</value></text></translation>"
        "<translation lang='English (en)'><text id='q'><value>Hello "
        "<output value='/data/name'/></value></text></translation></itext>"
        "<instance><data id='t'><name/><q/></data></instance>",
        "<input ref='/data/name'/><input ref='/data/q'><label ref=\"jr:itext('q')\"/></input>");
    set("/data/name", "Li");
    assert_string_equal(enginekit_label(&kit, "/data/q"), "你好Li");
    assert_int_equal(engine_speak(&kit.engine, view_text("en"), &kit.err), RC_OK);
    assert_string_equal(enginekit_label(&kit, "/data/q"), "Hello Li");
    assert_int_equal(engine_speak(&kit.engine, view_text("fr"), &kit.err), RC_NOT_FOUND);
}

static void changes_tell_what_is_different(void **state) {
    struct engine_place *places = NULL;
    uint32_t count = 0;
    uint64_t mark = 0, later = 0;

    (void)state;
    begin("<instance><data id='t'><a/><b/><c/><d/></data></instance>"
          "<bind nodeset='/data/b' relevant=\"/data/a != ''\"/>",
          "<input ref='/data/a'/><input ref='/data/b'/>"
          "<input ref='/data/c'><label>of <output value='/data/a'/></label></input>"
          "<input ref='/data/d'/>");
    assert_int_equal(engine_changes(&kit.engine, 0, &kit.arena, &places, &count, &mark, &kit.err),
                     RC_OK);
    assert_true(count > 4);
    assert_int_equal(
        engine_changes(&kit.engine, mark, &kit.arena, &places, &count, &mark, &kit.err), RC_OK);
    assert_int_equal(count, 0);
    set("/data/a", "1");
    assert_int_equal(
        engine_changes(&kit.engine, mark, &kit.arena, &places, &count, &later, &kit.err), RC_OK);
    assert_int_equal(count, 3); /* a, b, and the label of c */
    set("/data/d", "1");
    assert_int_equal(
        engine_changes(&kit.engine, mark, &kit.arena, &places, &count, &later, &kit.err), RC_OK);
    assert_int_equal(count, 4);
}

/* ---- instances that come from outside ---- */

static void a_correction_knows_what_it_corrects(void **state) {
    static const char submission[] =
        "<data id='t' version='1'><a>1</a><extra>kept</extra>"
        "<meta xmlns='http://openrosa.org/xforms'><instanceID>uuid:old</instanceID></meta></data>";
    const char *xml;

    (void)state;
    begin("<instance><data id='t'><a/><b>2</b><orx:meta><orx:instanceID/></orx:meta></data>"
          "</instance><bind nodeset='/data/orx:meta/orx:instanceID' jr:preload='uid'/>",
          "<input ref='/data/a'/><input ref='/data/b'/>");
    assert_int_equal(engine_open(&kit.engine, ENGINE_RESUME, view_text(submission), &kit.err),
                     RC_OK);
    assert_true(view_is(engine_instance_id(&kit.engine), "uuid:old"));
    assert_int_equal(engine_open(&kit.engine, ENGINE_EDIT, view_text(submission), &kit.err), RC_OK);
    assert_false(view_is(engine_instance_id(&kit.engine), "uuid:old"));
    xml = enginekit_xml(&kit, ENGINE_SUBMISSION);
    assert_non_null(strstr(xml, "deprecatedID>uuid:old<"));
    assert_non_null(strstr(xml, "<extra>kept</extra>"));
    VALUE("/data/a", "1");
    VALUE("/data/b", "2");
    assert_int_equal(engine_open(&kit.engine, ENGINE_EDIT, view_text("<other/>"), &kit.err),
                     RC_INVALID);
    assert_int_equal(engine_open(&kit.engine, ENGINE_EDIT, view_text("<data>"), &kit.err),
                     RC_INVALID);
    assert_int_equal(enginekit_set(&kit, "/data/a", "2"), RC_NOT_FOUND);
    assert_int_equal(engine_begin(&kit.engine, &kit.err), RC_OK);
    VALUE("/data/a", "");
}

static void a_draft_goes_on_where_it_was(void **state) {
    const char *id;

    (void)state;
    begin("<instance><data id='t'><a/><hidden/><n/></data></instance>"
          "<bind nodeset='/data/hidden' relevant=\"/data/a = ''\"/>"
          "<bind nodeset='/data/n' calculate='random()'/>",
          "<input ref='/data/hidden'/><input ref='/data/a'/>");
    set("/data/hidden", "&<>");
    set("/data/a", "1");
    id = enginekit_value(&kit, "/data/n");
    reopen();
    VALUE("/data/n", id);
    set("/data/a", "");
    VALUE("/data/hidden", "&<>");
}

/* ---- bounds ---- */

static void answering_again_and_again_takes_no_more_memory(void **state) {
    size_t most = 0;
    char text[400];

    (void)state;
    begin("<instance><data id='t'><a/><b/><r jr:template=''><x/></r></data></instance>"
          "<bind nodeset='/data/b' calculate='concat(/data/a, /data/a)'/>",
          "<input ref='/data/a'/><repeat nodeset='/data/r'><input ref='/data/r/x'/></repeat>");
    for (uint32_t i = 0; i < 6000; i++) {
        memset(text, 'a' + (int)(i % 26), sizeof(text));
        text[i % (sizeof(text) - 1)] = '\0';
        set("/data/a", text);
        assert_int_equal(enginekit_add(&kit, "/data/r", 0), RC_OK);
        assert_int_equal(enginekit_remove(&kit, "/data/r[1]"), RC_OK);
        arena_reset(&kit.arena);
        most = kit.engine.tree.held_bytes > most ? kit.engine.tree.held_bytes : most;
    }
    assert_true(most < 4u * 1024u * 1024u);
}

static void an_expression_that_fails_is_a_problem_of_its_field(void **state) {
    struct question *problems = NULL;
    uint32_t count = 0;

    (void)state;
    begin("<instance><data id='t'><a/><b/></data></instance>"
          "<bind nodeset='/data/b' calculate=\"instance('none')/root/item\"/>",
          "<input ref='/data/a'/>");
    set("/data/a", "1");
    VALUE("/data/b", "");
    assert_int_equal(engine_finish(&kit.engine, &kit.arena, &problems, &count, &kit.err), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(problems[0].violation, ENGINE_TROUBLE);
    assert_true(problems[0].error.size > 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(irrelevant_answers_are_kept_unseen_and_not_submitted),
        TEST(relevance_in_a_repeat_is_of_its_own_instance),
        TEST(conditions_that_exclude_each_other_settle),
        TEST(money_is_exact),
        TEST(random_values_stay_until_something_else_changes),
        TEST(people_may_correct_what_was_computed),
        TEST(the_row_above_may_be_read),
        TEST(answers_are_read_as_their_type),
        TEST(problems_are_named_in_the_order_of_the_body),
        TEST(warnings_are_said_and_refuse_nothing),
        TEST(answers_that_are_not_offered_any_more_are_dropped),
        TEST(instances_keep_their_ids),
        TEST(a_count_rules_its_repeat),
        TEST(repeats_nest),
        TEST(actions_set_values),
        TEST(actions_that_trigger_each_other_end),
        TEST(metadata_comes_from_the_host),
        TEST(labels_follow_language_and_answers),
        TEST(changes_tell_what_is_different),
        TEST(a_correction_knows_what_it_corrects),
        TEST(a_draft_goes_on_where_it_was),
        TEST(answering_again_and_again_takes_no_more_memory),
        TEST(an_expression_that_fails_is_a_problem_of_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
