/* plane_text.c: chooses and writes the codings of texts. The layout stands at the top of
 * plane_read.c. */
#include "schema/wire/plane.h"

#include "base/text.h"
#include "schema/wire/plane_cost.h"

static void add_inner(struct plane_writer *writer, const struct view *texts, uint32_t count,
                      bool utf8);

static int64_t *numbers_room(struct plane_writer *writer, uint32_t count) {
    return arena_array(writer->arena, count, sizeof(int64_t));
}

/* ---- table ---- */

struct found {
    uint32_t distinct;
    struct view *table; /* in order of first appearance */
    int64_t *indexes;
    uint64_t bytes; /* of the table */
};

static uint32_t text_hash(struct view text) {
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ text.data[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static bool find_distinct(struct plane_writer *writer, const struct view *texts, uint32_t count,
                          struct found *out) {
    uint32_t room = 64;
    uint32_t *slots;

    while (room < count * 2)
        room *= 2;
    slots = arena_array(writer->arena, room, sizeof(*slots));
    out->table = arena_array(writer->arena, count, sizeof(*out->table));
    out->indexes = numbers_room(writer, count);
    if (slots == NULL || out->table == NULL || out->indexes == NULL)
        return false;
    out->distinct = 0;
    out->bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = text_hash(texts[i]) & (room - 1);

        while (slots[slot] != 0 && !view_equal(out->table[slots[slot] - 1], texts[i]))
            slot = (slot + 1) & (room - 1);
        if (slots[slot] == 0) {
            out->table[out->distinct++] = texts[i];
            out->bytes += texts[i].size;
            slots[slot] = out->distinct;
        }
        out->indexes[i] = (int64_t)slots[slot] - 1;
    }
    return true;
}

/* A repeated text costs about two bytes as a match of zlib, as an index what the indexes' entropy
 * says. */
static bool table_pays(struct plane_writer *writer, const struct found *found, uint32_t count) {
    uint32_t *counts = arena_array(writer->arena, found->distinct, sizeof(*counts));
    uint64_t cost = cost_log(count);

    if (counts == NULL || found->distinct == count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        counts[found->indexes[i]]++;
    for (uint32_t i = 0; i < found->distinct; i++)
        cost -= cost_log(counts[i]);
    return cost < (uint64_t)(count - found->distinct) * 18 * COST_BIT;
}

/* ---- letters ---- */

#define LETTERS_PLANE 65536u /* the table holds characters of the basic plane only */
#define COUNTS        1024u  /* more often is as often as that */
#define ONE_BYTE      128u   /* indexes below take one byte */

void plane_add_letters(struct plane_writer *writer, const struct view *texts, size_t count) {
    uint32_t *counts = arena_array(writer->arena, LETTERS_PLANE, sizeof(*counts));
    uint16_t *letters = arena_array(writer->arena, LETTERS_PLANE, sizeof(*letters));
    uint32_t distinct = 0, common = 0, index = 0, floor, fill;
    uint32_t by_count[COUNTS] = {0};

    if (counts == NULL || letters == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < texts[i].size;) {
            uint32_t character = utf8_next(texts[i], &at);

            if (character < LETTERS_PLANE && counts[character]++ == 0)
                distinct++;
        }
    }
    if (distinct > PLANE_LETTERS)
        distinct = 0;
    buf_add_varint(&writer->lane0, distinct);
    if (distinct == 0)
        return;
    /* The most frequent ones get the 128 indexes of one byte; rarer ones fill up to 128. */
    for (uint32_t i = 0; i < LETTERS_PLANE; i++) {
        counts[i] = counts[i] < COUNTS ? counts[i] : COUNTS - 1;
        by_count[counts[i]]++;
    }
    for (floor = COUNTS - 1; floor > 0 && common + by_count[floor] <= ONE_BYTE; floor--)
        common += by_count[floor];
    fill = (distinct < ONE_BYTE ? distinct : ONE_BYTE) - common;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint32_t last = 0;

        for (uint32_t i = 0; i < LETTERS_PLANE; i++) {
            if (counts[i] == 0 || letters[i] != 0)
                continue;
            if (pass == 0 && counts[i] <= floor) {
                if (fill == 0)
                    continue;
                fill--;
            }
            buf_add_varint(&writer->lane0, i - last);
            last = i;
            letters[i] = (uint16_t)++index;
        }
    }
    writer->letters = letters;
}

/* The letters' indexes of all texts into out, which has room for twice the texts' bytes; the number
 * of characters of each into sizes. False if one is not in the table. */
static bool lettered(const struct plane_writer *writer, const struct view *texts, uint32_t count,
                     uint8_t *out, size_t *out_size, int64_t *sizes) {
    size_t size = 0;

    for (uint32_t i = 0; i < count; i++) {
        sizes[i] = 0;
        for (size_t at = 0; at < texts[i].size; sizes[i]++) {
            uint32_t character = utf8_next(texts[i], &at);

            if (character >= LETTERS_PLANE || writer->letters[character] == 0)
                return false;
            size += varint_put(out + size, (uint64_t)writer->letters[character] - 1);
        }
    }
    *out_size = size;
    return true;
}

/* ---- the choice ---- */

static bool all_numbers(const struct view *texts, uint32_t count, int64_t *values) {
    for (uint32_t i = 0; i < count; i++) {
        if (!parse_i64(texts[i], &values[i]))
            return false;
    }
    return true;
}

static bool all_same_size(const struct view *texts, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        if (texts[i].size != texts[0].size)
            return false;
    }
    return texts[0].size > 1;
}

static void add_turned(struct plane_writer *writer, const struct view *texts, uint32_t count) {
    size_t size = texts[0].size;
    uint8_t *turned = arena_array(writer->arena, count, size);
    size_t patch = writer->lane0.size;

    if (turned == NULL)
        return;
    for (size_t i = 0; i < size; i++) {
        for (uint32_t j = 0; j < count; j++)
            turned[i * count + j] = texts[j].data[i];
    }
    buf_add_u8(&writer->lane0, TEXTS_TURNED);
    buf_add_varint(&writer->lane0, size);
    plane_place(writer, patch, view_of(turned, size * count));
}

static bool has_non_ascii(const struct view *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < texts[i].size; j++) {
            if (texts[i].data[j] >= 0x80)
                return true;
        }
    }
    return false;
}

static void add_plain(struct plane_writer *writer, const struct view *texts, uint32_t count,
                      bool utf8) {
    int64_t *sizes = numbers_room(writer, count);
    size_t patch = writer->lane0.size;
    size_t sum = 0;
    uint8_t *bytes;

    for (uint32_t i = 0; i < count; i++)
        sum += texts[i].size;
    bytes = arena_alloc(writer->arena, sum * 2);
    if (sizes == NULL || bytes == NULL)
        return;
    if (utf8 && writer->letters != NULL && has_non_ascii(texts, count) &&
        lettered(writer, texts, count, bytes, &sum, sizes)) {
        buf_add_u8(&writer->lane0, TEXTS_LETTERS);
    } else {
        sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            sizes[i] = (int64_t)texts[i].size;
            if (texts[i].size > 0)
                memcpy(bytes + sum, texts[i].data, texts[i].size);
            sum += texts[i].size;
        }
        buf_add_u8(&writer->lane0, TEXTS_PLAIN);
    }
    plane_add_ints(writer, sizes, count);
    plane_place(writer, patch, view_of(bytes, sum));
}

/* Everything but a table. */
static void add_inner(struct plane_writer *writer, const struct view *texts, uint32_t count,
                      bool utf8) {
    int64_t *values;

    if (count == 1) {
        buf_add_sized(&writer->lane0, texts[0]);
        return;
    }
    values = numbers_room(writer, count);
    if (values == NULL)
        return;
    if (count >= 8 && all_same_size(texts, count) && texts[0].size >= 8 &&
        texts[0].data[0] < 0x80) {
        add_turned(writer, texts, count);
    } else if (all_numbers(texts, count, values)) {
        buf_add_u8(&writer->lane0, TEXTS_NUMBERS);
        plane_add_ints(writer, values, count);
    } else {
        add_plain(writer, texts, count, utf8);
    }
}

void plane_add_texts(struct plane_writer *writer, const struct view *texts, uint32_t count,
                     bool utf8) {
    struct found found = {0};

    if (count < 4) {
        if (count > 0)
            add_inner(writer, texts, count, utf8);
        return;
    }
    if (!find_distinct(writer, texts, count, &found))
        return;
    if (!table_pays(writer, &found, count)) {
        add_inner(writer, texts, count, utf8);
        return;
    }
    buf_add_u8(&writer->lane0, TEXTS_TABLE);
    buf_add_varint(&writer->lane0, found.distinct);
    add_inner(writer, found.table, found.distinct, utf8);
    plane_add_ints(writer, found.indexes, count);
}
