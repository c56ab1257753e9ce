/* work.c: see work.h. Everything of a step goes with its arena at the end of the step. */
#include "syncd/sync/work.h"

#include "syncd/sync/redact.h"

#include <stdlib.h>

#define WORK_ARENA_BYTES   (1024u * 1024u * 1024u)
#define WORK_SCRATCH_BYTES (64u * 1024u * 1024u)

/* What a step keeps for the next: as much as WRITER_CHANGES_MAX large records take. */
#define WORK_KEPT_BYTES    (20u * 1024u * 1024u)
#define READING_KEPT_BYTES (256u * 1024u)

enum rc work_open(struct ledger *ledger, const struct keys *keys, const struct env *env,
                  struct work **out, struct err *err) {
    struct work *work = calloc(1, sizeof(*work));
    enum rc rc;

    if (work == NULL)
        return err_set(err, RC_NO_MEMORY, "out of memory");
    work->ledger = ledger;
    work->keys = keys;
    work->env = env;
    arena_init(&work->arena, WORK_ARENA_BYTES);
    arena_keep(&work->arena, WORK_KEPT_BYTES);
    arena_init(&work->reading, WORK_ARENA_BYTES);
    arena_keep(&work->reading, READING_KEPT_BYTES);
    buf_init(&work->scratch, WORK_SCRATCH_BYTES);
    rc = zip_inflater_new(&work->inflater, err);
    if (rc == RC_OK)
        rc = zip_deflater_new(ZIP_LEVEL_DEFAULT, &work->deflater, err);
    if (rc != RC_OK) {
        work_close(work);
        return rc;
    }
    work_reset(work);
    *out = work;
    return RC_OK;
}

void work_close(struct work *work) {
    if (work == NULL)
        return;
    arena_release(&work->arena);
    arena_release(&work->reading);
    buf_release(&work->scratch);
    zip_inflater_free(work->inflater);
    zip_deflater_free(work->deflater);
    free(work);
}

void work_reset(struct work *work) {
    struct work kept = *work;

    arena_reset(&kept.arena);
    arena_reset(&kept.reading);
    buf_clear(&kept.scratch);
    *work = (struct work){
        .ledger = kept.ledger,
        .keys = kept.keys,
        .env = kept.env,
        .inflater = kept.inflater,
        .deflater = kept.deflater,
        .now_ms = env_wall_ms(kept.env),
        .arena = kept.arena,
        .reading = kept.reading,
        .scratch = kept.scratch,
    };
}

enum rc work_epoch(struct work *work, uint32_t *out, struct err *err) {
    struct view setting = {0};
    struct reader reader;
    enum rc rc = RC_OK;

    if (work->epoch == 0) {
        rc = store_setting(work->ledger->store, "epoch", &work->arena, &setting, err);
        if (rc == RC_NOT_FOUND) {
            err_clear(err);
            work->epoch = 1;
            rc = RC_OK;
        } else if (rc == RC_OK) {
            reader_init(&reader, setting);
            work->epoch = (uint32_t)read_varint_max(&reader, UINT32_MAX);
            rc = reader_check(&reader, "the setting epoch", err);
        }
    }
    *out = work->epoch;
    return rc;
}

bool work_is_empty(const struct work *work) {
    return work->record_count == 0 && work->actor_count == 0 && work->frame_count == 0 &&
           work->entry_count == 0 && work->pending_count == 0 && work->settled_count == 0 &&
           work->act_count == 0 && work->device_count == 0 && work->person_count == 0 &&
           work->invitation_count == 0 && work->form_count == 0 && work->setting_count == 0 &&
           work->quarantine_count == 0 && work->verdict_count == 0 && work->snapshot_count == 0 &&
           work->dropped_count == 0 && work->attachment_count == 0 && work->login_count == 0 &&
           work->session_count == 0 && work->ended_count == 0;
}

static enum rc no_room(struct work *work, struct err *err) {
    if (work->arena.failed == RC_OK)
        work->arena.failed = RC_LIMIT;
    return arena_check(&work->arena, "a step of the writer", err);
}

static uint32_t dot_hash(struct dot dot) {
    uint64_t mixed = (dot.actor ^ (dot.number * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;

    return (uint32_t)(mixed >> 32);
}

static struct work_record **slot_find(const struct work *work, struct dot id) {
    uint32_t mask = work->slot_count - 1;
    uint32_t at = dot_hash(id) & mask;

    while (work->slots[at] != NULL && !dot_equal(work->slots[at]->stored.id, id))
        at = (at + 1) & mask;
    return &work->slots[at];
}

static bool slots_grow(struct work *work) {
    uint32_t count = work->slot_count == 0 ? 1024 : work->slot_count * 2;
    struct work_record **slots = arena_array(&work->arena, count, sizeof(struct work_record *));

    if (slots == NULL)
        return false;
    work->slots = slots;
    work->slot_count = count;
    for (uint32_t i = 0; i < work->record_count; i++)
        *slot_find(work, work->records[i]->stored.id) = work->records[i];
    return true;
}

static enum rc record_add(struct work *work, const struct stored_record *stored, struct err *err) {
    struct work_record *record = arena_alloc(&work->arena, sizeof(*record));
    struct work_record **place;
    enum rc rc;

    if (record == NULL || (work->record_count * 2 >= work->slot_count && !slots_grow(work)))
        return no_room(work, err);
    record->stored = *stored;
    record->old_area_count = stored->area_count;
    record->old_areas = stored->areas;
    record->audience = stored->audience;
    record->form = stored->form;
    record_init(&record->state, stored->id);
    if (stored->revision == 0)
        rc = redact_waiting(work, stored->id, &record->state, err);
    else
        rc = record_unpack(stored->packed, &work->arena, &record->state, err);
    if (rc != RC_OK)
        return err_prefix(err, "stored record: ");
    place = arena_push(&work->arena, &work->records, &work->record_count, &work->record_capacity,
                       sizeof(struct work_record *));
    if (place == NULL)
        return no_room(work, err);
    *place = record;
    *slot_find(work, stored->id) = record;
    return RC_OK;
}

enum rc work_prefetch(struct work *work, const struct dot *ids, uint32_t count, struct err *err) {
    struct dot *missing = arena_array(&work->arena, count, sizeof(*missing));
    struct stored_record *stored = arena_array(&work->arena, count, sizeof(*stored));
    uint32_t missing_count = 0;
    enum rc rc;

    if (missing == NULL || stored == NULL)
        return no_room(work, err);
    if (work->slot_count == 0 && !slots_grow(work))
        return no_room(work, err);
    for (uint32_t i = 0; i < count; i++)
        if (*slot_find(work, ids[i]) == NULL)
            missing[missing_count++] = ids[i];
    if (missing_count == 0)
        return RC_OK;
    rc = store_records(work->ledger->store, missing, missing_count, &work->arena, stored, err);
    for (uint32_t i = 0; i < missing_count && rc == RC_OK; i++) {
        if (*slot_find(work, missing[i]) != NULL)
            continue; /* asked for twice */
        stored[i].id = missing[i];
        rc = record_add(work, &stored[i], err);
    }
    return rc;
}

enum rc work_record(struct work *work, struct dot id, struct work_record **out, struct err *err) {
    enum rc rc = RC_OK;

    if (work->slot_count == 0 || *slot_find(work, id) == NULL)
        rc = work_prefetch(work, &id, 1, err);
    if (rc == RC_OK)
        *out = *slot_find(work, id);
    return rc;
}

enum rc work_actor(struct work *work, uint64_t actor, struct stored_actor **out, struct err *err) {
    struct stored_actor stored;
    enum rc rc;

    for (uint32_t i = 0; i < work->actor_count; i++)
        if (work->actors[i].actor == actor) {
            *out = &work->actors[i];
            return RC_OK;
        }
    rc = store_actor(work->ledger->store, actor, &stored, err);
    if (rc != RC_OK)
        return rc;
    return work_actor_add(work, &stored, out, err);
}

enum rc work_actor_add(struct work *work, const struct stored_actor *actor,
                       struct stored_actor **out, struct err *err) {
    struct stored_actor *added = WORK_ADD(work, actors, actor_count, actor_capacity);

    if (added == NULL)
        return no_room(work, err);
    *added = *actor;
    *out = added;
    return RC_OK;
}

static enum rc load_person(struct work *work, uint64_t person, struct work_person **out,
                           struct err *err) {
    struct work_person loaded = {.person = person, .stored = true};
    enum rc rc = store_person(work->ledger->store, person, &work->arena, &loaded.row, err);

    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        loaded.stored = false;
    } else if (rc != RC_OK) {
        return rc;
    }
    *out = WORK_ADD(work, known_persons, known_person_count, known_person_capacity);
    if (*out == NULL)
        return no_room(work, err);
    **out = loaded;
    return RC_OK;
}

enum rc work_person(struct work *work, uint64_t person, const struct stored_person **out,
                    struct err *err) {
    struct work_person *known = NULL;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < work->known_person_count && known == NULL; i++)
        if (work->known_persons[i].person == person)
            known = &work->known_persons[i];
    if (known == NULL)
        rc = load_person(work, person, &known, err);
    if (rc != RC_OK)
        return rc;
    if (known->stored) {
        *out = &known->row;
        return RC_OK;
    }
    for (uint32_t i = 0; i < work->person_count; i++)
        if (work->persons[i].person == person) {
            *out = &work->persons[i];
            return RC_OK;
        }
    return RC_NOT_FOUND;
}

enum rc work_device(struct work *work, uint64_t device, struct stored_device *out,
                    struct err *err) {
    for (uint32_t i = work->device_count; i > 0; i--)
        if (work->devices[i - 1].device == device) {
            *out = work->devices[i - 1];
            return RC_OK;
        }
    return store_device(work->ledger->store, device, &work->arena, out, err);
}

enum rc work_feed(struct work *work, uint64_t area, uint8_t audience, struct stored_feed **out,
                  struct err *err) {
    struct stored_feed *feed;

    for (uint32_t i = 0; i < work->feed_count; i++)
        if (work->feeds[i].area == area && work->feeds[i].audience == audience) {
            *out = &work->feeds[i];
            return RC_OK;
        }
    feed = WORK_ADD(work, feeds, feed_count, feed_capacity);
    if (feed == NULL)
        return no_room(work, err);
    *out = feed;
    return store_feed(work->ledger->store, area, audience, feed, err);
}

enum rc work_entry(struct work *work, struct stored_entry entry, const uint8_t digest[32],
                   struct err *err) {
    struct stored_feed *feed = NULL;
    struct stored_entry *added;
    enum rc rc = work_feed(work, entry.entry.area, entry.entry.audience, &feed, err);

    if (rc != RC_OK)
        return rc;
    added = WORK_ADD(work, entries, entry_count, entry_capacity);
    if (added == NULL)
        return no_room(work, err);
    feed->position++;
    feed_chain_next(feed->chain, digest, feed->chain);
    entry.entry.position = feed->position;
    memcpy(entry.chain, feed->chain, sizeof(entry.chain));
    *added = entry;
    return RC_OK;
}

enum rc work_act(struct work *work, const char *who, const char *action, const char *object,
                 struct view reason, struct err *err) {
    struct stored_act *act = WORK_ADD(work, acts, act_count, act_capacity);

    if (act == NULL)
        return no_room(work, err);
    *act = (struct stored_act){
        .at_ms = work->now_ms,
        .who = arena_view(&work->arena, view_text(who)),
        .action = view_text(action),
        .object = arena_view(&work->arena, view_text(object)),
        .reason = arena_view(&work->arena, reason),
    };
    return arena_check(&work->arena, "a step of the writer", err);
}
