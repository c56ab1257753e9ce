/* api_tablet.c: the tablet as a whole: status, sync, notices, forms, areas, bundles. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "base/date.h"
#include "base/words.h"

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

/* ---- forms and areas ---- */

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

/* Those granted to the tablet in which the person may work. */
enum rc web_areas(struct web_call *call, struct err *err) {
    struct json *document, *list;
    struct tablet_status status;
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = tablet_status(visit.tablet, &visit.arena, &status, err);
    if (rc == RC_OK) {
        document = json_object();
        list = json_add_array(document, "areas");
        for (uint32_t i = 0; i < status.area_count; i++) {
            struct json *item;

            if (!session_may(visit.session, status.areas[i]))
                continue;
            item = json_add_object(list, NULL);
            add_area(item, "area", status.areas[i]);
            json_add_view(item, "name",
                          succession_name(tablet_areas(visit.tablet), status.areas[i]));
        }
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
