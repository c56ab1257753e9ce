/* backup.h: the county into a file, and the proof that it is there.
 *
 * Writing a file proves nothing: disks lie, sticks are pulled out, copies are cut off. So the
 * watermark, up to which tablets may one day forget what they wrote, moves only when a copy has
 * been read back from where it is kept, every byte of it. */
#ifndef YG_SYNCD_SYNC_BACKUP_H
#define YG_SYNCD_SYNC_BACKUP_H

#include "syncd/sync/backup_file.h"
#include "syncd/sync/office.h"

/* Writes a backup of this moment to path while everything goes on. info->actors are in the arena.
 * RC_CONFLICT: path exists. RC_LOCKED: another backup is being made. */
enum rc backup_make(const struct office *office, const char *path, struct arena *arena,
                    struct backup_info *info, struct err *err);

/* Reads it back, checks everything, and moves the watermark to what it holds; *moved: whether any
 * actor's has moved. RC_CONFLICT: it is of another epoch, or holds what this county does not have:
 * it was made before the county was restored. */
enum rc backup_confirm(const struct office *office, const char *path, struct arena *arena,
                       struct backup_info *info, bool *moved, struct err *err);

#endif
