/* resolve.h: somebody of the staff answers an open question of a record; the command (and the
 * console) say who and what, this makes the answer.
 *
 * What he saw is read first, outside of the writer; the answer is made inside, against the state as
 * it is then. Between the two the question is the same only if every side is: otherwise the record
 * has moved on, and nothing is decided: RC_CONFLICT. The answer is a change like any other, by the
 * county's own actor, in the person's name and with his signature, and an act in the staff log. */
#ifndef YG_SYNCD_DESK_RESOLVE_H
#define YG_SYNCD_DESK_RESOLVE_H

#include "schema/resolution.h"
#include "syncd/desk/desk.h"

struct resolve_order {
    const char *record; /* its id */
    const char *path;   /* of the question, as `show` has it */
    enum resolution answer;
    /* KEEP: the dot of a side. VALUE: the value, "remove" of a removal, and of what is decided
     * together {"field": "value", ...}. SAME, DIFFER: NULL, or "=ID" and "!ID" of which one. */
    const char *text;
    /* KEEP in an instance of a repeat: each other side becomes an instance of its own, with
     * everything else as it is in this one. RC_INVALID where there is no such instance. */
    bool both;
    bool has_position; /* what the person saw; RC_CONFLICT when the record has moved on since */
    uint64_t position;
    struct view reason; /* never empty */
};

struct resolved {
    struct dot record; /* whose change it is: of a pair, the younger */
    struct dot made;
};

/* RC_NOT_FOUND: no such record or question. RC_DENIED: the person wrote one side (four eyes), or
 * his role or area is another one. who: for the log. */
enum rc resolve_record(struct seat *seat, const struct resolve_order *order,
                       const struct staff *staff, const char *who, struct resolved *out,
                       struct err *err);

/* What the record would read as after the answer; nothing is written. In the seat's arena. The
 * staff's grants are not asked. RC_UNSUPPORTED: an answer that changes no value (the same as
 * another record, accepted as it is), or that makes new instances (both). */
enum rc resolve_try(struct seat *seat, const struct resolve_order *order, struct seen_record *out,
                    struct err *err);

#endif
