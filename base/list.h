/* list.h: growing a plain array. */
#ifndef YG_BASE_LIST_H
#define YG_BASE_LIST_H

#include <stddef.h>

#include "base/err.h"

/* Makes room for needed items in a malloc'ed array.
 *
 * array is the address of the array's pointer (`struct thing **`), *capacity what it holds now (0
 * with a NULL pointer at first). Capacity at least doubles, never above cap_items. New room is not
 * cleared. On failure (RC_LIMIT names what and the cap, RC_NO_MEMORY) nothing changes. The array
 * is freed with free(). */
enum rc array_grow(void *array, size_t item_bytes, size_t needed, size_t cap_items,
                   const char *what, size_t *capacity, struct err *err);

#endif
