/* audit_report.c: the questions of an inspector: what they have in common, and the incomes. */
#include "base/words.h"
#include "syncd/desk/audit_report_parts.h"

#define RECORD_BYTES (512u * 1024u * 1024u)

const char *const *audit_report_keys(enum audit_question question) {
    static const char *const visits[] = {WORD("record"),  WORD("area"),          WORD("household"),
                                         WORD("begun"),   WORD("investigators"), WORD("signatures"),
                                         WORD("meeting"), WORD("wrong"),         NULL};
    static const char *const changes[] = {WORD("field"),
                                          WORD("from"),
                                          WORD("to"),
                                          WORD("author"),
                                          WORD("device"),
                                          WORD("at"),
                                          WORD("received"),
                                          WORD("offline"),
                                          WORD("kind"),
                                          WORD("dot"),
                                          WORD("quarantine"),
                                          WORD("reason"),
                                          NULL};
    static const char *const incomes[] = {WORD("record"),   WORD("area"),     WORD("table"),
                                          WORD("persons"),  WORD("total"),    WORD("deducted"),
                                          WORD("net"),      WORD("per_head"), WORD("benefit"),
                                          WORD("eligible"), WORD("unclear"),  NULL};
    static const char *const tablet[] = {WORD("record"),    WORD("form"),  WORD("area"),
                                         WORD("title"),     WORD("wrote"), WORD("granted"),
                                         WORD("confirmed"), NULL};
    static const char *const none[] = {NULL};

    switch (question) {
    case AUDIT_VISITS:
        return visits;
    case AUDIT_CHANGES:
        return changes;
    case AUDIT_INCOMES:
        return incomes;
    case AUDIT_TABLET:
        return tablet;
    }
    return none;
}

/* ---- a line ---- */

static struct audit_cell *next_cell(struct report *report) {
    const char *const *keys = audit_report_keys((enum audit_question)report->ask->question);
    struct audit_cell *cell = &report->cells[report->count];

    *cell = (struct audit_cell){.key = keys[report->count]};
    report->count++;
    return cell;
}

void report_text(struct report *report, struct view text) {
    struct audit_cell *cell = next_cell(report);

    cell->kind = AUDIT_TEXT;
    cell->text = text;
}

void report_number(struct report *report, enum audit_cell_kind kind, int64_t number) {
    struct audit_cell *cell = next_cell(report);

    cell->kind = (uint8_t)kind;
    cell->number = number;
}

void report_dot(struct report *report, struct dot dot) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    report_text(report, arena_view(&report->arena, view_text(text)));
}

void report_area(struct report *report, uint64_t area) {
    char text[AREA_TEXT_BYTES];

    area_text(area, text);
    report_text(report, arena_view(&report->arena, view_text(text)));
}

enum rc report_line(struct report *report, struct err *err) {
    enum rc rc = arena_check(&report->arena, "a report", err);

    if (rc == RC_OK)
        rc = report->visit(report->context, report->cells, report->count, err);
    report->count = 0;
    return rc;
}

struct dot report_after(const struct report *report) {
    return report->ask->part == NULL ? (struct dot){0, 0} : report->ask->part->after;
}

bool report_begins(struct report *report) {
    struct audit_portion *part = report->ask->part;

    if (part == NULL || part->looked < part->look_most)
        return true;
    part->more = true;
    return false;
}

void report_reached(struct report *report, struct dot record) {
    struct audit_portion *part = report->ask->part;

    if (part == NULL)
        return;
    part->looked++;
    part->reached = record;
}

const struct value *report_value(const struct reading *reading, struct instance_id instance,
                                 const char *path) {
    const struct form_field *field =
        reading->form == NULL ? NULL : form_field_by_path(reading->form, view_text(path));
    const struct cell *cell = field == NULL ? NULL : reading_cell(reading, instance, field->number);

    return cell == NULL || cell->kind != CELL_VALUE ? NULL : &cell->value;
}

struct view report_value_text(const struct reading *reading, struct instance_id instance,
                              const char *path) {
    const struct value *value = report_value(reading, instance, path);

    return value == NULL || value->type != VALUE_TEXT ? (struct view){0} : value->bytes;
}

/* ---- incomes ---- */

static enum rc tell_income(struct report *report, const struct stored_record *stored,
                           struct err *err) {
    const struct audit_ask *ask = report->ask;
    struct record record;
    struct reading reading;
    struct audit_income income;
    enum rc rc;

    if (ask->record.number != 0 && !dot_equal(ask->record, stored->id))
        return RC_OK;
    arena_reset(&report->arena);
    rc = ledger_read(ask->ledger, stored, &report->arena, &record, &reading, err);
    if (rc == RC_OK)
        rc = audit_income_make(&reading, stored->id, ask->day, &report->arena, &income, err);
    if (rc == RC_UNSUPPORTED || rc == RC_INVALID) { /* another form, or nobody counts in it */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    report_dot(report, stored->id);
    report_area(report, stored->area_count > 0 ? stored->areas[0] : 0);
    report_text(report, income.table);
    report_number(report, AUDIT_NUMBER, income.persons);
    if (ask->masked) {
        for (int i = 0; i < 5; i++)
            report_text(report, view_text("***"));
    } else {
        report_number(report, AUDIT_FEN, income.total_fen);
        report_number(report, AUDIT_FEN, income.deducted_fen);
        report_number(report, AUDIT_FEN, income.net_fen);
        report_number(report, AUDIT_FEN, income.per_head_fen);
        report_number(report, AUDIT_FEN, income.benefit_fen);
    }
    report_number(report, AUDIT_FLAG, (income.bits & AUDIT_ELIGIBLE) != 0);
    report_number(report, AUDIT_FLAG, (income.bits & AUDIT_UNCLEAR) != 0);
    return report_line(report, err);
}

static enum rc income_visit(void *context, const struct stored_record *stored, struct err *err) {
    struct report *report = context;
    enum rc rc = report_begins(report) ? tell_income(report, stored, err) : RC_NOT_FOUND;

    if (rc == RC_OK)
        report_reached(report, stored->id);
    return rc;
}

enum rc report_incomes(struct report *report, struct err *err) {
    const struct audit_ask *ask = report->ask;
    struct stored_record stored;
    enum rc rc;

    if (ask->record.number == 0)
        return store_list(ask->ledger->store, view_text("household"), ask->area,
                          report_after(report), income_visit, report, err);
    rc = store_record(ask->ledger->store, ask->record, ask->arena, &stored, err);
    return rc == RC_OK ? income_visit(report, &stored, err) : rc;
}

enum rc audit_report(const struct audit_ask *ask, audit_visit_line *visit, void *context,
                     struct err *err) {
    struct report report = {.ask = ask, .visit = visit, .context = context};
    enum rc rc = RC_USAGE;

    arena_init(&report.arena, RECORD_BYTES);
    switch ((enum audit_question)ask->question) {
    case AUDIT_VISITS:
        rc = report_visits(&report, err);
        break;
    case AUDIT_CHANGES:
        rc = report_changes(&report, err);
        break;
    case AUDIT_INCOMES:
        rc = report_incomes(&report, err);
        break;
    case AUDIT_TABLET:
        rc = report_tablet(&report, err);
        break;
    }
    arena_release(&report.arena);
    return rc;
}
