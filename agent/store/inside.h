/* inside.h: how the tablet's memory is laid out; only for the files of agent/store.
 *
 * The tables (tablet_sql.c) and what they mean:
 *   setting    facts about the tablet as one encoded row, and secrets sealed for everybody here
 *   person     workers, each with keys wrapped by his secret
 *   area_key   one per granted area, and one "common" (area 0) that every person holds;
 *   key_share  its seed, sealed for each entitled person. From the seed come the key that locks
 *              rows and a box whose public half is in clear, so that what arrives while nobody
 *              entitled is there can still be sealed for them
 *   actor      incarnations of this database: how far each has come, what was receipted
 *   record     local numbers of records
 *   state      confirmed states, one per record and key that it came in under
 *   summary    what lists and search show of a record, so that unlocking opens no states
 *   reason     what changes of feeds gave as their reason, which states do not hold (reason.c)
 *   doubted    records whose summaries must be made again (doubt.c)
 *   change     own changes; the chain hash is kept for ever. `overlay` says that no feed has
 *              brought the change back yet; an empty `sealed` that its content is forgotten
 *   mark       when a backup of the county held own changes up to which number
 *   snapshot   how far the tablet has come in a snapshot of a feed
 *   draft      forms that somebody is still filling
 *   blob, blob_chunk, blob_use   attachments, their content, what drafts hold (blobs.c)
 *   urn        votes of a meeting that are not counted yet, one row a meeting (urn.c)
 *   cursor, form, slice, outbox, baggage, returned, inbox, author, notice: see traffic.h */
#ifndef YG_AGENT_STORE_INSIDE_H
#define YG_AGENT_STORE_INSIDE_H

#include "agent/store/blobs.h"
#include "agent/store/traffic.h"
#include "base/db.h"
#include "schema/form/rules.h"
#include "schema/gist.h"

/* ---- statements (tablet_sql.c) ---- */

enum sql {
    SQL_SETTING_GET,
    SQL_SETTING_PUT,
    SQL_PERSON_ADD,
    SQL_PERSON_LIST,
    SQL_PERSON_TRIES,
    SQL_PERSON_CERTIFY,
    SQL_PERSON_DOUBT,
    SQL_PERSON_WIPE,
    SQL_KEY_ADD,
    SQL_KEY_LIST,
    SQL_SHARE_ADD,
    SQL_SHARE_LIST,
    SQL_SHARE_WIPE,
    SQL_ACTOR_ADD,
    SQL_ACTOR_LIST,
    SQL_ACTOR_PUT,
    SQL_RECORD_FIND,
    SQL_RECORD_ADD,
    SQL_RECORD_FORK,
    SQL_RECORD_ASIDE,
    SQL_RECORD_ASIDE_BACK,
    SQL_RECORD_STAYS,
    SQL_CHANGE_STAYS,
    SQL_STATE_FORK,
    SQL_RECORD_BACK,
    SQL_RECORD_LEFT,
    SQL_RECORD_GONE,
    SQL_RECORD_COUNT,
    SQL_RECORD_ALL,
    SQL_STATE_LIST,
    SQL_STATE_PUT,
    SQL_STATE_FORMER,
    SQL_STATE_FORMER_ANY,
    SQL_STATE_FORMER_DROP,
    SQL_STATE_DELETE,
    SQL_STATE_COUNT,
    SQL_REASON_PUT,
    SQL_REASON_LIST,
    SQL_REASON_DROP,
    SQL_REASON_DELETE,
    SQL_REASON_LEFT,
    SQL_REASON_SETTLE,
    SQL_SUMMARY_PUT,
    SQL_SUMMARY_DELETE,
    SQL_SUMMARY_LIST,
    SQL_SUMMARY_KEYS,
    SQL_RECORD_KEYS,
    SQL_RECORD_OF_KEY,
    SQL_RECORD_NAME,
    SQL_CHANGE_ADD,
    SQL_CHANGE_GET,
    SQL_CHANGE_REDACT,
    SQL_CHANGE_RANGE,
    SQL_CHANGE_OVERLAY,
    SQL_CHANGE_OVERLAY_OF,
    SQL_CHANGE_UNSETTLE,
    SQL_CHANGE_SETTLE,
    SQL_CHANGE_VERDICT,
    SQL_CHANGE_QUARANTINED,
    SQL_CHANGE_LEFT,
    SQL_DOUBT_PUT,
    SQL_DOUBT_RANGE,
    SQL_DOUBT_ALL,
    SQL_DOUBT_ANY,
    SQL_DOUBT_NEXT,
    SQL_DOUBT_WAIT,
    SQL_DOUBT_DONE,
    SQL_DOUBT_AGAIN,
    SQL_CURSOR_LIST,
    SQL_CURSOR_GET,
    SQL_CURSOR_PUT,
    SQL_CURSOR_AHEAD,
    SQL_CURSOR_DELETE,
    SQL_CURSOR_CLEAR,
    SQL_SNAPSHOT_LIST,
    SQL_SNAPSHOT_GET,
    SQL_SNAPSHOT_PUT,
    SQL_SNAPSHOT_DELETE,
    SQL_SNAPSHOT_CLEAR,
    SQL_SNAPSHOT_AHEAD,
    SQL_SNAPSHOT_STATUS,
    SQL_MEDIUM_GET,
    SQL_MEDIUM_PUT,
    SQL_MEDIUM_DROP,
    SQL_MEDIUM_LIST,
    SQL_MEDIUM_CHUNK_COUNT,
    SQL_MEDIUM_CHUNK_PUT,
    SQL_MEDIUM_CHUNK_LIST,
    SQL_MEDIUM_CHUNK_DROP,
    SQL_DRAFT_ANY,
    SQL_FORM_LIST,
    SQL_FORM_PUT,
    SQL_DRAFT_NEXT,
    SQL_DRAFT_GET,
    SQL_DRAFT_PUT,
    SQL_DRAFT_DELETE,
    SQL_DRAFT_LIST,
    SQL_DRAFT_OF_KEY,
    SQL_SLICE_PUT,
    SQL_SLICE_FEED_PUT,
    SQL_SLICE_LIST,
    SQL_SLICE_STATE,
    SQL_SLICE_TRIED,
    SQL_SLICE_FEED_SETTLE,
    SQL_SLICE_SETTLE,
    SQL_SLICE_FEED_DOUBT,
    SQL_SLICE_DOUBT,
    SQL_SLICE_FEED_HELD,
    SQL_SLICE_AREAS,
    SQL_SLICE_WITHDRAWN,
    SQL_SLICE_COVERED,
    SQL_SLICE_FORGET,
    SQL_SLICE_FEED_FORGET,
    SQL_SLICE_COUNT,
    SQL_ALARM_ADD,
    SQL_ALARM_LIST,
    SQL_ALARM_TOLD,
    SQL_ALARM_SEEN,
    SQL_RETURNED_PUT,
    SQL_RETURNED_GET,
    SQL_RETURNED_DROP,
    SQL_RETURNED_SEEN,
    SQL_RETURNED_COUNT,
    SQL_OUTBOX_LIST,
    SQL_OUTBOX_LAST,
    SQL_OUTBOX_PUT,
    SQL_OUTBOX_DELETE,
    SQL_OUTBOX_RECEIPTED,
    SQL_BAGGAGE_PUT,
    SQL_BAGGAGE_LIST,
    SQL_BAGGAGE_CLEAR,
    SQL_BAGGAGE_SENT,
    SQL_BAGGAGE_COVERED,
    SQL_BAGGAGE_HELD,
    SQL_BAGGAGE_KEPT,
    SQL_BAGGAGE_REFUSED,
    SQL_BAGGAGE_HOPELESS,
    SQL_BAGGAGE_DROP,
    SQL_BAGGAGE_COUNT,
    SQL_PURGE_UNSENT,
    SQL_PURGE_LEFT,
    SQL_PURGE_STATES,
    SQL_PURGE_REASONS,
    SQL_PURGE_SUMMARIES,
    SQL_PURGE_CHANGES,
    SQL_PURGE_INBOX,
    SQL_PURGE_SHARES,
    SQL_PURGE_KEY,
    SQL_RECORD_FORGET,
    SQL_MARK_PUT,
    SQL_MARK_DUE,
    SQL_MARK_DELETE,
    SQL_MARK_AGAIN,
    SQL_CHANGE_REST,
    SQL_CHANGE_FORGET,
    SQL_INBOX_LIST,
    SQL_INBOX_PUT,
    SQL_INBOX_DELETE,
    SQL_INBOX_REPLACE,
    SQL_INBOX_COUNT,
    SQL_INBOX_WIPE,
    SQL_AUTHOR_PUT,
    SQL_AUTHOR_LIST,
    SQL_NOTICE_ADD,
    SQL_NOTICE_KNOWN,
    SQL_NOTICE_LIST,
    SQL_NOTICE_SEEN,
    SQL_NOTICE_COUNT,
    SQL_BLOB_ADD,
    SQL_BLOB_SEAL,
    SQL_BLOB_CHUNK_ADD,
    SQL_BLOB_FIND,
    SQL_BLOB_GET,
    SQL_BLOB_CHUNK_GET,
    SQL_BLOB_USE_ADD,
    SQL_BLOB_USE_DROP,
    SQL_BLOB_HELD,
    SQL_BLOB_SAVED,
    SQL_BLOB_ORPHANS,
    SQL_BLOB_CHUNK_ORPHANS,
    SQL_BLOB_DUE,
    SQL_BLOB_TRIES,
    SQL_BLOB_STATE,
    SQL_BLOB_FORGET,
    SQL_BLOB_STATUS,
    SQL_BLOB_DELETE,
    SQL_BLOB_NEXT,
    SQL_BLOB_ASK,
    SQL_BLOB_HOLD,
    SQL_BLOB_PULL,
    SQL_BLOB_PULLED_DROP,
    SQL_BLOB_CHUNK_COUNT,
    SQL_PURGE_BLOBS,
    SQL_PURGE_PULLED,
    SQL_URN_ADD,
    SQL_URN_GET,
    SQL_URN_PUT,
    SQL_URN_BLANK,
    SQL_URN_DELETE,
    SQL_URN_WIPE,
    SQL_COUNT,
};

/* Opens the file, brings its tables up to date, prepares all statements. */
enum rc tablet_sql_open(const char *path, const char *vfs_name, struct db **db,
                        struct statement **statements, struct err *err);

/* ---- the structures ---- */

#define KEYS_MAX (4 * LIMIT_AREAS) /* granted over the years; retired ones count */

struct area_key {
    uint64_t key;
    uint64_t area; /* 0: common */
    uint8_t box_public[CRYPT_BOX_PUBLIC_BYTES];
};

struct open_key { /* in guarded memory */
    uint64_t key;
    uint8_t lock[CRYPT_KEY_BYTES];
    uint8_t box_secret[CRYPT_BOX_SECRET_BYTES];
};

struct secrets { /* of a session, in guarded memory */
    uint8_t sign_secret[CRYPT_SIGN_SECRET_BYTES];
    uint8_t box_secret[CRYPT_BOX_SECRET_BYTES];
    uint8_t vault_secret[CRYPT_BOX_SECRET_BYTES];
    uint8_t salt_secret[CRYPT_KEY_BYTES];
    size_t key_count;
    struct open_key keys[KEYS_MAX];
};

struct summary { /* what a list shows; texts borrowed */
    struct dot id;
    uint64_t form;
    uint64_t area;
    int64_t changed_ms;
    uint32_t conflicts;
    bool form_known, withdrawn, sealed;
    bool met;            /* it holds changes of two actors: together they may break a rule */
    uint32_t own_serial; /* newest own change on it: actor serial, number; 0 none */
    uint64_t own_number;
    struct gist gist;
    struct view title;  /* at most SUMMARY_TITLE_BYTES */
    struct view search; /* lower case, at most SUMMARY_SEARCH_BYTES */
};
#define SUMMARY_TITLE_BYTES  96u
#define SUMMARY_SEARCH_BYTES 256u

struct index_entry {
    struct summary summary; /* texts owned, one block each */
    uint8_t *texts;
    size_t texts_bytes;
};

struct index {
    struct index_entry *entries; /* in no order */
    size_t count, capacity;
    uint32_t *slots; /* open addressing by dot: entry index + 1; 0 empty */
    size_t slot_count;
};

struct author {
    uint64_t person;
    struct view name; /* in the session's arena */
};

struct session {
    struct tablet *tablet;
    struct session *next;
    uint64_t person;
    uint8_t role;
    uint8_t sign_public[CRYPT_SIGN_PUBLIC_BYTES];
    uint32_t area_count;
    uint64_t areas[LIMIT_AREAS];
    struct secrets *secrets;
    struct index index;
    bool index_stale;   /* memory ran out while it was renewed: read it anew */
    struct arena arena; /* names of authors, own name */
    struct view name;
    struct author *authors;
    size_t author_count, author_capacity;
};

struct touched { /* index entries to renew after the commit */
    struct dot id;
    uint64_t record;
    uint64_t key;
    struct view plain; /* its summary; in tablet->pending_arena; empty: gone */
};

struct form_slot {
    uint64_t form;
    uint64_t position;
    struct arena arena;
    struct form *loaded; /* NULL: cannot be read by this program */
    bool has_rules;      /* constraints that several people may break together */
};

/* The constraints of the form whose record was looked at last: one program at a time is enough for
 * a person, and little to hold. */
struct tablet_rules {
    const struct form *form; /* NULL: of none yet */
    struct arena arena;
    struct form_program program;
    struct form_rules rules;
};

struct tablet {
    const struct env *env;
    struct crypt_cost cost;
    char *directory;
    struct db *db;
    struct statement *sql[SQL_COUNT];
    uint8_t device_public[CRYPT_SIGN_PUBLIC_BYTES];
    uint8_t device_secret[CRYPT_SIGN_SECRET_BYTES];
    struct facts facts; /* as on disk */
    struct arena facts_arena;
    struct own_actor *actors; /* by serial - 1; the last is the current one */
    size_t actor_count, actor_capacity;
    uint32_t namings;      /* how often own numbers got other names since it was opened */
    struct arena lineages; /* of actors; a copy of an actor is good until they are read again */
    struct area_key *keys;
    size_t key_count, key_capacity;
    struct succession areas; /* as on disk */
    struct arena areas_arena;
    struct form_slot **forms;
    size_t form_count, form_capacity;
    struct tablet_rules rules;
    struct session *sessions;
    const struct traffic *traffic;
    bool lost;   /* after a rollback nothing could be read */
    bool saving; /* a struct save is open */
    struct touched *touched;
    size_t touched_count, touched_capacity;
    struct arena pending_arena;
    bool sidecar_due;    /* the incarnation file must be written after the commit */
    uint64_t conflicted; /* records with open conflicts that had none before this transaction */
    bool purge_due;      /* keys have gone: wiped from memory and from the WAL after the commit */
    /* Scratch memory that is reused between rows. */
    struct buf plain, locked;
    struct arena scratch;
};

/* ---- tablet.c ---- */

/* Reads facts, actors and keys again: after opening and after a rollback. */
enum rc tablet_reload(struct tablet *tablet, struct err *err);
enum rc facts_load(struct tablet *tablet, struct err *err);
void facts_encode(const struct facts *facts, struct buf *out);
enum rc facts_decode(struct view bytes, struct arena *arena, struct facts *out, struct err *err);
enum rc setting_get(struct tablet *tablet, const char *name, struct buf *out, struct err *err);
enum rc setting_find(struct tablet *tablet, const char *name, struct buf *out, struct err *err);
enum rc setting_put(struct tablet *tablet, const char *name, struct view value, struct err *err);
enum rc tablet_file(const struct tablet *tablet, const char *name, char *out, size_t size,
                    struct err *err);

enum rc tablet_path(const char *directory, const char *name, char *out, size_t size,
                    struct err *err);
/* Opens the file; nothing is read yet. */
enum rc tablet_prepare(const char *directory, const struct tablet_options *options,
                       const uint8_t seed[32], struct tablet **out, struct err *err);
void tablet_release(struct tablet *tablet);

/* ---- area.c ---- */

enum rc areas_load(struct tablet *tablet, struct err *err);

/* ---- found.c ---- */

enum rc tablet_device_seed_read(const char *path, uint8_t seed[32], struct err *err);

/* ---- forms.c ---- */

enum rc forms_load(struct tablet *tablet, struct err *err);
/* After a rollback: forgets forms that the file does not have. */
enum rc forms_reload(struct tablet *tablet, struct err *err);
bool tablet_form_has_rules(const struct tablet *tablet, uint64_t form_id);
/* Adds to the reading the constraints of its form that are broken (schema/form/rules.h). */
enum rc tablet_examine(struct tablet *tablet, struct reading *reading, struct arena *arena,
                       struct err *err);
void rules_forget(struct tablet *tablet);

/* ---- incarnation.c ---- */

/* Writes the sidecar, if a committed transaction has changed the nonce. */
enum rc incarnation_settle(struct tablet *tablet, struct err *err);

/* ---- rows.c: sealing of rows and choice of keys ---- */

/* Adds the locked row: plain padded to 64-byte steps, with table, key id, row and generation as
 * associated data. */
enum rc row_lock(struct tablet *tablet, const struct open_key *key, const char *table, uint64_t row,
                 uint64_t generation, struct view plain, struct buf *out, struct err *err);
/* Adds the plain row. RC_CORRUPT when the bytes are not what was locked. */
enum rc row_unlock(const struct open_key *key, const char *table, uint64_t row, uint64_t generation,
                   struct view locked, struct buf *out, struct err *err);
/* The key that an area's rows are locked with: of the granted area that holds it, or that the area
 * in force for it took the place of, else common. */
const struct area_key *area_key_of(const struct tablet *tablet, uint64_t area);
const struct area_key *area_key_find(const struct tablet *tablet, uint64_t key);
/* From the session (NULL: from any open session); NULL when it is not held. */
const struct open_key *area_key_open(const struct tablet *tablet, const struct session *session,
                                     uint64_t key);
void area_key_derive(const uint8_t seed[CRYPT_KEY_BYTES], uint64_t key, struct open_key *out,
                     uint8_t box_public[CRYPT_BOX_PUBLIC_BYTES]);
/* New keys for granted areas that have none, shared with everybody who may have all areas; inside
 * a transaction. Open sessions of such persons get them at once. */
enum rc area_keys_grant(struct tablet *tablet, const uint64_t *areas, uint32_t count,
                        struct err *err);
enum rc area_keys_load(struct tablet *tablet, struct err *err);
enum rc area_key_share(struct tablet *tablet, uint64_t key, uint64_t person,
                       const uint8_t box_public[CRYPT_BOX_PUBLIC_BYTES],
                       const uint8_t seed[CRYPT_KEY_BYTES], struct err *err);

/* ---- drafts.c ---- */

/* Inside a transaction. RC_NOT_FOUND. */
enum rc drafts_delete(struct tablet *tablet, uint64_t draft, uint64_t person, struct err *err);

/* ---- urn.c ---- */

#define URN_NONCE_BYTES 24u /* the beginning of a locked block */

struct urn;
void urn_nonce(const struct urn *urn, uint8_t out[URN_NONCE_BYTES]);
/* Inside a transaction. RC_NOT_FOUND; RC_CONFLICT: the block is another than this one (NULL: any).
 */
enum rc urn_delete(struct tablet *tablet, struct dot meeting, const uint8_t *nonce,
                   struct err *err);

/* ---- blobs.c: inside a transaction, but blobs_named ---- */

/* The attachments that a change may name (NULL: none), as blobs_saved understands them; in the
 * arena. state: of its record, NULL: it is new. What it names already a change does not name again:
 * somebody else has added the same file. It is kept all the same, for his tablet may be lost. */
enum rc blobs_named(const struct session *session, const struct change *change,
                    const struct record *state, struct arena *arena, struct view *tags,
                    struct err *err);
/* A change that names them is saved: from now on they are sent. */
enum rc blobs_saved(struct tablet *tablet, struct view tags, struct err *err);
/* Something was erased by law: the county is asked about all of them at the end of this sync. */
enum rc blobs_ask(struct tablet *tablet, struct err *err);
/* Opens all that open sessions can; a line for each that is not what was written. */
enum rc blobs_check(struct tablet *tablet, struct buf *problems, uint64_t *count, struct err *err);
/* Forgets what only this draft held. */
enum rc blobs_draft_ended(struct tablet *tablet, uint64_t draft, struct err *err);
/* Forgets what was added and neither held by a draft nor saved. */
enum rc blobs_orphans(struct tablet *tablet, struct err *err);
/* Forgets what a backup of the county has held for FORGET_DAYS. */
enum rc blobs_forget(struct tablet *tablet, struct err *err);

/* ---- returned.c ---- */

/* What staff said of this change, if they gave it back: fills returned, seen and, where an open
 * session may read it, reason. */
enum rc returned_read(struct tablet *tablet, int64_t change, struct arena *arena,
                      struct tablet_quarantined *out, struct err *err);
enum rc returned_drop(struct tablet *tablet, int64_t change, struct err *err);

/* ---- reason.c ---- */

/* In a transaction: what this state says was erased by law takes its reasons with it. */
enum rc reasons_erased(struct tablet *tablet, uint64_t record, const struct record *state,
                       struct err *err);
/* Whether each that open sessions can read is what was written there. */
enum rc reasons_check(struct tablet *tablet, uint64_t record, bool *whole, struct err *err);

/* ---- slices.c ---- */

/* For areas out of scope no backup of a feed will be told any more. */
enum rc slices_withdrawn(struct tablet *tablet, struct err *err);
/* Notes which slices a backup holds, forgets those that it has held for FORGET_DAYS. */
enum rc slices_forget(struct tablet *tablet, struct err *err);

/* ---- purge.c ---- */

/* After a commit: keys that are gone leave the sessions, and the file's log. */
void purge_settle(struct tablet *tablet);

/* ---- person.c ---- */

struct person_row {
    uint64_t person;
    struct view name, areas;
    uint8_t role;
    uint8_t sign_public[32], box_public[32];
    uint8_t salt[CRYPT_SALT_BYTES];
    struct crypt_cost cost;
    struct view wrapped;
    uint32_t tries;
    int64_t retry_ms;
    bool certified;
};
/* All rows, in the arena. */
enum rc person_rows(struct tablet *tablet, struct arena *arena, struct person_row **out,
                    uint32_t *count, struct err *err);
/* Adds the row; the signing seed is given, the box seed is drawn. Inside a transaction. */
enum rc person_insert(struct tablet *tablet, struct view name, struct view secret, uint8_t role,
                      const uint8_t sign_seed[32], const uint64_t *areas, uint32_t area_count,
                      struct person_row *out, struct err *err);
/* Checks the secret against the row, counts wrong ones, opens the wrapped keys. */
enum rc person_unwrap(struct tablet *tablet, const struct person_row *row, struct view secret,
                      struct secrets *out, struct err *err);

/* ---- index.c ---- */

enum rc index_put(struct index *index, const struct summary *summary, struct err *err);
void index_remove(struct index *index, struct dot id);
const struct index_entry *index_get(const struct index *index, struct dot id);
void index_release(struct index *index); /* wipes */
/* Without the id: that stands beside the row, and changes when the county names a fork. */
void summary_encode(const struct summary *summary, struct buf *out);
enum rc summary_decode(struct view bytes, struct dot id, struct summary *out, struct err *err);
enum rc index_load(struct session *session, struct err *err);
/* The index, read anew if it is stale. */
enum rc index_fresh(struct session *session, struct err *err);
/* After a commit: what the transaction touched goes into the index of every open session. */
enum rc index_renew(struct tablet *tablet, struct err *err);

/* ---- view.c ---- */

/* The view of a record from what the keys can open: session NULL, all open sessions together.
 * RC_NOT_FOUND when nothing can be opened. */
enum rc view_build(struct tablet *tablet, const struct session *session, uint64_t record,
                   struct dot id, struct arena *arena, struct record *out, struct err *err);
/* Reads the record and makes its summary; texts in the arena. */
enum rc view_summary(struct tablet *tablet, const struct record *record, struct arena *arena,
                     struct summary *out, struct err *err);
/* The local number of a record; RC_NOT_FOUND, or made when add is true. */
enum rc record_number(struct tablet *tablet, struct dot id, bool add, uint64_t *out,
                      struct err *err);

/* ---- own changes: rows of the table change ---- */

#define CHANGE_NUMBER_BITS 40 /* of the row id: actor serial above, number below */

static inline int64_t change_row(uint32_t serial, uint64_t number) {
    return (int64_t)(((uint64_t)serial << CHANGE_NUMBER_BITS) | number);
}

struct own_scope { /* which frame a change travels in */
    uint64_t area;
    uint8_t audience;
    uint64_t form;
};

/* The plain bytes of a change row: scope, then canonical bytes. */
void own_change_encode(const struct own_scope *scope, struct view canonical, struct buf *out);
/* Reads an own change by the names that its numbers have in the county, if copies are at work. */
enum rc own_change_rename(const struct tablet *tablet, uint32_t serial, struct change *change,
                          struct arena *arena, struct err *err);
/* The other way, for a change of the present actor that is about to be written: what is ours and
 * has not come back in a feed, this record or another that an answer names, is named by the number
 * that we gave it. The names that we have for it so far are those of the last receipt, and the
 * county may yet know it by others. */
enum rc own_change_unname(struct tablet *tablet, struct change *change, struct arena *arena,
                          struct err *err);

/* ---- doubt.c ---- */

/* In a transaction: the county was restored; what its feeds had said is former. */
enum rc states_doubt(struct tablet *tablet, struct err *err);

/* In a transaction: the list may show what this record, the records of these own changes, or any
 * record does not say any more. Needed only where no row of table state, change or record says so:
 * those doubt their records themselves. */
enum rc doubt_record(struct tablet *tablet, uint64_t record, struct err *err);
enum rc doubt_own(struct tablet *tablet, uint32_t serial, uint64_t first, uint64_t last,
                  struct err *err);
enum rc doubt_all(struct tablet *tablet, struct err *err);
/* What those that wait in doubt have lacked may be here now. */
enum rc doubt_again(struct tablet *tablet, struct err *err);
/* At the end of every transaction: writes or removes the summaries of all records in doubt, as far
 * as their keys are open, and counts those with new conflicts. */
enum rc doubt_settle(struct tablet *tablet, struct err *err);
/* When somebody has unlocked: what waited for that. */
enum rc doubt_open(struct tablet *tablet, struct err *err);

/* ---- view.c, continued ---- */

/* The row of an own change, opened into tablet->plain. *damaged: RC_OK, and nobody can read it any
 * more, because the disk has changed it. */
enum rc own_change_open(struct tablet *tablet, const struct open_key *key, uint64_t row,
                        struct view sealed, struct own_scope *scope, struct view *canonical,
                        bool *damaged, struct err *err);
enum rc own_change_decode(struct view plain, struct own_scope *scope, struct view *canonical,
                          struct err *err);
/* The salt secret of a run of 64 numbers. */
void own_salt_secret(const struct secrets *secrets, uint64_t actor, const struct own_scope *scope,
                     uint64_t run, uint8_t out[16]);

#endif
