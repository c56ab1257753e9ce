/* slices.c: other people's work, kept and brought back (schema/wire/slice.h).
 *
 * While an answer is taken, what its proof consists of is gathered; when its feeds have led to the
 * heads that the county signed, it is sealed for the county and kept. After a restore of the county
 * each slice is offered by the names of the changes in it; what the county lacks is sent, and
 * offered again, until it lacks nothing. */
#include "agent/sync/inside.h"

#include "schema/wire/slice.h"

#define GATHERED_BYTES_MAX (64u * 1024u * 1024u)
#define FEEDS_MAX          LIMIT_EXCHANGE_CURSORS

struct gathered_entry {
    uint32_t feed; /* index */
    bool whole;
    uint8_t digest[32];
    size_t at, size; /* of its body, in bodies */
};

void gather_init(struct gather *gather) {
    *gather = (struct gather){.feed_count = 0};
    arena_init(&gather->arena, GATHERED_BYTES_MAX);
    buf_init(&gather->bodies, LIMIT_EXCHANGE_BYTES);
    buf_init(&gather->dots, LIMIT_OFFER_BYTES / 2u);
}

void gather_release(struct gather *gather) {
    arena_release(&gather->arena);
    crypt_buf_release(&gather->bodies);
    buf_release(&gather->dots);
}

static enum rc no_room(const struct gather *gather, struct err *err) {
    return arena_check(&gather->arena, "a slice of the feeds", err);
}

/* ---- gathering ---- */

static enum rc feed_of(struct gather *gather, const struct feed_cursor *before, uint32_t *out,
                       struct err *err) {
    struct slice_feed *feed;

    for (uint32_t i = gather->feed_count; i > 0; i--)
        if (gather->feeds[i - 1].area == before->area &&
            gather->feeds[i - 1].audience == before->audience) {
            *out = i - 1;
            return RC_OK;
        }
    feed = arena_push(&gather->arena, &gather->feeds, &gather->feed_count, &gather->feed_capacity,
                      sizeof(*feed));
    if (feed == NULL)
        return no_room(gather, err);
    *feed = (struct slice_feed){
        .area = before->area, .audience = before->audience, .position = before->position};
    memcpy(feed->chain, before->chain, sizeof(feed->chain));
    *out = gather->feed_count - 1;
    return RC_OK;
}

/* By what names the county would know what is in it. */
static enum rc note_dots(struct gather *gather, const struct feed_entry *entry,
                         const struct frame *frame, struct err *err) {
    uint64_t numbers[LIMIT_FRAME_CHANGES];
    struct lineage lineage;
    uint32_t count = 0;
    struct buf dots;
    enum rc rc;

    for (uint32_t i = 0; i < frame->count && i < LIMIT_FRAME_CHANGES; i++)
        if (feed_entry_admits(entry, i))
            numbers[count++] = frame->changes[i].change.dot.number;
    if (count == 0)
        return RC_OK;
    buf_init(&dots, 65536u);
    rc = lineage_decode(entry->forks, &gather->arena, &lineage, err);
    if (rc == RC_OK) {
        own_write(&dots,
                  lineage_read(&lineage, (struct dot){frame->actor, numbers[count - 1]}).actor,
                  numbers, count);
        rc = buf_check(&dots, "a slice of the feeds", err);
    }
    if (rc == RC_OK) {
        buf_add_sized(&gather->dots, buf_view(&dots));
        rc = buf_check(&gather->dots, "a slice of the feeds", err);
    }
    buf_release(&dots);
    return rc;
}

enum rc gather_entry(struct gather *gather, const struct feed_cursor *before,
                     const struct feed_entry *entry, const struct frame *frame,
                     const uint8_t digest[32], struct err *err) {
    struct gathered_entry *row = arena_push(&gather->arena, &gather->entries, &gather->entry_count,
                                            &gather->entry_capacity, sizeof(*row));
    uint32_t feed = 0;
    enum rc rc;

    if (row == NULL)
        return no_room(gather, err);
    rc = feed_of(gather, before, &feed, err);
    if (rc != RC_OK)
        return rc;
    *row = (struct gathered_entry){
        .feed = feed,
        .whole = entry->kind == FEED_FRAME || entry->kind == FEED_REDACT,
        .at = gather->bodies.size,
    };
    memcpy(row->digest, digest, sizeof(row->digest));
    gather->feeds[feed].entry_count++;
    if (!row->whole)
        return RC_OK;
    gather->whole_count++;
    feed_entry_body(&gather->bodies, entry);
    row->size = gather->bodies.size - row->at;
    rc = buf_check(&gather->bodies, "a slice of the feeds", err);
    return rc == RC_OK && entry->kind == FEED_FRAME ? note_dots(gather, entry, frame, err) : rc;
}

/* ---- keeping ---- */

static enum rc fill_feeds(struct gather *gather, struct err *err) {
    for (uint32_t f = 0; f < gather->feed_count; f++) {
        struct slice_feed *feed = &gather->feeds[f];
        uint32_t count = 0;

        feed->entries = arena_array(&gather->arena, feed->entry_count, sizeof(*feed->entries));
        if (feed->entries == NULL)
            return no_room(gather, err);
        for (uint32_t i = 0; i < gather->entry_count; i++) {
            const struct gathered_entry *row = &gather->entries[i];

            if (row->feed != f)
                continue;
            feed->entries[count] = (struct slice_entry){
                .whole = row->whole,
                .body = view_slice(buf_view(&gather->bodies), row->at, row->size)};
            memcpy(feed->entries[count++].digest, row->digest, 32);
        }
    }
    return RC_OK;
}

enum rc gather_keep(struct gather *gather, struct tablet *tablet, const struct answer *answer,
                    struct view signed_part, struct err *err) {
    const struct facts *facts = tablet_facts(tablet);
    struct slice slice = {.epoch = answer->epoch, .signed_part = signed_part};
    struct kept_slice kept = {.dots = buf_view(&gather->dots)};
    struct feed_cursor *ends;
    struct buf bytes;
    enum rc rc;

    if (gather->whole_count == 0)
        return RC_OK;
    rc = fill_feeds(gather, err);
    ends = arena_array(&gather->arena, gather->feed_count, sizeof(*ends));
    if (rc == RC_OK && ends == NULL)
        rc = no_room(gather, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < gather->feed_count; i++)
        ends[i] = (struct feed_cursor){.area = gather->feeds[i].area,
                                       .audience = gather->feeds[i].audience,
                                       .position = gather->feeds[i].position +
                                                   gather->feeds[i].entry_count};
    memcpy(slice.nonce, answer->nonce, sizeof(slice.nonce));
    slice.feed_count = gather->feed_count;
    slice.feeds = gather->feeds;
    buf_init(&bytes, LIMIT_SLICE_BYTES);
    rc = slice_write(&slice, batch_county(facts->county_sign_public), facts->county_box_public,
                     tablet_env(tablet), &bytes, err);
    if (rc == RC_OK) {
        kept.bytes = buf_view(&bytes);
        slice_name(kept.bytes, kept.name);
        rc = tablet_slice_put(tablet, &kept, ends, gather->feed_count, err);
    }
    buf_release(&bytes);
    return rc;
}

/* ---- bringing back ---- */

struct offering {
    struct slice_offer offers[LIMIT_OFFERS];
    struct arena *arena;
    struct brought *brought;
    size_t bytes;
};

static enum rc offer_visit(void *context, const struct kept_slice *slice, struct err *err) {
    struct offering *offering = context;
    struct brought *brought = offering->brought;
    struct slice_offer *offer = &offering->offers[brought->offered_count];

    if (brought->offered_count == LIMIT_OFFERS ||
        (offering->bytes > 0 &&
         offering->bytes + slice->dots.size + sizeof(*offer) > LIMIT_OFFER_BYTES / 2u))
        return RC_NOT_FOUND;
    offering->bytes += slice->dots.size + sizeof(*offer);
    memcpy(offer->name, slice->name, sizeof(offer->name));
    offer->dots = arena_view(offering->arena, slice->dots);
    memcpy(brought->offered[brought->offered_count].name, slice->name, sizeof(slice->name));
    brought->offered[brought->offered_count++].id = slice->id;
    return arena_check(offering->arena, "an offer", err);
}

static enum rc add_offers(struct tablet *tablet, struct arena *arena, struct brought *brought,
                          struct buf *body, struct err *err) {
    struct offering *offering = arena_alloc(arena, sizeof(*offering));
    struct buf content;
    enum rc rc;

    if (offering == NULL)
        return arena_check(arena, "an offer", err);
    offering->arena = arena;
    offering->brought = brought;
    rc = tablet_slices(tablet, SLICE_DOUBTED, offer_visit, offering, err);
    if (rc != RC_OK || brought->offered_count == 0)
        return rc;
    buf_init(&content, LIMIT_OFFER_BYTES);
    offer_write(offering->offers, brought->offered_count, &content);
    rc = buf_check(&content, "an offer", err);
    if (rc == RC_OK)
        exchange_add_part(body, PART_OFFER, buf_view(&content));
    buf_release(&content);
    return rc;
}

struct bringing {
    struct brought *brought;
    struct buf *body;
    size_t bytes_max;
};

static enum rc bring_visit(void *context, const struct kept_slice *slice, struct err *err) {
    struct bringing *bringing = context;
    struct brought *brought = bringing->brought;

    (void)err;
    if (brought->sent_count == BROUGHT_MAX ||
        (brought->sent_count > 0 && bringing->body->size + slice->bytes.size > bringing->bytes_max))
        return RC_NOT_FOUND;
    exchange_add_part(bringing->body, PART_SLICE, slice->bytes);
    brought->sent[brought->sent_count++] = slice->id;
    return RC_OK;
}

enum rc slices_bring(struct tablet *tablet, struct arena *arena, size_t bytes_max,
                     struct brought *brought, struct buf *body, struct err *err) {
    struct bringing bringing = {brought, body, bytes_max};
    enum rc rc;

    brought->offered_count = brought->sent_count = 0;
    rc = tablet_slices(tablet, SLICE_LACKING, bring_visit, &bringing, err);
    if (rc == RC_OK && body->size < bytes_max)
        rc = add_offers(tablet, arena, brought, body, err);
    return rc;
}

static bool is_lacking(const struct answer *answer, const uint8_t name[8]) {
    for (uint32_t i = 0; i < answer->lacking_count; i++)
        if (memcmp(answer->lacking[i], name, sizeof(answer->lacking[i])) == 0)
            return true;
    return false;
}

enum rc slices_answered(struct tablet *tablet, const struct answer *answer,
                        const struct brought *brought, bool *advanced, struct err *err) {
    enum rc rc = tablet_slices_marked(tablet, answer->marks, answer->mark_count, err);

    for (uint32_t i = 0; brought != NULL && i < brought->sent_count && rc == RC_OK; i++) {
        rc = tablet_slice_tried(tablet, brought->sent[i], err);
        *advanced = true;
    }
    for (uint32_t i = 0;
         brought != NULL && answer->has_lacking && i < brought->offered_count && rc == RC_OK; i++) {
        bool lacking = is_lacking(answer, brought->offered[i].name);

        rc = tablet_slice_state(tablet, brought->offered[i].id,
                                lacking ? SLICE_LACKING : SLICE_SETTLING, err);
        *advanced = true;
    }
    return rc;
}
