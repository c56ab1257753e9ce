/* bundle.c: station 5 without a network: batches out of a file. See bundle.h.
 *
 * Batches go to the writer in portions, so that months of backlog need no more memory than a few
 * batches decoded. Each portion is committed by itself: whoever pulls the stick out, or the plug,
 * reads the bundle once more. */
#include "syncd/sync/bundle.h"

#include "syncd/sync/api.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/fork.h"
#include "syncd/sync/quarantine.h"

#define INGEST_ARENA_BYTES (512u * 1024u * 1024u)
#define PORTION_BATCHES    LIMIT_EXCHANGE_BATCHES
#define PORTION_CHANGES    2000u

struct taking { /* of one bundle */
    const struct office *office;
    struct ledger *ledger;
    struct arena *arena; /* the caller's: what the report needs */
    struct bundle_report *out;
    uint32_t actor_capacity;
    struct arena portion; /* of the batches that are decoded */
    struct ingested ingested[PORTION_BATCHES];
    struct writer_batch batches[PORTION_BATCHES];
    struct stored_device owners[PORTION_BATCHES];
    uint32_t batch_count;
    uint64_t change_count;
    struct hello hello;
    bool has_hello;
    bool acted; /* the hello is noted, and the act is logged */
};

static enum rc bundle_act(void *context, struct work *work, struct err *err) {
    struct taking *taking = context;
    char object[17];
    enum rc rc = RC_OK;

    id_text(taking->out->device, object);
    if (taking->has_hello)
        rc = api_note_hello(work, &taking->hello, NULL, err);
    return rc != RC_OK ? rc
                       : work_act(work, "command line", "bundle read", object, view_text(""), err);
}

static enum rc known_number(struct taking *taking, uint64_t actor, uint64_t *number,
                            struct err *err) {
    struct stored_actor stored;
    enum rc rc = store_actor(taking->ledger->store, actor, &stored, err);

    *number = rc == RC_OK ? stored.number : 0;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        rc = RC_OK;
    }
    return rc;
}

/* How many changes are known under an actor's name, its forks included. */
static enum rc count_known(struct taking *taking, uint64_t actor, uint64_t *changes,
                           struct err *err) {
    struct store *store = taking->ledger->store;
    struct stored_actor root, *list = NULL;
    uint32_t count = 0;
    enum rc rc = store_actor(store, actor, &root, err);

    *changes = 0;
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = fork_tree(store, NULL, &root, taking->arena, &list, &count, err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        if (list[i].number >= list[i].fork_from)
            *changes += list[i].number - (i == 0 ? 0 : list[i].fork_from - 1);
    return rc;
}

/* The row of the report for this batch's actor, made when there is none. */
static enum rc actor_row(struct taking *taking, const struct writer_batch *batch,
                         struct bundle_actor **out, struct err *err) {
    const struct batch_outer *outer = &batch->ingested->batch.outer;
    struct bundle_report *report = taking->out;
    enum rc rc;

    for (uint32_t i = 0; i < report->actor_count; i++)
        if (report->actors[i].actor == outer->actor) {
            *out = &report->actors[i];
            return RC_OK;
        }
    *out = arena_push(taking->arena, &report->actors, &report->actor_count, &taking->actor_capacity,
                      sizeof(**out));
    if (*out == NULL)
        return arena_check(taking->arena, "a bundle", err);
    **out = (struct bundle_actor){
        .actor = outer->actor, .device = *batch->source.device, .first = outer->first};
    (*out)->device.name = arena_view(taking->arena, batch->source.device->name);
    (*out)->device.program = arena_view(taking->arena, batch->source.device->program);
    rc = known_number(taking, outer->actor, &(*out)->before, err);
    return rc != RC_OK ? rc : count_known(taking, outer->actor, &(*out)->fresh, err);
}

/* Before the writer has it, so that what was known can be told from what is new. */
static enum rc announce(struct taking *taking, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < taking->batch_count && rc == RC_OK; i++) {
        struct bundle_actor *row = NULL;

        rc = actor_row(taking, &taking->batches[i], &row, err);
    }
    return rc;
}

static enum rc account(struct taking *taking, const struct writer_batch *batch, struct err *err) {
    const struct batch_outer *outer = &batch->ingested->batch.outer;
    struct bundle_actor *row = NULL;
    enum rc rc = actor_row(taking, batch, &row, err);

    if (rc != RC_OK)
        return rc;
    if (batch->rc != RC_OK) {
        taking->out->refused++;
        return RC_OK;
    }
    row->batches++;
    if (outer->first < row->first)
        row->first = outer->first;
    if (outer->last > row->last)
        row->last = outer->last;
    row->quarantined += batch->receipt.outcome_count;
    row->want_from = batch->receipt.want_from;
    return batch->receipt.forks.size == 0
               ? RC_OK
               : receipt_history(&batch->receipt, taking->arena, &row->fork_actor, err);
}

static enum rc write_portion(struct taking *taking, struct err *err) {
    struct writer_job job = {
        .arena = &taking->portion,
        .batch_count = taking->batch_count,
        .batches = taking->batches,
        .act = taking->acted ? NULL : bundle_act,
        .context = taking,
    };
    enum rc rc = announce(taking, err);

    if (rc != RC_OK)
        return rc;
    err_init(&job.err, err->lang);
    taking->office->write(taking->office->context, &job);
    if (job.err.rc != RC_OK) {
        *err = job.err;
        return err->rc;
    }
    taking->acted = true;
    for (uint32_t i = 0; i < taking->batch_count && rc == RC_OK; i++)
        rc = account(taking, &taking->batches[i], err);
    taking->batch_count = 0;
    taking->change_count = 0;
    arena_reset(&taking->portion);
    return rc;
}

/* --- parts --- */

static enum rc take_hello(struct taking *taking, struct view content, struct err *err) {
    struct stored_device device;
    enum rc rc = exchange_read_hello(content, taking->arena, &taking->hello, err);

    if (rc == RC_OK)
        rc = store_device(taking->ledger->store, taking->hello.device, taking->arena, &device, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_DENIED,
                       "the tablet that wrote the bundle is not enrolled here; ask whose it is");
    if (rc == RC_OK)
        rc = exchange_verify_hello(content, device.sign_public, err);
    if (rc == RC_OK && taking->hello.device != taking->out->device)
        rc = err_set(err, RC_DENIED, "the bundle's hello is of another tablet than the bundle");
    taking->has_hello = rc == RC_OK;
    return rc;
}

static enum rc take_batch(struct taking *taking, struct view sealed, struct err *err) {
    struct ingested *in = &taking->ingested[taking->batch_count];
    struct writer_batch *batch = &taking->batches[taking->batch_count];
    struct stored_device *owner = &taking->owners[taking->batch_count];
    enum rc rc = ingest_open(taking->office->keys, sealed, taking->ledger->inflater,
                             &taking->portion, in, err);

    if (rc == RC_OK)
        rc = store_device(taking->ledger->store, in->batch.device, &taking->portion, owner, err);
    if (rc == RC_NOT_FOUND)
        return err_set(err, RC_DENIED, "a batch of a tablet that is not enrolled here");
    if (rc == RC_OK)
        rc = ingest_verify(in, owner->sign_public, err);
    if (rc != RC_OK)
        return rc;
    *batch = (struct writer_batch){
        .ingested = in,
        .source = {.device = owner,
                   .carrier = owner->device == taking->out->device ? 0 : taking->out->device,
                   .offset_ms = owner->offset_ms},
    };
    if (taking->has_hello && owner->device == taking->hello.device) {
        batch->source.told_count = taking->hello.told_count;
        batch->source.told = taking->hello.told;
    }
    taking->batch_count++;
    taking->change_count += in->change_count;
    return RC_OK;
}

/* Text first: whoever pulls the stick out in the middle of the photos has brought the records. */
static enum rc take_attachments(struct taking *taking, struct view body, struct err *err) {
    enum rc rc = taking->batch_count > 0 ? write_portion(taking, err) : RC_OK;

    return rc == RC_OK ? attachment_take(taking->office, body, taking->out->device,
                                         &taking->out->attachments, err)
                       : rc;
}

static enum rc take_part(struct taking *taking, const struct part *part, struct err *err) {
    enum rc rc;

    if (part->kind == BUNDLE_HELLO)
        return take_hello(taking, part->content, err);
    if (part->kind != BUNDLE_BATCH && part->kind != BUNDLE_ATTACHMENTS)
        return RC_OK;
    taking->out->batches += part->kind == BUNDLE_BATCH;
    rc = part->kind == BUNDLE_BATCH ? take_batch(taking, part->content, err)
                                    : take_attachments(taking, part->content, err);
    if (rc == RC_NO_MEMORY || rc == RC_IO)
        return rc;
    if (rc != RC_OK) { /* refused alone */
        if (taking->out->refused++ == 0)
            taking->out->why = arena_view(taking->arena, view_text(err->text));
        log_warn(taking->office->log, LOG_EVENT("batch.refused"), LOG_TEXT("why", err->text));
        err_clear(err);
        return arena_check(taking->arena, "a bundle", err);
    }
    if (taking->batch_count == PORTION_BATCHES || taking->change_count >= PORTION_CHANGES)
        return write_portion(taking, err);
    return RC_OK;
}

static enum rc take_parts(struct taking *taking, const struct bundle_head *head,
                          struct reader *parts, struct err *err) {
    uint32_t seen = 0, good = 0;
    struct part part;
    enum rc rc;

    while ((rc = bundle_next(parts, &part, err)) != RC_NOT_FOUND) {
        seen++;
        if (rc == RC_CORRUPT) {
            err_clear(err);
            taking->out->damaged++;
            continue;
        }
        good++;
        rc = take_part(taking, &part, err);
        if (rc != RC_OK)
            return rc;
    }
    err_clear(err);
    if (seen < head->part_count)
        taking->out->damaged += head->part_count - seen;
    if (good == 0)
        return err_set(err, RC_CORRUPT,
                       "nothing in the bundle can be read; copy it from its source again");
    return write_portion(taking, err);
}

static enum rc finish(struct taking *taking, struct err *err) {
    struct bundle_report *report = taking->out;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < report->actor_count && rc == RC_OK; i++) {
        struct bundle_actor *row = &report->actors[i];
        uint64_t known = 0;

        rc = known_number(taking, row->fork_actor != 0 ? row->fork_actor : row->actor, &row->number,
                          err);
        if (row->want_from != 0 && row->want_from <= row->number)
            row->want_from = 0; /* a later batch of the bundle has filled the gap */
        if (rc == RC_OK)
            rc = count_known(taking, row->actor, &known, err);
        row->fresh = known - row->fresh; /* until now it was what was known before */
        report->changes += row->fresh;
    }
    return rc;
}

enum rc bundle_ingest(const struct office *office, struct ledger *ledger, struct view bytes,
                      struct arena *arena, struct bundle_report *out, struct err *err) {
    struct taking *taking = arena_alloc(arena, sizeof(*taking));
    struct bundle_head head = {0};
    struct reader parts;
    uint32_t admitted = 0;
    enum rc rc;

    *out = (struct bundle_report){0};
    if (taking == NULL)
        return arena_check(arena, "a bundle", err);
    taking->office = office;
    taking->ledger = ledger;
    taking->arena = arena;
    taking->out = out;
    arena_init(&taking->portion, INGEST_ARENA_BYTES);
    rc = bundle_open(bytes, arena, &head, &parts, err);
    if (rc == RC_OK && head.county != office->keys->county)
        rc = err_set(err, RC_DENIED, "the bundle is for another county");
    if (rc == RC_OK && head.direction != BUNDLE_UP)
        rc = err_set(err, RC_DENIED,
                     "the bundle was written here, for a tablet; read it on the tablet");
    out->device = head.device;
    out->made_ms = head.made_ms;
    out->more = head.more;
    if (rc == RC_OK)
        rc = take_parts(taking, &head, &parts, err);
    /* What the hello confirms may be what changes in quarantine have waited for. */
    if (rc == RC_OK && taking->has_hello)
        rc = quarantine_rejudge(office, out->device, &admitted, err);
    if (rc == RC_OK)
        rc = finish(taking, err);
    arena_release(&taking->portion);
    return rc;
}
