/* meeting.h: an evaluation meeting on the tablet: called, opened, signed in, voted, closed, signed.
 * Each verb saves at most one change (signing: two), or works on the urn, or both in one
 * transaction; states only move forward. Nothing here prints: the pages and the command line both
 * work through it.
 *
 *   meeting_new          at the office: who is due, which households; synced to both tablets
 *   meeting_open         in the room: the rules that hold today are written down
 *   meeting_sign_in      who is there; meeting_recuse, meeting_step, and ordinary edits meanwhile
 *   meeting_begin_vote   an urn for this tablet; meeting_cast or meeting_enter fill it
 *   meeting_close        the urn becomes one sealed set of counts in the record
 *   meeting_sign         signatures, then the seal
 *
 * Two tablets: meeting_pair makes a code that names the meeting, proves that both hold the same
 * one, and says which seats the second tablet serves (all: it is the booth, the first one the
 * desk); there, meeting_join. What the second one counted, meeting_take adds to the record of the
 * first, on the spot and without a network; that it comes a second time by the county changes
 * nothing. */
#ifndef YG_AGENT_FIELD_MEETING_H
#define YG_AGENT_FIELD_MEETING_H

#include "agent/store/urn.h"
#include "schema/vote/meeting.h"

#define MEETING_TELLERS_MAX 8u
#define MEETING_TEXT_BYTES  200u /* of a name or a place */

struct meeting_seen {
    struct seen seen;
    struct meeting meeting;
};
/* RC_NOT_FOUND; RC_UNSUPPORTED: not a meeting. */
enum rc meeting_see(struct session *session, struct dot id, struct arena *arena,
                    struct meeting_seen *out, struct err *err);

struct meeting_plan {
    uint64_t area;
    struct dot panel;
    struct view title, place, chair, recorder, observer; /* each may be empty but the title */
    uint32_t teller_count;
    const struct view *tellers;
    uint32_t household_count;
    const struct dot *households; /* records of this tablet */
};
/* Due are the active members of the panel, in its order, with seats from 1. Whoever has declared a
 * household as relatives withdraws from it at once. */
enum rc meeting_new(struct session *session, const struct meeting_plan *plan, struct dot *out,
                    struct err *err);
/* One more household, until the voting begins. */
enum rc meeting_add_household(struct session *session, struct dot id, struct dot household,
                              struct err *err);

/* What would hold in that area today; out borrows from form, the tablet's one of meetings, and the
 * arena. RC_NOT_FOUND: no rules hold today. */
enum rc meeting_rules_today(struct session *session, const struct form *form, uint64_t area,
                            struct arena *arena, struct vote_rules *out, struct err *err);
/* RC_CONFLICT: opened already. RC_NOT_FOUND: no rules hold today. */
enum rc meeting_open(struct session *session, struct dot id, struct err *err);

/* Seats that have come, until the voting is over. signature: content of an image, for one seat;
 * empty: none. A second sign-in changes nothing. */
enum rc meeting_sign_in(struct session *session, struct dot id, uint64_t seats,
                        struct view signature, struct err *err);
/* reason: 1, 2, 3 or 9 (meeting_recusal_words). RC_CONFLICT once that household has votes. */
enum rc meeting_recuse(struct session *session, struct dot id, struct instance_id item,
                       uint32_t seat, uint32_t reason, struct err *err);
/* The step has been done, now. */
enum rc meeting_step(struct session *session, struct dot id, uint32_t step, struct err *err);

/* ---- voting ---- */

struct meeting_vote {
    uint8_t mode;
    uint64_t seats;      /* that vote on this tablet; 0: all who are due */
    bool joined;         /* as meeting_join says */
    bool small_is_known; /* people have been told that some households have too few voters for
                          * secrecy, and vote all the same */
    struct urn_secrets secrets; /* for VOTE_SECRET_DEVICE */
};
/* RC_INVALID: the rules do not allow this; RC_LIMIT: some household has too few voters for secrecy
 * (meeting_too_small says which), and small_is_known is not set. RC_CONFLICT: under way already. */
enum rc meeting_begin_vote(struct session *session, struct dot id, const struct meeting_vote *vote,
                           struct urn **out, struct err *err);
/* After a crash, or when the tablet was locked meanwhile. RC_CONFLICT, as in what follows: the
 * votes of this tablet have been counted, on a copy of it or before it was put back; or copies have
 * given the meeting another name since the urn was opened: then it is opened again. */
enum rc meeting_resume_vote(struct session *session, struct dot id,
                            const struct urn_secrets *secrets, struct urn **out, struct err *err);
/* Whether so few of these seats (0: all) may vote on it that the result would tell. */
bool meeting_too_small(const struct meeting *meeting, const struct meeting_item *item,
                       uint64_t seats);
/* Whether, of those who are there and need not withdraw, too few are left: it is heard in another
 * meeting. What a joined tablet does not know. */
bool meeting_postponed(const struct meeting *meeting, const struct meeting_item *item);
/* Who may vote on it: present, not recused, and served by this tablet. On a joined tablet whoever
 * is due: the other one knows who is there. */
uint64_t meeting_voters(const struct meeting *meeting, const struct urn *urn,
                        const struct meeting_item *item);

struct meeting_answer {
    struct instance_id item;
    uint8_t answer;  /* enum urn_answer */
    uint8_t reasons; /* bits of enum vote_reason */
};
/* What one member says, all in one transaction. RC_DENIED: absent, recused, not this tablet's.
 * RC_INVALID: no reason for a no, or an abstention where the rules want otherwise. The caller wipes
 * the answers. */
enum rc meeting_cast(struct session *session, struct urn *urn, struct dot id, uint32_t seat,
                     const struct meeting_answer *answers, uint32_t count, struct err *err);
/* Paper and hands: what teller 1 or 2 has counted, without marks: they follow from the attendance.
 */
enum rc meeting_enter(struct session *session, struct urn *urn, struct dot id,
                      struct instance_id item, uint32_t teller, const struct vote_count *count,
                      enum urn_entered *state, struct err *err);

/* ---- the end ---- */

/* Counts the urn into the record and destroys it; the caller closes urn afterwards in every case. A
 * desk without an urn (NULL) closes when it has taken the booth's result. RC_CONFLICT: somebody who
 * may vote has not, and rest_unused is not set; with it their votes count as not used. */
enum rc meeting_close(struct session *session, struct dot id, struct urn *urn, bool rest_unused,
                      struct err *err);
/* The secrets are lost, or it is a copy's urn: what it holds is lost. Voting may begin again,
 * unless the meeting is over. */
enum rc meeting_void(struct session *session, struct dot id, struct view reason, struct err *err);

struct meeting_signer {
    struct view role, name,
        signature; /* role: a choice of the list signer; signature may be empty */
};
/* RC_CONFLICT: something of the result is missing (a tablet's part, who is there, or nobody voted),
 * and incomplete is not set. Signers are added only where they are not there yet, so that it can be
 * called again after a crash. */
enum rc meeting_sign(struct session *session, struct dot id, const struct meeting_signer *signers,
                     uint32_t count, bool incomplete, struct err *err);

/* ---- two tablets ---- */

#define MEETING_CODE_BYTES 40u /* text with its terminator */

/* seats: for the second tablet. RC_CONFLICT: not open yet, or some of them vote here already. */
enum rc meeting_pair(struct session *session, struct dot id, uint64_t seats,
                     char out[MEETING_CODE_BYTES], struct err *err);
/* RC_NOT_FOUND: this tablet does not hold the meeting. RC_CONFLICT: not the same one. */
enum rc meeting_join(struct session *session, struct view code, struct dot *id, uint64_t *seats,
                     struct err *err);
/* Adds the text of this tablet's own result. RC_NOT_FOUND: it has not counted yet. RC_CONFLICT:
 * there are two that differ, because it was copied or put back; whoever got one would count it. */
enum rc meeting_part(struct session *session, struct dot id, struct buf *out, struct err *err);
/* What another tablet of the meeting has counted. Known already: RC_OK. RC_INVALID: of another
 * meeting. */
enum rc meeting_take(struct session *session, struct dot id, struct view text, struct err *err);

#endif
