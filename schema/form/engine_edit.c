/* Changing a draft: answers, instances of repeats, languages. */
#include "base/text.h"
#include "schema/form/engine_parts.h"
#include "schema/form/model_value.h"
#include "schema/limits.h"

static enum rc settle(struct engine *engine, struct err *err) {
    if (compute_all(engine, err) != RC_OK || action_settle(engine, err) != RC_OK)
        return err->rc;
    engine->clock++;
    return RC_OK;
}

static enum rc prepare(struct engine *engine, struct err *err) {
    engine->steps = ENGINE_STEPS;
    if (engine->document == NULL)
        return err_set(err, RC_INVALID, "no draft has been begun");
    return tree_pack(engine, err);
}

static enum rc no_such(struct err *err) {
    return err_set(err, RC_NOT_FOUND, "there is no such question in the draft any more");
}

/* Names of choices, each once, in the order in which they were given. */
static enum rc read_choices(struct engine *engine, const struct model_control *control,
                            struct engine_cell *cell, struct view text, struct buf *out,
                            struct err *err) {
    struct option *options = NULL;
    uint32_t count = 0;
    size_t at = 0;

    eval_reset(engine);
    if (choices_of(engine, control, cell, false, &engine->scratch, &options, &count) != RC_OK)
        return err_set(err, RC_INVALID, "the choices cannot be computed: %s", engine->trouble.text);
    while (at < text.size) {
        size_t start;
        struct view word;
        bool is_there = false;

        while (at < text.size && text.data[at] <= ' ')
            at++;
        start = at;
        while (at < text.size && text.data[at] > ' ')
            at++;
        word = view_slice(text, start, at - start);
        if (word.size == 0 || choice_has(buf_view(out), word))
            continue;
        for (uint32_t i = 0; i < count && !is_there; i++)
            is_there = view_equal(options[i].value, word);
        if (!is_there)
            return err_set(err, RC_INVALID, "%.*s is not among the choices",
                           VIEW_PRINT(utf8_cut_bytes(word, 60)));
        if (control->kind == MODEL_SELECT_ONE && out->size > 0)
            return err_set(err, RC_INVALID, "only one choice is allowed");
        if (out->size > 0)
            buf_add_u8(out, ' ');
        buf_add_view(out, word);
    }
    return RC_OK;
}

static enum rc read_answer(struct engine *engine, struct engine_cell *cell, struct view text,
                           struct buf *out, struct err *err) {
    const struct model_field *field = cell_field(engine, cell);
    const struct model_control *control =
        field->control == MODEL_NONE ? NULL : &engine->model->controls[field->control];

    if (!utf8_valid(text))
        return err_set(err, RC_INVALID, "the answer is not valid UTF-8 text");
    if (control != NULL && (control->kind == MODEL_SELECT_ONE ||
                            control->kind == MODEL_SELECT_MANY || control->kind == MODEL_RANK))
        return read_choices(engine, control, cell, text, out, err);
    if (!model_value_read(field->type, text, out))
        return err_set(err, RC_INVALID, "\"%.*s\": the answer must be %s",
                       VIEW_PRINT(utf8_cut_bytes(text, 60)),
                       words(engine->lang, model_value_hint(field->type)));
    return RC_OK;
}

enum rc engine_set(struct engine *engine, struct engine_place place, struct view text,
                   struct err *err) {
    struct engine_cell *cell;
    struct buf answer;
    enum rc rc;

    if (prepare(engine, err) != RC_OK)
        return err->rc;
    cell = tree_find(engine, place);
    if (cell == NULL || !cell_field(engine, cell)->is_leaf)
        return no_such(err);
    if (cell->is_read_only)
        return err_set(err, RC_DENIED, "this answer cannot be changed: it is read-only");
    if (!cell->is_relevant)
        return err_set(err, RC_DENIED, "this question does not apply now");
    if (text.size > LIMIT_VALUE_BYTES)
        return err_set(err, RC_LIMIT, "an answer of more than %u bytes", LIMIT_VALUE_BYTES);
    buf_init(&answer, LIMIT_VALUE_BYTES);
    rc = read_answer(engine, cell, text, &answer, err);
    if (rc == RC_OK)
        rc = buf_check(&answer, "the answer", err);
    if (rc == RC_OK && !view_equal(buf_view(&answer), cell_value(cell))) {
        rc = cell_set(engine, cell, buf_view(&answer), err);
        if (rc == RC_OK)
            rc = settle(engine, err);
    }
    buf_release(&answer);
    return rc;
}

enum rc engine_add(struct engine *engine, struct engine_place repeat, uint64_t id,
                   struct engine_place *added, struct err *err) {
    const struct model *model = engine->model;
    struct engine_cell *parent, *cell;

    if (prepare(engine, err) != RC_OK)
        return err->rc;
    if (repeat.field >= model->field_count || !model->fields[repeat.field].is_repeat ||
        (parent = tree_parent(engine, repeat)) == NULL)
        return no_such(err);
    if (model->fields[repeat.field].no_add_remove)
        return err_set(err, RC_DENIED, "the form says how many entries there are");
    if (id != 0 && tree_has_id(engine, id))
        return err_set(err, RC_CONFLICT, "an entry with this id exists already");
    if (tree_add_instance(engine, parent->node, repeat.field, model->fields[repeat.field].pattern,
                          id, &cell, err) != RC_OK ||
        tree_link(engine, err) != RC_OK)
        return err->rc;
    id = cell->id;
    if (settle(engine, err) != RC_OK)
        return err->rc;
    *added = (struct engine_place){.field = repeat.field, .instance = id};
    return RC_OK;
}

enum rc engine_remove(struct engine *engine, struct engine_place instance, struct err *err) {
    struct engine_cell *cell;

    if (prepare(engine, err) != RC_OK)
        return err->rc;
    cell = tree_find(engine, instance);
    if (cell == NULL || !cell_field(engine, cell)->is_repeat)
        return no_such(err);
    if (cell_field(engine, cell)->no_add_remove)
        return err_set(err, RC_DENIED, "the form says how many entries there are");
    tree_cut(engine, cell);
    return tree_link(engine, err) == RC_OK ? settle(engine, err) : err->rc;
}

enum rc engine_speak(struct engine *engine, struct view language, struct err *err) {
    uint32_t found = model_language(engine->model, language);

    if (found == MODEL_NONE)
        return err_set(err, RC_NOT_FOUND, "the form has no language %.*s",
                       VIEW_PRINT(utf8_cut_bytes(language, 60)));
    engine->language = found;
    engine->clock++;
    return RC_OK;
}

enum rc engine_recompute(struct engine *engine, struct err *err) {
    return prepare(engine, err) == RC_OK ? settle(engine, err) : err->rc;
}
