/* fold.c: what the county's log means, said once more and as plainly as can be, from the text of
 * docs/protocol.md (sections 3, 5 and 13), and compared with the county's records at the end.
 *
 * Every entry of every admitted change is a fact. A fact is live unless another change of the
 * record names it as replaced. A field with one live value has it; else its policy says which; else
 * people have to. Where a scope is sealed, only those facts count that the seal names, or whose
 * change names the seal. Nothing of schema/merge, schema/record or schema/reading is used to come
 * to that; it takes the square of the facts, and worlds are small.
 *
 * Who is in whom, what is out, and who is whom: fold_kin.c; fields that are one answer, and what
 * the law takes: fold_group.c; broken rules of the form: fold_rules.c. */
#include "tests/sim/fold.h"

#include "schema/wire/frame.h"
#include "schema/wire/lineage.h"
#include "syncd/desk/desk.h"

#include <stdlib.h>

#define FACTS_MAX  20000u
#define SEAL_FIRST 16u

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

/* What an answer reads as by the text of the protocol (sections 3 and 4). */
static struct view read_answer(struct fold *fold, const struct lineage *lineage,
                               struct view answer) {
    static const char digits[] = "0123456789abcdef";
    const char *text = arena_text(&fold->arena, "%.*s", VIEW_PRINT(answer));
    uint64_t actor = 0, number = 0, name = 0;
    unsigned long ordinal = 1;
    int at = 16;

    if (strlen(text) != answer.size || answer.size < 18 || strspn(text, digits) != 16 ||
        text[at++] != '-' || text[at] == '0' || strspn(text + at, "0123456789") > 16)
        return answer;
    for (int i = 0; i < 16; i++)
        actor = actor * 16 + (uint64_t)(strchr(digits, text[i]) - digits);
    while (text[at] >= '0' && text[at] <= '9')
        number = number * 10 + (uint64_t)(text[at++] - '0');
    if (text[at] == '.') {
        char *end;

        if (text[at + 1] < '1' || text[at + 1] > '9')
            return answer;
        ordinal = strtoul(text + at + 1, &end, 10);
        at = (int)(end - text);
    }
    if (text[at] != '\0' || actor == 0 || number == 0 || number >> 53 != 0 || ordinal > UINT32_MAX)
        return answer;
    for (uint32_t i = 0; i < lineage->count; i++)
        if (lineage->ranges[i].actor == actor && lineage->ranges[i].from <= number)
            name = lineage->ranges[i].name;
    return name == 0 ? answer
                     : view_text(arena_text(&fold->arena, "%016llx%s", (unsigned long long)name,
                                            text + 16));
}

static bool has_answer(const struct change *change, const struct entry *entry, struct view text) {
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (change->entries[i].field == entry->field &&
            change->entries[i].value.type == entry->value.type &&
            view_equal(change->entries[i].value.bytes, text))
            return true;
    return false;
}

static enum rc rename_and_look(struct fold *fold, struct frame *frame,
                               const struct lineage *lineage, struct err *err) {
    struct change *written = arena_array(&fold->arena, frame->count, sizeof(*written));
    enum rc rc;

    if (written == NULL)
        abort();
    for (uint32_t i = 0; i < frame->count; i++)
        written[i] = frame->changes[i].change;
    rc = frame_rename(frame, lineage, &fold->arena, err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++)
        for (uint32_t k = 0; k < written[i].entry_count && !written[i].insane; k++) {
            const struct entry *entry = &written[i].entries[k];

            if (entry->value.type == VALUE_TEXT && entry->field >= 32 &&
                !has_answer(&frame->changes[i].change, entry,
                            read_answer(fold, lineage, entry->value.bytes)))
                world_fail(fold->world, "an answer of %04x-%u is not read as it is meant: %.*s",
                           (unsigned)(written[i].dot.actor >> 48), (unsigned)written[i].dot.number,
                           VIEW_PRINT(entry->value.bytes));
        }
    return rc;
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
        rc = rename_and_look(fold, frame, &lineage, err);
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

bool fold_is_live(const struct fold *fold, const struct fact *fact) {
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
            fact->entry->value.type != VALUE_BYTES || !fold_is_live(fold, fact))
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

bool fold_equal(const struct fact *a, const struct fact *b) {
    const struct value *left = &a->entry->value, *right = &b->entry->value;

    return left->type == right->type && left->number == right->number &&
           left->scale == right->scale && view_equal(left->bytes, right->bytes);
}

bool fold_is_erased(const struct fact *fact) {
    return fact->entry->value.type == VALUE_ERASED;
}

static void say_set(struct said *out) {
    for (uint32_t i = 0; i < out->count; i++) {
        bool is_new =
            out->list[i]->entry->value.type != VALUE_NULL && !fold_is_erased(out->list[i]);

        for (uint32_t k = 0; k < i && is_new; k++)
            is_new = !fold_equal(out->list[i], out->list[k]);
        out->elements += is_new;
    }
    out->kind = out->elements > 0 ? CELL_SET : CELL_EMPTY;
}

static bool goes_before(uint8_t policy, const struct fact *a, const struct fact *b) {
    switch (policy) {
    case POLICY_LATEST:
    case POLICY_SERVER:
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

/* What the law has erased contends with nothing: it is read where nothing else is there. */
static void say(uint8_t policy, struct said *out) {
    const struct fact *first = NULL;
    bool same = true;

    for (uint32_t i = 0; i < out->count && first == NULL; i++)
        first = fold_is_erased(out->list[i]) ? NULL : out->list[i];
    if (first == NULL || policy == POLICY_UNION) {
        say_set(out);
        out->kind = first == NULL ? CELL_ERASED : out->kind;
        return;
    }
    out->kind = CELL_CONFLICT;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct fact *fact = out->list[i];

        if (fold_is_erased(fact))
            continue;
        same = same && fold_equal(first, fact);
        if (fact->entry->value.type == VALUE_NULL && (policy == POLICY_MAX || policy == POLICY_MIN))
            continue;
        if (out->fact == NULL || goes_before(policy, fact, out->fact))
            out->fact = fact;
    }
    if (same)
        out->fact = first;
    else if (policy == POLICY_HUMAN || policy == POLICY_ONCE)
        return;
    for (uint32_t i = 0; policy == POLICY_AUTHORITY && i < out->count; i++)
        if (!fold_is_erased(out->list[i]) && out->list[i]->entry->rank == out->fact->entry->rank &&
            !fold_equal(out->list[i], out->fact))
            return;
    out->kind =
        out->fact == NULL || out->fact->entry->value.type == VALUE_NULL ? CELL_EMPTY : CELL_VALUE;
}

/* ---- the comparison ---- */

void fold_differs(const struct fold *fold, const struct fact *fact, const char *what) {
    world_fail(fold->world, "record %04x-%u, field %u of instance %u: %s",
               (unsigned)(fact->record.actor >> 48), (unsigned)fact->record.number,
               fact->entry->field, (unsigned)fact->entry->instance.dot.number, what);
}

const struct form_field *fold_field(const struct form *form, uint16_t number) {
    for (uint32_t i = 0; form != NULL && i < form->field_count; i++)
        if (form->fields[i].number == number)
            return &form->fields[i];
    return NULL;
}

/* field 0: of any. */
bool fold_has_conflict(const struct reading *reading, enum conflict_kind kind,
                       struct instance_id instance, uint16_t field) {
    for (uint32_t i = 0; i < reading->conflict_count; i++)
        if (reading->conflicts[i].kind == kind &&
            (field == 0 || reading->conflicts[i].field == field) &&
            instance_compare(reading->conflicts[i].instance, instance) == 0)
            return true;
    return false;
}

/* ---- what is out ---- */

bool fold_is_cover(const struct fact *fact) {
    return fact->entry->field == FIELD_EXISTS && fact->entry->value.type == VALUE_BYTES &&
           fact->entry->value.bytes.size > 0 && fact->entry->value.bytes.data[0] == 2;
}

/* Live, and counting, inside of what may be taken out: answers, seals and places. */
bool fold_is_inside(const struct fold *fold, const struct form *form, const struct fact *fact) {
    const struct form_field *field = fold_field(form, fact->entry->field);
    struct seals seals = {.count = 0};

    if (fact->entry->field < SEAL_FIRST &&
        (fact->entry->field != FIELD_EXISTS || fold_is_cover(fact)))
        return false;
    if (field == NULL || field->scope == FORM_NO_SCOPE)
        return fold_is_live(fold, fact);
    find_seals(fold, fact->record, field->scope, &seals);
    return is_read(fold, &seals, fact);
}

bool fold_is_placed(const struct fold *fold, const struct form *form, const struct fact *fact,
                    uint16_t repeat) {
    const struct form_field *field = fold_field(form, repeat);
    struct seals seals = {.count = 0};

    if (field != NULL && field->scope != FORM_NO_SCOPE)
        find_seals(fold, fact->record, field->scope, &seals);
    return is_read(fold, &seals, fact);
}

/* ---- cells ---- */

bool fold_reads(const struct fold *fold, const struct form_field *field, struct dot record,
                struct instance_id instance, struct said *out) {
    struct seals seals = {.count = 0};

    *out = (struct said){.kind = CELL_EMPTY};
    if (field->scope != FORM_NO_SCOPE)
        find_seals(fold, record, field->scope, &seals);
    if (seals.contradict || field->merge_group != 0 || field->policy == POLICY_OR)
        return false;
    for (uint32_t i = 0; i < fold->count && out->count < SAID_MAX; i++) {
        const struct fact *fact = &fold->facts[i];

        if (dot_equal(fact->record, record) && fact->entry->field == field->number &&
            instance_compare(fact->entry->instance, instance) == 0 && is_read(fold, &seals, fact))
            out->list[out->count++] = fact;
    }
    if (out->count > 0)
        say(field->policy, out);
    return true;
}

static bool lists(const struct record *state, const struct version *const *list, uint32_t count,
                  const struct fact *fact) {
    for (uint32_t i = 0; i < count; i++)
        if (dot_equal(state->absorbed[list[i]->change].dot, fact->dot) &&
            list[i]->ordinal == fact->ordinal)
            return true;
    return false;
}

/* Nothing is hidden: who lost by a policy stands beside what is read, and each side of a conflict
 * in it. */
static void compare_sides(const struct fold *fold, const struct story *story,
                          const struct cell *cell, const struct said *said) {
    const struct reading *reading = story->reading;
    const struct conflict *conflict = NULL;
    uint8_t highest = 0;

    for (uint32_t i = 0; i < reading->conflict_count; i++)
        if (reading->conflicts[i].kind == CONFLICT_FIELD &&
            reading->conflicts[i].field == cell->field &&
            instance_compare(reading->conflicts[i].instance, cell->instance) == 0)
            conflict = &reading->conflicts[i];
    for (uint32_t i = 0; i < said->count; i++)
        if (!fold_is_erased(said->list[i]) && said->list[i]->entry->rank > highest)
            highest = said->list[i]->entry->rank;
    for (uint32_t i = 0; i < said->count && said->kind != CELL_SET; i++) {
        const struct fact *fact = said->list[i];

        if (!lists(reading->record, cell->versions, cell->version_count, fact))
            fold_differs(fold, fact, "what somebody said does not stand beside what is read");
        if (conflict != NULL && fact->entry->rank == highest && !fold_is_erased(fact) &&
            !lists(reading->record, conflict->versions, conflict->version_count, fact))
            fold_differs(fold, fact, "a side of a conflict is not shown");
    }
}

static void compare_cell(const struct fold *fold, const struct story *story,
                         const struct form_field *field, const struct fact *first) {
    struct instance_id instance = first->entry->instance;
    const struct cell *cell = reading_cell(story->reading, instance, field->number);
    struct said said;

    if (field->merge_group != 0 && field->policy == POLICY_HUMAN && field->scope == FORM_NO_SCOPE)
        fold_compare_group(fold, story, field, first);
    if (!fold_reads(fold, field, first->record, instance, &said))
        return;
    if (said.count == 0) {
        if (cell != NULL)
            fold_differs(fold, first, "nothing is said there, and it reads something");
        return;
    }
    if (cell == NULL || cell->kind != said.kind)
        fold_differs(fold, first,
                     said.kind == CELL_CONFLICT
                         ? "people contradict each other, and it reads otherwise"
                         : "it reads otherwise than its policy says");
    if (said.kind == CELL_SET && cell->version_count != said.elements)
        fold_differs(fold, first, "the set has other elements");
    if (said.kind == CELL_VALUE && !value_equal(&cell->value, &said.fact->entry->value))
        fold_differs(fold, first, "it reads as another value");
    /* What has been taken out reads as before, and asks nothing. */
    if ((said.kind == CELL_CONFLICT && !fold_is_hidden(story, instance)) !=
        fold_has_conflict(story->reading, CONFLICT_FIELD, instance, field->number))
        fold_differs(fold, first, "a conflict is missing, or too much");
    compare_sides(fold, story, cell, &said);
    if (fold->seat != NULL) /* else the examiner may not have been there yet */
        fold_compare_rules(fold, story, field, instance, &said);
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
    struct story story = {.record = stored->id};
    struct reading reading;
    struct record state;
    uint32_t live = 0, held = 0;
    enum rc rc = ledger_read(fold->ledger, stored, &fold->arena, &state, &reading, err);

    if (rc != RC_OK)
        return rc;
    story.reading = &reading;
    story.form = reading.form;
    fold_kin(fold, &story);
    fold_compare_kin(fold, &story);
    for (uint32_t i = 0; i < state.version_count; i++)
        held += state.versions[i].replaced_count == 0;
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct fact *fact = &fold->facts[i];
        const struct form_field *field;

        if (!dot_equal(fact->record, stored->id))
            continue;
        if (fold_is_live(fold, fact)) {
            live++;
            if (!state_has(&state, fact))
                fold_differs(fold, fact, "the log says something that the record does not hold");
        }
        field = fold_field(story.form, fact->entry->field);
        if (field != NULL && is_first(fold, fact))
            compare_cell(fold, &story, field, fact);
    }
    if (live != held)
        world_fail(fold->world, "record %04x-%u holds %u versions, and the log says %u",
                   (unsigned)(stored->id.actor >> 48), (unsigned)stored->id.number, held, live);
    fold_check_decisions(fold, &story);
    if (fold->seat != NULL)
        fold_compare_history(fold, fold->seat, stored->id);
    for (uint32_t i = 0; i < reading.conflict_count && fold->seat != NULL; i++)
        tell(fold->world, "open: %s", conflict_kind_name(reading.conflicts[i].kind));
    return RC_OK;
}

static void compare_all(struct world *world, bool at_the_end) {
    struct fold fold = {.world = world};
    struct seat seat;

    fold.facts = calloc(FACTS_MAX, sizeof(*fold.facts));
    fold.keys = calloc(FOLD_KEYS_MAX, sizeof(*fold.keys));
    if (fold.facts == NULL || fold.keys == NULL)
        abort();
    arena_init(&fold.arena, 256u * 1024u * 1024u);
    world_must(world, seat_open_at(hall_office(world), "oracle", &seat, &world->err), "a seat");
    fold.seat = at_the_end ? &seat : NULL;
    fold.ledger = hall_read(world);
    world_must(world, store_frames(fold.ledger->store, 0, read_frame, &fold, &world->err),
               "the county's log");
    world_must(world,
               store_list(fold.ledger->store, view_text(""), 0, (struct dot){0, 0}, compare_record,
                          &fold, &world->err),
               "the county's records");
    fold_compare_twins(&fold);
    if (world->hall.order_count == 0)
        fold_compare_erasures(&fold);
    hall_give_back(world, fold.ledger);
    seat_close(&seat);
    arena_release(&fold.arena);
    free(fold.keys);
    free(fold.facts);
}

void fold_look(struct world *world) {
    if (world->step % 40 == 0 && world->hall.service != NULL)
        compare_all(world, false);
}

void fold_end(struct world *world) {
    compare_all(world, true);
}
