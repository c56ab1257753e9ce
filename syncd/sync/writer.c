/* writer.c: see writer.h.
 *
 * A group is worked out into one working set and committed once. When the group fails (a disk that
 * is full, a record that was moved by another node), its jobs are tried once more, each alone, so
 * that one poisoned job never takes others with it. */
#include "syncd/sync/writer.h"

#include "base/planted.h"

#include <stdlib.h>

struct writer {
    struct ledger *ledger;
    struct work *work;
    const struct keys *keys;
    struct log *log;
};

enum rc writer_open(struct store *store, const struct keys *keys, const struct env *env,
                    struct log *log, struct writer **out, struct err *err) {
    struct writer *writer = calloc(1, sizeof(*writer));
    enum rc rc;

    if (writer == NULL) {
        store_close(store);
        return err_set(err, RC_NO_MEMORY, "out of memory");
    }
    writer->keys = keys;
    writer->log = log;
    rc = ledger_open(store, &writer->ledger, err);
    if (rc == RC_OK)
        rc = work_open(writer->ledger, keys, env, &writer->work, err);
    if (rc != RC_OK) {
        writer_close(writer);
        return rc;
    }
    *out = writer;
    return RC_OK;
}

void writer_close(struct writer *writer) {
    if (writer == NULL)
        return;
    work_close(writer->work);
    ledger_close(writer->ledger);
    free(writer);
}

/* --- batches that waited for a gap --- */

struct waiting {
    struct work *work;
    uint64_t wanted; /* a batch that contains this number */
    struct stored_pending found;
    bool any;
};

static bool already_settled(const struct work *work, const struct stored_pending *pending) {
    for (uint32_t i = 0; i < work->settled_count; i++)
        if (work->settled[i].actor == pending->actor && work->settled[i].first == pending->first)
            return true;
    return false;
}

static enum rc waiting_visit(void *context, const struct stored_pending *pending, struct err *err) {
    struct waiting *waiting = context;

    (void)err;
    /* What was let through a moment ago stands there until the commit. */
    if (pending->first > waiting->wanted || waiting->any || already_settled(waiting->work, pending))
        return RC_OK;
    waiting->found = *pending;
    waiting->found.bytes = arena_view(&waiting->work->arena, pending->bytes);
    waiting->any = true;
    return RC_OK;
}

/* What the gap's filling lets through. The batches were verified when they came, and are opened
 * and verified again, because they lay on disk. They may be another copy's, whose receipt is none
 * of ours. */
static enum rc drain(struct writer *writer, struct receipt *receipt, struct err *err) {
    struct work *work = writer->work;
    uint64_t actor_id = receipt->actor;

    for (;;) {
        struct waiting waiting = {.work = work};
        struct stored_actor *actor = NULL;
        struct stored_device device;
        struct admit_source source = {0};
        struct ingested in;
        struct stored_pending *row;
        struct receipt taken;
        enum rc rc = work_actor(work, actor_id, &actor, err);

        if (rc != RC_OK)
            return rc;
        waiting.wanted = receipt->number + 1;
        rc = store_pending(work->ledger->store, actor_id, waiting_visit, &waiting, err);
        if (rc != RC_OK || !waiting.any)
            return rc;
        rc = store_device(work->ledger->store, actor->device, &work->arena, &device, err);
        if (rc == RC_OK)
            rc = ingest_open(writer->keys, waiting.found.bytes, work->inflater, &work->arena, &in,
                             err);
        if (rc == RC_OK)
            rc = ingest_verify(&in, device.sign_public, err);
        if (rc != RC_OK)
            return rc;
        source.device = &device;
        source.carrier = waiting.found.carrier;
        source.offset_ms = device.offset_ms;
        row = WORK_ADD(work, settled, settled_count, settled_capacity);
        if (row == NULL)
            return arena_check(&work->arena, "a step of the writer", err);
        *row = waiting.found;
        rc = admit_batch(work, &in, &source, &taken, err);
        if (rc != RC_OK)
            return rc;
        if (taken.want_from != 0 || taken.number <= receipt->number ||
            !view_equal(taken.forks, receipt->forks))
            continue;
        receipt->number = taken.number;
        memcpy(receipt->hash, taken.hash, 32);
    }
}

/* The receipt was made in the work's arena, which will be reset. */
static enum rc keep_receipt(struct writer_job *job, struct receipt *receipt) {
    if (receipt->forks.size > 0) {
        receipt->forks = arena_view(job->arena, receipt->forks);
        if (receipt->forks.data == NULL)
            return arena_check(job->arena, "receipts", &job->err);
    }
    if (receipt->outcome_count == 0)
        return RC_OK;
    receipt->outcomes = arena_copy(job->arena, receipt->outcomes,
                                   receipt->outcome_count * sizeof(*receipt->outcomes));
    return receipt->outcomes == NULL ? arena_check(job->arena, "receipts", &job->err) : RC_OK;
}

static enum rc commit(struct writer *writer, struct err *err) {
    enum rc rc = work_is_empty(writer->work) ? RC_OK : work_commit(writer->work, err);

    if (rc == RC_OK && writer->work->scrub)
        rc = store_scrub(writer->ledger->store, err);
    if (PLANTED(ACK_ANYWAY) && rc == RC_IO)
        return RC_OK;
    return rc;
}

/* A batch is committed and acknowledged alone, so a job with months of backlog is committed in
 * portions: what one step holds in memory is bounded. */
static enum rc commit_portion(struct writer *writer, struct err *err) {
    enum rc rc;

    if (writer->work->change_count < WRITER_CHANGES_MAX)
        return RC_OK;
    rc = commit(writer, err);
    work_reset(writer->work);
    return rc;
}

static enum rc work_out(struct writer *writer, struct writer_job *job) {
    struct work *work = writer->work;
    enum rc rc = RC_OK;

    if (job->act != NULL)
        rc = job->act(job->context, work, &job->err);
    for (uint32_t i = 0; i < job->batch_count && rc == RC_OK; i++) {
        struct writer_batch *batch = &job->batches[i];
        batch->waits = false;
        batch->rc = admit_batch(work, batch->ingested, &batch->source, &batch->receipt, &job->err);
        if (batch->rc == RC_OK && batch->receipt.want_from != 0)
            batch->rc = admit_waits(work, batch->ingested, &batch->waits, &job->err);
        if (batch->rc == RC_OK && batch->receipt.want_from == 0) {
            rc = drain(writer, &batch->receipt, &job->err);
            if (rc == RC_OK)
                rc = keep_receipt(job, &batch->receipt);
            if (rc == RC_OK)
                rc = commit_portion(writer, &job->err);
        } else if (batch->rc == RC_CONFLICT || batch->rc == RC_DENIED) {
            log_warn(writer->log, LOG_EVENT("batch.refused"), LOG_TEXT("why", job->err.text));
            err_clear(&job->err); /* the batch's own outcome; the others go on */
        } else {
            rc = batch->rc;
        }
    }
    return rc;
}

static void finish(struct writer_job *job, enum rc rc, const struct err *why) {
    if (rc == RC_OK) {
        job->err.rc = RC_OK;
    } else if (why != NULL && job->err.rc == RC_OK) {
        job->err = *why;
    }
}

static void step_alone(struct writer *writer, struct writer_job *job) {
    enum rc rc;

    err_clear(&job->err);
    work_reset(writer->work);
    rc = ledger_refresh(writer->ledger, &job->err);
    if (rc == RC_OK)
        rc = work_out(writer, job);
    if (rc == RC_OK)
        rc = commit(writer, &job->err);
    finish(job, rc, NULL);
    if (rc != RC_OK)
        log_warn(writer->log, LOG_EVENT("job.failed"), LOG_TEXT("why", job->err.text));
    work_reset(writer->work);
}

/* Jobs from first up to (not including) end, in one commit; false: none of it happened. */
static bool step_group(struct writer *writer, struct writer_job *first, struct writer_job *end) {
    struct err err;
    enum rc rc;

    err_init(&err, LANG_EN);
    work_reset(writer->work);
    rc = ledger_refresh(writer->ledger, &err);
    for (struct writer_job *job = first; job != end && rc == RC_OK; job = job->next)
        rc = work_out(writer, job);
    if (rc == RC_OK)
        rc = commit(writer, &err);
    if (rc == RC_OK)
        for (struct writer_job *job = first; job != end; job = job->next)
            finish(job, RC_OK, NULL);
    work_reset(writer->work);
    return rc == RC_OK;
}

void writer_step(struct writer *writer, struct writer_job *jobs) {
    while (jobs != NULL) {
        struct writer_job *end = jobs;
        uint32_t count = 0;

        while (end != NULL && count < WRITER_GROUP_MAX && !(end->alone && count > 0)) {
            count++;
            end = end->next;
            if (count == 1 && jobs->alone)
                break;
        }
        if (count == 1 || !step_group(writer, jobs, end))
            for (struct writer_job *job = jobs; job != end; job = job->next)
                step_alone(writer, job);
        while (jobs != end) {
            struct writer_job *next = jobs->next; /* done may free the job */

            jobs->done(jobs->done_context, jobs);
            jobs = next;
        }
    }
}
