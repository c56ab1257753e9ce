/* digest.c: the same content gives the same 32 bytes, whatever the engine.
 *
 * It is made from what the verbs show, so an engine has no way to be right here and wrong there.
 * Parts in this order, each started by its name: settings, devices, persons, invitations, actors,
 * forms, records (each with nothing else), conflicts, keys, quarantine, feeds (each followed by its
 * entries), frames, changes (actor by actor), pending, acts, attachments (if there are any: so the
 * digests of backups from before there were any hold), counts. Each item is a row of varints
 * (signed numbers folded), of bytes with their size in front, and of hashes as they are, in the
 * order of the struct's members. */
#include "syncd/store/engine.h"

#include "base/crypt.h"

enum { FLUSH_BYTES = 64 * 1024 };

struct digest {
    struct store *store;
    struct crypt_hasher hasher;
    struct buf out; /* not hashed yet */
};

static void flush(struct digest *digest) {
    crypt_hasher_add(&digest->hasher, digest->out.data, digest->out.size);
    digest->out.size = 0;
}

/* After every item, so that the buffer stays small. */
static enum rc item_end(struct digest *digest, struct err *err) {
    enum rc rc = buf_check(&digest->out, "the digest", err);

    if (rc == RC_OK && digest->out.size >= FLUSH_BYTES) {
        flush(digest);
    }
    return rc;
}

static void add_dot(struct buf *out, struct dot dot) {
    buf_add_varint(out, dot.actor);
    buf_add_varint(out, dot.number);
}

static void add_instance(struct buf *out, struct instance_id id) {
    add_dot(out, id.dot);
    buf_add_varint(out, id.ordinal);
}

static void add_areas(struct buf *out, const uint64_t *areas, uint32_t count) {
    buf_add_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_varint(out, areas[i]);
    }
}

static enum rc on_setting(void *context, const char *name, struct view value, struct err *err) {
    struct digest *digest = context;

    buf_add_sized(&digest->out, view_text(name));
    buf_add_sized(&digest->out, value);
    return item_end(digest, err);
}

static enum rc on_device(void *context, const struct stored_device *device, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, device->device);
    buf_add_sized(out, device->name);
    buf_add(out, device->sign_public, sizeof device->sign_public);
    buf_add(out, device->box_public, sizeof device->box_public);
    buf_add_varint(out, device->person);
    buf_add_zigzag(out, device->enrolled_ms);
    buf_add_zigzag(out, device->seen_ms);
    buf_add_zigzag(out, device->offset_ms);
    buf_add_varint(out, device->own_last);
    buf_add_varint(out, device->actor);
    buf_add_varint(out, device->scope.serial);
    add_areas(out, device->scope.areas, device->scope.area_count);
    buf_add_u8(out, device->scope.audience_mask);
    buf_add_u8(out, device->scope.revoked);
    buf_add_u8(out, device->scope.wipe);
    buf_add_varint(out, device->scope_confirmed);
    buf_add_varint(out, device->scope_at);
    buf_add_sized(out, device->program);
    return item_end(digest, err);
}

static enum rc on_person(void *context, const struct stored_person *person, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, person->person);
    buf_add_sized(out, person->name);
    buf_add(out, person->sign_public, sizeof person->sign_public);
    buf_add_u8(out, person->role);
    buf_add_varint(out, person->device);
    add_areas(out, person->areas, person->area_count);
    buf_add_sized(out, person->wrapped);
    buf_add_u8(out, person->disabled);
    buf_add_zigzag(out, person->created_ms);
    return item_end(digest, err);
}

static enum rc on_invitation(void *context, const struct stored_invitation *invitation,
                             struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add(out, invitation->code_id, sizeof invitation->code_id);
    buf_add(out, invitation->code_key, sizeof invitation->code_key);
    buf_add_sized(out, invitation->device_name);
    buf_add_sized(out, invitation->person_name);
    buf_add_u8(out, invitation->role);
    add_areas(out, invitation->areas, invitation->area_count);
    buf_add_zigzag(out, invitation->expires_ms);
    buf_add_varint(out, invitation->device);
    return item_end(digest, err);
}

static enum rc on_actor(void *context, const struct stored_actor *actor, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, actor->actor);
    buf_add_varint(out, actor->device);
    buf_add_varint(out, actor->number);
    buf_add(out, actor->hash, sizeof actor->hash);
    buf_add_varint(out, actor->lamport);
    buf_add_varint(out, actor->fork_of);
    buf_add_varint(out, actor->fork_from);
    buf_add_u8(out, actor->retired);
    return item_end(digest, err);
}

static enum rc on_form(void *context, const struct stored_form *form, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, form->form);
    buf_add_varint(out, form->position);
    buf_add_sized(out, form->name);
    buf_add_sized(out, form->version);
    buf_add_varint(out, form->sequence);
    buf_add_u8(out, form->audience);
    buf_add_zigzag(out, form->published_ms);
    buf_add_sized(out, form->compressed);
    return item_end(digest, err);
}

static enum rc on_record(void *context, const struct stored_record *record, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    add_dot(out, record->id);
    buf_add_varint(out, record->revision);
    buf_add_varint(out, record->form);
    buf_add_sized(out, record->form_name);
    buf_add_u8(out, record->audience);
    add_areas(out, record->areas, record->area_count);
    buf_add_sized(out, record->title);
    buf_add_zigzag(out, record->created_ms);
    buf_add_zigzag(out, record->changed_ms);
    buf_add_u8(out, record->withdrawn);
    buf_add_varint(out, record->sealed_scopes);
    buf_add_sized(out, record->packed);
    return item_end(digest, err);
}

static enum rc on_conflict(void *context, const struct stored_conflict *conflict, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    add_dot(out, conflict->record);
    buf_add_varint(out, conflict->area);
    buf_add_u8(out, conflict->kind);
    add_instance(out, conflict->instance);
    buf_add_varint(out, conflict->field);
    add_instance(out, conflict->other);
    buf_add_varint(out, conflict->other_actor);
    buf_add_varint(out, conflict->other_number);
    buf_add_zigzag(out, conflict->since_ms);
    buf_add_zigzag(out, conflict->due_ms);
    return item_end(digest, err);
}

static enum rc on_key(void *context, const struct stored_key *key, struct err *err) {
    struct digest *digest = context;

    buf_add(&digest->out, key->hash, sizeof key->hash);
    add_dot(&digest->out, key->record);
    add_instance(&digest->out, key->instance);
    return item_end(digest, err);
}

static enum rc on_quarantine(void *context, const struct stored_quarantine *item, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    add_dot(out, item->dot);
    add_dot(out, item->record);
    buf_add_varint(out, item->area);
    buf_add_varint(out, item->person);
    buf_add_varint(out, item->device);
    buf_add_u8(out, item->verdict);
    buf_add_zigzag(out, item->since_ms);
    buf_add_varint(out, item->settled);
    return item_end(digest, err);
}

static enum rc on_entry(void *context, const struct stored_entry *stored, struct err *err) {
    const struct feed_entry *entry = &stored->entry;
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, entry->area);
    buf_add_u8(out, entry->audience);
    buf_add_varint(out, entry->position);
    buf_add_u8(out, entry->kind);
    buf_add_zigzag(out, entry->received_ms);
    buf_add_zigzag(out, entry->offset_ms);
    buf_add_sized(out, entry->forks);
    buf_add_sized(out, entry->mask);
    buf_add_sized(out, entry->content);
    buf_add_varint(out, stored->frame);
    buf_add(out, stored->chain, sizeof stored->chain);
    return item_end(digest, err);
}

static enum rc on_feed(void *context, const struct stored_feed *feed, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, feed->area);
    buf_add_u8(out, feed->audience);
    buf_add_varint(out, feed->position);
    buf_add(out, feed->chain, sizeof feed->chain);
    return store_entries(digest->store, feed->area, feed->audience, 0, on_entry, digest, err);
}

static enum rc on_frame(void *context, const struct stored_frame *frame, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, frame->serial);
    buf_add_varint(out, frame->actor);
    buf_add_sized(out, frame->forks);
    buf_add_varint(out, frame->first);
    buf_add_varint(out, frame->last);
    buf_add_varint(out, frame->area);
    buf_add_u8(out, frame->audience);
    buf_add_varint(out, frame->form);
    buf_add_zigzag(out, frame->received_ms);
    buf_add_zigzag(out, frame->offset_ms);
    buf_add_varint(out, frame->carrier);
    buf_add_sized(out, frame->bytes);
    return item_end(digest, err);
}

static enum rc on_change(void *context, const struct stored_change *change, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    add_dot(out, change->dot);
    add_dot(out, change->record);
    buf_add_varint(out, change->frame);
    buf_add_varint(out, change->position);
    buf_add_u8(out, change->kind);
    buf_add_u8(out, change->verdict);
    buf_add_varint(out, change->person);
    return item_end(digest, err);
}

static enum rc on_actor_changes(void *context, const struct stored_actor *actor, struct err *err) {
    struct digest *digest = context;

    return store_actor_changes(digest->store, actor->actor, 0, UINT64_MAX, on_change, digest, err);
}

static enum rc on_pending(void *context, const struct stored_pending *pending, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, pending->actor);
    buf_add_varint(out, pending->first);
    buf_add_varint(out, pending->last);
    buf_add_varint(out, pending->carrier);
    buf_add_zigzag(out, pending->received_ms);
    buf_add_sized(out, pending->bytes);
    return item_end(digest, err);
}

static enum rc on_act(void *context, const struct stored_act *act, struct err *err) {
    struct digest *digest = context;

    /* The chain is over all of it. */
    buf_add_varint(&digest->out, act->serial);
    buf_add(&digest->out, act->chain, sizeof act->chain);
    return item_end(digest, err);
}

static enum rc on_attachment(void *context, const struct stored_attachment *item, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add(out, item->hash, sizeof item->hash);
    buf_add_varint(out, item->size);
    buf_add_u8(out, item->kind);
    buf_add_varint(out, item->area);
    buf_add_varint(out, item->device);
    buf_add_zigzag(out, item->announced_ms);
    buf_add_zigzag(out, item->received_ms);
    buf_add_zigzag(out, item->backed_up_ms);
    buf_add_u8(out, item->erased);
    return item_end(digest, err);
}

static enum rc on_login(void *context, const struct stored_login *login, struct err *err) {
    struct digest *digest = context;
    struct buf *out = &digest->out;

    buf_add_varint(out, login->person);
    buf_add_varint(out, login->failures);
    buf_add_zigzag(out, login->wait_ms);
    buf_add_u8(out, login->must_change);
    buf_add_zigzag(out, login->changed_ms);
    buf_add_zigzag(out, login->seen_ms);
    buf_add_varint(out, login->former);
    buf_add_varint(out, login->code_step);
    buf_add_sized(out, login->second);
    buf_add_varint(out, login->reset_by);
    buf_add_zigzag(out, login->reset_ms);
    buf_add_varint(out, login->reset_confirmed_by);
    if (login->grant.by != 0) { /* so that a county without any has the digest that it had */
        buf_add_varint(out, login->grant.by);
        buf_add_zigzag(out, login->grant.at_ms);
        buf_add_u8(out, login->grant.role);
        buf_add_u8(out, login->grant.enables);
        buf_add_varint(out, login->grant.area_count);
        for (uint32_t i = 0; i < login->grant.area_count; i++)
            buf_add_varint(out, login->grant.areas[i]);
    }
    return item_end(digest, err);
}

static enum rc add_counts(struct digest *digest, struct err *err) {
    struct buf *out = &digest->out;
    struct store_counts counts;
    enum rc rc = store_count(digest->store, &counts, err);

    if (rc != RC_OK) {
        return rc;
    }
    buf_add_text(out, "counts");
    buf_add_varint(out, counts.records);
    buf_add_varint(out, counts.changes);
    buf_add_varint(out, counts.frames);
    buf_add_varint(out, counts.conflicts);
    buf_add_varint(out, counts.quarantined);
    buf_add_varint(out, counts.devices);
    buf_add_varint(out, counts.forms);
    buf_add_varint(out, counts.entries);
    buf_add_varint(out, counts.acts);
    buf_add_varint(out, counts.bytes_log);
    buf_add_varint(out, counts.bytes_states);
    return item_end(digest, err);
}

#define PART(name, call)                                                                           \
    do {                                                                                           \
        if (rc == RC_OK) {                                                                         \
            buf_add_text(&digest->out, name);                                                      \
            rc = call;                                                                             \
        }                                                                                          \
        if (rc == RC_NOT_FOUND) {                                                                  \
            rc = RC_OK; /* the end of an engine's walk */                                          \
        }                                                                                          \
    } while (0)

static enum rc add_all(struct digest *digest, struct err *err) {
    static const uint64_t EVERYWHERE = 0;
    static const struct dot FIRST = {0, 0};
    struct store *store = digest->store;
    const struct store_engine *engine = store->engine;
    struct view all_forms = view_of(NULL, 0);
    enum rc rc = RC_OK;

    PART("settings", engine->settings(store, on_setting, digest, err));
    PART("devices", store_devices(store, on_device, digest, err));
    PART("persons", store_persons(store, on_person, digest, err));
    PART("invitations", engine->invitations(store, on_invitation, digest, err));
    PART("actors", store_actors(store, on_actor, digest, err));
    PART("forms", store_forms(store, 0, on_form, digest, err));
    PART("records", store_list(store, all_forms, 0, FIRST, on_record, digest, err));
    PART("conflicts", store_conflicts(store, 0, INT64_MIN, on_conflict, digest, err));
    PART("keys", engine->keys(store, NULL, on_key, digest, err));
    PART("quarantine", store_quarantine(store, true, on_quarantine, digest, err));
    PART("feeds", store_feeds(store, &EVERYWHERE, 1, UINT8_MAX, on_feed, digest, err));
    PART("frames", store_frames(store, 0, on_frame, digest, err));
    PART("changes", store_actors(store, on_actor_changes, digest, err));
    PART("pending", store_pending(store, 0, on_pending, digest, err));
    PART("acts", store_acts(store, 0, on_act, digest, err));
    PART("", store_attachments(store, false, on_attachment, digest, err));
    PART("", store_logins(store, on_login, digest, err));
    return rc == RC_OK ? add_counts(digest, err) : rc;
}

enum rc store_digest(struct store *store, uint8_t out[32], struct err *err) {
    struct digest digest = {.store = store};
    enum rc rc;

    if (store->walking != 0) {
        return err_set(err, RC_INVALID, "store: a visitor may not ask for the digest");
    }
    rc = store->engine->hold(store, err);
    if (rc != RC_OK) {
        return rc;
    }
    buf_init(&digest.out, 64u * 1024u * 1024u);
    crypt_hasher_init(&digest.hasher, "yg store");
    rc = add_all(&digest, err);
    flush(&digest);
    crypt_hasher_end(&digest.hasher, out);
    buf_release(&digest.out);
    store->engine->let_go(store);
    return rc;
}
