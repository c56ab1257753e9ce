/* attachment.c: see attachment.h.
 *
 * Words as in exchange.c.
 *
 *   LABEL
 *   version   1 byte, now 1
 *   county    4 bytes, big-endian: its tag
 *   sealed    to the end: sealed for the county (crypt_seal), with everything before as associated
 *             data: hash (32), size (varint), kind (1 byte), area (audience 0), key (32)
 *
 *   CHUNK     crypt_seal of the bytes, for the X25519 public key whose secret is the label's key,
 *             with the associated data "yg attachment" || index (varint)
 *
 *   REQUEST
 *   version   1 byte, now 1
 *   device    id
 *   nonce     16 bytes
 *   offers    varint count; each: LABEL, sized
 *   chunks    varint count; each: offer (varint), index (varint), CHUNK, sized
 *   signature 64 bytes, device's, tag "yg attachments", over everything before
 *
 *   ANSWER
 *   version   1 byte, now 1
 *   epoch     varint
 *   told      varint count; each: name (16), state (1 byte), next (varint; only of state 1)
 *   signature 64 bytes, county's, tag "yg attachments", over everything before */
#include "schema/wire/attachment.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

#define ATTACHMENT_VERSION 1u
#define OUTER_BYTES        5u
#define INNER_BYTES_MAX    128u
#define SIGNATURE_BYTES    64u
#define TOLD_BYTES_MIN     17u
#define CHUNK_BYTES_MIN    3u

static void outer_put(uint32_t county, uint8_t out[OUTER_BYTES]) {
    out[0] = ATTACHMENT_VERSION;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(county >> (24 - 8 * i));
}

/* ---- labels ---- */

enum rc attachment_label_seal(const struct attachment_label *label, uint32_t county,
                              const uint8_t county_box_public[32], const struct env *env,
                              struct buf *out, struct err *err) {
    uint8_t outer[OUTER_BYTES];
    struct buf inner;
    enum rc rc;

    outer_put(county, outer);
    buf_init(&inner, INNER_BYTES_MAX);
    buf_add(&inner, label->hash, sizeof(label->hash));
    buf_add_varint(&inner, label->size);
    buf_add_u8(&inner, label->kind);
    word_add_area(&inner, label->area, 0);
    buf_add(&inner, label->key, sizeof(label->key));
    buf_add(out, outer, sizeof(outer));
    rc = buf_check(&inner, "an attachment's label", err);
    if (rc == RC_OK)
        rc = buf_check(out, "an attachment's label", err);
    if (rc == RC_OK)
        rc = crypt_seal(env, county_box_public, buf_view(&inner), view_of(outer, sizeof(outer)),
                        out, err);
    crypt_buf_release(&inner);
    return rc;
}

static enum rc damaged(struct err *err) {
    return err_set(err, RC_CORRUPT, "an attachment's label: damaged; it is not taken");
}

enum rc attachment_label_open(struct view sealed, uint32_t county, const uint8_t box_public[32],
                              const uint8_t box_secret[32], struct attachment_label *out,
                              struct err *err) {
    uint8_t outer[OUTER_BYTES], audience = 0;
    struct reader in;
    struct buf inner;
    enum rc rc;

    memset(out, 0, sizeof(*out));
    outer_put(county, outer);
    if (sealed.size < OUTER_BYTES || sealed.size > LIMIT_ATTACHMENT_LABEL)
        return damaged(err);
    if (sealed.data[0] != ATTACHMENT_VERSION)
        return err_set(err, RC_UNSUPPORTED,
                       "an attachment's label: of a newer format; update this program");
    if (memcmp(sealed.data, outer, sizeof(outer)) != 0)
        return err_set(err, RC_DENIED, "an attachment's label: it is for another county");
    buf_init(&inner, INNER_BYTES_MAX);
    rc = crypt_seal_open(box_public, box_secret, view_slice(sealed, OUTER_BYTES, sealed.size),
                         view_of(outer, sizeof(outer)), &inner, err);
    if (rc == RC_OK) {
        reader_init(&in, buf_view(&inner));
        word_read_fixed(&in, out->hash, sizeof(out->hash));
        out->size = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_BYTES);
        out->kind = read_u8(&in);
        out->area = word_read_area(&in, &audience);
        word_read_fixed(&in, out->key, sizeof(out->key));
        if (!read_done(&in) || audience != 0 || out->size == 0)
            rc = damaged(err);
    }
    crypt_buf_release(&inner);
    return rc;
}

void attachment_name(struct view sealed, uint8_t out[ATTACHMENT_NAME_BYTES]) {
    uint8_t hash[CRYPT_HASH_BYTES];

    crypt_hash("yg attachment", sealed, hash);
    memcpy(out, hash, ATTACHMENT_NAME_BYTES);
}

/* ---- chunks ---- */

uint32_t attachment_chunk_count(uint32_t size) {
    return (size + ATTACHMENT_CHUNK_BYTES - 1) / ATTACHMENT_CHUNK_BYTES;
}

uint32_t attachment_chunk_size(uint32_t size, uint32_t index) {
    uint64_t from = (uint64_t)index * ATTACHMENT_CHUNK_BYTES;

    if (from >= size)
        return 0;
    return size - from < ATTACHMENT_CHUNK_BYTES ? (uint32_t)(size - from) : ATTACHMENT_CHUNK_BYTES;
}

#define ABOUT_BYTES (13u + VARINT_BYTES_MAX)

static struct view about_chunk(uint32_t index, uint8_t out[ABOUT_BYTES]) {
    memcpy(out, "yg attachment", 13);
    return view_of(out, 13 + varint_put(out + 13, index));
}

enum rc attachment_chunk_seal(const uint8_t key[32], uint32_t index, struct view plain,
                              const struct env *env, struct buf *out, struct err *err) {
    uint8_t about[ABOUT_BYTES], box_public[CRYPT_BOX_PUBLIC_BYTES],
        box_secret[CRYPT_BOX_SECRET_BYTES];
    enum rc rc;

    crypt_box_keypair(key, box_public, box_secret);
    rc = crypt_seal(env, box_public, plain, about_chunk(index, about), out, err);
    crypt_wipe(box_secret, sizeof(box_secret));
    return rc;
}

enum rc attachment_chunk_open(const uint8_t key[32], uint32_t index, struct view sealed,
                              struct buf *out, struct err *err) {
    uint8_t about[ABOUT_BYTES], box_public[CRYPT_BOX_PUBLIC_BYTES],
        box_secret[CRYPT_BOX_SECRET_BYTES];
    enum rc rc;

    crypt_box_keypair(key, box_public, box_secret);
    rc = crypt_seal_open(box_public, box_secret, sealed, about_chunk(index, about), out, err);
    crypt_wipe(box_secret, sizeof(box_secret));
    return rc;
}

/* ---- both bodies end in a signature ---- */

static void sign(struct buf *out, const uint8_t secret[64]) {
    struct view signed_part = buf_view(out);
    uint8_t signature[SIGNATURE_BYTES];

    word_sign("yg attachments", &signed_part, 1, secret, signature);
    buf_add(out, signature, sizeof(signature));
}

static bool is_signed(struct view body, const uint8_t public_key[32]) {
    struct view signed_part;

    if (body.size < SIGNATURE_BYTES)
        return false;
    signed_part = view_slice(body, 0, body.size - SIGNATURE_BYTES);
    return word_signed("yg attachments", &signed_part, 1, public_key, body.data + signed_part.size);
}

static enum rc open_body(struct view body, struct reader *in, const char *what, struct err *err) {
    if (body.size < SIGNATURE_BYTES + 1u)
        return err_set(err, RC_CORRUPT, "%s: cut off", what);
    if (body.data[0] != ATTACHMENT_VERSION)
        return err_set(err, RC_UNSUPPORTED, "%s: of a newer format; update this program", what);
    reader_init(in, view_slice(body, 1, body.size - SIGNATURE_BYTES - 1u));
    return RC_OK;
}

/* ---- request ---- */

enum rc attachment_request_write(const struct attachment_request *request,
                                 const uint8_t device_secret[64], struct buf *out,
                                 struct err *err) {
    buf_add_u8(out, ATTACHMENT_VERSION);
    buf_add_id(out, request->device);
    buf_add(out, request->nonce, sizeof(request->nonce));
    buf_add_varint(out, request->offer_count);
    for (uint32_t i = 0; i < request->offer_count; i++)
        buf_add_sized(out, request->offers[i]);
    buf_add_varint(out, request->chunk_count);
    for (uint32_t i = 0; i < request->chunk_count; i++) {
        buf_add_varint(out, request->chunks[i].offer);
        buf_add_varint(out, request->chunks[i].index);
        buf_add_sized(out, request->chunks[i].sealed);
    }
    sign(out, device_secret);
    return buf_check(out, "a request for attachments", err);
}

enum rc attachment_request_read(struct view body, struct arena *arena,
                                struct attachment_request *out, struct err *err) {
    struct reader in;
    uint32_t chunks;
    enum rc rc = open_body(body, &in, "a request for attachments", err);

    memset(out, 0, sizeof(*out));
    if (rc != RC_OK)
        return rc;
    out->device = read_id(&in);
    word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    out->offer_count = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_OFFERS);
    out->offers = arena_array(arena, out->offer_count + 1u, sizeof(*out->offers));
    for (uint32_t i = 0; i < out->offer_count && out->offers != NULL && !in.failed; i++)
        out->offers[i] = read_sized(&in);
    chunks = (uint32_t)read_varint_max(&in, read_left(&in) / CHUNK_BYTES_MIN);
    out->chunks = arena_array(arena, chunks + 1u, sizeof(*out->chunks));
    if (out->offers == NULL || out->chunks == NULL)
        return arena_check(arena, "a request for attachments", err);
    for (; out->chunk_count < chunks && !in.failed; out->chunk_count++) {
        struct attachment_chunk *chunk = &out->chunks[out->chunk_count];

        chunk->offer = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_OFFERS);
        chunk->index = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_CHUNKS);
        chunk->sealed = read_sized(&in);
        if (chunk->offer >= out->offer_count)
            reader_fail(&in);
    }
    return reader_check(&in, "a request for attachments", err);
}

enum rc attachment_request_verify(struct view body, const uint8_t device_public[32],
                                  struct err *err) {
    if (is_signed(body, device_public))
        return RC_OK;
    return err_set(err, RC_DENIED,
                   "a request for attachments: the device's signature does not fit");
}

/* ---- answer ---- */

enum rc attachment_answer_write(const struct attachment_answer *answer,
                                const uint8_t county_secret[64], struct buf *out, struct err *err) {
    buf_add_u8(out, ATTACHMENT_VERSION);
    buf_add_varint(out, answer->epoch);
    buf_add_varint(out, answer->count);
    for (uint32_t i = 0; i < answer->count; i++) {
        buf_add(out, answer->told[i].name, ATTACHMENT_NAME_BYTES);
        buf_add_u8(out, answer->told[i].state);
        if (answer->told[i].state == ATTACHMENT_LACKING)
            buf_add_varint(out, answer->told[i].next);
    }
    sign(out, county_secret);
    return buf_check(out, "an answer about attachments", err);
}

enum rc attachment_answer_read(struct view body, const uint8_t county_public[32],
                               struct arena *arena, struct attachment_answer *out,
                               struct err *err) {
    struct reader in;
    uint32_t count;
    enum rc rc = open_body(body, &in, "an answer about attachments", err);

    memset(out, 0, sizeof(*out));
    if (rc != RC_OK)
        return rc;
    if (!is_signed(body, county_public))
        return err_set(err, RC_DENIED,
                       "an answer about attachments: it is not signed by the county");
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    count = (uint32_t)read_varint_max(&in, read_left(&in) / TOLD_BYTES_MIN);
    out->told = arena_array(arena, count + 1u, sizeof(*out->told));
    if (out->told == NULL)
        return arena_check(arena, "an answer about attachments", err);
    for (; out->count < count && !in.failed; out->count++) {
        struct attachment_told *told = &out->told[out->count];

        word_read_fixed(&in, told->name, sizeof(told->name));
        told->state = read_u8(&in);
        if (told->state == ATTACHMENT_LACKING)
            told->next = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_CHUNKS);
    }
    return reader_check(&in, "an answer about attachments", err);
}
