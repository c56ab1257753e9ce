/* compile_type.c: the type column, in the spellings that real forms have.
 *
 * A type is compared in lower case with underscores as spaces. Types that XLSForm knows and that
 * no engine of ours runs yet are stored as what their answers are: texts. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"

struct spelling {
    const char *text;
    uint8_t kind;
    uint8_t type;
};

static const struct spelling spellings[] = {
    {"text", ROW_FIELD, FIELD_TYPE_TEXT},
    {"string", ROW_FIELD, FIELD_TYPE_TEXT},
    {"integer", ROW_FIELD, FIELD_TYPE_INTEGER},
    {"int", ROW_FIELD, FIELD_TYPE_INTEGER},
    {"decimal", ROW_FIELD, FIELD_TYPE_DECIMAL},
    {"range", ROW_FIELD, FIELD_TYPE_INTEGER},
    {"date", ROW_FIELD, FIELD_TYPE_DATE},
    {"time", ROW_FIELD, FIELD_TYPE_TIME},
    {"datetime", ROW_FIELD, FIELD_TYPE_DATETIME},
    {"date time", ROW_FIELD, FIELD_TYPE_DATETIME},
    {"geopoint", ROW_FIELD, FIELD_TYPE_GEOPOINT},
    {"location", ROW_FIELD, FIELD_TYPE_GEOPOINT},
    {"gps", ROW_FIELD, FIELD_TYPE_GEOPOINT},
    {"geotrace", ROW_FIELD, FIELD_TYPE_TEXT},
    {"geoshape", ROW_FIELD, FIELD_TYPE_TEXT},
    {"image", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"photo", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"audio", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"video", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"file", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"signature", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"background audio", ROW_FIELD, FIELD_TYPE_ATTACHMENT},
    {"barcode", ROW_FIELD, FIELD_TYPE_BARCODE},
    {"acknowledge", ROW_FIELD, FIELD_TYPE_ACKNOWLEDGE},
    {"trigger", ROW_FIELD, FIELD_TYPE_ACKNOWLEDGE},
    {"note", ROW_FIELD, FIELD_TYPE_NOTE},
    {"calculate", ROW_FIELD, FIELD_TYPE_CALCULATE},
    {"hidden", ROW_FIELD, FIELD_TYPE_HIDDEN},
    {"start", ROW_FIELD, FIELD_TYPE_META},
    {"end", ROW_FIELD, FIELD_TYPE_META},
    {"today", ROW_FIELD, FIELD_TYPE_META},
    {"deviceid", ROW_FIELD, FIELD_TYPE_META},
    {"device id", ROW_FIELD, FIELD_TYPE_META},
    {"username", ROW_FIELD, FIELD_TYPE_META},
    {"phonenumber", ROW_FIELD, FIELD_TYPE_META},
    {"phone number", ROW_FIELD, FIELD_TYPE_META},
    {"email", ROW_FIELD, FIELD_TYPE_META},
    {"subscriberid", ROW_FIELD, FIELD_TYPE_META},
    {"simserial", ROW_FIELD, FIELD_TYPE_META},
    {"imei", ROW_FIELD, FIELD_TYPE_META},
    {"start geopoint", ROW_FIELD, FIELD_TYPE_META},
    {"audit", ROW_SKIP, FIELD_TYPE_META},
    {"xml external", ROW_SKIP, FIELD_TYPE_META},
    {"csv external", ROW_SKIP, FIELD_TYPE_META},
    {"begin group", ROW_BEGIN, FIELD_TYPE_GROUP},
    {"begingroup", ROW_BEGIN, FIELD_TYPE_GROUP},
    {"group", ROW_BEGIN, FIELD_TYPE_GROUP},
    {"begin repeat", ROW_BEGIN, FIELD_TYPE_REPEAT},
    {"beginrepeat", ROW_BEGIN, FIELD_TYPE_REPEAT},
    {"repeat", ROW_BEGIN, FIELD_TYPE_REPEAT},
    {"end group", ROW_END, FIELD_TYPE_GROUP},
    {"endgroup", ROW_END, FIELD_TYPE_GROUP},
    {"end repeat", ROW_END, FIELD_TYPE_REPEAT},
    {"endrepeat", ROW_END, FIELD_TYPE_REPEAT},
};

/* A list's name follows these; the longer spelling stands before the one that it begins with. */
static const struct {
    const char *text;
    uint8_t type;
    bool from_file;
} selects[] = {
    {"select one from file ", FIELD_TYPE_SELECT_ONE, true},
    {"select one external ", FIELD_TYPE_SELECT_ONE, true},
    {"select one from ", FIELD_TYPE_SELECT_ONE, false},
    {"select one ", FIELD_TYPE_SELECT_ONE, false},
    {"select1 ", FIELD_TYPE_SELECT_ONE, false},
    {"select multiple from file ", FIELD_TYPE_SELECT_MULTIPLE, true},
    {"select multiple from ", FIELD_TYPE_SELECT_MULTIPLE, false},
    {"select multiple ", FIELD_TYPE_SELECT_MULTIPLE, false},
    {"select all that apply from ", FIELD_TYPE_SELECT_MULTIPLE, false},
    {"select all that apply ", FIELD_TYPE_SELECT_MULTIPLE, false},
    {"rank ", FIELD_TYPE_TEXT, false}, /* the order is the answer, so it is kept as written */
};

#define TYPE_BYTES 64u

/* Lower case, '_', '-' and white space as one blank each; cut to what any spelling needs. */
static void normalise(struct view text, char out[TYPE_BYTES]) {
    size_t size = 0;
    bool blank = false;

    for (size_t i = 0; i < text.size && size < TYPE_BYTES - 2; i++) {
        uint8_t c = text.data[i];

        if (c <= ' ' || c == '_' || c == '-') {
            blank = true;
            continue;
        }
        if (blank && size > 0)
            out[size++] = ' ';
        blank = false;
        out[size++] = (char)c;
    }
    out[size] = '\0';
    text_to_lower(out);
}

/* The text behind its first count words, where '_' parts words as blanks do. */
static struct view behind_words(struct view text, size_t count) {
    size_t at = 0;

    while (count > 0 && at < text.size) {
        while (at < text.size && text.data[at] > ' ' && text.data[at] != '_' &&
               text.data[at] != '-')
            at++;
        while (at < text.size && (text.data[at] <= ' ' ||
                                  ((text.data[at] == '_' || text.data[at] == '-') && count > 1)))
            at++;
        count--;
    }
    return text_trim(view_slice(text, at, text.size));
}

static size_t count_blanks(const char *text) {
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == ' ' ? 1 : 0;
    return count;
}

static bool ends_with(struct view text, const char *end, struct view *rest) {
    size_t size = strlen(end);

    if (text.size <= size || memcmp(text.data + text.size - size, end, size) != 0)
        return false;
    *rest = text_trim(view_slice(text, 0, text.size - size));
    return true;
}

/* Splits "select_one from_file_list" behind its first word, if that is a whole spelling: then what
 * follows is a name, whatever it looks like. Returns the index of the spelling. */
static size_t spelling_by_word(struct view text, struct view *rest) {
    char word[TYPE_BYTES], wanted[TYPE_BYTES];
    size_t at = 0;

    while (at < text.size && text.data[at] > ' ')
        at++;
    normalise(view_slice(text, 0, at), word);
    *rest = text_trim(view_slice(text, at, text.size));
    for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++) {
        normalise(view_text(selects[i].text), wanted);
        if (strcmp(word, wanted) == 0)
            return i;
    }
    return SIZE_MAX;
}

static size_t spelling_by_start(struct view text, const char *small, struct view *rest) {
    for (size_t i = 0; i < sizeof(selects) / sizeof(selects[0]); i++) {
        size_t size = strlen(selects[i].text);

        /* The whole spelling may be all there is: then the list is missing. */
        if (strncmp(small, selects[i].text, size) == 0 ||
            (strlen(small) == size - 1 && strncmp(small, selects[i].text, size - 1) == 0)) {
            *rest = behind_words(text, count_blanks(selects[i].text));
            return i;
        }
    }
    return SIZE_MAX;
}

static bool select_parse(struct view text, const char *small, struct row_type *out) {
    struct view list;
    size_t found = spelling_by_word(text, &list);

    if (found == SIZE_MAX)
        found = spelling_by_start(text, small, &list);
    if (found == SIZE_MAX)
        return false;
    out->or_other = ends_with(list, " or_other", &list) ||
                    ends_with(list, " or specify other", &list) ||
                    ends_with(list, " or other", &list);
    out->kind = ROW_FIELD;
    out->type = selects[found].type;
    out->is_select = true;
    out->from_file = selects[found].from_file;
    out->list = list;
    return true;
}

/* A range counts in whole numbers unless one of its bounds or its step has a point. */
static uint8_t range_type(struct view parameters) {
    for (size_t i = 0; i < parameters.size; i++)
        if (parameters.data[i] == '.')
            return FIELD_TYPE_DECIMAL;
    return FIELD_TYPE_INTEGER;
}

struct row_type row_type_parse(struct view text, struct view parameters) {
    struct row_type out = {.kind = ROW_UNKNOWN};
    uint32_t best = 3;
    char small[TYPE_BYTES];

    normalise(text, small);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        uint32_t distance;

        if (view_is(view_text(small), spellings[i].text)) {
            out.kind = spellings[i].kind;
            out.type = spellings[i].type;
            out.nearest = NULL;
            if (view_is(view_text(small), "range"))
                out.type = range_type(parameters);
            return out;
        }
        distance = word_distance(view_text(small), view_text(spellings[i].text), best);
        if (distance < best) {
            best = distance;
            out.nearest = spellings[i].text;
        }
    }
    if (select_parse(text, small, &out))
        out.nearest = NULL;
    return out;
}
