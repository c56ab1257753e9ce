/* ingest.c: see ingest.h. */
#include "syncd/sync/ingest.h"

#include "schema/limits.h"

static enum rc place_changes(struct ingested *in, struct arena *arena, struct err *err) {
    const struct batch *batch = &in->batch;
    uint64_t span = batch->outer.last - batch->outer.first;
    uint32_t found = 0;

    if (batch->outer.first == 0 || batch->outer.last < batch->outer.first ||
        span >= (uint64_t)LIMIT_BATCH_FRAMES * LIMIT_FRAME_CHANGES)
        return err_set(err, RC_CORRUPT, "batch: its range of numbers is not sane; send it again");
    in->change_count = (uint32_t)(span + 1);
    in->places = arena_array(arena, in->change_count, sizeof(*in->places));
    in->chain = arena_array(arena, in->change_count, sizeof(*in->chain));
    in->signed_hash = arena_array(arena, in->change_count, sizeof(*in->signed_hash));
    if (in->places == NULL || in->chain == NULL || in->signed_hash == NULL)
        return arena_check(arena, "a batch", err);
    for (uint32_t i = 0; i < in->change_count; i++)
        in->places[i].frame = UINT32_MAX;
    for (uint32_t f = 0; f < batch->frame_count; f++) {
        const struct frame *frame = &in->frames[f];

        if (frame->actor != batch->outer.actor)
            return err_set(err, RC_CORRUPT, "batch: frame %u is of another actor", f + 1);
        for (uint32_t c = 0; c < frame->count; c++) {
            uint64_t number = frame->changes[c].change.dot.number;
            struct ingested_place *place;

            if (number < batch->outer.first || number > batch->outer.last)
                return err_set(err, RC_CORRUPT, "batch: number %llu lies outside its range",
                               (unsigned long long)number);
            place = &in->places[number - batch->outer.first];
            if (place->frame != UINT32_MAX)
                return err_set(err, RC_CORRUPT, "batch: number %llu is there twice",
                               (unsigned long long)number);
            place->frame = f;
            place->position = c;
            found++;
        }
    }
    if (found != in->change_count)
        return err_set(err, RC_CORRUPT, "batch: %u of its %u changes are missing",
                       in->change_count - found, in->change_count);
    return RC_OK;
}

enum rc ingest_open(const struct keys *keys, struct view sealed, struct zip_inflater *inflater,
                    struct arena *arena, struct ingested *out, struct err *err) {
    enum rc rc;

    *out = (struct ingested){.sealed = sealed};
    rc = batch_open(sealed, keys->box_public, keys->box_secret, arena, &out->batch, err);
    if (rc != RC_OK)
        return rc;
    if (out->batch.outer.county != keys->county)
        return err_set(err, RC_DENIED, "batch: it is sealed for another county; enrol again");
    out->frames = arena_array(arena, out->batch.frame_count, sizeof(*out->frames));
    if (out->frames == NULL)
        return arena_check(arena, "a batch", err);
    for (uint32_t f = 0; f < out->batch.frame_count && rc == RC_OK; f++)
        rc = frame_decode_raw(out->batch.frames[f], inflater, arena, &out->frames[f], err);
    if (rc == RC_OK)
        rc = place_changes(out, arena, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < out->change_count && rc == RC_OK; i++) {
        const struct frame_change *item = ingest_change(out, i);

        chain_next(i == 0 ? out->batch.previous : out->chain[i - 1], item->leaf, out->chain[i]);
        if (item->change.is_signed)
            rc = change_signed_hash(&item->change, out->signed_hash[i], err);
    }
    return rc;
}

enum rc ingest_verify(const struct ingested *ingested, const uint8_t device_public[32],
                      struct err *err) {
    const struct batch *batch = &ingested->batch;

    if (batch->introduces && batch_actor(device_public, batch->nonce) != batch->outer.actor)
        return err_set(err, RC_DENIED, "batch: the actor is not an incarnation of this device");
    return batch_verify(batch, ingested->chain[ingested->change_count - 1], device_public, err);
}
