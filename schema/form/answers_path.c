/* answers_path.c: paths of cells, as words.
 *
 *   head/name             a field of the record; groups are steps
 *   member[ID]/name       a field of an instance
 *   member[ID]            the instance itself: FIELD_EXISTS
 *   member[ID]/job[ID]/pay
 *   @area @same @accept @seal/SCOPE       what every record has; also member[ID]/@same
 *   #70 member[ID]/#70    a field whose form is not known here, by its number */
#include "base/text.h"
#include "schema/change.h"
#include "schema/form/answers.h"
#include "schema/limits.h"

static const struct {
    uint16_t field;
    const char *name;
} pseudo_fields[] = {{FIELD_AREA, "@area"}, {FIELD_SAME, "@same"}, {FIELD_ACCEPT, "@accept"}};

#define SEAL_PREFIX "@seal/"

/* ---- to words ---- */

static const struct form_field *field_of(const struct form *form, uint16_t number) {
    return form == NULL || number < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(form, number);
}

/* Its path behind that of the repeat that it lies in. */
static void add_step(const struct form *form, uint16_t number, struct buf *out) {
    const struct form_field *field = field_of(form, number);
    size_t skip;

    if (out->size > 0)
        buf_add_u8(out, '/');
    if (field == NULL) {
        buf_addf(out, "#%u", number);
        return;
    }
    skip = field->repeat == FORM_NO_PARENT ? 0 : form->fields[field->repeat].path.size + 1;
    buf_add_view(out, view_slice(field->path, skip, field->path.size));
}

static void add_pseudo(const struct form *form, uint16_t field, struct buf *out) {
    if (out->size > 0)
        buf_add_u8(out, '/');
    for (size_t i = 0; i < sizeof(pseudo_fields) / sizeof(pseudo_fields[0]); i++) {
        if (pseudo_fields[i].field == field) {
            buf_add_text(out, pseudo_fields[i].name);
            return;
        }
    }
    if (field >= FIELD_SEAL && field <= FIELD_SEAL_LAST && form != NULL &&
        (uint32_t)(field - FIELD_SEAL) < form->scope_count) {
        buf_add_text(out, SEAL_PREFIX);
        buf_add_view(out, form->scopes[field - FIELD_SEAL]);
    } else {
        buf_addf(out, "#%u", field);
    }
}

enum rc answers_path_text(const struct reading *reading, struct instance_id instance,
                          uint16_t field, struct buf *out, struct err *err) {
    struct instance_id chain[LIMIT_INSTANCE_DEPTH];
    uint32_t depth = 0;
    struct buf path;
    enum rc rc;

    buf_init(&path, LIMIT_PATH_BYTES + LIMIT_INSTANCE_DEPTH * INSTANCE_TEXT_BYTES);
    while (!instance_is_root(instance) && depth < LIMIT_INSTANCE_DEPTH) {
        const struct seen_instance *seen = reading_instance(reading, instance);

        chain[depth++] = instance;
        if (seen == NULL)
            break;
        instance = seen->parent;
    }
    while (depth > 0) {
        const struct seen_instance *seen = reading_instance(reading, chain[--depth]);
        char id[INSTANCE_TEXT_BYTES];

        instance_text(chain[depth], id);
        add_step(reading->form, seen == NULL ? 0 : seen->repeat, &path);
        buf_addf(&path, "[%s]", id);
    }
    if (field >= FIELD_FIRST_OF_FORM)
        add_step(reading->form, field, &path);
    else if (field != FIELD_EXISTS || path.size == 0)
        add_pseudo(reading->form, field, &path);
    rc = buf_check(&path, "path", err);
    if (rc == RC_OK)
        buf_add_view(out, buf_view(&path));
    buf_release(&path);
    return rc;
}

/* ---- from words ---- */

struct parsed {
    char plain[LIMIT_PATH_BYTES + 1]; /* without the ids */
    size_t size;
    uint32_t id_count;
    struct instance_id ids[LIMIT_INSTANCE_DEPTH];
    size_t id_ends[LIMIT_INSTANCE_DEPTH]; /* size of plain where the id stood */
};

static enum rc split(struct view path, struct parsed *out, struct err *err) {
    size_t at = 0;

    *out = (struct parsed){0};
    if (path.size == 0 || path.size > LIMIT_PATH_BYTES || !utf8_valid(path))
        return err_set(err, RC_INVALID, "a path is missing or too long; write it like head/name");
    while (at < path.size) {
        size_t start = at + 1;

        if (path.data[at] != '[') {
            out->plain[out->size++] = (char)path.data[at++];
            continue;
        }
        while (at < path.size && path.data[at] != ']')
            at++;
        if (at == path.size || out->id_count == LIMIT_INSTANCE_DEPTH ||
            instance_parse(view_slice(path, start, at - start), &out->ids[out->id_count], err) !=
                RC_OK)
            return err_set(err, RC_INVALID,
                           "%.*s: behind [ stands the id of an instance and then ], as show "
                           "prints it",
                           VIEW_PRINT(path));
        out->id_ends[out->id_count++] = out->size;
        at++;
    }
    return RC_OK;
}

/* Each id must name an instance of the repeat that it stands behind, within the one before. */
static enum rc check_ids(const struct form *form, const struct reading *reading, struct view path,
                         const struct parsed *parsed, struct err *err) {
    for (uint32_t i = 0; i < parsed->id_count; i++) {
        const struct form_field *repeat =
            form_field_by_path(form, view_of(parsed->plain, parsed->id_ends[i]));
        const struct seen_instance *seen =
            reading == NULL ? NULL : reading_instance(reading, parsed->ids[i]);

        if (repeat == NULL || repeat->type != FIELD_TYPE_REPEAT)
            return err_set(err, RC_INVALID,
                           "%.*s: \"%.*s\" is not a repeat, so it has no instances",
                           VIEW_PRINT(path), (int)parsed->id_ends[i], parsed->plain);
        if (seen == NULL || seen->repeat != repeat->number ||
            (i > 0 && !instance_equal(seen->parent, parsed->ids[i - 1]) &&
             repeat->repeat != FORM_NO_PARENT))
            return err_set(err, RC_NOT_FOUND,
                           "%.*s: there is no such instance; see its id with show",
                           VIEW_PRINT(path));
    }
    return RC_OK;
}

/* The rest behind the last id (or all of it) names something that every record has. */
static bool find_pseudo(const struct form *form, const struct parsed *parsed, uint16_t *field) {
    size_t from = parsed->id_count == 0 ? 0 : parsed->id_ends[parsed->id_count - 1];
    struct view rest = view_of(parsed->plain + from, parsed->size - from);
    const struct view seal = view_text(SEAL_PREFIX);
    int64_t number;

    if (from > 0 && rest.size > 0 && rest.data[0] == '/')
        rest = view_slice(rest, 1, rest.size);
    for (size_t i = 0; i < sizeof(pseudo_fields) / sizeof(pseudo_fields[0]); i++) {
        if (view_is(rest, pseudo_fields[i].name)) {
            *field = pseudo_fields[i].field;
            return true;
        }
    }
    if (rest.size > 1 && rest.data[0] == '#' &&
        parse_i64(view_slice(rest, 1, rest.size), &number) && number > 0 && number <= FIELD_LAST) {
        *field = (uint16_t)number;
        return true;
    }
    if (rest.size == 0 && parsed->id_count > 0) {
        *field = FIELD_EXISTS;
        return true;
    }
    if (form == NULL || !view_equal(view_slice(rest, 0, seal.size), seal))
        return false;
    rest = view_slice(rest, seal.size, rest.size);
    for (uint32_t i = 0; i < form->scope_count; i++) {
        if (view_equal(form->scopes[i], rest)) {
            *field = (uint16_t)(FIELD_SEAL + i);
            return true;
        }
    }
    return false;
}

enum rc answers_path(const struct form *form, const struct reading *reading, struct view path,
                     struct instance_id *instance, uint16_t *field, struct err *err) {
    const struct form_field *found;
    struct parsed parsed;
    enum rc rc = split(path, &parsed, err);

    *instance = (struct instance_id){0};
    *field = 0;
    if (rc != RC_OK)
        return rc;
    if (form != NULL)
        rc = check_ids(form, reading, path, &parsed, err);
    if (rc != RC_OK)
        return rc;
    if (parsed.id_count > 0)
        *instance = parsed.ids[parsed.id_count - 1];
    if (find_pseudo(form, &parsed, field))
        return RC_OK;
    if (form == NULL)
        return err_set(err, RC_UNSUPPORTED,
                       "%.*s: the form of this record is not known here; synchronise first",
                       VIEW_PRINT(path));
    found = form_field_by_path(form, view_of(parsed.plain, parsed.size));
    if (found == NULL)
        return err_set(err, RC_NOT_FOUND, "%.*s: the form has no such question; see show",
                       VIEW_PRINT(path));
    if (found->repeat != FORM_NO_PARENT &&
        (parsed.id_count == 0 ||
         parsed.id_ends[parsed.id_count - 1] != form->fields[found->repeat].path.size)) {
        struct view repeat = form->fields[found->repeat].path;

        return err_set(err, RC_INVALID,
                       "%.*s: this lies in a repeat; name the instance, such as %.*s[ID]%.*s",
                       VIEW_PRINT(path), VIEW_PRINT(repeat),
                       VIEW_PRINT(view_slice(found->path, repeat.size, found->path.size)));
    }
    if (!form_field_holds_value(found))
        return err_set(err, RC_INVALID,
                       "%.*s: this is a %s and holds no answer of its own; name a question in it",
                       VIEW_PRINT(path), field_type_name((enum field_type)found->type));
    *field = found->number;
    return RC_OK;
}
