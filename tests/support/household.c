/* household.c: see household.h. */
#include "tests/support/household.h"

#include "schema/form/answers.h"
#include "schema/income_facts.h"
#include "schema/merge.h"

static enum rc record_of(const struct form *form, struct view answers, struct arena *arena,
                         struct record *record, struct err *err) {
    const struct dot dot = {.actor = 0xA1, .number = 1};
    struct json *json = NULL;
    struct record empty;
    struct buf problems;
    struct change change;
    struct edit edit;

    buf_init(&problems, 65536);
    if (edit_start(&edit, CHANGE_CREATE, dot, 7, form, NULL, NULL, arena, err) == RC_OK &&
        edit_set_area(&edit, 430626100200, err) == RC_OK &&
        json_parse(answers, JSON_LIMITS_DEFAULT, &json, err) == RC_OK &&
        answers_fill(&edit, (struct instance_id){0}, FORM_NO_PARENT, json, &problems, err) ==
            RC_OK &&
        edit_finish(&edit, view_text(""), &change, err) == RC_OK) {
        change.wall_ms = 1000;
        record_init(&empty, change.record);
        (void)merge_apply(&empty, &change, (struct admission){.time_ms = 1000}, arena, record, err);
    }
    json_free(json);
    buf_release(&problems);
    return err->rc;
}

enum rc household_income(const struct form *form, struct view answers,
                         const struct income_table *table, struct date reference,
                         struct arena *arena, struct income_result *out, struct err *err) {
    struct income_household household;
    struct reading reading;
    struct record record;

    if (record_of(form, answers, arena, &record, err) != RC_OK ||
        reading_make(&record, form, arena, &reading, err) != RC_OK ||
        income_household_read(&reading, reference, arena, &household, err) != RC_OK)
        return err->rc;
    if (household.unclear_count > 0)
        return err_set(err, RC_CONFLICT, "something in the household is unclear");
    return income_compute(table, &household.facts, arena, out, err);
}
