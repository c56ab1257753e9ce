/* log_frames.h: changes as the county's log has them. Frames hold hundreds of changes, and records
 * that were written together are asked for together, so the frames last used stay decoded. */
#ifndef YG_SYNCD_DESK_LOG_FRAMES_H
#define YG_SYNCD_DESK_LOG_FRAMES_H

#include "syncd/store/store.h"

#define LOG_FRAMES_KEPT 32u

struct log_frames {
    struct store *store; /* not owned */
    bool raw;            /* set after opening: changes as their authors wrote them, also a fork's */
    struct zip_inflater *inflater;
    uint64_t clock;
    struct log_frame {
        uint64_t serial; /* 0: empty */
        uint64_t used;
        struct arena arena;
        struct stored_frame stored;
        struct frame frame; /* decoded, a fork's numbers read as the fork's */
    } kept[LOG_FRAMES_KEPT];
};

enum rc log_frames_open(struct log_frames *frames, struct store *store, struct err *err);
void log_frames_close(struct log_frames *frames);

/* The frame with this serial; good until LOG_FRAMES_KEPT others have been asked for. */
enum rc log_frames_get(struct log_frames *frames, uint64_t serial, const struct log_frame **out,
                       struct err *err);
/* The change that the index says to be there. RC_CORRUPT when another one is. */
enum rc log_frames_change(struct log_frames *frames, const struct stored_change *indexed,
                          const struct log_frame **frame, const struct frame_change **out,
                          struct err *err);
/* Decodes a stored frame; as log_frames_get does it. */
enum rc log_frame_decode(const struct stored_frame *stored, struct zip_inflater *inflater,
                         struct arena *arena, struct frame *out, struct err *err);
/* When the server says that the change was made: the author's clock as corrected at ingest. */
int64_t log_frame_time(const struct stored_frame *stored, int64_t wall_ms);

#endif
