/* The counting of votes: exact figures just under, at and over every threshold; what makes an item
 * void; what is withheld; batches as bytes. */
#include "schema/vote/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static const struct instance_id ITEM = {.dot = {7, 1}, .ordinal = 1};

static uint64_t seats(unsigned count) {
    return count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* Rules that ask for nothing but a share of yes. */
static struct vote_rules rules_of(int32_t number, int32_t over, bool strict, enum vote_base base) {
    struct vote_rules rules = {.profile = view_text("test"), .valid_from = {2020, 1, 1}};

    for (unsigned i = 0; i < VOTE_RULE_COUNT; i++)
        rules.values[i].over = 1;
    rules.values[VOTE_QUORUM_BASE].number = VOTE_EXPECTED;
    rules.values[VOTE_MODES].number =
        1 << VOTE_SECRET_DEVICE | 1 << VOTE_SECRET_PAPER | 1 << VOTE_HANDS;
    rules.values[VOTE_THRESHOLD] = (struct vote_value){.number = number, .over = over};
    rules.values[VOTE_THRESHOLD_STRICT].number = strict;
    rules.values[VOTE_THRESHOLD_BASE].number = (int32_t)base;
    rules.values[VOTE_ABSTAIN].number = 1;
    rules.values[VOTE_WHEN].number = VOTE_ALWAYS;
    return rules;
}

static struct vote_facts facts_of(unsigned expected, unsigned present) {
    return (struct vote_facts){
        .expected = seats(expected), .present = seats(present), .roster = expected};
}

struct ballot_box {
    struct vote_item_count item;
    struct vote_batch batch;
};

static void box(struct ballot_box *out, uint64_t tablet, uint32_t yes, uint32_t no,
                uint32_t abstain, uint64_t marks) {
    struct buf bytes;
    struct err err;

    *out = (struct ballot_box){
        .item = {.item = ITEM,
                 .count = {.yes = yes, .no = no, .abstain = abstain, .marks = marks}}};
    out->batch = (struct vote_batch){.meeting = {7, 1},
                                     .tablet = tablet,
                                     .round = 1,
                                     .mode = VOTE_SECRET_DEVICE,
                                     .seats = marks,
                                     .item_count = 1,
                                     .items = &out->item};
    err_init(&err, LANG_EN);
    buf_init(&bytes, VOTE_BATCH_BYTES);
    if (vote_batch_encode(&out->batch, &bytes, &err) != RC_OK)
        fail_msg("%s", err.text);
    buf_release(&bytes);
}

static struct tally count_one(const struct vote_rules *rules, const struct vote_facts *facts,
                              uint32_t yes, uint32_t no, uint32_t abstain) {
    uint64_t eligible = facts->expected & facts->present & ~facts->recused;
    struct vote_heard heard;
    struct ballot_box votes;
    struct tally tally;

    box(&votes, 1, yes, no, abstain, eligible);
    heard = (struct vote_heard){.batch = &votes.batch};
    tally_count(rules, facts, ITEM, &heard, 1, &tally);
    return tally;
}

static void thresholds_are_exact(void **state) {
    static const struct {
        int32_t number, over;
        bool strict;
        enum vote_base base;
        unsigned expected, present, recused;
        uint32_t needed;
    } cases[] = {
        {2, 3, false, VOTE_PRESENT, 11, 11, 0, 8},   {2, 3, true, VOTE_PRESENT, 11, 11, 0, 8},
        {2, 3, false, VOTE_PRESENT, 12, 12, 0, 8},   {2, 3, true, VOTE_PRESENT, 12, 12, 0, 9},
        {1, 2, true, VOTE_PRESENT, 12, 12, 0, 7},    {1, 2, false, VOTE_PRESENT, 12, 12, 0, 6},
        {1, 2, true, VOTE_PRESENT, 13, 13, 0, 7},    {1, 2, false, VOTE_PRESENT, 13, 13, 0, 7},
        {2, 3, false, VOTE_EXPECTED, 15, 11, 0, 10}, {2, 3, false, VOTE_PRESENT, 11, 11, 1, 7},
        {2, 3, false, VOTE_EXPECTED, 15, 11, 1, 10}, {2, 3, false, VOTE_EXPECTED, 16, 11, 1, 10},
        {1, 1, false, VOTE_PRESENT, 9, 9, 0, 9},     {3, 4, false, VOTE_PRESENT, 13, 13, 0, 10},
        {2, 3, false, VOTE_PRESENT, 64, 64, 0, 43},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vote_rules rules =
            rules_of(cases[i].number, cases[i].over, cases[i].strict, cases[i].base);
        struct vote_facts facts = facts_of(cases[i].expected, cases[i].present);
        uint32_t eligible = cases[i].present - cases[i].recused;
        struct tally tally;

        facts.recused = seats(cases[i].recused);
        tally = count_one(&rules, &facts, cases[i].needed, eligible - cases[i].needed, 0);
        assert_int_equal(tally.needed, cases[i].needed);
        assert_int_equal(tally.state, TALLY_PASSED);
        assert_int_equal(tally.next, TALLY_SUBMIT);
        tally = count_one(&rules, &facts, cases[i].needed - 1, eligible - cases[i].needed + 1, 0);
        assert_int_equal(tally.state, TALLY_FAILED);
        assert_int_equal(tally.next, TALLY_INVESTIGATE); /* never a refusal */
    }
}

static void abstentions_count_in_the_base(void **state) {
    struct vote_rules present = rules_of(1, 2, true, VOTE_PRESENT);
    struct vote_rules valid = rules_of(1, 2, true, VOTE_VALID);
    struct vote_facts facts = facts_of(12, 12);
    struct vote_heard heard;
    struct ballot_box votes;
    struct tally tally;

    (void)state;
    assert_int_equal(count_one(&present, &facts, 6, 3, 3).state, TALLY_FAILED);
    assert_int_equal(count_one(&present, &facts, 7, 3, 2).state, TALLY_PASSED);
    assert_int_equal(count_one(&valid, &facts, 6, 3, 3).state, TALLY_FAILED);
    /* invalid and unused ones leave the base of valid votes, and not that of those present */
    box(&votes, 1, 5, 3, 1, facts.present);
    votes.item.count.invalid = 2;
    votes.item.count.unused = 1;
    heard = (struct vote_heard){.batch = &votes.batch};
    tally_count(&valid, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.base, 9);
    assert_int_equal(tally.needed, 5);
    assert_int_equal(tally.state, TALLY_PASSED);
    tally_count(&present, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.needed, 7);
    assert_int_equal(tally.state, TALLY_FAILED);
    /* nobody at all */
    assert_int_equal(count_one(&valid, &facts, 0, 0, 12).state, TALLY_FAILED);
    present.values[VOTE_ABSTAIN].number = 0;
    assert_int_equal(count_one(&present, &facts, 8, 3, 1).voids, TALLY_ABSTAINED);
    assert_int_equal(count_one(&present, &facts, 8, 4, 0).voids, 0);
}

static void the_panel_must_be_right(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(15, 10);
    struct tally tally;

    (void)state;
    rules.values[VOTE_QUORUM] = (struct vote_value){.number = 2, .over = 3};
    tally = count_one(&rules, &facts, 7, 3, 0);
    assert_int_equal(tally.quorum_needed, 10);
    assert_int_equal(tally.state, TALLY_PASSED);
    facts.present = seats(9);
    tally = count_one(&rules, &facts, 7, 2, 0);
    assert_int_equal(tally.voids, TALLY_NO_QUORUM);
    assert_int_equal(tally.next, TALLY_AGAIN);
    assert_false(tally.quorum_ok);
    assert_true(tally.composition_ok);
    rules.values[VOTE_QUORUM_BASE].number = VOTE_ROSTER;
    facts = facts_of(15, 10);
    facts.roster = 16;
    assert_int_equal(count_one(&rules, &facts, 7, 3, 0).voids, TALLY_NO_QUORUM); /* 11 of 16 */
    rules.values[VOTE_QUORUM].number = 0;

    rules.values[VOTE_ODD].number = 1;
    facts = facts_of(12, 12);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, TALLY_EVEN);
    facts = facts_of(13, 12); /* due count, not those who came */
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, 0);
    rules.values[VOTE_ODD].number = 0;

    rules.values[VOTE_MIN_MEMBERS].number = 13;
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, 0);
    facts = facts_of(12, 12);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, TALLY_TOO_SMALL);
    rules.values[VOTE_MIN_MEMBERS].number = 0;

    rules.values[VOTE_MIN_VOTERS].number = 11;
    facts.recused = seats(1);
    assert_int_equal(count_one(&rules, &facts, 8, 3, 0).voids, 0);
    facts.recused = seats(2);
    assert_int_equal(count_one(&rules, &facts, 8, 2, 0).voids, TALLY_FEW_VOTERS);
    rules.values[VOTE_MIN_VOTERS].number = 0;
    facts.recused = 0;

    rules.values[VOTE_MIN_REPS] = (struct vote_value){.number = 2, .over = 3};
    facts.reps = seats(8);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, 0);
    facts.reps = seats(7);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, TALLY_FEW_REPS);
    rules.values[VOTE_MIN_REPS].number = 0;
    rules.values[VOTE_MAX_COMMITTEE] = (struct vote_value){.number = 1, .over = 3};
    facts.committee = seats(4);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, 0);
    facts.committee = seats(5);
    assert_int_equal(count_one(&rules, &facts, 9, 3, 0).voids, TALLY_MUCH_COMMITTEE);
}

static struct tally count_two(const struct vote_rules *rules, const struct vote_facts *facts,
                              const struct ballot_box *a, const struct ballot_box *b, bool late) {
    struct vote_heard heard[2] = {{.batch = &a->batch}, {.batch = &b->batch, .late = late}};
    struct vote_heard turned[2] = {heard[1], heard[0]};
    struct tally tally, other;

    tally_count(rules, facts, ITEM, heard, 2, &tally);
    tally_count(rules, facts, ITEM, turned, 2, &other);
    assert_memory_equal(&tally, &other, sizeof(tally));
    return tally;
}

static void tablets_add_up(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(11, 11);
    struct ballot_box a, b;
    struct tally tally;

    (void)state;
    box(&a, 1, 5, 1, 0, seats(6));
    box(&b, 2, 3, 2, 0, seats(11) & ~seats(6));
    tally = count_two(&rules, &facts, &a, &b, false);
    assert_int_equal(tally.state, TALLY_PASSED);
    assert_int_equal(tally.yes, 8);
    assert_int_equal(tally.batches, 2);
    /* the same twice is one: and then somebody is missing */
    tally = count_two(&rules, &facts, &a, &a, false);
    assert_int_equal(tally.batches, 1);
    assert_int_equal(tally.repeated, 1);
    assert_int_equal(tally.voids, TALLY_MISSING);
    assert_int_equal(vote_seats_count(tally.missing), 5);
    /* late ones are listed and not counted */
    tally = count_two(&rules, &facts, &a, &b, true);
    assert_int_equal(tally.late, 1);
    assert_int_equal(tally.voids, TALLY_MISSING);
    tally = count_two(&rules, &facts, &a, &a, true);
    assert_int_equal(tally.late, 0);
    assert_int_equal(tally.repeated, 1);
    /* the same member on two tablets */
    box(&b, 2, 4, 2, 0, seats(11) & ~seats(5));
    tally = count_two(&rules, &facts, &a, &b, false);
    assert_int_equal(tally.voids, TALLY_TWICE);
    assert_int_equal(tally.twice, vote_seat(6));
    assert_int_equal(tally.yes, 0); /* what is voted again is not told */
    /* one tablet says two things */
    box(&b, 1, 3, 2, 0, seats(11) & ~seats(6));
    assert_int_equal(count_two(&rules, &facts, &a, &b, false).voids, TALLY_CONTRADICTS);
    /* other ways, other rules */
    box(&b, 2, 3, 2, 0, seats(11) & ~seats(6));
    b.batch.mode = VOTE_HANDS;
    b.batch.hash[0] ^= 1;
    assert_int_equal(count_two(&rules, &facts, &a, &b, false).voids, TALLY_MODE);
    b.batch.mode = VOTE_SECRET_DEVICE;
    b.batch.rules[0] = 1;
    assert_int_equal(count_two(&rules, &facts, &a, &b, false).voids, TALLY_RULES);
}

/* Whoever asks why is told every reason. */
static void one_reason_does_not_hide_another(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(11, 11);
    struct ballot_box a, b;
    struct tally tally;

    (void)state;
    rules.values[VOTE_ABSTAIN].number = 0;
    box(&a, 1, 5, 1, 0, seats(6));
    box(&b, 1, 2, 1, 2, seats(9) & ~seats(5)); /* the sixth twice */
    b.item.count.marks |= vote_seat(12);       /* who is not of the panel */
    b.batch.mode = VOTE_HANDS;
    b.batch.rules[0] = 1;
    b.batch.hash[0] ^= 1;
    tally = count_two(&rules, &facts, &a, &b, false);
    assert_int_equal(tally.voids, TALLY_MODE | TALLY_RULES | TALLY_CONTRADICTS | TALLY_TWICE |
                                      TALLY_STRANGER | TALLY_MISSING | TALLY_ABSTAINED);
    /* more ballots than members, on two tablets of which one withholds; and not in this way */
    rules.values[VOTE_MODES].number = 1 << VOTE_HANDS;
    box(&a, 1, 5, 1, 0, seats(6));
    box(&b, 2, 3, 1, 0, seats(10) & ~seats(6));
    a.item.count.withheld = true;
    a.item.count.invalid = 11;
    tally = count_two(&rules, &facts, &a, &b, false);
    assert_int_equal(tally.voids, TALLY_MISSING | TALLY_MISMATCH | TALLY_WITHHELD | TALLY_MODE);
}

static void what_does_not_agree_is_void(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(12, 11);
    struct vote_heard heard;
    struct ballot_box votes;
    struct tally tally;

    (void)state;
    heard = (struct vote_heard){.batch = &votes.batch};
    box(&votes, 1, 8, 2, 0, seats(11));
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_MISMATCH);
    box(&votes, 1, 8, 2, 0, seats(10));
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_MISSING);
    box(&votes, 1, 8, 4, 0, seats(12)); /* the twelfth was not there */
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_STRANGER);
    facts.recused = vote_seat(1);
    box(&votes, 1, 8, 3, 0, seats(11));
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_STRANGER);
    rules.values[VOTE_MODES].number = 1 << VOTE_HANDS;
    facts.recused = 0;
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_MODE);
    tally_count(&rules, &facts, ITEM, &heard, 0, &tally);
    assert_int_equal(tally.state, TALLY_OPEN);
    assert_int_equal(tally.next, TALLY_WAIT);
}

/* A batch that was counted without the item tells nothing of it, wherever the item would stand. */
static void an_item_that_was_not_counted_is_missing(void **state) {
    static const struct instance_id others[] = {{.dot = {7, 1}, .ordinal = 2},
                                                {.dot = {6, 9}, .ordinal = 1},
                                                {.dot = {8, 1}, .ordinal = 1}};
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(11, 11);
    struct vote_heard heard;
    struct ballot_box votes;

    (void)state;
    heard = (struct vote_heard){.batch = &votes.batch};
    box(&votes, 1, 8, 3, 0, seats(11));
    for (size_t i = 0; i < COUNT(others); i++) {
        struct tally tally;

        tally_count(&rules, &facts, others[i], &heard, 1, &tally);
        assert_int_equal(tally.state, TALLY_OPEN);
        assert_int_equal(tally.yes, 0);
    }
}

static void what_would_tell_is_withheld(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(11, 11);
    struct vote_heard heard;
    struct ballot_box votes;
    struct tally tally;

    (void)state;
    rules.values[VOTE_SECRECY_MIN].number = 5;
    rules.values[VOTE_SECRECY_MARGIN].number = 2;
    tally = count_one(&rules, &facts, 11, 0, 0);
    assert_true(tally.withheld && tally.state == TALLY_PASSED && tally.yes == 0);
    tally = count_one(&rules, &facts, 10, 1, 0);
    assert_true(tally.withheld && tally.state == TALLY_PASSED && tally.yes == 0 && tally.no == 0);
    tally = count_one(&rules, &facts, 9, 1, 1);
    assert_true(!tally.withheld && tally.yes == 9 && tally.reasons_withheld);
    tally = count_one(&rules, &facts, 9, 2, 0);
    assert_true(!tally.withheld && !tally.reasons_withheld);
    tally = count_one(&rules, &facts, 0, 11, 0);
    assert_true(tally.withheld && tally.state == TALLY_FAILED && tally.no == 0);
    facts = facts_of(4, 4);
    tally = count_one(&rules, &facts, 2, 2, 0);
    assert_true(tally.withheld && tally.state == TALLY_FAILED);
    /* taken out before it leaves the tablet, the result is the same */
    facts = facts_of(11, 11);
    for (uint32_t yes = 0; yes <= 11; yes++) {
        struct tally before = count_one(&rules, &facts, yes, 11 - yes, 0);

        box(&votes, 1, yes, 11 - yes, 0, seats(11));
        votes.item.count.reasons[VOTE_REASON_HIDDEN] = 11 - yes;
        tally_withhold(&rules, &facts, VOTE_SECRET_DEVICE, &votes.item.count);
        heard = (struct vote_heard){.batch = &votes.batch};
        tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
        assert_int_equal(tally.state, before.state);
        assert_int_equal(tally.withheld, before.withheld);
        assert_int_equal(tally.yes, before.yes);
        assert_int_equal(votes.item.count.withheld, yes <= 1 || yes >= 10);
        assert_int_equal(votes.item.count.reasons[VOTE_REASON_HIDDEN] == 0, yes <= 1 || yes >= 10);
    }
    /* a show of hands has no secret */
    box(&votes, 1, 11, 0, 0, seats(11));
    votes.batch.mode = VOTE_HANDS;
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.yes, 11);
    /* "passed" cannot be said of too few votes; nor may several tablets withhold */
    box(&votes, 1, 0, 0, 0, seats(11));
    votes.item.count.withheld = votes.item.count.passed = true;
    votes.item.count.unused = 4;
    tally_count(&rules, &facts, ITEM, &heard, 1, &tally);
    assert_int_equal(tally.voids, TALLY_WITHHELD);
}

static void batches_have_one_encoding(void **state) {
    struct ballot_box votes;
    struct vote_batch again;
    struct arena arena;
    struct buf bytes;
    struct err err;

    (void)state;
    err_init(&err, LANG_EN);
    arena_init(&arena, 1u << 20);
    buf_init(&bytes, VOTE_BATCH_BYTES);
    box(&votes, 3, 8, 3, 0, seats(11));
    votes.item.count.reasons[VOTE_REASON_INCOME] = 2;
    assert_int_equal(vote_batch_encode(&votes.batch, &bytes, &err), RC_OK);
    assert_int_equal(vote_batch_decode(buf_view(&bytes), &arena, &again, &err), RC_OK);
    assert_memory_equal(again.hash, votes.batch.hash, 32);
    for (uint8_t mode = 0; mode <= VOTE_MODE_LAST + 1; mode++) {
        votes.batch.mode = mode;
        buf_clear(&bytes);
        assert_int_equal(vote_batch_encode(&votes.batch, &bytes, &err),
                         mode >= 1 && mode <= VOTE_MODE_LAST ? RC_OK : RC_INVALID);
    }
    votes.batch.mode = VOTE_SECRET_DEVICE;
    buf_clear(&bytes);
    assert_int_equal(vote_batch_encode(&votes.batch, &bytes, &err), RC_OK);
    assert_memory_equal(&again.items[0].count, &votes.item.count, sizeof(votes.item.count));
    for (size_t i = 0; i < bytes.size; i++) {
        assert_int_equal(
            vote_batch_decode(view_slice(buf_view(&bytes), 0, i), &arena, &again, &err),
            RC_CORRUPT);
    }
    buf_add_u8(&bytes, 0);
    assert_int_equal(vote_batch_decode(buf_view(&bytes), &arena, &again, &err), RC_CORRUPT);
    bytes.size--;
    /* Whatever is taken, bent or not, would be written as the same bytes. */
    for (size_t i = 0; i < bytes.size * 8; i++) {
        struct buf written;

        buf_init(&written, VOTE_BATCH_BYTES);
        bytes.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (vote_batch_decode(buf_view(&bytes), &arena, &again, &err) == RC_OK) {
            assert_int_equal(vote_batch_encode(&again, &written, &err), RC_OK);
            assert_true(view_equal(buf_view(&written), buf_view(&bytes)));
        }
        bytes.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        buf_release(&written);
    }
    for (size_t i = 0; i < 4; i++) { /* the meeting's number, the round, the mode (twice) */
        static const struct {
            size_t at;
            uint8_t byte;
        } bad[] = {{9, 0}, {18, 0}, {19, 0}, {19, VOTE_MODE_LAST + 1}};
        uint8_t was = bytes.data[bad[i].at];

        bytes.data[bad[i].at] = bad[i].byte;
        assert_int_equal(vote_batch_decode(buf_view(&bytes), &arena, &again, &err), RC_CORRUPT);
        bytes.data[bad[i].at] = was;
    }
    assert_int_equal(vote_batch_decode(buf_view(&bytes), &arena, &again, &err), RC_OK);
    votes.item.count.withheld = true; /* with counts beside it */
    assert_int_equal(vote_batch_encode(&votes.batch, &bytes, &err), RC_INVALID);
    buf_release(&bytes);
    arena_release(&arena);
}

static void seats_are_sets(void **state) {
    struct buf text;
    uint64_t set;

    (void)state;
    buf_init(&text, 400);
    assert_true(vote_seats_parse(view_text("5, 1-3,64"), &set));
    vote_seats_text(set, &text);
    assert_string_equal(buf_text(&text), "1 2 3 5 64");
    assert_false(vote_seats_parse(view_text("0"), &set));
    assert_false(vote_seats_parse(view_text("65"), &set));
    assert_false(vote_seats_parse(view_text("3-1"), &set));
    assert_false(vote_seats_parse(view_text("one"), &set));
    buf_release(&text);
}

static bool is_told(const struct vote_rules *rules, const char *kind) {
    struct vote_facts facts = facts_of(11, 11);
    struct tally tally = count_one(rules, &facts, 8, 3, 0);
    const struct tally_part *parts;
    struct arena arena;
    struct err err;
    uint32_t count;
    bool found = false;

    err_init(&err, LANG_EN);
    arena_init(&arena, 1u << 20);
    assert_int_equal(tally_explain(&tally, rules, LANG_EN, &arena, &parts, &count, &err), RC_OK);
    for (uint32_t i = 0; i < count; i++)
        found = found || strcmp(parts[i].kind, kind) == 0;
    arena_release(&arena);
    return found;
}

static void only_what_is_asked_for_is_told(void **state) {
    static const struct {
        enum vote_rule rule;
        const char *kind;
    } shares[] = {
        {VOTE_QUORUM, "quorum"}, {VOTE_MIN_REPS, "reps"}, {VOTE_MAX_COMMITTEE, "committee"}};

    (void)state;
    for (size_t i = 0; i < COUNT(shares); i++) {
        struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);

        assert_false(is_told(&rules, shares[i].kind));
        rules.values[shares[i].rule] = (struct vote_value){1, i == 2 ? 1 : 2};
        assert_true(is_told(&rules, shares[i].kind));
    }
}

static void the_result_is_told_in_words(void **state) {
    struct vote_rules rules = rules_of(2, 3, false, VOTE_PRESENT);
    struct vote_facts facts = facts_of(11, 11);
    const struct tally_part *parts;
    struct tally tally = count_one(&rules, &facts, 8, 3, 0);
    struct arena arena;
    struct err err;
    uint32_t count;
    bool found = false;

    (void)state;
    err_init(&err, LANG_ZH);
    arena_init(&arena, 1u << 20);
    assert_int_equal(tally_explain(&tally, &rules, LANG_EN, &arena, &parts, &count, &err), RC_OK);
    for (uint32_t i = 0; i < count; i++)
        found = found || view_is(parts[i].text, "at least 2/3 of the 11 who were present and may "
                                                "vote: 8 yes needed");
    assert_true(found);
    assert_int_equal(tally_explain(&tally, &rules, LANG_ZH, &arena, &parts, &count, &err), RC_OK);
    assert_true(view_is(parts[count - 1].text, "下一步：提交乡镇（街道）"));
    arena_release(&arena);
}

/* What the majority is of, and whether just that is enough. */
static void the_threshold_is_told_in_words(void **state) {
    static const struct {
        enum vote_base base;
        bool strict;
        const char *words;
    } cases[] = {
        {VOTE_PRESENT, true, "more than 2/3 of the 11 who were present and may vote: 8 yes needed"},
        {VOTE_VALID, true, "more than 2/3 of the 11 valid votes: 8 yes needed"},
        {VOTE_VALID, false, "at least 2/3 of the 11 valid votes: 8 yes needed"},
        {VOTE_EXPECTED, true, "more than 2/3 of the 12 who are due and may vote: 9 yes needed"},
        {VOTE_EXPECTED, false, "at least 2/3 of the 12 who are due and may vote: 8 yes needed"},
    };
    struct vote_facts facts = facts_of(12, 11);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vote_rules rules = rules_of(2, 3, cases[i].strict, cases[i].base);
        struct tally tally = count_one(&rules, &facts, 6, 3, 2);
        const struct tally_part *parts;
        struct arena arena;
        struct err err;
        uint32_t count, found = 0;

        err_init(&err, LANG_EN);
        arena_init(&arena, 1u << 20);
        assert_int_equal(tally_explain(&tally, &rules, LANG_EN, &arena, &parts, &count, &err),
                         RC_OK);
        for (uint32_t k = 0; k < count; k++)
            found += view_is(parts[k].text, cases[i].words);
        assert_int_equal(found, 1);
        arena_release(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_are_exact),
        cmocka_unit_test(abstentions_count_in_the_base),
        cmocka_unit_test(the_panel_must_be_right),
        cmocka_unit_test(tablets_add_up),
        cmocka_unit_test(one_reason_does_not_hide_another),
        cmocka_unit_test(what_does_not_agree_is_void),
        cmocka_unit_test(what_would_tell_is_withheld),
        cmocka_unit_test(batches_have_one_encoding),
        cmocka_unit_test(seats_are_sets),
        cmocka_unit_test(the_result_is_told_in_words),
        cmocka_unit_test(only_what_is_asked_for_is_told),
        cmocka_unit_test(the_threshold_is_told_in_words),
        cmocka_unit_test(an_item_that_was_not_counted_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
