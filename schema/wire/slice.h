/* slice.h: a piece of the county's feeds, with the county's own proof of it.
 *
 * What a tablet pulled of other people's work is a copy that the county may need: when it comes
 * back from a backup, and the tablet that wrote something is lost, those who pulled it give it
 * back. An answer proves its own entries: they lead, link by link, to the heads that the county has
 * signed in it. So a tablet keeps of every answer what that proof consists of: the signed part and
 * its nonce, and for each feed the chain before, and every entry, or only its digest where there is
 * nothing to give back. Who holds a head needs no proof of the chain before: nobody can find
 * another one that leads there. A slice proves itself, whatever epoch it is of.
 *
 * It is sealed for the county at once: the tablet that keeps it cannot read it, locked or not.
 * slice.c opens with the layout. */
#ifndef YG_SCHEMA_WIRE_SLICE_H
#define YG_SCHEMA_WIRE_SLICE_H

#include "base/zip.h"
#include "schema/wire/exchange.h"

#define SLICE_NAME_BYTES 8u

struct slice_entry {
    bool whole; /* FEED_FRAME and FEED_REDACT are; of others the digest suffices */
    uint8_t digest[32];
    struct view body; /* as stored: feed_entry_body */
};

struct slice_feed {
    uint64_t area;
    uint8_t audience;
    uint64_t position; /* of the entry before the first one; 0: none */
    uint8_t chain[32]; /* there */
    uint32_t entry_count;
    struct slice_entry *entries;
};

struct slice {
    uint32_t epoch; /* in which it was given */
    uint8_t nonce[16];
    struct view signed_part; /* content of PART_SIGNED */
    uint32_t feed_count;
    struct slice_feed *feeds;
};

/* Adds to out, sealed. RC_LIMIT: more than LIMIT_SLICE_BYTES. */
enum rc slice_write(const struct slice *slice, uint32_t county, const uint8_t county_box_public[32],
                    const struct env *env, struct buf *out, struct err *err);
/* Its name in offers: the beginning of hash("yg slice", bytes). */
void slice_name(struct view bytes, uint8_t name[SLICE_NAME_BYTES]);

/* Opens it; everything is in the arena. RC_DENIED: for another county. */
enum rc slice_open(struct view bytes, uint32_t county, const uint8_t box_public[32],
                   const uint8_t box_secret[32], struct arena *arena, struct slice *out,
                   struct err *err);
/* Every feed of it leads to a head that the county has signed; proof: what else it has signed
 * there (in the arena). RC_DENIED, RC_CORRUPT: it proves nothing. */
enum rc slice_verify(const struct slice *slice, const uint8_t county_public[32],
                     struct zip_inflater *inflater, struct arena *arena, struct answer *proof,
                     struct err *err);

/* --- offers --- before a slice travels the county says whether it lacks anything of it. */
struct slice_offer {
    uint8_t name[SLICE_NAME_BYTES];
    struct view dots; /* of its changes: for each entry sized own_write, under the name by which
                       * they are known (a fork's, where it is one) */
};
/* Content of PART_OFFER; a caller adds no more than LIMIT_OFFERS and LIMIT_OFFER_BYTES. */
void offer_write(const struct slice_offer *offers, uint32_t count, struct buf *out);
enum rc offer_read(struct view content, struct arena *arena, struct slice_offer **out,
                   uint32_t *count, struct err *err);

#endif
