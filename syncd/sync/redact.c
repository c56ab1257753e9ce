/* redact.c: see redact.h.
 *
 * Which frames hold a change? Its own, as the index says; but a batch that overlapped what was
 * known repeats it in another, and the secret of its run of 64 numbers stands in every frame that
 * the author cut from that run, also under a fork's name, because a copied tablet draws the same
 * secrets. So the whole log is walked and everything of the same family of actors and the same runs
 * is looked at. The feeds are walked for the same reason. */
#include "syncd/sync/redact.h"

#include "base/crypt.h"
#include "base/file.h"
#include "schema/limits.h"
#include "syncd/sync/news.h"
#include "syncd/sync/redactions.h"

#include <stdio.h>
#include <stdlib.h>

#define PART_ARENA_BYTES (256u * 1024u * 1024u)
#define WAITING_BYTES    (64u * 1024u * 1024u)
#define SETTING_WAITING  "redactions waiting"

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

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

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

static enum rc find_runs(struct cutting *cutting, struct err *err) {
    enum rc rc = store_actors(cutting->work->ledger->store, kin_visit, cutting, err);

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

/* *out is empty when the frame stays as it is. *named: something in it is erased, now or before. */
static enum rc cut_frame(struct cutting *cutting, struct view bytes, uint64_t as_actor,
                         uint64_t as_from, struct view *out, bool *named, struct err *err) {
    struct work *work = cutting->work;
    struct frame_head head;
    struct erasure own;
    struct frame frame;
    enum rc rc;

    *out = (struct view){0};
    *named = false;
    arena_reset(&cutting->arena);
    rc = frame_peek(bytes, &head, err);
    if (rc == RC_OK)
        rc = frame_decode(bytes, work->inflater, &cutting->arena, &frame, err);
    if (rc == RC_OK)
        rc = erasure_unnamed(&cutting->erasure, frame.actor, as_actor, as_from, &cutting->arena,
                             &own, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++) {
        bool done = false;

        rc = erasure_apply(&own, &frame.changes[i].change, &cutting->arena, &done, err);
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
    rc = cut_frame(cutting, stored->bytes, stored->as_actor, stored->as_from, &bytes, &named, err);
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
        rc = cut_frame(cutting, entry->content, entry->as_actor, entry->as_from, &bytes, &named,
                       err);
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

static bool lives_in(const struct work_record *record, const struct stored_feed *feed) {
    for (uint32_t i = 0; i < record->old_area_count; i++)
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

static enum rc tell_feed(struct cutting *cutting, const struct stored_feed *feed, struct err *err) {
    struct work *work = cutting->work;
    struct stored_entry entry = {.entry = {.area = feed->area,
                                           .audience = feed->audience,
                                           .kind = FEED_REDACT,
                                           .received_ms = work->now_ms}};
    uint8_t digest[32];

    buf_clear(&work->scratch);
    feed_record_add(&work->scratch, view_text(""), cutting->record, cutting->bytes);
    entry.entry.content = arena_view(&work->arena, buf_view(&work->scratch));
    feed_entry_digest(&entry.entry, NULL, digest);
    return work_entry(work, entry, digest, err);
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
    while (rc == RC_OK && read_left(&in) > 0) {
        struct dot named = {.actor = read_id(&in)};
        struct view erasure;

        named.number = read_varint(&in);
        erasure = read_sized(&in);
        rc = reader_check(&in, "the setting of waiting redactions", err);
        if (rc == RC_OK && dot_equal(named, record))
            rc = merge_erase(state, erasure, &work->arena, state, err);
    }
    return rc;
}

static enum rc wait_for_record(struct cutting *cutting, struct err *err) {
    struct work *work = cutting->work;
    struct buf all;
    enum rc rc = find_waiting(work, err);

    buf_init(&all, WAITING_BYTES);
    if (rc == RC_OK) {
        buf_add_view(&all, work->waiting_redactions);
        buf_add_id(&all, cutting->record.actor);
        buf_add_varint(&all, cutting->record.number);
        buf_add_sized(&all, cutting->bytes);
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

static enum rc erase_record(struct cutting *cutting, struct work_record *record, bool *news,
                            struct err *err) {
    *news = !has_erasure(&record->state, cutting->bytes);
    if (!*news)
        return RC_OK;
    if (record->stored.revision == 0)
        return wait_for_record(cutting, err);
    record->touched = true;
    return merge_erase(&record->state, cutting->bytes, &cutting->work->arena, &record->state, err);
}

enum rc redact_again(struct work *work, struct dot record, struct view erasure, bool *news,
                     struct err *err) {
    struct cutting cutting = {
        .work = work, .record = record, .bytes = arena_view(&work->arena, erasure)};
    struct work_record *loaded = NULL;
    enum rc rc = erasure_decode(cutting.bytes, &work->arena, &cutting.erasure, err);

    arena_init(&cutting.arena, PART_ARENA_BYTES);
    if (rc == RC_OK)
        rc = find_runs(&cutting, err);
    if (rc == RC_OK)
        rc = store_frames(work->ledger->store, 0, frame_visit, &cutting, err);
    if (rc == RC_OK)
        rc = work_record(work, record, &loaded, err);
    if (rc == RC_OK)
        rc = walk_feeds(&cutting, loaded, err);
    for (uint32_t i = 0; i < cutting.news_count && rc == RC_OK; i++)
        rc = tell_feed(&cutting, &cutting.news[i], err);
    if (rc == RC_OK)
        rc = erase_record(&cutting, loaded, news, err);
    arena_release(&cutting.arena);
    return rc == RC_OK ? no_room(work, err) : rc;
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
    enum rc rc;

    if (naming->serial == serial)
        return RC_OK;
    arena_reset(&naming->arena);
    naming->serial = 0;
    rc = store_frame(naming->work->ledger->store, serial, &naming->arena, &stored, err);
    if (rc == RC_OK)
        rc =
            frame_decode(stored.bytes, naming->work->inflater, &naming->arena, &naming->frame, err);
    if (rc == RC_OK && stored.as_actor != 0)
        rc = frame_rename(&naming->frame, naming->frame.actor, stored.as_from, stored.as_actor,
                          &naming->arena, err);
    if (rc == RC_OK)
        naming->serial = serial;
    return rc;
}

static bool has_something(const struct erasure *scope, const struct change *change) {
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (change->entries[i].value.type != VALUE_ERASED &&
            erasure_covers(scope, change->entries[i].instance, change->entries[i].field))
            return true;
    return scope->cell_count == 0 && (change->reason.size > 0 || change->evidence_count > 0);
}

static int dot_order(const void *left, const void *right) {
    return dot_compare(*(const struct dot *)left, *(const struct dot *)right);
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

static enum rc order(struct work *work, const struct office *office,
                     const struct redaction *redaction, struct view erasure, struct err *err) {
    char path[FILE_PATH_BYTES_MAX];
    bool news = false;
    int size = snprintf(path, sizeof(path), "%s/redactions", office->directory);
    enum rc rc = RC_OK;

    if (size < 0 || (size_t)size >= sizeof(path))
        return err_set(err, RC_LIMIT, "%s: the path is too long; use a shorter folder",
                       office->directory);
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
