/* store_memory.c: handles of the naive engine, and reading one thing; see memory.h. */
#include "syncd/store/memory.h"

#define MEMORY_BYTES (UINT64_C(64) << 30) /* the cap of the arena; the machine has less */

/* --- one thing --- */

/* RETURN_FIRST(list, type, condition, result): copies the first item that meets the condition. */
#define RETURN_FIRST(which, type, condition, result)                                               \
    do {                                                                                           \
        const struct item_list *list = LIST(which);                                                \
        for (size_t i = 0; i < list->count; i++) {                                                 \
            const type *item = list_at(list, i);                                                   \
            if (condition) {                                                                       \
                *out = result;                                                                     \
                return RC_OK;                                                                      \
            }                                                                                      \
        }                                                                                          \
        return RC_NOT_FOUND;                                                                       \
    } while (0)

/* The same, for what is copied into the caller's arena. */
#define COPY_FIRST(which, type, condition, copy)                                                   \
    do {                                                                                           \
        const struct item_list *list = LIST(which);                                                \
        for (size_t i = 0; i < list->count; i++) {                                                 \
            const type *item = list_at(list, i);                                                   \
            if (condition) {                                                                       \
                *out = copy(arena, item);                                                          \
                return arena_check(arena, "what was asked for", err);                              \
            }                                                                                      \
        }                                                                                          \
        return RC_NOT_FOUND;                                                                       \
    } while (0)

static struct view copy_value(struct arena *arena, const struct stored_setting_copy *from) {
    return arena_view(arena, from->value);
}

static enum rc memory_setting(struct store *store, const char *name, struct arena *arena,
                              struct view *out, struct err *err) {
    COPY_FIRST(LIST_SETTINGS, struct stored_setting_copy, strcmp(item->name, name) == 0,
               copy_value);
}

static enum rc memory_device(struct store *store, uint64_t device, struct arena *arena,
                             struct stored_device *out, struct err *err) {
    COPY_FIRST(LIST_DEVICES, struct stored_device, item->device == device, copy_device);
}

static enum rc memory_person(struct store *store, uint64_t person, struct arena *arena,
                             struct stored_person *out, struct err *err) {
    COPY_FIRST(LIST_PERSONS, struct stored_person, item->person == person, copy_person);
}

static enum rc memory_person_named(struct store *store, struct view name, struct arena *arena,
                                   struct stored_person *out, struct err *err) {
    const struct item_list *list = LIST(LIST_PERSONS);
    const struct stored_person *best = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct stored_person *item = list_at(list, i);

        if (item->device != 0 || !view_equal(item->name, name))
            continue;
        if (best == NULL || item->disabled < best->disabled ||
            (item->disabled == best->disabled && item->person < best->person))
            best = item;
    }
    if (best == NULL)
        return RC_NOT_FOUND;
    *out = copy_person(arena, best);
    return arena_check(arena, "a person", err);
}

static enum rc memory_invitation(struct store *store, const uint8_t *code_id, struct arena *arena,
                                 struct stored_invitation *out, struct err *err) {
    COPY_FIRST(LIST_INVITATIONS, struct stored_invitation,
               memcmp(item->code_id, code_id, sizeof item->code_id) == 0, copy_invitation);
}

static enum rc memory_actor(struct store *store, uint64_t actor, struct stored_actor *out,
                            struct err *err) {
    (void)err;
    RETURN_FIRST(LIST_ACTORS, struct stored_actor, item->actor == actor, *item);
}

static enum rc memory_quarantined(struct store *store, struct dot dot,
                                  struct stored_quarantine *out, struct err *err) {
    (void)err;
    RETURN_FIRST(LIST_QUARANTINE, struct stored_quarantine, dot_equal(item->dot, dot), *item);
}

static enum rc memory_form(struct store *store, uint64_t form, struct arena *arena,
                           struct stored_form *out, struct err *err) {
    COPY_FIRST(LIST_FORMS, struct stored_form, item->form == form, copy_form);
}

static enum rc memory_change(struct store *store, struct dot dot, struct stored_change *out,
                             struct err *err) {
    (void)err;
    RETURN_FIRST(LIST_CHANGES, struct stored_change, dot_equal(item->dot, dot), *item);
}

static enum rc memory_frame(struct store *store, uint64_t serial, struct arena *arena,
                            struct stored_frame *out, struct err *err) {
    COPY_FIRST(LIST_FRAMES, struct stored_frame, item->serial == serial, copy_frame);
}

static enum rc memory_record(struct store *store, struct dot id, struct arena *arena,
                             struct stored_record *out, struct err *err) {
    COPY_FIRST(LIST_RECORDS, struct stored_record, dot_equal(item->id, id), copy_record);
}

static enum rc memory_feed(struct store *store, uint64_t area, uint8_t audience,
                           struct stored_feed *out, struct err *err) {
    const struct stored_feed *feed = content_feed(content_of(store), area, audience);

    (void)err;
    *out = feed == NULL ? (struct stored_feed){.area = area, .audience = audience} : *feed;
    return RC_OK;
}

static enum rc memory_feed_chain(struct store *store, uint64_t area, uint8_t audience,
                                 uint64_t position, uint8_t *out, struct err *err) {
    const struct item_list *list = LIST(LIST_ENTRIES);

    (void)err;
    for (size_t i = 0; i < list->count; i++) {
        const struct stored_entry *item = list_at(list, i);

        if (item->entry.area == area && item->entry.audience == audience &&
            item->entry.position == position) {
            memcpy(out, item->chain, sizeof item->chain);
            return RC_OK;
        }
    }
    return RC_NOT_FOUND;
}

static enum rc memory_count(struct store *store, struct store_counts *out, struct err *err) {
    (void)err;
    *out = (struct store_counts){
        .records = LIST(LIST_RECORDS)->count,
        .changes = LIST(LIST_CHANGES)->count,
        .frames = LIST(LIST_FRAMES)->count,
        .conflicts = LIST(LIST_CONFLICTS)->count,
        .devices = LIST(LIST_DEVICES)->count,
        .forms = LIST(LIST_FORMS)->count,
        .entries = LIST(LIST_ENTRIES)->count,
        .acts = LIST(LIST_ACTS)->count,
    };
    for (size_t i = 0; i < LIST(LIST_QUARANTINE)->count; i++) {
        const struct stored_quarantine *item = list_at(LIST(LIST_QUARANTINE), i);

        out->quarantined += !item->settled;
    }
    for (size_t i = 0; i < out->frames; i++) {
        const struct stored_frame *frame = list_at(LIST(LIST_FRAMES), i);

        out->bytes_log += frame->bytes.size;
    }
    for (size_t i = 0; i < out->records; i++) {
        const struct stored_record *record = list_at(LIST(LIST_RECORDS), i);

        out->bytes_states += record->packed.size;
    }
    return RC_OK;
}

/* --- handles --- */

static const size_t ITEM_BYTES[LIST_COUNT] = {
    [LIST_SETTINGS] = sizeof(struct stored_setting_copy),
    [LIST_DEVICES] = sizeof(struct stored_device),
    [LIST_PERSONS] = sizeof(struct stored_person),
    [LIST_INVITATIONS] = sizeof(struct stored_invitation),
    [LIST_ACTORS] = sizeof(struct stored_actor),
    [LIST_FORMS] = sizeof(struct stored_form),
    [LIST_FRAMES] = sizeof(struct stored_frame),
    [LIST_CHANGES] = sizeof(struct stored_change),
    [LIST_RECORDS] = sizeof(struct stored_record),
    [LIST_CONFLICTS] = sizeof(struct stored_conflict),
    [LIST_KEYS] = sizeof(struct stored_key),
    [LIST_QUARANTINE] = sizeof(struct stored_quarantine),
    [LIST_FEEDS] = sizeof(struct stored_feed),
    [LIST_ENTRIES] = sizeof(struct stored_entry),
    [LIST_PENDING] = sizeof(struct stored_pending),
    [LIST_ACTS] = sizeof(struct stored_act),
    [LIST_SNAPSHOTS] = sizeof(struct stored_snapshot),
    [LIST_CHUNKS] = sizeof(struct stored_chunk),
    [LIST_ATTACHMENTS] = sizeof(struct stored_attachment),
    [LIST_LISTED] = sizeof(struct stored_listed),
    [LIST_REVIEWS] = sizeof(struct stored_review),
    [LIST_LOGINS] = sizeof(struct stored_login),
    [LIST_SESSIONS] = sizeof(struct stored_session),
    [LIST_GISTS] = sizeof(struct stored_gist),
};

struct content *content_new(struct err *err) {
    struct content *content = calloc(1, sizeof *content);

    if (content == NULL) {
        (void)err_set(err, RC_NO_MEMORY, "store: out of memory");
        return NULL;
    }
    content->holders = 1;
    for (size_t i = 0; i < LIST_COUNT; i++)
        content->lists[i].item_bytes = ITEM_BYTES[i];
    return content;
}

void content_free(struct content *content) {
    if (content == NULL)
        return;
    for (size_t i = 0; i < LIST_COUNT; i++)
        free(content->lists[i].items);
    free(content);
}

struct content *content_take(struct store_memory *memory) {
    struct content *content;

    (void)pthread_mutex_lock(&memory->mutex);
    content = memory->current;
    content->holders++;
    (void)pthread_mutex_unlock(&memory->mutex);
    return content;
}

void content_drop(struct store_memory *memory, struct content *content) {
    bool last;

    (void)pthread_mutex_lock(&memory->mutex);
    last = --content->holders == 0;
    (void)pthread_mutex_unlock(&memory->mutex);
    if (last)
        content_free(content);
}

static enum rc memory_hold(struct store *store, struct err *err) {
    struct memory_handle *handle = (struct memory_handle *)store;

    (void)err;
    if (handle->holds++ == 0)
        handle->held = content_take(handle->memory);
    return RC_OK;
}

static void memory_let_go(struct store *store) {
    struct memory_handle *handle = (struct memory_handle *)store;

    if (--handle->holds == 0) {
        content_drop(handle->memory, handle->held);
        handle->held = NULL;
    }
}

static enum rc memory_check(struct store *store, struct err *err) {
    (void)store;
    (void)err;
    return RC_OK;
}

static enum rc memory_scrub(struct store *store, struct err *err) {
    (void)store;
    (void)err;
    return RC_OK; /* it has no files */
}

static enum rc memory_backup(struct store *store, const char *path, struct err *err) {
    (void)store;
    return err_set(err, RC_UNSUPPORTED, "backup %s: a county in memory has no file to copy", path);
}

static void memory_close(struct store *store) {
    struct store_memory *memory = memory_of(store);

    (void)pthread_mutex_lock(&memory->mutex);
    if (store->writing)
        memory->has_writer = false;
    (void)pthread_mutex_unlock(&memory->mutex);
    free(store);
}

static const struct store_engine ENGINE = {
    .hold = memory_hold,
    .let_go = memory_let_go,
    .commit = memory_commit,
    .setting = memory_setting,
    .device = memory_device,
    .person = memory_person,
    .person_named = memory_person_named,
    .invitation = memory_invitation,
    .actor = memory_actor,
    .quarantined = memory_quarantined,
    .form = memory_form,
    .change = memory_change,
    .frame = memory_frame,
    .record = memory_record,
    .feed = memory_feed,
    .feed_chain = memory_feed_chain,
    .feed_weight = memory_feed_weight,
    .chunk = memory_chunk,
    .snapshots = memory_snapshots,
    .find = memory_find,
    .tally = memory_tally,
    .attachment = memory_attachment,
    .attachments = memory_attachments,
    .login = memory_login,
    .logins = memory_logins,
    .session = memory_session,
    .sessions = memory_sessions,
    .about = memory_about,
    .gists = memory_gists,
    .gist_count = memory_gist_count,
    .count = memory_count,
    .settings = memory_settings,
    .devices = memory_devices,
    .persons = memory_persons,
    .device_persons = memory_device_persons,
    .new_persons = memory_new_persons,
    .invitations = memory_invitations,
    .actors = memory_actors,
    .device_actors = memory_device_actors,
    .actor_forks = memory_actor_forks,
    .forms = memory_forms,
    .list = memory_list,
    .conflicts = memory_conflicts,
    .conflict_times = memory_conflict_times,
    .inflow = memory_inflow,
    .record_conflicts = memory_record_conflicts,
    .proposals = memory_proposals,
    .quarantine = memory_quarantine,
    .actor_quarantine = memory_actor_quarantine,
    .waiting = memory_waiting,
    .feeds = memory_feeds,
    .entries = memory_entries,
    .frames = memory_frames,
    .history = memory_history,
    .actor_changes = memory_actor_changes,
    .pending = memory_pending,
    .acts = memory_acts,
    .keys = memory_keys,
    .check = memory_check,
    .scrub = memory_scrub,
    .backup = memory_backup,
    .close = memory_close,
};

enum rc store_memory_new(struct store_memory **out, struct err *err) {
    struct store_memory *memory = calloc(1, sizeof *memory);

    *out = NULL;
    if (memory == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    memory->current = content_new(err);
    if (memory->current == NULL) {
        free(memory);
        return RC_NO_MEMORY;
    }
    arena_init(&memory->bytes, MEMORY_BYTES);
    (void)pthread_mutex_init(&memory->mutex, NULL);
    *out = memory;
    return RC_OK;
}

void store_memory_free(struct store_memory *memory) {
    if (memory == NULL)
        return;
    content_free(memory->current);
    arena_release(&memory->bytes);
    (void)pthread_mutex_destroy(&memory->mutex);
    free(memory);
}

enum rc store_memory_open(struct store_memory *memory, bool writing, struct store **out,
                          struct err *err) {
    struct memory_handle *handle = calloc(1, sizeof *handle);
    bool refused;

    *out = NULL;
    if (handle == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    (void)pthread_mutex_lock(&memory->mutex);
    refused = writing && memory->has_writer;
    memory->has_writer = memory->has_writer || writing;
    (void)pthread_mutex_unlock(&memory->mutex);
    if (refused) {
        free(handle);
        return err_set(err, RC_LOCKED, "store: somebody else has opened it for writing");
    }
    handle->store = (struct store){.engine = &ENGINE, .writing = writing};
    handle->memory = memory;
    *out = &handle->store;
    return RC_OK;
}
