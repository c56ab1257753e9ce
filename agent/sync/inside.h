/* inside.h: what the files of agent/sync share. */
#ifndef YG_AGENT_SYNC_INSIDE_H
#define YG_AGENT_SYNC_INSIDE_H

#include "agent/store/traffic.h"
#include "agent/sync/sync.h"

/* ---- outbox.c ---- */

/* Cuts own changes that no batch holds yet into batches sealed for the county, as far as open
 * sessions can read them. A small last batch is cut anew together with what followed. */
enum rc outbox_cut(struct tablet *tablet, struct err *err);

/* ---- apply.c ---- */

struct apply { /* of one answer */
    struct tablet *tablet;
    struct zip_inflater *inflater;
    struct arena arena;  /* of one entry */
    struct arena states; /* of one record */
    struct buf scratch;
    uint64_t received;
    struct dot conflicts[256]; /* records with new conflicts; beyond that they are not told apart */
    uint32_t conflict_count;
    bool had_own; /* entries that stand for own changes were applied */
};

enum rc apply_init(struct apply *apply, struct tablet *tablet, struct err *err);
void apply_release(struct apply *apply);
/* Takes an entry: extends the feed's chain, moves its cursor, merges it; or puts it into the inbox
 * of its area when nobody who may read it has unlocked. Inside a transaction. RC_CONFLICT: it
 * stands for own changes that are not here. */
enum rc apply_entry(struct apply *apply, const struct feed_entry *entry, struct err *err);
/* Merges an entry whose place in the feed has been accounted for. */
enum rc apply_content(struct apply *apply, const struct feed_entry *entry, struct err *err);

/* ---- answer.c ---- */

struct flow { /* what an answer means for the exchange that follows */
    bool more;
    bool advanced; /* a cursor, a receipt or the scope has moved */
    bool whole;    /* ask again with hello.whole: nothing of the answer was taken */
};

/* Takes an answer in one transaction. base: digest of the cursors it was asked with. */
enum rc answer_take(struct tablet *tablet, struct view body, const uint8_t base[8], bool whole,
                    struct sync_report *report, struct flow *flow, struct err *err);
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

/* ---- inbox.c ---- */

/* Applies what came while locked; to be called when a session has opened. */
enum rc inbox_apply(struct tablet *tablet, struct err *err);

/* ---- receipt.c ---- */

/* All receipts of an answer. Inside a transaction. */
enum rc receipt_take_all(struct tablet *tablet, const struct answer *answer,
                         struct sync_report *report, struct flow *flow, struct err *err);
/* A new epoch: what the server has is unknown until it says so. Inside a transaction. */
enum rc receipt_new_epoch(struct tablet *tablet, uint32_t epoch, struct err *err);

#endif
