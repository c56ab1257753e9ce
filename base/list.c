/* Growth by doubling, up to a cap. */
#include "base/list.h"

#include <stdint.h>

#include "base/words.h"

enum rc array_grow(void *array, size_t item_bytes, size_t needed, size_t cap_items,
                   const char *what, size_t *capacity, struct err *err) {
    size_t room = *capacity;
    void *items;

    if (needed <= room)
        return RC_OK;
    if (needed > cap_items || needed > SIZE_MAX / 2 / item_bytes)
        return err_set(err, RC_LIMIT, "%s: more than %zu entries", words(err->lang, what),
                       cap_items);
    if (room == 0)
        room = 8;
    while (room < needed)
        room *= 2;
    if (room > cap_items)
        room = cap_items;
    /* The caller's pointer has some type of its own; copying it is the way to reach it that
     * breaks no aliasing rule. */
    memcpy(&items, array, sizeof(items));
    items = realloc(items, room * item_bytes);
    if (items == NULL)
        return err_set(err, RC_NO_MEMORY, "%s: out of memory", words(err->lang, what));
    memcpy(array, &items, sizeof(items));
    *capacity = room;
    return RC_OK;
}
