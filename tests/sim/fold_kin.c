/* fold_kin.c: which instances and records there are, and who is whom, as docs/protocol.md says it
 * (section 13, Reading and Sameness), without the code of schema/reading. */
#include "tests/sim/fold.h"

static const struct instance_id ROOT;

/* ---- who is in whom ---- */

static const struct kin *find_kin(const struct story *story, struct instance_id id) {
    for (uint32_t i = 0; i < story->kin_count; i++)
        if (instance_compare(story->kin[i].id, id) == 0)
            return &story->kin[i];
    return NULL;
}

/* The instance around this one; the record itself where nobody has said where it is. */
static struct instance_id around(const struct story *story, struct instance_id id) {
    const struct kin *kin = find_kin(story, id);

    return kin == NULL ? ROOT : kin->parent;
}

static bool stands_in(const struct story *story, struct instance_id inner,
                      struct instance_id outer) {
    for (uint32_t depth = 0; depth < KIN_MAX; depth++) {
        if (instance_compare(inner, outer) == 0)
            return true;
        if (instance_is_root(inner))
            break;
        inner = around(story, inner);
    }
    return false;
}

bool fold_is_hidden(const struct story *story, struct instance_id instance) {
    const struct kin *kin = find_kin(story, instance);

    if (story->withdrawn || instance_is_root(instance))
        return story->withdrawn;
    if (kin == NULL || kin->out || kin->same)
        return true;
    return !instance_is_root(kin->parent) && fold_is_hidden(story, kin->parent);
}

/* ---- reading places ---- */

static void read_instance(struct reader *in, struct instance_id *out) {
    *out = (struct instance_id){.ordinal = (uint32_t)read_varint(in)};
    if (out->ordinal == 0)
        return;
    out->dot.actor = read_id(in);
    out->dot.number = read_varint(in);
}

/* A place or a cover: both begin with the repeat and the parent. */
static void read_place(const struct value *value, struct kin *kin) {
    struct reader in;

    if (value->type == VALUE_INT) {
        kin->repeat = (uint16_t)value->number;
        return;
    }
    reader_init(&in, value->bytes);
    (void)read_u8(&in);
    kin->repeat = (uint16_t)read_varint(&in);
    read_instance(&in, &kin->parent);
}

static uint64_t lamport_of(const struct fold *fold, const struct fact *placed) {
    for (uint32_t i = 0; i < fold->count; i++)
        if (dot_equal(fold->facts[i].record, placed->record) &&
            dot_equal(fold->facts[i].dot, placed->entry->instance.dot))
            return fold->facts[i].change->lamport;
    return placed->change->lamport;
}

static bool is_older(const struct kin *a, const struct kin *b) {
    return a->lamport != b->lamport ? a->lamport < b->lamport : instance_compare(a->id, b->id) < 0;
}

static void find_all(const struct fold *fold, struct story *story) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        struct kin kin = {.id = fact->entry->instance};
        uint32_t at;

        if (!dot_equal(fact->record, story->record) || fact->entry->field != FIELD_EXISTS ||
            instance_is_root(kin.id) || find_kin(story, kin.id) != NULL)
            continue;
        read_place(&fact->entry->value, &kin);
        if (!fold_is_placed(fold, story->form, fact, kin.repeat))
            continue;
        if (story->kin_count == KIN_MAX)
            fold_differs(fold, fact, "a record with too many instances");
        kin.lamport = lamport_of(fold, fact);
        for (at = story->kin_count++; at > 0 && is_older(&kin, &story->kin[at - 1]); at--)
            story->kin[at] = story->kin[at - 1];
        story->kin[at] = kin;
    }
}

/* ---- what is out ---- */

/* Whether the cover, as section 5 writes it, names this change. */
static bool cover_names(const struct fact *cover, struct dot dot) {
    struct instance_id parent;
    struct reader in;
    uint64_t actor = 0, count;

    reader_init(&in, cover->entry->value.bytes);
    (void)read_u8(&in);
    (void)read_varint(&in); /* the repeat */
    read_instance(&in, &parent);
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

/* Whether a live cover names the fact: of this instance, or of one in it that holds the fact. */
static bool is_named(const struct fold *fold, const struct story *story, const struct fact *fact,
                     struct instance_id instance) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *cover = &fold->facts[i];

        if (dot_equal(cover->record, fact->record) && fold_is_cover(cover) &&
            stands_in(story, cover->entry->instance, instance) &&
            stands_in(story, fact->entry->instance, cover->entry->instance) &&
            cover_names(cover, fact->dot) && fold_is_live(fold, cover))
            return true;
    }
    return false;
}

static void read_removal(const struct fold *fold, const struct story *story,
                         struct instance_id instance, bool *out, bool *asked) {
    bool covered = false;

    *out = *asked = false;
    for (uint32_t i = 0; i < fold->count && !covered; i++) {
        const struct fact *fact = &fold->facts[i];

        covered = dot_equal(fact->record, story->record) && fold_is_cover(fact) &&
                  instance_compare(fact->entry->instance, instance) == 0 &&
                  fold_is_live(fold, fact);
    }
    for (uint32_t i = 0; covered && !*asked && i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        *asked = dot_equal(fact->record, story->record) &&
                 stands_in(story, fact->entry->instance, instance) &&
                 fold_is_inside(fold, story->form, fact) && !is_named(fold, story, fact, instance);
    }
    *out = covered && !*asked;
}

/* ---- sameness ---- */

static bool says(const struct fact *fact, const char *name) {
    struct view text = fact->entry->value.bytes;

    return fact->entry->value.type == VALUE_TEXT && text.size > 1 &&
           view_is(view_slice(text, 1, text.size), name);
}

struct answers {
    bool yes, no;
};

static void add_answers(const struct fold *fold, struct dot record, struct instance_id at,
                        const char *other, struct answers *out) {
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];

        if (!dot_equal(fact->record, record) || fact->entry->field != FIELD_SAME ||
            instance_compare(fact->entry->instance, at) != 0 || !says(fact, other) ||
            !fold_is_live(fold, fact))
            continue;
        *(fact->entry->value.bytes.data[0] == '=' ? &out->yes : &out->no) = true;
    }
}

/* What people have said about two instances, at either of them. */
static struct answers answers_of(const struct fold *fold, const struct story *story,
                                 struct instance_id a, struct instance_id b) {
    struct answers answers = {.yes = false};
    char name[INSTANCE_TEXT_BYTES];

    instance_text(b, name);
    add_answers(fold, story->record, a, name, &answers);
    instance_text(a, name);
    add_answers(fold, story->record, b, name, &answers);
    return answers;
}

static void read_sameness(const struct fold *fold, struct story *story) {
    for (uint32_t j = 1; j < story->kin_count; j++)
        for (uint32_t i = 0; i < j; i++) {
            const struct kin *older = &story->kin[i];
            struct kin *younger = &story->kin[j];
            struct answers said = answers_of(fold, story, older->id, younger->id);

            if (said.yes && !said.no && (!older->out || older->same) &&
                instance_compare(older->parent, younger->parent) == 0)
                younger->same = true;
        }
}

void fold_kin(const struct fold *fold, struct story *story) {
    find_all(fold, story);
    read_removal(fold, story, ROOT, &story->withdrawn, &story->asked);
    for (uint32_t i = 0; i < story->kin_count; i++)
        read_removal(fold, story, story->kin[i].id, &story->kin[i].out, &story->kin[i].asked);
    read_sameness(fold, story);
}

/* ---- the comparison ---- */

static void differs(const struct fold *fold, const struct story *story, struct instance_id instance,
                    const char *what) {
    world_fail(fold->world, "record %04x-%u, instance %u.%u: %s",
               (unsigned)(story->record.actor >> 48), (unsigned)story->record.number,
               (unsigned)instance.dot.number, (unsigned)instance.ordinal, what);
}

static bool has_question(const struct reading *reading, bool contradict, struct instance_id younger,
                         struct instance_id older) {
    for (uint32_t i = 0; i < reading->conflict_count; i++) {
        const struct conflict *conflict = &reading->conflicts[i];

        if (conflict->kind == CONFLICT_SAME && (conflict->field == FIELD_SAME) == contradict &&
            instance_compare(conflict->instance, younger) == 0 &&
            instance_compare(conflict->other, older) == 0)
            return true;
    }
    return false;
}

static bool same_key(const struct fold *fold, const struct story *story,
                     const struct form_field *field, const struct kin *a, const struct kin *b) {
    struct said left, right;

    return fold_reads(fold, field, story->record, a->id, &left) &&
           fold_reads(fold, field, story->record, b->id, &right) && left.kind == CELL_VALUE &&
           right.kind == CELL_VALUE && fold_equal(left.fact, right.fact);
}

/* Whether the younger one is proposed as the older, because of this field. */
static bool is_proposed(const struct fold *fold, const struct story *story,
                        const struct form_field *field, uint32_t older, uint32_t younger) {
    const struct kin *b = &story->kin[younger];

    for (uint32_t i = 0; i <= older; i++) {
        const struct kin *a = &story->kin[i];
        struct answers said;

        if (fold_is_hidden(story, a->id) || a->repeat != b->repeat ||
            instance_compare(a->parent, b->parent) != 0 || !same_key(fold, story, field, a, b))
            continue;
        said = answers_of(fold, story, a->id, b->id);
        if (!said.yes && !said.no)
            return i == older;
    }
    return false;
}

static void compare_pair(const struct fold *fold, const struct story *story, uint32_t older,
                         uint32_t younger) {
    struct instance_id a = story->kin[older].id, b = story->kin[younger].id;
    struct answers said = answers_of(fold, story, a, b);
    bool hidden = fold_is_hidden(story, b), proposed = false;

    for (uint32_t f = 0; f < story->form->field_count && !hidden; f++)
        proposed = proposed || (story->form->fields[f].key &&
                                is_proposed(fold, story, &story->form->fields[f], older, younger));
    if (has_question(story->reading, true, b, a) != (said.yes && said.no && !hidden))
        differs(fold, story, b, "a contradiction about sameness is missing, or too much");
    if (has_question(story->reading, false, b, a) != proposed)
        differs(fold, story, b, "a proposal of sameness is missing, or too much");
}

static void compare_presence(const struct fold *fold, const struct story *story,
                             struct instance_id instance, bool asked) {
    const struct seen_instance *seen = reading_instance(story->reading, instance);
    bool hidden = fold_is_hidden(story, instance);
    bool out =
        instance_is_root(instance) ? story->reading->withdrawn : seen == NULL || seen->removed;

    if (out != hidden)
        differs(fold, story, instance,
                out ? "it is out, and nobody has taken it out rightly"
                    : "it has been taken out, and is still there");
    if (fold_has_conflict(story->reading, CONFLICT_REMOVED, instance, 0) != (asked && !hidden))
        differs(fold, story, instance, "a question about a removal is missing, or too much");
}

static void note_keys(struct fold *fold, const struct story *story, struct instance_id instance) {
    for (uint32_t f = 0; f < story->form->field_count; f++) {
        const struct form_field *field = &story->form->fields[f];
        struct said said;

        if (!field->key || fold_is_hidden(story, instance) ||
            !fold_reads(fold, field, story->record, instance, &said) || said.kind != CELL_VALUE)
            continue;
        if (fold->key_count == FOLD_KEYS_MAX)
            differs(fold, story, instance, "a world with too many keys");
        fold->keys[fold->key_count++] = (struct fold_key){.record = story->record,
                                                          .form = story->form->name,
                                                          .path = field->path,
                                                          .said = said.fact};
    }
}

void fold_compare_kin(struct fold *fold, const struct story *story) {
    if (story->reading->instance_count != story->kin_count)
        differs(fold, story, ROOT, "it has other instances");
    compare_presence(fold, story, ROOT, story->asked);
    for (uint32_t i = 0; i < story->kin_count; i++)
        compare_presence(fold, story, story->kin[i].id, story->kin[i].asked);
    if (story->form == NULL)
        return;
    for (uint32_t j = 1; j < story->kin_count; j++)
        for (uint32_t i = 0; i < j; i++)
            compare_pair(fold, story, i, j);
    note_keys(fold, story, ROOT);
    for (uint32_t i = 0; i < story->kin_count; i++)
        note_keys(fold, story, story->kin[i].id);
}

/* ---- between records ---- */

struct twins {
    struct fold *fold;
    uint32_t found, expected;
};

static bool are_twins(const struct fold *fold, struct dot younger, struct dot older) {
    struct answers said = {.yes = false};
    char name[DOT_TEXT_BYTES];
    bool same = false;

    for (uint32_t i = 0; i < fold->key_count && !same; i++)
        for (uint32_t k = 0; k < fold->key_count && !same; k++)
            same = dot_equal(fold->keys[i].record, younger) &&
                   dot_equal(fold->keys[k].record, older) &&
                   view_equal(fold->keys[i].form, fold->keys[k].form) &&
                   view_equal(fold->keys[i].path, fold->keys[k].path) &&
                   fold_equal(fold->keys[i].said, fold->keys[k].said);
    if (!same)
        return false;
    dot_text(older, name);
    add_answers(fold, younger, ROOT, name, &said);
    dot_text(younger, name);
    add_answers(fold, older, ROOT, name, &said);
    return !said.yes && !said.no;
}

static enum rc find_twins(void *context, const struct stored_conflict *row, struct err *err) {
    struct twins *twins = context;
    struct dot other = {row->other_actor, row->other_number};

    (void)err;
    if (other.number == 0)
        return RC_OK;
    twins->found++;
    if (row->kind != CONFLICT_SAME || dot_compare(other, row->record) >= 0 ||
        !are_twins(twins->fold, row->record, other))
        world_fail(twins->fold->world,
                   "%04x-%u is proposed as the same as %04x-%u, and nothing speaks for it",
                   (unsigned)(row->record.actor >> 48), (unsigned)row->record.number,
                   (unsigned)(other.actor >> 48), (unsigned)other.number);
    return RC_OK;
}

static bool is_first_key(const struct fold *fold, uint32_t at) {
    for (uint32_t i = 0; i < at; i++)
        if (dot_equal(fold->keys[i].record, fold->keys[at].record))
            return false;
    return true;
}

void fold_compare_twins(struct fold *fold) {
    struct twins twins = {.fold = fold};

    world_must(
        fold->world,
        store_conflicts(fold->ledger->store, 0, INT64_MIN, find_twins, &twins, &fold->world->err),
        "the county's list of conflicts");
    for (uint32_t i = 0; i < fold->key_count; i++)
        for (uint32_t k = 0; k < fold->key_count; k++)
            twins.expected += is_first_key(fold, i) && is_first_key(fold, k) &&
                              dot_compare(fold->keys[i].record, fold->keys[k].record) > 0 &&
                              are_twins(fold, fold->keys[i].record, fold->keys[k].record);
    if (twins.found != twins.expected)
        world_fail(fold->world, "%u records are proposed as the same as others, and %u should be",
                   twins.found, twins.expected);
}
