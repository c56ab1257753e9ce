/* Any bytes as a compiled form: what loads is canonical, and everything in it can be looked up. */
#include "schema/form.h"
#include "schema/form/form_json.h"
#include "schema/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct form *form;
    struct buf json;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u * 1024 * 1024);
    buf_init(&json, LIMIT_FORM_BYTES);
    if (form_load(view_of(data, size), &arena, &form, &err) == RC_OK) {
        form_write(form, &json);
        if (!view_equal(buf_view(&json), view_of(data, size)))
            abort();
        for (uint32_t i = 0; i < form->field_count; i++) {
            const struct form_field *field = &form->fields[i];

            if (form_field_by_path(form, field->path) != field ||
                form_field_by_number(form, field->number) != field)
                abort();
            (void)form_field_label(form, field, LANG_ZH);
        }
    }
    buf_release(&json);
    arena_release(&arena);
    return 0;
}
