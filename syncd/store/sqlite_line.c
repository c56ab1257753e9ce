/* sqlite_line.c: writes the slim rows of lists (sqlite_line.h).
 *
 * A commit has one block in its hands: the records that come together stand side by side, so most
 * find theirs open. It is written when another is wanted, and at the end. */
#include "syncd/store/sqlite_line.h"

void lines_forget(struct sqlite *sqlite) {
    sqlite->block.block = -1;
    sqlite->block.lines_differ = sqlite->block.words_differ = false;
}

static struct zone zone_of(struct view lines) {
    struct zone zone = {0, 0};

    for (size_t at = 0; at + LINE_BYTES <= lines.size; at += LINE_BYTES) {
        const uint8_t *line = lines.data + at;
        uint64_t area = line_get(line, LINE_AREA, AREA_BYTES);

        if (line_get(line, LINE_ID, 8) == 0)
            continue;
        if ((line[LINE_FLAGS] & LINE_MORE) != 0)
            return (struct zone){UINT64_MAX, UINT64_MAX};
        zone.townships |= zone_place(area / 1000);
        zone.villages |= zone_place(area);
    }
    return zone;
}

static enum rc zone_load(struct sqlite *sqlite, int64_t number, struct err *err) {
    struct statement *get = sqlite->sql[SQL_ZONE];
    enum rc rc;

    sqlite->block.zone = (struct zone){0, 0};
    statement_bind_i64(get, 1, number);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    sqlite->block.zone = (struct zone){column_bits(get, 0), column_bits(get, 1)};
    statement_reset(get);
    return RC_OK;
}

/* An edit moves few records, so the zone is mostly what it was. */
static enum rc zone_save(struct sqlite *sqlite, struct err *err) {
    struct statement *put = sqlite->sql[SQL_ZONE_PUT];
    struct open_block *block = &sqlite->block;
    struct zone zone = zone_of(buf_view(&block->lines));

    if (zone.townships == block->zone.townships && zone.villages == block->zone.villages)
        return RC_OK;
    statement_bind_i64(put, 1, block->block);
    statement_bind_i64(put, 2, bits(zone.townships));
    statement_bind_i64(put, 3, bits(zone.villages));
    return statement_run(put, err);
}

static enum rc block_close(struct sqlite *sqlite, struct err *err) {
    struct open_block *block = &sqlite->block;
    struct statement *put = sqlite->sql[SQL_LINES_PUT];
    enum rc rc = RC_OK;

    if (block->lines_differ) {
        rc = buf_check(&block->lines, "a list", err);
        statement_bind_i64(put, 1, block->block);
        statement_bind_blob(put, 2, buf_view(&block->lines));
        rc = rc == RC_OK ? statement_run(put, err) : rc;
        if (rc == RC_OK)
            rc = zone_save(sqlite, err);
    }
    put = sqlite->sql[SQL_WORDS_PUT];
    if (rc == RC_OK && block->words_differ) {
        rc = buf_check(&block->words, "a list", err);
        statement_bind_i64(put, 1, block->block);
        statement_bind_blob(put, 2, buf_view(&block->words));
        rc = rc == RC_OK ? statement_run(put, err) : rc;
    }
    lines_forget(sqlite);
    return rc;
}

static enum rc load(struct statement *get, int64_t number, struct buf *out, struct err *err) {
    enum rc rc;

    buf_clear(out);
    statement_bind_i64(get, 1, number);
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc == RC_OK) {
        buf_add_view(out, statement_blob(get, 0));
        statement_reset(get);
        rc = buf_check(out, "a list", err);
    }
    return rc;
}

static enum rc block_open(struct sqlite *sqlite, int64_t number, struct err *err) {
    struct open_block *block = &sqlite->block;
    enum rc rc;

    if (block->block == number)
        return RC_OK;
    rc = block_close(sqlite, err);
    if (rc == RC_OK)
        rc = load(sqlite->sql[SQL_LINE_BLOCK], number, &block->lines, err);
    if (rc == RC_OK)
        rc = zone_load(sqlite, number, err);
    if (rc == RC_OK)
        rc = load(sqlite->sql[SQL_WORDS_BLOCK], number, &block->words, err);
    if (rc == RC_OK &&
        (block->lines.size % LINE_BYTES != 0 || block->lines.size > (size_t)LINE_BYTES * LINES))
        rc =
            err_set(err, RC_CORRUPT, "store: a block of the list has %zu bytes", block->lines.size);
    if (rc == RC_OK)
        block->block = number;
    return rc;
}

/* The line of this slot, which is made where there is none; NULL without memory. */
static uint8_t *line_at(struct open_block *block, uint32_t slot) {
    size_t end = (size_t)(slot + 1) * LINE_BYTES;

    while (block->lines.size < end && block->lines.failed == RC_OK) {
        static const uint8_t EMPTY[LINE_BYTES];

        buf_add(&block->lines, EMPTY, sizeof(EMPTY));
    }
    return block->lines.failed == RC_OK ? block->lines.data + end - LINE_BYTES : NULL;
}

/* Where the words of one record end that begin at `at`; 0 when they are damaged. */
static size_t words_end(struct view words, size_t at) {
    size_t units = at < words.size ? at + 1 + 4u * words.data[at] : words.size;

    if (units + 2 > words.size)
        return 0;
    units += 2 + 2 * ((size_t)words.data[units] | (size_t)words.data[units + 1] << 8);
    return units > words.size ? 0 : units;
}

static void words_encode(const struct stored_listed *listed, struct buf *out) {
    uint16_t units[LISTED_UNITS_MAX];
    uint32_t count = listed_units(listed->names, units);

    buf_clear(out);
    buf_add_u8(out, (uint8_t)listed->tail_count);
    for (uint32_t i = 0; i < listed->tail_count; i++)
        buf_add_le32(out, listed->tails[i]);
    buf_add_u8(out, (uint8_t)count);
    buf_add_u8(out, (uint8_t)(count >> 8));
    for (uint32_t i = 0; i < count; i++) {
        buf_add_u8(out, (uint8_t)units[i]);
        buf_add_u8(out, (uint8_t)(units[i] >> 8));
    }
}

static enum rc words_put(struct open_block *block, uint32_t slot,
                         const struct stored_listed *listed, struct err *err) {
    struct view words = buf_view(&block->words);
    size_t start = 0, end;
    struct view rest = {0};

    words_encode(listed, &block->spare);
    if (slot >= LINES || buf_check(&block->spare, "a list", err) != RC_OK)
        return err->rc == RC_OK ? RC_INVALID : err->rc;
    for (uint32_t i = 0; i < slot; i++) {
        if (start == words.size) { /* the records in between have none */
            static const uint8_t NONE[3];

            buf_add(&block->words, NONE, sizeof(NONE));
            words = buf_view(&block->words);
        }
        start = words_end(words, start);
        if (start == 0)
            return block->words.failed == RC_OK
                       ? err_set(err, RC_CORRUPT, "store: a block of the list is damaged")
                       : buf_check(&block->words, "a list", err);
    }
    end = start == words.size ? start : words_end(words, start);
    if (end == 0 && start < words.size)
        return err_set(err, RC_CORRUPT, "store: a block of the list is damaged");
    if (view_equal(view_slice(words, start, end - start), buf_view(&block->spare)))
        return RC_OK;
    rest = view_slice(words, end, words.size - end);
    buf_add_view(&block->spare, rest);
    if (buf_check(&block->spare, "a list", err) != RC_OK)
        return err->rc;
    block->words.size = start;
    buf_add_view(&block->words, buf_view(&block->spare));
    block->words_differ = true;
    return buf_check(&block->words, "a list", err);
}

static void line_fill(uint8_t *line, const struct stored_record *record, int64_t id, int64_t name,
                      bool has_conflicts) {
    struct name_key key = listed_name_key(record->title);
    uint8_t flags = line[LINE_FLAGS] & (uint8_t)(REVIEW_STATE_MAX << REVIEW_SHIFT);

    flags |= has_conflicts ? RECORD_CONFLICT : 0;
    flags |= record->sealed_scopes != 0 ? RECORD_SEALED : 0;
    flags |= record->withdrawn ? RECORD_WITHDRAWN : 0;
    flags |= record->area_count > 1 ? LINE_MORE : 0;
    line_set(line, LINE_ID, 8, (uint64_t)id);
    line_set(line, LINE_READING, 8, key.reading);
    line_set(line, LINE_CODE, 8, key.code);
    line_set(line, LINE_AREA, AREA_BYTES, record->area_count > 0 ? record->areas[0] : 0);
    line_set(line, LINE_CREATED, TIME_BYTES, listed_time(record->created_ms));
    line_set(line, LINE_CHANGED, TIME_BYTES, listed_time(record->changed_ms));
    line_set(line, LINE_NAME, 2, (uint64_t)name);
    line[LINE_FLAGS] = flags;
    line[LINE_AUDIENCE] = record->audience;
}

enum rc line_put(struct sqlite *sqlite, const struct stored_record *record, int64_t id, int64_t row,
                 int64_t name, bool has_conflicts, const struct stored_listed *listed,
                 struct err *err) {
    struct open_block *block = &sqlite->block;
    enum rc rc = block_open(sqlite, line_block(row), err);
    uint8_t *line;

    if (rc != RC_OK)
        return rc;
    if (name > LINE_NAME_MAX)
        return err_set(err, RC_LIMIT, "store: more than %d names of forms", LINE_NAME_MAX);
    line = line_at(block, line_slot(row));
    if (line == NULL)
        return buf_check(&block->lines, "a list", err);
    line_fill(line, record, id, name, has_conflicts);
    block->lines_differ = true;
    if (listed == NULL)
        return RC_OK;
    line_set(line, LINE_CREATED_BY, 8, listed->created_by);
    line_set(line, LINE_CHANGED_BY, 8, listed->changed_by);
    return words_put(block, line_slot(row), listed, err);
}

/* --- of records that this delta does not put --- */

/* RC_NOT_FOUND when the store has no state of it. */
static enum rc find_row(struct sqlite *sqlite, struct dot record, int64_t *id, int64_t *row,
                        struct err *err) {
    struct statement *old = sqlite->sql[SQL_RECORD_OLD];
    enum rc rc = dot_find(sqlite, record, id, err);

    if (rc == RC_OK)
        rc = shelf_find(sqlite, *id, row, err);
    if (rc == RC_OK) {
        statement_bind_i64(old, 1, *row);
        rc = statement_one(old, err);
    }
    if (rc == RC_OK) {
        rc = statement_i64(old, 0) == 0 ? RC_NOT_FOUND : RC_OK;
        statement_reset(old);
    }
    return rc;
}

static enum rc relist(struct sqlite *sqlite, const struct stored_listed *listed, struct err *err) {
    struct statement *get = sqlite->sql[SQL_RECORD];
    struct stored_record record;
    struct arena arena;
    int64_t id = 0, row = 0, name = 0;
    bool has_conflicts = false;
    enum rc rc = find_row(sqlite, listed->record, &id, &row, err);

    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    arena_init(&arena, SCRATCH_BYTES);
    statement_bind_i64(get, 1, row);
    rc = statement_one(get, err);
    if (rc == RC_OK) {
        rc = record_row(get, listed->record, &arena, &record, err);
        has_conflicts = (statement_i64(get, 7) & MARK_CONFLICTS) != 0;
        statement_reset(get);
    }
    if (rc == RC_OK)
        rc = name_find(sqlite, record.form_name, &name, err);
    if (rc == RC_OK)
        rc = line_put(sqlite, &record, id, row, name, has_conflicts, listed, err);
    arena_release(&arena);
    return rc;
}

static enum rc review_put(struct sqlite *sqlite, const struct stored_review *review,
                          struct err *err) {
    uint64_t at = listed_time(review->at_ms), known;
    int64_t id = 0, row = 0;
    uint8_t *line, state;
    enum rc rc = find_row(sqlite, review->record, &id, &row, err);

    if (rc == RC_OK)
        rc = block_open(sqlite, line_block(row), err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    line = line_at(&sqlite->block, line_slot(row));
    if (line == NULL)
        return buf_check(&sqlite->block.lines, "a list", err);
    known = line_get(line, LINE_REVIEWED, TIME_BYTES);
    state = line[LINE_FLAGS] >> REVIEW_SHIFT;
    if (!review->stands && (at < known || (at == known && review->state <= state)))
        return RC_OK;
    line_set(line, LINE_REVIEWED, TIME_BYTES, at);
    line[LINE_FLAGS] = (uint8_t)((line[LINE_FLAGS] & ((1u << REVIEW_SHIFT) - 1u)) |
                                 (unsigned)review->state << REVIEW_SHIFT);
    sqlite->block.lines_differ = true;
    return RC_OK;
}

enum rc lines_close(struct sqlite *sqlite, const struct store_delta *delta, uint32_t listed,
                    struct err *err) {
    enum rc rc = RC_OK;

    if (listed < delta->listed_count || delta->review_count > 0)
        rc = shelf_close(sqlite, err); /* so that what this delta has put is found */
    for (; listed < delta->listed_count && rc == RC_OK; listed++)
        rc = relist(sqlite, &delta->listed[listed], err);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < delta->review_count && rc == RC_OK; i++)
            if (delta->reviews[i].stands == (pass == 0))
                rc = review_put(sqlite, &delta->reviews[i], err);
    return rc == RC_OK ? block_close(sqlite, err) : rc;
}
