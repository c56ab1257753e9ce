/* vote_copies.c: a tablet with an open urn is copied as a whole, or put back from a backup that was
 * made while people voted; it may be one of two that share the meeting. Whoever knows the two
 * secrets goes on with each: members vote on one or on both, both are counted and signed, or one
 * hears of the other's result first, by the county or by hand, and must not count its own beside
 * it. What each would count is noted; vote_end.c looks at what came of it. */
#include "tests/sim/vote_inside.h"

#define TABLETS_MAX 5

bool vote_is_counted(const struct hall_vote *at, const struct meeting *meeting) {
    bool counted = false;

    for (uint32_t i = 0; i < meeting->heard_count; i++)
        counted = counted || meeting->heard[i].batch->seats == at->vote.seats;
    return counted;
}

/* Two results of one urn that are not the same. */
static bool is_split(const struct hall_vote *at, const struct meeting *meeting) {
    const uint8_t *first = NULL;

    for (uint32_t i = 0; i < meeting->heard_count; i++) {
        const struct vote_batch *batch = meeting->heard[i].batch;

        if (batch->seats != at->vote.seats)
            continue;
        if (first != NULL && memcmp(first, batch->hash, sizeof(batch->hash)) != 0)
            return true;
        first = batch->hash;
    }
    return false;
}

/* Copies have given the meeting another name since that was counted, or here: such a result comes
 * only by the county, which knows that it is of this meeting. */
static bool named_otherwise(struct hall_vote *at, struct view text) {
    struct world *world = at->world;
    struct vote_batch batch;

    world_must(world, vote_batch_parse(text, &world->arena, &batch, &world->err), "a result");
    return !dot_equal(batch.meeting, at->id);
}

void vote_carry(struct hall_vote *from, struct hall_vote *to) {
    struct world *world = to->world;
    struct meeting_seen seen;
    struct buf text;
    enum rc rc;

    buf_init(&text, 2 * VOTE_BATCH_BYTES);
    rc = meeting_part(from->pad->session, from->id, &text, &world->err);
    vote_see(from, &seen);
    if (is_split(from, &seen.meeting)) {
        if (rc != RC_CONFLICT)
            world_fail(world, "of two results %s gives one: %s", from->pad->machine.name,
                       rc_name(rc));
        err_clear(&world->err);
        buf_release(&text);
        return;
    }
    world_must(world, rc, "a tablet's part");
    do {
        vote_tempt(to);
        rc = meeting_take(to->pad->session, to->id, buf_view(&text), &world->err);
        if (rc == RC_INVALID && named_otherwise(to, buf_view(&text))) {
            err_clear(&world->err);
            rc = RC_OK;
        }
    } while (vote_again(to, rc, "takes the other part"));
    buf_release(&text);
}

struct split {
    struct world *world;
    struct hall_vote tablets[TABLETS_MAX];
    int count, first_count; /* the first ones are not copies */
    bool has_backup[2];     /* of these, with the urn in it */
};

static void copy(struct split *split, int which) {
    struct hall_vote *from = &split->tablets[which], *to = &split->tablets[split->count];
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

static void put_back(struct split *split, int which) {
    struct hall_vote *at = &split->tablets[which];

    vote_close_urn(at);
    if (split->has_backup[which] && one_in(split->world, 2))
        pad_put_back(split->world, at->pad);
    else
        pad_put_aside(split->world, at->pad);
    split->has_backup[which] = true;
    at->filled = false;
    vote_ready(split->world, at->pad);
    vote_note_from_here(at->pad);
}

/* Whether somebody may vote there: the county, or another copy, may have told it that it is over.
 */
static bool is_open(struct hall_vote *at) {
    struct meeting_seen seen;
    struct urn_about about;
    enum rc rc;

    if (!vote_may_meet(at->pad) || !vote_find(at))
        return false;
    vote_see(at, &seen);
    rc = urn_find(at->pad->session, at->id, &about, &at->world->err);
    err_clear(&at->world->err);
    return !seen.meeting.sealed && !vote_is_counted(at, &seen.meeting) &&
           (rc == RC_OK || seen.meeting.state < MEETING_CLOSED);
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

/* Something of the result is not here: then it is signed only by who says so. */
static bool is_incomplete(const struct meeting *meeting) {
    bool incomplete = false;

    for (uint32_t i = 0; i < meeting->item_count; i++) {
        struct tally tally;

        meeting_tally(meeting, &meeting->items[i], &tally);
        incomplete = incomplete || tally.state == TALLY_OPEN ||
                     (tally.voids & (TALLY_MISSING | TALLY_STRANGER)) != 0;
    }
    return incomplete;
}

static void sign_one(struct hall_vote *at) {
    struct meeting_seen seen;
    bool incomplete;

    if (!vote_may_meet(at->pad) || !vote_find(at))
        return;
    vote_see(at, &seen);
    if (seen.meeting.state < MEETING_CLOSED || seen.meeting.heard_count == 0 || seen.meeting.sealed)
        return;
    incomplete = is_incomplete(&seen.meeting);
    if (!incomplete || one_in(at->world, 3))
        vote_sign(at, incomplete);
}

static void vote_one(struct split *split, uint32_t seat) {
    struct world *world = split->world;
    int first = (int)chance(world, (uint64_t)split->count);
    bool done = false;

    for (int i = 0; i < split->count; i++) {
        struct hall_vote *at = &split->tablets[(first + i) % split->count];

        if ((at->vote.seats & vote_seat(seat)) == 0 || (done && !one_in(world, 5)) || !is_open(at))
            continue;
        vote_cast(at, seat);
        done = true;
        if (one_in(world, 8))
            (void)vote_sync(at);
    }
}

/* Another tablet takes what this one has counted, or has heard that it has. */
static void bring(struct split *split, struct hall_vote *from) {
    struct hall_vote *to = &split->tablets[chance(split->world, (uint64_t)split->count)];
    struct meeting_seen seen, there;

    if (to == from || !vote_may_meet(from->pad) || !vote_find(from) || !vote_may_meet(to->pad) ||
        !vote_find(to))
        return;
    vote_see(from, &seen);
    vote_see(to, &there);
    if (vote_is_counted(from, &seen.meeting) && !there.meeting.sealed) {
        vote_close_urn(to);
        vote_carry(from, to);
    }
}

static void end_all(struct split *split) {
    struct world *world = split->world;

    for (int i = split->count - 1; i >= 0; i--) {
        struct hall_vote *at = &split->tablets[i];

        end_one(at);
        if (one_in(world, 4))
            bring(split, at);
        if (one_in(world, 3))
            tell_all(split);
        if (one_in(world, 6))
            sign_one(at);
    }
}

/* With the urn, when all is over. */
static void put_back_late(struct split *split, int which) {
    struct world *world = split->world;
    struct hall_vote *at = &split->tablets[which];

    if (!split->has_backup[which] || one_in(world, 2))
        return;
    vote_close_urn(at);
    pad_put_back(world, at->pad);
    vote_ready(world, at->pad);
    vote_note_from_here(at->pad);
    at->filled = false;
    if (one_in(world, 2))
        tell_all(split);
    if (one_in(world, 2))
        end_one(at);
}

void vote_with_copies(struct hall_vote *a, struct hall_vote *b, const uint32_t seats[MEMBERS]) {
    struct world *world = a->world;
    struct split split = {.world = world, .tablets = {*a}, .count = 1};

    if (b != NULL)
        split.tablets[split.count++] = *b;
    split.first_count = split.count;
    for (int i = 0; i < split.count; i++)
        vote_open_urn(&split.tablets[i]);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        int which = (int)chance(world, (uint64_t)split.first_count);

        if (world->turns[TURN_CLONE] && one_in(world, 8))
            copy(&split, which);
        if (world->turns[TURN_PUT_BACK] && one_in(world, 5))
            put_back(&split, which);
        vote_one(&split, seats[i]);
    }
    end_all(&split);
    for (int i = 0; i < split.first_count; i++)
        put_back_late(&split, i);
    for (int i = 0; i < split.count; i++)
        if (!one_in(world, 3))
            sign_one(&split.tablets[i]);
    for (int i = 0; i < split.count; i++)
        vote_close_urn(&split.tablets[i]);
    a->urn = NULL;
    if (b != NULL)
        b->urn = NULL;
}

/* An urn that was put back and forgotten is met by somebody in the end. */
void vote_end_all(struct world *world, struct pad *pad) {
    struct hall_vote at = {
        .world = world, .pad = pad, .vote = world->ballot.votes[pad->joined ? 1 : 0]};

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
