/* api_ready.c: until when the tablet is ready to work without a network, item by item: what is
 * here, since when, and whether it is good, will soon not be, or is not. What to do about it the
 * pages say. Files beside forms (standards, rules) tell their name and date in one of two ways: a
 * row that begins with "table", as income standards have it, or a column "valid_from", of which the
 * newest that has begun counts. */
#include "agent/face/api_inside.h"

#include "agent/store/media.h"
#include "base/csv.h"
#include "base/date.h"
#include "base/file.h"
#include "base/text.h"

#define SOON_MS    (INT64_C(3) * 24 * 3600 * 1000)
#define DISK_GOOD  (UINT64_C(500) * 1024 * 1024) /* a week of photos */
#define DISK_LEAST (UINT64_C(50) * 1024 * 1024)
#define DATE_BYTES 11u

struct ready {
    struct visit *visit;
    struct json *items;
    struct view language;
    int64_t now_ms;
};

static struct json *add_item(struct ready *ready, const char *what, bool good, bool soon) {
    struct json *item = json_add_object(ready->items, NULL);

    json_add_text(item, "what", what);
    json_add_text(item, "state", !good ? "bad" : soon ? "soon" : "good");
    return item;
}

/* ---- files beside forms ---- */

struct dated {
    struct view name, from; /* from as "2026-01-01" */
};

static uint32_t column_of(const struct csv_row *row, const char *name) {
    for (uint32_t i = 0; i < row->count; i++)
        if (view_is(row->cells[i], name))
            return i;
    return UINT32_MAX;
}

static void take_newer(struct dated *dated, struct view name, struct view from, const char *today,
                       struct arena *arena) {
    if (from.size != DATE_BYTES - 1 || view_compare(from, view_text(today)) > 0 ||
        view_compare(from, dated->from) <= 0)
        return;
    dated->from = arena_view(arena, from);
    dated->name = arena_view(arena, name);
}

/* A file that tells nothing of the kind, or is no table, has neither. */
static void read_dated(struct view content, const char *today, struct arena *arena,
                       struct dated *out) {
    uint32_t from = UINT32_MAX;
    struct csv *csv = NULL;
    struct csv_row row = {0};
    struct err ignored;

    err_init(&ignored, LANG_EN);
    *out = (struct dated){0};
    if (csv_open(content, CSV_LIMITS_DEFAULT, &csv, &ignored) == RC_OK) {
        while (csv_next(csv, &row, &ignored) == RC_OK && row.count > 0) {
            if (row.number == 1)
                from = column_of(&row, "valid_from");
            else if (from < row.count)
                take_newer(out, row.cells[0], row.cells[from], today, arena);
            else if (view_is(row.cells[0], "table") && row.count > 5)
                take_newer(out, row.cells[1], row.cells[5], today, arena);
        }
    }
    csv_close(csv);
}

static void add_files(struct ready *ready, const struct form *form) {
    char today[TIME_TEXT_BYTES];

    time_format(ready->now_ms, today);
    today[DATE_BYTES - 1] = '\0';
    for (uint32_t i = 0; i < form->file_count; i++) {
        struct json *item = add_item(ready, "file", true, false);
        struct dated dated;

        read_dated(form->files[i].content, today, &ready->visit->arena, &dated);
        json_add_view(item, "file", form->files[i].name);
        json_add_view(item, "form", form->name);
        if (dated.from.size == 0)
            continue;
        json_add_view(item, "name", dated.name);
        json_add_view(item, "valid_from", dated.from);
    }
}

/* How much of what a form shows is not here (yet). */
static enum rc count_media(struct ready *ready, const struct form *form, uint32_t *missing,
                           struct err *err) {
    struct media_state state;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < form->media_count && rc == RC_OK; i++) {
        rc = media_look(ready->visit->tablet, form->media[i].hash, &state, err);
        *missing += rc == RC_OK && !state.whole;
    }
    return rc;
}

static enum rc add_forms(struct ready *ready, struct err *err) {
    const struct form *const *forms;
    struct json *item, *list;
    uint32_t count = 0, missing = 0;
    enum rc rc = tablet_forms(ready->visit->tablet, &ready->visit->arena, &forms, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = count_media(ready, forms[i], &missing, err);
    if (rc != RC_OK)
        return rc;
    item = add_item(ready, "forms", count > 0, missing > 0);
    json_add_int(item, "count", count);
    if (missing > 0)
        json_add_int(item, "media_missing", missing);
    list = json_add_array(item, "forms");
    for (uint32_t i = 0; i < count; i++) {
        struct json *one = json_add_object(list, NULL);

        json_add_view(one, "form", forms[i]->name);
        json_add_view(one, "version", forms[i]->version);
        json_add_view(one, "title", *form_label(forms[i], &forms[i]->title, ready->language));
    }
    for (uint32_t i = 0; i < count; i++)
        add_files(ready, forms[i]);
    return RC_OK;
}

/* ---- the tablet ---- */

static void add_areas_item(struct ready *ready, const struct tablet_status *status) {
    const struct succession *table = tablet_areas(ready->visit->tablet);
    bool complete = status->snapshot_chunks <= status->snapshot_taken;
    struct json *item = add_item(ready, "areas", status->area_count > 0, !complete), *list;

    json_add_int(item, "count", status->area_count);
    json_add_int(item, "records", (int64_t)status->records);
    json_add_int(item, "pieces_left",
                 complete ? 0 : (int64_t)(status->snapshot_chunks - status->snapshot_taken));
    list = json_add_array(item, "areas");
    for (uint32_t i = 0; i < status->area_count; i++) {
        struct json *one = json_add_object(list, NULL);
        struct view name = succession_name(table, status->areas[i]);

        add_area(one, "area", status->areas[i]);
        if (name.size > 0)
            json_add_view(one, "name", name);
    }
}

/* Keys have no date at which they end: what counts is whether the county has certified them. */
static enum rc add_keys(struct ready *ready, const struct tablet_status *status, struct err *err) {
    struct tablet_person *persons;
    uint64_t me = session_person(ready->visit->session);
    uint32_t count = 0;
    enum rc rc = tablet_persons(ready->visit->tablet, &ready->visit->arena, &persons, &count, err);
    bool certified = false;

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        certified = certified || (persons[i].person == me && persons[i].certified);
    if (rc == RC_OK)
        (void)add_item(ready, status->revoked ? "revoked" : "keys", certified && !status->revoked,
                       false);
    return rc;
}

static enum rc add_disk(struct ready *ready, struct err *err) {
    uint64_t bytes = 0;
    enum rc rc = file_free_bytes(tablet_directory(ready->visit->tablet), &bytes, err);

    if (rc == RC_OK)
        json_add_int(add_item(ready, "disk", bytes >= DISK_LEAST, bytes < DISK_GOOD), "bytes",
                     (int64_t)bytes);
    return rc;
}

static enum rc add_all(struct ready *ready, struct json *document, struct err *err) {
    struct tablet_status status;
    struct json *item;
    enum rc rc = tablet_status(ready->visit->tablet, &ready->visit->arena, &status, err);

    if (rc != RC_OK)
        return rc;
    add_time(document, "until", status.ready_until_ms);
    add_time(document, "synced", status.synced_ms);
    ready->items = json_add_array(document, "items");
    (void)add_item(ready, "synced", status.ready_until_ms > ready->now_ms,
                   status.ready_until_ms < ready->now_ms + SOON_MS);
    rc = add_forms(ready, err);
    add_areas_item(ready, &status);
    if (rc == RC_OK)
        rc = add_keys(ready, &status, err);
    if (rc == RC_OK)
        rc = add_disk(ready, err);
    item = add_item(ready, "clock", !status.clock_wrong, false);
    json_add_int(item, "offset_ms", status.offset_ms);
    item = add_item(ready, "pending", true,
                    status.unsent > 0 || status.inbox > 0 || status.attachments.waiting > 0);
    json_add_int(item, "changes", (int64_t)status.unsent);
    json_add_int(item, "attachments", (int64_t)status.attachments.waiting);
    json_add_int(item, "inbox", (int64_t)status.inbox);
    return rc;
}

enum rc web_ready(struct web_call *call, struct err *err) {
    struct json *document = json_object();
    struct visit visit;
    struct ready ready = {.visit = &visit};
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK) {
        ready.language = web_language(call, visit.seat);
        ready.now_ms = env_wall_ms(visit.face->env);
        rc = add_all(&ready, document, err);
    }
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}
