/* Applying one change.
 *
 * Every version that a record has ever had stands somewhere on this ladder, and only ever climbs:
 *
 *     unknown  ->  live  ->  kept, replaced by a growing set of changes  ->  dropped
 *
 * A version is dropped when a change without ENTRY_KEEP replaces it, kept when only changes with
 * ENTRY_KEEP do. "Dropped" is not stored: it is what "its change is absorbed, yet it is not there"
 * means. A version that is replaced before its own change has arrived stands in `awaited` with the
 * same two rungs, and takes its place on the ladder when it comes. Climbing to the highest rung
 * that anyone has seen is commutative, associative and idempotent; merge_join does it for states
 * (merge_join.c) and merge_apply for a state and one change, which is a small state.
 *
 * A reference to a version that its change does not have (a faulty or hostile author) waits in
 * `awaited` until that change arrives and then goes away, like everything that names it.
 *
 * What is erased by law climbs a ladder of its own (erasure.h): a value, then VALUE_ERASED. An
 * erasure names changes and fields, so it does not matter whether it or the change comes first; and
 * of two contents of one version, one erased, the erased one stays.
 *
 * All arrays are sorted, so applying is one merge of sorted sequences. Absorbing a dot in the
 * middle shifts the indices of the later ones; usually it comes last and whole runs are copied. */
#include "schema/merge.h"

#include "schema/erasure.h"

struct reference {
    struct version_id version;
    bool keep;
};

struct apply {
    const struct record *state;
    const struct change *change;
    struct arena *arena;
    uint32_t at; /* where the change stands among the absorbed of out */
    struct version *versions;
    uint32_t version_count;
    struct awaited *awaited; /* newly awaited, sorted */
    uint32_t awaited_count;
};

/* ---- times ---- */

/* A corrected time beats a provisional one; among equals the smaller wins, so that it does not
 * matter who came first. */
static bool time_better(int64_t time_ms, bool provisional, const struct absorbed *than) {
    bool than_provisional = (than->flags & ABSORBED_PROVISIONAL) != 0;

    if (provisional != than_provisional)
        return !provisional;
    return time_ms < than->time_ms;
}

static void set_time(struct absorbed *absorbed, int64_t time_ms, bool provisional) {
    absorbed->time_ms = time_ms;
    absorbed->flags = provisional ? ABSORBED_PROVISIONAL : 0;
}

/* The change is known; but now it comes with less than it had. */
static enum rc erase_again(const struct record *state, const struct change *change, uint32_t at,
                           struct arena *arena, struct record *out, struct err *err) {
    struct version *versions = NULL;

    *out = *state;
    for (uint32_t i = 0; i < change->entry_count; i++) {
        const struct entry *entry = &change->entries[i];
        uint32_t count = 0;
        const struct version *slice = entry->value.type == VALUE_ERASED
                                          ? record_field(out, entry->instance, entry->field, &count)
                                          : NULL;

        for (uint32_t k = 0; k < count; k++) {
            if (slice[k].change != at || slice[k].ordinal != entry->ordinal ||
                slice[k].value.type == VALUE_ERASED)
                continue;
            if (versions == NULL) {
                versions =
                    arena_copy(arena, state->versions, state->version_count * sizeof(*versions));
                if (versions == NULL)
                    return arena_check(arena, "record", err);
            }
            versions[slice + k - out->versions].value = (struct value){.type = VALUE_ERASED};
        }
    }
    if (versions != NULL)
        out->versions = versions;
    return RC_OK;
}

static enum rc apply_again(const struct record *state, uint32_t at, struct admission admission,
                           struct arena *arena, struct record *out, struct err *err) {
    struct absorbed *absorbed;

    *out = *state;
    if (!time_better(admission.time_ms, admission.provisional, &state->absorbed[at]))
        return RC_OK;
    absorbed = arena_array(arena, state->absorbed_count, sizeof(*absorbed));
    if (absorbed == NULL)
        return arena_check(arena, "record", err);
    memcpy(absorbed, state->absorbed, state->absorbed_count * sizeof(*absorbed));
    set_time(&absorbed[at], admission.time_ms, admission.provisional);
    out->absorbed = absorbed;
    return RC_OK;
}

enum rc merge_retime(const struct record *state, struct dot dot, int64_t time_ms,
                     struct arena *arena, struct record *out, struct err *err) {
    struct absorbed *absorbed;
    uint32_t at;

    *out = *state;
    if (!record_find(state, dot, &at) || state->absorbed[at].time_ms == time_ms ||
        (state->absorbed[at].flags & ABSORBED_PROVISIONAL) != 0)
        return RC_OK;
    absorbed = arena_array(arena, state->absorbed_count, sizeof(*absorbed));
    if (absorbed == NULL)
        return arena_check(arena, "record", err);
    memcpy(absorbed, state->absorbed, state->absorbed_count * sizeof(*absorbed));
    absorbed[at].time_ms = time_ms;
    out->absorbed = absorbed;
    return RC_OK;
}

static enum rc add_absorbed(struct apply *apply, struct admission admission, struct record *out,
                            struct err *err) {
    const struct record *state = apply->state;
    const struct change *change = apply->change;
    struct absorbed *absorbed =
        arena_array(apply->arena, state->absorbed_count + (size_t)1, sizeof(*absorbed));

    if (absorbed == NULL)
        return arena_check(apply->arena, "record", err);
    if (apply->at > 0)
        memcpy(absorbed, state->absorbed, apply->at * sizeof(*absorbed));
    if (apply->at < state->absorbed_count)
        memcpy(absorbed + apply->at + 1, state->absorbed + apply->at,
               (state->absorbed_count - apply->at) * sizeof(*absorbed));
    absorbed[apply->at] = (struct absorbed){
        .dot = change->dot,
        .kind = change->kind,
        .form = change->form,
        .person = change->person,
        .lamport = change->lamport,
        .under_count = change->under_count,
        .under = change->under,
    };
    set_time(&absorbed[apply->at], admission.time_ms, admission.provisional);
    out->absorbed = absorbed;
    out->absorbed_count = state->absorbed_count + 1;
    return RC_OK;
}

/* ---- indices ---- */

/* The indices of the state, as they are called in out; with the new change added if asked. */
static const uint32_t *shift(struct apply *apply, const uint32_t *indices, uint32_t *count,
                             bool with_change) {
    uint32_t *shifted;
    uint32_t used = 0;
    uint32_t from = 0;

    if (*count == 0 && !with_change)
        return NULL;
    if (!with_change && indices[*count - 1] < apply->at)
        return indices;
    shifted = arena_array(apply->arena, *count + (size_t)1, sizeof(*shifted));
    if (shifted == NULL) {
        *count = 0;
        return NULL;
    }
    while (from < *count && indices[from] < apply->at)
        shifted[used++] = indices[from++];
    if (with_change)
        shifted[used++] = apply->at;
    while (from < *count)
        shifted[used++] = indices[from++] + 1;
    *count = used;
    return shifted;
}

static void copy_version(struct apply *apply, const struct version *version, bool replaced) {
    struct version *copy = &apply->versions[apply->version_count++];

    *copy = *version;
    if (copy->change >= apply->at)
        copy->change++;
    copy->replaced_by = shift(apply, version->replaced_by, &copy->replaced_count, replaced);
}

/* Versions of the state that this change does not touch. */
static void copy_versions(struct apply *apply, uint32_t from, uint32_t end) {
    if (from == end)
        return;
    if (apply->at == apply->state->absorbed_count) {
        memcpy(apply->versions + apply->version_count, apply->state->versions + from,
               (end - from) * sizeof(*apply->versions));
        apply->version_count += end - from;
        return;
    }
    for (; from < end; from++)
        copy_version(apply, &apply->state->versions[from], false);
}

/* ---- one field of one instance ---- */

static int reference_compare(const void *left, const void *right) {
    const struct reference *a = left;
    const struct reference *b = right;

    return version_id_compare(a->version, b->version);
}

/* What the entries of one field replace, sorted, each once; keep only if all of them ask for it. */
static const struct reference *collect(struct apply *apply, const struct entry *entries,
                                       uint32_t entry_count, uint32_t *count) {
    struct reference *references;
    size_t total = 0;
    uint32_t used = 0;

    *count = 0;
    for (uint32_t i = 0; i < entry_count; i++)
        total += entries[i].replaces_count;
    if (total == 0)
        return NULL;
    references = arena_array(apply->arena, total, sizeof(*references));
    if (references == NULL)
        return NULL;
    for (uint32_t i = 0; i < entry_count; i++) {
        for (uint32_t k = 0; k < entries[i].replaces_count; k++)
            references[used++] = (struct reference){.version = entries[i].replaces[k],
                                                    .keep = (entries[i].flags & ENTRY_KEEP) != 0};
    }
    if (entry_count > 1) {
        uint32_t last = 0;

        qsort(references, used, sizeof(*references), reference_compare);
        for (uint32_t i = 1; i < used; i++) {
            if (reference_compare(&references[last], &references[i]) == 0)
                references[last].keep = references[last].keep && references[i].keep;
            else
                references[++last] = references[i];
        }
        used = last + 1;
    }
    *count = used;
    return references;
}

static void await(struct apply *apply, const struct entry *entry,
                  const struct reference *reference) {
    struct awaited *awaited;
    uint32_t at;

    if (record_find(apply->state, reference->version.dot, &at) ||
        dot_equal(reference->version.dot, apply->change->dot))
        return;
    awaited = &apply->awaited[apply->awaited_count++];
    awaited->instance = entry->instance;
    awaited->field = entry->field;
    awaited->keep = reference->keep;
    awaited->version = reference->version;
    if (awaited->keep)
        awaited->replaced_by = shift(apply, NULL, &awaited->replaced_count, true);
}

static const struct awaited *find_awaited(const struct record *state, const struct entry *entry,
                                          struct version_id name) {
    uint32_t low = 0;
    uint32_t high = state->awaited_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct awaited *awaited = &state->awaited[middle];
        int order = instance_compare(awaited->instance, entry->instance);

        if (order == 0)
            order = (int)awaited->field - (int)entry->field;
        if (order == 0)
            order = version_id_compare(awaited->version, name);
        if (order == 0)
            return awaited;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void add_entry(struct apply *apply, const struct entry *entry) {
    const struct awaited *awaited = NULL;
    struct version *version;

    if (apply->state->awaited_count > 0)
        awaited =
            find_awaited(apply->state, entry,
                         (struct version_id){.dot = apply->change->dot, .ordinal = entry->ordinal});
    if (awaited != NULL && !awaited->keep)
        return;
    version = &apply->versions[apply->version_count++];
    /* One by one: to clear the whole first takes longer than all the rest. */
    version->instance = entry->instance;
    version->field = entry->field;
    version->rank = entry->rank;
    version->change = apply->at;
    version->ordinal = entry->ordinal;
    version->value = entry->value;
    version->replaced_count = 0;
    version->replaced_by = NULL;
    if (awaited != NULL) {
        version->replaced_count = awaited->replaced_count;
        version->replaced_by = shift(apply, awaited->replaced_by, &version->replaced_count, false);
    }
}

/* old: the state's versions of this field. */
static void apply_field(struct apply *apply, const struct entry *entries, uint32_t entry_count,
                        const struct version *old, uint32_t old_count) {
    const struct record *state = apply->state;
    uint32_t reference_count;
    const struct reference *references = collect(apply, entries, entry_count, &reference_count);
    uint32_t next = 0;
    bool added = false;

    for (uint32_t i = 0; i < old_count; i++) {
        struct version_id name = version_name(state, &old[i]);
        bool replaced = false;

        if (!added && old[i].change >= apply->at) {
            for (uint32_t k = 0; k < entry_count; k++)
                add_entry(apply, &entries[k]);
            added = true;
        }
        while (next < reference_count && version_id_compare(references[next].version, name) < 0)
            await(apply, entries, &references[next++]);
        if (next < reference_count && version_id_compare(references[next].version, name) == 0) {
            replaced = true;
            if (!references[next++].keep)
                continue;
        }
        copy_version(apply, &old[i], replaced);
    }
    while (next < reference_count)
        await(apply, entries, &references[next++]);
    for (uint32_t k = 0; !added && k < entry_count; k++)
        add_entry(apply, &entries[k]);
}

static enum rc apply_entries(struct apply *apply, struct record *out, struct err *err) {
    const struct record *state = apply->state;
    const struct change *change = apply->change;
    size_t references = 0;
    uint32_t done = 0; /* versions of the state that are dealt with */

    for (uint32_t i = 0; i < change->entry_count; i++)
        references += change->entries[i].replaces_count;
    apply->versions = arena_room(apply->arena, (size_t)state->version_count + change->entry_count,
                                 sizeof(*apply->versions));
    apply->awaited = arena_array(apply->arena, references, sizeof(*apply->awaited));
    if (apply->versions == NULL || apply->awaited == NULL)
        return arena_check(apply->arena, "record", err);
    for (uint32_t i = 0; i < change->entry_count;) {
        const struct entry *first = &change->entries[i];
        uint32_t end = i + 1;
        uint32_t old_count = 0;
        const struct version *old = NULL;

        while (end < change->entry_count && change->entries[end].field == first->field &&
               instance_equal(change->entries[end].instance, first->instance))
            end++;
        if (state->version_count > 0) {
            old = record_field(state, first->instance, first->field, &old_count);
            copy_versions(apply, done, (uint32_t)(old - state->versions));
            done = (uint32_t)(old - state->versions) + old_count;
        }
        apply_field(apply, first, end - i, old, old_count);
        i = end;
    }
    copy_versions(apply, done, state->version_count);
    out->versions = apply->versions;
    out->version_count = apply->version_count;
    return RC_OK;
}

/* ---- awaited ---- */

static int awaited_compare(const struct awaited *a, const struct awaited *b) {
    int order = instance_compare(a->instance, b->instance);

    if (order == 0)
        order = (int)a->field - (int)b->field;
    return order != 0 ? order : version_id_compare(a->version, b->version);
}

/* What was awaited before, without what this change brought, and what it awaits itself. */
static enum rc merge_awaited(struct apply *apply, struct record *out, struct err *err) {
    const struct record *state = apply->state;
    uint32_t old = 0;
    uint32_t new = 0;
    struct awaited *merged;
    uint32_t count = 0;

    if (state->awaited_count == 0) {
        out->awaited = apply->awaited;
        out->awaited_count = apply->awaited_count;
        return RC_OK;
    }
    merged = arena_array(apply->arena, (size_t)state->awaited_count + apply->awaited_count,
                         sizeof(*merged));
    if (merged == NULL)
        return arena_check(apply->arena, "record", err);
    while (old < state->awaited_count || new < apply->awaited_count) {
        int order = old == state->awaited_count ? 1
                    : new == apply->awaited_count
                        ? -1
                        : awaited_compare(&state->awaited[old], &apply->awaited[new]);
        struct awaited *awaited = &merged[count];

        if (order > 0) {
            *awaited = apply->awaited[new ++];
            count++;
            continue;
        }
        *awaited = state->awaited[old++];
        if (dot_equal(awaited->version.dot, apply->change->dot))
            continue;
        if (order == 0)
            awaited->keep = apply->awaited[new ++].keep && awaited->keep;
        if (!awaited->keep)
            awaited->replaced_count = 0;
        awaited->replaced_by = shift(apply, awaited->replaced_by, &awaited->replaced_count,
                                     order == 0 && awaited->keep);
        count++;
    }
    out->awaited = merged;
    out->awaited_count = count;
    return RC_OK;
}

enum rc merge_apply(const struct record *state, const struct change *change,
                    struct admission admission, struct arena *arena, struct record *out,
                    struct err *err) {
    struct apply apply = {.state = state, .change = change, .arena = arena};
    struct record result;
    enum rc rc;

    if (!dot_equal(state->id, change->record))
        return err_set(err, RC_INVALID, "merge: the change is of another record");
    if (record_find(state, change->dot, &apply.at)) {
        rc = apply_again(state, apply.at, admission, arena, &result, err);
        if (rc == RC_OK && change->erased)
            rc = erase_again(&result, change, apply.at, arena, &result, err);
        if (rc == RC_OK)
            *out = result;
        return rc;
    }
    record_init(&result, state->id);
    result.erasures = state->erasures;
    result.erasure_count = state->erasure_count;
    rc = add_absorbed(&apply, admission, &result, err);
    if (rc == RC_OK)
        rc = apply_entries(&apply, &result, err);
    if (rc == RC_OK)
        rc = merge_awaited(&apply, &result, err);
    /* shift() allocates too, and leaves its failures to this check. */
    if (rc == RC_OK)
        rc = arena_check(arena, "record", err);
    if (rc == RC_OK && result.erasure_count > 0)
        rc = erasure_enforce(&result, arena, err);
    if (rc == RC_OK)
        *out = result;
    return rc;
}
