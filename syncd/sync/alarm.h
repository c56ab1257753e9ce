/* alarm.h: a tablet says that this county's history does not go on from what the county had signed
 * before. The staff must know, whoever is to blame: the log says it for ever, and the list of
 * devices says it as long as this epoch lasts. */
#ifndef YG_SYNCD_SYNC_ALARM_H
#define YG_SYNCD_SYNC_ALARM_H

#include "schema/wire/exchange.h"
#include "syncd/sync/office.h"

/* Content of PART_ALARM, of a device whose hello was verified. What our feed does hold is no alarm,
 * and one that is known already is not written down a second time. */
enum rc alarm_take(const struct office *office, struct store *store, uint64_t device,
                   struct view content, struct arena *arena, struct err *err);
/* What we find ourselves when we look at what a tablet holds (log_head.h). */
enum rc alarm_note(const struct office *office, uint64_t device, const struct feed_alarm *alarm,
                   struct arena *arena, struct err *err);
/* Whether the device has raised one in this epoch. */
enum rc alarm_raised(const struct office *office, struct store *store, uint64_t device,
                     struct arena *arena, bool *out, struct err *err);

#endif
