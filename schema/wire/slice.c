/* slice.c: see slice.h.
 *
 *   version   1 byte, now 1
 *   county    4 bytes, big-endian: its tag
 *   sealed    to the end: the inner bytes, sealed for the county (crypt.h: crypt_seal), with
 *             everything before as associated data
 *
 * Inner:
 *   epoch     varint
 *   nonce     16 bytes, of the ANSWER
 *   signed    sized: the content of its SIGNED, which has the heads
 *   feeds     varint count; each:
 *     feed      area, with the audience
 *     position  varint: of the last entry before these
 *     chain     32 bytes: there
 *     entries   varint count; each: 1 byte: 0 digest (32 bytes), 1 body (sized)
 *
 * OFFER: varint count; each: name (8 bytes), sized: dots, which are sized own_write in a row. */
#include "schema/wire/slice.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

#define SLICE_VERSION   1u
#define OUTER_BYTES     5u
#define FEED_BYTES_MIN  35u
#define ENTRY_BYTES_MIN 2u
#define OFFER_BYTES_MIN (SLICE_NAME_BYTES + 1u)

enum entry_form { ENTRY_DIGEST = 0, ENTRY_BODY = 1 };

static void outer_put(uint32_t county, uint8_t out[OUTER_BYTES]) {
    out[0] = SLICE_VERSION;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(county >> (24 - 8 * i));
}

static void add_feed(struct buf *out, const struct slice_feed *feed) {
    word_add_area(out, feed->area, feed->audience);
    buf_add_varint(out, feed->position);
    buf_add(out, feed->chain, sizeof(feed->chain));
    buf_add_varint(out, feed->entry_count);
    for (uint32_t i = 0; i < feed->entry_count; i++) {
        const struct slice_entry *entry = &feed->entries[i];

        buf_add_u8(out, entry->whole ? ENTRY_BODY : ENTRY_DIGEST);
        if (entry->whole)
            buf_add_sized(out, entry->body);
        else
            buf_add(out, entry->digest, sizeof(entry->digest));
    }
}

enum rc slice_write(const struct slice *slice, uint32_t county, const uint8_t county_box_public[32],
                    const struct env *env, struct buf *out, struct err *err) {
    uint8_t outer[OUTER_BYTES];
    struct buf inner;
    enum rc rc;

    outer_put(county, outer);
    buf_init(&inner, LIMIT_SLICE_BYTES - OUTER_BYTES - CRYPT_SEAL_EXTRA_BYTES);
    buf_add_varint(&inner, slice->epoch);
    buf_add(&inner, slice->nonce, sizeof(slice->nonce));
    buf_add_sized(&inner, slice->signed_part);
    buf_add_varint(&inner, slice->feed_count);
    for (uint32_t i = 0; i < slice->feed_count; i++)
        add_feed(&inner, &slice->feeds[i]);
    rc = buf_check(&inner, "a slice of the feeds", err);
    if (rc == RC_OK) {
        buf_add(out, outer, sizeof(outer));
        rc = buf_check(out, "a slice of the feeds", err);
    }
    if (rc == RC_OK)
        rc = crypt_seal(env, county_box_public, buf_view(&inner), view_of(outer, sizeof(outer)),
                        out, err);
    crypt_buf_release(&inner);
    return rc;
}

void slice_name(struct view bytes, uint8_t name[SLICE_NAME_BYTES]) {
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_hash("yg slice", bytes, hash);
    memcpy(name, hash, SLICE_NAME_BYTES);
}

/* --- reading --- */

static void read_feed(struct reader *in, struct arena *arena, struct slice_feed *out) {
    uint32_t count;

    out->area = word_read_area(in, &out->audience);
    out->position = read_varint_max(in, LIMIT_NUMBER);
    word_read_fixed(in, out->chain, sizeof(out->chain));
    count = (uint32_t)read_varint_max(in, read_left(in) / ENTRY_BYTES_MIN);
    out->entries = arena_array(arena, in->failed ? 0 : count, sizeof(*out->entries));
    if (out->entries == NULL || in->failed)
        return;
    for (; out->entry_count < count && !in->failed; out->entry_count++) {
        struct slice_entry *entry = &out->entries[out->entry_count];
        uint8_t form = read_u8(in);

        if (form > ENTRY_BODY)
            reader_fail(in);
        entry->whole = form == ENTRY_BODY;
        if (entry->whole)
            entry->body = read_sized(in);
        else
            word_read_fixed(in, entry->digest, sizeof(entry->digest));
    }
}

enum rc slice_open(struct view bytes, uint32_t county, const uint8_t box_public[32],
                   const uint8_t box_secret[32], struct arena *arena, struct slice *out,
                   struct err *err) {
    uint8_t outer[OUTER_BYTES];
    struct buf inner;
    struct reader in;
    uint32_t count;
    enum rc rc;

    *out = (struct slice){0};
    outer_put(county, outer);
    if (bytes.size < OUTER_BYTES + CRYPT_SEAL_EXTRA_BYTES || bytes.size > LIMIT_SLICE_BYTES)
        return err_set(err, RC_CORRUPT, "a slice of the feeds: damaged; it is not taken");
    if (bytes.data[0] != SLICE_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "a slice of the feeds: of a newer format; update this program");
    if (memcmp(bytes.data, outer, sizeof(outer)) != 0)
        return err_set(err, RC_DENIED, "a slice of the feeds: sealed for another county");
    buf_init(&inner, LIMIT_SLICE_BYTES);
    rc = crypt_seal_open(box_public, box_secret, view_slice(bytes, OUTER_BYTES, bytes.size),
                         view_of(outer, sizeof(outer)), &inner, err);
    if (rc == RC_OK) {
        reader_init(&in, arena_view(arena, buf_view(&inner)));
        rc = arena_check(arena, "a slice of the feeds", err);
    }
    buf_release(&inner);
    if (rc != RC_OK)
        return rc;
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    out->signed_part = read_sized(&in);
    count = (uint32_t)read_varint_max(&in, read_left(&in) / FEED_BYTES_MIN);
    out->feeds = arena_array(arena, in.failed ? 0 : count, sizeof(*out->feeds));
    for (; out->feeds != NULL && !in.failed && out->feed_count < count; out->feed_count++)
        read_feed(&in, arena, &out->feeds[out->feed_count]);
    if (arena->failed != RC_OK)
        return arena_check(arena, "a slice of the feeds", err);
    return reader_check(&in, "a slice of the feeds", err);
}

/* --- the proof --- */

static enum rc digest_of(const struct slice_feed *feed, const struct slice_entry *kept,
                         struct zip_inflater *inflater, struct arena *scratch, uint8_t out[32],
                         struct err *err) {
    struct feed_entry entry = {.area = feed->area, .audience = feed->audience};
    struct frame frame = {0};
    enum rc rc;

    if (!kept->whole) {
        memcpy(out, kept->digest, 32);
        return RC_OK;
    }
    arena_reset(scratch);
    rc = feed_entry_body_decode(kept->body, &entry, err);
    if (rc == RC_OK && entry.kind == FEED_FRAME)
        rc = frame_decode(entry.content, inflater, scratch, &frame, err);
    if (rc == RC_OK)
        feed_entry_digest(&entry, entry.kind == FEED_FRAME ? &frame : NULL, out);
    return rc;
}

static enum rc check_feed(const struct slice_feed *feed, const struct answer *proof,
                          struct zip_inflater *inflater, struct arena *scratch, struct err *err) {
    uint8_t chain[32], digest[32];
    enum rc rc = RC_OK;

    memcpy(chain, feed->chain, sizeof(chain));
    for (uint32_t i = 0; i < feed->entry_count && rc == RC_OK; i++) {
        rc = digest_of(feed, &feed->entries[i], inflater, scratch, digest, err);
        if (rc == RC_OK)
            feed_chain_next(chain, digest, chain);
    }
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < proof->head_count; i++) {
        const struct feed_head *head = &proof->heads[i];

        if (head->area == feed->area && head->audience == feed->audience &&
            head->position == feed->position + feed->entry_count && feed->entry_count > 0 &&
            crypt_equal(head->chain, chain, sizeof(chain)))
            return RC_OK;
    }
    return err_set(err, RC_DENIED,
                   "a slice of the feeds: it does not lead to what the county has signed; it is "
                   "not taken");
}

enum rc slice_verify(const struct slice *slice, const uint8_t county_public[32],
                     struct zip_inflater *inflater, struct arena *arena, struct answer *proof,
                     struct err *err) {
    struct arena scratch;
    enum rc rc;

    *proof = (struct answer){.epoch = slice->epoch};
    memcpy(proof->nonce, slice->nonce, sizeof(proof->nonce));
    rc = exchange_read_signed(slice->signed_part, county_public, arena, proof, err);
    arena_init(&scratch, 256u * 1024u * 1024u);
    for (uint32_t i = 0; i < slice->feed_count && rc == RC_OK; i++)
        rc = check_feed(&slice->feeds[i], proof, inflater, &scratch, err);
    arena_release(&scratch);
    return rc;
}

/* --- offers --- */

void offer_write(const struct slice_offer *offers, uint32_t count, struct buf *out) {
    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_add(out, offers[i].name, SLICE_NAME_BYTES);
        buf_add_sized(out, offers[i].dots);
    }
}

enum rc offer_read(struct view content, struct arena *arena, struct slice_offer **out,
                   uint32_t *count, struct err *err) {
    struct reader in;
    uint32_t promised;

    *count = 0;
    reader_init(&in, content);
    if (content.size > LIMIT_OFFER_BYTES)
        return err_set(err, RC_LIMIT, "an offer: more than %u bytes", LIMIT_OFFER_BYTES);
    promised = (uint32_t)read_varint_max(&in, LIMIT_OFFERS);
    if (promised > read_left(&in) / OFFER_BYTES_MIN)
        reader_fail(&in);
    *out = arena_array(arena, in.failed ? 0 : promised, sizeof(**out));
    if (*out == NULL)
        return arena_check(arena, "an offer", err);
    for (; *count < promised && !in.failed; (*count)++) {
        struct slice_offer *offer = &(*out)[*count];

        word_read_fixed(&in, offer->name, sizeof(offer->name));
        offer->dots = read_sized(&in);
    }
    return reader_check(&in, "an offer", err);
}
