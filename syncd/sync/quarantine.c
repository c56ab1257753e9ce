/* quarantine.c: see quarantine.h. */
#include "syncd/sync/quarantine.h"

#include "base/crypt.h"
#include "base/words.h"
#include "syncd/sync/news.h"
#include "syncd/sync/redact.h"

#include <stdio.h>
#include <stdlib.h>

#define PORTION_ROWS   1000u
#define PORTION_FRAMES 100u

struct held_frame { /* of the log, with changes that are kept aside */
    struct stored_frame stored;
    struct frame raw;  /* as it was signed */
    struct frame read; /* as it is read: renamed, in a fork */
    bool *released;    /* by position */
    const struct work_record **records;
    struct held_frame *next;
};

struct review {
    struct work *work;
    struct held_frame *frames; /* latest first */
    uint32_t frame_count;
    struct stored_quarantine *rows;
    uint32_t row_count, row_capacity;
    uint32_t admitted;
};

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

/* --- a change out of the log --- */

static enum rc hold_frame(struct review *review, uint64_t serial, struct held_frame **out,
                          struct err *err) {
    struct work *work = review->work;
    struct held_frame *held;
    struct lineage lineage;
    enum rc rc;

    for (held = review->frames; held != NULL; held = held->next)
        if (held->stored.serial == serial) {
            *out = held;
            return RC_OK;
        }
    held = arena_alloc(&work->arena, sizeof(*held));
    if (held == NULL)
        return no_room(work, err);
    *held = (struct held_frame){.next = review->frames};
    rc = store_frame(work->ledger->store, serial, &work->arena, &held->stored, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(held->stored.bytes, work->inflater, &work->arena, &held->raw, err);
    if (rc != RC_OK)
        return rc;
    held->read = held->raw;
    held->read.changes =
        arena_copy(&work->arena, held->raw.changes, held->raw.count * sizeof(*held->raw.changes));
    held->released = arena_array(&work->arena, held->raw.count, sizeof(*held->released));
    held->records = arena_array(&work->arena, held->raw.count, sizeof(struct work_record *));
    if (held->read.changes == NULL || held->released == NULL || held->records == NULL)
        return no_room(work, err);
    rc = lineage_decode(held->stored.forks, &work->arena, &lineage, err);
    if (rc == RC_OK)
        rc = frame_rename(&held->read, &lineage, &work->arena, err);
    if (rc != RC_OK)
        return rc;
    review->frames = held;
    review->frame_count++;
    *out = held;
    return RC_OK;
}

struct found_change {
    struct held_frame *held;
    uint32_t position;
    struct stored_change indexed;
    const struct change *change; /* as it is read */
    uint8_t signed_hash[32];
    struct work_record *record;
};

static enum rc find_change(struct review *review, struct dot dot, struct found_change *out,
                           struct err *err) {
    enum rc rc = store_change(review->work->ledger->store, dot, &out->indexed, err);

    if (rc == RC_OK)
        rc = hold_frame(review, out->indexed.frame, &out->held, err);
    if (rc != RC_OK)
        return rc;
    out->position = out->indexed.position;
    if (out->position >= out->held->raw.count ||
        !dot_equal(out->held->read.changes[out->position].change.dot, dot))
        return err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
    out->change = &out->held->read.changes[out->position].change;
    if (out->change->is_signed)
        rc = change_signed_hash(&out->held->raw.changes[out->position].change, out->signed_hash,
                                err);
    return rc == RC_OK ? work_record(review->work, out->change->record, &out->record, err) : rc;
}

/* --- what becomes of it --- */

static enum rc settle_row(struct review *review, const struct stored_quarantine *row,
                          const struct stored_change *indexed, uint8_t verdict, bool settled,
                          struct err *err) {
    struct work *work = review->work;
    struct stored_quarantine *put =
        WORK_ADD(work, quarantine, quarantine_count, quarantine_capacity);
    struct stored_change *change;
    uint32_t serial = 0;
    enum rc rc = settled ? news_raise(work, &serial, err) : RC_OK;

    if (put == NULL)
        return no_room(work, err);
    *put = *row;
    put->verdict = verdict == VERDICT_ADMIT ? row->verdict : verdict; /* why it had to wait */
    put->settled = serial;
    if (rc != RC_OK || verdict == indexed->verdict)
        return rc;
    change = WORK_ADD(work, verdicts, verdict_count, verdict_capacity);
    if (change == NULL)
        return no_room(work, err);
    *change = *indexed;
    change->verdict = verdict;
    return RC_OK;
}

/* *verdict is VERDICT_TOO_LARGE afterwards when the record has no room for it. */
static enum rc admit(struct review *review, const struct stored_quarantine *row,
                     struct found_change *found, uint8_t *verdict, struct err *err) {
    const struct stored_frame *stored = &found->held->stored;
    int64_t time_ms = found->change->wall_ms + stored->offset_ms;
    enum rc rc = judge_merge(review->work, found->change, &found->held->read,
                             time_ms > stored->received_ms ? stored->received_ms : time_ms,
                             found->record, verdict, err);

    if (rc != RC_OK || *verdict != VERDICT_ADMIT)
        return rc;
    found->record->examine = true;
    found->held->released[found->position] = true;
    found->held->records[found->position] = found->record;
    review->admitted++;
    return settle_row(review, row, &found->indexed, VERDICT_ADMIT, true, err);
}

static uint64_t home_of(const struct work *work, const struct stored_frame *frame) {
    return succession_of(&work->ledger->areas, frame->area);
}

/* The released changes of a frame that live in this area, as a new entry of its feed. Received and
 * offset are those of the frame, so that tablets read the same times from it. */
static enum rc route(struct work *work, const struct held_frame *held, uint64_t area,
                     struct err *err) {
    const struct stored_frame *stored = &held->stored;
    struct frame cut = held->raw;
    struct stored_entry entry = {
        .entry = {.area = area,
                  .audience = stored->audience,
                  .kind = FEED_FRAME,
                  .received_ms = stored->received_ms,
                  .offset_ms = stored->offset_ms,
                  .forks = stored->forks},
    };
    uint8_t digest[32];
    enum rc rc;

    cut.count = 0;
    cut.changes = arena_array(&work->arena, held->raw.count, sizeof(*cut.changes));
    if (cut.changes == NULL)
        return no_room(work, err);
    for (uint32_t i = 0; i < held->raw.count; i++)
        if (held->released[i] && judge_lives_in(held->records[i], area, home_of(work, stored)))
            cut.changes[cut.count++] = held->raw.changes[i];
    buf_clear(&work->scratch);
    rc = frame_encode(&cut, NULL, NULL, work->deflater, &work->scratch, err);
    if (rc != RC_OK)
        return rc;
    feed_entry_digest(&entry.entry, &cut, digest);
    entry.entry.content = arena_view(&work->arena, buf_view(&work->scratch));
    rc = work_entry(work, entry, digest, err);
    for (uint32_t i = 0; i < held->raw.count && rc == RC_OK; i++)
        if (held->released[i] && judge_lives_in(held->records[i], area, home_of(work, stored)))
            rc = redact_tell(work, held->records[i], area, stored->audience, err);
    return rc;
}

/* In each area where one of the released changes lives, once. */
static enum rc route_frame(struct work *work, const struct held_frame *held, struct err *err) {
    uint64_t home = home_of(work, &held->stored);
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < held->raw.count && rc == RC_OK; i++) {
        const uint64_t *areas;
        uint32_t count;

        if (!held->released[i])
            continue;
        areas = judge_areas(held->records[i], &home, &count);
        for (uint32_t a = 0; a < count && rc == RC_OK; a++) {
            bool done = false;

            for (uint32_t before = 0; before < i && !done; before++)
                done =
                    held->released[before] && judge_lives_in(held->records[before], areas[a], home);
            if (!done)
                rc = route(work, held, areas[a], err);
        }
    }
    return rc;
}

static enum rc route_all(struct review *review, struct err *err) {
    enum rc rc = RC_OK;

    for (const struct held_frame *held = review->frames; held != NULL && rc == RC_OK;
         held = held->next)
        rc = route_frame(review->work, held, err);
    return rc;
}

/* --- by staff --- */

enum rc quarantine_reason(struct store *store, struct dot dot, struct arena *arena,
                          struct view *reason, struct err *err) {
    char name[DOT_TEXT_BYTES + 16];

    news_reason_name(dot, name);
    return store_setting(store, name, arena, reason, err);
}

/* See quarantine.h: where, by whom, and the value may be vouched for. */
static enum rc judge_release(struct review *review, struct found_change *found, uint8_t *verdict,
                             struct err *err) {
    struct work *work = review->work;
    const struct stored_person *person = NULL;
    const struct form *form = NULL;
    enum rc rc = RC_OK;

    *verdict = VERDICT_MALFORMED;
    if (found->change->insane)
        return RC_OK;
    *verdict = VERDICT_BAD_SIGNATURE;
    if (found->change->is_signed) {
        rc = work_person(work, found->change->person, &person, err);
        if (rc == RC_NOT_FOUND)
            return RC_OK;
        if (rc == RC_OK && !crypt_verify(person->sign_public, view_of(found->signed_hash, 32),
                                         found->change->signature))
            return RC_OK;
    }
    if (rc == RC_OK)
        rc = ledger_form(work->ledger, found->change->form, &form, err);
    if (rc != RC_OK)
        return rc;
    *verdict =
        (uint8_t)merge_judge(&found->record->state, found->change, form, false, &work->arena);
    if (work->arena.failed == RC_NO_MEMORY) /* that is no verdict */
        return arena_check(&work->arena, "a step of the writer", err);
    if (*verdict == VERDICT_UNKNOWN_FORM || *verdict == VERDICT_WRONG_VALUE)
        *verdict = VERDICT_ADMIT;
    return RC_OK;
}

static enum rc release(struct review *review, const struct stored_quarantine *row, const char *name,
                       struct err *err) {
    struct found_change found;
    uint8_t verdict = VERDICT_ADMIT;
    enum rc rc = find_change(review, row->dot, &found, err);

    if (rc == RC_OK)
        rc = judge_release(review, &found, &verdict, err);
    if (rc == RC_OK && verdict == VERDICT_ADMIT)
        rc = admit(review, row, &found, &verdict, err);
    if (rc == RC_OK && verdict != VERDICT_ADMIT)
        rc = err_set(err, RC_DENIED, "%s: cannot be released, only returned: %s", name,
                     words(err->lang, verdict_words((enum verdict)verdict)));
    return rc;
}

static enum rc give_back(struct review *review, const struct stored_quarantine *row,
                         struct view reason, struct err *err) {
    struct stored_change indexed;
    char name[DOT_TEXT_BYTES + 16];
    enum rc rc = store_change(review->work->ledger->store, row->dot, &indexed, err);

    if (rc == RC_OK)
        rc = settle_row(review, row, &indexed, indexed.verdict, true, err);
    news_reason_name(row->dot, name);
    return rc == RC_OK ? work_put_setting(review->work, name, reason, err) : rc;
}

static enum rc keep_row(struct review *review, const struct stored_quarantine *row,
                        struct err *err) {
    struct stored_quarantine *kept =
        arena_push(&review->work->arena, &review->rows, &review->row_count, &review->row_capacity,
                   sizeof(*kept));

    if (kept == NULL)
        return no_room(review->work, err);
    *kept = *row;
    return RC_OK;
}

/* Those of these dots that are in quarantine; the eldest first, each once. */
static enum rc find_row(struct review *review, struct dot dot, bool settled_too, struct err *err) {
    struct stored_quarantine row;
    enum rc rc = store_quarantined(review->work->ledger->store, dot, &row, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    return rc != RC_OK || (row.settled != 0 && !settled_too) ? rc : keep_row(review, &row, err);
}

static void sort_rows(struct review *review) {
    uint32_t count = 0;

    if (review->row_count == 0)
        return;
    qsort(review->rows, review->row_count, sizeof(*review->rows), stored_quarantine_order);
    for (uint32_t i = 0; i < review->row_count; i++)
        if (i == 0 || !dot_equal(review->rows[i].dot, review->rows[i - 1].dot))
            review->rows[count++] = review->rows[i];
    review->row_count = count;
}

static bool has_row(const struct review *review, struct dot dot) {
    for (uint32_t i = 0; i < review->row_count; i++)
        if (dot_equal(review->rows[i].dot, dot))
            return true;
    return false;
}

static enum rc settle_one(struct review *review, const struct quarantine_request *request,
                          const struct stored_quarantine *row, struct err *err) {
    char name[DOT_TEXT_BYTES];
    enum rc rc;

    dot_text(row->dot, name);
    if (row->area != 0 && !succession_grants(&review->work->ledger->areas, request->areas,
                                             request->area_count, row->area))
        return err_set(err, RC_DENIED, "%s: lies outside of the areas of %s", name, request->who);
    rc = request->release ? release(review, row, name, err)
                          : give_back(review, row, request->reason, err);
    if (rc != RC_OK)
        return rc;
    return work_act(review->work, request->who,
                    request->release ? "quarantine release" : "quarantine return", name,
                    request->reason, err);
}

enum rc quarantine_settle_act(void *context, struct work *work, struct err *err) {
    const struct quarantine_request *request = context;
    struct review review = {.work = work};
    char name[DOT_TEXT_BYTES];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < request->count && rc == RC_OK; i++)
        rc = find_row(&review, request->dots[i], false, err);
    sort_rows(&review);
    for (uint32_t i = 0; i < request->count && rc == RC_OK; i++)
        if (!has_row(&review, request->dots[i])) {
            dot_text(request->dots[i], name);
            rc = err_set(err, RC_NOT_FOUND,
                         "%s: does not wait in quarantine; see: yg-syncd quarantine", name);
        }
    for (uint32_t i = 0; i < review.row_count && rc == RC_OK; i++)
        rc = settle_one(&review, request, &review.rows[i], err);
    return rc == RC_OK ? route_all(&review, err) : rc;
}

/* --- by proof --- */

static const struct proven_change *proof_of(const struct proven_change *list, uint32_t count,
                                            struct dot dot) {
    for (uint32_t i = 0; i < count; i++)
        if (dot_equal(list[i].dot, dot))
            return &list[i];
    return NULL;
}

static enum rc prove_row(struct review *review, const struct stored_quarantine *row,
                         const struct proven_change *proof, struct err *err) {
    struct found_change found;
    uint8_t verdict = VERDICT_ADMIT;
    uint32_t before = review->admitted;
    char name[DOT_TEXT_BYTES];
    enum rc rc = find_change(review, row->dot, &found, err);

    if (rc != RC_OK || found.change->insane || found.indexed.verdict == VERDICT_ADMIT ||
        !crypt_equal(found.held->raw.changes[found.position].leaf, proof->leaf, 32))
        return rc;
    rc = admit(review, row, &found, &verdict, err);
    if (rc != RC_OK || review->admitted == before)
        return rc;
    dot_text(row->dot, name);
    return work_act(review->work, "program", "quarantine release", name,
                    view_text("admitted before the restore"), err);
}

enum rc quarantine_prove(struct work *work, const struct proven_change *list, uint32_t count,
                         uint32_t *admitted, struct err *err) {
    struct review review = {.work = work};
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = find_row(&review, list[i].dot, true, err);
    sort_rows(&review);
    for (uint32_t i = 0; i < review.row_count && rc == RC_OK; i++)
        rc = prove_row(&review, &review.rows[i], proof_of(list, count, review.rows[i].dot), err);
    *admitted = review.admitted;
    return rc == RC_OK ? route_all(&review, err) : rc;
}

/* --- by itself --- */

struct rejudging {
    uint64_t device; /* 0: all */
    bool any;        /* behind this row */
    struct stored_quarantine after;
    struct review *review;
    bool more;
    uint32_t admitted;
};

static enum rc waiting_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    struct rejudging *at = context;

    if (at->review->row_count == PORTION_ROWS) {
        at->more = true;
        return RC_NOT_FOUND;
    }
    return keep_row(at->review, row, err);
}

static enum rc judge_again(struct review *review, const struct stored_quarantine *row,
                           struct found_change *found, uint8_t *verdict, struct err *err) {
    struct stored_device device;
    struct past_scopes former;
    struct admit_source source = {.actor = found->held->raw.actor};
    enum rc rc = RC_OK;

    if (row->device != 0) {
        rc = work_device(review->work, row->device, &device, err);
        if (rc == RC_OK)
            rc = scope_past(review->work, row->device, &former, err);
        source.device = &device;
        source.former = &former;
    }
    if (rc == RC_OK)
        rc = judge_change(review->work, found->change, found->signed_hash, found->record,
                          &found->held->read, &source, verdict, err);
    return rc;
}

static enum rc rejudge_row(struct review *review, const struct stored_quarantine *row,
                           struct err *err) {
    struct found_change found;
    uint8_t verdict = row->verdict;
    enum rc rc = find_change(review, row->dot, &found, err);

    if (rc == RC_OK)
        rc = judge_again(review, row, &found, &verdict, err);
    if (rc == RC_OK && verdict == VERDICT_ADMIT)
        rc = admit(review, row, &found, &verdict, err);
    if (rc == RC_OK && verdict != VERDICT_ADMIT && verdict != row->verdict)
        rc = settle_row(review, row, &found.indexed, verdict, false, err);
    if (rc == RC_NO_MEMORY || rc == RC_IO || review->work->arena.failed != RC_OK)
        return rc;
    err_clear(err); /* what cannot be read stays for staff; the others go on */
    return RC_OK;
}

static enum rc rejudge_act(void *context, struct work *work, struct err *err) {
    struct rejudging *at = context;
    struct review review = {.work = work};
    char object[40];
    enum rc rc;

    at->review = &review;
    at->more = false;
    rc = store_waiting(work->ledger->store, at->device, at->any ? &at->after : NULL, waiting_visit,
                       at, err);
    for (uint32_t i = 0; i < review.row_count && rc == RC_OK; i++) {
        if (review.frame_count > PORTION_FRAMES) {
            at->more = true;
            break;
        }
        rc = rejudge_row(&review, &review.rows[i], err);
        at->any = true;
        at->after = review.rows[i];
    }
    if (rc == RC_OK)
        rc = route_all(&review, err);
    if (rc != RC_OK || review.admitted == 0)
        return rc;
    at->admitted += review.admitted;
    snprintf(object, sizeof(object), "%u changes", review.admitted);
    return work_act(work, "program", "quarantine release", object, view_text("judged again"), err);
}

enum rc quarantine_rejudge(const struct office *office, uint64_t device, uint32_t *admitted,
                           struct err *err) {
    struct rejudging at = {.device = device};
    enum rc rc;

    do
        rc = office_act(office, rejudge_act, &at, err);
    while (rc == RC_OK && at.more);
    *admitted = at.admitted;
    return rc;
}
