/* survey.h: household surveys as a county has them, made from a seed, for tests and benchmarks.
 *
 * 105 fields, of which about 92 are filled, in Chinese: names, ID numbers with valid check digits
 * from the unassigned test area 430699, phones, choices, dates, money, remarks. Fields are drawn
 * independently of each other, so real data should be no harder to compress. */
#ifndef YG_TESTS_SUPPORT_SURVEY_H
#define YG_TESTS_SUPPORT_SURVEY_H

#include "schema/wire/frame.h"

#define SURVEY_FIELDS 105u

/* Numbers from a seed (SplitMix64). */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);
uint32_t chance_below(struct chance *chance, uint32_t bound);
bool chance_percent(struct chance *chance, uint32_t percent);
void chance_bytes(struct chance *chance, void *out, size_t size);

const char *survey_field_name(uint32_t index);

/* A create of one household; all in the arena. The next wall time is a few minutes later. */
void survey_make(struct chance *chance, struct dot dot, uint64_t form, uint64_t person,
                 int64_t *wall_ms, struct arena *arena, struct change *out);

/* The same with a repeat of 1 to 6 members, each with about 24 fields. */
void survey_household(struct chance *chance, struct dot dot, uint64_t form, uint64_t person,
                      int64_t *wall_ms, struct arena *arena, struct change *out);

/* An edit of one to three fields of a record. */
void survey_edit(struct chance *chance, struct dot dot, struct dot record, uint64_t form,
                 uint64_t person, int64_t *wall_ms, struct arena *arena, struct change *out);

/* The change as a line of JSON: {"r":"ACTOR-N","t":MS,"v":{NAME:VALUE,...}}, members as
 * "m":[{...},...]; an edit names the
 * record in "r", itself in "d" and the replaced versions in "b". */
void survey_line(const struct change *change, struct buf *out);

#endif
