/* policy.h: what a policy makes of the sides of one field, or of one group of fields. Shared by the
 * reading of a state and by the judgement of a change. */
#ifndef YG_SCHEMA_POLICY_H
#define YG_SCHEMA_POLICY_H

#include "schema/form.h"
#include "schema/record.h"

/* One live version of a field; or of a group, all that one change wrote in it. */
struct side {
    uint32_t change;                       /* index into absorbed */
    uint8_t rank;                          /* the highest in the tuple */
    const struct version *const *versions; /* width of them; NULL: this side has none, reads null */
};

struct choice {
    uint8_t kind;    /* CELL_EMPTY without sides, CELL_VALUE or CELL_CONFLICT */
    bool by_policy;  /* the sides are unequal and the policy chose */
    uint32_t chosen; /* CELL_VALUE: index of the side */
    uint8_t rank;    /* CELL_CONFLICT: only sides of at least this rank contend */
};

/* How this field is merged: unknown fields by a human, computed ones by the latest, groups as
 * their first field says (union makes no sense for a group and reads as human). */
enum policy policy_of(const struct form *form, uint16_t field);
/* The same for who has the field at hand, NULL for an unknown one. */
enum policy policy_of_field(const struct form *form, const struct form_field *field);
/* The number of the group that the field is in; 0: none. */
uint16_t policy_group(const struct form *form, uint16_t field);

/* sides in order of change, then ordinal. Not for POLICY_UNION. */
struct choice policy_choose(enum policy policy, const struct record *record,
                            const struct side *sides, uint32_t count, uint32_t width);

/* The sides of a group: one for each change among the versions of its `width` fields. Each list is
 * in order of dots. *out is in the arena; 0 sides also when that is exhausted. */
struct version_list {
    uint32_t count;
    const struct version *const *versions;
};
uint32_t policy_sides(const struct version_list *lists, uint32_t width, struct arena *arena,
                      struct side **out);

/* Puts the sides first of which the law has erased nothing, else those of which it has left
 * something, and returns how many they are; 1 when nothing is left of any. A choice is made among
 * those: what nobody can read any more contends with nothing. */
uint32_t policy_set_aside(struct side *sides, uint32_t count, uint32_t width);

/* What a side says at place i of the tuple. */
const struct value *side_value(const struct side *side, uint32_t i);

#endif
