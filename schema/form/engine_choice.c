/* What a question offers to choose from. */
#include "schema/form/engine_parts.h"

bool choice_has(struct view list, struct view value) {
    size_t at = 0;

    while (at < list.size) {
        size_t start;

        while (at < list.size && list.data[at] <= ' ')
            at++;
        start = at;
        while (at < list.size && list.data[at] > ' ')
            at++;
        if (at > start && view_equal(view_slice(list, start, at - start), value))
            return true;
    }
    return list.size == 0 && value.size == 0;
}

static void option_media(struct engine *engine, const struct model_text *label,
                         struct xml_node *node, struct xml_node *current, struct arena *arena,
                         struct option *option) {
    option->image = text_render(engine, label, "image", node, current, arena);
    option->audio = text_render(engine, label, "audio", node, current, arena);
    option->video = text_render(engine, label, "video", node, current, arena);
}

static enum rc written_choices(struct engine *engine, const struct model_control *control,
                               struct xml_node *node, bool with_labels, struct arena *arena,
                               struct option *options) {
    for (uint32_t i = 0; i < control->item_count; i++) {
        options[i].value = control->items[i].value;
        if (!with_labels)
            continue;
        options[i].label = text_render(engine, &control->items[i].label, "", node, NULL, arena);
        option_media(engine, &control->items[i].label, node, NULL, arena, &options[i]);
    }
    return RC_OK;
}

enum rc choices_of(struct engine *engine, const struct model_control *control,
                   struct engine_cell *cell, bool with_labels, struct arena *arena,
                   struct option **options, uint32_t *count) {
    const struct model_itemset *itemset = &control->itemset;
    struct xpath_value nodes = {0};

    *count = control->item_count;
    *options = NULL;
    if (itemset->nodes != NULL) {
        if (eval_value(engine, itemset->nodes, cell->node, NULL, &nodes) != RC_OK)
            return RC_INVALID;
        *count = nodes.type == XPATH_NODES ? nodes.count : 0;
    }
    *options = arena_array(arena, *count + 1u, sizeof(**options));
    if (*options == NULL)
        return RC_LIMIT;
    if (itemset->nodes == NULL)
        return written_choices(engine, control, cell->node, with_labels, arena, *options);
    engine->rendering++;
    for (uint32_t i = 0; i < *count; i++) {
        struct option *option = &(*options)[i];

        if (!eval_text(engine, itemset->value, nodes.nodes[i], cell->node, &option->value)) {
            engine->rendering--;
            return RC_INVALID;
        }
        if (arena != &engine->scratch)
            option->value = arena_view(arena, option->value);
        if (!with_labels)
            continue;
        option->label = text_render(engine, &itemset->label, "", nodes.nodes[i], cell->node, arena);
        option_media(engine, &itemset->label, nodes.nodes[i], cell->node, arena, option);
    }
    engine->rendering--;
    return RC_OK;
}
