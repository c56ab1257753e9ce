/* insane.h: changes that make no sense, in every way that change_check knows and a frame can
 * carry. */
#ifndef YG_TESTS_SUPPORT_INSANE_H
#define YG_TESTS_SUPPORT_INSANE_H

#include "schema/wire/frame.h"

/* Makes the change insane in one way, 0, 1, 2...; what it had is copied, not written into. Returns
 * what is wrong with it, NULL behind the last way. The change should be an edit or a create. Marks
 * it insane. */
const char *insane_make(uint32_t way, struct arena *arena, struct change *change);

/* Five edits with numbers from 10, of which the second to the fourth make no sense: of kind 0; one
 * instance in three rows, with unknown ranks; replacing what is to come, in the wrong order. */
void insane_frame(uint64_t actor, uint64_t form, uint64_t person, int64_t wall_ms,
                  struct arena *arena, struct frame *out);

#endif
