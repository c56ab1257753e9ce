/* vote_inside.h: what the files of the meeting share (vote.c, vote_urn.c, vote_copies.c,
 * vote_end.c). What each member chose is known in world->ballot and nowhere else. */
#ifndef YG_TESTS_SIM_VOTE_INSIDE_H
#define YG_TESTS_SIM_VOTE_INSIDE_H

#include "agent/field/meeting.h"
#include "agent/store/traffic.h"
#include "tests/sim/world.h"

#define MEMBERS 11u

struct hall_vote { /* one tablet of the meeting */
    struct world *world;
    struct pad *pad;
    struct dot id; /* of the meeting, as this tablet calls it by now */
    struct urn *urn;
    uint64_t seats;
    bool filled; /* somebody has begun to close: who had not voted does not any more */
    struct meeting_vote vote;
};

/* ---- vote.c ---- */

void vote_ready(struct world *world, struct pad *pad); /* switched on and unlocked */
/* Changes of a meeting bring no token: whatever is on this disk and not known yet was saved. */
void vote_note_saves(struct world *world, struct pad *pad);
void vote_note_from_here(struct pad *pad);
/* Before what may fail, and behind it: true when it has to be tried again, on a tablet that was
 * switched off and on. */
void vote_tempt(struct hall_vote *at);
bool vote_again(struct hall_vote *at, enum rc rc, const char *what);
void vote_see(struct hall_vote *at, struct meeting_seen *seen);
/* Copies may have given the meeting another name. false: this tablet does not show it (any more).
 */
bool vote_find(struct hall_vote *at);
bool vote_may_meet(struct pad *pad);
bool vote_is_signed(struct hall_vote *at);
void vote_sign(struct hall_vote *at, bool incomplete);

/* ---- vote_urn.c ---- */

void vote_open_urn(struct hall_vote *at);  /* a new one, or the one from before the power went */
void vote_close_urn(struct hall_vote *at); /* in memory: it may be opened again */
void vote_cast(struct hall_vote *at, uint32_t seat);
void vote_count_paper(struct hall_vote *at);
void vote_close_meeting(struct hall_vote *at, bool rest_unused);
/* Somebody syncs, whatever comes of it. false: the meeting cannot go on here. */
bool vote_sync(struct hall_vote *at);

/* ---- vote_copies.c ---- */

/* Whether this tablet's record has a result of the urn that is here, or was: on whichever copy, and
 * under whatever name of its tablet. By its seats: no two urns of the meeting share one. */
bool vote_is_counted(const struct hall_vote *at, const struct meeting *meeting);
/* What the one has counted is brought to the other by hand. */
void vote_carry(struct hall_vote *from, struct hall_vote *to);

/* The voting on one tablet or two that are copied meanwhile, or put back; to the last signature. b
 * may be NULL. */
void vote_with_copies(struct hall_vote *a, struct hall_vote *b, const uint32_t seats[MEMBERS]);

#endif
