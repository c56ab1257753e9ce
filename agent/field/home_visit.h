/* home_visit.h: what a visit to a household is beyond its form: who of the tablet's people make it,
 * on which household and for which task; what the household's facts were at its end; who has
 * signed; and what may be shown only afterwards.
 *
 * A visit is a record of the form "visit" (schema/forms/visit). Each investigator stands in it with
 * his id, which is only ever written by home_visit_begin and home_visit_join, after his secret was
 * right; that he was there is proved by his signature on the seal of the scope "visit". */
#ifndef YG_AGENT_FIELD_HOME_VISIT_H
#define YG_AGENT_FIELD_HOME_VISIT_H

#include "agent/field/filler.h"
#include "schema/gist.h"

#define HOME_VISIT_PEOPLE_MAX 16u
#define HOME_VISIT_SIGNERS    2u /* different investigators who have to sign */

/* A new draft of a visit: household, kind ('0': review, or new if there was no visit yet), the task
 * that it answers (number 0: none), the moment, this person as its lead. Where the person has a
 * draft of a visit to it already, that one goes on. RC_NOT_FOUND: no such household, or the form
 * visit is not here. */
enum rc home_visit_begin(struct session *session, struct dot household, char kind, struct dot task,
                         struct filler **out, struct err *err);

/* The person's own draft of a visit to this household; 0: there is none. */
enum rc home_visit_draft(struct session *session, struct dot household, uint64_t *draft,
                         struct err *err);

/* The second investigator, whose secret was right: session is his. RC_CONFLICT: he is in it. */
enum rc home_visit_join(struct filler *filler, struct session *session, struct err *err);

/* What the program says at the end of any draft of a visit: when it ended, and the hash of the
 * household's facts. Nothing for drafts of other forms. filler_finish calls it. */
enum rc home_visit_complete(struct filler *filler, struct err *err);

/* ---- a visit that is saved ---- */

struct home_visit_person {
    uint64_t person; /* 0: written by hand, nobody of this tablet */
    struct view name;
    char role; /* 'l' lead, 's' second, 0 */
    bool is_relative, signed_;
};

enum home_visit_facts { FACTS_UNKNOWN = 0, FACTS_SAME, FACTS_CHANGED };

struct home_visit {
    struct dot household, task; /* number 0: none */
    uint32_t people_count;
    struct home_visit_person people[HOME_VISIT_PEOPLE_MAX];
    bool named;    /* its investigators stand in it by their ids; else it was written by hand, and
                    * whoever signs is one */
    bool sealed;   /* at least one signature */
    bool complete; /* signed by HOME_VISIT_SIGNERS different investigators */
    uint8_t facts; /* enum home_visit_facts: whether the household is as it was */
};

/* RC_INVALID: not a visit. Texts borrow from the arena. */
enum rc home_visit_see(struct session *session, const struct seen *seen, struct arena *arena,
                       struct home_visit *out, struct err *err);

/* The signature of the session's person under a visit. The one that completes it also closes the
 * task (if somebody was there), in the same save. RC_DENIED: not one of its investigators, or a
 * near relative's. RC_CONFLICT: has signed already, or a conflict is open. */
enum rc home_visit_sign(struct session *session, struct dot visit, struct err *err);

/* Of a draft: whom it visits; number 0: it is no visit, or does not say. */
struct dot home_visit_household(struct filler *filler);

#endif
