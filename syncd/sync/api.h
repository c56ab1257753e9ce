/* api.h: the tablets' door: POST /v1/sync, POST /v1/enrol, GET /v1/keys, GET /v1/health.
 *
 * An exchange: open the parts, find the device, check that it signed the hello over a nonce of
 * ours, ingest its batches, hand them to the writer, and answer with receipts and with what the
 * feeds hold for it. A bad nonce is answered with 401 and a fresh one; nothing was done then. */
#ifndef YG_SYNCD_SYNC_API_H
#define YG_SYNCD_SYNC_API_H

#include "base/http.h"
#include "syncd/sync/office.h"

/* The routes; their context is a struct office. */
extern const struct http_route api_routes[];
extern const size_t api_route_count;

/* The exchange itself, without HTTP: *status is 200, 401 (answer holds the nonce), 403.
 * The gate (gate.h) stands before it. */
enum rc api_exchange(const struct office *office, struct view body, struct buf *answer,
                     unsigned *status, struct err *err);

/* What the writer notes of a device's hello. now_ms: when it came; NULL: in a bundle, whose way
 * here says nothing about clocks, and which may be older than what is known. To be called in the
 * writer, before the batches that came with it. */
enum rc api_note_hello(struct work *work, const struct hello *hello, const int64_t *now_ms,
                       struct err *err);

#endif
