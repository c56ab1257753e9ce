/* area.h: the county's table of areas that were merged, got another code or another name
 * (schema/succession.h): kept in the setting "areas", read by every ledger, told to every tablet
 * as news.
 *
 * An act is in force when it is committed. The records of a code that was given up then enter the
 * feed of the code in force whole, and leave the old one, in portions; being killed in between only
 * leaves the rest for later (area_move). */
#ifndef YG_SYNCD_SYNC_AREA_H
#define YG_SYNCD_SYNC_AREA_H

#include "syncd/sync/office.h"

struct area_request {
    const struct area_act *acts; /* at_ms is set here */
    uint32_t count;
    struct view reason;
};

/* To be run in the writer (office_act); context is a struct area_request. Adds the acts to the
 * table, all or none, and to the staff log. RC_INVALID: as succession_check says. RC_CONFLICT: a
 * new code has records already, or two areas beneath would fall together. */
enum rc area_act(void *context, struct work *work, struct err *err);

/* Brings the records that stand under codes given up to those in force; *moved counts them. */
enum rc area_move(const struct office *office, uint32_t *moved, struct err *err);
/* Whether any stands there: a disk may have failed in between. Costs a look at each act. */
enum rc area_left(const struct ledger *ledger, bool *left, struct err *err);

/* PART_AREAS of an answer with this nonce. */
enum rc area_tell(const struct ledger *ledger, const uint8_t nonce[16],
                  const uint8_t county_secret[64], struct buf *out, struct err *err);
/* Whether this person works where the device does. */
bool area_meets(const struct ledger *ledger, const struct stored_person *person,
                const struct scope *scope);

#endif
