/* form_read.h: a form as staff bring it: a folder of CSV sheets, or an Excel workbook.
 *
 * In a folder each CSV file that is named like a sheet of an XLSForm is that sheet; other .csv,
 * .xml and .geojson files are tables that the form reads, and become part of it; pictures, sounds
 * and films are what its questions show. Beside NAME.xlsx they lie in the folder NAME-media, as
 * ODK's programs have it. What tablets do not show (maps, PDF, SVG) is listed, so that nobody waits
 * for it in the field. */
#ifndef YG_SYNCD_DESK_FORM_READ_H
#define YG_SYNCD_DESK_FORM_READ_H

#include "base/arena.h"
#include "base/command.h"
#include "schema/form/xlsform.h"
#include "schema/limits.h"

#define FORM_READ_SHEETS_MAX 64u
#define FORM_READ_LEFT_MAX   1000u
#define FORM_MEDIA_ENDING    "-media"

struct form_source {
    const char *word; /* as it was named */
    struct view stem; /* "household" of forms/household and of household.xlsx, fit for a form_id */
    struct workbook workbook;
    uint32_t media_count;
    struct form_medium *media; /* those of the workbook */
    const char **media_paths;  /* where each of them is; NULL: the county has it already */
    uint32_t left_count;       /* files that were seen and are not carried */
    const char **left;         /* their names */
};

/* media: the folder of its tables and media; NULL: NAME-media. Everything is in the arena but the
 * contents of media, which stay where they are. RC_NOT_FOUND, RC_IO; RC_INVALID names file, sheet
 * and cell; RC_LIMIT; RC_UNSUPPORTED: .xls, or neither folder nor workbook. */
enum rc form_read(const struct command *command, const char *word, const char *media,
                  struct arena *arena, struct form_source *out, struct err *err);

/* The same of a workbook that came as bytes, which are copied; without tables beside it. what names
 * it in messages. */
enum rc form_read_workbook(const char *what, struct view bytes, struct arena *arena,
                           struct form_source *out, struct err *err);
/* Puts a table beside the others, in place of one of the same name. Views are kept. RC_INVALID: not
 * a name that a form can have in it; RC_LIMIT. */
enum rc form_source_add(struct form_source *source, struct form_file file, struct arena *arena,
                        struct err *err);

/* Whether a file of this name would be shown by questions, not read as a table. */
bool form_is_medium(struct view name);
/* What a content would be in a form. RC_INVALID, RC_LIMIT: nothing that tablets show. */
enum rc form_medium_look(struct view name, struct view content, struct form_medium *out,
                         struct err *err);
/* Puts a medium beside the others, in place of one of the same name. path: where it is; NULL: the
 * county has it. */
enum rc form_source_add_medium(struct form_source *source, struct form_medium medium,
                               const char *path, struct arena *arena, struct err *err);

/* The stem of "forms/household.xlsx" or "forms/household/": "household". */
struct view form_stem(struct view path);

#endif
