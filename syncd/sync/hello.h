/* hello.h: what the county remembers of a device's hello: how far it has taken the feeds. With it a
 * bundle can be written for a tablet that has no network, from where that tablet is.
 *
 * Kept in the setting "cursors DEVICE", written when the device syncs with something to say and at
 * most every ten minutes otherwise (api.c). Too old is not wrong: the bundle is only larger. */
#ifndef YG_SYNCD_SYNC_HELLO_H
#define YG_SYNCD_SYNC_HELLO_H

#include "syncd/sync/work.h"

/* bundled: the hello has come in a bundle, perhaps after younger ones; it counts unless the
 * device's own clock says that it is older than what is remembered. *newest: it counted. */
enum rc hello_remember(struct work *work, const struct hello *hello, bool bundled, bool *newest,
                       struct err *err);
/* Fills device, epoch, form_position, wall_ms and cursors; RC_NOT_FOUND: nothing is known. Cursors
 * in the arena. */
enum rc hello_recall(struct store *store, uint64_t device, struct arena *arena, struct hello *out,
                     struct err *err);

#endif
