/* attachment_told.h: which attachments a tablet has offered in bundles, so that the bundle that is
 * written for it can say what has come of them.
 *
 * Kept in the setting "attachments DEVICE", the last TOLD_MAX of them; what a tablet does not know
 * any more it passes over. */
#ifndef YG_SYNCD_SYNC_ATTACHMENT_TOLD_H
#define YG_SYNCD_SYNC_ATTACHMENT_TOLD_H

#include "schema/wire/attachment.h"
#include "syncd/sync/office.h"
#include "syncd/sync/work.h"

#define TOLD_MAX 2000u

struct told_name {
    uint8_t name[ATTACHMENT_NAME_BYTES]; /* of the label */
    uint8_t hash[32];                    /* of the content */
};

/* Inside a step of the writer. */
enum rc told_remember(struct work *work, uint64_t device, const struct told_name *names,
                      uint32_t count, struct err *err);
/* Adds the body of an answer (schema/wire/attachment.h) with what is here now, or nothing when
 * nothing is. */
enum rc told_recall(const struct office *office, struct store *store, uint64_t device,
                    struct arena *arena, struct buf *out, struct err *err);

#endif
