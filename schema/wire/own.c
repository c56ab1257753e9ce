/* own.c: FEED_OWN (exchange.h): a tablet's own changes come back to it as numbers only. */
#include "schema/wire/exchange.h"

void own_write(struct buf *out, uint64_t actor, const uint64_t *numbers, uint32_t count) {
    uint64_t behind = 0; /* the number behind the previous run */

    buf_add_id(out, actor);
    for (uint32_t i = 0; i < count;) {
        uint32_t length = 1;

        while (i + length < count && numbers[i + length] == numbers[i] + length)
            length++;
        buf_add_varint(out, numbers[i] - behind);
        buf_add_varint(out, length);
        behind = numbers[i] + length;
        i += length;
    }
}

enum rc own_read(struct view content, struct arena *arena, uint64_t *actor, uint64_t **numbers,
                 uint32_t *count, struct err *err) {
    struct reader in;
    uint64_t behind = 0;

    reader_init(&in, content);
    *actor = read_id(&in);
    *count = 0;
    *numbers = arena_array(arena, LIMIT_FRAME_CHANGES, sizeof(**numbers));
    if (*numbers == NULL)
        return arena_check(arena, "a feed entry", err);
    while (!in.failed && read_left(&in) > 0) {
        uint64_t gap = read_varint(&in);
        uint64_t length = read_varint_max(&in, LIMIT_FRAME_CHANGES - *count);

        if (length == 0 || gap > UINT64_MAX - behind - length || behind + gap == 0)
            reader_fail(&in);
        for (uint64_t i = 0; i < length && !in.failed; i++)
            (*numbers)[(*count)++] = behind + gap + i;
        behind += gap + length;
    }
    return reader_check(&in, "a feed entry", err);
}
