/* insane.h: changes that make no sense, in every way that change_check knows and a frame can
 * carry. */
#ifndef YG_TESTS_SUPPORT_INSANE_H
#define YG_TESTS_SUPPORT_INSANE_H

#include "schema/change.h"

/* Makes the change insane in one way, 0, 1, 2...; what it had is copied, not written into. Returns
 * what is wrong with it, NULL behind the last way. The change should be an edit or a create. Marks
 * it insane. */
const char *insane_make(uint32_t way, struct arena *arena, struct change *change);

#endif
