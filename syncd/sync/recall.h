/* recall.h: a tablet that this county does not know, because it was enrolled after the backup from
 * which the county came back. It shows its credential (schema/wire/credential.h).
 *
 * It is known again at once, with the people on it, so that nothing it has is refused; but it is
 * granted nothing: what it sends waits in quarantine, and it is told nothing of others, until staff
 * grant its areas again (`device scope`) or revoke it. For it may have been lost or revoked in the
 * days that the county has forgotten. */
#ifndef YG_SYNCD_SYNC_RECALL_H
#define YG_SYNCD_SYNC_RECALL_H

#include "schema/wire/credential.h"
#include "syncd/sync/office.h"

/* What the county certifies of a device, which it would show to a county that does not know it any
 * more: adds PART_CREDENTIAL to out. Nothing to one that is revoked, or waits for staff. */
enum rc recall_certify(const struct office *office, struct store *store,
                       const struct stored_device *device, struct arena *arena, struct buf *out,
                       struct err *err);

/* The device of a hello, out of the part that follows it. RC_DENIED: there is no credential, or it
 * is of another device. Nothing is stored yet; *content is what recall_store wants. */
enum rc recall_read(const struct office *office, struct reader parts, const struct hello *hello,
                    struct arena *arena, struct stored_device *out, struct view *content,
                    struct err *err);
/* Stores device and people, and tells staff, once the device has proven that it is here now. */
enum rc recall_store(const struct office *office, const struct stored_device *device,
                     struct view content, struct err *err);

/* Whether it waits for staff; then the areas that it was granted once, in the arena. */
bool recall_waits(const struct stored_device *device);
enum rc recall_areas(const struct office *office, struct store *store,
                     const struct stored_device *device, struct arena *arena, uint64_t **areas,
                     uint32_t *count, struct err *err);

#endif
