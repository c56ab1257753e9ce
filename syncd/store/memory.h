/* memory.h: the naive engine, which says what the verbs of store.h mean; private to its files.
 *
 * Everything is an array, found by looking at every item. A commit copies all arrays, works on the
 * copy, and puts it in place of the old one when nothing was wrong: that is what "all or nothing"
 * means. A verb that reads holds the content that was there when it began, and the last one to let
 * go of it frees it. Bytes are copied into one arena that is given back when the memory is freed.
 *
 *   store_memory.c    handles, reading one thing
 *   memory_walk.c     walks
 *   memory_commit.c   committing
 *   memory_snapshot.c snapshots
 *   memory_attachment.c attachments
 *   memory_find.c     lists, filtered and sorted
 *   memory_login.c    logins and sessions
 *   memory_gist.c     what is about a record, and how it stands
 *   memory_copy.c     copying */
#ifndef YG_SYNCD_STORE_MEMORY_H
#define YG_SYNCD_STORE_MEMORY_H

#include <pthread.h>

#include "syncd/store/engine.h"

struct item_list { /* of one type of item */
    size_t item_bytes;
    size_t count, capacity;
    uint8_t *items;
};

struct stored_setting_copy {
    const char *name;
    struct view value;
};

enum content_list {
    LIST_SETTINGS, /* struct stored_setting_copy */
    LIST_DEVICES,  /* the others: as their names say */
    LIST_PERSONS,
    LIST_INVITATIONS,
    LIST_ACTORS,
    LIST_FORMS,
    LIST_FRAMES,
    LIST_CHANGES,
    LIST_RECORDS,
    LIST_CONFLICTS,
    LIST_KEYS,
    LIST_QUARANTINE,
    LIST_FEEDS,
    LIST_ENTRIES,
    LIST_PENDING,
    LIST_ACTS,
    LIST_SNAPSHOTS,
    LIST_CHUNKS,
    LIST_ATTACHMENTS, /* by hash */
    LIST_LISTED,
    LIST_REVIEWS,
    LIST_LOGINS,   /* by person */
    LIST_SESSIONS, /* by name */
    LIST_GISTS,    /* by record */
    LIST_COUNT,
};

struct content { /* never changed once it is the current one */
    unsigned holders;
    struct item_list lists[LIST_COUNT];
};

struct store_memory {
    pthread_mutex_t mutex; /* guards has_writer, current and all holders */
    bool has_writer;
    struct content *current; /* held by the memory itself */
    struct arena bytes;      /* only the one writer adds to it */
};

struct memory_handle {
    struct store store; /* first: the verbs are given its address */
    struct store_memory *memory;
    struct content *held; /* what the verb that goes on sees */
    unsigned holds;       /* nested verbs */
};

static inline struct store_memory *memory_of(struct store *store) {
    return ((struct memory_handle *)store)->memory;
}

static inline const struct content *content_of(struct store *store) {
    return ((struct memory_handle *)store)->held;
}

#define LIST(which) (&content_of(store)->lists[which])

static inline void *list_at(const struct item_list *list, size_t index) {
    return list->items + index * list->item_bytes;
}

struct content *content_new(struct err *err);
void content_free(struct content *content);
/* The content that is current now, until content_drop. */
struct content *content_take(struct store_memory *memory);
void content_drop(struct store_memory *memory, struct content *content);
enum rc memory_commit(struct store *store, const struct store_delta *delta, struct err *err);

/* What is found is the first such item, or NULL. */
struct stored_actor *content_actor(const struct content *content, uint64_t actor);
struct stored_record *content_record(const struct content *content, struct dot id);
struct stored_change *content_change(const struct content *content, struct dot dot);
struct stored_feed *content_feed(const struct content *content, uint64_t area, uint8_t audience);

enum rc list_add(struct item_list *list, const void *item, struct err *err);
void list_remove(struct item_list *list, size_t index);

/* Copies with all that they point to; arena_check tells afterwards whether there was room. */
struct stored_device copy_device(struct arena *arena, const struct stored_device *from);
struct stored_person copy_person(struct arena *arena, const struct stored_person *from);
struct stored_invitation copy_invitation(struct arena *arena, const struct stored_invitation *from);
struct stored_form copy_form(struct arena *arena, const struct stored_form *from);
struct stored_frame copy_frame(struct arena *arena, const struct stored_frame *from);
struct stored_record copy_record(struct arena *arena, const struct stored_record *from);
struct stored_entry copy_entry(struct arena *arena, const struct stored_entry *from);
struct stored_pending copy_pending(struct arena *arena, const struct stored_pending *from);
struct stored_act copy_act(struct arena *arena, const struct stored_act *from);

/* --- memory_walk.c --- */
enum rc memory_settings(struct store *store, store_visit_setting *show, void *context,
                        struct err *err);
enum rc memory_devices(struct store *store, store_visit_device *visit, void *context,
                       struct err *err);
enum rc memory_persons(struct store *store, store_visit_person *visit, void *context,
                       struct err *err);
enum rc memory_device_persons(struct store *store, uint64_t device, store_visit_person *visit,
                              void *context, struct err *err);
enum rc memory_new_persons(struct store *store, int64_t after_ms, store_visit_person *visit,
                           void *context, struct err *err);
enum rc memory_invitations(struct store *store, store_visit_invitation *visit, void *context,
                           struct err *err);
enum rc memory_actors(struct store *store, store_visit_actor *visit, void *context,
                      struct err *err);
enum rc memory_device_actors(struct store *store, uint64_t device, store_visit_actor *visit,
                             void *context, struct err *err);
enum rc memory_actor_forks(struct store *store, uint64_t actor, store_visit_actor *visit,
                           void *context, struct err *err);
enum rc memory_forms(struct store *store, uint64_t after, store_visit_form *visit, void *context,
                     struct err *err);
enum rc memory_list(struct store *store, struct view form_name, uint64_t area, struct dot after,
                    store_visit_record *visit, void *context, struct err *err);
enum rc memory_record_conflicts(struct store *store, struct dot record, store_visit_conflict *visit,
                                void *context, struct err *err);
enum rc memory_proposals(struct store *store, struct dot other, store_visit_conflict *visit,
                         void *context, struct err *err);
enum rc memory_conflicts(struct store *store, uint64_t area, int64_t from_due_ms,
                         store_visit_conflict *visit, void *context, struct err *err);
enum rc memory_conflict_times(struct store *store, uint64_t area, store_visit_conflict_time *visit,
                              void *context, struct err *err);
enum rc memory_inflow(struct store *store, int64_t from_day, int64_t to_day,
                      store_visit_inflow *visit, void *context, struct err *err);
enum rc memory_quarantine(struct store *store, bool settled_too, store_visit_quarantine *visit,
                          void *context, struct err *err);
enum rc memory_actor_quarantine(struct store *store, uint64_t actor, uint32_t after_settled,
                                bool waiting_too, store_visit_quarantine *visit, void *context,
                                struct err *err);
enum rc memory_waiting(struct store *store, uint64_t device, const struct stored_quarantine *after,
                       store_visit_quarantine *visit, void *context, struct err *err);
enum rc memory_feeds(struct store *store, const uint64_t *areas, uint32_t area_count,
                     uint8_t audience_mask, store_visit_feed *visit, void *context,
                     struct err *err);
enum rc memory_entries(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                       store_visit_entry *visit, void *context, struct err *err);
enum rc memory_frames(struct store *store, uint64_t after, store_visit_frame *visit, void *context,
                      struct err *err);
enum rc memory_history(struct store *store, struct dot record, store_visit_change *visit,
                       void *context, struct err *err);
enum rc memory_actor_changes(struct store *store, uint64_t actor, uint64_t from, uint64_t to,
                             store_visit_change *visit, void *context, struct err *err);
enum rc memory_pending(struct store *store, uint64_t actor, store_visit_pending *visit,
                       void *context, struct err *err);
enum rc memory_acts(struct store *store, uint64_t after, store_visit_act *visit, void *context,
                    struct err *err);
enum rc memory_keys(struct store *store, const uint8_t *hash, store_visit_key *visit, void *context,
                    struct err *err);

/* --- memory_snapshot.c --- */
enum rc snapshots_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                      struct err *err);
enum rc memory_feed_weight(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                           uint64_t actor, struct feed_weight *out, struct err *err);
enum rc memory_chunk(struct store *store, const uint8_t *name, uint32_t index, struct arena *arena,
                     struct view *out, struct err *err);
enum rc memory_snapshots(struct store *store, uint64_t area, store_visit_snapshot *visit,
                         void *context, struct err *err);

/* --- memory_find.c --- */
enum rc listed_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                   struct err *err);
enum rc memory_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                    void *context, uint64_t *total, struct err *err);
enum rc memory_tally(struct store *store, const struct record_query *query,
                     store_visit_tally *visit, void *context, struct err *err);

/* --- memory_attachment.c --- */
enum rc attachments_put(struct content *content, const struct store_delta *delta, struct err *err);
enum rc memory_attachment(struct store *store, const uint8_t *hash, struct stored_attachment *out,
                          struct err *err);
enum rc memory_attachments(struct store *store, bool missing_only, store_visit_attachment *visit,
                           void *context, struct err *err);

/* --- memory_login.c --- */
enum rc logins_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                   struct err *err);
enum rc memory_login(struct store *store, uint64_t person, struct arena *arena,
                     struct stored_login *out, struct err *err);
enum rc memory_logins(struct store *store, store_visit_login *visit, void *context,
                      struct err *err);
enum rc memory_session(struct store *store, const uint8_t *name, struct arena *arena,
                       struct stored_session *out, struct err *err);
enum rc memory_sessions(struct store *store, store_visit_session *visit, void *context,
                        struct err *err);

/* --- memory_gist.c --- */
enum rc gists_put(struct content *content, const struct store_delta *delta, struct err *err);
enum rc memory_about(struct store *store, struct dot about, store_visit_gist *visit, void *context,
                     struct err *err);
enum rc memory_gists(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                     store_visit_gist *visit, void *context, struct err *err);
enum rc memory_gist_count(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                          int64_t before, struct gist_counts *out, struct err *err);

#endif
