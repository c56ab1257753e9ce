/* Texts of a form: labels, hints, messages and the table of translations. */
#include "schema/form/model_build.h"

#include "base/text.h"

enum rc build_expression(struct model_build *build, const struct xml_node *at, struct view source,
                         const struct xpath **xpath) {
    struct xpath *parsed;

    if (++build->expression_count > MODEL_EXPRESSIONS_MAX) {
        err_set(build->err, RC_LIMIT, "more than %u expressions", MODEL_EXPRESSIONS_MAX);
        return build_refuse(build, at);
    }
    if (xpath_parse(source, build->arena, &parsed, NULL, build->err) != RC_OK)
        return build_refuse(build, at);
    *xpath = parsed;
    return RC_OK;
}

/* What stands inside of a label or value: text, and <output value="..."/> (or ref). */
static enum rc parts_of(struct model_build *build, const struct xml_node *element,
                        struct model_parts *parts) {
    struct model_part *list = NULL;
    uint32_t count = 0, capacity = 0;

    for (const struct xml_node *node = xml_walk(element, element); node != NULL;
         node = xml_walk(node, element)) {
        struct model_part part = {0};
        struct model_part *slot;

        if (node->kind == XML_TEXT) {
            part.literal = arena_view(build->arena, node->value);
        } else if (node->kind == XML_ELEMENT && view_is(node->name, "output")) {
            struct view source = xml_attribute_value(node, "value");

            if (source.size == 0)
                source = xml_attribute_value(node, "ref");
            if (text_trim(source).size == 0) {
                err_set(build->err, RC_INVALID, "an output without value");
                return build_refuse(build, node);
            }
            if (build_expression(build, node, source, &part.output) != RC_OK)
                return build->err->rc;
        } else {
            continue;
        }
        slot = arena_push(build->arena, &list, &count, &capacity, sizeof(*list));
        if (slot == NULL)
            return build_memory(build);
        *slot = part;
    }
    *parts = (struct model_parts){.count = count, .list = list};
    return RC_OK;
}

/* The id in jr:itext('id'), if the expression is exactly that. */
static bool itext_literal(struct view source, struct view *id) {
    static const char opening[] = "jr:itext(";
    struct view inner;

    source = text_trim(source);
    if (source.size < sizeof(opening) + 2 ||
        memcmp(source.data, opening, sizeof(opening) - 1) != 0 ||
        source.data[source.size - 1] != ')')
        return false;
    inner = text_trim(view_slice(source, sizeof(opening) - 1, source.size - sizeof(opening)));
    if (inner.size < 2 || (inner.data[0] != '\'' && inner.data[0] != '"') ||
        inner.data[inner.size - 1] != inner.data[0])
        return false;
    *id = view_slice(inner, 1, inner.size - 2);
    return memchr(id->data, inner.data[0], id->size) == NULL;
}

static enum rc reference(struct model_build *build, const struct xml_node *at, struct view source,
                         struct model_text *text) {
    struct view id;

    if (!itext_literal(source, &id))
        return build_expression(build, at, source, &text->expression);
    text->itext = model_itext_of(build->model, id);
    if (text->itext == NULL)
        build_note(build, at->line, (struct view){0},
                   WORD("a text refers to a translation that is not there"));
    return RC_OK;
}

enum rc build_text(struct model_build *build, const struct xml_node *element,
                   struct model_text *text) {
    struct view source = xml_attribute_value(element, "ref");

    if (text_trim(source).size > 0)
        return reference(build, element, source, text);
    return parts_of(build, element, &text->parts);
}

enum rc build_message(struct model_build *build, const struct xml_node *bind, const char *uri,
                      const char *name, struct model_text *text) {
    static const char opening[] = "jr:itext(";
    const struct xml_node *attribute = xml_attribute_of(bind, uri, name);
    struct model_part *part;
    struct view source;

    if (attribute == NULL || text_trim(attribute->value).size == 0)
        return RC_OK;
    source = text_trim(attribute->value);
    if (source.size >= sizeof(opening) - 1 &&
        memcmp(source.data, opening, sizeof(opening) - 1) == 0)
        return reference(build, bind, source, text);
    part = arena_alloc(build->arena, sizeof(*part));
    if (part == NULL)
        return build_memory(build);
    part->literal = arena_view(build->arena, source);
    text->parts = (struct model_parts){.count = 1, .list = part};
    return RC_OK;
}

/* ---- translations ---- */

static int by_id(const void *left, const void *right) {
    return view_compare(((const struct model_itext *)left)->id,
                        ((const struct model_itext *)right)->id);
}

const struct model_itext *model_itext_of(const struct model *model, struct view id) {
    uint32_t low = 0, high = model->itext_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = view_compare(model->itexts[middle].id, id);

        if (order == 0)
            return &model->itexts[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static enum rc read_sayings(struct model_build *build, const struct xml_node *text,
                            struct model_translation *translation) {
    struct model_saying *list = NULL;
    uint32_t count = 0, capacity = 0;

    for (const struct xml_node *value = xml_child(text, "value"); value != NULL;
         value = xml_sibling(value, "value")) {
        struct model_saying *saying =
            arena_push(build->arena, &list, &count, &capacity, sizeof(*list));

        if (saying == NULL)
            return build_memory(build);
        saying->kind = arena_view(build->arena, xml_attribute_value(value, "form"));
        if (parts_of(build, value, &saying->parts) != RC_OK)
            return build->err->rc;
    }
    *translation = (struct model_translation){.count = count, .list = list};
    return RC_OK;
}

/* First all ids, sorted and each once, then the texts language by language. */
static enum rc collect_ids(struct model_build *build, const struct xml_node *itext) {
    struct model *model = build->model;
    struct model_itext *list = NULL;
    uint32_t count = 0, capacity = 0, kept = 0;

    for (const struct xml_node *language = xml_child(itext, "translation"); language != NULL;
         language = xml_sibling(language, "translation")) {
        for (const struct xml_node *text = xml_child(language, "text"); text != NULL;
             text = xml_sibling(text, "text")) {
            struct model_itext *entry =
                arena_push(build->scratch, &list, &count, &capacity, sizeof(*list));

            if (entry == NULL)
                return build_memory(build);
            *entry = (struct model_itext){.id = xml_attribute_value(text, "id")};
        }
    }
    if (count == 0)
        return RC_OK;
    qsort(list, count, sizeof(*list), by_id);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || !view_equal(list[i].id, list[kept - 1].id))
            list[kept++] = list[i];
    model->itexts = arena_array(build->arena, kept, sizeof(*model->itexts));
    if (model->itexts == NULL)
        return build_memory(build);
    for (uint32_t i = 0; i < kept; i++) {
        model->itexts[i].id = arena_view(build->arena, list[i].id);
        model->itexts[i].by_language =
            arena_array(build->arena, model->language_count, sizeof(struct model_translation));
        if (model->itexts[i].by_language == NULL)
            return build_memory(build);
    }
    model->itext_count = kept;
    return RC_OK;
}

static enum rc read_language(struct model_build *build, const struct xml_node *translation,
                             uint32_t language) {
    for (const struct xml_node *text = xml_child(translation, "text"); text != NULL;
         text = xml_sibling(text, "text")) {
        const struct model_itext *itext =
            model_itext_of(build->model, xml_attribute_value(text, "id"));
        struct model_translation read = {0};

        if (itext == NULL)
            continue;
        if (read_sayings(build, text, &read) != RC_OK)
            return build->err->rc;
        if (itext->by_language[language].count > 0)
            build_note(build, text->line, (struct view){0},
                       WORD("a text is translated twice; the last one counts"));
        ((struct model_translation *)itext->by_language)[language] = read;
    }
    return RC_OK;
}

enum rc build_itext(struct model_build *build) {
    struct model *model = build->model;
    const struct xml_node *itext = xml_child(build->model_element, "itext");
    uint32_t capacity = 0, language = 0;
    bool has_default = false;

    if (itext == NULL)
        return RC_OK;
    for (const struct xml_node *node = xml_child(itext, "translation"); node != NULL;
         node = xml_sibling(node, "translation")) {
        const struct xml_node *preferred = xml_attribute(node, "default");
        struct view *slot = arena_push(build->arena, &model->languages, &model->language_count,
                                       &capacity, sizeof(*model->languages));

        if (slot == NULL)
            return build_memory(build);
        if (model->language_count > MODEL_LANGUAGES_MAX) {
            err_set(build->err, RC_LIMIT, "more than %u languages", MODEL_LANGUAGES_MAX);
            return build_refuse(build, node);
        }
        *slot = arena_view(build->arena, xml_attribute_value(node, "lang"));
        if (preferred != NULL && !view_is(preferred->value, "false()") && !has_default) {
            has_default = true;
            model->default_language = model->language_count - 1;
        }
    }
    if (collect_ids(build, itext) != RC_OK)
        return build->err->rc;
    for (const struct xml_node *node = xml_child(itext, "translation"); node != NULL;
         node = xml_sibling(node, "translation"))
        if (read_language(build, node, language++) != RC_OK)
            return build->err->rc;
    return build_memory(build);
}

uint32_t model_language(const struct model *model, struct view name) {
    for (uint32_t i = 0; i < model->language_count; i++)
        if (view_equal(model->languages[i], name))
            return i;
    for (uint32_t i = 0; i < model->language_count; i++) {
        struct view full = model->languages[i];

        if (name.size > 0 && full.size > name.size + 2 && full.data[full.size - 1] == ')' &&
            full.data[full.size - name.size - 2] == '(' &&
            view_equal(view_slice(full, full.size - name.size - 1, name.size), name))
            return i;
    }
    return MODEL_NONE;
}
