/* witness.h: the second pair of eyes over what an administrator gives: a secret (reset.h), rights
 * (grant.h). Alone he could act in somebody's name, or invent a colleague who decides.
 *
 * Who can be it: an administrator or county reviewer who has the areas in question, has come in
 * before with a secret that is his own and confirmed, and is neither the one who gives nor the one
 * who gets, under no name that these ever had. Where a county has nobody such at the moment of the
 * giving, nothing is waited for; the log says so (witness_missing).
 *
 * But nobody gets rid of the second pair of eyes first: once somebody who has come in as an
 * administrator or county reviewer was disabled, reset or given other rights (witness_touched),
 * what is given in this county always waits; where nobody is left who could confirm it, the command
 * line does. */
#ifndef YG_SYNCD_DESK_WITNESS_H
#define YG_SYNCD_DESK_WITNESS_H

#include "syncd/desk/desk.h"

/* What is to be confirmed. */
struct witness_matter {
    const struct stored_person *person; /* who gets it */
    uint64_t former;                    /* who he was before a reset; 0 */
    uint64_t by;                        /* who gives it */
    const uint64_t *areas;              /* that he is to get beside his own; may be NULL */
    uint32_t area_count;
};

#define WITNESS_SETTING "witness touched" /* when, in ms, 64 bits, little-endian */

/* Whether it is to wait: there is somebody in the county who could confirm it, or was. */
enum rc witness_find(struct work *work, const struct witness_matter *matter, bool *found,
                     struct err *err);
/* RC_DENIED: who confirms is one of the two, or may not. */
enum rc witness_check(struct work *work, const struct witness_matter *matter, uint64_t who,
                      struct err *err);
/* This person, as he was, is not what he was from now on. */
enum rc witness_touched(struct work *work, const struct stored_person *person, struct err *err);
/* One more act beside the one of this name: nobody has seen it but who did it. */
enum rc witness_missing(struct work *work, const char *who, const char *object, const char *action,
                        struct err *err);

#endif
