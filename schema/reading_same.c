/* Who is the same as whom.
 *
 * Answers stand in FIELD_SAME of one of the two, naming the other; it does not matter which is
 * named. A pair whose live answers all say "=" hides its younger one, as long as both have one
 * parent and the older is still to be seen (through other pairs, if it is hidden as the same as
 * somebody older). A pair with both answers is a conflict and hides nobody. A pair without an
 * answer is proposed when the answers to a key field are equal. */
#include "schema/reading_build.h"

#include "base/planted.h"

struct answer {
    uint32_t older, younger; /* nodes; both 0: the record and another record */
    struct view other;       /* the other record's name */
    bool same;
    const struct version *version;
};

struct keyed {
    uint16_t field;
    uint32_t node;
    const struct value *value;
};

struct same {
    struct reading_build *build;
    uint32_t answer_count;
    struct answer *answers; /* sorted by pair */
};

static int compare_u32(uint32_t a, uint32_t b) {
    return a == b ? 0 : a < b ? -1 : 1;
}

static int pair_compare(const struct answer *a, const struct answer *b) {
    int order = compare_u32(a->older, b->older);

    if (order == 0)
        order = compare_u32(a->younger, b->younger);
    return order != 0 ? order : view_compare(a->other, b->other);
}

static int answer_order(const void *left, const void *right) {
    const struct answer *a = left;
    const struct answer *b = right;
    int order = pair_compare(a, b);

    if (order == 0)
        order = compare_u32(a->version->change, b->version->change);
    if (order == 0)
        order = a->version < b->version ? -1 : a->version > b->version ? 1 : 0;
    return order;
}

static bool read_answer(struct reading_build *build, const struct version *version,
                        struct answer *out) {
    struct view text = version->value.bytes;
    struct instance_id other;
    struct err ignored;
    uint32_t own;
    uint32_t named;

    err_init(&ignored, LANG_EN);
    if (version->value.type != VALUE_TEXT || text.size < 2)
        return false;
    *out = (struct answer){.same = text.data[0] == '=', .version = version};
    text = view_slice(text, 1, text.size);
    if (instance_is_root(version->instance)) {
        out->other = text;
        return true;
    }
    if (instance_parse(text, &other, &ignored) != RC_OK)
        return false;
    own = build_find_node(build, version->instance);
    named = build_find_node(build, other);
    if (own == NO_NODE || named == NO_NODE || own == named)
        return false;
    out->older = build->rank[own] < build->rank[named] ? own : named;
    out->younger = out->older == own ? named : own;
    return true;
}

static bool read_answers(struct same *same) {
    struct reading_build *build = same->build;
    const struct record *record = build->record;
    uint32_t count = 0;

    for (uint32_t i = 0; i < record->version_count; i++)
        count += record->versions[i].field == FIELD_SAME && build->live[i];
    same->answers = arena_array(build->arena, count, sizeof(*same->answers));
    if (same->answers == NULL)
        return false;
    for (uint32_t i = 0; i < record->version_count && count > 0; i++) {
        if (record->versions[i].field == FIELD_SAME && build->live[i] &&
            read_answer(build, &record->versions[i], &same->answers[same->answer_count]))
            same->answer_count++;
    }
    qsort(same->answers, same->answer_count, sizeof(*same->answers), answer_order);
    return true;
}

static void contradiction(struct reading_build *build, const struct answer *answers,
                          uint32_t count) {
    struct conflict *conflict = build_conflict(build, CONFLICT_SAME, answers->younger, FIELD_SAME);
    const struct version **versions = arena_array(build->arena, count, sizeof(*versions));

    if (conflict == NULL || versions == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        versions[i] = answers[i].version;
    conflict->other = build->nodes[answers->older].id;
    conflict->versions = versions;
    conflict->version_count = count;
}

static int younger_order(const void *left, const void *right, void *context) {
    const struct answer *const *a = left;
    const struct answer *const *b = right;
    const struct reading_build *build = context;

    return compare_u32(build->rank[(*a)->younger], build->rank[(*b)->younger]);
}

/* Pairs that are the same, youngest last, so that the older one's fate is known. */
static void hide_aliases(struct reading_build *build, const struct answer **pairs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct node *younger = &build->nodes[pairs[i]->younger];
        const struct node *older = &build->nodes[pairs[i]->older];
        bool gone = older->hidden && !older->alias;

        if (younger->parent == older->parent && !gone)
            build->nodes[pairs[i]->younger].alias = true;
    }
}

static void settle(struct same *same) {
    struct reading_build *build = same->build;
    const struct answer **pairs = arena_array(build->arena, same->answer_count, sizeof(*pairs));
    uint32_t pair_count = 0;

    if (pairs == NULL)
        return;
    for (uint32_t i = 0; i < same->answer_count;) {
        const struct answer *first = &same->answers[i];
        bool yes = false;
        bool no = false;
        uint32_t end = i;

        for (; end < same->answer_count && pair_compare(first, &same->answers[end]) == 0; end++) {
            yes = yes || same->answers[end].same;
            no = no || !same->answers[end].same;
        }
        if (yes && no)
            contradiction(build, first, end - i);
        else if (yes && first->younger != 0)
            pairs[pair_count++] = first;
        i = end;
    }
    qsort_r(pairs, pair_count, sizeof(const struct answer *), younger_order, build);
    hide_aliases(build, pairs, pair_count);
}

/* ---- proposals ---- */

static bool answered(const struct same *same, uint32_t older, uint32_t younger) {
    struct answer wanted = {.older = older, .younger = younger};
    uint32_t low = 0;
    uint32_t high = same->answer_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = pair_compare(&same->answers[middle], &wanted);

        if (order == 0)
            return same->answers[middle].same || !PLANTED(ASKED_AGAIN);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void propose(struct same *same, const struct keyed *older, const struct keyed *younger) {
    struct reading_build *build = same->build;
    struct conflict *conflict = build_conflict(build, CONFLICT_SAME, younger->node, younger->field);
    const struct version **versions = arena_array(build->arena, 2, sizeof(*versions));
    const struct keyed *both[2] = {older, younger};
    uint32_t used = 0;

    if (conflict == NULL || versions == NULL)
        return;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t count;
        const struct version *slice =
            record_field(build->record, build->nodes[both[i]->node].id, both[i]->field, &count);

        /* The value of a cell lies in one of its versions. */
        for (uint32_t k = 0; k < count; k++) {
            if (build->live[slice + k - build->record->versions] &&
                value_equal(&slice[k].value, both[i]->value)) {
                versions[used++] = &slice[k];
                break;
            }
        }
    }
    conflict->other = build->nodes[older->node].id;
    conflict->versions = versions;
    conflict->version_count = used;
}

static int keyed_group(const struct reading_build *build, const struct keyed *a,
                       const struct keyed *b) {
    const struct node *left = &build->nodes[a->node];
    const struct node *right = &build->nodes[b->node];
    int order = compare_u32(a->field, b->field);

    if (order == 0)
        order = compare_u32(left->parent, right->parent);
    if (order == 0)
        order = compare_u32(left->repeat, right->repeat);
    return order != 0 ? order : value_compare(a->value, b->value);
}

static int keyed_order(const void *left, const void *right, void *context) {
    const struct keyed *a = left;
    const struct keyed *b = right;
    const struct reading_build *build = context;
    int order = keyed_group(build, a, b);

    return order != 0 ? order : compare_u32(build->rank[a->node], build->rank[b->node]);
}

static void propose_all(struct same *same) {
    struct reading_build *build = same->build;
    struct keyed *list = arena_array(build->arena, build->cell_count, sizeof(*list));
    uint32_t count = 0;

    if (list == NULL)
        return;
    for (uint32_t i = 0; i < build->cell_count; i++) {
        const struct cell *cell = &build->cells[i];
        uint32_t node = build->cell_node[i];
        const struct form_field *field;

        if (cell->kind != CELL_VALUE || node == NO_NODE || node == 0 || node_hidden(build, node))
            continue;
        field = build->cell_field[i];
        if (field != NULL && field->key)
            list[count++] =
                (struct keyed){.field = cell->field, .node = node, .value = &cell->value};
    }
    qsort_r(list, count, sizeof(*list), keyed_order, build);
    for (uint32_t i = 0, first = 0; i < count; i++) {
        if (keyed_group(build, &list[first], &list[i]) != 0)
            first = i;
        for (uint32_t older = first; older < i; older++) {
            if (!answered(same, list[older].node, list[i].node)) {
                propose(same, &list[older], &list[i]);
                break;
            }
        }
    }
}

void same_read(struct reading_build *build) {
    struct same same = {.build = build};

    if (!read_answers(&same))
        return;
    settle(&same);
    if (build->form != NULL && build->node_count > 2)
        propose_all(&same);
}
