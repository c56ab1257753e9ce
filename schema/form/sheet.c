/* sheet.c: a CSV file as a sheet of cells.
 *
 * The CSV reader skips lines that are wholly empty, but a spreadsheet shows them, and findings name
 * rows as the spreadsheet shows them. So empty rows are put back: a row that begins further down
 * than the one before ends was preceded by empty lines. */
#include "base/csv.h"
#include "schema/form/sheet_build.h"

/* Lines of the file that the row stands on: one, and one for each line break within its cells. */
static uint64_t line_count(const struct csv_row *row) {
    uint64_t lines = 1;

    for (size_t i = 0; i < row->count; i++) {
        const struct view *cell = &row->cells[i];

        for (size_t j = 0; j < cell->size; j++)
            if (cell->data[j] == '\n' ||
                (cell->data[j] == '\r' && (j + 1 == cell->size || cell->data[j + 1] != '\n')))
                lines++;
    }
    return lines;
}

enum rc sheet_from_csv(struct view name, struct view csv, struct arena *arena, struct sheet *out,
                       struct err *err) {
    struct sheet_build build;
    uint64_t expected = 1;
    struct csv *reader = NULL;
    struct csv_row row;
    enum rc rc;

    *out = (struct sheet){0};
    sheet_build_init(&build, arena);
    rc = csv_open(csv, CSV_LIMITS_DEFAULT, &reader, err);
    while (rc == RC_OK && (rc = csv_next(reader, &row, err)) == RC_OK && row.count > 0) {
        for (; rc == RC_OK && expected < row.line; expected++)
            rc = sheet_build_row(&build, NULL, 0, err);
        expected = row.line + line_count(&row);
        if (rc == RC_OK)
            rc = sheet_build_row(&build, row.cells, row.count, err);
    }
    csv_close(reader);
    if (rc == RC_OK)
        return sheet_build_end(&build, name, out, err);
    if (name.size > 0)
        err_prefix(err, "%.*s.csv: ", VIEW_PRINT(name));
    return rc;
}
