/* engine.h: what an engine of the store implements; private to this folder.
 *
 * Every verb of store.h goes through store.c, which does what is the same for all engines: it
 * checks what can be checked without looking at what is stored (delta.c), holds one moment of the
 * content for as long as a reading verb lasts, turns a visitor's polite stop into RC_OK, and
 * refuses a commit in the middle of a walk. An engine may therefore rely on:
 *   - commit: the delta has passed delta_check, no walk is open, and the handle is for writing;
 *   - reading: it happens between hold and let_go, which nest.
 * A walk returns what the visitor returned, if that was not RC_OK; at its end RC_OK or
 * RC_NOT_FOUND, which store.c does not tell apart. */
#ifndef YG_SYNCD_STORE_ENGINE_H
#define YG_SYNCD_STORE_ENGINE_H

#include "syncd/store/store.h"

/* Everything that lies in an area's branch has a code from low to high. Area 0: everywhere. */
struct area_range {
    uint64_t low, high;
};
struct area_range area_range_of(uint64_t area);

#define AREA_CODE_MAX 999999999999u /* 12 digits */
#define AUDIENCE_LAST 7u            /* a mask of audiences has 8 bits */

/* A walk over what has no verb of its own in store.h: only the digest and a migration need it. */
typedef enum rc store_visit_invitation(void *, const struct stored_invitation *, struct err *);
typedef enum rc store_visit_setting(void *, const char *name, struct view value, struct err *);

struct store_engine {
    /* Readers: the content does not change until let_go. May nest. */
    enum rc (*hold)(struct store *, struct err *);
    void (*let_go)(struct store *);
    enum rc (*commit)(struct store *, const struct store_delta *, struct err *);

    enum rc (*setting)(struct store *, const char *, struct arena *, struct view *, struct err *);
    enum rc (*device)(struct store *, uint64_t, struct arena *, struct stored_device *,
                      struct err *);
    enum rc (*person)(struct store *, uint64_t, struct arena *, struct stored_person *,
                      struct err *);
    enum rc (*person_named)(struct store *, struct view, struct arena *, struct stored_person *,
                            struct err *);
    enum rc (*invitation)(struct store *, const uint8_t *, struct arena *,
                          struct stored_invitation *, struct err *);
    enum rc (*actor)(struct store *, uint64_t, struct stored_actor *, struct err *);
    enum rc (*quarantined)(struct store *, struct dot, struct stored_quarantine *, struct err *);
    enum rc (*form)(struct store *, uint64_t, struct arena *, struct stored_form *, struct err *);
    enum rc (*change)(struct store *, struct dot, struct stored_change *, struct err *);
    enum rc (*frame)(struct store *, uint64_t, struct arena *, struct stored_frame *, struct err *);
    enum rc (*record)(struct store *, struct dot, struct arena *, struct stored_record *,
                      struct err *);
    enum rc (*feed)(struct store *, uint64_t, uint8_t, struct stored_feed *, struct err *);
    enum rc (*feed_chain)(struct store *, uint64_t, uint8_t, uint64_t, uint8_t *, struct err *);
    enum rc (*feed_weight)(struct store *, uint64_t, uint8_t, uint64_t, uint64_t,
                           struct feed_weight *, struct err *);
    enum rc (*chunk)(struct store *, const uint8_t *, uint32_t, struct arena *, struct view *,
                     struct err *);
    enum rc (*attachment)(struct store *, const uint8_t *, struct stored_attachment *,
                          struct err *);
    enum rc (*login)(struct store *, uint64_t, struct arena *, struct stored_login *, struct err *);
    enum rc (*session)(struct store *, const uint8_t *, struct arena *, struct stored_session *,
                       struct err *);
    enum rc (*count)(struct store *, struct store_counts *, struct err *);

    enum rc (*settings)(struct store *, store_visit_setting *, void *, struct err *);
    enum rc (*devices)(struct store *, store_visit_device *, void *, struct err *);
    enum rc (*persons)(struct store *, store_visit_person *, void *, struct err *);
    enum rc (*device_persons)(struct store *, uint64_t, store_visit_person *, void *, struct err *);
    enum rc (*new_persons)(struct store *, int64_t, store_visit_person *, void *, struct err *);
    enum rc (*invitations)(struct store *, store_visit_invitation *, void *, struct err *);
    enum rc (*actors)(struct store *, store_visit_actor *, void *, struct err *);
    enum rc (*device_actors)(struct store *, uint64_t, store_visit_actor *, void *, struct err *);
    enum rc (*actor_forks)(struct store *, uint64_t, store_visit_actor *, void *, struct err *);
    enum rc (*forms)(struct store *, uint64_t, store_visit_form *, void *, struct err *);
    enum rc (*list)(struct store *, struct view, uint64_t, struct dot, store_visit_record *, void *,
                    struct err *);
    enum rc (*conflicts)(struct store *, uint64_t, int64_t, store_visit_conflict *, void *,
                         struct err *);
    enum rc (*conflict_times)(struct store *, uint64_t, store_visit_conflict_time *, void *,
                              struct err *);
    enum rc (*record_conflicts)(struct store *, struct dot, store_visit_conflict *, void *,
                                struct err *);
    enum rc (*proposals)(struct store *, struct dot, store_visit_conflict *, void *, struct err *);
    enum rc (*quarantine)(struct store *, bool, store_visit_quarantine *, void *, struct err *);
    enum rc (*actor_quarantine)(struct store *, uint64_t, uint32_t, bool, store_visit_quarantine *,
                                void *, struct err *);
    enum rc (*waiting)(struct store *, uint64_t, const struct stored_quarantine *,
                       store_visit_quarantine *, void *, struct err *);
    enum rc (*feeds)(struct store *, const uint64_t *, uint32_t, uint8_t, store_visit_feed *,
                     void *, struct err *);
    enum rc (*entries)(struct store *, uint64_t, uint8_t, uint64_t, store_visit_entry *, void *,
                       struct err *);
    enum rc (*frames)(struct store *, uint64_t, store_visit_frame *, void *, struct err *);
    enum rc (*inflow)(struct store *, int64_t, int64_t, store_visit_inflow *, void *, struct err *);
    enum rc (*history)(struct store *, struct dot, store_visit_change *, void *, struct err *);
    enum rc (*actor_changes)(struct store *, uint64_t, uint64_t, uint64_t, store_visit_change *,
                             void *, struct err *);
    enum rc (*pending)(struct store *, uint64_t, store_visit_pending *, void *, struct err *);
    enum rc (*acts)(struct store *, uint64_t, store_visit_act *, void *, struct err *);
    /* hash NULL: all keys, by hash */
    enum rc (*keys)(struct store *, const uint8_t *, store_visit_key *, void *, struct err *);
    enum rc (*snapshots)(struct store *, uint64_t, store_visit_snapshot *, void *, struct err *);
    enum rc (*find)(struct store *, const struct record_query *, store_visit_found *, void *,
                    uint64_t *, struct err *);
    enum rc (*tally)(struct store *, const struct record_query *, store_visit_tally *, void *,
                     struct err *);
    enum rc (*attachments)(struct store *, bool, store_visit_attachment *, void *, struct err *);
    enum rc (*logins)(struct store *, store_visit_login *, void *, struct err *);
    enum rc (*sessions)(struct store *, store_visit_session *, void *, struct err *);
    enum rc (*about)(struct store *, struct dot, store_visit_gist *, void *, struct err *);
    enum rc (*gists)(struct store *, uint8_t, uint8_t, uint64_t, store_visit_gist *, void *,
                     struct err *);
    enum rc (*gist_count)(struct store *, uint8_t, uint8_t, uint64_t, int64_t, struct gist_counts *,
                          struct err *);

    enum rc (*check)(struct store *, struct err *);
    enum rc (*scrub)(struct store *, struct err *);
    enum rc (*backup)(struct store *, const char *path, struct err *); /* holds nothing */
    void (*close)(struct store *);
};

/* The head of every engine's handle. */
struct store {
    const struct store_engine *engine;
    bool writing;
    uint32_t walking; /* a bit for each kind of walk that is open */
};

/* Walks may be opened inside each other, but not two of one kind on one handle: an engine keeps
 * one cursor for each. */
enum store_walk {
    WALK_SETTINGS = 1u << 0,
    WALK_DEVICES = 1u << 1,
    WALK_PERSONS = 1u << 2,
    WALK_INVITATIONS = 1u << 3,
    WALK_ACTORS = 1u << 4,
    WALK_FORMS = 1u << 5,
    WALK_LIST = 1u << 6,
    WALK_CONFLICTS = 1u << 7,
    WALK_QUARANTINE = 1u << 8,
    WALK_FEEDS = 1u << 9,
    WALK_ENTRIES = 1u << 10,
    WALK_FRAMES = 1u << 11,
    WALK_HISTORY = 1u << 12,
    WALK_ACTOR_CHANGES = 1u << 13,
    WALK_PENDING = 1u << 14,
    WALK_ACTS = 1u << 15,
    WALK_KEYS = 1u << 16,
    WALK_SNAPSHOTS = 1u << 17,
    WALK_ATTACHMENTS = 1u << 18,
    WALK_RECORD_CONFLICTS = 1u << 19,
    WALK_FIND = 1u << 20,
    WALK_TALLY = 1u << 21,
    WALK_LOGINS = 1u << 22,
    WALK_SESSIONS = 1u << 23,
    WALK_ABOUT = 1u << 24,
    WALK_GISTS = 1u << 25,
    WALK_CONFLICT_TIMES = 1u << 26,
    WALK_INFLOW = 1u << 27,
    WALK_PROPOSALS = 1u << 28,
};

/* RC_INVALID or RC_LIMIT where the delta contradicts itself; see delta.c. */
enum rc delta_check(const struct store_delta *delta, struct err *err);

/* The order in which a record's changes were committed: frame, position, dot. For qsort. */
int change_order(const void *left, const void *right);

#endif
