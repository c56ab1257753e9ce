/* sqlite_log.c: the log of frames, the feeds that refer to it, and the staff log. */
#include "syncd/store/sqlite.h"

/* --- frames --- */

static enum rc inflow_add(struct sqlite *sqlite, const struct stored_inflow *sum, struct err *err) {
    struct statement *add = sqlite->sql[SQL_INFLOW_ADD];

    if (sum->frames == 0)
        return RC_OK;
    statement_bind_i64(add, 1, sum->day);
    statement_bind_i64(add, 2, bits(sum->area));
    statement_bind_i64(add, 3, bits(sum->frames));
    statement_bind_i64(add, 4, bits(sum->changes));
    return statement_run(add, err);
}

/* Frames of one area stand side by side, mostly. */
static enum rc inflow_note(struct sqlite *sqlite, const struct stored_frame *frame,
                           struct stored_inflow *open, struct err *err) {
    int64_t day = inflow_day(frame->received_ms);
    enum rc rc = RC_OK;

    if (open->day != day || open->area != frame->area) {
        rc = inflow_add(sqlite, open, err);
        *open = (struct stored_inflow){.day = day, .area = frame->area};
    }
    open->frames++;
    open->changes += frame_span(frame);
    return rc;
}

enum rc sqlite_inflow(struct store *store, int64_t from_day, int64_t to_day,
                      store_visit_inflow *visit, void *context, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_INFLOW];
    enum rc rc;

    statement_bind_i64(row, 1, from_day);
    statement_bind_i64(row, 2, to_day);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_inflow sum = {.day = statement_i64(row, 0),
                                    .area = column_bits(row, 1),
                                    .frames = column_bits(row, 2),
                                    .changes = column_bits(row, 3)};

        rc = visit(context, &sum, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(row);
    return rc;
}

enum rc frames_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct store_counts *counts = &sqlite->county.counts;
    struct statement *add = sqlite->sql[SQL_FRAME_ADD];
    struct stored_inflow inflow = {.frames = 0};
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->frame_count && rc == RC_OK; i++) {
        const struct stored_frame *frame = &delta->frames[i];

        statement_bind_i64(add, 1, bits(++counts->frames));
        statement_bind_i64(add, 2, bias(frame->actor));
        statement_bind_blob(add, 3, frame->forks);
        statement_bind_i64(add, 4, bits(frame->first));
        statement_bind_i64(add, 5, bits(frame->last));
        statement_bind_i64(add, 6, bits(frame->area));
        statement_bind_i64(add, 7, frame->audience);
        statement_bind_i64(add, 8, bits(frame->form));
        statement_bind_i64(add, 9, frame->received_ms);
        statement_bind_i64(add, 10, frame->offset_ms);
        statement_bind_i64(add, 11, bits(frame->carrier));
        statement_bind_blob(add, 12, frame->bytes);
        rc = statement_run(add, err);
        counts->bytes_log += frame->bytes.size;
        if (rc == RC_OK)
            rc = inflow_note(sqlite, frame, &inflow, err);
    }
    return rc == RC_OK ? inflow_add(sqlite, &inflow, err) : rc;
}

static void frame_row(struct statement *row, struct arena *arena, struct stored_frame *out) {
    *out = (struct stored_frame){
        .serial = column_bits(row, 0),
        .actor = column_name(row, 1),
        .forks = column_blob(row, 2, arena),
        .first = column_bits(row, 3),
        .last = column_bits(row, 4),
        .area = column_bits(row, 5),
        .audience = (uint8_t)statement_i64(row, 6),
        .form = column_bits(row, 7),
        .received_ms = statement_i64(row, 8),
        .offset_ms = statement_i64(row, 9),
        .carrier = column_bits(row, 10),
        .bytes = column_blob(row, 11, arena),
    };
}

enum rc sqlite_frame(struct store *store, uint64_t serial, struct arena *arena,
                     struct stored_frame *out, struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FRAME];
    enum rc rc;

    statement_bind_i64(row, 1, bits(serial));
    rc = statement_one(row, err);
    if (rc == RC_OK) {
        frame_row(row, arena, out);
        statement_reset(row);
        rc = arena_check(arena, "a frame", err);
    }
    return rc;
}

/* Positions and serials are small; whoever asks for what lies after a number that no row can have
 * is asking for nothing. */
static int64_t after_bits(uint64_t after) {
    return after > INT64_MAX ? INT64_MAX : (int64_t)after;
}

enum rc sqlite_frames(struct store *store, uint64_t after, store_visit_frame *visit, void *context,
                      struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FRAMES];
    enum rc rc;

    statement_bind_i64(row, 1, after_bits(after));
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_frame frame;

        frame_row(row, NULL, &frame);
        rc = visit(context, &frame, err);
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}

/* --- feeds --- */

static enum rc feed_row(struct statement *row, struct stored_feed *out, struct err *err) {
    *out = (struct stored_feed){
        .area = column_bits(row, 1),
        .audience = (uint8_t)statement_i64(row, 2),
        .position = column_bits(row, 3),
    };
    return column_bytes(row, 4, out->chain, sizeof out->chain, err);
}

/* id 0 where there is no such feed yet. */
static enum rc feed_find(struct sqlite *sqlite, uint64_t area, uint8_t audience, int64_t *id,
                         struct stored_feed *out, struct err *err) {
    struct statement *row = sqlite->sql[SQL_FEED];
    enum rc rc;

    *id = 0;
    *out = (struct stored_feed){.area = area, .audience = audience};
    statement_bind_i64(row, 1, bits(area));
    statement_bind_i64(row, 2, audience);
    rc = statement_one(row, err);
    if (rc == RC_NOT_FOUND) {
        return RC_OK;
    }
    if (rc == RC_OK) {
        *id = statement_i64(row, 0);
        rc = feed_row(row, out, err);
        statement_reset(row);
    }
    return rc;
}

enum rc sqlite_feed(struct store *store, uint64_t area, uint8_t audience, struct stored_feed *out,
                    struct err *err) {
    int64_t id;

    return feed_find(sqlite_of(store), area, audience, &id, out, err);
}

enum rc sqlite_feed_chain(struct store *store, uint64_t area, uint8_t audience, uint64_t position,
                          uint8_t *out, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *row = sqlite->sql[SQL_ENTRY_CHAIN];
    struct stored_feed feed;
    int64_t id;
    enum rc rc = feed_find(sqlite, area, audience, &id, &feed, err);

    if (rc == RC_OK && (id == 0 || position > feed.position)) {
        return RC_NOT_FOUND;
    }
    if (rc == RC_OK) {
        statement_bind_i64(row, 1, (id << LOW_BITS) | bits(position));
        rc = statement_one(row, err);
    }
    if (rc == RC_OK) {
        rc = column_bytes(row, 0, out, 32, err);
        statement_reset(row);
    }
    return rc;
}

/* Ranges of areas either lie in each other or apart, so going up from low to low and skipping
 * what was covered visits each feed once and in order. */
enum rc sqlite_feeds(struct store *store, const uint64_t *areas, uint32_t area_count,
                     uint8_t audience_mask, store_visit_feed *visit, void *context,
                     struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_FEEDS];
    uint64_t from = 0; /* what lies below was visited */
    enum rc rc = RC_OK;

    while (rc == RC_OK) {
        struct area_range next = {UINT64_MAX, 0};

        for (uint32_t i = 0; i < area_count; i++) {
            struct area_range range = area_range_of(areas[i]);

            if (range.low >= from &&
                (range.low < next.low || (range.low == next.low && range.high > next.high))) {
                next = range;
            }
        }
        if (next.low > AREA_CODE_MAX) {
            break;
        }
        from = next.high + 1;
        statement_bind_i64(row, 1, bits(next.low));
        statement_bind_i64(row, 2, bits(next.high));
        while ((rc = statement_step(row, err)) == RC_OK) {
            struct stored_feed feed;

            rc = feed_row(row, &feed, err);
            if (rc == RC_OK && (audience_mask >> feed.audience & 1) != 0) {
                rc = visit(context, &feed, err);
            }
            if (rc != RC_OK) {
                statement_reset(row);
                return rc;
            }
        }
        statement_reset(row);
        rc = rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    return rc;
}

/* --- entries --- */

static enum rc entry_add(struct sqlite *sqlite, const struct stored_entry *stored,
                         uint64_t frame_base, struct err *err) {
    const struct feed_entry *entry = &stored->entry;
    struct view chain = view_of(stored->chain, sizeof stored->chain);
    struct statement *add = sqlite->sql[SQL_ENTRY_ADD];
    struct statement *head;
    struct stored_feed feed;
    int64_t id;
    enum rc rc = feed_find(sqlite, entry->area, entry->audience, &id, &feed, err);

    if (rc == RC_OK && entry->position != feed.position + 1) {
        rc = err_set(err, RC_CONFLICT, "store: the feed stands at %llu, entry %llu does not follow",
                     (unsigned long long)feed.position, (unsigned long long)entry->position);
    }
    if (rc != RC_OK) {
        return rc;
    }
    if (id == 0) {
        head = sqlite->sql[SQL_FEED_ADD];
        statement_bind_i64(head, 1, bits(entry->area));
        statement_bind_i64(head, 2, entry->audience);
        statement_bind_i64(head, 3, 1);
        statement_bind_blob(head, 4, chain);
        rc = statement_run(head, err);
        id = db_last_insert_id(sqlite->db);
    } else {
        head = sqlite->sql[SQL_FEED_PUT];
        statement_bind_i64(head, 1, id);
        statement_bind_i64(head, 2, bits(entry->position));
        statement_bind_blob(head, 3, chain);
        rc = statement_run(head, err);
    }
    if (rc != RC_OK) {
        return rc;
    }
    statement_bind_i64(add, 1, (id << LOW_BITS) | bits(entry->position));
    statement_bind_i64(add, 2, bits(stored->frame == 0 ? 0 : stored->frame + frame_base));
    statement_bind_i64(add, 3, entry->kind);
    statement_bind_i64(add, 4, entry->received_ms);
    statement_bind_i64(add, 5, entry->offset_ms);
    statement_bind_blob(add, 6, entry->forks);
    statement_bind_blob(add, 7, chain);
    statement_bind_blob(add, 8, entry->mask);
    statement_bind_blob(add, 9, entry->content);
    sqlite->county.counts.entries++;
    return statement_run(add, err);
}

enum rc entries_add(struct sqlite *sqlite, const struct store_delta *delta, uint64_t frame_base,
                    struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->entry_count && rc == RC_OK; i++) {
        rc = entry_add(sqlite, &delta->entries[i], frame_base, err);
    }
    return rc;
}

enum rc entries_range(struct sqlite *sqlite, uint64_t area, uint8_t audience, uint64_t after,
                      int64_t *low, int64_t *high, struct err *err) {
    struct stored_feed feed;
    int64_t id;
    enum rc rc = feed_find(sqlite, area, audience, &id, &feed, err);
    bool any = rc == RC_OK && id != 0 && after < feed.position;

    *low = any ? (id << LOW_BITS) | bits(after + 1) : 1;
    *high = any ? (id << LOW_BITS) | bits(feed.position) : 0;
    return rc;
}

/* --- what the law erases --- */

static enum rc frame_cut(struct sqlite *sqlite, const struct stored_frame *frame, struct err *err) {
    struct statement *size = sqlite->sql[SQL_FRAME_SIZE], *cut = sqlite->sql[SQL_FRAME_CUT];
    enum rc rc;

    statement_bind_i64(size, 1, bits(frame->serial));
    rc = statement_one(size, err);
    if (rc == RC_NOT_FOUND) {
        return err_set(err, RC_CONFLICT, "store: frame %llu is not there to be cut",
                       (unsigned long long)frame->serial);
    }
    if (rc != RC_OK) {
        return rc;
    }
    sqlite->county.counts.bytes_log -= column_bits(size, 0);
    sqlite->county.counts.bytes_log += frame->bytes.size;
    statement_reset(size);
    statement_bind_i64(cut, 1, bits(frame->serial));
    statement_bind_blob(cut, 2, frame->bytes);
    return statement_run(cut, err);
}

static enum rc entry_cut(struct sqlite *sqlite, const struct feed_entry *entry, struct err *err) {
    struct statement *cut = sqlite->sql[SQL_ENTRY_CUT];
    struct stored_feed feed;
    int64_t id;
    enum rc rc = feed_find(sqlite, entry->area, entry->audience, &id, &feed, err);

    if (rc == RC_OK && (id == 0 || entry->position == 0 || entry->position > feed.position)) {
        rc = err_set(err, RC_CONFLICT, "store: entry %llu is not there to be cut",
                     (unsigned long long)entry->position);
    }
    if (rc != RC_OK) {
        return rc;
    }
    statement_bind_i64(cut, 1, (id << LOW_BITS) | bits(entry->position));
    statement_bind_i64(cut, 2, entry->kind);
    statement_bind_blob(cut, 3, entry->content);
    return statement_run(cut, err);
}

enum rc content_cut(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->cut_frame_count && rc == RC_OK; i++) {
        rc = frame_cut(sqlite, &delta->cut_frames[i], err);
    }
    for (uint32_t i = 0; i < delta->cut_entry_count && rc == RC_OK; i++) {
        rc = entry_cut(sqlite, &delta->cut_entries[i].entry, err);
    }
    return rc;
}

enum rc sqlite_entries(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                       store_visit_entry *visit, void *context, struct err *err) {
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *row = sqlite->sql[SQL_ENTRIES];
    int64_t low, high;
    enum rc rc = entries_range(sqlite, area, audience, after, &low, &high, err);

    if (rc != RC_OK || low > high) {
        return rc;
    }
    statement_bind_i64(row, 1, low);
    statement_bind_i64(row, 2, high);
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_entry entry = {
            .entry = {.area = area,
                      .audience = audience,
                      .position = (uint64_t)(statement_i64(row, 0) & LOW_MASK),
                      .kind = (uint8_t)statement_i64(row, 2),
                      .received_ms = statement_i64(row, 3),
                      .offset_ms = statement_i64(row, 4),
                      .forks = statement_blob(row, 5),
                      .mask = statement_blob(row, 7),
                      .content = statement_blob(row, 8)},
            .frame = column_bits(row, 1),
        };

        if (entry.entry.content.size == 0 && entry.frame != 0) {
            entry.entry.content = statement_blob(row, 9);
        }
        rc = column_bytes(row, 6, entry.chain, sizeof entry.chain, err);
        if (rc == RC_OK) {
            rc = visit(context, &entry, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}

/* --- the staff log --- */

enum rc acts_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err) {
    struct statement *add = sqlite->sql[SQL_ACT_ADD];
    struct county *county = &sqlite->county;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->act_count && rc == RC_OK; i++) {
        struct stored_act act = delta->acts[i];

        act.serial = ++county->counts.acts;
        act_chain(county->act_chain, &act, act.chain);
        memcpy(county->act_chain, act.chain, sizeof act.chain);
        statement_bind_i64(add, 1, bits(act.serial));
        statement_bind_i64(add, 2, act.at_ms);
        statement_bind_text(add, 3, act.who);
        statement_bind_text(add, 4, act.action);
        statement_bind_text(add, 5, act.object);
        statement_bind_text(add, 6, act.reason);
        statement_bind_blob(add, 7, view_of(act.chain, sizeof act.chain));
        rc = statement_run(add, err);
    }
    return rc;
}

enum rc sqlite_acts(struct store *store, uint64_t after, store_visit_act *visit, void *context,
                    struct err *err) {
    struct statement *row = sqlite_of(store)->sql[SQL_ACTS];
    enum rc rc;

    statement_bind_i64(row, 1, after_bits(after));
    while ((rc = statement_step(row, err)) == RC_OK) {
        struct stored_act act = {
            .serial = column_bits(row, 0),
            .at_ms = statement_i64(row, 1),
            .who = statement_text(row, 2),
            .action = statement_text(row, 3),
            .object = statement_text(row, 4),
            .reason = statement_text(row, 5),
        };

        rc = column_bytes(row, 6, act.chain, sizeof act.chain, err);
        if (rc == RC_OK) {
            rc = visit(context, &act, err);
        }
        if (rc != RC_OK) {
            break;
        }
    }
    statement_reset(row);
    return rc;
}
