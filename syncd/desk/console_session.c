/* console_session.c: who sits at the console now: one's own sessions, and those of the people one
 * manages. A session is named by the hash of its token, which opens nothing. */
#include "base/text.h"
#include "syncd/desk/console.h"

struct session_walk {
    struct console_call *call;
    struct json *items;
    uint64_t person;
};

static void hex_of(const uint8_t bytes[32], char out[65]) {
    for (size_t i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool hex_read(const char *text, uint8_t out[32]) {
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != 64)
        return false;
    for (size_t i = 0; i < 64; i++) {
        const char *found = strchr(digits, text[i]);

        if (found == NULL)
            return false;
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(found - digits));
    }
    return true;
}

static enum rc session_visit(void *context, const struct stored_session *session, struct err *err) {
    struct session_walk *walk = context;
    char name[65];
    struct json *item;

    (void)err;
    if (session->person != walk->person || session->abilities != 0 ||
        login_is_over(session, walk->call->seat.office->epoch,
                      env_wall_ms(walk->call->seat.office->env)))
        return RC_OK;
    hex_of(session->name, name);
    item = json_add_object(walk->items, NULL);
    json_add_text(item, "session", name);
    json_add_bool(item, "self", memcmp(session->name, walk->call->session.stored.name, 32) == 0);
    json_add_bool(item, "complete", session->stage == LOGIN_DONE);
    console_add_time(item, "since", session->since_ms);
    console_add_time(item, "used", session->used_ms);
    json_add_view(item, "address", session->address);
    json_add_view(item, "browser", session->agent);
    return RC_OK;
}

static enum rc reply_sessions(struct console_call *call, uint64_t person, struct err *err) {
    struct json *json = json_object();
    struct session_walk walk = {
        .call = call, .items = json_add_array(json, "items"), .person = person};
    enum rc rc = store_sessions(call->seat.ledger->store, session_visit, &walk, err);

    json_add_null(json, "next");
    if (rc == RC_OK)
        return console_reply(call, json, err);
    json_free(json);
    return rc;
}

static enum rc end_session(struct console_call *call, uint64_t person, struct err *err) {
    uint8_t name[32] = {0};
    enum rc rc = RC_OK;

    if (!hex_read(console_param(call, "session"), name))
        rc = err_set(err, RC_NOT_FOUND, "there is no such session (any more)");
    if (rc == RC_OK)
        rc = login_revoke(&call->seat, person, name, err);
    return rc == RC_OK ? console_done(call, err) : rc;
}

enum rc console_own_sessions(struct console_call *call, struct err *err) {
    return reply_sessions(call, call->person, err);
}

enum rc console_own_session_end(struct console_call *call, struct err *err) {
    return end_session(call, call->person, err);
}

enum rc console_sessions(struct console_call *call, struct err *err) {
    struct stored_person person;
    enum rc rc = console_person(call, &person, err);

    return rc == RC_OK ? reply_sessions(call, person.person, err) : rc;
}

enum rc console_session_end(struct console_call *call, struct err *err) {
    struct stored_person person;
    enum rc rc = console_person(call, &person, err);

    return rc == RC_OK ? end_session(call, person.person, err) : rc;
}
