/* inside.h: what the files of agent/sync share. */
#ifndef YG_AGENT_SYNC_INSIDE_H
#define YG_AGENT_SYNC_INSIDE_H

#include "agent/store/traffic.h"
#include "agent/sync/sync.h"
#include "schema/wire/snapshot.h"

/* ---- outbox.c ---- */

/* Cuts own changes that no batch holds yet into batches sealed for the county, as far as open
 * sessions can read them. A small last batch is cut anew together with what followed. */
enum rc outbox_cut(struct tablet *tablet, struct err *err);

/* ---- slices.c ---- */

struct slice_feed;
struct gathered_entry;
struct gather { /* what proves an answer, while it is taken */
    struct arena arena;
    struct buf bodies, dots;
    struct slice_feed *feeds;
    uint32_t feed_count, feed_capacity;
    struct gathered_entry *entries;
    uint32_t entry_count, entry_capacity;
    uint32_t whole_count;
};
void gather_init(struct gather *gather);
void gather_release(struct gather *gather);
/* before: the place in the feed that the entry goes on from. frame: decoded, not renamed. */
enum rc gather_entry(struct gather *gather, const struct feed_cursor *before,
                     const struct feed_entry *entry, const struct frame *frame,
                     const uint8_t digest[32], struct err *err);
/* Its feeds have led to the heads in signed_part, the content of the answer's SIGNED. Inside a
 * transaction. */
enum rc gather_keep(struct gather *gather, struct tablet *tablet, const struct answer *answer,
                    struct view signed_part, struct err *err);

#define BROUGHT_MAX 32u
struct brought { /* in the request that is under way */
    struct {
        uint64_t id;
        uint8_t name[8];
    } offered[LIMIT_OFFERS];
    uint32_t offered_count;
    uint64_t sent[BROUGHT_MAX];
    uint32_t sent_count;
};
/* Adds the slices that the county lacks, up to bytes_max of the body, and offers others. */
enum rc slices_bring(struct tablet *tablet, struct arena *arena, size_t bytes_max,
                     struct brought *brought, struct buf *body, struct err *err);
/* brought: of the request that is answered; NULL: of none. Inside a transaction. */
enum rc slices_answered(struct tablet *tablet, const struct answer *answer,
                        const struct brought *brought, bool *advanced, struct err *err);

/* ---- apply.c ---- */

struct apply { /* of one answer */
    struct tablet *tablet;
    struct zip_inflater *inflater;
    struct arena arena;           /* of one entry */
    struct arena states;          /* of one record */
    struct arena lasting;         /* of all of it */
    struct snapshot_lanes *lanes; /* NULL until a snapshot comes */
    struct gather gather;
    struct buf scratch;
    uint64_t received;
    bool had_own;  /* entries that stand for own changes were applied */
    bool overlaps; /* entries may be known already: of a bundle, or of the inbox */
    bool may_gap;  /* what is ahead of our place in its feed is left out ... */
    uint64_t gaps; /* ... and counted */
    bool placed;   /* its place in its feed was accounted for before: it is taken in any case */
    bool held;     /* of RC_CONFLICT: it is another copy's, under names of ours; see struct flow */
};

enum rc apply_init(struct apply *apply, struct tablet *tablet, struct err *err);
void apply_release(struct apply *apply);
/* Takes an entry: extends the feed's chain, moves its cursor, merges it; or puts it into the inbox
 * of its area when nobody who may read it has unlocked. Inside a transaction. RC_CONFLICT: it
 * stands for own changes that are not here, or apply->held. */
enum rc apply_entry(struct apply *apply, const struct feed_entry *entry, struct err *err);
/* Merges an entry whose place in the feed has been accounted for. */
enum rc apply_content(struct apply *apply, const struct feed_entry *entry, struct err *err);

/* Merges the state of a record that is in this area. lamport is raised to what it tells.
 * RC_CONFLICT: apply->held. */
enum rc apply_state(struct apply *apply, uint64_t area, const struct record *entered,
                    uint64_t *lamport, struct err *err);

/* ---- snapshot.c ---- */

struct arriving { /* a snapshot, as an answer tells of it */
    uint8_t name[32];
    struct view content; /* of its PART_SNAPSHOT */
    struct snapshot_part part;
    struct snapshot snapshot;
};

/* Chunks of it follow: begins it, unless it has begun. Inside a transaction. */
enum rc snapshot_begin(struct apply *apply, const struct arriving *arriving, struct err *err);
/* Takes the next chunk; others are passed over. *ended: it was the last one, and the feed's cursor
 * now stands where the snapshot does. Inside a transaction. */
enum rc snapshot_take(struct apply *apply, const struct arriving *arriving,
                      const struct chunk_part *part, bool *ended, struct err *err);
/* Merges a chunk that has been accounted for. */
enum rc snapshot_merge(struct apply *apply, const struct snapshot *snapshot, struct view chunk,
                       struct err *err);
/* Notes in the clear that these chunks wait in the inbox. *moved: some did not wait before. */
enum rc snapshot_wait(struct tablet *tablet, const struct arriving *arriving, bool *moved,
                      struct err *err);
/* What this tablet is in the middle of, for a request. In the arena. */
enum rc snapshot_wants(struct tablet *tablet, struct arena *arena, struct want **out,
                       uint32_t *count, struct err *err);

/* ---- answer.c ---- */

struct flow { /* what an answer means for the exchange that follows */
    bool more;
    bool advanced; /* a cursor, a receipt or the scope has moved */
    bool whole;    /* ask again with hello.whole: nothing of the answer was taken */
    bool held;     /* copies are at work, and not all of ours has its name: no entries until then */
    bool new_epoch; /* the county has come back from a backup since the last answer */
    bool anew;      /* what feeds had brought was another copy's: they are asked from the start */
    const struct brought *brought; /* what the request has offered; NULL: nothing */
    uint64_t alarmed;              /* the last alarm that the request has told; 0: none */
    bool opened; /* asked from behind what waited in the inbox, and somebody has unlocked since */
};

/* Takes an answer in one transaction. base: digest of the cursors it was asked with. */
enum rc answer_take(struct tablet *tablet, struct view body, const uint8_t base[8],
                    struct sync_report *report, struct flow *flow, struct err *err);
/* Takes an answer out of a bundle that the county wrote for this device; what was overtaken by
 * newer answers is left. stale: all of it. RC_DENIED: it was written for another device, or changed
 * on the way. */
enum rc answer_take_bundle(struct tablet *tablet, struct view body, struct sync_report *report,
                           uint64_t *gaps, bool *stale, struct err *err);
/* The nonce out of an answer with status 401. */
enum rc answer_nonce(struct tablet *tablet, struct view body, struct err *err);
struct feed_id {
    uint64_t area; /* 0: none */
    uint8_t audience;
};
/* What is not signed of an answer that came while locked. Inside a transaction. broken: the feed
 * whose entries do not lead to its signed head, when that is why it was refused. */
enum rc answer_later(struct tablet *tablet, struct view body, struct feed_id *broken,
                     struct err *err);
/* A refused feed is told to people, and asked for from the beginning. Inside a transaction. */
enum rc answer_tell_broken(struct tablet *tablet, struct feed_id feed, struct err *err);

/* ---- attachments.c ---- */

/* Sends what waits, and asks what became of what was sent. RC_AGAIN, RC_NETWORK: what the county
 * has said so far counts. A county that does not know attachments yet is no error. */
enum rc attachments_run(struct tablet *tablet, struct link *link, struct sync_report *report,
                        struct err *err);

/* ---- attachment_pull.c ---- */

/* Brings what the newest forms show, for a minute at most; forgets what none shows. RC_NETWORK,
 * RC_AGAIN: what has come stays. */
enum rc media_run(struct tablet *tablet, struct link *link, struct err *err);

/* ---- sync.c ---- */

/* The hello of this tablet as it is now; nonce and base are the caller's. Arrays in the arena. */
enum rc hello_make(struct tablet *tablet, struct arena *arena, struct hello *out, struct err *err);
/* Changes of all incarnations that are not receipted. */
uint64_t sync_unsent(const struct tablet *tablet);
/* Forgets everything readable, when the county has ordered that and nobody has unlocked. */
enum rc sync_wipe(struct tablet *tablet, struct err *err);

/* ---- inbox.c ---- */

/* Applies what came while locked; to be called when a session has opened. */
enum rc inbox_apply(struct tablet *tablet, struct err *err);

/* ---- receipt.c ---- */

enum freshness {
    ANSWER_NOW,     /* to the request that was just sent */
    ANSWER_BUNDLED, /* out of a bundle: it may tell of copies of this tablet, too */
    ANSWER_STALE,   /* out of a bundle that newer answers have overtaken */
};

/* All receipts of an answer. Inside a transaction. */
enum rc receipt_take_all(struct tablet *tablet, const struct answer *answer,
                         enum freshness freshness, struct sync_report *report, struct flow *flow,
                         struct err *err);
/* A new epoch: what the server has is unknown until it says so. Inside a transaction. */
enum rc receipt_new_epoch(struct tablet *tablet, uint32_t epoch, struct err *err);

#endif
