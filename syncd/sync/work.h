/* work.h: what one step of the writer has in its hands: the records, actors and feeds it has
 * loaded and changed, and the delta that will be committed. Everything lives in one arena that is
 * reset after the step. Nothing here touches the store but for reading. */
#ifndef YG_SYNCD_SYNC_WORK_H
#define YG_SYNCD_SYNC_WORK_H

#include "base/env.h"
#include "base/zip.h"
#include "syncd/sync/keys.h"
#include "syncd/sync/ledger.h"

#define WORK_AREAS_MAX 16u /* live areas of one record that are routed; more are refused */

struct broken_rule;

struct work_record {
    struct stored_record stored; /* as loaded; revision 0: new */
    struct record state;
    bool touched;
    uint32_t old_area_count; /* as loaded */
    const uint64_t *old_areas;
    uint64_t
        brought; /* of no known place before: area of the frame that brought its first change */
    uint8_t audience; /* of the frame that brought it, while the form is unknown */
    uint64_t form;    /* of its latest change */
    /* examine.h: its constraints are to be run in this step; or have been, and these are broken */
    bool examine, examined;
    const struct broken_rule *broken;
    uint32_t broken_count;
};

struct work_person {
    uint64_t person;
    bool stored; /* false: the store does not know this person */
    struct stored_person row;
};

struct work {
    struct ledger *ledger;
    const struct keys *keys;
    const struct env *env;
    struct zip_inflater *inflater; /* borrowed */
    struct zip_deflater *deflater;
    int64_t now_ms;
    struct arena arena;
    struct arena reading; /* of one record at a time */
    struct buf scratch;

    struct work_record **slots; /* open addressing by dot */
    uint32_t slot_count, record_count;
    struct work_record **records; /* in order of loading */
    uint32_t record_capacity;

    struct stored_actor *actors;
    uint32_t actor_count, actor_capacity;
    struct stored_feed *feeds;
    uint32_t feed_count, feed_capacity;
    struct stored_frame *frames;
    uint32_t frame_count, frame_capacity;
    struct stored_change *changes;
    uint32_t change_count, change_capacity;
    struct stored_change *verdicts; /* of known changes, that this step judges otherwise */
    uint32_t verdict_count, verdict_capacity;
    struct stored_entry *entries;
    uint32_t entry_count, entry_capacity;
    struct stored_quarantine *quarantine;
    uint32_t quarantine_count, quarantine_capacity;
    struct stored_pending *pending;
    uint32_t pending_count, pending_capacity;
    struct stored_pending *settled;
    uint32_t settled_count, settled_capacity;
    struct stored_act *acts;
    uint32_t act_count, act_capacity;
    struct stored_device *devices;
    uint32_t device_count, device_capacity;
    struct stored_person *persons;
    uint32_t person_count, person_capacity;
    struct work_person *known_persons; /* as the store had them when this step first asked */
    uint32_t known_person_count, known_person_capacity;
    struct stored_invitation *invitations;
    uint32_t invitation_count, invitation_capacity;
    struct stored_form *forms;
    uint32_t form_count, form_capacity;
    struct stored_snapshot *snapshots;
    uint32_t snapshot_count, snapshot_capacity;
    struct stored_chunk *chunks; /* their bytes are borrowed until the commit */
    uint32_t chunk_count, chunk_capacity;
    struct stored_snapshot *dropped;
    uint32_t dropped_count, dropped_capacity;
    struct stored_attachment *attachments;
    uint32_t attachment_count, attachment_capacity;
    struct stored_listed *listed; /* those of the records that this step settles come last */
    uint32_t listed_count, listed_capacity;
    struct stored_review *reviews;
    uint32_t review_count, review_capacity;
    struct stored_gist *gists;
    uint32_t gist_count, gist_capacity;
    struct stored_login *logins;
    uint32_t login_count, login_capacity;
    struct stored_session *sessions, *ended;
    uint32_t session_count, session_capacity, ended_count, ended_capacity;
    struct stored_setting *settings;
    uint32_t setting_count, setting_capacity;
    struct stored_frame *cut_frames; /* what the law erases: redact.h */
    uint32_t cut_frame_count, cut_frame_capacity;
    struct stored_entry *cut_entries;
    uint32_t cut_entry_count, cut_entry_capacity;
    uint8_t (*erased_hashes)[32]; /* what erased answers named, maybe attachments */
    uint32_t erased_hash_count, erased_hash_capacity;
    bool waiting_read, runs_read; /* the settings below have been asked for */
    struct view waiting_redactions, redacted_runs;
    uint32_t examined_count; /* records whose constraints this step has run */
    uint32_t epoch;          /* 0: not asked for yet */
    bool scrub; /* after the commit, the store's files are to keep nothing of what was there */
};

enum rc work_open(struct ledger *ledger, const struct keys *keys, const struct env *env,
                  struct work **out, struct err *err);
void work_close(struct work *work);
/* Forgets everything; the clock is read once for the whole step. */
void work_reset(struct work *work);
bool work_is_empty(const struct work *work);

/* Loads many records at once. */
enum rc work_prefetch(struct work *work, const struct dot *ids, uint32_t count, struct err *err);
/* The record, loaded or new. */
enum rc work_record(struct work *work, struct dot id, struct work_record **out, struct err *err);
/* The actor as this step sees it; RC_NOT_FOUND. The pointer is good until the next call. */
enum rc work_actor(struct work *work, uint64_t actor, struct stored_actor **out, struct err *err);
enum rc work_actor_add(struct work *work, const struct stored_actor *actor,
                       struct stored_actor **out, struct err *err);
/* The person as the store has it, else as this step adds it; RC_NOT_FOUND, err then clear. The
 * pointer is good until the next call. */
enum rc work_person(struct work *work, uint64_t person, const struct stored_person **out,
                    struct err *err);
/* The device as this step sees it; RC_NOT_FOUND. */
enum rc work_device(struct work *work, uint64_t device, struct stored_device *out, struct err *err);
enum rc work_feed(struct work *work, uint64_t area, uint8_t audience, struct stored_feed **out,
                  struct err *err);
/* Adds an entry at the end of its feed; digest as feed_entry_digest says. frame: index into
 * frames plus 1, or 0. Position and chain are set here. */
enum rc work_entry(struct work *work, struct stored_entry entry, const uint8_t digest[32],
                   struct err *err);

/* Room for one more in one of the lists above:
 * struct stored_act *act = WORK_ADD(work, acts, act_count, act_capacity). */
#define WORK_ADD(work, list, count, capacity)                                                      \
    arena_push(&(work)->arena, &(work)->list, &(work)->count, &(work)->capacity,                   \
               sizeof(*(work)->list))
/* The county's epoch; 1: it has never been restored. */
enum rc work_epoch(struct work *work, uint32_t *out, struct err *err);
enum rc work_act(struct work *work, const char *who, const char *action, const char *object,
                 struct view reason, struct err *err);

/* Works out what changed in the touched records (areas, conflicts, titles, keys), writes ENTER and
 * LEAVE for those that moved, and commits everything. Leaves the work as it is; reset follows. */
enum rc work_commit(struct work *work, struct err *err);

#endif
