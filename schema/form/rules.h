/* rules.h: the form's own constraints over a record as it reads: what no single author could see.
 *
 * Each of two edits may be fine when it is made, and together they break a rule: one raises what
 * was paid, the other lowers the amount. After a merge the constraints run again (engine.h), and
 * each that does not hold makes a soft conflict (reading.h) of the field that it belongs to. It is
 * closed by an edit, or by an acceptance that names the field's versions.
 *
 * Asked is only about answers that are there and relevant, in a record that has not been withdrawn:
 * what is required and missing is no conflict. An expression over a field in conflict has no value,
 * so nobody can say whether the rule holds: nothing is raised. The same is true of what it computes
 * from, what decides whether the field is asked or offered, what was erased by law, and a field
 * under union, which shows no single value. In a repeat that is told instance by instance; a rule
 * that reads over all of them waits for all.
 *
 * Everybody must come to the same result. So "now" is the corrected time of the record's newest
 * change, chance is a constant, and nobody is at work on no device. */
#ifndef YG_SCHEMA_FORM_RULES_H
#define YG_SCHEMA_FORM_RULES_H

#include "schema/form/filling.h"

struct form_rule;

/* The constraints of a program, and what each of them depends on. Immutable. */
struct form_rules {
    const struct form_program *program;
    uint32_t count; /* 0: the form has none */
    const struct form_rule *list;
};

/* Whether it is worth to load the program: false if the form has no constraint at all. */
bool form_has_rules(const struct form *form);

/* In the arena; the program must outlive it. RC_LIMIT, RC_NO_MEMORY. */
enum rc form_rules_load(const struct form_program *program, struct arena *arena,
                        struct form_rules *out, struct err *err);

struct broken_rule {
    struct instance_id instance;
    uint16_t field;
    struct view message; /* the form's words in the language of err, may be empty */
    bool tells;          /* the message is computed: it may repeat answers */
};

/* Which constraints do not hold, in no order. The reading must be of the program's form. Fails as
 * engine_open does: RC_LIMIT for a record that is too large to be computed. */
enum rc rules_find(const struct form_rules *rules, const struct reading *reading,
                   struct arena *arena, struct broken_rule **out, uint32_t *count, struct err *err);

/* Adds them to the reading as soft conflicts: what is still there, has not been accepted, and is no
 * soft conflict already. Whatever else stands in the list is left out without a word, so that an
 * older result may be added to a newer reading. */
enum rc rules_add(struct reading *reading, const struct broken_rule *broken, uint32_t count,
                  struct arena *arena, struct err *err);

#endif
