/* sealed.c: PART_SEALED, what comes down for a tablet that is locked (exchange.h). */
#include "base/crypt.h"
#include "schema/wire/exchange.h"

enum rc exchange_add_sealed(struct buf *out, struct view parts, const uint8_t box_public[32],
                            const struct env *env, struct err *err) {
    buf_add_u8(out, PART_SEALED);
    buf_add_varint(out, parts.size + CRYPT_SEAL_EXTRA_BYTES);
    if (buf_check(out, "an answer", err) != RC_OK)
        return err->rc;
    return crypt_seal(env, box_public, parts, view_text("yg down"), out, err);
}

enum rc exchange_open_sealed(struct view content, const uint8_t box_public[32],
                             const uint8_t box_secret[32], struct buf *parts, struct err *err) {
    return crypt_seal_open(box_public, box_secret, content, view_text("yg down"), parts, err);
}
