/* planted.h: mistakes that can be planted, to see whether the simulator finds them (make
 * sim-teeth).
 *
 * PLANTED(NAME) is 0, and what hangs on it compiled away, in every program but one simulator, whose
 * files that name it are compiled with YG_PLANTED; it chooses one (tests/sim/planted.c). Keep
 * them few, each a line or two where such a mistake could really be made. */
#ifndef YG_BASE_PLANTED_H
#define YG_BASE_PLANTED_H

enum planted {
    PLANTED_NOTHING,
    PLANTED_NO_SYNC,            /* commits are not flushed */
    PLANTED_ACK_ANYWAY,         /* the county receipts what it could not commit */
    PLANTED_SAVED_ANYWAY,       /* the tablet says "saved" when it could not commit */
    PLANTED_FEED_SKIPS,         /* a cursor is off by one */
    PLANTED_LATE_DROPPED,       /* an edit that is older than what is known is not merged */
    PLANTED_QUARANTINE_DROPPED, /* what may not be admitted is not kept */
    PLANTED_QUARANTINE_SERVED,  /* what waits for staff reaches other tablets */
    PLANTED_FRAME_AREA,         /* a change goes where its author believed the record to be */
    PLANTED_NO_ENTER,           /* who gets a record by a move is not given it */
    PLANTED_PROPOSALS_LAST,     /* the store is handed conflicts in the wrong order */
    PLANTED_READER_LOST,        /* a reader that could not be refreshed is not closed */
    PLANTED_FALSE_DONE,         /* a receipt for a part counts for all */
    PLANTED_NOT_IDEMPOTENT,     /* what came before is taken again */
    PLANTED_IN_CLEAR,           /* a row is also written as it is */
    PLANTED_DRAFT_FIRST,        /* a draft is removed before its change is on disk */
    PLANTED_PHOTO_UNFLUSHED,    /* an attachment is acknowledged before it is on disk */
    PLANTED_PHOTO_ORPHAN,       /* a photo goes with its draft although a change names it */
    PLANTED_POISON_BLOCKS,      /* a batch that cannot be opened refuses those beside it */
    PLANTED_VOTE_PARTED,        /* a vote is counted in one transaction and marked in another */
    PLANTED_URN_FIRST,          /* the urn goes before its result is on disk */
    PLANTED_OLDEST_READS,       /* of the policy `latest` */
    PLANTED_LOSER_HIDDEN,       /* where people contradict each other one of them is read */
    PLANTED_LIST_KEPT,          /* what has left an area stays in its list */
    PLANTED_STALE_TWIN,         /* who was proposed as the same is not looked at again */
    PLANTED_ASKED_AGAIN,        /* an answer that two are not the same does not count */
    PLANTED_ACCEPTED_FOR_EVER,  /* who accepts a broken rule accepts whatever is said later */
    PLANTED_LOSER_DROPPED,      /* who loses by a policy does not stand beside what is read */
    PLANTED_EDIT_DECIDES,       /* an edit of what is in conflict replaces all sides */
    PLANTED_ERASED_CONTENDS,    /* what the law has erased is a side like any other */
    PLANTED_ERASED_IN_PART,     /* an answer that took the place of another one is not erased */
    PLANTED_WITHDRAWN_SERVED,   /* a feed goes on to whoever had begun it and may not any more */
    PLANTED_NOT_PURGED,         /* what has left a tablet's areas stays on its disk */
    PLANTED_COPY_COUNTED,       /* a copy's urn is counted although the result is known */
    PLANTED_FORMER_NAME,        /* a meeting's new name is not that of its result */
    PLANTED_ANSWERS_STAY,       /* an answer that names a record is read as it was written */
    PLANTED_COUNT
};

#ifdef YG_PLANTED
int planted_now(void);
#define PLANTED(name) (planted_now() == (int)PLANTED_##name)
#else
#define PLANTED(name) 0
#endif

#endif
