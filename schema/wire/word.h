/* word.h: the small words that several formats of the wire share.
 *
 *   area     a varint of (area / 10^z) * 32 + class * 4 + audience, where z zeros end the 12-digit
 *            code: class 0 to 4 for z = 0, 3, 6, 8, 10, the largest that leaves no remainder. The
 *            audience (0 to 3) rides along; 0 where the format has none
 *   signature  Ed25519 over the 32 bytes hash(tag, data), so that long data is hashed once */
#ifndef YG_SCHEMA_WIRE_WORD_H
#define YG_SCHEMA_WIRE_WORD_H

#include "base/arena.h"
#include "base/err.h"
#include "schema/id.h"

#define WORD_AREA_END 1000000000000u /* areas are below */

/* area is below WORD_AREA_END, audience below 4 (asserted: both come from checked sources). */
void word_add_area(struct buf *out, uint64_t area, unsigned audience);
/* Marks the reader failed when the area is out of range or not in its only encoding. */
uint64_t word_read_area(struct reader *in, uint8_t *audience);

/* size bytes; zeros when the reader fails. */
void word_read_fixed(struct reader *in, void *out, size_t size);

/* A scope, as in PART_SIGNED and in the answer to an enrolment (exchange.c, exchange_signed.c). */
struct scope;
void scope_add(struct buf *out, const struct scope *scope);
void scope_read(struct reader *in, struct arena *arena, struct scope *out);

/* Signs and checks hash(tag, pieces in a row). */
void word_sign(const char *tag, const struct view *pieces, size_t count,
               const uint8_t secret_key[64], uint8_t signature[64]);
bool word_signed(const char *tag, const struct view *pieces, size_t count,
                 const uint8_t public_key[32], const uint8_t signature[64]);

#endif
