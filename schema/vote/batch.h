/* batch.h: what one tablet says of the votes that were cast on it: once, when its voting closes.
 *
 * There is no vote in it: for each household the counts, and the seats of those who have voted as a
 * set. A seat is a member's number at the table, 1 to 64, fixed when the meeting is called; a set
 * of seats is a number whose bit (seat - 1) says yes or no, and has no order. Several tablets of
 * one meeting make a batch each; the tally adds them up. The hash of its bytes names a batch: the
 * same one twice is one.
 *
 * Where counts would tell how somebody voted they are not even in the batch (tally.h says when):
 * then `withheld` is set, yes, no, abstain and reasons are zero, and `passed` says what came out.
 *
 * Bytes: version (1), meeting (id, number), tablet (id), round, mode, first 16 bytes of the hash of
 * the rules, varint of the seats that this tablet served, varint count, each: item (id, number,
 * ordinal), flags (1 withheld, 2 passed), varints yes, no, abstain, invalid, unused, marks, then
 * the count of each reason. Items in order of their ids. As text: lower-case hexadecimal. */
#ifndef YG_SCHEMA_VOTE_BATCH_H
#define YG_SCHEMA_VOTE_BATCH_H

#include "base/crypt.h"
#include "schema/id.h"
#include "schema/vote/profile.h"

#define VOTE_SEATS_MAX   64u
#define VOTE_ITEMS_MAX   200u
#define VOTE_ROUNDS_MAX  100u
#define VOTE_BATCHES_MAX 16u
#define VOTE_BATCH_BYTES (16u * 1024u)

/* Why somebody says that the facts are not true. */
enum vote_reason {
    VOTE_REASON_INCOME = 0,
    VOTE_REASON_PROPERTY,
    VOTE_REASON_MEMBERS,
    VOTE_REASON_SUPPORT,
    VOTE_REASON_HIDDEN,
    VOTE_REASON_OTHER,
    VOTE_REASON_COUNT,
};
/* English, key of the catalogue. */
const char *vote_reason_words(unsigned reason);

struct vote_count {
    uint32_t yes, no, abstain;
    uint32_t invalid;                    /* paper that says nothing clear */
    uint32_t unused;                     /* given out and not cast */
    uint32_t reasons[VOTE_REASON_COUNT]; /* of those who said no; each may name several */
    uint64_t marks;                      /* seats that had their vote */
    bool withheld, passed;
};

struct vote_item_count {
    struct instance_id item; /* of the agenda */
    struct vote_count count;
};

struct vote_batch {
    struct dot meeting;
    uint64_t tablet; /* the actor that began to vote: copies of the urn have the same */
    uint32_t round;  /* 1; more after a round whose secrets were lost */
    uint8_t mode;    /* enum vote_mode */
    uint8_t rules[16];
    uint64_t seats; /* that this tablet served */
    uint32_t item_count;
    const struct vote_item_count *items;
    uint8_t hash[CRYPT_HASH_BYTES]; /* of the bytes; filled by both functions below */
};

/* Adds the bytes. RC_INVALID when items are not in order or a bound is broken. */
enum rc vote_batch_encode(struct vote_batch *batch, struct buf *out, struct err *err);
/* RC_CORRUPT; exactly one encoding of a batch is read. */
enum rc vote_batch_decode(struct view bytes, struct arena *arena, struct vote_batch *out,
                          struct err *err);
/* From its text. */
enum rc vote_batch_parse(struct view text, struct arena *arena, struct vote_batch *out,
                         struct err *err);

/* Of struct vote_item_count, as in a batch: by item. For qsort. */
int vote_item_order(const void *left, const void *right);

uint32_t vote_seats_count(uint64_t seats);
static inline uint64_t vote_seat(unsigned seat) {
    return seat >= 1 && seat <= VOTE_SEATS_MAX ? UINT64_C(1) << (seat - 1) : 0;
}
/* Adds "1 2 5"; reads "1 2 5" and "1-3,5". False when it is something else. */
void vote_seats_text(uint64_t seats, struct buf *out);
bool vote_seats_parse(struct view text, uint64_t *out);

#endif
