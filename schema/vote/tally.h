/* tally.h: what came of the votes on one household: a pure function of the sealed batches, the
 * attendance and the rules, the same on the tablet, in the county and in the auditor's hands.
 *
 *   eligible   present, and not recused for this household
 *   counts     of all batches added up; the same batch twice is one; what came after the sealing is
 *              listed and not counted
 *   sound      yes + no + abstain + invalid + unused = marks = eligible; no seat on two tablets,
 * none of somebody absent or recused; else the item is void and voted again base       of the
 * threshold: eligible, or valid votes (yes, no and abstentions), or those due without the recused
 *   passed     yes x below-the-line >= above x base (or > where the rule is strict), in integers
 *
 * A vote says whether the facts are true. It never approves or refuses: passed goes on (submit),
 * not passed is looked into again (investigate), void is voted again.
 *
 * Secrecy: of a secret vote neither counts nor reasons are shown where they would tell how somebody
 * voted: where fewer than the rules' minimum could vote, and where fewer than the rules' margin did
 * not give the answer that most gave (with the usual margin of 2: all of them, or all but one; the
 * one would know of all others). Reasons also where fewer than the margin said no. The numbers are
 * zero in the result then, so that nobody can show them by mistake. */
#ifndef YG_SCHEMA_VOTE_TALLY_H
#define YG_SCHEMA_VOTE_TALLY_H

#include "schema/vote/batch.h"

struct vote_facts {
    uint64_t expected;  /* seats that are due */
    uint64_t present;   /* of them */
    uint64_t recused;   /* for this household */
    uint64_t reps;      /* villagers' representatives */
    uint64_t committee; /* of the village committee */
    uint32_t roster;    /* active members of the panel */
    uint8_t rules[16];  /* the beginning of the hash of the meeting's rules */
};

struct vote_heard { /* one batch about one item */
    const struct vote_batch *batch;
    bool late;        /* it came after the sealing, or after the county's close */
    struct view text; /* as the record has it: what the batch's hash is of, in hexadecimal */
};

enum tally_state { TALLY_OPEN = 0, TALLY_PASSED, TALLY_FAILED, TALLY_VOID };
enum tally_next { TALLY_WAIT = 0, TALLY_SUBMIT, TALLY_INVESTIGATE, TALLY_AGAIN };
const char *tally_state_name(enum tally_state state); /* "open", "passed", "failed", "void" */
const char *tally_next_name(enum tally_next next);    /* "wait", "submit", "investigate", "again" */
const char *tally_state_words(enum tally_state state);
const char *tally_next_words(enum tally_next next);

enum tally_void {
    TALLY_NO_QUORUM = 1u << 0,
    TALLY_TOO_SMALL = 1u << 1, /* fewer due than the panel must have */
    TALLY_EVEN = 1u << 2,      /* due are an even number */
    TALLY_FEW_REPS = 1u << 3,  /* too few villagers' representatives */
    TALLY_MUCH_COMMITTEE = 1u << 4,
    TALLY_FEW_VOTERS = 1u << 5,  /* too few left after recusals: postpone */
    TALLY_MODE = 1u << 6,        /* not allowed, or not the same on all tablets */
    TALLY_RULES = 1u << 7,       /* a tablet counted under other rules */
    TALLY_TWICE = 1u << 8,       /* a member voted on two tablets */
    TALLY_CONTRADICTS = 1u << 9, /* one tablet says two things */
    TALLY_STRANGER = 1u << 10,   /* a vote of somebody absent or recused */
    TALLY_MISSING = 1u << 11,    /* somebody who may vote has not */
    TALLY_MISMATCH = 1u << 12,   /* votes and voters are not as many */
    TALLY_ABSTAINED = 1u << 13,  /* abstentions, which the rules do not allow */
    TALLY_WITHHELD = 1u << 14,   /* the outcome cannot be with so many votes */
};
#define TALLY_VOID_BITS 15u
/* Of one bit: its name in documents, and a sentence (English, key of the catalogue). */
const char *tally_void_name(enum tally_void bit);
const char *tally_void_words(enum tally_void bit);

struct tally {
    uint8_t state;    /* enum tally_state; OPEN: nobody has voted yet */
    uint8_t next;     /* enum tally_next */
    uint32_t voids;   /* bits of enum tally_void */
    uint64_t twice;   /* seats that voted on two tablets */
    uint64_t missing; /* eligible seats without a vote */
    uint32_t expected, present, recused, eligible;
    bool quorum_ok, composition_ok;
    uint32_t quorum_base, quorum_needed;
    uint32_t reps, reps_needed, committee, committee_most;
    uint32_t base, needed; /* of the threshold */
    bool withheld;         /* then yes, no, abstain are zero */
    bool reasons_withheld;
    uint32_t yes, no, abstain, invalid, unused, reasons[VOTE_REASON_COUNT];
    uint32_t batches, late, repeated; /* counted; listed and not counted; the same again */
    uint8_t mode;
};

/* heard: all that speak of this item, in any order. */
void tally_count(const struct vote_rules *rules, const struct vote_facts *facts,
                 struct instance_id item, const struct vote_heard *heard, uint32_t heard_count,
                 struct tally *out);

/* Whether these counts must be withheld; eligible: how many could vote. */
bool tally_must_withhold(const struct vote_rules *rules, uint8_t mode,
                         const struct vote_count *count, uint32_t eligible);
/* Takes counts and reasons out of what would tell, for a tablet on which everybody has voted. */
void tally_withhold(const struct vote_rules *rules, const struct vote_facts *facts, uint8_t mode,
                    struct vote_count *count);

/* The least number that is the share (more than it, if strict) of a base; 0 for a share of none. */
uint32_t tally_least(struct vote_value share, bool strict, uint32_t base);

/* ---- in words ---- */

struct tally_part {
    const char *kind; /* "quorum", "panel", "voters", "reps", "committee", "counts", "threshold",
                       * "void", "late", "next" */
    bool ok;
    struct view text; /* one sentence with its numbers */
};
#define TALLY_PARTS_MAX 32u

/* Parts in the order in which people read them; at most TALLY_PARTS_MAX. Texts in the arena. */
enum rc tally_explain(const struct tally *tally, const struct vote_rules *rules, enum lang lang,
                      struct arena *arena, const struct tally_part **out, uint32_t *count,
                      struct err *err);

#endif
