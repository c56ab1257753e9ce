/* vote_copies.c: a tablet with an open urn is copied as a whole, or put back from a backup that was
 * made while people voted. Whoever knows the two secrets goes on with each: members vote on one or
 * on both, both are counted and signed, or one hears of the other's result first and must not count
 * its own beside it. What each would count is noted; vote_end.c looks at what came of it. */
#include "tests/sim/vote_inside.h"

#define TABLETS_MAX 3

struct split {
    struct world *world;
    struct hall_vote tablets[TABLETS_MAX];
    int count;
    bool has_backup; /* of the first, with the urn in it */
};

static void copy(struct split *split) {
    struct hall_vote *from = &split->tablets[0], *to = &split->tablets[split->count];
    struct world *world = split->world;

    if (split->count == TABLETS_MAX || world->pad_count == PADS_MAX)
        return;
    vote_close_urn(from);
    *to = *from;
    pad_copy(world, from->pad);
    to->pad = &world->pads[world->pad_count - 1];
    vote_ready(world, from->pad);
    vote_ready(world, to->pad);
    vote_note_from_here(to->pad);
    split->count++;
}

static void put_back(struct split *split) {
    struct hall_vote *at = &split->tablets[0];

    vote_close_urn(at);
    if (split->has_backup && one_in(split->world, 2))
        pad_put_back(split->world, at->pad);
    else
        pad_put_aside(split->world, at->pad);
    split->has_backup = true;
    at->filled = false;
    vote_ready(split->world, at->pad);
    vote_note_from_here(at->pad);
}

/* Whether somebody may vote there: the county, or another copy, may have told it that it is over.
 */
static bool is_open(struct hall_vote *at) {
    struct meeting_seen seen;
    struct urn_about about;
    bool counted = false;
    enum rc rc;

    if (!vote_may_meet(at->pad) || !vote_find(at))
        return false;
    vote_see(at, &seen);
    for (uint32_t i = 0; i < seen.meeting.heard_count; i++)
        for (uint32_t k = 0; k < tablet_actor_count(at->pad->tablet); k++)
            counted = counted || seen.meeting.heard[i].batch->tablet ==
                                     tablet_actor(at->pad->tablet, k)->actor;
    rc = urn_find(at->pad->session, at->id, &about, &at->world->err);
    err_clear(&at->world->err);
    return !seen.meeting.sealed && !counted && (rc == RC_OK || seen.meeting.state < MEETING_CLOSED);
}

/* It goes where its votes are not to be counted any more. */
static void drop_urn(struct hall_vote *at) {
    struct world *world = at->world;
    struct urn_about about;
    struct urn *urn;
    enum rc rc;

    vote_close_urn(at);
    if (!vote_may_meet(at->pad) || !vote_find(at) ||
        urn_find(at->pad->session, at->id, &about, &world->err) != RC_OK)
        return;
    rc = meeting_resume_vote(at->pad->session, at->id, &at->vote.secrets, &urn, &world->err);
    if (rc != RC_CONFLICT)
        world_fail(world, "%s goes on with an urn of which the result is known: %s",
                   at->pad->machine.name, rc_name(rc));
    err_clear(&world->err);
    rc = meeting_void(at->pad->session, at->id, view_text("a copy's"), &world->err);
    tell(world, "meeting on %s: its urn is taken away: %s", at->pad->machine.name, rc_name(rc));
    world_must(world, rc, "taking an urn away");
    vote_note_saves(world, at->pad);
}

/* What is counted goes round, and everybody hears of it. */
static void tell_all(struct split *split) {
    struct world *world = split->world;

    world->calm = true;
    world->hall.down_until_ms = 0;
    for (int i = 0; i < 2 * split->count; i++) {
        struct hall_vote *at = &split->tablets[i % split->count];

        at->pad->away_until_ms = 0;
        (void)vote_sync(at);
    }
    world->calm = false;
}

static void end_one(struct hall_vote *at) {
    if (is_open(at))
        vote_close_meeting(at, true);
    else
        drop_urn(at);
}

static void sign_one(struct hall_vote *at) {
    struct meeting_seen seen;

    if (!vote_may_meet(at->pad) || !vote_find(at))
        return;
    vote_see(at, &seen);
    if (seen.meeting.state >= MEETING_CLOSED && seen.meeting.heard_count > 0 &&
        !seen.meeting.sealed)
        vote_sign(at);
}

static void vote_one(struct split *split, uint32_t seat) {
    struct world *world = split->world;
    int first = (int)chance(world, (uint64_t)split->count);

    for (int i = 0; i < split->count; i++) {
        struct hall_vote *at = &split->tablets[i];

        if ((i == first || one_in(world, 5)) && is_open(at)) {
            vote_cast(at, seat);
            if (one_in(world, 8))
                (void)vote_sync(at);
        }
    }
}

void vote_with_copies(struct hall_vote *at, const uint32_t seats[MEMBERS]) {
    struct world *world = at->world;
    struct split split = {.world = world, .tablets = {*at}, .count = 1};

    vote_open_urn(&split.tablets[0]);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        if (world->turns[TURN_CLONE] && one_in(world, 8))
            copy(&split);
        if (world->turns[TURN_PUT_BACK] && one_in(world, 5))
            put_back(&split);
        vote_one(&split, seats[i]);
    }
    for (int i = split.count - 1; i >= 0; i--) {
        end_one(&split.tablets[i]);
        if (one_in(world, 3))
            tell_all(&split);
    }
    if (split.has_backup && one_in(world, 2)) { /* with the urn, when all is over */
        pad_put_back(world, split.tablets[0].pad);
        vote_ready(world, split.tablets[0].pad);
        vote_note_from_here(split.tablets[0].pad);
        split.tablets[0].filled = false;
        if (one_in(world, 2))
            tell_all(&split);
        if (one_in(world, 2))
            end_one(&split.tablets[0]);
    }
    for (int i = 0; i < split.count; i++)
        if (!one_in(world, 3))
            sign_one(&split.tablets[i]);
    for (int i = 0; i < split.count; i++)
        vote_close_urn(&split.tablets[i]);
    at->urn = NULL;
}

/* An urn that was put back and forgotten is met by somebody in the end. */
void vote_end_all(struct world *world, struct pad *pad) {
    struct hall_vote at = {.world = world, .pad = pad, .vote = world->ballot.vote};

    if (!world->ballot.copied)
        return;
    vote_ready(world, pad);
    if (!vote_may_meet(pad) || !vote_find(&at))
        return;
    vote_note_from_here(pad);
    if (is_open(&at)) {
        struct urn_about about;

        if (urn_find(pad->session, at.id, &about, &world->err) == RC_OK)
            vote_close_meeting(&at, true);
        err_clear(&world->err);
    } else {
        drop_urn(&at);
    }
    vote_close_urn(&at);
}
