/* dots.h: the words that pseudo-fields and erasures share; pseudo.c has their layout. Internal. */
#ifndef YG_SCHEMA_DOTS_H
#define YG_SCHEMA_DOTS_H

#include "base/arena.h"
#include "schema/id.h"

void dots_add(struct buf *out, const struct dot *dots, uint32_t count);
/* Insists on the order. NULL after a failure, which is either the reader's or the arena's. */
const struct dot *dots_read(struct reader *in, struct arena *arena, uint32_t *count);
void instance_add(struct buf *out, struct instance_id id);
struct instance_id instance_read(struct reader *in);

#endif
