/* Answers: to conflicts, to broken rules, to proposals; and seals, which say that all is answered.
 */
#include "schema/edit_build.h"
#include "schema/limits.h"
#include "schema/policy.h"

/* The same question in the author's reading, with the same sides. */
static const struct conflict *find_open(const struct edit *edit, const struct conflict *wanted) {
    for (uint32_t i = 0; i < edit->reading->conflict_count; i++) {
        const struct conflict *open = &edit->reading->conflicts[i];
        bool same = open->kind == wanted->kind && open->field == wanted->field &&
                    instance_equal(open->instance, wanted->instance) &&
                    instance_equal(open->other, wanted->other) &&
                    open->version_count == wanted->version_count;

        for (uint32_t k = 0; same && k < open->version_count; k++) {
            const struct version *a = open->versions[k];
            const struct version *b = wanted->versions[k];

            /* wanted may be of an earlier reading; its versions are compared by what they say. */
            same = a == b ||
                   (a->field == b->field && a->ordinal == b->ordinal &&
                    instance_equal(a->instance, b->instance) && value_equal(&a->value, &b->value));
        }
        if (same)
            return open;
    }
    return NULL;
}

static enum rc open_conflict(const struct edit *edit, const struct conflict *wanted,
                             const struct conflict **out, struct err *err) {
    if (edit->change.kind != CHANGE_RESOLVE || edit->reading == NULL)
        return edit_wrong_kind(edit, err);
    *out = find_open(edit, wanted);
    if (*out == NULL)
        return err_set(err, RC_CONFLICT,
                       "conflict: the record has moved on; look at it again and decide anew");
    if (reading_wrote_side(edit->reading, *out, edit->change.person))
        return err_set(err, RC_DENIED,
                       "conflict: whoever wrote one side may not decide; ask somebody else");
    return RC_OK;
}

static enum rc push_ranked(struct edit *edit, struct instance_id instance, uint16_t field,
                           const struct value *value, uint8_t rank, struct err *err) {
    struct entry *entry;
    enum rc rc = edit_push(edit, instance, field, value, &entry, err);

    if (rc == RC_OK)
        entry->rank = rank;
    return rc;
}

/* The whole tuple that one change wrote. */
static enum rc keep_group(struct edit *edit, const struct conflict *conflict, struct dot keep,
                          struct err *err) {
    static const struct value nothing = {.type = VALUE_NULL};
    const struct reading *reading = edit->reading;

    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];
        const struct version *kept = NULL;
        enum rc rc;

        if (!instance_equal(cell->instance, conflict->instance) ||
            policy_group(edit->form, cell->field) != conflict->field || reading_is_gone(cell))
            continue; /* what was erased by law cannot be said again */
        for (uint32_t k = 0; k < cell->version_count && kept == NULL; k++) {
            if (dot_equal(version_name(edit->state, cell->versions[k]).dot, keep))
                kept = cell->versions[k];
        }
        if (kept != NULL && kept->value.type == VALUE_ERASED)
            kept = NULL;
        rc = push_ranked(edit, cell->instance, cell->field, kept == NULL ? &nothing : &kept->value,
                         kept == NULL ? 0 : kept->rank, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* The instance stays: written anew, so that no removal has named it. */
static enum rc keep_instance(struct edit *edit, struct instance_id instance, struct err *err) {
    const struct seen_instance *seen = reading_instance(edit->reading, instance);
    struct value value = value_of_int(seen == NULL ? 0 : seen->repeat);

    if (seen != NULL && !instance_is_root(seen->parent)) {
        struct place place = {.repeat = seen->repeat, .parent = seen->parent};
        struct buf bytes;
        enum rc rc;

        buf_init(&bytes, LIMIT_VALUE_BYTES);
        place_encode(&place, &bytes);
        rc = edit_value_of(edit, &bytes, &value, err);
        if (rc != RC_OK)
            return rc;
    }
    return edit_push(edit, instance, FIELD_EXISTS, &value, NULL, err);
}

/* ---- who is the same ---- */

static bool names_other(const void *context, const struct version *version) {
    const struct view *other = context;

    return version->value.type == VALUE_TEXT && version->value.bytes.size > 1 &&
           view_equal(view_slice(version->value.bytes, 1, version->value.bytes.size), *other);
}

static enum rc push_answer(struct edit *edit, struct instance_id instance, char sign,
                           struct view other, struct err *err) {
    struct value value = {.type = VALUE_TEXT};
    struct entry *entry;
    char *text = arena_text(edit->arena, "%c%.*s", sign, VIEW_PRINT(other));
    enum rc rc;

    if (text == NULL)
        return arena_check(edit->arena, "draft", err);
    value.bytes = view_text(text);
    rc = edit_push(edit, instance, FIELD_SAME, &value, &entry, err);
    return rc == RC_OK ? edit_replace(edit, entry, names_other, &other, err) : rc;
}

/* On every instance that holds one of the contradicting answers. */
static enum rc keep_answer(struct edit *edit, const struct conflict *conflict,
                           const struct version *kept, struct err *err) {
    char sign = (char)kept->value.bytes.data[0];

    for (uint32_t i = 0; i < conflict->version_count; i++) {
        const struct version *version = conflict->versions[i];
        struct view other = view_slice(version->value.bytes, 1, version->value.bytes.size);
        bool done = false;
        enum rc rc;

        for (uint32_t k = 0; k < i; k++)
            done = done || instance_equal(conflict->versions[k]->instance, version->instance);
        if (done)
            continue;
        rc = push_answer(edit, version->instance, sign, other, err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* Whether a comes before b in the reading, which is in order of age. */
static bool is_older(const struct reading *reading, struct instance_id a, struct instance_id b) {
    for (uint32_t i = 0; i < reading->instance_count; i++) {
        if (instance_equal(reading->instances[i].id, a))
            return true;
        if (instance_equal(reading->instances[i].id, b))
            return false;
    }
    return false;
}

enum rc edit_same(struct edit *edit, struct instance_id instance, struct view answer,
                  struct err *err) {
    struct instance_id other = {.ordinal = 0};
    struct view name = view_slice(answer, 1, answer.size);
    char text[INSTANCE_TEXT_BYTES];
    struct dot record;
    enum rc rc;

    if (edit->change.kind != CHANGE_SAME)
        return edit_wrong_kind(edit, err);
    if (answer.size < 2 || (answer.data[0] != '=' && answer.data[0] != '!'))
        return err_set(err, RC_INVALID, "same: the answer is = or ! and a name");
    if (instance_is_root(instance)) {
        rc = dot_parse(name, &record, err);
        if (rc == RC_OK && dot_equal(record, edit->state->id))
            rc = err_set(err, RC_INVALID, "same: a record cannot be compared with itself");
        return rc == RC_OK ? push_answer(edit, instance, (char)answer.data[0], name, err) : rc;
    }
    rc = instance_parse(name, &other, err);
    if (rc != RC_OK)
        return rc;
    if (reading_instance(edit->reading, instance) == NULL ||
        reading_instance(edit->reading, other) == NULL || instance_equal(instance, other))
        return err_set(err, RC_NOT_FOUND, "same: two instances of this record are needed");
    for (uint32_t i = 0; i < edit->reading->conflict_count; i++) {
        const struct conflict *open = &edit->reading->conflicts[i];

        if (open->kind == CONFLICT_SAME && open->field == FIELD_SAME &&
            ((instance_equal(open->instance, instance) && instance_equal(open->other, other)) ||
             (instance_equal(open->instance, other) && instance_equal(open->other, instance))))
            return err_set(err, RC_CONFLICT, "same: the answers contradict; resolve the conflict");
    }
    if (is_older(edit->reading, instance, other)) {
        struct instance_id swap = instance;

        instance = other;
        other = swap;
    }
    instance_text(other, text);
    return push_answer(edit, instance, (char)answer.data[0], view_text(text), err);
}

/* ---- resolving ---- */

enum rc edit_resolve_keep(struct edit *edit, const struct conflict *conflict,
                          struct version_id keep, struct err *err) {
    const struct conflict *open;
    const struct version *kept = NULL;
    enum rc rc = open_conflict(edit, conflict, &open, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < open->version_count && kept == NULL; i++) {
        struct version_id name = version_name(edit->state, open->versions[i]);

        if (version_id_compare(name, keep) == 0 ||
            (open->kind == CONFLICT_GROUP && dot_equal(name.dot, keep.dot)))
            kept = open->versions[i];
    }
    if (open->kind == CONFLICT_REMOVED)
        return keep_instance(edit, open->instance, err);
    if (kept == NULL)
        return err_set(err, RC_NOT_FOUND, "conflict: has no such version");
    switch ((enum conflict_kind)open->kind) {
    case CONFLICT_GROUP:
        return keep_group(edit, open, keep.dot, err);
    case CONFLICT_FIELD:
    case CONFLICT_AREA:
    case CONFLICT_SEAL:
        return push_ranked(edit, open->instance, open->field, &kept->value, kept->rank, err);
    case CONFLICT_SAME:
        if (open->field == FIELD_SAME)
            return keep_answer(edit, open, kept, err);
        break;
    default:
        break;
    }
    return err_set(err, RC_INVALID, "conflict: of a kind that is not decided by keeping a version");
}

enum rc edit_resolve_value(struct edit *edit, const struct conflict *conflict,
                           const struct value *value, struct err *err) {
    const struct conflict *open;
    enum rc rc = open_conflict(edit, conflict, &open, err);
    uint8_t rank = 0;

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < open->version_count; i++) {
        if (open->versions[i]->rank > rank)
            rank = open->versions[i]->rank;
    }
    if (open->kind == CONFLICT_FIELD || open->kind == CONFLICT_GROUP) {
        const struct form_field *field =
            edit->form == NULL ? NULL : form_field_by_number(edit->form, open->field);

        if (field != NULL && value->type != VALUE_NULL)
            rc = form_value_check(edit->form, field, value, err);
        return rc == RC_OK ? push_ranked(edit, open->instance, open->field, value, rank, err) : rc;
    }
    if (open->kind == CONFLICT_AREA && value->type == VALUE_INT)
        return edit_push(edit, open->instance, FIELD_AREA, value, NULL, err);
    return err_set(err, RC_INVALID, "conflict: of a kind that is not decided by another value");
}

enum rc edit_resolve_remove(struct edit *edit, const struct conflict *conflict, struct err *err) {
    const struct conflict *open;
    struct value value;
    enum rc rc = open_conflict(edit, conflict, &open, err);

    if (rc == RC_OK && open->kind != CONFLICT_REMOVED)
        rc = err_set(err, RC_INVALID, "conflict: not about a removal");
    if (rc == RC_OK)
        rc = edit_cover(edit, open->instance, &value, err);
    return rc == RC_OK ? edit_push(edit, open->instance, FIELD_EXISTS, &value, NULL, err) : rc;
}

/* ---- accepting and sealing ---- */

static int version_order(const void *left, const void *right) {
    const struct version_id *a = left;
    const struct version_id *b = right;

    return version_id_compare(*a, *b);
}

enum rc edit_accept(struct edit *edit, const struct conflict *conflict, struct err *err) {
    const struct conflict *open =
        edit->change.kind == CHANGE_ACCEPT ? find_open(edit, conflict) : NULL;
    struct version_id *versions;
    struct acceptance acceptance;
    struct value value;
    struct buf bytes;
    enum rc rc;

    if (edit->change.kind != CHANGE_ACCEPT)
        return edit_wrong_kind(edit, err);
    if (open == NULL || open->kind != CONFLICT_SOFT)
        return err_set(err, RC_CONFLICT, "acceptance: this rule is not broken any more");
    versions = arena_array(edit->arena, open->version_count, sizeof(*versions));
    if (versions == NULL)
        return arena_check(edit->arena, "draft", err);
    for (uint32_t i = 0; i < open->version_count; i++)
        versions[i] = version_name(edit->state, open->versions[i]);
    qsort(versions, open->version_count, sizeof(*versions), version_order);
    acceptance = (struct acceptance){
        .field = open->field, .count = open->version_count, .versions = versions};
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    acceptance_encode(&acceptance, &bytes);
    rc = edit_value_of(edit, &bytes, &value, err);
    return rc == RC_OK ? edit_push(edit, open->instance, FIELD_ACCEPT, &value, NULL, err) : rc;
}

static uint8_t conflict_scope(const struct edit *edit, const struct conflict *conflict) {
    struct version version = {.instance = conflict->instance, .field = conflict->field};
    const struct seen_instance *seen;

    if (conflict->kind == CONFLICT_SEAL)
        return (uint8_t)(conflict->field - FIELD_SEAL);
    if (conflict->field == FIELD_EXISTS) {
        seen = reading_instance(edit->reading, conflict->instance);
        version.value = value_of_int(seen == NULL ? 0 : seen->repeat);
    }
    return reading_scope(edit->form, &version);
}

static bool is_nothing(const void *context, const struct version *version) {
    (void)context;
    (void)version;
    return false;
}

enum rc edit_seal(struct edit *edit, uint32_t scope, struct err *err) {
    struct instance_id root = {.ordinal = 0};
    struct entry *entry = NULL;
    bool seconded = false;
    struct seal seal;
    struct value value;
    struct buf bytes;
    uint32_t count;
    const struct version *old;
    enum rc rc;

    if (edit->change.kind != CHANGE_SEAL)
        return edit_wrong_kind(edit, err);
    if (edit->form == NULL || scope >= edit->form->scope_count || scope >= FORM_NO_SCOPE)
        return err_set(err, RC_NOT_FOUND, "seal: the form has no such part");
    if (edit->reading->withdrawn)
        return err_set(err, RC_CONFLICT, "record: has been withdrawn");
    for (uint32_t i = 0; i < edit->reading->conflict_count; i++) {
        if (conflict_scope(edit, &edit->reading->conflicts[i]) == scope)
            return err_set(err, RC_CONFLICT,
                           "seal: a conflict is open in this part; answer it first");
    }
    rc = reading_seal(edit->reading, scope, edit->arena, &seal, err);
    if (rc != RC_OK)
        return rc;
    old = record_field(edit->state, root, (uint16_t)(FIELD_SEAL + scope), &count);
    for (uint32_t i = 0; i < count; i++) {
        if (old[i].replaced_count > 0 || old[i].value.bytes.size < sizeof(seal.digest) ||
            memcmp(old[i].value.bytes.data, seal.digest, sizeof(seal.digest)) != 0)
            continue;
        if (edit->state->absorbed[old[i].change].person == edit->change.person)
            return err_set(err, RC_CONFLICT, "seal: this part is sealed already");
        seconded = true;
    }
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    seal_encode(&seal, &bytes);
    rc = edit_value_of(edit, &bytes, &value, err);
    if (rc == RC_OK)
        rc = edit_push(edit, root, (uint16_t)(FIELD_SEAL + scope), &value, &entry, err);
    /* A further signature stands beside the first: what both cover is the same. */
    return rc == RC_OK && seconded ? edit_replace(edit, entry, is_nothing, NULL, err) : rc;
}
