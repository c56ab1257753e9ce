/* rows.c: see rows.h. */
#include "schema/form/rows.h"

#include "base/text.h"
#include "schema/form/fill.h"
#include "schema/limits.h"

#define LISTED_BYTES 300u

/* ---- the head ---- */

/* '.' parts steps as '/' does, unless a name itself has it. */
static const struct form_field *by_path(const struct form *form, struct view prefix,
                                        struct view name, bool dots) {
    char path[LIMIT_PATH_BYTES];
    size_t size = 0;

    if (prefix.size + 1 + name.size > sizeof(path))
        return NULL;
    if (prefix.size > 0) {
        memcpy(path, prefix.data, prefix.size);
        path[prefix.size] = '/';
        size = prefix.size + 1;
    }
    for (size_t i = 0; i < name.size; i++)
        path[size++] = dots && name.data[i] == '.' ? '/' : (char)name.data[i];
    return form_field_by_path(form, view_of(path, size));
}

/* The only question of the container with that bare name. */
static const struct form_field *by_name(const struct form *form, uint32_t container,
                                        struct view name) {
    const struct form_field *found = NULL;

    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct form_field *field = &form->fields[i];

        if (field->repeat != container || !form_field_holds_value(field) ||
            !view_equal(field->name, name))
            continue;
        if (found != NULL)
            return NULL;
        found = field;
    }
    return found;
}

static const struct form_field *column_find(const struct form *form, uint32_t container,
                                            struct view name) {
    struct view prefix =
        container == FORM_NO_PARENT ? view_of(NULL, 0) : form->fields[container].path;
    const struct view none = {0};
    const struct form_field *tries[4];

    if (name.size == 0)
        return NULL;
    tries[0] = by_path(form, prefix, name, false);
    tries[1] = by_path(form, prefix, name, true);
    tries[2] = by_path(form, none, name, false);
    tries[3] = by_path(form, none, name, true);
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
        if (tries[i] != NULL && tries[i]->repeat == container && form_field_holds_value(tries[i]))
            return tries[i];
    return by_name(form, container, name);
}

/* Adds to a list of names that says "..." when it is full. */
static void list_add(char list[LISTED_BYTES], struct view name) {
    size_t used = strlen(list);

    name = utf8_cut(name, 40);
    if (used + name.size + 8 < LISTED_BYTES)
        snprintf(list + used, LISTED_BYTES - used, "%s%.*s", used > 0 ? ", " : "",
                 VIEW_PRINT(name));
    else if (used + 6 < LISTED_BYTES && (used < 3 || memcmp(list + used - 3, "...", 3) != 0))
        snprintf(list + used, LISTED_BYTES - used, ", ...");
}

static bool has_column(const struct rows_map *map, const struct form_field *field) {
    for (uint32_t i = 0; i < map->column_count; i++)
        if (map->fields[i] == field)
            return true;
    return false;
}

static enum rc check_missing(const struct rows_map *map, struct err *err) {
    char missing[LISTED_BYTES] = "";

    for (uint32_t i = 0; i < map->form->field_count; i++) {
        const struct form_field *field = &map->form->fields[i];

        if (field->repeat == map->container && fill_is_required(map->form, field) &&
            !has_column(map, field))
            list_add(missing, field->path);
    }
    if (missing[0] == '\0')
        return RC_OK;
    return err_set(err, RC_INVALID,
                   "%.*s, row 1: these columns are missing: %s; the form needs them",
                   VIEW_PRINT(map->file), missing);
}

enum rc rows_map_make(const struct form *form, uint32_t container, struct view file,
                      const struct view *head, size_t count, struct rows_options options,
                      struct arena *arena, struct rows_map *out, struct err *err) {
    char unknown[LISTED_BYTES] = "";
    uint32_t known = 0;
    struct view *names;

    *out = (struct rows_map){.form = form,
                             .file = arena_view(arena, utf8_cut(file, 80)),
                             .container = container,
                             .column_count = (uint32_t)count,
                             .key = ROWS_NO_KEY};
    out->fields = arena_array(arena, count, sizeof(struct form_field *));
    names = arena_array(arena, count, sizeof(*names));
    if (out->fields == NULL || names == NULL)
        return arena_check(arena, "import", err);
    out->names = names;
    for (uint32_t i = 0; i < count; i++) {
        struct view name = text_trim(head[i]);
        const struct form_field *field = column_find(form, container, name);
        bool is_key = options.key.size > 0 && view_equal(name, options.key);

        names[i] = arena_view(arena, name);
        if (is_key && out->key == ROWS_NO_KEY)
            out->key = i;
        if (field != NULL && has_column(out, field))
            return err_set(err, RC_INVALID,
                           "%.*s, row 1: two columns mean the question %.*s; remove one of them",
                           VIEW_PRINT(out->file), VIEW_PRINT(field->path));
        out->fields[i] = field;
        known += field != NULL ? 1 : 0;
        if (field == NULL && !is_key)
            list_add(unknown, name.size > 0 ? name : view_text("(no name)"));
    }
    if (options.key.size > 0 && out->key == ROWS_NO_KEY)
        return err_set(err, RC_INVALID, "%.*s, row 1: the key column \"%.*s\" is missing",
                       VIEW_PRINT(out->file), VIEW_PRINT(utf8_cut(options.key, 40)));
    if (check_missing(out, err) != RC_OK)
        return err->rc;
    if (unknown[0] != '\0' && !options.skip_unknown)
        return err_set(err, RC_INVALID,
                       "%.*s, row 1: the form has no question for these columns: %s; remove them, "
                       "or ask for unknown columns to be skipped",
                       VIEW_PRINT(out->file), unknown);
    if (known == 0)
        return err_set(err, RC_INVALID, "%.*s, row 1: no column is a question of the form",
                       VIEW_PRINT(out->file));
    return arena_check(arena, "import", err);
}

enum rc rows_repeat(const struct form *form, struct view name, uint32_t *container,
                    struct err *err) {
    char known[LISTED_BYTES] = "";

    *container = FORM_NO_PARENT;
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].type != FIELD_TYPE_REPEAT)
            continue;
        list_add(known, form->fields[i].path);
        if (view_equal(form->fields[i].path, name) ||
            (*container == FORM_NO_PARENT && view_equal(form->fields[i].name, name)))
            *container = i;
    }
    if (*container == FORM_NO_PARENT)
        return err_set(err, RC_NOT_FOUND,
                       "the form %.*s has no repeat \"%.*s\"; its repeats are: %s",
                       VIEW_PRINT(form->name), VIEW_PRINT(utf8_cut(name, 40)), known);
    return RC_OK;
}

/* ---- rows ---- */

struct view rows_key(const struct rows_map *map, const struct view *cells, size_t count) {
    return map->key < count ? text_trim(cells[map->key]) : view_of(NULL, 0);
}

struct row_place {
    const struct rows_map *map;
    uint64_t row;
    struct fill_problems problems;
    struct err err; /* of the cell at hand */
};

/* One problem with file, row and column in front. */
static enum rc complain(struct row_place *place, struct view column) {
    char text[400];
    struct err where;

    err_init(&where, place->err.lang);
    err_set(&where, RC_INVALID, "%.*s, row %llu, column %.*s", VIEW_PRINT(place->map->file),
            (unsigned long long)place->row, VIEW_PRINT(utf8_cut(column, 60)));
    snprintf(text, sizeof(text), "%.399s", where.text);
    return fill_problem(&place->problems, view_text(text), &place->err);
}

static enum rc fill_cells(struct row_place *place, struct edit *edit, struct instance_id instance,
                          const struct view *cells) {
    const struct rows_map *map = place->map;
    uint32_t start = edit->entry_count;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < map->column_count && rc == RC_OK; i++) {
        const struct form_field *field = map->fields[i];

        if (field == NULL)
            continue;
        if (fill_text(edit, instance, field, cells[i], &place->err) != RC_OK) {
            rc = complain(place, map->names[i]);
        } else if (text_trim(cells[i]).size == 0 && fill_is_required(map->form, field) &&
                   !fill_has(edit, start, instance, field->number)) {
            err_set(&place->err, RC_INVALID, "%.*s: an answer is required",
                    VIEW_PRINT(utf8_cut(form_field_label(map->form, field, place->err.lang), 40)));
            rc = complain(place, map->names[i]);
        }
    }
    return rc;
}

enum rc rows_fill(struct edit *edit, const struct rows_map *map, struct instance_id parent,
                  const struct view *cells, size_t count, uint64_t row, struct buf *problems,
                  struct err *err) {
    struct row_place place = {.map = map, .row = row, .problems = {.lines = problems}};
    struct instance_id instance = parent;
    enum rc rc = RC_OK;

    err_init(&place.err, err->lang);
    err_init(&place.problems.first, err->lang);
    if (count != map->column_count) {
        err_set(err, RC_INVALID, "%.*s, row %llu: it has %zu columns, the first row has %u",
                VIEW_PRINT(map->file), (unsigned long long)row, count, map->column_count);
        buf_addf(problems, "%s\n", err->text);
        return err->rc;
    }
    if (map->container != FORM_NO_PARENT)
        rc = edit_add_instance(edit, map->form->fields[map->container].number, parent, &instance,
                               &place.err);
    if (rc == RC_OK)
        rc = fill_cells(&place, edit, instance, cells);
    if (rc != RC_OK)
        *err = place.err;
    return rc == RC_OK ? fill_end(&place.problems, err) : rc;
}
