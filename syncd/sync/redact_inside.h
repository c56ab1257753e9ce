/* redact_inside.h: what redact.c and redact_cut.c share. Internal. */
#ifndef YG_SYNCD_SYNC_REDACT_INSIDE_H
#define YG_SYNCD_SYNC_REDACT_INSIDE_H

#include "base/file.h"
#include "syncd/sync/redact.h"

/* Takes the erasure (bytes, and the same decoded) out of the log and the feeds, and tells every
 * feed that has held the record, once. loaded: the record as this step knows it. */
enum rc redact_cut(struct work *work, struct dot record, struct view bytes,
                   const struct erasure *erasure, const struct work_record *loaded,
                   struct err *err);

/* redact_attachment.c: of the attachments that erased answers named, those that no answer of any
 * record names any more are erased, too: the store knows it with the commit, their files go after
 * it (attachment_sweep). state: of the record, erased. */
enum rc redact_attachments(struct work *work, struct dot record, const struct record *state,
                           struct err *err);

/* The file of redactions.h. */
enum rc redact_path(const struct office *office, char out[FILE_PATH_BYTES_MAX], struct err *err);

#endif
