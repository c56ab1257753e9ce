/* sqlite_line.c: writes the slim rows of lists (sqlite_line.h).
 *
 * A commit has one block of each table in its hands: the records that come together stand side by
 * side, so most find theirs open. It is written when another is wanted, and at the end. */
#include "syncd/store/sqlite_line.h"

/* --- blocks --- */

static void block_forget(struct open_block *block) {
    block->number = -1;
    block->differs = false;
}

void lines_forget(struct sqlite *sqlite) {
    block_forget(&sqlite->list.lines);
    block_forget(&sqlite->list.rests);
    block_forget(&sqlite->list.words);
}

static enum rc block_close(struct open_block *block, struct statement *put, struct err *err) {
    enum rc rc = RC_OK;

    if (block->differs) {
        rc = buf_check(&block->bytes, "a list", err);
        statement_bind_i64(put, 1, block->number);
        statement_bind_blob(put, 2, buf_view(&block->bytes));
        rc = rc == RC_OK ? statement_run(put, err) : rc;
    }
    block_forget(block);
    return rc;
}

static enum rc block_load(struct open_block *block, struct statement *get, int64_t number,
                          struct err *err) {
    enum rc rc;

    buf_clear(&block->bytes);
    statement_bind_i64(get, 1, number);
    rc = statement_one(get, err);
    if (rc == RC_OK) {
        buf_add_view(&block->bytes, statement_blob(get, 0));
        statement_reset(get);
        rc = buf_check(&block->bytes, "a list", err);
    } else if (rc == RC_NOT_FOUND) {
        rc = RC_OK;
    }
    if (rc == RC_OK)
        block->number = number;
    return rc;
}

/* The `size` bytes of this slot, which are made where there are none; NULL without memory. */
static uint8_t *block_at(struct open_block *block, uint32_t slot, size_t size) {
    size_t end = (slot + 1) * size;

    while (block->bytes.size < end && block->bytes.failed == RC_OK)
        buf_add_u8(&block->bytes, 0);
    return block->bytes.failed == RC_OK ? block->bytes.data + end - size : NULL;
}

static enum rc block_check(const struct open_block *block, size_t size, uint32_t rows,
                           struct err *err) {
    size_t bytes = block->bytes.size;

    if (bytes % size != 0 || bytes > size * rows)
        return err_set(err, RC_CORRUPT, "store: a block of the list has %zu bytes", bytes);
    return RC_OK;
}

/* --- lines, with their zone --- */

static struct zone zone_of(struct view lines) {
    struct zone zone = {0, 0};

    for (size_t at = 0; at + LINE_BYTES <= lines.size; at += LINE_BYTES) {
        const uint8_t *line = lines.data + at;
        uint64_t area = line_get(line, LINE_AREA, AREA_BYTES);

        if (line_get(line, LINE_NAME, 2) == 0)
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

    sqlite->list.zone = (struct zone){0, 0};
    statement_bind_i64(get, 1, number);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    sqlite->list.zone = (struct zone){column_bits(get, 0), column_bits(get, 1)};
    statement_reset(get);
    return RC_OK;
}

/* An edit moves few records, so the zone is mostly what it was. */
static enum rc zone_save(struct sqlite *sqlite, struct err *err) {
    struct statement *put = sqlite->sql[SQL_ZONE_PUT];
    struct open_list *list = &sqlite->list;
    struct zone zone = zone_of(buf_view(&list->lines.bytes));

    if (zone.townships == list->zone.townships && zone.villages == list->zone.villages)
        return RC_OK;
    statement_bind_i64(put, 1, list->lines.number);
    statement_bind_i64(put, 2, bits(zone.townships));
    statement_bind_i64(put, 3, bits(zone.villages));
    return statement_run(put, err);
}

static enum rc lines_save(struct sqlite *sqlite, struct err *err) {
    struct open_block *lines = &sqlite->list.lines;
    enum rc rc = lines->differs ? zone_save(sqlite, err) : RC_OK;

    return rc == RC_OK ? block_close(lines, sqlite->sql[SQL_LINES_PUT], err) : rc;
}

static enum rc line_open(struct sqlite *sqlite, int64_t row, uint8_t **out, struct err *err) {
    struct open_block *lines = &sqlite->list.lines;
    int64_t number = block_of(row, LINE_ROWS);
    enum rc rc = RC_OK;

    if (lines->number != number) {
        rc = lines_save(sqlite, err);
        if (rc == RC_OK)
            rc = zone_load(sqlite, number, err);
        if (rc == RC_OK)
            rc = block_load(lines, sqlite->sql[SQL_LINE_BLOCK], number, err);
        if (rc == RC_OK)
            rc = block_check(lines, LINE_BYTES, LINE_ROWS, err);
    }
    if (rc != RC_OK)
        return rc;
    *out = block_at(lines, slot_of(row, LINE_ROWS), LINE_BYTES);
    return buf_check(&lines->bytes, "a list", err);
}

static enum rc rest_open(struct sqlite *sqlite, int64_t row, uint8_t **out, struct err *err) {
    struct open_block *rests = &sqlite->list.rests;
    int64_t number = block_of(row, REST_ROWS);
    enum rc rc = RC_OK;

    if (rests->number != number) {
        rc = block_close(rests, sqlite->sql[SQL_RESTS_PUT], err);
        if (rc == RC_OK)
            rc = block_load(rests, sqlite->sql[SQL_REST_BLOCK], number, err);
        if (rc == RC_OK)
            rc = block_check(rests, REST_BYTES, REST_ROWS, err);
    }
    if (rc != RC_OK)
        return rc;
    *out = block_at(rests, slot_of(row, REST_ROWS), REST_BYTES);
    return buf_check(&rests->bytes, "a list", err);
}

/* --- words --- */

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

/* From the words of this slot: where they begin. Records before it that have none get none. */
static enum rc words_seek(struct open_block *block, uint32_t slot, size_t *out, struct err *err) {
    static const uint8_t NONE[3];
    size_t at = 0;

    for (uint32_t i = 0; i < slot; i++) {
        if (at == block->bytes.size)
            buf_add(&block->bytes, NONE, sizeof(NONE));
        if (block->bytes.failed != RC_OK)
            return buf_check(&block->bytes, "a list", err);
        at = words_end(buf_view(&block->bytes), at);
        if (at == 0)
            return err_set(err, RC_CORRUPT, "store: a block of the list is damaged");
    }
    *out = at;
    return RC_OK;
}

static enum rc words_put(struct sqlite *sqlite, int64_t row, const struct stored_listed *listed,
                         struct err *err) {
    struct open_block *block = &sqlite->list.words;
    struct buf *spare = &sqlite->list.spare;
    int64_t number = block_of(row, WORD_ROWS);
    size_t start = 0, end;
    struct view words;
    enum rc rc = RC_OK;

    if (block->number != number) {
        rc = block_close(block, sqlite->sql[SQL_WORDS_PUT], err);
        if (rc == RC_OK)
            rc = block_load(block, sqlite->sql[SQL_WORDS_BLOCK], number, err);
    }
    words_encode(listed, spare);
    if (rc == RC_OK)
        rc = words_seek(block, slot_of(row, WORD_ROWS), &start, err);
    if (rc != RC_OK)
        return rc;
    words = buf_view(&block->bytes);
    end = start == words.size ? start : words_end(words, start);
    if (end == 0 && start < words.size)
        return err_set(err, RC_CORRUPT, "store: a block of the list is damaged");
    if (view_equal(view_slice(words, start, end - start), buf_view(spare)))
        return buf_check(spare, "a list", err);
    buf_add_view(spare, view_slice(words, end, words.size - end));
    if (buf_check(spare, "a list", err) != RC_OK)
        return err->rc;
    block->bytes.size = start;
    buf_add_view(&block->bytes, buf_view(spare));
    block->differs = true;
    return buf_check(&block->bytes, "a list", err);
}

/* --- a record --- */

static void line_fill(uint8_t *line, const struct stored_record *record,
                      const struct line_of *about) {
    uint8_t flags = line[LINE_FLAGS] & (uint8_t)(REVIEW_STATE_MAX << REVIEW_SHIFT);

    flags |= about->has_conflicts ? RECORD_CONFLICT : 0;
    flags |= record->sealed_scopes != 0 ? RECORD_SEALED : 0;
    flags |= record->withdrawn ? RECORD_WITHDRAWN : 0;
    flags |= record->area_count > 1 ? LINE_MORE : 0;
    field_set(line, LINE_AREA, AREA_BYTES, record->area_count > 0 ? record->areas[0] : 0);
    field_set(line, LINE_CREATED, TIME_BYTES, listed_time(record->created_ms));
    field_set(line, LINE_CHANGED, TIME_BYTES, listed_time(record->changed_ms));
    field_set(line, LINE_NAME, 2, (uint64_t)about->name);
    line[LINE_FLAGS] = flags;
    line[LINE_AUDIENCE] = record->audience;
    field_set(line, LINE_RANK, 2, listed_reading(listed_code(record->title) >> 48 << 48) >> 48);
}

static enum rc rest_put(struct sqlite *sqlite, const struct stored_record *record,
                        const struct line_of *about, struct err *err) {
    uint64_t code = listed_code(record->title);
    uint8_t *rest = NULL;
    enum rc rc = rest_open(sqlite, about->row, &rest, err);

    if (rc == RC_OK && (rest_get(rest, REST_ID, 8) != (uint64_t)about->id ||
                        rest_get(rest, REST_CODE, 8) != code)) {
        field_set(rest, REST_ID, 8, (uint64_t)about->id);
        field_set(rest, REST_CODE, 8, code);
        sqlite->list.rests.differs = true;
    }
    return rc;
}

enum rc line_put(struct sqlite *sqlite, const struct stored_record *record,
                 const struct line_of *about, const struct stored_listed *listed, struct err *err) {
    uint8_t *line = NULL;
    enum rc rc = line_open(sqlite, about->row, &line, err);

    if (rc != RC_OK)
        return rc;
    if (about->name > LINE_NAME_MAX)
        return err_set(err, RC_LIMIT, "store: more than %d names of forms", LINE_NAME_MAX);
    if (!about->same_title || line_get(line, LINE_NAME, 2) == 0)
        rc = rest_put(sqlite, record, about, err);
    line_fill(line, record, about);
    sqlite->list.lines.differs = true;
    if (listed == NULL || rc != RC_OK)
        return rc;
    field_set(line, LINE_CREATED_BY, 8, listed->created_by);
    field_set(line, LINE_CHANGED_BY, 8, listed->changed_by);
    return words_put(sqlite, about->row, listed, err);
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
    struct line_of about = {.same_title = false};
    struct arena arena;
    enum rc rc = find_row(sqlite, listed->record, &about.id, &about.row, err);

    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    arena_init(&arena, SCRATCH_BYTES);
    statement_bind_i64(get, 1, about.row);
    rc = statement_one(get, err);
    if (rc == RC_OK) {
        rc = record_row(get, listed->record, &arena, &record, err);
        about.has_conflicts = (statement_i64(get, 7) & MARK_CONFLICTS) != 0;
        statement_reset(get);
    }
    if (rc == RC_OK)
        rc = name_find(sqlite, record.form_name, &about.name, err);
    if (rc == RC_OK)
        rc = line_put(sqlite, &record, &about, listed, err);
    arena_release(&arena);
    return rc;
}

static enum rc review_put(struct sqlite *sqlite, const struct stored_review *review,
                          struct err *err) {
    uint64_t at = listed_time(review->at_ms), known;
    int64_t id = 0, row = 0;
    uint8_t *line = NULL, *rest = NULL, state;
    enum rc rc = find_row(sqlite, review->record, &id, &row, err);

    if (rc == RC_OK)
        rc = line_open(sqlite, row, &line, err);
    if (rc == RC_OK)
        rc = rest_open(sqlite, row, &rest, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    known = rest_get(rest, REST_REVIEWED, TIME_BYTES);
    state = line[LINE_FLAGS] >> REVIEW_SHIFT;
    if (!review->stands && (at < known || (at == known && review->state <= state)))
        return RC_OK;
    field_set(rest, REST_REVIEWED, TIME_BYTES, at);
    line[LINE_FLAGS] = (uint8_t)((line[LINE_FLAGS] & ((1u << REVIEW_SHIFT) - 1u)) |
                                 (unsigned)review->state << REVIEW_SHIFT);
    sqlite->list.lines.differs = sqlite->list.rests.differs = true;
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
    if (rc == RC_OK)
        rc = lines_save(sqlite, err);
    if (rc == RC_OK)
        rc = block_close(&sqlite->list.rests, sqlite->sql[SQL_RESTS_PUT], err);
    return rc == RC_OK ? block_close(&sqlite->list.words, sqlite->sql[SQL_WORDS_PUT], err) : rc;
}
