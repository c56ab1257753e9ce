/* bundle.c: sync without any network. What a request would hold goes into a file, and what an
 * answer would hold comes out of one; in between lie a stick, a pocket and some days. So nothing
 * here learns about clocks or connections, and everything may come twice, late, or not at all. */
#include "agent/sync/inside.h"

#include "agent/store/blobs.h"
#include "schema/wire/bundle.h"

#define BUNDLE_ARENA_BYTES     (64u * 1024u * 1024u)
#define ATTACHMENT_PART_CHUNKS 4u
#define DUE_MAX                4096u
#define HEAD_ROOM_BYTES        (LIMIT_BUNDLE_ROWS * 64u) /* kept free for the index */

/* ---- writing ---- */

struct filling {
    struct tablet *tablet;
    struct arena arena;
    struct bundle_head head;
    struct buf parts;
    struct bundle_written *report;
    uint64_t *sent; /* per actor serial - 1 */
};

static bool is_full(struct filling *filling, size_t bytes) {
    if (filling->parts.size + bytes + HEAD_ROOM_BYTES <= LIMIT_BUNDLE_BYTES &&
        filling->head.part_count < LIMIT_BUNDLE_PARTS &&
        filling->head.row_count < LIMIT_BUNDLE_ROWS)
        return false;
    filling->head.more = true;
    return true;
}

static enum rc fill_part(struct filling *filling, uint8_t kind, struct view content,
                         struct err *err) {
    bundle_add_part(&filling->parts, kind, content);
    filling->head.part_count++;
    return buf_check(&filling->parts, "a bundle", err);
}

static enum rc fill_hello(struct filling *filling, struct err *err) {
    struct hello hello;
    struct reader parts;
    struct part part;
    struct buf body;
    enum rc rc = hello_make(filling->tablet, &filling->arena, &hello, err);

    if (rc != RC_OK)
        return rc;
    buf_init(&body, LIMIT_EXCHANGE_BYTES);
    exchange_start(&body);
    rc = exchange_add_hello(&body, &hello, tablet_device_secret(filling->tablet), err);
    if (rc == RC_OK)
        rc = buf_check(&body, "a bundle", err);
    if (rc == RC_OK)
        rc = exchange_open(buf_view(&body), &parts, err);
    if (rc == RC_OK)
        rc = exchange_next(&parts, &part, err);
    if (rc == RC_OK)
        rc = fill_part(filling, BUNDLE_HELLO, part.content, err);
    buf_release(&body);
    return rc;
}

static enum rc fill_own(void *context, const struct outbox_batch *batch, struct err *err) {
    struct filling *filling = context;
    const struct own_actor *actor = tablet_actor(filling->tablet, batch->serial - 1);
    struct bundle_row row = {
        .actor = actor->actor, .first = batch->first, .last = batch->last, .has_previous = true};
    uint64_t from = batch->first > actor->receipt ? batch->first : actor->receipt + 1;
    enum rc rc;

    if (is_full(filling, batch->bytes.size + 32))
        return RC_NOT_FOUND;
    rc = tablet_chain(filling->tablet, actor, batch->first - 1, row.previous, err);
    if (rc == RC_OK)
        rc = bundle_add_row(&filling->head, &filling->arena, &row, err);
    if (rc == RC_OK)
        rc = fill_part(filling, BUNDLE_BATCH, batch->bytes, err);
    if (rc != RC_OK)
        return rc;
    filling->report->changes += batch->last - from + 1;
    if (batch->last > filling->sent[batch->serial - 1])
        filling->sent[batch->serial - 1] = batch->last;
    return RC_OK;
}

static enum rc fill_carried(void *context, const struct baggage *baggage, struct err *err) {
    struct filling *filling = context;
    struct bundle_row row = {.actor = baggage->actor,
                             .first = baggage->first,
                             .last = baggage->last,
                             .has_previous = baggage->has_previous};
    enum rc rc;

    if (is_full(filling, baggage->bytes.size + 32))
        return RC_NOT_FOUND;
    memcpy(row.previous, baggage->previous, sizeof(row.previous));
    rc = bundle_add_row(&filling->head, &filling->arena, &row, err);
    if (rc == RC_OK)
        rc = fill_part(filling, BUNDLE_BATCH, baggage->bytes, err);
    if (rc == RC_OK)
        filling->report->carried++;
    return rc;
}

/* ---- attachments, behind all text ---- */

struct due { /* of this tablet, as tablet_blobs_due tells */
    uint64_t id;
    uint32_t size;
    bool sent;
    struct view label;
    uint8_t name[ATTACHMENT_NAME_BYTES];
};

struct due_list {
    struct arena *arena;
    struct due *list;
    uint32_t count, capacity;
};

static enum rc due_visit(void *context, const struct kept_blob *blob, struct err *err) {
    struct due_list *list = context;
    struct due *due =
        arena_push(list->arena, &list->list, &list->count, &list->capacity, sizeof(*due));

    if (due == NULL)
        return arena_check(list->arena, "a bundle", err);
    *due = (struct due){.id = blob->id,
                        .size = blob->size,
                        .sent = blob->sent,
                        .label = arena_view(list->arena, blob->label)};
    attachment_name(blob->label, due->name);
    return list->count == DUE_MAX ? RC_NOT_FOUND : arena_check(list->arena, "a bundle", err);
}

/* One request as it would go over HTTP: the offer, and chunks from first on; RC_NOT_FOUND: the
 * bundle is full. */
static enum rc fill_chunks(struct filling *filling, const struct due *due, uint32_t first,
                           uint32_t count, struct err *err) {
    struct attachment_chunk chunks[ATTACHMENT_PART_CHUNKS] = {0};
    struct view label = due->label;
    struct attachment_request request = {.device = tablet_facts(filling->tablet)->device,
                                         .offer_count = 1,
                                         .offers = &label,
                                         .chunk_count = count,
                                         .chunks = chunks};
    struct buf sealed, body;
    size_t at = 0;
    enum rc rc = RC_OK;

    buf_init(&sealed, LIMIT_ATTACHMENT_REQUEST);
    buf_init(&body, LIMIT_ATTACHMENT_REQUEST);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        size_t before = sealed.size;

        chunks[i].index = first + i;
        rc = tablet_blob_chunk(filling->tablet, due->id, first + i, &sealed, err);
        chunks[i].sealed.size = sealed.size - before;
    }
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        chunks[i].sealed.data = sealed.data + at;
        at += chunks[i].sealed.size;
    }
    if (rc == RC_OK)
        rc = attachment_request_write(&request, tablet_device_secret(filling->tablet), &body, err);
    if (rc == RC_OK && is_full(filling, body.size + 32))
        rc = RC_NOT_FOUND;
    if (rc == RC_OK)
        rc = fill_part(filling, BUNDLE_ATTACHMENTS, buf_view(&body), err);
    buf_release(&sealed);
    buf_release(&body);
    return rc;
}

/* All of what waits, as nobody says what the county has of it; of what it has, whether it still
 * does. */
static enum rc fill_attachments(struct filling *filling, struct err *err) {
    struct due_list due = {.arena = &filling->arena};
    enum rc rc = tablet_blobs_due(filling->tablet, due_visit, &due, err);

    for (uint32_t i = 0; i < due.count && rc == RC_OK; i++) {
        uint32_t end = due.list[i].sent ? 0 : attachment_chunk_count(due.list[i].size), at = 0;

        do {
            uint32_t count = end - at < ATTACHMENT_PART_CHUNKS ? end - at : ATTACHMENT_PART_CHUNKS;

            rc = fill_chunks(filling, &due.list[i], at, count, err);
            at += count;
        } while (rc == RC_OK && at < end);
        if (rc == RC_OK && !due.list[i].sent)
            filling->report->attachments++;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc note_written(struct filling *filling, struct err *err) {
    struct tablet *tablet = filling->tablet;
    enum rc rc = tablet_begin(tablet, err);
    struct facts facts;

    if (rc != RC_OK)
        return rc;
    facts = *tablet_facts(tablet);
    facts.bundled_ms = env_wall_ms(tablet_env(tablet));
    rc = tablet_put_facts(tablet, &facts, err);
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK; i++) {
        struct own_actor next = *tablet_actor(tablet, i);

        if (filling->sent[i] <= next.sent)
            continue;
        next.sent = filling->sent[i];
        rc = tablet_put_actor(tablet, &next, err);
    }
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc sync_bundle_write(struct tablet *tablet, bundle_keep *keep, void *context,
                          struct bundle_written *report, struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    struct filling filling = {.tablet = tablet, .report = report};
    struct buf file;
    enum rc rc = tablet_regain(tablet, err);

    *report = (struct bundle_written){.changes = 0};
    if (rc == RC_OK)
        rc = outbox_cut(tablet, err);
    if (rc != RC_OK)
        return rc;
    arena_init(&filling.arena, BUNDLE_ARENA_BYTES);
    buf_init(&filling.parts, LIMIT_BUNDLE_BYTES);
    buf_init(&file, LIMIT_BUNDLE_BYTES);
    filling.head = (struct bundle_head){.direction = BUNDLE_UP,
                                        .county = batch_county(facts->county_sign_public),
                                        .device = facts->device,
                                        .made_ms = env_wall_ms(tablet_env(tablet))};
    filling.sent = arena_array(&filling.arena, tablet_actor_count(tablet), sizeof(*filling.sent));
    if (filling.sent == NULL)
        rc = arena_check(&filling.arena, "a bundle", err);
    if (rc == RC_OK)
        rc = fill_hello(&filling, err);
    if (rc == RC_OK)
        rc = tablet_outbox(tablet, fill_own, &filling, err);
    if (rc == RC_OK)
        rc = tablet_baggage(tablet, false, fill_carried, &filling, err);
    if (rc == RC_OK)
        rc = fill_attachments(&filling, err);
    if (rc == RC_OK)
        rc = bundle_write(&filling.head, buf_view(&filling.parts), &file, err);
    if (rc == RC_OK)
        rc = keep(context, buf_view(&file), err);
    if (rc == RC_OK)
        rc = note_written(&filling, err);
    report->more = filling.head.more;
    if (rc == RC_OK && !report->more)
        report->unready = sync_unsent(tablet) - report->changes;
    buf_release(&file);
    buf_release(&filling.parts);
    arena_release(&filling.arena);
    return rc;
}

/* ---- reading ---- */

static const struct bundle_row *row_of(const struct bundle_head *head,
                                       const struct batch_outer *outer) {
    for (uint32_t i = 0; i < head->row_count; i++)
        if (head->rows[i].actor == outer->actor && head->rows[i].first == outer->first)
            return &head->rows[i];
    return NULL;
}

static enum rc carry(struct tablet *tablet, const struct bundle_head *head, struct view bytes,
                     struct bundle_taken *report, struct err *err) {
    const struct bundle_row *row;
    struct batch_outer outer;
    struct baggage baggage = {.bytes = bytes};
    bool is_new = false;
    enum rc rc = batch_peek(bytes, &outer, err);

    if (rc == RC_OK && outer.county != head->county)
        rc = err_set(err, RC_CORRUPT, "a batch of another county is in the bundle");
    if (rc == RC_CORRUPT || rc == RC_LIMIT || rc == RC_UNSUPPORTED) {
        err_clear(err);
        report->damaged++; /* as it was written: it is no batch */
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    if (tablet_own_actor(tablet, outer.actor) != NULL) {
        report->own++;
        return RC_OK;
    }
    baggage.actor = outer.actor;
    baggage.first = outer.first;
    baggage.last = outer.last;
    row = row_of(head, &outer);
    if (row != NULL && row->has_previous) {
        baggage.has_previous = true;
        memcpy(baggage.previous, row->previous, sizeof(baggage.previous));
    }
    rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        return rc;
    rc = tablet_baggage_put(tablet, &baggage, &is_new, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    else
        tablet_rollback(tablet);
    if (rc == RC_OK)
        *(is_new ? &report->baggage : &report->known) += 1;
    return rc;
}

static enum rc take_answer(struct tablet *tablet, struct view body, struct bundle_taken *report,
                           struct err *err) {
    bool outdated = false;
    enum rc rc = answer_take_bundle(tablet, body, &report->sync, &report->gaps, &outdated, err);

    report->outdated = report->outdated || outdated;
    return rc;
}

static enum rc take_told(struct tablet *tablet, const struct due_list *due,
                         const struct attachment_told *told, struct bundle_taken *report,
                         struct err *err) {
    bool moved = false;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < due->count && rc == RC_OK; i++) {
        if (memcmp(due->list[i].name, told->name, sizeof(told->name)) != 0)
            continue;
        rc = tablet_blob_told(tablet, due->list[i].id, told->state, &moved, err);
        report->sync.attachments +=
            moved && !due->list[i].sent &&
            (told->state == ATTACHMENT_HERE || told->state == ATTACHMENT_BACKED_UP);
        break;
    }
    return rc;
}

/* What the county has of this tablet's attachments. That of another epoch does not count. */
static enum rc take_attachments(struct tablet *tablet, struct view body,
                                struct bundle_taken *report, struct err *err) {
    struct attachment_answer answer;
    struct due_list due = {0};
    struct arena arena;
    enum rc rc;

    arena_init(&arena, BUNDLE_ARENA_BYTES);
    due.arena = &arena;
    rc = attachment_answer_read(body, tablet_facts(tablet)->county_sign_public, &arena, &answer,
                                err);
    if (rc == RC_OK && answer.epoch != tablet_facts(tablet)->epoch)
        goto out;
    if (rc == RC_OK)
        rc = tablet_blobs_due(tablet, due_visit, &due, err);
    if (rc == RC_OK)
        rc = tablet_begin(tablet, err);
    if (rc != RC_OK)
        goto out;
    for (uint32_t i = 0; i < answer.count && rc == RC_OK; i++)
        rc = take_told(tablet, &due, &answer.told[i], report, err);
    if (rc == RC_OK)
        rc = tablet_commit(tablet, err);
    else
        tablet_rollback(tablet);
out:
    arena_release(&arena);
    return rc;
}

static enum rc check_head(const struct tablet *tablet, const struct bundle_head *head,
                          struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    char device[17];

    if (head->county != batch_county(facts->county_sign_public))
        return err_set(err, RC_DENIED, "the bundle is of another county");
    id_text(head->device, device);
    if (head->direction == BUNDLE_DOWN && head->device != facts->device)
        return err_set(err, RC_DENIED,
                       "the bundle was written for another tablet, %s; read it there", device);
    return RC_OK;
}

/* Damaged parts are left out; the good ones count. */
static enum rc take_parts(struct tablet *tablet, const struct bundle_head *head,
                          struct reader *parts, struct bundle_taken *report, uint32_t *good,
                          struct err *err) {
    uint32_t seen = 0;
    struct part part;
    enum rc rc;

    while ((rc = bundle_next(parts, &part, err)) != RC_NOT_FOUND) {
        seen++;
        if (rc == RC_CORRUPT) {
            err_clear(err);
            report->damaged++;
            continue;
        }
        (*good)++;
        if (part.kind == BUNDLE_BATCH && !report->from_county)
            rc = carry(tablet, head, part.content, report, err);
        else if (part.kind == BUNDLE_ANSWER && report->from_county)
            rc = take_answer(tablet, part.content, report, err);
        else if (part.kind == BUNDLE_ATTACHMENTS && report->from_county)
            rc = take_attachments(tablet, part.content, report, err);
        if (rc != RC_OK)
            return rc;
    }
    if (seen < head->part_count) /* cut off between two parts, or in the last that was seen */
        report->damaged += head->part_count - seen;
    return RC_OK;
}

enum rc sync_bundle_read(struct tablet *tablet, struct view bytes, struct bundle_taken *report,
                         struct err *err) {
    struct bundle_head head = {0};
    struct reader parts;
    struct arena arena;
    uint32_t good = 0;
    enum rc rc;

    *report = (struct bundle_taken){.from_county = false};
    report->sync.locked = tablet_locked(tablet);
    arena_init(&arena, BUNDLE_ARENA_BYTES);
    rc = bundle_open(bytes, &arena, &head, &parts, err);
    if (rc == RC_OK)
        rc = check_head(tablet, &head, err);
    report->from_county = head.direction == BUNDLE_DOWN;
    report->device = head.device;
    report->made_ms = head.made_ms;
    report->more = head.more;
    if (rc == RC_OK)
        rc = take_parts(tablet, &head, &parts, report, &good, err);
    if (rc == RC_OK && good == 0 && report->damaged > 0)
        rc = err_set(err, RC_CORRUPT,
                     "nothing in the bundle can be read; copy it from its source again");
    if (rc == RC_OK)
        rc = sync_wipe(tablet, err);
    report->sealed = report->from_county && report->sync.locked;
    report->sync.unsent = sync_unsent(tablet);
    arena_release(&arena);
    return rc;
}
