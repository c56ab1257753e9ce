/* compile_parameter.c: the column parameters: "start=0, end=10 step=2".
 *
 * Pairs are parted by blanks, commas or semicolons; names are known in any case. Which names a type
 * knows stands in the table below; types that are not there ignore the column, as they always
 * have. */
#include "base/text.h"
#include "schema/form/compile.h"

#define PARAMETERS_MAX 32u

static const struct {
    const char *type, *names[7];
} known[] = {
    {"select one", {"randomize", "seed", "value", "label"}},
    {"select one external", {"randomize", "seed"}},
    {"select multiple", {"randomize", "seed", "value", "label"}},
    {"rank", {"randomize", "seed"}},
    {"range", {"start", "end", "step", "tick_interval", "placeholder", "tick_labelset"}},
    {"audit",
     {"location-priority", "location-min-interval", "location-max-age", "track-changes",
      "track-changes-reasons", "identify-user"}},
    {"audio", {"quality"}},
    {"background audio", {"quality"}},
    {"image", {"max-pixels", "app"}},
    {"text", {"rows"}},
    {"geopoint",
     {"capture-accuracy", "warning-accuracy", "allow-mock-accuracy", "reference-geometry"}},
    {"geotrace", {"allow-mock-accuracy", "incremental", "reference-geometry"}},
    {"geoshape", {"allow-mock-accuracy", "incremental", "reference-geometry"}},
};

#define WRONG_PARAMETER(at, ...) FINDING(at, true, COLUMN_PARAMETERS, __VA_ARGS__)

struct view row_parameter(const struct survey_row *row, const char *name) {
    for (uint32_t i = 0; i < row->parameter_count; i++)
        if (view_is(row->parameters[i].name, name))
            return row->parameters[i].value;
    return view_of(NULL, 0);
}

static struct view lower(struct compiler *compiler, struct view text) {
    char *copy = arena_copy(compiler->arena, text.data, text.size);

    if (copy == NULL)
        return view_of(NULL, 0);
    text_to_lower(copy);
    return view_of(copy, text.size);
}

static bool is_separator(uint8_t c) {
    return c <= ' ' || c == ',' || c == ';';
}

static void split(struct survey *survey, struct survey_row *row, struct view text) {
    struct parameter *list = compile_array(survey->compiler, PARAMETERS_MAX, sizeof(*list));

    row->parameters = list;
    for (size_t at = 0; list != NULL && at < text.size;) {
        size_t end = at, equals = 0, count = 0;

        if (is_separator(text.data[at])) {
            at++;
            continue;
        }
        while (end < text.size && !is_separator(text.data[end])) {
            if (text.data[end] == '=' && count++ == 0)
                equals = end;
            end++;
        }
        if (count != 1 || equals == at || row->parameter_count == PARAMETERS_MAX) {
            WRONG_PARAMETER(survey,
                            "\"%.*s\" is not a parameter; write name=value, parted by blanks",
                            VIEW_PRINT(finding_shown(view_slice(text, at, end - at))));
            return;
        }
        list[row->parameter_count++] =
            (struct parameter){.name = lower(survey->compiler, view_slice(text, at, equals - at)),
                               .value = view_slice(text, equals + 1, end - equals - 1)};
        at = end;
    }
}

static void check_names(struct survey *survey, const struct survey_row *row) {
    size_t type = 0;

    while (type < sizeof(known) / sizeof(known[0]) &&
           strcmp(known[type].type, row->spec->text) != 0)
        type++;
    if (type == sizeof(known) / sizeof(known[0]))
        return;
    for (uint32_t i = 0; i < row->parameter_count; i++) {
        struct view name = row->parameters[i].name;
        bool found = false;

        for (size_t j = 0; j < 7 && known[type].names[j] != NULL; j++)
            found = found || view_is(name, known[type].names[j]);
        /* Columns are named where the choices stand in a file. */
        if ((view_is(name, "value") || view_is(name, "label")) &&
            (row->file.size == 0 || row->file.data[0] == '$'))
            found = false;
        if (!found)
            WRONG_PARAMETER(survey, "the type \"%s\" has no parameter \"%.*s\"", row->spec->text,
                            VIEW_PRINT(finding_shown(name)));
    }
}

static bool is_integer(struct view text) {
    int64_t value;

    return parse_i64(text, &value);
}

static bool one_of(struct view text, const char *const *words) {
    for (; *words != NULL; words++)
        if (view_is(text, *words))
            return true;
    return false;
}

/* --- ranges --- */

/* Brings three numbers to one scale, small enough to be subtracted; false if that can not be. */
static bool common(struct decimal *a, struct decimal *b, struct decimal *c) {
    struct decimal *all[] = {a, b, c};
    uint8_t scale = a->scale;

    scale = b->scale > scale ? b->scale : scale;
    scale = c->scale > scale ? c->scale : scale;
    for (size_t i = 0; i < 3; i++)
        if (!decimal_rescale(*all[i], scale, all[i]) || all[i]->mantissa > INT64_MAX / 4 ||
            all[i]->mantissa < -(INT64_MAX / 4))
            return false;
    return true;
}

/* Whether one gets from there to there by whole steps. */
static bool divides(struct decimal step, struct decimal from, struct decimal to) {
    if (!common(&step, &from, &to) || step.mantissa == 0)
        return false;
    return step.mantissa == -1 || (to.mantissa - from.mantissa) % step.mantissa == 0;
}

/* Whether a step is longer than the whole way. */
static bool overshoots(struct decimal step, struct decimal from, struct decimal to) {
    int64_t way;

    if (!common(&step, &from, &to))
        return true;
    way = to.mantissa - from.mantissa;
    return (step.mantissa < 0 ? -step.mantissa : step.mantissa) > (way < 0 ? -way : way);
}

static bool outside(struct decimal value, struct decimal start, struct decimal end) {
    if (decimal_compare(start, end) <= 0)
        return decimal_compare(value, start) < 0 || decimal_compare(value, end) > 0;
    return decimal_compare(value, end) < 0 || decimal_compare(value, start) > 0;
}

static bool number_of(struct survey *survey, const struct survey_row *row, const char *name,
                      struct decimal *value) {
    struct view text = row_parameter(row, name);

    if (text.size == 0)
        return true;
    if (decimal_parse(text, value))
        return true;
    WRONG_PARAMETER(survey, "%s must be a number, and \"%.*s\" is none", name,
                    VIEW_PRINT(finding_shown(text)));
    return false;
}

static void check_labels(struct survey *survey, const struct survey_row *row, struct decimal start,
                         struct decimal end, struct decimal every) {
    struct compiler *compiler = survey->compiler;
    struct view name = row_parameter(row, "tick_labelset");
    uint32_t index = compile_list(compiler, name);
    const struct form_list *list;

    if (index == FORM_NO_LIST) {
        WRONG_PARAMETER(survey, "the list \"%.*s\" is not on the choices sheet",
                        VIEW_PRINT(finding_shown(name)));
        return;
    }
    list = &compiler->lists[index];
    compiler->list_notes[index].is_used = compiler->list_notes[index].is_instance = true;
    if (view_is(row->appearance, "no-ticks") && list->choice_count != 2)
        WRONG_PARAMETER(survey,
                        "with the appearance no-ticks, the list of tick_labelset has two choices");
    for (uint32_t i = 0; i < list->choice_count; i++) {
        struct decimal value;

        if (!decimal_parse(list->choices[i].name, &value))
            WRONG_PARAMETER(survey, "the choice \"%.*s\" of tick_labelset must be a number",
                            VIEW_PRINT(finding_shown(list->choices[i].name)));
        else if (outside(value, start, end))
            WRONG_PARAMETER(survey, "the choice \"%.*s\" of tick_labelset is beyond start and end",
                            VIEW_PRINT(finding_shown(list->choices[i].name)));
        else if (!divides(every, start, value))
            WRONG_PARAMETER(survey, "the choice \"%.*s\" of tick_labelset is on no tick",
                            VIEW_PRINT(finding_shown(list->choices[i].name)));
    }
}

static void check_range(struct survey *survey, const struct survey_row *row) {
    static const char *const looks[] = {
        "", "vertical", "no-ticks", "no-ticks vertical", "vertical no-ticks", NULL};
    const struct decimal zero = {0};
    struct decimal start = {1, 0}, end = {10, 0}, step = {1, 0}, tick = {0}, held = {0};
    bool ticks = row_parameter(row, "tick_interval").size > 0;

    if ((ticks || row_parameter(row, "placeholder").size > 0 ||
         row_parameter(row, "tick_labelset").size > 0) &&
        !one_of(row->appearance, looks))
        WRONG_PARAMETER(survey,
                        "ticks and placeholder go with the appearances vertical and no-ticks, or "
                        "with none; not with \"%.*s\"",
                        VIEW_PRINT(finding_shown(row->appearance)));
    if (!number_of(survey, row, "start", &start) || !number_of(survey, row, "end", &end) ||
        !number_of(survey, row, "step", &step) || !number_of(survey, row, "tick_interval", &tick) ||
        !number_of(survey, row, "placeholder", &held))
        return;
    if (decimal_compare(step, zero) == 0 || (ticks && decimal_compare(tick, zero) == 0)) {
        WRONG_PARAMETER(survey, "step and tick_interval must not be zero");
        return;
    }
    if (ticks && !divides(step, zero, tick))
        WRONG_PARAMETER(survey, "tick_interval must be a multiple of step");
    if (ticks && overshoots(tick, start, end))
        WRONG_PARAMETER(survey, "tick_interval must not be larger than the whole range");
    if (row_parameter(row, "placeholder").size > 0) {
        if (outside(held, start, end))
            WRONG_PARAMETER(survey, "placeholder must be between start and end");
        else if (!divides(step, start, held))
            WRONG_PARAMETER(survey, "placeholder must be reached from start by whole steps");
    }
    if (row_parameter(row, "tick_labelset").size > 0)
        check_labels(survey, row, start, end, ticks ? tick : step);
}

/* --- the others --- */

static void check_audit(struct survey *survey, const struct survey_row *row) {
    static const char *const truths[] = {"true", "false", NULL};
    static const char *const priorities[] = {"no-power", "low-power", "balanced", "high-accuracy",
                                             NULL};
    struct view priority = row_parameter(row, "location-priority");
    struct view interval = row_parameter(row, "location-min-interval");
    struct view age = row_parameter(row, "location-max-age");
    struct view track = row_parameter(row, "track-changes");
    struct view reasons = row_parameter(row, "track-changes-reasons");
    struct view identify = row_parameter(row, "identify-user");
    int64_t interval_value = 0, age_value = 0;

    if ((track.size > 0 && !one_of(track, truths)) ||
        (identify.size > 0 && !one_of(identify, truths)))
        WRONG_PARAMETER(survey, "track-changes and identify-user are true or false");
    if (reasons.size > 0 && !view_is(reasons, "on-form-edit"))
        WRONG_PARAMETER(survey, "track-changes-reasons can only be on-form-edit");
    if (priority.size == 0 && interval.size == 0 && age.size == 0)
        return;
    if (priority.size == 0 || interval.size == 0 || age.size == 0)
        WRONG_PARAMETER(survey,
                        "location-priority, location-min-interval and location-max-age stand "
                        "together or not at all");
    else if (!one_of(priority, priorities))
        WRONG_PARAMETER(survey,
                        "location-priority is no-power, low-power, balanced or high-accuracy");
    else if (!parse_i64(interval, &interval_value) || !parse_i64(age, &age_value) ||
             interval_value < 0 || age_value < interval_value)
        WRONG_PARAMETER(survey,
                        "location-min-interval and location-max-age are seconds, the second not "
                        "less than the first");
}

static void check_select(struct survey *survey, const struct survey_row *row) {
    struct view randomize = row_parameter(row, "randomize"), seed = row_parameter(row, "seed");
    struct view columns[2] = {row_parameter(row, "value"), row_parameter(row, "label")};
    struct reference reference;
    struct decimal number;

    if (randomize.size > 0 && yes_or_no(randomize) < 0)
        WRONG_PARAMETER(survey, "randomize must be true or false, not \"%.*s\"",
                        VIEW_PRINT(finding_shown(randomize)));
    if (seed.size > 0 && yes_or_no(randomize) != 1)
        WRONG_PARAMETER(survey, "a seed needs randomize=true");
    else if (seed.size > 0 && !decimal_parse(seed, &number) &&
             !(reference_next(seed, 0, &reference) && reference.start == 0 &&
               reference.end == seed.size))
        WRONG_PARAMETER(survey, "the seed must be a number or a ${question}");
    for (size_t i = 0; i < 2; i++)
        if (columns[i].size > 0 && !form_name_valid(columns[i]))
            WRONG_PARAMETER(
                survey, "\"%.*s\" can not be a name; use letters, digits, _ - and ., and no blank",
                VIEW_PRINT(finding_shown(columns[i])));
}

static void check_image(struct survey *survey, const struct survey_row *row) {
    struct view app = row_parameter(row, "app"), pixels = row_parameter(row, "max-pixels");
    bool is_camera = row->appearance.size == 0 || view_is(row->appearance, "annotate");

    if (pixels.size > 0 && !is_integer(pixels))
        WRONG_PARAMETER(survey, "max-pixels must be a whole number");
    if (pixels.size == 0 && row->appearance.size == 0)
        FINDING(survey, false, COLUMN_TYPE,
                "photos without the parameter max-pixels are large; write max-pixels=1024 or so");
    if (app.size > 0 && is_camera &&
        (memchr(app.data, '.', app.size) == NULL || !form_name_valid(app)))
        WRONG_PARAMETER(
            survey, "\"%.*s\" is not the name of an app; it has points, as in org.example.camera",
            VIEW_PRINT(finding_shown(app)));
}

static void check_place(struct survey *survey, const struct survey_row *row) {
    static const char *const truths[] = {"true", "false", NULL};
    static const char *const accuracies[] = {"capture-accuracy", "warning-accuracy"};
    struct view mock = row_parameter(row, "allow-mock-accuracy");
    struct view incremental = row_parameter(row, "incremental");

    if (mock.size > 0 && !one_of(mock, truths))
        WRONG_PARAMETER(survey, "allow-mock-accuracy is true or false");
    if (incremental.size > 0 && yes_or_no(incremental) != 1)
        WRONG_PARAMETER(survey, "incremental is true, or left out");
    for (size_t i = 0; i < 2; i++) {
        struct view accuracy = row_parameter(row, accuracies[i]);
        struct decimal number;

        if (accuracy.size > 0 && !decimal_parse(accuracy, &number))
            WRONG_PARAMETER(survey, "%s must be a number, and \"%.*s\" is none", accuracies[i],
                            VIEW_PRINT(finding_shown(accuracy)));
    }
}

void survey_parameters(struct survey *survey, struct survey_row *row) {
    static const char *const qualities[] = {"voice-only", "low", "normal", "external", NULL};
    struct view text = survey_expression(survey, COLUMN_PARAMETERS), quality, rows;
    const char *type = row->spec->text;
    bool is_recording = strcmp(type, "background audio") == 0;

    if (text.size > 0)
        split(survey, row, text);
    check_names(survey, row);
    if (strcmp(type, "range") == 0)
        check_range(survey, row);
    else if (row->spec->kind == ROW_AUDIT)
        check_audit(survey, row);
    else if (strncmp(type, "select", 6) == 0 || strcmp(type, "rank") == 0)
        check_select(survey, row);
    else if (strcmp(type, "image") == 0 || strcmp(type, "photo") == 0)
        check_image(survey, row);
    else if (strncmp(type, "geo", 3) == 0)
        check_place(survey, row);
    quality = row_parameter(row, "quality");
    if (quality.size > 0 &&
        (!one_of(quality, qualities) || (is_recording && view_is(quality, "external"))))
        WRONG_PARAMETER(survey,
                        "quality is voice-only, low or normal, or external for an audio question");
    rows = row_parameter(row, "rows");
    if (strcmp(type, "text") == 0 && rows.size > 0 && !is_integer(rows))
        WRONG_PARAMETER(survey, "rows must be a whole number");
}

/* --- what needs the whole tree --- */

/* Whether some instance has that name: a list, a file, an entity list. */
static bool instance_there(const struct compiler *compiler, struct view name) {
    if (compile_list(compiler, name) != FORM_NO_LIST)
        return true;
    for (uint32_t i = 0; i < compiler->row_count; i++) {
        const struct survey_row *row = &compiler->rows[i];
        struct view stem = row->file;

        if (row->spec->kind == ROW_EXTERNAL && view_equal(row->name, name))
            return true;
        while (stem.size > 0 && stem.data[stem.size - 1] != '.')
            stem.size--;
        if (stem.size > 1 && view_equal(view_slice(stem, 0, stem.size - 1), name))
            return true;
    }
    for (uint32_t i = 0; i < compiler->entity_count; i++)
        if (view_equal(compiler->entities_declared[i].list, name))
            return true;
    return false;
}

void compile_parameters(struct compiler *compiler) {
    for (uint32_t i = 0; i < compiler->row_count; i++) {
        const struct survey_row *row = &compiler->rows[i];
        struct view geometry = row_parameter(row, "reference-geometry");
        struct survey survey = {
            .compiler = compiler, .sheet = compiler->survey.sheet, .row = row->row};
        struct reference reference;
        bool ambiguous;
        uint32_t target;

        if (geometry.size == 0 || strncmp(row->spec->text, "geo", 3) != 0)
            continue;
        if (reference_next(geometry, 0, &reference)) {
            target = reference_row(compiler, reference.name, i, &ambiguous);
            if (target != NO_ROW && compiler->rows[target].spec->type == FIELD_TYPE_REPEAT &&
                reference.start == 0 && reference.end == geometry.size && reference.is_closed &&
                !reference.is_last_saved)
                continue;
        } else if (instance_there(compiler, geometry)) {
            uint32_t list = compile_list(compiler, geometry);

            if (list != FORM_NO_LIST)
                compiler->list_notes[list].is_used = compiler->list_notes[list].is_instance = true;
            continue;
        }
        WRONG_PARAMETER(
            &survey,
            "reference-geometry names a list, a file without its ending, an entity list, or the "
            "${repeat} whose places are meant; \"%.*s\" is none of these",
            VIEW_PRINT(finding_shown(geometry)));
    }
}
