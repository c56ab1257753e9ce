/* office.h: what the doors of the county share: keys, clock, readers of the store and the way to
 * the writer. The service fills it with threads behind it (syncd/serve.c); tests and the simulator
 * with plain calls. */
#ifndef YG_SYNCD_SYNC_OFFICE_H
#define YG_SYNCD_SYNC_OFFICE_H

#include "syncd/sync/gate.h"
#include "syncd/sync/writer.h"

struct ingest_room {
    struct arena arena; /* empty at enter */
};

struct office {
    const struct keys *keys;
    const struct env *env;
    struct log *log;
    const char *directory; /* for pins and the like */
    uint32_t epoch;        /* changed by every restore */
    uint32_t pin_count;    /* of the TLS key in use; 0 without TLS */
    uint8_t pin[32];
    /* For tests, which have little: from which cost on a history may be replaced by a snapshot, and
     * how large its chunks are. 0: SNAPSHOT_TAIL_BYTES, SNAPSHOT_CHUNK_TARGET. */
    uint32_t snapshot_tail_bytes, snapshot_chunk_bytes;
    struct gate *gate; /* before the exchanges; NULL: everybody passes */
    void *context;
    /* A reader of one's own until it is given back. */
    enum rc (*borrow)(void *context, struct ledger **out, struct err *err);
    void (*give_back)(void *context, struct ledger *ledger);
    /* The batches of large requests are opened and decoded in a room, of which there are few: what
     * exchanges that come at the same time hold in memory is bounded, and its blocks are used
     * again. enter waits for a free one. Whoever is in a room may call write, but not enter. */
    struct ingest_room *(*enter)(void *context);
    void (*leave)(void *context, struct ingest_room *room);
    /* Around each portion of the examiner (examine.h), so that two never do the same; NULL: there
     * is but one. */
    void (*begin_examining)(void *context);
    void (*end_examining)(void *context);
    /* Hands the job to the writer and returns when it is committed or has failed; the result is
     * job->err.rc. */
    void (*write)(void *context, struct writer_job *job);
};

/* One act in the writer, by itself. Returns its result in err. */
enum rc office_act(const struct office *office,
                   enum rc (*act)(void *context, struct work *work, struct err *err), void *context,
                   struct err *err);

#endif
