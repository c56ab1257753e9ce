/* reverify.h: when a household is to be visited again, by a table of the county that is attached to
 * the household form (reverify.csv): how many months, or days, after the last visit, by class of
 * management and kind of register. Rules differ from place to place and change by decree, so no
 * interval is code.
 *
 * Columns: class, register, months, days (others are for people). An empty class or register fits
 * any; of the rows that fit, the one with more of the two given counts, then the first. Class
 * "first" is for a household that nobody has visited, counted from when it was recorded; "ahead"
 * says how many days before the day it is listed as due. */
#ifndef YG_SCHEMA_REVERIFY_H
#define YG_SCHEMA_REVERIFY_H

#include "base/date.h"
#include "base/err.h"

#define REVERIFY_FILE       "reverify.csv"
#define REVERIFY_ROWS_MAX   64u
#define REVERIFY_DAYS_MAX   3660u
#define REVERIFY_MONTHS_MAX 120u

struct reverify_row {
    char class_, register_; /* as their choices are called; 0: any */
    uint16_t months, days;
};

struct reverify {
    uint32_t count;
    struct reverify_row rows[REVERIFY_ROWS_MAX];
    bool has_first;
    struct reverify_row first;
    uint16_t ahead_days;
};

/* RC_INVALID names row and column. */
enum rc reverify_load(struct view csv, struct reverify *out, struct err *err);

/* The day, false if no row fits. visited: whether last is the day of the last visit; else it is the
 * day on which the household was recorded. A month that is too short ends on its last day. */
bool reverify_due(const struct reverify *table, char class_, char register_, bool visited,
                  struct date last, struct date *due);

#endif
