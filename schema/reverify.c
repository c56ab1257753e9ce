/* reverify.c: see reverify.h. */
#include "schema/reverify.h"

#include "base/csv_table.h"
#include "base/text.h"
#include "base/words.h"

enum column { CLASS = 0, REGISTER, MONTHS, DAYS, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"class", "register", "months", "days"};

static enum rc wrong(const struct csv_table *table, enum column column, struct err *err) {
    return csv_table_wrong(table, column, WORD("write a whole number, or one letter or digit"),
                           err);
}

static enum rc number(const struct csv_table *table, enum column column, uint64_t most,
                      uint16_t *out, struct err *err) {
    struct view text = csv_table_cell(table, column);
    uint64_t value = 0;

    if (text.size > 0 && (!parse_u64(text, &value) || value > most))
        return wrong(table, column, err);
    *out = (uint16_t)value;
    return RC_OK;
}

static enum rc letter(const struct csv_table *table, enum column column, char *out,
                      struct err *err) {
    struct view text = csv_table_cell(table, column);

    if (text.size > 1)
        return wrong(table, column, err);
    *out = text.size == 0 ? '\0' : (char)text.data[0];
    return RC_OK;
}

static enum rc take_row(const struct csv_table *table, struct reverify *out, struct err *err) {
    struct reverify_row row = {0};
    struct view name = csv_table_cell(table, CLASS);
    bool is_first = view_is(name, "first"), is_ahead = view_is(name, "ahead");
    enum rc rc = number(table, MONTHS, REVERIFY_MONTHS_MAX, &row.months, err);

    if (rc == RC_OK)
        rc = number(table, DAYS, REVERIFY_DAYS_MAX, &row.days, err);
    if (rc == RC_OK && !is_first && !is_ahead)
        rc = letter(table, CLASS, &row.class_, err);
    if (rc == RC_OK)
        rc = letter(table, REGISTER, &row.register_, err);
    if (rc != RC_OK)
        return rc;
    if (is_ahead) {
        out->ahead_days = row.days;
    } else if (is_first) {
        out->first = row;
        out->has_first = true;
    } else if (out->count == REVERIFY_ROWS_MAX) {
        return err_set(err, RC_LIMIT, "table of intervals: more than %u rows", REVERIFY_ROWS_MAX);
    } else {
        out->rows[out->count++] = row;
    }
    return RC_OK;
}

enum rc reverify_load(struct view csv, struct reverify *out, struct err *err) {
    struct csv_table table;
    enum rc rc =
        csv_table_open(&table, csv, WORD("table of intervals"), column_names, COLUMN_COUNT, err);

    *out = (struct reverify){.count = 0};
    while (rc == RC_OK && (rc = csv_table_next(&table, err)) == RC_OK && table.row.count > 0)
        rc = take_row(&table, out, err);
    csv_table_close(&table);
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
