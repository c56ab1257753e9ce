/* marks.h: up to where each feed is in a backup that was read back. The watermark of an actor
 * (news.h) lets its tablet forget its own changes; these marks let every tablet forget what it
 * keeps of others (schema/wire/slice.h). Both move together, and are told with the county's news.
 */
#ifndef YG_SYNCD_SYNC_MARKS_H
#define YG_SYNCD_SYNC_MARKS_H

#include "syncd/sync/backup_file.h"
#include "syncd/sync/work.h"

/* Moves them; nothing goes back. feeds sorted by area, then audience. Raises the news if anything
 * moved. */
enum rc marks_move(struct work *work, const struct backup_feed *feeds, uint32_t count,
                   struct err *err);
/* Fills answer->marks with those of the feeds in scope; in the arena. */
enum rc marks_of(struct ledger *ledger, const struct scope *scope, struct arena *arena,
                 struct answer *answer, struct err *err);

#endif
