/* Functions of dates (xpath_moment.c says what a date is here). */
#include "schema/form/xpath_function.h"

#include <math.h>

#include "base/date.h"
#include "base/words.h"

static enum rc give_moment(struct run *run, int64_t ms, bool whole, struct xpath_value *value) {
    char text[MOMENT_TEXT_BYTES];
    size_t size = moment_text(run->host, ms, whole, text);
    struct view copy = arena_view(run->arena, view_of(text, size));

    if (copy.data == NULL)
        return run_no_memory(run);
    *value = (struct xpath_value){.type = XPATH_TEXT, .text = copy, .moment = true};
    value->number = number_of_ms(ms);
    return RC_OK;
}

FUNCTION(function_now) {
    (void)focus;
    if (run->host->now_ms == NULL)
        return call_unsupported(run, call);
    return give_moment(run, run->host->now_ms(run->host->user), true, value);
}

/* The moment at which the local day begins. */
FUNCTION(function_today) {
    char text[MOMENT_TEXT_BYTES];
    int64_t ms;

    (void)focus;
    if (run->host->now_ms == NULL)
        return call_unsupported(run, call);
    (void)moment_text(run->host, run->host->now_ms(run->host->user), true, text);
    if (!moment_parse(run->host, view_of(text, DATE_TEXT_BYTES - 1), &ms))
        return call_fail(run, call, RC_INVALID, WORD("the clock is beyond all dates"));
    return give_moment(run, ms, false, value);
}

/* The argument as a moment; *is is false if it is none. */
static enum rc argument_moment(struct run *run, const struct expression *call,
                               const struct focus *focus, bool *is, int64_t *ms) {
    struct xpath_value argument;
    enum rc rc = run_evaluate(run, call->operands[0], focus, &argument);

    return rc != RC_OK ? rc : value_to_moment(run, &argument, is, ms);
}

/* What is no date gives an empty text, which is also false. */
FUNCTION(function_date) {
    int64_t ms;
    bool is;
    enum rc rc = argument_moment(run, call, focus, &is, &ms);

    if (rc != RC_OK)
        return rc;
    return is ? give_moment(run, ms, false, value) : give_text(run, view_of("", 0), value);
}

FUNCTION(function_decimal_date_time) {
    int64_t ms;
    bool is;
    enum rc rc = argument_moment(run, call, focus, &is, &ms);

    if (rc != RC_OK)
        return rc;
    return is ? give_number(number_of_ms(ms), value) : give_double(NAN, value);
}

/* A time of day as a part of the day. */
FUNCTION(function_decimal_time) {
    struct view text;
    int64_t ms;
    enum rc rc = argument_text(run, call, 0, focus, &text);

    if (rc != RC_OK)
        return rc;
    if (!moment_parse_time(run->host, text, &ms))
        return give_double(NAN, value);
    return give_number(number_of_double((double)ms / (double)MS_PER_DAY), value);
}

/* ---- formats ---- */

static const char *const months_en[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
static const char *const days_en[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
static const char *const digits_zh[] = {"\xe6\x97\xa5", "\xe4\xb8\x80", "\xe4\xba\x8c",
                                        "\xe4\xb8\x89", "\xe5\x9b\x9b", "\xe4\xba\x94",
                                        "\xe5\x85\xad"};

struct parts {
    struct date date;
    int weekday; /* 0: Sunday */
    int hour, minute, second, millisecond;
};

static struct parts split(const struct xpath_host *host, int64_t ms) {
    int64_t local = moment_local(host, ms);
    int64_t days = local >= 0 ? local / MS_PER_DAY : -((-local + MS_PER_DAY - 1) / MS_PER_DAY);
    int64_t left = local - days * MS_PER_DAY;

    return (struct parts){
        .date = date_from_days(days),
        .weekday = (int)(((days + 4) % 7 + 7) % 7),
        .hour = (int)(left / MS_PER_HOUR),
        .minute = (int)(left / MS_PER_MINUTE % 60),
        .second = (int)(left / MS_PER_SECOND % 60),
        .millisecond = (int)(left % MS_PER_SECOND),
    };
}

/* Chinese months are numbers ("11月"), days "周日" and "星期日". */
static void add_name(const struct parts *parts, char letter, bool chinese, struct buf *out) {
    bool month = letter == 'b' || letter == 'B';
    bool brief = letter == 'b' || letter == 'a';
    const char *name;

    if (chinese && month) {
        buf_addf(out, "%d\xe6\x9c\x88", parts->date.month);
        return;
    }
    if (chinese) {
        buf_add_text(out, brief ? "\xe5\x91\xa8" : "\xe6\x98\x9f\xe6\x9c\x9f");
        buf_add_text(out, digits_zh[parts->weekday]);
        return;
    }
    name = month ? months_en[parts->date.month - 1] : days_en[parts->weekday];
    if (brief)
        buf_addf(out, "%.3s", name);
    else
        buf_add_text(out, name);
}

/* %Y %y %m %n %b %B %d %e %H %h %M %S %3 %a %A %%. Another letter stays as it was written. */
static void add_part(const struct parts *parts, char letter, bool chinese, struct buf *out) {
    switch (letter) {
    case 'Y':
        buf_addf(out, "%04d", parts->date.year);
        return;
    case 'y':
        buf_addf(out, "%02d", parts->date.year % 100);
        return;
    case 'm':
        buf_addf(out, "%02d", parts->date.month);
        return;
    case 'n':
        buf_addf(out, "%d", parts->date.month);
        return;
    case 'd':
        buf_addf(out, "%02d", parts->date.day);
        return;
    case 'e':
        buf_addf(out, "%d", parts->date.day);
        return;
    case 'H':
        buf_addf(out, "%02d", parts->hour);
        return;
    case 'h':
        buf_addf(out, "%d", parts->hour);
        return;
    case 'M':
        buf_addf(out, "%02d", parts->minute);
        return;
    case 'S':
        buf_addf(out, "%02d", parts->second);
        return;
    case '3':
        buf_addf(out, "%03d", parts->millisecond);
        return;
    case 'a':
    case 'A':
    case 'b':
    case 'B':
        add_name(parts, letter, chinese, out);
        return;
    case '%':
        buf_add_u8(out, '%');
        return;
    default:
        buf_add_u8(out, '%');
        buf_add_u8(out, (uint8_t)letter);
        return;
    }
}

FUNCTION(function_format_date) {
    bool chinese = view_equal(view_slice(run->host->language, 0, 2), view_text("zh"));
    struct view format;
    struct parts parts;
    struct buf out;
    int64_t ms = 0;
    bool is;
    enum rc rc = argument_moment(run, call, focus, &is, &ms);

    if (rc == RC_OK)
        rc = argument_text(run, call, 1, focus, &format);
    if (rc != RC_OK)
        return rc;
    if (!is)
        return give_text(run, view_of("", 0), value);
    parts = split(run->host, ms);
    buf_init(&out, XPATH_VALUE_BYTES);
    for (size_t i = 0; i < format.size; i++) {
        if (format.data[i] == '%' && i + 1 < format.size)
            add_part(&parts, (char)format.data[++i], chinese, &out);
        else
            buf_add_u8(&out, format.data[i]);
    }
    return give_buf(run, &out, value);
}
