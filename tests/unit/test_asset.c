/* Finding embedded files by name and by prefix. */
#include "base/asset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct asset items[] = {
    {"a.txt", (const uint8_t *)"A", 1},
    {"forms/household/settings.csv", (const uint8_t *)"hs", 2},
    {"forms/household/survey.csv", (const uint8_t *)"hv", 2},
    {"forms/visit/survey.csv", (const uint8_t *)"v", 1},
};
static const struct asset_table table = {items, 4};
static const struct asset_table nothing = {items, 0};

static void exact_names_are_found(void **state) {
    size_t index;

    (void)state;
    for (index = 0; index < table.count; index++)
        assert_ptr_equal(asset_find(&table, items[index].name), &items[index]);
    assert_null(asset_find(&table, "forms/household"));
    assert_null(asset_find(&table, "z"));
    assert_null(asset_find(&table, ""));
    assert_null(asset_find(&nothing, "a.txt"));
}

static void prefixes_lead_to_their_first(void **state) {
    (void)state;
    assert_int_equal(asset_first(&table, ""), 0);
    assert_int_equal(asset_first(&table, "forms/"), 1);
    assert_int_equal(asset_first(&table, "forms/visit/"), 3);
    assert_int_equal(asset_first(&table, "forms/x"), table.count);
    assert_int_equal(asset_first(&table, "z"), table.count);
    assert_int_equal(asset_first(&nothing, ""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_names_are_found),
        cmocka_unit_test(prefixes_lead_to_their_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
