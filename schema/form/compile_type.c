/* compile_type.c: the type column, in the spellings that real forms have.
 *
 * A type is compared in lower case with underscores as spaces. The compiled form has fewer types
 * than XLSForm: traces, shapes and rankings are stored as what their answers are, texts. */
#include "base/text.h"
#include "schema/form/compile.h"
#include "schema/form/form_choice.h"

static const struct type_spec specs[] = {
    {"text", ROW_FIELD, FIELD_TYPE_TEXT, "string", "input", NULL, NULL},
    {"string", ROW_FIELD, FIELD_TYPE_TEXT, "string", "input", NULL, NULL},
    {"integer", ROW_FIELD, FIELD_TYPE_INTEGER, "int", "input", NULL, NULL},
    {"int", ROW_FIELD, FIELD_TYPE_INTEGER, "int", "input", NULL, NULL},
    {"decimal", ROW_FIELD, FIELD_TYPE_DECIMAL, "decimal", "input", NULL, NULL},
    {"range", ROW_FIELD, FIELD_TYPE_INTEGER, "int", "range", NULL, NULL},
    {"date", ROW_FIELD, FIELD_TYPE_DATE, "date", "input", NULL, NULL},
    {"time", ROW_FIELD, FIELD_TYPE_TIME, "time", "input", NULL, NULL},
    {"datetime", ROW_FIELD, FIELD_TYPE_DATETIME, "dateTime", "input", NULL, NULL},
    {"date time", ROW_FIELD, FIELD_TYPE_DATETIME, "dateTime", "input", NULL, NULL},
    {"geopoint", ROW_FIELD, FIELD_TYPE_GEOPOINT, "geopoint", "input", NULL, NULL},
    {"location", ROW_FIELD, FIELD_TYPE_GEOPOINT, "geopoint", "input", NULL, NULL},
    {"gps", ROW_FIELD, FIELD_TYPE_GEOPOINT, "geopoint", "input", NULL, NULL},
    {"geotrace", ROW_FIELD, FIELD_TYPE_TEXT, "geotrace", "input", NULL, NULL},
    {"geoshape", ROW_FIELD, FIELD_TYPE_TEXT, "geoshape", "input", NULL, NULL},
    {"image", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "image/*", NULL},
    {"photo", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "image/*", NULL},
    {"signature", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "image/*", NULL},
    {"audio", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "audio/*", NULL},
    {"video", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "video/*", NULL},
    {"file", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload", "application/*", NULL},
    {"background audio", ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", NULL, NULL, NULL},
    {"barcode", ROW_FIELD, FIELD_TYPE_BARCODE, "barcode", "input", NULL, NULL},
    {"acknowledge", ROW_FIELD, FIELD_TYPE_ACKNOWLEDGE, "string", "trigger", NULL, NULL},
    {"trigger", ROW_FIELD, FIELD_TYPE_ACKNOWLEDGE, NULL, "trigger", NULL, NULL},
    {"note", ROW_FIELD, FIELD_TYPE_NOTE, "string", "input", NULL, NULL},
    {"calculate", ROW_FIELD, FIELD_TYPE_CALCULATE, "string", NULL, NULL, NULL},
    {"hidden", ROW_FIELD, FIELD_TYPE_HIDDEN, "string", NULL, NULL, NULL},
    {"start", ROW_FIELD, FIELD_TYPE_META, "dateTime", NULL, "start", "timestamp"},
    {"end", ROW_FIELD, FIELD_TYPE_META, "dateTime", NULL, "end", "timestamp"},
    {"today", ROW_FIELD, FIELD_TYPE_META, "date", NULL, "today", "date"},
    {"deviceid", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "deviceid", "property"},
    {"device id", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "deviceid", "property"},
    {"username", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "username", "property"},
    {"phonenumber", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "phonenumber", "property"},
    {"phone number", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "phonenumber", "property"},
    {"email", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "email", "property"},
    {"subscriberid", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "subscriberid", "property"},
    {"simserial", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "simserial", "property"},
    {"imei", ROW_FIELD, FIELD_TYPE_META, "string", NULL, "deviceid", "property"},
    {"start geopoint", ROW_FIELD, FIELD_TYPE_META, "geopoint", NULL, NULL, NULL},
    {"background geopoint", ROW_FIELD, FIELD_TYPE_META, "geopoint", NULL, NULL, NULL},
    {"audit", ROW_AUDIT, FIELD_TYPE_META, "binary", NULL, NULL, NULL},
    {"xml external", ROW_EXTERNAL, FIELD_TYPE_META, NULL, NULL, NULL, NULL},
    {"csv external", ROW_EXTERNAL, FIELD_TYPE_META, NULL, NULL, NULL, NULL},
    {"begin group", ROW_BEGIN, FIELD_TYPE_GROUP, NULL, "group", NULL, NULL},
    {"begingroup", ROW_BEGIN, FIELD_TYPE_GROUP, NULL, "group", NULL, NULL},
    {"group", ROW_BEGIN, FIELD_TYPE_GROUP, NULL, "group", NULL, NULL},
    {"begin repeat", ROW_BEGIN, FIELD_TYPE_REPEAT, NULL, "group", NULL, NULL},
    {"beginrepeat", ROW_BEGIN, FIELD_TYPE_REPEAT, NULL, "group", NULL, NULL},
    {"repeat", ROW_BEGIN, FIELD_TYPE_REPEAT, NULL, "group", NULL, NULL},
    {"end group", ROW_END, FIELD_TYPE_GROUP, NULL, NULL, NULL, NULL},
    {"endgroup", ROW_END, FIELD_TYPE_GROUP, NULL, NULL, NULL, NULL},
    {"end repeat", ROW_END, FIELD_TYPE_REPEAT, NULL, NULL, NULL, NULL},
    {"endrepeat", ROW_END, FIELD_TYPE_REPEAT, NULL, NULL, NULL, NULL},
};

static const struct type_spec select_one = {
    "select one", ROW_FIELD, FIELD_TYPE_SELECT_ONE, "string", "select1", NULL, NULL};
static const struct type_spec select_external = {
    "select one external", ROW_FIELD, FIELD_TYPE_SELECT_ONE, "string", "input", NULL, NULL};
static const struct type_spec select_multiple = {
    "select multiple", ROW_FIELD, FIELD_TYPE_SELECT_MULTIPLE, "string", "select", NULL, NULL};
/* The order is the answer, so the compiled form keeps it as written. */
static const struct type_spec ranking = {"rank", ROW_FIELD, FIELD_TYPE_TEXT, "odk:rank", "odk:rank",
                                         NULL,   NULL};

/* Its list is one of tags, on a sheet of its own. */
static const struct type_spec osm = {"osm",   ROW_FIELD, FIELD_TYPE_ATTACHMENT, "binary", "upload",
                                     "osm/*", NULL};

/* A list's name follows these; the longer spelling stands before the one that it begins with. */
static const struct {
    const char *text;
    const struct type_spec *spec;
    bool from_file;
} selects[] = {
    {"select one from file ", &select_one, true},
    {"select one external ", &select_external, false},
    {"select one from ", &select_one, false},
    {"select one ", &select_one, false},
    {"select1 ", &select_one, false},
    {"select multiple from file ", &select_multiple, true},
    {"select multiple from ", &select_multiple, false},
    {"select multiple ", &select_multiple, false},
    {"select all that apply from ", &select_multiple, false},
    {"select all that apply ", &select_multiple, false},
    {"rank ", &ranking, false},
    {"osm ", &osm, false},
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
    out->spec = selects[found].spec;
    out->type = out->spec->type;
    out->is_select = out->spec != &osm;
    out->is_external = out->spec == &select_external;
    out->from_file = selects[found].from_file;
    out->list = list;
    return true;
}

const struct type_spec *type_spec_named(const char *text) {
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        if (strcmp(specs[i].text, text) == 0)
            return &specs[i];
    return NULL;
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
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        uint32_t distance;

        if (view_is(view_text(small), specs[i].text)) {
            out.kind = specs[i].kind;
            out.type = specs[i].type;
            out.spec = &specs[i];
            out.nearest = NULL;
            if (view_is(view_text(small), "range"))
                out.type = range_type(parameters);
            return out;
        }
        distance = word_distance(view_text(small), view_text(specs[i].text), best);
        if (distance < best) {
            best = distance;
            out.nearest = specs[i].text;
        }
    }
    if (select_parse(text, small, &out))
        out.nearest = NULL;
    return out;
}
