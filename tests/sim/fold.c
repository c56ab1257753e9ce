/* fold.c: what the county's log means, said once more and as plainly as can be, from the text of
 * docs/protocol.md (sections 3, 5 and 13), and compared with the county's records at the end.
 *
 * Every entry of every admitted change is a fact. A fact is live unless another change of the
 * record names it as replaced. A field with one live value has it; else its policy says which; else
 * people have to. Where a scope is sealed, only those facts count that the seal names, or whose
 * change names the seal. Nothing of schema/merge, schema/record or schema/reading is used to come
 * to that; it takes the square of the facts, and worlds are small.
 *
 * Not said once more: sameness, broken constraints, erasures. */
#include "schema/wire/frame.h"
#include "schema/wire/lineage.h"
#include "tests/sim/world.h"

#include <stdlib.h>

#define FACTS_MAX  20000u
#define SEAL_FIRST 16u

struct fact {
    const struct change *change;
    const struct entry *entry;
    struct dot record, dot; /* dot: of its change, as it is known */
    uint32_t ordinal;       /* among the entries of its field in its change */
    int64_t time_ms;        /* corrected */
};

struct fold {
    struct world *world;
    struct ledger *ledger;
    struct arena arena;
    struct fact *facts;
    uint32_t count;
};

/* ---- facts ---- */

static void add_facts(struct fold *fold, const struct stored_frame *stored,
                      const struct change *change) {
    int64_t time_ms = change->wall_ms + stored->offset_ms;

    for (uint32_t i = 0; i < change->entry_count; i++) {
        struct fact *fact = &fold->facts[fold->count++];

        if (fold->count == FACTS_MAX)
            world_fail(fold->world, "a world with too many facts");
        *fact =
            (struct fact){.change = change,
                          .entry = &change->entries[i],
                          .record = change->record,
                          .dot = change->dot,
                          .time_ms = time_ms < stored->received_ms ? time_ms : stored->received_ms};
        for (uint32_t k = 0; k < i; k++)
            fact->ordinal +=
                change->entries[k].field == fact->entry->field &&
                instance_compare(change->entries[k].instance, fact->entry->instance) == 0;
    }
}

static enum rc read_frame(void *context, const struct stored_frame *stored, struct err *err) {
    struct fold *fold = context;
    struct frame *frame = arena_alloc(&fold->arena, sizeof(*frame));
    struct stored_frame kept = *stored;
    struct lineage lineage;
    enum rc rc;

    kept.bytes = arena_view(&fold->arena, stored->bytes);
    kept.forks = arena_view(&fold->arena, stored->forks);
    if (frame == NULL)
        abort();
    rc = frame_decode_raw(kept.bytes, fold->ledger->inflater, &fold->arena, frame, err);
    if (rc == RC_OK)
        rc = lineage_decode(kept.forks, &fold->arena, &lineage, err);
    if (rc == RC_OK)
        rc = frame_rename(frame, &lineage, &fold->arena, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame->count; i++) {
        const struct change *change = &frame->changes[i].change;
        struct stored_change row;

        rc = store_change(fold->ledger->store, change->dot, &row, err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            rc = RC_OK;
        } else if (rc == RC_OK && row.frame == stored->serial && row.position == i &&
                   row.verdict == VERDICT_ADMIT) {
            add_facts(fold, &kept, change);
        }
    }
    return rc;
}

static bool same_place(const struct fact *a, const struct fact *b) {
    return dot_equal(a->record, b->record) && a->entry->field == b->entry->field &&
           instance_compare(a->entry->instance, b->entry->instance) == 0;
}

static bool replaces(const struct fact *later, const struct fact *fact) {
    for (uint32_t i = 0; i < later->entry->replaces_count; i++)
        if (dot_equal(later->entry->replaces[i].dot, fact->dot) &&
            later->entry->replaces[i].ordinal == fact->ordinal)
            return true;
    return false;
}

static bool is_live(const struct fold *fold, const struct fact *fact) {
    for (uint32_t i = 0; i < fold->count; i++)
        if (same_place(&fold->facts[i], fact) && replaces(&fold->facts[i], fact))
            return false;
    return true;
}

/* ---- seals ---- */

/* Whether the seal, as section 5 writes it, names this change; or the change the seal. */
static bool seal_knows(const struct fact *seal, const struct fact *fact) {
    struct reader in;
    struct view digest;
    uint64_t actor = 0, count;

    reader_init(&in, seal->entry->value.bytes);
    digest = read_bytes(&in, 16);
    for (uint32_t i = 0; i < fact->change->under_count; i++)
        if (view_equal(view_of(fact->change->under[i], 16), digest))
            return true;
    count = read_varint(&in);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = read_varint(&in);

        if ((number & 1) != 0)
            actor = read_id(&in);
        if (actor == fact->dot.actor && number / 2 == fact->dot.number)
            return true;
    }
    return false;
}

struct seals {
    const struct fact *list[64];
    uint32_t count;
    bool contradict;
};

static void find_seals(const struct fold *fold, struct dot record, uint32_t scope,
                       struct seals *out) {
    *out = (struct seals){.count = 0};
    for (uint32_t i = 0; i < fold->count && out->count < 64; i++) {
        const struct fact *fact = &fold->facts[i];

        if (!dot_equal(fact->record, record) || fact->entry->field != SEAL_FIRST + scope ||
            fact->entry->value.type != VALUE_BYTES || !is_live(fold, fact))
            continue;
        if (out->count > 0 &&
            memcmp(out->list[0]->entry->value.bytes.data, fact->entry->value.bytes.data, 16) != 0)
            out->contradict = true;
        out->list[out->count++] = fact;
    }
}

static bool counts_under(const struct seals *seals, const struct fact *fact) {
    for (uint32_t i = 0; i < seals->count; i++)
        if (seal_knows(seals->list[i], fact))
            return true;
    return seals->count == 0;
}

/* As is_live, under seals. */
static bool is_read(const struct fold *fold, const struct seals *seals, const struct fact *fact) {
    if (!counts_under(seals, fact))
        return false;
    for (uint32_t i = 0; i < fold->count; i++)
        if (same_place(&fold->facts[i], fact) && replaces(&fold->facts[i], fact) &&
            counts_under(seals, &fold->facts[i]))
            return false;
    return true;
}

/* ---- what a field says ---- */

static bool equal(const struct fact *a, const struct fact *b) {
    const struct value *left = &a->entry->value, *right = &b->entry->value;

    return left->type == right->type && left->number == right->number &&
           left->scale == right->scale && view_equal(left->bytes, right->bytes);
}

struct said {
    uint8_t kind; /* enum cell_kind */
    const struct fact *fact;
    uint32_t elements; /* of a set */
};

static void say_set(const struct fact *const *list, uint32_t count, struct said *out) {
    for (uint32_t i = 0; i < count; i++) {
        bool is_new = list[i]->entry->value.type != VALUE_NULL;

        for (uint32_t k = 0; k < i && is_new; k++)
            is_new = !equal(list[i], list[k]);
        out->elements += is_new;
    }
    out->kind = out->elements > 0 ? CELL_SET : CELL_EMPTY;
}

static bool goes_before(uint8_t policy, const struct fact *a, const struct fact *b) {
    switch (policy) {
    case POLICY_LATEST:
        return a->time_ms > b->time_ms ||
               (a->time_ms == b->time_ms && dot_compare(a->dot, b->dot) > 0);
    case POLICY_MAX:
        return a->entry->value.number > b->entry->value.number;
    case POLICY_MIN:
        return a->entry->value.number < b->entry->value.number;
    default: /* authority */
        return a->entry->rank > b->entry->rank;
    }
}

static void say(uint8_t policy, const struct fact *const *list, uint32_t count, struct said *out) {
    bool same = true;

    *out = (struct said){.kind = CELL_CONFLICT};
    if (policy == POLICY_UNION) {
        say_set(list, count, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool is_null = list[i]->entry->value.type == VALUE_NULL;

        same = same && equal(list[0], list[i]);
        if (is_null && (policy == POLICY_MAX || policy == POLICY_MIN))
            continue;
        if (out->fact == NULL || goes_before(policy, list[i], out->fact))
            out->fact = list[i];
    }
    if (same)
        out->fact = list[0];
    else if (policy == POLICY_HUMAN || policy == POLICY_ONCE || policy == POLICY_SERVER)
        return;
    if (policy == POLICY_AUTHORITY && !same)
        for (uint32_t i = 0; i < count; i++)
            if (list[i]->entry->rank == out->fact->entry->rank && !equal(list[i], out->fact))
                return;
    out->kind =
        out->fact == NULL || out->fact->entry->value.type == VALUE_NULL ? CELL_EMPTY : CELL_VALUE;
}

/* ---- the comparison ---- */

static void differs(const struct fold *fold, const struct fact *fact, const char *what) {
    world_fail(fold->world, "record %04x-%u, field %u of instance %u: %s",
               (unsigned)(fact->record.actor >> 48), (unsigned)fact->record.number,
               fact->entry->field, (unsigned)fact->entry->instance.dot.number, what);
}

static const struct form_field *field_of(const struct form *form, uint16_t number) {
    for (uint32_t i = 0; form != NULL && i < form->field_count; i++)
        if (form->fields[i].number == number)
            return &form->fields[i];
    return NULL;
}

/* field 0: of any. */
static bool has_conflict(const struct reading *reading, enum conflict_kind kind,
                         struct instance_id instance, uint16_t field) {
    for (uint32_t i = 0; i < reading->conflict_count; i++)
        if (reading->conflicts[i].kind == kind &&
            (field == 0 || reading->conflicts[i].field == field) &&
            instance_compare(reading->conflicts[i].instance, instance) == 0)
            return true;
    return false;
}

/* ---- what is out ---- */

static bool is_within(const struct fact *fact, struct dot record, struct instance_id instance) {
    return dot_equal(fact->record, record) &&
           (instance_is_root(instance) || instance_compare(fact->entry->instance, instance) == 0);
}

static bool is_cover(const struct fact *fact) {
    return fact->entry->field == FIELD_EXISTS && fact->entry->value.type == VALUE_BYTES &&
           fact->entry->value.bytes.size > 0 && fact->entry->value.bytes.data[0] == 2;
}

/* Whether the cover, as section 5 writes it, names this change. */
static bool cover_names(const struct fact *cover, struct dot dot) {
    struct reader in;
    uint64_t actor = 0, count;

    reader_init(&in, cover->entry->value.bytes);
    (void)read_u8(&in);
    (void)read_varint(&in); /* the repeat */
    if (read_varint(&in) != 0) {
        (void)read_id(&in);
        (void)read_varint(&in);
    }
    count = read_varint(&in);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = read_varint(&in);

        if ((number & 1) != 0)
            actor = read_id(&in);
        if (actor == dot.actor && number / 2 == dot.number)
            return true;
    }
    return false;
}

/* Live, and counting, inside of what may be taken out: answers, seals and places. */
static bool is_inside(const struct fold *fold, const struct form *form, const struct fact *fact) {
    const struct form_field *field = field_of(form, fact->entry->field);
    struct seals seals = {.count = 0};

    if (fact->entry->field < SEAL_FIRST && (fact->entry->field != FIELD_EXISTS || is_cover(fact)))
        return false;
    if (field == NULL || field->scope == FORM_NO_SCOPE)
        return is_live(fold, fact);
    find_seals(fold, fact->record, field->scope, &seals);
    return is_read(fold, &seals, fact);
}

enum presence { IS_THERE, IS_OUT, IS_ASKED, IS_UNSAID };

/* Whether a live cover of this instance, or of the one within it that holds the fact, names it. */
static bool is_named(const struct fold *fold, const struct fact *fact,
                     struct instance_id instance) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *cover = &fold->facts[i];

        if (dot_equal(cover->record, fact->record) && is_cover(cover) &&
            (instance_compare(cover->entry->instance, instance) == 0 ||
             instance_compare(cover->entry->instance, fact->entry->instance) == 0) &&
            cover_names(cover, fact->dot) && is_live(fold, cover))
            return true;
    }
    return false;
}

/* Of an instance without others within it, or of the record itself. */
static enum presence presence_of(const struct fold *fold, const struct form *form,
                                 struct dot record, struct instance_id instance) {
    bool covered = false;

    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        if (dot_equal(fact->record, record) && fact->entry->field == FIELD_SAME)
            return IS_UNSAID;
        covered = covered ||
                  (dot_equal(fact->record, record) && is_cover(fact) &&
                   instance_compare(fact->entry->instance, instance) == 0 && is_live(fold, fact));
    }
    /* What takes the record out takes out all that is in it. */
    if (!instance_is_root(instance) &&
        presence_of(fold, form, record, (struct instance_id){.ordinal = 0}) == IS_OUT)
        return IS_OUT;
    for (uint32_t i = 0; covered && i < fold->count; i++)
        if (is_within(&fold->facts[i], record, instance) &&
            is_inside(fold, form, &fold->facts[i]) && !is_named(fold, &fold->facts[i], instance))
            return IS_ASKED;
    return covered ? IS_OUT : IS_THERE;
}

static bool asks_nothing(const struct reading *reading, const struct fact *fact) {
    const struct seen_instance *seen;

    if (reading->withdrawn || instance_is_root(fact->entry->instance))
        return reading->withdrawn;
    seen = reading_instance(reading, fact->entry->instance);
    return seen == NULL || seen->removed; /* compared by itself: compare_presence */
}

static void compare_presence(const struct fold *fold, const struct reading *reading,
                             const struct fact *fact) {
    struct instance_id instance = fact->entry->instance;
    enum presence expected = presence_of(fold, reading->form, fact->record, instance);
    const struct seen_instance *seen = reading_instance(reading, instance);
    bool out = instance_is_root(instance) ? reading->withdrawn : seen == NULL || seen->removed;

    if (expected == IS_UNSAID)
        return;
    if (out != (expected == IS_OUT))
        differs(fold, fact,
                out ? "it is out, and nobody has taken it out rightly"
                    : "it has been taken out, and is still there");
    if (!reading->withdrawn &&
        has_conflict(reading, CONFLICT_REMOVED, instance, 0) != (expected == IS_ASKED))
        differs(fold, fact, "a question about a removal is missing, or too much");
}

/* ---- groups ---- */

/* Whether two changes have the same live in the group's fields of this instance. */
static bool same_side(const struct fold *fold, const struct form *form, const struct fact *a,
                      const struct fact *b, uint16_t group) {
    for (uint32_t f = 0; f < form->field_count; f++) {
        const struct fact *left = NULL, *right = NULL;

        for (uint32_t i = 0; i < fold->count && form->fields[f].merge_group == group; i++) {
            const struct fact *fact = &fold->facts[i];

            if (!dot_equal(fact->record, a->record) ||
                fact->entry->field != form->fields[f].number ||
                instance_compare(fact->entry->instance, a->entry->instance) != 0 ||
                !is_live(fold, fact))
                continue;
            left = dot_equal(fact->dot, a->dot) ? fact : left;
            right = dot_equal(fact->dot, b->dot) ? fact : right;
        }
        if ((left == NULL) != (right == NULL) || (left != NULL && !equal(left, right)))
            return false;
    }
    return true;
}

static void compare_group(const struct fold *fold, const struct reading *reading,
                          const struct form_field *field, const struct fact *first) {
    const struct cell *cell = reading_cell(reading, first->entry->instance, first->entry->field);
    const struct fact *one = NULL;
    bool contradict = false;

    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        const struct form_field *of = field_of(reading->form, fact->entry->field);

        if (!dot_equal(fact->record, first->record) || of == NULL ||
            of->merge_group != field->merge_group ||
            instance_compare(fact->entry->instance, first->entry->instance) != 0 ||
            !is_live(fold, fact))
            continue;
        contradict = contradict || (one != NULL &&
                                    !same_side(fold, reading->form, one, fact, field->merge_group));
        one = one == NULL ? fact : one;
    }
    if ((contradict && !asks_nothing(reading, first)) !=
        has_conflict(reading, CONFLICT_GROUP, first->entry->instance, field->merge_group))
        differs(fold, first, "a conflict of a group is missing, or too much");
    for (uint32_t i = 0; i < fold->count && !contradict; i++)
        if (same_place(&fold->facts[i], first) && is_live(fold, &fold->facts[i]) &&
            (cell == NULL || (cell->kind == CELL_VALUE &&
                              !value_equal(&cell->value, &fold->facts[i].entry->value))))
            differs(fold, first, "a group reads as another value");
}

static void compare_cell(const struct fold *fold, const struct reading *reading,
                         const struct form_field *field, const struct fact *first) {
    const struct fact *list[256];
    const struct cell *cell = reading_cell(reading, first->entry->instance, first->entry->field);
    struct seals seals = {.count = 0};
    struct said said;
    uint32_t count = 0;

    if (field->scope != FORM_NO_SCOPE)
        find_seals(fold, first->record, field->scope, &seals);
    if (field->merge_group != 0 && field->policy == POLICY_HUMAN && field->scope == FORM_NO_SCOPE)
        compare_group(fold, reading, field, first);
    if (seals.contradict || field->merge_group != 0 || field->policy == POLICY_OR)
        return;
    for (uint32_t i = 0; i < fold->count && count < 256; i++)
        if (same_place(&fold->facts[i], first) && is_read(fold, &seals, &fold->facts[i]))
            list[count++] = &fold->facts[i];
    if (count == 0) {
        if (cell != NULL)
            differs(fold, first, "nothing is said there, and it reads something");
        return;
    }
    say(field->policy, list, count, &said);
    if (cell == NULL || cell->kind != said.kind)
        differs(fold, first,
                said.kind == CELL_CONFLICT ? "people contradict each other, and it reads otherwise"
                                           : "it reads otherwise than its policy says");
    if (said.kind == CELL_SET && cell->version_count != said.elements)
        differs(fold, first, "the set has other elements");
    if (said.kind == CELL_VALUE && !value_equal(&cell->value, &said.fact->entry->value))
        differs(fold, first, "it reads as another value");
    /* What has been taken out reads as before, and asks nothing. */
    if ((said.kind == CELL_CONFLICT && !asks_nothing(reading, first)) !=
        has_conflict(reading, CONFLICT_FIELD, first->entry->instance, first->entry->field))
        differs(fold, first, "a conflict is missing, or too much");
}

static bool state_has(const struct record *state, const struct fact *fact) {
    for (uint32_t i = 0; i < state->version_count; i++) {
        const struct version *version = &state->versions[i];

        if (version->replaced_count == 0 && version->field == fact->entry->field &&
            instance_compare(version->instance, fact->entry->instance) == 0 &&
            dot_equal(state->absorbed[version->change].dot, fact->dot) &&
            version->ordinal == fact->ordinal)
            return value_equal(&version->value, &fact->entry->value);
    }
    return false;
}

static bool is_first(const struct fold *fold, const struct fact *fact) {
    for (const struct fact *before = fold->facts; before < fact; before++)
        if (same_place(before, fact))
            return false;
    return true;
}

static enum rc compare_record(void *context, const struct stored_record *stored, struct err *err) {
    struct fold *fold = context;
    struct reading reading;
    struct record state;
    uint32_t live = 0, held = 0;
    enum rc rc = ledger_read(fold->ledger, stored, &fold->arena, &state, &reading, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < state.version_count; i++)
        held += state.versions[i].replaced_count == 0;
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        const struct form_field *field;

        if (!dot_equal(fact->record, stored->id))
            continue;
        if (is_live(fold, fact)) {
            live++;
            if (!state_has(&state, fact))
                differs(fold, fact, "the log says something that the record does not hold");
        }
        field = field_of(reading.form, fact->entry->field);
        if (field != NULL && is_first(fold, fact))
            compare_cell(fold, &reading, field, fact);
        if (is_first(fold, fact) &&
            (fact->entry->field == FIELD_EXISTS || fact->entry->field == FIELD_AREA))
            compare_presence(fold, &reading, fact);
    }
    if (live != held)
        world_fail(fold->world, "record %04x-%u holds %u versions, and the log says %u",
                   (unsigned)(stored->id.actor >> 48), (unsigned)stored->id.number, held, live);
    return RC_OK;
}

void fold_end(struct world *world) {
    struct fold fold = {.world = world};

    if (world->turns[TURN_ERASE]) /* what the law takes is not in the log as it was */
        return;
    fold.facts = calloc(FACTS_MAX, sizeof(*fold.facts));
    if (fold.facts == NULL)
        abort();
    arena_init(&fold.arena, 256u * 1024u * 1024u);
    fold.ledger = hall_read(world);
    world_must(world, store_frames(fold.ledger->store, 0, read_frame, &fold, &world->err),
               "the county's log");
    world_must(world,
               store_list(fold.ledger->store, view_text(""), 0, (struct dot){0, 0}, compare_record,
                          &fold, &world->err),
               "the county's records");
    hall_give_back(world, fold.ledger);
    arena_release(&fold.arena);
    free(fold.facts);
}
