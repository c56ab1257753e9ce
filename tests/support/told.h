/* told.h: what a tablet tells a county that was restored (section 9 of docs/protocol.md), as an
 * example: the first nine numbers of a frame's actor were receipted, the eighth got its name from a
 * former epoch; of another actor three, whose chain there is 32 bytes of 66. */
#ifndef YG_TESTS_SUPPORT_TOLD_H
#define YG_TESTS_SUPPORT_TOLD_H

#include "schema/wire/exchange.h"
#include "schema/wire/frame.h"

#define TOLD_FORMER_EPOCH 1763880000u
#define TOLD_EPOCH        1763884800u

/* The HELLO in a part of its own, signed; it names the actor of the frame, which begins at number 1
 * and has nine changes or more. *name: of the eighth. */
enum rc told_hello(struct hello *hello, const struct frame *frame, uint64_t other,
                   const uint8_t device_sign[64], struct buf *out, uint64_t *name, struct err *err);

/* Appends the names of the lineage, and texts, some of them names of its actor or of the other,
 * each with what it is read as when it is the answer of a change of that history: lines of JSON,
 * the last of an object and an array. */
void told_answers(const struct lineage *lineage, uint64_t other, struct arena *arena,
                  struct buf *json);

#endif
