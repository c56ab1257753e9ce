/* audit_income.c: what a household lives on, as an audit file states it and as its verifier makes
 * it again: by the county's table that travels with the form the record was filled with, which is
 * the table of that time. */
#include "schema/audit/audit.h"
#include "schema/income_facts.h"

#define TABLE_FILE "income_standard.csv"

static enum rc read_table(const struct form *form, struct arena *arena, struct income_table *out,
                          struct err *err) {
    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, TABLE_FILE))
            return income_table_load(form->files[i].content, arena, out, err);
    return err_set(err, RC_UNSUPPORTED,
                   "the form of this record has no file %s; attach it and publish the form again",
                   TABLE_FILE);
}

enum rc audit_income_make(const struct reading *reading, struct dot record, int64_t day,
                          struct arena *arena, struct audit_income *out, struct err *err) {
    struct income_household household;
    struct income_result result;
    struct income_table table;
    enum rc rc = read_table(reading->form, arena, &table, err);

    if (rc == RC_OK)
        rc = income_household_read(reading, date_from_days(day), arena, &household, err);
    if (rc == RC_OK)
        rc = income_compute(&table, &household.facts, arena, &result, err);
    if (rc != RC_OK)
        return rc;
    *out = (struct audit_income){
        .record = record,
        .day = day,
        .table = table.name,
        .persons = result.persons,
        .standard_fen = result.standard_fen,
        .total_fen = result.total_fen,
        .deducted_fen = result.deducted_fen,
        .net_fen = result.net_fen,
        .per_head_fen = result.per_head_fen,
        .benefit_fen = result.benefit_fen,
    };
    out->bits =
        (uint8_t)((result.eligible ? AUDIT_ELIGIBLE : 0) | (result.edge ? AUDIT_EDGE : 0) |
                  (result.has_car ? AUDIT_CAR : 0) | (result.has_company ? AUDIT_COMPANY : 0) |
                  (result.assets_too_high ? AUDIT_ASSETS : 0) |
                  (result.blocked || household.unclear_count > 0 ? AUDIT_UNCLEAR : 0));
    return RC_OK;
}
