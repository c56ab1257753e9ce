/* store.h: what the county remembers, in the county's own words.
 *
 * The writer (syncd/sync/writer.h) reads what it needs, works everything out in memory, and hands
 * the store one delta: all or nothing, durable before the verb returns. No SQL, handle, row or
 * engine's error passes this header. Every engine passes one conformance suite
 * (tests/unit/test_store*.c, tests/property/test_store.c) and gives equal digests; the memory
 * engine (memory.h) is the naive twin that says what is meant.
 *
 * One verb is one transaction. Results are copied into the caller's arena, or shown to a visitor
 * whose views live only during the call. A visitor that returns other than RC_OK ends the walk and
 * that code is returned (RC_NOT_FOUND is the polite way to stop: the verb then returns RC_OK). A
 * visitor may use the handle for other reading verbs, which see the same moment, but not for the
 * verb that shows it something, nor to commit: RC_INVALID. Order is that of unsigned numbers, dots
 * by actor and number.
 *
 * Threads: a handle belongs to one thread at a time. One handle of a county is opened for writing;
 * any number for reading, and they see what was committed before each verb began. */
#ifndef YG_SYNCD_STORE_STORE_H
#define YG_SYNCD_STORE_STORE_H

#include "base/date.h"
#include "schema/gist.h"
#include "schema/merge.h"
#include "schema/reading.h"
#include "schema/role.h"
#include "schema/wire/attachment.h"
#include "schema/wire/exchange.h"
#include "schema/wire/snapshot.h"

struct store;

/* --- what is remembered --- */

/* In the place of a device: an actor or a person that is known only from what others carried. */
#define DEVICE_UNKNOWN UINT64_MAX

struct stored_device {
    uint64_t device;
    struct view name;
    uint8_t sign_public[32];
    uint8_t box_public[32];
    uint64_t person; /* its first one */
    int64_t enrolled_ms;
    int64_t seen_ms;   /* last exchange; 0 never */
    int64_t offset_ms; /* server clock minus device clock, as last measured */
    uint64_t own_last; /* what it said it has; pending = own_last minus the actor's number */
    uint64_t actor;    /* its current incarnation, 0 none yet */
    struct scope scope;
    uint32_t scope_confirmed; /* serial that the device has applied */
    uint64_t scope_at;        /* its number at that moment */
    struct view program;      /* what it calls its program; empty: it has not said */
};

struct stored_invitation {
    uint8_t code_id[16];
    uint8_t code_key[32]; /* a hash of the code, never the code */
    struct view device_name, person_name;
    uint8_t role;
    uint32_t area_count;
    uint64_t *areas;
    int64_t expires_ms;
    uint64_t device; /* 0 until used; the same device may repeat */
};

struct stored_person {
    uint64_t person;
    struct view name;
    uint8_t sign_public[32];
    uint8_t role;
    uint64_t device; /* where the key lives; 0: staff, wrapped below */
    uint32_t area_count;
    uint64_t *areas;
    struct view wrapped; /* staff: the signing key under the person's secret (desk/people.c) */
    bool disabled;
    int64_t created_ms;
};

struct stored_actor {
    uint64_t actor;
    uint64_t device;    /* 0: one of the server's own */
    uint64_t number;    /* committed up to here */
    uint8_t hash[32];   /* chain hash there */
    uint64_t lamport;   /* the largest it has used */
    uint64_t fork_of;   /* not 0: this is the fork of another actor, or of a fork ... */
    uint64_t fork_from; /* ... from this number on */
    bool retired;       /* begun before this county was restored: what it knew of it then, or is
                         * proven, is all that can be told to have this name */
};

struct stored_frame {  /* of the log, as it came */
    uint64_t serial;   /* 1, 2, ... in order of commit; given by the store */
    uint64_t actor;    /* under which its changes are known (a fork's name, where it is one) */
    struct view forks; /* as in struct feed_entry */
    uint64_t first, last;
    uint64_t area;
    uint8_t audience;
    uint64_t form;
    int64_t received_ms, offset_ms;
    uint64_t carrier; /* device that brought it, if not its own */
    bool astray;      /* in a delta: its changes may lie above their actor's number (fork.h) */
    struct view bytes;
};

struct stored_inflow { /* frames of one area that were received on one day; follows from the log */
    int64_t day;       /* inflow_day */
    uint64_t area;
    uint64_t frames, changes; /* of each frame as frame_span has it */
};
/* From a frame's first number to its last, 512 at most. */
static inline uint64_t frame_span(const struct stored_frame *frame) {
    return frame->last >= frame->first && frame->last - frame->first < 512
               ? frame->last - frame->first + 1
               : 512;
}
/* Days since 1970 by China's clock. Times are seen between 1970 and the year 10889. */
static inline int64_t inflow_day(int64_t received_ms) {
    const int64_t last = (INT64_C(1) << 48) - 1;

    return ((received_ms < 0      ? 0
             : received_ms > last ? last
                                  : received_ms) +
            CHINA_OFFSET_MS) /
           MS_PER_DAY;
}

struct stored_change { /* slim index of the log */
    struct dot dot;
    struct dot record;
    uint64_t frame;    /* serial; in a delta: index into frames, plus 1 */
    uint32_t position; /* within the frame */
    uint8_t kind;
    uint8_t verdict; /* VERDICT_ADMIT, or why it is in quarantine */
    uint64_t person;
};

struct stored_record {
    struct dot id;
    uint64_t revision; /* 1, 2, ...; in a delta: of what was loaded, 0 for a new record */
    uint64_t form;     /* governing form id; 0 unknown */
    struct view form_name;
    uint8_t audience;
    uint32_t area_count;
    uint64_t *areas;   /* live areas, sorted */
    struct view title; /* instance name or first answer; masked lists are the desk's business */
    int64_t created_ms, changed_ms; /* corrected times */
    bool withdrawn;
    uint16_t sealed_scopes;
    struct view packed; /* record_pack */
};

struct stored_conflict {
    struct dot record;
    uint64_t area;
    uint8_t kind; /* enum conflict_kind */
    struct instance_id instance;
    uint16_t field;
    struct instance_id other;
    uint64_t other_actor, other_number; /* same-as proposals between records */
    int64_t since_ms, due_ms;
};

struct stored_quarantine {
    struct dot dot;
    struct dot record;
    uint64_t area;
    uint64_t person;
    uint64_t device;
    uint8_t verdict;
    int64_t since_ms;
    uint32_t settled; /* 0: it waits. Else released or returned, in the county's news of this serial
                       * (sync/news.h), and kept for ever; which of the two, the change's verdict
                       * tells: admitted or not */
};

struct stored_form {
    uint64_t form;
    uint64_t position; /* in order of publication, from 1 */
    struct view name, version;
    uint32_t sequence;
    uint8_t audience;
    int64_t published_ms;
    struct view compressed; /* zlib of the canonical JSON */
};

struct stored_feed {
    uint64_t area;
    uint8_t audience;
    uint64_t position; /* of the last entry */
    uint8_t chain[32];
};

struct stored_entry {        /* of a feed */
    struct feed_entry entry; /* content is filled for ENTER, LEAVE, REDACT and cut frames; where it
                              * is empty, the frame with this serial is the content */
    uint64_t frame;          /* serial; in a delta: index into frames, plus 1; 0: own content */
    uint8_t chain[32];       /* after this entry */
};

struct stored_pending { /* a batch that waits for a gap to be filled; sealed, as it came */
    uint64_t actor, first, last;
    uint64_t carrier;
    int64_t received_ms;
    struct view bytes;
};

struct stored_act {  /* of the staff log: append-only, chained */
    uint64_t serial; /* given by the store, from 1 */
    int64_t at_ms;
    struct view who;    /* user name or program */
    struct view action; /* "resolve", "reveal", "export", "device invite", ... */
    struct view object; /* record, device... by its id; never a value */
    struct view reason;
    uint8_t chain[32]; /* given by the store: act_chain */
};

/* The states of a feed's records for whoever is new (sync/snapshot.h). Derived: not in the digest,
 * and made anew when it is missing. */
struct stored_snapshot {
    uint8_t name[32];
    uint64_t area;
    uint8_t audience;
    uint64_t position; /* of the feed */
    uint32_t record_count;
    uint32_t chunk_count; /* 0: none was kept, because the history is not longer */
    uint64_t bytes;       /* of all chunks */
    int64_t made_ms;
    struct view manifest; /* snapshot_write */
};

struct stored_chunk {
    uint8_t name[32]; /* of its snapshot */
    uint32_t index;
    struct view bytes;
};

/* Of what a tablet has announced: the content is a file, beside the store (sync/attachment.h). */
struct stored_attachment {
    uint8_t hash[32]; /* SHA-256 of the content: its name */
    uint32_t size;
    uint8_t kind; /* enum attachment_kind; as the first who announced it said, as the next two */
    uint64_t area;
    uint64_t device;
    int64_t announced_ms;
    int64_t received_ms;  /* 0: it is still on the tablet */
    int64_t backed_up_ms; /* 0: no backup that was read back holds it */
    bool erased;          /* by law: the content is gone and is not taken again */
};

/* Rights that somebody is to get and that wait for the word of a second one (desk/grant.h). */
struct stored_grant {
    uint64_t by; /* who gives them; 0: nothing waits, and the rest is 0, too */
    int64_t at_ms;
    uint8_t role;
    bool enables; /* he is disabled, and is to be let in again */
    uint32_t area_count;
    uint64_t *areas;
};

/* What guards a staff person's secret at the console (desk/login.h), and what he waits for. None:
 * nothing has happened yet. */
struct stored_login {
    uint64_t person;
    uint32_t failures;  /* wrong secrets or codes since the last good one */
    int64_t wait_ms;    /* until when nothing is tried for him; 0 */
    bool must_change;   /* the secret is somebody else's choice, for one time */
    int64_t changed_ms; /* the secret; 0 never */
    int64_t seen_ms;    /* last complete login; 0 never */
    uint64_t former;    /* the person that he was before his secret was reset; 0 */
    uint64_t code_step; /* of the last code of the second factor that was taken: none is twice */
    struct view second; /* the second factor, locked with a key outside of the store; empty: none */
    uint64_t reset_by;  /* who gave him the secret that he came (back) with; 0: nobody */
    int64_t reset_ms;
    uint64_t reset_confirmed_by; /* 0: nobody has yet */
    struct stored_grant grant;
};

/* Somebody at the console, until he leaves; or a program that reads for him. Not in the digest: it
 * is of this moment. */
struct stored_session {
    uint8_t name[32]; /* hash of the token, which is the browser's, or the program's */
    uint64_t person;
    uint32_t epoch; /* of the county when it began: a restore ends all */
    uint8_t stage;  /* enum login_stage of desk/login.h */
    int64_t since_ms, used_ms, until_ms;
    struct view address, agent; /* where from, and with which browser */
    struct view wrapped; /* the person's key under a key made of the token; none: a program */
    /* Of a program (desk/token.h): what it is called, what it may, and where. */
    struct view label;
    uint32_t abilities; /* 0: a browser */
    uint32_t area_count;
    uint64_t *areas;
};

/* The chain of the staff log, as schema/audit/audit.h defines it: over digests of the acts, so that
 * the chain can be shown to somebody who may not read every act. The log starts from 32 zeros. */
void act_chain(const uint8_t previous[32], const struct stored_act *act, uint8_t out[32]);

struct stored_key { /* same-as: keyed hash of a key field's value */
    uint8_t hash[32];
    struct dot record;
    struct instance_id instance;
};

/* What lists of records are searched by, beside what stored_record says. Derived from the state:
 * not in the digest, and made anew at any time. Names lie here in the clear, as they do in the
 * states; of identity numbers there is a keyed hash, whose key is outside of the store. */
#define LISTED_NAMES_BYTES 512u
#define LISTED_TAILS_MAX   32u
struct stored_listed {
    struct dot record;
    uint64_t created_by, changed_by; /* persons */
    struct view names;               /* of people in it: UTF-8, one a line */
    uint32_t tail_count;
    const uint32_t *tails; /* hashes of the last four characters of identity numbers */
};

/* What staff said of a record as a whole. The newest counts (of equal times the larger state), and
 * is kept with the list: derived, as above. Where what was said no longer stands, somebody has
 * looked what does: that counts instead of what was known, before the others of a delta. */
#define REVIEW_STATE_MAX 7u
struct stored_review {
    struct dot record;
    bool stands; /* whatever was known */
    int64_t at_ms;
    uint8_t state; /* 0: none; what the others mean is the desk's business (sync/listed.h) */
};

/* What the day's work is found by: whom a task or a note is about, and how it stands. Which kinds
 * are kept is the desk's business (sync/listed.h). Derived, as above. */
struct stored_gist {
    struct dot record;
    uint64_t area; /* 0: none; of several the first */
    struct gist gist;
};

/* --- one transaction --- */

/* The parts are applied in this order: frames, changes, actors, verdicts, forms, records (each
 * with its conflicts and keys), entries, the rest. */
struct store_delta {
    uint32_t actor_count;
    const struct stored_actor *actors; /* put */
    uint32_t frame_count;
    const struct stored_frame *frames; /* added; serials are given by the store, in order */
    uint32_t change_count;
    const struct stored_change *changes; /* added; their actors are among the actors above, and
                                          * the numbers lie above the actor's former number and at
                                          * most at its new one, or, in frames with a carrier,
                                          * ahead of it (sync/carried.h) */
    uint32_t verdict_count;
    const struct stored_change *verdicts; /* changed: verdict of a known dot */
    uint32_t record_count;
    const struct stored_record *records; /* put; areas and conflicts of each are replaced */
    uint32_t conflict_count;
    const struct stored_conflict *conflicts; /* of the records above, complete, and in the
                                              * order of the records */
    uint32_t entry_count;
    const struct stored_entry *entries; /* added: per feed, positions follow the head without gap */
    uint32_t quarantine_count;
    const struct stored_quarantine *quarantine; /* put */
    uint32_t device_count;
    const struct stored_device *devices; /* put */
    uint32_t person_count;
    const struct stored_person *persons; /* put */
    uint32_t invitation_count;
    const struct stored_invitation *invitations; /* put */
    uint32_t form_count;
    const struct stored_form *forms; /* added: position follows the last */
    uint32_t pending_count;
    const struct stored_pending *pending; /* added, unless the same actor and first are there */
    uint32_t settled_count;
    const struct stored_pending *settled; /* removed before these are added: by actor and first */
    uint32_t key_count;
    const struct stored_key *keys; /* of the records above, as the conflicts */
    uint32_t listed_count;
    const struct stored_listed *listed; /* put: those of records above, in their order, at most one
                                         * of each (without one, what was known stands), then those
                                         * of other records; of unknown ones they are forgotten */
    uint32_t review_count;
    const struct stored_review *reviews; /* put, after that; forgotten likewise */
    uint32_t gist_count;
    const struct stored_gist
        *gists; /* put, whether the record is known or not; GIST_NONE: removed */
    uint32_t act_count;
    const struct stored_act *acts; /* added */
    uint32_t dropped_count;
    const struct stored_snapshot *dropped; /* removed, with their chunks: by name */
    uint32_t snapshot_count;
    const struct stored_snapshot *snapshots; /* added after that, unless the name is there */
    uint32_t chunk_count;
    const struct stored_chunk *chunks; /* all of each snapshot above, in their order */
    /* The law's erasure (schema/erasure.h): content that is put in the place of what is there. */
    uint32_t cut_frame_count;
    const struct stored_frame *cut_frames; /* known by serial: bytes */
    uint32_t cut_entry_count;
    const struct stored_entry *cut_entries; /* known by area, audience, position: kind, content */
    uint32_t attachment_count;
    const struct stored_attachment *attachments; /* put */
    uint32_t login_count;
    const struct stored_login *logins; /* put */
    uint32_t ended_count;
    const struct stored_session *ended; /* removed before these are put: by name */
    uint32_t session_count;
    const struct stored_session *sessions; /* put */
    uint32_t setting_count;
    const struct stored_setting {
        const char *name;
        struct view value;
    } * settings; /* put */
};

/* RC_CONFLICT when somebody else has moved what this delta stands on (a record's revision, a
 * feed's head, an actor's number, the last form's position): load again and work it out again.
 * RC_INVALID when it contradicts itself (delta.c lists how): a mistake of the program. RC_IO when
 * the disk refuses; then nothing has happened, unless the very fsync failed (base/db.h). */
enum rc store_commit(struct store *store, const struct store_delta *delta, struct err *err);

/* --- reading --- RC_NOT_FOUND where one thing is asked for and is not there. */

enum rc store_setting(struct store *, const char *name, struct arena *, struct view *out,
                      struct err *);
enum rc store_device(struct store *, uint64_t device, struct arena *, struct stored_device *out,
                     struct err *);
enum rc store_person(struct store *, uint64_t person, struct arena *, struct stored_person *out,
                     struct err *);
enum rc store_person_named(struct store *, struct view name, struct arena *,
                           struct stored_person *out, struct err *); /* staff only */
enum rc store_invitation(struct store *, const uint8_t code_id[16], struct arena *,
                         struct stored_invitation *out, struct err *);
enum rc store_actor(struct store *, uint64_t actor, struct stored_actor *out, struct err *);
enum rc store_quarantined(struct store *, struct dot dot, struct stored_quarantine *out,
                          struct err *);
enum rc store_form(struct store *, uint64_t form, struct arena *, struct stored_form *out,
                   struct err *);
enum rc store_change(struct store *, struct dot dot, struct stored_change *out, struct err *);
enum rc store_frame(struct store *, uint64_t serial, struct arena *, struct stored_frame *out,
                    struct err *);
enum rc store_record(struct store *, struct dot id, struct arena *, struct stored_record *out,
                     struct err *);
/* Many at once: out[i].revision is 0 where there is none. */
enum rc store_records(struct store *, const struct dot *ids, uint32_t count, struct arena *,
                      struct stored_record *out, struct err *);
enum rc store_feed(struct store *, uint64_t area, uint8_t audience, struct stored_feed *out,
                   struct err *); /* an unknown feed is at position 0 with a chain of zeros */
/* The chain of a feed after this entry; to check a cursor's digest. */
enum rc store_feed_chain(struct store *, uint64_t area, uint8_t audience, uint64_t position,
                         uint8_t out[32], struct err *);
/* What the entries after this position weigh, without frames of this actor (0: of nobody): bytes of
 * contents and masks; changes, where a frame counts from its first number to its last, 512 at most,
 * and any other entry is one. */
struct feed_weight {
    uint64_t bytes, changes;
};
enum rc store_feed_weight(struct store *, uint64_t area, uint8_t audience, uint64_t after,
                          uint64_t actor, struct feed_weight *out, struct err *);
/* One chunk of a snapshot. */
enum rc store_chunk(struct store *, const uint8_t name[32], uint32_t index, struct arena *,
                    struct view *out, struct err *);

enum rc store_attachment(struct store *, const uint8_t hash[32], struct stored_attachment *out,
                         struct err *);

enum rc store_login(struct store *, uint64_t person, struct arena *, struct stored_login *out,
                    struct err *);
enum rc store_session(struct store *, const uint8_t name[32], struct arena *,
                      struct stored_session *out, struct err *);

/* By id; by since, then dot. For qsort. */
int stored_actor_order(const void *left, const void *right);
int stored_quarantine_order(const void *left, const void *right);

typedef enum rc store_visit_device(void *, const struct stored_device *, struct err *);
typedef enum rc store_visit_person(void *, const struct stored_person *, struct err *);
typedef enum rc store_visit_actor(void *, const struct stored_actor *, struct err *);
typedef enum rc store_visit_form(void *, const struct stored_form *, struct err *);
typedef enum rc store_visit_record(void *, const struct stored_record *, struct err *);
typedef enum rc store_visit_conflict(void *, const struct stored_conflict *, struct err *);
typedef enum rc store_visit_conflict_time(void *, int64_t since_ms, int64_t due_ms, struct err *);
typedef enum rc store_visit_quarantine(void *, const struct stored_quarantine *, struct err *);
typedef enum rc store_visit_feed(void *, const struct stored_feed *, struct err *);
typedef enum rc store_visit_entry(void *, const struct stored_entry *, struct err *);
typedef enum rc store_visit_frame(void *, const struct stored_frame *, struct err *);
typedef enum rc store_visit_inflow(void *, const struct stored_inflow *, struct err *);
typedef enum rc store_visit_change(void *, const struct stored_change *, struct err *);
typedef enum rc store_visit_pending(void *, const struct stored_pending *, struct err *);
typedef enum rc store_visit_act(void *, const struct stored_act *, struct err *);
typedef enum rc store_visit_key(void *, const struct stored_key *, struct err *);
typedef enum rc store_visit_snapshot(void *, const struct stored_snapshot *, struct err *);
typedef enum rc store_visit_attachment(void *, const struct stored_attachment *, struct err *);

typedef enum rc store_visit_login(void *, const struct stored_login *, struct err *);
typedef enum rc store_visit_session(void *, const struct stored_session *, struct err *);
typedef enum rc store_visit_gist(void *, const struct stored_gist *, struct err *);

/* By id, where nothing else is said. A few of them cost what they show, however many others there
 * are: this is what is asked for one tablet. They count as the verb for all. */
enum rc store_devices(struct store *, store_visit_device *, void *, struct err *);
enum rc store_persons(struct store *, store_visit_person *, void *, struct err *);
/* Few: of one device; created after this time. */
enum rc store_device_persons(struct store *, uint64_t device, store_visit_person *, void *,
                             struct err *);
enum rc store_new_persons(struct store *, int64_t after_ms, store_visit_person *, void *,
                          struct err *);
enum rc store_actors(struct store *, store_visit_actor *, void *, struct err *);
/* Few: of one device; the forks that grew out of this very actor. */
enum rc store_device_actors(struct store *, uint64_t device, store_visit_actor *, void *,
                            struct err *);
enum rc store_actor_forks(struct store *, uint64_t actor, store_visit_actor *, void *,
                          struct err *);
enum rc store_forms(struct store *, uint64_t after_position, store_visit_form *, void *,
                    struct err *); /* in order of position */
/* form_name empty: all; area 0: all, else it and what lies beneath. By id, after `after`. Costs
 * what the area has, not what the county has. */
enum rc store_list(struct store *, struct view form_name, uint64_t area, struct dot after,
                   store_visit_record *, void *, struct err *);
/* From this due time on (INT64_MIN: all), by due, then record, then as given. Costs what it shows,
 * and a look at those of other areas in between. */
enum rc store_conflicts(struct store *, uint64_t area, int64_t from_due_ms, store_visit_conflict *,
                        void *, struct err *);
/* Only their times, by due: for counting. */
enum rc store_conflict_times(struct store *, uint64_t area, store_visit_conflict_time *, void *,
                             struct err *);
enum rc store_record_conflicts(struct store *, struct dot record, store_visit_conflict *, void *,
                               struct err *); /* of one record, as given */
/* Of other records, that name this one as the other: by record, then as given. */
enum rc store_proposals(struct store *, struct dot other, store_visit_conflict *, void *,
                        struct err *);
/* By since, then dot. */
enum rc store_quarantine(struct store *, bool settled_too, store_visit_quarantine *, void *,
                         struct err *);
/* Few: of one actor those that were settled after this serial, and those that wait, if asked for;
 * those that wait, of one device (0: of all), behind this row (NULL: from the first). */
enum rc store_actor_quarantine(struct store *, uint64_t actor, uint32_t after_settled,
                               bool waiting_too, store_visit_quarantine *, void *, struct err *);
enum rc store_waiting(struct store *, uint64_t device, const struct stored_quarantine *after,
                      store_visit_quarantine *, void *, struct err *);
/* Feeds of these areas and what lies beneath, each once, by area and audience. audience_mask has
 * a bit per enum audience. Area 0: all. */
enum rc store_feeds(struct store *, const uint64_t *areas, uint32_t area_count,
                    uint8_t audience_mask, store_visit_feed *, void *, struct err *);
/* Entries after a position, in order, content filled in from the frames. */
enum rc store_entries(struct store *, uint64_t area, uint8_t audience, uint64_t after,
                      store_visit_entry *, void *, struct err *);
enum rc store_frames(struct store *, uint64_t after_serial, store_visit_frame *, void *,
                     struct err *); /* the whole log, in order of commit */
/* What has come in from one day to another, both included: by day, then area. Costs what it shows.
 */
enum rc store_inflow(struct store *, int64_t from_day, int64_t to_day, store_visit_inflow *, void *,
                     struct err *);
/* The changes of one record, in order of commit (frame, position); of one actor, in order of
 * number, both ends included. */
enum rc store_history(struct store *, struct dot record, store_visit_change *, void *,
                      struct err *);
enum rc store_actor_changes(struct store *, uint64_t actor, uint64_t from, uint64_t to,
                            store_visit_change *, void *, struct err *);
/* By first; actor 0: of all, by actor and first. */
enum rc store_pending(struct store *, uint64_t actor, store_visit_pending *, void *, struct err *);
enum rc store_acts(struct store *, uint64_t after_serial, store_visit_act *, void *, struct err *);
/* Who has this key: by record, then as given. */
enum rc store_keys(struct store *, const uint8_t hash[32], store_visit_key *, void *, struct err *);
/* Of this very area (0: of all), by area, audience, position, name. */
enum rc store_snapshots(struct store *, uint64_t area, store_visit_snapshot *, void *,
                        struct err *);

/* What is about this record: by record. Costs what it shows. */
enum rc store_about(struct store *, struct dot about, store_visit_gist *, void *, struct err *);
/* Of this kind and state, in this area and beneath (0: all): by gist.when, then record. Costs a
 * look at those of this kind and state up to where the visitor stops. */
enum rc store_gists(struct store *, uint8_t kind, uint8_t state, uint64_t area, store_visit_gist *,
                    void *, struct err *);
/* How many of them there are, and for how many gist.when is less than `before`. */
struct gist_counts {
    uint64_t all, before;
};
enum rc store_gist_count(struct store *, uint8_t kind, uint8_t state, uint64_t area, int64_t before,
                         struct gist_counts *out, struct err *);

/* --- lists as people want them: filtered, sorted, a page at a time --- */

enum record_order { RECORDS_BY_CHANGED, RECORDS_BY_CREATED, RECORDS_BY_AREA, RECORDS_BY_NAME };

enum record_state {
    RECORD_CONFLICT = 1,    /* something in it is open */
    RECORD_QUARANTINED = 2, /* a change of it waits in quarantine */
    RECORD_SEALED = 4,
    RECORD_WITHDRAWN = 8,
};

/* One word of a search. It is met by a name that holds it, or, where it is letters only, that
 * begins so in pinyin (base/pinyin.h); by a tail; or by an area. */
struct query_word {
    struct view text; /* UTF-8, ASCII letters in lower case; empty: names are not asked */
    bool has_tail;
    uint32_t tail;
    uint32_t area_count;
    const uint64_t *areas; /* it and what lies beneath */
};

#define QUERY_WORDS_MAX      6u
#define QUERY_WORD_BYTES_MAX 64u
#define QUERY_PAGE_MAX       1000u

/* Where a page ended: what the last record was sorted by, and its name. */
struct record_cursor {
    uint64_t key[3];
    struct dot record;
};

/* All that is said must hold. Times are seen between 1970 and the year 10889. */
struct record_query {
    struct view form_name; /* empty: all */
    uint32_t area_count;   /* 0: everywhere, else one of these or beneath */
    const uint64_t *areas;
    uint8_t audiences;                      /* a bit per enum audience; 0: all */
    uint8_t with, without;                  /* enum record_state: all of these, none of those */
    uint8_t reviews;                        /* a bit per review state; 0: all */
    uint64_t person;                        /* has created it or changed it last; 0: anybody */
    int64_t changed_from_ms, changed_to_ms; /* both included; to 0: until now */
    uint32_t word_count;
    const struct query_word *words;
    /* for store_find */
    enum record_order order; /* by name: as a Chinese dictionary has it, then by code; by area:
                              * then by name; equal ones by dot */
    bool descending;
    const struct record_cursor *after; /* NULL: from the beginning */
    uint32_t most;                     /* of a page, QUERY_PAGE_MAX at most */
};

struct found_record {
    struct stored_record record; /* without its packed state */
    uint8_t states;              /* enum record_state */
    uint8_t review;
    int64_t review_ms;
    uint64_t created_by, changed_by;
    struct record_cursor cursor; /* for the page that begins behind it */
};

/* Records of one area and form. */
struct record_tally {
    uint64_t area; /* a record that two areas contend for counts in the first; 0: it has none */
    struct view form_name;
    uint64_t records, conflicts, sealed, withdrawn;
    uint64_t reviewed[REVIEW_STATE_MAX + 1];
    int64_t changed_ms; /* the newest */
};

typedef enum rc store_visit_found(void *, const struct found_record *, struct err *);
typedef enum rc store_visit_tally(void *, const struct record_tally *, struct err *);

/* One page. *total: how many there are in all pages together. Costs one look at a slim row of each
 * record of the county, 35 ms of the processor for a million, and with words as much again; where
 * areas are asked for, of those that came with records of these areas. */
enum rc store_find(struct store *, const struct record_query *query, store_visit_found *, void *,
                   uint64_t *total, struct err *);
/* How many there are, by area, then form name. Order and page do not matter. */
enum rc store_tally(struct store *, const struct record_query *query, store_visit_tally *, void *,
                    struct err *);

/* By hash. missing_only: those whose content has not come, and is not erased. */
enum rc store_attachments(struct store *, bool missing_only, store_visit_attachment *, void *,
                          struct err *);

enum rc store_logins(struct store *, store_visit_login *, void *, struct err *);     /* by person */
enum rc store_sessions(struct store *, store_visit_session *, void *, struct err *); /* by name */

/* Kept, not counted: cheap at any size. quarantined: those that wait. */
struct store_counts {
    uint64_t records, changes, frames, conflicts, quarantined, devices, forms, entries, acts;
    uint64_t bytes_log, bytes_states;
};
enum rc store_count(struct store *, struct store_counts *out, struct err *);

/* Same content, same 32 bytes, whatever the engine: over everything above but snapshots, sessions
 * and what lists are searched by, in a stated order. */
enum rc store_digest(struct store *, uint8_t out[32], struct err *);
/* The engine's own check of its files. */
enum rc store_check(struct store *, struct err *);
/* After this nothing is left in the engine's files of what was replaced or removed before. As
 * costly as a copy. RC_AGAIN: readers stand in an old view; that much is left, ask again. */
enum rc store_scrub(struct store *, struct err *err);
/* Copies everything, as it is at one moment, to a new file that this engine can open; others read
 * and write meanwhile. RC_CONFLICT: the file exists. RC_UNSUPPORTED: the engine has no files. */
enum rc store_backup(struct store *, const char *path, struct err *);

void store_close(struct store *store);

/* --- engines --- */

/* SQLite, path of the file. Writing: creates it, brings its tables up to date; RC_LOCKED when
 * anybody else has it open for writing (PATH.lock is held). Reading: RC_NOT_FOUND without a file,
 * RC_UNSUPPORTED when a writer of this version has not opened it yet. */
enum rc store_sqlite_open(const char *path, bool writing, struct store **out, struct err *err);
/* In memory; all handles of one county share one struct store_memory, which outlives them. */
struct store_memory;
enum rc store_memory_new(struct store_memory **out, struct err *err);
void store_memory_free(struct store_memory *memory);
enum rc store_memory_open(struct store_memory *memory, bool writing, struct store **out,
                          struct err *err);

#endif
