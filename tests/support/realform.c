/* realform.c: see realform.h. */
#include "tests/support/realform.h"

#include "base/file.h"
#include "schema/form/workbook.h"

#include <stdlib.h>

const char *realform_folder(struct arena *arena) {
    const char *data = getenv("YG_TEST_DATA");
    const char *folder = data == NULL ? NULL : arena_text(arena, "%s/data/forms", data);

    return folder != NULL && file_is_directory(folder) ? folder : "";
}

static enum rc read_path(const char *path, struct arena *arena, struct view *out, struct err *err) {
    struct buf bytes;
    enum rc rc;

    buf_init(&bytes, REALFORM_BYTES);
    rc = path == NULL ? arena_check(arena, "a form", err)
                      : file_read(path, REALFORM_BYTES, &bytes, err);
    if (rc == RC_OK) {
        *out = arena_view(arena, buf_view(&bytes));
        rc = arena_check(arena, "a form", err);
    }
    buf_release(&bytes);
    return rc;
}

enum rc realform_file(const char *name, struct arena *arena, struct view *out, struct err *err) {
    return read_path(arena_text(arena, "%s/%s", realform_folder(arena), name), arena, out, err);
}

size_t realform_prefix(const char *name) {
    static const char begin[] = "liberia_round1_";

    return memcmp(name, begin, 13) == 0 ? sizeof(begin) - 1 : 0;
}

enum rc realform_table(void *context, struct view uri, struct view *bytes, struct err *err) {
    const struct realform_tables *tables = context;
    size_t prefix = realform_prefix(tables->form), start = uri.size;
    const char *name;

    while (start > 0 && uri.data[start - 1] != '/')
        start--;
    if (strchr(tables->form, '/') != NULL)
        return read_path(arena_text(tables->arena, "%s/%.*s", tables->form,
                                    VIEW_PRINT(view_slice(uri, start, uri.size))),
                         tables->arena, bytes, err);
    name = arena_text(tables->arena, "%.*s%.*s", (int)prefix, tables->form,
                      VIEW_PRINT(view_slice(uri, start, uri.size)));
    return prefix == 0 || name == NULL ? err_set(err, RC_NOT_FOUND, "%.*s", VIEW_PRINT(uri))
                                       : realform_file(name, tables->arena, bytes, err);
}

static enum rc add_tables(const char *form, struct arena *arena, struct workbook *out,
                          struct err *err) {
    size_t prefix = realform_prefix(form), count = 0;
    struct form_file *files;
    const char **names = NULL;
    enum rc rc;

    if (prefix == 0)
        return RC_OK;
    rc = file_list(realform_folder(arena), 1000, arena, &names, &count, err);
    files = arena_array(arena, count + 1, sizeof(*files));
    if (rc != RC_OK || files == NULL)
        return rc == RC_OK ? arena_check(arena, "a form", err) : rc;
    out->files = files;
    for (size_t i = 0; i < count && rc == RC_OK; i++) {
        size_t size = strlen(names[i]);

        if (size <= prefix + 4 || memcmp(names[i], form, prefix) != 0 ||
            memcmp(names[i] + size - 4, ".csv", 4) != 0)
            continue;
        files[out->file_count].name = view_text(names[i] + prefix);
        rc = realform_file(names[i], arena, &files[out->file_count++].content, err);
    }
    return rc;
}

static enum rc read_pair(const char *survey, const char *choices, struct arena *arena,
                         struct workbook *out, struct err *err) {
    struct sheet *sheets = arena_array(arena, 2, sizeof(*sheets));
    struct view text;
    enum rc rc = sheets == NULL ? arena_check(arena, "a form", err)
                                : realform_file(survey, arena, &text, err);

    if (rc == RC_OK)
        rc = sheet_from_csv(view_text("survey"), text, arena, &sheets[0], err);
    if (rc == RC_OK)
        rc = realform_file(choices, arena, &text, err);
    if (rc == RC_OK)
        rc = sheet_from_csv(view_text("choices"), text, arena, &sheets[1], err);
    *out = (struct workbook){.sheet_count = 2, .sheets = sheets};
    return rc;
}

enum rc realform_workbook(const char *name, struct arena *arena, struct workbook *out,
                          struct err *err) {
    const char *plus = strchr(name, '+');
    struct view bytes;
    enum rc rc;

    *out = (struct workbook){0};
    if (plus != NULL)
        return read_pair(arena_text(arena, "%.*s", (int)(plus - name), name), plus + 1, arena, out,
                         err);
    rc = realform_file(name, arena, &bytes, err);
    if (rc == RC_OK)
        rc = workbook_read(bytes, arena, out, err);
    return rc == RC_OK ? add_tables(name, arena, out, err) : rc;
}
