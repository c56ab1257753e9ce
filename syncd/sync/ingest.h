/* ingest.h: station 5. A sealed batch is opened, decoded, folded and verified. Pure: no store, no
 * lock, so that many tablets can be ingested at once while one writer commits.
 *
 * Only broken framing, a wrong seal or a wrong signature refuse a batch here. Whether its changes
 * are admitted is judged one by one in admit.h, also of those that make no sense at all. */
#ifndef YG_SYNCD_SYNC_INGEST_H
#define YG_SYNCD_SYNC_INGEST_H

#include "schema/wire/batch.h"
#include "syncd/sync/keys.h"

struct ingested {
    struct view sealed; /* as it came */
    struct batch batch;
    struct frame *frames;   /* decoded, batch.frame_count of them */
    uint32_t change_count;  /* last - first + 1 */
    struct ingested_place { /* where change first + i is */
        uint32_t frame, position;
    } * places;
    uint8_t (*chain)[32];       /* chain hash at first + i, folded from batch.previous */
    uint8_t (*signed_hash)[32]; /* of change first + i, where it carries a person's signature:
                                 * taken before a fork renames anything */
};

/* Opens and decodes into the arena. Numbers must be exactly first..last, each once. The signature
 * is checked by ingest_verify, when the device is known. */
enum rc ingest_open(const struct keys *keys, struct view sealed, struct zip_inflater *inflater,
                    struct arena *arena, struct ingested *out, struct err *err);

/* RC_DENIED unless this device signed it and the actor is one of its incarnations (checked when
 * the batch introduces the actor). */
enum rc ingest_verify(const struct ingested *ingested, const uint8_t device_public[32],
                      struct err *err);

static inline struct frame_change *ingest_change(const struct ingested *ingested, uint32_t i) {
    return &ingested->frames[ingested->places[i].frame].changes[ingested->places[i].position];
}

#endif
