/* columns.h: aligned text for a terminal, where a Han character is as wide as two Latin ones. */
#ifndef YG_AGENT_FACE_COLUMNS_H
#define YG_AGENT_FACE_COLUMNS_H

#include "base/buf.h"
#include "base/command.h"

#define COLUMNS_MAX      8u
#define COLUMN_WIDTH_MAX 40u /* a wider cell pushes what follows it */

struct columns {
    uint32_t count;
    uint32_t at; /* cells in the open row */
    uint32_t widths[COLUMNS_MAX];
    struct buf cells; /* each: varint size, bytes */
};

void columns_init(struct columns *columns, uint32_t count);
void columns_release(struct columns *columns);
/* The next cell of the row. Line breaks and control characters are shown as spaces, so that no
 * answer can forge a line. Failures stay until columns_print. */
void columns_add(struct columns *columns, struct view text);
void columns_add_text(struct columns *columns, const char *text);
void columns_add_words(struct columns *columns, enum lang lang, const char *english);
/* Fills up with empty cells. */
void columns_end_row(struct columns *columns);
enum rc columns_print(struct columns *columns, struct command *command, struct err *err);

#endif
