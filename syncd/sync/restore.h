/* restore.h: a county out of a backup. It is the old county, by its keys, but not in its old life:
 * tablets may know more of it than it does itself. So it begins a new epoch, larger than any it
 * had; its own actors begin anew, lest they give numbers a second time; every device's scope gets a
 * new serial, for the same reason. What the law has erased since the backup is erased again, as the
 * file DIRECTORY/redactions says (redactions.h). Tablets notice the epoch and send again what it
 * lacks. */
#ifndef YG_SYNCD_SYNC_RESTORE_H
#define YG_SYNCD_SYNC_RESTORE_H

#include "syncd/sync/backup_file.h"

struct restore_options {
    const char *backup;
    const char *directory; /* of the new county; without a database. Its keys are used, unless... */
    const char *first_half, *second_half; /* ... these are given: the keys are made from them */
    const struct env *env;
};

/* RC_CONFLICT: there is a county already. Otherwise as backup_file_read; after a failure there is
 * none. info->actors are in the arena. *epoch: the new one. */
enum rc restore_county(const struct restore_options *options, struct arena *arena,
                       struct backup_info *info, uint32_t *epoch, struct err *err);

#endif
