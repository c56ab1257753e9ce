/* console_history.c: every version of every value of a record, and what the household lives on. */
#include "base/date.h"
#include "base/text.h"
#include "syncd/desk/console_seen.h"
#include "syncd/desk/history.h"
#include "syncd/desk/income.h"
#include "syncd/desk/values.h"

#define ROWS_MAX 2000u /* of one answer, the newest; the command line has no bound */

struct rows {
    struct console_call *call;
    struct history history;
    struct json *json, *items;
    uint64_t count;
};

/* ---- history ---- */

/* Whether this version is what people read now, or a side of what is open. */
static bool is_live(const struct record *record, const struct history_row *row) {
    uint32_t count;
    const struct version *versions =
        record_field(record, row->entry->instance, row->entry->field, &count);

    for (uint32_t i = 0; i < count; i++)
        if (version_id_compare(version_name(record, &versions[i]),
                               (struct version_id){row->change->dot, row->entry->ordinal}) == 0)
            return versions[i].replaced_count == 0;
    return false;
}

static enum rc row_visit(void *context, const struct history_row *row, struct err *err) {
    struct rows *rows = context;
    struct json *item;
    char dot[INSTANCE_TEXT_BYTES];
    enum rc rc;

    if (rows->count++ == ROWS_MAX)
        return RC_NOT_FOUND;
    item = json_add_object(rows->items, NULL);
    version_text((struct version_id){row->change->dot, row->entry->ordinal}, dot);
    json_add_text(item, "dot", dot);
    json_add_view(item, "path", row->path);
    if (row->entry->value.type == VALUE_NULL)
        json_add_null(item, "value");
    else
        json_add_view(item, "value", row->value);
    console_add_answer(rows->call, item, &rows->history.seen.reading, rows->history.masked,
                       row->entry->field, row->value);
    json_add_text(item, "kind", desk_kind_name((enum change_kind)row->change->kind));
    rc = console_add_person(rows->call, item, "author", row->change->person, err);
    json_add_view(item, "device", row->device);
    console_add_area(rows->call, item, "area", row->area);
    console_add_time(item, "made", row->made_ms);
    console_add_time(item, "received", row->received_ms);
    json_add_int(item, "offline_ms",
                 row->received_ms > row->made_ms ? row->received_ms - row->made_ms : 0);
    json_add_view(item, "reason", row->change->reason);
    json_add_bool(item, "live", is_live(&rows->history.seen.record, row));
    if (row->indexed->verdict != VERDICT_ADMIT)
        json_add_text(item, "quarantine", verdict_name((enum verdict)row->indexed->verdict));
    return rc;
}

static enum rc walk_rows(struct rows *rows, struct err *err) {
    struct console_call *call = rows->call;
    const char *id = console_param(call, "record");
    struct seen_record seen;
    struct view path = {0};
    bool masked = true;
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = console_word(call, "path", &path, err);
    if (rc == RC_OK)
        rc = history_open(&call->seat, id, path, &rows->history, err);
    if (rc == RC_OK)
        rc = console_mask(call, id, &masked, err);
    if (rc == RC_OK)
        rc = history_walk(&rows->history, masked, call->exchange->request.lang, row_visit, rows,
                          err);
    if (rc == RC_NOT_FOUND && rows->count > ROWS_MAX) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

enum rc console_history(struct console_call *call, struct err *err) {
    struct rows rows = {.call = call, .json = json_object()};
    enum rc rc;

    rows.items = json_add_array(rows.json, "items");
    rc = walk_rows(&rows, err);
    history_close(&rows.history);
    json_add_bool(rows.json, "more", rows.count > ROWS_MAX);
    if (rc == RC_OK)
        return console_reply(call, rows.json, err);
    json_free(rows.json);
    return rc;
}

/* ---- income ---- */

enum rc console_income(struct console_call *call, struct err *err) {
    struct date day = date_from_ms(env_wall_ms(call->seat.office->env));
    struct income_look look;
    struct seen_record seen;
    struct view on = {0};
    bool masked = true;
    enum rc rc = console_seen(call, &seen, err);

    if (rc == RC_OK)
        rc = console_word(call, "on", &on, err);
    if (rc == RC_OK && on.size > 0 && !date_parse(on, &day))
        rc = err_set(err, RC_INVALID, "%s: write a day such as 2026-11-23", "on");
    if (rc == RC_OK)
        rc = income_see(&seen.reading, day, &call->seat.arena, &look, err);
    if (rc == RC_OK)
        rc = console_mask(call, console_param(call, "record"), &masked, err);
    return rc == RC_OK
               ? console_reply(call, income_document(&look, call->exchange->request.lang, masked),
                               err)
               : rc;
}
