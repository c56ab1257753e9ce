/* replay.h: what came before anybody here could understand it. A change of a form that is not
 * published is stored, merged and forwarded like any other, since merge needs no form; but title,
 * conflicts, keys and the list of its form wait. When the form is published, those records are read
 * anew. */
#ifndef YG_SYNCD_SYNC_REPLAY_H
#define YG_SYNCD_SYNC_REPLAY_H

#include "syncd/sync/office.h"

/* Reads all records without a known form again, in portions; *understood counts those that have
 * one now. */
enum rc replay_unknown(const struct office *office, uint32_t *understood, struct err *err);

#endif
