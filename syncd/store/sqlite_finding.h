/* sqlite_finding.h: one question to the list, while it is answered; private to the SQLite engine.
 *
 * First the marks (sqlite_mark.c): with words, the names are gone through (sqlite_words.c) and each
 * record gets a bit for each word that a name or a tail meets; records with a change in quarantine
 * get a bit as well. A word may also be met by an area: then it counts as met where the zone of the
 * block tells that the area may be there. Then the lines (sqlite_finding.c): whoever passes all
 * filters is counted and handed on, to a page (sqlite_find.c) or to the counts of areas
 * (sqlite_tally.c). Blocks in which the marks leave nobody, and those that lie in other areas, are
 * not looked at. */
#ifndef YG_SYNCD_STORE_SQLITE_FINDING_H
#define YG_SYNCD_STORE_SQLITE_FINDING_H

#include "syncd/store/sqlite_line.h"

#define MARK_WAITING 0x80u
#define PLACE_ASKED  0x80u /* in the areas that are asked for */

/* Areas that are asked for, with what lies beneath. */
struct branches {
    struct area_range *ranges;
    uint32_t count;
    uint64_t *seen; /* areas that were looked up, by a hash: area << 1, and whether they are held */
};

/* The words of a question, made ready (sqlite_words.c); a word is a bit. */
struct word_scan {
    uint16_t *units; /* by unit of UTF-16 */
    uint8_t letters; /* begin a name in pinyin */
    uint8_t inside;  /* are a part of a name */
    uint8_t exact;   /* are known by two units */
    uint8_t tails;
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
    struct word_scan scan;
    uint8_t wanted;  /* bits of words */
    uint8_t by_area; /* those of words that an area may meet */
    int64_t rows;    /* of the table record */
    uint8_t *marks;  /* by row - 1: words that are met, MARK_WAITING */
    uint8_t *places; /* by block of lines: by_area and PLACE_ASKED where it may lie there; NULL: all
                      * may */
    int64_t rest_block; /* which one is in the hands; -1: none */
    struct view rests;
};

/* Call finding_end in any case. */
enum rc finding_start(struct finding *finding, struct store *store,
                      const struct record_query *query, struct err *err);
enum rc finding_run(struct finding *finding, finding_take *take, void *context, struct err *err);
void finding_end(struct finding *finding);
/* The rest of a line, until that of another one is asked for. */
enum rc finding_rest(struct finding *finding, int64_t row, const uint8_t **out, struct err *err);

/* --- sqlite_mark.c --- */

/* Also the number of rows. */
enum rc finding_mark(struct finding *finding, struct err *err);
/* Words that areas of the records of this block of lines may meet. */
uint8_t finding_reached(const struct finding *finding, int64_t block);
/* What a record's mark must have for the record to be looked at. */
uint8_t finding_needed(const struct finding *finding, int64_t block);

/* A table with a row of bytes for each block, what it is read with (block and bytes; bytes), and
 * what is done with the blocks that are needed. */
struct block_walk {
    enum sqlite_sql all, one;
    uint32_t rows; /* of the table record, in a block */
    bool (*needed)(const struct finding *, int64_t block);
    enum rc (*look)(struct finding *, int64_t block, struct view bytes, struct err *);
};
enum rc finding_walk(struct finding *finding, const struct block_walk *walk, struct err *err);
bool finding_needs_block(const struct finding *finding, int64_t block);

/* --- sqlite_words.c --- */

enum rc words_prepare(struct finding *finding, struct err *err);
/* The marks of a block of the table words. */
enum rc words_mark(struct finding *finding, int64_t block, struct view words, struct err *err);

#endif
