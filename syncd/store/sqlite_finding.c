/* sqlite_finding.c: looks at the lines of all records that a question may mean; see
 * sqlite_finding.h. */
#include "syncd/store/sqlite_finding.h"

#include <stdlib.h>

/* --- one line --- */

/* There are thousands of villages, and a word can mean hundreds of them. */
enum { SEEN_BITS = 12 };

static enum rc branches_init(struct branches *branches, const uint64_t *areas, uint32_t count,
                             struct err *err) {
    size_t bytes = sizeof(*branches->seen) << SEEN_BITS;

    if (count == 0)
        return RC_OK;
    branches->ranges = calloc(count, sizeof(*branches->ranges));
    branches->seen = malloc(bytes);
    if (branches->ranges == NULL || branches->seen == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    memset(branches->seen, UINT8_MAX, bytes);
    for (; branches->count < count; branches->count++)
        branches->ranges[branches->count] = area_range_of(areas[branches->count]);
    return RC_OK;
}

static bool branches_hold(struct branches *branches, uint64_t area) {
    uint64_t *seen = &branches->seen[area_mix(area) >> (64 - SEEN_BITS)];
    bool held = false;

    if (*seen >> 1 == area)
        return (*seen & 1) != 0;
    for (uint32_t i = 0; i < branches->count && !held; i++)
        held = area >= branches->ranges[i].low && area <= branches->ranges[i].high;
    *seen = area << 1 | held;
    return held;
}

static void branches_release(struct branches *branches) {
    free(branches->ranges);
    free(branches->seen);
}

/* Whether one of the record's areas, of which the line has the first, lies in these branches. */
static enum rc areas_meet(struct finding *finding, const uint8_t *line, int64_t row,
                          struct branches *branches, bool *out, struct err *err) {
    struct statement *get = finding->sqlite->sql[SQL_LINE_AREAS];
    struct reader reader;
    enum rc rc;

    *out = branches_hold(branches, line_get(line, LINE_AREA, AREA_BYTES));
    if (*out || (line[LINE_FLAGS] & LINE_MORE) == 0)
        return RC_OK;
    statement_bind_i64(get, 1, row);
    rc = statement_one(get, err);
    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    reader_init(&reader, statement_blob(get, 0));
    while (read_left(&reader) > 0 && !reader.failed)
        *out |= branches_hold(branches, read_varint(&reader));
    statement_reset(get);
    return reader_check(&reader, "areas", err);
}

static enum rc words_meet(struct finding *finding, const uint8_t *line, int64_t row, bool *out,
                          struct err *err) {
    uint8_t bits = finding->marks[row - 1] & finding->wanted;
    enum rc rc = RC_OK;

    for (uint32_t w = 0; w < finding->word_count && rc == RC_OK; w++) {
        const struct query_word *word = finding->words[w].word;
        bool meets = (bits & 1u << w) != 0;

        if (!meets && word->area_count > 0)
            rc = areas_meet(finding, line, row, &finding->word_areas[w], &meets, err);
        bits |= (uint8_t)(meets ? 1u << w : 0);
        if (!meets)
            break;
    }
    *out = bits == finding->wanted;
    return rc;
}

static uint8_t states_of(const struct finding *finding, const uint8_t *line, int64_t row) {
    uint8_t states = line[LINE_FLAGS] & LINE_STATES;

    return (finding->marks[row - 1] & MARK_WAITING) != 0 ? states | RECORD_QUARANTINED : states;
}

static enum rc line_passes(struct finding *finding, const uint8_t *line, int64_t row, bool *out,
                           struct err *err) {
    const struct record_query *query = finding->query;
    uint8_t states = states_of(finding, line, row);
    uint64_t name = line_get(line, LINE_NAME, 2), changed;
    enum rc rc = RC_OK;

    *out = false;
    if (name == 0 || (finding->name != 0 && name != (uint64_t)finding->name))
        return RC_OK;
    if ((states & query->with) != query->with || (states & query->without) != 0)
        return RC_OK;
    if (query->audiences != 0 && (line[LINE_AUDIENCE] > AUDIENCE_LAST ||
                                  (query->audiences & 1u << line[LINE_AUDIENCE]) == 0))
        return RC_OK;
    if (query->reviews != 0 && (query->reviews & 1u << (line[LINE_FLAGS] >> REVIEW_SHIFT)) == 0)
        return RC_OK;
    changed = line_get(line, LINE_CHANGED, TIME_BYTES);
    if (changed < finding->from || changed > finding->to)
        return RC_OK;
    if (query->person != 0 && line_get(line, LINE_CREATED_BY, 8) != query->person &&
        line_get(line, LINE_CHANGED_BY, 8) != query->person)
        return RC_OK;
    *out = true;
    if (query->area_count > 0)
        rc = areas_meet(finding, line, row, &finding->areas, out, err);
    if (rc == RC_OK && *out && finding->word_count > 0)
        rc = words_meet(finding, line, row, out, err);
    return rc;
}

/* --- all lines --- */

static enum rc look_at(struct finding *finding, int64_t block, struct view lines, struct err *err) {
    int64_t row = block * LINE_ROWS + 1;
    uint8_t needed = finding_needed(finding, block);
    enum rc rc = RC_OK;

    if (lines.size % LINE_BYTES != 0 || lines.size > (size_t)LINE_BYTES * LINE_ROWS)
        return err_set(err, RC_CORRUPT, "store: a block of the list has %zu bytes", lines.size);
    for (size_t at = 0; at < lines.size && rc == RC_OK; at += LINE_BYTES, row++) {
        const uint8_t *line = lines.data + at;
        bool passes = false;

        if (row > finding->rows)
            break;
        if ((finding->marks[row - 1] & needed) != needed)
            continue;
        rc = line_passes(finding, line, row, &passes, err);
        if (rc != RC_OK || !passes)
            continue;
        finding->total++;
        rc = finding->take(finding->context, line, row, err);
    }
    return rc;
}

/* Where the newest are wanted, the last come first: what is kept of them stays. */
enum rc finding_run(struct finding *finding, finding_take *take, void *context, struct err *err) {
    static const struct block_walk FORWARDS = {SQL_LINES, SQL_LINE_BLOCK, LINE_ROWS,
                                               finding_needs_block, look_at};
    static const struct block_walk BACKWARDS = {SQL_LINES_BACK, SQL_LINE_BLOCK, LINE_ROWS,
                                                finding_needs_block, look_at};
    const struct record_query *query = finding->query;
    bool backwards = query->descending &&
                     (query->order == RECORDS_BY_CHANGED || query->order == RECORDS_BY_CREATED);

    finding->take = take;
    finding->context = context;
    return finding_walk(finding, backwards ? &BACKWARDS : &FORWARDS, err);
}

/* Records are looked at side by side, mostly, and to go on is cheaper than to look for a block. */
static enum rc rest_seek(struct finding *finding, int64_t block, struct err *err) {
    enum { NEAR = 4 };
    struct statement *rests = finding->sqlite->sql[SQL_RESTS];
    int64_t before = finding->rest_block;
    enum rc rc;

    if (before < 0 || block < before || block > before + NEAR) {
        statement_reset(rests);
        statement_bind_i64(rests, 1, block);
    }
    finding->rest_block = -1;
    do
        rc = statement_step(rests, err);
    while (rc == RC_OK && statement_i64(rests, 0) < block);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (rc == RC_NOT_FOUND || statement_i64(rests, 0) != block)
        return err_set(err, RC_CORRUPT, "store: the list has a line and not the rest of it");
    finding->rests = statement_blob(rests, 1);
    finding->rest_block = block;
    return RC_OK;
}

enum rc finding_rest(struct finding *finding, int64_t row, const uint8_t **out, struct err *err) {
    size_t at = (size_t)slot_of(row, REST_ROWS) * REST_BYTES;
    int64_t block = block_of(row, REST_ROWS);
    enum rc rc = finding->rest_block == block ? RC_OK : rest_seek(finding, block, err);

    if (rc == RC_OK && at + REST_BYTES > finding->rests.size)
        rc = err_set(err, RC_CORRUPT, "store: the list has a line and not the rest of it");
    if (rc == RC_OK)
        *out = finding->rests.data + at;
    return rc;
}

/* --- beginning and end --- */

enum rc finding_start(struct finding *finding, struct store *store,
                      const struct record_query *query, struct err *err) {
    enum rc rc = RC_OK;

    *finding = (struct finding){
        .sqlite = sqlite_of(store),
        .query = query,
        .word_count = query->word_count,
        .rest_block = -1,
        .from = listed_time(query->changed_from_ms),
        .to = query->changed_to_ms == 0 ? UINT64_MAX : listed_time(query->changed_to_ms)};
    rc = branches_init(&finding->areas, query->areas, query->area_count, err);
    for (uint32_t i = 0; i < query->word_count && rc == RC_OK; i++) {
        rc = branches_init(&finding->word_areas[i], query->words[i].areas,
                           query->words[i].area_count, err);
        listed_word_init(&finding->words[i], &query->words[i]);
        finding->wanted |= (uint8_t)(1u << i);
        finding->by_area |= (uint8_t)(query->words[i].area_count > 0 ? 1u << i : 0);
    }
    if (rc == RC_OK && query->form_name.size > 0)
        rc = name_find(finding->sqlite, query->form_name, &finding->name, err);
    return rc == RC_OK ? finding_mark(finding, err) : rc;
}

void finding_end(struct finding *finding) {
    statement_reset(finding->sqlite->sql[SQL_RESTS]);
    branches_release(&finding->areas);
    for (uint32_t i = 0; i < QUERY_WORDS_MAX; i++)
        branches_release(&finding->word_areas[i]);
    free(finding->marks);
    free(finding->places);
    free(finding->scan.units);
}
