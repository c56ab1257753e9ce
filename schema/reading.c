/* Puts a reading together from its parts (reading_build.h), and looks things up in it. */
#include "schema/reading.h"

#include "schema/reading_build.h"

const char *conflict_kind_name(enum conflict_kind kind) {
    static const char *const names[] = {
        [CONFLICT_FIELD] = "field", [CONFLICT_GROUP] = "group", [CONFLICT_REMOVED] = "removed",
        [CONFLICT_AREA] = "area",   [CONFLICT_SEAL] = "seal",   [CONFLICT_SAME] = "same",
        [CONFLICT_SOFT] = "soft",
    };

    return kind >= CONFLICT_FIELD && kind <= CONFLICT_SOFT ? names[kind] : "unknown";
}

const struct form *reading_governing_form(const struct record *record, form_lookup *lookup,
                                          void *context) {
    const struct form *governing = NULL;
    uint64_t last = 0;

    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];
        uint64_t id = record->absorbed[version->change].form;
        const struct form *form;

        if (version->replaced_count > 0 || id == 0 || id == last)
            continue;
        last = id;
        form = lookup(context, id);
        if (form != NULL && (governing == NULL || form->sequence > governing->sequence ||
                             (form->sequence == governing->sequence && form->id > governing->id)))
            governing = form;
        if (record->absorbed_count == 1)
            break; /* all are of this one change */
    }
    return governing;
}

struct conflict *build_conflict(struct reading_build *build, enum conflict_kind kind, uint32_t node,
                                uint16_t field) {
    struct pending_conflict *pending;

    if (build->conflict_count == build->conflict_capacity) {
        uint32_t capacity = build->conflict_capacity == 0 ? 16 : build->conflict_capacity * 2;
        struct pending_conflict *grown = arena_array(build->arena, capacity, sizeof(*grown));

        if (grown == NULL)
            return NULL;
        if (build->conflict_count > 0)
            memcpy(grown, build->conflicts, build->conflict_count * sizeof(*grown));
        build->conflicts = grown;
        build->conflict_capacity = capacity;
    }
    pending = &build->conflicts[build->conflict_count++];
    *pending = (struct pending_conflict){.node = node};
    /* Seals are read before the nodes; they belong to the record. */
    if (node != 0)
        pending->conflict.instance = build->nodes[node].id;
    pending->conflict.kind = (uint8_t)kind;
    pending->conflict.field = field;
    return &pending->conflict;
}

bool reading_is_gone(const struct cell *cell) {
    for (uint32_t i = 0; i < cell->version_count; i++) {
        if (cell->versions[i]->value.type != VALUE_ERASED)
            return false;
    }
    return cell->version_count > 0;
}

static int conflict_order(const void *left, const void *right) {
    const struct conflict *a = left;
    const struct conflict *b = right;
    int order = instance_compare(a->instance, b->instance);

    if (order == 0)
        order = (int)a->field - (int)b->field;
    if (order == 0)
        order = (int)a->kind - (int)b->kind;
    if (order == 0)
        order = instance_compare(a->other, b->other);
    if (order == 0 && a->version_count > 0 && b->version_count > 0)
        order = a->versions[0] < b->versions[0] ? -1 : a->versions[0] > b->versions[0] ? 1 : 0;
    return order;
}

/* Two keys may propose the same pair: once is enough. */
static bool proposed(const struct conflict *list, uint32_t count, const struct conflict *wanted) {
    while (wanted->kind == CONFLICT_SAME && wanted->field >= FIELD_FIRST_OF_FORM && count > 0) {
        const struct conflict *at = &list[--count];

        if (!instance_equal(at->instance, wanted->instance))
            return false;
        if (at->kind == CONFLICT_SAME && instance_equal(at->other, wanted->other))
            return true;
    }
    return false;
}

static void finish_conflicts(struct reading_build *build, struct reading *out) {
    struct conflict *list = arena_array(build->arena, build->conflict_count, sizeof(*list));
    uint32_t count = 0;

    if (list == NULL)
        return;
    for (uint32_t i = 0; i < build->conflict_count; i++) {
        /* Nobody needs to answer for what is not there any more. */
        if (!node_hidden(build, build->conflicts[i].node))
            list[count++] = build->conflicts[i].conflict;
    }
    qsort(list, count, sizeof(*list), conflict_order);
    out->conflict_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!proposed(list, out->conflict_count, &list[i]))
            list[out->conflict_count++] = list[i];
    }
    out->conflicts = list;
}

static void finish_instances(struct reading_build *build, struct reading *out) {
    uint32_t count = build->node_count - 1;
    struct seen_instance *list = arena_array(build->arena, count, sizeof(*list));

    if (list == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct node *node = &build->nodes[build->order[i]];

        list[i] = (struct seen_instance){.id = node->id,
                                         .parent = build->nodes[node->parent].id,
                                         .repeat = node->repeat,
                                         .removed = node_hidden(build, build->order[i])};
    }
    out->instances = list;
    out->instance_count = count;
    /* Nodes are sorted by id, and rank says where each stands in the list. */
    out->by_id = build->rank + 1;
}

enum rc reading_make(const struct record *record, const struct form *form, struct arena *arena,
                     struct reading *out, struct err *err) {
    struct reading_build build = {.record = record, .form = form, .arena = arena};

    memset(out, 0, sizeof(*out));
    seals_read(&build);
    if (arena->failed == RC_OK)
        instances_read(&build);
    if (arena->failed == RC_OK)
        cells_read(&build);
    if (arena->failed == RC_OK)
        same_read(&build);
    if (arena->failed == RC_OK)
        soft_read(&build);
    if (arena->failed != RC_OK)
        return arena_check(arena, "reading of a record", err);
    out->record = record;
    out->form = form;
    out->live = build.live;
    out->in_force = build.in_force;
    out->cells = build.cells;
    out->cell_count = build.cell_count;
    out->late = build.late;
    out->late_count = build.late_count;
    out->sealed_scopes = build.sealed;
    out->withdrawn = build.nodes[0].hidden;
    out->areas = build.areas;
    out->area_count = build.area_count;
    finish_conflicts(&build, out);
    finish_instances(&build, out);
    return arena_check(arena, "reading of a record", err);
}

const struct cell *reading_cell(const struct reading *reading, struct instance_id instance,
                                uint16_t field) {
    uint32_t low = 0;
    uint32_t high = reading->cell_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct cell *cell = &reading->cells[middle];
        int order = instance_compare(cell->instance, instance);

        if (order == 0)
            order = (int)cell->field - (int)field;
        if (order == 0)
            return cell;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct seen_instance *reading_instance(const struct reading *reading,
                                             struct instance_id instance) {
    uint32_t low = 0;
    uint32_t high = reading->instance_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct seen_instance *seen = &reading->instances[reading->by_id[middle]];
        int order = instance_compare(seen->id, instance);

        if (order == 0)
            return seen;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool reading_shows(const struct reading *reading, struct instance_id instance) {
    const struct seen_instance *seen = reading_instance(reading, instance);

    return instance_is_root(instance) || (seen != NULL && !seen->removed);
}

enum rc reading_add_conflicts(struct reading *reading, const struct conflict *added, uint32_t count,
                              struct arena *arena, struct err *err) {
    struct conflict *list;

    if (count == 0)
        return arena_check(arena, "reading of a record", err);
    list = arena_array(arena, reading->conflict_count + count, sizeof(*list));
    if (list == NULL)
        return arena_check(arena, "reading of a record", err);
    if (reading->conflict_count > 0)
        memcpy(list, reading->conflicts, reading->conflict_count * sizeof(*list));
    memcpy(list + reading->conflict_count, added, count * sizeof(*list));
    reading->conflict_count += count;
    reading->conflicts = list;
    qsort(list, reading->conflict_count, sizeof(*list), conflict_order);
    return RC_OK;
}

bool reading_accepted(const struct reading *reading, const struct cell *cell, struct arena *arena) {
    return cell_accepted(reading->record, reading->live, cell, arena);
}

bool reading_wrote_side(const struct reading *reading, const struct conflict *conflict,
                        uint64_t person) {
    for (uint32_t i = 0; i < conflict->version_count; i++) {
        if (reading->record->absorbed[conflict->versions[i]->change].person == person)
            return true;
    }
    return false;
}
