/* attachment_pull.c: see attachment_pull.h. Words as in exchange.c.
 *
 *   REQUEST
 *   version   1 byte, now 1
 *   device    id
 *   nonce     16 bytes
 *   record    actor (id), number (varint)
 *   hash      32 bytes
 *   first     varint
 *   signature 64 bytes, device's, tag "yg attachment wanted", over everything before
 *
 *   ANSWER
 *   version   1 byte, now 1
 *   epoch     varint
 *   hash      32 bytes
 *   state     1 byte; the rest up to the signature only of state 2:
 *   size      varint
 *   kind      1 byte
 *   first     varint
 *   chunks    varint count, each sized
 *   signature 64 bytes, county's, tag "yg attachment given", over everything before */
#include "schema/wire/attachment_pull.h"

#include "schema/wire/word.h"

#define PULL_VERSION    1u
#define SIGNATURE_BYTES 64u

static const char WANTED[] = "yg attachment wanted";
static const char GIVEN[] = "yg attachment given";

static void sign(struct buf *out, const char *tag, const uint8_t secret[64]) {
    struct view signed_part = buf_view(out);
    uint8_t signature[SIGNATURE_BYTES];

    word_sign(tag, &signed_part, 1, secret, signature);
    buf_add(out, signature, sizeof(signature));
}

static bool is_signed(struct view body, const char *tag, const uint8_t public_key[32]) {
    struct view signed_part;

    if (body.size < SIGNATURE_BYTES)
        return false;
    signed_part = view_slice(body, 0, body.size - SIGNATURE_BYTES);
    return word_signed(tag, &signed_part, 1, public_key, body.data + signed_part.size);
}

static enum rc open_body(struct view body, struct reader *in, const char *what, struct err *err) {
    if (body.size < SIGNATURE_BYTES + 1u)
        return err_set(err, RC_CORRUPT, "%s: cut off", what);
    if (body.data[0] != PULL_VERSION)
        return err_set(err, RC_UNSUPPORTED, "%s: of a newer format; update this program", what);
    reader_init(in, view_slice(body, 1, body.size - SIGNATURE_BYTES - 1u));
    return RC_OK;
}

enum rc pull_request_write(const struct pull_request *request, const uint8_t device_secret[64],
                           struct buf *out, struct err *err) {
    buf_add_u8(out, PULL_VERSION);
    buf_add_id(out, request->device);
    buf_add(out, request->nonce, sizeof(request->nonce));
    buf_add_id(out, request->record.actor);
    buf_add_varint(out, request->record.number);
    buf_add(out, request->hash, sizeof(request->hash));
    buf_add_varint(out, request->first);
    sign(out, WANTED, device_secret);
    return buf_check(out, "a request for attachments", err);
}

enum rc pull_request_read(struct view body, struct pull_request *out, struct err *err) {
    struct reader in;
    enum rc rc = open_body(body, &in, "a request for attachments", err);

    memset(out, 0, sizeof(*out));
    if (rc != RC_OK)
        return rc;
    out->device = read_id(&in);
    word_read_fixed(&in, out->nonce, sizeof(out->nonce));
    out->record.actor = read_id(&in);
    out->record.number = read_varint_max(&in, LIMIT_NUMBER);
    word_read_fixed(&in, out->hash, sizeof(out->hash));
    out->first = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_CHUNKS - 1);
    return reader_check(&in, "a request for attachments", err);
}

enum rc pull_request_verify(struct view body, const uint8_t device_public[32], struct err *err) {
    if (is_signed(body, WANTED, device_public))
        return RC_OK;
    return err_set(err, RC_DENIED,
                   "a request for attachments: the device's signature does not fit");
}

enum rc pull_answer_write(const struct pull_answer *answer, const uint8_t county_secret[64],
                          struct buf *out, struct err *err) {
    buf_add_u8(out, PULL_VERSION);
    buf_add_varint(out, answer->epoch);
    buf_add(out, answer->hash, sizeof(answer->hash));
    buf_add_u8(out, answer->state);
    if (answer->state == PULL_HERE) {
        buf_add_varint(out, answer->size);
        buf_add_u8(out, answer->kind);
        buf_add_varint(out, answer->first);
        buf_add_varint(out, answer->chunk_count);
        for (uint32_t i = 0; i < answer->chunk_count; i++)
            buf_add_sized(out, answer->chunks[i]);
    }
    sign(out, GIVEN, county_secret);
    return buf_check(out, "an answer about attachments", err);
}

/* Each chunk has the size that its place wants. */
static void read_chunks(struct reader *in, struct pull_answer *out) {
    uint32_t count = (uint32_t)read_varint_max(in, PULL_CHUNKS_MAX);

    for (; out->chunk_count < count && !in->failed; out->chunk_count++) {
        struct view chunk = read_sized(in);

        if (chunk.size == 0 ||
            chunk.size != attachment_chunk_size(out->size, out->first + out->chunk_count))
            reader_fail(in);
        out->chunks[out->chunk_count] = chunk;
    }
}

enum rc pull_answer_read(struct view body, const uint8_t county_public[32], struct pull_answer *out,
                         struct err *err) {
    struct reader in;
    enum rc rc = open_body(body, &in, "an answer about attachments", err);

    memset(out, 0, sizeof(*out));
    if (rc != RC_OK)
        return rc;
    if (!is_signed(body, GIVEN, county_public))
        return err_set(err, RC_DENIED,
                       "an answer about attachments: it is not signed by the county");
    out->epoch = (uint32_t)read_varint_max(&in, UINT32_MAX);
    word_read_fixed(&in, out->hash, sizeof(out->hash));
    out->state = read_u8(&in);
    if (out->state == PULL_HERE) {
        out->size = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_BYTES);
        out->kind = read_u8(&in);
        out->first = (uint32_t)read_varint_max(&in, LIMIT_ATTACHMENT_CHUNKS - 1);
        if (out->size == 0)
            reader_fail(&in);
        read_chunks(&in, out);
    }
    return reader_check(&in, "an answer about attachments", err);
}
