/* console_audit.c: an inspector at the console: his questions as lists, and the signed export as a
 * download. Sensitive values stay masked in lists. Whoever sees a part of the county is answered
 * from that part. */
#include "base/csv.h"
#include "base/text.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/console.h"

#define LINES_MAX     10000u /* of one answer; `audit report` on the command line has no bound */
#define CSV_LINES_MAX 200000u
#define LOOK_MOST     1000u /* records that one page looks at */
#define CELL_BYTES    (4u * 1024u * 1024u)
#define FIELD_NAME    "field"

/* ---- questions ---- */

struct audit_list {
    struct console_call *call;
    struct json *items;     /* of a list */
    struct csv_writer *csv; /* of a table */
    struct buf text;
    uint32_t count, most;
    bool more;
};

static bool is_seen(const struct audit_list *list, const struct audit_cell *cells, uint32_t count) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t area = 0;

        if (strcmp(cells[i].key, "area") != 0)
            continue;
        return area_parse(cells[i].text, &area, &ignored) == RC_OK &&
               console_holds(list->call, area);
    }
    return true; /* the changes of a record: it was checked before */
}

static enum rc csv_line(struct audit_list *list, const struct audit_cell *cells, uint32_t count,
                        struct err *err) {
    for (uint32_t i = 0; i < count; i++) {
        audit_cell_text(&cells[i], true, LANG_EN, &list->text);
        csv_write_cell(list->csv, cells[i].kind == AUDIT_TEXT ? CSV_TEXT : CSV_VALUE,
                       buf_view(&list->text));
    }
    csv_write_end_row(list->csv);
    return buf_check(&list->text, "a line of the report", err);
}

static enum rc line_visit(void *context, const struct audit_cell *cells, uint32_t count,
                          struct err *err) {
    struct audit_list *list = context;
    struct json *item;

    if (!is_seen(list, cells, count))
        return RC_OK;
    if (list->count == list->most) {
        list->more = true;
        return RC_NOT_FOUND;
    }
    list->count++;
    if (list->csv != NULL)
        return csv_line(list, cells, count, err);
    item = json_add_object(list->items, NULL);
    for (uint32_t i = 0; i < count; i++)
        audit_cell_json(&cells[i], item);
    return item == NULL ? err_set(err, RC_NO_MEMORY, "out of memory") : RC_OK;
}

static enum rc run_report(struct audit_list *list, struct audit_ask *ask, struct err *err) {
    struct console_call *call = list->call;
    enum rc rc;

    ask->ledger = call->seat.ledger;
    ask->arena = &call->seat.arena;
    ask->lang = call->exchange->request.lang;
    ask->masked = true;
    rc = audit_report(ask, line_visit, list, err);
    return rc == RC_NOT_FOUND && list->more ? RC_OK : rc;
}

/* A page of a report that walks through records: as many lines as a page has, of as many records as
 * can be read meanwhile. */
static enum rc answer_page(struct console_call *call, struct audit_ask *ask, struct err *err) {
    struct audit_portion part = {.look_most = LOOK_MOST};
    struct json *json = json_object();
    struct audit_list list = {
        .call = call, .items = json_add_array(json, "items"), .most = CONSOLE_PAGE_ITEMS};
    char next[DOT_TEXT_BYTES];
    struct buf after;
    enum rc rc;

    buf_init(&after, DOT_TEXT_BYTES);
    rc = console_filter(call, "after", &after, err);
    if (rc == RC_OK && after.size > 0)
        rc = dot_parse(buf_view(&after), &part.after, err);
    buf_release(&after);
    ask->part = &part;
    if (ask->area == 0 && call->area_count == 1)
        ask->area = call->areas[0]; /* so that what is not his is not walked through */
    if (rc == RC_OK)
        rc = run_report(&list, ask, err);
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    dot_text(part.reached, next);
    if (list.more || part.more)
        json_add_text(json, "next", next);
    else
        json_add_null(json, "next");
    return console_reply(call, json, err);
}

static enum rc answer(struct console_call *call, struct audit_ask *ask, struct err *err) {
    struct json *json = json_object();
    struct audit_list list = {
        .call = call, .items = json_add_array(json, "items"), .most = LINES_MAX};
    enum rc rc = run_report(&list, ask, err);

    json_add_bool(json, "more", list.more);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

static enum rc read_day(struct console_call *call, int64_t *out, struct err *err) {
    struct date date = date_from_ms(env_wall_ms(call->seat.office->env));
    struct buf text;
    enum rc rc;

    buf_init(&text, 64);
    rc = console_filter(call, "on", &text, err);
    if (rc == RC_OK && text.size > 0 && !date_parse(buf_view(&text), &date))
        rc = err_set(err, RC_INVALID, "%s: write a day such as 2026-11-23", "on");
    buf_release(&text);
    *out = date_to_days(date);
    return rc;
}

enum rc console_audit_visits(struct console_call *call, struct err *err) {
    struct audit_ask ask = {.question = AUDIT_VISITS};
    enum rc rc = console_need_area(call, &ask.area, err);

    return rc == RC_OK ? answer_page(call, &ask, err) : rc;
}

enum rc console_audit_incomes(struct console_call *call, struct err *err) {
    struct audit_ask ask = {.question = AUDIT_INCOMES};
    enum rc rc = console_need_area(call, &ask.area, err);

    if (rc == RC_OK)
        rc = read_day(call, &ask.day, err);
    return rc == RC_OK ? answer_page(call, &ask, err) : rc;
}

/* A record that lies elsewhere is not there. */
static enum rc need_record(struct console_call *call, struct view text, struct dot *out,
                           struct err *err) {
    struct stored_record stored;
    enum rc rc = dot_parse(text, out, err);

    if (rc == RC_OK)
        rc = store_record(call->seat.ledger->store, *out, &call->seat.arena, &stored, err);
    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && !console_holds_any(call, stored.areas, stored.area_count)))
        return err_set(err, RC_NOT_FOUND, "%.*s: there is no such record", VIEW_PRINT(text));
    return rc;
}

enum rc console_audit_changes(struct console_call *call, struct err *err) {
    struct audit_ask ask = {.question = AUDIT_CHANGES};
    struct buf path;
    enum rc rc = need_record(call, view_text(console_param(call, "record")), &ask.record, err);

    buf_init(&path, LIMIT_PATH_BYTES);
    if (rc == RC_OK)
        rc = console_filter(call, FIELD_NAME, &path, err);
    ask.path = buf_view(&path);
    if (rc == RC_OK)
        rc = answer(call, &ask, err);
    buf_release(&path);
    return rc;
}

enum rc console_audit_tablet(struct console_call *call, struct err *err) {
    struct audit_ask ask = {.question = AUDIT_TABLET};
    enum rc rc = console_param_id(call, "device", &ask.device, err);

    return rc == RC_OK ? answer_page(call, &ask, err) : rc;
}

/* ---- the same as a table to take away ---- */

static const char *const questions[] = {[AUDIT_VISITS] = "visits",
                                        [AUDIT_CHANGES] = "changes",
                                        [AUDIT_INCOMES] = "incomes",
                                        [AUDIT_TABLET] = "tablet"};

struct csv_request {
    struct console_call *call;
    struct audit_ask ask;
    struct view reason;
    struct buf path;
};

static enum rc read_question(struct csv_request *at, struct err *err) {
    struct console_call *call = at->call;
    const char *question, *text;
    enum rc rc = console_need(call, "question", &question, err);

    if (rc != RC_OK)
        return rc;
    for (uint8_t i = AUDIT_VISITS; i <= AUDIT_TABLET; i++)
        if (strcmp(questions[i], question) == 0)
            at->ask.question = i;
    switch (at->ask.question) {
    case AUDIT_VISITS:
        return console_need_area(call, &at->ask.area, err);
    case AUDIT_INCOMES:
        rc = console_need_area(call, &at->ask.area, err);
        return rc == RC_OK ? read_day(call, &at->ask.day, err) : rc;
    case AUDIT_CHANGES:
        rc = console_need(call, "record", &text, err);
        if (rc == RC_OK)
            rc = need_record(call, view_text(text), &at->ask.record, err);
        if (rc == RC_OK)
            rc = console_filter(call, FIELD_NAME, &at->path, err);
        at->ask.path = buf_view(&at->path);
        return rc;
    case AUDIT_TABLET:
        rc = console_need(call, "device", &text, err);
        return rc == RC_OK ? id_parse(view_text(text), &at->ask.device, err) : rc;
    default:
        return err_set(err, RC_INVALID, "question: say visits, incomes, changes or tablet");
    }
}

static enum rc csv_act(void *context, struct work *work, struct err *err) {
    static const char *const actions[] = {[AUDIT_VISITS] = "audit report visits",
                                          [AUDIT_CHANGES] = "audit report changes",
                                          [AUDIT_INCOMES] = "audit report incomes",
                                          [AUDIT_TABLET] = "audit report tablet"};
    const struct csv_request *at = context;
    char object[DOT_TEXT_BYTES + AREA_TEXT_BYTES] = "";

    if (at->ask.question == AUDIT_CHANGES)
        dot_text(at->ask.record, object);
    else if (at->ask.question == AUDIT_TABLET)
        id_text(at->ask.device, object);
    else if (at->ask.area != 0)
        area_text(at->ask.area, object);
    return work_act(work, at->call->seat.who, actions[at->ask.question], object, at->reason, err);
}

static enum rc write_csv(struct csv_request *at, struct err *err) {
    struct http_response *response = &at->call->exchange->response;
    const char *const *keys = audit_report_keys((enum audit_question)at->ask.question);
    struct csv_writer writer;
    struct audit_list list = {.call = at->call, .csv = &writer, .most = CSV_LINES_MAX};
    enum rc rc;

    buf_init(&list.text, CELL_BYTES);
    csv_writer_init(&writer, &response->body, true);
    for (size_t i = 0; keys[i] != NULL; i++)
        csv_write_cell(&writer, CSV_TEXT, view_text(keys[i]));
    csv_write_end_row(&writer);
    rc = run_report(&list, &at->ask, err);
    if (rc == RC_OK && (list.more || response->body.failed == RC_LIMIT))
        rc = err_set(err, RC_LIMIT,
                     "the table is too long for a download; choose less, or use: yg-syncd audit "
                     "report");
    if (rc == RC_OK)
        rc = buf_check(&response->body, "a table", err);
    buf_release(&list.text);
    return rc;
}

enum rc console_audit_csv(struct console_call *call, struct err *err) {
    struct http_response *response = &call->exchange->response;
    struct csv_request at = {.call = call};
    enum rc rc = console_reason(call, &at.reason, err);

    buf_init(&at.path, LIMIT_PATH_BYTES);
    if (rc == RC_OK)
        rc = read_question(&at, err);
    if (rc == RC_OK)
        rc = office_act(call->seat.office, csv_act, &at, err);
    if (rc == RC_OK)
        rc = write_csv(&at, err);
    buf_release(&at.path);
    if (rc != RC_OK) {
        buf_clear(&response->body);
        return rc;
    }
    response->content_type = "text/csv";
    return http_response_header(response, "Content-Disposition",
                                "attachment; filename=\"report.csv\"", err);
}

/* ---- the signed export ---- */

struct export_request {
    struct console_call *call;
    struct audit_wish wish;
    struct dot *records;
    uint32_t record_capacity;
    uint64_t areas[LIMIT_AREAS];
};

/* {records: [ID]} or {area: CODE}; neither: everything that he may see. */
static enum rc read_selection(struct export_request *at, struct err *err) {
    struct console_call *call = at->call;
    const struct json *list = json_get(call->body, "records");
    const char *area = json_text_or(json_get(call->body, "area"), "");
    enum rc rc = RC_OK;

    at->wish.selection = AUDIT_AREA;
    at->wish.areas = at->areas;
    if (json_count(list) > 0) {
        at->wish.selection = AUDIT_RECORDS;
        for (const struct json *item = json_first(list); item != NULL && rc == RC_OK;
             item = json_next(item)) {
            struct dot *row = arena_push(&call->seat.arena, &at->records, &at->wish.record_count,
                                         &at->record_capacity, sizeof(*row));

            if (row == NULL)
                return arena_check(&call->seat.arena, "a list of records", err);
            rc = need_record(call, json_text(item), row, err);
        }
        at->wish.records = at->records;
        return rc;
    }
    if (area[0] != '\0') {
        rc = area_parse(view_text(area), &at->areas[0], err);
        at->areas[0] = succession_of(&call->seat.ledger->areas, at->areas[0]);
        at->wish.area_count = 1;
        return rc == RC_OK && !console_holds(call, at->areas[0])
                   ? err_set(err, RC_DENIED, "%s: lies outside of your areas", area)
                   : rc;
    }
    for (uint32_t i = 0; i < call->area_count && i < LIMIT_AREAS; i++)
        at->areas[at->wish.area_count++] = call->areas[i];
    return RC_OK;
}

static enum rc export_act(void *context, struct work *work, struct err *err) {
    const struct export_request *at = context;
    char object[DOT_TEXT_BYTES + AREA_TEXT_BYTES];

    if (at->wish.record_count == 1)
        dot_text(at->records[0], object);
    else if (at->wish.selection == AUDIT_RECORDS)
        snprintf(object, sizeof(object), "%u records", at->wish.record_count);
    else
        area_text(at->areas[0], object);
    return work_act(work, at->call->seat.who,
                    at->wish.full ? "audit export in full" : "audit export", object,
                    at->wish.reason, err);
}

static enum rc add_bytes(void *sink, struct view bytes, struct err *err) {
    struct buf *out = sink;

    buf_add_view(out, bytes);
    if (out->failed == RC_LIMIT)
        return err_set(err, RC_LIMIT,
                       "the file is too large for a download; choose less, or use: yg-syncd audit "
                       "export");
    return buf_check(out, "an audit file", err);
}

enum rc console_audit_export(struct console_call *call, struct err *err) {
    struct http_response *response = &call->exchange->response;
    struct export_request at = {.call = call};
    enum rc rc;

    (void)json_bool(json_get(call->body, "full"), &at.wish.full);
    at.wish.by = view_text(call->seat.who);
    at.wish.day = date_to_days(date_from_ms(env_wall_ms(call->seat.office->env)));
    rc = console_reason(call, &at.wish.reason, err);
    if (rc == RC_OK && at.wish.full && !role_may(call->role, ABILITY_REVEAL))
        rc = err_set(err, RC_DENIED, "%s: your role may not see sensitive values", "full");
    if (rc == RC_OK && at.wish.full)
        rc = console_check_reveal(call, err);
    if (rc == RC_OK)
        rc = read_selection(&at, err);
    if (rc == RC_OK)
        rc = office_act(call->seat.office, export_act, &at, err);
    if (rc == RC_OK)
        rc = audit_export(call->seat.office, call->seat.ledger, &at.wish, add_bytes,
                          &response->body, err);
    if (rc != RC_OK) {
        buf_clear(&response->body);
        return rc;
    }
    response->content_type = "application/octet-stream";
    return http_response_header(response, "Content-Disposition",
                                "attachment; filename=\"county.yga\"", err);
}
