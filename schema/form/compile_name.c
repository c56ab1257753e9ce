/* compile_name.c: names that stand twice in one group, and ${references} to names that no row
 * has. Expressions themselves are kept as source text; only their references are looked at. */
#include "base/text.h"
#include "schema/form/compile.h"

struct named {
    struct view name;
    uint32_t parent;
    uint32_t field;
};

static int by_place(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order;

    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    order = view_compare(a->name, b->name);
    if (order != 0)
        return order;
    return a->field < b->field ? -1 : a->field > b->field;
}

static int by_name(const void *left, const void *right) {
    const struct named *a = left, *b = right;

    return view_compare(a->name, b->name);
}

static void check_references(struct compiler *compiler, struct view text, uint32_t field,
                             enum column_kind kind, const struct named *names) {
    for (size_t i = 0; i + 2 < text.size; i++) {
        struct named wanted = {0};
        size_t end = i + 2;

        if (text.data[i] != '$' || text.data[i + 1] != '{')
            continue;
        while (end < text.size && text.data[end] != '}')
            end++;
        wanted.name = text_trim(view_slice(text, i + 2, end - i - 2));
        if (wanted.name.size > 11 && memcmp(wanted.name.data, "last-saved#", 11) == 0)
            wanted.name = view_slice(wanted.name, 11, wanted.name.size);
        if (end == text.size)
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[field].row,
                        compiler->survey.first[kind], "a ${ is never closed; add the }");
        else if (bsearch(&wanted, names, compiler->form.field_count, sizeof(wanted), by_name) ==
                 NULL)
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[field].row,
                        compiler->survey.first[kind],
                        "${%.*s} means a question that does not exist; check the name",
                        VIEW_PRINT(finding_shown(wanted.name)));
        i = end;
    }
}

static void check_field(struct compiler *compiler, uint32_t index, const struct named *names) {
    const struct form_field *field = &compiler->fields[index];
    const struct {
        struct view text;
        uint8_t kind;
    } expressions[] = {
        {field->relevant, COLUMN_RELEVANT},       {field->constraint, COLUMN_CONSTRAINT},
        {field->calculation, COLUMN_CALCULATION}, {field->choice_filter, COLUMN_CHOICE_FILTER},
        {field->default_value, COLUMN_DEFAULT},   {field->repeat_count, COLUMN_REPEAT_COUNT},
        {field->trigger, COLUMN_TRIGGER},         {field->required_if, COLUMN_REQUIRED},
        {field->read_only_if, COLUMN_READ_ONLY},
    };

    if (compiler->notes[index].is_made)
        return;
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
        check_references(compiler, expressions[i].text, index,
                         (enum column_kind)expressions[i].kind, names);
}

void compile_names(struct compiler *compiler) {
    uint32_t count = compiler->form.field_count;
    struct named *names = compile_array(compiler, count, sizeof(*names));

    if (names == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        names[i] = (struct named){
            .name = compiler->fields[i].name, .parent = compiler->fields[i].parent, .field = i};
    qsort(names, count, sizeof(*names), by_place);
    for (uint32_t i = 1; i < count; i++)
        if (names[i].parent == names[i - 1].parent && names[i].name.size > 0 &&
            view_equal(names[i].name, names[i - 1].name))
            finding_add(compiler, true, compiler->survey.sheet, compiler->notes[names[i].field].row,
                        compiler->survey.first[COLUMN_NAME],
                        "the name \"%.*s\" stands in this group already, in row %u; choose another",
                        VIEW_PRINT(finding_shown(names[i].name)),
                        compiler->notes[names[i - 1].field].row + 1);
    qsort(names, count, sizeof(*names), by_name);
    for (uint32_t i = 0; i < count; i++)
        check_field(compiler, i, names);
}
