/* Tests of open questions on the command line: two tablets of one village disagree. */
#include "tests/support/face_rig.h"
#include "tests/support/realm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct village {
    struct county *county;
    struct face_rig a, b; /* of the people "a" and "b" */
};

static void enrol(struct county *county, struct face_rig *rig, const char *name,
                  const char *secret) {
    const uint64_t area = COUNTY_AREA;

    rig_init_empty(rig, &county->env, secret);
    tablet_close(county_enrol(county, rig->data, name, &area, 1));
}

static void sync_one(struct county *county, struct face_rig *rig) {
    struct tablet *tablet = county_tablet(county, rig->data);

    county_sync(county, tablet, RC_OK, NULL);
    tablet_close(tablet);
}

static int set_up(void **state) {
    struct village *village = calloc(1, sizeof(*village));

    assert_non_null(village);
    village->county = county_new(7);
    county_publish(village->county, "schema/forms/household");
    enrol(village->county, &village->a, "a", "secret-of-a");
    enrol(village->county, &village->b, "b", "secret-of-b");
    sync_one(village->county, &village->a);
    sync_one(village->county, &village->b);
    *state = village;
    return 0;
}

static int tear_down(void **state) {
    struct village *village = *state;

    rig_release(&village->a);
    rig_release(&village->b);
    county_free(village->county);
    free(village);
    return 0;
}

static void meet(struct village *village) {
    sync_one(village->county, &village->a);
    sync_one(village->county, &village->b);
    sync_one(village->county, &village->a);
}

/* One household on both tablets, with two causes of poverty that contradict each other. */
static char *disagree(struct village *village) {
    char *id;

    rig_good(&village->a, "new", "household", "--area", "430626117205", "--file",
             rig_file(&village->a, "a.json",
                      view_text("{\"head\":{\"name\":\"张三\"},\"member\":[{\"name\":\"张三\","
                                "\"relation\":\"02\"}]}")));
    id = rig_line(&village->a);
    meet(village);
    rig_good(&village->a, "set", id, "situation/cause_main=1", "head/phone=17000000001");
    rig_good(&village->b, "set", id, "situation/cause_main=2", "home/group_name=三组");
    meet(village);
    return id;
}

static void test_both_sides_show(void **state) {
    struct village *village = *state;
    char *id = disagree(village);
    struct json *shown = rig_show(&village->b, id), *list;
    const struct json *sides = json_get(json_get(shown, "conflicts"), "situation/cause_main");

    assert_int_equal(json_count(json_get(shown, "conflicts")), 1);
    assert_int_equal(json_count(sides), 2);
    for (const struct json *side = json_first(sides); side != NULL; side = json_next(side)) {
        assert_non_null(json_text(json_get(side, "value")).data);
        assert_non_null(json_text(json_get(side, "dot")).data);
        assert_non_null(json_text(json_get(side, "author")).data);
        assert_non_null(json_text(json_get(side, "at")).data);
    }
    assert_null(rig_value(shown, "situation/cause_main"));
    /* what did not contradict has merged */
    assert_string_equal(rig_value(shown, "head/phone"), "17000000001");
    assert_string_equal(rig_value(shown, "home/group_name"), "三组");
    json_free(shown);
    rig_good(&village->a, "conflicts", "--json");
    list = rig_json(&village->a);
    assert_int_equal(json_count(list), 1);
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "id"), ""), id);
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "title"), ""), "张三");
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "path"), ""),
                        "situation/cause_main");
    assert_string_equal(json_text_or(json_get(json_at(list, 0), "kind"), ""), "field");
    assert_int_equal(json_count(json_get(json_at(list, 0), "sides")), 2);
    json_free(list);
    rig_good(&village->a, "conflicts");
    assert_non_null(strstr(rig_out(&village->a), "situation/cause_main"));
    rig_good(&village->a, "show", id);
    assert_non_null(strstr(rig_out(&village->a), "open question"));
    rig_good(&village->a, "list");
    assert_non_null(strstr(rig_out(&village->a), "questions: 1"));
    free(id);
}

static void test_only_a_third_person_decides(void **state) {
    struct village *village = *state;
    struct face_rig *a = &village->a, *b = &village->b;
    char *id = disagree(village), dot[64];
    struct json *shown = rig_show(a, id);
    const struct json *sides = json_get(json_get(shown, "conflicts"), "situation/cause_main");

    (void)snprintf(dot, sizeof(dot), "%s", json_text_or(json_get(json_at(sides, 1), "dot"), ""));
    json_free(shown);
    /* both wrote a side */
    assert_int_equal(rig_run(a, "resolve", id, "situation/cause_main", "--keep", dot, "--reason",
                             "I know", NULL),
                     1);
    assert_int_equal(rig_run(b, "resolve", id, "situation/cause_main", "--value", "5", "--reason",
                             "I know", NULL),
                     1);
    /* a third one, new on tablet b, whom the county knows after a sync */
    rig_good(b, "person", "add", "c", "--new-passphrase-file",
             rig_file(b, "c", view_text("secret-of-c\n")));
    sync_one(village->county, b);
    b->secret = "secret-of-c";
    rig_bad(b, 1, "is not one of the sides", "resolve", id, "situation/cause_main", "--keep",
            "0123456789abcdef-9", "--reason", "x", "--person", "c");
    rig_bad(b, 1, "no open question", "resolve", id, "head/phone", "--keep", dot, "--reason", "x",
            "--person", "c");
    rig_bad(b, 1, "not answered by --same", "resolve", id, "situation/cause_main", "--same",
            "--reason", "x", "--person", "c");
    rig_good(b, "resolve", id, "situation/cause_main", "--keep", dot, "--reason",
             "the papers say so", "--person", "c");
    b->secret = "secret-of-b";
    meet(village);
    shown = rig_show(a, id);
    assert_int_equal(json_count(json_get(shown, "conflicts")), 0);
    assert_non_null(rig_value(shown, "situation/cause_main"));
    json_free(shown);
    rig_good(a, "conflicts", "--json");
    assert_string_equal(rig_out(a), "[]\n");
    rig_good(a, "history", id);
    assert_non_null(strstr(rig_out(a), "resolve"));
    assert_non_null(strstr(rig_out(a), "the papers say so"));
    rig_good(a, "history", id, "--json");
    shown = rig_json(a);
    sides = json_at(shown, json_count(shown) - 1);
    assert_string_equal(json_text_or(json_get(sides, "author"), ""), "c");
    assert_string_equal(json_text_or(json_get(sides, "reason"), ""), "the papers say so");
    assert_string_equal(json_text_or(json_get(json_at(json_get(sides, "fields"), 0), "path"), ""),
                        "situation/cause_main");
    json_free(shown);
    free(id);
}

/* Fields that are decided together: by one value only where the sides agree on the others. */
static void test_groups(void **state) {
    struct village *village = *state;
    struct face_rig *a = &village->a, *b = &village->b;
    struct json *shown;
    char *id;

    rig_good(a, "new", "household", "--area", "430626117205", "--file",
             rig_file(a, "a.json",
                      view_text("{\"head\":{\"name\":\"张三\"},\"bank\":{\"bank_name\":\"A\"}}")));
    id = rig_line(a);
    meet(village);
    rig_good(a, "set", id, "bank/account_no=1111111111", "bank/account_name=x");
    rig_good(b, "set", id, "bank/account_no=2222222222", "bank/account_name=y");
    meet(village);
    rig_good(b, "person", "add", "c", "--new-passphrase-file",
             rig_file(b, "c", view_text("secret-of-c\n")));
    sync_one(village->county, b);
    b->secret = "secret-of-c";
    rig_bad(b, 1, "bank/account_name", "resolve", id, "bank/account_no", "--value", "3333333333",
            "--reason", "x", "--person", "c");
    rig_bad(b, 1, "head/name", "resolve", id, "bank/account_no", "--value", "{\"head/name\":\"x\"}",
            "--reason", "x", "--person", "c");
    rig_good(b, "resolve", id, "bank/account_no", "--value",
             "{\"account_no\":\"3333333333\",\"bank/account_name\":\"z\"}", "--reason", "x",
             "--person", "c");
    b->secret = "secret-of-b";
    meet(village);
    shown = rig_show(a, id);
    assert_int_equal(json_count(json_get(shown, "conflicts")), 0);
    assert_string_equal(rig_value(shown, "bank/account_no"), "3333333333");
    assert_string_equal(rig_value(shown, "bank/account_name"), "z");
    assert_string_equal(rig_value(shown, "bank/bank_name"), "A");
    json_free(shown);
    free(id);
}

/* One removes a member, the other edits him: a question about the instance. */
static void test_removed_and_edited(void **state) {
    struct village *village = *state;
    struct face_rig *a = &village->a, *b = &village->b;
    char *id, *member, path[200], word[220];
    struct json *shown;
    bool found = false;

    rig_good(a, "new", "household", "--area", "430626117205", "--file",
             rig_file(a, "a.json", view_text("{\"head\":{\"name\":\"张三\"}}")));
    id = rig_line(a);
    rig_good(a, "add", id, "member", "name=李四", "relation=12");
    member = rig_line(a);
    (void)snprintf(path, sizeof(path), "member[%s]", member);
    meet(village);
    assert_int_equal(rig_run(a, "remove", id, path, NULL), 0);
    (void)snprintf(word, sizeof(word), "%s/sex=2", path);
    rig_good(b, "set", id, word);
    meet(village);
    shown = rig_show(a, id);
    for (const struct json *item = json_first(json_get(shown, "conflicts")); item != NULL;
         item = json_next(item))
        found = found || strcmp(json_key(item), path) == 0;
    assert_true(found);
    json_free(shown);
    rig_good(b, "person", "add", "c", "--new-passphrase-file",
             rig_file(b, "c", view_text("secret-of-c\n")));
    sync_one(village->county, b);
    b->secret = "secret-of-c";
    rig_good(b, "resolve", id, path, "--remove", "--reason", "moved away", "--person", "c");
    b->secret = "secret-of-b";
    meet(village);
    shown = rig_show(a, id);
    assert_int_equal(json_count(json_get(shown, "conflicts")), 0);
    (void)snprintf(word, sizeof(word), "%s/name", path);
    assert_null(rig_value(shown, word));
    json_free(shown);
    free(member);
    free(id);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_sides_show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_a_third_person_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removed_and_edited, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("agent conflicts", tests, NULL, NULL);
}
