/* redactions.h: the file DIRECTORY/redactions: every erasure that this county has ordered.
 *
 * It lies beside the database and is in no backup: whoever restores an older backup has the
 * erasures made since applied again (restore.h). It holds no content, only names of changes and
 * fields, who, when and why. It is only ever added to:
 *
 *   magic     8 bytes "YGERASE1"
 *   entries   each: size (varint), then
 *               record    id, varint
 *               erasure   erasure_encode, to the end
 *             chain       32 bytes: hash("yg redaction", chain before || content); 32 zeros before
 *             signature   64 bytes: sign("yg redaction", chain) with the county's key
 *
 * An entry that a crash cut off at the end counts as not written. */
#ifndef YG_SYNCD_SYNC_REDACTIONS_H
#define YG_SYNCD_SYNC_REDACTIONS_H

#include "base/arena.h"
#include "schema/id.h"
#include "syncd/sync/keys.h"

#define REDACTIONS_BYTES_MAX (64u * 1024u * 1024u)

struct ordered_redaction {
    struct dot record;
    struct view erasure;
};

/* *out in the arena; 0 of them when there is no file. RC_CORRUPT, RC_DENIED: the chain or a
 * signature does not fit. */
enum rc redactions_read(const char *path, const struct keys *keys, struct arena *arena,
                        struct ordered_redaction **out, uint32_t *count, struct err *err);
/* Durable before it returns; nothing happens if it stands there already. */
enum rc redactions_add(const char *path, const struct keys *keys, struct dot record,
                       struct view erasure, struct err *err);

#endif
