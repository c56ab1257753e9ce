/* carried.c: see carried.h.
 *
 * A slice is opened and checked as a whole, then taken in portions: each portion is one act of the
 * writer, so that neither memory nor the time in which others wait grows with the slice. A portion
 * that was committed is known when the slice comes again. */
#include "syncd/sync/carried.h"

#include "base/crypt.h"
#include "syncd/sync/filing.h"
#include "syncd/sync/fork_inside.h"
#include "syncd/sync/judge.h"
#include "syncd/sync/quarantine.h"
#include "syncd/sync/redact.h"
#include <stdio.h>

#define CARRYING_BYTES_MAX (64u * 1024u * 1024u)
#define LEAF_BYTES_MAX     (128u * 1024u * 1024u)

struct new_leaf { /* of a change that this portion has filed */
    struct dot dot;
    uint8_t leaf[32];
};

struct carrying {
    const struct office *office;
    uint64_t carrier;
    struct slice slice;
    struct answer proof;
    struct arena arena;   /* of the slice */
    uint32_t feed, entry; /* where the next portion begins */
    uint32_t taken;
    /* of the portion that the writer works at; lists in the work's arena */
    uint32_t next_feed, next_entry;
    uint32_t filed;
    struct new_leaf *leaves;
    uint32_t leaf_count, leaf_capacity;
    struct proven_change *proven; /* of what is here, but kept aside */
    uint32_t proven_count, proven_capacity;
    uint64_t *actors;
    uint32_t actor_count, actor_capacity;
    uint64_t histories_of; /* 0: of nobody */
    struct stored_actor *histories;
    uint32_t history_count;
};

static enum rc no_room(struct work *work, struct err *err) {
    return arena_check(&work->arena, "a step of the writer", err);
}

/* --- people --- */

/* Certificates that the slice proves: so that signatures of people who are unknown here can be
 * checked, and names be shown. They may do nothing until their tablet asks for them. */
static enum rc add_people(struct carrying *carrying, struct work *work, struct err *err) {
    for (uint32_t i = 0; i < carrying->proof.certificate_count; i++) {
        const struct certificate *certificate = &carrying->proof.certificates[i];
        const struct stored_person *known = NULL;
        struct stored_person *row;
        uint64_t id = id_of_person(certificate->sign_public);
        char object[17];
        enum rc rc = work_person(work, id, &known, err);

        if (rc == RC_OK)
            continue;
        if (rc != RC_NOT_FOUND)
            return rc;
        row = WORK_ADD(work, persons, person_count, person_capacity);
        if (row == NULL)
            return no_room(work, err);
        *row = (struct stored_person){
            .person = id,
            .name = certificate->name,
            .role = certificate->role,
            .device = DEVICE_UNKNOWN,
            .created_ms = work->now_ms,
        };
        memcpy(row->sign_public, certificate->sign_public, 32);
        id_text(id, object);
        rc = work_act(work, "device", "person recall", object, view_text(""), err);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

/* --- what is here --- */

static enum rc is_stored(struct store *store, const struct stored_actor *actor, uint64_t number,
                         bool *out, bool *aside, struct err *err) {
    struct stored_change change;
    enum rc rc = store_change(store, (struct dot){actor->actor, number}, &change, err);

    *out = rc == RC_OK;
    *aside = rc == RC_OK && change.verdict != VERDICT_ADMIT;
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    *out = number <= actor->number &&
           (actor->fork_of == 0 || number >= actor->fork_from); /* a fork's own begin there */
    return RC_OK;
}

static bool in_portion(const struct carrying *carrying, struct dot dot) {
    for (uint32_t i = carrying->leaf_count; i > 0; i--)
        if (dot_equal(carrying->leaves[i - 1].dot, dot))
            return true;
    return false;
}

/* The history whose changes these are, and those that it grew out of. */
static enum rc find_actor(struct carrying *carrying, struct work *work, uint64_t root,
                          const struct lineage *lineage, uint64_t id, struct stored_actor **out,
                          struct err *err) {
    uint64_t *place, parent = root;
    bool noted = false;
    struct lineage trunk = {0};
    enum rc rc = lineage_trunk(lineage, &work->arena, &trunk, err);

    if (rc == RC_OK)
        rc = fork_know(work, root, 0, 0, out, err);
    for (uint32_t i = 0; i < trunk.count && rc == RC_OK && parent != id; i++) {
        const struct fork_range *range = &trunk.ranges[i];

        if (range->actor != root)
            continue;
        rc = fork_know(work, range->name, parent, range->from, out, err);
        parent = range->name;
    }
    for (uint32_t i = 0; i < lineage->count && rc == RC_OK && parent != id; i++) {
        const struct fork_range *range = &lineage->ranges[i]; /* a stray's name */

        if (range->actor != root || range->name != id)
            continue;
        parent = lineage_read(&trunk, (struct dot){root, range->from}).actor;
        rc = fork_know(work, id, parent, range->from, out, err);
        parent = id;
    }
    for (uint32_t i = 0; i < carrying->actor_count && !noted; i++)
        noted = carrying->actors[i] == id;
    if (rc != RC_OK || noted)
        return rc;
    place = arena_push(&work->arena, &carrying->actors, &carrying->actor_count,
                       &carrying->actor_capacity, sizeof(*place));
    if (place == NULL)
        return no_room(work, err);
    *place = id;
    return RC_OK;
}

/* --- one frame --- */

static enum rc take_change(struct carrying *carrying, struct work *work,
                           const struct feed_entry *entry, const struct frame *frame,
                           const struct frame_change *item, struct fate *fate, struct err *err) {
    const struct change *change = &item->change;
    struct work_record *record = NULL;
    struct new_leaf *leaf = arena_push(&work->arena, &carrying->leaves, &carrying->leaf_count,
                                       &carrying->leaf_capacity, sizeof(*leaf));
    enum rc rc;

    if (leaf == NULL)
        return no_room(work, err);
    leaf->dot = change->dot;
    memcpy(leaf->leaf, item->leaf, 32);
    carrying->filed++;
    fate->verdict = VERDICT_ADMIT; /* the county had judged it when it was in that feed */
    rc = work_record(work, change->record, &record, err);
    fate->record = record;
    if (rc == RC_OK)
        rc = judge_merge(work, change, frame, feed_entry_time(entry, change->wall_ms), record,
                         &fate->verdict, err);
    if (rc == RC_OK && fate->verdict != VERDICT_ADMIT)
        rc = filing_quarantine(work, change, frame->area, fate->verdict, 0, err);
    return rc;
}

/* Its author came first, and the county would not take it today. */
static enum rc note_proven(struct carrying *carrying, struct work *work, struct dot dot,
                           const uint8_t leaf[32], struct err *err) {
    struct proven_change *row = arena_push(&work->arena, &carrying->proven, &carrying->proven_count,
                                           &carrying->proven_capacity, sizeof(*row));

    if (row == NULL)
        return no_room(work, err);
    row->dot = dot;
    memcpy(row->leaf, leaf, 32);
    return RC_OK;
}

static enum rc take_fates(struct carrying *carrying, struct work *work,
                          const struct feed_entry *entry, const struct frame *frame,
                          struct stored_actor *actor, const struct fate **fates, bool *any,
                          struct err *err) {
    struct fate *list = arena_array(&work->arena, frame->count, sizeof(*list));
    uint64_t id = actor->actor;
    uint64_t lamport = 0;
    enum rc rc = RC_OK;

    if (list == NULL)
        rc = no_room(work, err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        const struct frame_change *item = &frame->changes[i];
        struct fate *fate = &list[i];
        bool aside = false;

        fates[i] = fate;
        fate->change = &item->change;
        fate->known = in_portion(carrying, item->change.dot);
        if (!fate->known)
            rc = is_stored(work->ledger->store, actor, item->change.dot.number, &fate->known,
                           &aside, err);
        if (rc == RC_OK && aside)
            rc = note_proven(carrying, work, item->change.dot, item->leaf, err);
        if (rc != RC_OK || fate->known)
            continue;
        *any = true;
        if (item->change.lamport > lamport)
            lamport = item->change.lamport;
        rc = take_change(carrying, work, entry, frame, item, fate, err);
    }
    if (rc == RC_OK)
        rc = work_actor(work, id, &actor, err);
    if (rc == RC_OK && lamport > actor->lamport)
        actor->lamport = lamport;
    return rc;
}

/* It is here under the name that this history has there: but perhaps kept aside. */
static enum rc note_other_name(struct carrying *carrying, struct work *work,
                               const struct stored_actor *history, uint64_t number,
                               const uint8_t leaf[32], struct err *err) {
    struct stored_actor owner = *history;
    struct stored_change row;
    enum rc rc = RC_OK;

    while (rc == RC_OK && owner.fork_of != 0 && owner.fork_from > number)
        rc = fork_actor(fork_in_work(work), owner.fork_of, &owner, err);
    if (rc == RC_OK)
        rc = store_change(work->ledger->store, (struct dot){owner.actor, number}, &row, err);
    if (rc == RC_NOT_FOUND) { /* of this very step */
        err_clear(err);
        return RC_OK;
    }
    return rc != RC_OK || row.verdict == VERDICT_ADMIT
               ? rc
               : note_proven(carrying, work, row.dot, leaf, err);
}

static enum rc know_histories(struct carrying *carrying, struct work *work, uint64_t root,
                              struct err *err) {
    struct stored_actor *actor = NULL;
    enum rc rc = RC_OK;

    if (carrying->histories_of == root)
        return RC_OK;
    carrying->history_count = 0;
    carrying->histories_of = root;
    rc = work_actor(work, root, &actor, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    return rc != RC_OK ? rc
                       : fork_histories(work, actor, true, &carrying->histories,
                                        &carrying->history_count, err);
}

/* --- what is here under another name --- */

/* A frame of which something may be here already, because its author brought it without proof of
 * the name that it had. */
struct sought {
    const struct frame *frame;
    const struct lineage *lineage;
    uint64_t name;
    bool *wanted; /* of each change: it is not here under its own name */
    bool *known;
};

/* From which number on a history has something else than the frame, or than what is here in front
 * of it under its name. What both have behind that is the same bytes of two copies. */
static enum rc find_parting(const struct carrying *carrying, struct work *work,
                            const struct sought *sought, const struct stored_actor *history,
                            uint8_t (*leaves)[32], uint64_t *parts, struct err *err) {
    static const uint8_t none[32];
    const struct frame *frame = sought->frame;
    uint64_t first = frame->changes[0].change.dot.number;
    enum rc rc = RC_OK;

    *parts = first;
    for (uint32_t i = 0; i < carrying->history_count && rc == RC_OK; i++)
        if (carrying->histories[i].actor == sought->name)
            rc = fork_parting(work, &carrying->histories[i], history, first - 1, parts, err);
    if (rc != RC_OK || *parts < first)
        return rc;
    *parts = frame->changes[frame->count - 1].change.dot.number + 1;
    for (uint32_t i = 0; i<frame->count && * parts> frame->changes[i].change.dot.number; i++) {
        uint64_t number = frame->changes[i].change.dot.number;

        if (!crypt_equal(leaves[number - first], none, 32) &&
            !crypt_equal(leaves[number - first], frame->changes[i].leaf, 32))
            *parts = number;
    }
    return RC_OK;
}

static enum rc seek_in(struct carrying *carrying, struct work *work, const struct sought *sought,
                       const struct stored_actor *history, struct err *err) {
    const struct frame *frame = sought->frame;
    uint64_t first = frame->changes[0].change.dot.number, found = 0, parts = 0;
    uint8_t(*leaves)[32] = NULL;
    enum rc rc =
        fork_leaves(work, history, false, first, frame->changes[frame->count - 1].change.dot.number,
                    &leaves, &found, err);

    for (uint32_t i = 0; i < frame->count && rc == RC_OK && found > 0; i++) {
        uint64_t number = frame->changes[i].change.dot.number;

        if (!sought->wanted[i] || sought->known[i] ||
            !crypt_equal(leaves[number - first], frame->changes[i].leaf, 32))
            continue;
        if (parts == 0)
            rc = find_parting(carrying, work, sought, history, leaves, &parts, err);
        sought->known[i] = rc == RC_OK && number < parts;
        if (sought->known[i])
            rc = note_other_name(carrying, work, history, number, frame->changes[i].leaf, err);
    }
    return rc;
}

static enum rc seek(struct carrying *carrying, struct work *work, const struct feed_entry *entry,
                    struct sought *sought, struct err *err) {
    const struct frame *frame = sought->frame;
    bool any = false;
    enum rc rc = RC_OK;

    sought->wanted = arena_array(&work->arena, frame->count, sizeof(*sought->wanted));
    sought->known = arena_array(&work->arena, frame->count, sizeof(*sought->known));
    if (sought->wanted == NULL || sought->known == NULL)
        return no_room(work, err);
    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++) {
        struct dot dot = lineage_read(sought->lineage, frame->changes[i].change.dot);
        struct stored_change row;

        sought->known[i] = !feed_entry_admits(entry, i) || dot.actor != sought->name;
        if (sought->known[i])
            continue;
        rc = store_change(work->ledger->store, dot, &row, err);
        if (rc != RC_NOT_FOUND)
            continue;
        err_clear(err);
        rc = RC_OK;
        sought->wanted[i] = !in_portion(carrying, dot);
        any = any || sought->wanted[i];
    }
    if (rc == RC_OK && any)
        rc = know_histories(carrying, work, frame->actor, err);
    for (uint32_t i = 0; i < carrying->history_count && rc == RC_OK && any; i++)
        rc = seek_in(carrying, work, sought, &carrying->histories[i], err);
    return rc;
}

/* Only what was admitted, and of a fork's frame only what is the fork's: the log's frames hold
 * nothing that its index does not name. */
static enum rc cut_frame(struct carrying *carrying, struct work *work,
                         const struct lineage *lineage, uint64_t name, struct feed_entry *entry,
                         struct frame *frame, struct err *err) {
    struct sought sought = {.frame = frame, .lineage = lineage, .name = name};
    uint32_t count = 0;
    enum rc rc = seek(carrying, work, entry, &sought, err);

    for (uint32_t i = 0; i < frame->count && rc == RC_OK; i++)
        if (!sought.known[i])
            frame->changes[count++] = frame->changes[i];
    if (rc != RC_OK || count == frame->count)
        return rc;
    frame->count = count;
    entry->mask = (struct view){0};
    if (count == 0)
        return RC_OK;
    buf_clear(&work->scratch);
    rc = frame_encode(frame, NULL, NULL, work->deflater, &work->scratch, err);
    entry->content = arena_view(&work->arena, buf_view(&work->scratch));
    return rc == RC_OK ? no_room(work, err) : rc;
}

static enum rc take_frame(struct carrying *carrying, struct work *work, struct feed_entry *entry,
                          struct err *err) {
    struct stored_actor *actor = NULL;
    struct lineage lineage;
    struct dot last = {0, 0};
    struct frame frame, read; /* as it was written, and under the names that it is known by */
    const struct fate **fates;
    uint64_t root;
    bool any = false;
    enum rc rc = frame_decode(entry->content, work->inflater, &work->arena, &frame, err);

    if (rc == RC_OK)
        rc = lineage_decode(entry->forks, &work->arena, &lineage, err);
    if (rc != RC_OK)
        return rc;
    root = frame.actor;
    last = lineage_read(&lineage, frame.changes[frame.count - 1].change.dot);
    rc = cut_frame(carrying, work, &lineage, last.actor, entry, &frame, err);
    if (rc == RC_OK && frame.count == 0)
        return RC_OK;
    read = frame;
    read.changes = arena_copy(&work->arena, frame.changes, frame.count * sizeof(*frame.changes));
    if (rc == RC_OK && read.changes == NULL)
        rc = no_room(work, err);
    if (rc == RC_OK)
        rc = frame_rename(&read, &lineage, &work->arena, err);
    if (rc == RC_OK)
        rc = find_actor(carrying, work, root, &lineage, last.actor, &actor, err);
    if (rc != RC_OK)
        return rc;
    carrying->histories_of = 0; /* there may be more of them now */
    fates = arena_array(&work->arena, frame.count, sizeof(*fates));
    if (fates == NULL)
        return no_room(work, err);
    rc = take_fates(carrying, work, entry, &read, actor, fates, &any, err);
    if (rc != RC_OK || !any)
        return rc;
    return filing_frame(work, &frame, fates,
                        &(struct stored_frame){
                            .actor = last.actor,
                            .forks = entry->forks,
                            .received_ms = entry->received_ms,
                            .offset_ms = entry->offset_ms,
                            .carrier = carrying->carrier,
                            .bytes = entry->content,
                        },
                        err);
}

/* --- actors go up --- */

/* The leaf of a change that an earlier portion or carrier has brought. */
static enum rc stored_leaf(struct work *work, struct dot dot, struct arena *scratch,
                           uint8_t out[32], struct err *err) {
    struct stored_change change;
    struct stored_frame stored;
    struct frame frame;
    enum rc rc = store_change(work->ledger->store, dot, &change, err);

    arena_reset(scratch);
    if (rc == RC_OK)
        rc = store_frame(work->ledger->store, change.frame, scratch, &stored, err);
    if (rc == RC_OK)
        rc = frame_decode_raw(stored.bytes, work->inflater, scratch, &frame, err);
    if (rc == RC_OK && change.position >= frame.count)
        rc = err_set(err, RC_CORRUPT, "log: the index does not fit its frames; run verify");
    if (rc == RC_OK)
        memcpy(out, frame.changes[change.position].leaf, 32);
    return rc;
}

/* RC_NOT_FOUND, err clear: it has not come yet. */
static enum rc next_leaf(struct carrying *carrying, struct work *work, struct dot dot,
                         uint32_t *hint, struct arena *scratch, uint8_t out[32], struct err *err) {
    enum rc rc;

    for (uint32_t i = 0; i < carrying->leaf_count; i++) {
        uint32_t at = (*hint + i) % carrying->leaf_count;

        if (!dot_equal(carrying->leaves[at].dot, dot))
            continue;
        memcpy(out, carrying->leaves[at].leaf, 32);
        *hint = at + 1;
        return RC_OK;
    }
    rc = stored_leaf(work, dot, scratch, out, err);
    if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc;
}

static enum rc advance(struct carrying *carrying, struct work *work, uint64_t id,
                       struct arena *scratch, struct err *err) {
    static const uint8_t none[32];
    struct stored_actor *actor = NULL;
    uint8_t leaf[32];
    uint32_t hint = 0;
    enum rc rc = work_actor(work, id, &actor, err);

    if (rc == RC_OK && actor->fork_of != 0 && crypt_equal(actor->hash, none, 32)) {
        struct stored_actor fork = *actor;
        uint64_t root;

        rc = fork_root(&fork, fork_in_work(work), &root, err);
        if (rc == RC_OK)
            rc = fork_begin(work, root, &fork, err);
        if (rc == RC_OK)
            rc = work_actor(work, id, &actor, err);
        if (rc == RC_OK)
            memcpy(actor->hash, fork.hash, 32);
    }
    if (rc != RC_OK || crypt_equal(actor->hash, none, 32))
        return rc;
    while ((rc = next_leaf(carrying, work, (struct dot){id, actor->number + 1}, &hint, scratch,
                           leaf, err)) == RC_OK) {
        chain_next(actor->hash, leaf, actor->hash);
        actor->number++;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- portions --- */

static enum rc take_entry(struct carrying *carrying, struct work *work,
                          const struct slice_feed *feed, const struct slice_entry *kept,
                          struct err *err) {
    struct feed_entry entry = {.area = feed->area, .audience = feed->audience};
    enum rc rc;

    if (!kept->whole)
        return RC_OK;
    rc = feed_entry_body_decode(kept->body, &entry, err);
    if (rc != RC_OK || entry.kind != FEED_FRAME)
        return rc;
    return take_frame(carrying, work, &entry, err);
}

static enum rc portion_act(void *context, struct work *work, struct err *err) {
    struct carrying *carrying = context;
    struct arena scratch;
    uint32_t admitted = 0;
    enum rc rc = RC_OK;

    carrying->leaves = NULL;
    carrying->actors = NULL;
    carrying->histories_of = 0;
    carrying->proven = NULL;
    carrying->proven_count = carrying->proven_capacity = 0;
    carrying->leaf_count = carrying->leaf_capacity = 0;
    carrying->actor_count = carrying->actor_capacity = carrying->filed = 0;
    carrying->next_feed = carrying->feed;
    carrying->next_entry = carrying->entry;
    if (carrying->feed == 0 && carrying->entry == 0)
        rc = add_people(carrying, work, err);
    while (rc == RC_OK && carrying->next_feed < carrying->slice.feed_count &&
           carrying->filed + carrying->proven_count < WRITER_CHANGES_MAX) {
        const struct slice_feed *feed = &carrying->slice.feeds[carrying->next_feed];

        if (carrying->next_entry == feed->entry_count) {
            carrying->next_feed++;
            carrying->next_entry = 0;
            continue;
        }
        rc = take_entry(carrying, work, feed, &feed->entries[carrying->next_entry++], err);
    }
    if (rc == RC_OK && carrying->proven_count > 0)
        rc = quarantine_prove(work, carrying->proven, carrying->proven_count, &admitted, err);
    arena_init(&scratch, LEAF_BYTES_MAX);
    for (uint32_t i = 0; i < carrying->actor_count && rc == RC_OK; i++)
        rc = advance(carrying, work, carrying->actors[i], &scratch, err);
    arena_release(&scratch);
    return rc;
}

static enum rc note_act(void *context, struct work *work, struct err *err) {
    const struct carrying *carrying = context;
    char object[17], reason[48];

    id_text(carrying->carrier, object);
    snprintf(reason, sizeof(reason), "%u changes of others", carrying->taken);
    return work_act(work, "device", "carried", object, view_text(reason), err);
}

static enum rc open_slice(struct carrying *carrying, struct view bytes, struct err *err) {
    const struct keys *keys = carrying->office->keys;
    struct zip_inflater *inflater = NULL;
    enum rc rc = zip_inflater_new(&inflater, err);

    if (rc == RC_OK)
        rc = slice_open(bytes, keys->county, keys->box_public, keys->box_secret, &carrying->arena,
                        &carrying->slice, err);
    if (rc == RC_OK)
        rc = slice_verify(&carrying->slice, keys->sign_public, inflater, &carrying->arena,
                          &carrying->proof, err);
    zip_inflater_free(inflater);
    return rc;
}

/* What the law had erased in the part of its life that the county has lost. When everything else of
 * the slice is committed, because it is taken out of the log. */
static enum rc take_redactions(const struct carrying *carrying, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t f = 0; f < carrying->slice.feed_count && rc == RC_OK; f++) {
        const struct slice_feed *feed = &carrying->slice.feeds[f];

        for (uint32_t i = 0; i < feed->entry_count && rc == RC_OK; i++) {
            struct feed_entry entry = {.area = feed->area, .audience = feed->audience};
            struct view erasure;
            struct dot record;

            if (!feed->entries[i].whole)
                continue;
            rc = feed_entry_body_decode(feed->entries[i].body, &entry, err);
            if (rc != RC_OK || entry.kind != FEED_REDACT)
                continue;
            rc = feed_record_read(&entry, &record, &erasure, err);
            if (rc == RC_OK)
                rc = redact_carried(carrying->office, record, erasure, err);
        }
    }
    return rc;
}

enum rc carried_take(const struct office *office, struct view bytes, uint64_t carrier,
                     uint32_t *taken, struct err *err) {
    struct carrying carrying = {.office = office, .carrier = carrier};
    enum rc rc;

    *taken = 0;
    arena_init(&carrying.arena, CARRYING_BYTES_MAX);
    rc = open_slice(&carrying, bytes, err);
    while (rc == RC_OK && carrying.feed < carrying.slice.feed_count) {
        rc = office_act(office, portion_act, &carrying, err);
        carrying.feed = carrying.next_feed;
        carrying.entry = carrying.next_entry;
        carrying.taken += rc == RC_OK ? carrying.filed : 0;
    }
    if (rc == RC_OK)
        rc = take_redactions(&carrying, err);
    if (rc == RC_OK && carrying.taken > 0)
        rc = office_act(office, note_act, &carrying, err);
    *taken = carrying.taken;
    arena_release(&carrying.arena);
    return rc;
}

/* --- offers --- */

static enum rc lacks_entry(struct store *store, struct view dots, struct arena *arena, bool *lacks,
                           struct err *err) {
    struct stored_actor actor;
    uint64_t id, *numbers = NULL;
    uint32_t count = 0;
    enum rc rc = own_read(dots, arena, &id, &numbers, &count, err);

    if (rc == RC_OK)
        rc = store_actor(store, id, &actor, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        *lacks = count > 0;
        return RC_OK;
    }
    for (uint32_t i = 0; i < count && rc == RC_OK && !*lacks; i++) {
        bool stored = false, aside = false;

        rc = is_stored(store, &actor, numbers[i], &stored, &aside, err);
        *lacks = !stored || aside;
    }
    return rc;
}

static enum rc lacks_any(struct store *store, const struct slice_offer *offer, bool *lacks,
                         struct err *err) {
    struct arena arena;
    struct reader in;
    enum rc rc = RC_OK;

    *lacks = false;
    reader_init(&in, offer->dots);
    arena_init(&arena, 1024u * 1024u);
    while (rc == RC_OK && !*lacks && !in.failed && read_left(&in) > 0) {
        struct view dots = read_sized(&in);

        arena_reset(&arena);
        if (!in.failed)
            rc = lacks_entry(store, dots, &arena, lacks, err);
    }
    arena_release(&arena);
    return rc == RC_OK && in.failed ? reader_check(&in, "an offer", err) : rc;
}

enum rc carried_offered(struct store *store, struct view offer, struct arena *arena,
                        struct answer *answer, struct err *err) {
    struct slice_offer *offers = NULL;
    uint8_t(*names)[SLICE_NAME_BYTES];
    uint32_t count = 0, lacking = 0;
    enum rc rc = offer_read(offer, arena, &offers, &count, err);

    if (rc != RC_OK)
        return rc;
    names = arena_array(arena, count, sizeof(*names));
    if (names == NULL)
        return arena_check(arena, "an answer", err);
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        bool lacks;

        rc = lacks_any(store, &offers[i], &lacks, err);
        if (rc == RC_OK && lacks)
            memcpy(names[lacking++], offers[i].name, SLICE_NAME_BYTES);
    }
    answer->has_lacking = rc == RC_OK;
    answer->lacking = (const uint8_t(*)[SLICE_NAME_BYTES])names;
    answer->lacking_count = lacking;
    return rc;
}
