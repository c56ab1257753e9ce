/* Tests of yg-agent's commands, one by one, as somebody types them. */
#include "base/text.h"
#include "tests/support/face_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static char *new_record(struct face_rig *rig, const char *answers) {
    const char *path = rig_file(rig, "answers.json", view_text(answers));

    rig_good(rig, "new", "house", "--area", RIG_AREA, "--file", path);
    return rig_line(rig);
}

#define WITH_MEMBERS                                                                               \
    "{\"head\":{\"name\":\"张三\",\"phone\":\"17000000001\"},\"income\":1200,"                   \
    "\"colours\":[\"red\",\"blue\"],\"member\":[{\"name\":\"张小\",\"wage\":5},"                 \
    "{\"name\":\"李四\",\"job\":[{\"pay\":7}]}]}"

/* ---- new and show ---- */

static void test_new_and_show(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, WITH_MEMBERS);
    struct json *shown = rig_show(rig, id);
    static const char *const keys[] = {"id",     "form",      "version", "area",
                                       "values", "conflicts", "sealed",  "position"};
    const struct json *item = json_first(shown);
    const struct json *colours = json_get(json_get(shown, "values"), "colours");
    unsigned members = 0;
    bool sealed = true;

    /* exactly these words, in this order */
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++, item = json_next(item))
        assert_string_equal(json_key(item), keys[i]);
    assert_null(item);
    assert_string_equal(json_text_or(json_get(shown, "id"), ""), id);
    assert_string_equal(json_text_or(json_get(shown, "form"), ""), "house");
    assert_string_equal(json_text_or(json_get(shown, "version"), ""), "1");
    assert_string_equal(json_text_or(json_get(shown, "area"), ""), RIG_AREA);
    assert_string_equal(rig_value(shown, "head/name"), "张三");
    assert_int_equal(json_type(json_get(shown, "conflicts")), JSON_OBJECT);
    assert_int_equal(json_count(json_get(shown, "conflicts")), 0);
    assert_true(json_bool(json_get(shown, "sealed"), &sealed) && !sealed);
    assert_int_equal(json_count(colours), 2);
    for (item = json_first(json_get(shown, "values")); item != NULL; item = json_next(item))
        members += strncmp(json_key(item), "member[", 7) == 0;
    assert_int_equal(members, 4);
    json_free(shown);

    /* as text, in the reader's language */
    rig_good(rig, "show", id, "--lang", "zh");
    assert_non_null(strstr(rig_out(rig), "张三"));
    assert_non_null(strstr(rig_out(rig), "工资"));
    assert_non_null(strstr(rig_out(rig), "red 红"));
    rig_good(rig, "show", id);
    assert_non_null(strstr(rig_out(rig), "Wage"));
    free(id);
}

static void test_new_refuses(void **state) {
    struct face_rig *rig = *state;
    const char *path;

    rig_bad(rig, 2, "--area", "new", "house");
    rig_bad(rig, 1, "no such form", "new", "hause", "--area", RIG_AREA);
    rig_bad(rig, 1, "--area", "new", "house", "--area", "43062611720x");
    /* what is missing is listed by name */
    rig_bad(rig, 1, "head/name", "new", "house", "--area", RIG_AREA);
    path = rig_file(rig, "a.json",
                    view_text("{\"head\":{\"name\":\"张三\"},\"poor\":\"maybe\",\"income\":\"x\","
                              "\"member\":[{\"wage\":1}],\"nome\":1}"));
    rig_bad(rig, 1, "member[1]/name", "new", "house", "--area", RIG_AREA, "--file", path);
    assert_non_null(strstr(rig_err(rig), "poor: "));
    assert_non_null(strstr(rig_err(rig), "income: "));
    assert_non_null(strstr(rig_err(rig), "nome: "));
    /* a draft may miss answers, but not have wrong ones */
    rig_bad(rig, 1, "poor: ", "new", "house", "--area", RIG_AREA, "--file", path, "--draft");
    assert_null(strstr(rig_err(rig), "member[1]/name"));
    rig_good(rig, "list", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
    assert_int_equal(rig_run(rig, "new", "house", "--area", RIG_AREA, "--draft", NULL), 0);
    assert_non_null(strstr(rig_err(rig), "head/name"));
    rig_good(rig, "list", "--json");
    assert_string_not_equal(rig_out(rig), "[]\n");
    /* an area that was not granted */
    path = rig_file(rig, "b.json", view_text("{\"head\":{\"name\":\"张三\"}}"));
    rig_bad(rig, 1, "430681100201", "new", "house", "--area", "430681100201", "--file", path);
    rig_bad(rig, 1, "gone.json", "new", "house", "--area", RIG_AREA, "--file",
            "/nowhere/gone.json");
}

static void test_bad_answers_file(void **state) {
    struct face_rig *rig = *state;
    static const struct {
        const char *text;
        size_t size;
        const char *words;
    } cases[] = {
        {"{\"head\":", 8, "line 1"},
        {"[1]", 3, "JSON object"},
        {"{\"head\":{\"name\":\"a\0b\"}}", 23, "line 1"},
        {"{\"head\":{\"name\":\"\xff\xfe\"}}", 22, "UTF-8"},
        {"{\"head\":{\"name\":\"\xed\xa0\x80\"}}", 23, "UTF-8"},
        {"{\"head\":{\"name\":\"a\\u0000b\"}}", 28, "line 1"},
        {"{\"head\":1}", 10, "head"},
        {"{\"member\":{}}", 13, "member"},
    };
    char deep[4001];
    struct buf large;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = rig_file(rig, "bad.json", view_of(cases[i].text, cases[i].size));

        rig_bad(rig, 1, cases[i].words, "new", "house", "--area", RIG_AREA, "--file", path);
    }
    memset(deep, '[', 4000);
    rig_bad(rig, 1, "deeper", "new", "house", "--area", RIG_AREA, "--file",
            rig_file(rig, "deep.json", view_of(deep, 4000)));
    /* 10 MB: as a whole, and in one answer */
    buf_init(&large, 16u << 20);
    buf_add_text(&large, "{\"head\":{\"name\":\"");
    for (size_t i = 0; i < (10u << 20); i++)
        buf_add_u8(&large, 'x');
    buf_add_text(&large, "\"}}");
    rig_bad(rig, 1, "bytes", "new", "house", "--area", RIG_AREA, "--file",
            rig_file(rig, "large.json", buf_view(&large)));
    large.size = (1u << 20) + 17;
    buf_add_text(&large, "\"}}");
    rig_bad(rig, 1, "head/name", "new", "house", "--area", RIG_AREA, "--file",
            rig_file(rig, "large.json", buf_view(&large)));
    buf_release(&large);
    rig_good(rig, "list", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
}

static void test_rare_characters_survive(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, "{\"head\":{\"name\":\"𬍛𠮷·😀\"}}");
    struct json *shown = rig_show(rig, id);

    assert_string_equal(rig_value(shown, "head/name"), "𬍛𠮷·😀");
    json_free(shown);
    rig_good(rig, "set", id, "head/name=𪚥");
    shown = rig_show(rig, id);
    assert_string_equal(rig_value(shown, "head/name"), "𪚥");
    json_free(shown);
    rig_bad(rig, 1, "UTF-8", "set", id, "head/name=\xff");
    rig_good(rig, "list", "--search", "𪚥");
    assert_non_null(strstr(rig_out(rig), id));
    free(id);
}

/* ---- set, add, remove ---- */

static void test_set(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, WITH_MEMBERS);
    struct json *shown;

    rig_good(rig, "set", id, "head/phone=１７０００００００２２", "income=-5",
             "since=2026年1月2日");
    assert_string_equal(rig_out(rig), "");
    shown = rig_show(rig, id);
    assert_string_equal(rig_value(shown, "head/phone"), "17000000022");
    assert_string_equal(rig_value(shown, "since"), "2026-01-02");
    json_free(shown);
    /* an empty value takes the answer back */
    rig_good(rig, "set", id, "income=");
    shown = rig_show(rig, id);
    assert_null(json_get(json_get(shown, "values"), "income"));
    json_free(shown);
    rig_bad(rig, 2, "PATH=VALUE", "set", id, "income");
    rig_bad(rig, 1, "nothing to save", "set", id, "since=2026-01-02");
    rig_bad(rig, 1, "incom", "set", id, "incom=3");
    rig_bad(rig, 1, "income", "set", id, "income=drei");
    rig_bad(rig, 1, "poor", "set", id, "poor=maybe");
    rig_bad(rig, 1, "member", "set", id, "member/name=x");
    rig_bad(rig, 1, "@area", "set", id, "@area=" RIG_AREA);
    rig_bad(rig, 1, "one answer", "set", id, "income+=3");
    rig_bad(rig, 1, "no such record", "set", "0123456789abcdef-1", "income=3");
    rig_bad(rig, 1, "nonsense", "set", "nonsense", "income=3");
    rig_bad(rig, 2, "usage", "set", id);
    free(id);
}

static void assert_set(struct face_rig *rig, const char *id, const char *expected) {
    struct json *shown = rig_show(rig, id);
    const struct json *set = json_get(json_get(shown, "values"), "colours");
    struct buf text;

    buf_init(&text, 1000);
    for (const struct json *item = json_first(set); item != NULL; item = json_next(item))
        buf_addf(&text, "%s ", json_text_or(item, "?"));
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
    json_free(shown);
}

static void test_sets(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, WITH_MEMBERS);

    assert_set(rig, id, "blue red ");
    rig_good(rig, "set", id, "colours+=green");
    assert_set(rig, id, "blue green red ");
    rig_good(rig, "set", id, "colours-=red");
    assert_set(rig, id, "blue green ");
    rig_good(rig, "set", id, "colours=red blue");
    assert_set(rig, id, "blue red ");
    rig_good(rig, "set", id, "colours=");
    assert_set(rig, id, "");
    rig_bad(rig, 1, "colours", "set", id, "colours+=pink");
    free(id);
}

static void test_instances(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, "{\"head\":{\"name\":\"张三\"}}");
    char path[200];
    char *member, *job;
    struct json *shown;

    rig_good(rig, "add", id, "member", "name=王五", "wage=3");
    member = rig_line(rig);
    (void)snprintf(path, sizeof(path), "member[%s]/job", member);
    rig_good(rig, "add", id, path, "pay=9");
    job = rig_line(rig);
    shown = rig_show(rig, id);
    (void)snprintf(path, sizeof(path), "member[%s]/job[%s]/pay", member, job);
    assert_string_equal(rig_value(shown, path), "9");
    json_free(shown);
    (void)snprintf(path, sizeof(path), "member[%s]/wage=4", member);
    rig_good(rig, "set", id, path);
    rig_bad(rig, 1, "no such repeat", "add", id, "membre");
    rig_bad(rig, 1, "another repeat", "add", id, "member/job", "pay=1");
    rig_bad(rig, 1, "nome", "add", id, "member", "nome=x");
    /* a required answer that is missing warns, and is saved */
    assert_int_equal(rig_run(rig, "add", id, "member", "wage=1", NULL), 0);
    assert_non_null(strstr(rig_err(rig), "]/name"));
    rig_bad(rig, 1, "no such instance", "remove", id, "0123456789abcdef-1.1");
    rig_bad(rig, 2, "--record", "remove", id);
    assert_int_equal(rig_run(rig, "remove", id, member, NULL), 0);
    shown = rig_show(rig, id);
    assert_null(rig_value(shown, path));
    json_free(shown);
    rig_bad(rig, 1, "no such instance", "remove", id, member);
    assert_int_equal(rig_run(rig, "remove", id, "--record", "--reason", "double", NULL), 0);
    rig_good(rig, "list", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
    rig_good(rig, "list", "--withdrawn");
    assert_non_null(strstr(rig_out(rig), id));
    free(member);
    free(job);
    free(id);
}

/* ---- seals ---- */

static void test_seal_and_amend(void **state) {
    struct face_rig *rig = *state;
    char *id = new_record(rig, "{\"head\":{\"name\":\"张三\"},\"opinion\":\"true\"}");
    struct json *shown;
    bool sealed = false;

    rig_bad(rig, 1, "visit", "seal", id, "visite");
    rig_good(rig, "seal", id, "visit");
    shown = rig_show(rig, id);
    assert_true(json_bool(json_get(shown, "sealed"), &sealed) && sealed);
    json_free(shown);
    rig_bad(rig, 1, "amend", "set", id, "opinion=false");
    rig_good(rig, "set", id, "income=3"); /* is not in the scope */
    rig_bad(rig, 2, "--reason", "amend", id, "opinion=false");
    rig_good(rig, "amend", id, "opinion=false", "--reason", "misheard");
    shown = rig_show(rig, id);
    assert_string_equal(rig_value(shown, "opinion"), "false");
    json_free(shown);
    rig_good(rig, "history", id, "--json");
    shown = rig_json(rig);
    assert_int_equal(json_count(shown), 4);
    assert_string_equal(json_text_or(json_get(json_at(shown, 1), "kind"), ""), "seal");
    assert_string_equal(json_text_or(json_get(json_at(shown, 3), "kind"), ""), "amend");
    json_free(shown);
    rig_good(rig, "history", id, "opinion");
    assert_non_null(strstr(rig_out(rig), "true"));
    free(id);
}

/* ---- lists ---- */

static void test_list(void **state) {
    struct face_rig *rig = *state;
    char *first = new_record(rig, "{\"head\":{\"name\":\"张三\"}}");
    char *second = new_record(rig, "{\"head\":{\"name\":\"李四\"}}");
    struct json *list;

    rig_good(rig, "list", "--json");
    list = rig_json(rig);
    assert_int_equal(json_count(list), 2);
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "form"), ""), "house");
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "area"), ""), RIG_AREA);
    json_free(list);
    rig_good(rig, "list", "--search", "李", "--form", "house", "--area", "430626", "--pending");
    assert_non_null(strstr(rig_out(rig), second));
    assert_null(strstr(rig_out(rig), first));
    rig_good(rig, "list", "--form", "other", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
    rig_bad(rig, 2, "--limit", "list", "--limit", "0");
    assert_int_equal(rig_run(rig, "list", "--limit", "1", NULL), 0);
    assert_non_null(strstr(rig_err(rig), "1 of 2"));
    rig_good(rig, "conflicts", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
    rig_bad(rig, 1, "no open question", "resolve", first, "income", "--value", "3", "--reason",
            "x");
    rig_bad(rig, 2, "one answer", "resolve", first, "income", "--reason", "x");
    rig_bad(rig, 2, "--reason", "resolve", first, "income", "--value", "3");
    free(first);
    free(second);
}

static void test_forms_and_status(void **state) {
    struct face_rig *rig = *state;
    struct json *json;
    char *id;

    rig->secret = NULL; /* nothing here needs one */
    rig_good(rig, "forms", "--json");
    json = rig_json(rig);
    assert_string_equal(json_text_or(json_get(json_at(json, 0), "form"), ""), "house");
    json_free(json);
    rig->secret = RIG_SECRET;
    id = new_record(rig, WITH_MEMBERS);
    free(id);
    rig->secret = NULL;
    rig_good(rig, "status", "--json");
    json = rig_json(rig);
    {
        int64_t unsent = 0;

        assert_true(json_int(json_get(json, "unsent"), &unsent));
        assert_int_equal(unsent, 1);
        assert_string_equal(json_text_or(json_get(json, "waiting"), ""), "sync");
    }
    json_free(json);
    assert_int_equal(rig_run(rig, "status", NULL), 0);
    assert_non_null(strstr(rig_out(rig), "tablet one"));
    rig_good(rig, "quarantine", "--json");
    assert_string_equal(rig_out(rig), "[]\n");
    rig_good(rig, "verify", "--json");
    json = rig_json(rig);
    assert_int_equal(json_count(json_get(json, "problems")), 0);
    json_free(json);
    rig->secret = RIG_SECRET;
    rig_good(rig, "verify");
    rig_bad(rig, 3, "", "sync"); /* nobody listens there */
}

/* ---- people ---- */

static void test_secrets(void **state) {
    struct face_rig *rig = *state;
    const char *path;
    struct json *json;

    rig->secret = "wrong";
    rig_bad(rig, 1, "secret", "list");
    rig->secret = NULL;
    rig_bad(rig, 1, "YG_PASSPHRASE", "list");
    path = rig_file(rig, "secret", view_text(RIG_SECRET "\nnot this\n"));
    rig_good(rig, "list", "--passphrase-file", path);
    rig->secret = RIG_SECRET;
    path = rig_file(rig, "new-secret", view_text("the secret of li\n"));
    rig_good(rig, "person", "add", "li", "--new-passphrase-file", path);
    rig_bad(rig, 1, "li", "person", "add", "li", "--person", "wang", "--new-passphrase-file", path);
    path = rig_file(rig, "short", view_text("1234\n"));
    rig_bad(rig, 1, "8", "person", "add", "zhao", "--person", "wang", "--new-passphrase-file",
            path);
    rig_good(rig, "person", "list", "--json");
    json = rig_json(rig);
    assert_int_equal(json_count(json), 2);
    json_free(json);
    /* two people now: one must say who acts */
    rig_bad(rig, 1, "--person", "list");
    rig_good(rig, "list", "--person", "wang");
    rig_bad(rig, 1, "secret", "list", "--person", "li");
    rig->secret = "the secret of li";
    rig_good(rig, "list", "--person", "li");
    assert_int_equal(rig_run(rig, "unlock", "--person", "li", NULL), 0);
    assert_int_equal(rig_run(rig, "lock", "--person", "li", NULL), 0);
}

/* ---- the command line itself ---- */

static void test_usage(void **state) {
    struct face_rig *rig = *state;

    rig_bad(rig, 2, "no such command", "nonsense");
    rig_bad(rig, 2, "--colour", "list", "--colour");
    rig_bad(rig, 2, "usage", "show");
    rig_bad(rig, 2, "usage", "status", "extra");
    rig_bad(rig, 2, "--server", "enrol");
    rig_bad(rig, 1, "already", "enrol", "--server", "https://127.0.0.1:1", "--code", "x");
    rig_bad(rig, 2, "--every", "serve", "--every", "x");
    assert_int_equal(rig_run(rig, "list", "--help", NULL), 0);
    assert_non_null(strstr(rig_out(rig), "--search"));
    (void)snprintf(rig->data, sizeof(rig->data), "%s/nothing-here", rig->folder);
    rig_bad(rig, 1, "enrol", "status");
}

/* Whether a line of the page has exactly this in bold. */
static bool page_has(const char *page, const char *kind, const char *text) {
    char line[200];
    size_t used = (size_t)snprintf(line, sizeof(line), "%s", kind);

    for (; *text != '\0' && used + 3 < sizeof(line); text++) {
        if (*text == '-')
            line[used++] = '\\';
        line[used++] = *text;
    }
    line[used] = '\0';
    for (const char *at = page; (at = strstr(at, line)) != NULL; at++)
        if (strchr(" \n\\", at[used]) != NULL)
            return true;
    return false;
}

static void test_man_page_agrees(void **state) {
    FILE *file = fopen("docs/yg-agent.1", "rb");
    char *page = calloc(1, 256 * 1024);
    size_t commands = 0;

    (void)state;
    assert_non_null(page);
    assert_non_null(file);
    assert_true(fread(page, 1, 256 * 1024 - 1, file) > 1000);
    (void)fclose(file);
    for (size_t i = 0; i < face_spec_count; i++) {
        const struct command_spec *spec = &face_specs[i];

        if (!page_has(page, ".B ", spec->name) && !page_has(page, "\\fB", spec->name))
            fail_msg("the man page lacks the command %s", spec->name);
        for (const struct command_option *option = spec->options;
             option != NULL && option->name != NULL; option++)
            if (!page_has(page, "\\fB", option->name))
                fail_msg("the man page lacks %s %s", spec->name, option->name);
    }
    /* and none that does not exist: commands are the entries of one section */
    for (const char *at = strstr(page, ".SH COMMANDS"), *end = strstr(page, ".SH ANSWERS");
         at != NULL && (at = strstr(at, "\n.TP\n\\fB")) != NULL && at < end; at++)
        commands++;
    assert_int_equal(commands, face_spec_count);
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_and_show, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_new_refuses, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_bad_answers_file, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_rare_characters_survive, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_set, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_sets, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_instances, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_seal_and_amend, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_list, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_forms_and_status, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_secrets, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_usage, rig_set_up, rig_tear_down),
        cmocka_unit_test(test_man_page_agrees),
    };

    return cmocka_run_group_tests_name("agent command line", tests, NULL, NULL);
}
