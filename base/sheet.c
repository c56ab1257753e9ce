/* libxlsxwriter keeps the rows of the sheet at hand in a temporary file and packs all at the end.
 * It wants terminated texts, so a cell's text goes through one buffer. */
#include <xlsxwriter.h> /* first: its macros use what the house has banned */

#include "base/sheet.h"

#define NAME_BYTES_MAX 125u /* 31 characters */

struct sheet_file {
    lxw_workbook *book;
    lxw_worksheet *sheet; /* the one that is written to */
    lxw_worksheet *sheets[SHEETS_MAX];
    uint32_t sheet_count;
    lxw_format *head, *date;
    char *folder;
    struct buf text;
};

static enum rc no_memory(struct err *err) {
    return err_set(err, RC_NO_MEMORY, "%s: out of memory", "xlsx");
}

enum rc sheet_file_open(const char *path, const char *folder, struct sheet_file **out,
                        struct err *err) {
    struct sheet_file *file = calloc(1, sizeof(*file));
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};

    *out = NULL;
    if (file == NULL)
        return no_memory(err);
    buf_init(&file->text, SHEET_TEXT_BYTES_MAX);
    file->folder = strdup(folder);
    options.tmpdir = file->folder;
    if (file->folder != NULL)
        file->book = workbook_new_opt(path, &options);
    if (file->book != NULL)
        file->head = workbook_add_format(file->book);
    if (file->head != NULL)
        file->date = workbook_add_format(file->book);
    if (file->date == NULL) {
        sheet_file_abandon(file);
        return no_memory(err);
    }
    format_set_bold(file->head);
    format_set_num_format(file->date, "yyyy-mm-dd");
    *out = file;
    return RC_OK;
}

enum rc sheet_file_add(struct sheet_file *file, struct view name, struct err *err) {
    char text[NAME_BYTES_MAX + 1];

    if (file->sheet_count == SHEETS_MAX)
        return err_set(err, RC_LIMIT, "a workbook has at most %u sheets", SHEETS_MAX);
    if (name.size > 0 && name.size <= NAME_BYTES_MAX) {
        memcpy(text, name.data, name.size);
        text[name.size] = '\0';
        if (workbook_validate_sheet_name(file->book, text) == LXW_NO_ERROR)
            file->sheet = workbook_add_worksheet(file->book, text);
        else
            name.size = 0;
    } else {
        name.size = 0;
    }
    if (name.size == 0)
        return err_set(
            err, RC_INVALID,
            "a sheet's name has 1 to 31 characters, none of [ ] : * ? or slashes, and stands once");
    if (file->sheet == NULL)
        return no_memory(err);
    file->sheets[file->sheet_count++] = file->sheet;
    worksheet_freeze_panes(file->sheet, 1, 0);
    return RC_OK;
}

void sheet_file_use(struct sheet_file *file, uint32_t sheet) {
    if (sheet < file->sheet_count)
        file->sheet = file->sheets[sheet];
}

static enum rc check_place(uint32_t row, uint32_t column, size_t size, struct err *err) {
    if (row < SHEET_FILE_ROWS_MAX && column < SHEET_FILE_COLUMNS_MAX &&
        size <= SHEET_TEXT_BYTES_MAX)
        return RC_OK;
    return err_set(
        err, RC_LIMIT, "row %u, column %u: a sheet has at most %u rows of %u cells of %u bytes",
        row + 1, column + 1, SHEET_FILE_ROWS_MAX, SHEET_FILE_COLUMNS_MAX, SHEET_TEXT_BYTES_MAX);
}

static enum rc check_written(lxw_error failed, uint32_t row, uint32_t column, struct err *err) {
    if (failed == LXW_NO_ERROR)
        return RC_OK;
    return err_set(err, RC_INVALID, "row %u, column %u: %s", row + 1, column + 1,
                   lxw_strerror(failed));
}

enum rc sheet_file_number(struct sheet_file *file, uint32_t row, uint32_t column, double number,
                          struct err *err) {
    enum rc rc = check_place(row, column, 0, err);

    if (rc != RC_OK)
        return rc;
    return check_written(worksheet_write_number(file->sheet, row, (lxw_col_t)column, number, NULL),
                         row, column, err);
}

enum rc sheet_file_date(struct sheet_file *file, uint32_t row, uint32_t column, struct date date,
                        struct err *err) {
    lxw_datetime when = {.year = date.year, .month = date.month, .day = date.day};
    enum rc rc = check_place(row, column, 0, err);

    if (rc != RC_OK)
        return rc;
    return check_written(
        worksheet_write_datetime(file->sheet, row, (lxw_col_t)column, &when, file->date), row,
        column, err);
}

enum rc sheet_file_text(struct sheet_file *file, uint32_t row, uint32_t column, struct view text,
                        struct err *err) {
    enum rc rc = check_place(row, column, text.size, err);

    if (rc != RC_OK || text.size == 0)
        return rc;
    buf_clear(&file->text);
    buf_add_view(&file->text, text);
    rc = check_written(worksheet_write_string(file->sheet, row, (lxw_col_t)column,
                                              buf_text(&file->text), row == 0 ? file->head : NULL),
                       row, column, err);
    return rc == RC_OK ? buf_check(&file->text, "sheet", err) : rc;
}

enum rc sheet_file_close(struct sheet_file *file, struct err *err) {
    lxw_error failed = workbook_close(file->book); /* frees it as well */

    file->book = NULL;
    sheet_file_abandon(file);
    if (failed != LXW_NO_ERROR)
        return err_set(err, RC_IO, "the workbook cannot be written: %s", lxw_strerror(failed));
    return RC_OK;
}

void sheet_file_abandon(struct sheet_file *file) {
    if (file == NULL)
        return;
    if (file->book != NULL)
        lxw_workbook_free(file->book);
    buf_release(&file->text);
    free(file->folder);
    free(file);
}
