/* census.h: how often each thing happens in worlds (sim --census), so that whoever changes the dice
 * sees whether what is meant to happen does.
 *
 * What happens is told, line by line (world.h, tell). Lines that differ only by numbers, names and
 * ids count as one kind. */
#ifndef YG_TESTS_SIM_CENSUS_H
#define YG_TESTS_SIM_CENSUS_H

#include <stdint.h>

#define CENSUS_ROWS       1500u
#define CENSUS_TEXT_BYTES 90u

struct census_row {
    char what[CENSUS_TEXT_BYTES];
    uint64_t times, worlds;
    uint64_t seed; /* of the last world in which it happened: one to look at */
};

struct census {
    uint32_t count;
    uint64_t left_out; /* lines for which there was no row any more */
    struct census_row rows[CENSUS_ROWS];
};

void census_line(struct census *census, uint64_t seed, const char *line);
void census_join(struct census *into, const struct census *from);
/* Sorted by text, one row a line, behind the lead: "times worlds seed what". */
void census_print(struct census *census, const char *lead);

#endif
