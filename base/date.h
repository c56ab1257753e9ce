/* date.h: civil dates and times of the Gregorian calendar, without libc's time zones.
 *
 * Stored times are int64 milliseconds since 1970-01-01 UTC. People see China time, which has been
 * UTC+8 without summer time since 1991; it is the only zone that we write. Years 1 to 9999. */
#ifndef YG_BASE_DATE_H
#define YG_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DATE_TEXT_BYTES 11u /* "2026-11-23" and its terminator */
#define TIME_TEXT_BYTES 26u /* "2026-11-23T10:15:00+08:00" and its terminator */

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_HOUR   INT64_C(3600000)
#define MS_PER_DAY    INT64_C(86400000)

#define CHINA_OFFSET_MS (8 * MS_PER_HOUR)

struct date {
    int32_t year;  /* 1 .. 9999 */
    int32_t month; /* 1 .. 12 */
    int32_t day;   /* 1 .. 31 */
};

bool date_valid(struct date date);

/* Days since 1970-01-01, negative before. The date must be valid. */
int64_t date_to_days(struct date date);

/* The inverse. Days outside of the years 1 to 9999 are clamped to the nearest valid date. */
struct date date_from_days(int64_t days);

/* The date in China at that moment. */
struct date date_from_ms(int64_t wall_ms);

/* The moment when that date begins in China. */
int64_t date_to_ms(struct date date);

/* Exactly "YYYY-MM-DD" and a valid date; false otherwise. */
bool date_parse(struct view text, struct date *date);

void date_format(struct date date, char out[DATE_TEXT_BYTES]);

/* China time to the second: 2026-11-23T10:15:00+08:00. */
void time_format(int64_t wall_ms, char out[TIME_TEXT_BYTES]);

/* "YYYY-MM-DDTHH:MM[:SS[.fraction]]" followed by "Z", "+HH:MM", "-HH:MM" or nothing (China time).
 * The fraction has 1 to 9 digits, cut to milliseconds. A space may stand for the T. No leap
 * seconds. False when malformed or not a moment. */
bool time_parse(struct view text, int64_t *wall_ms);

#endif
