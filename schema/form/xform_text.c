/* xform_text.c: labels, hints, messages and media.
 *
 * A text that stands in one plain column is written where it is used. It gets an id and a place in
 * <itext> when it is translated, has media or guidance, or (messages and labels of choices, which
 * can not hold elements) has references. Every language then has every text; "-" stands where
 * nobody wrote one, and nothing where nobody gave a picture. */
#include "base/text.h"
#include "schema/form/xform.h"

static const struct {
    const char *form; /* NULL: the words themselves */
    const char *prefix;
    uint8_t kind;
} forms[TEXT_FORMS] = {
    [TEXT_LONG] = {NULL, "", COLUMN_LABEL},
    [TEXT_GUIDANCE] = {"guidance", "", COLUMN_GUIDANCE},
    [TEXT_IMAGE] = {"image", "jr://images/", COLUMN_IMAGE},
    [TEXT_BIG_IMAGE] = {"big-image", "jr://images/", COLUMN_BIG_IMAGE},
    [TEXT_AUDIO] = {"audio", "jr://audio/", COLUMN_AUDIO},
    [TEXT_VIDEO] = {"video", "jr://video/", COLUMN_VIDEO},
};

static bool has_reference(struct view text) {
    struct reference reference;

    return reference_next(text, 0, &reference);
}

/* --- what a row has --- */

static bool has_media(const struct table *table, uint32_t row) {
    for (uint32_t kind = COLUMN_IMAGE; kind <= COLUMN_VIDEO; kind++)
        if (table_has_text(table, row, (enum column_kind)kind))
            return true;
    return false;
}

static uint32_t sheet_row(const struct xform *xform, uint32_t row) {
    const struct survey_row *at = &xform->compiler->rows[row];

    return at->is_made ? NO_ROW : at->row;
}

bool row_label_is_text(const struct xform *xform, uint32_t row) {
    const struct table *table = &xform->compiler->survey;
    uint32_t at = sheet_row(xform, row);

    return at != NO_ROW && (table_translated(table, at, COLUMN_LABEL) || has_media(table, at));
}

bool row_hint_is_text(const struct xform *xform, uint32_t row) {
    const struct table *table = &xform->compiler->survey;
    uint32_t at = sheet_row(xform, row);

    return at != NO_ROW &&
           (table_translated(table, at, COLUMN_HINT) || table_has_text(table, at, COLUMN_GUIDANCE));
}

struct view row_plain(const struct xform *xform, uint32_t row, enum column_kind kind) {
    const struct table *table = &xform->compiler->survey;
    uint32_t at = sheet_row(xform, row);
    struct view text = {0};

    if (at == NO_ROW)
        return kind == COLUMN_LABEL ? xform->compiler->rows[row].label : text;
    for (uint32_t i = 0; i < table->sheet->column_count; i++)
        if (table->columns[i].kind == kind && !table->columns[i].translated && text.size == 0)
            text = cell_at(table->sheet, at, i);
    return text;
}

bool row_message_is_text(const struct xform *xform, uint32_t row, enum column_kind kind) {
    uint32_t at = sheet_row(xform, row);

    return at != NO_ROW && (table_translated(&xform->compiler->survey, at, kind) ||
                            has_reference(row_plain(xform, row, kind)));
}

bool list_is_text(const struct xform *xform, uint32_t list) {
    const struct compiler *compiler = xform->compiler;
    const struct list_note *note = &compiler->list_notes[list];
    const struct table *table = &compiler->choices;

    for (uint32_t i = 0; i < compiler->lists[list].choice_count; i++) {
        const struct view *label = compiler->lists[list].choices[i].label.by_language;

        if (note->rows[i] == NO_ROW)
            continue;
        if (table_translated(table, note->rows[i], COLUMN_LABEL) || has_media(table, note->rows[i]))
            return true;
        for (uint32_t j = 0; label != NULL && j < compiler->form.language_count; j++)
            if (has_reference(label[j]))
                return true;
    }
    return false;
}

/* --- collecting --- */

static struct text_entry *entry_new(struct xform *xform, struct view id, uint32_t row) {
    struct text_entry *entry = arena_push(xform->compiler->arena, &xform->texts, &xform->text_count,
                                          &xform->text_capacity, sizeof(*entry));

    if (entry == NULL) {
        xform->compiler->failed = RC_NO_MEMORY;
        return NULL;
    }
    *entry = (struct text_entry){.id = id, .row = row};
    return entry;
}

static void entry_set(struct xform *xform, struct text_entry *entry, enum text_form form,
                      const struct view *texts) {
    if (entry == NULL || texts == NULL)
        return;
    entry->forms[form] = texts;
    for (uint32_t i = 0; i < xform->compiler->form.language_count; i++)
        xform->used[i] = xform->used[i] || texts[i].size > 0;
}

static void entry_media(struct xform *xform, struct text_entry *entry, const struct table *table,
                        uint32_t row) {
    for (size_t i = TEXT_IMAGE; i < TEXT_FORMS; i++)
        entry_set(
            xform, entry, (enum text_form)i,
            table_text(xform->compiler, table, row, (enum column_kind)forms[i].kind).by_language);
}

static struct view id_of(struct xform *xform, uint32_t row, const char *what) {
    return view_text(arena_text(xform->compiler->arena, "%.*s:%s",
                                VIEW_PRINT(xform->compiler->rows[row].xpath), what));
}

static void collect_row(struct xform *xform, uint32_t row) {
    static const struct {
        uint8_t kind;
        const char *what;
    } messages[] = {{COLUMN_CONSTRAINT_MESSAGE, "jr:constraintMsg"},
                    {COLUMN_REQUIRED_MESSAGE, "jr:requiredMsg"},
                    {COLUMN_NO_APP_MESSAGE, "jr:noAppErrorString"},
                    {COLUMN_WARNING_MESSAGE, "yg:warning_message"}};
    struct compiler *compiler = xform->compiler;
    const struct table *table = &compiler->survey;
    uint32_t at = sheet_row(xform, row);
    struct text_entry *entry;

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        enum column_kind kind = (enum column_kind)messages[i].kind;

        if (row_message_is_text(xform, row, kind)) {
            entry = entry_new(xform, id_of(xform, row, messages[i].what), row);
            entry_set(xform, entry, TEXT_LONG, table_text(compiler, table, at, kind).by_language);
        }
    }
    if (row_label_is_text(xform, row)) {
        entry = entry_new(xform, id_of(xform, row, "label"), row);
        entry_set(xform, entry, TEXT_LONG,
                  table_text(compiler, table, at, COLUMN_LABEL).by_language);
        entry_media(xform, entry, table, at);
    }
    if (row_hint_is_text(xform, row)) {
        entry = entry_new(xform, id_of(xform, row, "hint"), row);
        entry_set(xform, entry, TEXT_LONG,
                  table_text(compiler, table, at, COLUMN_HINT).by_language);
        entry_set(xform, entry, TEXT_GUIDANCE,
                  table_text(compiler, table, at, COLUMN_GUIDANCE).by_language);
    }
}

static void collect_list(struct xform *xform, uint32_t index) {
    struct compiler *compiler = xform->compiler;
    const struct form_list *list = &compiler->lists[index];
    const struct list_note *note = &compiler->list_notes[index];

    for (uint32_t i = 0; i < list->choice_count; i++) {
        struct view id =
            view_text(arena_text(compiler->arena, "%.*s-%u", VIEW_PRINT(list->name), i));
        struct text_entry *entry = entry_new(xform, id, NO_PARENT);

        entry_set(xform, entry, TEXT_LONG, list->choices[i].label.by_language);
        if (note->rows[i] != NO_ROW)
            entry_media(xform, entry, &compiler->choices, note->rows[i]);
    }
}

void xform_texts_collect(struct xform *xform) {
    const struct compiler *compiler = xform->compiler;

    for (uint32_t i = 0; i < compiler->form.list_count; i++)
        if (list_is_text(xform, i))
            collect_list(xform, i);
    for (uint32_t i = 0; i < compiler->row_count; i++)
        collect_row(xform, i);
}

/* --- writing --- */

/* The end of a path into a secondary instance that begins here, in a label:
 * instance('list')/root/item[name = ${q}]/label. */
static size_t path_end(struct view text, const struct call *call) {
    size_t at = call->end, depth = 0;

    while (at < text.size) {
        uint8_t c = text.data[at];

        depth += c == '[' ? 1 : 0;
        if (depth == 0 && (c <= ' ' || c == ',' || c == ';' || c == '<' || c == '&' || c == ')'))
            break;
        depth -= c == ']' && depth > 0 ? 1 : 0;
        at++;
    }
    return depth == 0 ? at : call->end;
}

static void output(struct xform *xform, struct view expression, uint32_t row) {
    struct context context = {.row = NO_PARENT, .repeat = NO_PARENT, .items = NO_ROW};

    if (row != NO_PARENT)
        context = xform_context(xform, row);
    buf_add_text(xform->out, "<output");
    xform_expression(xform, "value", expression, &context);
    buf_add_text(xform->out, "/>");
}

void xform_mixed(struct xform *xform, struct view text, uint32_t row) {
    size_t at = 0;

    while (at < text.size) {
        struct reference reference;
        struct call call;
        bool has = reference_next(text, at, &reference);
        bool looks_up =
            call_next(text, at, "instance", &call) && (!has || call.start < reference.start) &&
            call.end < text.size && text.data[call.end] == '/' &&
            expression_is_readable(
                xform->compiler, view_slice(text, call.start, path_end(text, &call) - call.start));
        size_t start = looks_up ? call.start : reference.start;
        size_t end = looks_up ? path_end(text, &call) : reference.end;

        if (!has && !looks_up)
            break;
        if (start > at && at == 0 && text.data[0] > ' ')
            buf_add_u8(xform->out, ' ');
        put_escaped(xform->out, view_slice(text, at, start - at));
        output(xform, view_slice(text, start, end - start), row);
        at = end;
    }
    put_escaped(xform->out, view_slice(text, at, text.size));
    if (at > 0 && at < text.size && text.data[text.size - 1] > ' ')
        buf_add_u8(xform->out, ' ');
}

static void write_value(struct xform *xform, const struct text_entry *entry, size_t form,
                        struct view text) {
    struct buf *out = xform->out;

    if (text.size == 0 && form >= TEXT_IMAGE)
        return;
    buf_add_text(out, "<value");
    if (forms[form].form != NULL)
        put_attribute(out, "form", view_text(forms[form].form));
    buf_add_text(out, ">");
    if (form >= TEXT_IMAGE && has_reference(text))
        buf_add_text(out, " ");
    if (text.size < 5 || memcmp(text.data, "jr://", 5) != 0)
        buf_add_text(out, forms[form].prefix);
    xform_mixed(xform, text.size > 0 ? text : view_text("-"), entry->row);
    buf_add_text(out, "</value>");
}

static void write_language(struct xform *xform, uint32_t language) {
    const struct compiler *compiler = xform->compiler;
    struct view name = compiler->languages[language];
    struct buf *out = xform->out;
    struct view standard =
        compiler->default_language.size > 0 ? compiler->default_language : view_text("default");

    buf_add_text(out, "<translation");
    put_attribute(out, "lang", name);
    if (view_equal(name, standard) || form_language_is(name, standard))
        buf_add_text(out, " default=\"true()\"");
    buf_add_text(out, ">\n");
    for (uint32_t i = 0; i < xform->text_count; i++) {
        const struct text_entry *entry = &xform->texts[i];

        buf_add_text(out, "<text");
        put_attribute(out, "id", entry->id);
        buf_add_text(out, ">");
        for (size_t j = 0; j < TEXT_FORMS; j++)
            if (entry->forms[j] != NULL)
                write_value(xform, entry, j, entry->forms[j][language]);
        buf_add_text(out, "</text>\n");
    }
    buf_add_text(out, "</translation>\n");
}

void xform_texts_write(struct xform *xform) {
    bool any = false;

    for (uint32_t i = 0; i < xform->compiler->form.language_count; i++)
        any = any || xform->used[i];
    if (!any)
        return;
    buf_add_text(xform->out, "<itext>\n");
    for (uint32_t i = 0; i < xform->compiler->form.language_count; i++)
        if (xform->used[i])
            write_language(xform, i);
    buf_add_text(xform->out, "</itext>\n");
}

static void write_text(struct xform *xform, uint32_t row, const char *tag, bool is_text,
                       struct view plain) {
    struct buf *out = xform->out;

    buf_addf(out, "<%s", tag);
    if (is_text) {
        buf_addf(out, " ref=\"jr:itext('%.*s:%s')\"/>",
                 VIEW_PRINT(xform->compiler->rows[row].xpath), tag);
        return;
    }
    buf_add_text(out, plain.size > 0 ? ">" : "/>");
    if (plain.size == 0)
        return;
    xform_mixed(xform, plain, row);
    buf_addf(out, "</%s>", tag);
}

void xform_label(struct xform *xform, uint32_t row, bool is_needed) {
    struct view plain = row_plain(xform, row, COLUMN_LABEL);
    bool is_text = row_label_is_text(xform, row);

    if (is_text || plain.size > 0 || is_needed)
        write_text(xform, row, "label", is_text, plain);
}

void xform_hint(struct xform *xform, uint32_t row) {
    struct view plain = row_plain(xform, row, COLUMN_HINT);
    bool is_text = row_hint_is_text(xform, row);

    if (is_text || plain.size > 0)
        write_text(xform, row, "hint", is_text, plain);
}
