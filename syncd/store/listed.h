/* listed.h: what the engines share about lists of records (store_find, store_tally): by what they
 * are sorted, and whether a name meets a word. Private to this folder. */
#ifndef YG_SYNCD_STORE_LISTED_H
#define YG_SYNCD_STORE_LISTED_H

#include "syncd/store/engine.h"

#define LISTED_UNITS_MAX                                                                           \
    LISTED_NAMES_BYTES /* UTF-16 takes no more units than UTF-8 takes bytes                        \
                        */

/* A time as lists see it: 0 to 2^48 - 1. */
uint64_t listed_time(int64_t time_ms);

/* What a title is sorted by: its first four characters by their reading, then by code. */
uint64_t listed_code(struct view title);
uint64_t listed_reading(uint64_t code);

/* UTF-16 of the first size bytes that make whole characters; line ends are units as any other. */
uint32_t listed_units(struct view text, uint16_t out[LISTED_UNITS_MAX]);

/* A word, ready to be looked for. */
struct listed_word {
    const struct query_word *word;
    bool is_letters;
    uint32_t unit_count;
    uint16_t units[QUERY_WORD_BYTES_MAX];
};
void listed_word_init(struct listed_word *word, const struct query_word *from);
/* units: of names, one a line. */
bool listed_name_meets(const struct listed_word *word, const uint16_t *units, uint32_t count);

/* Whether the area lies in one of these branches. */
bool listed_in_areas(uint64_t area, const uint64_t *areas, uint32_t count);

/* code: of its title. What a record is sorted by, turned around where the order descends, so that
 * less is earlier. Dots are compared apart: equal keys are ordered by dot, or against it. */
void listed_key(const struct record_query *query, uint64_t area, uint64_t created, uint64_t changed,
                uint64_t code, uint64_t key[3]);
/* Negative when the left one stands first. */
int listed_compare(const struct record_query *query, const struct record_cursor *left,
                   const struct record_cursor *right);

#endif
