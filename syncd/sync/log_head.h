/* log_head.h: the head of the staff log, which tablets keep.
 *
 * What the staff did is a chain (schema/audit/audit.h). Tablets do not get it, but its head: in
 * cursors, heads and alarms it stands as a feed of area 0 and audience 0, whose position is the
 * serial of the newest act. A tablet says which head it holds; where this county's log has another
 * chain there, or does not reach that far, somebody has changed the log or put an older one in its
 * place: it is written down as an alarm (alarm.h). A tablet raises one, too, when a head that it is
 * given lies behind the one it holds. */
#ifndef YG_SYNCD_SYNC_LOG_HEAD_H
#define YG_SYNCD_SYNC_LOG_HEAD_H

#include "schema/wire/exchange.h"
#include "syncd/sync/office.h"

/* The chain after the act of this serial; 0 is 32 zeros. RC_NOT_FOUND, err then clear: there is no
 * such act. */
enum rc log_chain_at(struct store *store, uint64_t serial, uint8_t out[32], struct err *err);
/* The newest act. */
enum rc log_head(struct store *store, struct feed_head *out, struct err *err);

/* Compares what the tablet holds, if its hello says so, and adds our head to the answer if it is
 * another. A hello without such a cursor is of a client that does not keep it. */
enum rc log_head_give(const struct office *office, struct store *store, const struct hello *hello,
                      struct arena *arena, struct answer *answer, struct err *err);

#endif
