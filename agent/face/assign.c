/* assign.c: see assign.h. */
#include "agent/face/assign.h"

#include "base/text.h"
#include "schema/form/answers.h"
#include "schema/limits.h"

#include <stdio.h>

#define SHOWN_BYTES 120u

struct assignment {
    struct view path;
    char how; /* '=', '+' or '-' */
    struct view value;
};

static enum rc parse(const char *word, struct assignment *out, struct err *err) {
    const char *equals = strchr(word, '=');
    size_t size = equals == NULL ? 0 : (size_t)(equals - word);

    if (!utf8_valid(view_text(word)))
        return err_set(err, RC_INVALID, "a word of the command is not UTF-8; check the terminal");
    *out = (struct assignment){.how = '='};
    if (size > 1 && (word[size - 1] == '+' || word[size - 1] == '-'))
        out->how = word[--size];
    if (size == 0)
        return err_set(err, RC_USAGE, "%.*s: write PATH=VALUE, such as head/phone=13800000000",
                       VIEW_PRINT(utf8_cut_bytes(view_text(word), SHOWN_BYTES)));
    out->path = view_of(word, size);
    out->value = view_text(equals + 1);
    return RC_OK;
}

/* ---- writing ---- */

static enum rc check_seal(const struct edit *edit, const struct form_field *field,
                          struct err *err) {
    if (edit->reading == NULL || edit->change.kind == CHANGE_AMEND ||
        field->scope == FORM_NO_SCOPE || (edit->reading->sealed_scopes >> field->scope & 1) == 0)
        return RC_OK;
    return err_set(err, RC_CONFLICT,
                   "sealed by \"%.*s\"; use: yg-agent amend RECORD PATH=VALUE --reason TEXT",
                   VIEW_PRINT(edit->form->scopes[field->scope]));
}

static enum rc write_element(struct edit *edit, struct instance_id instance,
                             const struct form_field *field, bool removes, struct view text,
                             struct err *err) {
    struct value value;
    enum rc rc = form_value_parse(edit->form, field, text, edit->arena, &value, err);

    if (rc != RC_OK || value.type == VALUE_NULL)
        return rc;
    return removes ? edit_remove_element(edit, instance, field->number, &value, err)
                   : edit_set(edit, instance, field->number, &value, field->rank, err);
}

/* Names of choices stand apart by spaces; anything else is one element. */
static bool next_element(const struct form_field *field, struct view text, size_t *at,
                         struct view *out) {
    size_t start;

    if (field->type != FIELD_TYPE_SELECT_MULTIPLE) {
        *out = text;
        start = *at;
        *at = text.size;
        return start < text.size;
    }
    while (*at < text.size && text.data[*at] == ' ')
        ++*at;
    for (start = *at; *at < text.size && text.data[*at] != ' ';)
        ++*at;
    *out = view_slice(text, start, *at - start);
    return out->size > 0;
}

static bool holds(const struct form_field *field, struct view text, const struct value *value) {
    struct view element;
    struct buf shown;
    bool found = false;

    buf_init(&shown, LIMIT_VALUE_BYTES);
    value_text(value, &shown);
    for (size_t at = 0; !found && next_element(field, text, &at, &element);)
        found = view_equal(element, buf_view(&shown));
    buf_release(&shown);
    return found;
}

/* The set becomes what the text says: what is missing there goes, what is new comes. */
static enum rc replace_set(struct edit *edit, struct instance_id instance,
                           const struct form_field *field, struct view text, struct err *err) {
    const struct cell *cell =
        edit->reading == NULL ? NULL : reading_cell(edit->reading, instance, field->number);
    uint32_t count = cell == NULL || cell->kind != CELL_SET ? 0 : cell->version_count;
    struct view element;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        if (!holds(field, text, &cell->versions[i]->value))
            rc = edit_remove_element(edit, instance, field->number, &cell->versions[i]->value, err);
    for (size_t at = 0; rc == RC_OK && next_element(field, text, &at, &element);) {
        bool known = false;

        for (uint32_t i = 0; i < count && !known; i++)
            known = holds(field, element, &cell->versions[i]->value);
        if (!known)
            rc = write_element(edit, instance, field, false, element, err);
    }
    return rc;
}

static enum rc write_field(struct edit *edit, struct instance_id instance,
                           const struct form_field *field, const struct assignment *assignment,
                           struct err *err) {
    struct view element;
    struct value value;
    enum rc rc = check_seal(edit, field, err);

    if (rc != RC_OK)
        return rc;
    if (field->policy == POLICY_UNION && field->merge_group == 0) {
        if (assignment->how == '=')
            return replace_set(edit, instance, field, assignment->value, err);
        for (size_t at = 0; rc == RC_OK && next_element(field, assignment->value, &at, &element);)
            rc = write_element(edit, instance, field, assignment->how == '-', element, err);
        return rc;
    }
    if (assignment->how != '=')
        return err_set(err, RC_INVALID, "holds one answer, not a set; write PATH=VALUE");
    rc = form_value_parse(edit->form, field, assignment->value, edit->arena, &value, err);
    return rc == RC_OK ? edit_set(edit, instance, field->number, &value, field->rank, err) : rc;
}

static enum rc place(const struct assignment *assignment, struct err *err) {
    return err_prefix(err, "%.*s: ", VIEW_PRINT(utf8_cut_bytes(assignment->path, SHOWN_BYTES)));
}

enum rc assign(struct edit *edit, const char *word, struct err *err) {
    struct assignment assignment;
    const struct form_field *field;
    struct instance_id instance;
    uint16_t number;
    enum rc rc = parse(word, &assignment, err);

    if (rc == RC_OK) /* whose messages name the path */
        rc = answers_path(edit->form, edit->reading, assignment.path, &instance, &number, err);
    if (rc != RC_OK)
        return rc;
    field = number < FIELD_FIRST_OF_FORM ? NULL : form_field_by_number(edit->form, number);
    if (field == NULL)
        return err_set(err, RC_INVALID, "%.*s: is not written this way; see: yg-agent --help",
                       VIEW_PRINT(utf8_cut_bytes(assignment.path, SHOWN_BYTES)));
    rc = write_field(edit, instance, field, &assignment, err);
    return rc == RC_OK ? RC_OK : place(&assignment, err);
}

enum rc assign_inside(struct edit *edit, const struct form_field *repeat,
                      struct instance_id instance, const char *word, struct err *err) {
    char path[LIMIT_PATH_BYTES + 1];
    struct assignment assignment;
    const struct form_field *field = NULL;
    enum rc rc = parse(word, &assignment, err);
    int size = 0;

    if (rc != RC_OK)
        return rc;
    size = snprintf(path, sizeof(path), "%.*s/%.*s", VIEW_PRINT(repeat->path),
                    VIEW_PRINT(utf8_cut_bytes(assignment.path, LIMIT_PATH_BYTES)));
    if (size > 0 && (size_t)size < sizeof(path))
        field = form_field_by_path(edit->form, view_of(path, (size_t)size));
    if (field == NULL || !form_field_holds_value(field) || field->repeat == FORM_NO_PARENT ||
        &edit->form->fields[field->repeat] != repeat)
        return err_set(err, RC_NOT_FOUND, "%.*s: %.*s has no such question; see: yg-agent show",
                       VIEW_PRINT(utf8_cut_bytes(assignment.path, SHOWN_BYTES)),
                       VIEW_PRINT(repeat->path));
    rc = write_field(edit, instance, field, &assignment, err);
    return rc == RC_OK ? RC_OK : place(&assignment, err);
}

/* ---- repeats ---- */

enum rc assign_repeat(const struct edit *edit, const char *text, const struct form_field **repeat,
                      struct instance_id *parent, struct err *err) {
    const char *bracket = strrchr(text, ']');
    char plain[LIMIT_PATH_BYTES + 1];
    const struct form_field *field;
    size_t size = 0;
    bool inside = false;
    uint16_t number;
    enum rc rc;

    *parent = (struct instance_id){0};
    if (strlen(text) > LIMIT_PATH_BYTES || !utf8_valid(view_text(text)))
        return err_set(err, RC_INVALID, "the name of the repeat is too long or not UTF-8");
    for (const char *c = text; *c != '\0'; c++) {
        inside = *c == '[' || (inside && *c != ']');
        if (!inside && *c != ']')
            plain[size++] = *c;
    }
    field = form_field_by_path(edit->form, view_of(plain, size));
    if (field == NULL || field->type != FIELD_TYPE_REPEAT)
        return err_set(err, RC_NOT_FOUND, "%s: the form has no such repeat; see: yg-agent show",
                       text);
    *repeat = field;
    rc = check_seal(edit, field, err);
    if (rc != RC_OK)
        return err_prefix(err, "%s: ", text);
    if (field->repeat == FORM_NO_PARENT)
        return RC_OK;
    if (bracket == NULL)
        return err_set(err, RC_INVALID,
                       "%s: lies in another repeat; say in which instance, such as %.*s[ID]/%.*s",
                       text, VIEW_PRINT(edit->form->fields[field->repeat].path),
                       VIEW_PRINT(field->name));
    rc = answers_path(edit->form, edit->reading, view_of(text, (size_t)(bracket + 1 - text)),
                      parent, &number, err);
    if (rc == RC_OK && reading_instance(edit->reading, *parent)->repeat !=
                           edit->form->fields[field->repeat].number)
        rc = err_set(err, RC_INVALID, "%s: the instance is not one of %.*s", text,
                     VIEW_PRINT(edit->form->fields[field->repeat].path));
    return rc;
}
