/* form_read.h: a form as staff bring it: a folder of CSV sheets, or an Excel workbook.
 *
 * In a folder each CSV file that is named like a sheet of an XLSForm is that sheet; other .csv,
 * .xml and .geojson files are tables that the form reads, and become part of it. Beside NAME.xlsx
 * such tables lie in the folder NAME-media, as ODK's programs have it. Pictures, sounds and films
 * are not carried yet; they are listed, so that nobody waits for them in the field. */
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
    uint32_t left_count; /* media that were seen and are not carried */
    const char **left;   /* their names */
};

/* Everything is in the arena. RC_NOT_FOUND, RC_IO; RC_INVALID names file, sheet and cell; RC_LIMIT;
 * RC_UNSUPPORTED: .xls, or neither folder nor workbook. */
enum rc form_read(const struct command *command, const char *word, struct arena *arena,
                  struct form_source *out, struct err *err);

/* The same of a workbook that came as bytes, which are copied; without tables beside it. what names
 * it in messages. */
enum rc form_read_workbook(const char *what, struct view bytes, struct arena *arena,
                           struct form_source *out, struct err *err);
/* Puts a table beside the others, in place of one of the same name. Views are kept. RC_INVALID: not
 * a name that a form can have in it; RC_LIMIT. */
enum rc form_source_add(struct form_source *source, struct form_file file, struct arena *arena,
                        struct err *err);

/* The stem of "forms/household.xlsx" or "forms/household/": "household". */
struct view form_stem(struct view path);

#endif
