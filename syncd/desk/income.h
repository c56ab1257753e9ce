/* income.h: what a household lives on by the county's table, as the decision will see it. The table
 * is the file income_standard.csv that travels with the household form (schema/income.h says how it
 * is read). Amounts are sensitive: masked, only the verdict and the reasons are shown. */
#ifndef YG_SYNCD_DESK_INCOME_H
#define YG_SYNCD_DESK_INCOME_H

#include "schema/income_facts.h"
#include "syncd/desk/desk.h"

struct income_look {
    const struct reading *reading; /* not owned */
    struct income_table table;
    struct income_household household;
    struct income_result result;
};

bool income_has_table(const struct form *form);
/* The reading must outlive out. RC_UNSUPPORTED: the form has no table. */
enum rc income_see(const struct reading *reading, struct date day, struct arena *arena,
                   struct income_look *out, struct err *err);
/* Whether anything may be decided on these numbers. */
bool income_is_decided(const struct income_look *look);

/* {table, persons, decided, eligible, edge, car, company, assets, unclear: [{path, why}]}; not
 * masked also the amounts. NULL without memory. */
struct json *income_document(const struct income_look *look, enum lang lang, bool masked);

/* Keys of the catalogue. */
const char *income_note_words(enum income_note note);
const char *income_unclear_words(enum income_unclear_why why);
/* Where it stands, as `show` has it; replaces what is in out. */
void income_path(const struct income_look *look, const struct income_unclear *unclear,
                 struct buf *out);
/* What the table calls an item. */
struct view income_label(const struct income_look *look, struct view code, enum lang lang);

#endif
