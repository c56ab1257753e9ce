/* inbox.c: what came while nobody could read it, applied when somebody unlocks, in the order in
 * which it came. Each part is one transaction: being killed in between only leaves the rest for
 * later. */
#include "agent/sync/inside.h"

/* feed: of the entry in it, if it is one. */
static enum rc take_area_part(struct tablet *tablet, struct view bytes, struct feed_id *feed,
                              struct err *err) {
    struct apply apply;
    struct reader parts;
    struct part part;
    struct feed_entry entry;
    struct snapshot_part of;
    struct snapshot snapshot = {.area = 0};
    struct chunk_part chunk;
    struct arena arena;
    enum rc rc = apply_init(&apply, tablet, err);

    apply.placed = true;
    arena_init(&arena, LIMIT_EXCHANGE_BYTES);
    if (rc == RC_OK)
        rc = exchange_open(bytes, &parts, err);
    while (rc == RC_OK && (rc = exchange_next(&parts, &part, err)) == RC_OK) {
        if (part.kind == PART_ENTRY)
            rc = exchange_read_entry(part.content, &entry, err);
        if (rc == RC_OK && part.kind == PART_ENTRY)
            *feed = (struct feed_id){.area = entry.area, .audience = entry.audience};
        if (rc == RC_OK && part.kind == PART_ENTRY && tablet_in_scope(tablet, entry.area))
            rc = apply_content(&apply, &entry, err);
        if (rc == RC_OK && part.kind == PART_SNAPSHOT)
            rc = exchange_read_snapshot(part.content, tablet_facts(tablet)->county_sign_public, &of,
                                        err);
        if (rc == RC_OK && part.kind == PART_SNAPSHOT)
            rc = snapshot_read(of.manifest, &arena, &snapshot, err);
        if (rc == RC_OK && part.kind == PART_CHUNK)
            rc = exchange_read_chunk(part.content, &chunk, err);
        if (rc == RC_OK && part.kind == PART_CHUNK && tablet_in_scope(tablet, snapshot.area))
            rc = snapshot_merge(&apply, &snapshot, chunk.bytes, err);
    }
    arena_release(&arena);
    apply_release(&apply);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* One part in one transaction. A whole answer whose own changes do not fit, or in which another
 * copy of this tablet has used their names, is dropped: the cursors have not moved, so the next
 * sync brings it again, whole. A part of an area lies behind its cursor: that feed is asked for
 * from its beginning. */
static enum rc take_part_of_inbox(struct tablet *tablet, const struct inbox_part *part,
                                  struct err *err) {
    struct feed_id broken = {.area = 0}, dropped = {.area = 0};
    enum rc rc = tablet_begin(tablet, err);

    if (rc != RC_OK)
        return rc;
    rc = part->is_answer ? answer_later(tablet, part->bytes, &broken, err)
                         : take_area_part(tablet, part->bytes, &dropped, err);
    if (rc == RC_CONFLICT || rc == RC_CORRUPT || rc == RC_DENIED) {
        bool own_missing = rc == RC_CONFLICT;

        tablet_rollback(tablet);
        err_clear(err);
        rc = tablet_begin(tablet, err);
        if (rc == RC_OK && broken.area != 0)
            rc = answer_tell_broken(tablet, broken, err);
        if (rc == RC_OK && own_missing && dropped.area != 0)
            rc = tablet_delete_cursor(tablet, dropped.area, dropped.audience, err);
    }
    if (rc == RC_OK)
        rc = tablet_inbox_delete(tablet, part->part, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

/* What was withdrawn may have waited for who can tell which records are meant. */
static enum rc purge(struct tablet *tablet, struct err *err) {
    enum rc rc;

    if (tablet_facts(tablet)->scope_confirmed == tablet_facts(tablet)->scope.serial)
        return RC_OK;
    rc = tablet_begin(tablet, err);
    if (rc == RC_OK)
        rc = tablet_purge(tablet, err);
    if (rc == RC_OK)
        return tablet_commit(tablet, err);
    tablet_rollback(tablet);
    return rc;
}

enum rc inbox_apply(struct tablet *tablet, struct err *err) {
    struct arena arena;
    struct inbox_part part = {.part = 0};
    enum rc rc;

    arena_init(&arena, LIMIT_EXCHANGE_BYTES * 2);
    while ((rc = tablet_inbox_next(tablet, part.part, &arena, &part, err)) == RC_OK) {
        rc = take_part_of_inbox(tablet, &part, err);
        if (rc != RC_OK)
            break;
        arena_reset(&arena);
    }
    arena_release(&arena);
    if (rc != RC_NOT_FOUND)
        return rc;
    /* Also where nothing has waited: the power may have gone when all was taken the last time, and
     * who asks from a place that he has passed takes the answer for another history. */
    rc = tablet_clear_ahead(tablet, err);
    return rc == RC_OK ? purge(tablet, err) : rc;
}
