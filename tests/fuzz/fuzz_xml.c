/* Any bytes as XML: what is read is written, and what was written is read as the same again. */
#include "base/xml_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct xml_node *document, struct arena *arena, bool indent) {
    struct xml_node *twin;
    struct buf first, second;
    struct err err;

    err_init(&err, LANG_EN);
    buf_init(&first, 64u << 20);
    buf_init(&second, 64u << 20);
    xml_write(document, indent, &first);
    if (first.failed != RC_OK ||
        xml_tree_parse(buf_view(&first), XML_LIMITS_DEFAULT, arena, &twin, &err) != RC_OK) {
        if (err.rc != RC_LIMIT && first.failed == RC_OK)
            abort();
    } else {
        xml_write(twin, indent, &second);
        if (!view_equal(buf_view(&first), buf_view(&second)))
            abort();
    }
    buf_release(&first);
    buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct xml_node *document;
    struct view text;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u << 20);
    if (xml_tree_parse(view_of(data, size), XML_LIMITS_DEFAULT, &arena, &document, &err) == RC_OK) {
        write_again(document, &arena, false);
        write_again(document, &arena, true);
        (void)xml_text(document, &arena, &text, &err);
        if (xml_clone(document, &arena) == NULL && arena.failed == RC_OK)
            abort();
    }
    arena_release(&arena);
    return 0;
}
