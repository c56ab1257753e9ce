/* console_area.c: the areas that somebody may see, with what there is in each, and what comes in.
 *
 * The list is flat: areas that have records or a name, by code; a village's township and county are
 * found by its code (schema/area.h). */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/task.h"

#define DAYS        30u
#define DAYS_MOST   366u
#define AREAS_KNOWN 4096u

/* ---- the tree ---- */

struct area_row {
    uint64_t area;
    uint64_t records, conflicts, sealed, approved, returned;
    int64_t changed_ms;
};

struct area_list {
    struct console_call *call;
    struct area_row *rows; /* not sorted, several of one area */
    uint32_t count, capacity;
};

static struct area_row *add_row(struct area_list *list, uint64_t area) {
    struct area_row *row = arena_push(&list->call->seat.arena, &list->rows, &list->count,
                                      &list->capacity, sizeof(*row));

    if (row != NULL)
        *row = (struct area_row){.area = area};
    return row;
}

/* Tasks, notes and meetings are no households. */
static enum rc tally_visit(void *context, const struct record_tally *tally, struct err *err) {
    struct area_list *list = context;
    uint64_t area = succession_of(&list->call->seat.ledger->areas, tally->area);
    struct area_row *row;

    if (!view_is(tally->form_name, "household") || !console_holds(list->call, area))
        return RC_OK;
    row = add_row(list, area);
    if (row == NULL)
        return arena_check(&list->call->seat.arena, "a list", err);
    row->records = tally->records - tally->withdrawn;
    row->conflicts = tally->conflicts;
    row->sealed = tally->sealed;
    row->approved = tally->reviewed[NOTE_APPROVE];
    row->returned = tally->reviewed[NOTE_RETURN];
    row->changed_ms = tally->changed_ms;
    return RC_OK;
}

static enum rc add_named(struct area_list *list, struct err *err) {
    const struct succession *table = &list->call->seat.ledger->areas;

    for (uint32_t i = 0; i < table->count; i++) {
        uint64_t area = succession_of(table, table->acts[i].to);

        if (table->acts[i].kind == AREA_NAMED && console_holds(list->call, area) &&
            add_row(list, area) == NULL)
            return arena_check(&list->call->seat.arena, "a list", err);
    }
    for (uint32_t i = 0; i < list->call->area_count; i++)
        if (add_row(list, list->call->areas[i]) == NULL)
            return arena_check(&list->call->seat.arena, "a list", err);
    return RC_OK;
}

static int by_area(const void *left, const void *right) {
    const struct area_row *a = left, *b = right;

    return a->area < b->area ? -1 : a->area > b->area;
}

static void add_area_item(struct area_list *list, struct json *items, const struct area_row *row,
                          bool reads) {
    struct json *item = json_add_object(items, NULL);
    char text[AREA_TEXT_BYTES];

    area_text(row->area, text);
    json_add_text(item, "area", text);
    json_add_view(item, "name", succession_name(&list->call->seat.ledger->areas, row->area));
    if (!reads)
        return;
    json_add_int(item, "records", (int64_t)row->records);
    json_add_int(item, "conflicts", (int64_t)row->conflicts);
    json_add_int(item, "sealed", (int64_t)row->sealed);
    json_add_int(item, "approved", (int64_t)row->approved);
    json_add_int(item, "returned", (int64_t)row->returned);
    console_add_time(item, "changed", row->changed_ms);
}

enum rc console_areas(struct console_call *call, struct err *err) {
    bool reads = role_may(call->role, ABILITY_READ);
    const struct record_query query = {.area_count = call->area_count, .areas = call->areas};
    struct area_list list = {.call = call};
    struct json *json, *items;
    enum rc rc = add_named(&list, err);

    if (rc == RC_OK && reads)
        rc = store_tally(call->seat.ledger->store, &query, tally_visit, &list, err);
    if (rc != RC_OK)
        return rc;
    qsort(list.rows, list.count, sizeof(list.rows[0]), by_area);
    json = json_object();
    items = json_add_array(json, "items");
    for (uint32_t i = 0; i < list.count;) {
        struct area_row row = list.rows[i];

        for (i++; i < list.count && list.rows[i].area == row.area; i++) {
            row.records += list.rows[i].records;
            row.conflicts += list.rows[i].conflicts;
            row.sealed += list.rows[i].sealed;
            row.approved += list.rows[i].approved;
            row.returned += list.rows[i].returned;
            if (list.rows[i].changed_ms > row.changed_ms)
                row.changed_ms = list.rows[i].changed_ms;
        }
        add_area_item(&list, items, &row, reads);
    }
    json_add_null(json, "next");
    return console_reply(call, json, err);
}

/* ---- what has come in, day by day of China's clock ---- */

struct inflow {
    struct console_call *call;
    uint64_t area; /* 0: all of the person's */
    int64_t first_day;
    uint64_t changes[DAYS_MOST];
    struct known_area {
        uint64_t area;
        bool is_wanted;
    } known[AREAS_KNOWN]; /* by a part of its code: the same come day after day */
};

static bool is_wanted(struct inflow *inflow, uint64_t code) {
    struct known_area *known =
        &inflow->known[code * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (AREAS_KNOWN - 1)];

    if (known->area != code) {
        uint64_t area = succession_of(&inflow->call->seat.ledger->areas, code);

        known->area = code;
        known->is_wanted = console_holds(inflow->call, area) &&
                           (inflow->area == 0 || area_contains(inflow->area, area));
    }
    return known->is_wanted;
}

static enum rc inflow_visit(void *context, const struct stored_inflow *sum, struct err *err) {
    struct inflow *inflow = context;

    (void)err;
    if (sum->area != 0 && is_wanted(inflow, sum->area))
        inflow->changes[sum->day - inflow->first_day] += sum->changes;
    return RC_OK;
}

enum rc console_inflow(struct console_call *call, struct err *err) {
    struct inflow *inflow = arena_alloc(&call->seat.arena, sizeof(*inflow));
    uint64_t days = DAYS;
    int64_t today = inflow_day(env_wall_ms(call->seat.office->env));
    struct json *json, *items;
    enum rc rc;

    if (inflow == NULL)
        return arena_check(&call->seat.arena, "a list", err);
    *inflow = (struct inflow){.call = call};
    rc = console_need_area(call, &inflow->area, err);
    if (rc == RC_OK)
        rc = console_number(call, "days", DAYS_MOST, DAYS, &days, err);
    inflow->first_day = today - (int64_t)days + 1;
    if (rc == RC_OK)
        rc = store_inflow(call->seat.ledger->store, inflow->first_day, today, inflow_visit, inflow,
                          err);
    if (rc != RC_OK)
        return rc;
    json = json_object();
    items = json_add_array(json, "items");
    for (int64_t i = 0; i < (int64_t)days; i++) {
        struct json *item = json_add_object(items, NULL);
        char text[TIME_TEXT_BYTES];

        time_format((inflow->first_day + i) * MS_PER_DAY - CHINA_OFFSET_MS, text);
        json_add_view(item, "day", view_of(text, 10));
        json_add_int(item, "changes", (int64_t)inflow->changes[i]);
    }
    json_add_null(json, "next");
    return console_reply(call, json, err);
}
