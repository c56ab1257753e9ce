/* form_report.c: see form_report.h. */
#include "syncd/desk/form_report.h"

#include "base/text.h"
#include "base/words.h"
#include "schema/form/filling.h"

#define FINDINGS_SHOWN 200u

enum rc form_make(bool is_lenient, const struct form_source *source, const struct form *previous,
                  uint32_t sequence, struct arena *arena, struct findings *findings,
                  struct buf *json, struct form **out, struct err *err) {
    struct xlsform_options options = {.lenient = is_lenient, .wants_media = true};
    struct form_program program;
    struct arena trial;
    struct view text;
    enum rc rc;

    if (options.lenient)
        options.fallback_name = source->stem;
    buf_clear(json);
    *findings = (struct findings){0};
    rc = xlsform_compile(&source->workbook, previous, sequence, &options, arena, findings, json,
                         err);
    if (rc != RC_OK)
        return rc;
    text = arena_view(arena, buf_view(json));
    rc = arena_check(arena, "a form", err);
    if (rc == RC_OK)
        rc = form_load(text, arena, out, err);
    if (rc != RC_OK)
        return rc;
    arena_init(&trial, MODEL_ARENA_BYTES);
    rc = form_program_load(*out, &trial, &program, err);
    arena_release(&trial);
    return rc;
}

void form_findings_say(struct command *command, const struct form_source *source,
                       const struct findings *findings) {
    for (uint32_t i = 0; i < findings->count && i < FINDINGS_SHOWN; i++) {
        if (findings->list[i].is_error)
            command_say(command, "error: %s", findings->list[i].text);
        else
            command_say(command, "warning: %s", findings->list[i].text);
    }
    if (findings->count > FINDINGS_SHOWN)
        command_say(command, "and %u more", findings->count - FINDINGS_SHOWN);
    for (uint32_t i = 0; i < source->left_count; i++)
        command_say(command, "warning: %s: tablets do not show files of this kind; it is left out",
                    source->left[i]);
}

void form_findings_json(struct json *json, const struct form_source *source,
                        const struct findings *findings) {
    struct json *array = json_add_array(json, "findings");

    for (uint32_t i = 0; i < findings->count && i < FINDINGS_SHOWN; i++) {
        const struct finding *finding = &findings->list[i];
        struct json *item = json_add_object(array, NULL);

        json_add_text(item, "level", finding->is_error ? "error" : "warning");
        json_add_view(item, "sheet", finding->sheet);
        json_add_int(item, "row", finding->row);
        json_add_int(item, "column", finding->column);
        json_add_text(item, "text", finding->text);
    }
    if (source->left_count == 0)
        return;
    array = json_add_array(json, "left");
    for (uint32_t i = 0; i < source->left_count; i++)
        json_add_text(array, NULL, source->left[i]);
}

/* --- what a form is made of --- */

const char *form_posting_word(uint8_t posting) {
    return posting == POSTING_YES ? "yes" : posting == POSTING_MASK ? "mask" : "no";
}

static const char *rank_word(uint8_t rank) {
    static const char *const ranks[] = {"", "declared", "observed", "matched", "document"};

    return rank < sizeof(ranks) / sizeof(ranks[0]) ? ranks[rank] : "";
}

void form_texts_json(struct json *parent, const char *key, const struct form *form,
                     const struct form_text *text) {
    struct json *array = json_add_array(parent, key);

    for (uint32_t i = 0; i < form->language_count; i++)
        json_add_view(array, NULL,
                      text->by_language == NULL ? (struct view){0} : text->by_language[i]);
}

void form_field_json(struct json *array, const struct form *form, const struct form_field *field) {
    struct json *json = json_add_object(array, NULL);

    json_add_int(json, "number", field->number);
    json_add_view(json, "path", field->path);
    json_add_text(json, "type", field_type_name((enum field_type)field->type));
    if (field->list != FORM_NO_LIST)
        json_add_view(json, "list", form->lists[field->list].name);
    json_add_text(json, "policy", policy_name((enum policy)field->policy));
    json_add_text(json, "posting", form_posting_word(field->posting));
    json_add_bool(json, "sensitive", field->sensitive);
    json_add_bool(json, "required", field->required);
    json_add_bool(json, "key", field->key);
    if (field->rank != 0)
        json_add_text(json, "rank", rank_word(field->rank));
    if (field->merge_group != 0)
        json_add_int(json, "group", field->merge_group);
    if (field->scope != FORM_NO_SCOPE)
        json_add_view(json, "seal", form->scopes[field->scope]);
    form_texts_json(json, "labels", form, &field->label);
}

/* --- trying --- */

struct trial {
    struct arena *arena;
    struct form_trouble *list;
    uint32_t count, capacity;
    uint64_t random;
};

static int64_t trial_now_ms(void *context) {
    (void)context;
    return INT64_C(1767225600000); /* 2026-01-01T08:00:00+08:00 */
}

static void trial_random(void *context, void *bytes, size_t size) {
    struct trial *trial = context;
    uint8_t *out = bytes;

    for (size_t i = 0; i < size; i++) {
        trial->random = trial->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        out[i] = (uint8_t)(trial->random >> 56);
    }
}

static enum rc add_trouble(struct trial *trial, struct view ref, struct view text,
                           struct err *err) {
    struct form_trouble *slot =
        arena_push(trial->arena, &trial->list, &trial->count, &trial->capacity, sizeof(*slot));

    if (slot == NULL)
        return arena_check(trial->arena, "a form", err);
    *slot = (struct form_trouble){.ref = arena_view(trial->arena, ref),
                                  .text = arena_view(trial->arena, text)};
    return arena_check(trial->arena, "a form", err);
}

static enum rc add_notes(struct trial *trial, const struct model *model, enum lang lang,
                         struct err *err) {
    char text[400];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < model->note_count && rc == RC_OK; i++) {
        const struct model_note *note = &model->notes[i];

        if (note->about.size > 0)
            snprintf(text, sizeof(text), "%.*s: %s", VIEW_PRINT(utf8_cut(note->about, 100)),
                     words(lang, note->text));
        else
            snprintf(text, sizeof(text), "XForm, %u: %s", note->line, words(lang, note->text));
        rc = add_trouble(trial, (struct view){0}, view_text(text), err);
    }
    return rc;
}

static enum rc add_problems(struct trial *trial, struct engine *engine, struct err *err) {
    struct question *problems = NULL;
    uint32_t count = 0;
    enum rc rc = engine_finish(engine, trial->arena, &problems, &count, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        if (problems[i].violation != ENGINE_MISSING)
            rc = add_trouble(trial, problems[i].ref, problems[i].error, err);
    return rc;
}

enum rc form_try(const struct form *form, enum lang lang, struct arena *arena,
                 struct form_trouble **list, uint32_t *count, struct err *err) {
    struct trial trial = {.arena = arena, .random = 1};
    const struct engine_host host = {
        .context = &trial, .now_ms = trial_now_ms, .random = trial_random};
    struct form_program program;
    struct engine engine;
    enum rc rc = form_program_load(form, arena, &program, err);

    *list = NULL;
    *count = 0;
    if (rc != RC_OK)
        return rc;
    engine_init(&engine, program.model, &host, lang, ENGINE_BYTES);
    rc = engine_begin(&engine, err);
    if (rc == RC_OK)
        rc = add_notes(&trial, program.model, lang, err);
    if (rc == RC_OK)
        rc = add_problems(&trial, &engine, err);
    engine_release(&engine);
    *list = trial.list;
    *count = trial.count;
    return rc;
}
