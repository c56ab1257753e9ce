/* outbox.c: station 3. Own changes become batches that only the county can open.
 *
 * A batch holds a contiguous range of one actor's numbers; its frames group the changes by area,
 * audience and form. All of them were made under one scope, which the batch names. Batches are kept
 * in the tablet's file until a backup of the county holds them, so that sync can go on while
 * locked, and so that a repeat after a cut sends the same bytes. People save one visit after
 * another: a small last batch is cut anew with what came after it.
 *
 * A change that the disk has spoilt keeps nothing back: its number goes out with its leaf alone, as
 * a change of which everything is gone, so that the chain goes on. The county keeps it aside as
 * malformed; here it stands in quarantine at once, with a notice. */
#include "agent/sync/inside.h"

#define BATCH_CHANGES     1000u
#define BATCH_BYTES       (600u * 1024u) /* canonical; about a quarter of it compressed */
#define BATCH_SCOPES      200u           /* frames are at least as many */
#define TAIL_CHANGES      500u           /* a last batch below both is cut anew */
#define TAIL_BYTES        (64u * 1024u)
#define FRAME_CHANGES     500u
#define FRAME_BYTES       (1024u * 1024u) /* canonical */
#define CUT_ARENA_BYTES   (64u * 1024u * 1024u)
#define FRAME_ARENA_BYTES (256u * 1024u * 1024u)

struct item {
    struct own_change change; /* canonical in the arena */
    bool framed;
};

struct cut {
    struct tablet *tablet;
    const struct own_actor *actor;
    uint64_t end;       /* last number to be taken */
    uint64_t scope_end; /* last number under the scope of the batch */
    uint64_t kept_end;  /* last number of the batch that is cut anew; 0: none is */
    struct arena arena, frame_arena;
    struct zip_deflater *deflater;
    struct item *items;
    uint32_t count;
    size_t bytes;
    uint32_t scope_count;
    struct item *scopes[BATCH_SCOPES]; /* first item of each */
    struct buf frames;
    size_t ends[LIMIT_BATCH_FRAMES]; /* of each frame in frames */
    uint32_t frame_count;
};

static bool same_scope(const struct own_change *a, const struct own_change *b) {
    return a->area == b->area && a->audience == b->audience && a->form == b->form;
}

static enum rc collect(void *context, const struct own_change *change, struct err *err) {
    struct cut *cut = context;
    struct item *item = &cut->items[cut->count];
    uint32_t scope = 0;

    if (change->number > cut->end || change->number > cut->scope_end ||
        cut->count == BATCH_CHANGES ||
        (cut->count > 0 && cut->bytes + change->canonical.size > BATCH_BYTES))
        return RC_NOT_FOUND;
    if (change->damaged && change->number <= cut->kept_end)
        return RC_NOT_FOUND; /* the batch that was cut in time has it whole */
    while (scope < cut->scope_count && !same_scope(&cut->scopes[scope]->change, change))
        scope++;
    if (scope == BATCH_SCOPES)
        return RC_NOT_FOUND;
    *item = (struct item){.change = *change};
    item->change.canonical = arena_view(&cut->arena, change->canonical);
    if (arena_check(&cut->arena, "a batch", err) != RC_OK)
        return err->rc;
    if (scope == cut->scope_count)
        cut->scopes[cut->scope_count++] = item;
    cut->bytes += change->canonical.size;
    cut->count++;
    return RC_OK;
}

/* What goes out of a change that cannot be read any more: its name, its record, its leaf. */
static void put_damaged(const struct cut *cut, struct item *item, struct frame_change *to) {
    item->change.damaged = true;
    to->change = (struct change){.dot = {cut->actor->actor, item->change.number},
                                 .record = item->change.record,
                                 .form = item->change.form,
                                 .erased = true,
                                 .insane = true};
}

static enum rc put_change(struct cut *cut, struct item *item, struct frame_change *to,
                          struct err *err) {
    enum rc rc = RC_OK;

    if (!item->change.damaged)
        rc = change_decode(item->change.canonical, &cut->frame_arena, &to->change, err);
    if (item->change.damaged || rc == RC_CORRUPT || rc == RC_INVALID) {
        err_clear(err);
        put_damaged(cut, item, to);
        rc = RC_OK;
    }
    return rc;
}

/* Encodes up to max changes of the scope, from the first that is not framed yet. *left: whether
 * there are more. RC_LIMIT (nothing added): too much for one frame. */
static enum rc add_frame(struct cut *cut, const struct own_change *scope, uint32_t max,
                         uint32_t *taken, struct err *err) {
    struct salt_source source = {.tablet = cut->tablet,
                                 .actor = cut->actor->actor,
                                 .area = scope->area,
                                 .form = scope->form,
                                 .audience = scope->audience};
    struct frame frame = {.actor = cut->actor->actor,
                          .area = scope->area,
                          .audience = scope->audience,
                          .form = scope->form};
    struct item *chosen[FRAME_CHANGES];
    size_t bytes = 0, before = cut->frames.size;
    enum rc rc = RC_OK;

    arena_reset(&cut->frame_arena);
    frame.changes = arena_array(&cut->frame_arena, max, sizeof(*frame.changes));
    if (frame.changes == NULL)
        return arena_check(&cut->frame_arena, "a frame", err);
    for (uint32_t i = 0; i < cut->count && frame.count < max && rc == RC_OK; i++) {
        struct item *item = &cut->items[i];
        struct frame_change *to = &frame.changes[frame.count];
        uint8_t secret[16];

        if (item->framed || !same_scope(&item->change, scope))
            continue;
        if (frame.count > 0 && bytes + item->change.canonical.size > FRAME_BYTES)
            break;
        bytes += item->change.canonical.size;
        rc = put_change(cut, item, to, err);
        tablet_salt_secret(&source, item->change.number / 64, secret);
        chain_salt(secret, item->change.number, to->salt);
        memcpy(to->leaf, item->change.leaf, sizeof(to->leaf));
        chosen[frame.count++] = item;
    }
    *taken = frame.count;
    if (rc == RC_OK && frame.count > 0)
        rc = frame_encode(&frame, tablet_salt_secret, &source, cut->deflater, &cut->frames, err);
    if (rc != RC_OK || frame.count == 0) {
        cut->frames.size = before;
        return rc;
    }
    for (uint32_t i = 0; i < frame.count; i++)
        chosen[i]->framed = true;
    cut->ends[cut->frame_count++] = cut->frames.size;
    return RC_OK;
}

static enum rc add_scope(struct cut *cut, const struct own_change *scope, struct err *err) {
    uint32_t max = FRAME_CHANGES, taken = 1;

    for (;;) {
        enum rc rc;

        if (cut->frame_count == LIMIT_BATCH_FRAMES)
            return err_set(err, RC_LIMIT, "a batch would need more than %u frames",
                           LIMIT_BATCH_FRAMES);
        rc = add_frame(cut, scope, max, &taken, err);
        if (rc == RC_LIMIT && taken > 1) { /* packs badly: in two halves */
            err_clear(err);
            max = taken / 2;
            continue;
        }
        if (rc != RC_OK || taken == 0)
            return rc;
    }
}

static enum rc write_batch(struct cut *cut, uint64_t first, uint64_t last, struct buf *out,
                           struct err *err) {
    struct tablet *tablet = cut->tablet;
    const struct facts *facts = tablet_facts(tablet);
    struct view frames[LIMIT_BATCH_FRAMES];
    uint8_t last_hash[32];
    struct batch batch = {
        .outer = {.county = batch_county(facts->county_sign_public),
                  .actor = cut->actor->actor,
                  .first = first,
                  .last = last},
        .device = facts->device,
        .introduces = first == 1,
        .fresh = first == 1 && facts->epoch > 1 && cut->actor->began == facts->epoch,
        .epoch = facts->epoch,
        .scope_serial = tablet_scope_of(tablet, cut->actor, first),
        .wall_ms = env_wall_ms(tablet_env(tablet)),
        .frame_count = cut->frame_count,
        .frames = frames,
    };
    enum rc rc;

    memcpy(batch.nonce, cut->actor->nonce, sizeof(batch.nonce));
    for (uint32_t i = 0; i < cut->frame_count; i++) {
        size_t start = i == 0 ? 0 : cut->ends[i - 1];

        frames[i] = view_slice(buf_view(&cut->frames), start, cut->ends[i] - start);
    }
    rc = tablet_chain(tablet, cut->actor, first - 1, batch.previous, err);
    if (rc == RC_OK)
        rc = tablet_chain(tablet, cut->actor, last, last_hash, err);
    if (rc == RC_NOT_FOUND)
        rc = err_set(err, RC_CORRUPT, "tablet.db: an own change is missing; run verify");
    if (rc == RC_OK)
        rc = batch_write(&batch, last_hash, tablet_device_secret(tablet), facts->county_box_public,
                         tablet_env(tablet), out, err);
    return rc;
}

/* People hear of what is damaged as soon as it is cut, not when the county has answered. */
static enum rc tell_damaged(struct cut *cut, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < cut->count && rc == RC_OK; i++) {
        const struct own_change *change = &cut->items[i].change;
        bool is_new;

        if (!change->damaged)
            continue;
        rc = tablet_put_verdict(cut->tablet, cut->actor, change->number, VERDICT_MALFORMED, &is_new,
                                err);
        if (rc == RC_OK && is_new)
            rc = tablet_notice(cut->tablet, NOTICE_DAMAGED, cut->actor->actor, change->number, err);
    }
    return rc;
}

static enum rc store_batch(struct cut *cut, uint64_t first, uint64_t last, uint64_t replaces,
                           struct view bytes, struct err *err) {
    struct outbox_batch batch = {
        .serial = cut->actor->serial, .first = first, .last = last, .bytes = bytes};
    enum rc rc = tablet_begin(cut->tablet, err);

    if (rc != RC_OK)
        return rc;
    if (replaces != 0)
        rc = tablet_outbox_delete(cut->tablet, cut->actor, replaces, err);
    if (rc == RC_OK)
        rc = tablet_outbox_put(cut->tablet, &batch, err);
    if (rc == RC_OK)
        rc = tell_damaged(cut, err);
    if (rc == RC_OK)
        return tablet_commit(cut->tablet, err);
    tablet_rollback(cut->tablet);
    return rc;
}

/* One batch from `first` on; *last is its last number, first - 1 when nothing can be read. */
static enum rc cut_batch(struct cut *cut, uint64_t first, uint64_t replaces, uint64_t *last,
                         struct err *err) {
    struct buf bytes;
    bool readable;
    enum rc rc;

    buf_init(&bytes, LIMIT_BATCH_BYTES);
    arena_reset(&cut->arena);
    buf_clear(&cut->frames);
    cut->count = cut->scope_count = cut->frame_count = 0;
    cut->scope_end = tablet_scope_end(cut->tablet, cut->actor, first);
    cut->bytes = 0;
    cut->items = arena_array(&cut->arena, BATCH_CHANGES + 1, sizeof(*cut->items));
    if (cut->items == NULL)
        return arena_check(&cut->arena, "a batch", err);
    rc = tablet_own_changes(cut->tablet, cut->actor, first, collect, cut, &readable, err);
    if (cut->kept_end != 0 && first - 1 + cut->count < cut->kept_end)
        cut->count = cut->scope_count = 0; /* not all of it can be read now: it stays */
    *last = first - 1 + cut->count;
    for (uint32_t i = 0; i < cut->scope_count && rc == RC_OK; i++)
        rc = add_scope(cut, &cut->scopes[i]->change, err);
    if (rc == RC_OK && cut->count > 0)
        rc = write_batch(cut, first, *last, &bytes, err);
    if (rc == RC_OK && cut->count > 0)
        rc = store_batch(cut, first, *last, replaces, buf_view(&bytes), err);
    buf_release(&bytes);
    return rc;
}

static enum rc cut_range(struct cut *cut, uint64_t first, uint64_t end, uint64_t replaces,
                         struct err *err) {
    enum rc rc = RC_OK;

    cut->end = end;
    while (rc == RC_OK && first <= end) {
        uint64_t last;

        rc = cut_batch(cut, first, replaces, &last, err);
        if (rc != RC_OK || last < first)
            break;
        replaces = 0;
        first = last + 1;
    }
    return rc;
}

struct extent { /* of an actor's batches that are not receipted */
    uint32_t serial;
    uint64_t first, last;
    uint64_t tail_first, tail_bytes;
};

static enum rc measure(void *context, const struct outbox_batch *batch, struct err *err) {
    struct extent *extent = context;

    (void)err;
    if (batch->serial != extent->serial)
        return RC_OK;
    if (extent->first == 0)
        extent->first = batch->first;
    extent->last = batch->last;
    extent->tail_first = batch->first;
    extent->tail_bytes = batch->bytes.size;
    return RC_OK;
}

static enum rc cut_actor(struct cut *cut, const struct own_actor *actor, struct err *err) {
    struct extent extent = {.serial = actor->serial};
    uint64_t first = actor->receipt + 1, replaces = 0;
    enum rc rc = tablet_outbox(cut->tablet, measure, &extent, err);

    cut->actor = actor;
    /* After a restored server what had been receipted is wanted again: the hole is filled. */
    if (rc == RC_OK && extent.first > first)
        rc = cut_range(cut, first, extent.first - 1, 0, err);
    if (rc != RC_OK || (extent.last != 0 && extent.last >= actor->number))
        return rc;
    if (extent.last != 0) {
        first = extent.last + 1;
        if (extent.last - extent.tail_first + 1 < TAIL_CHANGES && extent.tail_bytes < TAIL_BYTES) {
            uint64_t last;

            /* Only what a backup holds is left out: what is receipted so far has no other batch for
             * a county that is restored. What cannot be read any more, or not yet, stays. */
            replaces = extent.tail_first;
            first = replaces > actor->backed_up ? replaces : actor->backed_up + 1;
            cut->end = actor->number;
            cut->kept_end = extent.last;
            rc = cut_batch(cut, first, replaces, &last, err);
            cut->kept_end = 0;
            if (rc != RC_OK)
                return rc;
            first = last < extent.last ? extent.last + 1 : last + 1;
        }
    }
    return cut_range(cut, first, actor->number, 0, err);
}

enum rc outbox_cut(struct tablet *tablet, struct err *err) {
    struct cut *cut;
    bool due = false;
    enum rc rc = tablet_regain(tablet, err);

    if (rc != RC_OK)
        return rc;
    for (uint32_t i = 0; i < tablet_actor_count(tablet); i++)
        due = due || tablet_actor(tablet, i)->number > tablet_actor(tablet, i)->receipt;
    if (!due || tablet_locked(tablet))
        return RC_OK;
    cut = calloc(1, sizeof(*cut));
    if (cut == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    cut->tablet = tablet;
    arena_init(&cut->arena, CUT_ARENA_BYTES);
    arena_init(&cut->frame_arena, FRAME_ARENA_BYTES);
    buf_init(&cut->frames, LIMIT_BATCH_BYTES);
    rc = zip_deflater_new(ZIP_LEVEL_BEST, &cut->deflater, err);
    for (uint32_t i = 0; i < tablet_actor_count(tablet) && rc == RC_OK; i++) {
        if (tablet_actor(tablet, i)->number > tablet_actor(tablet, i)->receipt)
            rc = cut_actor(cut, tablet_actor(tablet, i), err);
    }
    zip_deflater_free(cut->deflater);
    buf_release(&cut->frames);
    arena_release(&cut->arena);
    arena_release(&cut->frame_arena);
    free(cut);
    return rc;
}
