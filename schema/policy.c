/* Policies. A choice depends on the set of sides alone, never on the order in which they came. */
#include "schema/policy.h"

#include "base/planted.h"
#include "schema/reading.h"

static const struct form_field *find_field(const struct form *form, uint16_t field) {
    if (form == NULL || field < FIELD_FIRST_OF_FORM)
        return NULL;
    return form_field_by_number(form, field);
}

uint16_t policy_group(const struct form *form, uint16_t field) {
    const struct form_field *found = find_field(form, field);

    return found == NULL ? 0 : found->merge_group;
}

enum policy policy_of(const struct form *form, uint16_t field) {
    return policy_of_field(form, find_field(form, field));
}

enum policy policy_of_field(const struct form *form, const struct form_field *found) {
    bool grouped = found != NULL && found->merge_group != 0;

    if (grouped && found->merge_group != found->number) {
        const struct form_field *first = find_field(form, found->merge_group);

        found = first == NULL ? found : first;
    }
    if (found == NULL)
        return POLICY_HUMAN;
    if (found->type == FIELD_TYPE_CALCULATE)
        return POLICY_LATEST;
    if (grouped && found->policy == POLICY_UNION)
        return POLICY_HUMAN;
    return (enum policy)found->policy;
}

const struct value *side_value(const struct side *side, uint32_t i) {
    static const struct value null_value = {.type = VALUE_NULL};

    return side->versions[i] == NULL ? &null_value : &side->versions[i]->value;
}

static bool sides_equal(const struct side *a, const struct side *b, uint32_t width) {
    for (uint32_t i = 0; i < width; i++) {
        if (!value_equal(side_value(a, i), side_value(b, i)))
            return false;
    }
    return true;
}

static int sides_compare(const struct side *a, const struct side *b, uint32_t width) {
    for (uint32_t i = 0; i < width; i++) {
        int order = value_compare(side_value(a, i), side_value(b, i));

        if (order != 0)
            return order;
    }
    return 0;
}

static bool side_null(const struct side *side, uint32_t width) {
    for (uint32_t i = 0; i < width; i++) {
        if (side_value(side, i)->type != VALUE_NULL)
            return false;
    }
    return true;
}

/* What a form can hold for "no": 0, "no", "false", "0", nothing. */
static bool side_true(const struct side *side) {
    const struct value *value = side_value(side, 0);

    switch (value->type) {
    case VALUE_NULL:
    case VALUE_ERASED:
        return false;
    case VALUE_TEXT:
        return value->bytes.size > 0 && !view_is(value->bytes, "0") &&
               !view_is(value->bytes, "no") && !view_is(value->bytes, "false");
    default:
        return value->number != 0;
    }
}

static bool side_later(const struct record *record, const struct side *a, const struct side *b) {
    const struct absorbed *left = &record->absorbed[a->change];
    const struct absorbed *right = &record->absorbed[b->change];

    if (left->time_ms != right->time_ms)
        return (left->time_ms > right->time_ms) != PLANTED(OLDEST_READS);
    return a->change > b->change;
}

/* Whether a is to be chosen instead of b, which comes before it. */
static bool side_better(enum policy policy, const struct record *record, const struct side *a,
                        const struct side *b, uint32_t width) {
    bool a_null = side_null(a, width);
    bool b_null = side_null(b, width);

    switch (policy) {
    case POLICY_LATEST:
    case POLICY_SERVER:
        return side_later(record, a, b);
    case POLICY_OR:
        if (side_true(a) != side_true(b))
            return side_true(a);
        return !a_null && (b_null || sides_compare(a, b, width) > 0);
    case POLICY_MAX:
        return !a_null && (b_null || sides_compare(a, b, width) > 0);
    case POLICY_MIN:
        return !a_null && (b_null || sides_compare(a, b, width) < 0);
    case POLICY_AUTHORITY:
        return a->rank > b->rank;
    default:
        return false;
    }
}

struct choice policy_choose(enum policy policy, const struct record *record,
                            const struct side *sides, uint32_t count, uint32_t width) {
    struct choice choice = {.kind = CELL_EMPTY};
    bool all_equal = true;

    if (count == 0)
        return choice;
    choice.kind = CELL_VALUE;
    for (uint32_t i = 1; i < count; i++) {
        if (all_equal && !sides_equal(&sides[0], &sides[i], width))
            all_equal = false;
        if (side_better(policy, record, &sides[i], &sides[choice.chosen], width))
            choice.chosen = i;
    }
    if (all_equal) {
        choice.chosen = 0;
        return choice;
    }
    choice.by_policy = true;
    if ((policy == POLICY_HUMAN && !PLANTED(LOSER_HIDDEN)) || policy == POLICY_ONCE ||
        policy == POLICY_UNION) {
        choice.kind = CELL_CONFLICT;
    } else if (policy == POLICY_AUTHORITY) {
        choice.rank = sides[choice.chosen].rank;
        for (uint32_t i = 0; i < count; i++) {
            if (sides[i].rank == choice.rank &&
                !sides_equal(&sides[i], &sides[choice.chosen], width))
                choice.kind = CELL_CONFLICT;
        }
    }
    if (choice.kind == CELL_CONFLICT)
        choice.by_policy = false;
    return choice;
}

enum loss { LOSS_NONE, LOSS_SOME, LOSS_ALL };

/* What the law has erased of what this side said. */
static enum loss side_loss(const struct side *side, uint32_t width) {
    uint32_t erased = 0, said = 0;

    for (uint32_t i = 0; i < width; i++) {
        said += side->versions[i] != NULL;
        erased += side->versions[i] != NULL && side->versions[i]->value.type == VALUE_ERASED;
    }
    return erased == 0 ? LOSS_NONE : erased < said ? LOSS_SOME : LOSS_ALL;
}

/* Those with this loss first, each part in its order. */
static uint32_t put_first(struct side *sides, uint32_t count, uint32_t width, enum loss loss) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct side side = sides[i];

        if (side_loss(&side, width) != loss)
            continue;
        for (uint32_t k = i; k > kept; k--)
            sides[k] = sides[k - 1];
        sides[kept++] = side;
    }
    return kept;
}

uint32_t policy_set_aside(struct side *sides, uint32_t count, uint32_t width) {
    uint32_t kept = put_first(sides, count, width, LOSS_NONE);

    if (kept == 0)
        kept = put_first(sides, count, width, LOSS_SOME);
    return kept == 0 && count > 0 ? 1 : kept;
}

static int change_order(const void *left, const void *right) {
    const struct side *a = left;
    const struct side *b = right;

    return a->change < b->change ? -1 : a->change > b->change ? 1 : 0;
}

uint32_t policy_sides(const struct version_list *lists, uint32_t width, struct arena *arena,
                      struct side **out) {
    uint32_t count = 0;
    uint32_t used = 0;
    struct side *sides;
    const struct version **tuples;

    for (uint32_t i = 0; i < width; i++)
        count += lists[i].count;
    sides = arena_array(arena, count, sizeof(*sides));
    if (sides == NULL)
        return 0;
    count = 0;
    for (uint32_t i = 0; i < width; i++) {
        for (uint32_t k = 0; k < lists[i].count; k++)
            sides[count++].change = lists[i].versions[k]->change;
    }
    qsort(sides, count, sizeof(*sides), change_order);
    for (uint32_t i = 0; i < count; i++) {
        if (used == 0 || sides[used - 1].change != sides[i].change)
            sides[used++] = sides[i];
    }
    tuples = arena_array(arena, (size_t)used * width, sizeof(*tuples));
    if (tuples == NULL)
        return 0;
    for (uint32_t i = 0; i < used; i++)
        sides[i].versions = tuples + (size_t)i * width;
    for (uint32_t i = 0; i < width; i++) {
        uint32_t at = 0;

        for (uint32_t k = 0; k < lists[i].count; k++) {
            const struct version *version = lists[i].versions[k];

            while (sides[at].change != version->change)
                at++;
            if (tuples[(size_t)at * width + i] == NULL)
                tuples[(size_t)at * width + i] = version;
            if (version->rank > sides[at].rank)
                sides[at].rank = version->rank;
        }
    }
    *out = sides;
    return used;
}
