/* wire.h: random changes and frames of every kind, for tests of the wire. */
#ifndef YG_TESTS_SUPPORT_WIRE_H
#define YG_TESTS_SUPPORT_WIRE_H

#include "tests/support/survey.h"

/* A change that satisfies change_check, of any kind, with everything that may occur. */
void wire_change(struct chance *chance, struct dot dot, uint64_t form, struct arena *arena,
                 struct change *out);

/* Takes some of its answers, its reason, evidence and signature, as an erasure does. */
void wire_erase(struct chance *chance, struct arena *arena, struct change *change);
/* Up to max changes of one actor, sane ones; some erased, with gaps, as it happens. */
void wire_frame(struct chance *chance, uint32_t max, struct arena *arena, struct frame *out);

/* The salt secret of a run, from nothing but its number; for frame_encode. */
void wire_secret(void *context, uint64_t run, uint8_t secret[16]);
/* Fills in the salts and leaves that the changes of a frame will have under wire_secret. */
enum rc wire_leaves(struct frame *frame, struct err *err);

/* What a test of frames works with, as fixtures of cmocka: *state is a kit of its own for each
 * test; frame is empty and the test's to fill. */
struct wire_kit {
    struct zip_deflater *deflater;
    struct zip_inflater *inflater;
    struct arena arena;
    struct buf out;
    struct err err;
    struct frame frame;
};
int wire_kit_start(void **state);
int wire_kit_stop(void **state);

/* An environment with a fixed clock and entropy from a seed. */
struct wire_world {
    struct chance chance;
    int64_t wall_ms;
};
struct env wire_env(struct wire_world *world);

#endif
