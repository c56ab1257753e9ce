/* auth.h: who is at the door. Enrolment by a one-time code, and nonces for hellos.
 *
 * A nonce is stateless: the hour in which it was given, the serial of the county's news (news.h)
 * that its answer told, and a mac over both and the device with the county's nonce key. It is good
 * for the same device for seven days: a tablet that comes back later pays one more request. Since a
 * tablet takes the nonce together with the rest of the answer or not at all, coming back with it
 * proves that it knows that news. */
#ifndef YG_SYNCD_SYNC_AUTH_H
#define YG_SYNCD_SYNC_AUTH_H

#include "base/http.h"
#include "syncd/sync/office.h"

void auth_nonce(const struct keys *keys, uint64_t device, int64_t now_ms, uint32_t news,
                uint8_t out[16]);
/* *news: what the device has been told; also when the nonce is ours but too old. 0: not ours. */
bool auth_nonce_good(const struct keys *keys, uint64_t device, int64_t now_ms,
                     const uint8_t nonce[16], uint32_t *news);

struct invitation {
    struct view device_name, person_name;
    uint8_t role;
    const uint64_t *areas;
    uint32_t area_count;
};

#define CODE_TEXT_BYTES 40u
#define CODE_HOURS      24

/* Makes a one-time code of 128 bits, good for 24 hours; only its hash is kept. */
enum rc auth_invite(const struct office *office, const struct invitation *invitation,
                    const char *who, char code[CODE_TEXT_BYTES], struct err *err);

/* POST /v1/enrol and GET /v1/keys; context is the office. */
enum rc auth_enrol(void *context, struct http_exchange *exchange, struct err *err);
enum rc auth_keys(void *context, struct http_exchange *exchange, struct err *err);

#endif
