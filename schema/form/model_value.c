/* The texts of the data types; see model_value.h.
 *
 * An integer has 64 bits here; ODK's has 32, and its programs refuse more. A point is two to four
 * numbers: latitude, longitude, altitude, accuracy; a trace or shape is points parted by ';'. */
#include "schema/form/model_value.h"

#include "base/date.h"
#include "base/text.h"
#include "base/words.h"

static bool is_digit(uint8_t byte) {
    return byte >= '0' && byte <= '9';
}

/* The plain spelling of a number, if it is one: sign, digits, point, digits. */
struct number {
    bool negative;
    struct view whole;    /* without leading zeros; may be empty */
    struct view fraction; /* as written; may be empty */
    bool has_point;
};

static bool number_read(struct view text, struct number *number) {
    size_t at = 0, start;

    *number = (struct number){0};
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        number->negative = text.data[at++] == '-';
    while (at + 1 < text.size && text.data[at] == '0' && is_digit(text.data[at + 1]))
        at++;
    start = at;
    while (at < text.size && is_digit(text.data[at]))
        at++;
    number->whole = view_slice(text, start, at - start);
    if (at < text.size && text.data[at] == '.') {
        number->has_point = true;
        start = ++at;
        while (at < text.size && is_digit(text.data[at]))
            at++;
        number->fraction = view_slice(text, start, at - start);
    }
    return at == text.size && number->whole.size + number->fraction.size > 0;
}

static bool is_zero(struct view digits) {
    for (size_t i = 0; i < digits.size; i++)
        if (digits.data[i] != '0')
            return false;
    return true;
}

static void whole_write(const struct number *number, bool is_negative, struct buf *out) {
    if (is_negative && !is_zero(number->whole))
        buf_add_u8(out, '-');
    if (number->whole.size == 0)
        buf_add_u8(out, '0');
    buf_add_view(out, number->whole);
}

/* Within 64 bits, the smallest one left out. */
static bool fits(struct view digits) {
    uint64_t value;

    return digits.size == 0 || (parse_u64(digits, &value) && value <= INT64_MAX);
}

static bool int_read(struct view text, bool may_cut, struct buf *out) {
    struct number number;

    if (!number_read(text, &number) || !fits(number.whole))
        return false;
    if (!may_cut && number.has_point && !(number.fraction.size > 0 && is_zero(number.fraction)))
        return false;
    whole_write(&number, number.negative, out);
    return true;
}

static bool decimal_read(struct view text, struct buf *out) {
    struct number number;
    struct decimal decimal;
    size_t before = out->size;
    bool is_nothing;

    if (!number_read(text, &number))
        return false;
    is_nothing = is_zero(number.whole) && is_zero(number.fraction);
    if (number.negative && !is_nothing)
        buf_add_u8(out, '-');
    whole_write(&number, false, out);
    if (number.fraction.size > 0) {
        buf_add_u8(out, '.');
        buf_add_view(out, number.fraction);
    }
    if (out->failed == RC_OK &&
        decimal_parse(view_slice(buf_view(out), before, out->size - before), &decimal))
        return true;
    if (out->failed == RC_OK)
        out->size = before;
    return false;
}

/* A point; nothing is spelled anew, people copy coordinates from elsewhere. */
static bool point_is(struct view text, struct buf *out) {
    static const int64_t bound[2] = {90, 180};
    size_t at = 0, count = 0;

    while (at < text.size) {
        size_t start;
        struct number number;
        uint64_t whole = 0;

        while (at < text.size && text.data[at] == ' ')
            at++;
        start = at;
        while (at < text.size && text.data[at] != ' ')
            at++;
        if (start == at)
            break;
        if (count == 4 || !number_read(view_slice(text, start, at - start), &number) ||
            (number.whole.size > 0 && !parse_u64(number.whole, &whole)))
            return false;
        if (count < 2 && (whole > (uint64_t)bound[count] ||
                          (whole == (uint64_t)bound[count] && !is_zero(number.fraction))))
            return false;
        if (count > 0)
            buf_add_u8(out, ' ');
        buf_add_view(out, view_slice(text, start, at - start));
        count++;
    }
    return count >= 2;
}

static bool points_are(struct view text, size_t least, struct buf *out) {
    size_t at = 0, count = 0;

    while (at < text.size) {
        size_t start = at;

        while (at < text.size && text.data[at] != ';')
            at++;
        if (count > 0)
            buf_add_u8(out, ';');
        if (text_trim(view_slice(text, start, at - start)).size > 0) {
            if (!point_is(text_trim(view_slice(text, start, at - start)), out))
                return false;
            count++;
        } else if (at < text.size) {
            return false;
        }
        if (at < text.size)
            at++;
    }
    return count >= least;
}

/* "HH:MM[:SS[.f]]" with or without a zone. */
static bool time_is(struct view text) {
    char moment[64];
    int64_t wall_ms;
    int size;

    if (text.size > 40)
        return false;
    size = snprintf(moment, sizeof(moment), "2000-01-01T%.*s", VIEW_PRINT(text));
    return size > 0 && time_parse(view_of(moment, (size_t)size), &wall_ms);
}

static bool datetime_is(struct view text) {
    struct date date;
    int64_t wall_ms;

    return date_parse(text, &date) || time_parse(text, &wall_ms);
}

static bool boolean_is(struct view text) {
    return view_is(text, "true") || view_is(text, "false") || view_is(text, "1") ||
           view_is(text, "0");
}

/* What is common to both doors. */
static bool value_read(enum model_type type, struct view text, struct buf *out) {
    struct date date;

    switch (type) {
    case MODEL_INT:
        return int_read(text, false, out);
    case MODEL_DECIMAL:
        return decimal_read(text, out);
    case MODEL_BOOLEAN:
        if (!boolean_is(text))
            return false;
        break;
    case MODEL_DATE:
        if (!date_parse(text, &date))
            return false;
        break;
    case MODEL_TIME:
        if (!time_is(text))
            return false;
        break;
    case MODEL_DATETIME:
        if (!datetime_is(text))
            return false;
        break;
    case MODEL_GEOPOINT:
        return point_is(text, out);
    case MODEL_GEOTRACE:
        return points_are(text, 2, out);
    case MODEL_GEOSHAPE:
        return points_are(text, 3, out);
    case MODEL_STRING:
    case MODEL_BINARY:
    case MODEL_BARCODE:
        break;
    }
    buf_add_view(out, text);
    return true;
}

static bool is_free_text(enum model_type type) {
    return type == MODEL_STRING || type == MODEL_BINARY || type == MODEL_BARCODE;
}

bool model_value_read(enum model_type type, struct view text, struct buf *out) {
    char folded[4096];
    size_t before = out->size;

    if (is_free_text(type)) {
        buf_add_view(out, text);
        return true;
    }
    text = text_trim(text);
    if (text.size <= sizeof(folded))
        text = text_trim(view_of(folded, text_fold_width(text, folded)));
    if (text.size == 0 || value_read(type, text, out))
        return true;
    if (out->failed == RC_OK)
        out->size = before;
    return false;
}

void model_value_cast(enum model_type type, struct view text, struct buf *out) {
    size_t before = out->size;
    struct number number;
    int64_t days;

    if (is_free_text(type)) {
        buf_add_view(out, text);
        return;
    }
    text = text_trim(text);
    if (text.size == 0)
        return;
    if (type == MODEL_INT && int_read(text, true, out))
        return;
    if (type == MODEL_DATE && text.size > 10 && datetime_is(text))
        text = view_slice(text, 0, 10);
    if (type == MODEL_DATE && number_read(text, &number) && number.whole.size < 8 &&
        parse_i64(number.whole, &days)) {
        char date[DATE_TEXT_BYTES];

        date_format(date_from_days(number.negative ? -days : days), date);
        buf_add_text(out, date);
        return;
    }
    if (!value_read(type, text, out) && out->failed == RC_OK)
        out->size = before;
}

const char *model_value_hint(enum model_type type) {
    switch (type) {
    case MODEL_INT:
        return WORD("a whole number such as 12");
    case MODEL_DECIMAL:
        return WORD("a number such as 12 or 12.50");
    case MODEL_BOOLEAN:
        return WORD("true or false");
    case MODEL_DATE:
        return WORD("a date such as 2026-11-23");
    case MODEL_TIME:
        return WORD("a time such as 09:30");
    case MODEL_DATETIME:
        return WORD("a date and time such as 2026-11-23T09:30");
    case MODEL_GEOPOINT:
        return WORD("a place such as 29.37 113.13: latitude and longitude");
    case MODEL_GEOTRACE:
    case MODEL_GEOSHAPE:
        return WORD("places parted by semicolons, each a latitude and a longitude");
    case MODEL_STRING:
    case MODEL_BINARY:
    case MODEL_BARCODE:
        break;
    }
    return WORD("text");
}
