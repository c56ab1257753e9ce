/* A draft as people see it: the way through the body, and each stop on it. */
#include "schema/form/engine_parts.h"

#include "base/words.h"
#include "schema/form/model_value.h"

struct way {
    struct engine *engine;
    struct arena *arena;
    struct question *stops;
    uint32_t count, capacity;
};

static bool stop_at(struct way *way, struct question stop) {
    struct question *slot =
        arena_push(way->arena, &way->stops, &way->count, &way->capacity, sizeof(*slot));

    if (slot != NULL)
        *slot = stop;
    return slot != NULL;
}

/* The first block of a question. */
static struct question stop_of(const struct engine *engine, const struct engine_cell *cell,
                               uint32_t index, uint32_t depth) {
    const struct model_field *field = cell_field(engine, cell);

    return (struct question){
        .place = tree_place(engine, cell),
        .control = index,
        .depth = depth,
        .kind = index == MODEL_NONE ? MODEL_INPUT : engine->model->controls[index].kind,
        .type = field->type,
        .is_relevant = cell->is_relevant,
        .is_required = cell->is_required,
        .is_read_only = cell->is_read_only,
        .violation = cell->violation,
        .is_warned = cell->is_warned,
    };
}

static bool visit(struct way *way, uint32_t from, uint32_t to, struct xml_node *context,
                  uint32_t depth);

static bool visit_group(struct way *way, uint32_t index, struct xml_node *context, uint32_t depth) {
    struct engine *engine = way->engine;
    const struct model_control *control = &engine->model->controls[index];
    struct question stop = {.control = index,
                            .depth = depth,
                            .kind = MODEL_GROUP,
                            .place = {.field = MODEL_NONE},
                            .is_relevant =
                                cell_of(context) == NULL || cell_of(context)->is_relevant};

    if (control->field != MODEL_NONE && !engine->model->fields[control->field].is_repeat) {
        struct engine_cell *cell = tree_near(engine, context, control->field);

        if (cell != NULL) {
            stop = stop_of(engine, cell, index, depth);
            context = cell->node;
        }
    }
    return stop_at(way, stop) && visit(way, index + 1, control->end, context, depth + 1);
}

/* One parent's instances. */
static bool visit_instances(struct way *way, uint32_t index, struct engine_cell *parent,
                            uint32_t depth) {
    struct engine *engine = way->engine;
    const struct model_control *control = &engine->model->controls[index];
    const struct model_field *field = &engine->model->fields[control->field];
    struct question stop = {
        .place = {.field = control->field, .instance = tree_instance(engine, parent->node)},
        .control = index,
        .depth = depth,
        .kind = MODEL_REPEAT,
        .is_read_only = parent->is_read_only,
        .can_add = !field->no_add_remove};
    struct engine_cell *first;

    (void)tree_last_instance(parent->node, control->field, &stop.count);
    first = stop.count == 0 ? NULL : cell_of(tree_child(parent->node, control->field));
    stop.is_relevant = first != NULL ? first->is_relevant
                                     : compute_range_relevant(engine, parent->node, control->field);
    if (!stop_at(way, stop))
        return false;
    stop.position = 0;
    for (struct xml_node *child = parent->node->first; child != NULL; child = child->next) {
        struct question instance;

        if (child->mark != control->field + 1 || child->tag == NULL)
            continue;
        instance = stop_of(engine, cell_of(child), index, depth);
        instance.is_instance = true;
        instance.position = ++stop.position;
        instance.can_remove = stop.can_add;
        if (!stop_at(way, instance) || !visit(way, index + 1, control->end, child, depth + 1))
            return false;
    }
    return true;
}

/* Depth is bounded by the limits of XML. */
static bool visit(struct way *way, uint32_t from, uint32_t to, struct xml_node *context,
                  uint32_t depth) {
    struct engine *engine = way->engine;
    const struct model *model = engine->model;

    for (uint32_t i = from; i < to; i = model->controls[i].end) {
        uint32_t first, last, field = model->controls[i].field;

        if (model->controls[i].kind == MODEL_GROUP) {
            if (!visit_group(way, i, context, depth))
                return false;
            continue;
        }
        if (model->controls[i].kind == MODEL_REPEAT) {
            tree_range(engine, context, model->fields[field].parent, &first, &last);
            for (; first < last; first++)
                if (!visit_instances(way, i, engine->cells[first], depth))
                    return false;
            continue;
        }
        tree_range(engine, context, field, &first, &last);
        for (; first < last; first++)
            if (!stop_at(way, stop_of(engine, engine->cells[first], i, depth)))
                return false;
    }
    return true;
}

enum rc engine_walk(struct engine *engine, struct arena *arena, struct question **stops,
                    uint32_t *count, struct err *err) {
    struct way way = {.engine = engine, .arena = arena};

    *stops = NULL;
    *count = 0;
    engine->steps = ENGINE_STEPS;
    if (engine->document == NULL)
        return err_set(err, RC_INVALID, "no draft has been begun");
    if (!visit(&way, 0, engine->model->control_count, engine->document, 0))
        return arena_check(arena, "the questions", err);
    *stops = way.stops;
    *count = way.count;
    return RC_OK;
}

/* ---- one stop ---- */

static struct view message(struct engine *engine, const struct engine_cell *cell,
                           struct arena *arena) {
    const struct model_field *field = cell_field(engine, cell);
    const char *own = NULL;
    struct view text = view_of("", 0);

    switch ((enum engine_violation)cell->violation) {
    case ENGINE_FINE:
        return text;
    case ENGINE_MISSING:
        text = text_render(engine, &field->required_message, "", cell->node, NULL, arena);
        own = words(engine->lang, "an answer is required");
        break;
    case ENGINE_CONSTRAINT:
        text = text_render(engine, &field->constraint_message, "", cell->node, NULL, arena);
        own = words(engine->lang, "the form does not allow this answer");
        break;
    case ENGINE_TYPE:
        own = arena_text(arena, words(engine->lang, "the answer must be %s"),
                         words(engine->lang, model_value_hint(field->type)));
        break;
    case ENGINE_TROUBLE:
        own = cell->trouble;
        break;
    }
    if (text.size > 0)
        return text;
    return arena_view(arena, view_text(own));
}

static struct view warning(struct engine *engine, const struct engine_cell *cell,
                           struct arena *arena) {
    struct view text = view_of("", 0);

    if (!cell->is_warned)
        return text;
    text = text_render(engine, &cell_field(engine, cell)->warning_message, "", cell->node, NULL,
                       arena);
    return text.size > 0
               ? text
               : arena_view(arena,
                            view_text(words(engine->lang, "please look at this answer again")));
}

static enum rc fill_options(struct engine *engine, struct arena *arena,
                            const struct model_control *control, struct engine_cell *cell,
                            struct question *question, struct err *err) {
    if (control->kind != MODEL_SELECT_ONE && control->kind != MODEL_SELECT_MANY &&
        control->kind != MODEL_RANK)
        return RC_OK;
    if (choices_of(engine, control, cell, true, arena, &question->options,
                   &question->option_count) != RC_OK) {
        question->option_count = 0; /* the question's error tells why */
        return arena_check(arena, "the choices", err);
    }
    for (uint32_t i = 0; i < question->option_count; i++)
        question->options[i].is_selected = choice_has(question->value, question->options[i].value);
    return RC_OK;
}

enum rc engine_ask(struct engine *engine, struct arena *arena, struct question *question,
                   struct err *err) {
    struct engine_cell *cell = tree_find(engine, question->place);
    const struct model_control *control;
    struct xml_node *node;
    struct buf ref;
    enum rc rc;

    engine->steps = ENGINE_STEPS;
    eval_reset(engine);
    if (cell != NULL && question->control == MODEL_NONE)
        question->control = cell_field(engine, cell)->control;
    if (cell == NULL && question->control == MODEL_NONE)
        return err_set(err, RC_NOT_FOUND, "there is no such question in the draft any more");
    buf_init(&ref, XPATH_TEXT_BYTES_MAX);
    engine_ref(engine, question->place, &ref);
    question->ref = arena_view(arena, buf_view(&ref));
    rc = buf_check(&ref, "a question", err);
    buf_release(&ref);
    if (rc != RC_OK)
        return rc;
    if (cell != NULL) {
        struct question stop = stop_of(engine, cell, question->control, question->depth);

        question->kind = stop.kind;
        question->type = stop.type;
        question->is_relevant = stop.is_relevant;
        question->is_required = stop.is_required;
        question->is_read_only = stop.is_read_only;
        question->violation = stop.violation;
        question->value = arena_view(arena, cell_value(cell));
        question->error = message(engine, cell, arena);
        question->is_warned = stop.is_warned;
        question->warning = warning(engine, cell, arena);
    } else {
        cell = question->place.field == MODEL_NONE ? NULL : tree_parent(engine, question->place);
    }
    if (question->control == MODEL_NONE)
        return arena_check(arena, "the question", err);
    control = &engine->model->controls[question->control];
    node = cell == NULL ? xml_root(engine->document) : cell->node;
    question->label = text_render(engine, &control->label, "", node, NULL, arena);
    question->hint = text_render(engine, &control->hint, "", node, NULL, arena);
    question->guidance = text_render(engine, &control->hint, "guidance", node, NULL, arena);
    question->image = text_render(engine, &control->label, "image", node, NULL, arena);
    question->audio = text_render(engine, &control->label, "audio", node, NULL, arena);
    question->video = text_render(engine, &control->label, "video", node, NULL, arena);
    question->appearance = control->appearance;
    question->parameters = control->parameters;
    question->parameter_count = control->parameter_count;
    if (cell != NULL && fill_options(engine, arena, control, cell, question, err) != RC_OK)
        return err->rc;
    return arena_check(arena, "the question", err);
}

struct view engine_value(const struct engine *engine, struct engine_place place) {
    const struct engine_cell *cell = engine->document == NULL ? NULL : tree_find(engine, place);

    return cell == NULL || !cell_field(engine, cell)->is_leaf ? view_of("", 0) : cell_value(cell);
}

bool engine_look(struct engine *engine, struct engine_place place, struct engine_state *state) {
    const struct engine_cell *cell = engine->document == NULL ? NULL : tree_find(engine, place);
    const struct engine_cell *parent;

    if (cell != NULL) {
        *state = (struct engine_state){cell->is_relevant, cell->is_required, cell->is_read_only,
                                       cell->violation, cell->is_warned};
        return true;
    }
    if (engine->document == NULL || place.field >= engine->model->field_count ||
        !engine->model->fields[place.field].is_repeat)
        return false;
    parent = tree_parent(engine, place);
    if (parent == NULL)
        return false;
    cell = cell_of(tree_child(parent->node, place.field));
    engine->steps = ENGINE_STEPS;
    *state = (struct engine_state){
        .is_relevant = cell != NULL ? cell->is_relevant
                                    : compute_range_relevant(engine, parent->node, place.field),
        .is_read_only = parent->is_read_only};
    return true;
}

/* ---- what is different ---- */

static uint64_t shown_hash(struct engine *engine, struct engine_cell *cell, struct arena *arena) {
    const struct model_field *field = cell_field(engine, cell);
    const struct model_control *control =
        field->control == MODEL_NONE ? NULL : &engine->model->controls[field->control];
    const uint8_t flags[] = {cell->is_relevant, cell->is_required, cell->is_read_only,
                             cell->violation,   cell->is_warned,   (uint8_t)engine->language};
    uint64_t hash = engine_hash(1, view_of(flags, sizeof(flags)));
    struct option *options = NULL;
    uint32_t count = 0;

    if (field->is_leaf)
        hash = engine_hash(hash, cell_value(cell));
    if (cell->violation != ENGINE_FINE)
        hash = engine_hash(hash, message(engine, cell, arena));
    if (cell->is_warned)
        hash = engine_hash(hash, warning(engine, cell, arena));
    if (control == NULL)
        return hash;
    hash = engine_hash(hash, text_render(engine, &control->label, "", cell->node, NULL, arena));
    hash = engine_hash(hash, text_render(engine, &control->hint, "", cell->node, NULL, arena));
    if ((control->item_count == 0 && control->itemset.nodes == NULL) ||
        control->itemset.is_constant ||
        choices_of(engine, control, cell, true, arena, &options, &count) != RC_OK)
        return hash;
    for (uint32_t i = 0; i < count; i++)
        hash = engine_hash(engine_hash(hash, options[i].value), options[i].label);
    return hash;
}

enum rc engine_changes(struct engine *engine, uint64_t since, struct arena *arena,
                       struct engine_place **places, uint32_t *count, uint64_t *mark,
                       struct err *err) {
    uint32_t capacity = 0;

    *places = NULL;
    *count = 0;
    if (engine->document == NULL)
        return err_set(err, RC_INVALID, "no draft has been begun");
    engine->steps = ENGINE_STEPS;
    engine->clock++;
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        struct engine_cell *cell = engine->cells[i];
        struct engine_place *slot;
        uint64_t hash;

        eval_reset(engine);
        hash = shown_hash(engine, cell, &engine->scratch);
        if (hash != cell->shown) {
            cell->shown = hash;
            cell->changed = engine->clock;
        }
        if (cell->changed <= since)
            continue;
        slot = arena_push(arena, places, count, &capacity, sizeof(*slot));
        if (slot == NULL)
            return arena_check(arena, "the changes", err);
        *slot = tree_place(engine, cell);
    }
    *mark = engine->clock;
    return RC_OK;
}
