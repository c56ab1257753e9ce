/* quarantine.h: what becomes of changes that were kept aside. They are never dropped: staff release
 * or return them, or they are judged again by themselves when what stood against them has changed:
 * a tablet confirms its scope, a person becomes known, a scope is widened, a form is published.
 *
 * Who releases a change vouches for where it was made, by whom, and that the value is meant. How a
 * decision is made (four eyes, signatures, seals) is nothing that one member of staff may waive:
 * such a change can only be returned, and its author does it again in the right way.
 *
 * A released change is merged now, at the time at which it was made, and enters the feeds of its
 * record's areas in a frame that is cut anew from the log. */
#ifndef YG_SYNCD_SYNC_QUARANTINE_H
#define YG_SYNCD_SYNC_QUARANTINE_H

#include "syncd/sync/office.h"

struct quarantine_request {
    const struct dot *dots;
    uint32_t count;
    bool release; /* else: return */
    const char *who;
    struct view reason;
    const uint64_t *areas; /* where this person may decide */
    uint32_t area_count;
};

/* All of them or none. RC_NOT_FOUND: one does not wait in quarantine. RC_DENIED: lies outside of
 * the areas, or cannot be released; the message says why. For office_act: context is the request.
 */
enum rc quarantine_settle_act(void *context, struct work *work, struct err *err);

/* Judges again what waits: of one device, or 0 all. In portions, each committed by itself, so that
 * a long list holds nobody up. What cannot be read stays where it is. */
enum rc quarantine_rejudge(const struct office *office, uint64_t device, uint32_t *admitted,
                           struct err *err);

/* A change that was in a feed which the county had signed before it was restored from a backup. */
struct proven_change {
    struct dot dot;
    uint8_t leaf[32];
};
/* Admits those of the list that are kept aside, whether they wait or were returned since: its
 * author may do less now than when the county admitted it. One with another leaf is another change,
 * of a copy of the tablet, and stays where it is. Within a step of the writer. */
enum rc quarantine_prove(struct work *work, const struct proven_change *list, uint32_t count,
                         uint32_t *admitted, struct err *err);

/* The reason with which a change was returned; RC_NOT_FOUND. */
enum rc quarantine_reason(struct store *store, struct dot dot, struct arena *arena,
                          struct view *reason, struct err *err);

#endif
