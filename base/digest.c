/* MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), whole messages at once.
 *
 * All five work alike: the message is followed by 0x80, zeros and its length in bits, and cut into
 * blocks; each block is mixed into a state of words. The constants of MD5 are the sine, those of
 * SHA-2 the cube roots of primes, so they stand here as numbers. */
#include "base/digest.h"

enum { BLOCK_BYTES_MAX = 128, WORDS = 8 };

typedef void block_fn(void *state, const uint8_t *block);

static uint32_t left32(uint32_t word, unsigned bits) {
    return word << bits | word >> (32 - bits);
}

static uint32_t right32(uint32_t word, unsigned bits) {
    return word >> bits | word << (32 - bits);
}

static uint64_t right64(uint64_t word, unsigned bits) {
    return word >> bits | word << (64 - bits);
}

static uint32_t big32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t big64(const uint8_t *bytes) {
    return (uint64_t)big32(bytes) << 32 | big32(bytes + 4);
}

/* ---- MD5 ---- */

static void md5_block(void *memory, const uint8_t *block) {
    static const uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
        0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
        0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
        0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
        0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
        0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
        0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
        0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
        0xeb86d391};
    static const uint8_t turns[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    uint32_t *state = memory, a = state[0], b = state[1], c = state[2], d = state[3];

    for (unsigned i = 0; i < 64; i++) {
        unsigned round = i / 16;
        unsigned at = (round == 0   ? i
                       : round == 1 ? 5 * i + 1
                       : round == 2 ? 3 * i + 5
                                    : 7 * i) %
                      16;
        uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                         : round == 1 ? (b & d) | (c & ~d)
                         : round == 2 ? b ^ c ^ d
                                      : c ^ (b | ~d);
        const uint8_t *word = block + (size_t)4 * at;
        uint32_t little =
            (uint32_t)word[3] << 24 | (uint32_t)word[2] << 16 | (uint32_t)word[1] << 8 | word[0];

        mixed += a + sines[i] + little;
        a = d;
        d = c;
        c = b;
        b += left32(mixed, turns[4 * round + i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* ---- SHA-1 ---- */

static void sha1_block(void *memory, const uint8_t *block) {
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t *state = memory, words[80];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

    for (unsigned i = 0; i < 16; i++)
        words[i] = big32(block + (size_t)4 * i);
    for (unsigned i = 16; i < 80; i++)
        words[i] = left32(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        unsigned round = i / 20;
        uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                         : round == 2 ? (b & c) | (b & d) | (c & d)
                                      : b ^ c ^ d;

        mixed += left32(a, 5) + e + constants[round] + words[i];
        e = d;
        d = c;
        c = left32(b, 30);
        b = a;
        a = mixed;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

/* ---- SHA-2 ---- */

/* SHA-256 uses the upper halves. */
static const uint64_t roots[80] = {
    UINT64_C(0x428a2f98d728ae22), UINT64_C(0x7137449123ef65cd), UINT64_C(0xb5c0fbcfec4d3b2f),
    UINT64_C(0xe9b5dba58189dbbc), UINT64_C(0x3956c25bf348b538), UINT64_C(0x59f111f1b605d019),
    UINT64_C(0x923f82a4af194f9b), UINT64_C(0xab1c5ed5da6d8118), UINT64_C(0xd807aa98a3030242),
    UINT64_C(0x12835b0145706fbe), UINT64_C(0x243185be4ee4b28c), UINT64_C(0x550c7dc3d5ffb4e2),
    UINT64_C(0x72be5d74f27b896f), UINT64_C(0x80deb1fe3b1696b1), UINT64_C(0x9bdc06a725c71235),
    UINT64_C(0xc19bf174cf692694), UINT64_C(0xe49b69c19ef14ad2), UINT64_C(0xefbe4786384f25e3),
    UINT64_C(0x0fc19dc68b8cd5b5), UINT64_C(0x240ca1cc77ac9c65), UINT64_C(0x2de92c6f592b0275),
    UINT64_C(0x4a7484aa6ea6e483), UINT64_C(0x5cb0a9dcbd41fbd4), UINT64_C(0x76f988da831153b5),
    UINT64_C(0x983e5152ee66dfab), UINT64_C(0xa831c66d2db43210), UINT64_C(0xb00327c898fb213f),
    UINT64_C(0xbf597fc7beef0ee4), UINT64_C(0xc6e00bf33da88fc2), UINT64_C(0xd5a79147930aa725),
    UINT64_C(0x06ca6351e003826f), UINT64_C(0x142929670a0e6e70), UINT64_C(0x27b70a8546d22ffc),
    UINT64_C(0x2e1b21385c26c926), UINT64_C(0x4d2c6dfc5ac42aed), UINT64_C(0x53380d139d95b3df),
    UINT64_C(0x650a73548baf63de), UINT64_C(0x766a0abb3c77b2a8), UINT64_C(0x81c2c92e47edaee6),
    UINT64_C(0x92722c851482353b), UINT64_C(0xa2bfe8a14cf10364), UINT64_C(0xa81a664bbc423001),
    UINT64_C(0xc24b8b70d0f89791), UINT64_C(0xc76c51a30654be30), UINT64_C(0xd192e819d6ef5218),
    UINT64_C(0xd69906245565a910), UINT64_C(0xf40e35855771202a), UINT64_C(0x106aa07032bbd1b8),
    UINT64_C(0x19a4c116b8d2d0c8), UINT64_C(0x1e376c085141ab53), UINT64_C(0x2748774cdf8eeb99),
    UINT64_C(0x34b0bcb5e19b48a8), UINT64_C(0x391c0cb3c5c95a63), UINT64_C(0x4ed8aa4ae3418acb),
    UINT64_C(0x5b9cca4f7763e373), UINT64_C(0x682e6ff3d6b2b8a3), UINT64_C(0x748f82ee5defb2fc),
    UINT64_C(0x78a5636f43172f60), UINT64_C(0x84c87814a1f0ab72), UINT64_C(0x8cc702081a6439ec),
    UINT64_C(0x90befffa23631e28), UINT64_C(0xa4506cebde82bde9), UINT64_C(0xbef9a3f7b2c67915),
    UINT64_C(0xc67178f2e372532b), UINT64_C(0xca273eceea26619c), UINT64_C(0xd186b8c721c0c207),
    UINT64_C(0xeada7dd6cde0eb1e), UINT64_C(0xf57d4f7fee6ed178), UINT64_C(0x06f067aa72176fba),
    UINT64_C(0x0a637dc5a2c898a6), UINT64_C(0x113f9804bef90dae), UINT64_C(0x1b710b35131c471b),
    UINT64_C(0x28db77f523047d84), UINT64_C(0x32caab7b40c72493), UINT64_C(0x3c9ebe0a15c9bebc),
    UINT64_C(0x431d67c49c100d4c), UINT64_C(0x4cc5d4becb3e42b6), UINT64_C(0x597f299cfc657e2a),
    UINT64_C(0x5fcb6fab3ad6faec), UINT64_C(0x6c44198c4a475817)};

static void sha256_block(void *memory, const uint8_t *block) {
    uint32_t *state = memory, words[64], s[WORDS];

    for (unsigned i = 0; i < 16; i++)
        words[i] = big32(block + (size_t)4 * i);
    for (unsigned i = 16; i < 64; i++) {
        uint32_t early = words[i - 15], late = words[i - 2];

        words[i] = words[i - 16] + words[i - 7] +
                   (right32(early, 7) ^ right32(early, 18) ^ early >> 3) +
                   (right32(late, 17) ^ right32(late, 19) ^ late >> 10);
    }
    memcpy(s, state, sizeof(s));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t one = s[7] + (right32(s[4], 6) ^ right32(s[4], 11) ^ right32(s[4], 25)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + (uint32_t)(roots[i] >> 32) + words[i];
        uint32_t two = (right32(s[0], 2) ^ right32(s[0], 13) ^ right32(s[0], 22)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, (WORDS - 1) * sizeof(*s));
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < WORDS; i++)
        state[i] += s[i];
}

static void sha512_block(void *memory, const uint8_t *block) {
    uint64_t *state = memory, words[80], s[WORDS];

    for (unsigned i = 0; i < 16; i++)
        words[i] = big64(block + (size_t)8 * i);
    for (unsigned i = 16; i < 80; i++) {
        uint64_t early = words[i - 15], late = words[i - 2];

        words[i] = words[i - 16] + words[i - 7] +
                   (right64(early, 1) ^ right64(early, 8) ^ early >> 7) +
                   (right64(late, 19) ^ right64(late, 61) ^ late >> 6);
    }
    memcpy(s, state, sizeof(s));
    for (unsigned i = 0; i < 80; i++) {
        uint64_t one = s[7] + (right64(s[4], 14) ^ right64(s[4], 18) ^ right64(s[4], 41)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + roots[i] + words[i];
        uint64_t two = (right64(s[0], 28) ^ right64(s[0], 34) ^ right64(s[0], 39)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, (WORDS - 1) * sizeof(*s));
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < WORDS; i++)
        state[i] += s[i];
}

/* ---- whole messages ---- */

/* Blocks of the message, then one or two with its end and length. */
static void mix(struct view data, size_t block_bytes, bool is_little, block_fn *block,
                void *state) {
    uint8_t last[2 * BLOCK_BYTES_MAX] = {0};
    size_t whole = data.size - data.size % block_bytes, rest = data.size - whole;
    size_t length_bytes = block_bytes / 8, end;
    uint64_t bits = (uint64_t)data.size * 8;

    for (size_t at = 0; at < whole; at += block_bytes)
        block(state, data.data + at);
    if (rest > 0)
        memcpy(last, data.data + whole, rest);
    last[rest] = 0x80;
    end = rest + 1 + length_bytes <= block_bytes ? block_bytes : 2 * block_bytes;
    for (size_t i = 0; i < 8; i++)
        last[is_little ? end - 8 + i : end - 1 - i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < end; at += block_bytes)
        block(state, last + at);
}

static void add_words(const uint32_t *words, size_t count, bool is_little, struct buf *out) {
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < 4; k++)
            buf_add_u8(out, (uint8_t)(words[i] >> (is_little ? 8 * k : 24 - 8 * k)));
}

static void wide(struct view data, const uint64_t start[WORDS], size_t count, struct buf *out) {
    uint64_t state[WORDS];

    memcpy(state, start, sizeof(state));
    mix(data, 128, false, sha512_block, state);
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < 8; k++)
            buf_add_u8(out, (uint8_t)(state[i] >> (56 - 8 * k)));
}

bool digest(struct view algorithm, struct view data, struct buf *out) {
    static const uint64_t start_384[WORDS] = {
        UINT64_C(0xcbbb9d5dc1059ed8), UINT64_C(0x629a292a367cd507), UINT64_C(0x9159015a3070dd17),
        UINT64_C(0x152fecd8f70e5939), UINT64_C(0x67332667ffc00b31), UINT64_C(0x8eb44a8768581511),
        UINT64_C(0xdb0c2e0d64f98fa7), UINT64_C(0x47b5481dbefa4fa4)};
    static const uint64_t start_512[WORDS] = {
        UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
        UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
        UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};
    uint32_t state[WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    if (view_is(algorithm, "MD5")) {
        mix(data, 64, true, md5_block, state);
        add_words(state, 4, true, out);
    } else if (view_is(algorithm, "SHA-1")) {
        mix(data, 64, false, sha1_block, state);
        add_words(state, 5, false, out);
    } else if (view_is(algorithm, "SHA-256")) {
        for (size_t i = 0; i < WORDS; i++)
            state[i] = (uint32_t)(start_512[i] >> 32);
        mix(data, 64, false, sha256_block, state);
        add_words(state, WORDS, false, out);
    } else if (view_is(algorithm, "SHA-384")) {
        wide(data, start_384, 6, out);
    } else if (view_is(algorithm, "SHA-512")) {
        wide(data, start_512, WORDS, out);
    } else {
        return false;
    }
    return true;
}
