/* Values: one cell for every field of every instance that has a live version. */
#include "schema/reading_build.h"

#include "base/planted.h"

struct cells {
    struct reading_build *build;
    const struct version **pool; /* room for every version once: the lists of the cells */
    uint32_t pool_used;
    struct side *sides; /* scratch, as many as there are versions */
};

/* ---- single fields ---- */

static void add_conflict(struct cells *cells, enum conflict_kind kind, uint32_t node,
                         uint16_t field, const struct side *sides, uint32_t count, uint32_t width,
                         uint8_t rank) {
    struct conflict *conflict;
    const struct version **versions;
    uint32_t used = 0;

    /* Nobody knows where an instance stands that nobody has added yet: its questions wait. */
    if (node == NO_NODE)
        return;
    conflict = build_conflict(cells->build, kind, node, field);
    versions = arena_array(cells->build->arena, count, sizeof(*versions));
    if (conflict == NULL || versions == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (sides[i].rank < rank)
            continue;
        for (uint32_t k = 0; k < width; k++) {
            if (sides[i].versions[k] != NULL) {
                versions[used++] = sides[i].versions[k];
                break;
            }
        }
    }
    conflict->versions = versions;
    conflict->version_count = used;
}

/* The chosen one first, the rest stays in order of dots. */
static void put_first(const struct version **list, uint32_t chosen) {
    const struct version *first = list[chosen];

    for (; chosen > 0; chosen--)
        list[chosen] = list[chosen - 1];
    list[0] = first;
}

static void set_value(struct cell *cell, const struct value *value, bool by_policy) {
    cell->kind = value->type == VALUE_NULL     ? CELL_EMPTY
                 : value->type == VALUE_ERASED ? CELL_ERASED
                                               : CELL_VALUE;
    cell->value = *value;
    cell->by_policy = by_policy;
}

/* Erased versions behind the others. How many are not erased. */
static uint32_t set_erased_aside(const struct version **list, uint32_t count) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct version *version = list[i];

        if (version->value.type == VALUE_ERASED && !PLANTED(ERASED_CONTENDS))
            continue;
        for (uint32_t k = i; k > kept; k--)
            list[k] = list[k - 1];
        list[kept++] = version;
    }
    return kept;
}

static void read_single(struct cells *cells, struct cell *cell, const struct version **list,
                        uint32_t node, const struct form_field *field) {
    const struct record *record = cells->build->record;
    enum policy policy;
    struct choice choice;
    uint32_t count = set_erased_aside(list, cell->version_count);

    if (count <= 1) {
        set_value(cell, &list[0]->value, false);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        cells->sides[i] =
            (struct side){.change = list[i]->change, .rank = list[i]->rank, .versions = &list[i]};
    policy = policy_of_field(cells->build->form, field);
    choice = policy_choose(policy, record, cells->sides, count, 1);
    if (choice.kind == CELL_CONFLICT) {
        cell->kind = CELL_CONFLICT;
        add_conflict(cells, cell->field == FIELD_AREA ? CONFLICT_AREA : CONFLICT_FIELD, node,
                     cell->field, cells->sides, count, 1, choice.rank);
        return;
    }
    set_value(cell, &list[choice.chosen]->value, choice.by_policy);
    put_first(list, choice.chosen);
    if (PLANTED(LOSER_DROPPED))
        cell->version_count = 1;
}

static int element_order(const void *left, const void *right) {
    const struct version *const *a = left;
    const struct version *const *b = right;
    int order = value_compare(&(*a)->value, &(*b)->value);

    /* Both are of one array, which is sorted by dot. */
    return order != 0 ? order : *a < *b ? -1 : *a > *b ? 1 : 0;
}

static void read_set(struct cell *cell, const struct version **list) {
    uint32_t count = set_erased_aside(list, cell->version_count);
    uint32_t used = 0;

    if (count > 1)
        qsort(list, count, sizeof(const struct version *), element_order);
    for (uint32_t i = 0; i < count; i++) {
        if (list[i]->value.type != VALUE_NULL &&
            (used == 0 || value_compare(&list[used - 1]->value, &list[i]->value) != 0))
            list[used++] = list[i];
    }
    cell->kind = used > 0 ? CELL_SET : count > 0 ? CELL_EMPTY : CELL_ERASED;
    if (used > 0)
        cell->version_count = used;
}

/* ---- groups ---- */

static void read_group(struct cells *cells, struct cell *const *members, uint32_t width,
                       uint16_t group, uint32_t node) {
    struct arena *arena = cells->build->arena;
    enum policy policy = policy_of(cells->build->form, group);
    struct version_list *lists = arena_array(arena, width, sizeof(*lists));
    struct side *sides = NULL;
    struct choice choice;
    uint32_t count;

    if (lists == NULL)
        return;
    for (uint32_t i = 0; i < width; i++)
        lists[i] = (struct version_list){.count = members[i]->version_count,
                                         .versions = members[i]->versions};
    count = policy_sides(lists, width, arena, &sides);
    count = policy_set_aside(sides, count, width);
    choice = policy_choose(policy, cells->build->record, sides, count, width);
    if (choice.kind == CELL_EMPTY)
        return;
    if (choice.kind == CELL_CONFLICT)
        add_conflict(cells, CONFLICT_GROUP, node, group, sides, count, width, choice.rank);
    for (uint32_t i = 0; i < width; i++) {
        struct cell *cell = members[i];
        const struct side *chosen = &sides[choice.chosen];
        const struct version **list = cells->pool + (cell->versions - cells->pool);

        if (reading_is_gone(cell) &&
            (choice.kind == CELL_CONFLICT || chosen->versions[i] == NULL)) {
            cell->kind =
                CELL_ERASED; /* the chosen side says nothing about it, and it is not null */
            continue;
        }
        if (choice.kind == CELL_CONFLICT) {
            cell->kind = CELL_CONFLICT;
            continue;
        }
        set_value(cell, side_value(chosen, i), choice.by_policy);
        for (uint32_t k = 0; k < cell->version_count && chosen->versions[i] != NULL; k++) {
            if (list[k] == chosen->versions[i]) {
                put_first(list, k);
                break;
            }
        }
    }
}

/* The groups among the cells [from, end) of one instance. */
static void read_groups(struct cells *cells, uint32_t from, uint32_t end, uint32_t node) {
    struct reading_build *build = cells->build;
    uint16_t *groups = arena_array(build->arena, end - from, sizeof(*groups));
    struct cell **members = arena_array(build->arena, end - from, sizeof(*members));

    if (groups == NULL || members == NULL)
        return;
    for (uint32_t i = from; i < end; i++)
        groups[i - from] = build->cell_field[i] == NULL ? 0 : build->cell_field[i]->merge_group;
    for (uint32_t i = from; i < end; i++) {
        uint16_t group = groups[i - from];
        uint32_t width = 0;

        if (group == 0)
            continue;
        for (uint32_t k = i; k < end; k++) {
            if (groups[k - from] == group) {
                members[width++] = &build->cells[k];
                groups[k - from] = 0;
            }
        }
        read_group(cells, members, width, group, node);
    }
}

/* ---- all of them ---- */

static bool is_sealed(const struct reading_build *build, const struct version *version) {
    uint8_t scope;

    if (build->sealed == 0)
        return false;
    scope = reading_scope(build->form, version);
    return scope != FORM_NO_SCOPE && (build->sealed & (1u << scope)) != 0;
}

/* The live versions of the field that starts at `at`; returns where the next field starts. */
static uint32_t read_field(struct cells *cells, uint32_t at, uint32_t node, bool *grouped) {
    struct reading_build *build = cells->build;
    const struct record *record = build->record;
    const struct version *first = &record->versions[at];
    const struct version **list = cells->pool + cells->pool_used;
    struct cell *cell = &build->cells[build->cell_count];
    const struct form_field *field = NULL;
    uint32_t count = 0;

    for (; at < record->version_count && record->versions[at].field == first->field &&
           instance_equal(record->versions[at].instance, first->instance);
         at++) {
        if (build->live[at])
            list[count++] = &record->versions[at];
    }
    if (count == 0 || (first->field < FIELD_FIRST_OF_FORM && first->field != FIELD_AREA))
        return at;
    if (build->form != NULL && first->field >= FIELD_FIRST_OF_FORM)
        field = form_field_by_number(build->form, first->field);
    cells->pool_used += count;
    build->cell_field[build->cell_count] = field;
    build->cell_node[build->cell_count++] = node;
    *cell = (struct cell){.instance = first->instance,
                          .field = first->field,
                          .sealed = is_sealed(build, list[0]),
                          .version_count = count,
                          .versions = list};
    if (field != NULL && field->merge_group != 0)
        *grouped = true;
    else if (field != NULL && policy_of_field(build->form, field) == POLICY_UNION)
        read_set(cell, list);
    else
        read_single(cells, cell, list, node, field);
    return at;
}

static void read_areas(struct reading_build *build) {
    const struct cell *cell = &build->cells[0];

    if (build->cell_count == 0 || cell->field != FIELD_AREA)
        return;
    build->areas = arena_array(build->arena, cell->version_count, sizeof(*build->areas));
    if (build->areas == NULL)
        return;
    for (uint32_t i = 0; i < cell->version_count; i++) {
        uint64_t area = (uint64_t)cell->versions[i]->value.number;
        uint32_t at = 0;

        while (at < build->area_count && build->areas[at] < area)
            at++;
        if (at < build->area_count && build->areas[at] == area)
            continue;
        for (uint32_t k = build->area_count; k > at; k--)
            build->areas[k] = build->areas[k - 1];
        build->areas[at] = area;
        build->area_count++;
    }
}

void cells_read(struct reading_build *build) {
    const struct record *record = build->record;
    uint32_t count = record->version_count;
    struct cells cells = {.build = build};
    uint32_t most = 0;

    for (uint32_t i = 0; i < count; i++)
        most += i == 0 || record->versions[i - 1].field != record->versions[i].field ||
                !instance_equal(record->versions[i - 1].instance, record->versions[i].instance);
    build->cells = arena_array(build->arena, most, sizeof(*build->cells));
    build->cell_node = arena_array(build->arena, most, sizeof(*build->cell_node));
    build->cell_field = arena_array(build->arena, most, sizeof(*build->cell_field));
    cells.pool = arena_array(build->arena, count, sizeof(*cells.pool));
    cells.sides = arena_array(build->arena, count, sizeof(*cells.sides));
    if (build->cells == NULL || build->cell_node == NULL || build->cell_field == NULL ||
        cells.pool == NULL || cells.sides == NULL)
        return;
    for (uint32_t i = 0; i < count;) {
        struct instance_id instance = record->versions[i].instance;
        uint32_t node = build_find_node(build, instance);
        uint32_t from = build->cell_count;
        bool grouped = false;

        while (i < count && instance_equal(record->versions[i].instance, instance))
            i = read_field(&cells, i, node, &grouped);
        if (grouped)
            read_groups(&cells, from, build->cell_count, node);
    }
    read_areas(build);
}

/* ---- soft conflicts ---- */

bool cell_accepted(const struct record *record, const bool *live, const struct cell *cell,
                   struct arena *arena) {
    uint32_t count;
    const struct version *slice = record_field(record, cell->instance, FIELD_ACCEPT, &count);

    for (uint32_t i = 0; i < count; i++) {
        struct acceptance acceptance;
        struct err ignored;
        bool same = true;

        err_init(&ignored, LANG_EN);
        if (!live[slice + i - record->versions] ||
            acceptance_decode(slice[i].value.bytes, arena, &acceptance, &ignored) != RC_OK ||
            acceptance.field != cell->field)
            continue;
        if (PLANTED(ACCEPTED_FOR_EVER))
            return true;
        if (acceptance.count != cell->version_count)
            continue;
        /* The cell's list may start with the chosen one; so each is looked for. */
        for (uint32_t k = 0; k < cell->version_count && same; k++) {
            struct version_id name = version_name(record, cell->versions[k]);

            same = false;
            for (uint32_t j = 0; j < acceptance.count && !same; j++)
                same = version_id_compare(acceptance.versions[j], name) == 0;
        }
        if (same)
            return true;
    }
    return false;
}

static bool fits(const struct form *form, const struct form_field *field, const struct cell *cell) {
    struct err ignored;

    err_init(&ignored, LANG_EN);
    if (cell->kind == CELL_VALUE)
        return form_value_check(form, field, &cell->value, &ignored) == RC_OK;
    for (uint32_t i = 0; cell->kind == CELL_SET && i < cell->version_count; i++) {
        if (form_value_check(form, field, &cell->versions[i]->value, &ignored) != RC_OK)
            return false;
    }
    return true;
}

void soft_read(struct reading_build *build) {
    for (uint32_t i = 0; i < build->cell_count && build->form != NULL; i++) {
        const struct cell *cell = &build->cells[i];
        uint32_t node = build->cell_node[i];
        const struct form_field *field = build->cell_field[i];
        struct conflict *conflict;

        if (field == NULL || node == NO_NODE || !form_field_holds_value(field) ||
            node_hidden(build, node) || fits(build->form, field, cell) ||
            cell_accepted(build->record, build->live, cell, build->arena))
            continue;
        conflict = build_conflict(build, CONFLICT_SOFT, node, cell->field);
        if (conflict == NULL)
            return;
        conflict->rule = "the value does not fit the form";
        conflict->version_count = cell->version_count;
        conflict->versions = cell->versions;
    }
}
