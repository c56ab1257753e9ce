/* redact.c: see redact.h. redact_cut.c writes anew what is erased; here is the act, and the record.
 */
#include "syncd/sync/redact.h"

#include "base/file.h"
#include "schema/limits.h"
#include "syncd/sync/news.h"
#include "syncd/sync/redact_inside.h"
#include "syncd/sync/redactions.h"
#include "syncd/sync/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#define PART_ARENA_BYTES (256u * 1024u * 1024u)
#define WAITING_BYTES    (64u * 1024u * 1024u)
#define SETTING_WAITING  "redactions waiting"

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

/* --- the record --- */

static enum rc find_waiting(struct work *work, struct err *err) {
    enum rc rc;

    if (work->waiting_read)
        return RC_OK;
    rc = work_setting(work, SETTING_WAITING, &work->waiting_redactions, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        work->waiting_redactions = (struct view){0};
        rc = RC_OK;
    }
    work->waiting_read = rc == RC_OK;
    return rc;
}

enum rc redact_waiting(struct work *work, struct dot record, struct record *state,
                       struct err *err) {
    struct reader in;
    enum rc rc = find_waiting(work, err);

    reader_init(&in, work->waiting_redactions);
    while (rc == RC_OK && !in.failed && read_left(&in) > 0) {
        struct dot named = {.actor = read_id(&in)};
        struct view erasure;

        named.number = read_varint(&in);
        erasure = read_sized(&in);
        if (!in.failed && dot_equal(named, record))
            rc = merge_erase(state, erasure, &work->arena, state, err);
    }
    return rc == RC_OK ? reader_check(&in, "the setting of waiting redactions", err) : rc;
}

static enum rc wait_for_record(struct work *work, struct dot record, struct view erasure,
                               struct err *err) {
    struct buf all;
    enum rc rc = find_waiting(work, err);

    buf_init(&all, WAITING_BYTES);
    if (rc == RC_OK) {
        buf_add_view(&all, work->waiting_redactions);
        buf_add_id(&all, record.actor);
        buf_add_varint(&all, record.number);
        buf_add_sized(&all, erasure);
        rc = buf_check(&all, "the setting of waiting redactions", err);
    }
    if (rc == RC_OK)
        rc = work_put_setting(work, SETTING_WAITING, buf_view(&all), err);
    work->waiting_read = false;
    buf_release(&all);
    return rc;
}

static bool has_erasure(const struct record *state, struct view erasure) {
    for (uint32_t i = 0; i < state->erasure_count; i++)
        if (view_equal(state->erasures[i], erasure))
            return true;
    return false;
}

enum rc redact_again(struct work *work, struct dot record, struct view erasure, bool *news,
                     struct err *err) {
    struct view bytes = arena_view(&work->arena, erasure);
    struct work_record *loaded = NULL;
    struct erasure decoded;
    enum rc rc = erasure_decode(bytes, &work->arena, &decoded, err);

    *news = false;
    if (rc == RC_OK)
        rc = work_record(work, record, &loaded, err);
    if (rc == RC_OK && has_erasure(&loaded->state, bytes))
        return RC_OK; /* log and feeds were cut in the same commit */
    if (rc == RC_OK)
        rc = redact_cut(work, record, bytes, &decoded, loaded, err);
    if (rc == RC_OK)
        rc = snapshot_drop_holding(work, record, err);
    if (rc != RC_OK)
        return rc;
    *news = true;
    if (loaded->stored.revision == 0)
        return wait_for_record(work, record, bytes, err);
    loaded->touched = true;
    loaded->examine = true;
    rc = merge_erase(&loaded->state, bytes, &work->arena, &loaded->state, err);
    return rc != RC_OK ? rc : redact_attachments(work, record, &loaded->state, err);
}

/* --- which changes --- */

struct naming {
    struct work *work;
    const struct erasure *scope;
    struct stored_change *changes;
    uint32_t count, capacity;
    struct arena arena; /* of the frame at hand */
    uint64_t serial;
    struct frame frame;
    struct dot *dots;
    uint32_t dot_count, dot_capacity;
};

static enum rc change_visit(void *context, const struct stored_change *change, struct err *err) {
    struct naming *naming = context;
    struct stored_change *row = arena_push(&naming->work->arena, &naming->changes, &naming->count,
                                           &naming->capacity, sizeof(*row));

    if (row == NULL)
        return no_room(naming->work, err);
    *row = *change;
    return RC_OK;
}

static enum rc open_frame(struct naming *naming, uint64_t serial, struct err *err) {
    struct stored_frame stored;
    struct lineage lineage;
    enum rc rc;

    if (naming->serial == serial)
        return RC_OK;
    arena_reset(&naming->arena);
    naming->serial = 0;
    rc = store_frame(naming->work->ledger->store, serial, &naming->arena, &stored, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(stored.bytes, naming->work->inflater, &naming->arena, &naming->frame,
                              err);
    if (rc == RC_OK)
        rc = lineage_decode(stored.forks, &naming->arena, &lineage, err);
    if (rc == RC_OK && lineage.count > 0)
        rc = frame_rename(&naming->frame, &lineage, &naming->arena, err);
    if (rc == RC_OK)
        naming->serial = serial;
    return rc;
}

static bool has_something(const struct erasure *scope, const struct change *change) {
    if (change->insane && scope->cell_count == 0 && change->entry_count > 0)
        return true; /* whatever it is */
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (change->entries[i].value.type != VALUE_ERASED &&
            erasure_covers(scope, change->entries[i].instance, change->entries[i].field))
            return true;
    return scope->cell_count == 0 && (change->reason.size > 0 || change->evidence_count > 0);
}

static enum rc name_changes(struct naming *naming, struct dot record, struct err *err) {
    enum rc rc = store_history(naming->work->ledger->store, record, change_visit, naming, err);

    if (rc == RC_OK && naming->count == 0)
        rc = err_set(err, RC_NOT_FOUND, "there is no such record; see: yg-syncd records");
    for (uint32_t i = 0; i < naming->count && rc == RC_OK; i++) {
        const struct stored_change *indexed = &naming->changes[i];
        struct dot *dot;

        rc = open_frame(naming, indexed->frame, err);
        if (rc != RC_OK)
            break;
        if (indexed->position >= naming->frame.count ||
            !dot_equal(naming->frame.changes[indexed->position].change.dot, indexed->dot))
            return err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
        if (!has_something(naming->scope, &naming->frame.changes[indexed->position].change))
            continue;
        dot = arena_push(&naming->work->arena, &naming->dots, &naming->dot_count,
                         &naming->dot_capacity, sizeof(*dot));
        if (dot == NULL)
            return no_room(naming->work, err);
        *dot = indexed->dot;
    }
    if (rc == RC_OK && naming->dot_count > 1)
        qsort(naming->dots, naming->dot_count, sizeof(*naming->dots), dot_order);
    return rc;
}

/* --- the act --- */

static enum rc write_act(struct work *work, const struct redaction *redaction, struct err *err) {
    char id[DOT_TEXT_BYTES], who[LIMIT_NAME_BYTES + 1], object[LIMIT_NAME_BYTES * 2];

    dot_text(redaction->record, id);
    snprintf(who, sizeof(who), "%.*s", VIEW_PRINT(redaction->who));
    snprintf(object, sizeof(object), "%s%s%s", id, redaction->what == NULL ? "" : " ",
             redaction->what == NULL ? "" : redaction->what);
    return work_act(work, who, "redact", object, redaction->reason, err);
}

enum rc redact_path(const struct office *office, char out[FILE_PATH_BYTES_MAX], struct err *err) {
    int size = snprintf(out, FILE_PATH_BYTES_MAX, "%s/redactions", office->directory);

    if (size < 0 || (size_t)size >= FILE_PATH_BYTES_MAX)
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       office->directory);
    return RC_OK;
}

static enum rc order(struct work *work, const struct office *office,
                     const struct redaction *redaction, struct view erasure, struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    bool news = false;
    enum rc rc = redact_path(office, path, err);

    if (rc == RC_OK)
        rc = redact_again(work, redaction->record, erasure, &news, err);
    if (rc == RC_OK)
        rc = write_act(work, redaction, err);
    /* The file first: an order that is written and not carried out is carried out by the next
     * restore; one that is carried out and not written would be taken back by it. */
    return rc == RC_OK ? redactions_add(path, work->keys, redaction->record, erasure, err) : rc;
}

enum rc redact_act(void *context, struct work *work, struct err *err) {
    const struct redact_order *ordered = context;
    struct redaction *redaction = ordered->redaction;
    struct erasure erasure = {.at_ms = work->now_ms,
                              .who = redaction->who,
                              .reason = redaction->reason,
                              .cell_count = redaction->cell_count,
                              .cells = redaction->cells};
    struct naming naming = {.work = work, .scope = &erasure};
    struct buf bytes;
    enum rc rc;

    arena_init(&naming.arena, PART_ARENA_BYTES);
    rc = name_changes(&naming, redaction->record, err);
    arena_release(&naming.arena);
    redaction->change_count = naming.dot_count;
    work->scrub = rc == RC_OK;
    if (rc != RC_OK || naming.dot_count == 0)
        return rc;
    erasure.dots = naming.dots;
    erasure.dot_count = naming.dot_count;
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    erasure_encode(&erasure, &bytes);
    rc = buf_check(&bytes, "an erasure", err);
    if (rc == RC_OK)
        rc = order(work, ordered->office, redaction, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}
