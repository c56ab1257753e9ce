/* The worked households and the edges of the accounting, to the fen; the table's own mistakes. */
#include "schema/income.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/asset.h"

extern const struct asset_table asset_forms;

#define YUAN      INT64_C(100)
#define NONE      (-1)
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

struct kit {
    struct arena arena;
    struct err err;
    struct income_table table;
    struct income_result result;
};

static struct view shipped_table(void) {
    const struct asset *asset = asset_find(&asset_forms, "household/income_standard.csv");

    assert_non_null(asset);
    return view_of(asset->data, asset->size);
}

static void load(struct kit *kit, struct view csv) {
    err_init(&kit->err, LANG_EN);
    arena_init(&kit->arena, 8u << 20);
    if (income_table_load(csv, &kit->arena, &kit->table, &kit->err) != RC_OK)
        fail_msg("%s", kit->err.text);
}

static int set_up(void **state) {
    struct kit *kit = calloc(1, sizeof(*kit));

    assert_non_null(kit);
    load(kit, shipped_table());
    *state = kit;
    return 0;
}

static int tear_down(void **state) {
    struct kit *kit = *state;

    arena_release(&kit->arena);
    free(kit);
    return 0;
}

static const struct income_result *compute(struct kit *kit, const struct income_facts *facts) {
    if (income_compute(&kit->table, facts, &kit->arena, &kit->result, &kit->err) != RC_OK)
        fail_msg("%s", kit->err.text);
    return &kit->result;
}

static struct decimal dec(int64_t mantissa, uint8_t scale) {
    return (struct decimal){.mantissa = mantissa, .scale = scale};
}

static struct income_item unit(const char *code, uint32_t member, struct decimal quantity) {
    return (struct income_item){
        .code = view_text(code), .member = member, .quantity = quantity, .amount_fen = NONE};
}

static struct income_item amount(const char *code, uint32_t member, int64_t fen) {
    return (struct income_item){.code = view_text(code), .member = member, .amount_fen = fen};
}

#define DAY ((struct date){2024, 6, 1})

/* Household A: a couple of 72 and 70. */
static struct income_facts couple(void) {
    static const struct income_member members[] = {
        {.birth = {1952, 3, 14}, .counted = true, .health = 10},
        {.birth = {1954, 2, 10}, .counted = true, .health = 30},
    };
    static struct income_item items[6];
    static const struct income_supporter supporters[] = {
        {.income_fen = 84000 * YUAN,
         .family_size = 3,
         .duty_count = 2,
         .supported_here = 2,
         .urban = true,
         .agreed_fen = NONE,
         .actual_fen = NONE},
        {.income_fen = 40000 * YUAN,
         .family_size = 4,
         .duty_count = 2,
         .supported_here = 2,
         .agreed_fen = NONE,
         .actual_fen = NONE},
    };
    static const struct income_expense expenses[] = {
        {.kind = INCOME_MEDICAL, .member = 1, .self_paid_fen = 4000 * YUAN}};

    items[0] = unit("B102", 0, dec(15, 1));
    items[1] = unit("B106", 0, dec(5, 1));
    items[2] = unit("B205", 1, dec(20, 0));
    items[3] = unit("T101", 0, dec(12, 0));
    items[3].amount_fen = 12 * 153 * YUAN;
    items[4] = items[3];
    items[4].member = 1;
    items[5] = unit("T103", INCOME_NOBODY, dec(20, 1));
    return (struct income_facts){.reference = DAY,
                                 .member_count = 2,
                                 .members = members,
                                 .item_count = 6,
                                 .items = items,
                                 .expense_count = 1,
                                 .expenses = expenses,
                                 .supporter_count = 2,
                                 .supporters = supporters};
}

static void household_a_is_eligible(void **state) {
    struct income_facts facts = couple();
    const struct income_result *got = compute(*state, &facts);
    static const int64_t lines[] = {900, 200, 300, 360, 360, 210};

    for (size_t i = 0; i < COUNT(lines); i++)
        assert_int_equal(got->lines[i].fen, lines[i] * YUAN);
    assert_int_equal(got->labour_fen[0], 0);
    assert_int_equal(got->support_fen[0], 6720 * YUAN);
    assert_int_equal(got->support_fen[1], 0);
    assert_int_equal(got->total_fen, 9050 * YUAN);
    assert_int_equal(got->deducted_fen, 3000 * YUAN);
    assert_int_equal(got->net_fen, 6050 * YUAN);
    assert_int_equal(got->per_head_fen, 302500);
    assert_true(got->eligible);
    assert_false(got->edge);
    assert_int_equal(got->gap_fen, 5350 * YUAN);
    assert_int_equal(got->benefit_fen, 446 * YUAN);
    assert_false(got->blocked);
}

static void the_support_formula_is_data(void **state) {
    struct kit *kit = *state;
    struct income_facts facts = couple();
    const struct income_result *got;

    kit->table.support_multiple = dec(1, 0);
    kit->table.support_rate = dec(5, 1);
    got = compute(kit, &facts);
    assert_int_equal(got->support_fen[0], 29400 * YUAN);
    assert_int_equal(got->support_fen[1], 8600 * YUAN);
    assert_int_equal(got->total_fen, 40330 * YUAN);
    assert_int_equal(got->net_fen, 37330 * YUAN);
    assert_int_equal(got->per_head_fen, 18665 * YUAN);
    assert_false(got->eligible);
    assert_false(got->edge);
    kit->table.support_multiple = dec(15, 1);
    kit->table.support_rate = dec(30, 2);
    got = compute(kit, &facts);
    assert_int_equal(got->support_fen[0], 13860 * YUAN);
    assert_int_equal(got->support_fen[1], 1740 * YUAN);
    assert_int_equal(got->net_fen, 14930 * YUAN);
    assert_int_equal(got->per_head_fen, 7465 * YUAN);
    assert_false(got->eligible);
    assert_true(got->edge);
}

static void support_follows_its_order(void **state) {
    struct income_supporter supporter = {.income_fen = 84000 * YUAN,
                                         .family_size = 3,
                                         .duty_count = 2,
                                         .supported_here = 2,
                                         .urban = true,
                                         .agreed_fen = NONE,
                                         .actual_fen = NONE};
    struct income_facts facts = couple();

    facts.supporter_count = 1;
    facts.supporters = &supporter;
    supporter.actual_fen = 7000 * YUAN;
    assert_int_equal(compute(*state, &facts)->support_fen[0], 7000 * YUAN);
    supporter.actual_fen = 5000 * YUAN;
    assert_int_equal(compute(*state, &facts)->support_fen[0], 6720 * YUAN);
    supporter.basis = INCOME_BASIS_JUDGMENT;
    supporter.agreed_fen = 1200 * YUAN;
    assert_int_equal(compute(*state, &facts)->support_fen[0], 1200 * YUAN);
    supporter.basis = 3;
    supporter.incapable = true;
    supporter.actual_fen = NONE;
    assert_int_equal(compute(*state, &facts)->support_fen[0], 0);
}

static void household_b_is_eligible(void **state) {
    static const struct income_member members[] = {
        {.birth = {1980, 1, 5}, .counted = true, .health = 10, .is_carer = true},
        {.birth = {2005, 1, 1}, .counted = true, .student = true},
        {.birth = {2012, 3, 1}, .counted = true, .student = true},
        {.birth = {1946, 1, 1}, .counted = true, .health = 60, .disability = 1},
    };
    struct income_item items[] = {
        unit("W102", 0, dec(150, 0)),
        unit("B102", 0, dec(2, 0)),
        unit("B104", 0, dec(2, 0)),
        unit("B201", 0, dec(4, 0)),
        amount("P104", INCOME_NOBODY, 200 * YUAN),
        unit("T101", 3, dec(12, 0)),
        amount("E103", 1, 3000 * YUAN),
        amount("E106", 3, 1200 * YUAN),
    };
    static const struct income_expense expenses[] = {
        {.kind = INCOME_STUDY, .member = 1, .self_paid_fen = 5800 * YUAN},
        {.kind = INCOME_MEDICAL, .member = 3, .self_paid_fen = 2600 * YUAN},
        {.kind = INCOME_CARE, .member = 3, .self_paid_fen = 4200 * YUAN},
        {.kind = 6, .member = 0, .self_paid_fen = 900 * YUAN},
    };
    struct income_facts facts = {.reference = DAY,
                                 .member_count = 4,
                                 .members = members,
                                 .item_count = COUNT(items),
                                 .items = items,
                                 .expense_count = COUNT(expenses),
                                 .expenses = expenses};
    const struct income_result *got;

    items[1].loss_percent = 50;
    items[5].amount_fen = 12 * 153 * YUAN;
    got = compute(*state, &facts);
    assert_int_equal(got->lines[0].fen, 17550 * YUAN);
    assert_int_equal(got->lines[1].fen, 600 * YUAN);
    assert_int_equal(got->lines[6].note, INCOME_NOTE_EXEMPT);
    assert_int_equal(got->total_fen, 20310 * YUAN);
    assert_int_equal(got->deducted_fen, 10400 * YUAN);
    assert_int_equal(got->net_fen, 9910 * YUAN);
    assert_int_equal(got->per_head_fen, 247750);
    assert_true(got->eligible);
    assert_int_equal(got->gap_fen, 12890 * YUAN);
    assert_int_equal(got->benefit_fen, 1075 * YUAN);
}

static void household_c_has_three_reasons_against(void **state) {
    static const struct income_member members[] = {
        {.birth = {1972, 1, 1}, .counted = true, .health = 10},
        {.birth = {1975, 1, 1}, .counted = true, .health = 10, .works_far = true},
        {.birth = {2007, 1, 1}, .counted = true, .student = true},
    };
    struct income_item items[] = {
        amount("W101", 1, 42000 * YUAN),
        unit("B102", 0, dec(4, 0)),
        unit("P101", INCOME_NOBODY, dec(3, 0)),
        amount("P103", INCOME_NOBODY, 900 * YUAN),
    };
    static const struct income_expense expenses[] = {
        {.kind = INCOME_STUDY, .member = 2, .self_paid_fen = 1600 * YUAN}};
    static const struct income_holding holdings[] = {
        {.kind = INCOME_PROPERTY_CAR, .value_fen = 50000 * YUAN},
        {.kind = INCOME_PROPERTY_ASSETS, .value_fen = 60000 * YUAN}};
    struct income_facts facts = {.reference = DAY,
                                 .member_count = 3,
                                 .members = members,
                                 .item_count = COUNT(items),
                                 .items = items,
                                 .expense_count = 1,
                                 .expenses = expenses,
                                 .holding_count = 2,
                                 .holdings = holdings};
    const struct income_result *got = compute(*state, &facts);

    assert_int_equal(got->lines[0].fen, 29400 * YUAN);
    assert_int_equal(got->lines[1].fen + got->labour_fen[0], 12480 * YUAN);
    assert_int_equal(got->labour_fen[1], 0);
    assert_int_equal(got->total_fen, 43980 * YUAN);
    assert_int_equal(got->net_fen, 42380 * YUAN);
    assert_int_equal(got->per_head_fen, 1412667);
    assert_false(got->eligible);
    assert_false(got->edge);
    assert_true(got->has_car);
    assert_true(got->assets_too_high);
    assert_false(got->has_company);
    assert_int_equal(got->benefit_fen, 0);
}

static void one_fen_decides(void **state) {
    static const struct {
        uint32_t persons;
        int64_t income_fen, medical_fen;
        bool eligible, edge;
        int64_t per_head_fen, benefit_yuan;
    } cases[] = {
        {1, 570000, 0, false, true, 570000, 0},    {1, 569999, 0, true, false, 569999, 1},
        {1, 854999, 0, false, true, 854999, 0},    {1, 855000, 0, false, false, 855000, 0},
        {2, 200000, 1000000, true, false, 0, 950}, {3, 1000000, 0, true, false, 333333, 592},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct income_member members[3] = {{.counted = true}, {.counted = true}, {.counted = true}};
        struct income_item item = amount("T106", INCOME_NOBODY, cases[i].income_fen);
        struct income_expense expense = {
            .kind = INCOME_MEDICAL, .member = 0, .self_paid_fen = cases[i].medical_fen};
        struct income_facts facts = {.reference = DAY,
                                     .member_count = cases[i].persons,
                                     .members = members,
                                     .item_count = 1,
                                     .items = &item,
                                     .expense_count = 1,
                                     .expenses = &expense};
        const struct income_result *got = compute(*state, &facts);

        assert_int_equal(got->eligible, cases[i].eligible);
        assert_int_equal(got->edge, cases[i].edge);
        assert_int_equal(got->per_head_fen, cases[i].per_head_fen);
        assert_int_equal(got->benefit_fen, cases[i].benefit_yuan * YUAN);
    }
}

static void what_stands_twice_or_is_unknown_blocks(void **state) {
    struct income_member member = {.counted = true};
    struct income_item items[] = {unit("B205", INCOME_NOBODY, dec(20, 0)),
                                  unit("B205", INCOME_NOBODY, dec(25, 0)),
                                  unit("B102", INCOME_NOBODY, dec(1, 0)), amount("X999", 0, 500)};
    struct income_facts facts = {
        .reference = DAY, .member_count = 1, .members = &member, .item_count = 3, .items = items};
    const struct income_result *got;

    items[2].loss_percent = 100;
    got = compute(*state, &facts);
    assert_true(got->blocked);
    assert_int_equal(got->lines[1].note, INCOME_NOTE_TWICE);
    assert_int_equal(got->lines[1].fen, 37500);
    assert_int_equal(got->total_fen, 30000);
    items[1].from = (struct date){2024, 1, 1};
    assert_false(compute(*state, &facts)->blocked);
    facts.item_count = 4;
    got = compute(*state, &facts);
    assert_true(got->blocked);
    assert_int_equal(got->lines[3].note, INCOME_NOTE_UNKNOWN);
}

static void labour_follows_age_and_health(void **state) {
    static const struct {
        struct income_member member;
        int64_t yuan;
    } cases[] = {
        {{.birth = {2008, 6, 1}, .counted = true, .health = 10}, 4680},
        {{.birth = {2008, 6, 2}, .counted = true, .health = 10}, 0},
        {{.birth = {2006, 6, 1}, .counted = true, .health = 10}, 15600},
        {{.birth = {1973, 6, 1}, .counted = true, .health = 10}, 12480},
        {{.birth = {1968, 6, 1}, .counted = true, .health = 31}, 4680},
        {{.birth = {1964, 6, 1}, .counted = true, .health = 10}, 0},
        {{.birth = {1990, 6, 1}, .counted = true, .disability = 3}, 7800},
        {{.birth = {1990, 6, 1}, .counted = true, .disability = 2}, 0},
        {{.birth = {1990, 6, 1}, .counted = true, .seriously_ill = true}, 0},
        {{.birth = {1990, 6, 1}, .counted = true, .is_carer = true}, 0},
        {{.birth = {1990, 6, 1}, .counted = true, .cannot_work = true}, 0},
        {{.birth = {1990, 6, 1}, .counted = false}, 0},
        {{.counted = true}, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct income_member members[2] = {cases[i].member, {.counted = true}};
        struct income_facts facts = {.reference = DAY, .member_count = 2, .members = members};

        assert_int_equal(compute(*state, &facts)->labour_fen[0], cases[i].yuan * YUAN);
    }
}

static void day_labour_has_a_bound(void **state) {
    struct income_member member = {.counted = true};
    struct income_item item = unit("W103", INCOME_NOBODY, dec(365, 0));
    struct income_facts facts = {
        .reference = DAY, .member_count = 1, .members = &member, .item_count = 1, .items = &item};

    assert_int_equal(compute(*state, &facts)->total_fen, 180 * 200 * 90);
    item.by_document = true;
    item.amount_fen = 12345;
    assert_int_equal(compute(*state, &facts)->total_fen, 12345);
}

static void facts_out_of_bounds_are_refused(void **state) {
    struct kit *kit = *state;
    struct income_member member = {.counted = true};
    struct income_item item = unit("B102", INCOME_NOBODY, dec(1000001, 0));
    struct income_facts facts = {
        .reference = DAY, .member_count = 1, .members = &member, .item_count = 1, .items = &item};

    assert_int_equal(income_compute(&kit->table, &facts, &kit->arena, &kit->result, &kit->err),
                     RC_INVALID);
    item = amount("T106", INCOME_NOBODY, INCOME_FEN_MAX + 1);
    assert_int_equal(income_compute(&kit->table, &facts, &kit->arena, &kit->result, &kit->err),
                     RC_INVALID);
    item = amount("T106", INCOME_NOBODY, INCOME_FEN_MAX);
    assert_int_equal(income_compute(&kit->table, &facts, &kit->arena, &kit->result, &kit->err),
                     RC_OK);
    member.counted = false;
    assert_int_equal(income_compute(&kit->table, &facts, &kit->arena, &kit->result, &kit->err),
                     RC_INVALID);
}

static void a_wrong_table_says_where(void **state) {
    static const struct {
        const char *csv, *message;
    } cases[] = {
        {"kind,code,zh,en,unit,value\n",
         "income table: the column rule is missing; add it to the first row"},
        {"kind,code,zh,en,unit,value,rule\nthing,x,,,,1,\n",
         "income table, row 2, kind: \"thing\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\nconstant,cost_near,,,,1.5,\n",
         "income table, row 2, value: \"1.5\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\nitem,B1,,,,,unit\n",
         "income table, row 2, value: \"\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\nitem,B1,,,,5,guess\n",
         "income table, row 2, rule: \"guess\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\nlabour_age,50-18,,,,1,\n",
         "income table, row 2, code: \"50-18\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\ntable,T,,,,2024-13-01,\n",
         "income table, row 2, value: \"2024-13-01\" is wrong; "},
        {"kind,code,zh,en,unit,value,rule\ntable,T,,,,2024-01-01,\n",
         "income table: the constant standard_rural is missing"},
    };
    struct kit *kit = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            income_table_load(view_text(cases[i].csv), &kit->arena, &kit->table, &kit->err),
            RC_INVALID);
        if (strncmp(kit->err.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu: %s", i, kit->err.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(household_a_is_eligible, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_support_formula_is_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(support_follows_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(household_b_is_eligible, set_up, tear_down),
        cmocka_unit_test_setup_teardown(household_c_has_three_reasons_against, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_fen_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_twice_or_is_unknown_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labour_follows_age_and_health, set_up, tear_down),
        cmocka_unit_test_setup_teardown(day_labour_has_a_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(facts_out_of_bounds_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_table_says_where, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
