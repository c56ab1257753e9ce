/* csv.h: tables as text, RFC 4180.
 *
 * The reader takes what spreadsheets write: CRLF, LF or lone CR, a UTF-8 byte order mark, quoted
 * cells with doubled quotes, commas and line breaks inside. It is strict where guessing would
 * change data: a quote inside an unquoted cell, text after a closing quote, a quote that never
 * closes, bytes that are not UTF-8, NUL. Lines that are wholly empty are skipped. Rows may differ
 * in length; the caller judges that. Errors name line and column (the first cell is column 1).
 *
 * The writer quotes where needed and disarms text cells that a spreadsheet would run as a formula.
 * Its lines end with CRLF. */
#ifndef YG_BASE_CSV_H
#define YG_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct csv_limits {
    size_t cell_bytes; /* the longest cell */
    size_t columns;    /* the most cells of a row */
};

#define CSV_CELL_BYTES_DEFAULT 65536u
#define CSV_COLUMNS_DEFAULT    4096u
#define CSV_LIMITS_DEFAULT                                                                         \
    ((struct csv_limits){.cell_bytes = CSV_CELL_BYTES_DEFAULT, .columns = CSV_COLUMNS_DEFAULT})

struct csv;

struct csv_row {
    const struct view *cells; /* valid until the next csv_next; terminated by a NUL behind each */
    size_t count;             /* 0 at the end of the table, never otherwise */
    uint64_t number;          /* 1 for the first row, which is often the header */
    uint64_t line;            /* the line of the file on which the row begins, from 1 */
};

/* Fills at most size bytes; *got 0 means the end. May fail, which ends the reading. */
typedef enum rc csv_read_fn(void *context, uint8_t *bytes, size_t size, size_t *got,
                            struct err *err);

/* Reads from memory that stays valid and unchanged until csv_close. */
enum rc csv_open(struct view text, struct csv_limits limits, struct csv **csv, struct err *err);

/* Reads from a callback in pieces of 64 KiB; memory does not grow with the length of the table. */
enum rc csv_open_stream(csv_read_fn *read, void *context, struct csv_limits limits,
                        struct csv **csv, struct err *err);

/* The next row; row->count is 0 at the end. RC_INVALID for malformed text, RC_LIMIT for a cell or
 * row beyond the limits, or what the callback returned. After a failure every later call fails
 * likewise. */
enum rc csv_next(struct csv *csv, struct csv_row *row, struct err *err);

/* NULL is allowed. */
void csv_close(struct csv *csv);

/* ---- writing ---- */

enum csv_cell {
    CSV_VALUE, /* written as it is: numbers, dates, codes that we made ourselves */
    CSV_TEXT,  /* somebody typed it: a leading = + - @ TAB or CR gets a ' in front */
};

struct csv_writer {
    struct buf *out; /* not owned; failures stay sticky in it */
    size_t cells;    /* cells written in the open row */
    bool lone_empty; /* the open row is one empty cell, which must not become an empty line */
};

/* With byte_order_mark, Excel takes the file for UTF-8. */
void csv_writer_init(struct csv_writer *writer, struct buf *out, bool byte_order_mark);
void csv_write_cell(struct csv_writer *writer, enum csv_cell kind, struct view cell);
void csv_write_end_row(struct csv_writer *writer);

#endif
