/* One state machine reads the bytes one by one through a small refill window, whether they come
 * from memory or from a callback. The cells of a row lie behind each other in one buffer, each
 * with a NUL behind it; while the row grows they are known by offset, because the buffer may move;
 * the views are made when the row is complete. */
#include "base/csv.h"

#include "base/list.h"
#include "base/text.h"

#define WINDOW_BYTES  65536u
#define ROW_BYTES_MAX (64u * 1024u * 1024u)
#define END           (-1)

struct csv {
    csv_read_fn *read; /* NULL when reading from memory */
    void *context;
    struct csv_limits limits;
    struct view window; /* what is being read */
    size_t at;
    uint8_t *memory; /* of the window, when there is a callback */
    uint64_t line;   /* of the next byte */
    uint64_t number; /* rows delivered */
    struct buf cells;
    size_t *starts; /* where each cell begins in cells */
    struct view *views;
    size_t starts_room;
    size_t views_room;
    size_t count; /* cells of the open row */
    enum rc failed;
    bool started;
};

enum rc csv_open(struct view text, struct csv_limits limits, struct csv **csv, struct err *err) {
    struct csv *made = calloc(1, sizeof(*made));

    *csv = NULL;
    if (made == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "CSV");
    made->limits = limits;
    made->window = text;
    made->line = 1;
    buf_init(&made->cells, ROW_BYTES_MAX);
    *csv = made;
    return RC_OK;
}

enum rc csv_open_stream(csv_read_fn *read, void *context, struct csv_limits limits,
                        struct csv **csv, struct err *err) {
    enum rc rc = csv_open((struct view){0}, limits, csv, err);

    if (rc != RC_OK)
        return rc;
    (*csv)->memory = malloc(WINDOW_BYTES);
    if ((*csv)->memory == NULL) {
        csv_close(*csv);
        *csv = NULL;
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", "CSV");
    }
    (*csv)->read = read;
    (*csv)->context = context;
    return RC_OK;
}

void csv_close(struct csv *csv) {
    if (csv == NULL)
        return;
    buf_release(&csv->cells);
    free(csv->memory);
    free(csv->starts);
    free(csv->views);
    free(csv);
}

/* Makes sure that the window has a byte; *more is false at the end. */
static enum rc refill(struct csv *csv, bool *more, struct err *err) {
    enum rc rc;
    size_t got = 0;

    *more = csv->at < csv->window.size;
    if (*more || csv->read == NULL)
        return RC_OK;
    rc = csv->read(csv->context, csv->memory, WINDOW_BYTES, &got, err);
    if (rc != RC_OK)
        return rc;
    csv->window = view_of(csv->memory, got);
    csv->at = 0;
    *more = got > 0;
    if (got == 0)
        csv->read = NULL; /* a terminal would ask again */
    return RC_OK;
}

/* The next byte without taking it, or END. */
static enum rc peek(struct csv *csv, int *byte, struct err *err) {
    bool more;
    enum rc rc = refill(csv, &more, err);

    *byte = END;
    if (rc == RC_OK && more)
        *byte = csv->window.data[csv->at];
    return rc;
}

static enum rc skip_byte_order_mark(struct csv *csv, struct err *err) {
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    size_t index;

    csv->started = true;
    for (index = 0; index < sizeof(mark); index++) {
        int byte;
        enum rc rc = peek(csv, &byte, err);

        if (rc != RC_OK)
            return rc;
        if (byte != mark[index])
            return index == 0 ? RC_OK
                              : err_set(err, RC_INVALID,
                                        "line %llu, column %zu: not UTF-8; save the file as UTF-8",
                                        1ULL, (size_t)1);
        csv->at++;
    }
    return RC_OK;
}

static enum rc begin_cell(struct csv *csv, struct err *err) {
    enum rc rc;

    if (csv->count == csv->limits.columns)
        return err_set(err, RC_LIMIT, "line %llu: more than %zu columns",
                       (unsigned long long)csv->line, csv->limits.columns);
    rc = array_grow(&csv->starts, sizeof(*csv->starts), csv->count + 1, csv->limits.columns, "CSV",
                    &csv->starts_room, err);
    if (rc == RC_OK)
        csv->starts[csv->count++] = csv->cells.size;
    return rc;
}

static enum rc add_byte(struct csv *csv, int byte, struct err *err) {
    if (byte == 0)
        return err_set(err, RC_INVALID, "line %llu, column %zu: a NUL byte; this is not text",
                       (unsigned long long)csv->line, csv->count);
    if (csv->cells.size - csv->starts[csv->count - 1] >= csv->limits.cell_bytes)
        return err_set(err, RC_LIMIT, "line %llu, column %zu: the cell has more than %zu bytes",
                       (unsigned long long)csv->line, csv->count, csv->limits.cell_bytes);
    buf_add_u8(&csv->cells, (uint8_t)byte);
    if (csv->cells.failed != RC_OK)
        return buf_check(&csv->cells, "CSV", err);
    if (byte == '\n')
        csv->line++;
    return RC_OK;
}

/* Between the opening quote, which is taken, and whatever follows the closing one. */
static enum rc read_quoted(struct csv *csv, struct err *err) {
    uint64_t opened = csv->line;

    for (;;) {
        int byte;
        enum rc rc = peek(csv, &byte, err);

        if (rc != RC_OK)
            return rc;
        if (byte == END)
            return err_set(err, RC_INVALID,
                           "line %llu, column %zu: the quote that opens here is never closed",
                           (unsigned long long)opened, csv->count);
        csv->at++;
        if (byte == '"') {
            rc = peek(csv, &byte, err);
            if (rc != RC_OK)
                return rc;
            if (byte != '"')
                break;
            csv->at++;
        }
        rc = add_byte(csv, byte, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static bool ends_cell(int byte) {
    return byte == END || byte == ',' || byte == '\n' || byte == '\r';
}

static enum rc read_bare(struct csv *csv, struct err *err) {
    for (;;) {
        int byte;
        enum rc rc = peek(csv, &byte, err);

        if (rc != RC_OK || ends_cell(byte))
            return rc;
        if (byte == '"')
            return err_set(err, RC_INVALID,
                           "line %llu, column %zu: a quote inside an unquoted cell; put the "
                           "whole cell in quotes and double the quotes in it",
                           (unsigned long long)csv->line, csv->count);
        csv->at++;
        rc = add_byte(csv, byte, err);
        if (rc != RC_OK)
            return rc;
    }
}

static enum rc read_cell(struct csv *csv, struct err *err) {
    struct view cell;
    int byte;
    enum rc rc = peek(csv, &byte, err);

    if (rc == RC_OK)
        rc = begin_cell(csv, err);
    if (rc != RC_OK)
        return rc;
    if (byte == '"') {
        csv->at++;
        rc = read_quoted(csv, err);
        if (rc == RC_OK)
            rc = peek(csv, &byte, err);
        if (rc == RC_OK && !ends_cell(byte))
            rc = err_set(err, RC_INVALID,
                         "line %llu, column %zu: text behind the closing quote; double the "
                         "quotes inside of a cell",
                         (unsigned long long)csv->line, csv->count);
    } else {
        rc = read_bare(csv, err);
    }
    if (rc != RC_OK)
        return rc;
    cell = view_slice(buf_view(&csv->cells), csv->starts[csv->count - 1], csv->cells.size);
    if (!utf8_valid(cell))
        return err_set(err, RC_INVALID, "line %llu, column %zu: not UTF-8; save the file as UTF-8",
                       (unsigned long long)csv->line, csv->count);
    buf_add_u8(&csv->cells, 0);
    return buf_check(&csv->cells, "CSV", err);
}

/* Takes LF, CRLF or a lone CR. */
static enum rc end_line(struct csv *csv, int byte, struct err *err) {
    enum rc rc = RC_OK;

    csv->at++;
    if (byte == '\r') {
        rc = peek(csv, &byte, err);
        if (rc == RC_OK && byte == '\n')
            csv->at++;
    }
    csv->line++;
    return rc;
}

/* Moves to the first byte of the next row that is not an empty line. */
static enum rc skip_empty_lines(struct csv *csv, int *byte, struct err *err) {
    enum rc rc = peek(csv, byte, err);

    while (rc == RC_OK && (*byte == '\n' || *byte == '\r')) {
        rc = end_line(csv, *byte, err);
        if (rc == RC_OK)
            rc = peek(csv, byte, err);
    }
    return rc;
}

static enum rc read_row(struct csv *csv, struct csv_row *row, struct err *err) {
    int byte = END;
    enum rc rc = RC_OK;

    if (!csv->started)
        rc = skip_byte_order_mark(csv, err);
    if (rc == RC_OK)
        rc = skip_empty_lines(csv, &byte, err);
    if (rc != RC_OK || byte == END)
        return rc;
    row->line = csv->line;
    for (;;) {
        rc = read_cell(csv, err);
        if (rc == RC_OK)
            rc = peek(csv, &byte, err);
        if (rc != RC_OK)
            return rc;
        if (byte != ',')
            break;
        csv->at++;
    }
    return byte == END ? RC_OK : end_line(csv, byte, err);
}

static enum rc make_views(struct csv *csv, struct csv_row *row, struct err *err) {
    size_t index;
    enum rc rc = array_grow(&csv->views, sizeof(*csv->views), csv->count, csv->limits.columns,
                            "CSV", &csv->views_room, err);

    if (rc != RC_OK)
        return rc;
    for (index = 0; index < csv->count; index++) {
        size_t start = csv->starts[index];
        size_t end = index + 1 < csv->count ? csv->starts[index + 1] : csv->cells.size;

        csv->views[index] = view_of(csv->cells.data + start, end - start - 1);
    }
    csv->number++;
    row->cells = csv->views;
    row->count = csv->count;
    row->number = csv->number;
    return RC_OK;
}

enum rc csv_next(struct csv *csv, struct csv_row *row, struct err *err) {
    *row = (struct csv_row){0};
    if (csv->failed != RC_OK)
        return err_set(err, csv->failed, "line %llu: reading has failed before",
                       (unsigned long long)csv->line);
    csv->count = 0;
    buf_clear(&csv->cells);
    csv->failed = read_row(csv, row, err);
    if (csv->failed == RC_OK && csv->count > 0)
        csv->failed = make_views(csv, row, err);
    if (csv->failed != RC_OK)
        *row = (struct csv_row){0};
    return csv->failed;
}

/* ---- writing ---- */

void csv_writer_init(struct csv_writer *writer, struct buf *out, bool byte_order_mark) {
    *writer = (struct csv_writer){.out = out};
    if (byte_order_mark)
        buf_add(out, "\xEF\xBB\xBF", 3);
}

/* What makes a spreadsheet take a text for a formula. */
static bool is_armed(struct view cell) {
    return cell.size > 0 && memchr("=+-@\t\r", cell.data[0], 6) != NULL;
}

static bool needs_quotes(struct view cell) {
    size_t index;

    if (cell.size == 0)
        return false;
    if (cell.data[0] == ' ' || cell.data[cell.size - 1] == ' ')
        return true; /* some readers trim */
    for (index = 0; index < cell.size; index++)
        if (memchr(",\"\r\n", cell.data[index], 4) != NULL)
            return true;
    return false;
}

void csv_write_cell(struct csv_writer *writer, enum csv_cell kind, struct view cell) {
    bool quoted = needs_quotes(cell);
    size_t index;

    if (writer->cells > 0)
        buf_add_u8(writer->out, ',');
    if (quoted)
        buf_add_u8(writer->out, '"');
    if (kind == CSV_TEXT && is_armed(cell))
        buf_add_u8(writer->out, '\'');
    for (index = 0; index < cell.size; index++) {
        if (cell.data[index] == '"')
            buf_add_u8(writer->out, '"');
        buf_add_u8(writer->out, cell.data[index]);
    }
    if (quoted)
        buf_add_u8(writer->out, '"');
    writer->lone_empty = writer->cells == 0 && cell.size == 0;
    writer->cells++;
}

void csv_write_end_row(struct csv_writer *writer) {
    if (writer->lone_empty && writer->cells == 1)
        buf_add_text(writer->out, "\"\"");
    buf_add_text(writer->out, "\r\n");
    writer->cells = 0;
    writer->lone_empty = false;
}
