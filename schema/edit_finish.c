/* Completing a draft: what each entry replaces, the rest of its group, the seals that it goes
 * beyond.
 *
 * What an entry replaces, unless decided before: every version of its field that the author's
 * reading counts; for an amendment also what came late, since the author saw it beside. Exceptions:
 * in a conflict only the author's own versions, unless the change is a resolve; a set gains an
 * element and replaces nothing but the marks of earlier removals; an acceptance replaces nothing.
 */
#include "base/planted.h"
#include "schema/edit_build.h"
#include "schema/limits.h"
#include "schema/policy.h"

/* Tells "decided: nothing" from "not decided". */
static const struct version_id no_versions[1];

static bool is_union(const struct edit *edit, uint16_t field) {
    return field >= FIELD_FIRST_OF_FORM && policy_of(edit->form, field) == POLICY_UNION;
}

static bool is_added_here(const struct edit *edit, struct instance_id instance) {
    return dot_equal(instance.dot, edit->change.dot);
}

enum rc edit_replace(struct edit *edit, struct entry *entry, edit_chooses *chooses,
                     const void *context, struct err *err) {
    const struct record *state = edit->state;
    bool amend = edit->change.kind == CHANGE_AMEND;
    struct version_id *replaces;
    uint32_t count = 0;
    uint32_t used = 0;
    const struct version *slice = NULL;

    entry->replaces = no_versions;
    entry->replaces_count = 0;
    if (state != NULL)
        slice = record_field(state, entry->instance, entry->field, &count);
    if (count == 0)
        return RC_OK;
    replaces = arena_array(edit->arena, count, sizeof(*replaces));
    if (replaces == NULL)
        return arena_check(edit->arena, "draft", err);
    for (uint32_t i = 0; i < count; i++) {
        bool live = edit->reading->live[slice + i - state->versions];

        if ((live || (amend && slice[i].replaced_count == 0)) &&
            (chooses == NULL || chooses(context, &slice[i])))
            replaces[used++] = version_name(state, &slice[i]);
    }
    if (used > LIMIT_REPLACES)
        return err_set(err, RC_LIMIT, "field %u: has more than %u versions at once", entry->field,
                       LIMIT_REPLACES);
    if (used > 0) {
        entry->replaces = replaces;
        entry->replaces_count = used;
    }
    return RC_OK;
}

static bool is_own(const void *context, const struct version *version) {
    const struct edit *edit = context;

    return edit->state->absorbed[version->change].person == edit->change.person;
}

static bool is_mark(const void *context, const struct version *version) {
    (void)context;
    return version->value.type == VALUE_NULL;
}

static bool in_conflict(const struct edit *edit, const struct entry *entry) {
    const struct cell *cell = reading_cell(edit->reading, entry->instance, entry->field);

    return (cell != NULL && cell->kind == CELL_CONFLICT) ||
           edit_conflict(edit, entry->instance, entry->field) != NULL;
}

static enum rc fill(struct edit *edit, struct entry *entry, struct err *err) {
    if (entry->replaces != NULL)
        return RC_OK;
    if (edit->state == NULL || entry->field == FIELD_ACCEPT) {
        entry->replaces = no_versions;
        return RC_OK;
    }
    if (is_union(edit, entry->field))
        return edit_replace(edit, entry, is_mark, NULL, err);
    if (edit->change.kind != CHANGE_RESOLVE && in_conflict(edit, entry) && !PLANTED(EDIT_DECIDES))
        return edit_replace(edit, entry, is_own, edit, err);
    return edit_replace(edit, entry, NULL, NULL, err);
}

/* ---- what needs not be said ---- */

static bool same_place(const struct entry *a, const struct entry *b) {
    return a->field == b->field && instance_equal(a->instance, b->instance);
}

static bool value_identical(const struct value *a, const struct value *b) {
    return value_equal(a, b) && a->type == b->type && a->scale == b->scale;
}

/* Whether the author's reading says so already. */
static bool is_known(const struct edit *edit, const struct entry *entry) {
    const struct cell *cell;

    if (edit->reading == NULL || entry->field < FIELD_FIRST_OF_FORM || entry->replaces != NULL ||
        edit->change.kind == CHANGE_RESOLVE || edit->change.kind == CHANGE_AMEND)
        return false;
    cell = reading_cell(edit->reading, entry->instance, entry->field);
    if (cell == NULL || cell->kind == CELL_CONFLICT || cell->by_policy)
        return false;
    if (cell->kind == CELL_SET) {
        for (uint32_t i = 0; i < cell->version_count; i++) {
            if (value_equal(&cell->versions[i]->value, &entry->value))
                return true;
        }
        return false;
    }
    return cell->version_count > 0 && value_identical(&cell->value, &entry->value) &&
           cell->versions[0]->rank == entry->rank;
}

/* Of several values for one field the last counts; entries are sorted and in order of writing. */
static void drop_needless(struct edit *edit) {
    uint32_t used = 0;

    for (uint32_t i = 0; i < edit->entry_count; i++) {
        const struct entry *entry = &edit->entries[i];
        bool overwritten = i + 1 < edit->entry_count && same_place(entry, entry + 1) &&
                           entry->field != FIELD_SAME && entry->field != FIELD_ACCEPT &&
                           !is_union(edit, entry->field);
        bool repeated = used > 0 && is_union(edit, entry->field) && entry->replaces == NULL &&
                        same_place(entry, &edit->entries[used - 1]) &&
                        value_equal(&entry->value, &edit->entries[used - 1].value);

        if (!overwritten && !repeated && !is_known(edit, entry))
            edit->entries[used++] = *entry;
    }
    edit->entry_count = used;
}

/* ---- groups ---- */

static bool is_written(const struct edit *edit, struct instance_id instance, uint16_t field) {
    for (uint32_t i = 0; i < edit->entry_count; i++) {
        if (edit->entries[i].field == field && instance_equal(edit->entries[i].instance, instance))
            return true;
    }
    return false;
}

/* What the author himself said last in a conflicted cell; NULL: nothing. */
static const struct version *own_version(const struct edit *edit, const struct cell *cell) {
    const struct version *own = NULL;

    for (uint32_t i = 0; i < cell->version_count; i++) {
        if (is_own(edit, cell->versions[i]) && cell->versions[i]->value.type != VALUE_ERASED &&
            (own == NULL || cell->versions[i]->change > own->change))
            own = cell->versions[i];
    }
    return own;
}

static enum rc complete_field(struct edit *edit, const struct entry *written,
                              const struct form_field *field, struct err *err) {
    const struct cell *cell = reading_cell(edit->reading, written->instance, field->number);
    const struct version *source;
    struct instance_id instance = written->instance;
    struct entry *entry;
    enum rc rc;

    if (cell == NULL || cell->version_count == 0 || reading_is_gone(cell))
        return RC_OK; /* never answered: missing reads as null; erased: nobody can repeat it */
    if (edit->change.kind == CHANGE_RESOLVE)
        return err_set(err, RC_INVALID, "%.*s: belongs to what is decided; give its value, too",
                       VIEW_PRINT(field->path));
    source = cell->kind == CELL_CONFLICT ? own_version(edit, cell) : cell->versions[0];
    if (source == NULL)
        return err_set(err, RC_CONFLICT,
                       "%.*s: is in conflict and belongs to what is written; answer that first",
                       VIEW_PRINT(field->path));
    rc = edit_push(edit, instance, field->number,
                   cell->kind == CELL_CONFLICT ? &source->value : &cell->value, &entry, err);
    if (rc == RC_OK)
        entry->rank = source->rank;
    return rc;
}

static enum rc complete_groups(struct edit *edit, struct err *err) {
    uint32_t written = edit->entry_count;

    for (uint32_t i = 0; i < written && edit->reading != NULL; i++) {
        /* By value: pushing moves the array. */
        struct entry entry = edit->entries[i];
        uint16_t group = policy_group(edit->form, entry.field);

        if (group == 0 || is_added_here(edit, entry.instance))
            continue;
        for (uint32_t k = 0; k < edit->form->field_count; k++) {
            const struct form_field *field = &edit->form->fields[k];
            enum rc rc;

            if (field->merge_group != group || is_written(edit, entry.instance, field->number))
                continue;
            rc = complete_field(edit, &entry, field, err);
            if (rc != RC_OK)
                return rc;
        }
    }
    return RC_OK;
}

/* ---- seals ---- */

static uint8_t entry_scope(const struct edit *edit, const struct entry *entry) {
    struct version version = {
        .instance = entry->instance, .field = entry->field, .value = entry->value};

    return reading_scope(edit->form, &version);
}

/* Several people may have signed one. */
static bool names_seal(const struct change *change, uint8_t (*under)[16], const uint8_t *digest) {
    for (uint32_t i = 0; i < change->under_count; i++)
        if (memcmp(under[i], digest, sizeof(*under)) == 0)
            return true;
    return false;
}

/* The digests of all live seals of the scopes that this change writes. */
static enum rc name_seals(struct edit *edit, struct err *err) {
    struct instance_id root = {.ordinal = 0};
    uint8_t(*under)[16];
    uint16_t scopes = 0;

    if (edit->reading == NULL || edit->reading->sealed_scopes == 0 ||
        (edit->change.kind != CHANGE_AMEND && edit->change.kind != CHANGE_RESOLVE))
        return RC_OK;
    for (uint32_t i = 0; i < edit->entry_count; i++) {
        uint8_t scope = entry_scope(edit, &edit->entries[i]);

        if (scope != FORM_NO_SCOPE)
            scopes |= (uint16_t)(1u << scope);
    }
    under = arena_array(edit->arena, LIMIT_UNDER, sizeof(*under));
    if (under == NULL)
        return arena_check(edit->arena, "draft", err);
    for (uint32_t scope = 0; scope <= FIELD_SEAL_LAST - FIELD_SEAL; scope++) {
        uint32_t count;
        const struct version *seals =
            record_field(edit->state, root, (uint16_t)(FIELD_SEAL + scope), &count);

        if ((scopes & edit->reading->sealed_scopes & (1u << scope)) == 0)
            continue;
        for (uint32_t i = 0; i < count; i++) {
            if (seals[i].replaced_count > 0 || seals[i].value.bytes.size < sizeof(*under))
                continue;
            if (names_seal(&edit->change, under, seals[i].value.bytes.data))
                continue;
            if (edit->change.under_count == LIMIT_UNDER)
                return err_set(err, RC_LIMIT, "amendment: more than %u seals", LIMIT_UNDER);
            memcpy(under[edit->change.under_count++], seals[i].value.bytes.data, sizeof(*under));
        }
    }
    edit->change.under = (const uint8_t(*)[16])under;
    return RC_OK;
}

enum rc edit_finish(struct edit *edit, struct view reason, struct change *out, struct err *err) {
    enum rc rc;

    change_sort(edit->entries, edit->entry_count);
    drop_needless(edit);
    if (edit->entry_count == 0)
        return err_set(err, RC_INVALID, "nothing to save: no answer is new");
    if (reason.size == 0 &&
        (edit->change.kind == CHANGE_RESOLVE || edit->change.kind == CHANGE_AMEND))
        return err_set(err, RC_INVALID, "reason: missing; say why");
    rc = complete_groups(edit, err);
    change_sort(edit->entries, edit->entry_count);
    for (uint32_t i = 0; rc == RC_OK && i < edit->entry_count; i++) {
        struct entry *entry = &edit->entries[i];

        rc = fill(edit, entry, err);
        if (entry->replaces_count > 0 && entry_scope(edit, entry) != FORM_NO_SCOPE)
            entry->flags |= ENTRY_KEEP;
    }
    if (rc == RC_OK)
        rc = name_seals(edit, err);
    if (rc != RC_OK)
        return rc;
    if (reason.size > 0) {
        edit->change.reason = arena_view(edit->arena, reason);
        if (edit->change.reason.data == NULL)
            return arena_check(edit->arena, "draft", err);
    }
    edit->change.entries = edit->entries;
    edit->change.entry_count = edit->entry_count;
    if (edit->change.kind == CHANGE_CREATE &&
        (edit->entries[0].field != FIELD_AREA || !instance_is_root(edit->entries[0].instance)))
        return err_set(err, RC_INVALID, "area: missing; a new record belongs to one");
    rc = change_check(&edit->change, err);
    if (rc == RC_OK)
        *out = edit->change;
    return rc;
}
