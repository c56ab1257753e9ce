/* household.h: from the answers of one household to what it may get, all the way through a record.
 * Apart from the tests that fill forms, since engine.h and change.h both have a struct place. */
#ifndef YG_TESTS_SUPPORT_HOUSEHOLD_H
#define YG_TESTS_SUPPORT_HOUSEHOLD_H

#include "schema/form.h"
#include "schema/income.h"

/* The answers are JSON, as answers.h reads it. What is unclear in them is RC_CONFLICT. */
enum rc household_income(const struct form *form, struct view answers,
                         const struct income_table *table, struct date reference,
                         struct arena *arena, struct income_result *out, struct err *err);

#endif
