/* form_convert.c: a form in another format. Excel workbooks and folders of CSV sheets hold the same
 * cells, so that a form can be written in Excel and kept where changes show line by line; there and
 * back again is the same, byte for byte. An XForm is what ODK's programs read.
 *
 * A sheet is written without the empty rows and columns at its end. Of line breaks within a cell
 * only the line feed stays: .xlsx cannot tell the others from it. CSV cells are not disarmed as in
 * exports: they are formulas of a form, and must come back as they are. */
#include "base/csv.h"
#include "base/file.h"
#include "base/sheet.h"
#include "syncd/desk/desk.h"
#include "syncd/desk/form_report.h"

#include <stdio.h>

#define SHEET_TEXT_MAX (64u * 1024u * 1024u)

struct converting {
    struct command *command;
    struct arena arena;
    struct form_source source;
    char out[FILE_PATH_BYTES_MAX]; /* where it goes; empty: standard output */
    bool may_replace;
};

/* --- cells --- */

static struct view cell_at(const struct sheet *sheet, uint32_t row, uint32_t column) {
    return sheet->cells[(size_t)row * sheet->column_count + column];
}

static bool is_blank(struct view cell) {
    for (size_t i = 0; i < cell.size; i++)
        if (cell.data[i] > ' ')
            return false;
    return true;
}

/* How much of a sheet there is, without what is empty at its end. */
static void extent(const struct sheet *sheet, uint32_t *rows, uint32_t *columns) {
    *rows = *columns = 0;
    for (uint32_t row = 0; row < sheet->row_count; row++)
        for (uint32_t column = 0; column < sheet->column_count; column++) {
            if (is_blank(cell_at(sheet, row, column)))
                continue;
            *rows = row + 1;
            if (column + 1 > *columns)
                *columns = column + 1;
        }
}

/* The cell as both formats can hold it; in text until the next call. */
static struct view cell_text(const struct sheet *sheet, uint32_t row, uint32_t column,
                             struct buf *text) {
    struct view cell = cell_at(sheet, row, column);

    if (is_blank(cell))
        return (struct view){0};
    buf_clear(text);
    for (size_t i = 0; i < cell.size; i++) {
        if (cell.data[i] != '\r')
            buf_add_u8(text, cell.data[i]);
        else if (i + 1 == cell.size || cell.data[i + 1] != '\n')
            buf_add_u8(text, '\n');
    }
    return buf_view(text);
}

/* Only what an XLSForm knows: notes and drafts beside it would be tables in a folder. */
static bool is_written(struct converting *at, const struct sheet *sheet) {
    if (xlsform_sheet_known(sheet->name))
        return true;
    command_say(at->command, "warning: the sheet %.*s is no part of a form, and is left out",
                VIEW_PRINT(sheet->name));
    return false;
}

/* --- where it goes --- */

static enum rc choose_out(struct converting *at, const char *ending, struct err *err) {
    const char *word = at->command->word_count > 1 ? at->command->words[1] : NULL;
    struct view stem = form_stem(view_text(at->command->words[0]));

    if (word == NULL)
        word = arena_text(&at->arena, "%.*s%s", VIEW_PRINT(stem), ending);
    if (word == NULL)
        return arena_check(&at->arena, "a form", err);
    return command_path(at->command, word, at->out, sizeof(at->out), err);
}

static enum rc refuse_existing(const char *path, struct err *err) {
    return err_set(err, RC_CONFLICT,
                   "%s: it exists already; choose another name, or replace it with --force", path);
}

static enum rc write_file(struct converting *at, const char *path, struct view contents,
                          struct err *err) {
    if (!at->may_replace && file_exists(path))
        return refuse_existing(path, err);
    return file_write(path, contents, FILE_MODE_SHARED, err);
}

static enum rc write_tables(struct converting *at, const char *folder, struct err *err) {
    const struct workbook *workbook = &at->source.workbook;
    enum rc rc = RC_OK;

    if (workbook->file_count > 0)
        rc = file_make_directory(folder, err);
    for (uint32_t i = 0; i < workbook->file_count && rc == RC_OK; i++) {
        const char *path =
            arena_text(&at->arena, "%s/%.*s", folder, VIEW_PRINT(workbook->files[i].name));

        rc = path == NULL ? arena_check(&at->arena, "a form", err)
                          : write_file(at, path, workbook->files[i].content, err);
    }
    return rc;
}

/* --- CSV --- */

static enum rc write_csv(struct converting *at, const struct sheet *sheet, struct err *err) {
    const char *path = arena_text(&at->arena, "%s/%.*s.csv", at->out, VIEW_PRINT(sheet->name));
    struct csv_writer writer;
    struct buf text, out;
    uint32_t rows, columns;
    enum rc rc;

    if (path == NULL)
        return arena_check(&at->arena, "a form", err);
    buf_init(&text, SHEET_TEXT_MAX);
    buf_init(&out, SHEET_TEXT_MAX);
    csv_writer_init(&writer, &out, false);
    extent(sheet, &rows, &columns);
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t column = 0; column < columns; column++)
            csv_write_cell(&writer, CSV_VALUE, cell_text(sheet, row, column, &text));
        csv_write_end_row(&writer);
    }
    rc = buf_check(&text, "sheet", err);
    if (rc == RC_OK)
        rc = buf_check(&out, "sheet", err);
    if (rc == RC_OK)
        rc = write_file(at, path, buf_view(&out), err);
    buf_release(&text);
    buf_release(&out);
    return rc;
}

static bool sheet_of(const struct workbook *workbook, struct view name) {
    for (uint32_t i = 0; i < workbook->sheet_count; i++)
        if (view_equal(workbook->sheets[i].name, name))
            return true;
    return false;
}

/* A sheet of the form that stood there before would become one of this form. */
static enum rc clear_folder(struct converting *at, struct err *err) {
    const char **names = NULL;
    size_t count = 0;
    enum rc rc = file_list(at->out, 10000, &at->arena, &names, &count, err);

    if (rc == RC_OK && count > 0 && !at->may_replace)
        return refuse_existing(at->out, err);
    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        struct view name = view_text(names[i]), stem;
        const char *path;

        if (name.size <= 4 || memcmp(name.data + name.size - 4, ".csv", 4) != 0)
            continue;
        stem = view_slice(name, 0, name.size - 4);
        if (!xlsform_sheet_known(stem) || sheet_of(&at->source.workbook, stem))
            continue;
        path = arena_text(&at->arena, "%s/%s", at->out, names[i]);
        rc = path == NULL ? arena_check(&at->arena, "a form", err) : file_remove(path, err);
    }
    return rc;
}

static enum rc to_csv(struct converting *at, struct err *err) {
    const struct workbook *workbook = &at->source.workbook;
    enum rc rc = choose_out(at, "", err);

    if (rc == RC_OK && file_exists(at->out) && !file_is_directory(at->out))
        rc = refuse_existing(at->out, err);
    else if (rc == RC_OK && file_exists(at->out))
        rc = clear_folder(at, err);
    else if (rc == RC_OK)
        rc = file_make_directory(at->out, err);
    for (uint32_t i = 0; i < workbook->sheet_count && rc == RC_OK; i++)
        if (is_written(at, &workbook->sheets[i]))
            rc = write_csv(at, &workbook->sheets[i], err);
    return rc == RC_OK ? write_tables(at, at->out, err) : rc;
}

/* --- Excel --- */

static enum rc write_sheet(struct sheet_file *file, const struct sheet *sheet, struct err *err) {
    struct buf text;
    uint32_t rows, columns;
    enum rc rc = sheet_file_add(file, sheet->name, err);

    buf_init(&text, SHEET_TEXT_MAX);
    extent(sheet, &rows, &columns);
    for (uint32_t row = 0; row < rows && rc == RC_OK; row++)
        for (uint32_t column = 0; column < columns && rc == RC_OK; column++)
            rc = sheet_file_text(file, row, column, cell_text(sheet, row, column, &text), err);
    if (rc == RC_OK)
        rc = buf_check(&text, "sheet", err);
    else
        err_prefix(err, "%.*s: ", VIEW_PRINT(sheet->name));
    buf_release(&text);
    return rc;
}

static enum rc write_workbook(struct converting *at, const char *path, struct err *err) {
    const struct workbook *workbook = &at->source.workbook;
    struct sheet_file *file = NULL;
    char folder[FILE_PATH_BYTES_MAX];
    enum rc rc;

    snprintf(folder, sizeof(folder), "%s", path);
    for (size_t i = strlen(folder); i > 0 && folder[i - 1] != '/'; i--)
        folder[i - 1] = '\0';
    rc = sheet_file_open(path, folder, &file, err);
    for (uint32_t i = 0; i < workbook->sheet_count && rc == RC_OK; i++)
        if (is_written(at, &workbook->sheets[i]))
            rc = write_sheet(file, &workbook->sheets[i], err);
    if (rc == RC_OK)
        return sheet_file_close(file, err);
    sheet_file_abandon(file);
    return rc;
}

/* Made beside it and put in its place when it is whole. */
static enum rc to_xlsx(struct converting *at, struct err *err) {
    enum rc rc = choose_out(at, ".xlsx", err);
    struct view stem = view_text(at->out);
    const char *made, *folder;
    struct err ignored;

    if (rc != RC_OK)
        return rc;
    if (!at->may_replace && file_exists(at->out))
        return refuse_existing(at->out, err);
    if (stem.size > 5 && memcmp(stem.data + stem.size - 5, ".xlsx", 5) == 0)
        stem.size -= 5;
    made = arena_text(&at->arena, "%s.made", at->out);
    folder = arena_text(&at->arena, "%.*s" FORM_MEDIA_ENDING, VIEW_PRINT(stem));
    if (made == NULL || folder == NULL)
        return arena_check(&at->arena, "a form", err);
    rc = write_workbook(at, made, err);
    if (rc == RC_OK && file_exists(at->out))
        rc = file_remove(at->out, err);
    if (rc == RC_OK)
        rc = file_rename(made, at->out, err);
    if (rc != RC_OK) {
        err_init(&ignored, err->lang);
        (void)file_remove(made, &ignored); /* what went wrong first is what counts */
        return rc;
    }
    return write_tables(at, folder, err);
}

/* --- XForm --- */

static enum rc to_xform(struct converting *at, struct err *err) {
    struct findings findings = {0};
    struct form *form = NULL;
    struct buf json;
    enum rc rc;

    buf_init(&json, LIMIT_FORM_BYTES);
    rc = form_make(command_option(at->command, "--lenient") != NULL, &at->source, NULL, 1,
                   &at->arena, &findings, &json, &form, err);
    form_findings_say(at->command, &at->source, &findings);
    if (rc == RC_OK && at->command->word_count > 1)
        rc = choose_out(at, "", err);
    if (rc == RC_OK)
        rc = at->command->word_count > 1 ? write_file(at, at->out, form->xform, err)
                                         : command_print(at->command, form->xform, err);
    buf_release(&json);
    return rc;
}

static enum rc print_result(struct converting *at, const char *format, struct err *err) {
    struct json *json;

    if (at->out[0] == '\0')
        return RC_OK;
    if (!at->command->json) {
        command_say(at->command, "%s is written", at->out);
        return RC_OK;
    }
    json = json_object();
    json_add_text(json, "format", format);
    json_add_text(json, "path", at->out);
    return command_print_json(at->command, json, err);
}

enum rc desk_form_convert(void *context, struct command *command, struct err *err) {
    struct converting at = {.command = command,
                            .may_replace = command_option(command, "--force") != NULL};
    const char *format = command_option(command, "--to");
    enum rc rc;

    (void)context;
    if (format == NULL ||
        (strcmp(format, "xform") != 0 && strcmp(format, "xlsx") != 0 && strcmp(format, "csv") != 0))
        return err_set(err, RC_USAGE, "--to: say xform, xlsx or csv");
    arena_init(&at.arena, DESK_ARENA_BYTES);
    rc = form_read(command, command->words[0], NULL, &at.arena, &at.source, err);
    if (rc == RC_OK)
        rc = strcmp(format, "xform") == 0  ? to_xform(&at, err)
             : strcmp(format, "xlsx") == 0 ? to_xlsx(&at, err)
                                           : to_csv(&at, err);
    if (rc == RC_OK)
        rc = print_result(&at, format, err);
    arena_release(&at.arena);
    return rc;
}
