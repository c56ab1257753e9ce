/* Rows that people have collected, against the rules of their questionnaire: 1,714 households and
 * 6,284 persons of a survey in Abidjan and Nairobi (data/microdata below YG_TEST_DATA). Each
 * household is filled into tests/forms/epfl as an interviewer would fill it. That form only has the
 * questions; when which of them is asked, and what it may hold, is added here as the questionnaire
 * had it in the field. What the form then refuses is counted by question, and stands here with the
 * reason; a count that changes is a change of the engine.
 *
 * Without YG_TEST_DATA the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/file.h"
#include "schema/form/xlsform.h"
#include "schema/limits.h"
#include "tests/support/enginekit.h"
#include "tests/support/realform.h"

#define ARENA_BYTES (512u * 1024u * 1024u)
#define COLUMNS_MAX 64u
#define TALLIES_MAX 200u
#define HOUSEHOLDS  1714u
#define PERSONS     6284u

#define OWN       "${ToiletFacility} = 'Own_Dwelling' or ${ToiletFacility} = 'Own_YardPlot'"
#define NEIGHBOUR "starts-with(${ToiletFacility}, 'Neighb_')"
#define ELSEWHERE                                                                                  \
    "${DrinkingWaterGroup} != 'Private' or not(${DrinkingWater_Private} = 'Piped_dwel' or "        \
    "${DrinkingWater_Private} = 'Piped_yard')"
#define SHARED "${ToiletFacility} = 'Own_YardPlot' or " NEIGHBOUR " or ${ToiletFacility} = 'Public'"

/* All of these are required where they are asked. */
static const struct rule {
    const char *name, *relevant, *constraint;
} rules[] = {
    {"DrinkingWaterGroup", "", ""},
    {"DrinkingWater_Private", "${DrinkingWaterGroup} = 'Private'", ""},
    {"DrinkingWater_Public", "${DrinkingWaterGroup} = 'Public'", ""},
    {"DrinkingWater_PublicVendor", "${DrinkingWater_Public} = 'Vendor'", ""},
    {"DrinkingWater_PublicSpec",
     "${DrinkingWater_Public} = 'Public_Tap' or ${DrinkingWater_Public} = 'Public_Dispenser'", ""},
    {"DrinkingWaterLocation", ELSEWHERE, ""},
    {"DrinkingWaterDist", ELSEWHERE, "(. >= 0 and . < 92) or . = 9999"},
    {"DrinkingWaterAvailability", "", ""},
    {"ObsHandWashPLACE", "", ""},
    {"ObsHandWashSOAP", "", ""},
    {"ObsHandWashWATER", "", ""},
    {"ToiletFacility", "", ""},
    {"ToiletFacilityTYPE", OWN " or " NEIGHBOUR " or ${ToiletFacility} = 'Public'", ""},
    {"ToiletFacilityTYPE_Flush", "${ToiletFacilityTYPE} = 'Flush'", ""},
    {"ToiletFacilityTYPE_Dry", "${ToiletFacilityTYPE} = 'DryOrCompost'", ""},
    /* Not asked in Nairobi, the year before. */
    {"ToiletROOF",
     "/data/City = 'Abidjan' and (" OWN " or " NEIGHBOUR " or ${ToiletFacility} = 'Public')", ""},
    {"ToiletFacilitySHARE",
     "${ToiletFacility} != 'NoFacility_Nature' and ${ToiletFacilityTYPE} != 'Bucket'", ""},
    {"ToiletFacilityCLEAN", SHARED, ""},
    {"ToiletFacilitySAFE", SHARED, ""},
    {"HHROOMS", "", "(. >= 0 and . < 10) or . = 111 or . = 999"},
    {"HHEXTWALLS", "${HHMATERIALS} = 'Y'", ""},
    {"HHROOF", "${HHMATERIALS} = 'Y'", ""},
    {"HHFLOOR", "${HHMATERIALS} = 'Y'", ""},
    {"StreetFood", "", ""},
    /* In Nairobi of adults only. */
    {"School_past",
     "../City = 'Abidjan' or not(../Age_group = 'under five' or ../Age_group = '5 to 17')", ""},
    {"Diarrhoea", "", ""},
    /* One question of several choices, taken apart in the rows: "none of these" excludes others. */
    {"Noitems", "",
     ". = 0 or ${Computer} + ${Electricity} + ${Internet} + ${Oven} + ${Radio} + "
     "${Refrigerator} + ${Smartphone} + ${Television} + ${NA} = 0"},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

enum fault { NOT_TAKEN, MISSING, CONSTRAINT, OTHER };
static const char *const fault_words[] = {"not taken", "missing", "constraint", "other"};

#define UNKNOWN                                                                                    \
    "\"not known\" and \"no answer\" were choices; the published rows have nothing there"
#define UNSEEN                                                                                     \
    "asked only where a place to wash hands was shown, a question that the published rows lack"

/* What the form finds wrong with these rows, and why it is right, or why it does not matter. */
static const struct expected {
    enum fault fault;
    const char *path;
    uint32_t count;
    const char *reason;
} expected[] = {
    {MISSING, "/data/individual/School_past", 263, UNKNOWN},
    {MISSING, "/data/individual/Diarrhoea", 80, UNKNOWN},
    {MISSING, "/data/ObsHandWashPLACE", 409, UNSEEN},
    {MISSING, "/data/ObsHandWashSOAP", 409, UNSEEN},
    {MISSING, "/data/ObsHandWashWATER", 409, UNSEEN},
    {MISSING, "/data/StreetFood", 74, UNKNOWN},
    {MISSING, "/data/ToiletROOF", 3, UNKNOWN},
    {MISSING, "/data/ToiletFacility", 1, UNKNOWN},
    {MISSING, "/data/ToiletFacilityTYPE", 5, UNKNOWN},
    {MISSING, "/data/ToiletFacilitySHARE", 5, UNKNOWN},
    {MISSING, "/data/ToiletFacilityCLEAN", 3, UNKNOWN},
    {MISSING, "/data/ToiletFacilitySAFE", 1, UNKNOWN},
    {MISSING, "/data/DrinkingWaterGroup", 2, UNKNOWN},
    {MISSING, "/data/DrinkingWaterLocation", 19, UNKNOWN},
    {MISSING, "/data/DrinkingWaterAvailability", 3, UNKNOWN},
    {MISSING, "/data/DrinkingWater_Public", 1, UNKNOWN},
    {MISSING, "/data/DrinkingWater_PublicSpec", 78, UNKNOWN},
    {CONSTRAINT, "/data/DrinkingWaterDist", 3,
     "999 was typed where the questionnaire says 9999 for not known: a true error in the rows"},
};
#define EXPECTED (sizeof(expected) / sizeof(expected[0]))

struct tally {
    enum fault fault;
    char path[80], sample[40];
    uint32_t count;
};

struct table {
    struct view *heads;
    struct view *cells; /* row by row */
    uint32_t columns, rows;
};

struct run {
    struct arena arena;
    struct enginekit kit;
    struct err err;
    struct table households, persons;
    struct tally tallies[TALLIES_MAX];
    uint32_t tally_count, given;
};

/* --- tables --- */

static void read_table(struct run *run, const char *name, struct table *table) {
    struct csv *csv = NULL;
    struct csv_row row;
    struct view text;
    uint32_t capacity = 0, count = 0;

    if (realform_file(name, &run->arena, &text, &run->err) != RC_OK ||
        csv_open(text, CSV_LIMITS_DEFAULT, &csv, &run->err) != RC_OK)
        fail_msg("%s", run->err.text);
    while (csv_next(csv, &row, &run->err) == RC_OK && row.count > 0) {
        if (table->columns == 0)
            table->columns = (uint32_t)row.count;
        assert_int_equal(row.count, table->columns);
        for (size_t i = 0; i < row.count; i++) {
            struct view *cell =
                arena_push(&run->arena, &table->cells, &count, &capacity, sizeof(*cell));

            assert_non_null(cell);
            *cell = arena_view(&run->arena, row.cells[i]);
        }
    }
    csv_close(csv);
    assert_int_equal(run->err.rc, RC_OK);
    table->heads = table->cells;
    table->cells += table->columns;
    table->rows = count / table->columns - 1;
}

static struct view table_key(const struct table *table, uint32_t row, uint32_t column) {
    return table->cells[(size_t)row * table->columns + column];
}

/* --- the form --- */

static const struct rule *rule_of(struct view name) {
    for (size_t i = 0; i < RULES; i++)
        if (view_is(name, rules[i].name))
            return &rules[i];
    return NULL;
}

static uint32_t column_of(const struct sheet *sheet, const char *head) {
    uint32_t column = 0;

    while (column < sheet->column_count && !view_is(sheet->cells[column], head))
        column++;
    assert_true(column < sheet->column_count);
    return column;
}

/* The survey sheet with two columns more. */
static void add_rules(struct run *run, struct sheet *sheet) {
    uint32_t width = sheet->column_count + 2, met = 0;
    uint32_t name = column_of(sheet, "name"), required = column_of(sheet, "required");
    struct view *cells = arena_array(&run->arena, (size_t)sheet->row_count * width, sizeof(*cells));

    assert_non_null(cells);
    for (uint32_t row = 0; row < sheet->row_count; row++) {
        struct view *to = &cells[(size_t)row * width];
        const struct rule *rule;

        memcpy(to, &sheet->cells[(size_t)row * sheet->column_count],
               sheet->column_count * sizeof(*to));
        rule = rule_of(to[name]);
        to[width - 2] = view_text(row == 0 ? "relevant" : rule == NULL ? "" : rule->relevant);
        to[width - 1] = view_text(row == 0 ? "constraint" : rule == NULL ? "" : rule->constraint);
        if (rule != NULL)
            to[required] = view_text("yes");
        met += rule != NULL ? 1 : 0;
    }
    assert_int_equal(met, RULES);
    sheet->cells = cells;
    sheet->column_count = width;
}

static void make_form(struct run *run) {
    static const char *const names[] = {"survey", "choices", "settings"};
    struct sheet sheets[3];
    const struct workbook workbook = {.sheet_count = 3, .sheets = sheets};
    struct findings findings = {0};
    struct form *form = NULL;
    struct buf bytes;

    buf_init(&bytes, LIMIT_FORM_BYTES);
    for (size_t i = 0; i < 3; i++) {
        char path[64];

        buf_clear(&bytes);
        snprintf(path, sizeof(path), "tests/forms/epfl/%s.csv", names[i]);
        if (file_read(path, LIMIT_FORM_BYTES, &bytes, &run->err) != RC_OK ||
            sheet_from_csv(view_text(names[i]), buf_view(&bytes), &run->arena, &sheets[i],
                           &run->err) != RC_OK)
            fail_msg("%s", run->err.text);
    }
    add_rules(run, &sheets[0]);
    buf_clear(&bytes);
    if (xlsform_compile(&workbook, NULL, 1, NULL, &run->arena, &findings, &bytes, &run->err) !=
            RC_OK ||
        form_load(arena_view(&run->arena, buf_view(&bytes)), &run->arena, &form, &run->err) !=
            RC_OK ||
        enginekit_load(&run->kit, form->xform) != RC_OK)
        fail_msg("%s%s", run->err.text, run->kit.err.text);
    buf_release(&bytes);
}

/* --- counting --- */

static void count_fault(struct run *run, enum fault fault, struct view path, struct view sample) {
    char plain[80];
    size_t size = 0;

    /* Without the positions of instances: all members are one. */
    for (size_t i = 0; i < path.size && size + 1 < sizeof(plain); i++) {
        if (path.data[i] == '[')
            while (i < path.size && path.data[i] != ']')
                i++;
        else
            plain[size++] = (char)path.data[i];
    }
    plain[size] = '\0';
    for (uint32_t i = 0; i < run->tally_count; i++)
        if (run->tallies[i].fault == fault && strcmp(run->tallies[i].path, plain) == 0) {
            run->tallies[i].count++;
            return;
        }
    assert_true(run->tally_count < TALLIES_MAX);
    run->tallies[run->tally_count].fault = fault;
    run->tallies[run->tally_count].count = 1;
    snprintf(run->tallies[run->tally_count].path, 80, "%s", plain);
    snprintf(run->tallies[run->tally_count++].sample, 40, "%.*s", VIEW_PRINT(sample));
}

static void answer(struct run *run, const char *prefix, struct view head, struct view text) {
    const char *ref = arena_text(&run->kit.arena, "%s/%.*s", prefix, VIEW_PRINT(head));
    struct engine_place place;

    assert_non_null(ref);
    if (text.size == 0)
        return;
    run->given++;
    if (engine_place(&run->kit.engine, view_text(ref), &place, &run->kit.err) != RC_OK)
        fail_msg("%s", run->kit.err.text);
    if (engine_set(&run->kit.engine, place, text, &run->kit.err) != RC_OK ||
        !view_equal(engine_value(&run->kit.engine, place), text))
        count_fault(run, NOT_TAKEN, view_text(ref), text);
    err_clear(&run->kit.err);
}

static void answer_row(struct run *run, const char *prefix, const struct table *table,
                       uint32_t row) {
    for (uint32_t i = 0; i < table->columns; i++)
        if (table->heads[i].size > 0) /* the first column counts the rows, and has no name */
            answer(run, prefix, table->heads[i], table->cells[(size_t)row * table->columns + i]);
}

static void finish(struct run *run) {
    struct question *problems = NULL;
    uint32_t count = 0;

    if (engine_finish(&run->kit.engine, &run->kit.arena, &problems, &count, &run->kit.err) != RC_OK)
        fail_msg("%s", run->kit.err.text);
    for (uint32_t i = 0; i < count; i++)
        count_fault(run,
                    problems[i].violation == ENGINE_MISSING      ? MISSING
                    : problems[i].violation == ENGINE_CONSTRAINT ? CONSTRAINT
                                                                 : OTHER,
                    problems[i].ref, problems[i].value);
}

/* Returns how many persons the household has. */
static uint32_t fill(struct run *run, uint32_t household) {
    struct view key = table_key(&run->households, household, 2);
    uint32_t member = 0;

    arena_reset(&run->kit.arena);
    if (engine_begin(&run->kit.engine, &run->kit.err) != RC_OK)
        fail_msg("%s", run->kit.err.text);
    answer_row(run, "/data", &run->households, household);
    for (uint32_t i = 0; i < run->persons.rows; i++) {
        if (!view_equal(table_key(&run->persons, i, 1), key))
            continue;
        if (member++ > 0 && enginekit_add(&run->kit, "/data/individual", 0) != RC_OK)
            fail_msg("%s", run->kit.err.text);
        answer_row(run, arena_text(&run->kit.arena, "/data/individual[%u]", member), &run->persons,
                   i);
    }
    finish(run);
    return member;
}

static uint32_t judge(const struct run *run) {
    uint32_t failed = 0;

    for (uint32_t i = 0; i < run->tally_count; i++) {
        const struct tally *tally = &run->tallies[i];
        uint32_t wanted = 0;

        for (size_t j = 0; j < EXPECTED; j++)
            if (expected[j].fault == tally->fault && strcmp(expected[j].path, tally->path) == 0)
                wanted = expected[j].count;
        if (wanted == tally->count)
            continue;
        print_message("%s %s: %u times, not %u; the first is \"%s\"\n", fault_words[tally->fault],
                      tally->path, tally->count, wanted, tally->sample);
        failed++;
    }
    for (size_t j = 0; j < EXPECTED; j++) {
        bool is_met = expected[j].count == 0;

        for (uint32_t i = 0; i < run->tally_count; i++)
            is_met |= expected[j].fault == run->tallies[i].fault &&
                      strcmp(expected[j].path, run->tallies[i].path) == 0;
        if (!is_met) {
            print_message("%s %s never happens\n", fault_words[expected[j].fault],
                          expected[j].path);
            failed++;
        }
    }
    return failed;
}

static void real_rows_are_refused_only_for_known_reasons(void **state) {
    struct run *run = calloc(1, sizeof(*run));
    uint32_t placed = 0, failed;

    (void)state;
    assert_non_null(run);
    arena_init(&run->arena, ARENA_BYTES);
    if (realform_folder(&run->arena)[0] == '\0') {
        arena_release(&run->arena);
        free(run);
        skip();
    }
    err_init(&run->err, LANG_EN);
    read_table(run, "../microdata/ceat_epfl_household_data.csv", &run->households);
    read_table(run, "../microdata/ceat_epfl_individual_data.csv", &run->persons);
    assert_int_equal(run->households.rows, HOUSEHOLDS);
    assert_int_equal(run->persons.rows, PERSONS);
    enginekit_init(&run->kit);
    make_form(run);
    for (uint32_t i = 0; i < HOUSEHOLDS; i++)
        placed += fill(run, i);
    assert_int_equal(placed, PERSONS);
    assert_true(run->given > 100000);
    failed = judge(run);
    enginekit_release(&run->kit);
    arena_release(&run->arena);
    free(run);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_rows_are_refused_only_for_known_reasons)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
