/* api_visit.c: a visit to a household: beginning it, the second investigator, signing, what is said
 * afterwards, and where one is. Whoever signs or joins types his own secret each time; the one who
 * works in this browser stays who he is. */
#include "agent/face/api_inside.h"

#include "agent/field/home_visit.h"
#include "base/gpsd.h"
#include "base/text.h"
#include "schema/form/answers.h"

#define AMENDED_MAX 50u

/* Ends the session that only proved a secret. What it could not prepare for sending waits for its
 * person, which hinders nothing here. */
static void end_proof(struct session *proof) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (proof != NULL)
        (void)session_close(proof, &ignored);
}

static enum rc need_dot(const struct web_call *call, const char *key, bool must, struct dot *out,
                        struct err *err) {
    const char *text;
    enum rc rc = must ? web_need(call, key, &text, err) : web_text(call, key, &text, err);

    *out = (struct dot){0, 0};
    if (rc == RC_OK && text != NULL && text[0] != '\0')
        rc = dot_parse(view_text(text), out, err);
    return rc;
}

/* ---- beginning ---- */

enum rc web_visit_begin(struct web_call *call, struct err *err) {
    struct dot household, task;
    struct filler *filler;
    struct visit visit;
    const char *kind;
    enum rc rc = need_dot(call, "household", true, &household, err);

    if (rc == RC_OK)
        rc = need_dot(call, "task", false, &task, err);
    if (rc == RC_OK)
        rc = web_text(call, "kind", &kind, err);
    if (rc == RC_OK && kind != NULL && (strlen(kind) != 1 || kind[0] < '1' || kind[0] > '6'))
        kind = NULL; /* a task of another kind: the program says */
    if (rc != RC_OK)
        return rc;
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK) {
        face_put_away(visit.seat);
        rc = home_visit_begin(visit.session, household, kind == NULL ? '0' : kind[0], task, &filler,
                              err);
    }
    if (rc == RC_OK) {
        web_draft_seat(call, &visit, filler);
        rc = web_draft_reply(call, filler, json_object(), err);
    }
    visit_close(&visit);
    return rc;
}

enum rc web_visit_join(struct web_call *call, struct err *err) {
    struct session *second = NULL;
    const char *person, *secret = NULL;
    struct filler *filler;
    struct visit visit;
    enum rc rc = web_need(call, "person", &person, err);

    if (rc == RC_OK)
        rc = web_need(call, "secret", &secret, err);
    if (rc != RC_OK) {
        web_wipe(call, secret);
        return rc;
    }
    rc = web_draft_visit(call, &visit, &filler, err);
    if (rc == RC_OK)
        rc = web_prove(call, &visit, person, secret, &second, err);
    else
        web_wipe(call, secret);
    if (rc == RC_OK)
        rc = home_visit_join(filler, second, err);
    if (rc == RC_OK)
        rc = web_draft_reply(call, filler, json_object(), err);
    end_proof(second);
    visit_close(&visit);
    return rc;
}

/* ---- a visit that is saved ---- */

static struct json *visit_json(const struct home_visit *visit) {
    static const char *const facts[] = {
        [FACTS_UNKNOWN] = "unknown", [FACTS_SAME] = "same", [FACTS_CHANGED] = "changed"};
    struct json *document = json_object(), *list;

    if (visit->household.number != 0)
        add_dot(document, "household", visit->household);
    if (visit->task.number != 0)
        add_dot(document, "task", visit->task);
    json_add_bool(document, "sealed", visit->sealed);
    json_add_bool(document, "complete", visit->complete);
    json_add_text(document, "facts", facts[visit->facts]);
    list = json_add_array(document, "investigators");
    for (uint32_t i = 0; i < visit->people_count; i++) {
        const struct home_visit_person *person = &visit->people[i];
        struct json *item = json_add_object(list, NULL);
        char id[17];

        id_text(person->person, id);
        json_add_view(item, "name", person->name);
        if (person->person != 0)
            json_add_text(item, "person", id);
        json_add_text(item, "role",
                      person->role == 'l'   ? "lead"
                      : person->role == 's' ? "second"
                                            : "");
        if (person->is_relative)
            json_add_bool(item, "is_relative", true);
        json_add_bool(item, "signed", person->signed_);
    }
    return document;
}

static enum rc reply_visit(struct web_call *call, struct visit *visit, struct err *err) {
    struct home_visit home;
    struct seen seen;
    enum rc rc = visit_see(visit, web_param(call, "id"), &seen, err);

    if (rc == RC_OK)
        rc = home_visit_see(visit->session, &seen, &visit->arena, &home, err);
    return rc == RC_OK ? web_reply(call, visit_json(&home), err) : rc;
}

enum rc web_visit_of(struct web_call *call, struct err *err) {
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = reply_visit(call, &visit, err);
    visit_close(&visit);
    return rc;
}

enum rc web_sign(struct web_call *call, struct err *err) {
    struct session *signer = NULL;
    const char *person, *secret = NULL;
    struct visit visit;
    struct dot id;
    enum rc rc = web_need(call, "person", &person, err);

    if (rc == RC_OK)
        rc = web_need(call, "secret", &secret, err);
    if (rc == RC_OK)
        rc = dot_parse(view_text(web_param(call, "id")), &id, err);
    if (rc != RC_OK) {
        web_wipe(call, secret);
        return rc;
    }
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK)
        rc = web_prove(call, &visit, person, secret, &signer, err);
    else
        web_wipe(call, secret);
    if (rc == RC_OK)
        rc = home_visit_sign(signer, id, err);
    end_proof(signer);
    if (rc == RC_OK)
        rc = reply_visit(call, &visit, err);
    visit_close(&visit);
    return rc;
}

/* ---- afterwards ---- */

static enum rc amend_one(struct edit *edit, const struct json *item, struct err *err) {
    const char *path = json_text_or(json_get(item, "path"), NULL);
    const struct form_field *field;
    struct instance_id instance;
    struct value value;
    uint16_t number = 0;
    enum rc rc;

    if (path == NULL)
        return err_set(err, RC_INVALID, "%s: is missing in the request", "path");
    rc = answers_path(edit->form, edit->reading, view_text(path), &instance, &number, err);
    if (rc != RC_OK)
        return rc;
    field = form_field_by_number(edit->form, number);
    if (field == NULL)
        return err_set(err, RC_INVALID, "%.60s: this is no field with an answer", path);
    rc = form_value_parse(edit->form, field, json_text(json_get(item, "value")), edit->arena,
                          &value, err);
    return rc == RC_OK ? edit_set(edit, instance, number, &value, field->rank, err) : rc;
}

static enum rc amend(struct session *session, struct dot id, const struct json *answers,
                     const char *reason, struct arena *arena, struct err *err) {
    struct change change;
    struct seen seen;
    struct edit edit;
    enum rc rc = session_see(session, id, arena, &seen, err);

    if (rc == RC_OK && seen.form == NULL)
        rc = err_set(err, RC_UNSUPPORTED,
                     "the form of this record has not come yet; run: yg-agent sync");
    if (rc == RC_OK && seen.reading.sealed_scopes == 0)
        rc = err_set(err, RC_CONFLICT, "this record is not sealed; change it as it is");
    if (rc == RC_OK)
        rc = edit_start(&edit, CHANGE_AMEND, session_next_dot(session), session_person(session),
                        seen.form, &seen.record, &seen.reading, arena, err);
    for (const struct json *item = json_first(answers); item != NULL && rc == RC_OK;
         item = json_next(item))
        rc = amend_one(&edit, item, err);
    if (rc == RC_OK)
        rc = edit_finish(&edit, view_text(reason), &change, err);
    return rc == RC_OK ? session_save(session, &change, &seen.record, seen.form, err) : rc;
}

/* By whoever works in this browser, with his secret once more: it is a signature. */
enum rc web_amend(struct web_call *call, struct err *err) {
    const struct json *answers = json_get(call->body, "answers");
    struct session *signer = NULL;
    const char *secret = NULL, *reason;
    struct visit visit;
    struct dot id;
    enum rc rc = web_need(call, "secret", &secret, err);

    if (rc == RC_OK)
        rc = web_need(call, "reason", &reason, err);
    if (rc == RC_OK && (json_type(answers) != JSON_ARRAY || json_count(answers) == 0))
        rc = err_set(err, RC_INVALID, "%s: is missing in the request", "answers");
    if (rc == RC_OK && json_count(answers) > AMENDED_MAX)
        rc = err_set(err, RC_LIMIT, "answers: send at most %u at once", AMENDED_MAX);
    if (rc == RC_OK)
        rc = dot_parse(view_text(web_param(call, "id")), &id, err);
    if (rc != RC_OK) {
        web_wipe(call, secret);
        return rc;
    }
    rc = web_visit(call, &visit, err);
    if (rc == RC_OK)
        rc = web_prove(call, &visit, NULL, secret, &signer, err);
    else
        web_wipe(call, secret);
    if (rc == RC_OK)
        rc = amend(signer, id, answers, reason, &visit.arena, err);
    end_proof(signer);
    visit_close(&visit);
    return rc == RC_OK ? web_done(call, err) : rc;
}

/* ---- position ---- */

/* Outside of the turn: it may take seconds. */
enum rc web_position(struct web_call *call, struct err *err) {
    const struct face *face = call->web->face;
    struct gpsd_fix fix;
    struct json *document;
    enum rc rc;

    if (face->gpsd_port == 0)
        return err_set(err, RC_NOT_FOUND, "position: this tablet asks no receiver");
    rc = gpsd_ask(face->gpsd_port, face->env, GPSD_WAIT_MS, &fix, err);
    if (rc == RC_NETWORK)
        rc = err_set(err, RC_NOT_FOUND, "position: this tablet has no receiver");
    if (rc != RC_OK)
        return rc;
    document = json_object();
    json_add_number(document, "latitude", view_text(fix.latitude));
    json_add_number(document, "longitude", view_text(fix.longitude));
    if (fix.altitude[0] != '\0')
        json_add_number(document, "altitude", view_text(fix.altitude));
    if (fix.accuracy[0] != '\0')
        json_add_number(document, "accuracy", view_text(fix.accuracy));
    json_add_text(document, "source", "gpsd");
    return web_reply(call, document, err);
}
