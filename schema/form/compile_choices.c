/* compile_choices.c: the choices sheet becomes lists.
 *
 * The rows of one list need not stand together. Columns that are not ours (province, district...)
 * are what choice_filter looks at; a list keeps those in which it has any cell. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/limits.h"

struct row_key { /* to find what stands twice, and to bring lists together */
    struct view list, name;
    uint32_t row;
};

static int key_compare(const void *left, const void *right) {
    const struct row_key *a = left, *b = right;
    int order = view_compare(a->list, b->list);

    if (order == 0)
        order = view_compare(a->name, b->name);
    if (order != 0)
        return order;
    return a->row < b->row ? -1 : a->row > b->row;
}

uint32_t compile_list(const struct compiler *compiler, struct view name) {
    for (uint32_t i = 0; i < compiler->form.list_count; i++)
        if (view_equal(compiler->lists[i].name, name))
            return i;
    return FORM_NO_LIST;
}

/* Checks the rows and gives them back in order of the sheet; rows with errors are left out. */
static struct row_key *rows_check(struct compiler *compiler, uint32_t *count) {
    const struct table *table = &compiler->choices;
    const struct sheet *sheet = table->sheet;
    struct row_key *rows = compile_array(compiler, sheet->row_count, sizeof(*rows));

    *count = 0;
    for (uint32_t row = 1; row < sheet->row_count && rows != NULL; row++) {
        struct view list = table_cell(table, row, COLUMN_LIST_NAME);
        struct view name = table_cell(table, row, COLUMN_NAME);

        if (row_is_empty(sheet, row))
            continue;
        if (list.size == 0 || list.size > LIMIT_NAME_BYTES)
            finding_add(compiler, true, sheet, row, table->first[COLUMN_LIST_NAME],
                        "the list_name is missing or too long; write the name of the list");
        else if (!name_is_quotable(list))
            finding_add(compiler, true, sheet, row, table->first[COLUMN_LIST_NAME],
                        "\"%.*s\" can not be the name of a list; leave out quotes and < > &",
                        VIEW_PRINT(finding_shown(list)));
        else if (name.size == 0)
            finding_add(compiler, true, sheet, row, table->first[COLUMN_NAME],
                        "the name of the choice is missing");
        else if (name.size > LIMIT_NAME_BYTES)
            finding_add(compiler, true, sheet, row, table->first[COLUMN_NAME],
                        "the text is too long; at most %u bytes are allowed", LIMIT_NAME_BYTES);
        else
            rows[(*count)++] = (struct row_key){.list = list, .name = name, .row = row};
    }
    if (*count > LIMIT_FORM_CHOICES) {
        finding_add(compiler, true, sheet, NO_ROW, NO_COLUMN, "a form has at most %u choices",
                    LIMIT_FORM_CHOICES);
        *count = 0;
    }
    return rows;
}

static void doubles_find(struct compiler *compiler, const struct row_key *sorted, uint32_t count) {
    for (uint32_t i = 1; i < count; i++)
        if (view_equal(sorted[i].list, sorted[i - 1].list) &&
            view_equal(sorted[i].name, sorted[i - 1].name) && !compiler->allow_duplicates)
            finding_add(compiler, !compiler->options.lenient, compiler->choices.sheet,
                        sorted[i].row, compiler->choices.first[COLUMN_NAME],
                        "the choice \"%.*s\" stands in the list %.*s already, in row %u; give it "
                        "another name, or allow_choice_duplicates in the settings",
                        VIEW_PRINT(finding_shown(sorted[i].name)),
                        VIEW_PRINT(finding_shown(sorted[i].list)), sorted[i - 1].row + 1);
}

static void list_new(struct compiler *compiler, struct view name, uint32_t row) {
    struct form *form = &compiler->form;

    if (form->list_count == compiler->list_capacity) {
        uint32_t capacity = compiler->list_capacity == 0 ? 16 : compiler->list_capacity * 2;
        struct form_list *lists = compile_array(compiler, capacity, sizeof(*lists));
        struct list_note *notes = compile_array(compiler, capacity, sizeof(*notes));

        if (lists == NULL || notes == NULL)
            return;
        if (form->list_count > 0) {
            memcpy(lists, compiler->lists, form->list_count * sizeof(*lists));
            memcpy(notes, compiler->list_notes, form->list_count * sizeof(*notes));
        }
        compiler->lists = lists;
        compiler->list_notes = notes;
        compiler->list_capacity = capacity;
    }
    compiler->lists[form->list_count] = (struct form_list){.name = name};
    compiler->list_notes[form->list_count++] = (struct list_note){.row = row};
}

/* The further columns in which the list has cells: their names into the list, their places into
 * columns (room for all of the sheet). */
static void list_columns(struct compiler *compiler, struct form_list *list,
                         const struct row_key *rows, uint32_t count, uint32_t *columns) {
    const struct table *table = &compiler->choices;
    struct view *names = compile_array(compiler, table->sheet->column_count, sizeof(*names));

    for (uint32_t i = 0; names != NULL && i < table->sheet->column_count; i++) {
        struct view head = cell_at(table->sheet, 0, i);
        bool used = false;

        if (table->columns[i].kind != COLUMN_NONE || head.size == 0 ||
            list->column_count == LIMIT_NAME_BYTES)
            continue;
        for (uint32_t j = 0; j < count && !used; j++)
            used = cell_at(table->sheet, rows[j].row, i).size > 0;
        if (!used)
            continue;
        if (head.size > LIMIT_NAME_BYTES) {
            finding_add(compiler, true, table->sheet, 0, i,
                        "the text is too long; at most %u bytes are allowed", LIMIT_NAME_BYTES);
            continue;
        }
        columns[list->column_count] = i;
        names[list->column_count++] = head;
    }
    list->columns = names;
}

static void list_fill(struct compiler *compiler, struct form_list *list, const struct row_key *rows,
                      uint32_t count) {
    const struct table *table = &compiler->choices;
    struct form_choice *choices = compile_array(compiler, count, sizeof(*choices));
    uint32_t *columns = compile_array(compiler, table->sheet->column_count, sizeof(*columns));
    uint32_t *places = compile_array(compiler, count + 1u, sizeof(*places));

    if (choices == NULL || columns == NULL || places == NULL)
        return;
    list_columns(compiler, list, rows, count, columns);
    for (uint32_t i = 0; i < count && compiler->failed == RC_OK; i++) {
        struct view *cells = NULL;

        choices[i].name = rows[i].name;
        places[i] = rows[i].row;
        choices[i].label = table_text(compiler, table, rows[i].row, COLUMN_LABEL);
        if (choices[i].label.by_language == NULL &&
            !table_has_text(table, rows[i].row, COLUMN_IMAGE) &&
            !table_has_text(table, rows[i].row, COLUMN_AUDIO))
            finding_add(compiler, false, table->sheet, rows[i].row, table->first[COLUMN_LABEL],
                        "the choice \"%.*s\" has no label",
                        VIEW_PRINT(finding_shown(rows[i].name)));
        if (list->column_count > 0)
            cells = compile_array(compiler, list->column_count, sizeof(*cells));
        for (uint32_t j = 0; cells != NULL && j < list->column_count; j++)
            cells[j] = cell_at(table->sheet, rows[i].row, columns[j]);
        choices[i].cells = cells;
    }
    places[count] = NO_ROW; /* room for or_other */
    compiler->list_notes[list - compiler->lists].rows = places;
    list->choices = choices;
    list->choice_count = count;
}

static int row_compare(const void *left, const void *right) {
    const struct row_key *a = left, *b = right;
    int order = view_compare(a->list, b->list);

    if (order != 0)
        return order;
    return a->row < b->row ? -1 : a->row > b->row;
}

static bool columns_there(struct compiler *compiler) {
    const struct table *table = &compiler->choices;
    bool there = true;

    if (table->first[COLUMN_LIST_NAME] == NO_COLUMN) {
        finding_add(compiler, true, table->sheet, 0, NO_COLUMN,
                    "the column %s is missing; add it to the first row", "list_name");
        there = false;
    }
    if (table->first[COLUMN_NAME] == NO_COLUMN) {
        finding_add(compiler, true, table->sheet, 0, NO_COLUMN,
                    "the column %s is missing; add it to the first row", "name");
        there = false;
    }
    return there;
}

void compile_choices(struct compiler *compiler) {
    struct row_key *rows, *sorted;
    uint32_t count;

    if (compiler->choices.sheet == NULL || compiler->choices.sheet->row_count == 0 ||
        !columns_there(compiler))
        return;
    rows = rows_check(compiler, &count);
    sorted = compile_array(compiler, count, sizeof(*sorted));
    if (rows == NULL || sorted == NULL || count == 0)
        return;
    memcpy(sorted, rows, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), key_compare);
    doubles_find(compiler, sorted, count);
    qsort(sorted, count, sizeof(*sorted), row_compare);
    /* Lists in order of their first rows: rows is still in order of the sheet. */
    for (uint32_t i = 0; i < count && compiler->failed == RC_OK; i++) {
        struct row_key *found = bsearch(&rows[i], sorted, count, sizeof(*sorted), row_compare);
        uint32_t length = 1;

        if (found == NULL || (found > sorted && view_equal(found[-1].list, rows[i].list)))
            continue; /* not the first of its list */
        while (found + length < sorted + count && view_equal(found[length].list, rows[i].list))
            length++;
        list_new(compiler, rows[i].list, rows[i].row);
        if (compiler->failed == RC_OK)
            list_fill(compiler, &compiler->lists[compiler->form.list_count - 1], found, length);
    }
    compiler->form.lists = compiler->lists;
}

void compile_list_other(struct compiler *compiler, uint32_t list_index) {
    struct form_list *list = &compiler->lists[list_index];
    const struct view chinese = view_text("其他"), english = view_text("Other");
    struct form_choice *choices;
    struct view *label, *cells;

    if (form_list_choice(list, view_text("other")) != NULL)
        return;
    choices = compile_array(compiler, list->choice_count + 1u, sizeof(*choices));
    label = compile_array(compiler, compiler->form.language_count, sizeof(*label));
    cells = compile_array(compiler, list->column_count, sizeof(*cells));
    if (choices == NULL || label == NULL || cells == NULL)
        return;
    for (uint32_t i = 0; i < compiler->form.language_count; i++)
        label[i] = form_language_is(compiler->languages[i], view_text("zh")) ||
                           form_language_is(compiler->languages[i], view_text("中文"))
                       ? chinese
                       : english;
    memcpy(choices, list->choices, list->choice_count * sizeof(*choices));
    choices[list->choice_count] = (struct form_choice){
        .name = view_text("other"), .label = {.by_language = label}, .cells = cells};
    list->choices = choices;
    list->choice_count++;
}
