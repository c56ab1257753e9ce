/* income.h: what a household lives on, by one dated table of the county, exact to the fen.
 *
 * The table (a CSV file that belongs to the household form) holds every number: standards, items
 * with their coefficients, labour coefficients, bounds of deductions, the support formula. Nothing
 * of it is code. The computation is a pure function of table, facts and the day of reference
 * (normally the day of the application), so that tablet, server and auditor get the same fen.
 *
 *   item      by its rule, see enum income_rule; every item is rounded once, half up, to the fen
 *   labour    of a member of working age without a verified wage: the larger of what he earns
 *             (wages and business that name him) and what his labour is taken to be worth; never
 *             both
 *   support   of each family that owes it: max(0, income - multiple x standard x size) x rate /
 *             persons it supports x those of them who live here. A judgment or agreement goes
 *             before; what is actually paid, if it is more; nothing from those who cannot
 *   deducted  medicine above a bound, study, care, each per person and capped; never more than
 *             there is
 *   net < standard x persons, strictly and on exact totals: eligible by income
 *   benefit   the gap by twelve months, up to the whole yuan
 *
 * Source: the county's notice on income accounting; the table that ships (TS-2024) is invented for
 * tests. Reasons that exclude are listed all, not only the first. */
#ifndef YG_SCHEMA_INCOME_H
#define YG_SCHEMA_INCOME_H

#include "base/arena.h"
#include "base/date.h"
#include "base/text.h"

#define INCOME_ROWS_MAX  2000u /* of a table */
#define INCOME_FACTS_MAX 4000u /* of each kind in a household */

/* Amounts of one fact in a household stay below this: 10 billion yuan. */
#define INCOME_FEN_MAX INT64_C(1000000000000)

#define INCOME_VALUE_MAX 10000000 /* of any number in the table */
#define INCOME_SCALE_MAX 6u       /* digits behind the point, of quantities and of the table */

enum income_rule {
    INCOME_UNIT = 1, /* quantity x value x (1 - loss) */
    INCOME_ACTUAL,   /* the amount that was paid */
    INCOME_WAGE, /* the amount without the cost of working where he works; switches labour off */
    INCOME_DAY_WAGE, /* days, up to a bound, x value, without the cost of working in the county */
    INCOME_LABOUR,   /* what labour is taken to be worth: never added by itself */
    INCOME_OR_UNIT,  /* the amount where there is one, else quantity x value */
    INCOME_PENSION,  /* the amount without the exempt part of each month */
    INCOME_SUPPORT,  /* comes from the supporters; an item of this kind is not counted again */
    INCOME_EXEMPT,   /* not counted */
};

struct income_item_row {
    struct view code, zh, en, unit;
    uint8_t rule;         /* enum income_rule */
    struct decimal value; /* yuan for one unit */
};

struct income_band { /* of ages, or of a code of health or grade */
    int32_t from, to;
    struct decimal value;
};

struct income_table {
    struct view name;       /* "TS-2024" */
    struct date valid_from; /* decisions of cases before it use an older table */
    uint32_t item_count;
    const struct income_item_row *items; /* sorted by code */
    uint32_t age_count, health_count, disability_count;
    const struct income_band *ages, *healths, *disabilities;
    /* yuan */
    struct decimal standard_rural, standard_urban;     /* a person and year */
    struct decimal labour_year;                        /* of a full worker */
    struct decimal pension_exempt;                     /* a month */
    struct decimal medical_above, study_cap, care_cap; /* a person and year */
    /* plain numbers */
    struct decimal support_multiple, support_rate;
    struct decimal cost_near, cost_far; /* of working in and outside of the county: 0.10, 0.30 */
    struct decimal edge_multiple;       /* of the standard: 1.5 */
    struct decimal assets_multiple;     /* of the standard, a person: 2 */
    int32_t day_wage_days;
};

/* Reads the CSV: columns kind, code, zh, en, unit, value, rule. kind is table, constant, item,
 * labour_age, labour_health or labour_disability; codes of bands are "18-50" or "30". Text is
 * copied. RC_INVALID names row and column. */
enum rc income_table_load(struct view csv, struct arena *arena, struct income_table *out,
                          struct err *err);

/* ---- facts ---- */

#define INCOME_NOBODY UINT32_MAX /* of the household as a whole */

enum { INCOME_BASIS_AGREEMENT = 1, INCOME_BASIS_JUDGMENT = 2 };

struct income_member {
    struct date birth; /* year 0: not known */
    bool counted;      /* counts in the household; others have no labour here */
    bool student, cannot_work, is_carer, seriously_ill;
    int32_t health;     /* code of health, 0 not known */
    int32_t disability; /* grade 1 to 4, 0 none */
    bool works_far;     /* outside of the county */
};

struct income_item {
    struct view code;
    uint32_t member;         /* index, or INCOME_NOBODY */
    struct decimal quantity; /* observed, else declared */
    int64_t amount_fen;      /* on documents, else declared; negative: none */
    bool by_document;        /* the amount stands for the item, whatever its rule */
    int32_t loss_percent;
    struct date from, to; /* year 0: not given */
};

enum income_expense_kind { INCOME_MEDICAL = 1, INCOME_STUDY = 2, INCOME_CARE = 3 };

struct income_expense {
    uint8_t kind;    /* enum income_expense_kind, or another code, which is not deducted */
    uint32_t member; /* index, or INCOME_NOBODY */
    int64_t self_paid_fen;
};

struct income_supporter {
    int64_t income_fen; /* of that family, a year */
    int32_t family_size, duty_count;
    int32_t supported_here; /* of those it must support */
    bool urban, incapable;
    uint8_t basis;      /* INCOME_BASIS_*, or another */
    int64_t agreed_fen; /* negative: none */
    int64_t actual_fen; /* negative: none */
};

enum income_property {
    INCOME_PROPERTY_OTHER = 0,
    INCOME_PROPERTY_CAR,
    INCOME_PROPERTY_ASSETS,
    INCOME_PROPERTY_COMPANY
};

struct income_holding {
    uint8_t kind; /* enum income_property */
    int64_t value_fen;
    bool exempt;
};

struct income_facts {
    bool urban;
    struct date reference;
    uint32_t member_count, item_count, expense_count, supporter_count, holding_count;
    const struct income_member *members;
    const struct income_item *items;
    const struct income_expense *expenses;
    const struct income_supporter *supporters;
    const struct income_holding *holdings;
};

/* ---- result ---- */

enum income_note {
    INCOME_NOTE_NONE = 0,
    INCOME_NOTE_EXEMPT,  /* not counted by its code */
    INCOME_NOTE_UNKNOWN, /* the table has no such item: counts nothing, and blocks */
    INCOME_NOTE_TWICE,   /* same owner, item and period as an earlier one: both wait */
    INCOME_NOTE_LABOUR,  /* replaced by what the member's labour is worth */
    INCOME_NOTE_SUPPORT, /* computed from the supporters instead */
};

struct income_line { /* one for each item, in their order */
    int64_t fen;     /* as assessed, also where it is not counted */
    bool counted;
    uint8_t note; /* enum income_note */
};

struct income_result {
    uint32_t persons; /* who count */
    int64_t standard_fen;
    const struct income_line *lines; /* item_count */
    const int64_t *labour_fen;       /* member_count: added beside his items, to reach what
                                      * his labour is worth; 0 none */
    const int64_t *support_fen;      /* supporter_count */
    int64_t total_fen, deducted_fen, net_fen;
    int64_t medical_fen, study_fen, care_fen; /* as deducted before the last bound */
    int64_t per_head_fen;                     /* a year, rounded half up; for people to read only */
    bool eligible, edge;                      /* by income */
    int64_t gap_fen, benefit_fen;             /* a year; a month in whole yuan */
    bool has_car, has_company, assets_too_high; /* reasons against, whatever the income */
    bool blocked; /* an item is unknown or stands twice: nothing may be decided on these numbers */
};

/* Arrays in the arena. RC_INVALID for facts out of bounds, RC_LIMIT. A household in which nobody
 * counts is RC_INVALID. */
enum rc income_compute(const struct income_table *table, const struct income_facts *facts,
                       struct arena *arena, struct income_result *out, struct err *err);

#endif
