/* Dates and times of expressions.
 *
 * A moment is milliseconds since 1970 UTC. A date is the moment at which it begins where the host
 * is, as ODK's web engine has it: so number('1970-01-01') is -0.333 in China and date texts with
 * and without a zone can be compared. A host that knows no zone is in UTC. */
#include "schema/form/xpath_inside.h"

#include <math.h>

#include "base/date.h"

/* The moment at which local clocks show this. Where they show it twice or never (summer time), one
 * of the moments beside it. */
static int64_t from_local(const struct xpath_host *host, int64_t local_ms) {
    int64_t guess;

    if (host->offset_ms == NULL)
        return local_ms;
    guess = local_ms - host->offset_ms(host->user, local_ms);
    return local_ms - host->offset_ms(host->user, guess);
}

int64_t moment_local(const struct xpath_host *host, int64_t ms) {
    return host->offset_ms == NULL ? ms : ms + host->offset_ms(host->user, ms);
}

/* From least to most digits. */
static bool read_digits(struct view text, size_t *at, size_t least, size_t most, int32_t *value) {
    size_t start = *at;

    *value = 0;
    while (*at < text.size && *at - start < most && text.data[*at] >= '0' && text.data[*at] <= '9')
        *value = *value * 10 + (text.data[(*at)++] - '0');
    return *at - start >= least;
}

static bool read_byte(struct view text, size_t *at, char byte) {
    if (*at >= text.size || text.data[*at] != (uint8_t)byte)
        return false;
    (*at)++;
    return true;
}

static bool read_date(struct view text, size_t *at, struct date *date) {
    return read_digits(text, at, 4, 4, &date->year) && read_byte(text, at, '-') &&
           read_digits(text, at, 1, 2, &date->month) && read_byte(text, at, '-') &&
           read_digits(text, at, 1, 2, &date->day) && date_valid(*date);
}

/* "10:15", "10:15:00", "10:15:00.123": ms since midnight. */
static bool read_clock(struct view text, size_t *at, int64_t *ms) {
    int32_t hour, minute, second = 0;
    int64_t fraction = 0;

    if (!read_digits(text, at, 2, 2, &hour) || !read_byte(text, at, ':') ||
        !read_digits(text, at, 2, 2, &minute))
        return false;
    if (read_byte(text, at, ':')) {
        if (!read_digits(text, at, 2, 2, &second))
            return false;
        if (read_byte(text, at, '.')) {
            int64_t unit = 100;
            size_t start = *at;

            for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++) {
                fraction += unit * (text.data[*at] - '0');
                unit /= 10;
            }
            if (*at == start)
                return false;
        }
    }
    *ms = hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + fraction;
    return hour < 24 && minute < 60 && second < 60;
}

/* "Z", "+08:00", "+0800", "+08" up to the end of the text; *given is false if there is none. */
static bool read_zone(struct view text, size_t *at, bool *given, int64_t *offset_ms) {
    int32_t hours, minutes = 0;
    bool west;

    *given = false;
    *offset_ms = 0;
    if (*at == text.size)
        return true;
    *given = true;
    if (read_byte(text, at, 'Z'))
        return *at == text.size;
    west = text.data[*at] == '-';
    if (!west && text.data[*at] != '+')
        return false;
    (*at)++;
    if (!read_digits(text, at, 2, 2, &hours))
        return false;
    if (*at < text.size) {
        (void)read_byte(text, at, ':');
        if (!read_digits(text, at, 2, 2, &minutes))
            return false;
    }
    *offset_ms = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE;
    if (west)
        *offset_ms = -*offset_ms;
    return *at == text.size && hours <= 14 && minutes < 60;
}

bool moment_parse(const struct xpath_host *host, struct view text, int64_t *ms) {
    struct date date;
    int64_t clock_ms = 0;
    int64_t offset_ms;
    bool zone = false;
    size_t at = 0;

    text = text_trim(text);
    if (!read_date(text, &at, &date))
        return false;
    if (at < text.size) {
        if (text.data[at] != 'T' && text.data[at] != ' ')
            return false;
        at++;
        if (!read_clock(text, &at, &clock_ms) || !read_zone(text, &at, &zone, &offset_ms))
            return false;
    }
    *ms = date_to_days(date) * MS_PER_DAY + clock_ms;
    *ms = zone ? *ms - offset_ms : from_local(host, *ms);
    return true;
}

bool moment_parse_time(const struct xpath_host *host, struct view text, int64_t *ms) {
    int64_t offset_ms;
    bool zone;
    size_t at = 0;

    text = text_trim(text);
    if (!read_clock(text, &at, ms) || !read_zone(text, &at, &zone, &offset_ms))
        return false;
    if (zone) {
        int64_t now = host->now_ms == NULL ? 0 : host->now_ms(host->user);

        *ms += moment_local(host, now) - now - offset_ms;
        *ms = ((*ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
    }
    return true;
}

static int64_t floor_days(int64_t ms) {
    return ms >= 0 ? ms / MS_PER_DAY : -((-ms + MS_PER_DAY - 1) / MS_PER_DAY);
}

size_t moment_text(const struct xpath_host *host, int64_t ms, bool whole,
                   char out[MOMENT_TEXT_BYTES]) {
    int64_t local = moment_local(host, ms);
    int64_t days = floor_days(local);
    int64_t left = local - days * MS_PER_DAY;
    int64_t offset = (local - ms) / MS_PER_MINUTE;
    char sign = offset < 0 ? '-' : '+';

    date_format(date_from_days(days), out);
    if (left == 0 && !whole)
        return strlen(out);
    if (offset < 0)
        offset = -offset;
    return DATE_TEXT_BYTES - 1 +
           (size_t)snprintf(out + DATE_TEXT_BYTES - 1, MOMENT_TEXT_BYTES - DATE_TEXT_BYTES + 1,
                            "T%02d:%02d:%02d.%03d%c%02d:%02d", (int)(left / MS_PER_HOUR),
                            (int)(left / MS_PER_MINUTE % 60), (int)(left / MS_PER_SECOND % 60),
                            (int)(left % MS_PER_SECOND), sign, (int)(offset / 60 % 100),
                            (int)(offset % 60));
}

/* Years 1 to 9999. */
static bool in_range(double days) {
    return days > -719163.0 && days < 2932897.0;
}

enum rc value_to_moment(struct run *run, const struct xpath_value *value, bool *is, int64_t *ms) {
    struct xpath_number number = value->number;
    struct view text;

    *is = false;
    if (value->type == XPATH_TEXT || value->type == XPATH_NODES) {
        if (value->type == XPATH_TEXT && value->moment) {
            *is = true;
            *ms = number.ms;
            return RC_OK;
        }
        if (value_to_text(run, value, &text) != RC_OK)
            return run->err->rc;
        if (moment_parse(run->host, text, ms)) {
            *is = true;
            return RC_OK;
        }
        number = number_parse(text);
    } else if (value->type == XPATH_BOOL) {
        return RC_OK;
    }
    *is = !isnan(number.value) && in_range(number.value);
    if (*is)
        *ms = number.dated ? number.ms : (int64_t)round(number.value * (double)MS_PER_DAY);
    return RC_OK;
}
