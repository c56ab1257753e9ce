/* admit.c: see admit.h.
 *
 * 1. Where does the batch stand (fork.h)? All of it known: a duplicate. It begins behind the next
 *    number: a gap, it waits in pending. It overlaps: the known part is skipped. It contradicts
 *    what we know: it is a fork, and its changes are read under the fork's name.
 * 2. Every change, in order of number: load its record, judge, merge or quarantine.
 * 3. Every frame goes to the log as it came. What was admitted goes to the feeds of the areas where
 *    its record lives. When that is the whole frame and the frame's own area, the feed refers to
 *    the frame in the log; otherwise the frame is cut anew, so that nobody is served what is hidden
 *    or not his. */
#include "syncd/sync/admit.h"

#include "syncd/sync/fork.h"

struct fate {                    /* of one change of the batch */
    const struct change *change; /* as it is read: renamed, in a fork */
    uint8_t verdict;
    bool known; /* was committed before */
    const struct work_record *record;
};

static enum rc quarantine(struct work *work, const struct change *change, uint64_t area,
                          uint8_t verdict, const struct admit_source *source, struct err *err) {
    struct stored_quarantine *row =
        WORK_ADD(work, quarantine, quarantine_count, quarantine_capacity);

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_quarantine){
        .dot = change->dot,
        .record = change->record,
        .area = area,
        .person = change->person,
        .device = source->device == NULL ? 0 : source->device->device,
        .verdict = verdict,
        .since_ms = work->now_ms,
    };
    return RC_OK;
}

static enum rc take_change(struct work *work, const uint8_t signed_hash[32],
                           const struct frame *frame, const struct admit_source *source,
                           struct fate *fate, struct err *err) {
    const struct change *change = fate->change;
    struct work_record *record = NULL;
    int64_t time_ms = change->wall_ms + source->offset_ms;
    enum rc rc = work_record(work, change->record, &record, err);

    if (rc == RC_OK)
        rc = judge_change(work, change, signed_hash, record, frame, source, &fate->verdict, err);
    fate->record = record;
    if (rc == RC_OK && fate->verdict == VERDICT_ADMIT)
        rc = judge_merge(work, change, frame, time_ms > work->now_ms ? work->now_ms : time_ms,
                         record, &fate->verdict, err);
    if (rc == RC_OK && fate->verdict != VERDICT_ADMIT)
        rc = quarantine(work, change, frame->area, fate->verdict, source, err);
    return rc;
}

/* --- frames and feeds --- */

/* Where a new record of this frame lives: its author may know the area by a former code. */
static uint64_t home_of(const struct work *work, const struct frame *frame) {
    return succession_of(&work->ledger->areas, frame->area);
}

/* Adds the changes of this frame that live in area to that area's feed. */
static enum rc route(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     uint64_t area, uint32_t frame_index, const struct admit_source *source,
                     struct err *err) {
    const struct stored_frame *logged = &work->frames[frame_index];
    struct frame cut = *frame;
    struct stored_entry entry = {
        .entry = {.area = area,
                  .audience = frame->audience,
                  .kind = FEED_FRAME,
                  .received_ms = work->now_ms,
                  .offset_ms = source->offset_ms,
                  .as_actor = logged->as_actor,
                  .as_from = logged->as_from},
    };
    uint8_t digest[32];

    cut.count = 0;
    cut.changes = arena_array(&work->arena, frame->count, sizeof(*cut.changes));
    if (cut.changes == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < frame->count; i++)
        if (!fates[i]->known && fates[i]->verdict == VERDICT_ADMIT &&
            judge_lives_in(fates[i]->record, area, home_of(work, frame)))
            cut.changes[cut.count++] = frame->changes[i];
    if (cut.count == 0)
        return RC_OK;
    feed_entry_digest(&entry.entry, &cut, digest);
    if (cut.count == frame->count && area == frame->area) {
        entry.frame = frame_index + 1u;
    } else {
        enum rc rc;

        buf_clear(&work->scratch);
        rc = frame_encode(&cut, NULL, NULL, work->deflater, &work->scratch, err);
        if (rc != RC_OK)
            return rc;
        entry.entry.content = arena_view(&work->arena, buf_view(&work->scratch));
    }
    return work_entry(work, entry, digest, err);
}

static enum rc log_frame(struct work *work, const struct ingested *in, uint32_t f,
                         const struct fate *const *fates, const struct stored_actor *actor,
                         const struct admit_source *source, struct err *err) {
    const struct frame *frame = &in->frames[f];
    struct stored_frame *stored = WORK_ADD(work, frames, frame_count, frame_capacity);
    uint32_t index = work->frame_count - 1u;
    uint64_t home;
    enum rc rc;

    if (stored == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *stored = (struct stored_frame){
        .actor = actor->actor,
        .as_actor = actor->fork_of != 0 ? actor->actor : 0,
        .as_from = actor->fork_from,
        .first = frame->changes[0].change.dot.number,
        .last = frame->changes[frame->count - 1].change.dot.number,
        .area = frame->area,
        .audience = frame->audience,
        .form = frame->form,
        .received_ms = work->now_ms,
        .offset_ms = source->offset_ms,
        .carrier = source->carrier,
        .bytes = in->batch.frames[f],
    };
    for (uint32_t i = 0; i < frame->count; i++) {
        const struct change *change = fates[i]->change;
        struct stored_change *row;

        if (fates[i]->known)
            continue;
        row = WORK_ADD(work, changes, change_count, change_capacity);
        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        *row = (struct stored_change){
            .dot = change->dot,
            .record = change->record,
            .frame = index + 1u,
            .position = i,
            .kind = change->kind,
            .verdict = fates[i]->verdict,
            .person = change->person,
        };
    }
    /* First the frame's own area (under the code in force), then the other areas where some of its
     * records live. */
    home = home_of(work, frame);
    rc = route(work, frame, fates, home, index, source, err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        const struct work_record *record = fates[i]->record;

        if (fates[i]->known || record == NULL)
            continue;
        for (uint32_t a = 0; a < record->old_area_count && rc == RC_OK; a++) {
            bool done = record->old_areas[a] == home;

            for (uint32_t before = 0; before < i && !done; before++)
                done = !fates[before]->known && fates[before]->record != NULL &&
                       fates[before]->record->old_area_count > 0 &&
                       judge_lives_in(fates[before]->record, record->old_areas[a], home);
            if (!done)
                rc = route(work, frame, fates, record->old_areas[a], index, source, err);
        }
    }
    return rc;
}

/* --- where the batch stands --- */

static enum rc wait_for_gap(struct work *work, const struct ingested *in,
                            const struct admit_source *source, struct err *err) {
    struct stored_pending *pending = WORK_ADD(work, pending, pending_count, pending_capacity);

    if (pending == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *pending = (struct stored_pending){
        .actor = in->batch.outer.actor,
        .first = in->batch.outer.first,
        .last = in->batch.outer.last,
        .carrier = source->carrier,
        .received_ms = work->now_ms,
        .bytes = in->sealed,
    };
    return RC_OK;
}

static enum rc find_actor(struct work *work, const struct ingested *in,
                          const struct admit_source *source, struct stored_actor **out,
                          struct err *err) {
    struct stored_actor fresh = {
        .actor = in->batch.outer.actor,
        .device = source->device == NULL ? 0 : source->device->device,
    };
    enum rc rc = work_actor(work, in->batch.outer.actor, out, err);

    if (rc == RC_OK && (*out)->device != fresh.device)
        return err_set(err, RC_DENIED, "batch: its actor belongs to another device");
    if (rc != RC_NOT_FOUND)
        return rc;
    if (!in->batch.introduces && source->device != NULL)
        return RC_NOT_FOUND;
    err_clear(err);
    chain_start(fresh.actor, fresh.hash);
    return work_actor_add(work, &fresh, out, err);
}

/* A tablet whose answer was cut off sends again what we know: it is told again what became of
 * it. */
struct outcome_list {
    struct work *work;
    struct receipt *receipt;
    uint32_t capacity;
};

static enum rc outcome_visit(void *context, const struct stored_change *change, struct err *err) {
    struct outcome_list *list = context;
    struct outcome *outcome;

    if (change->verdict == VERDICT_ADMIT)
        return RC_OK;
    outcome = arena_push(&list->work->arena, &list->receipt->outcomes,
                         &list->receipt->outcome_count, &list->capacity, sizeof(*outcome));
    if (outcome == NULL)
        return arena_check(&list->work->arena, "a step of the writer", err);
    *outcome = (struct outcome){.number = change->dot.number, .verdict = change->verdict};
    return RC_OK;
}

static enum rc known_outcomes(struct work *work, const struct ingested *in, uint64_t actor,
                              uint64_t known, struct receipt *receipt, struct err *err) {
    struct outcome_list list = {.work = work, .receipt = receipt};
    uint64_t last = in->batch.outer.last < known ? in->batch.outer.last : known;

    return store_actor_changes(work->ledger->store, actor, in->batch.outer.first, last,
                               outcome_visit, &list, err);
}

static enum rc give_outcomes(struct work *work, const struct ingested *in, const struct fate *fates,
                             struct receipt *receipt, struct err *err) {
    uint32_t count = receipt->outcome_count;
    struct outcome *outcomes;

    for (uint32_t i = 0; i < in->change_count; i++)
        count += !fates[i].known && fates[i].verdict != VERDICT_ADMIT;
    if (count == receipt->outcome_count)
        return RC_OK;
    outcomes = arena_array(&work->arena, count, sizeof(*outcomes));
    if (outcomes == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    if (receipt->outcome_count > 0)
        memcpy(outcomes, receipt->outcomes, receipt->outcome_count * sizeof(*outcomes));
    receipt->outcomes = outcomes;
    for (uint32_t i = 0; i < in->change_count; i++)
        if (!fates[i].known && fates[i].verdict != VERDICT_ADMIT)
            receipt->outcomes[receipt->outcome_count++] =
                (struct outcome){.number = in->batch.outer.first + i, .verdict = fates[i].verdict};
    return RC_OK;
}

/* The changes as they are to be read: in a fork, its own numbers under its own name. */
static enum rc read_changes(struct work *work, const struct ingested *in,
                            const struct stored_actor *actor, struct fate *fates, struct err *err) {
    struct frame *frames = in->frames;
    enum rc rc = RC_OK;

    if (actor->fork_of != 0) {
        frames = arena_array(&work->arena, in->batch.frame_count, sizeof(*frames));
        for (uint32_t f = 0; frames != NULL && f < in->batch.frame_count && rc == RC_OK; f++) {
            frames[f] = in->frames[f];
            frames[f].changes = arena_copy(&work->arena, in->frames[f].changes,
                                           in->frames[f].count * sizeof(*frames[f].changes));
            if (frames[f].changes == NULL)
                return arena_check(&work->arena, "a step of the writer", err);
            rc = frame_rename(&frames[f], actor->fork_of, actor->fork_from, actor->actor,
                              &work->arena, err);
        }
        if (frames == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
    }
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++)
        fates[i].change = &frames[in->places[i].frame].changes[in->places[i].position].change;
    return rc;
}

static enum rc take_all(struct work *work, const struct ingested *in,
                        const struct stored_actor *actor, uint64_t known_up_to,
                        const struct admit_source *source, struct fate *fates, struct err *err) {
    struct dot *records = arena_array(&work->arena, in->change_count, sizeof(*records));
    enum rc rc = read_changes(work, in, actor, fates, err);

    if (records == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++)
        records[i] = fates[i].change->record;
    if (rc == RC_OK)
        rc = work_prefetch(work, records, in->change_count, err);
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++) {
        fates[i].known = in->batch.outer.first + i <= known_up_to;
        if (!fates[i].known)
            rc = take_change(work, in->signed_hash[i], &in->frames[in->places[i].frame], source,
                             &fates[i], err);
    }
    for (uint32_t f = 0; f < in->batch.frame_count && rc == RC_OK; f++) {
        const struct frame *frame = &in->frames[f];
        const struct fate **of_frame = arena_array(&work->arena, frame->count, sizeof(*of_frame));
        bool anything = false;

        if (of_frame == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        for (uint32_t i = 0; i < frame->count; i++) {
            of_frame[i] = &fates[frame->changes[i].change.dot.number - in->batch.outer.first];
            anything = anything || !of_frame[i]->known;
        }
        if (anything)
            rc = log_frame(work, in, f, of_frame, actor, source, err);
    }
    return rc;
}

/* The device as the writer sees it now, and the scopes that it has had. */
static enum rc load_source(struct work *work, uint64_t actor, const struct admit_source *source,
                           struct stored_device *device, struct past_scopes *former,
                           struct admit_source *out, struct err *err) {
    enum rc rc = RC_OK;

    *out = *source;
    if (source->device == NULL)
        return RC_OK;
    out->actor = actor;
    rc = work_device(work, source->device->device, device, err);
    *former = (struct past_scopes){0};
    if (rc == RC_OK && device->scope.serial > 1)
        rc = scope_past(work, device->device, former, err);
    out->device = device;
    out->former = former;
    return rc;
}

enum rc admit_batch(struct work *work, const struct ingested *in, const struct admit_source *source,
                    struct receipt *receipt, struct err *err) {
    const struct batch_outer *outer = &in->batch.outer;
    struct stored_actor *found = NULL, actor;
    struct fate *fates;
    struct stored_device device;
    struct past_scopes former;
    struct admit_source judged;
    uint64_t known = 0, want_from = 0;
    enum rc rc = find_actor(work, in, source, &found, err);

    *receipt = (struct receipt){.actor = outer->actor};
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        receipt->want_from = 1;
        chain_start(outer->actor, receipt->hash);
        return wait_for_gap(work, in, source, err);
    }
    if (rc == RC_OK)
        rc = fork_place(work, in, found, &found, &known, &want_from, err);
    if (rc != RC_OK)
        return rc;
    actor = *found; /* the list it stands in may grow */
    rc = load_source(work, outer->actor, source, &device, &former, &judged, err);
    if (rc != RC_OK)
        return rc;
    receipt->number = actor.number;
    memcpy(receipt->hash, actor.hash, 32);
    if (want_from != 0) {
        receipt->want_from = want_from;
        return wait_for_gap(work, in, source, err);
    }
    if (actor.fork_of != 0) {
        receipt->fork_actor = actor.actor;
        receipt->fork_from = actor.fork_from;
    }
    if (outer->first <= known)
        rc = known_outcomes(work, in, actor.actor, known, receipt, err);
    if (outer->last <= known) {
        /* A receipt never speaks of more than the tablet showed: one that was restored from its
         * backup could not check it. */
        receipt->number = outer->last;
        memcpy(receipt->hash, in->chain[in->change_count - 1], 32);
        return rc;
    }
    if (rc != RC_OK)
        return rc;
    fates = arena_array(&work->arena, in->change_count, sizeof(*fates));
    if (fates == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = take_all(work, in, &actor, known, &judged, fates, err);
    if (rc == RC_OK)
        rc = give_outcomes(work, in, fates, receipt, err);
    if (rc == RC_OK)
        rc = work_actor(work, actor.actor, &found, err);
    if (rc != RC_OK)
        return rc;
    found->number = outer->last;
    memcpy(found->hash, in->chain[in->change_count - 1], 32);
    for (uint32_t i = 0; i < in->change_count; i++)
        if (ingest_change(in, i)->change.lamport > found->lamport)
            found->lamport = ingest_change(in, i)->change.lamport;
    receipt->number = found->number;
    memcpy(receipt->hash, found->hash, 32);
    return RC_OK;
}
