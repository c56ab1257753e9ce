/* xlsform.c: the compiler of XLSForms, held together; see compile.h for its parts. */
#include "schema/form/xlsform.h"

#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_index.h"

/* A sheet without which nothing can be done. */
static bool sheet_there(struct compiler *compiler, const char *name) {
    struct sheet missing = {.name = view_text(name)};

    if (compile_sheet(compiler, name) != NULL)
        return true;
    finding_add(compiler, true, &missing, NO_ROW, NO_COLUMN, "the sheet is missing");
    return false;
}

static void cells_check(struct compiler *compiler) {
    for (uint32_t i = 0; i < compiler->workbook->sheet_count; i++) {
        const struct sheet *sheet = &compiler->workbook->sheets[i];

        for (uint32_t row = 0; row < sheet->row_count; row++)
            for (uint32_t column = 0; column < sheet->column_count; column++)
                if (!utf8_valid(sheet->cells[(size_t)row * sheet->column_count + column]))
                    finding_add(compiler, true, sheet, row, column, "the text is not valid UTF-8");
    }
}

static enum rc findings_result(const struct findings *findings, struct err *err) {
    if (findings->error_count == 0)
        return RC_OK;
    for (uint32_t i = 0; i < findings->count && i < FINDINGS_KEPT; i++)
        if (findings->list[i].is_error)
            return err_set(err, RC_INVALID, "%s", findings->list[i].text);
    return err_set(err, RC_INVALID, "the form has %u errors", findings->error_count);
}

/* Writes the form, and reads it again as everybody else will. */
static enum rc form_emit(struct compiler *compiler, struct buf *json) {
    struct form *proof;
    struct view written;
    size_t start = json->size;

    form_write(&compiler->form, json);
    if (buf_check(json, "form", compiler->err) != RC_OK)
        return compiler->err->rc;
    written = view_slice(buf_view(json), start, json->size - start);
    return form_load(written, compiler->arena, &proof, compiler->err);
}

enum rc xlsform_compile(const struct workbook *workbook, const struct form *previous,
                        uint32_t sequence, struct arena *arena, struct findings *findings,
                        struct buf *json, struct err *err) {
    struct compiler *compiler = arena_alloc(arena, sizeof(*compiler));
    enum rc rc;

    *findings =
        (struct findings){.list = arena_array(arena, FINDINGS_KEPT, sizeof(*findings->list))};
    if (compiler == NULL || findings->list == NULL)
        return arena_check(arena, "form", err);
    *compiler = (struct compiler){.workbook = workbook,
                                  .previous = previous,
                                  .arena = arena,
                                  .findings = findings,
                                  .err = err};
    compiler->form.sequence = sequence;
    cells_check(compiler);
    if (findings->error_count > 0)
        return findings_result(findings, err);
    if (sheet_there(compiler, "survey") && sheet_there(compiler, "settings")) {
        compile_heads(compiler);
        if (compiler->failed == RC_OK)
            compile_settings(compiler);
        if (compiler->failed == RC_OK)
            compile_choices(compiler);
        if (compiler->failed == RC_OK)
            compile_survey(compiler);
        if (compiler->failed == RC_OK)
            compile_names(compiler);
        if (compiler->failed == RC_OK)
            compile_numbers(compiler);
    }
    if (compiler->failed != RC_OK)
        return compiler->failed;
    if (previous != NULL && compiler->settings.sheet != NULL &&
        !view_equal(previous->name, compiler->form.name))
        finding_add(compiler, true, compiler->settings.sheet, NO_ROW, NO_COLUMN,
                    "the form_id was \"%.*s\" before; a new version keeps it",
                    VIEW_PRINT(previous->name));
    rc = findings_result(findings, err);
    return rc == RC_OK ? form_emit(compiler, json) : rc;
}
