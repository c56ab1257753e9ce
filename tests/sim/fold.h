/* fold.h: the parts of the oracle's own understanding of the log (fold.c): every entry of every
 * admitted change is a fact, and what facts mean is said from the text of docs/protocol.md alone.
 */
#ifndef YG_TESTS_SIM_FOLD_H
#define YG_TESTS_SIM_FOLD_H

#include "tests/sim/world.h"

struct fact {
    const struct change *change;
    const struct entry *entry;
    struct dot record, dot; /* dot: of its change, as it is known */
    uint32_t ordinal;       /* among the entries of its field in its change */
    int64_t time_ms;        /* corrected */
};

#define FOLD_KEYS_MAX 4000u

struct fold_key { /* what a record reads in a key field */
    struct dot record;
    struct view form; /* its name */
    struct view path;
    const struct fact *said;
};

struct fold {
    struct world *world;
    struct ledger *ledger;
    struct arena arena;
    struct seat *seat; /* NULL: in the midst of things, no history is looked at, no broken rules */
    struct fact *facts;
    uint32_t count;
    struct fold_key *keys; /* of all records */
    uint32_t key_count;
};

#define KIN_MAX 256u

struct kin { /* an instance of a record */
    struct instance_id id, parent;
    uint16_t repeat;
    uint64_t lamport; /* of the change that added it */
    bool out;         /* taken out, or within what is */
    bool asked;       /* somebody wrote there whom the removal does not name */
    bool same;        /* people say that it is an older one */
};

struct story { /* one record: what the log says, beside what the county reads */
    struct dot record;
    const struct form *form;
    const struct reading *reading;
    bool withdrawn, asked; /* as kin.out and kin.asked */
    uint32_t kin_count;
    struct kin kin[KIN_MAX]; /* the oldest first */
};

#define SAID_MAX 256u

struct said {     /* at one place: a field of an instance */
    uint8_t kind; /* enum cell_kind */
    const struct fact *fact;
    uint32_t count;
    const struct fact *list[SAID_MAX]; /* the versions that count */
    uint32_t elements;                 /* of a set */
};

/* ---- fold.c ---- */

void fold_differs(const struct fold *fold, const struct fact *fact, const char *what);
bool fold_is_live(const struct fold *fold, const struct fact *fact);
/* Live, and not too late for a seal of the repeat's scope; fact: a place in it, or a cover. */
bool fold_is_placed(const struct fold *fold, const struct form *form, const struct fact *fact,
                    uint16_t repeat);
/* Live, and counting, inside of what may be taken out: answers, seals and places. */
bool fold_is_inside(const struct fold *fold, const struct form *form, const struct fact *fact);
bool fold_is_erased(const struct fact *fact);
/* NULL: the form has none of that number, or there is no form. */
const struct form_field *fold_field(const struct form *form, uint16_t number);
bool fold_equal(const struct fact *a, const struct fact *b);
/* Whether it takes an instance or the record out. */
bool fold_is_cover(const struct fact *fact);
/* What a field of an instance says; CELL_EMPTY without a fact where nobody has said anything.
 * False: it is of a group, or of unequal seals: not said here. */
bool fold_reads(const struct fold *fold, const struct form_field *field, struct dot record,
                struct instance_id instance, struct said *out);
/* field 0: of any. */
bool fold_has_conflict(const struct reading *reading, enum conflict_kind kind,
                       struct instance_id instance, uint16_t field);

/* ---- fold_kin.c ---- */

bool fold_is_hidden(const struct story *story, struct instance_id instance);
/* Which instances the record has, what has been taken out, and who is whom. */
void fold_kin(const struct fold *fold, struct story *story);
void fold_compare_kin(struct fold *fold, const struct story *story);
/* Of all records, when all have been compared: who is proposed as whom. */
void fold_compare_twins(struct fold *fold);

/* ---- fold_group.c ---- */

/* field: one of a group, in the instance of first. */
void fold_compare_group(const struct fold *fold, const struct story *story,
                        const struct form_field *field, const struct fact *first);
void fold_compare_erasures(struct fold *fold);

/* ---- fold_decided.c ---- */

struct seat;

/* Whether each conflict of this record that has ended was decided by somebody who may. */
void fold_check_decisions(const struct fold *fold, const struct story *story);
void fold_compare_history(const struct fold *fold, struct seat *seat, struct dot record);

/* ---- fold_rules.c ---- */

/* Whether people are asked about what this field says, because it breaks a rule. */
void fold_compare_rules(const struct fold *fold, const struct story *story,
                        const struct form_field *field, struct instance_id instance,
                        const struct said *said);

#endif
