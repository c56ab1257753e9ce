/* export_file.c: where an export's cells go: straight out, into files that are packed at the end,
 * or into the sheets of a workbook. */
#include "base/archive.h"
#include "base/file.h"
#include "base/text.h"
#include "syncd/desk/export_table.h"

#include <stdio.h>
#include <stdlib.h>

#define FLUSH_BYTES (64u * 1024u)
#define DIGITS_MAX  15u /* beyond that a double is not exact */

enum rc export_sweep(const char *directory, struct err *err) {
    char folder[FILE_PATH_BYTES_MAX], path[FILE_PATH_BYTES_MAX + 300];
    const char **names = NULL;
    size_t count = 0;
    struct arena arena;
    enum rc rc = RC_OK;

    snprintf(folder, sizeof(folder), "%s/exports", directory);
    if (!file_is_directory(folder))
        return RC_OK;
    arena_init(&arena, 1024u * 1024u);
    rc = file_list(folder, 10000, &arena, &names, &count, err);
    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        rc = file_remove(path, err);
    }
    arena_release(&arena);
    return rc;
}

static bool is_file(const struct exporting *at) {
    return at->order->format == EXPORT_ZIP || at->order->format == EXPORT_XLSX;
}

static enum rc open_table(struct exporting *at, struct export_table *table, const char *stem,
                          struct err *err) {
    if (at->order->format == EXPORT_XLSX) {
        table->sheet = at->sheet_count++;
        return sheet_file_add(at->book, table->name, err);
    }
    if (snprintf(table->path, sizeof(table->path), "%s-%u.csv", stem,
                 (unsigned)(table - at->tables)) >= (int)sizeof(table->path))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder", stem);
    return spool_create(table->path, 0600, &table->spool, err);
}

enum rc export_open(struct exporting *at, struct err *err) {
    char folder[FILE_PATH_BYTES_MAX - 100], stem[FILE_PATH_BYTES_MAX - 50], hex[17];
    uint8_t random[8];
    struct export_table *fields = &at->tables[at->table_count];
    enum rc rc;

    if (!is_file(at))
        return RC_OK;
    *fields = (struct export_table){.is_codebook = true, .name = view_text("fields")};
    for (uint32_t i = 0; i < at->table_count; i++)
        if (view_is(at->tables[i].name, "fields"))
            fields->name = view_text("fields_of_all");
    buf_init(&fields->out, 64u * 1024u * 1024u);
    csv_writer_init(&fields->writer, &fields->out, true);
    at->table_count++;
    env_entropy(at->seat->office->env, random, sizeof(random));
    hex_encode(view_of(random, sizeof(random)), hex);
    if (snprintf(folder, sizeof(folder), "%s/exports", at->seat->office->directory) >=
        (int)sizeof(folder))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       at->seat->office->directory);
    snprintf(stem, sizeof(stem), "%s/%s", folder, hex);
    rc = file_make_directory(folder, err);
    snprintf(at->made, sizeof(at->made), "%s.%s", stem, export_ending(at->order->format));
    if (rc == RC_OK && at->order->format == EXPORT_XLSX)
        rc = sheet_file_open(at->made, folder, &at->book, err);
    for (uint32_t i = 0; i < at->table_count && rc == RC_OK; i++)
        rc = open_table(at, &at->tables[i], stem, err);
    return rc;
}

/* --- cells --- */

/* Of at most so many digits that a spreadsheet keeps it as it is. */
static bool to_double(struct view text, double *out) {
    char copy[DIGITS_MAX + 4], *end = NULL;

    if (text.size == 0 || text.size > DIGITS_MAX)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0';
}

static bool to_date(struct view text, struct date *out) {
    return text.size == 10 && date_parse(text, out);
}

static enum rc sheet_cell(struct exporting *at, struct export_table *table, enum export_cell kind,
                          struct view text, struct err *err) {
    double number;
    struct date date;

    sheet_file_use(at->book, table->sheet);
    if (text.size > SHEET_TEXT_BYTES_MAX)
        text = utf8_cut_bytes(text, SHEET_TEXT_BYTES_MAX);
    if (kind == EXPORT_NUMBER && table->row > 0 && to_double(text, &number))
        return sheet_file_number(at->book, table->row, table->column++, number, err);
    if (kind == EXPORT_DATE && table->row > 0 && to_date(text, &date) && date.year >= 1900)
        return sheet_file_date(at->book, table->row, table->column++, date, err);
    return sheet_file_text(at->book, table->row, table->column++, text, err);
}

enum rc export_cell(struct exporting *at, struct export_table *table, enum export_cell kind,
                    struct view text, struct err *err) {
    if (at->order->format == EXPORT_XLSX)
        return sheet_cell(at, table, kind, text, err);
    csv_write_cell(&table->writer, kind == EXPORT_TEXT ? CSV_TEXT : CSV_VALUE, text);
    return RC_OK;
}

static enum rc flush(struct exporting *at, struct export_table *table, struct err *err) {
    enum rc rc = buf_check(&table->out, "a page of the export", err);

    if (rc == RC_OK)
        rc = table->spool != NULL
                 ? spool_write(table->spool, buf_view(&table->out), err)
                 : at->order->write(at->order->context, buf_view(&table->out), err);
    buf_clear(&table->out);
    return rc;
}

/* "home (2)", behind all sheets that there are. */
enum rc export_begin_row(struct exporting *at, struct export_table *table, struct err *err) {
    uint32_t most = at->order->sheet_rows == 0 ? SHEET_FILE_ROWS_MAX : at->order->sheet_rows;
    char name[64];
    enum rc rc;

    if (at->order->format != EXPORT_XLSX || table->row < most)
        return RC_OK;
    snprintf(name, sizeof(name), "%.*s (%u)", VIEW_PRINT(table->name), table->parts + 2);
    rc = sheet_file_add(at->book, view_text(name), err);
    if (rc == RC_LIMIT)
        return err_set(err, rc,
                       "the records need more than %u sheets; export zip or csv, or one area at a "
                       "time",
                       SHEETS_MAX);
    if (rc != RC_OK)
        return rc;
    table->parts++;
    table->sheet = at->sheet_count++;
    table->row = 0;
    return export_head(at, table, err);
}

enum rc export_end_row(struct exporting *at, struct export_table *table, struct err *err) {
    if (at->order->format == EXPORT_XLSX) {
        table->column = 0;
        table->row++;
        return RC_OK;
    }
    csv_write_end_row(&table->writer);
    return table->out.size >= FLUSH_BYTES ? flush(at, table, err) : RC_OK;
}

/* --- the end --- */

static enum rc pack_zip(struct exporting *at, struct err *err) {
    const char **names = arena_array(&at->seat->arena, at->table_count, sizeof(*names));
    const char **paths = arena_array(&at->seat->arena, at->table_count, sizeof(*paths));
    enum rc rc = RC_OK;

    if (names == NULL || paths == NULL)
        return arena_check(&at->seat->arena, "an export", err);
    for (uint32_t i = 0; i < at->table_count && rc == RC_OK; i++) {
        struct export_table *table = &at->tables[i];
        struct spool *spool = table->spool;

        rc = flush(at, table, err);
        table->spool = NULL;
        if (rc == RC_OK)
            rc = spool_finish(spool, err);
        else
            spool_close(spool);
        names[i] = arena_text(&at->seat->arena, "%.*s.csv", VIEW_PRINT(table->name));
        paths[i] = table->path;
    }
    if (rc == RC_OK)
        rc = arena_check(&at->seat->arena, "an export", err);
    return rc == RC_OK ? archive_write(at->made, names, paths, at->table_count, err) : rc;
}

static enum rc hand_over(struct exporting *at, struct err *err) {
    struct spool *spool = NULL;
    bool more = true;
    enum rc rc = spool_open(at->made, &spool, err);

    while (rc == RC_OK && more) {
        buf_clear(&at->out);
        rc = spool_read(spool, FLUSH_BYTES, &at->out, err);
        more = at->out.size == FLUSH_BYTES;
        if (rc == RC_OK && at->out.size > 0)
            rc = at->order->write(at->order->context, buf_view(&at->out), err);
    }
    spool_close(spool);
    return rc;
}

enum rc export_pack(struct exporting *at, struct err *err) {
    struct sheet_file *book = at->book;
    enum rc rc = RC_OK;

    if (!is_file(at)) {
        for (uint32_t i = 0; i < at->table_count && rc == RC_OK; i++)
            if (at->tables[i].out.size > 0)
                rc = flush(at, &at->tables[i], err);
        return rc;
    }
    rc = export_fields(at, err);
    at->book = NULL;
    if (rc == RC_OK)
        rc = book == NULL ? pack_zip(at, err) : sheet_file_close(book, err);
    else
        sheet_file_abandon(book);
    return rc == RC_OK ? hand_over(at, err) : rc;
}

static void remove_quietly(const char *path) {
    struct err err;

    err_init(&err, LANG_EN);
    if (path[0] != '\0' && file_exists(path))
        (void)file_remove(path, &err); /* else the next start does */
}

void export_close(struct exporting *at) {
    sheet_file_abandon(at->book);
    for (uint32_t i = 0; i < at->table_count; i++) {
        spool_close(at->tables[i].spool);
        remove_quietly(at->tables[i].path);
        buf_release(&at->tables[i].out);
    }
    remove_quietly(at->made);
}
