/* import_check.c: reads the rows of an import, fills them into drafts, and finds what is wrong with
 * them; see import.h. */
#include "agent/face/import.h"
#include "base/list.h"
#include "base/text.h"

#include <stdlib.h>

/* ---- problems ---- */

/* Takes over what the row at hand left in problems. */
static void list_problems(struct import *import) {
    if (import->problems.failed == RC_OK &&
        import->listed.size + import->problems.size <= IMPORT_LISTED_BYTES_MAX)
        buf_add_view(&import->listed, buf_view(&import->problems));
    else
        import->unlisted++;
    buf_clear(&import->problems);
}

static void list_error(struct import *import, const struct err *err) {
    buf_clear(&import->problems);
    buf_addf(&import->problems, "%s\n", err->text);
    list_problems(import);
}

static bool is_authors(enum rc rc) {
    return rc == RC_INVALID || rc == RC_LIMIT || rc == RC_CONFLICT;
}

/* ---- files ---- */

static struct view file_name(const char *path) {
    return view_text(strcmp(path, "-") == 0 ? "standard input" : path);
}

enum rc import_open(struct import *import, const char *path, uint32_t container,
                    const struct buf *bytes, struct rows_map *map, struct csv **csv,
                    struct err *err) {
    struct csv_limits limits = CSV_LIMITS_DEFAULT;
    struct csv_row head;
    enum rc rc;

    limits.cell_bytes = LIMIT_VALUE_BYTES;
    rc = csv_open(buf_view(bytes), limits, csv, err);
    if (rc == RC_OK)
        rc = csv_next(*csv, &head, err);
    if (rc != RC_OK)
        return err_prefix(err, "%.200s: ", path);
    if (head.count == 0)
        return err_set(err, RC_INVALID, "%s: the file is empty; its first row names the columns",
                       path);
    return rows_map_make(import->form, container, file_name(path), head.cells, head.count,
                         import->options, &import->arena, map, err);
}

static int by_key(const void *left, const void *right) {
    const struct repeat_row *a = left, *b = right;
    int order = view_compare(a->key, b->key);

    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static enum rc keep_row(struct import *import, struct repeat_file *file, const struct csv_row *row,
                        struct err *err) {
    struct repeat_row *kept;
    struct view *cells = arena_array(&import->arena, row->count, sizeof(*cells));
    enum rc rc = array_grow(&file->rows, sizeof(*file->rows), file->count + 1, IMPORT_ROWS_MAX,
                            "rows of a repeat", &file->capacity, err);

    if (rc != RC_OK)
        return rc;
    if (cells == NULL)
        return arena_check(&import->arena, "the rows of a repeat", err);
    for (size_t i = 0; i < row->count; i++)
        cells[i] = arena_view(&import->arena, row->cells[i]);
    kept = &file->rows[file->count++];
    *kept = (struct repeat_row){.cells = cells, .count = row->count, .number = row->number};
    kept->key = rows_key(&file->map, cells, row->count);
    return arena_check(&import->arena, "the rows of a repeat", err);
}

enum rc import_read_repeat(struct import *import, const char *text, struct err *err) {
    struct repeat_file *file = &import->repeats[import->repeat_count];
    const char *equals = strchr(text, '=');
    struct csv *csv = NULL;
    struct csv_row row;
    uint32_t container;
    struct buf bytes;
    enum rc rc;

    if (equals == NULL || equals == text || equals[1] == '\0')
        return err_set(err, RC_USAGE, "--repeat %s: write NAME=FILE.csv", text);
    if (import->repeat_count == IMPORT_REPEATS_MAX)
        return err_set(err, RC_LIMIT, "--repeat: at most %u files", IMPORT_REPEATS_MAX);
    rc = rows_repeat(import->form, view_of(text, (size_t)(equals - text)), &container, err);
    if (rc != RC_OK)
        return rc;
    if (import->form->fields[container].repeat != FORM_NO_PARENT)
        return err_set(err, RC_UNSUPPORTED,
                       "--repeat %s: lies in another repeat, which rows cannot say; use: yg-agent "
                       "new with a JSON file",
                       text);
    import->repeat_count++;
    buf_init(&bytes, IMPORT_FILE_BYTES_MAX);
    rc = command_read(import->visit.command, equals + 1, IMPORT_FILE_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = import_open(import, equals + 1, container, &bytes, &file->map, &csv, err);
    while (rc == RC_OK) {
        rc = csv_next(csv, &row, err);
        if (rc != RC_OK)
            err_prefix(err, "%.200s: ", equals + 1);
        if (rc != RC_OK || row.count == 0)
            break;
        rc = keep_row(import, file, &row, err);
    }
    csv_close(csv);
    buf_release(&bytes);
    if (rc == RC_OK && file->count > 1)
        qsort(file->rows, file->count, sizeof(*file->rows), by_key);
    return rc;
}

/* ---- one record ---- */

static enum rc fill_repeat(struct import *import, struct repeat_file *file, struct edit *edit,
                           struct view key, struct err *err) {
    struct instance_id root = {0};
    size_t low = 0, high = file->count;
    enum rc first = RC_OK;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (view_compare(file->rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < file->count && view_equal(file->rows[low].key, key); low++) {
        struct repeat_row *row = &file->rows[low];
        enum rc rc = rows_fill(edit, &file->map, root, row->cells, row->count, row->number,
                               &import->problems, err);

        row->used = true;
        if (rc != RC_OK && !is_authors(rc))
            return rc;
        first = first == RC_OK ? rc : first;
    }
    return first;
}

enum rc import_make(struct import *import, const struct csv_row *row, struct dot dot,
                    struct change *change, struct err *err) {
    struct view key = rows_key(&import->map, row->cells, row->count);
    struct instance_id root = {0};
    struct edit edit;
    enum rc rc, filled;

    arena_reset(&import->row_arena);
    rc = edit_start(&edit, CHANGE_CREATE, dot, session_person(import->visit.session), import->form,
                    NULL, NULL, &import->row_arena, err);
    if (rc == RC_OK)
        rc = edit_set_area(&edit, import->area, err);
    if (rc != RC_OK)
        return rc;
    filled = rows_fill(&edit, &import->map, root, row->cells, row->count, row->number,
                       &import->problems, err);
    for (size_t i = 0; i < import->repeat_count && (filled == RC_OK || is_authors(filled)); i++) {
        rc = fill_repeat(import, &import->repeats[i], &edit, key, err);
        if (filled == RC_OK || (rc != RC_OK && !is_authors(rc)))
            filled = rc;
    }
    if (filled != RC_OK)
        return filled;
    rc = edit_finish(&edit, view_text(NULL), change, err);
    if (rc != RC_OK) {
        err_prefix(err, "%.80s, row %llu: ", (const char *)import->map.file.data,
                   (unsigned long long)row->number);
        buf_addf(&import->problems, "%s\n", err->text);
    }
    return rc;
}

/* ---- first time ---- */

static enum rc note_row(struct import *import, const struct csv_row *row, bool is_bad,
                        struct err *err) {
    enum rc rc = array_grow(&import->rows, sizeof(*import->rows), import->count + 1,
                            IMPORT_ROWS_MAX, "rows", &import->capacity, err);

    if (rc != RC_OK)
        return rc;
    import->rows[import->count++] = (struct record_row){
        .key = arena_view(&import->arena, rows_key(&import->map, row->cells, row->count)),
        .number = row->number,
        .is_bad = is_bad};
    import->bad += is_bad ? 1 : 0;
    return arena_check(&import->arena, "the keys of the rows", err);
}

static int rows_by_key(const void *left, const void *right) {
    const struct record_row *a = *(struct record_row *const *)left;
    const struct record_row *b = *(struct record_row *const *)right;
    int order = view_compare(a->key, b->key);

    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* With repeats, a key that stands twice would give the instances to two records. */
static enum rc check_keys(struct import *import, struct err *err) {
    struct record_row **sorted;
    struct err problem;

    if (import->repeat_count == 0 || import->count == 0)
        return RC_OK;
    sorted = calloc(import->count, sizeof(*sorted));
    if (sorted == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < import->count; i++)
        sorted[i] = &import->rows[i];
    qsort(sorted, import->count, sizeof(struct record_row *), rows_by_key);
    for (size_t i = 1; i < import->count; i++) {
        if (!view_equal(sorted[i]->key, sorted[i - 1]->key))
            continue;
        err_init(&problem, err->lang);
        err_set(&problem, RC_INVALID,
                "%.*s, row %llu, column %.*s: \"%.*s\" stands also in row %llu; a key is unique",
                VIEW_PRINT(import->map.file), (unsigned long long)sorted[i]->number,
                VIEW_PRINT(import->options.key), VIEW_PRINT(utf8_cut(sorted[i]->key, 40)),
                (unsigned long long)sorted[i - 1]->number);
        list_error(import, &problem);
        import->bad += sorted[i]->is_bad ? 0 : 1;
        sorted[i]->is_bad = true;
    }
    free(sorted);
    return RC_OK;
}

static void check_orphans(struct import *import, enum lang lang) {
    for (size_t i = 0; i < import->repeat_count; i++) {
        const struct repeat_file *file = &import->repeats[i];

        for (size_t k = 0; k < file->count; k++) {
            struct err problem;

            if (file->rows[k].used)
                continue;
            err_init(&problem, lang);
            err_set(&problem, RC_INVALID,
                    "%.*s, row %llu, column %.*s: no record has the key \"%.*s\"",
                    VIEW_PRINT(file->map.file), (unsigned long long)file->rows[k].number,
                    VIEW_PRINT(import->options.key), VIEW_PRINT(utf8_cut(file->rows[k].key, 40)));
            list_error(import, &problem);
            import->orphans++;
        }
    }
}

static enum rc check_row(struct import *import, const struct csv_row *row, struct err *err) {
    struct change change;
    struct err problem;
    enum rc rc;

    err_init(&problem, err->lang);
    rc = import_make(import, row, session_next_dot(import->visit.session), &change, &problem);
    if (rc != RC_OK && !is_authors(rc)) {
        *err = problem;
        return rc;
    }
    if (rc != RC_OK)
        list_problems(import);
    if (import->count % IMPORT_RECORDS_PER_COMMIT == IMPORT_RECORDS_PER_COMMIT - 1)
        command_progress(import->visit.command, "%llu rows checked",
                         (unsigned long long)import->count + 1);
    return note_row(import, row, rc != RC_OK, err);
}

static enum rc check_rows(struct import *import, struct err *err) {
    struct csv *csv = NULL;
    struct csv_row row;
    enum rc rc =
        import_open(import, import->path, FORM_NO_PARENT, &import->bytes, &import->map, &csv, err);

    while (rc == RC_OK) {
        rc = csv_next(csv, &row, err);
        if (rc != RC_OK)
            err_prefix(err, "%.200s: ", import->path);
        if (rc != RC_OK || row.count == 0)
            break;
        rc = check_row(import, &row, err);
    }
    csv_close(csv);
    return rc;
}

enum rc import_check(struct import *import, struct err *err) {
    enum rc rc = check_rows(import, err);

    if (rc == RC_OK)
        rc = check_keys(import, err);
    if (rc == RC_OK)
        check_orphans(import, err->lang);
    return rc;
}
