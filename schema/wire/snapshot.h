/* snapshot.h: the states of one area and audience as they are at a position of its feed, for a
 * tablet that is new or so far behind that the history would be longer.
 *
 * A snapshot is a list of chunks and a manifest that names them by their hashes. The manifest's
 * hash is the snapshot's name, and the county signs it: so a chunk can be checked alone, may come
 * by any way and in any later exchange, and none is needed twice. It stands for everything up to
 * its position: whoever has joined all chunks goes on with the entries behind it, which extend the
 * chain that the manifest tells. States may be a little younger than the position; what is
 * contained twice is nothing to merge.
 *
 * snapshot.c opens with the bytes of the manifest and of the parts, snapshot_chunk.c with those of
 * a chunk. */
#ifndef YG_SCHEMA_WIRE_SNAPSHOT_H
#define YG_SCHEMA_WIRE_SNAPSHOT_H

#include "base/zip.h"
#include "schema/wire/exchange.h"

struct snapshot_piece {
    uint32_t bytes;
    uint8_t hash[32]; /* hash("yg chunk", the chunk) */
};

struct snapshot {
    uint64_t area;
    uint8_t audience;
    uint64_t position; /* of the feed; at least 1 */
    uint8_t chain[32]; /* of the feed, there */
    uint32_t record_count;
    uint32_t chunk_count; /* at least 1 */
    const struct snapshot_piece *chunks;
};

void snapshot_write(const struct snapshot *snapshot, struct buf *out);
/* Checks everything; the array lives in the arena. */
enum rc snapshot_read(struct view manifest, struct arena *arena, struct snapshot *out,
                      struct err *err);
/* hash("yg snapshot", manifest) */
void snapshot_name(struct view manifest, uint8_t out[32]);
void snapshot_chunk_hash(struct view chunk, uint8_t out[32]);
/* Whether these bytes are chunk `index`. RC_CORRUPT. */
enum rc snapshot_check_chunk(const struct snapshot *snapshot, uint32_t index, struct view chunk,
                             struct err *err);

/* ---- parts of an exchange ---- */

/* Up, PART_WANT: what this tablet is in the middle of. The part stands also when there is nothing:
 * it says that the tablet understands snapshots. */
struct want {
    uint8_t name[32];
    uint32_t next; /* first chunk that it does not have */
};
void exchange_add_want(struct buf *out, const struct want *wants, uint32_t count);
enum rc exchange_read_want(struct view content, struct arena *arena, struct want **out,
                           uint32_t *count, struct err *err);

/* Down, PART_SNAPSHOT: chunks first to first + count - 1 follow in this answer. */
struct snapshot_part {
    uint64_t after; /* the tablet's place in the feed as the server knows it; 0: it knows none */
    uint32_t first, count;
    struct view manifest;
    struct view signature; /* 64 bytes: the county's, tag "yg snapshot", over the manifest */
};
void exchange_add_snapshot(struct buf *out, const struct snapshot_part *part);
/* RC_DENIED when the county has not signed it. */
enum rc exchange_read_snapshot(struct view content, const uint8_t county_public[32],
                               struct snapshot_part *out, struct err *err);
void snapshot_sign(struct view manifest, const uint8_t county_secret[64], uint8_t signature[64]);

/* Down, PART_CHUNK. name: the first bytes of the snapshot's name. */
struct chunk_part {
    uint8_t name[8];
    uint32_t index;
    struct view bytes;
};
void exchange_add_chunk(struct buf *out, const struct chunk_part *part);
enum rc exchange_read_chunk(struct view content, struct chunk_part *out, struct err *err);

/* ---- chunks ---- */

struct snapshot_lanes;

/* For making chunks or for reading them; may be used for many. Lives in the arena, and has memory
 * of its own besides, which the release frees; NULL is allowed. */
enum rc snapshot_lanes_new(struct arena *arena, struct snapshot_lanes **out, struct err *err);
void snapshot_lanes_release(struct snapshot_lanes *lanes);

/* Adds a record to the chunk that is being made. packed: as record_pack wrote it, else RC_CORRUPT
 * (the chunk is then lost). */
enum rc snapshot_add_record(struct snapshot_lanes *lanes, struct view packed, struct err *err);
/* Adds an entry (of kind FEED_LEAVE) that is to be taken before the records. */
void snapshot_add_entry(struct snapshot_lanes *lanes, const struct feed_entry *entry);
/* Open bytes of what was added since the last chunk. */
size_t snapshot_open_bytes(const struct snapshot_lanes *lanes);
/* Writes the chunk and begins a new one. */
enum rc snapshot_end_chunk(struct snapshot_lanes *lanes, struct zip_deflater *deflater,
                           struct buf *out, struct err *err);

/* Opens a chunk for the two below; it need not live on. */
enum rc snapshot_open_chunk(struct snapshot_lanes *lanes, struct view chunk,
                            struct zip_inflater *inflater, struct err *err);
/* First all entries (kind and content, borrowed until the next chunk), then all records, packed.
 * RC_NOT_FOUND behind the last one. RC_CORRUPT: no chunk that snapshot_end_chunk writes. Whether a
 * record's bytes make sense is for record_unpack to say. */
enum rc snapshot_next_entry(struct snapshot_lanes *lanes, struct feed_entry *out, struct err *err);
enum rc snapshot_next_record(struct snapshot_lanes *lanes, struct buf *packed, struct err *err);

#endif
