/* vote_end.c: what everybody must see of the meeting in the end. */
#include "tests/sim/vote_inside.h"

/* What those chose who are marked. */
static void sum_chosen(const struct world *world, uint32_t item, uint64_t marks,
                       uint32_t chosen[4]) {
    memset(chosen, 0, 4 * sizeof(*chosen));
    for (uint32_t seat = 1; seat <= MEMBERS; seat++)
        if ((marks & vote_seat(seat)) != 0)
            chosen[world->ballot.chosen[item][seat]]++;
}

static void check_tally(struct world *world, const struct meeting *meeting, uint32_t item,
                        uint64_t marks, const char *who) {
    uint32_t chosen[4];
    struct tally tally;

    sum_chosen(world, item, marks, chosen);
    meeting_tally(meeting, &meeting->items[item], &tally);
    if (tally.eligible != MEMBERS || tally.voids != 0)
        world_fail(world, "%s: of a sound vote it says: %u could vote, void %x", who,
                   tally.eligible, tally.voids);
    if ((tally.state == TALLY_PASSED) != (chosen[URN_YES] >= tally.needed))
        world_fail(world, "%s: %u of %u needed said yes, and it says %s", who, chosen[URN_YES],
                   tally.needed, tally_state_name((enum tally_state)tally.state));
    if (!tally.withheld && (tally.yes != chosen[URN_YES] || tally.no != chosen[URN_NO] ||
                            tally.abstain != chosen[URN_ABSTAIN]))
        world_fail(world, "%s counts %u yes, %u no, %u abstained of %u, %u, %u", who, tally.yes,
                   tally.no, tally.abstain, chosen[URN_YES], chosen[URN_NO], chosen[URN_ABSTAIN]);
}

/* ---- where copies have counted ---- */

/* Whether the batch says what that closing found in its urn. All others whom the tablet served have
 * not used their vote; but where it had joined, it does not know who is there, and says nothing of
 * them. */
static bool is_of(const struct world *world, const struct meeting *meeting,
                  const struct vote_batch *batch, const struct closing *closing) {
    bool joined = batch->seats == world->ballot.votes[1].seats;
    uint64_t marks = joined ? closing->marks : closing->seats;

    if (closing->seats != batch->seats)
        return false;
    if (marks == 0)
        return batch->item_count == 0;
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        const struct vote_count *count = NULL;
        struct tally tally;
        uint32_t chosen[4];

        for (uint32_t k = 0; k < batch->item_count; k++)
            if (instance_equal(batch->items[k].item, meeting->items[i].id))
                count = &batch->items[k].count;
        sum_chosen(world, i, closing->marks, chosen);
        if (count == NULL || count->marks != marks ||
            count->unused != vote_seats_count(marks & ~closing->marks))
            return false;
        meeting_tally(meeting, &meeting->items[i], &tally);
        if (count->withheld && tally.batches == 1 &&
            count->passed != (chosen[URN_YES] >= tally.needed))
            return false; /* as many had voted in another closing */
        if (!count->withheld && (count->yes != chosen[URN_YES] || count->no != chosen[URN_NO] ||
                                 count->abstain != chosen[URN_ABSTAIN]))
            return false;
    }
    return true;
}

static const struct closing *closing_of(struct world *world, const struct meeting *meeting,
                                        const struct vote_batch *batch, const char *who) {
    for (uint32_t i = 0; i < world->ballot.closing_count; i++)
        if (is_of(world, meeting, batch, &world->ballot.closings[i]))
            return &world->ballot.closings[i];
    world_fail(world, "%s has a result that nobody has counted", who);
}

struct results {                      /* that count, as far as they are in time */
    uint32_t count;                   /* of those that speak of the items */
    uint32_t of[2];                   /* of the first tablet and its copies, of the other's */
    const struct closing *closing[2]; /* the last one of each */
};

static void look_at_results(struct world *world, const struct meeting *meeting, const char *who,
                            struct results *out) {
    bool late = false;

    *out = (struct results){0};
    for (uint32_t i = 0; i < meeting->heard_count; i++) {
        const struct vote_heard *heard = &meeting->heard[i];
        bool again = i > 0 && memcmp(heard->batch->hash, heard[-1].batch->hash, 32) == 0;
        const struct closing *closing = closing_of(world, meeting, heard->batch, who);
        bool joined = heard->batch->seats == world->ballot.votes[1].seats;

        late = late || (heard->late && !again);
        if (heard->late || again)
            continue;
        out->closing[joined] = closing;
        out->of[joined]++;
        out->count += heard->batch->item_count > 0;
    }
    if (late != ((meeting->problems & MEETING_LATE) != 0))
        world_fail(world, "%s does not tell a late result rightly", who);
}

/* Of the results of copies one counts, or none; what each says is what was in its urn. */
static void check_copies(struct world *world, const struct meeting *meeting, const char *who) {
    struct results results;
    uint64_t voted = 0, marks = 0;
    uint32_t voids;
    bool split;

    if ((meeting->problems & MEETING_BROKEN_VOTES) != 0)
        world_fail(world, "%s cannot read a result of the meeting", who);
    look_at_results(world, meeting, who, &results);
    for (int at = 0; at < 2; at++) {
        if (results.closing[at] == NULL)
            continue;
        voted |= results.closing[at]->marks;
        marks |= at == 0 ? results.closing[at]->seats : results.closing[at]->marks;
    }
    /* The first tablet knows who is there; where the other was signed without that, it is late. */
    split = results.of[0] > 1 || results.of[1] > 1;
    voids = split ? TALLY_TWICE | TALLY_CONTRADICTS : TALLY_MISSING | TALLY_STRANGER;
    for (uint32_t i = 0; i < meeting->item_count; i++) {
        struct tally tally;

        meeting_tally(meeting, &meeting->items[i], &tally);
        if (tally.batches != results.count)
            world_fail(world, "%s counts %u results of %u", who, tally.batches, results.count);
        if (results.count == 0)
            continue;
        if (!split && vote_seats_count(marks & meeting->present) == MEMBERS)
            check_tally(world, meeting, i, voted, who);
        else if (tally.state != TALLY_VOID || !tally.withheld ||
                 tally.yes + tally.no + tally.abstain != 0 || (tally.voids & voids) == 0)
            world_fail(world, "%s: of %u and %u results of copies it says: %s, void %x", who,
                       results.of[0], results.of[1],
                       tally_state_name((enum tally_state)tally.state), tally.voids);
    }
}

/* ---- everybody ---- */

static void check_result(struct world *world, const struct meeting *meeting, const char *who) {
    if (meeting->item_count != world->ballot.item_count)
        world_fail(world, "%s does not have the whole meeting", who);
    if (world->ballot.copied) {
        check_copies(world, meeting, who);
        return;
    }
    for (uint32_t i = 0; i < meeting->item_count; i++)
        check_tally(world, meeting, i, (1u << MEMBERS) - 1, who);
}

/* A tablet whose scope staff have changed since: what it had not sent may wait for them. */
static bool is_kept_back(const struct world *world) {
    for (int at = 0; at < world->pad_count; at++)
        if (tablet_facts(world->pads[at].tablet)->scope.serial > 1 ||
            tablet_facts(world->pads[at].tablet)->scope.revoked)
            return true;
    return false;
}

/* A part of it was on no other disk when its tablet was put back. */
static bool is_lost(const struct world *world) {
    for (uint32_t i = 0; i < world->save_count; i++)
        if (world->saves[i].quiet && world->saves[i].found == 0)
            return true;
    return false;
}

static void check_county(struct world *world, struct dot id) {
    struct ledger *ledger = hall_read(world);
    struct stored_change row;
    struct stored_record stored;
    struct reading reading;
    struct meeting meeting;
    struct record record;
    enum rc rc = store_change(ledger->store, id, &row, &world->err);

    if (rc == RC_OK)
        rc = store_record(ledger->store, row.record, &world->arena, &stored, &world->err);
    if (rc == RC_OK)
        rc = ledger_read(ledger, &stored, &world->arena, &record, &reading, &world->err);
    if (rc == RC_OK)
        rc = meeting_read(&reading, &world->arena, &meeting, &world->err);
    world_must(world, rc, "the meeting at the county");
    if (!world->ballot.copied && !meeting.sealed)
        world_fail(world, "the county does not have the whole meeting");
    check_result(world, &meeting, "the county");
    hall_give_back(world, ledger);
}

void vote_end(struct world *world) {
    const struct ballot *ballot = &world->ballot;

    if (!ballot->held || (ballot->on_the_way && is_kept_back(world)) ||
        world->saves[ballot->call].found == 0 || (!ballot->copied && is_lost(world)))
        return;
    check_county(world, world->saves[ballot->call].logged);
    for (int at = 0; at < world->pad_count; at++) {
        struct hall_vote here = {.world = world, .pad = &world->pads[at]};
        struct meeting_seen seen;

        if (tablet_facts(here.pad->tablet)->scope.revoked || !vote_find(&here))
            continue;
        vote_see(&here, &seen);
        check_result(world, &seen.meeting, here.pad->machine.name);
    }
}
