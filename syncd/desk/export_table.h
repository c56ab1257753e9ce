/* export_table.h: the tables of an export and what is written into them; private to export*.c. */
#ifndef YG_SYNCD_DESK_EXPORT_TABLE_H
#define YG_SYNCD_DESK_EXPORT_TABLE_H

#include "base/csv.h"
#include "base/file.h"
#include "base/sheet.h"
#include "base/spool.h"
#include "syncd/desk/export.h"

#define EXPORT_TABLES_MAX 200u

struct export_column {
    uint16_t number;
    const struct form *form; /* the newest version that has it */
    const struct form_field *field;
};

struct export_table {
    uint16_t repeat;  /* number of the repeat; 0: the records */
    bool is_codebook; /* what the columns of the others are; it has none */
    struct view name; /* of its file or sheet: unique, of letters that any file system takes */
    struct export_column *columns;
    uint32_t column_count;
    /* CSV */
    struct buf out;
    struct csv_writer writer;
    char path[FILE_PATH_BYTES_MAX]; /* zip: of its file */
    struct spool *spool;
    /* xlsx */
    uint32_t sheet, row, column;
    uint32_t parts; /* sheets that it has gone on in */
};

struct exporting {
    struct seat *seat;
    const struct export_order *order;
    const struct form **versions; /* newest first */
    uint32_t version_count;
    struct export_table *tables; /* the records' first, unless a repeat is asked for */
    uint32_t table_count;
    struct sheet_file *book;
    uint32_t sheet_count;           /* of the book */
    char made[FILE_PATH_BYTES_MAX]; /* zip, xlsx: the whole */
    struct arena arena;             /* of the record at hand */
    struct buf text, conflicts, out;
    uint64_t records;
};

enum export_cell {
    EXPORT_TEXT, /* somebody typed it */
    EXPORT_CODE, /* made by us, and never a number to reckon with: ids, codes, times */
    EXPORT_NUMBER,
    EXPORT_DATE,
};

/* --- export_table.c: what stands where --- */

/* Finds the tables and columns; RC_NOT_FOUND for an unknown repeat. */
enum rc export_tables(struct exporting *at, struct err *err);
enum rc export_heads(struct exporting *at, struct err *err);
/* The head of one table; again at the top of each further sheet. */
enum rc export_head(struct exporting *at, struct export_table *table, struct err *err);
/* The record's lines in all tables. */
enum rc export_lines(struct exporting *at, const struct seen_record *seen, struct err *err);
/* What the columns are, as a table of its own, which is the last. */
enum rc export_fields(struct exporting *at, struct err *err);

/* --- export_file.c: files and sheets --- */

enum rc export_open(struct exporting *at, struct err *err);
/* Before a line: where the sheet is full, another one goes on, with the same head. */
enum rc export_begin_row(struct exporting *at, struct export_table *table, struct err *err);
enum rc export_cell(struct exporting *at, struct export_table *table, enum export_cell kind,
                    struct view text, struct err *err);
enum rc export_end_row(struct exporting *at, struct export_table *table, struct err *err);
/* Packs zip and xlsx, and hands them over. */
enum rc export_pack(struct exporting *at, struct err *err);
/* Removes all files. */
void export_close(struct exporting *at);

/* --- export_geo.c --- */

enum rc export_features(struct exporting *at, const struct seen_record *seen, struct err *err);

#endif
