/* admit.c: see admit.h.
 *
 * 1. Where does the batch stand (fork.h)? All of it known: a duplicate. It begins behind the next
 *    number: a gap, it waits in pending. It overlaps: the known part is skipped. It contradicts
 *    what we know: it is a fork, and its changes are read under the fork's name.
 * 2. Every change, in order of number: load its record, judge, merge or quarantine.
 * 3. Every frame is filed (filing.h).
 *
 * Some changes may be here before their author brings them, because others have carried them
 * (carried.h): ahead of the actor's number. They are known when he does. */
#include "syncd/sync/admit.h"

#include "base/planted.h"
#include "syncd/sync/filing.h"
#include "syncd/sync/fork.h"
#include "syncd/sync/proof.h"

static enum rc take_change(struct work *work, const uint8_t signed_hash[32],
                           const struct frame *frame, const struct admit_source *source,
                           struct fate *fate, struct err *err) {
    const struct change *change = fate->change;
    struct work_record *record = NULL;
    int64_t time_ms = change->insane ? 0 : change->wall_ms + source->offset_ms;
    enum rc rc = work_record(work, change->record, &record, err);

    if (rc == RC_OK)
        rc = judge_change(work, change, signed_hash, record, frame, source, &fate->verdict, err);
    fate->record = record;
    if (rc == RC_OK && fate->verdict == VERDICT_ADMIT)
        rc = judge_merge(work, change, frame, time_ms > work->now_ms ? work->now_ms : time_ms,
                         record, &fate->verdict, err);
    if (rc == RC_OK && fate->verdict != VERDICT_ADMIT)
        rc = filing_quarantine(work, change, frame->area, fate->verdict,
                               source->device == NULL ? 0 : source->device->device, err);
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

struct in_place { /* of a batch that waits */
    const struct work *work;
    const struct ingested *in;
    bool taken, same;
};

static enum rc in_place_visit(void *context, const struct stored_pending *pending,
                              struct err *err) {
    struct in_place *place = context;
    const struct work *work = place->work;

    (void)err;
    if (place->taken || pending->first != place->in->batch.outer.first)
        return RC_OK;
    for (uint32_t i = 0; i < work->settled_count; i++)
        if (work->settled[i].actor == pending->actor && work->settled[i].first == pending->first)
            return RC_OK; /* let through in this step */
    place->taken = true;
    place->same = view_equal(pending->bytes, place->in->sealed);
    return RC_OK;
}

enum rc admit_waits(const struct work *work, const struct ingested *in, bool *out,
                    struct err *err) {
    struct in_place place = {.work = work, .in = in};
    uint64_t actor = in->batch.outer.actor;
    enum rc rc = store_pending(work->ledger->store, actor, in_place_visit, &place, err);

    for (uint32_t i = 0; i < work->pending_count && rc == RC_OK && !place.taken; i++) {
        const struct stored_pending *pending = &work->pending[i];

        if (pending->actor != actor || pending->first != in->batch.outer.first)
            continue;
        place.taken = true;
        place.same = view_equal(pending->bytes, in->sealed);
    }
    *out = rc == RC_OK && place.same;
    return rc;
}

/* An actor that others have made known must show once that it is this device's: its first batch
 * does. */
static enum rc claim_actor(const struct ingested *in, uint64_t device, struct stored_actor *actor,
                           struct err *err) {
    if (actor->device == device)
        return RC_OK;
    if (actor->device != DEVICE_UNKNOWN)
        return err_set(err, RC_DENIED, "batch: its actor belongs to another device");
    if (!in->batch.introduces)
        return RC_NOT_FOUND;
    actor->device = device;
    return RC_OK;
}

static enum rc find_actor(struct work *work, const struct ingested *in,
                          const struct admit_source *source, struct stored_actor **out,
                          struct err *err) {
    struct stored_actor fresh = {
        .actor = in->batch.outer.actor,
        .device = source->device == NULL ? 0 : source->device->device,
    };
    uint32_t epoch = 1;
    enum rc rc = work_actor(work, in->batch.outer.actor, out, err);

    if (rc == RC_OK)
        return claim_actor(in, fresh.device, *out, err);
    if (rc != RC_NOT_FOUND)
        return rc;
    if (!in->batch.introduces && source->device != NULL)
        return RC_NOT_FOUND;
    err_clear(err);
    chain_start(fresh.actor, fresh.hash);
    rc = work_epoch(work, &epoch, err);
    fresh.retired =
        epoch > 1 && source->device != NULL && (!in->batch.fresh || in->batch.epoch != epoch);
    return rc == RC_OK ? work_actor_add(work, &fresh, out, err) : rc;
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

/* Also of what this step has taken: a batch that had waited for its beginning may come again right
 * behind it. */
static enum rc outcomes_of(struct outcome_list *list, uint64_t actor, uint64_t first, uint64_t last,
                           struct err *err) {
    const struct work *work = list->work;
    enum rc rc =
        store_actor_changes(work->ledger->store, actor, first, last, outcome_visit, list, err);

    for (uint32_t i = 0; i < work->change_count && rc == RC_OK; i++) {
        const struct stored_change *change = &work->changes[i];

        if (change->dot.actor == actor && change->dot.number >= first && change->dot.number <= last)
            rc = outcome_visit(list, change, err);
    }
    return rc;
}

/* Of one history's own numbers, under whatever name they are here. */
static enum rc history_outcomes(struct outcome_list *list, const struct stored_actor *history,
                                uint64_t first, uint64_t last, struct err *err) {
    struct stray *strays = NULL;
    uint32_t count = 0;
    enum rc rc = outcomes_of(list, history->actor, first, last, err);

    if (rc == RC_OK)
        rc = fork_strays_within(fork_in_work(list->work), history, first, last, &list->work->arena,
                                &strays, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = outcomes_of(list, strays[i].name, strays[i].first, strays[i].last, err);
    return rc;
}

static enum rc known_outcomes(struct work *work, const struct ingested *in,
                              const struct stored_actor *actor, uint64_t known,
                              struct receipt *receipt, struct err *err) {
    struct outcome_list list = {.work = work, .receipt = receipt};
    uint64_t last = in->batch.outer.last < known ? in->batch.outer.last : known;
    struct stored_actor owner = *actor;
    enum rc rc = RC_OK;

    /* What a fork shares with the history it grew out of stands there. */
    while (rc == RC_OK && owner.fork_of != 0 && owner.fork_from > in->batch.outer.first) {
        if (owner.fork_from <= last) {
            rc = history_outcomes(&list, &owner, owner.fork_from, last, err);
            last = owner.fork_from - 1;
        }
        if (rc == RC_OK)
            rc = fork_actor(fork_in_work(work), owner.fork_of, &owner, err);
    }
    return rc != RC_OK ? rc : history_outcomes(&list, &owner, in->batch.outer.first, last, err);
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
static enum rc read_changes(struct work *work, const struct ingested *in, struct view forks,
                            struct fate *fates, struct err *err) {
    struct frame *frames = in->frames;
    struct lineage lineage;
    enum rc rc = lineage_decode(forks, &work->arena, &lineage, err);

    if (rc == RC_OK && lineage.count > 0) {
        frames = arena_array(&work->arena, in->batch.frame_count, sizeof(*frames));
        for (uint32_t f = 0; frames != NULL && f < in->batch.frame_count && rc == RC_OK; f++) {
            frames[f] = in->frames[f];
            frames[f].changes = arena_copy(&work->arena, in->frames[f].changes,
                                           in->frames[f].count * sizeof(*frames[f].changes));
            if (frames[f].changes == NULL)
                return arena_check(&work->arena, "a step of the writer", err);
            rc = frame_rename(&frames[f], &lineage, &work->arena, err);
        }
        if (frames == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
    }
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++)
        fates[i].change = &frames[in->places[i].frame].changes[in->places[i].position].change;
    return rc;
}

struct fates {
    uint64_t first;
    struct fate *list; /* of the numbers from there on */
};

static enum rc ahead_visit(void *context, const struct stored_change *change, struct err *err) {
    struct fates *fates = context;

    (void)err;
    fates->list[change->dot.number - fates->first].known = true;
    return RC_OK;
}

static bool is_stray(const struct placed *placed, uint64_t number) {
    for (uint32_t i = 0; i < placed->stray_count; i++)
        if (number >= placed->strays[i].first && number <= placed->strays[i].last)
            return true;
    return false;
}

/* Which of the batch's changes are here: those up to a number, and those that others carried, under
 * this name or another one. */
static enum rc note_known(struct work *work, const struct ingested *in, const struct placed *placed,
                          struct fate *fates, struct err *err) {
    uint64_t first = in->batch.outer.first;
    struct fates ahead = {first, fates};

    for (uint32_t i = 0; i < in->change_count; i++)
        fates[i].known = (first + i <= placed->known && !PLANTED(NOT_IDEMPOTENT)) ||
                         first + i > placed->upto || is_stray(placed, first + i);
    return store_actor_changes(work->ledger->store, placed->name,
                               placed->known >= first ? placed->known + 1 : first, placed->upto,
                               ahead_visit, &ahead, err);
}

/* The log's frames hold nothing that its index does not name, so what is behind the last number
 * that has this name is left out, and so are strays. */
static bool is_cut(const struct placed *placed, const struct frame *frame) {
    bool cut = frame->changes[frame->count - 1].change.dot.number > placed->upto;

    for (uint32_t i = 0; i < frame->count && placed->stray_count > 0 && !cut; i++)
        cut = is_stray(placed, frame->changes[i].change.dot.number);
    return cut;
}

static enum rc cut_frame(struct work *work, const struct placed *placed, struct frame *frame,
                         const struct fate **fates, struct view *bytes, struct err *err) {
    uint32_t count = 0;
    enum rc rc;

    frame->changes =
        arena_copy(&work->arena, frame->changes, frame->count * sizeof(*frame->changes));
    if (frame->changes == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < frame->count; i++) {
        uint64_t number = frame->changes[i].change.dot.number;

        if (number > placed->upto || is_stray(placed, number))
            continue;
        fates[count] = fates[i];
        frame->changes[count++] = frame->changes[i];
    }
    frame->count = count;
    buf_clear(&work->scratch);
    rc = frame->count == 0 ? RC_OK
                           : frame_encode(frame, NULL, NULL, work->deflater, &work->scratch, err);
    *bytes = arena_view(&work->arena, buf_view(&work->scratch));
    return rc == RC_OK ? arena_check(&work->arena, "a step of the writer", err) : rc;
}

static enum rc file_frame(struct work *work, const struct ingested *in, uint32_t at,
                          const struct placed *placed, const struct stored_frame *as,
                          struct fate *fates, struct err *err) {
    struct stored_frame stored = *as;
    struct frame frame = in->frames[at];
    const struct fate **of_frame = arena_array(&work->arena, frame.count, sizeof(*of_frame));
    bool anything = false;
    enum rc rc = RC_OK;

    if (of_frame == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < frame.count; i++) {
        of_frame[i] = &fates[frame.changes[i].change.dot.number - in->batch.outer.first];
        anything = anything || !of_frame[i]->known;
    }
    stored.bytes = in->batch.frames[at];
    if (anything && is_cut(placed, &frame))
        rc = cut_frame(work, placed, &frame, of_frame, &stored.bytes, err);
    return rc == RC_OK && anything ? filing_frame(work, &frame, of_frame, &stored, err) : rc;
}

static enum rc take_all(struct work *work, const struct ingested *in, const struct placed *placed,
                        struct view forks, const struct admit_source *source, struct fate *fates,
                        struct err *err) {
    struct dot *records = arena_array(&work->arena, in->change_count, sizeof(*records));
    struct stored_frame as = {
        .actor = placed->name,
        .forks = forks,
        .received_ms = work->now_ms,
        .offset_ms = source->offset_ms,
        .carrier = source->carrier,
        .astray = placed->name != placed->history,
    };
    enum rc rc = read_changes(work, in, forks, fates, err);

    if (records == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++)
        records[i] = fates[i].change->record;
    if (rc == RC_OK)
        rc = work_prefetch(work, records, in->change_count, err);
    if (rc == RC_OK)
        rc = note_known(work, in, placed, fates, err);
    for (uint32_t i = 0; i < in->change_count && rc == RC_OK; i++) {
        if (!fates[i].known)
            rc = take_change(work, in->signed_hash[i], &in->frames[in->places[i].frame], source,
                             &fates[i], err);
    }
    for (uint32_t f = 0; f < in->batch.frame_count && rc == RC_OK; f++)
        rc = file_frame(work, in, f, placed, &as, fates, err);
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

/* What of the batch is of one history: from where it is known, up to where it is placed. */
static enum rc take_part(struct work *work, const struct ingested *in, const struct placed *placed,
                         const struct admit_source *source, struct receipt *receipt,
                         struct err *err) {
    uint64_t actor = placed->actor->actor; /* the list it stands in may grow */
    struct stored_actor *found = NULL;
    struct fate *fates = arena_array(&work->arena, in->change_count, sizeof(*fates));
    enum rc rc;

    if (fates == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    rc = take_all(work, in, placed, receipt->forks, source, fates, err);
    if (rc == RC_OK)
        rc = give_outcomes(work, in, fates, receipt, err);
    if (rc == RC_OK)
        rc = work_actor(work, actor, &found, err);
    if (rc != RC_OK)
        return rc;
    found->number = placed->upto;
    memcpy(found->hash, in->chain[placed->upto - in->batch.outer.first], 32);
    for (uint32_t i = 0; i < in->change_count; i++) {
        const struct change *change = &ingest_change(in, i)->change;

        if (!change->insane && change->lamport > found->lamport)
            found->lamport = change->lamport;
    }
    receipt->number = found->number;
    memcpy(receipt->hash, found->hash, 32);
    return source->device != NULL ? proof_keep(work, placed->name, &in->batch, err) : RC_OK;
}

enum rc admit_batch(struct work *work, const struct ingested *in, const struct admit_source *source,
                    struct receipt *receipt, struct err *err) {
    const struct batch_outer *outer = &in->batch.outer;
    struct stored_actor *found = NULL;
    struct stored_device device;
    struct past_scopes former;
    struct admit_source judged;
    struct placed placed;
    enum rc rc = find_actor(work, in, source, &found, err);

    *receipt = (struct receipt){.actor = outer->actor};
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        receipt->want_from = 1;
        chain_start(outer->actor, receipt->hash);
        return wait_for_gap(work, in, source, err);
    }
    if (rc == RC_OK)
        rc = fork_place(work, in, found, source->told_count, source->told, &placed, err);
    if (rc != RC_OK)
        return rc;
    receipt->number = placed.actor->number;
    memcpy(receipt->hash, placed.actor->hash, 32);
    if (placed.want_from != 0) {
        receipt->want_from = placed.want_from;
        if (placed.want_from == 1) { /* whose history it is cannot be told yet */
            receipt->number = 0;
            chain_start(outer->actor, receipt->hash);
        }
        return wait_for_gap(work, in, source, err);
    }
    rc = load_source(work, outer->actor, source, &device, &former, &judged, err);
    for (bool first = true; rc == RC_OK; first = false) {
        struct stored_actor actor;

        if (!first) {
            rc = work_actor(work, outer->actor, &found, err);
            if (rc == RC_OK)
                rc = fork_place(work, in, found, source->told_count, source->told, &placed, err);
            if (rc != RC_OK)
                break;
        }
        actor = *placed.actor;
        rc = fork_names(&actor, fork_in_work(work), &work->arena, &receipt->forks, err);
        if (rc == RC_OK && first && outer->first <= placed.known)
            rc = known_outcomes(work, in, &actor, placed.known, receipt, err);
        if (rc != RC_OK || outer->last <= placed.known)
            break;
        rc = take_part(work, in, &placed, &judged, receipt, err);
        if (placed.upto == outer->last)
            return rc;
    }
    /* A receipt never speaks of more than the tablet showed: one that was restored from its
     * backup could not check it. */
    if (rc == RC_OK && outer->last <= placed.known) {
        receipt->number = outer->last;
        memcpy(receipt->hash, in->chain[in->change_count - 1], 32);
    }
    return rc;
}
