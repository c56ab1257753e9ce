/* sqlite_line.h: the slim rows of lists; private to the SQLite engine.
 *
 * Lists want any filter with any order, over a million records, in a tenth of a second. An index
 * for each would have to be kept on the way of every record that comes in. Instead there is one
 * thing to look at: a line of 67 bytes for each record, 120 of them in a page of the database, in
 * the order of the rows of the table record. A question looks at all lines (8,334 pages for a
 * million records, 30 ms), keeps the best of a page in its hands, and knows the exact number as
 * well. A new record costs 67 bytes at the end of the table; an edit one page.
 *
 * Records that come together are of one village, mostly, and stand side by side. So a block has a
 * zone, two sets of 64 places in which its townships and its villages have theirs, and a question
 * about a village or a township goes past the blocks in whose sets that place is empty; one block
 * in twenty is looked at for nothing. A block with a line that has further areas, or one from
 * before there were zones, may lie anywhere.
 *
 * Names and tails stand apart, 120 records in a row, and are looked at only when there are words.
 *
 *   line   id 8 | created by 8 | changed by 8 | name key: reading 8, code 8 | area 5 | created 6 |
 *          changed 6 | review time 6 | form name 2 | states and review 1 | audience 1
 *   words  per record: tails 1, each 4 | UTF-16 units 2, each 2
 *
 * All integers little-endian. An id of 0: the record is not in the list, or there is none. */
#ifndef YG_SYNCD_STORE_SQLITE_LINE_H
#define YG_SYNCD_STORE_SQLITE_LINE_H

#include "syncd/store/listed.h"
#include "syncd/store/sqlite.h"

#define LINE_BYTES    67u
#define LINES         120u /* in a block */
#define AREA_BYTES    5u
#define TIME_BYTES    6u
#define WORDS_BYTES   (LINES * (1u + 4u * LISTED_TAILS_MAX + 2u + 2u * LISTED_UNITS_MAX))
#define LINE_MORE     0x10u /* it has further areas */
#define REVIEW_SHIFT  5
#define LINE_STATES   0x0fu
#define LINE_NAME_MAX 65535

enum line_at {
    LINE_ID = 0,
    LINE_CREATED_BY = 8,
    LINE_CHANGED_BY = 16,
    LINE_READING = 24,
    LINE_CODE = 32,
    LINE_AREA = 40,
    LINE_CREATED = 45,
    LINE_CHANGED = 51,
    LINE_REVIEWED = 57,
    LINE_NAME = 63,
    LINE_FLAGS = 65,
    LINE_AUDIENCE = 66,
};

static inline uint64_t area_mix(uint64_t code) {
    return code * UINT64_C(0x9e3779b97f4a7c15);
}

/* The place of a township (its code without the last three digits) or of a village. */
static inline uint64_t zone_place(uint64_t code) {
    return UINT64_C(1) << (area_mix(code) >> 58);
}

/* Of a whole line. All lines are looked at for each question: one load, not one for each byte. */
static inline uint64_t line_get(const uint8_t *line, size_t at, size_t bytes) {
    uint64_t value = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (at + sizeof(value) <= LINE_BYTES) {
        memcpy(&value, line + at, sizeof(value));
        return bytes < sizeof(value) ? value & ((UINT64_C(1) << (8 * bytes)) - 1) : value;
    }
#endif
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)line[at + i] << (8 * i);
    return value;
}

static inline void line_set(uint8_t *line, size_t at, size_t bytes, uint64_t value) {
    for (size_t i = 0; i < bytes; i++)
        line[at + i] = (uint8_t)(value >> (8 * i));
}

static inline int64_t line_block(int64_t row) {
    return (row - 1) / LINES;
}

static inline uint32_t line_slot(int64_t row) {
    return (uint32_t)((row - 1) % LINES);
}

#endif
