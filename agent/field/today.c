/* today.c: see today.h. Households and visits are brought together by sorting the visits by the
 * household that they are about: then each household finds its last one by halves. */
#include "agent/field/today.h"

#include "schema/limits.h"
#include "schema/reverify.h"
#include "schema/title.h"

#include <stdlib.h>

enum rc today_intervals(struct session *session, struct reverify *out, struct err *err) {
    const struct form *form = tablet_form_named(session_tablet(session), view_text(HOUSEHOLD_FORM));

    for (uint32_t i = 0; form != NULL && i < form->file_count; i++)
        if (view_is(form->files[i].name, REVERIFY_FILE))
            return reverify_load(form->files[i].content, out, err);
    *out = (struct reverify){.count = 0};
    return RC_NOT_FOUND;
}

static enum rc list_form(struct session *session, const char *form, struct arena *arena,
                         struct listed **out, uint32_t *count, struct err *err) {
    struct list_query query = {.form_name = view_text(form)};
    uint32_t total;

    return session_list(session, &query, arena, out, count, &total, err);
}

/* ---- the last visit of each household ---- */

struct visited {
    struct dot household;
    int64_t begun_ms;
};

static int by_household(const void *left, const void *right) {
    const struct visited *a = left, *b = right;
    int order = dot_compare(a->household, b->household);

    if (order != 0)
        return order;
    return a->begun_ms < b->begun_ms ? -1 : a->begun_ms > b->begun_ms;
}

struct visits {
    struct visited *list; /* sorted; of each household the newest stands last */
    uint32_t count;
};

/* Sealed ones of which somebody was there. */
static enum rc load_visits(struct session *session, struct arena *arena, struct visits *out,
                           struct err *err) {
    struct listed *listed;
    uint32_t count;
    enum rc rc = list_form(session, VISIT_FORM, arena, &listed, &count, err);

    if (rc != RC_OK)
        return rc;
    out->list = arena_array(arena, count, sizeof(*out->list));
    if (out->list == NULL)
        return arena_check(arena, "the day's work", err);
    for (uint32_t i = 0; i < count; i++) {
        const struct gist *gist = &listed[i].gist;

        if (listed[i].sealed && gist->code[1] == VISIT_DONE && gist->about.number != 0)
            out->list[out->count++] = (struct visited){gist->about, gist->when};
    }
    if (out->count > 0)
        qsort(out->list, out->count, sizeof(*out->list), by_household);
    return RC_OK;
}

static int64_t last_visit(const struct visits *visits, struct dot household) {
    uint32_t low = 0, high = visits->count;

    while (low < high) { /* the first one behind this household */
        uint32_t middle = low + (high - low) / 2;

        if (dot_compare(visits->list[middle].household, household) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && dot_equal(visits->list[low - 1].household, household)
               ? visits->list[low - 1].begun_ms
               : 0;
}

/* ---- households by their ids ---- */

static int by_id(const void *left, const void *right) {
    const struct listed *a = left, *b = right;

    return dot_compare(a->id, b->id);
}

static const struct listed *find_listed(const struct listed *list, uint32_t count, struct dot id) {
    struct listed wanted = {.id = id};

    return count == 0 ? NULL : bsearch(&wanted, list, count, sizeof(*list), by_id);
}

/* ---- tasks ---- */

struct making {
    struct session *session;
    struct arena *arena;
    struct visits visits;
    struct listed *households; /* by id */
    uint32_t household_count;
    struct today_item *items;
    uint32_t count, capacity;
    struct dot *tasked; /* households with an open task, sorted */
    uint32_t tasked_count;
};

static struct today_item *push(struct making *making, struct err *err) {
    struct today_item *item =
        arena_push(making->arena, &making->items, &making->count, &making->capacity, sizeof(*item));

    if (item == NULL)
        arena_check(making->arena, "the day's work", err);
    return item;
}

static enum rc add_task(struct making *making, const struct listed *listed, struct err *err) {
    const struct listed *household;
    struct today_item *item;
    struct task task;
    struct seen seen;
    enum rc rc = session_see(making->session, listed->id, making->arena, &seen, err);

    if (rc != RC_OK)
        return rc;
    task_read(&seen.reading, &task);
    item = push(making, err);
    if (item == NULL)
        return err->rc;
    household = find_listed(making->households, making->household_count, task.household);
    *item = (struct today_item){
        .task = listed->id,
        .household = task.household,
        .area = listed->area,
        .title = household == NULL ? (struct view){0} : household->title,
        .message = task.message,
        .kind = listed->gist.code[0],
        .mine = task.assignee != 0,
        .due_days = listed->gist.when,
        .visited_ms = last_visit(&making->visits, task.household),
    };
    making->tasked[making->tasked_count++] = task.household;
    return RC_OK;
}

static enum rc add_tasks(struct making *making, struct err *err) {
    uint64_t me = session_person(making->session);
    struct listed *listed;
    uint32_t count;
    enum rc rc = list_form(making->session, TASK_FORM, making->arena, &listed, &count, err);

    if (rc != RC_OK)
        return rc;
    making->tasked = arena_array(making->arena, TODAY_TASKS_MAX, sizeof(*making->tasked));
    if (making->tasked == NULL)
        return arena_check(making->arena, "the day's work", err);
    for (uint32_t i = 0; i < count && rc == RC_OK && making->tasked_count < TODAY_TASKS_MAX; i++)
        if (listed[i].gist.state == TASK_OPEN &&
            (listed[i].gist.person == 0 || listed[i].gist.person == me))
            rc = add_task(making, &listed[i], err);
    if (making->tasked_count > 0)
        qsort(making->tasked, making->tasked_count, sizeof(*making->tasked), dot_order);
    return rc;
}

/* ---- what is due ---- */

static enum rc add_due(struct making *making, int64_t now_ms, struct err *err) {
    int64_t today = date_to_days(date_from_ms(now_ms));
    struct reverify table;
    enum rc rc = today_intervals(making->session, &table, err);

    if (rc != RC_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    for (uint32_t i = 0; i < making->household_count && rc == RC_OK; i++) {
        const struct listed *one = &making->households[i];
        int64_t visited_ms = last_visit(&making->visits, one->id);
        int64_t since_ms = visited_ms != 0 ? visited_ms : one->gist.when;
        struct today_item *item;
        struct date due;

        if (one->gist.kind != GIST_HOUSEHOLD ||
            !reverify_due(&table, one->gist.code[0], one->gist.code[1], visited_ms != 0,
                          date_from_ms(since_ms), &due) ||
            date_to_days(due) > today + table.ahead_days ||
            dots_have(making->tasked, making->tasked_count, one->id))
            continue;
        item = push(making, err);
        if (item == NULL)
            return err->rc;
        *item = (struct today_item){.household = one->id,
                                    .area = one->area,
                                    .title = one->title,
                                    .kind = visited_ms == 0 ? '1' : '2',
                                    .due_days = date_to_days(due),
                                    .visited_ms = visited_ms};
    }
    return rc;
}

static int by_due(const void *left, const void *right) {
    const struct today_item *a = left, *b = right;

    if (a->due_days != b->due_days)
        return a->due_days < b->due_days ? -1 : 1;
    if ((a->task.number != 0) != (b->task.number != 0))
        return a->task.number != 0 ? -1 : 1;
    return dot_compare(a->household, b->household);
}

enum rc today_list(struct session *session, int64_t now_ms, uint32_t most, struct arena *arena,
                   struct today_item **out, uint32_t *count, uint32_t *due_total, struct err *err) {
    struct making making = {.session = session, .arena = arena};
    uint32_t tasks, kept = 0, due = 0;
    enum rc rc = load_visits(session, arena, &making.visits, err);

    *count = *due_total = 0;
    if (rc == RC_OK)
        rc = list_form(session, HOUSEHOLD_FORM, arena, &making.households, &making.household_count,
                       err);
    if (rc != RC_OK)
        return rc;
    if (making.household_count > 0)
        qsort(making.households, making.household_count, sizeof(*making.households), by_id);
    rc = add_tasks(&making, err);
    tasks = making.count;
    if (rc == RC_OK)
        rc = add_due(&making, now_ms, err);
    if (rc != RC_OK)
        return rc;
    *due_total = making.count - tasks;
    if (making.count > 0)
        qsort(making.items, making.count, sizeof(*making.items), by_due);
    for (uint32_t i = 0; i < making.count; i++)
        if (making.items[i].task.number != 0 || due++ < most)
            making.items[kept++] = making.items[i];
    *out = making.items;
    *count = kept;
    return RC_OK;
}

/* ---- what was given back ---- */

/* Whether this person wrote last before the note, and nothing since. */
static bool waits_for(const struct record *record, uint64_t person, int64_t at_ms) {
    const struct absorbed *last = NULL;

    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        const struct absorbed *change = &record->absorbed[i];

        if (change->time_ms > at_ms) {
            if (change->person == person)
                return false;
        } else if (last == NULL || change->lamport > last->lamport) {
            last = change;
        }
    }
    return last != NULL && last->person == person;
}

static enum rc add_returned(struct session *session, const struct listed *listed,
                            struct arena *arena, struct today_note **notes, uint32_t *count,
                            uint32_t *capacity, struct err *err) {
    struct today_note *item;
    struct seen seen, about;
    struct note note;
    struct buf title;
    struct view title_view;
    struct list_query query = {.form_name = view_text(NOTE_FORM), .about = listed->gist.about};
    struct listed *others;
    uint32_t other_count, total;
    enum rc rc = session_list(session, &query, arena, &others, &other_count, &total, err);

    /* A later review takes its place. */
    for (uint32_t i = 0; i < other_count && rc == RC_OK; i++)
        if (others[i].gist.state != NOTE_COMMENT && others[i].gist.when > listed->gist.when)
            return RC_OK;
    if (rc == RC_OK)
        rc = session_see(session, listed->gist.about, arena, &about, err);
    if (rc == RC_NOT_FOUND) { /* not on this tablet */
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK || !waits_for(&about.record, session_person(session), listed->gist.when))
        return rc;
    rc = session_see(session, listed->id, arena, &seen, err);
    if (rc != RC_OK)
        return rc;
    note_read(&seen.reading, &note);
    buf_init(&title, LIMIT_VALUE_BYTES);
    title_make(&about.reading, &title);
    title_view = arena_view(arena, buf_view(&title));
    rc = buf_check(&title, "the title", err);
    buf_release(&title);
    if (rc != RC_OK)
        return rc;
    item = arena_push(arena, notes, count, capacity, sizeof(*item));
    if (item == NULL)
        return arena_check(arena, "notes", err);
    *item =
        (struct today_note){.note = listed->id,
                            .about = listed->gist.about,
                            .area = about.area,
                            .form_name = about.form == NULL ? (struct view){0} : about.form->name,
                            .title = title_view,
                            .field = note.field,
                            .text = note.text,
                            .from = note.from,
                            .at_ms = note.at_ms};
    return RC_OK;
}

enum rc today_returned(struct session *session, struct arena *arena, struct today_note **out,
                       uint32_t *count, struct err *err) {
    struct listed *listed;
    uint32_t listed_count, capacity = 0;
    enum rc rc = list_form(session, NOTE_FORM, arena, &listed, &listed_count, err);

    *out = NULL;
    *count = 0;
    for (uint32_t i = 0; i < listed_count && rc == RC_OK && *count < TODAY_NOTES_MAX; i++)
        if (listed[i].gist.state == NOTE_RETURN)
            rc = add_returned(session, &listed[i], arena, out, count, &capacity, err);
    return rc;
}
