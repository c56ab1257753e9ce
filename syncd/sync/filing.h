/* filing.h: where changes go that have been judged: their frame into the log as it came, and what
 * was admitted of it into the feeds of the areas where its records live. */
#ifndef YG_SYNCD_SYNC_FILING_H
#define YG_SYNCD_SYNC_FILING_H

#include "syncd/sync/work.h"

struct fate {                    /* of one change of a frame */
    const struct change *change; /* as it is read: renamed, in a fork */
    uint8_t verdict;
    bool known;                       /* was committed before */
    const struct work_record *record; /* NULL: its content is erased */
};

/* Files a frame with its fates, one for each of its changes. Of as: the actor and the fork under
 * which it is read, times, carrier and bytes; the rest is set here. */
enum rc filing_frame(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     const struct stored_frame *as, struct err *err);
/* device: whose change it is, 0 the county's own. */
enum rc filing_quarantine(struct work *work, const struct change *change, uint64_t area,
                          uint8_t verdict, uint64_t device, struct err *err);

#endif
