/* redact.h: the law's erasure, in the county: the one act that changes what was written.
 *
 * An erasure (schema/erasure.h) is taken out of
 *   - the log: frames with a change that it names are written anew, and so is every other frame
 * that holds the secret of the same run of salts;
 *   - the feeds: frames that were cut for them, states with which a record entered. Positions and
 *     chains stay; an entry of kind FEED_REDACT tells the tablets;
 *   - snapshots: those that hold the record are dropped;
 *   - the record: state, title, keys, conflicts;
 *   - attachments that an erased answer named and no other answer names (redact_attachment.c);
 *   - the files of the store (store_scrub).
 * What stays, for good, is the erasure itself: in the record's state, in the staff log, and in a
 * signed file beside the database (redactions.h) that no restore of an older backup takes back.
 *
 * Costs a walk over the log and the feeds and a rewriting of the database: it is rare. */
#ifndef YG_SYNCD_SYNC_REDACT_H
#define YG_SYNCD_SYNC_REDACT_H

#include "schema/erasure.h"
#include "syncd/sync/office.h"

struct redaction {
    struct dot record;
    struct view who;     /* at most LIMIT_NAME_BYTES */
    struct view reason;  /* at most LIMIT_ERASURE_REASON_BYTES */
    const char *what;    /* the field's path as somebody gave it; NULL: the whole record */
    uint32_t cell_count; /* 0: every field */
    const struct erased_cell *cells;
    uint32_t change_count; /* result: changes in which something was erased; 0: nothing was left */
};

/* An act for office_act. context is a struct redaction. Writes the file first, commits, scrubs.
 * With nothing left to erase it only scrubs, so it may be repeated. RC_NOT_FOUND: no such record.
 * RC_AGAIN: everything is erased, but a reader still stands in the old view of the database. */
struct redact_order {
    struct redaction *redaction;
    const struct office *office;
};
enum rc redact_act(void *context, struct work *work, struct err *err);

/* Applies an erasure that was ordered before, of whose record anything may be known here, or
 * nothing: then it waits (redact_waiting). *news: it was not in force yet. */
enum rc redact_again(struct work *work, struct dot record, struct view erasure, bool *news,
                     struct err *err);

struct fate;

/* The frame as it is filed: *out is *frame and *bytes are as->bytes, unless it holds the secret of
 * a run in which something was erased, here or in another life of this county. Then it is written
 * anew, without what the erasures in the states of its records name. What was judged and merged was
 * the frame as it came. */
enum rc redact_filed(struct work *work, const struct frame *frame, const struct fate *const *fates,
                     const struct stored_frame *as, struct frame *out, struct view *bytes,
                     struct err *err);

/* This step has come to know that an actor is a copy of another. Of the runs in which something of
 * the copy was erased the other's frames may not keep the secret either: they are the same. */
enum rc redact_kin(struct work *work, struct err *err);

/* After a restore: applies all that DIRECTORY/redactions (path) says; *applied counts those that
 * the backup did not know. Takes the store over, open for writing, and closes it. */
enum rc redact_restored(struct store *store, const struct keys *keys, const struct env *env,
                        const char *path, struct arena *arena, uint32_t *applied, struct err *err);

/* An erasure that a tablet has carried back, in a piece of a feed that the county had signed: when
 * the file was lost with the county, this is how it still hears of it. Nothing happens if it is in
 * force. */
enum rc redact_carried(const struct office *office, struct dot record, struct view erasure,
                       struct err *err);

/* What has been erased of a record that this step brings is told in the feed into which its changes
 * go, behind them: who has them whole, or takes them from there, does not know it from anywhere
 * else. Nothing happens with a record that was here. */
enum rc redact_tell(struct work *work, const struct work_record *record, uint64_t area,
                    uint8_t audience, struct err *err);

/* Adds to the state of a record that is new here what has been erased of it in another life of this
 * county. */
enum rc redact_waiting(struct work *work, struct dot record, struct record *state, struct err *err);

#endif
