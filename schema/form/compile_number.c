/* compile_number.c: numbers for fields, merge groups and seal scopes, for ever.
 *
 * A path that the previous version has keeps its number; so does one that an older version had.
 * New paths take next_number and what follows. What the previous version had and this one has not
 * is retired: its number waits for the same path with the same type, and for nothing else. */
#include "base/text.h"
#include "schema/change.h"
#include "schema/form/compile.h"
#include "schema/form/form_index.h"
#include "schema/limits.h"

static struct view path_of(struct compiler *compiler, const struct form_field *field) {
    struct view parent;
    char *text;

    if (field->parent == FORM_NO_PARENT)
        return field->name;
    parent = compiler->fields[field->parent].path;
    text = arena_text(compiler->arena, "%.*s/%.*s", VIEW_PRINT(parent), VIEW_PRINT(field->name));
    if (text == NULL && compiler->failed == RC_OK)
        compiler->failed = arena_check(compiler->arena, "form", compiler->err);
    return view_text(text);
}

/* Elements of a set are versions of their own, so a set can not become one text. */
static bool is_set(const struct form_field *field) {
    return field->policy == POLICY_UNION;
}

static void check_same(struct compiler *compiler, uint32_t index, uint8_t type_before) {
    const struct form_field *field = &compiler->fields[index];

    if (field->type != type_before)
        finding_add(compiler, true, compiler->survey.sheet, compiler->notes[index].row,
                    compiler->survey.first[COLUMN_TYPE],
                    "%.*s had the type %s before and is %s now; a question never changes its type, "
                    "so give the new one a new name",
                    VIEW_PRINT(finding_shown(field->path)), field_type_name(type_before),
                    field_type_name(field->type));
}

static const struct form_retired *retired_path(const struct form *previous, struct view path) {
    for (uint32_t i = 0; i < previous->retired_count; i++)
        if (view_equal(previous->retired[i].path, path))
            return &previous->retired[i];
    return NULL;
}

static uint16_t number_for(struct compiler *compiler, uint32_t index) {
    const struct form *previous = compiler->previous;
    const struct form_field *field = &compiler->fields[index];
    const struct form_field *before =
        previous == NULL ? NULL : form_field_by_path(previous, field->path);
    const struct form_retired *retired =
        previous == NULL || before != NULL ? NULL : retired_path(previous, field->path);

    if (before != NULL) {
        check_same(compiler, index, before->type);
        if (is_set(field) != is_set(before))
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[index].row,
                        compiler->survey.first[COLUMN_MERGE],
                        "%.*s can not begin or cease to be a union; give the new one a new name",
                        VIEW_PRINT(finding_shown(field->path)));
        return before->number;
    }
    if (retired != NULL) {
        check_same(compiler, index, retired->type);
        return retired->number;
    }
    if (compiler->form.next_number > FIELD_LAST) {
        finding_add(compiler, true, compiler->survey.sheet, compiler->notes[index].row, NO_COLUMN,
                    "the numbers of this form are used up; begin a new form_id");
        return FIELD_LAST;
    }
    return (uint16_t)compiler->form.next_number++;
}

static int retired_compare(const void *left, const void *right) {
    const struct form_retired *a = left, *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

/* Everything that the previous version knew and that has no row now. */
static void retire(struct compiler *compiler) {
    const struct form *previous = compiler->previous;
    struct form *form = &compiler->form;
    struct form_retired *retired;
    bool *taken; /* by number */

    retired =
        compile_array(compiler, previous->retired_count + previous->field_count, sizeof(*retired));
    taken = compile_array(compiler, FIELD_LAST + 1, sizeof(*taken));
    if (retired == NULL || taken == NULL)
        return;
    for (uint32_t i = 0; i < form->field_count; i++)
        taken[compiler->fields[i].number] = true;
    for (uint32_t i = 0; i < previous->retired_count; i++)
        if (!taken[previous->retired[i].number])
            retired[form->retired_count++] = previous->retired[i];
    for (uint32_t i = 0; i < previous->field_count; i++) {
        const struct form_field *field = &previous->fields[i];

        if (!taken[field->number])
            retired[form->retired_count++] = (struct form_retired){
                .number = field->number, .type = field->type, .path = field->path};
    }
    qsort(retired, form->retired_count, sizeof(*retired), retired_compare);
    form->retired = retired;
}

static void number_scopes(struct compiler *compiler) {
    const struct form *previous = compiler->previous;
    struct form *form = &compiler->form;
    struct view *scopes = compile_array(compiler, FORM_SCOPES, sizeof(*scopes));

    if (scopes == NULL)
        return;
    for (uint32_t i = 0; previous != NULL && i < previous->scope_count; i++)
        scopes[form->scope_count++] = previous->scopes[i];
    for (uint32_t i = 0; i < form->field_count; i++) {
        struct view name = compiler->notes[i].scope;
        uint32_t scope = 0;

        if (name.size == 0)
            continue;
        while (scope < form->scope_count && !view_equal(scopes[scope], name))
            scope++;
        if (scope == FORM_SCOPES) {
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[i].row,
                        compiler->survey.first[COLUMN_SEAL], "a form has at most %u seal scopes",
                        FORM_SCOPES);
            continue;
        }
        if (scope == form->scope_count)
            scopes[form->scope_count++] = name;
        compiler->fields[i].scope = (uint8_t)scope;
    }
    form->scopes = scopes;
}

struct member { /* of a merge group */
    struct view group;
    uint32_t field;
};

static int member_compare(const void *left, const void *right) {
    const struct member *a = left, *b = right;
    int order = view_compare(a->group, b->group);

    if (order != 0)
        return order;
    return a->field < b->field ? -1 : a->field > b->field;
}

static void group_make(struct compiler *compiler, const struct member *members, uint32_t count) {
    struct form_field *fields = compiler->fields;
    const struct form_field *first = &fields[members[0].field];
    uint16_t smallest = first->number;

    if (count == 1) {
        finding_add(compiler, false, compiler->survey.sheet, compiler->notes[members[0].field].row,
                    compiler->survey.first[COLUMN_GROUP],
                    "the merge group \"%.*s\" has this one field only; check the name",
                    VIEW_PRINT(finding_shown(members[0].group)));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct form_field *field = &fields[members[i].field];
        uint32_t row = compiler->notes[members[i].field].row;

        if (field->number < smallest)
            smallest = field->number;
        if (field->repeat != first->repeat)
            finding_add(compiler, true, compiler->survey.sheet, row,
                        compiler->survey.first[COLUMN_GROUP],
                        "the merge group \"%.*s\" began in row %u in another repeat; a group stays "
                        "within one",
                        VIEW_PRINT(finding_shown(members[i].group)),
                        compiler->notes[members[0].field].row + 1);
        else if (field->policy != first->policy)
            finding_add(
                compiler, true, compiler->survey.sheet, row, compiler->survey.first[COLUMN_MERGE],
                "the merge group \"%.*s\" began in row %u with the policy %s; a group has "
                "one policy",
                VIEW_PRINT(finding_shown(members[i].group)),
                compiler->notes[members[0].field].row + 1, policy_name((enum policy)first->policy));
        else if (field->scope != first->scope)
            finding_add(compiler, true, compiler->survey.sheet, row,
                        compiler->survey.first[COLUMN_SEAL],
                        "the merge group \"%.*s\" began in row %u under another seal; a group is "
                        "sealed as one",
                        VIEW_PRINT(finding_shown(members[i].group)),
                        compiler->notes[members[0].field].row + 1);
        else if (field->policy >= POLICY_MAX && field->policy <= POLICY_UNION)
            finding_add(compiler, true, compiler->survey.sheet, row,
                        compiler->survey.first[COLUMN_MERGE],
                        "a field with the policy %s can not be in a merge group",
                        policy_name((enum policy)field->policy));
    }
    for (uint32_t i = 0; i < count; i++)
        fields[members[i].field].merge_group = smallest;
}

static void make_groups(struct compiler *compiler) {
    uint32_t field_count = compiler->form.field_count, count = 0;
    struct member *members = compile_array(compiler, field_count, sizeof(*members));

    for (uint32_t i = 0; members != NULL && i < field_count; i++)
        if (compiler->notes[i].group.size > 0)
            members[count++] = (struct member){.group = compiler->notes[i].group, .field = i};
    if (count > 0)
        qsort(members, count, sizeof(*members), member_compare);
    for (uint32_t i = 0; i < count;) {
        uint32_t length = 1;

        while (i + length < count && view_equal(members[i + length].group, members[i].group))
            length++;
        group_make(compiler, members + i, length);
        i += length;
    }
}

void compile_numbers(struct compiler *compiler) {
    const struct form *previous = compiler->previous;
    struct form *form = &compiler->form;

    form->next_number = previous == NULL ? FIELD_FIRST_OF_FORM : previous->next_number;
    for (uint32_t i = 0; i < form->field_count && compiler->failed == RC_OK; i++) {
        struct form_field *field = &compiler->fields[i];

        field->path = path_of(compiler, field);
        if (compiler->failed != RC_OK)
            return;
        if (field->path.size > LIMIT_PATH_BYTES)
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[i].row,
                        compiler->survey.first[COLUMN_NAME],
                        "the names of the groups around it and its own make more than %u bytes",
                        LIMIT_PATH_BYTES);
        field->number = number_for(compiler, i);
    }
    number_scopes(compiler);
    make_groups(compiler);
    if (previous != NULL && compiler->failed == RC_OK)
        retire(compiler);
}
