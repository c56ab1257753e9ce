/* link_http.h: what enrolment needs of the real link beside sync.h. */
#ifndef YG_AGENT_SYNC_LINK_HTTP_H
#define YG_AGENT_SYNC_LINK_HTTP_H

#include "agent/sync/sync.h"
#include "base/httpc.h"

/* Without pins, for the enrolment's first look: who is there is proven by the code, which both
 * sides know and which never travels. */
enum rc link_http_first(struct view server, struct link_http **out, struct err *err);

#endif
