/* export.h: records for other programs, as a stream: whatever the number of records, an export
 * holds one of them in memory. The command line (export.c) and the console use it.
 *
 * csv      one table: a line a record, or (repeat) a line an instance
 * zip      all tables of the form as CSV files in one archive, and fields.csv, which says what the
 *          columns are
 * xlsx     the same as sheets of one workbook
 * json     an array of what `show --json` gives; jsonl: the same, a line a record
 * geojson  a feature for each position, line and outline
 *
 * Tables of one export are joined by the columns id, instance and parent. In zip and xlsx a choice
 * stands as its code and, in a column NAME.label, in words. Numbers and dates are such, all else is
 * text; what a spreadsheet would take for a formula is disarmed in CSV and a plain text in xlsx. A
 * cell in conflict is empty, and the last column names it: no side is silently chosen. A table with
 * more lines than a sheet holds goes on in further sheets of the same head: "home (2)".
 *
 * zip and xlsx are made in DIR/exports first, in files that are removed in every case. */
#ifndef YG_SYNCD_DESK_EXPORT_H
#define YG_SYNCD_DESK_EXPORT_H

#include "syncd/desk/desk.h"

enum export_format {
    EXPORT_CSV,
    EXPORT_ZIP,
    EXPORT_XLSX,
    EXPORT_JSON,
    EXPORT_JSONL,
    EXPORT_GEOJSON,
};

struct export_order {
    struct view form; /* name */
    enum export_format format;
    const char *repeat; /* EXPORT_CSV: of this repeat; NULL: of the records */
    bool masked;
    enum lang lang;
    uint64_t area;                    /* it and what lies beneath; 0: all */
    const struct record_query *query; /* NULL: all; form name, order and page do not matter */
    uint32_t sheet_rows;              /* of a sheet, its head counted; 0: as many as there can be */
    void *context;
    enum rc (*write)(void *context, struct view bytes, struct err *err);
    void (*progress)(void *context, uint64_t records); /* may be NULL */
};

/* *records: how many were written. RC_NOT_FOUND: no such form or repeat. */
enum rc export_run(struct seat *seat, const struct export_order *order, uint64_t *records,
                   struct err *err);

/* "csv", ...; NULL: there is none of that name. */
const enum export_format *export_format_named(const char *name);
const char *export_media_type(enum export_format format);
const char *export_ending(enum export_format format); /* "csv" */

/* Removes what a killed service has left of unfinished exports. */
enum rc export_sweep(const char *directory, struct err *err);

#endif
