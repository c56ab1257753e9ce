/* The end of a draft: what is still wrong with it. */
#include "schema/form/engine_parts.h"

static enum rc add_problem(struct engine *engine, struct arena *arena, struct question problem,
                           struct question **problems, uint32_t *count, uint32_t *capacity,
                           struct err *err) {
    struct question *slot;

    if (engine_ask(engine, arena, &problem, err) != RC_OK)
        return err->rc;
    slot = arena_push(arena, problems, count, capacity, sizeof(*slot));
    if (slot == NULL)
        return arena_check(arena, "the problems", err);
    *slot = problem;
    return RC_OK;
}

static enum rc list_problems(struct engine *engine, struct arena *arena, struct question **problems,
                             uint32_t *count, struct err *err) {
    struct question *stops = NULL;
    uint32_t stop_count = 0, capacity = 0;

    if (engine_walk(engine, arena, &stops, &stop_count, err) != RC_OK)
        return err->rc;
    for (uint32_t i = 0; i < stop_count; i++)
        if (stops[i].violation != ENGINE_FINE &&
            add_problem(engine, arena, stops[i], problems, count, &capacity, err) != RC_OK)
            return err->rc;
    /* What no control shows: calculations that fail. */
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        const struct engine_cell *cell = engine->cells[i];
        struct question problem = {.place = tree_place(engine, cell), .control = MODEL_NONE};

        if (cell->violation != ENGINE_FINE && cell_field(engine, cell)->control == MODEL_NONE &&
            add_problem(engine, arena, problem, problems, count, &capacity, err) != RC_OK)
            return err->rc;
    }
    return RC_OK;
}

enum rc engine_finish(struct engine *engine, struct arena *arena, struct question **problems,
                      uint32_t *count, struct err *err) {
    struct engine_cell *id = NULL;
    char fresh[48];

    *problems = NULL;
    *count = 0;
    if (engine->document == NULL)
        return err_set(err, RC_INVALID, "no draft has been begun");
    if (engine->model->instance_id != MODEL_NONE)
        id = tree_near(engine, engine->document, engine->model->instance_id);
    if (id != NULL && cell_value(id).size == 0) {
        engine_uuid(engine, fresh);
        if (cell_set(engine, id, view_text(fresh), err) != RC_OK)
            return err->rc;
    }
    if (action_stamp_end(engine, err) != RC_OK || engine_recompute(engine, err) != RC_OK)
        return err->rc;
    return list_problems(engine, arena, problems, count, err);
}

enum rc engine_warnings(struct engine *engine, struct arena *arena, struct question **warnings,
                        uint32_t *count, struct err *err) {
    struct question *stops = NULL;
    uint32_t stop_count = 0, capacity = 0;

    *warnings = NULL;
    *count = 0;
    if (engine_walk(engine, arena, &stops, &stop_count, err) != RC_OK)
        return err->rc;
    for (uint32_t i = 0; i < stop_count; i++)
        if (stops[i].is_warned &&
            add_problem(engine, arena, stops[i], warnings, count, &capacity, err) != RC_OK)
            return err->rc;
    return RC_OK;
}

enum rc engine_first_problem(struct engine *engine, struct engine_place from,
                             struct engine_place *problem, struct err *err) {
    struct arena arena;
    struct question *stops = NULL;
    uint32_t count = 0;
    bool has_begun = from.field == MODEL_NONE;

    *problem = (struct engine_place){.field = MODEL_NONE};
    arena_init(&arena, engine->tree.cap_bytes);
    if (engine_walk(engine, &arena, &stops, &count, err) != RC_OK) {
        arena_release(&arena);
        return err->rc;
    }
    for (uint32_t i = 0; i < count && problem->field == MODEL_NONE; i++) {
        has_begun |= stops[i].place.field == from.field && stops[i].place.instance == from.instance;
        if (has_begun && stops[i].violation != ENGINE_FINE)
            *problem = stops[i].place;
    }
    arena_release(&arena);
    return RC_OK;
}
