/* Any bytes as a frame: what decodes, sane or not, also encodes, and comes back with the same
 * leaves; a feed takes it only if all of it is sane. */
#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct zip_inflater *inflater = NULL;
    struct zip_deflater *deflater = NULL;
    struct arena arena;
    struct frame frame, back;
    bool insane = false;
    struct frame_head head;
    struct buf again;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&arena, 256u << 20);
    buf_init(&again, LIMIT_FRAME_RAW_BYTES * 2);
    if (crypt_start(&err) != RC_OK || zip_inflater_new(&inflater, &err) != RC_OK ||
        zip_deflater_new(ZIP_LEVEL_DEFAULT, &deflater, &err) != RC_OK)
        abort();
    if (frame_decode_raw(view_of(data, size), inflater, &arena, &frame, &err) == RC_OK) {
        if (frame_peek(view_of(data, size), &head, &err) != RC_OK || head.count != frame.count)
            abort();
        switch (frame_encode(&frame, NULL, NULL, deflater, &again, &err)) {
        case RC_OK:
            break;
        case RC_LIMIT: /* ours may be larger than theirs */
            goto out;
        default:
            abort();
        }
        if (frame_decode_raw(buf_view(&again), inflater, &arena, &back, &err) != RC_OK)
            abort();
        for (uint32_t i = 0; i < frame.count; i++) {
            if (memcmp(frame.changes[i].leaf, back.changes[i].leaf, 32) != 0 ||
                (frame.changes[i].change.insane != back.changes[i].change.insane))
                abort();
            insane = insane || frame.changes[i].change.insane;
        }
        if ((frame_decode(view_of(data, size), inflater, &arena, &back, &err) == RC_OK) == insane &&
            arena.failed == RC_OK)
            abort();
        if (frame_rename(&frame,
                         &(struct lineage){1, &(struct fork_range){frame.actor, head.last, 77}},
                         &arena, &err) != RC_OK &&
            arena.failed == RC_OK && err.rc != RC_LIMIT)
            abort();
    }
out:
    buf_release(&again);
    arena_release(&arena);
    zip_inflater_free(inflater);
    zip_deflater_free(deflater);
    return 0;
}
