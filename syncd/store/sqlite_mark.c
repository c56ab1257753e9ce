/* sqlite_mark.c: which records a question may mean at all (sqlite_finding.h): by the words that
 * their names meet, by where their blocks lie, and whether something waits in quarantine; and the
 * walk over what is left. */
#include "syncd/store/sqlite_finding.h"

#include <stdlib.h>

#define RECORDS_MAX (INT64_C(1) << 31) /* marks are a byte each */

/* --- the walk --- */

/* To look for a block takes several times as long as to go on to the next one. */
static bool is_few(const struct finding *finding, int64_t blocks) {
    return blocks * 4 < (finding->rows + LINES - 1) / LINES;
}

static enum rc walk_some(struct finding *finding, const struct block_walk *walk, struct err *err) {
    struct statement *get = finding->sqlite->sql[walk->one];
    enum rc rc = RC_OK;

    for (int64_t block = 0; block * LINES < finding->rows && rc == RC_OK; block++) {
        if (!walk->needed(finding, block))
            continue;
        statement_bind_i64(get, 1, block);
        rc = statement_one(get, err);
        if (rc == RC_OK) {
            rc = walk->look(finding, block, statement_blob(get, 0), err);
            statement_reset(get);
        } else if (rc == RC_NOT_FOUND) {
            rc = RC_OK;
        }
    }
    return rc;
}

static enum rc walk_all(struct finding *finding, const struct block_walk *walk, struct err *err) {
    struct statement *rows = finding->sqlite->sql[walk->all];
    enum rc rc;

    while ((rc = statement_step(rows, err)) == RC_OK) {
        rc = walk->look(finding, statement_i64(rows, 0), statement_blob(rows, 1), err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(rows);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc finding_walk(struct finding *finding, const struct block_walk *walk, struct err *err) {
    int64_t needed = 0;

    for (int64_t block = 0; block * LINES < finding->rows; block++)
        needed += walk->needed(finding, block);
    return is_few(finding, needed) ? walk_some(finding, walk, err) : walk_all(finding, walk, err);
}

/* --- areas --- */

static bool zone_meets(const struct record_query *query, struct zone zone) {
    for (uint32_t i = 0; i < query->area_count; i++) {
        struct area_range range = area_range_of(query->areas[i]);

        bool one = range.low == range.high;

        if (range.low / 1000 != range.high / 1000 ||
            ((one ? zone.villages : zone.townships) &
             zone_place(one ? range.low : range.low / 1000)) != 0)
            return true;
    }
    return false;
}

/* Leaves elsewhere NULL where that tells nothing: it may be any block. */
static enum rc find_elsewhere(struct finding *finding, struct err *err) {
    struct statement *walk = finding->sqlite->sql[SQL_ZONES];
    int64_t blocks = (finding->rows + LINES - 1) / LINES;
    enum rc rc;

    if (zone_meets(finding->query, (struct zone){0, 0}))
        return RC_OK;
    finding->elsewhere = calloc((size_t)blocks + 1, sizeof(*finding->elsewhere));
    if (finding->elsewhere == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    while ((rc = statement_step(walk, err)) == RC_OK) {
        int64_t block = statement_i64(walk, 0);
        struct zone zone = {column_bits(walk, 1), column_bits(walk, 2)};

        if (block >= 0 && block < blocks)
            finding->elsewhere[block] = !zone_meets(finding->query, zone);
    }
    statement_reset(walk);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- words --- */

static uint32_t tail_at(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void mark_words(struct finding *finding, int64_t row, struct view slot) {
    uint16_t units[LISTED_UNITS_MAX];
    uint8_t tails = slot.data[0];
    const uint8_t *at = slot.data + 1 + 4u * tails;
    uint32_t count = (uint32_t)at[0] | (uint32_t)at[1] << 8;
    uint8_t bits = 0;

    if (count > LISTED_UNITS_MAX || (count == 0 && tails == 0))
        return;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(units, at + 2, count * sizeof(units[0]));
#else
    for (uint32_t i = 0; i < count; i++)
        units[i] = (uint16_t)(at[2 + 2 * i] | at[3 + 2 * i] << 8);
#endif
    for (uint32_t w = 0; w < finding->word_count; w++) {
        const struct query_word *word = finding->words[w].word;
        bool meets = listed_name_meets(&finding->words[w], units, count);

        for (uint32_t i = 0; i < tails && word->has_tail && !meets; i++)
            meets = tail_at(slot.data + 1 + 4u * i) == word->tail;
        bits |= (uint8_t)(meets ? 1u << w : 0);
    }
    finding->marks[row - 1] |= bits;
}

static enum rc mark_block(struct finding *finding, int64_t block, struct view words,
                          struct err *err) {
    int64_t row = block * LINES + 1;
    size_t at = 0;

    (void)err;
    for (uint32_t i = 0; i < LINES && at < words.size && row <= finding->rows; i++, row++) {
        size_t units = at + 1 + 4u * words.data[at], end;

        if (units + 2 > words.size)
            break;
        end = units + 2 + 2 * ((size_t)words.data[units] | (size_t)words.data[units + 1] << 8);
        if (end > words.size)
            break;
        mark_words(finding, row, view_slice(words, at, end - at));
        at = end;
    }
    return RC_OK;
}

static bool lies_there(const struct finding *finding, int64_t block) {
    return finding->elsewhere == NULL || !finding->elsewhere[block];
}

/* --- all of it --- */

static enum rc mark_waiting(struct finding *finding, struct err *err) {
    struct statement *walk = finding->sqlite->sql[SQL_WAITING];
    enum rc rc;

    while ((rc = statement_step(walk, err)) == RC_OK) {
        struct dot record = {column_bits(walk, 0), column_bits(walk, 1)};
        int64_t id = 0, row = 0;
        enum rc found = dot_find(finding->sqlite, record, &id, err);

        if (found == RC_OK)
            found = shelf_find(finding->sqlite, id, &row, err);
        if (found == RC_OK && row <= finding->rows)
            finding->marks[row - 1] |= MARK_WAITING;
        if (found != RC_OK && found != RC_NOT_FOUND) {
            statement_reset(walk);
            return found;
        }
    }
    statement_reset(walk);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc finding_mark(struct finding *finding, struct err *err) {
    static const struct block_walk WORDS = {SQL_WORDS, SQL_WORDS_BLOCK, lies_there, mark_block};
    const struct record_query *query = finding->query;
    struct county county;
    enum rc rc = county_load(finding->sqlite, &county, err);

    finding->rows = county.next_row - 1;
    if (rc == RC_OK && finding->rows > RECORDS_MAX)
        rc = err_set(err, RC_LIMIT, "store: the list has too many records to be searched");
    if (rc != RC_OK)
        return rc;
    finding->marks = calloc((size_t)finding->rows + LINES, 1);
    if (finding->marks == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    if (query->area_count > 0)
        rc = find_elsewhere(finding, err);
    if (rc == RC_OK && query->word_count > 0)
        rc = finding_walk(finding, &WORDS, err);
    /* Always: few wait, and a list shows who does. */
    return rc == RC_OK ? mark_waiting(finding, err) : rc;
}

uint8_t finding_needed(const struct finding *finding) {
    uint8_t all = finding->words_by_area ? 0 : finding->wanted;

    return (finding->query->with & RECORD_QUARANTINED) != 0 ? all | MARK_WAITING : all;
}

bool finding_needs_block(const struct finding *finding, int64_t block) {
    const uint8_t *marks = finding->marks + block * LINES;
    uint8_t all = finding_needed(finding);

    if (finding->elsewhere != NULL && finding->elsewhere[block])
        return false;
    if (all == 0)
        return true;
    for (uint32_t i = 0; i < LINES; i++)
        if ((marks[i] & all) == all)
            return true;
    return false;
}
