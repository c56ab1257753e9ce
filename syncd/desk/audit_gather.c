/* audit_gather.c: what belongs into an audit file: from the wish to records, and from their changes
 * to feeds, people, devices, forms, batches and attachments.
 *
 * Of an area, every record of which its feeds hold a change belongs to it, also one that has left:
 * else nobody could see that nothing is missing. A record's changes stand in the feeds of the areas
 * where it lived when they came. That is any area that one of its changes names, under the code of
 * then or one that took its place later. */
#include "syncd/desk/audit_parts.h"

#include "base/text.h"
#include "schema/form/answers.h"
#include "syncd/sync/proof.h"

#include <stdlib.h>

static enum rc full(struct arena *arena, struct err *err) {
    return arena_check(arena, "an audit file", err);
}

/* ---- sets ---- */

static enum rc add_id(struct gathered *gathered, uint64_t **list, uint32_t *count,
                      uint32_t *capacity, uint64_t id, struct err *err) {
    uint64_t *row;

    for (uint32_t i = *count; i-- > 0;)
        if ((*list)[i] == id)
            return RC_OK;
    row = arena_push(&gathered->arena, list, count, capacity, sizeof(*row));
    if (row == NULL)
        return full(&gathered->arena, err);
    *row = id;
    return RC_OK;
}

static enum rc add_feed(struct gathered *gathered, uint64_t area, uint8_t audience,
                        struct err *err) {
    struct audit_feed_name *row;

    for (uint32_t i = gathered->feed_count; i-- > 0;)
        if (gathered->feeds[i].area == area && gathered->feeds[i].audience == audience)
            return RC_OK;
    row = arena_push(&gathered->arena, &gathered->feeds, &gathered->feed_count,
                     &gathered->feed_capacity, sizeof(*row));
    if (row == NULL)
        return full(&gathered->arena, err);
    *row = (struct audit_feed_name){area, audience};
    return RC_OK;
}

/* The code as it was written, and every one that has been in force for it since. */
static enum rc add_area(struct gathered *gathered, uint64_t area, uint8_t audience,
                        struct err *err) {
    struct succession then = gathered->ledger->areas;
    uint32_t acts = then.count;
    enum rc rc = add_feed(gathered, area, audience, err);

    for (then.count = 1; then.count <= acts && rc == RC_OK; then.count++)
        if (then.acts[then.count - 1].kind != AREA_NAMED) /* nearly all only give names */
            rc = add_feed(gathered, succession_of(&then, area), audience, err);
    return rc;
}

static enum rc add_record(struct gathered *gathered, struct dot id, struct err *err) {
    struct dot *row;

    if (gathered->record_count == AUDIT_RECORDS_MAX)
        return err_set(err, RC_LIMIT, "an audit file: more than %u records; choose a smaller area",
                       AUDIT_RECORDS_MAX);
    row = arena_push(&gathered->arena, &gathered->records, &gathered->record_count,
                     &gathered->record_capacity, sizeof(*row));
    if (row == NULL)
        return full(&gathered->arena, err);
    *row = id;
    return RC_OK;
}

static void sort_records(struct gathered *gathered) {
    uint32_t kept = 0;

    if (gathered->record_count == 0)
        return;
    qsort(gathered->records, gathered->record_count, sizeof(*gathered->records), dot_order);
    for (uint32_t i = 0; i < gathered->record_count; i++)
        if (i == 0 || !dot_equal(gathered->records[i], gathered->records[i - 1]))
            gathered->records[kept++] = gathered->records[i];
    gathered->record_count = kept;
}

bool gathered_record(const struct gathered *gathered, struct dot id) {
    return dots_have(gathered->records, gathered->record_count, id);
}

/* ---- from the wish to records ---- */

static enum rc list_visit(void *context, const struct stored_record *stored, struct err *err) {
    return add_record(context, stored->id, err);
}

static enum rc feed_visit(void *context, const struct stored_feed *feed, struct err *err) {
    return add_feed(context, feed->area, feed->audience, err);
}

/* One line for each record of an entry would repeat most of them: the last one added is kept. */
static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct gathered *gathered = context;
    const struct feed_entry *entry = &stored->entry;
    struct lineage lineage;
    struct frame frame;
    struct view rest;
    struct dot id = {0, 0};
    enum rc rc;

    arena_reset(&gathered->scratch);
    if (entry->kind != FEED_FRAME) {
        rc = feed_record_read(entry, &id, &rest, err);
        return rc == RC_OK ? add_record(gathered, id, err) : rc;
    }
    rc = frame_decode(entry->content, gathered->ledger->inflater, &gathered->scratch, &frame, err);
    if (rc == RC_OK)
        rc = lineage_decode(entry->forks, &gathered->scratch, &lineage, err);
    if (rc == RC_OK)
        rc = frame_rename(&frame, &lineage, &gathered->scratch, err);
    for (uint32_t i = 0; rc == RC_OK && i < frame.count; i++)
        if (feed_entry_admits(entry, i) && !dot_equal(frame.changes[i].change.record, id)) {
            id = frame.changes[i].change.record;
            rc = add_record(gathered, id, err);
        }
    return rc;
}

static enum rc find_in_areas(struct gathered *gathered, struct err *err) {
    static const uint64_t everywhere = 0;
    const struct audit_wish *wish = gathered->wish;
    bool all = wish->selection == AUDIT_ALL;
    struct store *store = gathered->ledger->store;
    const uint64_t *areas = all ? &everywhere : wish->areas;
    uint32_t count = all ? 1 : wish->area_count, chosen;
    enum rc rc = store_feeds(store, areas, count, UINT8_MAX, feed_visit, gathered, err);

    for (uint32_t i = 0; i < count && rc == RC_OK; i++)
        rc = store_list(store, view_text(""), areas[i], (struct dot){0, 0}, list_visit, gathered,
                        err);
    chosen = gathered->feed_count;
    for (uint32_t i = 0; i < chosen && rc == RC_OK; i++)
        rc = store_entries(store, gathered->feeds[i].area, gathered->feeds[i].audience, 0,
                           entry_visit, gathered, err);
    return rc;
}

static enum rc find_records(struct gathered *gathered, struct err *err) {
    const struct audit_wish *wish = gathered->wish;
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < wish->record_count && rc == RC_OK; i++)
        rc = add_record(gathered, wish->records[i], err);
    if (rc == RC_OK && wish->selection != AUDIT_RECORDS)
        rc = find_in_areas(gathered, err);
    sort_records(gathered);
    return rc;
}

/* ---- from a record to what proves it ---- */

bool gathered_masks(const struct gathered *gathered, uint64_t form_id, uint16_t number) {
    const struct form *form =
        gathered->wish->full || form_id == 0 ? NULL : ledger_lookup(gathered->ledger, form_id);

    return !gathered->wish->full &&
           answers_is_sensitive(form == NULL ? NULL : form_field_by_number(form, number), number);
}

static enum rc add_hash(struct gathered *gathered, const uint8_t hash[32], struct err *err) {
    uint8_t(*row)[32] = arena_push(&gathered->arena, &gathered->hashes, &gathered->hash_count,
                                   &gathered->hash_capacity, sizeof(*row));

    if (row == NULL)
        return full(&gathered->arena, err);
    memcpy(*row, hash, 32);
    return RC_OK;
}

static int by_hash(const void *left, const void *right) {
    return memcmp(left, right, 32);
}

static void sort_hashes(struct gathered *gathered) {
    uint32_t kept = 0;

    if (gathered->hash_count == 0)
        return;
    qsort(gathered->hashes, gathered->hash_count, sizeof(*gathered->hashes), by_hash);
    for (uint32_t i = 0; i < gathered->hash_count; i++)
        if (i == 0 || memcmp(gathered->hashes[i], gathered->hashes[i - 1], 32) != 0)
            memmove(gathered->hashes[kept++], gathered->hashes[i], 32);
    gathered->hash_count = kept;
}

static enum rc add_answers(struct gathered *gathered, const struct change *change, uint8_t audience,
                           struct err *err) {
    const struct form *form =
        change->form == 0 ? NULL : ledger_lookup(gathered->ledger, change->form);
    enum rc rc = RC_OK;

    for (uint32_t i = 0; i < change->evidence_count && rc == RC_OK; i++)
        rc = add_hash(gathered, change->evidence[i], err);
    for (uint32_t i = 0; i < change->entry_count && rc == RC_OK; i++) {
        const struct entry *entry = &change->entries[i];
        const struct form_field *field =
            form == NULL ? NULL : form_field_by_number(form, entry->field);
        uint8_t hash[32];

        if (entry->field == FIELD_AREA && entry->value.type == VALUE_INT)
            rc = add_area(gathered, (uint64_t)entry->value.number, audience, err);
        else if (field != NULL && field->type == FIELD_TYPE_ATTACHMENT &&
                 entry->value.type == VALUE_TEXT &&
                 !gathered_masks(gathered, change->form, entry->field) &&
                 hex_decode(entry->value.bytes, hash, sizeof(hash)))
            rc = add_hash(gathered, hash, err);
    }
    return rc == RC_OK ? ledger_trouble(gathered->ledger, err) : rc;
}

static enum rc add_device(struct gathered *gathered, uint64_t actor_id, struct err *err) {
    struct stored_actor actor;
    uint32_t before = gathered->actor_count;
    enum rc rc = add_id(gathered, &gathered->actors, &gathered->actor_count,
                        &gathered->actor_capacity, actor_id, err);

    if (rc != RC_OK || gathered->actor_count == before)
        return rc;
    rc = store_actor(gathered->ledger->store, actor_id, &actor, err);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK || actor.device == 0 || actor.device == DEVICE_UNKNOWN)
        return rc;
    return add_id(gathered, &gathered->devices, &gathered->device_count, &gathered->device_capacity,
                  actor.device, err);
}

static enum rc add_batch(struct gathered *gathered, const struct stored_change *indexed,
                         const struct log_frame *frame, struct err *err) {
    struct gathered_batch *row;
    struct batch_proof proof;
    struct view bytes = {0};
    enum rc rc;

    for (uint32_t i = gathered->batch_count; i-- > 0;) {
        row = &gathered->batches[i];
        if (row->dot.actor == indexed->dot.actor &&
            batch_proof_read(row->proof, &proof, err) == RC_OK &&
            proof.batch.outer.first <= indexed->dot.number &&
            proof.batch.outer.last >= indexed->dot.number)
            return RC_OK;
    }
    rc = proof_find(gathered->ledger->store, indexed->dot, indexed->frame, &gathered->arena, &bytes,
                    err);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    if (rc != RC_OK)
        return rc;
    row = arena_push(&gathered->arena, &gathered->batches, &gathered->batch_count,
                     &gathered->batch_capacity, sizeof(*row));
    if (row == NULL)
        return full(&gathered->arena, err);
    *row = (struct gathered_batch){indexed->dot, bytes,
                                   arena_view(&gathered->arena, frame->stored.forks)};
    return full(&gathered->arena, err);
}

struct gathering {
    struct gathered *gathered;
    struct stored_record *stored;
};

static enum rc change_visit(void *context, const struct stored_change *indexed, struct err *err) {
    const struct gathering *gathering = context;
    struct gathered *gathered = gathering->gathered;
    const struct log_frame *frame = NULL;
    const struct frame_change *item = NULL;
    enum rc rc;

    if (indexed->verdict != VERDICT_ADMIT)
        return RC_OK;
    rc = log_frames_change(&gathered->frames, indexed, &frame, &item, err);
    if (rc == RC_OK && item->change.person != 0)
        rc = add_id(gathered, &gathered->people, &gathered->people_count,
                    &gathered->people_capacity, item->change.person, err);
    if (rc == RC_OK && item->change.form != 0)
        rc = add_id(gathered, &gathered->forms, &gathered->form_count, &gathered->form_capacity,
                    item->change.form, err);
    if (rc == RC_OK)
        rc = add_device(gathered, indexed->dot.actor, err);
    if (rc == RC_OK)
        rc = add_batch(gathered, indexed, frame, err);
    if (rc == RC_OK)
        rc = add_answers(gathered, &item->change, gathering->stored->audience, err);
    return rc;
}

static enum rc gather_record(struct gathered *gathered, struct dot id, struct err *err) {
    struct stored_record stored;
    struct gathering gathering = {gathered, &stored};
    char name[DOT_TEXT_BYTES];
    enum rc rc;

    arena_reset(&gathered->scratch);
    rc = store_record(gathered->ledger->store, id, &gathered->scratch, &stored, err);
    if (rc == RC_NOT_FOUND) {
        dot_text(id, name);
        return err_set(err, RC_NOT_FOUND, "%s: there is no such record; see: yg-syncd records",
                       name);
    }
    for (uint32_t i = 0; rc == RC_OK && i < stored.area_count; i++)
        rc = add_area(gathered, stored.areas[i], stored.audience, err);
    return rc == RC_OK ? store_history(gathered->ledger->store, id, change_visit, &gathering, err)
                       : rc;
}

enum rc gather(struct gathered *gathered, struct err *err) {
    enum rc rc = find_records(gathered, err);

    for (uint32_t i = 0; i < gathered->record_count && rc == RC_OK; i++)
        rc = gather_record(gathered, gathered->records[i], err);
    sort_hashes(gathered);
    return rc;
}
