/* apply.c: station 9. What the county's feeds say is merged into the confirmed states, with the
 * same code that the county merged it with. Forms are not needed for that: what is not understood
 * yet is merged all the same.
 *
 * The time of a change is the one that the county said last: a county that was restored fixes it
 * anew for what it had lost.
 *
 * Every entry extends its feed's chain. The chain is over leaves, so a frame is decoded before its
 * place in the chain is known. An entry of which nobody here may read the area is sealed for that
 * area and applied when somebody entitled unlocks. */
#include "agent/sync/inside.h"

#include "schema/erasure.h"

#define ENTRY_ARENA_BYTES   (256u * 1024u * 1024u)
#define STATE_ARENA_BYTES   (256u * 1024u * 1024u)
#define LASTING_ARENA_BYTES (4u * 1024u * 1024u)

enum rc apply_init(struct apply *apply, struct tablet *tablet, struct err *err) {
    *apply = (struct apply){.tablet = tablet};
    arena_init(&apply->arena, ENTRY_ARENA_BYTES);
    arena_init(&apply->states, STATE_ARENA_BYTES);
    arena_init(&apply->lasting, LASTING_ARENA_BYTES);
    buf_init(&apply->scratch, LIMIT_EXCHANGE_BYTES);
    gather_init(&apply->gather);
    return zip_inflater_new(&apply->inflater, err);
}

void apply_release(struct apply *apply) {
    zip_inflater_free(apply->inflater);
    arena_release(&apply->arena);
    arena_release(&apply->states);
    gather_release(&apply->gather);
    snapshot_lanes_release(apply->lanes);
    arena_release(&apply->lasting);
    crypt_buf_release(&apply->scratch);
}

/* ---- frames ---- */

/* A frame made of own changes, for an entry that only names them. with_content: also the changes,
 * else only what the chain needs. RC_CONFLICT: not all of them are here with their content, or the
 * disk has spoilt one. */
static enum rc read_own(struct apply *apply, const struct feed_entry *entry, bool with_content,
                        struct frame *out, struct err *err) {
    uint64_t actor, *numbers;
    uint32_t count;
    enum rc rc = own_read(entry->content, &apply->arena, &actor, &numbers, &count, err);

    if (rc != RC_OK)
        return rc;
    *out = (struct frame){.actor = actor, .area = entry->area, .audience = entry->audience};
    out->changes = arena_array(&apply->arena, count, sizeof(*out->changes));
    if (out->changes == NULL)
        return arena_check(&apply->arena, "a feed entry", err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        struct frame_change *change = &out->changes[i];
        bool kept = true;

        buf_clear(&apply->scratch);
        rc = tablet_own_change(apply->tablet, (struct dot){actor, numbers[i]}, change->leaf,
                               with_content ? &apply->scratch : NULL, err);
        if (rc == RC_OK && with_content) {
            struct view content = arena_view(&apply->arena, buf_view(&apply->scratch));

            rc = arena_check(&apply->arena, "a feed entry", err);
            if (rc == RC_OK)
                rc = change_decode(content, &apply->arena, &change->change, err);
        }
        if (rc == RC_OK && !with_content)
            rc = tablet_own_kept(apply->tablet, (struct dot){actor, numbers[i]}, &kept, err);
        if (rc == RC_OK && !kept) /* whoever reads it later would find nothing */
            rc = RC_NOT_FOUND;
        change->change.dot = (struct dot){actor, numbers[i]};
        out->count++;
    }
    if (rc == RC_CORRUPT)
        return err_set(err, RC_CONFLICT, "the server names own changes that are damaged here");
    /* Locked: written where its record was believed to be, under a key that nobody has opened. */
    if (rc == RC_NOT_FOUND || rc == RC_LOCKED)
        return err_set(err, RC_CONFLICT, "the server names own changes that are not here");
    return rc;
}

/* How many of the frame's changes go to the same record as the one at `at`, from there on. Frames
 * are mostly one change for each record, so a look ahead is cheap. */
static enum rc merge_record(struct apply *apply, const struct feed_entry *entry,
                            const struct frame *frame, uint32_t at, bool *taken, struct err *err) {
    struct dot id = frame->changes[at].change.record;
    struct record state;
    enum rc rc;

    arena_reset(&apply->states);
    rc = tablet_state(apply->tablet, entry->area, id, &apply->states, &state, err);
    for (uint32_t i = at; i < frame->count && rc == RC_OK; i++) {
        const struct change *change = &frame->changes[i].change;
        struct admission admission = {.time_ms = feed_entry_time(entry, change->wall_ms)};

        if (taken[i] || !dot_equal(change->record, id))
            continue;
        taken[i] = true;
        rc = merge_retime(&state, change->dot, admission.time_ms, &apply->states, &state, err);
        if (rc == RC_OK)
            rc = merge_apply(&state, change, admission, &apply->states, &state, err);
        if (rc == RC_OK)
            rc = tablet_put_reason(apply->tablet, entry->area, change, err);
        if (!tablet_is_own_name(apply->tablet, change->dot.actor))
            apply->received++;
    }
    return rc == RC_OK ? tablet_put_state(apply->tablet, entry->area, &state, err) : rc;
}

static enum rc merge_frame(struct apply *apply, const struct feed_entry *entry, struct frame *frame,
                           struct err *err) {
    bool *taken = arena_array(&apply->arena, frame->count, sizeof(*taken));
    struct lineage lineage;
    uint64_t lamport = 0;
    enum rc rc = RC_OK;

    if (taken == NULL)
        return arena_check(&apply->arena, "a feed entry", err);
    rc = lineage_decode(entry->forks, &apply->arena, &lineage, err);
    if (rc == RC_OK)
        rc = frame_rename(frame, &lineage, &apply->arena, err);
    for (uint32_t i = 0; i < frame->count; i++) {
        taken[i] = !feed_entry_admits(entry, i);
        if (!taken[i] && frame->changes[i].change.lamport > lamport)
            lamport = frame->changes[i].change.lamport;
    }
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        if (!taken[i])
            rc = merge_record(apply, entry, frame, i, taken, err);
    }
    return rc != RC_OK ? rc : tablet_saw_lamport(apply->tablet, lamport, err);
}

/* ---- copies of this tablet ---- */

static const struct own_actor *present(const struct tablet *tablet) {
    return tablet_actor(tablet, tablet_actor_count(tablet) - 1);
}

/* A number of our present actor that we have not given to what came under it: another copy of this
 * tablet is at work. A new incarnation begins before we give the same number to something else. But
 * as long as the county does not have all of ours, it has no names for it; then nothing is taken
 * that would lie under the same names. */
static enum rc leave_life(struct apply *apply, struct err *err) {
    struct tablet *tablet = apply->tablet;
    enum rc rc;

    if (!tablet_may_incarnate(tablet) && !apply->placed) {
        apply->held = true;
        return err_set(err, RC_CONFLICT,
                       "a copy of this tablet has used numbers of this one; sync again");
    }
    rc = tablet_notice(tablet, NOTICE_FORKED, present(tablet)->actor, present(tablet)->number + 1,
                       err);
    return rc == RC_OK ? tablet_incarnate(tablet, err) : rc;
}

static enum rc check_life(struct apply *apply, const struct feed_entry *entry,
                          const struct frame *frame, struct err *err) {
    const struct own_actor *actor = present(apply->tablet);

    if (entry->kind != FEED_FRAME || entry->forks.size > 0 || frame->actor != actor->actor)
        return RC_OK;
    for (uint32_t i = 0; i < frame->count; i++) {
        const struct frame_change *change = &frame->changes[i];
        uint8_t leaf[32];
        enum rc rc;

        if (change->change.dot.number <= actor->receipt)
            continue;
        if (change->change.dot.number > actor->number)
            return leave_life(apply, err);
        rc = tablet_own_change(apply->tablet, (struct dot){actor->actor, change->change.dot.number},
                               leaf, NULL, err);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        if (rc == RC_NOT_FOUND || memcmp(leaf, change->leaf, sizeof(leaf)) != 0)
            return leave_life(apply, err);
    }
    return RC_OK;
}

/* Of a state only the numbers are known: what the county has not receipted it does not have. */
static enum rc check_life_of_state(struct apply *apply, const struct record *state,
                                   struct err *err) {
    const struct own_actor *actor = present(apply->tablet);

    for (uint32_t i = state->absorbed_count; i > 0; i--) {
        struct dot dot = state->absorbed[i - 1].dot;

        if (dot.actor == actor->actor &&
            dot.number > (apply->placed ? actor->number : actor->receipt))
            return leave_life(apply, err);
    }
    return RC_OK;
}

/* ---- records that come and go ---- */

enum rc apply_state(struct apply *apply, uint64_t area, const struct record *entered,
                    uint64_t *lamport, struct err *err) {
    struct record state;
    uint64_t latest;
    enum rc rc = check_life_of_state(apply, entered, err);

    if (rc == RC_OK)
        rc = tablet_state(apply->tablet, area, entered->id, &apply->states, &state, err);
    for (uint32_t i = 0; i < entered->absorbed_count && rc == RC_OK; i++)
        rc = merge_retime(&state, entered->absorbed[i].dot, entered->absorbed[i].time_ms,
                          &apply->states, &state, err);
    if (rc == RC_OK)
        rc = merge_join(&state, entered, &apply->states, &state, err);
    if (rc == RC_OK)
        rc = tablet_put_state(apply->tablet, area, &state, err);
    if (rc != RC_OK)
        return rc;
    apply->received++;
    latest = record_lamport(&state);
    *lamport = latest > *lamport ? latest : *lamport;
    return RC_OK;
}

static enum rc merge_enter(struct apply *apply, const struct feed_entry *entry, struct err *err) {
    struct record entered;
    uint64_t lamport = 0;
    struct view packed;
    struct dot id;
    enum rc rc = feed_record_read(entry, &id, &packed, err);

    arena_reset(&apply->states);
    if (rc == RC_OK)
        rc = record_unpack(packed, &apply->states, &entered, err);
    if (rc == RC_OK && !dot_equal(entered.id, id))
        rc = err_set(err, RC_CORRUPT, "a feed entry names another record than it holds");
    if (rc == RC_OK)
        rc = apply_state(apply, entry->area, &entered, &lamport, err);
    return rc == RC_OK ? tablet_saw_lamport(apply->tablet, lamport, err) : rc;
}

static enum rc take_leave(struct apply *apply, const struct feed_entry *entry, struct err *err) {
    struct view rest;
    struct dot id;
    enum rc rc = feed_record_read(entry, &id, &rest, err);

    return rc != RC_OK ? rc : tablet_remove_state(apply->tablet, entry->area, id, err);
}

/* Something was erased by law: in the record, if it is here, and in what is kept of own changes. */
static enum rc take_redaction(struct apply *apply, const struct feed_entry *entry,
                              struct err *err) {
    struct erasure erasure;
    struct record state;
    struct view bytes;
    struct dot id;
    enum rc rc = feed_record_read(entry, &id, &bytes, err);

    arena_reset(&apply->states);
    if (rc == RC_OK)
        rc = erasure_decode(bytes, &apply->states, &erasure, err);
    if (rc == RC_OK)
        rc = tablet_redact_own(apply->tablet, &erasure, err);
    if (rc == RC_OK)
        rc = tablet_state(apply->tablet, entry->area, id, &apply->states, &state, err);
    if (rc != RC_OK || state.absorbed_count == 0)
        return rc;
    rc = merge_erase(&state, bytes, &apply->states, &state, err);
    return rc == RC_OK ? tablet_put_state(apply->tablet, entry->area, &state, err) : rc;
}

static enum rc merge_content(struct apply *apply, const struct feed_entry *entry,
                             struct frame *frame, struct err *err) {
    switch ((enum entry_kind)entry->kind) {
    case FEED_FRAME:
    case FEED_OWN:
        return merge_frame(apply, entry, frame, err);
    case FEED_ENTER:
    case FEED_ERASED:
        return merge_enter(apply, entry, err);
    case FEED_LEAVE:
        return take_leave(apply, entry, err);
    case FEED_REDACT:
        return take_redaction(apply, entry, err);
    }
    return RC_OK; /* of a kind that this program does not know: counted in the chain, not applied */
}

enum rc apply_content(struct apply *apply, const struct feed_entry *entry, struct err *err) {
    struct frame frame = {0};
    enum rc rc = RC_OK;

    arena_reset(&apply->arena);
    if (entry->kind == FEED_FRAME)
        rc = frame_decode(entry->content, apply->inflater, &apply->arena, &frame, err);
    else if (entry->kind == FEED_OWN)
        rc = read_own(apply, entry, true, &frame, err);
    return rc != RC_OK ? rc : merge_content(apply, entry, &frame, err);
}

/* ---- an entry in its feed ---- */

static enum rc keep_for_area(struct apply *apply, const struct feed_entry *entry, struct err *err) {
    struct buf part;
    enum rc rc;

    buf_init(&part, LIMIT_EXCHANGE_BYTES);
    exchange_start(&part);
    exchange_add_entry(&part, entry);
    rc = buf_check(&part, "a feed entry", err);
    if (rc == RC_OK)
        rc = tablet_inbox_put(apply->tablet, entry->area, NULL, buf_view(&part), err);
    buf_release(&part);
    return rc;
}

enum rc apply_entry(struct apply *apply, const struct feed_entry *entry, struct err *err) {
    bool reads = tablet_reads(apply->tablet, entry->area);
    struct feed_cursor cursor;
    struct frame frame = {0};
    bool is_frame = entry->kind == FEED_FRAME || entry->kind == FEED_OWN;
    uint8_t digest[32];
    enum rc rc = tablet_cursor(apply->tablet, entry->area, entry->audience, &cursor, err);

    if (rc != RC_OK)
        return rc;
    if (entry->position == 1 && cursor.position > 0 && !apply->overlaps) {
        /* The server starts this feed over: it does not find our place in it. */
        rc = tablet_alarm(apply->tablet, &cursor, err);
        cursor = (struct feed_cursor){.area = entry->area, .audience = entry->audience};
    }
    if (rc != RC_OK || entry->position <= cursor.position)
        return rc;
    if (entry->position != cursor.position + 1 && apply->may_gap) {
        apply->gaps++;
        return RC_OK;
    }
    if (entry->position != cursor.position + 1)
        return err_set(err, RC_CORRUPT, "the answer leaves out a part of a feed; sync again");
    arena_reset(&apply->arena);
    if (entry->kind == FEED_FRAME)
        rc = frame_decode(entry->content, apply->inflater, &apply->arena, &frame, err);
    else if (entry->kind == FEED_OWN)
        rc = read_own(apply, entry, reads, &frame, err);
    if (rc != RC_OK)
        return rc;
    apply->had_own = apply->had_own || entry->kind == FEED_OWN;
    rc = check_life(apply, entry, &frame, err);
    if (rc != RC_OK)
        return rc;
    feed_entry_digest(entry, is_frame ? &frame : NULL, digest);
    rc = gather_entry(&apply->gather, &cursor, entry, &frame, digest, err);
    if (rc != RC_OK)
        return rc;
    feed_chain_next(cursor.chain, digest, cursor.chain);
    cursor.position = entry->position;
    rc = tablet_put_cursor(apply->tablet, &cursor, err);
    if (rc == RC_OK && !reads)
        return keep_for_area(apply, entry, err);
    return rc != RC_OK ? rc : merge_content(apply, entry, &frame, err);
}
