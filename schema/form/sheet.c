/* sheet.c: a CSV file as a sheet of cells.
 *
 * The CSV reader skips lines that are wholly empty, but a spreadsheet shows them, and findings name
 * rows as the spreadsheet shows them. So empty rows are put back: a row that begins further down
 * than the one before ends was preceded by empty lines. */
#include "base/csv.h"
#include "schema/form/xlsform.h"

#define SHEET_CELLS_MAX 4000000u
#define SHEET_ROWS_MAX  200000u

struct gather {
    struct arena *arena;
    struct view *cells; /* of rows with different lengths, one behind the other */
    uint32_t *lengths;
    size_t cell_count, cell_capacity;
    uint32_t row_count, row_capacity;
    uint32_t widest;
};

static void *grown(struct arena *arena, const void *items, size_t item_bytes, size_t count,
                   size_t capacity) {
    void *more = arena_array(arena, capacity, item_bytes);

    if (more != NULL && count > 0)
        memcpy(more, items, count * item_bytes);
    return more;
}

static enum rc add_row(struct gather *gather, const struct view *cells, size_t count,
                       struct err *err) {
    while (count > 0 && cells[count - 1].size == 0)
        count--;
    if (gather->row_count == SHEET_ROWS_MAX || gather->cell_count + count > SHEET_CELLS_MAX)
        return err_set(err, RC_LIMIT, "a sheet has at most %u rows and %u cells", SHEET_ROWS_MAX,
                       SHEET_CELLS_MAX);
    if (gather->row_count == gather->row_capacity) {
        gather->row_capacity = gather->row_capacity == 0 ? 256 : gather->row_capacity * 2;
        gather->lengths = grown(gather->arena, gather->lengths, sizeof(*gather->lengths),
                                gather->row_count, gather->row_capacity);
    }
    if (gather->cell_count + count > gather->cell_capacity) {
        gather->cell_capacity = (gather->cell_capacity + count) * 2;
        gather->cells = grown(gather->arena, gather->cells, sizeof(*gather->cells),
                              gather->cell_count, gather->cell_capacity);
    }
    if (gather->lengths == NULL || (gather->cells == NULL && count > 0))
        return arena_check(gather->arena, "sheet", err);
    for (size_t i = 0; i < count; i++)
        gather->cells[gather->cell_count + i] = arena_view(gather->arena, cells[i]);
    gather->cell_count += count;
    gather->lengths[gather->row_count++] = (uint32_t)count;
    if (count > gather->widest)
        gather->widest = (uint32_t)count;
    return arena_check(gather->arena, "sheet", err);
}

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

static enum rc square(const struct gather *gather, struct view name, struct sheet *out,
                      struct err *err) {
    struct view *cells;
    size_t from = 0;

    if ((uint64_t)gather->row_count * gather->widest > SHEET_CELLS_MAX)
        return err_set(err, RC_LIMIT, "a sheet has at most %u rows and %u cells", SHEET_ROWS_MAX,
                       SHEET_CELLS_MAX);
    cells = arena_array(gather->arena, (size_t)gather->row_count * gather->widest, sizeof(*cells));
    if (cells == NULL)
        return arena_check(gather->arena, "sheet", err);
    for (uint32_t row = 0; row < gather->row_count; row++) {
        if (gather->lengths[row] > 0)
            memcpy(cells + (size_t)row * gather->widest, gather->cells + from,
                   gather->lengths[row] * sizeof(*cells));
        from += gather->lengths[row];
    }
    *out = (struct sheet){.name = arena_view(gather->arena, name),
                          .row_count = gather->row_count,
                          .column_count = gather->widest,
                          .cells = cells};
    return arena_check(gather->arena, "sheet", err);
}

enum rc sheet_from_csv(struct view name, struct view csv, struct arena *arena, struct sheet *out,
                       struct err *err) {
    struct gather gather = {.arena = arena};
    uint64_t expected = 1;
    struct csv *reader = NULL;
    struct csv_row row;
    enum rc rc;

    *out = (struct sheet){0};
    rc = csv_open(csv, CSV_LIMITS_DEFAULT, &reader, err);
    while (rc == RC_OK && (rc = csv_next(reader, &row, err)) == RC_OK && row.count > 0) {
        for (; rc == RC_OK && expected < row.line; expected++)
            rc = add_row(&gather, NULL, 0, err);
        expected = row.line + line_count(&row);
        if (rc == RC_OK)
            rc = add_row(&gather, row.cells, row.count, err);
    }
    csv_close(reader);
    if (rc == RC_OK)
        return square(&gather, name, out, err);
    if (name.size > 0)
        err_prefix(err, "%.*s.csv: ", VIEW_PRINT(name));
    return rc;
}
