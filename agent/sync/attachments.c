/* attachments.c: the lane of photos, signatures, sound and files.
 *
 * It begins when the exchange has ended: text goes first, and a record never waits for its photos.
 * A request offers labels, small attachments first, and brings chunks of those of which the county
 * has said from where on it lacks them. What the county has is only known from what it says, so
 * every way to break off is mended by asking again; what has arrived is not sent twice. A request
 * that is cut is lost as a whole, so the first has one chunk, and each that arrives lets the next
 * have twice as many: a bad line loses little, a good one is not held up. */
#include "agent/sync/inside.h"

#include "agent/store/blobs.h"

#define REQUEST_CHUNKS_MAX 4u
#define ANSWER_BYTES_MAX   (64u * 1024u)
#define LANE_ARENA_BYTES   (4u * 1024u * 1024u)
#define STALLS_MAX         2u /* requests in a row that moved nothing */

struct offered {
    uint64_t id;
    uint32_t size;
    uint8_t name[ATTACHMENT_NAME_BYTES];
    bool sent;
    bool knows_next; /* the county has said from where on it lacks it */
    uint32_t next;
};

struct lane {
    struct tablet *tablet;
    struct link *link;
    struct sync_report *report;
    struct arena arena; /* of one request */
    struct buf chunks, body, answer;
    struct offered offered[LIMIT_ATTACHMENT_OFFERS];
    struct offered before[LIMIT_ATTACHMENT_OFFERS]; /* of the request before */
    uint32_t count, before_count;
    uint32_t chunks_max;                         /* in the next request */
    struct view labels[LIMIT_ATTACHMENT_OFFERS]; /* in the arena */
};

/* ---- the request ---- */

static enum rc offer(void *context, const struct kept_blob *blob, struct err *err) {
    struct lane *lane = context;
    struct offered *offered;

    if (lane->count == LIMIT_ATTACHMENT_OFFERS)
        return RC_NOT_FOUND;
    offered = &lane->offered[lane->count];
    *offered = (struct offered){.id = blob->id, .size = blob->size, .sent = blob->sent};
    attachment_name(blob->label, offered->name);
    for (uint32_t i = 0; i < lane->before_count; i++)
        if (lane->before[i].id == blob->id) {
            offered->knows_next = lane->before[i].knows_next;
            offered->next = lane->before[i].next;
        }
    lane->labels[lane->count++] = arena_view(&lane->arena, blob->label);
    return arena_check(&lane->arena, "a request for attachments", err);
}

/* The chunks go into one buf; views on it are made when it does not grow any more. */
static enum rc add_chunks(struct lane *lane, struct attachment_request *request, struct err *err) {
    uint32_t capacity = 0;
    size_t at = 0;
    enum rc rc = RC_OK;

    buf_clear(&lane->chunks);
    for (uint32_t i = 0; i < lane->count && rc == RC_OK; i++) {
        const struct offered *offered = &lane->offered[i];
        uint32_t end = attachment_chunk_count(offered->size);

        for (uint32_t index = offered->next; offered->knows_next && index < end &&
                                             request->chunk_count < lane->chunks_max && rc == RC_OK;
             index++) {
            struct attachment_chunk *chunk = arena_push(
                &lane->arena, &request->chunks, &request->chunk_count, &capacity, sizeof(*chunk));
            size_t before = lane->chunks.size;

            if (chunk == NULL)
                return arena_check(&lane->arena, "a request for attachments", err);
            rc = tablet_blob_chunk(lane->tablet, offered->id, index, &lane->chunks, err);
            *chunk = (struct attachment_chunk){.offer = i, .index = index};
            chunk->sealed.size = lane->chunks.size - before;
        }
    }
    for (uint32_t i = 0; i < request->chunk_count && rc == RC_OK; i++) {
        request->chunks[i].sealed.data = lane->chunks.data + at;
        at += request->chunks[i].sealed.size;
    }
    return rc;
}

static enum rc make_body(struct lane *lane, struct err *err) {
    const struct facts *facts = tablet_facts(lane->tablet);
    struct attachment_request request = {.device = facts->device};
    enum rc rc;

    arena_reset(&lane->arena);
    buf_clear(&lane->body);
    memcpy(lane->before, lane->offered, sizeof(lane->before));
    lane->before_count = lane->count;
    lane->count = 0;
    rc = tablet_blobs_due(lane->tablet, offer, lane, err);
    if (rc != RC_OK || lane->count == 0)
        return rc;
    memcpy(request.nonce, facts->hello_nonce, sizeof(request.nonce));
    request.offer_count = lane->count;
    request.offers = lane->labels;
    rc = add_chunks(lane, &request, err);
    return rc != RC_OK ? rc
                       : attachment_request_write(&request, tablet_device_secret(lane->tablet),
                                                  &lane->body, err);
}

/* ---- the answer ---- */

static enum rc take_one(struct lane *lane, struct offered *offered,
                        const struct attachment_told *told, bool *advanced, struct err *err) {
    uint32_t end = attachment_chunk_count(offered->size);
    bool moved = false;
    enum rc rc = tablet_blob_told(lane->tablet, offered->id, told->state, &moved, err);

    if (rc != RC_OK)
        return rc;
    if (told->state == ATTACHMENT_LACKING) {
        uint32_t next = told->next < end ? told->next : end - 1;

        moved = moved || !offered->knows_next || next > offered->next;
        offered->next = next;
        offered->knows_next = true;
    } else {
        offered->knows_next = false;
    }
    if (moved && !offered->sent &&
        (told->state == ATTACHMENT_HERE || told->state == ATTACHMENT_BACKED_UP))
        lane->report->attachments++;
    *advanced = *advanced || moved;
    return RC_OK;
}

static enum rc take(struct lane *lane, bool *advanced, struct err *err) {
    const struct facts *facts = tablet_facts(lane->tablet);
    struct attachment_answer answer;
    enum rc rc = attachment_answer_read(buf_view(&lane->answer), facts->county_sign_public,
                                        &lane->arena, &answer, err);

    if (rc != RC_OK)
        return rc;
    if (answer.epoch != facts->epoch)
        return err_set(err, RC_AGAIN,
                       "the county was restored from a backup meanwhile; sync again");
    rc = tablet_begin(lane->tablet, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < answer.count && rc == RC_OK; i++)
        for (uint32_t k = 0; k < lane->count; k++)
            if (memcmp(lane->offered[k].name, answer.told[i].name, ATTACHMENT_NAME_BYTES) == 0) {
                rc = take_one(lane, &lane->offered[k], &answer.told[i], advanced, err);
                break;
            }
    if (rc == RC_OK)
        return tablet_commit(lane->tablet, err);
    tablet_rollback(lane->tablet);
    return rc;
}

/* ---- the lane ---- */

/* *done: nothing is left to ask, or the county does not know this lane yet. */
static enum rc one_request(struct lane *lane, bool *advanced, bool *done, struct err *err) {
    struct link_result result = {.retry_after_s = -1};
    enum rc rc = make_body(lane, err);

    *done = rc == RC_OK && lane->count == 0;
    if (rc != RC_OK || *done)
        return rc;
    buf_clear(&lane->answer);
    rc = lane->link->exchange(lane->link->context, "/v1/attachments", buf_view(&lane->body),
                              &lane->answer, &result, err);
    lane->report->requests++;
    lane->report->bytes_up += result.bytes_up;
    lane->report->bytes_down += result.bytes_down;
    if (rc != RC_OK)
        return rc;
    *done = result.status == 404 || result.status == 405;
    if (*done)
        return RC_OK;
    if (result.status == 429 || result.status == 503) {
        lane->report->retry_after_s = result.retry_after_s;
        return err_set(err, RC_AGAIN, "the server asks for patience with attachments; sync again");
    }
    if (result.status == 401)
        return err_set(err, RC_AGAIN, "the server does not know this tablet's nonce; sync again");
    if (result.status != 200)
        return err_set(err, RC_NETWORK, "the server answered attachments with status %d",
                       result.status);
    if (lane->chunks.size > 0 && lane->chunks_max < REQUEST_CHUNKS_MAX)
        lane->chunks_max *= 2;
    return take(lane, advanced, err);
}

enum rc attachments_run(struct tablet *tablet, struct link *link, struct sync_report *report,
                        struct err *err) {
    struct lane *lane = calloc(1, sizeof(*lane));
    uint32_t stalls = 0;
    bool done = false;
    enum rc rc = RC_OK;

    if (lane == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    lane->tablet = tablet;
    lane->link = link;
    lane->report = report;
    lane->chunks_max = 1;
    arena_init(&lane->arena, LANE_ARENA_BYTES);
    buf_init(&lane->chunks, LIMIT_ATTACHMENT_REQUEST);
    buf_init(&lane->body, LIMIT_ATTACHMENT_REQUEST);
    buf_init(&lane->answer, ANSWER_BYTES_MAX);
    while (rc == RC_OK && !done && stalls < STALLS_MAX) {
        bool advanced = false;

        rc = one_request(lane, &advanced, &done, err);
        stalls = advanced ? 0 : stalls + 1;
    }
    buf_release(&lane->chunks);
    buf_release(&lane->body);
    buf_release(&lane->answer);
    arena_release(&lane->arena);
    free(lane);
    return rc;
}
