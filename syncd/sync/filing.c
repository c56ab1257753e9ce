/* filing.c: see filing.h. When a feed takes a whole frame of its own area, it refers to the frame
 * in the log; otherwise the frame is cut anew, so that nobody is served what is hidden or not his.
 * What the law has erased before may come again, whole: it is filed erased (redact.h). */
#include "syncd/sync/filing.h"

#include "base/planted.h"
#include "syncd/sync/judge.h"
#include "syncd/sync/redact.h"

enum rc filing_quarantine(struct work *work, const struct change *change, uint64_t area,
                          uint8_t verdict, uint64_t device, struct err *err) {
    struct stored_quarantine *row =
        WORK_ADD(work, quarantine, quarantine_count, quarantine_capacity);

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_quarantine){
        .dot = change->dot,
        .record = change->record,
        .area = area,
        .person = change->person,
        .device = device,
        .verdict = verdict,
        .since_ms = work->now_ms,
    };
    return RC_OK;
}

/* Where a new record of this frame lives: its author may know the area by a former code. */
static uint64_t home_of(const struct work *work, const struct frame *frame) {
    return succession_of(&work->ledger->areas, frame->area);
}

/* Adds the changes of this frame that live in area to that area's feed. */
static enum rc route(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     uint64_t area, uint32_t frame_index, struct err *err) {
    const struct stored_frame *logged = &work->frames[frame_index];
    struct frame cut = *frame;
    struct stored_entry entry = {
        .entry = {.area = area,
                  .audience = frame->audience,
                  .kind = FEED_FRAME,
                  .received_ms = logged->received_ms,
                  .offset_ms = logged->offset_ms,
                  .forks = logged->forks},
    };
    uint8_t digest[32];
    enum rc rc = RC_OK;

    cut.count = 0;
    cut.changes = arena_array(&work->arena, frame->count, sizeof(*cut.changes));
    if (cut.changes == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    for (uint32_t i = 0; i < frame->count; i++)
        if (!fates[i]->known &&
            (fates[i]->verdict == VERDICT_ADMIT || PLANTED(QUARANTINE_SERVED)) &&
            judge_lives_in(fates[i]->record, area, home_of(work, frame)))
            cut.changes[cut.count++] = frame->changes[i];
    if (cut.count == 0)
        return RC_OK;
    feed_entry_digest(&entry.entry, &cut, digest);
    if (cut.count == frame->count && area == frame->area) {
        entry.frame = frame_index + 1u;
    } else {
        buf_clear(&work->scratch);
        rc = frame_encode(&cut, NULL, NULL, work->deflater, &work->scratch, err);
        if (rc != RC_OK)
            return rc;
        entry.entry.content = arena_view(&work->arena, buf_view(&work->scratch));
    }
    rc = work_entry(work, entry, digest, err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++)
        if (!fates[i]->known && fates[i]->verdict == VERDICT_ADMIT &&
            judge_lives_in(fates[i]->record, area, home_of(work, frame)))
            rc = redact_tell(work, fates[i]->record, area, frame->audience, err);
    return rc;
}

/* Where a record lived before this step, or, if it is new, where it began. */
static const uint64_t *former_areas(const struct work_record *record, uint32_t *count) {
    *count = record->old_area_count > 0 ? record->old_area_count : record->brought != 0;
    return record->old_area_count > 0 ? record->old_areas : &record->brought;
}

/* The other areas where some of the frame's records live, each once. */
static enum rc route_elsewhere(struct work *work, const struct frame *frame,
                               const struct fate *const *fates, uint32_t index, struct err *err) {
    uint64_t home = home_of(work, frame);
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        const uint64_t *areas;
        uint32_t count;

        if (fates[i]->known || fates[i]->record == NULL)
            continue;
        areas = former_areas(fates[i]->record, &count);
        for (uint32_t a = 0; a < count && rc == RC_OK; a++) {
            bool done = areas[a] == home;

            for (uint32_t before = 0; before < i && !done; before++)
                done = !fates[before]->known && fates[before]->record != NULL &&
                       judge_lives_in(fates[before]->record, areas[a], home);
            if (!done)
                rc = route(work, frame, fates, areas[a], index, err);
        }
    }
    return rc;
}

enum rc filing_frame(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     const struct stored_frame *as, struct err *err) {
    struct stored_frame *stored = WORK_ADD(work, frames, frame_count, frame_capacity);
    uint32_t index = work->frame_count - 1u;
    struct frame cut;
    struct view bytes;
    enum rc rc;

    if (stored == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *stored = *as;
    rc = redact_filed(work, frame, fates, as, &cut, &bytes, err);
    if (rc != RC_OK)
        return rc;
    frame = &cut;
    stored = &work->frames[index];
    stored->bytes = bytes;
    stored->first = frame->changes[0].change.dot.number;
    stored->last = frame->changes[frame->count - 1].change.dot.number;
    stored->area = frame->area;
    stored->audience = frame->audience;
    stored->form = frame->form;
    for (uint32_t i = 0; i < frame->count; i++) {
        const struct change *change = fates[i]->change;
        struct stored_change *row;

        if (fates[i]->known || (PLANTED(QUARANTINE_DROPPED) && fates[i]->verdict != VERDICT_ADMIT))
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
    /* First the frame's own area (under the code in force), then others. */
    rc = route(work, frame, fates, home_of(work, frame), index, err);
    return rc == RC_OK ? route_elsewhere(work, frame, fates, index, err) : rc;
}
