/* console_log.c: the staff log for auditors: newest first, filtered by who, what, about whom, when.
 *
 * The log is walked backwards in pieces, because the store walks forwards only. An auditor of the
 * whole county sees all of it; one of some areas sees what people did whose areas all lie within
 * his. */
#include "base/text.h"
#include "syncd/desk/audit.h"
#include "syncd/desk/console.h"

#define PIECE     4096u   /* acts that are looked at in one walk */
#define LOOK_MOST 200000u /* acts that one request looks at */

struct log_filter {
    struct audit_log_wish wish;
    struct buf who, action, object;
    bool all;           /* the asker's areas hold the county's */
    struct view *names; /* else: whose acts he sees */
    uint32_t name_count, name_capacity;
};

struct log_walk {
    struct console_call *call;
    const struct log_filter *filter;
    uint64_t until; /* serials below this one */
    struct stored_act *acts;
    uint32_t count, capacity;
};

static bool may_see(const struct log_filter *filter, struct view who) {
    for (uint32_t i = 0; i < filter->name_count; i++)
        if (view_equal(filter->names[i], who))
            return true;
    return filter->all;
}

static enum rc act_visit(void *context, const struct stored_act *act, struct err *err) {
    struct log_walk *walk = context;
    struct arena *arena = &walk->call->seat.arena;
    struct stored_act *row;

    if (act->serial >= walk->until)
        return RC_NOT_FOUND;
    if (!audit_log_fits(&walk->filter->wish, act) || !may_see(walk->filter, act->who))
        return RC_OK;
    row = arena_push(arena, &walk->acts, &walk->count, &walk->capacity, sizeof(*row));
    if (row == NULL)
        return arena_check(arena, "a list", err);
    *row = *act;
    row->who = arena_view(arena, act->who);
    row->action = arena_view(arena, act->action);
    row->object = arena_view(arena, act->object);
    row->reason = arena_view(arena, act->reason);
    return arena_check(arena, "a list", err);
}

static enum rc name_visit(void *context, const struct stored_person *person, struct err *err) {
    struct log_walk *walk = context;
    struct log_filter *filter = (struct log_filter *)(uintptr_t)walk->filter;
    struct arena *arena = &walk->call->seat.arena;
    struct view *name;

    if (person->device != 0 || !console_holds_all(walk->call, person->areas, person->area_count))
        return RC_OK;
    name = arena_push(arena, &filter->names, &filter->name_count, &filter->name_capacity,
                      sizeof(*name));
    if (name != NULL)
        *name = arena_view(arena, person->name);
    return arena_check(arena, "a list", err);
}

/* A day of China's clock; 0 where none is given. */
static enum rc day_filter(struct console_call *call, const char *key, int64_t add_ms, int64_t *out,
                          struct err *err) {
    struct date date;
    struct buf text;
    enum rc rc;

    buf_init(&text, 32);
    rc = console_filter(call, key, &text, err);
    if (rc == RC_OK && text.size > 0 && !date_parse(buf_view(&text), &date))
        rc = err_set(err, RC_INVALID, "%.*s: write a day as 2026-11-28", (int)text.size,
                     (const char *)text.data);
    if (rc == RC_OK && text.size > 0)
        *out = date_to_ms(date) + add_ms;
    buf_release(&text);
    return rc;
}

static enum rc read_filter(struct console_call *call, struct log_filter *filter, struct err *err) {
    uint64_t root = 0;
    enum rc rc = console_filter(call, "who", &filter->who, err);

    if (rc == RC_OK)
        rc = console_filter(call, "action", &filter->action, err);
    if (rc == RC_OK)
        rc = console_filter(call, "object", &filter->object, err);
    if (rc == RC_OK)
        rc = day_filter(call, "from", 0, &filter->wish.from_ms, err);
    if (rc == RC_OK)
        rc = day_filter(call, "to", MS_PER_DAY, &filter->wish.to_ms, err);
    if (rc == RC_OK)
        rc = seat_root_area(&call->seat, &root, err);
    filter->wish.who = buf_view(&filter->who);
    filter->wish.action = buf_view(&filter->action);
    filter->wish.object = buf_view(&filter->object);
    filter->all = rc == RC_OK && console_holds(call, root);
    return rc;
}

static void add_act(struct json *items, const struct stored_act *act) {
    struct json *item = json_add_object(items, NULL);

    json_add_int(item, "number", (int64_t)act->serial);
    console_add_time(item, "at", act->at_ms);
    json_add_view(item, "who", act->who);
    json_add_view(item, "action", act->action);
    json_add_view(item, "object", act->object);
    json_add_view(item, "reason", act->reason);
}

/* Backwards, piece by piece, until the page is full or enough was looked at. */
static enum rc fill_page(struct log_walk *walk, struct json *items, uint64_t *next,
                         struct err *err) {
    uint64_t looked = 0;
    uint32_t shown = 0;
    enum rc rc = RC_OK;

    while (walk->until > 1 && shown < CONSOLE_PAGE_ITEMS && looked < LOOK_MOST && rc == RC_OK) {
        uint64_t from = walk->until > PIECE ? walk->until - PIECE : 1;

        walk->count = 0;
        rc = store_acts(walk->call->seat.ledger->store, from - 1, act_visit, walk, err);
        looked += walk->until - from;
        walk->until = from;
        for (uint32_t i = walk->count; i > 0 && rc == RC_OK; i--) {
            add_act(items, &walk->acts[i - 1]);
            if (++shown == CONSOLE_PAGE_ITEMS) {
                walk->until = walk->acts[i - 1].serial;
                break;
            }
        }
    }
    *next = walk->until;
    return rc;
}

enum rc console_log(struct console_call *call, struct err *err) {
    struct log_filter filter = {0};
    struct log_walk walk = {.call = call, .filter = &filter};
    struct store_counts counts;
    struct json *json = json_object();
    uint64_t next = 0;
    char text[24];
    enum rc rc;

    buf_init(&filter.who, LIMIT_NAME_BYTES);
    buf_init(&filter.action, 64);
    buf_init(&filter.object, 128);
    rc = read_filter(call, &filter, err);
    if (rc == RC_OK && !filter.all)
        rc = store_persons(call->seat.ledger->store, name_visit, &walk, err);
    if (rc == RC_OK)
        rc = store_count(call->seat.ledger->store, &counts, err);
    if (rc == RC_OK)
        rc = console_number(call, "after", UINT64_MAX, counts.acts + 1, &walk.until, err);
    if (rc == RC_OK && walk.until > counts.acts + 1)
        walk.until = counts.acts + 1;
    if (rc == RC_OK)
        rc = fill_page(&walk, json_add_array(json, "items"), &next, err);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)next);
    if (next > 1)
        json_add_text(json, "next", text);
    else
        json_add_null(json, "next");
    buf_release(&filter.who);
    buf_release(&filter.action);
    buf_release(&filter.object);
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}
