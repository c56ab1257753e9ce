/* income_facts.h: the facts of a household record, as income.h wants them.
 *
 * Reads the fields of the household form by their paths; a form without one of them (an older
 * version) gives no such facts. Observed values go before declared ones, verified before both.
 * People are named by name: what an item's or an expense's owner calls nobody, or two people, is
 * unclear. So is everything that is in conflict: expressions over a conflicted field have no value,
 * and nothing may be decided while such a list is not empty. */
#ifndef YG_SCHEMA_INCOME_FACTS_H
#define YG_SCHEMA_INCOME_FACTS_H

#include "schema/income.h"
#include "schema/reading.h"

enum income_unclear_why {
    INCOME_UNCLEAR_CONFLICT = 1, /* two values, and nobody has decided */
    INCOME_UNCLEAR_OWNER,        /* the owner names no member, or two */
    INCOME_UNCLEAR_BIRTH,        /* a member's date of birth is missing */
};

struct income_unclear {
    struct instance_id instance;
    uint16_t field;
    uint8_t why; /* enum income_unclear_why */
};

struct income_household {
    struct income_facts facts;
    const struct instance_id *members, *items, *supporters; /* of which instance each one is */
    uint32_t unclear_count;
    const struct income_unclear *unclear;
};

/* The reading's form must be known. Arrays in the arena; texts borrow from the record. RC_INVALID
 * without a form. */
enum rc income_household_read(const struct reading *reading, struct date reference,
                              struct arena *arena, struct income_household *out, struct err *err);

#endif
