/* gpsd.h: where the device is, as gpsd of this machine says: the door to the receiver, for tablets
 * and laptops that have one. One question over its socket on 127.0.0.1 (lines of JSON, as
 * gpsd_json(5) has them), bounded in time and bytes; nothing stays open. */
#ifndef YG_BASE_GPSD_H
#define YG_BASE_GPSD_H

#include "base/env.h"
#include "base/err.h"

#include <stdint.h>

#define GPSD_PORT         2947u
#define GPSD_WAIT_MS      3000 /* a receiver that knows where it is says so every second */
#define GPSD_NUMBER_BYTES 24u

/* Numbers as gpsd wrote them: WGS 84 degrees, metres. Empty: it did not say. */
struct gpsd_fix {
    char latitude[GPSD_NUMBER_BYTES], longitude[GPSD_NUMBER_BYTES];
    char altitude[GPSD_NUMBER_BYTES];
    char accuracy[GPSD_NUMBER_BYTES]; /* horizontal; the larger of two directions */
};

/* RC_NETWORK: nobody listens there, or it is not gpsd. RC_NOT_FOUND: no fix within the time (under
 * a roof, just switched on, no receiver). */
enum rc gpsd_ask(uint16_t port, const struct env *env, int64_t wait_ms, struct gpsd_fix *out,
                 struct err *err);

#endif
