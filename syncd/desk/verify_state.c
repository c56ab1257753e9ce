/* verify_state.c: every record's state made again from the log. Merging is commutative, so the
 * changes are applied as the history lists them; the packed bytes must be the same to the last.
 * What the law erased stands in the state alone: the log must not hold it any more, and must not
 * lack anything else. */
#include "schema/erasure.h"
#include "syncd/desk/verify.h"

#define STATE_ARENA_BYTES (768u * 1024u * 1024u)

struct state_check {
    struct verify *verify;
    struct log_frames frames;
    struct arena arena; /* of the record at hand */
    struct buf packed;
    struct record state;
    bool failed; /* said already */
};

/* The change has lost what the erasures of its record name, and nothing else. */
static enum rc check_erased(struct state_check *check, const struct change *change,
                            struct err *err) {
    struct change should = *change;
    char dot[DOT_TEXT_BYTES];
    bool named = false, agrees;
    enum rc rc = erasure_apply_all(&check->state, NULL, &should, &check->arena, &named, err);

    agrees = named == change->erased;
    for (uint32_t i = 0; rc == RC_OK && agrees && i < change->entry_count; i++)
        agrees = (change->entries[i].value.type == VALUE_ERASED) ==
                 (should.entries[i].value.type == VALUE_ERASED);
    if (rc != RC_OK || agrees)
        return rc;
    dot_text(change->dot, dot);
    if (named)
        VERIFY_FOUND(check->verify, "change %s: the log holds what was erased of it by law", dot);
    else
        VERIFY_FOUND(check->verify, "change %s: something of it is erased, and nothing says why",
                     dot);
    return RC_OK;
}

static enum rc change_visit(void *context, const struct stored_change *indexed, struct err *err) {
    struct state_check *check = context;
    const struct log_frame *frame = NULL;
    const struct frame_change *item = NULL;
    struct admission admission = {0};
    struct record merged;
    enum rc rc;

    if (indexed->verdict != VERDICT_ADMIT)
        return RC_OK;
    rc = log_frames_change(&check->frames, indexed, &frame, &item, err);
    if (rc == RC_OK && (item->change.erased || check->state.erasure_count > 0))
        rc = check_erased(check, &item->change, err);
    if (rc != RC_OK)
        return rc;
    admission.time_ms = log_frame_time(&frame->stored, item->change.wall_ms);
    rc = merge_apply(&check->state, &item->change, admission, &check->arena, &merged, err);
    if (rc != RC_OK)
        return rc;
    /* What the merge borrowed from the frame must outlive the frame's place in the cache. */
    buf_clear(&check->packed);
    rc = record_pack(&merged, &check->packed, err);
    if (rc != RC_OK)
        return rc;
    return record_unpack(arena_view(&check->arena, buf_view(&check->packed)), &check->arena,
                         &check->state, err);
}

static enum rc recompute(struct state_check *check, const struct stored_record *stored,
                         struct err *err) {
    struct record is = {.erasure_count = 0};
    enum rc rc = record_unpack(stored->packed, &check->arena, &is, err);

    record_init(&check->state, stored->id);
    for (uint32_t i = 0; i < is.erasure_count && rc == RC_OK; i++)
        rc = merge_erase(&check->state, is.erasures[i], &check->arena, &check->state, err);
    if (rc == RC_OK)
        rc =
            store_history(check->verify->seat->ledger->store, stored->id, change_visit, check, err);
    buf_clear(&check->packed);
    return rc == RC_OK ? record_pack(&check->state, &check->packed, err) : rc;
}

/* --- saying where --- */

static enum rc report(struct state_check *check, const struct stored_record *stored,
                      struct err *err) {
    struct verify *verify = check->verify;
    const struct version *version;
    struct record is;
    struct reading reading;
    struct buf path;
    char id[DOT_TEXT_BYTES];
    enum rc rc = record_unpack(stored->packed, &check->arena, &is, err);

    dot_text(stored->id, id);
    if (rc != RC_OK) {
        VERIFY_FOUND(verify, "record %s: its state cannot be read: %s", id, err->text);
        err_clear(err);
        return RC_OK;
    }
    version = record_difference(&is, &check->state);
    if (version == NULL) {
        VERIFY_FOUND(verify,
                     "record %s: its state holds %u changes, the log gives %u; the values agree",
                     id, is.absorbed_count, check->state.absorbed_count);
        return RC_OK;
    }
    rc = ledger_see(verify->seat->ledger, &check->state, &check->arena, &reading, err);
    buf_init(&path, 65536);
    if (rc == RC_OK)
        rc = answers_path_text(&reading, version->instance, version->field, &path, err);
    if (rc == RC_OK)
        VERIFY_FOUND(verify, "record %s: its state differs from what the log gives, first at %s",
                     id, buf_text(&path));
    buf_release(&path);
    return rc;
}

/* --- records --- */

/* While the service runs, a record may be written between the two readings. */
static enum rc has_moved(struct state_check *check, const struct stored_record *stored, bool *moved,
                         struct err *err) {
    struct stored_record now;
    enum rc rc =
        store_record(check->verify->seat->ledger->store, stored->id, &check->arena, &now, err);

    *moved = rc == RC_OK && now.revision != stored->revision;
    return rc;
}

static bool areas_agree(const struct reading *reading, const struct stored_record *stored) {
    if (reading->area_count != stored->area_count)
        return false;
    for (uint32_t i = 0; i < stored->area_count; i++)
        if (reading->areas[i] != stored->areas[i])
            return false;
    return true;
}

static enum rc check_row(struct state_check *check, const struct stored_record *stored,
                         struct err *err) {
    struct reading reading;
    char id[DOT_TEXT_BYTES];
    enum rc rc =
        ledger_see(check->verify->seat->ledger, &check->state, &check->arena, &reading, err);

    if (rc == RC_OK && !areas_agree(&reading, stored)) {
        dot_text(stored->id, id);
        VERIFY_FOUND(check->verify, "record %s: it is listed in other areas than its state says",
                     id);
    }
    if (rc == RC_OK)
        rc = verify_conflicts(check->verify, stored, &reading, &check->arena, err);
    return rc;
}

static enum rc record_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct state_check *check = context;
    struct verify *verify = check->verify;
    char id[DOT_TEXT_BYTES];
    bool moved = false;
    enum rc rc;

    arena_reset(&check->arena);
    verify->records++;
    if (verify->records % 64 == 1)
        command_progress(verify->command, "record %llu", (unsigned long long)verify->records);
    rc = recompute(check, stored, err);
    if (rc == RC_NO_MEMORY || rc == RC_IO)
        return rc;
    if (rc != RC_OK) {
        dot_text(stored->id, id);
        VERIFY_FOUND(verify, "record %s: its state cannot be made again: %s", id, err->text);
        err_clear(err);
        return RC_OK;
    }
    verify->absorbed += check->state.absorbed_count;
    if (view_equal(buf_view(&check->packed), stored->packed))
        return check_row(check, stored, err);
    rc = has_moved(check, stored, &moved, err);
    return rc != RC_OK || moved ? rc : report(check, stored, err);
}

enum rc verify_states(struct verify *verify, struct err *err) {
    struct state_check check = {.verify = verify};
    enum rc rc = log_frames_open(&check.frames, verify->seat->ledger->store, err);

    arena_init(&check.arena, STATE_ARENA_BYTES);
    buf_init(&check.packed, LIMIT_RECORD_BYTES);
    if (rc == RC_OK)
        rc = store_list(verify->seat->ledger->store, view_text(""), 0, (struct dot){0, 0},
                        record_visit, &check, err);
    log_frames_close(&check.frames);
    arena_release(&check.arena);
    buf_release(&check.packed);
    return rc;
}
