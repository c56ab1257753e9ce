/* columns.c: see columns.h. Cells are collected first, because the width of a column is known only
 * after its last row. The last column is never padded. */
#include "agent/face/columns.h"

#include "base/text.h"
#include "base/words.h"

#define COLUMNS_BYTES (256u * 1024u * 1024u)

void columns_init(struct columns *columns, uint32_t count) {
    *columns = (struct columns){.count = count};
    buf_init(&columns->cells, COLUMNS_BYTES);
}

void columns_release(struct columns *columns) {
    buf_release(&columns->cells);
}

void columns_add(struct columns *columns, struct view text) {
    uint32_t width = text_width(text);

    if (columns->at == columns->count)
        return;
    if (width > COLUMN_WIDTH_MAX)
        width = COLUMN_WIDTH_MAX;
    if (width > columns->widths[columns->at])
        columns->widths[columns->at] = width;
    columns->at++;
    buf_add_varint(&columns->cells, text.size);
    for (size_t i = 0; i < text.size; i++)
        buf_add_u8(&columns->cells,
                   text.data[i] < ' ' || text.data[i] == 0x7f ? ' ' : text.data[i]);
}

void columns_add_text(struct columns *columns, const char *text) {
    columns_add(columns, view_text(text));
}

void columns_add_words(struct columns *columns, enum lang lang, const char *english) {
    columns_add(columns, view_text(words(lang, english)));
}

void columns_end_row(struct columns *columns) {
    while (columns->at < columns->count)
        columns_add(columns, view_text(""));
    columns->at = 0;
}

static void print_row(const struct columns *columns, struct reader *in, struct buf *out) {
    uint32_t gap = 0;

    for (uint32_t i = 0; i < columns->count; i++) {
        struct view cell = read_sized(in);
        uint32_t width = text_width(cell);

        if (cell.size > 0) {
            for (; gap > 0; gap--)
                buf_add_u8(out, ' ');
            buf_add_view(out, cell);
        } else {
            width = 0;
        }
        /* Blanks are written only when something follows them. */
        if (columns->widths[i] > 0)
            gap += (width < columns->widths[i] ? columns->widths[i] - width : 0) + 2;
    }
    buf_add_u8(out, '\n');
}

enum rc columns_print(struct columns *columns, struct command *command, struct err *err) {
    struct reader in;
    struct buf out;
    enum rc rc = buf_check(&columns->cells, "the output", err);

    if (rc != RC_OK)
        return rc;
    buf_init(&out, COLUMNS_BYTES);
    reader_init(&in, buf_view(&columns->cells));
    while (read_left(&in) > 0)
        print_row(columns, &in, &out);
    rc = buf_check(&out, "the output", err);
    if (rc == RC_OK && out.size > 0)
        rc = command_print(command, buf_view(&out), err);
    buf_release(&out);
    return rc;
}
