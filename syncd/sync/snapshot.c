/* snapshot.c: see snapshot.h.
 *
 * A snapshot's position is read before its records: states may be younger than the position, and
 * the entries that made them so are then contained twice, which is nothing to merge. A record that
 * has left the area is told first of all, so that a tablet which had it before lets go of it; so
 * are erasures.
 *
 * To make one costs as much as to take in all of its records, and where these were hardly ever
 * edited it is not shorter than the history, whose frames of hundreds of changes pack as well. So
 * some records are looked at first; and when an eighth of the changes stand in it, it is told what
 * it would come to: a record's state beside its share of the history. */
#include "syncd/sync/snapshot.h"

#include "base/crypt.h"

#define ENTRY_OVERHEAD 16u /* bytes around an entry in an answer, about */
/* Merging a change, or a state, takes a tablet as long as so many bytes take on a link of 1 Mbit/s.
 * What a history and a snapshot cost is counted in bytes with this added. */
#define MERGE_BYTES    8u
#define SAMPLE_RECORDS 500u
#define FORETOLD_SLACK 64u /* costs of gigabytes times millions of changes must fit */
#define NOTE_ARENA     (16u * 1024u * 1024u)
#define LANES_ARENA    (16u * 1024u * 1024u)

static uint64_t tail_least(const struct office *office) {
    return office->snapshot_tail_bytes != 0 ? office->snapshot_tail_bytes : SNAPSHOT_TAIL_BYTES;
}

/* ---- what there is ---- */

struct choice {
    const struct stored_feed *feed;
    const struct want *wants;
    uint32_t want_count;
    uint64_t after, actor;
    struct arena *arena;
    struct stored_snapshot wanted, newest; /* chunk_count 0: none */
    uint64_t weighed;                      /* what a history weighed that was not longer; 0: none */
    uint32_t next;                         /* of wanted */
};

static enum rc choice_visit(void *context, const struct stored_snapshot *snapshot,
                            struct err *err) {
    struct choice *choice = context;

    (void)err;
    if (snapshot->audience != choice->feed->audience || snapshot->position > choice->feed->position)
        return RC_OK;
    if (snapshot->chunk_count == 0) {
        choice->weighed = snapshot->bytes > choice->weighed ? snapshot->bytes : choice->weighed;
        return RC_OK;
    }
    choice->newest = *snapshot; /* they come in order of position */
    choice->newest.manifest = arena_view(choice->arena, snapshot->manifest);
    for (uint32_t i = 0; i < choice->want_count; i++) {
        if (memcmp(choice->wants[i].name, snapshot->name, sizeof(snapshot->name)) == 0 &&
            choice->wants[i].next < snapshot->chunk_count && snapshot->position > choice->after) {
            choice->wanted = choice->newest;
            choice->next = choice->wants[i].next;
        }
    }
    return RC_OK;
}

static enum rc look(struct store *store, struct choice *choice, struct err *err) {
    enum rc rc;

    choice->wanted = choice->newest = (struct stored_snapshot){0};
    choice->weighed = 0;
    rc = store_snapshots(store, choice->feed->area, choice_visit, choice, err);
    return rc == RC_OK ? arena_check(choice->arena, "an answer", err) : rc;
}

static uint64_t cost_of(const struct stored_snapshot *snapshot) {
    return snapshot->bytes + (uint64_t)snapshot->record_count * MERGE_BYTES;
}

/* What the entries after this position cost the tablet with this actor: its own come back as
 * numbers only. */
static enum rc weigh(struct store *store, const struct stored_feed *feed, uint64_t after,
                     uint64_t actor, uint64_t *cost, uint64_t *changes, struct err *err) {
    struct feed_weight weight = {0};
    enum rc rc = store_feed_weight(store, feed->area, feed->audience, after, actor, &weight, err);

    *changes = weight.changes;
    *cost = rc != RC_OK ? 0
                        : weight.bytes + weight.changes * MERGE_BYTES +
                              (feed->position - after) * ENTRY_OVERHEAD;
    return rc;
}

/* ---- making one ---- */

struct making {
    struct ledger *ledger;
    struct stored_feed feed;
    uint64_t most;                       /* that it may cost */
    uint64_t tail_changes, tail_entries; /* of the history */
    uint64_t changes;                    /* that the states so far stand for */
    size_t chunk_bytes;
    struct arena arena;
    struct snapshot_lanes *lanes;
    struct zip_deflater *deflater;
    struct buf bytes; /* all chunks, one behind the other */
    struct snapshot_piece *pieces;
    uint32_t piece_count, piece_capacity;
    uint32_t record_count;
    bool lost; /* it is not shorter than the history */
    struct buf manifest;
    struct stored_snapshot row;
};

static bool lives_in(const struct stored_record *record, uint64_t area, uint8_t audience) {
    for (uint32_t i = 0; i < record->area_count; i++)
        if (record->areas[i] == area)
            return record->audience == audience;
    return false;
}

/* Records that have left and not come back. What was erased stands in the states. */
static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct making *making = context;
    struct stored_record record;
    struct arena arena;
    struct view rest;
    struct dot id;
    enum rc rc;

    if (stored->entry.position > making->feed.position)
        return RC_NOT_FOUND;
    if (stored->entry.kind != FEED_LEAVE)
        return RC_OK;
    rc = feed_record_read(&stored->entry, &id, &rest, err);
    if (rc != RC_OK)
        return rc;
    arena_init(&arena, NOTE_ARENA);
    rc = store_record(making->ledger->store, id, &arena, &record, err);
    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && !lives_in(&record, making->feed.area, making->feed.audience))) {
        err_clear(err);
        rc = RC_OK;
        snapshot_add_entry(making->lanes, &stored->entry);
    }
    arena_release(&arena);
    return rc;
}

/* Whether it will cost more than it may, going by what stands in it. */
static bool will_be_lost(const struct making *making) {
    uint64_t cost = making->bytes.size + (uint64_t)making->record_count * MERGE_BYTES;

    return making->tail_changes > 0 && making->changes >= making->tail_changes / 8 &&
           cost / FORETOLD_SLACK * making->tail_changes >
               making->most / FORETOLD_SLACK * making->changes / 20 * 21;
}

static enum rc end_chunk(struct making *making, struct err *err) {
    size_t before = making->bytes.size;
    struct snapshot_piece *piece;
    enum rc rc = snapshot_end_chunk(making->lanes, making->deflater, &making->bytes, err);

    if (rc != RC_OK)
        return rc;
    piece = arena_push(&making->arena, &making->pieces, &making->piece_count,
                       &making->piece_capacity, sizeof(*piece));
    if (piece == NULL)
        return arena_check(&making->arena, "a snapshot", err);
    piece->bytes = (uint32_t)(making->bytes.size - before);
    snapshot_chunk_hash(view_of(making->bytes.data + before, piece->bytes), piece->hash);
    making->lost =
        making->bytes.size + (uint64_t)making->record_count * MERGE_BYTES > making->most ||
        will_be_lost(making) || making->bytes.size > LIMIT_SNAPSHOT_BYTES ||
        piece->bytes > LIMIT_SNAPSHOT_CHUNK_BYTES || making->piece_count == LIMIT_SNAPSHOT_CHUNKS;
    return RC_OK;
}

static enum rc record_visit(void *context, const struct stored_record *record, struct err *err) {
    struct making *making = context;
    enum rc rc;

    if (record->packed.size == 0 || !lives_in(record, making->feed.area, making->feed.audience))
        return RC_OK;
    rc = snapshot_add_record(making->lanes, record->packed, err);
    making->record_count++;
    making->changes += record_packed_changes(record->packed);
    if (rc == RC_OK && snapshot_open_bytes(making->lanes) >= making->chunk_bytes)
        rc = end_chunk(making, err);
    return rc == RC_OK && making->lost ? RC_NOT_FOUND : rc;
}

struct sample {
    const struct making *making;
    uint64_t records, changes;
};

static enum rc sample_visit(void *context, const struct stored_record *record, struct err *err) {
    struct sample *sample = context;
    const struct stored_feed *feed = &sample->making->feed;

    (void)err;
    if (record->packed.size == 0 || !lives_in(record, feed->area, feed->audience))
        return RC_OK;
    sample->records++;
    sample->changes += record_packed_changes(record->packed);
    return sample->records < SAMPLE_RECORDS ? RC_OK : RC_NOT_FOUND;
}

/* Whether the history is long frames, and hardly anything in it took the place of something else.
 */
static enum rc is_hopeless(const struct making *making, bool *out, struct err *err) {
    struct sample sample = {.making = making};
    enum rc rc = RC_OK;

    *out = false;
    if (making->tail_changes / 64 < making->tail_entries)
        return RC_OK;
    rc = store_list(making->ledger->store, view_text(""), making->feed.area, (struct dot){0, 0},
                    sample_visit, &sample, err);
    *out = sample.records == SAMPLE_RECORDS && sample.changes * 9 < sample.records * 10;
    return rc;
}

static enum rc make_chunks(struct making *making, struct err *err) {
    struct store *store = making->ledger->store;
    const struct stored_feed *feed = &making->feed;
    enum rc rc = is_hopeless(making, &making->lost, err);

    if (rc == RC_OK && !making->lost)
        rc = store_entries(store, feed->area, feed->audience, 0, entry_visit, making, err);
    if (rc == RC_OK && !making->lost)
        rc = store_list(store, view_text(""), feed->area, (struct dot){0, 0}, record_visit, making,
                        err);
    if (rc == RC_OK && !making->lost &&
        (snapshot_open_bytes(making->lanes) > 0 || making->piece_count == 0))
        rc = end_chunk(making, err);
    return rc;
}

/* The row. Where it is lost: one that says how much history there must be more of. */
static enum rc make_row(struct making *making, uint64_t tail, struct err *err) {
    struct snapshot snapshot = {.area = making->feed.area,
                                .audience = making->feed.audience,
                                .position = making->feed.position,
                                .record_count = making->record_count,
                                .chunk_count = making->piece_count,
                                .chunks = making->pieces};
    struct stored_snapshot *row = &making->row;

    memcpy(snapshot.chain, making->feed.chain, sizeof(snapshot.chain));
    if (making->lost)
        snapshot.chunk_count = 0;
    snapshot_write(&snapshot, &making->manifest);
    *row = (struct stored_snapshot){.area = snapshot.area,
                                    .audience = snapshot.audience,
                                    .position = snapshot.position,
                                    .record_count = snapshot.record_count,
                                    .chunk_count = snapshot.chunk_count,
                                    .bytes = making->lost ? tail : making->bytes.size,
                                    .manifest = buf_view(&making->manifest)};
    snapshot_name(row->manifest, row->name);
    return buf_check(&making->manifest, "a snapshot", err);
}

/* ---- putting it away, and what has had its time ---- */

struct ageing {
    struct work *work;
    const struct stored_snapshot *row;
    struct stored_snapshot last; /* of this feed */
};

static enum rc drop(struct work *work, const struct stored_snapshot *snapshot, struct err *err) {
    struct stored_snapshot *row = WORK_ADD(work, dropped, dropped_count, dropped_capacity);

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *snapshot;
    row->manifest = (struct view){0};
    return RC_OK;
}

static enum rc age_visit(void *context, const struct stored_snapshot *snapshot, struct err *err) {
    struct ageing *ageing = context;
    struct stored_snapshot before = ageing->last;
    int64_t now_ms = ageing->work->now_ms;

    if (snapshot->audience != ageing->row->audience)
        return RC_OK;
    if (snapshot->chunk_count == 0)
        return drop(ageing->work, snapshot, err);
    ageing->last = *snapshot;
    return before.chunk_count > 0 && snapshot->made_ms + SNAPSHOT_KEPT_MS < now_ms
               ? drop(ageing->work, &before, err)
               : RC_OK;
}

static enum rc redaction_visit(void *context, const struct stored_entry *entry, struct err *err) {
    bool *redacted = context;

    (void)err;
    *redacted = *redacted || entry->entry.kind == FEED_REDACT;
    return RC_OK;
}

/* It was made beside the writer. What the law has erased of it meanwhile must not come back in it:
 * then it is not put, and the next tablet has one made again. */
static enum rc put_act(void *context, struct work *work, struct err *err) {
    struct making *making = context;
    struct ageing ageing = {.work = work, .row = &making->row};
    struct stored_snapshot *row;
    size_t at = 0;
    bool redacted = false;
    enum rc rc = store_entries(work->ledger->store, making->row.area, making->row.audience,
                               making->row.position, redaction_visit, &redacted, err);

    if (rc == RC_OK && !redacted)
        rc = store_snapshots(work->ledger->store, making->row.area, age_visit, &ageing, err);
    if (rc != RC_OK || redacted)
        return rc;
    row = WORK_ADD(work, snapshots, snapshot_count, snapshot_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = making->row;
    row->made_ms = work->now_ms;
    for (uint32_t i = 0; i < row->chunk_count; i++) {
        struct stored_chunk *chunk = WORK_ADD(work, chunks, chunk_count, chunk_capacity);

        if (chunk == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        memcpy(chunk->name, row->name, sizeof(chunk->name));
        chunk->index = i;
        chunk->bytes = view_of(making->bytes.data + at, making->pieces[i].bytes);
        at += making->pieces[i].bytes;
    }
    return RC_OK;
}

static enum rc make(const struct office *office, struct ledger *ledger,
                    const struct stored_feed *feed, uint64_t tail, uint64_t tail_changes,
                    uint64_t tail_entries, struct err *err) {
    struct making making = {.ledger = ledger,
                            .feed = *feed,
                            .tail_changes = tail_changes,
                            .tail_entries = tail_entries};
    int64_t start_ms = env_monotonic_ms(office->env);
    enum rc rc;

    making.most = tail / 10 * 9;
    making.chunk_bytes =
        office->snapshot_chunk_bytes != 0 ? office->snapshot_chunk_bytes : SNAPSHOT_CHUNK_TARGET;
    arena_init(&making.arena, LANES_ARENA);
    buf_init(&making.bytes, LIMIT_SNAPSHOT_BYTES + LIMIT_SNAPSHOT_CHUNK_BYTES);
    buf_init(&making.manifest, LIMIT_EXCHANGE_BYTES);
    rc = snapshot_lanes_new(&making.arena, &making.lanes, err);
    if (rc == RC_OK)
        rc = zip_deflater_new(ZIP_LEVEL_DEFAULT, &making.deflater, err);
    if (rc == RC_OK)
        rc = make_chunks(&making, err);
    if (rc == RC_OK)
        rc = make_row(&making, tail, err);
    if (rc == RC_OK)
        rc = office_act(office, put_act, &making, err);
    if (rc == RC_OK)
        log_info(office->log, LOG_EVENT("snapshot.made"), LOG_UINT("area", feed->area),
                 LOG_UINT("position", feed->position), LOG_UINT("records", making.record_count),
                 LOG_UINT("chunks", making.row.chunk_count), LOG_UINT("bytes", making.bytes.size),
                 LOG_UINT("history", tail),
                 LOG_INT("ms", env_monotonic_ms(office->env) - start_ms));
    zip_deflater_free(making.deflater);
    snapshot_lanes_release(making.lanes);
    buf_release(&making.bytes);
    buf_release(&making.manifest);
    arena_release(&making.arena);
    return rc;
}

/* ---- which one ---- */

/* Whether the newest one, and what came after it, is what the tablet should have. */
static enum rc newest_serves(const struct office *office, struct store *store,
                             const struct choice *choice, uint64_t tail, bool *serves,
                             struct err *err) {
    uint64_t rest = 0, changes;
    enum rc rc = RC_OK;

    *serves = false;
    if (choice->newest.chunk_count == 0 || choice->newest.position <= choice->after)
        return RC_OK;
    rc = weigh(store, choice->feed, choice->newest.position, choice->actor, &rest, &changes, err);
    *serves = rest <= tail_least(office) + cost_of(&choice->newest) / 2 &&
              cost_of(&choice->newest) + rest <= tail / 10 * 9;
    return rc;
}

/* Making one takes a room, as decoding batches does: what all of them hold in memory together is
 * bounded, and of several new tablets of one area the later ones find what the first has made. */
static enum rc make_or_find(const struct office *office, struct ledger *ledger,
                            struct choice *choice, uint64_t tail, uint64_t tail_changes,
                            bool *serves, struct err *err) {
    struct ingest_room *room = office->enter(office->context);
    enum rc rc = look(ledger->store, choice, err);

    if (rc == RC_OK)
        rc = newest_serves(office, ledger->store, choice, tail, serves, err);
    if (rc == RC_OK && !*serves && tail > choice->weighed + choice->weighed / 2) {
        rc = make(office, ledger, choice->feed, tail, tail_changes,
                  choice->feed->position - choice->after, err);
        if (rc == RC_OK)
            rc = look(ledger->store, choice, err);
        if (rc == RC_OK)
            rc = newest_serves(office, ledger->store, choice, tail, serves, err);
    }
    office->leave(office->context, room);
    return rc;
}

enum rc snapshot_choose(const struct office *office, struct ledger *ledger,
                        const struct stored_feed *feed, uint64_t after, uint64_t actor,
                        const struct want *wants, uint32_t want_count, struct arena *arena,
                        struct stored_snapshot *out, uint32_t *first, struct err *err) {
    struct choice choice = {
        .feed = feed, .wants = wants, .want_count = want_count, .after = after, .arena = arena};
    uint64_t tail = 0, tail_changes = 0;
    bool serves = false;
    enum rc rc = look(ledger->store, &choice, err);

    *out = (struct stored_snapshot){0};
    *first = 0;
    if (rc != RC_OK)
        return rc;
    if (choice.wanted.chunk_count > 0) {
        *out = choice.wanted;
        *first = choice.next;
        return RC_OK;
    }
    rc = weigh(ledger->store, feed, after, actor, &tail, &tail_changes, err);
    if (rc != RC_OK || tail < tail_least(office))
        return rc;
    rc = newest_serves(office, ledger->store, &choice, tail, &serves, err);
    /* A new one would hardly be smaller than the last. */
    if (rc == RC_OK && !serves && tail > choice.weighed + choice.weighed / 2 &&
        tail > cost_of(&choice.newest))
        rc = make_or_find(office, ledger, &choice, tail, tail_changes, &serves, err);
    if (rc == RC_OK && serves)
        *out = choice.newest;
    return rc;
}

/* ---- what must not be given any more ---- */

struct search {
    struct work *work;
    struct dot record;
    struct stored_snapshot *all;
    uint32_t count, capacity;
    struct snapshot_lanes *lanes;
    struct arena arena; /* of one chunk, of one record */
};

static enum rc search_visit(void *context, const struct stored_snapshot *snapshot,
                            struct err *err) {
    struct search *search = context;
    struct work *work = search->work;
    struct stored_snapshot *row =
        arena_push(&work->arena, &search->all, &search->count, &search->capacity, sizeof(*row));

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = *snapshot;
    row->manifest = (struct view){0};
    return RC_OK;
}

static enum rc chunk_holds(struct search *search, const struct stored_snapshot *snapshot,
                           uint32_t index, bool *holds, struct err *err) {
    struct work *work = search->work;
    struct view chunk;
    enum rc rc;

    arena_reset(&search->arena);
    rc = store_chunk(work->ledger->store, snapshot->name, index, &search->arena, &chunk, err);
    if (rc == RC_OK)
        rc = snapshot_open_chunk(search->lanes, chunk, work->inflater, err);
    while (rc == RC_OK && !*holds) {
        struct record record;

        buf_clear(&work->scratch);
        rc = snapshot_next_record(search->lanes, &work->scratch, err);
        arena_reset(&search->arena);
        if (rc == RC_OK)
            rc = record_unpack(buf_view(&work->scratch), &search->arena, &record, err);
        *holds = rc == RC_OK && dot_equal(record.id, search->record);
    }
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

enum rc snapshot_drop_holding(struct work *work, struct dot record, struct err *err) {
    struct search search = {.work = work, .record = record};
    enum rc rc;

    arena_init(&search.arena, 256u * 1024u * 1024u);
    rc = snapshot_lanes_new(&work->arena, &search.lanes, err);
    if (rc == RC_OK)
        rc = store_snapshots(work->ledger->store, 0, search_visit, &search, err);
    for (uint32_t i = 0; i < search.count && rc == RC_OK; i++) {
        bool holds = false;

        for (uint32_t index = 0; index < search.all[i].chunk_count && rc == RC_OK && !holds;
             index++)
            rc = chunk_holds(&search, &search.all[i], index, &holds, err);
        if (rc == RC_OK && holds)
            rc = drop(work, &search.all[i], err);
    }
    snapshot_lanes_release(search.lanes);
    arena_release(&search.arena);
    return rc;
}
