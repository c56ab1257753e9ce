/* sqlite_find.c: lists, filtered, sorted and counted, by looking at every line (sqlite_line.h).
 *
 * First the marks: with words, the names are gone through and each record gets a bit for each word
 * that a name or a tail meets; records with a change in quarantine get a bit as well. Then the
 * lines: whoever passes all filters is counted, and the best of a page are kept in a heap whose
 * root is the worst of them, so that nearly every line costs one comparison. Blocks in which the
 * marks leave nobody, and those that lie in other areas, are not read. */
#include "syncd/store/sqlite_line.h"

#include "base/list.h"

#include <stdlib.h>

#define MARK_WAITING 0x80u
#define RECORDS_MAX  (INT64_C(1) << 31) /* marks are a byte each */

struct candidate {
    struct record_cursor cursor;
    int64_t row, id;
    uint8_t flags;
    uint64_t reviewed, created_by, changed_by;
};

/* Areas that are asked for, with what lies beneath; records of one area stand side by side. */
struct branches {
    struct area_range *ranges;
    uint32_t count;
    uint64_t seen; /* the area that was looked up last */
    bool held;
};

struct finding {
    struct sqlite *sqlite;
    const struct record_query *query;
    int64_t name; /* 0: all */
    struct branches areas;
    struct branches word_areas[QUERY_WORDS_MAX];
    uint64_t from, to;
    uint32_t word_count;
    struct listed_word words[QUERY_WORDS_MAX];
    uint8_t wanted; /* bits of words */
    bool words_by_area;
    int64_t rows;    /* of the table record */
    uint8_t *marks;  /* by row - 1 */
    bool *elsewhere; /* by block: all its areas are others; NULL where areas do not matter */
    struct candidate *best;
    uint32_t best_count;
    uint64_t total;
    /* for a tally */
    struct record_tally *tallies;
    uint32_t *slots;
    size_t tally_count, tally_capacity, slot_count;
    uint16_t *tally_names;
    size_t names_capacity;
};

/* --- marks --- */

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

static void mark_block(struct finding *finding, int64_t block, struct view words) {
    int64_t row = block * LINES + 1;
    size_t at = 0;

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
}

static enum rc mark_all_words(struct finding *finding, struct err *err) {
    struct statement *walk = finding->sqlite->sql[SQL_WORDS];
    enum rc rc;

    while ((rc = statement_step(walk, err)) == RC_OK)
        mark_block(finding, statement_i64(walk, 0), statement_blob(walk, 1));
    statement_reset(walk);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Of the blocks that may lie in the areas that are asked for, where they are few. */
static enum rc mark_some_words(struct finding *finding, struct err *err) {
    struct statement *get = finding->sqlite->sql[SQL_WORDS_BLOCK];
    enum rc rc = RC_OK;

    for (int64_t block = 0; block * LINES < finding->rows && rc == RC_OK; block++) {
        if (finding->elsewhere != NULL && finding->elsewhere[block])
            continue;
        statement_bind_i64(get, 1, block);
        rc = statement_one(get, err);
        if (rc == RC_NOT_FOUND) {
            rc = RC_OK;
            continue;
        }
        if (rc == RC_OK) {
            mark_block(finding, block, statement_blob(get, 0));
            statement_reset(get);
        }
    }
    return rc;
}

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

/* To look for a block takes several times as long as to go on to the next one. */
static bool is_few(const struct finding *finding, int64_t blocks) {
    return blocks * 4 < (finding->rows + LINES - 1) / LINES;
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

static int64_t blocks_needed(const struct finding *finding) {
    int64_t needed = 0;

    for (int64_t block = 0; block * LINES < finding->rows; block++)
        needed += finding->elsewhere == NULL || !finding->elsewhere[block];
    return needed;
}

static enum rc make_marks(struct finding *finding, struct err *err) {
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
        rc = is_few(finding, blocks_needed(finding)) ? mark_some_words(finding, err)
                                                     : mark_all_words(finding, err);
    /* Always: few wait, and a list shows who does. */
    return rc == RC_OK ? mark_waiting(finding, err) : rc;
}

/* What a record's mark must have for the record to be looked at. */
static uint8_t needed_marks(const struct finding *finding) {
    uint8_t all = finding->words_by_area ? 0 : finding->wanted;

    return (finding->query->with & RECORD_QUARANTINED) != 0 ? all | MARK_WAITING : all;
}

static bool block_is_needed(const struct finding *finding, int64_t block) {
    const uint8_t *marks = finding->marks + block * LINES;
    uint8_t all = needed_marks(finding);

    if (finding->elsewhere != NULL && finding->elsewhere[block])
        return false;
    if (all == 0)
        return true;
    for (uint32_t i = 0; i < LINES; i++)
        if ((marks[i] & all) == all)
            return true;
    return false;
}

/* --- one line --- */

static enum rc branches_init(struct branches *branches, const uint64_t *areas, uint32_t count,
                             struct err *err) {
    branches->ranges = calloc(count + 1u, sizeof(*branches->ranges));
    if (branches->ranges == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    for (; branches->count < count; branches->count++)
        branches->ranges[branches->count] = area_range_of(areas[branches->count]);
    branches->seen = UINT64_MAX;
    return RC_OK;
}

static bool branches_hold(struct branches *branches, uint64_t area) {
    if (area == branches->seen)
        return branches->held;
    branches->seen = area;
    branches->held = false;
    for (uint32_t i = 0; i < branches->count && !branches->held; i++)
        branches->held = area >= branches->ranges[i].low && area <= branches->ranges[i].high;
    return branches->held;
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
    uint64_t changed;
    enum rc rc = RC_OK;

    *out = false;
    if (line_get(line, LINE_ID, 8) == 0 ||
        (finding->name != 0 && line_get(line, LINE_NAME, 2) != (uint64_t)finding->name))
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

/* --- the best of a page --- */

static int candidate_order(const struct finding *finding, const struct candidate *left,
                           const struct candidate *right) {
    return listed_compare(finding->query, &left->cursor, &right->cursor);
}

static void sink(struct finding *finding, uint32_t at) {
    struct candidate *best = finding->best;

    for (;;) {
        uint32_t child = 2 * at + 1;
        struct candidate moved = best[at];

        if (child >= finding->best_count)
            return;
        if (child + 1 < finding->best_count &&
            candidate_order(finding, &best[child], &best[child + 1]) < 0)
            child++;
        if (candidate_order(finding, &best[at], &best[child]) >= 0)
            return;
        best[at] = best[child];
        best[child] = moved;
        at = child;
    }
}

static void rise(struct finding *finding, uint32_t at) {
    struct candidate *best = finding->best;

    while (at > 0 && candidate_order(finding, &best[(at - 1) / 2], &best[at]) < 0) {
        struct candidate moved = best[at];

        best[at] = best[(at - 1) / 2];
        best[(at - 1) / 2] = moved;
        at = (at - 1) / 2;
    }
}

/* Whether the line is too late by what it is sorted by first: nearly all are. */
static bool line_is_late(const struct finding *finding, const uint8_t *line) {
    const struct record_query *query = finding->query;
    uint64_t first = 0;

    if (finding->best_count < query->most || query->most == 0)
        return query->most == 0;
    switch (query->order) {
    case RECORDS_BY_CHANGED:
        first = line_get(line, LINE_CHANGED, TIME_BYTES);
        break;
    case RECORDS_BY_CREATED:
        first = line_get(line, LINE_CREATED, TIME_BYTES);
        break;
    case RECORDS_BY_AREA:
        first = line_get(line, LINE_AREA, AREA_BYTES);
        break;
    case RECORDS_BY_NAME:
        first = line_get(line, LINE_READING, 8);
        break;
    }
    return (query->descending ? ~first : first) > finding->best[0].cursor.key[0];
}

/* Whether a key can be told to be too late without its dot. */
static bool key_is_late(const struct finding *finding, const uint64_t key[3]) {
    const uint64_t *worst = finding->best[0].cursor.key;

    for (int i = 0; i < 3; i++)
        if (key[i] != worst[i])
            return key[i] > worst[i];
    return false;
}

static enum rc keep(struct finding *finding, const uint8_t *line, int64_t row, struct err *err) {
    const struct record_query *query = finding->query;
    struct name_key name;
    struct candidate item;
    enum rc rc;

    if (line_is_late(finding, line))
        return RC_OK;
    item = (struct candidate){.row = row};
    name = (struct name_key){line_get(line, LINE_READING, 8), line_get(line, LINE_CODE, 8)};
    listed_key(query, line_get(line, LINE_AREA, AREA_BYTES),
               line_get(line, LINE_CREATED, TIME_BYTES), line_get(line, LINE_CHANGED, TIME_BYTES),
               name, item.cursor.key);
    if (finding->best_count == query->most && key_is_late(finding, item.cursor.key))
        return RC_OK;
    item.id = (int64_t)line_get(line, LINE_ID, 8);
    rc = dot_of(finding->sqlite, item.id, &item.cursor.record, err);
    if (rc != RC_OK)
        return rc;
    if (query->after != NULL && listed_compare(query, &item.cursor, query->after) <= 0)
        return RC_OK;
    item.flags = line[LINE_FLAGS];
    item.reviewed = line_get(line, LINE_REVIEWED, TIME_BYTES);
    item.created_by = line_get(line, LINE_CREATED_BY, 8);
    item.changed_by = line_get(line, LINE_CHANGED_BY, 8);
    if (finding->best_count < query->most) {
        finding->best[finding->best_count] = item;
        rise(finding, finding->best_count++);
    } else if (candidate_order(finding, &item, &finding->best[0]) < 0) {
        finding->best[0] = item;
        sink(finding, 0);
    }
    return RC_OK;
}

/* --- counting by area --- */

static struct record_tally *tally_of(struct finding *finding, uint64_t area, uint16_t name,
                                     struct err *err) {
    uint64_t mixed = (area * 8191u + name) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at;

    if (finding->tally_count * 2 >= finding->slot_count) {
        size_t count = finding->slot_count == 0 ? 1024 : finding->slot_count * 2;
        uint32_t *slots = calloc(count, sizeof(*slots));

        if (slots == NULL) {
            (void)err_set(err, RC_NO_MEMORY, "store: out of memory");
            return NULL;
        }
        for (size_t i = 0; i < finding->tally_count; i++) {
            uint64_t known = (finding->tallies[i].area * 8191u + finding->tally_names[i]) *
                             UINT64_C(0x9e3779b97f4a7c15);

            for (at = known >> 32 & (count - 1); slots[at] != 0; at = (at + 1) & (count - 1))
                continue;
            slots[at] = (uint32_t)i + 1;
        }
        free(finding->slots);
        finding->slots = slots;
        finding->slot_count = count;
    }
    for (at = mixed >> 32 & (finding->slot_count - 1); finding->slots[at] != 0;
         at = (at + 1) & (finding->slot_count - 1)) {
        size_t i = finding->slots[at] - 1;

        if (finding->tallies[i].area == area && finding->tally_names[i] == name)
            return &finding->tallies[i];
    }
    if (array_grow(&finding->tallies, sizeof(*finding->tallies), finding->tally_count + 1,
                   UINT32_MAX, "areas", &finding->tally_capacity, err) != RC_OK ||
        array_grow(&finding->tally_names, sizeof(*finding->tally_names), finding->tally_count + 1,
                   UINT32_MAX, "areas", &finding->names_capacity, err) != RC_OK)
        return NULL;
    finding->slots[at] = (uint32_t)finding->tally_count + 1;
    finding->tally_names[finding->tally_count] = name;
    finding->tallies[finding->tally_count] = (struct record_tally){.area = area};
    return &finding->tallies[finding->tally_count++];
}

static enum rc tally_add(struct finding *finding, const uint8_t *line, struct err *err) {
    struct record_tally *tally = tally_of(finding, line_get(line, LINE_AREA, AREA_BYTES),
                                          (uint16_t)line_get(line, LINE_NAME, 2), err);
    int64_t changed = (int64_t)line_get(line, LINE_CHANGED, TIME_BYTES);
    uint8_t flags = line[LINE_FLAGS];

    if (tally == NULL)
        return err->rc;
    tally->records++;
    tally->conflicts += (flags & RECORD_CONFLICT) != 0;
    tally->sealed += (flags & RECORD_SEALED) != 0;
    tally->withdrawn += (flags & RECORD_WITHDRAWN) != 0;
    tally->reviewed[flags >> REVIEW_SHIFT]++;
    tally->changed_ms = changed > tally->changed_ms ? changed : tally->changed_ms;
    return RC_OK;
}

/* --- all lines --- */

static enum rc look_at(struct finding *finding, int64_t block, struct view lines, bool counts,
                       struct err *err) {
    int64_t row = block * LINES + 1;
    uint8_t needed = needed_marks(finding);
    enum rc rc = RC_OK;

    if (lines.size % LINE_BYTES != 0 || lines.size > (size_t)LINE_BYTES * LINES)
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
        rc = counts ? tally_add(finding, line, err) : keep(finding, line, row, err);
    }
    return rc;
}

static enum rc look_at_some(struct finding *finding, bool counts, struct err *err) {
    struct statement *get = finding->sqlite->sql[SQL_LINE_BLOCK];
    enum rc rc = RC_OK;

    for (int64_t block = 0; block * LINES < finding->rows && rc == RC_OK; block++) {
        if (!block_is_needed(finding, block))
            continue;
        statement_bind_i64(get, 1, block);
        rc = statement_one(get, err);
        if (rc == RC_NOT_FOUND) {
            rc = RC_OK;
            continue;
        }
        if (rc == RC_OK) {
            rc = look_at(finding, block, statement_blob(get, 0), counts, err);
            statement_reset(get);
        }
    }
    return rc;
}

/* Where the newest are wanted, the last come first: what is kept of them stays. */
static enum rc look_at_all(struct finding *finding, bool counts, struct err *err) {
    const struct record_query *query = finding->query;
    bool backwards = query->descending &&
                     (query->order == RECORDS_BY_CHANGED || query->order == RECORDS_BY_CREATED);
    struct statement *walk = finding->sqlite->sql[backwards ? SQL_LINES_BACK : SQL_LINES];
    enum rc rc;

    while ((rc = statement_step(walk, err)) == RC_OK) {
        rc = look_at(finding, statement_i64(walk, 0), statement_blob(walk, 1), counts, err);
        if (rc != RC_OK)
            break;
    }
    statement_reset(walk);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* RC_NOT_FOUND: there is nothing to be found. */
static enum rc find_start(struct finding *finding, struct store *store,
                          const struct record_query *query, struct err *err) {
    enum rc rc = RC_OK;

    *finding = (struct finding){
        .sqlite = sqlite_of(store),
        .query = query,
        .word_count = query->word_count,
        .from = listed_time(query->changed_from_ms),
        .to = query->changed_to_ms == 0 ? UINT64_MAX : listed_time(query->changed_to_ms)};
    rc = branches_init(&finding->areas, query->areas, query->area_count, err);
    for (uint32_t i = 0; i < query->word_count && rc == RC_OK; i++) {
        rc = branches_init(&finding->word_areas[i], query->words[i].areas,
                           query->words[i].area_count, err);
        listed_word_init(&finding->words[i], &query->words[i]);
        finding->wanted |= (uint8_t)(1u << i);
        finding->words_by_area |= query->words[i].area_count > 0;
    }
    if (rc == RC_OK && query->form_name.size > 0)
        rc = name_find(finding->sqlite, query->form_name, &finding->name, err);
    return rc == RC_OK ? make_marks(finding, err) : rc;
}

static enum rc find_all(struct finding *finding, bool counts, struct err *err) {
    int64_t blocks = (finding->rows + LINES - 1) / LINES, needed = 0;

    for (int64_t block = 0; block < blocks; block++)
        needed += block_is_needed(finding, block);
    return is_few(finding, needed) ? look_at_some(finding, counts, err)
                                   : look_at_all(finding, counts, err);
}

static void find_end(struct finding *finding) {
    free(finding->areas.ranges);
    for (uint32_t i = 0; i < QUERY_WORDS_MAX; i++)
        free(finding->word_areas[i].ranges);
    free(finding->marks);
    free(finding->elsewhere);
    free(finding->best);
    free(finding->tallies);
    free(finding->tally_names);
    free(finding->slots);
}

/* --- showing --- */

static enum rc show(struct finding *finding, const struct candidate *item, struct arena *arena,
                    store_visit_found *visit, void *context, struct err *err) {
    struct statement *get = finding->sqlite->sql[SQL_RECORD];
    struct found_record found = {.cursor = item->cursor,
                                 .states = item->flags & LINE_STATES,
                                 .review = item->flags >> REVIEW_SHIFT,
                                 .review_ms = (int64_t)item->reviewed,
                                 .created_by = item->created_by,
                                 .changed_by = item->changed_by};
    enum rc rc;

    if ((finding->marks[item->row - 1] & MARK_WAITING) != 0)
        found.states |= RECORD_QUARANTINED;
    arena_reset(arena);
    statement_bind_i64(get, 1, item->row);
    rc = statement_one(get, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_CORRUPT, "store: the list has a record that is not there");
    if (rc == RC_OK) {
        rc = record_row(get, item->cursor.record, arena, &found.record, err);
        statement_reset(get);
    }
    found.record.packed = view_of(NULL, 0);
    return rc == RC_OK ? visit(context, &found, err) : rc;
}

static enum rc show_all(struct finding *finding, store_visit_found *visit, void *context,
                        struct err *err) {
    uint32_t count = finding->best_count;
    struct arena arena;
    enum rc rc = RC_OK;

    while (finding->best_count > 1) { /* the worst goes to the end */
        struct candidate worst = finding->best[0];

        finding->best[0] = finding->best[--finding->best_count];
        finding->best[finding->best_count] = worst;
        sink(finding, 0);
    }
    arena_init(&arena, WALK_BYTES);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = show(finding, &finding->best[i], &arena, visit, context, err);
    arena_release(&arena);
    return rc;
}

enum rc sqlite_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                    void *context, uint64_t *total, struct err *err) {
    struct finding finding;
    enum rc rc = find_start(&finding, store, query, err);

    if (rc == RC_OK) {
        finding.best = calloc((size_t)query->most + 1, sizeof(*finding.best));
        if (finding.best == NULL)
            rc = err_set(err, RC_NO_MEMORY, "store: out of memory");
    }
    if (rc == RC_OK)
        rc = find_all(&finding, false, err);
    *total = finding.total;
    if (rc == RC_OK)
        rc = show_all(&finding, visit, context, err);
    find_end(&finding);
    return rc;
}

static int tally_order(const void *left, const void *right) {
    const struct record_tally *a = left, *b = right;

    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    return view_compare(a->form_name, b->form_name);
}

static enum rc tally_names(struct finding *finding, struct arena *arena, struct err *err) {
    struct statement *get = finding->sqlite->sql[SQL_NAME_OF];
    enum rc rc = RC_OK;

    for (size_t i = 0; i < finding->tally_count && rc == RC_OK; i++) {
        statement_bind_i64(get, 1, finding->tally_names[i]);
        rc = statement_one(get, err);
        if (rc == RC_OK) {
            finding->tallies[i].form_name = column_text(get, 0, arena);
            statement_reset(get);
        }
    }
    return rc == RC_OK ? arena_check(arena, "a list", err) : rc;
}

enum rc sqlite_tally(struct store *store, const struct record_query *query,
                     store_visit_tally *visit, void *context, struct err *err) {
    struct finding finding;
    struct arena arena;
    enum rc rc = find_start(&finding, store, query, err);

    arena_init(&arena, WALK_BYTES);
    if (rc == RC_OK)
        rc = find_all(&finding, true, err);
    if (rc == RC_OK)
        rc = tally_names(&finding, &arena, err);
    if (rc == RC_OK && finding.tally_count > 1)
        qsort(finding.tallies, finding.tally_count, sizeof(*finding.tallies), tally_order);
    for (size_t i = 0; i < finding.tally_count && rc == RC_OK; i++)
        rc = visit(context, &finding.tallies[i], err);
    arena_release(&arena);
    find_end(&finding);
    return rc;
}
