/* tally.c: see tally.h. Everything is integers; the order of what was heard does not matter. */
#include "schema/vote/tally.h"

uint32_t tally_least(struct vote_value share, bool strict, uint32_t base) {
    uint64_t product = (uint64_t)share.number * base;
    uint64_t over = share.over > 0 ? (uint64_t)share.over : 1;

    if (share.number <= 0)
        return 0;
    return (uint32_t)(strict ? product / over + 1 : (product + over - 1) / over);
}

/* ---- secrecy ---- */

static uint32_t largest(const struct vote_count *count) {
    uint32_t most = count->yes;

    if (count->no > most)
        most = count->no;
    return count->abstain > most ? count->abstain : most;
}

bool tally_must_withhold(const struct vote_rules *rules, uint8_t mode,
                         const struct vote_count *count, uint32_t eligible) {
    uint32_t valid = count->yes + count->no + count->abstain;

    if (mode == VOTE_HANDS)
        return false;
    return (int64_t)eligible < vote_number(rules, VOTE_SECRECY_MIN) ||
           (int64_t)(valid - largest(count)) < vote_number(rules, VOTE_SECRECY_MARGIN);
}

static bool reasons_tell(const struct vote_rules *rules, uint8_t mode, uint32_t no) {
    return mode != VOTE_HANDS && (int64_t)no < vote_number(rules, VOTE_SECRECY_MARGIN);
}

/* ---- the threshold ---- */

static uint32_t base_of(const struct vote_rules *rules, const struct vote_facts *facts,
                        uint32_t valid) {
    switch ((enum vote_base)vote_number(rules, VOTE_THRESHOLD_BASE)) {
    case VOTE_VALID:
        return valid;
    case VOTE_EXPECTED:
    case VOTE_ROSTER:
        return vote_seats_count(facts->expected & ~facts->recused);
    case VOTE_PRESENT:
        break;
    }
    return vote_seats_count(facts->expected & facts->present & ~facts->recused);
}

static uint32_t needed_of(const struct vote_rules *rules, uint32_t base) {
    return tally_least(rules->values[VOTE_THRESHOLD],
                       vote_number(rules, VOTE_THRESHOLD_STRICT) != 0, base);
}

static bool passes(uint32_t yes, uint32_t needed) {
    return yes > 0 && yes >= needed; /* nobody's yes is no yes, whatever the base */
}

void tally_withhold(const struct vote_rules *rules, const struct vote_facts *facts, uint8_t mode,
                    struct vote_count *count) {
    uint32_t valid = count->yes + count->no + count->abstain;
    uint32_t eligible = vote_seats_count(facts->expected & facts->present & ~facts->recused);

    if (tally_must_withhold(rules, mode, count, eligible)) {
        count->passed = passes(count->yes, needed_of(rules, base_of(rules, facts, valid)));
        count->withheld = true;
        count->yes = count->no = count->abstain = 0;
        memset(count->reasons, 0, sizeof(count->reasons));
    } else if (reasons_tell(rules, mode, count->no)) {
        memset(count->reasons, 0, sizeof(count->reasons));
    }
}

/* ---- who sits there ---- */

static void look_at_panel(const struct vote_rules *rules, const struct vote_facts *facts,
                          struct tally *out) {
    uint64_t present = facts->expected & facts->present;

    out->expected = vote_seats_count(facts->expected);
    out->present = vote_seats_count(present);
    out->recused = vote_seats_count(present & facts->recused);
    out->eligible = vote_seats_count(present & ~facts->recused);
    out->quorum_base =
        vote_number(rules, VOTE_QUORUM_BASE) == VOTE_ROSTER && facts->roster > out->expected
            ? facts->roster
            : out->expected;
    out->quorum_needed = tally_least(rules->values[VOTE_QUORUM], false, out->quorum_base);
    out->reps = vote_seats_count(present & facts->reps);
    out->reps_needed = tally_least(rules->values[VOTE_MIN_REPS], false, out->present);
    out->committee = vote_seats_count(present & facts->committee);
    out->committee_most = out->present;
    if (vote_number(rules, VOTE_MAX_COMMITTEE) > 0)
        out->committee_most =
            (uint32_t)((uint64_t)vote_number(rules, VOTE_MAX_COMMITTEE) * out->present /
                       (uint64_t)rules->values[VOTE_MAX_COMMITTEE].over);
    if (out->present == 0 || out->present < out->quorum_needed)
        out->voids |= TALLY_NO_QUORUM;
    if ((int64_t)out->expected < vote_number(rules, VOTE_MIN_MEMBERS))
        out->voids |= TALLY_TOO_SMALL;
    if (vote_number(rules, VOTE_ODD) != 0 && out->expected % 2 == 0)
        out->voids |= TALLY_EVEN;
    if (out->reps < out->reps_needed)
        out->voids |= TALLY_FEW_REPS;
    if (out->committee > out->committee_most)
        out->voids |= TALLY_MUCH_COMMITTEE;
    out->quorum_ok = (out->voids & TALLY_NO_QUORUM) == 0;
    out->composition_ok =
        (out->voids & (TALLY_TOO_SMALL | TALLY_EVEN | TALLY_FEW_REPS | TALLY_MUCH_COMMITTEE)) == 0;
    if (out->eligible == 0 || (int64_t)out->eligible < vote_number(rules, VOTE_MIN_VOTERS))
        out->voids |= TALLY_FEW_VOTERS;
}

/* ---- adding up ---- */

struct sum {
    struct vote_count count;
    bool has_withheld;
};

static const struct vote_count *count_in(const struct vote_batch *batch, struct instance_id item) {
    uint32_t low = 0, high = batch->item_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = instance_compare(batch->items[middle].item, item);

        if (order == 0)
            return &batch->items[middle].count;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Whether the same batch stands earlier in the list and is counted (a late copy of what came in
 * time repeats it as well). */
static bool is_repeated(const struct vote_heard *heard, uint32_t count, uint32_t at) {
    for (uint32_t i = 0; i < count; i++) {
        if (i == at || memcmp(heard[i].batch->hash, heard[at].batch->hash, CRYPT_HASH_BYTES) != 0)
            continue;
        if (heard[at].late ? !heard[i].late || i < at : !heard[i].late && i < at)
            return true;
    }
    return false;
}

static void add_count(const struct vote_facts *facts, const struct vote_heard *heard,
                      uint32_t heard_count, uint32_t at, const struct vote_count *count,
                      struct sum *sum, struct tally *out) {
    const struct vote_batch *batch = heard[at].batch;

    if (out->batches > 0 && batch->mode != out->mode)
        out->voids |= TALLY_MODE;
    if (out->batches == 0 || batch->mode < out->mode)
        out->mode = batch->mode; /* of two the one that keeps more secret */
    if (memcmp(batch->rules, facts->rules, sizeof(facts->rules)) != 0)
        out->voids |= TALLY_RULES;
    for (uint32_t i = 0; i < heard_count; i++)
        if (i != at && !heard[i].late && heard[i].batch->tablet == batch->tablet &&
            memcmp(heard[i].batch->hash, batch->hash, CRYPT_HASH_BYTES) != 0)
            out->voids |= TALLY_CONTRADICTS;
    out->batches++;
    out->twice |= sum->count.marks & count->marks;
    sum->count.marks |= count->marks;
    sum->count.yes += count->yes;
    sum->count.no += count->no;
    sum->count.abstain += count->abstain;
    sum->count.invalid += count->invalid;
    sum->count.unused += count->unused;
    for (unsigned r = 0; r < VOTE_REASON_COUNT; r++)
        sum->count.reasons[r] += count->reasons[r];
    if (count->withheld) {
        sum->has_withheld = true;
        sum->count.passed = count->passed;
    }
}

/* How many ballots that say something there were, whether or not it is told what. */
static uint32_t valid_votes(const struct sum *sum, uint32_t marked) {
    uint32_t other = sum->count.invalid + sum->count.unused;

    if (!sum->has_withheld)
        return sum->count.yes + sum->count.no + sum->count.abstain;
    return marked > other ? marked - other : 0;
}

static void check_sum(const struct vote_rules *rules, const struct vote_facts *facts,
                      const struct sum *sum, struct tally *out) {
    uint64_t eligible = facts->expected & facts->present & ~facts->recused;
    const struct vote_count *count = &sum->count;
    uint32_t marked = vote_seats_count(count->marks);
    uint32_t other = count->invalid + count->unused;

    if (out->twice != 0)
        out->voids |= TALLY_TWICE;
    if ((count->marks & ~eligible) != 0)
        out->voids |= TALLY_STRANGER;
    out->missing = eligible & ~count->marks;
    if (out->missing != 0)
        out->voids |= TALLY_MISSING;
    if (out->twice == 0 &&
        (sum->has_withheld ? other > marked
                           : count->yes + count->no + count->abstain + other != marked))
        out->voids |= TALLY_MISMATCH;
    /* Only a tablet that served everybody may withhold: others cannot be added to it. */
    if (sum->has_withheld && out->batches > 1)
        out->voids |= TALLY_WITHHELD;
    if (vote_number(rules, VOTE_ABSTAIN) == 0 && count->abstain > 0)
        out->voids |= TALLY_ABSTAINED;
    if ((vote_number(rules, VOTE_MODES) >> out->mode & 1) == 0)
        out->voids |= TALLY_MODE;
}

static void decide(const struct vote_rules *rules, const struct vote_facts *facts,
                   const struct sum *sum, struct tally *out) {
    uint32_t valid = valid_votes(sum, vote_seats_count(sum->count.marks));
    bool passed;

    out->base = base_of(rules, facts, valid);
    out->needed = needed_of(rules, out->base);
    passed = sum->has_withheld ? sum->count.passed : passes(sum->count.yes, out->needed);
    if (sum->has_withheld && passed && !passes(valid, out->needed))
        out->voids |= TALLY_WITHHELD;
    if (out->voids != 0)
        out->state = TALLY_VOID;
    else
        out->state = passed ? TALLY_PASSED : TALLY_FAILED;
}

/* What may be shown. A void item is voted again: its counts would tell how people are inclined. */
static void show(const struct vote_rules *rules, const struct sum *sum, struct tally *out) {
    const struct vote_count *count = &sum->count;

    out->invalid = count->invalid;
    out->unused = count->unused;
    out->withheld = sum->has_withheld || (out->mode != VOTE_HANDS && out->state == TALLY_VOID) ||
                    tally_must_withhold(rules, out->mode, count, out->eligible);
    out->reasons_withheld = out->withheld || reasons_tell(rules, out->mode, count->no);
    if (!out->withheld) {
        out->yes = count->yes;
        out->no = count->no;
        out->abstain = count->abstain;
    }
    if (!out->reasons_withheld)
        memcpy(out->reasons, count->reasons, sizeof(out->reasons));
}

void tally_count(const struct vote_rules *rules, const struct vote_facts *facts,
                 struct instance_id item, const struct vote_heard *heard, uint32_t heard_count,
                 struct tally *out) {
    struct sum sum = {0};

    *out = (struct tally){0};
    look_at_panel(rules, facts, out);
    for (uint32_t i = 0; i < heard_count; i++) {
        const struct vote_count *count = count_in(heard[i].batch, item);

        if (count == NULL)
            continue;
        if (is_repeated(heard, heard_count, i))
            out->repeated++;
        else if (heard[i].late)
            out->late++;
        else
            add_count(facts, heard, heard_count, i, count, &sum, out);
    }
    if (out->batches == 0) {
        out->base = base_of(rules, facts, out->eligible);
        out->needed = needed_of(rules, out->base);
        return;
    }
    check_sum(rules, facts, &sum, out);
    decide(rules, facts, &sum, out);
    show(rules, &sum, out);
    out->next = out->state == TALLY_PASSED   ? TALLY_SUBMIT
                : out->state == TALLY_FAILED ? TALLY_INVESTIGATE
                                             : TALLY_AGAIN;
}
