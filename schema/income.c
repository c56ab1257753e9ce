/* All products are exact: a decimal is mantissa / 10^scale, so a product of them is an integer over
 * a power of ten, and is rounded half up when it becomes fen. 128 bits hold every product of facts
 * within their bounds. */
#include "schema/income.h"

__extension__ typedef __int128 wide;

#define QUANTITY_MAX 1000000 /* with this and INCOME_VALUE_MAX every sum fits into 64 bits */
#define FEN_PER_YUAN 100
#define MONTHS       12

/* A fraction above zero or zero. */
struct fraction {
    wide over, under;
};

static wide power_of_ten(unsigned exponent) {
    wide power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

static struct fraction fraction_of(struct decimal value) {
    return (struct fraction){.over = value.mantissa, .under = power_of_ten(value.scale)};
}

static struct fraction times(struct fraction left, struct decimal right) {
    left.over *= right.mantissa;
    left.under *= power_of_ten(right.scale);
    return left;
}

/* The nearest integer, halves up; of what is not negative. */
static int64_t rounded(struct fraction value) {
    return (int64_t)((value.over * 2 + value.under) / (value.under * 2));
}

static int64_t yuan_in_fen(struct fraction yuan) {
    yuan.over *= FEN_PER_YUAN;
    return rounded(yuan);
}

static int64_t fen_of_yuan(struct decimal yuan) {
    return yuan_in_fen(fraction_of(yuan));
}

/* 1 - share, of a share with few digits. */
static struct decimal rest_of(struct decimal share) {
    return (struct decimal){.mantissa = (int64_t)power_of_ten(share.scale) - share.mantissa,
                            .scale = share.scale};
}

/* --- bounds --- */

static bool fen_fits(int64_t fen) {
    return fen <= INCOME_FEN_MAX;
}

static bool quantity_fits(struct decimal value) {
    static const struct decimal most = {.mantissa = QUANTITY_MAX, .scale = 0};

    return value.mantissa >= 0 && value.scale <= INCOME_SCALE_MAX &&
           decimal_compare(value, most) <= 0;
}

static enum rc check_facts(const struct income_facts *facts, struct err *err) {
    bool fits = true;

    if (facts->member_count > INCOME_FACTS_MAX || facts->item_count > INCOME_FACTS_MAX ||
        facts->expense_count > INCOME_FACTS_MAX || facts->supporter_count > INCOME_FACTS_MAX ||
        facts->holding_count > INCOME_FACTS_MAX)
        return err_set(err, RC_LIMIT, "a household has at most %u facts of a kind",
                       INCOME_FACTS_MAX);
    for (uint32_t i = 0; i < facts->item_count; i++)
        fits = fits && quantity_fits(facts->items[i].quantity) &&
               fen_fits(facts->items[i].amount_fen) && facts->items[i].loss_percent >= 0 &&
               facts->items[i].loss_percent <= 100;
    for (uint32_t i = 0; i < facts->expense_count; i++)
        fits = fits && fen_fits(facts->expenses[i].self_paid_fen);
    for (uint32_t i = 0; i < facts->supporter_count; i++) {
        const struct income_supporter *at = &facts->supporters[i];

        fits = fits && fen_fits(at->income_fen) && fen_fits(at->agreed_fen) &&
               fen_fits(at->actual_fen) && at->income_fen >= 0 && at->family_size >= 0 &&
               at->family_size <= 1000 && at->duty_count >= 1 && at->duty_count <= 1000 &&
               at->supported_here >= 0 && at->supported_here <= 1000;
    }
    for (uint32_t i = 0; i < facts->holding_count; i++)
        fits = fits && fen_fits(facts->holdings[i].value_fen);
    return fits ? RC_OK
                : err_set(err, RC_INVALID,
                          "income: a quantity, an amount or a number of people is out of bounds");
}

/* --- labour --- */

static int32_t age_at(struct date birth, struct date day) {
    int32_t age = day.year - birth.year;

    if (day.month < birth.month || (day.month == birth.month && day.day < birth.day))
        age--;
    return age;
}

static struct decimal band_value(const struct income_band *bands, uint32_t count, int32_t code,
                                 struct decimal otherwise) {
    for (uint32_t i = 0; i < count; i++)
        if (code >= bands[i].from && code <= bands[i].to)
            return bands[i].value;
    return otherwise;
}

/* What the year's labour of a member is taken to be worth. */
static int64_t labour_worth(const struct income_table *table, const struct income_facts *facts,
                            const struct income_member *member) {
    static const struct decimal none = {0, 0}, whole = {1, 0};
    struct fraction worth = fraction_of(table->labour_year);

    if (!member->counted || member->student || member->cannot_work || member->is_carer ||
        member->seriously_ill || member->birth.year == 0)
        return 0;
    worth = times(worth, band_value(table->ages, table->age_count,
                                    age_at(member->birth, facts->reference), none));
    if (member->disability > 0)
        worth = times(worth, band_value(table->disabilities, table->disability_count,
                                        member->disability, whole));
    else
        worth =
            times(worth, band_value(table->healths, table->health_count, member->health, whole));
    return yuan_in_fen(worth);
}

/* --- items --- */

static const struct income_item_row *find_item(const struct income_table *table, struct view code) {
    uint32_t low = 0, high = table->item_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = view_compare(table->items[middle].code, code);

        if (order == 0)
            return &table->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* What a member earns himself, so that his labour is not counted beside it. */
static bool is_earned(struct view code) {
    return code.size > 0 && (code.data[0] == 'B' || code.data[0] == 'W');
}

static int64_t unit_fen(const struct income_item_row *row, const struct income_item *item) {
    struct decimal kept = {.mantissa = 100 - item->loss_percent, .scale = 2};

    return yuan_in_fen(times(times(fraction_of(item->quantity), row->value), kept));
}

static int64_t without_cost(int64_t fen, struct decimal cost) {
    return rounded(times((struct fraction){.over = fen, .under = 1}, rest_of(cost)));
}

static int64_t day_wage_fen(const struct income_table *table, const struct income_item_row *row,
                            const struct income_item *item) {
    struct decimal most = {.mantissa = table->day_wage_days, .scale = 0};
    struct fraction value;

    value = fraction_of(decimal_compare(item->quantity, most) > 0 ? most : item->quantity);
    return yuan_in_fen(times(times(value, row->value), rest_of(table->cost_near)));
}

static int64_t item_fen(const struct income_table *table, const struct income_facts *facts,
                        const struct income_item_row *row, const struct income_item *item) {
    int64_t amount = item->amount_fen < 0 ? 0 : item->amount_fen, exempt;
    bool far = item->member != INCOME_NOBODY && facts->members[item->member].works_far;

    switch ((enum income_rule)row->rule) {
    case INCOME_WAGE:
        return without_cost(amount, far ? table->cost_far : table->cost_near);
    case INCOME_PENSION:
        exempt = yuan_in_fen(times(fraction_of(item->quantity), table->pension_exempt));
        return amount > exempt ? amount - exempt : 0;
    case INCOME_UNIT:
        return item->by_document ? amount : unit_fen(row, item);
    case INCOME_DAY_WAGE:
        return item->by_document ? amount : day_wage_fen(table, row, item);
    case INCOME_OR_UNIT:
        return item->amount_fen >= 0 ? amount : unit_fen(row, item);
    case INCOME_ACTUAL:
    case INCOME_EXEMPT:
    case INCOME_SUPPORT:
        return amount;
    case INCOME_LABOUR:
        return 0;
    }
    return 0;
}

static bool same_date(struct date left, struct date right) {
    return left.year == right.year && left.month == right.month && left.day == right.day;
}

/* The same hens twice? Never added up silently. */
static bool stands_twice(const struct income_facts *facts, uint32_t index) {
    const struct income_item *item = &facts->items[index];

    for (uint32_t i = 0; i < index; i++) {
        const struct income_item *other = &facts->items[i];

        if (view_equal(item->code, other->code) && item->member == other->member &&
            same_date(item->from, other->from) && same_date(item->to, other->to))
            return true;
    }
    return false;
}

struct work {
    const struct income_table *table;
    const struct income_facts *facts;
    struct income_line *lines;
    int64_t *labour_fen, *support_fen, *earned_fen; /* earned: of each member */
    bool *has_wage;
    struct income_result *out;
};

static void assess_item(struct work *work, uint32_t index) {
    const struct income_item *item = &work->facts->items[index];
    const struct income_item_row *row = find_item(work->table, item->code);
    struct income_line *line = &work->lines[index];

    if (row == NULL) {
        line->note = INCOME_NOTE_UNKNOWN;
        work->out->blocked = true;
        return;
    }
    line->fen = item_fen(work->table, work->facts, row, item);
    line->counted = true;
    if (row->rule == INCOME_EXEMPT) {
        line->note = INCOME_NOTE_EXEMPT;
        line->counted = false;
    } else if (row->rule == INCOME_LABOUR) {
        line->note = INCOME_NOTE_LABOUR;
        line->counted = false;
    } else if (row->rule == INCOME_SUPPORT && work->facts->supporter_count > 0) {
        line->note = INCOME_NOTE_SUPPORT;
        line->counted = false;
    } else if (stands_twice(work->facts, index)) {
        line->note = INCOME_NOTE_TWICE;
        line->counted = false;
        work->out->blocked = true;
    }
    if (!line->counted)
        return;
    work->out->total_fen += line->fen;
    if (item->member != INCOME_NOBODY && is_earned(item->code)) {
        work->earned_fen[item->member] += line->fen;
        if (row->rule == INCOME_WAGE)
            work->has_wage[item->member] = true;
    }
}

/* The larger of what he earns and what his labour is worth: the difference is added. */
static void assess_labour(struct work *work) {
    for (uint32_t i = 0; i < work->facts->member_count; i++) {
        int64_t worth = labour_worth(work->table, work->facts, &work->facts->members[i]);

        if (!work->has_wage[i] && worth > work->earned_fen[i]) {
            work->labour_fen[i] = worth - work->earned_fen[i];
            work->out->total_fen += work->labour_fen[i];
        }
    }
}

static int64_t support_formula(const struct income_table *table,
                               const struct income_supporter *supporter) {
    struct decimal standard = supporter->urban ? table->standard_urban : table->standard_rural;
    struct fraction own = times(fraction_of(table->support_multiple), standard), above;

    own.over *= (wide)supporter->family_size * FEN_PER_YUAN;
    above.over = (wide)supporter->income_fen * own.under - own.over;
    above.under = own.under;
    if (above.over <= 0)
        return 0;
    above = times(above, table->support_rate);
    above.under *= supporter->duty_count;
    return rounded(above) * supporter->supported_here;
}

static void assess_support(struct work *work) {
    for (uint32_t i = 0; i < work->facts->supporter_count; i++) {
        const struct income_supporter *supporter = &work->facts->supporters[i];
        bool agreed = (supporter->basis == INCOME_BASIS_AGREEMENT ||
                       supporter->basis == INCOME_BASIS_JUDGMENT) &&
                      supporter->agreed_fen >= 0;
        int64_t fen = 0;

        if (agreed)
            fen = supporter->agreed_fen;
        else if (!supporter->incapable)
            fen = support_formula(work->table, supporter);
        if (!agreed && supporter->actual_fen > fen)
            fen = supporter->actual_fen;
        work->support_fen[i] = fen;
        work->out->total_fen += fen;
    }
}

/* --- deductions and the rest --- */

/* The sum of a kind of expense, person by person: what is above a bound, or up to a cap. What names
 * nobody is a person of its own. */
static int64_t deducted(const struct income_facts *facts, uint8_t kind, int64_t above,
                        int64_t cap) {
    int64_t sum = 0;

    for (uint32_t member = 0; member <= facts->member_count; member++) {
        uint32_t who = member == facts->member_count ? INCOME_NOBODY : member;
        int64_t paid = 0;

        for (uint32_t i = 0; i < facts->expense_count; i++)
            if (facts->expenses[i].kind == kind && facts->expenses[i].member == who &&
                facts->expenses[i].self_paid_fen > 0)
                paid += facts->expenses[i].self_paid_fen;
        paid = paid > above ? paid - above : 0;
        sum += paid < cap ? paid : cap;
    }
    return sum;
}

static void deduct(struct work *work) {
    const struct income_table *table = work->table;
    struct income_result *out = work->out;

    out->medical_fen =
        deducted(work->facts, INCOME_MEDICAL, fen_of_yuan(table->medical_above), INT64_MAX);
    out->study_fen = deducted(work->facts, INCOME_STUDY, 0, fen_of_yuan(table->study_cap));
    out->care_fen = deducted(work->facts, INCOME_CARE, 0, fen_of_yuan(table->care_cap));
    out->deducted_fen = out->medical_fen + out->study_fen + out->care_fen;
    if (out->deducted_fen > out->total_fen)
        out->deducted_fen = out->total_fen;
    out->net_fen = out->total_fen - out->deducted_fen;
}

static void judge(struct work *work) {
    const struct income_table *table = work->table;
    struct income_result *out = work->out;
    struct fraction edge, line;
    int64_t needed;

    out->standard_fen =
        fen_of_yuan(work->facts->urban ? table->standard_urban : table->standard_rural);
    needed = out->standard_fen * out->persons;
    out->eligible = out->net_fen < needed;
    edge = times((struct fraction){.over = needed, .under = 1}, table->edge_multiple);
    line = (struct fraction){.over = (wide)out->net_fen * edge.under, .under = edge.under};
    out->edge = !out->eligible && line.over < edge.over;
    out->per_head_fen = rounded((struct fraction){.over = out->net_fen, .under = out->persons});
    out->gap_fen = out->eligible ? needed - out->net_fen : 0;
    out->benefit_fen =
        (out->gap_fen + MONTHS * FEN_PER_YUAN - 1) / (MONTHS * FEN_PER_YUAN) * FEN_PER_YUAN;
}

static void judge_property(struct work *work) {
    struct income_result *out = work->out;
    struct fraction bound =
        times((struct fraction){.over = (wide)out->standard_fen * out->persons, .under = 1},
              work->table->assets_multiple);
    wide assets = 0;

    for (uint32_t i = 0; i < work->facts->holding_count; i++) {
        const struct income_holding *holding = &work->facts->holdings[i];

        if (holding->exempt)
            continue;
        out->has_car = out->has_car || holding->kind == INCOME_PROPERTY_CAR;
        out->has_company = out->has_company || holding->kind == INCOME_PROPERTY_COMPANY;
        if (holding->kind == INCOME_PROPERTY_ASSETS)
            assets += holding->value_fen;
    }
    out->assets_too_high = assets * bound.under > bound.over;
}

enum rc income_compute(const struct income_table *table, const struct income_facts *facts,
                       struct arena *arena, struct income_result *out, struct err *err) {
    struct work work = {.table = table, .facts = facts, .out = out};
    enum rc rc = check_facts(facts, err);

    *out = (struct income_result){0};
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < facts->member_count; i++)
        out->persons += facts->members[i].counted ? 1 : 0;
    if (out->persons == 0)
        return err_set(err, RC_INVALID,
                       "income: nobody counts as a member of the household; say who does");
    out->lines = work.lines = arena_array(arena, facts->item_count, sizeof(*work.lines));
    out->labour_fen = work.labour_fen = arena_array(arena, facts->member_count, sizeof(int64_t));
    out->support_fen = work.support_fen =
        arena_array(arena, facts->supporter_count, sizeof(int64_t));
    work.earned_fen = arena_array(arena, facts->member_count, sizeof(int64_t));
    work.has_wage = arena_array(arena, facts->member_count, sizeof(bool));
    rc = arena_check(arena, "income", err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < facts->item_count; i++)
        assess_item(&work, i);
    assess_labour(&work);
    assess_support(&work);
    deduct(&work);
    judge(&work);
    judge_property(&work);
    return RC_OK;
}
