/* question_json.c: see question_json.h. */
#include "schema/form/question_json.h"

#include <stdio.h>

static const char *kind_word(const struct question *question) {
    switch (question->kind) {
    case MODEL_GROUP:
        return "group";
    case MODEL_REPEAT:
        return question->is_instance ? "instance" : "repeat";
    case MODEL_INPUT:
        return "input";
    case MODEL_NOTE:
        return "note";
    case MODEL_SELECT_ONE:
        return "select_one";
    case MODEL_SELECT_MANY:
        return "select_many";
    case MODEL_RANK:
        return "rank";
    case MODEL_RANGE:
        return "range";
    case MODEL_UPLOAD:
        return "upload";
    case MODEL_TRIGGER:
        return "acknowledge";
    }
    return "input";
}

static void add_if(struct json *object, const char *key, struct view text) {
    if (text.size > 0)
        json_add_view(object, key, text);
}

static void add_flag(struct json *object, const char *key, bool value) {
    if (value)
        json_add_bool(object, key, true);
}

/* "goat.jpg" of "jr://images/goat.jpg": all that a form shows lies in one folder. */
static struct view medium_name(struct view reference) {
    size_t start = reference.size;

    while (start > 0 && reference.data[start - 1] != '/')
        start--;
    return view_slice(reference, start, reference.size);
}

static void add_media(struct json *object, struct view image, struct view audio,
                      struct view video) {
    add_if(object, "image", medium_name(image));
    add_if(object, "audio", medium_name(audio));
    add_if(object, "video", medium_name(video));
}

static void add_options(struct json *object, const struct question *question) {
    struct json *list;

    if (question->option_count == 0)
        return;
    list = json_add_array(object, "options");
    for (uint32_t i = 0; i < question->option_count; i++) {
        struct json *item = json_add_object(list, NULL);

        json_add_view(item, "value", question->options[i].value);
        json_add_view(item, "label", question->options[i].label);
        add_media(item, question->options[i].image, question->options[i].audio,
                  question->options[i].video);
        add_flag(item, "selected", question->options[i].is_selected);
    }
}

static void add_parameters(struct json *object, const struct question *question) {
    struct json *parameters;

    if (question->parameter_count == 0)
        return;
    parameters = json_add_object(object, "parameters");
    for (uint32_t i = 0; i < question->parameter_count; i++) {
        char name[64];

        if (question->parameters[i].name.size >= sizeof(name))
            continue;
        snprintf(name, sizeof(name), "%.*s", VIEW_PRINT(question->parameters[i].name));
        json_add_view(parameters, name, question->parameters[i].value);
    }
}

void question_json(struct json *item, const struct question *question, bool is_sensitive,
                   bool says_error) {
    json_add_view(item, "ref", question->ref);
    json_add_text(item, "kind", kind_word(question));
    if (question->kind >= MODEL_INPUT)
        json_add_text(item, "type", model_type_word(question->type));
    if (question->depth > 0)
        json_add_int(item, "depth", question->depth);
    add_flag(item, "hidden", !question->is_relevant);
    add_flag(item, "required", question->is_required);
    add_flag(item, "read_only", question->is_read_only);
    add_flag(item, "sensitive", is_sensitive);
    add_if(item, "label", question->label);
    add_if(item, "hint", question->hint);
    add_if(item, "guidance", question->guidance);
    add_media(item, question->image, question->audio, question->video);
    add_if(item, "appearance", question->appearance);
    add_if(item, "value", question->value);
    if (question->violation != ENGINE_FINE && says_error)
        json_add_view(item, "error", question->error);
    if (question->is_warned)
        json_add_view(item, "warning", question->warning);
    if (question->kind == MODEL_REPEAT) {
        json_add_int(item, question->is_instance ? "position" : "count",
                     question->is_instance ? question->position : question->count);
        add_flag(item, "can_add", question->can_add);
        add_flag(item, "can_remove", question->can_remove);
    }
    add_parameters(item, question);
    add_options(item, question);
}

void question_json_languages(struct json *object, const struct engine *engine) {
    struct json *languages;

    if (engine->model->language_count == 0)
        return;
    languages = json_add_array(object, "languages");
    json_add_view(object, "language", engine->model->languages[engine->language]);
    for (uint32_t i = 0; i < engine->model->language_count; i++)
        json_add_view(languages, NULL, engine->model->languages[i]);
}
