/* What fills fields by itself: metadata, and the actions of the form.
 *
 * An action's value is computed on its target. A target that is not relevant is left alone. Actions
 * of changed values run when the draft is settled, and are followed by another computation, until
 * no source differs from what its actions have seen: so a chain of triggers runs to its end, and a
 * circle of them stops after a number of rounds. */
#include "schema/form/engine_parts.h"

#include "base/date.h"

#define ROUNDS_MAX 16u

/* ---- metadata ---- */

static int64_t local_offset_ms(const struct engine *engine, int64_t now_ms) {
    if (engine->host.offset_ms == NULL)
        return CHINA_OFFSET_MS;
    return engine->host.offset_ms(engine->host.context, now_ms);
}

static void timestamp(const struct engine *engine, bool is_date_only, char out[64]) {
    int64_t now_ms = engine->host.now_ms(engine->host.context);
    int64_t offset_ms = local_offset_ms(engine, now_ms), local_ms = now_ms + offset_ms;
    int64_t day_ms = ((local_ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
    int64_t offset_minutes = offset_ms / MS_PER_MINUTE;
    char date[DATE_TEXT_BYTES], sign = offset_minutes < 0 ? '-' : '+';

    if (offset_minutes < 0)
        offset_minutes = -offset_minutes;
    date_format(date_from_days((local_ms - day_ms) / MS_PER_DAY), date);
    if (is_date_only)
        (void)snprintf(out, 64, "%s", date);
    else
        (void)snprintf(out, 64, "%sT%02d:%02d:%02d.%03d%c%02d:%02d", date,
                       (int)(day_ms / MS_PER_HOUR), (int)(day_ms / MS_PER_MINUTE % 60),
                       (int)(day_ms / MS_PER_SECOND % 60), (int)(day_ms % MS_PER_SECOND), sign,
                       (int)(offset_minutes / 60 % 100), (int)(offset_minutes % 60));
}

static bool preload_text(struct engine *engine, const struct model_field *field, char room[64],
                         struct view *text) {
    switch (field->preload) {
    case MODEL_PRELOAD_UID:
        engine_uuid(engine, room);
        break;
    case MODEL_PRELOAD_TIMESTAMP_START:
        timestamp(engine, field->type == MODEL_DATE, room);
        break;
    case MODEL_PRELOAD_TODAY:
        timestamp(engine, true, room);
        break;
    case MODEL_PRELOAD_DEVICE_ID:
        *text = engine->host.device_id;
        return true;
    case MODEL_PRELOAD_USER_NAME:
        *text = engine->host.user_name;
        return true;
    case MODEL_PRELOAD_EMAIL:
        *text = engine->host.email;
        return true;
    case MODEL_PRELOAD_PHONE_NUMBER:
        *text = engine->host.phone_number;
        return true;
    case MODEL_PRELOAD_TIMESTAMP_END:
    case MODEL_PRELOAD_NONE:
        return false;
    }
    *text = view_text(room);
    return true;
}

enum rc action_preload(struct engine *engine, struct err *err) {
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        struct engine_cell *cell = engine->cells[i];
        char room[64];
        struct view text;

        if (cell_field(engine, cell)->is_leaf &&
            preload_text(engine, cell_field(engine, cell), room, &text) &&
            cell_set(engine, cell, text, err) != RC_OK)
            return err->rc;
    }
    return RC_OK;
}

enum rc action_stamp_end(struct engine *engine, struct err *err) {
    for (uint32_t i = 0; i < engine->cell_count; i++) {
        struct engine_cell *cell = engine->cells[i];
        const struct model_field *field = cell_field(engine, cell);
        char room[64];

        if (field->preload != MODEL_PRELOAD_TIMESTAMP_END || !field->is_leaf)
            continue;
        timestamp(engine, field->type == MODEL_DATE, room);
        if (cell_set(engine, cell, view_text(room), err) != RC_OK)
            return err->rc;
    }
    return RC_OK;
}

/* ---- actions ---- */

static enum rc apply(struct engine *engine, const struct model_action *action,
                     struct engine_cell *cell, bool *changed, struct err *err) {
    struct view text = action->literal;

    if (!cell->is_relevant || !cell_field(engine, cell)->is_leaf ||
        action->kind == MODEL_RECORD_AUDIO)
        return RC_OK;
    eval_reset(engine);
    if (action->kind == MODEL_SET_GEOPOINT) {
        if (engine->host.geopoint == NULL)
            return RC_OK;
        text = engine->host.geopoint(engine->host.context);
    } else if (action->value != NULL &&
               !eval_text(engine, action->value, cell->node, NULL, &text)) {
        return RC_OK;
    }
    return compute_write(engine, cell, text, changed, err);
}

/* On all targets, seen from a node; NULL: everywhere. */
static enum rc run(struct engine *engine, const struct model_action *action,
                   struct xml_node *from_node, bool *changed, struct err *err) {
    uint32_t from = engine->start[action->target], to = engine->start[action->target + 1];

    if (action->place != NULL) {
        struct xpath_value value;
        struct engine_cell *cell;

        eval_reset(engine);
        if (eval_value(engine, action->place,
                       from_node == NULL ? xml_root(engine->document) : from_node, NULL,
                       &value) != RC_OK ||
            value.type != XPATH_NODES || value.count == 0)
            return RC_OK;
        cell = cell_of(value.nodes[0]);
        return cell == NULL ? RC_OK : apply(engine, action, cell, changed, err);
    }
    if (from_node != NULL)
        tree_range(engine, from_node, action->target, &from, &to);
    for (; from < to; from++)
        if (apply(engine, action, engine->cells[from], changed, err) != RC_OK)
            return err->rc;
    return RC_OK;
}

enum rc action_load(struct engine *engine, bool is_first, struct err *err) {
    const struct model *model = engine->model;
    uint32_t events = MODEL_ON_LOAD | (is_first ? MODEL_ON_FIRST_LOAD : 0);
    bool is_stale = false;

    for (uint32_t i = 0; i < model->action_count; i++) {
        const struct model_action *action = &model->actions[i];
        bool changed = false;

        if ((action->events & events) == 0)
            continue;
        if (is_stale && !action->is_plain && compute_all(engine, err) != RC_OK)
            return err->rc;
        is_stale &= action->is_plain;
        if (run(engine, action, NULL, &changed, err) != RC_OK)
            return err->rc;
        is_stale |= changed;
    }
    return is_stale ? compute_all(engine, err) : RC_OK;
}

/* Which sources have changed since their actions saw them. */
static bool look_at_sources(struct engine *engine) {
    const struct model *model = engine->model;
    bool found = false;

    for (uint32_t i = 0; i < model->action_count; i++) {
        uint32_t source = model->actions[i].source;

        if ((model->actions[i].events & MODEL_ON_VALUE_CHANGED) == 0 || source == MODEL_NONE)
            continue;
        for (uint32_t k = engine->start[source]; k < engine->start[source + 1]; k++) {
            struct engine_cell *cell = engine->cells[k];
            uint64_t hash;

            if (!cell->is_relevant)
                continue;
            hash = engine_hash(1, cell_value(cell));
            if (cell->fired != 0 && cell->fired != hash)
                cell->is_pending = found = true;
            cell->fired = hash;
        }
    }
    return found;
}

void action_baseline(struct engine *engine) {
    (void)look_at_sources(engine);
    for (uint32_t i = 0; i < engine->cell_count; i++)
        engine->cells[i]->is_pending = engine->cells[i]->is_new = false;
}

static enum rc run_pending(struct engine *engine, bool *changed, struct err *err) {
    const struct model *model = engine->model;

    for (uint32_t i = 0; i < model->action_count; i++) {
        const struct model_action *action = &model->actions[i];

        if ((action->events & MODEL_ON_VALUE_CHANGED) == 0 || action->source == MODEL_NONE)
            continue;
        for (uint32_t k = engine->start[action->source]; k < engine->start[action->source + 1]; k++)
            if (engine->cells[k]->is_pending &&
                run(engine, action, engine->cells[k]->node, changed, err) != RC_OK)
                return err->rc;
    }
    for (uint32_t i = 0; i < engine->cell_count; i++)
        engine->cells[i]->is_pending = false;
    return RC_OK;
}

/* An action of new instances belongs to the repeat that it stands in, or that its target is in. */
static bool belongs_to(const struct model *model, const struct model_action *action,
                       uint32_t repeat) {
    uint32_t field = action->source == MODEL_NONE ? action->target : action->source;

    return model->fields[field].repeat == repeat;
}

static enum rc run_new(struct engine *engine, bool *changed, struct err *err) {
    const struct model *model = engine->model;

    for (uint32_t k = 0; k < engine->cell_count; k++) {
        struct engine_cell *cell = engine->cells[k];

        if (!cell->is_new)
            continue;
        cell->is_new = false;
        for (uint32_t i = 0; i < model->action_count; i++)
            if ((model->actions[i].events & MODEL_ON_NEW_REPEAT) != 0 &&
                belongs_to(model, &model->actions[i], cell->field) &&
                run(engine, &model->actions[i], cell->node, changed, err) != RC_OK)
                return err->rc;
    }
    return RC_OK;
}

enum rc action_settle(struct engine *engine, struct err *err) {
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        bool changed = false;

        if (run_new(engine, &changed, err) != RC_OK)
            return err->rc;
        if (look_at_sources(engine) && run_pending(engine, &changed, err) != RC_OK)
            return err->rc;
        if (!changed)
            break;
        if (compute_all(engine, err) != RC_OK)
            return err->rc;
    }
    return RC_OK;
}
