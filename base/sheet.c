/* libxlsxwriter keeps the rows of the sheet at hand in a temporary file and packs all at the end.
 * It wants terminated texts, so a cell's text goes through one buffer. */
#include <xlsxwriter.h> /* first: its macros use what the house has banned */

#include "base/sheet.h"

#define NAME_BYTES_MAX 125u /* 31 characters */

struct sheet_file {
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *head;
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
    if (file->head == NULL) {
        sheet_file_abandon(file);
        return no_memory(err);
    }
    format_set_bold(file->head);
    *out = file;
    return RC_OK;
}

enum rc sheet_file_add(struct sheet_file *file, struct view name, struct err *err) {
    char text[NAME_BYTES_MAX + 1];

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
    worksheet_freeze_panes(file->sheet, 1, 0);
    return RC_OK;
}

enum rc sheet_file_text(struct sheet_file *file, uint32_t row, uint32_t column, struct view text,
                        struct err *err) {
    lxw_error failed;

    if (row >= SHEET_FILE_ROWS_MAX || column >= SHEET_FILE_COLUMNS_MAX ||
        text.size > SHEET_TEXT_BYTES_MAX)
        return err_set(
            err, RC_LIMIT, "row %u, column %u: a sheet has at most %u rows of %u cells of %u bytes",
            row + 1, column + 1, SHEET_FILE_ROWS_MAX, SHEET_FILE_COLUMNS_MAX, SHEET_TEXT_BYTES_MAX);
    if (text.size == 0)
        return RC_OK;
    buf_clear(&file->text);
    buf_add_view(&file->text, text);
    failed = worksheet_write_string(file->sheet, row, (lxw_col_t)column, buf_text(&file->text),
                                    row == 0 ? file->head : NULL);
    if (failed == LXW_NO_ERROR)
        return buf_check(&file->text, "sheet", err);
    return err_set(err, RC_INVALID, "row %u, column %u: %s", row + 1, column + 1,
                   lxw_strerror(failed));
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
