/* totp.c: see totp.h. HMAC (RFC 2104) over SHA-1 as base/digest.h has it; the last half-byte of the
 * result says which 31 bits of it make the code (RFC 4226, 5.3). */
#include "base/totp.h"

#include "base/crypt.h"
#include "base/digest.h"

#define BLOCK_BYTES 64u
#define SHA1_BYTES  20u

static bool hmac_sha1(const uint8_t key[TOTP_SECRET_BYTES], struct view text,
                      uint8_t out[SHA1_BYTES]) {
    uint8_t pad[BLOCK_BYTES];
    struct buf inner, hash;
    bool ok;

    buf_init(&inner, BLOCK_BYTES + 64);
    buf_init(&hash, SHA1_BYTES);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        pad[i] = (i < TOTP_SECRET_BYTES ? key[i] : 0) ^ 0x36;
    buf_add(&inner, pad, sizeof(pad));
    buf_add_view(&inner, text);
    ok = inner.failed == RC_OK && digest(view_text("SHA-1"), buf_view(&inner), &hash) &&
         hash.size == SHA1_BYTES;
    if (ok) {
        memcpy(out, hash.data, SHA1_BYTES);
        for (size_t i = 0; i < BLOCK_BYTES; i++)
            pad[i] ^= 0x36 ^ 0x5c;
        crypt_wipe(inner.data, inner.size);
        buf_clear(&inner);
        buf_clear(&hash);
        buf_add(&inner, pad, sizeof(pad));
        buf_add(&inner, out, SHA1_BYTES);
        ok = inner.failed == RC_OK && digest(view_text("SHA-1"), buf_view(&inner), &hash) &&
             hash.size == SHA1_BYTES;
    }
    if (ok)
        memcpy(out, hash.data, SHA1_BYTES);
    crypt_wipe(pad, sizeof(pad));
    crypt_buf_release(&inner);
    buf_release(&hash);
    return ok;
}

static bool code_of(const uint8_t secret[TOTP_SECRET_BYTES], uint64_t step, uint32_t *code) {
    uint8_t counter[8], hash[SHA1_BYTES];
    const uint8_t *four;

    for (size_t i = 0; i < 8; i++)
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    if (!hmac_sha1(secret, view_of(counter, sizeof(counter)), hash))
        return false;
    four = hash + (hash[SHA1_BYTES - 1] & 0x0f);
    *code = (((uint32_t)four[0] & 0x7f) << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 |
             four[3]) %
            1000000;
    return true;
}

uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], uint64_t step) {
    uint32_t code;

    return code_of(secret, step, &code) ? code : UINT32_MAX;
}

static bool digits_read(struct view text, uint32_t *out) {
    size_t count = 0;

    *out = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ' ')
            continue;
        if (text.data[i] < '0' || text.data[i] > '9' || ++count > TOTP_CODE_DIGITS)
            return false;
        *out = *out * 10 + (uint32_t)(text.data[i] - '0');
    }
    return count == TOTP_CODE_DIGITS;
}

bool totp_fits(const uint8_t secret[TOTP_SECRET_BYTES], struct view digits, int64_t now_ms,
               uint64_t used, uint64_t *step) {
    uint64_t now = now_ms < 0 ? 0 : (uint64_t)now_ms / TOTP_STEP_MS;
    bool fits = false;
    uint32_t given;

    if (!digits_read(digits, &given))
        return false;
    /* All three are computed, whichever it is. */
    for (uint64_t at = now == 0 ? 0 : now - 1; at <= now + 1; at++) {
        uint32_t code;

        if (!code_of(secret, at, &code) || code != given || at <= used)
            continue;
        *step = at;
        fits = true;
    }
    return fits;
}

void totp_base32(const uint8_t *bytes, size_t size, struct buf *out) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 5; count -= 5)
            buf_add_u8(out, (uint8_t)letters[bits >> (count - 5) & 31]);
    }
    if (count > 0)
        buf_add_u8(out, (uint8_t)letters[bits << (5 - count) & 31]);
}
