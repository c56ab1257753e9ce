/* form_value.c: what a person typed or a file holds becomes a typed value.
 *
 * What is stored, by type of field:
 *   integer          VALUE_INT
 *   decimal          VALUE_DECIMAL, scale as typed
 *   date             VALUE_DATE
 *   time             text "09:30:00", with ".250" behind it if there are milliseconds
 *   datetime         text "2026-11-23T10:15:00+08:00", likewise; always in China time
 *   select_one       text: the name of the choice
 *   select_multiple  text: the names in order of the list, separated by spaces; under policy union
 *                    one name
 *   geopoint         text: "latitude longitude [altitude [accuracy]]", decimals as typed
 *   attachment       text: SHA-256 in lower-case hexadecimal
 *   acknowledge      text "OK"
 *   everything else  text
 * So equal answers have equal values, whoever typed them where. */
#include "base/date.h"
#include "base/text.h"
#include "schema/form/form_choice.h"
#include "schema/limits.h"

#define SHOWN_CHARACTERS 40u /* of a label or a value in a message */
#define STRUCTURED_BYTES 160u

struct place { /* of a message */
    const struct form *form;
    const struct form_field *field;
    struct view text;         /* the value */
    struct view label, shown; /* what place_name makes of them */
};

/* Only a message needs them, and nearly every value is right. */
static void place_name(struct place *place, const struct err *err) {
    place->label =
        utf8_cut(form_field_label(place->form, place->field, err->lang), SHOWN_CHARACTERS);
    place->shown = utf8_cut(place->text, SHOWN_CHARACTERS);
}

/* The literal stays a literal, so that compiler and catalogue see it. */
#define REFUSE(place, literal, err)                                                                \
    (place_name((place), (err)),                                                                   \
     err_set((err), RC_INVALID, literal, VIEW_PRINT((place)->label), VIEW_PRINT((place)->shown)))

static enum rc parse_integer(struct place *place, struct view text, struct value *out,
                             struct err *err) {
    struct decimal number;

    if (text.size > 1 && text.data[0] == '+')
        text = view_slice(text, 1, text.size);
    if (!decimal_parse(text, &number) || (number = decimal_trim(number)).scale != 0)
        return REFUSE(place, "%.*s: \"%.*s\" is not a whole number; write digits only, such as 12",
                      err);
    *out = value_of_int(number.mantissa);
    return RC_OK;
}

static enum rc parse_decimal(struct place *place, struct view text, struct value *out,
                             struct err *err) {
    struct decimal number;

    if (text.size > 1 && text.data[0] == '+')
        text = view_slice(text, 1, text.size);
    if (!decimal_parse(text, &number))
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not a number; write digits with at most one point and "
                      "18 digits behind it, such as 12.50",
                      err);
    *out = (struct value){.type = VALUE_DECIMAL, .scale = number.scale, .number = number.mantissa};
    return RC_OK;
}

/* Year, month and day with any of the marks that people put between them. */
static bool date_read(struct view text, struct date *date) {
    static const char *const marks[] = {"-", "/", ".", "年", "月", "日"};
    int32_t parts[3] = {0};
    size_t at = 0;

    for (size_t part = 0; part < 3; part++) {
        size_t start = at, digits = part == 0 ? 4 : 2;
        bool marked = false;

        while (at < text.size && at - start < digits && text.data[at] >= '0' &&
               text.data[at] <= '9')
            parts[part] = parts[part] * 10 + (text.data[at++] - '0');
        if (at == start || (part == 0 && at - start != 4))
            return false;
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !marked; i++) {
            size_t size = strlen(marks[i]);

            marked = view_equal(view_slice(text, at, size), view_text(marks[i]));
            at += marked ? size : 0;
        }
        if (marked != (part < 2) &&
            !(marked && view_equal(view_slice(text, at - 3, 3), view_text("日"))))
            return false;
    }
    *date = (struct date){.year = parts[0], .month = parts[1], .day = parts[2]};
    return at == text.size && date_valid(*date);
}

static enum rc parse_date(struct place *place, struct view text, struct value *out,
                          struct err *err) {
    struct date date;

    if (!date_read(text, &date))
        return REFUSE(
            place, "%.*s: \"%.*s\" is not a date; write year-month-day, such as 2026-11-23", err);
    *out = (struct value){.type = VALUE_DATE, .number = date_to_days(date)};
    return RC_OK;
}

static enum rc parse_time(struct place *place, struct view text, char *out, struct err *err) {
    static const char day[] = "2000-01-01T";
    size_t used = sizeof(day) - 1;
    char moment[64];
    int64_t ms;

    memcpy(moment, day, sizeof(day));
    if (text.size > 1 && text.data[1] == ':')
        moment[used++] = '0';
    if (text.size == 0 || text.size > sizeof(moment) - used)
        ms = -1;
    else {
        memcpy(moment + used, text.data, text.size);
        if (!time_parse(view_of(moment, used + text.size), &ms))
            ms = -1;
    }
    if (ms < 0)
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not a time of day; write hours and minutes, such as 09:30",
                      err);
    ms = (ms + CHINA_OFFSET_MS) % MS_PER_DAY;
    snprintf(out, STRUCTURED_BYTES, "%02d:%02d:%02d", (int)(ms / MS_PER_HOUR),
             (int)(ms / MS_PER_MINUTE % 60), (int)(ms / MS_PER_SECOND % 60));
    if (ms % MS_PER_SECOND != 0)
        snprintf(out + 8, 8, ".%03d", (int)(ms % MS_PER_SECOND));
    return RC_OK;
}

static enum rc parse_datetime(struct place *place, struct view text, char *out, struct err *err) {
    char moment[TIME_TEXT_BYTES];
    int64_t ms;

    if (!time_parse(text, &ms))
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not a date with a time; write it such as "
                      "2026-11-23T09:30",
                      err);
    time_format(ms, moment);
    ms = (ms % MS_PER_SECOND + MS_PER_SECOND) % MS_PER_SECOND;
    if (ms == 0)
        snprintf(out, STRUCTURED_BYTES, "%s", moment);
    else
        snprintf(out, STRUCTURED_BYTES, "%.19s.%03d%s", moment, (int)ms, moment + 19);
    return RC_OK;
}

static enum rc parse_geopoint(struct place *place, struct view text, char *out, struct err *err) {
    const int64_t bounds[] = {90, 180, 100000, 10000000};
    size_t at = 0, size = 0, count = 0;
    bool good = true;

    while (good) {
        struct decimal number, bound = {0};
        size_t start;

        while (at < text.size && (text.data[at] == ' ' || text.data[at] == ','))
            at++;
        if (at == text.size)
            break;
        for (start = at; at < text.size && text.data[at] != ' ' && text.data[at] != ',';)
            at++;
        good = count < 4 && decimal_parse(view_slice(text, start, at - start), &number);
        if (!good)
            break;
        bound.mantissa = bounds[count];
        good = decimal_compare(number, bound) <= 0;
        bound.mantissa = count == 3 ? 0 : -bounds[count];
        good = good && decimal_compare(number, bound) >= 0;
        if (count++ > 0)
            out[size++] = ' ';
        size += decimal_format(number, out + size);
    }
    out[size] = '\0';
    if (!good || count < 2)
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not a place; write latitude and longitude, such as "
                      "29.3572 113.1289",
                      err);
    return RC_OK;
}

static enum rc parse_attachment(struct place *place, struct view text, char *out, struct err *err) {
    uint8_t hash[32];

    if (!hex_decode(text, hash, sizeof(hash)))
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not an attachment; it is named by the 64 hexadecimal "
                      "digits of its SHA-256",
                      err);
    hex_encode(view_of(hash, sizeof(hash)), out);
    return RC_OK;
}

static enum rc parse_acknowledge(struct place *place, struct view text, char *out,
                                 struct err *err) {
    char small[3] = "";

    if (text.size == 2) {
        memcpy(small, text.data, 2);
        text_to_upper(small);
    }
    if (!view_is(view_text(small), "OK"))
        return REFUSE(place,
                      "%.*s: \"%.*s\" is not an acknowledgement; write OK, or leave it empty", err);
    memcpy(out, small, sizeof(small));
    return RC_OK;
}

/* The types whose text has a structure: canonical into out (STRUCTURED_BYTES). */
static enum rc parse_structured(struct place *place, struct view text, char *out, struct err *err) {
    switch (place->field->type) {
    case FIELD_TYPE_TIME:
        return parse_time(place, text, out, err);
    case FIELD_TYPE_DATETIME:
        return parse_datetime(place, text, out, err);
    case FIELD_TYPE_GEOPOINT:
        return parse_geopoint(place, text, out, err);
    case FIELD_TYPE_ATTACHMENT:
        return parse_attachment(place, text, out, err);
    default:
        return parse_acknowledge(place, text, out, err);
    }
}

static bool is_structured(uint8_t type) {
    return type == FIELD_TYPE_TIME || type == FIELD_TYPE_DATETIME || type == FIELD_TYPE_GEOPOINT ||
           type == FIELD_TYPE_ATTACHMENT || type == FIELD_TYPE_ACKNOWLEDGE;
}

/* Texts keep their full-width letters and signs, which belong to the language; digits are folded,
 * because people search for them. */
static struct view fold_digits(struct view text, struct arena *arena) {
    uint8_t *folded = arena_alloc(arena, text.size + 1);
    size_t size = 0;

    if (folded == NULL)
        return view_of(NULL, 0);
    for (size_t at = 0; at < text.size;) {
        if (text.size - at >= 3 && text.data[at] == 0xEF && text.data[at + 1] == 0xBC &&
            text.data[at + 2] >= 0x90 && text.data[at + 2] <= 0x99) {
            folded[size++] = (uint8_t)(text.data[at + 2] - 0x90 + '0');
            at += 3;
        } else {
            folded[size++] = text.data[at++];
        }
    }
    return view_of(folded, size);
}

static enum rc place_start(const struct form *form, const struct form_field *field,
                           struct view text, struct place *place, struct err *err) {
    bool holds = form_field_holds_value(field);

    *place = (struct place){.form = form, .field = field, .text = text};
    if (holds && text.size <= LIMIT_VALUE_BYTES && utf8_valid(text))
        return RC_OK;
    place_name(place, err);
    if (!holds)
        return err_set(err, RC_INVALID, "%.*s: groups, repeats and notes hold no answer",
                       VIEW_PRINT(place->label));
    if (text.size > LIMIT_VALUE_BYTES)
        return err_set(err, RC_LIMIT, "%.*s: the text has %zu bytes; at most %u are allowed",
                       VIEW_PRINT(place->label), text.size, LIMIT_VALUE_BYTES);
    return err_set(err, RC_INVALID, "%.*s: the text is not valid UTF-8; save the file as UTF-8",
                   VIEW_PRINT(place->label));
}

enum rc form_value_parse(const struct form *form, const struct form_field *field, struct view text,
                         struct arena *arena, struct value *out, struct err *err) {
    char structured[STRUCTURED_BYTES];
    struct place place;
    char *folded;
    enum rc rc;

    *out = (struct value){.type = VALUE_NULL};
    rc = place_start(form, field, text, &place, err);
    text = text_trim(text);
    if (rc != RC_OK || text.size == 0)
        return rc;
    folded = arena_alloc(arena, text.size + 1);
    if (folded == NULL)
        return arena_check(arena, "form", err);
    place.text = text;
    if (is_structured(field->type) || field->type == FIELD_TYPE_INTEGER ||
        field->type == FIELD_TYPE_DECIMAL || field->type == FIELD_TYPE_DATE ||
        field->type == FIELD_TYPE_SELECT_ONE || field->type == FIELD_TYPE_SELECT_MULTIPLE) {
        bool known = form_choices_known(form, field, text);

        /* A choice whose own name has full-width letters is what it is. */
        if (!known)
            text = view_of(folded, text_fold_width(text, folded));
    }
    switch (field->type) {
    case FIELD_TYPE_INTEGER:
        return parse_integer(&place, text, out, err);
    case FIELD_TYPE_DECIMAL:
        return parse_decimal(&place, text, out, err);
    case FIELD_TYPE_DATE:
        return parse_date(&place, text, out, err);
    case FIELD_TYPE_SELECT_ONE:
    case FIELD_TYPE_SELECT_MULTIPLE:
        rc = form_choices_parse(form, field, text, arena, &text, err);
        break;
    default:
        if (is_structured(field->type)) {
            rc = parse_structured(&place, text, structured, err);
            text = rc == RC_OK ? arena_view(arena, view_text(structured)) : text;
        } else {
            text = fold_digits(text, arena);
        }
    }
    if (rc == RC_OK)
        rc = arena_check(arena, "form", err);
    if (rc == RC_OK && text.size > 0) /* names of choices may all have been blanks */
        *out = value_of_text(text);
    return rc;
}

static enum rc wrong_type(struct place *place, struct err *err) {
    place_name(place, err);
    return err_set(err, RC_INVALID, "%.*s: the value is not of the type %s",
                   VIEW_PRINT(place->label), field_type_name(place->field->type));
}

/* Nearly every value is right, and most are of these types. false: look closely. */
static bool plainly_right(const struct form_field *field, const struct value *value) {
    switch (field->type) {
    case FIELD_TYPE_INTEGER:
        return value->type == VALUE_INT;
    case FIELD_TYPE_DECIMAL:
        return value->type == VALUE_INT ||
               (value->type == VALUE_DECIMAL && value->scale <= DECIMAL_SCALE_MAX);
    case FIELD_TYPE_TEXT:
        return value->type == VALUE_TEXT && value->bytes.size > 0 &&
               value->bytes.size <= LIMIT_VALUE_BYTES && utf8_valid(value->bytes);
    default:
        return false;
    }
}

enum rc form_value_check(const struct form *form, const struct form_field *field,
                         const struct value *value, struct err *err) {
    bool is_text = value->type == VALUE_TEXT;
    char structured[STRUCTURED_BYTES];
    struct place place;
    enum rc rc;

    if (plainly_right(field, value))
        return RC_OK;
    rc = place_start(form, field, is_text ? value->bytes : view_of(NULL, 0), &place, err);
    if (rc != RC_OK || value->type == VALUE_NULL)
        return rc;
    switch (field->type) {
    case FIELD_TYPE_INTEGER:
        return value->type == VALUE_INT ? RC_OK : wrong_type(&place, err);
    case FIELD_TYPE_DECIMAL:
        return (value->type == VALUE_DECIMAL && value->scale <= DECIMAL_SCALE_MAX) ||
                       value->type == VALUE_INT
                   ? RC_OK
                   : wrong_type(&place, err);
    case FIELD_TYPE_DATE:
        return value->type == VALUE_DATE &&
                       date_to_days(date_from_days(value->number)) == value->number
                   ? RC_OK
                   : wrong_type(&place, err);
    default:
        break;
    }
    if (!is_text || value->bytes.size == 0)
        return wrong_type(&place, err);
    if (field->type == FIELD_TYPE_SELECT_ONE || field->type == FIELD_TYPE_SELECT_MULTIPLE)
        return form_choices_check(form, field, value->bytes, err);
    if (!is_structured(field->type))
        return RC_OK;
    rc = parse_structured(&place, value->bytes, structured, err);
    if (rc == RC_OK && !view_is(value->bytes, structured)) {
        place_name(&place, err);
        rc = err_set(err, RC_INVALID, "%.*s: \"%.*s\" should be written as \"%s\"",
                     VIEW_PRINT(place.label), VIEW_PRINT(place.shown), structured);
    }
    return rc;
}
