/* The table is a CSV file that people edit in a spreadsheet: one row for each number, its kind and
 * code say which. All constants must be there, each once; an item's rule is a word of
 * rule_names. */
#include "base/csv_table.h"
#include "base/words.h"
#include "schema/income.h"

#include <stdlib.h>

enum column { KIND = 0, CODE, ZH, EN, UNIT, VALUE, RULE, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"kind", "code",  "zh",  "en",
                                                       "unit", "value", "rule"};

static const char *const rule_names[] = {
    [INCOME_UNIT] = "unit",         [INCOME_ACTUAL] = "actual",   [INCOME_WAGE] = "wage",
    [INCOME_DAY_WAGE] = "day_wage", [INCOME_LABOUR] = "labour",   [INCOME_OR_UNIT] = "or_unit",
    [INCOME_PENSION] = "pension",   [INCOME_SUPPORT] = "support", [INCOME_EXEMPT] = "exempt",
};

enum constant {
    STANDARD_RURAL = 0,
    STANDARD_URBAN,
    LABOUR_YEAR,
    PENSION_EXEMPT,
    MEDICAL_ABOVE,
    STUDY_CAP,
    CARE_CAP,
    SUPPORT_MULTIPLE,
    SUPPORT_RATE,
    COST_NEAR,
    COST_FAR,
    EDGE_MULTIPLE,
    ASSETS_MULTIPLE,
    DAY_WAGE_DAYS,
    CONSTANT_COUNT,
};
/* With the largest value that makes sense. */
static const struct {
    const char *name;
    int64_t most;
} constants[CONSTANT_COUNT] = {
    {"standard_rural", 1000000},
    {"standard_urban", 1000000},
    {"labour_year", 1000000},
    {"pension_exempt", 1000000},
    {"medical_above", 1000000},
    {"study_cap", 1000000},
    {"care_cap", 1000000},
    {"support_multiple", 1000},
    {"support_rate", 1},
    {"cost_near", 1},
    {"cost_far", 1},
    {"edge_multiple", 1000},
    {"assets_multiple", 1000},
    {"day_wage_days", 366},
};

struct loading {
    struct csv_table table;
    struct arena *arena;
    struct income_table *out;
    struct err *err;
    struct decimal values[CONSTANT_COUNT];
    bool has[CONSTANT_COUNT];
    struct income_item_row *items;
    uint32_t item_capacity, age_capacity, health_capacity, disability_capacity, row_count;
    struct income_band *ages, *healths, *disabilities;
};

static struct view cell(const struct loading *at, enum column column) {
    return csv_table_cell(&at->table, column);
}

static enum rc wrong(const struct loading *at, enum column column, const char *mend) {
    return csv_table_wrong(&at->table, column, mend, at->err);
}

/* A number of at most so much, not below zero. */
static bool number_of(struct view text, int64_t most, struct decimal *out) {
    struct decimal bound = {.mantissa = most, .scale = 0};

    return decimal_parse(text, out) && out->mantissa >= 0 && out->scale <= INCOME_SCALE_MAX &&
           decimal_compare(*out, bound) <= 0;
}

static enum rc take_constant(struct loading *at) {
    for (uint32_t i = 0; i < CONSTANT_COUNT; i++) {
        if (!view_is(cell(at, CODE), constants[i].name))
            continue;
        if (at->has[i])
            return wrong(at, CODE, WORD("each constant stands once"));
        at->has[i] = true;
        if (!number_of(cell(at, VALUE), constants[i].most, &at->values[i]) ||
            (i == DAY_WAGE_DAYS && at->values[i].scale != 0))
            return wrong(at, VALUE, WORD("write a number such as 5700.00, within its bounds"));
        return RC_OK;
    }
    return wrong(at, CODE, WORD("there is no such constant"));
}

static enum rc take_item(struct loading *at) {
    struct income_item_row *item =
        arena_push(at->arena, &at->items, &at->out->item_count, &at->item_capacity, sizeof(*item));
    struct view rule = cell(at, RULE);

    if (item == NULL)
        return arena_check(at->arena, "income", at->err);
    *item = (struct income_item_row){.code = arena_view(at->arena, cell(at, CODE)),
                                     .zh = arena_view(at->arena, cell(at, ZH)),
                                     .en = arena_view(at->arena, cell(at, EN)),
                                     .unit = arena_view(at->arena, cell(at, UNIT))};
    if (item->code.size == 0)
        return wrong(at, CODE, WORD("an item has a code such as B101"));
    for (uint8_t i = INCOME_UNIT; i <= INCOME_EXEMPT; i++)
        if (view_is(rule, rule_names[i]))
            item->rule = i;
    if (item->rule == 0)
        return wrong(at, RULE,
                     WORD("use unit, actual, wage, day_wage, labour, or_unit, pension, "
                          "support or exempt"));
    if (cell(at, VALUE).size > 0 && !number_of(cell(at, VALUE), INCOME_VALUE_MAX, &item->value))
        return wrong(at, VALUE, WORD("write a number such as 5700.00, within its bounds"));
    if (cell(at, VALUE).size == 0 && (item->rule == INCOME_UNIT || item->rule == INCOME_DAY_WAGE ||
                                      item->rule == INCOME_OR_UNIT))
        return wrong(at, VALUE, WORD("write a number such as 5700.00, within its bounds"));
    return RC_OK;
}

/* "18-50", or one code alone. */
static enum rc take_band(struct loading *at, struct income_band **bands, uint32_t *count,
                         uint32_t *capacity) {
    struct income_band *band = arena_push(at->arena, bands, count, capacity, sizeof(*band));
    struct view code = cell(at, CODE);
    size_t dash = 0;
    int64_t from = 0, to = 0;

    if (band == NULL)
        return arena_check(at->arena, "income", at->err);
    while (dash < code.size && code.data[dash] != '-')
        dash++;
    if (!parse_i64(view_slice(code, 0, dash), &from) ||
        !(dash == code.size ? (to = from, true)
                            : parse_i64(view_slice(code, dash + 1, code.size), &to)) ||
        from < 0 || to < from || to > 1000)
        return wrong(at, CODE, WORD("write a code or a range such as 18-50"));
    *band = (struct income_band){.from = (int32_t)from, .to = (int32_t)to};
    if (!number_of(cell(at, VALUE), 1, &band->value))
        return wrong(at, VALUE, WORD("write a share from 0 to 1, such as 0.5"));
    return RC_OK;
}

static enum rc take_row(struct loading *at) {
    struct view kind = cell(at, KIND);

    if (++at->row_count > INCOME_ROWS_MAX)
        return err_set(at->err, RC_LIMIT, "an income table has at most %u rows", INCOME_ROWS_MAX);
    if (view_is(kind, "constant"))
        return take_constant(at);
    if (view_is(kind, "item"))
        return take_item(at);
    if (view_is(kind, "labour_age"))
        return take_band(at, &at->ages, &at->out->age_count, &at->age_capacity);
    if (view_is(kind, "labour_health"))
        return take_band(at, &at->healths, &at->out->health_count, &at->health_capacity);
    if (view_is(kind, "labour_disability"))
        return take_band(at, &at->disabilities, &at->out->disability_count,
                         &at->disability_capacity);
    if (!view_is(kind, "table"))
        return wrong(at, KIND,
                     WORD("use table, constant, item, labour_age, labour_health or "
                          "labour_disability"));
    at->out->name = arena_view(at->arena, cell(at, CODE));
    if (!date_parse(cell(at, VALUE), &at->out->valid_from))
        return wrong(at, VALUE,
                     WORD("write the day from which the table holds, such as 2024-01-01"));
    return RC_OK;
}

static int by_code(const void *left, const void *right) {
    return view_compare(((const struct income_item_row *)left)->code,
                        ((const struct income_item_row *)right)->code);
}

static enum rc finish(struct loading *at) {
    const struct decimal *value = at->values;
    struct income_table *out = at->out;

    if (out->name.size == 0)
        return err_set(at->err, RC_INVALID,
                       "income table: the row of kind table is missing; it names the table and "
                       "its day");
    for (uint32_t i = 0; i < CONSTANT_COUNT; i++)
        if (!at->has[i])
            return err_set(at->err, RC_INVALID, "income table: the constant %s is missing",
                           constants[i].name);
    if (out->item_count > 0)
        qsort(at->items, out->item_count, sizeof(*at->items), by_code);
    for (uint32_t i = 1; i < out->item_count; i++)
        if (view_equal(at->items[i].code, at->items[i - 1].code))
            return err_set(at->err, RC_INVALID, "income table: the item %.*s stands twice",
                           VIEW_PRINT(at->items[i].code));
    out->items = at->items;
    out->ages = at->ages;
    out->healths = at->healths;
    out->disabilities = at->disabilities;
    out->standard_rural = value[STANDARD_RURAL];
    out->standard_urban = value[STANDARD_URBAN];
    out->labour_year = value[LABOUR_YEAR];
    out->pension_exempt = value[PENSION_EXEMPT];
    out->medical_above = value[MEDICAL_ABOVE];
    out->study_cap = value[STUDY_CAP];
    out->care_cap = value[CARE_CAP];
    out->support_multiple = value[SUPPORT_MULTIPLE];
    out->support_rate = value[SUPPORT_RATE];
    out->cost_near = value[COST_NEAR];
    out->cost_far = value[COST_FAR];
    out->edge_multiple = value[EDGE_MULTIPLE];
    out->assets_multiple = value[ASSETS_MULTIPLE];
    out->day_wage_days = (int32_t)value[DAY_WAGE_DAYS].mantissa;
    return RC_OK;
}

enum rc income_table_load(struct view csv, struct arena *arena, struct income_table *out,
                          struct err *err) {
    struct loading at = {.arena = arena, .out = out, .err = err};
    enum rc rc =
        csv_table_open(&at.table, csv, WORD("income table"), column_names, COLUMN_COUNT, err);

    *out = (struct income_table){0};
    while (rc == RC_OK && (rc = csv_table_next(&at.table, err)) == RC_OK && at.table.row.count > 0)
        rc = take_row(&at);
    if (rc == RC_OK)
        rc = finish(&at);
    if (rc == RC_OK)
        rc = arena_check(arena, "income", err);
    csv_table_close(&at.table);
    return rc;
}
