/* audit_report_visit.c: home visits that were sealed although they are not what the rules want: two
 * distinct investigators, who both signed, before the household's case came to a meeting. */
#include "base/date.h"
#include "base/words.h"
#include "schema/gist.h"
#include "syncd/desk/audit_report_parts.h"

#include <stdlib.h>

#define PEOPLE_MAX 64u

struct meeting {
    struct view household;
    int64_t begun_ms;
    struct view begun;
};

struct visit {
    struct view household, begun;
    uint32_t investigators, signatures;
};

struct visits {
    struct report *report;
    struct meeting *meetings; /* by household, then time */
    uint32_t meeting_count, meeting_capacity;
};

static const struct instance_id ROOT;

static struct view keep(struct visits *visits, struct view text) {
    return arena_view(visits->report->ask->arena, text);
}

/* How many different texts the field has in the visible instances of its repeat for which `only`
 * (may be NULL) reads as `is`, and `with` (may be NULL) has an answer. */
static uint32_t count_distinct(const struct reading *reading, const char *repeat, const char *path,
                               const char *only, const char *is, const char *with) {
    const struct form_field *field =
        reading->form == NULL ? NULL : form_field_by_path(reading->form, view_text(repeat));
    struct view seen[PEOPLE_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; field != NULL && i < reading->instance_count; i++) {
        const struct seen_instance *instance = &reading->instances[i];
        struct view text = report_value_text(reading, instance->id, path);
        uint32_t at = 0;

        if (instance->removed || instance->repeat != field->number || text.size == 0 ||
            (only != NULL && !view_is(report_value_text(reading, instance->id, only), is)) ||
            (with != NULL && report_value_text(reading, instance->id, with).size == 0))
            continue;
        while (at < count && !view_equal(seen[at], text))
            at++;
        if (at == count && count < PEOPLE_MAX)
            seen[count++] = text;
    }
    return count;
}

static enum rc see(struct visits *visits, const struct stored_record *stored,
                   struct reading *reading, struct err *err) {
    struct record *record;

    arena_reset(&visits->report->arena);
    record = arena_alloc(&visits->report->arena, sizeof(*record));
    if (record == NULL)
        return arena_check(&visits->report->arena, "a report", err);
    return ledger_read(visits->report->ask->ledger, stored, &visits->report->arena, record, reading,
                       err);
}

static int64_t moment(struct view text) {
    int64_t at_ms;

    return time_parse(text, &at_ms) ? at_ms : 0;
}

static enum rc meeting_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct visits *visits = context;
    struct reading reading;
    struct view begun;
    enum rc rc = see(visits, stored, &reading, err);

    if (rc != RC_OK)
        return rc;
    begun = report_value_text(&reading, ROOT, "begun");
    if (moment(begun) == 0)
        return RC_OK;
    begun = keep(visits, begun);
    for (uint32_t i = 0; i < reading.instance_count; i++) {
        struct instance_id id = reading.instances[i].id;
        struct view household = report_value_text(&reading, id, "item/household");
        struct meeting *row;

        if (household.size == 0 || reading.instances[i].removed)
            continue;
        row = arena_push(visits->report->ask->arena, &visits->meetings, &visits->meeting_count,
                         &visits->meeting_capacity, sizeof(*row));
        if (row == NULL)
            return arena_check(visits->report->ask->arena, "a report", err);
        *row = (struct meeting){keep(visits, household), moment(begun), begun};
    }
    return arena_check(visits->report->ask->arena, "a report", err);
}

static int by_household(const void *left, const void *right) {
    const struct meeting *a = left, *b = right;
    int order = view_compare(a->household, b->household);

    return order != 0 ? order : (a->begun_ms > b->begun_ms) - (a->begun_ms < b->begun_ms);
}

static const struct meeting *first_meeting(const struct visits *visits, struct view household) {
    uint32_t low = 0, high = visits->meeting_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (view_compare(visits->meetings[middle].household, household) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < visits->meeting_count && view_equal(visits->meetings[low].household, household)
               ? &visits->meetings[low]
               : NULL;
}

/* ---- one visit ---- */

struct earlier {
    int64_t than_ms;
    bool found;
};

static enum rc earlier_visit(void *context, const struct stored_gist *item, struct err *err) {
    struct earlier *earlier = context;

    (void)err;
    earlier->found |= item->gist.kind == GIST_VISIT && item->gist.state > 0 &&
                      item->gist.when != 0 && item->gist.when < earlier->than_ms;
    return RC_OK;
}

/* The household's first meeting, when no sealed visit stands before it. */
static enum rc early_meeting(const struct visits *visits, const struct visit *visit,
                             struct view *out, struct err *err) {
    const struct meeting *first = first_meeting(visits, visit->household);
    struct earlier earlier = {0, false};
    struct dot household;
    enum rc rc = RC_OK;

    *out = (struct view){0};
    if (first == NULL || visit->household.size == 0)
        return RC_OK;
    earlier.than_ms = first->begun_ms;
    earlier.found = moment(visit->begun) != 0 && moment(visit->begun) < first->begun_ms;
    if (!earlier.found && dot_parse(visit->household, &household, err) == RC_OK)
        rc = store_about(visits->report->ask->ledger->store, household, earlier_visit, &earlier,
                         err);
    if (rc == RC_OK) {
        err_clear(err); /* it may be no name of a record */
        *out = earlier.found ? (struct view){0} : first->begun;
    }
    return rc;
}

static enum rc tell(struct visits *visits, const struct stored_record *stored,
                    const struct visit *visit, struct err *err) {
    struct report *report = visits->report;
    enum lang lang = report->ask->lang;
    struct view meeting = {0};
    enum rc rc = early_meeting(visits, visit, &meeting, err);
    const char *wrong = visit->investigators < 2 ? WORD("fewer than two investigators")
                        : visit->signatures < 2  ? WORD("fewer than two of them signed")
                        : meeting.size > 0       ? WORD("visited after the meeting")
                                                 : NULL;

    if (rc != RC_OK || wrong == NULL)
        return rc;
    report_dot(report, stored->id);
    report_area(report, stored->area_count > 0 ? stored->areas[0] : 0);
    report_text(report, visit->household);
    report_text(report, visit->begun);
    report_number(report, AUDIT_NUMBER, visit->investigators);
    report_number(report, AUDIT_NUMBER, visit->signatures);
    report_text(report, meeting);
    report_text(report, view_text(words(lang, wrong)));
    return report_line(report, err);
}

static enum rc visit_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct visits *visits = context;
    struct reading reading;
    struct visit visit;
    enum rc rc;

    if (!report_begins(visits->report))
        return RC_NOT_FOUND;
    if (stored->sealed_scopes == 0 || stored->withdrawn) {
        report_reached(visits->report, stored->id);
        return RC_OK;
    }
    rc = see(visits, stored, &reading, err);
    if (rc != RC_OK)
        return rc;
    visit = (struct visit){
        .household = report_value_text(&reading, ROOT, "household"),
        .begun = report_value_text(&reading, ROOT, "begun"),
        .investigators =
            count_distinct(&reading, "investigator", "investigator/staff_no", NULL, NULL, NULL),
        .signatures = count_distinct(&reading, "signed", "signed/name", "signed/signer",
                                     "investigator", "signed/signature"),
    };
    if (visit.investigators == 0) /* a form without staff numbers */
        visit.investigators =
            count_distinct(&reading, "investigator", "investigator/name", NULL, NULL, NULL);
    rc = tell(visits, stored, &visit, err);
    if (rc == RC_OK)
        report_reached(visits->report, stored->id);
    return rc;
}

enum rc report_visits(struct report *report, struct err *err) {
    struct visits visits = {.report = report};
    const struct audit_ask *ask = report->ask;
    enum rc rc = store_list(ask->ledger->store, view_text("meeting"), 0, (struct dot){0, 0},
                            meeting_visit, &visits, err);

    if (rc == RC_OK && visits.meeting_count > 1)
        qsort(visits.meetings, visits.meeting_count, sizeof(visits.meetings[0]), by_household);
    return rc == RC_OK ? store_list(ask->ledger->store, view_text("visit"), ask->area,
                                    report_after(report), visit_visit, &visits, err)
                       : rc;
}
