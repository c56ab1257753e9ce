/* meeting.h: an evaluation meeting as its record says: who is due and came, what is heard, what the
 * tablets counted; and what is wrong with it. A pure function of the reading of the record, so that
 * tablet and county see the same meeting. Field names: schema/forms/meeting. */
#ifndef YG_SCHEMA_VOTE_MEETING_H
#define YG_SCHEMA_VOTE_MEETING_H

#include "schema/reading.h"
#include "schema/vote/tally.h"

#define MEETING_FORM  "meeting"
#define PANEL_FORM    "panel"
#define MEETING_SCOPE "meeting" /* of the seal */
#define MEETING_STEPS 6u

enum meeting_state {
    MEETING_PLANNED = 0,
    MEETING_OPEN = 1,
    MEETING_VOTING = 2,
    MEETING_CLOSED = 3,
    MEETING_SIGNED = 4,
};
const char *meeting_state_name(unsigned state);  /* "planned", "open", "voting", ... */
const char *meeting_state_words(unsigned state); /* English, key of the catalogue */
/* The six steps; English, keys of the catalogue. step: 1 to MEETING_STEPS. */
const char *meeting_step_words(unsigned step);
/* Why somebody withdraws: "1" near relative, "2" interest, "3" own application, "9" other. */
const char *meeting_recusal_words(unsigned reason);

enum panel_category { PANEL_COMMITTEE = 3, PANEL_REPRESENTATIVE = 7, PANEL_CATEGORY_LAST = 8 };

struct meeting_member {
    struct instance_id id;
    uint32_t seat; /* 1 to VOTE_SEATS_MAX; 0: none that can be used */
    uint8_t category;
    struct view name, roster; /* roster: which member of the panel, as text of an instance */
    bool present, has_signature;
};

struct meeting_item {
    struct instance_id id;
    struct view household, subject, presenter;
    int64_t order;
    uint64_t recused; /* seats */
    bool attended, disputed;
    uint32_t note_count;
};

enum meeting_problem {
    MEETING_NO_RULES = 1u << 0,   /* no snapshot, one that cannot be read, or two of them */
    MEETING_RULES_HASH = 1u << 1, /* the snapshot is not what its hash says */
    MEETING_NO_CHAIR = 1u << 2,
    MEETING_NO_RECORDER = 1u << 3,
    MEETING_FEW_TELLERS = 1u << 4,
    MEETING_NO_OBSERVER = 1u << 5,
    MEETING_SEATS = 1u << 6,        /* two members have one seat, or one has none */
    MEETING_BROKEN_VOTES = 1u << 7, /* a tablet's result cannot be read, or is another meeting's */
    MEETING_LATE = 1u << 8,         /* a tablet's result came after the sealing */
    MEETING_CONFLICT = 1u << 9,     /* something in it is in question */
    MEETING_NOT_SIGNED = 1u << 10,  /* voting is over and nobody has sealed it */
    MEETING_UNSIGNED_SEATS = 1u << 11, /* present without a signature */
    MEETING_STEPS_MISSING = 1u << 12,
    MEETING_VOIDED = 1u << 13, /* a round was void */
    MEETING_TWICE = 1u << 14,  /* a household stands twice on the agenda */
};
#define MEETING_PROBLEM_BITS 15u
const char *meeting_problem_name(enum meeting_problem bit);
const char *meeting_problem_words(enum meeting_problem bit); /* English, key of the catalogue */

struct meeting {
    struct dot id;
    const struct reading *reading;
    uint8_t state; /* enum meeting_state */
    uint8_t mode;  /* enum vote_mode as chosen; 0 not yet */
    struct view title, panel, join_code, place, chair, recorder, observer;
    uint32_t teller_count, minutes_count, photo_count, signature_count, voided_count;
    uint32_t roster;
    uint32_t steps; /* bit (step - 1) */
    bool has_rules;
    struct vote_rules rules;
    uint8_t rules_hash[CRYPT_HASH_BYTES];
    uint32_t member_count, item_count, heard_count;
    const struct meeting_member *members; /* by seat */
    const struct meeting_item *items;     /* by order, then id */
    const struct vote_heard *heard;       /* what tablets said, late ones too; items as they are
                                           * called now (meeting_item_now) */
    uint64_t expected, present, reps, committee;
    uint32_t problems; /* bits of enum meeting_problem */
    bool sealed;
};

/* Arrays in the arena; texts borrow from the record. RC_UNSUPPORTED: not a meeting, or its form is
 * not known. */
enum rc meeting_read(const struct reading *reading, struct arena *arena, struct meeting *out,
                     struct err *err);

/* The result for one household, by the meeting's own rules. A meeting without rules: OPEN. */
void meeting_facts(const struct meeting *meeting, const struct meeting_item *item,
                   struct vote_facts *out);
void meeting_tally(const struct meeting *meeting, const struct meeting_item *item,
                   struct tally *out);

/* The number of a field of the meeting form; 0 without it. */
uint16_t meeting_field(const struct form *form, const char *path);
const struct meeting_item *meeting_item(const struct meeting *meeting, struct instance_id id);
const struct meeting_member *meeting_seat(const struct meeting *meeting, uint32_t seat);
/* What an item is called that was called id when a tablet wrote that down. Copies of the tablet may
 * have used its numbers, too; then they have got another name, and stay what they are. An id that
 * is not found, or could be two items, is given back as it is. */
struct instance_id meeting_item_now(const struct meeting *meeting, struct instance_id id);
/* Whether the household stands on the agenda. */
const struct meeting_item *meeting_household(const struct meeting *meeting, struct view household);

/* Eight hexadecimal digits that everybody in the room can write down: of the result of all tablets,
 * hash("yg meeting result", the hashes of the counted batches in order). False: nothing counted. */
bool meeting_result_hash(const struct meeting *meeting, uint8_t out[CRYPT_HASH_BYTES]);

#endif
