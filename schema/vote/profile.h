/* profile.h: the rules of a public evaluation (民主评议) as dated data: how large a panel is, who
 * sits on it, when it may decide, how votes are counted.
 *
 * The rules differ between places and years, so none of them is code. They stand in a CSV file that
 * belongs to the form `meeting` (evaluation_rules.csv), one row for each rule. A profile is the set
 * of rows of one name: those without an area are the profile itself, complete, from one day on;
 * those with an area change single rules for that area and what lies beneath it. On a day the
 * newest profile that has begun governs; of each rule the row of the nearest area counts, among
 * several of one area the newest that has begun. A locked row may not be changed beneath its area.
 * What the county's plan does not state is marked so (stated: no): it is somebody's choice, and is
 * shown as such.
 *
 * A meeting keeps the rules that it was opened under as a snapshot: a canonical text whose hash
 * names it. It is counted by these, whatever is published later. */
#ifndef YG_SCHEMA_VOTE_PROFILE_H
#define YG_SCHEMA_VOTE_PROFILE_H

#include "base/arena.h"
#include "base/crypt.h"
#include "base/date.h"

#define VOTE_RULES_FILE "evaluation_rules.csv"

#define VOTE_ROWS_MAX       4000u /* of a file */
#define VOTE_RULES_TEXT_MAX 4096u /* bytes of a snapshot */
#define VOTE_NUMBER_MAX     1000

enum vote_rule {
    VOTE_MIN_MEMBERS = 0,  /* who are due, at least */
    VOTE_ODD,              /* who are due are an odd number */
    VOTE_MIN_VOTERS,       /* present and not recused, for each household: at least */
    VOTE_MIN_REPS,         /* share of villagers' representatives among those present; 0: none */
    VOTE_MAX_COMMITTEE,    /* share of the village committee among those present; 0: no limit */
    VOTE_QUORUM,           /* share of ... who must be present */
    VOTE_QUORUM_BASE,      /* enum vote_base: expected or roster */
    VOTE_MODES,            /* bits of enum vote_mode */
    VOTE_THRESHOLD,        /* share of yes */
    VOTE_THRESHOLD_STRICT, /* more than the share, not just as much */
    VOTE_THRESHOLD_BASE,   /* enum vote_base: present, valid or expected */
    VOTE_ABSTAIN,          /* abstaining is allowed */
    VOTE_REASONS,          /* whoever votes no says why, from the list */
    VOTE_RECUSAL,          /* whoever has declared a family as relatives may not vote on it */
    VOTE_TELLERS,          /* at least */
    VOTE_OBSERVER,         /* somebody of the county or township watches */
    VOTE_SECRECY_MIN,      /* a secret vote of fewer tells too much: counts are withheld */
    VOTE_SECRECY_MARGIN,   /* fewer than so many outside of the largest answer: withheld */
    VOTE_RANK,             /* applicants are ranked by their votes... */
    VOTE_TOP,              /* ...and so many go on; 0: all who pass. Not used by the tally */
    VOTE_WHEN,             /* enum vote_when */
    VOTE_RULE_COUNT,
};

enum vote_mode { VOTE_SECRET_DEVICE = 1, VOTE_SECRET_PAPER = 2, VOTE_HANDS = 3 };
#define VOTE_MODE_LAST VOTE_HANDS
/* "secret_device", ...; NULL for another number. */
const char *vote_mode_name(unsigned mode);
/* 0: no such mode. */
unsigned vote_mode_parse(struct view text);

enum vote_base { VOTE_PRESENT = 1, VOTE_VALID, VOTE_EXPECTED, VOTE_ROSTER };
enum vote_when { VOTE_ALWAYS = 1, VOTE_ON_OBJECTION, VOTE_OPTIONAL };

struct vote_value {
    int32_t number; /* a flag: 0 or 1; a share: what stands above the line */
    int32_t over;   /* a share: below the line, at least 1; else 1 */
};

struct vote_rules {
    struct view profile; /* its name */
    struct date valid_from;
    struct vote_value values[VOTE_RULE_COUNT];
    uint32_t unstated; /* bit for each rule that the plan does not state */
};

static inline int32_t vote_number(const struct vote_rules *rules, enum vote_rule rule) {
    return rules->values[rule].number;
}

/* "min_members", as in the file. */
const char *vote_rule_name(enum vote_rule rule);

/* ---- the file ---- */

struct vote_row {
    struct view profile;
    struct date valid_from;
    uint64_t area; /* 0: everywhere */
    uint8_t rule;
    bool locked, stated;
    uint64_t line;
    struct vote_value value;
};

struct vote_book {
    uint32_t count;
    const struct vote_row *rows;
};

/* Columns profile, valid_from, area, rule, value, locked (yes, no), stated (yes, no); others are
 * for people. Text is copied. RC_INVALID names row and column, or the rule that a profile lacks. */
enum rc vote_book_load(struct view csv, struct arena *arena, struct vote_book *out,
                       struct err *err);

/* What holds in that area on that day. RC_NOT_FOUND: no profile has begun. */
enum rc vote_book_find(const struct vote_book *book, uint64_t area, struct date day,
                       struct vote_rules *out, struct err *err);

/* ---- snapshots ---- */

/* Adds the canonical text: "profile=NAME\n", "valid_from=DAY\n", then a line for each rule in
 * order, with " ?" behind what the plan does not state. */
void vote_rules_text(const struct vote_rules *rules, struct buf *out);
/* Exactly such a text. RC_CORRUPT otherwise; RC_NO_MEMORY. Views borrow from it. */
enum rc vote_rules_parse(struct view text, struct vote_rules *out, struct err *err);
/* hash("yg vote rules", text) */
void vote_rules_hash(struct view text, uint8_t out[CRYPT_HASH_BYTES]);

/* Adds a rule's value as it stands in a file: "2/3", "expected", "secret_device hands". */
void vote_value_text(enum vote_rule rule, struct vote_value value, struct buf *out);

#endif
