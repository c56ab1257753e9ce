/* redact_attachment.c: see redact_inside.h. Whether somebody else names an attachment is looked up
 * in the states of all records: a state holds the text as it was entered. It costs a walk, as the
 * rest of an erasure does. */
#include "syncd/sync/redact_inside.h"

#include "base/text.h"

#define HEX_BYTES 64u

struct looking {
    struct dot record; /* which is looked at in memory */
    uint32_t count;
    uint8_t (*hashes)[32];
    char (*hexes)[HEX_BYTES + 1];
    bool *named; /* by another answer */
};

static enum rc record_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct looking *looking = context;

    (void)err;
    if (dot_equal(stored->id, looking->record))
        return RC_OK;
    for (uint32_t i = 0; i < looking->count; i++)
        if (!looking->named[i])
            looking->named[i] = memmem(stored->packed.data, stored->packed.size, looking->hexes[i],
                                       HEX_BYTES) != NULL;
    return RC_OK;
}

static void look_here(struct looking *looking, const struct record *state) {
    for (uint32_t v = 0; v < state->version_count; v++)
        for (uint32_t i = 0; i < looking->count; i++)
            if (state->versions[v].value.type == VALUE_TEXT &&
                view_is(state->versions[v].value.bytes, looking->hexes[i]))
                looking->named[i] = true;
}

static enum rc prepare(struct work *work, struct looking *looking, struct err *err) {
    uint32_t most = work->erased_hash_count;

    looking->hashes = arena_array(&work->arena, most, sizeof(*looking->hashes));
    looking->hexes = arena_array(&work->arena, most, sizeof(*looking->hexes));
    looking->named = arena_array(&work->arena, most, sizeof(*looking->named));
    if (looking->hashes == NULL || looking->hexes == NULL || looking->named == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < most; i++) {
        bool known = false;

        for (uint32_t k = 0; k < looking->count && !known; k++)
            known = memcmp(looking->hashes[k], work->erased_hashes[i], 32) == 0;
        if (known)
            continue;
        memcpy(looking->hashes[looking->count], work->erased_hashes[i], 32);
        hex_encode(view_of(work->erased_hashes[i], 32), looking->hexes[looking->count++]);
    }
    return RC_OK;
}

/* Also one that no tablet has announced yet: it is not taken when it comes. */
static enum rc erase(struct work *work, const uint8_t hash[32], struct err *err) {
    struct stored_attachment *row =
        WORK_ADD(work, attachments, attachment_count, attachment_capacity);
    enum rc rc;

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = store_attachment(work->ledger->store, hash, row, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        *row = (struct stored_attachment){.announced_ms = work->now_ms};
        memcpy(row->hash, hash, sizeof(row->hash));
        rc = RC_OK;
    }
    row->erased = true;
    return rc;
}

enum rc redact_attachments(struct work *work, struct dot record, const struct record *state,
                           struct err *err) {
    struct looking looking = {.record = record};
    enum rc rc;

    if (work->erased_hash_count == 0)
        return RC_OK;
    rc = prepare(work, &looking, err);
    if (rc != RC_OK)
        return rc;
    look_here(&looking, state);
    rc = store_list(work->ledger->store, view_of(NULL, 0), 0, (struct dot){0, 0}, record_visit,
                    &looking, err);
    for (uint32_t i = 0; i < looking.count && rc == RC_OK; i++)
        if (!looking.named[i])
            rc = erase(work, looking.hashes[i], err);
    work->erased_hash_count = 0;
    return rc;
}
