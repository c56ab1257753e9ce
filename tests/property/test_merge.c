/* Random worlds: several people on several tablets record two households, each knowing some of what
 * the others did, in any order. Whatever they did, all that matters of merging must hold:
 *   - any order of arrival, any duplication, any split into states that are joined: same bytes
 *   - a provisional time first and the corrected one later: as if only the corrected one had come
 *   - nothing lost: what the state holds is what a naive model of all changes says it must hold
 *   - what is erased by law is erased, whether the erasure or the change comes first, whole or
 *     erased already
 *   - one state, one reading; packed and canonical bytes are canonical
 * Give a seed as the only argument to look at one world. */
#include <inttypes.h>

#include "schema/erasure.h"
#include "schema/limits.h"
#include "tests/unit/world_fixture.h"

#define WORLDS      3000u
#define TABLETS_MAX 5u
#define RECORDS     2u
#define LOG_MAX     64u
#define ORDERS      4u

struct random {
    uint64_t state;
};

static uint32_t pick(struct random *random, uint32_t below) {
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state >> 16) % below);
}

static bool chance(struct random *random, uint32_t percent) {
    return pick(random, 100) < percent;
}

struct logged {
    const struct change *change;
    int64_t corrected_ms;
};

struct household {
    uint32_t log_count;
    struct logged log[LOG_MAX];
    struct tablet tablets[TABLETS_MAX];
};

struct play {
    struct world world;
    struct random random;
    uint32_t tablet_count;
    uint64_t next[TABLETS_MAX]; /* numbers run over both households */
    struct household households[RECORDS];
};

static uint64_t current_seed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %" PRIu64 ": %s", current_seed, #condition);                            \
    } while (0)

/* ---- what people do ---- */

static struct instance_id some_instance(struct play *play, struct tablet *tablet, int repeat) {
    uint32_t count = tablet->reading.instance_count;

    for (uint32_t tries = 0; count > 0 && tries < 4; tries++) {
        const struct seen_instance *seen = &tablet->reading.instances[pick(&play->random, count)];

        if (repeat == 0 || seen->repeat == repeat)
            return seen->id;
    }
    return ROOT;
}

static void set_some(struct play *play, struct tablet *tablet) {
    static const char *const words[] = {"a", "b", "c"};
    struct random *random = &play->random;
    int field = F_NAME + (int)pick(random, F_SUM - F_NAME);
    const struct form_field *known =
        form_field_by_number(&play->world.fixture.form, (uint16_t)field);
    struct instance_id instance = ROOT;
    struct value value = text_value(words[pick(random, 3)]);

    if (known->repeat != FORM_NO_PARENT)
        instance = some_instance(play, tablet, play->world.fixture.fields[known->repeat].number);
    if (known->type == FIELD_TYPE_INTEGER)
        value = value_of_int(pick(random, 3));
    else if (known->type == FIELD_TYPE_DATE)
        value = (struct value){.type = VALUE_DATE, .number = pick(random, 3)};
    else if (known->type == FIELD_TYPE_DECIMAL)
        value = (struct value){.type = VALUE_DECIMAL, .scale = 1, .number = pick(random, 3)};
    if (chance(random, 10))
        value = (struct value){.type = VALUE_NULL};
    (void)edit_set(&tablet->draft, instance, (uint16_t)field, &value, (uint8_t)pick(random, 5),
                   &play->world.err);
}

static void remove_element(struct play *play, struct tablet *tablet) {
    const struct cell *cell = tablet_cell(tablet, ROOT, F_TAGS);

    if (cell != NULL && cell->kind == CELL_SET)
        (void)edit_remove_element(&tablet->draft, ROOT, F_TAGS,
                                  &cell->versions[pick(&play->random, cell->version_count)]->value,
                                  &play->world.err);
}

static void add_some(struct play *play, struct tablet *tablet) {
    static const int repeats[] = {F_MEMBER, F_JOB, F_ITEM};
    int repeat = repeats[pick(&play->random, 3)];
    struct instance_id parent = repeat == F_JOB ? some_instance(play, tablet, F_MEMBER) : ROOT;
    struct value key = text_value(chance(&play->random, 50) ? "id1" : "id2");
    struct instance_id id;

    if (edit_add_instance(&tablet->draft, (uint16_t)repeat, parent, &id, &play->world.err) ==
            RC_OK &&
        repeat == F_MEMBER)
        (void)edit_set(&tablet->draft, id, F_ID_NUMBER, &key, 0, &play->world.err);
}

static void resolve_some(struct play *play, struct tablet *tablet, const struct conflict *open) {
    struct edit *draft = &tablet->draft;
    struct value three = value_of_int(3);
    const struct version *kept = open->versions[pick(&play->random, open->version_count)];

    if (open->kind == CONFLICT_REMOVED && chance(&play->random, 50))
        (void)edit_resolve_remove(draft, open, &play->world.err);
    else if (open->kind == CONFLICT_FIELD && chance(&play->random, 30))
        (void)edit_resolve_value(draft, open, &three, &play->world.err);
    else
        (void)edit_resolve_keep(draft, open, version_name(&tablet->state, kept), &play->world.err);
}

static void answer_same(struct play *play, struct tablet *tablet) {
    struct instance_id a = some_instance(play, tablet, F_MEMBER);
    struct instance_id b = some_instance(play, tablet, F_MEMBER);
    char text[INSTANCE_TEXT_BYTES + 1] = "=";

    if (chance(&play->random, 50))
        text[0] = '!';
    instance_text(b, text + 1);
    (void)edit_same(&tablet->draft, a, view_text(text), &play->world.err);
}

static void act(struct play *play, struct tablet *tablet) {
    static const enum change_kind kinds[] = {
        CHANGE_EDIT, CHANGE_EDIT, CHANGE_EDIT,    CHANGE_EDIT,    CHANGE_EDIT,  CHANGE_REMOVE,
        CHANGE_SEAL, CHANGE_MOVE, CHANGE_RESOLVE, CHANGE_RESOLVE, CHANGE_AMEND, CHANGE_SAME};
    struct random *random = &play->random;
    enum change_kind kind = kinds[pick(random, sizeof(kinds) / sizeof(kinds[0]))];
    uint32_t conflicts = tablet->reading.conflict_count;

    if (conflicts > 0 && chance(random, 30))
        kind = CHANGE_RESOLVE;
    tablet_begin(tablet, kind);
    switch (kind) {
    case CHANGE_EDIT:
    case CHANGE_AMEND:
        for (uint32_t i = pick(random, 4); i < 4; i++)
            set_some(play, tablet);
        if (chance(random, 20))
            add_some(play, tablet);
        if (chance(random, 10))
            remove_element(play, tablet);
        break;
    case CHANGE_REMOVE:
        (void)edit_remove_instance(&tablet->draft,
                                   chance(random, 5) ? ROOT : some_instance(play, tablet, 0),
                                   &play->world.err);
        break;
    case CHANGE_SEAL:
        (void)edit_seal(&tablet->draft, SCOPE_VISIT, &play->world.err);
        break;
    case CHANGE_MOVE:
        (void)edit_set_area(&tablet->draft, chance(random, 50) ? AREA_SHIPAI : AREA_OTHER,
                            &play->world.err);
        break;
    case CHANGE_RESOLVE:
        if (conflicts > 0)
            resolve_some(play, tablet, &tablet->reading.conflicts[pick(random, conflicts)]);
        break;
    default:
        answer_same(play, tablet);
        break;
    }
}

static void save(struct play *play, struct household *household, uint32_t who) {
    struct tablet *tablet = &household->tablets[who];
    struct change *change = arena_alloc(&play->world.arena, sizeof(*change));
    struct logged *logged = &household->log[household->log_count];

    CHECK(change != NULL);
    if (edit_finish(&tablet->draft, view_text("why"), change, &play->world.err) != RC_OK)
        return;
    change->wall_ms = (int64_t)pick(&play->random, 1000);
    change->lamport = 1 + (tablet->has_record ? record_lamport(&tablet->state) : 0);
    change->is_signed = true;
    logged->change = change;
    logged->corrected_ms = (int64_t)pick(&play->random, 1000);
    household->log_count++;
    play->next[who]++;
    tablet_apply(tablet, change,
                 (struct admission){.time_ms = change->wall_ms, .provisional = true});
}

static void deliver(struct play *play, struct tablet *tablet, const struct logged *logged) {
    (void)play;
    tablet_apply(tablet, logged->change, (struct admission){.time_ms = logged->corrected_ms});
}

static void run(struct play *play) {
    uint32_t steps = 8 + pick(&play->random, 64);

    play->tablet_count = 3 + pick(&play->random, 3);
    for (uint32_t r = 0; r < RECORDS; r++) {
        struct household *household = &play->households[r];

        for (uint32_t i = 0; i < play->tablet_count; i++)
            household->tablets[i] =
                tablet_of(&play->world, 0x10 + (i * 7919) % 97, 1 + pick(&play->random, 4));
        household->tablets[0].next = ++play->next[0];
        tablet_begin(&household->tablets[0], CHANGE_CREATE);
        (void)edit_set_area(&household->tablets[0].draft, AREA_SHIPAI, &play->world.err);
        add_some(play, &household->tablets[0]);
        set_some(play, &household->tablets[0]);
        play->next[0]--;
        save(play, household, 0);
        CHECK(household->log_count == 1);
    }
    for (uint32_t step = 0; step < steps; step++) {
        struct household *household = &play->households[pick(&play->random, RECORDS)];
        uint32_t who = pick(&play->random, play->tablet_count);
        struct tablet *tablet = &household->tablets[who];

        /* Any changes of the others, in any order, with holes. */
        for (uint32_t k = pick(&play->random, 4); k > 0; k--)
            deliver(play, tablet, &household->log[pick(&play->random, household->log_count)]);
        if (!tablet->has_record || household->log_count == LOG_MAX)
            continue;
        tablet->next = play->next[who] + 1;
        act(play, tablet);
        save(play, household, who);
    }
}

/* ---- what must hold ---- */

static void shuffle(struct random *random, uint32_t *list, uint32_t count) {
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k = pick(random, i);
        uint32_t swap = list[i - 1];

        list[i - 1] = list[k];
        list[k] = swap;
    }
}

/* Applies the chosen ones in any order, some twice, some provisionally first. */
static void fold(struct play *play, const struct household *household, const bool *chosen,
                 struct record *out) {
    struct random *random = &play->random;
    uint32_t order[LOG_MAX * 2];
    uint32_t count = 0;
    bool done[LOG_MAX] = {false};

    record_init(out, household->log[0].change->record);
    for (uint32_t i = 0; i < household->log_count; i++) {
        if (chosen != NULL && !chosen[i])
            continue;
        order[count++] = i;
        if (chance(random, 30))
            order[count++] = i;
    }
    shuffle(random, order, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct logged *logged = &household->log[order[i]];
        struct admission own = {.time_ms = logged->change->wall_ms, .provisional = true};
        struct admission corrected = {.time_ms = logged->corrected_ms};

        if (chance(random, 30) || (done[order[i]] && chance(random, 50)))
            OK(&play->world,
               merge_apply(out, logged->change, own, &play->world.arena, out, &play->world.err));
        OK(&play->world,
           merge_apply(out, logged->change, corrected, &play->world.arena, out, &play->world.err));
        done[order[i]] = true;
    }
}

static void join_parts(struct play *play, const struct household *household, struct record *out) {
    struct random *random = &play->random;
    struct record parts[4];
    uint32_t count = 2 + pick(random, 3);
    bool covered[LOG_MAX] = {false};

    for (uint32_t i = 0; i < count; i++) {
        bool chosen[LOG_MAX];

        for (uint32_t k = 0; k < household->log_count; k++) {
            chosen[k] = chance(random, 50) || (i + 1 == count && !covered[k]);
            covered[k] = covered[k] || chosen[k];
        }
        fold(play, household, chosen, &parts[i]);
    }
    while (count > 1) {
        uint32_t a = pick(random, count);
        uint32_t b = (a + 1 + pick(random, count - 1)) % count;
        struct record joined;
        struct record mirrored;

        OK(&play->world,
           merge_join(&parts[a], &parts[b], &play->world.arena, &joined, &play->world.err));
        OK(&play->world,
           merge_join(&parts[b], &parts[a], &play->world.arena, &mirrored, &play->world.err));
        CHECK(same_state(&play->world, &joined, &mirrored));
        parts[a] = joined;
        parts[b] = parts[count - 1];
        if (a == count - 1)
            parts[b] = joined;
        count--;
    }
    *out = parts[0];
}

/* What becomes of one version, from all changes, without any order. */
static void check_version(struct play *play, const struct household *household,
                          const struct record *state, const struct change *change,
                          const struct entry *entry) {
    struct version_id name = {.dot = change->dot, .ordinal = entry->ordinal};
    const struct version *found = NULL;
    uint32_t replaced = 0;
    bool kept = true;
    uint32_t count;
    const struct version *slice = record_field(state, entry->instance, entry->field, &count);

    (void)play;
    for (uint32_t i = 0; i < household->log_count; i++) {
        const struct change *other = household->log[i].change;
        bool names = false;

        for (uint32_t k = 0; k < other->entry_count; k++) {
            const struct entry *by = &other->entries[k];

            for (uint32_t j = 0; j < by->replaces_count; j++) {
                if (by->field != entry->field || !instance_equal(by->instance, entry->instance) ||
                    version_id_compare(by->replaces[j], name) != 0)
                    continue;
                names = true;
                kept = kept && (by->flags & ENTRY_KEEP) != 0;
            }
        }
        replaced += names ? 1 : 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (version_id_compare(version_name(state, &slice[i]), name) == 0)
            found = &slice[i];
    }
    CHECK((found != NULL) == (replaced == 0 || kept));
    if (found != NULL) {
        CHECK(found->replaced_count == replaced);
        CHECK(value_equal(&found->value, &entry->value) && found->rank == entry->rank);
    }
}

static void check_model(struct play *play, const struct household *household,
                        const struct record *state) {
    CHECK(state->absorbed_count == household->log_count);
    CHECK(state->awaited_count == 0);
    for (uint32_t i = 0; i < household->log_count; i++) {
        const struct change *change = household->log[i].change;
        uint32_t at;

        CHECK(record_find(state, change->dot, &at));
        CHECK(state->absorbed[at].time_ms == household->log[i].corrected_ms);
        CHECK(state->absorbed[at].flags == 0);
        for (uint32_t k = 0; k < change->entry_count; k++)
            check_version(play, household, state, change, &change->entries[k]);
    }
}

static void write_reading(const struct reading *reading, struct buf *out) {
    const struct record *record = reading->record;

    buf_clear(out);
    for (uint32_t i = 0; i < reading->cell_count; i++) {
        const struct cell *cell = &reading->cells[i];

        buf_add(out, &cell->instance.dot, sizeof(cell->instance.dot));
        buf_addf(out, "%u %u %u %u %u:", cell->instance.ordinal, cell->field, cell->kind,
                 cell->by_policy, cell->sealed);
        value_encode(&cell->value, out);
        for (uint32_t k = 0; k < cell->version_count; k++)
            buf_addf(out, " %td", cell->versions[k] - record->versions);
    }
    for (uint32_t i = 0; i < reading->conflict_count; i++) {
        const struct conflict *conflict = &reading->conflicts[i];

        buf_addf(out, "!%s %u %" PRIu64, conflict_kind_name(conflict->kind), conflict->field,
                 conflict->instance.dot.number);
        for (uint32_t k = 0; k < conflict->version_count; k++)
            buf_addf(out, " %td", conflict->versions[k] - record->versions);
    }
    for (uint32_t i = 0; i < reading->instance_count; i++)
        buf_addf(out, "#%" PRIu64 ".%u %u", reading->instances[i].id.dot.number,
                 reading->instances[i].id.ordinal, reading->instances[i].removed);
    for (uint32_t i = 0; i < reading->late_count; i++)
        buf_addf(out, "~%td", reading->late[i] - record->versions);
    buf_addf(out, "%u %u %u", reading->sealed_scopes, reading->withdrawn, reading->area_count);
}

/* Every value is somewhere in sight: in a cell, on the late list, or the form does not show it. */
static void check_reading(const struct reading *reading) {
    const struct record *record = reading->record;

    CHECK(reading->area_count > 0);
    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];
        const struct cell *cell = reading_cell(reading, version->instance, version->field);
        bool seen = false;

        if (version->field < FIELD_FIRST_OF_FORM || version->replaced_count > 0)
            continue;
        for (uint32_t k = 0; cell != NULL && k < cell->version_count; k++)
            seen = seen || cell->versions[k] == version ||
                   (cell->kind == CELL_SET &&
                    (version->value.type == VALUE_NULL || version->value.type == VALUE_ERASED ||
                     value_equal(&version->value, &cell->versions[k]->value)));
        for (uint32_t k = 0; k < reading->late_count; k++)
            seen = seen || reading->late[k] == version;
        CHECK(seen);
    }
    for (uint32_t i = 0; i < reading->conflict_count; i++)
        CHECK(reading->conflicts[i].version_count > 0);
}

static void check_bytes(struct play *play, const struct household *household, struct view packed) {
    struct world *world = &play->world;
    struct record unpacked;
    struct buf again;

    buf_init(&again, (size_t)1 << 20);
    OK(world, record_unpack(packed, &world->arena, &unpacked, &world->err));
    OK(world, record_pack(&unpacked, &again, &world->err));
    CHECK(view_equal(packed, buf_view(&again)));
    for (uint32_t i = 0; i < household->log_count; i++) {
        const struct change *change = household->log[i].change;
        struct change decoded;
        struct buf bytes;

        buf_init(&bytes, LIMIT_CHANGE_BYTES);
        OK(world, change_encode(change, &bytes, &world->err));
        OK(world, change_decode(buf_view(&bytes), &world->arena, &decoded, &world->err));
        buf_clear(&again);
        OK(world, change_encode(&decoded, &again, &world->err));
        CHECK(view_equal(buf_view(&bytes), buf_view(&again)));
        buf_release(&bytes);
    }
    buf_release(&again);
}

/* Changed bytes are refused, or mean exactly what they say. */
static void check_damage(struct play *play, struct view packed) {
    struct world *world = &play->world;
    uint8_t *bytes = malloc(packed.size);
    struct buf again;

    CHECK(bytes != NULL);
    buf_init(&again, (size_t)1 << 20);
    for (uint32_t i = 0; i < 8; i++) {
        struct view damaged = {.data = bytes,
                               .size = packed.size - (i == 0 ? pick(&play->random, 9) : 0)};
        struct record record;
        struct reading reading;

        memcpy(bytes, packed.data, packed.size);
        bytes[pick(&play->random, (uint32_t)packed.size)] ^=
            (uint8_t)(1u << pick(&play->random, 8));
        if (record_unpack(damaged, &world->arena, &record, &world->err) != RC_OK)
            continue;
        buf_clear(&again);
        if (record_pack(&record, &again, &world->err) == RC_OK)
            CHECK(view_equal(damaged, buf_view(&again)));
        OK(world,
           reading_make(&record, &world->fixture.form, &world->arena, &reading, &world->err));
    }
    buf_release(&again);
    free(bytes);
}

/* Whatever a server knows, it admits what an honest program made; except that somebody may turn out
 * to have decided on his own side, to have edited an amendment whose seal he had not seen, or to
 * have amended beneath one of two unequal seals. */
static void check_verdicts(struct play *play, const struct household *household) {
    struct world *world = &play->world;

    for (uint32_t i = 0; i < household->log_count; i++) {
        const struct change *change = household->log[i].change;
        bool known[LOG_MAX];
        struct record state;
        enum verdict verdict;

        for (uint32_t k = 0; k < household->log_count; k++)
            known[k] = k != i && chance(&play->random, 60);
        fold(play, household, known, &state);
        verdict = merge_judge(&state, change, &world->fixture.form, false, &world->arena);
        CHECK(verdict == VERDICT_ADMIT ||
              (verdict == VERDICT_FOUR_EYES && change->kind == CHANGE_RESOLVE) ||
              (verdict == VERDICT_NEEDS_RESOLVE && change->kind == CHANGE_AMEND) ||
              (verdict == VERDICT_NEEDS_AMEND && change->kind != CHANGE_AMEND));
    }
}

/* ---- erasures ---- */

#define ERASURES 3u

struct erasing {
    uint32_t count;
    struct erasure erasures[ERASURES];
    struct view bytes[ERASURES];
};

static void make_erasures(struct play *play, const struct household *household,
                          struct erasing *out) {
    struct world *world = &play->world;
    struct random *random = &play->random;
    struct buf bytes;

    buf_init(&bytes, 1u << 20);
    out->count = 1 + pick(random, ERASURES);
    for (uint32_t i = 0; i < out->count; i++) {
        struct erased_cell *cells = arena_array(&world->arena, 3, sizeof(*cells));
        struct dot *dots = arena_array(&world->arena, household->log_count, sizeof(*dots));
        struct erasure *erasure = &out->erasures[i];

        CHECK(cells != NULL && dots != NULL);
        *erasure = (struct erasure){.at_ms = pick(random, 1000),
                                    .who = view_text("clerk"),
                                    .reason = view_text("request"),
                                    .cell_count = pick(random, 4),
                                    .cells = cells,
                                    .dots = dots};
        for (uint32_t k = 0; k < erasure->cell_count; k++) {
            const struct change *change = household->log[pick(random, household->log_count)].change;
            const struct entry *entry = change->entry_count == 0
                                            ? NULL
                                            : &change->entries[pick(random, change->entry_count)];

            cells[k] = (struct erased_cell){.everywhere = chance(random, 50), .field = F_NAME};
            if (entry != NULL && entry->field >= FIELD_FIRST_OF_FORM)
                cells[k] = (struct erased_cell){.everywhere = cells[k].everywhere,
                                                .instance = entry->instance,
                                                .field = entry->field};
            if (cells[k].everywhere)
                cells[k].instance = (struct instance_id){{0, 0}, 0};
        }
        for (uint32_t k = 0; k < household->log_count; k++) {
            uint32_t at = erasure->dot_count;

            if (!chance(random, 70))
                continue;
            for (; at > 0 && dot_compare(dots[at - 1], household->log[k].change->dot) > 0; at--)
                dots[at] = dots[at - 1];
            dots[at] = household->log[k].change->dot;
            erasure->dot_count++;
        }
        buf_clear(&bytes);
        erasure_encode(erasure, &bytes);
        out->bytes[i] = arena_view(&world->arena, buf_view(&bytes));
    }
    buf_release(&bytes);
}

/* The chosen changes, whole or erased already, and the chosen erasures, all in any order. */
static void fold_erased(struct play *play, const struct household *household,
                        const struct erasing *erasing, const bool *chosen, uint32_t erasures,
                        struct record *out) {
    struct world *world = &play->world;
    struct random *random = &play->random;
    uint32_t order[LOG_MAX * 2 + ERASURES];
    uint32_t count = 0;

    record_init(out, household->log[0].change->record);
    for (uint32_t i = 0; i < household->log_count; i++)
        for (uint32_t times = chosen[i] ? 1 + pick(random, 2) : 0; times > 0; times--)
            order[count++] = i;
    for (uint32_t i = 0; i < erasing->count; i++)
        if ((erasures >> i & 1) != 0)
            order[count++] = LOG_MAX + i;
    shuffle(random, order, count);
    for (uint32_t i = 0; i < count; i++) {
        struct change change;
        struct admission corrected;

        if (order[i] >= LOG_MAX) {
            OK(world, merge_erase(out, erasing->bytes[order[i] - LOG_MAX], &world->arena, out,
                                  &world->err));
            continue;
        }
        change = *household->log[order[i]].change;
        corrected = (struct admission){.time_ms = household->log[order[i]].corrected_ms};
        for (uint32_t k = 0; k < erasing->count; k++) {
            bool done;

            if (chance(random, 50))
                OK(world, erasure_apply(&erasing->erasures[k], NULL, &change, &world->arena, &done,
                                        &world->err));
        }
        OK(world, merge_apply(out, &change, corrected, &world->arena, out, &world->err));
    }
}

static void check_erased(const struct erasing *erasing, const struct record *state) {
    for (uint32_t i = 0; i < state->version_count; i++) {
        const struct version *version = &state->versions[i];
        struct dot dot = state->absorbed[version->change].dot;
        bool named = false;

        for (uint32_t k = 0; k < erasing->count; k++)
            named =
                named || (erasure_names(&erasing->erasures[k], dot) &&
                          erasure_covers(&erasing->erasures[k], version->instance, version->field));
        CHECK((version->value.type == VALUE_ERASED) == named);
    }
}

/* Life goes on: what people write or decide then is sane, and reads as an answer. */
static void check_life_after(struct play *play, const struct record *state,
                             const struct reading *reading) {
    struct world *world = &play->world;
    struct random *random = &play->random;
    struct edit draft;
    struct change change;
    struct record after;
    struct reading read;
    struct dot dot = {.actor = 0x7777, .number = 1};
    enum change_kind kind = CHANGE_EDIT;
    enum rc rc;
    struct value value = text_value("new");
    uint16_t field = (uint16_t)(chance(random, 50) ? F_BANK + (int)pick(random, 3) : F_NAME);

    for (uint32_t i = 0; i < reading->conflict_count && kind == CHANGE_EDIT; i++)
        if (chance(random, 50))
            kind = CHANGE_RESOLVE;
    OK(world, edit_start(&draft, kind, dot, 0x7777, &world->fixture.form, state, reading,
                         &world->arena, &world->err));
    if (kind == CHANGE_RESOLVE) {
        const struct conflict *open = &reading->conflicts[pick(random, reading->conflict_count)];

        if (edit_resolve_keep(&draft, open, version_name(state, open->versions[0]), &world->err) !=
            RC_OK)
            return;
    } else if (edit_set(&draft, ROOT, field, &value, 0, &world->err) != RC_OK) {
        return; /* in conflict, or sealed */
    }
    rc = edit_finish(&draft, view_text("why"), &change, &world->err);
    CHECK(rc == RC_OK || rc == RC_CONFLICT); /* a part of the group is in conflict */
    if (rc != RC_OK)
        return;
    change.dot = dot;
    change.record = state->id;
    change.form = world->fixture.form.id;
    change.person = 0x7777;
    change.lamport = record_lamport(state) + 1;
    OK(world, change_check(&change, &world->err));
    OK(world, merge_apply(state, &change, (struct admission){.time_ms = 1u << 30}, &world->arena,
                          &after, &world->err));
    OK(world, reading_make(&after, &world->fixture.form, &world->arena, &read, &world->err));
    check_reading(&read);
}

static void check_erasures(struct play *play, const struct household *household) {
    struct world *world = &play->world;
    struct random *random = &play->random;
    struct erasing erasing;
    struct record wanted, parts[3], joined;
    struct reading reading;
    struct buf packed;
    bool all[LOG_MAX];

    make_erasures(play, household, &erasing);
    memset(all, 1, sizeof(all));
    fold_erased(play, household, &erasing, all, (1u << ERASURES) - 1, &wanted);
    check_erased(&erasing, &wanted);
    for (uint32_t i = 0; i < ORDERS; i++) {
        fold_erased(play, household, &erasing, all, (1u << ERASURES) - 1, &joined);
        CHECK(same_state(world, &wanted, &joined));
        for (uint32_t k = 0; k < 3; k++) {
            bool chosen[LOG_MAX];

            for (uint32_t j = 0; j < LOG_MAX; j++)
                chosen[j] = k == 2 || chance(random, 50);
            fold_erased(play, household, &erasing, chosen,
                        k == 1 ? (1u << ERASURES) - 1 : pick(random, 1u << ERASURES), &parts[k]);
        }
        OK(world, merge_join(&parts[0], &parts[1], &world->arena, &joined, &world->err));
        OK(world, merge_join(&parts[2], &joined, &world->arena, &joined, &world->err));
        CHECK(same_state(world, &wanted, &joined));
        OK(world, merge_join(&parts[1], &parts[2], &world->arena, &joined, &world->err));
        OK(world, merge_join(&joined, &parts[0], &world->arena, &joined, &world->err));
        CHECK(same_state(world, &wanted, &joined));
    }
    OK(world, reading_make(&wanted, &world->fixture.form, &world->arena, &reading, &world->err));
    check_reading(&reading);
    check_life_after(play, &wanted, &reading);
    buf_init(&packed, (size_t)1 << 20);
    record_bytes(world, &wanted, &packed);
    check_damage(play, buf_view(&packed));
    buf_release(&packed);
}

static void check(struct play *play, const struct household *household,
                  const struct household *other) {
    struct world *world = &play->world;
    struct record first;
    struct record joined;
    struct reading reading;
    struct buf packed;
    struct buf read;
    struct buf read_again;

    buf_init(&packed, (size_t)1 << 20);
    buf_init(&read, (size_t)1 << 20);
    buf_init(&read_again, (size_t)1 << 20);
    fold(play, household, NULL, &first);
    check_model(play, household, &first);
    record_bytes(world, &first, &packed);
    OK(world, reading_make(&first, &world->fixture.form, &world->arena, &reading, &world->err));
    write_reading(&reading, &read);
    check_reading(&reading);
    for (uint32_t i = 0; i < ORDERS; i++) {
        struct record again;

        fold(play, household, NULL, &again);
        CHECK(same_state(world, &first, &again));
        join_parts(play, household, &joined);
        CHECK(same_state(world, &first, &joined));
        OK(world, merge_join(&first, &again, &world->arena, &joined, &world->err));
        CHECK(same_state(world, &first, &joined));
    }
    OK(world, reading_make(&joined, &world->fixture.form, &world->arena, &reading, &world->err));
    write_reading(&reading, &read_again);
    CHECK(view_equal(buf_view(&read), buf_view(&read_again)));
    /* Without the form everything can still be read. */
    OK(world, reading_make(&joined, NULL, &world->arena, &reading, &world->err));
    check_bytes(play, household, buf_view(&packed));
    check_damage(play, buf_view(&packed));
    CHECK(merge_apply(&first, other->log[0].change, (struct admission){0}, &world->arena, &joined,
                      &world->err) == RC_INVALID);
    check_verdicts(play, household);
    check_erasures(play, household);
    buf_release(&packed);
    buf_release(&read);
    buf_release(&read_again);
}

static void one_world(struct play *play, uint64_t seed) {
    struct arena arena = play->world.arena;

    memset(play, 0, sizeof(*play));
    play->world.arena = arena;
    err_init(&play->world.err, LANG_EN);
    fixture_household(&play->world.fixture);
    current_seed = seed;
    play->random.state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    run(play);
    for (uint32_t r = 0; r < RECORDS; r++)
        check(play, &play->households[r], &play->households[1 - r]);
    arena_reset(&play->world.arena);
}

static uint64_t only_seed;

static void random_worlds_converge(void **state) {
    struct play *play = calloc(1, sizeof(*play));

    (void)state;
    assert_non_null(play);
    arena_init(&play->world.arena, (size_t)1 << 30);
    if (only_seed != 0)
        one_world(play, only_seed);
    for (uint64_t seed = 1; only_seed == 0 && seed <= WORLDS; seed++)
        one_world(play, seed);
    arena_release(&play->world.arena);
    free(play);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_worlds_converge)};

    if (argc > 1)
        only_seed = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
