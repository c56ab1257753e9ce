/* frame_decoder.h: what the files that read frames share. Internal.
 *
 * frame_decode.c reads what belongs to whole changes and computes leaves; frame_spread.c reads rows
 * and columns and strews their values into entries. A failure is remembered in lane 0. */
#ifndef YG_SCHEMA_WIRE_FRAME_DECODER_H
#define YG_SCHEMA_WIRE_FRAME_DECODER_H

#include "schema/limits.h"
#include "schema/wire/frame_parts.h"
#include "schema/wire/plane.h"

struct row {
    uint32_t change; /* in the frame */
    uint32_t level;
    struct instance_id id;
    uint32_t entries; /* how many */
    uint32_t at;      /* where the next one goes */
};

struct column {
    uint32_t level;
    uint16_t field;
    uint8_t keep, rank;
    bool one; /* each entry replaces one version */
    uint32_t count;
    uint32_t *rows;                    /* of each entry, among all rows */
    int64_t *flags, *ranks, *replaces; /* NULL: the same for all */
    struct value *values;
    uint32_t next;     /* the first that is not strewn yet */
    uint32_t replaced; /* where the versions that this one replaces begin */
};

struct decoder {
    struct frame *frame;
    struct arena *arena;   /* of what the frame keeps */
    struct arena *scratch; /* of what is needed on the way */
    struct plane_reader planes;
    struct frame_front front;
    uint64_t *actors; /* actor 0 is the frame's own */
    uint32_t actor_count;
    struct change **changes;
    uint32_t change_count;
    unsigned features;
    struct row *rows;
    uint32_t row_count, level_count;
    uint32_t *level_rows[FRAME_LEVELS_MAX + 1]; /* the rows of each level */
    uint32_t level_sizes[FRAME_LEVELS_MAX + 1];
    struct column *columns;
    uint32_t column_count, column_room;
    uint32_t entry_count;
    uint32_t replaced_count;
    struct version_id *replaced;
    const uint8_t *salts; /* of the runs, or one by one */
};

static inline void decoder_fail(struct decoder *decoder) {
    plane_fail(&decoder->planes);
}

static inline bool decoder_failed(const struct decoder *decoder) {
    return plane_failed(&decoder->planes);
}

/* Zeros, for the way. */
static inline void *decoder_room(struct decoder *decoder, size_t count, size_t size) {
    void *made = decoder_failed(decoder) ? NULL : arena_array(decoder->scratch, count, size);

    if (made == NULL)
        decoder_fail(decoder);
    return made;
}

/* Zeros, for the frame. */
static inline void *decoder_keep(struct decoder *decoder, size_t count, size_t size) {
    void *made = decoder_failed(decoder) ? NULL : arena_array(decoder->arena, count, size);

    if (made == NULL)
        decoder_fail(decoder);
    return made;
}

static inline struct reader *decoder_lane0(struct decoder *decoder) {
    return &decoder->planes.lanes[0];
}

/* Numbers that must lie in low..high; NULL after a failure. */
int64_t *decoder_numbers(struct decoder *decoder, uint32_t count, int64_t low, int64_t high);
/* A list over `of` things. NULL after a failure. */
uint32_t *decoder_list(struct decoder *decoder, uint32_t of, uint32_t *count);
/* Dots; owns are the numbers of the changes that refer. The number is 0 where a dot is home. */
struct dot *decoder_references(struct decoder *decoder, const uint64_t *owns, uint32_t count);

/* ---- frame_spread.c ---- */

/* Everything from the instances on: the changes get their entries. */
void decoder_spread(struct decoder *decoder);

#endif
