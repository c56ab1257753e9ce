/* realform.h: the forms in data/forms below YG_TEST_DATA, as other people wrote them, with the
 * tables that they read. */
#ifndef YG_TESTS_SUPPORT_REALFORM_H
#define YG_TESTS_SUPPORT_REALFORM_H

#include "schema/form/model.h"
#include "schema/form/xlsform.h"

#define REALFORM_BYTES (32u * 1024u * 1024u) /* of one file */

/* The folder; empty when there is no YG_TEST_DATA. */
const char *realform_folder(struct arena *arena);

/* A file of that folder or of a sibling ("../microdata/x.csv"), in the arena. */
enum rc realform_file(const char *name, struct arena *arena, struct view *out, struct err *err);

/* A workbook. Two names joined by "+" are a survey and a choices sheet as CSV files. The CSV files
 * of the same survey round ("liberia_round1_...") stand beside it under their own names. */
enum rc realform_workbook(const char *name, struct arena *arena, struct workbook *out,
                          struct err *err);

/* Gives those CSV files to model_load. */
struct realform_tables {
    struct arena *arena;
    const char *form; /* the name of the file; or a folder with a slash: the tables in it */
};
enum rc realform_table(void *tables, struct view uri, struct view *bytes, struct err *err);

/* What a name begins with before the file's own: "liberia_round1_"; 0 where there is none. */
size_t realform_prefix(const char *name);

#endif
