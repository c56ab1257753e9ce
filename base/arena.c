/* A chain of blocks; allocation bumps a pointer in the current one. Behind it may stand empty ones
 * that a reset has kept; they are used before new ones are made, and given back when the cap would
 * not allow a new one otherwise.
 *
 * Under AddressSanitizer what a reset leaves is poisoned, so that keeping blocks hides no use of
 * what is gone. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

#include "base/words.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define FIRST_BLOCK_BYTES 4096u
#define BLOCK_BYTES_MAX   (1024u * 1024u)
#define LIST_FIRST        16u /* items of a list at first */

/* The header's own size is a multiple of the alignment, so the bytes behind it are aligned. */
struct arena_block {
    alignas(ARENA_ALIGN_BYTES) struct arena_block *next;
    size_t room;
    size_t used;
};

static uint8_t *block_bytes(struct arena_block *block) {
    return (uint8_t *)(block + 1);
}

void arena_init(struct arena *arena, size_t cap_bytes) {
    *arena = (struct arena){.cap_bytes = cap_bytes};
}

void arena_keep(struct arena *arena, size_t keep_bytes) {
    arena->keep_bytes = keep_bytes;
}

static void *fail(struct arena *arena, enum rc rc) {
    if (arena->failed == RC_OK)
        arena->failed = rc;
    return NULL;
}

static void free_blocks(struct arena_block *block) {
    while (block != NULL) {
        struct arena_block *next = block->next;

        ASAN_UNPOISON_MEMORY_REGION(block_bytes(block), block->room);
        free(block);
        block = next;
    }
}

/* Gives the blocks behind this one back. */
static void cut_behind(struct arena *arena, struct arena_block *last) {
    for (const struct arena_block *block = last->next; block != NULL; block = block->next)
        arena->held_bytes -= block->room;
    free_blocks(last->next);
    last->next = NULL;
}

/* A new current block with room for at least size bytes: twice the last one, or what is left below
 * the cap if that suffices. */
static struct arena_block *add_block(struct arena *arena, size_t size) {
    size_t left = arena->cap_bytes - arena->held_bytes;
    size_t room = FIRST_BLOCK_BYTES;
    struct arena_block *block;

    if (size > left && arena->current != NULL && arena->current->next != NULL) {
        cut_behind(arena, arena->current);
        left = arena->cap_bytes - arena->held_bytes;
    }
    if (size > left)
        return fail(arena, RC_LIMIT);
    if (arena->current != NULL)
        room = arena->current->room * 2;
    if (room > BLOCK_BYTES_MAX)
        room = BLOCK_BYTES_MAX;
    if (room > left)
        room = left;
    if (room < size)
        room = size;
    block = malloc(sizeof(*block) + room);
    if (block == NULL)
        return fail(arena, RC_NO_MEMORY);
    *block = (struct arena_block){.room = room};
    ASAN_POISON_MEMORY_REGION(block_bytes(block), room);
    if (arena->current == NULL) {
        arena->first = block;
    } else {
        block->next = arena->current->next;
        arena->current->next = block;
    }
    arena->current = block;
    arena->held_bytes += room;
    return block;
}

/* The current block is full: the next one that was kept, if it is large enough, or a new one. */
static struct arena_block *next_block(struct arena *arena, size_t size) {
    struct arena_block *next = arena->current == NULL ? NULL : arena->current->next;

    if (next == NULL || next->room < size)
        return add_block(arena, size);
    arena->current = next;
    return next;
}

/* size bytes with whatever is in them. */
static void *allocate(struct arena *arena, size_t size) {
    struct arena_block *block = arena->current;
    size_t rounded;
    uint8_t *bytes;

    if (size > SIZE_MAX - ARENA_ALIGN_BYTES)
        return fail(arena, RC_LIMIT);
    rounded = (size + ARENA_ALIGN_BYTES - 1) & ~(size_t)(ARENA_ALIGN_BYTES - 1);
    if (rounded == 0)
        rounded = ARENA_ALIGN_BYTES;
    if (block == NULL || rounded > block->room - block->used) {
        block = next_block(arena, rounded);
        if (block == NULL)
            return NULL;
    }
    bytes = block_bytes(block) + block->used;
    block->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(bytes, size);
    return bytes;
}

void *arena_alloc(struct arena *arena, size_t size) {
    void *bytes = allocate(arena, size);

    if (bytes != NULL)
        memset(bytes, 0, size);
    return bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        return fail(arena, RC_LIMIT);
    return arena_alloc(arena, count * size);
}

void *arena_room(struct arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        return fail(arena, RC_LIMIT);
    return allocate(arena, count * size);
}

void *arena_copy(struct arena *arena, const void *data, size_t size) {
    uint8_t *copy;

    if (size == SIZE_MAX)
        return fail(arena, RC_LIMIT);
    copy = allocate(arena, size + 1);
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

void *arena_push(struct arena *arena, void *list, uint32_t *count, uint32_t *capacity,
                 size_t size) {
    void *items;

    memcpy(&items, list, sizeof(items));
    if (*count == *capacity) {
        uint32_t wanted = *capacity == 0 ? LIST_FIRST : *capacity * 2;
        void *grown =
            *capacity > UINT32_MAX / 2 ? fail(arena, RC_LIMIT) : arena_array(arena, wanted, size);

        if (grown == NULL)
            return NULL;
        if (*count > 0)
            memcpy(grown, items, *count * size);
        memcpy(list, &grown, sizeof(grown));
        items = grown;
        *capacity = wanted;
    }
    return (uint8_t *)items + size * (*count)++;
}

struct view arena_view(struct arena *arena, struct view view) {
    void *copy = arena_copy(arena, view.data, view.size);

    return view_of(copy, copy == NULL ? 0 : view.size);
}

char *arena_text(struct arena *arena, const char *format, ...) {
    va_list arguments;
    int length;
    char *text;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return fail(arena, RC_NO_MEMORY); /* the only way our formats can fail */
    text = allocate(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void arena_reset(struct arena *arena) {
    size_t kept = 0;

    arena->failed = RC_OK;
    if (arena->first == NULL)
        return;
    for (struct arena_block *block = arena->first; block != NULL; block = block->next) {
        kept += block->room;
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block_bytes(block), block->room);
        if (block->next != NULL && kept + block->next->room > arena->keep_bytes)
            cut_behind(arena, block);
    }
    arena->current = arena->first;
}

void arena_release(struct arena *arena) {
    size_t keep_bytes = arena->keep_bytes;

    free_blocks(arena->first);
    arena_init(arena, arena->cap_bytes);
    arena->keep_bytes = keep_bytes;
}

enum rc arena_check(const struct arena *arena, const char *what, struct err *err) {
    if (arena->failed == RC_LIMIT)
        return err_set(err, RC_LIMIT, "%s: larger than the limit of %zu bytes",
                       words(err->lang, what), arena->cap_bytes);
    if (arena->failed != RC_OK)
        return err_set(err, arena->failed, "%s: out of memory", words(err->lang, what));
    return RC_OK;
}
