/* memory_commit.c: one delta, applied to a copy of everything; see memory.h. */
#include "syncd/store/memory.h"

#include "base/list.h"

/* --- lists --- */

enum rc list_add(struct item_list *list, const void *item, struct err *err) {
    enum rc rc = array_grow(&list->items, list->item_bytes, list->count + 1, SIZE_MAX, "items",
                            &list->capacity, err);

    if (rc == RC_OK)
        memcpy(list_at(list, list->count++), item, list->item_bytes);
    return rc;
}

static enum rc list_put(struct item_list *list, void *known, const void *item, struct err *err) {
    if (known == NULL)
        return list_add(list, item, err);
    memcpy(known, item, list->item_bytes);
    return RC_OK;
}

void list_remove(struct item_list *list, size_t index) {
    list->count--;
    memmove(list_at(list, index), list_at(list, index + 1),
            (list->count - index) * list->item_bytes);
}

static enum rc content_copy(const struct content *from, struct content *to, struct err *err) {
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct item_list *list = &from->lists[i];
        enum rc rc = array_grow(&to->lists[i].items, list->item_bytes, list->count, SIZE_MAX,
                                "items", &to->lists[i].capacity, err);

        if (rc != RC_OK)
            return rc;
        if (list->count > 0)
            memcpy(to->lists[i].items, list->items, list->count * list->item_bytes);
        to->lists[i].count = list->count;
    }
    return RC_OK;
}

/* FIND(list, type, condition on item): a pointer to the first item that meets it, or NULL. */
#define FIND(content, which, type, condition)                                                      \
    do {                                                                                           \
        const struct item_list *list = &(content)->lists[which];                                   \
        for (size_t i = 0; i < list->count; i++) {                                                 \
            type *item = list_at(list, i);                                                         \
            if (condition)                                                                         \
                return item;                                                                       \
        }                                                                                          \
        return NULL;                                                                               \
    } while (0)

struct stored_actor *content_actor(const struct content *content, uint64_t actor) {
    FIND(content, LIST_ACTORS, struct stored_actor, item->actor == actor);
}

struct stored_record *content_record(const struct content *content, struct dot id) {
    FIND(content, LIST_RECORDS, struct stored_record, dot_equal(item->id, id));
}

struct stored_change *content_change(const struct content *content, struct dot dot) {
    FIND(content, LIST_CHANGES, struct stored_change, dot_equal(item->dot, dot));
}

struct stored_feed *content_feed(const struct content *content, uint64_t area, uint8_t audience) {
    FIND(content, LIST_FEEDS, struct stored_feed, item->area == area && item->audience == audience);
}

static struct stored_entry *content_entry(const struct content *content, uint64_t area,
                                          uint8_t audience, uint64_t position) {
    FIND(content, LIST_ENTRIES, struct stored_entry,
         item->entry.area == area && item->entry.audience == audience &&
             item->entry.position == position);
}

static struct stored_device *find_device(const struct content *content, uint64_t device) {
    FIND(content, LIST_DEVICES, struct stored_device, item->device == device);
}

static struct stored_person *find_person(const struct content *content, uint64_t person) {
    FIND(content, LIST_PERSONS, struct stored_person, item->person == person);
}

static struct stored_invitation *find_invitation(const struct content *content,
                                                 const uint8_t *code_id) {
    FIND(content, LIST_INVITATIONS, struct stored_invitation,
         memcmp(item->code_id, code_id, sizeof item->code_id) == 0);
}

static struct stored_form *find_form(const struct content *content, uint64_t form) {
    FIND(content, LIST_FORMS, struct stored_form, item->form == form);
}

static struct stored_quarantine *find_quarantine(const struct content *content, struct dot dot) {
    FIND(content, LIST_QUARANTINE, struct stored_quarantine, dot_equal(item->dot, dot));
}

static struct stored_pending *find_pending(const struct content *content, uint64_t actor,
                                           uint64_t first) {
    FIND(content, LIST_PENDING, struct stored_pending,
         item->actor == actor && item->first == first);
}

static struct stored_setting_copy *find_setting(const struct content *content, const char *name) {
    FIND(content, LIST_SETTINGS, struct stored_setting_copy, strcmp(item->name, name) == 0);
}

/* --- the parts of a delta --- */

static enum rc put_log(struct content *content, const struct store_delta *delta,
                       struct arena *bytes, struct err *err) {
    struct item_list *frames = &content->lists[LIST_FRAMES];
    uint64_t base = frames->count;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->frame_count && rc == RC_OK; i++) {
        struct stored_frame frame = copy_frame(bytes, &delta->frames[i]);

        frame.serial = frames->count + 1;
        rc = list_add(frames, &frame, err);
    }
    for (uint32_t i = 0; i < delta->change_count && rc == RC_OK; i++) {
        struct stored_change change = delta->changes[i];
        const struct stored_actor *actor = content_actor(content, change.dot.actor);

        change.frame += base;
        if ((actor != NULL && change.dot.number <= actor->number) ||
            content_change(content, change.dot) != NULL)
            return err_set(err, RC_CONFLICT, "store: change %llu of its actor is there already",
                           (unsigned long long)change.dot.number);
        rc = list_add(&content->lists[LIST_CHANGES], &change, err);
    }
    for (uint32_t i = 0; i < delta->actor_count && rc == RC_OK; i++) {
        struct stored_actor *known = content_actor(content, delta->actors[i].actor);

        if (known != NULL && known->number > delta->actors[i].number)
            return err_set(err, RC_CONFLICT, "store: the actor stands at %llu already, not at %llu",
                           (unsigned long long)known->number,
                           (unsigned long long)delta->actors[i].number);
        rc = list_put(&content->lists[LIST_ACTORS], known, &delta->actors[i], err);
    }
    for (uint32_t i = 0; i < delta->verdict_count && rc == RC_OK; i++) {
        struct stored_change *known = content_change(content, delta->verdicts[i].dot);

        if (known == NULL)
            return err_set(err, RC_CONFLICT, "store: verdict for change %llu, which is not there",
                           (unsigned long long)delta->verdicts[i].dot.number);
        known->verdict = delta->verdicts[i].verdict;
    }
    for (uint32_t i = 0; i < delta->form_count && rc == RC_OK; i++) {
        struct item_list *forms = &content->lists[LIST_FORMS];
        struct stored_form form = copy_form(bytes, &delta->forms[i]);

        if (find_form(content, form.form) != NULL || form.position != forms->count + 1)
            return err_set(err, RC_CONFLICT,
                           "store: form publication %llu is there already or does not follow",
                           (unsigned long long)form.position);
        rc = list_add(forms, &form, err);
    }
    return rc;
}

static void remove_former(struct content *content, struct dot record) {
    struct item_list *conflicts = &content->lists[LIST_CONFLICTS];
    struct item_list *keys = &content->lists[LIST_KEYS];

    for (size_t i = conflicts->count; i > 0; i--)
        if (dot_equal(((struct stored_conflict *)list_at(conflicts, i - 1))->record, record))
            list_remove(conflicts, i - 1);
    for (size_t i = keys->count; i > 0; i--)
        if (dot_equal(((struct stored_key *)list_at(keys, i - 1))->record, record))
            list_remove(keys, i - 1);
}

static enum rc put_records(struct content *content, const struct store_delta *delta,
                           struct arena *bytes, struct err *err) {
    uint32_t conflict = 0, key = 0;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->record_count && rc == RC_OK; i++) {
        struct stored_record record = copy_record(bytes, &delta->records[i]);
        struct stored_record *known = content_record(content, record.id);
        uint64_t revision = known == NULL ? 0 : known->revision;

        if (record.revision != revision)
            return err_set(err, RC_CONFLICT, "store: record is at revision %llu and not %llu",
                           (unsigned long long)revision, (unsigned long long)record.revision);
        record.revision++;
        remove_former(content, record.id);
        rc = list_put(&content->lists[LIST_RECORDS], known, &record, err);
        for (; rc == RC_OK && conflict < delta->conflict_count &&
               dot_equal(delta->conflicts[conflict].record, record.id);
             conflict++)
            rc = list_add(&content->lists[LIST_CONFLICTS], &delta->conflicts[conflict], err);
        for (;
             rc == RC_OK && key < delta->key_count && dot_equal(delta->keys[key].record, record.id);
             key++)
            rc = list_add(&content->lists[LIST_KEYS], &delta->keys[key], err);
    }
    return rc;
}

static enum rc put_entries(struct content *content, const struct store_delta *delta,
                           uint64_t frame_base, struct arena *bytes, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->entry_count && rc == RC_OK; i++) {
        struct stored_entry entry = copy_entry(bytes, &delta->entries[i]);
        struct stored_feed feed = {.area = entry.entry.area, .audience = entry.entry.audience};
        struct stored_feed *known = content_feed(content, feed.area, feed.audience);

        if (known != NULL)
            feed = *known;
        if (entry.entry.position != feed.position + 1)
            return err_set(
                err, RC_CONFLICT, "store: the feed stands at %llu, entry %llu does not follow",
                (unsigned long long)feed.position, (unsigned long long)entry.entry.position);
        feed.position++;
        memcpy(feed.chain, entry.chain, sizeof feed.chain);
        entry.frame += entry.frame == 0 ? 0 : frame_base;
        rc = list_put(&content->lists[LIST_FEEDS], known, &feed, err);
        if (rc == RC_OK)
            rc = list_add(&content->lists[LIST_ENTRIES], &entry, err);
    }
    return rc;
}

static enum rc cut_content(struct content *content, const struct store_delta *delta,
                           struct arena *bytes, struct err *err) {
    for (uint32_t i = 0; i < delta->cut_frame_count; i++) {
        const struct stored_frame *cut = &delta->cut_frames[i];
        struct item_list *frames = &content->lists[LIST_FRAMES];

        if (cut->serial == 0 || cut->serial > frames->count)
            return err_set(err, RC_CONFLICT, "store: frame %llu is not there to be cut",
                           (unsigned long long)cut->serial);
        ((struct stored_frame *)list_at(frames, cut->serial - 1))->bytes =
            arena_view(bytes, cut->bytes);
    }
    for (uint32_t i = 0; i < delta->cut_entry_count; i++) {
        const struct feed_entry *cut = &delta->cut_entries[i].entry;
        struct stored_entry *known =
            content_entry(content, cut->area, cut->audience, cut->position);

        if (known == NULL)
            return err_set(err, RC_CONFLICT, "store: entry %llu is not there to be cut",
                           (unsigned long long)cut->position);
        known->entry.kind = cut->kind;
        known->entry.content = arena_view(bytes, cut->content);
    }
    return RC_OK;
}

static enum rc put_people(struct content *content, const struct store_delta *delta,
                          struct arena *bytes, struct err *err) {
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->device_count && rc == RC_OK; i++) {
        struct stored_device device = copy_device(bytes, &delta->devices[i]);

        rc = list_put(&content->lists[LIST_DEVICES], find_device(content, device.device), &device,
                      err);
    }
    for (uint32_t i = 0; i < delta->person_count && rc == RC_OK; i++) {
        struct stored_person person = copy_person(bytes, &delta->persons[i]);

        rc = list_put(&content->lists[LIST_PERSONS], find_person(content, person.person), &person,
                      err);
    }
    for (uint32_t i = 0; i < delta->invitation_count && rc == RC_OK; i++) {
        struct stored_invitation invitation = copy_invitation(bytes, &delta->invitations[i]);

        rc = list_put(&content->lists[LIST_INVITATIONS],
                      find_invitation(content, invitation.code_id), &invitation, err);
    }
    for (uint32_t i = 0; i < delta->setting_count && rc == RC_OK; i++) {
        struct view name = arena_view(bytes, view_text(delta->settings[i].name));
        struct stored_setting_copy setting = {(const char *)name.data,
                                              arena_view(bytes, delta->settings[i].value)};

        rc = arena_check(bytes, "the store's memory", err);
        if (rc == RC_OK)
            rc = list_put(&content->lists[LIST_SETTINGS], find_setting(content, setting.name),
                          &setting, err);
    }
    return rc;
}

static enum rc put_waiting(struct content *content, const struct store_delta *delta,
                           struct arena *bytes, struct err *err) {
    struct item_list *pending = &content->lists[LIST_PENDING];
    struct item_list *acts = &content->lists[LIST_ACTS];
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < delta->quarantine_count && rc == RC_OK; i++)
        rc = list_put(&content->lists[LIST_QUARANTINE],
                      find_quarantine(content, delta->quarantine[i].dot), &delta->quarantine[i],
                      err);
    for (uint32_t i = 0; i < delta->settled_count && rc == RC_OK; i++) {
        struct stored_pending *known =
            find_pending(content, delta->settled[i].actor, delta->settled[i].first);

        if (known != NULL)
            list_remove(pending, (size_t)(known - (struct stored_pending *)list_at(pending, 0)));
    }
    for (uint32_t i = 0; i < delta->pending_count && rc == RC_OK; i++) {
        struct stored_pending item = copy_pending(bytes, &delta->pending[i]);

        if (find_pending(content, item.actor, item.first) == NULL)
            rc = list_add(pending, &item, err);
    }
    for (uint32_t i = 0; i < delta->act_count && rc == RC_OK; i++) {
        static const uint8_t START[32];
        struct stored_act act = copy_act(bytes, &delta->acts[i]);
        const struct stored_act *last = acts->count == 0 ? NULL : list_at(acts, acts->count - 1);

        act.serial = acts->count + 1;
        act_chain(last == NULL ? START : last->chain, &act, act.chain);
        rc = list_add(acts, &act, err);
    }
    return rc;
}

enum rc memory_commit(struct store *store, const struct store_delta *delta, struct err *err) {
    struct store_memory *memory = memory_of(store);
    const struct content *now = memory->current; /* nobody else replaces it */
    uint64_t frame_base = now->lists[LIST_FRAMES].count;
    struct content *next = content_new(err);
    struct content *old;
    enum rc rc = next == NULL ? RC_NO_MEMORY : content_copy(now, next, err);

    if (rc == RC_OK)
        rc = put_log(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = put_records(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = listed_put(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = put_entries(next, delta, frame_base, &memory->bytes, err);
    if (rc == RC_OK)
        rc = cut_content(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = put_people(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = put_waiting(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = snapshots_put(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = attachments_put(next, delta, err);
    if (rc == RC_OK)
        rc = logins_put(next, delta, &memory->bytes, err);
    if (rc == RC_OK)
        rc = gists_put(next, delta, err);
    if (rc == RC_OK)
        rc = arena_check(&memory->bytes, "the store's memory", err);
    if (rc != RC_OK) {
        content_free(next);
        return rc;
    }
    (void)pthread_mutex_lock(&memory->mutex);
    old = memory->current;
    memory->current = next;
    (void)pthread_mutex_unlock(&memory->mutex);
    content_drop(memory, old);
    return RC_OK;
}
