/* import.h: what the two halves of the import share: reading and checking rows (import_check.c),
 * and the command (import.c). */
#ifndef YG_AGENT_FACE_IMPORT_H
#define YG_AGENT_FACE_IMPORT_H

#include "agent/face/face.h"
#include "base/csv.h"
#include "schema/form/rows.h"

#define IMPORT_FILE_BYTES_MAX     (256u * 1024u * 1024u)
#define IMPORT_ROWS_BYTES_MAX     (1024u * 1024u * 1024u)
#define IMPORT_ROWS_MAX           (4u * 1024u * 1024u)
#define IMPORT_ROW_ARENA_BYTES    (64u * 1024u * 1024u)
#define IMPORT_REPEATS_MAX        16u
#define IMPORT_RECORDS_PER_COMMIT 500u
#define IMPORT_LISTED_BYTES_MAX   (256u * 1024u)
#define IMPORT_PROBLEM_BYTES_MAX  (256u * 1024u) /* of one row */

struct repeat_row {
    struct view key;
    const struct view *cells;
    size_t count;
    uint64_t number;
    bool used;
};

struct repeat_file {
    struct rows_map map;
    struct repeat_row *rows; /* sorted by key, then by number */
    size_t count, capacity;
};

struct record_row {
    struct view key;
    uint64_t number;
    bool is_bad;
};

struct import {
    struct visit visit;
    const struct form *form;
    uint64_t area;
    bool partial;
    const char *path;
    struct rows_options options;
    struct buf bytes; /* of the records' file */
    struct rows_map map;
    struct record_row *rows; /* in order of the file */
    size_t count, capacity;
    struct repeat_file repeats[IMPORT_REPEATS_MAX];
    size_t repeat_count;
    struct arena arena; /* maps, keys, rows of repeats */
    struct arena row_arena;
    struct buf problems; /* of the row at hand */
    struct buf listed;
    uint64_t unlisted; /* rows whose problems found no room there */
    uint64_t bad;      /* rows of records */
    uint64_t orphans;  /* rows of repeats without a record */
    uint64_t saved;
};

/* Opens the table and reads its head. */
enum rc import_open(struct import *import, const char *path, uint32_t container,
                    const struct buf *bytes, struct rows_map *map, struct csv **csv,
                    struct err *err);
/* Reads the rows of a repeat from NAME=FILE.csv. */
enum rc import_read_repeat(struct import *import, const char *text, struct err *err);
/* Makes the change for one row in the row's arena. Wrong cells: RC_INVALID and problems. */
enum rc import_make(struct import *import, const struct csv_row *row, struct dot dot,
                    struct change *change, struct err *err);
/* Goes over all rows and lists what is wrong. A failure is one of reading, not of rows. */
enum rc import_check(struct import *import, struct err *err);

#endif
