/* reading.h: what people see of a record: values, conflicts, seals, what came late.
 *
 * A reading is a pure function of the state and the governing form. For each cell (a field of an
 * instance, or a group of fields that only make sense together) it takes the live versions and
 *   one version, or all equal   -> that value (equal ones collapse, their dots are kept)
 *   policy latest               -> largest corrected time, tie by dot
 *   policy max, min, or         -> computed over the live set
 *   policy union                -> every live element is a value (equal ones once)
 *   policy authority            -> the highest rank; unequal at that rank: a conflict
 *   policy human, once          -> a conflict
 *   policy server               -> the latest of the server's own
 * Unknown fields (form NULL or field not in it) read as human. What was erased by law contends with
 * nothing: it is read (CELL_ERASED) only where no other version is left.
 *
 * In a group the sides are dots: each with the tuple of what it wrote, missing ones as null.
 *
 * Sealed scopes read from the versions that the seal covers and those written by changes that name
 * the seal in `under`; every other version in scope is late: listed beside, never in the values. A
 * replacement that is late does not replace. While unequal seals are in conflict, what any of them
 * covers counts.
 *
 * A removed instance is hidden when every live version inside was named by a removal; a live dot
 * inside that no removal named makes a conflict, and the instance stays visible meanwhile. What is
 * inside: fields of the form, nested instances, and seals where it is the record; not moves, not
 * acceptances, not answers about sameness.
 *
 * Two visible instances of one repeat and parent whose answers to a key field are equal are
 * proposed as the same, the younger against the oldest about which nobody has answered yet. "=" on
 * one of them hides the younger; "!" settles that they are two.
 *
 * Instances are listed in order of (Lamport time, dot, ordinal) of the version that added them. */
#ifndef YG_SCHEMA_READING_H
#define YG_SCHEMA_READING_H

#include "schema/form.h"
#include "schema/record.h"

enum cell_kind { CELL_EMPTY = 0, CELL_VALUE, CELL_SET, CELL_CONFLICT, CELL_ERASED };

/* CELL_EMPTY: an explicit null, or a set without elements; its versions are listed. CELL_ERASED:
 * there was an answer, which was erased by law (erasure_of_version tells why). A field that
 * has no live version has no cell. FIELD_AREA has one too; no other pseudo-field does. */
struct cell {
    struct instance_id instance;
    uint16_t field;
    uint8_t kind;   /* enum cell_kind */
    bool by_policy; /* unequal live versions, and the policy chose: losers are in versions */
    bool sealed;
    struct value value; /* CELL_VALUE; also the computed one of max, min, or */
    uint32_t version_count;
    const struct version *const *versions; /* live ones; the chosen one first, then by dot.
                                            * CELL_SET: one per distinct element, by value */
};

enum conflict_kind {
    CONFLICT_FIELD = 1, /* unequal live versions of one field */
    CONFLICT_GROUP,     /* of a group: field is the group's first field, versions are its dots */
    CONFLICT_REMOVED,   /* removed by one, edited by another: instance says which; default keep */
    CONFLICT_AREA,      /* two areas */
    CONFLICT_SEAL,      /* unequal concurrent seals of one scope */
    CONFLICT_SAME,      /* proposal: two instances have the same key; other says which */
    CONFLICT_SOFT, /* the merged values break a rule of the form: they do not fit their fields, or
                    * (form/rules.h) a constraint does not hold */
};
const char *conflict_kind_name(enum conflict_kind kind); /* "field", "group", ... */

struct conflict {
    uint8_t kind;
    struct instance_id instance;
    uint16_t field;           /* CONFLICT_SAME: the key; FIELD_SAME if answers contradict */
    struct instance_id other; /* CONFLICT_SAME: the older one; instance is the younger */
    const char *rule;         /* CONFLICT_SOFT: the message's English literal; else NULL */
    struct view message;      /* CONFLICT_SOFT: the form's own words about it, may be empty */
    bool tells;               /* the message may repeat answers */
    uint32_t version_count;
    const struct version *const *versions; /* the sides, by dot */
};

struct seen_instance {
    struct instance_id id;
    struct instance_id parent;
    uint16_t repeat; /* field number of the repeat */
    bool removed;    /* hidden: removed, the same as an older one, or inside of such */
};

struct reading {
    const struct record *record;
    const struct form *form;  /* the governing one, may be NULL */
    const bool *live;         /* per version of the record: counts in the values or as a side */
    const uint16_t *in_force; /* per absorbed change: the sealed scopes (bits) in which it counts;
                               * NULL when nothing is sealed */
    const uint32_t *by_id;    /* indices into instances, sorted by id */
    uint32_t instance_count;
    const struct seen_instance *instances; /* visible and removed ones, in order */
    uint32_t cell_count;
    const struct cell *cells; /* sorted by instance, field; cells of removed instances included */
    uint32_t conflict_count;
    const struct conflict *conflicts; /* sorted by instance, field, kind */
    uint32_t late_count;
    const struct version *const *late;
    uint16_t sealed_scopes; /* bit per scope */
    bool withdrawn;
    uint32_t area_count;   /* live areas: 1, or more while CONFLICT_AREA is open */
    const uint64_t *areas; /* ascending */
};

/* The form whose version governs: among the forms of the live versions the one with the largest
 * sequence. lookup returns NULL for unknown ids. May return NULL. */
typedef const struct form *form_lookup(void *context, uint64_t form_id);
const struct form *reading_governing_form(const struct record *record, form_lookup *lookup,
                                          void *context);

/* Reads it all; arrays in the arena, values borrow from the record. */
enum rc reading_make(const struct record *record, const struct form *form, struct arena *arena,
                     struct reading *out, struct err *err);

/* Whether nothing of the cell can be read any more: all its versions were erased by law. */
bool reading_is_gone(const struct cell *cell);

const struct cell *reading_cell(const struct reading *reading, struct instance_id instance,
                                uint16_t field);
/* NULL for the record itself, and for an instance that nobody known has added. */
const struct seen_instance *reading_instance(const struct reading *reading,
                                             struct instance_id instance);
/* Whether what stands in the instance is shown: nobody has taken it out, and it is not nowhere
 * (docs/protocol.md, section 13), as one whose adding has not come. The record itself: always. */
bool reading_shows(const struct reading *reading, struct instance_id instance);

/* Whether somebody has accepted the cell's versions, these and no others, as they are. */
bool reading_accepted(const struct reading *reading, const struct cell *cell, struct arena *arena);

/* Adds conflicts that were found by other means (schema/form/rules.h), in their places. */
enum rc reading_add_conflicts(struct reading *reading, const struct conflict *added, uint32_t count,
                              struct arena *arena, struct err *err);

/* Whether a person wrote one of the sides: then somebody else has to answer (four eyes). */
bool reading_wrote_side(const struct reading *reading, const struct conflict *conflict,
                        uint64_t person);

/* The seal that closes this scope as it reads now (CHANGE_SEAL): dots and digest, in the arena. */
enum rc reading_seal(const struct reading *reading, uint32_t scope, struct arena *arena,
                     struct seal *out, struct err *err);

/* Whose signatures stand on the seals of this scope that hold: each person once, ascending, at most
 * room of them; returns how many there are. Seals in conflict have none. */
uint32_t reading_signers(const struct reading *reading, uint32_t scope, uint64_t *persons,
                         uint32_t room);

/* The seal scope of a field, of the FIELD_EXISTS of an instance of a repeat; FORM_NO_SCOPE. */
uint8_t reading_scope(const struct form *form, const struct version *version);

#endif
