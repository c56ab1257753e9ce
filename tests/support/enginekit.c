/* A form and an engine for tests; see enginekit.h. */
#include "tests/support/enginekit.h"

#include "base/date.h"

static int64_t now_ms(void *context) {
    return ((struct enginekit *)context)->now_ms;
}

static void random_bytes(void *context, void *bytes, size_t size) {
    struct enginekit *kit = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size && kit->random_is_half; i++)
        out[i] = i % 8 == 7 ? 0x80 : 0;
    for (size_t i = 0; i < size && !kit->random_is_half; i++) {
        kit->random = kit->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(kit->random >> 56);
    }
}

static uint64_t instance_id(void *context) {
    return ++((struct enginekit *)context)->random;
}

static enum rc attachment(void *context, struct view uri, struct view *bytes, struct err *err) {
    struct enginekit *kit = context;

    if (kit->give != NULL)
        return kit->give(kit->giver, uri, bytes, err);
    if (kit->attachment == NULL)
        return err_set(err, RC_NOT_FOUND, "%.*s", VIEW_PRINT(uri));
    *bytes = view_text(kit->attachment);
    return RC_OK;
}

void enginekit_init(struct enginekit *kit) {
    *kit = (struct enginekit){.now_ms = INT64_C(1795406400000), .random = 1};
    arena_init(&kit->form_arena, MODEL_ARENA_BYTES);
    arena_init(&kit->arena, ENGINE_BYTES);
    buf_init(&kit->xml, ENGINE_INSTANCE_BYTES);
    err_init(&kit->err, LANG_EN);
}

static void drop(struct enginekit *kit) {
    if (kit->has_engine)
        engine_release(&kit->engine);
    kit->has_engine = false;
    kit->model = NULL;
    arena_reset(&kit->form_arena);
}

void enginekit_release(struct enginekit *kit) {
    drop(kit);
    arena_release(&kit->form_arena);
    arena_release(&kit->arena);
    buf_release(&kit->xml);
}

enum rc enginekit_load(struct enginekit *kit, struct view form) {
    const struct model_host form_host = {.context = kit, .attachment = attachment};
    const struct engine_host host = {
        .context = kit,
        .now_ms = now_ms,
        .random = random_bytes,
        .instance_id = kit->random_is_half ? instance_id : NULL,
        .device_id = view_text("device-1"),
        .user_name = view_text("li"),
    };

    drop(kit);
    if (model_load(form, &form_host, &kit->form_arena, &kit->model, &kit->err) != RC_OK)
        return kit->err.rc;
    engine_init(&kit->engine, kit->model, &host, LANG_EN, ENGINE_BYTES);
    kit->has_engine = true;
    return RC_OK;
}

enum rc enginekit_load_parts(struct enginekit *kit, const char *head, const char *body) {
    buf_clear(&kit->xml);
    buf_addf(&kit->xml,
             "<h:html xmlns=\"http://www.w3.org/2002/xforms\" "
             "xmlns:h=\"http://www.w3.org/1999/xhtml\" "
             "xmlns:jr=\"http://openrosa.org/javarosa\" "
             "xmlns:odk=\"http://www.opendatakit.org/xforms\" "
             "xmlns:orx=\"http://openrosa.org/xforms\" "
             "xmlns:yg=\"urn:yangguang:xforms\">\n<h:head><h:title>T</h:title>\n"
             "<model>%s</model></h:head>\n<h:body>%s</h:body></h:html>",
             head, body);
    return enginekit_load(kit, buf_view(&kit->xml));
}

static bool find(struct enginekit *kit, const char *ref, struct engine_place *place) {
    return engine_place(&kit->engine, view_text(ref), place, &kit->err) == RC_OK;
}

enum rc enginekit_set(struct enginekit *kit, const char *ref, const char *value) {
    struct engine_place place;

    if (!find(kit, ref, &place))
        return kit->err.rc;
    return engine_set(&kit->engine, place, view_text(value), &kit->err);
}

enum rc enginekit_add(struct enginekit *kit, const char *ref, uint64_t id) {
    struct engine_place place;

    if (!find(kit, ref, &place))
        return kit->err.rc;
    return engine_add(&kit->engine, place, id, &place, &kit->err);
}

enum rc enginekit_remove(struct enginekit *kit, const char *ref) {
    struct engine_place place;

    if (!find(kit, ref, &place))
        return kit->err.rc;
    return engine_remove(&kit->engine, place, &kit->err);
}

static const char *terminated(struct enginekit *kit, struct view text) {
    return (const char *)arena_copy(&kit->arena, text.data, text.size);
}

static bool ask(struct enginekit *kit, const char *ref, struct question *question) {
    *question = (struct question){.control = MODEL_NONE};
    return find(kit, ref, &question->place) &&
           engine_ask(&kit->engine, &kit->arena, question, &kit->err) == RC_OK;
}

const char *enginekit_value(struct enginekit *kit, const char *ref) {
    struct engine_place place;

    if (!find(kit, ref, &place))
        return "?";
    return terminated(kit, engine_value(&kit->engine, place));
}

const char *enginekit_label(struct enginekit *kit, const char *ref) {
    struct question question;

    return ask(kit, ref, &question) ? terminated(kit, question.label) : "?";
}

const char *enginekit_error(struct enginekit *kit, const char *ref) {
    struct question question;

    return ask(kit, ref, &question) ? terminated(kit, question.error) : "?";
}

struct engine_state enginekit_look(struct enginekit *kit, const char *ref) {
    struct engine_state state = {0};
    struct engine_place place;

    if (!find(kit, ref, &place) || !engine_look(&kit->engine, place, &state))
        state = (struct engine_state){0};
    return state;
}

bool enginekit_relevant(struct enginekit *kit, const char *ref) {
    return enginekit_look(kit, ref).is_relevant;
}

const char *enginekit_xml(struct enginekit *kit, enum engine_write_mode mode) {
    buf_clear(&kit->xml);
    if (engine_write(&kit->engine, mode, &kit->xml, &kit->err) != RC_OK)
        return kit->err.text;
    return buf_text(&kit->xml);
}
