/* Instances: which there are, in what order, which are hidden, which may be the same.
 *
 * Removing names dots. For every live version inside a removed instance we walk outwards from the
 * instance that holds it; a removal on the way that names the version's dot accounts for it, there
 * and further out. A removal that is reached unaccounted is in conflict with that version. */
#include "schema/limits.h"
#include "schema/reading_build.h"

bool version_is_inside(const struct version *version) {
    if (version->field >= FIELD_SEAL)
        return true;
    return version->field == FIELD_EXISTS && !value_is_cover(&version->value);
}

uint32_t build_find_node(const struct reading_build *build, struct instance_id id) {
    uint32_t low = 0;
    uint32_t high = build->node_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = instance_compare(build->nodes[middle].id, id);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_NODE;
}

/* Parents that form a circle (which only a hostile author makes) end after so many steps. */
static uint32_t step_out(const struct reading_build *build, uint32_t node, uint32_t *depth) {
    if (node == 0 || ++*depth > LIMIT_INSTANCE_DEPTH)
        return NO_NODE;
    return build->nodes[node].parent;
}

bool node_hidden(const struct reading_build *build, uint32_t node) {
    uint32_t depth = 0;

    for (; node != NO_NODE; node = step_out(build, node, &depth)) {
        if (build->nodes[node].hidden || build->nodes[node].alias)
            return true;
    }
    return build->nodes[0].hidden;
}

/* ---- reading them ---- */

static void add_cover(struct reading_build *build, struct node *node, const struct cover *cover) {
    size_t total = (size_t)node->dot_count + cover->count;
    struct dot *dots;
    uint32_t used = 0;

    node->removal = true;
    if (node->dot_count == 0) {
        node->dots = cover->dots;
        node->dot_count = cover->count;
        return;
    }
    dots = arena_array(build->arena, total, sizeof(*dots));
    if (dots == NULL)
        return;
    memcpy(dots, node->dots, node->dot_count * sizeof(*dots));
    if (cover->count > 0)
        memcpy(dots + node->dot_count, cover->dots, cover->count * sizeof(*dots));
    qsort(dots, total, sizeof(*dots), dot_order);
    for (size_t i = 0; i < total; i++) {
        if (used == 0 || dot_compare(dots[used - 1], dots[i]) != 0)
            dots[used++] = dots[i];
    }
    node->dots = dots;
    node->dot_count = used;
}

/* What one live FIELD_EXISTS says; the first that knows the place fixes it. */
static void read_exists(struct reading_build *build, struct node *node,
                        const struct version *version, bool *placed) {
    const struct value *value = &version->value;
    struct cover cover = {.count = 0};
    struct place place = {.repeat = 0};
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (value_is_cover(value)) {
        /* A removal that cannot be read names nothing: a conflict rather than a loss. */
        if (cover_decode(value->bytes, build->arena, &cover, &ignored) != RC_OK)
            cover = (struct cover){.count = 0};
        add_cover(build, node, &cover);
        place = (struct place){.repeat = cover.repeat, .parent = cover.parent};
    } else if (value->type == VALUE_INT) {
        place.repeat = (uint16_t)value->number;
    } else if (place_decode(value->bytes, &place, &ignored) != RC_OK) {
        return;
    }
    if (*placed)
        return;
    *placed = true;
    node->repeat = place.repeat;
    node->parent_id = place.parent;
}

/* False if nobody whom the reading counts has added this instance. */
static bool read_node(struct reading_build *build, struct node *node) {
    const struct record *record = build->record;
    uint64_t lamport = 0;
    bool placed = false;
    uint32_t at;

    for (uint32_t i = node->first; i < node->end; i++) {
        const struct version *version = &record->versions[i];

        if (version->field > FIELD_EXISTS)
            break;
        if (version->field != FIELD_EXISTS || !build->live[i])
            continue;
        if (!placed)
            lamport = record->absorbed[version->change].lamport;
        read_exists(build, node, version, &placed);
    }
    node->lamport = lamport;
    if (record_find(record, node->id.dot, &at))
        node->lamport = record->absorbed[at].lamport;
    return placed;
}

struct ranked {
    uint64_t lamport;
    uint32_t node;
};

static int ranked_order(const void *left, const void *right) {
    const struct ranked *a = left;
    const struct ranked *b = right;

    if (a->lamport != b->lamport)
        return a->lamport < b->lamport ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node ? 1 : 0;
}

static void order_nodes(struct reading_build *build) {
    uint32_t count = build->node_count - 1;
    struct ranked *ranked = arena_array(build->arena, count, sizeof(*ranked));

    build->order = arena_array(build->arena, count, sizeof(*build->order));
    build->rank = arena_array(build->arena, build->node_count, sizeof(*build->rank));
    if (ranked == NULL || build->order == NULL || build->rank == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){.lamport = build->nodes[i + 1].lamport, .node = i + 1};
    qsort(ranked, count, sizeof(*ranked), ranked_order);
    for (uint32_t i = 0; i < count; i++) {
        build->order[i] = ranked[i].node;
        build->rank[ranked[i].node] = i;
    }
}

/* ---- removals ---- */

struct unnamed {
    uint32_t node; /* the removed one */
    const struct version *version;
};

static int unnamed_order(const void *left, const void *right) {
    const struct unnamed *a = left;
    const struct unnamed *b = right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->version->change != b->version->change)
        return a->version->change < b->version->change ? -1 : 1;
    return a->version < b->version ? -1 : a->version > b->version ? 1 : 0;
}

static uint32_t find_unnamed(struct reading_build *build, const uint32_t *node_of,
                             struct unnamed *out) {
    const struct record *record = build->record;
    uint32_t count = 0;

    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];
        struct dot dot = record->absorbed[version->change].dot;
        bool named = false;
        uint32_t depth = 0;

        if (!build->live[i] || !version_is_inside(version))
            continue;
        for (uint32_t node = node_of[i]; node != NO_NODE; node = step_out(build, node, &depth)) {
            struct node *at = &build->nodes[node];

            named = named || (at->removal && dots_have(at->dots, at->dot_count, dot));
            if (!at->removal || named)
                continue;
            at->unnamed = true;
            if (out != NULL)
                out[count] = (struct unnamed){.node = node, .version = version};
            count++;
        }
    }
    return count;
}

/* The sides: the removals, and one version for each change that they did not know. */
static void removal_conflict(struct reading_build *build, const struct unnamed *unnamed,
                             uint32_t count) {
    const struct node *node = &build->nodes[unnamed->node];
    struct conflict *conflict =
        build_conflict(build, CONFLICT_REMOVED, unnamed->node, FIELD_EXISTS);
    size_t most = (size_t)count + (node->end - node->first);
    struct unnamed *sides = arena_array(build->arena, most, sizeof(*sides));
    const struct version **versions = arena_array(build->arena, most, sizeof(*versions));
    uint32_t side_count = 0;
    uint32_t used = 0;

    if (conflict == NULL || sides == NULL || versions == NULL)
        return;
    for (uint32_t i = node->first; i < node->end; i++) {
        const struct version *version = &build->record->versions[i];

        if (build->live[i] && version->field == FIELD_EXISTS && value_is_cover(&version->value))
            sides[side_count++] = (struct unnamed){.version = version};
    }
    for (uint32_t i = 0; i < count; i++)
        sides[side_count++] = (struct unnamed){.version = unnamed[i].version};
    qsort(sides, side_count, sizeof(*sides), unnamed_order);
    for (uint32_t i = 0; i < side_count; i++) {
        if (used == 0 || versions[used - 1]->change != sides[i].version->change)
            versions[used++] = sides[i].version;
    }
    conflict->versions = versions;
    conflict->version_count = used;
}

static void read_removals(struct reading_build *build, const uint32_t *node_of) {
    struct unnamed *unnamed;
    bool any = false;
    uint32_t count;

    for (uint32_t i = 0; i < build->node_count; i++)
        any = any || build->nodes[i].removal;
    if (!any)
        return;
    count = find_unnamed(build, node_of, NULL);
    unnamed = arena_array(build->arena, count, sizeof(*unnamed));
    if (unnamed == NULL)
        return;
    (void)find_unnamed(build, node_of, unnamed);
    qsort(unnamed, count, sizeof(*unnamed), unnamed_order);
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i;

        while (end < count && unnamed[end].node == unnamed[i].node)
            end++;
        removal_conflict(build, &unnamed[i], end - i);
        i = end;
    }
    for (uint32_t i = 0; i < build->node_count; i++)
        build->nodes[i].hidden = build->nodes[i].removal && !build->nodes[i].unnamed;
}

void instances_read(struct reading_build *build) {
    const struct record *record = build->record;
    uint32_t count = record->version_count;
    uint32_t *node_of = arena_array(build->arena, count, sizeof(*node_of));
    uint32_t most = 1;

    for (uint32_t i = 0; i < count; i++)
        most += i == 0 ||
                !instance_equal(record->versions[i - 1].instance, record->versions[i].instance);
    build->nodes = arena_array(build->arena, most, sizeof(*build->nodes));
    if (build->nodes == NULL || node_of == NULL)
        return;
    build->node_count = 1;
    for (uint32_t i = 0; i < count;) {
        struct instance_id id = record->versions[i].instance;
        bool root = instance_is_root(id);
        struct node *node = &build->nodes[root ? 0 : build->node_count];
        uint32_t index = root ? 0 : build->node_count;

        *node = (struct node){.id = id, .first = i};
        while (i < count && instance_equal(record->versions[i].instance, id))
            i++;
        node->end = i;
        if (!read_node(build, node) && !root)
            index = 0; /* unplaced: inside the record, that is all we know */
        else if (!root)
            build->node_count++;
        for (uint32_t k = node->first; k < node->end; k++)
            node_of[k] = index;
    }
    for (uint32_t i = 1; i < build->node_count; i++) {
        struct node *node = &build->nodes[i];
        uint32_t parent = build_find_node(build, node->parent_id);

        node->parent = parent == NO_NODE || parent == i ? 0 : parent;
    }
    order_nodes(build);
    read_removals(build, node_of);
}
