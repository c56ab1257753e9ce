/* face.h: the tablet's face to people and programs: the command line, and the process that stays.
 *
 * A command opens the tablet for the moment, or works in the running service (`serve`), which owns
 * the file and listens on DIR/control. Whatever reads or writes records acts as a person: with his
 * secret, or, inside the service, in the session that his `unlock` left open until his `lock` or
 * until nobody has used it for a while.
 *
 * The store takes one thread at a time. Commands run in several threads of the service, so each
 * holds the turn from visit_open to visit_close; the turn is given in order of arrival, and long
 * work lets others in: an import between its transactions (visit_pause), a sync while it waits for
 * the network. The web app (api.h) comes through the same two doors. */
#ifndef YG_AGENT_FACE_FACE_H
#define YG_AGENT_FACE_FACE_H

#include "agent/store/session.h"
#include "base/command.h"

#include <pthread.h>

struct filler;
struct urn;

#define FACE_SEATS_MAX   16u /* persons with an open session in the service */
#define FACE_ARENA_BYTES (256u * 1024u * 1024u)

#define SEAT_LANGUAGE_BYTES 64u

struct seat {                /* of a person whose `unlock` holds */
    struct session *session; /* NULL: empty */
    uint64_t serial;         /* of the unlock: never the same again */
    int64_t used_ms;         /* monotonic */
    unsigned busy;           /* commands that work in it and have let others in */
    struct filler *filler;   /* a draft that the web app has open; all of it is on disk, too */
    int64_t filler_used_ms;
    struct urn *urn; /* an open urn of a meeting, closed with the session; NULL: none */
    struct dot urn_meeting;
    char language[SEAT_LANGUAGE_BYTES]; /* of forms, as the person chose; empty: of messages */
};

struct face {
    const struct env *env;
    struct tablet_options options;
    struct command_table table;
    /* Of the service only. */
    struct tablet *tablet; /* NULL: each command opens the tablet for itself */
    struct seat seats[FACE_SEATS_MAX];
    pthread_mutex_t mutex;
    pthread_cond_t turn_came;
    uint64_t turns_taken, turn; /* whoever took number n may go when turn is n */
    bool syncing;               /* a sync is under way; it gives up its turn while it waits */
    pthread_cond_t synced;
    uint64_t seats_taken;
    uint64_t sync_done, sync_total; /* changes, of the sync that is under way */
    struct err sync_trouble;        /* of the last sync; RC_OK: it went well */
    bool is_serving;                /* loop is the thread of the service that syncs */
    pthread_t loop;
    /* Syncs that somebody asked for without waiting, and how many of them have been answered by one
     * that began later. */
    uint64_t syncs_asked, syncs_answered;
    enum lang sync_lang;      /* of who asked last */
    char *const *environment; /* for programs that we start */
    uint16_t gpsd_port;       /* whom the web app asks for a position; 0: nobody */
};

/* Fills the table of commands too. env must outlive it. */
void face_init(struct face *face, const struct env *env);
void face_release(struct face *face);

void face_take_turn(struct face *face);
void face_end_turn(struct face *face);

/* Closes sessions that nobody has used for idle_ms, and drafts that lie open. Needs the turn. */
void face_lock_idle(struct face *face, int64_t idle_ms);

/* Closes the draft that the web app has open in the seat, if any: it is on disk. Needs the turn. */
void face_put_away(struct seat *seat);
/* Closes the session and empties the seat, also when session_close fails. Needs the turn. */
enum rc face_close_seat(struct seat *seat, struct err *err);

/* The service syncs as soon as it can, in its own thread; messages in that language. */
void face_want_sync(struct face *face, enum lang lang);
/* Whether a sync is under way or was asked for. */
bool face_is_syncing(struct face *face);

/* ---- a command at work ---- */

enum need {
    NEED_TABLET,  /* works locked */
    NEED_SESSION, /* as a person */
    WANT_SESSION, /* as a person if his secret was given, else locked */
};

struct visit {
    struct face *face;
    struct command *command;
    struct tablet *tablet;
    struct session *session; /* NULL when locked */
    struct seat *seat;       /* the session is the service's; NULL: it is this command's own */
    bool own_tablet;
    struct arena arena; /* for the whole visit */
};

/* Close it in every case. RC_NOT_FOUND: not enrolled. RC_DENIED: no secret, or a wrong one. */
enum rc visit_open(struct face *face, struct command *command, enum need need, struct visit *visit,
                   struct err *err);
/* Cuts what is unsent into batches where the session was this command's own. A failure of that
 * loses nothing (it is sealed for its person) and is said on standard error. */
void visit_close(struct visit *visit);
/* Lets other commands in; no save may be open. */
void visit_pause(struct visit *visit);

/* Gives the new session of the visit a seat. If its person has one already, the session has only
 * proved the secret. RC_LIMIT. (tablet.c) */
enum rc visit_take_seat(struct visit *visit, struct seat **out, struct err *err);

/* A record by its name on the command line. */
enum rc visit_see(struct visit *visit, const char *record, struct seen *out, struct err *err);

/* The secret of a person who is new: given, or typed twice. The caller wipes out. */
enum rc face_new_secret(struct command *command, const char *prompt, char *out, size_t size,
                        struct err *err);

/* Takes the line of command_progress away. */
void face_progress_end(struct command *command);

/* Adds "id" members and the like: texts of dots and times, and null for 0. */
void add_dot(struct json *object, const char *key, struct dot dot);
void add_time(struct json *object, const char *key, int64_t wall_ms);
void add_area(struct json *object, const char *key, uint64_t area);
/* "area_names": {code: name}, of those that the county has named; nothing when there is none. */
void add_area_names(struct json *object, const struct tablet *tablet, const uint64_t *areas,
                    uint32_t count);
/* The code, and the name behind it where the county has told one. */
void area_words(const struct tablet *tablet, uint64_t area, struct buf *out);
void add_areas(struct json *object, const char *key, const uint64_t *areas, uint32_t count);

/* The area of --area. RC_USAGE without one. (write.c) */
enum rc face_area(const struct command *command, uint64_t *out, struct err *err);

/* ---- exchange.c ---- */

/* Waits until no sync is under way; gives up the turn meanwhile and has it again afterwards. */
void face_await_sync(struct face *face);
/* When the county has ordered a wipe that could not be done because people had unlocked, they are
 * locked out and it is done; *session is closed and set to NULL then. Nothing of it where what was
 * saved cannot be sealed for the county first. */
enum rc face_wipe(struct face *face, struct tablet *tablet, struct session **session,
                  struct err *err);

struct sync_options;
struct sync_report;

/* One sync over HTTP; server NULL: the tablet's. Needs the turn, and gives it up while it waits for
 * another sync or for the network. When the county has ordered a wipe
 * and it could not be done because people had unlocked, they are locked out and it is done.
 * *session is the session of the command at work, closed and set to NULL then; may point to NULL.
 */
enum rc face_exchange(struct face *face, struct tablet *tablet, struct session **session,
                      const char *server, const struct sync_options *options,
                      struct sync_report *report, struct err *err);

struct attachment_wanted;

/* Brings a photo of another tablet here; as face_exchange. The visit's session stays open. */
enum rc face_pull(struct visit *visit, const struct attachment_wanted *wanted, struct err *err);

/* ---- the table (table.c) ---- */

extern const struct command_spec face_specs[];
extern const size_t face_spec_count;

/* ---- commands; the context is a struct face ---- */

/* tablet.c: the tablet as a whole */
enum rc face_enrol(void *context, struct command *command, struct err *err);
enum rc face_person_add(void *context, struct command *command, struct err *err);
enum rc face_person_list(void *context, struct command *command, struct err *err);
enum rc face_lock(void *context, struct command *command, struct err *err);
enum rc face_unlock(void *context, struct command *command, struct err *err);
enum rc face_forms(void *context, struct command *command, struct err *err);
/* exchange.c and traffic.c: what goes out and in, what waits, and whether all is whole */
enum rc face_sync(void *context, struct command *command, struct err *err);
enum rc face_status(void *context, struct command *command, struct err *err);
/* bundle.c */
enum rc face_bundle_write(void *context, struct command *command, struct err *err);
enum rc face_bundle_read(void *context, struct command *command, struct err *err);
enum rc face_quarantine(void *context, struct command *command, struct err *err);
enum rc face_verify(void *context, struct command *command, struct err *err);
/* write.c: changes of one record */
enum rc face_new(void *context, struct command *command, struct err *err);
enum rc face_attach(void *context, struct command *command, struct err *err);
/* fetch.c */
enum rc face_attachments(void *context, struct command *command, struct err *err);
enum rc face_set(void *context, struct command *command, struct err *err);
enum rc face_add(void *context, struct command *command, struct err *err);
enum rc face_remove(void *context, struct command *command, struct err *err);
enum rc face_seal(void *context, struct command *command, struct err *err);
enum rc face_amend(void *context, struct command *command, struct err *err);
enum rc face_move(void *context, struct command *command, struct err *err);
/* drafts.c and fill.c: a form question by question */
enum rc face_draft_begin(void *context, struct command *command, struct err *err);
enum rc face_draft_edit(void *context, struct command *command, struct err *err);
enum rc face_draft_list(void *context, struct command *command, struct err *err);
enum rc face_draft_show(void *context, struct command *command, struct err *err);
enum rc face_draft_answer(void *context, struct command *command, struct err *err);
enum rc face_draft_attach(void *context, struct command *command, struct err *err);
enum rc face_draft_add(void *context, struct command *command, struct err *err);
enum rc face_draft_remove(void *context, struct command *command, struct err *err);
enum rc face_draft_finish(void *context, struct command *command, struct err *err);
enum rc face_draft_discard(void *context, struct command *command, struct err *err);
enum rc face_fill(void *context, struct command *command, struct err *err);
/* visit.c: the day's work, and the visits that it is made of */
enum rc face_today(void *context, struct command *command, struct err *err);
enum rc face_visit(void *context, struct command *command, struct err *err);
/* resolve.c */
enum rc face_resolve(void *context, struct command *command, struct err *err);
/* show.c, lists.c and history.c: reading */
enum rc face_show(void *context, struct command *command, struct err *err);
enum rc face_list(void *context, struct command *command, struct err *err);
enum rc face_conflicts(void *context, struct command *command, struct err *err);
enum rc face_history(void *context, struct command *command, struct err *err);
/* meeting.c, meeting_vote.c, meeting_show.c: an evaluation meeting */
enum rc face_meeting_new(void *context, struct command *command, struct err *err);
enum rc face_meeting_household(void *context, struct command *command, struct err *err);
enum rc face_meeting_open(void *context, struct command *command, struct err *err);
enum rc face_meeting_sign_in(void *context, struct command *command, struct err *err);
enum rc face_meeting_recuse(void *context, struct command *command, struct err *err);
enum rc face_meeting_step(void *context, struct command *command, struct err *err);
enum rc face_meeting_vote(void *context, struct command *command, struct err *err);
enum rc face_meeting_paper(void *context, struct command *command, struct err *err);
enum rc face_meeting_hands(void *context, struct command *command, struct err *err);
enum rc face_meeting_close(void *context, struct command *command, struct err *err);
enum rc face_meeting_sign(void *context, struct command *command, struct err *err);
enum rc face_meeting_show(void *context, struct command *command, struct err *err);
enum rc face_meeting_void(void *context, struct command *command, struct err *err);
enum rc face_meeting_pair(void *context, struct command *command, struct err *err);
enum rc face_meeting_join(void *context, struct command *command, struct err *err);
enum rc face_meeting_part(void *context, struct command *command, struct err *err);
enum rc face_meeting_take(void *context, struct command *command, struct err *err);
/* import.c */
enum rc face_import(void *context, struct command *command, struct err *err);
/* serve.c: runs until SIGTERM or SIGINT */
enum rc face_serve(void *context, struct command *command, struct err *err);
/* open.c: the browser on the running service */
enum rc face_open(void *context, struct command *command, struct err *err);

#endif
