/* scope.h: the scopes that a device has had. A withdrawal does not reach a tablet that is away: it
 * takes effect at the number that the tablet confirms with the new scope's serial. What was
 * written up to that number was written in good faith, and is judged by the scope that was then in
 * force; what is not proven to be earlier waits in quarantine, and is judged
 * again when the tablet confirms.
 *
 * Kept in the setting "scopes DEVICE", the last SCOPES_KEPT_MAX of them. */
#ifndef YG_SYNCD_SYNC_SCOPE_H
#define YG_SYNCD_SYNC_SCOPE_H

#include "syncd/sync/work.h"

#define SCOPES_KEPT_MAX         32u
#define SCOPE_SETTING_BYTES_MAX 32u

struct past_scope {
    uint32_t serial;
    bool revoked;
    uint64_t until_actor; /* 0: no successor has been confirmed yet, nothing is proven */
    uint64_t until;       /* in force up to this number of until_actor */
    uint32_t area_count;
    uint64_t *areas;
};

struct past_scopes {
    uint32_t count;
    struct past_scope *list; /* ascending by serial */
};

/* As this step of the writer sees them; none: count 0. Arrays in the work's arena. */
enum rc scope_past(struct work *work, uint64_t device, struct past_scopes *out, struct err *err);
/* To be called before the device's scope is replaced. */
enum rc scope_remember(struct work *work, const struct stored_device *before, struct err *err);
/* The device has applied the scope `serial` at number `at` of its actor. */
enum rc scope_confirmed(struct work *work, uint64_t device, uint32_t serial, uint64_t actor,
                        uint64_t at, struct err *err);
/* Whether change `number` of `actor` is proven to have been made under a former scope that held the
 * area: the first of them that was in force up to this number or a later one. (The serial that a
 * batch names says no more than its number does, and less after it was cut anew.) */
bool scope_allowed(const struct past_scopes *former, const struct succession *table, uint64_t actor,
                   uint64_t number, uint64_t area);

/* The setting itself; for a restore, which works without a writer. */
void scope_setting_name(uint64_t device, char out[SCOPE_SETTING_BYTES_MAX]);
void scope_setting_write(const struct past_scopes *former, struct buf *out);
enum rc scope_setting_read(struct view setting, struct arena *arena, struct past_scopes *out,
                           struct err *err);

#endif
