/* feed.c: see feed.h. Forms go first, so that the entries that need them can be read at once. */
#include "syncd/sync/feed.h"

#include "base/crypt.h"
#include "base/list.h"
#include "base/planted.h"

#include <stdlib.h>

struct walk {
    const struct office *office;
    const struct wants *wants;
    struct ledger *ledger;
    struct pull *pull;
    const struct hello *hello;
    struct zip_inflater *inflater;
    struct arena *arena;
    struct arena scratch; /* of one frame */
    struct buf own;       /* a FEED_OWN being written */
    size_t max_bytes;
    uint32_t capacity; /* of heads */
    uint32_t form_capacity;
    struct feed_head head; /* of the feed being walked */
    bool any;
};

static bool is_full(const struct walk *walk) {
    return walk->pull->forms.size + walk->pull->parts.size >= walk->max_bytes;
}

static enum rc form_visit(void *context, const struct stored_form *stored, struct err *err) {
    struct walk *walk = context;
    const struct form *form = NULL;
    uint8_t *hash;
    enum rc rc;

    if (is_full(walk)) {
        walk->pull->more = true;
        return RC_NOT_FOUND;
    }
    if (stored->audience != AUDIENCE_FIELD) /* others never reach a tablet */
        return RC_OK;
    rc = ledger_form(walk->ledger, stored->form, &form, err);
    if (rc != RC_OK)
        return rc;
    if (form == NULL)
        return err_set(err, RC_CORRUPT, "stored form: it does not load; restore a backup");
    hash = arena_push(walk->arena, &walk->pull->form_hashes, &walk->pull->form_count,
                      &walk->form_capacity, sizeof(*walk->pull->form_hashes));
    if (hash == NULL)
        return arena_check(walk->arena, "an answer", err);
    memcpy(hash, form->hash, 32);
    exchange_add_form(&walk->pull->forms, stored->position, stored->compressed);
    return RC_OK;
}

/* A tablet's own frame goes back as numbers only: it has the changes. out is empty when the frame
 * must go whole. */
static enum rc shorten(struct walk *walk, const struct stored_entry *stored, struct buf *out,
                       struct err *err) {
    struct frame_head head;
    struct frame frame;
    uint64_t numbers[LIMIT_FRAME_CHANGES];
    enum rc rc;

    buf_clear(out);
    if (stored->entry.kind != FEED_FRAME || walk->hello->whole || stored->entry.mask.size > 0 ||
        stored->entry.forks.size > 0)
        return RC_OK;
    rc = frame_peek(stored->entry.content, &head, err);
    if (rc != RC_OK || head.actor != walk->hello->actor || head.last > walk->hello->own_last)
        return rc;
    if (head.last - head.first + 1 == head.count) {
        for (uint32_t i = 0; i < head.count; i++)
            numbers[i] = head.first + i;
    } else {
        arena_reset(&walk->scratch);
        rc = frame_decode(stored->entry.content, walk->inflater, &walk->scratch, &frame, err);
        for (uint32_t i = 0; i < head.count && rc == RC_OK; i++)
            numbers[i] = frame.changes[i].change.dot.number;
    }
    if (rc == RC_OK)
        own_write(out, head.actor, numbers, head.count);
    return rc;
}

static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct walk *walk = context;
    struct feed_entry entry = stored->entry;
    enum rc rc;

    if (is_full(walk)) {
        walk->pull->more = true;
        return RC_NOT_FOUND;
    }
    rc = shorten(walk, stored, &walk->own, err);
    if (rc != RC_OK)
        return rc;
    if (walk->own.size > 0) {
        entry.kind = FEED_OWN;
        entry.content = buf_view(&walk->own);
    }
    exchange_add_entry(&walk->pull->parts, &entry);
    walk->head.position = stored->entry.position;
    memcpy(walk->head.chain, stored->chain, 32);
    walk->any = true;
    return RC_OK;
}

static enum rc add_head(struct walk *walk, struct err *err) {
    struct cursor cursor = {
        .area = walk->head.area, .audience = walk->head.audience, .position = walk->head.position};
    struct feed_head *head;

    memcpy(cursor.digest, walk->head.chain, sizeof(cursor.digest));
    exchange_add_cursor(&walk->pull->parts, &cursor);
    head = arena_push(walk->arena, &walk->pull->heads, &walk->pull->head_count, &walk->capacity,
                      sizeof(*head));
    if (head == NULL)
        return arena_check(walk->arena, "an answer", err);
    *head = walk->head;
    return RC_OK;
}

/* The position from which a tablet with this cursor goes on. */
static enum rc start_of(struct ledger *ledger, const struct stored_feed *feed,
                        const struct hello *hello, uint64_t *after, struct err *err) {
    *after = 0;
    for (uint32_t i = 0; i < hello->cursor_count; i++) {
        const struct cursor *cursor = &hello->cursors[i];
        uint8_t chain[32];
        enum rc rc;

        if (cursor->area != feed->area || cursor->audience != feed->audience ||
            cursor->position == 0)
            continue;
        if (cursor->position == feed->position) {
            *after = crypt_equal(cursor->digest, feed->chain, 8) ? cursor->position : 0;
            return RC_OK;
        }
        rc = store_feed_chain(ledger->store, feed->area, feed->audience, cursor->position, chain,
                              err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err); /* ahead of us: we come from a backup */
            return RC_OK;
        }
        if (rc == RC_OK && crypt_equal(cursor->digest, chain, 8))
            *after = cursor->position;
        return rc;
    }
    return RC_OK;
}

/* A snapshot in the place of what the tablet has not taken yet. *after: where entries go on, when
 * all of its chunks are in this answer. */
static enum rc give_snapshot(struct walk *walk, const struct stored_feed *feed, uint64_t *after,
                             struct err *err) {
    struct pull *pull = walk->pull;
    size_t bytes = pull->forms.size + pull->parts.size;
    struct snapshot_part part = {.after = *after};
    struct stored_snapshot row;
    struct snapshot snapshot;
    uint8_t signature[CRYPT_SIGNATURE_BYTES];
    enum rc rc = snapshot_choose(walk->office, walk->ledger, feed, *after,
                                 walk->hello->whole ? 0 : walk->hello->actor, walk->wants->list,
                                 walk->wants->count, walk->arena, &row, &part.first, err);

    if (rc != RC_OK || row.chunk_count == 0)
        return rc;
    rc = snapshot_read(row.manifest, walk->arena, &snapshot, err);
    if (rc != RC_OK)
        return rc;
    for (uint32_t i = part.first; i < snapshot.chunk_count && bytes < walk->max_bytes; i++) {
        bytes += snapshot.chunks[i].bytes;
        part.count++;
    }
    snapshot_sign(row.manifest, walk->office->keys->sign_secret, signature);
    part.manifest = row.manifest;
    part.signature = view_of(signature, sizeof(signature));
    if (part.count > 0)
        exchange_add_snapshot(&pull->forms, &part);
    for (uint32_t i = 0; i < part.count && rc == RC_OK; i++) {
        struct chunk_part chunk = {.index = part.first + i};

        arena_reset(&walk->scratch);
        memcpy(chunk.name, row.name, sizeof(chunk.name));
        rc = store_chunk(walk->ledger->store, row.name, chunk.index, &walk->scratch, &chunk.bytes,
                         err);
        if (rc == RC_OK)
            exchange_add_chunk(&pull->parts, &chunk);
    }
    if (rc == RC_NOT_FOUND) /* it has gone at this moment: the tablet asks again */
        rc = err_set(err, RC_AGAIN, "a snapshot was replaced meanwhile; sync again");
    if (part.first + part.count < snapshot.chunk_count) {
        pull->more = pull->has_want = true;
        memcpy(pull->want.name, row.name, sizeof(pull->want.name));
        pull->want.next = part.first + part.count;
        return rc;
    }
    *after = snapshot.position;
    walk->head.position = snapshot.position;
    memcpy(walk->head.chain, snapshot.chain, sizeof(walk->head.chain));
    walk->any = true;
    return rc;
}

struct feed_list {
    struct arena *arena;
    struct stored_feed *feeds;
    uint32_t count, capacity;
};

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    struct feed_list *list = context;
    struct stored_feed *copy =
        arena_push(list->arena, &list->feeds, &list->count, &list->capacity, sizeof(*copy));

    if (copy == NULL)
        return arena_check(list->arena, "an answer", err);
    *copy = *feed;
    return RC_OK;
}

static int by_feed(const void *left, const void *right) {
    const struct stored_feed *a = left, *b = right;

    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    return (a->audience > b->audience) - (a->audience < b->audience);
}

/* Of a feed that it has been at and that we do not have at all it is told just that: somebody has
 * put an older state in the place of ours. feeds: all that there are in its areas. */
static enum rc add_missing(struct walk *walk, const struct feed_list *feeds, const uint64_t *areas,
                           uint32_t area_count, uint8_t audience_mask, struct err *err) {
    for (uint32_t i = 0; i < walk->hello->cursor_count; i++) {
        const struct cursor *cursor = &walk->hello->cursors[i];
        struct stored_feed wanted = {.area = cursor->area, .audience = cursor->audience};
        struct feed_head *head;

        if (cursor->position == 0 || (audience_mask & 1u << cursor->audience) == 0 ||
            !area_list_contains(areas, area_count, cursor->area) ||
            (feeds->count > 0 &&
             bsearch(&wanted, feeds->feeds, feeds->count, sizeof(wanted), by_feed) != NULL))
            continue;
        head = arena_push(walk->arena, &walk->pull->heads, &walk->pull->head_count, &walk->capacity,
                          sizeof(*head));
        if (head == NULL)
            return arena_check(walk->arena, "an answer", err);
        *head = (struct feed_head){.area = cursor->area, .audience = cursor->audience};
    }
    return RC_OK;
}

/* The areas whose feeds come: those of the scope and the codes in force for them; and of those that
 * were merged into one of these the feeds at which the tablet stands. It had them in its scope, and
 * nothing else tells it which records had left them. */
static enum rc find_areas(const struct ledger *ledger, const struct hello *hello,
                          const struct scope *scope, struct arena *arena, const uint64_t **out,
                          uint32_t *count, struct err *err) {
    uint64_t *areas = arena_array(arena, 2u * LIMIT_AREAS + hello->cursor_count, sizeof(*areas));

    *out = areas;
    *count = 0;
    if (areas == NULL)
        return arena_check(arena, "an answer", err);
    if (scope->area_count <= LIMIT_AREAS)
        *count = succession_expand(&ledger->areas, scope->areas, scope->area_count, areas);
    for (uint32_t i = 0; *count > 0 && i < hello->cursor_count; i++) {
        uint64_t area = hello->cursors[i].area;

        if (area != 0 && !area_list_contains(areas, *count, area) &&
            (PLANTED(WITHDRAWN_SERVED) ||
             succession_grants(&ledger->areas, scope->areas, scope->area_count, area)))
            areas[(*count)++] = area;
    }
    return RC_OK;
}

enum rc feed_pull(const struct office *office, struct ledger *ledger, const struct hello *hello,
                  const struct wants *wants, const struct scope *scope, size_t max_bytes,
                  struct arena *arena, struct pull *pull, struct err *err) {
    struct walk walk = {
        .office = office,
        .wants = wants,
        .ledger = ledger,
        .pull = pull,
        .hello = hello,
        .inflater = ledger->inflater,
        .arena = arena,
        .max_bytes = max_bytes,
    };
    struct feed_list feeds = {.arena = arena};
    const uint64_t *areas = NULL;
    uint32_t area_count = 0;
    enum rc rc;

    *pull = (struct pull){0};
    buf_init(&pull->forms, LIMIT_EXCHANGE_BYTES / 2);
    buf_init(&pull->parts, LIMIT_EXCHANGE_BYTES / 2);
    buf_init(&walk.own, 65536u);
    arena_init(&walk.scratch, 64u * 1024u * 1024u);
    rc = find_areas(ledger, hello, scope, arena, &areas, &area_count, err);
    if (rc == RC_OK)
        rc = store_forms(ledger->store, hello->form_position, form_visit, &walk, err);
    if (rc == RC_OK)
        rc = store_feeds(ledger->store, areas, area_count, scope->audience_mask, feed_visit, &feeds,
                         err);
    for (uint32_t i = 0; i < feeds.count && rc == RC_OK && !pull->more; i++) {
        const struct stored_feed *feed = &feeds.feeds[i];
        uint64_t after = 0;

        rc = start_of(ledger, feed, hello, &after, err);
        if (rc != RC_OK || after == feed->position)
            continue;
        walk.head = (struct feed_head){.area = feed->area, .audience = feed->audience};
        walk.any = false;
        if (wants->understood)
            rc = give_snapshot(&walk, feed, &after, err);
        if (rc == RC_OK && !pull->more)
            rc = store_entries(ledger->store, feed->area, feed->audience,
                               after + (after > 0 && PLANTED(FEED_SKIPS)), entry_visit, &walk, err);
        if (rc == RC_OK && walk.any)
            rc = add_head(&walk, err);
    }
    if (rc == RC_OK && !pull->more)
        rc = add_missing(&walk, &feeds, areas, area_count, scope->audience_mask, err);
    if (rc == RC_OK)
        rc = buf_check(&pull->parts, "an answer", err);
    if (rc == RC_OK)
        rc = buf_check(&pull->forms, "an answer", err);
    buf_release(&walk.own);
    arena_release(&walk.scratch);
    return rc;
}
