/* vote_urn.c: the urn of a meeting, while the power goes and people try once more. At every look
 * into it its counters are the sum of what was chosen by those whom it marks. */
#include "tests/sim/vote_inside.h"

#define TRIES_MAX 60

/* Its counters say what those have chosen whom it marks. */
static void check_urn(struct hall_vote *at) {
    struct world *world = at->world;
    const struct vote_item_count *counts;
    struct meeting_seen seen;
    uint32_t count;

    vote_see(at, &seen);
    world_must(world, urn_counts(at->urn, &world->arena, &counts, &count, &world->err),
               "what an urn holds");
    for (uint32_t i = 0; i < world->ballot.item_count; i++) {
        struct instance_id item = seen.meeting.items[i].id;
        uint64_t marks = urn_marks(at->urn, urn_index(at->urn, item));
        struct vote_count said = {0};
        uint32_t chosen[4] = {0};

        for (uint32_t k = 0; k < count; k++)
            if (instance_equal(counts[k].item, item))
                said = counts[k].count;
        for (uint32_t seat = 1; seat <= MEMBERS; seat++)
            if ((marks & vote_seat(seat)) != 0)
                chosen[world->ballot.chosen[i][seat]]++;
        if (urn_mode(at->urn) != VOTE_SECRET_DEVICE || at->filled)
            continue;
        if (said.yes != chosen[URN_YES] || said.no != chosen[URN_NO] ||
            said.abstain != chosen[URN_ABSTAIN])
            world_fail(world,
                       "the urn on %s counts %u yes, %u no, %u abstained of those who said "
                       "%u, %u, %u",
                       at->pad->machine.name, said.yes, said.no, said.abstain, chosen[URN_YES],
                       chosen[URN_NO], chosen[URN_ABSTAIN]);
    }
}

void vote_close_urn(struct hall_vote *at) {
    urn_close(at->urn);
    at->urn = NULL;
}

void vote_open_urn(struct hall_vote *at) {
    struct world *world = at->world;
    enum rc rc;

    while (at->urn == NULL) {
        struct urn_about about;

        rc = urn_find(at->pad->session, at->id, &about, &world->err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            world_must(world, rc, "looking for the urn");
        vote_tempt(at);
        rc = rc == RC_OK
                 ? meeting_resume_vote(at->pad->session, at->id, &at->vote.secrets, &at->urn,
                                       &world->err)
                 : meeting_begin_vote(at->pad->session, at->id, &at->vote, &at->urn, &world->err);
        if (rc != RC_OK)
            at->urn = NULL;
        (void)vote_again(at, rc, "opens the urn");
    }
    check_urn(at);
}

static bool is_marked(struct hall_vote *at, uint32_t seat) {
    struct meeting_seen seen;

    vote_see(at, &seen);
    return (urn_marks(at->urn, urn_index(at->urn, seen.meeting.items[0].id)) & vote_seat(seat)) !=
           0;
}

static enum rc cast_once(struct hall_vote *at, uint32_t seat) {
    struct world *world = at->world;
    struct meeting_answer answers[BALLOT_ITEMS];
    struct meeting_seen seen;

    vote_see(at, &seen);
    for (uint32_t i = 0; i < world->ballot.item_count; i++)
        answers[i] =
            (struct meeting_answer){.item = seen.meeting.items[i].id,
                                    .answer = world->ballot.chosen[i][seat],
                                    .reasons = world->ballot.chosen[i][seat] == URN_NO ? 1 : 0};
    return meeting_cast(at->pad->session, at->urn, at->id, seat, answers, world->ballot.item_count,
                        &world->err);
}

bool vote_sync(struct hall_vote *at) {
    struct world *world = at->world;

    vote_close_urn(at); /* it may lock */
    pad_sync(world, at->pad);
    vote_ready(world, at->pad);
    return vote_may_meet(at->pad) && vote_find(at);
}

void vote_cast(struct hall_vote *at, uint32_t seat) {
    struct world *world = at->world;

    for (;;) {
        enum rc rc;

        vote_open_urn(at);
        if (is_marked(at, seat)) /* nothing was said, but he has voted */
            break;
        vote_tempt(at);
        rc = cast_once(at, seat);
        if (!vote_again(at, rc, "votes"))
            break;
    }
    vote_open_urn(at);
    if (!is_marked(at, seat))
        world_fail(world, "a vote on %s that was confirmed is not marked", at->pad->machine.name);
    if (one_in(world, 4) && cast_once(at, seat) != RC_CONFLICT)
        world_fail(world, "a member has voted twice on %s", at->pad->machine.name);
    err_clear(&world->err);
}

/* Two tellers count paper, now and then differently at first. */
void vote_count_paper(struct hall_vote *at) {
    struct world *world = at->world;

    for (uint32_t i = 0; i < world->ballot.item_count; i++) {
        struct vote_count count = {0};
        enum urn_entered state = URN_WAITS;
        int tries = 0;

        for (uint32_t seat = 1; seat <= MEMBERS; seat++) {
            count.yes += world->ballot.chosen[i][seat] == URN_YES;
            count.no += world->ballot.chosen[i][seat] == URN_NO;
            count.abstain += world->ballot.chosen[i][seat] == URN_ABSTAIN;
        }
        while (state != URN_AGREED && tries++ < TRIES_MAX) {
            struct meeting_seen seen;
            struct vote_count wrong = count;
            enum rc rc;

            if (one_in(world, 4) && wrong.yes > 0) {
                wrong.yes--;
                wrong.invalid++;
            }
            vote_open_urn(at);
            vote_see(at, &seen);
            vote_tempt(at);
            rc = meeting_enter(at->pad->session, at->urn, at->id, seen.meeting.items[i].id,
                               1 + (uint32_t)(tries % 2), tries % 2 == 0 ? &wrong : &count, &state,
                               &world->err);
            if (rc == RC_CONFLICT) { /* both had counted before the power went */
                state = URN_AGREED;
                rc = RC_OK;
            }
            if (vote_again(at, rc, "counts paper"))
                state = URN_WAITS; /* agreed, but not on disk */
        }
    }
}

/* ---- the end ---- */

/* What the urn at hand says if it is counted: who has had his vote. */
static void note_closing(struct hall_vote *at) {
    struct ballot *ballot = &at->world->ballot;
    struct closing *closing = &ballot->closings[ballot->closing_count];
    struct meeting_seen seen;

    if (ballot->closing_count == CLOSINGS_MAX)
        world_fail(at->world, "a meeting is closed too often");
    vote_see(at, &seen);
    closing->seats = at->vote.seats;
    closing->marks = urn_marks(at->urn, urn_index(at->urn, seen.meeting.items[0].id));
    ballot->closing_count++;
}

/* There is an urn or a result, whatever happens, and never both. */
void vote_close_meeting(struct hall_vote *at, bool rest_unused) {
    struct world *world = at->world;

    for (;;) {
        struct meeting_seen seen;
        struct urn_about about;
        enum rc rc = urn_find(at->pad->session, at->id, &about, &world->err);
        bool heard;

        vote_see(at, &seen);
        heard = vote_is_counted(at, &seen.meeting);
        if ((rc == RC_OK) == heard)
            world_fail(world, "%s has %s", at->pad->machine.name,
                       heard ? "the urn beside its result" : "neither urn nor result");
        err_clear(&world->err);
        if (heard)
            break;
        vote_open_urn(at);
        if (!at->filled)
            note_closing(at);
        at->filled = rest_unused && !at->vote.joined;
        vote_tempt(at);
        if (!world->calm && !world->healing && world->turns[TURN_POWER] && one_in(world, 2))
            disk_cut_after(at->pad->machine.disk,
                           1 + chance(world, 12)); /* between urn and result */
        rc = meeting_close(at->pad->session, at->id, at->urn, rest_unused, &world->err);
        vote_close_urn(at);
        (void)vote_again(at, rc, "closes");
    }
}
