/* webapi.h: what the pages of both programs and the JSON APIs behind them share: who may ask, what
 * a request says, what it is answered, and the files of the pages. Each program keeps its own table
 * of routes, its own idea of who somebody is, and its own words where a mend differs.
 *
 * What keeps other pages out, whatever the browser's own cookie rules do:
 *
 *   Origin           ours, where there is one
 *   Sec-Fetch-Site   same-origin for every write, or, in browsers without it, an Origin
 *   POST             the only way to write, with application/json (files:
 *                    application/octet-stream), which no form of another page can send
 *
 * Refusals are made with webapi_refuse: a status, a short word for programs, a sentence for people.
 */
#ifndef YG_BASE_WEBAPI_H
#define YG_BASE_WEBAPI_H

#include "base/asset.h"
#include "base/http.h"
#include "base/json.h"

/* ---- who may ask ---- */

/* Makes the refusal of err: {"error": code, "message": ...}. Returns err->rc. */
enum rc webapi_refuse(struct http_exchange *exchange, unsigned status, const char *code,
                      struct err *err);
/* 403 "origin" for a request of another page; scheme is "http" or "https", the rest of what Origin
 * must say is the request's Host, which the caller has checked. is_page: something that a link may
 * lead to; only a foreign Origin is refused. */
enum rc webapi_check_origin(struct http_exchange *exchange, const char *scheme, bool is_write,
                            bool is_page, struct err *err);
/* 415 "content_type" unless Content-Type is this one; parameters behind it do not count. */
enum rc webapi_check_type(struct http_exchange *exchange, const char *wanted, struct err *err);
/* "a=1; name=0123": the value; empty when there is none. */
struct view webapi_cookie(const struct http_request *request, const char *name);

/* The headers of every answer: nothing is kept, nothing is loaded from elsewhere, nothing is
 * framed. A header that is there already stays. permissions: of Permissions-Policy. */
void webapi_harden(struct http_response *response, const char *permissions);
/* One header, unless it is there. */
void webapi_header(struct http_response *response, const char *name, const char *value);

/* ---- what a request says ---- */

/* The body as one JSON object; an empty body is {}. */
enum rc webapi_read(const struct http_request *request, struct json_limits limits,
                    struct json **body, struct err *err);
/* The :name of the route; "" when there is none. */
const char *webapi_param(const struct http_request *request, const char *name);
/* A text of the body; NULL when it is missing. RC_INVALID: it is no text. */
enum rc webapi_text(const struct json *body, const char *key, const char **out, struct err *err);
/* The same, and it must be there and say something. */
enum rc webapi_need(const struct json *body, const char *key, const char **out, struct err *err);
/* Appends a parameter of the query or, where there is a body, of that; nothing when it is missing.
 */
enum rc webapi_filter(const struct http_request *request, const struct json *body, const char *key,
                      struct buf *out, struct err *err);
/* A number of the same; otherwise when it is missing. */
enum rc webapi_number(const struct http_request *request, const struct json *body, const char *key,
                      uint64_t most, uint64_t otherwise, uint64_t *out, struct err *err);

/* ---- what it is answered ---- */

/* Prints the document as the answer and frees it; NULL is RC_NO_MEMORY. */
enum rc webapi_reply(struct http_response *response, struct json *document, struct err *err);
/* As http_status_of, but RC_AGAIN is 429: whoever asks is to wait. */
unsigned webapi_status(enum rc rc);

/* ---- pages ---- */

/* A file of the table. A name stands for itself and nothing else, so there is no directory to climb
 * out of; "NAME.gz" beside "NAME" is the same, packed, for whoever takes gzip. A path without a dot
 * is a place inside the app: index.html. Files carry their hash and are asked for again. */
enum rc webapi_page(const struct asset_table *table, struct http_exchange *exchange,
                    struct err *err);

#endif
