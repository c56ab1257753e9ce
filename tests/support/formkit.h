/* formkit.h: forms for tests, compiled from the text of their CSV sheets. */
#ifndef YG_TESTS_SUPPORT_FORMKIT_H
#define YG_TESTS_SUPPORT_FORMKIT_H

#include "schema/form/xlsform.h"

/* Everything that one compilation leaves behind; released together. */
struct formkit {
    struct arena arena;
    struct findings findings;
    struct buf json;
    struct err err;
    struct form *form; /* NULL when the compilation failed */
};

void formkit_init(struct formkit *kit, enum lang lang);
void formkit_release(struct formkit *kit);

/* Compiles and loads. A NULL text leaves the sheet out. previous may be NULL. Returns what
 * xlsform_compile (or form_load) returned. May be called again on the same kit. */
enum rc formkit_compile(struct formkit *kit, const char *survey, const char *choices,
                        const char *settings, const struct form *previous, uint32_t sequence);

/* The same of any sheets, with files beside them; the fields sheet_count and sheets of files are
 * not looked at. options may be NULL. */
struct formkit_sheet {
    const char *name, *text;
};
enum rc formkit_workbook(struct formkit *kit, const struct formkit_sheet *sheets, uint32_t count,
                         const struct workbook *files, const struct xlsform_options *options);

/* A form of the folder tests/forms or schema/forms, read from the working directory, which is the
 * root of the house. RC_IO if a file can not be read. */
enum rc formkit_folder(struct formkit *kit, const char *folder);

#endif
