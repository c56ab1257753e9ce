/* audit_report_visit.c: home visits that were sealed although they are not what the rules want: two
 * distinct investigators, who both signed, before the household's case came to a meeting. */
#include "base/date.h"
#include "base/words.h"
#include "syncd/desk/audit_report_parts.h"

#define PEOPLE_MAX 64u

struct meeting {
    struct view household, begun;
};

struct visit {
    struct dot id;
    uint64_t area;
    struct view household, begun;
    uint32_t investigators, signatures;
};

struct visits {
    struct report *report;
    struct meeting *meetings;
    uint32_t meeting_count, meeting_capacity;
    struct visit *list;
    uint32_t count, capacity;
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

static enum rc meeting_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct visits *visits = context;
    struct reading reading;
    enum rc rc = see(visits, stored, &reading, err);

    for (uint32_t i = 0; rc == RC_OK && i < reading.instance_count; i++) {
        struct instance_id id = reading.instances[i].id;
        struct view household = report_value_text(&reading, id, "item/household");
        struct meeting *row;

        if (household.size == 0 || reading.instances[i].removed)
            continue;
        row = arena_push(visits->report->ask->arena, &visits->meetings, &visits->meeting_count,
                         &visits->meeting_capacity, sizeof(*row));
        if (row == NULL)
            return arena_check(visits->report->ask->arena, "a report", err);
        *row = (struct meeting){keep(visits, household),
                                keep(visits, report_value_text(&reading, ROOT, "begun"))};
    }
    return rc;
}

static enum rc visit_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct visits *visits = context;
    struct reading reading;
    struct visit *row;
    enum rc rc;

    if (stored->sealed_scopes == 0 || stored->withdrawn)
        return RC_OK;
    rc = see(visits, stored, &reading, err);
    if (rc != RC_OK)
        return rc;
    row = arena_push(visits->report->ask->arena, &visits->list, &visits->count, &visits->capacity,
                     sizeof(*row));
    if (row == NULL)
        return arena_check(visits->report->ask->arena, "a report", err);
    *row = (struct visit){
        .id = stored->id,
        .area = stored->area_count > 0 ? stored->areas[0] : 0,
        .household = keep(visits, report_value_text(&reading, ROOT, "household")),
        .begun = keep(visits, report_value_text(&reading, ROOT, "begun")),
        .investigators =
            count_distinct(&reading, "investigator", "investigator/staff_no", NULL, NULL, NULL),
        .signatures = count_distinct(&reading, "signed", "signed/name", "signed/signer",
                                     "investigator", "signed/signature"),
    };
    if (row->investigators == 0) /* a form without staff numbers */
        row->investigators =
            count_distinct(&reading, "investigator", "investigator/name", NULL, NULL, NULL);
    return RC_OK;
}

static int64_t moment(struct view text) {
    int64_t at_ms;

    return time_parse(text, &at_ms) ? at_ms : 0;
}

/* The household's first meeting, when no sealed visit stands before it. */
static struct view early_meeting(const struct visits *visits, const struct visit *visit) {
    const struct meeting *first = NULL;

    for (uint32_t i = 0; i < visits->meeting_count; i++)
        if (view_equal(visits->meetings[i].household, visit->household) &&
            moment(visits->meetings[i].begun) != 0 &&
            (first == NULL || moment(visits->meetings[i].begun) < moment(first->begun)))
            first = &visits->meetings[i];
    if (first == NULL || visit->household.size == 0)
        return (struct view){0};
    for (uint32_t i = 0; i < visits->count; i++)
        if (view_equal(visits->list[i].household, visit->household) &&
            moment(visits->list[i].begun) != 0 &&
            moment(visits->list[i].begun) < moment(first->begun))
            return (struct view){0};
    return first->begun;
}

static enum rc tell(struct visits *visits, const struct visit *visit, struct err *err) {
    struct report *report = visits->report;
    enum lang lang = report->ask->lang;
    struct view meeting = early_meeting(visits, visit);
    const char *wrong = visit->investigators < 2 ? WORD("fewer than two investigators")
                        : visit->signatures < 2  ? WORD("fewer than two of them signed")
                        : meeting.size > 0       ? WORD("visited after the meeting")
                                                 : NULL;

    if (wrong == NULL)
        return RC_OK;
    arena_reset(&report->arena);
    report_dot(report, visit->id);
    report_area(report, visit->area);
    report_text(report, visit->household);
    report_text(report, visit->begun);
    report_number(report, AUDIT_NUMBER, visit->investigators);
    report_number(report, AUDIT_NUMBER, visit->signatures);
    report_text(report, meeting);
    report_text(report, view_text(words(lang, wrong)));
    return report_line(report, err);
}

enum rc report_visits(struct report *report, struct err *err) {
    struct visits visits = {.report = report};
    const struct audit_ask *ask = report->ask;
    enum rc rc = store_list(ask->ledger->store, view_text("meeting"), 0, (struct dot){0, 0},
                            meeting_visit, &visits, err);

    if (rc == RC_OK)
        rc = store_list(ask->ledger->store, view_text("visit"), ask->area, (struct dot){0, 0},
                        visit_visit, &visits, err);
    for (uint32_t i = 0; i < visits.count && rc == RC_OK; i++)
        rc = tell(&visits, &visits.list[i], err);
    return rc;
}
