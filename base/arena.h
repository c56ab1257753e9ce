/* arena.h: memory that is given back all at once.
 *
 * Allocation bumps a pointer through blocks that double in size; nothing is freed alone. What
 * belongs to one request, one frame or one form goes into one arena. The cap bounds what an input
 * can make us allocate. A failure is remembered, so that a builder may check once at the end;
 * every allocation must still be checked for NULL before it is used. */
#ifndef YG_BASE_ARENA_H
#define YG_BASE_ARENA_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define ARENA_ALIGN_BYTES 16u

struct arena_block;

struct arena {
    struct arena_block *first;
    struct arena_block *current; /* the block that is being filled; those behind it are empty */
    size_t held_bytes;           /* sum of the blocks' room */
    size_t cap_bytes;            /* held_bytes never exceeds it */
    size_t keep_bytes;           /* of blocks that arena_reset keeps, besides the first one */
    enum rc failed;              /* RC_OK, RC_LIMIT or RC_NO_MEMORY; sticky until reset */
};

/* Nothing is allocated yet. */
void arena_init(struct arena *arena, size_t cap_bytes);

/* From now on arena_reset keeps blocks up to this sum for the next use. For arenas that do the same
 * work again and again: memory that was given back to the system costs a page fault for every 4 KiB
 * when it comes again. At first only the first block is kept. */
void arena_keep(struct arena *arena, size_t keep_bytes);

/* size bytes of zeros, aligned to ARENA_ALIGN_BYTES; size 0 gives a valid address. NULL when the
 * cap or the memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);

/* count items of size bytes; a product that overflows is the cap being exhausted. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* The same with whatever is in the memory, for arrays of which every byte that will be read is
 * written first. */
void *arena_room(struct arena *arena, size_t count, size_t size);

/* One item more at the end of a list in the arena: its address, NULL as arena_alloc. list is the
 * address of the list's pointer (`struct thing **`); *count and *capacity stand beside it, all zero
 * at first. A full list moves to twice the room and what it leaves stays in the arena, so addresses
 * of items hold until the next push. Fresh room is zero; an item taken back by count-- is not. */
void *arena_push(struct arena *arena, void *list, uint32_t *count, uint32_t *capacity, size_t size);

/* A copy with a terminator behind it that is not counted. NULL as arena_alloc. */
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* A copy of the view (also terminated). An empty view with data NULL on failure. */
struct view arena_view(struct arena *arena, struct view view);

/* A formatted, terminated text. NULL as arena_alloc. */
char *arena_text(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Everything allocated becomes invalid; the first block stays for the next use, and more of them
 * where arena_keep asks for it. */
void arena_reset(struct arena *arena);

/* Frees everything; the arena is then as after arena_init. Safe to call twice. */
void arena_release(struct arena *arena);

/* RC_OK, or why an allocation failed, with a message that names what and the cap. */
enum rc arena_check(const struct arena *arena, const char *what, struct err *err);

#endif
