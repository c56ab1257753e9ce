/* form_candidate.h: a form on its way into force: what staff bring, compiled against the newest
 * version of the same name, which gives the field numbers, and then published as the next one.
 * Published forms are immutable; publishing the same content again changes nothing. The command
 * line and the console both publish through this. */
#ifndef YG_SYNCD_DESK_FORM_CANDIDATE_H
#define YG_SYNCD_DESK_FORM_CANDIDATE_H

#include "syncd/desk/desk.h"
#include "syncd/desk/form_report.h"

struct form_candidate {
    struct seat *seat;
    const struct form_source *source;
    bool is_lenient;
    struct findings findings;
    struct buf json;           /* of the version at hand */
    struct form *form;         /* the same, loaded, in the seat's arena */
    const struct form *newest; /* NULL: the first of its name */
    bool is_same;              /* the newest version says all of it already */
};

void form_candidate_init(struct form_candidate *candidate, struct seat *seat,
                         const struct form_source *source, bool is_lenient);
void form_candidate_release(struct form_candidate *candidate);

/* RC_INVALID with findings.error_count > 0: it cannot be a form; nothing else is set then. */
enum rc form_candidate_make(struct form_candidate *candidate, struct err *err);
/* Publishes what was made, unless it is the same, and then looks again at what has waited for it.
 * The act bears the reason. RC_CONFLICT: somebody else has published meanwhile. */
enum rc form_candidate_publish(struct form_candidate *candidate, struct view reason,
                               struct err *err);

#endif
