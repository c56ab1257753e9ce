/* console.h: the county's console: pages for the staff, and the JSON API behind them, on a listener
 * of its own. docs/console.md says what it answers; the pages use nothing else.
 *
 * What keeps others out, in the order in which it is asked of a request:
 *
 *   Host         one of ours: loopback names without TLS, --console-name where it is given; else
 * 421 Origin       webapi.h: no other page may write, or read session      login.h: a cookie with a
 * token, else 401 "login"; at an early stage only the routes that lead on, else 403 "stage" role of
 * the person, in the route's mask, else 403 "role" areas        of the person: handlers see and
 * change nothing that lies outside of call->areas
 *
 * Separation of duties is in the masks: who manages people and tablets (BY_MANAGERS) decides
 * nothing and sees no household; who audits writes nothing; who decides manages nobody.
 *
 * To add a route:
 *   1. a handler in a console_*.c: enum rc console_thing(struct console_call *call, struct err
 * *err); errors become statuses by themselves (webapi_status); answer with console_reply
 *   2. its line below, and its row in console_routes (console.c): method, pattern, cap of the body,
 *      who may, flags
 *   3. areas: lists are filtered by call->areas (console_holds), what is named in the request is
 *      checked by console_need_area
 *   4. every write is an act in the staff log, in the same step of the writer: work_act with
 *      call->seat.who; so is revealing and exporting
 *   5. its row in tests/e2e/test_console_api.mjs (the matrix of roles fails without), and in
 *      docs/console.md
 *
 * To add a page: syncd/desk/web/THING.mjs exports a component that is given {words, shared}; its
 * row in PAGES of app.mjs says who sees it in the navigation; its Chinese in
 * web/words/zh_THING.mjs. */
#ifndef YG_SYNCD_DESK_CONSOLE_H
#define YG_SYNCD_DESK_CONSOLE_H

#include "base/webapi.h"
#include "syncd/desk/form_shelf.h"
#include "syncd/desk/token.h"

enum {
    CONSOLE_PAGE = 1,     /* a file of the pages: no session */
    CONSOLE_OPEN = 2,     /* of the API, without a session: login */
    CONSOLE_EARLY = 4,    /* also before the last stage of the login */
    CONSOLE_QUIET = 8,    /* asked by the page itself now and then: does not count as use */
    CONSOLE_FILE = 16,    /* the body is a file, not JSON */
    CONSOLE_READS = 32,   /* a POST that changes nothing: a search, a look behind a mask */
    CONSOLE_REVEALS = 64, /* a look behind the mask */
    CONSOLE_OWN = 128,    /* a write that is about oneself only */
    CONSOLE_TAKES = 8192, /* a file to take away */
    /* Which tokens of programs come in (token.h); none of these: none. */
    FOR_TOKENS = 256, /* any */
    FOR_READING = 512,
    FOR_EXPORT = 1024,
    FOR_AUDIT = 2048,
    FOR_MANAGING = 4096,
};

#define BY(role)     (1u << (role))
#define BY_AUDITORS  (BY(ROLE_AUDITOR) | BY(ROLE_CITY))    /* ABILITY_AUDIT */
#define BY_MANAGERS  BY(ROLE_ADMIN)                        /* ABILITY_MANAGE */
#define BY_RELEASERS (BY(ROLE_TOWNSHIP) | BY(ROLE_COUNTY)) /* ABILITY_RELEASE */
#define BY_MOVERS    (BY(ROLE_CLERK) | BY_RELEASERS)       /* ABILITY_MOVE */
#define BY_DECIDERS  (BY(ROLE_INVESTIGATOR) | BY_MOVERS)   /* ABILITY_RESOLVE */
#define BY_WRITERS   (BY(ROLE_VILLAGE) | BY_DECIDERS)      /* ABILITY_RECORD */
#define BY_REVEALERS (BY_MOVERS | BY(ROLE_AUDITOR))        /* ABILITY_REVEAL */
#define BY_SPEAKERS  (BY_WRITERS | BY(ROLE_JOINT))         /* ABILITY_COMMENT */
#define BY_READERS   (BY_SPEAKERS | BY_AUDITORS)           /* ABILITY_READ */
#define BY_POLLSTERS BY(ROLE_POLLSTER)                     /* ABILITY_ASSIGNED */
#define BY_SECONDS   (BY_MANAGERS | BY(ROLE_COUNTY))       /* confirm what one gave: witness.h */
#define BY_STAFF     (BY_READERS | BY_MANAGERS | BY_POLLSTERS)

#define CONSOLE_JSON_BYTES (2u * 1024u * 1024u) /* of a request */
#define CONSOLE_SMALL      (16u * 1024u)
#define CONSOLE_PAGE_ITEMS 200u /* of a list in one answer: {"items": [...], "next": cursor} */

struct console;
struct console_call;
typedef enum rc console_handler(struct console_call *call, struct err *err);

struct console_route {
    const char *method, *pattern;
    size_t body_cap_bytes;
    uint32_t who; /* BY_...; 0 only for pages and what is open */
    uint32_t flags;
    console_handler *run;
};

extern const struct console_route console_routes[];
extern const size_t console_route_count;

/* One request at work. */
struct console_call {
    struct console *console;
    const struct console_route *route;
    struct http_exchange *exchange;
    struct json *body; /* of a JSON route that writes; an object */
    struct seat seat;  /* office, ledger, arena; seat.who is the user's name */
    struct view token; /* of the session; empty where there is none, or a program asks */
    bool is_program;   /* that reads for the person, with a token: session.stored is the token */
    struct login_session session;
    uint64_t person; /* who asks; 0: nobody (open routes) */
    enum role role;
    const uint64_t *areas; /* what he may see: in force, each with what lies beneath */
    uint32_t area_count;
    unsigned status;  /* of an error, where its rc does not say enough; 0 */
    const char *code; /* the same */
};

/* ---- for the service ---- */

struct console_options {
    const struct office *office;
    const char *host;                      /* numeric */
    uint16_t port;                         /* 0: any free one */
    const char *certificate_pem, *key_pem; /* both or neither */
    const char *name; /* HOST[:PORT] as browsers say it, behind a gateway with TLS; may be NULL */
};

enum rc console_start(const struct console_options *options, struct console **out, struct err *err);
uint16_t console_port(const struct console *console);
/* For requests that come by other ways than its listener. Lives as long as the console. */
const struct http_table *console_table(const struct console *console);
/* Waits for requests that are at work. NULL is allowed. */
void console_stop(struct console *console);

/* ---- what a request says: as webapi.h ---- */

const char *console_param(const struct console_call *call, const char *name);
enum rc console_text(const struct console_call *call, const char *key, const char **out,
                     struct err *err);
enum rc console_need(const struct console_call *call, const char *key, const char **out,
                     struct err *err);
enum rc console_filter(const struct console_call *call, const char *key, struct buf *out,
                       struct err *err);
enum rc console_number(const struct console_call *call, const char *key, uint64_t most,
                       uint64_t otherwise, uint64_t *out, struct err *err);
/* An id of 16 hexadecimal digits in the path; RC_NOT_FOUND where it is none. */
enum rc console_param_id(const struct console_call *call, const char *name, uint64_t *out,
                         struct err *err);
/* The reason of a write; RC_INVALID when it is missing. */
enum rc console_reason(const struct console_call *call, struct view *out, struct err *err);
/* The list of areas in the body, an array of codes; every one within the person's. */
enum rc console_area_list(const struct console_call *call, const char *key,
                          uint64_t out[LIMIT_AREAS], uint32_t *count, struct err *err);

/* ---- areas ---- */

/* Whether it lies within the person's. */
bool console_holds(const struct console_call *call, uint64_t area);
/* Whether all of them do; for who manages what has several. */
bool console_holds_all(const struct console_call *call, const uint64_t *areas, uint32_t count);
/* Whether any does; for who looks at what has several. */
bool console_holds_any(const struct console_call *call, const uint64_t *areas, uint32_t count);
/* The parameter "area" of a list. Missing: 0, all of the person's. RC_DENIED: outside. */
enum rc console_need_area(const struct console_call *call, uint64_t *area, struct err *err);

/* ---- the person ---- */

/* His signing key, for decisions (author.h). The caller wipes it. */
enum rc console_key(const struct console_call *call, uint8_t secret_key[64], struct err *err);

/* ---- what it is answered ---- */

enum rc console_reply(struct console_call *call, struct json *document, struct err *err);
/* {} */
enum rc console_done(struct console_call *call, struct err *err);
/* A refusal with a word of its own: return console_refuse(call, 409, "moved", err). */
enum rc console_refuse(struct console_call *call, unsigned status, const char *code,
                       struct err *err);
/* For handlers that show more than the mask on request: 403 "token" for a program whose token does
 * not reveal. */
enum rc console_check_reveal(struct console_call *call, struct err *err);
/* {code, name} of an area, and an array of codes. */
void console_add_area(struct console_call *call, struct json *parent, const char *key,
                      uint64_t area);
/* RFC 3339 in China time, or null for 0. */
void console_add_time(struct json *parent, const char *key, int64_t time_ms);
/* {size, path}: a QR code, as SVG draws it (base/qr.h). */
enum rc console_add_qr(struct json *parent, const char *key, struct view text, struct err *err);
void console_add_id(struct json *parent, const char *key, uint64_t id);

/* Where the request comes from: behind a gateway on this machine (--console-name) the last of
 * X-Forwarded-For, which is the gateway's word; views in the seat's arena. */
void console_from(struct console_call *call, struct login_from *out);

/* Of the console itself, for the routes of the login. */
struct login_desk *console_login_desk(struct console *console);
/* And for those of forms: what was brought and is not published yet. */
struct form_shelf *console_shelf(struct console *console);
/* Set-Cookie with the token; NULL: forget it. */
enum rc console_set_cookie(struct console_call *call, const char *token, struct err *err);

/* ---- routes ---- */

/* console_login.c */
enum rc console_login(struct console_call *call, struct err *err);
enum rc console_logout(struct console_call *call, struct err *err);
enum rc console_me(struct console_call *call, struct err *err);
enum rc console_secret(struct console_call *call, struct err *err);
enum rc console_login_code(struct console_call *call, struct err *err);
enum rc console_second(struct console_call *call, struct err *err);
enum rc console_second_confirm(struct console_call *call, struct err *err);
enum rc console_route_list(struct console_call *call, struct err *err);
/* console_records.c */
enum rc console_records(struct console_call *call, struct err *err);
enum rc console_tally(struct console_call *call, struct err *err);
enum rc console_export(struct console_call *call, struct err *err);
/* console_people.c */
/* Whom the request names as :person: of the staff, all his areas within the asker's. */
enum rc console_person(struct console_call *call, struct stored_person *out, struct err *err);
enum rc console_people(struct console_call *call, struct err *err);
enum rc console_people_add(struct console_call *call, struct err *err);
enum rc console_person_disable(struct console_call *call, struct err *err);
enum rc console_person_enable(struct console_call *call, struct err *err);
enum rc console_person_rights(struct console_call *call, struct err *err);
enum rc console_person_reset(struct console_call *call, struct err *err);
enum rc console_person_second(struct console_call *call, struct err *err);
/* console_confirm.c */
/* Lines {kind: "reset", ...} of what the asker can confirm; so many of them, or one more. */
enum rc console_add_waiting(struct console_call *call, struct json *list, uint32_t most,
                            struct err *err);
/* The areas in force, as an array of console_add_area. */
void console_add_areas(struct console_call *call, struct json *parent, const char *key,
                       const uint64_t *areas, uint32_t count);
/* What waits, or null. */
void console_add_grant(struct console_call *call, struct json *parent, const char *key,
                       const struct stored_grant *grant);
enum rc console_confirmations(struct console_call *call, struct err *err);
enum rc console_person_confirm(struct console_call *call, struct err *err);
/* console_token.c */
enum rc console_tokens(struct console_call *call, struct err *err);
enum rc console_token_make(struct console_call *call, struct err *err);
enum rc console_token_revoke(struct console_call *call, struct err *err);
enum rc console_people_tokens(struct console_call *call, struct err *err);
enum rc console_person_token_revoke(struct console_call *call, struct err *err);
/* console_session.c */
enum rc console_sessions(struct console_call *call, struct err *err);
enum rc console_own_sessions(struct console_call *call, struct err *err);
enum rc console_session_end(struct console_call *call, struct err *err);
enum rc console_own_session_end(struct console_call *call, struct err *err);
/* console_device.c */
enum rc console_devices(struct console_call *call, struct err *err);
enum rc console_device(struct console_call *call, struct err *err);
enum rc console_device_invite(struct console_call *call, struct err *err);
enum rc console_device_scope(struct console_call *call, struct err *err);
enum rc console_device_revoke(struct console_call *call, struct err *err);
/* console_log.c */
enum rc console_log(struct console_call *call, struct err *err);
/* console_home.c */
enum rc console_home(struct console_call *call, struct err *err);
enum rc console_areas(struct console_call *call, struct err *err);
enum rc console_inflow(struct console_call *call, struct err *err);

/* console_meeting.c */
enum rc console_meetings(struct console_call *call, struct err *err);
enum rc console_meeting(struct console_call *call, struct err *err);
enum rc console_meeting_decide(struct console_call *call, struct err *err);

/* console_audit.c */
enum rc console_audit_visits(struct console_call *call, struct err *err);
enum rc console_audit_incomes(struct console_call *call, struct err *err);
enum rc console_audit_changes(struct console_call *call, struct err *err);
enum rc console_audit_tablet(struct console_call *call, struct err *err);
enum rc console_audit_csv(struct console_call *call, struct err *err);
enum rc console_audit_export(struct console_call *call, struct err *err);
/* console_record.c; a POST is the same as the GET, unmasked, with a reason */
enum rc console_record(struct console_call *call, struct err *err);
enum rc console_note(struct console_call *call, struct err *err);
enum rc console_task(struct console_call *call, struct err *err);
enum rc console_task_cancel(struct console_call *call, struct err *err);
enum rc console_workers(struct console_call *call, struct err *err);
/* console_history.c */
enum rc console_history(struct console_call *call, struct err *err);
enum rc console_income(struct console_call *call, struct err *err);
/* console_picture.c */
enum rc console_picture(struct console_call *call, struct err *err);
enum rc console_form_medium(struct console_call *call, struct err *err);
/* console_conflict.c */
enum rc console_conflicts(struct console_call *call, struct err *err);
enum rc console_questions(struct console_call *call, struct err *err);
enum rc console_resolve(struct console_call *call, struct err *err);
enum rc console_effect(struct console_call *call, struct err *err);
/* console_quarantine.c */
enum rc console_quarantine(struct console_call *call, struct err *err);
enum rc console_quarantine_settle(struct console_call *call, struct err *err);
/* console_kept.c */
enum rc console_kept(struct console_call *call, struct err *err);

/* console_form.c */
/* What is different between two forms, as the member "difference" of a document. */
enum rc console_add_difference(struct json *json, const struct form *before,
                               const struct form *after, enum lang lang, struct err *err);
enum rc console_forms(struct console_call *call, struct err *err);
enum rc console_form(struct console_call *call, struct err *err);
enum rc console_form_difference(struct console_call *call, struct err *err);
/* console_form_upload.c */
enum rc console_form_upload(struct console_call *call, struct err *err);
enum rc console_form_upload_file(struct console_call *call, struct err *err);
enum rc console_form_upload_leave(struct console_call *call, struct err *err);
enum rc console_form_uploaded(struct console_call *call, struct err *err);
enum rc console_form_publish(struct console_call *call, struct err *err);
/* console_form_preview.c */
enum rc console_form_preview(struct console_call *call, struct err *err);
/* "uploaded", or the id of a published one. */
enum rc console_form_which(struct console_call *call, const char *which, const struct form **out,
                           struct err *err);

#endif
