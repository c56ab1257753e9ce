/* Loading an XForm: the parts in the order in which they need each other. */
#include "base/text.h"
#include "schema/form/model_build.h"

enum rc build_refuse(struct model_build *build, const struct xml_node *at) {
    if (build->err->rc == RC_OK)
        return RC_OK;
    return err_prefix(build->err, "XForm, line %u: ", at == NULL ? 0 : at->line);
}

void build_note(struct model_build *build, uint32_t line, struct view about, const char *text) {
    struct model *model = build->model;
    struct model_note *note;

    if (model->note_count >= MODEL_NOTES_MAX)
        return;
    note = arena_push(build->arena, &model->notes, &model->note_count, &build->note_capacity,
                      sizeof(*model->notes));
    if (note != NULL)
        *note = (struct model_note){.line = line, .about = about, .text = text};
}

enum rc build_memory(struct model_build *build) {
    if (arena_check(build->arena, "the form", build->err) != RC_OK)
        return build->err->rc;
    return arena_check(build->scratch, "the form", build->err);
}

/* Prefixes as they are declared on the way to the primary instance; the inner one counts. */
static enum rc read_namespaces(struct model_build *build, const struct xml_node *html) {
    struct model *model = build->model;
    const struct xml_node *instance = xml_child(build->model_element, "instance");
    const struct xml_node *root = instance == NULL ? NULL : xml_child(instance, NULL);
    const struct xml_node *const around[] = {root, instance, build->model_element,
                                             build->model_element->parent, html};
    uint32_t capacity = 0;

    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
        for (const struct xml_node *node = around[i] == NULL ? NULL : around[i]->namespaces;
             node != NULL; node = node->next) {
            struct model_namespace *slot;

            slot = arena_push(build->arena, &model->namespaces, &model->namespace_count, &capacity,
                              sizeof(*slot));
            if (slot == NULL)
                return build_memory(build);
            slot->prefix = arena_view(build->arena, node->name);
            slot->uri = arena_view(build->arena, node->value);
            if (view_is(node->value, URI_ROSA) && !model->has_rosa_namespace) {
                model->has_rosa_namespace = true;
                model->rosa_prefix = slot->prefix;
            }
        }
    return build_memory(build);
}

/* The elements that matter, wherever a sloppy author put them. */
static enum rc find_parts(struct model_build *build, const struct xml_node *document) {
    const struct xml_node *html = xml_root(document), *head, *title;

    head = xml_child(html, "head");
    build->body = xml_child(html, "body");
    build->model_element = head == NULL ? NULL : xml_child(head, "model");
    if (build->model_element == NULL) {
        err_set(build->err, RC_INVALID,
                "this is no XForm: it needs html, head and model, in this order");
        return build_refuse(build, html);
    }
    title = xml_child(head, "title");
    if (title != NULL) {
        struct view text;

        if (xml_text(title, build->scratch, &text, build->err) != RC_OK)
            return build->err->rc;
        build->model->title = arena_view(build->arena, text_trim(text));
    }
    return read_namespaces(build, html);
}

static void read_submission(struct model_build *build) {
    const struct xml_node *node = xml_child(build->model_element, "submission");

    if (node == NULL)
        return;
    build->model->submission_action = arena_view(build->arena, xml_attribute_value(node, "action"));
    build->model->submission_key =
        arena_view(build->arena, xml_attribute_value(node, "base64RsaPublicKey"));
}

static enum rc read_all(struct model_build *build, const struct xml_node *document) {
    struct err *err = build->err;

    if (find_parts(build, document) != RC_OK || build_fields(build) != RC_OK ||
        build_itext(build) != RC_OK || build_binds(build) != RC_OK ||
        build_instances(build) != RC_OK || build_model_actions(build) != RC_OK ||
        build_body(build) != RC_OK)
        return err->rc;
    read_submission(build);
    return build_order(build);
}

enum rc model_load(struct view document, const struct model_host *host, struct arena *arena,
                   struct model **model, struct err *err) {
    struct xml_limits limits = XML_LIMITS_DEFAULT;
    struct xml_node *tree = NULL;
    struct arena scratch;
    struct model_build build = {.arena = arena, .scratch = &scratch, .host = host, .err = err};

    *model = NULL;
    limits.bytes = MODEL_BYTES_MAX;
    arena_init(&scratch, MODEL_ARENA_BYTES);
    build.model = arena_alloc(arena, sizeof(*build.model));
    if (build.model == NULL) {
        build_memory(&build);
        goto out;
    }
    build.model->arena = arena;
    if (xml_tree_parse(document, limits, &scratch, &tree, err) != RC_OK ||
        read_all(&build, tree) != RC_OK || build_memory(&build) != RC_OK)
        goto out;
    *model = build.model;
out:
    arena_release(&scratch);
    return *model != NULL ? RC_OK : err->rc;
}
