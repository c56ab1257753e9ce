/* grant.h: four eyes over rights. An administrator who alone gave somebody a role that decides, or
 * more areas, could have his own decisions made. So what is taken away is gone at once, and what is
 * given waits until a second one (witness.h) has confirmed it; until then the person goes on with
 * what he had of it. Somebody who is moved, to a role of another kind or to areas none of which he
 * has, keeps his former role, or areas, until then; whoever must stop at once is disabled. Letting
 * in again who was disabled gives him all his rights, and waits likewise.
 *
 * One grant waits for each person: the next one takes its place, since it says all of his rights
 * anew. What gives nothing ends it. */
#ifndef YG_SYNCD_DESK_GRANT_H
#define YG_SYNCD_DESK_GRANT_H

#include "syncd/desk/desk.h"

bool grant_waits(const struct stored_login *login);

/* In the writer: person is to have this role and these areas, by the word of `by` (0: the command
 * line, whose owner needs nobody's); enables: to be let in again, else he stays disabled if he is.
 * person becomes what he is meanwhile, login.grant what waits, if anything does. is_alone: it gave
 * something, and nobody could confirm it. The caller puts both rows. */
struct grant_order {
    uint64_t by;
    uint8_t role;
    bool enables;
    const uint64_t *areas;
    uint32_t area_count;
};
enum rc grant_note(struct work *work, const struct grant_order *order, struct stored_person *person,
                   struct stored_login *login, bool *is_alone, struct err *err);

/* The second pair of eyes; by 0: the command line. at_ms: of the grant that was seen; another one
 * may wait by now. The person's sessions end, and what was kept aside is judged again.
 * RC_CONFLICT: none waits, not this one, or another user has the name by now; RC_DENIED: by is one
 * of the two, or may not. */
enum rc grant_confirm(struct seat *seat, uint64_t person, uint64_t by, int64_t at_ms,
                      struct view reason, struct err *err);

/* "county 430626,430627", with ": " and the reason behind it, if there is one: for the log. */
void grant_text(enum role role, const uint64_t *areas, uint32_t area_count, struct view reason,
                struct buf *out);

#endif
