/* api_people.c: who is at the tablet: launch, me, unlock, lock. */
#include "agent/face/api_inside.h"

#include "base/crypt.h"
#include "base/text.h"
#include "schema/role.h"

/* ---- launch ---- */

/* "token=0123...&language=en", as a form sends it. */
static struct view form_value(struct view body, const char *name) {
    size_t size = strlen(name);

    while (body.size > 0) {
        const uint8_t *end = memchr(body.data, '&', body.size);
        size_t length = end == NULL ? body.size : (size_t)(end - body.data);

        if (length > size && memcmp(body.data, name, size) == 0 && body.data[size] == '=')
            return view_slice(body, size + 1, length - size - 1);
        body = view_slice(body, end == NULL ? length : length + 1, body.size);
    }
    return (struct view){0};
}

/* Where the browser goes: the first page, in the language of whoever has opened it. */
static const char *first_page(struct view language) {
    return view_is(language, "zh")   ? "/?language=zh"
           : view_is(language, "en") ? "/?language=en"
                                     : "/";
}

enum rc web_launch(struct web_call *call, struct err *err) {
    struct http_response *response = &call->exchange->response;
    struct launch *launch = &call->web->launch;
    char cookie[LAUNCH_TEXT_BYTES], header[128];
    bool is_form = call->body == NULL;
    struct view form = call->exchange->request.body;
    struct view token =
        is_form ? form_value(form, "token") : json_text(json_get(call->body, "token"));
    enum rc rc;

    if (!launch_knows(launch, token)) {
        call->status = 401;
        call->code = "launch";
        return err_set(err, RC_DENIED,
                       "this browser is not known; open the app with: "
                       "yg-agent open");
    }
    launch_admit(launch, cookie);
    snprintf(header, sizeof(header), "yg_%u=%s; HttpOnly; SameSite=Strict; Path=/", call->web->port,
             cookie);
    rc = http_response_header(response, "Set-Cookie", header, err);
    crypt_wipe(cookie, sizeof(cookie));
    crypt_wipe(header, sizeof(header));
    if (rc != RC_OK || !is_form)
        return rc == RC_OK ? web_done(call, err) : rc;
    response->status = 303;
    return http_response_header(response, "Location", first_page(form_value(form, "language")),
                                err);
}

/* ---- me ---- */

static void add_person(struct json *list, const struct tablet_person *person) {
    struct json *item = json_add_object(list, NULL);
    char id[17];

    id_text(person->person, id);
    json_add_text(item, "id", id);
    json_add_view(item, "name", person->name);
    json_add_bool(item, "open", person->open);
    add_time(item, "retry", person->retry_ms);
}

static void add_me(struct json *document, const struct seat *seat) {
    struct json *me;
    char id[17];
    uint8_t role;

    if (seat == NULL) {
        json_add_null(document, "person");
        return;
    }
    me = json_add_object(document, "person");
    id_text(session_person(seat->session), id);
    json_add_text(me, "id", id);
    json_add_view(me, "name", session_person_name(seat->session));
    role = session_role(seat->session);
    if (role == 0)
        json_add_null(me, "role");
    else
        json_add_text(me, "role", role_name((enum role)role));
}

/* Needs a visit; closes nothing. */
static enum rc reply_me(struct web_call *call, struct visit *visit, struct err *err) {
    struct json *document, *device, *list;
    struct tablet_person *persons;
    struct tablet_status status;
    uint32_t count;
    char id[17];
    enum rc rc = tablet_status(visit->tablet, &visit->arena, &status, err);

    if (rc == RC_OK)
        rc = tablet_persons(visit->tablet, &visit->arena, &persons, &count, err);
    if (rc != RC_OK)
        return rc;
    document = json_object();
    device = json_add_object(document, "device");
    id_text(status.device, id);
    json_add_text(device, "id", id);
    json_add_view(device, "name", status.device_name);
    list = json_add_array(document, "persons");
    for (uint32_t i = 0; i < count; i++)
        add_person(list, &persons[i]);
    add_me(document, web_seat(call));
    list = json_add_array(document, "languages");
    json_add_text(list, NULL, "zh");
    json_add_text(list, NULL, "en");
    json_add_text(document, "version", YG_VERSION);
    add_time(document, "ready_until", status.ready_until_ms);
    return web_reply(call, document, err);
}

enum rc web_me(struct web_call *call, struct err *err) {
    struct visit visit;
    enum rc rc = web_look(call, &visit, err);

    if (rc == RC_OK)
        rc = reply_me(call, &visit, err);
    visit_close(&visit);
    return rc;
}

/* ---- unlock and lock ---- */

/* Nothing of a secret stays in memory that is ours: not in the request, not in its JSON. */
void web_wipe(struct web_call *call, const char *secret) {
    struct view body = call->exchange->request.body;

    if (secret != NULL)
        crypt_wipe((void *)(uintptr_t)secret, strlen(secret));
    if (body.size > 0)
        crypt_wipe((void *)(uintptr_t)body.data, body.size);
}

/* Always asks for the secret, also of somebody who has unlocked elsewhere on the tablet. */
enum rc web_unlock(struct web_call *call, struct err *err) {
    const char *person, *secret = NULL;
    struct seat *seat = NULL;
    struct visit visit;
    enum rc rc = web_text(call, "person", &person, err);

    if (rc == RC_OK)
        rc = web_need(call, "secret", &secret, err);
    if (rc == RC_OK && strlen(secret) > LIMIT_SECRET_BYTES)
        rc = err_set(err, RC_LIMIT, "secret: has more than %u bytes", LIMIT_SECRET_BYTES);
    if (rc != RC_OK) {
        web_wipe(call, secret);
        return rc;
    }
    rc = web_look(call, &visit, err);
    if (rc == RC_OK)
        rc = session_open(visit.tablet, view_text(person), view_text(secret), &visit.session, err);
    web_wipe(call, secret);
    if (rc == RC_OK)
        rc = visit_take_seat(&visit, &seat, err);
    if (rc == RC_OK) {
        call->seat = seat->serial;
        launch_sit(&call->web->launch, call->cookie, seat->serial);
        rc = reply_me(call, &visit, err);
    }
    visit_close(&visit);
    return rc;
}

enum rc web_prove(struct web_call *call, struct visit *visit, const char *person,
                  const char *secret, struct session **out, struct err *err) {
    char own[17];
    enum rc rc = RC_OK;

    *out = NULL;
    id_text(session_person(visit->session), own);
    if (strlen(secret) > LIMIT_SECRET_BYTES)
        rc = err_set(err, RC_LIMIT, "secret: has more than %u bytes", LIMIT_SECRET_BYTES);
    if (rc == RC_OK)
        rc = session_open(visit->tablet, view_text(person == NULL ? own : person),
                          view_text(secret), out, err);
    web_wipe(call, secret);
    return rc;
}

static enum rc lock_seat(struct seat *seat, struct err *err) {
    if (seat->session == NULL)
        return RC_OK;
    if (seat->busy > 0)
        return err_set(err, RC_AGAIN, "%.*s is in the middle of an import; lock afterwards",
                       VIEW_PRINT(session_person_name(seat->session)));
    return face_close_seat(seat, err);
}

/* The person of this browser, or everybody on the tablet. */
enum rc web_lock(struct web_call *call, struct err *err) {
    struct face *face = call->web->face;
    bool everybody = false;
    struct visit visit;
    enum rc rc;

    (void)json_bool(json_get(call->body, "everybody"), &everybody);
    rc = web_look(call, &visit, err);
    for (size_t i = 0; i < FACE_SEATS_MAX && rc == RC_OK; i++)
        if (everybody || &face->seats[i] == web_seat(call))
            rc = lock_seat(&face->seats[i], err);
    visit_close(&visit);
    if (rc == RC_OK)
        launch_sit(&call->web->launch, call->cookie, 0);
    return rc == RC_OK ? web_done(call, err) : rc;
}

/* ---- people on this tablet ---- */

enum rc web_persons(struct web_call *call, struct err *err) {
    return web_run(call, face_person_list, err);
}

static enum rc read_areas(const struct json *list, uint64_t areas[LIMIT_AREAS], uint32_t *count,
                          struct err *err) {
    enum rc rc = RC_OK;

    *count = 0;
    if (json_count(list) > LIMIT_AREAS)
        return err_set(err, RC_LIMIT, "areas: more than %u", LIMIT_AREAS);
    for (const struct json *item = json_first(list); item != NULL && rc == RC_OK;
         item = json_next(item))
        rc = area_parse(json_text(item), &areas[(*count)++], err);
    return rc;
}

static enum rc reply_person(struct web_call *call, uint64_t person, const char *name,
                            struct err *err) {
    struct json *document = json_object();
    char id[17];

    id_text(person, id);
    json_add_text(document, "id", id);
    json_add_text(document, "name", name);
    return web_reply(call, document, err);
}

/* Whoever is at work here gives somebody the keys of his own areas, with his secret once more. */
enum rc web_person_add(struct web_call *call, struct err *err) {
    const char *name = NULL, *secret = NULL, *fresh = NULL;
    uint64_t areas[LIMIT_AREAS], person = 0;
    struct session *giver = NULL;
    uint32_t count = 0;
    struct visit visit;
    struct err ignored;
    enum rc rc = web_need(call, "secret", &secret, err);

    if (rc == RC_OK)
        rc = web_need(call, "new_secret", &fresh, err);
    if (rc == RC_OK)
        rc = web_need(call, "name", &name, err);
    if (rc == RC_OK)
        rc = read_areas(json_get(call->body, "areas"), areas, &count, err);
    if (rc != RC_OK) {
        web_wipe(call, secret);
        web_wipe(call, fresh);
        return rc;
    }
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK)
        rc = web_prove(call, &visit, NULL, secret, &giver, err);
    else
        web_wipe(call, secret);
    if (rc == RC_OK)
        rc = session_add_person(giver, text_trim(view_text(name)), view_text(fresh), areas, count,
                                &person, err);
    web_wipe(call, fresh);
    err_init(&ignored, LANG_EN);
    if (giver != NULL)
        (void)session_close(giver, &ignored);
    visit_close(&visit);
    if (rc != RC_OK)
        return rc;
    face_want_sync(call->web->face, call->exchange->request.lang); /* so that he is certified */
    return reply_person(call, person, name, err);
}
