/* GnuTLS computes them: it is in the house for TLS anyway. This file is the door to its hashes. */
#include "base/digest.h"

#include <gnutls/crypto.h>

bool digest(struct view algorithm, struct view data, struct buf *out) {
    static const struct {
        const char *name;
        gnutls_digest_algorithm_t algorithm;
    } known[] = {
        {"MD5", GNUTLS_DIG_MD5},        {"SHA-1", GNUTLS_DIG_SHA1},
        {"SHA-256", GNUTLS_DIG_SHA256}, {"SHA-384", GNUTLS_DIG_SHA384},
        {"SHA-512", GNUTLS_DIG_SHA512},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t size = gnutls_hash_get_len(known[i].algorithm);
        uint8_t *place;

        if (!view_is(algorithm, known[i].name))
            continue;
        place = buf_reserve(out, size);
        if (place == NULL)
            return true; /* the buf has failed, and says so */
        if (gnutls_hash_fast(known[i].algorithm, data.data, data.size, place) != 0)
            return false;
        out->size += size;
        return true;
    }
    return false;
}
