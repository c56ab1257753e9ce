/* reset.h: four eyes over a secret. Whoever makes somebody's secret, of a new one or after a reset,
 * knows it, and with it could act in that person's name; and whoever adds somebody could invent
 * him. So the person is told who did it and when, and until a second one (witness.h) has confirmed
 * that the right human has the secret, he reads, masked, writes nothing and takes nothing away. */
#ifndef YG_SYNCD_DESK_RESET_H
#define YG_SYNCD_DESK_RESET_H

#include "syncd/desk/desk.h"

/* Whether he still waits for the second one. */
bool reset_waits(const struct stored_login *login);

/* In the writer: this login begins with a secret that somebody made (0: the command line, whose
 * owner needs nobody's word). */
enum rc reset_note(struct work *work, const struct stored_person *person, uint64_t by,
                   struct stored_login *login, struct err *err);

/* The second pair of eyes; by 0: the command line. RC_CONFLICT: nothing waits; RC_DENIED: by is one
 * of the two, or may not. */
enum rc reset_confirm(struct seat *seat, uint64_t person, uint64_t by, struct view reason,
                      struct err *err);

#endif
