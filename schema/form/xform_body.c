/* xform_body.c: what people see: groups, repeats, questions with their choices, and the actions
 * that follow an answer. A question that is computed and has no words of its own is not shown. */
#include "base/text.h"
#include "schema/form/xform.h"

static bool has_word(struct view text, const char *word) {
    size_t size = strlen(word);

    for (size_t i = 0; i + size <= text.size; i++)
        if (memcmp(text.data + i, word, size) == 0)
            return true;
    return false;
}

static void number_attribute(struct xform *xform, const struct survey_row *row,
                             const char *parameter, const char *attribute, const char *otherwise) {
    struct view value = row_parameter(row, parameter);

    if (value.size > 0 || otherwise != NULL)
        put_attribute(xform->out, attribute, value.size > 0 ? value : view_text(otherwise));
}

/* The columns body::* and control::*, but for those that a parameter has set. */
static void own_columns(struct xform *xform, uint32_t index, size_t start) {
    const struct survey_row *row = &xform->compiler->rows[index];
    const struct table *table = &xform->compiler->survey;
    struct context context = xform_context(xform, index);

    for (uint32_t i = 0; !row->is_made && i < table->sheet->column_count; i++) {
        struct view cell = cell_at(table->sheet, row->row, i);
        char name[LIMIT_NAME_BYTES + 1];

        if (table->columns[i].kind != COLUMN_CONTROL || cell.size == 0 ||
            (view_is(table->columns[i].attribute, "rows") && row_parameter(row, "rows").size > 0))
            continue;
        snprintf(name, sizeof(name), "%.*s",
                 VIEW_PRINT(utf8_cut_bytes(table->columns[i].attribute, LIMIT_NAME_BYTES)));
        xform_expression_once(xform, start, name, cell, &context);
    }
}

static void parameters(struct xform *xform, const struct survey_row *row) {
    const char *type = row->spec->text;
    struct view app = row_parameter(row, "app");

    if (strcmp(type, "range") == 0) {
        number_attribute(xform, row, "start", "start", "1");
        number_attribute(xform, row, "end", "end", "10");
        number_attribute(xform, row, "step", "step", "1");
        number_attribute(xform, row, "tick_interval", "odk:tick-interval", NULL);
        number_attribute(xform, row, "placeholder", "odk:placeholder", NULL);
    }
    if (strcmp(type, "text") == 0 || strcmp(type, "string") == 0)
        number_attribute(xform, row, "rows", "rows", NULL);
    if (strncmp(type, "geo", 3) == 0) {
        number_attribute(xform, row, "capture-accuracy", "accuracyThreshold", NULL);
        number_attribute(xform, row, "warning-accuracy", "unacceptableAccuracyThreshold", NULL);
        if (strcmp(type, "geopoint") != 0 && yes_or_no(row_parameter(row, "incremental")) == 1)
            buf_add_text(xform->out, " incremental=\"true\"");
    }
    if (app.size > 0 && (row->appearance.size == 0 || view_is(row->appearance, "annotate")))
        put_attribute(xform->out, "intent", app);
}

/* --- choices --- */

static void item_label(struct xform *xform, const char *ref, const char *value, bool is_text) {
    struct buf *out = xform->out;

    buf_add_text(out, "<value");
    put_attribute(out, "ref", view_text(value));
    buf_add_text(out, "/>");
    buf_addf(out, is_text ? "<label ref=\"jr:itext(%s)\"/>" : "<label ref=\"%s\"/>", ref);
    buf_add_text(out, "</itemset>");
}

/* "randomize(NODES, SEED)" around what the buffer gets in between. */
static void nodeset(struct xform *xform, uint32_t index, struct view nodes, struct view filter,
                    const struct context *context) {
    const struct survey_row *row = &xform->compiler->rows[index];
    bool shuffled = yes_or_no(row_parameter(row, "randomize")) == 1;
    struct view seed = row_parameter(row, "seed");
    struct context own = xform_context(xform, index);
    struct buf *to = xform_scratch(xform);

    buf_add_text(to, shuffled ? "randomize(" : "");
    buf_add_view(to, nodes);
    if (filter.size > 0) {
        buf_add_u8(to, '[');
        xform_expand(xform, filter, context, to);
        buf_add_u8(to, ']');
    }
    if (shuffled && seed.size > 0) {
        struct decimal number;

        buf_add_text(to, ", ");
        if (decimal_parse(seed, &number))
            buf_add_view(to, seed);
        else
            xform_expand(xform, seed, &own, to);
    }
    buf_add_text(to, shuffled ? ")" : "");
    buf_add_text(xform->out, "<itemset");
    put_attribute(xform->out, "nodeset", buf_view(to));
    buf_add_text(xform->out, ">");
}

/* Choices are the instances of a repeat: what one of its questions holds. */
static void items_of_repeat(struct xform *xform, uint32_t index, struct view name,
                            const char *fixed) {
    const struct compiler *compiler = xform->compiler;
    struct context context = xform_context(xform, index);
    struct reference reference;
    struct view filter = compiler->rows[index].choice_filter, path, below;
    struct buf nodes;
    uint32_t target, repeat;
    bool ambiguous;
    char *value;

    if (!reference_next(name, 0, &reference))
        return;
    target = reference_row(compiler, reference.name, index, &ambiguous);
    if (target == NO_ROW)
        return;
    repeat = fixed != NULL ? target : compiler->rows[target].repeat;
    if (repeat == NO_PARENT)
        return;
    path = compiler->rows[repeat].xpath;
    below =
        view_slice(compiler->rows[target].xpath, path.size + 1, compiler->rows[target].xpath.size);
    value = fixed != NULL ? arena_text(compiler->arena, "%s", fixed)
                          : arena_text(compiler->arena, "%.*s", VIEW_PRINT(below));
    buf_init(&nodes, FORM_EXPRESSION_BYTES);
    if (compiler->rows[repeat].repeat != NO_PARENT && compiler->rows[index].repeat != NO_PARENT &&
        compiler->rows[repeat].repeat == compiler->rows[compiler->rows[index].repeat].repeat)
        xform_path(context.path, path, &nodes);
    else
        buf_add_view(&nodes, path);
    context.is_current = true;
    context.items = repeat;
    if (value != NULL && filter.size == 0)
        filter = view_text(arena_text(compiler->arena, "./%s != ''", value));
    nodeset(xform, index, buf_view(&nodes), filter, &context);
    if (nodes.failed != RC_OK && xform->out->failed == RC_OK)
        xform->out->failed = nodes.failed;
    if (value != NULL)
        item_label(xform, value, value, false);
    buf_release(&nodes);
}

/* Choices are items of a secondary instance. */
static void items_of_instance(struct xform *xform, uint32_t index, struct view instance,
                              const char *value, const char *label, bool is_text) {
    const struct survey_row *row = &xform->compiler->rows[index];
    struct context context = xform_context(xform, index);
    const char *nodes =
        arena_text(xform->compiler->arena, "instance('%.*s')/root/item", VIEW_PRINT(instance));
    struct view own_value = row_parameter(row, "value"), own_label = row_parameter(row, "label");

    context.is_current = true;
    if (own_value.size > 0)
        value = arena_text(xform->compiler->arena, "%.*s", VIEW_PRINT(own_value));
    if (own_label.size > 0)
        label = arena_text(xform->compiler->arena, "%.*s", VIEW_PRINT(own_label));
    if (nodes == NULL || value == NULL || label == NULL)
        return;
    nodeset(xform, index, view_text(nodes), row->choice_filter, &context);
    item_label(xform, is_text ? "itextId" : label, value, is_text);
}

static void items_of_list(struct xform *xform, uint32_t index, uint32_t list) {
    bool is_text = list_is_text(xform, list);

    items_of_instance(xform, index, xform->compiler->lists[list].name, "name", "label", is_text);
}

static void items_of_file(struct xform *xform, uint32_t index, struct view file) {
    struct view stem = file;
    bool is_places;

    while (stem.size > 0 && stem.data[stem.size - 1] != '.')
        stem.size--;
    is_places = view_is(view_slice(file, stem.size, file.size), "geojson");
    stem.size -= stem.size > 0 ? 1 : 0;
    items_of_instance(xform, index, stem, is_places ? "id" : "name", is_places ? "title" : "label",
                      false);
}

/* search() reads its choices itself; what is listed says which columns it takes. */
static void items_inline(struct xform *xform, uint32_t index) {
    const struct compiler *compiler = xform->compiler;
    const struct form_list *list = &compiler->lists[index];
    bool is_text = list_is_text(xform, index);
    struct buf *out = xform->out;

    for (uint32_t i = 0; i < list->choice_count; i++) {
        const struct view *label = list->choices[i].label.by_language;
        struct view shown = {0};

        for (uint32_t j = 0; label != NULL && j < compiler->form.language_count; j++)
            shown = shown.size == 0 ? label[j] : shown;
        buf_add_text(out, "<item>");
        if (is_text) {
            buf_addf(out, "<label ref=\"jr:itext('%.*s-%u')\"/>", VIEW_PRINT(list->name), i);
        } else {
            buf_add_text(out, "<label>");
            xform_mixed(xform, shown, NO_PARENT);
            buf_add_text(out, "</label>");
        }
        buf_add_text(out, "<value>");
        put_escaped(out, list->choices[i].name);
        buf_add_text(out, "</value></item>");
    }
}

static void osm_tags(struct xform *xform, struct view list) {
    const struct table *table = &xform->compiler->osm;
    struct buf *out = xform->out;

    for (uint32_t i = 1; table->sheet != NULL && list.size > 0 && i < table->sheet->row_count;
         i++) {
        if (!view_equal(table_cell(table, i, COLUMN_LIST_NAME), list))
            continue;
        buf_add_text(out, "<tag");
        put_attribute(out, "key", table_cell(table, i, COLUMN_NAME));
        buf_add_text(out, "><label>");
        put_escaped(out, table_cell(table, i, COLUMN_LABEL));
        buf_add_text(out, "</label></tag>");
    }
}

static void choices(struct xform *xform, uint32_t index) {
    const struct compiler *compiler = xform->compiler;
    const struct survey_row *row = &compiler->rows[index];
    struct view geometry = row_parameter(row, "reference-geometry");
    struct view labels = row_parameter(row, "tick_labelset");

    if (strcmp(row->spec->text, "select one external") == 0)
        return;
    if (strcmp(row->spec->text, "osm") == 0) {
        osm_tags(xform, row->file);
    } else if (row->list != FORM_NO_LIST && has_word(row->appearance, "search(")) {
        items_inline(xform, row->list);
    } else if (row->list != FORM_NO_LIST) {
        items_of_list(xform, index, row->list);
    } else if (row->file.size > 0 && row->file.data[0] == '$') {
        items_of_repeat(xform, index, row->file, NULL);
    } else if (row->file.size > 0) {
        items_of_file(xform, index, row->file);
    } else if (geometry.size > 0 && geometry.data[0] == '$' &&
               strncmp(row->spec->text, "geo", 3) == 0) {
        items_of_repeat(xform, index, geometry, "geometry");
    } else if (geometry.size > 0 && strncmp(row->spec->text, "geo", 3) == 0) {
        uint32_t list = compile_list(compiler, geometry);

        if (list != FORM_NO_LIST)
            items_of_list(xform, index, list);
        else
            items_of_instance(xform, index, geometry, "name", "label", false);
    } else if (labels.size > 0 && compile_list(compiler, labels) != FORM_NO_LIST) {
        items_of_list(xform, index, compile_list(compiler, labels));
    }
}

/* --- questions --- */

/* What happens elsewhere when this question is answered. */
static void triggers(struct xform *xform, uint32_t index) {
    const struct compiler *compiler = xform->compiler;

    for (uint32_t i = 0; compiler->rows[index].is_trigger && i < compiler->row_count; i++) {
        const struct survey_row *row = &compiler->rows[i];
        struct reference reference;
        bool ambiguous, meant = false;

        for (size_t at = 0; reference_next(row->trigger, at, &reference); at = reference.end)
            meant = meant || reference_row(compiler, reference.name, i, &ambiguous) == index;
        if (!meant || row->spec->kind != ROW_FIELD)
            continue;
        if (strcmp(row->spec->text, "background geopoint") == 0)
            buf_addf(xform->out, "<odk:setgeopoint ref=\"%.*s\" event=\"xforms-value-changed\"/>\n",
                     VIEW_PRINT(row->xpath));
        else
            xform_setvalue(xform, i, "xforms-value-changed", row->calculation);
    }
}

static void question(struct xform *xform, uint32_t index) {
    const struct survey_row *row = &xform->compiler->rows[index];
    const char *tag = row->spec->control;
    struct context context = xform_context(xform, index);
    struct buf *out = xform->out;
    size_t start = out->size;

    if (tag == NULL ||
        (!row->has_label && !row->has_hint && (row->calculation.size > 0 || row->trigger.size > 0)))
        return;
    buf_addf(out, "<%s", tag);
    put_attribute(out, "ref", row->xpath);
    if (strcmp(tag, "upload") == 0)
        put_attribute(out, "mediatype", view_text(row->spec->detail));
    if (strcmp(row->spec->text, "select one external") == 0) {
        struct view filter = row->choice_filter.size > 0 ? row->choice_filter : view_text("true()");

        struct buf *query = xform_scratch(xform);

        context.is_current = true;
        buf_addf(query, "instance('%.*s')/root/item[", VIEW_PRINT(row->file));
        xform_expand(xform, filter, &context, query);
        buf_add_text(query, "]");
        put_attribute(out, "query", buf_view(query));
        context.is_current = false;
    }
    if (row->appearance.size > 0)
        xform_expression(xform, "appearance", row->appearance, &context);
    parameters(xform, row);
    own_columns(xform, index, start);
    buf_add_text(out, ">");
    xform_label(xform, index, true);
    xform_hint(xform, index);
    choices(xform, index);
    triggers(xform, index);
    buf_addf(out, "</%s>\n", tag);
}

/* --- groups --- */

/* Dynamic defaults of new instances, those of the repeats inside left to them. */
static void new_instance(struct xform *xform, uint32_t repeat) {
    const struct survey_row *rows = xform->compiler->rows;

    for (uint32_t i = repeat + 1; i < rows[repeat].end; i++)
        if (rows[i].repeat == repeat && rows[i].spec->kind == ROW_FIELD &&
            rows[i].default_value.size > 0 && default_is_dynamic(rows[i].default_value, &rows[i]))
            xform_setvalue(xform, i, "odk-new-repeat", rows[i].default_value);
    for (uint32_t i = 0; i < xform->compiler->entity_count; i++) {
        const struct entity *entity = &xform->compiler->entities_declared[i];
        uint32_t at = entity->container;

        if (at != NO_PARENT && (at == repeat || rows[at].repeat == repeat) &&
            !(at != repeat && rows[at].spec->type == FIELD_TYPE_REPEAT))
            xform_entity_new_repeat(xform, entity);
    }
}

static void rows_between(struct xform *xform, uint32_t from, uint32_t to);

static void repeat(struct xform *xform, uint32_t index) {
    const struct survey_row *row = &xform->compiler->rows[index];
    struct context context = xform_context(xform, index);
    struct buf *out = xform->out;
    size_t start;

    buf_add_text(out, "<group");
    put_attribute(out, "ref", row->xpath);
    buf_add_text(out, ">");
    xform_label(xform, index, true);
    start = out->size;
    buf_add_text(out, "<repeat");
    put_attribute(out, "nodeset", row->xpath);
    if (row->appearance.size > 0)
        xform_expression(xform, "appearance", row->appearance, &context);
    own_columns(xform, index, start);
    if (row->count_row != NO_ROW) {
        char *count = arena_text(xform->compiler->arena, "${%.*s}",
                                 VIEW_PRINT(xform->compiler->rows[row->count_row].name));

        if (count != NULL)
            xform_expression(xform, "jr:count", view_text(count), &context);
    } else if (row->repeat_count.size > 0) {
        xform_expression(xform, "jr:count", row->repeat_count, &context);
    }
    buf_add_text(out, ">\n");
    rows_between(xform, index + 1, row->end);
    new_instance(xform, index);
    buf_add_text(out, "</repeat></group>\n");
}

static void group(struct xform *xform, uint32_t index) {
    const struct survey_row *row = &xform->compiler->rows[index];
    struct context context = xform_context(xform, index);
    struct buf *out = xform->out;
    size_t start = out->size;

    buf_add_text(out, "<group");
    put_attribute(out, "ref", row->xpath);
    if (row->appearance.size > 0)
        xform_expression(xform, "appearance", row->appearance, &context);
    own_columns(xform, index, start);
    buf_add_text(out, ">");
    xform_label(xform, index, false);
    xform_hint(xform, index);
    buf_add_text(out, "\n");
    rows_between(xform, index + 1, row->end);
    buf_add_text(out, "</group>\n");
}

static void rows_between(struct xform *xform, uint32_t from, uint32_t to) {
    const struct survey_row *rows = xform->compiler->rows;

    for (uint32_t i = from; i < to; i = rows[i].end) {
        if (rows[i].spec->kind == ROW_FIELD)
            question(xform, i);
        else if (rows[i].spec->kind == ROW_BEGIN && rows[i].spec->type == FIELD_TYPE_REPEAT)
            repeat(xform, i);
        else if (rows[i].spec->kind == ROW_BEGIN)
            group(xform, i);
    }
}

void xform_body(struct xform *xform) {
    struct view style = table_cell(&xform->compiler->settings, 1, COLUMN_STYLE);

    buf_add_text(xform->out, "<h:body");
    if (style.size > 0)
        put_attribute(xform->out, "class", style);
    buf_add_text(xform->out, ">\n");
    rows_between(xform, 0, xform->compiler->row_count);
    buf_add_text(xform->out, "</h:body>\n");
}
