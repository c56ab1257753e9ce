/* store.c: the verbs of the store; see engine.h for what is done here and what by the engines. */
#include "syncd/store/engine.h"

#include "schema/audit/audit.h"

/* --- what engines share --- */

struct area_range area_range_of(uint64_t area) {
    /* Levels have 2, 4, 6, 9 and 12 digits: so many codes lie beneath one of each. */
    static const uint64_t SPANS[] = {10000000000u, 100000000u, 1000000u, 1000u};

    if (area == 0) {
        return (struct area_range){0, AREA_CODE_MAX};
    }
    for (size_t i = 0; i < sizeof SPANS / sizeof *SPANS; i++) {
        if (area % SPANS[i] == 0) {
            return (struct area_range){area, area + SPANS[i] - 1};
        }
    }
    return (struct area_range){area, area};
}

void act_chain(const uint8_t previous[32], const struct stored_act *act, uint8_t out[32]) {
    const struct audit_act content = {.serial = act->serial,
                                      .at_ms = act->at_ms,
                                      .who = act->who,
                                      .action = act->action,
                                      .object = act->object,
                                      .reason = act->reason};
    uint8_t digest[32];

    act_digest(&content, digest);
    act_chain_next(previous, digest, out);
}

int stored_actor_order(const void *left, const void *right) {
    const struct stored_actor *a = left, *b = right;

    return (a->actor > b->actor) - (a->actor < b->actor);
}

int stored_quarantine_order(const void *left, const void *right) {
    const struct stored_quarantine *a = left, *b = right;

    return a->since_ms != b->since_ms ? (a->since_ms > b->since_ms ? 1 : -1)
                                      : dot_compare(a->dot, b->dot);
}

int change_order(const void *left, const void *right) {
    const struct stored_change *a = left;
    const struct stored_change *b = right;

    if (a->frame != b->frame) {
        return a->frame < b->frame ? -1 : 1;
    }
    if (a->position != b->position) {
        return a->position < b->position ? -1 : 1;
    }
    return dot_compare(a->dot, b->dot);
}

/* --- writing --- */

enum rc store_commit(struct store *store, const struct store_delta *delta, struct err *err) {
    enum rc rc;

    if (!store->writing) {
        return err_set(err, RC_DENIED, "store: this handle was opened for reading only");
    }
    if (store->walking != 0) {
        return err_set(err, RC_INVALID, "store: a visitor may not commit; collect, then commit");
    }
    rc = delta_check(delta, err);
    return rc == RC_OK ? store->engine->commit(store, delta, err) : rc;
}

/* --- reading one thing --- */

/* One verb is one transaction: what several statements of an engine read belongs together. */
#define READ(verb, ...)                                                                            \
    do {                                                                                           \
        enum rc rc = store->engine->hold(store, err);                                              \
        if (rc == RC_OK) {                                                                         \
            rc = store->engine->verb(store, __VA_ARGS__, err);                                     \
            store->engine->let_go(store);                                                          \
        }                                                                                          \
        return rc;                                                                                 \
    } while (0)

enum rc store_setting(struct store *store, const char *name, struct arena *arena, struct view *out,
                      struct err *err) {
    READ(setting, name, arena, out);
}

enum rc store_device(struct store *store, uint64_t device, struct arena *arena,
                     struct stored_device *out, struct err *err) {
    READ(device, device, arena, out);
}

enum rc store_person(struct store *store, uint64_t person, struct arena *arena,
                     struct stored_person *out, struct err *err) {
    READ(person, person, arena, out);
}

enum rc store_person_named(struct store *store, struct view name, struct arena *arena,
                           struct stored_person *out, struct err *err) {
    READ(person_named, name, arena, out);
}

enum rc store_invitation(struct store *store, const uint8_t code_id[16], struct arena *arena,
                         struct stored_invitation *out, struct err *err) {
    READ(invitation, code_id, arena, out);
}

enum rc store_actor(struct store *store, uint64_t actor, struct stored_actor *out,
                    struct err *err) {
    READ(actor, actor, out);
}

enum rc store_quarantined(struct store *store, struct dot dot, struct stored_quarantine *out,
                          struct err *err) {
    READ(quarantined, dot, out);
}

enum rc store_form(struct store *store, uint64_t form, struct arena *arena, struct stored_form *out,
                   struct err *err) {
    READ(form, form, arena, out);
}

enum rc store_change(struct store *store, struct dot dot, struct stored_change *out,
                     struct err *err) {
    READ(change, dot, out);
}

enum rc store_frame(struct store *store, uint64_t serial, struct arena *arena,
                    struct stored_frame *out, struct err *err) {
    READ(frame, serial, arena, out);
}

enum rc store_record(struct store *store, struct dot id, struct arena *arena,
                     struct stored_record *out, struct err *err) {
    READ(record, id, arena, out);
}

enum rc store_records(struct store *store, const struct dot *ids, uint32_t count,
                      struct arena *arena, struct stored_record *out, struct err *err) {
    enum rc rc = store->engine->hold(store, err);

    if (rc != RC_OK) {
        return rc;
    }
    for (uint32_t i = 0; i < count && rc == RC_OK; i++) {
        rc = store->engine->record(store, ids[i], arena, &out[i], err);
        if (rc == RC_NOT_FOUND) {
            out[i] = (struct stored_record){.id = ids[i]};
            rc = RC_OK;
        }
    }
    store->engine->let_go(store);
    return rc;
}

enum rc store_feed(struct store *store, uint64_t area, uint8_t audience, struct stored_feed *out,
                   struct err *err) {
    READ(feed, area, audience, out);
}

enum rc store_feed_chain(struct store *store, uint64_t area, uint8_t audience, uint64_t position,
                         uint8_t out[32], struct err *err) {
    if (position == 0) {
        memset(out, 0, 32);
        return RC_OK;
    }
    READ(feed_chain, area, audience, position, out);
}

enum rc store_feed_weight(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                          uint64_t actor, struct feed_weight *out, struct err *err) {
    READ(feed_weight, area, audience, after, actor, out);
}

enum rc store_chunk(struct store *store, const uint8_t name[32], uint32_t index,
                    struct arena *arena, struct view *out, struct err *err) {
    READ(chunk, name, index, arena, out);
}

enum rc store_attachment(struct store *store, const uint8_t hash[32], struct stored_attachment *out,
                         struct err *err) {
    READ(attachment, hash, out);
}

enum rc store_login(struct store *store, uint64_t person, struct arena *arena,
                    struct stored_login *out, struct err *err) {
    READ(login, person, arena, out);
}

enum rc store_session(struct store *store, const uint8_t name[32], struct arena *arena,
                      struct stored_session *out, struct err *err) {
    READ(session, name, arena, out);
}

enum rc store_gist_count(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                         int64_t before, struct gist_counts *out, struct err *err) {
    READ(gist_count, kind, state, area, before, out);
}

enum rc store_count(struct store *store, struct store_counts *out, struct err *err) {
    READ(count, out);
}

/* --- walks --- */

static enum rc walk_open(struct store *store, uint32_t walk, struct err *err) {
    enum rc rc;

    if ((store->walking & walk) != 0) {
        return err_set(err, RC_INVALID,
                       "store: this walk is already open on this handle; finish "
                       "it first, or use a second handle");
    }
    rc = store->engine->hold(store, err);
    if (rc == RC_OK) {
        store->walking |= walk;
    }
    return rc;
}

static enum rc walk_close(struct store *store, uint32_t walk, enum rc rc) {
    store->walking &= ~walk;
    store->engine->let_go(store);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

#define WALK(walk, call)                                                                           \
    do {                                                                                           \
        enum rc rc = walk_open(store, walk, err);                                                  \
        return rc == RC_OK ? walk_close(store, walk, store->engine->call) : rc;                    \
    } while (0)

enum rc store_devices(struct store *store, store_visit_device *visit, void *context,
                      struct err *err) {
    WALK(WALK_DEVICES, devices(store, visit, context, err));
}

enum rc store_persons(struct store *store, store_visit_person *visit, void *context,
                      struct err *err) {
    WALK(WALK_PERSONS, persons(store, visit, context, err));
}

enum rc store_device_persons(struct store *store, uint64_t device, store_visit_person *visit,
                             void *context, struct err *err) {
    WALK(WALK_PERSONS, device_persons(store, device, visit, context, err));
}

enum rc store_new_persons(struct store *store, int64_t after_ms, store_visit_person *visit,
                          void *context, struct err *err) {
    WALK(WALK_PERSONS, new_persons(store, after_ms, visit, context, err));
}

enum rc store_actors(struct store *store, store_visit_actor *visit, void *context,
                     struct err *err) {
    WALK(WALK_ACTORS, actors(store, visit, context, err));
}

enum rc store_device_actors(struct store *store, uint64_t device, store_visit_actor *visit,
                            void *context, struct err *err) {
    WALK(WALK_ACTORS, device_actors(store, device, visit, context, err));
}

enum rc store_actor_forks(struct store *store, uint64_t actor, store_visit_actor *visit,
                          void *context, struct err *err) {
    WALK(WALK_ACTORS, actor_forks(store, actor, visit, context, err));
}

enum rc store_forms(struct store *store, uint64_t after_position, store_visit_form *visit,
                    void *context, struct err *err) {
    WALK(WALK_FORMS, forms(store, after_position, visit, context, err));
}

enum rc store_list(struct store *store, struct view form_name, uint64_t area, struct dot after,
                   store_visit_record *visit, void *context, struct err *err) {
    WALK(WALK_LIST, list(store, form_name, area, after, visit, context, err));
}

enum rc store_conflicts(struct store *store, uint64_t area, int64_t from_due_ms,
                        store_visit_conflict *visit, void *context, struct err *err) {
    WALK(WALK_CONFLICTS, conflicts(store, area, from_due_ms, visit, context, err));
}

enum rc store_conflict_times(struct store *store, uint64_t area, store_visit_conflict_time *visit,
                             void *context, struct err *err) {
    WALK(WALK_CONFLICT_TIMES, conflict_times(store, area, visit, context, err));
}

enum rc store_record_conflicts(struct store *store, struct dot record, store_visit_conflict *visit,
                               void *context, struct err *err) {
    WALK(WALK_RECORD_CONFLICTS, record_conflicts(store, record, visit, context, err));
}

enum rc store_proposals(struct store *store, struct dot other, store_visit_conflict *visit,
                        void *context, struct err *err) {
    WALK(WALK_PROPOSALS, proposals(store, other, visit, context, err));
}

enum rc store_quarantine(struct store *store, bool settled_too, store_visit_quarantine *visit,
                         void *context, struct err *err) {
    WALK(WALK_QUARANTINE, quarantine(store, settled_too, visit, context, err));
}

enum rc store_actor_quarantine(struct store *store, uint64_t actor, uint32_t after_settled,
                               bool waiting_too, store_visit_quarantine *visit, void *context,
                               struct err *err) {
    WALK(WALK_QUARANTINE,
         actor_quarantine(store, actor, after_settled, waiting_too, visit, context, err));
}

enum rc store_waiting(struct store *store, uint64_t device, const struct stored_quarantine *after,
                      store_visit_quarantine *visit, void *context, struct err *err) {
    WALK(WALK_QUARANTINE, waiting(store, device, after, visit, context, err));
}

enum rc store_feeds(struct store *store, const uint64_t *areas, uint32_t area_count,
                    uint8_t audience_mask, store_visit_feed *visit, void *context,
                    struct err *err) {
    WALK(WALK_FEEDS, feeds(store, areas, area_count, audience_mask, visit, context, err));
}

enum rc store_entries(struct store *store, uint64_t area, uint8_t audience, uint64_t after,
                      store_visit_entry *visit, void *context, struct err *err) {
    WALK(WALK_ENTRIES, entries(store, area, audience, after, visit, context, err));
}

enum rc store_frames(struct store *store, uint64_t after_serial, store_visit_frame *visit,
                     void *context, struct err *err) {
    WALK(WALK_FRAMES, frames(store, after_serial, visit, context, err));
}

enum rc store_inflow(struct store *store, int64_t from_day, int64_t to_day,
                     store_visit_inflow *visit, void *context, struct err *err) {
    WALK(WALK_INFLOW, inflow(store, from_day, to_day, visit, context, err));
}

enum rc store_history(struct store *store, struct dot record, store_visit_change *visit,
                      void *context, struct err *err) {
    WALK(WALK_HISTORY, history(store, record, visit, context, err));
}

enum rc store_actor_changes(struct store *store, uint64_t actor, uint64_t from, uint64_t to,
                            store_visit_change *visit, void *context, struct err *err) {
    WALK(WALK_ACTOR_CHANGES, actor_changes(store, actor, from, to, visit, context, err));
}

enum rc store_pending(struct store *store, uint64_t actor, store_visit_pending *visit,
                      void *context, struct err *err) {
    WALK(WALK_PENDING, pending(store, actor, visit, context, err));
}

enum rc store_acts(struct store *store, uint64_t after_serial, store_visit_act *visit,
                   void *context, struct err *err) {
    WALK(WALK_ACTS, acts(store, after_serial, visit, context, err));
}

enum rc store_keys(struct store *store, const uint8_t hash[32], store_visit_key *visit,
                   void *context, struct err *err) {
    WALK(WALK_KEYS, keys(store, hash, visit, context, err));
}

enum rc store_snapshots(struct store *store, uint64_t area, store_visit_snapshot *visit,
                        void *context, struct err *err) {
    WALK(WALK_SNAPSHOTS, snapshots(store, area, visit, context, err));
}

enum rc store_attachments(struct store *store, bool missing_only, store_visit_attachment *visit,
                          void *context, struct err *err) {
    WALK(WALK_ATTACHMENTS, attachments(store, missing_only, visit, context, err));
}

/* --- lists --- */

static enum rc query_check(const struct record_query *query, struct err *err) {
    if (query->word_count > QUERY_WORDS_MAX)
        return err_set(err, RC_LIMIT, "a search has at most %u words", QUERY_WORDS_MAX);
    for (uint32_t i = 0; i < query->word_count; i++)
        if (query->words[i].text.size > QUERY_WORD_BYTES_MAX)
            return err_set(err, RC_LIMIT, "a word of a search has at most %u bytes",
                           QUERY_WORD_BYTES_MAX);
    if (query->most > QUERY_PAGE_MAX)
        return err_set(err, RC_LIMIT, "a page of a list has at most %u records", QUERY_PAGE_MAX);
    return RC_OK;
}

enum rc store_find(struct store *store, const struct record_query *query, store_visit_found *visit,
                   void *context, uint64_t *total, struct err *err) {
    *total = 0;
    if (query_check(query, err) != RC_OK)
        return err->rc;
    WALK(WALK_FIND, find(store, query, visit, context, total, err));
}

enum rc store_tally(struct store *store, const struct record_query *query, store_visit_tally *visit,
                    void *context, struct err *err) {
    if (query_check(query, err) != RC_OK)
        return err->rc;
    WALK(WALK_TALLY, tally(store, query, visit, context, err));
}

enum rc store_logins(struct store *store, store_visit_login *visit, void *context,
                     struct err *err) {
    WALK(WALK_LOGINS, logins(store, visit, context, err));
}

enum rc store_sessions(struct store *store, store_visit_session *visit, void *context,
                       struct err *err) {
    WALK(WALK_SESSIONS, sessions(store, visit, context, err));
}

enum rc store_about(struct store *store, struct dot about, store_visit_gist *visit, void *context,
                    struct err *err) {
    WALK(WALK_ABOUT, about(store, about, visit, context, err));
}

enum rc store_gists(struct store *store, uint8_t kind, uint8_t state, uint64_t area,
                    store_visit_gist *visit, void *context, struct err *err) {
    WALK(WALK_GISTS, gists(store, kind, state, area, visit, context, err));
}

/* --- care --- */

enum rc store_check(struct store *store, struct err *err) {
    if (store->walking != 0) {
        return err_set(err, RC_INVALID, "store: a visitor may not check the store");
    }
    return store->engine->check(store, err);
}

enum rc store_scrub(struct store *store, struct err *err) {
    if (store->walking != 0 || !store->writing) {
        return err_set(err, RC_INVALID, "store: only its writer may scrub it, and no visitor");
    }
    return store->engine->scrub(store, err);
}

enum rc store_backup(struct store *store, const char *path, struct err *err) {
    if (store->walking != 0) {
        return err_set(err, RC_INVALID, "store: a visitor may not copy the store");
    }
    return store->engine->backup(store, path, err);
}

void store_close(struct store *store) {
    if (store != NULL) {
        store->engine->close(store);
    }
}
