/* Looking things up in a state: everything in it is sorted. */
#include "schema/record.h"

#include "base/crypt.h"

void record_init(struct record *record, struct dot id) {
    memset(record, 0, sizeof(*record));
    record->id = id;
}

bool record_find(const struct record *record, struct dot dot, uint32_t *at) {
    uint32_t low = 0;
    uint32_t high = record->absorbed_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = dot_compare(record->absorbed[middle].dot, dot);

        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

bool record_has_absorbed(const struct record *record, struct dot dot) {
    uint32_t at;

    return record_find(record, dot, &at);
}

struct version_id version_name(const struct record *record, const struct version *version) {
    return (struct version_id){.dot = record->absorbed[version->change].dot,
                               .ordinal = version->ordinal};
}

/* The first version that is not before (instance, field). */
static uint32_t lower_bound(const struct record *record, struct instance_id instance,
                            uint32_t field) {
    uint32_t low = 0;
    uint32_t high = record->version_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct version *version = &record->versions[middle];
        int order = instance_compare(version->instance, instance);

        if (order < 0 || (order == 0 && version->field < field))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct version *record_field(const struct record *record, struct instance_id instance,
                                   uint16_t field, uint32_t *count) {
    uint32_t from = lower_bound(record, instance, field);
    uint32_t end = from;

    /* Mostly one version; a set may have thousands. */
    while (end < record->version_count && end - from < 8 && record->versions[end].field == field &&
           instance_equal(record->versions[end].instance, instance))
        end++;
    if (end - from == 8)
        end = lower_bound(record, instance, field + 1u);
    *count = end - from;
    return record->version_count == 0 ? NULL : record->versions + from;
}

uint64_t record_lamport(const struct record *record) {
    uint64_t largest = 0;

    for (uint32_t i = 0; i < record->absorbed_count; i++) {
        if (record->absorbed[i].lamport > largest)
            largest = record->absorbed[i].lamport;
    }
    return largest;
}

void record_digest(struct view packed, uint8_t out[32]) {
    crypt_hash("yg record", packed, out);
}

static bool same_version(const struct record *a, const struct version *left, const struct record *b,
                         const struct version *right) {
    return left->field == right->field && instance_equal(left->instance, right->instance) &&
           left->rank == right->rank && value_equal(&left->value, &right->value) &&
           left->replaced_count == right->replaced_count &&
           version_id_compare(version_name(a, left), version_name(b, right)) == 0;
}

const struct version *record_difference(const struct record *is, const struct record *should) {
    for (uint32_t i = 0; i < is->version_count || i < should->version_count; i++) {
        if (i >= is->version_count)
            return &should->versions[i];
        if (i >= should->version_count ||
            !same_version(is, &is->versions[i], should, &should->versions[i]))
            return &is->versions[i];
    }
    return NULL;
}
