/* totp.h: codes that a telephone and a server know for half a minute: RFC 6238 with what all its
 * programs take, HMAC-SHA-1, 30 seconds, 6 digits. */
#ifndef YG_BASE_TOTP_H
#define YG_BASE_TOTP_H

#include "base/buf.h"

#define TOTP_SECRET_BYTES 20u
#define TOTP_STEP_MS      30000
#define TOTP_CODE_DIGITS  6u

/* The code of a step (time in ms / TOTP_STEP_MS), as 0 to 999,999. */
uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], uint64_t step);
/* Whether these digits are the code of now, of the step before or of the one after, for clocks that
 * differ; spaces between them do not count. *step: which one, so that none is taken twice: a step
 * up to `used` does not fit. */
bool totp_fits(const uint8_t secret[TOTP_SECRET_BYTES], struct view digits, int64_t now_ms,
               uint64_t used, uint64_t *step);
/* Appends the secret as people type it into a telephone: base 32, without padding. */
void totp_base32(const uint8_t *bytes, size_t size, struct buf *out);

#endif
