/* api.h: the web app of the tablet: pages, and the JSON API behind them, on 127.0.0.1 only.
 * docs/api.md says what it answers; the pages use nothing else.
 *
 * What keeps others out, in the order in which it is asked of a request:
 *
 *   Host        exactly 127.0.0.1:PORT or localhost:PORT, else 421: a name that was bent to our
 *               address gets nothing (DNS rebinding)
 *   Origin      ours where there is one; every write has it, or Sec-Fetch-Site: same-origin
 *   POST        the only way to write, with application/json (files: application/octet-stream),
 *               which no form of another page can send
 *   cookie      from /api/launch (launch.h), else 401
 *   seat        of the person who unlocked in this browser, else 401 "locked"
 *
 * Answers of the API are never stored; pages carry their hash and are asked for again. */
#ifndef YG_AGENT_FACE_API_H
#define YG_AGENT_FACE_API_H

#include "agent/face/face.h"

struct web;

/* The tablet of the face must be open. port 0: any free one. RC_NETWORK: the port is taken. */
enum rc web_start(struct face *face, const char *directory, uint16_t port, enum lang lang,
                  struct web **out, struct err *err);
uint16_t web_port(const struct web *web);
/* Waits for requests that are at work: do not hold the turn. NULL is allowed. */
void web_stop(struct web *web);

#endif
