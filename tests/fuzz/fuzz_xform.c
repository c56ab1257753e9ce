/* Any bytes as an XForm. One that loads must begin a draft, show all its questions, and be written
 * and read again. */
#include "tests/support/enginekit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct enginekit *kit) {
    struct question *stops = NULL;
    struct buf draft;
    uint32_t count = 0;

    if (engine_begin(&kit->engine, &kit->err) != RC_OK)
        return;
    if (engine_walk(&kit->engine, &kit->arena, &stops, &count, &kit->err) == RC_OK)
        for (uint32_t i = 0; i < count && i < 50; i++)
            (void)engine_ask(&kit->engine, &kit->arena, &stops[i], &kit->err);
    buf_init(&draft, ENGINE_INSTANCE_BYTES);
    if (engine_write(&kit->engine, ENGINE_DRAFT, &draft, &kit->err) == RC_OK &&
        engine_open(&kit->engine, ENGINE_RESUME, buf_view(&draft), &kit->err) == RC_INVALID)
        abort();
    buf_release(&draft);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct enginekit kit;

    enginekit_init(&kit);
    kit.attachment = "name,label\na,A\nb,B\n";
    if (enginekit_load(&kit, view_of(data, size)) == RC_OK)
        use(&kit);
    enginekit_release(&kit);
    return 0;
}
