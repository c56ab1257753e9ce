/* snapshot.c: the manifest of a snapshot, and the parts of an exchange that carry one.
 *
 * MANIFEST:
 *   format     1 byte, now 1
 *   area       word.h, with the audience
 *   position   varint, at least 1
 *   chain      32 bytes
 *   records    varint
 *   chunks     varint count (at least 1), each: bytes (varint, at least 1), hash (32)
 *
 * WANT (6): until the end: name (32), next (varint).
 * SNAPSHOT (22): after, first, count (varint each), signature (64), manifest to the end.
 * CHUNK (27): name (its first 8 bytes), index (varint), chunk to the end. */
#include "schema/wire/snapshot.h"

#include "base/crypt.h"
#include "schema/wire/word.h"

#define FORMAT          1u
#define PIECE_BYTES_MIN 33u
#define WANT_BYTES_MIN  33u

/* ---- the manifest ---- */

void snapshot_write(const struct snapshot *snapshot, struct buf *out) {
    buf_add_u8(out, FORMAT);
    word_add_area(out, snapshot->area, snapshot->audience);
    buf_add_varint(out, snapshot->position);
    buf_add(out, snapshot->chain, sizeof(snapshot->chain));
    buf_add_varint(out, snapshot->record_count);
    buf_add_varint(out, snapshot->chunk_count);
    for (uint32_t i = 0; i < snapshot->chunk_count; i++) {
        buf_add_varint(out, snapshot->chunks[i].bytes);
        buf_add(out, snapshot->chunks[i].hash, sizeof(snapshot->chunks[i].hash));
    }
}

enum rc snapshot_read(struct view manifest, struct arena *arena, struct snapshot *out,
                      struct err *err) {
    struct snapshot_piece *chunks;
    struct reader in;
    uint32_t count;

    memset(out, 0, sizeof(*out));
    reader_init(&in, manifest);
    if (read_u8(&in) != FORMAT)
        return err_set(err, RC_UNSUPPORTED, "snapshot: of a newer format; update this program");
    out->area = word_read_area(&in, &out->audience);
    out->position = read_varint_max(&in, LIMIT_NUMBER);
    word_read_fixed(&in, out->chain, sizeof(out->chain));
    out->record_count = (uint32_t)read_varint_max(&in, UINT32_MAX);
    count = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNKS);
    if (out->position == 0 || count == 0 || count > read_left(&in) / PIECE_BYTES_MIN)
        reader_fail(&in);
    if (in.failed)
        return reader_check(&in, "snapshot", err);
    chunks = arena_array(arena, count, sizeof(*chunks));
    if (chunks == NULL)
        return arena_check(arena, "snapshot", err);
    for (uint32_t i = 0; i < count; i++) {
        chunks[i].bytes = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNK_BYTES);
        word_read_fixed(&in, chunks[i].hash, sizeof(chunks[i].hash));
        if (chunks[i].bytes == 0)
            reader_fail(&in);
    }
    out->chunk_count = count;
    out->chunks = chunks;
    return reader_check(&in, "snapshot", err);
}

void snapshot_name(struct view manifest, uint8_t out[32]) {
    crypt_hash("yg snapshot", manifest, out);
}

void snapshot_chunk_hash(struct view chunk, uint8_t out[32]) {
    crypt_hash("yg chunk", chunk, out);
}

enum rc snapshot_check_chunk(const struct snapshot *snapshot, uint32_t index, struct view chunk,
                             struct err *err) {
    uint8_t hash[CRYPT_HASH_BYTES];

    snapshot_chunk_hash(chunk, hash);
    if (index >= snapshot->chunk_count || chunk.size != snapshot->chunks[index].bytes ||
        !crypt_equal(hash, snapshot->chunks[index].hash, sizeof(hash)))
        return err_set(err, RC_CORRUPT, "a piece of a snapshot is damaged; sync again");
    return RC_OK;
}

void snapshot_sign(struct view manifest, const uint8_t county_secret[64], uint8_t signature[64]) {
    word_sign("yg snapshot", &manifest, 1, county_secret, signature);
}

/* ---- parts ---- */

void exchange_add_want(struct buf *out, const struct want *wants, uint32_t count) {
    size_t size = 0;

    for (uint32_t i = 0; i < count; i++)
        size += sizeof(wants[i].name) + varint_size(wants[i].next);
    buf_add_u8(out, PART_WANT);
    buf_add_varint(out, size);
    for (uint32_t i = 0; i < count; i++) {
        buf_add(out, wants[i].name, sizeof(wants[i].name));
        buf_add_varint(out, wants[i].next);
    }
}

enum rc exchange_read_want(struct view content, struct arena *arena, struct want **out,
                           uint32_t *count, struct err *err) {
    size_t most = content.size / WANT_BYTES_MIN;
    struct want *wants;
    struct reader in;

    *out = NULL;
    *count = 0;
    if (most > LIMIT_EXCHANGE_CURSORS)
        return err_set(err, RC_LIMIT, "exchange: more than %u snapshots at a time",
                       LIMIT_EXCHANGE_CURSORS);
    wants = arena_array(arena, most + 1, sizeof(*wants));
    if (wants == NULL)
        return arena_check(arena, "a request", err);
    reader_init(&in, content);
    while (read_left(&in) > 0 && *count < most) {
        word_read_fixed(&in, wants[*count].name, sizeof(wants[*count].name));
        wants[*count].next = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNKS);
        (*count)++;
    }
    *out = wants;
    return reader_check(&in, "the wanted snapshots", err);
}

void exchange_add_snapshot(struct buf *out, const struct snapshot_part *part) {
    buf_add_u8(out, PART_SNAPSHOT);
    buf_add_varint(out, varint_size(part->after) + varint_size(part->first) +
                            varint_size(part->count) + CRYPT_SIGNATURE_BYTES + part->manifest.size);
    buf_add_varint(out, part->after);
    buf_add_varint(out, part->first);
    buf_add_varint(out, part->count);
    buf_add_view(out, view_slice(part->signature, 0, CRYPT_SIGNATURE_BYTES));
    buf_add_view(out, part->manifest);
}

enum rc exchange_read_snapshot(struct view content, const uint8_t county_public[32],
                               struct snapshot_part *out, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    out->after = read_varint_max(&in, LIMIT_NUMBER);
    out->first = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNKS);
    out->count = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNKS);
    out->signature = read_bytes(&in, CRYPT_SIGNATURE_BYTES);
    out->manifest = read_bytes(&in, read_left(&in));
    if (in.failed)
        return reader_check(&in, "snapshot", err);
    if (!word_signed("yg snapshot", &out->manifest, 1, county_public, out->signature.data))
        return err_set(err, RC_DENIED, "snapshot: the county's signature does not fit");
    return RC_OK;
}

void exchange_add_chunk(struct buf *out, const struct chunk_part *part) {
    buf_add_u8(out, PART_CHUNK);
    buf_add_varint(out, sizeof(part->name) + varint_size(part->index) + part->bytes.size);
    buf_add(out, part->name, sizeof(part->name));
    buf_add_varint(out, part->index);
    buf_add_view(out, part->bytes);
}

enum rc exchange_read_chunk(struct view content, struct chunk_part *out, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    word_read_fixed(&in, out->name, sizeof(out->name));
    out->index = (uint32_t)read_varint_max(&in, LIMIT_SNAPSHOT_CHUNKS);
    out->bytes = read_bytes(&in, read_left(&in));
    return reader_check(&in, "a piece of a snapshot", err);
}
