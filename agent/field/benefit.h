/* benefit.h: what a household is entitled to by the county's table, as far as those who visit it
 * may see it: not before the visit is over. Until both investigators have signed, whoever sits at
 * the table must not be able to try out which answer gives how much. */
#ifndef YG_AGENT_FIELD_BENEFIT_H
#define YG_AGENT_FIELD_BENEFIT_H

#include "agent/store/session.h"
#include "schema/income_facts.h"

enum benefit_state {
    BENEFIT_SHOWN = 0,
    BENEFIT_NO_VISIT, /* nobody has visited it, or its visits lie elsewhere */
    BENEFIT_UNSEALED, /* the newest visit is not signed by both */
    BENEFIT_VISITING, /* this person has a draft of a visit */
    BENEFIT_CHANGED,  /* the facts are not those of the visit any more */
    BENEFIT_NO_TABLE, /* the form has no table of the county */
    BENEFIT_NOBODY,   /* nobody counts in the household: nothing to compute */
};
const char *benefit_state_name(enum benefit_state state); /* "shown", "no_visit", ... */

struct benefit {
    uint8_t state; /* enum benefit_state; all else is filled for BENEFIT_SHOWN only */
    struct dot visit;
    struct date reference; /* the day of the visit: ages count on it */
    struct income_table table;
    struct income_household household;
    struct income_result result;
    bool is_decided; /* false: something is unclear, and no number holds */
};

/* Of a household that is seen. drafted: the person has a draft of a visit to it. Arrays in the
 * arena; texts borrow from the record. */
enum rc benefit_see(struct session *session, const struct seen *seen, bool drafted,
                    struct arena *arena, struct benefit *out, struct err *err);

/* The newest visit to the household at which somebody answered; number 0: none. */
enum rc benefit_newest_visit(struct session *session, struct dot household, struct arena *arena,
                             struct dot *out, int64_t *begun_ms, struct err *err);

#endif
