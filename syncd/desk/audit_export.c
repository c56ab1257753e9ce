/* audit_export.c: the signed export. What belongs into it is gathered first (audit_gather.c); then
 * the parts are written one after the other, so that memory holds one of them at a time.
 *
 * While the service runs, tablets go on writing. A file must be of one moment: everything happens
 * inside of one reading verb of the store, which sees one. */
#include "base/crypt.h"
#include "base/file.h"
#include "schema/erasure.h"
#include "syncd/desk/audit_parts.h"
#include "syncd/sync/attachment.h"

#define RUN_BYTES   (1024u * 1024u * 1024u)
#define FRAME_BYTES (768u * 1024u * 1024u)

struct export {
    struct gathered *gathered;
    struct audit_writer writer;
    struct buf part;
};

static enum rc add_part(struct export *export, enum audit_part kind, struct err *err) {
    enum rc rc = buf_check(&export->part, "a part of an audit file", err);

    if (rc == RC_OK)
        rc = audit_add(&export->writer, kind, buf_view(&export->part), err);
    buf_clear(&export->part);
    return rc;
}

static struct store *store_of(const struct export *export) {
    return export->gathered->ledger->store;
}

/* ---- head, forms, people, devices ---- */

static enum rc setting_or_nothing(struct export *export, const char *name, struct view *out,
                                  struct err *err) {
    enum rc rc = store_setting(store_of(export), name, &export->gathered->arena, out, err);

    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(err);
    *out = (struct view){0};
    return RC_OK;
}

static enum rc write_head(struct export *export, struct err *err) {
    const struct gathered *gathered = export->gathered;
    const struct audit_wish *wish = gathered->wish;
    struct audit_head head = {
        .epoch = gathered->office->epoch,
        .made_ms = env_wall_ms(gathered->office->env),
        .by = wish->by,
        .reason = wish->reason,
        .masked = !wish->full,
        .selection = wish->selection,
        .area_count = wish->area_count,
        .areas = wish->areas,
        .record_count = gathered->record_count,
    };
    struct view area;
    struct reader in;
    struct buf table;
    enum rc rc = setting_or_nothing(export, "area", &area, err);

    if (rc != RC_OK)
        return rc;
    reader_init(&in, area);
    head.county_area = read_le64(&in);
    memcpy(head.county_public, gathered->office->keys->sign_public, 32);
    buf_init(&table, 1024u * 1024u);
    if (gathered->ledger->areas.count > 0)
        succession_write(&gathered->ledger->areas, &table);
    head.succession = buf_view(&table);
    audit_head_write(&head, &export->part);
    rc = buf_check(&table, "the table of areas", err);
    buf_release(&table);
    return rc == RC_OK ? add_part(export, AUDIT_HEAD, err) : rc;
}

static enum rc form_visit(void *context, const struct stored_form *form, struct err *err) {
    struct export *export = context;
    const struct gathered *gathered = export->gathered;

    for (uint32_t i = 0; i < gathered->form_count; i++)
        if (gathered->forms[i] == form->form) {
            buf_add_varint(&export->part, form->position);
            buf_add_view(&export->part, form->compressed);
            return add_part(export, AUDIT_FORM, err);
        }
    return RC_OK;
}

static enum rc write_people(struct export *export, struct err *err) {
    struct gathered *gathered = export->gathered;
    enum rc rc = RC_OK;
    struct buf list;
    uint32_t count = 0;

    buf_init(&list, AUDIT_PART_BYTES);
    for (uint32_t i = 0; i < gathered->people_count && rc == RC_OK; i++) {
        struct stored_person stored;
        struct audit_person person;

        rc = store_person(store_of(export), gathered->people[i], &gathered->arena, &stored, err);
        if (rc == RC_NOT_FOUND) { /* the verifier says so */
            err_clear(err);
            rc = RC_OK;
            continue;
        }
        if (rc != RC_OK)
            break;
        person =
            (struct audit_person){.role = stored.role,
                                  .name = stored.name,
                                  .device = stored.device == DEVICE_UNKNOWN ? 0 : stored.device};
        memcpy(person.sign_public, stored.sign_public, 32);
        audit_person_write(&person, &list);
        count++;
    }
    buf_add_varint(&export->part, count);
    buf_add_view(&export->part, buf_view(&list));
    if (rc == RC_OK)
        rc = buf_check(&list, "the people of an audit file", err);
    buf_release(&list);
    return rc == RC_OK ? add_part(export, AUDIT_PEOPLE, err) : rc;
}

static enum rc write_devices(struct export *export, struct err *err) {
    struct gathered *gathered = export->gathered;
    enum rc rc = RC_OK;

    buf_add_varint(&export->part, gathered->device_count);
    for (uint32_t i = 0; i < gathered->device_count && rc == RC_OK; i++) {
        struct stored_device stored;
        struct audit_device device;

        rc = store_device(store_of(export), gathered->devices[i], &gathered->arena, &stored, err);
        if (rc != RC_OK)
            break;
        device = (struct audit_device){.name = stored.name, .enrolled_ms = stored.enrolled_ms};
        memcpy(device.sign_public, stored.sign_public, 32);
        audit_device_write(&device, &export->part);
    }
    return rc == RC_OK ? add_part(export, AUDIT_DEVICES, err) : rc;
}

/* ---- feeds ---- */

static enum rc entry_visit(void *context, const struct stored_entry *stored, struct err *err) {
    struct export *export = context;
    struct gathered *gathered = export->gathered;
    const struct feed_entry *entry = &stored->entry;
    struct frame frame = {0};
    struct dot id;
    struct view rest;
    bool whole = false;
    enum rc rc = RC_OK;

    arena_reset(&gathered->scratch);
    if (entry->kind == FEED_FRAME)
        rc = frame_decode(entry->content, gathered->ledger->inflater, &gathered->scratch, &frame,
                          err);
    else if (entry->kind == FEED_REDACT) {
        rc = feed_record_read(entry, &id, &rest, err);
        whole = rc == RC_OK && gathered_record(gathered, id);
    }
    return rc == RC_OK ? audit_entry_write(entry, &frame, whole, &export->part, err) : rc;
}

static enum rc write_feed(struct export *export, const struct audit_feed_name *name,
                          struct err *err) {
    struct stored_feed stored;
    struct feed_head head;
    enum rc rc = store_feed(store_of(export), name->area, name->audience, &stored, err);

    if (rc != RC_OK || stored.position == 0)
        return rc;
    head = (struct feed_head){
        .area = name->area, .audience = name->audience, .position = stored.position};
    memcpy(head.chain, stored.chain, sizeof(head.chain));
    audit_feed_write(&head, &export->part);
    rc = store_entries(store_of(export), name->area, name->audience, 0, entry_visit, export, err);
    return rc == RC_OK ? add_part(export, AUDIT_FEED, err) : rc;
}

/* ---- batches ---- */

/* The leaf of the author's number, wherever in the log the change stands. RC_NOT_FOUND. */
static enum rc add_leaf(struct export *export, const struct lineage *lineage, struct dot written,
                        struct err *err) {
    struct gathered *gathered = export->gathered;
    const struct log_frame *frame = NULL;
    const struct frame_change *item = NULL;
    struct stored_change indexed;
    enum rc rc = store_change(store_of(export), lineage_read(lineage, written), &indexed, err);

    if (rc == RC_OK)
        rc = log_frames_change(&gathered->frames, &indexed, &frame, &item, err);
    if (rc == RC_OK)
        buf_add(&export->part, item->leaf, sizeof(item->leaf));
    return rc;
}

static enum rc write_batch(struct export *export, const struct gathered_batch *batch,
                           struct err *err) {
    struct gathered *gathered = export->gathered;
    struct batch_proof proof;
    struct lineage lineage;
    enum rc rc = batch_proof_read(batch->proof, &proof, err);

    arena_reset(&gathered->scratch);
    if (rc == RC_OK)
        rc = lineage_decode(batch->forks, &gathered->scratch, &lineage, err);
    if (rc != RC_OK)
        return rc;
    buf_add_sized(&export->part, batch->proof);
    for (uint64_t n = proof.batch.outer.first; n <= proof.batch.outer.last && rc == RC_OK; n++)
        rc = add_leaf(export, &lineage, (struct dot){proof.batch.outer.actor, n}, err);
    if (rc == RC_NOT_FOUND) { /* it proves nothing without all of them */
        err_clear(err);
        buf_clear(&export->part);
        return RC_OK;
    }
    return rc == RC_OK ? add_part(export, AUDIT_BATCH, err) : rc;
}

/* ---- records ---- */

/* Takes out of a copy of the change what is sensitive: as the law's erasure would, because nothing
 * less keeps people from trying out guesses. */
static enum rc mask_change(struct gathered *gathered, struct change *change, bool *masked,
                           struct err *err) {
    struct arena *arena = &gathered->scratch;
    struct erasure erasure = {.dot_count = 1, .dots = &change->dot};
    struct erased_cell *cells = arena_array(arena, change->entry_count + 1u, sizeof(*cells));
    struct dot dot = change->dot;

    if (cells == NULL)
        return arena_check(arena, "a change", err);
    for (uint32_t i = 0; i < change->entry_count; i++)
        if (gathered_masks(gathered, change->form, change->entries[i].field))
            cells[erasure.cell_count++] =
                (struct erased_cell){.everywhere = true, .field = change->entries[i].field};
    *masked = erasure.cell_count > 0;
    if (!*masked || gathered->ledger->trouble != RC_OK)
        return ledger_trouble(gathered->ledger, err);
    erasure.cells = cells;
    erasure.dots = &dot;
    return erasure_apply(&erasure, NULL, change, arena, masked, err);
}

static enum rc mask_state(struct gathered *gathered, struct view packed, struct view *out,
                          struct err *err) {
    struct arena *arena = &gathered->scratch;
    struct record record;
    struct version *versions;
    struct buf bytes;
    enum rc rc = record_unpack(packed, arena, &record, err);

    if (rc != RC_OK)
        return rc;
    versions = arena_copy(arena, record.versions, record.version_count * sizeof(*versions));
    if (versions == NULL)
        return arena_check(arena, "a record", err);
    for (uint32_t i = 0; i < record.version_count; i++)
        if (gathered_masks(gathered, record.absorbed[versions[i].change].form, versions[i].field))
            versions[i].value = (struct value){.type = VALUE_ERASED};
    rc = ledger_trouble(gathered->ledger, err);
    if (rc != RC_OK)
        return rc;
    record.versions = versions;
    buf_init(&bytes, LIMIT_RECORD_BYTES);
    rc = record_pack(&record, &bytes, err);
    *out = arena_view(arena, buf_view(&bytes));
    buf_release(&bytes);
    return rc == RC_OK ? arena_check(arena, "a record", err) : rc;
}

struct record_export {
    struct export *export;
    struct audit_record record;
    uint32_t change_capacity, aside_capacity;
    struct buf canonical;
};

static enum rc add_change(struct record_export *at, const struct frame_change *item,
                          struct err *err) {
    struct gathered *gathered = at->export->gathered;
    struct audit_change *row =
        arena_push(&gathered->scratch, &at->record.changes, &at->record.change_count,
                   &at->change_capacity, sizeof(*row));
    struct change change = item->change;
    bool masked = false;
    enum rc rc;

    if (row == NULL)
        return arena_check(&gathered->scratch, "a record", err);
    rc = mask_change(gathered, &change, &masked, err);
    if (rc != RC_OK)
        return rc;
    *row = (struct audit_change){
        .flags = (uint8_t)((item->change.erased ? AUDIT_ERASED : 0) | (masked ? AUDIT_MASKED : 0))};
    if (row->flags == 0)
        row->flags = AUDIT_OPEN;
    memcpy(row->salt, item->salt, sizeof(row->salt));
    memcpy(row->leaf, item->leaf, sizeof(row->leaf));
    buf_clear(&at->canonical);
    rc = change_encode(&change, &at->canonical, err);
    row->canonical = arena_view(&gathered->scratch, buf_view(&at->canonical));
    return rc == RC_OK ? arena_check(&gathered->scratch, "a record", err) : rc;
}

static enum rc change_visit(void *context, const struct stored_change *indexed, struct err *err) {
    struct record_export *at = context;
    struct gathered *gathered = at->export->gathered;
    const struct log_frame *frame = NULL;
    const struct frame_change *item = NULL;
    struct audit_aside *aside;
    enum rc rc = log_frames_change(&gathered->frames, indexed, &frame, &item, err);

    if (rc != RC_OK)
        return rc;
    if (indexed->verdict == VERDICT_ADMIT)
        return add_change(at, item, err);
    aside = arena_push(&gathered->scratch, &at->record.asides, &at->record.aside_count,
                       &at->aside_capacity, sizeof(*aside));
    if (aside == NULL)
        return arena_check(&gathered->scratch, "a record", err);
    *aside = (struct audit_aside){.dot = indexed->dot, .verdict = indexed->verdict};
    memcpy(aside->leaf, item->leaf, sizeof(aside->leaf));
    return RC_OK;
}

static enum rc write_record(struct export *export, struct dot id, struct err *err) {
    struct gathered *gathered = export->gathered;
    struct record_export at = {.export = export, .record = {.id = id}};
    struct stored_record stored;
    enum rc rc;

    arena_reset(&gathered->scratch);
    rc = store_record(store_of(export), id, &gathered->scratch, &stored, err);
    if (rc != RC_OK)
        return rc;
    record_digest(stored.packed, at.record.state_digest);
    at.record.state = stored.packed;
    if (!gathered->wish->full)
        rc = mask_state(gathered, stored.packed, &at.record.state, err);
    buf_init(&at.canonical, LIMIT_CHANGE_BYTES);
    if (rc == RC_OK)
        rc = store_history(store_of(export), id, change_visit, &at, err);
    if (rc == RC_OK) {
        audit_record_write(&at.record, &export->part);
        rc = add_part(export, AUDIT_RECORD, err);
    }
    buf_release(&at.canonical);
    return rc;
}

/* What cannot be computed (another form, facts that are out of bounds) has no income. */
static enum rc write_income(struct export *export, struct dot id, struct err *err) {
    struct gathered *gathered = export->gathered;
    struct stored_record stored;
    struct record record;
    struct reading reading;
    struct audit_income income;
    enum rc rc;

    arena_reset(&gathered->scratch);
    rc = store_record(store_of(export), id, &gathered->scratch, &stored, err);
    if (rc == RC_OK)
        rc = ledger_read(gathered->ledger, &stored, &gathered->scratch, &record, &reading, err);
    if (rc != RC_OK)
        return rc;
    rc = audit_income_make(&reading, id, gathered->wish->day, &gathered->scratch, &income, err);
    if (rc == RC_UNSUPPORTED || rc == RC_INVALID) {
        err_clear(err);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    audit_income_write(&income, &export->part);
    return add_part(export, AUDIT_INCOME, err);
}

/* ---- staff log ---- */

struct log_export {
    struct export *export;
    struct audit_log_head head;
    uint64_t last;
    uint8_t chain[32];
    bool begun;
    struct buf acts;
};

/* Acts begin with the id of the record or the change that they are about. */
static enum rc is_about(struct log_export *at, const struct stored_act *act, bool *out,
                        struct err *err) {
    const struct gathered *gathered = at->export->gathered;
    const uint8_t *blank =
        act->object.size == 0 ? NULL : memchr(act->object.data, ' ', act->object.size);
    struct view name = blank == NULL
                           ? act->object
                           : view_slice(act->object, 0, (size_t)(blank - act->object.data));
    struct stored_change change;
    struct dot dot;
    enum rc rc;

    *out = gathered->wish->selection == AUDIT_ALL;
    if (*out || dot_parse(name, &dot, err) != RC_OK) {
        err_clear(err);
        return RC_OK;
    }
    *out = gathered_record(gathered, dot);
    if (*out)
        return RC_OK;
    rc = store_change(store_of(at->export), dot, &change, err);
    if (rc == RC_OK)
        *out = gathered_record(gathered, change.record);
    else if (rc == RC_NOT_FOUND)
        err_clear(err);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc act_visit(void *context, const struct stored_act *stored, struct err *err) {
    struct log_export *at = context;
    const struct audit_act act = {stored->serial, stored->at_ms,  stored->who,
                                  stored->action, stored->object, stored->reason};
    uint8_t digest[32];
    bool shown = false;
    enum rc rc = is_about(at, stored, &shown, err);

    if (rc != RC_OK)
        return rc;
    if (shown && !at->begun) {
        at->begun = true;
        at->head.first = stored->serial;
        memcpy(at->head.before, at->chain, sizeof(at->chain));
    }
    memcpy(at->chain, stored->chain, sizeof(at->chain));
    at->last = stored->serial;
    if (!at->begun)
        return RC_OK;
    act_digest(&act, digest);
    audit_act_write(shown ? &act : NULL, digest, &at->acts);
    at->head.count++;
    return buf_check(&at->acts, "the staff log of an audit file", err);
}

static enum rc write_log(struct export *export, struct err *err) {
    struct log_export at = {.export = export};
    enum rc rc;

    buf_init(&at.acts, AUDIT_PART_BYTES);
    rc = store_acts(store_of(export), 0, act_visit, &at, err);
    if (!at.begun) {
        at.head.first = at.last + 1;
        memcpy(at.head.before, at.chain, sizeof(at.chain));
    }
    memcpy(at.head.head, at.chain, sizeof(at.chain));
    audit_log_write(&at.head, &export->part);
    buf_add_view(&export->part, buf_view(&at.acts));
    if (rc == RC_OK)
        rc = add_part(export, AUDIT_LOG, err);
    buf_release(&at.acts);
    return rc;
}

/* ---- attachments ---- */

static enum rc find_file(struct export *export, const uint8_t hash[32], struct audit_file *out,
                         struct err *err) {
    struct stored_attachment stored;
    enum rc rc = store_attachment(store_of(export), hash, &stored, err);

    *out = (struct audit_file){0};
    memcpy(out->hash, hash, 32);
    if (rc == RC_NOT_FOUND) {
        err_clear(err);
        return RC_OK;
    }
    if (rc == RC_OK) {
        out->size_bytes = stored.size;
        out->state = stored.erased             ? AUDIT_FILE_ERASED
                     : stored.received_ms == 0 ? AUDIT_FILE_TABLET
                                               : AUDIT_FILE_HERE;
    }
    return rc;
}

static enum rc write_files(struct export *export, struct err *err) {
    const struct gathered *gathered = export->gathered;
    enum rc rc = RC_OK;

    buf_add_varint(&export->part, gathered->hash_count);
    for (uint32_t i = 0; i < gathered->hash_count && rc == RC_OK; i++) {
        struct audit_file file;

        rc = find_file(export, gathered->hashes[i], &file, err);
        audit_file_write(&file, &export->part);
    }
    return rc == RC_OK ? add_part(export, AUDIT_FILES, err) : rc;
}

static enum rc write_content(struct export *export, const uint8_t hash[32], struct err *err) {
    char path[ATTACHMENT_PATH_BYTES];
    struct audit_file file;
    enum rc rc = find_file(export, hash, &file, err);

    if (rc != RC_OK || file.state != AUDIT_FILE_HERE)
        return rc;
    rc = attachment_path(export->gathered->office->directory, hash, path, err);
    buf_add(&export->part, hash, 32);
    if (rc == RC_OK)
        rc = file_read(path, LIMIT_ATTACHMENT_BYTES, &export->part, err);
    return rc == RC_OK ? add_part(export, AUDIT_CONTENT, err) : rc;
}

/* ---- the whole ---- */

static enum rc write_parts(struct export *export, struct err *err) {
    struct gathered *gathered = export->gathered;
    enum rc rc = write_head(export, err);

    if (rc == RC_OK)
        rc = store_forms(store_of(export), 0, form_visit, export, err);
    if (rc == RC_OK)
        rc = write_people(export, err);
    if (rc == RC_OK)
        rc = write_devices(export, err);
    for (uint32_t i = 0; i < gathered->feed_count && rc == RC_OK; i++)
        rc = write_feed(export, &gathered->feeds[i], err);
    for (uint32_t i = 0; i < gathered->batch_count && rc == RC_OK; i++)
        rc = write_batch(export, &gathered->batches[i], err);
    for (uint32_t i = 0; i < gathered->record_count && rc == RC_OK; i++)
        rc = write_record(export, gathered->records[i], err);
    for (uint32_t i = 0; i < gathered->record_count && rc == RC_OK && gathered->wish->full; i++)
        rc = write_income(export, gathered->records[i], err);
    if (rc == RC_OK)
        rc = write_log(export, err);
    if (rc == RC_OK)
        rc = write_files(export, err);
    for (uint32_t i = 0; i < gathered->hash_count && rc == RC_OK && gathered->wish->contents; i++)
        rc = write_content(export, gathered->hashes[i], err);
    return rc == RC_OK ? audit_end(&export->writer, gathered->office->keys->sign_secret, err) : rc;
}

struct moment {
    struct export *export;
    bool done;
};

/* Shown any actor, the verb holds the moment: there is the county's own from the beginning. */
static enum rc moment_visit(void *context, const struct stored_actor *actor, struct err *err) {
    struct moment *moment = context;
    struct export *export = moment->export;
    enum rc rc = gather(export->gathered, err);

    (void)actor;
    if (rc == RC_OK)
        rc = write_parts(export, err);
    moment->done = rc == RC_OK;
    return moment->done ? RC_NOT_FOUND : rc == RC_NOT_FOUND ? RC_INVALID : rc;
}

enum rc audit_export(const struct office *office, struct ledger *ledger,
                     const struct audit_wish *wish,
                     enum rc (*write)(void *sink, struct view bytes, struct err *err), void *sink,
                     struct err *err) {
    struct gathered gathered = {.office = office, .ledger = ledger, .wish = wish};
    struct export export = {.gathered = &gathered};
    struct moment moment = {.export = &export};
    enum rc rc;

    arena_init(&gathered.arena, RUN_BYTES);
    arena_init(&gathered.scratch, FRAME_BYTES);
    buf_init(&export.part, AUDIT_PART_BYTES);
    rc = audit_begin(&export.writer, write, sink, err);
    if (rc == RC_OK)
        rc = log_frames_open(&gathered.frames, ledger->store, err);
    gathered.frames.raw = true;
    if (rc == RC_OK)
        rc = store_actors(ledger->store, moment_visit, &moment, err);
    if (rc == RC_OK && !moment.done)
        rc = err_set(err, RC_NOT_FOUND, "the county has no actor; was it made by init?");
    log_frames_close(&gathered.frames);
    audit_release(&export.writer);
    buf_release(&export.part);
    arena_release(&gathered.scratch);
    arena_release(&gathered.arena);
    return rc;
}
