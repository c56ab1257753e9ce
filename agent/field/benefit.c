/* benefit.c: see benefit.h. */
#include "agent/field/benefit.h"

#include "agent/field/home_visit.h"

#define TABLE_FILE "income_standard.csv"

const char *benefit_state_name(enum benefit_state state) {
    static const char *const names[] = {
        [BENEFIT_SHOWN] = "shown",       [BENEFIT_NO_VISIT] = "no_visit",
        [BENEFIT_UNSEALED] = "unsealed", [BENEFIT_VISITING] = "visiting",
        [BENEFIT_CHANGED] = "changed",   [BENEFIT_NO_TABLE] = "no_table",
        [BENEFIT_NOBODY] = "nobody",
    };

    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

/* One that cannot be told apart from
 * another by its moment is no better than it: the list has the one changed last first. */
enum rc benefit_newest_visit(struct session *session, struct dot household, struct arena *arena,
                             struct dot *out, int64_t *begun_ms, struct err *err) {
    struct list_query query = {.form_name = view_text(VISIT_FORM), .about = household};
    struct listed *visits;
    uint32_t count = 0, total;
    enum rc rc = session_list(session, &query, arena, &visits, &count, &total, err);

    *out = (struct dot){0, 0};
    *begun_ms = 0;
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        if (visits[i].gist.code[1] != VISIT_DONE ||
            (out->number != 0 && visits[i].gist.when <= *begun_ms))
            continue;
        *out = visits[i].id;
        *begun_ms = visits[i].gist.when;
    }
    return rc;
}

static enum rc is_over(struct session *session, struct benefit *out, struct arena *arena,
                       struct err *err) {
    struct home_visit visit;
    struct seen seen;
    enum rc rc = session_see(session, out->visit, arena, &seen, err);

    if (rc == RC_OK)
        rc = home_visit_see(session, &seen, arena, &visit, err);
    if (rc != RC_OK)
        return rc;
    if (!visit.complete)
        out->state = BENEFIT_UNSEALED;
    else if (visit.facts != FACTS_SAME)
        out->state = BENEFIT_CHANGED;
    return RC_OK;
}

static const struct form_file *table_of(const struct form *form) {
    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, TABLE_FILE))
            return &form->files[i];
    return NULL;
}

static enum rc compute(const struct seen *seen, struct arena *arena, struct benefit *out,
                       struct err *err) {
    const struct form_file *file = table_of(seen->form);
    bool any = false;
    enum rc rc;

    if (file == NULL) {
        out->state = BENEFIT_NO_TABLE;
        return RC_OK;
    }
    rc = income_table_load(file->content, arena, &out->table, err);
    if (rc == RC_OK)
        rc = income_household_read(&seen->reading, out->reference, arena, &out->household, err);
    for (uint32_t i = 0; rc == RC_OK && i < out->household.facts.member_count; i++)
        any = any || out->household.facts.members[i].counted;
    if (rc == RC_OK && !any) {
        out->state = BENEFIT_NOBODY;
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = income_compute(&out->table, &out->household.facts, arena, &out->result, err);
    out->is_decided = rc == RC_OK && !out->result.blocked && out->household.unclear_count == 0;
    return rc;
}

enum rc benefit_see(struct session *session, const struct seen *seen, bool drafted,
                    struct arena *arena, struct benefit *out, struct err *err) {
    int64_t begun_ms;
    enum rc rc;

    *out = (struct benefit){.state = BENEFIT_SHOWN};
    rc = benefit_newest_visit(session, seen->record.id, arena, &out->visit, &begun_ms, err);
    if (rc != RC_OK)
        return rc;
    if (drafted)
        out->state = BENEFIT_VISITING;
    else if (out->visit.number == 0)
        out->state = BENEFIT_NO_VISIT;
    else
        rc = is_over(session, out, arena, err);
    if (rc != RC_OK || out->state != BENEFIT_SHOWN)
        return rc;
    out->reference = date_from_ms(begun_ms);
    return compute(seen, arena, out, err);
}
