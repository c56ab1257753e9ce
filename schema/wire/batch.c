/* batch.c: the layout of a batch.
 *
 *   version   1 byte, now 1
 *   county    4 bytes, big-endian
 *   actor     id (8 bytes, big-endian)
 *   first     varint
 *   more      varint: last - first
 *   sealed    to the end: the inner bytes, sealed for the county (crypt.h: crypt_seal), with
 *             everything before as associated data
 *
 * Inner:
 *   flags     1 byte: 1 introduces, 2 fresh
 *   device    id
 *   nonce     if 1: 16 bytes
 *   epoch     varint
 *   scope     varint: serial
 *   previous  32 bytes
 *   wall      zigzag varint, milliseconds
 *   frames    varint count; each: varint size, bytes
 *   signature 64 bytes, by the device: tag "yg batch", over the outer bytes (version to more), the
 *             inner bytes before the frames, hash("yg frames", the frames with their count), and
 *             the 32 bytes of the chain hash at `last`
 *
 * So the signature can be shown, and checked against the leaves, without what the frames hold:
 * to an auditor who may not see all of it, and after something of it was erased by law. */
#include "schema/wire/batch.h"

#include "base/crypt.h"
#include "schema/limits.h"
#include "schema/wire/word.h"

#define BATCH_VERSION   1u
#define FLAG_INTRODUCES 1u
#define FLAG_FRESH      2u
#define OUTER_BYTES_MAX 40u
#define HEAD_BYTES_MAX  128u /* inner, up to the frames' bytes */

uint64_t batch_actor(const uint8_t device_public[32], const uint8_t nonce[16]) {
    const struct view pieces[2] = {view_of(device_public, 32), view_of(nonce, 16)};
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_hash_pieces("yg incarnation", pieces, 2, hash);
    return id_from_hash(hash);
}

uint64_t batch_device(const uint8_t device_public[32]) {
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_hash("yg device", view_of(device_public, 32), hash);
    return id_from_hash(hash);
}

uint32_t batch_county(const uint8_t county_public[32]) {
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_hash("yg county", view_of(county_public, 32), hash);
    return (uint32_t)(id_from_hash(hash) >> 32);
}

static void add_outer(struct buf *out, const struct batch_outer *outer) {
    buf_add_u8(out, BATCH_VERSION);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_u8(out, (uint8_t)(outer->county >> shift));
    buf_add_id(out, outer->actor);
    buf_add_varint(out, outer->first);
    buf_add_varint(out, outer->last - outer->first);
}

static void add_head(struct buf *out, const struct batch *batch) {
    buf_add_u8(out, (uint8_t)((batch->introduces ? FLAG_INTRODUCES : 0u) |
                              (batch->fresh ? FLAG_FRESH : 0u)));
    buf_add_id(out, batch->device);
    if (batch->introduces)
        buf_add(out, batch->nonce, sizeof(batch->nonce));
    buf_add_varint(out, batch->epoch);
    buf_add_varint(out, batch->scope_serial);
    buf_add(out, batch->previous, sizeof(batch->previous));
    buf_add_zigzag(out, batch->wall_ms);
}

static void hash_frames(const struct batch *batch, uint8_t out[CRYPT_HASH_BYTES]) {
    struct crypt_hasher hasher;
    uint8_t size[VARINT_BYTES_MAX];

    crypt_hasher_init(&hasher, "yg frames");
    crypt_hasher_add(&hasher, size, varint_put(size, batch->frame_count));
    for (uint32_t i = 0; i < batch->frame_count; i++) {
        crypt_hasher_add(&hasher, size, varint_put(size, batch->frames[i].size));
        crypt_hasher_add(&hasher, batch->frames[i].data, batch->frames[i].size);
    }
    crypt_hasher_end(&hasher, out);
}

/* What the device signs, from the parsed batch: every part has one encoding only, so these are the
 * bytes that travelled. */
static enum rc signed_hash(const struct batch *batch, const uint8_t frames_hash[32],
                           const uint8_t last_hash[32], uint8_t out[CRYPT_HASH_BYTES],
                           struct err *err) {
    struct buf head;
    enum rc rc;

    buf_init(&head, OUTER_BYTES_MAX + HEAD_BYTES_MAX);
    add_outer(&head, &batch->outer);
    add_head(&head, batch);
    rc = buf_check(&head, "batch", err);
    if (rc == RC_OK) {
        const struct view pieces[3] = {buf_view(&head), view_of(frames_hash, 32),
                                       view_of(last_hash, 32)};

        crypt_hash_pieces("yg batch", pieces, 3, out);
    }
    buf_release(&head);
    return rc;
}

enum rc batch_write(const struct batch *batch, const uint8_t last_hash[32],
                    const uint8_t device_secret[64], const uint8_t county_box_public[32],
                    const struct env *env, struct buf *out, struct err *err) {
    struct buf outer, inner;
    uint8_t hash[CRYPT_HASH_BYTES], frames[CRYPT_HASH_BYTES], signature[CRYPT_SIGNATURE_BYTES];
    size_t before = out->size;
    enum rc rc;

    if (batch->outer.first == 0 || batch->outer.last < batch->outer.first ||
        batch->outer.last > LIMIT_NUMBER)
        return err_set(err, RC_INVALID, "batch: numbers are not a range");
    if (batch->frame_count > LIMIT_BATCH_FRAMES)
        return err_set(err, RC_LIMIT, "batch: more than %u frames", LIMIT_BATCH_FRAMES);
    hash_frames(batch, frames);
    rc = signed_hash(batch, frames, last_hash, hash, err);
    if (rc != RC_OK)
        return rc;
    crypt_sign(device_secret, view_of(hash, sizeof(hash)), signature);
    buf_init(&outer, OUTER_BYTES_MAX);
    buf_init(&inner, LIMIT_BATCH_BYTES);
    add_outer(&outer, &batch->outer);
    add_head(&inner, batch);
    buf_add_varint(&inner, batch->frame_count);
    for (uint32_t i = 0; i < batch->frame_count; i++)
        buf_add_sized(&inner, batch->frames[i]);
    buf_add(&inner, signature, sizeof(signature));
    rc = buf_check(&outer, "batch", err);
    if (rc == RC_OK)
        rc = buf_check(&inner, "batch", err);
    if (rc == RC_OK && outer.size + inner.size + CRYPT_SEAL_EXTRA_BYTES > LIMIT_BATCH_BYTES)
        rc = err_set(err, RC_LIMIT, "batch: more than %u bytes", LIMIT_BATCH_BYTES);
    if (rc == RC_OK) {
        buf_add_view(out, buf_view(&outer));
        rc = buf_check(out, "batch", err);
    }
    if (rc == RC_OK)
        rc = crypt_seal(env, county_box_public, buf_view(&inner), buf_view(&outer), out, err);
    if (rc != RC_OK && out->failed == RC_OK)
        out->size = before;
    buf_release(&outer);
    buf_release(&inner);
    return rc;
}

/* Leaves the reader at the sealed bytes. */
static enum rc read_outer(struct view bytes, struct reader *in, struct batch_outer *out,
                          struct err *err) {
    uint8_t county[4];
    uint64_t more;

    memset(out, 0, sizeof(*out));
    if (bytes.size > LIMIT_BATCH_BYTES)
        return err_set(err, RC_LIMIT, "batch: more than %u bytes", LIMIT_BATCH_BYTES);
    reader_init(in, bytes);
    if (read_u8(in) != BATCH_VERSION && !in->failed)
        return err_set(err, RC_UNSUPPORTED, "batch: of a newer format; update this program");
    word_read_fixed(in, county, sizeof(county));
    for (size_t i = 0; i < sizeof(county); i++)
        out->county = out->county << 8 | county[i];
    out->actor = read_id(in);
    out->first = read_varint_max(in, LIMIT_NUMBER);
    more = read_varint_max(in, LIMIT_NUMBER);
    out->last = out->first + more;
    if (out->first == 0 || out->last > LIMIT_NUMBER || read_left(in) < CRYPT_SEAL_EXTRA_BYTES)
        reader_fail(in);
    if (in->failed)
        return err_set(err, RC_CORRUPT, "batch: damaged");
    return RC_OK;
}

enum rc batch_peek(struct view bytes, struct batch_outer *out, struct err *err) {
    struct reader in;

    return read_outer(bytes, &in, out, err);
}

static enum rc read_head(struct reader *in, struct batch *out, struct err *err) {
    unsigned flags = read_u8(in);

    if ((flags & ~(FLAG_INTRODUCES | FLAG_FRESH)) != 0)
        return err_set(err, RC_UNSUPPORTED, "batch: of a newer format; update this program");
    out->introduces = (flags & FLAG_INTRODUCES) != 0;
    out->fresh = (flags & FLAG_FRESH) != 0;
    out->device = read_id(in);
    if (out->introduces)
        word_read_fixed(in, out->nonce, sizeof(out->nonce));
    out->epoch = (uint32_t)read_varint_max(in, UINT32_MAX);
    out->scope_serial = (uint32_t)read_varint_max(in, UINT32_MAX);
    word_read_fixed(in, out->previous, sizeof(out->previous));
    out->wall_ms = read_zigzag(in);
    return RC_OK;
}

static enum rc read_inner(struct view bytes, struct arena *arena, struct batch *out,
                          struct err *err) {
    struct reader in;
    struct view *frames;
    enum rc rc;

    reader_init(&in, bytes);
    rc = read_head(&in, out, err);
    if (rc != RC_OK)
        return rc;
    out->frame_count = (uint32_t)read_varint_max(&in, LIMIT_BATCH_FRAMES);
    frames = arena_array(arena, out->frame_count, sizeof(*frames));
    if (frames == NULL)
        return arena_check(arena, "batch", err);
    for (uint32_t i = 0; i < out->frame_count; i++)
        frames[i] = read_sized(&in);
    out->frames = frames;
    word_read_fixed(&in, out->signature, sizeof(out->signature));
    return reader_check(&in, "batch", err);
}

enum rc batch_open(struct view bytes, const uint8_t county_box_public[32],
                   const uint8_t county_box_secret[32], struct arena *arena, struct batch *out,
                   struct err *err) {
    struct reader in;
    struct buf inner;
    struct view kept;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    rc = read_outer(bytes, &in, &out->outer, err);
    if (rc != RC_OK)
        return rc;
    buf_init(&inner, LIMIT_BATCH_BYTES);
    rc = crypt_seal_open(county_box_public, county_box_secret,
                         view_of(in.data + in.at, read_left(&in)), view_of(in.data, in.at), &inner,
                         err);
    if (rc == RC_OK) {
        kept = arena_view(arena, buf_view(&inner));
        rc = arena_check(arena, "batch", err);
    }
    if (rc == RC_OK)
        rc = read_inner(kept, arena, out, err);
    buf_release(&inner);
    return rc;
}

static enum rc check_signature(const struct batch *batch, const uint8_t frames_hash[32],
                               const uint8_t last_hash[32], const uint8_t device_public[32],
                               struct err *err) {
    uint8_t hash[CRYPT_HASH_BYTES];
    enum rc rc = signed_hash(batch, frames_hash, last_hash, hash, err);

    if (rc != RC_OK)
        return rc;
    if (!crypt_verify(device_public, view_of(hash, sizeof(hash)), batch->signature))
        return err_set(err, RC_DENIED, "batch: the device's signature does not fit");
    return RC_OK;
}

enum rc batch_verify(const struct batch *batch, const uint8_t last_hash[32],
                     const uint8_t device_public[32], struct err *err) {
    uint8_t frames[CRYPT_HASH_BYTES];

    hash_frames(batch, frames);
    return check_signature(batch, frames, last_hash, device_public, err);
}

/* ---- the head alone ---- */

enum rc batch_proof_write(const struct batch *batch, struct buf *out, struct err *err) {
    uint8_t frames[CRYPT_HASH_BYTES];

    hash_frames(batch, frames);
    add_outer(out, &batch->outer);
    add_head(out, batch);
    buf_add(out, frames, sizeof(frames));
    buf_add(out, batch->signature, sizeof(batch->signature));
    return buf_check(out, "batch", err);
}

enum rc batch_proof_read(struct view bytes, struct batch_proof *out, struct err *err) {
    struct reader in;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    rc = read_outer(bytes, &in, &out->batch.outer, err);
    if (rc == RC_OK)
        rc = read_head(&in, &out->batch, err);
    if (rc != RC_OK)
        return rc;
    word_read_fixed(&in, out->frames_hash, sizeof(out->frames_hash));
    word_read_fixed(&in, out->batch.signature, sizeof(out->batch.signature));
    return reader_check(&in, "batch", err);
}

enum rc batch_proof_verify(const struct batch_proof *proof, const uint8_t last_hash[32],
                           const uint8_t device_public[32], struct err *err) {
    const struct batch *batch = &proof->batch;

    if (batch->introduces && batch_actor(device_public, batch->nonce) != batch->outer.actor)
        return err_set(err, RC_DENIED, "batch: the actor is not an incarnation of this device");
    return check_signature(batch, proof->frames_hash, last_hash, device_public, err);
}
