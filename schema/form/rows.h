/* rows.h: rows of a CSV file as answers; what `yg-agent import` needs.
 *
 * The head of the file names the columns. A column is a question: by its path with '/' or '.'
 * between the steps ("head/name", "head.name"), in the file of a repeat also without the repeat's
 * own path, or by its bare name where only one question of the record (or of the repeat) has it.
 * Every question that must be answered needs its column. A column that is no question is an error
 * unless skipping is asked for; the key column may be one or not.
 *
 * An import of a repeat comes as a second file: its key column holds the same value as the same
 * column of the record's row. */
#ifndef YG_SCHEMA_FORM_ROWS_H
#define YG_SCHEMA_FORM_ROWS_H

#include "schema/edit.h"

struct rows_map {
    const struct form *form;
    struct view file;   /* for messages */
    uint32_t container; /* index of the repeat, FORM_NO_PARENT for records */
    uint32_t column_count;
    const struct view *names;         /* of the columns, as written */
    const struct form_field **fields; /* of the columns; NULL: skipped */
    uint32_t key;                     /* column, ROWS_NO_KEY */
};

#define ROWS_NO_KEY UINT32_MAX

struct rows_options {
    struct view key;   /* name of the key column; empty: none */
    bool skip_unknown; /* leave out columns that are no question, instead of refusing */
};

/* Reads the head. All that is wrong with it stands in one message: which questions have no column,
 * which columns are no question. */
enum rc rows_map_make(const struct form *form, uint32_t container, struct view file,
                      const struct view *head, size_t count, struct rows_options options,
                      struct arena *arena, struct rows_map *out, struct err *err);

/* The repeat with that name or path; its index for container. RC_NOT_FOUND names those there are.
 */
enum rc rows_repeat(const struct form *form, struct view name, uint32_t *container,
                    struct err *err);

/* The row's value in the key column, trimmed; empty without one. */
struct view rows_key(const struct rows_map *map, const struct view *cells, size_t count);

/* Writes the cells of one row into the draft: of the record, or of a new instance beneath parent
 * when the map is of a repeat. row is the number of the row in the file (the head is 1). What is
 * wrong stands in problems, one line each, with file, row and column; the first one in err too.
 * problems keeps growing from row to row, up to its cap. */
enum rc rows_fill(struct edit *edit, const struct rows_map *map, struct instance_id parent,
                  const struct view *cells, size_t count, uint64_t row, struct buf *problems,
                  struct err *err);

#endif
