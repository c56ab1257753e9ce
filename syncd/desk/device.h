/* device.h: the tablets, for who manages them: inviting, limiting, revoking, and what is known of
 * each. Commands (device_command.c) and the console's routes (console_device.c) call the same. */
#ifndef YG_SYNCD_DESK_DEVICE_H
#define YG_SYNCD_DESK_DEVICE_H

#include "syncd/desk/desk.h"
#include "syncd/sync/auth.h"

/* A code with which one tablet can enrol. The areas must lie in the county; they are granted as
 * they are in force. */
enum rc device_invite(struct seat *seat, const struct invitation *order, char code[CODE_TEXT_BYTES],
                      struct err *err);

struct scope_order {
    uint64_t device;
    bool revoke;    /* it syncs no more */
    bool wipe;      /* with revoke: and forgets what it holds, once nobody has it unlocked */
    bool as_before; /* no areas are given: those that it was granted before the county came back */
    const uint64_t *areas;
    uint32_t area_count;
    struct view reason;
};
/* The tablet learns it at its next sync; what waits in quarantine is judged again. RC_CONFLICT: it
 * is revoked already. */
enum rc device_set_scope(struct seat *seat, const struct scope_order *order, uint32_t *serial,
                         struct err *err);

struct device_facts {
    uint64_t pending; /* changes that it said it has and that have not come */
    uint64_t areas[LIMIT_AREAS];
    uint32_t area_count;
    bool alarm; /* it says that the county's history was changed (sync/alarm.h) */
    bool waits; /* it came back from before a restore and is to be confirmed (sync/recall.h) */
};
enum rc device_facts(struct seat *seat, const struct stored_device *device,
                     struct device_facts *out, struct err *err);

#endif
