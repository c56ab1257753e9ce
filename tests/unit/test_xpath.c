/* Expressions of forms: what other people's cases (tests/conformance) do not say: exact numbers,
 * repeats, the host's callbacks, messages, limits, and looking into an expression. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/date.h"
#include "schema/form/xpath.h"

#include <cmocka.h>

static const char form_xml[] =
    "<data><name>\xe6\x9d\x8e</name><size>3</size><born>2020-02-29</born><empty/>"
    "<member><age>41</age><income>0.10</income><pet><kind>cat</kind></pet><pet><kind>dog</kind>"
    "</pet></member>"
    "<member><age>7</age><income>0.20</income><pet><kind>hen</kind></pet></member>"
    "<member><age>70</age><income>1000000000000.05</income></member></data>";

static const char list_xml[] = "<instance><root><item><name>a</name><label>Apple</label><n>1</n>"
                               "</item><item><name>b</name><label>Berry</label><n>2</n></item>"
                               "</root></instance>";

struct rig {
    struct arena arena;
    struct arena scratch;
    struct xml_node *form;
    struct xml_node *list;
    struct xpath_host host;
    struct xpath_scope scope;
    struct xpath_place place;
    struct xpath_value value;
    struct err err;
};

static int64_t host_now(void *user) {
    (void)user;
    return INT64_C(1795392000000) + 30 * MS_PER_MINUTE; /* 2026-11-23T00:30 UTC */
}

static int64_t host_offset(void *user, int64_t utc_ms) {
    (void)user;
    (void)utc_ms;
    return 8 * MS_PER_HOUR;
}

static void host_random(void *user, uint8_t *out, size_t size) {
    (void)user;
    memset(out, 0x5A, size);
}

static struct xml_node *host_instance(void *user, struct view id) {
    return view_is(id, "list") ? ((struct rig *)user)->list : NULL;
}

static bool host_is_repeat(void *user, const struct xml_node *node) {
    (void)user;
    return view_is(node->name, "member") || view_is(node->name, "pet");
}

static bool host_choice_name(void *user, struct view name, const struct xml_node *node,
                             struct view path, struct view *label) {
    (void)user;
    if (node == NULL || !view_is(path, "/data/name") || !view_is(node->name, "name"))
        return false;
    *label = view_is(name, "a") ? view_text("Apple") : view_text("?");
    return true;
}

static void start(struct rig *rig) {
    *rig = (struct rig){0};
    arena_init(&rig->arena, 8u << 20);
    arena_init(&rig->scratch, 8u << 20);
    err_init(&rig->err, LANG_EN);
    assert_int_equal(
        xml_tree_parse(view_text(form_xml), XML_LIMITS_DEFAULT, &rig->arena, &rig->form, &rig->err),
        RC_OK);
    assert_int_equal(
        xml_tree_parse(view_text(list_xml), XML_LIMITS_DEFAULT, &rig->arena, &rig->list, &rig->err),
        RC_OK);
    rig->list = xml_root(rig->list);
    rig->host = (struct xpath_host){
        .user = rig,
        .primary = rig->form,
        .now_ms = host_now,
        .offset_ms = host_offset,
        .random = host_random,
        .instance = host_instance,
        .is_repeat = host_is_repeat,
        .choice_name = host_choice_name,
        .version = view_text("7"),
        .language = view_text("zh"),
    };
    rig->scope = (struct xpath_scope){.host = &rig->host, .node = rig->form, .place = &rig->place};
}

static void stop(struct rig *rig) {
    arena_release(&rig->arena);
    arena_release(&rig->scratch);
}

static enum rc run(struct rig *rig, const char *text) {
    struct xpath *expression;
    enum rc rc = xpath_parse(view_text(text), &rig->arena, &expression, &rig->place, &rig->err);

    arena_reset(&rig->scratch);
    return rc != RC_OK
               ? rc
               : xpath_evaluate(expression, &rig->scope, &rig->scratch, &rig->value, &rig->err);
}

static void expect(struct rig *rig, const char *expression, const char *wanted) {
    struct view text = view_of("", 0);

    if (run(rig, expression) != RC_OK)
        fail_msg("%s: %s", expression, rig->err.text);
    assert_int_equal(xpath_to_text(&rig->value, &rig->scratch, &text, &rig->err), RC_OK);
    if (!view_is(text, wanted))
        fail_msg("%s is %.*s, not %s", expression, VIEW_PRINT(text), wanted);
}

static void expect_all(struct rig *rig, const char *const (*cases)[2], size_t count) {
    for (size_t i = 0; i < count; i++)
        expect(rig, cases[i][0], cases[i][1]);
}

#define EXPECT_ALL(rig, cases) expect_all(rig, cases, sizeof(cases) / sizeof((cases)[0]))

/* The context node: the first that the path finds. */
static void stand_at(struct rig *rig, const char *path) {
    struct xpath_host host = rig->host;

    rig->host.is_repeat = NULL;
    rig->scope.node = rig->form;
    assert_int_equal(run(rig, path), RC_OK);
    assert_true(rig->value.count > 0);
    rig->host = host;
    rig->scope.node = rig->value.nodes[0];
}

static void test_numbers_are_exact(void **state) {
    static const char *const cases[][2] = {
        {"0.1 + 0.2", "0.3"},
        {"0.1 + 0.2 = 0.3", "true"},
        {"1.10 - 1", "0.1"},
        {"3 * 0.1", "0.3"},
        {"0.3 div 0.1", "3"},
        {"10 div 4", "2.5"},
        {"1 div 3", "0.3333333333333333"},
        {"5.5 mod 2", "1.5"},
        {"-5 mod 2", "-1"},
        {"sum(/data/member/income)", "1000000000000.35"},
        {"sum(/data/member/income) = 1000000000000.35", "true"},
        {"max(/data/member/income) - 0.05", "1000000000000"},
        {"min(0.30, 0.3, 1) = 0.3", "true"},
        {"round(1.005, 2)", "1.01"},
        {"round(2.675, 2)", "2.68"},
        {"round(1000 div 3, 2)", "333.33"},
        {"round(-0.5)", "-1"},
        {"int(-1.9)", "-1"},
        {"abs(-12.30)", "12.3"},
        {"- 0.10", "-0.1"},
        {"--1", "1"},
        {"pow(1.1, 2)", "1.21"},
        {"9007199254740993 + 0", "9007199254740993"},
        {"999999999999999999 + 1", "1000000000000000000"},
        {"9223372036854775807 + 1", "9223372036854776000"},
        {"0.000000001 * 0.000000001", "0.000000000000000001"},
        {"123456789.12 * 100 = 12345678912", "true"},
        {"1 div 0", "Infinity"},
        {"0 div 0", ""},
        {"number('x')", ""},
        {"'1e3' + 0", "1000"},
        {"floor(-0.1)", "-1"},
        {"ceiling(0.1)", "1"},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    EXPECT_ALL(&rig, cases);
    stop(&rig);
}

static void test_dates_in_china(void **state) {
    static const char *const cases[][2] = {
        {"today()", "2026-11-23"},
        {"now()", "2026-11-23T08:30:00.000+08:00"},
        {"today() - date('2026-11-20')", "3"},
        {"today() - /data/born > 2000", "true"},
        {"int((today() - date('1990-05-06')) div 365.25)", "36"},
        {"date(today() + 30)", "2026-12-23"},
        {"date('2026-02-30')", ""},
        {"'2026-11-23' = today()", "true"},
        {"/data/born < today()", "true"},
        {"number('1970-01-02')", "0"}, /* two thirds of a day: it began at 16:00 UTC */
        {"format-date(/data/born, '%Y\xe5\xb9\xb4%n\xe6\x9c\x88%e\xe6\x97\xa5 %a %b %%')",
         "2020\xe5\xb9\xb4"
         "2\xe6\x9c\x88"
         "29\xe6\x97\xa5 \xe5\x91\xa8\xe5\x85\xad 2\xe6\x9c\x88 %"},
        {"format-date-time(now(), '%d.%m.%y %H:%M:%S.%3 %q')", "23.11.26 08:30:00.000 %q"},
        {"decimal-time('06:00')", "0.25"},
        {"date-time('2026-11-23T08:00:00Z')", "2026-11-23T16:00:00.000+08:00"},
        {"decimal-date-time('1970-01-01T08:00:00')", "0"},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    EXPECT_ALL(&rig, cases);
    rig.host.language = view_text("en");
    expect(&rig, "format-date('2020-02-29', '%A %B')", "Saturday February");
    stop(&rig);
}

static void test_repeats(void **state) {
    static const char *const cases[][2] = {
        {"/data/member/age", "7"}, /* this instance */
        {"count(/data/member)", "3"},
        {"count(../../member)", "3"},
        {"/data/member[1]/age", "41"},
        {"/data/member[position() = last()]/age", "70"},
        {"sum(/data/member/age)", "7"},
        {"sum(/data/member[true()]/age)", "118"},
        {"position(..)", "2"},
        {"indexed-repeat(/data/member/age, /data/member, 3)", "70"},
        {"indexed-repeat(/data/member/age, /data/member, 4)", ""},
        {"indexed-repeat(/data/member/pet/kind, /data/member, 1, /data/member/pet, 2)", "dog"},
        {"current()/../age", "7"},
        {"/data/name", "\xe6\x9d\x8e"},
        {"instance('list')/root/item[n = /data/member/age - 6]/label", "Apple"},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    stand_at(&rig, "/data/member[2]/age");
    EXPECT_ALL(&rig, cases);
    stand_at(&rig, "/data/member[1]/pet[2]/kind");
    expect(&rig, "/data/member/pet/kind", "dog");
    expect(&rig, "indexed-repeat(/data/member/pet/kind, /data/member/pet, 1)", "cat");
    expect(&rig, "count(/data/member/pet)", "2");
    rig.scope.node = rig.form; /* outside of all instances: the first one */
    expect(&rig, "/data/member/age", "41");
    stop(&rig);
}

static void test_functions_of_forms(void **state) {
    static const char *const cases[][2] = {
        {"instance('list')/root/item[name = 'b']/label", "Berry"},
        {"pulldata('list', 'label', 'name', 'a')", "Apple"},
        {"pulldata('list', 'label', 'name', 'z')", ""},
        {"jr:choice-name('a', '/data/name')", "Apple"},
        {"jr:choice-name('a', ' /data/name ')", "Apple"},
        {"jr:choice-name('a', '/data/none')", ""},
        {"jr:choice-name('a', 'jr:choice-name(1, 2)')", ""},
        {"version()", "7"},
        {"selected('a b c', 'b')", "true"},
        {"selected-at('a b c', 2)", "c"},
        {"count-selected(' a  b ')", "2"},
        {"regex('430600199001011234', '^[1-9]\\d{16}[\\dXx]$')", "true"},
        {"regex('abc', 'b')", "false"}, /* the whole text */
        {"regex('aaa', 'a{2}')", "false"},
        {"regex('aaa', '(a|b){2,3}?')", "true"},
        {"regex('\xe6\x9d\x8e', '[\xe4\xb8\x80-\xe9\xbf\xbf]')", "true"},
        {"regex('A', '(?i)a')", "true"},
        {"regex('', '(a*)*')", "true"},
        {"substr('\xe9\x98\xb3\xe5\x85\x89\xe4\xbd\x8e\xe4\xbf\x9d', 1, 3)",
         "\xe5\x85\x89\xe4\xbd\x8e"},
        {"substring('\xe9\x98\xb3\xe5\x85\x89', 2)", "\xe5\x85\x89"},
        {"string-length('\xe9\x98\xb3\xe5\x85\x89')", "2"},
        {"translate('bar', 'abc', 'AB')", "BAr"},
        {"uuid()", "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a"},
        {"join(',', /data/member/age, 'x')", "41,7,70,x"},
        {"randomize(/data/member/age, 42)", "70"},
        {"concat(randomize(/data/member/age, 42))", "70741"},
        {"if(false(), nobody-knows(), 'b')", "b"},
        {"boolean(/data/nothing)", "false"},
        {"name(/data/*[2]) ", "size"},
        {"(/data/member/age)[2]", "7"},
        {"count(/data/member/age | /data/member/pet | /data/member/age)", "6"},
        {"/data/member[age > 10][2]/age", "70"},
        {"count(//pet[kind='hen']/preceding::kind)", "2"},
        {"count(/data/member[age > /data/size + 10])", "2"},
        {"count(/data/member[7 = age])", "1"},
        {"count(/data/member[pet/kind = /data/member/pet/kind])", "2"},
        {"count(/data/member[position() = 2])", "1"},
        {"count(/data/member[3 >= position()])", "3"},
        {"count(/data/member[/data/none = age])", "0"},
        {"intersects('0 0;1 1;0 1;1 0')", "true"},
        {"intersects('0 0;0 1;1 1;1 0;0 0')", "false"},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    EXPECT_ALL(&rig, cases);
    stand_at(&rig, "/data/empty");
    expect(&rig, "once('x')", "x");
    stand_at(&rig, "/data/size");
    expect(&rig, "once('x')", "3");
    stop(&rig);
}

static bool hide_second(void *user, const struct xml_node *node) {
    (void)user;
    return view_is(node->name, "member") && node->previous != NULL &&
           view_is(node->previous->name, "member") && node->next != NULL;
}

static void test_hidden_nodes_are_not_found(void **state) {
    struct rig rig;

    (void)state;
    start(&rig);
    rig.host.is_hidden = hide_second;
    expect(&rig, "count(/data/member)", "2");
    expect(&rig, "count(//age)", "2"); /* nor what is below them */
    expect(&rig, "sum(/data/member[true()]/age)", "111");
    stop(&rig);
}

static void test_messages_name_the_place(void **state) {
    static const struct {
        const char *text, *words;
        enum rc rc;
        uint32_t offset;
    } cases[] = {
        {"", "expression, character 1: it is empty", RC_INVALID, 0},
        {"1 +", "expression, character 4: it ends where a name or value should come", RC_INVALID,
         3},
        {"\xe9\x98\xb3 = ]", "expression, character 5: expected a name or value here", RC_INVALID,
         6},
        {"(1", "expression, character 1: this ( is never closed", RC_INVALID, 0},
        {"a[1", "expression, character 2: this [ is never closed", RC_INVALID, 1},
        {"if(1, 'x, 2)", "expression, character 7: the text that begins here is never closed",
         RC_INVALID, 6},
        {"selected(a 'b')", "expression, character 12: expected a comma or )", RC_INVALID, 11},
        {"concat('a'", "expression, character 1: its parenthesis is never closed", RC_INVALID, 0},
        {"${age} > 1", "expression, character 1: variables ($) are not known in forms", RC_INVALID,
         0},
        {"1 2", "expression, character 3: expected an operation such as + or = here", RC_INVALID,
         2},
        {"sideways::a", "expression, character 1: an unknown axis before ::", RC_INVALID, 0},
        {"1 + nobody()", "expression, character 5: the function nobody() is not available here",
         RC_UNSUPPORTED, 4},
        {"1 + if(1)", "expression, character 5: if() does not take 1 arguments", RC_INVALID, 4},
        {"count('a')", "expression, character 7: this is a value and not a set of nodes",
         RC_INVALID, 6},
        {"instance('none')/a",
         "expression, character 1: there is no instance 'none'; attach or declare it", RC_NOT_FOUND,
         0},
        {"jr:itext('a')", "expression, character 1: the function jr:itext() is not available here",
         RC_UNSUPPORTED, 0},
        {"regex('a', '(')",
         "expression, character 1: the pattern, character 2: a ( is never closed", RC_INVALID, 0},
        {"regex('a', '(?=a)')",
         "expression, character 1: the pattern, character 3: we do not have looking ahead, looking "
         "behind and flags here",
         RC_UNSUPPORTED, 0},
    };
    struct rig rig;

    (void)state;
    start(&rig);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(run(&rig, cases[i].text), cases[i].rc);
        assert_string_equal(rig.err.text, cases[i].words);
        assert_int_equal(rig.place.offset, cases[i].offset);
    }
    stop(&rig);
}

static void test_limits(void **state) {
    struct rig rig;
    struct buf text;
    uint32_t steps = 50;

    (void)state;
    start(&rig);
    buf_init(&text, 1u << 20);
    for (int i = 0; i < 16000; i++)
        buf_add_text(&text, i == 0 ? "1" : "+1"); /* long is not deep */
    expect(&rig, buf_text(&text), "16000");
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_add_text(&text, "(");
    assert_int_equal(run(&rig, buf_text(&text)), RC_LIMIT);
    assert_string_equal(rig.err.text, "expression: nested deeper than 100 levels");
    buf_clear(&text);
    for (int i = 0; i < 40000; i++)
        buf_add_text(&text, "-");
    assert_int_equal(run(&rig, buf_text(&text)), RC_LIMIT);
    rig.scope.steps = &steps;
    assert_int_equal(run(&rig, "count(//*[count(//*) > 0])"), RC_LIMIT);
    assert_string_equal(rig.err.text, "expression: it takes too many steps; simplify it");
    assert_int_equal(steps, 0);
    rig.scope.steps = NULL; /* the default ends it as well */
    assert_int_equal(
        run(&rig, "count(//*[count(//*[count(//*[count(//*[//*/..]) > 0]) > 0]) > 0])"), RC_LIMIT);
    assert_int_equal(
        run(&rig, "regex('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '((a{1000}){1000}){1000}')"), RC_LIMIT);
    expect(&rig, "regex('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', '(a|a|aa)*')", "false");
    arena_release(&rig.scratch);
    arena_init(&rig.scratch, 4096);
    assert_int_equal(run(&rig, "concat(//age, //age, string(/), string(/), join(string(/), //*))"),
                     RC_LIMIT);
    buf_release(&text);
    stop(&rig);
}

static void test_references(void **state) {
    static const char text[] =
        "if(../size > 1, sum(/data/member[age > current()/../size]/income), 'x') + "
        "instance('list')/root/item[name = /data/name]/label + count(//pet) + . + @id + "
        "jr:choice-name(., '/data/kind')";
    static const struct {
        const char *path, *instance;
        bool loose, filtered, inner;
    } wanted[] = {
        {"/data/size", "", false, false, false},
        {"/data/member/age", "", false, false, true},
        {"/data/size", "", false, false, true},
        {"/data/member/income", "", false, true, false},
        {"/data/name", "", false, false, true},
        {"/root/item/name", "list", false, false, true},
        {"/root/item/label", "list", false, true, false},
        {"/", "", true, false, false},
        {"/data/q", "", false, false, false},
        {"/data/q/@id", "", false, false, false},
        {"/data/kind", "", false, false, false},
        {"/data/q", "", false, false, false},
    };
    struct xpath_reference *references;
    struct xpath *expression;
    struct rig rig;
    uint32_t count;

    (void)state;
    start(&rig);
    assert_int_equal(xpath_parse(view_text(text), &rig.arena, &expression, NULL, &rig.err), RC_OK);
    assert_int_equal(xpath_references(expression, view_text("/data/q"), &rig.arena, &references,
                                      &count, &rig.err),
                     RC_OK);
    assert_int_equal(count, sizeof(wanted) / sizeof(wanted[0]));
    for (uint32_t i = 0; i < count; i++) {
        bool found = false;

        for (uint32_t k = 0; k < count && !found; k++)
            found = view_is(references[k].path, wanted[i].path) &&
                    view_is(references[k].instance, wanted[i].instance) &&
                    references[k].loose == wanted[i].loose &&
                    references[k].filtered == wanted[i].filtered &&
                    references[k].inner == wanted[i].inner;
        if (!found)
            fail_msg("no reference to %s", wanted[i].path);
    }
    assert_int_equal(xpath_parse(view_text("../../a/b"), &rig.arena, &expression, NULL, &rig.err),
                     RC_OK);
    assert_int_equal(
        xpath_references(expression, view_of("", 0), &rig.arena, &references, &count, &rig.err),
        RC_OK);
    assert_int_equal(count, 1);
    assert_true(view_is(references[0].path, "../../a/b") && !references[0].counted);
    assert_int_equal(xpath_parse(view_text("position(..) + count(../../m[a = 1])"), &rig.arena,
                                 &expression, NULL, &rig.err),
                     RC_OK);
    assert_int_equal(xpath_references(expression, view_text("/data/m/q"), &rig.arena, &references,
                                      &count, &rig.err),
                     RC_OK);
    assert_int_equal(count, 3);
    assert_true(view_is(references[0].path, "/data/m") && references[0].counted);
    assert_true(view_is(references[1].path, "/data/m/a") && !references[1].counted);
    assert_true(view_is(references[2].path, "/data/m") && references[2].counted);
    stop(&rig);
}

static void test_calls(void **state) {
    struct xpath_call *calls;
    struct xpath *expression;
    struct rig rig;
    uint32_t count;

    (void)state;
    start(&rig);
    assert_int_equal(xpath_parse(view_text("if(a[nobody()], instance('x')/b, round(1, 2, 3))"),
                                 &rig.arena, &expression, NULL, &rig.err),
                     RC_OK);
    assert_int_equal(xpath_calls(expression, &rig.arena, &calls, &count, &rig.err), RC_OK);
    assert_int_equal(count, 4);
    assert_true(view_is(calls[0].name, "if") && calls[0].known && !calls[0].arity_wrong);
    assert_true(view_is(calls[1].name, "nobody") && !calls[1].known);
    assert_int_equal(calls[1].place.offset, 5);
    assert_int_equal(calls[1].place.length, 8);
    assert_true(view_is(calls[2].name, "instance") && view_is(calls[2].first_text, "x"));
    assert_true(view_is(calls[3].name, "round") && calls[3].arity_wrong);
    assert_false(xpath_is_constant(expression));
    assert_int_equal(
        xpath_parse(view_text("-1 + 2 = true()"), &rig.arena, &expression, NULL, &rig.err), RC_OK);
    assert_true(xpath_is_constant(expression));
    stop(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_exact),
        cmocka_unit_test(test_dates_in_china),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_functions_of_forms),
        cmocka_unit_test(test_hidden_nodes_are_not_found),
        cmocka_unit_test(test_messages_name_the_place),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
