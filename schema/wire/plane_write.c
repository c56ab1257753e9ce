/* plane_write.c: chooses and writes codings. The layout stands at the top of plane_read.c.
 *
 * For a list of numbers the writer looks at the list and at its differences, and for each at every
 * coding that fits; the estimate of plane_cost.h decides. Wrong estimates only cost bytes. */
#include "schema/wire/plane.h"

#include "base/text.h"
#include "schema/wire/plane_cost.h"

#define INLINE_BYTES 40u /* shorter planes stay in lane 0 */
#define TABLE_SLOTS  1024u
#define TABLE_MAX    256u

void plane_writer_init(struct plane_writer *writer, struct arena *arena, size_t cap_bytes) {
    memset(writer, 0, sizeof(*writer));
    writer->arena = arena;
    buf_init(&writer->lane0, cap_bytes);
    buf_init(&writer->raw, cap_bytes);
    buf_init(&writer->data, cap_bytes);
}

void plane_writer_release(struct plane_writer *writer) {
    buf_release(&writer->lane0);
    buf_release(&writer->raw);
    buf_release(&writer->data);
}

/* The bytes of a plane, behind everything that lane 0 says about it. The high half of the byte at
 * patch names the lane. */
void plane_place(struct plane_writer *writer, size_t patch, struct view bytes) {
    struct plane_slot *slots = writer->slots;

    if (bytes.size < INLINE_BYTES) {
        buf_add_view(&writer->lane0, bytes);
        return;
    }
    if (writer->slot_count == writer->slot_capacity) {
        uint32_t capacity = writer->slot_capacity == 0 ? 64 : writer->slot_capacity * 2;

        slots = arena_array(writer->arena, capacity, sizeof(*slots));
        if (slots == NULL)
            return;
        if (writer->slot_count > 0)
            memcpy(slots, writer->slots, writer->slot_count * sizeof(*slots));
        writer->slots = slots;
        writer->slot_capacity = capacity;
    }
    slots[writer->slot_count++] =
        (struct plane_slot){.patch = patch, .at = writer->data.size, .size = bytes.size};
    buf_add_view(&writer->data, bytes);
}

/* ---- numbers ---- */

struct series {
    const int64_t *values;
    uint32_t count;
    int64_t base;
    uint64_t step;
    uint64_t top;             /* the largest (value - base) / step */
    uint32_t distinct;        /* TABLE_MAX + 1: more than a table holds */
    int64_t table[TABLE_MAX]; /* sorted */
    unsigned coding;
    uint64_t cost;
};

static uint64_t apart(int64_t low, int64_t high) {
    return (uint64_t)high - (uint64_t)low;
}

static uint64_t common_step(uint64_t step, uint64_t distance) {
    while (distance != 0) {
        uint64_t left = step % distance;

        step = distance;
        distance = left;
    }
    return step;
}

static uint32_t slot_of(int64_t value) {
    return (uint32_t)(((uint64_t)value * 0x9e3779b97f4a7c15u) >> 54);
}

static int order(const void *left, const void *right) {
    int64_t a, b;

    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return a < b ? -1 : a > b;
}

/* Fills table and distinct. */
static void look_for_table(struct series *series) {
    uint16_t slots[TABLE_SLOTS] = {0}; /* 1 + index in table */

    series->distinct = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        int64_t value = series->values[i];
        uint32_t slot = slot_of(value);

        while (slots[slot] != 0 && series->table[slots[slot] - 1] != value)
            slot = (slot + 1) % TABLE_SLOTS;
        if (slots[slot] != 0)
            continue;
        if (series->distinct == TABLE_MAX) {
            series->distinct++;
            return;
        }
        series->table[series->distinct++] = value;
        slots[slot] = (uint16_t)series->distinct;
    }
    qsort(series->table, series->distinct, sizeof(series->table[0]), order);
}

static uint32_t table_index(const struct series *series, int64_t value) {
    uint32_t low = 0, high = series->distinct;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;

        if (series->table[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint32_t per_byte(uint32_t distinct) {
    uint32_t count = 1;

    for (uint32_t power = distinct; power * distinct <= 256; power *= distinct)
        count++;
    return count;
}

static unsigned width_bits(uint64_t top) {
    unsigned width = 1;

    while (width < 64 && top >> width != 0)
        width++;
    return width;
}

static size_t table_bytes(const struct series *series, uint8_t *out) {
    size_t size = 1;

    out[0] = (uint8_t)(series->distinct - 1);
    size += varint_put(out + size, zigzag_fold(series->table[0]));
    for (uint32_t i = 1; i < series->distinct; i++)
        size += varint_put(out + size, apart(series->table[i - 1], series->table[i]));
    return size;
}

/* The bytes of the lane for each coding; out has room for 10 per value. */
static size_t coded(const struct series *series, unsigned coding, unsigned byte, uint8_t *out) {
    size_t size = 0;

    switch (coding) {
    case INTS_VARINTS:
        for (uint32_t i = 0; i < series->count; i++)
            size += varint_put(out + size, zigzag_fold(series->values[i]));
        return size;
    case INTS_BITS: {
        unsigned width = width_bits(series->top);
        unsigned have = 0;

        size = ((size_t)series->count * width + 7) / 8;
        memset(out, 0, size);
        for (uint32_t i = 0; i < series->count; i++) {
            uint64_t value = apart(series->base, series->values[i]) / series->step;

            for (unsigned left = width; left > 0;) {
                unsigned now = 8 - have % 8 < left ? 8 - have % 8 : left;

                out[have / 8] |= (uint8_t)((value & (0xffu >> (8 - now))) << have % 8);
                value >>= now;
                have += now;
                left -= now;
            }
        }
        return size;
    }
    case INTS_TABLE:
        for (uint32_t i = 0; i < series->count; i++)
            out[size++] = (uint8_t)table_index(series, series->values[i]);
        return size;
    case INTS_TABLE_DENSE: {
        uint32_t each = per_byte(series->distinct);

        for (uint32_t i = 0; i < series->count;) {
            uint32_t sum = 0, power = 1;

            for (uint32_t j = 0; j < each && i < series->count; j++) {
                sum += power * table_index(series, series->values[i++]);
                power *= series->distinct;
            }
            out[size++] = (uint8_t)sum;
        }
        return size;
    }
    default: /* INTS_BYTES */
        for (uint32_t i = 0; i < series->count; i++) {
            uint64_t value = apart(series->base, series->values[i]) / series->step;

            out[size++] = (uint8_t)(value >> (8 * byte));
        }
        return size;
    }
}

static uint64_t cost_of(const uint8_t *bytes, size_t size) {
    struct histogram histogram = {0};

    histogram_add(&histogram, bytes, size);
    return histogram_cost(&histogram);
}

static void consider(struct series *series, unsigned coding, uint64_t cost) {
    if (cost < series->cost) {
        series->cost = cost;
        series->coding = coding;
    }
}

/* Chooses the coding of a list of at least one value. */
static void choose(struct series *series, uint8_t *scratch) {
    int64_t low = series->values[0], high = low;
    uint64_t head;
    uint8_t table[TABLE_MAX * VARINT_BYTES_MAX + 1];

    for (uint32_t i = 1; i < series->count; i++) {
        low = series->values[i] < low ? series->values[i] : low;
        high = series->values[i] > high ? series->values[i] : high;
    }
    series->base = low;
    series->distinct = 1;
    series->coding = INTS_CONSTANT;
    series->cost = (1 + varint_size(zigzag_fold(low))) * COST_BYTE;
    if (low == high)
        return;
    series->step = 0;
    for (uint32_t i = 0; i < series->count && series->step != 1; i++)
        series->step = common_step(series->step, apart(low, series->values[i]));
    series->top = apart(low, high) / series->step;
    series->cost = UINT64_MAX;
    consider(series, INTS_VARINTS,
             COST_BYTE + cost_of(scratch, coded(series, INTS_VARINTS, 0, scratch)));
    head = (3 + varint_size(zigzag_fold(low)) + varint_size(series->step)) * (uint64_t)COST_BYTE;
    consider(series, INTS_BITS,
             head + ((uint64_t)series->count * width_bits(series->top) + 7) / 8 * COST_BYTE);
    if (series->top < (uint64_t)1 << 32) {
        uint64_t cost = head;

        for (unsigned i = 0; i == 0 || series->top >> (8 * i) != 0; i++)
            cost += COST_BYTE + cost_of(scratch, coded(series, INTS_BYTES, i, scratch));
        consider(series, INTS_BYTES, cost - COST_BYTE);
    }
    if (series->count < 4)
        return;
    look_for_table(series);
    if (series->distinct > TABLE_MAX || series->distinct > series->count / 2)
        return;
    head = (1 + table_bytes(series, table)) * COST_BYTE;
    consider(series, INTS_TABLE, head + cost_of(scratch, coded(series, INTS_TABLE, 0, scratch)));
    if (per_byte(series->distinct) > 1)
        consider(series, INTS_TABLE_DENSE,
                 head + cost_of(scratch, coded(series, INTS_TABLE_DENSE, 0, scratch)));
}

static void write_series(struct plane_writer *writer, const struct series *series, size_t patch,
                         uint8_t *scratch) {
    struct buf *head = &writer->lane0;
    uint8_t table[TABLE_MAX * VARINT_BYTES_MAX + 1];
    size_t patches[8] = {patch};
    unsigned bytes = (width_bits(series->top) + 7) / 8;

    switch (series->coding) {
    case INTS_CONSTANT:
        buf_add_zigzag(head, series->values[0]);
        return;
    case INTS_TABLE:
    case INTS_TABLE_DENSE:
        buf_add(head, table, table_bytes(series, table));
        break;
    case INTS_BITS:
    case INTS_BYTES:
        buf_add_zigzag(head, series->base);
        buf_add_varint(head, series->step);
        buf_add_u8(head, (uint8_t)(series->coding == INTS_BYTES ? bytes : width_bits(series->top)));
        break;
    default:
        break;
    }
    if (series->coding != INTS_BYTES) {
        plane_place(writer, patch, view_of(scratch, coded(series, series->coding, 0, scratch)));
        return;
    }
    for (unsigned i = 1; i < bytes; i++) {
        patches[i] = head->size;
        buf_add_u8(head, 0);
    }
    for (unsigned i = 0; i < bytes; i++)
        plane_place(writer, patches[i], view_of(scratch, coded(series, INTS_BYTES, i, scratch)));
}

void plane_add_ints(struct plane_writer *writer, const int64_t *values, uint32_t count) {
    struct series plain = {.values = values, .count = count};
    struct series delta = {.count = count - 1};
    int64_t *differences;
    uint8_t *scratch;
    size_t patch;

    if (count == 0)
        return;
    if (count == 1) {
        buf_add_zigzag(&writer->lane0, values[0]);
        return;
    }
    scratch = arena_array(writer->arena, count, VARINT_BYTES_MAX);
    differences = arena_array(writer->arena, count, sizeof(*differences));
    if (scratch == NULL || differences == NULL)
        return; /* the arena remembers */
    for (uint32_t i = 1; i < count; i++) {
        uint64_t bits = apart(values[i - 1], values[i]);

        memcpy(&differences[i - 1], &bits, sizeof(bits));
    }
    delta.values = differences;
    choose(&plain, scratch);
    patch = writer->lane0.size;
    if (plain.coding != INTS_CONSTANT) {
        choose(&delta, scratch);
        if (delta.cost + varint_size(zigzag_fold(values[0])) * COST_BYTE < plain.cost) {
            buf_add_u8(&writer->lane0, (uint8_t)(delta.coding | PLANE_DELTA));
            buf_add_zigzag(&writer->lane0, values[0]);
            write_series(writer, &delta, patch, scratch);
            return;
        }
    }
    buf_add_u8(&writer->lane0, (uint8_t)plain.coding);
    write_series(writer, &plain, patch, scratch);
}

/* ---- lanes ---- */

enum rc plane_writer_finish(struct plane_writer *writer, struct view *pieces, uint32_t *count,
                            struct err *err) {
    uint32_t slots = writer->slot_count;
    struct histogram *histograms = arena_array(writer->arena, slots, sizeof(*histograms));
    struct histogram *scratch = arena_array(writer->arena, PLANE_LANES, sizeof(*scratch));
    uint8_t *lanes = arena_alloc(writer->arena, slots);
    uint8_t *bytes = arena_alloc(writer->arena, writer->data.size);
    uint8_t *head = arena_alloc(writer->arena, 1 + PLANE_LANES * VARINT_BYTES_MAX);
    enum rc rc = buf_check(&writer->lane0, "the frame", err);
    uint32_t used;
    size_t head_size = 1;

    if (rc == RC_OK)
        rc = buf_check(&writer->data, "the frame", err);
    if (rc == RC_OK)
        rc = buf_check(&writer->raw, "the frame", err);
    if (rc == RC_OK)
        rc = arena_check(writer->arena, "the frame", err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < slots; i++)
        histogram_add(&histograms[i], writer->data.data + writer->slots[i].at,
                      writer->slots[i].size);
    used = cost_lanes(histograms, slots, PLANE_LANES - 1, scratch, lanes);
    head[0] = (uint8_t)used;
    pieces[1] = buf_view(&writer->lane0);
    for (uint32_t lane = 0; lane < used; lane++) {
        struct view *piece = &pieces[lane + 2];

        *piece = view_of(bytes, 0);
        for (uint32_t i = 0; i < slots; i++) {
            const struct plane_slot *slot = &writer->slots[i];

            if (lanes[i] != lane)
                continue;
            writer->lane0.data[slot->patch] |= (uint8_t)((lane + 1) << 4);
            memcpy(bytes, writer->data.data + slot->at, slot->size);
            bytes += slot->size;
            piece->size += slot->size;
        }
        head_size += varint_put(head + head_size, piece->size);
    }
    pieces[0] = view_of(head, head_size);
    *count = used + 2;
    return RC_OK;
}
