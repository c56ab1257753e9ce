/* session.h: somebody at work: unlocked keys, the records that he may see, and saving.
 *
 * Acting as somebody always takes that somebody's secret. A session holds the keys of the areas
 * that its person is entitled to, and an index of their records in memory, which serves lists and
 * search without opening the records. Records of other areas do not exist for it. */
#ifndef YG_AGENT_STORE_SESSION_H
#define YG_AGENT_STORE_SESSION_H

#include "agent/store/store.h"
#include "schema/gist.h"

struct session;

/* name may be the person's name or id; empty: the only person of the tablet (RC_INVALID if there
 * are several). Opens what came while locked and applies it. RC_NOT_FOUND: nobody of that name.
 * RC_DENIED: wrong secret. RC_AGAIN: too many wrong ones (LIMIT of 10), the message says when. */
enum rc session_open(struct tablet *tablet, struct view name, struct view secret,
                     struct session **out, struct err *err);

/* Cuts unsent changes into batches sealed for the county, then wipes keys and index. The session
 * is gone also when that fails (then nothing is lost: what was saved stays, sealed for its
 * persons, and waits for the next unlock). NULL is allowed: RC_OK. */
enum rc session_close(struct session *session, struct err *err);

uint64_t session_person(const struct session *session);
struct view session_person_name(const struct session *session);
uint8_t session_role(const struct session *session); /* 0: not certified yet */
struct tablet *session_tablet(const struct session *session);

/* Whether the person may work in this area: granted to the tablet and to the person. */
bool session_may(const struct session *session, uint64_t area);

/* A new person on this tablet, with keys of these areas (count 0: all that the session has). The
 * county certifies the new key at the next sync. RC_CONFLICT: the name is taken. RC_DENIED: areas
 * beyond the session's. The secret has 8 bytes at least. */
enum rc session_add_person(struct session *session, struct view name, struct view secret,
                           const uint64_t *areas, uint32_t area_count, uint64_t *person,
                           struct err *err);

/* The name of any author, own or certified by the county; empty when unknown. Lives as long as
 * the session. Fits person_name of answers.h with the session as context. */
struct view session_author(void *session, uint64_t person);

/* ---- lists and search ---- */

struct listed {
    struct dot id;
    uint64_t form;         /* the governing one; 0 unknown */
    struct view form_name; /* empty: unknown */
    uint64_t area;         /* the first, when two are in conflict */
    struct view title;     /* instance name */
    int64_t changed_ms;
    uint32_t conflicts; /* open ones */
    bool pending;       /* has changes that are not on the server yet */
    bool withdrawn;
    bool sealed; /* at least one scope */
    struct gist gist;
};

struct list_query {
    struct view form_name; /* empty: all */
    uint64_t area;         /* 0: all; else it and what lies beneath */
    struct view search;    /* words, each must occur; any case */
    struct dot about;      /* number 0: any; else what is about this record (gist.h) */
    /* questions_only: with open conflicts, and those in which people have met who may have broken a
     * rule together: session_see tells. */
    bool questions_only, pending_only, withdrawn_too;
    bool no_sayings;        /* without the county's tasks and notes */
    uint32_t offset, limit; /* limit 0: all */
};

/* Newest change first, ties by id. Titles live in the arena. total: without offset and limit. */
enum rc session_list(struct session *session, const struct list_query *query, struct arena *arena,
                     struct listed **out, uint32_t *count, uint32_t *total, struct err *err);

/* ---- one record ---- */

/* The tablet's view: the confirmed state, with own changes on top that no feed has brought back
 * yet. RC_NOT_FOUND: no such record, or not the person's. */
enum rc session_record(struct session *session, struct dot id, struct arena *arena,
                       struct record *out, struct err *err);

/* The reading knows which of the form's constraints are broken, too; the number of conflicts in a
 * list does not. */
struct seen {
    struct record record;
    const struct form *form; /* governing; NULL: unknown to this tablet */
    struct reading reading;
    uint64_t area;     /* where its next change is sent */
    uint64_t position; /* changes absorbed, for `show --json` */
    bool pending;
};
enum rc session_see(struct session *session, struct dot id, struct arena *arena, struct seen *out,
                    struct err *err);

/* Why people have decided, amended, moved, as far as this tablet knows: not what came before the
 * snapshot with which it began, nor what was erased by law. Sorted by dot; in the arena. */
struct reason {
    struct dot dot; /* of the change */
    struct view text;
};
enum rc session_reasons(struct session *session, struct dot id, struct arena *arena,
                        struct reason **out, uint32_t *count, struct err *err);
/* Of one change; empty: none is known. */
struct view reason_of(const struct reason *list, uint32_t count, struct dot dot);

/* ---- saving ----
 *
 *   save_open(session, &save, err);
 *   edit_start(&edit, CHANGE_CREATE, save_next(save), session_person(session), form, NULL, NULL,
 *              arena, err);
 *   edit_set(...) ... edit_finish(&edit, reason, &change, err);
 *   save_add(save, &change, NULL, form, err);
 *   ... more, up to SAVE_CHANGES_MAX ...
 *   save_commit(save, err);   now all of them are on disk
 *   save_close(save);
 *
 * Only one save may be open on a tablet; nothing is written before the commit. Within one save a
 * record may be changed once, because the next edit needs the state that the first one leaves. */
#define SAVE_CHANGES_MAX 2000u

struct save;

enum rc save_open(struct session *session, struct save **out, struct err *err);
/* The dot that the next change must have. */
struct dot save_next(const struct save *save);
/* Gives the change its person, times and signature (where its kind needs one), judges it
 * (merge_judge), and takes it. state: what the edit was made against, NULL for a new record. The
 * change needs to live only during the call. RC_DENIED: the verdict, or an area that is not the
 * person's; RC_LIMIT: commit first. After a failure the save goes on without this change. */
enum rc save_add(struct save *save, struct change *change, const struct record *state,
                 const struct form *form, struct err *err);
uint32_t save_count(const struct save *save);
/* One transaction. On failure nothing was saved. Afterwards the save is empty and may go on. */
enum rc save_commit(struct save *save, struct err *err);
void save_close(struct save *save); /* what was not committed is forgotten; NULL is allowed */

/* The three steps above for a single change whose dot came from session_next_dot. */
struct dot session_next_dot(const struct session *session);
enum rc session_save(struct session *session, struct change *change, const struct record *state,
                     const struct form *form, struct err *err);

#endif
