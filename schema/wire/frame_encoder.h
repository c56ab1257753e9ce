/* frame_encoder.h: what the files that write frames share. Internal.
 *
 * frame_gather.c finds rows and columns, frame_columns.c writes columns, frame_encode.c writes
 * everything else and puts the frame together. Memory comes from one arena for each frame; when it
 * fails the steps do nothing and frame_encode reports it at the end. */
#ifndef YG_SCHEMA_WIRE_FRAME_ENCODER_H
#define YG_SCHEMA_WIRE_FRAME_ENCODER_H

#include "schema/wire/frame_parts.h"
#include "schema/wire/plane.h"

struct row {         /* one instance that one change writes to */
    uint32_t change; /* in the frame */
    uint32_t index;  /* in its level */
    uint32_t level;
    struct instance_id id;
};

struct cell {
    const struct entry *entry;
    uint32_t row; /* among rows */
};

struct column {
    uint32_t level;
    uint16_t field;
    uint32_t count, at; /* its cells, in order of rows */
};

struct reference {
    uint64_t own; /* number of the change that refers */
    struct dot dot;
    bool home;
};

struct encoder {
    const struct frame *frame;
    struct arena arena;
    struct plane_writer planes;
    const struct frame_change **changes;
    uint32_t change_count;
    uint64_t *actors; /* others; actor i stands at i - 1 */
    uint32_t actor_count, actor_room;
    uint32_t *actor_slots; /* open addressing: 1 + where in actors */
    uint32_t actor_mask;
    struct row *rows;
    uint32_t row_count;
    uint32_t *level_rows; /* rows of each level */
    uint32_t level_count; /* with level 0 */
    struct column *columns;
    uint32_t column_count;
    struct cell *cells; /* grouped by column */
    uint32_t cell_count;
    unsigned features;
};

static inline void *encoder_room(struct encoder *encoder, size_t count, size_t size) {
    return arena_array(&encoder->arena, count, size);
}

static inline int64_t *encoder_numbers(struct encoder *encoder, size_t count) {
    return arena_array(&encoder->arena, count, sizeof(int64_t));
}

static inline void encoder_ints(struct encoder *encoder, const int64_t *values, uint32_t count) {
    if (values != NULL)
        plane_add_ints(&encoder->planes, values, count);
}

/* ---- frame_gather.c ---- */

/* The index of an actor: 0 the frame's own; new ones are added. */
uint32_t encoder_actor(struct encoder *encoder, uint64_t actor);
/* Whether the entry is a FIELD_EXISTS that names a place. */
bool encoder_place(const struct entry *entry, struct place *place);
/* Rows and columns of the changes. False without memory. */
bool encoder_gather(struct encoder *encoder);

/* ---- frame_columns.c ---- */

/* A list: which of several things have something. */
void encoder_list(struct encoder *encoder, const uint32_t *indexes, uint32_t count);
void encoder_references(struct encoder *encoder, const struct reference *references,
                        uint32_t count);
/* The columns of all levels, and what their entries replace. */
void encoder_columns(struct encoder *encoder);

#endif
