/* facts_hash.h: one hash over what a household's assistance is decided on, as it reads now. A visit
 * keeps it when it is ended: whether anything of it has changed since is then a comparison.
 *
 * Covered: every answer in the repeats member, income, property, expense and supporter, and the
 * kind of register. A telephone number or a remark is not. It is the hash "yg facts" (crypt.h)
 * over, for each instance that is there and each of its fields in order: instance (actor 8 bytes
 * big-endian, number varint, ordinal varint), field varint, number of versions that read (1 but for
 * conflicts and sets), and their values (value_encode), sorted as the state has them. Equal states
 * give equal hashes wherever they are. */
#ifndef YG_SCHEMA_FACTS_HASH_H
#define YG_SCHEMA_FACTS_HASH_H

#include "schema/reading.h"

#define FACTS_HASH_TEXT_BYTES 33u /* 16 bytes in hexadecimal digits, and a NUL */

/* The text that a visit keeps. RC_INVALID without a form. */
enum rc facts_hash(const struct reading *reading, char out[FACTS_HASH_TEXT_BYTES], struct err *err);

#endif
