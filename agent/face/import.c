/* import.c: a table of rows becomes records.
 *
 * The run goes over the rows twice. The first time every row is filled into a draft and thrown
 * away: so all that is wrong is known, with file, row and column, before anything is saved. The
 * second time the drafts are saved, 500 in a transaction, and other commands get their turn in
 * between. Rows of a repeat come from files of their own; they are read whole, sorted by their
 * key, and found again by the key of the record's row. */
#include "agent/face/face.h"
#include "base/csv.h"
#include "base/list.h"
#include "base/text.h"
#include "schema/form/rows.h"

#include <stdlib.h>

#define FILE_BYTES_MAX     (256u * 1024u * 1024u)
#define ROWS_BYTES_MAX     (1024u * 1024u * 1024u)
#define ROWS_MAX           (4u * 1024u * 1024u)
#define ROW_ARENA_BYTES    (64u * 1024u * 1024u)
#define REPEATS_MAX        16u
#define RECORDS_PER_COMMIT 500u
#define LISTED_BYTES_MAX   (256u * 1024u)
#define PROBLEM_BYTES_MAX  (256u * 1024u) /* of one row */

struct repeat_row {
    struct view key;
    const struct view *cells;
    size_t count;
    uint64_t number;
    bool used;
};

struct repeat_file {
    struct rows_map map;
    struct repeat_row *rows; /* sorted by key, then by number */
    size_t count, capacity;
};

struct record_row {
    struct view key;
    uint64_t number;
    bool is_bad;
};

struct import {
    struct visit visit;
    const struct form *form;
    uint64_t area;
    bool partial;
    const char *path;
    struct rows_options options;
    struct buf bytes; /* of the records' file */
    struct rows_map map;
    struct record_row *rows; /* in order of the file */
    size_t count, capacity;
    struct repeat_file repeats[REPEATS_MAX];
    size_t repeat_count;
    struct arena arena; /* maps, keys, rows of repeats */
    struct arena row_arena;
    struct buf problems; /* of the row at hand */
    struct buf listed;
    uint64_t unlisted; /* rows whose problems found no room there */
    uint64_t bad;      /* rows of records */
    uint64_t orphans;  /* rows of repeats without a record */
    uint64_t saved;
};

/* ---- problems ---- */

/* Takes over what the row at hand left in problems. */
static void list_problems(struct import *import) {
    if (import->problems.failed == RC_OK &&
        import->listed.size + import->problems.size <= LISTED_BYTES_MAX)
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

/* Opens the table and reads its head. */
static enum rc open_table(struct import *import, const char *path, uint32_t container,
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

static enum rc keep_row(struct import *import, struct repeat_file *file,
                        const struct csv_row *row, struct err *err) {
    struct repeat_row *kept;
    struct view *cells = arena_array(&import->arena, row->count, sizeof(*cells));
    enum rc rc = array_grow(&file->rows, sizeof(*file->rows), file->count + 1, ROWS_MAX,
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

/* NAME=FILE.csv */
static enum rc read_repeat(struct import *import, const char *text, struct err *err) {
    struct repeat_file *file = &import->repeats[import->repeat_count];
    const char *equals = strchr(text, '=');
    struct csv *csv = NULL;
    struct csv_row row;
    uint32_t container;
    struct buf bytes;
    enum rc rc;

    if (equals == NULL || equals == text || equals[1] == '\0')
        return err_set(err, RC_USAGE, "--repeat %s: write NAME=FILE.csv", text);
    if (import->repeat_count == REPEATS_MAX)
        return err_set(err, RC_LIMIT, "--repeat: at most %u files", REPEATS_MAX);
    rc = rows_repeat(import->form, view_of(text, (size_t)(equals - text)), &container, err);
    if (rc != RC_OK)
        return rc;
    if (import->form->fields[container].repeat != FORM_NO_PARENT)
        return err_set(err, RC_UNSUPPORTED,
                       "--repeat %s: lies in another repeat, which rows cannot say; use: yg-agent "
                       "new with a JSON file",
                       text);
    import->repeat_count++;
    buf_init(&bytes, FILE_BYTES_MAX);
    rc = command_read(import->visit.command, equals + 1, FILE_BYTES_MAX, &bytes, err);
    if (rc == RC_OK)
        rc = open_table(import, equals + 1, container, &bytes, &file->map, &csv, err);
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

/* Makes the change for one row in the row's arena. Wrong cells: RC_INVALID and problems. */
static enum rc make_change(struct import *import, const struct csv_row *row, struct dot dot,
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
    enum rc rc = array_grow(&import->rows, sizeof(*import->rows), import->count + 1, ROWS_MAX,
                            "rows", &import->capacity, err);

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
                    VIEW_PRINT(import->options.key),
                    VIEW_PRINT(utf8_cut(file->rows[k].key, 40)));
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
    rc = make_change(import, row, session_next_dot(import->visit.session), &change, &problem);
    if (rc != RC_OK && !is_authors(rc)) {
        *err = problem;
        return rc;
    }
    if (rc != RC_OK)
        list_problems(import);
    if (import->count % RECORDS_PER_COMMIT == RECORDS_PER_COMMIT - 1)
        command_progress(import->visit.command, "%llu rows checked",
                         (unsigned long long)import->count + 1);
    return note_row(import, row, rc != RC_OK, err);
}

static enum rc check_rows(struct import *import, struct err *err) {
    struct csv *csv = NULL;
    struct csv_row row;
    enum rc rc = open_table(import, import->path, FORM_NO_PARENT, &import->bytes, &import->map,
                            &csv, err);

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

/* ---- second time ---- */

static enum rc commit(struct import *import, struct save **save, struct err *err) {
    uint32_t count = save_count(*save);
    enum rc rc = save_commit(*save, err);

    save_close(*save);
    *save = NULL;
    if (rc == RC_OK) {
        import->saved += count;
        command_progress(import->visit.command, "%llu of %llu rows saved",
                         (unsigned long long)import->saved,
                         (unsigned long long)(import->count - import->bad));
        visit_pause(&import->visit);
    }
    return rc;
}

static enum rc save_rows(struct import *import, struct err *err) {
    struct csv *csv = NULL;
    struct save *save = NULL;
    struct csv_row row;
    struct change change;
    enum rc rc = open_table(import, import->path, FORM_NO_PARENT, &import->bytes, &import->map,
                            &csv, err);

    for (size_t index = 0; rc == RC_OK && index < import->count; index++) {
        rc = csv_next(csv, &row, err);
        if (rc != RC_OK || import->rows[index].is_bad)
            continue;
        if (save == NULL)
            rc = save_open(import->visit.session, &save, err);
        if (rc == RC_OK)
            rc = make_change(import, &row, save_next(save), &change, err);
        if (rc == RC_OK && (rc = save_add(save, &change, NULL, import->form, err)) != RC_OK)
            err_prefix(err, "%.200s, row %llu: ", import->path, (unsigned long long)row.number);
        if (rc == RC_OK && save_count(save) == RECORDS_PER_COMMIT)
            rc = commit(import, &save, err);
    }
    if (rc == RC_OK && save != NULL)
        rc = commit(import, &save, err);
    save_close(save);
    csv_close(csv);
    if (rc != RC_OK && import->saved > 0)
        err_prefix(err, "%llu records are saved, the rest is not: ",
                   (unsigned long long)import->saved);
    return rc;
}

/* ---- the command ---- */

static void clear_progress(struct command *command) {
    struct err ignored;

    err_init(&ignored, command->lang);
    if (command->is_terminal)
        (void)command->write(command->sink, CONTROL_STDERR, view_text("\r\033[K"), &ignored);
}

static void say_problems(struct import *import) {
    struct command *command = import->visit.command;
    struct err ignored;

    err_init(&ignored, command->lang);
    (void)command->write(command->sink, CONTROL_STDERR, buf_view(&import->listed), &ignored);
    if (import->unlisted > 0)
        command_say(command, "and more of the same in %llu rows",
                    (unsigned long long)import->unlisted);
}

static enum rc check_all(struct import *import, struct err *err) {
    enum rc rc = check_rows(import, err);

    if (rc == RC_OK)
        rc = check_keys(import, err);
    clear_progress(import->visit.command);
    if (rc != RC_OK)
        return rc;
    check_orphans(import, err->lang);
    if (import->bad + import->orphans == 0)
        return RC_OK;
    say_problems(import);
    if (!import->partial)
        return err_set(err, RC_INVALID,
                       "%.200s: %llu rows are wrong, nothing was saved; mend them, or give "
                       "--partial to save the others",
                       import->path, (unsigned long long)(import->bad + import->orphans));
    return RC_OK;
}

static enum rc report(struct import *import, struct err *err) {
    struct command *command = import->visit.command;
    struct json *document;
    enum rc rc;

    if (command->json) {
        document = json_object();
        json_add_int(document, "imported", (int64_t)import->saved);
        json_add_int(document, "refused", (int64_t)(import->bad + import->orphans));
        rc = command_print_json(command, document, err);
    } else {
        rc = command_printf(command, err, "%llu\n", (unsigned long long)import->saved);
    }
    if (rc == RC_OK && import->bad + import->orphans > 0)
        rc = err_set(err, RC_INVALID,
                     "%.200s: %llu rows are wrong and were left out; the others are saved",
                     import->path, (unsigned long long)(import->bad + import->orphans));
    return rc;
}

static enum rc prepare(struct import *import, struct command *command, struct err *err) {
    const char *area = command_option(command, "--area");
    const char *key = command_option(command, "--key");
    bool has_repeat = command_option(command, "--repeat") != NULL;

    if (area == NULL)
        return err_set(err, RC_USAGE, "%s: give --area CODE; status lists the areas",
                       command->spec->name);
    if (has_repeat != (key != NULL))
        return err_set(err, RC_USAGE,
                       "import: --repeat NAME=FILE.csv and --key COLUMN go together");
    import->path = command->words[1];
    import->partial = command_option(command, "--partial") != NULL;
    import->options.key = view_text(key);
    import->options.skip_unknown = command_option(command, "--skip-unknown-columns") != NULL;
    if (area_parse(view_text(area), &import->area, err) != RC_OK)
        return err_prefix(err, "--area: ");
    return RC_OK;
}

static enum rc run(struct import *import, struct command *command, struct err *err) {
    const char *text;
    enum rc rc = RC_OK;

    import->form = tablet_form_named(import->visit.tablet, view_text(command->words[0]));
    if (import->form == NULL)
        return err_set(err, RC_NOT_FOUND, "%s: there is no such form here; see: yg-agent forms",
                       command->words[0]);
    if (!session_may(import->visit.session, import->area))
        return err_set(err, RC_DENIED, "area %s: not granted to this tablet or not to you; see "
                                       "status",
                       command_option(command, "--area"));
    for (size_t i = 0; rc == RC_OK && (text = command_option_at(command, "--repeat", i)) != NULL;
         i++)
        rc = read_repeat(import, text, err);
    if (rc == RC_OK)
        rc = command_read(command, import->path, FILE_BYTES_MAX, &import->bytes, err);
    if (rc == RC_OK)
        rc = check_all(import, err);
    if (rc == RC_OK)
        rc = save_rows(import, err);
    clear_progress(command);
    return rc == RC_OK ? report(import, err) : rc;
}

enum rc face_import(void *context, struct command *command, struct err *err) {
    struct import *import = calloc(1, sizeof(*import));
    enum rc rc;

    if (import == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    rc = prepare(import, command, err);
    if (rc != RC_OK) {
        free(import);
        return rc;
    }
    arena_init(&import->arena, ROWS_BYTES_MAX);
    arena_init(&import->row_arena, ROW_ARENA_BYTES);
    buf_init(&import->bytes, FILE_BYTES_MAX);
    buf_init(&import->problems, PROBLEM_BYTES_MAX);
    buf_init(&import->listed, LISTED_BYTES_MAX);
    rc = visit_open(context, command, NEED_SESSION, &import->visit, err);
    if (rc == RC_OK)
        rc = run(import, command, err);
    visit_close(&import->visit);
    for (size_t i = 0; i < import->repeat_count; i++)
        free(import->repeats[i].rows);
    free(import->rows);
    arena_release(&import->arena);
    arena_release(&import->row_arena);
    buf_release(&import->bytes);
    buf_release(&import->problems);
    buf_release(&import->listed);
    free(import);
    return rc;
}
