/* batch.h: a contiguous range of one actor's numbers: frames and one signed head, sealed for the
 * county. Verified, committed and acknowledged alone; the same bytes travel over HTTP, in a bundle
 * file, and as another tablet's baggage, which it can neither read nor apply.
 *
 * Outer, readable by a carrier: version, county tag, actor, first, last. All of it is the
 * associated data of the sealed box. Inner: head, then frames, each with its length. The head is
 * signed by the device over everything inside, the chain hash before `first` and the chain hash at
 * `last`; the latter is recomputed by the receiver and does not travel.
 *
 * Of the frames the signature covers a hash. So the head without the frames is a proof by itself:
 * it shows to whoever has the leaves that this device has written these changes, in this order,
 * without showing what they say. The county keeps it (sync/proof.h). */
#ifndef YG_SCHEMA_WIRE_BATCH_H
#define YG_SCHEMA_WIRE_BATCH_H

#include "schema/wire/frame.h"

struct batch_outer {
    uint32_t county; /* first 4 bytes of hash("yg county", county's signing key), big-endian */
    uint64_t actor;
    uint64_t first, last;
};

struct batch {
    struct batch_outer outer;
    uint64_t device;       /* id_from_hash(hash("yg device", device's signing key)) */
    bool introduces;       /* carries the nonce: the first batch of an actor does */
    bool fresh;            /* the actor was begun under this epoch */
    uint8_t nonce[16];     /* actor = id_from_hash(hash("yg incarnation", device key || nonce)) */
    uint32_t epoch;        /* the server's epoch the tablet knew */
    uint32_t scope_serial; /* the scope it knew */
    uint8_t previous[32];  /* chain hash before first */
    int64_t wall_ms;       /* device clock when cut */
    uint32_t frame_count;
    const struct view *frames; /* encoded */
    uint8_t signature[64];
};

/* actor of a device's incarnation, as above */
uint64_t batch_actor(const uint8_t device_public[32], const uint8_t nonce[16]);
uint64_t batch_device(const uint8_t device_public[32]);
uint32_t batch_county(const uint8_t county_public[32]);

/* Signs with the device's secret key and seals for the county's sealing key; entropy from env.
 * last_hash is the chain hash at `last`, which the caller knows. Adds to out. */
struct env;
enum rc batch_write(const struct batch *batch, const uint8_t last_hash[32],
                    const uint8_t device_secret[64], const uint8_t county_box_public[32],
                    const struct env *env, struct buf *out, struct err *err);

/* What a carrier may read. */
enum rc batch_peek(struct view bytes, struct batch_outer *out, struct err *err);

/* Opens with the county's key. Frames are views into memory of the arena. The signature is not
 * checked yet: the receiver first looks the device up, decodes the frames, folds the chain. */
enum rc batch_open(struct view bytes, const uint8_t county_box_public[32],
                   const uint8_t county_box_secret[32], struct arena *arena, struct batch *out,
                   struct err *err);
enum rc batch_verify(const struct batch *batch, const uint8_t last_hash[32],
                     const uint8_t device_public[32], struct err *err);

struct batch_proof {
    struct batch batch; /* without frames */
    uint8_t frames_hash[32];
};
/* Adds the outer bytes, the inner ones before the frames, hash("yg frames", frames) and the
 * signature; at most BATCH_PROOF_BYTES. */
#define BATCH_PROOF_BYTES 280u
enum rc batch_proof_write(const struct batch *batch, struct buf *out, struct err *err);
enum rc batch_proof_read(struct view bytes, struct batch_proof *out, struct err *err);
/* last_hash: the leaves first to last, folded onto batch.previous. RC_DENIED as batch_verify, or
 * for an actor that is not of this device, where the batch introduces it. */
enum rc batch_proof_verify(const struct batch_proof *proof, const uint8_t last_hash[32],
                           const uint8_t device_public[32], struct err *err);

#endif
