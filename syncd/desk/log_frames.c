/* log_frames.c: see log_frames.h. */
#include "syncd/desk/log_frames.h"

#include "schema/limits.h"

#define FRAME_ARENA_BYTES (96u * 1024u * 1024u)

enum rc log_frames_open(struct log_frames *frames, struct store *store, struct err *err) {
    *frames = (struct log_frames){.store = store};
    for (uint32_t i = 0; i < LOG_FRAMES_KEPT; i++)
        arena_init(&frames->kept[i].arena, FRAME_ARENA_BYTES);
    return zip_inflater_new(&frames->inflater, err);
}

void log_frames_close(struct log_frames *frames) {
    for (uint32_t i = 0; i < LOG_FRAMES_KEPT; i++)
        arena_release(&frames->kept[i].arena);
    zip_inflater_free(frames->inflater);
    frames->inflater = NULL;
}

enum rc log_frame_decode(const struct stored_frame *stored, struct zip_inflater *inflater,
                         struct arena *arena, struct frame *out, struct err *err) {
    enum rc rc = frame_decode_raw(stored->bytes, inflater, arena, out, err);
    struct lineage lineage;

    if (rc == RC_OK)
        rc = lineage_decode(stored->forks, arena, &lineage, err);
    if (rc == RC_OK)
        rc = frame_rename(out, &lineage, arena, err);
    return rc;
}

int64_t log_frame_time(const struct stored_frame *stored, int64_t wall_ms) {
    /* The clock of a change that makes no sense may be anything. */
    if (wall_ms > (int64_t)LIMIT_NUMBER || wall_ms < -(int64_t)LIMIT_NUMBER)
        return stored->received_ms;
    wall_ms += stored->offset_ms;
    return wall_ms > stored->received_ms ? stored->received_ms : wall_ms;
}

enum rc log_frames_get(struct log_frames *frames, uint64_t serial, const struct log_frame **out,
                       struct err *err) {
    struct log_frame *oldest = &frames->kept[0];
    enum rc rc;

    frames->clock++;
    for (uint32_t i = 0; i < LOG_FRAMES_KEPT; i++) {
        struct log_frame *kept = &frames->kept[i];

        if (kept->serial == serial && serial != 0) {
            kept->used = frames->clock;
            *out = kept;
            return RC_OK;
        }
        if (kept->used < oldest->used)
            oldest = kept;
    }
    oldest->serial = 0;
    oldest->used = 0;
    arena_reset(&oldest->arena);
    rc = store_frame(frames->store, serial, &oldest->arena, &oldest->stored, err);
    if (rc == RC_OK && frames->raw)
        rc = frame_decode_raw(oldest->stored.bytes, frames->inflater, &oldest->arena,
                              &oldest->frame, err);
    else if (rc == RC_OK)
        rc = log_frame_decode(&oldest->stored, frames->inflater, &oldest->arena, &oldest->frame,
                              err);
    if (rc != RC_OK)
        return err_prefix(err, "frame %llu of the log: ", (unsigned long long)serial);
    oldest->serial = serial;
    oldest->used = frames->clock;
    *out = oldest;
    return RC_OK;
}

/* A fork's change has another actor's name where its author wrote it. */
static bool is_named(struct dot dot, struct dot wanted, bool raw) {
    return raw ? dot.number == wanted.number : dot_equal(dot, wanted);
}

enum rc log_frames_change(struct log_frames *frames, const struct stored_change *indexed,
                          const struct log_frame **frame, const struct frame_change **out,
                          struct err *err) {
    enum rc rc = log_frames_get(frames, indexed->frame, frame, err);

    if (rc != RC_OK)
        return rc;
    if (indexed->position >= (*frame)->frame.count ||
        !is_named((*frame)->frame.changes[indexed->position].change.dot, indexed->dot,
                  frames->raw)) {
        char dot[DOT_TEXT_BYTES];

        dot_text(indexed->dot, dot);
        return err_set(err, RC_CORRUPT,
                       "change %s: it is not where the index says (frame %llu, place %u)", dot,
                       (unsigned long long)indexed->frame, indexed->position);
    }
    *out = &(*frame)->frame.changes[indexed->position];
    return RC_OK;
}
