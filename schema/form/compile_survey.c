/* compile_survey.c: the rows of the survey sheet become a tree of rows, and of most of them fields
 * of the compiled form, in their order. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"
#include "schema/form/xform.h"
#include "schema/limits.h"

/* Word processors turn ' and " into “ ” ‘ ’, and blanks into such as do not break lines; in an
 * expression neither is ever meant. */
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
        } else if (text.size - i >= 2 && at[0] == 0xC2 && at[1] == 0xA0) {
            plain[size++] = ' ';
            i++;
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
        uint32_t parent = compiler->rows[survey->open[survey->depth - 1].index].field;

        field->parent = parent;
        field->repeat = compiler->fields[parent].type == FIELD_TYPE_REPEAT
                            ? parent
                            : compiler->fields[parent].repeat;
        field->sensitive = compiler->fields[parent].sensitive;
        note->scope = compiler->notes[parent].scope;
    }
    return field;
}

/* A row of the tree at the place at hand. Its address holds until the next one is made. */
static struct survey_row *row_new(struct survey *survey, struct view name,
                                  const struct type_spec *spec) {
    struct compiler *compiler = survey->compiler;
    uint32_t parent = survey->depth > 0 ? survey->open[survey->depth - 1].index : NO_PARENT;
    struct view above = {0};
    struct survey_row *row;
    char *xpath;

    if (parent != NO_PARENT)
        above = compiler->rows[parent].xpath;
    xpath = parent == NO_PARENT
                ? arena_text(compiler->arena, "/%.*s/%.*s", VIEW_PRINT(compiler->root_name),
                             VIEW_PRINT(name))
                : arena_text(compiler->arena, "%.*s/%.*s", VIEW_PRINT(above), VIEW_PRINT(name));
    row = arena_push(compiler->arena, &compiler->rows, &compiler->row_count,
                     &compiler->row_capacity, sizeof(*row));
    if (row == NULL || xpath == NULL) {
        if (compiler->failed == RC_OK)
            compiler->failed = arena_check(compiler->arena, "form", compiler->err);
        return NULL;
    }
    *row = (struct survey_row){.spec = spec,
                               .row = survey->row,
                               .field = NO_FIELD,
                               .parent = parent,
                               .repeat = NO_PARENT,
                               .end = compiler->row_count,
                               .name = name,
                               .xpath = view_text(xpath),
                               .list = FORM_NO_LIST,
                               .count_row = NO_ROW,
                               .entity = NO_ROW};
    if (parent != NO_PARENT)
        row->repeat = compiler->rows[parent].spec->type == FIELD_TYPE_REPEAT
                          ? parent
                          : compiler->rows[parent].repeat;
    return row;
}

/* What XML takes for a letter beyond ASCII; punctuation and symbols are none. */
static bool is_xml_name(struct view name) {
    static const uint32_t ranges[][2] = {
        {0xB7, 0xB7},     {0xC0, 0xD6},     {0xD8, 0xF6},      {0xF8, 0x37D},    {0x37F, 0x1FFF},
        {0x200C, 0x200D}, {0x203F, 0x2040}, {0x2070, 0x218F},  {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
        {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

    for (size_t at = 0; at < name.size;) {
        uint32_t c = utf8_next(name, &at);
        bool found = c < 0x80;

        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && !found; i++)
            found = c >= ranges[i][0] && c <= ranges[i][1];
        if (!found)
            return false;
    }
    return true;
}

static void check_name(struct survey *survey, struct view name) {
    if (name.size == 0)
        FINDING(survey, true, COLUMN_NAME, "the name is missing; every row needs one");
    else if (!form_name_valid(name) || !is_xml_name(name))
        FINDING(survey, true, COLUMN_NAME,
                "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                VIEW_PRINT(finding_shown(name)));
    else if (view_is(name, "meta"))
        FINDING(
            survey, !survey->compiler->options.lenient, COLUMN_NAME,
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

static bool ends_in(struct view name, const char *end) {
    size_t size = strlen(end);

    return name.size > size && memcmp(name.data + name.size - size, end, size) == 0;
}

/* Choices that do not stand on the choices sheet. */
static bool read_elsewhere(struct survey *survey, const struct row_type *type,
                           struct survey_row *row) {
    const struct table *external = &survey->compiler->external_choices;
    bool there = false;

    if (type->list.size > 2 && memcmp(type->list.data, "${", 2) == 0 && !type->is_external) {
        row->file = type->list;
        return true;
    }
    if (type->from_file) {
        row->file = type->list;
        if (!ends_in(type->list, ".csv") && !ends_in(type->list, ".xml") &&
            !ends_in(type->list, ".geojson"))
            FINDING(survey, true, COLUMN_TYPE,
                    "the file \"%.*s\" must end in .csv, .xml or .geojson",
                    VIEW_PRINT(finding_shown(type->list)));
        return true;
    }
    if (!type->is_external)
        return false;
    row->file = type->list;
    for (uint32_t i = 1; external->sheet != NULL && i < external->sheet->row_count && !there; i++)
        there = view_equal(table_cell(external, i, COLUMN_LIST_NAME), type->list);
    if (external->sheet == NULL) {
        compile_sheet_similar(survey->compiler, "external_choices", true);
        FINDING(survey, true, COLUMN_TYPE,
                "there is no sheet external_choices; add it, or write select_one");
    } else if (!there) {
        FINDING(survey, true, COLUMN_TYPE, "the list \"%.*s\" is not on the sheet external_choices",
                VIEW_PRINT(finding_shown(type->list)));
    }
    return true;
}

static void read_list(struct survey *survey, const struct row_type *type, struct survey_row *row) {
    struct compiler *compiler = survey->compiler;
    const struct form_list *near = NULL;
    uint32_t best = 4;

    if (type->list.size == 0) {
        FINDING(survey, true, COLUMN_TYPE,
                "the list is missing; write its list_name behind the type");
        return;
    }
    if (!name_is_quotable(type->list)) {
        FINDING(survey, true, COLUMN_TYPE,
                "\"%.*s\" can not be the name of a list; leave out quotes and < > &",
                VIEW_PRINT(finding_shown(type->list)));
        return;
    }
    if (type->or_other && row->choice_filter.size > 0)
        FINDING(survey, true, COLUMN_CHOICE_FILTER,
                "or_other can not be filtered; put the choice \"other\" into the list yourself");
    if (read_elsewhere(survey, type, row))
        return;
    row->list = compile_list(compiler, type->list);
    if (row->list != FORM_NO_LIST) {
        bool search = row->appearance.size > 7 && memcmp(row->appearance.data, "search(", 7) == 0;

        if (type->type == FIELD_TYPE_SELECT_MULTIPLE)
            check_blanks(survey, &compiler->lists[row->list]);
        if (type->or_other && survey->compiler->form.language_count > 1)
            FINDING(
                survey, false, COLUMN_TYPE,
                "or_other asks in one language only; with several, put the choice \"other\" into "
                "the list and ask for it yourself");
        if (type->or_other)
            compile_list_other(compiler, row->list);
        compiler->list_notes[row->list].is_used = true;
        compiler->list_notes[row->list].is_instance |= !search;
        return;
    }
    if (compiler->choices.sheet == NULL)
        compile_sheet_similar(compiler, "choices", true);
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
static void check_label(struct survey *survey, const struct survey_row *row,
                        const struct form_field *field) {
    struct compiler *compiler = survey->compiler;
    const struct view *label = field->label.by_language;

    if (row->spec->control == NULL || field->type == FIELD_TYPE_GROUP)
        return;
    if (label == NULL) {
        if (field->type == FIELD_TYPE_REPEAT)
            FINDING(survey, false, COLUMN_LABEL, "the repeat has no label");
        else if (!row->has_label && !row->has_hint && row->calculation.size == 0 &&
                 row->trigger.size == 0)
            FINDING(survey, !compiler->options.lenient, COLUMN_LABEL,
                    "the label is missing; write what people are asked");
        return;
    }
    for (uint32_t i = 0; i < compiler->form.language_count; i++)
        if (label[i].size == 0 && table_translated(&compiler->survey, survey->row, COLUMN_LABEL))
            FINDING(survey, false, COLUMN_LABEL, "the label in %.*s is missing",
                    VIEW_PRINT(compiler->languages[i]));
}

static void read_row_cells(struct survey *survey, struct survey_row *row) {
    const struct table *table = &survey->compiler->survey;

    row->type = survey_cell(survey, COLUMN_TYPE);
    row->relevant = survey_expression(survey, COLUMN_RELEVANT);
    row->constraint = survey_expression(survey, COLUMN_CONSTRAINT);
    row->warning = survey_expression(survey, COLUMN_WARNING);
    row->calculation = survey_expression(survey, COLUMN_CALCULATION);
    row->required = survey_expression(survey, COLUMN_REQUIRED);
    row->read_only = survey_expression(survey, COLUMN_READ_ONLY);
    row->choice_filter = survey_expression(survey, COLUMN_CHOICE_FILTER);
    row->default_value = survey_expression(survey, COLUMN_DEFAULT);
    row->appearance = survey_expression(survey, COLUMN_APPEARANCE);
    row->repeat_count = survey_expression(survey, COLUMN_REPEAT_COUNT);
    row->trigger = survey_expression(survey, COLUMN_TRIGGER);
    row->save_to = survey_cell(survey, COLUMN_SAVE_TO);
    for (uint32_t kind = COLUMN_IMAGE; kind <= COLUMN_VIDEO; kind++)
        row->has_label |= table_has_text(table, survey->row, (enum column_kind)kind);
    row->has_label |= table_has_text(table, survey->row, COLUMN_LABEL);
    row->has_hint = table_has_text(table, survey->row, COLUMN_HINT) ||
                    table_has_text(table, survey->row, COLUMN_GUIDANCE);
    if (table_has_text(table, survey->row, COLUMN_BIG_IMAGE) &&
        !table_has_text(table, survey->row, COLUMN_IMAGE))
        FINDING(survey, true, COLUMN_BIG_IMAGE,
                "a big-image needs an image too, which it is the larger view of");
    survey_parameters(survey, row);
}

static void read_field(struct survey *survey, const struct survey_row *row,
                       struct form_field *field) {
    const struct table *table = &survey->compiler->survey;
    struct compiler *compiler = survey->compiler;

    field->xlsform_type = row->type;
    field->label = table_text(compiler, table, survey->row, COLUMN_LABEL);
    field->hint = table_text(compiler, table, survey->row, COLUMN_HINT);
    field->constraint_message = table_text(compiler, table, survey->row, COLUMN_CONSTRAINT_MESSAGE);
    field->required_message = table_text(compiler, table, survey->row, COLUMN_REQUIRED_MESSAGE);
    field->warning_message = table_text(compiler, table, survey->row, COLUMN_WARNING_MESSAGE);
    field->required = survey_flag(survey, COLUMN_REQUIRED, &field->required_if);
    field->read_only = survey_flag(survey, COLUMN_READ_ONLY, &field->read_only_if);
    field->relevant = row->relevant;
    field->constraint = row->constraint;
    field->warning = row->warning;
    field->calculation = row->calculation;
    field->choice_filter = row->choice_filter;
    field->default_value = row->default_value;
    field->appearance = row->appearance;
    field->parameters = survey_expression(survey, COLUMN_PARAMETERS);
    field->repeat_count = row->repeat_count;
    field->trigger = row->trigger;
    field->list = row->list;
    if (field->xlsform_type.size > LIMIT_PATH_BYTES)
        FINDING(survey, true, COLUMN_TYPE, "the text is too long; at most %u bytes are allowed",
                LIMIT_PATH_BYTES);
    if (field->type == FIELD_TYPE_CALCULATE && field->calculation.size == 0 &&
        !default_is_dynamic(field->default_value, row))
        FINDING(survey, true, COLUMN_CALCULATION, "the calculation is missing");
    if (strcmp(row->spec->text, "simserial") == 0 || strcmp(row->spec->text, "subscriberid") == 0)
        FINDING(survey, false, COLUMN_TYPE, "new devices no longer tell this; it will be empty");
    if (strcmp(row->spec->text, "background geopoint") == 0 && field->trigger.size == 0)
        FINDING(survey, true, COLUMN_TRIGGER,
                "the trigger is missing; name the question whose answer takes the position");
    check_label(survey, row, field);
}

/* "select_one list or_other" asks behind it what the other is. */
static void add_other(struct survey *survey, struct view name) {
    struct compiler *compiler = survey->compiler;
    struct form *form = &compiler->form;
    struct survey_row *row;
    struct form_field *field;
    struct view *label;
    char *text, *condition, *beside;

    text = arena_text(compiler->arena, "%.*s_other", VIEW_PRINT(name));
    condition = arena_text(compiler->arena, "selected(${%.*s}, 'other')", VIEW_PRINT(name));
    beside = arena_text(compiler->arena, "selected(../%.*s, 'other')", VIEW_PRINT(name));
    label = compile_array(compiler, form->language_count, sizeof(*label));
    if (text == NULL || condition == NULL || beside == NULL || label == NULL)
        return;
    row = row_new(survey, view_text(text), type_spec_named("text"));
    field = row == NULL ? NULL : field_new(survey, view_text(text), FIELD_TYPE_TEXT);
    if (field == NULL)
        return;
    for (uint32_t i = 0; i < form->language_count; i++)
        label[i] = form_language_is(compiler->languages[i], view_text("zh")) ||
                           form_language_is(compiler->languages[i], view_text("中文"))
                       ? view_text("请说明其他")
                       : view_text("Specify other.");
    field->label.by_language = label;
    field->relevant = view_text(condition);
    field->xlsform_type = view_text("text");
    row->field = form->field_count - 1;
    row->is_made = row->has_label = true;
    row->relevant = view_text(beside);
    row->label = label[form->language_count == 1 ? 0 : form->default_language];
}

/* A count that is more than one question stands in a question of its own before the repeat. */
static uint32_t add_count(struct survey *survey, struct view name, struct view count) {
    struct compiler *compiler = survey->compiler;
    struct survey_row *row;
    struct reference reference;
    char *text;

    if (reference_next(count, 0, &reference) && reference.is_closed && reference.start == 0 &&
        reference.end == count.size && !reference.is_last_saved)
        return NO_ROW;
    text = arena_text(compiler->arena, "%.*s_count", VIEW_PRINT(name));
    row = text == NULL ? NULL : row_new(survey, view_text(text), type_spec_named("calculate"));
    if (row == NULL)
        return NO_ROW;
    row->is_made = true;
    row->calculation = count;
    row->read_only = view_text("true()");
    return compiler->row_count - 1;
}

static void close_group(struct survey *survey, const struct row_type *type) {
    struct compiler *compiler = survey->compiler;
    const struct open_group *open;
    struct survey_row *row;

    if (survey_cell(survey, COLUMN_SAVE_TO).size > 0)
        FINDING(survey, true, COLUMN_SAVE_TO,
                "a group or repeat can not be saved to an entity; leave this empty here");
    if (survey->depth == 0) {
        FINDING(survey, true, COLUMN_TYPE,
                "nothing is open here that could end; remove this row, or add its begin");
        return;
    }
    open = &survey->open[--survey->depth];
    row = &compiler->rows[open->index];
    row->end = compiler->row_count;
    if (row->spec->type != type->type)
        FINDING(survey, true, COLUMN_TYPE,
                "the %s that began in row %u is still open; end it first",
                field_type_name((enum field_type)row->spec->type), open->row + 1);
}

/* An audit log or a file: nothing that the compiled form knows of. */
static void read_other_row(struct survey *survey, const struct row_type *type, struct view name) {
    struct survey_row *row;

    if (type->kind == ROW_AUDIT && name.size == 0)
        name = view_text("audit");
    if (type->kind == ROW_AUDIT && !view_is(name, "audit"))
        FINDING(survey, true, COLUMN_NAME, "an audit is always named \"audit\"");
    else
        check_name(survey, name);
    row = row_new(survey, name, type->spec);
    if (row != NULL)
        read_row_cells(survey, row);
}

static void read_begin_or_question(struct survey *survey, const struct row_type *type,
                                   struct view name) {
    struct compiler *compiler = survey->compiler;
    struct view count = survey_expression(survey, COLUMN_REPEAT_COUNT);
    uint32_t count_row = NO_ROW, index, field_index;
    struct survey_row *row;
    struct form_field *field;

    check_name(survey, name);
    if (type->kind == ROW_BEGIN && survey->depth == FORM_DEPTH) {
        FINDING(survey, true, COLUMN_TYPE, "groups nest at most %u deep", FORM_DEPTH);
        return;
    }
    if (type->type == FIELD_TYPE_REPEAT && count.size > 0)
        count_row = add_count(survey, name, count);
    row = row_new(survey, name, type->spec);
    field = row == NULL ? NULL : field_new(survey, name, type->type);
    if (field == NULL)
        return;
    index = compiler->row_count - 1;
    field_index = compiler->form.field_count - 1;
    row->field = field_index;
    row->count_row = count_row;
    if (type->from_file || !type->is_select || (type->list.size > 0 && type->list.data[0] == '$'))
        row->file = type->list;
    read_row_cells(survey, row);
    if (type->is_select)
        read_list(survey, type, row);
    row->or_other = type->or_other;
    read_field(survey, row, field);
    survey_extensions(survey, field, &compiler->notes[field_index]);
    if (type->kind == ROW_BEGIN)
        survey->open[survey->depth++] = (struct open_group){.index = index, .row = survey->row};
    else if (type->or_other && row->list != FORM_NO_LIST)
        add_other(survey, name);
}

static void read_row(struct survey *survey) {
    struct view written = survey_cell(survey, COLUMN_TYPE), name = survey_cell(survey, COLUMN_NAME);
    struct row_type type = row_type_parse(written, survey_cell(survey, COLUMN_PARAMETERS));

    if (written.size == 0)
        FINDING(survey, true, COLUMN_TYPE, "the type is missing");
    else if (type.kind == ROW_UNKNOWN && type.nearest != NULL)
        FINDING(survey, true, COLUMN_TYPE, "\"%.*s\" is not a type; did you mean \"%s\"?",
                VIEW_PRINT(finding_shown(written)), type.nearest);
    else if (type.kind == ROW_UNKNOWN)
        FINDING(survey, true, COLUMN_TYPE, "\"%.*s\" is not a type that we know",
                VIEW_PRINT(finding_shown(written)));
    else if (type.kind == ROW_END)
        close_group(survey, &type);
    else if (type.kind == ROW_AUDIT || type.kind == ROW_EXTERNAL)
        read_other_row(survey, &type, name);
    else
        read_begin_or_question(survey, &type, name);
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
        if (!row_is_empty(survey.sheet, survey.row) &&
            yes_or_no(survey_cell(&survey, COLUMN_DISABLED)) != 1)
            read_row(&survey);
    while (survey.depth > 0) {
        const struct open_group *open = &survey.open[--survey.depth];
        struct survey_row *row = &compiler->rows[open->index];

        row->end = compiler->row_count;
        survey.row = open->row;
        FINDING(&survey, true, COLUMN_TYPE, "this %s is never ended; add its end below",
                field_type_name((enum field_type)row->spec->type));
    }
    if (compiler->row_count == 0)
        finding_add(compiler, true, survey.sheet, NO_ROW, NO_COLUMN, "the form asks nothing");
    compiler->form.fields = compiler->fields;
}
