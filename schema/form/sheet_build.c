/* Cells lie one behind the other, with the lengths of the rows beside them: most rows of real
 * sheets end long before the widest one does, and many are empty. */
#include "schema/form/sheet_build.h"

static void *grown(struct arena *arena, const void *items, size_t item_bytes, size_t count,
                   size_t capacity) {
    void *more = arena_array(arena, capacity, item_bytes);

    if (more != NULL && count > 0)
        memcpy(more, items, count * item_bytes);
    return more;
}

static enum rc too_large(struct err *err) {
    return err_set(err, RC_LIMIT, "a sheet has at most %u rows and %u cells", SHEET_ROWS_MAX,
                   SHEET_CELLS_MAX);
}

void sheet_build_init(struct sheet_build *build, struct arena *arena) {
    *build = (struct sheet_build){.arena = arena};
}

static enum rc room_for_row(struct sheet_build *build, struct err *err) {
    if (build->row_count == SHEET_ROWS_MAX)
        return too_large(err);
    if (build->row_count == build->row_capacity) {
        build->row_capacity = build->row_capacity == 0 ? 256 : build->row_capacity * 2;
        build->lengths = grown(build->arena, build->lengths, sizeof(*build->lengths),
                               build->row_count, build->row_capacity);
    }
    return build->lengths == NULL ? arena_check(build->arena, "sheet", err) : RC_OK;
}

static enum rc room_for_cells(struct sheet_build *build, size_t count, struct err *err) {
    if (build->cell_count + count > SHEET_CELLS_MAX)
        return too_large(err);
    if (build->cell_count + count > build->cell_capacity) {
        build->cell_capacity = (build->cell_capacity + count) * 2;
        build->cells = grown(build->arena, build->cells, sizeof(*build->cells), build->cell_count,
                             build->cell_capacity);
    }
    return build->cells == NULL && count > 0 ? arena_check(build->arena, "sheet", err) : RC_OK;
}

enum rc sheet_build_row(struct sheet_build *build, const struct view *cells, size_t count,
                        struct err *err) {
    enum rc rc;

    while (count > 0 && cells[count - 1].size == 0)
        count--;
    rc = room_for_row(build, err);
    if (rc == RC_OK)
        rc = room_for_cells(build, count, err);
    if (rc != RC_OK)
        return rc;
    for (size_t i = 0; i < count; i++)
        build->cells[build->cell_count + i] = arena_view(build->arena, cells[i]);
    build->cell_count += count;
    build->lengths[build->row_count++] = (uint32_t)count;
    if (count > build->widest)
        build->widest = (uint32_t)count;
    return arena_check(build->arena, "sheet", err);
}

enum rc sheet_build_cell(struct sheet_build *build, uint32_t row, uint32_t column, struct view text,
                         struct err *err) {
    uint32_t length;
    enum rc rc = RC_OK;

    if (row >= SHEET_ROWS_MAX || column >= SHEET_COLUMNS_MAX)
        return too_large(err);
    while (rc == RC_OK && build->row_count <= row)
        rc = sheet_build_row(build, NULL, 0, err);
    if (rc != RC_OK)
        return rc;
    length = build->lengths[build->row_count - 1];
    if (row + 1 != build->row_count || column < length)
        return err_set(err, RC_INVALID,
                       "the cells of a sheet are not in their order; open the "
                       "workbook in a spreadsheet program and save it again");
    rc = room_for_cells(build, column + 1 - length, err);
    if (rc != RC_OK)
        return rc;
    for (; length < column; length++)
        build->cells[build->cell_count++] = (struct view){0};
    build->cells[build->cell_count++] = arena_view(build->arena, text);
    build->lengths[build->row_count - 1] = column + 1;
    if (column + 1 > build->widest)
        build->widest = column + 1;
    return arena_check(build->arena, "sheet", err);
}

enum rc sheet_build_end(const struct sheet_build *build, struct view name, struct sheet *out,
                        struct err *err) {
    struct view *cells;
    size_t from = 0;

    if ((uint64_t)build->row_count * build->widest > SHEET_CELLS_MAX)
        return too_large(err);
    cells = arena_array(build->arena, (size_t)build->row_count * build->widest, sizeof(*cells));
    if (cells == NULL)
        return arena_check(build->arena, "sheet", err);
    for (uint32_t row = 0; row < build->row_count; row++) {
        if (build->lengths[row] > 0)
            memcpy(cells + (size_t)row * build->widest, build->cells + from,
                   build->lengths[row] * sizeof(*cells));
        from += build->lengths[row];
    }
    *out = (struct sheet){.name = arena_view(build->arena, name),
                          .row_count = build->row_count,
                          .column_count = build->widest,
                          .cells = cells};
    return arena_check(build->arena, "sheet", err);
}
