/* compile_sheet.c: sheets by name, and their cells.
 *
 * A sheet is found in any case. A sheet that a form should have and has not, while another's name
 * is nearly the same, was probably meant; a name that begins with an underscore never was. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"

#define SHEET_NAME_BYTES 64u

static const char *const sheet_names[] = {"survey",   "choices",          "settings",
                                          "entities", "external_choices", "osm"};

static bool name_is(struct view written, const char *name) {
    char small[SHEET_NAME_BYTES];

    written = text_trim(written);
    if (written.size >= sizeof(small))
        return false;
    if (written.size > 0)
        memcpy(small, written.data, written.size);
    small[written.size] = '\0';
    text_to_lower(small);
    return strcmp(small, name) == 0;
}

bool xlsform_sheet_known(struct view name) {
    for (size_t i = 0; i < sizeof(sheet_names) / sizeof(sheet_names[0]); i++)
        if (name_is(name, sheet_names[i]))
            return true;
    return false;
}

const struct sheet *compile_sheet(const struct compiler *compiler, const char *name) {
    for (uint32_t i = 0; i < compiler->workbook->sheet_count; i++)
        if (name_is(compiler->workbook->sheets[i].name, name))
            return &compiler->workbook->sheets[i];
    return NULL;
}

void compile_sheet_similar(struct compiler *compiler, const char *name, bool is_error) {
    struct view wanted = view_text(name);

    for (uint32_t i = 0; i < compiler->workbook->sheet_count; i++) {
        const struct sheet *sheet = &compiler->workbook->sheets[i];
        char small[SHEET_NAME_BYTES];

        if (sheet->name.size == 0 || sheet->name.size >= sizeof(small) ||
            sheet->name.data[0] == '_' || xlsform_sheet_known(sheet->name))
            continue;
        memcpy(small, sheet->name.data, sheet->name.size);
        small[sheet->name.size] = '\0';
        text_to_lower(small);
        if (word_distance(view_text(small), wanted, 4) <= 2)
            finding_add(compiler, is_error, sheet, NO_ROW, NO_COLUMN,
                        "the sheet is not used; did you mean \"%s\"? If not, begin its name with "
                        "an underscore",
                        name);
    }
}

/* Pages that people copy from are full of blanks that do not break lines (U+00A0). */
static struct view trim(struct view text) {
    static const uint8_t blank[] = {0xC2, 0xA0};
    size_t before;

    do {
        text = text_trim(text);
        before = text.size;
        if (text.size >= 2 && memcmp(text.data, blank, 2) == 0)
            text = view_slice(text, 2, text.size);
        if (text.size >= 2 && memcmp(text.data + text.size - 2, blank, 2) == 0)
            text.size -= 2;
    } while (text.size < before);
    return text;
}

struct view cell_at(const struct sheet *sheet, uint32_t row, uint32_t column) {
    if (sheet == NULL || row >= sheet->row_count || column >= sheet->column_count)
        return view_of(NULL, 0);
    return trim(sheet->cells[(size_t)row * sheet->column_count + column]);
}

struct view table_cell(const struct table *table, uint32_t row, enum column_kind kind) {
    return cell_at(table->sheet, row, table->first[kind]);
}

bool name_is_quotable(struct view name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < ' ' || strchr("'\"<>&", name.data[i]) != NULL)
            return false;
    return true;
}

bool row_is_empty(const struct sheet *sheet, uint32_t row) {
    for (uint32_t i = 0; i < sheet->column_count; i++)
        if (cell_at(sheet, row, i).size > 0)
            return false;
    return true;
}

struct form_text table_text(struct compiler *compiler, const struct table *table, uint32_t row,
                            enum column_kind kind) {
    struct form_text text = {0};
    struct view *texts = NULL;

    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++) {
        struct view cell;

        if (table->columns[i].kind != kind || (cell = cell_at(table->sheet, row, i)).size == 0)
            continue;
        if (cell.size > FORM_EXPRESSION_BYTES) {
            finding_add(compiler, true, table->sheet, row, i,
                        "the text is too long; at most %u bytes are allowed",
                        FORM_EXPRESSION_BYTES);
            continue;
        }
        if (texts == NULL)
            texts = compile_array(compiler, compiler->form.language_count, sizeof(*texts));
        if (texts == NULL)
            return text;
        texts[table->columns[i].language] = cell;
    }
    text.by_language = texts;
    return text;
}

bool table_translated(const struct table *table, uint32_t row, enum column_kind kind) {
    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++)
        if (table->columns[i].kind == kind && table->columns[i].translated &&
            cell_at(table->sheet, row, i).size > 0)
            return true;
    return false;
}

bool table_has_text(const struct table *table, uint32_t row, enum column_kind kind) {
    for (uint32_t i = 0; table->sheet != NULL && i < table->sheet->column_count; i++)
        if (table->columns[i].kind == kind && cell_at(table->sheet, row, i).size > 0)
            return true;
    return false;
}
