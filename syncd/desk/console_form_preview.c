/* console_form_preview.c: a form tried out in the browser, as a tablet would ask it. Nothing of it
 * is kept: each answer brings the draft as it was and takes it away as it is, so there is no
 * session to bound and nothing to forget. What a draft may cost is the engine's bounds. */
#include "base/text.h"
#include "schema/form/filling.h"
#include "schema/form/question_json.h"
#include "syncd/desk/console.h"

#define PREVIEW_BYTES (32u * 1024u * 1024u) /* of one draft in memory */
#define STATE_BYTES   (1024u * 1024u)       /* of one as text */
#define ANSWERS_MAX   100u

struct preview {
    struct console_call *call;
    struct form_program program;
    struct engine engine;
    bool is_open;
    struct json *json;
};

static int64_t now_of(void *context) {
    const struct console_call *call = context;

    return env_wall_ms(call->seat.office->env);
}

static void draw_of(void *context, void *bytes, size_t size) {
    const struct console_call *call = context;

    env_entropy(call->seat.office->env, bytes, size);
}

enum rc console_form_which(struct console_call *call, const char *which, const struct form **out,
                           struct err *err) {
    struct arena *arena = &call->seat.arena;
    struct form *loaded = NULL;
    struct view json;
    uint64_t id;
    enum rc rc;

    if (strcmp(which, "uploaded") == 0) {
        rc = form_shelf_json(console_shelf(call->console), call->session.stored.name, now_of(call),
                             arena, &json, err);
        if (rc == RC_OK)
            rc = form_load(json, arena, &loaded, err);
        *out = loaded;
        return rc;
    }
    rc = id_parse(view_text(which), &id, err);
    if (rc == RC_OK)
        rc = ledger_form(call->seat.ledger, id, out, err);
    if (rc == RC_OK && *out == NULL)
        rc = err_set(err, RC_NOT_FOUND, "there is no such form");
    return rc;
}

static enum rc open_engine(struct preview *at, const struct form *form, struct err *err) {
    struct console_call *call = at->call;
    const struct engine_host host = {.context = call,
                                     .now_ms = now_of,
                                     .random = draw_of,
                                     .device_id = view_text("preview"),
                                     .user_name = view_text(call->seat.who)};
    const char *state, *language;
    struct err ignored;
    enum rc rc = form_program_load(form, &call->seat.arena, &at->program, err);

    if (rc == RC_OK)
        rc = console_text(call, "state", &state, err);
    if (rc == RC_OK)
        rc = console_text(call, "language", &language, err);
    if (rc != RC_OK)
        return rc;
    engine_init(&at->engine, at->program.model, &host, err->lang, PREVIEW_BYTES);
    at->is_open = true;
    rc = state == NULL || state[0] == '\0'
             ? engine_begin(&at->engine, err)
             : engine_open(&at->engine, ENGINE_RESUME, view_text(state), err);
    if (rc != RC_OK)
        return rc;
    err_init(&ignored, LANG_EN); /* a form without that language goes on in its own */
    (void)engine_speak(&at->engine,
                       view_text(language != NULL       ? language
                                 : err->lang == LANG_ZH ? "zh"
                                                        : "en"),
                       &ignored);
    return RC_OK;
}

/* ---- steps ---- */

static enum rc set_one(struct preview *at, const struct json *item, struct err *err) {
    struct engine_place place;
    enum rc rc = engine_place(&at->engine, json_text(json_get(item, "ref")), &place, err);

    return rc == RC_OK ? engine_set(&at->engine, place, json_text(json_get(item, "value")), err)
                       : rc;
}

/* Each answer is taken or refused by itself. */
static enum rc set_all(struct preview *at, struct err *err) {
    const struct json *list = json_get(at->call->body, "set");
    struct json *refused = json_add_array(at->json, "refused");

    if (json_count(list) > ANSWERS_MAX)
        return err_set(err, RC_LIMIT, "answers: send at most %u at once", ANSWERS_MAX);
    for (const struct json *item = json_first(list); item != NULL; item = json_next(item)) {
        struct json *no;
        struct err why;

        err_init(&why, err->lang);
        if (set_one(at, item, &why) == RC_OK)
            continue;
        no = json_add_object(refused, NULL);
        json_add_view(no, "ref", json_text(json_get(item, "ref")));
        json_add_text(no, "message", why.text);
    }
    return RC_OK;
}

static enum rc add_or_remove(struct preview *at, struct err *err) {
    struct engine_place place, added;
    const char *add, *remove;
    struct buf path;
    enum rc rc = console_text(at->call, "add", &add, err);

    if (rc == RC_OK)
        rc = console_text(at->call, "remove", &remove, err);
    if (rc == RC_OK && remove != NULL) {
        rc = engine_place(&at->engine, view_text(remove), &place, err);
        if (rc == RC_OK)
            rc = engine_remove(&at->engine, place, err);
    }
    if (rc != RC_OK || add == NULL)
        return rc;
    buf_init(&path, LIMIT_PATH_BYTES * 4u);
    rc = engine_place(&at->engine, view_text(add), &place, err);
    if (rc == RC_OK)
        rc = engine_add(&at->engine, place, 0, &added, err);
    if (rc == RC_OK)
        engine_ref(&at->engine, added, &path);
    json_add_buf(at->json, "added", &path);
    buf_release(&path);
    return rc;
}

/* What a worker would be told who is ready. */
static enum rc finish(struct preview *at, struct err *err) {
    struct arena *arena = &at->call->seat.arena;
    struct question *problems = NULL;
    struct json *list;
    uint32_t count = 0;
    bool wanted = false;
    enum rc rc;

    (void)json_bool(json_get(at->call->body, "finish"), &wanted);
    if (!wanted)
        return RC_OK;
    rc = engine_finish(&at->engine, arena, &problems, &count, err);
    list = json_add_array(at->json, "problems");
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "ref", problems[i].ref);
        json_add_view(item, "label", problems[i].label);
        json_add_view(item, "error", problems[i].error);
    }
    return rc;
}

/* ---- the answer ---- */

static enum rc add_questions(struct preview *at, struct err *err) {
    const struct form_program *program = &at->program;
    struct json *list = json_add_array(at->json, "questions");
    struct arena *arena = &at->call->seat.arena;
    struct question *stops = NULL;
    uint32_t count = 0;
    enum rc rc = engine_walk(&at->engine, arena, &stops, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        uint32_t field = stops[i].place.field == MODEL_NONE
                             ? FORM_NO_PARENT
                             : program->compiled[stops[i].place.field];

        if (!stops[i].is_relevant)
            continue;
        rc = engine_ask(&at->engine, arena, &stops[i], err);
        if (rc == RC_OK)
            question_json(json_add_object(list, NULL), &stops[i],
                          field != FORM_NO_PARENT && program->form->fields[field].sensitive, true);
    }
    return rc;
}

static enum rc add_state(struct preview *at, struct err *err) {
    struct buf state;
    enum rc rc;

    buf_init(&state, STATE_BYTES);
    rc = engine_write(&at->engine, ENGINE_DRAFT, &state, err);
    if (rc == RC_OK)
        rc = buf_check(&state, "a preview", err);
    if (rc == RC_OK)
        json_add_buf(at->json, "state", &state);
    buf_release(&state);
    return rc;
}

static enum rc preview(struct preview *at, struct err *err) {
    const struct form *form = NULL;
    const char *which;
    enum rc rc = console_need(at->call, "form", &which, err);

    if (rc == RC_OK)
        rc = console_form_which(at->call, which, &form, err);
    if (rc == RC_OK)
        rc = open_engine(at, form, err);
    if (rc == RC_OK)
        rc = set_all(at, err);
    if (rc == RC_OK)
        rc = add_or_remove(at, err);
    if (rc == RC_OK)
        rc = finish(at, err);
    if (rc != RC_OK)
        return rc;
    json_add_view(at->json, "name", form->name);
    json_add_view(at->json, "version", form->version);
    json_add_view(at->json, "form_title",
                  *form_label(form, &form->title,
                              at->engine.model->language_count > 0
                                  ? at->engine.model->languages[at->engine.language]
                                  : (struct view){0}));
    json_add_view(at->json, "title", engine_instance_name(&at->engine));
    question_json_languages(at->json, &at->engine);
    rc = add_questions(at, err);
    return rc == RC_OK ? add_state(at, err) : rc;
}

enum rc console_form_preview(struct console_call *call, struct err *err) {
    struct preview at = {.call = call, .json = json_object()};
    enum rc rc = preview(&at, err);

    if (at.is_open)
        engine_release(&at.engine);
    if (rc == RC_OK)
        return console_reply(call, at.json, err);
    json_free(at.json);
    return rc;
}
