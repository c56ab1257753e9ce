/* word.c: see word.h. */
#include "schema/wire/word.h"

#include "base/crypt.h"

#include <assert.h>

/* What each class divides by, the largest first where we look for one. */
static const uint64_t area_divisors[5] = {1, 1000, 1000000, 100000000, 10000000000};

static unsigned area_class(uint64_t area) {
    unsigned class = 4;

    while (area % area_divisors[class] != 0)
        class --;
    return class;
}

void word_add_area(struct buf *out, uint64_t area, unsigned audience) {
    unsigned class = area_class(area);

    assert(area < WORD_AREA_END && audience < 4);
    buf_add_varint(out, (area / area_divisors[class]) << 5 | class << 2 | audience);
}

uint64_t word_read_area(struct reader *in, uint8_t *audience) {
    uint64_t word = read_varint(in);
    unsigned class = (unsigned)(word >> 2 & 7);
    uint64_t area;

    *audience = (uint8_t)(word & 3);
    if (class > 4 || word >> 5 >= WORD_AREA_END / area_divisors[class]) {
        reader_fail(in);
        return 0;
    }
    area = (word >> 5) * area_divisors[class];
    if (area_class(area) != class)
        reader_fail(in);
    return area;
}

void word_read_fixed(struct reader *in, void *out, size_t size) {
    struct view bytes = read_bytes(in, size);

    if (bytes.size == size)
        memcpy(out, bytes.data, size);
    else
        memset(out, 0, size);
}

void word_sign(const char *tag, const struct view *pieces, size_t count,
               const uint8_t secret_key[64], uint8_t signature[64]) {
    uint8_t hash[32];

    crypt_hash_pieces(tag, pieces, count, hash);
    crypt_sign(secret_key, view_of(hash, sizeof(hash)), signature);
}

bool word_signed(const char *tag, const struct view *pieces, size_t count,
                 const uint8_t public_key[32], const uint8_t signature[64]) {
    uint8_t hash[32];

    crypt_hash_pieces(tag, pieces, count, hash);
    return crypt_verify(public_key, view_of(hash, sizeof(hash)), signature);
}
