/* facts_hash.c: see facts_hash.h. */
#include "schema/facts_hash.h"

#include "base/crypt.h"
#include "base/text.h"
#include "schema/limits.h"

static bool is_covered_repeat(const struct form_field *field) {
    static const char *const repeats[] = {"member", "income", "property", "expense", "supporter"};

    for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]); i++)
        if (view_is(field->path, repeats[i]))
            return true;
    return false;
}

static bool is_covered(const struct reading *reading, const struct cell *cell) {
    const struct form_field *field = form_field_by_number(reading->form, cell->field);
    const struct seen_instance *seen;

    if (field == NULL)
        return false;
    if (instance_is_root(cell->instance))
        return view_is(field->path, "home/hukou_nature");
    seen = reading_instance(reading, cell->instance);
    return seen != NULL && !seen->removed && field->repeat != FORM_NO_PARENT &&
           is_covered_repeat(&reading->form->fields[field->repeat]);
}

static void add_cell(const struct cell *cell, struct buf *out) {
    buf_add_id(out, cell->instance.dot.actor);
    buf_add_varint(out, cell->instance.dot.number);
    buf_add_varint(out, cell->instance.ordinal);
    buf_add_varint(out, cell->field);
    if (cell->kind == CELL_VALUE) {
        buf_add_varint(out, 1);
        value_encode(&cell->value, out);
        return;
    }
    buf_add_varint(out, cell->version_count);
    for (uint32_t i = 0; i < cell->version_count; i++)
        value_encode(&cell->versions[i]->value, out);
}

enum rc facts_hash(const struct reading *reading, char out[FACTS_HASH_TEXT_BYTES],
                   struct err *err) {
    uint8_t hash[CRYPT_HASH_BYTES];
    struct buf bytes;
    enum rc rc;

    if (reading->form == NULL)
        return err_set(err, RC_INVALID, "this record's form is not here");
    buf_init(&bytes, LIMIT_RECORD_BYTES * 2);
    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];

        if (cell->kind != CELL_EMPTY && is_covered(reading, cell))
            add_cell(cell, &bytes);
    }
    rc = buf_check(&bytes, "the facts of a household", err);
    if (rc == RC_OK) {
        crypt_hash("yg facts", buf_view(&bytes), hash);
        hex_encode(view_of(hash, FACTS_HASH_TEXT_BYTES / 2), out);
    }
    crypt_buf_release(&bytes);
    return rc;
}
