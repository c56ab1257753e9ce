/* Tests of `yg-agent import`: rows become records, or nothing does and every wrong cell is named.
 */
#include "tests/support/face_rig.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two files stay valid at once. */
static const char *member_file(struct face_rig *rig, const char *text) {
    static char option[220];

    (void)snprintf(option, sizeof(option), "member=%s",
                   rig_file(rig, "member.csv", view_text(text)));
    return option;
}

static size_t count_records(struct face_rig *rig) {
    struct json *list;
    size_t count;

    rig_good(rig, "list", "--json");
    list = rig_json(rig);
    count = json_count(list);
    json_free(list);
    return count;
}

/* The id of the record that the search finds. */
static void find(struct face_rig *rig, const char *words, char id[64]) {
    struct json *list;

    rig_good(rig, "list", "--search", words, "--json");
    list = rig_json(rig);
    assert_int_equal(json_count(list), 1);
    (void)snprintf(id, 64, "%s", json_text_or(json_get(json_at(list, 0), "id"), ""));
    json_free(list);
}

static void test_plain(void **state) {
    struct face_rig *rig = *state;
    const char *path = rig_file(rig, "house.csv",
                                view_text("\xef\xbb\xbfhead/name,income,colours,since\r\n"
                                          "张三,12,red blue,2026-01-02\r\n"
                                          "\"李, 四\",,,\r\n"));
    struct json *shown;
    char id[64];

    rig_good(rig, "import", "house", path, "--area", RIG_AREA);
    assert_string_equal(rig_out(rig), "2\n");
    assert_int_equal(count_records(rig), 2);
    find(rig, "张三", id);
    shown = rig_show(rig, id);
    assert_string_equal(rig_value(shown, "since"), "2026-01-02");
    assert_int_equal(json_count(json_get(json_get(shown, "values"), "colours")), 2);
    json_free(shown);
    find(rig, "四", id);
    rig_good(rig, "import", "house", path, "--area", RIG_AREA, "--json");
    shown = rig_json(rig);
    {
        int64_t imported = 0;

        assert_true(json_int(json_get(shown, "imported"), &imported));
        assert_int_equal(imported, 2);
    }
    json_free(shown);
}

static void test_repeats(void **state) {
    struct face_rig *rig = *state;
    const char *members =
        member_file(rig, "key,name,wage\nb,王一,1\na,张一,2\na,张二,\nb,王二,4\n");
    const char *path =
        rig_file(rig, "house.csv", view_text("key,head/name\na,张三\nb,王五\nc,李四\n"));
    struct json *shown;
    char id[64];
    unsigned names = 0;

    rig_bad(rig, 2, "--key", "import", "house", path, "--area", RIG_AREA, "--repeat", members);
    rig_good(rig, "import", "house", path, "--area", RIG_AREA, "--repeat", members, "--key", "key");
    assert_string_equal(rig_out(rig), "3\n");
    find(rig, "张三", id);
    shown = rig_show(rig, id);
    for (const struct json *item = json_first(json_get(shown, "values")); item != NULL;
         item = json_next(item)) {
        if (strncmp(json_key(item), "member[", 7) != 0 || strstr(json_key(item), "/name") == NULL)
            continue;
        /* in the order of the file */
        assert_string_equal(json_text_or(item, ""), names == 0 ? "张一" : "张二");
        names++;
    }
    assert_int_equal(names, 2);
    json_free(shown);
}

static void test_wrong_cells_have_a_place(void **state) {
    struct face_rig *rig = *state;
    const char *path = rig_file(rig, "house.csv",
                                view_text("head/name,income,poor\n"
                                          "张三,12,1\n"
                                          "李四,twelve,1\n"
                                          ",13,maybe\n"
                                          "王五,14,0\n"));

    rig_bad(rig, 1, "house.csv, row 3, column income", "import", "house", path, "--area", RIG_AREA);
    assert_non_null(strstr(rig_err(rig), "row 4, column head/name"));
    assert_non_null(strstr(rig_err(rig), "row 4, column poor"));
    assert_non_null(strstr(rig_err(rig), "nothing was saved"));
    assert_non_null(strstr(rig_err(rig), "--partial"));
    assert_int_equal(count_records(rig), 0);
    rig_bad(rig, 1, "row 3, column income", "import", "house", path, "--area", RIG_AREA,
            "--partial");
    assert_string_equal(rig_out(rig), "2\n");
    assert_int_equal(count_records(rig), 2);
}

static void test_keys(void **state) {
    struct face_rig *rig = *state;
    const char *members = member_file(rig, "key,name\na,张一\nz,没有\n");
    const char *path = rig_file(rig, "house.csv", view_text("key,head/name\na,张三\na,李四\n"));

    rig_bad(rig, 1, "row 3, column key: \"a\" stands also in row 2", "import", "house", path,
            "--area", RIG_AREA, "--repeat", members, "--key", "key");
    assert_non_null(strstr(rig_err(rig), "member.csv, row 3, column key"));
    assert_int_equal(count_records(rig), 0);
    rig_bad(rig, 1, "were left out", "import", "house", path, "--area", RIG_AREA, "--repeat",
            members, "--key", "key", "--partial");
    assert_string_equal(rig_out(rig), "1\n");
    rig_bad(rig, 1, "key", "import", "house", path, "--area", RIG_AREA, "--repeat", members,
            "--key", "kee");
    rig_bad(rig, 1, "membre", "import", "house", path, "--area", RIG_AREA, "--repeat",
            "membre=x.csv", "--key", "key");
    rig_bad(rig, 1, "another repeat", "import", "house", path, "--area", RIG_AREA, "--repeat",
            "member/job=x.csv", "--key", "key");
    rig_bad(rig, 2, "NAME=FILE.csv", "import", "house", path, "--area", RIG_AREA, "--repeat",
            "member", "--key", "key");
}

static void test_bad_files(void **state) {
    struct face_rig *rig = *state;
    static const struct {
        const char *text;
        size_t size;
        const char *words;
    } cases[] = {
        {"", 0, "empty"},
        {"income\n1\n", 9, "head/name"},
        {"head/name,colour\nx,1\n", 21, "colour"},
        {"head/name,head/name\nx,y\n", 24, "two columns"},
        {"head/name,income\nx\n", 19, "row 2"},
        {"head/name\n\"x\n", 13, "line 2"},
        {"head/name\na\0b\n", 14, "NUL"},
        {"head/name\n\xff\n", 12, "UTF-8"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = rig_file(rig, "bad.csv", view_of(cases[i].text, cases[i].size));

        rig_bad(rig, 1, cases[i].words, "import", "house", path, "--area", RIG_AREA);
        assert_non_null(strstr(rig_err(rig), "bad.csv"));
    }
    rig_good(rig, "import", "house",
             rig_file(rig, "more.csv", view_text("head/name,unknown,\nx,1,2\n")), "--area",
             RIG_AREA, "--skip-unknown-columns");
    assert_string_equal(rig_out(rig), "1\n");
    rig_bad(rig, 1, "gone.csv", "import", "house", "/nowhere/gone.csv", "--area", RIG_AREA);
    rig_bad(rig, 1, "430681100201", "import", "house", rig_file(rig, "a.csv", view_text("x\n")),
            "--area", "430681100201");
}

static void test_many(void **state) {
    struct face_rig *rig = *state;
    struct buf text;

    buf_init(&text, 1u << 20);
    buf_add_text(&text, "head/name,income\n");
    for (unsigned i = 0; i < 1201; i++)
        buf_addf(&text, "户%u,%u\n", i, i);
    rig_good(rig, "import", "house", rig_file(rig, "many.csv", buf_view(&text)), "--area",
             RIG_AREA);
    assert_string_equal(rig_out(rig), "1201\n");
    assert_int_equal(count_records(rig), 1201);
    rig_good(rig, "verify");
    buf_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_repeats, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_cells_have_a_place, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_keys, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_bad_files, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_many, rig_set_up, rig_tear_down),
    };

    return cmocka_run_group_tests_name("agent import", tests, NULL, NULL);
}
