/* reverify.c: see reverify.h. */
#include "schema/reverify.h"

#include "base/csv.h"
#include "base/text.h"

enum column { CLASS = 0, REGISTER, MONTHS, DAYS, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"class", "register", "months", "days"};

struct loading {
    struct csv *csv;
    struct csv_row row;
    uint32_t columns[COLUMN_COUNT];
    struct err *err;
};

static struct view cell(const struct loading *at, enum column column) {
    uint32_t index = at->columns[column];

    return index < at->row.count ? text_trim(at->row.cells[index]) : (struct view){0};
}

static enum rc wrong(const struct loading *at, enum column column) {
    return err_set(at->err, RC_INVALID,
                   "table of intervals, row %llu, %s: \"%.*s\" is wrong; write a whole number, or "
                   "one letter or digit",
                   (unsigned long long)at->row.line, column_names[column],
                   VIEW_PRINT(view_slice(cell(at, column), 0, 60)));
}

static enum rc read_head(struct loading *at) {
    enum rc rc = csv_next(at->csv, &at->row, at->err);

    for (uint32_t c = 0; c < COLUMN_COUNT && rc == RC_OK; c++) {
        at->columns[c] = UINT32_MAX;
        for (uint32_t i = 0; i < at->row.count; i++)
            if (view_is(text_trim(at->row.cells[i]), column_names[c]))
                at->columns[c] = i;
        if (at->columns[c] == UINT32_MAX)
            rc = err_set(at->err, RC_INVALID, "table of intervals: the column %s is missing",
                         column_names[c]);
    }
    return rc;
}

static enum rc number(const struct loading *at, enum column column, uint64_t most, uint16_t *out) {
    struct view text = cell(at, column);
    uint64_t value = 0;

    if (text.size > 0 && (!parse_u64(text, &value) || value > most))
        return wrong(at, column);
    *out = (uint16_t)value;
    return RC_OK;
}

static enum rc letter(const struct loading *at, enum column column, char *out) {
    struct view text = cell(at, column);

    if (text.size > 1)
        return wrong(at, column);
    *out = text.size == 0 ? '\0' : (char)text.data[0];
    return RC_OK;
}

static enum rc take_row(struct loading *at, struct reverify *out) {
    struct reverify_row row = {0};
    struct view name = cell(at, CLASS);
    bool is_first = view_is(name, "first"), is_ahead = view_is(name, "ahead");
    enum rc rc = number(at, MONTHS, REVERIFY_MONTHS_MAX, &row.months);

    if (rc == RC_OK)
        rc = number(at, DAYS, REVERIFY_DAYS_MAX, &row.days);
    if (rc == RC_OK && !is_first && !is_ahead)
        rc = letter(at, CLASS, &row.class_);
    if (rc == RC_OK)
        rc = letter(at, REGISTER, &row.register_);
    if (rc != RC_OK)
        return rc;
    if (is_ahead) {
        out->ahead_days = row.days;
    } else if (is_first) {
        out->first = row;
        out->has_first = true;
    } else if (out->count == REVERIFY_ROWS_MAX) {
        return err_set(at->err, RC_LIMIT, "table of intervals: more than %u rows",
                       REVERIFY_ROWS_MAX);
    } else {
        out->rows[out->count++] = row;
    }
    return RC_OK;
}

enum rc reverify_load(struct view csv, struct reverify *out, struct err *err) {
    struct loading at = {.err = err};
    enum rc rc;

    *out = (struct reverify){.count = 0};
    rc = csv_open(csv, CSV_LIMITS_DEFAULT, &at.csv, err);
    if (rc == RC_OK)
        rc = read_head(&at);
    while (rc == RC_OK) {
        rc = csv_next(at.csv, &at.row, err);
        if (rc != RC_OK || at.row.count == 0)
            break;
        rc = take_row(&at, out);
    }
    csv_close(at.csv);
    return rc;
}

/* The same day so many months later, or the last one of that month. */
static struct date add_months(struct date date, uint16_t months) {
    int32_t all = date.month - 1 + months;

    date.year += all / 12;
    date.month = all % 12 + 1;
    while (!date_valid(date) && date.day > 28)
        date.day--;
    return date;
}

bool reverify_due(const struct reverify *table, char class_, char register_, bool visited,
                  struct date last, struct date *due) {
    const struct reverify_row *best = NULL;
    int best_fit = -1;

    if (!visited) {
        best = table->has_first ? &table->first : NULL;
    } else {
        for (uint32_t i = 0; i < table->count; i++) {
            const struct reverify_row *row = &table->rows[i];
            int fit = (row->class_ != '\0') + (row->register_ != '\0');

            if ((row->class_ != '\0' && row->class_ != class_) ||
                (row->register_ != '\0' && row->register_ != register_) || fit <= best_fit)
                continue;
            best = row;
            best_fit = fit;
        }
    }
    if (best == NULL || (best->months == 0 && best->days == 0) || !date_valid(last))
        return false;
    *due = date_from_days(date_to_days(add_months(last, best->months)) + best->days);
    return true;
}
