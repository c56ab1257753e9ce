/* console_home.c: what needs somebody today, how far each village is, and how the tablets are.
 *
 * Numbers come from the lists of the store (store_tally); the queue holds the most pressing of each
 * kind, the rest is a number and a place to go. What a role may not see is left out: an
 * administrator sees tablets and no household. */
#include "base/text.h"
#include "syncd/desk/console.h"
#include "syncd/desk/device.h"
#include "syncd/desk/task.h"

#define QUEUE_EACH  15u  /* lines of one kind */
#define SENT_MOST   200u /* of what a pollster was sent to */
#define SILENT_DAYS 14u  /* a tablet that was not seen for so long */
#define AGES        6u   /* conflicts younger than 1, 3, 7, 14, 30 days; older */

static const int64_t age_days[AGES - 1] = {1, 3, 7, 14, 30};

struct home {
    struct console_call *call;
    struct store *store;
    struct json *json, *queue;
    int64_t now_ms;
};

static void add_dot(struct json *parent, const char *key, struct dot dot) {
    char text[DOT_TEXT_BYTES];

    dot_text(dot, text);
    json_add_text(parent, key, text);
}

/* A line of the queue about a record. */
static enum rc add_record_line(struct home *home, const char *kind, struct dot id, uint64_t area,
                               int64_t since_ms, int64_t due_ms, struct err *err) {
    struct console_call *call = home->call;
    struct stored_record record;
    struct json *item;
    enum rc rc = store_record(home->store, id, &call->seat.arena, &record, err);

    if (rc == RC_NOT_FOUND) /* only changes that were kept aside are known */
        record = (struct stored_record){.id = id};
    else if (rc != RC_OK)
        return rc;
    item = json_add_object(home->queue, NULL);
    json_add_text(item, "kind", kind);
    add_dot(item, "record", id);
    json_add_view(item, "form", record.form_name);
    json_add_view(item, "title", record.title);
    console_add_area(call, item, "area", succession_of(&call->seat.ledger->areas, area));
    console_add_time(item, "since", since_ms);
    console_add_time(item, "due", due_ms);
    return RC_OK;
}

/* ---- conflicts: by due ---- */

struct conflicts {
    struct home *home;
    uint64_t count, overdue, ages[AGES];
    struct due {
        struct dot record;
        uint64_t area;
        int64_t since_ms, due_ms;
    } first[QUEUE_EACH]; /* one line for each record, those due first */
    uint32_t first_count;
};

/* They come by due, of one of the person's areas after the other. */
static enum rc due_visit(void *context, const struct stored_conflict *conflict, struct err *err) {
    struct conflicts *all = context;
    uint32_t at = all->first_count;

    (void)err;
    while (at > 0 && all->first[at - 1].due_ms > conflict->due_ms)
        at--;
    if (at == QUEUE_EACH)
        return RC_NOT_FOUND;
    for (uint32_t i = 0; i < all->first_count; i++)
        if (dot_equal(all->first[i].record, conflict->record))
            return RC_OK;
    if (all->first_count < QUEUE_EACH)
        all->first_count++;
    memmove(&all->first[at + 1], &all->first[at],
            (all->first_count - at - 1) * sizeof(all->first[0]));
    all->first[at] = (struct due){.record = conflict->record,
                                  .area = conflict->area,
                                  .since_ms = conflict->since_ms,
                                  .due_ms = conflict->due_ms};
    return RC_OK;
}

static enum rc time_visit(void *context, int64_t since_ms, int64_t due_ms, struct err *err) {
    struct conflicts *all = context;
    int64_t age = (all->home->now_ms - since_ms) / MS_PER_DAY;
    uint32_t at = 0;

    (void)err;
    while (at < AGES - 1 && age >= age_days[at])
        at++;
    all->ages[at]++;
    all->count++;
    all->overdue += due_ms < all->home->now_ms;
    return RC_OK;
}

static enum rc add_conflicts(struct home *home, struct err *err) {
    struct conflicts all = {.home = home};
    struct json *list;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < home->call->area_count && rc == RC_OK; i++) {
        uint64_t area = home->call->areas[i];

        rc = store_conflict_times(home->store, area, time_visit, &all, err);
        if (rc == RC_OK)
            rc = store_conflicts(home->store, area, INT64_MIN, due_visit, &all, err);
    }
    for (uint32_t i = 0; i < all.first_count && rc == RC_OK; i++)
        rc = add_record_line(home, "conflict", all.first[i].record, all.first[i].area,
                             all.first[i].since_ms, all.first[i].due_ms, err);
    json_add_int(home->json, "conflicts", (int64_t)all.count);
    json_add_int(home->json, "conflicts_overdue", (int64_t)all.overdue);
    list = json_add_array(home->json, "conflict_ages");
    for (uint32_t i = 0; i < AGES; i++) {
        struct json *item = json_add_object(list, NULL);

        if (i < AGES - 1)
            json_add_int(item, "under_days", age_days[i]);
        else
            json_add_null(item, "under_days");
        json_add_int(item, "count", (int64_t)all.ages[i]);
    }
    return rc;
}

/* ---- quarantine ---- */

struct kept_aside {
    struct home *home;
    uint64_t count;
};

static enum rc quarantine_visit(void *context, const struct stored_quarantine *row,
                                struct err *err) {
    struct kept_aside *all = context;

    if (!console_holds(all->home->call, row->area))
        return RC_OK;
    return ++all->count > QUEUE_EACH ? RC_OK
                                     : add_record_line(all->home, "quarantine", row->record,
                                                       row->area, row->since_ms, 0, err);
}

static enum rc add_quarantine(struct home *home, struct err *err) {
    struct kept_aside all = {.home = home};
    enum rc rc = store_quarantine(home->store, false, quarantine_visit, &all, err);

    json_add_int(home->json, "quarantine", (int64_t)all.count);
    return rc;
}

/* ---- returned records: until somebody changes them again ---- */

static enum rc found_visit(void *context, const struct found_record *found, struct err *err) {
    struct home *home = context;
    uint64_t area = found->record.area_count > 0 ? found->record.areas[0] : 0;

    return add_record_line(home, "returned", found->record.id, area, found->review_ms, 0, err);
}

static enum rc add_returned(struct home *home, struct err *err) {
    const struct record_query query = {.area_count = home->call->area_count,
                                       .areas = home->call->areas,
                                       .reviews = 1u << NOTE_RETURN,
                                       .without = RECORD_WITHDRAWN,
                                       .order = RECORDS_BY_CHANGED,
                                       .most = QUEUE_EACH};
    uint64_t total;
    enum rc rc = store_find(home->store, &query, found_visit, home, &total, err);

    json_add_int(home->json, "returned", (int64_t)total);
    return rc;
}

/* ---- tasks that are overdue ---- */

struct late_tasks {
    struct home *home;
    int64_t today; /* in days */
    uint32_t shown;
};

static enum rc late_visit(void *context, const struct stored_gist *item, struct err *err) {
    struct late_tasks *late = context;
    struct console_call *call = late->home->call;
    const struct gist *gist = &item->gist;
    struct dot about = gist->about.number != 0 ? gist->about : item->record;
    struct stored_record task, household = {.id = about};
    struct json *json;
    char due[32];
    struct date day;
    enum rc rc;

    if (gist->when >= late->today || late->shown == QUEUE_EACH)
        return RC_NOT_FOUND;
    late->shown++;
    rc = store_record(late->home->store, item->record, &call->seat.arena, &task, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_CORRUPT, "store: the list has a record that is not there");
    if (rc == RC_OK && gist->about.number != 0) {
        rc = store_record(late->home->store, about, &call->seat.arena, &household, err);
        if (rc == RC_NOT_FOUND) {
            household = (struct stored_record){.id = about};
            err_clear(err);
            rc = RC_OK;
        }
    }
    if (rc != RC_OK)
        return rc;
    day = date_from_days(gist->when);
    json = json_add_object(late->home->queue, NULL);
    json_add_text(json, "kind", "task");
    add_dot(json, "record", about);
    add_dot(json, "task", item->record);
    json_add_view(json, "title", household.title);
    json_add_view(json, "assignee",
                  gist->person == 0 ? view_text("") : seat_person_name(&call->seat, gist->person));
    if (item->area != 0)
        console_add_area(call, json, "area", succession_of(&call->seat.ledger->areas, item->area));
    console_add_time(json, "since", task.created_ms);
    snprintf(due, sizeof(due), "%04d-%02d-%02dT23:59:59+08:00", day.year, day.month, day.day);
    json_add_text(json, "due", due);
    return RC_OK;
}

static enum rc add_tasks(struct home *home, struct err *err) {
    struct late_tasks late = {.home = home, .today = date_to_days(date_from_ms(home->now_ms))};
    struct gist_counts counts, sum = {0, 0};
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < home->call->area_count && rc == RC_OK; i++) {
        uint64_t area = home->call->areas[i];

        rc = store_gist_count(home->store, GIST_TASK, TASK_OPEN, area, late.today, &counts, err);
        if (rc != RC_OK)
            break;
        sum.all += counts.all;
        sum.before += counts.before;
        rc = store_gists(home->store, GIST_TASK, TASK_OPEN, area, late_visit, &late, err);
    }
    json_add_int(home->json, "tasks_open", (int64_t)sum.all);
    json_add_int(home->json, "tasks_overdue", (int64_t)sum.before);
    return rc;
}

/* ---- what a pollster was sent to ---- */

struct sent_to {
    struct home *home;
    uint32_t shown;
};

static enum rc sent_visit(void *context, const struct stored_gist *item, struct err *err) {
    struct sent_to *sent = context;
    struct console_call *call = sent->home->call;
    const struct gist *gist = &item->gist;
    struct stored_record household;
    struct json *json;
    char due[32];
    struct date day;
    enum rc rc;

    if (gist->person != call->person || gist->code[0] != TASK_THIRD_PARTY ||
        gist->about.number == 0)
        return RC_OK;
    if (sent->shown == SENT_MOST)
        return RC_NOT_FOUND;
    rc = store_record(sent->home->store, gist->about, &call->seat.arena, &household, err);
    if (rc == RC_NOT_FOUND ||
        (rc == RC_OK && !console_holds_any(call, household.areas, household.area_count))) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    sent->shown++;
    json = json_add_object(sent->home->queue, NULL);
    json_add_text(json, "kind", "assigned");
    add_dot(json, "record", gist->about);
    add_dot(json, "task", item->record);
    json_add_view(json, "title", household.title);
    if (item->area != 0)
        console_add_area(call, json, "area", succession_of(&call->seat.ledger->areas, item->area));
    json_add_null(json, "since");
    if (gist->when == INT64_MAX) {
        json_add_null(json, "due");
        return RC_OK;
    }
    day = date_from_days(gist->when);
    snprintf(due, sizeof(due), "%04d-%02d-%02dT23:59:59+08:00", day.year, day.month, day.day);
    json_add_text(json, "due", due);
    return RC_OK;
}

static enum rc add_sent(struct home *home, struct err *err) {
    struct sent_to sent = {.home = home};

    return store_gists(home->store, GIST_TASK, TASK_OPEN, 0, sent_visit, &sent, err);
}

/* ---- tablets ---- */

struct tablets {
    struct home *home;
    uint64_t count, today, silent, revoked, unconfirmed, alarm, clocks, waiting;
};

#define CLOCK_WRONG_MS ((int64_t)10 * 60 * 1000)

static void add_tablet_line(struct home *home, const char *kind, const struct stored_device *device,
                            const struct device_facts *facts) {
    struct json *item = json_add_object(home->queue, NULL);

    json_add_text(item, "kind", kind);
    console_add_id(item, "device", device->device);
    json_add_view(item, "title", device->name);
    json_add_view(item, "assignee", seat_person_name(&home->call->seat, device->person));
    if (facts->area_count > 0)
        console_add_area(home->call, item, "area", facts->areas[0]);
    console_add_time(item, "since", device->seen_ms);
    json_add_null(item, "due");
}

static enum rc tablet_visit(void *context, const struct stored_device *device, struct err *err) {
    struct tablets *all = context;
    struct home *home = all->home;
    struct device_facts facts;
    enum rc rc;

    if (device->scope.revoked)
        return RC_OK;
    rc = device_facts(&home->call->seat, device, &facts, err);
    if (rc != RC_OK || !console_holds_any(home->call, facts.areas, facts.area_count))
        return rc;
    all->count++;
    all->waiting += facts.pending;
    all->today += home->now_ms - device->seen_ms < MS_PER_DAY;
    all->clocks += device->offset_ms > CLOCK_WRONG_MS || device->offset_ms < -CLOCK_WRONG_MS;
    if (facts.alarm && ++all->alarm <= QUEUE_EACH)
        add_tablet_line(home, "alarm", device, &facts);
    if (facts.waits && ++all->unconfirmed <= QUEUE_EACH)
        add_tablet_line(home, "unconfirmed", device, &facts);
    if (home->now_ms - device->seen_ms >= SILENT_DAYS * MS_PER_DAY && ++all->silent <= QUEUE_EACH)
        add_tablet_line(home, "silent", device, &facts);
    return RC_OK;
}

static enum rc add_tablets(struct home *home, struct err *err) {
    struct tablets all = {.home = home};
    enum rc rc = store_devices(home->store, tablet_visit, &all, err);
    struct json *json = json_add_object(home->json, "tablets");

    json_add_int(json, "count", (int64_t)all.count);
    json_add_int(json, "seen_today", (int64_t)all.today);
    json_add_int(json, "silent", (int64_t)all.silent);
    json_add_int(json, "silent_days", SILENT_DAYS);
    json_add_int(json, "pending", (int64_t)all.waiting);
    json_add_int(json, "unconfirmed", (int64_t)all.unconfirmed);
    json_add_int(json, "alarm", (int64_t)all.alarm);
    json_add_int(json, "clocks_wrong", (int64_t)all.clocks);
    return rc;
}

enum rc console_home(struct console_call *call, struct err *err) {
    struct home home = {.call = call,
                        .store = call->seat.ledger->store,
                        .json = json_object(),
                        .now_ms = env_wall_ms(call->seat.office->env)};
    uint32_t may = role_abilities(call->role);
    enum rc rc = RC_OK;

    home.queue = json_add_array(home.json, "queue");
    console_add_time(home.json, "now", home.now_ms);
    if ((may & ABILITY_READ) != 0) {
        rc = add_conflicts(&home, err);
        if (rc == RC_OK)
            rc = add_quarantine(&home, err);
        if (rc == RC_OK)
            rc = add_returned(&home, err);
        if (rc == RC_OK)
            rc = add_tasks(&home, err);
    }
    if (rc == RC_OK && (BY(call->role) & BY_SECONDS) != 0)
        rc = console_add_waiting(call, home.queue, QUEUE_EACH, err);
    if (rc == RC_OK && (may & ABILITY_ASSIGNED) != 0)
        rc = add_sent(&home, err);
    if (rc == RC_OK && (may & (ABILITY_MANAGE | ABILITY_RELEASE | ABILITY_AUDIT)) != 0)
        rc = add_tablets(&home, err);
    if (rc == RC_OK)
        return console_reply(call, home.json, err);
    json_free(home.json);
    return rc;
}
