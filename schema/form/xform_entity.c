/* xform_entity.c: an entity is declared in the <meta> of its container: which list, whether it is
 * made or changed, its id and its label. */
#include "schema/form/xform.h"

const struct entity *xform_entity_of(const struct xform *xform, uint32_t container) {
    for (uint32_t i = 0; i < xform->compiler->entity_count; i++)
        if (xform->compiler->entities_declared[i].container == container)
            return &xform->compiler->entities_declared[i];
    return NULL;
}

static bool creates(const struct entity *entity) {
    return entity->create_if.size > 0 || entity->id.size == 0;
}

void xform_entity_node(struct xform *xform, const struct entity *entity) {
    struct buf *out = xform->out;

    buf_add_text(out, "<entity");
    put_attribute(out, "dataset", entity->list);
    if (creates(entity))
        buf_add_text(out, " create=\"1\"");
    if (entity->id.size > 0)
        buf_add_text(out, " update=\"1\" baseVersion=\"\" trunkVersion=\"\" branchId=\"\"");
    buf_add_text(out, entity->label.size > 0 ? " id=\"\"><label/></entity>" : " id=\"\"/>");
}

static struct context context_of(const struct xform *xform, const struct entity *entity,
                                 const char *node) {
    const struct compiler *compiler = xform->compiler;
    struct context context = {.row = entity->container, .repeat = NO_PARENT, .items = NO_ROW};

    if (entity->container == NO_PARENT) {
        context.path = view_text(arena_text(compiler->arena, "/%.*s/meta/entity/%s",
                                            VIEW_PRINT(compiler->root_name), node));
        return context;
    }
    context.path = view_text(arena_text(compiler->arena, "%.*s/meta/entity/%s",
                                        VIEW_PRINT(compiler->rows[entity->container].xpath), node));
    context.repeat = compiler->rows[entity->container].spec->type == FIELD_TYPE_REPEAT
                         ? entity->container
                         : compiler->rows[entity->container].repeat;
    return context;
}

static void bind(struct xform *xform, const struct entity *entity, const char *node,
                 struct view calculation) {
    struct context context = context_of(xform, entity, node);

    buf_add_text(xform->out, "<bind");
    put_attribute(xform->out, "nodeset", context.path);
    buf_add_text(xform->out, " type=\"string\" readonly=\"true()\"");
    if (calculation.size > 0)
        xform_expression(xform, "calculate", calculation, &context);
    buf_add_text(xform->out, "/>\n");
}

static void version(struct xform *xform, const struct entity *entity, const char *node,
                    const char *column) {
    bind(xform, entity, node,
         view_text(arena_text(xform->compiler->arena, "instance('%.*s')/root/item[name=%.*s]/%s",
                              VIEW_PRINT(entity->list), VIEW_PRINT(entity->id), column)));
}

static void set_id(struct xform *xform, const struct entity *entity, const char *event) {
    struct context context = context_of(xform, entity, "@id");

    buf_add_text(xform->out, "<setvalue");
    put_attribute(xform->out, "ref", context.path);
    buf_addf(xform->out, " event=\"%s\" value=\"uuid()\"/>\n", event);
}

void xform_entity_binds(struct xform *xform, const struct entity *entity) {
    if (entity->create_if.size > 0)
        bind(xform, entity, "@create", entity->create_if);
    if (entity->update_if.size > 0)
        bind(xform, entity, "@update", entity->update_if);
    if (entity->id.size > 0) {
        version(xform, entity, "@baseVersion", "__version");
        version(xform, entity, "@trunkVersion", "__trunkVersion");
        version(xform, entity, "@branchId", "__branchId");
    }
    bind(xform, entity, "@id", entity->id);
    if (creates(entity))
        set_id(xform, entity, "odk-instance-first-load");
    if (entity->label.size > 0)
        bind(xform, entity, "label", entity->label);
}

void xform_entity_new_repeat(struct xform *xform, const struct entity *entity) {
    if (creates(entity))
        set_id(xform, entity, "odk-new-repeat");
}
