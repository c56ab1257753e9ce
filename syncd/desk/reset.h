/* reset.h: four eyes over a new secret. Whoever resets somebody's secret knows the new one, and
 * with it could act in that person's name. So the person is told who did it and when, and until a
 * second one has confirmed that the right human has the secret, he reads, masked, and writes
 * nothing.
 *
 * Who can confirm: an administrator or county reviewer who has the person's areas, has come in
 * before with a secret that is his own, and is neither of the two. Where a county has nobody such
 * at the moment of the reset, nothing is waited for; the log says who did it all the same. */
#ifndef YG_SYNCD_DESK_RESET_H
#define YG_SYNCD_DESK_RESET_H

#include "syncd/desk/desk.h"

/* Whether he still waits for the second one. */
bool reset_waits(const struct stored_login *login);

/* In the writer: this login begins after a reset by somebody (0: the command line, whose owner
 * needs nobody's word). */
enum rc reset_note(struct work *work, const struct stored_person *person, uint64_t by,
                   struct stored_login *login, struct err *err);

/* The second pair of eyes; by 0: the command line. RC_CONFLICT: nothing waits; RC_DENIED: by is one
 * of the two, or may not. */
enum rc reset_confirm(struct seat *seat, uint64_t person, uint64_t by, struct view reason,
                      struct err *err);

#endif
