/* sqlite_finding.h: one question to the list, while it is answered; private to the SQLite engine.
 *
 * First the marks (sqlite_mark.c): with words, the names are gone through and each record gets a
 * bit for each word that a name or a tail meets; records with a change in quarantine get a bit as
 * well. Then the lines (sqlite_finding.c): whoever passes all filters is counted and handed on, to
 * a page (sqlite_find.c) or to the counts of areas (sqlite_tally.c). Blocks in which the marks
 * leave nobody, and those that lie in other areas, are not looked at. */
#ifndef YG_SYNCD_STORE_SQLITE_FINDING_H
#define YG_SYNCD_STORE_SQLITE_FINDING_H

#include "syncd/store/sqlite_line.h"

#define MARK_WAITING 0x80u

/* Areas that are asked for, with what lies beneath; records of one area stand side by side. */
struct branches {
    struct area_range *ranges;
    uint32_t count;
    uint64_t seen; /* the area that was looked up last */
    bool held;
};

/* A record that passes. */
typedef enum rc finding_take(void *context, const uint8_t *line, int64_t row, struct err *err);

struct finding {
    struct sqlite *sqlite;
    const struct record_query *query;
    finding_take *take;
    void *context;
    uint64_t total; /* of those that pass */
    int64_t name;   /* 0: all */
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
};

/* Call finding_end in any case. */
enum rc finding_start(struct finding *finding, struct store *store,
                      const struct record_query *query, struct err *err);
enum rc finding_run(struct finding *finding, finding_take *take, void *context, struct err *err);
void finding_end(struct finding *finding);

/* --- sqlite_mark.c --- */

/* Also the number of rows. */
enum rc finding_mark(struct finding *finding, struct err *err);
/* What a record's mark must have for the record to be looked at. */
uint8_t finding_needed(const struct finding *finding);

/* A table with a row of bytes for each block, what it is read with (block and bytes; bytes), and
 * what is done with the blocks that are needed. */
struct block_walk {
    enum sqlite_sql all, one;
    bool (*needed)(const struct finding *, int64_t block);
    enum rc (*look)(struct finding *, int64_t block, struct view bytes, struct err *);
};
enum rc finding_walk(struct finding *finding, const struct block_walk *walk, struct err *err);
bool finding_needs_block(const struct finding *finding, int64_t block);

#endif
