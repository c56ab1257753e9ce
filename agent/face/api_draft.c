/* api_draft.c: a form question by question. The draft that the person works in stays open in his
 * seat between two answers, with its form's program; every answer is on disk before it is answered,
 * so nothing is lost by closing it. */
#include "agent/face/api_inside.h"

#include "agent/face/show.h"
#include "agent/field/album.h"
#include "base/text.h"

#define ANSWERS_MAX   1000u
#define DRAFTS_LISTED 200u

/* ---- the open draft ---- */

static void speak(const struct web_call *call, struct seat *seat) {
    struct err ignored;

    err_init(&ignored, LANG_EN); /* a form without that language goes on in its own */
    (void)engine_speak(filler_engine(seat->filler), web_language(call, seat), &ignored);
}

void web_draft_seat(const struct web_call *call, struct visit *visit, struct filler *filler) {
    face_put_away(visit->seat);
    visit->seat->filler = filler;
    visit->seat->filler_used_ms = env_monotonic_ms(visit->face->env);
    speak(call, visit->seat);
}

enum rc web_draft_visit(struct web_call *call, struct visit *visit, struct filler **out,
                        struct err *err) {
    struct filler *filler;
    uint64_t draft;
    enum rc rc = web_visit(call, visit, err);

    if (rc != RC_OK)
        return rc;
    if (!parse_u64(view_text(web_param(call, "draft")), &draft) || draft == 0)
        return err_set(err, RC_NOT_FOUND, "there is no such draft (any more)");
    if (visit->seat->filler == NULL || filler_draft(visit->seat->filler) != draft ||
        filler_is_renamed(visit->seat->filler)) {
        rc = filler_resume(visit->session, draft, &filler, err);
        if (rc != RC_OK)
            return rc;
        web_draft_seat(call, visit, filler);
    }
    visit->seat->filler_used_ms = env_monotonic_ms(visit->face->env);
    *out = visit->seat->filler;
    return RC_OK;
}

/* What the engine has taken and the disk has not is forgotten: the draft is read anew. */
static enum rc keep(struct visit *visit, struct filler *filler, struct err *err) {
    enum rc rc = filler_keep(filler, err);

    if (rc != RC_OK)
        face_put_away(visit->seat);
    return rc;
}

enum rc web_draft_reply(struct web_call *call, struct filler *filler, struct json *document,
                        struct err *err) {
    enum rc rc = filler_json(filler, false, document, err);

    if (rc == RC_OK)
        return web_reply(call, document, err);
    json_free(document);
    return rc;
}

static enum rc reply_all(struct web_call *call, struct filler *filler, bool all, struct err *err) {
    struct json *document = json_object();
    enum rc rc = filler_json(filler, all, document, err);

    if (rc == RC_OK)
        return web_reply(call, document, err);
    json_free(document);
    return rc;
}

/* ---- lists ---- */

/* In words for people: which form, and where. */
static void add_draft_words(const struct web_call *call, const struct visit *visit,
                            const struct draft_head *head, struct json *item) {
    struct view area_name, title;

    if (head->form == NULL)
        return;
    area_name = succession_name(tablet_areas(visit->tablet), head->area);
    title = *form_label(head->form, &head->form->title, web_language(call, visit->seat));
    if (title.size > 0)
        json_add_view(item, "form_title", title);
    if (area_name.size > 0)
        json_add_view(item, "area_name", area_name);
}

enum rc web_add_drafts(const struct web_call *call, struct visit *visit, struct json *list,
                       struct err *err) {
    struct kept_draft *drafts;
    uint32_t count = 0;
    enum rc rc = drafts_list(visit->session, &visit->arena, &drafts, &count, err);

    for (uint32_t i = 0; i < count && i < DRAFTS_LISTED && rc == RC_OK; i++) {
        struct draft_head head;
        struct err why;

        err_init(&why, err->lang); /* one that cannot be read is listed by its number */
        (void)filler_peek(visit->session, drafts[i].draft, &visit->arena, &head, &why);
        add_draft_words(call, visit, &head, draft_json(list, &drafts[i], &head));
    }
    return rc;
}

enum rc web_drafts(struct web_call *call, struct err *err) {
    struct json *document = json_object();
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = web_add_drafts(call, &visit, json_add_array(document, "drafts"), err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}

/* ---- beginning and looking ---- */

/* Whoever changes a record goes on with the draft that he has of it: two of them would end in a
 * conflict with oneself. */
static enum rc edit(struct visit *visit, struct dot record, struct filler **out, struct err *err) {
    struct kept_draft *drafts;
    uint32_t count = 0;
    enum rc rc = drafts_list(visit->session, &visit->arena, &drafts, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct draft_head head;
        struct err ignored;

        err_init(&ignored, err->lang);
        if (filler_peek(visit->session, drafts[i].draft, &visit->arena, &head, &ignored) == RC_OK &&
            dot_equal(head.record, record)) {
            face_put_away(visit->seat);
            return filler_resume(visit->session, drafts[i].draft, out, err);
        }
    }
    return rc == RC_OK ? filler_edit(visit->session, record, out, err) : rc;
}

static enum rc begin(struct web_call *call, struct visit *visit, struct filler **out,
                     struct err *err) {
    const char *form, *area, *record;
    struct dot id;
    uint64_t code = 0;
    enum rc rc = web_text(call, "record", &record, err);

    if (rc == RC_OK && record != NULL) {
        rc = dot_parse(view_text(record), &id, err);
        return rc == RC_OK ? edit(visit, id, out, err) : rc;
    }
    if (rc == RC_OK)
        rc = web_need(call, "form", &form, err);
    if (rc == RC_OK)
        rc = web_need(call, "area", &area, err);
    if (rc == RC_OK)
        rc = area_parse(view_text(area), &code, err);
    return rc == RC_OK ? filler_begin(visit->session, view_text(form), code, out, err) : rc;
}

enum rc web_draft_begin(struct web_call *call, struct err *err) {
    struct filler *filler;
    struct visit visit;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK)
        rc = begin(call, &visit, &filler, err);
    if (rc == RC_OK) {
        web_draft_seat(call, &visit, filler);
        rc = reply_all(call, filler, false, err);
    }
    visit_close(&visit);
    return rc;
}

enum rc web_draft(struct web_call *call, struct err *err) {
    struct filler *filler;
    struct visit visit;
    struct buf all;
    enum rc rc = web_draft_visit(call, &visit, &filler, err);

    buf_init(&all, 64);
    if (rc == RC_OK)
        rc = web_filter(call, "all", &all, err);
    if (rc == RC_OK)
        rc = reply_all(call, filler, view_is(buf_view(&all), "1"), err);
    buf_release(&all);
    visit_close(&visit);
    return rc;
}

/* ---- steps ---- */

enum rc web_draft_place(struct filler *filler, const char *ref, struct engine_place *place,
                        struct err *err) {
    const struct engine *engine = filler_engine(filler);
    char full[WEB_REF_BYTES];
    int size;

    if (ref[0] == '/')
        return engine_place(engine, view_text(ref), place, err);
    size = snprintf(full, sizeof(full), "%.*s/%.*s", VIEW_PRINT(engine->model->fields[0].path),
                    (int)LIMIT_PATH_BYTES, ref);
    return engine_place(engine, view_of(full, (size_t)size < sizeof(full) ? (size_t)size : 0),
                        place, err);
}

/* Texts; numbers and true and false as they are written; null takes the answer away. */
static struct view answer_text(const struct json *value, bool *is_text) {
    bool yes = false;

    *is_text = true;
    switch (json_type(value)) {
    case JSON_TEXT:
        return json_text(value);
    case JSON_NUMBER:
        return json_number_text(value);
    case JSON_BOOL:
        (void)json_bool(value, &yes);
        return view_text(yes ? "true" : "false");
    case JSON_NULL:
        return view_text("");
    case JSON_NONE:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    *is_text = false;
    return (struct view){0};
}

static bool takes_attachments(const struct filler *filler, struct engine_place place) {
    const struct form_field *field;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    return album_field(filler, place, &field, &ignored) == RC_OK;
}

static enum rc answer(struct filler *filler, const struct json *item, struct err *err) {
    const char *ref = json_text_or(json_get(item, "ref"), NULL);
    struct engine_place place;
    struct view text;
    bool is_text;
    enum rc rc;

    if (ref == NULL)
        return err_set(err, RC_INVALID, "%s: is missing in the request", "ref");
    text = answer_text(json_get(item, "value"), &is_text);
    if (!is_text)
        return err_set(err, RC_INVALID, "%s: is missing in the request", "value");
    rc = web_draft_place(filler, ref, &place, err);
    if (rc == RC_OK && takes_attachments(filler, place))
        rc = album_check(filler, place, text, err);
    return rc == RC_OK ? engine_set(filler_engine(filler), place, text, err) : rc;
}

/* Each answer is taken or refused by itself. */
static void take_answers(struct filler *filler, const struct json *answers, struct json *refused,
                         enum lang lang) {
    for (const struct json *item = json_first(answers); item != NULL; item = json_next(item)) {
        struct json *no;
        struct err why;

        err_init(&why, lang);
        if (answer(filler, item, &why) == RC_OK)
            continue;
        no = json_add_object(refused, NULL);
        json_add_text(no, "ref", json_text_or(json_get(item, "ref"), ""));
        json_add_text(no, "error", rc_name(why.rc));
        json_add_text(no, "message", why.text);
    }
}

enum rc web_draft_answers(struct web_call *call, struct err *err) {
    const struct json *answers = json_get(call->body, "answers");
    struct json *document, *refused;
    struct filler *filler;
    struct visit visit;
    enum rc rc;

    if (json_type(answers) != JSON_ARRAY)
        return err_set(err, RC_INVALID, "%s: is missing in the request", "answers");
    if (json_count(answers) > ANSWERS_MAX)
        return err_set(err, RC_LIMIT, "answers: send at most %u at once", ANSWERS_MAX);
    document = json_object();
    refused = json_add_array(document, "refused");
    rc = web_draft_visit(call, &visit, &filler, err);
    if (rc == RC_OK) {
        take_answers(filler, answers, refused, err->lang);
        rc = keep(&visit, filler, err);
    }
    if (rc == RC_OK)
        rc = filler_json_changes(filler, document, err);
    if (rc == RC_OK) {
        rc = web_reply(call, document, err);
        document = NULL;
    }
    json_free(document);
    visit_close(&visit);
    return rc;
}

enum rc web_draft_add(struct web_call *call, struct err *err) {
    struct engine_place place, added;
    struct filler *filler;
    const char *ref;
    struct visit visit;
    struct buf path;
    enum rc rc = web_need(call, "ref", &ref, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&path, WEB_REF_BYTES);
    rc = web_draft_visit(call, &visit, &filler, err);
    if (rc == RC_OK)
        rc = web_draft_place(filler, ref, &place, err);
    if (rc == RC_OK)
        rc = engine_add(filler_engine(filler), place, 0, &added, err);
    if (rc == RC_OK)
        rc = keep(&visit, filler, err);
    if (rc == RC_OK) {
        struct json *document = json_object();

        engine_ref(filler_engine(filler), added, &path);
        json_add_buf(document, "added", &path);
        rc = web_draft_reply(call, filler, document, err);
    }
    buf_release(&path);
    visit_close(&visit);
    return rc;
}

enum rc web_draft_remove(struct web_call *call, struct err *err) {
    struct engine_place place;
    struct filler *filler;
    const char *ref;
    struct visit visit;
    enum rc rc = web_need(call, "ref", &ref, err);

    if (rc != RC_OK)
        return rc;
    rc = web_draft_visit(call, &visit, &filler, err);
    if (rc == RC_OK)
        rc = web_draft_place(filler, ref, &place, err);
    if (rc == RC_OK)
        rc = engine_remove(filler_engine(filler), place, err);
    if (rc == RC_OK)
        rc = keep(&visit, filler, err);
    if (rc == RC_OK)
        rc = reply_all(call, filler, false, err);
    visit_close(&visit);
    return rc;
}

/* It stays with the person until he locks. */
enum rc web_draft_language(struct web_call *call, struct err *err) {
    struct filler *filler;
    const char *language;
    struct visit visit;
    enum rc rc = web_need(call, "language", &language, err);

    if (rc == RC_OK && strlen(language) >= SEAT_LANGUAGE_BYTES)
        rc = err_set(err, RC_NOT_FOUND, "%.60s: the form does not have this language", language);
    if (rc != RC_OK)
        return rc;
    rc = web_draft_visit(call, &visit, &filler, err);
    if (rc == RC_OK)
        rc = engine_speak(filler_engine(filler), view_text(language), err);
    if (rc == RC_OK) {
        snprintf(visit.seat->language, sizeof(visit.seat->language), "%s", language);
        rc = reply_all(call, filler, false, err);
    }
    visit_close(&visit);
    return rc;
}

/* ---- the end ---- */

/* 422 with the questions and what is wrong with them. */
static enum rc reply_problems(struct web_call *call, struct filler *filler, uint32_t problems,
                              const struct err *why, struct err *err) {
    struct json *document = json_object();
    enum rc rc;

    json_add_text(document, "error", "problems");
    json_add_text(document, "message", why->text);
    json_add_int(document, "problems", problems);
    rc = filler_json(filler, false, document, err);
    if (rc != RC_OK) {
        json_free(document);
        return rc;
    }
    call->exchange->response.status = 422;
    return web_reply(call, document, err);
}

enum rc web_draft_finish(struct web_call *call, struct err *err) {
    uint32_t problems = 0;
    struct filler *filler;
    struct visit visit;
    struct dot record;
    enum rc rc = web_draft_visit(call, &visit, &filler, err);

    if (rc == RC_OK) {
        rc = filler_finish(filler, &record, &problems, err);
        if (rc == RC_INVALID && problems > 0) {
            const struct err why = *err;

            rc = reply_problems(call, filler, problems, &why, err);
        } else if (rc == RC_OK) {
            struct json *document = json_object();

            face_put_away(visit.seat);
            add_dot(document, "id", record);
            rc = web_reply(call, document, err);
        } else {
            face_put_away(visit.seat); /* it is read anew, as it is on disk */
        }
    }
    visit_close(&visit);
    return rc;
}

enum rc web_draft_discard(struct web_call *call, struct err *err) {
    struct visit visit;
    uint64_t draft;
    enum rc rc = web_visit(call, &visit, err);

    if (rc == RC_OK && !parse_u64(view_text(web_param(call, "draft")), &draft))
        rc = err_set(err, RC_NOT_FOUND, "there is no such draft (any more)");
    if (rc == RC_OK) {
        face_put_away(visit.seat);
        rc = drafts_remove(visit.session, draft, err);
    }
    visit_close(&visit);
    return rc == RC_OK ? web_done(call, err) : rc;
}
