/* writer.h: the one who writes. Jobs stand in a queue; each step takes what is there, works it out
 * together, and commits once, so that many tablets share one fsync. No thread and no clock of its
 * own: whoever owns it calls writer_step, a thread in the service, a loop in tests and in the
 * simulator. Not thread-safe: the queue is guarded by its owner. */
#ifndef YG_SYNCD_SYNC_WRITER_H
#define YG_SYNCD_SYNC_WRITER_H

#include "base/log.h"
#include "syncd/sync/admit.h"

#define WRITER_GROUP_MAX   64u   /* jobs in one commit */
#define WRITER_CHANGES_MAX 1000u /* changes in one commit, give or take a batch */

struct writer_batch {
    const struct ingested *ingested;
    struct admit_source source;
    enum rc rc;             /* of this batch: RC_CONFLICT for a chain that does not continue */
    struct receipt receipt; /* in the job's arena */
    bool waits;             /* it is kept, sealed, until what stands in front of it has come */
};

/* Either batches, or an act. Its memory belongs to the submitter until it is done. */
struct writer_job {
    struct arena *arena; /* for results */
    uint32_t batch_count;
    struct writer_batch *batches;
    /* Runs before the batches, in the writer: staff acts, enrolments, device rows. A job with an
     * act that fails leaves no trace. Results go to memory of its context. */
    enum rc (*act)(void *context, struct work *work, struct err *err);
    void *context;
    bool alone;     /* commit by itself: acts that may fail, or have the store scrubbed */
    struct err err; /* initialised by the submitter with the language; .rc is the result */
    struct writer_job *next;
    void (*done)(void *context, struct writer_job *job); /* after commit or failure */
    void *done_context;
};

struct writer;

/* Takes the store over (opened for writing), also when it fails. */
enum rc writer_open(struct store *store, const struct keys *keys, const struct env *env,
                    struct log *log, struct writer **out, struct err *err);
void writer_close(struct writer *writer);

/* Works out and commits a chain of jobs (linked by next, at most WRITER_GROUP_MAX are taken per
 * commit), sets each job's err.rc, calls done. */
void writer_step(struct writer *writer, struct writer_job *jobs);

#endif
