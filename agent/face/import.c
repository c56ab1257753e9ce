/* import.c: a table of rows becomes records.
 *
 * The run goes over the rows twice. The first time every row is filled into a draft and thrown
 * away: so all that is wrong is known, with file, row and column, before anything is saved. The
 * second time the drafts are saved, 500 in a transaction, and other commands get their turn in
 * between. Rows of a repeat come from files of their own; they are read whole, sorted by their
 * key, and found again by the key of the record's row. */
#include "agent/face/import.h"

#include <stdlib.h>

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
    enum rc rc =
        import_open(import, import->path, FORM_NO_PARENT, &import->bytes, &import->map, &csv, err);

    for (size_t index = 0; rc == RC_OK && index < import->count; index++) {
        rc = csv_next(csv, &row, err);
        if (rc != RC_OK || import->rows[index].is_bad)
            continue;
        if (save == NULL)
            rc = save_open(import->visit.session, &save, err);
        if (rc == RC_OK)
            rc = import_make(import, &row, save_next(save), &change, err);
        if (rc == RC_OK && (rc = save_add(save, &change, NULL, import->form, err)) != RC_OK)
            err_prefix(err, "%.200s, row %llu: ", import->path, (unsigned long long)row.number);
        if (rc == RC_OK && save_count(save) == IMPORT_RECORDS_PER_COMMIT)
            rc = commit(import, &save, err);
    }
    if (rc == RC_OK && save != NULL)
        rc = commit(import, &save, err);
    save_close(save);
    csv_close(csv);
    if (rc != RC_OK && import->saved > 0)
        err_prefix(err,
                   "%llu records are saved, the rest is not: ", (unsigned long long)import->saved);
    return rc;
}

/* ---- the command ---- */

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
    enum rc rc = import_check(import, err);

    face_progress_end(import->visit.command);
    if (rc != RC_OK)
        return rc;
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
    import->area = succession_of(tablet_areas(import->visit.tablet), import->area);
    if (!session_may(import->visit.session, import->area))
        return err_set(err, RC_DENIED,
                       "area %s: not granted to this tablet or not to you; see "
                       "status",
                       command_option(command, "--area"));
    for (size_t i = 0; rc == RC_OK && (text = command_option_at(command, "--repeat", i)) != NULL;
         i++)
        rc = import_read_repeat(import, text, err);
    if (rc == RC_OK)
        rc = command_read(command, import->path, IMPORT_FILE_BYTES_MAX, &import->bytes, err);
    if (rc == RC_OK)
        rc = check_all(import, err);
    if (rc == RC_OK)
        rc = save_rows(import, err);
    face_progress_end(command);
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
    arena_init(&import->arena, IMPORT_ROWS_BYTES_MAX);
    arena_init(&import->row_arena, IMPORT_ROW_ARENA_BYTES);
    buf_init(&import->bytes, IMPORT_FILE_BYTES_MAX);
    buf_init(&import->problems, IMPORT_PROBLEM_BYTES_MAX);
    buf_init(&import->listed, IMPORT_LISTED_BYTES_MAX);
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
