/* bundle_make.c: answers for a tablet that nobody asked for in person. See bundle.h.
 *
 * A bundle may need several answers, each as large as one over HTTP would be, so that the tablet
 * takes each in one transaction. The first carries the receipts of all its incarnations and its
 * scope; the names of people stand in the sealed part, because a stick goes through many hands. */
#include "syncd/sync/bundle.h"

#include "base/crypt.h"
#include "syncd/sync/area.h"
#include "syncd/sync/attachment_told.h"
#include "syncd/sync/feed.h"
#include "syncd/sync/fork.h"
#include "syncd/sync/hello.h"
#include "syncd/sync/news.h"
#include "syncd/sync/recall.h"

#define MAKE_ARENA_BYTES (512u * 1024u * 1024u)
#define OUTCOMES_MAX     10000u
#define ROOM_BYTES       (2u * LIMIT_PULL_BYTES) /* what one more answer may need */

struct making { /* of one bundle */
    const struct office *office;
    struct ledger *ledger;
    const struct stored_device *device;
    struct arena arena;
    struct hello hello; /* as the tablet would say it now */
    struct want want;   /* where it would be in a snapshot */
    struct wants wants;
    uint32_t told_epoch;
    int64_t now_ms;
    struct answer first; /* receipts, certificates */
    uint32_t receipt_capacity, certificate_capacity;
    struct bundle_head head;
    struct buf parts;
    struct bundle_made *made;
};

/* --- receipts --- */

static enum rc actor_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct making *making = context;
    struct answer *answer = &making->first;
    struct receipt *receipt;

    receipt = arena_push(&making->arena, &answer->receipts, &answer->receipt_count,
                         &making->receipt_capacity, sizeof(*receipt));
    if (receipt == NULL)
        return arena_check(&making->arena, "a bundle", err);
    return receipt_of(actor, making->ledger->store, &making->arena, receipt, err);
}

static enum rc pending_visit(void *context, const struct stored_pending *pending, struct err *err) {
    (void)pending;
    (void)err;
    *(bool *)context = true;
    return RC_NOT_FOUND;
}

struct outcome_walk {
    struct making *making;
    struct receipt *receipt;
    uint32_t capacity;
};

static enum rc quarantine_visit(void *context, const struct stored_quarantine *row,
                                struct err *err) {
    struct outcome_walk *walk = context;
    struct stored_change change;
    struct outcome *outcome;
    enum rc rc;

    if (walk->receipt->outcome_count == OUTCOMES_MAX)
        return RC_NOT_FOUND;
    rc = store_change(walk->making->ledger->store, row->dot, &change, err);
    if (rc != RC_OK)
        return rc;
    outcome = arena_push(&walk->making->arena, &walk->receipt->outcomes,
                         &walk->receipt->outcome_count, &walk->capacity, sizeof(*outcome));
    if (outcome == NULL)
        return arena_check(&walk->making->arena, "a bundle", err);
    *outcome = (struct outcome){.number = row->dot.number, .verdict = change.verdict};
    return RC_OK;
}

/* What is known of each incarnation beside its number. */
static enum rc complete_receipts(struct making *making, struct err *err) {
    struct store *store = making->ledger->store;
    enum rc rc = store_device_actors(store, making->device->device, actor_visit, making, err);

    for (uint32_t i = 0; i < making->first.receipt_count && rc == RC_OK; i++) {
        struct receipt *receipt = &making->first.receipts[i];
        struct outcome_walk walk = {.making = making, .receipt = receipt};
        uint64_t actor;                                           /* the fork's name, of a fork */
        bool waits = making->told_epoch != making->office->epoch; /* it may have sent more once */

        rc = receipt_history(receipt, &making->arena, &actor, err);
        if (rc == RC_OK)
            rc = store_pending(store, receipt->actor, pending_visit, &waits, err);
        if (rc == RC_OK && waits)
            receipt->want_from = receipt->number + 1;
        if (rc == RC_OK)
            rc = watermark_of(store, actor, &making->arena, &receipt->backed_up, err);
        if (rc == RC_OK)
            rc = store_actor_quarantine(store, actor, 0, true, quarantine_visit, &walk, err);
    }
    return rc;
}

/* --- names --- */

static enum rc person_visit(void *context, const struct stored_person *person, struct err *err) {
    struct making *making = context;
    struct certificate *certificate;

    if (person->device != making->device->device &&
        !area_meets(making->ledger, person, &making->device->scope))
        return RC_OK;
    certificate =
        arena_push(&making->arena, &making->first.certificates, &making->first.certificate_count,
                   &making->certificate_capacity, sizeof(*certificate));
    if (certificate == NULL)
        return arena_check(&making->arena, "a bundle", err);
    memcpy(certificate->sign_public, person->sign_public, 32);
    certificate->name = arena_view(&making->arena, person->name);
    certificate->role = person->role;
    return RC_OK;
}

/* --- one answer --- */

/* The tablet's hello after it has taken this. */
static enum rc advance(struct making *making, const struct pull *pull, struct err *err) {
    struct hello *hello = &making->hello;
    struct reader forms;
    struct part part;
    struct view json;
    enum rc rc;

    for (uint32_t i = 0; i < pull->head_count; i++) {
        const struct feed_head *head = &pull->heads[i];
        struct cursor *cursor = NULL;

        for (uint32_t k = 0; k < hello->cursor_count && cursor == NULL; k++)
            if (hello->cursors[k].area == head->area &&
                hello->cursors[k].audience == head->audience)
                cursor = &hello->cursors[k];
        if (cursor == NULL && hello->cursor_count == LIMIT_EXCHANGE_CURSORS)
            return err_set(err, RC_LIMIT, "a tablet with more than %u feeds",
                           LIMIT_EXCHANGE_CURSORS);
        if (cursor == NULL)
            cursor = &hello->cursors[hello->cursor_count++];
        *cursor = (struct cursor){
            .area = head->area, .audience = head->audience, .position = head->position};
        memcpy(cursor->digest, head->chain, sizeof(cursor->digest));
    }
    making->want = pull->want;
    making->wants.count = pull->has_want ? 1 : 0;
    reader_init(&forms, buf_view(&pull->forms));
    while ((rc = exchange_next(&forms, &part, err)) == RC_OK) {
        if (part.kind != PART_FORM)
            continue;
        rc = exchange_read_form(part.content, &hello->form_position, &json, err);
        if (rc != RC_OK)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc add_sealed(struct making *making, const struct answer *answer,
                          const struct pull *pull, bool is_first, struct buf *body,
                          struct err *err) {
    struct answer names = {.epoch = answer->epoch,
                           .server_ms = answer->server_ms,
                           .certificate_count = making->first.certificate_count,
                           .certificates = making->first.certificates};
    struct buf parts;
    enum rc rc = RC_OK;

    memcpy(names.nonce, answer->nonce, sizeof(names.nonce));
    buf_init(&parts, LIMIT_EXCHANGE_BYTES);
    if (is_first && names.certificate_count > 0)
        rc = exchange_add_signed(&parts, &names, making->office->keys->sign_secret, err);
    if (rc == RC_OK && is_first)
        rc = recall_certify(making->office, making->ledger->store, making->device, &making->arena,
                            &parts, err);
    buf_add_view(&parts, buf_view(&pull->parts));
    if (rc == RC_OK)
        rc = buf_check(&parts, "a bundle", err);
    if (rc == RC_OK && parts.size > 0)
        rc = exchange_add_sealed(body, buf_view(&parts), making->device->box_public,
                                 making->office->env, err);
    crypt_buf_release(&parts);
    return rc;
}

static enum rc add_answer(struct making *making, const struct pull *pull, bool is_first,
                          struct err *err) {
    struct answer answer = {.epoch = making->office->epoch,
                            .server_ms = making->now_ms,
                            .more = pull->more,
                            .head_count = pull->head_count,
                            .heads = pull->heads,
                            .form_hash_count = pull->form_count,
                            .form_hashes = (const uint8_t(*)[32])pull->form_hashes};
    struct buf body;
    enum rc rc;

    if (is_first) {
        answer.receipt_count = making->first.receipt_count;
        answer.receipts = making->first.receipts;
        answer.has_scope = true;
        answer.scope = making->device->scope;
    }
    bundle_nonce(making->device->device, answer.epoch, answer.server_ms, answer.nonce);
    buf_init(&body, LIMIT_EXCHANGE_BYTES);
    exchange_start(&body);
    exchange_add_answer(&body, &answer);
    rc = exchange_add_signed(&body, &answer, making->office->keys->sign_secret, err);
    if (rc == RC_OK && is_first &&
        (making->ledger->areas.count > 0 || making->told_epoch != answer.epoch))
        rc = area_tell(making->ledger, answer.nonce, making->office->keys->sign_secret, &body, err);
    buf_add_view(&body, buf_view(&pull->forms));
    if (rc == RC_OK)
        rc = add_sealed(making, &answer, pull, is_first, &body, err);
    if (rc == RC_OK)
        rc = buf_check(&body, "a bundle", err);
    if (rc == RC_OK) {
        bundle_add_part(&making->parts, BUNDLE_ANSWER, buf_view(&body));
        making->head.part_count++;
        making->made->answers++;
        making->made->entries_bytes += pull->parts.size + pull->forms.size;
        rc = buf_check(&making->parts, "a bundle", err);
    }
    buf_release(&body);
    return rc;
}

static enum rc add_answers(struct making *making, struct err *err) {
    bool more = true;
    enum rc rc = RC_OK;

    while (rc == RC_OK && more) {
        struct pull pull = {0};

        buf_init(&pull.forms, 0); /* what feed_pull does when there is something to give */
        buf_init(&pull.parts, 0);
        if (!making->device->scope.revoked)
            rc = feed_pull(making->office, making->ledger, &making->hello, &making->wants,
                           &making->device->scope, LIMIT_PULL_BYTES, &making->arena, &pull, err);
        if (rc == RC_OK)
            rc = add_answer(making, &pull, making->head.part_count == 0, err);
        if (rc == RC_OK)
            rc = advance(making, &pull, err);
        more = pull.more;
        if (more && making->parts.size + ROOM_BYTES > LIMIT_BUNDLE_BYTES) {
            making->head.more = true;
            more = false;
        }
        buf_release(&pull.forms);
        buf_release(&pull.parts);
    }
    making->made->more = making->head.more;
    return rc;
}

/* What has come of the attachments that its bundles brought. */
static enum rc add_attachments(struct making *making, struct err *err) {
    struct buf body;
    enum rc rc;

    buf_init(&body, LIMIT_ATTACHMENT_REQUEST);
    rc = told_recall(making->office, making->ledger->store, making->device->device, &making->arena,
                     &body, err);
    if (rc == RC_OK && body.size > 0) {
        bundle_add_part(&making->parts, BUNDLE_ATTACHMENTS, buf_view(&body));
        making->head.part_count++;
        rc = buf_check(&making->parts, "a bundle", err);
    }
    buf_release(&body);
    return rc;
}

/* --- the whole --- */

static enum rc recall(struct making *making, bool from_start, struct err *err) {
    struct hello *hello = &making->hello;
    struct cursor *cursors = arena_array(&making->arena, LIMIT_EXCHANGE_CURSORS, sizeof(*cursors));
    enum rc rc = RC_NOT_FOUND;

    if (cursors == NULL)
        return arena_check(&making->arena, "a bundle", err);
    *hello = (struct hello){0};
    if (!from_start)
        rc =
            hello_recall(making->ledger->store, making->device->device, &making->arena, hello, err);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    making->told_epoch = hello->epoch;
    /* A tablet that learns of a new epoch forgets its places in the feeds. */
    if (rc == RC_NOT_FOUND || hello->epoch != making->office->epoch)
        hello->cursor_count = 0;
    making->made->from_start = hello->cursor_count == 0;
    if (hello->cursor_count > 0)
        memcpy(cursors, hello->cursors, hello->cursor_count * sizeof(*cursors));
    hello->cursors = cursors;
    hello->device = making->device->device;
    hello->epoch = making->office->epoch;
    hello->whole = true; /* who reads it may be a copy of who was here */
    return RC_OK;
}

static enum rc make_act(void *context, struct work *work, struct err *err) {
    const struct making *making = context;
    char object[17];

    id_text(making->device->device, object);
    return work_act(work, "command line", "bundle write", object, view_text(""), err);
}

enum rc bundle_make(const struct office *office, struct ledger *ledger,
                    const struct stored_device *device, bool from_start, struct buf *out,
                    struct bundle_made *made, struct err *err) {
    struct making making = {.office = office,
                            .ledger = ledger,
                            .device = device,
                            .now_ms = env_wall_ms(office->env),
                            .made = made};
    enum rc rc;

    *made = (struct bundle_made){0};
    making.wants = (struct wants){.understood = true, .list = &making.want};
    arena_init(&making.arena, MAKE_ARENA_BYTES);
    buf_init(&making.parts, LIMIT_BUNDLE_BYTES);
    making.head = (struct bundle_head){.direction = BUNDLE_DOWN,
                                       .county = office->keys->county,
                                       .device = device->device,
                                       .made_ms = making.now_ms};
    rc = recall(&making, from_start, err);
    if (rc == RC_OK)
        rc = complete_receipts(&making, err);
    if (rc == RC_OK)
        rc = store_persons(ledger->store, person_visit, &making, err);
    if (rc == RC_OK)
        rc = add_answers(&making, err);
    if (rc == RC_OK)
        rc = add_attachments(&making, err);
    if (rc == RC_OK)
        rc = bundle_write(&making.head, buf_view(&making.parts), out, err);
    if (rc == RC_OK)
        rc = office_act(office, make_act, &making, err);
    buf_release(&making.parts);
    arena_release(&making.arena);
    return rc;
}
