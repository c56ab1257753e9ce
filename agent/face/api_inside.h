/* api_inside.h: what the routes of the API share. */
#ifndef YG_AGENT_FACE_API_INSIDE_H
#define YG_AGENT_FACE_API_INSIDE_H

#include "agent/face/api.h"
#include "agent/face/launch.h"
#include "agent/field/filler.h"
#include "base/webapi.h"

#include <stdatomic.h>

enum {
    WEB_PAGE = 1,   /* not of the API: no cookie */
    WEB_LAUNCH = 2, /* gives the cookie; also taken from a page of the disk */
    WEB_PERSON = 4, /* only for somebody who has unlocked */
    WEB_FILE = 8,   /* the body is a file, not JSON */
    WEB_SLOW = 16,  /* waits for the network: in the lane, not in a thread of the server */
};

#define WEB_JSON_BYTES (2u * 1024u * 1024u) /* of a request */
#define WEB_ITEMS_MAX  1000u                /* of a list in one answer */

struct web_call;
typedef enum rc web_handler(struct web_call *call, struct err *err);

struct web_route {
    const char *method, *pattern;
    size_t body_cap_bytes;
    uint32_t flags;
    web_handler *run;
};

struct web {
    struct face *face;
    struct httpd *server;
    struct lane *lane;
    struct launch launch;
    uint16_t port;
    char hosts[2][32]; /* what Host may say */
    atomic_bool ready; /* port and hosts are known, and the launch page is there */
    const char *directory;
    size_t route_count;
    struct http_route *http_routes; /* of http.h, in the order of web_routes */
    struct http_table table;
};

/* One request at work. */
struct web_call {
    struct web *web;
    struct http_exchange *exchange;
    struct view cookie;     /* empty for pages */
    uint64_t seat;          /* serial of the unlock, as the browser has it */
    struct json *body;      /* of a JSON route; an object */
    struct command command; /* for visits and for commands that answer the request */
    char person[17];
    struct buf said;  /* what a command wrote to standard error */
    unsigned status;  /* of an error, where its rc does not say enough; 0 */
    const char *code; /* the same */
};

extern const struct web_route web_routes[];
extern const size_t web_route_count;

/* ---- the lane (api_lane.c) ---- */

/* Does what the route of this request does; its error is not answered yet. */
enum rc web_do(struct web_call *call, struct err *err);
/* Answers with the error, if there is one, and frees the call; completes what was deferred. */
void web_conclude(struct web_call *call, enum rc rc, struct err *err);

struct lane;
enum rc lane_start(struct lane **out, struct err *err);
/* Defers the request; the lane concludes it. RC_AGAIN: too many wait, or the service stops; then
 * the call is still the caller's. */
enum rc lane_add(struct lane *lane, struct web_call *call, struct err *err);
/* Takes nothing more, and turns away what waits. NULL is allowed, as below. */
void lane_stop(struct lane *lane);
/* When the server has no request any more: waits for the thread. */
void lane_free(struct lane *lane);

/* ---- what a request says ---- */

/* The :name of the route. */
const char *web_param(const struct web_call *call, const char *name);
/* A text of the body; NULL when it is missing. RC_INVALID: it is no text. */
enum rc web_text(const struct web_call *call, const char *key, const char **out, struct err *err);
/* The same, and it must be there. */
enum rc web_need(const struct web_call *call, const char *key, const char **out, struct err *err);
/* Appends a parameter of the query or, for a POST, of the body; nothing when it is missing. */
enum rc web_filter(const struct web_call *call, const char *key, struct buf *out, struct err *err);
/* A number of the same; otherwise when it is missing. */
enum rc web_number(const struct web_call *call, const char *key, uint64_t most, uint64_t otherwise,
                   uint64_t *out, struct err *err);
/* The language of forms: what the person chose, else the request's. */
struct view web_language(const struct web_call *call, const struct seat *seat);

/* ---- what it is answered ---- */

/* Takes a secret out of the request's memory; secret may be NULL. */
void web_wipe(struct web_call *call, const char *secret);
/* A session of that person (name or id; NULL: of this browser), whose secret it is, beside the one
 * that works here; close it. 403 for a wrong one. The secret is wiped in every case. */
enum rc web_prove(struct web_call *call, struct visit *visit, const char *person,
                  const char *secret, struct session **out, struct err *err);
/* Prints the document as the answer and frees it; NULL is RC_NO_MEMORY. */
enum rc web_reply(struct web_call *call, struct json *document, struct err *err);
/* {} */
enum rc web_done(struct web_call *call, struct err *err);
/* 401: nobody has unlocked in this browser. */
enum rc web_locked(struct web_call *call, struct err *err);

/* ---- the tablet ---- */

/* A visit as the person of this browser, in his seat; 401 when it is locked. Close it in every
 * case. */
enum rc web_visit(struct web_call *call, struct visit *visit, struct err *err);
/* A visit as nobody: it does not count as use. */
enum rc web_look(struct web_call *call, struct visit *visit, struct err *err);
/* The seat of this browser; NULL: locked. Needs the turn. */
struct seat *web_seat(const struct web_call *call);

/* Runs a command of the command line with --json, as the person; what it prints is the answer.
 * Words and options (web_option) are borrowed. */
void web_word(struct web_call *call, const char *word);
void web_option(struct web_call *call, const char *name, const char *value);
enum rc web_run(struct web_call *call,
                enum rc (*run)(void *context, struct command *command, struct err *err),
                struct err *err);

/* ---- drafts (api_draft.c) ---- */

#define WEB_REF_BYTES (LIMIT_PATH_BYTES + 256u)

/* A visit with the draft of the route open. Close the visit in every case. */
enum rc web_draft_visit(struct web_call *call, struct visit *visit, struct filler **out,
                        struct err *err);
/* "member[2]/name" is "/data/member[2]/name". */
enum rc web_draft_place(struct filler *filler, const char *ref, struct engine_place *place,
                        struct err *err);
/* All questions into the document, as the answer. */
enum rc web_draft_reply(struct web_call *call, struct filler *filler, struct json *document,
                        struct err *err);

/* ---- routes ---- */

/* api_people.c */
enum rc web_launch(struct web_call *call, struct err *err);
enum rc web_me(struct web_call *call, struct err *err);
enum rc web_unlock(struct web_call *call, struct err *err);
enum rc web_lock(struct web_call *call, struct err *err);
enum rc web_persons(struct web_call *call, struct err *err);
enum rc web_person_add(struct web_call *call, struct err *err);
/* api_tablet.c */
enum rc web_status(struct web_call *call, struct err *err);
enum rc web_sync(struct web_call *call, struct err *err);
enum rc web_notices(struct web_call *call, struct err *err);
enum rc web_notices_seen(struct web_call *call, struct err *err);
enum rc web_forms(struct web_call *call, struct err *err);
enum rc web_areas(struct web_call *call, struct err *err);
enum rc web_bundle_write(struct web_call *call, struct err *err);
enum rc web_bundle_read(struct web_call *call, struct err *err);
enum rc web_ready(struct web_call *call, struct err *err); /* api_ready.c */
/* api_record.c and api_list.c */
enum rc web_home(struct web_call *call, struct err *err);
enum rc web_records(struct web_call *call, struct err *err);
enum rc web_record(struct web_call *call, struct err *err);
enum rc web_history(struct web_call *call, struct err *err);
enum rc web_resolve(struct web_call *call, struct err *err);
enum rc web_seal(struct web_call *call, struct err *err);
enum rc web_move(struct web_call *call, struct err *err);
/* api_visit.c */
enum rc web_visit_begin(struct web_call *call, struct err *err);
enum rc web_visit_join(struct web_call *call, struct err *err);
enum rc web_visit_of(struct web_call *call, struct err *err);
enum rc web_sign(struct web_call *call, struct err *err);
enum rc web_amend(struct web_call *call, struct err *err);
enum rc web_position(struct web_call *call, struct err *err);
/* api_around.c */
enum rc web_around(struct web_call *call, struct err *err);
/* Adds "today", "due" and "notes" to the home page's document. */
enum rc web_add_today(struct visit *visit, struct json *document, struct err *err);
/* api_draft.c */
enum rc web_drafts(struct web_call *call, struct err *err);
enum rc web_draft_begin(struct web_call *call, struct err *err);
enum rc web_draft(struct web_call *call, struct err *err);
enum rc web_draft_answers(struct web_call *call, struct err *err);
enum rc web_draft_add(struct web_call *call, struct err *err);
enum rc web_draft_remove(struct web_call *call, struct err *err);
enum rc web_draft_language(struct web_call *call, struct err *err);
enum rc web_draft_finish(struct web_call *call, struct err *err);
enum rc web_draft_discard(struct web_call *call, struct err *err);
/* api_attachment.c */
enum rc web_draft_attach(struct web_call *call, struct err *err);
enum rc web_fetch(struct web_call *call, struct err *err);
enum rc web_attachment(struct web_call *call, struct err *err);
enum rc web_medium(struct web_call *call, struct err *err);
/* Puts a draft that was just begun in the person's seat. */
void web_draft_seat(const struct web_call *call, struct visit *visit, struct filler *filler);
/* api_meeting.c */
enum rc web_meetings(struct web_call *call, struct err *err);
enum rc web_meeting(struct web_call *call, struct err *err);
enum rc web_meeting_new(struct web_call *call, struct err *err);
enum rc web_meeting_household(struct web_call *call, struct err *err);
enum rc web_meeting_open(struct web_call *call, struct err *err);
enum rc web_meeting_sign_in(struct web_call *call, struct err *err);
enum rc web_meeting_recuse(struct web_call *call, struct err *err);
enum rc web_meeting_step(struct web_call *call, struct err *err);
enum rc web_meeting_sign(struct web_call *call, struct err *err);
enum rc web_rules(struct web_call *call, struct err *err);
/* api_vote.c */
enum rc web_voting(struct web_call *call, struct err *err);
enum rc web_voting_open(struct web_call *call, struct err *err);
enum rc web_vote(struct web_call *call, struct err *err);
enum rc web_count(struct web_call *call, struct err *err);
enum rc web_voting_close(struct web_call *call, struct err *err);
enum rc web_voting_void(struct web_call *call, struct err *err);
enum rc web_meeting_pair(struct web_call *call, struct err *err);
enum rc web_meeting_join(struct web_call *call, struct err *err);
enum rc web_meeting_part(struct web_call *call, struct err *err);
enum rc web_meeting_take(struct web_call *call, struct err *err);
/* The drafts of the person, the last one first. */
enum rc web_add_drafts(const struct web_call *call, struct visit *visit, struct json *list,
                       struct err *err);

#endif
