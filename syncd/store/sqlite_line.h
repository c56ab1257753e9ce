/* sqlite_line.h: the slim rows of lists; private to the SQLite engine.
 *
 * Lists want any filter with any order, over a million records, in a tenth of a second. An index
 * for each would have to be kept on the way of every record that comes in. Instead there is one
 * thing to look at: a line of 39 bytes for each record, 208 of them in a page of the database, in
 * the order of the rows of the table record. A question looks at all lines (4,808 pages for a
 * million records, 20 ms), keeps the best of a page in its hands, and knows the exact number as
 * well. A new record costs its bytes at the end of the table; an edit one page.
 *
 * What is asked of few records (the id, when two are equal; the name, where it sorts and its first
 * character is not enough) or only shown lies in the table rest: it would double what every
 * question reads. An edit does not touch it. Names and tails stand apart as well, and are looked at
 * only when there are words.
 *
 * Records that come together are of one village, mostly, and stand side by side. So a block has a
 * zone, two sets of 64 places in which its townships and its villages have theirs, and a question
 * about a village or a township goes past the blocks in whose sets that place is empty. A block
 * with a line that has further areas may lie anywhere.
 *
 *   line   area 5 | changed 6 | created 6 | created by 8 | changed by 8 | form name 2 |
 *          states and review 1 | audience 1 | how the title's first character is read 2
 *   rest   id 8 | first four characters of the title 8 | review time 6
 *   words  per record: tails 1, each 4 | UTF-16 units 2, each 2
 *
 * All integers little-endian. A form name of 0: the record is not in the list, or there is none.
 * The tables have different numbers of records in a block, so that blocks fill their pages. */
#ifndef YG_SYNCD_STORE_SQLITE_LINE_H
#define YG_SYNCD_STORE_SQLITE_LINE_H

#include "syncd/store/listed.h"
#include "syncd/store/sqlite.h"

#define LINE_BYTES    39u
#define REST_BYTES    22u
#define LINE_ROWS     208u /* in a block */
#define REST_ROWS     360u
#define WORD_ROWS     104u /* two to a block of lines */
#define AREA_BYTES    5u
#define TIME_BYTES    6u
#define WORDS_BYTES   (WORD_ROWS * (1u + 4u * LISTED_TAILS_MAX + 2u + 2u * LISTED_UNITS_MAX))
#define LINE_MORE     0x10u /* it has further areas */
#define REVIEW_SHIFT  5
#define LINE_STATES   0x0fu
#define LINE_NAME_MAX 65535

enum line_at {
    LINE_AREA = 0,
    LINE_CHANGED = 5,
    LINE_CREATED = 11,
    LINE_CREATED_BY = 17,
    LINE_CHANGED_BY = 25,
    LINE_NAME = 33,
    LINE_FLAGS = 35,
    LINE_AUDIENCE = 36,
    LINE_RANK = 37,
};

enum rest_at { REST_ID = 0, REST_CODE = 8, REST_REVIEWED = 16 };

static inline uint64_t area_mix(uint64_t code) {
    return code * UINT64_C(0x9e3779b97f4a7c15);
}

/* The place of a township (its code without the last three digits) or of a village. */
static inline uint64_t zone_place(uint64_t code) {
    return UINT64_C(1) << (area_mix(code) >> 58);
}

/* Of a whole line, or rest, of `size` bytes. All lines are looked at for each question: one load,
 * not one for each byte. */
static inline uint64_t field_get(const uint8_t *from, size_t size, size_t at, size_t bytes) {
    uint64_t value = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (at + sizeof(value) <= size) {
        memcpy(&value, from + at, sizeof(value));
        return bytes < sizeof(value) ? value & ((UINT64_C(1) << (8 * bytes)) - 1) : value;
    }
#endif
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)from[at + i] << (8 * i);
    return value;
}

static inline uint64_t line_get(const uint8_t *line, size_t at, size_t bytes) {
    return field_get(line, LINE_BYTES, at, bytes);
}

static inline uint64_t rest_get(const uint8_t *rest, size_t at, size_t bytes) {
    return field_get(rest, REST_BYTES, at, bytes);
}

static inline void field_set(uint8_t *to, size_t at, size_t bytes, uint64_t value) {
    for (size_t i = 0; i < bytes; i++)
        to[at + i] = (uint8_t)(value >> (8 * i));
}

static inline int64_t block_of(int64_t row, uint32_t rows) {
    return (row - 1) / rows;
}

static inline uint32_t slot_of(int64_t row, uint32_t rows) {
    return (uint32_t)((row - 1) % rows);
}

#endif
