/* Forms as other people wrote them (data/forms below YG_TEST_DATA): each is published strictly, or
 * leniently, or refused with messages that name a cell; what is expected of each stands in a table,
 * so that a change shows. Every XForm that is made, and every XForm that lies beside them, is
 * loaded, filled with random answers, finished, written, and read again.
 *
 * Without YG_TEST_DATA the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/limits.h"
#include "tests/support/enginekit.h"
#include "tests/support/formkit.h"
#include "tests/support/random_fill.h"
#include "tests/support/realform.h"

#define ARENA_BYTES (512u * 1024u * 1024u)
#define SEEDS       2u

struct expected {
    const char *file;
    const char *refused; /* strictly: a part of the first error; NULL: it is published */
    uint32_t errors;     /* strictly */
    uint32_t warnings;   /* leniently */
    const char *lenient; /* the same with --lenient */
    uint32_t fields;     /* of the compiled form */
};

static const struct expected expected[] = {
    {"ceat_epfl_Abidjan_2022.xls", "save it as .xlsx", 0, 0, "save it as .xlsx", 0},
    {"ceat_epfl_Nairobi_2021.xls", "save it as .xlsx", 0, 0, "save it as .xlsx", 0},
    {"hotosm_building_natural_risks_survey.xlsx", NULL, 0, 4, NULL, 46},
    {"liberia_round1_liberiaCoverage.xlsx",
     "choices, row 155, column B (name): the choice \"1\" stands in the list", 118, 118, NULL, 182},
    {"liberia_round1_liberiaCoverageVillageForm.xlsx",
     "choices, row 35, column B (name): the choice \"1\" stands in the list ", 118, 118, NULL, 28},
    {"liberia_round1_liberiaStdForm.xlsx", NULL, 0, 0, NULL, 11},
    {"liberia_round2_liberiaCoverage.xlsx",
     "choices, row 126, column B (name): the choice \"4\" stands in the list", 1, 1, NULL, 181},
    {"liberia_round2_liberiaCoverageVillageForm.xlsx",
     "choices, row 6, column B (name): the choice \"4\" stands in the list d", 1, 1, NULL, 10},
    {"osm_fieldwork_buildings.xls", "save it as .xlsx", 0, 0, "save it as .xlsx", 0},
    {"osm_fieldwork_health.xls", "save it as .xlsx", 0, 0, "save it as .xlsx", 0},
    {"reach_koboquest_kobo_questions.csv+reach_koboquest_kobo_choices.csv",
     "survey, row 14, column B (type): there is no sheet external_choices", 8, 1125,
     "survey, row 14, column B (type): there is no sheet external_choices", 0},
    {"unhcr_americas_KoBoXLSFormExamples.xlsx", NULL, 0, 6, NULL, 30},
    {"unhcr_americas_demo.xlsx",
     "settings, row 1, column I (form_id): this column stands here twice", 5, 180, NULL, 74},
    {"unhcr_americas_demo_adapt1.xlsx",
     "settings, row 1, column I (form_id): this column stands here twice", 5, 171, NULL, 71},
    {"unhcr_kobocruncher_form_likert.xlsx", "sheet settings: form_id is missing", 1, 1, NULL, 23},
    {"unhcr_kobocruncher_sample_xlsform.xlsx", NULL, 0, 0, NULL, 11},
    {"unhcr_kobocruncher_sample_xlsform_with_plan.xlsx", "sheet settings: form_id is missing", 1,
     13, NULL, 190},
};

struct world {
    struct arena arena;
    struct findings findings;
    struct buf json;
    struct err err;
    struct form *form;
    uint32_t answered;
};

static void world_init(struct world *world) {
    *world = (struct world){0};
    arena_init(&world->arena, ARENA_BYTES);
    buf_init(&world->json, LIMIT_FORM_BYTES);
    err_init(&world->err, LANG_EN);
}

static void world_release(struct world *world) {
    arena_release(&world->arena);
    buf_release(&world->json);
}

/* --- publishing --- */

static enum rc publish(struct world *world, const char *file, bool lenient) {
    struct xlsform_options options = {.lenient = lenient};
    struct workbook workbook;

    err_clear(&world->err);
    world->findings = (struct findings){0};
    world->form = NULL;
    buf_clear(&world->json);
    if (lenient)
        options.fallback_name = view_text("form");
    if (realform_workbook(file, &world->arena, &workbook, &world->err) != RC_OK ||
        xlsform_compile(&workbook, NULL, 1, &options, &world->arena, &world->findings, &world->json,
                        &world->err) != RC_OK)
        return world->err.rc;
    return form_load(arena_view(&world->arena, buf_view(&world->json)), &world->arena, &world->form,
                     &world->err);
}

/* Every error names sheet and row and column, but for what concerns a whole sheet. */
static uint32_t errors_without_cell(const struct findings *findings) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < findings->count && i < 200; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->is_error && (finding->sheet.size == 0 || finding->row == 0) &&
            strstr(finding->text, "is missing") == NULL)
            count++;
    }
    return count;
}

static bool agrees(const char *wanted, enum rc rc, const struct err *err) {
    return wanted == NULL ? rc == RC_OK : rc != RC_OK && strstr(err->text, wanted) != NULL;
}

static uint32_t judge(struct world *world, const struct expected *expect) {
    enum rc rc = publish(world, expect->file, false);
    uint32_t errors = world->findings.error_count;
    uint32_t warnings, failed = 0;

    if (!agrees(expect->refused, rc, &world->err) || errors != expect->errors ||
        errors_without_cell(&world->findings) > 0) {
        print_message("%s: strict: %u errors, rc %d: %s\n", expect->file, errors, (int)rc,
                      world->err.text);
        failed++;
    }
    rc = publish(world, expect->file, true);
    warnings = world->findings.count - world->findings.error_count;
    if (!agrees(expect->lenient, rc, &world->err) || warnings != expect->warnings ||
        (rc == RC_OK ? world->form->field_count : 0) != expect->fields) {
        print_message("%s: lenient: %u warnings, %u fields, rc %d: %s\n", expect->file, warnings,
                      world->form == NULL ? 0 : world->form->field_count, (int)rc, world->err.text);
        failed++;
    }
    return failed;
}

static void skip_without_data(void) {
    struct world world;
    bool is_there;

    world_init(&world);
    is_there = realform_folder(&world.arena)[0] != '\0';
    world_release(&world);
    if (!is_there)
        skip();
}

static void real_forms_are_published_or_refused_by_their_cells(void **state) {
    uint32_t failed = 0;

    (void)state;
    skip_without_data();
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct world world;

        world_init(&world);
        failed += judge(&world, &expected[i]);
        world_release(&world);
    }
    assert_int_equal(failed, 0);
}

/* --- filling --- */

static enum rc no_table(void *context, struct view uri, struct view *bytes, struct err *err) {
    return realform_table(context, uri, bytes, err);
}

static void begin(struct enginekit *kit, struct view xform, struct realform_tables *tables) {
    enginekit_init(kit);
    kit->giver = tables;
    kit->give = no_table;
    if (enginekit_load(kit, xform) != RC_OK)
        fail_msg("%s: %s", tables->form, kit->err.text);
}

static const char *copy_of(struct world *world, const char *text) {
    return arena_copy(&world->arena, text, strlen(text));
}

/* The first place where two texts differ, with what is around it. */
static void tell_difference(const char *what, const char *form, const char *a, const char *b) {
    size_t at = 0;

    while (a[at] == b[at] && a[at] != '\0')
        at++;
    at = at > 60 ? at - 60 : 0;
    fail_msg("%s: %s differs:\n%.200s\nbecame\n%.200s", form, what, a + at, b + at);
}

static void check_problems(struct enginekit *kit, const char *file,
                           const struct random_fill *fill) {
    struct question *problems = NULL;
    struct view last = {0};
    uint32_t count = 0, missing = 0;

    if (engine_finish(&kit->engine, &kit->arena, &problems, &count, &kit->err) != RC_OK)
        fail_msg("%s: %s", file, kit->err.text);
    for (uint32_t i = 0; i < count; i++) {
        if (problems[i].violation != ENGINE_MISSING)
            fail_msg("%s: %.*s: %.*s", file, VIEW_PRINT(problems[i].ref),
                     VIEW_PRINT(problems[i].error));
        missing++;
        last = problems[i].ref;
    }
    if (missing > fill->given_up + fill->skipped)
        fail_msg("%s: %u questions have no answer, %u were given up, %u skipped; the last is %.*s",
                 file, missing, fill->given_up, fill->skipped, VIEW_PRINT(last));
}

/* Filled, written, opened again: the same draft and the same submission. */
static void fill_once(struct world *world, const char *file, struct view xform, uint64_t seed) {
    struct realform_tables tables = {.arena = &world->arena, .form = file};
    struct random_fill fill = {.seed = seed};
    struct enginekit first, second;
    const char *submission, *draft;

    begin(&first, xform, &tables);
    if (engine_begin(&first.engine, &first.err) != RC_OK ||
        random_fill_run(&fill, &first.engine, &first.err) != RC_OK)
        fail_msg("%s, seed %u: %s", file, (unsigned)seed, first.err.text);
    check_problems(&first, file, &fill);
    draft = copy_of(world, enginekit_xml(&first, ENGINE_DRAFT));
    submission = copy_of(world, enginekit_xml(&first, ENGINE_SUBMISSION));
    begin(&second, xform, &tables);
    second.random = 77; /* nothing may depend on it any more */
    if (engine_open(&second.engine, ENGINE_RESUME, view_text(draft), &second.err) != RC_OK)
        fail_msg("%s, seed %u: %s", file, (unsigned)seed, second.err.text);
    if (strcmp(draft, enginekit_xml(&second, ENGINE_DRAFT)) != 0)
        tell_difference("the draft", file, draft, enginekit_xml(&second, ENGINE_DRAFT));
    if (engine_open(&second.engine, ENGINE_RESUME, view_text(submission), &second.err) != RC_OK)
        fail_msg("%s, seed %u: %s", file, (unsigned)seed, second.err.text);
    if (strcmp(submission, enginekit_xml(&second, ENGINE_SUBMISSION)) != 0)
        tell_difference("the submission", file, submission,
                        enginekit_xml(&second, ENGINE_SUBMISSION));
    world->answered += fill.answered;
    enginekit_release(&second);
    enginekit_release(&first);
}

static void fill_form(const char *file, struct world *world, struct view xform) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        fill_once(world, file, xform, seed);
    if (world->answered == 0)
        fail_msg("%s: nothing was answered", file);
}

static void made_forms_are_filled_and_read_again(void **state) {
    (void)state;
    skip_without_data();
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct world world;

        world_init(&world);
        if (expected[i].lenient == NULL) {
            assert_int_equal(publish(&world, expected[i].file, true), RC_OK);
            fill_form(expected[i].file, &world, world.form->xform);
        }
        world_release(&world);
    }
}

/* Real forms do not have every type of question; this one has. */
static void every_type_is_filled_and_read_again(void **state) {
    struct world world;
    struct formkit kit;

    (void)state;
    world_init(&world);
    formkit_init(&kit, LANG_EN);
    if (formkit_folder(&kit, "tests/forms/types") != RC_OK)
        fail_msg("%s", kit.err.text);
    fill_form("tests/forms/types", &world, kit.form->xform);
    formkit_release(&kit);
    world_release(&world);
}

static void other_peoples_forms_are_filled_and_read_again(void **state) {
    static const char *const files[] = {
        "liberia_round1_liberiaCoverage.xml",
        "liberia_round1_liberiaCoverageVillageForm.xml",
        "liberia_round2_liberiaCoverageRound2.xml",
        "liberia_round2_liberiaStdForm.xml",
        "liberia_round2_liberiaVillageFormRound2.xml",
    };

    (void)state;
    skip_without_data();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct world world;
        struct view xform;

        world_init(&world);
        if (realform_file(files[i], &world.arena, &xform, &world.err) != RC_OK)
            fail_msg("%s", world.err.text);
        fill_form(files[i], &world, xform);
        world_release(&world);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_forms_are_published_or_refused_by_their_cells),
        cmocka_unit_test(made_forms_are_filled_and_read_again),
        cmocka_unit_test(every_type_is_filled_and_read_again),
        cmocka_unit_test(other_peoples_forms_are_filled_and_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
