/* Joining two states: the highest rung of the ladder (merge.c) for every version that either side
 * knows. A version that one side lacks although it has absorbed its change was dropped there. */
#include "schema/merge.h"

#include "schema/erasure.h"

struct side {
    const struct record *record;
    uint32_t *to_out; /* index into absorbed -> index into those of out */
    bool *has;        /* by index of out: this side has absorbed it */
};

struct join {
    struct arena *arena;
    struct side a, b;
    struct record out;
};

/* ---- absorbed ---- */

static int compare_u64(uint64_t a, uint64_t b) {
    return a == b ? 0 : a < b ? -1 : 1;
}

/* Only faulty or hostile peers give one dot two contents; even then all must agree. */
static int content_compare(const struct absorbed *a, const struct absorbed *b) {
    int order = compare_u64(a->kind, b->kind);

    if (order == 0)
        order = compare_u64(a->form, b->form);
    if (order == 0)
        order = compare_u64(a->person, b->person);
    if (order == 0)
        order = compare_u64(a->lamport, b->lamport);
    if (order == 0)
        order = compare_u64(a->under_count, b->under_count);
    if (order == 0 && a->under_count > 0)
        order = memcmp(a->under, b->under, a->under_count * sizeof(*a->under));
    return order;
}

static struct absorbed absorbed_join(const struct absorbed *a, const struct absorbed *b) {
    struct absorbed joined = content_compare(a, b) <= 0 ? *a : *b;
    int order = (int)(a->flags & ABSORBED_PROVISIONAL) - (int)(b->flags & ABSORBED_PROVISIONAL);

    if (order == 0)
        order = a->time_ms < b->time_ms ? -1 : 1;
    joined.time_ms = order < 0 ? a->time_ms : b->time_ms;
    joined.flags = order < 0 ? a->flags : b->flags;
    return joined;
}

static void join_absorbed(struct join *join, struct absorbed *absorbed) {
    const struct record *a = join->a.record;
    const struct record *b = join->b.record;
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t count = 0;

    while (i < a->absorbed_count || k < b->absorbed_count) {
        int order = i == a->absorbed_count   ? 1
                    : k == b->absorbed_count ? -1
                                             : dot_compare(a->absorbed[i].dot, b->absorbed[k].dot);

        if (order == 0)
            absorbed[count] = absorbed_join(&a->absorbed[i], &b->absorbed[k]);
        else
            absorbed[count] = order < 0 ? a->absorbed[i] : b->absorbed[k];
        if (order <= 0) {
            join->a.has[count] = true;
            join->a.to_out[i++] = count;
        }
        if (order >= 0) {
            join->b.has[count] = true;
            join->b.to_out[k++] = count;
        }
        count++;
    }
    join->out.absorbed = absorbed;
    join->out.absorbed_count = count;
}

/* ---- sets of replacing changes ---- */

/* The union of a's and b's, in indices of out. NULL and 0 if both are empty. */
static const uint32_t *join_replaced(struct join *join, const uint32_t *a, uint32_t a_count,
                                     const uint32_t *b, uint32_t b_count, uint32_t *count) {
    uint32_t *joined;
    uint32_t i = 0;
    uint32_t k = 0;

    *count = 0;
    if (a_count == 0 && b_count == 0)
        return NULL;
    joined = arena_array(join->arena, (size_t)a_count + b_count, sizeof(*joined));
    if (joined == NULL)
        return NULL;
    while (i < a_count || k < b_count) {
        uint32_t left = i < a_count ? join->a.to_out[a[i]] : UINT32_MAX;
        uint32_t right = k < b_count ? join->b.to_out[b[k]] : UINT32_MAX;

        joined[(*count)++] = left < right ? left : right;
        i += left <= right ? 1 : 0;
        k += right <= left ? 1 : 0;
    }
    return joined;
}

/* ---- versions ---- */

static int place_compare(struct instance_id a, uint16_t a_field, struct instance_id b,
                         uint16_t b_field) {
    int order = instance_compare(a, b);

    return order != 0 ? order : (int)a_field - (int)b_field;
}

static int version_compare(const struct join *join, const struct version *a,
                           const struct version *b) {
    int order = place_compare(a->instance, a->field, b->instance, b->field);

    if (order == 0)
        order = compare_u64(join->a.to_out[a->change], join->b.to_out[b->change]);
    return order != 0 ? order : compare_u64(a->ordinal, b->ordinal);
}

/* The smaller one stays: what is erased, before anything else. */
static int value_bytes_compare(const struct version *a, const struct version *b) {
    int order = (int)(b->value.type == VALUE_ERASED) - (int)(a->value.type == VALUE_ERASED);

    if (order == 0)
        order = compare_u64(a->value.type, b->value.type);

    if (order == 0)
        order = compare_u64(a->value.scale, b->value.scale);
    if (order == 0)
        order = compare_u64((uint64_t)a->value.number, (uint64_t)b->value.number);
    if (order == 0)
        order = view_compare(a->value.bytes, b->value.bytes);
    return order != 0 ? order : compare_u64(a->rank, b->rank);
}

static int awaited_compare(const struct awaited *a, const struct awaited *b) {
    int order = place_compare(a->instance, a->field, b->instance, b->field);

    return order != 0 ? order : version_id_compare(a->version, b->version);
}

static const struct awaited *find_awaited(const struct record *record,
                                          const struct awaited *wanted) {
    uint32_t low = 0;
    uint32_t high = record->awaited_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = awaited_compare(&record->awaited[middle], wanted);

        if (order == 0)
            return &record->awaited[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A version that only `own` has. False if the other side has dropped it. */
static bool take_version(struct join *join, const struct side *own, const struct side *other,
                         const struct version *version, struct version *out) {
    const struct awaited *awaited = NULL;

    *out = *version;
    out->change = own->to_out[version->change];
    if (other->has[out->change])
        return false;
    if (other->record->awaited_count > 0) {
        struct awaited wanted = {.instance = version->instance,
                                 .field = version->field,
                                 .version = version_name(own->record, version)};

        awaited = find_awaited(other->record, &wanted);
    }
    if (awaited != NULL && !awaited->keep)
        return false;
    if (own == &join->a)
        out->replaced_by =
            join_replaced(join, version->replaced_by, version->replaced_count,
                          awaited == NULL ? NULL : awaited->replaced_by,
                          awaited == NULL ? 0 : awaited->replaced_count, &out->replaced_count);
    else
        out->replaced_by =
            join_replaced(join, awaited == NULL ? NULL : awaited->replaced_by,
                          awaited == NULL ? 0 : awaited->replaced_count, version->replaced_by,
                          version->replaced_count, &out->replaced_count);
    return true;
}

static void join_versions(struct join *join, struct version *versions) {
    const struct record *a = join->a.record;
    const struct record *b = join->b.record;
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t count = 0;

    while (i < a->version_count || k < b->version_count) {
        int order = i == a->version_count ? 1
                    : k == b->version_count
                        ? -1
                        : version_compare(join, &a->versions[i], &b->versions[k]);
        struct version *out = &versions[count];

        if (order < 0) {
            count += take_version(join, &join->a, &join->b, &a->versions[i++], out) ? 1 : 0;
        } else if (order > 0) {
            count += take_version(join, &join->b, &join->a, &b->versions[k++], out) ? 1 : 0;
        } else {
            const struct version *left = &a->versions[i++];
            const struct version *right = &b->versions[k++];

            *out = value_bytes_compare(left, right) <= 0 ? *left : *right;
            out->change = join->a.to_out[left->change];
            out->replaced_by =
                join_replaced(join, left->replaced_by, left->replaced_count, right->replaced_by,
                              right->replaced_count, &out->replaced_count);
            count++;
        }
    }
    join->out.versions = versions;
    join->out.version_count = count;
}

static void join_awaited(struct join *join, struct awaited *awaited) {
    static const struct awaited nothing = {.keep = true};
    const struct record *a = join->a.record;
    const struct record *b = join->b.record;
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t count = 0;

    while (i < a->awaited_count || k < b->awaited_count) {
        int order = i == a->awaited_count   ? 1
                    : k == b->awaited_count ? -1
                                            : awaited_compare(&a->awaited[i], &b->awaited[k]);
        const struct awaited *left = order <= 0 ? &a->awaited[i++] : &nothing;
        const struct awaited *right = order >= 0 ? &b->awaited[k++] : &nothing;
        struct awaited *out = &awaited[count];

        *out = order <= 0 ? *left : *right;
        if (record_has_absorbed(&join->out, out->version.dot))
            continue;
        out->keep = left->keep && right->keep;
        out->replaced_by = NULL;
        out->replaced_count = 0;
        if (out->keep)
            out->replaced_by =
                join_replaced(join, left->replaced_by, left->replaced_count, right->replaced_by,
                              right->replaced_count, &out->replaced_count);
        count++;
    }
    join->out.awaited = awaited;
    join->out.awaited_count = count;
}

/* ---- erasures ---- */

static void join_erasures(struct join *join) {
    const struct record *a = join->a.record;
    const struct record *b = join->b.record;
    struct view *erasures;
    uint32_t i = 0;
    uint32_t k = 0;

    if (a->erasure_count + b->erasure_count == 0)
        return;
    erasures =
        arena_array(join->arena, (size_t)a->erasure_count + b->erasure_count, sizeof(*erasures));
    if (erasures == NULL)
        return;
    while (i < a->erasure_count || k < b->erasure_count) {
        int order = i == a->erasure_count   ? 1
                    : k == b->erasure_count ? -1
                                            : view_compare(a->erasures[i], b->erasures[k]);

        erasures[join->out.erasure_count++] = order <= 0 ? a->erasures[i] : b->erasures[k];
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    join->out.erasures = erasures;
}

enum rc merge_join(const struct record *a, const struct record *b, struct arena *arena,
                   struct record *out, struct err *err) {
    size_t absorbed_count = (size_t)a->absorbed_count + b->absorbed_count;
    size_t version_count = (size_t)a->version_count + b->version_count;
    size_t awaited_count = (size_t)a->awaited_count + b->awaited_count;
    struct join join = {.arena = arena, .a.record = a, .b.record = b};
    struct absorbed *absorbed = arena_array(arena, absorbed_count, sizeof(*absorbed));
    struct version *versions = arena_array(arena, version_count, sizeof(*versions));
    struct awaited *awaited = arena_array(arena, awaited_count, sizeof(*awaited));
    enum rc rc;

    if (!dot_equal(a->id, b->id))
        return err_set(err, RC_INVALID, "merge: two states of different records");
    join.a.to_out = arena_array(arena, a->absorbed_count, sizeof(*join.a.to_out));
    join.b.to_out = arena_array(arena, b->absorbed_count, sizeof(*join.b.to_out));
    join.a.has = arena_array(arena, absorbed_count, sizeof(*join.a.has));
    join.b.has = arena_array(arena, absorbed_count, sizeof(*join.b.has));
    rc = arena_check(arena, "record", err);
    if (rc != RC_OK)
        return rc;
    record_init(&join.out, a->id);
    join_absorbed(&join, absorbed);
    join_versions(&join, versions);
    join_awaited(&join, awaited);
    join_erasures(&join);
    /* join_replaced allocates too, and leaves its failures to this check. */
    rc = arena_check(arena, "record", err);
    if (rc == RC_OK && join.out.erasure_count > 0)
        rc = erasure_enforce(&join.out, arena, err);
    if (rc == RC_OK)
        *out = join.out;
    return rc;
}
