/* The rules of an evaluation as a file: what ships can be read, the right one holds on a day and in
 * an area, locks hold, mistakes are named by row, and a snapshot says the same as the rules. */
#include "schema/vote/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/asset.h"
#include "schema/vote/meeting_json.h"

extern const struct asset_table asset_forms;

#define VILLAGE UINT64_C(430626117205)

struct kit {
    struct arena arena;
    struct err err;
    struct vote_book book;
    struct vote_rules rules;
    struct buf text;
};

static struct view shipped(void) {
    const struct asset *asset = asset_find(&asset_forms, "meeting/" VOTE_RULES_FILE);

    assert_non_null(asset);
    return view_of(asset->data, asset->size);
}

static int set_up(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));

    assert_non_null(kit);
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 8u << 20);
    buf_init(&kit->text, 1u << 20);
    buf_add_view(&kit->text, shipped());
    *state = kit;
    return 0;
}

static int tear_down(void **state) {
    struct kit *kit = *state;

    buf_release(&kit->text);
    arena_release(&kit->arena);
    free(kit);
    return 0;
}

static enum rc load(struct kit *kit) {
    return vote_book_load(buf_view(&kit->text), &kit->arena, &kit->book, &kit->err);
}

static void find(struct kit *kit, uint64_t area, const char *day) {
    struct date date;

    assert_true(date_parse(view_text(day), &date));
    if (vote_book_find(&kit->book, area, date, &kit->rules, &kit->err) != RC_OK)
        fail_msg("%s", kit->err.text);
}

static void the_newest_profile_that_has_begun_governs(void **state) {
    struct kit *kit = *state;
    struct date before = {2010, 12, 31};

    assert_int_equal(load(kit), RC_OK);
    find(kit, VILLAGE, "2021-06-30");
    assert_true(view_is(kit->rules.profile, "2011-seed"));
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 10);
    assert_int_equal(vote_number(&kit->rules, VOTE_WHEN), VOTE_ALWAYS);
    find(kit, VILLAGE, "2021-07-01");
    assert_true(view_is(kit->rules.profile, "2021-national"));
    assert_int_equal(vote_number(&kit->rules, VOTE_WHEN), VOTE_OPTIONAL);
    assert_int_equal(kit->rules.unstated >> VOTE_RECUSAL & 1, 0);
    assert_int_equal(kit->rules.unstated >> VOTE_THRESHOLD & 1, 1);
    assert_int_equal(vote_book_find(&kit->book, VILLAGE, before, &kit->rules, &kit->err),
                     RC_NOT_FOUND);
}

static void the_nearest_area_counts_then_the_newest_day(void **state) {
    struct kit *kit = *state;

    buf_add_text(&kit->text, "2021-national,2022-01-01,4306,min_members,9,no,yes,,\n"
                             "2021-national,2021-07-01,430626,min_members,13,no,yes,,\n"
                             "2021-national,2023-01-01,430626,min_members,15,yes,yes,,\n"
                             "2021-national,2021-07-01,430626,threshold,2/3,no,yes,,\n");
    assert_int_equal(load(kit), RC_OK);
    find(kit, VILLAGE, "2022-06-01");
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 13);
    assert_int_equal(kit->rules.values[VOTE_THRESHOLD].over, 3);
    assert_int_equal(kit->rules.unstated >> VOTE_THRESHOLD & 1, 0);
    find(kit, VILLAGE, "2024-06-01");
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 15);
    find(kit, UINT64_C(430602001001), "2024-06-01"); /* another county of the city */
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 9);
    assert_int_equal(kit->rules.values[VOTE_THRESHOLD].over, 2);
    find(kit, UINT64_C(430102001001), "2024-06-01");
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 7);
    find(kit, VILLAGE, "2021-01-01"); /* the older profile has no rows of this area */
    assert_int_equal(vote_number(&kit->rules, VOTE_MIN_MEMBERS), 10);
}

static void mistakes_are_named(void **state) {
    static const struct {
        const char *row, *words;
    } cases[] = {
        {"x,2021-07-01,,quorom,2/3,no,no,,\n", "row 44, rule: \"quorom\" is wrong"},
        {"x,2021-07-01,,quorum,3/2,no,no,,\n", "row 44, value: \"3/2\" is wrong; write a share"},
        {"x,2021-07-01,,quorum,2/0,no,no,,\n", "write a share"},
        {"x,2021-07-01,,min_members,-1,no,no,,\n", "write a whole number"},
        {"x,2021-07-01,,vote_modes,hands feet,no,no,,\n", "secret_paper, hands"},
        {"x,2021-07-01,,quorum_base,present,no,no,,\n", "write expected or roster"},
        {"x,2021-07-01,,odd_required,maybe,no,no,,\n", "write yes or no"},
        {"x,2021-07-01,,odd_required,no,perhaps,no,,\n", "write yes or no"},
        {"x,2021-07-01,,odd_required,no,no,perhaps,,\n", "write yes or no"},
        {"x,soon,,odd_required,no,no,no,,\n", "valid_from: \"soon\""},
        {"x,2021-07-01,43062,odd_required,no,no,no,,\n", "area: \"43062\""},
        {"x,2021-07-01,,odd_required,no,no,no,,\n", "the profile x lacks min_members"},
        {",2021-07-01,,odd_required,no,no,no,,\n", "write the profile's name"},
        {"\"x\ny\",2021-07-01,,odd_required,no,no,no,,\n", "write the profile's name"},
        {"0123456789012345678901234567890123456789012345678901234567890,2021-07-01,,odd_required,"
         "no,no,no,,\n",
         "write the profile's name"}, /* 61 bytes */
        {"012345678901234567890123456789012345678901234567890123456789,2021-07-01,,odd_required,"
         "no,no,no,,\n",
         "6789 lacks min_members"}, /* 60 are a name */
        {"2021-national,2021-07-01,,top,3,no,no,,\n", "top stands already in row 42"},
        {"2021-national,2022-07-01,,top,3,no,no,,\n", "begins on one day"},
        {"2021-national,2022-07-01,430626,relatives_withdraw,no,no,no,,\n",
         "relatives_withdraw is locked by row 36"},
    };
    struct kit *kit = *state;
    size_t whole = kit->text.size;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kit->text.size = whole;
        buf_add_text(&kit->text, cases[i].row);
        assert_int_equal(load(kit), RC_INVALID);
        if (strstr(kit->err.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].row, kit->err.text);
    }
    buf_clear(&kit->text);
    buf_add_text(&kit->text, "profile,valid_from,area,rule,value,locked\n");
    assert_int_equal(load(kit), RC_INVALID);
    assert_non_null(strstr(kit->err.text, "the column stated is missing"));
}

/* In JSON: exactly those that the text marks, too. */
static void assert_names_unstated(const struct vote_rules *rules, struct view text) {
    struct json *object = json_object();
    const struct json *unstated;
    size_t marked = 0;

    vote_rules_json(rules, object);
    unstated = json_get(object, "unstated");
    for (size_t i = 0; i + 1 < text.size; i++)
        marked += memcmp(text.data + i, " ?", 2) == 0;
    assert_true(marked > 0 && marked < VOTE_RULE_COUNT);
    assert_int_equal(json_count(unstated), marked);
    json_free(object);
}

static void a_snapshot_says_the_same(void **state) {
    struct kit *kit = *state;
    struct vote_rules again;
    struct buf text, twice;
    uint8_t hash[32], other[32];

    assert_int_equal(load(kit), RC_OK);
    find(kit, VILLAGE, "2024-06-01");
    buf_init(&text, VOTE_RULES_TEXT_MAX);
    buf_init(&twice, VOTE_RULES_TEXT_MAX);
    vote_rules_text(&kit->rules, &text);
    assert_int_equal(vote_rules_parse(buf_view(&text), &again, &kit->err), RC_OK);
    vote_rules_text(&again, &twice);
    assert_true(view_equal(buf_view(&text), buf_view(&twice)));
    assert_memory_equal(again.values, kit->rules.values, sizeof(again.values));
    assert_int_equal(again.unstated, kit->rules.unstated);
    assert_non_null(strstr(buf_text(&text), "threshold=1/2 ?\n"));
    assert_non_null(strstr(buf_text(&text), "relatives_withdraw=yes\n"));
    assert_non_null(strstr(buf_text(&text), "\nvote_modes=secret_device secret_paper hands"));
    assert_names_unstated(&kit->rules, buf_view(&text));
    vote_rules_hash(buf_view(&text), hash);
    text.data[text.size - 2] ^= 1;
    vote_rules_hash(buf_view(&text), other);
    assert_memory_not_equal(hash, other, 32);
    /* no byte of it may be changed, cut or added without notice */
    for (size_t i = 0; i < twice.size; i++)
        if (i != twice.size - 2) /* without " ?" it is another text */
            assert_int_equal(
                vote_rules_parse(view_slice(buf_view(&twice), 0, i), &again, &kit->err),
                RC_CORRUPT);
    buf_add_text(&twice, "\n");
    assert_int_equal(vote_rules_parse(buf_view(&twice), &again, &kit->err), RC_CORRUPT);
    buf_release(&text);
    buf_release(&twice);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_profile_that_has_begun_governs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_nearest_area_counts_then_the_newest_day, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_says_the_same, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
