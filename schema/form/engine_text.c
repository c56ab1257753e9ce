/* Texts as people read them: translated, with the outputs filled in. */
#include "schema/form/engine_parts.h"

#define RENDERING_MAX 6u /* texts inside of texts: jr:itext() in an output of a translation */

static struct view render_parts(struct engine *engine, const struct model_parts *parts,
                                struct xml_node *node, struct arena *arena) {
    struct view result = view_of("", 0);
    struct buf out;

    if (parts->count == 0)
        return result;
    if (parts->count == 1 && parts->list[0].output == NULL)
        return parts->list[0].literal;
    if (engine->rendering >= RENDERING_MAX)
        return result;
    engine->rendering++;
    buf_init(&out, XPATH_VALUE_BYTES);
    for (uint32_t i = 0; i < parts->count; i++) {
        struct view text = parts->list[i].literal;

        if (parts->list[i].output != NULL && node != NULL)
            (void)eval_text(engine, parts->list[i].output, node, NULL, &text);
        buf_add_view(&out, text);
    }
    engine->rendering--;
    if (out.failed == RC_OK)
        result = arena_view(arena, buf_view(&out));
    buf_release(&out);
    return result;
}

static const struct model_parts *find_saying(const struct model_translation *translation,
                                             const char *kind) {
    static const char *const plain[] = {"", "long", "short", "markdown"};

    for (uint32_t i = 0; i < translation->count; i++)
        if (view_is(translation->list[i].kind, kind))
            return &translation->list[i].parts;
    if (kind[0] != '\0')
        return NULL;
    for (size_t k = 1; k < sizeof(plain) / sizeof(plain[0]); k++)
        for (uint32_t i = 0; i < translation->count; i++)
            if (view_is(translation->list[i].kind, plain[k]))
                return &translation->list[i].parts;
    return NULL;
}

struct view text_of_itext(struct engine *engine, const struct model_itext *text, const char *kind,
                          struct xml_node *node, struct arena *arena) {
    const struct model_translation *translation = &text->by_language[engine->language];
    const struct model_parts *parts;

    if (translation->count == 0)
        translation = &text->by_language[engine->model->default_language];
    parts = find_saying(translation, kind);
    return parts == NULL ? view_of("", 0) : render_parts(engine, parts, node, arena);
}

struct view text_render(struct engine *engine, const struct model_text *text, const char *kind,
                        struct xml_node *node, struct xml_node *current, struct arena *arena) {
    struct view result = view_of("", 0);

    if (text->itext != NULL)
        return text_of_itext(engine, text->itext, kind, node, arena);
    if (text->expression != NULL) {
        struct view source = xpath_source(text->expression);
        const char *before = engine->itext_kind;

        if (kind[0] != '\0' &&
            (source.size < 8 || memcmp(source.data, "jr:itext", 8) != 0 || node == NULL))
            return result;
        engine->itext_kind = kind;
        if (node != NULL && eval_text(engine, text->expression, node, current, &result))
            result = arena == &engine->scratch ? result : arena_view(arena, result);
        engine->itext_kind = before;
        return result;
    }
    return kind[0] == '\0' ? render_parts(engine, &text->parts, node, arena) : result;
}
