/* test_desk_form.c: forms as staff bring them: folders and workbooks, checked, published, shown and
 * converted. */
#include "tests/support/clerk.h"

#include "base/file.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static void put(struct clerk *world, const char *name, const char *text) {
    struct err err;

    err_init(&err, LANG_EN);
    clerk_must(file_write(clerk_path(world, name), view_text(text), FILE_MODE_PRIVATE, &err), &err);
}

static struct view get(struct clerk *world, const char *name) {
    struct buf bytes;
    struct view copy;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&bytes, 16u << 20);
    clerk_must(file_read(clerk_path(world, name), 16u << 20, &bytes, &err), &err);
    copy = arena_view(&world->arena, buf_view(&bytes));
    buf_release(&bytes);
    return copy;
}

static bool is_there(struct clerk *world, const char *name) {
    return file_exists(clerk_path(world, name));
}

/* --- checking --- */

static void check_needs_no_county_and_tells_every_place(void **state) {
    struct clerk *world = *state;

    RUNS(world, 0, "form", "check", world->form, "--data", "/nonexistent");
    SAYS(world->err, "home: 9 fields, no errors");
    clerk_form(world, CLERK_SURVEY "wibble,notes,Notes,,,,,\nwobble,more,More,,,,,\n");
    RUNS(world, 1, "form", "check", world->form);
    SAYS(world->err, "survey, row 12, column A");
    SAYS(world->err, "survey, row 13, column A");
    SAYS(world->err, "2 errors");
    RUNS(world, 1, "form", "check", world->form, "--json");
    SAYS(world->out, "\"ok\": false");
    SAYS(world->out, "\"row\": 13");
    RUNS(world, 1, "form", "check", "/nonexistent/form");
    SAYS(world->err, "Excel workbook");
    put(world, "notes.txt", "no form\n");
    RUNS(world, 1, "form", "check", clerk_path(world, "notes.txt"));
    SAYS(world->err, "Excel workbook");
    put(world, "old.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    RUNS(world, 1, "form", "check", clerk_path(world, "old.xls"));
    SAYS(world->err, "save it as .xlsx");
}

static void check_tries_the_form(void **state) {
    struct clerk *world = *state;

    put(world, "form/settings.csv", "form_id,version\nhome,v1\n");
    put(world, "form/survey.csv",
        "type,name,label,default,constraint,calculation\n"
        "integer,age,Age,7,. > 17,\n"
        "calculate,place,,,,pulldata('places.csv'; 'name'; 'id'; '1')\n"
        "calculate,there,,,,pulldata('places'，'name'， 'id'， '1')\n");
    RUNS(world, 1, "form", "check", world->form);
    SAYS(world->err, "survey, row 3");
    put(world, "form/survey.csv",
        "type,name,label,default,constraint,calculation\n"
        "integer,age,Age,7,. > 17,\n"
        "calculate,there,,,,\"pulldata('places', 'name', 'id', '1')\"\n");
    RUNS(world, 0, "form", "check", world->form);
    SAYS(world->err, "/data/age: ");
    SAYS(world->err, "places.csv: an attached list is not there");
    put(world, "form/places.csv", "id,name\n1,Huarong\n");
    put(world, "form/map.svg", "<svg/>");
    RUNS(world, 0, "form", "check", world->form, "--json");
    KEEPS_QUIET(world->out, "places.csv");
    SAYS(world->out, "map.svg");
    put(world, "form/logo.PNG", "no picture");
    RUNS(world, 1, "form", "check", world->form);
    SAYS(world->err, "logo.PNG: this is no picture");
}

static void lenient_accepts_and_lists(void **state) {
    struct clerk *world = *state;

    put(world, "form/settings.csv", "form_title\nHome\n");
    put(world, "form/choices.csv", "list_name,name,label\nyn,1,Yes\nyn,1,No\n");
    clerk_form(world, CLERK_SURVEY "select_one yn,q,Q,,,,,\n");
    put(world, "form/settings.csv", "form_title\nHome\n");
    RUNS(world, 1, "form", "publish", world->form);
    SAYS(world->err, "choices, row 3, column B");
    SAYS(world->err, "form_id is missing");
    RUNS(world, 0, "form", "publish", world->form, "--lenient");
    SAYS(world->err, "warning: choices, row 3, column B");
    SAYS(world->err, "the form is called \"form\"");
    RUNS(world, 0, "form", "show", "form");
    SAYS(world->out, "select_one yn");
}

/* --- showing --- */

static void show_tells_fields_and_versions(void **state) {
    struct clerk *world = *state;
    struct json *json;

    RUNS(world, 0, "form", "publish", world->form);
    clerk_form(world, CLERK_SURVEY "text,notes,Notes,,,,,\n");
    RUNS(world, 0, "form", "publish", world->form);
    RUNS(world, 0, "form", "show", "home");
    SAYS(world->out, "1 (v1), 2 (v1)");
    SAYS(world->out, "notes");
    SAYS(world->out, "member/wage");
    RUNS(world, 0, "form", "show", "home", "--version", "1", "--json");
    KEEPS_QUIET(world->out, "Notes");
    json = clerk_json(world);
    assert_int_equal(json_count(json_get(json, "versions")), 2);
    assert_int_equal(json_count(json_get(json, "fields")), 9);
    assert_string_equal(json_text_or(json_get(json_at(json_get(json, "fields"), 1), "policy"), ""),
                        "latest");
    json_free(json);
    RUNS(world, 0, "form", "show", "home", "--xform");
    SAYS(world->out, "<notes/>");
    RUNS(world, 1, "form", "show", "home", "--version", "3");
    SAYS(world->err, "1 (v1), 2 (v1)");
    RUNS(world, 2, "form", "show", "home", "--version", "x");
    RUNS(world, 1, "form", "show", "nothing");
}

/* --- converting --- */

/* What the formats could trip over: quotes, commas, line breaks, blanks at the ends, escapes of
 * .xlsx, formulas, numbers that are none, other scripts. */
static const char tricky[] = "type,name,label::中文 (zh),calculation,note\n"
                             "text,a,\"he said \"\"no\"\", twice\",,_x0041_\n"
                             "\n"
                             ",,,,\n"
                             "text,b,\"two\nlines\", ,=1+1\n"
                             "text,c, blanks ,,0012\n"
                             "text,d,\"cr\r\nlf\",,1e5\n"
                             "calculate,e,,\". + 1 &lt; <2>\",'quote\n"
                             ",,,,\n";

static void there_and_back_is_the_same(void **state) {
    struct clerk *world = *state;
    struct view first, second;

    put(world, "form/survey.csv", tricky);
    put(world, "form/choices.csv", "list_name,name,label\n");
    put(world, "form/places.csv", "id,name\r\n1,=Huarong\r\n");
    RUNS(world, 0, "form", "convert", world->form, "--to", "csv", clerk_path(world, "one"));
    RUNS(world, 0, "form", "convert", clerk_path(world, "one"), "--to", "xlsx",
         clerk_path(world, "two.xlsx"));
    RUNS(world, 0, "form", "convert", clerk_path(world, "two.xlsx"), "--to", "csv",
         clerk_path(world, "three"));
    first = get(world, "one/survey.csv");
    second = get(world, "three/survey.csv");
    if (!view_equal(first, second))
        fail_msg("%.*s\nbecame\n%.*s", VIEW_PRINT(first), VIEW_PRINT(second));
    assert_true(view_equal(get(world, "one/settings.csv"), get(world, "three/settings.csv")));
    assert_true(view_equal(get(world, "form/places.csv"), get(world, "three/places.csv")));
    assert_true(is_there(world, "two-media/places.csv"));
    SAYS((const char *)arena_view(&world->arena, second).data, "\"he said \"\"no\"\", twice\"");
    SAYS((const char *)second.data, "_x0041_");
    SAYS((const char *)second.data, "=1+1");
    SAYS((const char *)second.data, "0012");
}

static void a_workbook_is_the_form_of_its_folder(void **state) {
    struct clerk *world = *state;
    const char *xform;

    put(world, "form/notes.csv", "not,a,sheet\n");
    RUNS(world, 0, "form", "convert", world->form, "--to", "xform");
    xform = world->out;
    SAYS(xform, "<instance>");
    RUNS(world, 0, "form", "convert", world->form, "--to", "xlsx", clerk_path(world, "w.xlsx"));
    RUNS(world, 0, "form", "publish", clerk_path(world, "w.xlsx"));
    SAYS(world->err, "number 1");
    RUNS(world, 0, "form", "publish", world->form);
    SAYS(world->err, "nothing to publish");
    RUNS(world, 0, "form", "convert", clerk_path(world, "w.xlsx"), "--to", "xform",
         clerk_path(world, "w.xml"));
    assert_true(view_equal(get(world, "w.xml"), view_text(xform)));
}

static void nothing_is_replaced_unasked(void **state) {
    struct clerk *world = *state;

    put(world, "w.xlsx", "mine");
    RUNS(world, 1, "form", "convert", world->form, "--to", "xlsx", clerk_path(world, "w.xlsx"));
    SAYS(world->err, "--force");
    assert_true(view_is(get(world, "w.xlsx"), "mine"));
    RUNS(world, 0, "form", "convert", world->form, "--to", "xlsx", clerk_path(world, "w.xlsx"),
         "--force");
    RUNS(world, 0, "form", "convert", clerk_path(world, "w.xlsx"), "--to", "csv",
         clerk_path(world, "w"));
    put(world, "w/choices.csv", "list_name,name,label\n");
    put(world, "w/places.csv", "id\n");
    RUNS(world, 1, "form", "convert", clerk_path(world, "w.xlsx"), "--to", "csv",
         clerk_path(world, "w"));
    assert_true(is_there(world, "w/choices.csv"));
    RUNS(world, 0, "form", "convert", clerk_path(world, "w.xlsx"), "--to", "csv",
         clerk_path(world, "w"), "--force");
    assert_false(is_there(world, "w/choices.csv")); /* it was a sheet of another form */
    assert_true(is_there(world, "w/places.csv"));
    RUNS(world, 1, "form", "convert", world->form, "--to", "csv", clerk_path(world, "w.xlsx"),
         "--force");
    RUNS(world, 2, "form", "convert", world->form);
    RUNS(world, 2, "form", "convert", world->form, "--to", "doc");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_needs_no_county_and_tells_every_place, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(check_tries_the_form, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(lenient_accepts_and_lists, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(show_tells_fields_and_versions, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(there_and_back_is_the_same, clerk_set_up, clerk_tear_down),
        cmocka_unit_test_setup_teardown(a_workbook_is_the_form_of_its_folder, clerk_set_up,
                                        clerk_tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_replaced_unasked, clerk_set_up, clerk_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
