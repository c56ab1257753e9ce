/* What a person may write where: the checks at the moment of writing, so that a mistake is told
 * beside the field that it was made in. What the change replaces is found in edit_finish.c. */
#include "schema/edit.h"

#include <inttypes.h>

#include "schema/edit_build.h"
#include "schema/limits.h"
#include "schema/policy.h"
#include "schema/reading_build.h"

#define KIND(kind) (1u << (kind))

enum rc edit_wrong_kind(const struct edit *edit, struct err *err) {
    return err_set(err, RC_INVALID, "draft: a change of kind %u cannot do this", edit->change.kind);
}

static bool is_kind(const struct edit *edit, unsigned kinds) {
    return (KIND(edit->change.kind) & kinds) != 0;
}

enum rc edit_start(struct edit *edit, enum change_kind kind, struct dot dot, uint64_t person,
                   const struct form *form, const struct record *state,
                   const struct reading *reading, struct arena *arena, struct err *err) {
    memset(edit, 0, sizeof(*edit));
    if ((kind == CHANGE_CREATE) != (state == NULL) || (state == NULL) != (reading == NULL))
        return err_set(err, RC_INVALID, "draft: only a new record starts from nothing");
    edit->arena = arena;
    edit->form = form;
    edit->state = state;
    edit->reading = reading;
    edit->next_ordinal = 1;
    edit->change.kind = (uint8_t)kind;
    edit->change.dot = dot;
    edit->change.record = state == NULL ? dot : state->id;
    edit->change.person = person;
    edit->change.form = form == NULL ? 0 : form->id;
    return RC_OK;
}

enum rc edit_push(struct edit *edit, struct instance_id instance, uint16_t field,
                  const struct value *value, struct entry **out, struct err *err) {
    struct entry *entry;

    if (edit->entry_count == LIMIT_CHANGE_ENTRIES)
        return err_set(err, RC_LIMIT, "change: more than %u answers; save it in smaller parts",
                       LIMIT_CHANGE_ENTRIES);
    entry = arena_push(edit->arena, &edit->entries, &edit->entry_count, &edit->entry_capacity,
                       sizeof(*entry));
    if (entry == NULL)
        return arena_check(edit->arena, "draft", err);
    *entry = (struct entry){.instance = instance, .field = field, .value = *value};
    if (value->bytes.size > 0) {
        entry->value.bytes = arena_view(edit->arena, value->bytes);
        if (entry->value.bytes.data == NULL) {
            edit->entry_count--;
            return arena_check(edit->arena, "draft", err);
        }
    }
    if (out != NULL)
        *out = entry;
    return RC_OK;
}

enum rc edit_value_of(struct edit *edit, struct buf *bytes, struct value *out, struct err *err) {
    enum rc rc = buf_check(bytes, "draft", err);

    if (rc == RC_OK && bytes->size > LIMIT_VALUE_BYTES)
        rc = err_set(err, RC_LIMIT, "draft: one answer is longer than %u bytes", LIMIT_VALUE_BYTES);
    if (rc == RC_OK) {
        *out =
            (struct value){.type = VALUE_BYTES, .bytes = arena_view(edit->arena, buf_view(bytes))};
        if (out->bytes.data == NULL)
            rc = arena_check(edit->arena, "draft", err);
    }
    buf_release(bytes);
    return rc;
}

const struct conflict *edit_conflict(const struct edit *edit, struct instance_id instance,
                                     uint16_t field) {
    uint16_t group = policy_group(edit->form, field);

    for (uint32_t i = 0; i < edit->reading->conflict_count; i++) {
        const struct conflict *conflict = &edit->reading->conflicts[i];

        if (!instance_equal(conflict->instance, instance) || conflict->kind == CONFLICT_SOFT ||
            conflict->kind == CONFLICT_SAME)
            continue;
        if (conflict->field == (conflict->kind == CONFLICT_GROUP ? group : field))
            return conflict;
    }
    return NULL;
}

static bool added_here(const struct edit *edit, struct instance_id instance) {
    return dot_equal(instance.dot, edit->change.dot) && instance.ordinal < edit->next_ordinal;
}

static bool is_sealed(const struct edit *edit, uint8_t scope) {
    return edit->reading != NULL && scope != FORM_NO_SCOPE &&
           (edit->reading->sealed_scopes & (1u << scope)) != 0;
}

/* The instance is there and belongs to this repeat (index into the form's fields). */
static enum rc check_instance(const struct edit *edit, struct instance_id instance, uint32_t repeat,
                              struct err *err) {
    const struct seen_instance *seen;
    char name[INSTANCE_TEXT_BYTES];

    if (edit->reading != NULL && edit->reading->withdrawn)
        return err_set(err, RC_CONFLICT, "record: has been withdrawn");
    if (instance_is_root(instance) && repeat == FORM_NO_PARENT)
        return RC_OK;
    instance_text(instance, name);
    if (instance_is_root(instance) || repeat == FORM_NO_PARENT)
        goto foreign;
    if (added_here(edit, instance))
        return RC_OK;
    seen = edit->reading == NULL ? NULL : reading_instance(edit->reading, instance);
    if (seen == NULL)
        return err_set(err, RC_NOT_FOUND, "instance %s: not in this record", name);
    if (seen->removed)
        return err_set(err, RC_CONFLICT, "instance %s: has been removed", name);
    if (seen->repeat != edit->form->fields[repeat].number)
        goto foreign;
    return RC_OK;

foreign:
    return err_set(err, RC_INVALID, "instance %s: the field does not belong to it", name);
}

static enum rc check_policy(const struct edit *edit, struct instance_id instance,
                            const struct form_field *field, const struct value *value,
                            struct err *err) {
    const struct cell *cell =
        edit->reading == NULL ? NULL : reading_cell(edit->reading, instance, field->number);

    if (policy_of(edit->form, field->number) == POLICY_SERVER && !edit->by_server)
        return err_set(err, RC_DENIED, "%.*s: only the server writes this field",
                       VIEW_PRINT(field->path));
    if (is_sealed(edit, field->scope) && !is_kind(edit, KIND(CHANGE_AMEND) | KIND(CHANGE_RESOLVE)))
        return err_set(err, RC_DENIED, "%.*s: is sealed; write an amendment",
                       VIEW_PRINT(field->path));
    if (policy_of(edit->form, field->number) == POLICY_ONCE && is_kind(edit, KIND(CHANGE_EDIT)) &&
        cell != NULL && cell->kind == CELL_VALUE && !value_equal(&cell->value, value))
        return err_set(err, RC_DENIED, "%.*s: is written once; write an amendment",
                       VIEW_PRINT(field->path));
    if (is_kind(edit, KIND(CHANGE_RESOLVE))) {
        const struct conflict *conflict = edit_conflict(edit, instance, field->number);

        if (conflict == NULL)
            return err_set(err, RC_CONFLICT, "%.*s: is not in conflict", VIEW_PRINT(field->path));
        if (reading_wrote_side(edit->reading, conflict, edit->change.person))
            return err_set(err, RC_DENIED,
                           "%.*s: whoever wrote one side may not decide; ask somebody else",
                           VIEW_PRINT(field->path));
    }
    return RC_OK;
}

enum rc edit_set(struct edit *edit, struct instance_id instance, uint16_t field,
                 const struct value *value, uint8_t rank, struct err *err) {
    const struct form_field *known = NULL;
    struct entry *entry;
    enum rc rc;

    if (!is_kind(edit, KIND(CHANGE_CREATE) | KIND(CHANGE_EDIT) | KIND(CHANGE_AMEND) |
                           KIND(CHANGE_RESOLVE)))
        return edit_wrong_kind(edit, err);
    if (edit->form != NULL && field >= FIELD_FIRST_OF_FORM)
        known = form_field_by_number(edit->form, field);
    if (known == NULL)
        return err_set(err, RC_NOT_FOUND, "field %u: not in the form", field);
    if (!form_field_holds_value(known))
        return err_set(err, RC_INVALID, "%.*s: holds no answer", VIEW_PRINT(known->path));
    rc = check_instance(edit, instance, known->repeat, err);
    if (rc == RC_OK)
        rc = check_policy(edit, instance, known, value, err);
    if (rc == RC_OK && value->type != VALUE_NULL)
        rc = form_value_check(edit->form, known, value, err);
    if (rc == RC_OK)
        rc = edit_push(edit, instance, field, value, &entry, err);
    if (rc == RC_OK)
        entry->rank = rank;
    return rc;
}

static bool is_element(const void *context, const struct version *version) {
    const struct value *wanted = context;

    return version->value.type == VALUE_NULL || value_equal(&version->value, wanted);
}

enum rc edit_remove_element(struct edit *edit, struct instance_id instance, uint16_t field,
                            const struct value *value, struct err *err) {
    static const struct value nothing = {.type = VALUE_NULL};
    const struct cell *cell =
        edit->reading == NULL ? NULL : reading_cell(edit->reading, instance, field);
    struct entry *entry;
    bool found = false;
    enum rc rc;

    for (uint32_t i = 0; cell != NULL && cell->kind == CELL_SET && i < cell->version_count; i++)
        found = found || value_equal(&cell->versions[i]->value, value);
    if (!found)
        return err_set(err, RC_NOT_FOUND, "field %u: has no such element", field);
    rc = edit_set(edit, instance, field, &nothing, 0, err);
    if (rc != RC_OK)
        return rc;
    entry = &edit->entries[edit->entry_count - 1];
    /* The marks that earlier removals left are taken away with it. */
    return edit_replace(edit, entry, is_element, value, err);
}

static enum rc repeat_of(const struct edit *edit, uint16_t number, const struct form_field **out,
                         struct err *err) {
    const struct form_field *field =
        edit->form == NULL ? NULL : form_field_by_number(edit->form, number);

    if (field == NULL || field->type != FIELD_TYPE_REPEAT)
        return err_set(err, RC_NOT_FOUND, "field %u: not a repeat of the form", number);
    if (is_sealed(edit, field->scope) && !is_kind(edit, KIND(CHANGE_AMEND) | KIND(CHANGE_RESOLVE)))
        return err_set(err, RC_DENIED, "%.*s: is sealed; write an amendment",
                       VIEW_PRINT(field->path));
    *out = field;
    return RC_OK;
}

enum rc edit_add_instance(struct edit *edit, uint16_t repeat, struct instance_id parent,
                          struct instance_id *out, struct err *err) {
    const struct form_field *field = NULL;
    struct instance_id id = {.dot = edit->change.dot, .ordinal = edit->next_ordinal};
    struct value value = value_of_int(repeat);
    enum rc rc;

    if (!is_kind(edit, KIND(CHANGE_CREATE) | KIND(CHANGE_EDIT) | KIND(CHANGE_AMEND)))
        return edit_wrong_kind(edit, err);
    rc = repeat_of(edit, repeat, &field, err);
    if (rc == RC_OK)
        rc = check_instance(edit, parent, field->repeat, err);
    if (rc == RC_OK && !instance_is_root(parent)) {
        struct place place = {.repeat = repeat, .parent = parent};
        struct buf bytes;

        buf_init(&bytes, LIMIT_VALUE_BYTES);
        place_encode(&place, &bytes);
        rc = edit_value_of(edit, &bytes, &value, err);
    }
    if (rc == RC_OK)
        rc = edit_push(edit, id, FIELD_EXISTS, &value, NULL, err);
    if (rc == RC_OK) {
        edit->next_ordinal++;
        *out = id;
    }
    return rc;
}

/* ---- removing ---- */

bool edit_lies_in(const struct reading *reading, struct instance_id inner,
                  struct instance_id outer) {
    for (uint32_t depth = 0; depth <= LIMIT_INSTANCE_DEPTH; depth++) {
        const struct seen_instance *seen;

        if (instance_equal(inner, outer) || instance_is_root(outer))
            return true;
        seen = instance_is_root(inner) ? NULL : reading_instance(reading, inner);
        if (seen == NULL)
            return false;
        inner = seen->parent;
    }
    return false;
}

enum rc edit_cover(struct edit *edit, struct instance_id instance, struct value *out,
                   struct err *err) {
    const struct record *state = edit->state;
    const struct reading *reading = edit->reading;
    const struct seen_instance *seen = reading_instance(reading, instance);
    bool *named = arena_array(edit->arena, state->absorbed_count, sizeof(*named));
    struct dot *dots = arena_array(edit->arena, state->absorbed_count, sizeof(*dots));
    struct cover cover = {.dots = dots};
    struct instance_id known = {.ordinal = UINT32_MAX};
    bool inside = false;
    struct buf bytes;

    if (named == NULL || dots == NULL)
        return arena_check(edit->arena, "draft", err);
    if (seen != NULL) {
        cover.repeat = seen->repeat;
        cover.parent = seen->parent;
    }
    for (uint32_t i = 0; i < state->version_count; i++) {
        const struct version *version = &state->versions[i];

        if (!instance_equal(version->instance, known)) {
            known = version->instance;
            inside = edit_lies_in(reading, known, instance);
        }
        if (inside && version_is_inside(version) &&
            (reading->live[i] || version->replaced_count == 0))
            named[version->change] = true;
    }
    for (uint32_t i = 0; i < state->absorbed_count; i++) {
        if (named[i])
            dots[cover.count++] = state->absorbed[i].dot;
    }
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    cover_encode(&cover, &bytes);
    return edit_value_of(edit, &bytes, out, err);
}

enum rc edit_remove_instance(struct edit *edit, struct instance_id instance, struct err *err) {
    const struct seen_instance *seen;
    const struct form_field *field = NULL;
    struct value value;
    enum rc rc;

    if (!is_kind(edit, KIND(CHANGE_REMOVE) | KIND(CHANGE_AMEND)))
        return edit_wrong_kind(edit, err);
    seen = reading_instance(edit->reading, instance);
    if (!instance_is_root(instance) && seen == NULL)
        return err_set(err, RC_NOT_FOUND, "instance: not in this record");
    if (seen == NULL ? edit->reading->withdrawn : seen->removed)
        return err_set(err, RC_CONFLICT, "removal: it has been removed already");
    if (edit_conflict(edit, instance, FIELD_EXISTS) != NULL)
        return err_set(err, RC_CONFLICT, "removal: it is in question; answer the conflict");
    if (seen != NULL && edit->form != NULL) {
        rc = repeat_of(edit, seen->repeat, &field, err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
    }
    rc = edit_cover(edit, instance, &value, err);
    return rc == RC_OK ? edit_push(edit, instance, FIELD_EXISTS, &value, NULL, err) : rc;
}

enum rc edit_set_area(struct edit *edit, uint64_t area, struct err *err) {
    struct instance_id root = {.ordinal = 0};
    struct value value = value_of_int((int64_t)area);

    if (!is_kind(edit, KIND(CHANGE_CREATE) | KIND(CHANGE_MOVE)))
        return edit_wrong_kind(edit, err);
    if (area == 0 || area >= UINT64_C(1000000000000))
        return err_set(err, RC_INVALID, "area: not a division code");
    if (edit->reading != NULL && edit->reading->withdrawn)
        return err_set(err, RC_CONFLICT, "record: has been withdrawn");
    return edit_push(edit, root, FIELD_AREA, &value, NULL, err);
}
