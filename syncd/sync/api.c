/* api.c: see api.h. */
#include "syncd/sync/api.h"

#include "base/crypt.h"
#include "base/planted.h"
#include "base/words.h"
#include "schema/wire/attachment_pull.h"
#include "syncd/sync/alarm.h"
#include "syncd/sync/area.h"
#include "syncd/sync/attachment.h"
#include "syncd/sync/attachment_pull.h"
#include "syncd/sync/auth.h"
#include "syncd/sync/carried.h"
#include "syncd/sync/feed.h"
#include "syncd/sync/fork.h"
#include "syncd/sync/former.h"
#include "syncd/sync/hello.h"
#include "syncd/sync/log_head.h"
#include "syncd/sync/marks.h"
#include "syncd/sync/news.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/recall.h"

#include <stdio.h>

#define CERTIFICATE_MARGIN_MS (24 * 3600000ll) /* an answer may have been lost since */
#define SEEN_EVERY_MS         (10 * 60000ll)   /* an empty sync writes "seen" no more often */
#define PORTION_CHANGES       500u             /* decoded at once, give or take a batch */
#define ALARMS_MAX            64u              /* of one request */
#define SMALL_BYTES           16384u           /* of a request that needs no room to be decoded */

struct visit { /* of one tablet */
    const struct office *office;
    struct ledger *ledger;
    struct arena *arena; /* the ledger's */
    struct hello hello;
    struct wants wants;
    struct view hello_bytes;
    struct stored_device device;
    struct view credential; /* by which the device is known again; empty: it is not unknown */
    int64_t now_ms;
    uint32_t news; /* the county's latest */
    uint32_t told; /* what this tablet knows of it */
    struct writer_batch *batches;
    struct ingested *ingested;
    uint32_t batch_count;
    uint32_t written_count;   /* of the batches: those the writer has had */
    bool small;               /* decoded beside everything else: many such share one commit */
    struct ingest_room *room; /* where the batches of another are decoded; NULL: not in it now */
    uint32_t room_changes;
    bool acted; /* the writer has had the news of the device */
    struct answer answer;
    bool has_entries;  /* the answer brings news of the feeds */
    struct view offer; /* of slices; empty: none */
    uint32_t certificate_capacity;
};

/* --- what the writer does for it beside the batches --- */

static enum rc add_person(struct work *work, const struct stored_device *device,
                          const struct hello_person *asked, struct err *err) {
    struct stored_person known, *row;
    char object[17];
    enum rc rc;

    rc = store_person(work->ledger->store, id_of_person(asked->sign_public), &work->arena, &known,
                      err);
    if (rc == RC_OK && known.device != DEVICE_UNKNOWN)
        return RC_OK;
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    row = WORK_ADD(work, persons, person_count, person_capacity);
    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    *row = (struct stored_person){
        .person = id_of_person(asked->sign_public),
        .name = asked->name,
        .role = rc == RC_OK ? known.role : ROLE_INVESTIGATOR,
        .device = device->device,
        .area_count = device->scope.area_count,
        .areas = device->scope.areas,
        .created_ms = work->now_ms,
    };
    memcpy(row->sign_public, asked->sign_public, 32);
    id_text(row->person, object);
    return work_act(work, "device", "person add", object, view_text(""), err);
}

enum rc api_note_hello(struct work *work, const struct hello *hello, const int64_t *now_ms,
                       struct err *err) {
    struct stored_device *row = WORK_ADD(work, devices, device_count, device_capacity);
    bool newest = true;
    enum rc rc;

    if (row == NULL)
        return arena_check(&work->arena, "a step of the writer", err);
    /* Read again: another exchange may have written it meanwhile. */
    rc = store_device(work->ledger->store, hello->device, &work->arena, row, err);
    if (rc == RC_OK)
        rc = hello_remember(work, hello, now_ms == NULL, &newest, err);
    if (rc != RC_OK)
        return rc;
    if (now_ms != NULL) {
        row->seen_ms = work->now_ms;
        row->offset_ms = *now_ms - hello->wall_ms;
    }
    if (hello->program.size > 0)
        row->program = hello->program;
    if (newest) {
        row->own_last = hello->own_last;
        row->actor = hello->actor;
    }
    if (hello->scope_confirm > row->scope_confirmed) {
        row->scope_confirmed = hello->scope_confirm;
        row->scope_at = hello->scope_at < hello->own_last ? hello->scope_at : hello->own_last;
        rc = scope_confirmed(work, row->device, row->scope_confirmed, hello->actor, row->scope_at,
                             err);
    }
    for (uint32_t i = 0; i < hello->person_count && rc == RC_OK; i++)
        rc = add_person(work, row, &hello->persons[i], err);
    return rc;
}

static enum rc visit_act(void *context, struct work *work, struct err *err) {
    struct visit *visit = context;

    return api_note_hello(work, &visit->hello, &visit->now_ms, err);
}

/* What is confirmed or known now may be what changes in quarantine have waited for. */
static bool wants_judging(const struct visit *visit) {
    return visit->hello.person_count > 0 ||
           (visit->hello.scope_confirm > visit->device.scope_confirmed &&
            visit->device.scope.serial > 1);
}

static bool needs_writer(const struct visit *visit) {
    return visit->batch_count > 0 || visit->hello.person_count > 0 ||
           visit->hello.scope_confirm > visit->device.scope_confirmed ||
           visit->hello.actor != visit->device.actor ||
           visit->hello.own_last != visit->device.own_last ||
           (visit->hello.program.size > 0 &&
            !view_equal(visit->hello.program, visit->device.program)) ||
           visit->now_ms - visit->device.seen_ms > SEEN_EVERY_MS;
}

/* --- up --- */

/* The tablet knows another epoch: we come from a backup. */
static bool is_new_epoch(const struct visit *visit) {
    return visit->hello.epoch != visit->office->epoch;
}

static enum rc take_batch(struct visit *visit, struct view sealed, struct err *err) {
    struct ingested *in = &visit->ingested[visit->batch_count];
    struct writer_batch *batch = &visit->batches[visit->batch_count];
    struct stored_device *owner = &visit->device;
    enum rc rc;

    if (visit->room == NULL && !visit->small)
        visit->room = visit->office->enter(visit->office->context);
    rc = ingest_open(visit->office->keys, sealed, visit->ledger->inflater,
                     visit->small ? visit->arena : &visit->room->arena, in, err);
    if (rc != RC_OK)
        return rc;
    if (in->batch.device != visit->device.device) { /* baggage of another tablet */
        owner = arena_alloc(visit->arena, sizeof(*owner));
        if (owner == NULL)
            return arena_check(visit->arena, "a request", err);
        rc = store_device(visit->ledger->store, in->batch.device, visit->arena, owner, err);
        if (rc != RC_OK)
            return rc;
        batch->source.carrier = visit->device.device;
    }
    rc = ingest_verify(in, owner->sign_public, err);
    if (rc != RC_OK)
        return rc;
    batch->ingested = in;
    batch->source.device = owner;
    if (owner == &visit->device) {
        batch->source.told_count = visit->hello.told_count;
        batch->source.told = visit->hello.told;
    }
    batch->source.offset_ms =
        owner == &visit->device ? visit->now_ms - visit->hello.wall_ms : owner->offset_ms;
    visit->batch_count++;
    visit->room_changes += in->change_count;
    return RC_OK;
}

static void leave_room(struct visit *visit) {
    if (visit->room != NULL)
        visit->office->leave(visit->office->context, visit->room);
    visit->room = NULL;
    visit->room_changes = 0;
}

/* Gives the writer what is in the room. With the first of it go the news of the device. */
static enum rc write_batches(struct visit *visit, struct err *err) {
    struct writer_job job = {
        .arena = visit->arena,
        .batch_count = visit->batch_count - visit->written_count,
        .batches = visit->batches + visit->written_count,
        .act = visit->acted ? NULL : visit_act,
        .context = visit,
    };

    err_init(&job.err, err->lang);
    visit->office->write(visit->office->context, &job);
    leave_room(visit);
    visit->acted = true;
    visit->written_count = visit->batch_count;
    if (job.err.rc != RC_OK)
        *err = job.err;
    return job.err.rc;
}

/* Whoever has something else for the writer does not stay in the room with his batches. */
static enum rc finish_batches(struct visit *visit, struct err *err) {
    enum rc rc = RC_OK;

    if (visit->batch_count > visit->written_count)
        rc = write_batches(visit, err);
    leave_room(visit);
    return rc;
}

/* Other people's work comes after one's own, so that of this as little as possible is carried. */
static enum rc take_slice(struct visit *visit, struct view bytes, struct err *err) {
    uint32_t taken = 0;
    enum rc rc = finish_batches(visit, err);

    if (rc == RC_OK)
        rc = carried_take(visit->office, bytes, visit->device.device, &taken, err);
    if (rc == RC_OK)
        log_info(visit->office->log, LOG_EVENT("slice.taken"), LOG_UINT("changes", taken));
    return rc;
}

static enum rc take_want(struct visit *visit, struct view content, struct err *err) {
    struct want *list;
    enum rc rc = exchange_read_want(content, visit->arena, &list, &visit->wants.count, err);

    visit->wants.list = list;
    visit->wants.understood = rc == RC_OK;
    return rc;
}

/* For people to read, so what is no plain text says nothing. */
static void take_program(struct visit *visit, struct view content) {
    for (size_t i = 0; i < content.size; i++)
        if (content.data[i] < ' ' || content.data[i] > '~')
            return;
    if (content.size <= PROGRAM_BYTES_MAX)
        visit->hello.program = content;
}

static enum rc take_alarm(struct visit *visit, struct view content, struct err *err) {
    enum rc rc = finish_batches(visit, err);

    if (rc == RC_OK)
        rc = alarm_take(visit->office, visit->ledger->store, visit->device.device, content,
                        visit->arena, err);
    return rc;
}

/* A tablet with months of backlog is taken in portions, so that what one exchange holds in memory
 * does not grow with it. A batch that cannot be opened or verified is refused alone; those after it
 * still count. */
static enum rc take_batches(struct visit *visit, struct reader *parts, uint32_t *refused,
                            struct err *err) {
    struct part part;
    uint32_t seen = 0, alarms = 0;
    enum rc rc;

    visit->batches = arena_array(visit->arena, LIMIT_EXCHANGE_BATCHES, sizeof(*visit->batches));
    visit->ingested = arena_array(visit->arena, LIMIT_EXCHANGE_BATCHES, sizeof(*visit->ingested));
    if (visit->batches == NULL || visit->ingested == NULL)
        return arena_check(visit->arena, "a request", err);
    while ((rc = exchange_next(parts, &part, err)) == RC_OK) {
        if (part.kind == PART_PROGRAM)
            take_program(visit, part.content);
        if (part.kind == PART_OFFER)
            visit->offer = part.content;
        if (part.kind == PART_WANT && !visit->wants.understood) {
            rc = take_want(visit, part.content, err);
            if (rc != RC_OK)
                return rc;
        }
        if (part.kind == PART_ALARM && ++alarms <= ALARMS_MAX)
            rc = take_alarm(visit, part.content, err);
        if (rc != RC_OK)
            return rc;
        /* Of a tablet that has not heard of a restore: it comes again, with what it was told. */
        if ((part.kind != PART_BATCH && part.kind != PART_SLICE) ||
            (part.kind == PART_BATCH && is_new_epoch(visit) && visit->hello.epoch != 0))
            continue;
        if (++seen > LIMIT_EXCHANGE_BATCHES)
            return err_set(err, RC_LIMIT, "more than %u batches in one request; send fewer",
                           LIMIT_EXCHANGE_BATCHES);
        rc = part.kind == PART_BATCH ? take_batch(visit, part.content, err)
                                     : take_slice(visit, part.content, err);
        if (rc == RC_NO_MEMORY || rc == RC_IO || (PLANTED(POISON_BLOCKS) && rc != RC_OK))
            return rc;
        if (rc != RC_OK) {
            log_warn(visit->office->log, LOG_EVENT("batch.refused"), LOG_TEXT("why", err->text));
            *refused += part.kind == PART_BATCH; /* a slice that is refused is not missed */
        }
        if (visit->room_changes >= PORTION_CHANGES) {
            rc = write_batches(visit, err);
            if (rc != RC_OK)
                return rc;
        }
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    return RC_OK;
}

/* --- down --- */

static enum rc give_receipts(struct visit *visit, struct err *err) {
    struct answer *answer = &visit->answer;

    answer->receipts =
        arena_array(visit->arena, visit->batch_count + 1u, sizeof(*answer->receipts));
    if (answer->receipts == NULL)
        return arena_check(visit->arena, "an answer", err);
    for (uint32_t i = 0; i < visit->batch_count; i++) {
        const struct writer_batch *batch = &visit->batches[i];
        struct receipt *into = NULL;

        if (batch->rc != RC_OK)
            continue;
        for (uint32_t r = 0; r < answer->receipt_count; r++)
            if (answer->receipts[r].actor == batch->receipt.actor)
                into = &answer->receipts[r];
        if (into == NULL) {
            answer->receipts[answer->receipt_count++] = batch->receipt;
            continue;
        }
        /* one receipt for each actor: the furthest number, all outcomes */
        if (batch->receipt.outcome_count > 0) {
            uint32_t sum = into->outcome_count + batch->receipt.outcome_count;
            struct outcome *outcomes = arena_array(visit->arena, sum, sizeof(*outcomes));

            if (outcomes == NULL)
                return arena_check(visit->arena, "an answer", err);
            if (into->outcome_count > 0)
                memcpy(outcomes, into->outcomes, into->outcome_count * sizeof(*outcomes));
            memcpy(outcomes + into->outcome_count, batch->receipt.outcomes,
                   batch->receipt.outcome_count * sizeof(*outcomes));
            into->outcomes = outcomes;
            into->outcome_count = sum;
        }
        if (batch->receipt.number >= into->number) {
            into->number = batch->receipt.number;
            into->want_from = batch->receipt.want_from;
            into->forks = batch->receipt.forks;
            memcpy(into->hash, batch->receipt.hash, 32);
        }
    }
    return RC_OK;
}

/* Without a batch it is told what we have of it: in a new epoch, when it has more than we know
 * although it may think that all was sent; when there is news for it; and when we have more of it
 * than it has, because it was put back to an earlier state or copied. */
static enum rc give_own_receipt(struct visit *visit, struct err *err) {
    struct stored_actor actor;
    struct answer *answer = &visit->answer;
    struct receipt *receipt = &answer->receipts[answer->receipt_count];
    enum rc rc;

    if (visit->hello.actor == 0)
        return RC_OK;
    for (uint32_t i = 0; i < answer->receipt_count; i++)
        if (answer->receipts[i].actor == visit->hello.actor)
            return RC_OK;
    rc = store_actor(visit->ledger->store, visit->hello.actor, &actor, err);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && actor.device == DEVICE_UNKNOWN)) {
        err_clear(err); /* others may have carried some of it here: it must show itself */
        rc = RC_OK;
        actor = (struct stored_actor){.actor = visit->hello.actor};
        chain_start(actor.actor, actor.hash);
    } else if (rc != RC_OK) {
        return rc;
    }
    if (!is_new_epoch(visit) && actor.number <= visit->hello.own_last &&
        (visit->told == visit->news || actor.number == 0))
        return RC_OK;
    rc = receipt_of(&actor, visit->ledger->store, visit->arena, receipt, err);
    /* It may have been told that a backup holds more than the one we come from. */
    if (is_new_epoch(visit) && visit->hello.own_last > actor.number)
        receipt->want_from = actor.number + 1;
    answer->receipt_count++;
    return rc;
}

/* What the county's news mean for this tablet; see news.h. */
static enum rc add_news(struct visit *visit, struct err *err) {
    struct answer *answer = &visit->answer;
    struct store *store = visit->ledger->store;
    const struct former_wish wish = {.device = visit->device.device,
                                     .present = visit->hello.actor,
                                     .told = visit->told,
                                     .is_new_epoch = is_new_epoch(visit)};
    enum rc rc = RC_OK;

    if (visit->told == visit->news && !is_new_epoch(visit))
        return RC_OK;
    if (visit->hello.actor != 0 && visit->hello.epoch != 0)
        rc = former_receipts(store, &wish, visit->arena, answer, err);
    for (uint32_t i = 0; i < answer->receipt_count && rc == RC_OK; i++) {
        struct receipt *receipt = &answer->receipts[i];
        uint64_t history;

        rc = receipt_history(receipt, visit->arena, &history, err);
        if (rc == RC_OK)
            rc = watermark_of(store, history, visit->arena, &receipt->backed_up, err);
        if (rc == RC_OK)
            rc = news_outcomes(store, history, is_new_epoch(visit) ? 0 : visit->told,
                               is_new_epoch(visit), visit->arena, receipt, err);
    }
    if (rc == RC_OK && !visit->device.scope.revoked)
        rc = marks_of(visit->ledger, &visit->device.scope, visit->arena, answer, err);
    return rc;
}

static enum rc add_certificate(struct visit *visit, const struct stored_person *person,
                               struct err *err) {
    struct answer *answer = &visit->answer;
    struct certificate *certificate;

    for (uint32_t i = 0; i < answer->certificate_count; i++)
        if (memcmp(answer->certificates[i].sign_public, person->sign_public, 32) == 0)
            return RC_OK;
    certificate = arena_push(visit->arena, &answer->certificates, &answer->certificate_count,
                             &visit->certificate_capacity, sizeof(*certificate));
    if (certificate == NULL)
        return arena_check(visit->arena, "an answer", err);
    memcpy(certificate->sign_public, person->sign_public, 32);
    certificate->name = arena_view(visit->arena, person->name);
    certificate->role = person->role;
    return RC_OK;
}

static enum rc asked_certificate(struct visit *visit, uint64_t id, struct err *err) {
    struct stored_person person;
    enum rc rc = store_person(visit->ledger->store, id, visit->arena, &person, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    return rc == RC_OK ? add_certificate(visit, &person, err) : rc;
}

static enum rc colleague_visit(void *context, const struct stored_person *person, struct err *err) {
    struct visit *visit = context;

    return area_meets(visit->ledger, person, &visit->device.scope)
               ? add_certificate(visit, person, err)
               : RC_OK;
}

/* For those on this tablet who ask, and, so that people can read who wrote what, for the colleagues
 * in its areas who are new since it was last here. */
static enum rc give_certificates(struct visit *visit, struct err *err) {
    struct store *store = visit->ledger->store;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < visit->hello.person_count && rc == RC_OK; i++)
        rc = asked_certificate(visit, id_of_person(visit->hello.persons[i].sign_public), err);
    if (rc != RC_OK || !visit->has_entries)
        return rc;
    return visit->hello.cursor_count == 0
               ? store_persons(store, colleague_visit, visit, err)
               : store_new_persons(store, visit->device.seen_ms - CERTIFICATE_MARGIN_MS,
                                   colleague_visit, visit, err);
}

/* In a new epoch it may know of acts that we have lost. */
static bool wants_areas(const struct visit *visit) {
    return visit->told < visit->ledger->areas_news || is_new_epoch(visit);
}

/* What it would show to a county that does not know it any more. */
static bool wants_credential(const struct visit *visit) {
    return visit->hello.form_position == 0 || visit->hello.person_count > 0 ||
           visit->hello.scope_serial != visit->device.scope.serial;
}

/* Of the baggage: what its carrier need not carry any longer, though no receipt covers it. */
static enum rc tell_kept(struct visit *visit, struct buf *out, struct err *err) {
    uint8_t(*names)[32] = arena_array(visit->arena, visit->batch_count + 1u, sizeof(*names));
    uint32_t count = 0;

    if (names == NULL)
        return arena_check(visit->arena, "an answer", err);
    for (uint32_t i = 0; i < visit->batch_count; i++) {
        const struct writer_batch *batch = &visit->batches[i];

        if (batch->rc == RC_OK && batch->waits && batch->source.carrier != 0)
            kept_name(batch->ingested->sealed, names[count++]);
    }
    if (count > 0)
        exchange_add_kept(out, (const uint8_t(*)[32])names, count, visit->answer.nonce,
                          visit->office->keys->sign_secret);
    return RC_OK;
}

static enum rc write_answer(struct visit *visit, struct pull *pull, struct buf *out,
                            struct err *err) {
    struct answer *answer = &visit->answer;
    enum rc rc = RC_OK;

    answer->more = pull->more;
    answer->head_count = pull->head_count;
    answer->heads = pull->heads;
    if (!visit->device.scope.revoked)
        rc = log_head_give(visit->office, visit->ledger->store, &visit->hello, visit->arena, answer,
                           err);
    if (rc != RC_OK)
        return rc;
    answer->form_hash_count = pull->form_count;
    answer->form_hashes = (const uint8_t(*)[32])pull->form_hashes;
    answer->has_scope = visit->hello.scope_serial != visit->device.scope.serial;
    answer->scope = visit->device.scope;
    answer->has_signed = answer->mark_count > 0 || answer->has_lacking ||
                         answer->receipt_count > 0 || answer->head_count > 0 || answer->has_scope ||
                         answer->certificate_count > 0 || answer->form_hash_count > 0;
    exchange_start(out);
    exchange_add_answer(out, answer);
    if (answer->has_signed)
        rc = exchange_add_signed(out, answer, visit->office->keys->sign_secret, err);
    if (rc == RC_OK && wants_areas(visit))
        rc = area_tell(visit->ledger, answer->nonce, visit->office->keys->sign_secret, out, err);
    if (rc == RC_OK)
        rc = tell_kept(visit, out, err);
    if (rc == RC_OK && wants_credential(visit))
        rc = recall_certify(visit->office, visit->ledger->store, &visit->device, visit->arena, out,
                            err);
    if (rc != RC_OK)
        return rc;
    buf_add_view(out, buf_view(&pull->forms));
    if (visit->hello.locked && pull->parts.size > 0)
        rc = exchange_add_sealed(out, buf_view(&pull->parts), visit->device.box_public,
                                 visit->office->env, err);
    else
        buf_add_view(out, buf_view(&pull->parts));
    exchange_add_end(out, visit->hello.nonce);
    return rc == RC_OK ? buf_check(out, "an answer", err) : rc;
}

static enum rc give_answer(struct visit *visit, struct buf *out, struct err *err) {
    struct pull pull = {0};
    size_t max_bytes = LIMIT_PULL_BYTES;
    enum rc rc;

    if (visit->hello.max_bytes > 0 && visit->hello.max_bytes < max_bytes)
        max_bytes = visit->hello.max_bytes;
    rc = give_receipts(visit, err);
    if (rc == RC_OK)
        rc = give_own_receipt(visit, err);
    if (rc == RC_OK)
        rc = add_news(visit, err);
    if (rc == RC_OK && visit->offer.size > 0)
        rc = carried_offered(visit->ledger->store, visit->offer, visit->arena, &visit->answer, err);
    /* In a new epoch its cursors may mean nothing here; it asks again when it knows that. */
    if (is_new_epoch(visit) && visit->hello.epoch != 0)
        pull.more = true;
    else if (rc == RC_OK && !visit->device.scope.revoked)
        rc = feed_pull(visit->office, visit->ledger, &visit->hello, &visit->wants,
                       &visit->device.scope, max_bytes, visit->arena, &pull, err);
    visit->has_entries = pull.head_count > 0 || pull.has_want;
    if (rc == RC_OK)
        rc = give_certificates(visit, err);
    if (rc == RC_OK)
        rc = write_answer(visit, &pull, out, err);
    buf_release(&pull.forms);
    buf_release(&pull.parts);
    return rc;
}

/* --- the visit --- */

static enum rc know_device(struct visit *visit, struct reader *parts, struct err *err) {
    struct part part;
    enum rc rc = exchange_next(parts, &part, err);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && part.kind != PART_HELLO))
        return err_set(err, RC_CORRUPT, "request: it does not begin with a hello");
    if (rc == RC_OK)
        rc = exchange_read_hello(part.content, visit->arena, &visit->hello, err);
    if (rc != RC_OK)
        return rc;
    visit->hello_bytes = part.content;
    rc = store_device(visit->ledger->store, visit->hello.device, visit->arena, &visit->device, err);
    if (rc == RC_NOT_FOUND)
        rc = recall_read(visit->office, *parts, &visit->hello, visit->arena, &visit->device,
                         &visit->credential, err);
    if (rc == RC_OK)
        rc = exchange_verify_hello(part.content, visit->device.sign_public, err);
    return rc;
}

static enum rc visit_run(struct visit *visit, struct view body, struct buf *out, unsigned *status,
                         struct err *err) {
    struct reader parts;
    uint32_t refused = 0, admitted = 0;
    bool known;
    enum rc rc = exchange_open(body, &parts, err);

    if (rc == RC_OK)
        rc = know_device(visit, &parts, err);
    if (rc != RC_OK)
        return rc;
    visit->answer = (struct answer){.epoch = visit->office->epoch, .server_ms = visit->now_ms};
    known = auth_nonce_good(visit->office->keys, visit->device.device, visit->now_ms,
                            visit->hello.nonce, &visit->told);
    if (known)
        rc = news_serial(visit->ledger->store, visit->arena, &visit->news, err);
    if (rc != RC_OK)
        return rc;
    auth_nonce(visit->office->keys, visit->device.device, visit->now_ms,
               known ? visit->news : visit->told, visit->answer.nonce);
    if (!known) {
        *status = 401;
        exchange_start(out);
        exchange_add_answer(out, &visit->answer);
        return buf_check(out, "an answer", err);
    }
    if (visit->credential.size > 0)
        rc = recall_store(visit->office, &visit->device, visit->credential, err);
    if (rc == RC_OK)
        rc = take_batches(visit, &parts, &refused, err);
    if (rc == RC_OK &&
        (visit->batch_count > visit->written_count || (!visit->acted && needs_writer(visit))))
        rc = write_batches(visit, err);
    if (rc == RC_OK && wants_judging(visit))
        rc = quarantine_rejudge(visit->office, visit->device.device, &admitted, err);
    if (rc == RC_OK)
        leave_room(visit);
    if (rc == RC_OK)
        rc = give_answer(visit, out, err);
    if (rc == RC_OK && refused > 0 && visit->batch_count == 0)
        return err_set(err, RC_INVALID, "none of the %u batches could be opened and verified",
                       refused);
    return rc;
}

enum rc api_exchange(const struct office *office, struct view body, struct buf *answer,
                     unsigned *status, struct err *err) {
    struct visit visit = {.office = office, .now_ms = env_wall_ms(office->env)};
    enum rc rc;

    *status = 200;
    rc = office->borrow(office->context, &visit.ledger, err);
    if (rc != RC_OK)
        return rc;
    visit.arena = &visit.ledger->visit;
    visit.small = body.size <= SMALL_BYTES;
    arena_reset(visit.arena);
    rc = visit_run(&visit, body, answer, status, err);
    leave_room(&visit);
    arena_reset(visit.arena);
    office->give_back(office->context, visit.ledger);
    return rc;
}

typedef enum rc exchange_run(const struct office *office, struct view body, struct buf *answer,
                             unsigned *status, struct err *err);

static enum rc at_gate(const struct office *office, exchange_run *run,
                       struct http_exchange *exchange, struct err *err) {
    unsigned status = 200;
    struct gate_pass pass;
    char seconds[16];
    enum rc rc;

    if (!gate_enter(office->gate, exchange->request.body, &pass)) {
        http_response_error(&exchange->response, 429, "again",
                            words(exchange->request.lang,
                                  "too many tablets are sending at this moment; they come back "
                                  "by themselves"));
        snprintf(seconds, sizeof(seconds), "%u", gate_retry_s(office->gate, office->env));
        return http_response_header(&exchange->response, "Retry-After", seconds, err);
    }
    rc = run(office, exchange->request.body, &exchange->response.body, &status, err);
    gate_leave(office->gate, &pass);
    exchange->response.status = status;
    return rc;
}

static enum rc sync_handler(void *context, struct http_exchange *exchange, struct err *err) {
    return at_gate(context, api_exchange, exchange, err);
}

static enum rc attachment_handler(void *context, struct http_exchange *exchange, struct err *err) {
    return at_gate(context, attachment_exchange, exchange, err);
}

static enum rc health_handler(void *context, struct http_exchange *exchange, struct err *err) {
    (void)context;
    (void)err;
    buf_add_text(&exchange->response.body, "ok\n");
    return RC_OK;
}

const struct http_route api_routes[] = {
    {"POST", "/v1/sync", 0, LIMIT_EXCHANGE_BYTES, sync_handler},
    {"POST", "/v1/attachments", 0, LIMIT_ATTACHMENT_REQUEST, attachment_handler},
    {"POST", "/v1/attachments/pull", 0, PULL_REQUEST_BYTES, attachment_pull_handler},
    {"POST", "/v1/enrol", 0, 65536, auth_enrol},
    {"GET", "/v1/keys", 0, 0, auth_keys},
    {"GET", "/v1/health", 0, 0, health_handler},
};
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
