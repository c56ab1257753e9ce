/* forget.h: a tablet that somebody has unlocked obeys the county's order to forget. */
#ifndef YG_TESTS_SIM_FORGET_H
#define YG_TESTS_SIM_FORGET_H

#include "agent/store/session.h"

/* As agent/face does: *session is closed and set to NULL, unless the disk refuses. Nothing when
 * there is no such order. */
enum rc forget_ordered(struct tablet *tablet, struct session **session, struct err *err);

#define FORGET_KEYS_BYTES 32u
/* The beginning of this person's keys as his secret wraps them: what must not be left. false: they
 * cannot be read now. */
bool forget_keys(struct tablet *tablet, const char *person, uint8_t out[FORGET_KEYS_BYTES]);

#endif
