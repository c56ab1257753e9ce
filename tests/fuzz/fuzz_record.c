/* Any bytes as a packed record: what unpacks is canonical. */
#include "schema/limits.h"
#include "schema/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct record record;
    struct buf again;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 128u << 20);
    buf_init(&again, LIMIT_RECORD_BYTES + 1);
    if (record_unpack(view_of(data, size), &arena, &record, &err) == RC_OK) {
        if (record_pack(&record, &again, &err) != RC_OK ||
            !view_equal(buf_view(&again), view_of(data, size)))
            abort();
    }
    buf_release(&again);
    arena_release(&arena);
    return 0;
}
