/* attachment_pull.h: attachments go to a tablet that asks for one of them: POST
 * /v1/attachments/pull. It gets what a record names that lies in its areas, and nothing else; of
 * anything else it is not told whether it exists. */
#ifndef YG_SYNCD_SYNC_ATTACHMENT_PULL_H
#define YG_SYNCD_SYNC_ATTACHMENT_PULL_H

#include "base/http.h"
#include "syncd/sync/office.h"

/* status: of HTTP; 401 without a body when the nonce is too old. */
enum rc attachment_pull(const struct office *office, struct view body, struct buf *answer,
                        unsigned *status, struct err *err);
/* The same for the table of routes; context is the office. */
enum rc attachment_pull_handler(void *context, struct http_exchange *exchange, struct err *err);

#endif
