/* Any bytes as a manifest, as a chunk, and as an open chunk: what comes out is bounded, and what
 * comes out as records goes into a chunk again and comes back the same. */
#include "base/crypt.h"
#include "schema/record.h"
#include "schema/wire/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tools {
    struct zip_inflater *inflater;
    struct zip_deflater *deflater;
    struct snapshot_lanes *lanes, *again;
    struct arena arena, fixed;
    struct buf packed, chunk;
    struct err err;
};

static void read_chunk(struct tools *tools, struct view chunk) {
    struct feed_entry entry;
    struct record record;

    if (snapshot_open_chunk(tools->lanes, chunk, tools->inflater, &tools->err) != RC_OK)
        return;
    while (snapshot_next_entry(tools->lanes, &entry, &tools->err) != RC_NOT_FOUND)
        (void)entry;
    for (;;) {
        arena_reset(&tools->arena);
        buf_clear(&tools->packed);
        if (snapshot_next_record(tools->lanes, &tools->packed, &tools->err) != RC_OK)
            return;
        if (record_unpack(buf_view(&tools->packed), &tools->arena, &record, &tools->err) == RC_OK &&
            snapshot_add_record(tools->again, buf_view(&tools->packed), &tools->err) != RC_OK)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view input = view_of(data, size);
    struct tools tools = {0};
    struct snapshot snapshot;

    err_init(&tools.err, LANG_EN);
    arena_init(&tools.fixed, 16u << 20);
    arena_init(&tools.arena, 128u << 20);
    buf_init(&tools.packed, LIMIT_RECORD_BYTES);
    buf_init(&tools.chunk, LIMIT_SNAPSHOT_CHUNK_BYTES);
    if (crypt_start(&tools.err) != RC_OK ||
        zip_inflater_new(&tools.inflater, &tools.err) != RC_OK ||
        zip_deflater_new(1, &tools.deflater, &tools.err) != RC_OK ||
        snapshot_lanes_new(&tools.fixed, &tools.lanes, &tools.err) != RC_OK ||
        snapshot_lanes_new(&tools.fixed, &tools.again, &tools.err) != RC_OK)
        abort();
    (void)snapshot_read(input, &tools.arena, &snapshot, &tools.err);
    read_chunk(&tools, input);
    if (zip_deflater_run(tools.deflater, &input, 1, false, &tools.chunk, &tools.err) == RC_OK)
        read_chunk(&tools, buf_view(&tools.chunk));
    zip_inflater_free(tools.inflater);
    zip_deflater_free(tools.deflater);
    snapshot_lanes_release(tools.lanes);
    snapshot_lanes_release(tools.again);
    buf_release(&tools.packed);
    buf_release(&tools.chunk);
    arena_release(&tools.arena);
    arena_release(&tools.fixed);
    return 0;
}
