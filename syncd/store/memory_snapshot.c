/* memory_snapshot.c: snapshots in the naive engine; see memory.h. */
#include "syncd/store/memory.h"

static int by_feed(const void *left, const void *right) {
    const struct stored_snapshot *a = left, *b = right;

    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    if (a->audience != b->audience)
        return a->audience < b->audience ? -1 : 1;
    if (a->position != b->position)
        return a->position < b->position ? -1 : 1;
    return memcmp(a->name, b->name, sizeof a->name);
}

/* Where it stands, or the length of the list. The list is kept in order. */
static size_t find(const struct item_list *list, const uint8_t name[32]) {
    size_t at = 0;

    while (at < list->count &&
           memcmp(((const struct stored_snapshot *)list_at(list, at))->name, name, 32) != 0)
        at++;
    return at;
}

static void drop(struct content *content, const uint8_t name[32]) {
    struct item_list *chunks = &content->lists[LIST_CHUNKS];
    struct item_list *snapshots = &content->lists[LIST_SNAPSHOTS];
    size_t at = find(snapshots, name);

    if (at < snapshots->count)
        list_remove(snapshots, at);
    for (size_t i = chunks->count; i > 0; i--)
        if (memcmp(((struct stored_chunk *)list_at(chunks, i - 1))->name, name, 32) == 0)
            list_remove(chunks, i - 1);
}

/* at: where its chunks begin. */
static enum rc add(struct content *content, const struct store_delta *delta, uint32_t index,
                   uint32_t at, struct arena *bytes, struct err *err) {
    struct item_list *list = &content->lists[LIST_SNAPSHOTS];
    const struct stored_snapshot *from = &delta->snapshots[index];
    struct stored_snapshot snapshot = *from, *items;
    enum rc rc;

    snapshot.manifest = arena_view(bytes, from->manifest);
    rc = list_add(list, &snapshot, err);
    if (rc != RC_OK)
        return rc;
    items = (struct stored_snapshot *)(void *)list->items;
    for (size_t i = list->count - 1; i > 0 && by_feed(&items[i - 1], &items[i]) > 0; i--) {
        items[i] = items[i - 1];
        items[i - 1] = snapshot;
    }
    for (uint32_t i = 0; i < snapshot.chunk_count && rc == RC_OK; i++) {
        struct stored_chunk chunk = delta->chunks[at + i];

        chunk.bytes = arena_view(bytes, chunk.bytes);
        rc = list_add(&content->lists[LIST_CHUNKS], &chunk, err);
    }
    return rc;
}

enum rc snapshots_put(struct content *content, const struct store_delta *delta, struct arena *bytes,
                      struct err *err) {
    uint32_t chunk = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->dropped_count; i++)
        drop(content, delta->dropped[i].name);
    for (uint32_t i = 0; i < delta->snapshot_count && rc == RC_OK; i++) {
        const struct item_list *list = &content->lists[LIST_SNAPSHOTS];

        if (find(list, delta->snapshots[i].name) == list->count)
            rc = add(content, delta, i, chunk, bytes, err);
        chunk += delta->snapshots[i].chunk_count;
    }
    return rc;
}

enum rc memory_feed_weight(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                           uint64_t actor, struct feed_weight *out, struct err *err) {
    const struct item_list *list = LIST(LIST_ENTRIES);

    (void)err;
    *out = (struct feed_weight){0};
    for (size_t i = 0; i < list->count; i++) {
        const struct stored_entry *entry = list_at(list, i);
        const struct stored_frame *frame =
            entry->frame == 0 ? NULL : list_at(LIST(LIST_FRAMES), entry->frame - 1);

        if (entry->entry.area != area || entry->entry.audience != audience ||
            entry->entry.position <= after || (frame != NULL && frame->actor == actor))
            continue;
        out->bytes += entry->entry.mask.size + (entry->entry.content.size == 0 && frame != NULL
                                                    ? frame->bytes.size
                                                    : entry->entry.content.size);
        if (frame == NULL)
            out->changes++;
        else if ((int64_t)frame->last >= (int64_t)frame->first && frame->last - frame->first < 512)
            out->changes += frame->last - frame->first + 1;
        else
            out->changes += 512;
    }
    return RC_OK;
}

enum rc memory_chunk(struct store *store, const uint8_t *name, uint32_t index, struct arena *arena,
                     struct view *out, struct err *err) {
    const struct item_list *list = LIST(LIST_CHUNKS);

    for (size_t i = 0; i < list->count; i++) {
        const struct stored_chunk *chunk = list_at(list, i);

        if (chunk->index == index && memcmp(chunk->name, name, sizeof chunk->name) == 0) {
            *out = arena_view(arena, chunk->bytes);
            return arena_check(arena, "a chunk", err);
        }
    }
    return RC_NOT_FOUND;
}

enum rc memory_snapshots(struct store *store, uint64_t area, store_visit_snapshot *visit,
                         void *context, struct err *err) {
    const struct item_list *list = LIST(LIST_SNAPSHOTS);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++) {
        const struct stored_snapshot *snapshot = list_at(list, i);

        if (area == 0 || snapshot->area == area)
            rc = visit(context, snapshot, err);
    }
    return rc;
}
