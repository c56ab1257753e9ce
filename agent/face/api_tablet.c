/* api_tablet.c: the tablet as a whole: status, sync, notices, forms, areas, bundles. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "base/date.h"
#include "base/words.h"

#include <stdlib.h>

enum rc web_status(struct web_call *call, struct err *err) {
    call->seat = 0; /* whoever polls does not work */
    return web_run(call, face_status, err);
}

enum rc web_sync(struct web_call *call, struct err *err) {
    face_want_sync(call->web->face, call->exchange->request.lang);
    call->exchange->response.status = 202;
    return web_done(call, err);
}

/* ---- notices ---- */

static void add_notices(struct json *document, const struct notice *notices, uint32_t count,
                        enum lang lang) {
    struct json *list = json_add_array(document, "notices");

    for (uint32_t i = 0; i < count; i++) {
        struct json *item = json_add_object(list, NULL);
        enum notice_kind kind = (enum notice_kind)notices[i].kind;

        json_add_int(item, "serial", (int64_t)notices[i].serial);
        json_add_text(item, "kind", notice_name(kind));
        json_add_text(item, "message", words(lang, notice_words(kind)));
        add_time(item, "at", notices[i].at_ms);
        json_add_bool(item, "seen", notices[i].seen);
    }
}

static void add_alarms(struct json *document, const struct alarm *alarms, uint32_t count) {
    struct json *list = json_add_array(document, "alarms");

    for (uint32_t i = 0; i < count; i++) {
        struct json *item = json_add_object(list, NULL);

        json_add_int(item, "id", (int64_t)alarms[i].id);
        add_area(item, "area", alarms[i].kept.area);
        json_add_int(item, "position", (int64_t)alarms[i].kept.position);
        add_time(item, "at", alarms[i].at_ms);
        json_add_bool(item, "told", alarms[i].told);
        json_add_bool(item, "seen", alarms[i].seen);
    }
}

enum rc web_notices(struct web_call *call, struct err *err) {
    struct json *document;
    struct notice *notices;
    struct alarm *alarms;
    struct visit visit;
    uint32_t count, alarm_count;
    enum rc rc = web_look(call, &visit, err);

    if (rc == RC_OK)
        rc = tablet_notices(visit.tablet, &visit.arena, &notices, &count, err);
    if (rc == RC_OK)
        rc = tablet_alarms(visit.tablet, &visit.arena, &alarms, &alarm_count, err);
    if (rc == RC_OK) {
        document = json_object();
        add_notices(document, notices, count, call->exchange->request.lang);
        add_alarms(document, alarms, alarm_count);
        rc = web_reply(call, document, err);
    }
    visit_close(&visit);
    return rc;
}

enum rc web_notices_seen(struct web_call *call, struct err *err) {
    uint64_t serial, alarm;
    struct visit visit;
    enum rc rc = web_number(call, "serial", INT64_MAX, 0, &serial, err);

    if (rc == RC_OK)
        rc = web_number(call, "alarm", INT64_MAX, 0, &alarm, err);
    if (rc != RC_OK)
        return rc;
    rc = web_look(call, &visit, err);
    if (rc == RC_OK && serial > 0)
        rc = tablet_notices_seen(visit.tablet, serial, err);
    if (rc == RC_OK && alarm > 0)
        rc = tablet_alarms_seen(visit.tablet, alarm, err);
    visit_close(&visit);
    return rc == RC_OK ? web_done(call, err) : rc;
}

/* ---- forms ---- */

static void add_form(struct json *list, const struct form *form, struct view language) {
    struct json *item = json_add_object(list, NULL), *names;
    char id[17];

    json_add_view(item, "form", form->name);
    json_add_view(item, "version", form->version);
    id_text(form->id, id);
    json_add_text(item, "id", id);
    json_add_view(item, "title", *form_label(form, &form->title, language));
    json_add_int(item, "fields", form->field_count);
    json_add_bool(item, "fillable", form->xform.size > 0);
    names = json_add_array(item, "languages");
    for (uint32_t i = 0; i < form->language_count; i++)
        json_add_view(names, NULL, form->languages[i]);
    names = json_add_array(item, "scopes");
    for (uint32_t i = 0; i < form->scope_count; i++)
        json_add_view(names, NULL, form->scopes[i]);
}

enum rc web_forms(struct web_call *call, struct err *err) {
    const struct form *const *forms;
    struct json *document, *list;
    struct visit visit;
    uint32_t count;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = tablet_forms(visit.tablet, &visit.arena, &forms, &count, err);
    if (rc == RC_OK) {
        document = json_object();
        list = json_add_array(document, "forms");
        for (uint32_t i = 0; i < count; i++)
            add_form(list, forms[i], web_language(call, visit.seat));
        rc = web_reply(call, document, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- areas ---- */

struct area_list {
    struct visit *visit;
    uint32_t count, capacity;
    uint64_t *areas;
};

static int by_code(const void *left, const void *right) {
    const uint64_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

static enum rc take_area(struct area_list *list, uint64_t area, struct err *err) {
    uint64_t *slot;

    area = succession_of(tablet_areas(list->visit->tablet), area);
    if (!session_may(list->visit->session, area))
        return RC_OK;
    slot =
        arena_push(&list->visit->arena, &list->areas, &list->count, &list->capacity, sizeof(*slot));
    if (slot == NULL)
        return arena_check(&list->visit->arena, "areas", err);
    *slot = area;
    return RC_OK;
}

/* What was granted, and what lies beneath and has a name; each once, in order of the codes. */
static enum rc find_areas(struct area_list *list, struct err *err) {
    const struct succession *table = tablet_areas(list->visit->tablet);
    struct tablet_status status;
    enum rc rc = tablet_status(list->visit->tablet, &list->visit->arena, &status, err);
    uint32_t kept = 0;

    for (uint32_t i = 0; rc == RC_OK && i < status.area_count; i++)
        rc = take_area(list, status.areas[i], err);
    for (uint32_t i = 0; rc == RC_OK && i < table->count; i++)
        if (table->acts[i].kind == AREA_NAMED)
            rc = take_area(list, table->acts[i].from, err);
    if (rc != RC_OK || list->count == 0)
        return rc;
    qsort(list->areas, list->count, sizeof(*list->areas), by_code);
    for (uint32_t i = 0; i < list->count; i++)
        if (kept == 0 || list->areas[i] != list->areas[kept - 1])
            list->areas[kept++] = list->areas[i];
    list->count = kept;
    return RC_OK;
}

static void add_listed_area(struct json *list, const struct area_list *areas, uint32_t at) {
    const struct succession *table = tablet_areas(areas->visit->tablet);
    uint64_t area = areas->areas[at], above = area - area % 1000;
    struct json *item = json_add_object(list, NULL);
    struct view name;

    add_area(item, "area", area);
    json_add_view(item, "name", succession_name(table, area));
    name = above == area ? (struct view){0} : succession_name(table, above);
    if (name.size > 0)
        json_add_view(item, "within", name);
    if (area_step(area) == 1)
        json_add_bool(item, "village", true);
    if (at + 1 < areas->count && area_contains(area, areas->areas[at + 1]))
        json_add_bool(item, "parted", true);
}

enum rc web_areas(struct web_call *call, struct err *err) {
    struct area_list areas = {0};
    struct json *document, *list;
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    areas.visit = &visit;
    if (rc == RC_OK)
        rc = find_areas(&areas, err);
    if (rc == RC_OK) {
        document = json_object();
        list = json_add_array(document, "areas");
        for (uint32_t i = 0; i < areas.count; i++)
            add_listed_area(list, &areas, i);
        rc = web_reply(call, document, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- bundles ---- */

enum rc web_bundle_write(struct web_call *call, struct err *err) {
    struct http_response *response = &call->exchange->response;
    enum rc rc;

    response->content_type = "application/octet-stream";
    web_word(call, "-");
    rc = web_run(call, face_bundle_write, err);
    return rc == RC_OK ? http_response_header(response, "Content-Disposition",
                                              "attachment; filename=\"yangguang.ygb\"", err)
                       : rc;
}

enum rc web_bundle_read(struct web_call *call, struct err *err) {
    web_word(call, "-");
    call->command.input = call->exchange->request.body;
    return web_run(call, face_bundle_read, err);
}
