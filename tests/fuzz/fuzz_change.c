/* Any bytes as a change: what decodes is canonical. */
#include "base/crypt.h"
#include "schema/change.h"
#include "schema/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct change change;
    struct buf again;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 64u << 20);
    buf_init(&again, LIMIT_CHANGE_BYTES + 1);
    if (change_decode(view_of(data, size), &arena, &change, &err) == RC_OK) {
        if (change_encode(&change, &again, &err) != RC_OK ||
            !view_equal(buf_view(&again), view_of(data, size)))
            abort();
    }
    buf_release(&again);
    arena_release(&arena);
    return 0;
}
