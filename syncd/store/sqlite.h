/* sqlite.h: what the files of the SQLite engine share; private to them.
 *
 *   store_sqlite.c    opening, closing, holding, checking; the table of verbs
 *   sqlite_schema.c   the tables, and every SQL text
 *   sqlite_id.c       64-bit names as small integers
 *   sqlite_commit.c   one transaction, part by part
 *   sqlite_shelf.c    rows of records
 *   sqlite_run.c      the slim index of changes
 *   sqlite_change.c   changes that come in, and the history of a record
 *   sqlite_record.c   records with their lists, conflicts and keys
 *   sqlite_line.c     what lists are searched by, written
 *   sqlite_find.c     lists: filtered, sorted, counted
 *   sqlite_log.c      frames, feeds, entries, staff log
 *   sqlite_snapshot.c snapshots and their chunks
 *   sqlite_attachment.c what is known of attachments
 *   sqlite_login.c    what guards staff at the console, and their sessions
 *   sqlite_gist.c     what is about a record, and how it stands
 *   sqlite_people.c   devices, persons, invitations, actors, forms, settings, what waits
 *
 * Ingest is bound by the pages that are written, so the tables are made to touch few of them, and
 * at their ends: frames are stored once, as they came; a change costs a byte or two in a run of up
 * to 512 changes; new records are rows at the end of their table, whoever made them, and 500 that
 * come together cost one row more to say where they stand (shelf) and one to say in which area
 * (place). An edit rewrites the record's row, and nothing else when form, areas, conflicts and keys
 * stay as they were.
 *
 * Integers of 64 bits lie in SQLite's signed ones in one of two ways: `bits` keeps the pattern and
 * is short for small numbers; `bias` flips the highest bit, so that SQLite's order is the unsigned
 * one. Names (actors, devices, persons) are biased, all else is bits.
 *
 * A dot becomes one integer, its id: the lowest 38 bits of its number, and above them the small
 * number of its prefix (the actor and the rest of the number, which is 0 in honest life). The ids
 * of one actor stand side by side. */
#ifndef YG_SYNCD_STORE_SQLITE_H
#define YG_SYNCD_STORE_SQLITE_H

#include "base/db.h"
#include "base/file.h"
#include "syncd/store/engine.h"
#include "syncd/store/sqlite_sql.h"

#define LOW_BITS        38
#define LOW_MASK        ((INT64_C(1) << LOW_BITS) - 1)
#define PREFIX_MAX      ((INT64_C(1) << (63 - LOW_BITS)) - 2)
#define RUN_CHANGES     512u /* changes in one row of the index */
#define PREFIX_SLOTS    1024u
#define SCRATCH_BYTES   (64u * 1024u * 1024u)
#define WALK_BYTES      (64u * 1024u * 1024u)
#define NAME_SLOT_BYTES 64u
#define PLACES_OPEN     8u /* ranges that a commit lengthens at the same time */
#define PLACE_GAP       32 /* numbers of other records that a range may bridge */

enum record_mark { MARK_WITHDRAWN = 1, MARK_CONFLICTS = 2, MARK_SEALED_SHIFT = 8 };

struct prefix_slot {
    int64_t id; /* 0: empty */
    uint64_t actor, high;
};

/* What would need a scan, kept in one row; loaded and saved by each commit. */
struct county {
    struct store_counts counts;
    uint8_t act_chain[32];
    int64_t next_row; /* behind the last record */
};

struct trail { /* a change of a record that it did not create, to be added to its history */
    int64_t record;
    int64_t dot;
};

struct shelf {     /* see sqlite_shelf.c */
    int64_t first; /* 0: none */
    int64_t last;
    int64_t row;
};

struct place_range { /* see sqlite_record.c */
    int64_t name;    /* 0: not open */
    uint64_t area;
    int64_t first, last;
};

struct zone { /* see sqlite_line.h */
    uint64_t townships, villages;
};

struct open_block { /* see sqlite_line.c */
    int64_t number; /* -1: none */
    bool differs;
    struct buf bytes;
};

struct open_list {
    struct open_block lines, rests, words;
    struct zone zone; /* of the lines, as it is stored; zeros: it is not */
    struct buf spare;
};

struct sqlite {
    struct store store; /* first: the verbs are given its address */
    struct db *db;
    struct file_lock lock;
    unsigned held; /* nested holds of a reader */
    struct statement *sql[SQL_COUNT];
    struct prefix_slot by_dot[PREFIX_SLOTS]; /* caches: forgotten when a transaction fails */
    struct prefix_slot by_id[PREFIX_SLOTS];
    char name_text[NAME_SLOT_BYTES]; /* the form name seen last */
    size_t name_bytes;
    int64_t name_id; /* 0: none */

    struct shelf seen_shelf; /* a cache too; a shelf is never taken down */

    /* of the commit that is going on */
    struct county county;
    struct stored_change *run; /* RUN_CHANGES of them */
    struct buf run_bytes, areas, heads, history;
    struct trail *trails; /* sorted */
    size_t trail_count, trail_capacity;
    struct shelf open_shelf; /* the last one, not yet written as long as it is */
    int64_t open_limit;      /* where the next one begins */
    struct place_range places[PLACES_OPEN];
    size_t places_next; /* the one to be closed next */
    struct open_list list;
};

static inline struct sqlite *sqlite_of(struct store *store) {
    return (struct sqlite *)store;
}

static inline int64_t bits(uint64_t value) {
    return (int64_t)value;
}

static inline int64_t bias(uint64_t value) {
    return (int64_t)(value ^ (UINT64_C(1) << 63));
}

static inline uint64_t unbias(int64_t value) {
    return (uint64_t)value ^ (UINT64_C(1) << 63);
}

/* Columns by their kind. */
static inline uint64_t column_bits(struct statement *row, int column) {
    return (uint64_t)statement_i64(row, column);
}

static inline uint64_t column_name(struct statement *row, int column) {
    return unbias(statement_i64(row, column));
}

/* RC_CORRUPT when the column does not have exactly size bytes. */
enum rc column_bytes(struct statement *row, int column, uint8_t *out, size_t size, struct err *err);
/* Borrowed when arena is NULL, else copied into it. */
struct view column_blob(struct statement *row, int column, struct arena *arena);
struct view column_text(struct statement *row, int column, struct arena *arena);

void areas_pack(struct buf *out, const uint64_t *areas, uint32_t count);
enum rc areas_unpack(struct view packed, struct arena *arena, uint64_t **areas, uint32_t *count,
                     struct err *err);

extern const struct db_migration SQLITE_TABLES[];
extern const size_t SQLITE_TABLES_COUNT;
extern const char *const SQLITE_SQL[SQL_COUNT];

/* --- sqlite_id.c --- */
/* RC_NOT_FOUND (err untouched) when nothing of this prefix was ever stored. */
enum rc dot_find(struct sqlite *sqlite, struct dot dot, int64_t *id, struct err *err);
/* Gives the prefix a number where it has none. Only inside a commit. */
enum rc dot_put(struct sqlite *sqlite, struct dot dot, int64_t *id, struct err *err);
enum rc dot_of(struct sqlite *sqlite, int64_t id, struct dot *dot, struct err *err);
struct dot dot_from(uint64_t actor, uint64_t high, int64_t id);
enum rc name_find(struct sqlite *sqlite, struct view name, int64_t *id, struct err *err);
enum rc name_put(struct sqlite *sqlite, struct view name, int64_t *id, struct err *err);
void ids_forget(struct sqlite *sqlite);

/* --- sqlite_shelf.c --- */
/* The row in which the record with this id stands; RC_NOT_FOUND (err untouched) when there can be
 * none. There may be no row of that number all the same. */
enum rc shelf_find(struct sqlite *sqlite, int64_t id, int64_t *row, struct err *err);
/* Finds the record a place where it has none. Only inside a commit, which calls shelf_close. */
enum rc shelf_put(struct sqlite *sqlite, int64_t id, int64_t *row, struct err *err);
enum rc shelf_close(struct sqlite *sqlite, struct err *err);

/* --- sqlite_commit.c --- */
enum rc sqlite_commit(struct store *store, const struct store_delta *delta, struct err *err);
enum rc county_load(struct sqlite *sqlite, struct county *out, struct err *err);

/* --- sqlite_run.c --- */
/* Writes the first count of sqlite->run as one run. */
enum rc run_add(struct sqlite *sqlite, uint32_t count, struct err *err);
/* RC_NOT_FOUND leaves err as it was. */
enum rc change_find(struct sqlite *sqlite, struct dot dot, struct stored_change *out,
                    struct err *err);
enum rc verdicts_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_change(struct store *store, struct dot dot, struct stored_change *out,
                      struct err *err);
enum rc sqlite_actor_changes(struct store *store, uint64_t actor, uint64_t from, uint64_t to,
                             store_visit_change *visit, void *context, struct err *err);

/* --- sqlite_change.c --- */
enum rc changes_add(struct sqlite *sqlite, const struct store_delta *delta, uint64_t frame_base,
                    struct err *err);
/* Adds the trails of this record to out, in the form of the history column. */
void trails_take(struct sqlite *sqlite, int64_t record, struct buf *out);
/* Those that no record of the delta has taken. */
enum rc trails_rest(struct sqlite *sqlite, struct err *err);
enum rc sqlite_history(struct store *store, struct dot record, store_visit_change *visit,
                       void *context, struct err *err);

/* --- sqlite_record.c, sqlite_list.c --- */
enum rc records_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_record(struct store *store, struct dot id, struct arena *arena,
                      struct stored_record *out, struct err *err);
/* The row of SQL_RECORD and its like. */
enum rc record_row(struct statement *row, struct dot id, struct arena *arena,
                   struct stored_record *out, struct err *err);
enum rc sqlite_list(struct store *store, struct view form_name, uint64_t area, struct dot after,
                    store_visit_record *visit, void *context, struct err *err);
enum rc sqlite_record_conflicts(struct store *store, struct dot record, store_visit_conflict *visit,
                                void *context, struct err *err);
enum rc sqlite_proposals(struct store *store, struct dot other, store_visit_conflict *visit,
                         void *context, struct err *err);
enum rc sqlite_conflicts(struct store *store, uint64_t area, int64_t from_due_ms,
                         store_visit_conflict *visit, void *context, struct err *err);
enum rc sqlite_conflict_times(struct store *store, uint64_t area, store_visit_conflict_time *visit,
                              void *context, struct err *err);
enum rc sqlite_keys(struct store *store, const uint8_t *hash, store_visit_key *visit, void *context,
                    struct err *err);

/* --- sqlite_line.c --- */
/* What is known of a record whose line is put. */
struct line_of {
    int64_t id, row, name;
    bool has_conflicts;
    bool same_title; /* as in the state before, which has a line */
};
/* Puts a record's line. listed NULL: what it is searched by stays as it is. */
enum rc line_put(struct sqlite *sqlite, const struct stored_record *record,
                 const struct line_of *about, const struct stored_listed *listed, struct err *err);
/* The rest of the delta's listed, from this one on, and its reviews; then all is written. */
enum rc lines_close(struct sqlite *sqlite, const struct store_delta *delta, uint32_t listed,
                    struct err *err);
void lines_forget(struct sqlite *sqlite);

/* --- sqlite_find.c, sqlite_tally.c --- */
enum rc sqlite_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                    void *context, uint64_t *total, struct err *err);
enum rc sqlite_tally(struct store *store, const struct record_query *query,
                     store_visit_tally *visit, void *context, struct err *err);

/* --- sqlite_log.c --- */
enum rc frames_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_inflow(struct store *store, int64_t from_day, int64_t to_day,
                      store_visit_inflow *visit, void *context, struct err *err);
enum rc content_cut(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc entries_add(struct sqlite *sqlite, const struct store_delta *delta, uint64_t frame_base,
                    struct err *err);
enum rc acts_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_frame(struct store *store, uint64_t serial, struct arena *arena,
                     struct stored_frame *out, struct err *err);
enum rc sqlite_frames(struct store *store, uint64_t after, store_visit_frame *visit, void *context,
                      struct err *err);
enum rc sqlite_feed(struct store *store, uint64_t area, uint8_t audience, struct stored_feed *out,
                    struct err *err);
enum rc sqlite_feed_chain(struct store *store, uint64_t area, uint8_t audience, uint64_t position,
                          uint8_t *out, struct err *err);
enum rc sqlite_feeds(struct store *store, const uint64_t *areas, uint32_t area_count,
                     uint8_t audience_mask, store_visit_feed *visit, void *context,
                     struct err *err);
enum rc sqlite_entries(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                       store_visit_entry *visit, void *context, struct err *err);
enum rc sqlite_acts(struct store *store, uint64_t after, store_visit_act *visit, void *context,
                    struct err *err);

/* Entries after a position, for statements over ids of entries; low > high when there are none. */
enum rc entries_range(struct sqlite *sqlite, uint64_t area, uint8_t audience, uint64_t after,
                      int64_t *low, int64_t *high, struct err *err);

/* --- sqlite_attachment.c --- */
enum rc attachments_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_attachment(struct store *store, const uint8_t *hash, struct stored_attachment *out,
                          struct err *err);
enum rc sqlite_attachments(struct store *store, bool missing_only, store_visit_attachment *visit,
                           void *context, struct err *err);

/* --- sqlite_snapshot.c --- */
enum rc snapshots_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_feed_weight(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                           uint64_t actor, struct feed_weight *out, struct err *err);
enum rc sqlite_chunk(struct store *store, const uint8_t *name, uint32_t index, struct arena *arena,
                     struct view *out, struct err *err);
enum rc sqlite_snapshots(struct store *store, uint64_t area, store_visit_snapshot *visit,
                         void *context, struct err *err);

/* --- sqlite_people.c, sqlite_people_read.c --- */
enum rc people_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc actors_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc forms_add(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc waiting_put(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_setting(struct store *store, const char *name, struct arena *arena, struct view *out,
                       struct err *err);
enum rc sqlite_device(struct store *store, uint64_t device, struct arena *arena,
                      struct stored_device *out, struct err *err);
enum rc sqlite_person(struct store *store, uint64_t person, struct arena *arena,
                      struct stored_person *out, struct err *err);
enum rc sqlite_person_named(struct store *store, struct view name, struct arena *arena,
                            struct stored_person *out, struct err *err);
enum rc sqlite_invitation(struct store *store, const uint8_t *code_id, struct arena *arena,
                          struct stored_invitation *out, struct err *err);
enum rc sqlite_actor(struct store *store, uint64_t actor, struct stored_actor *out,
                     struct err *err);
enum rc sqlite_form(struct store *store, uint64_t form, struct arena *arena,
                    struct stored_form *out, struct err *err);
enum rc sqlite_settings(struct store *store, store_visit_setting *visit, void *context,
                        struct err *err);
enum rc sqlite_devices(struct store *store, store_visit_device *visit, void *context,
                       struct err *err);
enum rc sqlite_persons(struct store *store, store_visit_person *visit, void *context,
                       struct err *err);
enum rc sqlite_invitations(struct store *store, store_visit_invitation *visit, void *context,
                           struct err *err);
enum rc sqlite_actors(struct store *store, store_visit_actor *visit, void *context,
                      struct err *err);
enum rc sqlite_forms(struct store *store, uint64_t after, store_visit_form *visit, void *context,
                     struct err *err);
enum rc sqlite_quarantine(struct store *store, bool settled_too, store_visit_quarantine *visit,
                          void *context, struct err *err);
enum rc sqlite_quarantined(struct store *store, struct dot dot, struct stored_quarantine *out,
                           struct err *err);
enum rc sqlite_device_persons(struct store *store, uint64_t device, store_visit_person *visit,
                              void *context, struct err *err);
enum rc sqlite_new_persons(struct store *store, int64_t after_ms, store_visit_person *visit,
                           void *context, struct err *err);
enum rc sqlite_device_actors(struct store *store, uint64_t device, store_visit_actor *visit,
                             void *context, struct err *err);
enum rc sqlite_actor_forks(struct store *store, uint64_t actor, store_visit_actor *visit,
                           void *context, struct err *err);
enum rc sqlite_actor_quarantine(struct store *store, uint64_t actor, uint32_t after_settled,
                                bool waiting_too, store_visit_quarantine *visit, void *context,
                                struct err *err);
enum rc sqlite_waiting(struct store *store, uint64_t device, const struct stored_quarantine *after,
                       store_visit_quarantine *visit, void *context, struct err *err);
enum rc sqlite_pending(struct store *store, uint64_t actor, store_visit_pending *visit,
                       void *context, struct err *err);

/* --- sqlite_login.c --- */
enum rc logins_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_login(struct store *store, uint64_t person, struct arena *arena,
                     struct stored_login *out, struct err *err);
enum rc sqlite_logins(struct store *store, store_visit_login *visit, void *context,
                      struct err *err);
enum rc sqlite_session(struct store *store, const uint8_t *name, struct arena *arena,
                       struct stored_session *out, struct err *err);
enum rc sqlite_sessions(struct store *store, store_visit_session *visit, void *context,
                        struct err *err);

/* --- sqlite_gist.c --- */
enum rc gists_write(struct sqlite *sqlite, const struct store_delta *delta, struct err *err);
enum rc sqlite_about(struct store *store, struct dot about, store_visit_gist *visit, void *context,
                     struct err *err);
enum rc sqlite_gists(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                     store_visit_gist *visit, void *context, struct err *err);
enum rc sqlite_gist_count(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                          int64_t before, struct gist_counts *out, struct err *err);

#endif
