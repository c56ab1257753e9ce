/* credential.h: what a tablet shows to a county that does not know it any more.
 *
 * A county that was restored from a backup does not know the tablets that were enrolled after it.
 * So it certifies, with its long-lived key, which device a tablet is, which areas it was granted
 * and who works on it; the tablet keeps that, and shows it when it is refused as unknown. It proves
 * who the tablet was, not that it still is what it was: it may have been revoked since. So nothing
 * is granted by it before staff have said so. */
#ifndef YG_SCHEMA_WIRE_CREDENTIAL_H
#define YG_SCHEMA_WIRE_CREDENTIAL_H

#include "schema/wire/exchange.h"

struct credential {
    uint8_t sign_public[32], box_public[32]; /* of the device */
    struct view name;
    int64_t enrolled_ms;
    struct scope scope; /* as it was granted last */
    uint32_t person_count;
    struct certificate *persons; /* who work on it */
};

#define LIMIT_CREDENTIAL_BYTES   65536u
#define LIMIT_CREDENTIAL_PERSONS 64u

/* Content of PART_CREDENTIAL: version (1 byte, now 1), the keys (32 each), name (text), enrolled
 * (signed), scope (as in PART_SIGNED), persons (varint count, each: key (32), role (1 byte), name
 * (text)), signature (64 bytes, county's, tag "yg credential", over everything before). */
enum rc credential_write(const struct credential *credential, const uint8_t county_secret[64],
                         struct buf *out, struct err *err);
/* Texts are views into content; lists are in the arena. RC_DENIED: not this county's. */
enum rc credential_read(struct view content, const uint8_t county_public[32], struct arena *arena,
                        struct credential *out, struct err *err);

#endif
