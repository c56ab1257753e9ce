/* Random meetings: panels of any size on one or two tablets, with losses, batches that arrive twice
 * or late, members on two tablets, and counts that somebody has changed. Whatever happens:
 *   - the order in which batches are heard does not matter, and a second copy changes nothing
 *   - a sound meeting gives what a naive count of its votes gives
 *   - an unsound one is void, and never passes or fails
 *   - nothing is told of what must be withheld, and no result refuses anybody
 * Give a seed as the only argument to look at one meeting. */
#include "schema/vote/tally.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MEETINGS 20000u

static uint64_t only_seed;

struct random {
    uint64_t state;
};

static uint32_t pick(struct random *random, uint32_t below) {
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state >> 16) % below);
}

struct play {
    struct random random;
    struct vote_rules rules;
    struct vote_facts facts;
    struct vote_item_count items[2];
    struct vote_batch batches[2];
    uint32_t tablets;
    uint32_t yes, valid, eligible;
    bool broken; /* somebody has tampered, or something is lost */
};

static const struct instance_id ITEM = {.dot = {7, 1}, .ordinal = 1};

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %" PRIu64 ": %s", play->random.state, #condition);                      \
    } while (0)

static void make_rules(struct play *play) {
    static const struct vote_value shares[] = {{1, 2}, {2, 3}, {3, 4}, {1, 1}};
    struct vote_rules *rules = &play->rules;

    for (unsigned i = 0; i < VOTE_RULE_COUNT; i++)
        rules->values[i].over = 1;
    rules->values[VOTE_QUORUM] = shares[pick(&play->random, 2)];
    rules->values[VOTE_QUORUM_BASE].number = VOTE_EXPECTED;
    rules->values[VOTE_MODES].number = 1 << VOTE_SECRET_DEVICE | 1 << VOTE_HANDS;
    rules->values[VOTE_THRESHOLD] = shares[pick(&play->random, 4)];
    rules->values[VOTE_THRESHOLD_STRICT].number =
        rules->values[VOTE_THRESHOLD].over > 1 && pick(&play->random, 2) == 0;
    rules->values[VOTE_THRESHOLD_BASE].number = (int32_t)pick(&play->random, 3) + VOTE_PRESENT;
    rules->values[VOTE_ABSTAIN].number = 1;
    rules->values[VOTE_SECRECY_MIN].number = (int32_t)pick(&play->random, 6);
    rules->values[VOTE_SECRECY_MARGIN].number = (int32_t)pick(&play->random, 4);
}

static void cast(struct play *play, unsigned seat) {
    uint32_t tablet = pick(&play->random, play->tablets);
    struct vote_count *count = &play->items[tablet].count;
    uint32_t answer = pick(&play->random, 10);

    count->marks |= vote_seat(seat);
    play->eligible++;
    if (answer < 6)
        count->yes++, play->yes++;
    else if (answer < 8)
        count->no++;
    else if (answer < 9)
        count->abstain++;
    else
        count->unused++;
    play->valid += answer < 9;
}

/* What goes wrong; each makes the item void, or takes nothing away. */
static void disturb(struct play *play) {
    struct vote_count *count = &play->items[pick(&play->random, play->tablets)].count;

    switch (pick(&play->random, 8)) {
    case 0: /* a vote too many, or one that was lost between mark and count */
        count->yes++;
        play->broken = true;
        break;
    case 1:
        play->broken = count->marks != 0;
        count->marks &= count->marks - 1;
        break;
    case 2: /* somebody voted on both */
        if (play->tablets == 2 && count->marks != 0) {
            play->items[0].count.marks |= count->marks;
            play->items[1].count.marks |= count->marks;
            play->broken = true;
        }
        break;
    case 3: /* of somebody who was not there */
        count->marks |= ~(play->facts.present & ~play->facts.recused) & ~(UINT64_MAX >> 1);
        count->yes++;
        play->broken = true;
        break;
    default:
        break;
    }
}

static void seal(struct play *play, uint32_t tablet) {
    struct buf bytes;
    struct err err;

    play->batches[tablet] = (struct vote_batch){.meeting = {7, 1},
                                                .tablet = tablet + 1,
                                                .round = 1,
                                                .mode = VOTE_SECRET_DEVICE,
                                                .item_count = 1,
                                                .items = &play->items[tablet]};
    err_init(&err, LANG_EN);
    buf_init(&bytes, VOTE_BATCH_BYTES);
    assert_int_equal(vote_batch_encode(&play->batches[tablet], &bytes, &err), RC_OK);
    buf_release(&bytes);
}

static void make_meeting(struct play *play) {
    unsigned due = 1 + pick(&play->random, 20);

    make_rules(play);
    play->tablets = 1 + pick(&play->random, 2);
    for (unsigned i = 0; i < 2; i++)
        play->items[i].item = ITEM;
    play->facts.roster = due;
    for (unsigned seat = 1; seat <= due; seat++) {
        play->facts.expected |= vote_seat(seat);
        if (pick(&play->random, 8) == 0)
            continue;
        play->facts.present |= vote_seat(seat);
        if (pick(&play->random, 12) == 0)
            play->facts.recused |= vote_seat(seat);
        else
            cast(play, seat);
    }
    disturb(play);
    if (play->tablets == 1 && !play->broken && pick(&play->random, 2) == 0)
        tally_withhold(&play->rules, &play->facts, VOTE_SECRET_DEVICE, &play->items[0].count);
    for (uint32_t i = 0; i < play->tablets; i++)
        seal(play, i);
}

static bool naive_passes(const struct play *play) {
    struct vote_value share = play->rules.values[VOTE_THRESHOLD];
    int32_t kind = vote_number(&play->rules, VOTE_THRESHOLD_BASE);
    uint32_t base = kind == VOTE_VALID ? play->valid
                    : kind == VOTE_PRESENT
                        ? play->eligible
                        : vote_seats_count(play->facts.expected & ~play->facts.recused);
    double part = (double)share.number * base / share.over;

    if (play->yes == 0)
        return false;
    return vote_number(&play->rules, VOTE_THRESHOLD_STRICT) != 0 ? play->yes > part + 1e-9
                                                                 : play->yes >= part - 1e-9;
}

static void hear_in_another_order(struct play *play, const struct tally *first) {
    struct vote_heard heard[6];
    uint32_t count = 0;
    struct tally again;

    for (uint32_t i = 0; i < play->tablets; i++)
        heard[count++].batch = &play->batches[play->tablets - 1 - i];
    for (uint32_t i = pick(&play->random, 3); i > 0; i--)
        heard[count++].batch = &play->batches[pick(&play->random, play->tablets)];
    for (uint32_t i = 0; i < count; i++)
        heard[i].late = i >= play->tablets && pick(&play->random, 2) == 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = pick(&play->random, count);
        struct vote_heard moved = heard[i];

        heard[i] = heard[other];
        heard[other] = moved;
    }
    tally_count(&play->rules, &play->facts, ITEM, heard, count, &again);
    CHECK(again.repeated + play->tablets == count);
    again.repeated = first->repeated;
    CHECK(memcmp(&again, first, sizeof(again)) == 0);
}

static void lose_a_tablet(struct play *play) {
    struct vote_heard heard = {.batch = &play->batches[0]};
    struct tally tally;

    if (play->tablets < 2 || play->items[1].count.marks == 0 || play->broken)
        return;
    tally_count(&play->rules, &play->facts, ITEM, &heard, 1, &tally);
    CHECK(tally.state == TALLY_VOID && (tally.voids & TALLY_MISSING) != 0);
}

static void one_meeting(uint64_t seed) {
    struct play whole = {.random = {.state = seed}}, *play = &whole;
    struct vote_heard heard[2];
    struct tally tally;

    make_meeting(play);
    for (uint32_t i = 0; i < play->tablets; i++)
        heard[i] = (struct vote_heard){.batch = &play->batches[i]};
    tally_count(&play->rules, &play->facts, ITEM, heard, play->tablets, &tally);
    CHECK(tally.state != TALLY_OPEN);
    if (play->broken)
        CHECK(tally.state == TALLY_VOID);
    if (tally.voids == 0)
        CHECK(tally.state == (naive_passes(play) ? TALLY_PASSED : TALLY_FAILED));
    else
        CHECK(tally.state == TALLY_VOID && tally.next == TALLY_AGAIN);
    CHECK(tally.state != TALLY_FAILED || tally.next == TALLY_INVESTIGATE);
    CHECK(!tally.withheld || tally.yes + tally.no + tally.abstain == 0);
    if (!play->broken && !tally.withheld)
        CHECK(tally.yes == play->yes);
    hear_in_another_order(play, &tally);
    lose_a_tablet(play);
}

static void meetings(void **state) {
    (void)state;
    if (only_seed != 0)
        one_meeting(only_seed);
    for (uint64_t i = 1; i <= MEETINGS && only_seed == 0; i++)
        one_meeting(i * UINT64_C(0x9e3779b97f4a7c15));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(meetings)};

    if (argc > 1)
        only_seed = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
