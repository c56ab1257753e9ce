/* examine.h: the forms' constraints over merged records (schema/form/rules.h), without slowing down
 * whoever brings them.
 *
 * To run the constraints of a record takes about ten times as long as to merge a new one. So a step
 * of the writer runs only those of a few records, in which somebody's change has met that of
 * somebody else. For the rest it keeps what was known of the record, and the examiner looks after
 * the commit: it follows the log, frame by frame, and remembers how far it has come in the setting
 * "examined", in the same commit as what it has found. Whoever is killed goes on from there,
 * nothing is looked for in vain, and what comes in pays nothing.
 *
 * The setting: varint serial of the last frame that was examined whole, varint number of changes of
 * the one behind it that have been. Without it, nothing has been. */
#ifndef YG_SYNCD_SYNC_EXAMINE_H
#define YG_SYNCD_SYNC_EXAMINE_H

#include "syncd/sync/office.h"

#define EXAMINE_CHANGES_MAX 512u /* of one portion */

/* The next changes of the log, at most so many (1 to EXAMINE_CHANGES_MAX). Reads and computes
 * outside of the writer, writes in one act. *more: there was something, so ask again. */
enum rc examine_portion(const struct office *office, uint32_t most, bool *more, struct err *err);

struct examined {
    uint64_t serial;
    uint32_t changes;
};
enum rc examine_position(struct store *store, struct examined *out, struct err *err);
/* Whether the examiner has yet to see it. */
bool examine_is_ahead(const struct examined *examined, const struct stored_change *change);

/* Adds to the reading of a stored record what is known of it: nothing is run, so it is cheap, and
 * says as much as the list of conflicts does. */
enum rc examine_known(struct store *store, struct dot record, struct reading *reading,
                      struct arena *arena, struct err *err);

/* In the writer: everything is examined again, from the beginning. */
enum rc examine_again(struct work *work, struct err *err);
/* In the writer, at the end of a step: adds to a touched record's reading the constraints that are
 * known to be broken. */
enum rc examine_settle(struct work *work, struct work_record *record, struct reading *reading,
                       struct err *err);

#endif
