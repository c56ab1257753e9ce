/* Names of things: dots, instances, versions, ids, areas, roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "schema/area.h"
#include "schema/id.h"
#include "schema/limits.h"
#include "schema/role.h"

static struct err err;

static void dots_are_ordered_by_actor_then_number(void **state) {
    struct dot low = {.actor = 1, .number = 9};
    struct dot high = {.actor = 2, .number = 1};

    (void)state;
    assert_true(dot_compare(low, high) < 0);
    assert_true(dot_compare(high, low) > 0);
    assert_int_equal(dot_compare(low, low), 0);
    low.actor = 2;
    assert_true(dot_compare(low, high) > 0);
    assert_true(instance_compare((struct instance_id){.dot = low, .ordinal = 1},
                                 (struct instance_id){.dot = low, .ordinal = 2}) < 0);
    assert_true(instance_is_root((struct instance_id){.ordinal = 0}));
}

static void texts_come_back_as_they_were(void **state) {
    struct dot dot = {.actor = UINT64_C(0x0123456789abcdef), .number = 42};
    struct instance_id instance = {.dot = dot, .ordinal = 3};
    struct instance_id instance_back;
    struct version_id version = {.dot = dot};
    struct version_id version_back;
    struct dot back;
    char text[INSTANCE_TEXT_BYTES];

    (void)state;
    dot_text(dot, text);
    assert_string_equal(text, "0123456789abcdef-42");
    assert_int_equal(dot_parse(view_text(text), &back, &err), RC_OK);
    assert_true(dot_equal(dot, back));
    instance_text(instance, text);
    assert_string_equal(text, "0123456789abcdef-42.3");
    assert_int_equal(instance_parse(view_text(text), &instance_back, &err), RC_OK);
    assert_true(instance_equal(instance, instance_back));
    version_text(version, text);
    assert_string_equal(text, "0123456789abcdef-42");
    assert_int_equal(version_parse(view_text(text), &version_back, &err), RC_OK);
    assert_int_equal(version_id_compare(version, version_back), 0);
    version.ordinal = 7;
    version_text(version, text);
    assert_string_equal(text, "0123456789abcdef-42.7");
    assert_int_equal(version_parse(view_text(text), &version_back, &err), RC_OK);
    assert_int_equal(version_id_compare(version, version_back), 0);
}

static void every_name_has_one_spelling(void **state) {
    static const char *const wrong[] = {
        "",
        "42",
        "0123456789abcdef",
        "0123456789abcdef-",
        "0123456789abcdef-0",
        "0123456789abcdef-042",
        "0123456789abcdef-+4",
        "0123456789abcdef-42 ",
        "0123456789ABCDEF-42",
        "0000000000000000-42",
        "0123456789abcdef-9007199254740992",
        "0123456789abcdef-99999999999999999999",
        "0123456789abcdef-42.0",
        "0123456789abcdef-42.01",
        "0123456789abcdef-42.4294967296",
        "0123456789abcdef-42.",
    };
    struct dot dot;
    struct instance_id instance;
    struct version_id version;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(dot_parse(view_text(wrong[i]), &dot, &err), RC_INVALID);
        assert_int_equal(instance_parse(view_text(wrong[i]), &instance, &err), RC_INVALID);
        assert_int_equal(version_parse(view_text(wrong[i]), &version, &err), RC_INVALID);
    }
    assert_int_equal(instance_parse(view_text("0123456789abcdef-42"), &instance, &err), RC_INVALID);
    assert_int_equal(dot_parse(view_text("0123456789abcdef-42.1"), &dot, &err), RC_INVALID);
}

static void ids_are_the_first_bytes_of_a_hash(void **state) {
    uint8_t hash[32] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff};
    struct reader reader;
    struct buf bytes;
    char text[17];
    uint64_t back;

    (void)state;
    assert_true(id_from_hash(hash) == UINT64_C(0x0123456789abcdef));
    id_text(id_from_hash(hash), text);
    assert_string_equal(text, "0123456789abcdef");
    assert_int_equal(id_parse(view_text(text), &back, &err), RC_OK);
    assert_true(back == id_from_hash(hash));
    assert_int_equal(id_parse(view_text("123"), &back, &err), RC_INVALID);
    buf_init(&bytes, 8);
    buf_add_id(&bytes, back);
    assert_memory_equal(bytes.data, hash, 8);
    reader_init(&reader, buf_view(&bytes));
    assert_true(read_id(&reader) == back);
    assert_true(read_done(&reader));
    (void)read_id(&reader);
    assert_true(reader.failed);
    buf_release(&bytes);
}

static void areas_are_padded_and_contain_what_lies_beneath(void **state) {
    uint64_t county;
    uint64_t village;
    uint64_t other;
    char text[AREA_TEXT_BYTES];

    (void)state;
    assert_int_equal(area_parse(view_text("430626"), &county, &err), RC_OK);
    area_text(county, text);
    assert_string_equal(text, "430626000000");
    area_text(0, text);
    assert_string_equal(text, "");
    assert_int_equal(area_parse(view_text("430626104203"), &village, &err), RC_OK);
    assert_int_equal(area_parse(view_text("430627"), &other, &err), RC_OK);
    assert_true(area_contains(county, village));
    assert_true(area_contains(UINT64_C(430600000000), village));
    assert_true(area_contains(UINT64_C(430626104000), village));
    assert_true(area_contains(village, village));
    assert_false(area_contains(village, county));
    assert_false(area_contains(county, other));
    assert_false(area_contains(0, village));
    assert_int_equal(area_parse(view_text("43062"), &other, &err), RC_INVALID);
    assert_int_equal(area_parse(view_text("43062x"), &other, &err), RC_INVALID);
    assert_int_equal(area_parse(view_text("000000"), &other, &err), RC_INVALID);
}

static void area_lists_have_a_bound(void **state) {
    uint64_t areas[LIMIT_AREAS];
    uint32_t count;
    struct buf many;

    (void)state;
    assert_int_equal(area_list_parse(view_text("430626104, 430626105"), areas, &count, &err),
                     RC_OK);
    assert_int_equal(count, 2);
    assert_true(area_list_contains(areas, count, UINT64_C(430626105001)));
    assert_false(area_list_contains(areas, count, UINT64_C(430626106001)));
    assert_int_equal(area_list_parse(view_text("430626104,"), areas, &count, &err), RC_INVALID);
    assert_int_equal(area_list_parse(view_text(""), areas, &count, &err), RC_INVALID);
    buf_init(&many, 4096);
    for (unsigned i = 0; i <= LIMIT_AREAS; i++)
        buf_add_text(&many, i == 0 ? "430626" : ",430626");
    assert_int_equal(area_list_parse(buf_view(&many), areas, &count, &err), RC_LIMIT);
    buf_release(&many);
}

static void names_of_roles_and_audiences_come_back(void **state) {
    (void)state;
    for (int i = ROLE_VILLAGE; i < ROLE_COUNT; i++) {
        enum role role;

        assert_int_equal(role_parse(view_text(role_name((enum role)i)), &role, &err), RC_OK);
        assert_int_equal(role, i);
    }
    for (int i = AUDIENCE_FIELD; i <= AUDIENCE_RESTRICTED; i++) {
        enum audience audience;

        assert_int_equal(
            audience_parse(view_text(audience_name((enum audience)i)), &audience, &err), RC_OK);
        assert_int_equal(audience, i);
    }
    assert_int_equal(role_parse(view_text("king"), &(enum role){0}, &err), RC_INVALID);
    assert_int_equal(audience_parse(view_text("all"), &(enum audience){0}, &err), RC_INVALID);
}

static void managing_and_deciding_are_never_in_one_hand(void **state) {
    (void)state;
    for (int i = ROLE_VILLAGE; i < ROLE_COUNT; i++) {
        bool decides =
            role_may((enum role)i, ABILITY_RESOLVE) || role_may((enum role)i, ABILITY_RECORD);

        assert_false(role_may((enum role)i, ABILITY_MANAGE) && decides);
    }
    assert_false(role_may(ROLE_AUDITOR, ABILITY_RECORD));
    assert_true(role_may(ROLE_INVESTIGATOR, ABILITY_SEAL));
    assert_false(role_may((enum role)99, ABILITY_READ));
}

static void dots_are_found_in_their_order(void **state) {
    struct dot dots[7];

    (void)state;
    for (uint32_t i = 0; i < 7; i++)
        dots[i] = (struct dot){1 + (6 - i) / 3, 10 * (6 - i) + 10};
    qsort(dots, 7, sizeof(*dots), dot_order);
    for (uint32_t i = 1; i < 7; i++)
        assert_true(dot_compare(dots[i - 1], dots[i]) < 0);
    for (uint32_t count = 0; count <= 7; count++)
        for (uint32_t i = 0; i < 7; i++) {
            assert_int_equal(dots_have(dots, count, dots[i]), i < count);
            assert_false(dots_have(dots, count, (struct dot){dots[i].actor, dots[i].number + 1}));
        }
    assert_false(dots_have(NULL, 0, (struct dot){1, 1}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_are_ordered_by_actor_then_number),
        cmocka_unit_test(dots_are_found_in_their_order),
        cmocka_unit_test(texts_come_back_as_they_were),
        cmocka_unit_test(every_name_has_one_spelling),
        cmocka_unit_test(ids_are_the_first_bytes_of_a_hash),
        cmocka_unit_test(areas_are_padded_and_contain_what_lies_beneath),
        cmocka_unit_test(area_lists_have_a_bound),
        cmocka_unit_test(names_of_roles_and_audiences_come_back),
        cmocka_unit_test(managing_and_deciding_are_never_in_one_hand),
    };

    err_init(&err, LANG_EN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
