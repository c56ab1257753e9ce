/* title.c: see title.h. Only the simple form of instance_name is understood here: literals,
 * ${field} and ${group}/field; an expression falls back to the first text. */
#include "schema/title.h"

#include "base/text.h"
#include "schema/limits.h"

#include <stdio.h>

static bool add_field(const struct reading *reading, const struct form_field *field,
                      struct buf *out) {
    const struct cell *cell;

    if (field == NULL || field->sensitive || field->repeat != FORM_NO_PARENT)
        return false;
    cell = reading_cell(reading, (struct instance_id){{0, 0}, 0}, field->number);
    if (cell == NULL || cell->version_count == 0 || cell->kind == CELL_ERASED ||
        cell->versions[0]->value.type == VALUE_NULL)
        return false;
    value_text(&cell->versions[0]->value, out);
    if (cell->kind == CELL_CONFLICT)
        buf_add_text(out, "?");
    return true;
}

static const struct form_field *field_named(const struct form *form, struct view name) {
    const struct form_field *field = form_field_by_path(form, name);

    for (uint32_t i = 0; i < form->field_count && field == NULL; i++)
        if (view_equal(form->fields[i].name, name))
            field = &form->fields[i];
    return field;
}

/* "/name" behind ${head}: what lies in that group. */
static size_t steps_behind(struct view pattern, size_t at) {
    size_t size = 0;

    while (at + size < pattern.size &&
           (pattern.data[at + size] == '/' || pattern.data[at + size] == '_' ||
            (pattern.data[at + size] >= 'a' && pattern.data[at + size] <= 'z') ||
            (pattern.data[at + size] >= 'A' && pattern.data[at + size] <= 'Z') ||
            (pattern.data[at + size] >= '0' && pattern.data[at + size] <= '9')))
        size++;
    return at < pattern.size && pattern.data[at] == '/' ? size : 0;
}

static const struct form_field *field_of(const struct form *form, struct view name,
                                         struct view steps) {
    const struct form_field *field = field_named(form, name);
    char path[LIMIT_PATH_BYTES + 1];

    if (field == NULL || steps.size == 0)
        return field;
    snprintf(path, sizeof(path), "%.*s%.*s", VIEW_PRINT(field->path), VIEW_PRINT(steps));
    return form_field_by_path(form, view_text(path));
}

static bool from_pattern(const struct reading *reading, struct view pattern, struct buf *out) {
    bool any = false;

    for (size_t at = 0; at < pattern.size; at++) {
        size_t end = at, steps;

        if (pattern.data[at] != '$' || at + 1 >= pattern.size || pattern.data[at + 1] != '{') {
            if (pattern.data[at] == '(')
                return false; /* an expression */
            buf_add_u8(out, pattern.data[at]);
            continue;
        }
        while (end < pattern.size && pattern.data[end] != '}')
            end++;
        steps = steps_behind(pattern, end + 1);
        any = add_field(reading,
                        field_of(reading->form, view_slice(pattern, at + 2, end - at - 2),
                                 view_slice(pattern, end + 1, steps)),
                        out) ||
              any;
        at = end + steps;
    }
    return any;
}

void title_make(const struct reading *reading, struct buf *out) {
    size_t start = out->size;

    if (reading->form == NULL)
        return;
    if (!from_pattern(reading, reading->form->instance_name, out)) {
        out->size = start;
        for (uint32_t i = 0; i < reading->form->field_count && out->size == start; i++)
            if (reading->form->fields[i].type == FIELD_TYPE_TEXT)
                (void)add_field(reading, &reading->form->fields[i], out);
    }
    if (out->size - start > TITLE_BYTES) {
        size_t keep = TITLE_BYTES;

        while (keep > 0 && (out->data[start + keep] & 0xc0) == 0x80)
            keep--;
        out->size = start + keep;
    }
}
