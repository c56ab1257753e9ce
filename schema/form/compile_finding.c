/* compile_finding.c: what is wrong with a workbook, said with its place. */
#include "base/text.h"
#include "base/words.h"
#include "schema/form/compile.h"

#include <stdarg.h>

void *compile_array(struct compiler *compiler, size_t count, size_t size) {
    void *array = arena_array(compiler->arena, count, size);

    if (array == NULL && compiler->failed == RC_OK)
        compiler->failed = arena_check(compiler->arena, "form", compiler->err);
    return array;
}

struct view finding_shown(struct view text) {
    return utf8_cut(text, 60);
}

/* "A", "Z", "AA": as a spreadsheet heads its columns. */
static void column_letters(uint32_t column, char out[8]) {
    char reversed[8];
    size_t size = 0, at = 0;

    for (column++; column > 0 && size < sizeof(reversed) - 1; column = (column - 1) / 26)
        reversed[size++] = (char)('A' + (column - 1) % 26);
    while (size > 0)
        out[at++] = reversed[--size];
    out[at] = '\0';
}

/* Where the newest finding goes. When there are too many to keep, an error takes the place of a
 * warning: whoever must mend the form has to see all that refuses it. */
static struct finding *finding_slot(struct findings *findings, bool is_error) {
    if (findings->list == NULL)
        return NULL;
    if (findings->count <= FINDINGS_KEPT)
        return &findings->list[findings->count - 1];
    for (uint32_t i = FINDINGS_KEPT; i > 0 && is_error; i--)
        if (!findings->list[i - 1].is_error)
            return &findings->list[i - 1];
    return NULL;
}

void finding_add(struct compiler *compiler, bool is_error, const struct sheet *sheet, uint32_t row,
                 uint32_t column, const char *literal, ...) {
    struct findings *findings = compiler->findings;
    struct finding *finding;
    enum lang lang = compiler->err->lang;
    char letters[8];
    int used;
    va_list arguments;

    findings->error_count += is_error ? 1 : 0;
    findings->count++;
    finding = finding_slot(findings, is_error);
    if (finding == NULL)
        return;
    *finding = (struct finding){.is_error = is_error,
                                .sheet = sheet->name,
                                .row = row == NO_ROW ? 0 : row + 1,
                                .column = column == NO_COLUMN ? 0 : column + 1};
    if (row == NO_ROW) {
        used = snprintf(finding->text, sizeof(finding->text), words(lang, "sheet %.*s: "),
                        VIEW_PRINT(sheet->name));
    } else if (column == NO_COLUMN) {
        used = snprintf(finding->text, sizeof(finding->text), words(lang, "%.*s, row %u: "),
                        VIEW_PRINT(sheet->name), row + 1);
    } else {
        struct view head = utf8_cut(cell_at(sheet, 0, column), 40);

        column_letters(column, letters);
        used = snprintf(finding->text, sizeof(finding->text),
                        words(lang, "%.*s, row %u, column %s (%.*s): "), VIEW_PRINT(sheet->name),
                        row + 1, letters, VIEW_PRINT(head));
    }
    if (used < 0 || (size_t)used >= sizeof(finding->text))
        return;
    va_start(arguments, literal);
    vsnprintf(finding->text + used, sizeof(finding->text) - (size_t)used, words(lang, literal),
              arguments);
    va_end(arguments);
    /* A text that was cut may end within a character. */
    for (size_t size = strlen(finding->text); !utf8_valid(view_of(finding->text, size)); size--)
        finding->text[size - 1] = '\0';
}

int yes_or_no(struct view cell) {
    static const char *const yes[] = {"yes", "true", "true()", "1", "y", "是"};
    static const char *const no[] = {"", "no", "false", "false()", "0", "n", "否"};
    char small[12];

    cell = text_trim(cell);
    if (cell.size >= sizeof(small))
        return -1;
    if (cell.size > 0)
        memcpy(small, cell.data, cell.size);
    small[cell.size] = '\0';
    text_to_lower(small);
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (view_is(view_text(small), yes[i]))
            return 1;
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (view_is(view_text(small), no[i]))
            return 0;
    return -1;
}
