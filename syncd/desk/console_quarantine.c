/* console_quarantine.c: changes that were kept aside, and what is decided about them. */
#include "base/text.h"
#include "base/words.h"
#include "syncd/desk/console_seen.h"
#include "syncd/sync/quarantine.h"

struct waiting {
    struct console_call *call;
    struct json *items;
    uint64_t skip, seen, count;
    uint64_t area; /* 0: all of the person's */
    bool more;
};

enum rc console_add_kept(struct console_call *call, struct json *item,
                         const struct stored_quarantine *row, struct err *err) {
    struct stored_record record = {.id = row->record};
    struct stored_device device = {0};
    const char *state = "waits";
    struct view reason = {0};
    enum rc rc =
        store_record(call->seat.ledger->store, row->record, &call->seat.arena, &record, err);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    rc = store_device(call->seat.ledger->store, row->device, &call->seat.arena, &device, err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    console_add_dot(item, "dot", row->dot);
    console_add_dot(item, "record", row->record);
    if (record.revision != 0)
        json_add_view(item, "form", record.form_name);
    json_add_view(item, "title", record.title);
    json_add_bool(item, "known", record.revision != 0);
    console_add_area(call, item, "area", succession_of(&call->seat.ledger->areas, row->area));
    json_add_view(item, "device", device.name);
    json_add_text(item, "verdict", verdict_name((enum verdict)row->verdict));
    json_add_text(item, "why",
                  words(call->exchange->request.lang, verdict_words((enum verdict)row->verdict)));
    console_add_time(item, "since", row->since_ms);
    rc = console_add_person(call, item, "author", row->person, err);
    if (rc == RC_OK)
        rc = seat_quarantine_state(&call->seat, row, &state, &reason, err);
    json_add_text(item, "state", state);
    json_add_view(item, "reason", reason);
    return rc;
}

static enum rc waiting_visit(void *context, const struct stored_quarantine *row, struct err *err) {
    struct waiting *list = context;
    struct console_call *call = list->call;
    uint64_t area = succession_of(&call->seat.ledger->areas, row->area);

    if (!console_holds(call, area) || (list->area != 0 && !area_contains(list->area, area)) ||
        list->seen++ < list->skip)
        return RC_OK;
    if (list->count == CONSOLE_PAGE_ITEMS) {
        list->more = true;
        return RC_NOT_FOUND;
    }
    list->count++;
    return console_add_kept(call, json_add_object(list->items, NULL), row, err);
}

enum rc console_quarantine(struct console_call *call, struct err *err) {
    struct json *json = json_object();
    struct waiting list = {.call = call, .items = json_add_array(json, "items")};
    struct view all = {0};
    char next[24];
    enum rc rc = console_need_area(call, &list.area, err);

    if (rc == RC_OK)
        rc = console_word(call, "all", &all, err);
    if (rc == RC_OK)
        rc = console_number(call, "after", UINT32_MAX, 0, &list.skip, err);
    if (rc == RC_OK)
        rc = store_quarantine(call->seat.ledger->store, view_is(all, "1"), waiting_visit, &list,
                              err);
    if (rc != RC_OK) {
        json_free(json);
        return rc;
    }
    snprintf(next, sizeof(next), "%llu", (unsigned long long)(list.skip + list.count));
    if (list.more)
        json_add_text(json, "next", next);
    else
        json_add_null(json, "next");
    return console_reply(call, json, err);
}

enum rc console_quarantine_settle(struct console_call *call, struct err *err) {
    const struct json *list = json_get(call->body, "dots");
    struct quarantine_request request = {
        .who = call->seat.who, .areas = call->areas, .area_count = call->area_count};
    struct dot *dots = NULL;
    uint32_t capacity = 0;
    enum rc rc = console_reason(call, &request.reason, err);

    if (rc == RC_OK && !json_bool(json_get(call->body, "release"), &request.release))
        rc = err_set(err, RC_INVALID, "%s: is missing in the request", "release");
    if (rc == RC_OK && (json_count(list) == 0 || json_count(list) > CONSOLE_PAGE_ITEMS))
        rc = err_set(err, RC_INVALID, "%s: is missing in the request", "dots");
    for (const struct json *item = json_first(list); item != NULL && rc == RC_OK;
         item = json_next(item)) {
        struct dot *row =
            arena_push(&call->seat.arena, &dots, &request.count, &capacity, sizeof(*row));

        rc = row == NULL ? arena_check(&call->seat.arena, "a request", err)
                         : dot_parse(json_text(item), row, err);
    }
    request.dots = dots;
    if (rc == RC_OK)
        rc = office_act(call->seat.office, quarantine_settle_act, &request, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}
