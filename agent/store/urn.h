/* urn.h: the ballot box of one meeting on this tablet, from the first vote to the count.
 *
 * There are no ballots in it. For each household it holds counters (yes, no, abstained, invalid,
 * not used, and one for each reason) and the set of seats that have voted: all of the meeting in
 * one block of a fixed size, locked under one key, in one row. Casting a vote changes counters and
 * set together, locks the block anew with a fresh nonce, and writes it in one transaction: a crash
 * parts neither from the other, and every vote writes the same pages in the same shape, whoever
 * voted and whatever he said. No row, number, time or log line belongs to a vote.
 *
 * The key of a secret vote comes from two secrets that chair and teller think up for this meeting
 * (Argon2id each; both are needed). The tablet keeps neither: after a crash they are asked again.
 * With the count the row is overwritten and removed, the log of the database is emptied, the key is
 * wiped; what stays on the flash is ciphertext whose key nobody has. A forgotten secret voids the
 * round (urn_void), never the meeting.
 *
 * Paper and hands have no secret to keep: their counts are locked with the area's key.
 *
 * Works beside a session, and does not need it after opening. Close it before the tablet. */
#ifndef YG_AGENT_STORE_URN_H
#define YG_AGENT_STORE_URN_H

#include "agent/store/session.h"
#include "schema/vote/batch.h"

#define URN_SECRET_BYTES_MIN 6u

struct urn;

enum urn_answer { URN_YES = 1, URN_NO, URN_ABSTAIN, URN_UNUSED };

struct urn_plan {
    struct dot meeting;
    uint64_t area;  /* of the meeting: whose key locks what is not secret */
    uint32_t round; /* from 1 */
    uint8_t mode;   /* enum vote_mode */
    uint64_t seats; /* that vote on this tablet */
    bool joined;    /* another tablet knows who is present; this one only counts */
    uint32_t item_count;
    const struct instance_id *items; /* any order, at most VOTE_ITEMS_MAX */
};

struct urn_secrets { /* both empty for paper and hands */
    struct view chair, teller;
};

/* A new, empty urn; on disk when it returns. RC_CONFLICT: there is one already. RC_INVALID: a
 * secret is too short, or both are the same. */
enum rc urn_new(struct session *session, const struct urn_plan *plan,
                const struct urn_secrets *secrets, struct urn **out, struct err *err);
/* Opens the one that is there. RC_NOT_FOUND; RC_DENIED: at least one secret is wrong. */
enum rc urn_open(struct session *session, struct dot meeting, uint64_t area,
                 const struct urn_secrets *secrets, struct urn **out, struct err *err);
/* Wipes the key; NULL is allowed. The urn on disk stays. */
void urn_close(struct urn *urn);

/* What can be known without the secrets. RC_NOT_FOUND. */
struct urn_about {
    uint32_t round;
    uint8_t mode;
};
enum rc urn_find(struct session *session, struct dot meeting, struct urn_about *out,
                 struct err *err);

/* ---- an open urn ---- */

/* As it was called when the urn was opened: copies of this tablet may have given it another name
 * since; then the urn must be opened again. */
struct dot urn_meeting(const struct urn *urn);
/* The actor under which this tablet made it. A tablet that was put back may go on as another one,
 * but the copies of an urn keep this name, by which their results are known to be of one urn. */
uint64_t urn_maker(const struct urn *urn);
uint8_t urn_mode(const struct urn *urn);
uint32_t urn_round(const struct urn *urn);
uint64_t urn_seats(const struct urn *urn);
bool urn_joined(const struct urn *urn);
uint32_t urn_item_count(const struct urn *urn);
struct instance_id urn_item(const struct urn *urn, uint32_t index);
/* The item is called otherwise by now. On disk it is with the next vote. */
void urn_name_item(struct urn *urn, uint32_t index, struct instance_id id);
/* The index of an item; UINT32_MAX without it. */
uint32_t urn_index(const struct urn *urn, struct instance_id item);
/* The seats that have had their vote on it. */
uint64_t urn_marks(const struct urn *urn, uint32_t index);

struct urn_vote {
    uint32_t item;   /* index */
    uint8_t answer;  /* enum urn_answer */
    uint8_t reasons; /* bits of enum vote_reason, with URN_NO only */
};

/* What one member says, of one household or of several: all of it in one transaction. RC_CONFLICT:
 * the seat has voted on one of them, or the urn was opened a second time and the other one has
 * written since (then this one must be opened again, too); RC_DENIED: the seat does not vote on
 * this tablet; RC_INVALID. After any failure but RC_IO nothing has changed; after that the urn must
 * be opened again. The caller wipes votes. */
enum rc urn_cast(struct urn *urn, uint32_t seat, const struct urn_vote *votes, uint32_t count,
                 struct err *err);

/* Paper and hands: what teller 0 or 1 has counted. *state: 0 the other has not counted yet, 1 both
 * say the same (then it stands), 2 they do not (both entries are forgotten: count again). marks:
 * who has been given a ballot. RC_CONFLICT: the household is counted already. */
enum urn_entered { URN_WAITS = 0, URN_AGREED, URN_DIFFERS };
enum rc urn_enter(struct urn *urn, uint32_t item, unsigned teller, const struct vote_count *count,
                  enum urn_entered *state, struct err *err);

/* The counts, items in the order of their ids; for the end of the voting. Arrays in the arena: the
 * caller releases it as soon as the result is made. */
enum rc urn_counts(const struct urn *urn, struct arena *arena, const struct vote_item_count **out,
                   uint32_t *count, struct err *err);

/* ---- the end ---- */

/* The urn goes in the transaction of the next save_commit: there is an urn or a result, whatever
 * happens in between, and never both. urn: whose counts the save holds; the commit is refused
 * (RC_CONFLICT) when others have been written since; NULL: whatever it holds. Must be closed
 * afterwards. */
void save_ends_urn(struct save *save, struct dot meeting, const struct urn *urn);
/* Without its secrets: what it holds is lost. RC_NOT_FOUND. */
enum rc urn_void(struct session *session, struct dot meeting, struct err *err);

#endif
