/* sheet.h: writing .xlsx workbooks; the only door to libxlsxwriter.
 *
 * Rows are written in order and leave memory when the next one begins, so a long sheet costs no
 * more than a short one (temporary files in the folder of the result hold them until the end).
 * Texts stay texts: nothing that is written here can become a formula. */
#ifndef YG_BASE_SHEET_H
#define YG_BASE_SHEET_H

#include "base/buf.h"
#include "base/date.h"

#define SHEET_FILE_ROWS_MAX    1048576u
#define SHEET_FILE_COLUMNS_MAX 16384u
#define SHEET_TEXT_BYTES_MAX   32767u /* of a cell */
#define SHEETS_MAX             255u

struct sheet_file;

/* The file appears at sheet_file_close. folder is where temporary files may lie. */
enum rc sheet_file_open(const char *path, const char *folder, struct sheet_file **out,
                        struct err *err);

/* A new worksheet; the cells that follow belong to it. A name has 1 to 31 characters and none of
 * []:*?/\ : RC_INVALID. */
enum rc sheet_file_add(struct sheet_file *file, struct view name, struct err *err);

/* From now on cells belong to this sheet, by its number in order of adding; rows ascend in each. */
void sheet_file_use(struct sheet_file *file, uint32_t sheet);

/* Cells to reckon with; otherwise as texts. A date's year is 1900 at least. */
enum rc sheet_file_number(struct sheet_file *file, uint32_t row, uint32_t column, double number,
                          struct err *err);
enum rc sheet_file_date(struct sheet_file *file, uint32_t row, uint32_t column, struct date date,
                        struct err *err);

/* Rows and columns from 0, rows ascending. Empty text writes nothing. RC_LIMIT outside of the
 * sheet or for a text that no cell holds. Heads are bold and stay in view. */
enum rc sheet_file_text(struct sheet_file *file, uint32_t row, uint32_t column, struct view text,
                        struct err *err);

/* Writes the file and frees the handle, whatever happens. RC_IO. */
enum rc sheet_file_close(struct sheet_file *file, struct err *err);

/* Frees without writing; NULL is allowed. */
void sheet_file_abandon(struct sheet_file *file);

#endif
