/* api_call.c: what the routes of the API share: parameters, answers, the tablet. */
#include "agent/face/api_inside.h"

/* ---- what a request says ---- */

const char *web_param(const struct web_call *call, const char *name) {
    return webapi_param(&call->exchange->request, name);
}

enum rc web_text(const struct web_call *call, const char *key, const char **out, struct err *err) {
    return webapi_text(call->body, key, out, err);
}

enum rc web_need(const struct web_call *call, const char *key, const char **out, struct err *err) {
    return webapi_need(call->body, key, out, err);
}

enum rc web_filter(const struct web_call *call, const char *key, struct buf *out, struct err *err) {
    return webapi_filter(&call->exchange->request, call->body, key, out, err);
}

enum rc web_number(const struct web_call *call, const char *key, uint64_t most, uint64_t otherwise,
                   uint64_t *out, struct err *err) {
    return webapi_number(&call->exchange->request, call->body, key, most, otherwise, out, err);
}

struct view web_language(const struct web_call *call, const struct seat *seat) {
    if (seat != NULL && seat->language[0] != '\0')
        return view_text(seat->language);
    return view_text(call->exchange->request.lang == LANG_ZH ? "zh" : "en");
}

/* ---- what it is answered ---- */

enum rc web_reply(struct web_call *call, struct json *document, struct err *err) {
    return webapi_reply(&call->exchange->response, document, err);
}

enum rc web_done(struct web_call *call, struct err *err) {
    return web_reply(call, json_object(), err);
}

enum rc web_locked(struct web_call *call, struct err *err) {
    call->status = 401;
    call->code = "locked";
    return err_set(err, RC_DENIED, "locked: unlock with your secret first");
}

/* ---- the tablet ---- */

struct seat *web_seat(const struct web_call *call) {
    struct face *face = call->web->face;

    for (size_t i = 0; i < FACE_SEATS_MAX && call->seat != 0; i++)
        if (face->seats[i].session != NULL && face->seats[i].serial == call->seat)
            return &face->seats[i];
    return NULL;
}

enum rc web_look(struct web_call *call, struct visit *visit, struct err *err) {
    return visit_open(call->web->face, &call->command, NEED_TABLET, visit, err);
}

enum rc web_visit(struct web_call *call, struct visit *visit, struct err *err) {
    enum rc rc = web_look(call, visit, err);

    if (rc != RC_OK)
        return rc;
    visit->seat = web_seat(call);
    if (visit->seat == NULL)
        return web_locked(call, err);
    visit->session = visit->seat->session;
    visit->seat->used_ms = env_monotonic_ms(visit->face->env);
    return RC_OK;
}

void web_word(struct web_call *call, const char *word) {
    if (call->command.word_count < COMMAND_WORDS_MAX)
        call->command.words[call->command.word_count++] = word;
}

void web_option(struct web_call *call, const char *name, const char *value) {
    struct command *command = &call->command;

    if (command->option_count < COMMAND_WORDS_MAX)
        command->given[command->option_count++] =
            (struct command_given){.name = name, .value = value};
}

/* The command opens a visit of its own: it finds the person's seat by his id, and should somebody
 * lock it in between, asks for a secret that is not there. */
static enum rc take_person(struct web_call *call, struct err *err) {
    const struct seat *seat;

    face_take_turn(call->web->face);
    seat = web_seat(call);
    if (seat != NULL)
        id_text(session_person(seat->session), call->person);
    face_end_turn(call->web->face);
    if (seat == NULL)
        return web_locked(call, err);
    call->command.person = call->person;
    return RC_OK;
}

enum rc web_run(struct web_call *call,
                enum rc (*run)(void *context, struct command *command, struct err *err),
                struct err *err) {
    enum rc rc = RC_OK;

    if (call->seat != 0)
        rc = take_person(call, err);
    if (rc == RC_OK)
        rc = run(call->web->face, &call->command, err);
    if (rc == RC_DENIED && call->command.wants_secret)
        return web_locked(call, err);
    if (rc == RC_OK && call->exchange->response.content_type == NULL)
        call->exchange->response.content_type = "application/json";
    return rc;
}
