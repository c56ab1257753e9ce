/* Any bytes as a workbook: an archive with XML parts in it. */
#include "schema/form/workbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct workbook workbook;
    struct arena arena;
    struct err err;

    err_init(&err, LANG_ZH);
    arena_init(&arena, 256u << 20);
    (void)workbook_read(view_of(data, size), &arena, &workbook, &err);
    arena_release(&arena);
    return 0;
}
