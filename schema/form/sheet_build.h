/* sheet_build.h: a sheet while its cells come in, row by row, from any kind of file.
 *
 * Rows are as long as their last cell; at the end they are made square. All memory in the arena. */
#ifndef YG_SCHEMA_FORM_SHEET_BUILD_H
#define YG_SCHEMA_FORM_SHEET_BUILD_H

#include "schema/form/xlsform.h"

#define SHEET_CELLS_MAX   4000000u
#define SHEET_ROWS_MAX    200000u
#define SHEET_COLUMNS_MAX 16384u /* of .xlsx */

struct sheet_build { /* internals */
    struct arena *arena;
    struct view *cells; /* of rows with different lengths, one behind the other */
    uint32_t *lengths;
    size_t cell_count, cell_capacity;
    uint32_t row_count, row_capacity;
    uint32_t widest;
};

void sheet_build_init(struct sheet_build *build, struct arena *arena);

/* A row below those that are there; empty cells at its end do not count. The cells are copied.
 * RC_LIMIT. */
enum rc sheet_build_row(struct sheet_build *build, const struct view *cells, size_t count,
                        struct err *err);

/* A cell at row and column, both from 0. Rows in between become empty ones. Cells must come row by
 * row, and within a row from left to right: RC_INVALID otherwise. RC_LIMIT. */
enum rc sheet_build_cell(struct sheet_build *build, uint32_t row, uint32_t column, struct view text,
                         struct err *err);

/* The sheet, square. RC_LIMIT if that is too large. */
enum rc sheet_build_end(const struct sheet_build *build, struct view name, struct sheet *out,
                        struct err *err);

#endif
