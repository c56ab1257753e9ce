/* compile_survey.c: the rows of the survey sheet become fields, in their order. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"
#include "schema/limits.h"

/* Word processors turn ' and " into “ ” ‘ ’; in an expression that is never meant. */
struct view survey_expression(struct survey *survey, enum column_kind kind) {
    struct view text = survey_cell(survey, kind);
    uint8_t *plain;
    size_t size = 0;

    if (text.size > FORM_EXPRESSION_BYTES) {
        FINDING(survey, true, kind, "the text is too long; at most %u bytes are allowed",
                FORM_EXPRESSION_BYTES);
        return view_of(NULL, 0);
    }
    plain = compile_array(survey->compiler, text.size + 1, 1);
    if (plain == NULL)
        return view_of(NULL, 0);
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t *at = text.data + i;
        uint8_t last = text.size - i >= 3 && at[0] == 0xE2 && at[1] == 0x80 ? at[2] : 0;

        if (last == 0x98 || last == 0x99 || last == 0x9C || last == 0x9D) {
            plain[size++] = last < 0x9A ? '\'' : '"';
            i += 2;
        } else {
            plain[size++] = *at;
        }
    }
    return view_of(plain, size);
}

static struct form_field *field_new(struct survey *survey, struct view name, uint8_t type) {
    struct compiler *compiler = survey->compiler;
    struct form *form = &compiler->form;
    uint32_t capacity = compiler->field_capacity == 0 ? 64 : compiler->field_capacity * 2;
    struct form_field *field;
    struct row_note *note;

    if (form->field_count == LIMIT_FORM_FIELDS) {
        FINDING(survey, true, COLUMN_NAME, "a form has at most %u rows", LIMIT_FORM_FIELDS);
        return NULL;
    }
    if (form->field_count == compiler->field_capacity) {
        struct form_field *fields = compile_array(compiler, capacity, sizeof(*fields));
        struct row_note *notes = compile_array(compiler, capacity, sizeof(*notes));

        if (fields == NULL || notes == NULL)
            return NULL;
        if (form->field_count > 0) {
            memcpy(fields, compiler->fields, form->field_count * sizeof(*fields));
            memcpy(notes, compiler->notes, form->field_count * sizeof(*notes));
        }
        compiler->fields = fields;
        compiler->notes = notes;
        compiler->field_capacity = capacity;
    }
    field = &compiler->fields[form->field_count];
    note = &compiler->notes[form->field_count++];
    *field = (struct form_field){.type = type,
                                 .name = name,
                                 .parent = FORM_NO_PARENT,
                                 .repeat = FORM_NO_PARENT,
                                 .list = FORM_NO_LIST,
                                 .scope = FORM_NO_SCOPE};
    *note = (struct row_note){.row = survey->row};
    if (survey->depth > 0) {
        uint32_t parent = survey->open[survey->depth - 1].field;

        field->parent = parent;
        field->repeat = compiler->fields[parent].type == FIELD_TYPE_REPEAT
                            ? parent
                            : compiler->fields[parent].repeat;
        field->sensitive = compiler->fields[parent].sensitive;
        note->scope = compiler->notes[parent].scope;
    }
    return field;
}

static void check_name(struct survey *survey, struct view name) {
    if (name.size == 0)
        FINDING(survey, true, COLUMN_NAME, "the name is missing; every row needs one");
    else if (!form_name_valid(name))
        FINDING(survey, true, COLUMN_NAME,
                "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                VIEW_PRINT(finding_shown(name)));
    else if (survey->depth == 0 && view_is(name, "meta"))
        FINDING(
            survey, true, COLUMN_NAME,
            "the name \"meta\" is reserved for what XForms keep about a record; choose another");
}

/* Several names are parted by blanks; where one is chosen, a name may have them. */
static void check_blanks(struct survey *survey, const struct form_list *list) {
    for (uint32_t i = 0; i < list->choice_count; i++) {
        struct view name = list->choices[i].name;
        size_t at = 0;

        while (at < name.size && name.data[at] > ' ')
            at++;
        if (at == name.size)
            continue;
        FINDING(survey, true, COLUMN_TYPE,
                "the name \"%.*s\" in the list %.*s has a blank; where several are chosen, names "
                "have none",
                VIEW_PRINT(finding_shown(name)), VIEW_PRINT(finding_shown(list->name)));
        return;
    }
}

static void read_list(struct survey *survey, const struct row_type *type,
                      struct form_field *field) {
    struct compiler *compiler = survey->compiler;
    const struct form_list *near = NULL;
    uint32_t best = 4;

    if (type->list.size == 0) {
        FINDING(survey, true, COLUMN_TYPE,
                "the list is missing; write its list_name behind the type");
        return;
    }
    if (type->from_file) {
        FINDING(survey, false, COLUMN_TYPE,
                "choices from the file %.*s are not read; answers are not checked against it",
                VIEW_PRINT(finding_shown(type->list)));
        return;
    }
    field->list = compile_list(compiler, type->list);
    if (field->list != FORM_NO_LIST) {
        if (field->type == FIELD_TYPE_SELECT_MULTIPLE)
            check_blanks(survey, &compiler->lists[field->list]);
        if (type->or_other)
            compile_list_other(compiler, field->list);
        return;
    }
    for (uint32_t i = 0; i < compiler->form.list_count; i++) {
        uint32_t distance = word_distance(type->list, compiler->lists[i].name, best);

        if (distance < best) {
            best = distance;
            near = &compiler->lists[i];
        }
    }
    if (near != NULL)
        FINDING(survey, true, COLUMN_TYPE,
                "the list \"%.*s\" is not on the choices sheet; did you mean \"%.*s\"?",
                VIEW_PRINT(finding_shown(type->list)), VIEW_PRINT(finding_shown(near->name)));
    else
        FINDING(survey, true, COLUMN_TYPE, "the list \"%.*s\" is not on the choices sheet",
                VIEW_PRINT(finding_shown(type->list)));
}

/* What a person sees should have a label in every language. */
static void check_label(struct survey *survey, const struct form_field *field) {
    struct compiler *compiler = survey->compiler;
    const struct view *label = field->label.by_language;

    if (field->type == FIELD_TYPE_HIDDEN || field->type == FIELD_TYPE_CALCULATE ||
        field->type == FIELD_TYPE_META || field->type == FIELD_TYPE_GROUP)
        return;
    if (label == NULL) {
        if (field->type != FIELD_TYPE_REPEAT && field->hint.by_language == NULL)
            FINDING(survey, false, COLUMN_LABEL, "the label is missing; people will see the name");
        return;
    }
    for (uint32_t i = 0; i < compiler->form.language_count; i++)
        if (label[i].size == 0)
            FINDING(survey, false, COLUMN_LABEL, "the label in %.*s is missing",
                    VIEW_PRINT(compiler->languages[i]));
}

static void read_field(struct survey *survey, const struct row_type *type,
                       struct form_field *field) {
    const struct table *table = &survey->compiler->survey;
    struct compiler *compiler = survey->compiler;

    field->xlsform_type = survey_cell(survey, COLUMN_TYPE);
    field->label = table_text(compiler, table, survey->row, COLUMN_LABEL);
    field->hint = table_text(compiler, table, survey->row, COLUMN_HINT);
    field->constraint_message = table_text(compiler, table, survey->row, COLUMN_CONSTRAINT_MESSAGE);
    field->required_message = table_text(compiler, table, survey->row, COLUMN_REQUIRED_MESSAGE);
    field->required = survey_flag(survey, COLUMN_REQUIRED, &field->required_if);
    field->read_only = survey_flag(survey, COLUMN_READ_ONLY, &field->read_only_if);
    field->relevant = survey_expression(survey, COLUMN_RELEVANT);
    field->constraint = survey_expression(survey, COLUMN_CONSTRAINT);
    field->calculation = survey_expression(survey, COLUMN_CALCULATION);
    field->choice_filter = survey_expression(survey, COLUMN_CHOICE_FILTER);
    field->default_value = survey_expression(survey, COLUMN_DEFAULT);
    field->appearance = survey_expression(survey, COLUMN_APPEARANCE);
    field->parameters = survey_expression(survey, COLUMN_PARAMETERS);
    field->repeat_count = survey_expression(survey, COLUMN_REPEAT_COUNT);
    field->trigger = survey_expression(survey, COLUMN_TRIGGER);
    if (field->xlsform_type.size > LIMIT_PATH_BYTES)
        FINDING(survey, true, COLUMN_TYPE, "the text is too long; at most %u bytes are allowed",
                LIMIT_PATH_BYTES);
    if (field->type == FIELD_TYPE_CALCULATE && field->calculation.size == 0 &&
        field->default_value.size == 0)
        FINDING(survey, true, COLUMN_CALCULATION, "the calculation is missing");
    if (type->is_select)
        read_list(survey, type, field);
    check_label(survey, field);
}

/* "select_one list or_other" asks behind it what the other is. */
static void add_other(struct survey *survey, const struct form_field *of) {
    struct compiler *compiler = survey->compiler;
    struct form *form = &compiler->form;
    struct view name = of->name;
    struct form_field *field;
    struct view *label;
    char *text, *condition;

    text = arena_text(compiler->arena, "%.*s_other", VIEW_PRINT(name));
    condition = arena_text(compiler->arena, "selected(${%.*s}, 'other')", VIEW_PRINT(name));
    label = compile_array(compiler, form->language_count, sizeof(*label));
    if (text == NULL || condition == NULL || label == NULL)
        return;
    field = field_new(survey, view_text(text), FIELD_TYPE_TEXT);
    if (field == NULL)
        return;
    for (uint32_t i = 0; i < form->language_count; i++)
        label[i] = form_language_is(compiler->languages[i], view_text("zh")) ||
                           form_language_is(compiler->languages[i], view_text("中文"))
                       ? view_text("请说明其他")
                       : view_text("Specify other");
    field->label.by_language = label;
    field->relevant = view_text(condition);
    field->xlsform_type = view_text("text");
    compiler->notes[form->field_count - 1].is_made = true;
}

static void close_group(struct survey *survey, const struct row_type *type) {
    struct compiler *compiler = survey->compiler;
    const struct open_group *open;

    if (survey->depth == 0) {
        FINDING(survey, true, COLUMN_TYPE,
                "nothing is open here that could end; remove this row, or add its begin");
        return;
    }
    open = &survey->open[--survey->depth];
    if (compiler->fields[open->field].type != type->type)
        FINDING(survey, true, COLUMN_TYPE,
                "the %s that began in row %u is still open; end it first",
                field_type_name(compiler->fields[open->field].type), open->row + 1);
}

static void read_row(struct survey *survey) {
    struct compiler *compiler = survey->compiler;
    struct view written = survey_cell(survey, COLUMN_TYPE), name = survey_cell(survey, COLUMN_NAME);
    struct row_type type = row_type_parse(written, survey_cell(survey, COLUMN_PARAMETERS));
    struct form_field *field;
    uint32_t index;

    if (written.size == 0) {
        FINDING(survey, true, COLUMN_TYPE, "the type is missing");
        return;
    }
    if (type.kind == ROW_UNKNOWN && type.nearest != NULL)
        FINDING(survey, true, COLUMN_TYPE, "\"%.*s\" is not a type; did you mean \"%s\"?",
                VIEW_PRINT(finding_shown(written)), type.nearest);
    else if (type.kind == ROW_UNKNOWN)
        FINDING(survey, true, COLUMN_TYPE, "\"%.*s\" is not a type that we know",
                VIEW_PRINT(finding_shown(written)));
    else if (type.kind == ROW_SKIP)
        FINDING(survey, false, COLUMN_TYPE, "\"%.*s\" is not used; the row is left out",
                VIEW_PRINT(finding_shown(written)));
    else if (type.kind == ROW_END)
        close_group(survey, &type);
    if (type.kind != ROW_FIELD && type.kind != ROW_BEGIN)
        return;
    check_name(survey, name);
    if (type.kind == ROW_BEGIN && survey->depth == FORM_DEPTH) {
        FINDING(survey, true, COLUMN_TYPE, "groups nest at most %u deep", FORM_DEPTH);
        return;
    }
    field = field_new(survey, name, type.type);
    if (field == NULL)
        return;
    index = compiler->form.field_count - 1;
    read_field(survey, &type, field);
    survey_extensions(survey, field, &compiler->notes[index]);
    if (type.kind == ROW_BEGIN)
        survey->open[survey->depth++] = (struct open_group){.field = index, .row = survey->row};
    else if (type.or_other)
        add_other(survey, field);
}

void compile_survey(struct compiler *compiler) {
    struct survey survey = {.compiler = compiler, .sheet = compiler->survey.sheet};

    for (uint32_t kind = COLUMN_TYPE; kind <= COLUMN_NAME; kind++) {
        if (compiler->survey.first[kind] == NO_COLUMN) {
            finding_add(compiler, true, survey.sheet, 0, NO_COLUMN,
                        "the column %s is missing; add it to the first row",
                        kind == COLUMN_TYPE ? "type" : "name");
            return;
        }
    }
    for (survey.row = 1; survey.row < survey.sheet->row_count && compiler->failed == RC_OK;
         survey.row++)
        if (!row_is_empty(survey.sheet, survey.row))
            read_row(&survey);
    while (survey.depth > 0) {
        const struct open_group *open = &survey.open[--survey.depth];

        survey.row = open->row;
        FINDING(&survey, true, COLUMN_TYPE, "this %s is never ended; add its end below",
                field_type_name(compiler->fields[open->field].type));
    }
    if (compiler->form.field_count == 0)
        finding_add(compiler, true, survey.sheet, NO_ROW, NO_COLUMN, "the form asks nothing");
    compiler->form.fields = compiler->fields;
}
