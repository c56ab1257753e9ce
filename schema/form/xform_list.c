/* xform_list.c: secondary instances: files that rows name, files that pulldata() reads, the record
 * saved last, and the lists of the choices sheet. One id means one source; two sources under one
 * id are an error. */
#include "base/text.h"
#include "schema/form/xform.h"

#define INSTANCES_MAX 1024u

struct source {
    struct view id, address; /* address empty: a list of the choices sheet */
};

struct sources {
    struct xform *xform;
    struct source *list;
    uint32_t count, capacity;
};

static void source_add(struct sources *sources, struct view id, struct view address,
                       const struct sheet *sheet, uint32_t row, uint32_t column) {
    struct compiler *compiler = sources->xform->compiler;
    struct source *source;

    for (uint32_t i = 0; i < sources->count; i++) {
        if (!view_equal(sources->list[i].id, id))
            continue;
        if (!view_equal(sources->list[i].address, address))
            finding_add(compiler, true, sheet, row, column,
                        "\"%.*s\" is the name of another list or file already; one of them needs "
                        "another name",
                        VIEW_PRINT(finding_shown(id)));
        return;
    }
    if (sources->count == INSTANCES_MAX)
        return;
    source = arena_push(compiler->arena, &sources->list, &sources->count, &sources->capacity,
                        sizeof(*source));
    if (source == NULL) {
        compiler->failed = RC_NO_MEMORY;
        return;
    }
    *source = (struct source){.id = id, .address = address};
    buf_add_text(sources->xform->out, "<instance");
    put_attribute(sources->xform->out, "id", id);
    if (address.size == 0)
        return;
    put_attribute(sources->xform->out, "src", address);
    buf_add_text(sources->xform->out, "/>\n");
}

static struct view address_of(struct sources *sources, const char *scheme, struct view name,
                              const char *ending) {
    return view_text(arena_text(sources->xform->compiler->arena, "jr://%s/%.*s%s", scheme,
                                VIEW_PRINT(name), ending));
}

static void add_file(struct sources *sources, const struct survey_row *row) {
    const struct compiler *compiler = sources->xform->compiler;
    struct view stem = row->file;
    bool is_csv;

    if (stem.size == 0 || stem.data[0] == '$' ||
        strcmp(row->spec->text, "select one external") == 0)
        return;
    while (stem.size > 0 && stem.data[stem.size - 1] != '.')
        stem.size--;
    if (stem.size < 2)
        return;
    stem.size--;
    is_csv = view_is(view_slice(row->file, stem.size, row->file.size), ".csv");
    source_add(sources, stem, address_of(sources, is_csv ? "file-csv" : "file", row->file, ""),
               compiler->survey.sheet, row->row, compiler->survey.first[COLUMN_TYPE]);
}

/* pulldata('name', ...) reads name.csv. */
static void add_pulldata(struct sources *sources, const struct survey_row *row, struct view text,
                         enum column_kind kind) {
    const struct compiler *compiler = sources->xform->compiler;
    struct call call;

    for (size_t at = 0; call_next(text, at, "pulldata", &call); at = call.start + 1) {
        struct view name =
            call.argument_count > 0 ? text_trim(call.arguments[0]) : view_of(NULL, 0);

        if (name.size < 3 || (name.data[0] != '\'' && name.data[0] != '"'))
            continue;
        name = text_trim(view_slice(name, 1, name.size - 2));
        source_add(sources, name, address_of(sources, "file-csv", name, ".csv"),
                   compiler->survey.sheet, row->row, compiler->survey.first[kind]);
    }
}

static bool is_last_saved(struct view text) {
    struct reference reference;

    for (size_t at = 0; reference_next(text, at, &reference); at = reference.end)
        if (reference.is_last_saved)
            return true;
    return false;
}

static void add_row(struct sources *sources, uint32_t index) {
    const struct compiler *compiler = sources->xform->compiler;
    const struct survey_row *row = &compiler->rows[index];
    const struct {
        struct view text;
        uint8_t kind;
    } cells[] = {
        {row->relevant, COLUMN_RELEVANT},       {row->constraint, COLUMN_CONSTRAINT},
        {row->calculation, COLUMN_CALCULATION}, {row->choice_filter, COLUMN_CHOICE_FILTER},
        {row->required, COLUMN_REQUIRED},       {row->read_only, COLUMN_READ_ONLY},
        {row->default_value, COLUMN_DEFAULT},   {row->repeat_count, COLUMN_REPEAT_COUNT},
        {row->warning, COLUMN_WARNING},
    };
    bool is_csv = strcmp(row->spec->text, "csv external") == 0;

    if (row->spec->kind == ROW_EXTERNAL)
        source_add(
            sources, row->name,
            address_of(sources, is_csv ? "file-csv" : "file", row->name, is_csv ? ".csv" : ".xml"),
            compiler->survey.sheet, row->row, compiler->survey.first[COLUMN_NAME]);
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        add_pulldata(sources, row, cells[i].text, (enum column_kind)cells[i].kind);
    add_file(sources, row);
}

static void add_last_saved(struct sources *sources) {
    const struct compiler *compiler = sources->xform->compiler;
    const struct table *table = &compiler->survey;

    for (uint32_t i = 1; i < table->sheet->row_count; i++) {
        for (uint32_t j = 0; j < table->sheet->column_count; j++) {
            if (table->columns[j].kind <= COLUMN_IGNORED ||
                !is_last_saved(cell_at(table->sheet, i, j)))
                continue;
            source_add(sources, view_text("__last-saved"), view_text("jr://instance/last-saved"),
                       table->sheet, i, j);
            return;
        }
    }
}

static bool is_tag(struct view name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == ':')
            return false;
    return form_name_valid(name);
}

static void write_element(struct buf *out, struct view name, struct view text) {
    buf_addf(out, "<%.*s>", VIEW_PRINT(name));
    put_escaped(out, text);
    buf_addf(out, "</%.*s>", VIEW_PRINT(name));
}

/* The words that an item has as they are: the label in the one language that has any. */
static struct view plain_label(const struct compiler *compiler, const struct form_choice *choice) {
    for (uint32_t i = 0; choice->label.by_language != NULL && i < compiler->form.language_count;
         i++)
        if (choice->label.by_language[i].size > 0)
            return choice->label.by_language[i];
    return view_of(NULL, 0);
}

static void write_list(struct xform *xform, uint32_t index) {
    const struct compiler *compiler = xform->compiler;
    const struct form_list *list = &compiler->lists[index];
    bool is_text = list_is_text(xform, index);
    struct buf *out = xform->out;

    buf_add_text(out, "><root>\n");
    for (uint32_t i = 0; i < list->choice_count; i++) {
        const struct form_choice *choice = &list->choices[i];
        struct view label = plain_label(compiler, choice);

        buf_add_text(out, "<item>");
        if (is_text)
            buf_addf(out, "<itextId>%.*s-%u</itextId>", VIEW_PRINT(list->name), i);
        write_element(out, view_text("name"), choice->name);
        if (!is_text && label.size > 0)
            write_element(out, view_text("label"), label);
        for (uint32_t j = 0; j < list->column_count; j++)
            if (choice->cells[j].size > 0 && is_tag(list->columns[j]))
                write_element(out, list->columns[j], choice->cells[j]);
        buf_add_text(out, "</item>\n");
    }
    buf_add_text(out, "</root></instance>\n");
}

void xform_lists(struct xform *xform) {
    struct sources sources = {.xform = xform};
    const struct compiler *compiler = xform->compiler;

    for (uint32_t i = 0; i < compiler->row_count; i++)
        add_row(&sources, i);
    add_last_saved(&sources);
    for (uint32_t i = 0; i < compiler->form.list_count; i++) {
        const struct list_note *note = &compiler->list_notes[i];
        uint32_t before = sources.count;

        if (note->is_used && !note->is_instance)
            continue; /* search() has its own */
        source_add(&sources, compiler->lists[i].name, view_of(NULL, 0), compiler->choices.sheet,
                   note->row, compiler->choices.first[COLUMN_LIST_NAME]);
        if (sources.count > before)
            write_list(xform, i);
    }
}
