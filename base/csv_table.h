/* csv_table.h: a table that people keep in a spreadsheet. Its first row names the columns, which
 * may stand in any order and beside others that nobody asks for. Errors name row, column and cell.
 */
#ifndef YG_BASE_CSV_TABLE_H
#define YG_BASE_CSV_TABLE_H

#include "base/csv.h"

#define CSV_TABLE_COLUMNS_MAX 16u

struct csv_table {
    struct csv *csv;
    struct csv_row row;       /* the present one */
    const char *what;         /* the file, as errors begin; a WORD */
    const char *const *names; /* of the columns */
    uint32_t count;           /* at most CSV_TABLE_COLUMNS_MAX */
    size_t places[CSV_TABLE_COLUMNS_MAX];
};

/* text, what and names stay the caller's, until csv_table_close, which is called in any case.
 * RC_INVALID where a column is missing, or as csv_open and csv_next. */
enum rc csv_table_open(struct csv_table *table, struct view text, const char *what,
                       const char *const *names, uint32_t count, struct err *err);
void csv_table_close(struct csv_table *table);

/* table->row.count is 0 at the end. */
enum rc csv_table_next(struct csv_table *table, struct err *err);
/* Of the present row, without blanks around it; empty where the row is shorter. */
struct view csv_table_cell(const struct csv_table *table, uint32_t column);
/* RC_INVALID: the cell is wrong; mend (a WORD) says what to write. */
enum rc csv_table_wrong(const struct csv_table *table, uint32_t column, const char *mend,
                        struct err *err);

#endif
