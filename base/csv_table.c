/* csv_table.c: see csv_table.h. */
#include "base/csv_table.h"

#include "base/text.h"
#include "base/words.h"

#define SHOWN_BYTES 60u

enum rc csv_table_open(struct csv_table *table, struct view text, const char *what,
                       const char *const *names, uint32_t count, struct err *err) {
    enum rc rc;

    *table = (struct csv_table){.what = what, .names = names, .count = count};
    rc = csv_open(text, CSV_LIMITS_DEFAULT, &table->csv, err);
    if (rc == RC_OK)
        rc = csv_next(table->csv, &table->row, err);
    for (uint32_t c = 0; c < count && rc == RC_OK; c++) {
        bool found = false;

        for (size_t i = 0; i < table->row.count; i++)
            if (view_is(text_trim(table->row.cells[i]), names[c])) {
                table->places[c] = i;
                found = true;
            }
        if (!found)
            rc = err_set(err, RC_INVALID, "%s: the column %s is missing; add it to the first row",
                         words(err->lang, what), names[c]);
    }
    return rc;
}

void csv_table_close(struct csv_table *table) {
    csv_close(table->csv);
    table->csv = NULL;
}

enum rc csv_table_next(struct csv_table *table, struct err *err) {
    return csv_next(table->csv, &table->row, err);
}

struct view csv_table_cell(const struct csv_table *table, uint32_t column) {
    size_t place = table->places[column];

    return place < table->row.count ? text_trim(table->row.cells[place]) : (struct view){0};
}

enum rc csv_table_wrong(const struct csv_table *table, uint32_t column, const char *mend,
                        struct err *err) {
    return err_set(err, RC_INVALID, "%s, row %llu, %s: \"%.*s\" is wrong; %s",
                   words(err->lang, table->what), (unsigned long long)table->row.line,
                   table->names[column],
                   VIEW_PRINT(view_slice(csv_table_cell(table, column), 0, SHOWN_BYTES)),
                   words(err->lang, mend));
}
