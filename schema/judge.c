/* May a change be admitted? Cheap questions first; the state is read only when an answer can depend
 * on it: for resolutions, for entries that replace several versions, and where something is sealed.
 *
 * A change may name versions that the state has no more, because another change replaced them
 * first. They cannot be compared, and replacing them again does nothing; so they are passed over,
 * except that a resolve by somebody who wrote one of them is still his own case. */
#include "base/planted.h"
#include "schema/limits.h"
#include "schema/merge.h"
#include "schema/policy.h"
#include "schema/reading.h"

#define KIND(kind) (1u << (kind))

struct judge {
    const struct record *state;
    const struct change *change;
    const struct form *form;
    bool by_server;
    struct arena *arena;
    struct reading reading;
};

/* ---- without the state ---- */

static bool pseudo_decodes(const struct entry *entry, struct arena *arena) {
    struct err ignored;
    struct cover cover;
    struct seal seal;
    struct acceptance acceptance;

    err_init(&ignored, LANG_EN);
    if (entry->field == FIELD_EXISTS && value_is_cover(&entry->value))
        return cover_decode(entry->value.bytes, arena, &cover, &ignored) == RC_OK;
    if (entry->field == FIELD_ACCEPT)
        return acceptance_decode(entry->value.bytes, arena, &acceptance, &ignored) == RC_OK;
    if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST)
        return seal_decode(entry->value.bytes, arena, &seal, &ignored) == RC_OK;
    return true;
}

static enum verdict judge_alone(struct judge *judge) {
    const struct change *change = judge->change;
    unsigned kind;
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (!dot_equal(judge->state->id, change->record) || change_check(change, &ignored) != RC_OK)
        return VERDICT_MALFORMED;
    kind = KIND(change->kind);
    if (change->kind == CHANGE_CREATE &&
        (change->entry_count == 0 || change->entries[0].field != FIELD_AREA))
        return VERDICT_MALFORMED;
    for (uint32_t i = 0; i < change->entry_count; i++) {
        if (change->entries[i].field < FIELD_FIRST_OF_FORM &&
            !pseudo_decodes(&change->entries[i], judge->arena))
            return VERDICT_MALFORMED;
    }
    if (change->erased) /* what the law took from it, nobody can ask it for */
        return VERDICT_ADMIT;
    if (!change->is_signed &&
        (kind & (KIND(CHANGE_RESOLVE) | KIND(CHANGE_SEAL) | KIND(CHANGE_AMEND))) != 0)
        return VERDICT_NOT_SIGNED;
    if (change->reason.size == 0 && (kind & (KIND(CHANGE_RESOLVE) | KIND(CHANGE_AMEND))) != 0)
        return VERDICT_NO_REASON;
    return VERDICT_ADMIT;
}

static enum verdict judge_values(struct judge *judge) {
    const struct change *change = judge->change;
    enum verdict verdict = VERDICT_ADMIT;
    struct err ignored;

    if (judge->form == NULL)
        return VERDICT_ADMIT;
    err_init(&ignored, LANG_EN);
    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *entry = &change->entries[i];
        const struct form_field *field = NULL;

        if (entry->field >= FIELD_FIRST_OF_FORM)
            field = form_field_by_number(judge->form, entry->field);
        if (field == NULL)
            continue; /* of a newer form: kept as it came, understood later */
        if (field->policy == POLICY_SERVER && !judge->by_server)
            return VERDICT_SERVER_FIELD;
        if (!form_field_holds_value(field) ||
            instance_is_root(entry->instance) != (field->repeat == FORM_NO_PARENT) ||
            (entry->value.type != VALUE_NULL && entry->value.type != VALUE_ERASED &&
             form_value_check(judge->form, field, &entry->value, &ignored) != RC_OK))
            verdict = VERDICT_WRONG_VALUE;
        /* Without the mark, replacing would destroy what a seal may hold. */
        if (field->scope != FORM_NO_SCOPE && entry->replaces_count > 0 &&
            (entry->flags & ENTRY_KEEP) == 0)
            return VERDICT_MALFORMED;
    }
    return verdict;
}

/* ---- four eyes ---- */

static bool touches(const struct judge *judge, const struct conflict *conflict,
                    const struct entry *entry) {
    if (conflict->kind == CONFLICT_SAME)
        return entry->field == FIELD_SAME && (instance_equal(entry->instance, conflict->instance) ||
                                              instance_equal(entry->instance, conflict->other));
    if (!instance_equal(entry->instance, conflict->instance))
        return false;
    if (conflict->kind == CONFLICT_GROUP)
        return policy_group(judge->form, entry->field) == conflict->field;
    return conflict->kind != CONFLICT_SOFT && entry->field == conflict->field;
}

/* The version in the state, NULL when it is not there (any more, or yet). */
static const struct version *find_version(const struct record *state, const struct entry *entry,
                                          struct version_id name) {
    uint32_t count;
    const struct version *slice = record_field(state, entry->instance, entry->field, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (version_id_compare(version_name(state, &slice[i]), name) == 0)
            return &slice[i];
    }
    return NULL;
}

static bool replaces_own_gone(const struct judge *judge, const struct entry *entry) {
    const struct record *state = judge->state;
    uint32_t at;

    if (entry->replaces_count < 2)
        return false;
    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        const struct version *version;

        if (!record_find(state, entry->replaces[i].dot, &at) ||
            state->absorbed[at].person != judge->change->person)
            continue;
        version = find_version(state, entry, entry->replaces[i]);
        if (version == NULL || version->replaced_count > 0)
            return true;
    }
    return false;
}

static enum verdict judge_resolve(const struct judge *judge) {
    const struct change *change = judge->change;
    const struct reading *reading = &judge->reading;

    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *entry = &change->entries[i];

        for (uint32_t k = 0; k < reading->conflict_count; k++) {
            if (touches(judge, &reading->conflicts[k], entry) &&
                reading_wrote_side(reading, &reading->conflicts[k], change->person))
                return VERDICT_FOUR_EYES;
        }
        if (replaces_own_gone(judge, entry))
            return VERDICT_FOUR_EYES;
    }
    return VERDICT_ADMIT;
}

/* ---- edits of what is in conflict ---- */

static bool has_digest(const uint8_t (*under)[16], uint32_t count, const uint8_t *digest) {
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(under[i], digest, sizeof(under[i])) == 0)
            return true;
    }
    return false;
}

/* An amendment replaces what came late, too. Who has not met its seal cannot tell what was late. */
static bool amends_unknown(const struct judge *judge, const struct entry *entry) {
    const struct change *change = judge->change;
    struct version version = {
        .instance = entry->instance, .field = entry->field, .value = entry->value};
    struct instance_id root = {.ordinal = 0};
    uint8_t scope = reading_scope(judge->form, &version);
    const struct version *seals;
    uint32_t count;

    if (change->kind != CHANGE_AMEND || scope == FORM_NO_SCOPE)
        return false;
    seals = record_field(judge->state, root, (uint16_t)(FIELD_SEAL + scope), &count);
    for (uint32_t i = 0; i < count; i++) {
        if (seals[i].value.bytes.size > 16 &&
            has_digest(change->under, change->under_count, seals[i].value.bytes.data))
            return false;
    }
    return true;
}

/* What the entry replaces of what the reading counts, in order of dots. */
static bool replaced_live(const struct judge *judge, const struct entry *entry,
                          struct version_list *out) {
    const struct record *state = judge->state;
    const struct version **list = arena_array(judge->arena, entry->replaces_count, sizeof(*list));

    *out = (struct version_list){.versions = list};
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        const struct version *version = find_version(state, entry, entry->replaces[i]);

        if (version != NULL && judge->reading.live[version - state->versions])
            list[out->count++] = version;
    }
    return true;
}

static bool by_another(const struct judge *judge, const struct version *version) {
    return version != NULL &&
           judge->state->absorbed[version->change].person != judge->change->person;
}

/* Whether what entries replace together was in conflict, and one side another person's. */
static bool replaces_conflict(struct judge *judge, const struct entry *const *entries,
                              uint32_t width, enum policy policy) {
    struct version_list *lists = arena_array(judge->arena, width, sizeof(*lists));
    struct side *sides = NULL;
    uint32_t count;

    if (lists == NULL)
        return false;
    for (uint32_t i = 0; i < width; i++) {
        if (!replaced_live(judge, entries[i], &lists[i]))
            return false;
    }
    count = policy_sides(lists, width, judge->arena, &sides);
    count = policy_set_aside(sides, count, width);
    if (policy_choose(policy, judge->state, sides, count, width).kind != CELL_CONFLICT)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < width; k++) {
            if (by_another(judge, sides[i].versions[k]))
                return true;
        }
    }
    return false;
}

/* A removal that somebody else's removal is replaced with decides a conflict, too. */
static bool replaces_removal(const struct judge *judge, const struct entry *entry) {
    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        const struct version *version = find_version(judge->state, entry, entry->replaces[i]);

        if (version != NULL && value_is_cover(&version->value) && by_another(judge, version))
            return true;
    }
    return false;
}

/* Seals are the same when their digests are, whatever else their authors held. */
static bool replaces_unequal_seals(const struct judge *judge, const struct entry *entry) {
    const uint8_t *first = NULL;
    bool unequal = false;
    bool another = false;

    for (uint32_t i = 0; i < entry->replaces_count; i++) {
        const struct version *version = find_version(judge->state, entry, entry->replaces[i]);

        if (version == NULL || version->value.bytes.size <= 16)
            continue;
        if (first == NULL)
            first = version->value.bytes.data;
        unequal = unequal || memcmp(first, version->value.bytes.data, 16) != 0;
        another = another || by_another(judge, version);
    }
    return unequal && another;
}

static bool unit_in_conflict(struct judge *judge, uint32_t at) {
    const struct change *change = judge->change;
    const struct entry *entry = &change->entries[at];
    uint16_t group = policy_group(judge->form, entry->field);
    enum policy policy = policy_of(judge->form, entry->field);
    const struct entry **members;
    uint32_t width = 0;

    if (entry->field == FIELD_EXISTS)
        return replaces_removal(judge, entry);
    if (entry->field >= FIELD_SEAL && entry->field <= FIELD_SEAL_LAST)
        return replaces_unequal_seals(judge, entry);
    if (entry->field == FIELD_SAME || entry->field == FIELD_ACCEPT)
        return false;
    if ((judge->form == NULL && entry->field >= FIELD_FIRST_OF_FORM) || policy == POLICY_UNION ||
        amends_unknown(judge, entry))
        return false;
    if (group == 0)
        return entry->replaces_count > 1 && replaces_conflict(judge, &entry, 1, policy);
    if (at > 0 && instance_equal(entry[-1].instance, entry->instance) &&
        policy_group(judge->form, entry[-1].field) == group)
        return false; /* judged with the entry before */
    members = arena_array(judge->arena, change->entry_count - at, sizeof(*members));
    for (; members != NULL && at < change->entry_count &&
           instance_equal(change->entries[at].instance, entry->instance);
         at++) {
        if (policy_group(judge->form, change->entries[at].field) == group)
            members[width++] = &change->entries[at];
    }
    return members != NULL && replaces_conflict(judge, members, width, policy);
}

static enum verdict judge_conflicts(struct judge *judge) {
    for (uint32_t i = 0; i < judge->change->entry_count; i++) {
        if (judge->change->entries[i].replaces_count > 0 && !PLANTED(EDIT_DECIDES) &&
            unit_in_conflict(judge, i))
            return VERDICT_NEEDS_RESOLVE;
    }
    return VERDICT_ADMIT;
}

/* ---- edits of what is sealed, or written once ---- */

static bool knows_seal(const struct judge *judge, const struct version *seal) {
    const struct record *state = judge->state;
    const struct change *change = judge->change;
    struct dot dot = state->absorbed[seal->change].dot;
    const uint8_t *digest = seal->value.bytes.data;
    uint32_t at;

    if (dot.actor == change->dot.actor && dot.number < change->dot.number)
        return true;
    if (has_digest(change->under, change->under_count, digest))
        return true;
    for (uint32_t i = 0; i < change->entry_count; i++) {
        for (uint32_t k = 0; k < change->entries[i].replaces_count; k++) {
            if (record_find(state, change->entries[i].replaces[k].dot, &at) &&
                has_digest(state->absorbed[at].under, state->absorbed[at].under_count, digest))
                return true;
        }
    }
    return false;
}

static bool writes_scope(const struct judge *judge, uint32_t scope) {
    for (uint32_t i = 0; i < judge->change->entry_count; i++) {
        const struct entry *entry = &judge->change->entries[i];
        struct version version = {
            .instance = entry->instance, .field = entry->field, .value = entry->value};

        if (reading_scope(judge->form, &version) == scope)
            return true;
    }
    return false;
}

static bool breaks_seal(const struct judge *judge) {
    struct instance_id root = {.ordinal = 0};

    for (uint32_t scope = 0; scope <= FIELD_SEAL_LAST - FIELD_SEAL; scope++) {
        uint32_t count;
        const struct version *seals =
            record_field(judge->state, root, (uint16_t)(FIELD_SEAL + scope), &count);

        if ((judge->reading.sealed_scopes & (1u << scope)) == 0 || !writes_scope(judge, scope))
            continue;
        for (uint32_t i = 0; i < count; i++) {
            if (seals[i].replaced_count == 0 && seals[i].value.type == VALUE_BYTES &&
                seals[i].value.bytes.size > 16 && knows_seal(judge, &seals[i]))
                return true;
        }
    }
    return false;
}

static bool rewrites_once(const struct judge *judge) {
    for (uint32_t i = 0; i < judge->change->entry_count && judge->form != NULL; i++) {
        const struct entry *entry = &judge->change->entries[i];

        if (entry->replaces_count == 0 || policy_of(judge->form, entry->field) != POLICY_ONCE)
            continue;
        for (uint32_t k = 0; k < entry->replaces_count; k++) {
            const struct version *version = find_version(judge->state, entry, entry->replaces[k]);

            if (version != NULL && version->value.type != VALUE_NULL &&
                version->value.type != VALUE_ERASED && !value_equal(&version->value, &entry->value))
                return true;
        }
    }
    return false;
}

/* ---- size ---- */

static bool too_large(struct judge *judge) {
    const struct record *state = judge->state;
    size_t bytes = 0;
    struct record after;
    struct err ignored;
    struct buf packed;
    enum rc rc;

    if (state->absorbed_count >= LIMIT_RECORD_CHANGES)
        return true;
    /* Generous for what surrounds the values; only near the limit it is worth looking closely. */
    bytes = (size_t)state->absorbed_count * 192u + (size_t)state->awaited_count * 64u;
    for (uint32_t i = 0; i < state->version_count; i++)
        bytes += state->versions[i].value.bytes.size + state->versions[i].replaced_count + 32u;
    if (bytes + LIMIT_CHANGE_BYTES < LIMIT_RECORD_BYTES)
        return false;
    err_init(&ignored, LANG_EN);
    rc = merge_apply(state, judge->change, (struct admission){0}, judge->arena, &after, &ignored);
    if (rc != RC_OK)
        return true;
    buf_init(&packed, LIMIT_RECORD_BYTES);
    rc = record_pack(&after, &packed, &ignored);
    buf_release(&packed);
    if (rc == RC_NO_MEMORY) /* whoever asked looks at his arena; this is no verdict */
        judge->arena->failed = rc;
    return rc != RC_OK;
}

static bool needs_reading(const struct judge *judge) {
    const struct change *change = judge->change;
    struct instance_id root = {.ordinal = 0};

    if (change->kind == CHANGE_RESOLVE)
        return true;
    for (uint32_t i = 0; i < change->entry_count; i++) {
        if (change->entries[i].replaces_count > 1 ||
            (change->entries[i].replaces_count > 0 &&
             (change->entries[i].field == FIELD_EXISTS ||
              policy_group(judge->form, change->entries[i].field) != 0)))
            return true;
    }
    for (uint16_t field = FIELD_SEAL; field <= FIELD_SEAL_LAST; field++) {
        uint32_t count;

        (void)record_field(judge->state, root, field, &count);
        if (count > 0)
            return true;
    }
    return false;
}

enum verdict merge_judge(const struct record *state, const struct change *change,
                         const struct form *form, bool by_server, struct arena *arena) {
    struct judge judge = {
        .state = state, .change = change, .form = form, .by_server = by_server, .arena = arena};
    enum verdict verdict;
    struct err ignored;

    if (record_has_absorbed(state, change->dot))
        return VERDICT_ADMIT;
    verdict = judge_alone(&judge);
    if (verdict == VERDICT_ADMIT)
        verdict = judge_values(&judge);
    if (verdict == VERDICT_ADMIT && state->absorbed_count > 0 && needs_reading(&judge)) {
        err_init(&ignored, LANG_EN);
        if (reading_make(state, form, arena, &judge.reading, &ignored) != RC_OK)
            return VERDICT_TOO_LARGE;
        verdict = change->kind == CHANGE_RESOLVE ? judge_resolve(&judge) : judge_conflicts(&judge);
        if (verdict == VERDICT_ADMIT &&
            (change->kind == CHANGE_EDIT || change->kind == CHANGE_REMOVE) && breaks_seal(&judge))
            verdict = VERDICT_NEEDS_AMEND;
    }
    if (verdict == VERDICT_ADMIT && change->kind == CHANGE_EDIT && rewrites_once(&judge))
        verdict = VERDICT_NEEDS_AMEND;
    if (verdict == VERDICT_ADMIT && too_large(&judge))
        verdict = VERDICT_TOO_LARGE;
    return arena->failed == RC_OK ? verdict : VERDICT_TOO_LARGE;
}
