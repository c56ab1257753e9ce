/* A draft as JSON: what a screen or a terminal needs to ask its questions. Only what says something
 * is written: a member that is missing is false, 0 or empty. */
#include "agent/field/album.h"

#include "base/date.h"
#include "base/text.h"
#include "schema/form/question_json.h"

#include <stdlib.h>

#define JSON_BYTES (128u * 1024u * 1024u)

static const struct form_field *field_of(const struct filler *filler,
                                         const struct question *question) {
    const struct form_program *program = filler_program(filler);
    uint32_t index = question->place.field == MODEL_NONE ? FORM_NO_PARENT
                                                         : program->compiled[question->place.field];

    return index == FORM_NO_PARENT ? NULL : &program->form->fields[index];
}

/* What stood there when the draft was begun, and what people should know of it. */
static void add_past(const struct filler *filler, struct json *object,
                     const struct question *question) {
    const struct past_cell *past = filler_past(filler, question->place);
    struct view base = filler_base(filler, question->place);
    char at[TIME_TEXT_BYTES];
    struct json *last;

    if (past != NULL && past->in_conflict)
        json_add_bool(object, "conflict", true);
    if (past != NULL && past->is_broken && filler_inherits(filler, question))
        json_add_view(object, "soft", past->rule);
    if (base.size == 0) {
        past = filler_earlier(filler, question->place);
        if (past == NULL)
            return;
        base = past->value;
    }
    last = json_add_object(object, "last");
    json_add_view(last, "value", base);
    if (past != NULL && past->value.size > 0)
        json_add_bool(last, "visit", true);
    if (past == NULL || past->at_ms == 0)
        return;
    time_format(past->at_ms, at);
    json_add_text(last, "at", at);
    if (past->author.size > 0)
        json_add_view(last, "author", past->author);
}

static enum rc add_upload(struct filler *filler, struct json *item, const struct question *question,
                          struct err *err) {
    const struct model *model = filler_program(filler)->model;
    const struct xml_node *bind = model->fields[question->place.field].bind, *pixels = NULL;
    struct view accept = {0};
    uint64_t most;

    if (question->control != MODEL_NONE)
        accept = model->controls[question->control].media_type;
    if (bind != NULL)
        pixels = xml_attribute_of(bind, MODEL_URI_ROSA, "max-pixels");
    if (pixels != NULL && parse_u64(pixels->value, &most) && most <= INT32_MAX)
        json_add_int(item, "max_pixels", (int64_t)most);
    return album_json(filler, field_of(filler, question), accept, question->value, item, err);
}

static enum rc add_question(struct filler *filler, struct json *list,
                            const struct question *question, struct err *err) {
    const struct form_field *field = field_of(filler, question);
    struct json *item = json_add_object(list, NULL);

    question_json(item, question, field != NULL && field->sensitive,
                  !filler_inherits(filler, question));
    if (field != NULL && question->kind != MODEL_REPEAT && question->kind != MODEL_GROUP)
        add_past(filler, item, question);
    return question->kind == MODEL_UPLOAD ? add_upload(filler, item, question, err) : RC_OK;
}

static void add_head(struct filler *filler, struct json *object) {
    const struct form *form = filler_form(filler);
    const struct engine *engine = filler_engine(filler);
    struct dot record = filler_record(filler);
    char area[32], id[17];

    json_add_int(object, "draft", (int64_t)filler_draft(filler));
    json_add_view(object, "form", form->name);
    id_text(form->id, id);
    json_add_text(object, "form_id", id);
    json_add_view(object, "version", form->version);
    if (filler_title(filler).size > 0)
        json_add_view(object, "title", filler_title(filler));
    snprintf(area, sizeof(area), "%012llu", (unsigned long long)filler_area(filler));
    json_add_text(object, "area", area);
    if (record.number != 0) {
        char text[DOT_TEXT_BYTES];

        dot_text(record, text);
        json_add_text(object, "record", text);
    }
    question_json_languages(object, engine);
}

/* Which questions stand, and where: FNV-1a, by words. */
static uint64_t shape_of(const struct question *stops, uint32_t count) {
    uint64_t hash = UINT64_C(14695981039346656037);

    for (uint32_t i = 0; i < count; i++) {
        const uint64_t words[] = {stops[i].place.field, stops[i].place.instance,
                                  stops[i].is_instance, stops[i].is_relevant};

        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
            hash = (hash ^ words[k]) * UINT64_C(1099511628211);
    }
    return hash;
}

static int by_place(const void *left, const void *right) {
    const struct engine_place *a = left, *b = right;

    if (a->field != b->field)
        return a->field < b->field ? -1 : 1;
    return a->instance < b->instance ? -1 : a->instance > b->instance;
}

struct changed {
    uint32_t count;
    struct engine_place *places; /* sorted */
};

static enum rc find_changed(struct filler *filler, struct arena *arena, struct changed *changed,
                            struct err *err) {
    struct filler_shown *shown = filler_shown(filler);
    enum rc rc = engine_changes(filler_engine(filler), shown->mark, arena, &changed->places,
                                &changed->count, &shown->mark, err);

    if (rc == RC_OK && changed->count > 1)
        qsort(changed->places, changed->count, sizeof(*changed->places), by_place);
    return rc;
}

static bool is_among(const struct changed *changed, const struct question *stop) {
    return changed->count > 0 && bsearch(&stop->place, changed->places, changed->count,
                                         sizeof(stop->place), by_place) != NULL;
}

static enum rc add_questions(struct filler *filler, bool all, bool changes, struct json *object,
                             struct err *err) {
    struct filler_shown *shown = filler_shown(filler);
    bool whole = !changes || shown->mark == 0;
    struct json *list = json_add_array(object, "questions");
    struct changed changed = {0};
    struct question *stops;
    struct arena arena;
    uint32_t count = 0;
    uint64_t shape;
    enum rc rc;

    arena_init(&arena, JSON_BYTES);
    rc = filler_read_earlier(filler, err);
    if (rc == RC_OK)
        rc = find_changed(filler, &arena, &changed, err);
    if (rc == RC_OK)
        rc = engine_walk(filler_engine(filler), &arena, &stops, &count, err);
    if (rc == RC_OK) {
        shape = shape_of(stops, count);
        whole = whole || shape != shown->shape;
        shown->shape = shape;
    }
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        if ((!stops[i].is_relevant && !all) || (!whole && !is_among(&changed, &stops[i])))
            continue;
        rc = engine_ask(filler_engine(filler), &arena, &stops[i], err);
        if (rc == RC_OK)
            rc = add_question(filler, list, &stops[i], err);
    }
    if (changes && whole)
        json_add_bool(object, "whole", true);
    arena_release(&arena);
    return rc;
}

enum rc filler_json(struct filler *filler, bool all, struct json *object, struct err *err) {
    add_head(filler, object);
    return add_questions(filler, all, false, object, err);
}

enum rc filler_json_changes(struct filler *filler, struct json *object, struct err *err) {
    add_head(filler, object);
    return add_questions(filler, false, true, object, err);
}
