/* show.c: what a failing seed tells about the record in question: the two states, the feeds'
 * entries about it, and how far the tablet is. */
#include "agent/store/traffic.h"
#include "schema/wire/frame.h"
#include "tests/sim/world.h"

void show_record(struct world *world, const struct record *record, const char *who) {
    for (uint32_t i = 0; i < record->absorbed_count; i++)
        tell(world, "  %s absorbed %04x-%u kind %u at %lld, flags %u", who,
             (unsigned)(record->absorbed[i].dot.actor >> 48),
             (unsigned)record->absorbed[i].dot.number, record->absorbed[i].kind,
             (long long)record->absorbed[i].time_ms, record->absorbed[i].flags);
    for (uint32_t i = 0; i < record->version_count; i++) {
        const struct version *version = &record->versions[i];

        tell(world, "  %s field %u of %u by %u: %lld %.*s", who, version->field,
             (unsigned)version->instance.dot.number, version->change,
             (long long)version->value.number, VIEW_PRINT(version->value.bytes));
    }
}

struct show {
    struct world *world;
    struct ledger *ledger;
    struct dot record;
    struct arena arena;
};

static enum rc show_entry(void *context, const struct stored_entry *stored, struct err *err) {
    static const char *const kinds[] = {"?", "frame", "enter", "leave", "redact", "own", "erased"};
    struct show *show = context;
    const struct feed_entry *entry = &stored->entry;
    const char *kind = entry->kind < 7 ? kinds[entry->kind] : "?";
    struct view rest;
    struct frame frame;
    struct dot record;

    arena_reset(&show->arena);
    if (entry->kind != FEED_FRAME) {
        if (feed_record_read(entry, &record, &rest, err) == RC_OK &&
            dot_equal(record, show->record))
            tell(show->world, "  feed %llu at %llu: %s", (unsigned long long)entry->area,
                 (unsigned long long)entry->position, kind);
        err_clear(err);
        return RC_OK;
    }
    if (frame_decode_raw(entry->content, show->ledger->inflater, &show->arena, &frame, err) !=
        RC_OK)
        return RC_OK;
    for (uint32_t i = 0; i < frame.count; i++)
        if (dot_equal(frame.changes[i].change.record, show->record) || entry->forks.size > 0)
            tell(show->world, "  feed %llu at %llu: %04x-%u%s%s", (unsigned long long)entry->area,
                 (unsigned long long)entry->position, (unsigned)(frame.actor >> 48),
                 (unsigned)frame.changes[i].change.dot.number,
                 entry->mask.size > 0 && (entry->mask.data[i / 8] >> (i % 8) & 1) == 0
                     ? " (not admitted)"
                     : "",
                 entry->forks.size > 0 ? " (forked)" : "");
    return RC_OK;
}

static enum rc show_feed(void *context, const struct stored_feed *feed, struct err *err) {
    struct show *show = context;

    return store_entries(show->ledger->store, feed->area, feed->audience, 0, show_entry, show, err);
}

static enum rc show_change(void *context, const struct stored_change *change, struct err *err) {
    struct show *show = context;

    (void)err;
    tell(show->world, "  log: %04x-%u of frame %llu, verdict %u",
         (unsigned)(change->dot.actor >> 48), (unsigned)change->dot.number,
         (unsigned long long)change->frame, change->verdict);
    return RC_OK;
}

void show_history(struct world *world, struct pad *pad, struct ledger *ledger, struct dot record) {
    struct show show = {.world = world, .ledger = ledger, .record = record};
    struct feed_cursor *cursors = NULL;
    const uint64_t all = 0;
    uint32_t count = 0;
    struct err err;

    err_init(&err, LANG_EN);
    arena_init(&show.arena, 64u * 1024u * 1024u);
    (void)store_history(ledger->store, record, show_change, &show, &err);
    (void)store_feeds(ledger->store, &all, 1, 0xff, show_feed, &show, &err);
    if (tablet_cursors(pad->tablet, &show.arena, &cursors, &count, &err) == RC_OK)
        for (uint32_t i = 0; i < count; i++)
            tell(world, "  %s stands at %llu of %llu", pad->machine.name,
                 (unsigned long long)cursors[i].position, (unsigned long long)cursors[i].area);
    arena_release(&show.arena);
}
