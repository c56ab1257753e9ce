/* traffic.h: what agent/sync reads and writes in the tablet's memory. No SQL, no keys: whatever is
 * sealed is sealed and opened here.
 *
 * Writers stand between tablet_begin and tablet_commit; after a failure the caller calls
 * tablet_rollback, which also forgets what memory had learned. */
#ifndef YG_AGENT_STORE_TRAFFIC_H
#define YG_AGENT_STORE_TRAFFIC_H

#include "agent/store/store.h"
#include "schema/merge.h"

enum rc tablet_begin(struct tablet *tablet, struct err *err);
enum rc tablet_commit(struct tablet *tablet, struct err *err);
void tablet_rollback(struct tablet *tablet);
/* After a rollback on a disk that could not be read either, memory knows nothing: reads it again.
 * tablet_begin does it, too. RC_IO: it still cannot be read. */
enum rc tablet_regain(struct tablet *tablet, struct err *err);

/* ---- facts: one row ---- */

#define FORMER_SCOPES_MAX 16u

struct former_scope { /* own changes up to here were made under that scope */
    uint32_t actor_serial;
    uint64_t number;
    uint32_t scope_serial;
};

struct facts {
    uint8_t county_sign_public[32], county_box_public[32];
    uint8_t vault_public[32];
    uint64_t device;
    struct view device_name, server;
    uint32_t epoch;
    struct scope scope;
    uint64_t scope_at; /* own number when the present scope was taken */
    uint64_t form_position;
    uint8_t hello_nonce[16];
    int64_t offset_ms;
    int64_t synced_ms, tried_ms;
    uint64_t key_serial; /* of the list of TLS keys */
    uint32_t pin_count;
    const uint8_t (*pins)[32];
    uint8_t incarnation[16]; /* nonce of the current actor */
    uint8_t former[16];      /* nonce in the sidecar while it is being replaced; zeros: none */
    uint64_t lamport;        /* the largest seen in a feed; own ones stand with the actor */
    bool wiped;
    uint32_t scope_confirmed; /* the last scope whose withdrawals are done (tablet_purge) */
    int64_t answered_ms;      /* the county's clock in the newest answer: what is older is stale */
    int64_t bundled_ms;       /* when a bundle was last written; 0 never */
    uint32_t former_count;    /* oldest first */
    struct former_scope former_scopes[FORMER_SCOPES_MAX];
};

const struct facts *tablet_facts(const struct tablet *tablet);
/* Copies everything, also what the views point to. Inside a transaction. */
enum rc tablet_put_facts(struct tablet *tablet, const struct facts *facts, struct err *err);
const uint8_t *tablet_device_public(const struct tablet *tablet);
const uint8_t *tablet_device_secret(const struct tablet *tablet);

/* ---- own actors ---- */

struct own_actor {
    uint32_t serial; /* 1, 2, ...: order of incarnation */
    uint64_t actor;
    uint8_t nonce[16];
    uint64_t number;  /* newest change */
    uint8_t hash[32]; /* chain there */
    uint64_t lamport;
    uint64_t receipt; /* on the server up to here */
    uint64_t backed_up;
    uint64_t sent;          /* highest number that was in a request */
    uint64_t told;          /* highest number that was ever receipted, in whatever epoch */
    uint32_t began;         /* epoch that the tablet knew when it began the actor */
    struct lineage lineage; /* not empty: copies are at work; names of our numbers */
};

uint32_t tablet_actor_count(const struct tablet *tablet);
/* index 0 is the oldest, count - 1 the current one. */
const struct own_actor *tablet_actor(const struct tablet *tablet, uint32_t index);
/* The one of this name as we gave it, or NULL. */
const struct own_actor *tablet_own_actor(const struct tablet *tablet, uint64_t actor);
enum rc tablet_put_actor(struct tablet *tablet, const struct own_actor *actor, struct err *err);
/* Chain hash at a number (0: the start). RC_NOT_FOUND beyond the newest. */
enum rc tablet_chain(struct tablet *tablet, const struct own_actor *actor, uint64_t number,
                     uint8_t out[32], struct err *err);
/* Begins a new actor with a fresh nonce; the former keeps its numbers. The sidecar follows with the
 * commit. */
enum rc tablet_incarnate(struct tablet *tablet, struct err *err);
/* Compares the sidecar with the database; begins a new actor where they do not fit, if it may.
 * Outside of transactions: after opening, and when a sync has ended. */
enum rc tablet_check_incarnation(struct tablet *tablet, struct err *err);
/* Whether the county has all of the present actor: only then its changes have names by which
 * another one can mean them. */
bool tablet_may_incarnate(const struct tablet *tablet);
/* The names under which the county knows our numbers up to upto: others than our own, because
 * copies of this tablet have used the numbers too; or, after a restore, our own again. Records that
 * were created under them are named anew. Does nothing if that is known. *anew: what feeds had
 * brought of a copy was dropped with it, and they are read from their beginnings. */
enum rc tablet_fork(struct tablet *tablet, const struct own_actor *actor, struct view forks,
                    uint64_t upto, bool *anew, struct err *err);
/* Whether this names one of our own changes as they are called now; *own is the name that we gave.
 */
bool tablet_own_dot(const struct tablet *tablet, struct dot dot, struct dot *own);
/* What one of our own changes is called now; others as they are. */
struct dot tablet_dot_now(const struct tablet *tablet, struct dot own);
/* Grows whenever own numbers get other names. */
uint32_t tablet_namings(const struct tablet *tablet);
/* One of our actors, or a name under which the county knows some of its numbers. */
bool tablet_is_own_name(const struct tablet *tablet, uint64_t name);
/* Stores the outcome of an own change; *is_new when it was not known. Number 0 to 2^40 - 1. */
enum rc tablet_put_verdict(struct tablet *tablet, const struct own_actor *actor, uint64_t number,
                           uint8_t verdict, bool *is_new, struct err *err);
/* Staff gave the change back; kept sealed as long as its verdict stands. */
enum rc tablet_put_return(struct tablet *tablet, const struct own_actor *actor,
                          const struct returned *returned, struct err *err);
/* Receipted changes of records that have left the tablet's areas leave the overlay. */
enum rc tablet_settle_left(struct tablet *tablet, const struct own_actor *actor, struct err *err);

/* ---- outbox ---- */

struct own_change { /* views live until the visitor returns */
    uint64_t number;
    struct dot record;
    bool damaged; /* nobody can read it any more: of the rest only the leaf is known, and as area
                   * that of its key; form 0, canonical empty */
    uint64_t area;
    uint8_t audience;
    uint64_t form;
    struct view canonical;
    uint8_t leaf[32]; /* the canonical bytes' own, unless something of them was erased by law */
};
/* Own changes from a number on, in order; ends at the first that no open session can read (then
 * *readable is false). A visitor that returns other than RC_OK ends it; RC_NOT_FOUND is polite. */
typedef enum rc own_change_visit(void *context, const struct own_change *change, struct err *err);
enum rc tablet_own_changes(struct tablet *tablet, const struct own_actor *actor, uint64_t from,
                           own_change_visit *visit, void *context, bool *readable, struct err *err);
/* One own change by its dot: leaf, and, where canonical is not NULL, its bytes. RC_NOT_FOUND (err
 * untouched): not one of ours, or its bytes are forgotten. RC_LOCKED: canonical was asked and no
 * open session can read it. */
enum rc tablet_own_change(struct tablet *tablet, struct dot dot, uint8_t leaf[32],
                          struct buf *canonical, struct err *err);
/* Whether the bytes of an own change are here, whoever can read them. */
enum rc tablet_own_kept(struct tablet *tablet, struct dot dot, bool *out, struct err *err);
/* The salt secret of a run in a frame; context of frame_secret. RC_LOCKED without a session. */
struct salt_source {
    const struct tablet *tablet;
    uint64_t actor, area, form;
    uint8_t audience;
};
void tablet_salt_secret(void *salt_source, uint64_t run, uint8_t secret[16]);

struct outbox_batch {
    uint32_t serial; /* of the actor */
    uint64_t first, last;
    struct view bytes;
};
typedef enum rc outbox_visit(void *context, const struct outbox_batch *batch, struct err *err);
/* Batches that are not wholly receipted, by actor and number. */
enum rc tablet_outbox(struct tablet *tablet, outbox_visit *visit, void *context, struct err *err);
/* The last batch of an actor: number range and size; last 0 when there is none. */
enum rc tablet_outbox_last(struct tablet *tablet, const struct own_actor *actor, uint64_t *first,
                           uint64_t *last, uint64_t *bytes, struct err *err);
enum rc tablet_outbox_put(struct tablet *tablet, const struct outbox_batch *batch, struct err *err);
enum rc tablet_outbox_delete(struct tablet *tablet, const struct own_actor *actor, uint64_t first,
                             struct err *err);
/* Removes batches that a backup of the county holds. Receipted ones stay until then: they can be
 * sent again to a county that was restored, also by who cannot read them any more. */
enum rc tablet_outbox_receipted(struct tablet *tablet, const struct own_actor *actor,
                                struct err *err);

/* ---- baggage: batches of other tablets, taken from a bundle and carried to the county ---- */

#define BAGGAGE_BYTES_MAX ((uint64_t)256 * 1024 * 1024)
#define BAGGAGE_TRIES     3u /* refused so often by the county, it is dropped */

struct baggage {
    uint64_t id;
    uint64_t actor, first, last;
    bool has_previous; /* the chain hash before first, as the bundle's index said */
    uint8_t previous[32];
    struct view bytes; /* lives until the visitor returns */
};
/* Keeps a copy, once. RC_LIMIT: BAGGAGE_BYTES_MAX. Inside a transaction. */
enum rc tablet_baggage_put(struct tablet *tablet, const struct baggage *baggage, bool *is_new,
                           struct err *err);
/* In order of arrival; due: only what has not been offered within the last hour. A visitor that
 * returns RC_NOT_FOUND ends it politely. */
typedef enum rc baggage_visit(void *context, const struct baggage *baggage, struct err *err);
enum rc tablet_baggage(struct tablet *tablet, bool due, baggage_visit *visit, void *context,
                       struct err *err);
/* Exactly these are in the request that goes out now. Inside a transaction. */
enum rc tablet_baggage_sent(struct tablet *tablet, const uint64_t *ids, uint32_t count,
                            struct err *err);
/* Of what was sent of this actor: what is covered is dropped, the rest waits for an hour. */
enum rc tablet_baggage_receipted(struct tablet *tablet, uint64_t actor, uint64_t number,
                                 struct err *err);
/* The batch of this name (kept_name) waits at the county for what stands in front of it, so that
 * nobody has to carry it any longer: who wrote that may never come. */
enum rc tablet_baggage_kept(struct tablet *tablet, const uint8_t name[32], struct err *err);
/* The answer is taken: what was sent and not receipted was refused; after BAGGAGE_TRIES times it is
 * dropped, and people are told. */
enum rc tablet_baggage_answered(struct tablet *tablet, struct err *err);
enum rc tablet_baggage_count(struct tablet *tablet, uint64_t *batches, uint64_t *bytes, bool *due,
                             struct err *err);

/* Takes out of the own changes that the erasure names what it says (schema/erasure.h); again does
 * no harm. Inside a transaction. */
struct erasure;
enum rc tablet_redact_own(struct tablet *tablet, const struct erasure *erasure, struct err *err);

/* ---- what is removed from the tablet (purge.c) ---- */

/* Removes what belongs to areas outside of the scope, where own changes of them are receipted, and
 * notes the scope as confirmed when nothing is left. What lies beneath a key that the tablet needs
 * for other areas waits until somebody who holds it has unlocked. Inside a transaction; costs
 * nothing when there is nothing to do. */
enum rc tablet_purge(struct tablet *tablet, struct err *err);
/* The serial of the scope under which this own number was made. */
uint32_t tablet_scope_of(const struct tablet *tablet, const struct own_actor *actor,
                         uint64_t number);
/* The last number from `number` on that was made under the same scope. */
uint64_t tablet_scope_end(const struct tablet *tablet, const struct own_actor *actor,
                          uint64_t number);
/* Notes that a backup of the county holds the actor's changes up to backed_up from now on. */
enum rc tablet_mark(struct tablet *tablet, const struct own_actor *actor, struct err *err);
/* Forgets the content of own changes that a backup has held for FORGET_DAYS; hashes stay. What is
 * in quarantine or has not come back in a feed stays, too. Inside a transaction. */
#define FORGET_DAYS 90
enum rc tablet_forget(struct tablet *tablet, struct err *err);

/* ---- cursors ---- */

struct feed_cursor {
    uint64_t area;
    uint8_t audience;
    uint64_t position;
    uint8_t chain[32];
    uint64_t ahead_position; /* of what waits in the inbox; 0: nothing */
    uint8_t ahead_digest[8];
};
enum rc tablet_cursors(struct tablet *tablet, struct arena *arena, struct feed_cursor **out,
                       uint32_t *count, struct err *err);
/* An unknown feed is at position 0 with a chain of zeros. */
enum rc tablet_cursor(struct tablet *tablet, uint64_t area, uint8_t audience,
                      struct feed_cursor *out, struct err *err);
enum rc tablet_put_cursor(struct tablet *tablet, const struct feed_cursor *cursor, struct err *err);
enum rc tablet_delete_cursor(struct tablet *tablet, uint64_t area, uint8_t audience,
                             struct err *err);
enum rc tablet_clear_cursors(struct tablet *tablet, struct err *err);
/* The county is restored from a backup: it may have forgotten forms and the tablet's persons, so
 * all forms are asked for again and all persons certified again. Cursors are cleared too, the
 * states are former ones (states.c), and what waits in the inbox is of feeds that are not any more.
 */
enum rc tablet_doubt_county(struct tablet *tablet, struct err *err);
/* The feeds have been taken to their ends: drops what is kept of records that have left, and former
 * states, unless the county waits for slices,
 * something waits in the inbox, or the tablet's scope has not been told to it since the restore
 * (then it is given no feeds). Costs next to nothing where there are none. */
enum rc tablet_states_settle(struct tablet *tablet, struct err *err);
/* The inbox has been applied: nothing is ahead of the cursors any more. Writes nothing where
 * nothing is. */
enum rc tablet_clear_ahead(struct tablet *tablet, struct err *err);

/* ---- alarms: what the county had signed and does not go on from ---- */

/* kept: our place in the feed. Once until the county has been told; tells people, and lets the
 * slices be offered again. Inside a transaction, as the next. */
enum rc tablet_alarm(struct tablet *tablet, const struct feed_cursor *kept, struct err *err);
/* The county has taken those up to this id. */
enum rc tablet_alarms_told(struct tablet *tablet, uint64_t up_to, struct err *err);

/* ---- slices: what was pulled of others, kept sealed for a county that may lose it ---- */

enum slice_state {
    SLICE_KEPT = 0,    /* the county has it */
    SLICE_DOUBTED = 1, /* the county was restored: it must be asked */
    SLICE_LACKING = 2, /* the county wants it */
    SLICE_SETTLING =
        3,             /* the county has it again; in which places of its feeds, is not known yet */
    SLICE_REFUSED = 4, /* the county did not take it: asked again after the next restore */
};
#define SLICE_TRIES 3u

struct kept_slice { /* views live until the visitor returns */
    uint64_t id;
    uint8_t name[8];
    struct view dots;  /* of struct slice_offer */
    struct view bytes; /* sealed */
};
/* Once; feeds: of each the last position in it. Inside a transaction, as all that write here. */
enum rc tablet_slice_put(struct tablet *tablet, const struct kept_slice *slice,
                         const struct feed_cursor *feeds, uint32_t feed_count, struct err *err);
/* Not of SLICE_KEPT. A visitor that returns RC_NOT_FOUND ends it politely. */
typedef enum rc slice_visit(void *context, const struct kept_slice *slice, struct err *err);
enum rc tablet_slices(struct tablet *tablet, enum slice_state state, slice_visit *visit,
                      void *context, struct err *err);
enum rc tablet_slice_state(struct tablet *tablet, uint64_t id, enum slice_state state,
                           struct err *err);
/* It was sent and the answer has come: it is offered again, unless that was SLICE_TRIES times. */
enum rc tablet_slice_tried(struct tablet *tablet, uint64_t id, struct err *err);
/* The feeds have been taken up to their ends: what is settling is in them. */
enum rc tablet_slices_settle(struct tablet *tablet, struct err *err);
/* The county was restored. */
enum rc tablet_slices_doubt(struct tablet *tablet, struct err *err);
/* A backup of the county holds these feeds so far. */
enum rc tablet_slices_marked(struct tablet *tablet, const struct feed_mark *marks, uint32_t count,
                             struct err *err);
/* How many must be asked for, or brought. */
enum rc tablet_slices_due(struct tablet *tablet, uint64_t *count, struct err *err);

/* ---- snapshots: of feeds that begin with one ----
 *
 * A row as long as not all chunks have been taken; it goes with the feed's cursor, and by itself
 * when the cursor has come beyond it. */

struct feed_snapshot {
    uint64_t area;
    uint8_t audience;
    uint8_t name[32];  /* zeros: none is being taken, but one waits in the inbox */
    uint64_t position; /* where the feed goes on behind it */
    uint32_t record_count, chunk_count;
    uint32_t next;          /* first chunk that has not been taken */
    uint8_t ahead_name[32]; /* what waits in the inbox, that far ... */
    uint32_t ahead_next;    /* ... 0: nothing */
};
enum rc tablet_snapshots(struct tablet *tablet, struct arena *arena, struct feed_snapshot **out,
                         uint32_t *count, struct err *err);
/* All zeros but area and audience when there is none. */
enum rc tablet_snapshot(struct tablet *tablet, uint64_t area, uint8_t audience,
                        struct feed_snapshot *out, struct err *err);
enum rc tablet_put_snapshot(struct tablet *tablet, const struct feed_snapshot *snapshot,
                            struct err *err);
/* The feed's cursor stands at this position: a snapshot that leads there is not needed any more. */
enum rc tablet_end_snapshot(struct tablet *tablet, uint64_t area, uint8_t audience,
                            uint64_t position, struct err *err);

/* ---- what comes in ---- */

/* Whether an open session holds the key of this area. */
bool tablet_reads(const struct tablet *tablet, uint64_t area);
/* The joined confirmed state under this area's key; empty (absorbed_count 0) when there is none. */
enum rc tablet_state(struct tablet *tablet, uint64_t area, struct dot id, struct arena *arena,
                     struct record *out, struct err *err);
/* Stores it, takes own changes that it contains out of the overlay. */
enum rc tablet_put_state(struct tablet *tablet, uint64_t area, const struct record *state,
                         struct err *err);
/* Keeps what a change of a feed gave as its reason, before the state that it went into is stored;
 * nothing where it gave none. */
enum rc tablet_put_reason(struct tablet *tablet, uint64_t area, const struct change *change,
                          struct err *err);
/* After a commit: how many records have open conflicts by it, and had none before. */
uint64_t tablet_conflicted(const struct tablet *tablet);
/* The record has left this area: removes the state unless it has another live area beneath the same
 * granted one. */
enum rc tablet_remove_state(struct tablet *tablet, uint64_t area, struct dot id, struct err *err);
/* Takes a published form; RC_OK with *is_new. A form that this program cannot read is kept. */
enum rc tablet_put_form(struct tablet *tablet, uint64_t form, uint64_t position,
                        struct view compressed_json, bool *is_new, struct err *err);
/* Reads compressed JSON; to check a form's hash before it is taken. */
enum rc tablet_read_form(struct view compressed_json, struct arena *arena, struct form **out,
                         struct err *err);
/* After new forms: summaries of records whose form was unknown are made anew. */
enum rc tablet_forms_came(struct tablet *tablet, struct err *err);
/* Persons that the county has not certified yet. */
enum rc tablet_new_persons(struct tablet *tablet, struct arena *arena, struct hello_person **out,
                           uint32_t *count, struct err *err);
enum rc tablet_put_author(struct tablet *tablet, const struct certificate *certificate,
                          struct err *err);
/* Takes the county's table of areas in place of the former. Inside a transaction. */
enum rc tablet_put_areas(struct tablet *tablet, struct view table, struct err *err);
/* The same, but leaves the known table alone unless the other one is the same and more. */
enum rc tablet_grow_areas(struct tablet *tablet, struct view table, struct err *err);
/* What the county certifies of this tablet (schema/wire/credential.h): kept as it came, inside a
 * transaction; read into out, which stays empty when there is none. */
enum rc tablet_put_credential(struct tablet *tablet, struct view content, struct err *err);
enum rc tablet_credential(struct tablet *tablet, struct buf *out, struct err *err);
/* Keys for newly granted areas. */
enum rc tablet_grant(struct tablet *tablet, const struct scope *scope, struct err *err);
/* Raises lamport in the facts. */
enum rc tablet_saw_lamport(struct tablet *tablet, uint64_t lamport, struct err *err);
/* Once for each (kind, about, number) that nobody has seen yet. */
enum rc tablet_notice(struct tablet *tablet, enum notice_kind kind, uint64_t about, uint64_t number,
                      struct err *err);

/* ---- inbox ----
 *
 * area 0: a whole answer that came while locked, sealed for the vault; else feed entries of an area
 * that nobody unlocked may read, sealed for that area's key. base: from which cursors the answer
 * started; a newer answer from the same base takes the place of the older one. */
enum rc tablet_inbox_put(struct tablet *tablet, uint64_t area, const uint8_t base[8],
                         struct view plain, struct err *err);
struct inbox_part {
    uint64_t part;
    bool is_answer;    /* else feed entries */
    struct view bytes; /* opened; in the arena */
};
/* The oldest part after `after` that an open session can open; RC_NOT_FOUND (err untouched). */
enum rc tablet_inbox_next(struct tablet *tablet, uint64_t after, struct arena *arena,
                          struct inbox_part *out, struct err *err);
enum rc tablet_inbox_delete(struct tablet *tablet, uint64_t part, struct err *err);

/* Opens a PART_SEALED with the vault's secret. RC_LOCKED without a session. */
enum rc tablet_open_sealed(struct tablet *tablet, struct view content, struct buf *parts,
                           struct err *err);

/* What session_open and session_close do with the traffic: agent/sync gives these two functions to
 * the tablet, because store lies beneath sync. Set by tablet_set_traffic; NULL: nothing is done. */
struct traffic {
    enum rc (*on_open)(struct tablet *tablet, struct err *err);  /* apply the inbox */
    enum rc (*on_close)(struct tablet *tablet, struct err *err); /* cut the outbox */
};
void tablet_set_traffic(struct tablet *tablet, const struct traffic *traffic);

#endif
