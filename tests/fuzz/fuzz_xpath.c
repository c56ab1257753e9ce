/* Any bytes as an expression: it is refused or evaluated within its steps, whatever stands in it,
 * and looking into it gives paths that are absolute. Its value can be read as text and number. */
#include "base/date.h"
#include "schema/form/xpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char xml[] =
    "<data xmlns:p=\"urn:p\"><a id=\"x\">1</a><b>2020-02-29</b><c p:k=\"v\">x y z</c><m><n>1.5</n>"
    "</m><m><n>-2</n><!--c--><o/></m><g>0 0;0 1;1 1;0 0</g><?t d?></data>";

static int64_t give_now(void *user) {
    (void)user;
    return INT64_C(1795392000000);
}

static int64_t give_offset(void *user, int64_t utc_ms) {
    (void)user;
    return (utc_ms / MS_PER_DAY % 2 == 0 ? 8 : -7) * MS_PER_HOUR;
}

static void give_random(void *user, uint8_t *out, size_t size) {
    (void)user;
    memset(out, 0xA5, size);
}

static struct xml_node *give_instance(void *user, struct view id) {
    return id.size == 1 ? user : NULL;
}

static bool is_repeat(void *user, const struct xml_node *node) {
    (void)user;
    return view_is(node->name, "m");
}

static bool is_hidden(void *user, const struct xml_node *node) {
    (void)user;
    return view_is(node->name, "o");
}

static bool give_text(void *user, struct view id, struct view *text) {
    (void)user;
    *text = id;
    return id.size % 2 == 0;
}

static bool give_label(void *user, struct view name, const struct xml_node *node, struct view path,
                       struct view *label) {
    (void)user;
    *label = node == NULL ? path : name;
    return true;
}

static bool give_digest(void *user, struct view algorithm, struct view data, struct buf *out) {
    (void)user;
    buf_add_view(out, view_slice(data, 0, 20));
    return algorithm.size > 0;
}

static void look(const struct xpath *expression, struct arena *arena, struct err *err) {
    struct xpath_reference *references;
    struct xpath_call *calls;
    uint32_t count;

    if (xpath_references(expression, view_text("/data/a"), arena, &references, &count, err) ==
        RC_OK)
        for (uint32_t i = 0; i < count; i++)
            if (references[i].path.size == 0 || references[i].path.data[0] != '/' ||
                references[i].place.offset + references[i].place.length >
                    xpath_source(expression).size)
                abort();
    if (xpath_calls(expression, arena, &calls, &count, err) == RC_OK)
        for (uint32_t i = 0; i < count; i++)
            if (calls[i].place.offset + calls[i].place.length > xpath_source(expression).size)
                abort();
    (void)xpath_is_constant(expression);
}

static void evaluate(const struct xpath *expression, struct xml_node *document, struct arena *arena,
                     struct err *err) {
    struct xpath_host host = {
        .user = document,
        .primary = document,
        .now_ms = give_now,
        .offset_ms = give_offset,
        .random = give_random,
        .instance = give_instance,
        .is_repeat = is_repeat,
        .is_hidden = is_hidden,
        .itext = give_text,
        .choice_name = give_label,
        .digest = give_digest,
        .language = view_text("zh"),
    };
    struct xml_node *root = xml_root(document);
    uint32_t steps = 20000;
    struct xpath_place place;
    struct xpath_scope scope = {
        .host = &host, .node = xml_child(root, "m")->first, .steps = &steps, .place = &place};
    struct xpath_value value;
    struct xpath_number number;
    struct view text;

    if (xpath_evaluate(expression, &scope, arena, &value, err) != RC_OK) {
        if (err->rc == RC_OK || place.offset + place.length > xpath_source(expression).size)
            abort();
        return;
    }
    (void)xpath_to_bool(&value);
    (void)xpath_to_text(&value, arena, &text, err);
    (void)xpath_to_number(&value, &scope, arena, &number, err);
    for (uint32_t i = 0; value.type == XPATH_NODES && i < value.count; i++)
        if (value.nodes[i]->kind == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct xml_node *document;
    struct xpath *expression;
    struct xpath_place place;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 16u << 20);
    if (xml_tree_parse(view_text(xml), XML_LIMITS_DEFAULT, &arena, &document, &err) != RC_OK)
        abort();
    if (xpath_parse(view_of(data, size), &arena, &expression, &place, &err) == RC_OK) {
        look(expression, &arena, &err);
        evaluate(expression, document, &arena, &err);
    } else if (place.offset + place.length > size + 1) {
        abort();
    }
    arena_release(&arena);
    return 0;
}
