/* What there is in a filling: the cells of the engine, and what stood in them at the beginning. */
#include "schema/form/filling_parts.h"

#include "base/text.h"
#include "schema/form/form_json.h"

#include <stdlib.h>

void filling_init(struct filling *filling, const struct form_program *program,
                  const struct engine_host *host, enum lang lang) {
    *filling = (struct filling){.program = program};
    engine_init(&filling->engine, program->model, host, lang, ENGINE_BYTES);
    arena_init(&filling->arena, FILLING_BYTES);
}

void filling_release(struct filling *filling) {
    engine_release(&filling->engine);
    arena_release(&filling->arena);
}

bool filling_writes(const struct form_field *field) {
    return form_field_holds_value(field) && field->type != FIELD_TYPE_CALCULATE &&
           field->type != FIELD_TYPE_NOTE && field->policy != POLICY_SERVER;
}

bool filling_is_album(const struct form_field *field) {
    return field->policy == POLICY_UNION && field->type == FIELD_TYPE_ATTACHMENT;
}

bool filling_only_adds(const struct form_field *field) {
    return field->policy == POLICY_UNION && field->type != FIELD_TYPE_SELECT_MULTIPLE &&
           !filling_is_album(field);
}

/* --- the cells of the engine --- */

enum rc filling_instances(struct filling *filling, struct arena *arena, struct live *live,
                          struct err *err) {
    struct live_instance *root =
        arena_push(arena, &live->list, &live->count, &live->capacity, sizeof(*root));
    uint64_t around[FORM_DEPTH + 1] = {0};
    uint32_t depth_of[FORM_DEPTH + 1] = {0}, depth = 0, count = 0;
    struct question *stops;
    enum rc rc;

    if (root == NULL)
        return arena_check(arena, "a draft", err);
    *root = (struct live_instance){.repeat = FORM_NO_PARENT};
    rc = engine_walk(&filling->engine, arena, &stops, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct live_instance *instance;

        if (!stops[i].is_instance)
            continue;
        while (depth > 0 && depth_of[depth] >= stops[i].depth)
            depth--;
        instance = arena_push(arena, &live->list, &live->count, &live->capacity, sizeof(*instance));
        if (instance == NULL || depth == FORM_DEPTH)
            return arena_check(arena, "a draft", err);
        *instance =
            (struct live_instance){.id = stops[i].place.instance,
                                   .parent = around[depth],
                                   .repeat = filling->program->compiled[stops[i].place.field]};
        depth++;
        around[depth] = instance->id;
        depth_of[depth] = stops[i].depth;
    }
    return rc;
}

struct view filling_live_text(const struct filling *filling, uint32_t field, uint64_t instance) {
    struct engine_place place = {.field = filling->program->fields[field], .instance = instance};

    return text_trim(engine_value(&filling->engine, place));
}

static int compare_cells(const void *left, const void *right) {
    const struct filled_cell *a = left, *b = right;

    if (a->instance != b->instance)
        return a->instance < b->instance ? -1 : 1;
    return a->field == b->field ? 0 : a->field < b->field ? -1 : 1;
}

void filling_sort_base(struct filling *filling) {
    if (filling->base_count > 0)
        qsort(filling->base, filling->base_count, sizeof(*filling->base), compare_cells);
}

struct view filling_base_text(const struct filling *filling, uint32_t field, uint64_t instance) {
    struct filled_cell key = {.field = field, .instance = instance};
    const struct filled_cell *found =
        filling->base_count == 0
            ? NULL
            : bsearch(&key, filling->base, filling->base_count, sizeof(key), compare_cells);

    return found == NULL ? (struct view){0} : found->text;
}

const struct old_instance *filling_old(const struct filling *filling, uint64_t id) {
    for (uint32_t i = 0; i < filling->old_count; i++)
        if (filling->olds[i].id == id)
            return &filling->olds[i];
    return NULL;
}

/* --- beginning --- */

/* XForms bring one empty instance of every repeat. A person adds what there is: an empty income
 * that nobody has would have to be removed before the record can be saved. */
static enum rc drop_defaults(struct filling *filling, struct err *err) {
    struct question *stops;
    uint32_t count = 0;
    struct arena arena;
    enum rc rc;

    arena_init(&arena, FILLING_BYTES);
    rc = engine_walk(&filling->engine, &arena, &stops, &count, err);
    for (uint32_t i = count; i > 0 && rc == RC_OK; i--)
        if (stops[i - 1].is_instance && stops[i - 1].can_remove)
            rc = engine_remove(&filling->engine, stops[i - 1].place, err);
    arena_release(&arena);
    return rc;
}

enum rc filling_begin(struct filling *filling, struct err *err) {
    enum rc rc = engine_begin(&filling->engine, err);

    return rc == RC_OK ? drop_defaults(filling, err) : rc;
}

/* What the engine shows before the person does anything. */
static enum rc take_base(struct filling *filling, struct err *err) {
    const struct form *form = filling->program->form;
    uint32_t capacity = 0;
    struct live live = {0};
    enum rc rc = filling_instances(filling, &filling->arena, &live, err);

    for (uint32_t i = 0; i < live.count && rc == RC_OK; i++)
        for (uint32_t f = 0; f < form->field_count; f++) {
            struct view text;
            struct filled_cell *cell;

            if (form->fields[f].repeat != live.list[i].repeat ||
                !filling_writes(&form->fields[f]) || filling->program->fields[f] == MODEL_NONE)
                continue;
            text = filling_live_text(filling, f, live.list[i].id);
            if (text.size == 0)
                continue;
            cell = arena_push(&filling->arena, &filling->base, &filling->base_count, &capacity,
                              sizeof(*cell));
            if (cell == NULL)
                return arena_check(&filling->arena, "a draft", err);
            *cell = (struct filled_cell){
                .field = f, .instance = live.list[i].id, .text = arena_view(&filling->arena, text)};
        }
    if (rc == RC_OK)
        filling_sort_base(filling);
    return rc == RC_OK ? arena_check(&filling->arena, "a draft", err) : rc;
}

enum rc filling_see(struct filling *filling, const struct reading *reading, struct err *err) {
    struct buf xml;
    enum rc rc;

    buf_init(&xml, ENGINE_INSTANCE_BYTES);
    rc = filling_instance_xml(filling->program, reading, &xml, err);
    if (rc == RC_OK)
        rc = engine_open(&filling->engine, ENGINE_RESUME, buf_view(&xml), err);
    buf_release(&xml);
    if (rc != RC_OK)
        return rc;
    filling->olds = arena_array(&filling->arena, reading->instance_count, sizeof(*filling->olds));
    if (filling->olds == NULL)
        return arena_check(&filling->arena, "a draft", err);
    for (uint32_t i = 0; i < reading->instance_count; i++)
        if (!reading->instances[i].removed)
            filling->olds[filling->old_count++] =
                (struct old_instance){.id = filling_instance(reading->instances[i].id),
                                      .instance = reading->instances[i].id};
    return take_base(filling, err);
}
