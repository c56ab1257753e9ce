/* memory_walk.c: the walks of the naive engine: pick, sort, show; see memory.h. */
#include "syncd/store/memory.h"

typedef int item_order(const void *left, const void *right);

static int order(uint64_t left, uint64_t right) {
    return (left > right) - (left < right);
}

static int order_signed(int64_t left, int64_t right) {
    return (left > right) - (left < right);
}

/* Sorts pointers to items; equal ones stay in the order in which they came. */
static void sort_picks(const void **picks, size_t count, item_order *compare) {
    for (size_t i = 1; i < count; i++) {
        const void *pick = picks[i];
        size_t at = i;

        for (; at > 0 && compare(picks[at - 1], pick) > 0; at--)
            picks[at] = picks[at - 1];
        picks[at] = pick;
    }
}

/* SHOW(list, type, condition, order): the whole of a walk. */
#define SHOW(which, type, condition, compare)                                                      \
    do {                                                                                           \
        const struct item_list *list = LIST(which);                                                \
        const void **picks = calloc(list->count + 1, sizeof *picks);                               \
        size_t count = 0;                                                                          \
        enum rc rc = RC_OK;                                                                        \
        if (picks == NULL)                                                                         \
            return err_set(err, RC_NO_MEMORY, "store: out of memory");                             \
        for (size_t i = 0; i < list->count; i++) {                                                 \
            const type *item = list_at(list, i);                                                   \
            if (condition)                                                                         \
                picks[count++] = item;                                                             \
        }                                                                                          \
        sort_picks(picks, count, compare);                                                         \
        for (size_t i = 0; i < count && rc == RC_OK; i++) {                                        \
            const type *item = picks[i];                                                           \
            rc = visit(context, item, err);                                                        \
        }                                                                                          \
        free(picks);                                                                               \
        return rc;                                                                                 \
    } while (0)

static int by_setting(const void *left, const void *right) {
    const struct stored_setting_copy *a = left, *b = right;

    return strcmp(a->name, b->name);
}

enum rc memory_settings(struct store *store, store_visit_setting *show, void *context,
                        struct err *err) {
    const struct item_list *list = LIST(LIST_SETTINGS);
    const void **picks = calloc(list->count + 1, sizeof *picks);
    enum rc rc = RC_OK;

    if (picks == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    for (size_t i = 0; i < list->count; i++)
        picks[i] = list_at(list, i);
    sort_picks(picks, list->count, by_setting);
    for (size_t i = 0; i < list->count && rc == RC_OK; i++) {
        const struct stored_setting_copy *setting = picks[i];

        rc = show(context, setting->name, setting->value, err);
    }
    free(picks);
    return rc;
}

static int by_device(const void *left, const void *right) {
    const struct stored_device *a = left, *b = right;

    return order(a->device, b->device);
}

enum rc memory_devices(struct store *store, store_visit_device *visit, void *context,
                       struct err *err) {
    SHOW(LIST_DEVICES, struct stored_device, item->device != 0, by_device);
}

static int by_person(const void *left, const void *right) {
    const struct stored_person *a = left, *b = right;

    return order(a->person, b->person);
}

enum rc memory_persons(struct store *store, store_visit_person *visit, void *context,
                       struct err *err) {
    SHOW(LIST_PERSONS, struct stored_person, item->person != 0, by_person);
}

enum rc memory_device_persons(struct store *store, uint64_t device, store_visit_person *visit,
                              void *context, struct err *err) {
    SHOW(LIST_PERSONS, struct stored_person, item->device == device, by_person);
}

enum rc memory_new_persons(struct store *store, int64_t after_ms, store_visit_person *visit,
                           void *context, struct err *err) {
    SHOW(LIST_PERSONS, struct stored_person, item->created_ms > after_ms, by_person);
}

static int by_invitation(const void *left, const void *right) {
    const struct stored_invitation *a = left, *b = right;

    return memcmp(a->code_id, b->code_id, sizeof a->code_id);
}

enum rc memory_invitations(struct store *store, store_visit_invitation *visit, void *context,
                           struct err *err) {
    SHOW(LIST_INVITATIONS, struct stored_invitation, item->expires_ms >= INT64_MIN, by_invitation);
}

enum rc memory_actors(struct store *store, store_visit_actor *visit, void *context,
                      struct err *err) {
    SHOW(LIST_ACTORS, struct stored_actor, item->actor != 0, stored_actor_order);
}

enum rc memory_device_actors(struct store *store, uint64_t device, store_visit_actor *visit,
                             void *context, struct err *err) {
    SHOW(LIST_ACTORS, struct stored_actor, item->device == device, stored_actor_order);
}

enum rc memory_actor_forks(struct store *store, uint64_t actor, store_visit_actor *visit,
                           void *context, struct err *err) {
    SHOW(LIST_ACTORS, struct stored_actor, item->fork_of != 0 && item->fork_of == actor,
         stored_actor_order);
}

static int by_form(const void *left, const void *right) {
    const struct stored_form *a = left, *b = right;

    return order(a->position, b->position);
}

enum rc memory_forms(struct store *store, uint64_t after, store_visit_form *visit, void *context,
                     struct err *err) {
    SHOW(LIST_FORMS, struct stored_form, item->position > after, by_form);
}

static bool within(uint64_t outer, uint64_t area) {
    return outer == 0 || area_contains(outer, area);
}

static bool record_within(uint64_t outer, const struct stored_record *record) {
    for (uint32_t i = 0; i < record->area_count; i++)
        if (within(outer, record->areas[i]))
            return true;
    return outer == 0;
}

static int by_record(const void *left, const void *right) {
    const struct stored_record *a = left, *b = right;

    return dot_compare(a->id, b->id);
}

enum rc memory_list(struct store *store, struct view form_name, uint64_t area, struct dot after,
                    store_visit_record *visit, void *context, struct err *err) {
    SHOW(LIST_RECORDS, struct stored_record,
         (form_name.size == 0 || view_equal(item->form_name, form_name)) &&
             record_within(area, item) && dot_compare(item->id, after) > 0,
         by_record);
}

static int by_due(const void *left, const void *right) {
    const struct stored_conflict *a = left, *b = right;

    return a->due_ms != b->due_ms ? order_signed(a->due_ms, b->due_ms)
                                  : dot_compare(a->record, b->record);
}

enum rc memory_conflicts(struct store *store, uint64_t area, int64_t from_due_ms,
                         store_visit_conflict *visit, void *context, struct err *err) {
    SHOW(LIST_CONFLICTS, struct stored_conflict,
         within(area, item->area) && item->due_ms >= from_due_ms, by_due);
}

struct times {
    store_visit_conflict_time *visit;
    void *context;
};

static enum rc time_visit(void *context, const struct stored_conflict *conflict, struct err *err) {
    struct times *times = context;

    return times->visit(times->context, conflict->since_ms, conflict->due_ms, err);
}

enum rc memory_conflict_times(struct store *store, uint64_t area, store_visit_conflict_time *visit,
                              void *context, struct err *err) {
    struct times times = {visit, context};

    return memory_conflicts(store, area, INT64_MIN, time_visit, &times, err);
}

static int by_day(const void *left, const void *right) {
    const struct stored_inflow *a = left, *b = right;

    return a->day != b->day ? order_signed(a->day, b->day) : order(a->area, b->area);
}

enum rc memory_inflow(struct store *store, int64_t from_day, int64_t to_day,
                      store_visit_inflow *visit, void *context, struct err *err) {
    const struct item_list *frames = LIST(LIST_FRAMES);
    struct stored_inflow *sums = calloc(frames->count + 1, sizeof(*sums));
    size_t count = 0;
    enum rc rc = RC_OK;

    if (sums == NULL)
        return err_set(err, RC_NO_MEMORY, "store: out of memory");
    for (size_t i = 0; i < frames->count; i++) {
        const struct stored_frame *frame = list_at(frames, i);
        int64_t day = inflow_day(frame->received_ms);
        size_t at = 0;

        if (day < from_day || day > to_day)
            continue;
        while (at < count && (sums[at].day != day || sums[at].area != frame->area))
            at++;
        if (at == count)
            sums[count++] = (struct stored_inflow){.day = day, .area = frame->area};
        sums[at].frames++;
        sums[at].changes += frame_span(frame);
    }
    if (count > 1)
        qsort(sums, count, sizeof(*sums), by_day);
    for (size_t i = 0; i < count && rc == RC_OK; i++)
        rc = visit(context, &sums[i], err);
    free(sums);
    return rc;
}

static int as_given(const void *left, const void *right) {
    (void)left;
    (void)right;
    return 0;
}

enum rc memory_record_conflicts(struct store *store, struct dot record, store_visit_conflict *visit,
                                void *context, struct err *err) {
    SHOW(LIST_CONFLICTS, struct stored_conflict, dot_equal(item->record, record), as_given);
}

static int by_younger(const void *left, const void *right) {
    const struct stored_conflict *a = left, *b = right;

    return dot_compare(a->record, b->record);
}

enum rc memory_proposals(struct store *store, struct dot other, store_visit_conflict *visit,
                         void *context, struct err *err) {
    SHOW(LIST_CONFLICTS, struct stored_conflict,
         item->other_number != 0 && item->other_actor == other.actor &&
             item->other_number == other.number,
         by_younger);
}

enum rc memory_quarantine(struct store *store, bool settled_too, store_visit_quarantine *visit,
                          void *context, struct err *err) {
    SHOW(LIST_QUARANTINE, struct stored_quarantine, settled_too || !item->settled,
         stored_quarantine_order);
}

enum rc memory_actor_quarantine(struct store *store, uint64_t actor, uint32_t after_settled,
                                bool waiting_too, store_visit_quarantine *visit, void *context,
                                struct err *err) {
    SHOW(LIST_QUARANTINE, struct stored_quarantine,
         item->dot.actor == actor &&
             (item->settled == 0 ? waiting_too : item->settled > after_settled),
         stored_quarantine_order);
}

enum rc memory_waiting(struct store *store, uint64_t device, const struct stored_quarantine *after,
                       store_visit_quarantine *visit, void *context, struct err *err) {
    SHOW(LIST_QUARANTINE, struct stored_quarantine,
         item->settled == 0 && (device == 0 || item->device == device) &&
             (after == NULL || stored_quarantine_order(item, after) > 0),
         stored_quarantine_order);
}

static int by_feed(const void *left, const void *right) {
    const struct stored_feed *a = left, *b = right;

    return a->area != b->area ? order(a->area, b->area) : order(a->audience, b->audience);
}

static bool feed_wanted(const struct stored_feed *feed, const uint64_t *areas, uint32_t area_count,
                        uint8_t audience_mask) {
    for (uint32_t i = 0; i < area_count; i++)
        if (within(areas[i], feed->area))
            return (audience_mask >> feed->audience & 1) != 0;
    return false;
}

enum rc memory_feeds(struct store *store, const uint64_t *areas, uint32_t area_count,
                     uint8_t audience_mask, store_visit_feed *visit, void *context,
                     struct err *err) {
    SHOW(LIST_FEEDS, struct stored_feed, feed_wanted(item, areas, area_count, audience_mask),
         by_feed);
}

/* In the order in which they came, which is that of their positions. */
enum rc memory_entries(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                       store_visit_entry *visit, void *context, struct err *err) {
    const struct item_list *list = LIST(LIST_ENTRIES);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < list->count && rc == RC_OK; i++) {
        struct stored_entry entry = *(const struct stored_entry *)list_at(list, i);

        if (entry.entry.area != area || entry.entry.audience != audience ||
            entry.entry.position <= after)
            continue;
        if (entry.entry.content.size == 0 && entry.frame != 0) {
            const struct stored_frame *frame = list_at(LIST(LIST_FRAMES), entry.frame - 1);

            entry.entry.content = frame->bytes;
        }
        rc = visit(context, &entry, err);
    }
    return rc;
}

static int by_serial(const void *left, const void *right) {
    const struct stored_frame *a = left, *b = right;

    return order(a->serial, b->serial);
}

enum rc memory_frames(struct store *store, uint64_t after, store_visit_frame *visit, void *context,
                      struct err *err) {
    SHOW(LIST_FRAMES, struct stored_frame, item->serial > after, by_serial);
}

enum rc memory_history(struct store *store, struct dot record, store_visit_change *visit,
                       void *context, struct err *err) {
    SHOW(LIST_CHANGES, struct stored_change, dot_equal(item->record, record), change_order);
}

static int by_number(const void *left, const void *right) {
    const struct stored_change *a = left, *b = right;

    return order(a->dot.number, b->dot.number);
}

enum rc memory_actor_changes(struct store *store, uint64_t actor, uint64_t from, uint64_t to,
                             store_visit_change *visit, void *context, struct err *err) {
    SHOW(LIST_CHANGES, struct stored_change,
         item->dot.actor == actor && item->dot.number >= from && item->dot.number <= to, by_number);
}

static int by_first(const void *left, const void *right) {
    const struct stored_pending *a = left, *b = right;

    return a->actor != b->actor ? order(a->actor, b->actor) : order(a->first, b->first);
}

enum rc memory_pending(struct store *store, uint64_t actor, store_visit_pending *visit,
                       void *context, struct err *err) {
    SHOW(LIST_PENDING, struct stored_pending, actor == 0 || item->actor == actor, by_first);
}

static int by_act(const void *left, const void *right) {
    const struct stored_act *a = left, *b = right;

    return order(a->serial, b->serial);
}

enum rc memory_acts(struct store *store, uint64_t after, store_visit_act *visit, void *context,
                    struct err *err) {
    SHOW(LIST_ACTS, struct stored_act, item->serial > after, by_act);
}

static int by_key(const void *left, const void *right) {
    const struct stored_key *a = left, *b = right;
    int hashes = memcmp(a->hash, b->hash, sizeof a->hash);

    return hashes != 0 ? hashes : dot_compare(a->record, b->record);
}

enum rc memory_keys(struct store *store, const uint8_t *hash, store_visit_key *visit, void *context,
                    struct err *err) {
    SHOW(LIST_KEYS, struct stored_key,
         hash == NULL || memcmp(item->hash, hash, sizeof item->hash) == 0, by_key);
}
