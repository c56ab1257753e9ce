/* plane_read.c: the layout of planes, and how they are read.
 *
 * BODY: one byte L (0 to 14), then L varints: the sizes of lanes 1 to L; then lane 0 (all that is
 * left over by the others), lane 1, ... lane L. Every byte of every lane must be read.
 *
 * A coding byte has the coding in its low bits and the number of the lane that holds the plane's
 * bytes in its high half. If that lane is 0, they follow in lane 0 where one stands. Everything
 * else (coding bytes, sizes, bases, tables) stands in lane 0. Arithmetic is modulo 2^64; "signed"
 * is a zigzag varint.
 *
 * NUMBERS, n of them. n = 0: nothing. n = 1: signed. Else a coding byte: bits 0 to 2 the coding,
 * bit 3 DELTA. With DELTA follows the first value, signed, and the plane holds the m = n - 1
 * differences of each value from the one before; without it m = n. The codings:
 *   0 varints   lane: m signed varints
 *   1 constant  signed: the value of all
 *   2 bits      base signed, step varint, width byte 1 to 64. lane: m values of width bits, the
 *               lowest bit first, filling bytes from the lowest bit; value = base + step * x
 *   3 table     k - 1 byte, k = 2 to 256; k values: the first signed, the others as varints of the
 *               difference from the one before. lane: m bytes, each the index of a value
 *   4 dense     the same, but s indexes share a byte, the first one lowest: i0 + i1 * k + i2 * k^2
 *               ..., where s is the largest number with k^s <= 256
 *   5 bytes     base signed, step varint, width byte 1 to 8, then width - 1 bytes whose high half
 * is the lane of the second, third, ... byte. lane: the lowest byte of each of m values; then, in
 * their lanes, the next bytes. value = base + step * x
 *
 * TEXTS, n of them. n = 0: nothing. n = 1: varint size, then the bytes, all in lane 0. Else a
 * coding byte, bits 0 to 2 the coding (bit 3 is 0):
 *   0 plain     numbers: n sizes. lane: all bytes
 *   1 table     varint k (1 to n); texts: k; numbers: n indexes. The k texts are not coded as a
 *               table again
 *   2 numbers   numbers: n. Each text is the number in decimal: "-"? then digits without leading
 *               zeros
 *   3 turned    varint size s >= 1. lane: the first byte of each of the n texts, then the second of
 *               each, ... s * n bytes
 *   4 letters   numbers: n sizes in characters. lane: for each character the varint of its index in
 *               the table of characters
 *
 * CHARACTERS: varint c, then the first min(c, 128) characters in ascending order, the first as it
 * is, the others as the difference from the one before, varints all; then the rest likewise. */
#include "schema/wire/plane.h"

#include "base/text.h"
#include "schema/limits.h"

void plane_fail(struct plane_reader *reader) {
    reader_fail(&reader->lanes[0]);
}

bool plane_failed(const struct plane_reader *reader) {
    return reader->lanes[0].failed;
}

bool plane_done(const struct plane_reader *reader) {
    for (size_t i = 0; i < PLANE_LANES; i++) {
        if (!read_done(&reader->lanes[i]))
            return false;
    }
    return read_done(&reader->raw);
}

void plane_reader_init(struct plane_reader *reader, struct view body, struct view raw,
                       size_t text_bytes_max, struct arena *arena, struct arena *scratch) {
    struct reader in;
    uint64_t sizes[PLANE_LANES] = {0};
    uint64_t lanes, sum = 0;

    memset(reader, 0, sizeof(*reader));
    reader->arena = arena;
    reader->scratch = scratch;
    reader->text_bytes_left = text_bytes_max;
    reader_init(&reader->raw, raw);
    reader_init(&in, body);
    lanes = read_u8(&in);
    if (lanes >= PLANE_LANES)
        reader_fail(&in);
    for (uint64_t i = 1; i <= lanes && !in.failed; i++) {
        sizes[i] = read_varint_max(&in, read_left(&in));
        sum += sizes[i];
    }
    if (in.failed || sum > read_left(&in)) {
        plane_fail(reader);
        return;
    }
    sizes[0] = read_left(&in) - sum;
    for (size_t i = 0; i <= lanes; i++)
        reader_init(&reader->lanes[i], read_bytes(&in, sizes[i]));
}

/* The next size bytes of a lane; NULL when there are not so many. */
static const uint8_t *take(struct plane_reader *reader, unsigned lane, size_t size) {
    struct view bytes = {0};

    if (lane < PLANE_LANES)
        bytes = read_bytes(&reader->lanes[lane], size);
    if (bytes.data == NULL || bytes.size != size) {
        plane_fail(reader);
        return NULL;
    }
    return bytes.data;
}

/* A value as a signed one, without the overflow that C does not define. */
static int64_t wrap(uint64_t bits) {
    int64_t value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- numbers ---- */

static void read_bits(struct plane_reader *reader, unsigned lane, int64_t *out, uint32_t count) {
    struct reader *head = &reader->lanes[0];
    uint64_t base = (uint64_t)read_zigzag(head);
    uint64_t step = read_varint(head);
    unsigned width = read_u8(head);
    uint64_t mask = width >= 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    const uint8_t *bytes;
    uint64_t held = 0;
    unsigned have = 0;
    size_t size;

    if (width < 1 || width > 64) {
        plane_fail(reader);
        return;
    }
    size = ((size_t)count * width + 7) / 8;
    bytes = take(reader, lane, size);
    if (bytes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value;

        if (width <= 56) {
            while (have < width) {
                held |= (uint64_t)*bytes++ << have;
                have += 8;
            }
            value = held & mask;
            held >>= width;
            have -= width;
        } else { /* too wide for the register beside what is held: bit by bit */
            value = 0;
            for (unsigned bit = 0; bit < width; bit++) {
                if (have == 0) {
                    held = *bytes++;
                    have = 8;
                }
                value |= (held & 1) << bit;
                held >>= 1;
                have--;
            }
        }
        out[i] = wrap(base + step * value);
    }
    if (held != 0) /* spare bits are zero */
        plane_fail(reader);
}

static void read_table(struct plane_reader *reader, unsigned lane, bool dense, int64_t *out,
                       uint32_t count) {
    struct reader *head = &reader->lanes[0];
    uint32_t size = (uint32_t)read_u8(head) + 1;
    int64_t table[256] = {0};
    uint32_t per_byte = 1;
    const uint8_t *bytes;

    table[0] = read_zigzag(head);
    for (uint32_t i = 1; i < size && !head->failed; i++)
        table[i] = wrap((uint64_t)table[i - 1] + read_varint(head));
    if (size < 2 || head->failed) {
        plane_fail(reader);
        return;
    }
    if (dense) {
        for (uint32_t power = size; power * size <= 256; power *= size)
            per_byte++;
    }
    bytes = take(reader, lane, (count + per_byte - 1) / per_byte);
    if (bytes == NULL)
        return;
    if (per_byte == 1) {
        uint32_t worst = 0;

        for (uint32_t i = 0; i < count; i++) {
            worst = bytes[i] > worst ? bytes[i] : worst;
            out[i] = table[bytes[i]];
        }
        if (worst >= size)
            plane_fail(reader);
        return;
    }
    for (uint32_t i = 0; i < count;) {
        uint32_t left = *bytes++;

        for (uint32_t j = 0; j < per_byte && i < count; j++) {
            out[i++] = table[left % size];
            left /= size;
        }
        if (left != 0)
            plane_fail(reader);
    }
}

static void read_byte_planes(struct plane_reader *reader, unsigned lane, int64_t *out,
                             uint32_t count) {
    struct reader *head = &reader->lanes[0];
    uint64_t base = (uint64_t)read_zigzag(head);
    uint64_t step = read_varint(head);
    unsigned width = read_u8(head);
    const uint8_t *planes[8] = {0};
    unsigned lanes[8] = {lane};

    if (width < 1 || width > 8) {
        plane_fail(reader);
        return;
    }
    for (unsigned i = 1; i < width; i++) {
        unsigned byte = read_u8(head);

        lanes[i] = byte >> 4;
        if ((byte & 15) != 0)
            plane_fail(reader);
    }
    for (unsigned i = 0; i < width; i++) {
        planes[i] = take(reader, lanes[i], count);
        if (planes[i] == NULL)
            return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = planes[0][i];

        for (unsigned j = 1; j < width; j++)
            value |= (uint64_t)planes[j][i] << (8 * j);
        out[i] = wrap(base + step * value);
    }
}

static void read_coded(struct plane_reader *reader, unsigned coding, unsigned lane, int64_t *out,
                       uint32_t count) {
    struct reader *head = &reader->lanes[0];

    switch (coding) {
    case INTS_VARINTS:
        if (lane >= PLANE_LANES) {
            plane_fail(reader);
            return;
        }
        for (uint32_t i = 0; i < count; i++)
            out[i] = read_zigzag(&reader->lanes[lane]);
        if (reader->lanes[lane].failed)
            plane_fail(reader);
        return;
    case INTS_CONSTANT: {
        int64_t value = read_zigzag(head);

        for (uint32_t i = 0; i < count; i++)
            out[i] = value;
        return;
    }
    case INTS_BITS:
        read_bits(reader, lane, out, count);
        return;
    case INTS_TABLE:
    case INTS_TABLE_DENSE:
        read_table(reader, lane, coding == INTS_TABLE_DENSE, out, count);
        return;
    case INTS_BYTES:
        read_byte_planes(reader, lane, out, count);
        return;
    default:
        plane_fail(reader);
    }
}

void plane_read_ints(struct plane_reader *reader, int64_t *out, uint32_t count) {
    struct reader *head = &reader->lanes[0];
    unsigned code;

    if (count == 0)
        return;
    if (count == 1) {
        out[0] = read_zigzag(head);
        return;
    }
    code = read_u8(head);
    if ((code & PLANE_DELTA) != 0) {
        uint64_t sum;

        out[0] = read_zigzag(head);
        read_coded(reader, code & 7, code >> 4, out + 1, count - 1);
        sum = (uint64_t)out[0];
        for (uint32_t i = 1; i < count; i++) {
            sum += (uint64_t)out[i];
            out[i] = wrap(sum);
        }
    } else {
        read_coded(reader, code & 7, code >> 4, out, count);
    }
    if (head->failed)
        memset(out, 0, count * sizeof(*out));
}

int64_t *plane_ints(struct plane_reader *reader, uint32_t count) {
    int64_t *out;

    if (plane_failed(reader))
        return NULL;
    out = arena_room(reader->scratch, count, sizeof(*out));
    if (out == NULL) {
        plane_fail(reader);
        return NULL;
    }
    plane_read_ints(reader, out, count);
    return plane_failed(reader) ? NULL : out;
}

/* ---- texts ---- */

/* Sizes of n texts; the sum is given, and counts against what a frame may unfold to. */
static int64_t *read_sizes(struct plane_reader *reader, uint32_t count, size_t *sum) {
    int64_t *sizes = plane_ints(reader, count);
    size_t total = 0;

    if (sizes == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (sizes[i] < 0 || sizes[i] > (int64_t)LIMIT_VALUE_BYTES) {
            plane_fail(reader);
            return NULL;
        }
        total += (size_t)sizes[i];
    }
    if (total > reader->text_bytes_left) {
        plane_fail(reader);
        return NULL;
    }
    reader->text_bytes_left -= total;
    *sum = total;
    return sizes;
}

static uint8_t *room(struct plane_reader *reader, size_t size) {
    uint8_t *bytes = arena_room(reader->arena, size, 1);

    if (bytes == NULL)
        plane_fail(reader);
    return bytes;
}

static void read_plain(struct plane_reader *reader, unsigned lane, struct view *out,
                       uint32_t count) {
    size_t sum = 0;
    int64_t *sizes = read_sizes(reader, count, &sum);
    const uint8_t *bytes;

    if (sizes == NULL || (sum > 0 && (bytes = take(reader, lane, sum)) == NULL))
        return;
    for (uint32_t i = 0; sum > 0 && i < count; i++) {
        out[i] = view_of(bytes, (size_t)sizes[i]);
        bytes += sizes[i];
    }
}

static void read_texts_table(struct plane_reader *reader, struct view *out, uint32_t count,
                             void (*read)(struct plane_reader *, struct view *, uint32_t)) {
    uint32_t size = (uint32_t)read_varint_max(&reader->lanes[0], count);
    struct view *table = arena_array(reader->scratch, size, sizeof(*table));
    int64_t *indexes;

    if (table == NULL || size == 0) {
        plane_fail(reader);
        return;
    }
    read(reader, table, size);
    indexes = plane_ints(reader, count);
    if (indexes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (indexes[i] < 0 || indexes[i] >= (int64_t)size) {
            plane_fail(reader);
            return;
        }
        out[i] = table[indexes[i]];
    }
}

#define NUMBER_TEXT_BYTES 20u /* "-9223372036854775808" */

static void read_numbers(struct plane_reader *reader, struct view *out, uint32_t count) {
    int64_t *values = plane_ints(reader, count);
    uint8_t *bytes = values == NULL ? NULL : room(reader, (size_t)count * NUMBER_TEXT_BYTES);

    if (bytes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t left = values[i] < 0 ? 0 - (uint64_t)values[i] : (uint64_t)values[i];
        uint8_t *end = bytes + NUMBER_TEXT_BYTES;
        uint8_t *at = end;

        do {
            *--at = (uint8_t)('0' + left % 10);
            left /= 10;
        } while (left > 0);
        if (values[i] < 0)
            *--at = '-';
        out[i] = view_of(at, (size_t)(end - at));
        bytes = end;
    }
}

static void read_turned(struct plane_reader *reader, unsigned lane, struct view *out,
                        uint32_t count) {
    size_t size = (size_t)read_varint_max(&reader->lanes[0], LIMIT_VALUE_BYTES);
    const uint8_t *turned;
    uint8_t *bytes;

    if (size == 0 || size > reader->text_bytes_left / count) {
        plane_fail(reader);
        return;
    }
    reader->text_bytes_left -= size * count;
    turned = take(reader, lane, size * count);
    bytes = turned == NULL ? NULL : room(reader, size * count);
    if (bytes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < size; j++)
            bytes[i * size + j] = turned[j * count + i];
        out[i] = view_of(bytes + i * size, size);
    }
}

static void read_lettered(struct plane_reader *reader, unsigned lane, struct view *out,
                          uint32_t count) {
    size_t sum = 0;
    int64_t *sizes = read_sizes(reader, count, &sum);
    struct reader *in = &reader->lanes[lane < PLANE_LANES ? lane : 0];
    uint8_t *at = sizes == NULL ? NULL : room(reader, sum * 4);

    if (at == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *start = at;

        for (int64_t j = 0; j < sizes[i]; j++) {
            uint64_t index = read_varint(in);

            if (index >= reader->letter_count || in->failed) {
                plane_fail(reader);
                return;
            }
            memcpy(at, reader->letters[index].bytes, 4);
            at += reader->letters[index].size;
        }
        out[i] = view_of(start, (size_t)(at - start));
    }
}

static void read_texts_coded(struct plane_reader *reader, unsigned code, struct view *out,
                             uint32_t count);

static struct view read_one_text(struct reader *head) {
    return read_bytes(head, read_varint_max(head, LIMIT_VALUE_BYTES));
}

static void read_texts_inner(struct plane_reader *reader, struct view *out, uint32_t count) {
    struct reader *head = &reader->lanes[0];
    unsigned code;

    if (count == 1) {
        out[0] = read_one_text(head);
        return;
    }
    code = read_u8(head);
    if ((code & 15) == TEXTS_TABLE)
        plane_fail(reader);
    else
        read_texts_coded(reader, code, out, count);
}

static void read_texts_coded(struct plane_reader *reader, unsigned code, struct view *out,
                             uint32_t count) {
    switch (code & 15) {
    case TEXTS_PLAIN:
        read_plain(reader, code >> 4, out, count);
        return;
    case TEXTS_TABLE:
        read_texts_table(reader, out, count, read_texts_inner);
        return;
    case TEXTS_NUMBERS:
        read_numbers(reader, out, count);
        return;
    case TEXTS_TURNED:
        read_turned(reader, code >> 4, out, count);
        return;
    case TEXTS_LETTERS:
        if (code >> 4 >= PLANE_LANES)
            plane_fail(reader);
        else
            read_lettered(reader, code >> 4, out, count);
        return;
    default:
        plane_fail(reader);
    }
}

void plane_read_texts(struct plane_reader *reader, struct view *out, uint32_t count) {
    if (count == 0 || plane_failed(reader))
        return;
    if (count == 1)
        out[0] = read_one_text(&reader->lanes[0]);
    else
        read_texts_coded(reader, read_u8(&reader->lanes[0]), out, count);
    if (plane_failed(reader))
        memset(out, 0, count * sizeof(*out));
}

void plane_read_letters(struct plane_reader *reader) {
    struct reader *head = &reader->lanes[0];
    uint32_t count = (uint32_t)read_varint_max(head, PLANE_LETTERS);
    uint64_t character = 0;

    if (count > read_left(head)) {
        plane_fail(reader);
        return;
    }
    reader->letters = arena_array(reader->scratch, count, sizeof(*reader->letters));
    if (reader->letters == NULL) {
        plane_fail(reader);
        return;
    }
    reader->letter_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = read_varint_max(head, 0x10ffff);

        character = i == 0 || i == 128 ? word : character + word;
        if (character > 0x10ffff)
            plane_fail(reader);
        if (plane_failed(reader))
            return;
        reader->letters[i].size = (uint8_t)utf8_put((uint32_t)character, reader->letters[i].bytes);
        if (reader->letters[i].size == 0)
            plane_fail(reader);
    }
}
