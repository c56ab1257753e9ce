/* console_area.c: the areas that somebody may see, with what there is in each, and what comes in.
 *
 * The list is flat: areas that have records or a name, by code; a village's township and county are
 * found by its code (schema/area.h). */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/task.h"

#define DAYS        30u
#define DAYS_MOST   366u
#define FRAMES_MOST 200000u

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
    uint64_t changes[DAYS_MOST], frames[DAYS_MOST];
    uint32_t days, seen;
};

static int64_t day_of(int64_t time_ms) {
    return (time_ms + CHINA_OFFSET_MS) / MS_PER_DAY;
}

static enum rc frame_visit(void *context, const struct stored_frame *frame, struct err *err) {
    struct inflow *inflow = context;
    int64_t day = day_of(frame->received_ms) - inflow->first_day;
    uint64_t area = succession_of(&inflow->call->seat.ledger->areas, frame->area);

    (void)err;
    if (++inflow->seen > FRAMES_MOST)
        return RC_NOT_FOUND;
    if (day < 0 || day >= inflow->days || !console_holds(inflow->call, area) ||
        (inflow->area != 0 && !area_contains(inflow->area, area)))
        return RC_OK;
    inflow->changes[day] += frame->last - frame->first + 1;
    inflow->frames[day]++;
    return RC_OK;
}

/* The log is in order of commit: the first frame of these days is found by halving. */
static enum rc first_frame(struct inflow *inflow, uint64_t *serial, struct err *err) {
    struct store *store = inflow->call->seat.ledger->store;
    struct store_counts counts;
    uint64_t low = 0, high;
    enum rc rc = store_count(store, &counts, err);

    high = rc == RC_OK ? counts.frames : 0;
    while (rc == RC_OK && low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct stored_frame frame;
        struct arena arena;

        arena_init(&arena, DESK_ARENA_BYTES);
        rc = store_frame(store, middle + 1, &arena, &frame, err);
        if (rc == RC_OK && day_of(frame.received_ms) < inflow->first_day)
            low = middle + 1;
        else
            high = middle;
        arena_release(&arena);
    }
    *serial = low;
    return rc;
}

enum rc console_inflow(struct console_call *call, struct err *err) {
    struct inflow *inflow = arena_alloc(&call->seat.arena, sizeof(*inflow));
    uint64_t serial = 0, days = DAYS;
    struct json *json, *items;
    enum rc rc;

    if (inflow == NULL)
        return arena_check(&call->seat.arena, "a list", err);
    *inflow = (struct inflow){.call = call};
    rc = console_need_area(call, &inflow->area, err);
    if (rc == RC_OK)
        rc = console_number(call, "days", DAYS_MOST, DAYS, &days, err);
    inflow->days = (uint32_t)days;
    inflow->first_day = day_of(env_wall_ms(call->seat.office->env)) - (int64_t)days + 1;
    if (rc == RC_OK)
        rc = first_frame(inflow, &serial, err);
    if (rc == RC_OK)
        rc = store_frames(call->seat.ledger->store, serial, frame_visit, inflow, err);
    if (rc != RC_OK)
        return rc;
    json = json_object();
    items = json_add_array(json, "items");
    for (uint32_t i = 0; i < inflow->days; i++) {
        struct json *item = json_add_object(items, NULL);
        char text[TIME_TEXT_BYTES];

        time_format((inflow->first_day + i) * MS_PER_DAY - CHINA_OFFSET_MS, text);
        json_add_view(item, "day", view_of(text, 10));
        json_add_int(item, "changes", (int64_t)inflow->changes[i]);
    }
    json_add_null(json, "next");
    return console_reply(call, json, err);
}
