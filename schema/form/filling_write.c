/* The way out. Every cell of the engine is compared with what was there at the beginning. The base
 * travels with the draft, because the record may change under it; what both have changed is told,
 * not written. */
#include "base/text.h"
#include "schema/form/filling_parts.h"
#include "schema/limits.h"

struct finishing {
    struct filling *filling;
    struct edit *edit;
    struct arena *arena;
    struct filled *out;
    struct instance_id *instances; /* beside the live ones: what they are in the record */
    struct filled_cell *moved;
    struct instance_id *removed;
    uint32_t moved_capacity, removed_capacity;
    struct buf text;
};

/* The old one, or a new one in the record. */
static enum rc place_instance(struct finishing *at, const struct live *live, uint32_t index,
                              struct err *err) {
    const struct live_instance *instance = &live->list[index];
    const struct old_instance *old = filling_old(at->filling, instance->id);
    struct instance_id parent = {0};

    if (index == 0)
        return RC_OK;
    if (old != NULL) {
        at->instances[index] = old->instance;
        return RC_OK;
    }
    for (uint32_t i = 0; i < index; i++)
        if (live->list[i].id == instance->parent)
            parent = at->instances[i];
    at->out->written++;
    return edit_add_instance(at->edit, at->filling->program->form->fields[instance->repeat].number,
                             parent, &at->instances[index], err);
}

/* Whether somebody else has written the field since the filling began. */
static bool has_moved(struct finishing *at, const struct form_field *field, struct view base,
                      struct instance_id instance) {
    const struct cell *cell;
    bool is_new =
        !instance_is_root(instance) && filling_old(at->filling, filling_instance(instance)) == NULL;

    if (at->edit->reading == NULL || is_new)
        return false;
    buf_clear(&at->text);
    cell = reading_cell(at->edit->reading, instance, field->number);
    if (cell != NULL)
        filling_cell_text(at->edit->reading, instance, field, &at->text);
    return !view_equal(text_trim(buf_view(&at->text)), base) ||
           (cell != NULL && cell->kind == CELL_CONFLICT);
}

/* The words of left that right lacks: added to or removed from the set. */
static enum rc write_words(struct finishing *at, struct instance_id instance,
                           const struct form_field *field, struct view left, struct view right,
                           bool is_removal, struct err *err) {
    size_t from = 0;
    enum rc rc = RC_OK;

    while (from < left.size && rc == RC_OK) {
        struct view word = text_word(left, &from);
        struct value value;

        if (word.size == 0 || text_has_word(right, word))
            continue;
        rc = form_value_parse(at->edit->form, field, word, at->edit->arena, &value, err);
        if (rc == RC_OK && is_removal) {
            rc = edit_remove_element(at->edit, instance, field->number, &value, err);
            if (rc == RC_NOT_FOUND && filling_is_album(field)) { /* by somebody else, too */
                err_clear(err);
                rc = RC_OK;
            }
        } else if (rc == RC_OK)
            rc = edit_set(at->edit, instance, field->number, &value, field->rank, err);
    }
    return rc;
}

static enum rc write_cell(struct finishing *at, uint32_t index, struct instance_id instance,
                          struct view text, struct view base, struct err *err) {
    const struct form_field *field = &at->edit->form->fields[index];
    struct value value;
    enum rc rc;

    at->out->written++;
    if (field->policy == POLICY_UNION && !filling_only_adds(field)) {
        rc = write_words(at, instance, field, text, base, false, err);
        return rc == RC_OK ? write_words(at, instance, field, base, text, true, err) : rc;
    }
    rc = form_value_parse(at->edit->form, field, text, at->edit->arena, &value, err);
    return rc == RC_OK ? edit_set(at->edit, instance, field->number, &value, field->rank, err) : rc;
}

static enum rc finish_cell(struct finishing *at, const struct live_instance *live, uint32_t index,
                           struct instance_id instance, struct err *err) {
    const struct form_field *field = &at->edit->form->fields[index];
    struct engine_place place = {.field = at->filling->program->fields[index],
                                 .instance = live->id};
    struct view text = filling_live_text(at->filling, index, live->id);
    struct view base = filling_base_text(at->filling, index, live->id);
    struct engine_state state;
    struct filled_cell *moved;

    if (view_equal(text, base) || !engine_look(&at->filling->engine, place, &state) ||
        !state.is_relevant)
        return RC_OK;
    if (filling_only_adds(field) || filling_is_album(field) ||
        !has_moved(at, field, base, instance))
        return write_cell(at, index, instance, text, base, err);
    moved = arena_push(at->arena, &at->moved, &at->out->moved_count, &at->moved_capacity,
                       sizeof(*moved));
    if (moved == NULL)
        return arena_check(at->arena, "a draft", err);
    *moved = (struct filled_cell){
        .field = index, .instance = live->id, .text = arena_view(at->arena, text)};
    return RC_OK;
}

static enum rc find_removed(struct finishing *at, const struct live *live, struct err *err) {
    for (uint32_t i = 0; i < at->filling->old_count; i++) {
        struct instance_id *removed;
        bool is_there = false;

        for (uint32_t k = 1; k < live->count && !is_there; k++)
            is_there = live->list[k].id == at->filling->olds[i].id;
        if (is_there)
            continue;
        removed = arena_push(at->arena, &at->removed, &at->out->removed_count,
                             &at->removed_capacity, sizeof(*removed));
        if (removed == NULL)
            return arena_check(at->arena, "a draft", err);
        *removed = at->filling->olds[i].instance;
    }
    return RC_OK;
}

enum rc filling_write(struct filling *filling, struct edit *edit, struct arena *arena,
                      struct filled *out, struct err *err) {
    struct finishing at = {.filling = filling, .edit = edit, .arena = arena, .out = out};
    struct live live = {0};
    enum rc rc;

    *out = (struct filled){0};
    buf_init(&at.text, LIMIT_VALUE_BYTES * 4);
    rc = filling_instances(filling, arena, &live, err);
    if (rc == RC_OK) {
        at.instances = arena_array(arena, live.count, sizeof(*at.instances));
        rc = arena_check(arena, "a draft", err);
    }
    for (uint32_t i = 0; i < live.count && rc == RC_OK; i++) {
        rc = place_instance(&at, &live, i, err);
        for (uint32_t f = 0; f < edit->form->field_count && rc == RC_OK; f++)
            if (edit->form->fields[f].repeat == live.list[i].repeat &&
                filling_writes(&edit->form->fields[f]) && filling->program->fields[f] != MODEL_NONE)
                rc = finish_cell(&at, &live.list[i], f, at.instances[i], err);
    }
    if (rc == RC_OK)
        rc = find_removed(&at, &live, err);
    out->removed = at.removed;
    out->moved = at.moved;
    buf_release(&at.text);
    return rc;
}
