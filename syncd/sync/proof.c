/* proof.c: see proof.h. A proof is kept under the first number of its batch. The frames of one
 * batch stand beside each other in the log, and one of them begins with that number. */
#include "syncd/sync/proof.h"

#include "schema/limits.h"
#include "syncd/sync/news.h"

#include <stdio.h>

#define NAME_BYTES 48u

static void setting_name(uint64_t actor, uint64_t first, char out[NAME_BYTES]) {
    char id[17];

    id_text(actor, id);
    snprintf(out, NAME_BYTES, "proof %s %llu", id, (unsigned long long)first);
}

enum rc proof_keep(struct work *work, uint64_t actor, const struct batch *batch, struct err *err) {
    char name[NAME_BYTES];
    struct buf bytes;
    enum rc rc;

    setting_name(actor, batch->outer.first, name);
    buf_init(&bytes, BATCH_PROOF_BYTES);
    rc = batch_proof_write(batch, &bytes, err);
    if (rc == RC_OK)
        rc = work_put_setting(work, name, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}

/* RC_NOT_FOUND unless the batch that begins there holds the number. */
static enum rc try_first(struct store *store, uint64_t actor, uint64_t first, uint64_t number,
                         struct arena *arena, struct view *out, struct err *err) {
    char name[NAME_BYTES];
    struct batch_proof proof;
    enum rc rc;

    if (first > number)
        return RC_NOT_FOUND;
    setting_name(actor, first, name);
    rc = store_setting(store, name, arena, out, err);
    if (rc == RC_OK)
        rc = batch_proof_read(*out, &proof, err);
    return rc == RC_OK && proof.batch.outer.last < number ? RC_NOT_FOUND : rc;
}

/* Tries what stands at so many frames from the one of the change. *other: it is somebody else's. */
static enum rc try_frame(struct store *store, struct dot dot, uint64_t serial, struct arena *arena,
                         struct view *out, bool *other, struct err *err) {
    struct stored_frame frame;
    enum rc rc = store_frame(store, serial, arena, &frame, err);

    *other = rc == RC_NOT_FOUND || (rc == RC_OK && frame.actor != dot.actor);
    if (rc != RC_OK || *other)
        return rc == RC_OK ? RC_NOT_FOUND : rc;
    return try_first(store, dot.actor, frame.first, dot.number, arena, out, err);
}

enum rc proof_find(struct store *store, struct dot dot, uint64_t frame, struct arena *arena,
                   struct view *out, struct err *err) {
    bool ended[2] = {false, false}, other = false;
    enum rc rc = try_frame(store, dot, frame, arena, out, &other, err);

    for (uint64_t step = 1; rc == RC_NOT_FOUND && step < LIMIT_BATCH_FRAMES; step++) {
        if (ended[0] && ended[1])
            break;
        if (!ended[0] && frame > step)
            rc = try_frame(store, dot, frame - step, arena, out, &ended[0], err);
        else
            ended[0] = true;
        if (!ended[1] && rc == RC_NOT_FOUND)
            rc = try_frame(store, dot, frame + step, arena, out, &ended[1], err);
    }
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc;
}
