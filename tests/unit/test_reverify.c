/* When a household is visited again: the county's table, and the days that follow from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/asset.h"
#include "schema/reverify.h"

extern const struct asset_table asset_forms;

static struct reverify table;
static struct err err;

static int set_up(void **state) {
    const struct asset *asset = asset_find(&asset_forms, "household/" REVERIFY_FILE);

    (void)state;
    err_init(&err, LANG_EN);
    return asset != NULL && reverify_load(view_of(asset->data, asset->size), &table, &err) == RC_OK
               ? 0
               : -1;
}

static const char *due(char class_, char register_, bool visited, const char *last) {
    static char text[DATE_TEXT_BYTES];
    struct date from, day;

    assert_true(date_parse(view_text(last), &from));
    if (!reverify_due(&table, class_, register_, visited, from, &day))
        return "never";
    date_format(day, text);
    return text;
}

static void the_shipped_table_says_when(void **state) {
    (void)state;
    assert_string_equal(due('A', '2', true, "2026-03-05"), "2027-03-05");
    assert_string_equal(due('B', '1', true, "2026-03-05"), "2026-09-05");
    assert_string_equal(due('C', '1', true, "2026-03-05"), "2026-04-05");
    assert_string_equal(due('C', '2', true, "2026-03-05"), "2026-06-05");
    assert_string_equal(due('\0', '\0', true, "2026-03-05"), "2027-03-05");
    assert_string_equal(due('C', '\0', true, "2026-03-05"), "2027-03-05"); /* register not known */
    assert_string_equal(due('A', '2', false, "2026-03-05"), "2026-03-19");
    assert_int_equal(table.ahead_days, 7);
}

static void short_months_end_on_their_last_day(void **state) {
    (void)state;
    assert_string_equal(due('C', '1', true, "2026-01-31"), "2026-02-28");
    assert_string_equal(due('B', '1', true, "2027-08-31"), "2028-02-29");
    assert_string_equal(due('C', '2', true, "2026-11-30"), "2027-02-28");
}

static void load(const char *csv, enum rc wanted) {
    struct reverify out;

    err_clear(&err);
    assert_int_equal(reverify_load(view_text(csv), &out, &err), wanted);
}

static void a_wrong_table_is_refused_with_its_place(void **state) {
    (void)state;
    load("class,register,months,days\nA,,12,\n", RC_OK);
    load("class,register,months\nA,,12\n", RC_INVALID);
    assert_non_null(strstr(err.text, "days"));
    load("class,register,months,days\nAB,,12,\n", RC_INVALID);
    assert_non_null(strstr(err.text, "row 2"));
    load("class,register,months,days\nA,,a year,\n", RC_INVALID);
    load("class,register,months,days\nA,,999,\n", RC_INVALID);
    load("class,register,months,days\nA,,-1,\n", RC_INVALID);
    load("", RC_INVALID);
}

static void without_a_row_nothing_is_due(void **state) {
    (void)state;
    assert_int_equal(
        reverify_load(view_text("class,register,months,days\nA,,12,\nB,,,\n"), &table, &err),
        RC_OK);
    assert_string_equal(due('C', '1', true, "2026-01-31"), "never");
    assert_string_equal(due('B', '1', true, "2026-01-31"), "never");
    assert_string_equal(due('A', '1', false, "2026-01-31"), "never");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_shipped_table_says_when, set_up),
        cmocka_unit_test_setup(short_months_end_on_their_last_day, set_up),
        cmocka_unit_test_setup(a_wrong_table_is_refused_with_its_place, set_up),
        cmocka_unit_test_setup(without_a_row_nothing_is_due, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
