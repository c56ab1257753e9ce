/* redact_cut.c: what is written anew when something is erased: frames of the log, entries of the
 * feeds.
 *
 * Which frames hold a change? Its own, as the index says; but a batch that overlapped what was
 * known repeats it in another, and the secret of its run of 64 numbers stands in every frame that
 * the author cut from that run, also under a fork's name, because a copied tablet draws the same
 * secrets. So the whole log is walked and everything of the same family of actors and the same runs
 * is looked at. The feeds are walked for the same reason. What comes later is looked at when it is
 * filed: the setting "redacted runs" tells which runs may not keep their secrets. A county that was
 * restored may hear only later that an actor of these is a copy of another: then the same runs of
 * that other one are looked at, too (redact_kin). */
#include "base/crypt.h"
#include "base/text.h"
#include "schema/limits.h"
#include "syncd/sync/filing.h"
#include "syncd/sync/news.h"
#include "syncd/sync/redact_inside.h"

#define PART_ARENA_BYTES (256u * 1024u * 1024u)
#define RUNS_BYTES       (64u * 1024u * 1024u)
#define SETTING_RUNS     "redacted runs"

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

struct kin { /* a fork and whose it is */
    uint64_t actor, fork_of;
};

struct salt_run {
    uint64_t actor; /* the head of the family */
    uint64_t run;
};

struct cutting {
    struct work *work;
    struct dot record;
    struct view bytes; /* of the erasure */
    struct erasure erasure;
    struct arena arena; /* of the frame or entry at hand */
    struct kin *kin;
    uint32_t kin_count, kin_capacity;
    struct salt_run *runs;
    uint32_t run_count, run_capacity;
    uint64_t *serials; /* of log frames in which something was erased, ascending */
    uint32_t serial_count, serial_capacity;
    struct stored_feed *feeds;
    uint32_t feed_count, feed_capacity;
    bool holds, told; /* of the feed at hand: it has held the record; it has this very entry */
    struct stored_feed *news; /* feeds that are to be told */
    uint32_t news_count, news_capacity;
};

/* --- families of actors, and their runs --- */

static enum rc kin_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct cutting *cutting = context;
    struct kin *kin;

    if (actor->fork_of == 0)
        return RC_OK;
    kin = arena_push(&cutting->work->arena, &cutting->kin, &cutting->kin_count,
                     &cutting->kin_capacity, sizeof(*kin));
    if (kin == NULL)
        return no_room(cutting->work, err);
    *kin = (struct kin){actor->actor, actor->fork_of};
    return RC_OK;
}

static uint64_t head_of(const struct cutting *cutting, uint64_t actor) {
    /* As many steps as there are forks: a ring would be a mistake of somebody's. */
    for (uint32_t step = 0; step < cutting->kin_count; step++) {
        uint64_t before = actor;

        for (uint32_t i = 0; i < cutting->kin_count && actor == before; i++)
            if (cutting->kin[i].actor == actor)
                actor = cutting->kin[i].fork_of;
        if (actor == before)
            break;
    }
    return actor;
}

/* As the store has them, and this step. */
static enum rc find_kin(struct cutting *cutting, struct err *err) {
    const struct work *work = cutting->work;
    enum rc rc = store_actors(work->ledger->store, kin_visit, cutting, err);

    for (uint32_t i = 0; i < work->actor_count && rc == RC_OK; i++)
        rc = kin_visit(cutting, &work->actors[i], err);
    return rc;
}

static enum rc find_runs(struct cutting *cutting, struct err *err) {
    enum rc rc = find_kin(cutting, err);

    for (uint32_t i = 0; i < cutting->erasure.dot_count && rc == RC_OK; i++) {
        struct salt_run wanted = {head_of(cutting, cutting->erasure.dots[i].actor),
                                  cutting->erasure.dots[i].number / 64};
        struct salt_run *last =
            cutting->run_count == 0 ? NULL : &cutting->runs[cutting->run_count - 1];

        if (last != NULL && last->actor == wanted.actor && last->run == wanted.run)
            continue;
        last = arena_push(&cutting->work->arena, &cutting->runs, &cutting->run_count,
                          &cutting->run_capacity, sizeof(*last));
        if (last == NULL)
            return no_room(cutting->work, err);
        *last = wanted;
    }
    return rc;
}

static bool is_near(const struct cutting *cutting, uint64_t actor, uint64_t first, uint64_t last) {
    uint64_t head = head_of(cutting, actor);

    for (uint32_t i = 0; i < cutting->run_count; i++)
        if (cutting->runs[i].actor == head && cutting->runs[i].run >= first / 64 &&
            cutting->runs[i].run <= last / 64)
            return true;
    return false;
}

/* --- frames --- */

/* An answer that is erased may be the name of an attachment. entries: as they were. */
static enum rc note_attachments(struct work *work, const struct entry *entries,
                                const struct change *change, struct err *err) {
    for (uint32_t k = 0; k < change->entry_count; k++) {
        const struct value *value = &entries[k].value;
        uint8_t hash[32], (*noted)[32];

        if (change->entries[k].value.type != VALUE_ERASED || value->type != VALUE_TEXT ||
            !hex_decode(value->bytes, hash, sizeof(hash)))
            continue;
        noted = WORK_ADD(work, erased_hashes, erased_hash_count, erased_hash_capacity);
        if (noted == NULL)
            return no_room(work, err);
        memcpy(*noted, hash, sizeof(hash));
    }
    return RC_OK;
}

/* *out is empty when the frame stays as it is. *named: something in it is erased, now or before. */
static enum rc cut_frame(struct cutting *cutting, struct view bytes, struct view forks,
                         struct view *out, bool *named, struct err *err) {
    struct work *work = cutting->work;
    struct frame_head head;
    struct lineage lineage;
    struct frame frame;
    enum rc rc;

    *out = (struct view){0};
    *named = false;
    arena_reset(&cutting->arena);
    rc = frame_peek(bytes, &head, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(bytes, work->inflater, &cutting->arena, &frame, err);
    if (rc == RC_OK)
        rc = lineage_decode(forks, &cutting->arena, &lineage, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++) {
        const struct entry *entries = frame.changes[i].change.entries;
        bool done = false;

        rc = erasure_apply(&cutting->erasure, &lineage, &frame.changes[i].change, &cutting->arena,
                           &done, err);
        if (rc == RC_OK && done)
            rc = note_attachments(work, entries, &frame.changes[i].change, err);
        *named = *named || done;
    }
    if (rc != RC_OK || (!*named && head.one_by_one))
        return rc;
    buf_clear(&work->scratch);
    rc = frame_encode(&frame, NULL, NULL, work->deflater, &work->scratch, err);
    if (rc == RC_OK && !view_equal(buf_view(&work->scratch), bytes))
        *out = arena_view(&work->arena, buf_view(&work->scratch));
    return rc != RC_OK ? rc : no_room(work, err);
}

static enum rc frame_visit(void *context, const struct stored_frame *stored, struct err *err) {
    struct cutting *cutting = context;
    struct work *work = cutting->work;
    struct stored_frame *row;
    struct view bytes;
    bool named;
    enum rc rc;

    if (!is_near(cutting, stored->actor, stored->first, stored->last))
        return RC_OK;
    rc = cut_frame(cutting, stored->bytes, stored->forks, &bytes, &named, err);
    if (rc != RC_OK)
        return err_prefix(err, "frame %llu of the log: ", (unsigned long long)stored->serial);
    if (named) {
        uint64_t *serial = arena_push(&work->arena, &cutting->serials, &cutting->serial_count,
                                      &cutting->serial_capacity, sizeof(*serial));

        if (serial == NULL)
            return no_room(work, err);
        *serial = stored->serial;
    }
    if (bytes.size == 0)
        return RC_OK;
    row = WORK_ADD(work, cut_frames, cut_frame_count, cut_frame_capacity);
    if (row == NULL)
        return no_room(work, err);
    *row = (struct stored_frame){.serial = stored->serial, .bytes = bytes};
    return RC_OK;
}

/* --- feeds --- */

static bool is_cut(const struct cutting *cutting, uint64_t serial) {
    uint32_t low = 0, high = cutting->serial_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (cutting->serials[middle] == serial)
            return true;
        if (cutting->serials[middle] < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static enum rc put_entry(struct cutting *cutting, const struct stored_entry *stored, uint8_t kind,
                         struct view content, struct err *err) {
    struct work *work = cutting->work;
    struct stored_entry *row = WORK_ADD(work, cut_entries, cut_entry_count, cut_entry_capacity);

    if (row == NULL)
        return no_room(work, err);
    *row = (struct stored_entry){.entry = {.area = stored->entry.area,
                                           .audience = stored->entry.audience,
                                           .position = stored->entry.position,
                                           .kind = kind,
                                           .content = content}};
    return RC_OK;
}

static enum rc cut_own(struct cutting *cutting, const struct stored_entry *stored,
                       struct err *err) {
    const struct feed_entry *entry = &stored->entry;
    struct frame_head head;
    struct view bytes = {0};
    bool named = false;
    enum rc rc = frame_peek(entry->content, &head, err);

    if (rc == RC_OK && is_near(cutting, head.actor, head.first, head.last))
        rc = cut_frame(cutting, entry->content, entry->forks, &bytes, &named, err);
    cutting->holds = cutting->holds || named;
    return rc != RC_OK || bytes.size == 0 ? rc : put_entry(cutting, stored, FEED_FRAME, bytes, err);
}

/* The state with which a record entered. */
static enum rc cut_state(struct cutting *cutting, const struct stored_entry *stored,
                         struct err *err) {
    struct work *work = cutting->work;
    uint8_t entered[CRYPT_HASH_BYTES];
    struct record state;
    struct view packed;
    struct dot record;
    struct buf bytes;
    enum rc rc = feed_record_read(&stored->entry, &record, &packed, err);

    if (rc != RC_OK || !dot_equal(record, cutting->record))
        return rc;
    cutting->holds = true;
    arena_reset(&cutting->arena);
    rc = record_unpack(packed, &cutting->arena, &state, err);
    if (rc == RC_OK)
        rc = merge_erase(&state, cutting->bytes, &cutting->arena, &state, err);
    if (rc == RC_OK)
        rc = feed_entered_hash(&stored->entry, entered, err);
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    buf_clear(&work->scratch);
    if (rc == RC_OK)
        rc = record_pack(&state, &bytes, err);
    if (rc == RC_OK) {
        feed_record_add(&work->scratch, view_of(entered, sizeof(entered)), record,
                        buf_view(&bytes));
        rc = buf_check(&work->scratch, "a feed entry", err);
    }
    buf_release(&bytes);
    if (rc != RC_OK || view_equal(buf_view(&work->scratch), stored->entry.content))
        return rc;
    rc = put_entry(cutting, stored, FEED_ERASED, arena_view(&work->arena, buf_view(&work->scratch)),
                   err);
    return rc == RC_OK ? no_room(work, err) : rc;
}

static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct cutting *cutting = context;
    struct view rest;
    struct dot record;
    enum rc rc = RC_OK;

    switch ((enum entry_kind)stored->entry.kind) {
    case FEED_FRAME:
        if (stored->frame == 0)
            return cut_own(cutting, stored, err);
        cutting->holds = cutting->holds || is_cut(cutting, stored->frame);
        break;
    case FEED_ENTER:
    case FEED_ERASED:
        return cut_state(cutting, stored, err);
    case FEED_REDACT:
        rc = feed_record_read(&stored->entry, &record, &rest, err);
        cutting->told = cutting->told || (rc == RC_OK && dot_equal(record, cutting->record) &&
                                          view_equal(rest, cutting->bytes));
        break;
    case FEED_LEAVE:
    case FEED_OWN:
        break;
    }
    return rc;
}

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct cutting *cutting = context;
    struct stored_feed *row =
        arena_push(&cutting->work->arena, &cutting->feeds, &cutting->feed_count,
                   &cutting->feed_capacity, sizeof(*row));

    if (row == NULL)
        return no_room(cutting->work, err);
    *row = *feed;
    return RC_OK;
}

/* record NULL: it may be any. */
static bool lives_in(const struct work_record *record, const struct stored_feed *feed) {
    for (uint32_t i = 0; record != NULL && i < record->old_area_count; i++)
        if (record->old_areas[i] == feed->area && record->audience == feed->audience)
            return true;
    return false;
}

static enum rc walk_feeds(struct cutting *cutting, const struct work_record *record,
                          struct err *err) {
    const uint64_t everywhere = 0;
    struct store *store = cutting->work->ledger->store;
    enum rc rc = store_feeds(store, &everywhere, 1, UINT8_MAX, feed_visit, cutting, err);

    for (uint32_t i = 0; i < cutting->feed_count && rc == RC_OK; i++) {
        const struct stored_feed *feed = &cutting->feeds[i];
        struct stored_feed *news;

        cutting->holds = lives_in(record, feed);
        cutting->told = false;
        rc = store_entries(store, feed->area, feed->audience, 0, entry_visit, cutting, err);
        if (rc != RC_OK || !cutting->holds || cutting->told)
            continue;
        news = arena_push(&cutting->work->arena, &cutting->news, &cutting->news_count,
                          &cutting->news_capacity, sizeof(*news));
        if (news == NULL)
            return no_room(cutting->work, err);
        *news = *feed;
    }
    return rc;
}

static enum rc tell(struct work *work, uint64_t area, uint8_t audience, struct dot record,
                    struct view bytes, struct err *err) {
    struct stored_entry entry = {
        .entry = {
            .area = area, .audience = audience, .kind = FEED_REDACT, .received_ms = work->now_ms}};
    uint8_t digest[32];

    buf_clear(&work->scratch);
    feed_record_add(&work->scratch, view_text(""), record, bytes);
    for (uint32_t i = 0; i < work->entry_count; i++) {
        const struct feed_entry *known = &work->entries[i].entry;

        if (known->kind == FEED_REDACT && known->area == area && known->audience == audience &&
            view_equal(known->content, buf_view(&work->scratch)))
            return RC_OK;
    }
    entry.entry.content = arena_view(&work->arena, buf_view(&work->scratch));
    feed_entry_digest(&entry.entry, NULL, digest);
    return work_entry(work, entry, digest, err);
}

enum rc redact_tell(struct work *work, const struct work_record *record, uint64_t area,
                    uint8_t audience, struct err *err) {
    enum rc rc = RC_OK;

    if (record == NULL || record->stored.revision != 0)
        return RC_OK; /* told when it came, or when it was ordered */
    for (uint32_t i = 0; i < record->state.erasure_count && rc == RC_OK; i++)
        rc = tell(work, area, audience, record->stored.id, record->state.erasures[i], err);
    return rc;
}

/* --- runs that may not keep their secrets --- */

static enum rc find_redacted(struct work *work, struct err *err) {
    enum rc rc;

    if (work->runs_read)
        return RC_OK;
    rc = work_setting(work, SETTING_RUNS, &work->redacted_runs, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        work->redacted_runs = (struct view){0};
        rc = RC_OK;
    }
    work->runs_read = rc == RC_OK;
    return rc;
}

/* Whether one of the runs from first to last (numbers) of this author is among them. */
static bool is_redacted(const struct work *work, uint64_t actor, uint64_t first, uint64_t last) {
    struct reader in;

    reader_init(&in, work->redacted_runs);
    while (read_left(&in) > 0 && !in.failed) {
        uint64_t of = read_id(&in), run = read_varint(&in);

        if (of == actor && run >= first / 64 && run <= last / 64)
            return true;
    }
    return false;
}

static enum rc keep_runs(struct cutting *cutting, struct err *err) {
    struct work *work = cutting->work;
    struct buf all;
    enum rc rc = find_redacted(work, err);

    buf_init(&all, RUNS_BYTES);
    buf_add_view(&all, work->redacted_runs);
    for (uint32_t i = 0; i < cutting->run_count; i++) {
        const struct salt_run *run = &cutting->runs[i];

        if (is_redacted(work, run->actor, run->run * 64, run->run * 64))
            continue;
        buf_add_id(&all, run->actor);
        buf_add_varint(&all, run->run);
    }
    if (rc == RC_OK)
        rc = buf_check(&all, "the setting of redacted runs", err);
    if (rc == RC_OK && all.size > work->redacted_runs.size)
        rc = work_put_setting(work, SETTING_RUNS, buf_view(&all), err);
    work->runs_read = false;
    buf_release(&all);
    return rc;
}

/* --- all of it --- */

enum rc redact_cut(struct work *work, struct dot record, struct view bytes,
                   const struct erasure *erasure, const struct work_record *loaded,
                   struct err *err) {
    struct cutting cutting = {.work = work, .record = record, .bytes = bytes, .erasure = *erasure};
    enum rc rc;

    arena_init(&cutting.arena, PART_ARENA_BYTES);
    rc = find_runs(&cutting, err);
    if (rc == RC_OK)
        rc = keep_runs(&cutting, err);
    if (rc == RC_OK)
        rc = store_frames(work->ledger->store, 0, frame_visit, &cutting, err);
    if (rc == RC_OK)
        rc = walk_feeds(&cutting, loaded, err);
    for (uint32_t i = 0; i < cutting.news_count && rc == RC_OK; i++)
        rc = tell(work, cutting.news[i].area, cutting.news[i].audience, cutting.record,
                  cutting.bytes, err);
    arena_release(&cutting.arena);
    return rc;
}

/* --- an actor turns out to be a copy of another --- */

/* What this step has filed so far. */
static enum rc cut_step(struct cutting *cutting, struct err *err) {
    struct work *work = cutting->work;
    bool named;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < work->frame_count && rc == RC_OK; i++) {
        struct stored_frame *frame = &work->frames[i];
        struct view bytes = {0};

        if (is_near(cutting, frame->actor, frame->first, frame->last))
            rc = cut_frame(cutting, frame->bytes, frame->forks, &bytes, &named, err);
        if (bytes.size > 0)
            frame->bytes = bytes;
    }
    for (uint32_t i = 0; i < work->entry_count && rc == RC_OK; i++) {
        struct feed_entry *entry = &work->entries[i].entry;
        struct frame_head head;
        struct view bytes = {0};

        if (entry->kind != FEED_FRAME || work->entries[i].frame != 0)
            continue;
        rc = frame_peek(entry->content, &head, err);
        if (rc == RC_OK && is_near(cutting, head.actor, head.first, head.last))
            rc = cut_frame(cutting, entry->content, entry->forks, &bytes, &named, err);
        if (bytes.size > 0)
            entry->content = bytes;
    }
    return rc;
}

/* The runs in the setting whose actor has got another head; they go by both. */
static enum rc find_joined(struct cutting *cutting, struct err *err) {
    struct work *work = cutting->work;
    struct reader in;
    enum rc rc = find_kin(cutting, err);

    reader_init(&in, work->redacted_runs);
    while (rc == RC_OK && read_left(&in) > 0 && !in.failed) {
        uint64_t of = read_id(&in), run = read_varint(&in), head = head_of(cutting, of);
        struct salt_run *joined;

        if (head == of || is_redacted(work, head, run * 64, run * 64))
            continue;
        joined = arena_push(&work->arena, &cutting->runs, &cutting->run_count,
                            &cutting->run_capacity, sizeof(*joined));
        if (joined == NULL)
            return no_room(work, err);
        *joined = (struct salt_run){head, run};
    }
    return rc == RC_OK ? reader_check(&in, "the setting of redacted runs", err) : rc;
}

enum rc redact_kin(struct work *work, struct err *err) {
    struct cutting cutting = {.work = work}; /* it names no change: nothing but secrets goes */
    uint32_t before = work->cut_frame_count;
    enum rc rc = find_redacted(work, err);

    if (rc != RC_OK || work->redacted_runs.size == 0)
        return rc;
    arena_init(&cutting.arena, PART_ARENA_BYTES);
    rc = find_joined(&cutting, err);
    if (rc == RC_OK && cutting.run_count > 0) {
        rc = keep_runs(&cutting, err);
        if (rc == RC_OK)
            rc = store_frames(work->ledger->store, 0, frame_visit, &cutting, err);
        if (rc == RC_OK)
            rc = walk_feeds(&cutting, NULL, err);
        if (rc == RC_OK)
            rc = cut_step(&cutting, err);
    }
    arena_release(&cutting.arena);
    work->scrub = work->scrub || work->cut_frame_count > before;
    return rc;
}

/* The state whose erasures may name change i. Of one that was here before the fate has none. */
static enum rc state_of(struct work *work, uint64_t actor, const struct frame *frame,
                        const struct fate *const *fates, uint32_t i, const struct record **out,
                        struct err *err) {
    uint64_t number = frame->changes[i].change.dot.number;
    struct work_record *record = NULL;
    enum rc rc = RC_OK;

    *out = NULL;
    if (fates[i]->record != NULL)
        *out = &fates[i]->record->state;
    else if (fates[i]->change != NULL && is_redacted(work, actor, number, number))
        rc = work_record(work, fates[i]->change->record, &record, err);
    if (record != NULL)
        *out = &record->state;
    return rc;
}

enum rc redact_filed(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     const struct stored_frame *as, struct frame *out, struct view *bytes,
                     struct err *err) {
    struct frame_head head;
    struct lineage lineage;
    bool erased;
    enum rc rc = find_redacted(work, err);

    *out = *frame;
    *bytes = as->bytes;
    if (rc != RC_OK || work->redacted_runs.size == 0)
        return rc;
    rc = frame_peek(as->bytes, &head, err);
    if (rc != RC_OK || !is_redacted(work, head.actor, head.first, head.last))
        return rc;
    /* From the bytes: the frame may be read under a fork's name already. */
    rc = frame_decode_raw(as->bytes, work->inflater, &work->arena, out, err);
    if (rc == RC_OK)
        rc = lineage_decode(as->forks, &work->arena, &lineage, err);
    if (rc == RC_OK && out->count != frame->count)
        rc = err_set(err, RC_CORRUPT, "a frame differs from its bytes");
    for (uint32_t i = 0; rc == RC_OK && i < frame->count; i++) {
        const struct record *state = NULL;

        rc = state_of(work, head.actor, frame, fates, i, &state, err);
        if (rc == RC_OK && state != NULL)
            rc = erasure_apply_all(state, &lineage, &out->changes[i].change, &work->arena, &erased,
                                   err);
    }
    buf_clear(&work->scratch);
    if (rc == RC_OK)
        rc = frame_encode(out, NULL, NULL, work->deflater, &work->scratch, err);
    *bytes = arena_view(&work->arena, buf_view(&work->scratch));
    return rc != RC_OK ? rc : no_room(work, err);
}
