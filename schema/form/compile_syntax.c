/* compile_syntax.c: expressions that can not be read.
 *
 * A reference is no XPath, so for the parser's eyes each ${name} becomes a name of the same length:
 * then the characters that a message counts are those that the author sees. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/xform.h"
#include "schema/form/xpath.h"

struct place { /* of a cell */
    const struct sheet *sheet;
    uint32_t row, column;
};

static bool is_name_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

static struct view without_references(struct compiler *compiler, struct view text) {
    uint8_t *copy = arena_copy(compiler->arena, text.data, text.size);
    struct reference reference;

    if (copy == NULL) {
        compiler->failed = RC_NO_MEMORY;
        return view_of(NULL, 0);
    }
    for (size_t at = 0; reference_next(text, at, &reference); at = reference.end)
        for (size_t i = reference.start; i < reference.end; i++)
            copy[i] = is_name_byte(copy[i]) ? copy[i] : '_';
    return view_of(copy, text.size);
}

static void check_calls(struct compiler *compiler, const struct xpath *expression,
                        const struct place *place) {
    struct xpath_call *calls;
    uint32_t count = 0;
    struct err err;

    err_init(&err, compiler->err->lang);
    if (xpath_calls(expression, compiler->arena, &calls, &count, &err) != RC_OK)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (!calls[i].known)
            finding_add(compiler, false, place->sheet, place->row, place->column,
                        "the function %.*s is not known", VIEW_PRINT(finding_shown(calls[i].name)));
        else if (calls[i].arity_wrong)
            finding_add(compiler, false, place->sheet, place->row, place->column,
                        "the function %.*s has a wrong number of arguments",
                        VIEW_PRINT(finding_shown(calls[i].name)));
    }
}

bool expression_is_readable(struct compiler *compiler, struct view text) {
    struct xpath *expression;
    struct err err;

    err_init(&err, compiler->err->lang);
    return xpath_parse(without_references(compiler, text), compiler->arena, &expression, NULL,
                       &err) == RC_OK;
}

static void check(struct compiler *compiler, struct view text, const struct place *place) {
    struct xpath *expression;
    struct err err;

    if (text.size == 0 || compiler->failed != RC_OK)
        return;
    err_init(&err, compiler->err->lang);
    if (xpath_parse(without_references(compiler, text), compiler->arena, &expression, NULL, &err) ==
        RC_OK)
        check_calls(compiler, expression, place);
    else
        finding_add(compiler, true, place->sheet, place->row, place->column,
                    "the expression can not be read: %s", err.text);
}

static void check_row(struct compiler *compiler, uint32_t index) {
    const struct survey_row *row = &compiler->rows[index];
    const struct {
        struct view text;
        uint8_t kind;
    } cells[] = {
        {row->relevant, COLUMN_RELEVANT},         {row->constraint, COLUMN_CONSTRAINT},
        {row->calculation, COLUMN_CALCULATION},   {row->choice_filter, COLUMN_CHOICE_FILTER},
        {row->required, COLUMN_REQUIRED},         {row->read_only, COLUMN_READ_ONLY},
        {row->repeat_count, COLUMN_REPEAT_COUNT}, {row->warning, COLUMN_WARNING},
    };
    struct place place = {.sheet = compiler->survey.sheet, .row = row->row};

    if (row->is_made)
        return;
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        place.column = compiler->survey.first[cells[i].kind];
        if (yes_or_no(cells[i].text) < 0)
            check(compiler, cells[i].text, &place);
    }
    place.column = compiler->survey.first[COLUMN_DEFAULT];
    if (row->spec->kind == ROW_FIELD && default_is_dynamic(row->default_value, row))
        check(compiler, row->default_value, &place);
}

static void check_entity(struct compiler *compiler, const struct entity *entity) {
    const struct {
        struct view text;
        uint8_t kind;
    } cells[] = {{entity->label, COLUMN_LABEL},
                 {entity->id, COLUMN_ENTITY_ID},
                 {entity->create_if, COLUMN_CREATE_IF},
                 {entity->update_if, COLUMN_UPDATE_IF}};
    struct place place = {.sheet = compiler->entities.sheet, .row = entity->row};

    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        place.column = compiler->entities.first[cells[i].kind];
        check(compiler, cells[i].text, &place);
    }
}

/* "${surname} ${name}" is no expression, but what people write: it becomes one. */
static void mend_instance_name(struct compiler *compiler) {
    struct view text = compiler->form.instance_name;
    struct reference reference;
    struct buf out;
    size_t at = 0;

    compiler->instance_name = text;
    if (text.size == 0 || expression_is_readable(compiler, text))
        return;
    buf_init(&out, FORM_EXPRESSION_BYTES);
    buf_add_text(&out, "concat(''");
    for (bool more = true; more; at = reference.end) {
        more = reference_next(text, at, &reference);
        if (!more)
            reference = (struct reference){.start = text.size, .end = text.size};
        if (reference.start > at) {
            bool has_quote = memchr(text.data + at, '\'', reference.start - at) != NULL;

            buf_addf(&out, has_quote ? ", \"%.*s\"" : ", '%.*s'",
                     VIEW_PRINT(view_slice(text, at, reference.start - at)));
        }
        if (more)
            buf_addf(
                &out, ", %.*s",
                VIEW_PRINT(view_slice(text, reference.start, reference.end - reference.start)));
    }
    buf_add_text(&out, ")");
    if (out.failed == RC_NO_MEMORY) {
        compiler->failed = RC_NO_MEMORY;
    } else if (expression_is_readable(compiler, buf_view(&out)) && out.failed == RC_OK) {
        compiler->instance_name = arena_view(compiler->arena, buf_view(&out));
    } else {
        struct place place = {.sheet = compiler->settings.sheet,
                              .row = 1,
                              .column = compiler->settings.first[COLUMN_INSTANCE_NAME]};

        check(compiler, text, &place);
    }
    buf_release(&out);
}

void compile_syntax(struct compiler *compiler) {
    for (uint32_t i = 0; i < compiler->row_count; i++)
        check_row(compiler, i);
    for (uint32_t i = 0; i < compiler->entity_count; i++)
        check_entity(compiler, &compiler->entities_declared[i]);
    mend_instance_name(compiler);
}
