/* audit_parts.c: the parts of an audit file; docs/audit.md lists their bytes. */
#include "base/crypt.h"
#include "schema/audit/audit.h"
#include "schema/wire/word.h"

#define ITEM_BYTES_MIN 33u

/* Room for as many as the bytes that are left can hold. */
static void *list_room(struct reader *in, struct arena *arena, size_t item_bytes, size_t least,
                       uint32_t *count) {
    uint64_t wanted = read_varint(in);

    if (wanted > read_left(in) / least)
        reader_fail(in);
    *count = in->failed ? 0 : (uint32_t)wanted;
    return arena_array(arena, *count, item_bytes);
}

static struct dot dot_read(struct reader *in) {
    struct dot dot;

    dot.actor = read_id(in);
    dot.number = read_varint_max(in, LIMIT_NUMBER);
    if (dot.actor == 0 || dot.number == 0)
        reader_fail(in);
    return dot;
}

static void dot_write(struct dot dot, struct buf *out) {
    buf_add_id(out, dot.actor);
    buf_add_varint(out, dot.number);
}

/* ---- people, devices, attachments ---- */

void audit_person_write(const struct audit_person *person, struct buf *out) {
    buf_add(out, person->sign_public, sizeof(person->sign_public));
    buf_add_u8(out, person->role);
    buf_add_sized(out, person->name);
    buf_add_id(out, person->device);
}

enum rc audit_people_read(struct view content, struct arena *arena, struct audit_person **out,
                          uint32_t *count, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    *out = list_room(&in, arena, sizeof(**out), ITEM_BYTES_MIN, count);
    if (*out == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < *count; i++) {
        struct audit_person *person = &(*out)[i];

        word_read_fixed(&in, person->sign_public, sizeof(person->sign_public));
        person->role = read_u8(&in);
        person->name = read_sized(&in);
        person->device = read_id(&in);
    }
    return reader_check(&in, "the people of an audit file", err);
}

void audit_device_write(const struct audit_device *device, struct buf *out) {
    buf_add(out, device->sign_public, sizeof(device->sign_public));
    buf_add_sized(out, device->name);
    buf_add_zigzag(out, device->enrolled_ms);
}

enum rc audit_devices_read(struct view content, struct arena *arena, struct audit_device **out,
                           uint32_t *count, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    *out = list_room(&in, arena, sizeof(**out), ITEM_BYTES_MIN, count);
    if (*out == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < *count; i++) {
        word_read_fixed(&in, (*out)[i].sign_public, sizeof((*out)[i].sign_public));
        (*out)[i].name = read_sized(&in);
        (*out)[i].enrolled_ms = read_zigzag(&in);
    }
    return reader_check(&in, "the devices of an audit file", err);
}

void audit_file_write(const struct audit_file *file, struct buf *out) {
    buf_add(out, file->hash, sizeof(file->hash));
    buf_add_varint(out, file->size_bytes);
    buf_add_u8(out, file->state);
}

enum rc audit_files_read(struct view content, struct arena *arena, struct audit_file **out,
                         uint32_t *count, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    *out = list_room(&in, arena, sizeof(**out), ITEM_BYTES_MIN, count);
    if (*out == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < *count; i++) {
        word_read_fixed(&in, (*out)[i].hash, sizeof((*out)[i].hash));
        (*out)[i].size_bytes = read_varint(&in);
        (*out)[i].state = read_u8(&in);
        if ((*out)[i].state > AUDIT_FILE_ERASED)
            reader_fail(&in);
    }
    return reader_check(&in, "the attachments of an audit file", err);
}

/* ---- feed ---- */

enum entry_bit { ENTRY_KIND = 15, ENTRY_WHOLE = 64, ENTRY_FORKS = 128 };

void audit_feed_write(const struct feed_head *head, struct buf *out) {
    word_add_area(out, head->area, head->audience);
    buf_add_varint(out, head->position);
    buf_add(out, head->chain, sizeof(head->chain));
}

void audit_feed_read(struct reader *in, struct feed_head *out) {
    out->area = word_read_area(in, &out->audience);
    out->position = read_varint_max(in, LIMIT_NUMBER);
    word_read_fixed(in, out->chain, sizeof(out->chain));
}

static void add_leaves(const struct feed_entry *entry, const struct frame *frame, struct buf *out) {
    uint64_t before = 0;
    uint32_t count = 0;

    for (uint32_t i = 0; i < frame->count; i++)
        count += feed_entry_admits(entry, i);
    buf_add_id(out, frame->actor);
    buf_add_varint(out, count);
    for (uint32_t i = 0; i < frame->count; i++) {
        if (!feed_entry_admits(entry, i))
            continue;
        buf_add_varint(out, frame->changes[i].change.dot.number - before);
        before = frame->changes[i].change.dot.number;
        buf_add(out, frame->changes[i].leaf, 32);
    }
}

enum rc audit_entry_write(const struct feed_entry *entry, const struct frame *frame, bool whole,
                          struct buf *out, struct err *err) {
    bool is_frame = entry->kind == FEED_FRAME;
    unsigned kind = (entry->kind == FEED_ERASED ? (unsigned)FEED_ENTER : entry->kind) |
                    (whole && !is_frame ? ENTRY_WHOLE : 0u) |
                    (entry->forks.size > 0 ? ENTRY_FORKS : 0u);
    uint8_t hash[32];
    enum rc rc = RC_OK;

    buf_add_u8(out, (uint8_t)kind);
    buf_add_zigzag(out, entry->received_ms);
    buf_add_zigzag(out, entry->offset_ms);
    buf_add_view(out, entry->forks);
    if (is_frame) {
        add_leaves(entry, frame, out);
    } else if (whole) {
        buf_add_sized(out, entry->content);
    } else if (entry->kind == FEED_ENTER || entry->kind == FEED_ERASED) {
        rc = feed_entered_hash(entry, hash, err);
        buf_add(out, hash, sizeof(hash));
    } else {
        crypt_hash("yg content", entry->content, hash);
        buf_add(out, hash, sizeof(hash));
    }
    return rc;
}

static enum rc read_leaves(struct reader *in, struct arena *arena, struct audit_entry *out,
                           struct err *err) {
    uint64_t number = 0;

    out->actor = read_id(in);
    out->leaves = list_room(in, arena, sizeof(*out->leaves), ITEM_BYTES_MIN, &out->leaf_count);
    if (out->leaves == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < out->leaf_count; i++) {
        uint64_t step = read_varint_max(in, LIMIT_NUMBER);

        number += step;
        if (step == 0 || number > LIMIT_NUMBER)
            reader_fail(in);
        out->leaves[i] = (struct audit_leaf){number, read_bytes(in, 32).data};
    }
    return RC_OK;
}

/* The digest that feed_entry_digest gives, from what is here. */
static enum rc entry_digest(struct audit_entry *entry, struct view hash, struct arena *arena,
                            struct err *err) {
    struct feed_entry as = entry->entry;
    struct frame frame = {.actor = entry->actor, .count = entry->leaf_count};

    if (as.kind == FEED_FRAME) {
        frame.changes = arena_array(arena, frame.count, sizeof(*frame.changes));
        if (frame.changes == NULL)
            return arena_check(arena, "an audit file", err);
        for (uint32_t i = 0; i < frame.count; i++) {
            frame.changes[i].change.dot.number = entry->leaves[i].number;
            memcpy(frame.changes[i].leaf, entry->leaves[i].leaf, 32);
        }
        feed_entry_digest(&as, &frame, entry->digest);
    } else {
        uint8_t memory[128u + LIMIT_LINEAGE * 32u], content[32];
        struct buf bytes;

        if (entry->whole)
            crypt_hash("yg content", as.content, content);
        else
            memcpy(content, hash.data, sizeof(content));
        buf_init_on(&bytes, memory, sizeof(memory));
        buf_add_varint(&bytes, as.kind);
        buf_add_zigzag(&bytes, as.received_ms);
        buf_add_zigzag(&bytes, as.offset_ms);
        if (as.forks.size > 0)
            buf_add_view(&bytes, as.forks);
        else
            buf_add_varint(&bytes, 0);
        buf_add(&bytes, content, sizeof(content));
        crypt_hash("yg entry", buf_view(&bytes), entry->digest);
        return buf_check(&bytes, "an audit file", err);
    }
    return RC_OK;
}

enum rc audit_entry_read(struct reader *in, struct arena *arena, struct audit_entry *out,
                         struct err *err) {
    unsigned kind = read_u8(in);
    struct view hash = {0};
    enum rc rc = RC_OK;

    *out = (struct audit_entry){.entry = {.kind = kind & ENTRY_KIND}};
    out->whole = (kind & ENTRY_WHOLE) != 0;
    if ((kind & ~(unsigned)(ENTRY_KIND | ENTRY_WHOLE | ENTRY_FORKS)) != 0 ||
        out->entry.kind < FEED_FRAME || out->entry.kind > FEED_REDACT ||
        (out->whole && out->entry.kind == FEED_FRAME))
        reader_fail(in);
    out->entry.received_ms = read_zigzag(in);
    out->entry.offset_ms = read_zigzag(in);
    if ((kind & ENTRY_FORKS) != 0)
        out->entry.forks = lineage_skip(in);
    if (out->entry.kind == FEED_FRAME)
        rc = read_leaves(in, arena, out, err);
    else if (out->whole)
        out->entry.content = read_sized(in);
    else
        hash = read_bytes(in, 32);
    if (rc == RC_OK && !in->failed)
        rc = entry_digest(out, hash, arena, err);
    return rc;
}

/* ---- record ---- */

void audit_record_write(const struct audit_record *record, struct buf *out) {
    dot_write(record->id, out);
    buf_add_sized(out, record->state);
    buf_add(out, record->state_digest, sizeof(record->state_digest));
    buf_add_varint(out, record->change_count);
    for (uint32_t i = 0; i < record->change_count; i++) {
        const struct audit_change *change = &record->changes[i];
        bool open = (change->flags & AUDIT_OPEN) != 0;

        buf_add_u8(out, change->flags);
        buf_add(out, open ? change->salt : change->leaf, open ? 16 : 32);
        buf_add_sized(out, change->canonical);
    }
    buf_add_varint(out, record->aside_count);
    for (uint32_t i = 0; i < record->aside_count; i++) {
        dot_write(record->asides[i].dot, out);
        buf_add_u8(out, record->asides[i].verdict);
        buf_add(out, record->asides[i].leaf, sizeof(record->asides[i].leaf));
    }
}

enum rc audit_record_read(struct view content, struct arena *arena, struct audit_record *out,
                          struct err *err) {
    struct reader in;

    reader_init(&in, content);
    out->id = dot_read(&in);
    out->state = read_sized(&in);
    word_read_fixed(&in, out->state_digest, sizeof(out->state_digest));
    out->changes = list_room(&in, arena, sizeof(*out->changes), 18, &out->change_count);
    if (out->changes == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < out->change_count; i++) {
        struct audit_change *change = &out->changes[i];

        change->flags = read_u8(&in);
        if (change->flags != AUDIT_OPEN && change->flags != AUDIT_ERASED &&
            change->flags != AUDIT_MASKED && change->flags != (AUDIT_ERASED | AUDIT_MASKED))
            reader_fail(&in);
        if ((change->flags & AUDIT_OPEN) != 0)
            word_read_fixed(&in, change->salt, sizeof(change->salt));
        else
            word_read_fixed(&in, change->leaf, sizeof(change->leaf));
        change->canonical = read_sized(&in);
    }
    out->asides = list_room(&in, arena, sizeof(*out->asides), 42, &out->aside_count);
    if (out->asides == NULL)
        return arena_check(arena, "an audit file", err);
    for (uint32_t i = 0; i < out->aside_count; i++) {
        out->asides[i].dot = dot_read(&in);
        out->asides[i].verdict = read_u8(&in);
        word_read_fixed(&in, out->asides[i].leaf, sizeof(out->asides[i].leaf));
    }
    return reader_check(&in, "a record of an audit file", err);
}

/* ---- income ---- */

void audit_income_write(const struct audit_income *income, struct buf *out) {
    dot_write(income->record, out);
    buf_add_zigzag(out, income->day);
    buf_add_sized(out, income->table);
    buf_add_varint(out, income->persons);
    buf_add_zigzag(out, income->standard_fen);
    buf_add_zigzag(out, income->total_fen);
    buf_add_zigzag(out, income->deducted_fen);
    buf_add_zigzag(out, income->net_fen);
    buf_add_zigzag(out, income->per_head_fen);
    buf_add_zigzag(out, income->benefit_fen);
    buf_add_u8(out, income->bits);
}

enum rc audit_income_read(struct view content, struct audit_income *out, struct err *err) {
    struct reader in;

    reader_init(&in, content);
    out->record = dot_read(&in);
    out->day = read_zigzag(&in);
    out->table = read_sized(&in);
    out->persons = (uint32_t)read_varint_max(&in, UINT32_MAX);
    out->standard_fen = read_zigzag(&in);
    out->total_fen = read_zigzag(&in);
    out->deducted_fen = read_zigzag(&in);
    out->net_fen = read_zigzag(&in);
    out->per_head_fen = read_zigzag(&in);
    out->benefit_fen = read_zigzag(&in);
    out->bits = read_u8(&in);
    return reader_check(&in, "an income of an audit file", err);
}

/* ---- staff log ---- */

static void act_write(const struct audit_act *act, struct buf *out) {
    buf_add_zigzag(out, act->at_ms);
    buf_add_sized(out, act->who);
    buf_add_sized(out, act->action);
    buf_add_sized(out, act->object);
    buf_add_sized(out, act->reason);
}

static void hash_sized(struct crypt_hasher *hasher, struct view text) {
    uint8_t size[VARINT_BYTES_MAX];

    crypt_hasher_add(hasher, size, varint_put(size, text.size));
    crypt_hasher_add(hasher, text.data, text.size);
}

void act_digest(const struct audit_act *act, uint8_t out[32]) {
    struct crypt_hasher hasher;
    uint8_t number[VARINT_BYTES_MAX];

    crypt_hasher_init(&hasher, "yg act content");
    crypt_hasher_add(&hasher, number, varint_put(number, act->serial));
    crypt_hasher_add(&hasher, number, varint_put(number, zigzag_fold(act->at_ms)));
    hash_sized(&hasher, act->who);
    hash_sized(&hasher, act->action);
    hash_sized(&hasher, act->object);
    hash_sized(&hasher, act->reason);
    crypt_hasher_end(&hasher, out);
}

void act_chain_next(const uint8_t previous[32], const uint8_t digest[32], uint8_t out[32]) {
    const struct view pieces[2] = {view_of(previous, 32), view_of(digest, 32)};

    crypt_hash_pieces("yg act", pieces, 2, out);
}

void audit_log_write(const struct audit_log_head *head, struct buf *out) {
    buf_add_varint(out, head->first);
    buf_add(out, head->before, sizeof(head->before));
    buf_add(out, head->head, sizeof(head->head));
    buf_add_varint(out, head->count);
}

void audit_act_write(const struct audit_act *act, const uint8_t digest[32], struct buf *out) {
    buf_add_u8(out, act != NULL);
    if (act != NULL)
        act_write(act, out);
    else
        buf_add(out, digest, 32);
}

void audit_log_read(struct reader *in, struct audit_log_head *out) {
    out->first = read_varint_max(in, LIMIT_NUMBER);
    word_read_fixed(in, out->before, sizeof(out->before));
    word_read_fixed(in, out->head, sizeof(out->head));
    out->count = read_varint_max(in, LIMIT_NUMBER);
    if (out->first == 0)
        reader_fail(in);
}

void audit_act_read(struct reader *in, uint64_t serial, struct audit_act *out, bool *shown,
                    uint8_t digest[32]) {
    uint8_t form = read_u8(in);

    *out = (struct audit_act){.serial = serial};
    *shown = form == 1;
    if (form > 1)
        reader_fail(in);
    if (!*shown) {
        word_read_fixed(in, digest, 32);
        return;
    }
    out->at_ms = read_zigzag(in);
    out->who = read_sized(in);
    out->action = read_sized(in);
    out->object = read_sized(in);
    out->reason = read_sized(in);
    act_digest(out, digest);
}
