/* attachment_backup.h: the contents of attachments in a folder that may lie anywhere, and the proof
 * that they are there.
 *
 * They are not in the county's backup, which would copy half a terabyte each time, but in a folder
 * of their own to which each run adds what it lacks. Each is encrypted under a key that follows
 * from the county's seed, as the backup is, and lies under a name that does not tell its hash. They
 * have a watermark of their own, each its own: it is set when the copy has been read back. Only
 * then tablets may one day forget theirs.
 *
 *   DIR/ab/NAME   NAME: the first 16 bytes of mac(backup key, "yg attachment name", hash), in
 *                 hexadecimal digits, of which ab are the first two. Content: the chunks
 *                 (ATTACHMENT_CHUNK_BYTES, the last one less), each locked (crypt_lock) with
 *                 mac(backup key, "yg attachment copy", hash) and associated data index (varint) */
#ifndef YG_SYNCD_SYNC_ATTACHMENT_BACKUP_H
#define YG_SYNCD_SYNC_ATTACHMENT_BACKUP_H

#include "syncd/sync/office.h"

struct attachment_copied {
    uint64_t done;    /* copied; confirmed for the first time; put back */
    uint64_t before;  /* were so already */
    uint64_t missing; /* not here (make), not in the folder (confirm, put back) */
    uint64_t damaged; /* left out; each is in the log, too */
};

/* Adds to the folder what is here and not there, and removes from it what was erased by law. A copy
 * that is there is not looked at. */
enum rc attachment_backup_make(const struct office *office, const char *folder,
                               struct attachment_copied *report, struct err *err);
/* Reads every copy that is not known to be good, and sets its watermark. */
enum rc attachment_backup_confirm(const struct office *office, const char *folder,
                                  struct attachment_copied *report, struct err *err);
/* After a restore: brings back what the store says was received and is not here. */
enum rc attachment_backup_restore(const struct office *office, const char *folder,
                                  struct attachment_copied *report, struct err *err);

#endif
