/* edit.h: makes changes out of what a person wants, against the state that he sees.
 *
 * A draft collects entries; edit_finish fills in what each replaces: all live versions of the cell
 * that the author's state holds (in a conflict: only the author's own, unless the change is a
 * resolve), completes groups, covers of removals and seals, sorts, and checks. The result borrows
 * from the arena. What reads as removed or withdrawn takes no edits. The caller then gives it dot,
 * person, times and signature, and saves it. */
#ifndef YG_SCHEMA_EDIT_H
#define YG_SCHEMA_EDIT_H

#include "schema/reading.h"

struct edit {
    struct arena *arena;
    const struct form *form;
    const struct record *state;    /* NULL for a new record */
    const struct reading *reading; /* of state; NULL for a new record */
    struct change change;          /* kind, record, person, reason filled as one goes */
    struct entry *entries;
    uint32_t entry_count, entry_capacity;
    uint32_t next_ordinal; /* of instances added by this change */
    bool by_server;        /* the server's own: writes its fields too; edit_start says no */
};

/* dot is the one this change will have (the actor's next number). */
enum rc edit_start(struct edit *edit, enum change_kind kind, struct dot dot, uint64_t person,
                   const struct form *form, const struct record *state,
                   const struct reading *reading, struct arena *arena, struct err *err);

/* Writes one field. Setting a union field adds one element; see edit_remove_element. The value is
 * checked against the form and copied into the arena. The last of several for one field counts;
 * what the author's state says already is left out. In a CHANGE_RESOLVE it writes further fields of
 * a group in conflict. RC_INVALID, RC_NOT_FOUND (no such field or instance), RC_DENIED (sealed
 * without CHANGE_AMEND, written once, the server's). */
enum rc edit_set(struct edit *edit, struct instance_id instance, uint16_t field,
                 const struct value *value, uint8_t rank, struct err *err);
/* Union fields: removes the element with this value, naming the dots of the ones seen. */
enum rc edit_remove_element(struct edit *edit, struct instance_id instance, uint16_t field,
                            const struct value *value, struct err *err);
/* Adds an instance of a repeat beneath parent; out is its id. */
enum rc edit_add_instance(struct edit *edit, uint16_t repeat, struct instance_id parent,
                          struct instance_id *out, struct err *err);
/* CHANGE_REMOVE, or CHANGE_AMEND where the repeat is sealed: with the dots seen inside. The root
 * withdraws the record. RC_CONFLICT while its removal is in question. */
enum rc edit_remove_instance(struct edit *edit, struct instance_id instance, struct err *err);
/* CHANGE_CREATE and CHANGE_MOVE. */
enum rc edit_set_area(struct edit *edit, uint64_t area, struct err *err);
/* CHANGE_RESOLVE. keep: the value of one side's version, of the whole group if it is one. For
 * CONFLICT_REMOVED any version means that the instance stays; edit_resolve_remove removes it, with
 * everything inside that is known now. For contradicting answers of CONFLICT_SAME one of them; a
 * mere proposal is answered with edit_same. value: a third value; for a group that of its first
 * field, and edit_set has to give all others. The conflict must be open in the reading with exactly
 * these sides; otherwise RC_CONFLICT "has moved on". Four eyes: RC_DENIED. */
enum rc edit_resolve_keep(struct edit *edit, const struct conflict *conflict,
                          struct version_id keep, struct err *err);
enum rc edit_resolve_value(struct edit *edit, const struct conflict *conflict,
                           const struct value *value, struct err *err);
enum rc edit_resolve_remove(struct edit *edit, const struct conflict *conflict, struct err *err);
/* CHANGE_SEAL: covers what the reading holds in this scope; refuses while a conflict is open
 * there (RC_CONFLICT). Whoever seals what somebody else has sealed just so adds his signature: both
 * seals stand, and replace nothing. The same person again: RC_CONFLICT. */
enum rc edit_seal(struct edit *edit, uint32_t scope, struct err *err);
/* CHANGE_ACCEPT of a soft conflict; CHANGE_SAME: other record ("=ID"/"!ID") or other instance. An
 * answer about two instances is written on the younger one, whichever is given. */
enum rc edit_accept(struct edit *edit, const struct conflict *conflict, struct err *err);
enum rc edit_same(struct edit *edit, struct instance_id instance, struct view answer,
                  struct err *err);

/* Completes and checks; *out borrows from the arena. RC_INVALID "nothing to save" when empty, or a
 * reason is needed (resolve, amend) and missing. RC_CONFLICT if a field of a group is written whose
 * other fields are in conflict. */
enum rc edit_finish(struct edit *edit, struct view reason, struct change *out, struct err *err);

#endif
