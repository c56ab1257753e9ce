/* xlsform.c: the compiler of XLSForms, held together; see compile.h for its parts. */
#include "schema/form/xlsform.h"

#include "base/csv.h"
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_index.h"
#include "schema/form/model.h"
#include "schema/form/xform.h"

#define XFORM_PROOF_BYTES (256u * 1024u * 1024u) /* a model takes some 20 times its XForm */

/* A sheet without which nothing can be done. */
static bool survey_there(struct compiler *compiler) {
    struct sheet missing = {.name = view_text("survey")};

    if (compile_sheet(compiler, "survey") != NULL)
        return true;
    compile_sheet_similar(compiler, "survey", true);
    finding_add(compiler, true, &missing, NO_ROW, NO_COLUMN, "the sheet is missing");
    return false;
}

/* Sheets that a form may do without, but whose misspelt names would be overlooked. */
static void check_sheets(struct compiler *compiler) {
    static const char *const names[] = {"settings", "entities"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (compile_sheet(compiler, names[i]) == NULL)
            compile_sheet_similar(compiler, names[i], false);
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

/* Whether one finding comes before another of the same sheet: those of the whole sheet last, for
 * they mostly follow from the others. */
static bool stands_before(const struct finding *a, const struct finding *b) {
    if (a->row == 0 || b->row == 0)
        return b->row == 0 && a->row != 0;
    return a->row != b->row ? a->row < b->row : a->column < b->column;
}

/* By row and column, as a person goes through a sheet; sheets as they were found, and what stands
 * in one cell, too. There are few findings, and most are in order already. */
static void findings_sort(struct findings *findings) {
    uint32_t count = findings->count < FINDINGS_KEPT ? findings->count : FINDINGS_KEPT;

    for (uint32_t i = 1; i < count; i++) {
        struct finding finding = findings->list[i];
        uint32_t at = i, same = i;

        while (same > 0 && !view_equal(findings->list[same - 1].sheet, finding.sheet))
            same--;
        if (same == 0)
            continue; /* the first of its sheet */
        while (same > 0 && view_equal(findings->list[same - 1].sheet, finding.sheet) &&
               stands_before(&finding, &findings->list[same - 1]))
            same--;
        for (; at > same; at--)
            findings->list[at] = findings->list[at - 1];
        findings->list[at] = finding;
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

/* What an engine refuses must not get as far as the tablets. */
static enum rc xform_proof(struct compiler *compiler) {
    const struct model_host host = {0};
    struct model *model;
    struct arena arena;
    struct err err;
    enum rc rc;

    err_init(&err, compiler->err->lang);
    arena_init(&arena, XFORM_PROOF_BYTES);
    rc = model_load(compiler->form.xform, &host, &arena, &model, &err);
    if (rc == RC_NO_MEMORY) /* that says nothing about the form */
        err_set(compiler->err, rc, "form: out of memory");
    else if (rc != RC_OK)
        finding_add(compiler, true, compiler->survey.sheet, NO_ROW, NO_COLUMN,
                    "the form can not be filled: %s", err.text);
    arena_release(&arena);
    return rc == RC_NO_MEMORY ? rc : RC_OK;
}

static enum rc xform_make(struct compiler *compiler) {
    struct buf out;
    enum rc rc;

    buf_init(&out, LIMIT_XFORM_BYTES);
    xform_write(compiler, &out);
    rc = buf_check(&out, "XForm", compiler->err);
    if (rc == RC_OK) {
        compiler->form.xform = arena_view(compiler->arena, buf_view(&out));
        rc = arena_check(compiler->arena, "form", compiler->err);
    }
    if (rc == RC_OK && compiler->findings->error_count == 0)
        rc = xform_proof(compiler);
    buf_release(&out);
    return rc;
}

static int file_compare(const void *left, const void *right) {
    const struct form_file *a = left, *b = right;

    return view_compare(a->name, b->name);
}

/* The sheet external_choices as a file, where ODK Collect looks for it. */
static struct form_file external_choices(struct compiler *compiler) {
    const struct sheet *sheet = compiler->external_choices.sheet;
    struct form_file file = {.name = view_text("itemsets.csv")};
    struct csv_writer writer;
    struct buf out;

    buf_init(&out, LIMIT_FORM_BYTES);
    csv_writer_init(&writer, &out, false);
    for (uint32_t row = 0; row < sheet->row_count; row++) {
        if (row_is_empty(sheet, row))
            continue;
        for (uint32_t column = 0; column < sheet->column_count; column++)
            csv_write_cell(&writer, CSV_VALUE, cell_at(sheet, row, column));
        csv_write_end_row(&writer);
    }
    if (buf_check(&out, "form", compiler->err) == RC_OK)
        file.content = arena_view(compiler->arena, buf_view(&out));
    else
        compiler->failed = compiler->err->rc;
    buf_release(&out);
    return file;
}

static void take_files(struct compiler *compiler) {
    const struct workbook *workbook = compiler->workbook;
    struct form_file *files = compile_array(compiler, workbook->file_count + 1u, sizeof(*files));
    uint32_t count = 0;

    if (files != NULL && compiler->external_choices.sheet != NULL)
        files[count++] = external_choices(compiler);

    for (uint32_t i = 0; files != NULL && i < workbook->file_count; i++) {
        const struct form_file *file = &workbook->files[i];
        struct sheet place = {.name = file->name};

        if (file->name.size == 0 || file->name.size > LIMIT_NAME_BYTES || !utf8_valid(file->name) ||
            !utf8_valid(file->content))
            finding_add(compiler, true, &place, NO_ROW, NO_COLUMN, "the text is not valid UTF-8");
        else if (count == LIMIT_FORM_FILES)
            finding_add(compiler, true, &place, NO_ROW, NO_COLUMN,
                        "a form has at most %u files beside it", LIMIT_FORM_FILES);
        else if (count == 0 || !view_equal(files[0].name, file->name))
            files[count++] = *file;
    }
    if (count > 0)
        qsort(files, count, sizeof(*files), file_compare);
    for (uint32_t i = 1; i < count; i++) {
        struct sheet place = {.name = files[i].name};

        if (view_equal(files[i].name, files[i - 1].name))
            finding_add(compiler, true, &place, NO_ROW, NO_COLUMN, "this file stands here twice");
    }
    compiler->form.files = files;
    compiler->form.file_count = count;
}

static void compile_parts(struct compiler *compiler) {
    static void (*const parts[])(struct compiler *) = {
        check_sheets,    compile_heads,    compile_settings,   compile_choices, compile_survey,
        compile_names,   compile_entities, compile_parameters, compile_numbers, compile_syntax,
        compile_circles, take_files,       compile_media,
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && compiler->failed == RC_OK; i++)
        parts[i](compiler);
}

/* Where it was memory that was missing, no finding counts: what could not be read is not wrong. */
static enum rc trouble(const struct compiler *compiler) {
    struct err *err = compiler->err;

    if (compiler->arena->failed != RC_OK)
        return arena_check(compiler->arena, "form", err);
    return compiler->failed == RC_NO_MEMORY ? err_set(err, RC_NO_MEMORY, "out of memory")
                                            : compiler->failed;
}

enum rc xlsform_compile(const struct workbook *workbook, const struct form *previous,
                        uint32_t sequence, const struct xlsform_options *options,
                        struct arena *arena, struct findings *findings, struct buf *json,
                        struct err *err) {
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
    if (options != NULL)
        compiler->options = *options;
    compiler->form.sequence = sequence;
    cells_check(compiler);
    if (findings->error_count == 0 && survey_there(compiler))
        compile_parts(compiler);
    rc = trouble(compiler);
    if (rc != RC_OK)
        return rc;
    if (previous != NULL && compiler->form.name.size > 0 &&
        !view_equal(previous->name, compiler->form.name))
        finding_add(compiler, true, compiler->settings.sheet, NO_ROW, NO_COLUMN,
                    "the form_id was \"%.*s\" before; a new version keeps it",
                    VIEW_PRINT(previous->name));
    if (findings->error_count == 0) {
        rc = xform_make(compiler);
        if (rc == RC_OK || compiler->arena->failed != RC_OK)
            rc = trouble(compiler);
        if (rc != RC_OK)
            return rc;
    }
    findings_sort(findings);
    rc = findings_result(findings, err);
    return rc == RC_OK ? form_emit(compiler, json) : rc;
}
