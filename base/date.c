/* Days are counted with the calendar shifted to begin on the first of March, so that the leap day
 * is the last day of a year and the lengths of the months before it follow one line:
 * (153 * month + 2) / 5 days come before month (0 = March). 400 years have 146,097 days. */
#include "base/date.h"

#define DAYS_PER_ERA 146097
#define DAYS_TO_1970 719468    /* from 0000-03-01 to 1970-01-01 */
#define DAYS_MIN     (-719162) /* 0001-01-01 */
#define DAYS_MAX     2932896   /* 9999-12-31 */

static bool is_leap(int32_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool date_valid(struct date date) {
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t length;

    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    length = lengths[date.month - 1];
    if (date.month == 2 && is_leap(date.year))
        length = 29;
    return date.day <= length;
}

int64_t date_to_days(struct date date) {
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

struct date date_from_days(int64_t days) {
    struct date date;
    int64_t era;
    int64_t day_of_era;
    int64_t year_of_era;
    int64_t day_of_year;
    int64_t month;

    if (days < DAYS_MIN)
        days = DAYS_MIN;
    if (days > DAYS_MAX)
        days = DAYS_MAX;
    days += DAYS_TO_1970;
    era = days / DAYS_PER_ERA;
    day_of_era = days - era * DAYS_PER_ERA;
    /* Takes the leap days out, so that 365 divides evenly. */
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;
    date.day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = (int32_t)(month < 10 ? month + 3 : month - 9);
    date.year = (int32_t)(year_of_era + era * 400 + (date.month <= 2 ? 1 : 0));
    return date;
}

/* Rounds towards the past, also before 1970. */
static int64_t floor_div(int64_t value, int64_t divisor) {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/* Moments outside of the years 1 to 9999 in China become their first or last second. */
static int64_t china_ms(int64_t wall_ms) {
    if (wall_ms < DAYS_MIN * MS_PER_DAY - CHINA_OFFSET_MS)
        return DAYS_MIN * MS_PER_DAY;
    if (wall_ms >= (DAYS_MAX + 1) * MS_PER_DAY - CHINA_OFFSET_MS)
        return (DAYS_MAX + 1) * MS_PER_DAY - 1;
    return wall_ms + CHINA_OFFSET_MS;
}

struct date date_from_ms(int64_t wall_ms) {
    return date_from_days(floor_div(china_ms(wall_ms), MS_PER_DAY));
}

int64_t date_to_ms(struct date date) {
    return date_to_days(date) * MS_PER_DAY - CHINA_OFFSET_MS;
}

/* Exactly count digits at the reader. */
static int32_t read_digits(struct reader *reader, unsigned count) {
    int32_t value = 0;

    while (count-- > 0) {
        uint8_t byte = read_u8(reader);

        if (byte < '0' || byte > '9')
            reader_fail(reader);
        else
            value = value * 10 + (byte - '0');
    }
    return value;
}

static void expect(struct reader *reader, char c) {
    if (read_u8(reader) != (uint8_t)c)
        reader_fail(reader);
}

static bool peek(const struct reader *reader, char c) {
    return reader->at < reader->size && reader->data[reader->at] == (uint8_t)c;
}

static struct date read_date(struct reader *reader) {
    struct date date;

    date.year = read_digits(reader, 4);
    expect(reader, '-');
    date.month = read_digits(reader, 2);
    expect(reader, '-');
    date.day = read_digits(reader, 2);
    if (!date_valid(date))
        reader_fail(reader);
    return date;
}

bool date_parse(struct view text, struct date *date) {
    struct reader reader;
    struct date read;

    reader_init(&reader, text);
    read = read_date(&reader);
    if (!read_done(&reader))
        return false;
    *date = read;
    return true;
}

void date_format(struct date date, char out[DATE_TEXT_BYTES]) {
    int32_t parts[3] = {date.year, date.month, date.day};
    static const int8_t ends[3] = {3, 6, 9};
    static const int8_t lengths[3] = {4, 2, 2};
    int part;

    memcpy(out, "0000-00-00", DATE_TEXT_BYTES);
    for (part = 0; part < 3; part++) {
        int32_t value = parts[part];
        int at;

        for (at = 0; at < lengths[part]; at++) {
            out[ends[part] - at] = (char)('0' + value % 10);
            value /= 10;
        }
    }
}

static void put_two(char *out, int64_t value) {
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

void time_format(int64_t wall_ms, char out[TIME_TEXT_BYTES]) {
    int64_t local = china_ms(wall_ms);
    int64_t days = floor_div(local, MS_PER_DAY);
    int64_t seconds = (local - days * MS_PER_DAY) / MS_PER_SECOND;

    date_format(date_from_days(days), out);
    memcpy(out + 10, "T00:00:00+08:00", 16);
    put_two(out + 11, seconds / 3600);
    put_two(out + 14, seconds / 60 % 60);
    put_two(out + 17, seconds % 60);
}

/* "HH:MM" within a day, in ms. */
static int64_t read_hours(struct reader *reader) {
    int32_t hours = read_digits(reader, 2);
    int32_t minutes;

    expect(reader, ':');
    minutes = read_digits(reader, 2);
    if (hours > 23 || minutes > 59)
        reader_fail(reader);
    return hours * MS_PER_HOUR + minutes * MS_PER_MINUTE;
}

/* ".123456" in ms. */
static int64_t read_fraction(struct reader *reader) {
    int64_t value = 0;
    unsigned digits = 0;

    while (reader->at < reader->size && reader->data[reader->at] >= '0' &&
           reader->data[reader->at] <= '9') {
        if (digits < 3)
            value = value * 10 + (reader->data[reader->at] - '0');
        reader->at++;
        digits++;
    }
    if (digits < 1 || digits > 9)
        reader_fail(reader);
    for (; digits < 3; digits++)
        value *= 10;
    return value;
}

static int64_t read_zone(struct reader *reader) {
    bool west;

    if (reader->at == reader->size)
        return CHINA_OFFSET_MS;
    if (peek(reader, 'Z')) {
        reader->at++;
        return 0;
    }
    west = peek(reader, '-');
    if (!west)
        expect(reader, '+');
    else
        reader->at++;
    return west ? -read_hours(reader) : read_hours(reader);
}

bool time_parse(struct view text, int64_t *wall_ms) {
    struct reader reader;
    struct date date;
    int64_t value = 0;

    reader_init(&reader, text);
    date = read_date(&reader);
    if (peek(&reader, ' '))
        reader.at++;
    else
        expect(&reader, 'T');
    value += read_hours(&reader);
    if (peek(&reader, ':')) {
        int32_t seconds;

        reader.at++;
        seconds = read_digits(&reader, 2);
        if (seconds > 59)
            reader_fail(&reader);
        value += seconds * MS_PER_SECOND;
        if (peek(&reader, '.')) {
            reader.at++;
            value += read_fraction(&reader);
        }
    }
    value -= read_zone(&reader);
    if (!read_done(&reader))
        return false;
    *wall_ms = date_to_days(date) * MS_PER_DAY + value;
    return true;
}
