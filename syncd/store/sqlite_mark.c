/* sqlite_mark.c: which records a question may mean at all (sqlite_finding.h): by the words that
 * their names meet, by where their blocks lie, and whether something waits in quarantine; and the
 * walk over what is left. */
#include "syncd/store/sqlite_finding.h"

#include <stdlib.h>

#define RECORDS_MAX (INT64_C(1) << 31) /* marks are a byte each */

/* --- the walk --- */

static enum rc walk_some(struct finding *finding, const struct block_walk *walk, struct err *err) {
    struct statement *get = finding->sqlite->sql[walk->one];
    enum rc rc = RC_OK;

    for (int64_t block = 0; block * walk->rows < finding->rows && rc == RC_OK; block++) {
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
        int64_t block = statement_i64(rows, 0);

        /* One behind the last is of records that came since the question began. */
        if (block < 0 || block * walk->rows >= finding->rows || !walk->needed(finding, block))
            continue;
        rc = walk->look(finding, block, statement_blob(rows, 1), err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(rows);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* To look for a block takes several times as long as to go on to the next one. */
enum rc finding_walk(struct finding *finding, const struct block_walk *walk, struct err *err) {
    int64_t all = 0, needed = 0;

    for (; all * walk->rows < finding->rows; all++)
        needed += walk->needed(finding, all);
    return needed * 4 < all ? walk_some(finding, walk, err) : walk_all(finding, walk, err);
}

/* --- areas --- */

/* Where the zone of a block must have a place for it to lie in one of some areas. */
struct reach {
    struct zone zone;
    bool anywhere; /* an area is bigger than a township */
};

static struct reach reach_of(const struct branches *branches) {
    struct reach reach = {.anywhere = false};

    for (uint32_t i = 0; i < branches->count; i++) {
        struct area_range range = branches->ranges[i];

        if (range.low == range.high)
            reach.zone.villages |= zone_place(range.low);
        else if (range.low / 1000 == range.high / 1000)
            reach.zone.townships |= zone_place(range.low / 1000);
        else
            reach.anywhere = true;
    }
    return reach;
}

static bool reach_meets(const struct reach *reach, struct zone zone) {
    return reach->anywhere || (reach->zone.townships & zone.townships) != 0 ||
           (reach->zone.villages & zone.villages) != 0;
}

/* Leaves places NULL where that tells nothing. */
static enum rc find_places(struct finding *finding, struct err *err) {
    struct statement *walk = finding->sqlite->sql[SQL_ZONES];
    int64_t blocks = (finding->rows + LINE_ROWS - 1) / LINE_ROWS;
    struct reach asked = reach_of(&finding->areas), words[QUERY_WORDS_MAX];
    enum rc rc;

    asked.anywhere |= finding->query->area_count == 0;
    for (uint32_t w = 0; w < finding->word_count; w++)
        words[w] = reach_of(&finding->word_areas[w]);
    if (asked.anywhere && finding->by_area == 0)
        return RC_OK;
    finding->places = malloc((size_t)blocks + 1);
    if (finding->places == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    memset(finding->places, UINT8_MAX, (size_t)blocks + 1);
    while ((rc = statement_step(walk, err)) == RC_OK) {
        int64_t block = statement_i64(walk, 0);
        struct zone zone = {column_bits(walk, 1), column_bits(walk, 2)};
        uint8_t bits = reach_meets(&asked, zone) ? PLACE_ASKED : 0;

        for (uint32_t w = 0; w < finding->word_count; w++)
            bits |= (uint8_t)(reach_meets(&words[w], zone) ? 1u << w : 0);
        if (block >= 0 && block < blocks)
            finding->places[block] = bits;
    }
    statement_reset(walk);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool lies_there(const struct finding *finding, int64_t block) {
    return finding->places == NULL || (finding->places[block] & PLACE_ASKED) != 0;
}

static bool needs_words(const struct finding *finding, int64_t block) {
    return lies_there(finding, block * WORD_ROWS / LINE_ROWS);
}

uint8_t finding_reached(const struct finding *finding, int64_t block) {
    return finding->places == NULL ? finding->by_area : finding->places[block] & finding->by_area;
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
    static const struct block_walk WORDS = {SQL_WORDS, SQL_WORDS_BLOCK, WORD_ROWS, needs_words,
                                            words_mark};
    const struct record_query *query = finding->query;
    struct county county;
    enum rc rc = county_load(finding->sqlite, &county, err);

    finding->rows = county.next_row - 1;
    if (rc == RC_OK && finding->rows > RECORDS_MAX)
        rc = err_set(err, RC_LIMIT, "store: the list has too many records to be searched");
    if (rc != RC_OK)
        return rc;
    finding->marks = calloc((size_t)finding->rows + LINE_ROWS, 1);
    if (finding->marks == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    if (query->area_count > 0 || finding->by_area != 0)
        rc = find_places(finding, err);
    if (rc == RC_OK && query->word_count > 0)
        rc = words_prepare(finding, err);
    if (rc == RC_OK && query->word_count > 0)
        rc = finding_walk(finding, &WORDS, err);
    /* Always: few wait, and a list shows who does. */
    return rc == RC_OK ? mark_waiting(finding, err) : rc;
}

uint8_t finding_needed(const struct finding *finding, int64_t block) {
    uint8_t words = finding->wanted & (uint8_t)~finding_reached(finding, block);

    return (finding->query->with & RECORD_QUARANTINED) != 0 ? words | MARK_WAITING : words;
}

bool finding_needs_block(const struct finding *finding, int64_t block) {
    const uint8_t *marks = finding->marks + block * LINE_ROWS;
    uint8_t needed = finding_needed(finding, block);

    if (!lies_there(finding, block))
        return false;
    if (needed == 0)
        return true;
    for (uint32_t i = 0; i < LINE_ROWS; i++)
        if ((marks[i] & needed) == needed)
            return true;
    return false;
}
